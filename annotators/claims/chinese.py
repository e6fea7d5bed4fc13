"""Chinese: a sentence into pieces, by punctuation: attribution off, clauses apart, subjects found."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from annotators.claims.chinese_voices import PRONOUN, Sentence, regions
from annotators.claims.cues import CLAIM_TYPES, cues
from annotators.claims.frames import chinese_frames
from annotators.claims.piece import ACTORS, Form, Piece, Subject, trimmed, within
from annotators.claims.tags import NAMES, Tags
from annotators.claims.voice import BODIES, PEOPLE, History, Region, is_headline
from corpus.document import Entity

_EDGE = '“”"‘’，。；：！？、,.;:!?…—–-·（）() 　'
_DATELINE = re.compile(
    r"^(?:[^，。“”]{0,40}?(?:\d{1,2}日电|日讯|日消息)\s*(?:[（(][^）)]{1,40}[）)])?[ ，:：]*(?:综合[^：]{2,14}报道：|题：)?|[^，。“”]{2,12} 记者 [\u4e00-\u9fff]{2,4} )"
)
_SITE = re.compile(r"\s*(?:--?|－|—|_|\|)\s*[^-－—_|，]{2,20}$")
_TIME = re.compile(
    r"(?:(?:今年|去年|明年|当天|当日|近日|日前|目前|昨日|昨天|今天|星期[一二三四五六日天]|周[一二三四五六日]|早些时候|\d{4}年|\d{1,2}月(?:份)?|\d{1,2}日|上午|下午|晚间?|以来|期间|[上下]半年|[一二三四]季度|\d{1,2}时)+)[，,]?"
)
_HEAD_NOUN = re.compile(
    r"(?:财政|网站|方面|省(?!略)|市(?!场|民|值)|县(?!城)|[\s与和及]+(?=\S)|相关|有关|主要|负责人|监管机构|政府|部门|新闻|发言人|司长|部长|主席|总理|领导人?|当局|官员|[（(][^）)]{1,40}[）)]|和|与|等|、)"
)
# A comma clause that only sets the scene: 根据…，/ 为应对…，/ 在…方面，
_OPENER = re.compile(
    r"(?:为了?(?!什么)|根据|依据|按照|依照|针对|面对|作为|对于|截至|鉴于|除了?|自从?)[^，；]{2,60}"
    r"|[在从就与][^，；]{2,40}(?:中|上|后|时|来|期间|方面|情况下|基础上|之际|前|以来|看|而言|环节|同时|相对应的是)"
    r"|[^，；]{2,16}(?:方面|以来|期间|之后|当天|之际)"
)
_CORE = re.compile(r"以[^，。；]{2,12}为(?:核心|首|代表)的")
"""A qualifier that a name at the head of a clause may have before it (以…为核心的党中央)."""
_ISSUES = re.compile(
    r"(?:印发|发布|下发|出台|公布|发出)[^，。]{0,40}(?:通知|意见|办法|公告|声明|通告|文件|方案|规定)|发文"
)
_ADVERB = re.compile(
    r"着力|着重|积极|将|已|也|还|正|持续|全力|认真|主动|大力|不断|进一步|共同|多次|首次|率先|先后|继续|坚决|严格|深入|加快|加大|加强|全面|近年|近期|近日|目前|今年|去年|昨|于|在|对|把|为|从|与|会|可|应|须|必须|不|没|未|曾|都|均|又|再|日前|当天|\d"
)
_FORMS: tuple[tuple[Form, re.Pattern[str]], ...] = (
    (
        "modal",
        re.compile(r"将(?!军|近|领)|(?<![社协议机大])会(?![议谈员见])|应(?:当|该)?(?!对|急|用)|必须|须|可以?|能够?"),
    ),
    ("progressive", re.compile(r"正在|正(?=[^当常确式好]{2,})|着(?![力重眼手])")),
    ("perfect", re.compile(r"已经?|曾|(?<!为)了(?!解)|过(?=[^程])")),
    ("state", re.compile(r"(?<![于但还可若])是|为(?=[^了此])|属于|即")),
)
"""How the verb of a clause stands, the first that fits: a Chinese verb itself has no forms."""
_NOUNS = {"n", "nz", "nw", "r", "s", "vn", "an", "j", "l"}
_BEFORE_NOUNS = {"m", "q", "b", "a", "f", "z", "i", "c"}
_INSIDE = {"的", "、", "·"}
"""Tags of nouns and pronouns, tags of words that may stand before a noun, and what joins nouns."""
_IN_TITLES = {"位于", "新任", "现任", "驻", "任", "前", "时任", "原", "兼", "总部", "副"}


def chinese_pieces(
    text: str, plain: str, sentences: Sequence[tuple[int, int]], entities: Sequence[Entity], tags: Tags
) -> list[Piece]:
    """The pieces of a text, in order. `plain` is the text with its characters simplified, of the same length, and
    `tags` are its words."""
    history = History()
    pieces: list[Piece] = []
    open_quote: list[int] = []  # pieces of a quotation whose speaker is named only after it
    in_quote = False
    for index, (start, end) in enumerate(sentences):
        inside = tuple(within(entities, start, end))
        quoted = in_quote or plain[start] in '“"'
        in_quote = plain.count("“", start, end) + in_quote > plain.count("”", start, end)
        headline = is_headline(text, index, end)
        first, last = _cleared(plain, start, end, headline=headline)
        s = Sentence(plain, tags, first, last, index, inside, quoted, headline)
        voices = regions(s, history)
        if voices is None:
            for i in open_quote:
                pieces[i] = replace(pieces[i], speaker=history.speaker, reported=True)
            open_quote = []
            continue
        found = [p for region in voices for p in _clauses(s, region, history)]
        open_quote = [*open_quote, *(len(pieces) + n for n, p in enumerate(found) if not p.reported)] if quoted else []
        pieces += found
        history.note([e for n, e in enumerate(inside) if not _alias(text, inside, n)], found)
        history.issued(found, plain, _ISSUES)
    return pieces


def _alias(text: str, entities: Sequence[Entity], n: int) -> bool:
    """Whether a mention is the name before it in another script, in brackets."""
    e = entities[n]
    return n > 0 and text[e.start - 1] in "(（" and e.start - entities[n - 1].end <= 3


def _cleared(plain: str, start: int, end: int, *, headline: bool) -> tuple[int, int]:
    """A sentence without its dateline and, in a headline, without the name of the site."""
    if headline and (site := _SITE.search(plain[start:end])) and site.start() > 8:
        end = start + site.start()
    if (dateline := _DATELINE.match(plain[start:end])) and start + dateline.end() < end:
        start += dateline.end()
    return start, end


def _clauses(s: Sentence, region: Region, history: History) -> list[Piece]:
    cuts = _cuts(s.plain, region.start, region.end, headline=s.headline)
    found = (_piece(s, region, a, b, history) for a, b in cuts)
    return [piece for piece in found if piece is not None]


def _cuts(plain: str, start: int, end: int, *, headline: bool) -> list[tuple[int, int]]:
    """The comma clauses of a region; a comma inside brackets, quotation marks or a title cuts nothing."""
    cuts, depth, begin = [], 0, start
    for i in range(start, end):
        c = plain[i]
        if c in "（(《「『":
            depth += 1
        elif c in "）)》」』":
            depth = max(0, depth - 1)
        elif depth == 0 and (c in "，；！？" or (headline and c == " " and _between_han(plain, i))):
            cuts.append((begin, i))
            begin = i + 1
    cuts.append((begin, end))
    return [(a, b) for a, b in cuts if b > a]


def _between_han(plain: str, i: int) -> bool:
    return 0 < i < len(plain) - 1 and "\u4e00" <= plain[i - 1] <= "\u9fff" and "\u4e00" <= plain[i + 1] <= "\u9fff"


def _piece(s: Sentence, region: Region, start: int, end: int, history: History) -> Piece | None:
    frames, plain = chinese_frames(), s.plain
    start, end = trimmed(plain, start, end, _EDGE)
    while True:
        match = frames.connectives.match(plain, start, end) or _TIME.match(plain, start, end)
        if not match or match.end() == start or plain[match.end() : match.end() + 1] == "的":
            break
        if match.end() >= end - 1:
            return None
        if plain[start] in "如一" and s.at(start) is not None:
            break
        start = match.end()
    start, end = trimmed(plain, start, end, _EDGE)
    if end - start < 3 or _OPENER.fullmatch(plain, start, end):
        return None
    for left, right in ("“”", "（）", "()", "《》"):
        if plain[end : end + 1] == right and plain[start:end].count(left) > plain[start:end].count(right):
            end += 1
    kind, actor, noun, body = _subject(s, start, end, history)
    return Piece(
        start=start,
        body=body,
        end=end,
        sentence=s.index,
        subject=kind,
        actor=actor,
        noun=noun,
        speaker=region.speaker,
        reported=region.reported,
        announced=region.announced,
        lasting=region.lasting,
        verb=region.verb,
        quoted=s.quoted,
        headline=s.headline,
        form=next((form for form, pattern in _FORMS if pattern.search(plain, body, end)), ""),
    )


Found = tuple[Subject, Entity | None, str, int]
"""What a subject is, the mention in it, its noun, and where the rest of the clause begins."""


def _subject(s: Sentence, start: int, end: int, history: History) -> Found:
    plain = s.plain
    here = next((e for e in (*s.beginning(start, start + 1), s.at(start + 1)) if e is not None), None)
    if (person := _titled(s, start, end)) and here is not person:
        return "named", person, "", person.end
    core = _CORE.match(plain, start, end)
    chain, at = _chain(s, core.end() if core else start, end)
    if chain:
        return _after_chain(s, chain, at, start, end)
    if pronoun := PRONOUN.match(plain, start, end):
        word = pronoun.group()
        english = "he" if word in {"他", "她"} else "they" if word in {"他们", "她们", "双方"} else "it"
        people = [e for e in within(s.entities, s.start, start) if e.label in PEOPLE] if english == "he" else []
        return "pronoun", people[-1] if people else history.pronoun(english), word, pronoun.end()
    if here is not None:
        return "thing", None, "", start
    noun = _first_noun(s, start, end)
    if not noun:
        return "none", None, "", start
    if chinese_frames().bodies.search(plain[start:noun]):
        return "body", None, plain[start:noun], noun
    return "thing", None, plain[start:noun], start


def _chain(s: Sentence, start: int, end: int) -> tuple[list[Entity], int]:
    """The mentions that a clause opens with, titles and conjunctions between them, and where they end."""
    chain: list[Entity] = []
    at = start
    while entity := next((e for e in s.beginning(at, at + 1) if e.label in ACTORS), None):
        chain.append(entity)
        at = entity.end
        while (m := _HEAD_NOUN.match(s.plain, at, end)) and not s.beginning(at, at + 1):
            at = m.end()
    return chain, at


def _after_chain(s: Sentence, chain: list[Entity], at: int, start: int, end: int) -> Found:
    plain = s.plain
    time = _TIME.match(plain, at, end)
    rest = time.end() if time else at
    if plain[rest : rest + 1] == "的" or _relative(s, rest, end):
        return "thing", chain[0], "", start
    noun = 0 if _ADVERB.match(plain, rest) or _cued(plain, rest) else _first_noun(s, rest, end)
    if noun and chinese_frames().bodies.search(plain[rest:noun]):
        return "named", _first_named(plain, chain), plain[rest:noun], noun
    if noun and noun - rest >= 2:
        return "thing", chain[0], plain[rest:noun], start
    return "named", _first_named(plain, chain), "", rest


def _cued(plain: str, at: int) -> bool:
    """Whether a verb of a claim stands here: the tagger takes some of them for nouns."""
    return any(cue.type in CLAIM_TYPES and cue.pattern.match(plain, at) for cue in cues("zh"))


def _first_named(plain: str, chain: list[Entity]) -> Entity:
    """Who acts, of the mentions that open a clause: a person, else a body, else the last place before a conjunction."""
    for labels in (PEOPLE, BODIES):
        for entity in chain:
            if entity.label in labels:
                return entity
    for a, b in pairwise(chain):
        if re.search(r"[和与及、]", plain[a.end : b.start]):
            return a
    return chain[-1]


def _titled(s: Sentence, start: int, end: int) -> Entity | None:
    """The person whose titles a clause begins with (德国新任总理某某)."""
    person = next((e for e in s.beginning(start + 1, min(end, start + 45)) if e.label in PEOPLE), None)
    if person is None or s.plain[person.start - 1] in "（(":
        return None
    if re.search(r"[和与、，]", s.plain[start : person.start]):
        return None
    before = s.tags.between(start, person.start)
    verbs = (t for t in before if t.tag in {"v", "p", "d"} and s.plain[t.start : t.end] not in _IN_TITLES)
    return None if any(verbs) else person


def _relative(s: Sentence, start: int, end: int) -> bool:
    """Whether what follows a name is a relative clause (…采取的措施), so that the name is not the subject."""
    tokens = s.tags.between(start, min(end, start + 16))
    return any(a.tag[:1] == "v" and s.plain[b.start : b.end] == "的" for a, b in pairwise(tokens[:5]))


def _first_noun(s: Sentence, start: int, end: int) -> int:
    """Where the nouns end that a clause begins with; 0 where it begins with none."""
    at = 0
    for token in s.tags.between(start, min(end, start + 40)):
        noun = token.tag in NAMES or token.tag in _NOUNS
        if noun:
            at = token.end
        elif token.tag not in _BEFORE_NOUNS and s.plain[token.start : token.end] not in _INSIDE:
            break
    return at
