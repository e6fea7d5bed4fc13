"""Organs that are named by their level alone in the news of a place: 省委, 市教委, 县林业局."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from annotators.rules.chinese_lexicon import table
from annotators.rules.chinese_words import Sentence

Found = tuple[int, int, str]

# Characters of the short name of an organ.
_LONGEST = 9


_NOT_BEFORE = re.compile("员会|托|员|派|屈|以|任")


@cache
def _organs() -> tuple[re.Pattern[str], tuple[tuple[str, frozenset[str]], ...]]:
    """A pattern of the levels, and for each level the short names of its organs: ending in 厅, 局, 委, 办 and the like."""
    strong = table("bodies")["AGENCY"]["strong"].split()
    by_level = {
        "省": "厅局委办院部会台",
        "市": "局委办院部会台厅",
        "县": "局委办院部会",
        "区": "局委办院部会",
        "州": "局委办院部会",
        "自治区": "厅局委办院部会",
    }
    groups: list[tuple[str, frozenset[str]]] = []
    for level, endings in by_level.items():
        names = {
            w
            for w in strong
            if w[-1] in endings and w[0] not in "省市县区州旗国镇乡地" and 2 <= len(w) <= _LONGEST and w not in _NEVER
        }
        names = {
            w
            for w in names
            if not w.startswith(("中央", "全国", "联邦", "国际", "世界", "欧", "东盟", "亚", "联合国", "政治局"))
        }
        names |= {
            "委",
            "纪委",
            "监委",
            "人大",
            "政协",
            "人大常委会",
            "委组织部",
            "委宣传部",
            "委统战部",
            "委政法委",
            "委办公厅",
            "委办公室",
            "高院",
            "公安局",
            "检察院",
            "法院",
        }
        groups.append((level, frozenset(names)))
    return re.compile("|".join(level for level, _ in groups)), tuple(groups)


def _organs_in(text: str, low: int, high: int) -> Iterator[tuple[int, int]]:
    """Organs between two places, left to right: the longest name at each."""
    levels, groups = _organs()
    at = low
    while match := levels.search(text, at, high):
        start = match.start()
        end = next((end for level, names in groups if (end := _organ_at(text, start, high, level, names))), 0)
        if end:
            yield start, end
        at = end or start + 1


def _organ_at(text: str, start: int, high: int, level: str, names: frozenset[str]) -> int:
    """Where the organ of that level ends which begins at `start`, 0 where there is none."""
    if not text.startswith(level, start, high):
        return 0
    name = start + len(level)
    for end in range(min(name + _LONGEST, high), name, -1):
        if text[name:end] in names and not _NOT_BEFORE.match(text, end, high):
            return end
    return 0


_NEVER = frozenset(
    [
        "分局",
        "支局",
        "总局",
        "局",
        "厅",
        "司",
        "署",
        "办公室",
        "办公厅",
        "委员会",
        "理事会",
        "国会",
        "议会",
        "上院",
        "下院",
        "法院",
        "海关",
        "部队",
        "总参谋部",
        "外交部",
        "国防部",
        "作战部",
        "司令部",
        "指挥部",
        "内政部",
        "能源部",
        "铁道部",
        "商务部",
        "财政部",
        "教育部",
        "公安部",
        "司法部",
        "文化部",
        "农业部",
        "卫生部",
        "交通部",
        "水利部",
        "环保部",
        "科技部",
        "民政部",
        "国务院",
        "政务院",
        "立法院",
        "参议院",
        "众议院",
        "金融厅",
        "复兴厅",
        "党委",
        "地委",
        "军委",
        "武装部队",
    ]
)
# Behind one of these, or at the head of a clause, a level begins the name; behind other words it ends a place's name.
_BEFORE = re.compile(
    r"(?:^|[，。、；：！？（(“”\"《》\s\u3000]|[由从经据向和与及对在到报让将被跟受把为]|记者|获悉|日前|近日|同时|随后|目前|其中|报请|会同|联合|配合|根据|按照|来自|时任|原|任|兼|今年|昨日|今天|昨天|要求|组织|邀请|担任|建议|出席|通过|以及)$"
)


_UNIT = re.compile(
    "(?:刑事侦查|刑事|刑侦|打拐|反诈|经侦|禁毒|治安|网安|基教|职成|预算|人事|法规|督查|审批|宣传|综合|规划|食品|药品|信访|扶贫|创建|防汛|疫情防控|项目推进|招商|环境监察|执法)"
    "(?:办公室|办|处|科|股|大队|支队|中队|总队|队|专班|局|中心)(?![理法公事案])"
)
_ASSOCIATION = re.compile("(?:省|市|县|自治区)[一-鿿]{2,6}?(?:协会|学会|商会|联合会|研究会|促进会)(?!议)")
_NOT_INSIDE = re.compile("[的和与及在是对向将等各多]|委员|政府")


def with_units(text: str, found: list[Found]) -> list[Found]:
    """Organs with the office below them, which is part of a chain of bodies: 某市公安局 + 打拐办."""
    longer: list[Found] = []
    for start, end, label in found:
        while (
            label == "AGENCY"
            and end - start > 3
            and text[end - 1] in "局厅部委院府队"
            and (unit := _UNIT.match(text, end))
        ):
            end = unit.end()
        longer.append((start, end, label))
    return longer


def find_local(text: str, sentence: Sentence) -> list[Found]:
    """The organs of the place that the news is about.

    >>> from corpus.document import Token
    >>> text = "记者从市教委获悉"
    >>> [text[s:e] for s, e, _ in find_local(text, (Token(0, 8, "n"),))]
    ['市教委']
    """
    if not sentence:
        return []
    low, high = sentence[0].start, sentence[-1].end
    found: list[Found] = []
    for start, end in _organs_in(text, low, high):
        chained = bool(found) and found[-1][1] == start
        if chained or _BEFORE.search(text[max(low, start - 3) : start]):
            found.append((start, end, "AGENCY"))
    for match in _ASSOCIATION.finditer(text, low, high):
        if _BEFORE.search(text[max(low, match.start() - 3) : match.start()]) and not _NOT_INSIDE.search(match.group()):
            found.append((*match.span(), "ORG"))
    return found
