"""The Chinese rules: hard texts with what must be marked, and what must hold for any text."""

import json
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotators.registry import make
from annotators.rules.chinese import find_entities
from annotators.rules.chinese_bodies import body_label, split_body
from annotators.rules.chinese_people import is_chinese_name
from annotators.rules.chinese_places import split_places
from corpus.document import Document, Group, Item, Segments, Span

CASES = json.loads((Path(__file__).parent / "cases" / "rules_chinese.json").read_text(encoding="utf-8"))


def marked(text: str) -> list[list[str]]:
    return [[e.span.surface, e.label] for e in find_entities(text, [(0, len(text))])]


@pytest.mark.parametrize("case", CASES, ids=[case["note"][:50] for case in CASES])
def test_marks_what_the_guidelines_ask(case):
    assert marked(case["text"]) == case["marked"]


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("上海市第一中级人民法院", "AGENCY"),  # a court
        ("湖南省农业农村厅", "AGENCY"),  # a provincial department
        ("招商证券股份有限公司", "FIRM"),
        ("华中科技大学", "ORG"),
        ("南京禄口国际机场", "PLACE"),
        ("春天", ""),  # spring: no ending
    ],
)
def test_labels_bodies_by_their_ending(name, label):
    assert body_label(name) == label


def test_splits_address_levels_but_no_road_of_a_city():
    assert split_places("湖南省长沙市", 0, 6) == [(0, 3), (3, 6)]
    assert split_places("北京路", 0, 3) == [(0, 3)]


def test_leaves_market_regulators_whole():
    # 市 in 市场 is no city.
    text = "浙江省市场监督管理局"
    assert split_body(text, 0, len(text)) == [(0, len(text), "AGENCY")]


def test_knows_chinese_names_by_surname():
    assert is_chinese_name("欧阳明月")
    assert not is_chinese_name("经济形势")


def test_an_office_shown_once_holds_in_the_whole_document():
    text = "赵国强走进田间。\n青田县县长赵国强说，要修水渠。"
    entities = find_entities(text, [(0, 8), (9, len(text))])
    assert [e.label for e in entities if e.span.surface == "赵国强"] == ["OFFICIAL", "OFFICIAL"]


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet=st.sampled_from("中美国省市委王说《》“”（）·、A 1\n\r\x00\ud800😀某党法"), max_size=40))
def test_any_text_gives_sound_spans(text):
    entities = find_entities(text, [(0, len(text))] if text else [])
    for before, after in pairwise(entities):
        assert before.end <= after.start
    for entity in entities:
        assert Span.checked(text, entity.start, entity.end, entity.span.surface)


def test_annotates_chinese_documents_only():
    items = []
    for lang, text in (("zh", "王毅部长访问柏林。"), ("en", "Wang Yi visited Berlin.")):
        document = Document(lang, "pair", lang, text)
        items.append(Item(document, Segments(lang, document.sha, ((0, len(text)),))))
    layers = make("rules-zh").annotate(Group(tuple(items)))
    assert [layer.document for layer in layers] == ["zh"]
    assert layers[0].source == "rules-zh"
    assert ("柏林", "PLACE") in {(e.span.surface, e.label) for e in layers[0].entities}


def test_the_english_version_labels_names_in_latin_letters():
    english = {"Zebrona": "ORG", "Larkton": "PLACE", "Anna Berg": "OFFICIAL"}
    text = "安娜·贝格 (Anna Berg) 在 Larkton 说，Zebronax 和 Zebrona 不同。"
    found = [[e.span.surface, e.label] for e in find_entities(text, [(0, len(text))], english)]
    assert found == [
        ["安娜·贝格", "OFFICIAL"],
        ["Anna Berg", "OFFICIAL"],
        ["Larkton", "PLACE"],
        ["Zebrona", "ORG"],
    ]


def test_the_annotator_reads_latin_names_of_the_english_version():
    english = Document("a.en", "a", "en", "Zebrona Bank Ltd. and the town of Larkton grew.")
    chinese = Document("a.zh", "a", "zh", "Zebrona Bank 在增长。Zebrona Bank Ltd. 也是。")
    items = tuple(Item(d, Segments(d.id, d.sha, ((0, len(d.text)),), ())) for d in (english, chinese))
    (layer,) = make("rules-zh").annotate(Group(items))
    assert ("Zebrona Bank Ltd.", "FIRM") in [(e.span.surface, e.label) for e in layer.entities]
