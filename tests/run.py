#!/usr/bin/env python3
"""Set up the project with its test tools and pass every check: python3 tests/run.py [--quick | --coverage]
[PYTEST ARGS...]

Without arguments: the checks, then all tests, with a floor for coverage, and those of the front ends once
more with every sentence of the program changed: nothing may decide by words. --quick: the checks and the unit
tests. --coverage: the same as without arguments, but coverage is measured over all tests, which takes minutes
more. Anything else goes to pytest, after the checks. At the end it says what was skipped, why, and how long
each part took. On Debian and Ubuntu it installs a virtual screen and what the tests from outside need, where
this user may. Uses the standard library only.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
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
# Per cent of lines and branches that the unit tests and those of the window run in their own process, and
# that all tests run there. To measure the programs that they start would cost minutes and add little.
COVERAGE_FLOOR, WHOLE_COVERAGE_FLOOR = 85, 92
# Each worker has engines, offscreen windows, and a desktop (screen, bus, keyring, ports) of its own. On two
# cores the third worker works while the others wait.
PARALLEL = ["-n", "3", "--dist", "loadfile"]
# Tests that compare how long several texts take: not more at once than there are cores. Measuring what they
# cover would treble their time.
TIMED = ["-n", "2", "--dist", "loadfile"]
GROWTH = [
    "tests/unit/documents/test_hostile.py",
    "tests/unit/test_patterns.py",
    "tests/unit/engine/test_ignore_pattern.py",
    "tests/ui/test_hostile_preview.py",
]
# What has to hold whatever the program says: these run with every sentence changed. Only what is above
# `wording` can see a sentence: `lint-imports` holds that for the rooms below.
WITHOUT_WORDS = ["tests/unit/ui", "tests/unit/wording", "tests/unit/test_codes_travel.py"]
# These, too. Many start programs, so only their tests of sentences run with the sentences as they are.
WITHOUT_WORDS_ALONE = [
    "tests/integration/cli",
    "tests/integration/test_remote_cli.py",
    "tests/integration/test_operations.py",
]
# To be run, or started already.
Command = Sequence[str] | subprocess.Popen[str]
# Where pytest writes what became of each test.
REPORTS = ROOT / ".cache" / "tests"


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


def checks() -> dict[str, list[str]]:
    """What is checked without running the program, as commands by name."""
    tool = {name: str(setup.PYTHON.with_name(name)) for name in ("ruff", "mypy", "lint-imports", "deptry")}
    return {
        "lint": [tool["ruff"], "check", "notesearch", "tests", "packaging"],
        "format": [tool["ruff"], "format", "--check", "notesearch", "tests", "packaging"],
        "types": [tool["mypy"]],
        "rooms": [tool["lint-imports"], "--no-cache"],
        "dependencies": [tool["deptry"], "notesearch"],
    }


def pytest(name: str, *arguments: str) -> list[str]:
    """The command of one part of the tests."""
    report = f"--junitxml={REPORTS / name.replace(' ', '-')}.xml"
    return [str(setup.PYTHON), "-m", "pytest", "-q", "-rfEs", report, *arguments]


def every_test(*, whole_coverage: bool) -> dict[str, list[str]]:
    """All tests in their parts, and what they cover: with `whole_coverage` all of them, else the unit tests
    and those of the window."""
    floor = WHOLE_COVERAGE_FLOOR if whole_coverage else COVERAGE_FLOOR
    measured = ["--cov", "--cov-report="]
    coverage = [str(setup.PYTHON), "-m", "coverage"]
    # The long files first, so that all workers are done at about the same time.
    in_order = [*PARALLEL, "--no-loadscope-reorder"]
    return {
        name: pytest(name, *given)
        for name, given in {
            "unit tests and window": [
                *(*in_order, *measured),
                *(f"--ignore={path}" for path in GROWTH),
                *("tests/ui", "tests/unit"),
            ],
            "engine and desktop": [
                *(*in_order, *(measured if whole_coverage else ())),
                *(f"--words-of={path}" for path in WITHOUT_WORDS_ALONE),
                *("tests/integration", "tests/e2e"),
            ],
            "growth": [*TIMED, *GROWTH],
            "with every sentence changed": [
                *(*PARALLEL, "--other-words"),
                *(*WITHOUT_WORDS, *WITHOUT_WORDS_ALONE),
            ],
        }.items()
    } | {
        "coverage": [*coverage, "report", "--skip-covered", f"--fail-under={floor}"],
    }


def main(arguments: list[str]) -> None:
    quick = "--quick" in arguments
    given = [argument for argument in arguments if argument not in ("--quick", "--coverage")]
    setup.set_up(("test",))
    if not quick:
        setup.install_debian(desktop_packages(), "a virtual screen and a keyring for the tests")
    shutil.rmtree(REPORTS, ignore_errors=True)
    # The tests start some hundreds of programs. Each would compile the modules again where nothing is kept.
    subprocess.run([setup.PYTHON, "-m", "compileall", "-q", "notesearch", "tests", "packaging"], cwd=ROOT)
    checked = checks()
    types = checked.pop("types")
    steps: dict[str, Command] = {**checked}
    if given:
        steps["tests"] = pytest("tests", *given)
    elif quick:
        steps["unit tests"] = pytest("unit tests", *PARALLEL, "tests/unit")
    else:
        shutil.rmtree(ROOT / ".cache" / "coverage", ignore_errors=True)
        steps |= every_test(whole_coverage="--coverage" in arguments)
    begin = time.monotonic()
    # The types take half a minute of one core. They are checked beside all else, and come last.
    steps["types"] = start(types)
    took, failed = {}, []
    for name, command in steps.items():
        began = time.monotonic()
        if not passes(name, command):
            failed.append(name)
        took[name] = time.monotonic() - began
    print("\n== skipped", *(skipped() or ["nothing"]), sep="\n")
    print("\n== seconds", *(f"{seconds:6.0f}  {name}" for name, seconds in took.items()), sep="\n")
    print(f"{time.monotonic() - begin:6.0f}  all")
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")
    print("\nEvery check passed.")


def skipped() -> list[str]:
    """What was skipped: the reason, the file, and the names of its tests."""
    found: dict[tuple[str, str], list[str]] = {}
    for report in sorted(REPORTS.glob("*.xml")):
        for case in ElementTree.parse(report).iter("testcase"):
            for skip in case.iter("skipped"):
                where = case.get("classname", "").replace(".", "/") + ".py"
                found.setdefault((where, skip.get("message", "")), []).append(case.get("name", ""))
    return [f"{where}: {why}: {', '.join(names)}" for (where, why), names in found.items()]


def start(command: Sequence[str]) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONUTF8": "1"}
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)


def passes(name: str, command: Command) -> bool:
    """Run a command, or wait for one that was started, and print what it says."""
    process = command if isinstance(command, subprocess.Popen) else start(command)
    words = [str(word) for word in process.args]
    print(f"\n== {name}: {Path(words[0]).name} {' '.join(words[1:])}", flush=True)
    begin = time.monotonic()
    assert process.stdout is not None
    for line in process.stdout:
        print(line, end="", flush=True)
    passed = process.wait() == 0
    print(f"== {name}: {'passed' if passed else 'FAILED'} in {time.monotonic() - begin:.0f} s", flush=True)
    return passed


if __name__ == "__main__":
    main(sys.argv[1:])
