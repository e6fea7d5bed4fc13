"""The dynamic programme: of all ways to pair up the sentences of two texts in order, the best; and how sure it is.

The way of Gale and Church (1993), here as a log-linear model over whole alignments: the probability of a bead is the
share of all ways, weighed by their scores, that have it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
Shape = tuple[int, int]

SHAPES: tuple[Shape, ...] = (
    *((1, 1), (1, 2), (2, 1), (1, 3), (3, 1), (1, 4), (4, 1), (1, 5), (5, 1), (1, 6), (6, 1)),
    *((2, 2), (2, 3), (3, 2), (3, 3), (2, 4), (4, 2)),
)
"""Sentences of English and of Chinese in a bead; beside these, one sentence alone on either side."""

MOST = max(max(shape) for shape in SHAPES)
"""At most so many sentences on one side of a bead."""


@dataclass(frozen=True, slots=True)
class Step:
    """A bead by index: English sentences `en` to `en + n_en`, Chinese ones likewise."""

    en: int
    n_en: int
    zh: int
    n_zh: int
    score: float


@dataclass(frozen=True, slots=True)
class Scores:
    """What each bead scores: for each shape a matrix over its first English and its first Chinese sentence; what
    leaving a sentence alone scores."""

    beads: Mapping[Shape, Matrix]
    alone_en: Matrix
    alone_zh: Matrix


def best_path(scores: Scores) -> list[Step]:
    """The beads with the highest total score that take each sentence exactly once, in order.

    Rows are worked out whole: a step that stays in its row (a Chinese sentence alone) is a running maximum.
    """
    n, m = len(scores.alone_en), len(scores.alone_zh)
    total = np.full((n + 1, m + 1), -np.inf)
    choice = np.zeros((n + 1, m + 1), np.int16)
    moves = list(scores.beads)
    slope = np.concatenate([[0.0], np.cumsum(scores.alone_zh)])
    for i in range(n + 1):
        row, chosen = np.full(m + 1, -np.inf), np.zeros(m + 1, np.int16)
        if i == 0:
            row[0] = 0.0
        else:
            row, chosen = total[i - 1] + scores.alone_en[i - 1], np.full(m + 1, -1, np.int16)
        for number, (a, b) in enumerate(moves):
            if a <= i and b <= m:
                reached = total[i - a, : m + 1 - b] + scores.beads[a, b][i - a]
                better = reached > row[b:]
                row[b:][better] = reached[better]
                chosen[b:][better] = number
        level = row - slope
        highest = np.maximum.accumulate(level)
        alone_is_better = highest > level
        total[i] = np.where(alone_is_better, highest + slope, row)
        choice[i] = np.where(alone_is_better, -2, chosen)
    steps = []
    i, j = n, m
    while i or j:
        number = choice[i, j]
        a, b = (1, 0) if number == -1 else (0, 1) if number == -2 else moves[number]
        i, j = i - a, j - b
        score = scores.alone_en[i] if number == -1 else scores.alone_zh[j] if number == -2 else scores.beads[a, b][i, j]
        steps.append(Step(i, a, j, b, float(score)))
    return steps[::-1]


def probabilities(scores: Scores) -> tuple[Scores, float]:
    """The probability of each bead and of each sentence's being alone, and the logarithm of the sum over all ways."""
    back = Scores(
        {shape: matrix[::-1, ::-1] for shape, matrix in scores.beads.items()},
        scores.alone_en[::-1],
        scores.alone_zh[::-1],
    )
    before, after = _totals(scores), _totals(back)[::-1, ::-1]
    whole = before[-1, -1]
    n, m = len(scores.alone_en), len(scores.alone_zh)
    beads = {}
    alone_en, alone_zh = np.ones(n), np.ones(m)
    for (a, b), matrix in scores.beads.items():
        found = np.exp(np.minimum(before[: n + 1 - a, : m + 1 - b] + matrix + after[a:, b:] - whole, 0.0))
        beads[a, b] = found
        by_en, by_zh = found.sum(1), found.sum(0)
        for k in range(a):
            alone_en[k : k + len(by_en)] -= by_en
        for k in range(b):
            alone_zh[k : k + len(by_zh)] -= by_zh
    return Scores(beads, np.clip(alone_en, 0, 1), np.clip(alone_zh, 0, 1)), float(whole)


def _totals(scores: Scores) -> Matrix:
    """The logarithm of the sum over all ways to each point. Of sentences alone in one gap, English ones come first,
    so that there is one way for each alignment."""
    n, m = len(scores.alone_en), len(scores.alone_zh)
    total = np.full((n + 1, m + 1), -np.inf)
    slope = np.concatenate([[0.0], np.cumsum(scores.alone_zh)])
    add: Callable[[Matrix, Matrix], Matrix] = np.logaddexp
    # By what came last: a bead, or an English sentence alone.
    bead, english = np.full(m + 1, -np.inf), np.full(m + 1, -np.inf)
    bead[0] = 0.0
    for i in range(n + 1):
        if i:
            english = add(bead, english) + scores.alone_en[i - 1]
            bead = np.full(m + 1, -np.inf)
            for (a, b), matrix in scores.beads.items():
                if a <= i and b <= m:
                    bead[b:] = add(bead[b:], total[i - a, : m + 1 - b] + matrix[i - a])
        total[i] = add(bead, english)
        summed = np.logaddexp.accumulate(add(bead, english - _FACING) - slope)
        total[i, 1:] = add(total[i, 1:], summed[:-1] + slope[1:])
    return total


_FACING = 2.0
"""How much it counts against sentences that are alone on both sides of one place: most such are a free translation."""
