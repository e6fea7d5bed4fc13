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
    only_simplified, only_traditional = _only_simplified(), _only_traditional()
    hans = sum(character in only_simplified for character in text)
    hant = sum(character in only_traditional for character in text)
    return "" if hans == hant else "hans" if hans > hant else "hant"


def _has_traditional(text: str) -> bool:
    return not _only_traditional().isdisjoint(text)


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


# Converted one to a line, so that no phrase is made of neighbours.
_PLANE = "\n".join(chr(code) for code in (*range(0x3400, 0x4DC0), *range(0x4E00, 0xA000)))


def _unlike(name: str) -> frozenset[str]:
    return frozenset(
        c for c, other in zip(_PLANE[::2], _converter(name).convert(_PLANE).split("\n"), strict=True) if other != c
    )


@lru_cache(maxsize=1)
def _only_traditional() -> frozenset[str]:
    """The characters that are only Traditional, by OpenCC's tables."""
    return _unlike("t2s")


@lru_cache(maxsize=1)
def _only_simplified() -> frozenset[str]:
    """The characters that are only Simplified.

    By OpenCC's tables and the character set of Big5: what that has (后, 台, 里) is in use in Traditional too.
    """
    return frozenset(c for c in _unlike("s2t") if not c.encode("big5", "ignore"))
