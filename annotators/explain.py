"""Why a span is in the pre-annotation and another is not: `hemu annotate --explain`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from annotators.choose import PROJECTION, Chosen
from annotators.weights import Mark, Table
from corpus.document import Document, Entity, Item, Layer


@dataclass(frozen=True, slots=True)
class Rival:
    """What a source proposed and the pre-annotation does not have. `probability` is what the weights say, if any."""

    source: str
    start: int
    end: int
    label: str
    score: float
    probability: float | None
    why: str


@dataclass(frozen=True, slots=True)
class Told:
    """A span that is marked (or, where `label` is "", one that is not), who proposed just that, and what gave way."""

    start: int
    end: int
    label: str
    score: float
    sources: tuple[str, ...]
    why: str
    rivals: tuple[Rival, ...] = ()


@dataclass(frozen=True, slots=True)
class Explanation:
    """All spans of a document that are marked or were proposed, in text order."""

    document: str
    spans: tuple[Told, ...]


def explain(chosen: Chosen, layers: Sequence[Layer], order: Sequence[str]) -> tuple[Explanation, ...]:
    """Explanations of the documents of a group.

    `layers` are those of the annotators of entities, and `order` their order of priority.
    """
    return tuple(
        Explanation(item.document.id, tuple(_spans(item, chosen, layers, order))) for item in chosen.group.items
    )


def _spans(item: Item, chosen: Chosen, layers: Sequence[Layer], order: Sequence[str]) -> Iterator[Told]:
    document = item.document.id
    proposed = sorted(
        (e for layer in (*layers, *chosen.layers) if layer.document == document for e in layer.entities),
        key=lambda e: (e.start, e.end, _rank(order, e.source)),
    )
    judge = _Judge(order, chosen.tables.get(document), chosen.odds.get(document, {}))
    told: list[Told] = []
    number = 0
    near: list[Entity] = []
    claimed: set[int] = set()
    for entity in item.entities:
        while number < len(proposed) and proposed[number].start < entity.end:
            near.append(proposed[number])
            number += 1
        over = [e for e in near if e.span.overlaps(entity.span)]
        near = [e for e in near if e.end > entity.end]
        claimed |= {id(e) for e in over}
        told.append(judge.marked(entity, over))
    left: dict[tuple[int, int], list[Entity]] = {}
    for e in proposed:
        if id(e) not in claimed:
            left.setdefault((e.start, e.end), []).append(e)
    told += [judge.unmarked(span, some) for span, some in left.items()]
    yield from sorted(told, key=lambda t: (t.start, t.end))


def _rank(order: Sequence[str], source: str) -> int:
    return order.index(source) if source in order else len(order)


@dataclass(frozen=True, slots=True)
class _Judge:
    order: Sequence[str]
    table: Table | None
    odds: Mapping[Mark, float]

    def marked(self, entity: Entity, over: Sequence[Entity]) -> Told:
        mark = (entity.start, entity.end, entity.label)
        exact = [e for e in over if (e.start, e.end, e.label) == mark]
        others = [e for e in over if (e.start, e.end, e.label) != mark]
        sources = tuple(dict.fromkeys(e.source for e in exact))
        rivals = tuple(self._rival(e, self._gave_way(entity, e)) for e in others)
        return Told(*mark, entity.score, sources, self._why(entity, sources, others), rivals)

    def unmarked(self, span: tuple[int, int], some: Sequence[Entity]) -> Told:
        rivals = tuple(self._rival(e, self._left_out(e)) for e in some)
        return Told(*span, "", 0.0, (), "not marked", rivals)

    def _rival(self, e: Entity, why: str) -> Rival:
        return Rival(e.source, e.start, e.end, e.label, e.score, self._odds(e), why)

    def _odds(self, e: Entity) -> float | None:
        found = self.odds.get((e.start, e.end, e.label))
        return None if found is None else round(found, 3)

    def _why(self, entity: Entity, sources: Sequence[str], others: Sequence[Entity]) -> str:
        if PROJECTION in sources:
            return "marked in the other version, in the same letters"
        if not sources:
            if any((e.start, e.end) == (entity.start, entity.end) for e in others):
                return "the label holds elsewhere in the article, or in the other version"
            return "parts without a gap between them are one name"
        if len(sources) > 1:
            return f"{len(sources)} sources agree"
        if not others:
            return "nothing speaks against it"
        if self._decides(entity):
            return "the likeliest of what overlaps here"
        return f"{sources[0]} comes first in the order of priority, or has the longer name"

    def _decides(self, e: Entity) -> bool:
        return self.table is not None and self.table.decide and self._odds(e) is not None

    def _gave_way(self, entity: Entity, e: Entity) -> str:
        ours, theirs = self._odds(entity), self._odds(e)
        if self._decides(e) and ours is not None and theirs is not None:
            return (
                f"less likely: {theirs:.2f} against {ours:.2f}" if theirs < ours else "worth less than what overlaps it"
            )
        if _rank(self.order, e.source) > _rank(self.order, entity.source):
            return f"{entity.source} comes before {e.source}"
        if e.source == entity.source:
            return (
                "the same source has the longer name" if e.end - e.start < entity.end - entity.start else "relabelled"
            )
        return "gives way to the longer name"

    def _left_out(self, e: Entity) -> str:
        odds = self._odds(e)
        if self._decides(e) and self.table is not None and odds is not None and odds <= self.table.threshold:
            return f"too unlikely: {odds:.2f}, less than {self.table.threshold:.2f}"
        return "overlaps what was chosen before"


def lines(explanation: Explanation, document: Document) -> list[str]:
    """The explanation for a terminal. Control characters are written as escapes."""
    found = [document.id]
    for span in explanation.spans:
        found.append(f"  {_name(document, span.start, span.end)} {_verdict(span)}")
        for rival in span.rivals:
            where = (rival.start, rival.end)
            name = "" if where == (span.start, span.end) else f"{_name(document, *where)} "
            found.append(f"      not {name}{rival.label} ({rival.source}): {rival.why}")
    return found


def _verdict(span: Told) -> str:
    if not span.label:
        return span.why
    return f"{span.label} {span.score:.2f} ({', '.join(span.sources) or 'derived'}): {span.why}"


def _name(document: Document, start: int, end: int) -> str:
    return f"{start}-{end} {json.dumps(document.text[start:end], ensure_ascii=False)}"


def row(explanation: Explanation, document: Document) -> dict[str, Any]:
    """The explanation as an object for a JSON Lines file; a span with the label null is not marked."""
    text = document.text
    return {
        "id": document.id,
        "lang": document.lang,
        "spans": [
            {
                "start": s.start,
                "end": s.end,
                "text": text[s.start : s.end],
                "label": s.label or None,
                "score": s.score if s.label else None,
                "sources": list(s.sources),
                "why": s.why,
                "rivals": [
                    {
                        "source": r.source,
                        "start": r.start,
                        "end": r.end,
                        "text": text[r.start : r.end],
                        "label": r.label,
                        "score": r.score,
                        "probability": r.probability,
                        "why": r.why,
                    }
                    for r in s.rivals
                ],
            }
            for s in explanation.spans
        ],
    }
