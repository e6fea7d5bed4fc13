"""Where the spans of a text stand in a later form of it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

# Stretches of more characters than these, one by the other, are not compared character by character: that is quadratic.
_LARGE = 4_000_000


@dataclass(frozen=True, slots=True)
class Offsets:
    """Stretches that two texts share, as (offset in the one, offset in the other, length), in order."""

    stretches: tuple[tuple[int, int, int], ...]

    def span(self, start: int, end: int) -> tuple[int, int] | None:
        """Where a span of the earlier text stands in the later one; None where its characters changed.

        >>> offsets_between("Rents fall.", "The rents fall.").span(6, 10)
        (10, 14)
        """
        at = bisect_right(self.stretches, start, key=lambda stretch: stretch[0]) - 1
        if at < 0:
            return None
        first, second, length = self.stretches[at]
        if end > first + length or start >= end:
            return None
        return start - first + second, end - first + second


def offsets_between(before: str, after: str) -> Offsets:
    """The way from one text to another: by lines first, then by characters within the lines that differ."""
    found: list[tuple[int, int, int]] = []
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    starts, others = _starts(old), _starts(new)
    for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            found.append((starts[a], others[c], starts[b] - starts[a]))
        elif tag == "replace":
            one, other = before[starts[a] : starts[b]], after[others[c] : others[d]]
            if len(one) * len(other) <= _LARGE:
                found += [(starts[a] + x, others[c] + y, n) for x, y, n in _characters(one, other)]
    return Offsets(tuple(_joined(found)))


def _characters(one: str, other: str) -> Iterator[tuple[int, int, int]]:
    for block in SequenceMatcher(None, one, other, autojunk=False).get_matching_blocks():
        if block.size:
            yield block.a, block.b, block.size


def _starts(lines: Sequence[str]) -> list[int]:
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    return starts


def _joined(stretches: Sequence[tuple[int, int, int]]) -> Iterator[tuple[int, int, int]]:
    """Stretches that go on in both texts as one."""
    held: tuple[int, int, int] | None = None
    for first, second, length in stretches:
        if held and held[0] + held[2] == first and held[1] + held[2] == second:
            held = (held[0], held[1], held[2] + length)
        else:
            if held:
                yield held
            held = (first, second, length)
    if held:
        yield held
