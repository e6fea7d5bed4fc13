"""The points of a piece by claim type, from its cues and from what its subject is."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from annotators.claims.cues import CLAIM_TYPES, Hit, find
from annotators.claims.piece import Piece
from corpus.document import Lang

_STATES = {
    "en": re.compile(
        r"(?:(?:also|now|still|once|currently|briefly) )?(?:is|are|was|were|remains?|became|has been|have been) "
        r"(?!(?:\w+ )?(?:to|not)\b|(?:\w+ly |also |now |still )?\w+(?:ed|ing|en|wn)\b)"
    ),
    "zh": re.compile(r"(?:都|也|就|均|曾|仍|便)?(?:是|为|有|成为|位于|属于)(?!必要)"),
}
"""A clause whose verb only says what something is or has."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a piece looks like: points by claim type, the likeliest type by them, whether its subject itself claims,
    how strongly it looks like background, the name of its first cue, how many there are, whether it only states
    what something is, and the cues."""

    type: str
    points: Mapping[str, float]
    own: bool
    background: float
    first: str
    count: int
    states: bool
    hits: tuple[Hit, ...]

    @property
    def strength(self) -> float:
        """The points of the chosen type."""
        return self.points[self.type]


def judge(piece: Piece, plain: str, lang: Lang) -> Verdict:
    """The verdict on a piece; `plain` is the normalised text of the whole document."""
    offset = piece.body - piece.start
    hits = find(plain[piece.start : piece.end], lang)  # a cue may lie in the subject ("the key to ... is")
    points = _points(hits, offset, piece.end - piece.start)
    background = sum(h.cue.weight for h in hits if h.cue.type == "background")
    acts = piece.subject in {"named", "body", "pronoun"} and not piece.passive
    head = offset + (8 if lang == "zh" else 30)
    lead = next((h.cue for h in hits if offset <= h.start < head and h.cue.type in CLAIM_TYPES), None)
    if lead is not None and (lead.own or lead.type in {"commitment", "demand"}) and lead.weight >= 1.2:
        points[lead.type] += 0.6  # urged, must, will, 呼吁: what follows is what is urged or promised
    elif acts:
        points["action"] += 1.0
    if acts:
        points["effect"] *= 0.45
    elif piece.subject == "thing":
        points["effect"] += 0.5 if points["effect"] else 0.0
        points["action"] *= 0.9 if piece.passive else 0.5
    points["evaluation"] += 0.3 if piece.reported and points["evaluation"] else 0.0
    kind = max(CLAIM_TYPES, key=lambda t: (points[t], t == "action")) if any(points.values()) else "action"
    names = [h.cue.name for h in hits if h.cue.type in CLAIM_TYPES and h.start >= offset]
    return Verdict(
        type=kind,
        points=points,
        own=owns(piece, hits, kind),
        background=background,
        first=names[0] if names else "",
        count=len(names),
        states=bool(_STATES[lang].match(plain, piece.body, piece.end)),
        hits=hits,
    )


def owns(piece: Piece, hits: Sequence[Hit], kind: str) -> bool:
    """Whether the subject of a piece itself makes the claim, if it is one of type `kind` (it urged, pledged, blamed)."""
    acts = piece.subject in {"named", "body", "pronoun"} and not piece.passive
    near = piece.body - piece.start + 60
    return acts and any(h.cue.own and h.cue.type == kind and h.start < near for h in hits)


def _points(hits: Sequence[Hit], offset: int, length: int) -> dict[str, float]:
    """The best weight by type: more for cues near the head of the clause, a little for each further cue."""
    points = dict.fromkeys(CLAIM_TYPES, 0.0)
    for hit in hits:
        if hit.cue.type not in CLAIM_TYPES:
            continue
        far = max(0, hit.start - offset) / max(40, length)
        weight = hit.cue.weight * (1.0 - 0.5 * min(1.0, far))
        if weight > points[hit.cue.type]:
            points[hit.cue.type] = weight + 0.1 * (points[hit.cue.type] > 0)
    return points
