"""Dates as people read them, in their language."""

from __future__ import annotations

from datetime import datetime

from notesearch.wording.translation import N_, _

# One message for each month: languages differ in the order, the cases and the points.
_SHORT = (
    N_("{day} Jan"),
    N_("{day} Feb"),
    N_("{day} Mar"),
    N_("{day} Apr"),
    N_("{day} May"),
    N_("{day} Jun"),
    N_("{day} Jul"),
    N_("{day} Aug"),
    N_("{day} Sep"),
    N_("{day} Oct"),
    N_("{day} Nov"),
    N_("{day} Dec"),
)
_LONG = (
    N_("{day} January"),
    N_("{day} February"),
    N_("{day} March"),
    N_("{day} April"),
    N_("{day} May"),
    N_("{day} June"),
    N_("{day} July"),
    N_("{day} August"),
    N_("{day} September"),
    N_("{day} October"),
    N_("{day} November"),
    N_("{day} December"),
)
_WITH_YEAR = (
    N_("{day} January {year}"),
    N_("{day} February {year}"),
    N_("{day} March {year}"),
    N_("{day} April {year}"),
    N_("{day} May {year}"),
    N_("{day} June {year}"),
    N_("{day} July {year}"),
    N_("{day} August {year}"),
    N_("{day} September {year}"),
    N_("{day} October {year}"),
    N_("{day} November {year}"),
    N_("{day} December {year}"),
)


def short_date(modified: float, now: datetime) -> str:
    """The date of a row: "14:05" today, "yesterday", "12 Mar" this year, else the year. `modified`: seconds
    since 1970."""
    then = datetime.fromtimestamp(modified)
    days = (now.date() - then.date()).days
    if days == 0:
        return clock_time(then)
    if days == 1:
        return _("yesterday")
    return _(_SHORT[then.month - 1], day=then.day) if then.year == now.year else str(then.year)


def long_date(modified: float, now: datetime) -> str:
    """The date of the preview: "today, 14:05", "yesterday", "12 March", "12 March 2024". `modified`: seconds
    since 1970."""
    then = datetime.fromtimestamp(modified)
    days = (now.date() - then.date()).days
    if days == 0:
        return _("today, {time}", time=clock_time(then))
    if days == 1:
        return _("yesterday")
    if then.year == now.year:
        return _(_LONG[then.month - 1], day=then.day)
    return _(_WITH_YEAR[then.month - 1], day=then.day, year=then.year)


def clock_time(moment: datetime) -> str:
    """A time of day: "14:05"."""
    return moment.strftime("%H:%M")
