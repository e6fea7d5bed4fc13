"""Pull quotes that repeat a passage are annotated once: they are not shown, and take their marks from the passage.

What is not shown is cut out of the text that annotators get, with an exact mapping of offsets. Who said it, where a
pull quote names that beside the words it repeats, is no repetition: it stays, and so do the marks on it.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from corpus.document import (
    Block,
    Claim,
    Document,
    Entity,
    Group,
    Item,
    Ref,
    Relation,
    Span,
    sorted_claims,
    sorted_entities,
)
from corpus.errors import StaleTextError
from corpus.quotes import stretches

Range = tuple[int, int]
Stretch = tuple[int, int, int]
"""Start in the quote, start in the passage, length."""

_BREAKS_AFTER = re.compile(r"\s*\n")
_BREAKS_BEFORE = re.compile(r"\n\s*\Z")
_MARGIN = 200


@dataclass(frozen=True, slots=True)
class Shown:
    """What annotators see of a text: the stretches `pieces` of it (in order, never touching), joined.

    >>> shown = Shown.of("a quote\\na story", ((8, 15),))
    >>> shown.text, shown.inward(10, 15), shown.outward(2, 7), shown.inward(0, 4)
    ('a story', (2, 7), (10, 15), None)
    """

    text: str
    pieces: tuple[Range, ...]

    @classmethod
    def of(cls, text: str, pieces: Iterable[Range]) -> Shown:
        """Those pieces of `text`. StaleTextError where they are not in order, touch, or go beyond it."""
        kept, end = [], -1
        for piece in pieces:
            if not (end < piece[0] < piece[1] <= len(text) or (not text and piece == (0, 0))):
                raise StaleTextError(f"the stretch {piece[0]}-{piece[1]} is none of a text of {len(text)} characters")
            kept.append(piece)
            end = piece[1]
        return cls("".join(text[start:end] for start, end in kept), tuple(kept))

    def whole(self, text: str) -> bool:
        """Whether it is all of the text."""
        return self.pieces == ((0, len(text)),)

    def inward(self, start: int, end: int) -> Range | None:
        """Where a span of the text is in what is shown; None where a part of it is not shown."""
        at = bisect_right(self.pieces, start, key=lambda piece: piece[0]) - 1
        if not at >= 0 or end > self.pieces[at][1] or start >= end:
            return None
        shift = self._begins()[at] - self.pieces[at][0]
        return start + shift, end + shift

    def outward(self, start: int, end: int) -> Range | None:
        """Where a span of what is shown is in the text; None where something that is not shown lies between its ends."""
        begins = self._begins()
        at = bisect_right(begins, start) - 1
        if not 0 <= start < end or at < 0:
            return None
        shift = self.pieces[at][0] - begins[at]
        return (start + shift, end + shift) if end + shift <= self.pieces[at][1] else None

    def _begins(self) -> list[int]:
        return [0, *accumulate(end - start for start, end in self.pieces)][:-1]


@dataclass(frozen=True, slots=True)
class Quote:
    """A pull quote that is not shown: its block, what is cut out for it, and where it has the passage's characters."""

    block: Block
    cut: Range
    stretches: tuple[Stretch, ...]


def shown_text(document: Document) -> Shown:
    """The text of a document as annotators see it, without its pull quotes; all of it where there are none.

    >>> text = "We sold the boats years ago\\n\\nWe sold the boats years ago, she said."
    >>> quote = Block(0, 27, "pull-quote", (29, 56))
    >>> shown_text(Document("a", "", "en", text, (quote,))).text
    'We sold the boats years ago, she said.'
    """
    text, pieces, at = document.text, [], 0
    for quote in sorted(quotes(document), key=lambda quote: quote.cut):
        start, end = quote.cut
        if at < start:
            pieces.append((at, start))
        at = max(at, end)
    if at < len(text) or not text:
        pieces.append((at, len(text)))
    return Shown.of(text, pieces)


def quotes(document: Document) -> list[Quote]:
    """The pull quotes that are not shown: those whose passage is shown, and has at least some of their characters."""
    text, found = document.text, []
    # 1: a passage that something repeats, 2: cut out. What is one is never made the other.
    taken = bytearray(len(text))
    for block in document.blocks:
        if block.kind != "pull-quote" or block.repeats is None:
            continue
        start, end = block.repeats
        if not (0 <= start < end <= len(text) and 0 <= block.start < block.end <= len(text)):
            continue
        same = stretches(text, block)
        if not same:
            continue
        cut = _cut(text, block, same)
        if max(start, cut[0]) < min(end, cut[1]) or 2 in taken[start:end] or any(taken[cut[0] : cut[1]]):
            continue
        taken[start:end] = b"\1" * (end - start)
        taken[cut[0] : cut[1]] = b"\2" * (cut[1] - cut[0])
        found.append(Quote(block, cut, same))
    return found


def _cut(text: str, block: Block, same: Sequence[Stretch]) -> Range:
    """What to cut out: the line with a line break, or up to who said it where the quote names somebody."""
    start, end = same[0][0], max(q + length for q, _, length in same)
    before, after = text[block.start : start], text[end : block.end]
    if any(map(str.isalnum, before)):
        return start, end if any(map(str.isalnum, after)) else block.end
    if any(map(str.isalnum, after)):
        return block.start, end
    line = text.rfind("\n", 0, block.start) + 1
    if text[line : block.start].strip():
        return block.start, block.end
    if breaks := _BREAKS_AFTER.match(text, block.end, block.end + _MARGIN):
        return line, breaks.end()
    if text[block.end : block.end + _MARGIN].strip():
        return block.start, block.end
    if breaks := _BREAKS_BEFORE.search(text, max(0, line - _MARGIN), line):
        return breaks.start(), block.end
    return line, block.end


def follow(
    document: Document, entities: Sequence[Entity], claims: Sequence[Claim]
) -> tuple[tuple[Entity, ...], tuple[Claim, ...]]:
    """The marks with those on pull quotes replaced by copies of what is marked in the passages that they repeat.

    A mark is copied where the quote has all of its characters. A copied claim points to the copy of its claimant's
    mention where there is one, else to that mention. The order is that of the text.

    >>> text = "Lin Shu sold the boats in May, she said.\\nLin Shu sold the boats in May"
    >>> document = Document("a", "", "en", text, (Block(41, 70, "pull-quote", (0, 29)),))
    >>> [(e.start, e.label) for e in follow(document, [Entity(Span.of(text, 0, 7), "PERSON")], [])[0]]
    [(0, 'PERSON'), (41, 'PERSON')]
    """
    there = quotes(document)
    if not there:
        return tuple(entities), tuple(claims)
    own = [e for e in entities if not any(_overlap(e.span, quote.cut) for quote in there)]
    stated = [c for c in claims if not any(_overlap(c.span, quote.cut) for quote in there)]
    copies: list[Entity] = []
    restated: list[Claim] = []
    for quote in there:
        for entity in own:
            if (span := _moved(document.text, quote, entity.span)) is not None:
                copies.append(replace(entity, span=span))
        for claim in stated:
            if (span := _moved(document.text, quote, claim.span)) is not None:
                restated.append(replace(claim, span=span, claimant_span=_claimant(quote, claim.claimant_span)))
    followed = sorted_entities([*own, *copies])
    mentions = {(e.start, e.end) for e in followed}
    return followed, sorted_claims(_anchored(claim, there, mentions) for claim in [*stated, *restated])


def _overlap(span: Span, cut: Range) -> bool:
    return span.start < cut[1] and cut[0] < span.end


def _moved(text: str, quote: Quote, span: Span) -> Span | None:
    offset = _offset(quote, (span.start, span.end))
    return None if offset is None else Span.of(text, span.start + offset, span.end + offset)


def _offset(quote: Quote, span: Range) -> int | None:
    """How far it is from a span of the passage to the same characters in the quote; None where it has not all of them."""
    fits = (q - p for q, p, length in quote.stretches if p <= span[0] and span[1] <= p + length)
    return next(fits, None)


def _claimant(quote: Quote, span: Range | None) -> Range | None:
    offset = _offset(quote, span) if span else None
    return (span[0] + offset, span[1] + offset) if span and offset is not None else span


def _anchored(claim: Claim, there: Sequence[Quote], mentions: set[Range]) -> Claim:
    """The claim; without the place of its claimant's mention where that was on a quote and is no more."""
    span = claim.claimant_span
    if span is None or span in mentions or not any(span[0] < q.cut[1] and q.cut[0] < span[1] for q in there):
        return claim
    return replace(claim, claimant_span=None)


def follow_relations(
    document: Document, relations: Iterable[Relation], entities: Sequence[Entity], claims: Sequence[Claim]
) -> tuple[Relation, ...]:
    """The relations, with copies of those of which both ends were copied; `entities` and `claims` come from `follow`.

    A relation from or to a mark of this document that is not among them is left out.
    """
    relations = tuple(relations)
    there = quotes(document)
    if not there:
        return relations
    marks = {Ref(document.id, "entity", e.start, e.end) for e in entities}
    marks |= {Ref(document.id, "claim", c.start, c.end) for c in claims}
    kept = [r for r in relations if all(end.document != document.id or end in marks for end in (r.head, r.tail))]
    return tuple(dict.fromkeys([*kept, *(copy for r in kept for copy in _copies(document, there, r, marks))]))


def _copies(document: Document, there: Sequence[Quote], relation: Relation, marks: set[Ref]) -> Iterator[Relation]:
    if {relation.head.document, relation.tail.document} != {document.id}:
        return
    for quote in there:
        head, tail = (_offset(quote, (end.start, end.end)) for end in (relation.head, relation.tail))
        if head is None or tail is None:
            continue
        moved = replace(relation, head=_shifted(relation.head, head), tail=_shifted(relation.tail, tail))
        if moved.head in marks and moved.tail in marks:
            yield moved


def _shifted(ref: Ref, by: int) -> Ref:
    return replace(ref, start=ref.start + by, end=ref.end + by)


def follow_group(group: Group, relations: Sequence[Relation]) -> tuple[Group, tuple[Relation, ...]]:
    """A group and its relations with every pull quote marked as its passage; they are unchanged where there are none."""
    items: list[Item] = []
    kept = tuple(relations)
    for item in group.items:
        entities, claims = follow(item.document, item.entities, item.claims)
        items.append(replace(item, entities=entities, claims=claims))
        kept = follow_relations(item.document, kept, entities, claims)
    return replace(group, items=tuple(items)), kept
