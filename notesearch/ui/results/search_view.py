"""A list of results with its preview: it asks, takes the answers of each stage, and decides what is shown
meanwhile.

Its parts are laid out by others: by the page of the window (search_page.py) and by quick search
(quick_search.py).
"""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QFontMetrics, QShowEvent
from PySide6.QtWidgets import QLabel, QStackedWidget, QWidget

from notesearch.documents.rendered_note import RenderedNote
from notesearch.domain import IndexingState, IndexingStatus, Match, SearchResults, Stage
from notesearch.ui.bridge.bridge import Bridge
from notesearch.ui.bridge.calls import Call
from notesearch.ui.bridge.failure import Failure
from notesearch.ui.bridge.search_bridge import SearchBridge
from notesearch.ui.bridge.table import operations
from notesearch.ui.results.delegate import Row
from notesearch.ui.results.empty_state import EmptyState
from notesearch.ui.results.preview_pane import Preview
from notesearch.ui.results.results_view import ResultsView
from notesearch.ui.results.searches import Search
from notesearch.ui.widgets.theme import Theme
from notesearch.wording import signs
from notesearch.wording import status_texts as wording
from notesearch.wording.told import sentence
from notesearch.wording.translation import _

PREVIEW_DELAY_MS = 60
BUSY_AFTER_MS = 300
REFRESH_MS = 800
REFRESH_AT_REST_MS = 100
RECENT_LIMIT = 60


class SearchView(QWidget):
    """Searches by a SearchBridge of its own and shows the results. Results of an earlier query are dropped.
    Main thread.

    The parts to lay out: `summary`, `body` (the list, or what is shown in its place) and `preview`.

    Signals:
        opened: a Row to open in the editor. context_wanted: the menu of a Row at a global position.
        search_wanted: a wider Search was clicked. link_clicked: (a link of the note shown, that note's path).
    """

    opened = Signal(object)
    context_wanted = Signal(object, object)
    search_wanted = Signal(object)
    link_clicked = Signal(str, object)

    def __init__(self, bridge: Bridge, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self.searches = SearchBridge(bridge)
        self._search = Search()
        self._limit = 50
        self._request = 0
        self._fresh = True
        self._refreshing = False
        self._similar_to = ""
        self._results: SearchResults | None = None
        self._recent: tuple[Match, ...] = ()
        self._status: IndexingStatus | None = None
        self._failure: Failure | None = None
        self._asked_recent: Call | None = None
        self._asked_near: Call | None = None
        self._asked_note: Call | None = None
        self._followed: Path | None = None
        self._said = ("", "")
        self._stale = False
        self.results = ResultsView(theme)
        self.preview = Preview(theme)
        self.summary = QLabel()
        self.empty = EmptyState()
        self.summary.setObjectName("summary")
        self.summary.setAccessibleName(_("Search summary"))
        self.summary.setTextFormat(Qt.TextFormat.RichText)
        self.summary.setIndent(0)
        self.summary.setFixedHeight(36)
        self.summary.setMinimumWidth(40)
        self.body = QStackedWidget()
        self.body.addWidget(self.results)
        self.body.addWidget(self.empty)
        self._preview_timer = _timer(self, PREVIEW_DELAY_MS, self._load_preview)
        self._busy_timer = _timer(self, BUSY_AFTER_MS, self._say_busy)
        self._refresh_timer = _timer(self, REFRESH_MS, self._refresh)
        self._statuses = bridge.statuses
        self._connect()

    def _begin(self) -> None:
        """Show the first content. A subclass calls this at the end of its constructor."""
        self._summarise()
        self._statuses.follow(self.show_status)

    def _connect(self) -> None:
        self.results.text_of = self.passage_text
        self.results.row_changed.connect(self._on_row)
        self.results.opened.connect(self.opened)
        self.results.context_wanted.connect(self.context_wanted)
        self.empty.search_wanted.connect(self.search_wanted)
        self.preview.view.link_clicked.connect(self._on_link)
        searches = self.searches
        searches.results_ready.connect(self._on_results)
        searches.search_failed.connect(self._on_search_failed)

    # Asking

    @property
    def similar_shown(self) -> bool:
        """Whether the list shows notes similar to a note, and not the typed search."""
        return bool(self._similar_to)

    def set_limit(self, rows: int) -> None:
        """Set the number of rows, from the next search on."""
        self._limit = rows

    def ask(self, search: Search) -> None:
        """Search, or show the recent notes where the search is empty."""
        self._search = search
        self._forget_similar()
        self._failure = None
        self._fresh, self._refreshing = True, False
        if search.asks:
            self._request = self.searches.search(search.query(self._limit), self.results.rows_in_sight)
            self._busy_timer.start()
        else:
            self.searches.forget_search()
            self._results = None
            self._busy_timer.stop()
            self._show_recent()
            self.ask_recent()

    def ask_recent(self) -> None:
        """Show the newest notes."""
        if self._asked_recent is not None:
            self._asked_recent.forget()
        self._asked_recent = self._bridge.call(operations.recent, self._on_recent, limit=RECENT_LIMIT)

    def find_similar(self, match: Match) -> None:
        """Show notes near to a note in meaning."""
        self.searches.forget_search()
        self._forget_similar()
        self._similar_to = match.title
        self._failure = None
        self._fresh, self._refreshing = True, False
        self._asked_near = self._bridge.call(
            operations.similar, self._show_results, self._show_failure, file=match.path, part=match.part
        )

    def _forget_similar(self) -> None:
        self._similar_to = ""
        if self._asked_near is not None:
            self._asked_near.cancel()

    def _refresh(self) -> None:
        """Search again, because the index changed, and keep the rows in place."""
        if self.similar_shown:
            return
        if not self._search.asks:
            self.ask_recent()
        elif not self._fresh:
            self._refreshing = True
            self._request = self.searches.search(self._search.query(self._limit), self.results.rows_in_sight)

    @property
    def settled(self) -> bool:
        """Whether the last stage of the search has come, so that nothing moves by itself any more."""
        return (
            self._results is not None
            and self._results.stage is Stage.EXPLAINED
            and self._results.query == self._search.query(self._limit)
            and not self._refresh_timer.isActive()
        )

    # Answers

    def _on_results(self, request: int, results: SearchResults) -> None:
        if request != self._request or not self.searches.is_latest(request):
            return
        if not (self._refreshing and results.preliminary):
            self._show_results(results)

    def _show_results(self, results: SearchResults) -> None:
        self._results = results
        if self._fresh:
            self._fresh = False
            self.results.show_fresh(results.matches)
        else:
            self.results.show_better(results.matches, hold=self._refreshing)
        if not results.preliminary:
            self._busy_timer.stop()
        self._show_body()

    def _on_search_failed(self, request: int, failure: Failure) -> None:
        if self.searches.is_latest(request):
            self._show_failure(failure)

    def _show_failure(self, failure: Failure) -> None:
        self._failure = failure
        self._busy_timer.stop()
        self._show_body()

    def _on_recent(self, matches: tuple[Match, ...]) -> None:
        self._recent = matches
        if not self._search.asks and not self.similar_shown:
            self._show_recent(hold=not self._fresh)
            self._fresh = False

    def _show_recent(self, *, hold: bool = False) -> None:
        folder = self._search.folder
        shown = tuple(m for m in self._recent if folder is None or m.path.is_relative_to(folder))
        if hold:
            self.results.show_better(shown, plain=True, hold=True)
        else:
            self.results.show_fresh(shown, plain=True)
        self._show_body()

    def show_status(self, status: IndexingStatus) -> None:
        """Search again where the index changed, and show how much of it was searched."""
        before, self._status = self._status, status
        at_rest = status.state is IndexingState.IDLE
        if before is None or _answers_depend_on(before) != _answers_depend_on(status):
            interval = REFRESH_AT_REST_MS if at_rest else REFRESH_MS
            # A hidden list searches again when it is shown.
            self._stale = not self.isVisible()
            if not self._stale and (
                not self._refresh_timer.isActive() or self._refresh_timer.remainingTime() > interval
            ):
                self._refresh_timer.start(interval)
        self._summarise()
        if self.body.currentWidget() is self.empty:
            self._show_body()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._stale:
            self._stale = False
            self._refresh_timer.start(0)

    def _show_body(self) -> None:
        self._summarise()
        if self._failure is not None:
            self.empty.say(self._failure.title, self._failure.hint)
            self.body.setCurrentWidget(self.empty)
            return
        if self.results.results.rowCount():
            self.body.setCurrentWidget(self.results)
        elif not self._search.asks and not self.similar_shown:
            self._say_no_recent()
        elif self._results is not None and not self._results.preliminary:
            title = _("Nothing found so far") if self._results.waiting else _("Nothing found")
            self.empty.say(
                title,
                signs.as_sentence(wording.coverage(self._results)),
                () if self.similar_shown else self._search.looser(),
            )
            self.body.setCurrentWidget(self.empty)
        else:
            self.body.setCurrentWidget(self.results)

    def _say_no_recent(self) -> None:
        status = self._status
        narrowed = self._search.folder is not None
        if (
            status is None
            or status.state is IndexingState.STARTING
            or self._fresh
            or (status.documents and not narrowed)
        ):
            self.body.setCurrentWidget(self.results)
            return
        reading = status.state in (IndexingState.SCANNING, IndexingState.INDEXING)
        if narrowed:
            self.empty.say(
                _("No recent note in this folder"),
                _("Type to search all of its notes."),
                self._search.looser(),
            )
        elif reading:
            self.empty.say(
                _("Your notes are being read"),
                _("You can type already: each note joins the search as soon as it is read."),
            )
        else:
            self.empty.say(
                _("No notes in these folders yet"), _("Write one, or add the folder that holds them.")
            )
        self.body.setCurrentWidget(self.empty)

    def _say_busy(self) -> None:
        self._summarise(busy=True)

    def _summarise(self, *, busy: bool = False) -> None:
        if self._failure is not None:
            head, rest = self._failure.title, ""
        elif self.similar_shown and self._results is not None:
            head, rest = (
                _("Near to {similar_to}", similar_to=self._similar_to),
                wording.coverage(self._results),
            )
        elif self._search.asks and self._results is not None:
            head, rest = wording.summary(self._results, busy=busy)
        elif self._search.asks:
            head, rest = (_("Opening your notes"), "") if self._opening else (_("Searching"), "")
        else:
            head, rest = wording.recent_summary(self._status, self.results.results.rowCount())
        self._said = (head, rest)
        self._fit_summary()
        self.summary.setToolTip(f"{head}{signs.DOT}{rest}" if rest else "")
        self.summary.setAccessibleDescription(signs.DOT.join(filter(None, [head, rest])))

    def _fit_summary(self, *_: int) -> None:
        """Show the first part of the summary whole, and as much of the rest as there is room for."""
        head, rest = self._said
        emphasised = self.summary.font()
        emphasised.setBold(True)
        room = self.summary.width() - 34 - QFontMetrics(emphasised).horizontalAdvance(head)
        shown = (
            self.summary.fontMetrics().elidedText(signs.DOT + rest, Qt.TextElideMode.ElideRight, room)
            if rest
            else ""
        )
        self.summary.setText(f"<b>{_escaped(head)}</b>{_escaped(shown)}")

    @property
    def _opening(self) -> bool:
        return self._status is None or self._status.state is IndexingState.STARTING

    # The preview

    @property
    def current(self) -> Row | None:
        """The selected row, None for none."""
        return self.results.current

    def _on_row(self, row: Row | None) -> None:
        self._followed = None
        if row is None:
            self._preview_timer.stop()
            self.preview.show_nothing()
        elif not self._show_loaded(row):
            self._preview_timer.start()

    def _show_loaded(self, row: Row) -> bool:
        """Move to another passage of the note in the preview. Returns False where another note has to be
        read."""
        note, loaded = self.preview.note, self.preview.rendered
        if (
            note is None
            or loaded is None
            or note.address != row.match.address
            or abs(note.modified - row.match.modified) > 1e-3
        ):
            return False
        if not note.offset <= row.passage.start <= note.offset + len(note.text):
            return False
        self._preview_timer.stop()
        self.preview.show_note(loaded, row.passage)
        return True

    def _load_preview(self) -> None:
        row = self.current
        if row is not None and self.preview.isVisibleTo(self):
            self._ask_note(row.match.path, row.passage.start, row.match.part)

    def _ask_note(self, path: Path, start: int = 0, part: str = "") -> None:
        """Read a note for the preview, in place of an earlier one that is still being read."""
        if self._asked_note is not None:
            self._asked_note.cancel()
        self._asked_note = self._bridge.call(
            operations.show_note,
            self._on_note,
            self._on_note_failed,
            path=path,
            start=start,
            part=part,
        )

    def _on_note(self, rendered: RenderedNote) -> None:
        row = self.current
        if self._followed == rendered.note.path:
            self.preview.show_note(rendered, None)
        elif row is not None and row.match.address == rendered.note.address:
            self.preview.show_note(rendered, None if row.plain else row.passage)

    def _on_note_failed(self, failure: Failure) -> None:
        problem = self.current.match.problem if self.current is not None else None
        if problem is not None:
            # A file that could not be read is in no index. Its row says why, and so does the preview.
            self.preview.show_nothing(sentence(problem))
            return
        self.preview.show_nothing(signs.DOT.join(filter(None, [failure.title, failure.hint])))

    def passage_text(self, row: Row) -> str:
        """The text of a row's passage from the preview, where that shows the note; else the row's snippet."""
        shown = (
            self.preview.note is not None
            and self.preview.note.address == row.match.address
            and self.preview.passage == row.passage
        )
        return (self.preview.passage_text if shown else "") or row.passage.snippet

    def follow(self, path: Path) -> None:
        """Show the note that a link leads to in the preview."""
        self._followed = path
        self._ask_note(path)

    def _on_link(self, target: str) -> None:
        if self.preview.note is not None:
            self.link_clicked.emit(target, self.preview.note.path)


def _timer(parent: SearchView, interval: int, slot: object) -> QTimer:
    made = QTimer(parent)
    made.setSingleShot(True)
    made.setInterval(interval)
    made.timeout.connect(slot)
    return made


def _answers_depend_on(status: IndexingStatus) -> tuple[object, ...]:
    """The part of a status on which results depend: notes, vectors, and which models may and can be asked."""
    models = tuple((folder.path, folder.model, folder.agreed) for folder in status.folders)
    return (status.position, status.embedded, status.troubles, models)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
