"""Annotations become gold by majority, every difference is reported, and nothing is done twice."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotators.adjudicate import Dispute, adjudicate, decide, disputes
from annotators.studio.tables import ANNOTATIONS, Annotation
from corpus.document import Claim, Document, Entity, Layer, Ref, Relation, Span
from corpus.gold import import_gold
from corpus.jsonl import dump_row, row_of
from corpus.schema import DOCUMENTS, GOLD, layers_table
from corpus.store import Workspace

TEXT = "玉林市政府承诺新建住房，何平表示欢迎。"
DOCUMENT = Document("homes.zh", "homes", "zh", TEXT)


def entity(surface: str, label: str, link: str = "") -> Entity:
    start = TEXT.index(surface)
    return Entity(Span.of(TEXT, start, start + len(surface)), label, source="x", link=link)


def claim(surface: str, type: str = "commitment", stance: str = "support") -> Claim:
    start = TEXT.index(surface)
    return Claim(Span.of(TEXT, start, start + len(surface)), type, stance, source="x")


def layer(*entities: Entity, claims: tuple[Claim, ...] = (), relations: tuple[Relation, ...] = ()) -> Layer:
    return Layer(DOCUMENT.id, DOCUMENT.sha, "x", "", entities, claims, relations)


def said(layer: Layer, annotator: str, id: int = 1, updated: str = "2025-01-01T00:00:00Z", **rest: bool) -> Annotation:
    return Annotation(layer, id, 1, 1, "http://localhost", annotator, updated, updated, 60.0, **rest)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    made = Workspace.create(tmp_path / "w")
    made.append(DOCUMENTS, [DOCUMENT])
    return made


HE, CITY, PLACE = entity("何平", "PERSON"), entity("玉林市政府", "AGENCY"), entity("玉林市", "PLACE")


def marks(layer: Layer) -> list[tuple[str, str]]:
    return [(e.span.surface, e.label) for e in layer.entities]


def test_one_annotator_is_taken_with_claims_and_relations() -> None:
    promise = claim("承诺新建住房")
    said_by = Relation(
        "claimant", Ref("homes.zh", "claim", 5, 11), Ref("homes.zh", "entity", CITY.start, CITY.end), source="x"
    )
    made = decide([layer(CITY, HE, claims=(promise,), relations=(said_by,))])
    assert marks(made.layer) == [("玉林市政府", "AGENCY"), ("何平", "PERSON")]
    assert [c.span for c in made.layer.claims] == [promise.span]
    assert [(r.label, r.head, r.tail) for r in made.layer.relations] == [("claimant", said_by.head, said_by.tail)]
    assert {made.layer.source, *(e.source for e in made.layer.entities)} == {"gold"}
    assert made.disputes == ()


def test_the_majority_decides_and_the_minority_is_disputed() -> None:
    made = decide([layer(CITY, HE), layer(CITY), layer(PLACE)])
    assert marks(made.layer) == [("玉林市政府", "AGENCY")]
    assert made.layer.entities[0].score == pytest.approx(2 / 3)
    assert made.disputes == (
        Dispute("homes.zh", 0, 3, "PLACE", 1, 3, False),
        Dispute("homes.zh", 0, 5, "AGENCY", 2, 3, True),
        Dispute("homes.zh", 12, 14, "PERSON", 1, 3, False),
    )


def test_where_all_mark_something_but_differ_the_longest_name_is_taken() -> None:
    made = decide([layer(PLACE), layer(CITY)])
    assert marks(made.layer) == [("玉林市政府", "AGENCY")]
    assert [d.kept for d in made.disputes] == [False, True]


def test_half_is_no_majority() -> None:
    made = decide([layer(HE), layer()])
    assert made.layer.entities == ()
    assert made.disputes == (Dispute("homes.zh", 12, 14, "PERSON", 1, 2, False),)


def test_a_label_and_a_link_come_from_those_who_gave_one() -> None:
    made = decide([layer(HE), layer(entity("何平", "PERSON", link="kb:he")), layer(entity("何平", "OFFICIAL"))])
    assert [(e.label, e.link) for e in made.layer.entities] == [("PERSON", "kb:he")]


def test_claims_are_put_together_by_overlap_and_attributes_by_majority() -> None:
    short, long, other = claim("新建住房", "action"), claim("承诺新建住房"), claim("表示欢迎", "evaluation")
    made = decide([layer(claims=(long,)), layer(claims=(short,)), layer(claims=(long, other))])
    assert [(c.span.surface, c.type) for c in made.layer.claims] == [("承诺新建住房", "commitment")]
    assert {(d.what, d.votes, d.annotators, d.kept) for d in made.disputes} == {
        ("claim", 2, 3, True),
        ("type", 2, 3, True),
        ("claim", 1, 3, False),
    }


def test_relations_follow_the_claim_that_was_chosen() -> None:
    short, long = claim("新建住房"), claim("承诺新建住房")
    tail = Ref("homes.zh", "entity", CITY.start, CITY.end)

    def with_claim(chosen: Claim) -> Layer:
        head = Ref("homes.zh", "claim", chosen.start, chosen.end)
        return layer(CITY, claims=(chosen,), relations=(Relation("claimant", head, tail),))

    made = decide([with_claim(long), with_claim(short)])
    assert [(r.head.start, r.head.end) for r in made.layer.relations] == [(long.start, long.end)]


def test_the_latest_annotation_of_each_counts_and_skipped_ones_do_not(workspace: Workspace) -> None:
    workspace.append(
        ANNOTATIONS,
        [
            said(layer(CITY, HE), "ann", 1, "2025-01-02T00:00:00Z"),
            said(layer(), "ann", 2, "2025-01-01T00:00:00Z"),
            said(layer(CITY, HE), "bo", 3),
            said(layer(), "cy", 4, skipped=True),
            said(layer(), "di", 5, withdrawn=True),
        ],
    )
    report = adjudicate(workspace)
    gold = workspace.read(GOLD)["homes.zh"]
    assert marks(gold) == [("玉林市政府", "AGENCY"), ("何平", "PERSON")]
    assert (gold.source, gold.version.split(",")[0]) == ("gold", "2 annotators")
    assert (report.done, report.notes["disputed"]) == (1, 0)


def test_nothing_is_done_twice_and_a_changed_annotation_is(workspace: Workspace) -> None:
    workspace.append(ANNOTATIONS, [said(layer(CITY), "ann")])
    assert adjudicate(workspace).done == 1
    assert (adjudicate(workspace).done, adjudicate(workspace).unchanged) == (0, 1)
    for entities in ((CITY, HE), (CITY,)):  # changed, and changed back
        workspace.append(ANNOTATIONS, [said(layer(*entities), "ann", updated="2025-02-01T00:00:00Z")])
        assert adjudicate(workspace).done == 1
        assert len(workspace.read(GOLD)["homes.zh"].entities) == len(entities)


def test_gold_imported_after_the_annotations_stays_until_they_change(workspace: Workspace, tmp_path: Path) -> None:
    workspace.append(ANNOTATIONS, [said(layer(CITY), "ann")])
    adjudicate(workspace)
    (tmp_path / "gold.jsonl").write_text(dump_row(row_of(DOCUMENT, [CITY, HE], [])), encoding="utf-8")
    import_gold(workspace, str(tmp_path / "gold.jsonl"))
    adjudicate(workspace)
    assert len(workspace.read(GOLD)["homes.zh"].entities) == 2
    workspace.append(ANNOTATIONS, [said(layer(HE), "ann", updated="2025-02-01T00:00:00Z")])
    adjudicate(workspace)
    assert marks(workspace.read(GOLD)["homes.zh"]) == [("何平", "PERSON")]


def test_links_between_the_versions_are_kept_where_both_ends_are(workspace: Workspace) -> None:
    text = "He Ping of Yulin welcomed it."
    english = Document("homes.en", "homes", "en", text)
    workspace.append(DOCUMENTS, [english])
    he, yulin = (Entity(Span.of(text, a, b), label) for a, b, label in ((0, 7, "PERSON"), (11, 16, "PLACE")))
    links = tuple(
        Relation("same_as", Ref("homes.zh", "entity", z.start, z.end), Ref("homes.en", "entity", e.start, e.end))
        for z, e in ((HE, he), (PLACE, yulin))
    )
    workspace.append(layers_table("combined"), [layer(HE, PLACE, relations=links)])
    # The annotator takes Yulin away in the English version.
    kept = Layer("homes.en", english.sha, "x", "", (he,))
    workspace.append(ANNOTATIONS, [said(layer(HE, PLACE), "a"), said(kept, "a", 2)])
    adjudicate(workspace)
    assert workspace.read(GOLD)["homes.zh"].relations == links[:1]


def test_annotations_of_another_text_are_named(workspace: Workspace) -> None:
    workspace.append(ANNOTATIONS, [said(replace(layer(CITY), sha="0" * 64), "ann", 7)])
    report = adjudicate(workspace)
    assert (report.done, [s.what for s in report.skipped]) == (0, ["homes.zh, annotation 7"])


def test_disputes_can_be_listed_afterwards(workspace: Workspace) -> None:
    workspace.append(ANNOTATIONS, [said(layer(CITY), "ann", 1), said(layer(CITY, HE), "bo", 2)])
    adjudicate(workspace)
    assert disputes(workspace) == [Dispute("homes.zh", 12, 14, "PERSON", 1, 2, False)]


MARKS = st.lists(st.tuples(st.integers(0, 15), st.integers(1, 4), st.sampled_from(["FIRM", "ORG"])), max_size=5)


@given(st.lists(MARKS, min_size=1, max_size=4))
def test_gold_entities_never_overlap_and_unanimous_ones_are_kept(drawn: list[list[tuple[int, int, str]]]) -> None:
    layers = []
    for several in drawn:
        taken: list[Entity] = []
        for start, length, label in several:
            new = Entity(Span.of(TEXT, start, start + length), label)
            if not any(new.span.overlaps(e.span) for e in taken):
                taken.append(new)
        layers.append(layer(*taken))
    gold = decide(layers).layer.entities
    assert all(a.end <= b.start for a, b in pairwise(gold))
    unanimous = set.intersection(*({(e.span, e.label) for e in x.entities} for x in layers))
    assert unanimous <= {(e.span, e.label) for e in gold}
