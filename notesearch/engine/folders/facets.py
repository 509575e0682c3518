"""Facets: the "kind:value" strings by which notes are filtered. The store and the keyword index hold them.
Pure."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from pathlib import Path

from notesearch.documents.formats.registry import named
from notesearch.domain import Document
from notesearch.domain.file_names import readable
from notesearch.storage.values import DATE, FOLDER
from notesearch.text.characters import folded

WRITTEN_TAG = "written-tag"


def facet(kind: str, value: str) -> str:
    """The facet a filter asks for, as `facets_of` writes it."""
    value = value.strip().lower()
    if kind == "tag":
        value = value.lstrip("#").strip("/")
    elif kind == "type":
        value = named(value.lstrip("."))
    else:
        value = re.sub(r"(?:(?<!\s)\s+)?[/\\›]\s*", "/", value).strip("/")
    return f"{kind}:{folded(value)}"


def facets_of(root: Path, path: Path, document: Document) -> list[str]:
    """The facets of a note: its tags with the tags around them, its type, its language, its own date, and
    every run of folder names from the watched folder down.

    They are folded, so that diacritics and capitals do not matter. The kind "written-tag:" holds the tags as
    they are written, to be shown. The folders that contain the note need no facet here: the library knows
    them from its path.
    """
    facets = [f"type:{document.format}"]
    suffix = path.suffix.lower().lstrip(".")
    if suffix and named(suffix) != document.format:
        facets.append(f"type:{suffix}")
    if document.language:
        facets.append(f"lang:{document.language}")
    if own := document.created or _date_of(path.stem):
        facets.append(f"{DATE}:{own}")
    for tag in document.tags:
        parts = unicodedata.normalize("NFC", tag).strip("/").split("/")
        for written in ("/".join(parts[: i + 1]) for i in range(len(parts))):
            facets += [f"tag:{folded(written)}", f"{WRITTEN_TAG}:{written}"]
    return list(dict.fromkeys((*facets, *folder_facets(root, path))))


def folder_facets(root: Path, path: Path) -> list[str]:
    """The facets of a note that come from its place: every run of folder names from the watched folder
    down."""
    folders = path.relative_to(root).parent.parts
    names = [folded(readable(name)) for name in (root.name, *folders)]
    runs = ("/".join(names[i:j]) for i in range(len(names)) for j in range(i + 1, len(names) + 1))
    return list(dict.fromkeys(f"{FOLDER}:{run}" for run in runs))


def _date_of(name: str) -> str:
    """The day that a name begins with, as an ISO date; "" where it begins with none: notes of a day are
    called so."""
    match = re.match(r"(\d{4})[-_.]?(\d{2})[-_.]?(\d{2})(?!\d)", name)
    try:
        return date(*map(int, match.groups())).isoformat() if match else ""
    except ValueError:
        return ""
