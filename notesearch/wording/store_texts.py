"""The sentences of errors of the database, the indexes and the data folder: code -> title and hint."""

from __future__ import annotations

from notesearch.wording.translation import N_
from notesearch.wording.words import Words

_BEGIN_ANEW = N_(
    "Your notes are untouched. Put notes.sqlite back from a backup, or begin a new one with a repair "
    "(`notesearch doctor --repair`): folders are then to be added, and their notes embedded, again."
)
_DATA_DIR = N_("Choose another one with --data-dir.")

STORE: dict[str, Words] = {
    "store": Words(N_("The index cannot be used")),
    "store.absent": Words(N_("There is no index yet"), N_("Add a folder first: notesearch add FOLDER.")),
    "store.closed": Words(N_("The index is closed")),
    "store.read-only": Words(N_("The index is read-only here")),
    "store.cannot-open": Words(
        N_("The index cannot be opened"), N_("Check that the data folder can be written.")
    ),
    "store.in-use": Words(N_("The index is in use"), N_("Try again in a moment.")),
    "store.older": Words(
        N_("The index was written by an earlier version of Notesearch"),
        N_("Start Notesearch once, or run `notesearch index`."),
    ),
    "store.folder-not-writable": Words(N_("The data folder cannot be written"), _DATA_DIR),
    "store.folder-gone": Words(
        N_("The data folder {folder} was removed"),
        N_("What is indexed from now on is lost. Quit Notesearch, and start it again."),
    ),
    "store.no-locks": Words(
        N_("The file system of the data folder has no locks, which the database needs ({reason})"),
        N_("Choose a folder on a disk of this computer with --data-dir."),
    ),
    "store.lock-by-file": Words(
        N_("The file system of the data folder has no locks"),
        N_(
            "The file {file} stands for one: it names this process, and keeps other ones from writing. Do "
            "not use the data folder from two computers at once."
        ),
    ),
    "store.words-not-ready": Words(
        N_("The keyword index is not ready"), N_("Start Notesearch once, or run `notesearch index`.")
    ),
    "store.words-damaged": Words(
        N_("The keyword index was damaged"), N_("It is made again from the database; try again in a moment.")
    ),
    "store.words-failed": Words(
        N_("The keyword index could not answer this query"), N_("Its files are whole. Try other words.")
    ),
    "store.words-closed": Words(N_("The keyword index is not open")),
    "store.words-not-writable": Words(
        N_("The keyword index cannot be written"), N_("Check the disk that the data folder is on.")
    ),
    "store.vectors-not-writable": Words(
        N_("The vector index cannot be written"), N_("Check the disk that the data folder is on.")
    ),
    "store.vectors-of-unknown-model": Words(
        N_("The index has vectors of a model that is not known any more"),
        N_("Choose another model for the folder."),
    ),
    "store.cannot-listen": Words(N_("Notesearch cannot listen for its other windows"), "{reason}."),
    "store-too-new": Words(
        N_("The index was written by a newer version of Notesearch"),
        N_("Update Notesearch, or start it with another data folder (--data-dir)."),
    ),
    "store-damaged": Words(
        N_("The database is damaged"),
        N_(
            "Your notes are untouched. A repair (`notesearch doctor --repair`) takes what can be read into a "
            "new database, and keeps the damaged one beside it."
        ),
    ),
    "store-damaged.missing": Words(
        N_("The database is gone; only its indexes are left"),
        _BEGIN_ANEW,
    ),
    "store-damaged.empty": Words(
        N_("The database is empty, beside indexes that are not"),
        _BEGIN_ANEW,
    ),
    "store-damaged.foreign": Words(N_("The database was made by another program")),
    "store-damaged.not-a-file": Words(N_("There is a folder in place of the database")),
    "disk-full": Words(
        N_("The disk is full"),
        N_("Free some space; indexing goes on by itself afterwards."),
    ),
    "disk-full.not-written": Words(N_("The disk does not take what is written")),
}
