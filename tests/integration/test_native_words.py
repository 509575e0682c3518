"""Search by words finds what a native speaker types: notes of many languages in one library, beside English
ones, asked for by other forms and other spellings of their words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from notesearch.domain import Match, Mode, Query
from notesearch.engine.engine import Engine
from tests.conftest import fill, reconcile
from tests.embedders import HashingEmbedder

DATA = Path(__file__).resolve().parents[1] / "data"
# The first rows, which a user sees at once.
DEPTH = 3
# English notes beside those that are looked for.
OTHERS = 90

# What is not found, and why. Where a note with the very word is there too, no error is forgiven for another.
LEFT = {
    # A vowel or consonant changes inside the word, and its stemmer does not know it.
    "fi mökki",
    "fi Helsinki",
    "fi Turku",
    "cs tyden",
    "fr tuyau",
    "no støvel",
    "ro țeavă",
    "ar كتاب",
    "ar جدتي",
    # The form is too short to tell, or too short a part of a compound.
    "no ski",
    "de Miete",
    # The stemmer takes the two forms for two words.
    "de Nachbar",
    "de grillt",
    "pt ligação",
    "bg кран",
    # Three notes in languages nearby have the word.
    "pl piątek",
    "hu autó",
    "uk труба",
}
# Found, but nothing of the row is marked.
UNMARKED = {"no Aalesund", "hu olajcsere", "fa سه شنبه", "ta பழம்"}


@dataclass(frozen=True)
class Probe:
    """A query, and the file with the note that it has to find."""

    language: str
    text: str
    name: str
    typing: bool

    @property
    def label(self) -> str:
        return f"{self.language} {self.text}"


def read() -> tuple[dict[str, str | bytes], list[Probe]]:
    """The notes by name, and the probes. Each line of the file: a language, a note, and its queries; one that
    ends with "…" is still being typed. A note without queries has words of other ones."""
    notes: dict[str, str | bytes] = {}
    probes: list[Probe] = []
    lines = (DATA / "native" / "probes.tsv").read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines):
        language, note, queries = line.split("\t")
        name = f"n{number:03}.md"
        notes[name] = f"{note}\n"
        for text in filter(None, queries.split(" | ")):
            probes.append(Probe(language, text.removesuffix("…"), name, text.endswith("…")))
    return notes, probes


def others() -> dict[str, str | bytes]:
    """English notes of the judged set."""
    made = (DATA / "judged" / "notes.txt").read_text(encoding="utf-8").split("=== ")[1:]
    english = [note.partition("\n")[2] for note in made if note.isascii()]
    return {f"other{number:03}.md": note for number, note in enumerate(english[:OTHERS])}


NOTES, PROBES = read()


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    base, embedder = tmp_path_factory.mktemp("native"), HashingEmbedder()
    with closing(Engine.open(base / "data", watch=False, embedders=(embedder,))) as owner:
        reconcile(owner, fill(base / "Notes", NOTES | others()))
    with closing(Engine.open(base / "data", read_only=True, embedders=(embedder,))) as reader:
        yield reader


def row_of(engine: Engine, probe: Probe) -> Match | None:
    """The row of the note that is looked for, where it is among the first ones."""
    query = Query(text=probe.text, mode=Mode.KEYWORD, prefix=probe.typing)
    rows = engine.search.words(query).matches[:DEPTH]
    return next((row for row in rows if row.path.name == probe.name), None)


def test_the_set_is_what_it_says() -> None:
    assert len(PROBES) >= 650
    assert len({probe.language for probe in PROBES}) >= 40
    labels = {probe.label for probe in PROBES}
    assert labels >= LEFT | UNMARKED
    assert len(others()) == OTHERS


def test_what_a_native_speaker_types_is_found_and_marked(shelf: Engine) -> None:
    rows = {probe: row_of(shelf, probe) for probe in PROBES}
    assert {probe.label for probe, row in rows.items() if row is None} <= LEFT
    unmarked = {probe.label for probe, row in rows.items() if row and not row.best.highlights}
    assert unmarked <= UNMARKED


# A note by itself among English ones, too short to tell its language.
@pytest.mark.parametrize(
    ("note", "typed"),
    [
        ("Zahnarzt: neue Bürsten", "Bürste"),
        ("Klucze do piwnicy", "klucz"),
        ("Rózsák metszése a kertben", "kert"),
        ("Ключі від підвалу", "ключ"),
        ("המפתחות של המרתף", "מפתח"),
        ("موعد السيارات", "سيارة"),
        ("बच्चों के कपड़े", "कपड़ा"),
        ("Işıkları kapat", "ışık"),
        ("Reuniões e papéis", "reunião"),
        ("Kesämökin laituri", "kesämökki"),
        ("Rachunki i zdjęcia", "zdjęcie"),
        ("Smlouvy a účty", "smlouva"),
    ],
)
def test_one_line_among_english_notes(tmp_path: Path, note: str, typed: str) -> None:
    engine = Engine.open(tmp_path / "data", watch=False, embedders=(HashingEmbedder(),))
    with closing(engine):
        reconcile(engine, fill(tmp_path / "Notes", {"line.md": f"{note}\n"} | others()))
        rows = engine.search.words(Query(text=typed, mode=Mode.KEYWORD)).matches
        assert "line.md" in [row.path.name for row in rows[:DEPTH]]
