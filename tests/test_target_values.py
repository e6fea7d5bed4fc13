"""Targets as quantities: what numbers, units and times of both languages say, and that no text breaks it."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.dataset import build
from corpus.document import Claim, Document, Lang, Layer, Segments, Span, Target
from corpus.schema import DOCUMENTS, GOLD, SEGMENTS
from corpus.store import Workspace
from corpus.targets import Quantity, agree, normalise, quantity_row, targets_of
from corpus.targets.dates import period, published
from corpus.targets.numbers import numerals
from corpus.targets.quantity import plain
from corpus.targets.units import same_kind, unit_of

PUBLISHED = date(2026, 3, 10)
CASES = json.loads((Path(__file__).parent / "cases" / "targets.json").read_text("utf-8"))


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c['lang']} {c['claim'] or c['value']} {c['unit']} {c['by']}")
def test_a_target_says(case: dict[str, str]) -> None:
    found = normalise(
        case["value"],
        case["unit"],
        case["by"],
        lang=case["lang"],
        published=PUBLISHED,
        context=case["claim"],  # type: ignore[arg-type]
    )
    assert (str(found) if found else None) == case["quantity"]


def test_the_fields_tell_strict_from_inclusive_and_a_change_from_a_level() -> None:
    more = normalise("200,000", "homes", lang="en", context="more than 200,000 homes")
    least = normalise("200,000", "homes", lang="en", context="at least 200,000 homes")
    assert more == Quantity(200000.0, "home", ">=", True)
    assert least == Quantity(200000.0, "home", ">=", False)
    fell = normalise("5%", lang="zh", context="同比下降5%")
    assert fell == Quantity(-0.05, "share", direction="down", rate="year on year")
    to = normalise("5%", lang="zh", context="降至5%")
    assert to == Quantity(0.05, "share")
    assert quantity_row(None)["number"] is None
    assert quantity_row(fell) == {
        **{"number": -0.05, "unit": "share", "comparison": "=", "strict": False, "upper": None},
        **{"direction": "down", "rate": "year on year", "start": "", "end": ""},
    }


@pytest.mark.parametrize(
    ("value", "times"), [("翻番", 2), ("翻两番", 4), ("翻三番", 8), ("翻一倍", 2), ("翻了三倍", 4)]
)
def test_fan_doubles_each_time_and_bei_adds_as_much_again(value: str, times: int) -> None:
    found = normalise(value, lang="zh")
    assert found is not None
    assert (found.number, found.unit) == (times, "times")


def test_without_a_date_of_publication_a_relative_time_is_left_open() -> None:
    found = normalise("40", "clinics", "next year", lang="en")
    assert found is not None
    assert (found.number, found.start, found.end) == (40, "", "")
    assert period("年底前", "zh") is None
    assert period("2025年底前", "zh") is not None


def test_the_place_in_the_claim_is_that_of_the_unit() -> None:
    text = "about 40 schools and fewer than 40 clinics"
    claim = Claim(
        Span(0, len(text), text), "action", "support", targets=(Target("40", "schools"), Target("40", "clinics"))
    )
    schools, clinics = targets_of(claim, "en")
    assert schools is not None
    assert clinics is not None
    assert (schools.comparison, clinics.comparison) == ("~", "<=")


def test_a_number_within_a_longer_one_is_not_the_value() -> None:
    found = normalise("20", "所", lang="zh", context="投入超过2000万元，新建20所学校")
    assert found is not None
    assert found.comparison == "="


@pytest.mark.parametrize(
    ("zh", "en", "same"),
    [
        (("20万", "套"), ("200,000", "homes"), True),
        (("20万", "套"), ("300,000", "homes"), False),
        (("20.3亿", "元"), ("2.03 billion", "yuan"), True),
        (("2030万", "元"), ("203 million", "yuan"), False),
        (("100", "元"), ("100", "dollars"), False),
        (("3万", "亩"), ("2,000", "hectares"), True),
        (("三成", ""), ("30 percent", ""), True),
        (("3", "个月"), ("three", "months"), True),
        (("3", "年"), ("three", "months"), False),
        (("58", "款APP"), ("58", "apps"), True),
        (("1000", "名教师"), ("1,000", "teachers"), True),
    ],
)
def test_quantities_of_two_languages_agree(zh: tuple[str, str], en: tuple[str, str], same: bool) -> None:
    a, b = normalise(*zh, lang="zh"), normalise(*en, lang="en")
    assert a is not None
    assert b is not None
    assert agree(a, b) is same
    assert agree(b, a) is same


def test_the_dataset_has_quantities_beside_the_targets(workspace_root: Path) -> None:
    from datasets import load_dataset

    text = "Hemu will build more than 200,000 homes by the end of next year, and several schools."
    document = Document("d.en", "", "en", text, meta={"date": "2026-03-10"})
    targets = (Target("200,000", "homes", "by the end of next year"), Target("several", "schools"))
    claim = Claim(Span.of(text, 5, 84), "commitment", "support", policy_area="housing", targets=targets)
    made = Workspace.create(workspace_root)
    made.append(DOCUMENTS, [document])
    made.append(SEGMENTS, [Segments(document.id, document.sha, ((0, len(text)),))])
    made.append(GOLD, [Layer(document.id, document.sha, "gold", "1", (), (claim,))])
    folder = Path(str(build(made).notes["path"]))
    loaded = load_dataset(str(folder), "claims", cache_dir=str(folder.parent / "cache"))
    [row] = [row for split in loaded.values() for row in split]
    assert [t["value"] for t in row["targets"]] == ["200,000", "several"]
    first, second = row["quantities"]
    assert first == {
        **{"number": 200000.0, "unit": "home", "comparison": ">=", "strict": True, "upper": None},
        **{"direction": "", "rate": "", "start": "", "end": "2027-12-31"},
    }
    assert set(second.values()) == {None}


# ---- dates


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-03-10", date(2026, 3, 10)),
        ("2026-03-10T08:00:00+08:00", date(2026, 3, 10)),
        ("20260310", date(2026, 3, 10)),
        ("2026年3月10日", date(2026, 3, 10)),
        ("Tue, 10 Mar 2026", date(2026, 3, 10)),
        ("March 10, 2026", date(2026, 3, 10)),
        ("2026年3月", date(2026, 3, 1)),
        ("2026-13-40", None),
        ("", None),
    ],
)
def test_the_day_of_publication(text: str, day: date | None) -> None:
    assert published(text) == day


@given(st.integers(6, 30), st.integers(0, 4))
def test_a_five_year_plan_holds_its_five_years(number: int, year: int) -> None:
    found = period(f"during the {number}th Five-Year Plan", "en")
    assert found is not None
    assert found.start is not None
    assert found.end is not None
    assert found.start.year + 4 == found.end.year
    assert found.start.year % 5 == 1
    following = period(f"during the {number + 1}th Five-Year Plan", "en")
    if following and following.start:
        assert following.start.year == found.end.year + 1


@given(st.dates(date(1990, 1, 1), date(2080, 12, 31)))
def test_a_full_date_is_itself(day: date) -> None:
    for text, lang in (
        (f"{day.year}年{day.month}月{day.day}日", "zh"),
        (f"{day:%B} {day.day}, {day.year}", "en"),
        (f"{day.day} {day:%B} {day.year}", "en"),
        (day.isoformat() if day.year >= 2000 else f"{day:%B} {day.day}, {day.year}", "en"),
    ):
        found = period(text, lang)  # type: ignore[arg-type]
        assert found is not None
        assert (found.start, found.end) == (day, day)


@given(st.integers(1, 12), st.dates(date(2000, 1, 1), date(2050, 12, 31)))
def test_a_deadline_without_a_year_is_not_long_past(month: int, day: date) -> None:
    found = period(f"{month}月底前", "zh", day)
    assert found is not None
    assert found.start is None
    assert found.end is not None
    assert -62 <= (found.end - day).days <= 366


# ---- numbers: written form and back

_HAN = "零一二三四五六七八九"


def in_chinese(number: int) -> str:
    """A whole number below 10**12 in Chinese characters."""
    if number == 0:
        return "零"
    result, zero = "", False
    for power, name in ((10**8, "亿"), (10**4, "万"), (1, "")):
        section, number = divmod(number, power)
        if section:
            if result and (section < 1000 or zero):
                result += "零"
            result += section_in_chinese(section) + name
            zero = False
        elif result:
            zero = True
    return result


def section_in_chinese(section: int) -> str:
    result, zero = "", False
    for power, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit, section = divmod(section, power)
        if digit:
            result += ("零" if zero and result else "") + _HAN[digit] + name
            zero = False
        else:
            zero = True
    return result


_ONES = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
]
_ONES += ["seventeen", "eighteen", "nineteen"]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]


def in_english(number: int) -> str:
    """A whole number below 10**15 in English words."""
    if number < 20:
        return _ONES[number]
    if number < 100:
        ten, one = divmod(number, 10)
        return _TENS[ten - 2] + (f"-{_ONES[one]}" if one else "")
    if number < 1000:
        hundred, rest = divmod(number, 100)
        return f"{_ONES[hundred]} hundred" + (f" and {in_english(rest)}" if rest else "")
    for power, name in ((10**12, "trillion"), (10**9, "billion"), (10**6, "million"), (1000, "thousand")):
        if number >= power:
            many, rest = divmod(number, power)
            return f"{in_english(many)} {name}" + (f" {in_english(rest)}" if rest else "")
    raise AssertionError


def value(text: str, lang: Lang) -> Decimal:
    [found] = numerals(plain(text, lang), lang)
    assert (found.start, found.end) == (0, len(text)), text
    return found.value


@given(st.integers(0, 10**12 - 1))
def test_chinese_characters_and_back(number: int) -> None:
    assert value(in_chinese(number), "zh") == number


@given(st.integers(0, 10**15 - 1))
def test_english_words_and_back(number: int) -> None:
    assert value(in_english(number), "en") == number


@given(st.integers(0, 10**12), st.sampled_from(["", "万", "亿", "千", "百万", "万亿"]), st.integers(0, 99))
def test_digits_with_scales_and_back(number: int, scale: str, decimals: int) -> None:
    factor = {"": 1, "千": 10**3, "万": 10**4, "百万": 10**6, "亿": 10**8, "万亿": 10**12}[scale]
    number %= 10**6
    digits = f"{number}.{decimals:02d}"
    wide = digits.translate({ord(c): ord(c) + 0xFEE0 for c in "0123456789."})
    for text in (digits, wide):
        assert value(text + scale, "zh") == Decimal(digits) * factor
    assert value(f"{number:,}.{decimals:02d}", "en") == Decimal(digits)
    for name, power in (("thousand", 3), ("million", 6), ("billion", 9), ("trillion", 12)):
        assert value(f"{digits} {name}", "en") == Decimal(digits) * 10**power


@given(st.integers(1, 9), st.integers(2, 9))
def test_shares_and_back(part: int, whole: int) -> None:
    assert value(f"{_HAN[whole]}分之{_HAN[part]}", "zh") == Decimal(part) / whole
    assert value(f"{_HAN[part]}成", "zh") == Decimal(part) / 10
    assert value(f"{_HAN[part]}成半", "zh") == Decimal(part) / 10 + Decimal("0.05")
    assert value(f"百分之{in_chinese(part * whole)}", "zh") == Decimal(part * whole) / 100


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        ("成员", "zh"),
        ("半导体", "zh"),
        ("上海", "zh"),
        ("the first half of the year", "en"),
        ("the third quarter", "en"),
        ("a third country", "en"),
        ("several", "en"),
        ("anyone", "en"),
    ],
)
def test_what_is_no_number(text: str, lang: Lang) -> None:
    assert list(numerals(text, lang)) == []


# ---- any text

ANY = st.text(max_size=60) | st.text(
    alphabet="0123456789０９.,，%％‰ -–—~至到一二三两半成分之十百千万亿多余几数上翻番年月日底前元套亩约近超过同比增长下降millionbyofhalfone\r\n\x00\ud800😀½Ⅱ",
    max_size=60,
)


@given(ANY, ANY, ANY, st.sampled_from(["en", "zh"]), st.none() | st.dates(), ANY)
def test_any_text_gives_a_quantity_or_none(
    value: str, unit: str, by: str, lang: Lang, day: date | None, context: str
) -> None:
    found = normalise(value, unit, by, lang=lang, published=day, context=context + value + unit)
    if found:
        assert found.number == found.number
        assert str(found)
        assert all(not d or date.fromisoformat(d) for d in (found.start, found.end))
        assert agree(found, found)


@given(ANY, st.sampled_from(["en", "zh"]))
def test_numerals_are_places_in_the_text_in_order(text: str, lang: Lang) -> None:
    end = 0
    for found in numerals(plain(text, lang), lang):
        assert end <= found.start < found.end <= len(text)
        end = found.end


@given(ANY)
def test_reading_keeps_the_length(text: str) -> None:
    assert len(plain(text, "zh")) == len(plain(text, "en")) == len(text)


@pytest.mark.parametrize(
    "text", ["9" * 50_000, "一" * 50_000, "万" * 50_000, "one " * 20_000, "十多" * 20_000, "1,000" * 10_000]
)
def test_hostile_numbers_take_no_time(text: str) -> None:
    for lang in ("en", "zh"):
        normalise(text, text, text, lang=lang, context=text)  # type: ignore[arg-type]
        sum(1 for _ in numerals(text[:20_000], lang))  # type: ignore[arg-type]


# ---- units


def test_units_of_one_thing_have_one_name() -> None:
    assert {unit_of(u, "en").name for u in ("homes", "rental apartments", "new housing units")} == {"home"}
    assert {unit_of(u, "zh").name for u in ("套公寓", "套保障性租赁住房", "套住房")} == {"home"}
    assert unit_of("元人民币", "zh").name == unit_of("RMB", "en").name == "yuan"
    assert unit_of("亿", "zh").name == "亿"


def test_units_compare_by_kind() -> None:
    assert same_kind("套", "home")
    assert same_kind("job", "person")
    assert not same_kind("yuan", "share")
    assert not same_kind("school", "hospital")
    assert same_kind("", "yuan")
