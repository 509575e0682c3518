"""The operations: everything a front end may ask of an engine, each written once.

An operation is a function of the engine and of keyword parameters, all with types. The table feeds the
command line, the wire between two processes, and the bridge of the window. To add one, write the function
here and mark it:

    @operation("notes.count", command="count")
    def count_notes(engine: Engine, *, folder: Path | None = None) -> int:
        "How many notes are searched."

Its first parameter is the engine; the others are taken by name. Types are those that wire.py can carry. A
parameter `progress` is not sent: it is called with how far the work is, in the thread that waits for the
result.
"""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, Generic, ParamSpec, TypeVar

from notesearch import catalogue
from notesearch.api import wire
from notesearch.catalogue import Probe
from notesearch.domain import (
    Check,
    Estimate,
    FileProblem,
    Folder,
    FolderState,
    HeldNote,
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
from notesearch.errors import NotesearchError, UsageError

if TYPE_CHECKING:
    from notesearch.engine.engine import Engine

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, kw_only=True, slots=True)
class Progress:
    """How far a long operation is: `done` of `total` in a stage ("reading", "embedding", "" for none)."""

    stage: str = ""
    done: int = 0
    total: int = 0


Report = Callable[[Progress], None]


@dataclass(frozen=True, kw_only=True)
class Operation(Generic[P, R]):
    """One entry of the table. Call it with an engine and its parameters, or hand it to a session.

    `writes`: only the process that owns the data folder can do it; the others read beside the owner.
    `streams`: it reports its progress while it runs. `command`: its name on the command line, "" for none of
    its own.
    """

    name: str
    function: Callable[Concatenate[Engine, P], R]
    writes: bool
    streams: bool
    command: str
    # Types of the parameters that travel, and of the result: resolved when they are first needed.
    _types: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    def __call__(self, engine: Engine, /, *args: P.args, **kwargs: P.kwargs) -> R:
        return self.function(engine, *args, **kwargs)

    @property
    def help(self) -> str:
        """What it does: the first sentence of the function's docstring."""
        return (inspect.getdoc(self.function) or "").split("\n\n")[0].replace("\n", " ")

    @property
    def parameters(self) -> Mapping[str, inspect.Parameter]:
        """The parameters that travel, by name: all but the engine and the progress."""
        given = list(inspect.signature(self.function).parameters.values())[1:]
        return {p.name: p for p in given if p.name != "progress"}

    @property
    def types(self) -> Mapping[str, Any]:
        """The types of the parameters by name, and of the result as "return"."""
        if not self._types:
            from notesearch.engine.engine import Engine

            self._types.update(typing.get_type_hints(self.function, {**globals(), "Engine": Engine}))
        return self._types

    def to_message(self, parameters: Mapping[str, object]) -> dict[str, Any]:
        """The parameters as JSON, for another process."""
        return {name: wire.to_json(value) for name, value in parameters.items() if name != "progress"}

    def from_message(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """The parameters out of JSON. Raises UsageError where they are not what the operation takes."""
        try:
            read = {
                name: wire.from_json(self.types[name], message[name])
                for name in self.parameters
                if name in message
            }
            missing = [
                name
                for name, parameter in self.parameters.items()
                if parameter.default is parameter.empty and name not in read
            ]
        except (ValueError, TypeError) as error:
            raise UsageError("usage.operation", operation=self.name, reason=str(error)) from error
        if missing:
            raise UsageError("usage.operation-lacks", operation=self.name, missing=", ".join(missing))
        return read

    def result_from_json(self, data: Any) -> R:
        """The result that another process gave. Raises ValueError for nonsense."""
        return typing.cast("R", wire.from_json(self.types["return"], data))


OPERATIONS: dict[str, Operation[..., Any]] = {}


def operation(
    name: str, *, writes: bool = False, streams: bool = False, command: str = ""
) -> Callable[[Callable[Concatenate[Engine, P], R]], Operation[P, R]]:
    """Put a function into the table. See Operation for the words."""

    def entered(function: Callable[Concatenate[Engine, P], R]) -> Operation[P, R]:
        made = Operation(name=name, function=function, writes=writes, streams=streams, command=command)
        if name in OPERATIONS:
            raise ValueError(f"two operations are named {name}")
        OPERATIONS[name] = made
        return made

    return entered


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


@operation("index", writes=True, streams=True)
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


@operation("models.prepare", writes=True, streams=True)
def prepare_models(
    engine: Engine, *, folders: tuple[Path, ...], model: str, progress: Report | None = None
) -> tuple[Estimate, ...]:
    """Choose the next model of folders, read their notes for it, and count what it would be sent. Sends
    nothing. All of the folders are prepared, or none. Raises NotIndexed, UsageError, or NotesearchError when
    paused."""
    return engine.models.prepare_all(folders, model)


@operation("models.estimate")
def estimate(engine: Engine, *, folder: Path) -> Estimate:
    """What a folder's (next) model has still to be sent, by counting. Raises NotIndexed."""
    return engine.models.estimate(folder)


@operation("models.agree", writes=True)
def agree(engine: Engine, *, folder: Path) -> None:
    """The user agrees to what was counted: it is sent from here on. Raises NotIndexed."""
    engine.models.agree(folder)


@operation("models.cancel", writes=True)
def cancel_model(engine: Engine, *, folder: Path) -> None:
    """The user does not agree: the folder keeps the model that answers. Raises NotIndexed."""
    engine.models.cancel(folder)


@operation("models.forget-former", writes=True)
def forget_former(engine: Engine, *, folder: Path) -> int:
    """Drop the vectors of all former models of a folder. Returns how many. Raises NotIndexed."""
    return engine.models.forget_former(folder)


@operation("models.outgoing")
def outgoing(engine: Engine, *, path: Path) -> tuple[Outgoing, ...]:
    """The exact texts of a note for its folder's (next) model, and what is held back. Raises NotIndexed."""
    return engine.models.outgoing(path)


@operation("models.held-back")
def held_back(engine: Engine, *, folder: Path, limit: int = 500) -> tuple[HeldNote, ...]:
    """The notes of a folder of which something is not sent, at most `limit`. Raises NotIndexed."""
    return engine.models.held_back(folder, limit)


@operation("models.allow", writes=True)
def allow(engine: Engine, *, path: Path) -> int:
    """Send what is held back of a note. Returns how many passages. Raises NotIndexed."""
    return engine.models.allow(path)


@operation("models.make-known", writes=True)
def make_known(engine: Engine, *, provider: str, model: str, base_url: str = "") -> None:
    """Keep a provider's address, and see that the model is known; one that is not is tested, with texts of
    ours. Raises UsageError, InsecureAddress, or a ProviderError."""
    engine.models.make_known(provider, model, base_url)


@operation("providers.list")
def list_providers(engine: Engine) -> tuple[ProviderInfo, ...]:
    """The known providers with their keys' state, budgets and costs. May wait for the user to unlock the
    keyring."""
    return engine.models.providers()


@operation("providers.test", writes=True)
def test_provider(
    engine: Engine, *, provider: str, model: str = "", base_url: str = "", keep: bool = True
) -> Probe:
    """Ask a server once what it is like, with texts of ours. `keep`: what was found goes into the settings.
    Raises a ProviderError, or UsageError."""
    return engine.models.test(provider, model, base_url, keep=keep)


@operation("providers.retry", writes=True)
def retry_providers(engine: Engine) -> None:
    """The user acted: whoever waits for a provider asks it again now."""
    engine.models.retry_providers()


@operation("providers.ledger")
def ledger(engine: Engine, *, limit: int = 200) -> tuple[LedgerEntry, ...]:
    """The newest requests that providers answered, newest first; never a text."""
    return engine.models.ledger(limit)


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


@operation("doctor")
def doctor(engine: Engine) -> tuple[Check, ...]:
    """Check the database, the indexes, the models, the folders and the settings."""
    return engine.diagnosis()
