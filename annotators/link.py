"""The annotator `link`: which mention in the Chinese version names the same entity as which in the English one.

It compares the mentions inside aligned sentences: by knowledge base, by the same letters in both texts, by Hanyu
Pinyin (Ma Yun, 马云), by how a foreign name sounds in Chinese (Morawiecki, 莫拉维茨基), by the places inside two long
names, by how often two names come together in the article, and by order. Each mention gets one partner at most.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from functools import cache, lru_cache
from importlib import resources
from itertools import product

from annotators.lists import lists_digest
from annotators.registry import Stage, annotator
from corpus.document import Bead, Entity, Group, Item, Lang, Layer, Ref, Relation
from corpus.knowledge import knowledge

# Below this, two mentions are not joined; where no sentences are aligned, only what the names alone show is.
ENOUGH, CERTAIN = 0.5, 0.8

_KINDS = {"PERSON": "person", "OFFICIAL": "person", "FIRM": "body", "ORG": "body", "AGENCY": "body"}
_PERSON_OR_PLACE = ("PERSON", "OFFICIAL", "PLACE")


@dataclass(slots=True)
class Linker:
    """Writes `same_as` relations from English mentions to Chinese ones, in the layer of the English document."""

    name: str = "link"
    version: str = field(default_factory=lambda: f"1-{lists_digest('link.toml')}")
    stage: Stage = "links"

    def annotate(self, group: Group) -> list[Layer]:
        """One layer for the English document of a pair, without entities; nothing for a document that is alone."""
        en = next((item for item in group.items if item.document.lang == "en"), None)
        zh = next((item for item in group.items if item.document.lang == "zh"), None)
        if en is None or zh is None:
            return []
        relations = tuple(
            Relation("same_as", _ref(en, a), _ref(zh, b), round(score, 3), self.name)
            for a, b, score in pairs(en.entities, zh.entities, group.beads)
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
    stretches = [(_inside(en, bead.en), _inside(zh, bead.zh)) for bead in beads if bead.en and bead.zh]
    together = _together(stretches)
    enough = ENOUGH
    if not beads:
        stretches, enough = [(list(en), list(zh))], CERTAIN
    found = [pair for left, right in stretches for pair in _best(left, right, together, enough)]
    return sorted(found, key=lambda pair: pair[0].start)


def _inside(entities: Iterable[Entity], sentences: Iterable[tuple[int, int]]) -> list[Entity]:
    ranges = list(sentences)
    return [e for e in entities if any(start <= e.start and e.end <= end for start, end in ranges)]


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
    single = Counter(_kind(e.label) for e in en), Counter(_kind(e.label) for e in zh)
    scored: list[tuple[float, float, int, int]] = []
    for i, a in enumerate(en):
        for j, b in enumerate(zh):
            score = likeness(a, b)
            if score <= 0:
                continue
            score += 0.3 * together.get((a.span.surface, b.span.surface), 0.0)
            score += 0.15 if single[0][_kind(a.label)] == single[1][_kind(b.label)] == 1 else 0.0
            apart = abs(i / len(en) - j / len(zh)) + 0.2 * abs(order_en[i] - order_zh[j])
            scored.append((min(1.0, score), apart, i, j))
    used_en: set[int] = set()
    used_zh: set[int] = set()
    for score, apart, i, j in sorted(scored, key=lambda s: (-round(s[0], 2), s[1], s[2], s[3])):
        if score - 0.1 * min(1.0, apart) >= enough and i not in used_en and j not in used_zh:
            used_en.add(i)
            used_zh.add(j)
            yield en[i], zh[j], score


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
    if _kind(en.label) != _kind(zh.label):
        return 0.0
    if ids and others:
        # Two entities that are both known and differ; a shared place may still make them two levels of one name.
        return 0.0 if en.label in _PERSON_OR_PLACE else 0.2
    sound = sounds_alike(a, b) if en.label in _PERSON_OR_PLACE else 0.0
    if sound >= 0.9:
        return 0.9
    inside = 0.25 if en.label not in _PERSON_OR_PLACE and _places(a, "en") & _places(b, "zh") else 0.0
    same = 0.05 if en.label == zh.label else 0.0
    # Where one of the two is known and the other not, a place or person is rather another one.
    lone = 0.15 if sound < 0.5 and bool(ids) != bool(others) and en.label in _PERSON_OR_PLACE else 0.0
    return min(0.85, 0.35 + inside + same - lone + 0.4 * max(0.0, sound - 0.3))


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


_ENGLISH_KIND = re.compile(
    r"\b(?:City|County|Province|District|Village|Town|Township|Prefecture|Autonomous|Region|Municipality|New Area|Banner"
    r"|River|Lake|Mountain|Island|Street|Road|Subdistrict|Community)\b"
)
_CHINESE_KIND = re.compile(r"(?:自治[区州县]|新区|街道|社区|[省市县区州盟旗村镇乡江河湖山岛路街])$")


@lru_cache(maxsize=8192)
def sounds_alike(english: str, chinese: str) -> float:
    """How far the Chinese name read aloud is like the English one: 1 for its pinyin, less for a transliteration.

    >>> sounds_alike("Digang Village", "荻港村")
    1.0
    """
    letters = re.sub(r"[^a-z]", "", _ENGLISH_KIND.sub("", english).lower().replace("ü", "v"))
    if not letters:
        return 0.0
    name = chinese if len(chinese) < 3 else _CHINESE_KIND.sub("", chinese)
    syllables = _syllables(re.sub(r"[^\u3400-\u9fff]", "", name))
    if not syllables:
        return 0.0
    for readings in _few(syllables):
        # The surname comes first in pinyin, and last in names written the Western way.
        orders = ["".join(readings), "".join(readings[1:]) + readings[0], "".join(readings[2:]) + "".join(readings[:2])]
        if letters in orders:
            return 1.0
    if len(syllables) <= 3 and letters in syllables[0]:
        return 0.75
    heard = _skeleton("".join(readings[0] for readings in syllables))
    return SequenceMatcher(None, _skeleton(letters), heard, autojunk=False).ratio()


def _few(syllables: Sequence[tuple[str, ...]]) -> Iterator[tuple[str, ...]]:
    """The ways to read a name of at most four characters, at most three readings each."""
    if len(syllables) <= 4:
        yield from product(*(readings[:3] for readings in syllables))
    else:
        yield tuple(readings[0] for readings in syllables)


@lru_cache(maxsize=8192)
def _syllables(name: str) -> tuple[tuple[str, ...], ...]:
    from pypinyin import Style, pinyin

    found = pinyin(name, style=Style.NORMAL, heteronym=True, errors="ignore")
    return tuple(tuple(re.sub(r"[^a-z]", "", reading.replace("ü", "v")) for reading in readings) for readings in found)


# What Chinese hears as one sound: a rough skeleton in which a name and its transliteration meet.
_SOUNDS = [
    (re.compile(pattern), sound)
    for pattern, sound in (
        ("sch|sh|zh|ch|tch|cz|sz|ts|tz|x|q|j|z|c(?=[ei])", "s"),
        ("ph|v|w|hu(?=[aeio])", "f"),
        ("ck|c|g|kh|h", "k"),
        ("b", "p"),
        ("d|th", "t"),
        ("r|er", "l"),
        ("n|m|ng", "n"),
        ("[aeiouy]+", "a"),
        (r"(.)\1+", r"\1"),
    )
]


def _skeleton(name: str) -> str:
    for pattern, sound in _SOUNDS:
        name = pattern.sub(sound, name)
    return name
