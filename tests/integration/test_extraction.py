"""The extraction process as it is used: a real child, real files, real ends."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from notesearch.catalogue import LOCAL, ChunkRecipe
from notesearch.documents.sandbox.frames import FrameKind, KeptTitle, pack_request, read_frame
from notesearch.documents.sandbox.process import (
    Extracted,
    ExtractionProcess,
    ReadingPlan,
    worker_command,
    worker_environment,
)
from notesearch.documents.sandbox.worker import read_note
from notesearch.errors import (
    ExtractionFailed,
    FileBinary,
    FileGone,
    FileTooLarge,
    FileTooSlow,
    FileUnreadable,
    NotesearchError,
)
from tests.conftest import wait_until

WANTED = ReadingPlan(LOCAL.recipe)
Requests = Iterator[tuple[Path, ChunkRecipe]]
posix = pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals, pipes or limits")


@pytest.fixture
def process() -> Iterator[ExtractionProcess]:
    process = ExtractionProcess()
    yield process
    process.close()


def write(folder: Path, name: str, text: str = "# Title\n\nWords.\n") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def read(process: ExtractionProcess, *paths: Path) -> list[Extracted | NotesearchError]:
    answers = list(process.read_all((path, WANTED) for path in paths))
    assert [path for path, _ in answers] == list(paths)
    return [answer for _, answer in answers]


def huge(folder: Path, megabytes: int = 30) -> Path:
    """A note that takes seconds."""
    return write(folder, "huge.md", "Some words on a line, and more of them.\n\n" * (megabytes * 25_000))


def test_answers_are_what_reading_in_this_process_gives(process: ExtractionProcess, tmp_path: Path) -> None:
    text = (
        "---\ntags: [a]\naliases: [B]\nprivate: yes\ncreated: 2024-05-01\n---\n# Tïtle\n\n"
        + "Wörds and 知识 to find. " * 200
    )
    paths = [write(tmp_path, f"note {number}.md", f"{text}\n{number}") for number in range(200)]
    for path, answer in zip(paths, read(process, *paths), strict=True):
        assert [answer] == list(read_note(path, WANTED))
        assert isinstance(answer, Extracted)
        status = path.stat()
        assert (answer.size, answer.mtime_ns) == (status.st_size, status.st_mtime_ns)
        assert len(answer.content_hash) == 32


def test_a_renamed_note_is_cut_and_prefixed_as_before_while_its_title_is_what_the_rename_made_it(
    process: ExtractionProcess, tmp_path: Path
) -> None:
    text = "Words to find, and some more of them in a row. " * 200
    before, after, titled = (
        write(tmp_path, name, text) for name in ("a long former name of a note.md", "new.md", "titled.md")
    )
    titled.write_text(f"---\ntitle: Own\n---\n{text}", encoding="utf-8")
    kept = {path: KeptTitle(path.stem, before.stem) for path in (after, titled)}
    was, renamed, named = (
        answer for _, answer in process.read_all([(path, WANTED) for path in (before, after, titled)], kept)
    )
    assert isinstance(was, Extracted)
    assert isinstance(renamed, Extracted)
    assert isinstance(named, Extracted)
    assert (renamed.document.title, renamed.embedded_title, renamed.chunks) == (
        "new",
        before.stem,
        was.chunks,
    )
    assert (named.embedded_title, {chunk.prefix for chunk in named.chunks}) == ("Own", {"Own"})


def test_one_bad_file_does_not_stop_the_rest(process: ExtractionProcess, tmp_path: Path) -> None:
    binary = tmp_path / "binary.md"
    binary.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)))
    folder = tmp_path / "folder.md"
    folder.mkdir()
    good = write(tmp_path, "good.md")
    empty = write(tmp_path, "empty.md", "")
    answers = read(process, binary, good, tmp_path / "missing.md", folder, empty, good)
    assert [type(answer) for answer in answers] == [
        FileBinary,
        Extracted,
        FileGone,
        FileUnreadable,
        Extracted,
        Extracted,
    ]
    assert isinstance(answers[4], Extracted)
    assert answers[4].chunks == ()
    assert answers[3].code == "file-unreadable.not-a-file"


@posix
def test_pipes_and_devices_are_not_opened(process: ExtractionProcess, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.md"
    os.mkfifo(pipe)
    device = tmp_path / "device.md"
    device.symlink_to("/dev/zero")
    assert [type(answer) for answer in read(process, pipe, device, write(tmp_path, "a.md"))] == [
        FileUnreadable,
        FileUnreadable,
        Extracted,
    ]


@posix
@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission(process: ExtractionProcess, tmp_path: Path) -> None:
    path = write(tmp_path, "locked.md")
    path.chmod(0)
    (answer,) = read(process, path)
    assert type(answer) is FileUnreadable


@posix
def test_a_name_that_is_not_utf8(process: ExtractionProcess, tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.md"))
    try:
        path.write_text("words")
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    (answer,) = read(process, path)
    assert isinstance(answer, Extracted)
    answer.document.title.encode()


def test_a_long_name_and_long_answers(process: ExtractionProcess, tmp_path: Path) -> None:
    folder = tmp_path
    for _ in range(8):
        folder = folder / ("d" * 100)
    folder.mkdir(parents=True)
    paths = [write(folder, f"{number}.md", "words and words " * 20_000) for number in range(20)]
    assert all(isinstance(answer, Extracted) for answer in read(process, *paths))


@posix
def newest_child() -> psutil.Process:
    """The process of this test: those of engines are older."""
    return max(psutil.Process().children(), key=lambda child: (child.create_time(), child.pid))


def test_a_child_killed_in_the_middle_costs_one_file(process: ExtractionProcess, tmp_path: Path) -> None:
    good, large = write(tmp_path, "good.md"), huge(tmp_path)
    read(process, good)

    def requests() -> Requests:
        yield large, WANTED  # type: ignore[misc]
        yield good, WANTED  # type: ignore[misc]
        # By now the large file was asked for.
        newest_child().kill()
        yield good, WANTED  # type: ignore[misc]

    answers = [answer for _, answer in process.read_all(requests())]  # type: ignore[arg-type]
    assert isinstance(answers[0], ExtractionFailed | FileTooLarge)
    assert [type(answer) for answer in answers[1:]] == [Extracted, Extracted]


def test_a_file_that_takes_too_long(tmp_path: Path) -> None:
    process = ExtractionProcess(time_limit=lambda size: 0.2 if size > 1_000_000 else 60.0)
    good = write(tmp_path, "good.md")
    answers = read(process, good, huge(tmp_path), good, good)
    process.close()
    assert [type(answer) for answer in answers] == [Extracted, FileTooSlow, Extracted, Extracted]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks /proc what the child has read")
def test_a_file_that_has_gone_is_not_read_on(tmp_path: Path) -> None:
    good, large = write(tmp_path, "good.md"), huge(tmp_path, megabytes=60)

    def limit(size: int) -> float:
        if size > 1_000_000:
            child = newest_child()
            wait_until(lambda: child.io_counters().read_chars > size)
            large.unlink(missing_ok=True)
        return 600.0

    process = ExtractionProcess(time_limit=limit)
    answers = read(process, good, large, good)
    process.close()
    assert [type(answer) for answer in answers] == [Extracted, FileGone, Extracted]


@posix
@pytest.mark.skipif(sys.platform == "darwin", reason="macOS does not hold a process to its address space")
def test_a_file_that_takes_too_much_memory(tmp_path: Path) -> None:
    process = ExtractionProcess(memory_limit=768 << 20)
    good, large = write(tmp_path, "good.md"), tmp_path / "large.md"
    with large.open("wb") as file:
        file.truncate(2 << 30)  # sparse
    answers = read(process, good, large, good)
    process.close()
    assert [type(answer) for answer in answers] == [Extracted, FileTooLarge, Extracted]


def test_close_from_another_thread_stops_reading(process: ExtractionProcess, tmp_path: Path) -> None:
    good, large = write(tmp_path, "good.md"), huge(tmp_path)
    seen: list[Path] = []
    started = threading.Event()

    def work() -> None:
        for path, _ in process.read_all(iter([(good, WANTED), (large, WANTED), (good, WANTED)])):
            seen.append(path)
            started.set()

    thread = threading.Thread(target=work)
    thread.start()
    assert started.wait(60)
    process.close()
    thread.join(100)
    assert not thread.is_alive()
    assert seen == [good]
    assert list(process.read_all([(good, WANTED)])) == []


def test_leaving_early_leaves_nothing_behind_for_the_next_time(
    process: ExtractionProcess, tmp_path: Path
) -> None:
    first, second = write(tmp_path, "first.md"), write(tmp_path, "second.md")
    for _ in process.read_all([(first, WANTED)] * 10):
        break
    assert [path for path, _ in process.read_all([(second, WANTED)])] == [second]


def test_the_child_ends_with_its_parent_in_the_middle_of_a_file(tmp_path: Path) -> None:
    with subprocess.Popen(
        worker_command(2 << 30),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=worker_environment(),
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        assert child.stderr is not None
        assert read_frame(child.stdout) == ([FrameKind.READY], "")
        child.stdin.write(pack_request(huge(tmp_path), WANTED))
        child.stdin.flush()
        head, _ = read_frame(child.stdout) or (None, "")
        assert head[0] == FrameKind.SIZE  # type: ignore[index]
        child.stdin.close()
        assert child.wait(60) == 0
        assert child.stderr.read() == b""


def test_the_child_inherits_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "secret")
    monkeypatch.setenv("NOTESEARCH_API_KEY", "secret")
    assert "secret" not in worker_environment().values()


def test_a_child_that_cannot_start_is_a_bug_not_a_bad_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(
        "notesearch.documents.sandbox.process.worker_command",
        lambda limit: [sys.executable, "-c", "raise SystemExit(5)"],
    )
    process = ExtractionProcess()
    with pytest.raises(RuntimeError, match="ended with"):
        list(process.read_all([(write(tmp_path, "a.md"), WANTED)]))
    process.close()


def test_a_frame_that_breaks_off_is_the_end() -> None:
    frame = pack_request(Path("a.md"), WANTED)
    assert read_frame(io.BytesIO(frame)) is not None
    assert read_frame(io.BytesIO(frame[:-1])) is None
    assert read_frame(io.BytesIO(frame[:3])) is None


def test_the_child_does_not_import_from_the_working_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    write(tmp_path, "yaml.py", "raise SystemExit")
    write(tmp_path, "json.py", "raise SystemExit")
    monkeypatch.chdir(tmp_path)
    process = ExtractionProcess()
    (answer,) = read(process, write(tmp_path, "a.md", "---\ntitle: T\n---\n"))
    process.close()
    assert isinstance(answer, Extracted)
    assert answer.document.title == "T"
