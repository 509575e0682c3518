"""The bundled int8 model against full precision: cosine on 500 real chunks, and SciFact nDCG@10 of vectors
alone.

    tests/bench/model.py FULL.onnx [--scifact] [--write VECTORS.npy | --compare VECTORS.npy]

FULL.onnx is what `packaging/export_model.py --keep-full` leaves. To see that a CPU without VNNI gives the
same vectors (Debian's qemu-user):

    .venv/bin/python tests/bench/model.py FULL.onnx --write /tmp/vectors.npy
    qemu-x86_64 -cpu Haswell .venv/bin/python tests/bench/model.py FULL.onnx --compare /tmp/vectors.npy
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import onnxruntime
from common import padded, shared, table, til_vault
from numpy.typing import NDArray
from retrieval import ndcg, read
from tokenizers import Tokenizer

from notesearch import catalogue
from notesearch.config.paths import resource
from notesearch.documents.chunking.splitter import embedded_text, split
from notesearch.documents.formats.registry import extract
from notesearch.domain import Document
from notesearch.embedding.local.onnx import batches_by_length

SAME = 100
FOLDER = resource("models/all-minilm-l6-v2")


class Model:
    def __init__(self, path: Path) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self.tokenizer = Tokenizer.from_file(str(FOLDER / "tokenizer.json"))

    def embed(self, texts: list[str]) -> NDArray[np.float32]:
        encoded = [e.ids[: catalogue.LOCAL.context] for e in self.tokenizer.encode_batch_fast(texts)]
        vectors = np.zeros((len(texts), catalogue.LOCAL.dimensions), np.float32)
        for batch in batches_by_length([len(ids) for ids in encoded]):
            vectors[batch] = self.session.run(["embedding"], padded([encoded[i] for i in batch]))[0]
        return vectors


def chunks_of(document: Document) -> list[str]:
    return [embedded_text(document.text, chunk) for chunk in split(document, catalogue.LOCAL.recipe)]


def real_chunks(number: int) -> list[str]:
    texts: list[str] = []
    for path in sorted(til_vault().rglob("*.md")):
        texts += chunks_of(extract(path, path.read_bytes()))
    return texts[:: max(1, len(texts) // number)][:number]


def scifact(model: Model) -> float:
    """nDCG@10 on the test questions of the best chunk of each note, by exact cosine."""
    collection = shared("retrieval/scifact")
    queries, judged = read(collection, "")
    texts, owners = [], []
    for line in (collection / "corpus.jsonl").open(encoding="utf-8"):
        note = json.loads(line)
        for text in chunks_of(
            extract(Path(f"{note['_id']}.md"), f"# {note['title']}\n\n{note['text']}\n".encode())
        ):
            texts.append(text)
            owners.append(note["_id"])
    vectors = model.embed(texts)
    total = 0.0
    for query, vector in zip(
        queries, model.embed([" ".join(q["text"].split()) for q in queries]), strict=True
    ):
        order = np.argsort(-(vectors @ vector), kind="stable")
        total += ndcg(list(dict.fromkeys(owners[i] for i in order[:200])), judged[query["_id"]])
    return total / len(queries)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("full", type=Path)
    parser.add_argument("--scifact", action="store_true")
    parser.add_argument("--write", type=Path)
    parser.add_argument("--compare", type=Path)
    options = parser.parse_args()
    bundled = Model(FOLDER / "model.onnx")
    texts = real_chunks(500)
    if options.compare:
        texts = texts[:SAME]
        cosines = (bundled.embed(texts) * np.load(options.compare)).sum(1)
        table(
            "the same model on another CPU",
            ["chunks", "cosine mean", "least"],
            [[len(texts), f"{cosines.mean():.6f}", f"{cosines.min():.6f}"]],
        )
        return
    ours, full = bundled.embed(texts), Model(options.full).embed(texts)
    if options.write:
        # The range of 8-bit activations is taken over a whole run, so the same texts have to share runs on
        # both sides.
        np.save(options.write, bundled.embed(texts[:SAME]))
    cosines = (ours * full).sum(1)
    table(
        "int8 against full precision",
        ["chunks", "cosine mean", "least"],
        [[len(texts), f"{cosines.mean():.4f}", f"{cosines.min():.4f}"]],
    )
    if options.scifact:
        rows = [
            ["int8", f"{scifact(bundled):.4f}"],
            ["full precision", f"{scifact(Model(options.full)):.4f}"],
        ]
        table("SciFact test, vectors alone", ["", "nDCG@10"], rows)


if __name__ == "__main__":
    main()
