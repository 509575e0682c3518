"""What a user types is found: a title word with a typing error, two words side by side, a name with
joints; in the rows by words, and in the fused ones. And every word that a reader sees, by words alone.

tests/bench/found.py [FOLDER] [--index FOLDER]      default: the til vault. The index is made beside, or kept
in the folder that --index names. Drawn with a fixed seed.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import itertools
import random
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from common import ROOT, scratch, table, til_vault

sys.path.insert(0, str(ROOT))

from notesearch.domain import Mode, Query
from notesearch.engine.engine import Engine
from notesearch.text import analysis
from notesearch.text.markup import as_read
from tests.words_seen import words_seen

SLIPS, PAIRS, NAMES, WORDS = 59, 300, 300, 1000
LETTERS = "abcdefghijklmnopqrstuvwxyz"
ROWS = 100
SUFFIXES = (".md", ".org", ".rst", ".txt")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--index", type=Path)
    given = parser.parse_args()
    folder = given.folder or til_vault()
    with contextlib.nullcontext(given.index) if given.index else scratch() as data:
        engine = Engine.open(data)
        try:
            if folder.resolve() not in [f.path for f in engine.status().folders]:
                engine.folders.add(folder)
            engine.reconcile([folder])
            files = sorted(p for p in folder.rglob("*") if p.suffix in SUFFIXES)
            notes = {p: p.read_text("utf-8", "replace") for p in files}
            report(engine, notes)
        finally:
            engine.close()


def report(engine: Engine, notes: dict[Path, str]) -> None:
    rows = []
    for name, asked in (
        ("typing error in a title word", list(slips(notes))),
        ("two words side by side", list(pairs(notes))),
        ("a name with joints", list(joined(notes))),
    ):
        for mode in (Mode.KEYWORD, Mode.HYBRID):
            places = [place(engine, query, path, mode) for query, path in asked]
            missed = [q for (q, _), p in zip(asked, places, strict=True) if p != 1]
            first, absent = sum(p == 1 for p in places), sum(p == 0 for p in places)
            rows.append([name, mode.value, f"{first} of {len(asked)}", absent, ", ".join(missed[:6])])
    table(f"{len(notes)} notes", ["asked", "rows", "first", "absent", "not first, some"], rows)
    asked = list(seen(notes))
    unfound, unmarked = [], []
    for word, path in asked:
        results = engine.search.words(Query(text=f'"{word}"', mode=Mode.KEYWORD, limit=ROWS), ROWS)
        row = next((m for m in results.matches if m.path == path), None)
        if row is None:
            unfound.append(word)
        elif not row.best.highlights:
            unmarked.append(word)
    table(
        "words that a reader sees, in at most 30 notes each",
        ["asked", "found", "not found, some", "not marked", "some"],
        [
            [
                len(asked),
                len(asked) - len(unfound),
                ", ".join(unfound[:8]),
                len(unmarked),
                ", ".join(unmarked[:8]),
            ]
        ],
    )


def place(engine: Engine, query: str, path: Path, mode: Mode) -> int:
    """The rank of a note, 0 where it is not among the rows."""
    asked = Query(text=query, mode=mode, limit=ROWS)
    results = engine.search.words(asked, ROWS) if mode is Mode.KEYWORD else engine.search.fused(asked)
    return next((m.rank for m in results.matches if m.path == path), 0)


def slips(notes: dict[Path, str]) -> Iterator[tuple[str, Path]]:
    """Words that are in one title only, each with one error, and that title's note."""
    homes: dict[str, set[Path]] = collections.defaultdict(set)
    for path, text in notes.items():
        title = next((line for line in text.splitlines() if line.startswith("# ")), "")
        for word in re.findall(r"[a-z]{6,}", title.lower()):
            homes[word].add(path)
    draw = random.Random(5)
    single = sorted(word for word, paths in homes.items() if len(paths) == 1)
    for word in draw.sample(single, min(SLIPS, len(single))):
        yield slip(word, draw), next(iter(homes[word]))


def slip(word: str, draw: random.Random) -> str:
    """A word with one letter too much, too little, wrong or two in the wrong order."""
    at = draw.randrange(1, len(word) - 1)
    kind: Callable[[], str] = draw.choice(
        [
            lambda: word[:at] + word[at + 1 :],
            lambda: word[:at] + draw.choice(LETTERS) + word[at:],
            lambda: word[:at] + draw.choice(LETTERS) + word[at + 1 :],
            lambda: word[:at] + word[at + 1] + word[at] + word[at + 2 :],
        ]
    )
    made = kind()
    return made if made != word else slip(word, draw)


def pairs(notes: dict[Path, str]) -> Iterator[tuple[str, Path]]:
    """Two words that stand side by side in one note only, and that note."""
    homes: dict[tuple[str, str], set[Path]] = collections.defaultdict(set)
    for path, text in notes.items():
        words = analysis.words(as_read(text).text)
        for pair in itertools.pairwise(words):
            homes[pair].add(path)
    stops = analysis.stop_words(["the", "and"])
    single = sorted(
        (pair, next(iter(paths)))
        for pair, paths in homes.items()
        if len(paths) == 1 and all(len(w) > 2 and w.isalpha() and w not in stops for w in pair)
    )
    for pair, path in random.Random(6).sample(single, min(PAIRS, len(single))):
        yield " ".join(pair), path


def seen(notes: dict[Path, str]) -> Iterator[tuple[str, Path]]:
    """Words between blanks, without the punctuation around them, that are in few notes; and one of those."""
    homes: dict[str, set[Path]] = collections.defaultdict(set)
    for path, text in notes.items():
        body = re.sub(r"\A---\n.*?\n---\n", "", text, flags=re.DOTALL)
        for word in words_seen(body):
            homes[word].add(path)
    few = sorted((word, min(paths)) for word, paths in homes.items() if len(paths) <= 30)
    yield from random.Random(8).sample(few, min(WORDS, len(few)))


def joined(notes: dict[Path, str]) -> Iterator[tuple[str, Path]]:
    """Names of several pieces that are in one note only, and that note."""
    homes: dict[str, set[Path]] = collections.defaultdict(set)
    for path, text in notes.items():
        for name in re.findall(r"(?<![a-zA-Z0-9_])[a-z]+(?:_[a-z]+){1,3}(?![a-zA-Z0-9_])", text):
            homes[name].add(path)
    single = sorted(name for name, paths in homes.items() if len(paths) == 1)
    for name in random.Random(7).sample(single, min(NAMES, len(single))):
        yield name, next(iter(homes[name]))


if __name__ == "__main__":
    main()
