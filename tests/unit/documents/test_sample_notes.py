"""The notes that the first start offers to try."""

from __future__ import annotations

from notesearch.catalogue import LOCAL
from notesearch.config.paths import resource
from notesearch.documents.chunking.splitter import split
from notesearch.documents.formats.registry import extract, format_of


def test_the_sample_notes_can_be_read_and_differ() -> None:
    paths = sorted(path for path in resource("sample-notes").rglob("*") if path.is_file())
    documents = [extract(path, path.read_bytes()) for path in paths]
    assert 35 <= len(documents) <= 50
    assert all(format_of(path) for path in paths)
    assert len({document.title for document in documents}) == len(documents)
    assert {document.format for document in documents} == {"markdown", "text", "org", "rst"}
    assert {document.language for document in documents} >= {"en", "de", "es", "zh"}
    assert not any(document.private for document in documents)
    assert all(split(document, LOCAL.recipe) for document in documents)
