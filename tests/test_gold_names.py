"""Names that annotators confirmed are found in what comes next, and an article is never shown what it alone knows."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotators.confirmed import current, refresh
from annotators.gold_names import (
    SOURCE,
    GoldNames,
    Name,
    annotator_name,
    balance,
    gold_names,
    labels_in_favour,
    learn,
    write,
    yielding,
)
from corpus.document import Document, Entity, Group, Item, Lang, Layer, Segments, Span
from corpus.errors import InputError
from corpus.schema import DOCUMENTS, GOLD
from corpus.store import Workspace


def marked(id: str, lang: Lang, text: str, marks: dict[str, str], *, link: str = "") -> tuple[Document, Layer, str]:
    """A document in which each of the names is marked wherever it stands."""
    document = Document(id, id, lang, text)
    entities = []
    for name, label in marks.items():
        at = text.find(name)
        while at >= 0:
            entities.append(Entity(Span.of(text, at, at + len(name)), label, link=link))
            at = text.find(name, at + len(name))
    layer = Layer(id, document.sha, "gold", "", tuple(sorted(entities, key=lambda e: e.start)))
    return document, layer, id


def names(found: tuple[Name, ...]) -> dict[str, str]:
    return {name.name: name.label for name in found}


def found(known: GoldNames, lang: Lang, text: str, id: str = "new") -> list[tuple[str, str]]:
    return [(e.span.surface, e.label) for e in known.entities(Document(id, "", lang, text))]


ZH = "吕梁杏协成立。吕梁杏协会长李禾出席，吕梁杏协随后休会。"
EN = "The Apricot Circle met. Lena Ode of the Apricot Circle spoke."


def test_confirmed_names_are_found_in_the_next_article() -> None:
    gold = [
        marked("a", "zh", ZH, {"吕梁杏协": "ORG", "李禾": "PERSON"}, link="org/apricot"),
        marked("b", "en", EN, {"Apricot Circle": "ORG"}),
    ]
    known = GoldNames(learn(gold), {})
    assert found(known, "zh", "昨日，吕梁杏协表示欢迎。") == [("吕梁杏协", "ORG")]
    assert found(known, "en", "Members of the Apricot Circle’s board left.") == [("Apricot Circle", "ORG")]
    (entity,) = known.entities(Document("c", "", "zh", "昨日，吕梁杏协表示欢迎。"))
    assert (entity.link, entity.source) == ("org/apricot", SOURCE)
    # What is Traditional is the same name.
    assert found(known, "zh", "昨日，呂梁杏協表示歡迎。") == [("呂梁杏協", "ORG")]


def test_a_name_that_annotators_left_unmarked_elsewhere_is_none() -> None:
    once = marked("a", "en", "Harvest bought land.", {"Harvest": "FIRM"})
    left = marked("b", "en", "Harvest is in June. Harvest went well.", {})
    assert names(learn([once])) == {"Harvest": "FIRM"}
    assert names(learn([once, left])) == {}


def test_a_name_with_two_labels_is_none_unless_nearly_all_agree() -> None:
    person = [marked(f"p{n}", "en", f"Day {n}: Ode Holm spoke.", {"Ode Holm": "PERSON"}) for n in range(2)]
    official = marked("o", "en", "Ode Holm resigned.", {"Ode Holm": "OFFICIAL"})
    assert names(learn([*person, official])) == {}
    many = [marked(f"m{n}", "en", f"Day {n}: Ode Holm spoke.", {"Ode Holm": "PERSON"}) for n in range(12)]
    assert names(learn([*many, official])) == {"Ode Holm": "PERSON"}


def test_a_shorter_name_in_a_longer_one_is_not_held_against_it() -> None:
    gold = [marked("a", "en", "Ode met Ode Holm Trust. Ode left.", {})]
    document, _, article = gold[0]
    text = document.text
    spans = [(0, 3, "PERSON"), (8, 22, "FIRM"), (24, 27, "PERSON")]
    entities = tuple(Entity(Span.of(text, a, b), label) for a, b, label in spans)
    known = learn([(document, Layer("a", document.sha, "gold", "", entities), article)])
    assert names(known) == {"Ode": "PERSON", "Ode Holm Trust": "FIRM"}
    assert found(GoldNames(known, {}), "en", "Ode Holm Trust sued Ode.") == [
        ("Ode Holm Trust", "FIRM"),
        ("Ode", "PERSON"),
    ]


def test_an_english_word_in_a_longer_run_of_capitals_is_no_name_of_its_own() -> None:
    known = GoldNames(learn([marked("a", "en", "Holm said so.", {"Holm": "PERSON"})]), {})
    assert found(known, "en", "They saw Holm there.") == [("Holm", "PERSON")]
    assert found(known, "en", "They saw Holm Bridge there.") == []


def test_a_short_chinese_name_is_not_cut_out_of_a_word() -> None:
    known = GoldNames(learn([marked("a", "zh", "人大开会。", {"人大": "AGENCY"})]), {})
    assert found(known, "zh", "当天人大开会。") == [("人大", "AGENCY")]
    assert found(known, "zh", "工人大多来自农村") == []


def test_an_article_is_not_shown_what_it_alone_knows() -> None:
    gold = [
        marked("a", "en", EN, {"Apricot Circle": "ORG", "Lena Ode": "PERSON"}),
        marked("b", "en", "The Apricot Circle left.", {"Apricot Circle": "ORG"}),
    ]
    articles = {"a": "a", "b": "b", "a.copy": "a"}
    known = GoldNames(learn(gold), articles)
    assert found(known, "en", EN, "a") == [("Apricot Circle", "ORG")] * 2
    # Nor is a copy of it, which stands on the same side of every split.
    assert ("Lena Ode", "PERSON") not in found(known, "en", EN, "a.copy")
    assert ("Lena Ode", "PERSON") in found(known, "en", EN, "new")
    alone = GoldNames(learn(gold[:1]), articles)
    assert found(alone, "en", EN, "a") == []


def test_a_longer_proposal_of_another_annotator_wins() -> None:
    text = "Ode Holm Trust sued."
    name = Layer("a", "", SOURCE, "", (Entity(Span.of(text, 0, 8), "PERSON"),))
    longer = Layer("a", "", "rules-en", "", (Entity(Span.of(text, 0, 14), "FIRM"),))
    same = Layer("a", "", "spacy-en", "", (Entity(Span.of(text, 0, 8), "FIRM"),))
    elsewhere = replace(longer, document="b")
    assert yielding([longer, name])[1].entities == ()
    assert yielding([same, name, elsewhere])[1].entities == name.entities
    assert yielding([longer]) == [longer]


def test_what_the_lists_know_is_left_to_the_gazetteer_where_it_takes_part() -> None:
    text = "中央经济工作会议 杏林乡"
    known = Layer("a", "", SOURCE, "", (Entity(Span.of(text, 0, 2), "AGENCY"), Entity(Span.of(text, 9, 12), "PLACE")))
    lists = Layer("a", "", "gazetteer", "")
    assert [e.span.surface for e in yielding([lists, known])[1].entities] == ["杏林乡"]
    assert yielding([replace(lists, source="lac-zh"), known])[1] == known


def test_the_balance_counts_what_names_bring_and_what_they_take() -> None:
    text = "Ode Holm Trust sued Ode."
    trust = Entity(Span.of(text, 0, 14), "FIRM", source="rules-en")
    ode = Entity(Span.of(text, 20, 23), "PERSON", source=SOURCE)
    wrong = Entity(Span.of(text, 0, 8), "PERSON", source=SOURCE)
    assert balance([trust, ode], [trust], [trust, ode]) == Counter({"PERSON": 1})
    assert balance([trust], [trust], [wrong])["PERSON"] == -2
    assert balance([], [trust], [wrong])["PERSON"] == 0
    assert labels_in_favour({"en": Counter({"PERSON": -1, "FIRM": 1})}, ["ORG", "PERSON", "FIRM"]) == {
        "en": ["FIRM", "ORG"]
    }


def test_a_file_is_read_as_it_was_written_and_named_by_what_it_holds(tmp_path: Path) -> None:
    path = tmp_path / "models" / "gold-names.json"
    learnt = learn([marked("a", "zh", ZH, {"吕梁杏协": "ORG", "李禾": "PERSON"})])
    name = write(path, learnt, {"a": "a"}, {"zh": ["ORG"]})
    assert name == annotator_name(path)
    read = gold_names(name)
    assert found(read, "zh", ZH) == [("吕梁杏协", "ORG")] * 3
    assert found(read, "zh", ZH, "a") == []
    assert write(path, learnt, {"a": "a"}, {"zh": ["ORG"]}) == name
    assert write(path, learnt, {"a": "a"}) != name
    everything = gold_names(annotator_name(path) or "")
    assert ("李禾", "PERSON") in found(everything, "zh", ZH)
    assert everything.version != read.version


@pytest.mark.parametrize("content", ["", "[]", '{"names": [{}], "articles": {}}', '{"names": [], "articles": []}'])
def test_a_file_that_will_not_do_is_refused_in_a_line(content: str, tmp_path: Path) -> None:
    path = tmp_path / "gold-names.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=r"gold-names\.json: is no file of confirmed names"):
        gold_names(f"gold-names:{path}")
    with pytest.raises(InputError, match="cannot be read"):
        gold_names(f"gold-names:{tmp_path / 'missing'}@12345678")


@given(st.text(max_size=40), st.integers(0, 39), st.integers(1, 6), st.sampled_from(["en", "zh"]))
def test_any_text_can_be_learnt_from_and_read(text: str, start: int, length: int, lang: Lang) -> None:
    if start + length > len(text):
        return
    document = Document("a", "", lang, text)
    layer = Layer("a", document.sha, "gold", "", (Entity(Span.of(text, start, start + length), "ORG"),))
    known = GoldNames(learn([(document, layer, "a")]), {})
    for entity in known.entities(replace(document, id="b")):
        assert document.text[entity.start : entity.end] == entity.span.surface
    assert known.annotate(Group((Item(document, Segments("a", document.sha, ())),)))[0].sha == document.sha
    assert json.dumps([n.name for n in known.names.values()])


def test_a_workspace_learns_from_its_gold_but_not_from_what_models_are_judged_by(tmp_path: Path) -> None:
    workspace = Workspace.create(tmp_path / "w")
    rows = [
        marked("a", "zh", ZH, {"吕梁杏协": "ORG"}),
        marked("b", "zh", "昨日，吕梁杏协表示欢迎。", {"吕梁杏协": "ORG"}),
        marked("c", "zh", "青禾茶会当天休会。", {"青禾茶会": "ORG"}),
    ]
    workspace.append(DOCUMENTS, [document for document, _, _ in rows])
    workspace.append(GOLD, [layer for _, layer, _ in rows])
    assert current(workspace) is None
    done = refresh(workspace, ["rules-zh"], leave_out={"c"})
    assert done.annotator == current(workspace)
    assert (done.names, done.articles) == ({"zh": 1}, 2)
    read = gold_names(done.annotator or "")
    assert found(read, "zh", "吕梁杏协、青禾茶会") == [("吕梁杏协", "ORG")]
    assert refresh(workspace, ["rules-zh"], leave_out={"c"}) == done
    assert refresh(workspace, ["rules-zh"], leave_out={"a", "b", "c"}).annotator is None
    assert current(workspace) is None
