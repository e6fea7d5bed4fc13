"""Rows into Parquet files as they come, with a digest of what they hold."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from corpus.dataset.arrows import column_of, feed
from corpus.dataset.claimants import Claimants
from corpus.dataset.manifest import File, Split

ROW_GROUP = 8 << 20
"""Bytes of a row group, in memory: what a reader that streams holds at a time. Small ones are slow: `datasets` takes some
milliseconds for each, whatever is in it."""

FILE_BYTES = 256 << 20
"""A file that has grown beyond this is followed by another."""


@dataclass
class Sink:
    """The rows of one split of one configuration, on their way into files."""

    folder: Path
    split: str
    schema: Any
    rows: int = 0
    digest: Any = field(default_factory=hashlib.sha256)
    _waiting: list[Any] = field(default_factory=list)
    _held: int = 0
    _writer: Any = None
    _files: list[Path] = field(default_factory=list)

    def add(self, table: Any) -> None:
        """Take in rows; they are written when there are enough of them."""
        for name in table.schema.names:
            feed(self.digest, table.column(name))
        self._waiting.append(table.replace_schema_metadata(self.schema.metadata))
        self._held += table.nbytes
        self.rows += len(table)
        if self._held >= ROW_GROUP:
            self._write()

    def _write(self) -> None:
        if not self._held:
            return
        if self._writer is None:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._files.append(self.folder / f"{self.split}-{len(self._files):05d}.parquet")
            self._writer = pq.ParquetWriter(self._files[-1], self.schema, compression="zstd")
        rows = pa.concat_tables(self._waiting)
        self._writer.write_table(rows, row_group_size=max(1, len(rows)))
        self._waiting, self._held = [], 0
        if self._files[-1].stat().st_size > FILE_BYTES:
            self.abandon()

    def abandon(self) -> None:
        """Close the file that is being written."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def close(self, root: Path) -> Split:
        """Write what is left, give the files their names, and say what they are."""
        self._write()
        self.abandon()
        number = len(self._files)
        found = []
        for i, path in enumerate(self._files):
            name = f"{self.split}.parquet" if number == 1 else f"{self.split}-{i:05d}-of-{number:05d}.parquet"
            target = path.rename(path.with_name(name))
            found.append(_described(root, target))
        return Split(tuple(found), self.rows)


def _described(root: Path, path: Path) -> File:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return File(path.relative_to(root).as_posix(), path.stat().st_size, digest)


@dataclass
class ClaimRows:
    """Rows of claims that wait, in a file, until it is known who the claimants are."""

    folder: Path
    claimants: Claimants = field(default_factory=Claimants)
    _writers: dict[str, Any] = field(default_factory=dict)
    _who: dict[str, list[array[int]]] = field(default_factory=dict)

    def add(self, split: str, table: Any, who: Iterable[int]) -> None:
        """Take in the claims of a split, and who makes them by the numbers of `claimants`."""
        writer = self._writers.get(split)
        if writer is None:
            self.folder.mkdir(parents=True, exist_ok=True)
            writer = self._writers[split] = pa.ipc.new_file(str(self.folder / f"{split}.arrow"), table.schema)
        writer.write_batch(table.combine_chunks().to_batches()[0])
        self._who.setdefault(split, []).append(array("i", who))

    def splits(self) -> list[str]:
        """The splits that have claims."""
        return sorted(self._writers)

    def pour(self, sinks: dict[str, Sink]) -> None:
        """Put all rows, with their claimants, into the sinks of their splits."""
        actor_of = self.claimants.resolved()
        for split in sorted(self._writers):
            self._writers[split].close()
            with pa.memory_map(str(self.folder / f"{split}.arrow")) as source:
                reader = pa.ipc.open_file(source)
                for at, waiting in enumerate(self._who[split]):
                    batch = reader.get_batch(at)
                    found = [actor_of(number) for number in waiting]
                    of = dict(zip(batch.schema.names, batch.columns, strict=True))
                    for part in ("id", "en", "zh"):
                        of[f"claimant_{part}"] = column_of([getattr(actor, part) for actor in found])
                    schema = sinks[split].schema
                    sinks[split].add(pa.Table.from_arrays([of[name] for name in schema.names], schema=schema))
        self._writers.clear()

    def abandon(self) -> None:
        """Close what is open."""
        for writer in self._writers.values():
            writer.close()
        self._writers.clear()
