"""A reader a format: which one reads a file, and what they all have in common."""

from __future__ import annotations

import hashlib
import importlib
import logging
from collections.abc import Iterator
from dataclasses import replace
from functools import cache, partial
from pathlib import PurePath
from typing import cast

from corpus.ingest.archives import ARCHIVES, on_disk
from corpus.ingest.arrow import data_files, read_dataset, read_parquet
from corpus.ingest.columns import Columns
from corpus.ingest.decode import NotTextError, decode
from corpus.ingest.names import name_of, printable
from corpus.ingest.raw import RawDocument, Reader, Rows, Source, opener
from corpus.ingest.rows import documents_in, no_text
from corpus.ingest.tables import encoding_at_start, read_csv, read_jsonl
from corpus.report import Skipped

FILE_MAX = 64 << 20
"""Bytes of the largest file that is one article; files of rows can have any size."""
_SKIPPED_MAX = 1000

TEXT, MARKDOWN, HTML, DOCX, PDF = "text", "markdown", "html", "docx", "pdf"
JSONL, CSV, PARQUET, DATASET = "jsonl", "csv", "parquet", "dataset"
_FORMATS = {
    ".txt": TEXT,
    ".text": TEXT,
    ".md": MARKDOWN,
    ".markdown": MARKDOWN,
    ".html": HTML,
    ".htm": HTML,
    ".xhtml": HTML,
    ".docx": DOCX,
    ".pdf": PDF,
    ".jsonl": JSONL,
    ".ndjson": JSONL,
    ".csv": CSV,
    ".tsv": CSV,
    ".parquet": PARQUET,
}
_ROWS = (JSONL, CSV, PARQUET, DATASET)


def read_text(data: bytes, path: PurePath, shown: str) -> Iterator[RawDocument | Skipped]:
    """Plain text: the file is the article."""
    try:
        text, encoding = decode(data)
    except NotTextError as error:
        yield Skipped(shown, str(error))
        return
    name = name_of(path)
    meta = {} if encoding == "utf-8" else {"encoding": encoding}
    yield RawDocument(name.id, name.pair, name.lang, text, meta, printable(path.as_posix()), shown, encoding=encoding)


def format_of(source: Source) -> str:
    """The format that a file's extension says, or "" for none that is known."""
    if source.path is not None and source.path.is_dir():
        return DATASET
    return _FORMATS.get(source.relative.suffix.lower(), "")


def known_formats() -> list[str]:
    """The extensions that can be read, for messages."""
    return [*_FORMATS, *ARCHIVES]


def read(source: Source, columns: Columns) -> Iterator[RawDocument | Skipped]:
    """The documents in a source, and what of it is left out and why; rows come as they are read."""
    format = format_of(source)
    try:
        if format in _ROWS:
            yield from _bounded(_guarded(_of_rows(source, format, columns), source.shown), source.shown)
        elif format:
            yield from _of_file(source, format, _whole(format))
        else:
            suffix = printable(source.relative.suffix) or "no extension"
            yield Skipped(source.shown, f"no reader for this format ({suffix}); known: {' '.join(known_formats())}")
    except OSError as error:
        yield Skipped(source.shown, f"cannot be read: {error.strerror or error}")


@cache
def _whole(format: str) -> Reader:
    """The reader of a format in which a file is one article, loaded on use."""
    if format == TEXT:
        return read_text
    return cast(Reader, getattr(importlib.import_module(f"corpus.ingest.{format}"), f"read_{format}"))


def _of_file(source: Source, format: str, reader: Reader) -> Iterator[RawDocument | Skipped]:
    too_large = Skipped(source.shown, f"is larger than {FILE_MAX >> 20} MiB, too large for one article; divide it")
    if source.size > FILE_MAX:
        yield too_large
        return
    with source.open() as stream:
        data = stream.read(FILE_MAX + 1)
    if len(data) > FILE_MAX:
        yield too_large
        return
    sha = hashlib.sha256(data).hexdigest()
    for found in _guarded(reader(data, source.relative, source.shown), source.shown):
        if isinstance(found, RawDocument):
            encoding = found.encoding or found.meta.get("encoding", "" if format in (DOCX, PDF) else "utf-8")
            found = replace(found, file_sha=sha, encoding=encoding, reader=format)
        yield found


def sha_of(source: Source) -> str:
    """SHA-256 of a source's bytes, read a piece at a time (of a dataset, of its files in their order).

    Raises OSError where it cannot be read (any more).
    """
    digest = hashlib.sha256()
    streams = [source.open]
    if format_of(source) == DATASET and source.path is not None:
        streams = [opener(file) for file in data_files(source.path)]
    for open_stream in streams:
        with open_stream() as stream:
            while piece := stream.read(1 << 20):
                digest.update(piece)
    return digest.hexdigest()


def _guarded(found: Iterator[RawDocument | Skipped], shown: str) -> Iterator[RawDocument | Skipped]:
    """What a reader finds; where it fails on a file that nobody thought of, the rest of that file is left out."""
    try:
        yield from found
    except OSError:
        raise
    except Exception as error:
        logging.getLogger(__name__).debug("reading %s", shown, exc_info=True)
        yield Skipped(shown, f"its reader failed ({type(error).__name__}: {' '.join(str(error).split())[:80]})")


def is_of_rows(format: str) -> bool:
    """Whether a file of this format holds many articles, a row each."""
    return format in _ROWS


def rows_of(source: Source, format: str, columns: Columns | None) -> Rows:
    """The rows of a source in one of the formats of rows; without `columns`, all that they hold."""
    if format == PARQUET and source.path is None:
        source = replace(source, open=partial(on_disk, source))
    if format == PARQUET:
        return read_parquet(source, columns)
    if format == DATASET:
        return read_dataset(source, columns)
    return read_csv(source) if format == CSV else read_jsonl(source)


def _of_rows(source: Source, format: str, columns: Columns) -> Iterator[RawDocument | Skipped]:
    encoding = "utf-8"
    if format in (JSONL, CSV):
        try:
            encoding = encoding_at_start(source)
        except NotTextError as error:
            yield Skipped(source.shown, str(error))
            return
    first = empty = True
    for row in rows_of(source, format, columns):
        empty = False
        if isinstance(row, Skipped):
            yield row
            continue
        where, values = row
        for found in documents_in(values, source.relative, where, columns):
            if isinstance(found, Skipped) and first and format != JSONL and found.why == no_text(values, columns):
                # All rows have the same columns: it is said once.
                yield Skipped(source.shown, found.why)
                return
            first = False
            if isinstance(found, RawDocument):
                found = replace(found, encoding=encoding, reader=format)
                if encoding != "utf-8":
                    found = replace(found, meta={**found.meta, "encoding": encoding})
            yield found
    if empty:
        yield Skipped(source.shown, "holds no rows")


def _bounded(found: Iterator[RawDocument | Skipped], shown: str) -> Iterator[RawDocument | Skipped]:
    """What a file of rows holds; of rows that are left out the first are named, the others counted."""
    left_out = 0
    for each in found:
        left_out += isinstance(each, Skipped)
        if isinstance(each, RawDocument) or left_out <= _SKIPPED_MAX:
            yield each
    if left_out > _SKIPPED_MAX:
        yield Skipped(shown, f"{left_out - _SKIPPED_MAX} more rows were left out for reasons like these")
