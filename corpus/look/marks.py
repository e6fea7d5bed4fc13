"""Entities and claims of a text, found by where they are."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from itertools import accumulate
from typing import Generic, TypeVar

from corpus.document import Claim, Entity

_Mark = TypeVar("_Mark", Entity, Claim)


class Marks(Generic[_Mark]):
    """Marks of one text, sorted, so that those at a place are found without going through all of them.

    >>> from corpus.document import Span
    >>> marks = Marks([Entity(Span.of("浙江推进共同富裕", 4, 8), "POLICY")])
    >>> marks.around(4, 6).label, marks.touching(0, 4)
    ('POLICY', ())
    """

    def __init__(self, marks: Iterable[_Mark]) -> None:
        self.marks: list[_Mark] = sorted(marks, key=lambda mark: mark.start)
        self.starts = [mark.start for mark in self.marks]
        # How far those up to each reach.
        self.reach = list(accumulate((mark.end for mark in self.marks), max))

    def touching(self, start: int, end: int) -> tuple[_Mark, ...]:
        """Those that share a character with the stretch, in the order of the text."""
        found = []
        at = bisect_left(self.starts, end) - 1
        while at >= 0 and self.reach[at] > start:
            if self.marks[at].end > start:
                found.append(self.marks[at])
            at -= 1
        return tuple(reversed(found))

    def around(self, start: int, end: int) -> _Mark | None:
        """The first that holds the stretch."""
        return next((m for m in self.touching(start, end) if m.start <= start and end <= m.end), None)
