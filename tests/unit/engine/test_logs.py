"""The log tells where something went wrong, never what a note says."""

from __future__ import annotations

import logging
import stat
from pathlib import Path

import pytest

from notesearch.engine.logs import LOG, close_log, open_log


def test_an_unexpected_error_is_written_without_its_words(tmp_path: Path) -> None:
    handler = open_log(tmp_path)
    try:
        raise ValueError("dear diary")
    except ValueError:
        logging.getLogger("notesearch.engine").exception("a bug stopped the indexer")
    close_log(handler)
    written = (tmp_path / LOG).read_text(encoding="utf-8")
    assert "a bug stopped the indexer" in written
    assert "ValueError" in written
    assert "test_logs.py" in written
    assert "dear diary" not in written


@pytest.mark.skipif(not hasattr(__import__("os"), "getuid"), reason="POSIX permissions")
def test_the_log_is_for_the_user_alone(tmp_path: Path) -> None:
    close_log(open_log(tmp_path))
    assert stat.S_IMODE((tmp_path / LOG).stat().st_mode) == 0o600
