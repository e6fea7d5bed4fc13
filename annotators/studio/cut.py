"""Long articles are cut into parts, each a task of its own, at block borders where both versions can be cut.

A cut is a number of borders in each text. Where it is says the article alone (its texts, blocks and alignment), never what is
marked in it, so that a new pre-annotation finds the tasks of the one before.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from math import ceil
from typing import Any

from annotators.repeats import Shown, shown_text
from corpus.document import LANGUAGES, Bead, Document, Group, Item, Lang
from corpus.errors import StaleTextError

TASK_LENGTH = 6000
"""Characters of an English text above which an article becomes several tasks, where hemu.toml says nothing else."""

CHINESE = 3
"""How many English characters say what one Chinese character does."""

Border = tuple[int, ...]
"""Where each text of a group is cut, in the order of the group's languages."""

_LINES = re.compile(r"\n\s*")


@dataclass(frozen=True, slots=True)
class Part:
    """One part of an article: its number (from 1) among `of`, and where each text is cut.

    >>> part = Part(2, 3, {"en": (10, 20)})
    >>> part.name, part.stretch("en", 25), part.stretch("zh", 9)
    ('2 of 3', (10, 20), (0, 9))
    """

    number: int
    of: int
    borders: Mapping[Lang, tuple[int, ...]]

    @property
    def name(self) -> str:
        return f"{self.number} of {self.of}"

    def stretch(self, lang: Lang, length: int) -> tuple[int, int]:
        """Its stretch of the text of that language, which has `length` characters."""
        if lang not in self.borders:
            return 0, length
        edges = (0, *self.borders[lang], length)
        return edges[self.number - 1], edges[self.number]

    def data(self) -> dict[str, str]:
        """What a task says of its part."""
        return {"part": self.name, **{f"cut_{lang}": " ".join(map(str, at)) for lang, at in self.borders.items()}}

    def shown(self, document: Document) -> Shown:
        """What of a document annotators see in this part."""
        start, end = self.stretch(document.lang, len(document.text))
        inside = ((max(a, start), min(b, end)) for a, b in shown_text(document).pieces)
        return Shown.of(document.text, [(a, b) for a, b in inside if a < b])


def part_of(data: Mapping[str, Any]) -> Part | None:
    """The part that a task holds, None where it holds a whole article. StaleTextError where what it says is no part.

    >>> part_of({"part": "1 of 2", "cut_zh": "40"})
    Part(number=1, of=2, borders={'zh': (40,)})
    """
    said = data.get("part")
    if not said:
        return None
    try:
        number, of = map(int, str(said).split(" of "))
        borders: dict[Lang, tuple[int, ...]] = {
            lang: tuple(map(int, str(data[f"cut_{lang}"]).split())) for lang in LANGUAGES if f"cut_{lang}" in data
        }
    except ValueError:
        raise StaleTextError(f"the task says that it is part {said!r} of an article") from None
    fits = all(len(at) == of - 1 and list(at) == sorted(set(at)) and at[:1] > (0,) for at in borders.values())
    if not 1 <= number <= of or of < 2 or not borders or not fits:
        raise StaleTextError(f"the task says that it is part {said!r} of an article, cut where that cannot be")
    return Part(number, of, borders)


def cut_name(part: Part) -> str:
    """Where the article of a part is cut, the same for all its parts.

    >>> cut_name(Part(1, 2, {"en": (10,), "zh": (4,)}))
    'en 10, zh 4'
    """
    return ", ".join(f"{lang} {' '.join(map(str, at))}" for lang, at in sorted(part.borders.items()))


def all_parts(borders: Mapping[Lang, tuple[int, ...]]) -> list[Part]:
    """The parts that these borders make."""
    of = 1 + len(next(iter(borders.values())))
    return [Part(number, of, borders) for number in range(1, of + 1)]


def parts_of(group: Group, limit: int = TASK_LENGTH) -> list[Part]:
    """The parts of an article of more than `limit` English characters, or as much in Chinese; none where it is not longer.

    They are about equally long. It stays whole, however long, where there is no border to cut at: between blocks (lines, where
    no blocks are known), in no sentence, and for two versions between the same sentences in both.
    """
    items = sorted(group.items, key=lambda item: item.document.lang)
    sizes = [_size(item.document.lang, len(shown_text(item.document).text)) for item in items]
    if limit < 1 or max(sizes, default=0) <= limit:
        return []
    found = _borders(items, group.beads)
    best: list[Border] = []
    least = float("inf")
    few = ceil(max(sizes) / limit)
    for count in range(few, min(2 * few, len(found) + 1) + 1):
        chosen = _chosen(items, found, count)
        longest = _longest(items, chosen)
        if longest < least:
            best, least = chosen, longest
        if least <= limit:
            break
    if not best:
        return []
    return all_parts({item.document.lang: tuple(border[i] for border in best) for i, item in enumerate(items)})


def _size(lang: Lang, characters: int) -> int:
    return characters * CHINESE if lang == "zh" else characters


def _chosen(items: Sequence[Item], borders: Sequence[Border], count: int) -> list[Border]:
    """The borders nearest to those of `count` parts of the same length."""
    lengths = [len(item.document.text) for item in items]
    where = [sum(at / length for at, length in zip(b, lengths, strict=True)) / len(items) for b in borders]
    chosen: list[int] = []
    for number in range(1, count):
        target = number / count
        right = bisect_left(where, target)
        near = [at for at in (right - 1, right) if 0 <= at < len(where)]
        if near:
            chosen.append(min(near, key=lambda at: abs(where[at] - target)))
    return [borders[at] for at in sorted(set(chosen))]


def _longest(items: Sequence[Item], borders: Sequence[Border]) -> float:
    """The size of the longest part; infinite where there is none, or one without any text."""
    longest = 0
    for i, item in enumerate(items):
        text, lang = item.document.text, item.document.lang
        edges = [0, *(border[i] for border in borders), len(text)]
        pieces = shown_text(item.document).pieces
        for start, end in pairwise(edges):
            words = "".join(text[max(a, start) : min(b, end)] for a, b in pieces if a < end and start < b)
            if not words.strip() or not borders:
                return float("inf")
            longest = max(longest, _size(lang, len(words)))
    return longest


def _borders(items: Sequence[Item], beads: Sequence[Bead]) -> list[Border]:
    """Where the texts can be cut, in order."""
    own = [_own_borders(item) for item in items]
    if len(items) == 1:
        return [(at,) for at in own[0]]
    found: list[Border] = []
    for spaces in _gaps(items, beads):
        inside = [
            at[bisect_left(at, low) : bisect_right(at, high)] for at, (low, high) in zip(own, spaces, strict=True)
        ]
        if all(inside):
            border = tuple(at[0] for at in inside)
            if not found or all(b > a for a, b in zip(found[-1], border, strict=True)):
                found.append(border)
    return found


def _own_borders(item: Item) -> list[int]:
    text = item.document.text
    starts = {block.start for block in item.document.blocks} or {found.end() for found in _LINES.finditer(text)}
    sentences = sorted(item.segments.sentences)
    begins = [start for start, _ in sentences]
    kept = []
    for at in sorted(starts):
        before = bisect_left(begins, at) - 1
        if 0 < at < len(text) and not (before >= 0 and sentences[before][1] > at):
            kept.append(at)
    return kept


def _gaps(items: Sequence[Item], beads: Sequence[Bead]) -> Iterator[list[tuple[int, int]]]:
    """Between which offsets each text lies open, after each bead that leaves all before it on one side of the cut."""
    sides = [[bead.en if item.document.lang == "en" else bead.zh for bead in beads] for item in items]
    ends = [list(accumulate((max((e for _, e in s), default=0) for s in side), max)) for side in sides]
    lengths = [len(item.document.text) for item in items]
    starts = [
        list(accumulate((min((a for a, _ in s), default=length) for s in reversed(side)), min))[::-1]
        for side, length in zip(sides, lengths, strict=True)
    ]
    for at in range(1, len(beads)):
        spaces = [(end[at - 1], start[at]) for end, start in zip(ends, starts, strict=True)]
        if all(low <= high for low, high in spaces):
            yield spaces
