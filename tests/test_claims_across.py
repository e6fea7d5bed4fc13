"""Claims of the two versions of an article: cut alike, proposed for one another, linked and exported as links."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotators.claims import ClaimCues, group_drafts
from annotators.claims.find import Draft, drafts, parts_of
from annotators.claims.merge import merged
from annotators.claims.pair import joined
from annotators.claims.project import SOURCE as PROJECTED
from annotators.claims.project import projected
from annotators.claims.reading import read
from annotators.pipeline import Pipeline
from annotators.studio.convert import prediction_of
from corpus.align.alike import alike, said
from corpus.claim_links import TRANSLATES, claim_links, claim_pairs, linked_claims, with_claim_links
from corpus.dataset import build
from corpus.document import (
    Alignment,
    Bead,
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
)
from corpus.look.diverging import diverging_pair
from corpus.schema import ALIGNMENTS, DOCUMENTS, GOLD, SEGMENTS
from corpus.scheme import load_scheme
from corpus.segment import segment_text
from corpus.store import Workspace


def item(text: str, lang: Lang, entities: Sequence[tuple[str, str]] = ()) -> Item:
    document = Document(f"a.{lang}", "a", lang, text)
    found = [(text.index(surface), surface, label) for surface, label in entities]
    marks = tuple(Entity(Span.of(text, at, at + len(name)), label) for at, name, label in sorted(found))
    return Item(document, Segments(document.id, document.sha, *segment_text(text, lang)), marks)


def bead(en: Item, zh: Item, score: float = 1.0) -> Bead:
    return Bead(en.segments.sentences, zh.segments.sentences, score)


def claim(document: Document, surface: str, type: str = "action", **more: object) -> Claim:
    start = document.text.index(surface)
    values: dict[str, object] = {"stance": "support", **more}
    return Claim(Span.of(document.text, start, start + len(surface)), type, **values)  # type: ignore[arg-type]


def test_two_stretches_are_alike_by_words_and_numbers() -> None:
    homes = said("will build 4,000 flats by 2028", "en")
    assert alike(homes, said("将在2028年前建设4000套公寓", "zh")) > alike(homes, said("将建设公寓", "zh")) > 0.6
    assert alike(homes, said("將建設4000套公寓", "zh")) == alike(homes, said("将建设4000套公寓", "zh")) > 1
    assert alike(homes, said("他吃了一个苹果", "zh")) < 0.2
    assert alike(said("", "en"), said("", "zh")) == 0.0


EN = "The council will repair the old bridge, and it will plant trees along the river."
ZH = "市议会将维修旧桥，并将沿河种植树木。"


@pytest.mark.parametrize(("own", "other"), [(-0.4, 2.0), (0.4, -2.0)])
def test_what_is_one_claim_in_one_version_is_one_in_the_other(own: float, other: float) -> None:
    en, zh = item(EN, "en", [("council", "AGENCY")]), item(ZH, "zh", [("市议会", "AGENCY")])
    parts = {i.document.lang: parts_of(i) for i in (en, zh)}
    assert all(len(found.joins) == 1 for found in parts.values()), "two clauses each"
    one = replace(parts["en"], joins=dict.fromkeys(parts["en"].joins, own))
    two = replace(parts["zh"], joins=dict.fromkeys(parts["zh"].joins, other))
    sure = joined((en.document, one), (zh.document, two), [bead(en, zh)])
    for document, found in ((en, sure[0]), (zh, sure[1])):
        pieces = merged(found, read(document).plain, document.document.lang)
        assert len(pieces) == (1 if other > 0 else 2)
    apart = joined((en.document, one), (zh.document, two), [])
    assert (apart[0].joins, apart[1].joins) == (one.joins, two.joins), "no aligned sentences, no help"


def test_clauses_in_another_order_find_their_translation() -> None:
    en = item("Banks must lower rates, and the council will repair the bridge.", "en")
    zh = item("市议会将维修桥梁，同时银行必须降低利率。", "zh")
    found = group_drafts(Group((en, zh), (bead(en, zh),)))
    assert [len(rows) for _, rows in found] == [2, 2], "reordered clauses are not joined"


def with_odds(rows: Sequence[Draft], odds: float) -> list[Draft]:
    return [replace(row, odds=odds) for row in rows]


SPOKEN = "The Health Bureau said banks must lower rates for small clinics."
ECHO = "卫生局表示，银行必须降低小诊所的利率。"


def test_a_claim_without_counterpart_is_proposed_for_the_other_version() -> None:
    en, zh = item(SPOKEN, "en", [("Health Bureau", "AGENCY")]), item(ECHO, "zh", [("卫生局", "AGENCY")])
    there = claim(
        en.document, "banks must lower rates for small clinics", "demand", stance="oppose", claimant="Health Bureau",
        policy_area="health", claimant_span=(4, 17), score=0.9,
    )  # fmt: skip
    rows = with_odds(drafts(zh), -1.0)
    (made,) = projected([(en, [], [there]), (zh, rows, [])], [bead(en, zh)])[zh.document.id]
    assert made.span.surface == "银行必须降低小诊所的利率"
    assert (made.type, made.stance, made.policy_area) == ("demand", "oppose", "health")
    assert (made.claimant, made.claimant_span, made.source) == ("卫生局", (0, 3), PROJECTED)
    assert 0 < made.score < there.score
    (said_there,) = projected([(en, [], [replace(there, claimant="author", claimant_span=None)]), (zh, rows, [])], [bead(en, zh)])[
        zh.document.id
    ]  # fmt: skip
    assert (said_there.claimant, said_there.claimant_span) == ("author", None)


@pytest.mark.parametrize("why", ["unsure", "unlikely", "poor bead", "many", "there", "other words", "alone"])
def test_nothing_is_proposed_without_good_reason(why: str) -> None:
    en, zh = item(SPOKEN, "en"), item(ECHO, "zh")
    there = claim(
        en.document, "banks must lower rates for small clinics", "demand", score=0.2 if why == "unsure" else 0.9
    )
    rows = with_odds(drafts(zh), -4.0 if why == "unlikely" else -1.0)
    own = [claim(zh.document, "银行必须降低小诊所的利率", "demand")] if why == "there" else []
    beads = [bead(en, zh, 0.3 if why == "poor bead" else 1.0)]
    if why == "many":
        beads = [Bead(((0, 4), (4, 17), (17, len(SPOKEN))), ((0, 5), (5, len(ECHO))))]
    if why == "other words":
        zh = item("卫生局表示，医院正在粉刷外墙。", "zh")
        rows = with_odds(drafts(zh), -1.0)
        beads = [bead(en, zh)]
    found = [(en, [], [there])] if why == "alone" else [(en, [], [there]), (zh, rows, own)]
    assert not projected(found, beads)


def test_what_is_proposed_has_a_layer_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    import annotators.claims as claims

    en, zh = item(SPOKEN, "en"), item(ECHO, "zh")
    group = Group((en, zh), (bead(en, zh),))
    assert {layer.source for layer in ClaimCues().annotate(group)} == {"claim-cues"}

    def only_english(
        found: Item, rows: Sequence[Draft], least: float, topics: Counter[str] | None
    ) -> tuple[Claim, ...]:
        there = claim(en.document, "banks must lower rates for small clinics", "demand", score=0.9, source="claim-cues")
        return (there,) if found is en else ()

    monkeypatch.setattr(claims, "decide", only_english)
    layers = ClaimCues().annotate(group)
    assert [(layer.document, layer.source, len(layer.claims)) for layer in layers] == [
        ("a.en", "claim-cues", 1), ("a.zh", "claim-cues", 0), ("a.zh", "projected", 1),
    ]  # fmt: skip


def test_claims_are_linked_by_what_they_say_not_by_their_order() -> None:
    en = Document("a.en", "a", "en", "It will repair the bridge while banks must lower their rates.")
    zh = Document("a.zh", "a", "zh", "银行必须降低利率，它将维修桥梁。")
    ours = [claim(en, "will repair the bridge"), claim(en, "banks must lower their rates")]
    theirs = [claim(zh, "银行必须降低利率"), claim(zh, "将维修桥梁")]
    whole = [Bead(((0, len(en.text)),), ((0, len(zh.text)),))]
    assert [(a, b) for a, b, _ in claim_pairs((en, ours), (zh, theirs), whole)] == [(0, 1), (1, 0)]
    assert all(0 < score <= 1 for _, _, score in claim_pairs((en, ours), (zh, theirs), whole))
    assert claim_pairs((en, ours), (zh, theirs), []) == []
    assert claim_pairs((en, ours[:1]), (zh, [claim(zh, "银行必须降低利率", "demand", stance="oppose")]), whole) == []


def pair_of() -> tuple[tuple[Document, Layer], tuple[Document, Layer], tuple[Bead, ...]]:
    en, zh = (
        Document("a.en", "a", "en", "The council will repair the bridge."),
        Document("a.zh", "a", "zh", "市议会将维修桥梁。"),
    )
    one = Layer(en.id, en.sha, "gold", "1", claims=(claim(en, "will repair the bridge"),))
    two = Layer(zh.id, zh.sha, "gold", "1", claims=(claim(zh, "将维修桥梁", "commitment"),))
    return (en, one), (zh, two), (Bead(((0, len(en.text)),), ((0, len(zh.text)),)),)


def test_links_that_somebody_drew_are_kept() -> None:
    en, zh, beads = pair_of()
    (link,) = with_claim_links(en, zh, beads).relations
    assert (link.label, link.head.document, link.tail.document) == (TRANSLATES, "a.en", "a.zh")
    drawn = replace(link, score=1.0, source="gold")
    assert with_claim_links((en[0], replace(en[1], relations=(drawn,))), zh, beads).relations == (drawn,)
    assert with_claim_links(en, (zh[0], replace(zh[1], relations=(drawn,))), beads).relations == ()


def test_the_pre_annotation_has_the_links_and_label_studio_does_not_draw_them() -> None:
    pipeline = Pipeline(["rules-en", "rules-zh", "link", "claim-cues"])
    documents = [
        Document("b.en", "b", "en", "The Ministry of Health will build 40 new hospitals by 2028."),
        Document("b.zh", "b", "zh", "衛生部將在2028年前新建40所醫院。"),
    ]
    found = pipeline.annotate(pipeline.segmented(documents))
    links = [r for r in found.relations if r.label == TRANSLATES]
    claims = {i.document.id: {(c.start, c.end) for c in i.claims} for i in found.group.items}
    assert [(r.head.document, r.tail.document) for r in links] == [("b.en", "b.zh")]
    assert all((end.start, end.end) in claims[end.document] for r in links for end in (r.head, r.tail))
    drawn = prediction_of(found.group, found.relations, "v", load_scheme())["result"]
    assert not any(TRANSLATES in str(entry.get("labels")) for entry in drawn)


def test_a_document_alone_has_no_links() -> None:
    en = item(EN, "en")
    assert linked_claims(Group((en,)), ()) == ()


def test_the_dataset_has_the_links_and_who_the_claimant_is(workspace_root: Path) -> None:
    import pyarrow.parquet as pq

    workspace = Workspace.create(workspace_root)
    (en, one), (zh, two), beads = pair_of()
    council = Entity(en.span(4, 11), "AGENCY")
    one = replace(one, entities=(council,), claims=(replace(one.claims[0], claimant="it"),))
    workspace.append(DOCUMENTS, [en, zh])
    workspace.append(SEGMENTS, [Segments(d.id, d.sha, ((0, len(d.text)),)) for d in (en, zh)])
    workspace.append(ALIGNMENTS, [Alignment("a", en.id, zh.id, en.sha, zh.sha, beads)])
    workspace.append(GOLD, [one, two])
    folder = Path(str(build(workspace).notes["path"]))
    rows = [row for file in (folder / "documents").glob("*.parquet") for row in pq.read_table(file).to_pylist()]
    (relation,) = next(row for row in rows if row["id"] == "a.en")["relations"]
    assert (relation["label"], relation["head"]["kind"], relation["tail"]["kind"]) == (TRANSLATES, "claim", "claim")
    assert (relation["tail"]["document"], relation["tail"]["start"]) == ("a.zh", two.claims[0].start)
    claims = [row for file in (folder / "claims").glob("*.parquet") for row in pq.read_table(file).to_pylist()]
    assert {(row["claimant"], row["claimant_en"]) for row in claims} == {("it", "council"), ("author", "author")}


def test_diverging_follows_the_links_that_are_there() -> None:
    en, zh, beads = pair_of()
    alignment = Alignment("a", en[0].id, zh[0].id, en[0].sha, zh[0].sha, beads)
    (found,) = diverging_pair(en, zh, alignment)
    assert (found.kind, found.aspects) == ("differs", ("type",))
    gone = Relation(TRANSLATES, Ref("a.en", "claim", 0, 3), Ref("a.zh", "claim", 0, 1))
    loose = (en[0], replace(en[1], relations=(gone,)))
    assert list(diverging_pair(loose, zh, alignment)) == [], "both are there, and nobody says that they are one"


def test_a_link_may_be_drawn_from_either_end() -> None:
    en, zh, beads = pair_of()
    alignment = Alignment("a", en[0].id, zh[0].id, en[0].sha, zh[0].sha, beads)
    (link,) = with_claim_links(en, zh, beads).relations
    back = (zh[0], replace(zh[1], relations=(replace(link, head=link.tail, tail=link.head),)))
    lost = [Bead(((0, 3),), ((5, 6),))]
    assert next(iter(diverging_pair(en, back, replace(alignment, beads=tuple(lost))))).kind == "differs"


def test_claims_that_lie_over_one_another_are_linked_too() -> None:
    text = "The council will repair the bridge. It will plant trees."
    en, zh = Document("a.en", "a", "en", text), Document("a.zh", "a", "zh", "市议会将维修桥梁。它将植树。")
    ours = [claim(en, text[:-1]), claim(en, "will repair the bridge")]
    theirs = [claim(zh, "将维修桥梁"), claim(zh, "将植树")]
    beads = [Bead(((0, 35),), ((0, 9),)), Bead(((36, len(text)),), ((9, len(zh.text)),))]
    assert [(a, b) for a, b, _ in claim_pairs((en, ours), (zh, theirs), beads)] == [(0, 1), (1, 0)]


@given(st.text(max_size=60), st.text(max_size=60), st.integers(0, 30), st.integers(1, 30))
def test_any_text(one: str, other: str, start: int, size: int) -> None:
    en, zh = Document("e", "p", "en", one + "x"), Document("z", "p", "zh", other + "字")
    claims = [
        [Claim(Span.of(d.text, min(start, len(d.text) - 1), min(len(d.text), start + size + 1)), "action", "support")]
        if min(start, len(d.text) - 1) < min(len(d.text), start + size + 1)
        else []
        for d in (en, zh)
    ]
    beads = [Bead(((0, len(en.text)),), ((0, len(zh.text)),))]
    assert len(claim_links((en, claims[0]), (zh, claims[1]), beads)) <= 1
    assert 0 <= alike(said(one, "en"), said(other, "zh")) <= 1.3
