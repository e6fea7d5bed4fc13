"""The dynamic programme: of all ways to pair up the sentences of two texts in order, the one with the best total.

The way of Gale and Church (1993), with similarities over runs of neighbouring sentences as in Vecalign (Thompson and
Koehn, 2019): a run of up to four sentences has a vector of its own, and how alike two runs are is measured against how
alike each is to the other text at large.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corpus.align.evidence import keys, length
from corpus.align.meaning import Vectors

Matrix = NDArray[np.float64]
Evidence = dict[tuple[int, int], dict[str, Matrix]]
RunVectors = list[Vectors]
"""For runs of one, two, ... sentences, a row for each run by its first sentence."""

MOST = 4
"""At most so many sentences on one side of a bead."""

SHAPES = ((1, 1), (1, 2), (2, 1), (1, 3), (3, 1), (2, 2), (1, 4), (4, 1), (2, 3), (3, 2))
"""Sentences of English and of Chinese in a bead; beside these, one sentence alone on either side."""


@dataclass(frozen=True, slots=True)
class Weights:
    """What each piece of evidence counts, per sentence of a bead where nothing else is said."""

    meaning: float
    """Similarity: 0 for texts that have nothing to do with one another, towards 1 for translations."""
    length: float
    """Squared log ratio of lengths, in standard deviations, against a bead."""
    shared: float
    """Each number or name that both have, per bead."""
    missing: float
    """Each number or name that one lacks, per bead, against it."""
    merge: float
    """Each sentence beyond one on either side, against a bead."""
    both: float
    """More than one sentence on both sides, against a bead."""
    alone: float
    """For a sentence that has no translation."""
    paragraph: float = 0.3
    """Each paragraph border inside a run, against a bead; and for a bead that begins one on both sides."""


# Learnt with an averaged structured perceptron on 91 Chinese articles and their English translations (the zh-en general
# test of WMT 2022), sentences joined and dropped at random; measured on other articles by scripts/measure_alignment.py.
WITH_MODEL = Weights(meaning=4.4, length=0.65, shared=1.0, missing=0.6, merge=2.1, both=1.7, alone=-0.2)
WITHOUT_MODEL = Weights(meaning=0.0, length=0.7, shared=1.9, missing=0.65, merge=1.2, both=1.45, alone=-1.5)


@dataclass(frozen=True, slots=True)
class Side:
    """One text to be aligned: its sentences, and for each whether a paragraph begins with it."""

    sentences: Sequence[str]
    starts: Sequence[bool]


@dataclass(frozen=True, slots=True)
class Step:
    """A bead by index: English sentences `en` to `en + n_en`, Chinese ones likewise."""

    en: int
    n_en: int
    zh: int
    n_zh: int
    score: float


def features(en: Side, zh: Side, vectors: tuple[RunVectors, RunVectors] | None) -> Evidence:
    """For each shape, the evidence as matrices over the first English and the first Chinese sentence."""
    shapes = [s for s in SHAPES if s[0] <= len(en.sentences) and s[1] <= len(zh.sentences)]
    likeness = _likeness(*vectors, shapes) if vectors else None
    lengths_en = np.array([length(s, "en") for s in en.sentences])
    lengths_zh = np.array([length(s, "zh") for s in zh.sentences])
    # The ratio of this pair, drawn towards the usual one by some hundred characters' worth.
    ratio = (lengths_zh.sum() + 150) / (lengths_en.sum() + 150)
    keys_en, keys_zh = _key_matrices(en.sentences, zh.sentences)
    found = {}
    for a, b in shapes:
        long_en, long_zh = _windows(lengths_en, a), _windows(lengths_zh, b)
        expected, actual = long_en[:, None] * ratio + 3, long_zh[None, :] + 3
        # Short texts vary more.
        spread = 0.22 + 1.2 / np.sqrt(expected + actual)
        off = np.log(actual / expected) / spread
        has_en, firm_en = (_any(m, a) for m in keys_en)
        has_zh, firm_zh = (_any(m, b) for m in keys_zh)
        shared = has_en @ has_zh.T
        missing = firm_en.sum(1)[:, None] - firm_en @ has_zh.T + firm_zh.sum(1)[None, :] - has_en @ firm_zh.T
        inner = _inner(en.starts, a)[:, None] + _inner(zh.starts, b)[None, :]
        together = np.outer(en.starts[: len(long_en)], zh.starts[: len(long_zh)])
        found[a, b] = {
            "meaning": np.zeros_like(shared) if likeness is None else likeness[a, b] * (a + b),
            "length": -np.minimum(off**2, 16.0) * (a + b) / 2,
            "shared": np.minimum(shared, 4.0),
            "missing": -np.minimum(missing, 4.0),
            "merge": np.full_like(shared, -(a + b - 2.0)),
            "both": np.full_like(shared, -float(a > 1 and b > 1)),
            "paragraph": together - inner,
        }
    return found


def _likeness(by_en: RunVectors, by_zh: RunVectors, shapes: Iterable[tuple[int, int]]) -> dict[tuple[int, int], Matrix]:
    # How far each run is from the other text at large: a short text says little of that, so some of the usual is
    # mixed in.
    usual, weight = 0.85, 4.0

    def at_large(spans: Vectors, others: Vectors) -> Matrix:
        far: Matrix = 1.0 - spans.astype(float) @ others.T.astype(float)
        mean: Matrix = (far.sum(1) + usual * weight) / (len(others) + weight)
        return mean

    far_en = [at_large(spans, by_zh[0]) for spans in by_en]
    far_zh = [at_large(spans, by_en[0]) for spans in by_zh]
    found = {}
    for a, b in shapes:
        distance = 1.0 - by_en[a - 1].astype(float) @ by_zh[b - 1].T.astype(float)
        found[a, b] = 1.0 - 2.0 * distance / (far_en[a - 1][:, None] + far_zh[b - 1][None, :])
    return found


def _key_matrices(en: Sequence[str], zh: Sequence[str]) -> tuple[tuple[Matrix, Matrix], tuple[Matrix, Matrix]]:
    """For both sides (all keys, firm keys): a row a sentence, a column a key that both sides have or one has firmly."""
    found_en, found_zh = [keys(s, "en") for s in en], [keys(s, "zh") for s in zh]
    all_en = {key for k in found_en for key in k.firm | k.soft}
    all_zh = {key for k in found_zh for key in k.firm | k.soft}
    wanted = (all_en & all_zh) | {key for k in (*found_en, *found_zh) for key in k.firm}
    column = {key: i for i, key in enumerate(sorted(wanted))}

    def matrix(rows: Sequence[Iterable[str]]) -> Matrix:
        filled = np.zeros((len(rows), len(column)))
        for i, row in enumerate(rows):
            for key in row:
                if key in column:
                    filled[i, column[key]] = 1.0
        return filled

    return (
        (matrix([k.firm | k.soft for k in found_en]), matrix([k.firm for k in found_en])),
        (matrix([k.firm | k.soft for k in found_zh]), matrix([k.firm for k in found_zh])),
    )


def _windows(values: Matrix, size: int) -> Matrix:
    summed: Matrix = np.lib.stride_tricks.sliding_window_view(values, size).sum(-1)
    return summed


def _any(rows: Matrix, size: int) -> Matrix:
    highest: Matrix = np.max([rows[i : len(rows) - size + 1 + i] for i in range(size)], axis=0)
    return highest


def _inner(starts: Sequence[bool], size: int) -> Matrix:
    inner: Matrix = np.zeros(len(starts) - size + 1)
    for i in range(1, size):
        inner += np.array(starts[i : len(starts) - size + 1 + i], float)
    return inner


def scores(found: Evidence, weights: Weights) -> dict[tuple[int, int], Matrix]:
    """The total of the evidence for each bead of each shape."""
    return {
        shape: np.sum([getattr(weights, name) * values for name, values in evidence.items()], axis=0)
        for shape, evidence in found.items()
    }


def best_path(by_shape: dict[tuple[int, int], Matrix], n: int, m: int, alone: float) -> list[Step]:
    """The beads with the highest total score that take each of `n` and `m` sentences exactly once, in order.

    Rows are worked out whole: a step that stays in its row (a Chinese sentence alone) is a running maximum.
    """
    total = np.full((n + 1, m + 1), -np.inf)
    choice = np.zeros((n + 1, m + 1), np.int16)
    moves = list(by_shape)
    slope = alone * np.arange(m + 1)
    for i in range(n + 1):
        row, chosen = np.full(m + 1, -np.inf), np.zeros(m + 1, np.int16)
        if i == 0:
            row[0] = 0.0
        else:
            row, chosen = total[i - 1] + alone, np.full(m + 1, -1, np.int16)
        for number, (a, b) in enumerate(moves):
            if a <= i and b <= m:
                reached = total[i - a, : m + 1 - b] + by_shape[a, b][i - a]
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
        score = alone if number < 0 else float(by_shape[a, b][i - a, j - b])
        i, j = i - a, j - b
        steps.append(Step(i, a, j, b, score))
    return steps[::-1]
