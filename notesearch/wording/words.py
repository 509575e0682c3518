"""The entry of a table of sentences."""

from __future__ import annotations

from dataclasses import dataclass

from notesearch.wording.translation import Message


@dataclass(frozen=True, slots=True)
class Words:
    """The sentences of one code, with the names of its parameters in braces.

    `title`: what happened, without a full stop. `hint`: what to do; "" for nothing, None for the hint of the
    code before the last dot. `more`: sentences that follow the hint, each where the parameter named first is
    there and not empty. `choices`: parameters that hold several things, one a line, of which one is meant.
    """

    title: Message
    hint: str | None = None
    more: tuple[tuple[str, str], ...] = ()
    choices: tuple[str, ...] = ()
