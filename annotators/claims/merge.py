"""Pieces that make one claim together: neighbours in one voice, joined where a small model says so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from annotators.claims.kinds import Verdict, judge
from annotators.claims.piece import Piece
from annotators.claims.weigh import Tables, join_features, weighted
from corpus.document import Lang

_GAP = {"en": 24, "zh": 8}
"""Characters between two pieces (a conjunction, a comma) beyond which they are never joined."""

Judged = tuple[Piece, Verdict]


def joinable(a: Piece, b: Piece, lang: Lang) -> bool:
    """Whether two neighbouring pieces could be parts of one claim: one sentence, one voice, nothing between them."""
    return (
        a.sentence == b.sentence
        and (a.reported, a.speaker, a.headline) == (b.reported, b.speaker, b.headline)
        and b.start - a.end <= _GAP[lang]
    )


def neighbours(pieces: Sequence[Piece], plain: str, lang: Lang) -> Iterator[tuple[Judged, Judged]]:
    """Every two neighbouring pieces that could be joined, with their verdicts."""
    judged = [(p, judge(p, plain, lang)) for p in pieces]
    for a, b in pairwise(judged):
        if joinable(a[0], b[0], lang):
            yield a, b


@dataclass(frozen=True, slots=True)
class Parts:
    """The pieces of a document in order with their verdicts, and the log odds that one is joined to the piece before it,
    by its start; none where that cannot be."""

    judged: tuple[Judged, ...]
    joins: Mapping[int, float]


def parts(pieces: Sequence[Piece], plain: str, lang: Lang, tables: Tables) -> Parts:
    """The pieces with what is known of them before any are joined."""
    judged = tuple((p, judge(p, plain, lang)) for p in pieces)
    table = tables.get("join", {})
    joins = {
        b[0].start: weighted(join_features(a, b, plain, lang), table)
        for a, b in pairwise(judged)
        if joinable(a[0], b[0], lang)
    }
    return Parts(judged, joins)


def merged(found: Parts, plain: str, lang: Lang) -> list[Judged]:
    """The pieces with their verdicts, runs that belong together made one."""
    out: list[Judged] = []
    last: Piece | None = None  # the piece before, as it was before joining
    for piece, verdict in found.judged:
        if last is not None and found.joins.get(piece.start, -1.0) >= 0:
            joined = replace(out[-1][0], end=piece.end)
            if joined.subject == "none" and piece.subject != "none" and out[-1][0] is last:
                joined = replace(joined, subject=piece.subject, actor=piece.actor, noun=piece.noun)
            out[-1] = (joined, judge(joined, plain, lang))
        else:
            out.append((piece, verdict))
        last = piece
    return out
