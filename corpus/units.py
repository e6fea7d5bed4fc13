"""What Chinese text holds together whatever a dictionary says: numbers with their units, Latin words, addresses.

The rule for numbers: a number in digits (half or full width, decimals, thousands) is one token with the percent sign,
or with 多/余, 万/亿 and the unit that follows (3.5%, 20万套, 1.2亿元, 30多个, 2025年, 第14届); a month and its day are
one (7月26日), a year stands alone (2025年|7月26日); so does each end of a range (2011|-|2020年). A number in characters
is held with its unit where it has 十, 百, 千, 万 or 亿 and two characters at least (三百二十万元), as an ordinal of what
is numbered (第十四届), as a year in four digits (二〇三五年) and after 百分之; else the dictionary decides (三年).
Units are in data/units.csv.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from importlib import resources

from corpus.errors import InputError

_D = "[0-9０-９]"
_L = "A-Za-zＡ-Ｚａ-ｚ\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u0370-\u03ff\u0400-\u052f"
_W = f"[{_L}0-9０-９]"
_TENS = "十百千万亿"
_DIGITS = "一二两三四五六七八九零〇"


@lru_cache(maxsize=1)
def held_pattern() -> re.Pattern[str]:
    """The pattern of what is one token. It never matches what begins with white space."""
    unit = "|".join(
        re.escape(name) + (f"(?![{re.escape(stops)}])" if stops else "")
        for name, stops in sorted(_units(), key=_longest)
    )
    number = f"(?:{_D}{{1,3}}(?:[,，]{_D}{{3}})+(?!{_D})|{_D}+)(?:[.．]{_D}+)*"
    large = "(?:万亿|亿|百万|千万|万|千|百)"
    # Bounded, or a long row of such characters without a unit would be tried again from each of them.
    characters = f"(?:[{_DIGITS}几数]{{0,4}}[{_TENS}][{_DIGITS}几{_TENS}]{{0,16}})"
    return re.compile(
        rf"""
        (?=[{_L}0-9０-９第百数几{_DIGITS}{_TENS}(\u2026—–.\-~～!！?？=*_])(?:
          (?:https?|ftp)://[!-~]*[A-Za-z0-9/\#=&_~-] | www\.[!-~]*[A-Za-z0-9/\#=&_~-]
        | [A-Za-z0-9][A-Za-z0-9._+-]{{0,63}}@[A-Za-z0-9-]{{1,63}}(?:\.[A-Za-z0-9-]{{1,63}})+
        | (?:[A-Z]\.){{2,}}(?![A-Za-z])
        | {_D}*[{_L}]{_W}*(?:[-&'’._－]{_W}+)*(?:\+\+|\#|\+)?(?:(?<=[A-Z])(?:股(?![东票份权])|轮(?!流)|座(?!谈)|级(?!别)|型(?!号)))?
        | {_D}{{4}}-{_D}{{1,2}}-{_D}{{1,2}}(?!{_D}) | {_D}{{1,2}}[:：]{_D}{{2}}(?:[:：]{_D}{{2}})?(?!{_D})
        | {_D}{{1,2}}月{_D}{{1,2}}[日号]
        | 第?{number}(?:
              [%％‰℃°] | [A-Za-z]+[²³]?
            | (?:[多余](?={large}|{unit}))?{large}?(?:[多余](?={unit}))?(?:{unit})?)
        | 百分之(?:{number}|[{_DIGITS}{_TENS}几]{{1,16}}(?:点[{_DIGITS}]{{1,16}})?)
        | [{_DIGITS}]{{4}}年(?![{_TENS}])
        | 第[{_DIGITS}十百]{{1,8}}(?:季度|[届条款章批轮期号](?![件约例项])|[名位个](?!额|于)|次(?!世界))
        | (?:十[一二]?|[一二三四五六七八九])月(?:二?十[一二三四五六七八九]?|三十一?|[一二三四五六七八九])[日号]
        | (?=[{_DIGITS}几数{_TENS}]{{2}}){characters}[多余]?(?:{unit})
        | \.{{2,}} | …+ | —+ | –+ | -{{2,}} | [~～]{{2,}} | [!！?？]{{2,}} | ={{2,}} | \*{{2,}} | _{{2,}}
        )""",
        re.VERBOSE,
    )


def held(text: str, mixed: re.Pattern[str] | None = None) -> Iterator[tuple[int, int]]:
    """The offsets of what is one token in `text`, in order; `mixed` are further words, which take precedence.

    >>> ["新建20万套A股"[start:end] for start, end in held("新建20万套A股")]
    ['20万套', 'A股']
    """
    if mixed is None:
        for match in held_pattern().finditer(text):
            yield match.span()
        return
    done = 0
    for word in mixed.finditer(text):
        for match in held_pattern().finditer(text, done, word.start()):
            yield match.span()
        yield word.span()
        done = word.end()
    for match in held_pattern().finditer(text, done):
        yield match.span()


def _longest(row: tuple[str, str]) -> tuple[int, str]:
    return -len(row[0]), row[0]


@lru_cache(maxsize=1)
def _units() -> tuple[tuple[str, str], ...]:
    text = (resources.files("corpus") / "data" / "units.csv").read_text(encoding="utf-8")
    rows = list(csv.reader(line for line in text.splitlines() if line and line[0] != "#"))
    if rows[0] != ["unit", "not_before"]:
        raise InputError(f"units.csv of hemu: expected the columns unit,not_before, found {','.join(rows[0])}")
    return tuple((row[0], row[1]) for row in rows[1:])


def mixed_pattern(words: Iterable[str]) -> re.Pattern[str] | None:
    """A pattern of the words that are not of Han characters alone (T恤, 21世纪海上丝绸之路), None where there are none."""
    found = sorted(set(words), key=lambda word: (-len(word), word))
    if not found:
        return None
    first = "".join(sorted({re.escape(word[0]) for word in found}))
    options = "|".join(
        re.escape(w) + (r"(?![A-Za-z0-9])" if w[-1].isascii() and w[-1].isalnum() else "") for w in found
    )
    return re.compile(f"(?=[{first}])(?<![A-Za-z0-9])(?:{options})")
