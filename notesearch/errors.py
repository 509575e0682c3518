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
    │   ├── ModelMissing
    │   ├── QueryCancelled     the person has typed on
    │   └── ProviderError      a remote model; `pauses`: its queue waits until the person acts
    │       ├── KeyMissing
    │       ├── KeyInvalid
    │       ├── KeyRefused
    │       ├── KeyringLocked
    │       ├── KeyringAbsent
    │       ├── OutOfCredits
    │       ├── ModelGone
    │       ├── ProviderBusy   says after how many seconds to try again
    │       ├── ProviderUnreachable
    │       ├── ProviderFailed
    │       ├── RequestRefused
    │       ├── ReplyWrong
    │       ├── RedirectRefused
    │       ├── InsecureAddress
    │       └── BudgetReached
    ├── StoreError             the database or an index of our own
    │   ├── StoreTooNew
    │   ├── StoreDamaged
    │   └── DiskFull
    ├── DataFolderHeld         another process owns the data folder
    ├── NotIndexed             the note or folder asked for is not in the index
    ├── ConsentMissing         nothing is sent before the person agrees
    ├── SettingsInvalid
    ├── UsageError             the command line was used wrongly
    └── NoDisplay

Each carries a `title` (what happened, one sentence), a `hint` (what to do) and `retryable` (whether the same
thing may work when tried again). Texts are for people; they never hold the text of a note or a secret.
Anything else that is raised is a bug.
"""

from __future__ import annotations


class NotesearchError(Exception):
    """An error for people: `title` says what happened, `hint` what to do, `retryable` whether trying again
    may help."""

    title = "Something went wrong"
    hint = ""
    retryable = False

    def __init__(
        self, title: str | None = None, *, hint: str | None = None, retryable: bool | None = None
    ) -> None:
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
    pauses = False


class ModelMissing(EmbeddingError):
    title = "The bundled model is missing"
    hint = "Install Notesearch again. Search by words works meanwhile."
    retryable = False


class QueryCancelled(EmbeddingError):
    title = "The query was given up"
    hint = "A newer one took its place."


class ProviderError(EmbeddingError):
    """A remote model did not do what was asked. `pauses`: nothing more is sent until the person has acted;
    otherwise trying again later may help by itself. No text of a note, no key and no request is held, neither
    here nor in a cause."""

    title = "The provider could not be used"


class KeyMissing(ProviderError):
    title = "There is no key for this provider"
    hint = "Set one in the settings, or with: notesearch key set PROVIDER."
    retryable = False
    pauses = True


class KeyInvalid(ProviderError):
    title = "This cannot be a key"
    hint = (
        "A key is one word of plain letters, digits and signs. Copy it again, without spaces or line "
        "breaks inside."
    )
    retryable = False
    pauses = True


class KeyRefused(ProviderError):
    title = "The provider does not accept the key"
    hint = (
        "Look it up in your account there and set it again: in the settings, or with: notesearch key set "
        "PROVIDER."
    )
    pauses = True


class KeyringLocked(ProviderError):
    title = "The keyring is locked"
    hint = "Unlock your system's keyring (it asks for its password), then go on."
    pauses = True


class KeyringAbsent(ProviderError):
    title = "There is no keyring on this computer"
    hint = (
        "The key is kept until Notesearch is quit. Install a keyring (GNOME Keyring, KWallet) or set the "
        "key's environment variable to keep it."
    )
    pauses = True


class OutOfCredits(ProviderError):
    title = "The account has no credit left"
    hint = "Top up your balance at the provider, then go on. Search by words works meanwhile."
    pauses = True


class ModelGone(ProviderError):
    title = "The provider does not serve this model"
    hint = "Choose another model for the folder."
    retryable = False
    pauses = True


class ProviderBusy(ProviderError):
    """`retry_after`: seconds after which the provider may answer again."""

    title = "The provider asks to wait"
    hint = "It goes on by itself."

    def __init__(
        self, title: str | None = None, *, hint: str | None = None, retry_after: float = 60.0
    ) -> None:
        super().__init__(title, hint=hint)
        self.retry_after = retry_after


class ProviderUnreachable(ProviderError):
    title = "The provider cannot be reached"
    hint = (
        "Check the connection to the internet. It is tried again by itself; search by words works meanwhile."
    )


class ProviderFailed(ProviderError):
    title = "The provider has a problem of its own"
    hint = (
        "It is tried again later by itself. If it stays, look at the provider's status page, or choose "
        "another model for the folder."
    )


class RequestRefused(ProviderError):
    title = "The provider did not accept the request"
    hint = "Test the model in the settings, or choose another one."
    pauses = True


class ReplyWrong(ProviderError):
    title = "The provider's reply cannot be used"
    hint = "Nothing of it was stored. Test the model in the settings, or try again later."
    pauses = True


class RedirectRefused(ProviderError):
    title = "The provider sends us to another address"
    hint = "Nothing was sent there. Check the base URL in the settings."
    pauses = True


class InsecureAddress(ProviderError):
    title = "The address is not encrypted"
    hint = "Use an address that begins with https://. Plain http is allowed for this computer only."
    retryable = False
    pauses = True


class BudgetReached(ProviderError):
    title = "The month's budget for this provider is used up"
    hint = "Raise it in the settings, or wait for the next month. Search goes on."
    pauses = True


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


class ConsentMissing(NotesearchError):
    title = "A remote model waits for your word"
    hint = "Nothing of the folder is sent before you agree."

    def __init__(self, folder: object = "", model: str = "") -> None:
        hint = (
            f"See what would be sent, and agree, with: notesearch use {model} --in FOLDER. Nothing is sent "
            "before."
            if model
            else None
        )
        super().__init__(f"{folder} waits for your word" if folder else None, hint=hint)


class SettingsInvalid(NotesearchError):
    title = "The settings file has an error"
    hint = "The setting was ignored; correct it or delete the line."


class UsageError(NotesearchError):
    title = "The command was not understood"


class NoDisplay(NotesearchError):
    title = "There is no display to open a window on"
    hint = (
        "Use the terminal commands instead: notesearch add, index, search, status (notesearch --help "
        "lists them)."
    )
