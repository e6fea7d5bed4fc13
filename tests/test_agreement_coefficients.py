"""The coefficients give the figures of the publications that define them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from math import isnan
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotators.agreement.coefficients import cohen, cohens_kappa, mirrored, of_ratings, one_against_rest, unitizing
from annotators.agreement.compare import CAP, span_counts
from annotators.agreement.units import Marks, Units, grouped
from corpus.document import Document, Segments, Token


@pytest.mark.parametrize(
    ("first", "second", "kappa"),
    [
        # Of 50, 20 are in by both, 15 out by both: 0.7 observed, 0.5 by chance.
        ([1] * 25 + [0] * 25, [1] * 20 + [0] * 5 + [1] * 10 + [0] * 15, 0.4),
        ([0, 1, 2], [0, 1, 2], 1.0),
        ([0, 1], [1, 0], -1.0),
    ],
)
def test_cohens_kappa(first: list[int], second: list[int], kappa: float) -> None:
    assert cohens_kappa(np.array(first), np.array(second)) == pytest.approx(kappa)


def test_what_is_not_defined_is_nan() -> None:
    assert isnan(cohens_kappa(np.array([0, 0, 0]), np.array([0, 0, 0])))
    assert isnan(cohens_kappa(np.array([]), np.array([])))
    assert isnan(of_ratings([["a", "a"]])["alpha"])
    assert isnan(of_ratings([["a", None]])["fleiss"])


def test_cohen_1960() -> None:
    """Cohen 1960, his example of 200 cases in three categories: κ is 0.492."""
    table = np.array([[88, 14, 18], [10, 40, 10], [2, 6, 12]])
    assert float(cohen(table)) == pytest.approx(0.492, abs=0.0005)


# Fleiss 1971, table 1 (as in Wikipedia's worked example of his κ): 10 subjects, 14 raters, 5 categories.
FLEISS = [
    *((0, 0, 0, 0, 14), (0, 2, 6, 4, 2), (0, 0, 3, 5, 6), (0, 3, 9, 2, 0), (2, 2, 8, 1, 1)),
    *((7, 7, 0, 0, 0), (3, 2, 6, 3, 0), (2, 5, 3, 2, 2), (6, 5, 2, 1, 0), (0, 2, 2, 3, 7)),
]


def test_fleiss() -> None:
    ratings = [[category for category, n in enumerate(row) for _ in range(n)] for row in FLEISS]
    assert of_ratings(ratings)["fleiss"] == pytest.approx(0.210, abs=0.0005)


A, B, C = "* * * * * 3 4 1 2 1 1 3 3 * 3", "1 * 2 1 3 3 4 3 * * * * * * *", "* * 2 1 3 4 4 * 2 1 1 3 3 * 4"
W, X = "1 2 3 3 2 1 4 1 2 * * *", "1 2 3 3 2 2 4 1 2 5 * 3"
Y, Z = "* 3 3 3 2 3 4 2 2 5 1 *", "1 2 3 3 2 4 4 1 2 5 1 *"


@pytest.mark.parametrize(("rows", "alpha"), [([A, B, C], 0.691), ([W, X, Y, Z], 0.743)])
def test_krippendorff_2011(rows: Sequence[str], alpha: float) -> None:
    """Krippendorff 2011, Computing Krippendorff's Alpha-Reliability, examples with missing data."""
    ratings = zip(*([None if v == "*" else v for v in row.split()] for row in rows), strict=True)
    assert of_ratings(list(ratings))["alpha"] == pytest.approx(alpha, abs=0.0005)


def u_alpha(annotators: Sequence[Sequence[tuple[int, int, int]]], length: int, *, place: bool = False) -> float:
    units = Units.of(Document("a", "", "zh", "字" * length), None)
    read = [Marks.of(marks, units).on_units(units) for marks in annotators]
    size = 4
    table, squares = np.zeros((size, size)), np.zeros(size)
    for (_, a, _), (_, b, _) in combinations(read, 2):
        np.add.at(table, (a, b), 1 / (len(read) - 1))
    for _, _, own in read:
        np.add.at(squares, own[:, 0], own[:, 1])
    table = mirrored(table)
    if place:
        table, squares = one_against_rest(table, 0), np.array([squares[0], squares[1:].sum()])
    return float(unitizing(table, squares))


def by_definition(annotators: Sequence[Sequence[tuple[int, int, int]]], length: int) -> float:
    """Equations 1 to 5 of Krippendorff and others 2016, segment by segment."""
    segments = []
    for marks in annotators:
        at, own = 0, []
        for start, end, code in sorted(marks):
            own += [(at, start, 0)] if at < start else []
            own.append((start, end, code))
            at = end
        segments.append(own + ([(at, length, 0)] if at < length else []))
    total = len(segments) * length
    agreed = 0.0
    for i, mine in enumerate(segments):
        for j, others in enumerate(segments):
            for s, e, c in mine:
                for t, f, k in others:
                    if i != j and c == k:
                        agreed += max(0, min(e, f) - max(s, t)) / (len(segments) - 1)
    codes = {c for own in segments for *_, c in own}
    margins = {c: sum(e - s for own in segments for s, e, k in own if k == c) for c in codes}
    same = {c: sum((e - s) ** (2 if c else 1) for own in segments for s, e, k in own if k == c) for c in codes}
    expected = sum(total * (margins[c] ** 2 - same[c]) for c in codes) / (total**2 - sum(same.values()))
    return 1 - (total - agreed) / (total - expected)


def test_unitizing_alpha() -> None:
    three = [[(2, 9, 1), (12, 15, 2), (30, 42, 1)], [(2, 7, 1), (12, 15, 1), (29, 42, 1), (45, 47, 2)]]
    three.append([(12, 15, 2), (30, 40, 1)])
    # The package krippendorff-unitized-alpha 0.1.0 says so, too, and of the other one 0.3983 and 0.5238.
    assert u_alpha(three, 50) == pytest.approx(0.6183751743)
    other = [[(2, 5, 1)], [(2, 5, 1), (10, 20, 2)], [(2, 5, 2), (15, 20, 2)]]
    assert u_alpha(other, 60) == pytest.approx(0.3982981424)
    assert u_alpha(other, 60, place=True) == pytest.approx(0.5238010446)
    random = Random(5)
    for _ in range(20):
        annotators = []
        for _ in range(random.randint(2, 4)):
            cuts = sorted(random.sample(range(41), 6))
            annotators.append([(cuts[n], cuts[n + 1], random.randint(1, 3)) for n in (0, 2, 4)])
        assert u_alpha(annotators, 40) == pytest.approx(by_definition(annotators, 40))


def test_adjacent_units_are_not_one() -> None:
    """Two annotators who cut one stretch differently: the characters are alike, what the units meet is not."""
    whole, halves = [[(0, 10, 1)], [(0, 10, 1)]], [[(0, 5, 1), (5, 10, 1)], [(0, 5, 1), (5, 10, 1)]]
    assert u_alpha(whole, 30) == u_alpha(halves, 30) == pytest.approx(1)
    assert u_alpha([[(0, 10, 1)], [(0, 8, 1)]], 30) != u_alpha([[(0, 5, 1), (5, 10, 1)], [(0, 8, 1)]], 30)


def test_units_are_words_and_characters() -> None:
    zh = Units.of(Document("a", "", "zh", "降息3次。\n😀 OK"), None)
    assert zh.starts.tolist() == [0, 1, 2, 3, 8, 9]
    text = "Rents fell, she's “sure”."
    segments = Segments("a", "", (), (Token(0, 5), Token(6, 10), Token(10, 11), Token(12, 15), Token(15, 17)))
    document = Document("a", "", "en", text)
    assert Units.of(document, segments).starts.tolist() == [0, 6, 12, 15]
    assert Units.of(document, None).starts.tolist() == [0, 6, 12, 19]
    assert Units.of(Document("a", "", "en", ""), None).starts.tolist() == []
    # A mark of part of a word has the word; of two that overlap the first, then the longer one.
    units = Units.of(document, segments)
    assert Marks.of([(7, 10, 1), (0, 5, 2), (0, 3, 1)], units).on_units(units)[0].tolist() == [2, 1, 0, 0]


def test_spans_of_several_are_grouped() -> None:
    assert grouped([[], [(0, 4)], []], 0.5) == [{1: 0}]


SPAN = st.tuples(st.integers(0, 20), st.integers(1, 8)).map(lambda pair: (pair[0], pair[0] + pair[1]))


MARK = st.tuples(SPAN, st.integers(1, 2)).map(lambda pair: (*pair[0], pair[1]))


@given(st.sets(MARK, max_size=6), st.sets(MARK, max_size=6))
def test_spans_are_counted_as_comparing_each_with_each_does(a: set[tuple[int, int, int]], b: set[Any]) -> None:
    units = Units.of(Document("a", "", "zh", "字" * 30), None)
    columns, numbers = span_counts(Marks.of(a, units), Marks.of(b, units))
    counted = dict(zip(columns.tolist(), numbers.tolist(), strict=True))
    for code in (1, 2):
        for own, others, at in ((a, b, (0, 3, 5)), (b, a, (1, 4, 6))):
            mine = [m for m in own if m[2] == code]
            met = [m for m in mine if any(o[2] == code and o[0] < m[1] and m[0] < o[1] for o in others)]
            placed = [m for m in mine if any(o[:2] == m[:2] for o in others)]
            assert [counted.get(code * CAP + n, 0) for n in at] == [len(mine), len(met), len(placed)]
        assert counted.get(code * CAP + 2, 0) == sum(m[2] == code for m in a & b)
