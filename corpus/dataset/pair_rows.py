"""The rows of `parallel`: sentences that translate one another, with the entities of both."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from corpus.arrays import column
from corpus.dataset.arrows import (
    Numbers,
    column_of,
    ints,
    lists,
    one,
    runs,
    struct,
)
from corpus.dataset.held import Held


def parallel_tables(held: Held) -> tuple[dict[str, Any], int]:
    """The rows by split, and how many entities go over the edge of an aligned stretch and are left out there.

    Offsets of entities count from the start of the row's own text.
    """
    import numpy as np

    pairs: list[str] = held.documents.column("pair").to_pylist()
    beads = [
        (en, zh, number, bead)
        for en, zh, rows in held.alignments
        for number, bead in enumerate(rows)
        if bead["en"] and bead["zh"]
    ]
    if not beads:
        return {}, 0
    over_edges = 0
    of: dict[str, Any] = {
        "id": column_of([f"{pairs[en]}#{number}" for en, _, number, _ in beads]),
        "pair": column_of([pairs[en] for en, _, _, _ in beads]),
        "score": column([bead["score"] for *_, bead in beads], pa.float32()),
    }
    order = np.lexsort((held.entities.ends, held.entities.starts))
    starts, ends = held.entities.starts[order], held.entities.ends[order]
    row_of, place_of = np.full(len(order), -1, np.int64), np.zeros(len(order), np.int64)
    for lang, side in (("en", 0), ("zh", 1)):
        document = np.array([bead[side] for bead in beads], np.int64)
        base = held.base[document]
        begin = np.array([bead[3][lang][0]["start"] for bead in beads], np.int64) + base
        stop = np.array([bead[3][lang][-1]["end"] for bead in beads], np.int64) + base
        low, high = np.searchsorted(starts, begin), np.searchsorted(ends, stop, "right")
        counts = np.maximum(high - low, 0)
        reach = np.searchsorted(starts, stop) - np.searchsorted(ends, begin, "right")
        over_edges += int(np.maximum(reach - counts, 0).sum())
        flat = runs(low, counts)
        chosen = order[flat]
        row_of[chosen] = np.repeat(np.arange(len(beads)), counts)
        place_of[chosen] = flat - np.repeat(low, counts)
        origin = np.repeat(begin, counts)
        mine = {name: one(held.gold.entities[name]).take(ints(chosen)) for name in ("text", "label", "link")}
        of[lang] = held.texts.strings(begin, stop)
        of[f"{lang}_document"] = column_of([held.ids[i] for i in document.tolist()])
        of[f"{lang}_start"] = ints(begin - base)
        inner = {"start": ints(starts[flat] - origin), "end": ints(ends[flat] - origin), **mine}
        of[f"{lang}_entities"] = lists(counts, struct(inner))
    of["links"] = _parallel_links(held, len(beads), row_of, place_of)
    table = held.table("parallel", of)
    return held.by_split(table, [held.splits[en] for en, _, _, _ in beads]), over_edges


def _parallel_links(held: Held, size: int, row_of: Numbers, place_of: Numbers) -> Any:
    """Which entity of the English side is which one of the Chinese side, by their numbers in the row."""
    import numpy as np

    head, tail = held.same
    english = np.array([lang == "en" for lang in held.langs], bool)[held.entity_document]
    both = english[head] != english[tail]
    head, tail = head[both], tail[both]
    en, zh = np.where(english[head], head, tail), np.where(english[head], tail, head)
    here = (row_of[en] >= 0) & (row_of[en] == row_of[zh])
    rows = sorted(
        set(
            zip(
                row_of[en[here]].tolist(),
                place_of[en[here]].tolist(),
                place_of[zh[here]].tolist(),
                strict=True,
            )
        )
    )
    table = np.array(rows, np.int64).reshape(-1, 3)
    counts = np.bincount(table[:, 0], minlength=size)
    return lists(counts, struct({"en": ints(table[:, 1]), "zh": ints(table[:, 2])}))
