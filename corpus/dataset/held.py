"""What is read of some articles, as arrays over all their texts together, for whoever makes rows of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import pyarrow as pa

from corpus.dataset.arrows import (
    Numbers,
    Texts,
    column_of,
    equals,
    fields,
    filled,
    ints,
    joined,
    lengths,
    numbers,
    one,
    struct,
)
from corpus.dataset.features import arrow_schemas
from corpus.dataset.gather import Rows, Window, how_made
from corpus.dataset.marks import layers_of, marks_of
from corpus.dataset.tagging import Ranges, stripped
from corpus.document import Document, Layer
from corpus.schema import ALIGNMENTS, DOCUMENTS, GOLD, SEGMENTS
from corpus.scheme import Scheme

SAME_AS = "same_as"


def _columns(table: Any) -> list[str]:
    return [item.name for item in table.schema]


class Held:
    """What is read of a window. `stored` is the gold as it is stored; `gold` has the relations between claims, too, once
    `link_claims` has added them."""

    def __init__(self, window: Window, rows: Rows, scheme: Scheme) -> None:
        self.window, self.rows, self.scheme = window, rows, scheme
        self.schemas = arrow_schemas(scheme)
        self.documents = self.rows_of(DOCUMENTS.name, _columns(DOCUMENTS))
        self.segments = self.rows_of(SEGMENTS.name, _columns(SEGMENTS))
        self.ids = list(window.ids)
        self.langs: list[str] = self.documents.column("lang").to_pylist()
        self.texts = Texts(self.documents.column("text").to_pylist())
        self.base = self.texts.base[:-1]
        gold = self.rows_of(GOLD.name, ["entities", "claims", "relations", "version"])
        self.versions = [how_made(version) for version in gold.column("version").to_pylist()]
        self.stored = self.gold = marks_of(gold, self.ids, scheme, "gold")
        self.metas: list[dict[str, str]] = [dict(meta) for meta in self.documents.column("meta").to_pylist()]

    def rows_of(self, table: str, columns: Sequence[str]) -> Any:
        """Columns of a table that has a row for each document."""
        return self.there(table, columns)[0]

    def there(self, table: str, columns: Sequence[str]) -> tuple[Any, list[int]]:
        """Columns of the rows that there are, and the numbers of the documents that have none."""
        return self.rows.take(table, self.window.places[table], columns)

    # Places: offsets in all texts together.

    @cached_property
    def entity_document(self) -> Numbers:
        import numpy as np

        return np.repeat(np.arange(len(self.ids)), self.gold.entity_counts)

    @cached_property
    def entities(self) -> Ranges:
        base = self.base[self.entity_document]
        return Ranges(self.gold.start + base, self.gold.end + base)

    @cached_property
    def solid(self) -> Ranges:
        return stripped(self.texts, self.entities)

    def _ranges(self, name: str) -> tuple[Ranges, Numbers]:
        """Sentences or tokens, and of which document each is."""
        import numpy as np

        values = one(self.segments.column(name))
        of = np.repeat(np.arange(len(self.ids)), lengths(values))
        own = fields(values.flatten())
        return Ranges(numbers(own["start"]) + self.base[of], numbers(own["end"]) + self.base[of]), of

    @cached_property
    def sentences(self) -> tuple[Ranges, Numbers]:
        return self._ranges("sentences")

    @cached_property
    def tokens(self) -> tuple[Ranges, Numbers]:
        return self._ranges("tokens")

    @cached_property
    def splits(self) -> list[str]:
        return list(self.window.splits)

    @cached_property
    def _id_column(self) -> Any:
        return column_of(self.ids)

    def where(self, document: Numbers, name: Any) -> dict[str, Any]:
        """The columns that say where rows are from, by the number of the document of each and a column of their names there."""
        index = ints(document)
        of = self._id_column.take(index)
        return {
            "id": joined(of, name.cast(pa.string()), "#"),
            "document": of,
            "pair": one(self.documents.column("pair")).take(index),
            "lang": one(self.documents.column("lang")).take(index),
        }

    def table(self, config: str, of: Mapping[str, Any]) -> Any:
        """A table in the columns and types of the configuration; a table of claims lacks some of the columns."""
        wanted = [item for item in self.schemas[config] if item.name in of]
        arrays = []
        for item in wanted:
            values = one(of[item.name])
            arrays.append(values if values.type == item.type else values.cast(item.type))
        return pa.Table.from_arrays(arrays, schema=pa.schema(wanted))

    @staticmethod
    def by_split(table: Any, splits: Sequence[str]) -> dict[str, Any]:
        import numpy as np

        names = np.array(splits, dtype="U16")
        found = {}
        for split in sorted(set(splits)):
            rows = np.flatnonzero(names == split)
            found[split] = table if len(rows) == len(names) else table.take(ints(rows)).combine_chunks()
        return found

    # What is the same in both versions.

    @cached_property
    def same(self) -> tuple[Numbers, Numbers]:
        """The numbers of the entities that `same_as` relations join, either way round, each pair once."""
        import numpy as np
        import pyarrow.compute as pc

        relations = self.gold.relations
        wanted = np.flatnonzero(equals(relations["label"], SAME_AS))
        ends = []
        for name in ("head", "tail"):
            own = fields(relations[name].take(ints(wanted)))
            of = filled(pc.index_in(own["document"], value_set=column_of(self.ids)), -1)
            entity = equals(own["kind"], "entity")
            base = self.base[np.maximum(of, 0)]
            found = self.entity_at(numbers(own["start"]) + base, numbers(own["end"]) + base)
            ends.append(np.where((of >= 0) & entity, found, -1))
        head, tail = ends
        real = (head >= 0) & (tail >= 0)
        return head[real], tail[real]

    def entity_at(self, starts: Numbers, ends: Numbers) -> Numbers:
        """The number of the entity at each of these places, -1 where there is none."""
        import numpy as np

        size = len(self.texts.points) + 1
        keys = self.entities.starts * size + self.entities.ends
        order = np.argsort(keys, kind="stable")
        wanted = starts * size + ends
        at = np.searchsorted(keys[order], wanted)
        inside = at < len(order)
        found = np.full(len(wanted), -1, np.int64)
        there = order[at[inside]]
        found[inside] = np.where(keys[there] == wanted[inside], there, -1)
        return found

    # Claims.

    @cached_property
    def layers(self) -> list[Layer]:
        return layers_of(self.ids, self.gold, self.scheme)

    @cached_property
    def objects(self) -> list[Document]:
        pairs = self.documents.column("pair").to_pylist()
        lang = {"en": "en", "zh": "zh"}
        return [
            Document(id, pair, lang[lang_], text, (), "", meta)  # type: ignore[arg-type]
            for id, pair, lang_, text, meta in zip(
                self.ids, pairs, self.langs, self.texts.texts, self.metas, strict=True
            )
        ]

    @cached_property
    def alignments(self) -> list[tuple[int, int, Any]]:
        if not self.window.alignments:
            return []
        found, _ = self.rows.take(ALIGNMENTS.name, [place for _, _, place in self.window.alignments], ["pair", "beads"])
        rows = found.column("beads").to_pylist()
        return [(en, zh, beads) for (en, zh, _), beads in zip(self.window.alignments, rows, strict=True)]

    def gold_columns(self) -> Any:
        gold = self.stored
        return struct(
            {
                "id": column_of(self.ids),
                "sha": one(self.documents.column("sha")),
                "entities": gold.entity_lists(),
                "claims": gold.claim_lists(),
                "relations": gold.relation_lists(),
            }
        )
