"""The rows of `claims`, and the relations between claims of two versions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from corpus.arrays import column
from corpus.claim_links import with_claim_links
from corpus.dataset.arrows import (
    Numbers,
    ints,
    numbers,
    offsets_of,
)
from corpus.dataset.claimants import Said, said_in
from corpus.dataset.features import QUANTITY, arrow_type
from corpus.dataset.gather import COMBINED
from corpus.dataset.held import Held
from corpus.dataset.marks import linked_layers, with_relations
from corpus.document import Bead, Document, Layer
from corpus.targets import quantity_row, targets_of
from corpus.targets.dates import published


def link_claims(held: Held) -> None:
    """Relations between claims of two versions that translate one another, with those of the English gold."""
    counts = held.gold.claim_counts
    more: list[tuple[Any, ...]] = [()] * len(held.ids)
    for en, zh, rows in held.alignments:
        if counts[en] and counts[zh]:
            beads = [Bead(_ranges(bead["en"]), _ranges(bead["zh"]), bead["score"]) for bead in rows]
            sides = (held.objects[en], held.layers[en]), (held.objects[zh], held.layers[zh])
            layer = with_claim_links(*sides, beads)
            more[en] = layer.relations[len(held.layers[en].relations) :]
    held.gold = with_relations(held.gold, more)


def claim_tables(held: Held) -> tuple[dict[str, Any], Said]:
    """The rows by split, without who the claimants are, and what tells that."""
    import numpy as np

    gold, objects = held.gold, held.objects
    counts = gold.claim_counts
    if not counts.sum():
        return {}, Said((), ())
    document = np.repeat(np.arange(len(held.ids)), counts)
    number = np.arange(len(document)) - offsets_of(counts)[:-1][document]
    start = numbers(gold.claims["start"]) + held.base[document]
    end = numbers(gold.claims["end"]) + held.base[document]
    first, last = _around(held, start, end)
    days = [published(meta.get("date", "")) for meta in held.metas]
    quantities = [
        [quantity_row(q) for q in targets_of(claim, objects[i].lang, days[i])] if claim.targets else []
        for i, layer in enumerate(held.layers)
        for claim in layer.claims
    ]
    table = held.table(
        "claims",
        {
            **held.where(document, ints(number)),
            **gold.claims,
            "quantities": column(quantities, pa.list_(arrow_type(dict(QUANTITY)))),
            "context": held.texts.strings(first, last),
            "context_start": ints(first - held.base[document]),
        },
    )
    splits = [held.splits[i] for i in document.tolist()]
    found = held.by_split(table, splits)
    said = said_in(_articles(held))
    order = [i for split in found for i, name in enumerate(splits) if name == split]
    return found, Said(said.groups, tuple(said.claims[i] for i in order))


def _around(held: Held, start: Numbers, end: Numbers) -> tuple[Numbers, Numbers]:
    """The stretch of sentences that each claim stands in."""
    import numpy as np

    sentences, _ = held.sentences
    order = np.argsort(sentences.starts, kind="stable")
    begins, stops = sentences.starts[order], np.maximum.accumulate(sentences.ends[order])
    low, high = np.searchsorted(stops, start, "right"), np.searchsorted(begins, end, "left") - 1
    some = low <= high
    if not some.any():
        return start, end
    first = np.where(some, begins[np.minimum(low, len(begins) - 1)], start)
    last = np.where(some, stops[np.maximum(high, 0)], end)
    return np.minimum(first, start), np.maximum(last, end)


def _articles(held: Held) -> list[tuple[list[tuple[Document, Layer]], list[Layer]]]:
    """Each article with what the pre-annotation adds to its gold: links and who is the same."""
    beside = _proposed(held)
    found: dict[str, tuple[list[tuple[Document, Layer]], list[Layer]]] = {}
    for i, article in enumerate(held.window.articles):
        versions, layers = found.setdefault(article, ([], []))
        versions.append((held.objects[i], held.layers[i]))
        if i in beside:
            layers.append(beside[i])
    return list(found.values())


def _proposed(held: Held) -> dict[int, Layer]:
    table, missing = held.there(COMBINED.name, ["document", "sha", "entities", "relations"])
    if table is None:
        return {}
    gone = set(missing)
    there = [i for i in range(len(held.ids)) if i not in gone]
    shas = held.documents.column("sha").to_pylist()
    layers = linked_layers([held.ids[i] for i in there], table)
    said = zip(there, layers, table.column("sha").to_pylist(), strict=True)
    return {i: layer for i, layer, sha in said if sha == shas[i]}


def _ranges(rows: Sequence[Mapping[str, int]]) -> tuple[tuple[int, int], ...]:
    return tuple((row["start"], row["end"]) for row in rows)
