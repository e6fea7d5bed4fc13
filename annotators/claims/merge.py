"""Pieces that make one claim together: neighbours in one voice, joined where a small model says so."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
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


def merged(pieces: Sequence[Piece], plain: str, lang: Lang, tables: Tables) -> list[Judged]:
    """The pieces with their verdicts, runs that belong together made one."""
    out: list[Judged] = []
    last: Judged | None = None  # the piece before, as it was before joining
    for piece in pieces:
        verdict = judge(piece, plain, lang)
        if last is not None and joinable(last[0], piece, lang):
            row = join_features(last, (piece, verdict), plain, lang)
            if weighted(row, tables.get("join", {})) >= 0:
                joined = replace(out[-1][0], end=piece.end)
                if joined.subject == "none" and piece.subject != "none" and out[-1][0] is last[0]:
                    joined = replace(joined, subject=piece.subject, actor=piece.actor, noun=piece.noun)
                out[-1] = (joined, judge(joined, plain, lang))
                last = (piece, verdict)
                continue
        out.append((piece, verdict))
        last = out[-1]
    return out
