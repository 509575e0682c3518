"""Packs texts into batches: as few requests as the limits allow, in nearly the order of the texts. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from notesearch.embedding.remote.request_limits import Limits

# How many batches are open while later ones are begun: a text that does not fit into the newest may fit into
# an older one.
OPEN = 8
BYTES_PER_TOKEN = 5


@dataclass(slots=True)
class Batch:
    """A batch: positions of texts, and the sums of their sizes."""

    positions: list[int]
    characters: int = 0
    tokens: int = 0

    def __len__(self) -> int:
        return len(self.positions)

    def add(self, position: int, characters: int, tokens: int) -> None:
        """Add one text: its position and its size."""
        self.positions.append(position)
        self.characters += characters
        self.tokens += tokens


def weight(text: str, tokens: int) -> int:
    """The tokens that a server may count for `text`. `tokens` were counted with another vocabulary (0: not
    counted); scripts and signs that it does not know make many more elsewhere."""
    size = len(text) if text.isascii() else len(text.encode("utf-8", "replace"))
    return max(tokens, size // BYTES_PER_TOKEN, 1)


def pack(
    texts: Sequence[str], weights: Sequence[int], limits: Limits, positions: Sequence[int] | None = None
) -> Iterator[Batch]:
    """Pack every one of `positions` (all texts by default) into a batch, in order, within the limits. A batch
    is given as soon as it is full, so that the first can be sent while the rest is packed."""
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
    return limits.fullness(len(batch), batch.characters, batch.tokens)
