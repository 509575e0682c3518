"""What every library does, whichever engine answers: the same tests for the local one and one in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from notesearch.catalogue import LOCAL, fingerprint
from notesearch.domain import Chunk, Document
from notesearch.storage.library import Library
from notesearch.storage.local.library import LocalLibrary
from notesearch.storage.local.sqlite.documents import text_hash
from notesearch.storage.values import EVERYTHING, Filters, NewDocument, Wanted, WordQuery
from tests.embedders import bag_of_words
from tests.memory_library import MemoryLibrary
from tests.unit.storage.conftest import unit_vectors

MARK = fingerprint(LOCAL)
ROOT = Path("/library/Notes")
NOTES = {
    "bread.md": ("The sour dough rests overnight", "Bake it hot"),
    "Garden/tomatoes.md": ("Tomatoes want sun", "A string to climb"),
    "Garden/Herbs/mint.md": ("Mint wants water overnight",),
    "Travel/lisbon.md": ("The tram climbs to the castle",),
}
TAGS = {"bread.md": ("tag:food",), "Garden/tomatoes.md": ("tag:food", "tag:garden")}


@pytest.fixture(params=["local", "memory"])
def library(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Library]:
    made: Library = (
        LocalLibrary(tmp_path, lambda mark: LOCAL.dimensions) if request.param == "local" else MemoryLibrary()
    )
    made.open_words()
    yield made
    made.close()


def note(library: Library, name: str, parts: tuple[str, ...], **about: object) -> NewDocument:
    """A document of a passage for each of `parts`, in the folder of these tests."""
    text, chunks, start = "\n".join(parts), [], 0
    for ordinal, part in enumerate(parts):
        end = start + len(part)
        chunks.append(
            Chunk(ordinal=ordinal, start=start, end=end, line=ordinal + 1, heading=(), prefix="", tokens=5)
        )
        start = end + 1
    values: dict[str, object] = {
        "folder_id": library.add_folder(ROOT, LOCAL.identifier),
        "path": ROOT / name,
        "size": len(text),
        "mtime_ns": 1,
        "content_hash": hashlib.sha256(text.encode()).hexdigest(),
        "fingerprint": MARK,
        "reading": 1,
        "embedded_title": "",
        "document": Document(
            text=text, title=Path(name).stem, format="markdown", language=str(about.pop("language", "en"))
        ),
        "chunks": chunks,
        "embedded_texts": list(parts),
        "facets": ("type:markdown", *TAGS.get(name, ())),
    }
    return NewDocument(**(values | about))  # type: ignore[arg-type]


def embed(library: Library, mark: str = MARK) -> list[str]:
    """Give every waiting text its vector; the texts."""
    waiting = library.waiting_chunks(mark, 100)
    if waiting:
        vectors = unit_vectors(len(waiting))
        for place, text in enumerate(waiting):
            vectors[place] = bag_of_words(text.text)
        library.put_vectors(mark, [w.text_hash for w in waiting], vectors)
    return [w.text for w in waiting]


@pytest.fixture
def filled(library: Library) -> dict[str, int]:
    """Ids of the notes by name, embedded and read by the search by words; the later ones are newer."""
    news = [note(library, name, parts, mtime_ns=i) for i, (name, parts) in enumerate(NOTES.items())]
    stored = library.put_documents(news)
    embed(library)
    library.follow_words()
    return {name: put.document_id for name, put in zip(NOTES, stored, strict=True)}


def asked(text: str, **about: bool) -> WordQuery:
    return WordQuery(words=tuple(text.split()), languages=("en",), **about)  # type: ignore[arg-type]


class TestTakingIn:
    def test_a_note_waits_until_it_has_its_vectors(self, library: Library) -> None:
        (put,) = library.put_documents([note(library, "a.md", ("one", "two"))])
        assert (put.added, put.chunks, put.reused) == (True, 2, 0)
        (row,) = library.folders()
        assert (row.path, row.documents, row.complete, row.chunks, row.embedded) == (ROOT, 1, 0, 2, 0)
        assert embed(library) == ["one", "two"]
        (row,) = library.folders()
        assert (row.complete, row.embedded, library.waiting_chunks(MARK, 9)) == (1, 2, [])

    def test_nothing_is_embedded_twice(self, library: Library) -> None:
        library.put_documents([note(library, "a.md", ("one", "two"))])
        embed(library)
        (edited,) = library.put_documents([note(library, "a.md", ("one", "TWO"))])
        assert (edited.added, edited.reused) == (False, 1)
        assert embed(library) == ["TWO"]
        assert library.put_documents([note(library, "a.md", ("one", "two"))])[0].reused == 2
        assert library.put_documents([note(library, "copy.md", ("one", "two"))])[0].reused == 2
        assert embed(library) == []

    def test_one_text_in_several_notes_waits_once_and_completes_all(self, library: Library) -> None:
        news = [note(library, f"{name}.md", (name, "shared")) for name in "abc"]
        library.put_documents(news)
        assert sorted(w.text for w in library.waiting_chunks(MARK, 9)) == ["a", "b", "c", "shared"]
        assert library.put_vectors(MARK, [text_hash("shared")], unit_vectors(1)) == 3

    def test_vectors_belong_to_their_model(self, library: Library) -> None:
        library.put_documents([note(library, "a.md", ("one",))])
        embed(library)
        library.put_documents([note(library, "b.md", ("one",), fingerprint="other", content_hash="x")])
        assert [w.text for w in library.waiting_chunks("other", 9)] == ["one"]
        assert sorted(library.fingerprints(EVERYTHING)) == sorted([MARK, "other"])

    def test_a_move_keeps_the_id_and_what_stood_there_is_gone(self, library: Library) -> None:
        a, b = library.put_documents([note(library, "a.md", ("one",)), note(library, "b.md", ("two",))])
        embed(library)
        (moved,) = library.put_documents([note(library, "b.md", ("one",), moved_from=ROOT / "a.md")])
        assert (moved.document_id, moved.reused) == (a.document_id, 1)
        assert list(library.documents([a.document_id, b.document_id])) == [a.document_id]
        assert library.document_at(ROOT / "a.md") is None

    def test_what_is_known_of_files(self, library: Library, filled: dict[str, int]) -> None:
        folder = library.folders()[0].id
        known = library.known(folder)
        assert {path: state.document_id for path, state in known.items()} == {
            str(ROOT / name): number for name, number in filled.items()
        }
        assert library.known_path(ROOT / "bread.md") == known[str(ROOT / "bread.md")]
        assert library.known_path(ROOT / "none.md") is None
        assert library.remove_paths([str(ROOT / "bread.md"), str(ROOT / "none.md")]) == 1
        assert library.known_path(ROOT / "bread.md") is None

    def test_parts_of_a_file_are_documents(self, library: Library) -> None:
        one, two = library.put_documents(
            [note(library, "mail.mbox", (text,), part=text) for text in ("1", "2")]
        )
        assert one.document_id != two.document_id
        first = library.document_at(ROOT / "mail.mbox")
        assert first is not None
        assert (first.id, first.part) == (one.document_id, "1")
        assert library.remove_paths([str(ROOT / "mail.mbox")]) == 2

    def test_a_removed_folder_takes_all_along(self, library: Library, filled: dict[str, int]) -> None:
        late = note(library, "late.md", ("late",))
        library.remove_folder(late.folder_id)
        assert (library.folders(), library.documents(list(filled.values()))) == ((), {})
        assert library.put_documents([late]) == []
        library.follow_words()
        assert library.words(asked("overnight"), EVERYTHING, 9).hits == ()
        assert library.nearest(MARK, bag_of_words("overnight"), EVERYTHING, 9) == []

    def test_positions_rise_and_changes_are_told(self, library: Library) -> None:
        told: list[int] = []
        leave = library.subscribe(lambda: told.append(library.position))
        library.put_documents([note(library, "a.md", ("one",))])
        assert told[-1] == library.position > 0
        before = library.position
        library.remove_paths([str(ROOT / "a.md")])
        assert library.position > before
        leave()
        number = len(told)
        library.put_documents([note(library, "a.md", ("one",))])
        assert len(told) == number

    def test_words_follow(self, library: Library) -> None:
        library.put_documents([note(library, "a.md", ("one",))])
        assert library.unread == 1
        library.follow_words()
        assert library.unread == library.word_figures().missing == 0
        assert len(library.words(asked("one"), EVERYTHING, 9).hits) == 1


_MINT = "Garden/Herbs/mint.md"
FILTERS = [
    (EVERYTHING, {"bread.md", "Garden/tomatoes.md", "Garden/Herbs/mint.md", "Travel/lisbon.md"}),
    (Filters(facets=("tag:food",)), {"bread.md", "Garden/tomatoes.md"}),
    (Filters(facets=("tag:food", "tag:garden")), {"Garden/tomatoes.md"}),
    (Filters(without_facets=("tag:food",)), {"Garden/Herbs/mint.md", "Travel/lisbon.md"}),
    (Filters(facets=("type:markdown",), without_facets=("tag:food",), titles=("mint",)), {_MINT}),
    (Filters(without_facets=("tag:garden", "tag:none"), without=("overnight",)), {"Travel/lisbon.md"}),
    (Filters(folder=ROOT), {"bread.md", "Garden/tomatoes.md", "Garden/Herbs/mint.md", "Travel/lisbon.md"}),
    (Filters(folder=ROOT / "Garden"), {"Garden/tomatoes.md", "Garden/Herbs/mint.md"}),
    (Filters(folder=ROOT / "Gard"), set()),
    (Filters(folder=Path("/elsewhere")), set()),
    (Filters(phrases=("rests overnight",)), {"bread.md"}),
    (Filters(titles=("mint",)), {"Garden/Herbs/mint.md"}),
    (Filters(without=("overnight",)), {"Garden/tomatoes.md", "Travel/lisbon.md"}),
    (Filters(without=("overnight",), facets=("tag:food",)), {"Garden/tomatoes.md"}),
    (Filters(without_titles=("mint", "bread")), {"Garden/tomatoes.md", "Travel/lisbon.md"}),
    (Filters(phrases=("nowhere at all",)), set()),
    (Filters(phrases=("overnight",), folder=ROOT / "Garden"), {"Garden/Herbs/mint.md"}),
]  # fmt: skip


class TestFinding:
    @pytest.mark.parametrize(("filters", "expected"), FILTERS)
    def test_a_filter_holds_for_every_question(
        self, library: Library, filled: dict[str, int], filters: Filters, expected: set[str]
    ) -> None:
        names = {number: name for name, number in filled.items()}
        wanted = {filled[name] for name in expected}
        assert library.passing(filters, filled.values()) == wanted
        newest, total = library.newest(filters, 3)
        assert [names[i] for i in newest] == [n for n in reversed(NOTES) if n in expected][:3]
        assert total == len(expected)
        query = asked("overnight sun castle climbs climb")
        assert {hit.document_id for hit in library.words(query, filters, 9).hits} == wanted
        hits = library.nearest(MARK, bag_of_words("overnight"), filters, 9)
        assert {hit.document_id for hit in hits} == wanted
        assert library.fingerprints(filters) == ((MARK,) if expected else ())
        assert library.holding("overnight", title=False, filters=filters, limit=9) == wanted & {
            filled["bread.md"],
            filled["Garden/Herbs/mint.md"],
        }

    def test_words_rank_and_say_who_holds_all(self, library: Library, filled: dict[str, int]) -> None:
        found = library.words(asked("mint overnight"), EVERYTHING, 9)
        assert [hit.document_id for hit in found.hits] == [filled["Garden/Herbs/mint.md"], filled["bread.md"]]
        assert found.hits[0].score > found.hits[1].score > 0
        assert (set(found.complete), found.total) == ({filled["Garden/Herbs/mint.md"]}, 1)
        assert (found.hits[1].first, found.hits[1].last) == (0, 1)
        assert len(library.words(asked("mint overnight"), EVERYTHING, 1).hits) == 1
        only = library.words(asked("mint overnight"), EVERYTHING, 9, among=[filled["bread.md"]])
        assert [hit.document_id for hit in only.hits] == [filled["bread.md"]]
        assert library.words(asked("mint"), EVERYTHING, 9, among=[]).hits == ()
        assert library.words(asked("xylophone"), EVERYTHING, 9).hits == ()

    def test_the_last_word_may_be_unfinished(self, library: Library, filled: dict[str, int]) -> None:
        found = library.words(asked("lis", prefix=True), EVERYTHING, 9)
        assert [hit.document_id for hit in found.hits] == [filled["Travel/lisbon.md"]]

    def test_cosines_are_those_of_the_vectors(self, library: Library, filled: dict[str, int]) -> None:
        query = bag_of_words("Mint wants water overnight")
        best, *others = library.nearest(MARK, query, EVERYTHING, 9)
        assert best.document_id == filled["Garden/Herbs/mint.md"]
        assert best.score == pytest.approx(1.0, abs=1e-5)
        expected = float(bag_of_words("The sour dough rests overnight") @ query)
        dough = [h for h in others if h.document_id == filled["bread.md"]]
        assert max(h.score for h in dough) == pytest.approx(expected, abs=1e-5)
        assert [h.score for h in library.nearest(MARK, query, EVERYTHING, 9, floor=0.99)] == [best.score]
        assert len(library.nearest(MARK, query, EVERYTHING, 2)) == 2

    def test_short_notes_are_scored_whole(self, library: Library, filled: dict[str, int]) -> None:
        query = bag_of_words("string")
        both = [filled["Garden/tomatoes.md"], filled["Travel/lisbon.md"]]
        hits = library.score(MARK, query, both, 16)
        assert sorted(h.document_id for h in hits) == sorted([both[0], both[0], both[1]])
        assert {h.document_id for h in library.score(MARK, query, both, 1)} == {both[1]}
        assert max(hits, key=lambda h: h.score).document_id == both[0]

    def test_notes_near_another(self, library: Library, filled: dict[str, int]) -> None:
        near = library.near_document(filled["bread.md"], MARK, 9)
        assert near is not None
        assert filled["bread.md"] not in {hit.document_id for hit in near}
        assert max(near, key=lambda hit: hit.score).document_id in filled.values()
        (new,) = library.put_documents([note(library, "new.md", ("no vector",))])
        assert library.near_document(new.document_id, MARK, 9) is None

    def test_a_copy_in_another_folder_does_not_pass(self, library: Library, filled: dict[str, int]) -> None:
        """Two notes share a vector: the filter holds for the note, not for its text."""
        (copy,) = library.put_documents([note(library, "Copies/mint.md", NOTES["Garden/Herbs/mint.md"])])
        library.follow_words()
        query = bag_of_words("Mint wants water overnight")
        hits = library.nearest(MARK, query, Filters(folder=ROOT / "Copies"), 9)
        assert [hit.document_id for hit in hits] == [copy.document_id]


class TestReading:
    def test_a_page(self, library: Library, filled: dict[str, int]) -> None:
        bread = filled["bread.md"]
        notes = library.page([Wanted(document_id=bread), Wanted(document_id=999_999)], 16)
        assert list(notes) == [bread]
        shown = notes[bread]
        assert (shown.document.path, shown.root, shown.document.title) == (ROOT / "bread.md", ROOT, "bread")
        assert shown.whole == "\n".join(NOTES["bread.md"])
        assert [(c.start, c.end) for c in shown.chunks] == [(0, 30), (31, 42)]
        assert (shown.document.expected, shown.document.embedded) == (2, 2)

    def test_of_a_long_note_the_wanted_passages(self, library: Library) -> None:
        (put,) = library.put_documents([note(library, "long.md", tuple(f"part {i}" for i in range(40)))])
        everything = library.page([Wanted(document_id=put.document_id)], 99)[put.document_id].chunks
        some = Wanted(document_id=put.document_id, chunk_ids=[everything[7].id], spans=[(20, 22)])
        chunks = library.page([some], 16)[put.document_id].chunks
        assert sorted(c.ordinal for c in chunks) == [7, 20, 21, 22]
        (first,) = library.page([Wanted(document_id=put.document_id)], 16)[put.document_id].chunks
        assert first.ordinal == 0

    def test_texts_titles_and_counts(self, library: Library, filled: dict[str, int]) -> None:
        assert library.text(filled["bread.md"], 4, 14) == "sour dough"
        assert library.titles([filled["bread.md"]]) == {filled["bread.md"]: ("bread",)}
        assert library.facet_counts("tag") == (("food", 2), ("garden", 1))
        assert library.facet_counts("type") == (("markdown", 4),)
        library.put_documents([note(library, "de.md", ("Brot",), language="de")])
        assert library.languages() == (("en", 4), ("de", 1))
        assert library.check() == []
        assert set(library.bytes_on_disk()) == {"database", "keyword", "vectors"}

    def test_models_that_nobody_has_are_forgotten(self, library: Library, filled: dict[str, int]) -> None:
        library.remove_paths([str(ROOT / name) for name in NOTES])
        assert library.forget_models([MARK], [MARK]) == 0
        library.put_documents([note(library, "bread.md", NOTES["bread.md"])])
        assert embed(library) == []
        library.remove_paths([str(ROOT / "bread.md")])
        assert library.forget_models([], [MARK]) == 6
