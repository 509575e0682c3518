"""The dates of the query language: "2024", "2024-05", "9.5.2024", "yesterday", "last month", "3 days ago".
Pure."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import NamedTuple

_YEAR = re.compile(r"(\d{4})")
_MONTH = re.compile(r"(\d{4})[-/.](\d{1,2})")
_DAY = re.compile(r"(\d{4})[-/.]?(\d{2}|\d(?=[-/.]))[-/.]?(\d{1,2})")
_DAY_FIRST = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})")
_UNIT = re.compile(r"(this|last|past)[ _-](day|week|month|year)")
_AGO = re.compile(r"(\d{1,4})[ _-]?(days?|weeks?|months?|years?|d|w|m|y)(?:[ _-]ago)?")


class Period(NamedTuple):
    """Some days: `start` is the first, `end` the day after the last."""

    start: date
    end: date


def period(text: str, today: date) -> Period | None:
    """The period that a text names; None where it names none."""
    said = text.strip().lower()
    try:
        return _in_numbers(said) or _in_words(said, today)
    except (ValueError, OverflowError):
        return None


def _in_numbers(said: str) -> Period | None:
    if match := _YEAR.fullmatch(said):
        return _unit("year", date(int(match[1]), 1, 1))
    if match := _DAY.fullmatch(said):
        return _unit("day", date(*map(int, match.groups())))
    if match := _DAY_FIRST.fullmatch(said):
        return _unit("day", date(int(match[3]), int(match[2]), int(match[1])))
    if match := _MONTH.fullmatch(said):
        return _unit("month", date(int(match[1]), int(match[2]), 1))
    return None


def _in_words(said: str, today: date) -> Period | None:
    if said in ("today", "yesterday"):
        return _unit("day", today - timedelta(days=said == "yesterday"))
    if match := _UNIT.fullmatch(said):
        present = _unit(match[2], today)
        return present if match[1] == "this" else _unit(match[2], present.start - timedelta(days=1))
    if match := _AGO.fullmatch(said):
        number, unit = int(match[1]), match[2][0]
        if unit in "dw":
            return _unit("day", today - timedelta(days=number * (7 if unit == "w" else 1)))
        months = today.year * 12 + today.month - 1 - number * (12 if unit == "y" else 1)
        first = date(months // 12, months % 12 + 1, 1)
        last = _unit("month", first).end - timedelta(days=1)
        return _unit("day", first.replace(day=min(today.day, last.day)))
    return None


def _unit(unit: str, day: date) -> Period:
    """The day, week (from Monday), month or year that a day is in."""
    if unit == "day":
        return Period(day, day + timedelta(days=1))
    if unit == "week":
        monday = day - timedelta(days=day.weekday())
        return Period(monday, monday + timedelta(days=7))
    if unit == "month":
        first = day.replace(day=1)
        return Period(first, (first + timedelta(days=31)).replace(day=1))
    return Period(date(day.year, 1, 1), date(day.year + 1, 1, 1))
