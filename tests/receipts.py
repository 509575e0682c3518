"""A receipt of a request that was paid."""

from __future__ import annotations

import time

from notesearch.embedding.receipts import Receipt

PAID = Receipt(
    at=time.time(),
    provider="aimlapi",
    host="api.aimlapi.com",
    model="aimlapi/voyage-2",
    purpose="documents",
    texts=10,
    characters=900,
    tokens=200,
    usd=0.004,
    status=200,
)
