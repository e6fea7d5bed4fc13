"""Cleaning: the few changes made to a text before it is frozen, and the way back from it to the raw text.

Only what no reader sees is changed: line ends, byte-order mark, composed characters, line breaks at the very end.
Chinese punctuation, full-width forms, quotation marks and spaces stay as they were written.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field

from corpus.errors import SpanError

Offsets = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Change:
    """Something that cleaning changed, how often, and the numbers of the first few lines (from 1) where it did."""

    what: str
    count: int
    lines: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A cleaned text and what was changed in it; no changes means that it is the raw text.

    `offsets` are points (offset in the clean text, offset in the raw text) from which on the two run side by side, up
    to the next point; before the first one they are the same. An offset inside a character that cleaning changed as a
    whole (a letter with its marks) has a point of its own, which leads to the start of that character.
    """

    text: str
    changes: tuple[Change, ...] = ()
    offsets: Offsets = ()

    def origin(self, start: int, end: int) -> tuple[int, int]:
        """The stretch of the raw text that `text[start:end]` comes from (code points, half-open).

        A span that begins or ends inside a changed character leads to the whole of it. Raises SpanError where the
        span is no stretch of the text.

        >>> cleaned = clean("\\ufeff和睦新村\\r\\n改造")
        >>> cleaned.origin(5, 7)
        (7, 9)
        """
        if not 0 <= start <= end <= len(self.text):
            raise SpanError(f"span {start}-{end} is no stretch of a text of {len(self.text)} characters")
        return raw_span(self.offsets, start, end)


def raw_span(offsets: Offsets, start: int, end: int) -> tuple[int, int]:
    """`Cleaned.origin` for offsets that were stored without their text.

    >>> raw_span(((0, 1), (5, 7)), 5, 7)
    (7, 9)
    """
    at = bisect_right(offsets, (end, _FAR)) - 1
    raw_end = _lead(offsets, at, end)
    if at > 0 and offsets[at][0] == end and offsets[at - 1][1] == offsets[at][1]:
        # The end lies inside a changed character: go on to the end of it.
        raw_end = next(raw for _, raw in offsets[at:] if raw > raw_end)
    return _lead(offsets, bisect_right(offsets, (start, _FAR)) - 1, start), raw_end


_FAR = 1 << 62


def _lead(offsets: Offsets, at: int, position: int) -> int:
    clean_from, raw_from = offsets[at] if at >= 0 else (0, 0)
    return raw_from + position - clean_from


def clean(raw: str) -> Cleaned:
    """The text that is frozen as `Document.text`, every kind of change made on the way, and the way back.

    Byte-order marks at the start are dropped, CRLF and CR become LF, characters are composed (Unicode NFC), line
    breaks at the end of the text are dropped. NFC replaces CJK compatibility ideographs by their unified twins, which
    can look different: that has a line of its own among the changes. Cleaning a cleaned text changes nothing.

    >>> cleaned = clean("和睦新村\\r\\n改造\\r\\n")
    >>> cleaned.text, cleaned.offsets
    ('和睦新村\\n改造', ((5, 6),))
    >>> [(change.what, change.count) for change in cleaned.changes]
    [('line ends', 2), ('final line breaks', 1)]
    """
    body = raw.lstrip("\ufeff")
    marks = len(raw) - len(body)
    log = _Log()
    log.note(_BOM, 1, marks)
    kept = body.rstrip("\r\n")
    if "\r" not in body and unicodedata.is_normalized("NFC", kept):
        log.note(_FINAL, kept.count("\n") + 1, len(body) - len(kept))
        return Cleaned(kept, log.changes(), ((0, marks),) if marks and kept else ())
    out = _Text(clean=0, raw=marks, points=[(0, marks)] if marks else [])
    line = 1
    for match in _LINE.finditer(body):
        content, end = match[1], match[2]
        if unicodedata.is_normalized("NFC", content):
            out.add(content, len(content))
        else:
            for before, after in _clusters(content):
                if before != after:
                    log.note(_what(before, after), line, 1)
                out.add(after, len(before), changed=before != after)
        if "\r" in end:
            log.note(_ENDS, line, end.count("\r"))
        if end:
            out.add("\n", len(end), changed=len(end) > 1)
            line += 1
    text = "".join(out.pieces)
    kept = text.rstrip("\n")
    log.note(_FINAL, kept.count("\n") + 1, len(text) - len(kept))
    # What was dropped at the end has no counterpart.
    points = tuple(point for point in out.points if point[0] <= len(kept)) if kept else ()
    return Cleaned(kept, log.changes(), points)


_LINE = re.compile(r"([^\r\n]*)(\r\n|\r|\n|\Z)")
_BOM, _ENDS, _COMPOSED = "byte-order mark", "line ends", "composed characters"
_COMPATIBILITY, _EQUIVALENT = "CJK compatibility ideographs", "equivalent characters"
_FINAL = "final line breaks"
_ORDER = (_BOM, _ENDS, _COMPOSED, _COMPATIBILITY, _EQUIVALENT, _FINAL)
# How many line numbers a change names.
_NAMED = 5


@dataclass(slots=True)
class _Log:
    counts: dict[str, int] = field(default_factory=dict)
    lines: dict[str, list[int]] = field(default_factory=dict)

    def note(self, what: str, line: int, count: int) -> None:
        if not count:
            return
        self.counts[what] = self.counts.get(what, 0) + count
        named = self.lines.setdefault(what, [])
        if len(named) < _NAMED and line not in named:
            named.append(line)

    def changes(self) -> tuple[Change, ...]:
        return tuple(Change(what, self.counts[what], tuple(self.lines[what])) for what in _ORDER if what in self.counts)


@dataclass(slots=True)
class _Text:
    """The clean text as it grows, and its points."""

    clean: int
    raw: int
    points: list[tuple[int, int]]
    pieces: list[str] = field(default_factory=list)

    def add(self, piece: str, raw_length: int, *, changed: bool = False) -> None:
        if changed and len(piece) > 1:
            # Each offset inside leads to the start of the whole.
            if not self.points or self.points[-1][0] != self.clean:
                self.points.append((self.clean, self.raw))
            self.points.extend((self.clean + inside, self.raw) for inside in range(1, len(piece)))
        self.pieces.append(piece)
        self.clean += len(piece)
        self.raw += raw_length
        if changed and (len(piece) > 1 or raw_length != len(piece)):
            self.points.append((self.clean, self.raw))


def _clusters(line: str) -> Iterator[tuple[str, str]]:
    """A line in stretches that NFC treats apart from one another, each with what it becomes."""
    starts = [0, *(at for at in range(1, len(line)) if not _joins(line[at])), len(line)]
    raw = [line[start:end] for start, end in itertools.pairwise(starts)]
    composed = [piece if len(piece) == 1 and piece < "\u0300" else _compose(piece) for piece in raw]
    whole = "".join(composed)
    if unicodedata.is_normalized("NFC", whole):
        return iter(zip(raw, composed, strict=True))
    # A newer Unicode has characters that join and do not look it: the line is then one stretch.
    return iter([(line, unicodedata.normalize("NFC", whole))])


def _joins(character: str) -> bool:
    """Whether a character can change together with what stands before it: marks, and the later letters of Hangul."""
    if character < "\u0300":
        return False
    return unicodedata.category(character)[0] == "M" or "\u1160" <= character <= "\u11ff"


# So many marks on one letter are no writing. `unicodedata` sorts them by insertion, in quadratic time.
_MANY = 64


def _compose(piece: str) -> str:
    if len(piece) > _MANY:
        apart = "".join(unicodedata.normalize("NFD", character) for character in piece)
        marks: list[str] = []
        ordered: list[str] = []
        for character in apart:
            if unicodedata.combining(character):
                marks.append(character)
                continue
            ordered += [*sorted(marks, key=unicodedata.combining), character]
            marks = []
        piece = "".join([*ordered, *sorted(marks, key=unicodedata.combining)])
    return unicodedata.normalize("NFC", piece)


def _what(before: str, after: str) -> str:
    if any("\uf900" <= c <= "\ufaff" or "\U0002f800" <= c <= "\U0002fa1f" for c in before):
        return _COMPATIBILITY
    return _COMPOSED if len(after) < len(before) else _EQUIVALENT
