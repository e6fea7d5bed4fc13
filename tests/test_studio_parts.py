"""Long articles in parts: where they are cut, what no part shows, and how parts are joined; marks on a text that has changed."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotators.studio.anchor import Moved, placed, slipped
from annotators.studio.convert import prediction_of, shown_in, task_key, task_of, without_texts
from annotators.studio.cut import Part, all_parts, cut_name, part_of, parts_of
from annotators.studio.edits import edits_of
from annotators.studio.join import joined, outside_of, relations_from, relations_json
from annotators.studio.layers import layers_of
from corpus.document import (
    AUTHOR,
    Bead,
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
    sorted_entities,
)
from corpus.errors import StaleTextError
from corpus.scheme import load_scheme

SCHEME = load_scheme()


def item(lang: Lang, text: str, *entities: Entity, claims: tuple[Claim, ...] = (), blocks: bool = True) -> Item:
    """A text whose lines are blocks and sentences."""
    at, found = 0, []
    for line in text.split("\n"):
        if line.strip():
            found.append((at, at + len(line)))
        at += len(line) + 1
    made = tuple(Block(start, end, "body") for start, end in found) if blocks else ()
    document = Document(f"long.{lang}", "long", lang, text, made)
    return Item(document, Segments(document.id, document.sha, tuple(found)), entities, claims)


def pair(lines: int = 12) -> Group:
    """Two versions whose lines say the same, and are aligned so."""
    en = item("en", "\n\n".join(f"Mayor Lin Yue promises {n * 100} flats 👩‍👩‍👧 to the town." for n in range(lines)))
    zh = item("zh", "\n".join(f"林岳镇长承诺为该镇建{n}套住房𠮷。" for n in range(lines)))
    beads = tuple(Bead((a,), (b,)) for a, b in zip(en.segments.sentences, zh.segments.sentences, strict=True))
    return Group((en, zh), beads)


class TestCutting:
    def test_a_short_article_stays_whole(self) -> None:
        assert parts_of(pair(), 6000) == []
        assert parts_of(pair(), 0) == []

    def test_both_versions_are_cut_between_the_same_lines(self) -> None:
        group = pair()
        parts = parts_of(group, 250)
        assert [part.name for part in parts] == ["1 of 3", "2 of 3", "3 of 3"]
        for part in parts:
            texts = [part.shown(i.document).text for i in group.items]
            assert len(texts[0]) <= 250
            assert [line.count("\n") for line in texts] == [texts[0].count("\n"), texts[0].count("\n") // 2]
            assert texts[0].startswith("Mayor")
            assert texts[1].startswith("林岳")
        for number, i in enumerate(group.items):
            assert "".join(part.shown(i.document).text for part in parts) == i.document.text, number

    def test_three_english_characters_are_one_chinese(self) -> None:
        line = "该镇建设住房，房租已经下降。"
        text = "\n".join([line] * 10)
        assert parts_of(Group((item("zh", text),)), len(text) * 3) == []
        assert len(parts_of(Group((item("zh", text),)), len(text) * 3 - 1)) == 2

    def test_not_where_the_versions_cannot_be_cut_alike(self) -> None:
        group = pair()
        en, zh = group.items
        crossed = Bead((en.segments.sentences[0], en.segments.sentences[-1]), (zh.segments.sentences[5],))
        assert parts_of(replace(group, beads=(crossed, *group.beads[1:5], *group.beads[6:-1])), 250) == []
        assert parts_of(replace(group, beads=()), 250) == []

    def test_not_within_a_sentence(self) -> None:
        one = item("en", "A line\nand its rest.\nAnother.\nAnd one more.")
        segments = replace(one.segments, sentences=((0, 20), (21, 29), (30, 43)))
        (first, second) = parts_of(Group((replace(one, segments=segments),)), 30)
        assert first.borders == second.borders == {"en": (21,)}

    def test_one_line_without_end_stays_whole(self) -> None:
        assert parts_of(Group((item("en", "word " * 5000, blocks=False),)), 6000) == []

    def test_a_task_says_which_part_it_is(self) -> None:
        group = pair()
        parts = parts_of(group, 250)
        tasks = [task_of(group, part) for part in parts]
        assert len({task["key"] for task in tasks} | {task_key(group)}) == 4
        assert {task["article"] for task in tasks} == {task_key(group)}
        assert [part_of(task) for task in tasks] == parts
        for task, part in zip(tasks, parts, strict=True):
            for i in group.items:
                assert shown_in(task, i.document) == part.shown(i.document)
                assert shown_in(without_texts(task), i.document) == part.shown(i.document)
        broken = {**without_texts(tasks[0]), "digest_en": "0"}
        with pytest.raises(StaleTextError, match="not in its text"):
            shown_in(broken, group.items[0].document)

    @pytest.mark.parametrize(
        "said",
        [
            {"part": "x", "cut_en": "4"},
            {"part": "3 of 2", "cut_en": "4"},
            {"part": "1 of 3", "cut_en": "4"},
            {"part": "1 of 3", "cut_en": "9 4"},
            {"part": "1 of 2"},
            {"part": "1 of 2", "cut_en": "0"},
            {"part": "1 of 2", "cut_en": "a"},
        ],
    )
    def test_what_is_no_part(self, said: Any) -> None:
        with pytest.raises(StaleTextError, match="the task says that it is part"):
            part_of(said)

    @settings(max_examples=100, deadline=None)
    @given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=30), max_size=12), st.integers(1, 60))
    def test_no_character_is_lost_or_shown_twice(self, lines: list[str], limit: int) -> None:
        text = "\n".join(lines)
        one = item("en", text, blocks=False)
        parts = parts_of(Group((replace(one, segments=replace(one.segments, sentences=())),)), limit)
        if parts:
            shown = [part.shown(one.document).text for part in parts]
            assert "".join(shown) == text
            assert all(words.strip() for words in shown)


def marked(group: Group) -> tuple[Group, tuple[Relation, ...]]:
    """Mentions in the first lines and the middle of both versions, and a claim in the last whose claimant is named in the first."""
    made = []
    for i in group.items:
        name = "Lin Yue" if i.document.lang == "en" else "林岳"
        text, found, at = i.document.text, [], 0
        while (at := text.find(name, at)) >= 0:
            found.append(Entity(Span.of(text, at, at + len(name)), "OFFICIAL", 0.9, "rules"))
            at += 1
        end = i.segments.sentences[-1][1]
        where = Span.of(text, end - 6, end)
        first = found[0]
        claim = Claim(where, "commitment", "support", name, claimant_span=(first.start, first.end), source="claims")
        # In its own part nobody of that name stands, so that only the words can be written there.
        made.append(replace(i, entities=(first, *found[5:8]), claims=(claim,)))
    group = replace(group, items=tuple(made))
    en, zh = group.items
    ends = [Ref(i.document.id, "entity", e.start, e.end) for i in (en, zh) for e in (i.entities[0], i.entities[3])]
    return group, (Relation("same_as", ends[0], ends[2]), Relation("same_as", ends[0], ends[3]))


def submitted(group: Group, relations: tuple[Relation, ...], part: Part) -> tuple[list[Any], list[Layer]]:
    """A part that was submitted as it was predicted: its results, and its layers."""
    data = task_of(group, part)
    shown = {i.document.id: shown_in(data, i.document) for i in group.items}
    result = json.loads(json.dumps(prediction_of(group, relations, "v1", SCHEME, shown=shown)["result"]))
    documents = [i.document for i in group.items]
    layers, problems = layers_of(result, documents, SCHEME, source="annotator:1", shown=shown, quotes=False)
    assert problems == []
    return result, layers


class TestJoining:
    def test_parts_that_nobody_changed_are_the_whole(self) -> None:
        group, relations = marked(pair())
        documents = [i.document for i in group.items]
        parts = parts_of(group, 250)
        outside = outside_of(group, relations, parts)
        assert outside.marks == 0
        between = [r for found in outside.relations.values() for r in found]
        assert {r.label for r in between} == {"claimant", "same_as"}
        assert relations_from(relations_json(between)) == between
        each = [submitted(group, relations, part)[1] for part in parts]
        layers = joined(documents, each, between, source="annotator:1", version="1")
        result = json.loads(json.dumps(prediction_of(group, relations, "v1", SCHEME)["result"]))
        whole, _ = layers_of(result, documents, SCHEME, source="annotator:1", version="1")
        assert layers == whole
        assert layers[0].claims[0].claimant_span == (6, 13)

    def test_a_relation_between_parts_comes_back_only_between_what_was_kept(self) -> None:
        group, relations = marked(pair())
        documents = [i.document for i in group.items]
        parts = parts_of(group, 250)
        between = [r for found in outside_of(group, relations, parts).relations.values() for r in found]
        each = [submitted(group, relations, part)[1] for part in parts]
        # The claim of the English version is the author's now, and the last Chinese mention is gone.
        own = replace(each[-1][0].claims[0], claimant=AUTHOR)
        each[-1][0] = replace(each[-1][0], claims=(own,))
        gone = relations[1].tail
        each = [
            [replace(layer, entities=tuple(e for e in layer.entities if (e.start, e.end) != (gone.start, gone.end))) for layer in part]
            for part in each
        ]  # fmt: skip
        en, zh = joined(documents, each, between, source="annotator:1", version="1")
        assert [r.label for r in en.relations] == ["same_as"]
        assert en.claims[0].claimant_span is None
        assert zh.claims[0].claimant_span is not None

    def test_a_mark_across_a_cut_is_counted_and_in_no_part(self) -> None:
        group, relations = marked(pair())
        parts = parts_of(group, 250)
        en = group.items[0]
        border = parts[0].borders["en"][0]
        across = Entity(Span.of(en.document.text, border - 6, border + 5), "ORG")
        group = replace(group, items=(replace(en, entities=sorted_entities([*en.entities, across])), group.items[1]))
        assert outside_of(group, relations, parts).marks == 1
        for part in parts:
            assert not any("ORG" in entry.get("value", {}).get("labels", ()) for entry in submitted(group, (), part)[0])

    def test_pull_quotes_follow_their_passage_in_another_part(self) -> None:
        said = "Mayor Lin Yue of Qingpu wants to build three hundred flats"
        text = f"First line here.\n{said}\n" + "Filling words.\n" * 12 + f"In May {said}, he said."
        start, passage = text.index(said), text.rindex(said)
        block = Block(start, start + len(said), "pull-quote", (passage, passage + len(said)))
        document = Document("q.en", "", "en", text, (block,))
        lines = [Block(at, at + 14, "body") for at in range(text.index("Filling"), passage - 7, 15)]
        document = replace(document, blocks=(block, *lines))
        mark = Entity(Span.of(text, passage + 6, passage + 13), "OFFICIAL")
        group = Group((Item(document, Segments("q.en", document.sha, ()), (mark,)),))
        parts = parts_of(group, 200)
        assert len(parts) == 2
        assert said not in parts[0].shown(document).text
        each = [submitted(group, (), part)[1] for part in parts]
        (layer,) = joined([document], each, (), source="a", version="1")
        assert [e.start for e in layer.entities] == [start + 6, passage + 6]


class TestChangedText:
    BEFORE = "Lin Yue builds flats.\nThe rent falls.\nLin Yue pays. 👩‍👩‍👧 Qingpu is glad."

    def test_a_mark_goes_where_its_words_and_their_neighbours_are(self) -> None:
        now = "A new line.\n" + self.BEFORE.replace("falls", "fell")
        for words in ("Lin Yue builds", "pays", "Qingpu"):
            start = self.BEFORE.index(words)
            place = placed(self.BEFORE, now, start, start + len(words))
            assert place is not None
            assert now[slice(*place)] == words

    def test_not_where_it_may_be_one_of_several(self) -> None:
        before, now = "Lin Yue. Lin Yue.", "Lin Yue! Lin Yue! Lin Yue!"
        assert placed(before, now, 0, 7) is None
        assert placed(before, now, 9, 16) is None
        assert placed("Lin Yue pays.", "Wen Bo pays.", 0, 7) is None

    @settings(max_examples=150, deadline=None)
    @given(st.text("ab 林。\n", max_size=40), st.text("ab 林。\n", max_size=40), st.data())
    def test_what_is_placed_has_the_same_words(self, before: str, now: str, data: st.DataObject) -> None:
        start = data.draw(st.integers(0, len(before)))
        end = data.draw(st.integers(start, len(before)))
        if start < end and (place := placed(before, now, start, end)) is not None:
            assert now[slice(*place)] == before[start:end]

    def test_a_changed_text_keeps_the_marks_that_can_be_placed(self) -> None:
        document = Document("a", "", "en", "News.\n" + self.BEFORE.replace("Qingpu is", "the town is"))
        from annotators.repeats import shown_text

        moved = Moved(self.BEFORE, shown_text(document))
        results = [
            {
                "id": str(at),
                "from_name": "label_en",
                "to_name": "en",
                "type": "labels",
                "value": {"start": at, "end": at + length, "labels": [label]},
            }
            for at, length, label in ((0, 7, "OFFICIAL"), (self.BEFORE.index("Qingpu"), 6, "PLACE"))
        ]
        (layer,), (problem,) = layers_of(results, [document], SCHEME, source="a", shown={"a": moved})
        assert [(e.start, e.span.surface) for e in layer.entities] == [(6, "Lin Yue")]
        assert problem.why == "'Qingpu' cannot be placed for certain in the text as it is now; mark it there"

    def test_words_that_slipped(self) -> None:
        assert slipped("a b a", 1, 2, "a") is None
        assert slipped("a b a", 1, 2, "b") == (2, 3)
        assert slipped("a b", 0, 1, " ") is None


def labelled(id: str, start: int, end: int, label: str = "PLACE") -> dict[str, Any]:
    value = {"start": start, "end": end, "labels": [label]}
    return {"id": id, "from_name": "label_en", "to_name": "en", "type": "labels", "score": 0.5, "value": value}


def chosen(id: str, stance: str) -> dict[str, Any]:
    value = {"start": 0, "end": 1, "choices": [stance]}
    return {"id": id, "from_name": "stance_en", "to_name": "en", "type": "choices", "value": value}


def arrow(head: str, tail: str) -> dict[str, Any]:
    return {"type": "relation", "from_id": head, "to_id": tail, "direction": "right", "labels": ["claimant 主张者"]}


def test_what_became_of_each_mark() -> None:
    before = [
        labelled("kept", 0, 3),
        labelled("renamed", 4, 7),
        labelled("resized", 10, 15),
        labelled("deleted", 20, 25),
        labelled("redrawn", 30, 36),
        labelled("claim", 40, 60, "CLAIM"),
        chosen("claim", "support"),
        arrow("claim", "kept"),
        arrow("claim", "deleted"),
    ]
    after = [
        labelled("kept", 0, 3),
        labelled("renamed", 4, 7, "ORG"),
        labelled("resized", 10, 16),
        labelled("xyz", 29, 34, "ORG"),
        labelled("new", 70, 75),
        labelled("claim", 40, 60, "CLAIM"),
        chosen("claim", "oppose"),
        arrow("claim", "kept"),
        arrow("claim", "new"),
    ]
    sources = {"kept": "rules", "deleted": "model"}
    (lang, found), *rest = edits_of(before, after, SCHEME, sources=sources).items()
    assert (lang, rest) == ("en", [])
    assert [(e.kind, e.outcome, e.start, e.new_start, e.source) for e in found] == [
        ("entity", "kept", 0, 0, "rules"),
        ("entity", "label", 4, 4, ""),
        ("entity", "boundary", 10, 10, ""),
        ("entity", "deleted", 20, -1, "model"),
        ("entity", "both", 30, 29, ""),
        ("claim", "attributes", 40, 40, ""),
        ("entity", "added", -1, 70, ""),
        ("relation", "kept", -1, -1, ""),
        ("relation", "deleted", -1, -1, ""),
        ("relation", "added", -1, -1, ""),
    ]
    assert [e.label for e in found if e.outcome == "label"] == ["PLACE"]


def test_all_parts_have_one_name() -> None:
    assert {cut_name(part) for part in all_parts({"en": (4, 9), "zh": (2, 5)})} == {"en 4 9, zh 2 5"}
