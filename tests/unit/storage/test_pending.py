"""A folder's next model in the store: cut and embedded beside the one that answers, switched in one step;
what is held back; what is forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from notesearch.catalogue import LOCAL
from notesearch.domain import HeldBack, Told
from notesearch.errors import EmbeddingError, FileBinary, RequestRefused
from notesearch.storage.local.sqlite.documents import text_hash
from notesearch.storage.local.sqlite.store import Store
from notesearch.storage.values import ChunkPlan, FolderRow, NewDocument
from tests.unit.storage.conftest import MARK, MakeDocument, unit_vectors

NEXT, OTHER = "aimlapi/voyage-2", "aimlapi/voyage-code-2"
NEXT_MARK, OTHER_MARK = "b" * 16, "c" * 16


def cut(new: NewDocument, mark: str = NEXT_MARK, held: Sequence[HeldBack | None] = ()) -> ChunkPlan:
    return ChunkPlan(fingerprint=mark, chunks=new.chunks, embedded_texts=new.embedded_texts, held=held)


def row(store: Store) -> FolderRow:
    (only,) = store.folders()
    return only


def embed(store: Store, mark: str, *texts: str, seed: int = 0) -> None:
    store.put_vectors(mark, [text_hash(text) for text in texts], unit_vectors(len(texts), seed=seed))


def count(store: Store, mark: str) -> int:
    return store.count_vectors_since(mark, 0)


@pytest.fixture
def half(store: Store, make: MakeDocument) -> tuple[NewDocument, NewDocument]:
    """Two notes that are complete, and cut for the next model."""
    notes = make("a.md", ("one", "two")), make("b.md", ("three",))
    store.put_documents(notes)
    for note in notes:
        embed(store, MARK, *note.embedded_texts)
    store.set_next_model(row(store).id, NEXT)
    for note in notes:
        known = store.known_path(note.path)
        assert known is not None
        assert known.document_id is not None
        store.put_pending(known.document_id, cut(note))
    return notes


def document(store: Store, new: NewDocument) -> int:
    found = store.document_at(new.path)
    assert found is not None
    return found.id


def test_both_are_counted_apart(store: Store, half: tuple[NewDocument, NewDocument]) -> None:
    now = row(store)
    assert (now.model, now.next_model, now.complete, now.waiting, now.chunks, now.embedded) == (
        "local/all-minilm-l6-v2",
        NEXT,
        2,
        0,
        3,
        3,
    )
    assert (now.pending_chunks, now.pending_embedded, now.chunks_waiting) == (3, 0, 3)
    assert [w.text for w in store.waiting_chunks(NEXT_MARK, 10)] == [
        t for note in half for t in note.embedded_texts
    ]
    assert store.waiting_chunks(MARK, 10) == []
    embed(store, NEXT_MARK, half[0].embedded_texts[0])
    assert (row(store).pending_embedded, row(store).embedded) == (1, 3)
    assert len(store.waiting_chunks(NEXT_MARK, 10)) == 2
    assert store.waiting_chunks(NEXT_MARK, 10, []) == []
    assert len(store.waiting_chunks(NEXT_MARK, 1, [now.id])) == 1


def test_switched_in_one_step_and_only_when_complete(
    store: Store, half: tuple[NewDocument, NewDocument]
) -> None:
    folder = row(store).id
    before = store.position
    embed(store, NEXT_MARK, *half[0].embedded_texts)
    assert not store.switch_model(folder, NEXT, NEXT_MARK)
    assert row(store).next_model == NEXT
    embed(store, NEXT_MARK, *half[1].embedded_texts)
    assert not store.switch_model(folder, OTHER, NEXT_MARK), "another one was chosen meanwhile"
    assert not store.switch_model(folder, NEXT, OTHER_MARK), "not cut for this one"
    assert store.switch_model(folder, NEXT, NEXT_MARK)
    now = row(store)
    assert (now.model, now.next_model, now.previous_model) == (NEXT, "", "local/all-minilm-l6-v2")
    assert (now.complete, now.chunks, now.embedded, now.pending_chunks, now.pending_embedded) == (
        2,
        3,
        3,
        0,
        0,
    )
    assert store.fingerprints() == (NEXT_MARK,)
    assert store.position > before, "the keyword index learns of it"
    assert (count(store, MARK), count(store, NEXT_MARK)) == (3, 3)
    assert store.live_vector_ids(MARK) == set()
    assert len(store.live_vector_ids(NEXT_MARK)) == 3
    assert not store.switch_model(folder, "", NEXT_MARK)


def test_a_note_that_is_not_cut_yet_keeps_it_from_switching(
    store: Store, half: tuple[NewDocument, NewDocument], make: MakeDocument
) -> None:
    for note in half:
        embed(store, NEXT_MARK, *note.embedded_texts)
    new = make("new.md", ("four",))
    store.put_documents([new])
    store.put_documents([replace(new, pending=cut(new))])
    assert not store.switch_model(row(store).id, NEXT, NEXT_MARK)
    embed(store, NEXT_MARK, *new.embedded_texts)
    assert store.switch_model(row(store).id, NEXT, NEXT_MARK)


def test_chosen_again_or_not_at_all(store: Store, half: tuple[NewDocument, NewDocument]) -> None:
    embed(store, NEXT_MARK, *half[0].embedded_texts)
    store.set_next_model(row(store).id, OTHER)
    assert (row(store).pending_chunks, row(store).pending_embedded) == (0, 0)
    assert store.waiting_chunks(NEXT_MARK, 10) == []
    store.put_pending(document(store, half[0]), cut(half[0], OTHER_MARK))
    store.drop_pending(document(store, half[0]))
    assert row(store).pending_chunks == 0
    store.set_next_model(row(store).id, NEXT)
    store.put_pending(document(store, half[0]), cut(half[0]))
    assert (row(store).pending_chunks, row(store).pending_embedded) == (2, 2), "their vectors were kept"
    store.put_pending(12345, cut(half[0]))


def test_a_renamed_note_and_a_copy_take_what_is_there(
    store: Store, half: tuple[NewDocument, NewDocument], make: MakeDocument
) -> None:
    embed(store, NEXT_MARK, *half[0].embedded_texts)
    renamed = make("z.md", ("one", "two"), moved_from="a.md")
    store.put_documents([replace(renamed, pending=cut(renamed))])
    assert (row(store).pending_chunks, row(store).pending_embedded) == (3, 2)
    copied = make("y.md", ("one", "two"))
    store.put_documents([replace(copied, pending=cut(copied))])
    assert (row(store).pending_chunks, row(store).pending_embedded) == (5, 4)


def test_a_copy_that_was_cut_first_takes_what_is_found_later(store: Store, make: MakeDocument) -> None:
    """Going back to a model under which a copy was embedded with the title that it was copied from."""
    first, copy = make("x.md", ("one", "two")), make("y.md", ("one", "two"))
    store.put_documents([first, copy])
    store.put_vectors(NEXT_MARK, [text_hash(text) for text in first.embedded_texts], unit_vectors(2))
    store.set_next_model(row(store).id, NEXT)
    store.put_pending(document(store, copy), cut(copy))
    assert row(store).pending_embedded == 0
    store.put_pending(document(store, first), cut(first))
    assert (row(store).pending_chunks, row(store).pending_embedded) == (4, 4)


def test_the_former_vectors_go_when_nobody_needs_them(
    store: Store, half: tuple[NewDocument, NewDocument]
) -> None:
    for note in half:
        embed(store, NEXT_MARK, *note.embedded_texts)
    folder = row(store).id
    store.switch_model(folder, NEXT, NEXT_MARK)
    assert row(store).former_models == ("local/all-minilm-l6-v2",)
    assert store.forget_vectors_but(()) == 0, "the folder may go back to it"
    store.set_next_model(folder, OTHER)
    for note in half:
        store.put_pending(document(store, note), cut(note, OTHER_MARK))
        embed(store, OTHER_MARK, *note.embedded_texts)
    assert store.switch_model(folder, OTHER, OTHER_MARK)
    assert set(row(store).former_models) == {"local/all-minilm-l6-v2", NEXT}
    store.forget_former(folder)
    assert (row(store).previous_model, row(store).former_models) == ("", ())
    assert store.forget_vectors_but({MARK}) == 3
    assert (count(store, MARK), count(store, NEXT_MARK), count(store, OTHER_MARK)) == (3, 0, 3)
    assert store.forget_vectors_but(()) == 3
    assert (count(store, MARK), count(store, OTHER_MARK)) == (0, 3)


def test_a_model_that_was_begun_is_a_former_one(store: Store, half: tuple[NewDocument, NewDocument]) -> None:
    store.set_next_model(row(store).id, OTHER)
    assert row(store).former_models == (), "nothing was embedded for it"
    store.set_next_model(row(store).id, NEXT)
    store.put_pending(document(store, half[0]), cut(half[0]))
    embed(store, NEXT_MARK, *half[0].embedded_texts)
    store.set_next_model(row(store).id, "")
    assert (row(store).previous_model, row(store).former_models) == ("", (NEXT,))
    store.forget_former(row(store).id)
    assert store.forget_vectors_but(()) == 2
    assert (count(store, MARK), count(store, NEXT_MARK)) == (3, 0)


def test_a_folder_taken_into_another_one_leaves_its_models_to_it(
    store: Store, half: tuple[NewDocument, NewDocument]
) -> None:
    for note in half:
        embed(store, NEXT_MARK, *note.embedded_texts)
    assert store.switch_model(row(store).id, NEXT, NEXT_MARK)
    child = row(store).id
    store.add_folder(Path("/"), OTHER)
    store.absorb_folder(child, Path("/"))
    assert set(row(store).former_models) == {"local/all-minilm-l6-v2", NEXT}
    store.remove_folder(row(store).id)
    assert store.forget_vectors_but(()) == 3, "of both, and those in use went with the folder"


def test_a_removed_folder_takes_the_vectors_of_both(
    store: Store, half: tuple[NewDocument, NewDocument]
) -> None:
    embed(store, NEXT_MARK, *half[0].embedded_texts)
    store.remove_folder(row(store).id)
    assert (count(store, MARK), count(store, NEXT_MARK)) == (0, 0)


def test_what_an_edit_leaves_of_the_next_model_is_in_no_use(
    store: Store, half: tuple[NewDocument, NewDocument], make: MakeDocument
) -> None:
    embed(store, NEXT_MARK, *half[0].embedded_texts)
    edited = make("a.md", ("one", "TWO"))
    store.put_documents([replace(edited, pending=cut(edited))])
    unused = store._read(
        "SELECT fingerprint, count(*) FROM vectors WHERE unused_since IS NOT NULL GROUP BY 1 ORDER BY 1"
    )
    assert unused == [(MARK, 1), (NEXT_MARK, 1)]
    store.put_documents([replace(half[0], pending=cut(half[0]))])
    assert store._read("SELECT 1 FROM vectors WHERE unused_since IS NOT NULL") == []
    assert row(store).pending_embedded == 2
    store.remove_paths([str(half[0].path)])
    assert len(store._read("SELECT 1 FROM vectors WHERE unused_since IS NOT NULL")) == 4


# Held back


def test_what_is_held_back_is_not_waited_for(store: Store, make: MakeDocument) -> None:
    new = make("a.md", ("one", "secret", "three"))
    store.put_documents([replace(new, held=[None, HeldBack.SECRET, None])])
    now = row(store)
    assert (now.chunks, now.held_back, now.waiting) == (2, 1, 1)
    assert [w.text for w in store.waiting_chunks(MARK, 10)] == ["a\none", "a\nthree"]
    unsent = store.count_unsent(now.id, pending=False)
    assert (unsent.documents, unsent.chunks, unsent.tokens, unsent.characters) == (
        1,
        2,
        10,
        len("a\none" + "a\nthree"),
    )
    assert (unsent.embedded, unsent.held_back) == (0, 1)
    embed(store, MARK, "a\none", "a\nthree")
    assert (row(store).complete, row(store).waiting) == (1, 0)
    shown = store.outgoing(document(store, new), pending=False)
    assert [(held, sent) for *_, held, sent in shown] == [
        (None, True),
        (HeldBack.SECRET, False),
        (None, True),
    ]
    assert store.allow(document(store, new)) == 1
    assert (row(store).held_back, row(store).waiting) == (0, 1)
    assert [w.text for w in store.waiting_chunks(MARK, 10)] == ["a\nsecret"]
    # ChunkPlan again, it stays let go; in another text it is another passage.
    store.put_documents(
        [replace(make("a.md", ("one more", "secret", "three")), held=[None, HeldBack.SECRET, None])]
    )
    assert row(store).held_back == 0
    store.put_documents(
        [replace(make("a.md", ("one more", "secrets", "three")), held=[None, HeldBack.SECRET, None])]
    )
    assert row(store).held_back == 1
    assert store.allow(document(store, new)) == 1
    assert store.allow(document(store, new)) == 0


def test_the_same_text_is_counted_once(store: Store, make: MakeDocument) -> None:
    store.put_documents(
        [make("a.md", ("one", "one", "two"), prefix=""), make("b.md", ("two", "three"), prefix="")]
    )
    unsent = store.count_unsent(row(store).id, pending=False)
    assert (unsent.documents, unsent.chunks, unsent.characters) == (2, 3, len("onetwothree"))


def test_a_refused_text_is_a_problem_of_its_notes(
    store: Store, half: tuple[NewDocument, NewDocument]
) -> None:
    text = half[0].embedded_texts[0]
    refused = RequestRefused("request-refused.status", status=400, shown="empty")
    store.refuse_texts(NEXT_MARK, [text_hash(text)], refused)
    assert [(p.path.name, p.what, p.retryable) for p in store.problems()] == [
        ("a.md", Told.of(refused), True)
    ]
    now = row(store)
    assert (now.pending_chunks, now.held_back, now.failed, now.documents) == (2, 1, 0, 2)
    assert (now.chunks, now.embedded) == (3, 3), "the one that answers has it"
    embed(store, NEXT_MARK, half[0].embedded_texts[1], *half[1].embedded_texts)
    assert store.switch_model(now.id, NEXT, NEXT_MARK)
    assert (row(store).held_back, row(store).waiting, row(store).complete) == (1, 0, 2)
    assert len(store.problems()) == 1
    # Back to the model that took it, it is no problem; asked for again by the other, it is refused without
    # being sent.
    store.set_next_model(now.id, "local/all-minilm-l6-v2")
    for note in half:
        store.put_pending(document(store, note), cut(note, MARK))
    assert store.switch_model(now.id, "local/all-minilm-l6-v2", MARK)
    assert store.problems() == ()
    store.set_next_model(now.id, NEXT)
    store.put_pending(document(store, half[0]), cut(half[0]))
    assert (row(store).held_back, len(store.problems())) == (1, 1)
    store.set_next_model(now.id, "")
    assert store.problems() == ()


def check_kept_counts(store: Store) -> None:
    """What triggers count against counting."""
    sums = "sum(expected), sum(embedded), sum(pending_expected), sum(pending_embedded), sum(held_back), "
    for kept, counted in (
        (
            "SELECT * FROM counts",
            f"SELECT folder_id, fingerprint, count(*), sum(embedded >= expected), {sums}"
            "sum(pending_held_back) FROM documents GROUP BY 1, 2",
        ),
        ("SELECT * FROM facet_counts", "SELECT facet, count(*) FROM facets GROUP BY 1"),
        (
            "SELECT * FROM language_counts WHERE documents > 0",
            "SELECT language, count(*) FROM documents GROUP BY 1",
        ),
        (
            "SELECT * FROM problem_counts WHERE failed > 0",
            "SELECT folder_id, count(*) FROM problems WHERE NOT refused GROUP BY 1",
        ),
    ):
        assert sorted(store._read(kept)) == sorted(store._read(counted)), kept


def test_kept_counts_follow_all_that_happens(store: Store, make: MakeDocument, root: Path) -> None:
    folder = store.folders()[0].id
    store.put_documents(
        [make(f"{i}.md", ["x"], language="de", facets=("tag:a", f"tag:{i}")) for i in range(5)]
    )
    store.put_documents([make("5.md", ["y"], fingerprint="other", language="en")])
    check_kept_counts(store)
    assert sorted(store.fingerprints()) == sorted([MARK, "other"])
    store.put_documents(
        [make("0.md", ["z"], language="fr", facets=("tag:b",)), make("9.md", moved_from="1.md")]
    )
    store.put_problem(folder, root / "2.md", FileBinary(), size=1, mtime_ns=1, reading=1)
    store.put_problem(folder, root / "2.md", FileBinary(), size=2, mtime_ns=1, reading=1)
    store.put_problem(folder, root / "x.bin", FileBinary(), size=1, mtime_ns=1, reading=1)
    check_kept_counts(store)
    assert (store.folders()[0].documents, store.folders()[0].failed) == (7, 2)
    store.remove_paths([str(root / "3.md"), str(root / "x.bin"), str(root / "5.md")])
    check_kept_counts(store)
    assert store.fingerprints() == (MARK,)
    outer = store.add_folder(Path("/"), LOCAL.identifier)
    store.absorb_folder(folder, Path("/"))
    check_kept_counts(store)
    store.remove_folder(outer)
    check_kept_counts(store)
    assert store.facet_counts("tag") == ()


def test_counts_are_those_of_the_tables(
    store: Store, half: tuple[NewDocument, NewDocument], make: MakeDocument
) -> None:
    """The numbers in the rows of the notes against counting, after all that changes them."""

    def check() -> None:
        pending = "pending_expected, pending_embedded, pending_held_back"
        for generation, columns in enumerate(("expected, embedded, held_back", pending)):
            stored = store._read(f"SELECT id, {columns} FROM documents ORDER BY id")
            counted = store._read(
                "SELECT d.id, coalesce(sum(c.held = 0), 0), coalesce(sum(c.held = 0 AND c.vector_id IS NOT "
                "NULL), 0),"
                f" coalesce(sum(c.held > 0), 0) FROM documents d LEFT JOIN chunks c ON c.document_id = d.id "
                f"AND c.generation = {generation} GROUP BY d.id ORDER BY d.id"
            )
            assert stored == counted, columns
        check_kept_counts(store)

    check()
    embed(store, NEXT_MARK, *half[0].embedded_texts)
    check()
    secret = make("s.md", ("x", "y"))
    store.put_documents(
        [replace(secret, held=[HeldBack.PRIVATE] * 2, pending=cut(secret, held=[None, HeldBack.SECRET]))]
    )
    check()
    store.refuse_texts(NEXT_MARK, [text_hash(secret.embedded_texts[0])], EmbeddingError())
    check()
    assert store.forget_problems([secret.path]) == [secret.path]
    check()
    store.refuse_texts(NEXT_MARK, [text_hash(secret.embedded_texts[0])], EmbeddingError())
    store.allow(document(store, secret))
    check()
    embed(store, NEXT_MARK, *secret.embedded_texts, *half[1].embedded_texts, seed=3)
    embed(store, MARK, *secret.embedded_texts, seed=4)
    check()
    assert store.switch_model(row(store).id, NEXT, NEXT_MARK)
    check()
    store.set_next_model(row(store).id, "local/all-minilm-l6-v2")
    store.put_pending(document(store, secret), cut(secret, MARK))
    check()
    store.set_next_model(row(store).id, "")
    check()
