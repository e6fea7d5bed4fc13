"""Programmes in Chinese whose form names them: counted slogans, systems on trial, goals, papers without 《》."""

from __future__ import annotations

import re
from functools import cache

from annotators.rules.chinese_lexicon import table, words

Found = tuple[int, int, str]

_QUOTED = re.compile('[“"「‘]([^“”"「」‘’\n，。；：！？]{2,20})[”"」’]')


def find_slogans(text: str, low: int, high: int) -> list[Found]:
    """The programmes of these kinds between two offsets; they may overlap others, the longest is meant.

    >>> text = "全省推行林长制，落实“四个意识”。"
    >>> sorted({text[s:e] for s, e, _ in find_slogans(text, 0, len(text))})
    ['四个意识', '林长制']
    """
    found: list[Found] = []
    nothing = words("slogans", "not_slogans")
    for match in _QUOTED.finditer(text, low, high):
        name = match.group(1).strip()
        start = match.start(1) + match.group(1).index(name)
        if name not in nothing and _is_counted(name):
            found.append((start, start + len(name), "POLICY"))
    for pattern in _patterns():
        found += [(*match.span(1), "POLICY") for match in pattern.finditer(text, low, high)]
    for match in _two_goals().finditer(text, low, high):
        found += [(*match.span(1), "POLICY"), (*match.span(2), "POLICY")]
    return found


def _is_counted(name: str) -> bool:
    """Whether quoted words are a slogan by their counts: 四个意识, 三高四新, 两不愁三保障."""
    counts = [i for i, char in enumerate(name) if char in table("slogans")["digits"]]
    if not counts or counts[0] != 0 or len(name) > 14:
        return False
    if len(counts) > 1 and {name[i] for i in counts} == {"一"}:
        return False  # 一老一小 is whom it is about
    if len(counts) > 1 and all(b - a > 1 for a, b in zip(counts, [*counts[1:], len(name)], strict=True)):
        return len(name) >= 4
    return len(counts) == 1 and 4 <= len(name) <= 8 and name[1] in "个大项不重"


@cache
def _patterns() -> tuple[re.Pattern[str], ...]:
    lists = table("slogans")
    counted = "|".join(sorted(words("slogans", "counted"), key=len, reverse=True))
    return (
        re.compile(f"({counted})"),
        re.compile("(第[一二]个一?百年(?:奋斗)?目标)"),
        re.compile("(两个一百年(?:奋斗)?目标)"),
        re.compile(
            "(习近平(?:总书记)?(?:新时代中国特色社会主义|外交|经济|法治|强军|文化|生态文明)思想|毛泽东思想|邓小平理论|“?三个代表”?重要思想)"
        ),
        re.compile("(全面建成小康社会)"),
        re.compile(f"((?:{lists['systems']}))(?!度)"),
        re.compile(
            f"(?:{lists['trying']})[“]?((?:(?!采用|实行|推行|实施|学校|企业|地区|城市|等|的|了)[一-鿿]){{2,6}}(?:学徒制|责任制|承包制|积分制|清单制|包干制|备案制|挂钩制|认证制|补偿制|代表制))(?!度)"
        ),
        re.compile(
            f"(?:开展|启动|实施|推行|扩大|纳入)(?:新一轮|全国|国家)?((?!的)[一-鿿]{{2,12}}?制度)(?:{lists['tried']})"
        ),
        re.compile(
            f"(?:{lists['issuing']})(?:了|的)?(?:一份)?(关于[^，。；：“”《》！？\\n]{{4,40}}?的(?:{lists['papers']}))(?![一-鿿]{{0,1}}(?:精神|要求))"
        ),
        re.compile(
            f"(?:{lists['carried']})((?![好了新的“国家该其这]|全面|一系列|各项)[一-鿿]{{2,12}}?(?:{lists['strategies']})战略)(?![一-鿿]?(?:部署|合作|伙伴|定位|机遇))"
        ),
    )


@cache
def _two_goals() -> re.Pattern[str]:
    """Two programmes side by side: 碳达峰碳中和, 碳达峰、碳中和."""
    return re.compile("(碳达峰)[、和与及]?(碳中和)")
