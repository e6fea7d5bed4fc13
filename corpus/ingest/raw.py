"""What a reader makes of a file: articles before cleaning, and the metadata that is kept of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any, BinaryIO

from corpus.document import Lang
from corpus.ingest.columns import META, field_of, written
from corpus.report import Skipped

__all__ = ["META", "RawDocument", "Reader", "Rows", "Source", "meta_of"]


@dataclass(frozen=True, slots=True)
class RawDocument:
    """An article as a reader found it. `lang` None: to be told from the text."""

    id: str
    pair: str
    lang: Lang | None
    text: str
    meta: Mapping[str, str] = field(default_factory=dict)
    source: str = ""
    """The file, by its path below the folder that was given."""
    where: str = ""
    """Where it was found, for messages: the file, and where that holds many, the line."""
    file_sha: str = ""
    """SHA-256 of the file's bytes; "" where the reader has not seen them all."""
    encoding: str = ""
    reader: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """Something to read: a file, a file in an archive, what came on standard input, a dataset on disk.

    `relative` names it below what was given, with the extension that says its format; `shown` is its name in messages.
    `open` gives its bytes from the beginning each time. `path` is where they lie on the disk as they are, if they do.
    """

    relative: PurePath
    shown: str
    open: Callable[[], BinaryIO]
    size: int = 0
    path: Path | None = None


def opener(path: Path) -> Callable[[], BinaryIO]:
    """What opens a file on the disk, for `Source.open`."""
    return lambda: path.open("rb")


Reader = Callable[[bytes, PurePath, str], Iterator["RawDocument | Skipped"]]
"""From (bytes, path relative to what was ingested, its name for messages) to documents and what was left out."""

Rows = Iterator["tuple[str, Mapping[str, Any]] | Skipped"]
"""The rows of a file of many articles, one at a time, each with where it stands; and what was left out."""


def meta_of(values: Mapping[str, Any]) -> dict[str, str]:
    """Of the fields of an article those that are kept, under their usual names ("License" is "licence").

    >>> meta_of({"Title": "和睦新村", "publisher": "河湾日报", "mood": "good"})
    {'title': '和睦新村', 'source': '河湾日报'}
    """
    kept: dict[str, str] = {}
    for key, value in values.items():
        name, _ = field_of(key)
        text = written(value, date=name == "date") if name in META else ""
        # The plain name goes before an alias.
        if text and (name not in kept or key.lower() == name):
            kept[name] = text
    return {name: kept[name] for name in META if name in kept}
