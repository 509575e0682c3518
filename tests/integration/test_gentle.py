"""On battery the window's indexing is slower and says so, unless somebody waits for it or does not want that.
On a real battery, as far as Linux shows one: files in /sys/class/power_supply."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import fill

ROOT = Path(__file__).resolve().parents[2]

PROGRAM = """
import sys
from dataclasses import replace
from pathlib import Path
from notesearch.domain import Slowed
from notesearch.engine.engine import Engine
from tests.clock import FastClock
from tests.conftest import wait_until, at_rest, write
from tests.embedders import HashingEmbedder

notes, data, supply = map(Path, sys.argv[1:])

def battery(status):
    (supply / "BAT0").mkdir(exist_ok=True)
    figures = {"energy_full": 50000, "energy_now": 20000, "power_now": 9000, "capacity": 40}
    for name, value in {"type": "Battery", "status": status, **figures}.items():
        (supply / "BAT0" / name).write_text(f"{value}\\n")

battery("Discharging")
engine = Engine.open(data, clock=FastClock(), embedders=[HashingEmbedder()])
seen = []
engine.subscribe(lambda status: seen.append(status.slowed))
engine.folders.add(notes)
wait_until(lambda: Slowed.BATTERY in seen)
wait_until(lambda: at_rest(engine, 400))
wait_until(lambda: engine.status().slowed is None)

def slowed_while(work):
    seen.clear()
    work()
    return Slowed.BATTERY in seen

def all_again(number):
    for i in range(400):
        write(notes, f"{i}.md", f"# Note {i}\\n\\nthe text number {number} of it\\n")

def waited_for():
    all_again(1)
    engine.reconcile([notes])

def unwanted():
    engine.settings.update(lambda settings: replace(settings, gentle=False))
    all_again(2)
    wait_until(lambda: at_rest(engine, 400))

print(slowed_while(waited_for), slowed_while(unwanted))
engine.close()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the files of a battery")
def test_on_battery_it_is_slower_and_says_so(tmp_path: Path) -> None:
    supply = Path("/sys/class/power_supply")
    inside = 'mount -t tmpfs tmpfs "$1" && shift && exec "$@"'
    command = ["unshare", "-Urm", "sh", "-c", inside, "sh", str(supply)]
    if (
        not supply.is_dir()
        or not shutil.which("unshare")
        or subprocess.run([*command, "true"], capture_output=True).returncode
    ):
        pytest.skip("no battery can be made here")
    notes = fill(tmp_path / "Notes", {f"{i}.md": f"# Note {i}\n\nthe text of it\n" for i in range(400)})
    given = [sys.executable, "-c", PROGRAM, str(notes), str(tmp_path / "data"), str(supply)]
    ended = subprocess.run(
        [*command, *given], capture_output=True, text=True, timeout=300, cwd=ROOT, env=os.environ
    )
    assert ended.stdout == "False False\n", ended.stderr
