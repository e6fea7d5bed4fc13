"""Links between the two versions: by knowledge, letters, sound, company and order."""

from __future__ import annotations

import pytest

from annotators import registry
from annotators.link import linker, pairs, sounds_alike
from corpus.document import Bead, Document, Entity, Group, Item, Lang, Ref, Segments, Span


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
    en, zh = "Blue Lantern Charity helps Anji.", "蓝灯慈善会帮助安吉。"
    a = [mention(en, "Blue Lantern Charity", "ORG"), mention(en, "Anji", "PLACE")]
    b = [mention(zh, "蓝灯慈善会", "ORG"), mention(zh, "安吉", "PLACE")]
    assert ("Blue Lantern Charity", "蓝灯慈善会") in surfaces(pairs(a, b, whole(en, zh)))
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
