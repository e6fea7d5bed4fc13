"""What the other version of an article says of the mentions in one: evidence for and against them, and copies.

A mention that the other version has too is rarely wrong, and one that it has under another label, or not at all, is
looked at twice. A name that stands in both texts in the same letters and is marked in one only is marked in the other.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from annotators.rules.english_text import standing
from corpus.document import Bead, Entity, Group, Item, Lang, Layer, Relation

Range = tuple[int, int]

SOURCE = "projection"
VERSION = "1"

# A name of fewer letters may be anything in the other text.
_LETTERS = 4
_SCORE = 0.8
_LATIN = re.compile(r"[A-Za-z]")


@dataclass(slots=True)
class Counterparts:
    """The other version as seen from one: the mentions there that are linked, and those in aligned sentences.

    `linked` has for the span of a mention its partner and the score of the link.
    """

    lang: Lang
    linked: dict[Range, tuple[Entity, float]] = field(default_factory=dict)
    surfaces: Counter[str] = field(default_factory=Counter)
    _starts: list[int] = field(default_factory=list)
    beads: list[tuple[Range, list[Entity]]] = field(default_factory=list)
    _used: set[Range] = field(default_factory=set)

    def across(self, start: int, end: int) -> list[Entity] | None:
        """The mentions in the sentences that translate the one with this span; None where nothing does."""
        at = bisect_right(self._starts, start) - 1
        if at < 0 or end > self.beads[at][0][1]:
            return None
        return self.beads[at][1]

    def free(self, start: int, end: int) -> list[Entity] | None:
        """Those of `across` that are linked to nothing."""
        there = self.across(start, end)
        return None if there is None else [e for e in there if (e.start, e.end) not in self._used]


def counterparts(group: Group, relations: Sequence[Relation]) -> Mapping[str, Counterparts]:
    """For both documents of a pair, by id, what the other one says; empty for a document that is alone.

    `relations` are the `same_as` relations between the combined entities of the group.
    """
    if len(group.items) != 2 or not group.beads:
        return {}
    at = {(i.document.id, e.start, e.end): e for i in group.items for e in i.entities}
    found: dict[str, Counterparts] = {}
    for item in group.items:
        other = group.partner(item.document.id)
        assert other is not None
        view = found[item.document.id] = Counterparts(item.document.lang)
        for relation in relations:
            for own, theirs in ((relation.head, relation.tail), (relation.tail, relation.head)):
                partner = at.get((theirs.document, theirs.start, theirs.end))
                if relation.label == "same_as" and own.document == item.document.id and partner is not None:
                    view.linked[own.start, own.end] = (partner, relation.score)
                    view._used.add((partner.start, partner.end))
                    view.surfaces[item.document.text[own.start : own.end]] += 1
        for own_side, their_side in _sides(group.beads, item.document.lang):
            if own_side and their_side:
                start, end = own_side[0][0], own_side[-1][1]
                view.beads.append(((start, end), _inside(other.entities, their_side)))
        view.beads.sort(key=lambda bead: bead[0])
        view._starts = [bead[0][0] for bead in view.beads]
    return found


def _sides(beads: Sequence[Bead], lang: Lang) -> list[tuple[tuple[Range, ...], tuple[Range, ...]]]:
    return [(bead.en, bead.zh) if lang == "en" else (bead.zh, bead.en) for bead in beads]


def _inside(entities: Sequence[Entity], sentences: Sequence[Range]) -> list[Entity]:
    """Of entities in the order of the text, those inside a run of sentences."""
    start, end = sentences[0][0], sentences[-1][1]
    first = bisect_left(entities, start, key=lambda e: e.start)
    last = bisect_left(entities, end, key=lambda e: e.start)
    return [e for e in entities[first:last] if e.end <= end]


def projected(group: Group, views: Mapping[str, Counterparts]) -> list[Layer]:
    """A layer for each document in which the other version's marks show names that nothing marks there.

    Only names in Latin letters that the aligned sentences have letter for letter. Names that are merely alike (by
    sound, by list) are left to their own annotators: of what they would add, most is wrong.
    """
    layers = []
    for item in group.items:
        view = views.get(item.document.id)
        found = list(_copies(item, view)) if view is not None else []
        if found:
            layers.append(Layer(item.document.id, item.document.sha, SOURCE, VERSION, tuple(found)))
    return layers


_NO_LETTER_BEFORE, _NO_LETTER_AFTER = re.compile(r"(?<![A-Za-z0-9-])"), re.compile(r"(?![A-Za-z0-9-])")


def _copies(item: Item, view: Counterparts) -> Iterator[Entity]:
    text = item.document.text
    taken = bytearray(len(text))
    for entity in item.entities:
        taken[entity.start : entity.end] = b"\1" * (entity.end - entity.start)
    for (start, end), there in view.beads:
        for other in sorted(there, key=lambda e: e.start - e.end):
            name = other.span.surface
            if len(_LATIN.findall(name)) < _LETTERS or len(name) > end - start:
                continue
            for low, high in standing(text[start:end], name, _NO_LETTER_BEFORE, _NO_LETTER_AFTER):
                low, high = start + low, start + high
                if not any(taken[low:high]):
                    taken[low:high] = b"\1" * (high - low)
                    yield Entity(item.document.span(low, high), other.label, _SCORE, SOURCE, other.link)
