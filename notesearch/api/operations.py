"""The operations: everything a front end may ask of an engine, each written once.

An operation is a function of the engine and of keyword parameters, all with types (`operation.py`). The table
feeds the command line, the wire between two processes, and the bridge of the window. To add one, write the
function here and mark it:

    @operation("notes.count", command="count")
    def count_notes(engine: Engine, *, folder: Path | None = None) -> int:
        "How many notes are searched."

Its first parameter is the engine; the others are taken by name. Types are those that wire.py can carry. Two
parameters are not sent. `progress` is called with how far the work is, in the thread that waits for the
result. `stopped` returns true when the caller has given up.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from notesearch import catalogue

# Others import the table from here, so that its entries are loaded.
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
    Limit,
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
    """Add a folder that was named on the command line. Returns the folder where nothing has to be asked
    first. Returns its Survey, and adds nothing, where it is the home folder or a whole disk. None where it is
    searched already. Raises FolderError."""
    if engine.folders.covering(folder) is not None:
        return None
    if engine.folders.survey(folder, limit=1).whole:
        return engine.folders.survey(folder)
    try:
        return add_folder(engine, folder=folder)
    except FolderOverlap:
        # Another process or thread added it at the same time.
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
    """Stop searching a folder; its notes stay as they are. Raises NotIndexed."""
    engine.folders.remove(folder)


@operation("folders.list")
def list_folders(engine: Engine) -> tuple[Path, ...]:
    """The searched folders."""
    return engine.folders.paths()


@operation("folders.covering")
def is_searched(engine: Engine, *, path: Path) -> int | None:
    """How many notes the searched folder holds that `path` is or lies in; None where no searched folder
    contains it."""
    row = engine.folders.covering(path)
    return row.documents if row is not None else None


@operation("folders.survey")
def survey_folder(engine: Engine, *, path: Path, limit: Limit = 20_000) -> Survey:
    """Describe a folder, or the folder that a file is in, before it is added; at most `limit` notes are
    counted."""
    return engine.folders.survey(path, limit)


@operation("folders.vaults")
def find_vaults(engine: Engine) -> tuple[Vault, ...]:
    """Find the folders of other notes programs in the usual places."""
    return engine.folders.find_vaults()


@operation("folders.answer-held", writes=True)
def answer_held(engine: Engine, *, folder: Path, remove: bool) -> None:
    """Carry out the user's answer about notes that are gone: with `remove` forget them, else keep them in the
    index. Raises NotIndexed."""
    engine.folders.answer_held(folder, remove=remove)


@operation("folders.count-ignored")
def count_ignored(
    engine: Engine, *, folder: Path, rules: str, stopped: Stopped = lambda: False
) -> IgnoredCount:
    """Count what ignore rules would leave out of a folder, while the user types them. Raises FolderError."""
    return engine.folders.count_ignored(folder, rules, stopped)


# Indexing


@dataclass(frozen=True, kw_only=True, slots=True)
class IndexReport:
    """The result of one reconcile. `errors` concern whole folders. `bug` is the class name of an unexpected
    error ("" for none). `held` counts deletions that wait for the user's answer, `refused` passages that the
    models refused. `problems` are the first files that could not be read. `others` are files of other kinds,
    `unread_links` linked folders; both are not read."""

    summary: IndexSummary
    errors: tuple[NotesearchError, ...] = ()
    bug: str = ""
    held: int = 0
    refused: int = 0
    problems: tuple[FileProblem, ...] = ()
    others: int = 0
    unread_links: tuple[Path, ...] = ()


PROBLEMS_TOLD = 20


@operation("index", writes=True, streams=True, may_block=True)
def index(
    engine: Engine,
    *,
    folders: tuple[Path, ...] = (),
    confirmed: bool = False,
    progress: Report | None = None,
) -> IndexReport:
    """Bring folders up to date and wait until they are. Without `folders` these are all; unknown ones are
    added. `confirmed`: notes that are gone are forgotten, however many they are. Raises FolderError, or
    NotesearchError while indexing is paused."""

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
        refused=done.refused,
        problems=engine.indexing.problems()[:PROBLEMS_TOLD] if done.summary.failed else (),
        others=sum(row.others for row in engine.library.folders() if not folders or row.path in folders),
        unread_links=done.unread_links,
    )


@operation("indexing.pause", writes=True)
def pause(engine: Engine) -> None:
    """Stop reading and embedding until `resume`; searching goes on."""
    engine.indexing.pause()


@operation("indexing.resume", writes=True)
def resume(engine: Engine) -> None:
    """Read and embed again."""
    engine.indexing.resume()


@operation("indexing.retry", writes=True)
def retry(engine: Engine, *, paths: tuple[Path, ...] | None = None) -> None:
    """Read files with problems again: those at `paths`, or (None) all for which trying again may help."""
    engine.indexing.retry(paths)


@operation("indexing.problems")
def problems(engine: Engine) -> tuple[FileProblem, ...]:
    """List folders that are not watched completely, and files that could not be read."""
    return engine.indexing.problems()


# Searching


@operation("search")
def search(engine: Engine, *, query: Query, explain: bool = True) -> SearchResults:
    """Search by words and meaning: rows of notes with their passages. `explain`: mark the sentence nearest in
    meaning."""
    return engine.search.explained(query) if explain else engine.search.fused(query)


@operation("search.similar")
def similar(engine: Engine, *, file: Path, limit: Limit = 20, part: str = "") -> SearchResults:
    """Notes near in meaning to a note (`part`: one of several in its file). Raises NotIndexed."""
    return engine.search.similar(file, limit, part)


@operation("search.recent")
def recent(engine: Engine, *, limit: Limit = 30) -> tuple[Match, ...]:
    """The newest notes, each with its beginning."""
    return engine.search.recent(limit)


@operation("search.notes", may_block=True)
def find_notes(engine: Engine, *, folder: Path, text: str = "", limit: Limit = 200) -> tuple[Match, ...]:
    """Find the notes of a folder that hold these words, to choose one from. Without words, the newest
    notes."""
    if text.strip():
        query = Query(text=text.strip(), limit=limit, folder=folder, prefix=True)
        return engine.search.words(query).matches
    # There is no list of the newest notes of one folder, so the newest of all folders are gone through.
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
    """What a search can be filtered by: tags as they are written, and formats, each with its number of
    notes."""

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
    nothing.

    All of the folders are prepared or none: none where one fails, or where the caller gave up meanwhile.
    Raises NotIndexed, UsageError, or NotesearchError while indexing is paused.
    """
    estimates = engine.models.prepare_all(folders, model)
    if not stopped():
        return estimates
    for folder in folders:
        engine.models.cancel(folder)
    return ()


@operation("models.go-back", writes=True, may_block=True)
def go_back(engine: Engine, *, folder: Path, model: str) -> Estimate | None:
    """Let a folder have a former model again. Where something would have to be sent for that, it is only
    counted, and the Estimate returned for the user to agree to. Raises as `models.prepare` does."""
    estimate = engine.models.prepare(folder, model)
    if estimate.remote and estimate.chunks:
        return estimate
    engine.models.agree(folder)
    return None


@operation("models.estimate", may_block=True)
def estimate(engine: Engine, *, folder: Path) -> Estimate:
    """Count what is still to be embedded for a folder's model (the next one, where there is one). Raises
    NotIndexed."""
    return engine.models.estimate(folder)


@operation("models.agree", writes=True, may_block=True)
def agree(engine: Engine, *, folder: Path) -> None:
    """Store the user's consent to what was counted: it is sent from now on. Raises NotIndexed."""
    engine.models.agree(folder)


@operation("models.cancel", writes=True, may_block=True)
def cancel_model(engine: Engine, *, folder: Path) -> None:
    """Keep the model that answers, because the user does not agree to the next one. Raises NotIndexed."""
    engine.models.cancel(folder)


@operation("models.forget-former", writes=True, may_block=True)
def forget_former(engine: Engine, *, folder: Path) -> int:
    """Drop the vectors of all former models of a folder. Returns how many they were. Raises NotIndexed."""
    return engine.models.forget_former(folder)


@operation("models.outgoing", may_block=True)
def outgoing(engine: Engine, *, path: Path) -> tuple[Outgoing, ...]:
    """Show the exact texts of a note for its folder's model (the next one, where there is one), and which are
    held back. Raises NotIndexed."""
    return engine.models.outgoing(path)


@operation("models.held-back", may_block=True)
def held_back(engine: Engine, *, folder: Path, limit: Limit = 500) -> tuple[HeldNote, ...]:
    """The notes of a folder of which something is not sent, at most `limit`. Raises NotIndexed."""
    return engine.models.held_back(folder, limit)


@operation("models.allow", writes=True, may_block=True)
def allow(engine: Engine, *, path: Path) -> int:
    """Allow the passages of a note that are held back to be sent. Returns how many they are. Raises
    NotIndexed."""
    return engine.models.allow(path)


@operation("models.make-known", writes=True, may_block=True)
def make_known(
    engine: Engine, *, provider: str, model: str, base_url: str = "", plain_http: bool = False
) -> None:
    """Write a provider's address to the settings and make sure that the model is known. A model that is not
    known is tested, with built-in texts. `plain_http`: the user allows the address to be asked without
    encryption. Raises UsageError, InsecureAddress, or a ProviderError."""
    engine.models.make_known(provider, model, base_url, plain_http=plain_http)


@operation("providers.list", may_block=True)
def list_providers(engine: Engine) -> tuple[ProviderInfo, ...]:
    """List the known providers with the state of their keys, budgets and costs. May wait for the user to
    unlock the keyring."""
    return engine.models.providers()


@operation("providers.test", writes=True, may_block=True)
def test_provider(
    engine: Engine,
    *,
    provider: str,
    model: str = "",
    base_url: str = "",
    keep: bool = True,
    plain_http: bool = False,
) -> Probe:
    """Test a server once, with built-in texts. `keep`: write what was found to the settings. `plain_http`:
    the user allows `base_url` to be asked without encryption. Raises a ProviderError, or UsageError."""
    return engine.models.test(provider, model, base_url, keep=keep, plain_http=plain_http)


@operation("providers.keep", writes=True)
def keep_server(engine: Engine, *, found: Probe) -> str:
    """Write a server of the user's own, and the model that was tested there, to the settings. Returns the
    model's identifier."""
    engine.models.keep(found)
    return found.model.identifier


@operation("providers.remove", writes=True, may_block=True)
def remove_server(engine: Engine, *, provider: str) -> None:
    """Remove a server of the user's own with its models and its key. Raises UsageError while a folder needs
    it."""
    engine.models.remove_own(provider, engine.status().folders)


@operation("providers.set-key", writes=True, may_block=True, local=True)
def set_key(engine: Engine, *, provider: str, key: str, base_url: str = "", plain_http: bool = False) -> str:
    """Store a key, and with it the address that it belongs to where that is new. Returns "stored", or
    "session-only" where no keyring takes it. `plain_http`: the user allows the address to be asked without
    encryption. Raises KeyInvalid, InsecureAddress, or UsageError."""
    return engine.models.set_key(provider, key, base_url, plain_http=plain_http)


@operation("providers.forget-key", writes=True, may_block=True)
def forget_key(engine: Engine, *, provider: str) -> None:
    """Delete a key, in the keyring too. Raises UsageError."""
    engine.models.forget_key(provider)


@operation("providers.retry", writes=True)
def retry_providers(engine: Engine) -> None:
    """Let every worker that waits for a provider ask it again now: the user has acted."""
    engine.models.retry_providers()


@operation("providers.ledger")
def ledger(engine: Engine, *, limit: Limit = 200) -> tuple[LedgerEntry, ...]:
    """List the newest requests that providers answered, newest first. The ledger never holds a text."""
    return engine.models.ledger(limit)


@operation("providers.ledger-folder")
def ledger_folder(engine: Engine) -> Path:
    """The folder of the ledger's files."""
    return engine.models.ledger_folder


# The program as a whole


@operation("status")
def status(engine: Engine) -> IndexingStatus:
    """A snapshot of what is indexed and what waits."""
    return engine.status()


@dataclass(frozen=True, kw_only=True, slots=True)
class Sizes:
    """Sizes in bytes: of the files on the disk (database, keyword index, vector indexes) and of the process's
    memory."""

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
