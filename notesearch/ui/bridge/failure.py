"""Failures: errors as the window shows them."""

from __future__ import annotations

import logging
import traceback
from dataclasses import dataclass
from pathlib import Path

from notesearch.domain import Told
from notesearch.errors import Bug, NotesearchError, StoreDamaged
from notesearch.wording.told import hint, sentence, title

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Failure:
    """An error as the window shows it. `retryable`: the same thing may work when it is tried again."""

    what: Told
    retryable: bool = False

    @property
    def repairable(self) -> bool:
        """Whether a repair of the data folder may help: the database is damaged or lost."""
        return self.what.code.split(".")[0] == StoreDamaged.code

    @property
    def title(self) -> str:
        """What happened, in a sentence without its full stop."""
        return title(self.what)

    @property
    def hint(self) -> str:
        """What to do about it; "" for nothing."""
        return hint(self.what)

    @property
    def sentence(self) -> str:
        """Title and hint in one text."""
        return sentence(self.what)

    @classmethod
    def of(cls, error: BaseException) -> Failure:
        """Make a Failure of an exception. A NotesearchError keeps its code and parameters. Anything else is a
        bug: its class and place are logged, never its text."""
        if isinstance(error, NotesearchError):
            return cls(what=Told.of(error), retryable=error.retryable)
        places = traceback.extract_tb(error.__traceback__)
        log.error(
            "%s at %s",
            type(error).__name__,
            " < ".join(f"{Path(p.filename).name}:{p.lineno}" for p in reversed(places)),
        )
        return cls(what=Told.of(Bug("bug.named", kind=type(error).__name__)))
