"""Stretches of a text that are asked many times what they hold: in a long text, to compare all with all takes minutes."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from itertools import accumulate


class Stretches:
    """Half-open stretches (start, end), which may overlap.

    >>> found = Stretches([(8, 12), (0, 5)])
    >>> found.hold(1, 5), found.hold(4, 6), found.meet(4, 6), found.meet(5, 8)
    (True, False, True, False)
    """

    def __init__(self, spans: Iterable[tuple[int, int]]) -> None:
        ordered = sorted(spans)
        self._starts = [start for start, _ in ordered]
        # The furthest end of the first n stretches.
        self._reach = [-1, *accumulate((end for _, end in ordered), max)]

    def hold(self, start: int, end: int) -> bool:
        """Whether a single one has all of `start` to `end`."""
        return self._reach[bisect_right(self._starts, start)] >= end

    def meet(self, start: int, end: int) -> bool:
        """Whether one shares a character with `start` to `end`."""
        return self._reach[bisect_left(self._starts, end)] > start
