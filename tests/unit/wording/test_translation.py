"""Messages can be extracted by a tool, and come in the user's language."""

from __future__ import annotations

import ast
import gettext
import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

import notesearch
from notesearch.domain import told
from notesearch.errors import DiskFull, ProviderTimeout
from notesearch.wording import translation
from notesearch.wording.told import sentence, table, title
from notesearch.wording.translation import KEYWORDS, Plural, ngettext
from tests.other_words import OtherWords, changed

pytestmark = pytest.mark.words

POLISH = """
msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\\n"
"Plural-Forms: nplurals=3; plural=(n==1 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2);\\n"

msgid "The disk is full"
msgstr "Dysk jest pełny"

msgid "{notes} note"
msgid_plural "{notes} notes"
msgstr[0] "{notes} notatka"
msgstr[1] "{notes} notatki"
msgstr[2] "{notes} notatek"
"""


@pytest.fixture
def polish() -> Iterator[None]:
    compiled = BytesIO()
    write_mo(compiled, read_po(BytesIO(POLISH.encode())))
    compiled.seek(0)
    before = translation.installed()
    translation.install(gettext.GNUTranslations(compiled))
    yield
    translation.install(before)


def test_the_users_language_is_taken_where_there_is_a_translation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalogue = tmp_path / "pl" / "LC_MESSAGES" / "notesearch.mo"
    catalogue.parent.mkdir(parents=True)
    with catalogue.open("wb") as file:
        write_mo(file, read_po(BytesIO(POLISH.encode())))
    before = translation.installed()
    try:
        monkeypatch.setenv("LANGUAGE", "xx")
        translation.use_system_language(tmp_path)
        assert translation.installed() is before
        monkeypatch.setenv("LANGUAGE", "pl_PL")
        translation.use_system_language(tmp_path)
        assert title(DiskFull()) == "Dysk jest pełny"
    finally:
        translation.install(before)


def extracted() -> set[str | tuple[str, ...]]:
    package = Path(notesearch.__file__).parent
    return {
        message if isinstance(message, str) else tuple(message)
        for _, _, message, _, _ in extract_from_dir(str(package), [("**.py", "python")], keywords=KEYWORDS)
    }


def test_a_tool_finds_every_message_of_the_tables() -> None:
    found = extracted()
    for code, words in table().items():
        for message in (words.title, words.hint, *(message for _, message in words.more)):
            if isinstance(message, Plural):
                assert (message.one, message.many) in found, code
            elif message and not message.startswith("{") and message != "":
                assert message in found, code


def test_sentences_come_in_the_language_and_what_is_not_translated_stays(polish: None) -> None:
    assert title(DiskFull()) == "Dysk jest pełny"
    assert sentence(DiskFull()).endswith("Free some space; indexing goes on by itself afterwards.")


@pytest.mark.parametrize(
    ("notes", "said"),
    [(1, "1 notatka"), (3, "3 notatki"), (12, "12 notatek"), (22, "22 notatki"), (0, "0 notatek")],
)
def test_languages_with_more_forms_than_two(polish: None, notes: int, said: str) -> None:
    assert title(told("found.notes", notes=notes)) == said


def test_a_part_of_one_is_no_one() -> None:
    assert (ngettext("one", "many", 1), ngettext("one", "many", 1.5), ngettext("one", "many", 1.0)) == (
        "one",
        "many",
        "one",
    )


def test_a_language_that_nobody_speaks() -> None:
    before = translation.installed()
    translation.install(OtherWords())
    said = title(ProviderTimeout("provider-timeout.within", seconds=4))
    translation.install(before)
    assert said == "§Gur cebivqre qvq abg nafjre jvguva 4 frpbaqf"
    assert changed("Write {{path}} or {name}") == "§Jevgr {{path}} be {name}"


# What shows a text of the program: the calls, each with the arguments that are texts.
SHOWS = {
    **dict.fromkeys(
        (
            *("setText", "setToolTip", "setWindowTitle", "setPlaceholderText", "QLabel", "QPushButton"),
            *(
                "setAccessibleName",
                "setAccessibleDescription",
                "addAction",
                "tell",
                "hint",
                "label",
                "button",
            ),
            *("CheckBox", "ComboBox", "page_button", "_say", "_add", "_action", "_button"),
        ),
        (0,),
    ),
    "say": (0, 1),
    "page_label": (1,),
    "Question": (0, 1, 2, 3),
}


def branches(expression: ast.expr) -> Iterator[ast.expr]:
    """What an argument may be: both sides of a condition."""
    if isinstance(expression, ast.IfExp):
        yield from branches(expression.body)
        yield from branches(expression.orelse)
    else:
        yield expression


def unmarked(source: str) -> list[str]:
    """The texts that are shown without being marked as messages. A name, a sign and a key are none."""
    found = []
    for call in (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)):
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        for argument in (call.args[i] for i in SHOWS.get(name, ()) if i < len(call.args)):
            for node in branches(argument):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    text = node.value
                elif isinstance(node, ast.JoinedStr):
                    text = "".join(str(part.value) for part in node.values if isinstance(part, ast.Constant))
                else:
                    continue
                if re.search(r"[A-Za-z]{2}", text) and text != "Notesearch" and "<" not in text:
                    found.append(f"{call.lineno}: {text}")
    return found


@pytest.mark.parametrize("room", ["ui", "cli"])
def test_every_text_of_the_window_is_a_message(room: str) -> None:
    package = Path(notesearch.__file__).parent
    missed = {
        str(path.relative_to(package)): texts
        for path in (package / room).rglob("*.py")
        if (texts := unmarked(path.read_text(encoding="utf-8")))
    }
    assert not missed


def test_a_text_that_is_no_message_is_noticed() -> None:
    assert unmarked('self.setText("Add a folder")\nQLabel(f"{n} notes")\nhint("a" if x else "No key")') == [
        "1: Add a folder",
        "2:  notes",
        "3: No key",
    ]
    assert not unmarked('self.setText(_("Add a folder"))\nQLabel("\\u2022")\nlabel("", "warningText")')
