"""The sentences of the window: dates, counts, the line above the list, the status line. Plain functions of
domain values, no Qt."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from notesearch.config.paths import home_folder
from notesearch.domain import (
    Folder,
    FolderState,
    IndexingState,
    IndexingStatus,
    Line,
    Locator,
    MatchedBy,
    Message,
    NoteFormat,
    Page,
    SearchResults,
    Section,
    Sheet,
    Slide,
    Slowed,
    Vault,
)
from notesearch.domain.file_names import harmless_name, shown_name
from notesearch.wording.signs import DOT, count, model_name, waiting_for
from notesearch.wording.told import sentence, title, told_together
from notesearch.wording.translation import N_, _, plural

PATH_SEPARATOR = " \N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK} "

_FOUND_BY = {
    MatchedBy.KEYWORD: N_("found by words"),
    MatchedBy.MEANING: N_("found by meaning"),
    MatchedBy.BOTH: N_("found by meaning and words"),
}


def found_by(matched_by: MatchedBy) -> str:
    """The words for why a row is in the list."""
    return _(_FOUND_BY[matched_by])


def formats_read(formats: Sequence[NoteFormat]) -> str:
    """The sentence that tells which kinds of notes are read, and that they are not changed."""
    first, *more = (written.title for written in formats)
    # The names of formats are proper names, except "plain text".
    *most, last = [first, *(title.lower() if " " in title else title for title in more)]
    return _(
        "{most} and {last}. Your notes are only read, and nothing leaves this computer.",
        most=", ".join(most),
        last=last,
    )


def format_title(name: str, formats: Sequence[NoteFormat]) -> str:
    """The title of the format that `type:` finds."""
    return next((written.title for written in formats if written.name == name), name)


def format_names(formats: Sequence[NoteFormat]) -> str:
    """The names that may be written after `type:`."""
    return _("Notes of a type: {types}", types=", ".join(written.name for written in formats))


def place(locator: Locator) -> str:
    """The place of a passage in its file, in words."""
    match locator:
        case Sheet():
            return _("{sheet}, row {row:,}", sheet=locator.name, row=locator.row)
        case Section():
            return locator.name
        case Page():
            return _("page {number}", number=locator.number)
        case Slide():
            return _("slide {number}", number=locator.number)
        case Message():
            return _("message {number}", number=locator.number)
        case Line():
            return _("line {number}", number=locator.number)


def byte_size(number: int) -> str:
    """A size in units of thousands, as file managers show it: "412 KB", "1.3 GB"."""
    size = float(number)
    for unit in ("bytes", "KB", "MB", "GB"):
        if size < 1000 or unit == "GB":
            break
        size /= 1000
    return f"{size:.0f} {unit}" if size >= 10 or unit == "bytes" else f"{size:.1f} {unit}"


def model_line(folder: Folder) -> str:
    """The line below a folder's name: its model, or why the folder cannot be searched at present."""
    if folder.state is FolderState.UNREACHABLE:
        return _("not connected")
    if folder.state is FolderState.ASKING:
        return _("waits for your answer")
    if folder.state is FolderState.SCANNING:
        return _("looking for changes")
    if folder.state is FolderState.CONSENT and not folder.next_model:
        return _("waits for your word")
    return _("local model") if folder.model.startswith("local/") else model_name(folder.model)


def next_line(folder: Folder) -> str:
    """A second line below a folder's name: the model that is being prepared, or what the folder's model waits
    for; "" for neither."""
    if folder.next_model:
        name = model_name(folder.next_model)
        if folder.state is FolderState.CONSENT or not folder.agreed:
            return _("waits for your word: {model}", model=name)
        if folder.state is not FolderState.WAITING:
            return _(
                "{model}: {done:,} of {total:,}", model=name, done=folder.next_done, total=folder.next_total
            )
    if folder.state is FolderState.WAITING:
        return title(folder.notice) if folder.notice is not None else _("waits for its provider")
    return ""


def preparing(folder: Folder) -> str:
    """The change of model that is under way, in a sentence; "" for none."""
    if not folder.next_model:
        return ""
    name, present = model_name(folder.next_model), model_name(folder.model)
    if folder.state is FolderState.CONSENT or not folder.agreed:
        return _("{model} waits for your word; {present} answers meanwhile", model=name, present=present)
    if folder.state is FolderState.WAITING:
        return _("preparing {model}: waits; {present} answers meanwhile", model=name, present=present)
    return plural(
        "preparing {model}: {done:,} of {n:,} passage; {present} answers meanwhile",
        "preparing {model}: {done:,} of {n:,} passages; {present} answers meanwhile",
        folder.next_total,
        model=name,
        present=present,
        done=folder.next_done,
    )


def folder_sentence(folder: Folder) -> str:
    """A folder in one sentence, for tool tips and screen readers."""
    return f"{shown_name(folder.path)}, {model_line(folder)}, {folder_state(folder)}"


def folder_state(folder: Folder) -> str:
    """How far a folder is indexed, in a sentence."""
    parts = [count(folder.documents)]
    if folder.waiting:
        parts.append(_waiting(folder.waiting))
    if folder.failed:
        parts.append(_failed(folder.failed))
    if not folder.waiting and not folder.failed and folder.state is FolderState.READY:
        parts.append(_("up to date"))
    if folder.held_back:
        parts.append(plural("{n:,} passage held back", "{n:,} passages held back", folder.held_back))
    if folder.others:
        parts.append(plural("{n:,} other file not read", "{n:,} other files not read", folder.others))
    if folder.unread_links:
        parts.append(links_line(folder.unread_links))
    parts.append(preparing(folder))
    return ", ".join(filter(None, parts)) + (
        f". {told_together([folder.notice])}" if folder.notice is not None else ""
    )


def links_line(links: int) -> str:
    """How many linked folders are not read."""
    return plural("{n:,} linked folder is not read", "{n:,} linked folders are not read", links)


VAULT_KINDS = {
    "obsidian": N_("Obsidian vault"),
    "logseq": N_("Logseq graph"),
    "joplin": N_("Joplin export"),
    "zettelkasten": N_("Zettelkasten"),
}


def more_than(notes: int) -> str:
    """The words for "more than so many notes", where counting stopped early."""
    return plural("more than {n:,} note", "more than {n:,} notes", notes)


def others_not_read(others: int) -> str:
    """The sentence about the files of a folder that are no notes; "" where there are none."""
    if not others:
        return ""
    return plural(
        "{n:,} file of another kind is not read.", "{n:,} files of other kinds are not read.", others
    )


def folder_kind(kind: str) -> str:
    """The words for a folder of another notes program; "Folder" for other folders."""
    return _(VAULT_KINDS[kind]) if kind in VAULT_KINDS else _("Folder")


def vault_line(vault: Vault) -> str:
    """One line about a folder of another notes program: the program, the number of notes, and the place."""
    number = more_than(vault.notes) if vault.more else count(vault.notes)
    return DOT.join([_(VAULT_KINDS.get(vault.kind, "Notes")), number, short_place(vault.path.parent)])


def short_place(folder: Path) -> str:
    """The path of a folder, with ~ for the home folder."""
    home = home_folder()
    shown = Path("~", folder.relative_to(home)) if folder.is_relative_to(home) else folder
    return harmless_name(shown)


def pending(waiting: int, failed: int) -> str:
    """How many notes wait or failed: "69 waiting, 4 failed"; "" for none."""
    parts = [_waiting(waiting) if waiting else "", _failed(failed) if failed else ""]
    return ", ".join(filter(None, parts))


def _waiting(notes: int) -> str:
    return plural("{n:,} waiting", "{n:,} waiting", notes)


def _failed(notes: int) -> str:
    return plural("{n:,} failed", "{n:,} failed", notes)


def coverage(results: SearchResults) -> str:
    """ "searched 1,940 of 2,013 · 69 waiting, 4 failed": never silent about notes that could not take part."""  # noqa: E501
    if results.searched >= results.of:
        parts = [_("searched all {notes:,}", notes=results.of)]
    else:
        parts = [_("searched {some:,} of {notes:,}", some=results.searched, notes=results.of)]
    # The line may have no room for all of this, so the most important part comes first.
    return DOT.join(
        filter(None, [told_together(results.notices), *parts, pending(results.waiting, results.failed)])
    )


def summary(results: SearchResults, *, busy: bool = False) -> tuple[str, str]:
    """The line above the list: how many notes (emphasised), and how much of everything was searched.

    Never "nothing found" while a later stage or a waiting note may still bring something. `busy`: that stage
    takes noticeably long.
    """
    rest = coverage(results)
    if not results.matches:
        if results.preliminary:
            return _("No note has these words"), DOT.join([_("now searching by meaning"), rest])
        return (_("Nothing found so far") if results.waiting else _("Nothing found")), rest
    shown = len(results.matches)
    head = count(shown)
    if results.total > shown:
        head = plural(
            "First {shown:,} of {n:,} note", "First {shown:,} of {n:,} notes", results.total, shown=shown
        )
    if busy and results.preliminary:
        rest = DOT.join([_("by words, meaning follows"), rest])
    return head, rest


def recent_summary(status: IndexingStatus | None, shown: int) -> tuple[str, str]:
    """The line above the list, when nothing is typed."""
    if status is None or status.state is IndexingState.STARTING:
        return _("Opening your notes"), ""
    every = _("{notes:,} in all", notes=status.documents)
    rest = DOT.join(filter(None, [every, pending(status.waiting, status.failed)]))
    return (_("Recent notes") if shown else _("No notes yet")), rest


def duration(seconds: float) -> str:
    """The time that is left, roughly: "a few seconds", "40 s", "2 min", "1 h 5 min"."""
    if seconds < 10:
        return _("a few seconds")
    if seconds < 60:
        return _("{seconds} s", seconds=round(seconds / 10) * 10)
    minutes = round(seconds / 60)
    if minutes < 60:
        return _("{minutes} min", minutes=minutes)
    return _("{hours} h {minutes} min", hours=minutes // 60, minutes=minutes % 60)


def status_lead(status: IndexingStatus) -> str:
    """The first words of the status line."""
    state = status.state
    unfinished = status.waiting > 0 or any(folder.state is FolderState.WAITING for folder in status.folders)
    if status.troubles and (state is IndexingState.OFFLINE or (state is IndexingState.IDLE and unfinished)):
        return _("Waiting for {provider}", provider=waiting_for(status))
    if state in (IndexingState.IDLE, IndexingState.OFFLINE) and any(
        folder.state is FolderState.CONSENT for folder in status.folders
    ):
        return _("Waiting for your word")
    if state is IndexingState.IDLE and not status.folders and not status.waiting:
        return _("No folder yet")
    building = folder_in_building(status)
    if building is not None:
        model = model_name(building.next_model)
        return _("Preparing {model} for {folder}", model=model, folder=building.path.name)
    if state is IndexingState.INDEXING:
        owner = owning_folder(status.current, status.folders)
        if owner is None:
            return _("Reading notes") if status.stage == "reading" else _("Indexing notes")
        reading, indexing = N_("Reading {folder}"), N_("Indexing {folder}")
        return _(reading if status.stage == "reading" else indexing, folder=owner.path.name)
    if state in _LEADS:
        return _(_LEADS[state])
    return _("Waiting") if status.waiting else _("Up to date")


_LEADS = {
    IndexingState.STARTING: N_("Opening your notes"),
    IndexingState.SCANNING: N_("Looking for changes"),
    IndexingState.PAUSED: N_("Paused"),
    IndexingState.OFFLINE: N_("Waiting for the model's provider"),
    IndexingState.FAILED: N_("Indexing stopped"),
}


def status_detail(status: IndexingStatus) -> str:
    """The words after the bar of the status line: how much is left, or how much there is."""
    if status.error is not None:
        return sentence(status.error)
    building = folder_in_building(status)
    if building is not None:
        passages = plural(
            "{done:,} of {n:,} passage",
            "{done:,} of {n:,} passages",
            building.next_total,
            done=building.next_done,
        )
        return DOT.join(filter(None, [passages, slowed_line(status.slowed)]))
    if status.state in (IndexingState.INDEXING, IndexingState.SCANNING) and status.total:
        left = status.total - status.done
        if left <= 0:
            return _("almost done")
        to_go = plural("{n:,} note to go", "{n:,} notes to go", left)
        time_left = "" if status.seconds_left is None else duration(status.seconds_left)
        return DOT.join(filter(None, [to_go, time_left, slowed_line(status.slowed)]))
    if status.waiting:
        return plural("{n:,} note waiting", "{n:,} notes waiting", status.waiting)
    return count(status.documents) if status.folders else ""


_SLOWED = {
    Slowed.BATTERY: N_("slower, on battery"),
    Slowed.BUSY: N_("slower, other programs are busy"),
}


def slowed_line(slowed: Slowed | None) -> str:
    """Why indexing is slower than it could be; "" where it is not."""
    return _(_SLOWED[slowed]) if slowed is not None else ""


def folder_in_building(status: IndexingStatus) -> Folder | None:
    """The folder whose next model is being prepared, where the indexer is doing that; else None."""
    if status.state is not IndexingState.INDEXING or status.stage == "reading":
        return None
    return next(
        (f for f in status.folders if f.next_model and f.agreed and f.state is FolderState.INDEXING), None
    )


def progress(status: IndexingStatus) -> tuple[int, int]:
    """(done, total) of the present work."""
    building = folder_in_building(status)
    return (building.next_done, building.next_total) if building is not None else (status.done, status.total)


def owning_folder(path: Path | None, folders: Sequence[Folder]) -> Folder | None:
    """The watched folder that `path` lies in; None for none."""
    return next((folder for folder in folders if path is not None and path.is_relative_to(folder.path)), None)
