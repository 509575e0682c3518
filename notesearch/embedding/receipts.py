"""Receipts: what one answered request was and cost, for the ledger. Never its text."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping

from notesearch.catalogue import EmbeddingModel, Provider
from notesearch.domain import LedgerEntry

# A receipt has the values of a line of the ledger.
Receipt = LedgerEntry


def receipt(
    provider: Provider,
    model: EmbeddingModel,
    *,
    purpose: str,
    texts: int,
    characters: int,
    tokens: int | None,
    status: int,
    headers: Mapping[str, str],
) -> Receipt:
    """Make the receipt of a request. The cost is the one that the gateway reports; else it is reckoned from
    tokens and price."""
    usd = _amount(headers.get("x-aimlapi-usd-spent", ""))
    if usd is None and tokens is not None and model.price is not None and 200 <= status < 300:
        usd = tokens * model.price / 1e6
    return Receipt(
        at=time.time(),
        provider=provider.name,
        host=provider.host,
        model=model.identifier,
        purpose=purpose,
        texts=texts,
        characters=characters,
        tokens=tokens,
        usd=usd,
        status=status,
    )


def _amount(text: str) -> float | None:
    try:
        amount = float(text)
    except ValueError:
        return None
    return amount if math.isfinite(amount) and amount >= 0 else None
