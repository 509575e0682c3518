"""Quality on a judged collection through `notesearch search - --json`: nDCG@10 and Recall@10 of both halves
and of the fused list.

tests/bench/retrieval.py [COLLECTION ...] [--train]     default: scifact. A collection is a folder of the
measuring data's retrieval/.
"""

from __future__ import annotations

import collections
import json
import math
import sys
import urllib.parse
from pathlib import Path

from common import notesearch, percentile, scratch, shared, table

Judgements = dict[str, dict[str, int]]


def read(collection: Path, suffix: str) -> tuple[list[dict[str, str]], Judgements]:
    judged: Judgements = collections.defaultdict(dict)
    for line in (collection / f"qrels{suffix}.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        query, document, grade = line.split("\t")
        judged[query][document] = int(float(grade))
    lines = (collection / f"queries{suffix}.jsonl").read_text(encoding="utf-8").splitlines()
    return [
        q for q in map(json.loads, lines) if any(g > 0 for g in judged.get(q["_id"], {}).values())
    ], judged


def materialize(collection: Path, folder: Path) -> None:
    folder.mkdir()
    for line in (collection / "corpus.jsonl").open(encoding="utf-8"):
        note = json.loads(line)
        heading = f"# {note['title']}\n\n" if note["title"] else ""
        (folder / (urllib.parse.quote(note["_id"], safe="") + ".md")).write_text(
            heading + note["text"] + "\n", encoding="utf-8"
        )


def ndcg(ranked: list[str], judged: dict[str, int]) -> float:
    gain = sum(judged.get(d, 0) / math.log2(i + 2) for i, d in enumerate(ranked[:10]))
    ideal = sum(
        g / math.log2(i + 2)
        for i, g in enumerate(sorted((g for g in judged.values() if g > 0), reverse=True)[:10])
    )
    return gain / ideal


def recall(ranked: list[str], judged: dict[str, int]) -> float:
    relevant = {d for d, g in judged.items() if g > 0}
    return len(relevant & set(ranked[:10])) / len(relevant)


def main() -> None:
    suffix = "-train" if "--train" in sys.argv else ""
    names = [a for a in sys.argv[1:] if not a.startswith("--")] or ["scifact"]
    rows = []
    for name in names:
        collection = shared(f"retrieval/{name}")
        queries, judged = read(collection, suffix)
        with scratch() as folder:
            materialize(collection, folder / "notes")
            data_dir = folder / "data"
            notesearch("index", folder / "notes", data_dir=data_dir)
            lines = "\n".join(" ".join(q["text"].split()) for q in queries) + "\n"
            for mode in ("keyword", "meaning", "hybrid"):
                output = notesearch(
                    "search", "-", "--json", "--limit", 10, "--mode", mode, data_dir=data_dir, stdin=lines
                )
                answers = [json.loads(line) for line in output.splitlines()]
                ranked = [[urllib.parse.unquote(Path(r["path"]).stem) for r in a["results"]] for a in answers]
                pairs = list(zip(ranked, (judged[q["_id"]] for q in queries), strict=True))
                took = [a["elapsed_ms"]["total"] for a in answers]
                scores = [f"{sum(measure(*p) for p in pairs) / len(pairs):.4f}" for measure in (ndcg, recall)]
                rows.append(
                    [
                        name + suffix,
                        mode,
                        len(pairs),
                        *scores,
                        f"{percentile(took, 0.5):.0f}",
                        f"{percentile(took, 0.95):.0f}",
                    ]
                )
    table("quality", ["collection", "mode", "queries", "nDCG@10", "Recall@10", "ms p50", "ms p95"], rows)


if __name__ == "__main__":
    main()
