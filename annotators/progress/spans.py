"""What became of predicted marks where nobody has kept that: read off the marks that are there before and after."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from corpus.document import Claim, Entity
from corpus.metrics import match_claims, paired

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


def entity_marks(before: Sequence[Entity], after: Iterable[Entity]) -> Iterator[Mark]:
    """What became of the entities `before`; the edits are those that `corpus.metrics.count_edits` counts.

    >>> from corpus.document import Span
    >>> text = "浙江省人民政府"
    >>> place, body = Entity(Span.of(text, 0, 3), "PLACE", source="rules-zh"), Entity(Span.of(text, 0, 7), "AGENCY")
    >>> [(mark.outcome, mark.source) for mark in entity_marks([place], [body])]
    [('both', 'rules-zh')]
    """
    sources = {(e.start, e.end): e.source for e in sorted(before, key=lambda e: (e.start, e.end, e.label))}
    now = {(e.start, e.end, e.label) for e in after}
    for new, old in paired(now, [(e.start, e.end, e.label) for e in before]):
        if old is None:
            start, end, label = new or (-1, -1, "")
            yield Mark(ENTITY, ADDED, new_label=label, new_start=start, new_end=end)
            continue
        source = sources[old[:2]]
        if new is None:
            yield Mark(ENTITY, DELETED, source, old[2], old[0], old[1])
            continue
        moved, renamed = new[:2] != old[:2], new[2] != old[2]
        outcome = BOTH if moved and renamed else BOUNDARY if moved else LABEL if renamed else KEPT
        yield Mark(ENTITY, outcome, source, old[2], old[0], old[1], new[2], new[0], new[1])


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
