"""The signs by which blocks.py tells the lines of an article: the regular expressions and names of data/blocks.toml."""

from __future__ import annotations

import re
import tomllib
from functools import lru_cache
from importlib import resources
from typing import Any

from corpus.document import Lang
from corpus.language import HAN


@lru_cache(maxsize=1)
def _data() -> dict[str, Any]:
    return tomllib.loads((resources.files("corpus") / "data" / "blocks.toml").read_text("utf-8"))


@lru_cache(maxsize=1)
def _cues() -> dict[str, dict[str, tuple[re.Pattern[str], ...]]]:
    data = _data()
    return {
        lang: {
            kind: tuple(re.compile(pattern, re.IGNORECASE if lang == "en" else 0) for pattern in patterns)
            for kind, patterns in data[lang].items()
        }
        for lang in ("en", "zh")
    }


def matches(line: str, lang: Lang, kind: str) -> bool:
    """Whether a line shows a sign of `kind`, a table of data/blocks.toml. Chinese is expected in simplified characters.

    >>> matches("Photo: Lin Shu", "en", "caption"), matches("他每年都来拍摄。", "zh", "caption")
    (True, False)
    """
    for pattern in _cues()[lang][kind]:  # noqa: SIM110 -- asked so often that the difference is felt
        if pattern.search(line):
            return True
    return False


def first_match(line: str, lang: Lang, kind: str) -> re.Match[str] | None:
    """The match of the first sign of `kind` that a line shows."""
    return next((match for pattern in _cues()[lang][kind] if (match := pattern.search(line))), None)


# Whatever may stand beside a date that is all of a line: days of the week, times and their zones.
_APART = re.compile(r"[\s,，|｜/()（）+-]+")
_WITH_DATE = re.compile(
    r"(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\.?|(?:星期|周)[一二三四五六日天]|[ap]\.?m\.?|at|on"
    r"|(?:19|20)\d\d|gmt|utc|bst|[ecp][sd]t|ist|hkt|上午|下午|\d{1,2}[:：.时]\d{2}分?(?:[:：.]\d{2})?(?:[ap]m)?|",
    re.IGNORECASE,
)
_DATE_MAX = 60
_DIGIT = re.compile(r"\d")


def is_date(line: str, lang: Lang) -> bool:
    """Whether a line is a date, perhaps with day and time, and nothing else.

    >>> is_date("Mon, 17 Oct, 2022 - 09:25", "en"), is_date("On 17 October the bridge fell", "en")
    (True, False)
    """
    if len(line) > _DATE_MAX or not _DIGIT.search(line):
        return False
    found = first_match(line, lang, "date")
    if found is None:
        return False
    rest = _APART.split(line[: found.start()] + " " + line[found.end() :])
    return all(_WITH_DATE.fullmatch(part) for part in rest)


@lru_cache(maxsize=1)
def _names() -> tuple[frozenset[str], frozenset[str]]:
    names = _data()["names"]
    return frozenset(names["surnames"]), frozenset(names["compound_surnames"])


def is_name(text: str) -> bool:
    """Whether a string looks like a Chinese personal name, or like a foreign one in Chinese.

    >>> is_name("林树"), is_name("欧阳明月"), is_name("奥勒·布兰特"), is_name("经济观察")
    (True, True, True, False)
    """
    if re.fullmatch(rf"[{HAN}]{{1,8}}·[{HAN}·]{{1,12}}", text):
        return True
    surnames, compound = _names()
    return bool(re.fullmatch(rf"[{HAN}]{{2,4}}", text)) and (
        (text[0] in surnames and len(text) <= 3) or (text[:2] in compound and len(text) >= 3)
    )
