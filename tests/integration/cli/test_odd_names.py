"""The command line where a name of a file or folder is no valid text: given by its bytes, printed with signs
of replacement."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from urllib.parse import unquote_to_bytes, urlsplit

import pytest

from tests.integration.cli.conftest import Shell

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="this system's names are valid text")


def test_from_the_folder_to_the_row(run: Shell, tmp_path: Path) -> None:
    root = os.fsencode(tmp_path) + b"/n\xf6tes"
    os.mkdir(root)
    note = root + b"/caf\xe9.md"
    with open(note, "wb") as file:
        file.write(b"sourdough\n")
    summary = run.json("index", root)
    assert (summary["added"], summary["failed"]) == (1, 0)
    (row,) = run.json("search", "sourdough", "--in", root)["results"]
    assert row["path"] == note.decode("utf-8", "replace") == f"{tmp_path}/n\ufffdtes/caf\ufffd.md"
    assert unquote_to_bytes(urlsplit(row["uri"]).path) == note
    assert row["title"] == "caf\ufffd"
    assert row["path"] in run("search", "sourdough").stdout
    assert [folder["path"] for folder in run.json("status")["folders"]] == [os.path.dirname(row["path"])]
    run("remove", root)
    assert run.json("status")["folders"] == []
