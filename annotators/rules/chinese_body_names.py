"""What a stretch of Chinese that looks like a body is: its label by its ending, and what of it is the name."""

from __future__ import annotations

import re
from functools import cache, lru_cache

from annotators.rules.chinese_glued import unglued
from annotators.rules.chinese_known import side_by_side
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
from annotators.rules.chinese_words import words_of_name
from annotators.rules.media import medium_spans, platforms

Found = tuple[int, int, str]


@cache
def weak_endings() -> Words:
    """Endings that are common nouns as often as parts of names."""
    return words("bodies", "weak", "words")


def body_label(name: str) -> str:
    """What a body of that name is (AGENCY, FIRM, ORG), PLACE where the name ends as places do, else "".

    >>> body_label("江西省财政厅"), body_label("智利理工大学"), body_label("某某证券有限公司")
    ('AGENCY', 'ORG', 'FIRM')
    """
    if label := bodies_alone().get(name) or known_label(name):
        return label
    ending = body_endings().find(name)
    if not ending and name in body_endings().values and name not in weak_endings():
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


def starts_with_country(name: str) -> str:
    """The country that a name begins with, "" where it begins with none."""
    return next((name[:n] for n in range(7, 1, -1) if name[:n] in words("places", "provinces", "countries")), "")


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
        or surface in weak_endings()
        or surface in words("bodies", "stops", "words")
    ):
        return []
    for size in range(2, min(6, len(surface) - 2)):
        # 深圳市委书记, which LAC takes for one body: the organ is marked, the title is not.
        if surface[-size:] in title_endings().values and body_label(surface[:-size]) == "AGENCY":
            return bodies_of(text, start, end - size, joined=joined)
    if cut := side_by_side(surface):
        return [(start, start + cut, "AGENCY"), *bodies_of(text, start + cut, end, joined=joined)]
    if surface in platforms() and (start, end) in medium_spans(text, "zh"):
        return []
    if (special := unglued(text, start, end, bodies_of, body_label)) is not None:
        return special
    country = starts_with_country(surface)
    if country and (match := _GENERIC_WITHIN.match(surface[len(country) :])):
        inner = start + len(country) + match.end()
        return [(start, start + len(country), "PLACE"), *bodies_of(text, inner, end, joined=joined)]
    if _kind_only().fullmatch(surface):
        return []
    if surface.endswith("股份") and len(surface) > 3 and _DEALT.search(text, max(0, start - 4), start):
        return [(start, end - 2, "FIRM")]
    if _BUREAU_OF_WORKS.fullmatch(surface):
        return [(start, end, "FIRM")]
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
        return (
            [(start, end, "FIRM")] if not joined and not cut and is_brand(surface) and not _is_activity(surface) else []
        )
    if label == "PLACE":
        end = start + len(without_direction(surface))
        return [(start, end, "PLACE")] if end - start > 1 else []
    if country and country != "中国" and _own_name(surface[len(country) :], label):
        return [(start, start + len(country), "PLACE"), (start + len(country), end, label)]
    if country and country != "中国" and label == "AGENCY" and _FOREIGN_LEVEL.match(surface, len(country)):
        # 马来西亚 + 槟城州教育局: the state is a level of its own.
        return [(start, start + len(country), "PLACE"), (start + len(country), end, label)]
    if ending in weak_endings() and (
        len(ending) == len(surface)
        or surface[: -len(ending)] in words("trades", "words") | words("bodies", "stops", "words")
    ):
        return []
    return split_body(text, start, end)


def _is_activity(surface: str) -> bool:
    """Whether common words with an activity or people at the end were taken for a body: 大学生创业."""
    return surface.endswith(tuple(words("bodies", "activities", "words"))) and len(surface) > 3


# 省委, 市教委 carry no name; 市场监管总局 and 县域 do not begin with a level.
_NAMELESS = re.compile(
    "(?:省|市(?!场)|县(?!域)|区(?!域)|镇|乡(?!村)|州|村|自治区)(?!.*(?:大学|学院|公司|医院))[^省市县]{1,10}$"
)


def _abroad(surface: str) -> bool:
    """Whether a name begins with a place, so that its first character is no stray one (白俄罗斯政府)."""
    return bool(known_label(surface)) or any(known_place(surface[:size]) for size in range(2, 7))


_FOREIGN_LEVEL = re.compile("[一-鿿]{2,6}?[州省郡市县邦](?!场|民|政)(?=[一-鿿]{2})")


@cache
def _kind_only() -> re.Pattern[str]:
    """What says of what kind a firm is, and names none: 廉价航空公司."""
    trades = "|".join(sorted(words("bodies", "introduced", "trades"), key=len, reverse=True))
    return re.compile(
        f"(?:廉价|低价|低成本|国营|国有|民营|私营|外资|合资|大型|小型|上市|初创|本土|跨国|地方|区域)(?:{trades}){{0,2}}(?:公司|企业|集团|银行)"
    )


# 增持某某股份: the shares of a firm.
_DEALT = re.compile("(?:增持|减持|持有|出售|收购|抛售|买入|购入|转让|认购|购买)了?$")
# 中铁十四局: the builders of the railways are firms by now.
_BUREAU_OF_WORKS = re.compile(
    "(?:中国)?(?:中铁|中建|中交|中冶|中水|水电|铁建|中电建|中铁建|铁)[一二三四五六七八九十]{1,3}局(?:集团)?(?:有限公司)?"
)
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
    if country := starts_with_country(name):
        rest = name[len(country) :]
        if rest in not_names:
            return [(start, start + len(country), "PLACE")]
    elif name not in countries and len(name) >= 3 and _abroad_person(name):
        return [(start, start + len(name), "PERSON")]
    return split_body(text, start, end)


def _abroad_person(name: str) -> bool:
    """Whether a transliterated name before 政府 is nobody's country: then it is the head of that government."""
    return all(char in transliteration() for char in name) and not known_place(name)


def is_brand(surface: str) -> bool:
    """Whether a body without a known ending may be a firm's brand: no common word of the dictionary, not too long."""
    from annotators import light

    return _is_brand(surface, light.is_on())


@lru_cache(maxsize=65536)
def _is_brand(surface: str, _light: bool) -> bool:
    # How words are cut depends on `annotators.light`: what was found in one way does not hold in the other.
    if not 2 <= len(surface) <= 8 or surface in words("bodies", "stops", "words"):
        return False
    tokens = words_of_name(surface)
    if any(token.tag in ("p", "c", "u", "uj", "r", "d", "m", "w", "x") for token in tokens):
        return False
    if surface.isascii() and not surface[0].isupper():
        return False
    common = ("n", "v", "vn", "a", "ad", "b", "f", "s", "t", "l", "i")
    if len(tokens) > 1 and all(token.tag in common and token.end - token.start > 1 for token in tokens):
        # 完美世界 may be a brand, 简政减税 is what somebody does.
        return not any(token.tag in ("v", "vn", "ad") for token in tokens)
    return len(tokens) > 1 or tokens[0].tag in ("nt", "nz", "nr", "nrt", "nrfg", "ns", "eng")
