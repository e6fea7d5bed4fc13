"""Articles cut into pieces that fit one question, at block borders, with what stands before and after for context."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from corpus.document import Document, Lang

Range = tuple[int, int]

LIMIT: dict[Lang, int] = {"en": 6000, "zh": 2500}
"""The longest piece, in characters: an answer about it stays within a few thousand tokens."""

_CONTEXT: dict[Lang, int] = {"en": 800, "zh": 300}
_SENTENCE_END = re.compile(r"[。！？!?；;]+[”’」』]?|\.[”’\"']?(?=\s)|\n")
_LINE = re.compile(r"[^\n]+")
_BLANK_LINE = re.compile(r"\n[^\S\n]*\n")


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a text, which begins at `start`, and what stands around it. `inner` are the borders that no quote
    may cross, as offsets into `text`."""

    start: int
    text: str
    before: str = ""
    after: str = ""
    inner: tuple[int, ...] = ()


def pieces(document: Document, limit: int | None = None) -> list[Piece]:
    """The pieces of a document, in order: whole blocks up to `limit` characters; a longer block is cut after a sentence.

    >>> [p.text for p in pieces(Document("a", "", "zh", "城西新区。\\n云州推进。试点扩大。"), limit=6)]
    ['城西新区。', '云州推进。', '试点扩大。']
    """
    return list(_pieces(document.text, _blocks(document), document.lang, limit or LIMIT[document.lang]))


def halves(document: Document, piece: Piece) -> list[Piece]:
    """A piece in smaller ones, for a model that could not answer it whole; [] where it is short already."""
    size = len(piece.text)
    if size < 200:
        return []
    inside = [b for b in _blocks(document) if b[0] < piece.start + size and piece.start < b[1]]
    blocks = [(max(start, piece.start), min(end, piece.start + size)) for start, end in inside]
    return list(_pieces(document.text, blocks, document.lang, max(100, size // 2 + 1)))


def _blocks(document: Document) -> list[Range]:
    """The blocks of a document, in order and apart from one another; its paragraphs where it has none."""
    known = sorted((b.start, b.end) for b in document.blocks) or _paragraphs(document.text)
    found: list[Range] = []
    for start, end in known:
        start = max(start, found[-1][1] if found else 0)
        end = min(end, len(document.text))
        if document.text[start:end].strip():
            found.append((start, end))
    return found


def _paragraphs(text: str) -> list[Range]:
    """What blank lines part, or the lines where there is no blank one: single breaks may be those of a narrow page."""
    cuts = [match.end() for match in _BLANK_LINE.finditer(text)]
    if not cuts:
        return [match.span() for match in _LINE.finditer(text)]
    return list(pairwise([0, *cuts, len(text)]))


def _pieces(text: str, blocks: Sequence[Range], lang: Lang, limit: int) -> Iterator[Piece]:
    held: list[Range] = []
    for part in (part for block in blocks for part in _parts(text, *block, limit)):
        if held and part[1] - held[0][0] > limit:
            yield _piece(text, held, lang)
            held = []
        held.append(part)
    if held:
        yield _piece(text, held, lang)


def _parts(text: str, start: int, end: int, limit: int) -> Iterator[Range]:
    """A block in parts of at most `limit` characters, cut after a sentence where there is one in the second half."""
    while end - start > limit:
        middle = start + limit // 2
        cut = start + limit
        for match in _SENTENCE_END.finditer(text, middle, start + limit):
            cut = match.end()
        if cut == start + limit and (space := text.rfind(" ", middle, cut)) > 0:
            cut = space + 1
        if text[start:cut].strip():
            yield start, cut
        start = cut
    if text[start:end].strip():
        yield start, end


def _piece(text: str, blocks: Sequence[Range], lang: Lang) -> Piece:
    start, end = blocks[0][0], blocks[-1][1]
    size = _CONTEXT[lang]
    borders = tuple(b - start for b, _ in blocks[1:])
    return Piece(start, text[start:end], text[max(0, start - size) : start], text[end : end + size], borders)
