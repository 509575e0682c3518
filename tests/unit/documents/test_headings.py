"""The headings that chunks are cut by are the headings that the preview shows, for every format."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from notesearch.catalogue import LOCAL
from notesearch.documents.chunking.splitter import split
from notesearch.documents.formats.registry import extract, format_of, outline_of
from notesearch.documents.preview import render
from notesearch.domain import Document, NoteText

SAMPLES = Path(__file__).parents[3] / "resources" / "sample-notes"
_SHOWN = re.compile(r'<p class="h(\d)">(.*?)</p>', re.DOTALL)
_LABEL = re.compile(r'<span class="state">[^<]*</span>')
_LINE = re.compile(r'<a name="line-(\d+)"></a>')

# (first line from 0, level, title)
Headings = list[tuple[int, int, str]]


def of_the_index(document: Document) -> Headings:
    return [
        (document.text.count("\n", 0, h.start), min(h.level, 6), " ".join(h.title.split()))
        for h in outline_of(document).headings
    ]


def of_the_preview(document: Document) -> Headings:
    note = NoteText(
        path=Path("/n/note"),
        title="\0",  # so that no heading is left out for being the title
        folder_names=(),
        format=document.format,
        modified=0,
        text=document.text,
        offset=0,
        line=1,
        truncated=False,
    )
    made: Headings = []
    for level, inner in _SHOWN.findall(render(note).html):
        line = _LINE.search(inner)
        assert line is not None
        title = html.unescape(re.sub(r"<[^>]+>", "", _LABEL.sub("", inner)))
        made.append((int(line[1]), int(level), " ".join(title.split())))
    return made


def read(text: str, suffix: str) -> Document:
    return extract(Path(f"note{suffix}"), text.encode())


def titles(text: str, suffix: str) -> list[str]:
    """The titles that both see."""
    document = read(text, suffix)
    index, preview = of_the_index(document), of_the_preview(document)
    assert index == preview
    return [title for _, _, title in index]


# Where index and preview disagreed while each had a parser of its own


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("* A\n#+begin_src py\ncode\n* B\ntext\n", ["A", "B"]),
        ("* CANCELLED x\n", ["x"]),
        ("* HOLD x\n", ["x"]),
        ("* COMMENT x\n", ["x"]),
        ("* Task [1/3]\n", ["Task"]),
        ("* A\n#+begin_comment\n* x\n#+end_comment\n* B\n", ["A", "B"]),
        ("#+TODO: IDEA | DROPPED\n\n* IDEA Garden shed\n** DROPPED Roof\n", ["Garden shed", "Roof"]),
        ("* A\ntext\n====\nmore\n- # no heading in Org\n", ["A"]),
    ],
)
def test_org(text: str, expected: list[str]) -> None:
    assert titles(text, ".org") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Title\n!!!!!\n\ntext\n", ["Title"]),
        ("Ab\n==\n\ntext\n", ["Ab"]),
        ("A long sentence\n--\n\ntext\n", []),
        (".. code-block:: py\n\n   Title\n   =====\n\nReal\n====\n", ["Real"]),
        ("Aa\n==\n\n# no heading\n\nBb\n==\n", ["Aa", "Bb"]),
    ],
)
def test_restructuredtext(text: str, expected: list[str]) -> None:
    assert titles(text, ".rst") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# A\n\n> # quoted\n\n1. # numbered\n\n- # in a list\n", ["A", "in a list"]),
        ("text\n    - # deep\n\n\t- ##\tin what looks like code ##\n", ["deep", "in what looks like code"]),
        ("a\nb\nc\nd\n===\n", []),
        ("a\n===\nb\n---\n", ["a", "b"]),
        ("- ```\n# x\n  ```\n# y\n", ["y"]),
        ("```\n# x\n", []),
    ],
)
def test_markdown(text: str, expected: list[str]) -> None:
    assert titles(text, ".md") == expected


def test_title_and_heading_path_read_task_words_alike() -> None:
    document = read("#+TODO: IDEA | DROPPED\n\n* IDEA Garden shed\nA place for tools.\n", ".org")
    (chunk,) = split(document, LOCAL.recipe)
    assert (document.title, chunk.heading, chunk.prefix) == ("Garden shed", ("Garden shed",), "Garden shed")
    # The line that names the words is no text to search.
    passage = document.text[chunk.start : chunk.end]
    assert (passage, chunk.line) == ("* IDEA Garden shed\nA place for tools.", 3)


def test_task_words_and_counts_are_shown_apart_from_the_title() -> None:
    note = read("#+TODO: IDEA | DROPPED\n* DROPPED [#A] Shed [1/2] :home:\n", ".org")
    shown = render(
        NoteText(
            path=Path("/n/a.org"),
            title="Shed",
            folder_names=(),
            format="org",
            modified=0,
            text=note.text,
            offset=0,
            line=1,
            truncated=False,
        )
    ).html
    assert '<span class="state">DROPPED [1/2]</span> Shed</p>' in shown


# Any note

_LINES = {
    ".org": (
        "* A :tag:|** TODO B|* CANCELLED C|* COMMENT D|* HOLD [#B] E [2/3]|* IDEA F|***** G|******* H|*|* "
        "|#+TODO: IDEA | DROPPED|#+BEGIN_SRC py|#+END_SRC|#+begin_quote|#+end_quote|#+begin_comment"
        "|#+end_comment|:PROPERTIES:|:ID: 4|:END:|# note|#+caption: c|====|---|# x|- # y|- item|  more"
        "|: fixed"
    ),
    ".rst": (
        "Title|Ab|A longer title|======|------|~~~~~~|!!!!!!|==|--|.. code-block:: py|   :opt: 1|   code"
        "|.. note:: x|.. note::|.. comment|..|para::|:field: x|# x|- # y|- item|  more|=====  ====|* x"
    ),
    ".md": (
        "# A|## B ##|### C|####### D|#|- # E|    - ## F|\t- # G|  * ### H|1. # I|> # J|> q|> - # K|===|---"
        "|***|```|~~~|- ```|  ```|> ```|    code|\t code|- item|  more|| a | b ||| - | - ||para"
    ),
    ".txt": "# A|* B|Title|=====|- # c",
}


@st.composite
def notes(draw: st.DrawFn) -> tuple[str, str]:
    suffix = draw(st.sampled_from(sorted(_LINES)))
    lines = st.sampled_from(["", "text", *_LINES[suffix].split("|")])
    return "\n".join(draw(st.lists(lines, max_size=20))), suffix


@given(notes())
@example(("para\n\t- # G\n- a\n\n      - # G\n", ".md"))
@example(("> para\n    - ## F\n", ".md"))
def test_any_note(note: tuple[str, str]) -> None:
    document = read(*note)
    assert of_the_index(document) == of_the_preview(document)


def test_the_sample_notes() -> None:
    paths = sorted(path for path in SAMPLES.rglob("*") if path.is_file() and format_of(path))
    assert len(paths) > 20
    headings = 0
    for path in paths:
        document = extract(path, path.read_bytes())
        index = of_the_index(document)
        assert index == of_the_preview(document), path
        headings += len(index)
    assert headings > 50
