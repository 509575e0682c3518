"""What a disk holds after the power was lost: a program's writes are recorded by strace, cut at any of them,
and what was not made durable is dropped.

This follows what a file system promises. The content of a file is durable as of the last fsync of that file.
Names (of new, renamed and removed files) may all be kept, or only those from before the last fsync of a file.
"""

from __future__ import annotations

import os
import random
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

CALLS = (
    "openat,creat,write,pwrite64,writev,pwritev,pwritev2,lseek,ftruncate,truncate,fallocate,fsync,fdatasync,"
    "rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat,rmdir,link,linkat,symlink,symlinkat,"
    "copy_file_range,sendfile,msync"
)
# Calls that would have to be understood if the program began to make them.
UNKNOWN = ("copy_file_range", "sendfile", "pwritev", "pwritev2", "msync")
# Calls that begin with a folder, beside which the name stands.
_AT = ("unlinkat", "mkdirat", "renameat", "renameat2")
# SQLite's shared memory is made anew from its log.
VOLATILE = ("-shm",)

_LINE = re.compile(r"^(\d+) +(?:<\.\.\. )?(\w+)(?: resumed>|\()(.*)$")
_FD = re.compile(r"^(\d+)<((?:\\x[0-9a-f]{2})*)>")
_TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')


class Loss(Enum):
    """What is lost beside what comes after the cut: nothing, as after a kill; the content that was not
    synced, or each such write by a throw of a coin; or the names since the last fsync as well."""

    NOTHING = "nothing"
    CONTENT = "content"
    SOME = "some of the content"
    NAMES = "content and names"


@dataclass(frozen=True)
class Op:
    """One change of the disk. `kind`: create, write, truncate, sync, rename, unlink, mkdir, rmdir. `path` and
    `to` are relative to the recorded folder."""

    kind: str
    path: str
    to: str = ""
    offset: int = 0
    data: bytes = b""


@dataclass
class _File:
    """The writes of a file so far, and how many of them are durable."""

    ops: list[Op] = field(default_factory=list)
    durable: int = 0

    def content(self, loss: Loss, drawn: random.Random) -> bytes:
        content = bytearray()
        for number, op in enumerate(self.ops):
            unsynced = number >= self.durable and loss is not Loss.NOTHING
            if unsynced and (loss is not Loss.SOME or drawn.random() < 0.5):
                continue
            if op.kind == "truncate":
                del content[op.offset :]
                content.extend(bytes(op.offset - len(content)))
            else:
                content.extend(bytes(max(0, op.offset - len(content))))
                content[op.offset : op.offset + len(op.data)] = op.data
        return bytes(content)


def record(command: Sequence[str], folder: Path, trace: Path, **more: object) -> list[Op]:
    """Run a command under strace, and return what it changed in a folder, in order."""
    line = ["strace", "-f", "-qq", "-y", "-xx", "-s", "999999999", "-e", f"trace={CALLS}", "-o", str(trace)]
    subprocess.run([*line, *command], check=True, **more)  # type: ignore[call-overload]
    with open(trace, encoding="ascii", errors="replace") as lines:
        return list(_ops(_finished(lines), os.path.realpath(folder)))


def _finished(lines: Iterator[str]) -> Iterator[tuple[str, str, str]]:
    """Process, call, and arguments with the result. A call that is interrupted in the trace comes when it
    ends."""
    begun: dict[tuple[str, str], str] = {}
    for line in lines:
        if (found := _LINE.match(line)) is None:
            continue
        process, call, rest = found.groups()
        if rest.endswith("<unfinished ...>"):
            begun[process, call] = rest.removesuffix("<unfinished ...>")
        else:
            yield process, call, begun.pop((process, call), "") + rest


def _ops(calls: Iterator[tuple[str, str, str]], folder: str) -> Iterator[Op]:
    at = _Offsets()
    for _process, call, rest in calls:
        result = rest.rpartition(" = ")[2].split("<")[0].split(" ")[0]
        if result.startswith("-") or result == "?":
            continue
        for op in at.ops(call, rest, int(result, 0), folder):
            if not op.path.endswith(VOLATILE):
                yield op


class _Offsets:
    """Follows where each open file is written next, and makes changes of the disk of calls."""

    def __init__(self) -> None:
        self._at: dict[tuple[str, str], int] = {}
        self._sizes: dict[str, int] = {}
        self._appends: set[tuple[str, str]] = set()

    def ops(self, call: str, rest: str, result: int, folder: str) -> Iterator[Op]:
        texts = [bytes.fromhex(text.replace("\\x", "")) for text in _TEXT.findall(rest)]
        if call in ("openat", "creat"):
            yield from self._opened(rest, result, os.fsdecode(texts[0]), folder)
        elif (found := _FD.match(rest)) is not None and call not in _AT:
            number, path = found[1], os.fsdecode(bytes.fromhex(found[2].replace("\\x", "")))
            if (name := _inside(path, folder)) is not None:
                yield from self._on_file(call, rest, result, (number, name), b"".join(texts))
        else:
            yield from self._on_names(call, [os.fsdecode(text) for text in texts], rest, folder)

    def _opened(self, rest: str, result: int, path: str, folder: str) -> Iterator[Op]:
        if (name := _inside(path, folder)) is None or "O_DIRECTORY" in rest:
            return
        key = (str(result), name)
        self._at[key] = 0
        (self._appends.add if "O_APPEND" in rest else self._appends.discard)(key)
        if "O_CREAT" in rest and name not in self._sizes:
            self._sizes[name] = 0
            yield Op("create", name)
        if "O_TRUNC" in rest and self._sizes.get(name):
            self._sizes[name] = 0
            yield Op("truncate", name)

    def _on_file(self, call: str, rest: str, result: int, key: tuple[str, str], data: bytes) -> Iterator[Op]:
        name = key[1]
        size = self._sizes.get(name, 0)
        assert call not in UNKNOWN, call
        if call in ("write", "writev"):
            offset = size if key in self._appends else self._at.get(key, 0)
            self._at[key] = offset + result
            self._sizes[name] = max(size, offset + result)
            yield Op("write", name, offset=offset, data=data[:result])
        elif call == "pwrite64":
            offset = _numbers(rest)[-1]
            self._sizes[name] = max(size, offset + result)
            yield Op("write", name, offset=offset, data=data[:result])
        elif call == "lseek":
            self._at[key] = result
        elif call in ("ftruncate", "fallocate"):
            numbers = _numbers(rest)
            length = numbers[-1] + (numbers[-2] if call == "fallocate" else 0)
            if call == "ftruncate" or length > size:
                self._sizes[name] = length
                yield Op("truncate", name, offset=length)
        elif call in ("fsync", "fdatasync"):
            yield Op("sync", name)

    def _on_names(self, call: str, paths: list[str], rest: str, folder: str) -> Iterator[Op]:
        names = [_inside(path, folder) for path in paths]
        if not names or names[0] is None:
            assert not any(names), f"{call} into the folder"
            return
        if call.startswith("rename"):
            assert names[1] is not None, "moved out of the folder"
            self._sizes[names[1]] = self._sizes.pop(names[0], 0)
            yield Op("rename", names[0], to=names[1])
        elif call in ("unlink", "unlinkat", "rmdir"):
            self._sizes.pop(names[0], None)
            yield Op("rmdir" if call == "rmdir" or "AT_REMOVEDIR" in rest else "unlink", names[0])
        elif call.startswith("mkdir"):
            yield Op("mkdir", names[0])
        else:
            raise AssertionError(call)


def _numbers(rest: str) -> list[int]:
    """The last one or two arguments of a call."""
    arguments = re.split(r"\)\s+= ", rest)[-2]
    return [int(argument) for argument in arguments.split(", ")[-2:] if argument.strip().isdigit()]


def _inside(path: str, folder: str) -> str | None:
    if path == folder:
        return "."
    return path[len(folder) + 1 :] if path.startswith(folder + "/") else None


def leave(ops: Sequence[Op], cut: int, loss: Loss, folder: Path, seed: int = 0) -> None:
    """Make `folder` what the disk holds where the power is lost before `ops[cut]`."""
    drawn = random.Random(seed)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    last = max((number + 1 for number in range(cut) if ops[number].kind == "sync"), default=0)
    names: dict[str, _File | None] = {}
    kept: dict[str, _File | None] = {}
    for number, op in enumerate(ops[:cut]):
        _apply(op, names)
        if number + 1 == last:
            kept = dict(names)
    for name, file in sorted((kept if loss is Loss.NAMES else names).items()):
        path = folder / name
        if file is None:
            path.mkdir(parents=True, exist_ok=True)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(file.content(loss, drawn))


def _apply(op: Op, names: dict[str, _File | None]) -> None:
    file = names.get(op.path)
    if op.kind == "mkdir":
        names[op.path] = None
    elif op.kind == "create":
        names[op.path] = _File()
    elif op.kind in ("unlink", "rmdir"):
        names.pop(op.path, None)
    elif op.kind == "rename":
        inside = [name for name in names if name == op.path or name.startswith(op.path + "/")]
        for name in inside:
            names[op.to + name[len(op.path) :]] = names.pop(name)
    elif file is not None:
        if op.kind == "sync":
            file.durable = len(file.ops)
        else:
            file.ops.append(op)
