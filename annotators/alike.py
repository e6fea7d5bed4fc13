"""How far an English name and a Chinese one are alike: by sound, and by what their words mean."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import product

from corpus.align.lexicon import chinese_words, english_words, glosses, spread, stem

_WORD = re.compile(r"[a-z]+")
_HAN_ONLY = re.compile(r"[^\u3400-\u9fff]+")

_ENGLISH_KIND = re.compile(
    r"\b(?:City|County|Province|District|Village|Town|Township|Prefecture|Autonomous|Region|Municipality|New Area|Banner"
    r"|River|Lake|Mountain|Island|Street|Road|Subdistrict|Community)\b"
)
_CHINESE_KIND = re.compile(r"(?:自治[区州县]|新区|街道|社区|[省市县区州盟旗村镇乡江河湖山岛路街])$")


@lru_cache(maxsize=8192)
def sounds_alike(english: str, chinese: str) -> float:
    """How far the Chinese name read aloud is like the English one: 1 for its pinyin, less for a transliteration.

    >>> sounds_alike("Digang Village", "荻港村")
    1.0
    """
    letters = re.sub(r"[^a-z]", "", _ENGLISH_KIND.sub("", english).lower().replace("ü", "v"))
    if not letters:
        return 0.0
    name = chinese if len(chinese) < 3 else _CHINESE_KIND.sub("", chinese)
    syllables = _syllables(re.sub(r"[^\u3400-\u9fff]", "", name))
    if not syllables:
        return 0.0
    for readings in _few(syllables):
        # The surname comes first in pinyin, and last in names written the Western way.
        orders = ["".join(readings), "".join(readings[1:]) + readings[0], "".join(readings[2:]) + "".join(readings[:2])]
        if letters in orders:
            return 1.0
    if len(syllables) <= 3 and letters in syllables[0]:
        return 0.75
    heard = _skeleton("".join(readings[0] for readings in syllables))
    return SequenceMatcher(None, _skeleton(letters), heard, autojunk=False).ratio()


def _few(syllables: Sequence[tuple[str, ...]]) -> Iterator[tuple[str, ...]]:
    """The ways to read a name of at most four characters, at most three readings each."""
    if len(syllables) <= 4:
        yield from product(*(readings[:3] for readings in syllables))
    else:
        yield tuple(readings[0] for readings in syllables)


@lru_cache(maxsize=8192)
def _syllables(name: str) -> tuple[tuple[str, ...], ...]:
    from pypinyin import Style, pinyin

    found = pinyin(name, style=Style.NORMAL, heteronym=True, errors="ignore")
    return tuple(tuple(re.sub(r"[^a-z]", "", reading.replace("ü", "v")) for reading in readings) for readings in found)


# What Chinese hears as one sound: a rough skeleton in which a name and its transliteration meet.
_SOUNDS = [
    (re.compile(pattern), sound)
    for pattern, sound in (
        ("sch|sh|zh|ch|tch|cz|sz|ts|tz|x|q|j|z|c(?=[ei])", "s"),
        ("ph|v|w|hu(?=[aeio])", "f"),
        ("ck|c|g|kh|h", "k"),
        ("b", "p"),
        ("d|th", "t"),
        ("r|er", "l"),
        ("n|m|ng", "n"),
        ("[aeiouy]+", "a"),
        (r"(.)\1+", r"\1"),
    )
]


def _skeleton(name: str) -> str:
    for pattern, sound in _SOUNDS:
        name = pattern.sub(sound, name)
    return name


@lru_cache(maxsize=16384)
def means_alike(english: str, chinese: str) -> float:
    """How far two names are word for word translations, by the dictionary and by sound: from 0 to 1.

    It is the harmonic mean of what is translated of either; a word that translates many counts for less.

    >>> means_alike("Modern Lantern Museum", "现代灯笼博物馆") > 0.9 > 0.2 > means_alike("Tea Society", "现代灯笼博物馆")
    True
    """
    words, theirs = dict.fromkeys(english_words(english)), _words(chinese)
    if not words or not theirs:
        return 0.0
    aloud = _aloud(chinese)
    spoken = {stem(word): aloud[word] for word in _WORD.findall(english.lower()) if word in aloud}
    heard = set("".join(spoken.values()))
    meanings = {word: _beginnings(word) for word, _ in theirs}
    said = frozenset().union(*meanings.values())
    ours = {word[:_BEGINNING] for word in words}
    weights = {word: 1.0 / (1.0 + 0.15 * math.log1p(spread()[word])) for word in words}
    left = sum(w for word, w in weights.items() if word in spoken or word[:_BEGINNING] in said) / sum(weights.values())
    total = sum(weight for _, weight in theirs)
    right = sum(w for word, w in theirs if meanings[word] & ours or set(word) <= heard) / total
    return 2 * left * right / (left + right) if left and right else 0.0


@lru_cache(maxsize=8192)
def _aloud(chinese: str) -> dict[str, str]:
    """What is heard where two to four characters are read, or a long one, and the characters."""
    name = _HAN_ONLY.sub("", chinese)[:_LONGEST]
    syllables = _syllables(name)
    found: dict[str, str] = {}
    if len(syllables) == len(name):
        for start in range(len(name)):
            for end in range(start + 1, min(start + 4, len(name)) + 1):
                for readings in product(*(some[:2] for some in syllables[start:end])):
                    heard = "".join(readings)
                    if len(heard) > 3:
                        found.setdefault(heard, name[start:end])
    return found


# What is longer is no name.
_LONGEST = 40

# Words with as many letters in common at their beginning are taken for forms of one (province, provincial).
_BEGINNING = 5


@lru_cache(maxsize=16384)
def _words(chinese: str) -> tuple[tuple[str, float], ...]:
    return tuple((word, min(len(word), 3.0)) for word in chinese_words(chinese))


@lru_cache(maxsize=16384)
def _beginnings(word: str) -> frozenset[str]:
    return frozenset(stem[:_BEGINNING] for stem in glosses(word))
