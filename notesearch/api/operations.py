"""The operations: everything a front end may ask of an engine, each written once.

An operation is a function of the engine and of keyword parameters, all with types (`operation.py`). The table
feeds the command line, the wire between two processes, and the bridge of the window. To add one, write the
function here and mark it:

    @operation("notes.count", command="count")
    def count_notes(engine: Engine, *, folder: Path | None = None) -> int:
        "How many notes are searched."

Its first parameter is the engine; the others are taken by name. Types are those that wire.py can carry. Two
parameters are not sent. `progress` is called with how far the work is, in the thread that waits for the
result. `stopped` tells whether the caller has given up; whoever does the operation passes it.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from notesearch import catalogue

# Given on from here: whoever asks for the table wants it filled.
from notesearch.api.operation import OPERATIONS as OPERATIONS
from notesearch.api.operation import Progress, Report, Stopped, operation
from notesearch.catalogue import Probe
from notesearch.config.paths import resource
from notesearch.documents.rendered_note import RenderedNote
from notesearch.domain import (
    Check,
    Estimate,
    FileProblem,
    Folder,
    FolderState,
    HeldNote,
    IgnoredCount,
    IndexingStatus,
    IndexSummary,
    LedgerEntry,
    Match,
    ModelChoice,
    Outgoing,
    ProviderInfo,
    Query,
    SearchResults,
    Survey,
    Vault,
)
from notesearch.errors import FolderOverlap, NotesearchError

if TYPE_CHECKING:
    from notesearch.engine.engine import Engine

# Folders


@operation("folders.add", writes=True)
def add_folder(engine: Engine, *, folder: Path, model: str = catalogue.LOCAL.identifier) -> Folder:
    """Watch and index a folder. Raises FolderError, UsageError for an unknown model."""
    path = engine.folders.add(folder, model)
    found = next((f for f in engine.status().folders if f.path == path), None)
    # Another thread may have removed it again meanwhile.
    return found or Folder(
        path=path, model=model, state=FolderState.SCANNING, documents=0, complete=0, waiting=0, failed=0
    )


@operation("folders.take-up", writes=True)
def take_up_folder(engine: Engine, *, folder: Path) -> Folder | Survey | None:
    """Search a folder that was named in passing, on the command line say: the folder, where nothing has to be
    asked first; else what is to be known before a whole disk is searched. None where it is searched already.
    Raises FolderError."""
    if engine.folders.covering(folder) is not None:
        return None
    if engine.folders.survey(folder, limit=1).whole:
        return engine.folders.survey(folder)
    try:
        return add_folder(engine, folder=folder)
    except FolderOverlap:
        # Another one who asked at the same time was quicker.
        if engine.folders.covering(folder) is None:
            raise
        return None


@operation("folders.add-samples", writes=True)
def add_samples(engine: Engine) -> Folder | None:
    """Copy the sample notes into the data folder and search them. None where they are searched already."""
    target = engine.data_dir / "sample-notes"
    if not target.is_dir():
        shutil.copytree(resource("sample-notes"), target)
    try:
        return add_folder(engine, folder=target)
    except FolderOverlap:
        return None


@operation("folders.remove", writes=True)
def remove_folder(engine: Engine, *, folder: Path) -> None:
    """Forget a folder; the notes themselves are untouched. Raises NotIndexed."""
    engine.folders.remove(folder)


@operation("folders.list")
def list_folders(engine: Engine) -> tuple[Path, ...]:
    """The searched folders."""
    return engine.folders.paths()


@operation("folders.covering")
def is_searched(engine: Engine, *, path: Path) -> int | None:
    """How many notes the searched folder holds that `path` is or lies in; None where it is in none."""
    row = engine.folders.covering(path)
    return row.documents if row is not None else None


@operation("folders.survey")
def survey_folder(engine: Engine, *, path: Path, limit: int = 20_000) -> Survey:
    """Look at a folder, or at the folder of a file, before it is added; at most `limit` notes are counted."""
    return engine.folders.survey(path, limit)


@operation("folders.vaults")
def find_vaults(engine: Engine) -> tuple[Vault, ...]:
    """The folders of other notes programs in the usual places."""
    return engine.folders.find_vaults()


@operation("folders.answer-held", writes=True)
def answer_held(engine: Engine, *, folder: Path, remove: bool) -> None:
    """The user's answer about vanished notes: forget them, or keep them. Raises NotIndexed."""
    engine.folders.answer_held(folder, remove=remove)


@operation("folders.count-ignored")
def count_ignored(
    engine: Engine, *, folder: Path, rules: str, stopped: Stopped = lambda: False
) -> IgnoredCount:
    """What ignore rules would leave out of a folder, for a count while they are typed. Raises FolderError."""
    return engine.folders.count_ignored(folder, rules, stopped)


# Indexing


@dataclass(frozen=True, kw_only=True, slots=True)
class IndexReport:
    """What one reconcile did. `errors` of whole folders, `bug`: the name of an error that nobody foresaw (""
    for none), `held`: deletions that wait for the user's answer, `problems`: the first files that could not
    be read."""

    summary: IndexSummary
    errors: tuple[NotesearchError, ...] = ()
    bug: str = ""
    held: int = 0
    problems: tuple[FileProblem, ...] = ()


PROBLEMS_TOLD = 20


@operation("index", writes=True, streams=True, may_block=True)
def index(
    engine: Engine,
    *,
    folders: tuple[Path, ...] = (),
    confirmed: bool = False,
    progress: Report | None = None,
) -> IndexReport:
    """Bring folders (all of them by default; unknown ones are added) up to date and wait. Raises FolderError,
    or NotesearchError when indexing is paused."""

    def report(status: IndexingStatus) -> None:
        if progress is not None:
            progress(Progress(stage=status.stage, done=status.done, total=status.total))

    done = engine.reconcile(folders, progress=report, confirmed=confirmed)
    bugs = [error for error in done.errors if not isinstance(error, NotesearchError)]
    return IndexReport(
        summary=done.summary,
        errors=tuple(error for error in done.errors if isinstance(error, NotesearchError)),
        bug=type(bugs[0]).__name__ if bugs else "",
        held=done.held,
        problems=engine.indexing.problems()[:PROBLEMS_TOLD] if done.summary.failed else (),
    )


@operation("indexing.pause", writes=True)
def pause(engine: Engine) -> None:
    """Stop reading and embedding until `resume`; searching goes on."""
    engine.indexing.pause()


@operation("indexing.resume", writes=True)
def resume(engine: Engine) -> None:
    """Go on reading and embedding."""
    engine.indexing.resume()


@operation("indexing.retry", writes=True)
def retry(engine: Engine, *, paths: tuple[Path, ...] | None = None) -> None:
    """Read files with problems again (None: all that may be retried)."""
    engine.indexing.retry(paths)


@operation("indexing.problems")
def problems(engine: Engine) -> tuple[FileProblem, ...]:
    """Folders that are not watched whole, and files that could not be read."""
    return engine.indexing.problems()


# Searching


@operation("search")
def search(engine: Engine, *, query: Query, explain: bool = True) -> SearchResults:
    """Rows by words and meaning, each with its passages. `explain`: with the sentence nearest in meaning."""
    return engine.search.explained(query) if explain else engine.search.fused(query)


@operation("search.similar")
def similar(engine: Engine, *, file: Path, limit: int = 20, part: str = "") -> SearchResults:
    """Notes near in meaning to a note (`part`: one of several in its file). Raises NotIndexed."""
    return engine.search.similar(file, limit, part)


@operation("search.recent")
def recent(engine: Engine, *, limit: int = 30) -> tuple[Match, ...]:
    """The newest notes, each with its beginning."""
    return engine.search.recent(limit)


@operation("search.notes", may_block=True)
def find_notes(engine: Engine, *, folder: Path, text: str = "", limit: int = 200) -> tuple[Match, ...]:
    """The notes of a folder that hold these words, to choose one from; the newest ones for no words."""
    if text.strip():
        query = Query(text=text.strip(), limit=limit, folder=folder, prefix=True)
        return engine.search.words(query).matches
    # There is no list of the newest notes of one folder: the newest ones of all are gone through.
    newest = engine.search.recent(10 * limit)
    return tuple(match for match in newest if match.path.is_relative_to(folder))[:limit]


@operation("search.note")
def show_note(engine: Engine, *, path: Path, start: int = 0, part: str = "") -> RenderedNote:
    """A note (`part`: one of several in its file) as HTML, around character `start` where it is long. Raises
    NotIndexed."""
    from notesearch.documents.preview import render

    return render(engine.search.note_text(path, start, part))


@dataclass(frozen=True, kw_only=True, slots=True)
class Vocabulary:
    """What can be filtered by: tags as they are written, and formats, each with its number of notes."""

    tags: tuple[tuple[str, int], ...]
    formats: tuple[tuple[str, int], ...]


@operation("search.vocabulary")
def vocabulary(engine: Engine) -> Vocabulary:
    """Tags and formats with their numbers of notes, most used first."""
    return Vocabulary(tags=engine.search.tags(), formats=engine.search.formats())


# Models, and what is sent to whom


@operation("models.list")
def list_models(engine: Engine) -> tuple[ModelChoice, ...]:
    """Every model that can be chosen, the one on this computer first."""
    return engine.models.choices()


@operation("models.prepare", writes=True, streams=True, may_block=True)
def prepare_models(
    engine: Engine,
    *,
    folders: tuple[Path, ...],
    model: str,
    progress: Report | None = None,
    stopped: Stopped = lambda: False,
) -> tuple[Estimate, ...]:
    """Choose the next model of folders, read their notes for it, and count what it would be sent. Sends
    nothing. All of the folders are prepared, or none; none either where the caller gave up meanwhile. Raises
    NotIndexed, UsageError, or NotesearchError when paused."""
    estimates = engine.models.prepare_all(folders, model)
    if not stopped():
        return estimates
    for folder in folders:
        engine.models.cancel(folder)
    return ()


@operation("models.go-back", writes=True, may_block=True)
def go_back(engine: Engine, *, folder: Path, model: str) -> Estimate | None:
    """Let a folder have a former model again. Where that costs something by now nothing is done but counted:
    the estimate, for the user to agree to. Raises as `models.prepare` does."""
    estimate = engine.models.prepare(folder, model)
    if estimate.remote and estimate.chunks:
        return estimate
    engine.models.agree(folder)
    return None


@operation("models.estimate", may_block=True)
def estimate(engine: Engine, *, folder: Path) -> Estimate:
    """What a folder's (next) model has still to be sent, by counting. Raises NotIndexed."""
    return engine.models.estimate(folder)


@operation("models.agree", writes=True, may_block=True)
def agree(engine: Engine, *, folder: Path) -> None:
    """The user agrees to what was counted: it is sent from here on. Raises NotIndexed."""
    engine.models.agree(folder)


@operation("models.cancel", writes=True, may_block=True)
def cancel_model(engine: Engine, *, folder: Path) -> None:
    """The user does not agree: the folder keeps the model that answers. Raises NotIndexed."""
    engine.models.cancel(folder)


@operation("models.forget-former", writes=True, may_block=True)
def forget_former(engine: Engine, *, folder: Path) -> int:
    """Drop the vectors of all former models of a folder. Returns how many. Raises NotIndexed."""
    return engine.models.forget_former(folder)


@operation("models.outgoing", may_block=True)
def outgoing(engine: Engine, *, path: Path) -> tuple[Outgoing, ...]:
    """The exact texts of a note for its folder's (next) model, and what is held back. Raises NotIndexed."""
    return engine.models.outgoing(path)


@operation("models.held-back", may_block=True)
def held_back(engine: Engine, *, folder: Path, limit: int = 500) -> tuple[HeldNote, ...]:
    """The notes of a folder of which something is not sent, at most `limit`. Raises NotIndexed."""
    return engine.models.held_back(folder, limit)


@operation("models.allow", writes=True, may_block=True)
def allow(engine: Engine, *, path: Path) -> int:
    """Send what is held back of a note. Returns how many passages. Raises NotIndexed."""
    return engine.models.allow(path)


@operation("models.make-known", writes=True, may_block=True)
def make_known(engine: Engine, *, provider: str, model: str, base_url: str = "") -> None:
    """Keep a provider's address, and see that the model is known; one that is not is tested, with texts of
    ours. Raises UsageError, InsecureAddress, or a ProviderError."""
    engine.models.make_known(provider, model, base_url)


@operation("providers.list", may_block=True)
def list_providers(engine: Engine) -> tuple[ProviderInfo, ...]:
    """The known providers with their keys' state, budgets and costs. May wait for the user to unlock the
    keyring."""
    return engine.models.providers()


@operation("providers.test", writes=True, may_block=True)
def test_provider(
    engine: Engine, *, provider: str, model: str = "", base_url: str = "", keep: bool = True
) -> Probe:
    """Ask a server once what it is like, with texts of ours. `keep`: what was found goes into the settings.
    Raises a ProviderError, or UsageError."""
    return engine.models.test(provider, model, base_url, keep=keep)


@operation("providers.keep", writes=True)
def keep_server(engine: Engine, *, base_url: str, found: Probe) -> str:
    """Keep a server of the user's own, and the model that was tested there. Returns the model's
    identifier."""
    engine.models.keep(base_url, found)
    return found.model.identifier


@operation("providers.remove", writes=True, may_block=True)
def remove_server(engine: Engine, *, provider: str) -> None:
    """Forget a server of the user's own with its models and its key. Raises UsageError while a folder needs
    it."""
    engine.models.remove_own(provider, engine.status().folders)


@operation("providers.set-key", writes=True, may_block=True, local=True)
def set_key(engine: Engine, *, provider: str, key: str, base_url: str = "") -> str:
    """Keep a key, and with it the address that it belongs to where that is a new one. Returns "stored", or
    "session-only" where no keyring takes it. Raises KeyInvalid, or UsageError."""
    return engine.models.set_key(provider, key, base_url)


@operation("providers.forget-key", writes=True, may_block=True)
def forget_key(engine: Engine, *, provider: str) -> None:
    """Forget a key, in the keyring too. Raises UsageError."""
    engine.models.forget_key(provider)


@operation("providers.retry", writes=True)
def retry_providers(engine: Engine) -> None:
    """The user acted: whoever waits for a provider asks it again now."""
    engine.models.retry_providers()


@operation("providers.ledger")
def ledger(engine: Engine, *, limit: int = 200) -> tuple[LedgerEntry, ...]:
    """The newest requests that providers answered, newest first; never a text."""
    return engine.models.ledger(limit)


@operation("providers.ledger-folder")
def ledger_folder(engine: Engine) -> Path:
    """Where the files of the ledger are."""
    return engine.models.ledger_folder


# The whole


@operation("status")
def status(engine: Engine) -> IndexingStatus:
    """A snapshot of what is indexed and what waits."""
    return engine.status()


@dataclass(frozen=True, kw_only=True, slots=True)
class Sizes:
    """Bytes on the disk (database, keyword, vectors) and of the process's memory."""

    bytes: dict[str, int]
    memory_bytes: int


@operation("sizes")
def sizes(engine: Engine) -> Sizes:
    """Bytes on the disk and in memory."""
    return Sizes(bytes=engine.bytes_on_disk(), memory_bytes=engine.memory_bytes())


@operation("doctor", may_block=True)
def doctor(engine: Engine) -> tuple[Check, ...]:
    """Check the database, the indexes, the models, the folders and the settings."""
    return engine.diagnosis()
