"""The tokens of the query language, and which words with a minus are options of a command line. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from enum import Enum, auto
from typing import NamedTuple

# Filters that are facets of notes.
FACETS = ("tag", "folder", "type", "lang")
DATES = ("before", "after", "date")
KEYS = (*FACETS, *DATES, "title", "path", "sort", "is")

_KEY = rf"(?i:{'|'.join(KEYS)}):"
# A minus that may exclude something: at the beginning of a word, before a word, a phrase or a bracket.
_MINUS = r"(?<![^\s(])-(?!-)(?=[\"(\w])"
_TOKEN = re.compile(
    rf"""(?P<minus>{_MINUS})?
        (?:(?P<key>{_KEY}))?
        (?:"(?P<quoted>[^"]*)"(?=[\s,;.:!?)]|$)
        | (?P<word>[^\s"][^\s]*)
        | (?(key)(?=\s|$)|(?!)))""",
    re.VERBOSE,
)
# What makes brackets a group: OR between words, a filter, an exclusion, or OR beside it. Others are
# punctuation.
_STRUCTURED = re.compile(rf"(?<!\S)(?:OR|\|)(?!\S)|(?<![^\s(-]){_KEY}(?=\S)|{_MINUS}")
_OR_BEFORE, _OR_AFTER = re.compile(r"(?<!\S)(?:OR|\|)\s{1,9}$"), re.compile(r"\s{1,9}(?:OR|\|)(?!\S)")
# A minus and a key that stand before a group, and the most characters of both.
_BEFORE_GROUP, LONGEST_BEFORE = re.compile(rf"(?:(?<![^\s(])-)?(?:(?<![^\s(-]){_KEY})?$"), 12
_AFTER_GROUP = re.compile(r"[\s),;.:!?]|$")
_ASIDE = re.compile(r'"[^"]*"|[()]')
# Groups inside groups, and the longest text of one.
DEEPEST, LONGEST_GROUP = 8, 1000

# Options of a command line, which exclude nothing: one or two letters, letters that are no word, a number, a
# letter with a number, and what has a value.
_OPTION = re.compile(
    r"-(?:[a-zA-Z]{1,2}|[b-df-hj-np-tv-xzB-DF-HJ-NP-TV-XZ]{3,4}|\d[\w.,]*|[a-zA-Z]\d\w*|[\w-]+[=:+]\S*)"
)
# After the name of a command also up to five letters,
_OPTIONS = re.compile(r"-[a-zA-Z]{1,5}")
_COMMANDS = frozenset(
    "apt ar awk bash brew cargo cat cd chmod chown conda cp curl cut date dd df diff docker du echo"
    " ffmpeg file find gcc git go grep gzip head helm id java journalctl jq kill kubectl ln ls lsof make"
    " man mkdir mount mv nc npm nmap node openssl pandoc perl ping pip ps python python3 rg rm rsync"
    " ruby scp screen sed sh sort ssh su sudo systemctl tail tar tcpdump tee test tmux top touch tr"
    " umount uname uniq unzip uv vim wc wget xargs yarn zip zsh".split()
)
# and after some programs, further on too, the words that they take with one minus.
_COMPILING = "static shared include isystem march mtune pedantic pipe std pthread nostdlib Wall Wextra Werror"
_ENCODING = (
    "acodec vcodec codec preset filter filter_complex map crf tune profile level vsync loglevel hwaccel"
)
_WORDS_OF = {
    name: frozenset(words.split())
    for names, words in (
        (
            "find",
            "name iname path ipath type exec execdir mtime mmin newer size delete maxdepth mindepth prune"
            " print print0 perm user group empty regex iregex not and links ls quit xdev readable writable",
        ),
        ("gcc g++ cc c++ clang clang++ ld", _COMPILING),
        ("ffmpeg ffprobe ffplay", f"{_ENCODING} pix_fmt framerate show_streams show_format"),
        (
            "openssl",
            "in out noout text key keyout newkey nodes days subj connect cert certs chain inform outform pass"
            " passin passout salt pubkey pubin pubout sign verify servername showcerts fingerprint dates",
        ),
        ("java javac", "jar classpath cp version server client verbose ea source target release"),
        ("go", "run race cover bench count timeout tags ldflags mod short"),
        ("terraform", "auto-approve target var var-file out upgrade reconfigure chdir json lock"),
        ("xrandr", "display screen output mode rate primary auto off scale rotate"),
        ("convert magick", "resize quality crop rotate density strip depth colorspace fill draw append"),
    )
    for name in names.split()
}
_JAVA = re.compile(r"-(?:X[a-zA-Z]+\d*\w*|D\S+|XX\S*|W[a-z-]+|f[a-z-]+)")
_TAKES_LETTERS = frozenset("java javac gcc g++ cc c++ clang clang++ make cmake".split())


class TokenKind(Enum):
    """What a token is."""

    OPEN = auto()
    CLOSE = auto()
    OR = auto()
    PART = auto()


class Token(NamedTuple):
    """A token at [start, end) of the text. `minus` and `key` ("tag", or "") stand before a part or a group;
    `quoted` is the text between quotation marks, `word` what stands without; `closes` is where a group that
    OPENs ends."""

    kind: TokenKind
    start: int
    end: int
    minus: bool = False
    key: str = ""
    quoted: str | None = None
    word: str = ""
    closes: int = 0

    @property
    def value(self) -> str:
        """The text of a part."""
        return self.word if self.quoted is None else self.quoted


def tokens(text: str) -> Iterator[Token]:
    """The tokens of a typed text. Every OPEN has its CLOSE; brackets that are no group belong to words."""
    groups = _groups(text)
    opening = {start - len(_before(text, start)): start for start in groups}
    closing = sorted(groups.values(), reverse=True)
    position = 0
    while position < len(text):
        while closing and closing[-1] < position:
            closing.pop()  # within quotation marks
        if position in opening:
            start = opening[position]
            before = text[position:start]
            key = before.lstrip("-").rstrip(":").lower()
            yield Token(
                TokenKind.OPEN, position, start + 1, before.startswith("-"), key, closes=groups[start]
            )
            position = start + 1
        elif closing and position == closing[-1]:
            yield Token(TokenKind.CLOSE, position, position + 1)
            position = closing.pop() + 1
        elif (match := _TOKEN.match(text, position)) is None:
            position += 1
        else:
            token = _part(match, closing[-1] if closing else len(text))
            position = token.end
            if token.value or token.quoted is not None:
                yield token


def _before(text: str, start: int) -> str:
    """The minus and the key before a bracket; "" for neither."""
    match = _BEFORE_GROUP.search(text[max(0, start - LONGEST_BEFORE) : start])
    return match[0] if match else ""


def _part(match: re.Match[str], most: int) -> Token:
    """A word, a phrase or OR; a word ends before the next bracket that closes a group."""
    word, end = match["word"] or "", match.end()
    if word and end > most:
        word, end = word[: most - match.start("word")], most
    key, minus = (match["key"] or "").rstrip(":").lower(), bool(match["minus"])
    if word in ("OR", "|") and not key and not minus:
        return Token(TokenKind.OR, match.start(), end, word=word)
    if word in ("AND", "&&", "&") and not key and not minus:
        word = ""
    return Token(TokenKind.PART, match.start(), end, minus, key, match["quoted"], word)


def _groups(text: str) -> dict[int, int]:
    """Where each group opens and closes."""
    found: dict[int, int] = {}
    opened: list[int] = []
    for match in _ASIDE.finditer(text):
        if match[0] == "(":
            opened.append(match.start())
        elif match[0] == ")" and opened:
            start, end = opened.pop(), match.start()
            inside = len(opened) < DEEPEST and end - start <= LONGEST_GROUP
            if inside and _is_group(text, start, end):
                found[start] = end
    return found


def _is_group(text: str, start: int, end: int) -> bool:
    before = _before(text, start)
    if not (before or start == 0 or text[start - 1].isspace() or text[start - 1] == "("):
        return False
    if not (_AFTER_GROUP.match(text, end + 1) and text[start + 1 : end].strip()):
        return False
    beside = _OR_BEFORE.search(text[max(0, start - LONGEST_BEFORE) : start]) or _OR_AFTER.match(text, end + 1)
    return bool(before or beside or _STRUCTURED.search(text, start + 1, end))


def is_option(word: str, before: Sequence[str]) -> bool:
    """Whether a word with a minus is an option of a command line, as in `ls -la`, and excludes nothing.
    `before` are the words before it."""
    bare = word.rstrip(".,;:!?)")
    if _OPTION.fullmatch(bare) or (before and before[-1].lower() in _COMMANDS and _OPTIONS.fullmatch(bare)):
        return True
    programs = {one.lower() for one in before}
    if any(bare[1:] in _WORDS_OF[name] for name in programs.intersection(_WORDS_OF)):
        return True
    return bool(programs & _TAKES_LETTERS) and bool(_JAVA.fullmatch(bare))
