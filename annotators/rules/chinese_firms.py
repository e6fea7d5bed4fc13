"""Firms in Chinese that no ending shows, by what is said beside them: 芯片制造商X, 超市连锁X表示, X股价, X（600000）."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from annotators.rules.chinese_lexicon import titles, transliteration, words
from annotators.rules.chinese_people import is_chinese_name
from annotators.rules.chinese_places import known_label, known_place
from annotators.rules.chinese_words import Sentence, words_of_name

Found = tuple[int, int, str]


@cache
def _introduced() -> re.Pattern[str]:
    """What a firm is, its name, and what follows a name."""
    trade = "|".join(sorted(words("bodies", "introduced", "trades"), key=len, reverse=True))
    kinds = "|".join(sorted(words("bodies", "introduced", "kinds"), key=len, reverse=True))
    behind = "|".join(sorted(words("bodies", "introduced", "behind"), key=len, reverse=True))
    return re.compile(
        f"(?:(?:{trade})(?:公司|平台|品牌|集团|企业|连锁店|连锁超市|连锁品牌|连锁|对手|网站|应用)|{kinds})[“「]?(?P<name>[一-鿿·A-Za-z]{{2,8}}?)[”」]?"
        rf"(?={behind}|[，。、；：（(]|$|\s?[0-9０-９]+[日月])"
    )


@cache
def _shown() -> re.Pattern[str]:
    """A name before what only a firm has: its share price, its number at an exchange."""
    return re.compile(
        r"(?<![·•・])(?:(?<![一-鿿])|(?<=[，。、；：“对在与和及向被由将从]))(?P<name>[一-鿿]{2,6})[”」]?"
        r"(?:[（(](?:股票代码[:：]?\s?|证券代码[:：]?\s?)?(?:[0-9]{4,6}(?:\.(?:HK|SH|SZ|BJ))?|(?:NYSE|NASDAQ|HKEX|SSE|SZSE)[:：]?\s?[A-Z]{0,5})[）)]|股价(?!指数))"
    )


def firms_introduced(text: str, sentence: Sentence) -> list[Found]:
    """The firms of a sentence that the words beside them show.

    >>> from annotators.rules.chinese_words import words_of
    >>> text = "超市连锁店多恩霍夫表示，涨价难免。"
    >>> [text[s:e] for s, e, _ in firms_introduced(text, words_of(text, [(0, len(text))])[0])]
    ['多恩霍夫']
    """
    if not sentence:
        return []
    low, high = sentence[0].start, sentence[-1].end
    found: list[Found] = []
    found += _of_trade(text, sentence)
    for match in _foreign().finditer(text, low, high):
        if len(match.group("own")) > 1 and not known_place(match.group("own")):
            found.append((*match.span("name"), "FIRM"))
    for pattern in (_introduced(), _shown()):
        for match in pattern.finditer(text, low, high):
            start, end = match.span("name")
            name = text[start:end]
            if country := next((name[:n] for n in (5, 4, 3, 2) if known_place(name[:n]) and len(name) > n + 1), ""):
                start, name = start + len(country), name[len(country) :]
            if _is_name(name, sentence, start, end):
                found.append((start, end, "FIRM"))
    return found


@cache
def _trade() -> re.Pattern[str]:
    """A name with a trade behind it at the head of a clause, before what firms do: 远景电力宣布."""
    trades = words("bodies", "introduced", "endings")
    return re.compile(
        rf"(?<![·•・])(?:(?<![一-鿿])|(?<=[，。、；：“对与和及由]))(?P<name>(?P<own>[一-鿿]{{2,3}}?)(?:{'|'.join(sorted(trades, key=len, reverse=True))}))"
        "(?=(?:[0-9０-９]{1,2}日|近日|日前)?(?:宣布|公告|表示|称|披露|回应|拟|发布公告|发布财报|股价|旗下|董事长|总经理|创始人|联合创始人|创办人|首席|加快|预计|则表示|方面))"
    )


@cache
def _foreign() -> re.Pattern[str]:
    """A transliterated name with a kind of firm behind it: 里维拉银行."""
    letters = "".join(sorted(transliteration()))
    return re.compile(
        f"(?<![·•・])(?:(?<![一-鿿])|(?<=[，。、；：“对与和及由向被在]))(?P<name>(?P<own>[{letters}]{{2,6}})"
        "(?:银行|投资银行|证券|保险|航空|航空公司|汽车|石油|矿业|制药|能源|电信|电力|钢铁|化工|基金公司|资本|超市|连锁|酒店集团|集团|公司))(?!交易所|[一-鿿]?[业股者家])"
    )


@cache
def _ordinary() -> frozenset[str]:
    """Words that are no name of a firm."""
    return (
        words("bodies", "stops", "words")
        | words("places", "endings", "generic")
        | words("policies", "programmes", "plain")
        | words("trades", "words")
        | words("bodies", "anchors", "words")
        | words("bodies", "activities", "words")
    )


def _of_trade(text: str, sentence: Sentence) -> list[Found]:
    found: list[Found] = []
    ordinary = _ordinary()
    for match in _trade().finditer(text, sentence[0].start, sentence[-1].end):
        own = match.group("own")
        place = known_place(own) or any(t.tag == "LOC" and t.start == match.start() for t in sentence)
        if own not in ordinary and own[:2] not in ordinary and not place and own[0] not in _NO_START:
            found.append((*match.span("name"), "FIRM"))
    return found


def _is_name(name: str, sentence: Sentence, start: int, end: int) -> bool:
    """Whether the words that were found may be the name of a firm and not words of the language."""
    if known_label(name) in ("PLACE", "AGENCY", "ORG", "POLICY", "OFFICIAL", "PERSON") or len(name) < 2:
        return False
    if (
        name[0] in _NO_START
        or name.startswith(_KIND_AGAIN)
        or re.search("[的了在将被已是为与和或及把有也都等]", name)
        or name in titles()
    ):
        return False
    if set(name) <= transliteration() and len(name) > 2:
        return True
    if is_chinese_name(name) and any(t.tag == "PER" and t.start == start and t.end == end for t in sentence):
        return False
    if name.isascii():
        return name[0].isupper()
    from annotators import light
    from corpus.segment.dictionary import dictionary

    tokens = words_of_name(name)
    common = words("trades", "words")
    # What the dictionary has in full, or cuts into its common words, is no name.
    long = [t for t in tokens if t.end - t.start > 1 and t.tag not in ("nr", "nz", "nt", "nrt", "ns", "nrfg")]
    if not light.is_on():
        long = [t for t in long if dictionary().frequencies.get(name[t.start : t.end])]
    if any(t.tag in ("p", "c", "u", "uj", "r", "d", "m", "x", "q") for t in tokens):
        return False
    if len(tokens) == 1 and 2 <= len(name) <= 3 and tokens[0].tag in ("n", "nz", "s") and rare(name):
        return True
    ordinary = [t for t in long if name[t.start : t.end] not in common]
    return not ordinary or (len(tokens) > 1 and len(long) < len(tokens))


_KIND_AGAIN = (
    "品牌",
    "平台",
    "公司",
    "巨头",
    "集团",
    "企业",
    "商店",
    "门店",
    "网站",
    "行业",
    "市场",
    "产业",
    "业务",
    "股票",
    "板块",
)
_NO_START = "该本其这那各某我你他她它们所以因从但并而且还要不没"


def rare(word: str) -> bool:
    """Whether a noun of the dictionary is seldom met, so that beside a firm's kind it is rather a name (菜鸟, 云雀)."""
    from annotators import light
    from corpus.segment.dictionary import dictionary

    return not light.is_on() and 0 < dictionary().frequencies.get(word, 0) < _RARE


# Occurrences in jieba's dictionary: below this a noun is no word of every day.
_RARE = 60


def as_firms(text: str, found: list[Found], firms: Sequence[Found]) -> list[Found]:
    """`found` where a name that was once shown to be a firm's is no person's and no place's elsewhere."""
    names = {text[s:e] for s, e, _ in firms}
    starts = {s for s, _, _ in firms}
    kept: list[Found] = []
    for s, e, label in found:
        if label in ("FIRM", "ORG") and e in starts:
            # 秘鲁乳业集团 + the name of the firm: only the place before what it is has a name.
            size = next((n for n in range(6, 1, -1) if known_place(text[s : min(e, s + n)])), 0)
            kept += [(s, s + size, "PLACE")] if size else []
        else:
            kept.append((s, e, label))
    found = kept
    return [
        (s, e, "FIRM" if text[s:e] in names and label in ("PERSON", "ORG", "PLACE") else label) for s, e, label in found
    ]
