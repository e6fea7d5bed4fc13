"""Numbers as English writes them: 1.2 billion, one and a half million, two thirds, a dozen, double."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

from corpus.targets.numeral import LITERAL, Numeral

_ONES = {
    **{"zero": Decimal(0), "one": Decimal(1), "two": Decimal(2), "three": Decimal(3), "four": Decimal(4)},
    **{"five": Decimal(5), "six": Decimal(6), "seven": Decimal(7), "eight": Decimal(8), "nine": Decimal(9)},
    **{"ten": Decimal(10), "eleven": Decimal(11), "twelve": Decimal(12), "thirteen": Decimal(13)},
    **{"fourteen": Decimal(14), "fifteen": Decimal(15), "sixteen": Decimal(16), "seventeen": Decimal(17)},
    **{"eighteen": Decimal(18), "nineteen": Decimal(19)},
}
_TENS = {
    **{"twenty": Decimal(20), "thirty": Decimal(30), "forty": Decimal(40), "fifty": Decimal(50)},
    **{"sixty": Decimal(60), "seventy": Decimal(70), "eighty": Decimal(80), "ninety": Decimal(90)},
}
_EN_SCALES = {
    **{"thousand": Decimal(10**3), "million": Decimal(10**6), "billion": Decimal(10**9), "trillion": Decimal(10**12)},
    **{"mn": Decimal(10**6), "bn": Decimal(10**9), "tn": Decimal(10**12)},
}
_PARTS = {
    w: Decimal(n)
    for n, names in {
        **{2: "half halves", 3: "third thirds", 4: "quarter quarters fourth fourths", 5: "fifth fifths"},
        **{6: "sixth sixths", 7: "seventh sevenths", 8: "eighth eighths", 9: "ninth ninths", 10: "tenth tenths"},
    }.items()
    for w in names.split()
}
_MULTIPLES = {
    **dict.fromkeys(("double", "doubles", "doubled", "doubling", "twice"), Decimal(2)),
    **dict.fromkeys(("triple", "triples", "tripled", "tripling", "treble", "trebled", "thrice"), Decimal(3)),
    **dict.fromkeys(("quadruple", "quadrupled", "quadrupling"), Decimal(4)),
}
_VAGUE_EN = {
    **{"dozens": Decimal(20), "scores": Decimal(40), "tens": Decimal(20), "hundreds": Decimal(200)},
    **{"thousands": Decimal(2000), "millions": Decimal(2 * 10**6), "billions": Decimal(2 * 10**9)},
}
_FRACTIONS = {"½": "0.5", "¼": "0.25", "¾": "0.75"}
_EN_TOKEN = re.compile(rf"{LITERAL.pattern}|[A-Za-z]{{1,24}}|[½¼¾/.,;:%]")
# What may stand after "a third" and "half" where they are shares.
_OF = {
    "of",
    "the",
    "to",
    "more",
    "less",
    "higher",
    "lower",
    "its",
    "their",
    "all",
    "as",
    "by",
    "and",
    "in",
    "from",
    "since",
}


@dataclass(frozen=True, slots=True)
class _Word:
    text: str
    start: int
    end: int
    joined: bool
    """Whether only blanks or hyphens lie between it and the word before."""


def english(text: str) -> Iterator[Numeral]:
    """The numbers in an English text."""
    words: list[_Word] = []
    end = 0
    for match in _EN_TOKEN.finditer(text):
        words.append(_Word(match[0].lower(), match.start(), match.end(), not text[end : match.start()].strip(" -\t\n")))
        end = match.end()
    at = 0
    while at < len(words):
        found = _english_at(words, at)
        if found is None:
            at += 1
            continue
        numeral, at = found
        yield numeral


def _text(words: list[_Word], at: int) -> str:
    """The word there, "" where there is none or something stands between it and the one before."""
    return words[at].text if at < len(words) and words[at].joined else ""


def _english_at(words: list[_Word], at: int) -> tuple[Numeral, int] | None:
    word, start = words[at].text, words[at].start
    if word.endswith("fold") and word[:-4] in _ONES:
        return Numeral(start, words[at].end, _ONES[word[:-4]], "times"), at + 1
    if word in _MULTIPLES:
        return Numeral(start, words[at].end, _MULTIPLES[word], "times"), at + 1
    if word in _VAGUE_EN:
        value, after = _VAGUE_EN[word], at + 1
        if _text(words, after) == "of" and _text(words, after + 1) in ("thousands", "millions", "billions"):
            value *= _VAGUE_EN[words[after + 1].text] / 2
            after += 2
        if _text(words, after) != "of" and after == at + 1:
            return None
        return Numeral(start, words[after - 1].end, value, least=True), after
    if word in _FRACTIONS:
        return Numeral(start, words[at].end, Decimal(_FRACTIONS[word]), "share"), at + 1
    if word == "half":
        return _half(words, at)
    if word in ("a", "an", "one") and _text(words, at + 1) in _PARTS and (share := _part(words, at, Decimal(1))):
        return share
    if word[0].isdigit():
        return _digits(words, at)
    if word in ("a", "an"):
        if _text(words, at + 1) not in ("hundred", "dozen", "couple", *_EN_SCALES):
            return None
        if words[at + 1].text == "couple":
            return Numeral(start, words[at + 1].end, Decimal(2)), at + 2
        return _cardinal(words, at + 1, start)
    if word in _ONES or word in _TENS:
        found = _cardinal(words, at, start)
        if found and _text(words, found[1]) in _PARTS and (share := _part(words, at, found[0].value, found[1] - 1)):
            return share
        if found and _text(words, found[1]) == "fold":
            return replace(found[0], end=words[found[1]].end, kind="times"), found[1] + 1
        return found
    if word in ("hundred", "dozen") and at and words[at - 1].text not in ("several", "few"):
        return _cardinal(words, at, start)
    return None


def _half(words: list[_Word], at: int) -> tuple[Numeral, int] | None:
    if at and words[at].joined and words[at - 1].text in ("first", "second", "latter", "other", "a"):
        return None
    start, following = words[at].start, _text(words, at + 1)
    if following in ("a", "an"):
        scale = _EN_SCALES.get(_text(words, at + 2)) or {"dozen": Decimal(12)}.get(_text(words, at + 2))
        if scale:
            return Numeral(start, words[at + 2].end, scale / 2, scale=scale), at + 3
        return Numeral(start, words[at + 1].end, Decimal("0.5")), at + 2
    if following in _OF or not following:
        return Numeral(start, words[at].end, Decimal("0.5"), "share"), at + 1
    return None


def _part(words: list[_Word], at: int, count: Decimal, last: int | None = None) -> tuple[Numeral, int] | None:
    """A share: "two thirds", "a quarter of"; "a third country" and "a quarter" of the year are none."""
    name = (at if last is None else last) + 1
    word, following = words[name].text, _text(words, name + 1)
    if count == 1 and following not in _OF and following:
        return None
    if count > 1 and not word.endswith("s") and word != "half":
        return None
    return Numeral(words[at].start, words[name].end, count / _PARTS[word], "share"), name + 1


def _digits(words: list[_Word], at: int) -> tuple[Numeral, int] | None:
    value, after, start = Decimal(words[at].text.replace(",", "")), at + 1, words[at].start
    if (
        _text(words, after) == "/"
        and words[after].start == words[at].end
        and _text(words, after + 1).isdigit()
        and words[after + 1].start == words[after].end
        and 1 < (below := Decimal(words[after + 1].text)) < 100 > value
    ):
        return Numeral(start, words[after + 1].end, value / below, "share"), after + 2
    if _text(words, after) in _FRACTIONS:
        value, after = value + Decimal(_FRACTIONS[words[after].text]), after + 1
    elif [_text(words, after + n) for n in range(3)] == ["and", "a", "half"]:
        value, after = value + Decimal("0.5"), after + 3
    if _text(words, after) == "fold":
        return Numeral(start, words[after].end, value, "times"), after + 1
    scale = Decimal(1)
    while (name := _text(words, after)) in _EN_SCALES or name in ("hundred", "dozen"):
        scale *= _EN_SCALES.get(name, Decimal(12 if name == "dozen" else 100))
        after += 1
        if scale > 10**15:
            return None
    return Numeral(start, words[after - 1].end, value * scale, scale=scale), after


def _cardinal(words: list[_Word], at: int, start: int) -> tuple[Numeral, int] | None:
    total, section, after, least_scale = Decimal(0), Decimal(0), at, Decimal(1)
    ones = tens = False
    while after < len(words) and after - at < 48 and (after == at or words[after].joined):
        word = words[after].text
        if word in _ONES and not ones and not (tens and _ONES[word] >= 10):
            section, ones = section + _ONES[word], True
        elif word in _TENS and not ones and not tens:
            section, tens = section + _TENS[word], True
        elif word == "hundred" and section < 100:
            section, ones, tens = (section or Decimal(1)) * 100, False, False
        elif word == "dozen":
            section, ones, tens = (section or Decimal(1)) * 12, True, True
        elif word in _EN_SCALES and (section or after == at):
            total, section = total + (section or Decimal(1)) * _EN_SCALES[word], Decimal(0)
            ones, tens, least_scale = False, False, _EN_SCALES[word]
        elif word == "and" and after > at and [_text(words, after + n) for n in (1, 2)] == ["a", "half"]:
            half = Decimal("0.5")
            after += 3
            if (name := _text(words, after)) in _EN_SCALES:
                return Numeral(
                    start, words[after].end, (section + half) * _EN_SCALES[name], scale=_EN_SCALES[name]
                ), after + 1
            value = total + section + half if section or not total else total + half * least_scale
            return Numeral(start, words[after - 1].end, value), after
        elif word == "and" and after > at and words[after - 1].text in ("hundred", *_EN_SCALES):
            following = _text(words, after + 1)
            if following not in _ONES and following not in _TENS:
                break
        elif word == "point" and (ones or tens) and _text(words, after + 1) in _ONES:
            decimals = ""
            while (name := _text(words, after + 1)) in _ONES and _ONES[name] < 10 and len(decimals) < 12:
                decimals += str(_ONES[name])
                after += 1
            section += Decimal(f"0.{decimals or 0}")
            ones = tens = True
        else:
            break
        after += 1
    if after == at:
        return None
    # "and" is no end.
    while words[after - 1].text == "and":
        after -= 1
    return Numeral(start, words[after - 1].end, total + section, scale=least_scale), after
