"""The time of a file as the program keeps it. Pure."""

from __future__ import annotations

import os

# A database has room for times up to the year 2262; some systems give earlier ones than 1970 to no date.
LATEST_NS = (1 << 63) - 1


def time_ns_of(status: os.stat_result) -> int:
    """When a file was modified, in nanoseconds since 1970: from 1970 to 2262, whatever its file system
    says."""
    return min(max(status.st_mtime_ns, 0), LATEST_NS)
