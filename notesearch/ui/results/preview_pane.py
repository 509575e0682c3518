"""The preview: the note beside the list, rendered, scrolled to the passage, with the passage marked.

It shows a RenderedNote. It never loads anything that a note names: no picture, no style sheet, no page. A
click on a link is only reported.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import unquote

from PySide6.QtCore import QRectF, Qt, QUrl, Signal
from PySide6.QtGui import (
    QColor,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QTextBlock,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextFormat,
    QWheelEvent,
)
from PySide6.QtWidgets import QFrame, QLabel, QSizePolicy, QTextBrowser, QTextEdit, QVBoxLayout, QWidget

from notesearch.documents.rendered_note import MARKER, RenderedNote
from notesearch.domain import Line, NoteText, Passage
from notesearch.ui.widgets.text_positions import QtPositions
from notesearch.ui.widgets.theme import BODY, Palette, Theme, font
from notesearch.wording import dates, signs
from notesearch.wording import status_texts as wording
from notesearch.wording.translation import _

MARGIN = 28
READING_WIDTH = 760
PASSAGE_PADDING = 8
PASSAGE_GAP = 12
# Pixels. A line of text is low in its line height, and its background is moved by this much.
LINE_DROP = 3
MARKED_WORDS = 300


@dataclass(frozen=True, kw_only=True, slots=True)
class PassagePlace:
    """The numbers of the document's blocks that hold the passage."""

    first: int
    last: int


def passage_lines(note: NoteText, passage: Passage) -> tuple[int, int]:
    """The first and last line of a passage, counted from 0 in `note.text`, without blank lines at its
    ends."""
    start = min(max(passage.start - note.offset, 0), len(note.text))
    end = min(max(passage.end - note.offset, start), len(note.text))
    text = note.text[start:end]
    start += len(text) - len(text.lstrip())
    first = note.text.count("\n", 0, start)
    return first, first + text.strip().count("\n")


def best_sentence_pattern(passage: Passage) -> re.Pattern[str] | None:
    """An expression for the best sentence in the rendered text, where the markup between its words is
    gone."""
    if passage.best_sentence is None:
        return None
    words = re.findall(r"\w+", passage.snippet[passage.best_sentence[0] : passage.best_sentence[1]])
    return re.compile(r"[\W_]+".join(re.escape(word) for word in words)) if words else None


def found_words(passage: Passage) -> re.Pattern[str] | None:
    """An expression for the words that the search found, anywhere in the note."""
    shown = (passage.snippet[start:end].strip() for start, end in passage.highlights)
    words = {*shown, *(" ".join(word.split()) for word in passage.words)} - {""}
    if not words:
        return None
    ordered = sorted(words, key=len, reverse=True)
    return re.compile(
        "|".join(rf"\b{re.escape(word)}\b" if word.isascii() else re.escape(word) for word in ordered),
        re.IGNORECASE,
    )


def document_style(colours: Palette) -> str:
    """The style sheet of the rendered note."""
    c = colours
    return f"""
    body {{ color: {c.text}; }}
    p {{ margin-top: 0; margin-bottom: 12px; line-height: {BODY.line}px; }}
    p.plain {{ margin-bottom: 0; white-space: pre-wrap; }}
    li {{ margin-bottom: 2px; line-height: {BODY.line}px; }}
    li p {{ margin-bottom: 4px; }}
    ul, ol {{ margin-top: 0; margin-bottom: 12px; }}
    p.h1 {{ font-size: 17px; font-weight: 600; margin-top: 12px; margin-bottom: 8px; }}
    p.h2 {{ font-size: 15px; font-weight: 600; margin-top: 8px; margin-bottom: 6px; }}
    p.h3, p.h4, p.h5, p.h6 {{ font-weight: 600; margin-top: 4px; margin-bottom: 4px; }}
    a {{ color: {c.accent}; text-decoration: underline; }}
    pre {{ font-family: monospace; font-size: 13px; white-space: pre-wrap; margin: 0; line-height: 18px; }}
    code {{ font-family: monospace; font-size: 13px; background-color: {c.chip}; }}
    .code {{ background-color: {c.ground}; margin-top: 4px; margin-bottom: 12px; }}
    .quote {{ color: {c.second}; background-color: {c.ground}; margin-top: 4px; margin-bottom: 12px; }}
    .grid {{ border-collapse: collapse; border-style: solid; border-width: 1px; border-color: {c.line}; margin-top: 8px; margin-bottom: 12px; }}
    .picture, .deadlink, .state {{ color: {c.third}; }}
    .wikilink {{ color: {c.accent}; }}
    """  # noqa: E501


class NoteView(QTextBrowser):
    """The rendered text, with the background of the passage painted behind it. Main thread.

    Signals:
        link_clicked: the address of a link, as it stands in the note.
    """

    link_clicked = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("previewText")
        self.setAccessibleName(_("Preview"))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setOpenLinks(False)
        self.setUndoRedoEnabled(False)
        self.setAcceptDrops(False)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.document().setDefaultFont(font(BODY))
        self.document().setDocumentMargin(0)
        self._theme = theme
        self._shown: tuple[RenderedNote, Passage | None] | None = None
        self._place: PassagePlace | None = None
        self._best_sentence: QTextCursor | None = None
        self._untouched = True
        theme.changed.connect(self._repaint_all)
        self.anchorClicked.connect(self._on_anchor)

    def show_note(self, rendered: RenderedNote, passage: Passage | None) -> None:
        """Show a note at a passage, or from its beginning without a passage. Where it is shown already, only
        the marked passage changes."""
        same = self._shown is not None and self._shown[0] == rendered
        self._shown = (rendered, passage)
        if not same:
            self.document().setDefaultStyleSheet(document_style(self._theme.palette))
            self.setHtml(rendered.html)
        self._mark(fresh=not same)
        self.scroll_to_passage()

    def forget(self) -> None:
        """Show nothing."""
        self._shown = None
        self._place = None
        self._best_sentence = None
        self.clear()

    def loadResource(self, kind: int, name: QUrl | str) -> object:
        """Load nothing that a note names."""
        return None

    def scroll_to_passage(self) -> None:
        """Put the passage a third from the top; or its best sentence, where that would be below the
        window."""
        self._untouched = True
        rect = self.passage_ground()
        if rect is None:
            self.verticalScrollBar().setValue(0)
            return
        height = self.viewport().height()
        target = rect.top() - height / 3 if rect.top() > height / 3 else 0.0
        if self._best_sentence is not None:
            sentence = self.cursorRect(self._best_sentence).translated(0, self.verticalScrollBar().value())
            if sentence.bottom() > target + height - 2 * BODY.line:
                target = sentence.top() - height / 2
        self.verticalScrollBar().setValue(round(target))

    # The passage

    def _mark(self, *, fresh: bool) -> None:
        if self._shown is None:
            return
        rendered, passage = self._shown
        if self._place is not None and not fresh:
            self._pad(self._place, 0)
        self._lay_margins()
        self._place = self._find(rendered.note, passage) if passage else None
        if self._place is not None:
            self._pad(self._place, PASSAGE_PADDING + PASSAGE_GAP)
        self._best_sentence = None
        self.setExtraSelections(self._highlights(passage) if passage else [])
        self.viewport().update()

    def _find(self, note: NoteText, passage: Passage) -> PassagePlace | None:
        if passage.end <= passage.start:
            return None
        numbers, lines = self._markers()
        first, last = passage_lines(note, passage)
        if not lines or last < lines[0]:
            return None
        begin = max(0, bisect_right(lines, first) - 1)
        end = max(begin, bisect_right(lines, last) - 1)
        begin = bisect_right(lines, lines[begin] - 1) if lines[begin] < first else begin
        while begin > 0 and lines[begin - 1] == lines[begin]:
            begin -= 1
        return PassagePlace(first=numbers[begin], last=numbers[end])

    def _markers(self) -> tuple[list[int], list[int]]:
        """The block numbers and the source lines at which these blocks begin; ascending."""
        numbers: list[int] = []
        lines: list[int] = []
        block = self.document().begin()
        while block.isValid():
            line = _marker(block)
            if line is not None and (not lines or line >= lines[-1]):
                numbers.append(block.blockNumber())
                lines.append(line)
            block = block.next()
        return numbers, lines

    def _pad(self, place: PassagePlace, padding: int) -> None:
        """Add space above and below the passage for its background."""
        for number, at_top in ((place.first, True), (place.last, False)):
            cursor = QTextCursor(self.document().findBlockByNumber(number))
            if cursor.currentTable() is not None:
                continue
            shape = QTextBlockFormat()
            current = cursor.blockFormat()
            key = QTextFormat.Property.UserProperty + (1 if at_top else 2)
            before = (
                current.property(key)
                if current.hasProperty(key)
                else (current.topMargin() if at_top else current.bottomMargin())
            )
            shape.setProperty(key, before)
            if at_top:
                shape.setTopMargin(float(before) + padding)
            else:
                shape.setBottomMargin(max(float(before), padding) if padding else float(before))
            cursor.mergeBlockFormat(shape)

    @property
    def passage_place(self) -> PassagePlace | None:
        """Which blocks are marked as the passage, None for none."""
        return self._place

    def passage_ground(self) -> QRectF | None:
        """The background of the passage, in coordinates of the document. None for none."""
        if self._place is None:
            return None
        top, bottom = self._extent(self._place.first), self._extent(self._place.last)
        left = MARGIN - PASSAGE_PADDING - 7
        width = self._text_width() + PASSAGE_PADDING + 7 + PASSAGE_PADDING
        return QRectF(
            left,
            top.top() - PASSAGE_PADDING + LINE_DROP,
            width,
            bottom.bottom() - top.top() + 2 * PASSAGE_PADDING + 1,
        )

    def _extent(self, number: int) -> QRectF:
        """Where a block is in the document. For a block in a table (code, quotes) it is where the table
        is."""
        layout = self.document().documentLayout()
        block = self.document().findBlockByNumber(number)
        table = QTextCursor(block).currentTable()
        if table is None:
            return layout.blockBoundingRect(block)
        return layout.frameBoundingRect(table).adjusted(
            0, table.format().topMargin(), 0, -table.format().bottomMargin()
        )

    def _highlights(self, passage: Passage) -> list[QTextEdit.ExtraSelection]:
        """Highlights for the found words, anywhere in the note, and for the best sentence inside the
        passage."""
        text = self.document().toPlainText()
        count = QtPositions(text)
        marks: list[QTextEdit.ExtraSelection] = []
        words = found_words(passage)
        if words is not None:
            ground = QTextCharFormat()
            ground.setBackground(self._theme.colour("found"))
            for i, found in enumerate(words.finditer(text)):
                if i >= MARKED_WORDS:
                    break
                marks.append(self._selection(count.to_qt(found.start()), count.to_qt(found.end()), ground))
        sentence = best_sentence_pattern(passage)
        if sentence is not None and self._place is not None:
            first = self.document().findBlockByNumber(self._place.first).position()
            last = self.document().findBlockByNumber(self._place.last)
            hit = sentence.search(text, count.from_qt(first), count.from_qt(last.position() + last.length()))
            if hit:
                line = QTextCharFormat()
                line.setUnderlineStyle(QTextCharFormat.UnderlineStyle.SingleUnderline)
                line.setUnderlineColor(self._theme.colour("accent"))
                start, end = count.to_qt(hit.start()), count.to_qt(hit.end())
                marks.append(self._selection(start, end, line))
                self._best_sentence = self._cursor(start, start)
        return marks

    def _selection(self, start: int, end: int, shape: QTextCharFormat) -> QTextEdit.ExtraSelection:
        made = QTextEdit.ExtraSelection()
        made.cursor = self._cursor(start, end)
        made.format = shape
        return made

    def _cursor(self, start: int, end: int) -> QTextCursor:
        cursor = QTextCursor(self.document())
        cursor.setPosition(start)
        cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
        return cursor

    # Layout and painting

    def _text_width(self) -> float:
        return float(min(READING_WIDTH, self.viewport().width() - 2 * MARGIN))

    def _lay_margins(self) -> None:
        root = self.document().rootFrame()
        shape = root.frameFormat()
        shape.setLeftMargin(MARGIN)
        shape.setRightMargin(max(MARGIN, self.viewport().width() - MARGIN - self._text_width()))
        shape.setTopMargin(PASSAGE_PADDING)
        shape.setBottomMargin(40)
        root.setFrameFormat(shape)

    def _repaint_all(self) -> None:
        if self._shown is None:
            return
        scroll = self.verticalScrollBar().value()
        self.document().setDefaultStyleSheet(document_style(self._theme.palette))
        self.setHtml(self._shown[0].html)
        self._mark(fresh=True)
        self.verticalScrollBar().setValue(scroll)

    def paintEvent(self, event: QPaintEvent) -> None:
        rect = self.passage_ground()
        if rect is not None:
            painter = QPainter(self.viewport())
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.translate(0, -self.verticalScrollBar().value())
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._theme.colour("accent_ground"))
            painter.drawRoundedRect(rect, 4, 4)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
            painter.fillRect(
                QRectF(rect.left(), rect.top(), 3, rect.height()), QColor(self._theme.palette.accent)
            )
            painter.end()
        super().paintEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._shown is not None and event.size() != event.oldSize():
            self._lay_margins()
            if self._untouched:
                self.scroll_to_passage()

    def wheelEvent(self, event: QWheelEvent) -> None:
        self._untouched = False
        super().wheelEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        self._untouched = False
        nothing_to_copy = (
            event.matches(QKeySequence.StandardKey.Copy) and not self.textCursor().hasSelection()
        )
        if nothing_to_copy or (event.text().isprintable() and event.text() not in ("", " ")):
            event.ignore()
        else:
            super().keyPressEvent(event)

    def _on_anchor(self, url: QUrl) -> None:
        self.link_clicked.emit(
            url.toString() if url.scheme() else unquote(url.path(QUrl.ComponentFormattingOption.FullyEncoded))
        )


def _marker(block: QTextBlock) -> int | None:
    """The source line at which a block begins, from the marker in its first characters."""
    iterator = block.begin()
    if iterator.atEnd():
        return None
    names = iterator.fragment().charFormat().anchorNames()
    return next((int(name[len(MARKER) :]) for name in names if name.startswith(MARKER)), None)


class Preview(QWidget):
    """The preview: title, folders and date of a note above its text. Main thread."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("previewPanel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.title = _plain_label("previewTitle")
        self.folder_names = _plain_label("previewTrail")
        self.view = NoteView(theme, self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 20, 0, 0)
        layout.setSpacing(0)
        for label in (self.title, self.folder_names):
            label.setContentsMargins(MARGIN, 0, MARGIN, 0)
            layout.addWidget(label)
            layout.addSpacing(4)
        layout.addSpacing(6)
        layout.addWidget(self.view, 1)
        self.rendered: RenderedNote | None = None
        self.passage: Passage | None = None

    @property
    def note(self) -> NoteText | None:
        """The note that is shown, None for none."""
        return self.rendered.note if self.rendered else None

    def show_note(self, rendered: RenderedNote, passage: Passage | None) -> None:
        """Show a note at a passage, or from its beginning without a passage."""
        note = rendered.note
        self.rendered, self.passage = rendered, passage
        self.title.setText(note.title)
        edited = _("edited {long_date}", long_date=dates.long_date(note.modified, datetime.now()))
        where = [wording.PATH_SEPARATOR.join(note.folder_names)] + (
            [wording.place(passage.place)] if passage and passage.place != Line(number=1) else []
        )
        self.folder_names.setText(signs.DOT.join([*filter(None, where), edited]))
        self.view.show_note(rendered, passage)

    def show_nothing(self, said: str = "") -> None:
        """Empty the preview, or show a sentence where a note cannot be shown."""
        self.rendered = self.passage = None
        self.title.clear()
        self.folder_names.setText(said)
        self.view.forget()

    @property
    def passage_text(self) -> str:
        """The text of the passage shown; "" for none."""
        if self.note is None or self.passage is None:
            return ""
        start = self.passage.start - self.note.offset
        return self.note.text[max(0, start) : max(0, self.passage.end - self.note.offset)].strip()


def _plain_label(name: str) -> QLabel:
    label = QLabel()
    label.setObjectName(name)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
    return label
