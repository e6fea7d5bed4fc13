"""The most frequent names of each label, those of one language beside those that stand for them in the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from corpus.document import Lang
from corpus.look.columns import Columns, lists, made_for
from corpus.schema import layers_table
from corpus.store import Head, Workspace

_BATCH = 64
_TOP = 8
# So many different names of a label are kept count of; then the rarer half is forgotten, so that memory has an end.
_NAMES = 100_000

_COLUMNS = ["document", "sha", *(f"entities.list.element.{name}" for name in ("start", "end", "text", "label", "link"))]
_COLUMNS += ["relations.list.element.label"]
_COLUMNS += [
    f"relations.list.element.{end}.{name}" for end in ("head", "tail") for name in ("document", "start", "end")
]

_Key = tuple[Lang, str, str]
_Place = tuple[str, int, int]


@dataclass(frozen=True, slots=True)
class Name:
    """A name that is frequent in one language or in both, and how often it comes in each.

    The other side is the name that most often stands for it there; "" where none is known.
    """

    label: str
    en: str
    en_number: int
    zh: str
    zh_number: int


@dataclass
class _Seen:
    counts: dict[tuple[Lang, str], Counter[str]] = field(default_factory=dict)
    partners: dict[_Key, Counter[str]] = field(default_factory=dict)
    links: dict[str, dict[Lang, Counter[str]]] = field(default_factory=dict)
    linked: dict[_Key, str] = field(default_factory=dict)

    def add(self, lang: Lang, label: str, surface: str, link: str) -> None:
        table = self.counts.setdefault((lang, label), Counter())
        table[surface] += 1
        if len(table) > _NAMES:
            self.counts[lang, label] = Counter(dict(table.most_common(_NAMES // 2)))
        if link and (link in self.links or len(self.links) < _NAMES):
            self.links.setdefault(link, {}).setdefault(lang, Counter())[surface] += 1
            self.linked.setdefault((lang, label, surface), link)

    def pair(self, one: _Key, other: _Key) -> None:
        for key, surface in ((one, other[2]), (other, one[2])):
            if key in self.partners or len(self.partners) < 2 * _NAMES:
                self.partners.setdefault(key, Counter())[surface] += 1

    def counterpart(self, key: _Key, lang: Lang) -> str:
        found = self.partners.get(key) or self.links.get(self.linked.get(key, ""), {}).get(lang)
        return found.most_common(1)[0][0] if found else ""


def frequent_names(workspace: Workspace) -> list[Name]:
    """The most frequent names of the pre-annotation, by label; of each label some for each language.

    A counterpart is what `same_as` arrows lead to, else what has the same id of the knowledge base.
    """
    seen = _Seen()
    layers = Columns(workspace, layers_table("combined"), _COLUMNS)
    for heads in _by_pair(workspace):
        _count(layers, {head.id: head for head in heads}, seen)
    names: dict[tuple[str, str, str], Name] = {}
    for (lang, label), table in seen.counts.items():
        other: Lang = "zh" if lang == "en" else "en"
        for surface, number in sorted(table.items(), key=lambda row: (-row[1], row[0]))[:_TOP]:
            counterpart = seen.counterpart((lang, label, surface), other)
            other_number = seen.counts.get((other, label), Counter())[counterpart] if counterpart else 0
            name = Name(label, surface, number, counterpart, other_number)
            if lang == "zh":
                name = Name(label, counterpart, other_number, surface, number)
            names.setdefault((label, name.en, name.zh), name)
    return sorted(names.values(), key=lambda name: (name.label, -name.en_number - name.zh_number, name.en, name.zh))


def _by_pair(workspace: Workspace) -> Iterator[list[Head]]:
    """Documents some at a time, those of a pair together: arrows lead from one to the other."""
    pairs: dict[str, list[Head]] = {}
    for head in workspace.heads():
        pairs.setdefault(f"pair {head.pair}" if head.pair else f"id {head.id}", []).append(head)
    groups = iter(pairs.values())
    while batch := list(islice(groups, _BATCH)):
        yield [head for group in batch for head in group]


def _count(layers: Columns, heads: dict[str, Head], seen: _Seen) -> None:
    places: dict[_Place, _Key] = {}
    arrows: list[tuple[_Place, _Place]] = []
    for table in layers.take(heads):
        offsets, entities = lists(table, "entities")
        columns = [entities.field(name).to_pylist() for name in ("start", "end", "text", "label", "link")]
        targets, relations = lists(table, "relations")
        kinds: list[Any] = relations.field("label").to_pylist()
        ends = [_places(relations.field(end)) for end in ("head", "tail")]
        for row, (id, sha) in enumerate(made_for(table)):
            if sha != heads[id].sha:
                continue
            lang = heads[id].lang
            for at in range(offsets[row], offsets[row + 1]):
                start, end, text, label, link = (column[at] for column in columns)
                surface = " ".join(text.split())
                seen.add(lang, label, surface, link or "")
                places[id, start, end] = (lang, label, surface)
            arrows += [
                (ends[0][at], ends[1][at]) for at in range(targets[row], targets[row + 1]) if kinds[at] == "same_as"
            ]
    for head, tail in arrows:
        if head in places and tail in places:
            seen.pair(places[head], places[tail])


def _places(ends: Any) -> list[_Place]:
    return list(zip(*(ends.field(name).to_pylist() for name in ("document", "start", "end")), strict=True))
