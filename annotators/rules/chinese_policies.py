"""Policies in Chinese: titles in 《》, quoted programmes, named slogans, and names with a policy's head."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from annotators.rules.chinese_lexicon import Endings, table, words
from annotators.rules.chinese_words import Sentence, trim
from corpus.stretches import Stretches

Found = tuple[int, int, str]

_TITLE = re.compile("《([^《》\n]{2,80})》")
_QUOTED = re.compile('[“"「]([^“”"「」\n，。；：！？]{2,20})[”"」]')
_VERSION = re.compile(
    r"[（(](?:试行|暂行|草案|修订|修订版|修订草案|征求意见稿|修正案|[0-9０-９\-—年版本至]+|第.{1,6}[号版])[）)]$"
)


@cache
def _endings(key: str) -> Endings:
    return Endings.of((word, key) for word in words("policies", key))


def find_titles(text: str, low: int, high: int) -> list[Found]:
    """What is in 《》: POLICY for laws, plans and papers of policy, ORG for newspapers; works have no label."""
    found: list[Found] = []
    for match in _TITLE.finditer(text, low, high):
        start, end = trim(text, *match.span(1))
        name = match.group(1)
        if name[0] in "“‘" and name.count("”") + name.count("’") == 1 and name[-1] not in "”’":
            start = match.start(1)  # 《“起步”行动方案》
        bare = _VERSION.sub("", name).rstrip()
        if name.endswith(("）", ")")):
            end = match.end(1)
        if start >= end:
            continue
        if _endings("title_heads").find(bare):
            if not re.search("(?:做法|说法|办法总比|魔法|书法|想法|看法)$", bare):
                found.append((start, end, "POLICY"))
        elif _endings("media_heads").find(bare, whole=True) and len(bare) <= 10:
            found.append((start, end, "ORG"))
    return found


def works(text: str, low: int, high: int, found: Sequence[Found]) -> list[tuple[int, int]]:
    """The titles in 《》 that hold nothing of `found`: works, inside which nothing is marked."""
    taken = Stretches((s, e) for s, e, _ in found)
    return [match.span() for match in _TITLE.finditer(text, low, high) if not taken.meet(*match.span())]


def find_quoted(text: str, low: int, high: int) -> list[Found]:
    """Programmes in quotation marks: “双碳”目标, “十四五”规划, 推出“居家令”."""
    found: list[Found] = []
    for match in _QUOTED.finditer(text, low, high):
        start, end = match.span(1)
        name = match.group(1)
        before, after = text[max(low, start - 7) : start - 1], text[end + 1 : end + 8]
        head = next(
            (h for h in sorted(words("policies", "head_after_quote"), key=len, reverse=True) if after.startswith(h)), ""
        )
        if re.fullmatch("十[一二三四五六七]五|一五|二五", name):
            found.append((start - 1, end + 1 + len(head), "POLICY") if head == "规划" else (start, end, "POLICY"))
        elif (
            (
                name in _named_words()
                or _endings("heads").find(name) in words("policies", "rules", "quoted_heads")
                or (name.endswith("令") and len(name) > 2)
            )
            or (any(after.startswith(word) for word in _POLICY_WORDS) and len(name) <= 12)
            or (
                before.endswith(tuple(words("policies", "before_quote")))
                and any(after.startswith(word) for word in words("policies", "after_quote"))
            )
        ):
            found.append((start, end, "POLICY"))
    return found


_POLICY_WORDS = (
    "政策",
    "倡议",
    "战略",
    "行动计划",
    "专项行动",
    "工程",
    "规划",
    "新政",
    "改革",
    "目标",
    "方略",
    "运动",
    "反腐运动",
    "计划",
    "愿景",
)


@cache
def _named_words() -> frozenset[str]:
    return words("policies", "named") | words("policies", "quoted_only")


@cache
def _named() -> re.Pattern[str]:
    open_words = words("policies", "named") - words("policies", "quoted_only")
    names = sorted(open_words, key=len, reverse=True)
    return re.compile("|".join([*map(re.escape, names), "全面深化改革(?!开放)"]))


_AGREED = "核|贸易|自由贸易|自贸|经贸|和平|气候|渔业|捕鱼|安全|防务|国防|移民|难民|军控|投资|停火|天然气|引渡|脱欧|税收|潜艇|谷物|粮食|粮食外运|第一阶段贸易"


@cache
def _agreement() -> re.Pattern[str]:
    """An agreement of countries: 秘鲁渔业协定, 中美第一阶段贸易协议."""
    names = (
        words("places", "provinces", "countries") | words("places", "one_character", "pairs") | {"欧盟", "英欧", "北美"}
    )
    party = "|".join(sorted(names, key=len, reverse=True))
    return re.compile(
        f"(?:{party}|东盟|海合会|非盟|黑海)(?:[—–－-]{{0,2}}(?:{party}|东盟|海合会|非盟)){{0,2}}(?:{_AGREED}){{1,2}}(?:问题)?(?:全面|外运)?(?:协议|协定|条约|公约|议定书)"
    )


def find_agreements(text: str, low: int, high: int) -> list[Found]:
    """Agreements between named parties, by their matter."""
    return [(*match.span(), "POLICY") for match in _agreement().finditer(text, low, high)]


def find_named(text: str, sentence: Sentence) -> list[Found]:
    """Programmes that their phrase alone names: 共同富裕, 一带一路, 十四五规划."""
    if not sentence:
        return []
    low, high = sentence[0].start, sentence[-1].end
    found = [(*match.span(), "POLICY") for match in _named().finditer(text, low, high)]
    for match in re.compile(table("policies")["five_year"]).finditer(text, low, high):
        if match.group().strip("“”") in ("一五", "二五") or re.match(
            "[五六七八九十年月日]", text[match.end() : match.end() + 1]
        ):
            continue
        start, end = match.span()
        # “十四五”规划 keeps its inner quotation marks, of “十四五” the marks are left out.
        if text[start] == "“" and text[end - 1] == "”":
            start, end = start + 1, end - 1
        elif text[start] == "“" and "”" not in match.group():
            start += 1
        elif text[start] != "“" and text[end - 1] == "”":
            end -= 1
        found.append((start, end, "POLICY"))
    return found


_BEFORE_HEAD = frozenset({"n", "nz", "nw", "vn", "LOC", "ORG", "PER", "a", "an", "j", "b", "s", "v", "ad"})


def find_headed(text: str, sentence: Sentence) -> list[Found]:
    """A name with a policy's head outside brackets: 香港基本法, 网络安全专项整治行动. Only with a name of its own in front."""
    found: list[Found] = []
    for i, token in enumerate(sentence):
        head = _endings("heads").find(text[max(sentence[0].start, token.end - 8) : token.end], whole=True)
        if head not in words("policies", "rules", "open_heads"):
            continue
        at = token.end - len(head)
        j = i
        while j > 0 and sentence[j - 1].end > at:
            j -= 1
        if sentence[j].start > at:
            continue
        if sentence[j].start < at:
            at = sentence[j].start
        k = j
        while k > 0 and j - k < 6:
            before = sentence[k - 1]
            surface = text[before.start : before.end]
            if before.tag not in _BEFORE_HEAD or surface in words("policies", "rules", "no_start"):
                break
            k -= 1
        while (
            k < j
            and sentence[k].tag in ("v", "ad", "a", "vn")
            and not any(t.tag in ("nz", "LOC", "ORG") for t in sentence[k : k + 1])
            and text[sentence[k].start : sentence[k].end] in words("policies", "rules", "no_start")
        ):
            k += 1
        k = _after_subject(text, sentence, k, j)
        start = sentence[k].start
        modifier = text[start : token.end - len(head)]
        if modifier in words("policies", "rules", "any_agreement"):
            continue
        if len(modifier) >= 2 and not modifier.isdigit():
            found.append((*trim(text, start, token.end), "POLICY"))
    return found


def _after_subject(text: str, sentence: Sentence, k: int, j: int) -> int:
    """The first word of the name itself, behind a subject and its verb: 林德 | 赞赏 | 全球发展倡议."""
    if sentence[k].tag == "PER":
        k = min(k + 1, j)
        if sentence[k].tag in ("v", "ad"):
            k = min(k + 1, j)
    for at in range(j - 1, k, -1):
        subject = any(token.tag in ("PER", "ORG") for token in sentence[k:at])
        if sentence[at].tag == "v" and (
            subject or text[sentence[at].start : sentence[at].end] in words("policies", "rules", "no_start")
        ):
            return at + 1
    return k
