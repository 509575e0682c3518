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


def host_of(url: QUrl) -> str:
    """The other computer that a file's address names; "" for none. On Windows such an address is a path."""
    host = url.host()
    if os.name != "posix" or not host:
        return ""
    # Imported late: it is not needed before the first paint, and hardly ever after.
    from notesearch.catalogue import is_loopback

    return "" if is_loopback(host) else host


def path_of(url: QUrl) -> Path:
    """The path of a local address. Some programs put the name of this computer into it."""
    if os.name == "posix" and not host_of(url):
        return Path(os.fsdecode(unquote_to_bytes(url.path(QUrl.ComponentFormattingOption.FullyEncoded))))
    return Path(url.toLocalFile())
