"""The way back from a frozen text to the file that it was read from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePath
from typing import Any

from corpus.clean import clean, raw_span
from corpus.document import Origin, text_sha
from corpus.errors import InputError, StaleTextError
from corpus.ingest.archives import is_archive, unpack
from corpus.ingest.columns import Columns
from corpus.ingest.raw import RawDocument, Source, opener
from corpus.ingest.readers import format_of, is_of_rows, read, rows_of, sha_of
from corpus.report import Skipped


def locate(origin: Origin, start: int, end: int) -> tuple[int, int]:
    """Where the stretch `start` to `end` of a document's text stands in the text as its reader found it.

    Both are half-open code points. For a text file the second is the whole file as decoded, for other formats what the
    reader makes of it; `source_text` gives either.

    >>> locate(Origin("a", "", "a.txt", offsets=((0, 1), (5, 7))), 5, 7)
    (7, 9)
    """
    return raw_span(origin.offsets, start, end)


def source_text(path: Path, origin: Origin) -> str:
    """The text of a document as its reader found it in the file at `path` (or in the archive or dataset there).

    A file of rows is read until the row is found. Raises InputError where the file cannot be read, and StaleTextError
    where it no longer holds that text.
    """
    try:
        size = path.stat().st_size
        for source in _sources(path, size):
            # The digest of a file of rows costs as much as to look for the row.
            if is_of_rows(format_of(source)):
                texts = _texts_in_rows(source)
            elif origin.file_sha and sha_of(source) != origin.file_sha:
                continue
            else:
                found = read(source, Columns())
                texts = (each.text for each in found if isinstance(each, RawDocument))
            for text in texts:
                if text_sha(clean(text).text) == origin.sha:
                    return text
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from None
    raise StaleTextError(f"{path}: no longer holds the text that {origin.document} was made of; it has changed")


def _sources(path: Path, size: int) -> Iterator[Source]:
    source = Source(PurePath(path.name), str(path), opener(path), size, path)
    if is_archive(path):
        yield from (each for each in unpack(source) if isinstance(each, Source))
    else:
        yield source


def _texts_in_rows(source: Source) -> Iterator[str]:
    # All columns: which of them held the text may have been said by hand.
    for row in rows_of(source, format_of(source), None):
        if not isinstance(row, Skipped):
            yield from _texts(row[1])


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        if all(isinstance(each, str) for each in value):
            yield "\n".join(value)
        else:
            for each in value:
                yield from _texts(each)
