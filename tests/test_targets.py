"""Numbers in claims: value, unit and time, each a piece of the claim."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotators.claims.targets import targets
from corpus.document import Lang, Target

CASES: list[tuple[Lang, str, list[tuple[str, str, str]]]] = [
    ("en", "will build 40,000 rental apartments by 2030", [("40,000", "rental apartments", "by 2030")]),
    ("en", "plans to plant two million trees", [("two million", "trees", "")]),
    ("en", "will cut emissions by 18 percent", [("18 percent", "", "")]),
    ("en", "has allocated RMB 3 billion for roads", [("3 billion", "RMB", "")]),
    ("en", "issued the rules on May 12", []),
    ("en", "the 14th plan was adopted in 2021", []),
    ("zh", "力争到2030年新建养老床位5000张", [("5000", "张", "2030年")]),
    ("zh", "今年将投入3.5亿元用于治水", [("3.5亿", "元", "今年")]),  # invest 350 million yuan in water
    ("zh", "新建两所幼儿园", [("两", "所幼儿园", "")]),  # two new nurseries
    ("zh", "于5月12日印发通知", []),  # a date is no target
]


@pytest.mark.parametrize(("lang", "claim", "expected"), CASES)
def test_targets_have_value_unit_and_time(lang: Lang, claim: str, expected: list[tuple[str, str, str]]) -> None:
    assert list(targets(claim, lang)) == [Target(*row) for row in expected]


@given(
    st.text(alphabet="0123456789 ,.%年月日元个万亿million by2030\r\n\x00\ud800😀", max_size=60),
    st.sampled_from(["en", "zh"]),
)
def test_targets_are_pieces_of_any_text(claim: str, lang: Lang) -> None:
    for target in targets(claim, lang):
        assert target.value
        assert all(part in claim for part in (target.value, target.unit, target.by))
