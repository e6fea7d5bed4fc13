"""Which of many stretches of a text hold or meet another one, without comparing each with each: in a long text with
thousands of marks that would take minutes."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
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


def best_pairs(
    first: Sequence[tuple[int, int]], second: Sequence[tuple[int, int]], least: float
) -> list[tuple[int, int]]:
    """Numbers of stretches that share at least `least` of their union, and a character: best pairs first, each once.

    >>> best_pairs([(0, 4), (9, 12)], [(1, 4), (20, 22)], 0.5)
    [(0, 0)]
    """
    order = sorted(range(len(second)), key=second.__getitem__)
    starts = [second[j][0] for j in order]
    reach = list(accumulate((second[j][1] for j in order), max))
    pairs: list[tuple[float, int, int]] = []
    for i, (start, end) in enumerate(first):
        for j in order[bisect_right(reach, start) : bisect_left(starts, end)]:
            low, high = second[j]
            shared, union = min(end, high) - max(start, low), max(end, high) - min(start, low)
            if shared > 0 and shared / union >= least:
                pairs.append((-shared / union, i, j))
    found: list[tuple[int, int]] = []
    used: tuple[set[int], set[int]] = (set(), set())
    for _, i, j in sorted(pairs):
        if i not in used[0] and j not in used[1]:
            used[0].add(i)
            used[1].add(j)
            found.append((i, j))
    return found
