"""Persons in Chinese: where their names are, and whether the text shows them in an office."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from annotators.rules.chinese_foreign import foreign_after
from annotators.rules.chinese_lexicon import body_endings, surnames, title_endings, titles, transliteration, words
from annotators.rules.chinese_places import known_label
from annotators.rules.chinese_words import Sentence, is_han, trim

Found = tuple[int, int, str]

_DOT = "·•・‧∙●"
_FOREIGN = re.compile(f"[一-鿿A-Z][一-鿿A-Za-z.]{{0,9}}(?:\\s?[{_DOT}]\\s?[一-鿿A-Z][一-鿿A-Za-z.]{{0,11}})+")
_LATIN_NAME = r"[A-ZÀ-Þ][\w'’.\-]*(?: (?:de|van|von|der|al|bin|al-[A-Z][\w'’\-]*|[A-ZÀ-Þ][\w'’.\-]*))+"
_IN_BRACKETS = re.compile(
    rf"\s?[（(]\s?(?:(?:Pope|King|Queen|Prince|Cardinal|President|Dr\.?) )?((?:(?<=Pope ))[A-ZÀ-Þ]\w+(?=\s?[)）])|{_LATIN_NAME})\s?[)）]"
)
_BYLINE = re.compile(
    r"(?:记者|通讯员|作者|编辑|摄影|报道员|文字整理|文|图|撰文|主笔|责编|主编|编译|参与记者|执笔)\s*[:：/]?\s*"
)
_SOMEBODY = re.compile("[一-鿿]某(?:某|[一-鿿](?=[、，（(涉案]))?(?![些个种一项年月日地])")
_NAME = "[一-鿿]{2,4}"


def is_chinese_name(surface: str) -> bool:
    """Whether `surface` can be a Chinese name in full: a surname and one or two characters (compound: up to four)."""
    if not all(is_han(char) for char in surface):
        return False
    if len(surface) in (3, 4) and surface[:2] in surnames():
        return True
    return len(surface) in (2, 3) and surface[0] in surnames()


def find_people(text: str, sentence: Sentence) -> list[Found]:
    """Names of persons in a sentence, all as PERSON."""
    found: list[Found] = []
    if not sentence:
        return found
    found += _foreign(text, sentence)
    found += _bylines(text, sentence)
    for i, token in enumerate(sentence):
        surface = text[token.start : token.end]
        if token.tag == "PER":
            start, end = trim(text, token.start, token.end)
            start = _skip_title(text, start, end)
            end = _before_title(text, start, end)
            if text[end - 1 : end + 1] == "王储" and end - start > 2:
                end -= 1
            end = _third_character(text, sentence, i, start, end)
            if (end - start >= 2 and plausible(text, sentence, i, text[start:end])) or (
                end - start == 1
                and text[start] in surnames()
                and (end < token.end or _next_in(text, sentence, i, "after_surname"))
            ):
                found.append((start, end, "PERSON"))
        elif surface in surnames() and _next_in(text, sentence, i, "after_surname") and token.tag != "v":
            following = text[sentence[i + 1].start : sentence[i + 1].end]
            end = sentence[i + 1].end if following in ("某", "某某") else token.end
            found.append((token.start, end, "PERSON"))
        elif surface[:1] in surnames() and surface[1:] in ("先生", "女士", "小姐", "太太", "某", "某某"):
            found.append((token.start, token.start + 1 if "某" not in surface else token.end, "PERSON"))
    found += _after_titles(text, sentence)
    for match in _RULER_NAMED.finditer(text, sentence[0].start, sentence[-1].end):
        if set(match.group(1)) <= transliteration():
            found.append((*match.span(1), "PERSON"))
    for match in _SOMEBODY.finditer(text, sentence[0].start, sentence[-1].end):
        if match.group()[0] in surnames():
            found.append((*match.span(), "PERSON"))
    return found


# A ruler whose title and name LAC takes for one word: 卡塔尔埃米尔林德.
_RULER_NAMED = re.compile(
    "(?:埃米尔|王储|酋长|苏丹国王)([一-鿿]{2,6}?)(?=[，。、和说在与对将会]|表示|强调|指出|举行|访问|抵达|出席)"
)


def _third_character(text: str, sentence: Sentence, i: int, start: int, end: int) -> int:
    """The end of a name of which LAC has cut the last character off: 武文|赏|为国家主席, 范明|正|总理."""
    if end - start != 2 or end != sentence[i].end or i + 2 >= len(sentence) or not is_chinese_name(text[start:end]):
        return end
    last, after = sentence[i + 1], sentence[i + 2]
    if last.end - last.start != 1 or not is_han(text[last.start]) or text[last.start] in _NO_NAME_END:
        return end
    following = text[after.start : after.end]
    if following in titles() and titles()[following] == "official":
        return last.end
    if following in words("titles", "speech") and last.tag in ("n", "nz", "PER", "a", "nr"):
        return last.end
    office = text[sentence[i + 3].start : sentence[i + 3].end] if i + 3 < len(sentence) else ""
    if following == "为" and title_endings().find(office, whole=True):
        return last.end
    if known_label(text[start : last.end]) in ("PERSON", "OFFICIAL"):
        return last.end
    if following in ("为", "担任", "出任", "就任") and last.tag not in ("v", "p", "c", "u", "d", "w", "r", "m"):
        return last.end
    return end


_NO_NAME_END = "的了和与及对在向是为将被也都就还已再又同等说称从到把任由以于原前副时新兼曾现即则并"


def _next_in(text: str, sentence: Sentence, i: int, key: str) -> bool:
    return i + 1 < len(sentence) and text[sentence[i + 1].start : sentence[i + 1].end] in words("titles", key)


def _skip_title(text: str, start: int, end: int) -> int:
    """Past a title at the start of what is tagged as a name (书记张三)."""
    for size in range(min(5, end - start - 2), 1, -1):
        if text[start : start + size] in titles():
            return start + size
    return start


def _before_title(text: str, start: int, end: int) -> int:
    """Before a title at the end of what is tagged as a name (张三总书记)."""
    title = title_endings().find(text[start:end])
    rest = end - start - len(title)
    return end - len(title) if len(title) > 1 and (rest > 1 or (rest == 1 and text[start] in surnames())) else end


_TWO_STATES = re.compile("两国|双边|边境|建交|两军")


def plausible(text: str, sentence: Sentence, i: int, name: str) -> bool:
    """Whether LAC's person is believed: Chinese or foreign in form, or in a person's context."""
    if known_label(name) in ("PLACE", "AGENCY", "FIRM", "ORG", "POLICY") or name in titles():
        return False
    token = sentence[i]
    # 越卫生 + 部长 (the health minister of 越), 于美伊 (between two countries), 奥密克 + 戎 (a virus).
    if len(name) < 4 and name[1:] + text[token.end : token.end + 1] in body_endings().values:
        return False
    if len(name) < 4 and (name in words("places", "one_character", "sides") or name[-2:] in _pairs()):
        return False
    if text.startswith(tuple(words("names", "not_people")), token.start):
        return False
    if re.fullmatch(r"[A-Za-z][\w .'’\-]*", name):
        return False
    if (
        len(name) == 2
        and set(name) <= words("places", "one_character", "countries")
        and _TWO_STATES.match(text, token.end)
    ):
        return False
    if name.endswith("裔") or (name.endswith("制") and len(name) == 3):
        return False
    if is_chinese_name(name) or any(dot in name for dot in _DOT):
        return True
    if all(char in transliteration() for char in name):
        return True
    previous = text[sentence[i - 1].start : sentence[i - 1].end] if i else ""
    return bool(title_endings().find(previous, whole=True)) or _next_in(text, sentence, i, "speech")


def _pairs() -> frozenset[str]:
    """Two countries of one character each."""
    return words("places", "one_character", "pairs")


def _foreign(text: str, sentence: Sentence) -> list[Found]:
    """Names with a dot: 奥托·林德. Words before the first part that belong to a title or a place are left out."""
    found = []
    starts = [token.start for token in sentence]
    ends = {token.end for token in sentence}
    tags = {token.start: token.tag for token in sentence}
    for match in _separate(text, sentence[0].start, sentence[-1].end):
        first_dot = re.search(f"[{_DOT}]", match.group())
        assert first_dot  # the pattern holds one
        dot = match.start() + first_dot.start()
        last_dot = match.start() + max(match.group().rfind(d) for d in _DOT)
        start = _left_edge(text, match.start(), dot, starts, tags)
        end = _right_edge(text, last_dot + 1, match.end(), ends, sentence)
        start, end = trim(text, start, _before_title(text, start, end))
        if text[end - 1] in "于和与以在对" and end - last_dot > 3:
            end -= 1
        # 新闻晚报·新闻网: two bodies, not a person.
        if end - start < 3 or start >= dot or re.search("[报网社台版频道]$", text[start:dot]):
            continue
        found.append((start, end, "PERSON"))
    return found


_AND = re.compile(f"[{_DOT}][一-鿿]{{1,9}}?(和|与|及|、|因对|对)[一-鿿]{{1,8}}\\s?[{_DOT}]")


def _separate(text: str, low: int, high: int) -> list[re.Match[str]]:
    """The stretches with dots, two names that a conjunction joins (奥托·林德和埃玛·霍尔) each by itself."""
    found: list[re.Match[str]] = []
    while match := _FOREIGN.search(text, low, high):
        end = match.end()
        if joint := _AND.search(text, match.start(), end):
            first = _FOREIGN.match(text, match.start(), joint.start(1))
            if first:
                found.append(first)
            low = joint.end(1)
            continue
        found.append(match)
        low = end
    return found


def _left_edge(text: str, low: int, dot: int, starts: Sequence[int], tags: dict[int, str]) -> int:
    edge = max((s for s in starts if low <= s < dot), default=low)
    if tags.get(edge) == "PER":
        return _skip_title(text, edge, dot)
    while edge > low:
        previous = max((s for s in starts if s < edge), default=-1)
        stretch = text[previous:edge]
        if previous < low or stretch in titles() or tags.get(previous) not in ("nz", "n", "PER", "m", "a", "LOC", "v"):
            break
        if not all(char in transliteration() for char in stretch) or (
            edge - previous > 1 and tags.get(previous) == "LOC"
        ):
            break
        edge = previous
    return edge


def _right_edge(text: str, low: int, high: int, ends: set[int], sentence: Sentence) -> int:
    """The end of the last part: the longest run of transliterating characters, ended at a word's end where one is."""
    end = low
    while end < high and (text[end] in transliteration() or not is_han(text[end])):
        end += 1
    if named := next((t for t in sentence if t.start == low and t.tag == "PER" and t.end <= high), None):
        return named.end
    at_words = [e for e in ends if low < e <= max(end, low + 1) and e <= high]
    return max(at_words, default=max(end, low + 1))


_SIGNED = re.compile(rf"({_NAME}|[一-鿿][ 　][一-鿿])(?=[ 　、，,；;）)\s/]|$|摄|报道)")
_BETWEEN_NAMES = re.compile(r"[ 　、，,/]+")
_WIRED = re.compile(rf"电\s*[（(]\s*({_NAME})\s*[）)]")
_PICTURED = re.compile(rf"(?:^|[\s（(：:　]|记者)({_NAME})[ 　/]?摄(?=[）)\s。]|$)")


def _bylines(text: str, sentence: Sentence) -> list[Found]:
    """记者 张三 李四, （记者张三）, 电（张三）, 张三 摄: names in the places where reporters sign."""
    found = []
    low, high = sentence[0].start, sentence[-1].end
    for match in _BYLINE.finditer(text, low, high):
        at = match.end()
        while (name := _SIGNED.match(text, at, high)) and (is_chinese_name(re.sub(r"\s", "", name.group(1)))):
            found.append((at, name.end(1), "PERSON"))
            gap = _BETWEEN_NAMES.match(text, name.end(), high)
            if not gap:
                break
            at = gap.end()
    for match in _WIRED.finditer(text, low, high):
        if is_chinese_name(match.group(1)):
            found.append((match.start(1), match.end(1), "PERSON"))
    for match in _PICTURED.finditer(text, low, high):
        if not match.group(1).startswith("记者"):
            found.append((match.start(1), match.end(1), "PERSON"))
    return found


def _after_titles(text: str, sentence: Sentence) -> list[Found]:
    """A name that LAC overlooks: between a title and a verb of speech or a comma, with a Chinese surname."""
    found = []
    for i, token in enumerate(sentence[:-1]):
        surface = text[token.start : token.end]
        if foreign := foreign_after(text, sentence, i):
            found.append(foreign)
            continue
        if surface not in titles() or sentence[i + 1].tag in ("PER", "w", "ORG", "TIME", "m", "r", "p"):
            continue
        if sentence[i + 1].tag == "LOC" and known_label(text[sentence[i + 1].start : sentence[i + 1].end]):
            continue
        for j in (i + 1, i + 2, i + 3):
            if j >= len(sentence):
                break
            end = sentence[j].end
            name = text[token.end : end]
            after = text[sentence[j + 1].start : sentence[j + 1].end] if j + 1 < len(sentence) else "。"
            if len(name) > 3 or not name:
                break
            if (
                is_chinese_name(name)
                and after in words("titles", "speech")
                and name not in titles()
                and name[0] != "表"
            ):
                found.append((token.end, end, "PERSON"))
                break
    return found


@dataclass(frozen=True, slots=True)
class Cue:
    """What the words beside a name say of its bearer: "official", "other" or "by_body" (a body must decide)."""

    kind: str
    start: int


@cache
def _qualifier() -> re.Pattern[str]:
    alternatives = "|".join(sorted(map(re.escape, words("titles", "qualifiers")), key=len, reverse=True))
    return re.compile(f"(?:{alternatives}|[\\s、，])$")


def cues_before(text: str, start: int, low: int) -> list[Cue]:
    """The titles that end right before `start`, the nearest first: 省委书记、省长 before a name are two."""
    cues: list[Cue] = []
    at = start
    while at > low and len(cues) < 4:
        window = text[max(low, at - 10) : at]
        if title := title_endings().find(window, whole=True):
            at -= len(title)
            cues.append(Cue(titles()[title], at))
            continue
        if (match := _qualifier().search(window)) and (cues or match.group().strip("、， ") != ""):
            at -= match.end() - match.start()
            continue
        if not cues and window.endswith((" ", "　")):
            at -= 1
            continue
        break
    return cues


def cue_after(text: str, end: int) -> Cue | None:
    """A title right after a name: 拜登总统. 记者 and the like begin a new phrase there and say nothing."""
    for size in range(6, 1, -1):
        word = text[end : end + size]
        if (
            len(word) == size
            and titles().get(word) in ("official", "other")
            and word not in words("titles", "rules", "beginners")
        ):
            return Cue(titles()[word], end)
    return None


_TAKES_OFFICE = re.compile("[^，。；\n]{0,3}?(?:担任|成为|出任|就任|当选|连任|接任|任)([^，。；\n]{1,16})")


_IS_MADE = re.compile("(?:为|当|做)([^，。；\n]{1,10})")
_APPOINTS = re.compile("(?:任命|委任|提名|推选|选举|选)[^，。；\n]{2,14}$")


def takes_office(text: str, end: int) -> bool:
    """Whether the words after a name say that its bearer holds an office: X担任德国总理."""
    at = re.compile(r"\s?[（(][^（）()]{1,30}[）)]\s?").match(text, end)
    after = at.end() if at else end
    match = _TAKES_OFFICE.match(text, after) or (
        _IS_MADE.match(text, after) if _APPOINTS.search(text[max(0, end - 20) : end]) else None
    )
    if not match:
        return False
    return any(len(title) > 1 and kind == "official" and title in match.group(1) for title, kind in titles().items())


def aliases(text: str, end: int) -> tuple[int, int] | None:
    """The Latin spelling in brackets after a name that ends at `end`: 奥托·林德 (Otto Lind)."""
    match = _IN_BRACKETS.match(text, end)
    return match.span(1) if match else None


def find_latin(text: str, low: int, high: int) -> list[Found]:
    """Latin names beside Chinese titles and verbs of speech."""
    found = []
    for match in re.compile(_LATIN_NAME).finditer(text, low, high):
        if re.search(r"据\s?$", text[max(low, match.start() - 3) : match.start()]) or match.group().startswith("The "):
            continue
        before = text[max(low, match.start() - 8) : match.start()].rstrip()
        after = text[match.end() : match.end() + 4].strip()
        if title_endings().find(before, whole=True) or any(after.startswith(v) for v in words("titles", "speech")):
            found.append((match.start(), match.end(), "PERSON"))
    return found
