"""Facets: what notes can be filtered by, as "kind:value" strings that the store and the keyword index keep.
Pure."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

from notesearch.documents.formats.registry import named
from notesearch.domain import Document
from notesearch.text import analysis

WRITTEN_TAG = "written-tag"


def facet(kind: str, value: str) -> str:
    """The facet a filter asks for, as `facets_of` writes it."""
    value = value.strip().lower()
    if kind == "tag":
        value = value.lstrip("#").strip("/")
    elif kind == "type":
        value = named(value.lstrip("."))
    else:
        value = re.sub(r"\s*[/\\›]\s*", "/", value).strip("/")
    return f"{kind}:{analysis.folded(value)}"


def facets_of(root: Path, path: Path, document: Document) -> list[str]:
    """What a note can be filtered by: its tags with their ancestors, its type, and every run of folder names
    from the watched folder down.

    Both are folded, so that diacritics do not matter; "written-tag:" holds the tags as they are written, to
    be shown. In which folders it is, the library knows from its path.
    """
    facets = [f"type:{document.format}"]
    suffix = path.suffix.lower().lstrip(".")
    if suffix and named(suffix) != document.format:
        facets.append(f"type:{suffix}")
    for tag in document.tags:
        parts = unicodedata.normalize("NFC", tag).strip("/").split("/")
        for written in ("/".join(parts[: i + 1]) for i in range(len(parts))):
            facets += [f"tag:{analysis.folded(written)}", f"{WRITTEN_TAG}:{written}"]
    folders = path.relative_to(root).parent.parts
    names = [analysis.folded(name) for name in (root.name, *folders)]
    facets += [
        "folder:" + "/".join(names[i:j]) for i in range(len(names)) for j in range(i + 1, len(names) + 1)
    ]
    return list(dict.fromkeys(facets))


def folder_names(root: Path, path: Path) -> tuple[str, ...]:
    """The folder names from the watched folder down to the note."""
    return (root.name, *path.relative_to(root).parent.parts)
