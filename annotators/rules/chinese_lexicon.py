"""The word lists of the Chinese rules, read once from `annotators/data/chinese/*.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

Words = frozenset[str]


@cache
def table(name: str) -> dict[str, Any]:
    """The TOML file `name` of the folder, as it is."""
    path = resources.files("annotators") / "data" / "chinese" / f"{name}.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


@dataclass(frozen=True, slots=True)
class Endings:
    """Word endings with what each stands for; the longest that fits decides."""

    values: dict[str, str]
    longest: int

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, str]]) -> Endings:
        values = dict(pairs)
        return cls(values, max(map(len, values), default=0))

    def find(self, word: str, *, whole: bool = False) -> str:
        """The longest ending of `word`, or "". An ending that is the whole word counts only with `whole`."""
        for size in range(min(self.longest, len(word) - (not whole)), 0, -1):
            if word[-size:] in self.values:
                return word[-size:]
        return ""


@cache
def words(name: str, *keys: str) -> Words:
    """The words of the list at `keys` of the file `name`."""
    value: Any = table(name)
    for key in keys:
        value = value[key]
    return frozenset(str(value).split())


@cache
def body_endings() -> Endings:
    """How the names of bodies end, with their labels."""
    return Endings.of(
        (word, label) for label in ("FIRM", "ORG", "AGENCY") for word in table("bodies")[label]["strong"].split()
    )


@cache
def bodies_alone() -> dict[str, str]:
    """Bodies that are named in full without a place before them, with their labels."""
    return {word: label for label in ("FIRM", "ORG", "AGENCY") for word in table("bodies")["alone"][label].split()}


@cache
def place_endings() -> Endings:
    """How the names of places end: "level" for address levels, "other" for the rest."""
    endings = table("places")["endings"]
    return Endings.of(
        [(word, "other") for word in endings["other"].split()] + [(w, "level") for w in endings["levels"].split()]
    )


@cache
def titles() -> dict[str, str]:
    """Titles with their class: "official", "by_body" or "other"."""
    return {word: kind for kind in ("other", "by_body", "official") for word in table("titles")[kind].split()}


@cache
def title_endings() -> Endings:
    """The same, to be found at the end of a stretch."""
    return Endings.of(titles().items())


@cache
def surnames() -> Words:
    """Chinese surnames of one and of two characters."""
    names = table("names")
    return frozenset(names["surnames"].replace("\n", "")) | frozenset(names["compound_surnames"].split())


@cache
def transliteration() -> Words:
    """Characters that write foreign names."""
    return frozenset(table("names")["transliteration"].replace("\n", ""))
