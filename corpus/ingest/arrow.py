"""Rows from Parquet files and from datasets that Hugging Face's `save_to_disk` wrote, a batch at a time.

Both are read by pyarrow alone: nothing in them is run or unpickled.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corpus.ingest.archives import FREE, RATIO_MAX
from corpus.ingest.columns import Columns, field_of
from corpus.ingest.raw import Rows, Source
from corpus.ingest.tables import LINE_MAX
from corpus.report import Skipped

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

# Rows read at a time: a batch of long articles is some megabytes.
_BATCH = 256
# Bytes that a batch may unfold to.
_HELD = 64 << 20
_STATE, _INFO = "state.json", "dataset_info.json"
DICT = "dataset_dict.json"
"""The file that marks a folder of several datasets (train, test …)."""


def is_dataset(names: Iterable[str]) -> bool:
    """Whether a folder with files of these names is a dataset that `save_to_disk` wrote."""
    return {_STATE, _INFO} <= set(names)


def read_parquet(source: Source, columns: Columns | None) -> Rows:
    """Parquet: `(where, row)` for each row, of the columns that matter only."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with source.open() as stream:
            metadata = pq.read_metadata(stream)
            stream.seek(0)
            names = metadata.schema.to_arrow_schema().names
            wanted = _wanted(names, columns)
            packed = _packed(metadata, wanted or names)
            if any(unpacked > max(RATIO_MAX * size, FREE) for _, size, unpacked, _ in packed):
                yield Skipped(source.shown, f"unpacks to more than {RATIO_MAX} times its size, as no text does")
                return
            folded = sorted({name for name, _, _, is_folded in packed if is_folded})
            # Unless buffered, a column chunk (often the whole file) is read at once.
            options: dict[str, Any] = {"metadata": metadata, "buffer_size": 1 << 20, "pre_buffer": False}
            with pq.ParquetFile(stream, read_dictionary=folded, **options) as file:
                yield from _rows(file.iter_batches(_BATCH, columns=wanted or None), file.schema_arrow, source.shown)
    except (OSError, ValueError, pa.ArrowException) as error:
        yield Skipped(source.shown, f"no Parquet file that can be read ({_line(error)})")


def read_dataset(source: Source, columns: Columns | None) -> Rows:
    """A dataset on disk (a folder with state.json, dataset_info.json and Arrow files): `(where, row)` for each row."""
    import pyarrow as pa

    assert source.path is not None
    try:
        files = data_files(source.path)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        yield Skipped(source.shown, f"no dataset that can be read: {_line(error)}; write it anew with save_to_disk")
        return
    for file in files:
        where = source.shown if len(files) == 1 else f"{source.shown}/{file.name}"
        try:
            with pa.memory_map(str(file)) as stream, pa.ipc.open_stream(stream) as batches:
                schema = batches.schema
                wanted = _wanted(schema.names, columns)
                small = (batch.select(wanted) if wanted else batch for batch in batches)
                pieces = (piece for batch in small for piece in _pieces(batch))
                yield from _rows(pieces, schema, where)
        except (OSError, ValueError, pa.ArrowException) as error:
            yield Skipped(where, f"no Arrow file that can be read ({_line(error)})")


def data_files(folder: Path) -> list[Path]:
    """The Arrow files of a dataset on disk in their order; ValueError where it cannot be read as it stands."""
    state = json.loads((folder / _STATE).read_text("utf-8"))
    if state.get("_indices_data_files") or state.get("_indices_files"):
        raise ValueError("its rows are chosen by an index, as older versions of datasets wrote it")
    names = [str(entry["filename"]) for entry in state["_data_files"]]
    if any(Path(name).name != name for name in names):
        raise ValueError("it names files outside its folder")
    return [folder / name for name in names]


def _wanted(names: list[str], columns: Columns | None) -> list[str]:
    """The columns that are read: those named or known, or that map languages to texts; [] for all.

    All without `columns`; and where those are not there that the user named, for the message that says which are.
    """
    named = {columns.text, columns.id, columns.pair, columns.lang} - {None} if columns else set()
    if columns is None or not named <= set(names):
        return []
    known = ("translation", "translations")
    return [name for name in names if name in named or field_of(name)[0] or name.casefold() in known]


def _packed(metadata: pq.FileMetaData, wanted: list[str]) -> list[tuple[str, int, int, bool]]:
    """Of the pieces that a Parquet file has of each column: the column, the size, the size once unpacked, and whether it
    is text that is written once and pointed to where it comes again."""
    found = []
    for group in range(metadata.num_row_groups):
        for place in range(metadata.num_columns):
            piece = metadata.row_group(group).column(place)
            name = piece.path_in_schema
            if name.split(".")[0] in wanted:
                folded = piece.has_dictionary_page and piece.physical_type == "BYTE_ARRAY" and "." not in name
                found.append((name, piece.total_compressed_size, piece.total_uncompressed_size, folded))
    return found


def _unfolded(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """A batch with such texts in all their places; row by row where that would take much memory."""
    import pyarrow as pa
    import pyarrow.compute as pc

    folded = [at for at, field in enumerate(batch.schema) if pa.types.is_dictionary(field.type)]
    longest = 0
    for at in folded:
        column: Any = batch.column(at)
        values = column.dictionary
        if pa.types.is_large_string(values.type) or pa.types.is_string(values.type):
            longest += pc.max(pc.binary_length(values)).as_py() or 0
    rows = 1 if longest * batch.num_rows > _HELD else max(batch.num_rows, 1)
    for first in range(0, batch.num_rows, rows):
        piece = batch.slice(first, rows)
        for at in folded:
            column = piece.column(at)
            plain = column.dictionary_decode()
            piece = piece.set_column(at, pa.field(piece.schema.field(at).name, plain.type), plain)
        yield piece


def _pieces(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    for at in range(0, batch.num_rows, _BATCH):
        yield batch.slice(at, _BATCH)


def _rows(batches: Iterable[pa.RecordBatch], schema: pa.Schema, shown: str) -> Rows:
    names = _class_names(schema)
    number = 0
    for row in (row for batch in batches for piece in _unfolded(batch) for row in _values(piece)):
        number += 1
        where = f"{shown}, row {number}"
        if row is None:
            yield Skipped(where, "holds text that is not UTF-8, or a time that there is not")
            continue
        if any(isinstance(value, str) and len(value) > LINE_MAX for value in row.values()):
            yield Skipped(where, f"a row of more than {LINE_MAX >> 20} million characters")
            continue
        for column, labels in names.items():
            value = row.get(column)
            if isinstance(value, int) and 0 <= value < len(labels):
                row[column] = labels[value]
        yield where, row


def _values(batch: pa.RecordBatch) -> Iterator[dict[str, Any] | None]:
    batch = _in_microseconds(batch)
    try:
        rows = batch.to_pylist()
    except (ValueError, OverflowError):
        for at in range(batch.num_rows):
            try:
                yield batch.slice(at, 1).to_pylist()[0]
            except (ValueError, OverflowError):
                yield None
    else:
        yield from rows


def _in_microseconds(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Times to the microsecond, the finest that Python's own type has; pandas is not needed then."""
    import pyarrow as pa

    columns = []
    for field, column in zip(batch.schema, batch.columns, strict=True):
        if pa.types.is_timestamp(field.type) and field.type.unit == "ns":
            column = column.cast(pa.timestamp("us", field.type.tz), safe=False)
        columns.append(column)
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)


def _class_names(schema: pa.Schema) -> dict[str, list[str]]:
    """For each column of class labels, which are stored as numbers, the names that the datasets library gave them."""
    try:
        features = json.loads((schema.metadata or {})[b"huggingface"])["info"]["features"]
        return {
            str(name): [str(label) for label in feature["names"]]
            for name, feature in features.items()
            if isinstance(feature, dict) and feature.get("_type") == "ClassLabel"
        }
    except (KeyError, ValueError, TypeError, AttributeError, RecursionError):
        return {}


def _line(error: Exception) -> str:
    text = str(error) or type(error).__name__
    return " ".join(text.split())[:120]
