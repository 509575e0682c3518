from __future__ import annotations

from pathlib import Path

import pytest

from notesearch.documents.formats.blocks import Kind
from notesearch.documents.formats.registry import extract, format_of, may_be_note, shown
from notesearch.documents.formats.source_code import LARGEST, LONGEST_LINE
from notesearch.errors import FileBinary

CODE = '\n# Not a heading\ndef tagged():\n    return "#no-tag"\n---\nkey: value\n---\n'


def test_code_is_read_as_it_is() -> None:
    document = extract(Path("tools/reading_thread.py"), CODE.encode())
    assert (document.text, document.first_line) == (CODE[1:], 2)
    assert (document.title, document.format, document.tags) == ("reading_thread.py", "code", ())
    assert [(part.kind, part.text) for part in shown("code", document.text)] == [(Kind.CODE, CODE[1:])]


def test_of_a_file_that_is_packed_only_the_name_is_searched() -> None:
    document = extract(Path("library.js"), b"// ok\n" + b"x" * (LONGEST_LINE + 1) + b"\n")
    assert (document.title, document.text) == ("library.js", "")
    assert extract(Path("library.js"), b"x" * LONGEST_LINE).text == "x" * LONGEST_LINE


@pytest.mark.parametrize("name", ["a.py", "README", "notes 2024"])
def test_what_is_no_text_is_no_garbage(name: str) -> None:
    with pytest.raises(FileBinary):
        extract(Path(name), bytes(range(256)) * 8)


@pytest.mark.parametrize(
    ("name", "size", "read"),
    [
        ("a.py", LARGEST, True),
        ("a.py", LARGEST + 1, False),
        ("a.md", 50 * LARGEST, True),
        ("a.txt", 50 * LARGEST, True),
        ("README", LARGEST, True),
        ("README", LARGEST + 1, False),
        ("package.json", 10, True),
        ("package-lock.json", 10, False),
        ("pnpm-lock.yaml", 10, False),
        ("jquery.min.js", 10, False),
        ("site-min.css", 10, False),
        ("admin.js", 10, True),
        ("messages_pb2.py", 10, False),
        ("photo.png", 10, False),
        ("yarn.lock", 10, False),
        ("Trip.textbundle/text.md", 10, True),
        ("Trip.textbundle/info.json", 10, False),
        ("Trip.textbundle/assets.md", 10, False),
    ],
)
def test_what_programs_make_is_left_out(name: str, size: int, read: bool) -> None:
    assert may_be_note(Path(name), size) is read


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("README", "README"),
        ("Mr. Smith", "Mr. Smith"),
        ("2024.05.01", "2024.05.01"),
        ("draft.txt", "draft"),
        ("Trip.textbundle/text.txt", "Trip"),
        ("pages/tools%2Fsaw.txt", "tools/saw"),
        ("pages/tools___saw.txt", "tools/saw"),
        ("other/tools___saw.txt", "tools___saw"),
    ],
)
def test_a_note_without_a_title_is_called_by_its_file(name: str, title: str) -> None:
    document = extract(Path(name), b"some text\n")
    assert (document.title, document.format) == (title, "text")


@pytest.mark.parametrize("suffix", "py js ts c rs go java sh sql css json yaml toml csv log xml".split())
def test_usual_suffixes(suffix: str) -> None:
    assert format_of(Path(f"a.{suffix}")) == "code"
