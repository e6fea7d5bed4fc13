"""Words beside a number that say how it is meant (data/target_cues.toml): more than, 同比, fell by, 每亩."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any, Literal

from corpus.document import Lang

Comparison = Literal["=", ">=", "<=", "~"]
Direction = Literal["", "up", "down"]

_MEANING: dict[str, tuple[Comparison, bool]] = {
    "least": (">=", False),
    "more": (">=", True),
    "most": ("<=", False),
    "less": ("<=", True),
    "about": ("~", False),
}
# A percentage or another number in between belongs to something else.
_GAP_ZH = r"[^，。；、,;0-9%％零一二三四五六七八九十百千万亿]"


@dataclass(frozen=True)
class _Cues:
    before: list[tuple[re.Pattern[str], Comparison, bool]]
    after: list[tuple[re.Pattern[str], Comparison, bool]]
    up: re.Pattern[str]
    down: re.Pattern[str]
    after_up: re.Pattern[str]
    after_down: re.Pattern[str]
    rates: list[tuple[str, re.Pattern[str]]]


@lru_cache(maxsize=1)
def _data() -> dict[str, Any]:
    return tomllib.loads((resources.files("corpus") / "data" / "target_cues.toml").read_text("utf-8"))


@lru_cache(maxsize=2)
def _cues(lang: Lang) -> _Cues:
    data = _data()[lang]
    english = lang == "en"
    left, right = (r"(?<![\w-])", r"(?![\w])") if english else ("", "")

    def either(words: list[str]) -> str:
        return "(?:" + "|".join(sorted(words, key=len, reverse=True)) + ")"

    def joined(words: list[str]) -> str:
        return left + either(words) + right

    compared = either([w for kind in _MEANING for w in data[kind]["before"]])
    if english:
        filler = rf"(?:\s*(?:{'|'.join(sorted(data['filler'], key=len, reverse=True))}))?\s*$"
        # "cut emissions by 18 percent", "a decline of 4%", "fell nearly 5%"; "cut to" and "from" are levels.
        back = (
            rf"(?:(?:\s(?!to\b|from\b|than\b)[\w'’-]+){{0,7}}?\s(?:by|of))?(?:\s{compared}|\sa|\san|\sbetween)?{filler}"
        )
        between = r"(?:\s(?!or\b|and\b)[\w'’-]+){0,2}?\s?"
    else:
        filler = f"(?:{data['filler']}){{0,2}}$"
        back = rf"(?:了|{_GAP_ZH}(?<![至到为在])){{0,6}}?{compared}?(?:人民币)?$"
        between = ""

    def moved(way: str) -> str:
        close = data["direction"].get(f"{way}_close")
        pattern = joined(data["direction"][way]) + back
        # A single character begins and ends many words: right before the number only.
        return f"(?:{pattern}|{either(close)}了?{compared}?$)" if close else pattern

    return _Cues(
        [(re.compile(joined(data[k]["before"]) + filler), *m) for k, m in _MEANING.items() if data[k]["before"]],
        [
            (re.compile(r"[\s]*" + either(data[k]["after"]) + right), *m)
            for k, m in _MEANING.items()
            if data[k]["after"]
        ],
        re.compile(moved("up")),
        re.compile(moved("down")),
        re.compile(between + either(data["direction"]["after_up"]) + right),
        re.compile(between + either(data["direction"]["after_down"]) + right),
        [(name, re.compile(joined(words))) for name, words in data["rate"].items()],
    )


def comparison(before: str, after: str, lang: Lang) -> tuple[Comparison, bool]:
    """How a number compares, by the text before and after it; True where the number itself is left out (more than).

    >>> comparison("building more than ", " homes", "en"), comparison("不低于", "%", "zh")
    (('>=', True), ('>=', False))
    """
    cues = _cues(lang)
    found = [
        (match.start(), meaning, strict)
        for pattern, meaning, strict in cues.before
        if (match := pattern.search(before))
    ]
    if found:
        # The longest cue counts: "no more than" before "more than", 不超过 before 超过.
        _, meaning, strict = min(found)
        return meaning, strict
    for pattern, meaning, strict in cues.after:
        if pattern.match(after):
            return meaning, strict
    return "=", False


# 增速为5%: a noun of change says the same with 为 and 达.
_CHANGE_ZH = re.compile(r"(?:(增速|增幅|涨幅|升幅|增长率)|降幅|跌幅)[^，。；、,;0-9]{0,8}$")


def direction(before: str, after: str, lang: Lang) -> Direction:
    """Whether the number says by how much something rose or fell; "" where it is a level.

    >>> direction("cut emissions by ", "", "en"), direction("同比增长", "", "zh"), direction("降至", "", "zh")
    ('down', 'up', '')
    """
    cues = _cues(lang)
    up, down = cues.up.search(before), cues.down.search(before)
    if lang == "zh" and not (up or down) and (noun := _CHANGE_ZH.search(before)):
        return "up" if noun[1] else "down"
    if up and down:
        return "up" if up.start() > down.start() else "down"
    if up or down:
        return "up" if up else "down"
    if cues.after_down.match(after):
        return "down"
    return "up" if cues.after_up.match(after) else ""


_CLAUSE = {"en": re.compile(r"[;。]|,\s|\.\s|\(|\)"), "zh": re.compile(r"[，。；、！？,;（(]")}


def rate(before: str, after: str, lang: Lang) -> str:
    """What the number is measured against ("year on year") or for ("per year"); "" where it says nothing of it.

    >>> rate("exports rose ", " from a year earlier", "en"), rate("补贴", "/亩", "zh")
    ('year on year', 'per mu')
    """
    breaks = list(_CLAUSE[lang].finditer(before))
    ahead = before[breaks[-1].end() :] if breaks else before
    cut = _CLAUSE[lang].search(after)
    behind = after[: cut.start()] if cut else after
    return _rate_english(ahead, behind) if lang == "en" else _rate_chinese(ahead, behind, after)


_YEARLY_EN = re.compile(r"\b(?:annual|annually|yearly|each year|every year|per year)\b")
_EACH_EN = re.compile(r"\b(?:daily|monthly|weekly|per capita|each person|each household)\b")
_TIME_EN = re.compile(r"\s(?:ago|earlier|later|before|after|to|end)")


def _rate_english(ahead: str, behind: str) -> str:
    for name, pattern in _cues("en").rates:
        each = name.startswith("per ")
        if name == "per year" and _YEARLY_EN.search(ahead[-60:]):
            return name
        if not each and pattern.search(ahead[-70:]):
            return name
        if each and _EACH_EN.search(ahead[-30:]) and pattern.search(ahead[-30:]):
            return name
        # "2% a year"; not "2% … a year later".
        match = pattern.search(behind[:70])
        if match and not _TIME_EN.match(behind, match.end()) and not (each and match.start() > 45):
            return name
    return ""


_YEARLY_ZH = re.compile("每年|年均|逐年")
# What stands behind a stroke or 每: 500元/亩.
_EACH_ZH = {
    name: re.compile(rf"\s?[/／每]{unit}")
    for name, unit in (
        *(("per year", "年"), ("per month", "月"), ("per week", "周"), ("per day", "[日天]")),
        *(("per mu", "亩"), ("per person", "人"), ("per household", "户")),
    )
}


def _rate_chinese(ahead: str, behind: str, after: str) -> str:
    for name, pattern in _cues("zh").rates:
        if not name.startswith("per "):
            if pattern.search(ahead[-20:]) or re.match(r"[（(]?.{0,2}" + pattern.pattern, after[:12]):
                return name
        elif pattern.search(ahead[-14:]) and not ahead.endswith("年"):
            if name != "per year" or _YEARLY_ZH.search(ahead[-14:]):
                return name
        elif _EACH_ZH[name].match(behind):
            return name
    return ""
