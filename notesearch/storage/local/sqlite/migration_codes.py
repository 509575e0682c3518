"""Migration 8: problems and refusals hold a code with parameters in place of English sentences.

Earlier versions wrote a known set of titles, and each has its code here. A title that is not known is kept as
a parameter of a code for such titles. What a provider said stood in the hint, after "It said: "; it becomes a
parameter.
"""

from __future__ import annotations

# Title as it was written -> code. Titles that ended in changing text are handled below.
_TITLES = {
    "The file cannot be read": "file-unreadable",
    "The file keeps changing": "file-unreadable.changing",
    "Not an ordinary file": "file-unreadable.not-a-file",
    "The file's name is not valid text": "file-unreadable.name",
    "The file is not there any more": "file-gone",
    "Not a text file": "file-binary",
    "Reading the file took too long": "file-too-slow",
    "The file needs too much memory": "file-too-large",
    "The file could not be understood": "extraction-failed",
    "The model could not be used": "embedding-failed",
    "There is nothing to embed in an empty text": "embedding-failed.empty-text",
    "There is nothing to embed in an empty query": "embedding-failed.empty-query",
    "The bundled model failed": "embedding-failed.bundled",
    "The provider could not be used": "provider",
    "The provider did not accept the request": "request-refused",
    "The provider's reply cannot be used": "reply-wrong",
}

_BECAUSE, _REFUSED, _SAID = (
    "The file cannot be read: ",
    "The provider did not accept the request (",
    "It said: ",
)
_KIND, _NOTES_ARE, _FILES = "This kind of file is not read", "Notes are ", " files."


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _begins(column: str, text: str) -> str:
    return f"substr({column}, 1, {len(text)}) = {_quoted(text)}"


def _after(column: str, text: str) -> str:
    return f"substr({column}, {len(text) + 1})"


# The text between the brackets of "... (400)".
_STATUS = f"CAST({_after('code', _REFUSED)} AS INTEGER)"
_SHOWN = (
    f"CASE WHEN instr(params, {_quoted(_SAID)}) > 0 THEN "
    f"substr(params, instr(params, {_quoted(_SAID)}) + {len(_SAID)}) ELSE '' END"
)
# "Markdown, Org or Plain text" -> a line for each.
_FORMATS = (
    "replace(replace("
    f"substr(params, {len(_NOTES_ARE) + 1}, length(params) - {len(_NOTES_ARE) + len(_FILES)})"
    ", ' or ', char(10)), ', ', char(10))"
)


def _told(table: str) -> str:
    known = " ".join(f"WHEN {_quoted(title)} THEN {_quoted(code)}" for title, code in _TITLES.items())
    titles = ", ".join(map(_quoted, _TITLES))
    # Both expressions read the row as it was before, with the title in `code` and the hint in `params`.
    return f"""
    ALTER TABLE {table} RENAME COLUMN title TO code;
    ALTER TABLE {table} RENAME COLUMN hint TO params;
    UPDATE {table} SET
        code = CASE
            WHEN {_begins("code", _BECAUSE)} THEN 'file-unreadable.because'
            WHEN {_begins("code", _REFUSED)} THEN 'request-refused.status'
            WHEN code = {_quoted(_KIND)} THEN 'extraction-failed.kind'
            ELSE CASE code {known} ELSE 'problem-before' END
        END,
        params = CASE
            WHEN {_begins("code", _BECAUSE)} THEN json_object('reason', {_after("code", _BECAUSE)})
            WHEN {_begins("code", _REFUSED)} THEN json_object('status', {_STATUS}, 'shown', {_SHOWN})
            WHEN code = {_quoted(_KIND)} THEN json_object('formats', {_FORMATS})
            WHEN code IN ({titles}) THEN '{{}}'
            ELSE json_object('title', code, 'hint', params)
        END;
    """


CODES = _told("problems") + _told("refused")
