"""How fast it goes, day by day, and when it is done if it goes on like that."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from annotators.progress.times import moment, quantile

WINDOW = 14
"""Days that the present rate is taken from, the idle ones among them."""

_FEWEST_DAYS, _FEWEST_TASKS = 3, 10
_RESAMPLES = 1000
_FARTHEST = 3650


@dataclass(frozen=True, slots=True)
class Forecast:
    """When what is left is done at the present rate, with the days between which it is in 95 % of resamples of the days.

    `message` says it, or why it cannot be said. `hours` are the hours of work that are left, at the time that text takes now.
    """

    message: str
    left: int
    per_day: float | None = None
    days: float | None = None
    done: str = ""
    earliest: str = ""
    latest: str = ""
    hours: float | None = None


def by_day(times: Iterable[str]) -> dict[str, int]:
    """How many of these ISO 8601 times are on each day (UTC); what is no time is left out."""
    days = (found.astimezone(UTC).date().isoformat() for time in times if (found := moment(time)))
    return dict(sorted(Counter(days).items()))


def forecast(days: Mapping[str, int], left: int, now: datetime, hours: float | None = None) -> Forecast:
    """The forecast from how many tasks were first finished on each day.

    It goes by the last 14 days up to and with that of `now`, or since the first task where that is later. Idle days count: that is what the rate
    is. The resamples take days as independent of one another.
    """
    if not left:
        return Forecast("nothing is left to do", 0, hours=0.0)
    today = now.astimezone(UTC).date()
    begun = min(days, default="")
    if not begun:
        return Forecast(f"{left:,} tasks left; none is done yet", left, hours=hours)
    first = max(today - timedelta(days=WINDOW - 1), date.fromisoformat(begun))
    window = [days.get((first + timedelta(days=n)).isoformat(), 0) for n in range(max(0, (today - first).days) + 1)]
    total = sum(window)
    if not total:
        last = max(day for day in days if day <= today.isoformat()) if begun <= today.isoformat() else begun
        return Forecast(
            f"{left:,} tasks left; none was finished since {last}, so that no end can be told", left, 0.0, hours=hours
        )
    rate = total / len(window)
    if total < _FEWEST_TASKS or sum(map(bool, window)) < _FEWEST_DAYS:
        few = f"{total} in {len(window)} days"
        return Forecast(f"{left:,} tasks left; {few} are too few to tell when they are done", left, rate, hours=hours)
    chance = random.Random(0)
    sums = sorted(sum(chance.choices(window, k=len(window))) for _ in range(_RESAMPLES))
    slow, fast = quantile(sums, 0.025) / len(window), quantile(sums, 0.975) / len(window)
    ends = [_end(today, left, per_day) for per_day in (rate, fast, slow)]
    said = f"between {ends[1] or 'never'} and {ends[2] or 'no end in sight'}"
    message = (
        f"{left:,} tasks left; at the {rate:.1f} a day of the last {len(window)} days (weekends and idle days with them), "
        f"they are done on {ends[0] or 'no day in sight'}, {said}"
    )
    return Forecast(message, left, rate, left / rate, ends[0], ends[1], ends[2], hours)


def _end(today: date, left: int, per_day: float) -> str:
    """The day on which it is done; "" where that is never, or ten years from now."""
    days = math.ceil(left / per_day) if per_day > 0 else _FARTHEST + 1
    return (today + timedelta(days=days)).isoformat() if days <= _FARTHEST else ""
