"""Marks whose text has changed under them are placed anew where that is certain, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from annotators.repeats import Shown

_CONTEXT = (120, 60, 30, 15, 8)


@dataclass(frozen=True, slots=True)
class Moved:
    """What a task showed of an earlier text (`text`), and how marks on it get into what is `shown` of the text of now.

    A mark goes where its words, with enough of what stands around them, are once in both; otherwise it has no place.

    >>> moved = Moved("Lin Yue builds. Lin Yue pays.", Shown.of("Mayor Lin Yue builds. Lin Yue pays!", [(0, 35)]))
    >>> moved.outward(16, 23), moved.outward(24, 29)
    ((22, 29), None)
    """

    text: str
    shown: Shown
    quotes: bool = False
    """Whether the text of now has pull quotes that annotators are not shown."""
    _found: dict[tuple[int, int], tuple[int, int] | None] = field(default_factory=dict)

    def whole(self, text: str) -> bool:
        """Whether all of the text is shown."""
        return not self.quotes

    def outward(self, start: int, end: int) -> tuple[int, int] | None:
        """Where a span of the earlier text is in the text of now; None where that is not certain."""
        if (start, end) not in self._found:
            place = placed(self.text, self.shown.text, start, end)
            self._found[start, end] = None if place is None else self.shown.outward(*place)
        return self._found[start, end]


def placed(before: str, now: str, start: int, end: int) -> tuple[int, int] | None:
    """Where `before[start:end]` is in `now`, where only one place can be meant.

    >>> placed("a flat, a house", "a barn, a flat, a house", 2, 6)
    (10, 14)
    """
    for left, right in _windows(start, end, len(before)):
        window = before[left:right]
        at = _only(now, window)
        if at is not None and _only(before, window) == left:
            return at + start - left, at + end - left
    return None


def _windows(start: int, end: int, length: int) -> Iterator[tuple[int, int]]:
    for width in _CONTEXT:
        yield max(0, start - width), min(length, end + width)
    for width in _CONTEXT[1:]:
        yield max(0, start - width), end
        yield start, min(length, end + width)
    yield start, end


def _only(text: str, words: str) -> int | None:
    """Where the words are, None where they are not or more than once (overlapping places count)."""
    at = text.find(words)
    return at if at >= 0 and text.find(words, at + 1) < 0 else None


def slipped(text: str, start: int, end: int, said: str) -> tuple[int, int] | None:
    """Where a mark belongs that was recorded with other words than are at its offsets: where these are, as long and once.

    >>> slipped("Mayor Lin Yue of Qingpu", 7, 14, "Lin Yue")
    (6, 13)
    """
    if len(said) != end - start or not said.strip():
        return None
    at = _only(text, said)
    return None if at is None else (at, at + len(said))
