"""The two versions of an article support one another: what is a claim in one is likely one in the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from annotators.claims.find import Draft
from corpus.document import Bead, Lang

SHARE = 0.8
"""How much the odds and the types of the counterpart count, against one's own at 1."""

_OVERLAP = 0.25
"""Counterparts must share this much of their union, both measured relative to their sentences."""


def supported(
    en: Sequence[Draft], zh: Sequence[Draft], beads: Sequence[Bead], share: float = SHARE
) -> tuple[list[Draft], list[Draft]]:
    """The drafts of both versions, each moved by its counterpart in the aligned sentences, where there is one.

    Clauses mostly keep their order in translation: counterparts are the drafts at the same relative place.
    """
    moved: dict[tuple[Lang, int], Draft] = {}
    for bead in beads:
        left, right = _inside(en, bead.en), _inside(zh, bead.zh)
        for lang, own, other in (("en", left, right), ("zh", right, left)):
            for n, a, b, draft in own:
                found = [(_union(a, b, c, d), m, partner) for m, c, d, partner in other]
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


def _inside(drafts: Sequence[Draft], ranges: Sequence[tuple[int, int]]) -> list[tuple[int, float, float, Draft]]:
    """The drafts in a run of sentences, with their place relative to it."""
    if not ranges:
        return []
    start, end = ranges[0][0], ranges[-1][1]
    size = max(1, end - start)
    return [
        (n, (d.piece.start - start) / size, (d.piece.end - start) / size, d)
        for n, d in enumerate(drafts)
        if start <= d.piece.start and d.piece.end <= end
    ]


def _union(a: float, b: float, c: float, d: float) -> float:
    shared = min(b, d) - max(a, c)
    return shared / (max(b, d) - min(a, c)) if shared > 0 else 0.0
