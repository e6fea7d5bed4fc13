"""The policy area of a claim: keywords of the clause first, then of its sentence, then of the document."""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from corpus.document import Lang

_CLAUSE, _SENTENCE, _TEXT, _HEADLINE = 1.0, 0.5, 1.0, 0.4
"""How much each part of a document says about the area of a clause."""

NO_TOPIC = frozenset({"PLACE", "PERSON", "ORG"})
"""Mentions whose words say nothing about a policy area: a province called after a lake, a union of students. Those of
agencies, offices and policies do."""

_WORD, _LETTER = re.compile(r"(?<!\w)\w"), re.compile(r"\w")
_BEGINNING: Mapping[Lang, int] = {"en": 2, "zh": 1}
"""Characters by which words are looked up: no English word is shorter."""


@cache
def area_words(lang: Lang) -> list[tuple[str, int, list[str]]]:
    """The areas, each with what its words count, and these: "$" at the end of an English one asks for the whole word."""
    return [
        (area, weight, row[kind][lang])
        for area, row in _rows().items()
        for kind, weight in (("strong", 3), ("words", 1))
    ]


Index = tuple[Mapping[str, Sequence[int]], Mapping[str, Sequence[tuple[int, bool]]]]


@cache
def _index(lang: Lang) -> Index:
    """The lengths of the words by what they begin with, longest first; and for each word the numbers of the `area_words` that
    it speaks for, and whether it must be a whole word there."""
    numbers: dict[str, list[tuple[int, bool]]] = {}
    for number, (_, _, words) in enumerate(area_words(lang)):
        for word in words:
            whole = lang == "en" and word.endswith("$")
            numbers.setdefault(word.removesuffix("$"), []).append((number, whole))
    lengths: dict[str, set[int]] = {}
    for word in numbers:
        lengths.setdefault(word[: _BEGINNING[lang]], set()).add(len(word))
    return {beginning: sorted(some, reverse=True) for beginning, some in lengths.items()}, numbers


def _found(text: str, lang: Lang) -> Iterator[tuple[int, int, str, int]]:
    """Start, end, area and weight of every word in a normalised text; of the words of one kind that overlap, the first,
    and of those that begin together, the longest."""
    kinds, (lengths, numbers), size = area_words(lang), _index(lang), _BEGINNING[lang]
    ends = [0] * len(kinds)
    starts = (match.start() for match in _WORD.finditer(text)) if lang == "en" else range(len(text))
    for at in starts:
        for length in lengths.get(text[at : at + size], ()):
            end = min(at + length, len(text))
            for number, whole in numbers.get(text[at:end], ()):
                if ends[number] <= at and not (whole and _LETTER.match(text, end)):
                    ends[number] = end
                    yield (at, end, *kinds[number][:2])


@cache
def _rows() -> dict[str, Any]:
    text = (resources.files("annotators") / "data" / "claims" / "areas.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def area_counts(text: str, lang: Lang) -> Counter[str]:
    """How strongly a normalised text speaks for each area; areas without a word are left out.

    >>> area_counts("subsidised rental apartments", "en").most_common(1)[0][0]
    'housing'
    >>> area_counts("推进疫苗接种", "zh").most_common(1)[0][0]
    'health'
    """
    return Areas.of(text, lang).between(0, len(text))


@dataclass(frozen=True, slots=True)
class Areas:
    """Where the words for the areas stand in a normalised text: the offset at which each begins, in order, and for each
    its end, its area and its weight."""

    starts: tuple[int, ...]
    words: tuple[tuple[int, str, int], ...]

    @classmethod
    def of(cls, text: str, lang: Lang) -> Areas:
        """The words of a normalised text, found in one pass; a word inside a longer one counts only as that: the
        migrant worker (农民工) is no farmer (农民)."""
        starts, words = [], []
        first = last = 0
        for start, end, area, weight in sorted(_found(text, lang), key=lambda word: (word[0], -word[1])):
            if end <= last and (start, end) != (first, last):
                continue
            starts.append(start)
            words.append((end, area, weight))
            first, last = start, end
        return cls(tuple(starts), tuple(words))

    def outside(self, spans: Iterable[tuple[int, int]]) -> Areas:
        """Without the words that lie in one of the stretches, which are in the order of the text, none over another.

        >>> Areas.of("the lake county housing office", "en").outside([(0, 15)]).between(0, 30)
        Counter({'housing': 3})
        """
        stretches = list(spans)
        begins = [start for start, _ in stretches]
        kept = []
        for start, word in zip(self.starts, self.words, strict=True):
            n = bisect_right(begins, start) - 1
            if n < 0 or word[0] > stretches[n][1]:
                kept.append((start, word))
        return Areas(tuple(start for start, _ in kept), tuple(word for _, word in kept))

    def between(self, start: int, end: int) -> Counter[str]:
        """How strongly a stretch speaks for each area; areas without a word are left out."""
        counts: Counter[str] = Counter()
        for n in range(bisect_left(self.starts, start), bisect_left(self.starts, end)):
            stop, area, weight = self.words[n]
            if stop <= end:
                counts[area] += weight
        return counts


def topic(plain: str, lang: Lang, areas: Areas | None = None) -> Counter[str]:
    """What a document is about: the shares of the areas in its text and, counted a little less, in its headline.

    The topics of the two versions of an article may be added. `plain` is the normalised text, `areas` the words of it
    where they are known.

    >>> topic("Rents\\nThe city builds rental apartments.", "en").most_common(1)[0][0]
    'housing'
    """
    areas = Areas.of(plain, lang) if areas is None else areas
    first = len(plain) - len(plain.lstrip())
    end = plain.find("\n", first)
    headline = areas.between(first, len(plain) if end < 0 else end)
    return _sum((areas.between(0, len(plain)), _TEXT), (headline, _HEADLINE))


def choose_area(clause: Counter[str], sentence: Counter[str], about: Counter[str]) -> str:
    """The area that a clause, its sentence and the topic of the document speak for; "" where none has a word.

    The document decides unless the clause is clear: an article is mostly about one area, and its clauses
    mention others in passing.
    """
    score = _sum((clause, _CLAUSE), (sentence, _SENTENCE))
    score.update(about)
    return min(score, key=lambda area: (-score[area], area)) if score else ""


def _sum(*parts: tuple[Counter[str], float]) -> Counter[str]:
    """The shares of the areas in several counts, weighted; few words count less than their share."""
    score: Counter[str] = Counter()
    for counts, weight in parts:
        total = sum(counts.values())
        for area, n in counts.items():
            score[area] += weight * n / total * min(1.0, total / 4)  # type: ignore[assignment]
    return score
