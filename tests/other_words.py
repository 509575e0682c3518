"""Every sentence changed: under `pytest --other-words` no message of the program reads as it is written, in
this process and in those that tests start. What stays green does not decide, or look, by words."""

from __future__ import annotations

import gettext
import os
import re
from pathlib import Path

from notesearch.wording import translation

STARTED_WITH = Path(__file__).parent / "other_words_start"
_LETTERS = re.compile(r"\{[^{}]*\}|%\(\w+\)s|[A-Za-z]")


def changed(message: str) -> str:
    """The message with every letter another one, the names in braces as they were."""

    def other(found: re.Match[str]) -> str:
        sign = found[0]
        return sign if len(sign) > 1 else chr(ord(sign) + (13 if sign.lower() < "n" else -13))

    return f"§{_LETTERS.sub(other, message)}"


class OtherWords(gettext.NullTranslations):
    """A language that nobody speaks, with the plural of English."""

    def gettext(self, message: str) -> str:
        return changed(message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return changed(msgid1 if n == 1 else msgid2)


def install() -> None:
    """Change every sentence here, and in the Python processes that are started from here."""
    translation.install(OtherWords())
    paths = [str(STARTED_WITH), os.environ.get("PYTHONPATH", "")]
    if str(STARTED_WITH) not in paths[1].split(os.pathsep):
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
