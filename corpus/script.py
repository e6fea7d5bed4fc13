"""Traditional and Simplified Chinese: which of the two a text is in, and Traditional read as Simplified.

A text is never converted where it is kept: it is read through `simplified`, which gives one character for each, so that
offsets into the one are offsets into the other.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Literal

from corpus.language import HAN

Script = Literal["hans", "hant", ""]

# Texts are converted in pieces: a phrase of OpenCC's dictionary never crosses anything but Han characters.
_RUN = re.compile(f"[{HAN}]+")


def simplified(text: str) -> str:
    """`text` with Traditional characters as Simplified ones, one for one: offsets stay, all else stays as it is.

    By OpenCC's phrases (乾隆 stays, 乾淨 becomes 干净); a phrase whose conversion is longer or shorter is converted
    character by character. Words are not replaced by those used elsewhere (資訊 becomes 资讯, not 信息).

    >>> simplified("乾隆年間的乾淨水源，3.5%")
    '乾隆年间的干净水源，3.5%'
    """
    if not _has_traditional(text):
        return text
    return _RUN.sub(lambda found: _converted(found[0]), text)


def script_of(text: str) -> Script:
    """ "hans" or "hant" by which of the characters that only one of them has are more; "" where there are none.

    >>> script_of("共同富裕"), script_of("實現共同富裕"), script_of("实现共同富裕")
    ('', 'hant', 'hans')
    """
    only_simplified, only_traditional = _distinct()
    hans = sum(character in only_simplified for character in text)
    hant = sum(character in only_traditional for character in text)
    return "" if hans == hant else "hans" if hans > hant else "hant"


def _has_traditional(text: str) -> bool:
    return not _distinct()[1].isdisjoint(text)


def _converted(run: str) -> str:
    converter = _converter("t2s")
    whole: str = converter.convert(run)
    if len(whole) == len(run):
        return whole
    return "".join(single if len(single := converter.convert(c)) == 1 else c for c in run)


@lru_cache(maxsize=2)
def _converter(name: str) -> Any:
    import opencc

    return opencc.OpenCC(name)


@lru_cache(maxsize=1)
def _distinct() -> tuple[frozenset[str], frozenset[str]]:
    """The characters that are only Simplified, and those that are only Traditional.

    By OpenCC's tables and the character set of Big5: what that has (后, 台, 里) is in use in Traditional too.
    """
    plane = [chr(code) for code in (*range(0x3400, 0x4DC0), *range(0x4E00, 0xA000))]
    to_simplified, to_traditional = _converter("t2s"), _converter("s2t")
    # Converted one to a line, so that no phrase is made of neighbours.
    joined = "\n".join(plane)
    simple = to_simplified.convert(joined).split("\n")
    traditional = to_traditional.convert(joined).split("\n")
    only_traditional = {c for c, s in zip(plane, simple, strict=True) if s != c}
    only_simplified = {c for c, t in zip(plane, traditional, strict=True) if t != c and not c.encode("big5", "ignore")}
    return frozenset(only_simplified), frozenset(only_traditional)
