"""Links between the two versions: by knowledge, letters, sound, company and order."""

from __future__ import annotations

import pytest

from annotators import registry
from annotators.alike import means_alike, sounds_alike
from annotators.link import identify, linker, pairs
from corpus.document import Bead, Document, Entity, Group, Item, Lang, Ref, Relation, Segments, Span


def mention(text: str, surface: str, label: str, nth: int = 0, link: str = "") -> Entity:
    start = -1
    for _ in range(nth + 1):
        start = text.index(surface, start + 1)
    return Entity(Span.of(text, start, start + len(surface)), label, link=link)


def whole(en: str, zh: str) -> list[Bead]:
    return [Bead(((0, len(en)),), ((0, len(zh)),))]


def surfaces(found: list[tuple[Entity, Entity, float]]) -> list[tuple[str, str]]:
    return [(a.span.surface, b.span.surface) for a, b, _ in found]


def test_is_registered() -> None:
    made = registry.make("link")
    assert (made.name, made.stage) == ("link", "links")


def test_names_that_only_the_knowledge_base_joins() -> None:
    en, zh = "The PBOC cut rates.", "央行降息。"
    a, b = [mention(en, "PBOC", "AGENCY")], [mention(zh, "央行", "AGENCY")]
    assert surfaces(pairs(a, b, whole(en, zh))) == [("PBOC", "央行")]


def test_short_forms_of_countries() -> None:
    en, zh = "US-China trade grew.", "中美贸易增长。"
    a = [mention(en, "US", "PLACE"), mention(en, "China", "PLACE")]
    b = [mention(zh, "中", "PLACE"), mention(zh, "美", "PLACE")]
    assert surfaces(pairs(a, b, whole(en, zh))) == [("US", "美"), ("China", "中")]


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("Rao Wenjiu", "饶文九"),
        ("Digang Village", "荻港村"),
        ("Lü Mingxia", "吕明霞"),
        ("Wenjiu Rao", "饶文九"),
        ("Shan Li", "单立"),
    ],
)
def test_pinyin_is_read_with_every_reading_and_either_order(english: str, chinese: str) -> None:
    assert sounds_alike(english, chinese) == 1.0


def test_transliteration_is_nearer_than_another_name() -> None:
    near = sounds_alike("Tomasz Kowalczyk", "托马什·科瓦尔奇克")
    assert near > 0.55
    assert near > sounds_alike("Tomasz Kowalczyk", "安娜·诺瓦克") + 0.2


def test_each_mention_has_one_partner_in_order() -> None:
    en, zh = "Anji sells tea; Anji grows it.", "安吉卖茶，安吉种茶。"
    a = [mention(en, "Anji", "PLACE"), mention(en, "Anji", "PLACE", 1)]
    b = [mention(zh, "安吉", "PLACE"), mention(zh, "安吉", "PLACE", 1)]
    assert [(x.start, y.start) for x, y, _ in pairs(a, b, whole(en, zh))] == [(0, 0), (16, 5)]


def test_only_aligned_sentences_are_compared() -> None:
    en, zh = "Anji sells tea. It rains.", "下雨了。安吉卖茶。"
    a, b = [mention(en, "Anji", "PLACE")], [mention(zh, "安吉", "PLACE")]
    apart = [Bead(((0, 15),), ((0, 4),)), Bead(((16, 25),), ((4, 9),))]
    assert pairs(a, b, apart) == []
    crossed = [Bead(((0, 15),), ((4, 9),))]
    assert surfaces(pairs(a, b, crossed)) == [("Anji", "安吉")]


def test_two_known_entities_that_differ_are_not_joined() -> None:
    en, zh = "France agreed.", "德国同意。"
    assert pairs([mention(en, "France", "PLACE")], [mention(zh, "德国", "PLACE")], whole(en, zh)) == []


def test_labels_of_other_kinds_are_not_joined() -> None:
    en, zh = "Blue Lantern rose.", "蓝灯村下雨。"
    assert pairs([mention(en, "Blue Lantern", "FIRM")], [mention(zh, "蓝灯村", "PLACE")], whole(en, zh)) == []


def test_unknown_bodies_alone_in_their_sentences_are_joined() -> None:
    en, zh = "Zorvex helps Anji.", "蓝灯慈善会帮助安吉。"
    a = [mention(en, "Zorvex", "ORG"), mention(en, "Anji", "PLACE")]
    b = [mention(zh, "蓝灯慈善会", "ORG"), mention(zh, "安吉", "PLACE")]
    assert ("Zorvex", "蓝灯慈善会") in surfaces(pairs(a, b, whole(en, zh)))
    assert surfaces(pairs(a, b)) == [("Anji", "安吉")], "without beads only what the names themselves show"


def item(text: str, lang: Lang, *mentions: Entity) -> Item:
    document = Document(f"tea.{lang}", "tea", lang, text)
    return Item(document, Segments(document.id, document.sha, ()), mentions)


def test_layer_holds_relations_from_english_to_chinese() -> None:
    en, zh = "Rao Wenjiu grows tea.", "饶文九种茶。"
    group = Group(
        (item(zh, "zh", mention(zh, "饶文九", "PERSON")), item(en, "en", mention(en, "Rao Wenjiu", "OFFICIAL"))),
        tuple(whole(en, zh)),
    )
    [layer] = linker().annotate(group)
    [relation] = layer.relations
    assert (layer.document, layer.source, layer.entities) == ("tea.en", "link", ())
    assert relation.label == "same_as"
    assert relation.head == Ref("tea.en", "entity", 0, 10)
    assert relation.tail == Ref("tea.zh", "entity", 0, 3)
    assert 0.5 <= relation.score <= 1


def test_a_document_alone_has_no_links() -> None:
    assert linker().annotate(Group((item("Tea.", "en"),))) == []


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("Institute for Lantern Research", "灯笼研究所"),
        ("Qingshan Vocational School", "青山职校"),
        ("Department of Science and Technology of Hunan Province", "湖南省科技厅"),
    ],
)
def test_names_translated_word_for_word(english: str, chinese: str) -> None:
    assert means_alike(english, chinese) > 0.7
    assert means_alike("Northern Rice Museum", chinese) < 0.2


def test_translation_tells_bodies_of_one_sentence_apart() -> None:
    en = "The Lantern Museum, the Rice Society and the Tea Institute agreed."
    zh = "茶研究所、灯笼博物馆和稻米学会同意。"
    a = [mention(en, name, "ORG") for name in ("Lantern Museum", "Rice Society", "Tea Institute")]
    b = [mention(zh, name, "ORG") for name in ("茶研究所", "灯笼博物馆", "稻米学会")]
    assert surfaces(pairs(a, b, whole(en, zh))) == [
        ("Lantern Museum", "灯笼博物馆"),
        ("Rice Society", "稻米学会"),
        ("Tea Institute", "茶研究所"),
    ]


def test_what_is_left_when_the_rest_is_joined() -> None:
    en, zh = "Zorvex and the Tea Institute agreed.", "茶研究所和卓维公司同意。"
    a = [mention(en, "Zorvex", "FIRM"), mention(en, "Tea Institute", "ORG")]
    b = [mention(zh, "茶研究所", "ORG"), mention(zh, "卓维公司", "FIRM")]
    assert ("Zorvex", "卓维公司") in surfaces(pairs(a, b, whole(en, zh)))


def test_other_numbers_are_other_bodies() -> None:
    en, zh = "The 14th Tea Brigade came.", "第15茶旅来了。"
    assert pairs([mention(en, "14th Tea Brigade", "ORG")], [mention(zh, "第15茶旅", "ORG")], whole(en, zh)) == []


def test_a_place_and_a_body_are_joined_where_every_word_is_translated() -> None:
    en, zh = "Lantern Museum opened.", "灯笼博物馆开放。"
    a, b = [mention(en, "Lantern Museum", "ORG")], [mention(zh, "灯笼博物馆", "PLACE")]
    assert surfaces(pairs(a, b, whole(en, zh))) == [("Lantern Museum", "灯笼博物馆")]


def joined(en: str, zh: str, ours: list[Entity], theirs: list[Entity]) -> list[tuple[int, int]]:
    group = Group((item(en, "en", *ours), item(zh, "zh", *theirs)), tuple(whole(en, zh)))
    return [(r.head.start, r.tail.start) for layer in linker().annotate(group) for r in layer.relations]


def test_a_name_said_twice_gets_both_partners() -> None:
    en, zh = "Tomasz Kowalczyk came.", "托马什·科瓦尔奇克 (Tomasz Kowalczyk) 来了。"
    a = [mention(en, "Tomasz Kowalczyk", "PERSON")]
    b = [mention(zh, "托马什·科瓦尔奇克", "PERSON"), mention(zh, "Tomasz Kowalczyk", "PERSON")]
    assert joined(en, zh, a, b) == [(0, 0), (0, 11)]
    en, zh = "The Great Tea Union (GTU) met.", "GTU 开会。"
    a = [mention(en, "Great Tea Union", "ORG"), mention(en, "GTU", "ORG")]
    assert joined(en, zh, a, [mention(zh, "GTU", "ORG")]) == [(4, 0), (21, 0)]


def test_names_in_a_list_are_not_said_twice() -> None:
    en, zh = "Tomasz Kowalczyk came.", "安娜·诺瓦克、Tomasz Kowalczyk 来了。"
    b = [mention(zh, "安娜·诺瓦克", "PERSON"), mention(zh, "Tomasz Kowalczyk", "PERSON")]
    assert joined(en, zh, [mention(en, "Tomasz Kowalczyk", "PERSON")], b) == [(0, 7)]


def test_a_surname_alone_is_that_of_the_full_name() -> None:
    en, zh = "Kowalczyk met Nowak.", "安娜·诺瓦克会见托马什·科瓦尔奇克。"
    a = [mention(en, "Kowalczyk", "PERSON"), mention(en, "Nowak", "PERSON")]
    b = [mention(zh, "安娜·诺瓦克", "PERSON"), mention(zh, "托马什·科瓦尔奇克", "PERSON")]
    assert surfaces(pairs(a, b, whole(en, zh))) == [("Kowalczyk", "托马什·科瓦尔奇克"), ("Nowak", "安娜·诺瓦克")]


def same(en: Item, zh: Item, score: float) -> Relation:
    [a], [b] = en.entities, zh.entities
    refs = (Ref(i.document.id, "entity", e.start, e.end) for i, e in ((en, a), (zh, b)))
    return Relation("same_as", *refs, score, "link")


def test_ids_by_the_name_and_by_the_other_version() -> None:
    en = item("The PBOC cut rates.", "en", mention("The PBOC cut rates.", "PBOC", "AGENCY"))
    zh = item("央行降息。", "zh", mention("央行降息。", "央行", "AGENCY"))
    for relations in ([], [same(en, zh, 0.95)]):
        links = [e.link for i in identify(Group((en, zh)), relations).items for e in i.entities]
        assert links[0] == "agency/people-s-bank-of-china"
    assert links == ["agency/people-s-bank-of-china"] * 2


def test_an_id_that_is_there_stays_and_other_kinds_have_none() -> None:
    text = "Beijing and Beijing agreed."
    a, b = mention(text, "Beijing", "PLACE", link="own/beijing"), mention(text, "Beijing", "PERSON", 1)
    [found] = identify(Group((item(text, "en", a, b),)), ()).items
    assert [e.link for e in found.entities] == ["own/beijing", ""]


def test_a_group_without_entities_has_no_ids() -> None:
    group = Group((item("Tea.", "en"), item("茶。", "zh")))
    assert identify(group, ()) == group


def test_a_surname_alone_has_the_id_of_the_full_name_in_the_article() -> None:
    text = "Tomasz Macron met Anna Nowak. Macron left, Nowak stayed."
    mentions = [
        mention(text, "Tomasz Macron", "OFFICIAL"),
        mention(text, "Anna Nowak", "OFFICIAL", link="own/nowak"),
        mention(text, "Macron", "OFFICIAL", 1),
        mention(text, "Nowak", "OFFICIAL", 1),
    ]
    [found] = identify(Group((item(text, "en", *mentions),)), ()).items
    assert [e.link for e in found.entities] == ["", "own/nowak", "", "own/nowak"]
    [alone] = identify(Group((item("Macron left.", "en", mention("Macron left.", "Macron", "OFFICIAL")),)), ()).items
    assert [e.link for e in alone.entities] == ["official/emmanuel-macron"]


def test_the_other_version_may_name_somebody_else() -> None:
    zh = item("桑德斯来了。", "zh", mention("桑德斯来了。", "桑德斯", "OFFICIAL"))
    for name, link in (("Amy Saunders", ""), ("Bernie Sanders", "official/bernie-sanders")):
        en = item(f"{name} came.", "en", mention(f"{name} came.", name, "OFFICIAL"))
        found = identify(Group((en, zh)), [same(en, zh, 0.9)]).items[1]
        assert [e.link for e in found.entities] == [link]
