"""How likely each proposed entity is right: features of a candidate, and a regression whose weights are data
(`data/entity_weights.json`, made by scripts/fit_entity_weights.py: numbers by feature name, no text)."""

from __future__ import annotations

import hashlib
import json
import math
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from annotators.projection import Counterparts
from corpus.document import Document, Entity, Lang

Row = dict[str, float]
Mark = tuple[int, int, str]

_PEOPLE = ("OFFICIAL", "PERSON")
_LATIN = re.compile(r"[A-Za-z]")
_DIGIT = re.compile(r"\d")
_OPENING = "\"“‘'(（《「『[【"


@dataclass(frozen=True, slots=True)
class Table:
    """The regression for one language and set of sources.

    `fast`: for reading without models (`annotators.light`), where the same sources are less sure. `decide`: the regression
    chooses the spans, those that are likelier than `threshold`; else the priorities choose, and it only gives the scores.
    `bins` are the points of the curve from what the regression says of a span to the score, both rising: the score is the
    share of such spans that was right in gold.
    """

    sources: frozenset[str]
    fast: bool
    decide: bool
    threshold: float
    weights: Mapping[str, float]
    bins: tuple[tuple[float, float], ...]

    def probability(self, row: Row) -> float:
        """What the regression says of a candidate, 0 to 1."""
        z = sum(self.weights.get(name, 0.0) * value for name, value in row.items())
        return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, z))))

    def score(self, probability: float) -> float:
        """The calibrated score: between the points of the curve in a straight line."""
        if not self.bins:
            return round(probability, 3)
        if probability <= self.bins[0][0]:
            return round(self.bins[0][1], 3)
        for (low, left), (high, right) in zip(self.bins, self.bins[1:], strict=False):
            if probability <= high:
                return round(left + (right - left) * (probability - low) / (high - low), 3)
        return round(self.bins[-1][1], 3)


Tables = Sequence[tuple[Lang, Table]]


@cache
def _text() -> str:
    path = resources.files("annotators") / "data" / "entity_weights.json"
    return path.read_text(encoding="utf-8") if path.is_file() else '{"tables": []}'


@cache
def shipped() -> Tables:
    """The tables that come with the package, those with the most sources first."""
    return tables_of(json.loads(_text()))


def digest() -> str:
    """Changes with the shipped weights."""
    return hashlib.sha256(_text().encode()).hexdigest()[:8]


def tables_of(data: Mapping[str, Any]) -> Tables:
    """The tables in the form of the data file."""
    found: list[tuple[Lang, Table]] = [
        (
            row["lang"],
            Table(
                frozenset(row["sources"]),
                row["fast"],
                row["decide"],
                row["threshold"],
                row["weights"],
                tuple((low, share) for low, share in row["bins"]),
            ),
        )
        for row in data["tables"]
    ]
    return tuple(sorted(found, key=lambda pair: (-len(pair[1].sources), pair[0])))


def table_for(lang: Lang, sources: frozenset[str], tables: Tables) -> Table | None:
    """The table for a run in which these sources take part; None where none was fitted on a part of them.

    A table needs all of its sources: that one of them says nothing of a span counts as evidence.
    """
    return next((table for key, table in tables if key == lang and table.sources <= sources), None)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A span with a label that may be right, and its features."""

    start: int
    end: int
    label: str
    row: Row

    @property
    def mark(self) -> Mark:
        return self.start, self.end, self.label


def candidates(
    document: Document,
    proposed: Sequence[Entity],
    base: Sequence[Entity],
    other: Counterparts | None = None,
) -> list[Candidate]:
    """What may be right in a document, in text order.

    `proposed` are the entities of all layers, `base` those that the priorities choose. `other` is the other version
    as seen from this one, where there is one.
    """
    view = _View(document, proposed, base, other)
    return [Candidate(*mark, view.features(mark)) for mark in sorted(view.marks)]


class _Index:
    """Looks up the marks that may overlap a stretch."""

    def __init__(self, marks: Sequence[tuple[int, int, str, str]]) -> None:
        self.marks = sorted(marks)
        self.starts = [mark[0] for mark in self.marks]
        self.longest = max((mark[1] - mark[0] for mark in self.marks), default=0)

    def over(self, start: int, end: int) -> list[tuple[int, int, str, str]]:
        first = bisect_left(self.starts, start - self.longest)
        return [m for m in self.marks[first : bisect_left(self.starts, end)] if m[1] > start]


class _View:
    """One document with what is proposed in it, as the features look at it."""

    def __init__(
        self,
        document: Document,
        proposed: Sequence[Entity],
        base: Sequence[Entity],
        other: Counterparts | None,
    ) -> None:
        self.text, self.lang = document.text, document.lang
        self.other = other
        self.base = {(e.start, e.end): e.label for e in base}
        self.sources = sorted({e.source for e in proposed})
        self.marks = {(e.start, e.end, e.label) for e in (*proposed, *base)}
        self.scores = {(e.source, e.start, e.end, e.label): e.score for e in proposed}
        self.index = _Index([(e.start, e.end, e.label, e.source) for e in proposed])
        self.chosen = _Index([(e.start, e.end, e.label, "") for e in base])
        spans = {(e.start, e.end) for e in base}
        self.surfaces = Counter(self.text[a:b] for a, b in spans)
        self.labels = Counter((e.span.surface, e.label) for e in base)
        self.occurs: dict[str, int] = {}
        newline = self.text.find("\n")
        self.headline = newline if newline >= 0 else len(self.text)

    def features(self, mark: Mark) -> Row:
        start, end, label = mark
        surface = self.text[start:end]
        row: Row = {"bias": 1.0, f"label:{label}": 1.0}
        self._choice(row, mark)
        self._proposals(row, mark)
        self._shape(row, mark, surface)
        self._elsewhere(row, mark, surface)
        if self.other is not None:
            self._across(row, mark, surface, self.other)
        return row

    def _across(self, row: Row, mark: Mark, surface: str, other: Counterparts) -> None:
        """Whether the other version has it too."""
        start, end, label = mark
        linked = other.linked.get((start, end))
        if linked is not None:
            same = linked[0].label == label
            name = "same" if same else "other"
            row[f"partner:{name}"] = 1.0
            row[f"partner:{name}|{label}"] = 1.0
            row["partner:sure"] = float(same and linked[1] >= 0.9)
            if not same:
                row[f"partner:{linked[0].label}|{label}"] = 1.0
            return
        there = other.across(start, end)
        name = "unaligned" if there is None else "none"
        row[f"partner:{name}"] = 1.0
        row[f"partner:{name}|{label}"] = 1.0
        if there is not None:
            free = other.free(start, end) or []
            row["partner:full"] = float(not free)
            row["partner:free"] = float(any(e.label == label for e in free))
        if self.surfaces[surface]:
            row["again:linked"] = min(1.0, other.surfaces[surface] / self.surfaces[surface])

    def _choice(self, row: Row, mark: Mark) -> None:
        """What the priorities chose here."""
        start, end, label = mark
        chosen = self.base.get((start, end))
        if chosen == label:
            row["base"] = 1.0
            row[f"base|{label}"] = 1.0
        elif chosen is not None:
            row["base:label"] = 1.0
        else:
            over = self.chosen.over(start, end)
            row[f"base:{_relation(mark, over[0]) if over else 'free'}"] = 1.0

    def _proposals(self, row: Row, mark: Mark) -> None:
        """Which sources propose it, and what the others have here instead."""
        start, end, label = mark
        over: dict[str, list[tuple[int, int, str, str]]] = {}
        for other in self.index.over(start, end):
            over.setdefault(other[3], []).append(other)
        exact = []
        for source in self.sources:
            here = over.get(source, [])
            score = self.scores.get((source, start, end, label))
            if score is not None:
                exact.append(source)
                row[f"{source}"] = 1.0
                row[f"{source}|{label}"] = 1.0
                row[f"{source}@{score:.1f}"] = 1.0
            elif not here:
                row[f"{source}:silent"] = 1.0
                row[f"{source}:silent|{label}"] = 1.0
            else:
                row[f"{source}:{_relation(mark, here[0])}"] = 1.0
        row[f"by:{'+'.join(exact)}"] = 1.0
        row[f"by:{'+'.join(exact)}|{label}"] = 1.0

    def _shape(self, row: Row, mark: Mark, surface: str) -> None:
        start, end, label = mark
        before = self.text[start - 1 : start]
        after = self.text[end : end + 1]
        size = len(surface) if self.lang == "zh" else surface.count(" ") + 1
        row[f"size:{min(size, 6)}"] = 1.0
        row[f"size:{min(size, 4)}|{label}"] = 1.0
        row["digit"] = float(bool(_DIGIT.search(surface)))
        row["headline"] = float(end <= self.headline)
        row["quoted"] = float(bool(before) and before in _OPENING)
        if self.lang == "zh":
            row["latin"] = float(bool(_LATIN.search(surface)))
            row["then:name"] = float("\u4e00" <= after <= "\u9fff")
        else:
            row["capitals"] = float(surface.isupper())
            row[f"capitals|{label}"] = row["capitals"]
            row["small"] = float(not surface[:1].isupper())
            row["hyphen"] = float("-" in surface or before == "-" or after == "-")
            row["the"] = float(self.text[max(0, start - 4) : start].lower() == "the ")
            row["first"] = float(before in ("", "\n") or self.text[max(0, start - 2) : start - 1] in (*".?!", "”"))
            row["then:name"] = float(after == " " and self.text[end + 1 : end + 2].isupper())
            previous = self.text[max(0, start - 20) : start].rstrip(" ").rsplit(" ", 1)[-1]
            row["after:name"] = float(before == " " and previous[:1].isupper() and not row["first"])

    def _elsewhere(self, row: Row, mark: Mark, surface: str) -> None:
        """Whether the document has the same words marked in other places, and how."""
        label = mark[2]
        here = self.base.get(mark[:2])
        others = self.surfaces[surface] - (here is not None)
        same = self.labels[surface, label] - (here == label)
        if surface not in self.occurs:
            self.occurs[surface] = self.text.count(surface)
        row["again"] = min(1.0, (self.occurs[surface] - 1) / 3)
        if self.occurs[surface] > 1:
            row["again:marked"] = others / (self.occurs[surface] - 1)
        row["again:same"] = float(same > 0)
        row["again:other"] = float(others > same)
        if label in _PEOPLE:
            row["again:official"] = float(self.labels[surface, "OFFICIAL"] > (here == "OFFICIAL"))
            row[f"again:official|{label}"] = row["again:official"]


def _relation(mark: Sequence[Any], other: Sequence[Any]) -> str:
    """How another span that overlaps a mark lies to it."""
    (start, end), (low, high) = mark[:2], other[:2]
    if (start, end) == (low, high):
        return "label"
    if low <= start and end <= high:
        return "longer"
    return "shorter" if start <= low and high <= end else "crossing"


def best_set(scored: Sequence[tuple[Mark, float]]) -> list[Mark]:
    """Of marks with gains, those that overlap nowhere and gain most together; in text order.

    Weighted interval scheduling (Kleinberg and Tardos, Algorithm Design, 6.1), in n log n.

    >>> best_set([((0, 4, "ORG"), 0.5), ((0, 2, "PLACE"), 0.3), ((2, 4, "FIRM"), 0.3), ((5, 6, "PLACE"), -0.1)])
    [(0, 2, 'PLACE'), (2, 4, 'FIRM')]
    """
    ordered = sorted((m for m in scored if m[1] > 0), key=lambda m: (m[0][1], m[0][0], -m[1], m[0][2]))
    ends = [mark[1] for mark, _ in ordered]
    best = [0.0]
    before = []
    for n, (mark, gain) in enumerate(ordered):
        before.append(bisect_left(ends, mark[0] + 1, 0, n))
        best.append(max(best[-1], best[before[-1]] + gain))
    chosen: list[Mark] = []
    n = len(ordered)
    while n:
        if best[n] > best[n - 1]:
            chosen.append(ordered[n - 1][0])
            n = before[n - 1]
        else:
            n -= 1
    return chosen[::-1]
