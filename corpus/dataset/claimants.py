"""Who makes each claim, over all articles (see `corpus.network.actors`), in memory that grows with the actors alone.

An article is taken in and forgotten: what stays is who its mentions are, and of two articles whose mentions have the same
fullest names and the same link, one. So the actors of a claim are known when all articles have been seen.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from corpus.document import Document, Lang, Layer
from corpus.network.actors import THE_AUTHOR, Actor, Actors, NameGroup, resolve

_GROUP = "\0"


@dataclass(frozen=True, slots=True)
class Who:
    """Who makes a claim: the group of this number, or where that is -1 this actor."""

    group: int
    actor: Actor = THE_AUTHOR


@dataclass(frozen=True, slots=True)
class Said:
    """The groups of mentions of some articles, and who makes each of their claims, in order."""

    groups: tuple[NameGroup, ...]
    claims: tuple[Who, ...]


Key = tuple[str, str, str]


@dataclass
class Claimants:
    """The groups of mentions, those that are alike as one."""

    groups: list[NameGroup] = field(default_factory=list)
    _known: dict[Key, int] = field(default_factory=dict)
    _named: dict[Actor, int] = field(default_factory=dict)

    def number(self, group: NameGroup) -> int:
        """The number of the group that this one goes into."""
        key = _key(group)
        at = self._known.setdefault(key, len(self.groups))
        if at == len(self.groups):
            self.groups.append(group)
        else:
            found = self.groups[at]
            found.links.update(group.links)
            found.labels.update(group.labels)
            for lang, names in group.names.items():
                found.names[lang].update(names)
        return at

    def add(self, said: Said) -> list[int]:
        """Take in what `said_in` found in some articles; a number for who makes each of their claims."""
        numbers = [self.number(group) for group in said.groups]
        return [
            numbers[who.group] if who.group >= 0 else -1 - self._named.setdefault(who.actor, len(self._named))
            for who in said.claims
        ]

    def resolved(self) -> Callable[[int], Actor]:
        """The actor that a number stands for, once all articles are in."""
        actors, named = resolve(self.groups), list(self._named)
        return lambda number: actors[number] if number >= 0 else named[-1 - number]


def _key(group: NameGroup) -> Key:
    langs: tuple[Lang, Lang] = ("en", "zh")
    link = group.links.most_common(1)[0][0] if group.links else ""
    return (link, group.name(langs[0]), group.name(langs[1]))


def said_in(articles: Sequence[tuple[Sequence[tuple[Document, Layer]], Sequence[Layer]]]) -> Said:
    """The groups and claims of articles: of each, its versions with their layers, and those beside (see `Actors.add`)."""
    together = Claimants()
    found: list[Who] = []
    for versions, beside in articles:
        actors = _OfOne()
        actors.add(versions, beside=beside)
        numbers = [together.number(group) for group in actors.groups()]
        for document, layer in versions:
            for claim in layer.claims:
                actor = actors.of_claim(claim, document, layer)
                is_group = actor.id.startswith(_GROUP)
                found.append(Who(numbers[int(actor.id[1:])]) if is_group else Who(-1, actor))
    return Said(tuple(together.groups), tuple(found))


class _OfOne(Actors):
    """The actors of one article, which stand for their groups until all articles are known."""

    def groups(self) -> list[NameGroup]:
        return self._groups

    def _resolved(self) -> list[Actor]:
        if self._actors is None:
            self._actors = [Actor(f"{_GROUP}{number}") for number in range(len(self._groups))]
        return self._actors
