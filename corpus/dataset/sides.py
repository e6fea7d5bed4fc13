"""Which articles belong together, so that a side is theirs as a whole, and which ones cannot stand on any.

An article is all documents of one pair, and all parts of what is one work by its metadata (`part_of`). Articles are joined
by near-duplicates (`corpus.dedupe`) to units; a unit stands on one side. Sides that were given before are kept: an article
that would join two of them is set aside, the newcomer and not those that were there.

Nothing here reads a text or a workspace.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from corpus.store import Head

Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")

SHARES: Mapping[Split, float] = {"test": 0.1, "validation": 0.1}
"""The part of all articles that each of the smaller sides is to have."""

PART_OF = "part_of"
"""The key of the metadata by which documents say that they are parts of one work."""

Edge = tuple[str, str]
"""Two documents that are alike: the older one, the newer one."""


@dataclass(frozen=True, slots=True)
class Bridge:
    """An article that is joined to two sides: its documents, and which of them are like which other documents."""

    documents: tuple[str, ...]
    near: tuple[tuple[str, str], ...]

    def why(self, sides: Mapping[str, Split], given: Mapping[str, Split]) -> str:
        """In words, by the `sides` of the documents that have one, and those that were `given` to the article's own.

        >>> Bridge(("c",), (("c", "a"), ("c", "b"))).why({"a": "train", "b": "test"}, {})
        'like a, which is in train, and like b, which is in test'
        """
        named = len(self.documents) > 1
        ends = [
            (sides[other], f"{f'{own} ' if named else ''}like {other}, which is in {sides[other]}")
            for own, other in self.near
            if other in sides
        ]
        ends += [(given[own], f"{own} was in {given[own]} before") for own in self.documents if own in given]
        other = next((end for end in ends if end[0] != ends[0][0]), None)
        return f"{ends[0][1]}, and {other[1]}" if other else "like articles that cannot stand on one side"


@dataclass(slots=True)
class Unit:
    """Articles that stand on one side. `side` is the one that was given before, or None; `oldest` came first."""

    documents: list[str] = field(default_factory=list)
    side: Split | None = None
    oldest: int = 0


@dataclass(slots=True)
class Joined:
    """Documents by unit, oldest unit first; what is in no unit is in `bridges`."""

    units: list[Unit]
    bridges: list[Bridge]
    of: dict[str, int]


def article_name(head: Head) -> str:
    """The name of an article: its pair, or the id of a document that stands alone."""
    return head.pair or head.id


def place(name: str) -> float:
    """A number from 0 to 1 for a name, by its SHA-256: the same everywhere and always.

    >>> round(place("housing"), 3)
    0.813
    """
    return int(hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:13], 16) / 16**13


def by_place(number: float) -> Split:
    """Below 0.1 test, below 0.2 validation, else train."""
    if number < SHARES["test"]:
        return "test"
    return "validation" if number < SHARES["test"] + SHARES["validation"] else "train"


class _Sets:
    """Disjoint sets of numbers; the least member names a set."""

    def __init__(self, size: int) -> None:
        self.root = list(range(size))

    def find(self, at: int) -> int:
        while self.root[at] != at:
            self.root[at] = self.root[self.root[at]]
            at = self.root[at]
        return at

    def join(self, a: int, b: int) -> int:
        a, b = sorted((self.find(a), self.find(b)))
        self.root[b] = a
        return a


def join(
    heads: Sequence[Head],
    edges: Iterable[Edge],
    *,
    given: Mapping[str, Split],
    wanted: Collection[str],
    together: Collection[str] = (),
) -> Joined:
    """The units of all documents in `heads`, which come in the order in which they were taken in.

    `given` are the sides of documents that were decided before, in the order of these decisions, `wanted` the documents that sides are asked for, and
    `together` the names of articles that are to be in one unit with all that they are like, bridges or not.

    First those with a side: where two of them are on different ones and alike now (a text was changed, versions were put
    into other pairs, `dedupe` ran late), the article of the newer document of the two is a bridge. Then the others, those
    wanted before those that only join: an article whose kin stand on two sides is a bridge. So nobody who had a side loses
    it to a newcomer, and articles without a side are joined as they are alike, whichever came first.
    """
    number = {head.id: at for at, head in enumerate(heads)}
    articles = _articles(heads)
    members: dict[int, list[int]] = {}
    for at, article in enumerate(articles):
        members.setdefault(article, []).append(at)
    alike: dict[int, list[tuple[int, int]]] = {}  # of an article: its own document, the other's document
    found = ((number[a], number[b]) for a, b in edges if a in number and b in number)
    pairs = sorted({(min(pair), max(pair)) for pair in found}, key=lambda pair: pair[::-1])
    for older, newer in pairs:
        if articles[older] != articles[newer]:
            alike.setdefault(articles[newer], []).append((newer, older))
            alike.setdefault(articles[older], []).append((older, newer))

    sides: dict[int, Split] = {}
    aside: set[int] = set()
    ids = [head.id for head in heads]
    for article, own in members.items():
        known = {given[ids[at]] for at in own if ids[at] in given}
        if len(known) == 1:
            sides[article] = known.pop()
        elif known:
            aside.add(article)
    decided: dict[int, int] = {}
    for rank, id in enumerate(given):
        if id in number:
            decided.setdefault(articles[number[id]], rank)
    decisions = [(older, newer) for older, newer in pairs if articles[older] in sides and articles[newer] in sides]
    # In the order of decisions: who was set aside when another was decided on had no say in that.
    decisions.sort(key=lambda pair: max(decided[articles[at]] for at in pair))
    for older, newer in decisions:
        a, b = articles[older], articles[newer]
        if sides[a] != sides[b] and a not in aside and b not in aside:
            aside.add(b)

    sets = _Sets(len(heads))
    done: set[int] = set()
    asked, named = set(wanted), set(together)

    def admit(article: int, *, anyhow: bool = False) -> None:
        near = [(own, other) for own, other in alike.get(article, ()) if articles[other] in done]
        anchors = [side for _, other in near if (side := sides.get(sets.find(articles[other])))]
        if len(set(anchors)) > 1 and not anyhow:
            aside.add(article)
            return
        done.add(article)
        side = sides.get(article) or next(iter(anchors), None)
        root = article
        for _, other in near:
            root = sets.join(root, articles[other])
        if side:
            sides[root] = side

    fresh = [article for article in members if article not in aside and article not in sides]
    fresh.sort(key=lambda article: (not any(ids[at] in asked for at in members[article]), members[article][-1]))
    for article in [*(a for a in members if a in sides and a not in aside), *fresh]:
        admit(article)
    for article in sorted(aside, key=lambda article: members[article][-1]):
        if any(article_name(heads[at]) in named for at in members[article]):
            aside.remove(article)
            admit(article, anyhow=True)

    units: dict[int, Unit] = {}
    for article, own in members.items():
        if article in done:
            root = sets.find(article)
            unit = units.setdefault(root, Unit(side=sides.get(root), oldest=own[0]))
            unit.documents += [ids[at] for at in own]
    ordered = sorted(units.values(), key=lambda unit: unit.oldest)
    of = {id: at for at, unit in enumerate(ordered) for id in unit.documents}
    bridges = [
        Bridge(
            tuple(ids[at] for at in members[article]),
            tuple((ids[own], ids[other]) for own, other in sorted(alike.get(article, ()))),
        )
        for article in sorted(aside)
    ]
    return Joined(ordered, bridges, of)


def _articles(heads: Sequence[Head]) -> list[int]:
    """For each document the number of the first one of its article."""
    sets = _Sets(len(heads))
    first: dict[tuple[str, str], int] = {}
    for at, head in enumerate(heads):
        for kind, name in (("pair", head.pair), (PART_OF, head.meta.get(PART_OF, ""))):
            if name:
                sets.join(first.setdefault((kind, name), at), at)
    return [sets.find(at) for at in range(len(heads))]
