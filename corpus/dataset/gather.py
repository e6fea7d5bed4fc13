"""Which documents have gold that can be used, and what is stored of them, as Arrow tables, some articles at a time.

What is held of the whole corpus is the names of documents and where their rows are; never a text.
"""

from __future__ import annotations

import os
import re
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from corpus.dataset.arrows import ints, offsets_of
from corpus.dataset.raters import Rating, Ratings, natural
from corpus.document import Layer
from corpus.errors import InputError, WorkspaceError
from corpus.report import Skipped, StageReport
from corpus.schema import ALIGNMENTS, DOCUMENTS, GOLD, ORIGINS, SEGMENTS, Table, layers_table
from corpus.store import Head, Place, Workspace

COMBINED: Table[Layer] = layers_table("combined")

WINDOW = 400
"""Documents that are read at a time, or a pair more."""


@dataclass(frozen=True, slots=True)
class Known:
    """A document that has gold, without its text."""

    head: Head
    made: str

    @property
    def id(self) -> str:
        return self.head.id

    @property
    def pair(self) -> str:
        return self.head.pair

    @property
    def article(self) -> str:
        """The name of its article: the pair, or its id where it stands alone."""
        return self.head.pair or self.head.id


@dataclass(frozen=True, slots=True)
class Window:
    """Some articles: their documents, those of an article together, with the places of what is stored of them.

    `ratings` has the number of the document in the window with each annotation, and the place of its row.
    """

    root: Path
    ids: tuple[str, ...]
    articles: tuple[str, ...]
    splits: tuple[str, ...]
    places: Mapping[str, tuple[Place | None, ...]]
    alignments: tuple[tuple[int, int, Place], ...] = ()
    ratings: tuple[tuple[int, Rating, Place], ...] = ()
    rating_table: str = ""
    pseudonyms: Mapping[str, str] = field(default_factory=dict)


def with_gold(workspace: Workspace, report: StageReport) -> list[Known]:
    """The documents whose gold and segmentation fit their text, by article; the others are named in the report.

    Raises InputError where there is none.
    """
    gold = {row["document"]: row for row in workspace.rows(GOLD.name, ["document", "sha", "version"])}
    cut = {row["document"]: row["sha"] for row in workspace.rows(SEGMENTS.name, ["document", "sha"])}
    found, without = [], 0
    for head in workspace.heads():
        if head.id not in gold:
            without += 1
        elif gold[head.id]["sha"] != head.sha:
            why = "its gold was made for another version of the text; annotate it again"
            report.skipped.append(Skipped(head.id, why))
        elif cut.get(head.id) != head.sha:
            report.skipped.append(Skipped(head.id, "not segmented yet; run: hemu segment"))
        else:
            found.append(Known(head, how_made(gold[head.id]["version"])))
    report.notes["documents without gold"] = without
    if not found:
        why = f" ({report.skipped[0].what}: {report.skipped[0].why})" if report.skipped else ""
        raise InputError(f"{workspace.root}: no document has gold annotation{why}; run: hemu adjudicate")
    return sorted(found, key=lambda known: (known.article, known.id))


_MADE = re.compile(r"(\d+) annotators?, [0-9a-f]+(; \d+ verdicts? of .*)?", re.DOTALL)


def how_made(version: str) -> str:
    """How gold came about, by the version of its layer, without anybody's name.

    >>> how_made("3 annotators, 0123456789; 2 verdicts of annotator:4, 2025-01-01T00:00:00Z")
    '3 annotators, adjudicated'
    >>> how_made("imported"), how_made("")
    ('imported', 'other')
    """
    if match := _MADE.fullmatch(version):
        people = f"{match[1]} annotator{'' if match[1] == '1' else 's'}"
        return f"{people}, adjudicated" if match[2] else people
    return version if version in ("imported",) else "other"


def windows(
    workspace: Workspace,
    known: Sequence[Known],
    splits: Mapping[str, str],
    ratings: Ratings | None,
    pseudonyms: Mapping[str, str],
) -> Iterator[Window]:
    """The documents in their order, an article never parted."""
    tables: list[Table[Any]] = [DOCUMENTS, SEGMENTS, GOLD, ORIGINS, COMBINED]
    indices = {table.name: workspace.index(table) for table in tables}
    rated = workspace.index(ratings.table) if ratings else {}
    pairs = _alignments(workspace, {one.id: one.head for one in known})
    for part in _parts(known):
        number = {one.id: i for i, one in enumerate(part)}
        here = [pairs[pair] for pair in dict.fromkeys(one.pair for one in part) if pair in pairs]
        yield Window(
            workspace.root,
            tuple(one.id for one in part),
            tuple(one.article for one in part),
            tuple(splits[one.id] for one in part),
            {name: tuple(index.get(one.id) for one in part) for name, index in indices.items()},
            tuple((number[en], number[zh], place) for en, zh, place in here),
            tuple(
                (i, rating, rated[rating.key])
                for i, one in enumerate(part)
                for rating in sorted(
                    ratings.of.get(one.id, ()) if ratings else (), key=lambda rating: natural(pseudonyms[rating.rater])
                )
            ),
            ratings.table.name if ratings else "",
            pseudonyms,
        )


def _parts(known: Sequence[Known]) -> Iterator[list[Known]]:
    part: list[Known] = []
    for one in known:
        if len(part) >= WINDOW and one.article != part[-1].article:
            yield part
            part = []
        part.append(one)
    if part:
        yield part


def _alignments(workspace: Workspace, heads: Mapping[str, Head]) -> dict[str, tuple[str, str, Place]]:
    """By pair, the documents and the place of the alignment that was made of their texts as they are."""
    places = workspace.index(ALIGNMENTS)
    found: dict[str, tuple[str, str, Place]] = {}
    for row in workspace.rows(ALIGNMENTS.name, ["pair", "en", "zh", "en_sha", "zh_sha"]):
        found.pop(row["pair"], None)
        en, zh = heads.get(row["en"]), heads.get(row["zh"])
        # An alignment of documents that have been put into other pairs since is none of this pair's.
        if en is None or zh is None or {en.pair, zh.pair} != {row["pair"]}:
            continue
        if (en.sha, zh.sha) == (row["en_sha"], row["zh_sha"]):
            found[row["pair"]] = en.id, zh.id, places[row["pair"]]
    return found


class Rows:
    """Rows of a workspace by their places.

    The shards that were read last are kept in memory. A shard of many rows (`hemu adjudicate` writes all gold into one)
    would push out all others and be read anew for every window: it is unpacked once into a temporary file, from which
    the rows that are asked for are taken.
    """

    _KEPT = 64 << 20
    """Bytes of the shards that are kept in memory; the one read last is kept whatever its size."""
    _MANY_ROWS = 4 * WINDOW
    """Rows of the largest shard that is held in memory: `hemu ingest` writes no more than 1,000."""

    def __init__(self, root: Path) -> None:
        self._workspace = Workspace(root)
        self._shards: OrderedDict[tuple[str, str], Any] = OrderedDict()
        self._copies: dict[tuple[str, str], list[Any]] = {}

    def take(self, table: str, places: Sequence[Place | None], columns: Sequence[str]) -> tuple[Any, list[int]]:
        """The rows at these places in one Arrow table, in their order, and the numbers of the places that are none.

        Each call for a table is for the same columns of it.
        """
        import numpy as np

        missing = [i for i, place in enumerate(places) if place is None]
        real = [place for place in places if place is not None]
        by_shard: dict[str, list[int]] = {}
        for i, place in enumerate(real):
            by_shard.setdefault(place.shard, []).append(i)
        pieces, order = [], []
        for name in sorted(by_shard):
            wanted = by_shard[name]
            rows = _array([real[i].row for i in wanted])
            parts = self._parts(table, name, columns)
            starts = offsets_of(_array([len(part) for part in parts]))
            of = np.searchsorted(starts, rows, "right") - 1
            for number in np.unique(of).tolist():
                here = np.flatnonzero(of == number)
                pieces.append(parts[number].take(ints(rows[here] - starts[number])))
                order += [wanted[i] for i in here.tolist()]
        if not pieces:
            return None, missing
        back = _array(order).argsort()
        whole = pa.concat_tables(pieces).take(ints(back))
        return whole.combine_chunks(), missing

    def _parts(self, table: str, name: str, columns: Sequence[str]) -> list[Any]:
        """A shard as tables of its rows, one after another."""
        key = (table, name)
        if key in self._copies:
            return self._copies[key]
        found = self._shards.pop(key, None)
        if found is None:
            path = self._workspace.folder(table) / name
            with _reading(path):
                file = pq.ParquetFile(path)
            with file:
                there = [column for column in columns if column in file.schema_arrow.names]
                if file.metadata.num_rows > self._MANY_ROWS:
                    return self._copies.setdefault(key, self._copied(file, path, there))
                with _reading(path):
                    found = file.read(columns=there, use_threads=False)
        self._shards[key] = found
        while len(self._shards) > 1 and sum(shard.nbytes for shard in self._shards.values()) > self._KEPT:
            self._shards.popitem(last=False)
        return [found]

    def _copied(self, file: pq.ParquetFile, path: Path, columns: list[str]) -> list[Any]:
        """The rows in tables that lie in a file: it has no name any more, and goes when nobody holds the tables."""
        folder = self._workspace.folder("datasets")
        # Named such that `corpus.temporary.sweep` knows it, should this process be killed here.
        with NamedTemporaryFile(dir=folder, prefix=".", suffix=f".{os.getpid()}.tmp") as copy:
            with pa.ipc.new_file(copy.name, pa.schema([file.schema_arrow.field(name) for name in columns])) as writer:
                for batch in _batches(file, path, columns):
                    writer.write_batch(batch)
            reader = pa.ipc.open_file(pa.memory_map(copy.name))
            return [pa.Table.from_batches([reader.get_batch(at)]) for at in range(reader.num_record_batches)]


def _batches(file: pq.ParquetFile, path: Path, columns: list[str]) -> Iterator[pa.RecordBatch]:
    with _reading(path):
        yield from file.iter_batches(WINDOW, columns=columns, use_threads=False)


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, pa.ArrowInvalid) as error:
        raise WorkspaceError(f"{path}: cannot be read ({error}); restore it from a backup") from None


def _array(values: Sequence[int]) -> Any:
    import numpy as np

    return np.array(values, np.int64)
