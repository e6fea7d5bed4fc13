"""Tasks and predictions to Label Studio, annotations back to layers."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotators.repeats import follow, follow_group, quotes, shown_text
from annotators.studio.config import labeling_config
from annotators.studio.convert import (
    PLACEHOLDERS,
    parse_target,
    prediction_of,
    shown_in,
    target_line,
    task_key,
    task_of,
)
from annotators.studio.layers import layers_of
from corpus.document import (
    AUTHOR,
    Block,
    Claim,
    Document,
    Entity,
    Group,
    Item,
    Lang,
    Layer,
    Ref,
    Relation,
    Segments,
    Span,
    Target,
    sorted_claims,
    sorted_entities,
)
from corpus.errors import SchemeError, SpanError, StaleTextError, StudioError
from corpus.report import Skipped
from corpus.scheme import load_scheme

SCHEME = load_scheme()
EN = "Mayor Lin Yue of Qingpu said 👩‍👩‍👧 the town will build 300 flats.\r\nHis rival doubts it."
ZH = "青浦镇长林岳表示，该镇将建设300套住房。𠮷\u2028对手质疑。"


def document(lang: Lang, text: str, pair: str = "flats") -> Document:
    return Document(f"{pair}.{lang}", pair, lang, text)


def item(document: Document, entities: tuple[Entity, ...] = (), claims: tuple[Claim, ...] = ()) -> Item:
    return Item(document, Segments(document.id, document.sha, ()), entities, claims)


def at(text: str, words: str) -> Span:
    start = text.index(words)
    return Span.of(text, start, start + len(words))


def example() -> tuple[Group, tuple[Relation, ...]]:
    en, zh = document("en", EN), document("zh", ZH)
    lin, town = Entity(at(EN, "Lin Yue"), "OFFICIAL", 0.9, link="Q1"), Entity(at(EN, "Qingpu"), "PLACE", 0.5)
    lin_zh = Entity(at(ZH, "林岳"), "OFFICIAL", 0.8)
    plan = Claim(
        at(EN, "the town will build 300 flats"),
        "commitment",
        "support",
        "Lin Yue",
        "housing",
        (Target("300", "flats"), Target("1 | 2", "a\\b", "2026")),
        (lin.start, lin.end),
        0.7,
    )
    doubt = Claim(at(ZH, "对手质疑"), "evaluation", "oppose", AUTHOR)
    group = Group((item(en, (lin, town), (plan,)), item(zh, (lin_zh,), (doubt,))))
    same = Relation("same_as", Ref("flats.en", "entity", 6, 13), Ref("flats.zh", "entity", lin_zh.start, lin_zh.end))
    about = Relation(
        "about", Ref("flats.en", "claim", plan.start, plan.end), Ref("flats.en", "entity", town.start, town.end)
    )
    return group, (same, about)


def result_of(group: Group, relations: tuple[Relation, ...] = ()) -> list[dict[str, Any]]:
    """What Label Studio exports of a prediction that was submitted as it was."""
    prediction = prediction_of(group, relations, "v1", SCHEME)
    return [dict(entry) for entry in json.loads(json.dumps(prediction["result"]))]


def back(result: list[Any], group: Group) -> tuple[list[Layer], list[Skipped]]:
    return layers_of(result, [i.document for i in group.items], SCHEME, source="annotator:7", version="3")


def test_a_prediction_comes_back_as_it_was() -> None:
    group, relations = example()
    (en, zh), problems = back(result_of(group, relations), group)
    assert problems == []
    assert [(e.span, e.label, e.link) for e in en.entities] == [
        (at(EN, "Lin Yue"), "OFFICIAL", "Q1"),
        (at(EN, "Qingpu"), "PLACE", ""),
    ]
    (plan,) = en.claims
    assert plan.span.surface == "the town will build 300 flats"
    assert (plan.type, plan.stance, plan.policy_area) == ("commitment", "support", "housing")
    assert (plan.claimant, plan.claimant_span) == ("Lin Yue", (6, 13))
    assert plan.targets == (Target("300", "flats"), Target("1 | 2", "a\\b", "2026"))
    (doubt,) = zh.claims
    assert (doubt.span, doubt.claimant, doubt.claimant_span) == (at(ZH, "对手质疑"), AUTHOR, None)
    assert {r.label for r in en.relations} == {"about", "same_as", "claimant"}
    same = next(r for r in en.relations if r.label == "same_as")
    assert (same.tail.document, same.tail.start) == ("flats.zh", ZH.index("林岳"))
    assert en.source == "annotator:7"
    assert (en.sha, zh.sha) == (group.items[0].document.sha, group.items[1].document.sha)


def test_label_studio_s_own_check_finds_no_fault() -> None:
    from label_studio_sdk.label_interface import LabelInterface

    group, relations = example()
    prediction = prediction_of(group, relations, "v1", SCHEME)
    assert LabelInterface(labeling_config(SCHEME)).validate_prediction(prediction, return_errors=True) == []


# Text as articles have it and as they should not: astral characters, joiners, every kind of line end.
TEXTS = st.text(
    st.one_of(
        st.sampled_from("ab 林岳，。\n\r\t\u2028\u0085\u3000\u200d👩🏽🇨🇳𠮷é\u0301<&>\"'\\|"),
        st.characters(exclude_categories=["Cs"], exclude_characters="\x00"),
    ),
    min_size=1,
    max_size=60,
)
WORDS = st.text("ab12万套| ｜\\", min_size=1, max_size=6).map(str.strip).filter(bool)


@st.composite
def spans(draw: st.DrawFn, text: str) -> list[Span]:
    edges = sorted(draw(st.sets(st.integers(0, len(text)), max_size=8)))
    return [Span.of(text, a, b) for a, b in list(pairwise(edges))[::2]]


@st.composite
def items(draw: st.DrawFn, lang: Lang) -> Item:
    text = draw(TEXTS)
    labels, areas = st.sampled_from(SCHEME.label_names), st.sampled_from(["", "housing", "energy"])
    entities = tuple(Entity(s, draw(labels), draw(st.floats(0, 1))) for s in draw(spans(text)))
    claims = []
    for span in draw(spans(text)):
        claimant, where = AUTHOR, None
        if entities and draw(st.booleans()):
            mention = draw(st.sampled_from(entities))
            claimant, where = mention.span.surface, (mention.start, mention.end)
        elif draw(st.booleans()):
            claimant = "some of " + draw(WORDS)
        targets = tuple(
            Target(draw(WORDS), draw(st.one_of(st.just(""), WORDS)), draw(WORDS))
            for _ in draw(st.sets(st.integers(0, 2)))
        )
        kind, stance = draw(st.sampled_from(SCHEME.claim_types)).name, draw(st.sampled_from(SCHEME.stances)).name
        claims.append(Claim(span, kind, stance, claimant, draw(areas), targets, where, draw(st.floats(0, 1))))
    return item(document(lang, text, "x"), entities, tuple(claims))


@st.composite
def groups(draw: st.DrawFn) -> tuple[Group, tuple[Relation, ...]]:
    langs: list[Lang] = draw(st.sampled_from([["en"], ["zh"], ["en", "zh"]]))
    group = Group(tuple(draw(items(lang)) for lang in langs))
    entities = [Ref(i.document.id, "entity", e.start, e.end) for i in group.items for e in i.entities]
    claims = [Ref(i.document.id, "claim", c.start, c.end) for i in group.items for c in i.claims]
    relations = set()
    if entities:
        ends = st.sampled_from(entities)
        relations |= {Relation("same_as", draw(ends), draw(ends)) for _ in range(draw(st.integers(0, 2)))}
        if claims:
            relations |= {
                Relation("about", draw(st.sampled_from(claims)), draw(ends)) for _ in range(draw(st.integers(0, 2)))
            }
    return group, tuple(relations)


@settings(max_examples=150, deadline=None)
@given(groups())
def test_nothing_is_lost_on_the_way_there_and_back(drawn: tuple[Group, tuple[Relation, ...]]) -> None:
    group, relations = drawn
    layers, problems = back(result_of(group, relations), group)
    assert problems == []
    for given_item, layer in zip(group.items, layers, strict=True):
        assert layer.document == given_item.document.id
        assert [(e.span, e.label) for e in layer.entities] == [
            (e.span, e.label) for e in sorted_entities(given_item.entities)
        ]
        assert [
            (c.span, c.type, c.stance, c.claimant, c.policy_area, c.targets, c.claimant_span) for c in layer.claims
        ] == [
            (c.span, c.type, c.stance, c.claimant, c.policy_area, c.targets, c.claimant_span)
            for c in sorted_claims(given_item.claims)
        ]
    implied = {
        Relation(
            "claimant",
            Ref(i.document.id, "claim", c.start, c.end),
            Ref(i.document.id, "entity", *c.claimant_span),
            source="annotator:7",
        )
        for i in group.items
        for c in i.claims
        if c.claimant_span
    }
    wanted = implied | {Relation(r.label, r.head, r.tail, source="annotator:7") for r in relations}
    assert {r for layer in layers for r in layer.relations} == wanted


@given(WORDS, st.one_of(st.just(""), WORDS), st.one_of(st.just(""), WORDS))
def test_a_target_is_one_line(value: str, unit: str, by: str) -> None:
    assert parse_target(target_line(Target(value, unit, by))) == Target(value, unit, by)


@pytest.mark.parametrize(
    ("line", "target"),
    [
        ("300", Target("300")),
        (" 300 |flats", Target("300", "flats")),
        ("30%｜女性｜2030年", Target("30%", "女性", "2030年")),
        ("1 | a | b | c", Target("1", "a", "b | c")),
        ("", Target("")),
        ("\\", Target("\\")),
    ],
)
def test_targets_as_people_write_them(line: str, target: Target) -> None:
    assert parse_target(line) == target


def test_a_claimant_known_by_name_only_is_joined_to_the_nearest_mention() -> None:
    text = "Lin spoke. Lin will act. Lin left."
    mentions = tuple(Entity(Span.of(text, i, i + 3), "OFFICIAL") for i in (0, 11, 25))
    claim = Claim(at(text, "will act"), "commitment", "support", "Lin")
    group = Group((item(document("en", text), mentions, (claim,)),))
    (layer,), problems = back(result_of(group), group)
    assert problems == []
    assert layer.claims[0].claimant_span == (11, 14)


def test_a_relation_to_something_that_is_no_mark_is_left_out() -> None:
    """Label Studio shows no mark at all where a relation leads nowhere."""
    group, _ = example()
    gone = Relation("same_as", Ref("flats.en", "entity", 6, 13), Ref("other.zh", "entity", 0, 2))
    ids = {entry.get("id") for entry in result_of(group, (gone,))}
    for entry in result_of(group, (gone,)):
        if entry["type"] == "relation":
            assert {entry["from_id"], entry["to_id"]} <= ids


def test_what_cannot_be_pushed_says_so() -> None:
    en = document("en", EN)
    moved = Entity(Span(6, 13, "Lin Yu3"), "OFFICIAL")
    with pytest.raises(SpanError, match=r"flats\.en 6-13: .*'Lin Yue'.*'Lin Yu3'"):
        prediction_of(Group((item(en, (moved,)),)), (), "v", SCHEME)
    with pytest.raises(SchemeError, match=r"flats\.en .*unknown label 'RIVER'"):
        prediction_of(Group((item(en, (Entity(at(EN, "Qingpu"), "RIVER"),)),)), (), "v", SCHEME)
    with pytest.raises(SchemeError, match="unknown claim type 'wish'"):
        prediction_of(Group((item(en, (), (Claim(at(EN, "build"), "wish", "support"),)),)), (), "v", SCHEME)
    with pytest.raises(SchemeError, match="unknown relation 'near'"):
        prediction_of(
            Group((item(en),)), (Relation("near", Ref("a", "entity", 0, 1), Ref("b", "entity", 0, 1)),), "v", SCHEME
        )
    with pytest.raises(StudioError, match=r"U\+D800 at 1"):
        task_of(Group((item(document("en", "a\ud800")),)))
    with pytest.raises(StudioError, match=r"U\+0000"):
        task_of(Group((item(document("zh", "\x00")),)))
    with pytest.raises(StudioError, match="two documents in 'en'"):
        task_of(Group((item(en), item(document("en", "b")))))


def test_a_score_that_is_no_probability_is_brought_into_range() -> None:
    text = "abc"
    marks = tuple(Entity(Span.of(text, i, i + 1), "FIRM", s) for i, s in enumerate((7.0, -1.0, float("nan"))))
    scores = [entry["score"] for entry in result_of(Group((item(document("en", text), marks),)))]
    assert scores == [1.0, 0.0, 0.0]


def test_the_key_is_the_texts_and_not_their_order_or_marks() -> None:
    group, _ = example()
    bare = Group(tuple(item(i.document) for i in reversed(group.items)))
    assert task_key(group) == task_key(bare)
    changed = Group((item(document("en", EN + "!")), item(document("zh", ZH))))
    assert task_key(changed) != task_key(group)


def test_an_article_in_one_language_shows_that_there_is_no_other() -> None:
    data = task_of(Group((item(document("zh", ZH, "")),)))
    assert data["text_en"] == PLACEHOLDERS["en"]
    assert (data["doc_en"], data["doc_zh"]) == ("", ".zh")


def test_the_task_of_a_text_without_pull_quotes_holds_just_what_it_always_did() -> None:
    en = Document("a.en", "a", "en", EN, (Block(0, 5, "headline"), Block(6, 9, "pull-quote")))
    data = task_of(Group((item(en),)))
    assert data == {
        "key": task_key(Group((item(document("en", EN, "a")),))),
        "pair": "a",
        "doc_en": "a.en",
        "sha_en": en.sha,
        "text_en": EN,
        "doc_zh": "",
        "sha_zh": "",
        "text_zh": PLACEHOLDERS["zh"],
    }
    assert list(data) == ["key", "pair", "doc_en", "sha_en", "text_en", "doc_zh", "sha_zh", "text_zh"]


QUOTED = "Mayor Lin Yue will build three hundred flats"


@st.composite
def quoting(draw: st.DrawFn) -> Document:
    """A text that repeats a sentence in a line of its own, among any others."""
    story = f"{draw(TEXTS)} {QUOTED}, they say. {draw(TEXTS)}"
    tail = draw(st.sampled_from(["", " ", ", Wen Bo"]))
    lines = draw(st.permutations([draw(TEXTS), story, f"“{QUOTED}”{tail}", draw(TEXTS)]))
    text = "\n".join(lines)
    at = lines.index(f"“{QUOTED}”{tail}")
    start = len("\n".join(lines[:at])) + (at > 0)
    passage = text.index(f" {QUOTED}, they") + 1
    block = Block(start, start + len(lines[at]), "pull-quote", (passage, passage + len(QUOTED)))
    return Document("x.en", "x", "en", text, (block,))


@settings(max_examples=150, deadline=None)
@given(quoting(), st.data())
def test_what_is_shown_without_its_pull_quotes_comes_back_with_their_marks(en: Document, data: st.DataObject) -> None:
    (quote,) = quotes(en)
    entities = tuple(Entity(s, "FIRM") for s in data.draw(spans(en.text)))
    claims = tuple(Claim(s, "action", "support") for s in data.draw(spans(en.text)))
    group, _ = follow_group(Group((item(en, entities, claims),)), ())
    task = task_of(group)
    assert task["sha_en"] == en.sha
    assert task["text_en"].count(QUOTED) == 1
    shown = shown_in(task, en)
    result = [dict(entry) for entry in json.loads(json.dumps(prediction_of(group, (), "v", SCHEME)["result"]))]
    for entry in result:
        value = entry["value"]
        assert task["text_en"][value["start"] : value["end"]] == shown.text[value["start"] : value["end"]]
    layers, problems = layers_of(result, [en], SCHEME, source="annotator:1", shown={en.id: shown})
    assert problems == []
    followed = follow(en, entities, claims)
    assert [(e.span, e.label) for e in layers[0].entities] == [(e.span, e.label) for e in followed[0]]
    assert [c.span for c in layers[0].claims] == [c.span for c in followed[1]]
    cut = range(*quote.cut)
    assert {e.span for e in entities if e.end <= cut.start or cut.stop <= e.start} <= {e.span for e in followed[0]}


def test_a_prediction_shows_what_the_task_that_is_there_shows() -> None:
    text = f"{QUOTED}\nNow {QUOTED}."
    start = text.index(QUOTED, 1)
    en = Document("a", "", "en", text, (Block(0, len(QUOTED), "pull-quote", (start, start + len(QUOTED))),))
    mark = Entity(at(text, "Lin Yue"), "OFFICIAL")
    group, _ = follow_group(Group((item(en, (Entity(Span.of(text, start + 6, start + 13), "OFFICIAL"),)),)), ())
    assert group.items[0].entities[0] == mark
    before = {"text_en": text, "sha_en": en.sha}
    starts = [
        [entry["value"]["start"] for entry in prediction_of(group, (), "v", SCHEME, shown=shown)["result"]]
        for shown in ({"a": shown_in(before, en)}, None)
    ]
    assert starts == [[6, start + 6], [10]]


def test_a_mark_over_a_pull_quote_that_is_not_shown_is_reported() -> None:
    text = f"Lin.\n{QUOTED}\nNow {QUOTED}."
    start = text.index(QUOTED, 6)
    en = Document("a", "", "en", text, (Block(5, 5 + len(QUOTED), "pull-quote", (start, start + len(QUOTED))),))
    shown = shown_text(en)
    assert shown.text.startswith("Lin.\nNow")
    (layer,), (problem,) = layers_of(
        [labelled(0, 8), labelled(0, 3)], [en], SCHEME, source="annotator:1", shown={"a": shown}
    )
    assert [e.span.surface for e in layer.entities] == ["Lin"]
    assert problem == Skipped("a 0-8", "runs over a pull quote that is not shown; mark what is before or after it")


@pytest.mark.parametrize("said", ["", "0-", "0-3 3-4", "4-2", "0-99", "x-y", "0-3", None, 7])
def test_a_task_that_shows_something_else_than_it_says_is_refused(said: Any) -> None:
    en = document("en", EN)
    if said is None:
        assert shown_in({"shown_en": None}, en).whole(EN)
        return
    with pytest.raises(StaleTextError, match=r"flats\.en: "):
        shown_in({"text_en": "Lin", "shown_en": said}, en)


def labelled(start: Any, end: Any, label: str = "PLACE", lang: str = "en", **more: Any) -> dict[str, Any]:
    value = {"start": start, "end": end, "labels": [label], **more.pop("value", {})}
    return {
        "id": f"{start}-{end}",
        "from_name": f"label_{lang}",
        "to_name": lang,
        "type": "labels",
        "value": value,
        **more,
    }


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        (labelled(0, 9999), "no stretch"),
        (labelled(-3, 2), "no stretch"),
        (labelled(5, 5), "no stretch"),
        (labelled(8, 3), "no stretch"),
        (labelled("6", "13"), "no integers"),
        (labelled(True, 13), "no integers"),
        (labelled(None, None), "no integers"),
        (labelled(6, 13, "RIVER"), "not in the scheme"),
        (labelled(6, 13, value={"labels": []}), "not in the scheme"),
        (labelled(6, 13, value={"labels": None}), "not in the scheme"),
        (labelled(6, 13, value={"text": "Lin Yu3"}), "the text has 'Lin Yue'"),
        (labelled(0, 2, lang="zh"), "no text"),
        ({"id": "a", "from_name": "label_en", "to_name": "en", "type": "labels"}, "no value"),
        (labelled(5, 6, origin="manual"), "white space"),
        (labelled(6, 13, "CLAIM"), "no type"),
        ({"type": "relation", "from_id": "x", "to_id": "y", "labels": ["same_as"]}, "not taken over"),
    ],
)
def test_what_does_not_fit_the_text_is_reported_and_left_out(entry: Any, why: str) -> None:
    en = document("en", EN)
    layers, problems = layers_of([entry, "nonsense"], [en], SCHEME, source="annotator:1")
    assert [why in problem.why for problem in problems] == [True]
    assert layers[0].entities == layers[0].claims == layers[0].relations == ()


def test_a_mark_that_slipped_is_put_where_its_words_are_once() -> None:
    en = document("en", EN)
    start = EN.index("Qingpu")
    slipped = labelled(start + 2, start + 8, value={"text": "Qingpu"})
    (layer,), (problem,) = layers_of([slipped], [en], SCHEME, source="annotator:1")
    assert [(e.start, e.span.surface) for e in layer.entities] == [(start, "Qingpu")]
    assert problem.why == f"kept at {start}-{start + 6}, the only place with the words 'Qingpu' that were recorded"
    # Twice in the text, or longer than what is marked: nobody knows what was meant.
    for words, text in (("Qingpu", f"{EN} Qingpu"), ("Qingpu said", EN)):
        layers, (problem,) = layers_of(
            [{**slipped, "value": {**slipped["value"], "text": words}}], [document("en", text)], SCHEME, source="a"
        )
        assert layers[0].entities == ()
        assert "Label Studio recorded" in problem.why


def test_the_newlines_that_label_studio_misspells_are_no_fault() -> None:
    start = EN.index("flats")
    entry = labelled(start, start + 11, value={"text": "flats.\\n\\nHis"}, origin="manual")
    (layer,), problems = layers_of([entry], [document("en", EN)], SCHEME, source="annotator:1")
    assert problems == []
    assert layer.entities[0].span.surface == "flats.\r\nHis"


def test_white_space_that_slipped_into_a_hand_s_selection_is_left_off() -> None:
    by_hand = labelled(5, 14, value={"text": " Lin Yue "}, origin="manual")
    given_so = labelled(5, 14, value={"text": " Lin Yue "}, origin="prediction")
    for entry, surface in ((by_hand, "Lin Yue"), (given_so, " Lin Yue ")):
        (layer,), _ = layers_of([entry], [document("en", EN)], SCHEME, source="annotator:1")
        assert layer.entities[0].span.surface == surface


def test_shown_names_and_names_of_the_scheme_mean_the_same() -> None:
    for name in ("PLACE", "Place", "地点", "Place 地点", "地点 Place"):
        (layer,), problems = layers_of([labelled(0, 2, name)], [document("en", EN)], SCHEME, source="annotator:1")
        assert (layer.entities[0].label, problems) == ("PLACE", [])


def test_keys_pressed_for_one_language_leave_nothing_in_the_other() -> None:
    """The hotkeys are shared, so that a claim also carries results of the other language's controls."""
    group, _ = example()
    result = result_of(group)
    strays = [
        {
            **entry,
            "from_name": entry["from_name"].replace("_en", "_zh"),
            "value": {**entry["value"], "choices": ["demand"]},
        }
        for entry in result
        if entry.get("from_name") == "type_en"
    ]
    assert strays
    for mixed in (result + strays, strays + result):
        assert back(mixed, group) == back(result, group)


def test_a_relation_drawn_the_wrong_way_round_is_turned() -> None:
    group, _ = example()
    result = result_of(group)
    for entry in result:
        if entry["type"] == "relation":
            entry["from_id"], entry["to_id"] = entry["to_id"], entry["from_id"]
    assert back(result, group) == back(result_of(group), group)
    for entry in result:
        if entry["type"] == "relation":
            entry["direction"] = "left"
    assert back(result, group) == back(result_of(group), group)


def test_an_arrow_without_a_name_is_taken_for_what_it_can_be() -> None:
    group, relations = example()
    result = result_of(group, relations[:1])
    for entry in result:
        if entry["type"] == "relation":
            entry["labels"] = []
    (en, _), problems = back(result, group)
    assert {r.label for r in en.relations} == {"same_as", "claimant"}
    assert [p.why for p in problems] == ["kept as the claimant: the arrow has no name"]
    assert en.claims[0].claimant == "Lin Yue"


def test_an_unnamed_arrow_between_claims_is_left_out() -> None:
    group, _ = example()
    claims = [entry["id"] for entry in result_of(group) if entry.get("value", {}).get("labels") == ["CLAIM"]]
    arrow = {"type": "relation", "from_id": claims[0], "to_id": claims[1], "labels": []}
    layers, problems = back([*result_of(group), arrow], group)
    assert layers == back(result_of(group), group)[0]
    assert [p.why for p in problems] == ["joins what no relation joins"]


def test_a_relation_that_joins_the_wrong_things_is_left_out() -> None:
    group, relations = example()
    result = result_of(group, relations[:1])
    for entry in result:
        if entry["type"] == "relation" and entry["labels"] == ["same_as 同指"]:
            entry["labels"] = ["about 涉及"]
    (en, _), problems = back(result, group)
    assert [r.label for r in en.relations] == ["claimant"]
    assert "does not join entity and entity" in problems[0].why


def test_a_mark_s_link_is_dropped_once_the_mark_was_changed() -> None:
    group, _ = example()
    result = result_of(group)
    for entry in result:
        entry["origin"] = "prediction-changed"
    (en, _), _ = back(result, group)
    assert [e.link for e in en.entities] == ["", ""]


def test_twins_are_taken_once_and_overlaps_are_pointed_out() -> None:
    twins = [labelled(6, 13), {**labelled(6, 13), "id": "b"}, labelled(6, 9), labelled(6, 9, "PERSON")]
    twins[3]["id"] = "d"
    (layer,), problems = layers_of(twins, [document("en", EN)], SCHEME, source="annotator:1")
    assert [(e.span.surface, e.label) for e in layer.entities] == [
        ("Lin", "PERSON"),
        ("Lin", "PLACE"),
        ("Lin Yue", "PLACE"),
    ]
    assert sorted(p.why.split(" ")[0] for p in problems) == ["is", "kept", "kept"]


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 99) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["start", "end", "labels", "text", "choices", "taxonomy", "link"]), inner, max_size=5
        )
    ),
    max_leaves=8,
)


@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(
                ["id", "type", "from_name", "to_name", "value", "labels", "from_id", "to_id", "meta", "origin"]
            ),
            JUNK
            | st.sampled_from(["labels", "choices", "textarea", "relation", "label_en", "type_en", "targets_en", "en"]),
        )
        | JUNK,
        max_size=6,
    )
)
def test_no_answer_of_a_server_breaks_the_reading(result: list[Any]) -> None:
    (layer,), _ = layers_of(result, [document("en", EN)], SCHEME, source="annotator:1")
    assert all(EN[e.start : e.end] == e.span.surface for e in layer.entities)
