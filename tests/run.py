#!/usr/bin/env python3
"""Set up the project with its test tools and pass every check: python3 tests/run.py [--quick] [PYTEST
ARGS...]

Without arguments: the checks, then all tests, with a floor for coverage, and many of them once more with
every sentence of the program changed: nothing may decide by words. --quick: the checks and the unit
tests. Anything else goes to pytest, after the checks. On Debian and Ubuntu it installs a virtual screen and
what the tests from outside need, where this user may. Uses the standard library only.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_spec = importlib.util.spec_from_file_location("packaging_run", ROOT / "packaging" / "run.py")
assert _spec is not None
assert _spec.loader is not None
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
# Per cent of lines and branches that the tests run, all processes counted.
COVERAGE_FLOOR = 91
# Each worker has its own engines and offscreen windows; the tests of the real desktop run one after the
# other.
PARALLEL = ["-n", "2", "--dist", "loadfile"]
# What has to hold whatever the program says: these run once more with every sentence changed.
WITHOUT_WORDS = [
    "tests/unit",
    *(
        f"tests/integration/{name}"
        for name in ("test_remote_faults.py", "test_held_back.py", "test_consent.py", "cli")
    ),
]


def desktop_packages() -> list[str]:
    """The Debian packages that are missing here."""
    if not sys.platform.startswith("linux"):
        return []
    packages = sorted({package for program, package in DESKTOP.items() if not shutil.which(program)})
    python = Path("/usr/bin/python3")
    read = (
        python.exists()
        and subprocess.run([python, "-c", "import pyatspi"], capture_output=True).returncode == 0
    )
    return packages if read else packages + ACCESSIBILITY


def main(arguments: list[str]) -> None:
    quick = "--quick" in arguments
    given = [argument for argument in arguments if argument != "--quick"]
    setup.set_up(("test",))
    if not quick:
        setup.install_debian(desktop_packages(), "a virtual screen and a keyring for the tests")
    tool = {name: str(setup.PYTHON.with_name(name)) for name in ("ruff", "mypy", "lint-imports", "deptry")}
    # -rs: what is skipped is said, with the reason.
    pytest = [str(setup.PYTHON), "-m", "pytest", "-q", "-rfEs"]
    measured = ["--cov", "--cov-append", "--cov-report="]
    steps = {
        "lint": [tool["ruff"], "check", "notesearch", "tests", "packaging"],
        "format": [tool["ruff"], "format", "--check", "notesearch", "tests", "packaging"],
        "types": [tool["mypy"]],
        "rooms": [tool["lint-imports"], "--no-cache"],
        "dependencies": [tool["deptry"], "notesearch"],
    }
    if given:
        steps["tests"] = [*pytest, *given]
    elif quick:
        steps["unit tests"] = [*pytest, *PARALLEL, "tests/unit"]
    else:
        shutil.rmtree(ROOT / ".cache" / "coverage", ignore_errors=True)
        steps["tests"] = [*pytest, *PARALLEL, *measured, "tests/unit", "tests/integration", "tests/ui"]
        steps["with every sentence changed"] = [*pytest, *PARALLEL, "--other-words", *WITHOUT_WORDS]
        steps["desktop tests"] = [*pytest, *measured, "tests/e2e"]
        coverage = [
            str(setup.PYTHON),
            "-m",
            "coverage",
            "report",
            "--skip-covered",
            f"--fail-under={COVERAGE_FLOOR}",
        ]
        steps["coverage"] = coverage
    failed = [name for name, command in steps.items() if not passes(name, command)]
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")
    print("\nEvery check passed.")


def passes(name: str, command: list[str]) -> bool:
    print(f"\n== {name}: {Path(command[0]).name} {' '.join(command[1:])}", flush=True)
    begin = time.monotonic()
    passed = subprocess.run(command, cwd=ROOT, env={**os.environ, "PYTHONUTF8": "1"}).returncode == 0
    print(f"== {name}: {'passed' if passed else 'FAILED'} in {time.monotonic() - begin:.0f} s", flush=True)
    return passed


if __name__ == "__main__":
    main(sys.argv[1:])
