"""Files that others wrote, some of them to break parsers. Skipped where that collection is not at hand."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from notesearch.catalogue import LOCAL
from notesearch.documents.chunking.splitter import embedded_text, split
from notesearch.documents.chunking.tokens import SPECIAL_TOKENS, token_counter
from notesearch.documents.formats.encoding import decode
from notesearch.documents.formats.registry import extract, format_of
from notesearch.documents.sandbox.process import Extracted, ExtractionProcess, ReadingPlan
from notesearch.domain import Document
from notesearch.errors import FileBinary, NotesearchError

SHARED = Path(os.environ.get("NOTESEARCH_SHARED") or Path(__file__).resolve().parents[3] / "shared") / "data"
pytestmark = pytest.mark.skipif(
    not SHARED.is_dir(), reason="the shared collection of odd files is not here (set NOTESEARCH_SHARED)"
)

RECIPE = LOCAL.recipe
SUFFIXES = (".md", ".txt", ".org", ".rst")


def check(document: Document) -> None:
    text = document.text
    text.encode()
    covered = 0
    counter = token_counter(RECIPE.tokenizer)
    for chunk in split(document, RECIPE):
        assert not text[covered : chunk.start].strip()
        assert chunk.line == document.first_line + text.count("\n", 0, chunk.start)
        assert counter.encoded(embedded_text(text, chunk)) <= chunk.tokens <= RECIPE.maximum - SPECIAL_TOKENS
        covered = chunk.end
    assert not text[covered:].strip()


@pytest.mark.parametrize(
    "folder",
    ["odd/cmark", "odd/gray-matter", "odd/python-frontmatter", "odd/yaml-test-suite", "odd/naughty-strings"],
)
def test_every_odd_file_as_every_format(folder: str) -> None:
    for path in sorted((SHARED / folder).rglob("*")):
        if path.is_file():
            raw = path.read_bytes()
            for suffix in SUFFIXES:
                try:
                    document = extract(path.with_suffix(suffix), raw)
                except NotesearchError:
                    continue
                check(document)


def test_binary_documents_are_binary() -> None:
    paths = [
        path
        for folder in ("pypdf-sample-files", "python-docx")
        for path in (SHARED / "odd" / folder).rglob("*")
    ]
    for path in paths:
        if path.suffix in (".pdf", ".docx"):
            with pytest.raises(FileBinary):
                decode(path.read_bytes())


@pytest.mark.parametrize("vault", ["til-jbranchaud", "logseq-docs", "worg-org"])
def test_every_note_of_a_vault_through_the_process(vault: str) -> None:
    paths = sorted(
        path for path in (SHARED / "vaults" / vault).rglob("*") if path.is_file() and format_of(path)
    )
    process = ExtractionProcess()
    answers = list(process.read_all((path, ReadingPlan(RECIPE)) for path in paths))
    process.close()
    assert [path for path, _ in answers] == paths
    failed = [path.name for path, answer in answers if not isinstance(answer, Extracted)]
    assert failed == []


def test_most_encodings_are_told_apart() -> None:
    """Those that the library takes for a near relative differ in a letter or two; nearly all must be right
    all through. Each fourth sample, as they take long."""
    right = wrong = 0
    for path in sorted((SHARED / "odd" / "chardet-encodings").glob("*/*"))[::4]:
        encoding = re.sub(r"^((?:iso-8859|windows)-\d+(?:-\d+)?)-[a-z]+$", r"\1", path.parent.name)
        raw = path.read_bytes()
        try:
            expected = raw.decode(
                {"MacCyrillic": "mac_cyrillic", "MacRoman": "mac_roman"}.get(encoding, encoding)
            )
            found = decode(raw)[0]
        except (LookupError, UnicodeDecodeError):  # an encoding that Python lacks, or a broken sample
            continue
        except FileBinary:
            found = ""
        same = found == expected.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", " ").removeprefix(
            "\ufeff"
        )
        right, wrong = right + same, wrong + (not same)
    assert right >= 0.95 * (right + wrong)
