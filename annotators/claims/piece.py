"""A piece: a clause that may be a claim, with who speaks, who acts, and where it stands."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from corpus.document import Entity

Form = Literal["", "past", "present", "perfect", "progressive", "modal", "infinitive", "state"]
"""How the verb of a piece stands: its tense or aspect, with a modal verb, or saying what something is."""

Subject = Literal["named", "body", "pronoun", "thing", "none"]
"""What the grammatical subject of a piece is: a named mention, an unnamed body (the ministry, 检察机关), a pronoun,
anything else, or none."""

ACTORS = frozenset({"AGENCY", "FIRM", "ORG", "PLACE", "OFFICIAL", "PERSON"})


@dataclass(frozen=True, slots=True)
class Piece:
    """Half-open code points: `start` with the subject, `body` without it (equal where there is none).

    `reported`: in somebody's words; `announced`: of the speaker's own acts; `lasting`: the speaker may go on speaking
    in the sentences that follow (indirect speech, not a source that is merely cited); `verb`: how they say it (warn, 称).
    """

    start: int
    body: int
    end: int
    sentence: int
    subject: Subject = "none"
    actor: Entity | None = None
    noun: str = ""
    speaker: Entity | None = None
    reported: bool = False
    announced: bool = False
    lasting: bool = False
    verb: str = ""
    quoted: bool = False
    headline: bool = False
    passive: bool = False
    form: Form = ""


def within(entities: Sequence[Entity], start: int, end: int) -> list[Entity]:
    """Of entities in the order of the text, those that lie in a stretch of it."""
    first = bisect_left(entities, start, key=_start)
    return [e for e in entities[first : bisect_left(entities, end, first, key=_start)] if e.end <= end]


def _start(entity: Entity) -> int:
    return entity.span.start


def trimmed(text: str, start: int, end: int, drop: str) -> tuple[int, int]:
    """The stretch without white space and the characters of `drop` at both ends.

    >>> trimmed("“共同富裕。”", 0, 7, "“”。")
    (1, 5)
    """
    while start < end and (text[start].isspace() or text[start] in drop):
        start += 1
    while end > start and (text[end - 1].isspace() or text[end - 1] in drop):
        end -= 1
    return start, end
