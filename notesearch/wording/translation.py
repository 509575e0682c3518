"""How a message of the program becomes one in the user's language, by gettext of the standard library.

Messages are written in English where they are used. `_` and `plural` translate at once; a table marks
its messages with `N_` or `Plural` and translates when one is asked for. `KEYWORDS` tells a tool that extracts
messages which calls to look for. Numbers and names are put in afterwards, by name: "{notes:,} notes".
"""

from __future__ import annotations

import gettext as _standard
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from notesearch.domain.file_names import harmless_line, harmless_name

# The name of the catalogues.
DOMAIN = "notesearch"
# Name of the call -> which arguments are messages (two: singular and plural), None for the first.
KEYWORDS: dict[str, tuple[int, ...] | None] = {
    "gettext": None,
    "_": None,
    "N_": None,
    "ngettext": (1, 2),
    "plural": (1, 2),
    "Plural": (1, 2),
}


class _Current:
    translations: _standard.NullTranslations = _standard.NullTranslations()


def install(translations: _standard.NullTranslations) -> None:
    """Use these translations from now on, in every thread. Called before anything is shown."""
    _Current.translations = translations


def use_system_language(folder: Path) -> None:
    """Install the translation for the user's language (LANGUAGE, LC_ALL, LC_MESSAGES, LANG), if `folder` has
    one: `<language>/LC_MESSAGES/notesearch.mo`. Otherwise everything stays as it is."""
    if _standard.find(DOMAIN, folder):
        install(_standard.translation(DOMAIN, folder))


def installed() -> _standard.NullTranslations:
    """The translations in use."""
    return _Current.translations


def gettext(message: str) -> str:
    """The message in the user's language; the message itself where it is not translated."""
    return _Current.translations.gettext(message) if message else ""


def ngettext(one: str, many: str, number: float) -> str:
    """The form of the message that goes with `number` in the user's language. A part of one takes the form of
    many."""
    whole = int(number) if number == int(number) else 2
    return _Current.translations.ngettext(one, many, whole)


def _(message: str, /, **values: object) -> str:
    """The message in the user's language with these values put in."""
    text = gettext(message)
    return text.format(**_put_in(values)) if values else text


def _put_in(values: Mapping[str, object]) -> dict[str, object]:
    """The values of a message, as they may be shown."""
    return {key: _harmless(value) for key, value in values.items()}


def _harmless(value: object) -> object:
    if isinstance(value, Path):
        return harmless_name(value)
    return harmless_line(value) if isinstance(value, str) else value


def plural(one: str, many: str, number: float, /, **values: object) -> str:
    """The form of the message that goes with `number`, which is "{n}" in it, with these values put in."""
    return ngettext(one, many, number).format(n=number, **_put_in(values))


def N_(message: str) -> str:
    """Mark a message that is translated later."""
    return message


@dataclass(frozen=True, slots=True)
class Plural:
    """A message whose form goes with a number: the parameter called `of`."""

    one: str
    many: str
    of: str


Message = str | Plural


def filled(message: Message, values: Mapping[str, object]) -> str:
    """The message in the user's language with its values put in. Raises KeyError where one is missing, and
    ValueError or TypeError where one is of another kind."""
    if isinstance(message, Plural):
        number = values[message.of]
        if not isinstance(number, int | float):
            raise TypeError(f"{message.of} is no number")
        return ngettext(message.one, message.many, number).format_map(_put_in(values))
    return gettext(message).format_map(_put_in(values))
