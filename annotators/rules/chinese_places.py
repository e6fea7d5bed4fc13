"""Places in Chinese: address levels, one-character countries, and endings that make a place of a name."""

from __future__ import annotations

import re
from functools import cache
from itertools import pairwise

from annotators.rules.chinese_events import event_follows, people_follow
from annotators.rules.chinese_known import known_label, known_official, known_place
from annotators.rules.chinese_lexicon import body_endings, place_endings, table, transliteration, words
from annotators.rules.chinese_towns import is_foreign_town
from annotators.rules.chinese_words import Sentence, trim
from corpus.document import Token

__all__ = [
    "find_places",
    "find_short",
    "known_label",
    "known_official",
    "known_place",
    "split_places",
    "without_direction",
]

Found = tuple[int, int, str]

_LEVEL = "特别行政区|自治区|自治州|自治县|自治旗|新区|地区|街道|社区|省|市|县|郡|区|镇|乡|村"


@cache
def _levels() -> re.Pattern[str]:
    """One address level: a province, else a name of one to eight characters with its ending."""
    provinces = sorted(words("places", "provinces", "full") | words("places", "provinces", "short"), key=len)
    countries = sorted(words("places", "provinces", "countries"), key=len)
    known = "|".join(reversed(provinces + countries))
    not_city = "".join(words("places", "provinces", "not_city"))
    return re.compile(f"(?:{known})|(?:[一-鿿]{{1,8}}?(?:{_LEVEL})|[一-鿿]{{2,8}}?[州盟旗])(?![{not_city}])")


def split_places(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """The address levels of a place: 四川省乐山市夹江县 is three places; a place of one level stays whole.

    >>> text = "四川省乐山市夹江县"
    >>> [text[s:e] for s, e in split_places(text, 0, len(text))]
    ['四川省', '乐山市', '夹江县']
    """
    if pair := _pair(text, start, end):
        return pair
    if re.fullmatch("[0-9.０-９]+", text[start:end]):
        return []
    rule = _RULER.search(text, start, end)
    # 云洲王储, which LAC takes for one place: the office is no part of it, nor the name behind it.
    if rule and known_place(text[start : rule.start()]):
        return [(start, rule.start())]
    end = start + len(without_direction(text[start:end]))
    pieces: list[tuple[int, int]] = []
    at = start
    while at < end:
        match = _levels().match(text, at, end)
        if not match or match.end() - at < 2:
            break
        rest = end - match.end()
        # 北京路, 上海大厦: what is left must itself be a name of two characters or more, not the ending of this one.
        if rest == 0 or (
            rest >= 2 and place_endings().find(text[match.end() : end], whole=True) != text[match.end() : end]
        ):
            pieces.append((at, match.end()))
            at = match.end()
            continue
        break
    if at < end:
        pieces.append((at, end))
    if len(pieces) == 2 and not _may_stand(text[slice(*pieces[1])], text[slice(*pieces[0])]):
        return [(start, end)]
    guards = words("places", "endings", "guards")
    return [piece for piece in pieces if trim(text, *piece) == piece and text[slice(*piece)] not in guards]


_RULER = re.compile("(?:王储|国王|女王|埃米尔|酋长|王室|王|总统|总理|首相|亲王|苏丹(?=[一-鿿])|外长|大臣|当局)")


def _may_stand(rest: str, first: str) -> bool:
    """Whether what follows a first level is a place of its own (上海浦东) and no part of one name (北京西站)."""
    if place_endings().find(rest) or rest in words("places", "provinces", "short"):
        level = place_endings().find(rest)
        return len(rest) - len(level) >= 1 and not (len(first) == 2 and len(rest) <= 2)
    if first in words("places", "provinces", "countries") and len(rest) >= 2 and not known_place(first + rest):
        return known_place(rest) or (len(rest) <= 4 and set(rest) <= transliteration())
    return len(rest) >= 2 and first[-1] in "省市区州县"


def _pair(text: str, start: int, end: int) -> list[tuple[int, int]]:
    if text[start:end] in words("places", "one_character", "pairs") and end - start == 2:
        return [(start, start + 1), (start + 1, end)]
    return []


def find_short(text: str, sentence: Sentence) -> list[Found]:
    """One-character places: 中美, 赴美, 港股; and 中方, 美方 as whole words."""
    found: list[Found] = []
    pairs = words("places", "one_character", "pairs")
    firsts = words("places", "one_character", "first_of")
    lasts = words("places", "one_character", "last_of")
    sides = words("places", "one_character", "sides")
    characters = words("places", "one_character", "countries")
    before = words("places", "one_character", "before")
    if sentence:
        low, high = sentence[0].start, sentence[-1].end
        for match in _between().finditer(text, low, high):
            found += [(at, at + 1, "PLACE") for at in range(match.start(), match.end())]
        found += [(m.start(), m.start() + 1, "PLACE") for m in _PRODUCT.finditer(text, low, high)]
        regions = "|".join(sorted(words("places", "endings", "business_regions"), key=len, reverse=True))
        for match in re.compile(f"(?:{regions})(?![域间分])").finditer(text, sentence[0].start, sentence[-1].end):
            found.append((*match.span(), "PLACE"))
    for i, token in enumerate(sentence):
        surface = text[token.start : token.end]
        if surface in sides:
            after = text[token.end : token.end + 6]
            if after.startswith(tuple(words("places", "rules", "of_sides"))):
                continue
            found.append((token.start, token.end, "PLACE"))
        elif surface[:2] in pairs and (len(surface) == 2 or surface[2:] in words("places", "rules", "after_pair")):
            found += [(token.start, token.start + 1, "PLACE"), (token.start + 1, token.start + 2, "PLACE")]
        elif surface[:2] in firsts and len(surface) <= 4:
            found.append((token.start, token.start + 1, "PLACE"))
        elif surface in lasts:
            found.append((token.start + 1, token.end, "PLACE"))
        elif (
            len(surface) == 1
            and surface in characters
            and text[token.end : token.end + 1] not in table("places")["no_place_before"].get(surface, "")
        ):
            previous = text[sentence[i - 1].start : sentence[i - 1].end] if i else ""
            if surface == "欧" and previous[-1:] in ("脱", "退"):
                continue
            following = text[sentence[i + 1].start : sentence[i + 1].end] if i + 1 < len(sentence) else ""
            named = token.tag == "LOC"
            if previous + surface in pairs:
                found += [(token.start - 1, token.start, "PLACE"), (token.start, token.end, "PLACE")]
            elif (
                (previous[-1:] in before and (named or previous[-1:] + surface in lasts))
                or named
                or surface + following[:1] in firsts
            ):
                found.append((token.start, token.end, "PLACE"))
        elif len(surface) > 2 and surface[:2] in pairs and token.tag in ("LOC", "nz", "n"):
            if text[token.start + 2] in "双两关贸元建合":
                found += [(token.start, token.start + 1, "PLACE"), (token.start + 1, token.start + 2, "PLACE")]
        elif len(surface) > 2 and surface[0] in characters and surface[1:] in words("places", "rules", "after_one"):
            found.append((token.start, token.start + 1, "PLACE"))
    return found


@cache
def _between() -> re.Pattern[str]:
    """Two countries of one character before a word for what is between them, however the words are cut."""
    pairs = "|".join(sorted(words("places", "one_character", "pairs")))
    countries = "".join(sorted(words("places", "one_character", "countries")))
    return re.compile(
        f"(?:(?<=[于与和对在将从的为使是因促])({pairs})(?={_BETWEEN})|(?<![一-鿿])([{countries}]{{2}})(?=两国))"
    )


# 湘茶, 粤企, 沪指: a province by its one-character name before a product, a firm or an index.
_PRODUCT = re.compile(
    "[湘粤沪浙苏皖闽赣鲁豫鄂桂琼渝川黔滇陕陇晋冀辽吉黑蒙疆](?=茶(?![^产企叶业])|企(?!业|[图鹅及划])|指(?=[下上跌涨收报开])|籍|股通)"
)
_BETWEEN = "之间|两国|双方|关系|双边|谈判|会谈|对话|对峙|冲突|矛盾|建交|断交|贸易|元首|首脑"


def find_places(text: str, sentence: Sentence) -> list[Found]:
    """Places that LAC names, joined with a following ending (上海 + 自贸试验区), and split at address levels."""
    found: list[Found] = []
    generic = words("places", "endings", "generic")
    sentence = _rejoined(text, sentence)
    built: dict[int, int] = {}
    if sentence:
        for match in _SAINT.finditer(text, sentence[0].start, sentence[-1].end):
            if set(match.group(1)) <= transliteration():
                found.append((*match.span(), "PLACE"))
        for token in sentence:
            # The characters before the water must all be such as write foreign names, from the start of a word on.
            water = _WATERS.match(text, token.start)
            if not water or water.end() > sentence[-1].end or not set(water.group(1)) <= transliteration():
                continue
            if len(water.group(1)) > 2 or token.tag in ("LOC", "PER"):
                found.append((*water.span(), "PLACE"))
        # 宁州 + 长江大桥: the town is part of the bridge's name, 宁州市 is a level of its own.
        for token, following in pairwise(sentence):
            if (
                token.tag == following.tag == "LOC"
                and token.end == following.start
                and _BUILT.match(text, following.start, following.end)
                and text[token.end - 1] not in "省市县区州镇乡国"
            ):
                built[token.start] = following.end
    for i, token in enumerate(sentence):
        if token.tag == "PER" and token.end - token.start >= 4 and text[token.end - 1] in "州省邦郡县":
            found.append((token.start, token.end, "PLACE"))
            continue
        if token.tag == "PER" and is_foreign_town(text, sentence, i):
            found.append((token.start, token.end, "PLACE"))
            continue
        if token.tag != "LOC" and not (token.tag in ("PER", "ORG") and known_place(text[token.start : token.end])):
            continue
        start, end = trim(text, token.start, token.end)
        if end - start > 2 and text[start] in "前原" and known_place(text[start + 1 : end]):
            start += 1
        end = start + len(without_direction(text[start:end]))
        if end - start < 2:
            continue
        surface = text[start:end]
        if re.fullmatch("[0-9.０-９]+", surface) or re.search("党[州省市县]$", surface):
            continue
        if surface.endswith(("政府", "战争", "大战", "革命")) or event_follows(text, end) or people_follow(text, end):
            continue
        if surface in generic or surface in words("places", "endings", "guards"):
            continue
        if surface[1:] in words("places", "rules", "after_one") and surface[0] in words(
            "places", "one_character", "countries"
        ):
            continue
        label = body_endings().values.get(body_endings().find(surface), "")
        if label in ("FIRM", "ORG") and not place_endings().find(surface) and not _is_where(text, sentence, i):
            found.append((start, end, label))
            continue
        reach = _extension(text, sentence, i)
        if start in built:
            found.append((start, built[start], "PLACE"))
            continue
        if reach > token.end:
            pieces = split_places(text, start, end)
            found += [(s, e, "PLACE") for s, e in pieces[:-1]]
            found.append((pieces[-1][0] if pieces else start, reach, "PLACE"))
        else:
            found += [(s, e, "PLACE") for s, e in split_places(text, start, end)]
    return found


# A water or a mountain of a foreign name, with what is built on it: 鲁菲吉河大桥.
_WATERS = re.compile(
    "(?<![·•])([一-鿿]{2,5})(?:河|湖|岛|山脉|海峡|半岛|群岛|沙漠|运河|峡谷|河谷|瀑布)(?:大桥|大坝|水库|水电站)?(?![一-鿿]?[鲤鲟])"
)
_SAINT = re.compile("圣([一-鿿]{1,5}?)(?:大广场|广场|大教堂|教堂|大街|城堡)")
_BUILT = re.compile(
    "(?:长江|黄河|珠江|淮河|湘江|汉江|松花江|钱塘江|闽江|赣江|嘉陵江|跨海)[一-鿿]{0,3}(?:大桥|隧道|二桥|三桥|公铁大桥)$"
)


def without_direction(name: str) -> str:
    """A place without the part of it that is meant: 秘鲁南部地区 → 秘鲁; nothing is left of a mere 西部."""
    match = _DIRECTION.search(name)
    if match:
        return name[: match.start()]
    return name


_DIRECTION = re.compile("(?:[东西南北中]{1,2}部|腹地|沿岸|全境|境内)(?:地区)?$")


def _rejoined(text: str, sentence: Sentence) -> Sentence:
    """The sentence with foreign names put together that LAC cuts in two (华盛 + 顿州)."""
    joined: list[Token] = []
    for token in sentence:
        last = joined[-1] if joined else None
        if last and last.tag == token.tag == "LOC" and token.end - token.start > 2 and last.end == token.start:
            # 云洲|尔卡林: the knowledge base shows where the first name ends.
            moved = not known_place(text[last.start : last.end]) and known_place(text[last.start : token.start + 1])
            if moved:
                joined[-1] = Token(last.start, token.start + 1, "LOC")
                joined.append(Token(token.start + 1, token.end, "LOC"))
                continue
        if last and last.tag == token.tag == "LOC" and text[token.end - 1] in "州省邦郡" and last.end - last.start <= 3:
            first, second = text[last.start : last.end], text[token.start : token.end - 1]
            foreign = all(character in transliteration() for character in first + second)
            if foreign and len(first + second) > 3 - (len(first) < 3) and not known_place(first):
                joined[-1] = Token(last.start, token.end, "LOC")
                continue
        joined.append(token)
    return tuple(joined)


def _is_where(text: str, sentence: Sentence, i: int) -> bool:
    """Whether word `i` says where something is: a farm or a museum is a place then, else a body that acts."""
    previous = text[sentence[i - 1].start : sentence[i - 1].end] if i else ""
    following = sentence[i + 1] if i + 1 < len(sentence) else None
    return previous in words("places", "rules", "where") or bool(following and following.tag in ("LOC", "s", "f", "m"))


_MATERIAL = frozenset({"n", "vn", "nz", "nw", "a", "j", "s", "b", "an", "PER", "ORG"})


def _extension(text: str, sentence: Sentence, i: int) -> int:
    """Where a place ends that begins with word `i` and whose ending is a word or two further on."""
    endings = words("places", "endings", "other")
    business = words("places", "endings", "business_regions")
    generic = words("places", "endings", "generic")
    first = text[sentence[i].start : sentence[i].end]
    reach = sentence[i].end
    stops = words("bodies", "stops", "words")
    for j in range(i + 1, min(i + 8, len(sentence))):
        token = sentence[j]
        surface = text[token.start : token.end]
        if token.tag not in _MATERIAL or surface in stops or surface in ("海上", "境内", "沿海", "海域", "近海"):
            break
        stretch = text[sentence[i].end : token.end]
        if j == i + 1 and first + surface in business:
            return token.end
        ending = next((e for e in sorted(endings, key=len, reverse=True) if stretch.endswith(e)), "")
        # One character is an ending only inside a word (… + 大桥), and a common noun needs more than a place before it.
        if len(ending) < 2 or (
            j == i + 1 and stretch in generic and stretch not in words("places", "rules", "with_place")
        ):
            continue
        reach = token.end
    return reach
