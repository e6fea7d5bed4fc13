"""The version of the shipped lists: whoever reads them has a new version when they change."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable

from corpus.knowledge import shipped_digest


@cache
def lists_digest(*names: str, knowledge: bool = True) -> str:
    """A digest of files or folders in `annotators/data`, and of the knowledge base unless it is not read.

    >>> lists_digest("english") == lists_digest("english", knowledge=False)
    False
    """
    digest = hashlib.sha256(shipped_digest().encode() if knowledge else b"")
    for name in names:
        for file in _files(resources.files("annotators") / "data" / name):
            digest.update(file.read_bytes())
    return digest.hexdigest()[:8]


def _files(path: Traversable) -> Iterator[Traversable]:
    if path.is_file():
        yield path
        return
    yield from sorted((file for file in path.iterdir() if file.name.endswith((".toml", ".json"))), key=lambda f: f.name)
