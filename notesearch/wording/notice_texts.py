"""The sentences of messages that are no errors: notices of folders and searches, checks of `notesearch
doctor`, wrong ignore rules. Code -> sentence."""

from __future__ import annotations

from notesearch.wording.translation import N_, Plural
from notesearch.wording.words import Words

NOTICES: dict[str, Words] = {
    # Of folders and the indexer
    "folder.unreachable": Words(N_("The folder cannot be reached"), N_("Its notes stay searchable.")),
    "folder.kept": Words(N_("Most of its files are gone"), N_("Their notes were kept in the index.")),
    "folder.model-unknown": Words(
        N_("The model {model} is not in the settings any more"), N_("Choose another one.")
    ),
    "indexing.bug": Words(N_("Indexing stopped because of a bug"), N_("Start Notesearch again.")),
    # Of a search: what took no part
    "search.preparing": Words(N_("Search by meaning is being made ready")),
    "search.without-consent": Words(N_("Searched by words only where {model} waits for your word")),
    "search.words-only": Words(N_("Searched by words only. {cause}")),
    "search.words-only-in": Words(N_("{folders}: searched by words only. {cause}")),
    "search.forgiven": Words(N_("{found}, for \u201c{typed}\u201d.")),
    "search.no-words": Words(N_("No note has \u201c{typed}\u201d. These are near in meaning.")),
    "search.quotes": Words(
        N_("Almost no note has the words in quotation marks side by side, so they were searched one by one.")
    ),
    # Of ignore rules
    "rule.range": Words(N_("The range in the brackets runs backwards")),
    "rule.backslash": Words(N_("Something has to follow the backslash")),
    "rule.exclamation": Words(N_("Something has to follow the exclamation mark")),
    "rule.bracket": Words(N_("The bracket is not closed")),
    "rule.nothing": Words(N_("This names nothing")),
    # Of the doctor: what was checked, and what was found
    "check.database": Words(N_("Database")),
    "check.words": Words(N_("Keyword index")),
    "check.folder": Words(N_("Folder {folder}")),
    "check.settings": Words(N_("Settings")),
    "check.vectors": Words(N_("Vectors of {model}")),
    "check.all-vectors": Words(N_("Vector indexes")),
    "check.model": Words(N_("Model {model}")),
    "check.model-files": Words(N_("Files of {model}")),
    "check.key": Words(N_("Key of {provider}")),
    "check.watch": Words(N_("Watching {folder}")),
    "check.ledger": Words(N_("Ledger")),
    "check.lock": Words(N_("Lock")),
    "check.data-folder": Words(N_("Data folder")),
    "check.file": Words("{file}"),
    "found.whole": Words(N_("whole")),
    "found.faults": Words("{faults}"),
    "found.blocks": Words(
        Plural("{blocks} block; on opening: {opened}", "{blocks} blocks; on opening: {opened}", of="blocks")
    ),
    "found.notes": Words(Plural("{notes} note", "{notes} notes", of="notes")),
    "found.unreachable": Words(N_("not reachable")),
    "found.vectors": Words(
        Plural(
            "{vectors} in the index, {missing} to be added",
            "{vectors} in the index, {missing} to be added",
            of="vectors",
        )
    ),
    "found.answers": Words(N_("answers")),
    "found.damaged": Words(
        N_("damaged"), N_("A repair (`notesearch doctor --repair`) makes it again from the database.")
    ),
    "found.differing": Words(
        Plural(
            "{differing} entry is not as in the database",
            "{differing} entries are not as in the database",
            of="differing",
        )
    ),
    "found.key": Words(N_("there")),
    "found.no-key-needed": Words(N_("none is needed")),
    "found.no-key": Words(N_("missing"), N_("Set it: notesearch key set PROVIDER.")),
    "found.keyring-locked": Words(N_("the keyring is locked")),
    "found.keyring-silent": Words(N_("the keyring does not answer")),
    "found.unreadable-lines": Words(
        N_("{files}: some of it cannot be read"), N_("What it cost is not counted in the month's budget.")
    ),
    "found.free": Words(N_("free; no Notesearch is running")),
    "found.lock-file": Words(
        N_("free; this file system has no locks, so a file stands for one (owner.pid in the data folder)")
    ),
    "found.owner": Words(N_("held by the running Notesearch (process {process}), which answers")),
    # Of a repair: what was done
    "mended.moved": Words(N_("it was in the way, and is kept as {kept}")),
    "mended.settings": Words(
        N_("the last good ones are in place again"), N_("The damaged file is kept as settings.toml.bad.")
    ),
    "mended.database": Words(N_("damaged; kept as {kept}, beside a new one with what could be read")),
    "mended.begun": Words(N_("lost; a new one was begun")),
    "mended.folders": Words(
        Plural("{known} folder is known", "{known} folders are known", of="known"),
    ),
    "mended.consents": Words(
        N_("what you had agreed to is lost"), N_("Remote models wait for your word again.")
    ),
    "mended.notes": Words(
        Plural("{taken} note was taken", "{taken} notes were taken", of="taken"),
        N_("{lost} are read again from their files."),
    ),
    "mended.notes-of-unknown": Words(
        Plural("{taken} note was taken", "{taken} notes were taken", of="taken"),
        N_("How many were lost is not known; they are read again from their files."),
    ),
    "mended.vectors": Words(
        Plural("{taken} vector was taken", "{taken} vectors were taken", of="taken"),
        N_("At most {lost} were lost; their passages are embedded again."),
    ),
    "mended.vectors-of-unknown": Words(
        Plural("{taken} vector was taken", "{taken} vectors were taken", of="taken"),
        N_("How many were lost is not known; their passages are embedded again."),
    ),
    "mended.copy": Words(N_("damaged; made again from the database")),
}
