"""What a reader makes of a file: articles before cleaning, and the metadata that is kept of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

from corpus.document import Lang
from corpus.report import Skipped

META = ("title", "date", "source", "author", "url", "licence")
"""What is kept of an article beside its text, where the format has a place for it."""

_ALIASES = {"license": "licence", "link": "url", "published": "date", "publisher": "source", "byline": "author"}


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


Reader = Callable[[bytes, PurePath, str], Iterator["RawDocument | Skipped"]]
"""From (bytes, path relative to what was ingested, its name for messages) to documents and what was left out."""


def meta_of(values: Mapping[str, Any]) -> dict[str, str]:
    """Of the fields of an article those that are kept, under their usual names ("License" is "licence").

    >>> meta_of({"Title": "和睦新村", "publisher": "河湾日报", "mood": "good"})
    {'title': '和睦新村', 'source': '河湾日报'}
    """
    kept = {_ALIASES.get(key.lower(), key.lower()): value for key, value in values.items()}
    return {key: str(kept[key]) for key in META if isinstance(kept.get(key), str | int | float) and str(kept[key])}
