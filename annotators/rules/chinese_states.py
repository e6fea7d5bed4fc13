"""States by one character in Chinese, where the text names them in full too: 毛外长, 塞政府, 中塞两国, 对伊制裁."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from annotators.rules.chinese_lexicon import words

Found = tuple[int, int, str]

# Before a state that begins a phrase.
_EDGE = r"(?:(?<![一-鿿])|(?<=[与和同据对在由经向为将被从及称示于约是让使到见晤]))"
_OFFICE = (
    r"(?:前|副|代|新任|时任)?(?:总统|总理|首相|外长|外相|防长|财长|国务卿|国王|议长|驻[一-鿿]{1,5}?大使|"
    r"(?:国防|外交|卫生|内政|财政|经济|能源|农业|教育|司法|交通|环境|贸易|商务|劳工|旅游|信息|国务|工业|文化)(?:部(?:副)?部?长|大臣))"
)
_MINISTRY = (
    "(?:国防|外交|卫生|内政|财政|经济|能源|农业|教育|司法|交通|环境|贸易|商务|劳工|旅游|信息|文化|移民|紧急情况)部"
)
_ORGAN = (
    rf"(?:{_MINISTRY}|政府|央行|议会|警方|最高法院|总统府|总理府|联储|国防军|武装部队|内阁|选举委员会|国家安全委员会)"
)
_BETWEEN = (
    "两国|双方|双边|关系|边境|边界|谈判|会谈|会晤|对话|磋商|贸易|经贸|冲突|战争|停火|合作|友好|友谊|建交|断交|之间|"
    "领导人|元首|首脑|外长|防长|总理|总统|军队|自贸|就|达成|签署|同意|联合声明|全面|战略"
)
_TOWARDS = (
    "制裁|出口|进口|贸易|投资|援助|军售|军援|政策|关系|访问|后|期间|境内|施压|开战|动武|关税|加征|提供|出售|输送|供应|发动|实施|"
    "采取|展开|使馆|大使|侨民|公民|企业|公司|留学|旅游|经商|务工|[，。、；）的]"
)


# Known without their full names.
_ALWAYS = frozenset("美俄英日韩法德印伊乌巴")
# One of two states together may be one of these, whether or not the text names it in full.
_LARGE = frozenset("中美俄英法德日韩印欧朝")


@cache
def _letters() -> dict[str, tuple[str, ...]]:
    """The states by their first character."""
    found: dict[str, tuple[str, ...]] = {}
    for state in words("places", "states", "names"):
        found[state[0]] = (*found.get(state[0], ()), state)
    return found


def states_named(text: str) -> frozenset[str]:
    """The characters whose state the text names in full."""
    return frozenset(char for char, names in _letters().items() if any(name in text for name in names))


def find_states(text: str, low: int, high: int, named: frozenset[str]) -> list[Found]:
    """What one character names between two offsets: the state beside an office, its organ with it, two states together.

    >>> text = "毛里求斯外长说，毛卫生部和毛外长已知情。"
    >>> [(text[s:e], label) for s, e, label in find_states(text, 0, len(text), states_named(text))]
    [('毛卫生部', 'AGENCY'), ('毛', 'PLACE')]
    """
    named = named | _ALWAYS
    found: list[Found] = [(*match.span(), "AGENCY") for match in _matches("organ", text, low, high, named)]
    for match in _matches("single", text, low, high, named):
        end = match.end() if match.group().endswith("方") else match.start() + 1
        found.append((match.start(), end, "PLACE"))
    for match in _matches("pair", text, low, high, named | _LARGE):
        first, second = match.group()[0], match.group()[1]
        if first != second and not named.isdisjoint(match.group()):
            found += [(at, at + 1, "PLACE") for at in range(*match.span())]
    return found


def _matches(kind: str, text: str, low: int, high: int, states: frozenset[str]) -> Iterator[re.Match[str]]:
    """The matches of a pattern whose states are among `states`; what is not hides no other match."""
    pattern = _patterns()[kind]
    while match := pattern.search(text, low, high):
        letters = match.group() if kind == "pair" else match.group()[0]
        if states.issuperset(letters):
            yield match
            low = match.end()
        else:
            low = match.start() + 1


@cache
def _patterns() -> dict[str, re.Pattern[str]]:
    """The patterns of `find_states`, for all states at once: to make them for each text takes longer than to read it."""
    states = frozenset(_letters()) | _ALWAYS
    any_state, large = "".join(sorted(states)), "".join(sorted(states | _LARGE))
    rare = "".join(sorted(states - words("places", "states", "common")))
    return {
        # 美国防部 is 美 + 国防部, but 美国政府 begins with the full name.
        "organ": re.compile(f"{_EDGE}[{any_state}]{_ORGAN}(?![长军])"),
        "pair": re.compile(f"{_EDGE}[{large}]{{2}}(?={_BETWEEN})"),
        "single": re.compile(
            f"{_EDGE}[{any_state}](?={_OFFICE})"
            f"|(?<=[对抵访赴驻离援])[{rare}](?={_TOWARDS})"
            f"|(?<=[在来与同向])[{rare}](?=境内|大使|使馆|侨民|方[说称表])"
            f"|{_EDGE}[{rare}](?=核(?:谈判|问题|计划|设施)|军(?:队|方)?(?:[说称表向在发炮袭击占撤进攻已将]|[，。])|境内|南部|北部|东部|西部)"
            f"|{_EDGE}[{rare}]方(?=[说称表认予将已应在对与和提要指强愿也均，。])"
            # 哈将限制出口: the state as subject of a clause.
            f"|(?<=[，。；])[{rare}](?=将(?!军|来|领)|已(?!经有)|愿|拟|坚决|坚持|希望|呼吁|支持|反对|赞赏|欢迎|宣布)"
        ),
    }
