"""The wheel runs in an empty environment, far from the checkout: it indexes, searches and starts the
window."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

import notesearch
from tests.conftest import fill
from tests.e2e.conftest import Start
from tests.e2e.desktop import ROOT

NOTES = {"a.md": "# Bread\n\nThe dough rests overnight.\n", "b.org": "* Trip\nThe night train to Lisbon.\n"}
# Seconds: a busy machine takes its time over pip.
PATIENCE = 300


def run(*line: object, cwd: Path, env: dict[str, str] | None = None) -> str:
    done = subprocess.run(
        [str(word) for word in line], cwd=cwd, env=env, capture_output=True, text=True, timeout=PATIENCE
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment's folder with the wheel in it, and what it depends on lent by the environment of the
    tests."""
    scratch = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    run(*pip, "wheel", ROOT, "--no-deps", "--wheel-dir", scratch, cwd=scratch)
    wheel = next(scratch.glob("notesearch-*.whl"))
    made = scratch / "empty"
    venv.create(made, with_pip=False)
    packages = next(made.glob("lib*/**/site-packages"))
    run(*pip, "--python", made, "install", "--no-deps", wheel, cwd=scratch)
    # The libraries are lent one by one, so that the checkout itself, which stands in the same place, is not.
    lent = Path(os.path.dirname(os.path.dirname(pytest.__file__)))
    for entry in lent.iterdir():
        if "notesearch" not in entry.name and entry.suffix != ".pth" and not (packages / entry.name).exists():
            (packages / entry.name).symlink_to(entry)
    return made


@pytest.fixture
def python(installed: Path) -> Path:
    return installed / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def test_the_wheel_holds_what_it_needs(installed: Path) -> None:
    with zipfile.ZipFile(next(installed.parent.glob("*.whl"))) as wheel:
        names = set(wheel.namelist())
    assert "notesearch/resources/models/all-minilm-l6-v2/model.onnx" in names
    assert "notesearch/resources/icons/search.svg" in names
    assert "notesearch/documents/sandbox/worker.py" in names
    assert not [name for name in names if name.startswith(("tests/", "resources/", "packaging/"))]


def test_the_commands(python: Path, tmp_path: Path) -> None:
    notes, data = fill(tmp_path / "Notes", NOTES), tmp_path / "data"
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    here = run(python, "-c", "import notesearch; print(notesearch.__file__)", cwd=tmp_path, env=env)
    assert str(python.parents[1]) in here, "this is the checkout"
    program = python.with_name("notesearch")
    assert run(program, "--version", cwd=tmp_path, env=env) == f"notesearch {notesearch.__version__}\n"
    done = json.loads(run(program, "--data-dir", data, "index", notes, "--json", cwd=tmp_path, env=env))
    assert (done["added"], done["failed"]) == (2, 0)
    assert done["embedded"] == done["chunks"] >= 2
    found = json.loads(
        run(program, "--data-dir", data, "search", "railway to Portugal", "--json", cwd=tmp_path, env=env)
    )
    assert found["results"][0]["path"] == str(notes / "b.org")
    assert found["results"][0]["matched_by"] in ("meaning", "both")
    checks = json.loads(run(program, "--data-dir", data, "doctor", "--json", cwd=tmp_path, env=env))["checks"]
    assert [check for check in checks if not check["well"]] == []


def test_the_window(start: Start, python: Path, tmp_path: Path) -> None:
    program = start(fill(tmp_path / "Notes", NOTES), python=python, cwd=tmp_path)
    program.search("dough that sleeps", "Bread")
    assert program.terminate() == 0
