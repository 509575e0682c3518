"""Every word of a note, as its reader sees it, finds the note by words and is marked: in notes that others
wrote, in many languages and formats."""

from __future__ import annotations

import collections
import json
import random
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from notesearch.domain import Mode, Query
from notesearch.engine.engine import Engine
from notesearch.storage.local.sqlite.database import DATABASE
from notesearch.text import analysis
from tests.conftest import fill, reconcile, shared
from tests.embedders import HashingEmbedder
from tests.words_seen import words_seen

# Notes of a collection, words that are drawn from them, rows that are looked at, and the most notes that such
# a word stands in.
NOTES, WORDS, ROWS, FEW = 150, 80, 100, 20


def vault(name: str, folder: Path) -> None:
    """Some notes of a vault, with their places."""
    root = shared("data/vaults") / name
    files = sorted(p for p in root.rglob("*") if p.suffix in (".md", ".org") and p.is_file())
    for path in files[:: max(1, len(files) // NOTES)]:
        to = folder / path.relative_to(root)
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, to)


def odd(_: str, folder: Path) -> None:
    """Texts that are hard to read, each as a note. Without the specification of CommonMark: no one can say
    which words of its examples a reader sees."""
    root = shared("data/odd")
    for kind in ("cmark", "gray-matter", "python-frontmatter", "yaml-test-suite"):
        files = sorted(p for p in (root / kind).rglob("*") if p.suffix in (".md", ".txt", ".yaml"))
        files = [path for path in files if path.name != "spec.txt"]
        for number, path in enumerate(files[:40]):
            to = folder / kind / f"{number}-{path.stem}.md"
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, to)


def paragraphs(language: str, folder: Path) -> None:
    """Paragraphs in one of twelve languages, beside some of the others."""
    lines = (shared("data/retrieval/xquad/pool12") / "corpus.jsonl").read_text("utf-8").splitlines()
    notes = [json.loads(line) for line in lines]
    own = [note for note in notes if note["_id"].startswith(f"{language}-")][:60]
    fill(folder, {f"{note['_id']}.txt": note["text"] for note in (*own, *notes[::30])})


COLLECTIONS = {
    **dict.fromkeys(("til-jbranchaud", "logseq-docs", "worg-org"), vault),
    "odd": odd,
    **dict.fromkeys(("ar", "de", "el", "en", "es", "hi", "ro", "ru", "th", "tr", "vi", "zh"), paragraphs),
}


@pytest.mark.parametrize("name", COLLECTIONS)
def test_every_word_finds_its_note_and_is_marked(name: str, tmp_path: Path) -> None:
    notes = tmp_path / "Notes"
    notes.mkdir()
    COLLECTIONS[name](name, notes)
    with closing(Engine.open(tmp_path / "data", watch=False, embedders=[HashingEmbedder()])) as engine:
        reconcile(engine, notes)
        homes: dict[str, set[Path]] = collections.defaultdict(set)
        spelled: dict[str, str] = {}
        with closing(sqlite3.connect(tmp_path / "data" / DATABASE)) as db:
            rows = db.execute(
                "SELECT d.relative_path, t.text FROM documents d JOIN texts t ON t.document_id = d.id"
            ).fetchall()
        for place, text in rows:
            for word in words_seen(text):
                if key := " ".join((*analysis.words(word), *analysis.unspaced_runs(word))):
                    homes[key].add(notes / place)
                    spelled[key] = word
        few = sorted(key for key, places in homes.items() if len(places) <= FEW)
        drawn = random.Random(8).sample(few, min(WORDS, len(few)))
        lost, unmarked, hidden = list[str](), list[str](), list[str]()
        for key in drawn:
            results = engine.search.words(
                Query(text=f'"{spelled[key]}"', mode=Mode.KEYWORD, limit=ROWS), ROWS
            )
            found = {match.path: match for match in results.matches}
            if not homes[key] <= found.keys():
                lost.append(spelled[key])
                continue
            for best in (found[path].best for path in homes[key]):
                if not best.highlights:
                    seen = spelled[key].casefold() in best.snippet.casefold()
                    (unmarked if seen else hidden).append(spelled[key])
    assert len(drawn) >= min(WORDS, 60)
    assert (lost, unmarked) == ([], [])
    # Addresses of links, ids and settings are found, and not shown.
    assert len(hidden) <= WORDS // 20, hidden
