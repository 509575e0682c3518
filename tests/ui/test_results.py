"""The list: rows, folding, holding still, and what is painted."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from notesearch.domain import DocumentState, MatchedBy, told
from notesearch.ui.results.delegate import ROW_ROLE, Row, visible_extract
from notesearch.ui.results.results_view import ResultsView, hold_place, spoken
from notesearch.ui.widgets.text_positions import QtPositions
from notesearch.ui.widgets.theme import Theme
from notesearch.wording.told import sentence

from .conftest import make_match, make_passage


def make_view(qtbot: QtBot, theme: Theme) -> ResultsView:
    view = ResultsView(theme)
    qtbot.addWidget(view)
    view.resize(436, 600)
    view.show()
    qtbot.waitExposed(view)
    return view


def top_of(view: ResultsView) -> int:
    return view.visualRect(view.currentIndex()).top()


def test_row_heights_follow_the_drawing(qtbot: QtBot, theme: Theme) -> None:
    view = make_view(qtbot, theme)
    one, two = (
        make_match("One"),
        make_match("Two", best=make_passage(snippet="a longer snippet that needs a second line " * 3)),
    )
    assert (
        view.delegate.height(Row(match=two, passage=two.best), 436)
        - view.delegate.height(Row(match=one, passage=one.best), 436)
        == 18
    )
    assert view.delegate.height(Row(match=one, passage=one.best), 436) == 96


def test_the_first_row_is_selected_and_a_better_first_row_takes_its_place(qtbot: QtBot, theme: Theme) -> None:
    view = make_view(qtbot, theme)
    view.show_fresh([make_match(n) for n in "abc"])
    assert view.current
    assert view.current.match.title == "a"
    view.show_better([make_match(n) for n in "cab"])
    assert view.current.match.title == "c"


def test_a_row_the_person_moved_to_stays_under_their_eyes(qtbot: QtBot, theme: Theme) -> None:
    view = make_view(qtbot, theme)
    names = [f"note {i}" for i in range(30)]
    view.show_fresh([make_match(n) for n in names])
    for _ in range(4):
        view.move_by(1)
    y = top_of(view)
    view.show_better([make_match(n) for n in reversed(names)])
    assert view.current
    assert view.current.match.title == "note 4"
    assert top_of(view) == y
    view.show_better([make_match(n) for n in ("note 4", "note 9", *names[10:])])
    assert view.current.match.title == "note 4"
    assert top_of(view) == y


def test_parts_of_one_file_are_rows_of_their_own(qtbot: QtBot, theme: Theme) -> None:
    view = make_view(qtbot, theme)
    parts = [
        replace(make_match(name, passages=2), path=Path("/notes/box.cards"), part=part)
        for name, part in (("plums", ""), ("quinces", "1"), ("medlars", "2"))
    ]
    view.show_fresh(parts)
    view.move_by(1)
    y = top_of(view)
    view.toggle_passages()
    assert [row.match.title for row in view.results.rows] == ["plums", *["quinces"] * 3, "medlars"]
    view.show_better([parts[2], parts[1], parts[0]])
    assert view.current
    assert (view.current.match.title, top_of(view)) == ("quinces", y)
    view.show_better([parts[2], parts[0]], hold=True)
    assert view.current.match.title == "plums", "what took its place"


def test_a_selected_row_that_is_not_among_the_better_ones_is_kept(qtbot: QtBot, theme: Theme) -> None:
    view = make_view(qtbot, theme)
    view.show_fresh([make_match(n) for n in "abcdef"])
    view.move_by(2)
    view.show_better([make_match(n) for n in "xyz"])
    assert view.current
    assert view.current.match.title == "c"


def test_results_that_change_by_themselves_hold_even_the_first_row(qtbot: QtBot, theme: Theme) -> None:
    view = make_view(qtbot, theme)
    view.show_fresh([make_match(n) for n in "abc"])
    view.show_better([make_match(n) for n in "zabc"], hold=True)
    assert view.current
    assert view.current.match.title == "a"
    assert top_of(view) == 0


def test_another_query_starts_from_the_top(qtbot: QtBot, theme: Theme) -> None:
    view = make_view(qtbot, theme)
    view.show_fresh([make_match(f"{i}", passages=2) for i in range(20)])
    view.move_by(12)
    view.toggle_passages()
    view.show_fresh([make_match(f"{i}", passages=2) for i in range(20)])
    assert view.currentIndex().row() == 0
    assert view.verticalScrollBar().value() == 0
    assert view.results.rowCount() == 20


@given(
    others=st.lists(st.integers(60, 130), max_size=30),
    own=st.integers(60, 130),
    wanted=st.integers(0, 30),
    y=st.integers(-50, 600),
    viewport=st.integers(200, 700),
)
def test_holding_never_moves_the_row_more_than_keeping_its_rank_would(
    others: list[int], own: int, wanted: int, y: int, viewport: int
) -> None:
    wanted = min(wanted, len(others))
    place = hold_place(others, own, wanted=wanted, y=y, viewport=viewport)
    end = max(0, sum(others) + own - viewport)
    assert 0 <= place.index <= len(others)
    assert 0 <= place.scroll <= end

    def shift(index: int) -> int:
        top = sum(others[:index])
        return abs(top - min(max(top - y, 0), end) - y)

    assert shift(place.index) == min(shift(i) for i in range(len(others) + 1))
    if shift(wanted) == shift(place.index):
        assert place.index == wanted


def test_passages_fold_out_and_in(qtbot: QtBot, theme: Theme) -> None:
    view = make_view(qtbot, theme)
    view.show_fresh([make_match("a", passages=2), make_match("b")])
    assert view.toggle_passages()
    assert [view.model().index(i, 0).data(ROW_ROLE).child for i in range(4)] == [False, True, True, False]
    view.move_by(2)
    assert view.current
    assert view.current.child
    assert view.toggle_passages()
    assert view.results.rowCount() == 2
    assert view.current == view.results.rows[0]
    view.move_by(1)
    assert not view.toggle_passages()


def test_a_click_on_more_passages_folds_them_out(qtbot: QtBot, theme: Theme) -> None:
    view = make_view(qtbot, theme)
    view.show_fresh([make_match("a", passages=2)])
    rect = view.visualRect(view.results.index(0))
    line = [QPoint(x, rect.bottom() - 16) for x in range(16, 300)]
    spot = next(point for point in line if view.delegate.on_more(view.results.index(0), rect, point))
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=spot + QPoint(4, 0))
    assert view.results.rowCount() == 3


def test_folded_out_passages_survive_better_results(qtbot: QtBot, theme: Theme) -> None:
    view = make_view(qtbot, theme)
    view.show_fresh([make_match("a", passages=2), make_match("b")])
    view.toggle_passages()
    view.move_by(2)
    view.show_better([make_match("b"), make_match("a", passages=2)])
    assert view.current
    assert view.current.child
    assert view.current.passage.start == 200


def test_a_screen_reader_hears_title_trail_reason_and_snippet(qtbot: QtBot, theme: Theme) -> None:
    view = make_view(qtbot, theme)
    view.show_fresh([make_match("Rye", passages=2, best=make_passage(matched_by=MatchedBy.BOTH))])
    said = view.results.index(0).data(Qt.ItemDataRole.AccessibleTextRole)
    for part in ("Rye", "Notes › Kitchen", "meaning and words", "Leave the dough", "2 more passages"):
        assert part in said


def test_found_words_have_their_ground_and_the_telling_sentence_its_line(qtbot: QtBot, theme: Theme) -> None:
    view = make_view(qtbot, theme)
    best = make_passage(snippet="Leave the dough in the cold overnight.", highlights=((10, 15),))
    view.show_fresh(
        [
            make_match("plain"),
            make_match("a", best=best),
            make_match("b", best=replace(best, highlights=(), best_sentence=(0, 20))),
        ]
    )

    def colours(row: int) -> set[str]:
        picture = (
            view.viewport()
            .grab(view.visualRect(view.results.index(row)).adjusted(10, 46, -10, -30))
            .toImage()
        )
        return {
            QColor(picture.pixel(x, y)).name().upper()
            for x in range(picture.width())
            for y in range(picture.height())
        }

    assert theme.palette.found in colours(1)
    assert theme.palette.found not in colours(2)
    assert theme.palette.accent in colours(2)
    assert theme.palette.accent not in colours(1)


def test_what_matters_is_brought_into_the_two_lines() -> None:
    words = "nothing of interest here " * 12
    at = len(words)
    passage = make_passage(
        snippet=words + "the telling part.", best_sentence=(at, at + 17), highlights=((at + 4, at + 11),)
    )
    extract = visible_extract(passage, capacity=100)
    assert extract.text.startswith("…")
    assert extract.best_sentence is not None
    assert extract.text[slice(*extract.best_sentence)] == "the telling part."
    assert [extract.text[a:b] for a, b in extract.highlights] == ["telling"]
    assert visible_extract(passage, capacity=1000).text == passage.snippet


def test_the_row_of_a_file_that_failed_says_why(qtbot: QtBot, theme: Theme) -> None:
    view = make_view(qtbot, theme)
    problem = told("extraction-failed")
    view.show_fresh([replace(make_match("a"), state=DocumentState.FAILED, problem=problem)])
    row = view.current
    assert row
    assert row.passage.snippet == sentence(problem) != ""
    # Nothing found it, so no reason is given.
    assert (row.plain, sentence(problem) in spoken(row, datetime.now())) == (True, True)


def test_a_page_is_what_fits(qtbot: QtBot, theme: Theme) -> None:
    view = make_view(qtbot, theme)
    view.show_fresh([make_match(f"{i}") for i in range(40)])
    view.move_page(1)
    assert 3 <= view.currentIndex().row() <= 7
    view.move_page(-1)
    assert view.currentIndex().row() == 0


@given(st.text(max_size=60), st.integers(min_value=0, max_value=60))
def test_positions_count_as_qt_does(text: str, at: int) -> None:
    at, count = min(at, len(text)), QtPositions(text)
    assert count.to_qt(at) == len(text[:at].encode("utf-16-le", "surrogatepass")) // 2
    assert count.from_qt(count.to_qt(at)) == at


def test_an_extract_in_chinese_begins_near_what_matters() -> None:
    text = "一" * 300 + "六月叶子背面长了很多蚜虫。" + "二" * 50
    passage = make_passage(snippet=text, best_sentence=(300, 313))
    shown = visible_extract(passage, capacity=80)
    assert shown.text.startswith("\N{HORIZONTAL ELLIPSIS}")
    assert shown.best_sentence is not None
    assert shown.best_sentence[1] <= 80
    assert shown.text[slice(*shown.best_sentence)] == "六月叶子背面长了很多蚜虫。"
