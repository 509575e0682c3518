"""A note as it is on the disk: what a scan finds, and what tells one state of a file from the next."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import NamedTuple

from notesearch.domain.file_times import times_of


class FoundFile(NamedTuple):
    """A note on disk; `mtime_ns` in nanoseconds since the epoch. `ctime_ns`: see domain.file_times."""

    path: str
    size: int
    mtime_ns: int
    ctime_ns: int = 0

    @classmethod
    def of(cls, path: str, status: os.stat_result) -> FoundFile:
        """The file at `path`, of which the system says `status`."""
        return cls(path, status.st_size, *times_of(status))


# Linked notes by the path of the link. None for a link that leads nowhere.
LinkedFiles = Mapping[str, FoundFile | None]
