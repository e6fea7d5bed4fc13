"""When an article was published, as far as what is kept of it says: a year, and where it can be told a month."""

from __future__ import annotations

import re

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NAME = "|".join(_MONTHS)
_YEAR = r"(?<!\d)(?P<year>(?:1[89]|20)\d\d)"

# Tried in this order; of each the first place where it fits counts.
_FORMS = (
    re.compile(_YEAR + r"\s?[-/.年]\s?(?P<month>1[0-2]|0?[1-9])(?!\d)"),
    re.compile(_YEAR + r"(?P<month>0[1-9]|1[0-2])(?:[0-3]\d)(?!\d)"),
    re.compile(rf"\b(?P<name>{_NAME})[a-z]{{0,6}}\.?,?\s(?:\d{{1,2}}(?:st|nd|rd|th)?,?\s)?" + _YEAR, re.IGNORECASE),
    re.compile(_YEAR + r"(?!\d)"),
)


def month_of(date: str) -> str:
    """ "2021-08" from a date as articles have it, "2021" where only the year can be told, "" where nothing can.

    ISO 8601, Chinese dates, and English dates with the month as a word; 03/04/2021 gives the year alone, since nobody
    can tell which of the two is the month.

    >>> month_of("2021-08-17T09:00:00Z"), month_of("2021年8月17日"), month_of("Tue, 17 Aug 2021"), month_of("2021")
    ('2021-08', '2021-08', '2021-08', '2021')
    """
    for form in _FORMS:
        if found := form.search(date[:200]):
            parts = found.groupdict()
            if parts.get("name"):
                return f"{parts['year']}-{_MONTHS.index(parts['name'].lower()) + 1:02d}"
            return f"{parts['year']}-{int(parts['month']):02d}" if parts.get("month") else parts["year"]
    return ""
