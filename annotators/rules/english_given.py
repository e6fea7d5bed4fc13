"""Persons in English by their given names: the children of a family in a row, and the first name of somebody named in full."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from annotators.rules.english_lexicon import known_label, lexicon
from annotators.rules.english_pinyin import is_chinese_name
from annotators.rules.english_text import Mention, Reading, fold, standing

_NAME = r"[A-Z][a-zà-ÿ'’-]+(?: [A-Z][a-zà-ÿ'’-]+)?"
_KIN = r"(?:children|grandchildren|great-grandchildren|sons|daughters|siblings|brothers|sisters|twins|triplets|kids|cousins|nephews|nieces|grandsons|granddaughters)"
_ROW = re.compile(
    rf"\b{_KIN}(?:,|:| -| –| —| named| called)? (?P<names>{_NAME}(?:, {_NAME})*,? (?:and|&) {_NAME})(?![\w-]| [A-Z])"
)
_ONE = re.compile(
    rf"\b(?:(?:his|her|their|my|the couple['’]s) (?:\w+ )?(?:son|daughter|wife|husband|brother|sister|mother|father|grandson|granddaughter|niece|nephew|fianc[eé]e?),? "
    rf"|(?:son|daughter|wife|husband|brother|sister|boy|girl) (?:named|called) )(?P<names>{_NAME})(?![\w-]| [A-Z])"
)


def relatives(reading: Reading) -> Iterator[Mention]:
    """Persons that a word of kinship introduces, alone or in a row.

    >>> from annotators.rules.english_text import read
    >>> text = "They have three children, Oliver, Maisie and Beth."
    >>> [text[m.start : m.end] for m in relatives(read(text))]
    ['Oliver', 'Maisie', 'Beth']
    """
    lex = lexicon()
    for pattern in (_ROW, _ONE):
        for match in pattern.finditer(reading.text):
            for name in re.finditer(_NAME, match.group("names")):
                low = fold(name.group().split()[0])
                if low in lex.function or low in lex.months or low in lex.demonyms or (low,) in lex.titles:
                    continue
                start = match.start("names") + name.start()
                yield Mention(start, start + len(name.group()), "PERSON", 0.85)


_NOT_AFTER_NAME = re.compile(r"(?<![\w-])(?<![A-Z]\w )(?<![A-Z]\. )")
_NOT_BEFORE_NAME = re.compile(r"(?![\w-]|['’]?[A-Z]| [A-Z])")
_NAME_BEFORE = re.compile(r"[A-Z][\w'’-]+ $")


def first_names(reading: Reading, labels: Mapping[str, str]) -> dict[str, str]:
    """The first names that stand alone for one of the persons of the text, with the full names they are short for."""
    lex, text = lexicon(), reading.text
    no_names = (lex.places, lex.demonyms, lex.function, lex.months, lex.topics, lex.generic)
    bearers: dict[str, set[str]] = {}
    for name in labels:
        if " " in name:
            bearers.setdefault(name.split()[0], set()).add(name)
    found: dict[str, str] = {}
    for first, names in bearers.items():
        low = fold(first)
        if len(names) > 1 or first in labels or len(first) < 4 or is_chinese_name(next(iter(names)).split()):
            continue
        if any(low in words for words in no_names):
            continue
        if (low,) in lex.heads or (low,) in lex.titles or known_label(first) not in (None, "PERSON", "OFFICIAL"):
            continue
        for start, end in standing(text, first, _NOT_AFTER_NAME, _NOT_BEFORE_NAME):
            alone = not _NAME_BEFORE.search(text[max(0, start - 25) : start])
            if alone and reading.covering(start, end) == "PERSON":
                found[first] = next(iter(names))
                break
    return found
