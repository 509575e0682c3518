"""The icons of resources/icons, coloured from the palette. `load` reads the files once, before the window is
built."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QSize
from PySide6.QtGui import QIcon, QImageReader, QPixmap

_sources: dict[str, str] = {}


def load(folder: Path) -> None:
    """Read every SVG of `folder`, a few hundred bytes each. Called once at start, before the event loop."""
    for path in folder.glob("*.svg"):
        _sources[path.stem] = path.read_text(encoding="utf-8")


@lru_cache(maxsize=256)
def pixmap(name: str, colour: str, size: int = 16, ratio: float = 1.0) -> QPixmap:
    """The icon at `size` device-independent pixels, its `currentColor` replaced. An unknown name is a blank
    picture."""
    source = QByteArray(_sources.get(name, "").replace("currentColor", colour).encode())
    buffer = QBuffer(source)
    reader = QImageReader(buffer, QByteArray(b"svg"))
    pixels = max(1, round(size * ratio))
    reader.setScaledSize(QSize(pixels, pixels))
    made = QPixmap.fromImage(reader.read()) if not source.isEmpty() else QPixmap(pixels, pixels)
    made.setDevicePixelRatio(ratio)
    return made


def icon(name: str, colour: str, size: int = 16) -> QIcon:
    """The icon for a button, sharp at 100, 150, 200 and 300 %."""
    made = QIcon()
    for ratio in (1.0, 1.5, 2.0, 3.0):
        made.addPixmap(pixmap(name, colour, size, ratio))
    return made
