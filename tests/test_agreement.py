"""Agreement between annotators is what its definitions say, and its absence is said."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from annotators.agreement import ALL, Chosen, agreement
from annotators.agreement.differences import BOUNDARY, CLAIM_BOUNDARY, LABEL, RELATION, UNMARKED
from annotators.agreement.names import letters
from annotators.agreement.page import agreement_page
from annotators.studio.tables import ANNOTATIONS, Annotation
from corpus.cli.root import root
from corpus.document import Alignment, Bead, Block, Claim, Document, Entity, Layer, Ref, Relation, Span
from corpus.errors import InputError
from corpus.schema import ALIGNMENTS, DOCUMENTS, GOLD
from corpus.store import Workspace

ZH = Document("homes.zh", "homes", "zh", "何平欢迎玉林市的计划。")
EN = Document("homes.en", "homes", "en", "He Ping praised Yulin.")
RENT = Document("rent.en", "", "en", "Rents in Yulin fell. Wen Lan called for more.")


def said(
    document: Document,
    annotator: str,
    *marks: tuple[int, int, str],
    claim: Claim | None = None,
    about: tuple[int, int] | None = None,
    when: str = "2025-01-01",
) -> Annotation:
    entities = tuple(Entity(Span.of(document.text, start, end), label) for start, end, label in marks)
    claims = (claim,) if claim else ()
    relations = ()
    if claim and about:
        head, tail = Ref(document.id, "claim", claim.start, claim.end), Ref(document.id, "entity", *about)
        relations = (Relation("about", head, tail),)
    layer = Layer(document.id, document.sha, "x", "", entities, claims, relations)
    number = sum(map(ord, annotator + document.id))
    return Annotation(layer, number, 1, 1, "http://localhost", annotator, f"{when}T00:00:00Z")


def claim(start: int = 2, end: int = 8, type: str = "evaluation") -> Claim:
    return Claim(Span.of(ZH.text, start, end), type, "support")


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    made = Workspace.create(tmp_path / "w")
    made.append(DOCUMENTS, [ZH, EN, RENT])
    return made


def test_a_lack_of_second_opinions_is_said(workspace: Workspace) -> None:
    assert "no document has two annotators (0 have one)" in agreement(workspace).message
    workspace.append(ANNOTATIONS, [said(ZH, "ann", (0, 2, "PERSON"))])
    report = agreement(workspace)
    assert "no document has two annotators (1 have one)" in report.message
    assert (report.documents, report.spans) == (0, ())


def test_two_annotators(workspace: Workspace) -> None:
    workspace.append(
        ANNOTATIONS,
        [
            said(ZH, "ann", (0, 2, "PERSON"), (4, 7, "PLACE"), claim=claim()),
            said(ZH, "bo", (0, 2, "PERSON"), (4, 6, "PLACE"), claim=claim(type="demand")),
            said(EN, "ann", (0, 7, "PERSON")),
            said(EN, "bo", (0, 7, "OFFICIAL")),
        ],
    )
    report = agreement(workspace)
    rows = {(row.lang, row.label): row for row in report.spans if row.kind == "entities"}
    assert report.documents == 2
    assert (rows["zh", ALL].exact.value, rows["zh", ALL].overlap.value) == (0.5, 1.0)
    assert rows["zh", "PERSON"].kappa.value == pytest.approx(1)
    # Ten characters without the full stop; 3 and 2 of them are in a place, 9 alike: chance is (3*2 + 7*8) / 100.
    assert rows["zh", "PLACE"].kappa.value == pytest.approx((0.9 - 0.62) / (1 - 0.62))
    # Of the five that either marked, four are alike: by chance (2*2 + 3*2) / 25.
    assert rows["zh", ALL].kappa_marked.value == pytest.approx((0.8 - 0.4) / 0.6)
    assert (rows["en", ALL].exact.value, rows["en", ALL].place.value, rows["en", "PERSON"].exact.value) == (0, 1, 0)
    # Four words, two of which both have marked, each with a label of its own.
    assert rows["en", ALL].units == 4
    assert rows["en", ALL].kappa_both.value == 0
    assert (rows[ALL, ALL].spans, rows[ALL, ALL].annotators) == (6, ("ann", "bo"))
    # A single article: nothing to resample.
    assert rows[ALL, ALL].exact.low is None
    claims = {row.lang: row for row in report.claims}
    assert (claims["zh"].match.value, claims["zh"].attributes["type"].value) == (1, 0)
    assert claims["zh"].attributes["stance"].value == 1
    assert "en" not in claims


def test_three_annotators_are_compared_pair_by_pair(workspace: Workspace) -> None:
    for name, end in (("ann", 2), ("bo", 2), ("cy", 1)):
        workspace.append(ANNOTATIONS, [said(ZH, name, (0, end, "PERSON"))])
    report = agreement(workspace)
    rows = {row.annotators: row for row in report.spans if (row.kind, row.lang, row.label) == ("entities", ALL, ALL)}
    assert {who: row.exact.value for who, row in rows.items()} == {
        (): pytest.approx(1 / 3),
        ("ann", "bo"): 1,
        ("ann", "cy"): 0,
        ("bo", "cy"): 0,
    }
    kappas = [rows[pair].kappa.value for pair in rows if pair]
    assert rows[()].kappa.value == pytest.approx(sum(k or 0 for k in kappas) / 3)
    people = {row.annotator: row for row in report.people if (row.kind, row.lang) == ("entities", ALL)}
    # Without cy, the others agree wholly; without ann they agree less than all three do.
    assert people["cy"].without.value == pytest.approx(1)
    assert (people["ann"].without.value or 0) < (people["ann"].alpha.value or 0)
    assert (people["ann"].shared, people["ann"].exact.value) == (2, 0.5)


def test_unequal_overlap_leave_one_out_and_alpha(workspace: Workspace) -> None:
    """Three people on one text, two on another, one on a third: α is over the values that there are."""
    workspace.append(
        ANNOTATIONS,
        [
            said(ZH, "ann", (0, 2, "PERSON")),
            said(ZH, "bo", (0, 2, "PERSON")),
            said(ZH, "cy", (0, 2, "OFFICIAL")),
            said(RENT, "ann", (9, 14, "PLACE")),
            said(RENT, "cy"),
            said(EN, "bo", (0, 7, "PERSON")),
        ],
    )
    from annotators.agreement import of_ratings

    report = agreement(workspace)
    characters = [["PERSON", "PERSON", "OFFICIAL"]] * 2 + [["", "", ""]] * 8
    words = [["PLACE", None, ""]] + [["", None, ""]] * 8
    expected = of_ratings(characters + words)
    row = next(row for row in report.everybody if (row.kind, row.lang, row.label) == ("entities", ALL, ALL))
    assert row.alpha.value == pytest.approx(expected["alpha"])
    assert row.fleiss.value == pytest.approx(expected["fleiss"])
    without = of_ratings([[a, c] for a, _, c in characters + words])["alpha"]
    bo = next(row for row in report.people if (row.kind, row.annotator, row.lang) == ("entities", "bo", ALL))
    assert bo.without.value == pytest.approx(without)
    assert "1 documents have one annotator only" in report.notes[0]


def test_gold_that_others_made_is_compared_with(workspace: Workspace) -> None:
    ann = said(ZH, "ann", (0, 2, "PERSON"), (4, 6, "PLACE"))
    workspace.append(ANNOTATIONS, [ann, said(RENT, "ann", (9, 14, "PLACE"))])
    gold = Layer(ZH.id, ZH.sha, "gold", "imported", (Entity(Span.of(ZH.text, 0, 2), "PERSON"),))
    own = replace(gold, document=RENT.id, sha=RENT.sha, version="1 annotator, abc", entities=())
    workspace.append(GOLD, [gold, own])
    person = agreement(workspace).people[0]
    assert (person.annotator, person.documents, person.gold_documents) == ("ann", 0, 1)
    assert person.gold_exact.value == pytest.approx(2 / 3)


def test_relations_and_attributes(workspace: Workspace) -> None:
    workspace.append(
        ANNOTATIONS,
        [
            said(ZH, "ann", (0, 2, "PERSON"), (4, 7, "PLACE"), claim=claim(), about=(4, 7)),
            said(ZH, "bo", (0, 2, "PERSON"), (4, 6, "PLACE"), claim=claim(2, 7), about=(4, 6)),
        ],
    )
    report = agreement(workspace)
    row = next(row for row in report.relations if row.lang == "zh")
    # Neither the claims nor the places are equal, but both meet.
    assert (row.label, row.relations, row.exact.value, row.overlap.value) == ("about", 2, 0, 1)
    # Both drew the one and not the other (to the person, in the same sentence).
    assert row.alpha.value == pytest.approx(1)
    # One type in all: α has nothing to go by.
    assert {a.alpha.value for a in report.attributes if a.attribute == "type"} == {None}


def test_what_is_chosen(workspace: Workspace) -> None:
    workspace.append(
        ANNOTATIONS,
        [
            said(ZH, "ann", (0, 2, "PERSON"), (4, 7, "PLACE"), when="2025-01-05"),
            said(ZH, "bo", (0, 2, "PERSON"), (4, 6, "PLACE"), when="2025-02-05"),
            said(EN, "ann", (0, 7, "PERSON"), when="2025-03-01"),
            said(EN, "bo", (0, 7, "PERSON"), when="2025-03-31"),
        ],
    )

    def spans(**chosen: object) -> int:
        return next((row.spans for row in agreement(workspace, Chosen(**chosen)).spans), 0)  # type: ignore[arg-type]

    assert spans() == 6
    assert spans(labels=("PLACE",)) == 2
    assert spans(lang="en") == spans(documents=("homes.en",)) == spans(since="2025-03") == 2
    assert spans(until="2025-02") == spans(until="2025-02-05") == 4
    assert spans(until="2025-02-04") == 0
    assert spans(documents=("homes",)) == 6
    assert spans(annotators=("ann",)) == 0
    for wrong in ({"documents": ("nowhere",)}, {"annotators": ("eve",)}, {"labels": ("RIVER",)}):
        with pytest.raises(InputError, match=r"nowhere|eve|RIVER"):
            agreement(workspace, Chosen(**wrong))
    months = agreement(workspace, over="month").time
    assert [(row.period, row.exact.value) for row in months] == [("2025-02", 0.5), ("2025-03", 1)]
    assert [row.period for row in agreement(workspace, over="week").time] == ["2025-W06", "2025-W14"]
    assert [row.documents for row in agreement(workspace).time] == [1, 1]


def test_pull_quotes_that_are_not_shown_do_not_count(tmp_path: Path) -> None:
    text = "We sold the boats years ago\n\nWe sold the boats years ago, Wen Lan said."
    quote = Block(0, 27, "pull-quote", (29, 56))
    document = Document("boats.en", "", "en", text, (quote, Block(29, len(text), "body")))
    made = Workspace.create(tmp_path / "w")
    made.append(DOCUMENTS, [document])
    made.append(ANNOTATIONS, [said(document, "ann", (12, 17, "FIRM"), (41, 46, "FIRM"), (58, 65, "PERSON"))])
    made.append(ANNOTATIONS, [said(document, "bo", (58, 65, "PERSON"))])
    report = agreement(made)
    row = report.spans[0]
    assert (row.spans, row.units, report.different) == (3, 9, 1)


def test_intervals_hold_the_value_and_come_again(tmp_path: Path) -> None:
    made = Workspace.create(tmp_path / "w")
    documents = [replace(ZH, id=f"{n}.zh", pair=f"{n}") for n in range(30)]
    made.append(DOCUMENTS, documents)
    made.append(ANNOTATIONS, [said(d, "ann", (0, 2, "PERSON"), (4, 7, "PLACE")) for d in documents])
    made.append(
        ANNOTATIONS, [said(d, "bo", (0, 2, "PERSON"), (4, 7 - n % 3 // 2, "PLACE")) for n, d in enumerate(documents)]
    )
    first, again = (agreement(made, seed=1).spans[0] for _ in range(2))
    assert first == again
    assert first.exact.value == pytest.approx(50 / 60)
    # 10 of 30 articles have one of two wrong: the standard error is 0.5 * sqrt(2/9 / 30) = 0.043.
    assert first.exact.low == pytest.approx(50 / 60 - 1.96 * 0.043, abs=0.02)
    assert first.exact.high == pytest.approx(50 / 60 + 1.96 * 0.043, abs=0.02)


def test_differences_are_by_place_and_say_who(workspace: Workspace) -> None:
    workspace.append(
        ANNOTATIONS,
        [
            said(ZH, "ann", (0, 2, "PERSON"), (4, 7, "PLACE"), claim=claim(), about=(4, 7)),
            said(ZH, "bo", (0, 2, "PERSON"), (4, 6, "PLACE"), claim=claim(2, 7)),
            said(ZH, "cy", (0, 2, "OFFICIAL"), (4, 7, "PLACE"), (8, 10, "POLICY")),
        ],
    )
    report = agreement(workspace)
    found = {d.kinds[0]: d for d in report.differences if "claim" not in d.kinds[0]}
    assert found.keys() == {LABEL, BOUNDARY, UNMARKED, RELATION}
    assert [one.annotators for one in found[BOUNDARY].said] == [("ann", "cy"), ("bo",)]
    assert found[UNMARKED].said[0].marks == ((8, 10, "POLICY"),)
    assert found[UNMARKED].said[1].annotators == ("ann", "bo")
    assert found[LABEL].text[found[LABEL].start : found[LABEL].end] == "何平"
    claims = next(d for d in report.differences if CLAIM_BOUNDARY in d.kinds)
    assert claims.said[-1].annotators == ("cy",)
    assert report.different == len(report.differences) == sum(report.kinds.values()) - 1  # the claim has two kinds
    assert len(agreement(workspace, shown=2).differences) == 2
    assert "picked by chance" in agreement(workspace, shown=2).notes[-1]
    table = next(c for c in report.confusion if (c.kind, c.annotators, c.lang) == ("entities", ("ann", "cy"), ALL))
    assert table.labels == ("OFFICIAL", "PERSON", "PLACE", "POLICY", "")
    assert table.counts[1][0] == 1
    assert table.counts[4][3] == 1


def test_the_page_escapes_and_the_command_prints(workspace: Workspace, tmp_path: Path) -> None:
    evil = "<script>alert(1)</script>"
    document = Document("x.en", "", "en", f'Yulin {evil} "fell" & rose in Yulin.')
    workspace.append(DOCUMENTS, [document])
    workspace.append(ANNOTATIONS, [said(document, evil, (0, 5, "PLACE")), said(document, "bo", (0, 5, "<b>R</b>"))])
    page = tmp_path / "page.html"
    result = CliRunner().invoke(root, ["agreement", "-w", str(workspace.root), "--html", str(page)])
    assert result.exit_code == 0, result.output
    html = page.read_text(encoding="utf-8")
    assert evil not in html
    assert "<b>R</b>" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "src=" not in html
    assert 'href="http' not in html
    anonymous = CliRunner().invoke(root, ["agreement", "-w", str(workspace.root), "--json", "--anonymous"])
    read = json.loads(anonymous.stdout)
    assert read["annotators"] == {"A": 1, "B": 1}
    assert evil not in json.dumps(read["spans"] + read["people"] + [d["said"] for d in read["differences"]])
    assert read["spans"][0]["place"]["value"] == 1
    shown = CliRunner().invoke(root, ["agreement", "-w", str(workspace.root)])
    assert "Pairs of annotators" in shown.stdout
    refused = CliRunner().invoke(root, ["agreement", "-w", str(workspace.root), "--json", "--html", "-"])
    assert refused.exit_code != 0


def test_the_page_shows_the_aligned_passage_and_chooses_without_script(workspace: Workspace, tmp_path: Path) -> None:
    beads = (Bead(((0, len(EN.text)),), ((0, len(ZH.text)),)),)
    workspace.append(ALIGNMENTS, [Alignment("homes", EN.id, ZH.id, EN.sha, ZH.sha, beads)])
    for name, label in (("ann", "PERSON"), ("bo", "OFFICIAL"), ("cy", "PERSON")):
        workspace.append(ANNOTATIONS, [said(EN, name, (0, 7, label)), said(ZH, name, (0, 2, label))])
    report = agreement(workspace)
    html = agreement_page(workspace, report)
    assert f'<p class="partner" lang="zh">{ZH.text}</p>' in html
    assert f'<p class="partner" lang="en">{EN.text}</p>' in html
    # Of three, bo alone differs: the others are not asked for by annotator.
    assert html.count('class="item g1 l1 l2"') == html.count('class="item g2 l1 l2"') == 1
    assert "#g1:checked ~ .list > .item:not(.g1)" in html
    assert "<script" not in html


def test_letters_go_on_after_z() -> None:
    assert [letters(n) for n in (0, 25, 26, 51, 52, 701, 702)] == ["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA"]
