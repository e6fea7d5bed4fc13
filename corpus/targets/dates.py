"""The time of a target as dates: 到2025年底, "by 2030", 十四五期间, "next year" and "7月30日前" by the date of publication.

dateparser and dateutil were tried first: they read full dates, and take most of what policy texts say ("the end of
2025", 上半年, 十四五期间) for nothing or for another day. What is here knows periods, and invents no day.
"""

from __future__ import annotations

import re
from datetime import date

from corpus.document import Lang
from corpus.targets.dates_chinese import chinese
from corpus.targets.dates_english import english
from corpus.targets.periods import Period

__all__ = ["Period", "period", "published"]


def period(text: str, lang: Lang, published: date | None = None) -> Period | None:
    """The period that a time stands for; None where it says no date, or one that only `published` would tell.

    "by" and "before" are told alike: the period ends with what they name (by 2030: 2030-12-31). A month or day without
    a year is the next one where something is due by then, else the nearest to `published`.

    >>> period("到2025年底", "zh").end.isoformat(), period("十四五期间", "zh").start.isoformat()
    ('2025-12-31', '2021-01-01')
    >>> period("by the end of next year", "en", date(2026, 3, 1)).end.isoformat()
    '2027-12-31'
    """
    text = " ".join(text.split())[:120]
    try:
        return english(text.lower(), published) if lang == "en" else chinese(text, published)
    except (ValueError, OverflowError):
        # A day or year that no calendar has.
        return None


_DAY_OF_PUBLICATION = re.compile(
    r"(?<![0-9])((?:19|20)[0-9]{2})\s?[-/.]\s?([0-9]{1,2})\s?[-/.]\s?([0-9]{1,2})(?![0-9])"
)
_COMPACT_DAY = re.compile(r"(?<![0-9])((?:19|20)[0-9]{2})(1[0-2]|0[1-9])([12][0-9]|3[01]|0[1-9])(?![0-9])")


def published(when: str) -> date | None:
    """The day of publication, as what is kept of an article says it; of a month the first; None where neither can be told.

    >>> published("2026-03-10T08:00:00+08:00"), published("2026年3月10日")
    (datetime.date(2026, 3, 10), datetime.date(2026, 3, 10))
    """
    when = " ".join(when.split())[:80]
    if match := _DAY_OF_PUBLICATION.search(when) or _COMPACT_DAY.search(when):
        try:
            return date(*map(int, match.groups()))
        except ValueError:
            return None
    found = period(when, "zh" if "年" in when else "en")
    if found is None or found.start is None or found.end is None or (found.end - found.start).days > 31:
        return None
    return found.start
