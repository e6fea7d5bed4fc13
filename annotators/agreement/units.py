"""What agreement is counted on: marks, and the units of a text that are in them or not.

Units are the words of English and the characters of Chinese; punctuation and white space are none, nor is what
annotators are not shown (a pull quote that repeats a passage). u-α alone counts every character that is shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from annotators.repeats import quotes
from corpus.document import Document, Segments
from corpus.stretches import best_pairs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[Any]

_WORD = re.compile(r"\w+(?:['’.-]\w+)*")


@dataclass(frozen=True)
class Units:
    """The units of a text: where they begin and end, and which characters are shown."""

    starts: Numbers
    ends: Numbers
    shown: Numbers

    @classmethod
    def of(cls, document: Document, segments: Segments | None) -> Units:
        """The units of a document; English that is not segmented is cut at white space and punctuation.

        >>> Units.of(Document("a", "", "zh", "降息！ 3次"), None).starts.tolist()
        [0, 1, 4, 5]
        """
        import numpy as np

        text = document.text
        shown = np.ones(len(text), bool)
        for quote in quotes(document):
            shown[slice(*quote.cut)] = False
        if document.lang == "zh":
            characters: Numbers = np.flatnonzero(np.fromiter(map(str.isalnum, text), bool, len(text)) & shown)
            return cls(characters, characters + 1, shown)
        if segments is not None and segments.tokens:
            spans = [(t.start, t.end) for t in segments.tokens if any(map(str.isalnum, text[t.start : t.end]))]
        else:
            spans = [match.span() for match in _WORD.finditer(text)]
        at = np.array([span for span in spans if shown[span[0]]], np.int64).reshape(-1, 2)
        return cls(at[:, 0], at[:, 1], shown)


@dataclass(frozen=True)
class Marks:
    """The marks of one annotator in one document: each once, in text order, with a code from 1 for its label."""

    starts: Numbers
    ends: Numbers
    codes: Numbers

    @classmethod
    def of(cls, spans: Iterable[tuple[int, int, int]], units: Units) -> Marks:
        """From (start, end, code); those that begin in what is not shown are left out."""
        import numpy as np

        kept = sorted({span for span in spans if units.shown[span[0]]})
        table = np.array(kept, np.int64).reshape(-1, 3)
        return cls(table[:, 0], table[:, 1], table[:, 2])

    def flat(self) -> Sequence[tuple[int, int, int]]:
        """Without what overlaps: of two that do, the one that begins first, then the longer."""
        order = sorted(zip(self.starts.tolist(), self.ends.tolist(), self.codes.tolist(), strict=True), key=_by_length)
        kept: list[tuple[int, int, int]] = []
        for span in order:
            if not kept or span[0] >= kept[-1][1]:
                kept.append(span)
        return kept

    def on_units(self, units: Units) -> tuple[Numbers, Numbers, Numbers]:
        """The code of each unit, the code of each shown character (0: no mark), and what `unitizing` calls squares.

        The squares are (code, summed squared length) for marks and (0, summed length) for gaps.
        """
        import numpy as np

        flat = np.array(self.flat(), np.int64).reshape(-1, 3)
        on = np.zeros(len(units.starts), np.int64)
        characters: Numbers = np.zeros(len(units.shown), np.int64)
        first = np.searchsorted(units.ends, flat[:, 0], "right").tolist()
        last = np.searchsorted(units.starts, flat[:, 1], "left").tolist()
        for low, high, (start, end, code) in zip(first, last, flat.tolist(), strict=True):
            on[low:high] = code
            characters[start:end] = code
        before = np.concatenate([[0], np.cumsum(units.shown)])
        lengths = before[flat[:, 1]] - before[flat[:, 0]]
        seen = characters[units.shown]
        gaps = [[0, int((seen == 0).sum())]]
        return on, seen, np.concatenate([gaps, np.stack([flat[:, 2], lengths**2], 1)])


def _by_length(span: tuple[int, int, int]) -> tuple[int, int, int]:
    return span[0], -span[1], span[2]


def grouped(several: Sequence[Sequence[tuple[int, int]]], least: float) -> list[dict[int, int]]:
    """Spans of several annotators that are of one thing: for each thing, annotator's number to span's number.

    Annotators come to the groups one after another, and each is compared with the first span of a group, so that groups
    do not drift along the text.

    >>> grouped([[(0, 4)], [(0, 3), (9, 12)], [(9, 11)]], 0.5)
    [{0: 0, 1: 0}, {1: 1, 2: 0}]
    """
    groups: list[dict[int, int]] = []
    for number, spans in enumerate(several):
        firsts = [next((several[who][at]) for who, at in group.items()) for group in groups]
        pairs = best_pairs(firsts, spans, least)
        for group, at in pairs:
            groups[group][number] = at
        taken = {at for _, at in pairs}
        groups += [{number: at} for at in range(len(spans)) if at not in taken]
    return groups
