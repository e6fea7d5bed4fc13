"""A dataset built from gold is what `datasets.load_dataset` reads, and loses no entity."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.dataset import assign_splits, build
from corpus.dataset.bio import decode, encode, split_tokens, whole_sentences
from corpus.document import (
    Alignment,
    Bead,
    Claim,
    Document,
    Entity,
    Layer,
    Segments,
    Span,
    Target,
    Token,
    without_overlaps,
)
from corpus.errors import InputError, SchemeError
from corpus.schema import ALIGNMENTS, DOCUMENTS, GOLD, SEGMENTS
from corpus.store import Workspace

EN = "Lanzhou-based Yulin Steel praised the plan. Rents will fall."
ZH = "兰州的玉林钢铁称赞该计划。房租将下降。"


def entity(text: str, surface: str, label: str) -> Entity:
    start = text.index(surface)
    return Entity(Span.of(text, start, start + len(surface)), label, source="gold")


def words(text: str) -> tuple[Token, ...]:
    tokens, start = [], 0
    for word in text.split():
        start = text.index(word, start)
        tokens.append(Token(start, start + len(word)))
        start += len(word)
    return tuple(tokens)


def add_pair(workspace: Workspace, pair: str) -> None:
    en = Document(f"{pair}.en", pair, "en", EN, source="a.txt", meta={"title": "Rents"})
    zh = Document(f"{pair}.zh", pair, "zh", ZH, source="b.txt")
    sentences = {"en": ((0, 43), (44, 60)), "zh": ((0, 13), (13, 19))}
    workspace.append(DOCUMENTS, [en, zh])
    workspace.append(SEGMENTS, [Segments(d.id, d.sha, sentences[d.lang], words(d.text)) for d in (en, zh)])
    beads = tuple(Bead((a,), (b,), 0.9) for a, b in zip(sentences["en"], sentences["zh"], strict=True))
    workspace.append(ALIGNMENTS, [Alignment(pair, en.id, zh.id, en.sha, zh.sha, beads)])
    claim = Claim(Span.of(EN, 44, 59), "commitment", "support", policy_area="housing", targets=(Target("5", "%"),))
    gold_en = (entity(EN, "Lanzhou", "PLACE"), entity(EN, "Yulin Steel", "FIRM"))
    gold_zh = (entity(ZH, "兰州", "PLACE"), entity(ZH, "玉林钢铁", "FIRM"))
    workspace.append(
        GOLD,
        [
            Layer(en.id, en.sha, "gold", "1 annotator", gold_en, (claim,)),
            Layer(zh.id, zh.sha, "gold", "1 annotator", gold_zh),
        ],
    )


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    made = Workspace.create(tmp_path / "w")
    for pair in ("p1", "p2", "p3", "p4"):
        add_pair(made, pair)
    return made


def load(report: Any, config: str, **options: Any) -> Any:
    from datasets import load_dataset

    folder = Path(report.notes["path"])
    return load_dataset(str(folder), config, cache_dir=str(folder.parent / "cache"), **options)


def test_load_dataset_reads_every_configuration_and_streams(workspace: Workspace) -> None:
    report = build(workspace)
    for config, rows in (("documents", 8), ("ner", 16), ("claims", 4), ("parallel", 8)):
        loaded = load(report, config)
        assert set(loaded) == {"train", "validation", "test"}
        assert sum(len(split) for split in loaded.values()) == report.notes[config] == rows
        for split, expected in loaded.items():
            assert list(load(report, config, split=split, streaming=True)) == list(expected)


def test_tags_are_class_labels_of_the_scheme(workspace: Workspace) -> None:
    train = load(build(workspace), "ner", split="train")
    names = train.features["ner_tags"].feature.names
    assert names[:3] == ["O", "B-OFFICIAL", "I-OFFICIAL"]
    row = next(row for row in train if row["lang"] == "en" and "Lanzhou" in row["tokens"])
    # The token "Lanzhou-based" is split where the entity ends.
    assert row["tokens"][:4] == ["Lanzhou", "-based", "Yulin", "Steel"]
    assert [names[tag] for tag in row["ner_tags"]][:4] == ["B-PLACE", "O", "B-FIRM", "I-FIRM"]
    row = next(row for row in train if row["lang"] == "zh" and "兰" in row["tokens"])
    assert [names[tag] for tag in row["ner_tags"]][:4] == ["B-PLACE", "I-PLACE", "O", "B-FIRM"]


def test_claims_and_parallel_sentences_keep_what_belongs_to_them(workspace: Workspace) -> None:
    report = build(workspace)
    claims = load(report, "claims", split="train")
    assert claims.features["type"].int2str(claims[0]["type"]) == "commitment"
    assert claims[0]["targets"] == [{"value": "5", "unit": "%", "by": ""}]
    assert claims[0]["context"] == "Rents will fall."
    row = load(report, "parallel", split="train")[0]
    assert (row["zh"], row["zh_entities"][0]["text"]) == ("兰州的玉林钢铁称赞该计划。", "兰州")
    assert report.notes["entities lost in ner"] == 0


def test_a_split_without_rows_of_a_configuration_is_left_out_of_it(tmp_path: Path) -> None:
    workspace = Workspace.create(tmp_path / "w")
    add_pair(workspace, "p1")
    alone = Document("alone.en", "", "en", "Rents fell.")
    workspace.append(DOCUMENTS, [alone])
    workspace.append(SEGMENTS, [Segments(alone.id, alone.sha, ((0, 11),), words(alone.text))])
    workspace.append(GOLD, [Layer(alone.id, alone.sha, "gold", "1 annotator")])
    report = build(workspace, held_out=frozenset({"p1"}))
    for options in ({}, {"streaming": True}):
        assert {config: sorted(load(report, config, **options)) for config in ("ner", "parallel", "claims")} == {
            "ner": ["test", "train"],
            "parallel": ["test"],
            "claims": ["test"],
        }


def test_no_column_is_null_typed_and_metadata_is_kept(workspace: Workspace) -> None:
    loaded = load(build(workspace), "documents")
    for split in loaded.values():
        assert "null" not in str(split.features)
        for row in split:
            assert row["provenance"]["sha256"] == Document("", "", "en", row["text"]).sha
            assert row["meta"] == ([{"key": "title", "value": "Rents"}] if row["lang"] == "en" else [])


def test_building_again_changes_nothing_and_new_gold_makes_a_new_version(workspace: Workspace) -> None:
    first = build(workspace)
    again = build(workspace)
    assert (again.done, again.unchanged, again.notes["version"]) == (0, 8, first.notes["version"])
    add_pair(workspace, "p5")
    second = build(workspace)
    assert second.notes["version"] != first.notes["version"]
    assert Path(str(first.notes["path"])).is_dir()
    assert (workspace.root / "datasets" / "latest").read_text().strip() == second.notes["version"]


def test_held_out_pairs_are_in_test_and_must_exist(workspace: Workspace) -> None:
    loaded = load(build(workspace, held_out=frozenset({"p1", "p3"})), "documents")
    assert {"p1", "p3"} <= {row["pair"] for row in loaded["test"]}
    assert not {"p1", "p3"} & {row["pair"] for split in ("train", "validation") for row in loaded[split]}
    with pytest.raises(InputError, match="nowhere"):
        build(workspace, held_out=frozenset({"nowhere"}))


def test_nothing_to_build_and_gold_outside_the_scheme_are_refused(tmp_path: Path) -> None:
    workspace = Workspace.create(tmp_path / "w")
    with pytest.raises(InputError, match="hemu adjudicate"):
        build(workspace)
    add_pair(workspace, "p")
    document = workspace.document("p.en")
    workspace.append(GOLD, [Layer(document.id, document.sha, "gold", "", (entity(EN, "Yulin", "TOWN"),))])
    with pytest.raises(SchemeError, match="TOWN"):
        build(workspace)


def test_documents_without_segments_or_with_stale_gold_are_named(workspace: Workspace) -> None:
    workspace.append(DOCUMENTS, [Document("new.en", "", "en", "Rents fell."), Document("old.en", "", "en", "Now.")])
    document = workspace.document("new.en")
    workspace.append(GOLD, [Layer("new.en", document.sha, "gold", ""), Layer("old.en", "0" * 64, "gold", "")])
    report = build(workspace)
    assert {s.what: s.why.split(";")[0] for s in report.skipped} == {
        "new.en": "not segmented yet",
        "old.en": "its gold was made for another version of the text",
    }


@given(st.sets(st.text(min_size=1), min_size=3, max_size=40), st.integers(0, 5))
def test_splits_are_never_empty_and_hold_back_what_is_named(keys: set[str], held: int) -> None:
    ordered = sorted(keys)
    held_out = frozenset(ordered[:held]) if held + 2 <= len(ordered) else frozenset()
    splits = assign_splits(keys, held_out=held_out)
    assert splits.keys() == keys
    assert set(splits.values()) == {"train", "validation", "test"}
    assert all(splits[key] == "test" for key in held_out)


def test_of_few_articles_those_in_both_languages_are_judged_by() -> None:
    # None of these falls below 0.2 by its hash.
    splits = assign_splits(["lone-1", "lone-2", "both", "both", "two", "two"])
    assert splits == {"lone-1": "train", "lone-2": "train", "both": "validation", "two": "test"}


def test_a_split_stays_when_the_corpus_grows() -> None:
    before = assign_splits(f"article-{n}" for n in range(200))
    after = assign_splits(f"article-{n}" for n in range(400))
    assert all(after[key] == split for key, split in before.items())


TEXTS = st.text(st.sampled_from("浙江 Aab-\n\t.省0😀"), min_size=1, max_size=30)


@given(TEXTS, st.data(), st.sampled_from(["en", "zh"]))
def test_every_entity_can_be_read_back_from_its_tags(text: str, data: st.DataObject, lang: Any) -> None:
    ranges = st.tuples(st.integers(0, len(text)), st.integers(0, len(text))).filter(lambda r: r[0] < r[1])
    drawn = data.draw(st.lists(ranges, max_size=5))
    entities = without_overlaps(
        [Entity(Span.of(text, a, b), "FIRM") for a, b in drawn if text[a:b] == text[a:b].strip()]
    )
    cuts = sorted({0, len(text), *data.draw(st.lists(st.integers(0, len(text)), max_size=4))})
    pieces = list(pairwise(cuts))
    tokens = [Token(a, b) for a, b in pieces]
    found = []
    for start, end in whole_sentences(pieces, entities):
        split = split_tokens(text, start, end, lang=lang, tokens=tokens, entities=entities)
        assert "".join(text[a:b] for a, b in split) == "".join(text[start:end].split())
        inside = [e for e in entities if start <= e.start and e.end <= end]
        found += decode(split, encode(split, inside))
    assert found == [(e.start, e.end, "FIRM") for e in entities]
