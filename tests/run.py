#!/usr/bin/env python3
"""Set up the project with its test tools and pass every check: python3 tests/run.py [PYTEST ARGS...]

On Debian and Ubuntu it installs a virtual screen and what the tests from outside need, where this user may.
Uses the standard library only.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_spec = importlib.util.spec_from_file_location("packaging_run", ROOT / "packaging" / "run.py")
setup = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(setup)

# Programs the end-to-end tests use, and the Debian packages they come in.
DESKTOP = {
    "Xvfb": "xvfb",
    "openbox": "openbox",
    "xdotool": "xdotool",
    "xprop": "x11-utils",
    "dbus-daemon": "dbus",
    "dbus-run-session": "dbus",
    "gnome-keyring-daemon": "gnome-keyring",
    "setxkbmap": "x11-xkb-utils",
    "xrandr": "x11-xserver-utils",
    "trayer": "trayer",
    "weston": "weston",
    "desktop-file-validate": "desktop-file-utils",
    "strace": "strace",
}
ACCESSIBILITY = ["at-spi2-core", "python3-pyatspi", "gir1.2-atspi-2.0"]


def desktop_packages():
    if not sys.platform.startswith("linux"):
        return []
    packages = sorted({package for program, package in DESKTOP.items() if not shutil.which(program)})
    probe = (
        subprocess.run(["/usr/bin/python3", "-c", "import pyatspi"], capture_output=True)
        if os.path.exists("/usr/bin/python3")
        else None
    )
    return packages + (ACCESSIBILITY if probe is None or probe.returncode else [])


def main():
    setup.set_up(("test",))
    setup.install_debian(desktop_packages(), "a virtual screen and a keyring for the tests")
    python = str(setup.PYTHON)
    tool = lambda name: str(setup.PYTHON.with_name(name))  # noqa: E731
    checks = [
        [tool("ruff"), "check", "notesearch", "tests", "packaging"],
        [tool("mypy")],
        [tool("lint-imports"), "--no-cache"],
        [python, "-m", "pytest", "--cov", "--cov-report=term:skip-covered", *sys.argv[1:]],
    ]
    failed = []
    for command in checks:
        print(f"\n== {Path(command[0]).name} {' '.join(command[1:])}", flush=True)
        if subprocess.run(command, cwd=ROOT).returncode != 0:
            failed.append(Path(command[0]).name if command[0] != python else "pytest")
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")
    print("\nEvery check passed.")


if __name__ == "__main__":
    main()
