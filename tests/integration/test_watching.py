"""The engine that watches: what happens on the disk is found by itself, without anybody asking."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from notesearch.domain import FolderState
from notesearch.engine.engine import Engine
from notesearch.engine.folders.mounts import Mount
from notesearch.engine.indexing import watcher
from notesearch.engine.indexing.watcher import Watcher
from notesearch.errors import WatchLimited
from tests.clock import FastClock, ManualClock
from tests.conftest import StartEngine, at_rest, fill, found, wait_until, write
from tests.embedders import HashingEmbedder

# watchdog warns when a folder that was moved away comes back; it goes on watching it.
pytestmark = pytest.mark.filterwarnings("ignore:Callback with id:RuntimeWarning")

linux = pytest.mark.skipif(sys.platform != "linux", reason="inotify")


@pytest.fixture
def watching(start_engine: StartEngine, notes: Path) -> Engine:
    """Five notes in two folders, found and at rest. Time goes a hundred times as fast for the watcher: roots
    are looked after every 50 ms."""
    fill(
        notes,
        {
            "a.md": "alpha note\n",
            "b.md": "beta note\n",
            "Sub/c.md": "gamma note\n",
            "Sub/Deep/d.md": "delta note\n",
            "e.txt": "epsilon\n",
        },
    )
    engine = start_engine(clock=FastClock())
    engine.folders.add(notes)
    wait_until(lambda: at_rest(engine, 5))
    return engine


def is_found(engine: Engine, word: str, name: str) -> bool:
    return found(engine, word, mode="keyword") == [name]


def is_gone(engine: Engine, word: str) -> bool:
    return found(engine, word, mode="keyword") == []


def test_a_new_note(watching: Engine, notes: Path) -> None:
    write(notes, "new.md", "zanzibar\n")
    wait_until(lambda: is_found(watching, "zanzibar", "new.md"))
    wait_until(lambda: at_rest(watching, 6))


def test_an_edit(watching: Engine, notes: Path) -> None:
    write(notes, "a.md", "zanzibar\n")
    wait_until(lambda: is_found(watching, "zanzibar", "a.md") and is_gone(watching, "alpha"))


def test_an_edit_that_keeps_size_and_time(watching: Engine, notes: Path) -> None:
    note = notes / "a.md"
    before = note.stat()
    with note.open("r+b") as file:
        file.write(b"omega")
        file.flush()
        os.utime(note, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (note.stat().st_size, note.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    wait_until(lambda: is_found(watching, "omega", "a.md") and is_gone(watching, "alpha"))


def test_an_atomic_save(watching: Engine, notes: Path) -> None:
    write(notes, ".a.md.tmp", "zanzibar\n")
    os.replace(notes / ".a.md.tmp", notes / "a.md")
    wait_until(lambda: is_found(watching, "zanzibar", "a.md") and is_gone(watching, "alpha"))
    wait_until(lambda: at_rest(watching, 5))


def test_a_save_with_a_back_up_file(watching: Engine, notes: Path) -> None:
    """As Vim does it: the note is moved away, written anew, and the old one deleted."""
    (notes / "a.md").rename(notes / "a.md~")
    write(notes, "a.md", "zanzibar\n")
    (notes / "a.md~").unlink()
    wait_until(lambda: is_found(watching, "zanzibar", "a.md") and is_gone(watching, "alpha"))
    wait_until(lambda: at_rest(watching, 5))


def test_a_rename_embeds_nothing(watching: Engine, notes: Path, embedder: HashingEmbedder) -> None:
    asked = len(embedder.texts)
    (notes / "a.md").rename(notes / "renamed.md")
    wait_until(lambda: is_found(watching, "alpha", "renamed.md"))
    wait_until(lambda: at_rest(watching, 5))
    assert len(embedder.texts) == asked


def test_a_folder_renamed(watching: Engine, notes: Path, embedder: HashingEmbedder) -> None:
    asked = len(embedder.texts)
    (notes / "Sub").rename(notes / "Other")
    wait_until(
        lambda: (
            found(watching, "folder:other folder:deep") == ["d.md"] and found(watching, "folder:sub") == []
        )
    )
    wait_until(lambda: at_rest(watching, 5))
    assert len(embedder.texts) == asked


def test_a_deleted_note_and_a_deleted_folder(watching: Engine, notes: Path) -> None:
    (notes / "a.md").unlink()
    wait_until(lambda: is_gone(watching, "alpha"))
    shutil.rmtree(notes / "Sub")
    wait_until(lambda: at_rest(watching, 2) and is_gone(watching, "delta"))


def test_a_folder_moved_out_and_in_again(watching: Engine, notes: Path, embedder: HashingEmbedder) -> None:
    asked = len(embedder.texts)
    (notes / "Sub").rename(notes.parent / "Away")
    wait_until(lambda: at_rest(watching, 3) and is_gone(watching, "delta"))
    write(notes.parent / "Away", "late.md", "zanzibar\n")
    (notes.parent / "Away").rename(notes / "Back")
    wait_until(lambda: is_found(watching, "zanzibar", "late.md") and is_found(watching, "delta", "d.md"))
    wait_until(lambda: at_rest(watching, 6))
    assert len(embedder.texts) == asked + 1


def test_notes_in_a_folder_that_was_moved_in_are_watched(watching: Engine, notes: Path) -> None:
    fill(notes.parent / "Outside", {"in/x.md": "xray\n"})
    (notes.parent / "Outside").rename(notes / "Inside")
    wait_until(lambda: is_found(watching, "xray", "x.md"))
    write(notes, "Inside/in/x.md", "yankee\n")
    wait_until(lambda: is_found(watching, "yankee", "x.md"))


def test_many_at_once(watching: Engine, notes: Path) -> None:
    fill(notes.parent / "Outside", {f"{i % 5}/{i}.md": f"many word{i}\n" for i in range(500)})
    shutil.copytree(notes.parent / "Outside", notes / "Copied")
    wait_until(lambda: at_rest(watching, 505))
    assert is_found(watching, "word499", "499.md")


def test_ignore_rules_that_change(watching: Engine, notes: Path) -> None:
    write(notes, ".notesearchignore", "Sub/*\n!Sub/c.md\n")
    wait_until(lambda: at_rest(watching, 4) and is_gone(watching, "delta"))
    write(notes, "Sub/Deep/d.md", "delta again\n")
    write(notes, "a.md", "zanzibar\n")
    wait_until(lambda: is_found(watching, "zanzibar", "a.md"))
    assert is_gone(watching, "delta")
    (notes / ".notesearchignore").unlink()
    wait_until(lambda: is_found(watching, "delta", "d.md"))


def test_ignore_rules_in_a_folder_below(watching: Engine, notes: Path) -> None:
    write(notes, "Sub/.notesearchignore", "*\n!c.md\n")
    wait_until(lambda: at_rest(watching, 4) and is_gone(watching, "delta"))
    write(notes, "Sub/c.md", "zanzibar\n")
    wait_until(lambda: is_found(watching, "zanzibar", "c.md"))
    wait_until(lambda: at_rest(watching, 4))


def test_most_of_the_folder_deleted_by_hand_is_a_question(watching: Engine, notes: Path) -> None:
    fill(notes, {f"Many/{i}.md": f"many word{i}\n" for i in range(40)})
    wait_until(lambda: at_rest(watching, 45))
    (notes / "Many").rename(notes.parent / "Gone")
    wait_until(lambda: watching.status().held)
    (held,) = watching.status().held
    assert (held.missing, held.of) == (40, 45)
    assert is_found(watching, "word7", "7.md")
    watching.folders.answer_held(notes, remove=True)
    wait_until(lambda: at_rest(watching, 5))


def test_a_root_that_goes_and_comes_back(watching: Engine, notes: Path, embedder: HashingEmbedder) -> None:
    asked = len(embedder.texts)
    away = notes.with_name("Away")
    notes.rename(away)
    wait_until(lambda: watching.status().folders[0].state is FolderState.UNREACHABLE)
    assert is_found(watching, "alpha", "a.md")
    write(away, "new.md", "zanzibar\n")
    away.rename(notes)
    wait_until(lambda: is_found(watching, "zanzibar", "new.md"))
    wait_until(lambda: at_rest(watching, 6))
    assert watching.status().folders[0].state is FolderState.READY
    assert len(embedder.texts) == asked + 1
    write(notes, "new.md", "yankee\n")
    wait_until(lambda: is_found(watching, "yankee", "new.md"))


def test_what_changed_while_nobody_watched(
    start_engine: StartEngine, notes: Path, embedder: HashingEmbedder
) -> None:
    fill(notes, {"a.md": "alpha\n", "b.md": "beta\n", "c.md": "gamma\n"})
    engine = start_engine()
    engine.folders.add(notes)
    wait_until(lambda: at_rest(engine, 3))
    engine.close()
    write(notes, "a.md", "zanzibar\n")
    (notes / "b.md").rename(notes / "moved.md")
    (notes / "c.md").unlink()
    asked = len(embedder.texts)
    again = start_engine()
    wait_until(lambda: at_rest(again, 2) and is_found(again, "zanzibar", "a.md") and is_gone(again, "gamma"))
    assert is_found(again, "beta", "moved.md")
    assert len(embedder.texts) == asked + 1


def test_two_watched_folders_a_note_moved_between_them(
    watching: Engine, notes: Path, embedder: HashingEmbedder
) -> None:
    other = fill(notes.parent / "Other", {"o.md": "omega\n"})
    watching.folders.add(other)
    wait_until(lambda: at_rest(watching, 6))
    asked = len(embedder.texts)
    (notes / "a.md").rename(other / "a.md")
    wait_until(lambda: found(watching, "folder:other alpha")[:1] == ["a.md"])
    wait_until(lambda: at_rest(watching, 6) and [f.documents for f in watching.status().folders] == [4, 2])
    assert len(embedder.texts) == asked


def test_after_closing_nothing_is_left_running(start_engine: StartEngine, notes: Path) -> None:
    before = set(threading.enumerate())
    engine = start_engine()
    engine.folders.add(notes)
    engine.close()
    wait_until(
        lambda: not [t for t in threading.enumerate() if t not in before and t.name != "extraction-watchdog"]
    )


# The watcher alone


class Heard:
    """What a watcher says."""

    def __init__(self) -> None:
        self.dirty: list[Path] = []
        self.rescans: list[Path] = []
        self.limits: dict[Path, WatchLimited | None] = {}


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


def look_after(clock: ManualClock, seconds: float) -> None:
    """Let the watcher look after its folders once, so many seconds later."""
    wait_until(lambda: clock.waiting == 1)
    clock.move(seconds)


@pytest.fixture
def alone(heard: Heard, clock: ManualClock) -> Iterator[Watcher]:
    made = Watcher(heard.dirty.append, heard.rescans.append, heard.limits.__setitem__, clock)
    made.start()
    yield made
    made.close()


def test_lost_events_ask_for_a_comparison(alone: Watcher, heard: Heard, notes: Path) -> None:
    import logging

    alone.watch(notes)
    logging.getLogger("watchdog.observers.inotify_c").warning(
        "Inotify queue overflowed; filesystem events were lost"
    )
    assert heard.rescans == [notes]


def test_everything_is_compared_once_in_a_while(
    alone: Watcher, heard: Heard, clock: ManualClock, notes: Path
) -> None:
    alone.watch(notes)
    look_after(clock, watcher.CHECK_ROOTS)
    wait_until(lambda: clock.waiting == 1)
    assert heard.rescans == []
    look_after(clock, watcher.RESCAN)
    wait_until(lambda: heard.rescans == [notes])
    look_after(clock, watcher.RESCAN)
    wait_until(lambda: heard.rescans == [notes] * 2)


@linux
def test_a_folder_not_watched_whole_is_told_and_polled(
    alone: Watcher, heard: Heard, clock: ManualClock, notes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: int | None = 0
    asked: list[int | None] = []

    def watches_held() -> int | None:
        asked.append(held)
        return held

    monkeypatch.setattr(watcher, "watches_held", watches_held)
    alone.watch(notes)
    # The first time it may be watchdog that is still adding watches.
    look_after(clock, watcher.CHECK_ROOTS)
    wait_until(lambda: len(asked) == 1)
    assert heard.limits.get(notes) is None
    look_after(clock, watcher.CHECK_ROOTS)
    wait_until(lambda: heard.limits.get(notes) is not None)
    assert heard.rescans == []
    look_after(clock, watcher.POLL)
    wait_until(lambda: heard.rescans == [notes])
    error = heard.limits[notes]
    assert error is not None
    assert error.code == "watch-limited.kernel"
    held = 1
    look_after(clock, watcher.POLL)
    wait_until(lambda: heard.limits[notes] is None)


def test_a_folder_that_is_not_there_yet(
    alone: Watcher, heard: Heard, clock: ManualClock, tmp_path: Path
) -> None:
    late = tmp_path / "Late"
    alone.watch(late)
    late.mkdir()
    look_after(clock, watcher.CHECK_ROOTS)
    wait_until(lambda: late in heard.rescans)
    write(late, "a.md", "x")
    wait_until(lambda: late / "a.md" in heard.dirty)
    alone.unwatch(late)
    alone.unwatch(late)


LIMITED = """
import sys, time
from pathlib import Path
from notesearch.engine.folders.mounts import Mount
from notesearch.engine.indexing import watcher
from tests.clock import FastClock
root = Path(sys.argv[1])
for i in range(60):
    (root / str(i)).mkdir()
limits = []
w = watcher.Watcher(lambda p: None, lambda p: None, lambda f, e: limits.append(e), FastClock())
w.start()
w.watch(root)
deadline = time.monotonic() + 80
while not limits and time.monotonic() < deadline:
    time.sleep(0.02)
w.close()
print(limits[0].code if limits else "complete")
"""


@linux
def test_the_kernels_watch_limit_is_noticed(notes: Path) -> None:
    setting = 'echo 20 > /proc/sys/user/max_inotify_watches && exec "$@"'
    command = ["unshare", "-Ur", "sh", "-c", setting, "sh", sys.executable, "-c", LIMITED, str(notes)]
    if (
        not shutil.which("unshare")
        or subprocess.run(
            ["unshare", "-Ur", "sh", "-c", setting, "sh", "true"], capture_output=True
        ).returncode
    ):
        pytest.skip("the limit cannot be lowered for one process here")
    ended = subprocess.run(
        command, capture_output=True, text=True, timeout=100, cwd=Path(__file__).resolve().parents[2]
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout == "watch-limited.kernel\n"


def test_looking_after_goes_on_after_an_error(notes: Path, clock: ManualClock) -> None:
    asked: list[Path] = []

    def rescan(folder: Path) -> None:
        asked.append(folder)
        if len(asked) == 1:
            raise RuntimeError("a bug")

    watching = Watcher(lambda _: None, rescan, lambda *_: None, clock)
    watching.start()
    watching.watch(notes)
    look_after(clock, watcher.RESCAN)
    wait_until(lambda: asked == [notes])
    look_after(clock, watcher.RESCAN)
    wait_until(lambda: asked == [notes] * 2)
    watching.close()


@linux
def test_a_folder_that_others_write_to_is_told_and_polled(
    heard: Heard, clock: ManualClock, notes: Path
) -> None:
    mounted = [Mount("/", "ext4", "1"), Mount(str(notes / "Team"), "nfs4", "server:/team")]
    made = Watcher(
        heard.dirty.append, heard.rescans.append, heard.limits.__setitem__, clock, mounts=lambda: mounted
    )
    made.start()
    try:
        made.watch(notes)
        look_after(clock, watcher.CHECK_ROOTS)
        wait_until(lambda: heard.limits.get(notes) is not None)
        told = heard.limits[notes]
        assert told is not None
        assert (told.code, told.params["kind"]) == ("watch-limited.polled", "nfs4")
        look_after(clock, watcher.POLL)
        wait_until(lambda: heard.rescans == [notes])
        # It was unmounted: what is below the folder is another one now.
        mounted.pop()
        look_after(clock, watcher.CHECK_ROOTS)
        wait_until(lambda: heard.rescans == [notes] * 2 and heard.limits[notes] is None)
    finally:
        made.close()


MOUNTED_LATER = """
import subprocess, sys
from pathlib import Path
from notesearch.domain import Query
from notesearch.engine.engine import Engine
from tests.clock import FastClock
from tests.conftest import names, wait_until
from tests.embedders import HashingEmbedder

notes, data = Path(sys.argv[1]), Path(sys.argv[2])
engine = Engine.open(data, clock=FastClock(20), embedders=[HashingEmbedder()])
engine.folders.add(notes)
wait_until(lambda: names(engine.search.words(Query(text="alpha"))) == ["a.md"])
subprocess.run(["mount", "-t", "tmpfs", "tmpfs", notes / "Stick"], check=True)
(notes / "Stick" / "b.md").write_text("beta")
wait_until(lambda: names(engine.search.words(Query(text="beta"))) == ["b.md"])
(notes / "Stick" / "c.md").write_text("gamma")
wait_until(lambda: names(engine.search.words(Query(text="gamma"))) == ["c.md"])
engine.close()
print("found on the stick")
"""


@linux
def test_what_is_mounted_inside_a_watched_folder_is_found(notes: Path, tmp_path: Path) -> None:
    unshare = ["unshare", "-Urm"]
    (notes / "Stick").mkdir(parents=True)
    (notes / "a.md").write_text("alpha")
    probe = [*unshare, "mount", "-t", "tmpfs", "tmpfs", str(notes / "Stick")]
    if not shutil.which("unshare") or subprocess.run(probe, capture_output=True).returncode:
        pytest.skip("no file system can be mounted here")
    command = [*unshare, sys.executable, "-c", MOUNTED_LATER, str(notes), str(tmp_path / "data")]
    project = Path(__file__).resolve().parents[2]
    ended = subprocess.run(command, capture_output=True, text=True, cwd=project)
    assert ended.stdout == "found on the stick\n", ended.stderr
