"""Quick search: a frameless window over whatever the user is doing, with a search field and its results. It
closes with Esc, or when another window gets the focus."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPoint, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QCloseEvent,
    QColor,
    QCursor,
    QGuiApplication,
    QHideEvent,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPaintEvent,
    QPen,
    QScreen,
    QShowEvent,
)
from PySide6.QtWidgets import QApplication, QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from notesearch.ui.results.drops import DropTarget
from notesearch.ui.results.search_field import SearchBox
from notesearch.ui.results.search_view import SearchView
from notesearch.ui.results.searches import Search
from notesearch.wording.translation import N_, _

if TYPE_CHECKING:
    from notesearch.config.settings import Settings
    from notesearch.domain import IndexingStatus
    from notesearch.ui.bridge.bridge import Bridge
    from notesearch.ui.results.delegate import Row
    from notesearch.ui.results.row_actions import RowActions
    from notesearch.ui.widgets.theme import Theme

WIDTH, PREVIEW_WIDTH = 640, 420
FIELD_HEIGHT, FOOTER = 56, 36
ROWS_AT_MOST, EMPTY_HEIGHT, PREVIEW_HEIGHT = 460, 150, 440
RADIUS, SHADOW = 14, 20
NOTES_WIDTH = 170
TOLD_MS = 2500
KEYS = (
    ("\N{RETURN SYMBOL}", N_("open at the passage")),
    ("Ctrl C", N_("copy")),
    ("Tab", N_("main window")),
    ("Esc", N_("close")),
)


class QuickSearch(SearchView):
    """The window "Quick search". It is hidden and not closed, so that it appears at once. Main thread.

    Signals:
        window_wanted: go on in the main window with this Search, or with what it shows (None).
        settings_wanted.
        has_keyboard: letters go to the field now. buttons_asked: `on_buttons_up` is wanted when no mouse
        button is down.
    """

    window_wanted = Signal(object)
    settings_wanted = Signal()
    has_keyboard = Signal()
    buttons_asked = Signal()

    def __init__(self, bridge: Bridge, theme: Theme, actions: RowActions) -> None:
        super().__init__(bridge, theme)
        self._told = QTimer(self, singleShot=True, interval=TOLD_MS)
        self.notes = QLabel()
        self.setWindowFlags(
            Qt.WindowType.Tool | Qt.WindowType.FramelessWindowHint | Qt.WindowType.WindowStaysOnTopHint
        )
        self.setObjectName("quickSearch")
        self.setWindowTitle(_("Quick search"))
        self.setAccessibleName(_("Notesearch quick search"))
        self._theme = theme
        self._actions = actions
        self._asked_once = False
        self._shadow = 0
        self._leaving = False
        self._coming = False
        self.box = SearchBox(theme, name=N_("Quick search"))
        self.results.setAccessibleName(_("Quick results"))
        # A click on a row must not move the keyboard from the field.
        self.results.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._lay_out()
        self._told.timeout.connect(self._fit_summary)
        self.drops = DropTarget(self, theme)
        self._listen()
        theme.changed.connect(self.update)
        self._begin()

    def _lay_out(self) -> None:
        self.box.setObjectName("quickBox")
        self.box.setFixedHeight(FIELD_HEIGHT)
        self.preview.setFixedWidth(PREVIEW_WIDTH)
        self.preview.hide()
        self.summary.hide()
        self.empty.set_margins(24)
        middle = QHBoxLayout()
        middle.setSpacing(0)
        self._divider = QFrame()
        self._divider.setObjectName("divider")
        self._divider.setFixedWidth(1)
        self._divider.hide()
        middle.addWidget(self.body, 1)
        middle.addWidget(self._divider)
        middle.addWidget(self.preview)
        frame = QFrame()
        frame.setObjectName("quickFrame")
        inner = QVBoxLayout(frame)
        inner.setContentsMargins(1, 1, 1, 1)
        inner.setSpacing(0)
        inner.addWidget(self.box)
        inner.addLayout(middle, 1)
        inner.addWidget(self._footer())
        self._outer = QVBoxLayout(self)
        self._outer.setContentsMargins(0, 0, 0, 0)
        self._outer.addWidget(frame)
        self.setFocusProxy(self.box.field)

    def _footer(self) -> QWidget:
        footer = QFrame()
        footer.setObjectName("quickFooter")
        footer.setFixedHeight(FOOTER)
        row = QHBoxLayout(footer)
        row.setContentsMargins(16, 0, 16, 0)
        row.setSpacing(6)
        for key, does in KEYS:
            cap = QLabel(key)
            cap.setObjectName("keyCap")
            said = QLabel(_(does))
            said.setObjectName("quickHint")
            row.addWidget(cap, 0, Qt.AlignmentFlag.AlignVCenter)
            row.addWidget(said)
            row.addSpacing(8)
        row.addStretch(1)
        self.notes.setObjectName("quickHint")
        self.notes.setAccessibleName(_("Quick summary"))
        row.addWidget(self.notes)
        return footer

    def _listen(self) -> None:
        field = self.box.field
        self.box.changed.connect(self.ask)
        field.moved.connect(self.results.move_by)
        field.paged.connect(self.results.move_page)
        field.fold_wanted.connect(self._on_fold)
        field.copy_wanted.connect(self._on_copy)
        field.escaped.connect(self.hide)
        self.results.dragged.connect(self._on_left)
        self.opened.connect(self._on_opened)
        self.context_wanted.connect(self._on_context_wanted)
        self.search_wanted.connect(self.box.set_search)
        application = QGuiApplication.instance()
        if isinstance(application, QGuiApplication):
            application.focusWindowChanged.connect(self._on_focus_window)
        self.drops.text_dropped.connect(self._on_text_dropped)
        self.drops.paths_dropped.connect(self._on_paths_dropped)
        self.drops.left.connect(self._on_left)

    # Showing and hiding

    def come_up(self) -> None:
        """Show the window on the screen where the pointer is. The last query is selected, and the keyboard is
        in the field."""
        # Where it was hidden a moment ago, Qt still takes it for the focused window until X11 reports
        # otherwise, and would not report that it gets the focus again.
        if QGuiApplication.focusWindow() is self.windowHandle() is not None and not self.isActiveWindow():
            self._coming = True
            return
        self._coming = False
        self._fit()
        self._place(QGuiApplication.screenAt(QCursor.pos()) or QGuiApplication.primaryScreen())
        self.box.field.selectAll()
        self.box.setFocus()
        self.show()
        self.raise_()
        self.activateWindow()

    @property
    def wanted(self) -> bool:
        """Whether it is shown, or will be in a moment."""
        return self.isVisible() or self._coming

    def put_away(self) -> None:
        """Hide it."""
        self._coming = False
        self.hide()

    def _on_focus_window(self) -> None:
        if self._coming:
            self.come_up()

    def _place(self, screen: QScreen) -> None:
        room = screen.availableGeometry()
        self.move(
            room.left() + max(0, (room.width() - self.width()) // 2),
            room.top() + max(0, room.height() // 6 - self._shadow),
        )

    def use_settings(self, settings: Settings) -> None:
        """Use changed settings."""
        self.set_limit(settings.results_limit)

    def set_composited(self, composited: bool) -> None:
        """With compositing, paint round corners and a shadow; else a square frame."""
        shadow = SHADOW if composited else 0
        if shadow != self._shadow:
            self._shadow = shadow
            self.setAttribute(Qt.WidgetAttribute.WA_TranslucentBackground, composited)
            self._outer.setContentsMargins(shadow, shadow, shadow, shadow)
            self._fit()

    def close_down(self) -> None:
        """Close for good, because the program ends."""
        self.hide()
        self.deleteLater()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() != QEvent.Type.ActivationChange:
            return
        if self.isActiveWindow():
            self.box.setFocus()
            self.has_keyboard.emit()
        elif self.isVisible():
            QTimer.singleShot(0, self, self._on_left)

    def _on_left(self) -> None:
        """Hide the window because another one has the focus, unless that is a menu of ours. While a mouse
        button is down it stays, since something may be dragged into it or out of it."""
        if (
            not self.isActiveWindow()
            and QApplication.activePopupWidget() is None
            and not self.results.dragging
        ):
            self._leaving = True
            self.buttons_asked.emit()

    def on_buttons_up(self) -> None:
        """No mouse button is down any more: hide the window where another one has the focus."""
        if self.drops.offers:
            # The drop, or the message that it goes elsewhere, is still to arrive.
            return
        if self._leaving and not self.isActiveWindow():
            self.hide()
        self._leaving = False

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if not self._asked_once:
            self._asked_once = True
            self.ask(self.box.search)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._actions.keep_search(self.box.search)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Hide, as Esc does: it is shown again, and not made anew."""
        event.ignore()
        self.hide()

    # Keys

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, modifiers = event.key(), event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        entered = key in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if entered and modifiers == Qt.KeyboardModifier.NoModifier:
            if self.current is not None:
                self._on_opened(self.current)
        elif entered and modifiers == Qt.KeyboardModifier.ControlModifier:
            if self.current is not None:
                self._actions.reveal_row(self.current)
                self.hide()
        elif key == Qt.Key.Key_Escape:
            self.hide()
        elif event.matches(QKeySequence.StandardKey.Copy):
            self._on_copy()
        elif modifiers == Qt.KeyboardModifier.ControlModifier and key == Qt.Key.Key_P:
            self._toggle_preview()
        elif modifiers == Qt.KeyboardModifier.ControlModifier and key == Qt.Key.Key_Comma:
            self.hide()
            self.settings_wanted.emit()
        elif modifiers == Qt.KeyboardModifier.ControlModifier and key == Qt.Key.Key_L:
            self.box.field.selectAll()
            self.box.setFocus()
        else:
            super().keyPressEvent(event)

    def focusNextPrevChild(self, forward: bool) -> bool:
        """With Tab, go on with the query in the main window."""
        if forward:
            self.hide()
            self.window_wanted.emit(self.box.search)
        return True

    def _on_opened(self, row: Row) -> None:
        self._actions.open_row(row)
        self.hide()

    def _on_text_dropped(self, text: str) -> None:
        self._leaving = False
        self.box.set_search(Search(text=text))
        self.activateWindow()

    def _on_paths_dropped(self, paths: list[Path]) -> None:
        """Give dropped folders to the main window, which asks what has to be asked."""
        self.hide()
        self.window_wanted.emit(None)
        self._actions.look_at(paths)

    def _on_fold(self) -> None:
        if self.results.toggle_passages():
            self._fit()

    def _on_copy(self) -> None:
        if self._actions.copy_passage_of(self):
            self.notes.setText(_("Passage copied"))
            self.notes.setAccessibleDescription(_("Passage copied"))
            self._told.start()

    def _on_context_wanted(self, row: Row, at: QPoint) -> None:
        self._actions.show_row_menu(row, at, self)

    def _toggle_preview(self) -> None:
        for part in (self.preview, self._divider):
            part.setVisible(not part.isVisibleTo(self))
        self._fit()
        self._place(self.screen())
        if self.preview.isVisibleTo(self):
            self._load_preview()

    # What is shown

    def show_status(self, status: IndexingStatus) -> None:
        super().show_status(status)
        self._fit_summary()

    def _show_body(self) -> None:
        super()._show_body()
        self._fit()

    def _fit(self) -> None:
        """Make the window as tall as its rows. Its bottom edge moves, so that no row does."""
        previews = self.preview.isVisibleTo(self)
        width = WIDTH + (PREVIEW_WIDTH + 1 if previews else 0)
        empty = self.body.currentWidget() is self.empty
        rows = (
            max(EMPTY_HEIGHT, self.empty.heightForWidth(WIDTH - 2))
            if empty
            else self.results.height_of_rows(WIDTH - 2, ROWS_AT_MOST)
        )
        rows = max(rows, PREVIEW_HEIGHT if previews else 0)
        self.setFixedSize(width + 2 * self._shadow, FIELD_HEIGHT + rows + FOOTER + 2 + 2 * self._shadow)

    def _fit_summary(self, *_: int) -> None:
        """Show in the footer the line that the main window has above its list, as far as there is room."""
        head, rest = self._said
        if self._told.isActive():
            return
        said = f"{head}, {rest}" if rest else head
        whole = self._results is None or not (
            self._results.waiting or self._results.failed or self._results.notices
        )
        shown = head if whole else said
        self.notes.setText(
            self.notes.fontMetrics().elidedText(shown, Qt.TextElideMode.ElideRight, NOTES_WIDTH)
        )
        self.notes.setToolTip(said)
        self.notes.setAccessibleDescription(said)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        frame = QRectF(self.rect()).adjusted(*[self._shadow + 0.5] * 2, *[-self._shadow - 0.5] * 2)
        radius = RADIUS if self._shadow else 0
        painter.setPen(Qt.PenStyle.NoPen)
        for step in range(self._shadow, 0, -2):
            painter.setBrush(QColor(0, 0, 0, 5))
            painter.drawRoundedRect(
                frame.adjusted(-step, -step + 4, step, step), radius + step, radius + step
            )
        painter.setBrush(self._theme.colour("panel"))
        # Without a shadow, only this line separates the window from what is behind it.
        painter.setPen(QPen(self._theme.colour("line" if self._shadow else "third"), 1))
        painter.drawRoundedRect(frame, radius, radius)
