"""The numbers in a claim, with unit and time, as the text has them."""

from __future__ import annotations

import re
from collections.abc import Collection

from corpus.document import Lang, Target

_NUMBER_EN = (
    r"(?:(?:RMB|US\$|USD|HK\$|\$|€|£|¥|CNY)\s?)?\d[\d,]*(?:\.\d+)?(?:\s?(?:percent|per cent|percentage points?|%|‰))?"
    r"(?:\s(?:hundred|thousand|million|billion|trillion)\b)?"
)
_WORDS_EN = r"(?:(?:tens|dozens|scores|hundreds|thousands|millions|billions)(?: of (?:thousands|millions|billions))?(?= of\b)|two(?! (?:countries|sides|parties|nations|states|parliaments|governments|peoples|leaders)\b)|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|a hundred|a thousand|a million|half)(?:\s(?:hundred|thousand|million|billion)\b)?"
_EN = re.compile(
    rf"(?<![\w.,/-])(?P<value>{_NUMBER_EN}|{_WORDS_EN}\b)(?=(?P<rest>(?:[ -][\w’'-]+){{0,4}}))", re.IGNORECASE
)
_BY_EN = re.compile(
    r"\b(?:by|before|until|from|in|during|over|within|since) (?:the )?(?:end of |beginning of |first half of |second half of |next |this |last |past )*"
    r"(?:the )?(?:\d{4}|year|month|week|decade|(?:january|february|march|april|may|june|july|august|september|october|november|december)(?: \d{1,2})?(?:,? \d{4})?"
    r"|(?:two|three|five|ten|\d+) (?:years|months))\b"
    r"|\b(?:this|last|next) (?:year|month|week|decade)\b|\bso far\b|\bcurrently\b",
    re.IGNORECASE,
)
_MONTH = re.compile(
    r"\b(?:january|february|march|april|may|june|july|august|september|october|november|december) $", re.IGNORECASE
)
_STOP_EN = {
    "in", "on", "of", "to", "for", "by", "and", "or", "from", "with", "at", "the", "a", "an", "were", "was", "is", "are", "have", "has", "had",
    "will", "would", "who", "which", "that", "this", "last", "next", "as", "per", "before", "after", "until", "during", "between", "under",
    "within", "while", "when", "including", "more", "than", "compared", "over", "into", "each", "year", "it", "been", "being", "be", "such", "can", "could", "across",
}  # fmt: skip

_DIGITS_ZH = r"[0-9０-９]+(?:[,，][0-9]{3})*(?:\.[0-9]+)?"
_UNITS_HAN = "个项批次起件家所名种条座间套款元人户亩吨张台辆位篇场天年公平度头只"
_HAN_ZH = rf"(?:(?:(?:好?[数几]|上)(?=[十百千万亿]))?[一二三四五六七八九十两百千万亿]+(?=[多余]?[{_UNITS_HAN}]))"
_ZH = re.compile(
    rf"(?<![0-9.])(?P<value>(?:{_DIGITS_ZH}|{_HAN_ZH})(?:多|余)?(?:%|％|[万亿千百]{{1,2}})?(?:多|余)?)(?=(?P<rest>[^，。；、！？“”（）()\s0-9]{{0,8}}))"
)
_BY_ZH = re.compile(
    r"(?<![较比同])(?:到|至|于|在)?(?:20\d\d年(?:\d{1,2}月)?(?:底|末)?(?:前|之前)?|(?:今年|明年|本月|下月)(?:年)?(?:底|末|内|上半年|下半年)?(?:前|之前)?|(?:年|月)(?:底|末|内)(?:前|之前)?|\d{1,2}月(?:\d{1,2}日|底|末|份)?(?:前|之前)?"
    r"|上半年|下半年|去年|今年|明年|截至目前|目前|“?十[三四五]五”?(?:期间|末))"
)
_TIME_ZH = re.compile(r"(?:年|月|日|时|分(?!之)|点(?!位))")
_UNIT_ZH = re.compile(
    r"(?:个百分点|元|美元|人民币|人次|人|户|亩|公顷|吨|公里|平方米|立方米|套[^，的]{0,5}|间[^，的]{0,5}|个[^，的]{0,8}|项[^，的]{0,6}|家[^，的]{0,6}|所[^，的]{0,5}|件|起|批|次|名|台|款[^，的]{0,5}|种|条|座|张|只|头|辆|架|艘|千瓦|度|%|年|天|小时|大[^，的]{0,4}|倍|岁)"
)


def targets(claim: str, lang: Lang, stops: Collection[int] = ()) -> tuple[Target, ...]:
    """The targets of a claim; every value, unit and time is a piece of `claim`. No unit goes beyond a place of `stops`,
    where a word begins that is no part of a thing's name (a verb, an adverb), nor does it end inside a Chinese word.

    >>> targets("building more than 200,000 subsidised rental apartments", "en")
    (Target(value='200,000', unit='subsidised rental apartments', by=''),)
    >>> targets("力争到2030年新建养老床位5000张", "zh")[0].value
    '5000'
    """
    return _english(claim, stops) if lang == "en" else _chinese(claim, stops)


def _english(claim: str, stops: Collection[int]) -> tuple[Target, ...]:
    times = [(m.start(), m.end(), re.sub("^by ", "", m.group(), flags=re.IGNORECASE)) for m in _BY_EN.finditer(claim)]
    out: list[Target] = []
    # Where a number without a unit ended, which may have that of the next: 60 million and 200 million yuan.
    waiting = -1
    for match in _EN.finditer(claim):
        value = match["value"].rstrip(",. ")
        if _MONTH.search(claim[: match.start()]) or _in_time(match.start(), times):
            continue
        if re.fullmatch(r"(?:19|20)\d\d", value) or re.match(r"(?:st|nd|rd|th)\b", claim[match.start() + len(value) :]):
            continue
        rest, begin, last = match.start("rest"), -1, -1
        vague = value.lower().endswith("s") and value[0].isalpha()
        for word in re.finditer(r"[^\s-]\S*", match["rest"]):
            if vague and word.group().lower() == "of" and begin < 0:
                continue
            if word.group().lower() in _STOP_EN or rest + word.start() in stops:
                break
            begin, last = (rest + word.start() if begin < 0 else begin), rest + word.end()
        found = claim[begin:last].rstrip("-’'") if begin >= 0 else ""
        if currency := re.match(r"(RMB|US\$|USD|HK\$|\$|€|£|¥|CNY)\s?", value):
            found, value = currency[1], value[currency.end() :]
        if found and out and waiting >= 0 and re.fullmatch(r"(?: and| or|,)? ", claim[waiting : match.start()]):
            out[-1] = Target(out[-1].value, found.split()[0], out[-1].by)
        bare = not found and not value.endswith(("%", "percent", "cent", "points", "point"))
        waiting = match.start() + len(match["value"].rstrip(",. ")) if bare else -1
        out.append(Target(value, found, _nearest(match.start(), times)))
    return tuple(out)


def _chinese(claim: str, stops: Collection[int]) -> tuple[Target, ...]:
    times = [(m.start(), m.end(), m.group().lstrip("到至于在")) for m in _BY_ZH.finditer(claim)]
    out = []
    for match in _ZH.finditer(claim):
        rest = match["rest"]
        if _TIME_ZH.match(rest) and not re.match(r"年(?!底|末|前|内|度)(?:长|的|努力|期|来)?", rest):
            continue
        if _in_time(match.start(), times) or claim[max(0, match.start() - 1) : match.start()] in {"第", "于", "《"}:
            continue
        unit = _UNIT_ZH.match(rest)
        if match["value"] == "一" and not re.match(r"(?:年|个月|天|元|成)", rest):
            continue  # 一批, 一家 count nothing
        if unit and unit.group() == "岁":
            continue
        if not unit and not match["value"].endswith(("%", "％", "点", "万", "亿")):
            continue
        out.append(
            Target(match["value"], _unit_zh(claim, match.start("rest"), unit, stops), _nearest(match.start(), times))
        )
    return tuple(out)


def _unit_zh(claim: str, start: int, unit: re.Match[str] | None, stops: Collection[int]) -> str:
    """The unit, ended where a word begins that is no part of a name; with `stops` it may be longer than the pattern."""
    if unit is None:
        return ""
    if (
        not stops
        or len(unit.group()) < 2
        or unit.group() in {"美元", "人民币", "人次", "公顷", "公里", "千瓦", "小时", "个百分点"}
    ):
        return unit.group()
    inside = [n for n in stops if start < n <= start + 14]
    end = min(inside, default=start + len(unit.group()))
    comma = re.search(r"[，。；、！？“”（）()\s0-9]", claim[start:end])
    return claim[start : start + comma.start()] if comma else claim[start:end]


def _in_time(offset: int, times: list[tuple[int, int, str]]) -> bool:
    return any(a <= offset < b for a, b, _ in times)


def _nearest(offset: int, times: list[tuple[int, int, str]]) -> str:
    return min(times, key=lambda t: abs(t[0] - offset))[2] if times else ""
