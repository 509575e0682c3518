"""The log: one small file in the data folder, for the user alone. It never holds the text of a note, a query
or a secret.

The messages are the program's own. Of an unexpected exception only its class and the place where it was
raised are written, since its text may quote a note.
"""

from __future__ import annotations

import logging
import os
import traceback
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType

import notesearch

LOG = "notesearch.log"
SIZE = 1 << 20


class _Formatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        # A record keeps the text of its exception for the next handler. This formatter neither uses nor
        # leaves one.
        kept, record.exc_text = record.exc_text, None
        try:
            return super().format(record)
        finally:
            record.exc_text = kept

    def formatException(
        self, ei: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
    ) -> str:
        kind, error, _ = ei
        if kind is None or error is None:
            return ""
        frames = (
            f"  {Path(f.filename).name}:{f.lineno} {f.name}"
            for f in traceback.extract_tb(error.__traceback__)
        )
        return "\n".join([kind.__name__, *frames])


def open_log(data_dir: Path) -> logging.Handler:
    """Log to the data folder: a file of at most 1 MB, and one older file. End it with `close_log`."""
    path = data_dir / LOG
    os.close(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600))
    handler = RotatingFileHandler(path, maxBytes=SIZE, backupCount=1, encoding="utf-8", errors="replace")
    handler.setFormatter(_Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logger = logging.getLogger("notesearch")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    logger.info("Notesearch %s", notesearch.__version__)
    return handler


def close_log(handler: logging.Handler) -> None:
    """End what `open_log` began."""
    logging.getLogger("notesearch").removeHandler(handler)
    handler.close()
