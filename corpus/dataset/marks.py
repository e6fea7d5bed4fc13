"""The entities, claims and relations of layers, from the columns of a table of layers to those of the dataset."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import pyarrow as pa

from corpus.dataset.arrows import Numbers, column_of, equals, fields, filled, ints, lengths, lists, numbers, one, struct
from corpus.document import Claim, Entity, Layer, Ref, Relation, Span, Target
from corpus.errors import SchemeError
from corpus.scheme import Label, Scheme


@dataclass(frozen=True)
class Marks:
    """The marks of some layers, one layer's after another's: columns of entities, claims and relations, and how many each
    layer has. `start` and `end` of entities are offsets in their own texts; `label` is the number of the label, `area` that of a
    claim's policy area, of which 0 is none."""

    entities: dict[str, Any]
    entity_counts: Numbers
    start: Numbers
    end: Numbers
    label: Numbers
    claims: dict[str, Any]
    area: Numbers
    claim_counts: Numbers
    relations: dict[str, Any]
    relation_counts: Numbers

    def entity_lists(self) -> Any:
        """The column `entities` of the dataset."""
        return lists(self.entity_counts, struct(self.entities))

    def claim_lists(self) -> Any:
        """The column `claims` of `documents` and `raters`."""
        return lists(self.claim_counts, struct(self.claims))

    def relation_lists(self) -> Any:
        """The column `relations`."""
        return lists(self.relation_counts, _relations(self.relations))


def marks_of(layers: Any, names: Sequence[str], scheme: Scheme, what: str) -> Marks:
    """The marks of a table of layers, those of the documents of these ids; `what` they are is named in errors.

    Raises SchemeError where a label, type, stance or policy area is none of the scheme.
    """
    entities = one(layers.column("entities"))
    counts = lengths(entities)
    own = fields(entities.flatten())
    label = _index(own["label"], scheme.labels, "label", names, counts, what)
    claims = one(layers.column("claims"))
    claim_counts = lengths(claims)
    said = fields(claims.flatten())
    kind = _index(said["type"], scheme.claim_types, "claim type", names, claim_counts, what)
    stance = _index(said["stance"], scheme.stances, "stance", names, claim_counts, what)
    areas = (Label("", "", ""), *scheme.policy_areas)
    area = _index(said["policy_area"], areas, "policy area", names, claim_counts, what)
    claimant = fields(said["claimant_span"])
    relations = one(layers.column("relations"))
    return Marks(
        {name: own[name] for name in ("start", "end", "text", "label", "link")},
        counts,
        numbers(own["start"]),
        numbers(own["end"]),
        label,
        {
            **{name: said[name] for name in ("start", "end", "text")},
            "type": ints(kind, pa.int64()),
            "stance": ints(stance, pa.int64()),
            "claimant": said["claimant"],
            "claimant_start": ints(filled(claimant["start"], -1)),
            "claimant_end": ints(filled(claimant["end"], -1)),
            "policy_area": said["policy_area"],
            "targets": said["targets"],
        },
        area,
        claim_counts,
        fields(relations.flatten()),
        lengths(relations),
    )


def _index(
    values: Any, allowed: Sequence[Label], kind: str, names: Sequence[str], counts: Numbers, what: str
) -> Numbers:
    """The number of each name among those that are allowed."""
    import numpy as np
    import pyarrow.compute as pc

    index = filled(pc.index_in(values, value_set=column_of([label.name for label in allowed])), -1)
    if len(index) and index.min() < 0:
        at = int(index.argmin())
        document = names[int(np.searchsorted(np.cumsum(counts), at, "right"))]
        known = ", ".join(label.name for label in allowed if label.name)
        raise SchemeError(f"{document}, {what}: unknown {kind} {values[at].as_py()!r}; the scheme has: {known}")
    return index


def _relations(relations: dict[str, Any]) -> Any:
    ends = {name: struct(fields(relations[name])) for name in ("head", "tail")}
    return struct({"label": relations["label"], **ends})


def with_relations(marks: Marks, more: Sequence[Sequence[Relation]]) -> Marks:
    """The marks with these relations after those that each layer has."""
    import numpy as np

    from corpus.arrays import column

    added = np.array([len(found) for found in more], np.int64)
    if not added.sum():
        return marks
    rows = [{"label": r.label, "head": _ref(r.head), "tail": _ref(r.tail)} for found in more for r in found]
    before = _relations(marks.relations)
    both = pa.concat_arrays([before, column(rows, before.type)])
    of = np.repeat(np.arange(len(added)), marks.relation_counts)
    order = np.concatenate([of, np.repeat(np.arange(len(added)), added)]).argsort(kind="stable")
    return Marks(
        marks.entities,
        marks.entity_counts,
        marks.start,
        marks.end,
        marks.label,
        marks.claims,
        marks.area,
        marks.claim_counts,
        fields(both.take(ints(order))),
        marks.relation_counts + added,
    )


def _ref(ref: Ref) -> dict[str, Any]:
    return {"document": ref.document, "kind": ref.kind, "start": ref.start, "end": ref.end}


def layers_of(ids: Sequence[str], marks: Marks, scheme: Scheme) -> list[Layer]:
    """The marks as layers of these documents, for what works on layers; scores and sources are left out."""
    types, stances = [t.name for t in scheme.claim_types], [s.name for s in scheme.stances]
    rows = zip(*(marks.entities[name].to_pylist() for name in ("start", "end", "text", "label", "link")), strict=True)
    entities = iter([Entity(Span(a, b, text), label, 1.0, "", link) for a, b, text, label, link in rows])
    said = zip(*(column.to_pylist() for column in marks.claims.values()), strict=True)
    claims = iter(
        [
            Claim(
                Span(a, b, text),
                types[kind],
                stances[stance],
                claimant,
                area,
                tuple(Target(t["value"], t["unit"], t["by"]) for t in targets),
                (first, last) if first >= 0 else None,
            )
            for a, b, text, kind, stance, claimant, first, last, area, targets in said
        ]
    )
    ends = [_refs(fields(marks.relations[name])) for name in ("head", "tail")]
    drawn = zip(marks.relations["label"].to_pylist(), *ends, strict=True)
    relations = iter([Relation(label, head, tail) for label, head, tail in drawn])
    return [
        Layer(
            id,
            "",
            "",
            "",
            tuple(islice(entities, a)),
            tuple(islice(claims, b)),
            tuple(islice(relations, c)),
        )
        for id, a, b, c in zip(
            ids,
            marks.entity_counts.tolist(),
            marks.claim_counts.tolist(),
            marks.relation_counts.tolist(),
            strict=True,
        )
    ]


def linked_layers(ids: Sequence[str], layers: Any) -> list[Layer]:
    """Of a table of layers of these documents, the entities that have a link, and the `same_as` relations."""
    import numpy as np

    found: list[tuple[dict[str, Any], list[int]]] = []
    for name, of, text in (("entities", "link", ""), ("relations", "label", "same_as")):
        values = one(layers.column(name))
        flat = values.flatten()
        mask = equals(fields(flat)[of], text) ^ (text == "")
        row = np.repeat(np.arange(len(ids)), lengths(values))
        chosen = flat.take(ints(np.flatnonzero(mask)))
        found.append((fields(chosen), np.bincount(row[mask], minlength=len(ids)).tolist()))
    (own, entity_counts), (drawn, relation_counts) = found
    rows = zip(*(own[name].to_pylist() for name in ("start", "end", "text", "label", "link")), strict=True)
    entities = iter([Entity(Span(a, b, text), label, 1.0, "", link) for a, b, text, label, link in rows])
    ends = [_refs(fields(drawn[name])) for name in ("head", "tail")]
    relations = iter([Relation("same_as", head, tail) for head, tail in zip(*ends, strict=True)])
    return [
        Layer(id, "", "", "", tuple(islice(entities, a)), (), tuple(islice(relations, b)))
        for id, a, b in zip(ids, entity_counts, relation_counts, strict=True)
    ]


def _refs(of: dict[str, Any]) -> list[Ref]:
    return [Ref(*row) for row in zip(*(of[n].to_pylist() for n in ("document", "kind", "start", "end")), strict=True)]
