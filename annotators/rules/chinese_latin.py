"""Names in Latin letters inside Chinese text: behind a Chinese name in brackets, beside a word that says what they
are, or known from the English version of the article."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, lru_cache

from annotators.rules.chinese_lexicon import titles, words

Found = tuple[int, int, str]

_WORD = r"[A-Z][\w'’&+.\-]*"
_SMALL = r"(?:of|the|and|for|on|de|la|le|du|des|del|der|van|von|bin|al|sur|in|to|&)"
_RUN = re.compile(
    rf"(?<![\w@#./-]){_WORD}(?:[ ](?:{_SMALL}[ ]){{0,2}}(?:{_WORD}|\({_WORD}(?: {_WORD})*\)))*",
    re.ASCII,
)
_BRACKET = re.compile(r"\s?[（(]\s?(?P<name>[^（）()]*(?:\([^()]*\)[^（）()]*)*)\s?[)）]")
_PEOPLE = ("PERSON", "OFFICIAL")


def from_english(text: str, labels: Mapping[str, str]) -> list[Found]:
    """Latin names that stand in the English version too, with the label that they have there.

    >>> text = "Zebrona 的老板在 Larkton 投资。"
    >>> from_english(text, {"Zebrona": "FIRM", "Larkton": "PLACE"})
    [(0, 7, 'FIRM'), (13, 20, 'PLACE')]
    """
    found: list[Found] = []
    names = [name for name in labels if name[:1].isupper() and name.isascii() and len(name) > 1]
    for name in sorted(names, key=len, reverse=True):
        at = text.find(name)
        while at >= 0:
            end = at + len(name)
            if _bounded(text, at, end) and not any(s < end and at < e for s, e, _ in found):
                found.append((at, end, labels[name]))
            at = text.find(name, end)
    return sorted(found)


def _bounded(text: str, start: int, end: int) -> bool:
    """Whether no further Latin word touches the name: neither a letter nor, over a blank, a capitalised word."""
    before, after = text[max(0, start - 2) : start], text[end : end + 2]
    if re.search(r"[A-Za-z0-9_.@#/-]$|[A-Za-z] $", before):
        return False
    return not re.match(r"[A-Za-z0-9_@/-]| [A-Z]|\.[A-Za-z]", after)


def in_brackets(text: str, found: Sequence[Found]) -> list[Found]:
    """The original spelling in brackets behind places and bodies: 洛恩河畔 (Bourg-sur-Lans)."""
    extra: list[Found] = []
    for _, end, label in found:
        match = _BRACKET.match(text, end)
        if match is None or label in _PEOPLE:
            continue
        name = match.group("name").strip()
        run = _RUN.fullmatch(name)
        # Acronyms are the short names that `chinese_lists` knows.
        if run and len(name) > 2 and not name.isupper():
            start = match.start("name") + match.group("name").index(name)
            extra.append((start, start + len(name), label))
    return extra


def with_brackets(text: str, found: Sequence[Found], labels: Mapping[str, str]) -> list[Found]:
    """`found` with the label that the original spelling in brackets has in the English version, for each name.

    A name that was taken for a person's is a place where its original is one, and an official where that is.
    """
    better: dict[str, str] = {}
    for start, end, label in found:
        match = _BRACKET.match(text, end)
        if match is None:
            continue
        known = labels.get(match.group("name").strip()) or _known(match.group("name").strip())
        if known and known != label and (label in _PEOPLE or known in _PEOPLE) and label != "OFFICIAL":
            better[text[start:end]] = better[match.group("name").strip()] = known
    return [(s, e, better.get(text[s:e], label)) for s, e, label in found]


def beside_words(text: str, low: int, high: int) -> Iterator[Found]:
    """Latin names beside a word that says what they are: 安全公司 Zebrona, Kwikoo 首席执行官."""
    for match in _RUN.finditer(text, low, high):
        start, end = match.span()
        name = match.group().rstrip(".-'’&+")
        end = start + len(name)
        if len(name) < 3 or name in words("bodies", "stops", "words") or name.upper() in _terms():
            continue
        label = _known(name)
        before = text[max(low, start - 8) : start].rstrip()
        after = text[end : min(high, end + 8)].lstrip()
        if not label and not any(char.isdigit() for char in name):
            if before.endswith(_FIRM_BEFORE) or after.startswith(_FIRM_AFTER):
                label = "FIRM"
            elif before.endswith(_ORG_BEFORE) or after.startswith(_ORG_AFTER):
                label = "ORG"
        if label and label not in _PEOPLE:
            yield start, end, label


_FIRM_BEFORE = (
    "公司",
    "企业",
    "巨头",
    "厂商",
    "制造商",
    "开发商",
    "零售商",
    "运营商",
    "供应商",
    "承包商",
    "银行",
    "品牌",
)
_FIRM_AFTER = (
    "首席执行官", "首席运营官", "首席财务官", "首席技术官", "首席安全官", "创始人", "联合创始人", "董事长", "公司",
    "集团", "的首席执行官", "的创始人", "的股价", "股价", "总裁", "的总裁", "旗下", "高管", "的高管",
)  # fmt: skip
_ORG_BEFORE = ("组织", "团体", "协会", "联盟", "智库", "基金会", "杂志", "报纸", "媒体", "网站", "慈善机构", "工会")
_ORG_AFTER = ("组织", "协会", "智库", "杂志", "新闻网", "电视台", "大学", "基金会", "研究所")


@cache
def _terms() -> frozenset[str]:
    """Terms and acronyms that are no names, in capitals."""
    from annotators.rules.english_lexicon import lexicon

    return frozenset(name.upper() for name in lexicon().not_names) | frozenset(
        t.upper() for t in titles() if t.isascii()
    )


@lru_cache(maxsize=4096)
def _known(name: str) -> str:
    """The one label of the knowledge base for a name in Latin letters, "" where there is none."""
    from annotators.rules.english_lexicon import known_label

    return known_label(name) or ""
