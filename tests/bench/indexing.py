"""Indexing a real vault against the bare ONNX session that embeds the same chunks (aim: 1.15 times or less),
in one run.

The bare session gets the texts read, cut and tokenized, in batches by length, on as many threads as indexing
uses.
"""

from __future__ import annotations

import json
import os
import sqlite3
import time
from pathlib import Path

import onnxruntime
from common import median, notesearch, padded, scratch, table, til_vault
from tokenizers import Tokenizer

from notesearch.config.paths import resource
from notesearch.embedding.local.onnx import batches_by_length

RUNS = int(os.environ.get("RUNS", "3"))


def texts_of(data_dir: Path) -> list[str]:
    """The distinct texts that were embedded, as the store has them."""
    from notesearch.storage.local.sqlite.store import Store

    store = Store(data_dir, read_only=True)
    rows = (
        sqlite3.connect(data_dir / "notes.sqlite")
        .execute("SELECT document_id, prefix, start, end, text_hash FROM chunks")
        .fetchall()
    )
    texts = {}
    for document, prefix, start, end, digest in rows:
        texts[digest] = (
            f"{prefix}\n{store.questions.text(document, start, end)}"
            if prefix
            else store.questions.text(document, start, end)
        )
    store.close()
    return list(texts.values())


def bare_session(encoded: list[list[int]]) -> float:
    """Seconds for the session alone. One thread: indexing leaves the other core of two to the person."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = max(1, (os.cpu_count() or 2) - 1)
    session = onnxruntime.InferenceSession(
        str(resource("models/all-minilm-l6-v2/model.onnx")), options, providers=["CPUExecutionProvider"]
    )
    begin = time.perf_counter()
    for first in range(0, len(encoded), 128):
        window = encoded[first : first + 128]
        for batch in batches_by_length([len(ids) for ids in window]):
            session.run(["embedding"], padded([window[i] for i in batch]))
    return time.perf_counter() - begin


def main() -> None:
    vault, rows = til_vault(), []
    ratios, whole, bare = [], [], []
    for run in range(RUNS):
        with scratch() as folder:
            begin = time.perf_counter()
            summary = json.loads(notesearch("index", vault, "--json", data_dir=folder))
            whole.append(time.perf_counter() - begin)
            tokenizer = Tokenizer.from_file(str(resource("models/all-minilm-l6-v2/tokenizer.json")))
            encoded = [e.ids[:256] for e in tokenizer.encode_batch_fast(texts_of(folder))]
        bare.append(bare_session(encoded))
        ratios.append(whole[-1] / bare[-1])
        rows.append(
            [
                run + 1,
                summary["added"],
                len(encoded),
                f"{whole[-1]:.1f}",
                f"{bare[-1]:.1f}",
                f"{ratios[-1]:.3f}",
            ]
        )
    rows.append(["median", "", "", f"{median(whole):.1f}", f"{median(bare):.1f}", f"{median(ratios):.3f}"])
    table(
        "index of the vault, whole command, against the bare session",
        ["run", "notes", "chunks", "index s", "bare s", "ratio"],
        rows,
    )


if __name__ == "__main__":
    main()
