"""The rows of each configuration of a dataset, for some articles at a time, as Arrow tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyarrow as pa

from corpus.arrays import column
from corpus.collector import rarely_collected
from corpus.dataset.arrows import (
    column_of,
    equals,
    fields,
    filled,
    ints,
    lengths,
    lists,
    offsets_of,
    one,
    runs,
    struct,
)
from corpus.dataset.claim_rows import claim_tables, link_claims
from corpus.dataset.claimants import Said
from corpus.dataset.gather import Rows, Window
from corpus.dataset.held import Held
from corpus.dataset.pair_rows import parallel_tables
from corpus.dataset.rater_rows import rater_tables
from corpus.dataset.sums import Counted, sums_of
from corpus.dataset.tagging import Ranges, Tagged, lost, tagged
from corpus.schema import ORIGINS
from corpus.scheme import Scheme


@dataclass(frozen=True, slots=True)
class Made:
    """The tables of a window, by configuration and split. That of claims lacks who the claimants are: `said` tells it, the
    claims of one split after those of another, in the order of the table.

    `documents` counts its documents; `lost` names entities that cannot be read back from the tags; `over_edges` counts those
    that no sentence pair holds whole; `gold` are the columns that say what the gold is.
    """

    tables: dict[str, dict[str, Any]]
    said: Said
    documents: int
    lost: tuple[str, ...]
    over_edges: int
    gold: Any
    sums: Counted


@rarely_collected()
def make(task: tuple[Window, tuple[str, ...], Scheme]) -> Made:
    """The rows of these configurations for a window. Raises SchemeError where its gold does not follow the scheme."""
    window, configs, scheme = task
    held = Held(window, _rows(window.root), scheme)
    tables: dict[str, dict[str, Any]] = {}
    said, over_edges = Said((), ()), 0
    if "documents" in configs:
        link_claims(held)
        tables["documents"] = held.by_split(_document_table(held), held.splits)
    made: dict[str, tuple[Tagged, ...]] = {}
    if "ner" in configs:
        made["ner"] = (_tagged(held, ["en"], words=True), _tagged(held, ["zh"], words=False))
    if "ner_words" in configs:
        made["ner_words"] = (_tagged(held, ["zh"], words=True),)
    tables |= {config: _ner_table(held, config, parts) for config, parts in made.items()}
    if "claims" in configs:
        tables["claims"], said = claim_tables(held)
    if "parallel" in configs:
        tables["parallel"], over_edges = parallel_tables(held)
    if "raters" in configs and window.ratings:
        tables["raters"] = rater_tables(held)
    return Made(tables, said, len(held.ids), _lost(held, made), over_edges, held.gold_columns(), sums_of(held))


@lru_cache(maxsize=1)
def _rows(root: Path) -> Rows:
    return Rows(root)


def forget() -> None:
    """Let go of what was read last."""
    _rows.cache_clear()


def _tagged(held: Held, langs: Sequence[str], words: bool) -> Tagged:
    import numpy as np

    mine = np.array([lang in langs for lang in held.langs], bool)
    sentences, of_sentence = held.sentences
    tokens, of_token = held.tokens
    entities, some = held.solid, mine[held.entity_document]
    s, t = mine[of_sentence], mine[of_token]
    return tagged(
        held.texts,
        Ranges(sentences.starts[s], sentences.ends[s]),
        Ranges(entities.starts[some], entities.ends[some]),
        held.gold.label[some],
        Ranges(tokens.starts[t], tokens.ends[t]) if words else None,
    )


def _lost(held: Held, made: Mapping[str, Sequence[Tagged]]) -> tuple[str, ...]:
    """The entities that the tags of `ner` or `ner_words`, if these are made, do not give back, as places with their texts."""
    import numpy as np

    gone: set[int] = set()
    chinese = np.array([lang == "zh" for lang in held.langs], np.bool_)[held.entity_document]
    for config, parts in made.items():
        here = np.flatnonzero(chinese) if config == "ner_words" else np.arange(len(chinese))
        within = Ranges(held.solid.starts[here], held.solid.ends[here])
        gone |= set(here[lost(within, held.gold.label[here], parts)].tolist())
    return tuple(
        f"{held.ids[held.entity_document[i]]} {held.gold.start[i]}-{held.gold.end[i]}"
        f" {held.gold.entities['text'][i].as_py()!r}"
        for i in sorted(gone)
    )


def _ner_table(held: Held, config: str, parts: Sequence[Tagged]) -> dict[str, Any]:
    import numpy as np

    document = np.concatenate([part.document for part in parts])
    counts = np.concatenate([part.counts for part in parts])
    first = offsets_of(counts)[:-1]
    # Rows in the order of the documents; those of a document stay in theirs.
    order = np.argsort(document, kind="stable")
    flat = runs(first[order], counts[order])
    starts = np.concatenate([part.starts for part in parts])[flat]
    ends = np.concatenate([part.ends for part in parts])[flat]
    tags = np.concatenate([part.tags for part in parts])[flat]
    number = np.concatenate([part.number for part in parts])[order]
    document, counts = document[order], counts[order]
    origin = np.repeat(held.base[document], counts)
    table = held.table(
        config,
        {
            **held.where(document, ints(number)),
            "tokens": lists(counts, held.texts.strings(starts, ends)),
            "ner_tags": lists(counts, ints(tags, pa.int64())),
            "starts": lists(counts, ints(starts - origin)),
            "ends": lists(counts, ints(ends - origin)),
        },
    )
    return held.by_split(table, [held.splits[i] for i in document.tolist()])


def _document_table(held: Held) -> Any:
    documents, gold = held.documents, held.gold
    segments = held.segments
    return held.table(
        "documents",
        {
            **{name: documents.column(name) for name in ("id", "pair", "lang", "text")},
            "blocks": _blocks(held),
            "sentences": segments.column("sentences"),
            "tokens": segments.column("tokens"),
            "entities": gold.entity_lists(),
            "claims": gold.claim_lists(),
            "relations": gold.relation_lists(),
            "links": _links(held),
            "meta": column(
                [[{"key": key, "value": meta[key]} for key in sorted(meta)] for meta in held.metas],
                held.schemas["documents"].field("meta").type,
            ),
            "provenance": _provenance(held),
        },
    )


def _blocks(held: Held) -> Any:
    import numpy as np
    import pyarrow.compute as pc

    blocks = one(held.documents.column("blocks"))
    counts = lengths(blocks)
    own = fields(blocks.flatten())
    of = ints(np.repeat(np.arange(len(held.ids)), counts))
    repeats = fields(own["repeats"])
    return lists(
        counts,
        struct(
            {
                "start": own["start"],
                "end": own["end"],
                "kind": own["kind"],
                "lang": pc.coalesce(own["lang"], one(held.documents.column("lang")).take(of)),
                "repeats_start": ints(filled(repeats["start"], -1)),
                "repeats_end": ints(filled(repeats["end"], -1)),
            }
        ),
    )


def _provenance(held: Held) -> Any:
    found, missing = held.there(ORIGINS.name, ["file", "file_sha", "reader", "encoding", "sha"])
    origins: list[dict[str, Any]] = [] if found is None else found.to_pylist()
    for at in missing:
        origins.insert(at, {})
    shas = held.documents.column("sha").to_pylist()
    # Where a text has changed since it was read, the file is not the one that it is of.
    origins = [origin if origin.get("sha") == sha else {} for origin, sha in zip(origins, shas, strict=True)]
    return struct(
        {
            "source": one(held.documents.column("source")),
            "sha256": column_of(shas),
            "gold": column_of(held.versions),
            # The name alone: folders are those of whoever made the dataset.
            "file": column_of([(o.get("file") or "").replace("\\", "/").rsplit("/", 1)[-1] for o in origins]),
            "file_sha256": column_of([o.get("file_sha") or "" for o in origins]),
            "reader": column_of([o.get("reader") or "" for o in origins]),
            "encoding": column_of([o.get("encoding") or "" for o in origins]),
        }
    )


def _links(held: Held) -> Any:
    """For each entity that is linked: its knowledge-base id, and where it is in the other version."""
    import numpy as np

    head, tail = held.same
    pairs = sorted({*zip(head.tolist(), tail.tolist(), strict=True), *zip(tail.tolist(), head.tolist(), strict=True)})
    document = held.entity_document
    pairs = [(a, b) for a, b in pairs if document[a] != document[b]]
    joined = {a for a, _ in pairs}
    link = one(held.gold.entities["link"])
    known = np.flatnonzero(~equals(link, ""))
    pairs = sorted([*pairs, *((i, -1) for i in known.tolist() if i not in joined)])
    first = np.array([a for a, _ in pairs], np.int64)
    other = np.array([b for _, b in pairs], np.int64)
    there = other >= 0
    start = np.where(there, held.gold.start[other] if len(held.gold.start) else -1, -1)
    end = np.where(there, held.gold.end[other] if len(held.gold.end) else -1, -1)
    counts = np.bincount(document[first], minlength=len(held.ids)) if len(first) else np.zeros(len(held.ids), np.int64)
    return lists(
        counts,
        struct(
            {
                "start": ints(held.gold.start[first]),
                "end": ints(held.gold.end[first]),
                "link": link.take(ints(first)),
                "document": column_of([held.ids[document[b]] if b >= 0 else "" for _, b in pairs]),
                "other_start": ints(start),
                "other_end": ints(end),
            }
        ),
    )
