from __future__ import annotations

import base64
import random
from pathlib import Path

import pytest

from notesearch.documents.formats.embedded_data import without_embedded_data
from notesearch.documents.formats.registry import extract

DATA = base64.b64encode(random.Random(7).randbytes(30_000)).decode()
URI = f"data:image/png;base64,{DATA}"
LINES = "\n".join(DATA[i : i + 76] for i in range(0, len(DATA), 76))


@pytest.mark.parametrize(
    ("written", "left"),
    [
        (f"![kite]({URI})", "![kite](#)"),
        (f'![kite]({URI} "A kite")', '![kite](# "A kite")'),
        (f"[kite]: <{URI}>\n", "[kite]: <#>\n"),
        (f"[kite]: {URI}\nnext", "[kite]: #\nnext"),
        (f'<img alt="kite" src="{URI}" width=3> after', '<img alt="kite" src="#" width=3> after'),
        (f"<img src={URI}> after", "<img src=#> after"),
        (f"url({URI});", "url(#);"),
        (f"[[{URI}]] org", "[[#]] org"),
        ("data:application/pdf;name=a.pdf;base64,AAAABBBBCCCCDDDD= end", "# end"),
        ("DATA:IMAGE/PNG;BASE64,AAAABBBBCCCCDDDD end", "# end"),
        ("data:image/svg+xml;charset=utf8," + "%3Csvg%20" * 30 + ")", "#)"),
        ("![a](data:image/gif;base64,R0lGOD%2B%0AAAA%3D) b", "![a](#) b"),
        # no data
        ("data:image/png;base64, is how it begins", "data:image/png;base64, is how it begins"),
        ("data: image/png", "data: image/png"),
        ("metadata:text/plain,short", "metadata:text/plain,short"),
        ("the data:text/plain,hello form", "the data:text/plain,hello form"),
    ],
)
def test_embedded_files_are_no_text(written: str, left: str) -> None:
    assert without_embedded_data(written) == left


def test_lines_keep_their_numbers() -> None:
    text = f'before\n<img src="data:image/png;base64,\n{LINES}">\nafter\n'
    left = without_embedded_data(text)
    assert left.split("\n")[text.count("\n") - 1] == "after"
    assert set(left) == set('before\n<img src="#">after\n')


def test_text_below_the_data_stays() -> None:
    text = f"![a]({URI})\n{'word' * 15}\nwords\n"
    assert without_embedded_data(text) == f"![a](#)\n{'word' * 15}\nwords\n"


@pytest.mark.parametrize("name", ["a.md", "a.txt", "a.org", "a.rst"])
def test_every_format_leaves_them_out(name: str) -> None:
    document = extract(Path(name), f"Kite\n\n![tail]({URI})\n\nSilk\n".encode())
    assert document.text == "Kite\n\n![tail](#)\n\nSilk\n"
