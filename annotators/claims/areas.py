"""The policy area of a claim: keywords of the clause first, then of its sentence, then of the document."""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from annotators.claims.starting import Starting
from corpus.document import Lang

_CLAUSE, _SENTENCE, _TEXT, _HEADLINE = 1.0, 0.4, 1.0, 0.6
"""How much each part of a document says about the area of a clause."""

Table = Mapping[str, tuple[re.Pattern[str], re.Pattern[str]]]


@cache
def area_table(lang: Lang) -> Table:
    """Area → (strong words, other words) as patterns over normalised text."""
    return {
        area: (_pattern(row["strong"][lang], lang), _pattern(row["words"][lang], lang)) for area, row in _rows().items()
    }


@cache
def _kinds(lang: Lang) -> list[tuple[str, int, re.Pattern[str]]]:
    """The areas, each with what its words count, and these."""
    return [
        (area, weight, pattern)
        for area, patterns in area_table(lang).items()
        for pattern, weight in zip(patterns, (3, 1), strict=True)
    ]


@cache
def _english() -> Starting:
    words = [row[kind]["en"] for row in _rows().values() for kind in ("strong", "words")]
    return Starting([pattern for *_, pattern in _kinds("en")], [frozenset(word[:2] for word in some) for some in words])


@cache
def _rows() -> dict[str, Any]:
    text = (resources.files("annotators") / "data" / "claims" / "areas.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def _pattern(words: list[str], lang: Lang) -> re.Pattern[str]:
    longest_first = sorted(words, key=len, reverse=True)
    if lang == "zh":
        return re.compile("|".join(map(re.escape, longest_first)))
    return re.compile(
        r"(?<!\w)(?:"
        + "|".join(re.escape(w[:-1]) + r"(?!\w)" if w.endswith("$") else re.escape(w) for w in longest_first)
        + ")"
    )


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
        """The words of a normalised text, found in one pass."""
        kinds = _kinds(lang)
        if lang == "en":
            found = [(start, end, *kinds[number][:2]) for number, start, end in _english().find(text)]
        else:
            found = [
                (match.start(), match.end(), area, weight)
                for area, weight, pattern in kinds
                for match in pattern.finditer(text)
            ]
        found.sort()
        return cls(tuple(start for start, *_ in found), tuple((end, area, n) for _, end, area, n in found))

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
