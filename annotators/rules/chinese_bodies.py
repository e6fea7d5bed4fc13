"""Bodies in Chinese: organs (AGENCY), firms and other organisations, by how their names end and what stands before."""

from __future__ import annotations

import re

from annotators.rules.chinese_body_names import (
    bodies_of,
    body_label,
    is_brand,
    split_body,
    starts_with_country,
    weak_endings,
)
from annotators.rules.chinese_lexicon import bodies_alone, body_endings, title_endings, words
from annotators.rules.chinese_places import known_label
from annotators.rules.chinese_standing import of_states, standing_alone
from annotators.rules.chinese_words import Sentence, trim

__all__ = ["bodies_of", "body_label", "find_bodies", "is_brand", "split_body"]

Found = tuple[int, int, str]

# Parts of speech that words inside a name have.
_MATERIAL = frozenset({"n", "vn", "nz", "nw", "a", "an", "j", "s", "b", "LOC", "ORG", "PER", "ad"})


def find_bodies(text: str, sentence: Sentence) -> list[Found]:
    """The bodies of a sentence: those of the list, those that LAC names, and those that a name and an ending make."""
    found = standing_alone(text, sentence) + of_states(text, sentence)
    anchors = words("bodies", "anchors", "words")
    i = 0
    while i < len(sentence):
        token = sentence[i]
        surface = text[token.start : token.end]
        is_anchor = (
            token.tag in ("LOC", "ORG") or surface in anchors or surface in bodies_alone() or _has_level(surface)
        )
        if token.tag == "nz" and i + 1 < len(sentence):
            after = sentence[i + 1]
            if text[after.start : after.end] in words("bodies", "rules", "after_proper_noun") and _may_name(
                text, sentence, i
            ):
                found.append(
                    (
                        _widened(text, sentence, i, token.start, after.end),
                        after.end,
                        body_label(text[token.start : after.end]),
                    )
                )
        if token.tag == "nz" and _named_by_ending(surface):
            found.append((token.start, token.end, body_label(surface)))
        if not is_anchor or surface in words("bodies", "stops", "words"):
            i += 1
            continue
        reach, j = _reach(text, sentence, i)
        start, end = trim(text, token.start, max(reach, token.end))
        if re.match(" [A-Za-z]", text[end : end + 2]) and text[start:end].isascii():
            i += 1
            continue
        if end - start > 1 and (
            reach > token.end
            or token.tag == "ORG"
            or (surface not in anchors and body_label(surface) in ("AGENCY", "ORG"))
        ):
            start = _widened(text, sentence, i, start, end)
            found += bodies_of(text, start, end, joined=reach > token.end, reporter=text.startswith("记者", end))
        i = max(j, i) + 1 if reach > token.end else i + 1
    return found


def _may_name(text: str, sentence: Sentence, i: int) -> bool:
    """Whether a proper noun and a word of business make a firm, and not a modifier of what follows (北斗科技 + 产业)."""
    if sentence[i].end - sentence[i].start < 2:
        return False
    if text[sentence[i + 1].start : sentence[i + 1].end] not in weak_endings():
        return True
    following = sentence[i + 2] if i + 2 < len(sentence) else None
    return is_brand(text[sentence[i].start : sentence[i].end]) and not (
        following and following.tag in ("n", "vn", "s", "f")
    )


def _named_by_ending(surface: str) -> bool:
    """Whether a proper noun that LAC leaves open is a body by its ending: 某某咖啡, 某某观察网."""
    ending = body_endings().find(surface)
    name = surface[: len(surface) - len(ending)]
    if not ending or len(name) < 2 or (len(ending) == 1 and ending not in "网报社"):
        return False
    return ending not in weak_endings() or body_endings().values[ending] == "ORG" or is_brand(name)


_EDITION = re.compile("第[一二三四五六七八九十百0-9]{1,3}届$")
_OF_EVENT = re.compile("[^，。、]{0,6}(?:会|展|节|赛)")
_HYPHEN = re.compile("[－—–-]$")


def _widened(text: str, sentence: Sentence, i: int, start: int, end: int) -> int:
    """Where the name really begins: 驻 + 广州总领事馆, 第五届 + 茶博会志愿者联盟, 秘鲁－ + 中国文化协会."""
    if i == 0:
        return start
    previous = sentence[i - 1]
    before = text[previous.start : previous.end]
    if text[end - 2 : end] in ("使馆", "事馆") and before == "驻":
        return previous.start
    edition = _EDITION.search(text, max(sentence[0].start, start - 6), start)
    if edition and _OF_EVENT.match(text[start : min(end, start + 7)]):
        return edition.start()
    if _HYPHEN.match(before) and i > 1 and sentence[i - 2].tag == "LOC" and starts_with_country(text[start:end]):
        return sentence[i - 2].start
    return start


def _has_level(surface: str) -> bool:
    generic = words("places", "endings", "generic")
    return len(surface) > 2 and surface[-1] in "省市县区镇乡村" and surface not in generic


def _reach(text: str, sentence: Sentence, i: int) -> tuple[int, int]:
    """Where the name ends that begins with word `i`, and with which word: itself, when no ending follows."""
    first = sentence[i]
    reach, last = first.end, i
    stops = words("bodies", "stops", "words")
    names = 0
    for j in range(i + 1, min(i + 9, len(sentence))):
        token = sentence[j]
        surface = text[token.start : token.end]
        if surface in words("bodies", "rules", "links") and token.tag in ("c", "p"):
            if j - i < 2 or last == j - 1:
                break
            continue
        if size := _organ_in_title(surface, text[first.start : token.start]):
            return token.start + size, j
        if surface in stops or (surface in title_endings().values and surface not in body_endings().values):
            break
        numbered = token.tag == "m" and surface.startswith("第")
        if (
            token.tag not in _MATERIAL
            and surface not in words("bodies", "rules", "verbs_within")
            and not numbered
            and not (len(surface) == 1 and surface in "省市县区")
        ):
            break
        if token.tag == "LOC" and first.tag == "LOC" and not _is_abroad(text, sentence, i, j):
            break
        names += token.tag in ("ORG", "PER", "nz", "LOC")
        stretch = text[sentence[i].end : token.end]
        ending = body_endings().find(stretch, whole=True)
        if surface in words("bodies", "not_bodies", "words") and len(ending) == 1:
            continue
        if not ending or not _on_boundary(sentence, i + 1, j, token.end - len(ending)):
            continue
        if _makes_name(text[first.start : first.end], first.tag, stretch, ending, names):
            reach, last = token.end, j
    return reach, last


def _organ_in_title(word: str, before: str) -> int:
    """How much of a title is the organ: 省委 of 省委书记 after 浙江, 委 of 委书记 after 杭州市; 0 for other words."""
    for size in range(len(word) - 2, 0, -1):
        if word[size:] in title_endings().values:
            organ = word[:size]
            if body_endings().values.get(organ) == "AGENCY" or (organ == "委" and before[-1:] in "省市县区州镇乡"):
                return size
    return 0


def _is_abroad(text: str, sentence: Sentence, i: int, j: int) -> bool:
    """美国驻广州总领事馆, 法国非洲事务研究所: a second place that belongs to the name."""
    between = text[sentence[i].end : sentence[j].start]
    country = text[sentence[i].start : sentence[i].end] in words("places", "provinces", "countries")
    return country and between in ("驻", "", "常驻")


def _on_boundary(sentence: Sentence, first: int, last: int, at: int) -> bool:
    """Whether offset `at` begins a word, or lies inside the last one."""
    return at >= sentence[last].start or any(token.start == at for token in sentence[first:last])


def _makes_name(first: str, tag: str, stretch: str, ending: str, names: int) -> bool:
    """Whether first word and stretch make a name, by what the ending is and how much stands before it."""
    label = body_endings().values[ending]
    bare = stretch == ending
    if len(ending) == 1 and not (label == "AGENCY" and (tag == "ORG" or len(stretch) > 2)):
        return False
    if tag == "ORG":
        # 云洲电池, but 比亚迪 + 自产电池: a firm that is known is whole without a word of its trade.
        if not bare and label == "FIRM" and ending in weak_endings() and known_label(first) == "FIRM":
            return False
        return not (bare and ending in weak_endings() and label == "FIRM")
    if label == "AGENCY":
        return not (bare and ending in words("bodies", "rules", "place_is_no_name") and tag != "LOC")
    if tag != "LOC" and first in ("世界", "全球", "国际", "全国", "第一", "第二", "第三", "欧洲", "亚洲", "非洲"):
        return label == "ORG" and not bare
    if bare:
        return ending in words("bodies", "rules", "place_is_name") or (ending not in weak_endings() and label == "ORG")
    if label == "ORG":
        return len(ending) > 1
    return names > 0 or ending in words("bodies", "rules", "firm_sure")
