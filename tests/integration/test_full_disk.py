"""A disk that becomes full while a provider is asked: nothing is paid and lost, nothing is sent without room,
searching goes on, and so does indexing when there is room again. On a real small file system."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import fill
from tests.gateway import KEY, Gateway

ROOT = Path(__file__).resolve().parents[2]
NOTES = 900
MODEL = "aimlapi/alibaba/qwen-text-embedding-v4#2048"  # ten texts a request

# Runs where a small file system is mounted at the data folder. What is there to see is written to stdout.
PROGRAM = """
import json, os, sys
from pathlib import Path
from notesearch.config.paths import prepare_data_dir
from notesearch.config.settings import Settings, save_settings
from notesearch.domain import Query
from notesearch.engine.engine import Engine
from tests.conftest import wait_until
from tests.embedders import HashingEmbedder

data, notes, url, how = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], sys.argv[4]
prepare_data_dir(data)
save_settings(data, Settings().with_provider("aimlapi", base_url=url))
filler = data / "filler"

def say(**what):
    print(json.dumps(what), flush=True)

def fill_up(left):
    if how == "inodes":
        number = 0
        try:
            for number in range(10**6):
                (data / f"filler{number}").touch()
        except OSError:
            return
    status = os.statvfs(data)
    with open(filler, "wb") as file:
        os.posix_fallocate(file.fileno(), 0, max(1, status.f_bavail * status.f_frsize - left))

def free():
    for file in data.glob("filler*"):
        file.unlink()

engine = Engine.open(data, watch=False, embedders=[HashingEmbedder()])
engine.folders.add(notes)
engine.reconcile([notes])
engine.models.prepare(notes, sys.argv[5])
engine.reconcile([notes])
if how in ("empty", "inodes"):
    fill_up(300_000)
engine.models.agree(notes)
if how == "middle":
    wait_until(lambda: sum(folder.next_done for folder in engine.status().folders) > 60)
    fill_up(0)
wait_until(lambda: engine.status().error is not None)
status = engine.status()
say(error=status.error.code, state=str(status.state), done=sum(f.next_done for f in status.folders))
say(found=len(engine.search.words(Query(text="word7")).matches))
sys.stdin.readline()
free()
def at_rest():
    status = engine.status()
    return status.state == "idle" and not any(folder.next_model for folder in status.folders)

wait_until(at_rest)
status = engine.status()
model, room = status.folders[0].model, [path.name for path in data.glob("room*")]
say(state=str(status.state), waiting=status.waiting, model=model, room=room)
engine.close()
"""


class Told:
    """A process that tells what it sees, a line of JSON each time, and waits for a line."""

    def __init__(self, command: list[str], environment: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Told:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def said(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            pytest.fail(self._process.communicate()[1][-3000:])
        return dict(json.loads(line))

    def go_on(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()

    def ended(self) -> int:
        return self._process.wait(100)


MOUNTED = 'mount -t tmpfs -o "$1" tmpfs "$2" && shift 2 && exec "$@"'


def small_disk(folder: Path, options: str) -> list[str]:
    """The beginning of a command that runs with a small file system at `folder`. Skips where the system does
    not let us."""
    folder.mkdir()
    start = ["unshare", "-Urm", "sh", "-c", MOUNTED, "sh", options, str(folder)]
    if not shutil.which("unshare") or subprocess.run([*start, "true"], capture_output=True).returncode:
        pytest.skip("no file system can be mounted here")
    return start


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    drawn = random.Random(3)
    words = [f"word{i}" for i in range(200)]
    return fill(
        tmp_path / "Notes",
        {f"{i}.md": f"# Note {i}\n\n{' '.join(drawn.choices(words, k=60))}\n" for i in range(NOTES)},
    )


@pytest.mark.parametrize("how", ["empty", "middle", "inodes"])
def test_no_answer_is_lost_and_nothing_is_sent_without_room(how: str, notes: Path, tmp_path: Path) -> None:
    options = "size=80m" + (",nr_inodes=400" if how == "inodes" else "")
    data_dir = tmp_path / "data"
    command = small_disk(data_dir, options)
    with (
        Gateway(latency=0.1) as gateway,
        Told(
            [
                *command,
                sys.executable,
                "-c",
                PROGRAM,
                str(tmp_path / "data"),
                str(notes),
                gateway.url,
                how,
                MODEL,
            ],
            {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "AIMLAPI_API_KEY": KEY},
        ) as program,
    ):
        stopped = program.said()
        assert stopped["error"] == "disk-full"
        assert stopped["state"] == "failed"
        assert program.said()["found"] > 0
        # What was paid for is stored, and no more is asked for.
        paid = sum(gateway.paid.values())
        assert paid == stopped["done"]
        assert (paid == 0) is (how != "middle")
        asked = len(gateway.requests)
        program.go_on()
        assert program.said() == {
            "state": "idle",
            "waiting": 0,
            "model": MODEL,
            "room": [],
        }
        assert program.ended() == 0
        assert set(gateway.paid.values()) == {1}
        assert len(gateway.requests) > asked


COMMANDS = """
"$1" -m notesearch --data-dir "$2" index "$3" >/dev/null || exit 9
dd if=/dev/zero of="$2/filler" bs=1k 2>/dev/null
for disk in full read-only; do
    "$1" -m notesearch --data-dir "$2" status --json >"$4/$disk-status" || echo "$disk: status failed"
    "$1" -m notesearch --data-dir "$2" search lisbon --json >"$4/$disk-search" || echo "$disk: search failed"
    "$1" -m notesearch --data-dir "$2" doctor >"$4/$disk-doctor" 2>&1 || echo "$disk: doctor failed"
    "$1" -m notesearch --data-dir "$2" use aimlapi/voyage-2 --yes 2>"$4/$disk-use" && echo "$disk: used"
    rm -f "$2/filler"
    mount -o remount,ro "$2"
done
"""


def test_a_full_disk_and_a_read_only_one_are_searched(notes: Path, tmp_path: Path) -> None:
    (notes / "lisbon.md").write_text("The night train to Lisbon leaves at ten.\n")
    for i in range(20, NOTES):
        (notes / f"{i}.md").unlink()
    data_dir = tmp_path / "data"
    command = small_disk(data_dir, "size=14m")
    said = [*command, "sh", "-c", COMMANDS, "sh", sys.executable, str(data_dir), str(notes), str(tmp_path)]
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "AIMLAPI_API_KEY": KEY}
    ended = subprocess.run(said, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert (ended.returncode, ended.stdout) == (0, ""), ended.stderr
    for disk in ("full", "read-only"):
        status = json.loads((tmp_path / f"{disk}-status").read_text())
        assert status["documents"]["complete"] == 21
        found = json.loads((tmp_path / f"{disk}-search").read_text())["results"]
        assert Path(found[0]["path"]).name == "lisbon.md"
        # A sentence, and no traceback.
        told = (tmp_path / f"{disk}-use").read_text()
        assert told.startswith("notesearch: ")
        assert told.count("\n") == 1
