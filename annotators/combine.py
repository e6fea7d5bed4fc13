"""Layers into one pre-annotation: of spans that overlap, the one of the annotator named first wins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from corpus.document import Entity, Layer, without_overlaps

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
