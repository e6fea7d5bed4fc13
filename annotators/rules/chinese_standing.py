"""Bodies in Chinese that need nothing before them: those of the list (国务院), the central authorities, the party."""

from __future__ import annotations

import re
from functools import cache

from annotators.rules.chinese_lexicon import bodies_alone, transliteration, words
from annotators.rules.chinese_words import Sentence

Found = tuple[int, int, str]


def standing_alone(text: str, sentence: Sentence) -> list[Found]:
    """The bodies of the list, where the words do not say otherwise: short ones must be words of their own."""
    if not sentence:
        return []
    starts = {token.start for token in sentence}
    ends = {token.end for token in sentence}
    found = []
    for match in _alone_pattern().finditer(text, sentence[0].start, sentence[-1].end):
        start, end = match.span()
        if match.group().endswith("党") and text[end : end + 1] == "人" and text[end : end + 2] != "人民":
            continue  # 共产党人 are people
        if match.group() == "中国网" and text[end : end + 1] in tuple("信络民友红购约游上速剧"):
            continue
        inside = start in starts and end in ends
        if inside or (end - start >= 4 and (start in starts or end in ends)):
            found.append((start, end, bodies_alone()[match.group()]))
    return found


@cache
def _alone_pattern() -> re.Pattern[str]:
    return re.compile("|".join(re.escape(word) for word in sorted(bodies_alone(), key=len, reverse=True)))


def find_authorities(text: str, sentence: Sentence) -> list[Found]:
    """中央 as the central authorities and 党 as the party: words of their own, with what a subject has after it."""
    found: list[Found] = []
    for i, token in enumerate(sentence):
        surface = text[token.start : token.end]
        following = sentence[i + 1] if i + 1 < len(sentence) else None
        after = text[following.start : following.end] if following else ""
        if surface == "中央" and (
            not following
            or following.tag in ("v", "d", "p", "u", "w", "ad", "vd")
            or after in words("bodies", "rules", "of_centre")
        ):
            if not i or text[sentence[i - 1].start : sentence[i - 1].end] not in ("市", "湖", "广场"):
                found.append((token.start, token.end, "AGENCY"))
        elif (
            surface == "党"
            and text[token.start - 1 : token.start] not in ("大", "老", "入", "政")
            and after not in ("性", "员", "建", "内", "外", "龄", "章")
        ) and not re.match(
            "党的(?:二?十[一二三四五六七八九]?|[一二三四五六七八九])[大届]", text[token.start : token.start + 8]
        ):
            found.append((token.start, token.end, "AGENCY"))
    if sentence:
        # However the words are cut: 全党, 党和国家.
        found += [(*match.span(), "AGENCY") for match in _PARTY.finditer(text, sentence[0].start, sentence[-1].end)]
    return found


_PARTY = re.compile(
    "(?<=全)党(?![员派校])|(?<![一-鿿])党(?=和(?:国家|人民|政府))|(?<=[对为代是的])党(?=和(?:国家|人民|政府))"
)


@cache
def _state_body() -> re.Pattern[str]:
    letters = "".join(sorted(transliteration()))
    heads = "众议院|参议院|议会|最高法院|高等法院|法院|政府|警察局|警方|卫生部|卫生厅|检察院|检察长办公室|立法机构|国民警卫队"
    return re.compile(f"[{letters}]{{2,8}}(?:州|郡|省|邦|县|市)(?:{heads})")


def of_states(text: str, sentence: Sentence) -> list[Found]:
    """Bodies of a foreign state or county, however the words are cut: 林德郡警方."""
    starts = {token.start for token in sentence}
    low, high = (sentence[0].start, sentence[-1].end) if sentence else (0, 0)
    found: list[Found] = [(*match.span(), "AGENCY") for match in _country_body().finditer(text, low, high)]
    found += [(*match.span(), "AGENCY") for match in _SIDE_BODY.finditer(text, low, high)]
    return found + [
        (match.start(), match.end(), "AGENCY")
        for match in _state_body().finditer(text, low, high)
        if match.start() in starts
    ]


@cache
def _country_body() -> re.Pattern[str]:
    """A body of a country, however the words are cut: 秘鲁独立国家选举委员会."""
    countries = "|".join(sorted(words("places", "provinces", "countries") - {"中国"}, key=len, reverse=True))
    heads = (
        "选举委员会|大呼拉尔|最高法院|宪法法院|宪法委员会|人民军|国防军|武装部队|国民警卫队|中央银行|央行|国民议会|国会"
    )
    return re.compile(
        f"(?:{countries})(?:独立|国家|高等|最高|中央|联邦|全国|皇家)*(?:{heads})(?![一-鿿]?(?:大厦|山庄|选举))"
    )


_SIDE_BODY = re.compile(
    "[中美俄日韩英法德印朝越]方(?:指导|联合|专项|疫情|防控|谈判|军事|医疗|协调){1,3}(?:协调组|工作组|指挥部|领导小组|委员会)"
)
