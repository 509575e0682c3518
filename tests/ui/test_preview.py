"""The preview: the passage marked and in sight, nothing loaded, links that only say they were clicked."""

import re
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt, QUrl
from PySide6.QtGui import QTextCursor
from pytestqt.qtbot import QtBot

from notesearch.documents.preview import MOST_QUOTED, render
from notesearch.domain import MatchedBy, NoteText, Passage
from notesearch.ui.results.preview_pane import NoteView, Preview, passage_lines
from notesearch.ui.widgets.theme import Theme
from tests.ui.conftest import TIMEOUT

PARAGRAPHS = [
    f"Paragraph number {i} says something about bread and water.\nIt has a second line." for i in range(80)
]
TEXT = "# Long\n\n" + "\n\n".join(PARAGRAPHS) + "\n\n```\ncode line one\ncode line two\n```\n"


def make_note(text: str = TEXT, form: str = "markdown", offset: int = 0) -> NoteText:
    return NoteText(
        path=Path("/n/Long.md"),
        title="Long",
        folder_names=("n", "Kitchen"),
        format=form,
        modified=1_700_000_000,
        text=text,
        offset=offset,
        line=1,
        truncated=False,
    )


def passage_at(note: NoteText, words: str, *, best_sentence: str = "", found: str = "") -> Passage:
    start = note.text.index(words)
    snippet = words.replace("\n", " ")
    spans = ((snippet.index(found), snippet.index(found) + len(found)),) if found else ()
    told = (
        (snippet.index(best_sentence), snippet.index(best_sentence) + len(best_sentence))
        if best_sentence
        else None
    )
    return Passage(
        start=note.offset + start,
        end=note.offset + start + len(words),
        line=note.text.count("\n", 0, start) + 1,
        heading=(),
        snippet=snippet,
        highlights=spans,
        matched_by=MatchedBy.BOTH,
        score=1,
        best_sentence=told,
    )


@pytest.fixture
def preview(qtbot: QtBot, theme: Theme) -> Preview:
    made = Preview(theme)
    qtbot.addWidget(made)
    made.resize(556, 640)
    made.show()
    qtbot.waitExposed(made)
    return made


def marked_text(view: NoteView) -> str:
    assert view.passage_place is not None
    blocks = range(view.passage_place.first, view.passage_place.last + 1)
    return "\n".join(view.document().findBlockByNumber(number).text() for number in blocks)


def margins(view: NoteView) -> list[tuple[float, float]]:
    document = view.document()
    formats = [document.findBlockByNumber(i).blockFormat() for i in range(document.blockCount())]
    return [(shape.topMargin(), shape.bottomMargin()) for shape in formats]


def test_the_passage_is_a_third_from_the_top(preview: Preview) -> None:
    note = make_note()
    preview.show_note(render(note), passage_at(note, PARAGRAPHS[40]))
    assert marked_text(preview.view) == PARAGRAPHS[40].replace("\n", " ")
    rect = preview.view.passage_ground()
    assert rect is not None
    third = preview.view.viewport().height() / 3
    assert abs(rect.top() - preview.view.verticalScrollBar().value() - third) <= 2


@pytest.mark.parametrize("offset", [0, 5000])
def test_the_passage_is_found_by_its_characters(preview: Preview, offset: int) -> None:
    note = make_note(offset=offset)
    preview.show_note(render(note), passage_at(note, "code line one\ncode line two"))
    assert marked_text(preview.view) == "code line one\ncode line two"


def test_plain_text_is_marked_line_by_line(preview: Preview) -> None:
    note = make_note("one\ntwo\n\nthree\nfour", "text")
    preview.show_note(render(note), passage_at(note, "two\n\nthree"))
    assert marked_text(preview.view).replace("\xa0", "") == "two\n\nthree"


def test_words_and_the_telling_sentence_are_marked(preview: Preview) -> None:
    note = make_note(
        "Some **words** first.\n\nLeave the *dough* in the [cold](x.md) overnight. Then bake.", "markdown"
    )
    passage = passage_at(
        note,
        "Leave the *dough* in the [cold](x.md) overnight. Then bake.",
        found="dough",
        best_sentence="Then bake.",
    )
    preview.show_note(render(note), passage)
    texts = [selection.cursor.selectedText() for selection in preview.view.extraSelections()]
    assert texts == ["dough", "Then bake"]


def test_the_ground_of_the_passage_is_painted(preview: Preview, theme: Theme) -> None:
    note = make_note()
    preview.show_note(render(note), passage_at(note, PARAGRAPHS[40]))
    rect = preview.view.passage_ground()
    assert rect is not None
    picture = preview.view.viewport().grab().toImage()
    y = int(rect.center().y()) - preview.view.verticalScrollBar().value()
    assert picture.pixelColor(int(rect.left()) + 1, y).name().upper() == theme.palette.accent
    assert picture.pixelColor(int(rect.left()) + 8, y).name().upper() == theme.palette.accent_ground
    assert picture.pixelColor(2, y).name().upper() == theme.palette.panel


def test_moving_the_mark_within_a_note_leaves_no_trace(preview: Preview) -> None:
    note = make_note()
    rendered = render(note)
    preview.show_note(rendered, passage_at(note, PARAGRAPHS[3]))
    preview.show_note(rendered, passage_at(note, PARAGRAPHS[60]))
    moved = margins(preview.view)
    preview.show_nothing()
    preview.show_note(rendered, passage_at(note, PARAGRAPHS[60]))
    assert margins(preview.view) == moved


def test_nothing_is_ever_loaded(preview: Preview, tmp_path: Path) -> None:
    picture = tmp_path / "x.png"
    picture.write_bytes(b"not read")
    assert preview.view.loadResource(2, QUrl.fromLocalFile(str(picture))) is None
    preview.view.setHtml(
        f'<img src="{picture}"><img src="http://127.0.0.1:9/x.png"><link rel="stylesheet" href="{picture}">'
    )
    preview.view.grab()


def test_a_link_only_says_that_it_was_clicked(preview: Preview, qtbot: QtBot) -> None:
    note = make_note("See [the other note](../Other%20note.md) there.")
    preview.show_note(render(note), None)
    view = preview.view
    cursor = QTextCursor(view.document())
    cursor.setPosition(view.document().toPlainText().index("other note") + 2)
    with qtbot.waitSignal(view.link_clicked, timeout=TIMEOUT) as clicked:
        qtbot.mouseClick(
            view.viewport(), Qt.MouseButton.LeftButton, pos=view.cursorRect(cursor).center() + QPoint(2, 0)
        )
    assert clicked.args == ["../Other note.md"]
    assert view.source().isEmpty()


def test_another_appearance_keeps_the_place(preview: Preview, theme: Theme) -> None:
    note = make_note()
    preview.show_note(render(note), passage_at(note, PARAGRAPHS[40], found="bread"))
    before = preview.view.verticalScrollBar().value()
    theme.set_appearance("dark")
    assert preview.view.verticalScrollBar().value() == before
    assert marked_text(preview.view) == PARAGRAPHS[40].replace("\n", " ")


def test_the_passage_of_a_resized_window_stays_in_sight(preview: Preview) -> None:
    note = make_note()
    preview.show_note(render(note), passage_at(note, PARAGRAPHS[40]))
    preview.resize(320, 500)
    rect = preview.view.passage_ground()
    assert rect is not None
    assert 0 < rect.top() - preview.view.verticalScrollBar().value() < preview.view.viewport().height() / 2


def test_blank_ends_of_a_passage_do_not_count() -> None:
    note = make_note("a\n\nb\nc\n\nd")
    passage = passage_at(note, "\n\nb\nc\n\n")
    assert passage_lines(note, passage) == (2, 3)


def test_the_head_names_place_and_date(preview: Preview) -> None:
    note = make_note()
    preview.show_note(render(note), passage_at(note, PARAGRAPHS[40]))
    assert preview.title.text() == "Long"
    assert preview.folder_names.text().startswith("n › Kitchen · line 123 · edited ")
    assert preview.passage_text == PARAGRAPHS[40]


def test_quotations_in_quotations_are_drawn_to_a_depth_that_qt_can_bear(qtbot: QtBot, theme: Theme) -> None:
    """Qt takes twice as long for each level more; their text is there all the same."""
    thread = "".join(f"{'>' * level} line {level}\n\n" for level in range(1, 61))
    html = render(make_note(f"> {'> ' * 99}the deepest\n\n{thread}")).html
    assert "the deepest" in html
    assert all(f"line {level}" in html for level in range(1, 61))
    assert html.count("<table") == html.count("</table>")
    depth = deepest = 0
    for tag in re.findall(r"</?table", html):
        depth += 1 if tag == "<table" else -1
        deepest = max(deepest, depth)
    assert deepest == MOST_QUOTED
    view = NoteView(theme)
    qtbot.addWidget(view)
    view.setHtml(html)
    assert "the deepest" in view.toPlainText()
