"""What every library does, whichever engine answers: the same tests for the local one and one in memory.

Here: documents as they come and go, and what finds and shows them. What is chosen for folders, and what may
be sent: test_library_choices.py.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from notesearch.catalogue import LOCAL
from notesearch.domain import Page
from notesearch.errors import FileUnreadable
from notesearch.storage.changes import (
    Applied,
    DocumentMoved,
    DocumentTouched,
    FileFailed,
    FileRead,
    FolderAbsorbed,
    FolderAdded,
    FolderRemoved,
    PathsRemoved,
)
from notesearch.storage.library import Library
from notesearch.storage.values import (
    EVERYTHING,
    LANGUAGE,
    UNFINISHED,
    AllOf,
    AnyOf,
    AtPaths,
    Condition,
    Excerpt,
    Filters,
    HasFacet,
    Holds,
    HoldsPhrase,
    IndexFigures,
    InFolder,
    IsCalled,
    IsDated,
    LiesAt,
    Not,
    NoteWanted,
    WithContent,
    text_hash,
)
from tests.embedders import bag_of_words
from tests.unit.storage.conftest import unit_vectors
from tests.unit.storage.libraries import (
    FINGERPRINT,
    NOTES,
    ROOT,
    add_folder,
    asked,
    embed,
    note,
    put,
    remove,
    state_at,
)


@pytest.fixture
def filled(library: Library) -> dict[str, int]:
    """Ids of the notes by name, embedded and read by the search by words; the later ones are newer."""
    news = [note(library, name, parts, mtime_ns=i) for i, (name, parts) in enumerate(NOTES.items())]
    stored = put(library, *news)
    embed(library)
    library.upkeep.follow_words()
    return {name: made.document_id for name, made in zip(NOTES, stored, strict=True)}


def shown(library: Library, ids: Iterable[int]) -> list[int]:
    """Those of these documents that are still there."""
    return list(library.notes([NoteWanted(document_id=i) for i in ids], 16))


class TestTakingIn:
    def test_a_note_waits_until_it_has_its_vectors(self, library: Library) -> None:
        (stored,) = put(library, note(library, "a.md", ("one", "two")))
        assert (stored.added, stored.chunks, stored.reused) == (True, 2, 0)
        (row,) = library.folders()
        assert (row.path, row.documents, row.complete, row.chunks, row.embedded) == (ROOT, 1, 0, 2, 0)
        assert embed(library) == ["one", "two"]
        (row,) = library.folders()
        assert (row.complete, row.embedded, library.waiting(FINGERPRINT, 9)) == (1, 2, [])

    def test_nothing_is_embedded_twice(self, library: Library) -> None:
        put(library, note(library, "a.md", ("one", "two")))
        embed(library)
        (edited,) = put(library, note(library, "a.md", ("one", "TWO")))
        assert (edited.added, edited.reused) == (False, 1)
        assert embed(library) == ["TWO"]
        assert put(library, note(library, "a.md", ("one", "two")))[0].reused == 2
        assert put(library, note(library, "copy.md", ("one", "two")))[0].reused == 2
        assert embed(library) == []

    def test_one_text_in_several_notes_waits_once_and_completes_all(self, library: Library) -> None:
        news = [note(library, f"{name}.md", (name, "shared")) for name in "abc"]
        put(library, *news)
        assert sorted(w.text for w in library.waiting(FINGERPRINT, 9)) == ["a", "b", "c", "shared"]
        assert library.put_vectors(FINGERPRINT, [text_hash("shared")], unit_vectors(1)) == 3

    def test_vectors_belong_to_their_model(self, library: Library) -> None:
        put(library, note(library, "a.md", ("one",)))
        embed(library)
        put(library, note(library, "b.md", ("one",), fingerprint="other", content_hash="x"))
        assert [w.text for w in library.waiting("other", 9)] == ["one"]
        assert sorted(library.fingerprints(EVERYTHING)) == sorted([FINGERPRINT, "other"])

    def test_a_move_keeps_the_id_and_what_stood_there_is_gone(self, library: Library) -> None:
        a, b = put(library, note(library, "a.md", ("one",)), note(library, "b.md", ("two",)))
        embed(library)
        (moved,) = put(library, note(library, "b.md", ("one",), moved_from=ROOT / "a.md"))
        assert (moved.document_id, moved.reused) == (a.document_id, 1)
        assert shown(library, [a.document_id, b.document_id]) == [a.document_id]
        assert library.documents_at(ROOT / "a.md") == ()

    def test_what_is_known_of_files(self, library: Library, filled: dict[str, int]) -> None:
        folder = library.folders()[0].id
        known = library.known(InFolder(folder))
        assert {path: state.document_id for path, state in known.items()} == {
            str(ROOT / name): number for name, number in filled.items()
        }
        assert state_at(library, "bread.md") == known[str(ROOT / "bread.md")]
        assert state_at(library, "none.md") is None
        assert remove(library, "bread.md", "none.md") == 1
        assert state_at(library, "bread.md") is None

    def test_parts_of_a_file_are_documents(self, library: Library) -> None:
        one, two = put(library, *(note(library, "mail.mbox", (text,), part=text) for text in ("1", "2")))
        assert one.document_id != two.document_id
        first, second = library.documents_at(ROOT / "mail.mbox")
        assert (first.id, first.part) == (one.document_id, "1")
        assert (second.id, second.part) == (two.document_id, "2")
        assert remove(library, "mail.mbox") == 2

    def test_a_file_is_read_when_all_its_parts_are_there(self, library: Library) -> None:
        parts = [
            note(library, "mail.mbox", (f"text {part}",), part=part, size=UNFINISHED, content_hash="file")
            for part in ("1", "2", "3")
        ]
        one, two, three = put(library, *parts)
        embed(library)
        state = state_at(library, "mail.mbox")
        assert state is not None
        assert (state.size, state.documents) == (UNFINISHED, 3)
        folder = parts[0].folder_id
        problem = FileFailed(
            folder_id=folder, path=ROOT / "x.mbox", error=FileUnreadable(), size=1, mtime_ns=1, reading=1
        )
        read = FileRead(folder_id=folder, path=ROOT / "mail.mbox", size=10, parts=("1", "2", "3"))
        position = library.position
        library.apply([read])
        state = state_at(library, "mail.mbox")
        assert state is not None
        assert (state.size, state.documents, library.position) == (10, 3, position)
        assert library.known(WithContent("file", FINGERPRINT)).keys() == {str(ROOT / "mail.mbox")}
        # One of them is read anew: as long as the others are not, the file is not read.
        put(library, replace(parts[1], mtime_ns=2, content_hash="other"))
        state = state_at(library, "mail.mbox")
        assert state is not None
        assert state.size == UNFINISHED
        assert library.known(InFolder(folder))[str(ROOT / "mail.mbox")].size == UNFINISHED
        library.apply([replace(read, parts=("2", "3"))])
        assert shown(library, [one.document_id, two.document_id, three.document_id]) == [
            two.document_id,
            three.document_id,
        ]
        library.apply([problem, replace(read, path=ROOT / "x.mbox", parts=())])
        assert library.problems() == ()

    def test_parts_of_one_file_are_no_copies_of_each_other(self, library: Library) -> None:
        """They have the hash of the same file; a copy of the file has the same parts."""
        same = {"content_hash": "file"}
        put(library, *(note(library, "a.mbox", (f"text {p}",), part=p, **same) for p in "12"))
        assert sorted(embed(library)) == ["text 1", "text 2"]
        first, second = put(
            library,
            *(
                note(library, "b.mbox", (f"text {p}",), part=p, embedded_texts=[f"b: text {p}"], **same)
                for p in "12"
            ),
        )
        assert (first.reused, second.reused, embed(library)) == (1, 1, [])

    def test_a_moved_file_keeps_the_ids_of_its_parts(self, library: Library) -> None:
        old = [note(library, "a.mbox", (f"text {p}",), part=p) for p in "12"]
        ids = [stored.document_id for stored in put(library, *old)]
        new = [note(library, "b.mbox", (f"text {p}",), part=p, moved_from=ROOT / "a.mbox") for p in "12"]
        assert [stored.document_id for stored in put(library, *new)] == ids
        assert library.documents_at(ROOT / "a.mbox") == ()

    def test_a_removed_folder_takes_all_along(self, library: Library, filled: dict[str, int]) -> None:
        late = note(library, "late.md", ("late",))
        library.apply([FolderRemoved(folder_id=late.folder_id)])
        assert (library.folders(), shown(library, filled.values())) == ((), [])
        assert put(library, late) == ()
        library.upkeep.follow_words()
        assert library.words(asked("overnight"), EVERYTHING, 9).hits == ()
        assert library.nearest(FINGERPRINT, bag_of_words("overnight"), EVERYTHING, 9) == []

    def test_positions_rise_and_changes_are_told(self, library: Library) -> None:
        told: list[int] = []
        leave = library.subscribe(lambda: told.append(library.position))
        put(library, note(library, "a.md", ("one",)))
        assert told[-1] == library.position > 0
        before = library.position
        remove(library, "a.md")
        assert library.position > before
        leave()
        number = len(told)
        put(library, note(library, "a.md", ("one",)))
        assert len(told) == number

    def test_changes_are_done_in_order_and_all_or_none(self, library: Library) -> None:
        folder = add_folder(library)
        put(library, note(library, "a.md", ("one",)))
        before = library.position
        outside = note(library, "x.md", ("x",), path=Path("/elsewhere/x.md"))
        with pytest.raises(ValueError, match="outside"):
            library.apply([PathsRemoved(paths=[str(ROOT / "a.md")]), note(library, "b.md", ("b",)), outside])
        assert list(library.known(InFolder(folder))) == [str(ROOT / "a.md")]
        assert library.position == before
        second = FolderAdded(path=Path("/library/Other"), model=LOCAL.identifier)
        applied = library.apply(
            [second, note(library, "b.md", ("b",)), PathsRemoved(paths=[str(ROOT / "b.md")]), second]
        )
        assert (len(applied.documents), applied.removed, len(set(applied.folders))) == (1, 1, 1)
        assert state_at(library, "b.md") is None
        assert library.apply([]) == Applied()

    def test_a_folder_and_its_notes_in_one_go(self, library: Library) -> None:
        """What comes first is there for what comes after."""
        folder = add_folder(library)
        parent = Path("/library")
        changes = [FolderAdded(path=parent, model=LOCAL.identifier)]
        put(library, note(library, "a.md", ("one",)))
        library.apply([*changes, FolderAbsorbed(folder_id=folder, parent=parent)])
        (row,) = library.folders()
        assert (row.path, row.documents, row.chunks) == (parent, 1, 1)
        (state,) = library.known(InFolder(row.id)).values()
        assert state.reading == 0, "read anew"
        assert library.newest(Filters(folder=ROOT), 9).total == 1
        assert library.newest(Filters(folder=parent), 9).total == 1
        child = add_folder(library, Path("/elsewhere/Notes"))
        put(library, note(library, "x.md", ("x",), folder_id=child, path=Path("/elsewhere/Notes/x.md")))
        around = FolderAdded(path=Path("/elsewhere"), model=LOCAL.identifier)
        taken_up = FolderAbsorbed(folder_id=child, parent=around.path)
        gone = PathsRemoved(paths=[str(Path("/elsewhere/Notes/x.md"))])
        assert library.apply([around, taken_up, gone]).removed == 1

    def test_only_the_time_changed(self, library: Library) -> None:
        (stored,) = put(library, note(library, "a.md", ("one",)))
        before = library.position
        library.apply([DocumentTouched(document_id=stored.document_id, size=9, mtime_ns=77)])
        state = state_at(library, "a.md")
        assert state is not None
        assert (state.size, state.mtime_ns, library.position) == (9, 77, before)

    def test_a_document_at_another_place(self, library: Library) -> None:
        facets = ["folder:notes", "folder:sub", "tag:x"]
        new = note(library, "sub/a.md", ("one",), facets=facets)
        (stored,) = put(library, new)
        before = library.position
        moved = DocumentMoved(
            document_id=stored.document_id,
            folder_id=new.folder_id,
            path=ROOT / "other/a.md",
            folders=["folder:notes", "folder:other"],
            size=9,
            mtime_ns=77,
            ctime_ns=78,
        )
        library.apply([moved])
        assert state_at(library, "sub/a.md") is None
        state = state_at(library, "other/a.md")
        assert state is not None
        assert (state.document_id, state.size, state.mtime_ns, state.ctime_ns) == (
            stored.document_id,
            9,
            77,
            78,
        )
        assert library.position > before
        for filters, number in (
            (Filters(facets=("folder:other",)), 1),
            (Filters(facets=("folder:sub",)), 0),
            (Filters(facets=("tag:x",)), 1),
            (Filters(folder=ROOT / "other"), 1),
            (Filters(folder=ROOT / "sub"), 0),
        ):
            assert library.newest(filters, 9).total == number, filters

    def test_files_are_known_by_place_and_by_content(self, library: Library) -> None:
        names = ("sub/a.md", "sub/deep/b.md", "sub.md", "subway/c.md")
        put(library, *(note(library, name, (name,)) for name in names))

        def known(name: str, *, below: bool = False) -> set[str]:
            found = library.known(AtPaths([str(ROOT / name)], below=below))
            return {Path(path).relative_to(ROOT).as_posix() for path in found}

        assert known("sub", below=True) == {"sub/a.md", "sub/deep/b.md"}
        assert known("sub.md", below=True) == known("sub.md") == {"sub.md"}
        assert known("sub") == known("none", below=True) == set()
        assert len(library.known(AtPaths([str(ROOT.parent)], below=True))) == 4
        both = AtPaths([str(ROOT / "sub.md"), str(ROOT / "none.md"), str(ROOT / "sub/a.md")])
        assert len(library.known(both)) == 2
        state = state_at(library, "sub.md")
        assert state is not None
        assert list(library.known(WithContent(state.content_hash, FINGERPRINT))) == [str(ROOT / "sub.md")]
        assert library.known(WithContent(state.content_hash, "other")) == {}

    def test_a_renamed_note_is_known_with_the_title_it_was_embedded_under(self, library: Library) -> None:
        put(library, note(library, "old.md", ("one", "two"), embedded_title="old"))
        embed(library)
        (folder,) = library.folders()
        assert library.known(InFolder(folder.id, renamed=True)) == {}
        put(library, note(library, "new.md", ("one", "two"), moved_from=ROOT / "old.md"))
        ((path, state),) = library.known(InFolder(folder.id, renamed=True)).items()
        assert (path, state.title, state.embedded_title) == (str(ROOT / "new.md"), "new", "old")

    def test_newest_notes_wait_first_and_of_some_folders(self, library: Library) -> None:
        one = note(library, "old.md", ("old",), mtime_ns=1)
        put(library, one, note(library, "new.md", ("new 1", "new 2"), mtime_ns=3))
        assert [w.text for w in library.waiting(FINGERPRINT, 9)] == ["new 1", "new 2", "old"]
        assert len(library.waiting(FINGERPRINT, 2)) == 2
        assert library.waiting(FINGERPRINT, 9, []) == library.waiting("other", 9) == []
        assert len(library.waiting(FINGERPRINT, 9, [one.folder_id])) == 3

    def test_words_follow(self, library: Library) -> None:
        put(library, note(library, "a.md", ("one",)))
        assert library.upkeep.unread in (0, 1), "a library without copies is always in step"
        library.upkeep.follow_words()
        assert library.upkeep.unread == library.upkeep.word_figures().missing == 0
        assert len(library.words(asked("one"), EVERYTHING, 9).hits) == 1


_MINT = "Garden/Herbs/mint.md"
_NO_FOOD = (_MINT, "Travel/lisbon.md")


def where(*conditions: Condition) -> Filters:
    return Filters(conditions=conditions)


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
    (Filters(titles=("toma*",)), {"Garden/tomatoes.md"}),
    (Filters(paths=("garden/tom*",)), {"Garden/tomatoes.md"}),
    (Filters(without_titles=("mint", "bread")), {"Garden/tomatoes.md", "Travel/lisbon.md"}),
    (where(AnyOf((Holds("castle"), IsCalled("mint")))), {_MINT, "Travel/lisbon.md"}),
    (where(AnyOf((HasFacet("tag:food"), LiesAt("herbs")))), {"bread.md", "Garden/tomatoes.md", _MINT}),
    (where(Not(AnyOf((HasFacet("tag:food"), Holds("castle"))))), {_MINT}),
    (where(AnyOf((Not(HasFacet("tag:food")), HoldsPhrase("rests overnight")))), {"bread.md", *_NO_FOOD}),
    (where(AllOf((Not(HasFacet("tag:food")), Not(Holds("castle"))))), {_MINT}),
    (where(AllOf((HasFacet("tag:food"), Not(Holds("overnight"))))), {"Garden/tomatoes.md"}),
    (where(Not(AllOf((HasFacet("tag:food"), HasFacet("tag:garden"))))), {"bread.md", *_NO_FOOD}),
    (where(Holds("castle"), Not(IsDated(date(2262, 1, 1), None))), {"Travel/lisbon.md"}),
    (where(IsDated(date(2262, 1, 1), None)), set()),
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
        newest = library.newest(filters, 3)
        assert [names[i] for i in newest.ids] == [n for n in reversed(NOTES) if n in expected][:3]
        assert newest.total == len(expected)
        query = replace(asked("overnight sun castle climbs climb"), exact="mint", exact_phrase=True)
        found = library.words(query, filters, 9)
        assert {hit.document_id for hit in found.hits} == wanted
        assert set(found.titled) == wanted & {filled[_MINT]}
        assert all(names[0] == "mint" and "mint.md" in names for names in found.titled.values())
        assert found.phrased == wanted & {filled[_MINT]}
        hits = library.nearest(FINGERPRINT, bag_of_words("overnight"), filters, 9)
        assert {hit.document_id for hit in hits} == wanted
        assert library.fingerprints(filters) == ((FINGERPRINT,) if expected else ())

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
        best, *others = library.nearest(FINGERPRINT, query, EVERYTHING, 9)
        assert best.document_id == filled["Garden/Herbs/mint.md"]
        assert best.score == pytest.approx(1.0, abs=1e-5)
        expected = float(bag_of_words("The sour dough rests overnight") @ query)
        dough = [h for h in others if h.document_id == filled["bread.md"]]
        assert max(h.score for h in dough) == pytest.approx(expected, abs=1e-5)
        assert [h.score for h in library.nearest(FINGERPRINT, query, EVERYTHING, 9, floor=0.99)] == [
            best.score
        ]
        assert len(library.nearest(FINGERPRINT, query, EVERYTHING, 2)) == 2

    def test_short_notes_are_scored_whole(self, library: Library, filled: dict[str, int]) -> None:
        query = bag_of_words("string")
        both = [filled["Garden/tomatoes.md"], filled["Travel/lisbon.md"]]
        hits = library.score(FINGERPRINT, query, both, 16)
        assert sorted(h.document_id for h in hits) == sorted([both[0], both[0], both[1]])
        assert {h.document_id for h in library.score(FINGERPRINT, query, both, 1)} == {both[1]}
        assert max(hits, key=lambda h: h.score).document_id == both[0]

    def test_notes_that_lack_vectors(self, library: Library, filled: dict[str, int]) -> None:
        (new,) = put(library, note(library, "new.md", ("unembedded one", "unembedded two")))
        assert library.without_vectors([*filled.values(), new.document_id, 99_999]) == {new.document_id}
        assert library.without_vectors([*filled.values()]) == set()
        embed(library)
        assert library.without_vectors([new.document_id]) == set()

    def test_notes_near_another(self, library: Library, filled: dict[str, int]) -> None:
        near = library.near_document(filled["bread.md"], FINGERPRINT, 9)
        assert near is not None
        assert filled["bread.md"] not in {hit.document_id for hit in near}
        assert max(near, key=lambda hit: hit.score).document_id in filled.values()
        (new,) = put(library, note(library, "new.md", ("no vector",)))
        assert library.near_document(new.document_id, FINGERPRINT, 9) is None

    def test_a_copy_in_another_folder_does_not_pass(self, library: Library, filled: dict[str, int]) -> None:
        """Two notes share a vector: the filter holds for the note, not for its text."""
        (copy,) = put(library, note(library, "Copies/mint.md", NOTES["Garden/Herbs/mint.md"]))
        library.upkeep.follow_words()
        query = bag_of_words("Mint wants water overnight")
        hits = library.nearest(FINGERPRINT, query, Filters(folder=ROOT / "Copies"), 9)
        assert [hit.document_id for hit in hits] == [copy.document_id]


class TestReading:
    def test_a_page(self, library: Library, filled: dict[str, int]) -> None:
        bread = filled["bread.md"]
        notes = library.notes([NoteWanted(document_id=bread), NoteWanted(document_id=999_999)], 16)
        assert list(notes) == [bread]
        shown = notes[bread]
        assert (shown.document.path, shown.root, shown.document.title) == (ROOT / "bread.md", ROOT, "bread")
        assert shown.whole == "\n".join(NOTES["bread.md"])
        assert [(c.start, c.end) for c in shown.chunks] == [(0, 30), (31, 42)]
        assert (shown.document.expected, shown.document.embedded) == (2, 2)

    def test_passages_know_their_place_in_the_file(self, library: Library) -> None:
        new = note(library, "book.pdf", ("one", "two"))
        places = (Page(number=7), None)
        chunks = [replace(c, locator=place) for c, place in zip(new.chunks, places, strict=True)]
        put(library, replace(new, chunks=chunks))
        copy = note(library, "copy.pdf", ("one", "two"))
        (stored,) = put(library, copy)
        found = library.notes([NoteWanted(document_id=stored.document_id)], 16)[stored.document_id]
        assert [chunk.locator for chunk in found.chunks] == [Page(number=7), None], "a copy is alike"

    def test_of_a_long_note_the_wanted_passages(self, library: Library) -> None:
        (stored,) = put(library, note(library, "long.md", tuple(f"part {i}" for i in range(40))))
        everything = library.notes([NoteWanted(document_id=stored.document_id)], 99)[
            stored.document_id
        ].chunks
        some = NoteWanted(document_id=stored.document_id, chunk_ids=[everything[7].id], spans=[(20, 22)])
        chunks = library.notes([some], 16)[stored.document_id].chunks
        assert sorted(c.ordinal for c in chunks) == [7, 20, 21, 22]
        (first,) = library.notes([NoteWanted(document_id=stored.document_id)], 16)[stored.document_id].chunks
        assert first.ordinal == 0

    def test_texts_titles_and_counts(self, library: Library, filled: dict[str, int]) -> None:
        bread = filled["bread.md"]
        assert library.text(bread, 4, 14) == Excerpt("sour dough", 0)
        assert library.text(bread, 31, 999) == Excerpt("Bake it hot", 1)
        assert library.text(bread, 5, 5) == library.text(999_999, 0, 9) == Excerpt("", 0)
        assert library.facets("tag") == (("food", 2), ("garden", 1))
        assert library.facets("type") == (("markdown", 4),)
        put(library, note(library, "de.md", ("Brot",), language="de"))
        assert library.facets(LANGUAGE) == (("en", 4), ("de", 1))
        assert library.check() == []
        assert set(library.bytes_on_disk()) == {"database", "keyword", "vectors"}
        assert library.upkeep.model_figures(FINGERPRINT) == IndexFigures(entries=6, missing=0)
        assert library.upkeep.word_figures().entries >= 4

    def test_models_that_nobody_has_are_forgotten(self, library: Library, filled: dict[str, int]) -> None:
        remove(library, *NOTES)
        assert library.upkeep.forget_models([FINGERPRINT], [FINGERPRINT]) == 0
        put(library, note(library, "bread.md", NOTES["bread.md"]))
        assert embed(library) == []
        remove(library, "bread.md")
        assert library.upkeep.forget_models([], [FINGERPRINT]) == 6


class TestUpkeep:
    """What whoever opened a library does for its copies: a library that has none has nothing to do."""

    def test_all_is_in_step_after_following(self, library: Library, filled: dict[str, int]) -> None:
        upkeep = library.upkeep
        upkeep.follow_model(FINGERPRINT)
        assert upkeep.ready(FINGERPRINT)
        remove(library, "bread.md")
        upkeep.follow_words()
        upkeep.refresh_model(FINGERPRINT)
        assert upkeep.unread == 0
        assert library.words(asked("dough"), EVERYTHING, 9).hits == ()
        found = library.nearest(FINGERPRINT, bag_of_words("dough overnight"), EVERYTHING, 9)
        assert filled["bread.md"] not in {hit.document_id for hit in found}
        put(library, note(library, "bread.md", NOTES["bread.md"]))
        upkeep.follow_words()
        upkeep.refresh_model(FINGERPRINT)
        assert len(library.words(asked("dough"), EVERYTHING, 9).hits) == 1
        assert len(library.nearest(FINGERPRINT, bag_of_words("dough overnight"), EVERYTHING, 9)) == 6

    def test_a_model_is_ready_when_it_was_waited_for(self, library: Library, filled: dict[str, int]) -> None:
        assert library.upkeep.ready("other", wait=True)
        assert library.upkeep.ready("other")

    def test_tidying_saving_and_resting_change_no_answer(
        self, library: Library, filled: dict[str, int]
    ) -> None:
        before = library.nearest(FINGERPRINT, bag_of_words("overnight"), EVERYTHING, 9)
        for work in (
            library.upkeep.tidy,
            library.upkeep.save,
            lambda: library.upkeep.save(closing=True),
            library.upkeep.rest,
        ):
            work()
            assert library.nearest(FINGERPRINT, bag_of_words("overnight"), EVERYTHING, 9) == before
            assert len(library.words(asked("overnight"), EVERYTHING, 9).hits) == 2

    def test_work_ends_where_it_is_stopped(self, library: Library, filled: dict[str, int]) -> None:
        put(library, note(library, "new.md", ("zanzibar",)))
        library.upkeep.follow_words(lambda: True)
        library.upkeep.follow_words()
        assert len(library.words(asked("zanzibar"), EVERYTHING, 9).hits) == 1
