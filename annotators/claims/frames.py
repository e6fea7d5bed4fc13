"""Words of attribution and clause structure, read from `annotators/data/claims/frames.toml`."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources


@dataclass(frozen=True, slots=True)
class EnglishFrames:
    """Lemmas of verbs of speech (`announce`: of one's own acts; `say_that`: only with a clause), nouns of
    unnamed sources, of offices and of bodies that act, and words that open clauses."""

    say: frozenset[str]
    say_that: frozenset[str]
    announce: frozenset[str]
    unnamed: frozenset[str]
    offices: frozenset[str]
    bodies: frozenset[str]
    result_verbs: frozenset[str]
    connectives: re.Pattern[str]
    keep_openers: frozenset[str]


@dataclass(frozen=True, slots=True)
class ChineseFrames:
    """The same for Chinese, as patterns over simplified text; `tail`: ”某人说。at the end, `only`: 某人说。by itself."""

    say: re.Pattern[str]
    announce: re.Pattern[str]
    leads: re.Pattern[str]
    tail: re.Pattern[str]
    only: re.Pattern[str]
    bodies: re.Pattern[str]
    connectives: re.Pattern[str]


def _table(lang: str) -> dict[str, list[str]]:
    text = (resources.files("annotators") / "data" / "claims" / "frames.toml").read_text(encoding="utf-8")
    table: dict[str, list[str]] = tomllib.loads(text)[lang]
    return table


def _choice(words: list[str]) -> str:
    return "(?:" + "|".join(sorted(words, key=len, reverse=True)) + ")"


@cache
def english_frames() -> EnglishFrames:
    """The English table.

    >>> "say" in english_frames().say
    True
    """
    t = _table("en")
    return EnglishFrames(
        say=frozenset(t["say"]),
        say_that=frozenset(t["say_that"]),
        announce=frozenset(t["announce"]),
        unnamed=frozenset(t["unnamed"]),
        offices=frozenset(t["offices"]),
        bodies=frozenset(t["bodies"]),
        result_verbs=frozenset(t["result_verbs"]),
        connectives=re.compile(_choice(t["connectives"]) + r"(?!\w)[\s,]*", re.IGNORECASE),
        keep_openers=frozenset(t["keep_openers"]),
    )


@cache
def chinese_frames() -> ChineseFrames:
    """The Chinese table.

    >>> bool(chinese_frames().leads.match("据悉，"))
    True
    """
    t = _table("zh")
    return ChineseFrames(
        say=re.compile(_choice(t["say"])),
        announce=re.compile(_choice(t["announce"])),
        leads=re.compile(_choice(t["leads"])),
        tail=re.compile(r"(?<=.)”\s*([^“”]{1,50}?)" + _choice(t["say"]) + r"。?\s*$"),
        only=re.compile(r"[^“”，]{2,60}?" + _choice(t["say"]) + r"。?\s*$"),
        bodies=re.compile(_choice(t["bodies"]) + "$"),
        connectives=re.compile(_choice(t["connectives"]) + r"[\s，、：]*"),
    )
