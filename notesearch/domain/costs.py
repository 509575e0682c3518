"""What providers were asked, and what it costs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True, slots=True)
class LedgerEntry:
    """One request that a provider answered; never its text. `at`: seconds since the epoch; `purpose`:
    "documents", "query" or "test"; `tokens`: as the server counted, None where it did not say; `usd`: what it
    cost, None where that is not known. `status`: of HTTP; a failed request is listed too."""

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
    """What requests cost together. `unpriced`: how many succeeded whose price nobody told, so that `usd` is
    the least it was."""

    requests: int = 0
    texts: int = 0
    tokens: int = 0
    usd: float = 0.0
    unpriced: int = 0

    def plus(self, entry: LedgerEntry) -> Spent:
        """The sum with one request more."""
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
    """What a folder's model would be sent before it is complete, by counting. `tokens` by the bundled
    tokenizer: the provider's own count differs by some percent. `usd`: None where the price is not known.
    `held_back`: passages that stay here (private notes, what looks like a secret). `reused`: passages that
    have a vector of this model already and cost nothing. `remote`: False for a model on this computer.
    `agreed`: whether the user has agreed to this model at this host."""

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
