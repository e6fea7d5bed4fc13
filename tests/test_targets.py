"""Numbers in claims: value, unit and time, each a piece of the claim."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotators.claims.reading import read
from annotators.claims.targets import targets
from annotators.claims.words import unit_stops
from corpus.document import Document, Item, Lang, Segments, Target
from corpus.segment import segment_text
from corpus.targets import normalise

CASES: list[tuple[Lang, str, list[tuple[str, str, str]]]] = [
    ("en", "will build 40,000 rental apartments by 2030", [("40,000", "rental apartments", "2030")]),
    ("en", "plans to plant two million trees", [("two million", "trees", "")]),
    ("en", "will cut emissions by 18 percent", [("18 percent", "", "")]),
    ("en", "has allocated RMB 3 billion for roads", [("3 billion", "RMB", "")]),
    ("en", "issued the rules on May 12", []),
    ("en", "the 14th plan was adopted in 2021", []),
    ("zh", "力争到2030年新建养老床位5000张", [("5000", "张", "2030年")]),
    ("zh", "今年将投入3.5亿元用于治水", [("3.5亿", "元", "今年")]),  # invest 350 million yuan in water
    ("zh", "新建两所幼儿园", [("两", "所幼儿园", "")]),  # two new nurseries
    ("zh", "于5月12日印发通知", []),  # a date is no target
    ("en", "hundreds of thousands of jobs within five years", [("hundreds of thousands", "jobs", "within five years")]),
    ("en", "paid out 60 million and 200 million yuan", [("60 million", "yuan", ""), ("200 million", "yuan", "")]),
    ("en", "would open 30 E-sports schools before July 30", [("30", "E-sports schools", "before July 30")]),
    ("en", "the two countries signed a treaty", []),
    ("zh", "投入数十亿元", [("数十亿", "元", "")]),  # invest billions
    ("zh", "培训几百名教师", [("几百", "名", "")]),  # train hundreds of teachers
    ("zh", "惠及上万人和数百万户", [("上万", "人", ""), ("数百万", "户", "")]),
    ("zh", "比去年上升10个百分点", [("10", "个百分点", "")]),  # what it is compared with is no deadline
    ("zh", "签订一批合同", []),  # 一批 counts nothing
]


@pytest.mark.parametrize(("lang", "claim", "expected"), CASES)
def test_targets_have_value_unit_and_time(lang: Lang, claim: str, expected: list[tuple[str, str, str]]) -> None:
    assert list(targets(claim, lang)) == [Target(*row) for row in expected]


SENTENCES: list[tuple[Lang, str, str, str]] = [
    ("en", "The council will finish 58 flats should rents go up", "58", "flats"),
    ("en", "The city builds 12,000 subsidised flats for nurses", "12,000", "subsidised flats"),
    ("zh", "市里计划新建20万套保障性租赁住房", "20万", "套保障性租赁住房"),
    ("zh", "30个重点项目落户新区", "30", "个重点项目"),
]


@pytest.mark.parametrize(("lang", "text", "value", "unit"), SENTENCES)
def test_a_unit_ends_where_the_thing_ends(lang: Lang, text: str, value: str, unit: str) -> None:
    document = Document("a", "", lang, text)
    item = Item(document, Segments(document.id, document.sha, *segment_text(text, lang)), ())
    stops = unit_stops(read(item), 0, len(text))
    assert [(t.value, t.unit) for t in targets(text, lang, stops)] == [(value, unit)]


@pytest.mark.parametrize(
    ("lang", "claim", "number", "end"),
    [
        ("zh", "到2025年底新建20万套", 200_000, "2025-12-31"),
        ("en", "build more than 200,000 subsidised rental apartments by 2030", 200_000, "2030-12-31"),
        ("zh", "出口同比增长3.5%", 0.035, ""),
        ("zh", "惠及数十亿人", 2_000_000_000, ""),
    ],
)
def test_what_is_found_is_read_as_a_quantity(lang: Lang, claim: str, number: float, end: str) -> None:
    (target,) = targets(claim, lang)
    quantity = normalise(target.value, target.unit, target.by, lang=lang, context=claim)
    assert quantity is not None
    assert (quantity.number, quantity.end) == (number, end)


@given(st.integers(2, 10**9), st.sampled_from([("en", "will build {} flats"), ("zh", "新建住房{}套")]))
def test_a_written_number_is_found_and_read_back(number: int, sentence: tuple[Lang, str]) -> None:
    lang, frame = sentence
    claim = frame.format(f"{number:,}" if lang == "en" else number)
    found = [normalise(t.value, t.unit, t.by, lang=lang, context=claim) for t in targets(claim, lang)]
    year = 1900 <= number < 2100 and lang == "en" and "," not in claim
    assert year or [q.number for q in found if q] == [number]


@given(
    st.text(alphabet="0123456789 ,.%年月日元个万亿million by2030\r\n\x00\ud800😀", max_size=60),
    st.sampled_from(["en", "zh"]),
)
def test_targets_are_pieces_of_any_text(claim: str, lang: Lang) -> None:
    for target in targets(claim, lang):
        assert target.value
        assert all(part in claim for part in (target.value, target.unit, target.by))
