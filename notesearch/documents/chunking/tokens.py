"""Counts tokens as a model's own tokenizer does, but many times faster: each distinct word is encoded only
once.

A BERT tokenizer splits at white space and around punctuation before it uses its vocabulary. So the tokens of
a text are the sum of the tokens of its pieces. (Encoding 2 MB of notes as a whole takes 0.8 s.) Other
tokenizers are only known to split at white space, or to join it to the word after it; for them, words are
encoded only once.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Protocol

from tokenizers import Tokenizer

from notesearch.config.paths import model_folder
from notesearch.documents.chunking.punctuation import PUNCTUATION

SPECIAL_TOKENS = 2  # [CLS] and [SEP], added by the tokenizers that count for remote models
LONGEST_PIECE = (
    100  # a longer word is one unknown token to BERT, so that counting it in parts never gives too few
)
MOST_CACHED = 200_000
LONGEST_DIVIDED = 12  # characters of a word that is divided here
LONGEST_CACHED = 48  # characters; longer words seldom come twice

# What a recipe calls the vocabulary of the bundled model. Any other name is that of a model whose tokenizer
# counts.
_MODELS = {"minilm": "all-minilm-l6-v2"}


def _character_class() -> str:
    """The characters that BERT takes for punctuation, as the inside of a character class of a regular
    expression."""
    ranges = ("-".join(chr(int(end, 16)) for end in item.split("-")) for item in PUNCTUATION.split())
    return r"!-/:-@\[-`{-~" + "".join(ranges)


_PUNCTUATION = _character_class()
_SPACE = r" \t\n\r\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
# Ideographs are words of their own to BERT; kana and hangul are not.
_IDEOGRAPHS = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0002fa1f"
PIECE = re.compile(
    rf"[^{_SPACE}{_PUNCTUATION}{_IDEOGRAPHS}]{{1,{LONGEST_PIECE}}}|[{_PUNCTUATION}{_IDEOGRAPHS}]"
)


# str.split() takes these for white space. BERT drops them, and joins the words on both sides.
_DROPPED = ("\v", "\f", "\x1c", "\x1d", "\x1e", "\x1f", "\x85")


class _Pieces(dict[str, int]):
    """A cache of the tokens of each piece."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        words = [word for word in tokenizer.get_vocab(with_added_tokens=False) if word.isascii()]
        self._vocabulary = frozenset(word for word in words if word.isalnum() or len(word) == 1)
        self._further = frozenset(word[2:] for word in words if word[:2] == "##" and word[2:].isalnum())

    def __missing__(self, piece: str) -> int:
        if len(self) >= MOST_CACHED:
            self.clear()
        count = 0
        if piece.isascii():
            lower = piece.lower()
            count = 1 if lower in self._vocabulary else self._divided(lower)
        self[piece] = count = count or len(self._tokenizer.encode(piece, add_special_tokens=False))
        return count

    def _divided(self, word: str) -> int:
        """The tokens of a short word that is not in the vocabulary, many times faster than the tokenizer: as
        BERT does, the longest known beginning is taken again and again. 0 for other words."""
        if len(word) > LONGEST_DIVIDED or not word.isalnum():
            return 0
        known, count, start = self._vocabulary, 0, 0
        while start < len(word):
            end = next((n for n in range(len(word), start, -1) if word[start:n] in known), 0)
            if not end:
                return 1  # unknown as a whole
            known, count, start = self._further, count + 1, end
        return count


class _Words(dict[str, int]):
    """A cache of the tokens of each word between white space."""

    def __init__(self, pieces: _Pieces) -> None:
        self._pieces = pieces

    def __missing__(self, word: str) -> int:
        count = sum(map(self._pieces.__getitem__, PIECE.findall(word)))
        if len(word) <= LONGEST_CACHED:
            if len(self) >= MOST_CACHED:
                self.clear()
            self[word] = count
        return count


class TokenCounter(Protocol):
    """Counts the tokens of texts, without the `special` ones that a model adds. For one thread at a time."""

    special: int

    def count(self, text: str) -> int:
        """Tokens of `text`: exact, or a little too many."""
        ...

    def count_piece(self, piece: str) -> int:
        """The tokens of a text that PIECE matched as one piece."""
        ...

    def encoded(self, text: str) -> int:
        """Tokens of `text` by encoding all of it: exact, and slow."""
        ...


class BertCounter:
    """Counts by BERT's tokenizers."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self.special = tokenizer.num_special_tokens_to_add(False)
        self._tokenizer = tokenizer
        self._pieces = _Pieces(tokenizer)
        self._words = _Words(self._pieces)

    def count(self, text: str) -> int:
        """See TokenCounter. For a word of more than LONGEST_PIECE characters it is a little too many."""
        for character in _DROPPED:
            if character in text:
                return sum(map(self._pieces.__getitem__, PIECE.findall(text)))
        return sum(map(self._words.__getitem__, text.split()))

    def count_piece(self, piece: str) -> int:
        """See TokenCounter."""
        return self._pieces[piece]

    def encoded(self, text: str) -> int:
        """See TokenCounter."""
        return len(self._tokenizer.encode(text, add_special_tokens=False))


class WordCounter:
    """Counts by every other tokenizer. White space is counted only where it belongs to the word after it. A
    text that is one token too long for that reason is cut off by the model, which does no harm."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self.special = tokenizer.num_special_tokens_to_add(False)
        self._tokenizer = tokenizer
        self._words: dict[str, int] = {}
        self._letter = self.encoded("a")

    def count(self, text: str) -> int:
        """See TokenCounter."""
        return sum(map(self._word, text.split()))

    def count_piece(self, piece: str) -> int:
        """One character (a sign, an ideograph) is counted as following another one without a space, anything
        else as a word."""
        if len(piece) > 1:
            return self._word(piece)
        return max(1, self._counted(f"a{piece}") - self._letter)

    def _word(self, word: str) -> int:
        # After a space, as words mostly stand; one that begins a text takes no more.
        return self._counted(f" {word}")

    def _counted(self, text: str) -> int:
        count = self._words.get(text)
        if count is None:
            if len(self._words) >= MOST_CACHED:
                self._words.clear()
            count = self.encoded(text)
            if len(text) <= LONGEST_CACHED:
                self._words[text] = count
        return count

    def encoded(self, text: str) -> int:
        """See TokenCounter."""
        return len(self._tokenizer.encode(text, add_special_tokens=False))


@cache
def token_counter(name: str) -> TokenCounter:
    """The counter for the tokenizer that a ChunkRecipe names. Raises KeyError for an unknown one."""
    file = model_folder(_MODELS.get(name, name)) / "tokenizer.json"
    if not file.is_file():
        raise KeyError(name)
    tokenizer = Tokenizer.from_file(str(file))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    is_bert = type(tokenizer.pre_tokenizer).__name__ == "BertPreTokenizer"
    return BertCounter(tokenizer) if is_bert else WordCounter(tokenizer)
