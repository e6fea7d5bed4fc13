"""The rows of `raters`: what each person marked in each document."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from corpus.arrays import column, table_of
from corpus.dataset.arrows import (
    column_of,
    ints,
    one,
)
from corpus.dataset.held import Held
from corpus.dataset.marks import marks_of
from corpus.schema import LAYER_FIELDS, layer_row


def rater_tables(held: Held) -> dict[str, Any]:
    """The rows by split."""
    import numpy as np

    window = held.window
    columns = [name for name, _ in LAYER_FIELDS]
    found, _ = held.rows.take(window.rating_table, [place for _, _, place in window.ratings], columns)
    righted = {n: rating.layer for n, (_, rating, _) in enumerate(window.ratings) if rating.layer is not None}
    if righted:
        other = table_of([layer_row(layer) for layer in righted.values()], found.schema)
        index = np.arange(len(window.ratings))
        for number, n in enumerate(righted):
            index[n] = len(window.ratings) + number
        found = pa.concat_tables([found, other]).take(ints(index)).combine_chunks()
    document = np.array([i for i, _, _ in window.ratings], np.int64)
    names = [held.ids[i] for i in document.tolist()]
    marks = marks_of(found, names, held.scheme, "an annotation")
    who = [window.pseudonyms[rating.rater] for _, rating, _ in window.ratings]
    table = held.table(
        "raters",
        {
            **held.where(document, column_of(who)),
            "text": one(held.documents.column("text")).take(ints(document)),
            "rater": column_of(who),
            "entities": marks.entity_lists(),
            "claims": marks.claim_lists(),
            "relations": marks.relation_lists(),
            "created": column_of([rating.created for _, rating, _ in window.ratings]),
            "lead_time": column([rating.lead_time for _, rating, _ in window.ratings], pa.float64()),
            "preannotation": column_of([rating.preannotation for _, rating, _ in window.ratings]),
        },
    )
    return held.by_split(table, [held.splits[i] for i in document.tolist()])
