"""What every library does, whichever engine answers: models chosen for folders, what may be sent to one, and
what could not be read. The other half of the contract: test_library_contract.py."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from notesearch.catalogue import LOCAL
from notesearch.domain import FileProblem, HeldBack, HeldNote, Outgoing, Told
from notesearch.errors import EmbeddingError, FileBinary, FileUnreadable, RequestRefused
from notesearch.storage.changes import (
    DeletionsHeld,
    DocumentCut,
    DocumentMoved,
    FileFailed,
    FolderAbsorbed,
    FolderAdded,
    FolderRemoved,
    FormerModelsForgotten,
    ModelAgreed,
    ModelChosen,
    ModelSwitched,
    NextModelChosen,
    OthersCounted,
    PassagesAllowed,
    ProblemsForgotten,
    TextsRefused,
)
from notesearch.storage.library import Library
from notesearch.storage.values import (
    EVERYTHING,
    ChunkPlan,
    FolderRow,
    Held,
    InFolder,
    NewDocument,
    Unsent,
    text_hash,
)
from tests.embedders import bag_of_words
from tests.unit.storage.libraries import (
    FINGERPRINT,
    ROOT,
    add_folder,
    embed,
    embed_texts,
    note,
    put,
    remove,
    state_at,
)

NEXT, OTHER = "aimlapi/voyage-2", "aimlapi/voyage-code-2"
NEXT_MARK, OTHER_MARK = "b" * 16, "c" * 16


def row(library: Library) -> FolderRow:
    (only,) = library.folders()
    return only


def plan(new: NewDocument, fingerprint: str = NEXT_MARK) -> ChunkPlan:
    return ChunkPlan(fingerprint=fingerprint, chunks=new.chunks, embedded_texts=new.embedded_texts)


def choose_next(library: Library, model: str) -> None:
    library.apply([NextModelChosen(folder_id=row(library).id, model=model)])


def cut(library: Library, *news: NewDocument, fingerprint: str = NEXT_MARK) -> None:
    """Cut these notes for the next model too."""
    for new in news:
        state = state_at(library, new.path.relative_to(ROOT).as_posix())
        assert state is not None
        assert state.document_id is not None
        library.apply([DocumentCut(document_id=state.document_id, plan=plan(new, fingerprint))])


def switched(library: Library, model: str = NEXT, fingerprint: str = NEXT_MARK) -> bool:
    folder = row(library).id
    switch = ModelSwitched(folder_id=folder, model=model, fingerprint=fingerprint)
    return library.apply([switch]).switched == (folder,)


def failed(library: Library, name: str, error: FileUnreadable | FileBinary) -> FileFailed:
    folder = add_folder(library)
    return FileFailed(folder_id=folder, path=ROOT / name, error=error, size=5, mtime_ns=9, reading=1)


def held(library: Library) -> NewDocument:
    """A note with a passage that goes, and two that stay."""
    reasons = [None, HeldBack.SECRET, HeldBack.PRIVATE]
    return note(library, "held.md", ("goes", "secret", "private"), held=reasons)


@pytest.fixture
def half(library: Library) -> tuple[NewDocument, NewDocument]:
    """Two notes that are complete, and cut for the next model."""
    notes = note(library, "a.md", ("one", "two")), note(library, "b.md", ("three",))
    put(library, *notes)
    embed(library)
    choose_next(library, NEXT)
    cut(library, *notes)
    return notes


class TestFolders:
    def test_what_is_chosen_for_a_folder(self, library: Library) -> None:
        folder = add_folder(library)
        assert add_folder(library) == folder
        library.apply(
            [
                ModelChosen(folder_id=folder, model=NEXT),
                ModelAgreed(folder_id=folder, consent_text=f"{NEXT} there"),
                DeletionsHeld(folder_id=folder, held=Held.ASKING, missing=30),
                DeletionsHeld(folder_id=folder, held=Held.KEPT),
                OthersCounted(folder_id=folder, others=44),
            ]
        )
        now = row(library)
        assert (now.id, now.path, now.model, now.next_model) == (folder, ROOT, NEXT, "")
        assert (now.agreed, now.held, now.missing, now.others) == (f"{NEXT} there", Held.KEPT, 30, 44)
        library.apply([ModelAgreed(folder_id=folder, consent_text="")])
        library.apply([DeletionsHeld(folder_id=folder, held=Held.NO, missing=0)])
        assert (row(library).agreed, row(library).held, row(library).missing) == ("", Held.NO, 0)

    def test_folders_come_by_path(self, library: Library) -> None:
        for name in ("b", "a", "c"):
            add_folder(library, Path("/library") / name)
        assert [folder.path.name for folder in library.folders()] == ["a", "b", "c"]


class TestNextModel:
    def test_both_are_counted_apart(self, library: Library, half: tuple[NewDocument, NewDocument]) -> None:
        now = row(library)
        assert (now.model, now.next_model, now.complete, now.chunks, now.embedded) == (
            LOCAL.identifier,
            NEXT,
            2,
            3,
            3,
        )
        assert (now.pending_chunks, now.pending_embedded, now.chunks_waiting) == (3, 0, 3)
        assert sorted(w.text for w in library.waiting(NEXT_MARK, 9)) == ["one", "three", "two"]
        assert library.waiting(FINGERPRINT, 9) == []
        assert embed_texts(library, NEXT_MARK, ["one"]) == 1
        assert (row(library).pending_embedded, row(library).embedded) == (1, 3)
        state = state_at(library, "a.md")
        assert state is not None
        assert (state.fingerprint, state.pending) == (FINGERPRINT, NEXT_MARK)
        assert library.fingerprints(EVERYTHING) == (FINGERPRINT,), "it does not answer yet"

    def test_it_answers_when_it_is_complete(
        self, library: Library, half: tuple[NewDocument, NewDocument]
    ) -> None:
        before = library.position
        embed_texts(library, NEXT_MARK, ["one", "two"])
        assert not switched(library)
        embed_texts(library, NEXT_MARK, ["three"])
        assert not switched(library, OTHER), "another one was chosen meanwhile"
        assert not switched(library, fingerprint=OTHER_MARK), "not cut for this one"
        assert (row(library).next_model, library.position) == (NEXT, before)
        assert switched(library)
        now = row(library)
        assert (now.model, now.next_model, now.previous_model) == (NEXT, "", LOCAL.identifier)
        assert (now.complete, now.chunks, now.embedded, now.pending_chunks) == (2, 3, 3, 0)
        assert now.former_models == (LOCAL.identifier,)
        assert library.fingerprints(EVERYTHING) == (NEXT_MARK,)
        assert library.position > before
        assert len(library.nearest(NEXT_MARK, bag_of_words("one"), EVERYTHING, 9)) == 3
        library.upkeep.refresh_model(FINGERPRINT)
        assert library.nearest(FINGERPRINT, bag_of_words("one"), EVERYTHING, 9) == []
        assert not switched(library, "")

    def test_a_note_that_is_not_cut_yet_keeps_it_from_answering(
        self, library: Library, half: tuple[NewDocument, NewDocument]
    ) -> None:
        embed_texts(library, NEXT_MARK, ["one", "two", "three"])
        new = note(library, "new.md", ("four",))
        put(library, new)
        assert not switched(library)
        put(library, replace(new, pending=plan(new)))
        assert not switched(library)
        embed_texts(library, NEXT_MARK, ["four"])
        assert switched(library)

    def test_chosen_again_or_not_at_all(
        self, library: Library, half: tuple[NewDocument, NewDocument]
    ) -> None:
        embed_texts(library, NEXT_MARK, ["one", "two"])
        choose_next(library, OTHER)
        assert (row(library).pending_chunks, row(library).former_models) == (0, (NEXT,))
        assert library.waiting(NEXT_MARK, 9) == []
        cut(library, half[0], fingerprint=OTHER_MARK)
        assert row(library).pending_chunks == 2
        state = state_at(library, "a.md")
        assert state is not None
        library.apply([DocumentCut(document_id=state.document_id or 0, plan=None)])
        assert row(library).pending_chunks == 0
        choose_next(library, NEXT)
        cut(library, half[0])
        assert (row(library).pending_chunks, row(library).pending_embedded) == (2, 2), "vectors were kept"
        choose_next(library, "")
        assert (row(library).next_model, row(library).pending_chunks) == ("", 0)
        library.apply([DocumentCut(document_id=999_999, plan=plan(half[0]))])

    def test_a_renamed_note_and_a_copy_take_what_is_there(
        self, library: Library, half: tuple[NewDocument, NewDocument]
    ) -> None:
        embed_texts(library, NEXT_MARK, ["one", "two"])
        moved = note(library, "z.md", ("one", "two"), moved_from=ROOT / "a.md")
        put(library, replace(moved, pending=plan(moved)))
        assert (row(library).pending_chunks, row(library).pending_embedded) == (3, 2)
        copied = note(library, "y.md", ("one", "two"))
        put(library, replace(copied, pending=plan(copied)))
        assert (row(library).pending_chunks, row(library).pending_embedded) == (5, 4)

    def test_a_copy_that_was_cut_first_takes_what_is_found_later(self, library: Library) -> None:
        """Going back to a model under which a copy was embedded with the title that it was copied from."""
        first = note(library, "x.md", ("one", "two"))
        copy = replace(note(library, "y.md", ("one", "two")), embedded_texts=["y: one", "y: two"])
        put(library, first, copy)
        embed_texts(library, NEXT_MARK, ["one", "two"])
        choose_next(library, NEXT)
        cut(library, copy)
        assert row(library).pending_embedded == 0
        cut(library, first)
        assert (row(library).pending_chunks, row(library).pending_embedded) == (4, 4)

    def test_former_vectors_go_when_nobody_needs_them(
        self, library: Library, half: tuple[NewDocument, NewDocument]
    ) -> None:
        embed_texts(library, NEXT_MARK, ["one", "two", "three"])
        assert switched(library)
        forget = library.upkeep.forget_models
        assert forget([], [NEXT_MARK]) == 0, "the folder may go back to it"
        library.apply([FormerModelsForgotten(folder_id=row(library).id)])
        assert (row(library).previous_model, row(library).former_models) == ("", ())
        assert forget([FINGERPRINT], [NEXT_MARK]) == 0
        assert forget([], [NEXT_MARK]) == 3
        assert len(library.nearest(NEXT_MARK, bag_of_words("one"), EVERYTHING, 9)) == 3

    def test_a_folder_taken_into_another_one_leaves_its_models_to_it(
        self, library: Library, half: tuple[NewDocument, NewDocument]
    ) -> None:
        embed_texts(library, NEXT_MARK, ["one", "two", "three"])
        assert switched(library)
        parent = ROOT.parent
        taken_up = FolderAbsorbed(folder_id=row(library).id, parent=parent)
        library.apply([FolderAdded(path=parent, model=OTHER), taken_up])
        assert set(row(library).former_models) == {LOCAL.identifier, NEXT}
        library.apply([FolderRemoved(folder_id=row(library).id)])
        assert library.upkeep.forget_models([], []) == 3, "of both, and those in use went with the folder"


class TestHeldBack:
    def test_it_is_shown_and_not_waited_for(self, library: Library) -> None:
        (stored,) = put(library, held(library))
        now = row(library)
        assert (now.chunks, now.held_back, now.waiting) == (1, 2, 1)
        assert [w.text for w in library.waiting(FINGERPRINT, 9)] == ["goes"]
        embed(library)
        assert (row(library).complete, row(library).waiting) == (1, 0)
        assert library.outgoing(stored.document_id, pending=False) == (
            Outgoing(text="goes", line=1, held_back=None, sent=True),
            Outgoing(text="secret", line=2, held_back=HeldBack.SECRET, sent=False),
            Outgoing(text="private", line=3, held_back=HeldBack.PRIVATE, sent=False),
        )
        assert library.outgoing(stored.document_id, pending=True) == ()
        reasons = (HeldBack.PRIVATE, HeldBack.SECRET)
        assert library.held_back(now.id, pending=False, limit=9) == (
            HeldNote(path=ROOT / "held.md", title="held", passages=2, reasons=reasons),
        )
        assert library.held_back(now.id, pending=True, limit=9) == ()
        assert library.held_back(now.id, pending=False, limit=0) == ()

    def test_what_the_user_lets_go_stays_let_go(self, library: Library) -> None:
        (stored,) = put(library, held(library))
        allow = PassagesAllowed(document_id=stored.document_id)
        assert library.apply([allow]).allowed == 2
        assert row(library).held_back == library.apply([allow]).allowed == 0
        assert sorted(w.text for w in library.waiting(FINGERPRINT, 9)) == ["goes", "private", "secret"]
        remove(library, "held.md")
        put(library, held(library))
        assert row(library).held_back == 0

    def test_what_is_not_sent_yet_is_counted(self, library: Library) -> None:
        put(library, held(library), note(library, "b.md", ("goes", "more", "more")))
        folder = row(library).id
        assert library.unsent(folder, pending=False) == Unsent(
            documents=2, chunks=2, tokens=10, characters=8, embedded=0, held_back=2
        )
        embed(library)
        assert library.unsent(folder, pending=False) == Unsent(
            documents=0, chunks=0, tokens=0, characters=0, embedded=4, held_back=2
        )
        assert library.unsent(folder, pending=True).embedded == 0


class TestProblems:
    def test_a_problem_replaces_the_note_and_a_good_reading_the_problem(self, library: Library) -> None:
        put(library, note(library, "a.md", ("one",)))
        before = library.position
        library.apply([failed(library, "a.md", FileUnreadable())])
        assert library.documents_at(ROOT / "a.md") == ()
        assert library.position > before
        (problem,) = library.problems()
        assert problem == FileProblem(
            path=ROOT / "a.md",
            what=Told.of(FileUnreadable()),
            retryable=FileUnreadable().retryable,
            modified=9e-9,
        )
        state = state_at(library, "a.md")
        assert state is not None
        assert (state.document_id, state.size, state.mtime_ns) == (None, 5, 9)
        assert library.known(InFolder(row(library).id)) == {str(ROOT / "a.md"): state}
        assert (row(library).documents, row(library).failed, row(library).waiting) == (1, 1, 0)
        put(library, note(library, "a.md", ("better",)))
        assert library.problems() == ()

    def test_problems_are_tried_again_or_go(self, library: Library) -> None:
        library.apply([failed(library, "again.md", FileUnreadable()), failed(library, "no.md", FileBinary())])
        assert [p.path.name for p in library.problems()] == ["again.md", "no.md"]
        assert library.apply([ProblemsForgotten(paths=None)]).to_read == (ROOT / "again.md",)
        assert [p.path.name for p in library.problems()] == ["no.md"]
        assert library.apply([ProblemsForgotten(paths=[ROOT / "no.md"])]).to_read == (ROOT / "no.md",)
        assert library.problems() == ()
        library.apply([failed(library, "gone.md", FileBinary())])
        assert remove(library, "gone.md") == 0
        assert library.problems() == ()

    def test_what_fails_in_a_folder_that_is_gone_is_left_out(self, library: Library) -> None:
        late = failed(library, "late.md", FileBinary())
        library.apply([FolderRemoved(folder_id=late.folder_id), late])
        assert library.problems() == ()

    def test_a_refused_text_is_a_problem_of_its_notes(
        self, library: Library, half: tuple[NewDocument, NewDocument]
    ) -> None:
        refused = RequestRefused("request-refused.status", status=400, shown="empty")
        library.apply([TextsRefused(fingerprint=NEXT_MARK, digests=[text_hash("one")], error=refused)])
        (problem,) = library.problems()
        assert (problem.path, problem.what, problem.retryable) == (ROOT / "a.md", Told.of(refused), True)
        now = row(library)
        assert (now.pending_chunks, now.held_back, now.failed, now.documents) == (2, 1, 0, 2)
        assert (now.chunks, now.embedded) == (3, 3), "the one that answers has it"
        embed_texts(library, NEXT_MARK, ["two", "three"])
        assert switched(library)
        assert (row(library).held_back, row(library).waiting, len(library.problems())) == (1, 0, 1)

    def test_what_was_refused_is_told_where_its_note_is_now(
        self, library: Library, half: tuple[NewDocument, NewDocument]
    ) -> None:
        refused = TextsRefused(fingerprint=NEXT_MARK, digests=[text_hash("one")], error=EmbeddingError())
        library.apply([refused])
        state = state_at(library, "a.md")
        assert state is not None
        assert state.document_id is not None
        moved = DocumentMoved(
            document_id=state.document_id,
            folder_id=half[0].folder_id,
            path=ROOT / "other/a.md",
            folders=[],
            size=state.size,
            mtime_ns=state.mtime_ns,
        )
        library.apply([moved])
        assert [problem.path for problem in library.problems()] == [ROOT / "other/a.md"]

    def test_a_refused_text_may_be_sent_again(
        self, library: Library, half: tuple[NewDocument, NewDocument]
    ) -> None:
        refused = TextsRefused(fingerprint=NEXT_MARK, digests=[text_hash("one")], error=EmbeddingError())
        library.apply([refused])
        assert "one" not in [w.text for w in library.waiting(NEXT_MARK, 9)]
        cut(library, half[0])
        assert "one" not in [w.text for w in library.waiting(NEXT_MARK, 9)], "also when it is cut again"
        assert library.apply([ProblemsForgotten(paths=None)]).to_read == (ROOT / "a.md",)
        assert "one" in [w.text for w in library.waiting(NEXT_MARK, 9)]
        assert library.problems() == ()
        library.apply([refused])
        choose_next(library, "")
        assert library.problems() == (), "the folder does not have that model any more"
