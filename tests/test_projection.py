"""What the other version of an article says of the mentions in one."""

from annotators.projection import SOURCE, counterparts, projected
from corpus.document import Bead, Document, Entity, Group, Item, Ref, Relation, Segments

EN = "Heronix Labs hired Lin Berg. Rents fell."
ZH = "Heronix Labs聘用了林贝格。房租降了。"


def item(lang: str, text: str, *marks: tuple[str, str]) -> Item:
    document = Document(f"a.{lang}", "a", lang, text)  # type: ignore[arg-type]
    entities = tuple(
        Entity(document.span(text.index(surface), text.index(surface) + len(surface)), label)
        for surface, label in marks
    )
    return Item(document, Segments(document.id, document.sha, ()), entities)


def pair(en: Item, zh: Item) -> Group:
    return Group((en, zh), (Bead(((0, 28),), ((0, 19),)), Bead(((29, 40),), ((19, 24),))))


def same(en: Item, zh: Item, m: int, n: int) -> Relation:
    a, b = en.entities[m], zh.entities[n]
    return Relation("same_as", Ref("a.en", "entity", a.start, a.end), Ref("a.zh", "entity", b.start, b.end), 0.9)


def test_the_beads_are_those_of_the_texts() -> None:
    assert (EN[0:28], EN[29:40], ZH[0:19], ZH[19:24]) == (
        "Heronix Labs hired Lin Berg.",
        "Rents fell.",
        "Heronix Labs聘用了林贝格。",
        "房租降了。",
    )


def test_a_linked_mention_has_its_partner_and_the_rest_is_free() -> None:
    en = item("en", EN, ("Heronix Labs", "FIRM"), ("Lin Berg", "PERSON"))
    zh = item("zh", ZH, ("Heronix Labs", "FIRM"), ("林贝格", "OFFICIAL"))
    views = counterparts(pair(en, zh), [same(en, zh, 1, 1)])
    partner, score = views["a.en"].linked[19, 27]
    assert (partner.label, score) == ("OFFICIAL", 0.9)
    assert [e.span.surface for e in views["a.en"].free(0, 12) or []] == ["Heronix Labs"]
    assert views["a.zh"].linked[15, 18][0].label == "PERSON"
    assert views["a.en"].free(29, 34) == []
    assert views["a.en"].across(20, 35) is None


def test_a_document_that_is_alone_or_not_aligned_has_no_counterpart() -> None:
    en, zh = item("en", EN), item("zh", ZH)
    assert counterparts(Group((en,)), []) == {}
    assert counterparts(Group((en, zh)), []) == {}


def test_a_name_in_the_same_letters_is_marked_in_both_versions() -> None:
    en, zh = item("en", EN, ("Heronix Labs", "FIRM"), ("Lin Berg", "PERSON")), item("zh", ZH)
    group = pair(en, zh)
    (layer,) = projected(group, counterparts(group, []))
    assert [(e.span.surface, e.label, e.source) for e in layer.entities] == [("Heronix Labs", "FIRM", SOURCE)]
    assert layer.document == "a.zh"


def test_what_is_marked_stays_and_a_part_of_a_word_is_no_name() -> None:
    marked = item("zh", ZH, ("Heronix Labs", "ORG"))
    group = pair(item("en", EN, ("Heronix Labs", "FIRM")), marked)
    assert projected(group, counterparts(group, [])) == []
    longer = item("zh", "Heronix Labs2聘用了她。房租降了。")
    group = pair(item("en", EN, ("Heronix Labs", "FIRM")), longer)
    assert projected(group, counterparts(group, [])) == []
