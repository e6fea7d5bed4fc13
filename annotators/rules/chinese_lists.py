"""What neighbours say of one another in Chinese: enumerations (甲、乙等公司), and short names in brackets."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from functools import cache

from annotators.rules.chinese_bodies import is_brand
from annotators.rules.chinese_lexicon import words
from annotators.rules.chinese_words import Sentence, occurrences, trim

Found = tuple[int, int, str]

_SHORT = re.compile(
    r"\s?[（(]\s?(?:以下|下)?(?:简称|称)?[:：为]?\s?[“\"「]?([A-Z][A-Za-z0-9&.\-]{1,11}|[一-鿿]{2,8})[”\"」]?\s?[)）]"
)
_CLAUSE = re.compile(r"[^，。；：！？“”《》\n]+")


def with_lists(text: str, tagged: Sequence[Sentence], found: list[Found]) -> list[Found]:
    """`found` with the short names that it defines and the items of enumerations that it holds."""
    found = _with_short_names(text, found)
    extra: list[Found] = []
    taken = {at for start, end, _ in found for at in range(start, end)}
    in_order = sorted(found)
    starts = [f[0] for f in in_order]
    for sentence in tagged:
        if not sentence:
            continue
        inside = in_order[bisect_left(starts, sentence[0].start) : bisect_left(starts, sentence[-1].end)]
        for start, end, label in _listed(text, sentence, inside):
            if taken.isdisjoint(range(start, end)):
                taken.update(range(start, end))
                extra.append((start, end, label))
    return found + extra


def _with_short_names(text: str, found: Sequence[Found]) -> list[Found]:
    """美国证监会（SEC）, 中国银行（以下简称“中行”）: the short name has the label of the long one, here and later."""
    labels = {(start, end): label for start, end, label in found}
    taken = {at for start, end, _ in found for at in range(start, end)}
    for _, end, label in found:
        if label in ("PERSON", "OFFICIAL", "PLACE"):
            continue
        match = _SHORT.match(text, end)
        if not match or not (match.group(1).isascii() or "称" in match.group()):
            continue
        for at in occurrences(text, match.group(1)):
            stretch = range(at, at + len(match.group(1)))
            if labels.get((at, stretch.stop), label) != label:
                labels[at, stretch.stop] = label
            elif taken.isdisjoint(stretch) and at >= match.start(1) and _whole(text, stretch.start, stretch.stop):
                taken.update(stretch)
                labels[at, stretch.stop] = label
    return [(start, end, label) for (start, end), label in labels.items()]


def _whole(text: str, start: int, end: int) -> bool:
    if not text[start:end].isascii():
        return True
    around = text[max(0, start - 1) : start] + text[end : end + 1]
    return not any(char.isalnum() and char.isascii() for char in around)


@cache
def _classes() -> re.Pattern[str]:
    kinds = [("FIRM", "firms"), ("ORG", "orgs"), ("AGENCY", "agencies"), ("PLACE", "places")]
    groups = [
        f"(?P<{label}>{'|'.join(sorted(words('bodies', 'listed', key), key=len, reverse=True))})"
        for label, key in kinds
    ]
    count = (
        r"(?:[一二三四五六七八九十两多数0-9]+[多余]?[家个大所]?|一批|多家|一众)?(?:国有|大型|知名|主要|[一-鿿]{0,6}?)?"
    )
    return re.compile(rf"等{count}(?:{'|'.join(groups)})")


def _listed(text: str, sentence: Sentence, inside: Sequence[Found]) -> list[Found]:
    """The items of the enumerations of a sentence that lack a label, with the label of their neighbours.

    Firms only: 甲网、乙云等公司. An item is all that stands between two 、.
    """
    found: list[Found] = []
    low, high = sentence[0].start, sentence[-1].end
    named = {text[s:e] for s, e, _ in inside}
    ends = {e: label for _, e, label in inside}
    for match in _CLAUSE.finditer(text, low, high):
        if "、" not in match.group():
            continue
        items = _items(text, *match.span())
        close = text.find("等", *items[-1])
        kind = _classes().match(text, close) if close >= 0 else None
        says = kind.lastgroup if kind else ""
        edges = [end for _, end in items]
        if close >= 0:
            edges[-1] = close
        labels = [ends.get(edge, "") for edge in edges]
        if says != "FIRM" and labels.count("FIRM") < max(1, len(items) // 3):
            continue
        if any(label in ("PERSON", "OFFICIAL", "PLACE") for label in labels) and says != "FIRM":
            continue
        for i, (start, end) in enumerate(items):
            if i == len(items) - 1:
                if close < 0:
                    continue
                end = close
            start, end = _name_in(text, start, end, sentence, first=i == 0, inside=inside)
            surface = text[start:end]
            if 2 <= len(surface) <= 8 and surface not in named and (says == "FIRM" or is_brand(surface)):
                if re.search("[的了和与及在是为]", surface) or (len(surface) > 6 and not is_brand(surface)):
                    continue
                found.append((start, end, "FIRM"))
    return found


def _items(text: str, start: int, end: int) -> list[tuple[int, int]]:
    items, at = [], start
    for match in re.compile("、").finditer(text, start, end):
        items.append(trim(text, at, match.start()))
        at = match.end()
    items.append(trim(text, at, end))
    return items


def _name_in(
    text: str, start: int, end: int, sentence: Sentence, *, first: bool, inside: Sequence[Found]
) -> tuple[int, int]:
    """The name in an item: without a place before it (德国西门子); of the first item only its last words."""
    low, high = (bisect_left(inside, at, key=lambda f: f[0]) for at in (start, end))
    for s, e, label in inside[low:high]:
        if start <= s and e < end and label == "PLACE":
            start = max(start, e)
    if first:
        low, high = (bisect_left(sentence, at, key=lambda t: t.start) for at in (start, end))
        tokens = [t for t in sentence[low:high] if t.end <= end]
        while tokens and tokens[-1].tag in ("n", "nz", "ORG", "PER", "LOC", "a", "nw"):
            start = tokens.pop().start
        if tokens and tokens[-1].end > start:
            start = tokens[-1].end
    return trim(text, start, end)
