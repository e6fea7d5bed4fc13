"""What LAC takes for one body and is several things: a body with its bearer, with a preposition, or no name at all."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

from annotators.rules.chinese_lexicon import bodies_alone, title_endings, transliteration, words
from annotators.rules.chinese_people import is_chinese_name
from annotators.rules.chinese_places import known_label, known_place

Found = tuple[int, int, str]
BodiesOf = Callable[[str, int, int], list[Found]]

_KIND = re.compile(
    "(?:中职|高职|中小|职业|民办|公办|公立|私立|普通|高等|中等|技工)?(?:中小学|中职学校|高职院校|中小学校|职业学校|高等院校|高等学校|公立医院|民办学校|公办学校|技工学校)$"
)


_PEOPLE_OF = re.compile(
    "(?:大|中|小)?(?:学生|研究生|毕业生|农民工|农民|牧民|渔民|村民|居民|市民|企业家|志愿者|医生|教师)(?:合作社)?$"
)


@cache
def _of_kind() -> re.Pattern[str]:
    trades = "|".join(sorted(words("bodies", "introduced", "trades"), key=len, reverse=True))
    kinds = "|".join(sorted(words("bodies", "introduced", "kinds"), key=len, reverse=True))
    return re.compile(
        f"(?P<place>[一-鿿]{{2,5}}?)(?:(?:{trades})(?:企业|公司|集团)|{kinds})(?P<rest>(?!有限|股份|集团)[一-鿿]+)"
    )


_RULING = re.compile(
    "(?P<before>[一-鿿]{0,6})(?:主要)?(?:执政党|反对党|在野党|最大政党|极右翼政党|左翼政党|右翼政党)(?=[一-鿿]{2,}(?:党|盟|阵线|运动))"
)
_MEMBERS = ("参议员", "众议员", "州长", "议员", "州务卿", "籍")

_ANY_PARTY = frozenset(
    [
        "执政党",
        "反对党",
        "在野党",
        "政党",
        "各党",
        "两党",
        "多党",
        "朝野政党",
        "主要政党",
        "右翼政党",
        "左翼政党",
        "极右翼政党",
    ]
)


def unglued(
    text: str, start: int, end: int, bodies_of: BodiesOf, body_label: Callable[[str], str]
) -> list[Found] | None:
    """What LAC takes for one body and is something else, None for all other stretches."""
    surface = text[start:end]
    if people := _PEOPLE_OF.search(surface):
        # 广西 + 大学生: people of a place are no body.
        place = surface[: people.start()]
        return [(start, start + len(place), "PLACE")] if known_place(place) else []
    if (party := surface.find("共和党" if "共和党" in surface else "民主党")) > 1 and text.startswith(_MEMBERS, end):
        # 林德州 + 共和党参议员: the state is a name of its own.
        return (
            [*bodies_of(text, start, start + party), (start + party, end, "AGENCY")]
            if surface[party - 1] == "州"
            else None
        )
    if kind := _of_kind().match(surface):
        # 河北 + 钢铁企业 + its name.
        place, own = kind.group("place"), start + kind.start("rest")
        if known_place(place) and len(surface) - kind.start("rest") > 2:
            return [(start, start + len(place), "PLACE"), (own, end, "FIRM")]
    if ruling := _RULING.match(surface):
        # 波兰 + 执政党 + its name.
        before = ruling.group("before")
        named: list[Found] = [(start + ruling.end(), end, "AGENCY")]
        return [(start, start + len(before), "PLACE"), *named] if known_place(before) else named if not before else None
    if surface.endswith("党州") and text.startswith("长", end):
        return [(start, end - 1, "AGENCY")]
    if surface.endswith("裔"):
        # 美 + 亚裔: the descent is nobody's name.
        pair = len(surface) > 2 and surface[0] in words("places", "one_character", "countries")
        return (
            [(start, start + 1, "PLACE")]
            if pair and surface[1:] in ("亚裔", "非裔", "华裔", "拉丁裔", "拉美裔")
            else []
        )
    if surface in _ANY_PARTY:
        return []
    if joint := re.search("(?<=[一-鿿]{2})[对向与在和](?=[一-鿿]{3})", surface):
        rest = surface[joint.end() :]
        if (bodies_alone().get(rest) or known_label(rest)) in ("AGENCY", "ORG", "FIRM"):
            before = surface[: joint.start()]
            person = (
                [(start, start + joint.start(), "PERSON")]
                if set(before) <= transliteration() and not known_label(before)
                else []
            )
            return [*person, (start + joint.end(), end, bodies_alone().get(rest) or known_label(rest))]
    if surface.endswith("党") and text[end : end + 1] == "人" and text[end : end + 2] != "人民":
        return []
    if surface.endswith("代表团") and bodies_alone().get(surface[:-3]) == "AGENCY":
        return [(start, end - 3, "AGENCY")]
    if surface.endswith("母公司") and len(surface) > 4:
        return bodies_of(text, start, end - 3)
    if re.match("联合国(?:代表团|专家|官员|特使|机构|代表)$", surface):
        return [(start, start + 3, "AGENCY")]
    kind = _KIND.search(surface)
    if kind and known_place(surface[: kind.start()]):
        return [(start, start + kind.start(), "PLACE")]
    return _with_bearer(text, start, end, bodies_of, body_label) or None


def _with_bearer(text: str, start: int, end: int, bodies_of: BodiesOf, body_label: Callable[[str], str]) -> list[Found]:
    """A body, a title and a name that LAC takes for one body: 国民党立委林德山."""
    for size in (3, 2, 4):
        name = text[end - size : end]
        title = title_endings().find(text[start : end - size])
        body = text[start : end - size - len(title)]
        if len(title) > 1 and len(body) > 2 and is_chinese_name(name) and body_label(body) in ("AGENCY", "ORG", "FIRM"):
            return [*bodies_of(text, start, start + len(body)), (end - size, end, "PERSON")]
    return []
