"""The times of a file as the program keeps them. Pure."""

from __future__ import annotations

import os

# A database has room for times up to the year 2262; some systems give earlier ones than 1970 to no date.
LATEST_NS = (1 << 63) - 1


def times_of(status: os.stat_result) -> tuple[int, int]:
    """When a file was modified, and when the system changed anything of it last (on Windows: made it), in
    nanoseconds since 1970, from 1970 to 2262, whatever its file system says.

    No program can set the second time back, so it shows an edit that kept size and time. The inode is not
    used beside it: some file systems give a file another one at each mount (exFAT, FUSE). Where inodes last,
    replacing a file changes this time too.
    """
    modified, changed = status.st_mtime_ns, status.st_ctime_ns
    # A scan asks for those of each file, and nearly all are as they should be.
    if 0 <= modified <= LATEST_NS and 0 <= changed <= LATEST_NS:
        return modified, changed
    return _kept(modified), _kept(changed)


def _kept(time_ns: int) -> int:
    return time_ns if 0 <= time_ns <= LATEST_NS else 0 if time_ns < 0 else LATEST_NS
