"""Highlights and snippets: which words of a query a passage holds, and the two lines of it to show. Pure
functions over text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from notesearch.documents.formats.format import Noise
from notesearch.documents.formats.registry import noise
from notesearch.domain import Span
from notesearch.text import analysis
from notesearch.text.characters import normal_with_places

SNIPPET = 200
# The most characters of a snippet before the first found word.
LEAD = 80

# Each character is folded to exactly one, so that positions stay the same.
_FOLD = {
    code: folded[0]
    for block in ((0xC0, 0x250), (0x1E00, 0x1F00), (0x370, 0x530))
    for code in range(*block)
    if (folded := unicodedata.normalize("NFKD", chr(code)).lower())
}
# Letters that do not decompose, folded as in the keyword index: one character for one ...
_FOLD |= {ord(a): b for a, b in zip("øØłŁđĐðÐħĦŧŦıŋŊ", "oollddddhhttinn", strict=True)}
# ... and two for one, which moves all positions after it.
_TWO = {"ß": "ss", "ẞ": "ss", "æ": "ae", "Æ": "ae", "œ": "oe", "Œ": "oe", "þ": "th", "Þ": "th"}
_IS_TWO = re.compile("[" + "".join(_TWO) + "]")
_SENTENCE_END = re.compile(r"(?<=[.!?…])[\"'”’)\]]*\s+|(?<=[。！？])|\n\s*\n|\n(?=\s*(?:[-*+]|\d+[.)])\s)")
# Rows of tables in any format, and what ends with two colons.
_ROW = re.compile(r"^[ \t]*\|(.*)\|[ \t]*$", re.MULTILINE)
_RULE = re.compile(r"[-+:= ]+")
_COLONS = r"(?<=:):[ \t]*$"


class _Markup(NamedTuple):
    """The markup of all formats that snippets leave out (see Noise), as compiled expressions."""

    marks: re.Pattern[str]
    noise: re.Pattern[str]
    inline: re.Pattern[str]
    heading: str


def _markup() -> _Markup:
    return _compiled(noise())


@lru_cache(maxsize=4)
def _compiled(said: Noise) -> _Markup:
    return _Markup(
        re.compile(rf"^(?:{'|'.join(said.marks)})", re.MULTILINE),
        re.compile(rf"^[ \t]*(?:{'|'.join(said.lines)})|{_COLONS}", re.MULTILINE),
        re.compile("|".join(said.inline), re.MULTILINE),
        rf"(?:{'|'.join(said.headings)}) ",
    )


def fold(text: str) -> str:
    """Fold text to lower case without diacritics. Every character keeps its position."""
    if text.isascii():
        return text.lower()
    folded = text.translate(_FOLD).lower()
    return folded if len(folded) == len(text) else "".join(c.lower()[:1] or c for c in text.translate(_FOLD))


class _Folded(NamedTuple):
    """A text as it is compared: `text` in one spelling, lower case, without diacritics.

    `normal`: for each of its characters the one of the text in normal spelling that it comes from (None: the
    same). `places`: where the characters of that, and its end, are in the text as it is written (None: the
    same)."""

    text: str
    normal: Sequence[int] | None = None
    places: Sequence[int] | None = None

    def written(self, start: int, end: int) -> Span:
        """Characters [start, end) in the text as it is written."""
        if self.normal is not None:
            start, end = self.normal[start], self.normal[end - 1] + 1
        if self.places is None:
            return start, end
        # Several characters may come from one that is written.
        after = end
        while after < len(self.places) - 1 and self.places[after] == self.places[end - 1]:
            after += 1
        return self.places[start], self.places[after]


def _folded(text: str) -> _Folded:
    """The text as it is compared, with letters that become two written out."""
    if text.isascii():
        return _Folded(text.lower())
    normal, places = normal_with_places(text)
    folded = fold(normal)
    if not _IS_TWO.search(normal):
        return _Folded(folded, None, places)
    pieces = [_TWO.get(character, plain) for character, plain in zip(normal, folded, strict=True)]
    return _Folded("".join(pieces), [i for i, piece in enumerate(pieces) for _ in piece], places)


class Highlighter:
    """Finds the words of one query in texts, by the rules of the keyword index: by stem, by the beginning of
    the word that the user is typing, and by runs without spaces."""

    def __init__(
        self,
        words: Sequence[str],
        runs: Sequence[str] = (),
        phrases: Sequence[str] = (),
        *,
        prefix: bool = False,
        languages: Sequence[str] = (),
    ) -> None:
        folded = [w for word in words for w in analysis.words(analysis.without_signed(word))]
        self._typed_last = folded[-1] if prefix and folded and not analysis.signed_names(words[-1]) else ""
        content = analysis.content_words(folded)
        self._numbers = {word: number for number, word in enumerate(content)}
        self._languages = tuple(languages) or (analysis.DEFAULT_LANGUAGE,)
        written = {w: word for word in words for w in analysis.words(word)}
        self._stems: dict[str, int] = {}
        for word, number in self._numbers.items():
            for language in self._languages:
                self._stems.setdefault(analysis.stem(written.get(word, word), language), number)
        signed = [pattern for word in words for pattern in analysis.signed_patterns(word)]
        self.count = len(content) + len(runs) + len(phrases) + len(signed)
        self._pattern = self._word_pattern(content)
        self._runs = [
            re.compile(
                "|".join(re.escape(g) for g in (run, *sorted(analysis.grams(run), key=len, reverse=True)))
            )
            for run in runs
        ]
        self._phrases = [
            re.compile(r"[\W_]+".join(map(re.escape, parts)))
            for phrase in phrases
            if (parts := analysis.words(phrase))
        ]
        self._phrases += [
            re.compile(re.escape(run)) for phrase in phrases for run in analysis.unspaced_runs(phrase)
        ]
        self._phrases += signed
        self._known: dict[str, int | None] = {}

    def _word_pattern(self, content: Iterable[str]) -> re.Pattern[str] | None:
        starts = set()
        for word in content:
            # A stem may end differently from the word (study, studies), so only their common beginning is
            # compared.
            for stem in (analysis.stem(word, language) for language in self._languages):
                shared = next(
                    (i for i, (a, b) in enumerate(zip(word, stem, strict=False)) if a != b),
                    min(len(word), len(stem)),
                )
                starts.add(
                    word[: max(min(3, len(word)), shared - 1)] if word != stem or len(word) > 3 else word
                )
        return (
            re.compile(r"(?<![^\W_])(?:" + "|".join(map(re.escape, sorted(starts, key=len))) + r")[^\W_]*")
            if starts
            else None
        )

    def find(self, text: str) -> tuple[list[Span], set[int]]:
        """The spans of `text` that the query found, in order and without overlaps; and the numbers of the
        query's words among them."""
        matches = self.matches(text)
        return _apart([(start, end) for start, end, _ in matches]), {number for _, _, number in matches}

    def matches(self, text: str) -> list[tuple[int, int, int]]:
        """(start, end, number of the query's word) of everything found. A phrase may overlap its words."""
        folded = _folded(text)
        found: list[tuple[int, int, int]] = []
        if self._pattern is not None:
            for match in self._pattern.finditer(folded.text):
                start, end = folded.written(*match.span())
                number = self._number(match[0], text[start:end])
                if number is not None:
                    found.append((start, end, number))
        base = len(self._numbers)
        for offset, pattern in enumerate([*self._runs, *self._phrases]):
            for match in pattern.finditer(folded.text):
                found.append((*folded.written(*match.span()), base + offset))
        return found

    def _number(self, word: str, written: str) -> int | None:
        if word in self._known:
            return self._known[word]
        number = self._numbers.get(word)
        if number is None and self._typed_last and word.startswith(self._typed_last):
            number = self._numbers.get(self._typed_last)
        if number is None:
            number = next(
                (n for x in self._languages if (n := self._stems.get(analysis.stem(written, x))) is not None),
                None,
            )
        self._known[word] = number
        return number


def _apart(spans: list[Span]) -> list[Span]:
    spans.sort()
    result: list[Span] = []
    for start, end in spans:
        if result and start < result[-1][1]:
            result[-1] = (result[-1][0], max(end, result[-1][1]))
        else:
            result.append((start, end))
    return result


def snippet(
    passage: str, highlighter: Highlighter | None, *, around: Span | None = None
) -> tuple[str, tuple[Span, ...], Span | None]:
    """A snippet: two lines of a passage, where the found words are densest. Returns the text on one line, the
    spans of found words in it, and the span of the `around` sentence.

    Headings, list marks and emphasis are removed. `around` (characters of `passage`) asks for that sentence
    instead of the densest place.
    """
    if around is not None:
        before, sentence, after = (
            _clean(passage[a:b]) for a, b in ((0, around[0]), around, (around[1], around[1] + SNIPPET))
        )
        room = max(0, SNIPPET - len(sentence))
        lead = before if len(before) <= LEAD else "…"
        text = " ".join(part for part in (lead, sentence, after[: max(0, room - len(lead))]) if part)
        start = len(lead) + 1 if lead else 0
        best_sentence = (start, start + len(sentence)) if sentence else None
        return text, tuple(highlighter.find(text)[0]) if highlighter else (), best_sentence
    plain = _clean(_without_leading_headings(passage))
    spans = highlighter.find(plain)[0] if highlighter else []
    if not spans and highlighter is not None:
        whole = _clean(passage)
        spans = highlighter.find(whole)[0]
        plain = whole if spans else plain
    start = _densest(spans) if spans else 0
    first, cut = _beginning(plain, start)
    text = ("… " if cut else "") + plain[first : first + SNIPPET]
    shift = (2 if cut else 0) - first
    return (
        text,
        tuple(
            (a + shift, min(b + shift, len(text))) for a, b in spans if a >= first and a + shift < len(text)
        ),
        None,
    )


def place_of(passage: str, found: Sequence[Span]) -> int:
    """The character where the found words (spans of `passage`, not empty) are densest; below the headings,
    where words were found there."""
    body = len(passage) - len(_without_leading_headings(passage))
    return _densest(sorted(span for span in found if span[0] >= body) or sorted(found))


def sentences(passage: str) -> list[Span]:
    """The sentences of a passage as spans, without headings and single marks. Long sentences are cut at 400
    characters."""
    result: list[Span] = []
    start = 0
    for end in [*(m.end() for m in _SENTENCE_END.finditer(passage)), len(passage)]:
        part = passage[start:end]
        if len(_clean(part)) > 3 and not re.fullmatch(rf"\s*{_markup().heading}[^\n]*\s*", part):
            lead = len(part) - len(part.lstrip())
            result.append((start + lead, min(start + len(part.rstrip()), start + lead + 400)))
        start = end
    return result


def _densest(spans: Sequence[Span]) -> int:
    """The start of the window of a snippet's width that holds the most found spans."""
    best, where, last = 0, spans[0][0], 0
    for first, (start, _) in enumerate(spans):
        last = max(last, first)
        while last + 1 < len(spans) and spans[last + 1][1] <= start + SNIPPET - 60:
            last += 1
        if last - first + 1 > best:
            best, where = last - first + 1, start
    return where


def _beginning(plain: str, start: int) -> tuple[int, bool]:
    """Where the snippet begins, so that `start` comes soon: (position, whether it is inside a sentence). It
    begins at a sentence where one begins nearby."""
    if start <= LEAD:
        return 0, False
    near = plain[start - LEAD : start]
    ends = [m.end() for m in re.finditer(r"[.!?…]\s+|[。！？]", near)]
    if ends:
        return start - LEAD + ends[-1], False
    return start - len(_tail(near, LEAD // 2)), True


def _without_leading_headings(passage: str) -> str:
    lines = passage.split("\n")
    index = 0
    while index < len(lines) and (not lines[index].strip() or re.match(_markup().heading, lines[index])):
        index += 1
    return "\n".join(lines[index:]) if index < len(lines) else passage


# Cached: one letter after another finds mostly the same passages. Removing their markup was a third of the
# time of a keyword search.
@lru_cache(maxsize=2048)
def _clean(text: str) -> str:
    markup = _markup()
    lines = markup.noise.sub("", _ROW.sub(_cells, markup.marks.sub("", text)))
    return " ".join(
        markup.inline.sub(lambda m: m[m.lastindex] if m.lastindex else "", lines).replace("`", "").split()
    )


def _cells(row: re.Match[str]) -> str:
    """The text of the cells of a table row; "" for the rule between head and body."""
    cells = [cell for cell in map(str.strip, row[1].split("|")) if cell]
    return "" if all(_RULE.fullmatch(cell) for cell in cells) else " | ".join(cells)


def _tail(text: str, length: int) -> str:
    """The last words of a text, together at most `length` characters."""
    if len(text) <= length:
        return text
    return text[-length:].partition(" ")[2] if " " in text[-length:] else text[-length:]
