"""Pairs from a file: a table that says which English and which Chinese file are versions of one article."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from corpus.document import LANGUAGES, Lang
from corpus.errors import InputError
from corpus.ingest.names import name_of, why_unsafe
from corpus.ingest.raw import Source, opener
from corpus.ingest.tables import read_csv
from corpus.report import Skipped


@dataclass(slots=True)
class Mapping:
    """Which document is which version of which pair, by the name that the file of pairs gives it.

    `where` says where a name stands; what nothing has asked for at the end is in no file that was read.
    """

    named: dict[str, tuple[str, Lang]] = field(default_factory=dict)
    where: dict[str, str] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    problems: list[Skipped] = field(default_factory=list)

    def find(self, id: str, source: str) -> tuple[str, Lang] | None:
        """The pair and the language that a document is given, or None where it is not named."""
        # A file of many articles is no name of one of them: its path counts where the id comes from it.
        names = [id, source] if source and name_of(PurePath(source)).id == id else [id]
        for name in map(_plain, names):
            if name in self.named:
                self.used.add(name)
                return self.named[name]
        return None

    def where_of(self, id: str, source: str) -> str:
        """Where the file of pairs names a document that it names."""
        return self.where.get(_plain(id)) or self.where.get(_plain(source), "")

    def unknown(self) -> list[Skipped]:
        """The names that no document had, by line."""
        return [
            Skipped(where, f"names {name!r}, which is no article that was read or that the workspace has")
            for name, where in self.where.items()
            if name not in self.used
        ]


def read_mapping(path: Path) -> Mapping:
    """The file of pairs at `path`: CSV or TSV with a header of "en" and "zh", and perhaps "pair" (other columns are
    passed over), a pair a line; files are named by their path below the folder that is ingested, or by id.

    Rows that cannot be used are in `problems`. Raises InputError where the file cannot be read as such a table.
    """
    try:
        size = path.stat().st_size
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}; expected a table of pairs") from None
    mapping = Mapping()
    source = Source(PurePath(path.name), str(path), opener(path), size, path)
    no_table = InputError(f"{path}: has no columns 'en' and 'zh' in its first line; expected a table of pairs")
    try:
        empty = True
        for row in read_csv(source):
            empty = False
            if isinstance(row, Skipped) and row.what == source.shown:
                raise InputError(f"{path}: {row.why}; expected a table of pairs")
            if isinstance(row, Skipped):
                mapping.problems.append(row)
                continue
            where, cells = row
            values = {name.strip().casefold(): str(cell).strip() for name, cell in cells.items()}
            if not {"en", "zh"} <= values.keys():
                raise no_table
            _add(mapping, values, where)
        # A table that has no pairs is one all the same.
        if empty and not re.search(r"\ben\b.*\bzh\b|\bzh\b.*\ben\b", path.read_text("utf-8", "replace")[:1000], re.I):
            raise no_table
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}; expected a table of pairs") from None
    return mapping


def _add(mapping: Mapping, values: dict[str, str], where: str) -> None:
    names = {lang: _plain(values[lang]) for lang in LANGUAGES}
    pair = values.get("pair", "") or _pair_of(names["en"])
    double = next((name for name in names.values() if name in mapping.named), None)
    problem = (
        "needs a name under 'en' and one under 'zh'" if not all(names.values())
        else "names one article as both versions" if names["en"] == names["zh"]
        else f"names {double!r}, which {mapping.where[double]} has already" if double
        else why_unsafe(pair)
    )  # fmt: skip
    if problem:
        mapping.problems.append(Skipped(where, problem))
        return
    for lang, name in names.items():
        mapping.named[name] = pair, lang
        mapping.where[name] = where


def _pair_of(name: str) -> str:
    """The pair's name where the table gives none: the English article's without extension and language."""
    said = name_of(PurePath(name))
    return said.pair or said.id


def _plain(name: str) -> str:
    return unicodedata.normalize("NFC", name.replace("\\", "/")).removeprefix("./")


def stored(mapping: Mapping, ids: Collection[str]) -> list[str]:
    """The ids of documents that a workspace has (`ids`) and that the file of pairs names, by id or file."""
    waiting = (name for name in mapping.named if name not in mapping.used)
    return [id for name in waiting for id in (name, name_of(PurePath(name)).id) if id in ids]
