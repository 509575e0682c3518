"""A desktop of our own to test on: X server, window manager, message bus; the program as a process on it, and
what a person can see and do."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import wait_until

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
DEBIAN_PYTHON = "/usr/bin/python3"
PROGRAMS = ("Xvfb", "openbox", "xdotool", "xprop", "dbus-daemon")
KEY_DELAY = "40"
PATIENCE = 100.0


def missing() -> str:
    """Why there can be no desktop here; "" where everything is there."""
    if not sys.platform.startswith("linux"):
        return "a virtual screen is only known on Linux"
    absent = [program for program in PROGRAMS if not shutil.which(program)]
    if absent:
        return f"not installed: {', '.join(absent)}"
    if (
        not Path(DEBIAN_PYTHON).exists()
        or subprocess.run([DEBIAN_PYTHON, "-c", "import pyatspi"], capture_output=True).returncode
    ):
        return "not installed: python3-pyatspi for /usr/bin/python3"
    return ""


def pause(seconds: float) -> None:
    """For as long as a person's hand takes between two things that would be one thing when done faster."""
    done = time.monotonic() + seconds
    wait_until(lambda: time.monotonic() > done)


def end(process: subprocess.Popen[Any]) -> None:
    """Ask a process to end, and make it."""
    process.terminate()
    try:
        process.wait(100)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _run_x_server() -> tuple[subprocess.Popen[bytes], str]:
    reader, writer = os.pipe()
    command = [
        "Xvfb",
        "-displayfd",
        str(writer),
        "-screen",
        "0",
        "1280x800x24",
        "-nolisten",
        "tcp",
        "-noreset",
    ]
    server = subprocess.Popen(
        command, pass_fds=(writer,), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    os.close(writer)
    number = b""
    # Up to the newline: to close the pipe earlier ends the server.
    while not number.endswith(b"\n") and (part := os.read(reader, 16)):
        number += part
    os.close(reader)
    if not number.strip():
        end(server)
        pytest.skip("Xvfb does not start here")
    return server, f":{number.decode().strip()}"


class Desktop:
    """X server, window manager, message bus and screen reader of one test session. `home` is the person's;
    everything ends with `close`."""

    def __init__(self, home: Path, runtime: Path) -> None:
        self.home, self.runtime = home, runtime
        plain = {
            k: v
            for k, v in os.environ.items()
            if not k.startswith(("XDG_", "QT_", "DBUS_", "NOTESEARCH_", "COV_"))
        }
        for name in ("DISPLAY", "WAYLAND_DISPLAY", "AT_SPI_BUS_ADDRESS"):
            plain.pop(name, None)
        folders = {
            "XDG_CONFIG_HOME": home / ".config",
            "XDG_DATA_HOME": home / ".local/share",
            "XDG_CACHE_HOME": home / ".cache",
        }
        base = {
            **plain,
            **{k: str(v) for k, v in folders.items()},
            "HOME": str(home),
            "XDG_RUNTIME_DIR": str(runtime),
            "LANG": "C.UTF-8",
        }
        # Without the display: what the bus starts must never ask a person something.
        command = [
            "dbus-daemon",
            "--session",
            "--nofork",
            "--print-address=1",
            f"--address=unix:path={runtime}/bus",
        ]
        self._bus = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=base, text=True
        )
        assert self._bus.stdout is not None
        base["DBUS_SESSION_BUS_ADDRESS"] = self._bus.stdout.readline().strip()
        self._server, display = _run_x_server()
        self.env = {
            **base,
            "DISPLAY": display,
            "QT_LINUX_ACCESSIBILITY_ALWAYS_ON": "1",
            "LIBGL_ALWAYS_SOFTWARE": "1",
        }
        self._window_manager = subprocess.Popen(
            ["openbox"], env=self.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        # _NET_SUPPORTING_WM_CHECK would be there too early.
        wait_until(lambda: "_NET_ACTIVE_WINDOW" in self.output("xprop", "-root", "_NET_SUPPORTED"))
        self._reader = subprocess.Popen(
            [DEBIAN_PYTHON, str(HERE / "screen_reader.py")],
            env=base,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    @property
    def accessibility_bus(self) -> str:
        """Where programs are read that have another message bus than the desktop's."""
        ask = (
            "--session",
            "--print-reply=literal",
            "--dest=org.a11y.Bus",
            "/org/a11y/bus",
            "org.a11y.Bus.GetAddress",
        )
        return self.output("dbus-send", *ask).strip()

    def close(self) -> None:
        for process in (self._reader, self._window_manager, self._server, self._bus):
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    stream.close()
            end(process)
        # What the bus started ends with it.
        wait_until(lambda: not self._strays())

    def _strays(self) -> list[str]:
        """Processes that live in our runtime folder."""
        mark, found = f"XDG_RUNTIME_DIR={self.runtime}".encode(), []
        for entry in Path("/proc").iterdir():
            with contextlib.suppress(OSError):
                if entry.name.isdigit() and mark in (entry / "environ").read_bytes().split(b"\0"):
                    found.append(entry.name)
        return found

    def read(self, pid: int, do: str, **what: object) -> Any:
        """Ask the screen reader; LookupError where it sees no such thing (yet)."""
        assert self._reader.stdin is not None
        assert self._reader.stdout is not None
        self._reader.stdin.write(json.dumps({"pid": pid, "do": do, **what}) + "\n")
        self._reader.stdin.flush()
        answer = json.loads(self._reader.stdout.readline())
        if "error" in answer:
            raise LookupError(answer["error"])
        return answer["answer"]

    def output(self, *command: str) -> str:
        return subprocess.run(command, env=self.env, capture_output=True, text=True, timeout=PATIENCE).stdout

    def xdotool(self, *arguments: object) -> str:
        return self.output("xdotool", *map(str, arguments))

    def window(self, name: str, pid: int) -> str:
        """The X number of a visible window of that process; waits for it."""
        found: list[str] = []

        def visible() -> bool:
            found[:] = self.xdotool(
                "search", "--all", "--onlyvisible", "--pid", pid, "--name", f"^{name}$"
            ).split()
            return bool(found)

        wait_until(visible)
        return found[0]

    @contextlib.contextmanager
    def dragging(self, source: str, target: str) -> Iterator[None]:
        """Press in the middle of one window, move in steps to the middle of another; let go at the end of the
        block."""
        (x, y), (to_x, to_y) = self.middle(source), self.middle(target)
        self.xdotool("mousemove", x, y, "mousedown", 1)
        try:
            for step in range(1, 21):
                self.xdotool("mousemove", x + (to_x - x) * step // 20, y + (to_y - y) * step // 20)
            yield
        finally:
            self.xdotool("mouseup", 1)

    def middle(self, window: str) -> tuple[int, int]:
        lines = self.xdotool("getwindowgeometry", "--shell", window).splitlines()
        at = {
            k: int(v)
            for k, _, v in (line.partition("=") for line in lines)
            if k in ("X", "Y", "WIDTH", "HEIGHT")
        }
        return at["X"] + at["WIDTH"] // 2, at["Y"] + at["HEIGHT"] // 2


class Program:
    """Notesearch as a process of its own on a Desktop, seen through the accessibility tree and moved by keys
    and mouse."""

    def __init__(
        self,
        desktop: Desktop,
        data: Path,
        arguments: Sequence[object],
        output: Path,
        env: dict[str, str] | None = None,
        wrap: Sequence[str] = (),
        python: Path = Path(sys.executable),
        cwd: Path = ROOT,
    ) -> None:
        """`wrap`: what stands before the command, and leaves it its process number."""
        self.desktop, self.data, self.output = desktop, data, output
        self._log = output.open("ab")
        self.process = subprocess.Popen(
            [*wrap, str(python), "-m", "notesearch", "--data-dir", str(data), *map(str, arguments)],
            cwd=cwd,
            env=env or desktop.env,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
        )
        self.window = ""

    # Life

    def up(self) -> Program:
        """Wait until the window stands, has the keyboard and can be read."""
        self.window = self.desktop.window("Notesearch", self.process.pid)
        self.desktop.xdotool("windowactivate", "--sync", self.window)
        self.until(
            lambda: "focused" in self.describe("Search notes")["states"], "the search field has the keyboard"
        )
        return self

    def terminate(self, by: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to end; the exit code."""
        self.process.send_signal(by)
        return self.wait()

    def kill(self) -> None:
        """As when the power fails: no last word."""
        self.process.kill()
        self.wait()

    def wait(self) -> int:
        code = self.process.wait(PATIENCE)
        self._log.close()
        return code

    def close(self) -> None:
        if self.process.poll() is None:
            self.kill()
        self._log.close()

    def until(self, condition: Callable[[], object], what: str = "") -> None:
        """Wait for a condition; what is not in the tree yet does not hold. Fails at once where the process
        has ended."""

        def holds() -> object:
            if self.process.poll() is not None:
                pytest.fail(
                    f"the program ended with {self.process.returncode}: {self.output.read_text()[-2000:]}"
                )
            if "Traceback" in (said := self.output.read_text()):
                pytest.fail(f"the program raised: {said[-2000:]}")
            try:
                return condition()
            except LookupError:
                return False

        holds.__name__ = what or "the condition"
        try:
            wait_until(holds)
        except pytest.fail.Exception as failure:
            with contextlib.suppress(LookupError):
                seen = [name for _, name in self.desktop.read(self.process.pid, "shown") if name]
                failure.msg = f"{failure.msg}; in sight: {seen}"
            raise

    # What can be seen

    def describe(self, name: str, **how: object) -> dict[str, Any]:
        return dict(self.desktop.read(self.process.pid, "describe", name=name, **how))

    def shows(self, name: str, **how: object) -> bool:
        """Whether something of that name is in sight."""
        try:
            return "showing" in self.describe(name, **how)["states"]
        except LookupError:
            return False

    def items(self, name: str, **how: object) -> list[dict[str, Any]]:
        """Name and states of what is in a list."""
        return [dict(row) for row in self.desktop.read(self.process.pid, "rows", name=name, **how)]

    @property
    def rows(self) -> list[str]:
        """The rows of "Results", as they are read out."""
        return [row["name"] for row in self.items("Results")]

    @property
    def titles(self) -> list[str]:
        return [row.split(". ")[0] for row in self.rows]

    @property
    def selected(self) -> int:
        """The position of the selected row; -1 for none."""
        return next((i for i, row in enumerate(self.items("Results")) if "selected" in row["states"]), -1)

    @property
    def folders(self) -> list[str]:
        return [row["name"] for row in self.items("Folders")]

    @property
    def preview(self) -> str:
        return str(self.desktop.read(self.process.pid, "text", name="Preview"))

    @property
    def query(self) -> str:
        return str(self.desktop.read(self.process.pid, "text", name="Search notes"))

    @property
    def status(self) -> str:
        return str(self.describe("Indexing status")["description"])

    @property
    def unnamed(self) -> list[str]:
        """Controls without a name. A list that is filled anew meanwhile is read again."""
        found: list[str] = []

        def read() -> bool:
            found[:] = self.desktop.read(self.process.pid, "unnamed")
            return True

        self.until(read, "the tree holds still")
        return found

    @property
    def shown(self) -> list[tuple[str, str]]:
        """Roles and names of all that is in sight. Where the tree changes while it is read, it is read
        again."""
        found: list[tuple[str, str]] = []

        def read() -> bool:
            try:
                rows = self.desktop.read(self.process.pid, "shown")
            except LookupError:
                return False
            found[:] = [(role, name) for role, name in rows]
            return True

        wait_until(read)
        return found

    @property
    def geometry(self) -> dict[str, str]:
        """The window's place and size on the screen."""
        lines = self.desktop.xdotool("getwindowgeometry", "--shell", self.window).splitlines()
        return {
            k: v for k, _, v in (line.partition("=") for line in lines) if k in ("X", "Y", "WIDTH", "HEIGHT")
        }

    @property
    def active(self) -> bool:
        """Whether the window is in front and has the keyboard."""
        return self.desktop.xdotool("getactivewindow").strip() == self.window

    # What can be done

    def again(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        """Start the program once more on the same data folder."""
        line = [sys.executable, "-m", "notesearch", "--data-dir", str(self.data), *map(str, arguments)]
        return subprocess.run(
            line, cwd=ROOT, env=self.desktop.env, capture_output=True, text=True, timeout=100
        )

    def key(self, *keys: str) -> None:
        self.desktop.xdotool("key", "--delay", KEY_DELAY, *keys)

    def type(self, text: str) -> None:
        self.desktop.xdotool("type", "--delay", KEY_DELAY, "--", text)

    def click(self, name: str, **how: object) -> None:
        x, y, width, height = self.desktop.read(self.process.pid, "place", name=name, **how)
        self.desktop.xdotool("mousemove", x + width // 2, y + height // 2, "click", 1)

    def act(self, name: str, **how: object) -> None:
        """What a screen reader's user does to a button, as soon as it is there: a text beside it may be shown
        a moment earlier."""

        def done() -> bool:
            with contextlib.suppress(LookupError):
                return bool(self.desktop.read(self.process.pid, "act", name=name, **how))
            return False

        self.until(done, f"{name!r} is there")

    def search(self, text: str, *titles: str) -> None:
        """Type a query into the empty field, and wait for rows that begin so."""
        if self.query:
            self.key("ctrl+l", "Escape")
        self.until(lambda: not self.query, "the field is empty")
        self.type(text)
        self.until(lambda: self.query == text, f"the field holds {text!r}")
        if titles:
            self.until(lambda: tuple(self.titles[: len(titles)]) == titles, f"rows {titles} for {text!r}")


class Popup:
    """Quick search of a Program."""

    def __init__(self, program: Program) -> None:
        self.program = program

    def toggle(self) -> None:
        """What a key bound in the desktop's settings does."""
        done = self.program.again("--toggle")
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")

    def come_up(self) -> Popup:
        self.toggle()
        return self.up()

    def up(self) -> Popup:
        """Wait until it has the keyboard."""
        self.program.until(lambda: self.ready, "quick search has the keyboard")
        return self

    def gone(self) -> None:
        self.program.until(lambda: not self.shown, "quick search is gone")

    @property
    def shown(self) -> bool:
        return self.program.shows("Quick search", role="text")

    @property
    def ready(self) -> bool:
        return {"focused", "showing"} <= set(self.program.describe("Quick search", role="text")["states"])

    @property
    def query(self) -> str:
        return str(
            self.program.desktop.read(self.program.process.pid, "text", name="Quick search", role="text")
        )

    @property
    def titles(self) -> list[str]:
        return [row["name"].split(". ")[0] for row in self.program.items("Quick results")]

    @property
    def selected(self) -> int:
        return next(
            (i for i, row in enumerate(self.program.items("Quick results")) if "selected" in row["states"]),
            -1,
        )

    def search(self, text: str, *titles: str) -> None:
        """Type over what is selected, and wait for rows that begin so."""
        self.program.type(text)
        self.program.until(lambda: self.query == text, f"the field holds {text!r}")
        if titles:
            self.program.until(
                lambda: tuple(self.titles[: len(titles)]) == titles, f"rows {titles} for {text!r}"
            )


class Neighbour:
    """Another program's window with a text field, and what reaches it."""

    def __init__(self, desktop: Desktop, told: Path) -> None:
        self.desktop, self._told = desktop, told
        # Read by nobody.
        env = {k: v for k, v in desktop.env.items() if k != "QT_LINUX_ACCESSIBILITY_ALWAYS_ON"}
        self.process = subprocess.Popen([sys.executable, str(HERE / "neighbour.py"), str(told)], env=env)
        self.window = desktop.window("neighbour", self.process.pid)
        wait_until(told.exists)

    @property
    def text(self) -> str:
        return self._told.read_text(encoding="utf-8").partition("\n")[2]

    @property
    def keys(self) -> int:
        """How many keys with a sign of their own have reached it."""
        return int(self._told.read_text(encoding="utf-8").partition("\n")[0])

    @property
    def active(self) -> bool:
        return self.desktop.xdotool("getactivewindow").strip() == self.window

    def take_focus(self) -> None:
        self.desktop.xdotool("windowactivate", "--sync", self.window)
        wait_until(lambda: self.active)

    def close(self) -> None:
        end(self.process)


@contextlib.contextmanager
def drag_source(desktop: Desktop, *paths: Path | str) -> Iterator[subprocess.Popen[str]]:
    """Another process that drags these paths, or a "text:...", out of its window."""
    command = [sys.executable, str(HERE / "drag_source.py"), *map(str, paths)]
    process = subprocess.Popen(command, env=desktop.env, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        end(process)
        assert process.stdout is not None
        process.stdout.close()
