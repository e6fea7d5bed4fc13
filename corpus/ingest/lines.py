"""The lines of printed pages joined to the paragraphs that they were, without what stands on every page."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from corpus.language import HAN, detect_language


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a page and its edges in points, y going up. `divided`: it ends in a hyphen that divides a word."""

    text: str
    left: float
    right: float
    bottom: float
    top: float
    divided: bool = False

    @property
    def size(self) -> float:
        """The height of its characters."""
        return max(self.top - self.bottom, 0.1)


# Running headers, footers, page numbers.
_EDGE = 2
_SAME_PLACE = 4.0
_NUMBER = re.compile(
    r"[-–—·.•|\s]*(?:(?:page|p\.)\s*)?(?:\d{1,4}|[ivxlc]{1,6})(?:\s*(?:/|of)\s*\d{1,4})?[-–—·.•|\s]*"
    r"|第?\s*[\d一二三四五六七八九十]{1,4}\s*页(?:[\s/，,（(]*共\s*\d{1,4}\s*页[)）]?)?|第?\s*\d{1,2}\s*版",
    re.IGNORECASE,
)


def without_running(pages: Sequence[Sequence[Line]]) -> list[list[Line]]:
    """The pages without page numbers and without the headers and footers that most of them have.

    A number is one only as the highest or lowest line of a page. A line is a header or footer where it is one of the
    two highest or lowest and stands in the same place, a number at its ends aside, on more than half of the pages: of three
    pages or more, or of two where it also stands apart from the text.
    """
    seen: Counter[tuple[str, int]] = Counter()
    edges = [_edges(page, apart=len(pages) < 3) for page in pages]
    for page, places in zip(pages, edges, strict=True):
        seen.update({key for at in places for key in _running_keys(page[at])})
    kept = []
    for page, places in zip(pages, edges, strict=True):
        dropped = {at for at in places if _most(seen, page[at]) > max(1, len(pages) / 2)}
        rest = sorted(set(range(len(page))) - dropped, key=lambda at: page[at].bottom)
        # One that stands alone is perhaps all that a page says.
        ends = {rest[0], rest[-1]} if len(rest) > 1 else set()
        dropped |= {at for at in ends if len(page[at].text) <= 24 and _NUMBER.fullmatch(page[at].text)}
        kept.append([line for at, line in enumerate(page) if at not in dropped])
    # Where all pages say the same, that is what they say.
    return kept if any(kept) else [list(page) for page in pages]


def _edges(page: Sequence[Line], *, apart: bool) -> set[int]:
    """The highest and lowest lines of a page; with `apart` those with a gap to the next."""
    ordered = sorted(range(len(page)), key=lambda at: page[at].bottom)
    found = set()
    for row in (ordered, ordered[::-1]):
        for at, following in list(pairwise(row))[:_EDGE]:
            gap = max(page[at].bottom - page[following].top, page[following].bottom - page[at].top)
            if not apart or gap > 0.8 * page[at].size:
                found.add(at)
    return found


def _running_keys(line: Line) -> set[tuple[str, int]]:
    """What lines have in common that are the same at the same height, or nearly: the next step counts too."""
    key = re.sub(r"\A\W*\d{1,4}\b|\b\d{1,4}(?:\s*(?:/|of)\s*\d{1,4})?\W*\Z", "#", line.text)
    step = int(line.bottom // _SAME_PLACE)
    return {(key, step), (key, step + 1)}


def _most(seen: Counter[tuple[str, int]], line: Line) -> int:
    return max(seen[key] for key in _running_keys(line))


@dataclass(frozen=True, slots=True)
class _Column:
    """Lines that stand below one another, with the edges and the pitch that most of them have."""

    lines: Sequence[Line]
    left: float
    right: float
    pitch: float
    indents: bool
    """Paragraphs begin with an indent here."""


def paragraphs(pages: Sequence[Sequence[Line]]) -> Iterator[str]:
    """The lines of pages joined to paragraphs."""
    text = "\n".join(line.text for page in pages for line in page)
    chinese = detect_language(text) == "zh"
    words = Counter(re.findall(r"[^\W\d_]+(?:-[^\W\d_]+)*(?![^\W\d_]|-\n)", text.lower()))
    pieces: list[str] = []
    before: tuple[Line, _Column] | None = None
    for page in pages:
        for column in _columns(page):
            for line in column.lines:
                if before and not _goes_on(*before, line, column):
                    yield "".join(pieces)
                    pieces = []
                pieces.append(line.text)
                if len(pieces) > 1:
                    pieces[-2:] = _joined(pieces[-2], line.text, chinese, words)
                before = line, column
    if pieces:
        yield "".join(pieces)


def _columns(page: Sequence[Line]) -> Iterator[_Column]:
    run: list[Line] = []
    for line in page:
        # Higher than the line before, or wholly beside it: another column begins.
        if run and (
            line.bottom > run[-1].bottom + run[-1].size / 2 or line.left > run[-1].right or line.right < run[-1].left
        ):
            yield _column(run)
            run = []
        run.append(line)
    if run:
        yield _column(run)


def _column(lines: Sequence[Line]) -> _Column:
    size = median(line.size for line in lines)
    body = [line for line in lines if abs(line.size - size) <= size * 0.15] or list(lines)
    starts = Counter(round(line.left) for line in body)
    shared = [start for start, _ in starts.items() if starts[start] + starts[start + 1] + starts[start - 1] > 1]
    left = min(shared or starts)
    gaps = [one.bottom - other.bottom for one, other in pairwise(lines) if one.size * 0.8 < other.size < one.size * 1.2]
    flush = sum(abs(line.left - left) < size / 2 for line in body)
    indented = sum(_indent(line, left) for line in body)
    return _Column(
        lines,
        left,
        max(line.right for line in body),
        median(gaps) if gaps else size,
        bool(indented and flush >= indented),
    )


def _indent(line: Line, left: float) -> bool:
    return 0.7 * line.size < line.left - left < 4 * line.size


_FINAL = re.compile(r"[.!?。！？…：:；;][”’\"'」』）)\]】]*\Z")
_ITEM = re.compile(
    rf"[•●■◆▪◦○‣▶*–—-]\s|[(（]?(?:\d{{1,2}}|[a-z])[.)）]\s|\d{{1,2}}[、．]|[{HAN}]{{1,3}}、(?<=[一二三四五六七八九十]、)|[（(][一二三四五六七八九十]{{1,3}}[)）]|第[一二三四五六七八九十百\d]{{1,4}}[章节条]"
)
_CJK_START = re.compile(rf"[{HAN}\u3000-\u303f\uff00-\uffef“”‘’—…]")


def _goes_on(before: Line, its: _Column, line: Line, column: _Column) -> bool:
    """Whether a line goes on with the paragraph of the line before it."""
    if not 0.87 < line.size / before.size < 1.15:
        return False
    if before.divided and (its is not column or before.bottom - line.bottom <= 1.35 * column.pitch + 1):
        return True
    ended = bool(_FINAL.search(before.text))
    short = _is_short(before, its, line, ended)
    if _ITEM.match(line.text) and (ended or short):
        return False
    indented = _indent(line, column.left)
    if its is not column:
        # Over the edge of a column or page.
        return not short and not indented and (column.indents or not ended)
    if before.bottom - line.bottom > 1.35 * column.pitch + 1:
        return False
    if indented:
        # A block that is indented as a whole goes on; the first line of a paragraph does not.
        return abs(line.left - before.left) < line.size / 2 and not ended and not short
    return not short


def _is_short(line: Line, column: _Column, following: Line, ended: bool) -> bool:
    """Whether a line ends so far before its column does that something new begins after it."""
    room = column.right - line.right
    width = max(column.right - column.left, 1.0)
    if _CJK_START.match(following.text) and re.search(rf"[{HAN}]", line.text):
        # Chinese breaks anywhere, but for a long number or name in Latin letters.
        return room > 2.2 * line.size
    first = following.text.split(" ", 1)[0]
    needed = (len(first) + 1) * (following.right - following.left) / max(len(following.text), 1)
    return room > 1.15 * needed and (ended or room > 0.35 * width)


def _joined(text: str, line: str, chinese: bool, words: Counter[str]) -> list[str]:
    """What stands for a text and the line that follows it."""
    if text.endswith("\u00ad"):
        return [text[:-1], line]
    if text.endswith(("-", "\u2010")) and text[-2:-1].isalnum() and line[:1].isalnum():
        first, second = re.split(r"[^\w-]", text[:-1][-60:])[-1].lower(), re.match(r"\w+", line)[0].lower()  # type: ignore[index]
        return [text if _has_hyphen(first, second, line, words) else text[:-1], line]
    wide = bool(_CJK_START.match(text[-1])), bool(_CJK_START.match(line))
    return [text, line] if all(wide) or (chinese and any(wide)) else [text, " " + line]


def _has_hyphen(first: str, second: str, line: str, words: Counter[str]) -> bool:
    """Whether a word divided at a hyphen is written with it, as far as the rest of the text tells."""
    if not line[0].islower() or not first[-1:].isalpha():
        return True
    if words[first + second]:
        return False
    return bool(words[f"{first}-{second}"] or "-" in first or (words[first.split("-")[-1]] and words[second]))
