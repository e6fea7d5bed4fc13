"""Periods of time, and the arithmetic that both languages need."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

Bound = Literal["in", "by", "since"]


@dataclass(frozen=True, slots=True)
class Period:
    """From `start` to `end`, both included; either may be open. `None` for both never comes."""

    start: date | None
    end: date | None


def whole_year(year: int) -> Period:
    """The year, from its first day to its last."""
    return Period(date(year, 1, 1), date(year, 12, 31))


def months(year: int, first: int, last: int) -> Period:
    """From the first day of one month to the last day of another."""
    return Period(date(year, first, 1), date(year, last, monthrange(year, last)[1]))


def bounded(found: Period | None, bound: Bound) -> Period | None:
    """The period as a deadline ("by": its end alone) or a beginning ("since": its start alone)."""
    if found is None or bound == "in":
        return found
    return Period(None, found.end) if bound == "by" else Period(found.start, None)


def five_year_plan(number: int) -> Period:
    """The years of a Five-Year Plan; from the sixth on (1981) they follow one another without a gap."""
    if not 6 <= number <= 30:
        raise ValueError(number)
    first = 2021 + 5 * (number - 14)
    return Period(date(first, 1, 1), date(first + 4, 12, 31))


def part_of(whole: Period, part: str) -> Period:
    """A part of a year or month: early, mid, end, first or second half, first to fourth quarter."""
    assert whole.start is not None
    assert whole.end is not None
    year, first, last = whole.start.year, whole.start.month, whole.end.month
    if part == "end":
        return Period(whole.end - timedelta(days=30) if first != last else date(year, first, 21), whole.end)
    if part in ("early", "mid"):
        if first == last:
            ends = 10 if part == "early" else 20
            return Period(date(year, first, ends - 9), date(year, first, ends))
        return months(year, 1, 3) if part == "early" else months(year, 6, 6)
    if part.startswith("h"):
        return months(year, 1, 6) if part == "h1" else months(year, 7, 12)
    quarter = int(part[1])
    return months(year, 3 * quarter - 2, 3 * quarter)


def nearest_year(month: int, day: int | None, bound: Bound, published: date | None) -> int | None:
    """The year of a month or day that has none."""
    if published is None:
        return None
    years = (published.year - 1, published.year, published.year + 1)
    ends = {year: date(year, month, min(day, monthrange(year, month)[1]) if day else 28) for year in years}
    if bound == "by":
        return next(year for year in years if ends[year] >= published - timedelta(days=31 if day is None else 7))
    return min(years, key=lambda year: abs((ends[year] - published).days))


def after(published: date, amount: float, unit: str) -> date:
    """The day so many years, months, weeks or days later, the last of its month where that has fewer days."""
    if unit == "year":
        months = round(amount * 12)
    elif unit == "month":
        months = round(amount)
    else:
        return published + timedelta(days=round(amount * {"week": 7, "day": 1}[unit]))
    index = published.year * 12 + published.month - 1 + months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(published.day, monthrange(year, month + 1)[1]))


def day_of_month(day: int, published: date | None) -> Period | None:
    """The nearest day of that number to the date of publication."""
    if published is None:
        return None
    months = [after(published.replace(day=1), step, "month") for step in (-1, 0, 1)]
    days = [month.replace(day=day) for month in months if day <= monthrange(month.year, month.month)[1]]
    nearest = min(days, key=lambda d: abs((d - published).days))
    return Period(nearest, nearest)
