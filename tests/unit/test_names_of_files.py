"""File names of any bytes, written as valid text and read back."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notesearch.domain.file_names import (
    from_text,
    harmless,
    harmless_line,
    harmless_name,
    is_text,
    readable,
    shown_name,
    to_text,
)
from notesearch.wording.translation import _

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="names on Windows are text")

PARTS = (b"a", b"\xc3\xa9", b"\xe9", b"\xf4\x8f\x82\x80", b"\xf4\x8f\x83\xbf", b"\xf4\x8f\x84\x80", b"\xff")
NAMES = st.binary(max_size=12) | st.lists(st.sampled_from(PARTS)).map(b"".join)


@settings(derandomize=True, database=None)
@given(NAMES, NAMES)
def test_any_bytes_come_back_and_no_two_names_are_one(one: bytes, other: bytes) -> None:
    texts = [to_text(os.fsdecode(name)) for name in (one, other)]
    assert [os.fsencode(from_text(text)) for text in texts] == [one, other]
    assert (texts[0] == texts[1]) == (one == other)
    for text in texts:
        text.encode()


def test_valid_names_stay_as_they_are() -> None:
    for name in ("a.md", "\u00e9\U0001f3b5.md", "\ufffd", "\U0010ffff"):
        assert to_text(name) == from_text(name) == readable(name) == name
        assert is_text(name)


def test_what_is_shown() -> None:
    name = os.fsdecode(b"caf\xe9\xe8.md")
    assert not is_text(name)
    assert readable(name) == "caf\ufffd\ufffd.md" == shown_name(Path("/x", name))
    assert shown_name(Path("/")) == "/"


def test_a_name_is_on_one_line() -> None:
    name = "a\nb\tc\u2028d\u2029e\x1bf\u202eg"
    assert harmless(name) == "a\nb\tc\u2028d\u2029e\ufffdf\ufffdg"
    assert (
        harmless_name(Path(name))
        == shown_name(Path("/x", name))
        == "a\ufffdb\ufffdc\ufffdd\ufffde\ufffdf\ufffdg"
    )
    assert harmless_line(name) == "a b c d e\ufffdf\ufffdg"
    assert _("{path} of {n}", path=Path("a\nb"), n=2) == "a\ufffdb of 2"
    assert _("{path} of {n}", path="a\nb", n="\x1b") == "a b of \ufffd"
