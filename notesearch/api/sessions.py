"""What the commands have in common: an engine of their own, or the one that is running."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from notesearch.errors import DataFolderHeld, StoreError, UsageError

if TYPE_CHECKING:
    from notesearch.engine.engine import Engine

# Seconds for the owner of the data folder to say anything: longer work says every moment that it goes on.
ANSWER_WITHIN = 60.0


@contextmanager
def reading(data_dir: Path) -> Iterator[Engine]:
    """An engine to search with: it only reads, so that others may write meanwhile. Where nobody owns the data
    folder and the index copies are behind the store, they are brought in step first."""
    from notesearch.engine.engine import Engine

    engine = Engine(data_dir, read_only=True)
    started = usable = False
    try:
        engine.start()
        started = True
        usable = not engine.behind
    except StoreError as error:
        if not error.retryable and data_dir.joinpath("notes.sqlite").exists():
            raise
    if not usable:
        try:
            mender = Engine(data_dir, watch=False)
            mender.start()
        except DataFolderHeld as held:
            if not started:
                engine.close()
                raise DataFolderHeld(
                    "Another Notesearch is making the index ready", hint="Try again in a moment."
                ) from held
            # The owner is at it: read what is there.
        else:
            engine.close()
            with contextlib.closing(mender):
                mender.pause()
                mender.wait_ready()
            engine = Engine(data_dir, read_only=True)
            engine.start()
    try:
        yield engine
    finally:
        engine.close()


@contextmanager
def owning(data_dir: Path, *, embed: bool = True) -> Iterator[Engine | None]:
    """An engine that may write, or None where another process owns the data folder and takes requests.
    `embed` False: it makes no vectors."""
    from notesearch.engine.engine import Engine

    engine: Engine | None = Engine(data_dir, watch=False, embed=embed)
    try:
        assert engine is not None
        engine.start()
    except DataFolderHeld:
        engine = None
    try:
        yield engine
    finally:
        if engine is not None:
            engine.close()


def hand_over(
    data_dir: Path, request: dict[str, Any], *, timeout: float = ANSWER_WITHIN
) -> Iterator[dict[str, Any]]:
    from notesearch.api.ownership import ask

    return ask(data_dir, request, timeout=timeout)


def hand_over_whole(data_dir: Path, request: dict[str, Any]) -> None:
    """Hand a request over and see that it was done."""
    if not any(answer.get("done") for answer in list(hand_over(data_dir, request))):
        raise DataFolderHeld("The running Notesearch stopped before it was done")


def absolute_path(path: Path) -> Path:
    try:
        str(path).encode()
    except UnicodeEncodeError:
        raise UsageError("A path that is not valid text was given", hint="Rename the folder.") from None
    return Path(os.path.abspath(path.expanduser()))


def print_json(value: Mapping[str, Any]) -> None:
    print(json.dumps(value, ensure_ascii=False), flush=True)
