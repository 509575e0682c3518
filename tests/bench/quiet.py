"""What the whole program does while nothing happens, hidden in a tray with three folders watched (Linux,
needs Xvfb and trayer).

    tests/bench/quiet.py [--seconds 60] [--beside NAME=VALUE]

Processor time, wake-ups by thread, bytes written; and its memory before a query has loaded the model, with
it, and when it is unloaded, beside a bare Qt window's, in one run. It goes to rest after seconds here,
instead of ten minutes. `--beside`: memory of a second one, with that in its environment.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from common import ROOT, notesearch, scratch, table, til_vault

BARE = """
from PySide6.QtWidgets import QApplication, QLineEdit, QListView, QVBoxLayout, QWidget
app = QApplication([])
window = QWidget(); inside = QVBoxLayout(window); inside.addWidget(QLineEdit()); inside.addWidget(QListView())
window.resize(1200, 760); window.show()
app.exec()
"""
PROGRAM = """
import sys
from notesearch.engine.engine import Engine
from notesearch.engine.idle_timer import IdleTimer
Engine.open.__func__.__kwdefaults__["idle"] = 4.0
IdleTimer.__init__.__defaults__ = (4.0, *IdleTimer.__init__.__defaults__[1:])
from notesearch.__main__ import main
sys.exit(main(["--data-dir", sys.argv[1], "--hidden"]))
"""
SETTLE, QUERY = 40.0, 2.5


@contextmanager
def running(*command: str, **env: str) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **env}, stdin=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(20)


@contextmanager
def screen() -> Iterator[str]:
    """A display of our own."""
    reader, writer = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writer), "-screen", "0", "1280x800x24", "-nolisten", "tcp", "-noreset"],
        pass_fds=(writer,),
    )
    os.close(writer)
    number = b""
    while not number.endswith(b"\n") and (part := os.read(reader, 16)):
        number += part
    try:
        yield f":{number.decode().strip()}"
    finally:
        server.terminate()
        server.wait()


@contextmanager
def message_bus() -> Iterator[str]:
    """Its address."""
    daemon = subprocess.Popen(
        ["dbus-daemon", "--session", "--nofork", "--print-address=1"], stdout=subprocess.PIPE, text=True
    )
    assert daemon.stdout is not None
    try:
        yield daemon.stdout.readline().strip()
    finally:
        daemon.terminate()
        daemon.wait()
        daemon.stdout.close()


def wake_ups(pid: int) -> dict[tuple[str, str], int]:
    """How often each thread went to sleep by itself, by its number and name."""
    found = {}
    for task in Path(f"/proc/{pid}/task").iterdir():
        lines = dict(
            line.split(":\t", 1) for line in (task / "status").read_text().splitlines() if ":\t" in line
        )
        found[task.name, lines["Name"]] = int(lines["voluntary_ctxt_switches"])
    return found


def written(pid: int) -> int:
    return next(
        int(line.split()[1])
        for line in Path(f"/proc/{pid}/io").read_text().splitlines()
        if line.startswith("write_bytes")
    )


def megabytes(pid: int) -> tuple[str, str]:
    """Resident, and what is nobody else's."""
    memory = psutil.Process(pid).memory_full_info()
    return f"{memory.rss / 1e6:.0f}", f"{memory.uss / 1e6:.0f}"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--beside", default="")
    arguments = parser.parse_args()
    seconds = arguments.seconds
    with scratch() as folder, screen() as display, message_bus() as bus:
        data = folder / "data"
        few = [folder / name for name in ("one", "two")]
        for each in few:
            each.mkdir()
            (each / "note.md").write_text("a note")
        notesearch("index", til_vault(), *few, data_dir=data)
        env = {"DISPLAY": display, "QT_QPA_PLATFORM": "xcb", "DBUS_SESSION_BUS_ADDRESS": bus}
        env |= {"HOME": str(folder), "XDG_CONFIG_HOME": str(folder / "config")}
        shutil.copytree(data, folder / "second")
        name, _, value = arguments.beside.partition("=")
        other = (sys.executable, "-c", PROGRAM, str(folder / "second")) if name else ("sleep", "infinity")
        with (
            running("trayer", **env),
            running(sys.executable, "-c", BARE, **env) as bare,
            running(sys.executable, "-c", PROGRAM, str(data), **env) as program,
            running(*other, **env, **({name: value} if name else {})) as second,
        ):
            time.sleep(SETTLE)
            us, process = program.pid, psutil.Process(program.pid)
            before, wrote, used = wake_ups(us), written(us), sum(process.cpu_times()[:2])
            time.sleep(seconds)
            after, wrote, used = wake_ups(us), written(us) - wrote, sum(process.cpu_times()[:2]) - used
            memory = [
                ("bare Qt window", *megabytes(bare.pid)),
                ("the program, before a query has loaded the model", *megabytes(us)),
            ]
            search = [sys.executable, "-m", "notesearch", "--data-dir", str(data)]
            search += ["--search", "undo the last commit"]
            subprocess.run(search, cwd=ROOT, env={**os.environ, **env}, check=True)
            time.sleep(QUERY)
            memory.append(("a moment after a query, model loaded", *megabytes(us)))
            time.sleep(SETTLE)
            memory.append(("at rest again, model unloaded", *megabytes(us)))
            if name:
                memory.append((f"with {arguments.beside}", *megabytes(second.pid)))
            children = len(process.children())
    woken = sorted(((number - before.get(key, 0), key[1]) for key, number in after.items()), reverse=True)
    rows: list[list[object]] = [
        ["processor, s", f"{used:.2f}"],
        ["bytes written", wrote],
        ["child processes", children],
    ]
    rows.append(["wake-ups of all threads", sum(number for number, _ in woken)])
    rows += [[f"  of {name}", number] for number, name in woken if number]
    table(f"{seconds:g} s at rest, hidden, three folders watched", ["", ""], rows)
    table("memory, MB", ["", "resident", "its own"], memory)


if __name__ == "__main__":
    main()
