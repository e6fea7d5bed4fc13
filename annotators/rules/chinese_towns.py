"""Foreign towns that LAC takes for persons, by what stands around them."""

from __future__ import annotations

import re

from annotators.rules.chinese_known import known_label
from annotators.rules.chinese_lexicon import transliteration
from annotators.rules.chinese_words import Sentence

_RIVER = re.compile("(?:上游|中游|下游|流域|沿岸|两岸|水系|河口|大桥|水库)")


def is_foreign_town(text: str, sentence: Sentence, i: int) -> bool:
    """Whether what LAC takes for a person is a place by what stands around it: 在林德会见, 云羊河下游."""
    token = sentence[i]
    name = text[token.start : token.end]
    if name[-1:] in "河江湖" and 2 < len(name) < 6 and _RIVER.match(text, token.end):
        return True
    if (
        i
        and sentence[i - 1].tag == "LOC"
        and text[token.start - 1] == "郡"
        and text[token.end : token.end + 1] in "的，。、市镇村"
    ):
        return set(name) <= transliteration()
    if not i or not 2 <= len(name) <= 5 or not set(name) <= transliteration() or known_label(name) not in ("", "PLACE"):
        return False
    before = text[sentence[i - 1].start : sentence[i - 1].end]
    following = sentence[i + 1] if i + 1 < len(sentence) else None
    after = text[following.start : following.end] if following else ""
    if before in _TAKEN:
        return True
    return before in ("在", "抵达", "飞抵", "位于") and after in _HAPPENING


# Of these verbs the object is a place.
_TAKEN = frozenset(
    [
        "撤出",
        "撤离",
        "攻占",
        "占领",
        "夺取",
        "围困",
        "炮击",
        "飞往",
        "前往",
        "抵达",
        "运往",
        "驶往",
        "迁往",
        "途经",
        "收复",
        "搬到",
        "搬往",
        "迁到",
        "迁至",
        "移居",
        "逃往",
        "飞赴",
        "返回",
    ]
)
_HAPPENING = frozenset(
    [
        "会见",
        "举行",
        "会晤",
        "会谈",
        "签署",
        "签约",
        "召开",
        "发表",
        "出席",
        "设厂",
        "建厂",
        "落幕",
        "开幕",
        "宣誓",
        "发生",
        "投资",
        "举办",
        "建设",
        "设立",
        "启动",
        "同",
        "与",
        "和",
        "，",
        "。",
        "说",
        "表示",
        "的",
        "市",
        "附近",
        "郊区",
        "北部",
        "南部",
        "东部",
        "西部",
    ]
)
