"""Bytes to text: byte order marks, UTF-8, what charset.py guesses, and charset-normalizer for the rest.
Decides which files are binary. Does not look at formats."""

from __future__ import annotations

import codecs
import contextlib
import re

from notesearch.documents.formats.charset import guess, parities
from notesearch.errors import FileBinary

SAMPLE = 64 * 1024

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# How ISO 2022 announces a character set. Its bytes are all ASCII.
_DESIGNATORS = ((b"\x1b$)C", "iso2022_kr"), (b"\x1b$B", "iso2022_jp_2"), (b"\x1b$@", "iso2022_jp_2"))
_MAGIC = (
    b"%PDF-",
    b"\x89PNG\r\n",
    b"GIF8",
    b"\xff\xd8\xff",
    b"PK\x03\x04",
    b"\x1f\x8b\x08",
    b"BZh9",
    b"7z\xbc\xaf",
    b"\xfd7zXZ",
    b"\x7fELF",
    b"SQLite format 3\x00",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    b"OggS\x00",
    b"fLaC",
    b"ID3\x03",
    b"ID3\x04",
    b"{\\rtf1",
)
# An encoding of Windows that widens another one, and writes a few signs differently.
_NARROWER = {"cp932": "shift_jis", "gb18030": "gb2312", "cp949": "euc_kr", "big5hkscs": "big5"}
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\v\f\r\x0e\x0f\x1b")) + b"\x7f"
_WIDE = ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be")
_UNWANTED = re.compile("[\x00\ud800-\udfff]")


def decode(raw: bytes) -> tuple[str, str]:
    r"""Decode the bytes of a file. Returns the text, with `\n` newlines and spaces for NULs, and the name of
    the encoding. Raises FileBinary."""
    if raw.startswith(_MAGIC):
        raise FileBinary
    text, encoding = _decoded(raw)
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "\x00" in text:
        text = text.replace("\x00", " ")
    return text.removeprefix("\ufeff"), encoding


def looks_like_text(head: bytes) -> bool:
    """Whether these first bytes of a file are text. An empty file is none."""
    if not head or head.startswith(_MAGIC):
        return False
    if not _control_share(head) and not any(byte >= 0x80 for byte in head):
        return True
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        cut = error.start >= len(head) - 3  # in the middle of a character
        known = any(head.startswith(mark) for mark, _ in _MARKS)
        return known or (_control_share(head) <= 0.02 and (cut or bool(_mostly_utf8(head) or guess(head))))
    return _control_share(head) <= 0.02


def _decoded(raw: bytes) -> tuple[str, str]:
    for mark, encoding in _MARKS:
        if raw.startswith(mark):
            # A file that ends in the middle of a character is still a text file.
            return _UNWANTED.sub(" ", raw.decode(encoding, errors="replace")), encoding
    controls = _control_share(raw[:SAMPLE])
    if controls > 0.1:
        return _wide(raw)
    for designator, encoding in _DESIGNATORS:
        if designator in raw[:SAMPLE]:
            with contextlib.suppress(UnicodeDecodeError):
                return raw.decode(encoding), encoding
    try:
        return raw.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        if controls > 0.02:
            return _wide(raw)
    return _mostly_utf8(raw) or _by_letters(raw) or _by_library(raw)


def _control_share(sample: bytes) -> float:
    return 1 - len(sample.translate(None, _CONTROLS)) / len(sample) if sample else 0.0


def _wide(raw: bytes) -> tuple[str, str]:
    """The text of UTF-16 or UTF-32 without a mark: the only encodings in which every other byte may be
    zero."""
    likely = tuple(parities(raw))
    for encoding in dict.fromkeys((*_WIDE[:2], *likely, *_WIDE[2:])):
        sample = raw[: SAMPLE - SAMPLE % 4]
        start = sample.decode(encoding, errors="ignore")
        spaces = start.count(" ") + start.count("\n")
        spaced = encoding in likely or spaces > len(start) / 50
        if start and spaced and "\x00" not in start and _printable(start):
            try:
                return raw.decode(encoding), encoding
            except UnicodeDecodeError:
                continue
    if (encoding := guess(raw)) in _WIDE:
        return raw.decode(encoding), encoding
    raise FileBinary


def _printable(text: str) -> bool:
    shown = sum(character.isprintable() or character.isspace() for character in text[:2000])
    return shown >= 0.98 * min(len(text), 2000)


def _mostly_utf8(raw: bytes) -> tuple[str, str] | None:
    """Whether this is UTF-8 with a few damaged characters: valid sequences of several bytes do not occur by
    chance."""
    text = raw.decode("utf-8", errors="replace")
    damaged = text.count("\ufffd")
    beyond_ascii = len(text) - len(text.encode("ascii", errors="ignore")) - damaged
    return (text, "utf-8") if damaged * 4 <= beyond_ascii else None


def _by_letters(raw: bytes) -> tuple[str, str] | None:
    encoding = guess(raw)
    if narrower := _NARROWER.get(encoding):
        with contextlib.suppress(UnicodeDecodeError):
            return raw.decode(narrower), narrower
    return (_UNWANTED.sub(" ", raw.decode(encoding, errors="replace")), encoding) if encoding else None


def _by_library(raw: bytes) -> tuple[str, str]:
    import charset_normalizer  # takes 30 ms to import, and few files need it

    sample = raw if len(raw) <= SAMPLE else raw[: raw.rfind(b"\n", SAMPLE // 2, SAMPLE) + 1] or raw[:SAMPLE]
    best = charset_normalizer.from_bytes(sample).best()
    if best is None:
        raise FileBinary
    return _UNWANTED.sub(" ", raw.decode(best.encoding, errors="replace")), best.encoding
