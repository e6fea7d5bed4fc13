"""Some columns of a table, for what counts over a whole corpus: rows are not made objects, and the rest is not read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from corpus.errors import WorkspaceError
from corpus.schema import Table
from corpus.store import Workspace

if TYPE_CHECKING:
    import pyarrow as pa

# Shards that are kept.
_OPEN = 3


class Columns:
    """The current rows of a table, of its columns only those named; a nested one is "tokens.list.element.start"."""

    def __init__(self, workspace: Workspace, table: Table[Any], columns: Sequence[str]) -> None:
        self.folder, self.columns = workspace.folder(table.name), list(columns)
        self.index = workspace.index(table)
        self.schema = table.schema
        self.kept: dict[str, pa.Table] = {}

    def take(self, keys: Iterable[str]) -> list[pa.Table]:
        """The rows of these keys, a table for each shard that has some; keys that are not there are left out."""
        wanted: dict[str, list[int]] = {}
        for key in keys:
            if key in self.index:
                wanted.setdefault(self.index[key].shard, []).append(self.index[key].row)
        return [self._shard(shard).take(sorted(rows)).combine_chunks() for shard, rows in sorted(wanted.items())]

    def _shard(self, name: str) -> pa.Table:
        import pyarrow as pa
        import pyarrow.parquet as pq

        found = self.kept.pop(name, None)
        if found is None:
            try:
                with pq.ParquetFile(self.folder / name) as file:
                    found = file.read(columns=self.columns, use_threads=False)
            except (OSError, pa.ArrowInvalid) as error:
                raise WorkspaceError(
                    f"{self.folder / name}: cannot be read ({error}); restore it from a backup"
                ) from None
        self.kept[name] = found
        if len(self.kept) > _OPEN:
            del self.kept[next(iter(self.kept))]
        return found


def lists(table: pa.Table, column: str) -> tuple[Any, Any]:
    """(offsets as a NumPy array, all values one after the other) of a column of lists: row i has values i to i+1.

    >>> import pyarrow as pa
    >>> offsets, values = lists(pa.table({"x": [[1, 2], [], [3]]}), "x")
    >>> offsets.tolist(), values.to_pylist()
    ([0, 2, 2, 3], [1, 2, 3])
    """
    import pyarrow as pa

    chunks = table.column(column).chunks
    joined: Any = chunks[0] if len(chunks) == 1 else pa.concat_arrays(chunks)
    return joined.offsets.to_numpy(), joined.values


def made_for(table: pa.Table) -> list[tuple[str, str]]:
    """(document, SHA-256 of the text) of each row."""
    documents: list[Any] = table.column("document").to_pylist()
    shas: list[Any] = table.column("sha").to_pylist()
    return list(zip(documents, shas, strict=True))
