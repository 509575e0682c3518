from __future__ import annotations

import codecs
from pathlib import Path

import pytest

from notesearch.documents.formats.encoding import decode
from notesearch.documents.formats.registry import extract, format_of
from notesearch.errors import ExtractionFailed, FileBinary

TEXT = "Grüße aus Köln, où l'été fut très chaud.\nZweite Zeile, ça va?\n"


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "utf-16-le", "utf-16-be", "utf-32-le"]
)
def test_unicode(encoding: str) -> None:
    assert decode(TEXT.encode(encoding))[0] == TEXT


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1"])
def test_western_single_byte(encoding: str) -> None:
    assert decode((TEXT * 5).encode(encoding))[0] == TEXT * 5


def test_japanese_and_russian() -> None:
    japanese = "これは日本語の文章です。図書館で本を借りました。\n" * 5
    russian = "Это обычная заметка о погоде и прогулке по городу.\n" * 5
    assert decode(japanese.encode("shift_jis"))[0] == japanese
    assert decode(japanese.encode("iso2022_jp"))[0] == japanese
    assert decode(russian.encode("koi8-r"))[0] == russian


def test_newlines_and_nuls() -> None:
    assert decode(b"a\r\nb\rc\nd" + b"text " * 40 + b"\x00e")[0] == "a\nb\nc\nd" + "text " * 40 + " e"


def test_utf8_with_a_damaged_character() -> None:
    raw = (TEXT * 10).encode() + b"\xff end"
    assert decode(raw) == (TEXT * 10 + "\ufffd end", "utf-8")


@pytest.mark.parametrize(
    "raw",
    [
        b"%PDF-1.7\n",
        b"\x89PNG\r\n\x1a\n",
        bytes(range(256)) * 20,
        b"\x00" * 4000,
        b"MZ" + b"\x00\x01\x90\x00\x03" * 300,
        b"\x7fELF\x02\x01",
    ],
)
def test_binary(raw: bytes) -> None:
    with pytest.raises(FileBinary):
        decode(raw)


def test_a_cut_off_utf16_file_is_read() -> None:
    text = extract(Path("a.txt"), codecs.BOM_UTF16_LE + "words".encode("utf-16-le")[:-1]).text
    assert text.startswith("word")
    text.encode()


@pytest.mark.parametrize(
    ("name", "format_name"),
    [
        ("A.MD", "markdown"),
        ("a.markdown", "markdown"),
        ("a.txt", "text"),
        ("a.org", "org"),
        ("b.rest", "rst"),
        ("a", "text"),
        ("Mr. Smith", "text"),
        ("2024.05.01", "text"),
        ("a.mdx", "markdown"),
        ("a.canvas", "canvas"),
        ("a.PY", "code"),
        ("a.png", None),
    ],
)
def test_formats_by_suffix(name: str, format_name: str | None) -> None:
    assert format_of(Path(name)) == format_name


def test_a_file_that_is_no_note_is_refused() -> None:
    with pytest.raises(ExtractionFailed):
        extract(Path("a.pdf"), b"text")


def test_empty_file() -> None:
    document = extract(Path("empty.md"), b"")
    assert (document.text, document.title, document.tags) == ("", "empty", ())
