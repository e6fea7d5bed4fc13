"""The gazetteer on hard sentences: what it must find, and above all what it must leave alone."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotators import registry
from annotators.gazetteer import gazetteer
from corpus.document import Document, Entity, Group, Item, Lang, Segments


def item(text: str, lang: Lang) -> Item:
    document = Document(f"a.{lang}", "a", lang, text)
    return Item(document, Segments(document.id, document.sha, ()))


def entities(text: str, lang: Lang) -> tuple[Entity, ...]:
    [layer] = gazetteer().annotate(Group((item(text, lang),)))
    return layer.entities


def marked(text: str, lang: Lang) -> list[tuple[str, str]]:
    return [(entity.span.surface, entity.label) for entity in entities(text, lang)]


def test_is_registered() -> None:
    made = registry.make("gazetteer")
    assert (made.name, made.stage) == ("gazetteer", "entities")


ENGLISH = [
    ("A platform as a medium.", "She wrote on Twitter that Twitter had failed.", [("Twitter", "FIRM")]),
    ("A firm that is a word besides, at the head of a sentence.", "Meta said it would comply.", [("Meta", "FIRM")]),
    ("A plain sentence.", "Officials in Hangzhou cited the State Council.", [("Hangzhou", "PLACE"), ("State Council", "AGENCY")]),
    ("The article is left out.", "Editors of The Guardian met.", [("Guardian", "ORG")]),
    ("A place inside the name of a body.", "The Hangzhou Maple Leaf School opened.", []),
    ("The place after 'of' is part of the name.", "The University of Hangzhou opened.", []),
    ("A mission keeps its place.", "The German Consulate General in Chengdu reopened.", []),
    ("A body of another country is one name.", "The Supreme Court of India ruled.", [("Supreme Court of India", "AGENCY")]),
    ("The state after 'of' belongs to the body.", "The Ministry of Commerce of the People's Republic of China replied.",
     [("Ministry of Commerce of the People's Republic of China", "AGENCY")]),
    ("A government with a name.", "The Brazilian envoy thanked the Peru government.", [("Peru government", "AGENCY")]),
    ("An aim of policy is no programme.", "They seek high-quality development.", []),
    ("But its strategy is.", "The high-quality development strategy works.", [("high-quality development", "POLICY")]),
    ("Labour before minister is no party.", "Labour minister Otto Lind spoke.", []),
    ("People of a party.", "The Chinese Communists met.", []),
    ("A party's adjective.", "The Norwegian Labour Party won.", [("Norwegian Labour Party", "AGENCY")]),
    ("A town and an English word.", "Reading is a nice pastime. Nice work.", []),
    ("The same after a preposition of place.", "They opened a shop in Nice.", [("Nice", "PLACE")]),
    ("A chain of places.", "The tea of Anji, Zhejiang, is green.", [("Anji", "PLACE"), ("Zhejiang", "PLACE")]),
    ("A firm and a fruit.", "Shares of Apple fell.", [("Apple", "FIRM")]),
    ("A fruit.", "Apple pie and apple juice.", []),
    ("Another person with a famous surname.", "Gerald Trump bakes bread.", []),
    ("A title is no first name.", "President Biden spoke.", [("Biden", "OFFICIAL")]),
    ("A given name that is also a town.", "Teacher Liu Zunyi retired.", []),
    ("An acronym in shouting.", "ARE WE SAFE NOW OR NOT YET", []),
    ("A slogan in lower case.", "It calls this common prosperity.", [("common prosperity", "POLICY")]),
    ("Joined names.", "US-China trade fell.", [("US", "PLACE"), ("China", "PLACE")]),
]  # fmt: skip

CHINESE = [
    ("A platform as a medium: 'wrote on Weibo'.", "他在微博上发文，微博公司没有回应。", [("微博", "FIRM")]),
    ("An office that begins like a ministry.", "外交部长官说。", []),
    ("An aim of policy is no programme: 'high-quality development goes on'.", "高质量发展取得成效。", []),
    ("But quoted it is.", "落实“生态文明建设”要求。", [("生态文明建设", "POLICY")]),
    ("Two programmes side by side are left to the rules.", "做好碳达峰碳中和工作。", []),
    ("阿拉伯 is an adjective: 'four Arab states'.", "四个阿拉伯国家。", []),
    ("Province and agency.", "国务院支持浙江省推进共同富裕。", [("国务院", "AGENCY"), ("浙江省", "PLACE"), ("共同富裕", "POLICY")]),
    ("The bank, not the country.", "中国银行在浙江贷款。", [("中国银行", "FIRM"), ("浙江", "PLACE")]),
    ("The trade, not the bank.", "中国银行业利润下降。", [("中国", "PLACE")]),
    ("The government of a province is a body.", "浙江省人民政府发布通知。", [("浙江省人民政府", "AGENCY")]),
    ("A place inside the name of a bureau.", "温岭市海洋渔业管理局回应。", []),
    ("A place inside the name of a school.", "他毕业于嘉兴第九中学。", []),
    ("A county name that is a common word.", "会谈气氛和平友好。", []),
    ("A chain of places.", "货车驶入浙江湖州安吉。", [("浙江", "PLACE"), ("湖州", "PLACE"), ("安吉", "PLACE")]),
    ("A country inside an attributive.", "德国总理访问中国。", [("德国", "PLACE"), ("中国", "PLACE")]),
    ("A place then a body of the province.", "福建省发展改革委批复。", [("福建省发展改革委", "AGENCY")]),
    ("A transliterated name that begins with a known word.", "阿里·哈桑在场。", []),
    ("A law in its brackets.", "《反垄断法》修订。", [("反垄断法", "POLICY")]),
    ("A place inside the title of a work.", "他写了《走过浙江的山水》。", []),
    ("The central authorities.", "中央要求各地落实。", [("中央", "AGENCY")]),
    ("Central as a common word.", "公司安装了中央空调。", []),
    ("An event.", "中央经济工作会议召开。", []),
    ("A language.", "她会说西班牙语。", []),
    ("A navy, not a sea.", "日本海军的历史。", []),
    ("Another place with a longer name.", "三江湾的渔船。", []),
]  # fmt: skip


@pytest.mark.parametrize(("comment", "text", "expected"), ENGLISH, ids=[case[0] for case in ENGLISH])
def test_english(comment: str, text: str, expected: list[tuple[str, str]]) -> None:
    assert marked(text, "en") == expected, comment


@pytest.mark.parametrize(("comment", "text", "expected"), CHINESE, ids=[case[0] for case in CHINESE])
def test_chinese(comment: str, text: str, expected: list[tuple[str, str]]) -> None:
    assert marked(text, "zh") == expected, comment


def test_links_and_scores() -> None:
    [place, slogan] = entities("浙江推进共同富裕", "zh")
    assert (place.link, slogan.link) == ("place/cn-330000", "policy/common-prosperity")
    assert 0.5 <= place.score <= 1
    [body] = entities("The Supreme Court of India ruled.", "en")
    assert body.link == ""


def test_a_full_name_supports_the_short_one_in_the_other_version() -> None:
    alone = gazetteer().annotate(Group((item("Xi spoke.", "en"),)))
    assert alone[0].entities == ()
    en, zh = gazetteer().annotate(Group((item("Xi spoke.", "en"), item("习近平讲话。", "zh"))))
    assert [(e.span.surface, e.label) for e in en.entities] == [("Xi", "OFFICIAL")]
    assert zh.entities[0].link == en.entities[0].link


def test_person_of_two_characters_needs_a_title() -> None:
    assert marked("王勇买了一辆车。", "zh") == []
    assert marked("国务委员王勇出席。", "zh") == [("王勇", "OFFICIAL")]


@settings(deadline=None)
@given(st.text(st.sampled_from("中国浙江省的银行政府·《》Xi Jinping's State Council of 😀\ud800\x00\r\n"), max_size=50))
def test_any_text_gives_entities_that_fit_it(text: str) -> None:
    for lang in ("en", "zh"):
        found = entities(text, lang)
        assert all(text[e.start : e.end] == e.span.surface for e in found)
        assert all(a.end <= b.start for a, b in pairwise(found))


def test_a_long_chain_of_places_is_no_trouble() -> None:
    assert len(entities("浙江杭州" * 2000, "zh")) == 4000
