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
            and text[token.start - 1 : token.start] not in ("大", "老", "全", "入", "政")
            and after not in ("性", "员", "建", "内", "外", "龄", "章")
        ) and not re.match(
            "党的(?:二?十[一二三四五六七八九]?|[一二三四五六七八九])[大届]", text[token.start : token.start + 8]
        ):
            found.append((token.start, token.end, "AGENCY"))
    return found


@cache
def _state_body() -> re.Pattern[str]:
    letters = "".join(sorted(transliteration()))
    heads = "众议院|参议院|议会|最高法院|高等法院|法院|政府|警察局|警方|卫生部|卫生厅|检察院|检察长办公室|立法机构|国民警卫队"
    return re.compile(f"[{letters}]{{2,8}}(?:州|郡|省|邦|县|市)(?:{heads})")


def of_states(text: str, sentence: Sentence) -> list[Found]:
    """Bodies of a foreign state or county, however the words are cut: 林德郡警方."""
    starts = {token.start for token in sentence}
    low, high = (sentence[0].start, sentence[-1].end) if sentence else (0, 0)
    return [
        (match.start(), match.end(), "AGENCY")
        for match in _state_body().finditer(text, low, high)
        if match.start() in starts
    ]
