"""How far two stretches of text, one in each language, say the same: by the words of the dictionary, and numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

from corpus.align.evidence import keys
from corpus.align.lexicon import chinese_words, english_words, glosses
from corpus.document import Lang
from corpus.script import simplified

NUMBER = 0.3
"""What it counts that the two share a number."""


@dataclass(frozen=True, slots=True)
class Said:
    """What is compared of a stretch: English stems, or for each Chinese word the stems that can stand for it; numbers."""

    stems: tuple[frozenset[str], ...]
    numbers: frozenset[str]


def said(text: str, lang: Lang) -> Said:
    """What a stretch of text says."""
    if lang == "en":
        return Said(tuple(frozenset((stem,)) for stem in english_words(text)), keys(text, lang).firm)
    plain = simplified(text)
    return Said(tuple(map(_meanings, chinese_words(plain))), keys(plain, lang).firm)


@lru_cache(maxsize=1 << 16)
def _meanings(word: str) -> frozenset[str]:
    """The stems that a Chinese word can stand for."""
    return frozenset(glosses(word))


def alike(en: Said, zh: Said) -> float:
    """From 0 to 1: the geometric mean of the parts of either side's words that the other has; and `NUMBER` more where
    the two share a number.

    >>> one = said("The council will build 4,000 flats.", "en")
    >>> other = said("理事会将建设4000套公寓。", "zh")
    >>> alike(one, other) > 1 > 0.1 > alike(one, said("他吃了一个苹果", "zh"))
    True
    """
    return words_alike(en, zh) + (NUMBER if en.numbers & zh.numbers else 0.0)


def words_alike(en: Said, zh: Said) -> float:
    """`alike` without the numbers."""
    if not en.stems or not zh.stems:
        return 0.0
    ours, theirs = frozenset[str]().union(*en.stems), frozenset[str]().union(*zh.stems)
    there = sum(not stems.isdisjoint(theirs) for stems in en.stems)
    here = sum(not stems.isdisjoint(ours) for stems in zh.stems)
    return math.sqrt(there / len(en.stems) * here / len(zh.stems))
