"""Which files make a shard: one file of many articles, or some small files that lie in one folder."""

from __future__ import annotations

import hashlib
import posixpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from annotators.bulk.places import Found, Place

# Files that hold many articles: each is a shard by itself.
_OF_ROWS = re.compile(r"\.(?:jsonl|ndjson|json|csv|tsv|parquet|arrow|feather|zip)(?:\.gz)?$", re.IGNORECASE)
# How many articles in single files a shard has, on average and at most.
_FILES = 500
_MOST = 4 * _FILES


@dataclass(frozen=True, slots=True)
class Shard:
    """Files that are read together: `files` are their paths below `base`; `mark` changes when one of them does."""

    name: str
    address: str
    base: str
    files: tuple[str, ...]
    mark: str


def shards_of(places: Iterable[Place]) -> Iterator[Shard]:
    """The shards of all files at these places.

    Both versions of an article must be in one file, or in files whose names differ after the first dot only (a.en.txt, a.zh.txt).
    Where single files are cut into shards follows from their names, so that new ones change the shards beside them only.
    """
    for place in places:
        base = place.base
        for files in _together(place.files()):
            below = tuple(file.path[len(base) :].lstrip("/") for file in files)
            marks = "\n".join(f"{name} {file.mark}" for name, file in zip(below, files, strict=True))
            yield Shard(_name(below[0]), place.address, base, below, hashlib.sha256(marks.encode()).hexdigest()[:16])


def _together(files: Iterable[Found]) -> Iterator[list[Found]]:
    some: list[Found] = []
    before = ""
    for file in files:
        if _OF_ROWS.search(file.path):
            yield [file]
            continue
        stem = _stem(file.path)
        parted = posixpath.dirname(stem) != posixpath.dirname(before)
        if some and stem != before and (parted or len(some) >= _MOST or _number(before) % _FILES == 0):
            yield some
            some = []
        some.append(file)
        before = stem
    if some:
        yield some


def _stem(path: str) -> str:
    """The path without what tells versions of an article apart.

    >>> _stem("news/a.en.txt") == _stem("news/a.zh.html") == "news/a"
    True
    """
    folder, name = posixpath.split(path)
    return posixpath.join(folder, name.partition(".")[0])


def _number(text: str) -> int:
    return int(hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8], 16)


def _name(path: str) -> str:
    """A name for the folder of a shard, from the path of its first file.

    >>> _name("2024/05/新闻.jsonl")
    '2024-05-.jsonl-10a55433'
    """
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", str(PurePosixPath(path))).strip(".-") or "shard"
    return f"{plain[-80:]}-{_number(path):08x}"
