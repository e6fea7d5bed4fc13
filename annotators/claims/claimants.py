"""Whose claim it is: the speaker, the acting body, or the author."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from annotators.claims.kinds import Verdict
from annotators.claims.piece import Piece
from annotators.claims.voice import PEOPLE
from corpus.document import Entity

_FIRMS = {"company", "firm", "enterprise", "公司", "企业", "集团"}
_HOME = {"我国": "中国", "全国": "中国"}
_FOR_BODY = {"AGENCY", "FIRM", "ORG", "PLACE"}
_ACTS = {"commitment", "action"}
_REACH = 2
"""Sentences over which a speaker goes on speaking, or a body acting, without being named again."""


@dataclass
class Floor:
    """Who has the floor: the last speaker of indirect speech, the last body that acted, and the last person that a
    sentence told of, with their sentences."""

    speaker: Entity | None = None
    spoke: int = -9
    actor: Entity | None = None
    acted: int = -9
    person: Entity | None = None
    seen: int = -9

    def before(self, piece: Piece) -> None:
        """Take note of a piece, whether it becomes a claim or not."""
        if piece.sentence - self.spoke > _REACH:
            self.speaker = None
        if piece.sentence - self.acted > _REACH:
            self.actor = None
        if piece.reported:
            self.speaker, self.spoke = (piece.speaker, piece.sentence) if piece.lasting else (None, -9)
        if piece.subject == "named" and piece.actor is not None and not piece.reported:
            self.actor, self.acted = piece.actor, piece.sentence
            if piece.actor.label in PEOPLE:
                self.person, self.seen = piece.actor, piece.sentence

    def after(self, piece: Piece, verdict: Verdict, who: Entity | None) -> None:
        """Take note of a claim and its claimant."""
        if who is not None and verdict.type in _ACTS:
            self.actor, self.acted = who, piece.sentence
        if who is not None and who == self.speaker:
            self.spoke = piece.sentence
        elif not piece.reported and who is None:
            self.speaker = None  # the author judges: the speech is over


def antecedent(piece: Piece, entities: Sequence[Entity]) -> Entity | None:
    """The mention that an unnamed body most likely means: the nearest before it that ends in the same noun."""
    noun = piece.noun.lower().removeprefix("该")
    if not noun:
        return None
    before = [e for e in entities if e.end <= piece.start and e.label in _FOR_BODY]
    if noun in _HOME:
        same = [e for e in (before or entities) if e.span.surface == _HOME[noun]] or [
            e for e in entities if e.span.surface == _HOME[noun]
        ]
        return same[-1] if same else None
    for entity in reversed(before):
        name = entity.span.surface.lower()
        if noun in name.split() or (not noun.isascii() and name.endswith(noun)):
            return entity
        if noun in _FIRMS and entity.label == "FIRM":
            return entity
    return None


def claimant(piece: Piece, verdict: Verdict, entities: Sequence[Entity], floor: Floor) -> Entity | None:
    """The mention that makes the claim; None is the author."""
    named = piece.actor if piece.subject in {"named", "pronoun"} else None
    if piece.reported:
        return _reported(piece, verdict, entities, named)
    if verdict.own and named is not None:
        return named
    if piece.quoted and floor.person is not None and floor.spoke < floor.seen >= piece.sentence - _REACH:
        return floor.person  # what the person just told of says: He laid a wreath. "We will not forget."
    if piece.quoted and floor.speaker is not None:
        return floor.speaker
    new = piece.sentence != floor.spoke
    if new and piece.subject == "thing" and not piece.quoted and verdict.type in {"action", "effect"}:
        return None  # what happens to things is told by the author again
    if verdict.type in _ACTS:
        return _acting(piece, verdict, entities, named, floor)
    if verdict.type == "demand" and piece.subject == "none" and floor.acted == piece.sentence:
        return floor.actor
    return floor.speaker


def _reported(piece: Piece, verdict: Verdict, entities: Sequence[Entity], named: Entity | None) -> Entity | None:
    if not piece.announced or verdict.type not in _ACTS or piece.speaker is None:
        return piece.speaker
    # One's own acts are announced: the body that acts, unless it is the speaker under another name.
    if named is not None and named.label != "PLACE":
        return named
    return (antecedent(piece, entities) if piece.subject == "body" else None) or piece.speaker


def _acting(
    piece: Piece, verdict: Verdict, entities: Sequence[Entity], named: Entity | None, floor: Floor
) -> Entity | None:
    if named is not None:
        return named
    if piece.subject == "body":
        return antecedent(piece, entities) or floor.speaker
    if piece.announced and piece.speaker:
        return piece.speaker
    if piece.subject == "none" or verdict.type == "commitment":
        return floor.actor if floor.acted >= floor.spoke else floor.speaker
    return floor.speaker
