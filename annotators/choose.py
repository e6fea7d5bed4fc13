"""From the layers of a group to its pre-annotation: priorities first, then weights learnt from gold where there are any.

The priorities choose, links join what they chose across the two versions, and with both as evidence a regression says of
every span that any source proposes how likely it is right (`annotators.weights`). Of spans that overlap those are kept
that are worth most together. A source that the weights do not know keeps the place that the order of priority gives it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from annotators.combine import combine_entities, share_offices
from annotators.gold_names import yielding
from annotators.projection import SOURCE as PROJECTION
from annotators.projection import Counterparts, counterparts, projected
from annotators.weights import Mark, Table, Tables, best_set, candidates, shipped, table_for
from corpus.document import Document, Entity, Group, Item, Layer, Relation, without_overlaps

Linking = Callable[[Group], list[Layer]]
"""What joins the mentions of the two versions: layers of relations."""

Odds = Mapping[str, Mapping[Mark, float]]


@dataclass(frozen=True, slots=True)
class Chosen:
    """A group with its entities, the layers made on the way (links, projections), and the relations.

    `odds` has, by document, how probable the weights think each span that was in question; `before` the group as the
    priorities alone would have it; `tables` the weights that were used, by document.
    """

    group: Group
    layers: tuple[Layer, ...]
    relations: tuple[Relation, ...]
    odds: Odds
    before: Group
    tables: Mapping[str, Table]


def choose(
    group: Group, layers: Sequence[Layer], order: Sequence[str], link: Linking, tables: Tables | None = None
) -> Chosen:
    """The pre-annotation of a group from the layers of its annotators of entities, in the order of priority.

    `link` finds the links between the two versions. `tables` replace the shipped weights; where there is none for a language
    and these sources, the priorities decide.
    """
    tables = shipped() if tables is None else tables
    layers = yielding(layers)
    sources = frozenset(order)
    used = {item.document.id: table_for(item.document.lang, sources, tables) for item in group.items}
    group = replace(group, items=tuple(_by_priority(i, layers, order, used[i.document.id]) for i in group.items))
    links = link(group)
    relations = _relations(links)
    before = group = share_offices(group, relations)
    views = counterparts(group, relations)
    odds: dict[str, Mapping[Mark, float]] = {}
    items = []
    for item in group.items:
        table = used[item.document.id]
        if table is not None:
            item, odds[item.document.id] = _weighed(item, layers, order, table, views.get(item.document.id))
        items.append(item)
    group = replace(group, items=tuple(items))
    copies = projected(group, views)
    if copies:
        group = replace(group, items=tuple(_filled(item, copies) for item in group.items))
    if _marks(group) != _marks(before):
        links = link(group)
        relations = _relations(links)
        group = share_offices(group, relations)
    tables_used = {id: table for id, table in used.items() if table is not None}
    return Chosen(group, (*copies, *links), relations, odds, before, tables_used)


def _by_priority(item: Item, layers: Sequence[Layer], order: Sequence[str], table: Table | None) -> Item:
    own = [layer for layer in layers if layer.document == item.document.id]
    if table is not None:
        own = [layer for layer in own if layer.source in table.sources]
    return replace(item, entities=combine_entities(own, order))


def _weighed(
    item: Item, layers: Sequence[Layer], order: Sequence[str], table: Table, other: Counterparts | None
) -> tuple[Item, Mapping[Mark, float]]:
    proposed = [e for layer in layers if layer.document == item.document.id for e in layer.entities]
    known = [e for e in proposed if e.source in table.sources]
    entities, odds = weighed(item.document, known, item.entities, other, table, order)
    if len(known) < len(proposed):
        rank = {source: number for number, source in enumerate(order)}
        first = min(rank[source] for source in table.sources)
        rest = sorted(
            (e for e in proposed if e.source not in table.sources),
            key=lambda e: (rank.get(e.source, len(rank)), e.start - e.end, e.start),
        )
        early = [e for e in rest if rank.get(e.source, len(rank)) < first]
        late = [e for e in rest if rank.get(e.source, len(rank)) > first]
        entities = without_overlaps([*early, *entities, *late])
    return replace(item, entities=entities), odds


def weighed(
    document: Document,
    proposed: Sequence[Entity],
    base: Sequence[Entity],
    other: Counterparts | None,
    table: Table,
    order: Sequence[str],
) -> tuple[tuple[Entity, ...], Mapping[Mark, float]]:
    """The entities that the weights choose, with calibrated scores, and what they say of every candidate.

    `base` are those that the priorities choose; they stay as they are, but for the score, where the table does not
    decide. What it has learnt of full reading rests on the other version: an article without one is left to the
    priorities.
    """
    odds = {c.mark: table.probability(c.row) for c in candidates(document, proposed, base, other)}
    rank = {source: number for number, source in enumerate(order)}
    found = {(e.start, e.end, e.label): e for e in sorted(proposed, key=lambda e: -rank.get(e.source, len(rank)))}
    found |= {(e.start, e.end, e.label): e for e in base}
    if table.decide and (table.fast or other is not None):
        marks = best_set([(mark, p - table.threshold) for mark, p in odds.items()])
    else:
        marks = [(e.start, e.end, e.label) for e in base]
    return tuple(replace(found[mark], score=table.score(odds[mark])) for mark in marks), odds


def _filled(item: Item, copies: Sequence[Layer]) -> Item:
    more = [e for layer in copies if layer.document == item.document.id for e in layer.entities]
    return replace(item, entities=without_overlaps([*item.entities, *more])) if more else item


def _marks(group: Group) -> list[tuple[Mark, ...]]:
    return [tuple((e.start, e.end, e.label) for e in item.entities) for item in group.items]


def _relations(links: Sequence[Layer]) -> tuple[Relation, ...]:
    return tuple(relation for layer in links for relation in layer.relations)


__all__ = ["PROJECTION", "Chosen", "choose", "weighed"]
