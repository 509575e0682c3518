"""Watching goes on whatever happens to the folders: moved to the trash, exchanged, made again; with threads
of watchdog that die, and where the system has no means left to watch."""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from notesearch.domain import Query
from notesearch.engine.engine import Engine
from notesearch.engine.folders.mounts import mounts_below, read_mounts
from notesearch.engine.indexing.watcher import Watcher
from tests.clock import FastClock
from tests.conftest import StartEngine, at_rest, fill, wait_until, write

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="inotify"),
    # A thread of watchdog that dies is what is tested; and it warns when a folder comes back.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning"),
    pytest.mark.filterwarnings("ignore:Callback with id:RuntimeWarning"),
]


AT_FDCWD, RENAME_EXCHANGE = -100, 2


@pytest.fixture
def watching(start_engine: StartEngine, notes: Path) -> Engine:
    """Time goes a hundred times as fast for the watcher."""
    fill(notes, {"a.md": "alpha\n", "One/b.md": "beta\n", "Two/c.md": "gamma\n"})
    engine = start_engine(clock=FastClock())
    engine.folders.add(notes)
    wait_until(lambda: at_rest(engine, 3))
    return engine


def exchange(one: Path, two: Path) -> None:
    """Exchange two folders in one step, where the system can; else in three."""
    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except AttributeError:
        rename = None
    if rename is None or rename(AT_FDCWD, os.fsencode(one), AT_FDCWD, os.fsencode(two), RENAME_EXCHANGE):
        between = one.with_name("between the two")
        one.rename(between)
        two.rename(one)
        between.rename(two)


def found_at(engine: Engine, word: str, path: Path) -> bool:
    return [m.path for m in engine.search.words(Query(text=word)).matches] == [path]


def test_the_trash_is_emptied_after_the_folder_was_made_again(
    watching: Engine, notes: Path, tmp_path: Path
) -> None:
    """watchdog's reading thread dies of it: it had two descriptors under one path."""
    trash = tmp_path / "Trash"
    trash.mkdir()
    (notes / "One").rename(trash / "One")
    write(notes, "One/again.md", "figs\n")
    wait_until(lambda: found_at(watching, "figs", notes / "One" / "again.md"))
    shutil.rmtree(notes / "One")
    wait_until(lambda: at_rest(watching, 2))
    shutil.rmtree(trash)
    write(notes, "a.md", "zanzibar\n")
    wait_until(lambda: found_at(watching, "zanzibar", notes / "a.md"))
    write(notes, "One/new.md", "quinces\n")
    wait_until(lambda: found_at(watching, "quinces", notes / "One" / "new.md"))


def test_two_folders_exchanged(watching: Engine, notes: Path) -> None:
    exchange(notes / "One", notes / "Two")
    wait_until(lambda: found_at(watching, "beta", notes / "Two" / "b.md"))
    wait_until(lambda: found_at(watching, "gamma", notes / "One" / "c.md"))
    write(notes, "Two/b.md", "plums\n")
    write(notes, "One/c.md", "quinces\n")
    wait_until(lambda: found_at(watching, "plums", notes / "Two" / "b.md"))
    wait_until(lambda: found_at(watching, "quinces", notes / "One" / "c.md"))


def test_a_thread_that_dies_is_noticed(notes: Path, caplog: pytest.LogCaptureFixture) -> None:
    reported: list[Path] = []
    compared: list[Path] = []

    def dirty(path: Path) -> None:
        if path.name == "fatal.md":
            raise RuntimeError("ends the thread that reports")
        reported.append(path)

    watcher = Watcher(dirty, compared.append, lambda folder, error: None, FastClock())
    watcher.start()
    watcher.watch(notes)
    write(notes, "fatal.md", "figs\n")
    wait_until(lambda: compared == [notes])
    assert "watching had stopped" in caplog.text
    write(notes, "new.md", "plums\n")
    wait_until(lambda: notes / "new.md" in reported)
    watcher.close()


@pytest.mark.skipif(os.geteuid() == 0 and not shutil.which("setpriv"), reason="root may read everything")
def test_what_may_be_read_again_is_read_again(tmp_path: Path) -> None:
    """A note and a folder whose permissions were taken away and given back: by the event, and without one at
    the next comparison."""
    notes = tmp_path / "Notes"
    fill(notes, {"a.md": "alpha\n", "b.md": "beta\n", "Sub/c.md": "gamma\n"})
    done = as_nobody(FORBIDDEN, notes, tmp_path / "data")
    assert done.stdout == "read again\n", done.stderr


FORBIDDEN = """
import os
import sys
from pathlib import Path
from notesearch.domain import Query
from notesearch.engine.engine import Engine
from tests.clock import FastClock
from tests.conftest import wait_until, names, reconcile
from tests.embedders import HashingEmbedder

notes, data = Path(sys.argv[1]), Path(sys.argv[2])
def found(word):
    return names(engine.search.words(Query(text=word)))
(notes / "a.md").chmod(0)
(notes / "Sub").chmod(0)
engine = Engine.open(data, clock=FastClock(), embedders=[HashingEmbedder()])
engine.folders.add(notes)
wait_until(lambda: found("beta") == ["b.md"])
wait_until(lambda: [p.path.name for p in engine.indexing.problems()] == ["a.md"])
assert found("alpha") == found("gamma") == []
(notes / "a.md").chmod(0o600)
(notes / "Sub").chmod(0o700)
wait_until(lambda: found("alpha") == ["a.md"] and found("gamma") == ["c.md"])
(notes / "Sub" / "d.md").write_text("delta")
wait_until(lambda: found("delta") == ["d.md"])
wait_until(lambda: engine.indexing.problems() == ())
engine.close()

(notes / "b.md").chmod(0)
engine = Engine.open(data, watch=False, embedders=[HashingEmbedder()])
os.utime(notes / "b.md", (1, 1))
reconcile(engine)
assert [p.path.name for p in engine.indexing.problems()] == ["b.md"]
(notes / "b.md").chmod(0o600)
reconcile(engine)
assert engine.indexing.problems() == () and found("beta") == ["b.md"]
engine.close()
print("read again")
"""


def as_nobody(program: str, notes: Path, data: Path) -> subprocess.CompletedProcess[str]:
    """Run a program as a user who may not read everything."""
    command = [sys.executable, "-c", program, str(notes), str(data)]
    if os.geteuid() == 0:
        # Root without the right to read everything.
        command = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", *command]
    project = Path(__file__).resolve().parents[2]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=project)


WITHOUT = """
import sys
from pathlib import Path
from notesearch.domain import Query
from notesearch.engine.engine import Engine
from tests.clock import FastClock
from tests.conftest import wait_until, names
from tests.embedders import HashingEmbedder

LIMIT = Path("/proc/sys/user/max_inotify_instances")
before = LIMIT.read_text()
LIMIT.write_text("0")
notes, data = Path(sys.argv[1]), Path(sys.argv[2])
engine = Engine.open(data, clock=FastClock(), embedders=[HashingEmbedder()])
engine.folders.add(notes)
wait_until(lambda: names(engine.search.words(Query(text="alpha"))) == ["a.md"])
wait_until(lambda: [e.code for e in engine.indexing.limited.values()] == ["watch-limited.instances"])
(notes / "b.md").write_text("beta")
wait_until(lambda: names(engine.search.words(Query(text="beta"))) == ["b.md"])
LIMIT.write_text(before)
wait_until(lambda: not engine.indexing.limited)
engine.close()
print("searched, polled, and watched in the end")
"""


def test_without_an_inotify_instance_it_searches_and_polls(notes: Path, tmp_path: Path) -> None:
    unshare = [
        "unshare",
        "-Ur",
        "sh",
        "-c",
        'test -w /proc/sys/user/max_inotify_instances && exec "$@"',
        "sh",
    ]
    if not shutil.which("unshare") or subprocess.run([*unshare, "true"], capture_output=True).returncode:
        pytest.skip("the limit cannot be lowered for one process here")
    write(notes, "a.md", "alpha\n")
    command = [*unshare, sys.executable, "-c", WITHOUT, str(notes), str(tmp_path / "data")]
    project = Path(__file__).resolve().parents[2]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=project)
    assert ended.stdout == "searched, polled, and watched in the end\n", ended.stderr


class Mirror:
    """What an index would have after what the watcher reported: the texts of all notes by path."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}
        self._lock = threading.Lock()

    def look(self, path: Path) -> None:
        """See what is at a path now."""
        with self._lock:
            self._texts = {at: text for at, text in self._texts.items() if not Path(at).is_relative_to(path)}
            self._texts |= texts_below(path)

    @property
    def texts(self) -> dict[str, str]:
        with self._lock:
            return dict(self._texts)


def texts_below(path: Path) -> dict[str, str]:
    """The texts of the notes at a path; none where a link is on the way."""
    found: dict[str, str] = {}
    if os.path.realpath(path) != str(path):
        return found
    files = [path] if path.is_file() else [Path(at) / name for at, _, own in os.walk(path) for name in own]
    for file in files:
        with contextlib.suppress(OSError):
            found[str(file)] = file.read_text()
    return found


ROOTS = ("Left", "Right")
PLACES = st.lists(st.sampled_from("abc"), min_size=1, max_size=3).map("/".join)
ROOT = st.sampled_from((*ROOTS, "Outside"))


class Folders(RuleBasedStateMachine):
    """Two watched folders and one beside them, to which anything happens."""

    def __init__(self) -> None:
        super().__init__()
        self.base = Path(os.path.realpath(tempfile.mkdtemp(prefix="watching-")))
        for name in (*ROOTS, "Outside"):
            (self.base / name).mkdir()
        self.mirror = Mirror()
        look = self.mirror.look
        # Not so fast that the comparison of all folders, once an hour, would find what was not reported.
        self.watcher = Watcher(look, look, lambda folder, error: None, FastClock(10))
        self.watcher.start()
        for name in ROOTS:
            self.watcher.watch(self.base / name)
        self.number = 0

    def at(self, root: str, place: str) -> Path:
        return self.base / root / place

    @rule(root=ROOT, place=PLACES)
    def write(self, root: str, place: str) -> None:
        with contextlib.suppress(OSError):
            self.at(root, place).mkdir(parents=True, exist_ok=True)
            self.number += 1
            (self.at(root, place) / "note.md").write_text(f"text {self.number}")

    @rule(root=ROOT, place=PLACES, to=ROOT, other=PLACES)
    def move(self, root: str, place: str, to: str, other: str) -> None:
        with contextlib.suppress(OSError):
            self.at(to, other).parent.mkdir(parents=True, exist_ok=True)
            self.at(root, place).rename(self.at(to, other))

    @rule(root=ROOT, place=PLACES, to=ROOT, other=PLACES)
    def exchange(self, root: str, place: str, to: str, other: str) -> None:
        one, two = self.at(root, place), self.at(to, other)
        with contextlib.suppress(OSError):
            self.exchanged(one, two)

    def exchanged(self, one: Path, two: Path) -> None:
        if one.is_dir() and two.is_dir() and not one.is_relative_to(two) and not two.is_relative_to(one):
            exchange(one, two)

    @rule()
    def rest(self) -> None:
        wait_until(lambda: self.mirror.texts == self.truth())

    @rule(root=ROOT, place=PLACES)
    def delete(self, root: str, place: str) -> None:
        shutil.rmtree(self.at(root, place), ignore_errors=True)

    @rule(root=st.sampled_from(ROOTS), place=PLACES, to=ROOT, other=PLACES)
    def link(self, root: str, place: str, to: str, other: str) -> None:
        with contextlib.suppress(OSError):
            self.at(root, place).parent.mkdir(parents=True, exist_ok=True)
            self.at(root, place).symlink_to(self.at(to, other))

    def truth(self) -> dict[str, str]:
        return {at: text for name in ROOTS for at, text in texts_below(self.base / name).items()}

    def teardown(self) -> None:
        try:
            wait_until(lambda: self.mirror.texts == self.truth())
            # And what is written afterwards is seen in every folder.
            for folder in [Path(at).parent for at in self.truth()]:
                self.number += 1
                (folder / "note.md").write_text(f"text {self.number}")
            wait_until(lambda: self.mirror.texts == self.truth())
        finally:
            self.watcher.close()
            shutil.rmtree(self.base, ignore_errors=True)


STEPS = settings(
    max_examples=20,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    print_blob=False,
)


def test_whatever_happens_to_folders_their_notes_are_found() -> None:
    run_state_machine_as_test(Folders, settings=STEPS)


class MountedFolders(Folders):
    """The same, with file systems that are mounted inside the folders. Where mounting is allowed."""

    def __init__(self) -> None:
        super().__init__()
        self.mounted: list[Path] = []

    @rule(which=st.integers(0, 1000))
    def mount(self, which: int) -> None:
        there = [Path(at) for name in ROOTS for at, _, files in os.walk(self.base / name) if files]
        if there and len(self.mounted) < 4:
            at = there[which % len(there)]
            subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(at)], check=True)
            self.mounted.append(at)

    @rule()
    def unmount(self) -> None:
        if self.mounted:
            # Its folder may have been moved meanwhile, and with it what is mounted there.
            subprocess.run(["umount", str(self.mounted.pop())], capture_output=True)

    def teardown(self) -> None:
        try:
            super().teardown()
        finally:
            while subprocess.run(["umount", "-R", str(self.base)], capture_output=True).returncode == 0:
                pass
            for mount in reversed(mounts_below(str(self.base), read_mounts())):
                subprocess.run(["umount", "-l", mount.point], check=True)
            shutil.rmtree(self.base, ignore_errors=True)


def run_mounted() -> None:
    """Run it where mounting is allowed: in a namespace of its own."""
    run_state_machine_as_test(MountedFolders, settings=settings(STEPS, max_examples=10))


def test_whatever_is_mounted_in_folders_is_found() -> None:
    unshare = ["unshare", "-Urm"]
    if not shutil.which("unshare") or subprocess.run([*unshare, "true"], capture_output=True).returncode:
        pytest.skip("nothing can be mounted here")
    program = f"from {__name__} import run_mounted; run_mounted()"
    project = Path(__file__).resolve().parents[2]
    command = [*unshare, sys.executable, "-c", program]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=600, cwd=project)
    assert ended.returncode == 0, ended.stderr[-4000:]
