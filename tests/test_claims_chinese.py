"""Chinese claims: cases of our own, and what holds for any text."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotators.claims import find_claims
from annotators.claims.cues import normal
from annotators.claims.find import pieces
from corpus.document import Document, Entity, Item, Segments, Span
from corpus.segment import segment_text

CASES = json.loads((Path(__file__).parent / "cases" / "claims.json").read_text(encoding="utf-8"))


def cases(lang: str) -> list[Any]:
    """The cases of a language; what is known to fail is marked, and must be unmarked when it passes."""
    return [
        pytest.param(
            c, id=c["note"], marks=[pytest.mark.xfail(reason=c["known_failure"])] if "known_failure" in c else []
        )
        for c in CASES
        if c["lang"] == lang
    ]


def item(text: str, entities: list[tuple[str, str]]) -> Item:
    document = Document("doc", "", "zh", text)
    mentions = [Entity(Span.of(text, m.start(), m.end()), label) for s, label in entities for m in re.finditer(s, text)]
    sentences, tokens = segment_text(text, "zh")
    return Item(
        document, Segments("doc", document.sha, sentences, tokens), tuple(sorted(mentions, key=lambda e: e.start))
    )


@pytest.mark.parametrize("case", cases("zh"))
def test_cases(case: dict[str, Any]) -> None:
    claims = find_claims(item(case["text"], [(s, label) for s, label in case["entities"]]))
    seen = [(c.span.surface, c.type, c.stance, c.claimant) for c in claims]
    assert seen == [(c["text"], c["type"], c["stance"], c["claimant"]) for c in case["claims"]]
    for claim, expected in zip(claims, case["claims"], strict=True):
        assert claim.policy_area == expected.get("area", claim.policy_area)


def test_traditional_characters_are_read_like_simplified_ones() -> None:
    # The bureau urges enterprises to cut pollutant emissions.
    simplified = find_claims(item("环境局要求企业减少污染排放。", [("环境局", "AGENCY")]))
    traditional = find_claims(item("環境局要求企業減少污染排放。", [("環境局", "AGENCY")]))
    assert [(c.type, c.start, c.end, c.policy_area) for c in simplified] == [
        (c.type, c.start, c.end, c.policy_area) for c in traditional
    ]
    assert [c.claimant for c in traditional] == ["環境局"]


def test_the_normal_form_keeps_every_offset() -> None:
    text = "後台發佈：😀 Ａ\ud800乾\r\n"
    assert len(normal(text, "zh")) == len(text)
    assert len(normal("İstanbul’s ẞ", "en")) == len("İstanbul’s ẞ")


@pytest.mark.parametrize(
    "text",
    [
        "如果取消这项收费，小店每月将节省两百元。",  # if the fee is scrapped, small shops save 200 yuan a month
        "即使下雨，施工队也将按期修好大桥。",  # even if it rains, the crew will mend the bridge in time
        "还款期限将延长半年。",  # the time for repayment will be extended by half a year
        "并购申请须经监管部门批准。",  # mergers need the approval of the regulator
    ],
)
def test_no_word_is_cut_for_a_connective_in_it(text: str) -> None:
    assert pieces(item(text, []))[0].start == 0


def test_a_name_given_is_no_speech() -> None:
    # The chair called the plan a milestone.
    (piece,) = pieces(item("主席林涛周日称赞该规划是一座里程碑。", [("林涛", "OFFICIAL")]))
    assert not piece.reported


def test_a_letter_that_grows_in_lower_case_leaves_the_rest_as_it_is() -> None:
    assert normal("İZMİR 市長說：「A」", "zh") == "İzmİr 市长说：“a”"


def test_a_pronoun_is_the_last_person_named() -> None:
    # Deputy mayor Chen Li visited a school. He called for more investment in rural education.
    text = "副市长陈黎走访了一所学校。\n他呼吁加大农村教育投入。"
    claims = find_claims(item(text, [("陈黎", "OFFICIAL")]))
    assert [(c.span.surface, c.type, c.claimant) for c in claims][-1:] == [("呼吁加大农村教育投入", "demand", "陈黎")]


_PARTS = [
    "市政府将",
    "他表示，",
    "推进改革",
    "“",
    "”",
    "《",
    "》",
    "，",
    "。",
    "；",
    "\r\n",
    "\n",
    "😀",
    "\x00",
    "\ud800",
    "陈黎",
    "应",
    "200万元",
    "（",
    "据悉，",
    "的",
]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(_PARTS), max_size=14).map("".join))
def test_any_text_gives_claims_that_do_not_overlap(text: str) -> None:
    claims = find_claims(item(text, [("陈黎", "PERSON")]))
    end = 0
    for claim in claims:
        assert claim.span.surface == text[claim.start : claim.end]
        assert claim.start >= end
        end = claim.end


def test_attributions_inside_attributions_end() -> None:
    text = "他表示，" * 400 + "市政府将新建学校。"
    assert all(claim.end <= len(text) for claim in find_claims(item(text, [])))


def test_speakers_inside_speakers_end() -> None:
    text = "李强" + "表示，王毅说，" * 700 + "市政府将新建学校。"
    names = [(at, at + 2) for at in (0, *(m.start() for m in re.finditer("王毅", text)))]
    document = Document("doc", "", "zh", text)
    mentions = tuple(Entity(Span.of(text, *name), "OFFICIAL") for name in names)
    found = pieces(Item(document, Segments("doc", document.sha, ((0, len(text)),)), mentions))
    assert found[-1].end == len(text) - 1


def test_a_name_in_brackets_stands_for_the_one_before() -> None:
    # The ambassador Lei Nord (Ray Nord) said that the two sides should cut duties.
    text = "大使雷诺德(Ray Nord)表示，双方应降低关税。"
    last = pieces(item(text, [("雷诺德", "OFFICIAL"), ("Ray Nord", "OFFICIAL")]))[-1]
    assert last.speaker is not None
    assert last.speaker.span.surface == "雷诺德"


def test_a_qualifier_before_the_name_that_acts() -> None:
    # The board with Zhou Wang as its head promotes the reform.
    text = "以周望为核心的公路委员会推进改革。"
    (only,) = pieces(item(text, [("周望", "OFFICIAL"), ("公路委员会", "AGENCY")]))
    assert (only.subject, only.actor and only.actor.span.surface) == ("named", "公路委员会")


def test_a_notice_speaks_for_the_body_that_issued_it() -> None:
    # The roads bureau issued a notice. The port bureau was closed. The notice points out that drivers should rest.
    text = "公路局印发通知。港口局已关闭。通知指出，司机应按时休息。"
    last = pieces(item(text, [("公路局", "AGENCY"), ("港口局", "AGENCY")]))[-1]
    assert last.speaker is not None
    assert last.speaker.span.surface == "公路局"


@pytest.mark.parametrize(
    ("text", "speaker"),
    [
        ("公路局发言人周三（5月8日）发表谈话表示，桥梁将继续封闭。", "公路局"),  # spokesman, Wednesday (May 8)
        ("昨天，记者从公路局获悉，今年将修复四十座桥梁。", "公路局"),  # the reporter learnt from the bureau
        ("周望 (Wang Zhou) 对记者说：“各方应尽快行动。”", "周望"),  # told reporters
        ("桥梁将在明年修复，据公路局介绍。", "公路局"),  # according to the bureau, at the end
        ('"我们不会接受这项收费。" 周望说。', "周望"),  # straight quotation marks
        ("「我們不會接受這項收費。」周望说。", "周望"),  # corner brackets
        ("公路局印发通知。根据通知，司机应按时休息。", "公路局"),  # according to the notice
    ],
)
def test_who_speaks(text: str, speaker: str) -> None:
    found = pieces(item(text, [("公路局", "AGENCY"), ("周望", "OFFICIAL")]))
    assert [p.speaker.span.surface for p in found if p.reported and p.speaker] == [speaker]


@pytest.mark.parametrize("text", ['他说："好。"', "他说：「好。」", "他说：“好。”"])
def test_quotation_marks_are_of_one_kind(text: str) -> None:
    assert normal(text, "zh") == "他说：“好。”"


def test_an_odd_quotation_mark_stays() -> None:
    assert normal('他说："好。', "zh") == '他说："好。'
