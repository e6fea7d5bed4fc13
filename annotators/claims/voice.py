"""Who speaks: what both languages keep track of while they read a text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from annotators.claims.piece import Piece
from corpus.document import Entity

PEOPLE = frozenset({"PERSON", "OFFICIAL"})
BODIES = frozenset({"AGENCY", "FIRM", "ORG"})


@dataclass
class History:
    """Who has been named and who has spoken so far; `reported` is the last sentence with somebody's words, `issuer` the
    body that last issued a paper (a notice, a statement), which may speak in its name."""

    person: Entity | None = None
    body: Entity | None = None
    issuer: Entity | None = None
    speaker: Entity | None = None
    reported: int = -9

    def note(self, entities: Sequence[Entity], found: Sequence[Piece]) -> None:
        """Take note of a sentence: its mentions, and of its bodies the one that acts, likeliest the next "it"."""
        for entity in entities:
            if entity.label in PEOPLE:
                self.person = entity
            elif entity.label in BODIES:
                self.body = entity
        for piece in found:
            if piece.subject == "named" and piece.actor is not None and piece.actor.label not in PEOPLE:
                self.body = piece.actor
                return

    def issued(self, found: Sequence[Piece], text: str, issue: re.Pattern[str]) -> None:
        """Take note of a sentence in which a body that acts issues a paper: `issue` finds the verb in `text`."""
        for piece in found:
            actor = piece.actor if piece.subject == "named" else None
            if actor is not None and actor.label in BODIES and issue.search(text, piece.body, piece.end):
                self.issuer = actor
                return

    def heard(self, speaker: Entity | None, sentence: int) -> None:
        """Take note that `speaker` is reported in a sentence; None is somebody unnamed."""
        self.speaker, self.reported = speaker or self.speaker, sentence

    def pronoun(self, word: str) -> Entity | None:
        """Whom he, she, it or they most likely means."""
        if word.lower() in {"he", "she", "i"}:
            return self.person or self.speaker
        if word.lower() == "it":
            return self.body
        return self.speaker or self.body


@dataclass(frozen=True, slots=True)
class Region:
    """A stretch of a sentence in one voice; the flags and the verb of speech are those of `Piece`."""

    start: int
    end: int
    speaker: Entity | None = None
    reported: bool = False
    announced: bool = False
    lasting: bool = False
    verb: str = ""


def is_headline(text: str, index: int, end: int) -> bool:
    """Whether a sentence is the headline: the first, and without a full stop."""
    return index == 0 and text[end - 1] not in '.。!！?？”"'


def likeliest(mentions: Sequence[Entity]) -> Entity | None:
    """Of the mentions in a subject, the one that speaks: the first person, else the last body, else the first place."""
    people = [e for e in mentions if e.label in PEOPLE]
    bodies = [e for e in mentions if e.label in BODIES]
    return people[0] if people else bodies[-1] if bodies else mentions[0] if mentions else None
