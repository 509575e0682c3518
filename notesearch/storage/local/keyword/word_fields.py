"""What the keyword index keeps of a block of a note: its fields, each as terms that are prepared here.

tantivy only splits them at blanks, so one set of functions (text/terms.py, text/analysis.py) makes the words
of notes and of queries.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import tantivy

from notesearch.storage.local.index_protocols import WordBlock
from notesearch.text import analysis, compounds, stemming, variants
from notesearch.text.characters import folded, normal, simplified
from notesearch.text.markup import as_read

# Fields with words of several pieces as one, and with their parts and other spellings.
COMPOUNDS = ("whole", "part")
# Fields with what a note is called: title and aliases, and the path of its file.
TITLES = ("title", "name")
# The mark of words that have no stemmer: their language has none.
PLAIN = "-"
# Letters of a word that may be a compound.
SHORTEST_COMPOUND = 9


def schema() -> tantivy.Schema:
    """The fields of a block."""
    builder = tantivy.SchemaBuilder()
    builder.add_unsigned_field("document", indexed=True, fast=True)
    builder.add_unsigned_field("first", fast=True)
    builder.add_unsigned_field("last", fast=True)
    builder.add_text_field("title", tokenizer_name="prepared")
    # The path of the file, from the watched folder's name down.
    builder.add_text_field("name", tokenizer_name="prepared")
    builder.add_text_field("text", tokenizer_name="prepared")
    # Words of several pieces as one; parts that no sign divides, and other spellings.
    builder.add_text_field("whole", tokenizer_name="prepared", index_option="freq")
    builder.add_text_field("part", tokenizer_name="prepared", index_option="freq")
    # Stems, each with its language. Notes of an unknown language have those of all languages that it may be.
    builder.add_text_field("stem", tokenizer_name="prepared", index_option="freq")
    builder.add_text_field("any_stem", tokenizer_name="prepared", index_option="basic")
    # Long words backwards, so that the second part of a compound is a beginning.
    builder.add_text_field("back", tokenizer_name="prepared", index_option="freq")
    builder.add_text_field("title_gram", tokenizer_name="gram")
    builder.add_text_field("gram", tokenizer_name="gram", index_option="position")
    # Runs with traditional Chinese characters, as simplified ones.
    builder.add_text_field("simplified_gram", tokenizer_name="gram", index_option="position")
    builder.add_text_field("facet", tokenizer_name="raw", index_option="basic")
    return builder.build()


def document_of(block: WordBlock) -> tantivy.Document:
    """A block as the index keeps it."""
    made = tantivy.Document()
    made.add_unsigned("document", block.document_id)
    made.add_unsigned("first", block.first)
    made.add_unsigned("last", block.last)
    read = as_read("\n".join((block.title, block.text, *block.properties)))
    spelled = normal(read.text)
    words = analysis.spelled_words(read.text)
    # Words beside the text are found, and interrupt no phrase.
    beside = (*analysis.signed_names(read.text), *read.beside)
    made.add_text("text", " ".join((*map(folded, words), *beside)))
    _add(made, "stem", (*_stems(words, block.language), *map(plain, beside)))
    if not block.language:
        _add(made, "any_stem", dict.fromkeys(s for x in stemming.LATIN for s in _stems(words, x)))
    wholes = [*compounds.joined(spelled)]
    # By their stems, e-mails is found as email. In the field of stems they would make a note longer.
    lettered = [whole for whole in wholes if whole.isalpha()]
    languages = (block.language,) if block.language else stemming.LATIN
    stems = (stem for language in languages for stem in _stems(lettered, language))
    _add(made, "whole", (*_terms(wholes), *stems))
    pieces = (*compounds.parts(spelled), *compounds.at_joiners(read.text))
    _add(made, "part", (*_terms(pieces), *_variants(words)))
    if not block.language or block.language in analysis.COMPOUNDING:
        _add(made, "back", map(backwards, _perhaps_compounds(words, block.language)))
    for field, called in (*(("title", title) for title in block.titles), ("name", block.name)):
        _add_name(made, field, called)
    if runs := "\n".join(analysis.unspaced_runs(read.text)):
        made.add_text("gram", runs)
        if (plainer := simplified(runs)) != runs:
            made.add_text("simplified_gram", plainer)
    for facet in block.facets:
        made.add_text("facet", facet)
    return made


def plain(term: str) -> str:
    """A word without a stemmer, as the field of stems has it."""
    return f"{PLAIN}{stemming.TAG}{term}"


def backwards(word: str) -> str:
    """A word from its end to its beginning."""
    return word[::-1]


def _add(made: tantivy.Document, field: str, found: Iterable[str]) -> None:
    if text := " ".join(found):
        made.add_text(field, text)


def _add_name(made: tantivy.Document, field: str, called: str) -> None:
    spelled = normal(called)
    words = analysis.spelled_words(called)
    made.add_text(field, " ".join((*map(folded, words), *analysis.signed_names(called))))
    _add(
        made,
        "name",
        (*_terms(compounds.joined(spelled)), *_terms(compounds.parts(spelled)), *_variants(words)),
    )
    for run in analysis.unspaced_runs(called):
        for spelling in dict.fromkeys((run, simplified(run))):
            made.add_text("title_gram", spelling)


def _stems(words: list[str], language: str) -> list[str]:
    if language in stemming.STEMMERS:
        return stemming.stems(words, language) + stemming.plain_stems(words, language)
    return [plain(folded(word)) for word in words]


def _perhaps_compounds(words: list[str], language: str) -> Iterator[str]:
    """The long words, and their stems: a compound may end with any form of a word."""
    long = [word for word in words if len(word) >= SHORTEST_COMPOUND]
    for word in long:
        yield folded(word)
    for one in (language,) if language else sorted(analysis.COMPOUNDING):
        for word, tagged in zip(long, stemming.stems(long, one), strict=True):
            stem = tagged.partition(stemming.TAG)[2]
            if stem != folded(word):
                yield stem


def _terms(found: Iterable[str]) -> Iterator[str]:
    return (term for word in found for term in analysis.words(word))


def _variants(words: Iterable[str]) -> Iterator[str]:
    return (other for word in dict.fromkeys(words) for other in variants.kept(word, folded(word)))
