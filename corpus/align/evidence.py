"""What speaks for two stretches of text being translations beside their meaning: numbers, Latin names, lengths."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from corpus.document import Lang

_MONTHS = (
    ("january", "february", "march", "april", "may", "june")
    + ("july", "august", "september", "october", "november", "december")
)  # fmt: skip
_MONTH_FORMS = {form: n for n, name in enumerate(_MONTHS, 1) for form in (name, name[:3], name[:4])}
_SMALL = (
    ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
    + ("eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty")
)  # fmt: skip
_ORDINALS = ("zeroth", "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_TENS = {"thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90}
_EN_WORDS = {
    **{w: n for n, w in enumerate(_SMALL) if n > 1},
    **{w: n for n, w in enumerate(_ORDINALS) if n > 1},
    **_TENS,
}
_EN_UNITS = {"hundred": 1e2, "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12, "mn": 1e6, "bn": 1e9}
_ZH_DIGITS = {c: n for n, c in enumerate("〇一二三四五六七八九")} | {"零": 0, "两": 2}
_ZH_UNITS = {"十": 10, "百": 100, "千": 1000, "万": 10**4, "亿": 10**8}
_FULL_WIDTH = str.maketrans("０１２３４５６７８９．，％", "0123456789.,%")

_EN_NUMBER = re.compile(
    r"(?<![A-Za-z\d])(\d+(?:,\d{3})*(?:\.\d+)?)(?:[ -]?(hundred|thousand|million|billion|trillion|mn|bn)\b)?", re.I
)
_EN_WORD = re.compile(r"[A-Za-z][A-Za-z'’]*")
_ZH_NUMBER = re.compile(r"(?<![A-Za-z\d])(\d+(?:,\d{3})*(?:\.\d+)?)\s?[余多]?([百千万亿]{0,4})\s?(个?月)?")
_ZH_WORD_NUMBER = re.compile(r"[〇零一二两三四五六七八九十百千万亿]+")
# No number that anybody means is longer in Chinese characters; of an endless one the value would overflow.
_ZH_NUMBER_MAX = 24
_LATIN = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[.&'-][A-Za-z0-9]+)*")


class Keys(NamedTuple):
    """The comparable things in a text: `firm` ones the other version should have, `soft` ones it may have."""

    firm: frozenset[str]
    soft: frozenset[str]


@lru_cache(maxsize=4096)
def keys(text: str, lang: Lang) -> Keys:
    """Numbers by value (3.1亿 and 310 million are the same), months, and words in Latin letters.

    >>> sorted(keys("10月21日，Visa投入3.1亿元", "zh").firm & keys("On Oct 21 Visa spent 310 million", "en").firm)
    ['21', '3.1e+08', 'm10']
    """
    return _english(text) if lang == "en" else _chinese(text.translate(_FULL_WIDTH))


def _english(text: str) -> Keys:
    firm, soft = set(), set()
    for number, unit in _EN_NUMBER.findall(text):
        firm.add(_value(number, _EN_UNITS.get(unit.lower(), 1)))
        if unit:
            soft.add(_value(number, 1))
    words = [match[0].replace("’", "'") for match in _EN_WORD.finditer(text)]
    for word, following in zip(words, [*words[1:], ""], strict=False):
        lower = word.lower().removesuffix("'s")
        month = _MONTH_FORMS.get(lower, 0)
        if month and word[0].isupper():
            # "May" and "March" can be other words.
            (soft if lower in ("may", "march", "mar") else firm).add(f"m{month}")
        if lower in _EN_WORDS:
            soft.add(_value(str(_EN_WORDS[lower]), _EN_UNITS.get(following.lower(), 1)))
    soft.update(match[0].lower() for match in _LATIN.finditer(text) if len(match[0]) > 1)
    return Keys(frozenset(firm), frozenset(soft - firm))


def _chinese(text: str) -> Keys:
    firm, soft = set(), set()
    for number, units, month in _ZH_NUMBER.findall(text):
        scale = 1
        for unit in units:
            scale *= _ZH_UNITS[unit]
        if month == "月" and not units and number.isdigit() and len(number) <= 2 and 1 <= int(number) <= 12:
            firm.add(f"m{int(number)}")
        else:
            firm.add(_value(number, scale))
    for found in _ZH_WORD_NUMBER.findall(text):
        value = chinese_number(found)
        if value is not None and value > 1:
            soft.add(_value(str(value), 1))
    firm.update(match[0].lower() for match in _LATIN.finditer(text) if len(match[0]) > 1)
    return Keys(frozenset(firm), frozenset(soft - firm))


def _value(number: str, scale: float) -> str:
    return f"{float(number.replace(',', '')) * scale:.6g}" if len(number) < 16 else number


def chinese_number(text: str) -> int | None:
    """The value of a number in Chinese characters.

    None where it is no well-formed one (千万 as "do by all means") or is too long.

    >>> chinese_number("三百一十"), chinese_number("两万五千"), chinese_number("二〇二五"), chinese_number("万亿")
    (310, 25000, 2025, None)
    """
    if len(text) > _ZH_NUMBER_MAX:
        return None
    if all(character in _ZH_DIGITS for character in text):
        return int("".join(str(_ZH_DIGITS[character]) for character in text))
    total = section = digit = 0
    if text[0] in "百千万亿":
        return None
    for character in text:
        if character in _ZH_DIGITS:
            digit = _ZH_DIGITS[character]
            continue
        unit = _ZH_UNITS[character]
        if character == "亿":
            total, section = (total + section + digit) * unit, 0
        elif character == "万":
            total, section = total + (section + digit) * unit, 0
        else:
            section += (digit or 1) * unit
        digit = 0
    return total + section + digit


def length(text: str, lang: Lang) -> float:
    """How long a text is without white space, in Chinese characters: about three English characters say as much as one.

    >>> length("共同 富裕", "zh"), length("common prosperity", "en")
    (4, 5.44)
    """
    plain = sum(not character.isspace() for character in text)
    return plain if lang == "zh" else plain * CHARACTERS_ZH_PER_EN


CHARACTERS_ZH_PER_EN = 0.34
"""Chinese characters for one English character, white space left out, in translated news."""
