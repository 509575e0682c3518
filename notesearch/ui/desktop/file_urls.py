"""Addresses of files as Qt has them, and back. Qt's text holds no bytes that are no UTF-8, but an address
holds any bytes. Pure."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import unquote_to_bytes

from PySide6.QtCore import QUrl

from notesearch.domain.file_names import is_text


def url_of(path: Path) -> QUrl:
    """The address of an absolute path."""
    if is_text(str(path)):
        return QUrl.fromLocalFile(str(path))
    return QUrl.fromEncoded(path.as_uri().encode(), QUrl.ParsingMode.StrictMode)


def path_of(url: QUrl) -> Path:
    """The path of a local address."""
    if os.name == "posix" and not url.host():
        return Path(os.fsdecode(unquote_to_bytes(url.path(QUrl.ComponentFormattingOption.FullyEncoded))))
    return Path(url.toLocalFile())
