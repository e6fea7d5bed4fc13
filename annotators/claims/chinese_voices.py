"""Chinese attribution: which stretches of a sentence are in whose voice (某人表示，… / 据某局介绍，… / “…”某人说)."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace

from annotators.claims.frames import chinese_frames
from annotators.claims.piece import ACTORS, within
from annotators.claims.tags import Tags
from annotators.claims.voice import History, Region, likeliest
from corpus.document import Entity

PRONOUN = re.compile(r"(?:他们?|她们?|它们?|该公司|该国|该省|该市|该局|该机构|该校|双方)")
_AFTER_VERB = re.compile(r"[\u4e00-\u9fff]{0,4}?\s*[，：:,]\s*“?")
_ACCORDING = re.compile(r"(?:根据|依据|依照|按照?|据)([^，]{2,40})，")
_CITED_LAST = re.compile(r"，\s*据([^，“”]{2,40}?)(?:消息|介绍|透露|报道|通报|的?(?:说法|数据))?[。]?$")
_FROM = re.compile(r"(?:记者|本报|本网)[^，。]{0,14}?从")
_ASIDE = re.compile(
    r"[（(][^（()）]{1,60}[)）]|(?:星期|周)[一二三四五六日天]|\d{1,2}[月日时]|对[^，。]{1,10}(?=说)|发表[^，。]{1,6}(?:时)?|[上下]午|当天|今天|昨天"
)
"""What stands between a speaker and the verb of speech without telling of another."""
_BRACKET = re.compile(r"\s*[（(][^（()）]{1,60}[)）]\s*$")
_UNNAMED = re.compile(r"专家|人士|记者|网友|市民|舆论|分析|统计|数据|报告")
_PAPER = re.compile(r"声明|通知|公告|通报|文件|社论|文章")
_OFFICE = re.compile(r"司长|部长|主席|总统|总理|省长|市长|书记|发言人|长官|主任|局长|大使|校长|院长|会长")
_BARE = {"称", "说", "明确", "表示"}
"""Verbs of speech that take what is said without a comma or colon."""

_OWN = ("呼吁", "要求", "希望", "建议", "警告", "主张", "敦促", "倡议")
"""Verbs of speech that carry the type of a claim: they stay in the span, and no voice begins after them."""

_NESTED = 3
"""Attributions inside attributions that are still followed."""

_CLAUSE = 40
"""A longer clause before a verb of speech, without a mention near the verb, is no attribution."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """What the steps on one sentence share; `plain` is the simplified text of the whole document, `tags` are its words."""

    plain: str
    tags: Tags
    start: int
    end: int
    index: int
    entities: tuple[Entity, ...]
    quoted: bool = False
    headline: bool = False

    def named(self, start: int, end: int) -> list[Entity]:
        """The mentions in a stretch that can act or speak; a name in brackets stands for the one before it."""
        return [self._main(e) for e in within(self.entities, start, end) if e.label in ACTORS]

    def beginning(self, start: int, end: int) -> Sequence[Entity]:
        """The mentions that begin in a stretch: a text without a full stop is one sentence with all mentions."""
        first = bisect_left(self.entities, start, key=_start)
        return self.entities[first : bisect_left(self.entities, end, first, key=_start)]

    def at(self, offset: int) -> Entity | None:
        """The mention around an offset."""
        last = bisect_right(self.entities, offset, key=_start) - 1
        return self.entities[last] if last >= 0 and offset < self.entities[last].end else None

    def _main(self, entity: Entity) -> Entity:
        if self.plain[max(0, entity.start - 1) : entity.start] not in {"(", "（"}:
            return entity
        before = (e for e in self.entities if e.label == entity.label and 0 < entity.start - e.end <= 3)
        return next(before, entity)


def _start(entity: Entity) -> int:
    return entity.span.start


def regions(s: Sentence, history: History, depth: int = 0) -> list[Region] | None:
    """The voices of a sentence; None where it is nothing but an attribution (of the quotation before it)."""
    if depth > _NESTED:
        return [Region(s.start, s.end)]
    frames = chinese_frames()
    if (
        s.headline
        and (colon := s.plain.find("：", s.start, s.end)) > 0
        and (named := within(s.entities, s.start, colon))
    ):
        return [Region(colon + 1, s.end, likeliest(named), reported=True, announced=True)]
    if (last := _CITED_LAST.search(s.plain, s.start, s.end)) and last.start() - s.start >= 6:
        speaker = likeliest(s.named(last.start(1), last.end(1)))
        if speaker is not None:
            return [Region(s.start, last.start(), speaker, reported=True)]
    for match in frames.say.finditer(s.plain, s.start, s.end):
        if match.end() < s.end and not _in_quotes(s.plain, s.start, match.start()):
            framed = _framed(s, match, history, depth)
            if framed is not None:
                return framed or None
    if tail := frames.tail.search(s.plain, s.start, s.end):
        speaker = _speaker(s.named(tail.start(), s.end), tail[1], history)
        history.heard(speaker, s.index)
        return [Region(s.start, tail.start(), speaker, reported=True)]
    if s.end - s.start < 70 and (only := frames.only.match(s.plain, s.start, s.end)):
        history.heard(_speaker(s.named(s.start, s.end), only.group(), history), s.index)
        return None
    if lead := frames.leads.match(s.plain, s.start, s.end):
        comma = s.plain.find("，", lead.end(), min(s.end, lead.end() + 12))
        if comma >= 0:
            return [Region(comma + 1, s.end)]
    if according := _ACCORDING.match(s.plain, s.start, s.end):
        source = s.named(according.start(1), according.end(1))
        speaker = likeliest(source)
        if speaker is None and _PAPER.search(according[1]):
            speaker = history.issuer  # 根据通知，…
        said = speaker is not None and (according[0].startswith("据") or speaker is history.issuer)
        return [Region(according.end(), s.end, speaker if said else None, said, said)]
    return [Region(s.start, s.end)]


def _framed(s: Sentence, verb: re.Match[str], history: History, depth: int) -> list[Region] | None:
    """The voices of a sentence with a verb of speech; [] for an attribution alone, None where it reports nothing."""
    frames = chinese_frames()
    before = s.plain[s.start : verb.start()]
    clause = re.split(r"[，；。]", before)[-1]
    bracket = _BRACKET.search(clause)  # …德 (Richard …) 说
    reach = 14 + (len(bracket.group()) if bracket else 0)
    near = [
        e
        for e in s.named(verb.start() - len(clause), verb.start())
        if len(_ASIDE.sub("", s.plain[e.end : verb.start()])) <= reach
    ]
    pronoun = PRONOUN.search(clause)
    follows = _AFTER_VERB.match(s.plain, verb.end(), s.end)
    if follows is None:
        bare = verb.group() in _BARE and (near or pronoun or before.endswith("，"))
        if not bare or s.end - verb.end() <= 8:
            return None
    if not clause.strip():
        near = _heads(s, verb.start())
        if not near and _PAPER.match(verb.group()) and history.issuer:
            near = [history.issuer]  # 通知指出，…
        if not near:
            return None
    if len(clause) > _CLAUSE and not near and not pronoun:
        return None
    content = follows.end() if follows else verb.end()
    speaker = _speaker(near, clause, history)
    if s.end - content < 6:
        if len(before) < _CLAUSE and "”" not in before:
            history.heard(speaker, s.index)
            return []
        return None
    if verb.group().startswith(_OWN):
        return None
    history.heard(speaker, s.index)
    first = verb.start() - len(clause)
    out = [Region(s.start, first)] if first - s.start > 14 and not frames.leads.match(s.plain, s.start) else []
    of_own_acts = bool(frames.announce.match(verb.group())) or (
        speaker is not None and speaker.label in {"AGENCY", "FIRM"}
    )
    inner = regions(replace(s, start=content, headline=False), history, depth + 1) or []
    lasting = speaker is not None and not s.quoted
    said = verb.group()[:4]
    return out + [r if r.reported else Region(r.start, r.end, speaker, True, of_own_acts, lasting, said) for r in inner]


def _heads(s: Sentence, end: int) -> list[Entity]:
    """The mentions that open the comma clauses before `end`, the last clause first: likely subjects of what follows."""
    opens = [s.start + m.end() for m in re.finditer(r"^|[，；]", s.plain[s.start : end])]
    return [e for at in reversed(opens) for e in s.named(at, end) if e.start == at]


def _in_quotes(plain: str, start: int, offset: int) -> bool:
    return any(plain.count(a, start, offset) > plain.count(b, start, offset) for a, b in ("“”", "《》"))


def _speaker(near: list[Entity], clause: str, history: History) -> Entity | None:
    """Who speaks, given the mentions near the verb and the clause before it; None is somebody unnamed."""
    if near:
        who = likeliest(near)
        if _FROM.search(clause):  # the reporter learnt from it
            return who
        anonymous = who is not None and who.label not in {"PERSON", "OFFICIAL"} and _UNNAMED.search(clause)
        return None if anonymous else who
    if pronoun := PRONOUN.search(clause):
        return history.pronoun("he" if pronoun.group() in {"他", "她"} else "it")
    if _UNNAMED.search(clause):
        return None
    if _PAPER.search(clause):
        return history.issuer or history.body
    if "负责人" in clause:
        return history.body
    if _OFFICE.search(clause):
        return history.person
    return history.speaker if len(clause) < 4 else history.body
