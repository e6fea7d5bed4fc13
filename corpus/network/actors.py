"""Who is who: one actor for all the mentions of one body or person, in both languages and in all articles.

Within an article (both its versions), mentions are one where they have the same text, `same_as` joins them, or one is
short for the other and for no other (`corpus.network.short_names`). Over articles, they are one where they are linked to
one entry of the knowledge base, else where their fullest names are the same. A name that belongs to several entries joins
nothing.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from corpus.document import AUTHOR, Claim, Document, Entity, Lang, Layer, sorted_entities
from corpus.knowledge import fold
from corpus.network.short_names import antecedent, full_names
from corpus.script import simplified

_PEOPLE = ("OFFICIAL", "PERSON")
# So many mentions before a claim can be meant by its pronoun: one that is further back is not remembered by a reader either.
_LOOK_BACK = 200


@dataclass(frozen=True, slots=True)
class Actor:
    """An actor, or another entity. `id` is that of the knowledge base where it is linked, else made from the name."""

    id: str
    en: str = ""
    zh: str = ""
    label: str = ""
    linked: bool = False

    @property
    def name(self) -> str:
        """The name to show: English, with the Chinese one beside it where both are known.

        >>> Actor("1", "State Council", "国务院").name
        'State Council 国务院'
        """
        return " ".join(dict.fromkeys(part for part in (self.en, self.zh) if part)) or self.id

    @property
    def is_person(self) -> bool:
        """Whether it is a person, by its label."""
        return self.label in _PEOPLE


THE_AUTHOR = Actor(AUTHOR, "author", "作者")
"""Whoever writes the articles: what a text states in its own voice."""

_Key = tuple[str, str]
_Mention = tuple[str, int, int]


@lru_cache(maxsize=1 << 16)
def name_key(text: str, lang: Lang) -> str:
    """A name as names are compared: folded, in simplified characters, without case, blanks as one, a leading "the" or 's.

    >>> name_key("The  People’s Bank of China", "en"), name_key("國務院", "zh")
    ("people's bank of china", '国务院')
    """
    plain = " ".join(fold(text).split())
    if lang == "zh":
        return simplified(plain)
    return plain.lower().removeprefix("the ").removesuffix("'s")


class _Union:
    """Sets that grow together (union-find, with paths halved)."""

    def __init__(self) -> None:
        self.parent: dict[object, object] = {}

    def find(self, item: object) -> object:
        self.parent.setdefault(item, item)
        while self.parent[item] != item:
            self.parent[item] = item = self.parent[self.parent[item]]
        return item

    def join(self, a: object, b: object) -> None:
        first, second = self.find(a), self.find(b)
        if first != second:
            self.parent[second] = first


@dataclass(slots=True)
class NameGroup:
    """The mentions of one entity in one article."""

    links: Counter[str]
    labels: Counter[str]
    names: dict[Lang, Counter[str]]

    def name(self, lang: Lang) -> str:
        """The fullest of its names, the most frequent where several are as full."""
        return max(self.names[lang], key=lambda n: (len(n), self.names[lang][n], n), default="")


class Actors:
    """The actors of a corpus. Add each article with `add`, then ask `of_claim` and `of_entity`."""

    def __init__(self) -> None:
        self._groups: list[NameGroup] = []
        self._mention: dict[_Mention, int] = {}
        self._text: dict[tuple[str, str], int] = {}
        self._meant: dict[tuple[str, int, int, str], tuple[int, int]] = {}
        self._actors: list[Actor] | None = None
        self._drawn: tuple[Layer, dict[_Mention, list[_Mention]]] | None = None

    def add(self, versions: Sequence[tuple[Document, Layer]], *, beside: Sequence[Layer] = ()) -> None:
        """Take in an article: its versions with their layers.

        `beside` are layers whose links and `same_as` relations count where those of the versions have none: gold, say,
        that came from a file, and the pre-annotation.
        """
        self._actors = None
        union = _Union()
        mentions: dict[_Mention, tuple[Lang, Entity | None, str]] = {}
        for document, layer in versions:
            entities = sorted_entities(layer.entities)
            starts = [entity.start for entity in entities]
            for entity in layer.entities:
                mention = (document.id, entity.start, entity.end)
                mentions[mention] = (document.lang, entity, entity.span.surface)
                union.join(("text", document.id, name_key(entity.span.surface, document.lang)), mention)
                if entity.link:
                    union.join(("link", entity.link), mention)
            for claim in layer.claims:
                if claim.claimant != AUTHOR:
                    key = ("text", document.id, name_key(claim.claimant, document.lang))
                    if key in union.parent:
                        continue
                    before = bisect_left(starts, claim.end)
                    if meant := antecedent(claim.claimant, entities[max(0, before - _LOOK_BACK) : before]):
                        place = (document.id, claim.start, claim.end, claim.claimant)
                        self._meant[place] = (meant.start, meant.end)
                    else:
                        # Somebody that no layer marks: a group of its own.
                        mention = (document.id, -1 - len(mentions), 0)
                        mentions[mention] = (document.lang, None, claim.claimant)
                        union.join(key, mention)
        links = {(layer.document, e.start, e.end): e.link for layer in beside for e in layer.entities if e.link}
        for mention, (_, found, _) in mentions.items():
            if found and not found.link and mention in links:
                union.join(("link", links[mention]), mention)
        for layer in (*(layer for _, layer in versions), *beside):
            for relation in layer.relations:
                a = (relation.head.document, relation.head.start, relation.head.end)
                b = (relation.tail.document, relation.tail.start, relation.tail.end)
                if relation.label == "same_as" and a in mentions and b in mentions:
                    union.join(a, b)
        for document, _ in versions:
            self._join_short(union, document, mentions)
        numbers: dict[object, int] = {}
        for mention, (lang, found, surface) in mentions.items():
            root = union.find(mention)
            if root not in numbers:
                numbers[root] = len(self._groups)
                self._groups.append(NameGroup(Counter(), Counter(), {"en": Counter(), "zh": Counter()}))
            number = numbers[root]
            group = self._groups[number]
            self._mention[mention] = number
            self._text[mention[0], name_key(surface, lang)] = number
            group.names[lang][" ".join(surface.split())] += 1
            if found:
                group.labels[found.label] += 1
                if link := found.link or links.get(mention, ""):
                    group.links[link] += 1

    def _join_short(
        self, union: _Union, document: Document, mentions: dict[_Mention, tuple[Lang, Entity | None, str]]
    ) -> None:
        """Join the short names of a document with the full ones, but for those that the knowledge base has itself."""
        labels: dict[str, str] = {}
        known: set[str] = set()
        for mention, (lang, found, surface) in mentions.items():
            if mention[0] == document.id and found is not None:
                key = name_key(surface, lang)
                labels.setdefault(key, found.label)
                if found.link:
                    known.add(key)
        for short, full in full_names(labels, document.lang):
            if short not in known and (labels[short] in _PEOPLE or not _in_knowledge(short, document.lang)):
                union.join(("text", document.id, full), ("text", document.id, short))

    def of_entity(self, document: str, start: int, end: int) -> Actor | None:
        """The actor of an entity at this place; None where there is none."""
        number = self._mention.get((document, start, end))
        return None if number is None else self._resolved()[number]

    def of_claim(self, claim: Claim, document: Document, layer: Layer) -> Actor:
        """Who makes the claim: by the mention that it names, the `claimant` relation, else the name, or whom a pronoun means."""
        if claim.claimant == AUTHOR:
            return THE_AUTHOR
        if claim.claimant_span and (found := self.of_entity(document.id, *claim.claimant_span)):
            return found
        for tail in self._claimants(layer).get((document.id, claim.start, claim.end), ()):
            if found := self.of_entity(*tail):
                return found
        place = self._meant.get((document.id, claim.start, claim.end, claim.claimant))
        if place and (found := self.of_entity(document.id, *place)):
            return found
        number = self._text.get((document.id, name_key(claim.claimant, document.lang)))
        if number is not None:
            return self._resolved()[number]
        id = f"name/{document.lang}/{name_key(claim.claimant, document.lang)}"
        return Actor(id, claim.claimant) if document.lang == "en" else Actor(id, zh=claim.claimant)

    def _claimants(self, layer: Layer) -> dict[_Mention, list[_Mention]]:
        """Of each claim the mentions that a relation says make it; that of the layer asked about last is kept."""
        if self._drawn is None or self._drawn[0] is not layer:
            drawn: dict[_Mention, list[_Mention]] = {}
            for relation in layer.relations:
                if relation.label == "claimant":
                    head, tail = ((ref.document, ref.start, ref.end) for ref in (relation.head, relation.tail))
                    drawn.setdefault(head, []).append(tail)
            self._drawn = layer, drawn
        return self._drawn[1]

    def _resolved(self) -> list[Actor]:
        if self._actors is None:
            self._actors = resolve(self._groups)
        return self._actors


def resolve(groups: Sequence[NameGroup]) -> list[Actor]:
    """An actor for each group; groups that are the same entity get the same one."""
    links_of: dict[_Key, set[str]] = {}
    for group in groups:
        if group.links:
            for key in _keys(group):
                links_of.setdefault(key, set()).add(group.links.most_common(1)[0][0])
    union = _Union()
    roots: list[object] = []
    found: dict[int, str] = {}
    for number, group in enumerate(groups):
        own: object = ("group", number)
        link = group.links.most_common(1)[0][0] if group.links else _entry(group)
        keys = _keys(group)
        if not link:
            known = {one for key in keys for one in links_of.get(key, ())}
            link = known.pop() if len(known) == 1 else ""
        if link:
            found[number] = link
            union.join(("link", link), own)
        else:
            for key in keys:
                if not links_of.get(key):
                    union.join(("name", key), own)
        roots.append(own)
    members: dict[object, list[NameGroup]] = {}
    links: dict[object, str] = {}
    for number, (root, group) in enumerate(zip(roots, groups, strict=True)):
        members.setdefault(union.find(root), []).append(group)
        if number in found:
            links.setdefault(union.find(root), found[number])
    actors = {root: _actor(joined, links.get(root, "")) for root, joined in members.items()}
    return [actors[union.find(root)] for root in roots]


def _entry(group: NameGroup) -> str:
    """The knowledge-base entry that most of the group's mentions name: without doubt, and of the group's label."""
    from corpus.knowledge import knowledge

    if not group.labels:
        return ""
    label = group.labels.most_common(1)[0][0]
    named: Counter[str] = Counter()
    for lang, names in group.names.items():
        for name, number in names.items():
            entries = [entry for entry in knowledge().lookup(name, lang) if entry.label == label]
            if len(entries) == 1 and not entries[0].unsure(name):
                named[entries[0].id] += number
    best = min(named, key=lambda id: (-named[id], id), default="")
    return best if 2 * named[best] > sum(names.total() for names in group.names.values()) else ""


def _in_knowledge(name: str, lang: Lang) -> bool:
    from corpus.knowledge import knowledge

    return bool(knowledge().lookup(name, lang))


def _keys(group: NameGroup) -> list[_Key]:
    """The fullest name in each language. A Chinese name of one character, or an English initial, names nobody."""
    langs: tuple[Lang, ...] = ("en", "zh")
    names = [(lang, name_key(group.name(lang), lang)) for lang in langs]
    return [(lang, name) for lang, name in names if len(name) > 1]


def _actor(groups: Iterable[NameGroup], link: str) -> Actor:
    from corpus.knowledge import knowledge

    labels: Counter[str] = Counter()
    names: dict[Lang, Counter[str]] = {"en": Counter(), "zh": Counter()}
    for group in groups:
        labels.update(group.labels)
        for lang in names:
            if name := group.name(lang):
                names[lang][name] += group.names[lang].total()
    label = min(labels, key=lambda name: (-labels[name], name), default="")
    shown = {lang: max(found, key=lambda n: (found[n], len(n), n), default="") for lang, found in names.items()}
    if link:
        entry = knowledge().by_id(link)
        if entry:
            shown = {"en": entry.en[0] if entry.en else shown["en"], "zh": entry.zh[0] if entry.zh else shown["zh"]}
        return Actor(link, shown["en"], shown["zh"], label, True)
    of: Lang = "zh" if shown["zh"] else "en"
    return Actor(f"name/{of}/{name_key(shown[of], of)}", shown["en"], shown["zh"], label)
