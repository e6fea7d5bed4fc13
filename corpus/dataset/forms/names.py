"""Names of files for documents, and the table that leads back from them."""

from __future__ import annotations

import csv
import hashlib
import re
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from corpus.dataset.forms.source import Record
from corpus.errors import InputError

INDEX = "documents.csv"
_PLAIN = re.compile(r"\w[\w.-]{0,79}")
_OTHER = re.compile(r"[^\w.-]+")
# Names that Windows keeps for devices, whatever follows the first point.
_KEPT = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)")


def file_name(id: str) -> str:
    """A file name for a document: its id where every system can hold that, else a part of it and 12 digits of its SHA-256.

    It depends on the id alone, and two ids do not share one, also where capitals do not count.

    >>> file_name("housing.en"), file_name("共同富裕.zh"), file_name("en/Housing plan")
    ('housing.en', '共同富裕.zh', 'en_Housing_plan--d64c8bb89959')
    """
    plain = _PLAIN.fullmatch(id) and len(id.encode()) <= 200 and id == id.casefold() == unicodedata.normalize("NFC", id)
    if plain and not _KEPT.match(id) and not id.endswith(".") and not re.search(r"--[0-9a-f]{12}$", id):
        return id
    short = _OTHER.sub("_", unicodedata.normalize("NFC", id))[:40].strip("._-")
    return f"{short or 'document'}--{hashlib.sha256(id.encode()).hexdigest()[:12]}"


def whole_cells(id: str, cells: list[Any]) -> list[Any]:
    """The cells of a row of CSV; InputError where one holds NUL, at which most readers of CSV stop without a word."""
    clean = id.replace("\0", "\\0")
    if any(isinstance(cell, str) and "\0" in cell for cell in cells):
        raise InputError(f"{clean}: holds the character U+0000, which CSV cannot; clean the source and ingest it again")
    return cells


@contextmanager
def index(folder: Path) -> Iterator[Any]:
    """Writes `documents.csv`: which file is which document. What it yields takes a name and a record."""
    seen: set[str] = set()
    with (folder / INDEX).open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["file", "id", "pair", "lang", "split", "sha256"])

        def add(name: str, record: Record) -> None:
            document = record.document
            if document.id in seen:
                raise InputError(f"{document.id}: is in the dataset twice; build the dataset again")
            seen.add(document.id)
            cells = [name, document.id, document.pair, document.lang, record.split, document.sha]
            rows.writerow(whole_cells(document.id, cells))

        yield add
