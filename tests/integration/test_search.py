"""Searching a real index: filters in both halves, why a row is there, and what else a window asks for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from notesearch.domain import DocumentState, MatchedBy, Mode, Query, Stage
from notesearch.embedding.local.onnx import OnnxEmbedder
from notesearch.engine.engine import Engine
from notesearch.errors import NotIndexed, StoreError, UsageError
from tests.conftest import StartEngine, fill, found, names, reconcile, wait_until, write
from tests.embedders import HashingEmbedder

NOTES = {
    "Kitchen/Baking/bread.md": "---\ntags: [food/bread, slow]\naliases: [Loaf]\n---\n# Bread\n\nThe sour "
    "dough rests overnight in the cold.\n",
    "Kitchen/soup.md": "---\ntags: [food]\n---\n# Soup\n\nLeek and potato, a spoon of sour cream.\n",
    "Garden/tomatoes.txt": "Tomatoes want sun and a string to climb. Cold nights harm them.\n",
    "Garden/compost.org": "#+TITLE: Compost heap\n#+FILETAGS: :soil:\n\n* Autumn\nWorms do the rest.\n",
    "Travel/lisbon.rst": "Lisbon\n======\n\nThe night train leaves at ten. The tram climbs to the castle.\n",
    "Travel/北京.md": "# 北京旅行\n\n我昨天去了北京大学图书馆。\n",
}
MODES = [Mode.KEYWORD, Mode.MEANING, Mode.HYBRID]


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """The notes for tests that only ask: read once, and opened for reading alone."""
    base = tmp_path_factory.mktemp("shelf")
    embedder = HashingEmbedder()
    with closing(Engine.open(base / "data", watch=False, embedders=(embedder,))) as owner:
        reconcile(owner, fill(base / "Notes", NOTES))
    with closing(Engine.open(base / "data", read_only=True, embedders=(embedder,))) as reader:
        yield reader


def root_of(engine: Engine) -> Path:
    return engine.status().folders[0].path


@pytest.fixture
def vault(engine: Engine, notes: Path) -> Engine:
    fill(notes, NOTES)
    engine.reconcile([notes])
    return engine


def test_a_phrase_that_no_note_holds(shelf: Engine) -> None:
    assert found(shelf, '"cold the in"') == []
    results = shelf.search.words(Query(text='sour "cold the in"'))
    assert [told.code for told in results.notices] == ["search.quotes"]
    assert results.matches[0].path.name == "bread.md"
    assert shelf.search.words(Query(text='sour "in the cold"')).notices == ()


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("filters", "allowed"),
    [
        ("tag:food", {"bread.md", "soup.md"}),
        ("tag:food/bread", {"bread.md"}),
        ("-tag:food cold", {"tomatoes.txt"}),
        ("folder:garden", {"tomatoes.txt", "compost.org"}),
        ("folder:kitchen/baking", {"bread.md"}),
        ("type:txt", {"tomatoes.txt"}),
        ("-folder:kitchen", {"tomatoes.txt"}),
        ('"in the cold"', {"bread.md"}),
        ("-dough", {"soup.md", "tomatoes.txt"}),
        ("-title:soup -type:txt", {"bread.md"}),
        ("title:bread", {"bread.md"}),
        ("tag:nothing", set()),
    ],
)
def test_filters_hold_in_both_halves(shelf: Engine, mode: Mode, filters: str, allowed: set[str]) -> None:
    rows = found(shelf, f"sour cold {filters}", mode)
    assert set(rows) & {"bread.md", "soup.md", "tomatoes.txt", "compost.org"} <= allowed
    assert (
        set(rows) - allowed <= {"compost.org", "lisbon.rst", "北京.md"}
        if filters.startswith("-")
        else set(rows) <= allowed
    )
    if allowed and mode is not Mode.KEYWORD:
        assert rows


def test_filters_alone_list_all_that_passes(shelf: Engine) -> None:
    assert set(found(shelf, "tag:food")) == {"bread.md", "soup.md"}
    assert set(found(shelf, "-tag:food -folder:garden")) == {"lisbon.rst", "北京.md"}
    assert found(shelf, "") == []


def test_names_with_signs(engine: Engine, notes: Path) -> None:
    fill(
        notes,
        {
            "a.md": "Written in C and B.\n",
            "b.md": "# C++\n\nTemplates.\n",
            "c.md": "C# runs on .NET here.\n",
            "d.md": "A net for F.\n",
        },
    )
    engine.reconcile([notes])
    for query, name in (
        ("C++", "b.md"),
        ("c#", "c.md"),
        (".NET", "c.md"),
        ('"C++"', "b.md"),
        ("title:c++", "b.md"),
    ):
        assert found(engine, query, "keyword") == [name], query
        assert found(engine, query)[0] == name, query
    assert "c.md" not in found(engine, "written -C#")
    (match,) = engine.search.fused(Query(text="c#", mode=Mode.KEYWORD)).matches
    assert [match.best.snippet[a:b] for a, b in match.best.highlights] == ["C#"]


def test_tags_and_folders_are_found_without_their_diacritics_and_shown_with_them(
    engine: Engine, notes: Path
) -> None:
    fill(notes, {"Küche/a.md": "---\ntags: [Büro/Straße]\n---\nword\n", "b.md": "word\n"})
    engine.reconcile([notes])
    for query in ("tag:buro", "tag:Büro", "tag:buro/strasse", "folder:kuche", "folder:Küche"):
        assert found(engine, query) == ["a.md"], query
        assert found(engine, f"word {query}", "keyword") == ["a.md"], query
    assert dict(engine.search.tags()) == {"büro": 1, "büro/straße": 1}


def test_the_line_is_where_the_words_are(engine: Engine, notes: Path) -> None:
    write(
        notes,
        "a.md",
        "---\ntags: [x]\n---\n# Long\n\nfirst line\nsecond line\nthe zanzibar line\nlast line\n",
    )
    engine.reconcile([notes])
    (match,) = engine.search.fused(Query(text="zanzibar")).matches
    assert (match.best.line, match.best.start) == (8, 0)
    assert engine.search.words(Query(text="zanzibar")).matches[0].best.line == 8
    (listed,) = engine.search.fused(Query(text="tag:x")).matches
    assert listed.best.line == 4


def test_a_note_that_only_says_something_about_itself_shows_that(engine: Engine, notes: Path) -> None:
    fill(
        notes,
        {
            "tagged.md": "---\ntitle: Plan\ntags: [later, garden]\n---\n",
            "named.md": "---\ntitle: Zanzibar\n---\n",
        },
    )
    engine.reconcile([notes])
    (tagged,) = engine.search.fused(Query(text="tag:garden", mode=Mode.KEYWORD)).matches
    assert tagged.best.snippet == "#later #garden"
    (named,) = engine.search.fused(Query(text="zanzibar", mode=Mode.KEYWORD)).matches
    assert named.best.snippet == "named.md"


def test_scripts_without_spaces(shelf: Engine) -> None:
    assert found(shelf, "北京大学", mode="keyword") == ["北京.md"]
    assert found(shelf, '"图书馆"') == ["北京.md"]
    assert found(shelf, "title:北京 tag:nothing") == []
    assert found(shelf, "title:北京") == ["北京.md"]


def test_why_a_row_is_there(shelf: Engine) -> None:
    both = shelf.search.fused(Query(text="overnight dough")).matches[0]
    assert (both.path.name, both.matched_by) == ("bread.md", MatchedBy.BOTH)
    assert (
        shelf.search.fused(Query(text="overnight", mode=Mode.KEYWORD)).matches[0].matched_by
        is MatchedBy.KEYWORD
    )
    assert shelf.search.words(Query(text="overnight")).matches[0].matched_by is MatchedBy.KEYWORD
    by_meaning = shelf.search.fused(Query(text="overnight", mode=Mode.MEANING)).matches[0]
    assert by_meaning.matched_by in (MatchedBy.MEANING, MatchedBy.BOTH)


def test_rows_say_where_and_what(shelf: Engine) -> None:
    results = shelf.search.fused(Query(text="overnight"))
    row = results.matches[0]
    assert (row.path, row.title, row.folder_names, row.format) == (
        root_of(shelf) / "Kitchen/Baking/bread.md",
        "Bread",
        ("Notes", "Kitchen", "Baking"),
        "markdown",
    )
    assert (row.rank, row.state) == (1, DocumentState.COMPLETE)
    assert row.best.line == 7
    assert [row.best.snippet[a:b] for a, b in row.best.highlights] == ["overnight"]
    assert (results.stage, results.searched, results.of, results.waiting) == (Stage.FUSED, 6, 6, 0)


def test_an_exact_title_comes_first(vault: Engine, notes: Path) -> None:
    fill(
        notes, {f"more {i}.md": "bread bread bread loaf loaf compost heap compost heap\n" for i in range(20)}
    )
    vault.reconcile([])
    assert found(vault, "bread")[0] == "bread.md"
    assert found(vault, "loaf")[0] == "bread.md"
    assert found(vault, "compost heap")[0] == "compost.org"


def test_one_row_for_a_note_with_its_further_passages(engine: Engine, notes: Path) -> None:
    more = "Then it was cut and written down. " * 30
    sections = "\n\n".join(
        f"## Attempt {i}\n\nThe sourdough of attempt {i} was weighed. {more}" for i in range(12)
    )
    fill(notes, {"long.md": f"# Diary\n\n{sections}\n", "short.md": "sourdough\n"})
    engine.reconcile([notes])
    for results in (
        engine.search.words(Query(text="sourdough attempt")),
        engine.search.fused(Query(text="sourdough attempt")),
    ):
        assert sorted(names(results)) == ["long.md", "short.md"]
        row = next(m for m in results.matches if m.path.name == "long.md")
        assert len(row.passages) <= 3
        assert row.more_passages >= max(1, len(row.passages))
        spans = [(p.start, p.end) for p in (row.best, *row.passages)]
        assert len(set(spans)) == len(spans)


def test_limits_and_ranks(vault: Engine, notes: Path) -> None:
    fill(notes, {f"many {i}.md": f"zanzibar number {i}\n" for i in range(60)})
    vault.reconcile([])
    results = vault.search.fused(Query(text="zanzibar", limit=7))
    assert [m.rank for m in results.matches] == [1, 2, 3, 4, 5, 6, 7]
    assert vault.search.words(Query(text="zanzibar", limit=5)).total >= 60
    assert len(set(names(vault.search.fused(Query(text="zanzibar", limit=100))))) >= 60


def test_the_folder_asked_for(shelf: Engine) -> None:
    for mode in MODES:
        rows = shelf.search.fused(Query(text="cold sour night", folder=root_of(shelf) / "Kitchen", mode=mode))
        assert set(names(rows)) <= {"bread.md", "soup.md"}
        assert rows.matches
    assert names(shelf.search.fused(Query(text="cold", folder=root_of(shelf) / "Nowhere"))) == []


def test_similar_notes(shelf: Engine) -> None:
    results = shelf.search.similar(root_of(shelf) / "Kitchen/Baking/bread.md", 3)
    assert len(results.matches) == 3
    assert "bread.md" not in names(results)
    assert {m.matched_by for m in results.matches} == {MatchedBy.MEANING}
    with pytest.raises(NotIndexed):
        shelf.search.similar(root_of(shelf) / "nowhere.md")


def test_the_text_of_a_note(vault: Engine, notes: Path) -> None:
    text = vault.search.note_text(notes / "Kitchen/Baking/bread.md")
    assert text.text.startswith("# Bread")
    assert (text.line, text.offset, text.truncated, text.tags) == (5, 0, False, ("food/bread", "slow"))
    lines = "".join(f"line {i} of a very long note\n" for i in range(1, 10_001))
    write(notes, "long.txt", lines)
    vault.reconcile([])
    start = lines.index("line 6000 ")
    part = vault.search.note_text(notes / "long.txt", start)
    assert part.truncated
    assert lines[part.offset :].startswith(part.text)
    assert part.offset <= start < part.offset + len(part.text)
    assert part.text.startswith(f"line {part.line} ")
    with pytest.raises(NotIndexed):
        vault.search.note_text(notes / "nowhere.md")


def test_recent_notes_tags_and_formats(vault: Engine, notes: Path) -> None:
    write(notes, "newest.md", "zanzibar\n")
    vault.reconcile([])
    recent = vault.search.recent(2)
    assert recent[0].path.name == "newest.md"
    assert recent[0].best.snippet == "zanzibar"
    assert dict(vault.search.tags())["food"] == 2
    assert dict(vault.search.formats())["markdown"] == 4


def test_waiting_notes_are_found_by_words_and_counted(
    vault: Engine, notes: Path, embedder: HashingEmbedder
) -> None:
    embedder.gate.clear()
    write(notes, "late.md", "zanzibar at night\n")
    vault.indexing.scan(notes)
    wait_until(lambda: "late.md" in found(vault, "zanzibar", mode="keyword"))
    results = vault.search.fused(Query(text="zanzibar"))
    assert results.matches[0].path.name == "late.md"
    assert results.matches[0].state is DocumentState.WAITING
    assert (results.searched, results.of, results.waiting) == (6, 7, 1)
    embedder.gate.set()
    wait_until(lambda: vault.search.fused(Query(text="zanzibar")).searched == 7)


def test_going_back_a_letter_asks_the_model_once(vault: Engine, embedder: HashingEmbedder) -> None:
    for text in ("cold", "colds", "cold", "colds"):
        vault.search.fused(Query(text=text))
    assert embedder.queries == ["cold", "colds"]


@pytest.mark.parametrize(
    "text",
    [
        "\x00",
        "(",
        '"',
        "tag:",
        "*",
        "a" * 5000,
        "-",
        "日" * 500,
        "\ud800",
        "OR AND NOT",
        "folder:../..",
        "🍞" * 50,
    ],
)
def test_no_query_is_an_error(shelf: Engine, text: str) -> None:
    for mode in MODES:
        shelf.search.explained(Query(text=text, mode=mode, prefix=True))
    shelf.search.words(Query(text=text, prefix=True))


# Beside an owner


def test_a_reader_beside_the_owner(
    vault: Engine, start_engine: StartEngine, notes: Path, embedder: HashingEmbedder
) -> None:
    reader = start_engine(read_only=True)
    assert found(reader, "overnight")[0] == "bread.md"
    assert reader.status().documents == 6
    with pytest.raises((UsageError, StoreError)):
        reader.folders.add(notes.parent)
    with pytest.raises(UsageError):
        reader.indexing.pause()
    write(notes, "new.md", "zanzibar madagascar\n")
    vault.reconcile([])
    reader.search.refresh()
    assert found(reader, "zanzibar", mode="keyword") == ["new.md"]
    assert found(reader, "zanzibar madagascar", mode="meaning")[0] == "new.md"
    (notes / "new.md").unlink()
    vault.reconcile([])
    reader.search.refresh()
    assert "new.md" not in found(reader, "zanzibar madagascar")


# The bundled model


def test_the_bundled_model_finds_what_is_meant(start_engine: StartEngine, notes: Path) -> None:
    fill(notes, NOTES)
    engine = start_engine(watch=False, embedders=(OnnxEmbedder(),))
    engine.reconcile([notes])
    results = engine.search.fused(Query(text="railway journey to Portugal"))
    assert results.matches[0].path.name == "lisbon.rst"
    assert [notice.code for notice in results.notices] == ["search.no-words"]
    assert results.elapsed.embed > 0
    told = engine.search.explained(Query(text="proofing a loaf inside the fridge", mode=Mode.MEANING))
    assert told.stage is Stage.EXPLAINED
    row = told.matches[0]
    assert row.path.name == "bread.md"
    assert row.matched_by is MatchedBy.MEANING
    assert row.best.best_sentence is not None
    assert row.best.snippet[slice(*row.best.best_sentence)] == "The sour dough rests overnight in the cold."
    assert names(engine.search.similar(notes / "Kitchen/Baking/bread.md", 1)) == ["soup.md"]


def test_an_exact_title_is_never_buried(engine: Engine, notes: Path) -> None:
    fill(notes, {f"n{i}.md": f"# Python notes {i}\n\npython python python {i}\n" for i in range(260)})
    fill(notes, {"Python.md": "# Python\n\nA snake of the tropics.\n", "面试之前.md": "要准备什么\n"})
    fill(notes, {f"c{i}.md": f"# 笔记 {i}\n\n面试之前 面试之前 {i}\n" for i in range(30)})
    engine.reconcile([notes])
    assert found(engine, "python")[0] == "Python.md"
    assert engine.search.words(Query(text="python")).matches[0].path.name == "Python.md"
    assert found(engine, "面试之前")[0] == "面试之前.md"


def test_the_last_of_few_notes_with_a_word_is_before_those_without(engine: Engine, notes: Path) -> None:
    filler = "We talked about the weather and the garden and went home late. " * 30
    fill(
        notes,
        {
            "diary.md": f"# Diary\n\n{filler} Baked sourdough. {filler}\n",
            "bread.md": "# Sourdough\n\nSourdough, sourdough.\n",
        },
    )
    fill(notes, {f"near{i}.md": f"# Bread {i}\n\nFlour and water and salt {i}.\n" for i in range(30)})
    engine.reconcile([notes])
    assert set(found(engine, "sourdough")[:2]) == {"bread.md", "diary.md"}


@pytest.mark.parametrize("word", ["Größe", "Straßenbahn", "søen", "Łódź", "œuvre"])
def test_letters_without_a_decomposition_are_marked(engine: Engine, notes: Path, word: str) -> None:
    write(notes, "a.md", f"# Notiz\n\nHier steht {word} im Text.\n")
    engine.reconcile([notes])
    row = engine.search.fused(Query(text=word)).matches[0]
    assert [row.best.snippet[a:b] for a, b in row.best.highlights] == [word]
    assert row.matched_by is not MatchedBy.MEANING


def test_a_pasted_command_is_found_and_quotes_of_other_languages_count(engine: Engine, notes: Path) -> None:
    write(notes, "k.md", "# Pods\n\nkubectl get pods -n kube-system\n")
    write(notes, "t.md", "# Zug\n\nDer langsame Nachtzug.\n")
    engine.reconcile([notes])
    assert found(engine, "kubectl -n kube-system")[0] == "k.md"
    assert found(engine, "„langsame Nachtzug“") == ["t.md"]
    assert found(engine, "“Nachtzug langsame”") == []


def test_filters_alone_come_newest_first_whatever_the_mode(engine: Engine, notes: Path) -> None:
    import os

    fill(notes, {f"{i}.md": f"# N{i}\n\nText {i}\n" for i in range(5)})
    for number in range(5):
        os.utime(notes / f"{number}.md", (1_700_000_000 + number, 1_700_000_000 + number))
    engine.reconcile([notes])
    for mode in MODES:
        assert found(engine, "type:md", mode) == [f"{i}.md" for i in (4, 3, 2, 1, 0)]
    assert engine.search.fused(Query(text="type:md", limit=2)).total == 5


def test_the_first_rows_and_the_rest_are_the_whole(engine: Engine, notes: Path) -> None:
    fill(notes, {f"{i}.md": f"# Note {i}\n\nThe marsh had {i} geese.\n" for i in range(30)})
    reconcile(engine, notes)
    query = Query(text="geese marsh", limit=20)
    whole = engine.search.fused(query)
    session, other = engine.search.session(query), engine.search.session(Query(text="geese", limit=20))
    first = session.fused(rows=5)
    assert first.matches == whole.matches[:5]
    assert first.total == whole.total
    # Two fields search side by side.
    assert len(other.fused(rows=3).matches) == 3
    assert session.completed().matches == whole.matches
    assert len(other.completed().matches) == 20
    assert len(engine.search.words(query, 4).matches) == 4


def test_a_note_without_vectors_is_not_worse(
    start_engine: StartEngine, notes: Path, embedder: HashingEmbedder
) -> None:
    """Four notes are embedded, and a better one was just written."""
    embedded = {
        f"{n}.md": f"# Note {n}\n\nThe stash on a rainy day, untracked things, {n}.\n" for n in range(4)
    }
    fill(notes, embedded)
    engine = start_engine(watch=False)
    engine.reconcile([notes])
    embedder.gate.clear()
    write(notes, "best.md", "# Best\n\nUntracked things, a stash.\n")
    engine.indexing.scan(notes)
    query = Query(text="stash untracked things")
    wait_until(lambda: len(engine.search.words(query).matches) == 5)
    by_words = names(engine.search.words(query))
    both = names(engine.search.fused(query))
    assert by_words[0] == "best.md"
    assert both[0] == "best.md"
