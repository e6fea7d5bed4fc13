"""Some columns of a table, for what counts over a whole corpus: rows are not made objects, and the rest is not read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from corpus.arrays import column
from corpus.schema import Table
from corpus.store import Workspace, read_shard

# Shards that are kept.
_OPEN = 3


class Columns:
    """The current rows of a table, of its columns only those named; a nested one is "tokens.list.element.start"."""

    def __init__(self, workspace: Workspace, table: Table[Any], columns: Sequence[str]) -> None:
        self.folder, self.columns = workspace.folder(table.name), list(columns)
        self.index = workspace.index(table)
        self.kept: dict[str, pa.Table] = {}

    def take(self, keys: Iterable[str]) -> list[pa.Table]:
        """The rows of these keys, a table for each shard that has some; keys that are not there are left out."""
        wanted: dict[str, list[int]] = {}
        for key in keys:
            if key in self.index:
                wanted.setdefault(self.index[key].shard, []).append(self.index[key].row)
        return [
            self._shard(shard).take(column(sorted(rows), pa.int64())).combine_chunks()
            for shard, rows in sorted(wanted.items())
        ]

    def _shard(self, name: str) -> pa.Table:
        found = self.kept.pop(name, None)
        if found is None:
            found = read_shard(self.folder / name, self.columns)
        self.kept[name] = found
        if len(self.kept) > _OPEN:
            del self.kept[next(iter(self.kept))]
        return found


def lists(table: pa.Table, name: str) -> tuple[Any, Any]:
    """(offsets as a NumPy array, all values one after the other) of a column of lists: row i has values i to i+1.

    >>> import pyarrow as pa
    >>> offsets, values = lists(pa.table({"x": [[1, 2], [], [3]]}), "x")
    >>> offsets.tolist(), values.to_pylist()
    ([0, 2, 2, 3], [1, 2, 3])
    """
    chunks = table.column(name).chunks
    joined: Any = chunks[0] if len(chunks) == 1 else pa.concat_arrays(chunks)
    offsets = joined.offsets
    # Not to_numpy, which imports pandas.
    return np.frombuffer(offsets.buffers()[1], np.int32, len(offsets), 4 * offsets.offset), joined.values


def made_for(table: pa.Table) -> list[tuple[str, str]]:
    """(document, SHA-256 of the text) of each row."""
    documents: list[Any] = table.column("document").to_pylist()
    shas: list[Any] = table.column("sha").to_pylist()
    return list(zip(documents, shas, strict=True))
