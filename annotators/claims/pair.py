"""The two versions of an article support one another: what is one claim in one is likely one claim in the other."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

from annotators.claims.find import Draft
from annotators.claims.merge import Parts
from annotators.claims.piece import Piece
from corpus.align.alike import Said, alike, said
from corpus.document import Bead, Document, Lang

SHARE = 0.8
"""How much the odds and the types of the counterpart count, against one's own at 1."""

_OVERLAP = 0.25
"""Counterparts must share this much of their union, both measured relative to their sentences."""

_ONE = 1.5
"""The log odds that two pieces are one which are both translated by one piece."""

_PLACE, _ENOUGH = 0.2, 0.3
"""What it counts for two pieces that one lies in the place of the other, and how alike they must be in all."""

_NEAR = 3
"""Pieces whose translations are so many pieces apart may still be one, if all between them is."""

SHAPES = frozenset({(1, 1), (1, 2), (2, 1)})
"""Beads of so many English and Chinese sentences tell best what translates what."""

Range = tuple[int, int]


def joined(en: tuple[Document, Parts], zh: tuple[Document, Parts], beads: Sequence[Bead]) -> tuple[Parts, Parts]:
    """The pieces of both versions, with how likely neighbours are one claim moved by what is so in the other version.

    A piece is translated by that of the aligned sentences which is most alike. Neighbours with one translation are
    likely one claim; those with two as likely as these are.
    """
    sides = {"en": en, "zh": zh}
    translated: dict[str, dict[int, Piece]] = {"en": {}, "zh": {}}
    for bead in beads:
        for lang, piece, other in _translations(en, zh, bead):
            translated[lang][piece.start] = other
    en_parts, zh_parts = (
        replace(sides[lang][1], joins=_moved(sides[lang][1], sides[other][1], translated[lang]))
        for lang, other in (("en", "zh"), ("zh", "en"))
    )
    return en_parts, zh_parts


def _translations(
    en: tuple[Document, Parts], zh: tuple[Document, Parts], bead: Bead
) -> Iterator[tuple[Lang, Piece, Piece]]:
    left, right = _pieces(*en, bead.en), _pieces(*zh, bead.zh)
    if not left or not right or len(left) * len(right) > _MOST:
        return
    table = [[alike(a, b) + _PLACE * _inner(p, q) for _, q, b in right] for _, p, a in left]
    for row, (piece, _, _) in zip(table, left, strict=True):
        if max(row) >= _ENOUGH:
            yield "en", piece, right[row.index(max(row))][0]
    for column, (piece, _, _) in zip(zip(*table, strict=True), right, strict=True):
        if max(column) >= _ENOUGH:
            yield "zh", piece, left[column.index(max(column))][0]


_MOST = 2500
"""Sentences of more pieces than anybody writes are not compared."""


def _pieces(document: Document, found: Parts, ranges: Sequence[Range]) -> list[tuple[Piece, tuple[float, float], Said]]:
    """The pieces in a run of sentences, with their place relative to it and what they say."""
    if not ranges:
        return []
    first = bisect_left(found.judged, ranges[0][0], key=lambda j: j[0].start)
    out = []
    for piece, _ in found.judged[first:]:
        if piece.start >= ranges[-1][1]:
            break
        if (place := place_in(piece.start, piece.end, ranges)) is not None:
            out.append((piece, place, said(document.text[piece.start : piece.end], document.lang)))
    return out


def _inner(one: tuple[float, float], two: tuple[float, float]) -> float:
    """The part of the shorter of two places that the two share."""
    shared = min(one[1], two[1]) - max(one[0], two[0])
    return max(0.0, shared) / max(1e-9, min(one[1] - one[0], two[1] - two[0]))


def _moved(own: Parts, other: Parts, translated: Mapping[int, Piece]) -> dict[int, float]:
    order = {piece.start: n for n, (piece, _) in enumerate(other.judged)}
    starts = [piece.start for piece, _ in other.judged]
    joins = dict(own.joins)
    for (a, _), (b, _) in pairwise(own.judged):
        one, two = translated.get(a.start), translated.get(b.start)
        if b.start not in joins or one is None or two is None:
            continue
        first, last = sorted((order[one.start], order[two.start]))
        if last - first > _NEAR:
            continue
        between = [other.joins.get(start) for start in starts[first + 1 : last + 1]]
        if len(between) == 1 and between[0] is None:
            continue
        odds = min((_NEVER if odds is None else odds for odds in between), default=_ONE)
        joins[b.start] = (joins[b.start] + SHARE * odds) / (1 + SHARE)
    return joins


_NEVER = -3.0
"""The log odds of what cannot be joined, where more than that lies between."""


def supported(
    en: Sequence[Draft], zh: Sequence[Draft], beads: Sequence[Bead], share: float = SHARE
) -> tuple[list[Draft], list[Draft]]:
    """The drafts of both versions, each moved by its counterpart in the aligned sentences, where there is one.

    Clauses mostly keep their order in translation: counterparts are the drafts at the same relative place.
    """
    moved: dict[tuple[Lang, int], Draft] = {}
    for bead in beads:
        left, right = list(drafts_in(en, bead.en)), list(drafts_in(zh, bead.zh))
        for lang, own, other in (("en", left, right), ("zh", right, left)):
            for n, place, draft in own:
                found = [(shared_place(place, there), m, partner) for m, there, partner in other]
                best = max(found, key=lambda f: (f[0], -f[1]), default=None)
                if best is not None and best[0] >= _OVERLAP:
                    moved[lang, n] = _blend(draft, best[2], share)  # type: ignore[index]
    return (
        [moved.get(("en", n), draft) for n, draft in enumerate(en)],
        [moved.get(("zh", n), draft) for n, draft in enumerate(zh)],
    )


def _blend(draft: Draft, partner: Draft, share: float) -> Draft:
    types = Counter({kind: score + share * partner.types[kind] for kind, score in draft.types.items()})
    stances = Counter({stance: score + share * partner.stances[stance] for stance, score in draft.stances.items()})
    odds = (draft.odds + share * partner.odds) / (1 + share)
    return replace(draft, odds=odds, types=types, stances=stances)


def place_in(start: int, end: int, ranges: Sequence[Range]) -> tuple[float, float] | None:
    """Where a stretch lies in a run of sentences, from 0 to 1; None where it is not inside."""
    if not ranges or start < ranges[0][0] or end > ranges[-1][1]:
        return None
    first, size = ranges[0][0], max(1, ranges[-1][1] - ranges[0][0])
    return (start - first) / size, (end - first) / size


def shared_place(one: tuple[float, float], two: tuple[float, float]) -> float:
    """What two places share, as a part of their union."""
    shared = min(one[1], two[1]) - max(one[0], two[0])
    return shared / (max(one[1], two[1]) - min(one[0], two[0])) if shared > 0 else 0.0


def drafts_in(drafts: Sequence[Draft], ranges: Sequence[Range]) -> Iterator[tuple[int, tuple[float, float], Draft]]:
    """Of drafts in the order of the text, those in a run of sentences: number, place in it, draft."""
    if not ranges:
        return
    first = bisect_left(drafts, ranges[0][0], key=lambda d: d.piece.start)
    for n in range(first, len(drafts)):
        draft = drafts[n]
        if draft.piece.start >= ranges[-1][1]:
            return
        if (place := place_in(draft.piece.start, draft.piece.end, ranges)) is not None:
            yield n, place, draft
