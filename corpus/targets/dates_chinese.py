"""Chinese times: 到2025年底, 十四五期间, 上半年, 7月30日前, 三年内."""

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

_NUM = "[零〇一二三四五六七八九十两0-9]"
_ZH_BY = re.compile(r"前|之前|以前|不晚于|截止|截至|^到|(?<!达)到|^至|力争|底|末|止")
_ZH_SINCE = re.compile(r"以来|至今|起(?!草)|之后|^自")
_ZH_PART = re.compile(
    r"(?P<h1>上半年)|(?P<h2>下半年)|(?P<quarter>(?:前|头)?第?[一二三四1-4]季度)|(?P<end>年?底|末)|(?P<early>年?初|上旬|伊始)|(?P<mid>年中(?!国|央|小)|中旬|月中)"
)
_ZH_YEARS = re.compile(r"(?P<a>20[0-9]{2}|19[0-9]{2})年?\s?(?:-|–|—|~|～|至|到)\s?(?P<b>20[0-9]{2})年?(?!-)")
_ZH_YEAR = re.compile(
    r"(?<![0-9])(?P<year>(?:19|20)[0-9]{2})(?:财政)?(?:年度|财年|年)?(?![0-9])|(?P<han>[一二][零〇一二三四五六七八九]{3})年"
)
_ZH_SPLIT_YEAR = re.compile(r"(?P<a>20[0-9]{2})\s?[-/–—至]\s?(?P<b>[0-9]{2})(?![0-9])\s?(?:财政年度|年度|财年)?")
_ZH_RELATIVE = re.compile(
    r"(?P<last>去年|上年|上一年)|(?P<before>前年)|(?P<this>今年|本年|当年|(?<![零〇一二三四五六七八九十两半0-9])年内|年底|年末|年中|年初)|(?P<next>明年|下一年|次年)|(?P<after>后年)"
)
_ZH_RELATIVE_MONTH = re.compile(r"(?P<last>上个?月)|(?P<this>本月|当月|这个月|月底|月末)|(?P<next>下个?月|次月)")
_ZH_MONTH = re.compile(
    r"(?<![0-9个])(?P<month>1[0-2]|0?[1-9])月(?:份|底|末|初|中|上旬|下旬)?(?:(?P<day>[12][0-9]|3[01]|0?[1-9])(?:日|号)?)?"
)
_ZH_MONTHS = re.compile(r"(?<![0-9])(?P<a>1[0-2]|[1-9])(?:月份?)?\s?(?:-|–|—|~|至|到)\s?(?P<b>1[0-2]|[1-9])月")
_ZH_HAN_MONTH = re.compile(r"(?<![个十])(?P<month>十[一二]?|[一二三四五六七八九])月(?:份|底|末)?")
_ZH_DAY = re.compile(r"(?<![0-9月])(?P<day>[12][0-9]|3[01]|[1-9])(?:日|号)")
_ZH_PLAN = re.compile(
    r"[“\"]?(?P<n>[十廿]?[一二三四五六七八九十])五[”\"]?(?=时期|期间|规划|末|以来|初|$|[”\"]|时)|第(?P<m>[十一二三四五六七八九]{1,3})个五年(?:规划|计划)"
)
_ZH_SPAN = re.compile(
    rf"(?P<past>过去|近|最近|此前|之前)?(?P<future>未来|今后|接下来|用)?(?:的)?(?P<n>{_NUM}{{1,3}}|半)(?:多)?(?P<unit>年|个月|周|个星期|天|日)(?P<within>半?(?:以|之)?内|左右|时间)?"
)
_ZH_NOW = re.compile(r"截至?目前|目前|迄今|到目前为止|至今|现在|眼下")


def chinese(text: str, published: date | None) -> Period | None:
    """The period that a Chinese time stands for; ValueError where no calendar has it."""
    thirds = re.search(r"[前头]三(?:个)?季度", text)
    bound: Bound = "since" if _ZH_SINCE.search(text) else "by" if not thirds and _ZH_BY.search(text) else "in"
    if match := _ZH_PLAN.search(text):
        found = five_year_plan(_small(match["n"] or match["m"]))
        return (
            Period(None, found.end)
            if re.search(r"末|结束|底", text)
            else bounded(found, "since" if bound == "since" else "in")
        )
    if match := _ZH_YEARS.search(text):
        first, last = int(match["a"]), int(match["b"])
        if first < last:
            return Period(whole_year(first).start, whole_year(last).end)
    if (match := _ZH_SPLIT_YEAR.search(text)) and int(match["a"][2:]) + 1 == int(match["b"]):
        # A year that begins in one and ends in the next: 1 April, as in Hong Kong.
        return Period(date(int(match["a"]), 4, 1), date(int(match["a"]) + 1, 3, 31))
    if match := re.search(r"(本世纪|21世纪)(中叶|末)", text):
        return Period(None, date(2050 if match[2] == "中叶" else 2100, 12, 31))
    year = _zh_year(text, published)
    if "财年" in text and year and re.search(r"美国|联邦", text):
        return Period(date(year - 1, 10, 1), date(year, 9, 30))
    if match := _ZH_MONTHS.search(text):
        first, last = int(match["a"]), int(match["b"])
        named = year or nearest_year(last, None, "in", published)
        return months(named, first, last) if named and first < last else None
    if match := _ZH_MONTH.search(text) or _ZH_HAN_MONTH.search(text):
        month = int(match["month"]) if match["month"][0].isdigit() else _small(match["month"])
        day = int(match["day"]) if "day" in match.groupdict() and match["day"] else None
        if (
            day is not None
            and match.end() < len(text)
            and text[match.end() - 1] not in "日号"
            and text[match.end()].isdigit()
        ):
            day = None
        named = year or nearest_year(month, day, bound, published)
        if not named:
            return None
        if day:
            return bounded(Period(date(named, month, day), date(named, month, day)), bound)
        rest = text[match.start() :]
        part = "early" if re.search("月初|上旬", rest) else "mid" if re.search("月中|中旬", rest) else ""
        whole = months(named, month, month)
        return bounded(part_of(whole, part) if part else whole, bound)
    if match := _ZH_DAY.search(text):
        return bounded(day_of_month(int(match["day"]), published), bound)
    if year:
        return bounded(_zh_part(whole_year(year), text), bound)
    if (match := _ZH_RELATIVE_MONTH.search(text)) and published:
        moved = after(published.replace(day=1), {"last": -1, "this": 0, "next": 1}[match.lastgroup or "this"], "month")
        return bounded(months(moved.year, moved.month, moved.month), bound)
    if (match := _ZH_SPAN.search(text)) and not re.search("[上下]半年", text):
        return _span(
            match,
            published,
            _zh_amount(match["n"]),
            "year"
            if match["unit"] == "年"
            else "month"
            if "月" in match["unit"]
            else "day"
            if match["unit"] in "天日"
            else "week",
        )
    if published and _ZH_PART.search(text):
        return bounded(_zh_part(whole_year(published.year), text), bound)
    if published and _ZH_NOW.search(text):
        return Period(None, published)
    return None


def _zh_year(text: str, published: date | None) -> int | None:
    if match := _ZH_YEAR.search(text):
        if match["han"]:
            return int("".join(str("〇一二三四五六七八九".index(c.replace("零", "〇"))) for c in match["han"]))
        return int(match["year"])
    if published and (match := _ZH_RELATIVE.search(text)):
        return published.year + {"last": -1, "before": -2, "this": 0, "next": 1, "after": 2}[match.lastgroup or "this"]
    return None


def _zh_part(whole: Period, text: str) -> Period:
    match = _ZH_PART.search(text)
    if match is None:
        return whole
    part = match.lastgroup or ""
    if part == "quarter":
        number = _small(re.sub("[前头第季度]", "", match["quarter"]))
        found = part_of(whole, f"q{number}")
        return Period(whole.start, found.end) if match["quarter"][0] in "前头" else found
    return part_of(whole, part) if part else whole


def _span(match: re.Match[str], published: date | None, amount: float | None, unit: str) -> Period | None:
    """Within three years, the past five years, the next decade."""
    if published is None or not amount:
        return None
    if match["past"]:
        return Period(after(published, -amount, unit), published)
    if match["future"] or match["within"]:
        end = after(published, amount, unit)
        return Period(published, end) if match["future"] else Period(None, end)
    return None


def _zh_amount(text: str) -> float | None:
    if text == "半":
        return 0.5
    found = next(numerals(text, "zh"), None)
    return float(found.value) if found else None


def _small(text: str) -> int:
    found = next(numerals(text, "zh"), None)
    if found is None:
        raise ValueError(text)
    return int(found.value)
