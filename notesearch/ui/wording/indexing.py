"""The sentences of the window: dates, counts, the line above the list, the status line. Plain functions of
domain values, no Qt."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from notesearch.domain import (
    Folder,
    FolderState,
    IndexingState,
    IndexingStatus,
    Locator,
    MatchedBy,
    NoteFormat,
    SearchResults,
    Section,
    Sheet,
    Vault,
)
from notesearch.ui.wording.signs import DOT, count, model_name, waiting_for

MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
TRAIL_SEPARATOR = " \N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK} "

WHY = {MatchedBy.KEYWORD: "words", MatchedBy.MEANING: "meaning", MatchedBy.BOTH: "meaning and words"}


def formats_read(formats: Sequence[NoteFormat]) -> str:
    """What kinds of notes are read, and that nothing else happens to them."""
    first, *more = (written.title for written in formats)
    # Names stay as they are, but plain text is no name.
    *most, last = [first, *(title.lower() if " " in title else title for title in more)]
    return f"{', '.join(most)} and {last}. Your notes are only read, and nothing leaves this computer."


def format_title(name: str, formats: Sequence[NoteFormat]) -> str:
    """What `type:` finds, for people."""
    return next((written.title for written in formats if written.name == name), name)


def format_names(formats: Sequence[NoteFormat]) -> str:
    """What may be written after `type:`."""
    return f"Notes of a type: {', '.join(written.name for written in formats)}"


def place(locator: Locator) -> str:
    """Where in its file a passage is."""
    match locator:
        case Sheet():
            return f"{locator.name}, row {locator.row:,}"
        case Section():
            return locator.name
        case _:
            return f"{type(locator).__name__.lower()} {locator.number}"


def byte_size(number: int) -> str:
    """ "412 KB", "1.3 GB", as file managers count: by thousands."""
    size = float(number)
    for unit in ("bytes", "KB", "MB", "GB"):
        if size < 1000 or unit == "GB":
            break
        size /= 1000
    return f"{size:.0f} {unit}" if size >= 10 or unit == "bytes" else f"{size:.1f} {unit}"


def short_date(modified: float, now: datetime) -> str:
    """The date of a row: "14:05" today, "yesterday", "12 Mar" this year, else the year."""
    then = datetime.fromtimestamp(modified)
    days = (now.date() - then.date()).days
    if days == 0:
        return then.strftime("%H:%M")
    if days == 1:
        return "yesterday"
    return f"{then.day} {MONTHS[then.month - 1][:3]}" if then.year == now.year else str(then.year)


def long_date(modified: float, now: datetime) -> str:
    """The date of the preview: "today, 14:05", "yesterday", "12 March", "12 March 2024"."""
    then = datetime.fromtimestamp(modified)
    days = (now.date() - then.date()).days
    if days == 0:
        return then.strftime("today, %H:%M")
    if days == 1:
        return "yesterday"
    day = f"{then.day} {MONTHS[then.month - 1]}"
    return day if then.year == now.year else f"{day} {then.year}"


def model_line(folder: Folder) -> str:
    """What is under a folder's name: its model, or why it cannot be searched just now."""
    if folder.state is FolderState.UNREACHABLE:
        return "not connected"
    if folder.state is FolderState.ASKING:
        return "waits for your answer"
    if folder.state is FolderState.SCANNING:
        return "looking for changes"
    if folder.state is FolderState.CONSENT and not folder.next_model:
        return "waits for your word"
    return "local model" if folder.model.startswith("local/") else model_name(folder.model)


def next_line(folder: Folder) -> str:
    """A second line under the name: the model that is being prepared, or what its own one waits for; "" for
    neither."""
    if folder.next_model:
        name = model_name(folder.next_model)
        if folder.state is FolderState.CONSENT or not folder.agreed:
            return f"waits for your word: {name}"
        if folder.state is not FolderState.WAITING:
            return f"{name}: {folder.next_done:,} of {folder.next_total:,}"
    if folder.state is FolderState.WAITING:
        return first_clause(folder.notice) or "waits for its provider"
    return ""


def first_clause(text: str) -> str:
    """The first sentence without its full stop."""
    return text.partition(". ")[0].rstrip(".")


def preparing(folder: Folder) -> str:
    """The change of model that is under way, in a sentence; "" for none."""
    if not folder.next_model:
        return ""
    name, present = model_name(folder.next_model), model_name(folder.model)
    if folder.state is FolderState.CONSENT or not folder.agreed:
        return f"{name} waits for your word; {present} answers meanwhile"
    state = (
        "waits"
        if folder.state is FolderState.WAITING
        else f"{folder.next_done:,} of {folder.next_total:,} passages"
    )
    return f"preparing {name}: {state}; {present} answers meanwhile"


def folder_sentence(folder: Folder) -> str:
    """A folder in one sentence, for tool tips and screen readers."""
    return f"{folder.path.name or folder.path}, {model_line(folder)}, {folder_state(folder)}"


def folder_state(folder: Folder) -> str:
    """How far a folder is, in a sentence."""
    parts = [count(folder.documents)]
    if folder.waiting:
        parts.append(f"{folder.waiting:,} waiting")
    if folder.failed:
        parts.append(f"{folder.failed:,} failed")
    if not folder.waiting and not folder.failed and folder.state is FolderState.READY:
        parts.append("up to date")
    if folder.held_back:
        parts.append(f"{count(folder.held_back, 'passage')} held back")
    parts.append(preparing(folder))
    return ", ".join(filter(None, parts)) + (f". {folder.notice}" if folder.notice else "")


VAULT_KINDS = {
    "obsidian": "Obsidian vault",
    "logseq": "Logseq graph",
    "joplin": "Joplin export",
    "zettelkasten": "Zettelkasten",
}


def vault_line(vault: Vault) -> str:
    """What a folder of another notes program is, how many notes it holds, and where it is."""
    number = f"more than {count(vault.notes)}" if vault.more else count(vault.notes)
    return DOT.join([VAULT_KINDS.get(vault.kind, "Notes"), number, short_place(vault.path.parent)])


def short_place(folder: Path) -> str:
    """A folder as people write it: with ~ for their own."""
    home = Path.home()
    return str(Path("~", folder.relative_to(home))) if folder.is_relative_to(home) else str(folder)


def pending(waiting: int, failed: int) -> str:
    """ "69 waiting, 4 failed", or "" when all is well."""
    return ", ".join(
        part for number, part in ((waiting, f"{waiting:,} waiting"), (failed, f"{failed:,} failed")) if number
    )


def coverage(results: SearchResults) -> str:
    """ "searched 1,940 of 2,013 · 69 waiting, 4 failed": never silent about notes that could not take part."""  # noqa: E501
    everything = results.searched >= results.of
    parts = [
        f"searched all {results.of:,}" if everything else f"searched {results.searched:,} of {results.of:,}"
    ]
    # The line may be too narrow for all of it: what a person has to know comes first.
    return DOT.join(filter(None, [results.notice, *parts, pending(results.waiting, results.failed)]))


def summary(results: SearchResults, *, busy: bool = False) -> tuple[str, str]:
    """The line above the list: how many notes (emphasised), and how much of everything was searched.

    Never "nothing found" while a later stage or a waiting note may still bring something. `busy`: that stage
    takes noticeably long.
    """
    rest = coverage(results)
    if not results.matches:
        if results.preliminary:
            return "No note has these words", f"now searching by meaning{DOT}{rest}"
        return ("Nothing found so far" if results.waiting else "Nothing found"), rest
    shown = len(results.matches)
    head = f"First {shown:,} of {results.total:,} notes" if results.total > shown else count(shown)
    if busy and results.preliminary:
        rest = f"by words, meaning follows{DOT}{rest}"
    return head, rest


def recent_summary(status: IndexingStatus | None, shown: int) -> tuple[str, str]:
    """The same line when nothing is typed."""
    if status is None or status.state is IndexingState.STARTING:
        return "Opening your notes", ""
    rest = DOT.join(filter(None, [f"{status.documents:,} in all", pending(status.waiting, status.failed)]))
    return ("Recent notes" if shown else "No notes yet"), rest


def duration(seconds: float) -> str:
    """A rough time still to go: "a few seconds", "40 s", "2 min", "1 h 5 min"."""
    if seconds < 10:
        return "a few seconds"
    if seconds < 60:
        return f"{round(seconds / 10) * 10} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def status_lead(status: IndexingStatus) -> str:
    """The first words of the status line."""
    state = status.state
    unfinished = status.waiting > 0 or any(folder.state is FolderState.WAITING for folder in status.folders)
    if status.troubles and (state is IndexingState.OFFLINE or (state is IndexingState.IDLE and unfinished)):
        return f"Waiting for {waiting_for(status)}"
    if state in (IndexingState.IDLE, IndexingState.OFFLINE) and any(
        folder.state is FolderState.CONSENT for folder in status.folders
    ):
        return "Waiting for your word"
    if state is IndexingState.IDLE and not status.folders and not status.waiting:
        return "No folder yet"
    building = folder_in_building(status)
    if building is not None:
        return f"Preparing {model_name(building.next_model)} for {building.path.name}"
    if state is IndexingState.INDEXING:
        verb = "Reading" if status.stage == "reading" else "Indexing"
        owner = owning_folder(status.current, status.folders)
        return f"{verb} {owner.path.name}" if owner else f"{verb} notes"
    return {
        IndexingState.STARTING: "Opening your notes",
        IndexingState.SCANNING: "Looking for changes",
        IndexingState.PAUSED: "Paused",
        IndexingState.OFFLINE: "Waiting for the model's provider",
        IndexingState.FAILED: "Indexing stopped",
    }.get(state, "Up to date" if not status.waiting else "Waiting")


def status_detail(status: IndexingStatus) -> str:
    """What follows the bar: how much is left, or how much there is."""
    if status.error:
        return status.error
    building = folder_in_building(status)
    if building is not None:
        return f"{building.next_done:,} of {count(building.next_total, 'passage')}"
    if status.state in (IndexingState.INDEXING, IndexingState.SCANNING) and status.total:
        left = status.total - status.done
        if left <= 0:
            return "almost done"
        time_left = DOT + duration(status.seconds_left) if status.seconds_left is not None else ""
        return f"{count(left)} to go{time_left}"
    if status.waiting:
        return f"{count(status.waiting)} waiting"
    return count(status.documents) if status.folders else ""


def folder_in_building(status: IndexingStatus) -> Folder | None:
    """The folder whose next index is being built, where that is what the indexer does."""
    if status.state is not IndexingState.INDEXING or status.stage == "reading":
        return None
    return next(
        (f for f in status.folders if f.next_model and f.agreed and f.state is FolderState.INDEXING), None
    )


def progress(status: IndexingStatus) -> tuple[int, int]:
    """How much of the work under way is done, of how much."""
    building = folder_in_building(status)
    return (building.next_done, building.next_total) if building is not None else (status.done, status.total)


def owning_folder(path: Path | None, folders: Sequence[Folder]) -> Folder | None:
    """The watched folder that `path` lies in; None for none."""
    return next((folder for folder in folders if path is not None and path.is_relative_to(folder.path)), None)
