"""How far the pre-annotation sways people: figures worked out by hand."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotators.assign import ASSIGNMENTS, Assignment, Mode, Planted
from annotators.bias import AgreementRow, bias, f1_of, median_of, wilson
from annotators.studio.tables import ANNOTATIONS, Annotation
from corpus.document import Document, Entity, Layer, Span
from corpus.schema import DOCUMENTS, GOLD, layers_table
from corpus.store import Workspace

TEXT = "abcdefghijklmnopqrstuvwxyz" * 40
URL = "http://ls"
PEOPLE = {"anna": 1, "bo": 2}


def mark(at: int, label: str = "PLACE", length: int = 1) -> Entity:
    return Entity(Span.of(TEXT, at, at + length), label)


def document(id: str) -> Document:
    return Document(id, "", "en", TEXT)


SHA = document("x").sha


def plan(id: str, person: str, mode: Mode = "normal", *errors: Planted) -> Assignment:
    return Assignment(id, person, f"news · {person}", (id,), mode, errors, url=URL, project=PEOPLE[person])


_NUMBER = iter(range(1, 10_000))


def said(id: str, person: str, *marks: Entity, seconds: float = 60.0, **more: object) -> Annotation:
    number, project = next(_NUMBER), PEOPLE[person]
    layer = Layer(id, SHA, f"annotator:{project}", "", marks)
    return Annotation(layer, number, number, project, URL, f"annotator:{project}", lead_time=seconds, **more)  # type: ignore[arg-type]


@pytest.fixture
def news(workspace_root: Path) -> Workspace:
    workspace = Workspace.create(workspace_root)
    workspace.append(DOCUMENTS, [document(f"d{n}") for n in range(8)])
    proposed = tuple(mark(at) for at in (0, 2, 4, 6))
    workspace.append(layers_table("combined"), [Layer(f"d{n}", SHA, "combined", "v1", proposed) for n in range(8)])
    return workspace


def find(rows: tuple[AgreementRow, ...], annotator: str, other: str, mode: str) -> AgreementRow:
    (row,) = [r for r in rows if (r.annotator, r.other, r.mode) == (annotator, other, mode)]
    return row


def test_planted_errors_by_kind_and_annotator(news: Workspace) -> None:
    label = Planted("label", "d0", SHA, 0, 1, "PLACE", 0, 1, "ORG")
    boundary = Planted("boundary", "d0", SHA, 2, 3, "PLACE", 2, 4, "PLACE")
    invented = Planted("invented", "d1", SHA, wrong_start=10, wrong_end=12, wrong_label="ORG")
    missing = Planted("missing", "d1", SHA, 4, 5, "PLACE")
    stale = Planted("label", "d1", "0" * 64, 0, 1, "PLACE", 0, 1, "ORG")
    news.append(
        ASSIGNMENTS,
        [plan("d0", "anna", "planted", label, boundary), plan("d1", "bo", "planted", invented, missing, stale)],
    )
    # anna lets the label pass and makes the boundary right; bo changes what was missing, and lets the invented mark pass.
    news.append(
        ANNOTATIONS,
        [
            said("d0", "anna", mark(0, "ORG"), mark(2)),
            said("d1", "bo", mark(10, "ORG", 2), mark(4, "AGENCY")),
            said("d1", "bo", mark(4), skipped=True),
        ],
    )
    report = bias(news)
    rows = {(r.annotator, r.kind): (r.shown, r.left, r.corrected) for r in report.planted}
    assert rows == {
        ("", "all"): (4, 2, 1),
        ("", "label"): (1, 1, 0),
        ("", "boundary"): (1, 0, 1),
        ("", "invented"): (1, 1, 0),
        ("", "missing"): (1, 0, 0),
        ("annotator:1", "all"): (2, 1, 1),
        ("annotator:1", "label"): (1, 1, 0),
        ("annotator:1", "boundary"): (1, 0, 1),
        ("annotator:2", "all"): (2, 1, 0),
        ("annotator:2", "invented"): (1, 1, 0),
        ("annotator:2", "missing"): (1, 0, 0),
    }
    assert "left 2 of 4 planted errors standing (50.0 %, between 15.0–85.0)" in report.message
    assert "They are few" in report.message
    # The times of planted tasks are those of neither.
    assert (report.agreement, report.time) == ((), ())
    # Gold of several people that says so too: no error after all.
    news.append(GOLD, [Layer("d0", SHA, "gold", "2 annotators, 1", (mark(0, "ORG"),))])
    assert "1 planted errors are right by gold, and are left out" in bias(news).notes


def test_times_are_there_where_there_is_nothing_to_compare_with(workspace_root: Path) -> None:
    workspace = Workspace.create(workspace_root)
    workspace.append(DOCUMENTS, [document("d0")])
    workspace.append(ASSIGNMENTS, [plan("d0", "anna", "blind")])
    workspace.append(ANNOTATIONS, [said("d0", "anna", mark(0), seconds=30)])
    report = bias(workspace)
    assert report.agreement == ()
    assert [(t.annotator, t.mode, t.seconds.value) for t in report.time] == [
        ("", "blind", 30),
        ("annotator:1", "blind", 30),
    ]


def test_blind_and_not(news: Workspace) -> None:
    news.append(
        ASSIGNMENTS,
        [
            plan("d0", "anna", "blind"),
            plan("d0", "bo"),
            plan("d1", "anna"),
            plan("d1", "bo"),
            plan("d2", "anna", "blind"),
        ],
    )
    all_four = [mark(at) for at in (0, 2, 4, 6)]
    news.append(
        ANNOTATIONS,
        [
            # Blind, anna has two of the four and one that is not there: 2 of 5 with it, F1 4/7.
            said("d0", "anna", mark(0), mark(2), mark(8), seconds=100),
            said("d0", "bo", *all_four, seconds=40),
            said("d1", "anna", *all_four[:3], seconds=50),
            said("d1", "bo", *all_four[:3], mark(8), seconds=20_000),
            said("d2", "anna", *all_four, seconds=140),
        ],
    )
    # Gold that one annotator's word was taken for is none; nobody is held to it.
    news.append(
        GOLD, [Layer("d0", SHA, "gold", "1 annotator, 1", ()), Layer("d1", SHA, "gold", "imported", tuple(all_four))]
    )
    report = bias(news)
    with_machine = "the pre-annotation"
    blind, seen = (find(report.agreement, "", with_machine, mode) for mode in ("blind", "pre-annotated"))
    assert (blind.documents, blind.marks, blind.same) == (2, 5 + 4, 2 + 4)
    assert (seen.documents, seen.marks, seen.same) == (3, 4 + 4 + 5, 4 + 3 + 3)
    assert blind.f1.value == pytest.approx(2 * 6 / (9 + 6))
    others = "pre-annotated others"
    assert find(report.agreement, "", others, "blind").marks == 5
    both = find(report.agreement, "", others, "pre-annotated")
    # d1: three in common of four. bo on d0 is not compared with blind anna for this.
    assert (both.documents, both.marks, both.same) == (1, 4, 3)
    assert find(report.agreement, "annotator:2", others, "pre-annotated").documents == 1
    gold = find(report.agreement, "", "gold", "pre-annotated")
    assert (gold.documents, gold.marks, gold.same) == (2, 4 + 5, 3 + 3)
    assert not [r for r in report.agreement if (r.other, r.mode) == ("gold", "blind")]
    assert {(t.annotator, t.mode): (t.tasks, t.seconds.value) for t in report.time} == {
        ("", "blind"): (2, 120),
        ("", "pre-annotated"): (2, 45),
        ("annotator:1", "blind"): (2, 120),
        ("annotator:1", "pre-annotated"): (1, 50),
        ("annotator:2", "pre-annotated"): (1, 40),
    }
    assert report.notes == ("1 tasks took under a second or over four hours, and are left out of the times",)
    assert "Blind, they agree with the pre-annotation at F1 80.0; where they begin from it at 87.0" in report.message
    assert "which may be chance" in report.message
    assert "a blind task takes 115 seconds, another 43" in report.message
    header, *rows = report.rows()
    assert header[0] == "measure"
    assert all(len(row) == len(header) for row in rows)
    assert rows[0][:5] == ("F1 with the pre-annotation, blind", "everybody", "2 texts", "9", "80.0")
    json.dumps(asdict(report))


def test_in_whose_project_counts_and_the_latest(news: Workspace) -> None:
    news.append(ASSIGNMENTS, [plan("d0", "anna", "blind")])
    first = said("d0", "anna", mark(0), updated="2026-01-01")
    later = said("d0", "anna", mark(0), mark(2), updated="2026-01-02")
    elsewhere = Annotation(Layer("d0", SHA, "annotator:3", "", ()), 9_999, 1, 99, URL, "annotator:3")
    news.append(ANNOTATIONS, [later, first, elsewhere])
    (row, mine) = bias(news).agreement
    assert (row.marks, row.same, mine.annotator) == (4, 2, "annotator:1")


def test_nothing_yet(news: Workspace) -> None:
    assert "plan blind and planted articles with: hemu assign" in bias(news).message
    news.append(ASSIGNMENTS, [plan("d0", "anna", "blind")])
    report = bias(news)
    assert "after annotating run: hemu pull" in report.message
    assert len(report.rows()) == 1


class TestIntervals:
    def test_wilson_by_the_book(self) -> None:
        # Agresti and Coull 1998: 0 of 10 gives 0 to 0.278; the half is symmetric.
        none, half = wilson(0, 10), wilson(50, 100)
        assert (none.low, round(none.high or 0, 3)) == (0, 0.278)
        assert (half.low or 0) + (half.high or 0) == pytest.approx(1)
        assert wilson(0, 0).value is None

    @given(st.integers(0, 200), st.integers(1, 200))
    def test_they_hold_the_value(self, count: int, more: int) -> None:
        for found in (wilson(count, count + more), f1_of(count, count + more)):
            assert found.low is not None
            assert found.high is not None
            assert found.value is not None
            assert 0 <= found.low <= found.value + 1e-12
            assert found.value - 1e-12 <= found.high <= 1

    def test_medians(self) -> None:
        assert median_of([]).value is None
        assert median_of([3, 1, 2]) == median_of([1, 2, 3])
        assert median_of([1, 2, 3]).low is None
        found = median_of(list(range(101)))
        assert (found.value, found.low, found.high) == (50, 40, 61)
