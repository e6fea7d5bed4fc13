"""Bodies in Chinese: organs (AGENCY), firms and other organisations, by how their names end and what stands before."""

from __future__ import annotations

import re
from functools import cache

from annotators.rules.chinese_glued import unglued
from annotators.rules.chinese_lexicon import (
    Words,
    bodies_alone,
    body_endings,
    place_endings,
    title_endings,
    transliteration,
    words,
)
from annotators.rules.chinese_places import known_label, known_place, without_direction
from annotators.rules.chinese_standing import of_states, standing_alone
from annotators.rules.chinese_words import Sentence, trim

Found = tuple[int, int, str]

# Parts of speech that words inside a name have.
_MATERIAL = frozenset({"n", "vn", "nz", "nw", "a", "an", "j", "s", "b", "LOC", "ORG", "PER", "ad"})


@cache
def _weak() -> Words:
    return words("bodies", "weak", "words")


def body_label(name: str) -> str:
    """What a body of that name is (AGENCY, FIRM, ORG), PLACE where the name ends as places do, else "".

    >>> body_label("江西省财政厅"), body_label("智利理工大学"), body_label("某某证券有限公司")
    ('AGENCY', 'ORG', 'FIRM')
    """
    if label := bodies_alone().get(name) or known_label(name):
        return label
    ending = body_endings().find(name)
    if not ending and name in body_endings().values and name not in _weak():
        ending = name
    place = "" if name.endswith("部门") else place_endings().find(name)
    if len(place) == 1 and len(name) < 3:
        place = ""
    if ending and len(ending) >= len(place):
        return body_endings().values[ending]
    return "PLACE" if place else ""


def split_body(text: str, start: int, end: int) -> list[Found]:
    """A body with the address levels before it split off: 湖北省宜昌市夷陵区教育局 → 湖北省, 宜昌市, 夷陵区教育局.

    The last level belongs to the body.
    """
    label = body_label(text[start:end])
    if not label or label == "PLACE" or (label != "AGENCY" and end - start < 8):
        return [(start, end, label or "FIRM")]
    levels = _leading_levels(text, start, end)
    if len(levels) < 2:
        return [(start, end, label)]
    return [(s, e, "PLACE") for s, e in levels[:-1]] + [(levels[-1][0], end, label)]


def _leading_levels(text: str, start: int, end: int) -> list[tuple[int, int]]:
    from annotators.rules.chinese_places import _levels

    levels: list[tuple[int, int]] = []
    at = start
    countries = words("places", "provinces", "countries")
    while match := _levels().match(text, at, end):
        piece = match.group()
        if len(piece) < 2 or piece in countries or end - match.end() < 1:
            break
        if levels and not _is_level(piece):
            break
        levels.append((at, match.end()))
        at = match.end()
    return levels


_LEVEL_NAME = re.compile(r"[一-鿿]{1,8}(?:新区|自治州|自治县|自治旗|省|市|州|盟|县|区|旗|镇|乡|街道|村)$")
_NO_LEVEL = re.compile(
    r"(?:监督|管理|人民|农业|财政|教育|发展|改革|卫生|文化|公安|经济|环境|城市|社区|军区|地区|特区|开发区|商务|交通|水利|民政|科学|工业|住房|城乡|农村|乡村)"
)


def _is_level(piece: str) -> bool:
    return bool(_LEVEL_NAME.match(piece)) and not _NO_LEVEL.search(piece)


def find_bodies(text: str, sentence: Sentence) -> list[Found]:
    """The bodies of a sentence: those of the list, those that LAC names, and those that a name and an ending make."""
    found = standing_alone(text, sentence) + of_states(text, sentence)
    anchors = words("bodies", "anchors", "words")
    i = 0
    while i < len(sentence):
        token = sentence[i]
        surface = text[token.start : token.end]
        is_anchor = (
            token.tag in ("LOC", "ORG") or surface in anchors or surface in bodies_alone() or _has_level(surface)
        )
        if token.tag == "nz" and i + 1 < len(sentence):
            after = sentence[i + 1]
            if text[after.start : after.end] in words("bodies", "rules", "after_proper_noun") and _may_name(
                text, sentence, i
            ):
                found.append(
                    (
                        _widened(text, sentence, i, token.start, after.end),
                        after.end,
                        body_label(text[token.start : after.end]),
                    )
                )
        if token.tag == "nz" and _named_by_ending(surface):
            found.append((token.start, token.end, body_label(surface)))
        if not is_anchor or surface in words("bodies", "stops", "words"):
            i += 1
            continue
        reach, j = _reach(text, sentence, i)
        start, end = trim(text, token.start, max(reach, token.end))
        if re.match(" [A-Za-z]", text[end : end + 2]) and text[start:end].isascii():
            i += 1
            continue
        if end - start > 1 and (
            reach > token.end
            or token.tag == "ORG"
            or (surface not in anchors and body_label(surface) in ("AGENCY", "ORG"))
        ):
            start = _widened(text, sentence, i, start, end)
            found += bodies_of(text, start, end, joined=reach > token.end, reporter=text.startswith("记者", end))
        i = max(j, i) + 1 if reach > token.end else i + 1
    return found


def _may_name(text: str, sentence: Sentence, i: int) -> bool:
    """Whether a proper noun and a word of business make a firm, and not a modifier of what follows (北斗科技 + 产业)."""
    if sentence[i].end - sentence[i].start < 2:
        return False
    if text[sentence[i + 1].start : sentence[i + 1].end] not in _weak():
        return True
    following = sentence[i + 2] if i + 2 < len(sentence) else None
    return is_brand(text[sentence[i].start : sentence[i].end]) and not (
        following and following.tag in ("n", "vn", "s", "f")
    )


def _named_by_ending(surface: str) -> bool:
    """Whether a proper noun that LAC leaves open is a body by its ending: 某某咖啡, 某某观察网."""
    ending = body_endings().find(surface)
    name = surface[: len(surface) - len(ending)]
    if not ending or len(name) < 2 or (len(ending) == 1 and ending not in "网报社"):
        return False
    return ending not in _weak() or body_endings().values[ending] == "ORG" or is_brand(name)


_EDITION = re.compile("第[一二三四五六七八九十百0-9]{1,3}届$")
_OF_EVENT = re.compile("[^，。、]{0,6}(?:会|展|节|赛)")
_HYPHEN = re.compile("[－—–-]$")


def _widened(text: str, sentence: Sentence, i: int, start: int, end: int) -> int:
    """Where the name really begins: 驻 + 广州总领事馆, 第五届 + 茶博会志愿者联盟, 秘鲁－ + 中国文化协会."""
    if i == 0:
        return start
    previous = sentence[i - 1]
    before = text[previous.start : previous.end]
    if text[end - 2 : end] in ("使馆", "事馆") and before == "驻":
        return previous.start
    edition = _EDITION.search(text, max(sentence[0].start, start - 6), start)
    if edition and _OF_EVENT.match(text[start : min(end, start + 7)]):
        return edition.start()
    if _HYPHEN.match(before) and i > 1 and sentence[i - 2].tag == "LOC" and _starts_with_country(text[start:end]):
        return sentence[i - 2].start
    return start


def _starts_with_country(name: str) -> str:
    return next((name[:n] for n in range(7, 1, -1) if name[:n] in words("places", "provinces", "countries")), "")


def _has_level(surface: str) -> bool:
    generic = words("places", "endings", "generic")
    return len(surface) > 2 and surface[-1] in "省市县区镇乡村" and surface not in generic


_GENERIC_WITHIN = re.compile("(?:智库|媒体|企业|公司|机构|学者|专家|民众|官方|当地|著名|知名|非政府组织)(?=.{4,})")


def bodies_of(text: str, start: int, end: int, *, joined: bool = False, reporter: bool = False) -> list[Found]:
    """What a stretch that was taken for a body holds: the body, and the places that are no part of its name.

    `joined` says that the rules found its ending themselves, `reporter` that 记者 follows, so that it is a medium.
    """
    surface = text[start:end]
    countries = words("places", "provinces", "countries")
    if surface in countries or surface in words("places", "provinces", "short"):
        return [(start, end, "PLACE")]
    if (
        surface in words("places", "endings", "generic")
        or surface in _weak()
        or surface in words("bodies", "stops", "words")
    ):
        return []
    for size in range(2, min(6, len(surface) - 2)):
        # 深圳市委书记, which LAC takes for one body: the organ is marked, the title is not.
        if surface[-size:] in title_endings().values and body_label(surface[:-size]) == "AGENCY":
            return bodies_of(text, start, end - size, joined=joined)
    if (special := unglued(text, start, end, bodies_of, body_label)) is not None:
        return special
    country = _starts_with_country(surface)
    if country and (match := _GENERIC_WITHIN.match(surface[len(country) :])):
        inner = start + len(country) + match.end()
        return [(start, start + len(country), "PLACE"), *bodies_of(text, inner, end, joined=joined)]
    if surface.startswith("新时代"):
        return bodies_of(text, start + 3, end, joined=joined) if end - start > 4 else []
    if _ANY_SUCH.search(surface):
        return []
    if surface[0] in "前原" and len(surface) > 3 and (known_label(surface[1:]) or body_label(surface[1:])):
        return bodies_of(text, start + 1, end, joined=joined)
    if known_place(surface):
        return [(start, end, "PLACE")]
    if surface.endswith(tuple(words("bodies", "rules", "other_things"))) or _NAMELESS.match(surface):
        return []
    label = body_label(surface)
    ending = body_endings().find(surface)
    # 明 + 特区政府: a stray character before a body that stands alone.
    if len(surface) > 4 and surface[1:] in bodies_alone():
        return [(start + 1, end, bodies_alone()[surface[1:]])]
    if len(surface) > 4 and known_label(surface[1:]) in ("AGENCY", "FIRM", "ORG") and not _abroad(surface):
        return [(start + 1, end, known_label(surface[1:]))]
    if surface.endswith("政府"):
        return _government(text, start, end)
    if (
        label == "FIRM"
        and ending == "公司"
        and (held := next((c for c in countries if surface.endswith(c + "公司")), ""))
    ):
        return [(end - 2 - len(held), end - 2, "PLACE")]
    if reporter and (not label or label == "FIRM"):
        return [(start, end, "ORG")]
    if label == "PLACE" and not joined:
        return [(start, end, "PLACE")]
    if not label:
        cut = any(known_place(surface[:size]) or surface[size - 1] in "州省市县" for size in range(2, len(surface)))
        return [(start, end, "FIRM")] if not joined and not cut and is_brand(surface) else []
    if label == "PLACE":
        end = start + len(without_direction(surface))
        return [(start, end, "PLACE")] if end - start > 1 else []
    if country and country != "中国" and _own_name(surface[len(country) :], label):
        return [(start, start + len(country), "PLACE"), (start + len(country), end, label)]
    if ending in _weak() and (
        len(ending) == len(surface)
        or surface[: -len(ending)] in words("trades", "words") | words("bodies", "stops", "words")
    ):
        return []
    return split_body(text, start, end)


# 省委, 市教委 carry no name; 市场监管总局 and 县域 do not begin with a level.
_NAMELESS = re.compile(
    "(?:省|市(?!场)|县(?!域)|区(?!域)|镇|乡(?!村)|州|村|自治区)(?!.*(?:大学|学院|公司|医院))[^省市县]{1,10}$"
)


def _abroad(surface: str) -> bool:
    """Whether a name begins with a place, so that its first character is no stray one (白俄罗斯政府)."""
    return bool(known_label(surface)) or any(known_place(surface[:size]) for size in range(2, 7))


# 世界一流大学, 国家重点实验室: any one of several.
_ANY_SUCH = re.compile("^(?:世界|国家|全国|中国|国际)?(?:一流|重点|高水平|顶尖|知名|著名|优秀|普通)[^的]{2,4}$")


def _own_name(rest: str, label: str) -> bool:
    """Whether the body's name is whole without the country before it: 美国 + 陶氏化学, 美国 + 哈佛大学."""
    ending = body_endings().find(rest)
    name = rest[: len(rest) - len(ending)]
    if label == "FIRM":
        return len(name) >= 2 and is_brand(name) and len(rest) >= 3
    return label == "ORG" and len(name) >= 2 and all(char in transliteration() for char in name)


def _government(text: str, start: int, end: int) -> list[Found]:
    """特区政府, 美国政府 are bodies; of 林德政府 and 德国新政府 only the name before is marked, if there is one."""
    name = text[start : end - 2].removesuffix("人民")
    countries = words("places", "provinces", "countries")
    not_names = words("bodies", "government", "not_names")
    if not name or name in not_names:
        return []
    if country := _starts_with_country(name):
        rest = name[len(country) :]
        if rest in not_names:
            return [(start, start + len(country), "PLACE")]
    elif name not in countries and len(name) >= 3 and _abroad_person(name):
        return [(start, start + len(name), "PERSON")]
    return split_body(text, start, end)


def _abroad_person(name: str) -> bool:
    """Whether a transliterated name before 政府 is nobody's country: then it is the head of that government."""
    return all(char in transliteration() for char in name) and not known_place(name)


@cache
def is_brand(surface: str) -> bool:
    """Whether a body without a known ending may be a firm's brand: no common word of the dictionary, not too long."""
    if not 2 <= len(surface) <= 8 or surface in words("bodies", "stops", "words"):
        return False
    from annotators import light
    from corpus.chinese import tagged

    tokens = light.chinese_words(surface, [(0, len(surface))])[0] if light.is_on() else tagged(surface)
    if any(token.tag in ("p", "c", "u", "uj", "r", "d", "m", "w", "x") for token in tokens):
        return False
    if surface.isascii() and not surface[0].isupper():
        return False
    common = ("n", "v", "vn", "a", "ad", "b", "f", "s", "t", "l", "i")
    if len(tokens) > 1 and all(token.tag in common and token.end - token.start > 1 for token in tokens):
        # 完美世界 may be a brand, 简政减税 is what somebody does.
        return not any(token.tag in ("v", "vn", "ad") for token in tokens)
    return len(tokens) > 1 or tokens[0].tag in ("nt", "nz", "nr", "nrt", "nrfg", "ns", "eng")


def _reach(text: str, sentence: Sentence, i: int) -> tuple[int, int]:
    """Where the name ends that begins with word `i`, and with which word: itself, when no ending follows."""
    first = sentence[i]
    reach, last = first.end, i
    stops = words("bodies", "stops", "words")
    names = 0
    for j in range(i + 1, min(i + 9, len(sentence))):
        token = sentence[j]
        surface = text[token.start : token.end]
        if surface in words("bodies", "rules", "links") and token.tag in ("c", "p"):
            if j - i < 2 or last == j - 1:
                break
            continue
        if size := _organ_in_title(surface, text[first.start : token.start]):
            return token.start + size, j
        if surface in stops or (surface in title_endings().values and surface not in body_endings().values):
            break
        numbered = token.tag == "m" and surface.startswith("第")
        if (
            token.tag not in _MATERIAL
            and surface not in words("bodies", "rules", "verbs_within")
            and not numbered
            and not (len(surface) == 1 and surface in "省市县区")
        ):
            break
        if token.tag == "LOC" and first.tag == "LOC" and not _is_abroad(text, sentence, i, j):
            break
        names += token.tag in ("ORG", "PER", "nz", "LOC")
        stretch = text[sentence[i].end : token.end]
        ending = body_endings().find(stretch, whole=True)
        if surface in words("bodies", "not_bodies", "words") and len(ending) == 1:
            continue
        if not ending or not _on_boundary(sentence, i + 1, j, token.end - len(ending)):
            continue
        if _makes_name(text[first.start : first.end], first.tag, stretch, ending, names):
            reach, last = token.end, j
    return reach, last


def _organ_in_title(word: str, before: str) -> int:
    """How much of a title is the organ: 省委 of 省委书记 after 浙江, 委 of 委书记 after 杭州市; 0 for other words."""
    for size in range(len(word) - 2, 0, -1):
        if word[size:] in title_endings().values:
            organ = word[:size]
            if body_endings().values.get(organ) == "AGENCY" or (organ == "委" and before[-1:] in "省市县区州镇乡"):
                return size
    return 0


def _is_abroad(text: str, sentence: Sentence, i: int, j: int) -> bool:
    """美国驻广州总领事馆, 法国非洲事务研究所: a second place that belongs to the name."""
    between = text[sentence[i].end : sentence[j].start]
    country = text[sentence[i].start : sentence[i].end] in words("places", "provinces", "countries")
    return country and between in ("驻", "", "常驻")


def _on_boundary(sentence: Sentence, first: int, last: int, at: int) -> bool:
    """Whether offset `at` begins a word, or lies inside the last one."""
    return at >= sentence[last].start or any(token.start == at for token in sentence[first:last])


def _makes_name(first: str, tag: str, stretch: str, ending: str, names: int) -> bool:
    """Whether first word and stretch make a name, by what the ending is and how much stands before it."""
    label = body_endings().values[ending]
    bare = stretch == ending
    if len(ending) == 1 and not (label == "AGENCY" and (tag == "ORG" or len(stretch) > 2)):
        return False
    if tag == "ORG":
        # 云洲电池, but 比亚迪 + 自产电池: a firm that is known is whole without a word of its trade.
        if not bare and label == "FIRM" and ending in _weak() and known_label(first) == "FIRM":
            return False
        return not (bare and ending in _weak() and label == "FIRM")
    if label == "AGENCY":
        return not (bare and ending in words("bodies", "rules", "place_is_no_name") and tag != "LOC")
    if tag != "LOC" and first in ("世界", "全球", "国际", "全国", "第一", "第二", "第三", "欧洲", "亚洲", "非洲"):
        return label == "ORG" and not bare
    if bare:
        return ending in words("bodies", "rules", "place_is_name") or (ending not in _weak() and label == "ORG")
    if label == "ORG":
        return len(ending) > 1
    return names > 0 or ending in words("bodies", "rules", "firm_sure")
