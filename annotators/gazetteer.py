"""The annotator `gazetteer`: names that the knowledge base has, in both languages.

It proposes what it can stand by: a name inside a longer name or word is left out, and a name that is also a common
word, or that several kinds of entities share, only counts where the text supports it (another name of the same entity
in the article, a title, a chain of places, a preposition of place). Patterns and titles belong to the rules.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any

from annotators.lists import lists_digest
from annotators.registry import Stage, annotator
from annotators.rules.chinese_events import event_follows, people_follow
from annotators.rules.versions import told_by_chinese
from corpus.document import Entity, Group, Item, Lang, Layer, without_overlaps
from corpus.knowledge import Entry, Match, knowledge

PEOPLE = ("OFFICIAL", "PERSON")

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


@cache
def _words(lang: Lang) -> dict[str, Any]:
    text = (resources.files("annotators") / "data" / "gazetteer.toml").read_text(encoding="utf-8")
    words: dict[str, Any] = tomllib.loads(text)[lang]
    return {key: frozenset(value) if isinstance(value, list) else value for key, value in words.items()}


def _matches(item: Item) -> Iterator[Match]:
    document = item.document
    if document.lang == "zh":
        yield from knowledge().find(document.text, "zh", _ChineseCheck(item))
        return
    from annotators.rules.english import silent_spans

    # Nothing is marked inside the title of an event.
    silent = silent_spans(document.text)
    for match in knowledge().find(document.text, "en", _EnglishCheck(document.text)):
        if not any(start <= match[0] and match[1] <= end for start, end in silent):
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
        if entries[0].label in PEOPLE and (title := _RULER.match(surface)):
            start += title.end()
            surface = surface[title.end() :]
        if entries[0].label in PEOPLE and (title := _CLERGY.match(surface)):
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
            government = _GOVERNMENT.match(document.text, end) if entry.label == "PLACE" else None
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
    words, surface = _words(lang), text[start:end].lower()
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
        while words and words[0].group() in _words("en")["titles"]:
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
                return start - length, end, place in _words("zh")["home"]
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
    label, words = entries[0].label, _words(lang)
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
        others = re.search(rf"\b{re.escape(text[start:end])} (?!{_given(entries)})[A-Z][a-z]+", text)
        return named and not others and text[start:end] != "Mr"
    if re.match(r" [A-Z]", text[end : end + 2]):
        return False
    # In running text a capital in mid-sentence speaks for a name ("shares of Apple fell").
    return word in words["prepositions"] if label == "PLACE" else label == "FIRM" and word.islower()


def _given(entries: Sequence[Entry]) -> str:
    """The given names of those who may be meant, as alternatives of a pattern."""
    return (
        "|".join(sorted({re.escape(name.split(" ")[-1]) for entry in entries for name in entry.en if " " in name}))
        or "(?!)"
    )


class _ChineseCheck:
    """Refuses Chinese matches that are cut out of a longer word or name."""

    def __init__(self, item: Item) -> None:
        from corpus.chinese import words

        self.text = item.document.text
        tokens = item.segments.tokens or words(self.text)
        self.tokens = [(token.start, token.end) for token in tokens]
        self.starts = [start for start, _ in self.tokens]
        self.words = _words("zh")
        self.far = tuple(self.words["heads"] - self.words["near"])

    def __call__(self, start: int, end: int, entries: Sequence[Entry]) -> bool:
        text, label = self.text, entries[0].label
        if text[start].isascii() and text[end - 1].isascii():
            return True
        if text[start - 1 : start] in ("·", "•") or text[end : end + 1] in ("·", "•"):
            return False
        if self._inside_title(start, end):
            return False
        if label == "PLACE" and (event_follows(text, end) or people_follow(text, end)):
            return False
        if label == "POLICY" and text[end - 1] == "法" and text[end : end + 1] in _AFTER_LAW:
            return False
        if label == "AGENCY" and text[start - 1 : start] in _LEVELS and text[start - 2 : start - 1] in _NO_NAME:
            # 省发改委, 市人大常委会: without the name of the place it is no name.
            return False
        left, right = self._token(start), self._token(end - 1)
        after = text[end : end + 1]
        if after and after in self.words["after"] and not text[end + 1 : end + 2].isspace():
            # 银行业, 中国化: unless the segmenter says that the next word only begins so (业务, 学者, 系统).
            following = self._token(end) if end < len(text) else None
            if following is None or following[0] < end or following[1] - following[0] == 1:
                return False
        if end - start <= 3:
            if left[0] < start:
                return False
            if right[1] > end and not self._word_goes_on(start, end, label, left, right):
                return False
        elif left[0] < start and (right[1] > end or knowledge().lookup(text[left[0] : left[1]], "zh")):
            return False
        if text.startswith("中央", start) and end - start == 2:
            # 中央经济工作会议 is an event.
            return not (_MEETING.match(text, end) or any(text.startswith(w, end) for w in self.words["after_central"]))
        return label != "PLACE" or not (self._heads_body(end) or self._goes_on(end))

    def _word_goes_on(self, start: int, end: int, label: str, left: tuple[int, int], right: tuple[int, int]) -> bool:
        """Whether a short name may be believed although a word of the segmenter goes on beyond it."""
        if left != right:
            # 工信部将 is cut as 工信|部将: a known body of three characters is believed.
            return end - start == 3 and label != "PLACE"
        remainder = self.text[end : right[1]]
        # 德国总理 and 德国西门子 are one word to the segmenter; 美国式 is too, 中国话 is not about the place.
        return remainder in self.words["remainders"] or (label == "PLACE" and len(remainder) > 1)

    def _goes_on(self, end: int) -> bool:
        """Whether a geographical word of one character follows, so that the place is another one (三江|湾)."""
        if self.text[end : end + 1] not in self.words["geography"] or self.text[end - 1] in self.words["geography"]:
            return False
        return self._token(end) == (end, end + 1)

    def _token(self, position: int) -> tuple[int, int]:
        index = bisect_right(self.starts, position) - 1
        return self.tokens[index] if index >= 0 else (position, position + 1)

    def _heads_body(self, end: int, chain: int = 0) -> bool:
        """Whether the words after a place make the name of a body with it, as in 浙江|省|公安厅."""
        size = min(len(self.text), end + 14)
        position, near = end, True
        if _GOVERNMENT.match(self.text, end):
            return False
        following = next(iter(knowledge().find(self.text[end : end + 12], "zh")), None)
        if following and following[0] == 0 and following[2][0].label in ("PLACE", "FIRM", "ORG"):
            # 上海|浦东新区, 德国|西门子; but 法国非洲事务研究所 is one name.
            return following[2][0].label == "PLACE" and chain < 3 and self._heads_body(end + following[1], chain + 1)
        while position < size:
            token = self._token(position)
            word = self.text[position : token[1]]
            if not word or not _HAN.match(word) or word in self.words["breaks"]:
                return False
            position = token[1]
            phrase = self.text[end:position]
            if phrase.endswith(self.far) or (near and phrase in self.words["near"]):
                return True
            near = False
        return False

    def _inside_title(self, start: int, end: int) -> bool:
        """Whether the match is a part of the title of a work or a law, 《…》, and not all of it."""
        opened = self.text.rfind("《", max(0, start - 60), start + 1)
        if opened < 0 or "》" in self.text[opened:start]:
            return False
        closed = self.text.find("》", end - 1, end + 60)
        return closed >= 0 and (opened + 1 < start or end < closed)


_LEVELS = tuple("省市县区州镇乡")
_NO_NAME = ("", *"，。、；：！？（“”\n 和与及由向的本我该经据在")
# 劳动法律师 is no labour law.
_AFTER_LAW = ("律", "院", "官", "庭", "医")
# The government of a place is a body with the place in its name; not its papers and purchases (政府工作报告).
_GOVERNMENT = re.compile(
    r" [Gg]overnment\b|(?:人民)?政府(?!办公|采购|工作报告|债|投资|网|门户|引导|新闻|特殊|军|间|性|参事|研究)"
)
# A street or village that is named after a place, where nothing follows that would make it part of another word.
_STREET = re.compile(r"[路街镇乡村](?![\u4e00-\u9fff])|[路街镇乡村](?=[的和与在上是、位])")
_MEETING = re.compile(r"[\u4e00-\u9fff]{2,8}会议")
_HAN = re.compile(r"[\u4e00-\u9fff]+$")


class _EnglishCheck:
    """Refuses English matches that are part of a longer capitalised name."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.words = _words("en")

    def __call__(self, start: int, end: int, entries: Sequence[Entry]) -> bool:
        text, label, words = self.text, entries[0].label, self.words
        before, after = text[max(0, start - 40) : start], text[end : end + 60]
        of = _OF.search(before)
        if of and of.group(1) in words["bodies_of"]:
            return False
        if re.match(r" of [A-Z]", after) and (label == "FIRM" or text[start:end].endswith(tuple(words["schools"]))):
            return False
        if label == "FIRM" and re.match(r"-[a-z]", after):
            return False
        if text[start:end] == "Labour" and (noun := re.match(r" (\w+)", after)) and noun.group(1) in words["labour"]:
            return False
        if label == "POLICY" and re.search(r"\b[Pp](?:ost|re)-$", before):
            return False
        phrase = _CAPITALISED.match(after)
        if phrase and label == "FIRM" and _LETTERS.findall(phrase.group())[0] in words["buildings"]:
            return False
        if label == "PLACE":
            if _MISSION.search(before) or re.search(r"[A-Za-z]-(?:de|la|le|du|sur|am|an)-$", before):
                return False
            name = re.search(r"\b([A-Z][a-z]+) $", before)
            if name and name.group(1) in words["surnames"] and " " not in text[start:end]:
                return False
            if phrase and text[start:end].startswith("the "):
                return False  # the West, but not the West Wing
            if phrase and any(e.label == "ORG" for e in knowledge().lookup(phrase.group().strip(), "en")):
                return True  # Wuhan Xinhua News Agency: a dateline in the sentence
            if phrase and any(word in words["heads"] for word in _LETTERS.findall(phrase.group())):
                return False
            joined = _JOINED.match(after)
            if joined and any(word in words["heads"] for word in _LETTERS.findall(joined.group(1))):
                return False
        if label in PEOPLE and " " not in text[start:end]:
            first = re.search(r"([A-Z][\w'’-]*)\.? $", before)
            owner = bool(first) and before.endswith(("'s ", "’s "))
            bare = first and first.group(1) not in words["titles"] | words["demonyms"]
            if first and bare and not owner and not first.group(1).isupper():
                return False
        return not (text[start:end].isupper() and end - start <= 5 and self._shouting(start, end))

    def _shouting(self, start: int, end: int) -> bool:
        """Whether the words around are all in capitals, so that an acronym may be any word (WHO, SAFE)."""
        around = _LETTERS.findall(self.text[max(0, start - 30) : start] + " " + self.text[end : end + 30])[1:-1]
        return len(around) > 2 and all(word.isupper() for word in around)


_OWNED = re.compile(
    r"(?:[A-Z][a-z]+ )?[A-Z][a-z]+['’]s (?=(?:Supreme|Constitutional|High) Court$|Ministry|Parliament$|Senate$)"
)
# Before the name of a ruler in full, his title, which some entries hold.
_RULER = re.compile(
    r"(?:Crown Prince|Crown Princess|Prince|Princess|King|Queen|Sheikh|Emir|Sultan) (?=\w+ (?:bin|ibn|al-|Al ))"
)
_OF_PLACE = re.compile(r" of (?:the )?(?=[A-Z])")
_CAPITALS_BEFORE = re.compile(r"(?:\b[A-Z][a-z]+ ){1,3}\Z")
_CAPITALISED = re.compile(r"(?:(?:'s|’s)? (?:(?:of|for|&) )?[A-Z][\w'’&-]*){1,5}")
# "Fujian Development and Reform Commission": one body; "Yellow River and Qinghai Lake" is not.
_JOINED = re.compile(r"(?: [A-Z]\w+)+ and((?: [A-Z]\w+){1,3})")
_LETTERS = re.compile(r"[^\W\d_]+")
_MISSION = re.compile(r"\b(?:Embassy|Consulate)\b[^.,;:\n]* (?:in|of) (?:the )?$")
# A trailing "in PLACE" is split off, except for embassies and consulates, which `_MISSION` knows.
_OF = re.compile(r"\b([A-Z]\w+)(?: General)? of (?:the )?$")
# What shows that a surname of a leader is one: China's Xi, Xi and Putin met.
_SPOKEN_OF = re.compile(r"(?:\b[A-Z][a-z]+['’]s|\b(?:President|Premier|Chancellor|Mr\.?)) $")
_ACTS = re.compile(r" and [A-Z][a-z]+ (?:met|meet|spoke|talked|agreed|signed|discussed|will|have|had|are|were|both)\b")
# The office of a priest before his name is no part of it.
_CLERGY = re.compile(
    r"(?:Pope|Archbishop|Bishop|Cardinal|Patriarch|Rabbi|Imam) (?=[A-Z])|(?:教皇|教宗|枢机|主教|大主教|宗主教)(?=[\u4e00-\u9fff]{2})"
)
