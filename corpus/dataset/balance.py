"""Sides for units that have none yet: by a number of each, and then as balanced as few moves make them.

The number (the hash of a unit's name) decides. Only where a language or a label would have a side that is too far from
its share are units moved that are decided now for the first time; with many units nothing has to be moved, and with
few, no side is left empty.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations

import numpy as np
from numpy.typing import NDArray

from corpus.dataset.sides import SHARES, SPLITS, Split, by_place

ALL = "articles"
"""The trait that every unit has."""

BOTH = "both languages"
"""The trait of units that have both versions of an article."""

# How far from its share a side may be: all units and languages, labels. One unit is always allowed.
_TOLERANCE = {"": 0.25, "label": 0.5}
# What is seen to first: that no side is empty, then languages, then labels.
_WEIGHTS = {ALL: 1000.0, BOTH: 30.0, "en": 100.0, "zh": 100.0}
_LABEL = 1.0
# Units a side that are tried for an exchange.
_SWAPS = 100

_SMALLER: tuple[Split, ...] = ("test", "validation")
_NUMBERS = {split: number for number, split in enumerate(SPLITS)}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A unit to be decided on: its number, the side that it has (None: none yet), and its traits.

    Traits are `ALL`, its languages, `BOTH`, and labels; of each what share a side has is looked at.
    """

    place: float
    side: Split | None
    traits: frozenset[str]


def choose(units: Sequence[Candidate]) -> tuple[list[Split], frozenset[int]]:
    """The side of each unit, and which of them are not where their number puts them.

    Units that have a side keep it. Two units are train and test; of three no side is empty, as far as those without a
    side can do it.

    >>> some = frozenset({ALL, "en"})
    >>> choose([Candidate(number / 4, None, some) for number in range(4)])[0]
    ['test', 'validation', 'train', 'train']
    >>> choose([Candidate(0.9, None, some)])
    (['train'], frozenset())
    """
    sides = [unit.side or by_place(unit.place) for unit in units]
    free = np.array([unit.side is None for unit in units], bool)
    if not free.any():
        return sides, frozenset()
    names = sorted(frozenset().union(*(unit.traits for unit in units)))
    columns = {name: number for number, name in enumerate(names)}
    has = np.zeros((len(units), len(names)), np.float32)
    for row, unit in enumerate(units):
        has[row, [columns[name] for name in unit.traits]] = 1
    least, most = _bounds(names, has.sum(axis=0))
    weights = np.array([_WEIGHTS.get(name, _LABEL) for name in names])
    state = _State(
        has,
        np.array([_NUMBERS[side] for side in sides]),
        free,
        least,
        most,
        weights,
        np.array([unit.place for unit in units]),
    )
    moved: set[int] = set()
    for _ in range(2 * int(free.sum())):
        moves = state.move() or state.swap()
        if not moves:
            break
        for number, to in moves:
            state.now[number] = to
            moved.add(number)
    chosen = [SPLITS[number] for number in state.now]
    return chosen, frozenset(number for number in moved if chosen[number] != sides[number])


Bounds = NDArray[np.float64]
Move = tuple[int, int]
"""A unit, and the number of the side where it goes."""


def _bounds(names: Sequence[str], totals: NDArray[np.float32]) -> tuple[Bounds, Bounds]:
    """How many units with each trait a side is to have: at least and at most, a row a side."""
    least, most = np.zeros((len(SPLITS), len(names))), np.full((len(SPLITS), len(names)), np.inf)
    for column, (name, total) in enumerate(zip(names, totals.tolist(), strict=True)):
        for split in _SMALLER:
            share = SHARES[split] * total
            slack = max(1.0, share * _TOLERANCE["" if name in _WEIGHTS else "label"])
            # One of two is judged by; of three, one is for validation too.
            needed = total >= (2 if name in _WEIGHTS and split == "test" else 3)
            row = _NUMBERS[split]
            least[row, column] = max(float(needed), math.ceil(share - slack))
            most[row, column] = max(least[row, column], math.floor(share + slack))
        least[_NUMBERS["train"], column] = min(1.0, total)
    return least, most


@dataclass(slots=True)
class _State:
    """Where units stand, a row a unit and a column a trait; and what takes away most of what is wrong."""

    has: NDArray[np.float32]
    now: NDArray[np.int64]
    free: NDArray[np.bool_]
    least: Bounds
    most: Bounds
    weights: NDArray[np.float64]
    places: NDArray[np.float64]

    def _counts(self) -> Bounds:
        return np.stack([self.has[self.now == number].sum(axis=0, dtype=np.float64) for number in range(len(SPLITS))])

    def _wrong(self, number: int, counts: Bounds) -> Bounds:
        off = np.maximum(self.least[number] - counts, 0) + np.maximum(counts - self.most[number], 0)
        return np.asarray(self.weights * off, np.float64)

    def _order(self, rows: NDArray[np.int64], target: int) -> NDArray[np.float64]:
        """Test and validation take the lowest numbers, and train the highest."""
        return self.places[rows] if target != _NUMBERS["train"] else -self.places[rows]

    def move(self) -> list[Move]:
        """The one move that helps most; of equals the unit whose number is nearest to where it goes."""
        counts = self._counts()
        best: tuple[float, float, int, int] | None = None
        for source, target in permutations(range(len(SPLITS)), 2):
            rows = np.flatnonzero(self.free & (self.now == source))
            if not len(rows):
                continue
            change = self._wrong(source, counts[source] - 1) - self._wrong(source, counts[source])
            change += self._wrong(target, counts[target] + 1) - self._wrong(target, counts[target])
            gain = np.round(self.has[rows] @ change, 6)
            far = self._order(rows, target)
            first = np.lexsort((far, gain))[0]
            found = float(gain[first]), float(far[first]), int(rows[first]), target
            if found[0] < 0 and (best is None or found < best):
                best = found
        return [best[2:]] if best else []

    def swap(self) -> list[Move]:
        """The exchange of two units that helps most, where a side lacks a trait and no single move mends it."""
        counts = self._counts()
        best: tuple[float, float, int, int, int, int] | None = None
        for target, trait in np.argwhere(counts < self.least).tolist():
            for source in range(len(SPLITS)):
                come = np.flatnonzero(self.free & (self.now == source) & (self.has[:, trait] > 0))
                go = np.flatnonzero(self.free & (self.now == target) & (self.has[:, trait] == 0))
                if source == target or not len(come) or not len(go):
                    continue
                come = come[np.argsort(self._order(come, target), kind="stable")[:_SWAPS]]
                go = go[np.argsort(self._order(go, source), kind="stable")[:_SWAPS]]
                change = self.has[come][:, None, :].astype(np.float64) - self.has[go][None, :, :]
                gain = (
                    self._wrong(target, counts[target] + change) + self._wrong(source, counts[source] - change)
                ).sum(axis=2)
                gain -= (self._wrong(target, counts[target]) + self._wrong(source, counts[source])).sum()
                first, second = np.unravel_index(int(np.round(gain, 6).argmin()), gain.shape)
                unit, other = int(come[first]), int(go[second])
                found = round(float(gain[first, second]), 6), float(self.places[unit]), unit, target, other, source
                if found[0] < 0 and (best is None or found < best):
                    best = found
        return [(best[2], best[3]), (best[4], best[5])] if best else []
