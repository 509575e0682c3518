"""Which file systems are mounted where, as Linux tells it. Elsewhere none are known."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

MOUNTINFO = Path("/proc/self/mountinfo")
# Kinds of file systems that others may write to without this computer's kernel noticing. All of FUSE belong
# to them, but for those that stand for a disk of this computer.
_NETWORK = frozenset(
    "9p afs beegfs ceph cifs coda davfs gfs gfs2 glusterfs lustre ncpfs nfs nfs4 ocfs2 orangefs prl_fs smb3 "
    "smbfs vboxsf virtiofs vmhgfs".split()
)
_FUSE_DISKS = frozenset(("fuseblk", "fuse.exfat", "fuse.ntfs", "fuse.ntfs-3g", "fuse.ext4", "fuse.bindfs"))
_ESCAPED = re.compile(r"\\([0-7]{3})")


class Mount(NamedTuple):
    """A mounted file system: where, of which kind, and what is mounted."""

    point: str
    kind: str
    source: str

    @property
    def is_remote(self) -> bool:
        """Whether others may write to it unnoticed."""
        return self.kind in _NETWORK or (self.kind.startswith("fuse") and self.kind not in _FUSE_DISKS)


def read_mounts() -> tuple[Mount, ...]:
    """The file systems that are mounted now. Takes less than a millisecond."""
    with contextlib.suppress(OSError):
        return parsed(MOUNTINFO.read_text(encoding="utf-8", errors="surrogateescape"))
    return ()


def parsed(text: str) -> tuple[Mount, ...]:
    """The mounts that the kernel's list names."""
    found = []
    for line in text.splitlines():
        own, _, rest = line.partition(" - ")
        fields, about = own.split(" "), rest.split(" ")
        if len(fields) > 4 and len(about) > 1:
            found.append(Mount(_plain(fields[4]), about[0], f"{fields[2]} {_plain(about[1])}"))
    return tuple(found)


def mount_of(path: str, mounts: Sequence[Mount]) -> Mount | None:
    """The file system that a path is on; None where it is not known."""
    real = os.path.realpath(path)
    around = [mount for mount in mounts if _is_in(real, mount.point)]
    # Of two at one place the later one is seen.
    return max(reversed(around), key=lambda mount: len(mount.point), default=None)


def mounts_below(path: str, mounts: Sequence[Mount]) -> tuple[Mount, ...]:
    """The file systems that are mounted inside a folder."""
    real = os.path.realpath(path)
    return tuple(mount for mount in mounts if mount.point != real and _is_in(mount.point, real))


def remote_of(path: str, mounts: Sequence[Mount]) -> Mount | None:
    """The first file system at or below a folder that others may write to; None for none."""
    own = mount_of(path, mounts)
    every = ((own,) if own is not None else ()) + mounts_below(path, mounts)
    return next((mount for mount in every if mount.is_remote), None)


def _is_in(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder if folder.endswith("/") else f"{folder}/")


def _plain(text: str) -> str:
    """A path as it is; the kernel writes blanks and some other characters as octal numbers."""
    if "\\" not in text:
        return text
    return _ESCAPED.sub(lambda match: chr(int(match[1], 8)), text)
