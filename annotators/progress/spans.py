"""What became of predicted marks where nobody has kept that: read off the marks that are there before and after."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from corpus.document import Claim, Entity
from corpus.metrics import match_claims

ENTITY, CLAIM, RELATION = "entity", "claim", "relation"
KEPT, LABEL, BOUNDARY, BOTH, ATTRIBUTES, DELETED, ADDED = (
    *("kept", "label", "boundary", "both", "attributes", "deleted", "added"),
)

EDITS: Mapping[str, int] = {KEPT: 0, LABEL: 1, BOUNDARY: 1, BOTH: 2, ATTRIBUTES: 1, DELETED: 1, ADDED: 1}
"""How many edits each outcome takes (see `corpus.metrics`)."""

ATTRIBUTE_NAMES = ("type", "stance", "claimant", "policy_area", "targets")


Range = tuple[int, int]
Moved = Mapping[Range, Range]
"""Where entities of the prediction are in the annotation."""


class Mark(NamedTuple):
    """What became of a predicted mark, or that one is new; offsets are -1 where there is none, labels ""."""

    kind: str
    outcome: str
    source: str = ""
    label: str = ""
    start: int = -1
    end: int = -1
    new_label: str = ""
    new_start: int = -1
    new_end: int = -1

    @property
    def plain(self) -> Mark:
        """The same without the places."""
        return Mark(self.kind, self.outcome, self.source, self.label, new_label=self.new_label)


def entity_marks(before: Iterable[Entity], after: Iterable[Entity]) -> Iterator[Mark]:
    """What became of the entities `before`; the edits are those that `corpus.metrics.count_edits` counts.

    >>> from corpus.document import Span
    >>> text = "浙江省人民政府"
    >>> place, body = Entity(Span.of(text, 0, 3), "PLACE", source="rules-zh"), Entity(Span.of(text, 0, 7), "AGENCY")
    >>> [(mark.outcome, mark.source) for mark in entity_marks([place], [body])]
    [('both', 'rules-zh')]
    """
    left = {(e.start, e.end): e for e in sorted(before, key=lambda e: (e.start, e.end, e.label))}
    rest = []
    for now in sorted({(e.start, e.end, e.label) for e in after}):
        was = left.pop(now[:2], None)
        if was is None:
            rest.append(now)
        else:
            yield _mark(KEPT if was.label == now[2] else LABEL, was, now)
    for now in rest:
        start, end, label = now
        shared, best = max(((min(end, e) - max(start, s), (s, e)) for s, e in left), default=(0, (0, 0)))
        if shared > 0:
            was = left.pop(best)
            yield _mark(BOUNDARY if was.label == label else BOTH, was, now)
        else:
            yield Mark(ENTITY, ADDED, "", "", -1, -1, label, start, end)
    for was in left.values():
        yield Mark(ENTITY, DELETED, was.source, was.label, was.start, was.end)


def _mark(outcome: str, was: Entity, now: tuple[int, int, str]) -> Mark:
    return Mark(ENTITY, outcome, was.source, was.label, was.start, was.end, now[2], now[0], now[1])


def claim_marks(before: Sequence[Claim], after: Sequence[Claim], label: str, moved: Moved) -> Iterator[Mark]:
    """The same for claims, which are the same where they share half of their characters; `label` is that of the scheme.

    For `moved` see `changed`.
    """
    pairs = match_claims(after, before)
    for now, was in pairs:
        other = (now.start, now.end) != (was.start, was.end)
        outcome = BOUNDARY if other else KEPT if not changed(was, now, moved) else ATTRIBUTES
        yield Mark(CLAIM, outcome, was.source, label, was.start, was.end, label, now.start, now.end)
    kept, found = {id(was) for _, was in pairs}, {id(now) for now, _ in pairs}
    for was in before:
        if id(was) not in kept:
            yield Mark(CLAIM, DELETED, was.source, label, was.start, was.end)
    for now in after:
        if id(now) not in found:
            yield Mark(CLAIM, ADDED, "", "", -1, -1, label, now.start, now.end)


def moved_by(marks: Iterable[Mark]) -> Moved:
    """Where each predicted entity is now."""
    return {(m.start, m.end): (m.new_start, m.new_end) for m in marks if m.kind == ENTITY and m.new_start >= 0}


def changed(was: Claim, now: Claim, moved: Moved | None = None) -> tuple[str, ...]:
    """The attributes in which two claims differ. A claimant whose mention got another boundary (`moved`) is the same.

    >>> from corpus.document import Span
    >>> span = Span(0, 2, "降息")
    >>> changed(Claim(span, "demand", "support", "央行"), Claim(span, "action", "support"))
    ('type', 'claimant')
    """
    found = tuple(name for name in ATTRIBUTE_NAMES if getattr(was, name) != getattr(now, name))
    same = was.claimant_span and now.claimant_span and (moved or {}).get(was.claimant_span) == now.claimant_span
    return tuple(name for name in found if name != "claimant") if same else found
