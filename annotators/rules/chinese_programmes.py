"""Programmes in Chinese that stand without 《》 or quotation marks: what is carried out or issued under a name of its own
(实施雨露计划, 出台人才安居十条), and slogans of two counts that are carried out (推行“一户一策”)."""

from __future__ import annotations

import re
from functools import cache

from annotators.rules.chinese_lexicon import table, words

Found = tuple[int, int, str]


def find_programmes(text: str, low: int, high: int) -> list[Found]:
    """Programmes by the verb before and the head at their end.

    >>> text = "县里启动实施银龄教师支持计划，公布了投资计划。"
    >>> [text[s:e] for s, e, _ in find_programmes(text, 0, len(text))]
    ['银龄教师支持计划']
    """
    found: list[Found] = []
    for pattern in _carried_out():
        for match in pattern.finditer(text, low, high):
            start, end = match.span("name")
            name, head = match.group("name"), match.group("head")
            if (
                re.match("自(?![然由主动治贸救])|[从在由按据]", name)
                or re.match("一项|多项|一系列|一个|两项|三项|几项|各项", name)
                or _verb_within().search(name[2 : len(name) - len(head)])
            ):
                continue
            if (cut := _BEGINNING.match(name)) and head != "法":
                start += cut.end()
                name = name[cut.end() :]
            if _names(name[: len(name) - len(head)], head):
                found.append((start, end, "POLICY"))
    for match in _ONE_FOR_ONE.finditer(text, low, high):
        found.append((*match.span("name"), "POLICY"))
    return found


# Words between the verb and the name that are no part of it.
_BEGINNING = re.compile(
    "(?:了|新的|新一轮|首个|第[一二三四五六七八九十]{1,2}[轮批期个]|新版|修订后的|国家|全省|全市|全县|全国|省级|市级|"
    "(?:[一-鿿]{2,6}?(?:省|市|县|区)的))"
)


def _names(modifier: str, head: str) -> bool:
    """Whether what stands before the head is more than common words: 雨露 + 计划, but not 投资 + 计划."""
    # A name may hold a conjunction where it is long: 疫苗研发和接种支持计划.
    joined = re.search("[和与等两对]", modifier) and len(modifier) < 8
    if len(modifier) < 2 or joined or re.search("[的了其该这那各某我你他在是从将被由]", modifier):
        return False
    plain = words("policies", "programmes", "plain")
    rest = modifier
    while rest:
        size = next((n for n in range(min(6, len(rest)), 0, -1) if rest[:n] in plain), 0)
        if not size:
            break
        rest = rest[size:]
    while rest:
        size = next((n for n in range(min(6, len(rest)), 0, -1) if rest[-n:] in plain), 0)
        if not size:
            break
        rest = rest[:-size]
    if len(rest) < (3 if head in ("行动", "制度", "机制") else 2):
        return False
    return len(modifier) >= 4 or (head in ("计划", "工程", "法") and len(rest) >= 2)


@cache
def _carried_out() -> tuple[re.Pattern[str], ...]:
    lists = table("policies")["programmes"]

    def either(key: str) -> str:
        return "|".join(sorted(lists[key].split(), key=len, reverse=True))

    name = f"(?P<name>[一-鿿]{{2,18}}?(?P<head>{either('heads')}))"
    ends = f"(?=[，。、；：！？）”\\s（]|$|{either('behind')})(?!实施(?:方案|办法|细则|意见|计划))"
    return (
        re.compile(f"(?:{either('verbs')})(?:了)?{name}{ends}"),
        re.compile(
            f"(?:(?:审议|表决)?通过|修订|颁布|施行|废除|签署)(?:了)?(?P<name>[一-鿿]{{2,10}}?(?P<head>(?<![办方做说执司立违非依看想书用手无设合])法)){ends}"
        ),
        re.compile(
            "(?<![一-鿿])(?P<name>国家[一-鿿]{2,8}?(?P<head>(?<![办方做说执司立违非依看想书用手无设合])法))(?=将|规定|修订|实施|要求|草案|[，。])"
        ),
        re.compile(f"(?<=自){name}(?=实施|启动|推行|施行|出台|开展|落地)"),
        re.compile(
            f"(?<=[对据照按与和，、])(?P<name>[一-鿿]{{4,16}}?(?P<head>{_PAPERS}))(?=[，。、；：！？）”\\s（]|$|{either('behind')}|表示|予以|进行)"
        ),
        re.compile(
            f"(?:(?<=[，。；：、“])|^|(?<=\\n)){name}(?=(?:正式|全面|今年)?(?:启动|实施|出台|落地|施行|获批|印发|让|使|惠及))"
        ),
    )


@cache
def _verb_within() -> re.Pattern[str]:
    """A verb of issuing inside what was taken for a name: then the name begins behind it."""
    return re.compile("印发|出台|颁布|发布|审议|表决|启动|实施|推行|公布|通过|制定|签署|宣布|提出|要求|表示")


# Papers that need no verb before them.
_PAPERS = "管理办法|暂行办法|管理条例|保护条例|促进条例|实施细则|管理规定|实施办法"

_ONE_FOR_ONE = re.compile(
    "(?:推行|实行|实施|落实|坚持|采取|推进|推广|建立|制定|做到|按照)了?[“「](?P<name>一[一-鿿]{1,2}[、，]?一(?:策|案|档|码|表|方案|台账|清单|专班|措施))[”」]"
)
