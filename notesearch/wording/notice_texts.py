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
    "check.model": Words(N_("Model {model}")),
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
}
