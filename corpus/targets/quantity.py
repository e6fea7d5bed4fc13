"""A target as a quantity: what `Target(value, unit, by)` says as text, as figures that can be counted and compared."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any

from corpus.document import Claim, Lang
from corpus.script import simplified
from corpus.targets import cues
from corpus.targets.cues import Comparison, Direction
from corpus.targets.dates import Period, period
from corpus.targets.numbers import Numeral, numerals
from corpus.targets.units import POINT, SHARE, Unit, kind_of, same_kind, unit_of

_LONGEST = 400
_WINDOW = 120


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number that a claim commits to or reports.

    `number` is in `unit`, the one name of the unit in both languages, or its text where no list knows it; "share" is a
    percentage or fraction (3.5% is 0.035), "percentage point" counts points (10). What fell is negative, and
    `direction` tells a change ("up", "down") from a level (""). `comparison` is one of = >= <= ~; `strict` is true
    where the words leave the number itself out (more than, 超过, under), false where they include it (at least,
    不低于, up to). `upper` is the other end of a range (5%-6%). `rate`: "year on year", "per year" … `start` and `end`
    are ISO dates, both included; by the end of 2025 has an end only.
    """

    number: float
    unit: str = ""
    comparison: Comparison = "="
    strict: bool = False
    upper: float | None = None
    direction: Direction = ""
    rate: str = ""
    start: str = ""
    end: str = ""

    def __str__(self) -> str:
        """As a person reads it.

        >>> str(normalise("more than 200,000", "subsidised rental apartments", lang="en"))
        '> 200000 home'
        """
        sign = {">=": ">" if self.strict else "≥", "<=": "<" if self.strict else "≤", "~": "≈", "=": ""}[
            self.comparison
        ]
        shown = ("+" if self.direction == "up" and self.number > 0 else "") + _shown(self.number)
        if self.upper is not None:
            shown += f" to {_shown(self.upper)}"
        when = f"{self.start}/{self.end}" if self.start and self.end else self.start and f"from {self.start}"
        when = when or (self.end and f"by {self.end}")
        return " ".join(
            part for part in (sign, shown, "" if self.unit == SHARE else self.unit, self.rate, when) if part
        )


def _shown(number: float) -> str:
    return f"{number:.0f}" if number == int(number) and abs(number) < 1e18 else f"{number:.12g}"


def normalise(
    value: str, unit: str = "", by: str = "", *, lang: Lang, published: date | None = None, context: str = ""
) -> Quantity | None:
    """A target as a quantity; None where its value holds no number.

    `context` is the text of the claim: what stands there before and after the value (more than, 同比增长) is taken into
    account, too. `published` resolves what is told by the day of writing ("next year", 年底前); without it such a time
    is left open. Any text is taken, nothing is raised.

    >>> normalise("20万套", lang="zh").number, normalise("20万套", lang="zh").unit
    (200000.0, '套')
    >>> normalise("3.5%", lang="zh", context="出口同比增长3.5%")
    Quantity(number=0.035, unit='share', comparison='=', strict=False, upper=None, direction='up', rate='year on year', start='', end='')
    >>> normalise("40,000", "rental apartments", "by 2030", lang="en").end
    '2030-12-31'
    """
    return _normalise(value[:_LONGEST], unit[:_LONGEST], by[:_LONGEST], lang, published, context[: 20 * _LONGEST])


def targets_of(claim: Claim, lang: Lang, published: date | None = None) -> list[Quantity | None]:
    """The quantities of the targets of a claim, in their order."""
    text = claim.span.surface
    return [normalise(t.value, t.unit, t.by, lang=lang, published=published, context=text) for t in claim.targets]


def quantity_row(quantity: Quantity | None) -> dict[str, Any]:
    """The fields of a quantity for a table; all are None where there is none."""
    names = ("number", "unit", "comparison", "strict", "upper", "direction", "rate", "start", "end")
    return {name: getattr(quantity, name) if quantity else None for name in names}


TOLERANCE = 0.005
"""How far two numbers may be apart, as a share of the larger, and still be the same one, rounded in translation."""


def agree(a: Quantity, b: Quantity) -> bool:
    """Whether two quantities, of two languages maybe, say the same number of the same thing.

    Comparison, rate and time are left out: translators drop "about" and "year on year" freely.

    >>> agree(normalise("20万", "套", lang="zh"), normalise("200,000", "homes", lang="en"))
    True
    >>> agree(normalise("20万", "套", lang="zh"), normalise("300,000", "homes", lang="en"))
    False
    """
    first, second = abs(a.number), abs(b.number)
    if abs(first - second) > TOLERANCE * max(first, second):
        return False
    if a.direction and b.direction and a.direction != b.direction:
        return False
    return same_kind(a.unit, b.unit)


def _plain_form(code: int) -> bool:
    """Whether a full-width sign is told as its half-width one: letters, digits, and what stands in numbers."""
    character = chr(code - 0xFEE0)
    return character.isalnum() or character in ".,%-+/~"


def plain(text: str, lang: Lang) -> str:
    """`text` with half-width digits and signs, plain blanks, and simplified characters: one character for each."""
    text = text.translate(_PLAIN)
    return simplified(text) if lang == "zh" else text


_PLAIN: dict[int, int | str] = {
    **{code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F) if _plain_form(code)},
    **dict.fromkeys(map(ord, "\u00a0\u2007\u2009\u202f\u3000\t\r\n"), " "),
    **dict.fromkeys(map(ord, "\u2010\u2011\u2212"), "-"),
    ord("﹪"): "%",
}
# A full-width comma parts clauses in Chinese; between digits it is one of thousands all the same.
_CLAUSE_COMMA = re.compile(r"(?<=[0-9])，(?=[0-9]{3}(?![0-9]))")

_OVER = re.compile(r"\bover\s+(?:the\s+)?$", re.IGNORECASE)
_LEVEL = re.compile(r"(?:level|grade)?\s?(Ⅰ|Ⅱ|Ⅲ|Ⅳ|Ⅴ|IV|I{1,3}|V|[1-5])\s?(?:级|level)?", re.IGNORECASE)
_ROMAN = {"Ⅰ": 1, "Ⅱ": 2, "Ⅲ": 3, "Ⅳ": 4, "Ⅴ": 5, "I": 1, "II": 2, "III": 3, "IV": 4, "V": 5}
_PERCENT = re.compile(r"\s?(?:%|percent\b|per cent\b|pct\b)(?!\s?age)", re.IGNORECASE)
_POINTS = re.compile(
    r"\s?(?:percentage[ -]points?|percent points?|pp\b|个?百分点|(?P<basis>basis points?|bps?\b|个?基点)|points?$|points? )",
    re.IGNORECASE,
)
_MILLE = re.compile(r"\s?(?:‰|per mille\b|per thousand\b)")
_CURRENCY = re.compile(r"(?:RMB|CNY|US\$|USD|HK\$|HKD|A\$|C\$|S\$|EUR|GBP|JPY|\$|€|£|¥|₹)\s?$", re.IGNORECASE)
_TO = {
    "en": re.compile(r"\s?(?:-|–|—|~|to\b|and\b|through\b)\s?(?:RMB|US\$|HK\$|\$|€|£|¥)?\s?", re.IGNORECASE),
    "zh": re.compile(r"\s?(?:-{1,2}|–|—{1,2}|~|～|至|到)\s?"),
}
_BEFORE = {
    "en": re.compile(
        r"(?P<first>[0-9][0-9,.]*(?: (?:million|billion|thousand|trillion))?)(?:\s?(?:%|percent|per cent))?"
        r"\s?(?P<joint>-|–|—|~|to\b|and\b)\s?$",
        re.IGNORECASE,
    ),
    "zh": re.compile(r"(?P<first>[0-9][0-9,.]*[十百千万亿]{0,2})%?\s?(?P<joint>-{1,2}|–|—{1,2}|~|～|至|到)\s?$"),
}
_SCALE = {
    "en": re.compile(r"(?:hundred|thousand|million|billion|trillion)\b", re.IGNORECASE),
    "zh": re.compile(r"[百千万亿]{1,3}(?![瓦米克分卡])"),
}
_YEAR = re.compile(r"(?:19|20)[0-9]{2}$")
_NOT_YEARS = re.compile(r"\s?(?:年|财年|年度)")


@lru_cache(maxsize=8192)
def _normalise(value: str, unit: str, by: str, lang: Lang, published: date | None, context: str) -> Quantity | None:
    value, unit, context = (plain(text, lang) for text in (value, unit, context))
    if lang == "zh":
        value, context = _CLAUSE_COMMA.sub(",", value), _CLAUSE_COMMA.sub(",", context)
    number = next(numerals(value, lang), None) or _with_unit(value, unit, lang)
    if number is None:
        return _level(value, unit, by, lang, published)
    if match := _SCALE[lang].match(unit):
        # 8000 万人, "1.5" and "million yuan": the scale belongs to the number.
        if number.kind == "count" and number.end == len(value.rstrip()):
            scaled = next(numerals("1" + match[0] if lang == "zh" else f"1 {match[0]}", lang), number).value
            number = replace(number, value=number.value * scaled, scale=number.scale * scaled)
            number = replace(number, upper=None if number.upper is None else number.upper * scaled)
        unit = unit[match.end() :].lstrip()
    before, after = _around(value, unit, context)
    if lang == "zh" and value[0] in "十百千万亿" and (vague := re.search("(?:好几|[数几上])$", before)):
        # 数十款 where the value is 十.
        return _normalise(vague[0] + value, unit, by, lang, published, context)
    rest = value[number.end :]
    if number.kind == "count" and _YEAR.match(value[number.start : number.end]) and _NOT_YEARS.match(rest + unit):
        # A year is a time, and no number of years.
        return None
    ahead = (before + value[: number.start])[-_WINDOW:]
    base, upper, rest, percent = _range(number, ahead, rest, after, lang, inside=True)
    if upper is None and not _PERCENT.sub("", rest, count=1).strip():
        percent_here = _PERCENT.match(rest)
        base, upper, behind, percent = _range(
            number, ahead, rest, (rest if percent_here else "") + after, lang, inside=False
        )
        if upper is not None:
            rest = behind if behind is not rest else rest
    high = upper if upper is not None else number.upper
    tail = rest + (" " if lang == "en" and unit else "") + unit
    measure = _measure(base, value[: number.start], rest, unit, tail, after, percent, lang)
    behind = (rest + (unit if rest.strip() else "") + after)[:_WINDOW]
    compared, strict = cues.comparison(ahead.lower(), _past_unit(behind, unit, lang).lower(), lang)
    if compared == "=" and lang == "zh" and behind[:1] in ("多", "余"):
        # 1200多家: before the unit, not after it.
        compared, strict = cues.comparison("", behind[:1], lang)
    if compared == ">=" and strict and lang == "en" and kind_of(measure.name) == "time":
        # "over three years" is how long, "over 30 homes" how many.
        compared, strict = ("=", False) if _OVER.search(ahead) else (compared, strict)
    under = ahead.rstrip().lower().endswith("under") and base.start == 0 and not value[0].isdigit()
    if compared == "<=" and strict and lang == "en" and under:
        # "under four centres" is where, "under 40" how many.
        compared, strict = "=", False
    if base.least and compared in ("=", "~"):
        compared, strict = ">=", True
    # "4% more" is a change, "4 more schools" are four.
    following = _past_unit(behind, unit, lang).lower() if measure.name in (SHARE, POINT) else ""
    moved = cues.direction(ahead.lower(), following, lang)
    if measure.name == "times" and base.kind == "times":
        moved = ""
    rate = cues.rate(ahead.lower(), behind.lower(), lang)
    if rate.endswith(("on year", "on month", "on quarter")) and not moved and measure.name not in (SHARE, POINT):
        rate = ""
    times = measure.factor
    figure, top = base.value * times, None if high is None else high * times
    if lang == "zh" and measure.name == "times" and base.kind == "count" and moved == "up":
        # 增长2倍 is three times what it was.
        figure, top = figure + 1, None if top is None else top + 1
        moved = ""
    if re.search(r"(?:^|[^\w.%）)-])(?:-|minus\s|负)$", ahead) and not moved:
        moved = "down"
    sign = -1 if moved == "down" else 1
    try:
        low_end, high_end = float(figure) * sign, None if top is None else float(top) * sign
    except OverflowError:
        return None
    if high_end is not None and high_end < low_end and sign == 1:
        low_end, high_end = high_end, low_end
    when = _period(by, context, lang, published)
    return Quantity(
        low_end,
        measure.name,
        "=" if high_end is not None and compared == ">=" and not strict else compared,
        strict,
        high_end,
        moved,
        rate,
        when.start.isoformat() if when and when.start else "",
        when.end.isoformat() if when and when.end else "",
    )


_LEAD = {
    "en": re.compile(r"\b(by|before|until|since|from|within|over)\s+(?:the\s+)?$", re.IGNORECASE),
    "zh": re.compile(r"(到|至|截至|截止|自|从)$"),
}


def _period(by: str, context: str, lang: Lang, published: date | None) -> Period | None:
    """The time of a target, with the preposition that stands before it in the claim where it has none of its own."""
    by = plain(by, lang)
    if not by:
        return None
    at = context.find(by)
    if at > 0 and (lead := _LEAD[lang].search(context[max(0, at - 12) : at])):
        by = f"{lead[1]} {by}" if lang == "en" else lead[1] + by
    return period(by, lang, published)


def _with_unit(value: str, unit: str, lang: Lang) -> Numeral | None:
    """A number that only its unit tells to be one: 半年."""
    found = next(numerals(value + unit[:2], lang), None) if lang == "zh" else None
    return found if found and found.end <= len(value) else None


def _level(value: str, unit: str, by: str, lang: Lang, published: date | None) -> Quantity | None:
    """Level II, Ⅱ级."""
    match = _LEVEL.fullmatch(value.strip())
    if not match or match[1].isdigit() or not re.search(r"level|grade|级", f"{value} {unit}", re.IGNORECASE):
        return None
    when = _period(by, "", lang, published)
    start, end = (d.isoformat() if d else "" for d in ((when.start, when.end) if when else (None, None)))
    return Quantity(float(_ROMAN[match[1].upper()]), "level", start=start, end=end)


def _around(value: str, unit: str, context: str) -> tuple[str, str]:
    """The text of the claim before and after the value; of several places the one with the unit beside it."""
    places: list[tuple[int, int]] = []
    at = context.find(value)
    while at >= 0 and len(places) < 20:
        end = at + len(value)
        inside = (at and value[0].isdigit() and context[at - 1 : at].isdigit()) or (
            value[-1:].isdigit() and context[end : end + 1].isdigit()
        )
        if not inside:
            near = context[end : end + len(unit) + 3].lower()
            ahead = context[max(0, at - len(unit) - 2) : at].lower()
            places.append((0 if unit and (unit.lower() in near or unit.lower() in ahead) else 1, at))
        at = context.find(value, at + 1)
    if not places:
        return "", ""
    _, at = min(places)
    return context[max(0, at - _WINDOW) : at], context[at + len(value) : at + len(value) + _WINDOW]


def _range(
    number: Numeral, before: str, rest: str, after: str, lang: Lang, *, inside: bool
) -> tuple[Numeral, Decimal | None, str, bool]:
    """(number, other end or None, what follows, whether the first end had a percent) of a range that the number is in.

    5%-6%, 3至5万, "between 5 and 6 percent". With `inside` the whole range is in the value; else the other end is in the
    text around it, and "from 3 to 5", which says that something changed, is none.
    """
    text = rest if inside else after
    percent = _PERCENT.match(text)
    joint = _TO[lang].match(text, percent.end() if percent else 0)
    if joint and _is_joint(joint[0], before, inside):
        other = next(numerals(text[joint.end() : joint.end() + 60], lang), None)
        if other and other.start == 0 and other.kind == number.kind:
            low = number
            if number.scale == 1 and other.scale > 1 and number.value * other.scale <= other.value:
                # 2至3万, "2 to 3 million".
                low = replace(number, value=number.value * other.scale)
            return low, other.value, text[joint.end() + other.end :], bool(percent)
    if (
        not inside
        and (found := _BEFORE[lang].search(before))
        and _is_joint(found["joint"], before[: found.start()], False)
    ):
        first = next(numerals(found["first"], lang), None)
        if first and first.value < number.value and first.kind == number.kind:
            scaled = first.value * number.scale
            lower = scaled if first.scale == 1 and number.scale > 1 and scaled <= number.value else first.value
            return replace(number, value=lower), number.value, rest, False
    return number, None, rest, False


def _is_joint(joint: str, before: str, inside: bool) -> bool:
    joint = joint.strip().lower()
    if joint == "and":
        return bool(re.search(r"\bbetween\s+(?:\S+\s+)?$", before.lower() + " "))
    if joint in ("to", "through", "至", "到"):
        return inside or not re.search(r"(?:\bfrom|从|由|增至|[^，。；]*由)\s?\S{0,12}$", before, re.IGNORECASE)
    return True


def _past_unit(behind: str, unit: str, lang: Lang) -> str:
    """The text after the number and its unit, where 左右 and "or more" stand."""
    text = behind
    for pattern in (_POINTS, _PERCENT, _MILLE):
        if match := pattern.match(text):
            text = text[match.end() :]
            break
    stripped = text.lstrip()
    if unit and stripped.lower().startswith(unit.lower()):
        return stripped[len(unit) :] if lang == "zh" else " " + stripped[len(unit) :].lstrip()
    if lang == "zh":
        for length in range(min(6, len(text)), 0, -1):
            if unit_of(text[:length], "zh").kind:
                return text[length:]
    return text


def _measure(
    number: Numeral, ahead: str, rest: str, unit: str, tail: str, after: str, percent: bool, lang: Lang
) -> Unit:
    """The unit of a number, and what it is multiplied by."""
    for text in (tail, rest or after if not rest.strip() else rest):
        if match := _POINTS.match(text):
            return Unit(POINT, "", Decimal("0.01") if match["basis"] else Decimal(1))
        if _PERCENT.match(text):
            return Unit(SHARE, "", Decimal("0.01"))
        if _MILLE.match(text):
            return Unit(SHARE, "", Decimal("0.001"))
    if percent:
        return Unit(SHARE, "", Decimal("0.01"))
    if number.kind == "share":
        return Unit(SHARE)
    if number.kind == "times":
        return Unit("times")
    if match := _CURRENCY.search(ahead):
        return unit_of(match[0].strip(), "en")
    written = rest.strip(" -") if lang == "en" else rest.strip()
    if lang == "en":
        written = re.sub(r"^(?:-|\s)+", "", rest)
    # A time in the value itself (one-month, 一个月) says more than what it is the time of (interval).
    found = unit_of(written, lang)
    return found if found.name and (found.kind or not unit.strip()) else unit_of(unit, lang)
