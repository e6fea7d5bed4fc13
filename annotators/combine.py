"""Layers into one pre-annotation: of spans that overlap, the one of the annotator named first wins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from corpus.document import Entity, Group, Item, Layer, Ref, Relation, without_overlaps

OFFICIAL, PERSON = "OFFICIAL", "PERSON"


def combine_entities(layers: Sequence[Layer], priorities: Sequence[str]) -> tuple[Entity, ...]:
    """The entities chosen from the layers of one document, in text order.

    `priorities` names sources, the strongest first; a source not named comes last. Within one source the longer
    span wins, since the scheme takes the longest name.
    """
    rank = {source: number for number, source in enumerate(priorities)}
    proposed = [entity for layer in layers for entity in layer.entities]
    proposed.sort(key=lambda e: (rank.get(e.source, len(rank)), e.start - e.end, e.start))
    return _with_offices(without_overlaps(proposed))


def _with_offices(entities: Sequence[Entity]) -> tuple[Entity, ...]:
    """Who is an official in one mention is one in all that have the same words, whichever source found them."""
    officials = {e.span.surface for e in entities if e.label == OFFICIAL}
    return tuple(
        replace(e, label=OFFICIAL) if e.label == PERSON and e.span.surface in officials else e for e in entities
    )


def share_offices(group: Group, relations: Sequence[Relation]) -> Group:
    """Who is an official in one version of an article is one in the other, where the two mentions are linked.

    `relations` are the `same_as` relations between the combined entities of the group.
    """
    labels = {_ref(item, e): e.label for item in group.items for e in item.entities}
    officials = {
        ref
        for relation in relations
        for ref, other in ((relation.head, relation.tail), (relation.tail, relation.head))
        if (labels.get(ref), labels.get(other)) == (PERSON, OFFICIAL)
    }
    if not officials:
        return group
    items = []
    for item in group.items:
        known = [replace(e, label=OFFICIAL) if _ref(item, e) in officials else e for e in item.entities]
        items.append(replace(item, entities=_with_offices(known)))
    return replace(group, items=tuple(items))


def _ref(item: Item, entity: Entity) -> Ref:
    return Ref(item.document.id, "entity", entity.start, entity.end)
