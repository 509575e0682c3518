"""Texts to batches: as few requests as the limits allow, in nearly the order they came in. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from notesearch.catalogue import RequestStyle

# Batches that still take texts while later ones are begun: what does not fit the newest may fill an older
# one.
OPEN = 8
BYTES_PER_TOKEN = 5


@dataclass(slots=True)
class Limits:
    """What one request may hold; 0 for no limit. Starts with what the catalogue says and shrinks as a server
    refuses."""

    items: int
    characters: int
    tokens: int

    @classmethod
    def of(cls, request_style: RequestStyle) -> Limits:
        """The limits that a model's provider publishes."""
        return cls(
            max(1, request_style.items_per_request),
            request_style.characters_per_request,
            request_style.tokens_per_request,
        )

    def hold(self, items: int, characters: int, tokens: int) -> bool:
        """Whether so much fits; one text always does, since it cannot be less."""
        return items <= 1 or (
            items <= self.items
            and (not self.characters or characters <= self.characters)
            and (not self.tokens or tokens <= self.tokens)
        )


@dataclass(slots=True)
class Batch:
    """Positions of texts, and what they add up to."""

    positions: list[int]
    characters: int = 0
    tokens: int = 0

    def __len__(self) -> int:
        return len(self.positions)

    def add(self, position: int, characters: int, tokens: int) -> None:
        """Put in one text: its position, and what it weighs."""
        self.positions.append(position)
        self.characters += characters
        self.tokens += tokens


def weight(text: str, tokens: int) -> int:
    """The tokens that a server may count for `text`, of which we counted `tokens` (0: not counted) with
    another vocabulary. Scripts and signs that ours does not know make many more elsewhere."""
    size = len(text) if text.isascii() else len(text.encode("utf-8", "replace"))
    return max(tokens, size // BYTES_PER_TOKEN, 1)


def pack(
    texts: Sequence[str], weights: Sequence[int], limits: Limits, positions: Sequence[int] | None = None
) -> Iterator[Batch]:
    """Batches that hold every one of `positions` (all texts by default) once and keep to the limits; first
    come, first packed. Each is given as soon as it is full, so that the first can be sent while the rest is
    packed."""
    open_batches: list[Batch] = []
    for position in range(len(texts)) if positions is None else positions:
        characters, tokens = len(texts[position]), weights[position]
        for batch in open_batches:
            if limits.hold(len(batch.positions) + 1, batch.characters + characters, batch.tokens + tokens):
                break
        else:
            if len(open_batches) == OPEN:
                yield open_batches.pop(max(range(OPEN), key=lambda n: _fullness(open_batches[n], limits)))
            batch = Batch([])
            open_batches.append(batch)
        batch.add(position, characters, tokens)
        if len(batch.positions) >= limits.items:
            open_batches.remove(batch)
            yield batch
    yield from open_batches


def _fullness(batch: Batch, limits: Limits) -> float:
    shares = [len(batch) / limits.items]
    if limits.characters:
        shares.append(batch.characters / limits.characters)
    if limits.tokens:
        shares.append(batch.tokens / limits.tokens)
    return max(shares)
