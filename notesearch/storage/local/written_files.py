"""Whether the files of an index copy are those that were written: none was changed, cut off, or exchanged for
another one. The libraries of the indexes do not look, and a damaged file makes them fail, or answer
wrongly."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import struct
import tempfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path

# A file of tantivy ends with a footer in JSON (with the checksum of what is before it), the length of that
# footer, and this number.
_END = struct.Struct("<II")
_MAGIC = 1337
_TAIL = 256
_AT_ONCE = 1 << 20
_ALWAYS = (".idx", ".pos", ".term", ".store", ".fast", ".fieldnorm")
_SEGMENT = (*_ALWAYS, ".del")
# The list of the segments.
LIST = "meta.json"


def checksum(path: Path) -> str:
    """The checksum of a whole file, 8 hex digits. Raises OSError."""
    return f"{_sum_of(path, path.stat().st_size):08x}"


def _sum_of(path: Path, length: int) -> int:
    value = 0
    with open(path, "rb") as file:
        while length > 0 and (part := file.read(min(length, _AT_ONCE))):
            value = zlib.crc32(part, value)
            length -= len(part)
    return value


def endings(folder: Path) -> dict[str, str]:
    """The end of each file of the listed segments of a keyword index, by name, as its length and a checksum.
    Such a file is never changed once it is written, and its end names the checksum of all of it. The files of
    other segments may still be written: those that segments are being merged into."""
    found = {}
    for path in _segment_files(folder):
        with contextlib.suppress(OSError):  # merged into another one meanwhile
            found[path.name] = _ending(path)
    return found


def _segment_files(folder: Path) -> Iterator[Path]:
    """The files of the segments that the list names; none where it cannot be read."""
    listed = set(_segments(folder) or ())
    for path in folder.iterdir() if listed else ():
        if path.suffix in _SEGMENT and path.name.partition(".")[0] in listed:
            yield path


def _ending(path: Path) -> str:
    with open(path, "rb") as file:
        length = file.seek(0, 2)
        file.seek(max(0, length - _TAIL))
        return f"{length}-{zlib.crc32(file.read()):08x}"


def exchanged(folder: Path, written: Mapping[str, str]) -> list[str]:
    """The segment files that do not end as they were written. One that was merged into another since is not
    there any more, and does not count. Reads a few bytes of each."""
    changed = []
    for name, ending in written.items():
        path = folder / name
        if path.exists():
            try:
                same = _ending(path) == ending
            except OSError:
                same = False
            if not same:
                changed.append(name)
    return changed


def lost(folder: Path) -> list[str]:
    """The names of files that the list of segments names and that are not there, the list itself among them.
    Does not read them."""
    listed = _listed(folder)
    if listed is None:
        return [LIST]
    gone = [name for name in listed if not os.path.lexists(folder / name)]
    # Where the owner merged segments meanwhile, there is another list now.
    return gone if _listed(folder) == listed else []


def _listed(folder: Path) -> list[str] | None:
    """The files that every segment of a keyword index has; None where their list cannot be read."""
    segments = _segments(folder)
    return None if segments is None else [name + suffix for name in segments for suffix in _ALWAYS]


def _segments(folder: Path) -> list[str] | None:
    """The names of the segments of a keyword index; None where their list cannot be read."""
    try:
        segments = json.loads((folder / LIST).read_text(encoding="utf-8"))["segments"]
        return [str(segment["segment_id"]).replace("-", "") for segment in segments]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def damaged_segments(folder: Path, written: Mapping[str, str]) -> list[str]:
    """The segment files whose content is not what their checksum says, those that were exchanged, and those
    that are not there. Reads all of them."""
    wrong = {*exchanged(folder, written), *lost(folder)}
    wrong |= {path.name for path in _segment_files(folder) if not _is_whole(path)}
    return sorted(wrong)


def _is_whole(path: Path) -> bool:
    try:
        with open(path, "rb") as file:
            length = file.seek(0, 2)
            file.seek(max(0, length - _TAIL))
            tail = file.read()
        size, magic = _END.unpack(tail[-_END.size :])
        footer = json.loads(tail[-_END.size - size : -_END.size])
        return bool(magic == _MAGIC and footer["crc"] == _sum_of(path, length - _END.size - size))
    except FileNotFoundError:
        return True  # merged into another one meanwhile
    except (OSError, ValueError, KeyError, TypeError, struct.error):
        return False


def clear_away(path: Path) -> None:
    """Delete a file or a folder that belongs to an index copy, whatever stands there. Raises OSError."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def linked(folder: Path) -> tempfile.TemporaryDirectory[str]:
    """A folder of one's own with links to the segment files of another one, and copies of its small files:
    for an index in a folder that cannot be written. Raises OSError."""
    made = tempfile.TemporaryDirectory(prefix="notesearch-")
    for path in folder.iterdir():
        beside = Path(made.name) / path.name
        if path.suffix in _SEGMENT:
            beside.symlink_to(path.absolute())
        elif path.suffix != ".lock":
            beside.write_bytes(path.read_bytes())
    return made
