"""Shingles: a text as the set of its short runs of words or characters, by which copies and updates are recognised.

Units are words, and single Han characters; what differs only in writing is folded: case, punctuation, white space, full
and half width, Traditional and Simplified characters. A shingle is a run of 5 units of a Chinese text, of 3 of an English
one (Broder, 1997, "On the resemblance and containment of documents"), here as a number of 64 bits.

A fingerprint is a sample of a text's shingles, chosen by winnowing (Schleimer, Wilkerson and Aiken, 2003, "Winnowing:
local algorithms for document fingerprinting"): of every 16 shingles in a row the least. Two texts that share a run of 16
shingles share a fingerprint, however much stands around it: so a short copy is found in a long article too, which
samples of the whole set (MinHash) miss.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from corpus.document import Document, Lang
from corpus.language import HAN
from corpus.script import simplified

Hashes = NDArray[np.uint64]

RUN = {"en": 3, "zh": 5}
"""How many units a shingle has."""

WINDOW = 16
"""Of so many shingles in a row one at least is in the fingerprint."""

# Paragraphs that are not the story's: the same ones stand under very different articles.
_APART = frozenset(["boilerplate", "related-link", "byline"])
# A shorter paragraph (a heading, "(Xinhua)") says nothing about where it is from.
_PARAGRAPH_MIN = 10

_UNIT = re.compile(rf"[{HAN}]|[^\W_{HAN}]+")
_STEP = np.uint64(0x9E3779B97F4A7C15)
_MIX = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))
_NONE: Hashes = np.zeros(0, np.uint64)


def units(text: str) -> list[str]:
    """The words and Han characters of a text, folded.

    >>> units("Visa在深圳簽約，投資3.5億元")
    ['visa', '在', '深', '圳', '签', '约', '投', '资', '3', '5', '亿', '元']
    """
    return _UNIT.findall(unicodedata.normalize("NFKC", simplified(text)).casefold())


def shingles(words: Sequence[str], lang: Lang) -> Hashes:
    """One number for each run of units, in the order of the text; for a text that is shorter than a run, one for all."""
    if not words:
        return _NONE
    each: Hashes = np.fromiter(map(_number, words), np.uint64, len(words))
    size = min(RUN[lang], len(each))
    total: Hashes = np.zeros(len(each) - size + 1, np.uint64)
    for at in range(size):
        total = total * _STEP + each[at : len(each) - size + 1 + at]
    return _mixed(total)


def fingerprint(hashes: Hashes) -> NDArray[np.uint32]:
    """The sample of these shingles that winnowing chooses: each once, in ascending order, its upper 32 bits.

    >>> words = units("the quick brown fox jumps over the lazy dog and runs into the dark wood behind the old mill")
    >>> shared = set(fingerprint(shingles(words, "en"))) & set(fingerprint(shingles(["yesterday", *words], "en")))
    >>> len(shared) > 0
    True
    """
    if len(hashes) <= WINDOW:
        chosen = hashes.min(keepdims=True) if len(hashes) else hashes
    else:
        chosen = np.lib.stride_tricks.sliding_window_view(hashes, WINDOW).min(axis=1)
    return np.unique((chosen >> np.uint64(32)).astype(np.uint32))


@dataclass(frozen=True, slots=True, eq=False)
class Sketch:
    """What is kept of a document to find its copies.

    `whole` stands for the folded text as a whole: equal ones are the same text (0: a text without a word is like no
    other). `paragraphs` has a row for each paragraph of some length: its hash, and the least of its shingles.
    """

    whole: int
    fingerprint: NDArray[np.uint32]
    paragraphs: Hashes


def sketch(document: Document) -> Sketch:
    """The sketch of a document; what is no part of the story (boilerplate, links, bylines) is left out."""
    parts = _parts(document)
    rows = [
        (_whole(words), int(shingles(words, document.lang).min())) for words in parts if len(words) >= _PARAGRAPH_MIN
    ]
    words = [word for part in parts for word in part]
    paragraphs = np.array(rows, np.uint64).reshape(-1, 2)
    return Sketch(_whole(words) if words else 0, fingerprint(shingles(words, document.lang)), paragraphs)


def shingle_set(document: Document, without: frozenset[int] = frozenset()) -> Hashes:
    """The different shingles of a document in ascending order, leaving out the paragraphs whose hash is in `without`.

    Where nothing would be left, nothing is left out.
    """
    parts = _parts(document)
    kept = [part for part in parts if len(part) < _PARAGRAPH_MIN or _whole(part) not in without] if without else parts
    words = [word for part in kept for word in part] or [word for part in parts for word in part]
    return np.unique(shingles(words, document.lang))


def _parts(document: Document) -> list[list[str]]:
    """The units of each paragraph of the story."""
    story = [block for block in document.blocks if block.kind not in _APART]
    parts = [found for block in story if (found := units(document.text[block.start : block.end]))]
    return parts or [units(document.text)]


def _whole(words: Sequence[str]) -> int:
    return int.from_bytes(hashlib.blake2b(" ".join(words).encode("utf-8", "replace"), digest_size=8).digest(), "big")


@lru_cache(maxsize=1 << 17)
def _number(word: str) -> int:
    return int.from_bytes(hashlib.blake2b(word.encode("utf-8", "replace"), digest_size=8).digest(), "big")


def _mixed(values: Hashes) -> Hashes:
    """Each number with its bits mixed (the finaliser of SplitMix64; Steele, Lea and Flood, 2014)."""
    values = (values ^ (values >> np.uint64(30))) * _MIX[0]
    values = (values ^ (values >> np.uint64(27))) * _MIX[1]
    return values ^ (values >> np.uint64(31))
