"""The annotator `link`: which mention in the Chinese version names the same entity as which in the English one.

It compares the mentions inside aligned sentences: by knowledge base, by the same letters in both texts, by Hanyu
Pinyin (Ma Yun, 马云), by how a foreign name sounds in Chinese (Morawiecki, 莫拉维茨基), by the words of two names in the
dictionary (Modern Tea Institute, 现代茶研究所), by how often two names come together in the article, by what is left when
the rest has found its partner, and by order. A mention gets one partner; one that the other side gives twice, in full and in
brackets, gets both.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from importlib import resources
from itertools import pairwise, product

from annotators.alike import means_alike, sounds_alike
from annotators.lists import lists_digest
from annotators.registry import Stage, annotator
from corpus.align.lexicon import english_words
from corpus.document import Bead, Entity, Group, Item, Lang, Layer, Ref, Relation
from corpus.knowledge import knowledge

# Below this, two mentions are not joined; where no sentences are aligned, only what the names alone show is.
ENOUGH, CERTAIN = 0.5, 0.8

# Of so many left of a kind on both sides, the first is rather the first of the others.
_FEW = 2

_KINDS = {"PERSON": "person", "OFFICIAL": "person", "FIRM": "body", "ORG": "body", "AGENCY": "body"}
_PERSON_OR_PLACE = ("PERSON", "OFFICIAL", "PLACE")
_PLACE_OR_BODY = ("PLACE", "FIRM", "ORG", "AGENCY")


@dataclass(slots=True)
class Linker:
    """Writes `same_as` relations from English mentions to Chinese ones, in the layer of the English document."""

    name: str = "link"
    version: str = field(default_factory=lambda: f"2-{lists_digest('link.toml')}")
    stage: Stage = "links"

    def annotate(self, group: Group) -> list[Layer]:
        """One layer for the English document of a pair, without entities; nothing for a document that is alone."""
        en = next((item for item in group.items if item.document.lang == "en"), None)
        zh = next((item for item in group.items if item.document.lang == "zh"), None)
        if en is None or zh is None:
            return []
        found = pairs(en.entities, zh.entities, group.beads)
        found = sorted([*found, *_again(en, zh, found)], key=lambda pair: (pair[0].start, pair[1].start))
        relations = tuple(
            Relation("same_as", _ref(en, a), _ref(zh, b), round(score, 3), self.name) for a, b, score in found
        )
        return [Layer(en.document.id, en.document.sha, self.name, self.version, relations=relations)]


@annotator("link")
def linker() -> Linker:
    """The annotator; `annotators.registry.make("link")` gives the same."""
    return Linker()


def _ref(item: Item, entity: Entity) -> Ref:
    return Ref(item.document.id, "entity", entity.start, entity.end)


def pairs(en: Sequence[Entity], zh: Sequence[Entity], beads: Sequence[Bead] = ()) -> list[tuple[Entity, Entity, float]]:
    """Mentions that name one entity, as (English, Chinese, score), in the order of the English text.

    Within each bead the best pair is taken first and each mention used once. Without beads the whole texts are
    compared, and a pair needs more than its place in the sentence.

    >>> from corpus.document import Span
    >>> text, chinese = "Ma Yun lives in Hangzhou.", "马云住在杭州。"
    >>> a = [Entity(Span.of(text, 0, 6), "PERSON"), Entity(Span.of(text, 16, 24), "PLACE")]
    >>> b = [Entity(Span.of(chinese, 0, 2), "PERSON"), Entity(Span.of(chinese, 4, 6), "PLACE")]
    >>> [(x.span.surface, y.span.surface) for x, y, _ in pairs(a, b)]
    [('Ma Yun', '马云'), ('Hangzhou', '杭州')]
    """
    ours, theirs = _by_start(en), _by_start(zh)
    stretches = [(ours(bead.en), theirs(bead.zh)) for bead in beads if bead.en and bead.zh]
    together = _together(stretches)
    enough = ENOUGH
    if not beads:
        stretches, enough = [(list(en), list(zh))], CERTAIN
    found = [pair for left, right in stretches for pair in _best(left, right, together, enough)]
    return sorted(found, key=lambda pair: pair[0].start)


def _by_start(entities: Sequence[Entity]) -> Callable[[Iterable[tuple[int, int]]], list[Entity]]:
    """What finds, of these mentions, those inside any of some sentences."""
    order = sorted(range(len(entities)), key=lambda n: entities[n].start)
    starts = [entities[n].start for n in order]

    def inside(sentences: Iterable[tuple[int, int]]) -> list[Entity]:
        found = {
            n
            for start, end in sentences
            for n in order[bisect_left(starts, start) : bisect_right(starts, end)]
            if entities[n].end <= end
        }
        return [entities[n] for n in sorted(found)]

    return inside


def _together(stretches: Sequence[tuple[Sequence[Entity], Sequence[Entity]]]) -> dict[tuple[str, str], float]:
    """Dice coefficient of two surfaces over the beads of the article, for those that meet in two or more."""
    left: Counter[str] = Counter()
    right: Counter[str] = Counter()
    both: Counter[tuple[str, str]] = Counter()
    for en, zh in stretches:
        a, b = {e.span.surface for e in en}, {e.span.surface for e in zh}
        left.update(a)
        right.update(b)
        both.update(product(a, b))
    return {pair: 2 * n / (left[pair[0]] + right[pair[1]]) for pair, n in both.items() if n > 1}


def _best(
    en: Sequence[Entity], zh: Sequence[Entity], together: dict[tuple[str, str], float], enough: float
) -> Iterator[tuple[Entity, Entity, float]]:
    order_en, order_zh = _order(en), _order(zh)
    scored: list[tuple[float, float, int, int]] = []
    for i, a in enumerate(en):
        for j, b in enumerate(zh):
            score = likeness(a, b)
            if score <= 0:
                continue
            score += 0.3 * together.get((a.span.surface, b.span.surface), 0.0)
            apart = abs(i / len(en) - j / len(zh)) + 0.2 * abs(order_en[i] - order_zh[j])
            scored.append((score, apart, i, j))
    used_en: set[int] = set()
    used_zh: set[int] = set()
    # Those that are sure first; who is then the only one of a kind left on both sides has less to be mistaken for.
    for least in (max(enough, CERTAIN), enough):
        left_en = _left(e for i, e in enumerate(en) if i not in used_en)
        left_zh = _left(e for j, e in enumerate(zh) if j not in used_zh)
        ranked = []
        for score, apart, i, j in scored:
            if i not in used_en and j not in used_zh:
                ours, theirs = left_en[_kind(en[i].label)], left_zh[_kind(zh[j].label)]
                few = (
                    enough < CERTAIN
                    and len(ours) == len(theirs) <= _FEW
                    and ours.index(en[i].start) == theirs.index(zh[j].start)
                )
                ranked.append((score + 0.15 * few, apart, i, j))
        for score, apart, i, j in sorted(ranked, key=lambda s: (-round(s[0], 2), s[1], s[2], s[3])):
            if min(1.0, score) - 0.1 * min(1.0, apart) >= least and i not in used_en and j not in used_zh:
                used_en.add(i)
                used_zh.add(j)
                yield en[i], zh[j], min(1.0, score)


def _left(entities: Iterable[Entity]) -> dict[str, list[int]]:
    """Where the mentions of each kind begin."""
    starts: dict[str, list[int]] = {}
    for entity in entities:
        starts.setdefault(_kind(entity.label), []).append(entity.start)
    return starts


def _again(en: Item, zh: Item, found: Sequence[tuple[Entity, Entity, float]]) -> list[tuple[Entity, Entity, float]]:
    """Pairs for the names that are said twice: 祖宾·加格 (Zubeen Garg), Ministry of Public Tea (MPT)."""
    partners = {a.start: (b, score) for a, b, score in found}
    theirs = {b.start: (a, score) for a, b, score in found}
    more = []
    for first, second in pairwise(en.entities):
        if first.start not in partners and second.start in partners and _in_brackets(en, first, second):
            letters = "".join(word[0] for word in re.findall(r"[A-Z][\w.]*", first.span.surface))
            if second.span.surface.isupper() and second.span.surface in letters:
                more.append((first, *partners[second.start]))
    for first, second in pairwise(zh.entities):
        latin = second.span.surface.isascii() and not first.span.surface.isascii()
        if first.start not in theirs and second.start in theirs and latin and _in_brackets(zh, first, second):
            other, score = theirs[second.start]
            if max(likeness(other, first), likeness(second, first)) >= ENOUGH:
                more.append((other, first, score))
    return more


def _in_brackets(item: Item, first: Entity, second: Entity) -> bool:
    near = 0 < second.start - first.end <= 3 and _kind(first.label) == _kind(second.label)
    return near and item.document.text[first.end : second.start].strip(' 》”"') in ("(", "（")


def _order(entities: Sequence[Entity]) -> list[int]:
    """Of each mention, how many of the same surface come before it: first goes with first, second with second."""
    seen: Counter[str] = Counter()
    order = []
    for entity in entities:
        order.append(seen[entity.span.surface])
        seen[entity.span.surface] += 1
    return order


def _kind(label: str) -> str:
    return _KINDS.get(label, label)


def likeness(en: Entity, zh: Entity) -> float:
    """How far an English and a Chinese mention look like names of one entity, from 0 to 1, without their context."""
    a, b = en.span.surface, zh.span.surface
    if a.casefold() == b.casefold():
        return 1.0
    ids, others = _ids(en, "en"), _ids(zh, "zh")
    if ids & others:
        return 1.0 if en.link and en.link == zh.link else 0.95
    meaning = means_alike(a, b)
    if _kind(en.label) != _kind(zh.label):
        # One of the two labels is wrong, or they are two readings of a name (a farm is a place and a firm).
        crossed = en.label in _PLACE_OR_BODY and zh.label in _PLACE_OR_BODY and meaning >= 0.9
        return 0.55 if crossed and not (ids and others) and len(english_words(a)) > 1 else 0.0
    if _NUMBER.findall(a) and _NUMBER.findall(b) and not set(_NUMBER.findall(a)) & set(_NUMBER.findall(b)):
        return 0.0
    if ids and others:
        # Two entities that are both known and differ; a shared place may still make them two levels of one name.
        return 0.0 if en.label in _PERSON_OR_PLACE else max(0.2, 0.6 * meaning)
    if _kind(en.label) == "person":
        if _one_surname(a, b):
            return 0.85
        short = _by_surname(a, b)
        if short and sounds_alike(*short) >= 0.6:
            return 0.75
    by_sound = en.label in _PERSON_OR_PLACE or (meaning < 0.5 and len(a.split()) < 3)
    sound = sounds_alike(a, b) if by_sound else 0.0
    if sound >= 0.9:
        return 0.9
    same = 0.05 if en.label == zh.label else 0.0
    if en.label in _PERSON_OR_PLACE:
        # Where one of the two is known and the other not, a place is rather another one.
        known = bool(ids) != bool(others) and sound < 0.6 and meaning < 0.7
        lone = 0.0 if not known else 0.3 if en.label == "PLACE" else 0.15
        by_words = 0.4 * meaning if en.label == "PLACE" and meaning >= 0.5 else 0.0
        return min(0.85, 0.35 + same - lone + max(0.4 * max(0.0, sound - 0.3), by_words))
    evidence = max(meaning, sound if sound > 0.6 else 0.0)
    inside = 0.15 if evidence < 0.3 and _places(a, "en") & _places(b, "zh") else 0.0
    return min(0.85, 0.3 + same + max(inside, 0.5 * evidence))


def _one_surname(a: str, b: str) -> bool:
    """Whether one of two names in the same letters is the last word of the other."""
    first, second = sorted((a.casefold().split(), b.casefold().split()), key=len)
    return len(first) == 1 < len(second) and first[0] == second[-1]


def _by_surname(english: str, chinese: str) -> tuple[str, str] | None:
    """The surnames of a name and a transliteration where one of them is the surname alone."""
    words, parts = english.split(), _DOT.split(chinese)
    if (len(words) > 1) == (len(parts) > 1) or len(parts[-1]) < 2:
        return None
    return words[-1], parts[-1]


_DOT = re.compile(r"[·•・‧]")
_NUMBER = re.compile(r"\d+")


def _ids(entity: Entity, lang: Lang) -> frozenset[str]:
    """The knowledge-base ids that a mention may stand for."""
    surface, place = entity.span.surface, entity.label == "PLACE"
    if place and lang == "zh":
        short = _short("short").get(surface.removesuffix("方") if len(surface) == 2 else surface)
        if short:
            return frozenset((short,))
    if entity.link:
        return frozenset((entity.link,))
    same = _short("same").get(surface, "") if place and lang == "en" else ""
    return _named(surface, lang) | ({same} if same else set())


@cache
def _short(table: str) -> dict[str, str]:
    text = (resources.files("annotators") / "data" / "link.toml").read_text(encoding="utf-8")
    names: dict[str, str] = tomllib.loads(text)[table]
    return names


@lru_cache(maxsize=4096)
def _named(surface: str, lang: Lang) -> frozenset[str]:
    return frozenset(entry.id for entry in knowledge().lookup(surface, lang))


@lru_cache(maxsize=4096)
def _places(surface: str, lang: Lang) -> frozenset[str]:
    found = knowledge().find(surface, lang)
    return frozenset(entry.id for _, _, entries in found for entry in entries if entry.label == "PLACE")


def identify(group: Group, relations: Sequence[Relation]) -> Group:
    """The group, its mentions with the knowledge-base id that their own name, or the other version, gives them.

    An id that is there stays. A mention whose name only one entry of its kind has gets that; where several have it, or
    the name needs support, the mention that it is `same_as` decides, and then the same name elsewhere in the text. A
    surname alone has the id of the full name in the article, and none where that has none.
    """
    partners: dict[Ref, Ref] = {}
    for relation in relations:
        if relation.label == "same_as" and relation.score >= CERTAIN:
            partners |= {relation.head: relation.tail, relation.tail: relation.head}
    entities = {_ref(item, e): (e, item.document.lang) for item in group.items for e in item.entities}
    may_be = {ref: _entries_of(e, lang) for ref, (e, lang) in entities.items()}
    found: dict[Ref, str] = {}
    for ref, (entity, lang) in entities.items():
        partner = entities.get(partners[ref]) if ref in partners else None
        sure = {id for id in may_be[ref] if _is_sure(id, entity, lang) and not (partner and _parted(id, *partner))}
        shared = may_be[ref] & may_be.get(partners[ref], frozenset()) if ref in partners else frozenset()
        for ids in (frozenset((entity.link,)) if entity.link else frozenset(), shared, sure):
            if len(ids) == 1:
                (found[ref],) = ids
                break
    for ref, id in _of_surnames(entities, found).items():
        if id:
            found[ref] = id
        elif not entities[ref][0].link:
            found.pop(ref, None)  # the list knows somebody of this surname, the article means somebody else
    agreed: dict[tuple[str, str, str], set[str]] = {}
    for ref, id in found.items():
        agreed.setdefault(_name(ref, entities[ref][0]), set()).add(id)
    items = []
    for item in group.items:
        known = []
        for entity in item.entities:
            ref = _ref(item, entity)
            ids = agreed.get(_name(ref, entity), set())
            link = entity.link or found.get(ref, "") or (next(iter(ids)) if len(ids) == 1 else "")
            known.append(entity if link == entity.link else replace(entity, link=link))
        items.append(replace(item, entities=tuple(known)))
    return replace(group, items=tuple(items))


def _name(ref: Ref, entity: Entity) -> tuple[str, str, str]:
    return ref.document, entity.span.surface, _kind(entity.label)


def _of_surnames(entities: Mapping[Ref, tuple[Entity, Lang]], found: Mapping[Ref, str]) -> dict[Ref, str]:
    """For mentions of people by the surname alone, the id of the one full name with it in the article, "" for none."""
    people = {ref: (e.span.surface, lang) for ref, (e, lang) in entities.items() if _kind(e.label) == "person"}
    ids: dict[tuple[str, str], set[str]] = {}
    for ref, (surface, lang) in people.items():
        for surname in _surnames(surface, lang):
            ids.setdefault((ref.document, surname), set()).add(found.get(ref, ""))
    known = {ref: ids.get((ref.document, surface), set()) for ref, (surface, _) in people.items()}
    return {ref: next(iter(some)) for ref, some in known.items() if len(some) == 1}


def _surnames(name: str, lang: Lang) -> list[str]:
    """What a full name may be shortened to; nothing for a name that is short already.

    >>> _surnames("Joe Lind", "en"), _surnames("乔·林德", "zh"), _surnames("饶文九", "zh"), _surnames("Lind", "en")
    (['Lind'], ['林德'], ['饶'], [])
    """
    parts = _DOT.split(name) if lang == "zh" else name.split()
    if len(parts) > 1:
        return [parts[-1].strip()]
    return [name[:1]] if lang == "zh" and 1 < len(name) < 5 and not name.isascii() else []


def _entries_of(entity: Entity, lang: Lang) -> frozenset[str]:
    """The ids of the entries of the mention's kind that have its name."""
    kinds = {id: entry.label for id in _ids(entity, lang) if (entry := knowledge().by_id(id)) is not None}
    return frozenset(id for id, label in kinds.items() if _kind(label) == _kind(entity.label))


def _is_sure(id: str, entity: Entity, lang: Lang) -> bool:
    entry = knowledge().by_id(id)
    if entry is None or entry.label != entity.label or entry.unsure(entity.span.surface):
        return False
    # Of those whom the list knows in Chinese only, most are local officials: their names are those of many.
    return _kind(entry.label) != "person" or bool(entry.en and entry.zh)


def _parted(id: str, partner: Entity, lang: Lang) -> bool:
    """Whether the other version names somebody whose surname is no name of this entry: a 桑德斯 who is a Saunders."""
    entry = knowledge().by_id(id)
    if entry is None or _kind(entry.label) != "person" or not partner.span.surface.isascii():
        return False
    return partner.span.surface.split()[-1] not in {name.split()[-1] for name in entry.en if name}
