"""The command line says which linked folders are not read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.conftest import fill, write
from tests.integration.cli.conftest import Shell


@pytest.mark.words
def test_the_command_line_says_what_is_not_read(
    run: Shell, notes: Path, tmp_path: Path, data_dir: Path
) -> None:
    away = fill(tmp_path / "Away", {"x.md": "feldspar\n"})
    write(notes, "a.md", "quartz\n")
    (notes / "link").symlink_to(away)
    (notes / "above").symlink_to(os.pardir)
    ended = run("index", notes)
    assert "1 linked folder is not read" in ended.stderr
    assert str(notes / "above") in ended.stderr
    assert str(notes / "link") not in ended.stderr
    assert [row["path"] for row in run.json("search", "feldspar", "--mode", "keyword")["results"]] == [
        str(notes / "link/x.md")
    ]
    (data_dir / "settings.toml").write_text("follow_links = false\n")
    assert "2 linked folders are not read" in run("index").stderr
    assert run.json("search", "feldspar", "--mode", "keyword", code=1)["results"] == []
