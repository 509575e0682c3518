"""What a user types is found, whatever the note looks like: by words, in several languages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from notesearch.domain import Mode, Query
from notesearch.engine.engine import Engine
from tests.conftest import StartEngine, fill
from tests.embedders import HashingEmbedder

NOTES = {
    "code.md": "# Sync\n\nCall reloadTimelines() after the HTTPResponse; safe_copy_rows keeps the rest.\n",
    "letter.md": "# Letter\n\nSend an e-mail from the U.S.A. over wi-fi, please.\n",
    "numbers.md": "# Numbers\n\nInvoice 730418-22 of 2024-05-09: 1,250 euros. Call (215) 555-0134.\n"
    "Commit 9fceb02d0a.\n",
    "number2.md": "# Bill\n\nThe roof costs 13 400 crowns, the plum tree 98765. Tel. +49 171 / 765 43 21.\n",
    "rent.md": "# Flat\n\nThe flat cost 54,321 once.\n",
    "rent2.md": "# House\n\nThe house cost 54321 once.\n",
    "network.md": "# Cable\n\nThe router sends wifi to the attic.\n",
    "mac.md": "# Bru\u0308cke\n\nDie Besta\u0308tigung liegt unter der Tu\u0308r.\n",
    "web.md": "# Pasted\n\nThe dead\u200bline is nec\u00ades\u00adsary for the ﬁnal ﬂow.\n",
    "ja.md": "# メモ\n\nｶﾞﾗｽの窓\n",
    "he.md": "# מכתב\n\nשָׁלוֹם עולם\n",
    "ar.md": "# ملاحظة\n\nإِبْراهيم في المَدْرَسَة\n",
    "ru.md": "# Ёлка\n\nЗелёный чай\n",
    "el.md": "# Ταξίδι\n\nΟ Οδυσσέας γύρισε\n",
    "Projects/Boat 7/202401151230 Compost heap.md": "Turn it every week, in the shade.\n",
    "Compost.md": "# Compost\n\nThe compost and the heap of leaves: compost, heap, compost.\n",
}


def engine_with(folder: Path, notes: dict[str, str]) -> Iterator[Engine]:
    """An engine with these notes, for tests that only search."""
    engine = Engine.open(folder / "data", watch=False, embedders=(HashingEmbedder(),))
    engine.reconcile([fill(folder / "Notes", notes)])
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def engine_of_module(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    yield from engine_with(tmp_path_factory.mktemp("found"), NOTES)


def rows(engine: Engine, text: str, *, typing: bool = False) -> list[str]:
    found = engine.search.fused(Query(text=text, mode=Mode.KEYWORD, prefix=typing))
    return [match.path.name for match in found.matches]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("reload timelines", "code.md"),
        ("reloadTimelines", "code.md"),
        ("http response", "code.md"),
        ("safe copy rows", "code.md"),
        ("copy_rows", "code.md"),
        ("email", "letter.md"),
        ("USA", "letter.md"),
        ("wifi", "letter.md"),
        ("1250", "numbers.md"),
        ("20240509", "numbers.md"),
        ("2155550134", "numbers.md"),
        ("9fceb02", "numbers.md"),
        ("13400", "number2.md"),
        ("13.400", "number2.md"),
        ("13 400", "number2.md"),
        ("98765", "number2.md"),
        ("54,321", "rent.md"),
        ("98,765", "number2.md"),
        ("98 765", "number2.md"),
        ("98\u2019765", "number2.md"),
        ("01717654321", "number2.md"),
        ("0171 7654321", "number2.md"),
        ("+49 171 7654321", "number2.md"),
        ("(0171) 765-43-21", "number2.md"),
        ("wi-fi router", "network.md"),
        ("730418", "numbers.md"),
        ("Brücke", "mac.md"),
        ("bestatigung", "mac.md"),
        ('"unter der Tür"', "mac.md"),
        ("deadline", "web.md"),
        ("necessary", "web.md"),
        ("final flow", "web.md"),
        ("ガラス", "ja.md"),
        ("שלום", "he.md"),
        ("ابراهيم", "ar.md"),
        ("المدرسة", "ar.md"),
        ("зеленый", "ru.md"),
        ("οδυσσεας", "el.md"),
        ("compost heap", "202401151230 Compost heap.md"),
        ("202401151230", "202401151230 Compost heap.md"),
        ("202401151230 Compost heap.md", "202401151230 Compost heap.md"),
        ("boat", "202401151230 Compost heap.md"),
        ("title:heap", "202401151230 Compost heap.md"),
        ("title:boat", "202401151230 Compost heap.md"),
    ],
)
def test_it_is_first(engine_of_module: Engine, text: str, name: str) -> None:
    assert rows(engine_of_module, text)[:1] == [name]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("reloadtim", "code.md"),
        ("Bestät", "mac.md"),
        ("deadl", "web.md"),
        ("necesary", "web.md"),
        ("compost hea", "202401151230 Compost heap.md"),
        ("title:hea", "202401151230 Compost heap.md"),
        ("title:Brü", "mac.md"),
        ("path:Proj", "202401151230 Compost heap.md"),
    ],
)
def test_the_last_word_may_be_unfinished_or_misspelled(
    engine_of_module: Engine, text: str, name: str
) -> None:
    assert rows(engine_of_module, text, typing=True)[:1] == [name]


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("deadline", "dead\u200bline"),
        ("necessary", "nec\u00ades\u00adsary"),
        ("bestatigung", "Besta\u0308tigung"),
    ],
)
def test_what_is_marked_is_a_whole_word_as_it_is_written(
    engine_of_module: Engine, text: str, marked: str
) -> None:
    (match, *_) = engine_of_module.search.fused(Query(text=text, mode=Mode.KEYWORD)).matches
    assert [match.best.snippet[a:b] for a, b in match.best.highlights] == [marked]


def test_an_exact_word_stands_above_one_that_is_forgiven(start_engine: StartEngine, tmp_path: Path) -> None:
    engine = start_engine(watch=False)
    notes = {"exact.md": "plumbing\n", "near.md": "plumming plumming plumming\n"}
    engine.reconcile([fill(tmp_path / "Words", notes)])
    assert rows(engine, "plumbing") == ["exact.md"]
    assert rows(engine, "plumbng") == ["exact.md"]
    assert rows(engine, "plummin") == ["near.md"]


def test_a_word_that_other_languages_have_too(start_engine: StartEngine, tmp_path: Path) -> None:
    """A note in a language that few notes are in is found by it as well, and not behind all others."""
    engine = start_engine(watch=False)
    notes = {
        f"{i}.md": f"# Machine {i}\n\nThe server of room {i} is old, and we have to look after it.\n"
        for i in range(60)
    }
    notes["de.md"] = "# Keller\n\nDer Server steht nicht mehr im Keller, sondern auf dem Dach.\n"
    engine.reconcile([fill(tmp_path / "Mixed", notes)])
    for mode in (Mode.KEYWORD, Mode.HYBRID):
        found = engine.search.fused(Query(text="server", mode=mode, limit=100)).matches
        assert "de.md" in [match.path.name for match in found]
    assert rows(engine, "servers")[:1] != []
    assert "de.md" in rows(engine, "Server Keller")[:1]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("door key", "nl.md"),
        ("europe war", "war.md"),
        ("sin cos table", "sin.md"),
        ("die cast", "cast.md"),
        ("what is the war", "war.md"),
    ],
)
def test_stop_words_belong_to_a_language(
    start_engine: StartEngine, tmp_path: Path, text: str, name: str
) -> None:
    engine = start_engine(watch=False)
    notes = {
        "nl.md": "Where the door and its key are: under the stone, as they were before.\n",
        "key.md": "The key, the key and again the key of this map is at the foot of it.\n",
        "war.md": "How the war in Europe has come to an end in that year, as they say.\n",
        "europe.md": "Europe, Europe: what there is to see in Europe, and where it is.\n",
        "sin.md": "A table of sin and cos for the angles that are asked for in a test.\n",
        "cos.md": "The table, the table: cos in a table, which is not all there is.\n",
        "cast.md": "The die is of cast iron, and it has been in the shed for a year.\n",
        "iron.md": "All that was cast: cast, cast and cast iron in the yard of the mill.\n",
    }
    engine.reconcile([fill(tmp_path / "Stops", notes)])
    assert rows(engine, text)[:1] == [name]


def test_what_was_forgiven_is_said_marked_and_opened_at(start_engine: StartEngine, tmp_path: Path) -> None:
    engine = start_engine(watch=False)
    notes = {
        "shell.md": "# Shells\n\nFirst lines.\n\nThese are compatible with each other.\n",
        "other.md": "# Other\n\nNothing of the kind.\n",
    }
    engine.reconcile([fill(tmp_path / "Slips", notes)])
    for mode in (Mode.KEYWORD, Mode.HYBRID):
        results = engine.search.fused(Query(text="shells compatibel", mode=mode))
        (told,) = results.notices
        assert (told.code, dict(told.params)) == (
            "search.forgiven",
            {"found": "compatible", "typed": "compatibel"},
        )
        row = results.matches[0]
        assert (row.path.name, row.best.line) == ("shell.md", 5)
        assert "compatible" in [row.best.snippet[a:b] for a, b in row.best.highlights]
    assert engine.search.fused(Query(text="shells compatible")).notices == ()
    # While it is typed, too.
    typed = engine.search.words(Query(text="compatibl", prefix=True))
    assert (typed.notices, typed.matches[0].path.name) == ((), "shell.md")
    typed = engine.search.words(Query(text="conpatibl", prefix=True))
    assert typed.matches[0].path.name == "shell.md"
    assert [told.code for told in typed.notices] == ["search.forgiven"]


@pytest.mark.parametrize(
    ("text", "forgiven"),
    [
        ("sour", "four"),
        ("bread sour", "four"),
        ("why is my bread so sour at noon", ""),
        ("why is my bread ready at fuor", "four"),
        ("why is my bread ready at noon tomorow", "tomorrow"),
    ],
)
def test_a_short_word_of_a_question_is_no_typing_error(
    start_engine: StartEngine, tmp_path: Path, text: str, forgiven: str
) -> None:
    engine = start_engine(watch=False)
    note = "# Oven\n\nThe loaf is ready at four; so is my bread at noon. Why not tomorrow?\n"
    engine.reconcile([fill(tmp_path / "Short", {"oven.md": note})])
    found = engine.search.fused(Query(text=text, mode=Mode.KEYWORD))
    said = [dict(told.params)["found"] for told in found.notices if told.code == "search.forgiven"]
    assert said == ([forgiven] if forgiven else [])


def test_the_passage_with_a_phrase_in_one_paragraph_is_shown(
    start_engine: StartEngine, tmp_path: Path
) -> None:
    engine = start_engine(watch=False)
    filling = "\n".join(f"Line {n} of a long part about tables and plots." for n in range(2, 60))
    first, second = "see (draw 0 1)\n\n: | ! | x |", "The plot of 1/x is flat."
    note = f"* First\n\n{first}\n\n{filling}\n\n* Second\n\n{filling}\n\n{second}\n"
    engine.reconcile([fill(tmp_path / "Plots", {"plot.org": note})])
    best = engine.search.words(Query(text='"1/x"')).matches[0].best
    assert "plot of 1/x" in best.snippet
    assert [best.snippet[a:b] for a, b in best.highlights] == ["1/x"]


def test_what_a_note_says_about_itself_is_found_and_shown(start_engine: StartEngine, tmp_path: Path) -> None:
    engine = start_engine(watch=False)
    notes = {
        "book.md": "---\nauthor: Quillon Marsh\nsource: https://birds.example.org/owls\n---\n"
        "# Owls\n\nAt dusk.\n",
        "empty.md": "---\nauthor: Wendel Marsh\n---\n",
        "other.md": "# Other\n\nThe author of this is not known.\n",
    }
    engine.reconcile([fill(tmp_path / "Properties", notes)])
    for text, name, shown in (
        ("quillon", "book.md", "author: Quillon Marsh"),
        ("birds example", "book.md", "source: https://birds.example.org/owls"),
        ("wendel", "empty.md", "author: Wendel Marsh"),
    ):
        row = engine.search.words(Query(text=text)).matches[0]
        assert (row.path.name, row.best.snippet, row.best.line) == (name, shown, 1)
        assert row.best.highlights
    # The names of what is said are no words of the note.
    assert rows(engine, "author") == ["other.md"]


CALLED = {
    "Müller.md": "Mueller",
    "Wi-Fi.md": "wifi",
    "E-Mail.md": "email",
    "2024-05-09.md": "20240509",
    "U.S.A..md": "USA",
    "node.js.md": "nodejs",
    "follow-up.md": "followup",
    "Göteborg resa.md": "Goeteborg resa",
    "台灣.md": "台湾",
    "reloadTimelines.md": "reload timelines",
    "v2.10.3.md": "2.10.3",
}


def test_a_note_called_as_the_query_in_another_spelling_is_first(
    start_engine: StartEngine, notes: Path
) -> None:
    others = {f"about {n}.md": f"{typed} " * 9 + "and more\n" for n, typed in enumerate(CALLED.values())}
    fill(notes, {**dict.fromkeys(CALLED, "Something else altogether.\n"), **others})
    engine = start_engine(watch=False, embedders=(HashingEmbedder(),))
    engine.reconcile([notes])
    for name, typed in CALLED.items():
        for mode in (Mode.KEYWORD, Mode.HYBRID):
            found = engine.search.fused(Query(text=typed, mode=mode)).matches
            assert found[0].path.name == name, (typed, mode)


PIECES = {
    "mails.md": "Two e-mails came; the plug-ins and pop-ups and T-shirts are fine.\n",
    "mail.md": "One e-mail only.\n",
    "paths.md": "See docs/how-to/x.md and https://x.example/plug-on/on-line, and .git/hooks/pre-commit\n",
    "heads.md": "Put it into the S3Bucket, play the MP3Player on macOS14 with the iPhone12.\n",
    "version.md": "Release v2.10.3 is out.\n",
    "shopping.md": "2 breads, 10 eggs, 3 onions, 2 breads, 10 eggs, 3 onions.\n",
    "phone.md": "Appeler Paul +33 6 12 34 56 78\n",
    "bank.md": "IBAN DE89 3704 0044 0532 0130 00\n",
    "first aid.md": "The AED hangs at the door.\n",
    "letter.md": "a a a a, said he\n",
    "hyphen.md": "They co\u2011operate well, said \U0001f469\u200d\U0001f4bb, jane@corp.example\n",
}


@pytest.fixture(scope="module")
def pieces(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    yield from engine_with(tmp_path_factory.mktemp("pieces"), PIECES)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("email", {"mails.md", "mail.md"}),
        ("emails", {"mails.md", "mail.md"}),
        ("plugin", {"mails.md"}),
        ("popup", {"mails.md"}),
        ("tshirt", {"mails.md"}),
        ("howto", {"paths.md"}),
        ("online", {"paths.md"}),
        ("precommit", {"paths.md"}),
        ("s3", {"heads.md"}),
        ("mp3", {"heads.md"}),
        ("macos", {"heads.md"}),
        ("iphone", {"heads.md"}),
        ("0612345678", {"phone.md"}),
        ("DE89370400440532013000", {"bank.md"}),
        ("aed", {"first aid.md"}),
        ("cooperate", {"hyphen.md"}),
    ],
)
def test_pieces_of_words(pieces: Engine, text: str, found: set[str]) -> None:
    assert set(rows(pieces, text)) == found
    for match in pieces.search.words(Query(text=text)).matches:
        assert match.best.highlights, match.path.name


@pytest.mark.parametrize("text", ["2.10.3", "v2.10.3", "2.10"])
def test_a_version_comes_before_its_numbers(pieces: Engine, text: str) -> None:
    assert rows(pieces, text)[0] == "version.md"


@pytest.mark.parametrize("text", ["\U0001f469\u200d\U0001f4bb", "jane@corp.example", "cooperate"])
def test_one_thing_is_marked_once(pieces: Engine, text: str) -> None:
    match = pieces.search.words(Query(text=text)).matches[0]
    assert (match.path.name, len(match.best.highlights)) == ("hyphen.md", 1)
