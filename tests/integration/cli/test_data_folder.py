"""A data folder that cannot be written, read or found, that vanishes, or whose file system has no locks: the
program says so in a sentence, and does what can be done."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from notesearch.api import sessions
from notesearch.config import paths
from notesearch.engine import guard
from notesearch.engine.clock import SYSTEM
from notesearch.engine.engine import Engine
from notesearch.engine.guard import DataFolderGuard
from notesearch.engine.lock import LOCK_FILE, DataFolderLock
from notesearch.errors import SettingsInvalid
from tests.conftest import fill, found, reconcile, wait_until
from tests.integration.cli.conftest import NOTES, ROOT, Shell, posix

# What lets root go past the permissions of files.
PRIVILEGES = "-dac_override,-dac_read_search,-fowner"
OTHER = 12345


@pytest.fixture
def unprivileged(run: Shell) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs the program so that permissions hold for it, as they do for everybody but root."""
    before: list[str] = []
    if os.name != "posix":
        pytest.skip("POSIX permissions")
    if os.geteuid() == 0:
        if shutil.which("setpriv") is None:
            pytest.skip("root, and no setpriv to be less")
        before = ["setpriv", f"--bounding-set={PRIVILEGES}", "--inh-caps=-all"]

    def call(*arguments: str | Path, code: int) -> subprocess.CompletedProcess[str]:
        ended = subprocess.run(
            [*before, sys.executable, "-m", "notesearch", *map(str, arguments)],
            capture_output=True,
            text=True,
            env=run.environment,
            cwd=ROOT,
            timeout=100,
        )
        assert "Traceback" not in ended.stderr, ended.stderr
        assert ended.returncode == code, ended.stderr
        return ended

    return call


def give_away(folder: Path) -> None:
    """Let it belong to another user, where this one may do that."""
    if os.geteuid() == 0:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, OTHER, OTHER)


def read_only(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)


@posix
@pytest.mark.words
def test_a_data_folder_that_is_only_read(
    run: Shell, notes: Path, data_dir: Path, unprivileged: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    fill(notes, NOTES)
    run("index", notes)
    give_away(data_dir)
    read_only(data_dir)
    before = sorted(path.name for path in data_dir.rglob("*"))
    try:
        assert "Bread" in unprivileged("search", "overnight", code=0).stdout
        assert "3 of 3 notes" in unprivileged("status", code=0).stdout
        assert "FAIL" not in unprivileged("doctor", code=0).stdout
        for command in (("index",), ("add", notes), ("doctor", "--repair")):
            assert "The data folder cannot be written" in unprivileged(*command, code=3).stderr
        assert sorted(path.name for path in data_dir.rglob("*")) == before
    finally:
        for path in (data_dir, *data_dir.rglob("*")):
            path.chmod(0o700)


@posix
@pytest.mark.words
def test_a_data_folder_that_was_made_by_sudo(
    run: Shell, notes: Path, data_dir: Path, unprivileged: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a folder away")
    fill(notes, NOTES)
    run("index", notes)
    give_away(data_dir)
    for command in (("search", "x"), ("status",), ("index",), ("doctor", "--repair")):
        said = unprivileged(*command, code=3).stderr
        assert f"The data folder {data_dir} belongs to another user" in said
        assert "sudo chown -R" in said
    assert "belongs to another user" in unprivileged("doctor", code=1).stdout


@posix
def test_without_a_home_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither HOME nor the list of users says where it is."""
    for name in ("HOME", "XDG_DATA_HOME", "NOTESEARCH_DATA_DIR"):
        monkeypatch.delenv(name, raising=False)

    def nobody(_: object) -> None:
        raise KeyError

    monkeypatch.setattr("pwd.getpwuid", nobody)
    with pytest.raises(SettingsInvalid) as without:
        paths.default_data_dir()
    assert without.value.code == "settings-invalid.no-home"
    assert not paths.home_folder().exists()


def test_a_data_folder_that_is_removed_under_a_running_engine(
    tmp_path: Path, notes: Path, start_engine: Callable[..., Engine], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "LOOK_EVERY", 0.02)
    engine = start_engine(watch=False)
    reconcile(engine, fill(notes, NOTES))
    # At once: a lock file that is deleted alone is made again.
    shutil.rmtree((tmp_path / "data").rename(tmp_path / "away"))

    def told() -> bool:
        error = engine.status().error
        return error is not None and error.code == "store.folder-gone"

    wait_until(told)
    assert found(engine, "overnight", "keyword") == ["bread.md"]
    assert not (tmp_path / "data").exists()


def test_a_removed_lock_file_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "LOOK_EVERY", 0.02)
    lock, changed = DataFolderLock(tmp_path), threading.Event()
    looking = DataFolderGuard(lock, changed.set, SYSTEM)
    looking.start()
    (tmp_path / paths.LOCK).unlink()
    wait_until((tmp_path / paths.LOCK).exists)
    looking.close()
    lock.close()
    assert not changed.is_set()
    assert not looking.gone


@posix
@pytest.mark.words
def test_a_file_system_without_locks(run: Shell, notes: Path, data_dir: Path, tmp_path: Path) -> None:
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler")
    source, library = tmp_path / "no_locks.c", tmp_path / "no_locks.so"
    source.write_text("#include <errno.h>\nint flock(int d, int o) { errno = EOPNOTSUPP; return -1; }\n")
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, source], check=True)
    run.environment["LD_PRELOAD"] = str(library)
    fill(notes, NOTES)
    ended = run("index", notes)
    assert "The file system of the data folder has no locks" in ended.stderr
    assert str(data_dir / LOCK_FILE) in ended.stderr
    assert not (data_dir / LOCK_FILE).exists(), "it goes with the process"
    assert "Bread" in run("search", "overnight").stdout
    # Another computer has it.
    (data_dir / LOCK_FILE).write_text('{"host": "attic", "process": 7, "started": 1.0}')
    assert "the computer attic is using this data folder (process 7)" in run("index", code=3).stderr
    assert "Bread" in run("search", "overnight").stdout


@posix
@pytest.mark.words
def test_a_lock_that_is_removed_under_a_running_owner(run: Shell, notes: Path, data_dir: Path) -> None:
    fill(notes, NOTES)
    run("index", notes)
    owner = sessions.Owner(data_dir, watch=False, embed=False)
    try:
        (data_dir / paths.LOCK).unlink()
        # It is handed to the owner, which still listens.
        assert "3 unchanged" in run("index").stdout
    finally:
        owner.close()
