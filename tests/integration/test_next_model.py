"""A folder's next model is built beside the one that answers; nothing is paid twice on the way there, back,
or over again. Counted by the server."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from notesearch import catalogue
from notesearch.catalogue import KEY_VARIABLES, fingerprint_of
from notesearch.config.settings import save_settings
from notesearch.domain import FolderState, Query
from notesearch.engine.engine import Engine
from notesearch.storage.local.library import LocalLibrary
from tests.conftest import StartEngine, fill, found, long_note, reconcile, wait_until, write
from tests.embedders import HashingEmbedder
from tests.gateway import KEY, Fault, Gateway, Request
from tests.integration.conftest import (
    CODE,
    LOCAL,
    MANY,
    SMALL,
    VAULT,
    StartRemote,
    arrived,
    folder,
    queries,
    settings_for,
    texts_of,
    use,
)
from tests.integration.test_nothing_twice import ask

ROOT = Path(__file__).resolve().parents[2]
EVERY = "SELECT count(*) FROM vectors"


def fingerprint(identifier: str) -> str:
    return fingerprint_of(catalogue.model(identifier))


def vectors_of(data_dir: Path, identifier: str) -> int:
    return ask(data_dir, f"{EVERY} WHERE fingerprint = '{fingerprint(identifier)}'")


def on_own_server(start_remote: StartRemote, notes: Path, own: Gateway) -> Engine:
    """An engine with a folder that a server of the person's own has embedded."""
    engine = start_remote()
    fill(notes, VAULT)
    engine.models.make_known("shed", "mine", own.url)
    engine.folders.add(notes, "shed/mine")
    engine.models.agree(notes)
    reconcile(engine)
    return engine


# Beside the old one


def test_the_old_one_answers_until_the_new_one_is_complete(
    remote: Engine, notes: Path, gateway: Gateway, embedder: HashingEmbedder
) -> None:
    fill(notes, VAULT)
    reconcile(remote, notes)
    gateway.rule = lambda request: Fault("hang")
    use(remote, notes, SMALL, wait=False)
    wait_until(lambda: gateway.in_flight)
    now = folder(remote, notes)
    assert (now.model, now.next_model, now.state) == (LOCAL, SMALL, FolderState.INDEXING)
    assert (now.complete, now.waiting, now.next_done, now.next_total) == (
        len(VAULT),
        0,
        0,
        len(texts_of(notes)),
    )
    results = remote.search.fused(Query(text="castle tram"))
    assert results.matches[0].path.name == "lisbon.md"
    assert (results.notices, results.searched, results.of) == ((), len(VAULT), len(VAULT))
    assert embedder.queries == ["castle tram"]
    # Changed while the other is made: both learn of it.
    write(notes, "bread.md", "# Bread\n\nThe rye dough is baked at noon.\n")
    write(notes, "new.md", "# Harbour\n\nA lamp at the quay.\n")
    (notes / "garden.txt").unlink()
    (notes / "Travel/lisbon.md").rename(notes / "portugal.md")
    gateway.rule = None
    gateway.closing.set()
    wait_until(lambda: not gateway.in_flight)
    gateway.closing.clear()
    reconcile(remote)
    after = folder(remote, notes)
    assert (after.model, after.next_model, after.previous_model, after.state) == (
        SMALL,
        "",
        LOCAL,
        FolderState.READY,
    )
    assert (after.complete, after.waiting, after.documents) == (4, 0, 4)
    assert [found(remote, q, "meaning")[0] for q in ("rye dough baked", "castle tram", "lamp quay")] == [
        "bread.md",
        "portugal.md",
        "new.md",
    ]
    assert set(texts_of(notes)) <= set(arrived(gateway))
    assert not found(remote, "tomatoes", "keyword")


def test_the_old_one_answers_also_where_both_are_remote(
    remote: Engine, notes: Path, gateway: Gateway, embedder: HashingEmbedder
) -> None:
    fill(notes, VAULT)
    reconcile(remote, notes)
    use(remote, notes, SMALL)

    def hold(request: Request) -> Fault | None:
        return Fault(401) if request.body["model"] == "voyage-code-2" else None

    gateway.rule = hold
    remote.models.prepare(notes, CODE)
    remote.models.agree(notes)
    write(notes, "new.md", "# Harbour\n\nA lamp at the quay.\n")
    wait_until(lambda: any(r.body["model"] == "voyage-code-2" for r in list(gateway.requests)))
    remote.reconcile()
    results = remote.search.fused(Query(text="lamp quay"))
    assert (results.matches[0].path.name, results.notices) == ("new.md", ())
    assert results.matches[0].matched_by == "both"
    assert folder(remote, notes).next_model == CODE
    gateway.rule = None
    reconcile(remote)
    assert folder(remote, notes).model == CODE
    assert {max(arrived(gateway, identifier).values()) for identifier in (SMALL, CODE)} == {1}
    assert not embedder.queries


@pytest.mark.parametrize("between", [SMALL, LOCAL])
def test_going_back_costs_nothing(
    remote: Engine, notes: Path, gateway: Gateway, embedder: HashingEmbedder, between: str
) -> None:
    """Also after a rename and a copy of notes that take their titles from their names."""
    fill(notes, {**VAULT, "plain.txt": "The night train leaves at ten.\n"})
    reconcile(remote, notes)
    use(remote, notes, CODE)
    (notes / "garden.txt").rename(notes / "vegetables.txt")
    shutil.copy(notes / "plain.txt", notes / "a copy of it.txt")
    reconcile(remote)
    use(remote, notes, between)
    sent, made = len(gateway.requests), len(embedder.texts)
    estimate = remote.models.prepare(notes, CODE)
    assert estimate.complete
    assert (estimate.chunks, estimate.tokens, estimate.usd) == (0, 0, None)
    assert estimate.reused
    remote.models.agree(notes)
    reconcile(remote)
    assert folder(remote, notes).model == CODE
    assert (len(gateway.requests), len(embedder.texts)) == (sent, made)
    assert found(remote, "night train", "meaning")[0] in ("plain.txt", "a copy of it.txt")
    use(remote, notes, between)
    assert len([r for r in gateway.requests if isinstance(r.body["input"], list)]) == sent


def test_the_former_index_is_dropped_where_nobody_needs_it(
    remote: Engine, notes: Path, gateway: Gateway
) -> None:
    other = fill(notes.parent / "Other", {"o.md": "The harbour lamp is green.\n"})
    fill(notes, VAULT)
    reconcile(remote, notes, other)
    use(remote, notes, CODE)
    use(remote, other, CODE)
    use(remote, notes, SMALL)
    data = remote.data_dir
    codes, local = vectors_of(data, CODE), vectors_of(data, LOCAL)
    assert set(folder(remote, notes).former_models) == {LOCAL, CODE}
    assert remote.models.forget_former(notes) == 0, "another folder has the one and may go back to the other"
    assert (vectors_of(data, CODE), vectors_of(data, LOCAL)) == (codes, local)
    assert (folder(remote, notes).previous_model, folder(remote, notes).former_models) == ("", ())
    use(remote, other, SMALL)
    assert remote.models.forget_former(other) == codes + local
    assert vectors_of(data, CODE) == vectors_of(data, LOCAL) == 0
    assert remote.models.forget_former(other) == 0
    assert vectors_of(data, SMALL) == len(arrived(gateway, SMALL))
    assert found(remote, "castle tram", "meaning")[0] == "lisbon.md"
    assert found(remote, "green lamp", "meaning")[0] == "o.md"
    # Again to be paid, and said so.
    assert remote.models.prepare(notes, CODE).chunks == len(texts_of(notes, CODE))


def test_all_former_indexes_are_dropped_from_memory_and_disk(
    start_remote: StartRemote, notes: Path, gateway: Gateway
) -> None:
    fill(notes, VAULT)
    engine = start_remote()
    reconcile(engine, notes)
    for identifier in (CODE, MANY, SMALL):
        use(engine, notes, identifier)
    local = engine.library
    assert isinstance(local, LocalLibrary)
    for identifier in (LOCAL, CODE, MANY, SMALL):
        local.vector_copies.index(fingerprint(identifier)).save(local.store.instance)
    assert set(folder(engine, notes).former_models) == {LOCAL, CODE, MANY}
    # As long as nothing was dropped, each of them is free.
    asked = sum(arrived(gateway).values())
    for identifier in (CODE, LOCAL, SMALL):
        use(engine, notes, identifier)
    assert sum(arrived(gateway).values()) == asked
    dropped = sum(vectors_of(engine.data_dir, identifier) for identifier in (LOCAL, CODE, MANY))
    assert engine.models.forget_former(notes) == dropped
    assert {path.stem for path in (engine.data_dir / "vectors").iterdir()} == {fingerprint(SMALL)}
    for identifier in (CODE, MANY):
        assert not local.upkeep.ready(fingerprint(identifier))
    assert found(engine, "castle tram", "meaning")[0] == "lisbon.md"
    # To be paid again, and made from nothing.
    use(engine, notes, CODE)
    assert found(engine, "castle tram", "meaning")[0] == "lisbon.md"
    assert max(arrived(gateway, CODE).values()) == 2
    engine.folders.remove(notes)
    assert ask(engine.data_dir, EVERY) == 0
    assert list((engine.data_dir / "vectors").iterdir()) == []
    assert not local.upkeep.ready(fingerprint(CODE))
    engine.folders.add(notes, CODE)
    engine.models.agree(notes)
    reconcile(engine)
    assert found(engine, "castle tram", "meaning")[0] == "lisbon.md"


def test_a_former_model_that_has_left_the_settings_is_dropped_too(
    start_remote: StartRemote, notes: Path
) -> None:
    with Gateway(key=None, models={"mine": 64}) as own:
        engine = on_own_server(start_remote, notes, own)
        use(engine, notes, SMALL)
        settings = engine.settings.current
        engine.settings.update(lambda _: replace(settings, models=()))
        made = ask(engine.data_dir, EVERY) - vectors_of(engine.data_dir, SMALL)
        assert made
        assert engine.models.forget_former(notes) == made
        assert ask(engine.data_dir, EVERY) == vectors_of(engine.data_dir, SMALL)


def test_a_folder_removed_while_its_next_model_is_made(remote: Engine, notes: Path, gateway: Gateway) -> None:
    fill(notes, VAULT)
    reconcile(remote, notes)
    gateway.latency = 0.2
    use(remote, notes, SMALL, wait=False)
    wait_until(lambda: gateway.requests)
    remote.folders.remove(notes)
    wait_until(lambda: not gateway.in_flight)
    remote.reconcile()
    assert remote.status().folders == ()
    assert not remote.status().troubles
    # What still arrived is known to be in no use; what was stored before is gone.
    assert ask(remote.data_dir, f"{EVERY} WHERE unused_since IS NULL") == 0


def test_an_empty_folder_changes_at_once(remote: Engine, notes: Path, gateway: Gateway) -> None:
    remote.folders.add(notes)
    reconcile(remote)
    assert remote.models.prepare(notes, SMALL).complete
    remote.models.agree(notes)
    reconcile(remote)
    assert (folder(remote, notes).model, folder(remote, notes).state) == (SMALL, FolderState.READY)
    write(notes, "a.md", "alpha\n")
    reconcile(remote)
    assert len(arrived(gateway)) == 1


# Over restarts


def test_closed_in_the_middle_and_started_again(
    start_remote: StartRemote, notes: Path, gateway: Gateway
) -> None:
    fill(notes, {f"{i}.md": long_note(f"Section {i} one", f"Section {i} two") for i in range(60)})
    engine = start_remote()
    reconcile(engine, notes)
    gateway.most_items = 16
    gateway.answer_only(4, then=Fault("hang"))
    use(engine, notes, SMALL, wait=False)
    wait_until(lambda: len(gateway.embedded) == 4 and gateway.in_flight)
    engine.close()
    kept = vectors_of(engine.data_dir, SMALL)
    assert kept
    gateway.rule = None
    again = start_remote()
    assert folder(again, notes).model == LOCAL
    reconcile(again)
    assert folder(again, notes).model == SMALL
    assert set(arrived(gateway)) == set(texts_of(notes))
    twice = [text for text, times in arrived(gateway).items() if times > 1]
    assert len(twice) <= 8 * 16
    assert vectors_of(engine.data_dir, SMALL) == len(texts_of(notes))
    before = len(gateway.requests)
    again.close()
    third = start_remote()
    summary = reconcile(third)
    assert (summary.unchanged, summary.requests, summary.tokens) == (60, 0, 0)
    assert len(gateway.requests) == before


@pytest.mark.skipif(os.name != "posix", reason="kill -9")
def test_killed_in_the_middle(
    start_remote: StartRemote, start_engine: StartEngine, notes: Path, gateway: Gateway
) -> None:
    fill(notes, {f"{i}.md": long_note(f"Section {i} one", f"Section {i} two") for i in range(60)})
    engine = start_remote()
    reconcile(engine, notes)
    gateway.most_items = 8
    gateway.answer_only(6, then=Fault("hang"))
    engine.models.prepare(notes, SMALL)
    # Another process sends it.
    engine.indexing.pause()
    engine.models.agree(notes)
    engine.close()
    environment = {k: v for k, v in os.environ.items() if k not in KEY_VARIABLES} | {"AIMLAPI_API_KEY": KEY}
    process = subprocess.Popen(
        [sys.executable, "-m", "notesearch", "--data-dir", str(engine.data_dir), "index"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=ROOT,
        env=environment,
    )
    try:
        wait_until(lambda: len(gateway.embedded) == 6 or process.poll() is not None)
        # What was answered is on the disk; other requests hang.
        wait_until(lambda: vectors_of(engine.data_dir, SMALL) == sum(arrived(gateway).values()))
        wait_until(lambda: gateway.in_flight)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    gateway.rule = None
    gateway.closing.set()
    wait_until(lambda: not gateway.in_flight)
    gateway.closing.clear()
    kept, answered = vectors_of(engine.data_dir, SMALL), sum(arrived(gateway).values())
    expected = texts_of(notes)
    assert 0 < kept == answered < len(expected)
    again = start_remote()
    reconcile(again)
    assert folder(again, notes).model == SMALL
    assert set(arrived(gateway)) == set(expected)
    assert sum(arrived(gateway).values()) == len(expected), "nothing is paid twice"
    assert vectors_of(engine.data_dir, SMALL) == len(expected)
    assert (
        ask(
            engine.data_dir,
            f"{EVERY} WHERE length(vector) <> {1536 * 4}  AND fingerprint = '{fingerprint(SMALL)}'",
        )
        == 0
    )


# Nothing twice


def test_nothing_is_paid_twice(start_remote: StartRemote, notes: Path, gateway: Gateway) -> None:
    fill(notes, {**VAULT, "same.md": VAULT["garden.txt"], "plain.txt": "The night train leaves at ten.\n"})
    other = fill(
        notes.parent / "Other", {"bread.md": VAULT["bread.md"], "o.md": "The harbour lamp is green.\n"}
    )
    engine = start_remote()
    engine.folders.add(notes, MANY)
    engine.folders.add(other, MANY)
    for path in (notes, other):
        engine.models.agree(path)
    reconcile(engine)
    # `same` and `garden` have the same words, but their titles are sent along.
    assert max(arrived(gateway).values()) == 1
    assert set(arrived(gateway)) == {*texts_of(notes, MANY), *texts_of(other, MANY)}
    asked = len(gateway.requests)
    text = (notes / "bread.md").read_text()
    (notes / "plain.txt").rename(notes / "renamed.txt")
    (notes / "garden.txt").rename(other / "garden.txt")
    (notes / "Travel").rename(notes / "Journeys")
    shutil.copy(notes / "long.md", other / "long copy.md")
    assert reconcile(engine).requests == 0
    engine.close()
    engine = start_remote()
    assert reconcile(engine).requests == 0
    assert len(gateway.requests) == asked
    (notes / "bread.md").write_text("# Bread\n\nAnother loaf.\n")
    edited = reconcile(engine)
    assert (edited.requests, edited.embedded, edited.chunks) == (1, 1, 1), "counted once, over two folders"
    (notes / "bread.md").write_text(text)
    assert reconcile(engine).requests == 0
    (other / "o.md").unlink()
    reconcile(engine)
    write(other, "o.md", "The harbour lamp is green.\n")
    assert reconcile(engine).requests == 0
    assert len(gateway.requests) == asked + 1
    assert found(engine, "green lamp", "meaning")[0] == "o.md", "its vector is used again"
    asked += len(queries(gateway))
    use(engine, other, SMALL)
    use(engine, other, MANY)
    assert Counter(r.body["model"] for r in gateway.requests) == {
        "text-multilingual-embedding-002": asked + 1,
        "text-embedding-3-small": 1,
    }
    assert {max(arrived(gateway, identifier).values()) for identifier in (MANY, SMALL)} == {1}
    assert found(engine, "night train leaves", "meaning")[0] == "renamed.txt"
    assert found(engine, "green lamp", "meaning")[0] == "o.md"


def test_renamed_while_the_next_model_is_made(remote: Engine, notes: Path, gateway: Gateway) -> None:
    note = write(notes, "a first name.txt", "The night train leaves at ten.\n")
    fill(notes, VAULT)
    reconcile(remote, notes)
    gateway.rule = lambda request: Fault(401) if len(gateway.requests) > 1 else None
    gateway.most_items = 1
    use(remote, notes, SMALL, wait=False)
    wait_until(lambda: remote.status().troubles)
    note.rename(notes / "second.txt")
    remote.reconcile()
    gateway.rule = None
    reconcile(remote)
    assert folder(remote, notes).model == SMALL
    assert max(arrived(gateway).values()) == 1
    assert not any("second" in text for text in arrived(gateway))


def test_own_dimensions_are_another_model(remote: Engine, notes: Path, gateway: Gateway) -> None:
    fill(notes, VAULT)
    reconcile(remote, notes)
    use(remote, notes, f"{SMALL}#256")
    assert {r.body["dimensions"] for r in gateway.requests} == {256}
    use(remote, notes, SMALL)
    use(remote, notes, f"{SMALL}#256")
    assert arrived(gateway) == dict.fromkeys(texts_of(notes), 2)
    assert found(remote, "castle tram", "meaning")[0] == "lisbon.md"


def test_a_model_of_ones_own_tested_again_goes_on(
    start_remote: StartRemote, notes: Path, tmp_path: Path
) -> None:
    """What is found differs (a smaller batch, say) while its vectors stay what they are."""
    with Gateway(key=None, models={"mine": 64}) as own:
        engine = on_own_server(start_remote, notes, own)
        number = len(own.requests)
        own.most_items = 3
        engine.models.test("shed", "mine")
        assert engine.settings.current.models[0].request_style.items_per_request < 8
        write(notes, "long.md", long_note("One", "Two", "Three", "Four", "Five"))
        reconcile(engine)
        new = [
            r
            for r in own.requests[number:]
            if r.status == 200 and any("One: " in text or "Five: " in text for text in r.inputs)
        ]
        assert new
        assert all(len(r.inputs) <= 3 for r in new)


def test_a_model_that_is_not_in_the_settings_any_more_stops_its_folder_alone(
    start_remote: StartRemote, notes: Path
) -> None:
    with Gateway(key=None, models={"mine": 64}) as own:
        engine = start_remote()
        other = fill(notes.parent / "Other", {"o.md": "The harbour lamp is green.\n"})
        fill(notes, VAULT)
        engine.models.make_known("shed", "mine", own.url)
        engine.folders.add(notes, "shed/mine")
        engine.models.agree(notes)
        reconcile(engine, notes, other)
        settings = engine.settings.current
        for less in (settings.with_provider("shed", base_url=""), settings_for(own)):
            save_settings(engine.data_dir, less)
            engine.settings.update(lambda _, less=less: less)  # type: ignore[misc]
            write(other, "new.md", "A lamp at the quay.\n")
            write(notes, f"more {bool(less.models)}.md", "Rain over the hills.\n")
            engine.reconcile()
            status = engine.status()
            assert status.error is None
            assert folder(engine, other).state is FolderState.READY
            assert folder(engine, notes).state is not FolderState.READY or folder(engine, notes).notice
            assert found(engine, "green lamp")[0] == "o.md"
            assert found(engine, "castle", "keyword") == ["lisbon.md"]
            assert engine.models.choices()
            assert engine.models.providers()
        number = len(own.requests)
        engine.settings.update(lambda _: settings)
        reconcile(engine)
        assert folder(engine, notes).state is FolderState.READY
        assert len(own.requests) > number
