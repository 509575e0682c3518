"""Finds the words of a query in texts, by the rules of the keyword index, to mark them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from notesearch.domain import Span
from notesearch.text import akin, analysis, compounds, stemming, variants
from notesearch.text.characters import folded as to_fold
from notesearch.text.characters import folded_with_places, normal_with_places, simplified
from notesearch.text.markup import as_read
from notesearch.text.terms import UNSPACED, written

# Letters of a word whose stem counts.
SHORTEST_STEMMED = 3
# Letters of a stem of a language that the vault hardly has, as in the keyword index.
SHORTEST_RARE = 4
DATE_DIGITS = 8
# Letters by which a word is looked for.
LONGEST_START = 40
# Texts of which a highlighter keeps what it found.
MOST_SEEN = 200
# What stands inside telephone numbers beside the signs of other words.
_BLANKS = "() "
_DIGIT = re.compile(r"\d")
# What joins two picture signs to one.
_JOINER = "\u200d"
_LETTER = rf"[^\W_{UNSPACED}]"
_UNSPACED = re.compile(f"[{UNSPACED}]")
# The rest of a word, with its Indic marks.
_REST = rf"(?:{_LETTER}|(?<=[\u0900-\u0dff])[\u0900-\u0dff])*"
_WHOLE = re.compile(rf".{_REST}", re.DOTALL)
# What Hebrew and Arabic write before a word without a blank.
_BEFORE = "[\u05d5\u05d4\u05d1\u05db\u05dc\u05de\u05e9\u0648\u0641\u0628\u0627\u0644\u0643]{0,4}"
_SEMITIC = re.compile("[\u05d0-\u05ea\u0621-\u064a]")


class Highlighter:
    """Finds the words of one query in texts: by stem, by other spellings, by the parts of names, by the
    beginning of the word that the user is typing, by the words that stand for a misspelled one, and by runs
    without spaces.

    `languages` are those of the notes (English, where none is named), `common_languages` those of many,
    commonest first. `beginnings` are words of which only the beginning is known. `forgiven` has, for a word
    that no note has, those that stand for it. `count` is the number of the query's words; phrases and runs
    are words here.
    """

    def __init__(
        self,
        words: Sequence[str],
        runs: Sequence[str] = (),
        phrases: Sequence[str] = (),
        *,
        prefix: bool = False,
        languages: Sequence[str] = (),
        common_languages: Sequence[str] = (),
        beginnings: Sequence[str] = (),
        forgiven: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        typed = {w: word for word in words for w in analysis.words(analysis.without_signed(word))}
        self._beginnings = [w for word in beginnings for w in analysis.words(word)[-1:]]
        if prefix and typed and not analysis.signed_names(words[-1]):
            self._beginnings.append(next(reversed(typed)))
        content = analysis.content_words(typed, common_languages)
        self._numbers = {word: number for number, word in enumerate(content)}
        self._languages = tuple(languages) or (analysis.DEFAULT_LANGUAGE,)
        self._compounding = sorted(analysis.COMPOUNDING.intersection(self._languages))
        self._inflected = sorted(akin.INFLECTED.intersection(self._languages))
        self._stems: dict[str, int] = {}
        # Other terms that count as a word of the query.
        self._others: dict[str, int] = {}
        self._spelled = {word: analysis.spelled(word, typed[word]) for word in content}
        for word, number in self._numbers.items():
            spelled = self._spelled[word]
            for language in self._languages if len(word) >= SHORTEST_STEMMED else ():
                for form in (spelled, word):
                    self._stems.setdefault(stemming.stem(form, language), number)
            for other in (*variants.asked(spelled, word), *(forgiven or {}).get(word, ())):
                self._others.setdefault(other, number)
        for word in words:
            pieces = [self._numbers[w] for w in analysis.words(word) if w in self._numbers]
            for whole in compounds.wholes_of(word) if pieces and not analysis.signed_names(word) else ():
                self._others.setdefault(whole.casefold(), pieces[0])
        signed = [pattern for word in dict.fromkeys(words) for pattern in analysis.signed_patterns(word)]
        self.count = len(content) + len(runs) + len(phrases) + len(signed)
        forms = (*self._numbers, *self._others)
        self._dialled = [word for word in forms if any(map(str.isdigit, word))]
        self._starts = self._word_starts()
        # What may appear once the joints of a text are taken out: words, and how their other forms begin.
        self._joinable = [x for x in dict.fromkeys((*forms, *self._starts)) if not x.isdigit()]
        self._semitic = self._semitic_pattern()
        self._parts = self._parts_of_compounds()
        self._runs = [_run_pattern(run) for run in runs]
        self._phrases = [*_phrase_patterns(phrases), *signed]
        self._known: dict[str, int | None] = {}
        self._seen: dict[str, list[tuple[int, int, int]]] = {}

    def find(self, text: str) -> tuple[list[Span], set[int]]:
        """The spans of `text` that the query found, in order and without overlaps; and the numbers of the
        query's words among them."""
        matches = self.matches(text)
        spans = _apart([(start, end) for start, end, _ in matches], text)
        return spans, {number for _, _, number in matches}

    def matches(self, text: str) -> list[tuple[int, int, int]]:
        """(start, end, number of the query's word) of everything found, in order. A phrase may overlap its
        words."""
        # One stage of a search after another looks at the same texts.
        if text not in self._seen:
            if len(self._seen) >= MOST_SEEN:
                self._seen.clear()
            self._seen[text] = sorted(self._looked_for(text))
        return self._seen[text]

    def _looked_for(self, text: str) -> list[tuple[int, int, int]]:
        found = list(self._matches(text))
        if not found and self.count:
            # Marks inside a word may hide it.
            read = as_read(text)
            if (places := read.places) is not None:
                found = [(*written(places, a, b), number) for a, b, number in self._matches(read.text)]
        return found or list(self._in_rare_languages(text)) or list(self._akin(text))

    def _in_rare_languages(self, text: str) -> Iterator[tuple[int, int, int]]:
        """Words by their stems in languages that the vault hardly has, as the index finds them in notes of an
        unknown language."""
        if not self._starts:
            return
        folded, places = folded_with_places(text)
        rare, stems = self._rare
        for start, end in self._words_at(self._places(folded)[0], folded):
            span = (start, end) if places is None else written(places, start, end)
            forms = dict.fromkeys((text[slice(*span)], folded[start:end]))
            own = (stemming.stem(form, language) for language in rare for form in forms)
            if (number := next((stems[stem] for stem in own if stem in stems), None)) is not None:
                yield *span, number

    @cached_property
    def _rare(self) -> tuple[list[str], dict[str, int]]:
        """The languages that the vault hardly has, and the numbers of the query's words by their stems in
        these."""
        rare = [language for language in stemming.LATIN if language not in self._languages]
        stems = {
            stem: number
            for word, number in self._numbers.items()
            for language in rare
            for form in (self._spelled[word], word)
            if len(stem := stemming.stem(form, language)) >= SHORTEST_RARE
        }
        return rare, stems

    def _akin(self, text: str) -> Iterator[tuple[int, int, int]]:
        """Words that are akin to one of the query's, as the keyword index finds them where a note has no
        other form."""
        if not self._starts or not (self._inflected or not all(map(akin.latin, self._numbers))):
            return
        folded, places = folded_with_places(text)
        for start, end in self._words_at(self._places(folded)[0], folded):
            span = (start, end) if places is None else written(places, start, end)
            if (number := self._akin_to(folded[start:end], text[slice(*span)])) is not None:
                yield *span, number

    def _akin_to(self, word: str, spelled: str) -> int | None:
        for asked, number in (*self._numbers.items(), *self._others.items()):
            if akin.latin(asked) != akin.latin(word):
                continue
            if not akin.latin(asked):
                forms = (word, *variants.kept(spelled, word))
                if any(akin.are_akin(asked, form) for form in forms):
                    return number
                continue
            for language in self._inflected:
                stem = stemming.stem(spelled, language)
                own = (asked, stemming.stem(self._spelled.get(asked, asked), language))
                if any(akin.are_akin(one, stem, stemmed=True) for one in own):
                    return number
        return None

    def _matches(self, text: str) -> Iterator[tuple[int, int, int]]:
        folded, places = folded_with_places(text)

        def as_written(start: int, end: int) -> Span:
            return (start, end) if places is None else written(places, start, end)

        begin, inside = self._places(folded)
        for first, last in self._words_at(begin, folded):
            start, end = as_written(first, last)
            if (number := self._number(folded[first:last], text[start:end])) is not None:
                yield start, end, number
        for first, last, number in self._ends_of_compounds(folded):
            yield *as_written(first, last), number
        if self._starts:
            yield from self._in_names(text, inside if places is None else [places[i] for i in inside])
            yield from self._as_wholes(text, folded)
        base = len(self._numbers)
        plainer = simplified(folded) if self._runs else ""
        searched = [*((run, plainer) for run in self._runs), *((phrase, folded) for phrase in self._phrases)]
        for offset, (pattern, spelling) in enumerate(searched):
            for match in pattern.finditer(spelling):
                if match.end() > match.start():
                    yield *as_written(*match.span()), base + offset

    def _places(self, folded: str) -> tuple[list[int], list[int]]:
        """Where a word of the query may begin: at the beginning of a word, and inside one."""
        begin: list[int] = []
        inside: list[int] = []
        # Searching each beginning is several times faster than one pattern for all.
        for start in self._starts:
            at = folded.find(start)
            while at >= 0:
                (inside if at > 0 and _is_letter(folded[at - 1]) else begin).append(at)
                at = folded.find(start, at + 1)
        return begin, inside

    def _words_at(self, begin: Iterable[int], folded: str) -> Iterator[Span]:
        """The words that may be one of the query's: those that begin as one of its forms does."""
        if self._semitic is not None:
            yield from (match.span() for match in self._semitic.finditer(folded))
            return
        for start in begin:
            word = _WHOLE.match(folded, start)
            yield start, word.end() if word else start + 1

    def _parts_of_compounds(self) -> dict[str, int]:
        """What compounds may begin or end with: the words and their stems."""
        found: dict[str, int] = {}
        for word, number in self._numbers.items() if self._compounding else ():
            if analysis.SHORTEST_PART <= len(word) <= LONGEST_START and word.isalpha():
                stems = (stemming.stem(self._spelled[word], language) for language in self._compounding)
                for part in (word, *stems):
                    if len(part) >= analysis.SHORTEST_PART:
                        found.setdefault(part, number)
        return found

    def _ends_of_compounds(self, folded: str) -> Iterator[tuple[int, int, int]]:
        """(start, end, number) of the compounds that end with a word of the query, or whose stem does."""
        for part, number in self._parts.items():
            at = folded.find(part)
            while at >= 0:
                start, end = at, at + len(part)
                while start and folded[start - 1].isalnum():
                    start -= 1
                while folded[end : end + 1].isalnum():
                    end += 1
                if at - start >= analysis.SHORTEST_REST and self._ends_with(folded[start:end], part):
                    yield start, end, number
                at = folded.find(part, at + 1)

    def _ends_with(self, word: str, part: str) -> bool:
        return word.endswith(part) or any(
            stemming.stem(word, language).endswith(part) for language in self._compounding
        )

    def _in_names(self, text: str, inside: Iterable[int]) -> Iterator[tuple[int, int, int]]:
        """Words with joints that no sign shows (camelCase)."""
        after = 0
        for place in inside:
            # No joint is before a small letter after a letter.
            if place < after or (text[place].islower() and text[place - 1].isalpha()):
                continue
            if (name := compounds.named_at(text, place)) is not None:
                start, after, parts = name
                for part in compounds.with_neighbours(parts):
                    if (number := self._number(part.casefold(), part)) is not None:
                        yield start, after, number

    def _as_wholes(self, text: str, folded: str) -> Iterator[tuple[int, int, int]]:
        """Several pieces that are one word (e-mail). Few texts have any, so each is looked at as a whole
        before its words are."""
        if not self._may_have_wholes(folded):
            return
        spelled, places = normal_with_places(text)
        for start, end, whole in compounds.with_whole(spelled):
            if (number := self._number(to_fold(whole), whole)) is not None:
                yield *((start, end) if places is None else written(places, start, end)), number

    def _first_part(self, word: str) -> int | None:
        """The number of the query's word that the first part of a name is: "reload" of reloadTimelines."""
        if word.islower() and word.isalpha():
            return None
        parts = next((found for _, _, found in compounds.with_parts(word)), [])
        for begun in ("".join(parts[:number]) for number in range(1, len(parts))):
            if (number := self._number(begun.casefold(), begun)) is not None:
                return number
        return None

    def _may_have_wholes(self, folded: str) -> bool:
        """Whether a word of the query is in the text only once its joints are taken out."""
        joined = folded
        for sign in compounds.JOINT_SIGNS:
            joined = joined.replace(sign, "")
        if len(joined) < len(folded) and any(joined.count(x) > folded.count(x) for x in self._joinable):
            return True
        if not self._dialled or not _DIGIT.search(folded):
            return False
        # A date may be written without its zeros, and with the day first.
        if any(len(word) == DATE_DIGITS and word.isdigit() for word in self._dialled):
            return True
        for sign in _BLANKS:
            joined = joined.replace(sign, "")
        # A country's code may stand for a 0.
        return any(joined.count(word.removeprefix("0")) > folded.count(word) for word in self._dialled)

    def _number(self, word: str, spelled: str) -> int | None:
        """The number of the query's word that a word of the text (folded, and as it is spelled) is."""
        if spelled not in self._known:
            self._known[spelled] = self._told(word, spelled)
        return self._known[spelled]

    def _told(self, word: str, spelled: str) -> int | None:
        for table in (self._numbers, self._others):
            if word in table:
                return table[word]
        if (number := self._begun(word)) is not None:
            return number
        for other in variants.kept(spelled, word):
            for table in (self._numbers, self._others):
                if other in table:
                    return table[other]
        # The stemmers of some languages leave nothing of short words of others.
        for language in self._languages if len(word) >= SHORTEST_STEMMED else ():
            for form in dict.fromkeys((spelled, word)):
                if (number := self._stems.get(stemming.stem(form, language))) is not None:
                    return number
        for part, number in self._parts.items() if word.isalpha() else ():
            if word.startswith(part) and len(word) >= len(part) + analysis.SHORTEST_AFTER:
                return number
        return self._first_part(spelled)

    def _begun(self, word: str) -> int | None:
        for beginning in self._beginnings:
            if word.startswith(beginning):
                return self._numbers.get(beginning)
        for asked, number in self._numbers.items():
            if len(asked) >= 4 and any(map(str.isdigit, asked)) and word.startswith(asked):
                return number
        return None

    def _word_starts(self) -> list[str]:
        """How words that may be one of the query's begin. None begins with another one."""
        stems: dict[int, list[str]] = {}
        for stem, number in self._stems.items():
            stems.setdefault(number, []).append(stem)
        starts = set()
        for word in (*self._numbers, *self._others):
            # A stem may end differently from the word (study, studies), so only their common beginning is
            # compared.
            own = filter(None, stems.get(self._numbers.get(word, -1), ()))
            shared = min((_shared(word, stem) for stem in own), default=len(word))
            if self._inflected or not akin.latin(word):
                shared = min(shared, len(word) - 1)
            starts.add(
                word[: max(min(3, len(word)), min(shared - 1, LONGEST_START))] if len(word) > 3 else word
            )
        lengths = sorted({len(start) for start in starts})
        return [s for s in sorted(starts, key=len) if not any(s[:n] in starts for n in lengths if n < len(s))]

    def _semitic_pattern(self) -> re.Pattern[str] | None:
        """The words that may be one of the query's, where Arabic or Hebrew ones are asked for: letters may
        stand before them. None for other queries."""
        if not any(_SEMITIC.search(start) for start in self._starts):
            return None
        either = "|".join(map(re.escape, self._starts))
        return re.compile(rf"(?<!{_LETTER}){_BEFORE}(?:{either}){_REST}")


def _is_letter(character: str) -> bool:
    """Whether a word does not begin after this character."""
    return character.isalnum() and not _UNSPACED.match(character)


def _shared(word: str, stem: str) -> int:
    """How many letters both begin with."""
    pairs = enumerate(zip(word, stem, strict=False))
    return next((i for i, (a, b) in pairs if a != b), min(len(word), len(stem)))


def _run_pattern(run: str) -> re.Pattern[str]:
    grams = sorted(analysis.grams(run), key=len, reverse=True)
    return re.compile("|".join(re.escape(simplified(g)) for g in (run.casefold(), *grams)))


def _phrase_patterns(phrases: Iterable[str]) -> Iterator[re.Pattern[str]]:
    for phrase in phrases:
        if parts := analysis.words(phrase):
            inside = r"[\W_]+".join(map(re.escape, parts))
            end = _REST if analysis.goes_on(phrase) else rf"(?!{_LETTER})"
            yield re.compile(rf"(?<!{_LETTER}){inside}{end}")
    for phrase in phrases:
        for run in analysis.unspaced_runs(phrase):
            yield re.compile(re.escape(run.casefold()))


def _apart(spans: list[Span], text: str) -> list[Span]:
    """The spans in order, without overlaps; parts of one picture sign are one."""
    spans.sort()
    result: list[Span] = []
    for start, end in spans:
        joined = text[start - 1 : start] == _JOINER and result and start - result[-1][1] <= 2
        if result and (start < result[-1][1] or joined):
            result[-1] = (result[-1][0], max(end, result[-1][1]))
        else:
            result.append((start, end))
    return result
