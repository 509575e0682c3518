"""What stays on this computer: private notes and what looks like a secret are in no request, until the person
lets them go."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from notesearch.domain import FolderState, HeldBack, Query
from notesearch.engine.engine import Engine
from notesearch.errors import NotIndexed
from tests.conftest import fill, found, long_note, reconcile, write
from tests.embedders import HashingEmbedder
from tests.gateway import Fault, Gateway, Request
from tests.integration.conftest import CODE, LOCAL, SMALL, StartRemote, arrived, everything, folder, use

TOKEN = "ghp_" + "a1B2c3D4e5F6g7H8i9J0" + "k1L2m3N4o5P6q7R8"
AWS = "AKIA" + "Q7X2M6PLR4TV3WZ5"
CARD = "4539 1488 0343 6467"
PRIVATE = "wistaria"
LETTERS = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj"
BLOCK = "\n".join(f"{LETTERS[i % 30 :]}{LETTERS[: i % 30]}" for i in range(60))
ARMOUR = f"-----BEGIN PRIVATE KEY-----\n{BLOCK}\n-----END PRIVATE KEY-----"
NOTES = {
    "diary.md": f"---\nprivate: true\n---\n# Diary\n\nThe {PRIVATE} blooms and nobody knows.\n",
    "access.md": long_note("One", "Two")
    + f"\n# Three\n\nThe token is {TOKEN} and works.\n\n"
    + long_note("Four"),
    "heading.md": f"# The key {AWS} of the shop\n\n"
    + "\n\n".join(f"## Part {n}\n\n" + f"Shop words {n}. " * 60 for n in range(3)),
    f"pay with {CARD}.txt": "The card is in the drawer, under the letters.\n",
    "armour.md": f"# Server\n\nBefore it.\n\n{ARMOUR}\n\nAfter it.\n\n" + long_note("Harmless"),
    "open.md": "# Open\n\nThe tram climbs to the castle.\n",
}
SECRETS = (TOKEN, AWS, CARD, PRIVATE, "PRIVATE KEY", *(LETTERS[n : n + 12] for n in range(0, 50, 4)))


def secrets_in(gateway: Gateway) -> list[str]:
    written = everything(gateway)
    return [secret for secret in SECRETS if secret in written]


def held(engine: Engine, note: Path) -> list[HeldBack | None]:
    return [passage.held_back for passage in engine.models.outgoing(note)]


@pytest.fixture(params=["beside", "first"])
def sent(request: pytest.FixtureRequest, remote: Engine, notes: Path) -> Engine:
    """The folder with its notes at the remote model: as the model of an embedded folder, and as its first."""
    fill(notes, NOTES)
    if request.param == "beside":
        reconcile(remote, notes)
    else:
        remote.folders.add(notes, SMALL)
    use(remote, notes, SMALL)
    return remote


def test_no_secret_is_in_any_request(sent: Engine, notes: Path, gateway: Gateway) -> None:
    assert secrets_in(gateway) == []
    assert held(sent, notes / "diary.md") == [HeldBack.PRIVATE]
    assert held(sent, notes / f"pay with {CARD}.txt") == [HeldBack.SECRET]
    assert set(held(sent, notes / "heading.md")) == {HeldBack.SECRET}
    assert len(held(sent, notes / "heading.md")) > 1
    assert held(sent, notes / "access.md").count(HeldBack.SECRET) == 1
    assert held(sent, notes / "armour.md").count(HeldBack.SECRET) > 2, "cut over several passages"
    assert held(sent, notes / "armour.md").count(None) >= 1
    kept = [h for note in notes.iterdir() for h in held(sent, note) if h]
    now = folder(sent, notes)
    assert now.held_back == len(kept)
    assert (now.complete, now.waiting, now.state) == (len(NOTES), 0, FolderState.READY)
    assert sent.models.estimate(notes).held_back == len(kept)
    assert sent.models.estimate(notes).complete
    # All of it is found by its words.
    assert found(sent, PRIVATE)[0] == "diary.md"
    assert found(sent, "card drawer letters")[0] == f"pay with {CARD}.txt"
    assert found(sent, "tram castle", "meaning") == ["open.md"]


def test_what_is_let_go_is_sent_and_nothing_else(sent: Engine, notes: Path, gateway: Gateway) -> None:
    before = arrived(gateway)
    number = held(sent, notes / "access.md").count(HeldBack.SECRET)
    withheld = [p.text for p in sent.models.outgoing(notes / "access.md") if p.held_back]
    assert sent.models.allow(notes / "access.md") == number == 1
    reconcile(sent)
    assert list(arrived(gateway) - before) == withheld
    assert secrets_in(gateway) == [TOKEN]
    assert set(held(sent, notes / "access.md")) == {None}
    assert found(sent, "token works", "meaning")[0] == "access.md"
    # Cut again after an edit elsewhere in the note: still let go, and not paid again.
    before = arrived(gateway)
    note = notes / "access.md"
    note.write_text(note.read_text().replace("Four: The starter", "Four: The leaven"))
    reconcile(sent)
    new = arrived(gateway) - before
    assert new
    assert all("leaven" in text for text in new)
    assert set(held(sent, note)) == {None}
    assert secrets_in(gateway) == [TOKEN]
    # Another secret in it is not let go with the first.
    note.write_text(note.read_text().replace("One: The starter", f"One: {AWS} The starter", 1))
    reconcile(sent)
    assert held(sent, note).count(HeldBack.SECRET) == 1
    assert secrets_in(gateway) == [TOKEN]
    with pytest.raises(NotIndexed):
        sent.models.allow(notes / "none.md")


def test_a_note_made_private_later_is_not_sent_again(sent: Engine, notes: Path, gateway: Gateway) -> None:
    note = notes / "open.md"
    before = arrived(gateway)
    note.write_text(
        "---\nprivate: true\n---\n# Open\n\nThe tram climbs to the castle.\n\nAnd the harbour is near.\n"
    )
    reconcile(sent)
    assert arrived(gateway) == before
    assert set(held(sent, note)) == {HeldBack.PRIVATE}
    use(sent, notes, CODE)
    assert not [text for text in arrived(gateway, CODE) if "tram" in text or "harbour" in text]
    note.write_text("# Open\n\nThe tram climbs to the castle.\n\nAnd the harbour is near.\n")
    reconcile(sent)
    assert [text for text in arrived(gateway, CODE) if "harbour is near" in text]


def test_back_on_this_computer_all_of_it_is_embedded(
    sent: Engine, notes: Path, gateway: Gateway, embedder: HashingEmbedder
) -> None:
    number = len(gateway.requests)
    use(sent, notes, LOCAL)
    now = folder(sent, notes)
    assert (now.held_back, now.state, now.complete) == (0, FolderState.READY, len(NOTES))
    assert any(PRIVATE in text for text in embedder.texts)
    assert any(TOKEN in text for text in embedder.texts)
    assert found(sent, f"{PRIVATE} blooms", "meaning")[0] == "diary.md"
    assert len(gateway.requests) == number


def test_a_title_in_the_front_matter_is_looked_at(remote: Engine, notes: Path, gateway: Gateway) -> None:
    write(notes, "a.md", f"---\ntitle: Login with {TOKEN}\n---\nThe tram climbs to the castle.\n")
    write(notes, "b.md", "The harbour.\n")
    remote.folders.add(notes, SMALL)
    use(remote, notes, SMALL)
    assert secrets_in(gateway) == []
    assert held(remote, notes / "a.md") == [HeldBack.SECRET]
    # A copy under a harmless name is the same note.
    (notes / "a.md").rename(notes / "c.md")
    reconcile(remote)
    assert secrets_in(gateway) == []


def test_ignored_notes_are_not_even_read(remote: Engine, notes: Path, gateway: Gateway) -> None:
    fill(notes, {".notesearchignore": "Drafts/\n", "Drafts/a.md": f"{PRIVATE}\n", "b.md": "The harbour.\n"})
    remote.folders.add(notes, SMALL)
    use(remote, notes, SMALL)
    assert list(arrived(gateway)) == ["b\nThe harbour."]


def test_a_text_that_the_server_refuses_is_a_problem_and_the_rest_goes_on(
    start_remote: StartRemote, notes: Path, gateway: Gateway
) -> None:
    def refuse(request: Request) -> Fault | None:
        return (
            Fault(400, message="Invalid input") if any("poison" in text for text in request.inputs) else None
        )

    gateway.rule = refuse
    fill(notes, {f"{n}.md": f"note {n}\n" for n in range(20)})
    fill(notes, {"bad.md": long_note("Fine") + "\n# Bad\n\nthe poison of it\n"})
    engine = start_remote()
    engine.folders.add(notes, SMALL)
    engine.models.agree(notes)
    reconcile(engine)
    now = folder(engine, notes)
    assert (now.complete, now.waiting, now.failed, now.held_back) == (21, 0, 0, 1)
    assert [p.path.name for p in engine.indexing.problems()] == ["bad.md"]
    assert held(engine, notes / "bad.md").count(HeldBack.REFUSED) == 1
    assert found(engine, "poison")[0] == "bad.md"
    assert found(engine, "starter flour water", "meaning")[0] == "bad.md"
    number = len(gateway.requests)
    assert reconcile(engine).requests == 0
    engine.close()
    again = start_remote()
    assert reconcile(again).requests == 0
    assert len(gateway.requests) == number
    # An edit beside it, and a copy, send the rest alone.
    note = notes / "bad.md"
    poisoned = [r.inputs for r in gateway.requests if any("the poison of it" in text for text in r.inputs)][
        -1
    ]
    write(notes, "bad.md", note.read_text().replace("Fine: ", "Finer: ", 2))
    (notes / "copy.md").write_text(note.read_text())
    number = len(gateway.requests)
    assert reconcile(again).requests
    assert not any("poison" in text for r in gateway.requests[number:] for text in r.inputs)
    assert sorted(p.path.name for p in again.indexing.problems()) == ["bad.md", "copy.md"]
    assert folder(again, notes).held_back == 2
    (notes / "copy.md").unlink()
    reconcile(again)
    assert [(p.path.name, p.retryable) for p in again.indexing.problems()] == [("bad.md", True)]
    # The person asks again: once.
    number = len(gateway.requests)
    again.indexing.retry([note])
    reconcile(again)
    assert [r.inputs for r in gateway.requests[number:] if r.status == 400] == [poisoned]
    assert [p.path.name for p in again.indexing.problems()] == ["bad.md"]
    # Corrected, it is sent, and the problem is gone.
    note.write_text(note.read_text().replace("poison", "remedy"))
    reconcile(again)
    assert again.indexing.problems() == ()
    assert folder(again, notes).held_back == 0
    assert again.search.fused(Query(text="remedy")).matches


def test_kinds_that_were_not_read_when_the_user_agreed(
    start_remote: StartRemote, notes: Path, tmp_path: Path, gateway: Gateway
) -> None:
    """A data folder of a version that read four kinds of notes: source code beside them stays here."""
    fill(notes, {"open.md": "# Open\n\nThe tram climbs.\n"})
    first = start_remote()
    first.folders.add(notes, SMALL)
    use(first, notes, SMALL)
    first.close()
    with closing(sqlite3.connect(tmp_path / "data" / "notes.sqlite")) as database:
        database.execute("UPDATE folders SET first_kinds = 1")
        database.commit()
    fill(notes, {"tool.py": "def wistaria():\n    return 1\n", "new.md": "# New\n\nThe bus waits.\n"})
    engine = start_remote()
    reconcile(engine, notes)
    assert held(engine, notes / "tool.py") == [HeldBack.KIND]
    assert held(engine, notes / "new.md") == [None]
    assert "wistaria" not in everything(gateway)
    assert found(engine, "wistaria", "keyword") == ["tool.py"]
