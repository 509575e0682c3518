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
from notesearch.storage.local.sqlite.store import Store
from notesearch.storage.values import ChunkPlan, FolderRow, NewDocument, text_hash
from tests.unit.storage.conftest import FINGERPRINT, MakeDocument, fail, state_of, unit_vectors

NEXT, OTHER = "aimlapi/voyage-2", "aimlapi/voyage-code-2"
NEXT_MARK, OTHER_MARK = "b" * 16, "c" * 16


def cut(new: NewDocument, fingerprint: str = NEXT_MARK, held: Sequence[HeldBack | None] = ()) -> ChunkPlan:
    return ChunkPlan(fingerprint=fingerprint, chunks=new.chunks, embedded_texts=new.embedded_texts, held=held)


def row(store: Store) -> FolderRow:
    (only,) = store.folders.rows()
    return only


def embed(store: Store, fingerprint: str, *texts: str, seed: int = 0) -> None:
    store.vectors.put(fingerprint, [text_hash(text) for text in texts], unit_vectors(len(texts), seed=seed))


def count(store: Store, fingerprint: str) -> int:
    return store.vectors.count_since(fingerprint, 0)


@pytest.fixture
def half(store: Store, make: MakeDocument) -> tuple[NewDocument, NewDocument]:
    """Two notes that are complete, and cut for the next model."""
    notes = make("a.md", ("one", "two")), make("b.md", ("three",))
    store.documents.put(notes)
    for note in notes:
        embed(store, FINGERPRINT, *note.embedded_texts)
    store.pending.set_next_model(row(store).id, NEXT)
    for note in notes:
        known = state_of(store, note.path)
        assert known is not None
        assert known.document_id is not None
        store.documents.cut(known.document_id, cut(note))
    return notes


def document(store: Store, new: NewDocument) -> int:
    found = store.questions.document_at(new.path)
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
    assert [w.text for w in store.questions.waiting(NEXT_MARK, 10)] == [
        t for note in half for t in note.embedded_texts
    ]
    assert store.questions.waiting(FINGERPRINT, 10) == []
    embed(store, NEXT_MARK, half[0].embedded_texts[0])
    assert (row(store).pending_embedded, row(store).embedded) == (1, 3)
    assert len(store.questions.waiting(NEXT_MARK, 10)) == 2
    assert store.questions.waiting(NEXT_MARK, 10, []) == []
    assert len(store.questions.waiting(NEXT_MARK, 1, [now.id])) == 1


def test_switched_in_one_step_and_only_when_complete(
    store: Store, half: tuple[NewDocument, NewDocument]
) -> None:
    folder = row(store).id
    before = store.position
    embed(store, NEXT_MARK, *half[0].embedded_texts)
    assert not store.pending.switch_model(folder, NEXT, NEXT_MARK)
    assert row(store).next_model == NEXT
    embed(store, NEXT_MARK, *half[1].embedded_texts)
    assert not store.pending.switch_model(folder, OTHER, NEXT_MARK), "another one was chosen meanwhile"
    assert not store.pending.switch_model(folder, NEXT, OTHER_MARK), "not cut for this one"
    assert store.pending.switch_model(folder, NEXT, NEXT_MARK)
    now = row(store)
    assert (now.model, now.next_model, now.previous_model) == (NEXT, "", "local/all-minilm-l6-v2")
    assert (now.complete, now.chunks, now.embedded, now.pending_chunks, now.pending_embedded) == (
        2,
        3,
        3,
        0,
        0,
    )
    assert store.vectors.fingerprints() == (NEXT_MARK,)
    assert store.position > before, "the keyword index learns of it"
    assert (count(store, FINGERPRINT), count(store, NEXT_MARK)) == (3, 3)
    assert store.vectors.live_ids(FINGERPRINT) == set()
    assert len(store.vectors.live_ids(NEXT_MARK)) == 3
    assert not store.pending.switch_model(folder, "", NEXT_MARK)


def test_a_note_that_is_not_cut_yet_keeps_it_from_switching(
    store: Store, half: tuple[NewDocument, NewDocument], make: MakeDocument
) -> None:
    for note in half:
        embed(store, NEXT_MARK, *note.embedded_texts)
    new = make("new.md", ("four",))
    store.documents.put([new])
    store.documents.put([replace(new, pending=cut(new))])
    assert not store.pending.switch_model(row(store).id, NEXT, NEXT_MARK)
    embed(store, NEXT_MARK, *new.embedded_texts)
    assert store.pending.switch_model(row(store).id, NEXT, NEXT_MARK)


def test_chosen_again_or_not_at_all(store: Store, half: tuple[NewDocument, NewDocument]) -> None:
    embed(store, NEXT_MARK, *half[0].embedded_texts)
    store.pending.set_next_model(row(store).id, OTHER)
    assert (row(store).pending_chunks, row(store).pending_embedded) == (0, 0)
    assert store.questions.waiting(NEXT_MARK, 10) == []
    store.documents.cut(document(store, half[0]), cut(half[0], OTHER_MARK))
    store.documents.cut(document(store, half[0]), None)
    assert row(store).pending_chunks == 0
    store.pending.set_next_model(row(store).id, NEXT)
    store.documents.cut(document(store, half[0]), cut(half[0]))
    assert (row(store).pending_chunks, row(store).pending_embedded) == (2, 2), "their vectors were kept"
    store.documents.cut(12345, cut(half[0]))


def test_a_renamed_note_and_a_copy_take_what_is_there(
    store: Store, half: tuple[NewDocument, NewDocument], make: MakeDocument
) -> None:
    embed(store, NEXT_MARK, *half[0].embedded_texts)
    renamed = make("z.md", ("one", "two"), moved_from="a.md")
    store.documents.put([replace(renamed, pending=cut(renamed))])
    assert (row(store).pending_chunks, row(store).pending_embedded) == (3, 2)
    copied = make("y.md", ("one", "two"))
    store.documents.put([replace(copied, pending=cut(copied))])
    assert (row(store).pending_chunks, row(store).pending_embedded) == (5, 4)


def test_a_copy_that_was_cut_first_takes_what_is_found_later(store: Store, make: MakeDocument) -> None:
    """Going back to a model under which a copy was embedded with the title that it was copied from."""
    first, copy = make("x.md", ("one", "two")), make("y.md", ("one", "two"))
    store.documents.put([first, copy])
    store.vectors.put(NEXT_MARK, [text_hash(text) for text in first.embedded_texts], unit_vectors(2))
    store.pending.set_next_model(row(store).id, NEXT)
    store.documents.cut(document(store, copy), cut(copy))
    assert row(store).pending_embedded == 0
    store.documents.cut(document(store, first), cut(first))
    assert (row(store).pending_chunks, row(store).pending_embedded) == (4, 4)


def test_the_former_vectors_go_when_nobody_needs_them(
    store: Store, half: tuple[NewDocument, NewDocument]
) -> None:
    for note in half:
        embed(store, NEXT_MARK, *note.embedded_texts)
    folder = row(store).id
    store.pending.switch_model(folder, NEXT, NEXT_MARK)
    assert row(store).former_models == ("local/all-minilm-l6-v2",)
    assert store.vectors.forget_but(()) == 0, "the folder may go back to it"
    store.pending.set_next_model(folder, OTHER)
    for note in half:
        store.documents.cut(document(store, note), cut(note, OTHER_MARK))
        embed(store, OTHER_MARK, *note.embedded_texts)
    assert store.pending.switch_model(folder, OTHER, OTHER_MARK)
    assert set(row(store).former_models) == {"local/all-minilm-l6-v2", NEXT}
    store.pending.forget_former(folder)
    assert (row(store).previous_model, row(store).former_models) == ("", ())
    assert store.vectors.forget_but({FINGERPRINT}) == 3
    assert (count(store, FINGERPRINT), count(store, NEXT_MARK), count(store, OTHER_MARK)) == (3, 0, 3)
    assert store.vectors.forget_but(()) == 3
    assert (count(store, FINGERPRINT), count(store, OTHER_MARK)) == (0, 3)


def test_a_model_that_was_begun_is_a_former_one(store: Store, half: tuple[NewDocument, NewDocument]) -> None:
    store.pending.set_next_model(row(store).id, OTHER)
    assert row(store).former_models == (), "nothing was embedded for it"
    store.pending.set_next_model(row(store).id, NEXT)
    store.documents.cut(document(store, half[0]), cut(half[0]))
    embed(store, NEXT_MARK, *half[0].embedded_texts)
    store.pending.set_next_model(row(store).id, "")
    assert (row(store).previous_model, row(store).former_models) == ("", (NEXT,))
    store.pending.forget_former(row(store).id)
    assert store.vectors.forget_but(()) == 2
    assert (count(store, FINGERPRINT), count(store, NEXT_MARK)) == (3, 0)


def test_a_folder_taken_into_another_one_leaves_its_models_to_it(
    store: Store, half: tuple[NewDocument, NewDocument]
) -> None:
    for note in half:
        embed(store, NEXT_MARK, *note.embedded_texts)
    assert store.pending.switch_model(row(store).id, NEXT, NEXT_MARK)
    child = row(store).id
    store.folders.add(Path("/"), OTHER)
    store.folders.absorb(child, Path("/"))
    assert set(row(store).former_models) == {"local/all-minilm-l6-v2", NEXT}
    store.folders.remove(row(store).id)
    assert store.vectors.forget_but(()) == 3, "of both, and those in use went with the folder"


def test_a_removed_folder_takes_the_vectors_of_both(
    store: Store, half: tuple[NewDocument, NewDocument]
) -> None:
    embed(store, NEXT_MARK, *half[0].embedded_texts)
    store.folders.remove(row(store).id)
    assert (count(store, FINGERPRINT), count(store, NEXT_MARK)) == (0, 0)


def test_what_an_edit_leaves_of_the_next_model_is_in_no_use(
    store: Store, half: tuple[NewDocument, NewDocument], make: MakeDocument
) -> None:
    embed(store, NEXT_MARK, *half[0].embedded_texts)
    edited = make("a.md", ("one", "TWO"))
    store.documents.put([replace(edited, pending=cut(edited))])
    unused = store.database.read(
        "SELECT fingerprint, count(*) FROM vectors WHERE unused_since IS NOT NULL GROUP BY 1 ORDER BY 1"
    )
    assert unused == [(FINGERPRINT, 1), (NEXT_MARK, 1)]
    store.documents.put([replace(half[0], pending=cut(half[0]))])
    assert store.database.read("SELECT 1 FROM vectors WHERE unused_since IS NOT NULL") == []
    assert row(store).pending_embedded == 2
    store.documents.remove([str(half[0].path)])
    assert len(store.database.read("SELECT 1 FROM vectors WHERE unused_since IS NOT NULL")) == 4


# Held back


def test_what_is_held_back_is_not_waited_for(store: Store, make: MakeDocument) -> None:
    new = make("a.md", ("one", "secret", "three"))
    store.documents.put([replace(new, held=[None, HeldBack.SECRET, None])])
    now = row(store)
    assert (now.chunks, now.held_back, now.waiting) == (2, 1, 1)
    assert [w.text for w in store.questions.waiting(FINGERPRINT, 10)] == ["a\none", "a\nthree"]
    unsent = store.pending.count_unsent(now.id, pending=False)
    assert (unsent.documents, unsent.chunks, unsent.tokens, unsent.characters) == (
        1,
        2,
        10,
        len("a\none" + "a\nthree"),
    )
    assert (unsent.embedded, unsent.held_back) == (0, 1)
    embed(store, FINGERPRINT, "a\none", "a\nthree")
    assert (row(store).complete, row(store).waiting) == (1, 0)
    shown = store.pending.outgoing(document(store, new), pending=False)
    assert [(p.text, p.held_back, p.sent) for p in shown] == [
        ("a\none", None, True),
        ("a\nsecret", HeldBack.SECRET, False),
        ("a\nthree", None, True),
    ]
    assert store.pending.allow(document(store, new)) == 1
    assert (row(store).held_back, row(store).waiting) == (0, 1)
    assert [w.text for w in store.questions.waiting(FINGERPRINT, 10)] == ["a\nsecret"]
    # ChunkPlan again, it stays let go; in another text it is another passage.
    store.documents.put(
        [replace(make("a.md", ("one more", "secret", "three")), held=[None, HeldBack.SECRET, None])]
    )
    assert row(store).held_back == 0
    store.documents.put(
        [replace(make("a.md", ("one more", "secrets", "three")), held=[None, HeldBack.SECRET, None])]
    )
    assert row(store).held_back == 1
    assert store.pending.allow(document(store, new)) == 1
    assert store.pending.allow(document(store, new)) == 0


def test_the_same_text_is_counted_once(store: Store, make: MakeDocument) -> None:
    store.documents.put(
        [make("a.md", ("one", "one", "two"), prefix=""), make("b.md", ("two", "three"), prefix="")]
    )
    unsent = store.pending.count_unsent(row(store).id, pending=False)
    assert (unsent.documents, unsent.chunks, unsent.characters) == (2, 3, len("onetwothree"))


def test_a_refused_text_is_a_problem_of_its_notes(
    store: Store, half: tuple[NewDocument, NewDocument]
) -> None:
    text = half[0].embedded_texts[0]
    refused = RequestRefused("request-refused.status", status=400, shown="empty")
    store.pending.refuse_texts(NEXT_MARK, [text_hash(text)], refused)
    assert [(p.path.name, p.what, p.retryable) for p in store.folders.problems()] == [
        ("a.md", Told.of(refused), True)
    ]
    now = row(store)
    assert (now.pending_chunks, now.held_back, now.failed, now.documents) == (2, 1, 0, 2)
    assert (now.chunks, now.embedded) == (3, 3), "the one that answers has it"
    embed(store, NEXT_MARK, half[0].embedded_texts[1], *half[1].embedded_texts)
    assert store.pending.switch_model(now.id, NEXT, NEXT_MARK)
    assert (row(store).held_back, row(store).waiting, row(store).complete) == (1, 0, 2)
    assert len(store.folders.problems()) == 1
    # Back to the model that took it, it is no problem; asked for again by the other, it is refused without
    # being sent.
    store.pending.set_next_model(now.id, "local/all-minilm-l6-v2")
    for note in half:
        store.documents.cut(document(store, note), cut(note, FINGERPRINT))
    assert store.pending.switch_model(now.id, "local/all-minilm-l6-v2", FINGERPRINT)
    assert store.folders.problems() == ()
    store.pending.set_next_model(now.id, NEXT)
    store.documents.cut(document(store, half[0]), cut(half[0]))
    assert (row(store).held_back, len(store.folders.problems())) == (1, 1)
    store.pending.set_next_model(now.id, "")
    assert store.folders.problems() == ()


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
        assert sorted(store.database.read(kept)) == sorted(store.database.read(counted)), kept


def test_kept_counts_follow_all_that_happens(store: Store, make: MakeDocument, root: Path) -> None:
    folder = store.folders.rows()[0].id
    store.documents.put(
        [make(f"{i}.md", ["x"], language="de", facets=("tag:a", f"tag:{i}")) for i in range(5)]
    )
    store.documents.put([make("5.md", ["y"], fingerprint="other", language="en")])
    check_kept_counts(store)
    assert sorted(store.vectors.fingerprints()) == sorted([FINGERPRINT, "other"])
    store.documents.put(
        [make("0.md", ["z"], language="fr", facets=("tag:b",)), make("9.md", moved_from="1.md")]
    )
    fail(store, folder, root / "2.md", FileBinary())
    fail(store, folder, root / "2.md", FileBinary(), size=2, mtime_ns=1)
    fail(store, folder, root / "x.bin", FileBinary())
    check_kept_counts(store)
    assert (store.folders.rows()[0].documents, store.folders.rows()[0].failed) == (7, 2)
    store.documents.remove([str(root / "3.md"), str(root / "x.bin"), str(root / "5.md")])
    check_kept_counts(store)
    assert store.vectors.fingerprints() == (FINGERPRINT,)
    outer = store.folders.add(Path("/"), LOCAL.identifier)
    store.folders.absorb(folder, Path("/"))
    check_kept_counts(store)
    store.folders.remove(outer)
    check_kept_counts(store)
    assert store.questions.facets("tag") == ()


def test_counts_are_those_of_the_tables(
    store: Store, half: tuple[NewDocument, NewDocument], make: MakeDocument
) -> None:
    """The numbers in the rows of the notes against counting, after all that changes them."""

    def check() -> None:
        pending = "pending_expected, pending_embedded, pending_held_back"
        for generation, columns in enumerate(("expected, embedded, held_back", pending)):
            stored = store.database.read(f"SELECT id, {columns} FROM documents ORDER BY id")
            counted = store.database.read(
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
    store.documents.put(
        [replace(secret, held=[HeldBack.PRIVATE] * 2, pending=cut(secret, held=[None, HeldBack.SECRET]))]
    )
    check()
    store.pending.refuse_texts(NEXT_MARK, [text_hash(secret.embedded_texts[0])], EmbeddingError())
    check()
    assert store.folders.forget_problems([secret.path]) == [secret.path]
    check()
    store.pending.refuse_texts(NEXT_MARK, [text_hash(secret.embedded_texts[0])], EmbeddingError())
    store.pending.allow(document(store, secret))
    check()
    embed(store, NEXT_MARK, *secret.embedded_texts, *half[1].embedded_texts, seed=3)
    embed(store, FINGERPRINT, *secret.embedded_texts, seed=4)
    check()
    assert store.pending.switch_model(row(store).id, NEXT, NEXT_MARK)
    check()
    store.pending.set_next_model(row(store).id, "local/all-minilm-l6-v2")
    store.documents.cut(document(store, secret), cut(secret, FINGERPRINT))
    check()
    store.pending.set_next_model(row(store).id, "")
    check()
