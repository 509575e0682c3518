#!/usr/bin/env python3
"""Start Notesearch from a checkout, on a machine that has only Python 3.11 or newer: python3 packaging/run.py
[ARGS...]

The first start makes .venv beside this folder and installs the project into it. On Debian and Ubuntu it also
installs what pip cannot bring: Qt's system libraries, and a C++ compiler for hnswlib, where this user may;
otherwise it prints the line to type. Later starts compare one stamp and go on. Uses the standard library
only.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
# The versions that CI and the bundles use.
CONSTRAINTS = ROOT / "packaging" / "constraints.txt"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")

COMPILER = ["g++", "python3-dev"]
# A Debian package for each library that Qt loads: for widgets at all, then for X11 windows.
QT_LIBRARIES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libgssapi_krb5.so.2": "libgssapi-krb5-2",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libX11-xcb.so.1": "libx11-xcb1",
}


def say(text):
    print(text, file=sys.stderr, flush=True)


def install_debian(packages, purpose):
    """Install Debian packages where this user may, else print the line to type. True when they are there."""
    if not packages:
        return True
    line = "apt-get install -y --no-install-recommends " + " ".join(packages)
    if not shutil.which("apt-get"):
        say(f"{purpose} is missing. Install what your system calls: {' '.join(packages)}")
        return False
    prefix = []
    if os.geteuid() != 0:
        if not (
            shutil.which("sudo")
            and subprocess.run(["sudo", "-n", "true"], capture_output=True).returncode == 0
        ):
            say(f"{purpose} is missing. Type this, then start again:\n    sudo {line}")
            return False
        prefix = ["sudo", "-n"]
    say(f"Installing {purpose}: {' '.join(packages)}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    command = [*prefix, *line.split()]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode != 0:
        # The package lists of a new machine are empty or old.
        subprocess.run([*prefix, "apt-get", "update"], env=environment, capture_output=True)
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode != 0:
        say(
            f"{purpose} could not be installed:\n{done.stderr.strip()[-800:]}\nType this, then start "
            f"again:\n    sudo {line}"
        )
    return done.returncode == 0


def missing_qt_packages():
    """Debian packages of the libraries that the loader does not find."""
    if not sys.platform.startswith("linux"):
        return []
    import ctypes

    missing = []
    for library, package in QT_LIBRARIES.items():
        try:
            ctypes.CDLL(library)
        except OSError:
            missing.append(package)
    if missing and not any(f for f in ("/usr/share/fonts",) if os.path.isdir(f) and any(os.scandir(f))):
        missing.append("fonts-dejavu-core")
    return missing


def needs_compiler():
    """hnswlib comes as source only: a C++ compiler and Python's headers are needed to install it."""
    import sysconfig

    headers = Path(sysconfig.get_paths()["include"]) / "Python.h"
    return sys.platform.startswith("linux") and not (
        any(map(shutil.which, ("c++", "g++", "clang++"))) and headers.exists()
    )


def stamp(extras):
    text = (ROOT / "pyproject.toml").read_bytes() + CONSTRAINTS.read_bytes()
    text += f"{sys.version}{ROOT}{sorted(extras)}".encode()
    return hashlib.sha256(text).hexdigest()


def set_up(extras=()):
    """Make the virtual environment and install the project with `extras`, unless that is done. Ends the
    program where it cannot be."""
    mark = VENV / f"installed{'-' + '-'.join(extras) if extras else ''}"
    wanted = stamp(extras)
    if PYTHON.exists() and mark.exists() and mark.read_text() == wanted:
        return
    if sys.version_info < (3, 11):  # noqa: UP036
        sys.exit(f"Notesearch needs Python 3.11 or newer; this is {sys.version.split()[0]}.")
    if needs_compiler() and not install_debian(COMPILER, "a C++ compiler"):
        sys.exit(1)
    install_debian(missing_qt_packages(), "what Qt needs")
    if not PYTHON.exists() and not make_venv():
        sys.exit("The virtual environment could not be made.")
    say("Setting up Notesearch (once; a minute or two) ...")
    target = f"{ROOT}[{','.join(extras)}]" if extras else str(ROOT)
    command = [
        str(PYTHON),
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--editable",
        target,
    ]
    done = subprocess.run([*command, "--constraint", str(CONSTRAINTS)], stdout=sys.stderr)
    if done.returncode != 0:
        say("These versions cannot be had for this Python; trying with what can be had ...")
        done = subprocess.run(command, stdout=sys.stderr)
    if done.returncode != 0:
        sys.exit("The installation failed; the lines above say why.")
    mark.write_text(wanted)


def make_venv():
    """Make .venv; on Debian ensurepip is a package of its own."""
    command = [sys.executable, "-m", "venv", str(VENV)]
    if subprocess.run(command, capture_output=True).returncode == 0:
        return True
    version = f"python3.{sys.version_info.minor}-venv"
    return (
        install_debian([version], "Python's venv module")
        and subprocess.run([*command, "--clear"]).returncode == 0
    )


def main():
    set_up()
    command = [str(PYTHON), "-m", "notesearch", *sys.argv[1:]]
    if os.name == "nt":
        sys.exit(subprocess.run(command).returncode)
    os.execv(command[0], command)


if __name__ == "__main__":
    main()
