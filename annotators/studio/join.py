"""The parts of an article that one annotator has submitted, joined to one layer of each document.

An arrow from a mark in one part to a mark in another cannot be drawn: it stays outside of the tasks, and comes back where both
marks were kept.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from annotators.repeats import Shown, follow, follow_relations, quotes
from annotators.studio.convert import CLAIMANT_RELATION
from annotators.studio.cut import Part
from corpus.document import (
    AUTHOR,
    Claim,
    Document,
    Entity,
    Group,
    Layer,
    Ref,
    Relation,
    sorted_claims,
    sorted_entities,
)


@dataclass(frozen=True, slots=True)
class Outside:
    """What of an article in parts no task shows: relations between parts, by the part of their head, and how many marks."""

    relations: Mapping[int, tuple[Relation, ...]]
    marks: int


def outside_of(group: Group, relations: Iterable[Relation], parts: Sequence[Part]) -> Outside:
    """What of the pre-annotation no part shows. The claimants that claims name count as relations."""
    shown = {(part.number, i.document.id): part.shown(i.document) for part in parts for i in group.items}
    where: dict[Ref, int] = {}
    lost = 0
    for item in group.items:
        hidden = [quote.cut for quote in quotes(item.document)]
        for ref in _marks(item.document.id, item.entities, item.claims):
            number = next((p.number for p in parts if _holds(shown[p.number, item.document.id], ref)), 0)
            if number:
                where[ref] = number
            else:
                lost += not any(start < ref.end and ref.start < end for start, end in hidden)
    found: dict[int, list[Relation]] = {}
    for relation in dict.fromkeys([*relations, *_claimants(group)]):
        head, tail = where.get(relation.head), where.get(relation.tail)
        if head is not None and tail is not None and head != tail:
            found.setdefault(head, []).append(relation)
    return Outside({number: tuple(between) for number, between in found.items()}, lost)


def _holds(shown: Shown, ref: Ref) -> bool:
    return shown.inward(ref.start, ref.end) is not None


def _marks(document: str, entities: Iterable[Entity], claims: Iterable[Claim]) -> Iterator[Ref]:
    yield from (Ref(document, "entity", e.start, e.end) for e in entities)
    yield from (Ref(document, "claim", c.start, c.end) for c in claims)


def _claimants(group: Group) -> Iterator[Relation]:
    for item in group.items:
        for claim in item.claims:
            if claim.claimant_span is not None:
                head = Ref(item.document.id, "claim", claim.start, claim.end)
                yield Relation(CLAIMANT_RELATION, head, Ref(item.document.id, "entity", *claim.claimant_span))


def relations_json(relations: Iterable[Relation]) -> str:
    """Relations as JSON, for the table `pushed`; "" for none."""
    rows = [
        [r.label, *(value for end in (r.head, r.tail) for value in (end.document, end.kind, end.start, end.end))]
        for r in relations
    ]
    return json.dumps(rows, ensure_ascii=False) if rows else ""


def relations_from(text: str) -> list[Relation]:
    """The relations that `relations_json` wrote."""
    return [Relation(row[0], Ref(*row[1:5]), Ref(*row[5:9])) for row in json.loads(text or "[]")]


def joined(
    documents: Sequence[Document],
    parts: Sequence[Sequence[Layer]],
    outside: Iterable[Relation],
    *,
    source: str,
    version: str,
) -> list[Layer]:
    """One layer a document from those of its parts, with the relations between parts whose ends are both there.

    A claimant comes back where the annotator left its words as they were. Pull quotes get the marks of the passages that they
    repeat, as in an article that was not cut.
    """
    layers = [layer for part in parts for layer in part]
    entities = {d.id: [e for layer in layers if layer.document == d.id for e in layer.entities] for d in documents}
    claims = {d.id: [c for layer in layers if layer.document == d.id for c in layer.claims] for d in documents}
    made = [relation for layer in layers for relation in layer.relations]
    marks = {ref for d in documents for ref in _marks(d.id, entities[d.id], claims[d.id])}
    for relation in outside:
        if relation.head not in marks or relation.tail not in marks:
            continue
        if relation.label == CLAIMANT_RELATION and not _claimed(claims, entities, relation):
            continue
        made.append(replace(relation, source=source))
    found = []
    for document in documents:
        mentions, stated = sorted_entities(entities[document.id]), sorted_claims(claims[document.id])
        mentions, stated = follow(document, mentions, stated)
        made = list(follow_relations(document, made, mentions, stated))
        found.append(Layer(document.id, document.sha, source, version, mentions, stated))
    unique = sorted(set(made), key=lambda r: (r.head, r.label, r.tail))
    return [replace(layer, relations=tuple(r for r in unique if r.head.document == layer.document)) for layer in found]


def _claimed(claims: dict[str, list[Claim]], entities: Mapping[str, list[Entity]], relation: Relation) -> bool:
    """Give the claim its claimant's mention in another part, where it has the words and no mention; whether it was given."""
    head, tail = relation.head, relation.tail
    words = next((e.span.surface for e in entities[tail.document] if (e.start, e.end) == (tail.start, tail.end)), None)
    for at, claim in enumerate(claims[head.document]):
        if (claim.start, claim.end) != (head.start, head.end) or claim.claimant_span is not None:
            continue
        if claim.claimant != AUTHOR and claim.claimant == words:
            here = head.document == tail.document
            claims[head.document][at] = replace(claim, claimant_span=(tail.start, tail.end) if here else None)
            return True
    return False
