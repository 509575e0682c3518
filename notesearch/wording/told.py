"""Makes sentences of Told values and errors, by their codes. The tables are in error_texts.py and
notice_texts.py."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache

from notesearch.domain import Param, Told
from notesearch.errors import NotesearchError
from notesearch.wording.translation import filled, gettext
from notesearch.wording.words import Words


@cache
def table() -> Mapping[str, Words]:
    """Every code that has a sentence."""
    from notesearch.wording.error_texts import ERRORS
    from notesearch.wording.notice_texts import NOTICES

    return {**ERRORS, **NOTICES}


def title(about: Told | NotesearchError) -> str:
    """What happened, in one sentence without a full stop."""
    return title_and_hint(about)[0]


def hint(about: Told | NotesearchError) -> str:
    """What to do about it; "" for nothing."""
    return title_and_hint(about)[1]


def sentence(about: Told | NotesearchError) -> str:
    """Title and hint in one."""
    what, then = title_and_hint(about)
    return f"{what}. {then}" if then else what


def told_together(several: Iterable[Told]) -> str:
    """Several sentences in a row, each said once; "" for none."""
    sentences = dict.fromkeys(sentence(one) for one in several)
    return " ".join(said if said.endswith(".") else f"{said}." for said in sentences)


def title_and_hint(about: Told | NotesearchError) -> tuple[str, str]:
    """Title and hint. Where a code is not known, or its parameters do not fit its sentence (another version
    wrote it), the code before its last dot is used."""
    params: dict[str, Param] = dict(about.params)
    if isinstance(about, Told) and about.cause is not None:
        params["cause"] = title(about.cause)
    code = about.code
    while code:
        words = table().get(code)
        if words is not None:
            try:
                what, then = _put_in(code, words, params)
            except (KeyError, ValueError, TypeError, IndexError):
                pass
            else:
                return (f"{params['entry']}: {what}" if "entry" in params else what), then
        code = code.rpartition(".")[0]
    return title_and_hint(NotesearchError())


def _put_in(code: str, words: Words, params: Mapping[str, Param]) -> tuple[str, str]:
    values = dict(params)
    for name in words.choices:
        values[name] = _one_of(str(params.get(name) or ""))
    parts = [filled(_hint_of(code, words), values)]
    parts += [filled(message, values) for name, message in words.more if params.get(name)]
    return filled(words.title, values), " ".join(filter(None, parts))


def _hint_of(code: str, words: Words) -> str:
    """The hint of a code. A variant without a hint of its own has the hint of its class."""
    if words.hint is not None:
        return words.hint
    above = table().get(code.rpartition(".")[0])
    return (above.hint or "") if above is not None else ""


def _one_of(lines: str) -> str:
    """Several things of which one is meant, as a list in a sentence."""
    *most, last = lines.split("\n")
    return gettext("{things} or {last}").format(things=", ".join(most), last=last) if most else last
