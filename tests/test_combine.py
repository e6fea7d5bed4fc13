"""Layers into one pre-annotation: who wins where sources differ, and what mentions say of one another."""

import time

from annotators.combine import combine_entities
from corpus.document import Entity, Layer, Span

ORDER = ("rules-en", "rules-zh", "gazetteer", "spacy-en")


def entity(text: str, surface: str, label: str, source: str, score: float = 0.9) -> Entity:
    start = text.index(surface)
    return Entity(Span.of(text, start, start + len(surface)), label, score, source)


def combined(*entities: Entity) -> list[tuple[str, str]]:
    layers = [Layer("d", "sha", e.source, "1", (e,)) for e in entities]
    return [(e.span.surface, e.label) for e in combine_entities(layers, ORDER)]


def test_the_source_named_first_wins() -> None:
    text = "Heron Bank grew."
    found = combined(entity(text, "Heron Bank", "FIRM", "rules-en"), entity(text, "Heron Bank", "ORG", "spacy-en"))
    assert found == [("Heron Bank", "FIRM")]


def test_a_listed_name_gives_way_to_a_longer_one_of_its_kind() -> None:
    text = "The Royal Heron Bank grew."
    listed, longer = (
        entity(text, "Heron Bank", "FIRM", "gazetteer"),
        entity(text, "Royal Heron Bank", "ORG", "spacy-en"),
    )
    assert combined(listed, longer) == [("Royal Heron Bank", "ORG")]
    # A person inside is another kind.
    assert combined(entity(text, "Heron", "PERSON", "gazetteer"), longer) == [("Heron", "PERSON")]


def test_a_sure_listed_name_beats_mere_parts_of_it() -> None:
    text = "云洲特色发展思想"
    whole, part = entity(text, text, "POLICY", "gazetteer"), entity(text, "云洲", "PLACE", "rules-zh")
    assert combined(whole, part) == [(text, "POLICY")]
    assert combined(entity(text, text, "POLICY", "gazetteer", 0.7), part) == [("云洲", "PLACE")]


def test_bodies_of_state_without_a_gap_are_one() -> None:
    text = "世卫组织云洲办事处"
    parts = entity(text, "世卫组织", "AGENCY", "rules-zh"), entity(text, "云洲办事处", "AGENCY", "gazetteer")
    assert combined(*parts) == [(text, "AGENCY")]


def test_an_office_holds_for_the_same_name_and_its_last_part() -> None:
    text = "Premier Lin Berg spoke. Berg left. Max Holt stayed."
    found = combined(
        entity(text, "Lin Berg", "OFFICIAL", "rules-en"),
        Entity(Span.of(text, 24, 28), "PERSON", 0.6, "spacy-en"),
        entity(text, "Max Holt", "PERSON", "spacy-en"),
    )
    assert found == [("Lin Berg", "OFFICIAL"), ("Berg", "OFFICIAL"), ("Max Holt", "PERSON")]


def test_a_last_name_that_two_share_says_nothing() -> None:
    text = "Lin Berg and Max Berg. Then Berg."
    found = combined(
        entity(text, "Lin Berg", "OFFICIAL", "rules-en"),
        entity(text, "Max Berg", "PERSON", "rules-en"),
        Entity(Span.of(text, 28, 32), "PERSON", 0.6, "spacy-en"),
    )
    assert found[-1] == ("Berg", "PERSON")


def test_whom_the_list_knows_in_office_needs_no_title() -> None:
    text = "会见林知远。"
    found = combined(entity(text, "林知远", "PERSON", "rules-zh"), entity(text, "林知远", "OFFICIAL", "gazetteer"))
    assert found == [("林知远", "OFFICIAL")]


def test_a_long_document_takes_no_time_for_every_pair_of_names() -> None:
    text = "云洲" * 6000
    spans = [Span.of(text, at, at + 2) for at in range(0, len(text), 2)]
    layers = [Layer("d", "sha", s, "1", tuple(Entity(span, "PLACE", 0.9, s) for span in spans)) for s in ORDER[1:3]]
    started = time.monotonic()
    assert len(combine_entities(layers, ORDER)) == len(spans)
    assert time.monotonic() - started < 5
