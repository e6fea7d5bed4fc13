"""Numbers as English and Chinese write them: digits, words, scales, fractions, multiples.

Values are `Decimal`, so that 1.2亿 is 120000000 and nothing beside it. What no number that anybody means is longer than
is not read as one, so that hostile input costs nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

from corpus.document import Lang
from corpus.targets.numbers_chinese import chinese
from corpus.targets.numbers_english import english
from corpus.targets.numeral import Numeral

__all__ = ["Numeral", "numerals"]


def numerals(text: str, lang: Lang) -> Iterator[Numeral]:
    """The numbers in a text, left to right. The text has half-width digits and simplified characters (`plain`).

    >>> [float(n.value) for n in numerals("one and a half million homes, half of them new", "en")]
    [1500000.0, 0.5]
    >>> [float(n.value) for n in numerals("新建1.2万套，占三成", "zh")]
    [12000.0, 0.3]
    """
    return english(text) if lang == "en" else chinese(text)
