"""Every error Notesearch raises on purpose.

    NotesearchError
    ├── FolderError            a notes folder cannot be added, read or watched
    │   └── FolderMissing, FolderUnreadable, FolderOverlap, WatchLimited
    ├── FileUnreadable         one file stops; the rest goes on
    │   └── FileGone, FileBinary, FileTooSlow, FileTooLarge, ExtractionFailed
    ├── EmbeddingError         a model cannot be used or answered wrongly
    │   ├── ModelMissing
    │   ├── QueryCancelled     the user has typed on
    │   └── ProviderError      a remote model; `pauses`: its queue waits until the user acts
    │       ├── KeyMissing, KeyInvalid, KeyRefused, KeyringLocked, KeyringAbsent, KeyringSilent
    │       ├── OutOfCredits, ModelGone
    │       ├── ProviderBusy   says after how many seconds to try again
    │       ├── ProviderUnreachable
    │       │   └── ProviderTimeout
    │       ├── ProviderFailed, RequestRefused, ReplyWrong, RedirectRefused
    │       └── InsecureAddress, BudgetReached
    ├── StoreError             the database or an index of our own
    │   └── StoreTooNew, StoreDamaged, DiskFull
    ├── DataFolderHeld         another process owns the data folder
    ├── NotIndexed             the note or folder asked for is not in the index
    ├── ConsentMissing, IndexingPaused, SettingsInvalid, NoDisplay, EditorMissing
    ├── OwnerFailed            the process that owns the data folder did not answer as it should
    ├── Bug                    an unexpected exception, told to the user
    ├── UsageError             the command line was used wrongly
    ├── AutostartFailed        the desktop's own settings of this program
    └── NoteGone               a note that was to be opened

An error is a code with parameters. It has no sentence: `notesearch/wording` makes sentences of codes, for the
command line and the window. A code stands for one sentence: that of its class, or of one of the class's
`variants`, whose codes begin with the class's own and a dot ("folder-missing.is-a-file"). For an unknown
variant, the code before the last dot is used.

Codes and the names of parameters are stored in the database and sent between processes, so they must not
change once they are released. Parameters never hold the text of a note or a secret. Any other exception is a
bug.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

# The types of a parameter: the simple values of JSON.
Param = str | int | float | bool | None
# Code -> the names of its parameters. A parameter with "?" is optional.
Variants = Mapping[str, str]


class NotesearchError(Exception):
    """An error that the program expects, as a code with parameters.

    `code` is that of this error; on a class, that of its plain form. `params` are by name. Paths are text,
    and several things are one text with a line for each. `retryable`: whether the same thing may work when it
    is tried again. `remedy`: where the user can mend it ("key", "model", "settings"; "" for no particular
    place). `variants`: the codes that may be used in place of the class's own, with the names of their
    parameters (a name with "?" is optional).
    """

    code: str = "failed"
    retryable: bool = False
    remedy: ClassVar[str] = ""
    variants: ClassVar[Variants] = {}

    def __init__(self, code: str = "", /, *, retryable: bool | None = None, **params: Param) -> None:
        if code:
            self.code = code
        if retryable is not None:
            self.retryable = retryable
        self.params: Mapping[str, Param] = params
        super().__init__(self.code)

    def __str__(self) -> str:
        """Code and parameters, for logs."""
        return " ".join([self.code, *(f"{name}={value}" for name, value in self.params.items())])


class FolderError(NotesearchError):
    """A notes folder cannot be added, read or watched."""

    code = "folder"
    retryable = True


class FolderMissing(FolderError):
    """The folder is not there, or the path is no folder."""

    code = "folder-missing"
    variants: ClassVar[Variants] = {
        "folder-missing.named": "folder",
        "folder-missing.asked-for": "folder",
        "folder-missing.is-a-file": "folder",
    }


class FolderUnreadable(FolderError):
    """The system does not let this user read the folder."""

    code = "folder-unreadable"
    variants: ClassVar[Variants] = {"folder-unreadable.named": "folder"}


class FolderOverlap(FolderError):
    """The folder lies inside a searched one, or holds one."""

    code = "folder-overlap"
    retryable = False
    variants: ClassVar[Variants] = {
        "folder-overlap.data-folder": "",
        "folder-overlap.same": "folder",
        "folder-overlap.other-name": "folder other",
        "folder-overlap.inside": "folder other",
        "folder-overlap.around": "folder other",
    }


class WatchLimited(FolderError):
    """The system watches no more folders for this user; those are compared now and then."""

    code = "watch-limited"
    variants: ClassVar[Variants] = {
        "watch-limited.missing": "folder",
        "watch-limited.part": "folder",
        "watch-limited.kernel": "folder",
        "watch-limited.instances": "folder",
        "watch-limited.polled": "folder kind",
    }


class FileUnreadable(NotesearchError):
    """One file cannot be read. It becomes a problem that the user sees; the rest goes on."""

    code = "file-unreadable"
    retryable = True
    variants: ClassVar[Variants] = {
        "file-unreadable.because": "reason",
        "file-unreadable.changing": "",
        "file-unreadable.not-a-file": "",
        "file-unreadable.name": "",
    }


class FileGone(FileUnreadable):
    """The file was there a moment ago and is gone."""

    code = "file-gone"


class FileBinary(FileUnreadable):
    """The file is no text, whatever its name says."""

    code = "file-binary"
    retryable = False


class FileTooSlow(FileUnreadable):
    """Reading the file took longer than a file of its size may take."""

    code = "file-too-slow"


class FileTooLarge(FileUnreadable):
    """Reading the file took more memory than the extraction process has."""

    code = "file-too-large"
    retryable = False


class ExtractionFailed(FileUnreadable):
    """The reader of its format failed, or its process ended, over this file."""

    code = "extraction-failed"
    variants: ClassVar[Variants] = {"extraction-failed.kind": "formats"}


class EmbeddingError(NotesearchError):
    """A model cannot be used, or answered wrongly."""

    code = "embedding-failed"
    retryable = True
    pauses = False
    variants: ClassVar[Variants] = {
        "embedding-failed.empty-text": "",
        "embedding-failed.empty-query": "",
        "embedding-failed.bundled": "",
        "embedding-failed.no-tokens": "model",
        "embedding-failed.other-length": "model",
    }


class ModelMissing(EmbeddingError):
    """The files of a local model are not there."""

    code = "model-missing"
    retryable = False
    variants: ClassVar[Variants] = {"model-missing.unloadable": ""}


class QueryCancelled(EmbeddingError):
    """The user typed on, and this query's vector is not needed any more."""

    code = "query-cancelled"
    variants: ClassVar[Variants] = {"query-cancelled.test": ""}


class ProviderError(EmbeddingError):
    """A remote model did not do what was asked. `pauses`: nothing more is sent until the user has acted; else
    trying again later may help. The error holds no text of a note, no key and no request, and neither does
    its cause."""

    code = "provider"


class KeyMissing(ProviderError):
    """The provider needs a key, and there is none."""

    code = "key-missing"
    retryable = False
    pauses = True
    remedy = "key"
    variants: ClassVar[Variants] = {"key-missing.of-provider": "title provider variable"}


class KeyInvalid(ProviderError):
    """A text that was given as a key cannot be one."""

    code = "key-invalid"
    retryable = False
    pauses = True
    remedy = "key"
    variants: ClassVar[Variants] = {"key-invalid.empty": ""}


class KeyRefused(ProviderError):
    """The provider does not accept the key."""

    code = "key-refused"
    pauses = True
    remedy = "key"
    variants: ClassVar[Variants] = {"key-refused.not-allowed": "shown?"}


class KeyringLocked(ProviderError):
    """The system's keyring waits for the user's password."""

    code = "keyring-locked"
    pauses = True
    remedy = "key"
    variants: ClassVar[Variants] = {"keyring-locked.nowhere-to-keep": "variable"}


class KeyringAbsent(ProviderError):
    """There is no keyring here, or its service is not running."""

    code = "keyring-absent"
    pauses = True
    remedy = "key"


class KeyringSilent(ProviderError):
    """The keyring does not answer: it hangs, or the user has not answered its question. It is asked again
    later."""

    code = "keyring-silent"
    remedy = "key"


class OutOfCredits(ProviderError):
    """The account at the provider has no money left."""

    code = "out-of-credits"
    pauses = True
    variants: ClassVar[Variants] = {"out-of-credits.at": "page"}


class ModelGone(ProviderError):
    """The provider does not offer the model, or does not offer it any more."""

    code = "model-gone"
    retryable = False
    pauses = True
    remedy = "model"
    variants: ClassVar[Variants] = {"model-gone.named": "model others? retired? shown?"}


class ProviderBusy(ProviderError):
    """The provider is too busy. `retry_after`: seconds after which it may answer again."""

    retry_after: float = 60.0
    code = "provider-busy"
    variants: ClassVar[Variants] = {"provider-busy.until": "time"}

    def __init__(
        self,
        code: str = "",
        /,
        *,
        retryable: bool | None = None,
        retry_after: float = 60.0,
        **params: Param,
    ) -> None:
        super().__init__(code, retryable=retryable, **params)
        self.retry_after = retry_after


class ProviderUnreachable(ProviderError):
    """No connection to the provider."""

    code = "provider-unreachable"
    variants: ClassVar[Variants] = {
        "provider-unreachable.certificate": "",
        "provider-unreachable.encryption": "",
        "provider-unreachable.name": "",
        "provider-unreachable.not-running": "",
        "provider-unreachable.cut": "",
    }


class ProviderTimeout(ProviderUnreachable):
    """The provider did not answer in time. It may still be working on the request."""

    code = "provider-timeout"
    variants: ClassVar[Variants] = {"provider-timeout.within": "seconds"}


class ProviderFailed(ProviderError):
    """The provider replied with an error of its own (HTTP 5xx)."""

    code = "provider-failed"
    variants: ClassVar[Variants] = {
        "provider-failed.status": "status shown?",
        "provider-failed.nothing-accepted": "status shown?",
    }


class RequestRefused(ProviderError):
    """The provider does not want this request: its text, its size or its form."""

    code = "request-refused"
    pauses = True
    remedy = "model"
    variants: ClassVar[Variants] = {
        "request-refused.status": "status shown?",
        "request-refused.nothing-accepted": "status shown?",
        "request-refused.too-long": "",
        "request-refused.server-failed": "",
        "request-refused.no-vector": "",
    }


class ReplyWrong(ProviderError):
    """The reply does not hold one vector for each text that was sent."""

    code = "reply-wrong"
    pauses = True
    remedy = "settings"
    variants: ClassVar[Variants] = {
        "reply-wrong.web-page": "",
        "reply-wrong.no-vectors": "",
        "reply-wrong.count": "found expected",
        "reply-wrong.order": "",
        "reply-wrong.dimensions": "found expected",
        "reply-wrong.not-a-number": "",
        "reply-wrong.zero": "",
        "reply-wrong.empty": "",
        "reply-wrong.unreadable": "",
        "reply-wrong.too-long": "",
    }


class RedirectRefused(ProviderError):
    """The provider redirects to another address. It is not followed, so that no key is sent there."""

    code = "redirect-refused"
    pauses = True
    remedy = "settings"
    variants: ClassVar[Variants] = {"redirect-refused.to": "host"}


class InsecureAddress(ProviderError):
    """The address is plain http to another computer: notes and key could be read on the way. One in the
    user's own network can be allowed."""

    code = "insecure-address"
    retryable = False
    pauses = True
    remedy = "settings"
    variants: ClassVar[Variants] = {"insecure-address.home": "host"}


class BudgetReached(ProviderError):
    """The month's budget that the user set is used up."""

    code = "budget-reached"
    pauses = True
    remedy = "settings"
    variants: ClassVar[Variants] = {
        "budget-reached.money": "title usd",
        "budget-reached.tokens": "title tokens",
        "budget-reached.unknown": "title folder",
    }


class StoreError(NotesearchError):
    """The database or an index of our own cannot be used."""

    code = "store"
    variants: ClassVar[Variants] = {
        "store.absent": "",
        "store.closed": "",
        "store.read-only": "",
        "store.cannot-open": "",
        "store.in-use": "",
        "store.older": "",
        "store.folder-not-writable": "",
        "store.folder-gone": "folder",
        "store.no-locks": "reason",
        "store.lock-by-file": "file",
        "store.words-not-ready": "",
        "store.words-damaged": "",
        "store.words-failed": "",
        "store.words-closed": "",
        "store.words-not-writable": "",
        "store.vectors-not-writable": "",
        "store.vectors-of-unknown-model": "",
        "store.cannot-listen": "reason",
    }


class StoreTooNew(StoreError):
    """A newer version of the program wrote the database."""

    code = "store-too-new"


class StoreDamaged(StoreError):
    """The database is damaged, gone, or not ours."""

    code = "store-damaged"
    variants: ClassVar[Variants] = {
        "store-damaged.missing": "",
        "store-damaged.empty": "",
        "store-damaged.foreign": "",
        "store-damaged.not-a-file": "",
    }


class DiskFull(StoreError):
    """The disk is full, or does not take what is written for another reason. Nothing of the change was
    kept."""

    code = "disk-full"
    retryable = True
    variants: ClassVar[Variants] = {"disk-full.not-written": ""}


class DataFolderHeld(NotesearchError):
    """Another process owns the data folder."""

    code = "data-folder-held"
    retryable = True
    variants: ClassVar[Variants] = {
        "data-folder-held.silent": "process",
        "data-folder-held.other-version": "",
        "data-folder-held.stopped": "",
        "data-folder-held.preparing": "",
        "data-folder-held.lock-removed": "",
        "data-folder-held.elsewhere": "host process file",
        "data-folder-held.busy": "",
        "data-folder-held.hangs": "process",
    }


class NotIndexed(NotesearchError):
    """The note or the folder that was asked for is not in the index."""

    code = "not-indexed"
    variants: ClassVar[Variants] = {
        "not-indexed.note": "note",
        "not-indexed.no-vectors": "note",
        "not-indexed.folder": "folder",
    }


class ConsentMissing(NotesearchError):
    """The user has to agree before anything is sent."""

    code = "consent-missing"
    variants: ClassVar[Variants] = {"consent-missing.of-folder": "folder model"}


class IndexingPaused(NotesearchError):
    """The user has paused indexing, and this would have to wait for it."""

    code = "indexing-paused"
    retryable = True


class OwnerFailed(NotesearchError):
    """The process that owns the data folder did not answer as it should."""

    code = "owner-failed"
    variants: ClassVar[Variants] = {"owner-failed.stopped": "", "owner-failed.bug": ""}


class Bug(NotesearchError):
    """An unexpected exception, to be told to the user. `kind` is the name of its class; its text is never
    told."""

    code = "bug"
    variants: ClassVar[Variants] = {"bug.named": "kind", "bug.indexing": "kind"}


class SettingsInvalid(NotesearchError):
    """Something in the settings is wrong. `entry` is the table or entry. The code may be that of another
    error, which then says what is wrong there."""

    code = "settings-invalid"
    variants: ClassVar[Variants] = {
        "settings-invalid.appearance": "value allowed",
        "settings-invalid.when-closed": "value allowed",
        "settings-invalid.results-limit": "value",
        "settings-invalid.editor-path": "",
        "settings-invalid.editor-quote": "",
        "settings-invalid.kind": "name",
        "settings-invalid.no-table": "entry?",
        "settings-invalid.budget": "entry?",
        "settings-invalid.rules": "entry",
        "settings-invalid.file": "file reason",
        "settings-invalid.last-good": "file reason",
        "settings-invalid.gone": "file copy",
        "settings-invalid.data-folder": "folder reason",
        "settings-invalid.data-folder-of-other": "folder reason",
        "settings-invalid.no-home": "",
    }

    @classmethod
    def within(cls, entry: str, error: NotesearchError) -> SettingsInvalid:
        """Make a SettingsInvalid of an error in an entry of the settings."""
        return cls(error.code, retryable=False, **{**error.params, "entry": entry})


class UsageError(NotesearchError):
    """The command line, or an operation, was used wrongly."""

    code = "usage"
    variants: ClassVar[Variants] = {
        "usage.reads-only": "",
        "usage.operation": "operation reason",
        "usage.operation-lacks": "operation missing",
        "usage.operation-local": "operation",
        "usage.operation-unknown": "operation",
        "usage.link": "",
        "usage.link-alone": "",
        "usage.no-such-word": "word",
        "usage.no-folder": "",
        "usage.no-model": "model",
        "usage.no-model-here": "",
        "usage.provider-name": "provider",
        "usage.provider-unknown": "provider known",
        "usage.url": "",
        "usage.url-too-much": "",
        "usage.model-unknown": "model known?",
        "usage.model-of-provider": "provider",
        "usage.dimensions-fixed": "model dimensions",
        "usage.dimensions": "model dimensions least most",
        "usage.model-entry": "name entry?",
        "usage.model-lacks": "name entry?",
        "usage.model-number": "model entry?",
        "usage.provider-needed": "folder provider",
    }


class NoDisplay(NotesearchError):
    """There is no screen to show a window on."""

    code = "no-display"


class AutostartFailed(NotesearchError):
    """The desktop's own files about this program (start at login, links) cannot be written."""

    code = "autostart"
    retryable = True
    variants: ClassVar[Variants] = {"autostart.login": "reason", "autostart.menu": "reason"}


class EditorMissing(NotesearchError):
    """The editor command names no program that is there."""

    code = "editor-missing"
    retryable = True
    variants: ClassVar[Variants] = {"editor-missing.terminal": "", "editor-missing.command": "command"}


class NoteGone(NotesearchError):
    """A note that is to be opened is not there."""

    code = "note-gone"
