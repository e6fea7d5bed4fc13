"""English times: by 2030, the end of next year, the 14th Five-Year Plan period, before July 30, within three years."""

from __future__ import annotations

import re
from datetime import date

from corpus.targets.numbers import numerals
from corpus.targets.periods import (
    Bound,
    Period,
    after,
    bounded,
    day_of_month,
    five_year_plan,
    months,
    nearest_year,
    part_of,
    whole_year,
)

_MONTH_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)\b\.?"
)
_EN_BY = re.compile(
    r"\b(?:by|before|until|till|no later than|not later than|up to|deadline|prior to|ahead of|end of|end-)\b|\bend\b"
)
_EN_SINCE = re.compile(r"\b(?:since|after|from|starting|as of|effective|beginning(?! of))\b")
_EN_YEAR = re.compile(r"(?<![0-9.,])(?P<year>(?:19|20)[0-9]{2})(?![0-9,.]*[0-9%])")
_EN_YEARS = re.compile(r"(?P<a>(?:19|20)[0-9]{2})\s?(?:-|–|—|~|to|and|through|until)\s?(?P<b>20[0-9]{2})(?![0-9])")
_EN_SPLIT_YEAR = re.compile(r"(?P<a>20[0-9]{2})\s?[-/–]\s?(?P<b>[0-9]{2})(?![0-9-])")
_EN_MONTH_DAY = re.compile(rf"\b(?P<month>{_MONTH})\s(?P<day>[12][0-9]|3[01]|0?[1-9])(?:st|nd|rd|th)?(?![0-9:])")
_EN_DAY_MONTH = re.compile(rf"\b(?P<day>[12][0-9]|3[01]|0?[1-9])(?:st|nd|rd|th)?(?: of)?\s(?P<month>{_MONTH})")
_EN_MONTH = re.compile(rf"\b(?P<month>{_MONTH})")
_EN_ISO = re.compile(r"(?<![0-9])(?P<y>20[0-9]{2})-(?P<m>[01][0-9])-(?P<d>[0-3][0-9])(?![0-9])")
_EN_DAY = re.compile(r"\b(?:the )?(?P<day>[12][0-9]|3[01]|[1-9])(?:st|nd|rd|th)\b")
_EN_RELATIVE = re.compile(
    r"\b(?:(?P<last>last|the previous|previous|the past)|(?P<this>this|the current|the)|(?P<next>next|the coming|the following)) year\b|\b(?P<end>year[- ]end|year's end|end of year)\b"
)
_EN_RELATIVE_MONTH = re.compile(
    r"\b(?:(?P<last>last|the previous)|(?P<this>this|the current|the)|(?P<next>next|the coming|the following)) month\b|\b(?P<end>month[- ]end)\b"
)
_EN_PLAN = re.compile(
    r"\b(?:the )?(?P<n>[0-9]{1,2})(?:st|nd|rd|th) five[- ]year(?: plan)?|\b(?P<word>tenth|eleventh|twelfth|thirteenth|fourteenth|fifteenth|sixteenth) five[- ]year"
)
_PLAN_WORDS = {
    w: n
    for n, w in enumerate(["tenth", "eleventh", "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth"], 10)
}
_EN_PART = re.compile(
    r"(?P<h1>first half|first six months|\bh1\b)|(?P<h2>second half|latter half|\bh2\b)"
    r"|(?P<quarter>(?:first|second|third|fourth|1st|2nd|3rd|4th|last) (?:three )?quarters?\b|\bq[1-4]\b|first three quarters)"
    r"|(?P<end>\bend\b|\bend-|\blate\b|\bclose of\b)|(?P<early>\bearly\b|\bbeginning\b|\bstart of\b)|(?P<mid>\bmid\b|\bmid-|\bmiddle of\b)"
)
_EN_SPAN = re.compile(
    r"(?:(?P<past>past|last|previous)|(?P<future>next|coming|following))?\s?(?P<n>[0-9]{1,3}|an?|one|two|three|four|five|six|seven|eight|nine|ten|twelve|fifteen|twenty|thirty|)[ -]?(?P<unit>year|month|week|day|decade)s?\b"
)  # fmt: skip
_EN_WITHIN = re.compile(r"\b(?:within|in|inside|over)\b")
_EN_NOW = re.compile(r"\b(?:so far|currently|at present|to date|now|until now|up to now|as yet)\b")


def english(text: str, published: date | None) -> Period | None:
    """The period that an English time, in small letters, stands for; ValueError where no calendar has it."""
    text = text.replace("’", "'")
    bound: Bound = "by" if _EN_BY.search(text) else "since" if _EN_SINCE.search(text) else "in"
    if match := _EN_PLAN.search(text):
        found = five_year_plan(int(match["n"]) if match["n"] else _PLAN_WORDS[match["word"]])
        return bounded(found, bound)
    if match := _EN_ISO.search(text):
        day = date(int(match["y"]), int(match["m"]), int(match["d"]))
        return bounded(Period(day, day), bound)
    if (match := _EN_YEARS.search(text)) and int(match["a"]) < int(match["b"]):
        return Period(whole_year(int(match["a"])).start, whole_year(int(match["b"])).end)
    if (match := _EN_SPLIT_YEAR.search(text)) and (int(match["a"][2:]) + 1) % 100 == int(match["b"]):
        return Period(date(int(match["a"]), 4, 1), date(int(match["a"]) + 1, 3, 31))
    if match := re.search(r"\b(mid|middle of the|end of the)[ -](?:21st |this )?century", text):
        return Period(None, date(2050 if match[1].startswith("mid") else 2100, 12, 31))
    year = _en_year(text, published)
    if (
        year
        and (match := re.search(r"\b(?:fiscal|financial|fy)\b ?(?:year )?", text))
        and re.search(r"\b(?:u\.?s\.?|federal|american)\b", text)
    ):
        return bounded(Period(date(year - 1, 10, 1), date(year, 9, 30)), bound)
    if match := _EN_MONTH_DAY.search(text) or _EN_DAY_MONTH.search(text):
        month, number = _month(match["month"]), int(match["day"])
        named = year or nearest_year(month, number, bound, published)
        return bounded(Period(date(named, month, number), date(named, month, number)), bound) if named else None
    if match := _EN_MONTH.search(text):
        month = _month(match["month"])
        if match["month"] in ("may", "mar", "march") and not re.search(
            rf"(?:^|in|by|of|before|until|since|early|late|mid|this|next|last)[ -]?{match['month']}|{match['month']}\S* 20",
            text,
        ):
            return None
        named = year or nearest_year(month, None, bound, published)
        if not named:
            return None
        part = (
            "early" if re.search(r"\b(?:early|beginning|start)\b", text) else "mid" if re.search(r"\bmid", text) else ""
        )
        whole = months(named, month, month)
        return bounded(part_of(whole, part) if part else whole, bound)
    if match := _EN_DAY.search(text):
        return bounded(day_of_month(int(match["day"]), published), bound)
    if year:
        return bounded(_en_part(whole_year(year), text), bound)
    if published and (match := _EN_RELATIVE_MONTH.search(text)):
        step = {"last": -1, "this": 0, "next": 1, "end": 0}[match.lastgroup or "this"]
        moved = after(published.replace(day=1), step, "month")
        return bounded(months(moved.year, moved.month, moved.month), bound)
    if published and (match := _EN_SPAN.search(text)):
        return _en_span(match, text, published)
    if published and _EN_PART.search(text):
        return bounded(_en_part(whole_year(published.year), text), bound)
    if published and _EN_NOW.search(text):
        return Period(None, published)
    return None


def _en_span(match: re.Match[str], text: str, published: date) -> Period | None:
    unit = match["unit"]
    word = match["n"]
    if not word and not (match["past"] or match["future"]):
        return None
    found = next(numerals(word, "en"), None) if word else None
    amount = float(found.value) if found else 1.0
    if unit == "decade":
        unit, amount = "year", amount * 10
    if match["past"]:
        return Period(after(published, -amount, unit), published)
    if match["future"]:
        return Period(published, after(published, amount, unit))
    return Period(None, after(published, amount, unit)) if _EN_WITHIN.search(text[: match.start()]) else None


def _en_year(text: str, published: date | None) -> int | None:
    if match := _EN_YEAR.search(text):
        return int(match["year"])
    if match := re.search(r"\bfy ?'?([0-9]{2})\b", text):
        return 2000 + int(match[1])
    if published and (match := _EN_RELATIVE.search(text)):
        return published.year + {"last": -1, "this": 0, "next": 1, "end": 0}[match.lastgroup or "this"]
    return None


def _en_part(whole: Period, text: str) -> Period:
    match = _EN_PART.search(text)
    if match is None:
        return whole
    part = match.lastgroup or ""
    if part == "quarter":
        name = match["quarter"]
        if "three quarters" in name:
            return Period(whole.start, part_of(whole, "q3").end)
        number = next(
            (
                n
                for n, words in enumerate((("first", "1st", "q1"), ("second", "2nd", "q2"), ("third", "3rd", "q3")), 1)
                if name.startswith(words)
            ),
            4,
        )
        return part_of(whole, f"q{number}")
    return part_of(whole, part) if part else whole


def _month(name: str) -> int:
    return _MONTH_NAMES.index(name[:3]) + 1
