"""What the program tells of models and providers: costs, estimates, passages that are sent or held back.

Frozen dataclasses and enumerations, for any thread.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


@dataclass(frozen=True, kw_only=True, slots=True)
class LedgerEntry:
    """One line of the ledger: a request that a provider answered. It never holds a text that was sent.

    `at`: seconds since the epoch. `purpose`: "documents", "query" or "test". `tokens`: as the server counted
    them, None where it did not say. `usd`: the cost in US dollars, None where it is not known. `status`: the
    HTTP status; failed requests are in the ledger too.
    """

    at: float
    provider: str
    host: str
    model: str
    purpose: str
    texts: int
    characters: int
    tokens: int | None
    usd: float | None
    status: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Spent:
    """The sum of what several requests cost. `unpriced` counts the successful ones whose price is not known;
    where there are any, `usd` is the least that was spent."""

    requests: int = 0
    texts: int = 0
    tokens: int = 0
    usd: float = 0.0
    unpriced: int = 0

    def plus(self, entry: LedgerEntry) -> Spent:
        """The sum with one more request."""
        unpriced = entry.usd is None and 200 <= entry.status < 300
        return Spent(
            requests=self.requests + 1,
            texts=self.texts + (entry.texts if 200 <= entry.status < 300 else 0),
            tokens=self.tokens + (entry.tokens or 0),
            usd=self.usd + (entry.usd or 0.0),
            unpriced=self.unpriced + unpriced,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Estimate:
    """What is still to be embedded for a folder's model, found by counting.

    `tokens` are counted by the bundled tokenizer; the provider's own count differs by some percent. `usd` is
    None where the price is not known. `held_back` passages are not sent (private notes, what looks like a
    secret). `reused` passages have a vector of this model already and cost nothing. `remote` is False for a
    model on this computer. `agreed` says whether the user has agreed to this model at this host.
    """

    folder: Path
    model: str
    model_title: str
    provider: str
    host: str
    remote: bool
    notes: int
    chunks: int
    tokens: int
    characters: int
    usd: float | None
    held_back: int
    reused: int
    agreed: bool
    retired: str = ""
    complete: bool = False


class HeldBack(StrEnum):
    """Why a passage is not sent to a remote model. KIND: its file is of a kind that was not read yet when the
    user agreed."""

    PRIVATE = "private"
    SECRET = "secret"
    REFUSED = "refused"
    KIND = "kind"


@dataclass(frozen=True, kw_only=True, slots=True)
class HeldNote:
    """A note of which `passages` are not sent to a remote model, with the reasons. `ignored`: an ignore file
    names the note, so it is not even read."""

    path: Path
    title: str
    passages: int = 0
    reasons: tuple[HeldBack, ...] = ()
    ignored: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Outgoing:
    """One passage of a note as a remote model gets it: the exact text. `held` says why it is not sent; None
    where it is."""

    text: str
    line: int
    held_back: HeldBack | None
    sent: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelChoice:
    """A model that the user can choose for a folder.

    `price` is in US dollars per million tokens, None where it is not known. Where the user may choose the
    number of dimensions (`identifier#dimensions`), it lies between `least_dimensions` and `most_dimensions`;
    both are 0 where there is no choice.
    """

    identifier: str
    title: str
    provider: str
    provider_title: str
    host: str
    remote: bool
    dimensions: int
    context: int
    price: float | None
    best_for: str = ""
    retired: str = ""
    least_dimensions: int = 0
    most_dimensions: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class ProviderInfo:
    """A provider as the settings show it.

    `key_state` is "stored", "locked", "silent" (the keyring does not answer), "absent" or "session-only".
    `key_source` is "keyring", "memory", "environment" or "". `has_keyring` says whether this computer has a
    keyring at all. A budget of 0 is no budget. `folders` use the provider.
    """

    name: str
    title: str
    base_url: str
    needs_key: bool
    key_variable: str
    page: str
    key_state: str
    key_source: str
    has_keyring: bool
    budget: float
    token_budget: int
    spent: Spent
    folders: tuple[Path, ...] = ()

    @property
    def keyring_closed(self) -> bool:
        """Whether the keyring may hold a key that cannot be seen: it is locked, or does not answer."""
        return self.key_state in ("locked", "silent")
