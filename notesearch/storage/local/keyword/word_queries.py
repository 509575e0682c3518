"""Turns a question by words into the queries of the keyword index, in one state of the index.

Each word is asked in every form in which a note may have it: its stem in each language, its parts, other
spellings, the beginning of a longer word. A word that no note has is forgiven: the nearest words that there
are stand for it.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import tantivy
from tantivy import Occur

from notesearch.storage.local.index_protocols import KeywordQuery
from notesearch.storage.local.keyword.typing_errors import ONE_ERROR, TermsOfLetter, nearest
from notesearch.storage.local.keyword.word_fields import COMPOUNDS, PLAIN, TITLES, backwards, plain
from notesearch.text import akin, analysis, compounds, stemming, variants
from notesearch.text.characters import simplified

PREFIX_TERMS = 40
COMPOUND_TERMS = 12
# Boosts of the fields. The stem decides the ranking (SciFact train nDCG@10 0.702, the plain word 0.670); the
# others decide between equals.
TITLE_BOOST = 1.5
PHRASE_BOOST = 1.0
# Of what is called as the question says, what has its words in this order comes first.
IN_ORDER = 10.0
PREFIX_BOOST = 0.7
WHOLE_BOOST = 0.5
# For each piece of a word of several pieces, where a note writes it as one.
AS_ONE = 0.75
NAME_BOOST = 0.5
VARIANT_BOOST = 0.6
COMPOUND_BOOST = 0.3
# A word that only begins like another one of an inflected language. So many terms are looked through.
AKIN_BOOST, AKIN_TERMS = 0.3, 60
# In a question of more words, one that no note has is more likely another word for what the notes say. One of
# fewer letters has so many neighbours that only letters in the wrong order are an error there.
FEW_WORDS, IN_QUESTIONS, TELLING_ERROR = 3, 0.2, 6
# A stem of a language that the vault hardly has, and how many letters it needs: one less where no other note
# has the word.
UNLIKELY, TELLING_STEM = 0.5, 4
# A word with one error, and with two.
FORGIVEN_BOOSTS = (0.5, 0.25)
# What a term of a field that few notes have counts, times its rarity. BM25 compares the lengths of fields
# with their average over all notes, which is next to nothing there.
FLAT = 1.3
# Words of a phrase that are asked for side by side. A note that holds so many in order holds the rest.
LONGEST_PHRASE = 60


@dataclass(frozen=True, slots=True)
class AskedWord:
    """A word of a question: folded, as it was typed, whether it may be the beginning of one, and whether it
    spells a name with signs ("cplusplus")."""

    term: str
    typed: str
    begun: bool
    signed: bool = False


@dataclass(frozen=True, slots=True)
class WordForms:
    """A word in every form that the index has: the query for it, and the words that stand for it where no
    note has it, nearest first."""

    query: tantivy.Query
    forgiven: tuple[str, ...] = ()


MOST_FORMS = 500


@dataclass(slots=True)
class KeptWords:
    """What searches of one state of the index share, since one letter after another asks for the same words:
    their forms, and the terms with one first letter. Any thread reads and adds."""

    forms: dict[tuple[object, ...], WordForms] = dataclasses.field(default_factory=dict)
    terms: TermsOfLetter = dataclasses.field(default_factory=dict)


class WordQueries:
    """The tantivy queries of one question. For one search, one thread. `forgiven`, after the queries were
    made: the words for which others stand, nearest first."""

    def __init__(
        self,
        schema: tantivy.Schema,
        searcher: tantivy.Searcher,
        query: KeywordQuery,
        kept: KeptWords | None = None,
    ) -> None:
        self._schema = schema
        self.searcher = searcher
        self._query = query
        self._words = asked_words(query)
        self._number = max(1, searcher.num_docs)
        self._languages = (*(query.languages or stemming.STEMMERS), PLAIN)
        self._common = query.common_languages or stemming.LATIN
        self._compounding = not query.languages or not analysis.COMPOUNDING.isdisjoint(query.languages)
        self._kept = kept or KeptWords()
        self.forgiven: dict[str, tuple[str, ...]] = {}

    # Whole questions

    def scoring(self) -> tantivy.Query | None:
        """What gives a block its score; None where nothing is asked."""
        query, should = self._query, list[tantivy.Query]()
        pieces = {w: found for w in query.words if len(found := analysis.asked_words(w)) > 1}
        joined = {piece for found in pieces.values() for piece in found}
        should += [self._forms(word) for word in self._words if word.term not in joined]
        for typed in dict.fromkeys(query.words):
            should += _best_of(self._typed(typed, pieces.get(typed, [])))
        if query.prefix and query.words and (begun := compounds.joint_free(query.words[-1])):
            should += _best_of(self._flat_beginnings("whole", begun, WHOLE_BOOST))
        should += [self._gram(g) for run in query.runs for g in analysis.grams(run)]
        should += [self.phrase(run) for run in query.runs if len(run) > 2]
        for phrase in query.phrases:
            anywhere = (self.phrase(phrase), self.in_titles(phrase))
            should += [_boosted(q, PHRASE_BOOST) for q in anywhere]
        if self._words:
            titled = tantivy.Query.boolean_query([(Occur.Must, self._title_word(w)) for w in self._words])
            should.append(_boosted(titled, TITLE_BOOST))
        typed_words = [w for word in query.words for w in analysis.words(word)]
        if query.side_by_side and 2 <= len(typed_words) <= 8:
            should.append(_boosted(self._side_by_side("text", typed_words), PHRASE_BOOST))
        if not should:
            # There are only filters: every note that passes.
            listed = query.facets or query.without_facets or query.filtered
            return tantivy.Query.all_query() if listed else None
        if query.without_words:
            should.append(tantivy.Query.const_score_query(tantivy.Query.all_query(), 0.0))
        return _any_of(should)

    def _typed(self, typed: str, pieces: Sequence[str]) -> Iterator[tantivy.Query]:
        """The ways to spell a typed word other than in one piece. A number, a date, an address or a
        name_with_joints is searched as its `pieces`, best side by side; as one word it counts the same."""
        as_one = self._as_one(typed)
        for query in as_one:
            yield _boosted(query, WHOLE_BOOST + len(pieces) * AS_ONE)
        if pieces:
            apart = [self._forms(word) for word in self._words if word.term in pieces]
            together = (self.phrase(typed), *as_one)
            yield _any_of([*apart, *(_boosted(query, WHOLE_BOOST) for query in together)])

    @property
    def one_word(self) -> bool:
        """Whether the question is a single word, so that every block it scores holds all of its words."""
        query = self._query
        beside = query.runs or query.phrases or query.without_words
        return len(query.words) == len(self._words) == 1 and not beside

    def complete(self) -> list[tuple[Occur, tantivy.Query]]:
        """What a block must have to hold every word of the question; [] where it asks for none."""
        every: list[tantivy.Query] = []
        words = {word.term: word for word in self._words}
        for typed in self._query.words:
            held = [self._forms(words[w]) for w in analysis.asked_words(typed) if w in words]
            if held:
                every.append(_any_of([_all_of(held), *self._as_one(typed)]))
        every += [
            self.phrase(phrase)
            for phrase in self._query.phrases
            if analysis.words(phrase) or analysis.unspaced_runs(phrase)
        ]
        every += [self._gram(g) for run in self._query.runs for g in analysis.grams(run)]
        return [(Occur.Must, query) for query in every]

    def called(self, phrase: str) -> tantivy.Query:
        """A phrase, or every word of the question, in a title, an alias or the path of the file."""
        words = {word.term: word for word in self._words}
        every: list[tantivy.Query] = []
        for typed in self._query.words:
            held = [self._title_word(words[w]) for w in analysis.asked_words(typed) if w in words]
            wholes = [term for whole in compounds.wholes_of(typed) for term in analysis.words(whole)]
            if held:
                every.append(_any_of([_all_of(held), *(self.term("name", whole) for whole in wholes)]))
        every += [self._title_gram(g) for run in self._query.runs for g in analysis.grams(run)]
        in_order = _boosted(self.in_titles(phrase), IN_ORDER)
        return _any_of([in_order, _all_of(every)]) if every else in_order

    # Words

    def _forms(self, word: AskedWord) -> tantivy.Query:
        """A word in every form; the best one counts."""
        key = (word, self._languages, self._common, self._compounding, len(self._words) <= FEW_WORDS)
        kept = self._kept.forms
        forms = kept.get(key)
        if forms is None:
            if len(kept) >= MOST_FORMS:
                kept.clear()
            forms = kept[key] = self._forms_of(word)
        if forms.forgiven:
            self.forgiven[word.term] = forms.forgiven
        return forms.query

    def _forms_of(self, word: AskedWord) -> WordForms:
        # Only forms that the index has: each one more takes time, and one that no note has finds nothing.
        stemmed = self._stemmed(word)
        related = list(self._akin(word, found=bool(stemmed)))
        forms = [*stemmed, *self._other_forms(word), *related]
        near: list[tuple[str, int]] = []
        if not stemmed and not related and _may_be_misspelled(word) and not self._occurs(word):
            near = self._nearest(word)
            forms += self._standing_for(near)
            others = akin.INFLECTED.difference(self._query.languages)
            forms += (query for language in sorted(others) for query in self._akin_in_any(word, language))
        best = tantivy.Query.disjunction_max_query(forms) if forms else tantivy.Query.empty_query()
        return WordForms(best, tuple(term for term, _ in near))

    def _other_forms(self, word: AskedWord) -> Iterator[tantivy.Query]:
        """What stands for a word beside its stems: the whole and the parts of names, the path of the file,
        other spellings, beginnings, compounds."""
        for field in COMPOUNDS:
            yield from self._flat(field, word.term)
        for stem in dict.fromkeys(s for x in self._languages[:-1] for s in self._stems(word, x)):
            yield from self._flat("whole", stem)
        yield from self._there("name", word.term, NAME_BOOST)
        for other in variants.asked(word.typed, word.term):
            yield from self._there("text", other, VARIANT_BOOST)
            yield from self._flat("part", other, VARIANT_BOOST)
        if word.begun or _begins_a_number(word.term):
            stems = {stem for language in self._languages for stem in self._stems(word, language)}
            for term in self._beginnings("text", word.term):
                # A note that has the word, or another one with its stem, has the stem, which counts more.
                longer = replace(word, term=term, typed=term)
                if not stems.issuperset(self._stems(longer, x)[0] for x in self._languages):
                    yield from self._there("text", term, PREFIX_BOOST)
            for field in COMPOUNDS:
                yield from self._flat_beginnings(field, word.term, PREFIX_BOOST)
        elif self._compounding and len(word.term) >= analysis.SHORTEST_PART and word.term.isalpha():
            yield from self._in_compounds(word)

    def _stemmed(self, word: AskedWord) -> list[tantivy.Query]:
        """The word's stem in each language. All count as one word: a word that few notes of a language have,
        but many of another, is not rare."""
        stems = {stem for language in self._languages for stem in self._stems(word, language)}
        numbers = {stem: int(self.searcher.doc_freq("stem", stem)) for stem in sorted(stems)}
        all_of_them = self._rarity(sum(numbers.values()))
        forms = [
            _boosted(self.term("stem", stem), all_of_them / self._rarity(number))
            for stem, number in numbers.items()
            if number
        ]
        shortest = TELLING_STEM if any(numbers.values()) else TELLING_STEM - 1
        return forms + self._stemmed_in_any(word, FLAT * all_of_them, shortest)

    def _stemmed_in_any(self, word: AskedWord, score: float, shortest: int) -> list[tantivy.Query]:
        """The word's stems in notes of an unknown language. These are most likely in a common language of the
        vault; in others a stem counts less, and only where it has `shortest` letters."""
        forms = []
        for likely in (True, False):
            stems = [
                stem
                for language in stemming.LATIN
                if (language in self._common) is likely
                for stem in self._stems(word, language)
                if (likely or len(stem) >= shortest + len(language) + len(stemming.TAG))
                and self.searcher.doc_freq("any_stem", stem)
            ]
            if stems:
                boost = score if likely else score * UNLIKELY
                forms.append(tantivy.Query.const_score_query(_any_of(map(self._in_any, stems)), boost))
        return forms

    def _in_any(self, stem: str) -> tantivy.Query:
        return self.term("any_stem", stem)

    def _there(self, field: str, term: str, boost: float) -> Iterator[tantivy.Query]:
        """A term, where a note has it."""
        if self.searcher.doc_freq(field, term):
            yield _boosted(self.term(field, term), boost)

    def _flat(self, field: str, term: str, boost: float = 1.0) -> Iterator[tantivy.Query]:
        """A term of a field that few notes have, where one has it: it counts as rare as the word is in all
        fields."""
        if number := int(self.searcher.doc_freq(field, term)):
            score = boost * FLAT * self._rarity(number + int(self.searcher.doc_freq("text", term)))
            yield tantivy.Query.const_score_query(self.term(field, term), score)

    def _flat_beginnings(self, field: str, word: str, boost: float) -> Iterator[tantivy.Query]:
        """The terms of such a field with this beginning."""
        for term in self._beginnings(field, word):
            yield from self._flat(field, term, boost)

    def _rarity(self, number: int) -> float:
        """The inverse document frequency of BM25."""
        return math.log(1 + (self._number - min(number, self._number) + 0.5) / (number + 0.5))

    @staticmethod
    def _stems(word: AskedWord, language: str) -> list[str]:
        """The word's stem in a language, and that of the word without its diacritics where it is another
        one."""
        if language == PLAIN:
            return [plain(word.term)]
        # Stemmers need the diacritics that folding removes, so the word is stemmed as it was typed.
        found = (stemming.stem(word.typed, language), stemming.stem(word.term, language))
        return [f"{language}{stemming.TAG}{stem}" for stem in dict.fromkeys(found)]

    def _akin(self, word: AskedWord, *, found: bool) -> Iterator[tantivy.Query]:
        """What begins as the word does and is about as long, in languages with very many forms. In notes of
        an unknown language only words of languages that are common in the vault count, or where the word is
        found nowhere."""
        if not akin.latin(word.term):
            for one in (word.term, *variants.asked(word.typed, word.term)):
                for term in self._begun_alike("text", one, ""):
                    yield _boosted(self.term("text", term), AKIN_BOOST)
                for term in self._begun_alike("part", one, ""):
                    yield from self._flat("part", term, AKIN_BOOST)
            return
        for language in sorted(akin.INFLECTED.intersection(self._query.languages)):
            tag, forms = self._forms_in(word, language)
            for stem in (stem for one in forms for stem in self._begun_alike("stem", one, tag)):
                yield _boosted(self.term("stem", stem), AKIN_BOOST)
            if language in self._common or not found:
                yield from self._akin_in_any(word, language)

    def _akin_in_any(self, word: AskedWord, language: str) -> Iterator[tantivy.Query]:
        """Stems that are akin to a word, in notes of an unknown language."""
        tag, forms = self._forms_in(word, language)
        for stem in dict.fromkeys(stem for one in forms for stem in self._begun_alike("any_stem", one, tag)):
            score = AKIN_BOOST * FLAT * self._rarity(int(self.searcher.doc_freq("any_stem", stem)))
            yield tantivy.Query.const_score_query(self._in_any(stem), score)

    def _forms_in(self, word: AskedWord, language: str) -> tuple[str, list[str]]:
        """What stands before the stems of a language, and the word with its stems, without it."""
        tag = f"{language}{stemming.TAG}"
        return tag, list(
            dict.fromkeys((word.term, *(x.removeprefix(tag) for x in self._stems(word, language))))
        )

    def _begun_alike(self, field: str, word: str, tag: str) -> list[str]:
        """The terms of a field, each with `tag` before it, that are akin to a word and are another one."""
        begun = akin.beginning(word)
        if not begun:
            return []
        terms = self.searcher.terms_with_prefix(field, tag + begun, limit=AKIN_TERMS)
        others = [term for term, _ in terms if term != tag + word]
        return [x for x in others if akin.are_akin(word, x.removeprefix(tag), stemmed=bool(tag))]

    def _in_compounds(self, word: AskedWord) -> Iterator[tantivy.Query]:
        """Long words that begin or end with a word or its stem: compounds, as German and its neighbours
        write them."""
        languages = analysis.COMPOUNDING.intersection(self._languages)
        parts = (word.term, *(stemming.stem(word.typed, language) for language in sorted(languages)))
        for part in dict.fromkeys(part for part in parts if len(part) >= analysis.SHORTEST_PART):
            ends = self.searcher.terms_with_prefix("back", backwards(part), limit=COMPOUND_TERMS)
            for term in (term for term, _ in ends if len(term) >= len(part) + analysis.SHORTEST_REST):
                yield from self._flat("back", term, COMPOUND_BOOST)
            begins = self.searcher.terms_with_prefix("text", part, limit=2 * COMPOUND_TERMS)
            longer = [term for term, _ in begins if len(term) >= len(part) + analysis.SHORTEST_AFTER]
            if longer:
                best = tantivy.Query.disjunction_max_query([self.term("text", term) for term in longer])
                yield _boosted(best, COMPOUND_BOOST)

    def _as_one(self, typed: str) -> list[tantivy.Query]:
        """A typed word of several pieces without what joins them, and one with joints that no sign shows as
        its parts side by side."""
        if analysis.signed_names(typed):
            return []
        wholes = [term for whole in compounds.wholes_of(typed) for term in analysis.words(whole)]
        queries = [
            query for term in wholes for query in (self.term("text", term), *self._flat("whole", term))
        ]
        pieces = (*compounds.parts(typed), *compounds.at_joiners(typed))
        parts = [word for part in pieces for word in analysis.words(part)]
        if len(parts) > 1:
            queries.append(self._side_by_side("text", parts))
        return queries

    # Typing errors

    def _occurs(self, word: AskedWord) -> bool:
        """Whether a note has a word, of which no stem is found, in some other form."""
        fields = ("text", *COMPOUNDS, "name")
        if word.begun and any(self.searcher.terms_with_prefix(f, word.term, limit=1) for f in fields):
            return True
        others = [word.term, *variants.asked(word.typed, word.term)]
        return any(self.searcher.doc_freq(field, other) for other in others for field in fields)

    def _nearest(self, word: AskedWord) -> list[tuple[str, int]]:
        """The words that a word that no note has may be meant for, as (word, errors)."""
        near = nearest(self.searcher, self._kept.terms, word.term, begun=word.begun)
        if len(self._words) <= FEW_WORDS or len(word.term) >= TELLING_ERROR or word.begun:
            return near
        return [(term, errors) for term, errors in near if sorted(term) == sorted(word.term)]

    def _standing_for(self, near: Sequence[tuple[str, int]]) -> list[tantivy.Query]:
        """The words nearest to one that no note has, as (word, errors)."""
        share = 1.0 if len(self._words) <= FEW_WORDS else IN_QUESTIONS
        return [
            _boosted(self.term(field, term), share * FORGIVEN_BOOSTS[errors - 1])
            for term, errors in near
            for field in ("text", "name")
        ]

    def _gram(self, gram: str) -> tantivy.Query:
        """A gram in traditional or simplified Chinese characters."""
        plainer = simplified(gram)
        forms = {("gram", gram), ("gram", plainer), ("simplified_gram", plainer)}
        return tantivy.Query.disjunction_max_query([self.term(*form) for form in sorted(forms)])

    # Titles, beginnings, phrases

    def _title_gram(self, gram: str) -> tantivy.Query:
        """A gram of a title, in traditional or simplified Chinese characters."""
        forms = dict.fromkeys((gram, simplified(gram)))
        return tantivy.Query.disjunction_max_query([self.term("title_gram", form) for form in forms])

    def _title_word(self, word: AskedWord) -> tantivy.Query:
        other = variants.asked(word.typed, word.term)
        terms = dict.fromkeys((word.term, *other, *self.forgiven.get(word.term, ())))
        return tantivy.Query.disjunction_max_query(
            [
                self._beginning(field, term) if word.begun else self.term(field, term)
                for term in terms
                for field in TITLES
            ]
        )

    def _beginning(self, field: str, word: str) -> tantivy.Query:
        """The most frequent words with this beginning. Each has its own BM25, and the best one counts."""
        return tantivy.Query.disjunction_max_query(
            [self.term(field, term) for term in self._beginnings(field, word)]
        )

    def _beginnings(self, field: str, word: str) -> list[str]:
        """The word itself, and the most frequent terms of a field that begin with it."""
        found = self.searcher.terms_with_prefix(field, word, limit=PREFIX_TERMS) if len(word) > 1 else []
        return list(dict.fromkeys([word, *(term for term, _ in found)]))

    def phrase(
        self, phrase: str, field: str = "text", gram_field: str = "gram", *, begun: bool = False
    ) -> tantivy.Query:
        """All the words of a phrase side by side, and its runs without spaces likewise. With `begun`, and in
        a phrase that ends in `*`, the last word may be the beginning of one."""
        parts, begun = [], begun or analysis.goes_on(phrase)
        if words := analysis.words(phrase):
            parts.append(self._side_by_side(field, words, begun=begun))
        parts += [self.term(field, name) for name in analysis.signed_names(phrase)]
        for run in analysis.unspaced_runs(phrase):
            parts.append(_all_of(self.term(gram_field, g) for g in analysis.grams(run)))
        return _all_of(parts) if parts else tantivy.Query.empty_query()

    def joined(self, phrase: str, *, begun: bool = False) -> tantivy.Query | None:
        """A name with joints, or with `begun` the beginning of one ("follow-"), as one word; None where the
        phrase is none."""
        phrase = phrase.strip()
        one = " " not in phrase or compounds.end_of_number(phrase, 0) == len(phrase)
        whole = compounds.joint_free(phrase) if one else ""
        if not whole:
            return None
        terms = self._beginnings("whole", whole) if begun else [whole]
        return _any_of(self.term("whole", term) for term in terms)

    def in_text(self, phrase: str) -> tantivy.Query:
        """A phrase in a text. A name with joints (git-config) and its words side by side (.git/config) count
        as one another."""
        joined = self.joined(phrase)
        return self.phrase(phrase) if joined is None else _any_of([joined, self.phrase(phrase)])

    def in_titles(self, phrase: str) -> tantivy.Query:
        """A phrase in a title or an alias, or in the path of the file."""
        return _any_of(self.phrase(phrase, field, "title_gram") for field in TITLES)

    def _side_by_side(self, field: str, words: list[str], *, begun: bool = False) -> tantivy.Query:
        if len(words) > LONGEST_PHRASE:
            words, begun = words[:LONGEST_PHRASE], False
        if len(words) == 1:
            return self._beginning(field, words[0]) if begun else self.term(field, words[0])
        if begun:
            return tantivy.Query.phrase_prefix_query(self._schema, field, list(words))
        return tantivy.Query.phrase_query(self._schema, field, list(words), slop=0)

    def term(self, field: str, term: str) -> tantivy.Query:
        """One term of a field."""
        return tantivy.Query.term_query(self._schema, field, term)


def asked_words(query: KeywordQuery) -> list[AskedWord]:
    """The words of a question that count: without stop words where others are left."""
    folded = [(w, typed) for typed in query.words for w in analysis.asked_words(typed)]
    content = analysis.content_words((w for w, _ in folded), query.common_languages)
    as_typed = {w: analysis.spelled(w, typed) for w, typed in folded}
    begun = {w for typed in query.beginnings for w in analysis.asked_words(typed)[-1:]}
    last = folded[-1][0] if query.prefix and folded else ""
    signed = {name for typed in query.words for name in analysis.signed_names(typed)}
    return [
        AskedWord(word, as_typed[word], word == last or word in begun, word in signed) for word in content
    ]


def _may_be_misspelled(word: AskedWord) -> bool:
    # Words of Indic scripts have marks, which are no letters.
    letters = word.term[0].isalpha() and not any(map(str.isdigit, word.term))
    return len(word.term) >= ONE_ERROR and letters and not word.signed


def _begins_a_number(word: str) -> bool:
    """Whether a word may be the beginning of a number or a hash: these are typed no further than they are
    known."""
    return len(word) >= 4 and any(character.isdigit() for character in word)


def _best_of(queries: Iterable[tantivy.Query]) -> list[tantivy.Query]:
    """One query of which the best one counts; none for none."""
    return [tantivy.Query.disjunction_max_query(given)] if (given := list(queries)) else []


def _boosted(query: tantivy.Query, boost: float) -> tantivy.Query:
    return tantivy.Query.boost_query(query, boost)


def _any_of(queries: Iterable[tantivy.Query]) -> tantivy.Query:
    return tantivy.Query.boolean_query([(Occur.Should, query) for query in queries])


def _all_of(queries: Iterable[tantivy.Query]) -> tantivy.Query:
    return tantivy.Query.boolean_query([(Occur.Must, query) for query in queries])
