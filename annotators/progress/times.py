"""How long tasks take: which of the server's times can be true, and what they come to.

A time is held against the clock: between somebody's submission before and this one (and what was spent on it later, when it
was opened again) there is only so much time. Where most of an annotator's times are longer than that (Label Studio has once
counted them double), none of them is believed, and the time by the clock takes their place.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from statistics import median

from annotators.progress.gather import Work

SHORTEST, LONGEST = 1.0, 4 * 3600.0
"""Seconds: less is no look at a task, more is a page that was left open."""

BREAK = 3600.0
"""Seconds between two submissions from which on somebody did something else in between."""

HURRIED = 100.0
"""Characters a second that nobody reads."""

NO_TIME = "the server has none"
TOO_SHORT = "under a second"
TOO_LONG = "over four hours: left open"
IMPOSSIBLE = "longer than the clock allows"
NO_CLOCK = "not believed, and no submission within the hour before"

_SLACK, _MARGIN = 1.1, 5.0
_FEW = 5
_TAIL = 0.05


@dataclass(slots=True)
class Timed:
    """A piece of work with the seconds that it took, or why these are set aside; `clock` is what the clock allows."""

    work: Work
    seconds: float | None = None
    why: str = ""
    clock: float | None = None


@dataclass(frozen=True, slots=True)
class TimeRow:
    """The times of the tasks of an annotator ("all") in one kind of text ("en", "zh", "en+zh", "all"), in seconds.

    `winsorised` is the mean with the lowest and the highest 5 % of values pulled in to the next one; the median is the same
    either way. `per_thousand` is the median for 1,000 characters, `per_thousand_mean` its winsorised mean; `clock` the median time since the
    submission before, where that is less than an hour. `hurried` were submitted faster than anybody reads.
    """

    annotator: str
    kind: str
    tasks: int
    used: int
    median: float | None = None
    low: float | None = None
    high: float | None = None
    winsorised: float | None = None
    per_thousand: float | None = None
    per_thousand_mean: float | None = None
    clock: float | None = None
    hurried: int = 0
    set_aside: dict[str, int] = field(default_factory=dict)


def seconds_between(earlier: str, later: str) -> float | None:
    """Between two ISO 8601 times; None where one is none."""
    a, b = moment(earlier), moment(later)
    return (b - a).total_seconds() if a and b else None


def moment(iso: str) -> datetime | None:
    """The time that an ISO 8601 text says, UTC where it names no zone; None where it is none."""
    try:
        found = datetime.fromisoformat(iso)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def timed(works: Iterable[Work]) -> tuple[list[Timed], list[str]]:
    """The times of all pieces of work that were not passed over, in their order; and what is to be said of them.

    `works` are all of each annotator, the passed over ones too: the clock runs for them as well.
    """
    by_annotator: dict[str, list[Work]] = {}
    for work in works:
        by_annotator.setdefault(work.annotator, []).append(work)
    found, notes = [], []
    for annotator, own in by_annotator.items():
        rows = _of_one(own)
        if factor := _too_long(rows):
            notes.append(
                f"{annotator}: most times of the server are longer than the clock allows ({factor:.1f} times as long); "
                "the times between submissions are used instead"
            )
            for row in rows:
                row.seconds, row.why = _by_clock(row.clock)
        found += rows
    return [row for row in found if not row.work.skipped], notes


def _of_one(works: Sequence[Work]) -> list[Timed]:
    rows = []
    before = ""
    for work in sorted(works, key=lambda work: (work.time, work.id)):
        clock = seconds_between(before, work.time) if before else None
        if clock is not None and work.created:
            # What it took when it was opened again was added to its time.
            clock += max(0.0, seconds_between(work.created, work.updated) or 0.0)
        rows.append(Timed(work, *_judged(work.lead_time, clock), clock))
        before = work.time
    return rows


def _judged(seconds: float, clock: float | None) -> tuple[float | None, str]:
    if not math.isfinite(seconds) or seconds < 0:
        return None, NO_TIME
    if seconds < SHORTEST:
        return None, TOO_SHORT
    if seconds > LONGEST:
        return None, TOO_LONG
    if clock is not None and seconds > _SLACK * clock + _MARGIN:
        return None, IMPOSSIBLE
    return seconds, ""


def _by_clock(clock: float | None) -> tuple[float | None, str]:
    return (clock, "") if clock is not None and SHORTEST <= clock <= BREAK else (None, NO_CLOCK)


def _too_long(rows: Sequence[Timed]) -> float:
    """How many times too long the times of an annotator are, where most that can be checked are too long; else 0."""
    # After a break the clock says nothing: even a doubled time fits in.
    rows = [row for row in rows if row.clock is not None and row.clock <= BREAK and row.why in ("", IMPOSSIBLE)]
    wrong = [row.work.lead_time / row.clock for row in rows if row.why == IMPOSSIBLE and row.clock]
    return median(wrong) if len(wrong) >= _FEW and 2 * len(wrong) > len(rows) else 0.0


def winsorised_mean(values: Sequence[float], tail: float = _TAIL) -> float | None:
    """The mean with the lowest and highest values, that share at each end, pulled in to the next one.

    >>> winsorised_mean([1.0, 10.0, 10.0, 10.0, 99.0], 0.2)
    10.0
    """
    if not values:
        return None
    ordered = sorted(values)
    cut = int(tail * len(ordered))
    low, high = ordered[cut], ordered[-1 - cut]
    return sum(min(high, max(low, value)) for value in ordered) / len(ordered)


def quantile(ordered: Sequence[float], share: float) -> float:
    """The value at that share of sorted values, between two where it lies between them."""
    at = share * (len(ordered) - 1)
    low = int(at)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (at - low) * (ordered[high] - ordered[low])


def time_row(annotator: str, kind: str, rows: Sequence[Timed]) -> TimeRow:
    """What the times of these pieces of work come to."""
    used = [(row.seconds, row.work.characters) for row in rows if row.seconds is not None]
    times = sorted(seconds for seconds, _ in used)
    rates = [1000 * seconds / characters for seconds, characters in used if characters]
    clocks = [row.clock for row in rows if row.clock is not None and SHORTEST <= row.clock <= BREAK]
    return TimeRow(
        annotator,
        kind,
        len(rows),
        len(used),
        median(times) if times else None,
        quantile(times, 0.25) if times else None,
        quantile(times, 0.75) if times else None,
        winsorised_mean(times),
        median(rates) if rates else None,
        winsorised_mean(rates),
        median(clocks) if clocks else None,
        sum(characters > HURRIED * seconds for seconds, characters in used),
        dict(Counter(row.why for row in rows if row.why).most_common()),
    )
