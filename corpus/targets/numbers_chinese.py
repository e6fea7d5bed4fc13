"""Numbers as Chinese writes them: 20万, 三百二十万, 三成, 三分之二, 翻一番, 30多."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from corpus.targets.numeral import DIGITS_MAX, LITERAL, Numeral

_HAN_DIGITS = {c: n for n, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_SMALL = {"十": Decimal(10), "百": Decimal(100), "千": Decimal(1000)}
_LARGE = {"万": Decimal(10**4), "亿": Decimal(10**8), "兆": Decimal(10**12)}
_SCALES = _SMALL | _LARGE
_BLANK_BEFORE = ("万", "亿")
_HAN = "零〇一二两三四五六七八九"
_ZH_START = re.compile(rf"[0-9{_HAN}十百千万亿廿卅半过大多对翻数几上成好]")
_HAN_RUN = re.compile(f"[{_HAN}]{{1,{DIGITS_MAX}}}")
_SINGLE = rf"(?:[{_HAN}十]|[0-9](?:\.[0-9])?|10)"
# 成 begins many words: 五成 is a share, 一成员 is none.
_TENTHS = re.compile(
    rf"(?P<n>{_SINGLE})成(?P<half>半|[一二三四五六七八九](?!成))?(?![立为本长功果员交熟都分人年就效套片])"
)
_HALF = re.compile(r"(?P<more>过半|大半|多半)|一半|半数|对半|五五开")
_DOUBLED = re.compile(rf"翻(?:了)?(?P<n>[{_HAN}]|[0-9])?(?:一)?[番倍]")
_VAGUE = re.compile(
    r"(?:(?P<some>[数几好]|好几)(?P<scale>[十百千万亿]{1,3})|(?P<up>上)(?P<upto>[百千万亿]{1,2})(?!市)"
    r"|(?P<hundreds>成百上千)|(?P<thousands>成千上万)|数以(?P<count>[十百千万亿]{1,2})计)"
)
_PART = re.compile("分之")


def chinese(text: str) -> Iterator[Numeral]:
    """The numbers in a Chinese text."""
    position = 0
    while found := _ZH_START.search(text, position):
        numeral = _chinese_at(text, found.start())
        if numeral is None:
            position = found.end()
            continue
        yield numeral
        position = max(numeral.end, found.end())


def _chinese_at(text: str, at: int) -> Numeral | None:
    if match := _DOUBLED.match(text, at):
        number = _single(match["n"] or "一")
        # 翻三番 doubles three times over, 翻三倍 adds three times as much.
        times = number + 1 if text[match.end() - 1] == "倍" else Decimal(2) ** int(number)
        return Numeral(at, match.end(), times, "times")
    if match := _HALF.match(text, at):
        return Numeral(at, match.end(), Decimal("0.5"), "share", least=bool(match["more"]))
    if match := _TENTHS.match(text, at):
        tenths = _single(match["n"]) + (
            Decimal("0.5") if match["half"] == "半" else _single(match["half"]) / 10 if match["half"] else 0
        )
        return Numeral(at, match.end(), tenths / 10, "share") if tenths <= 10 else None
    if match := _VAGUE.match(text, at):
        value = Decimal(1)
        for character in match["scale"] or match["upto"] or match["count"] or ("百" if match["hundreds"] else "千"):
            value *= _SCALES[character]
        return Numeral(at, match.end(), value * (2 if match["some"] else 1), least=True)
    if text[at] == "半":
        return Numeral(at, at + 1, Decimal("0.5")) if text[at + 1 : at + 2] in ("年", "个", "天", "月", "日") else None
    numeral = _chinese_count(text, at)
    if numeral and (match := _PART.match(text, numeral.end)) and numeral.value > 0:
        # 百分之三十, 三分之二: the whole comes first.
        part = _chinese_count(text, match.end())
        if part is None:
            return None
        upper = part.upper / numeral.value if part.upper is not None else None
        return Numeral(at, part.end, part.value / numeral.value, "share", upper, part.least)
    return numeral


def _single(text: str) -> Decimal:
    return Decimal(10) if text == "十" else Decimal(_HAN_DIGITS[text]) if text in _HAN_DIGITS else Decimal(text)


def _chinese_count(text: str, at: int) -> Numeral | None:
    """A number of digits and scales: 20万, 三百二十万, 1千2百, 30多, 七八十, 三点五, 三万五."""
    total = section = Decimal(0)
    digit: Decimal | None = None
    upper: Decimal | None = None
    least = literal = False
    last = scale = Decimal(1)
    position = at
    while position < len(text) and position - at < 40:
        character = text[position]
        if character == " " and digit is not None and literal and text[position + 1 : position + 2] in _BLANK_BEFORE:
            # 69 亿: some editors set a blank between digits and characters.
            position += 1
            character = text[position]
        if match := LITERAL.match(text, position):
            if digit is not None or (position > at and text[position - 1] not in _SCALES):
                break
            digit, literal, position = Decimal(match[0].replace(",", "")), True, match.end()
        elif character in _HAN_DIGITS:
            match = _HAN_RUN.match(text, position)
            if digit is not None or match is None:
                break
            run, after = match[0].lstrip("零〇"), match.end()
            values = [_HAN_DIGITS[c] for c in run]
            if len(run) == 2 and values[1] == values[0] + 1 and 0 not in values and "两" not in run[1:]:
                # 七八个, 三四十: from the one to the other.
                digit, upper = Decimal(values[0]), Decimal(values[1])
            elif len(run) > 1 and (total or section):
                break
            else:
                digit = Decimal("".join(map(str, values)) or "0")
            if after < len(text) - 1 and text[after] == "点" and (more := _HAN_RUN.match(text, after + 1)):
                digit = Decimal(f"{digit}." + "".join(str(_HAN_DIGITS[c]) for c in more[0]))
                after = more.end()
            elif len(match[0]) == 1 and last >= 100 and (after >= len(text) or text[after] not in _SCALES):
                # 三万五: the digit counts the scale below.
                digit *= last / 10
            position = after
        elif character in "廿卅" and position == at:
            section, position = Decimal(20 if character == "廿" else 30), position + 1
        elif character in _SMALL:
            if digit is None and section % _SMALL[character] and not least:
                break
            if upper is not None:
                upper *= _SMALL[character]
            if digit is None and least and section:
                section *= _SMALL[character]
            else:
                section += (Decimal(1) if digit is None else digit) * _SMALL[character]
            digit, last, scale, position = None, _SMALL[character], scale * _SMALL[character], position + 1
        elif character in _LARGE:
            size = _LARGE[character]
            whole = section + (digit or 0)
            if digit is None and not whole and position == at:
                whole = Decimal(1)
            total = (total + whole) * size if character != "万" else total + whole * size
            if upper is not None:
                upper *= size
            section, digit, last, scale, position = Decimal(0), None, size, scale * size, position + 1
        elif character in "多余几" and position > at and not least and text[position - 1] not in "零〇":
            if character == "几" and text[position - 1] not in _SCALES:
                break
            least, position = True, position + 1
        else:
            break
        if total > Decimal(10) ** 20:
            return None
    if position == at:
        return None
    value = total + section + (digit or 0)
    end = position
    if least and text[end - 1] in "多余" and text[end : end + 1] in ("年", "月") and not literal and value == 0:
        return None
    high = None if upper is None else total + section + (upper if digit is not None else 0)
    if upper is not None and digit is None:
        high = max(upper, value)
    return Numeral(at, end, value, "count", high if high is not None and high > value else None, least, scale)
