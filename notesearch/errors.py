"""Every error Notesearch raises on purpose.

    NotesearchError
    ├── FolderError            a notes folder cannot be added, read or watched
    │   ├── FolderMissing
    │   ├── FolderUnreadable
    │   ├── FolderOverlap
    │   └── WatchLimited
    ├── FileUnreadable         one file stops; the rest goes on
    │   ├── FileGone
    │   ├── FileBinary
    │   ├── FileTooSlow
    │   ├── FileTooLarge
    │   └── ExtractionFailed
    ├── EmbeddingError         a model cannot be used or answered wrongly
    │   └── ModelMissing
    ├── StoreError             the database or an index of our own
    │   ├── StoreTooNew
    │   ├── StoreDamaged
    │   └── DiskFull
    ├── DataFolderHeld         another process owns the data folder
    ├── NotIndexed             the note or folder asked for is not in the index
    ├── SettingsInvalid
    ├── UsageError             the command line was used wrongly
    └── NoDisplay

Each carries a `title` (what happened, one sentence), a `hint` (what to do) and `retryable` (whether the same thing may work when
tried again). Texts are for people; they never hold the text of a note or a secret. Anything else that is raised is a bug.
"""

from __future__ import annotations


class NotesearchError(Exception):
    """An error for people: `title` says what happened, `hint` what to do, `retryable` whether trying again may help."""

    title = "Something went wrong"
    hint = ""
    retryable = False

    def __init__(self, title: str | None = None, *, hint: str | None = None, retryable: bool | None = None) -> None:
        if title is not None:
            self.title = title
        if hint is not None:
            self.hint = hint
        if retryable is not None:
            self.retryable = retryable
        super().__init__(self.title)

    def __str__(self) -> str:
        return f"{self.title}. {self.hint}".strip() if self.hint else self.title


class FolderError(NotesearchError):
    title = "This folder cannot be used"
    retryable = True


class FolderMissing(FolderError):
    title = "The folder is not there"
    hint = "Connect the disk it is on, or remove the folder from the list."


class FolderUnreadable(FolderError):
    title = "The folder cannot be read"
    hint = "Check that you are allowed to open it."


class FolderOverlap(FolderError):
    title = "The folder is already searched"
    retryable = False


class WatchLimited(FolderError):
    title = "Not every folder can be watched"
    hint = "Changes are found by a regular scan instead."


class FileUnreadable(NotesearchError):
    title = "The file cannot be read"
    hint = "Check that you are allowed to open it."
    retryable = True


class FileGone(FileUnreadable):
    title = "The file is not there any more"
    hint = "It was moved or deleted while it was being read."


class FileBinary(FileUnreadable):
    title = "Not a text file"
    hint = "It holds binary data, so it was left out."
    retryable = False


class FileTooSlow(FileUnreadable):
    title = "Reading the file took too long"
    hint = "It was left out so that the rest could go on. Try again when the computer is less busy."


class FileTooLarge(FileUnreadable):
    title = "The file needs too much memory"
    hint = "Split it into smaller notes."
    retryable = False


class ExtractionFailed(FileUnreadable):
    title = "The file could not be understood"
    hint = "It may be damaged. Open it in its own program and save it again."


class EmbeddingError(NotesearchError):
    title = "The model could not be used"
    retryable = True


class ModelMissing(EmbeddingError):
    title = "The bundled model is missing"
    hint = "Install Notesearch again. Search by words works meanwhile."
    retryable = False


class StoreError(NotesearchError):
    title = "The index cannot be used"


class StoreTooNew(StoreError):
    title = "The index was written by a newer version of Notesearch"
    hint = "Update Notesearch, or start it with another data folder (--data-dir)."


class StoreDamaged(StoreError):
    title = "The index is damaged"
    hint = "Your notes are untouched. Run `notesearch doctor` to see which file is affected."


class DiskFull(StoreError):
    title = "The disk is full"
    hint = "Free some space; indexing goes on by itself afterwards."
    retryable = True


class DataFolderHeld(NotesearchError):
    title = "Another Notesearch is using this data folder"
    hint = "Quit it first, or use another data folder (--data-dir)."
    retryable = True


class NotIndexed(NotesearchError):
    title = "This is not in the index"
    hint = "Add its folder first: notesearch add FOLDER."


class SettingsInvalid(NotesearchError):
    title = "The settings file has an error"
    hint = "The setting was ignored; correct it or delete the line."


class UsageError(NotesearchError):
    title = "The command was not understood"


class NoDisplay(NotesearchError):
    title = "There is no display to open a window on"
    hint = "Use the terminal commands instead: notesearch add, index, search, status (notesearch --help lists them)."
