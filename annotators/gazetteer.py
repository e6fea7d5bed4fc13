"""The annotator `gazetteer`: names that the knowledge base has, in both languages.

It proposes what it can stand by: a name inside a longer name or word is left out, and a name that is also a common
word, or that several kinds of entities share, only counts where the text supports it (another name of the same entity
in the article, a title, a chain of places, a preposition of place). Patterns and titles belong to the rules.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from annotators.gazetteer_checks import GOVERNMENT, PEOPLE, ChineseCheck, EnglishCheck, list_words
from annotators.lists import lists_digest
from annotators.registry import Stage, annotator
from annotators.rules.versions import told_by_chinese
from corpus.document import Entity, Group, Item, Lang, Layer, without_overlaps
from corpus.knowledge import Entry, Match, knowledge
from corpus.stretches import Stretches

# Confidence: a full name, one that is short or shared, and one that only the text supports.
SURE, FAIR, SUPPORTED = 0.9, 0.7, 0.55


@dataclass(slots=True)
class Gazetteer:
    """Proposes entities with their knowledge-base ids as `link`; `score` is lower where the name is short or shared."""

    name: str = "gazetteer"
    version: str = field(default_factory=lambda: f"2-{lists_digest('gazetteer.toml', 'chinese', 'english')}")
    stage: Stage = "entities"

    def annotate(self, group: Group) -> list[Layer]:
        """A layer for each document of the group. An entity named in one version supports its names in the other."""
        found = [(item, list(_matches(item))) for item in group.items]
        known = {entry.id for item, matches in found for match in matches for entry in _sure_entries(item, match)}
        return [
            Layer(
                item.document.id,
                item.document.sha,
                self.name,
                self.version,
                told_by_chinese(group, _entities(item, matches, known)),
            )
            for item, matches in found
        ]


@annotator("gazetteer")
def gazetteer() -> Gazetteer:
    """The annotator; `annotators.registry.make("gazetteer")` gives the same."""
    return Gazetteer()


def _matches(item: Item) -> Iterator[Match]:
    document = item.document
    if document.lang == "zh":
        yield from knowledge().find(document.text, "zh", ChineseCheck(item))
        return
    from annotators.rules.english import silent_spans

    # Nothing is marked inside the title of an event.
    silent = Stretches(silent_spans(document.text))
    for match in knowledge().find(document.text, "en", EnglishCheck(document.text)):
        if not silent.hold(match[0], match[1]):
            yield match


def _sure_entries(item: Item, match: Match) -> Iterator[Entry]:
    start, end, entries = match
    surface = item.document.text[start:end]
    labels = {entry.label for entry in entries if not entry.unsure(surface)}
    if len(labels) == 1:
        yield from (entry for entry in entries if not entry.unsure(surface))


def _entities(item: Item, matches: Sequence[Match], known: set[str]) -> tuple[Entity, ...]:
    document = item.document
    entities: list[Entity] = []
    previous: tuple[int, str] = (-1, "")
    for number, (start, end, entries) in enumerate(matches):
        start = start + 4 if document.text.startswith(("The ", "the "), start, end) else start
        surface = document.text[start:end]
        for pattern in (_RULER, _CLERGY):
            if entries[0].label in PEOPLE and (title := pattern.match(surface)):
                start += title.end()
                surface = surface[title.end() :]
        if document.lang == "en" and (owner := _OWNED.match(surface)):
            start += owner.end()  # a country's court: two names
            surface = surface[owner.end() :]
        if entries[0].label == "PLACE" and document.lang == "zh" and surface.endswith("地区") and len(surface) > 4:
            end -= 2  # the region is named without the word for it
            surface = surface[:-2]
        if _is_topic(document.text, start, end, document.lang):
            continue
        entry, score = _choose(surface, entries, known, document.lang)
        if score == 0.0 and _supported(document.text, match=(start, end, entries), lang=document.lang):
            score = SUPPORTED
        if score == 0.0 and document.lang == "en" and not _widened_en(document.text, start, end, entry)[2]:
            score = SUPPORTED
        if score == 0.0 and _in_chain(document.text, matches, number, previous):
            score = SUPPORTED
        if score:
            previous = (end, entry.label)
            government = GOVERNMENT.match(document.text, end) if entry.label == "PLACE" else None
            if government:
                span = document.span(start, government.end())
                entities.append(Entity(span, "AGENCY", FAIR, "gazetteer"))
                continue
            widen = _widened_zh if document.lang == "zh" else _widened_en
            wide_start, wide_end, same = widen(document.text, start, end, entry)
            link = entry.id if same else ""
            span = document.span(wide_start, wide_end)
            entities.append(Entity(span, entry.label, score if same else min(score, FAIR), "gazetteer", link))
    return without_overlaps(sorted(entities, key=lambda entity: entity.start - entity.end))


def _is_topic(text: str, start: int, end: int, lang: Lang) -> bool:
    """Whether a phrase of the knowledge base is a mere aim or topic here, or not one name."""
    words, surface = list_words(lang), text[start:end].lower()
    if surface in words["several"] or surface in words["adjectives"]:
        return True
    if surface not in words["topics"]:
        return False
    after = text[end : end + 14].lstrip(" ").lower()
    quoted = text[start - 1 : start] in ("“", '"', "‘", "「") and text[end : end + 1] in ("”", '"', "’", "」")
    return not quoted and not after.startswith(tuple(words["programmes"]))


def _widened_en(text: str, start: int, end: int, entry: Entry) -> tuple[int, int, bool]:
    """The whole name of a body that a place is part of, and whether it is still that entry.

    "Ministry of Commerce" in "Ministry of Commerce of the People's Republic of China" is the same body, "Supreme
    Court" in "Supreme Court of India" is not, nor "Socialist Party" in "Italian Socialist Party".
    """
    if entry.label not in ("AGENCY", "POLICY"):
        return start, end, True
    tail = _OF_PLACE.match(text, end)
    if tail:
        places = [m for m in knowledge().find(text[tail.end() : tail.end() + 60], "en") if m[0] == 0]
        if places and places[0][2][0].label == "PLACE":
            place = places[0][2][0].id
            return start, tail.end() + places[0][1], place == "place/china" or place in entry.id
    if text.endswith("Party", start, end):
        before = _CAPITALS_BEFORE.search(text[max(0, start - 40) : start])
        words = list(_LETTERS.finditer(before.group())) if before else []
        while words and words[0].group() in list_words("en")["titles"]:
            words.pop(0)
        if before and words:
            return start - len(before.group()) + words[0].start(), end, False
    return start, end, True


def _widened_zh(text: str, start: int, end: int, entry: Entry) -> tuple[int, int, bool]:
    """Likewise for a place before a Chinese name: 中国 + 外交部 is that ministry, 福建省 + 发展改革委 is another body."""
    if entry.label == "AGENCY":
        for length in range(8, 1, -1):
            place = text[max(0, start - length) : start]
            if len(place) == length and any(
                e.label == "PLACE" and not e.unsure(place) for e in knowledge().lookup(place, "zh")
            ):
                return start - length, end, place in list_words("zh")["home"]
    elif entry.label == "PLACE" and text[end - 1] not in "省市县区" and _STREET.match(text, end):
        return start, end + 1, False
    return start, end, True


def _choose(surface: str, entries: Sequence[Entry], known: set[str], lang: Lang) -> tuple[Entry, float]:
    """The entry meant and how sure that is: 0 where nothing but the text around it could tell."""
    sure = [entry for entry in entries if not entry.unsure(surface)]
    named = [entry for entry in entries if entry.id in known]
    labels = {entry.label for entry in sure}
    if len(labels) == 1:
        entry = next((entry for entry in named if entry.label in labels), sure[0])
        short = (lang == "zh" and len(surface) == 2 and entry.label != "PLACE") or entry.source == "cped_officials"
        return entry, FAIR if short else SURE
    if named:
        return named[0], SUPPORTED
    return (sure or list(entries))[0], SUPPORTED if sure else 0.0


def _in_chain(text: str, matches: Sequence[Match], number: int, previous: tuple[int, str]) -> bool:
    """Whether a place stands right after another place, as in 浙江省湖州安吉 or "Anji, Zhejiang"."""
    start, end, entries = matches[number]
    if entries[0].label != "PLACE":
        return False
    if previous[1] == "PLACE" and previous[0] == start:
        return True
    if number + 1 < len(matches) and text[end : matches[number + 1][0]] == ", ":
        following = matches[number + 1]
        surface = text[following[0] : following[1]]
        return following[2][0].label == "PLACE" and not following[2][0].unsure(surface)
    return False


def _supported(text: str, match: Match, lang: Lang) -> bool:
    start, end, entries = match
    label, words = entries[0].label, list_words(lang)
    if lang == "zh":
        if label not in PEOPLE:
            return False
        before, after = text[max(0, start - 4) : start], text[end : end + 4]
        return any(before.endswith(title) or after.startswith(title) for title in words["titles"])
    before = text[max(0, start - 12) : start]
    found = re.search(r"(\w+) $", before)
    word = found.group(1) if found else ""
    if label == "OFFICIAL" and " " not in text[start:end]:
        named = _SPOKEN_OF.search(before) is not None or _ACTS.match(text, end) is not None
        return named and text[start:end] != "Mr" and not _others(text, text[start:end], _given(entries))
    if re.match(r" [A-Z]", text[end : end + 2]):
        return False
    if (
        label == "FIRM"
        and _SPEAKS.match(text, end)
        and re.search(r"(?:^|[.!?:”\"] |\n)\Z", text[max(0, start - 2) : start])
    ):
        return True
    # In running text a capital in mid-sentence speaks for a name ("shares of Apple fell").
    return word in words["prepositions"] if label == "PLACE" else label == "FIRM" and word.islower()


@lru_cache(maxsize=64)
def _others(text: str, surname: str, given: str) -> bool:
    """Whether the text names somebody of that surname who has none of the given names (alternatives of a pattern)."""
    return re.search(rf"\b{re.escape(surname)} (?!{given})[A-Z][a-z]+", text) is not None


def _given(entries: Sequence[Entry]) -> str:
    """The given names of those who may be meant, as alternatives of a pattern."""
    return (
        "|".join(sorted({re.escape(name.split(" ")[-1]) for entry in entries for name in entry.en if " " in name}))
        or "(?!)"
    )


_OWNED = re.compile(
    r"(?:[A-Z][a-z]+ )?[A-Z][a-z]+['’]s (?=(?:Supreme|Constitutional|High) Court$|Ministry|Parliament$|Senate$)"
)
# Before the name of a ruler in full, his title, which some entries hold.
_RULER = re.compile(
    r"(?:Crown Prince|Crown Princess|Prince|Princess|King|Queen|Sheikh|Emir|Sultan) (?=\w+ (?:bin|ibn|al-|Al ))"
)
_OF_PLACE = re.compile(r" of (?:the )?(?=[A-Z])")
_CAPITALS_BEFORE = re.compile(r"(?:\b[A-Z][a-z]+ ){1,3}\Z")
_LETTERS = re.compile(r"[^\W\d_]+")
# What shows that a surname of a leader is one: China's Xi, Xi and Putin met.
_SPOKEN_OF = re.compile(r"(?:\b[A-Z][a-z]+['’]s|\b(?:President|Premier|Chancellor|Mr\.?)) $")
_ACTS = re.compile(r" and [A-Z][a-z]+ (?:met|meet|spoke|talked|agreed|signed|discussed|will|have|had|are|were|both)\b")
# What a firm does at the head of a sentence: Meta said.
_SPEAKS = re.compile(
    r" (?:said|says|announced|reported|declined|plans|unveiled|posted|agreed|told|has said|did not (?:immediately )?respond)\b"
)
# The office of a priest before his name is no part of it.
_CLERGY = re.compile(
    r"(?:Pope|Archbishop|Bishop|Cardinal|Patriarch|Rabbi|Imam) (?=[A-Z])|(?:教皇|教宗|枢机|主教|大主教|宗主教)(?=[\u4e00-\u9fff]{2})"
)
# A street or village that is named after a place, where nothing follows that would make it part of another word.
_STREET = re.compile(r"[路街镇乡村](?![\u4e00-\u9fff])|[路街镇乡村](?=[的和与在上是、位])")
