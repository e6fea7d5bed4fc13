"""What the gazetteer refuses: a name of the knowledge base that is cut out of a longer word or name, or only a medium."""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from collections.abc import Sequence
from functools import cache
from importlib import resources
from typing import Any

from annotators.rules.chinese_events import event_follows, people_follow
from annotators.rules.media import medium_spans
from corpus.document import Item, Lang
from corpus.knowledge import Entry, knowledge

PEOPLE = ("OFFICIAL", "PERSON")


@cache
def list_words(lang: Lang) -> dict[str, Any]:
    """The lists of `annotators/data/gazetteer.toml` for a language."""
    text = (resources.files("annotators") / "data" / "gazetteer.toml").read_text(encoding="utf-8")
    words: dict[str, Any] = tomllib.loads(text)[lang]
    return {key: frozenset(value) if isinstance(value, list) else value for key, value in words.items()}


class ChineseCheck:
    """Refuses Chinese matches that are cut out of a longer word or name."""

    def __init__(self, item: Item) -> None:
        from corpus.segment.chinese import words

        self.text = item.document.text
        tokens = item.segments.tokens or words(self.text)
        self.tokens = [(token.start, token.end) for token in tokens]
        self.starts = [start for start, _ in self.tokens]
        self.words = list_words("zh")
        self.media = set(medium_spans(self.text, "zh"))
        self.far = tuple(self.words["heads"] - self.words["near"])

    def __call__(self, start: int, end: int, entries: Sequence[Entry]) -> bool:
        text, label = self.text, entries[0].label
        if (start, end) in self.media:
            return False
        if text[start].isascii() and text[end - 1].isascii():
            return True
        if (
            label == "AGENCY"
            and text[end - 1] == "部"
            and text[end : end + 1] == "长"
            and text[end + 1 : end + 2] not in ("期", "远")
        ):
            return False  # 外交部长官 holds an office
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
        if GOVERNMENT.match(self.text, end):
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
            if phrase.endswith(("大学", "中学", "小学")) and self.text[position : position + 1] == "生":
                return False  # students of a place, no school
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
GOVERNMENT = re.compile(
    r" [Gg]overnment\b|(?:人民)?政府(?!办公|采购|工作报告|债|投资|网|门户|引导|新闻|特殊|军|间|性|参事|研究)"
)
_MEETING = re.compile(r"[\u4e00-\u9fff]{2,8}会议")
_HAN = re.compile(r"[\u4e00-\u9fff]+$")


class EnglishCheck:
    """Refuses English matches that are part of a longer capitalised name."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.words = list_words("en")
        self.media = set(medium_spans(text, "en"))

    def __call__(self, start: int, end: int, entries: Sequence[Entry]) -> bool:
        text, label, words = self.text, entries[0].label, self.words
        if (start, end) in self.media:
            return False
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


_CAPITALISED = re.compile(r"(?:(?:'s|’s)? (?:(?:of|for|&) )?[A-Z][\w'’&-]*){1,5}")
# "Fujian Development and Reform Commission": one body; "Yellow River and Qinghai Lake" is not.
_JOINED = re.compile(r"(?: [A-Z]\w+)+ and((?: [A-Z]\w+){1,3})")
_LETTERS = re.compile(r"[^\W\d_]+")
_MISSION = re.compile(r"\b(?:Embassy|Consulate)\b[^.,;:\n]* (?:in|of) (?:the )?$")
# A trailing "in PLACE" is split off, except for embassies and consulates, which `_MISSION` knows.
_OF = re.compile(r"\b([A-Z]\w+)(?: General)? of (?:the )?$")
