"""Agreement between annotators is what its definitions say, and its absence is said."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from annotators.agreement import ALL, agreement, cohens_kappa
from annotators.studio.tables import ANNOTATIONS, Annotation
from corpus.document import Claim, Document, Entity, Layer, Span
from corpus.schema import DOCUMENTS
from corpus.store import Workspace

ZH = Document("homes.zh", "homes", "zh", "何平欢迎玉林市的计划。")
EN = Document("homes.en", "homes", "en", "He Ping praised Yulin.")


def said(document: Document, annotator: str, *marks: tuple[int, int, str], id: int = 0, claim: str = "") -> Annotation:
    entities = tuple(Entity(Span.of(document.text, start, end), label) for start, end, label in marks)
    claims = (Claim(Span.of(document.text, 2, 8), claim, "support"),) if claim else ()
    layer = Layer(document.id, document.sha, "x", "", entities, claims)
    return Annotation(
        layer, id or sum(map(ord, annotator)), 1, 1, "http://localhost", annotator, "2025-01-01T00:00:00Z"
    )


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    made = Workspace.create(tmp_path / "w")
    made.append(DOCUMENTS, [ZH, EN])
    return made


@pytest.mark.parametrize(
    ("first", "second", "kappa"),
    [
        # Of 50, 20 are in by both, 15 out by both: 0.7 observed, 0.5 by chance.
        ([1] * 25 + [0] * 25, [1] * 20 + [0] * 5 + [1] * 10 + [0] * 15, 0.4),
        ([0, 1, 2], [0, 1, 2], 1.0),
        ([0, 0, 0], [0, 0, 0], 1.0),
        ([], [], 1.0),
        ([0, 1], [1, 0], -1.0),
    ],
)
def test_cohens_kappa(first: list[int], second: list[int], kappa: float) -> None:
    assert cohens_kappa(np.array(first), np.array(second)) == pytest.approx(kappa)


def test_a_lack_of_second_opinions_is_said(workspace: Workspace) -> None:
    assert "no document has two annotators (0 have one)" in agreement(workspace).message
    workspace.append(ANNOTATIONS, [said(ZH, "ann", (0, 2, "PERSON"))])
    report = agreement(workspace)
    assert "no document has two annotators (1 have one)" in report.message
    assert (report.documents, report.entities) == (0, ())


def test_two_annotators(workspace: Workspace) -> None:
    workspace.append(
        ANNOTATIONS,
        [
            said(ZH, "ann", (0, 2, "PERSON"), (4, 7, "PLACE"), claim="evaluation"),
            said(ZH, "bo", (0, 2, "PERSON"), (4, 6, "PLACE"), claim="demand"),
            said(EN, "ann", (0, 7, "PERSON")),
            said(EN, "bo", (0, 7, "OFFICIAL")),
        ],
    )
    report = agreement(workspace)
    rows = {(row.lang, row.label): row for row in report.entities}
    assert (report.documents, len(rows)) == (2, len(report.entities))
    assert (rows["zh", ALL].exact, rows["zh", ALL].overlap) == (0.5, 1.0)
    assert rows["zh", "PERSON"].kappa == 1.0
    # Of 11 characters 3 and 2 are in a place, 10 alike: chance is (3*2 + 8*9) / 121.
    assert rows["zh", "PLACE"].kappa == pytest.approx((10 / 11 - 78 / 121) / (1 - 78 / 121))
    assert (rows["en", ALL].exact, rows["en", "PERSON"].exact) == (0, 0)
    assert rows[ALL, ALL].spans == 6
    assert rows[ALL, ALL].annotators == ("ann", "bo")
    claims = {row.lang: row for row in report.claims}
    assert (claims["zh"].match, claims["zh"].type, claims["zh"].stance, claims["en"].claims) == (1, 0, 1, 0)


def test_three_annotators_are_compared_pair_by_pair(workspace: Workspace) -> None:
    for name, end in (("ann", 2), ("bo", 2), ("cy", 1)):
        workspace.append(ANNOTATIONS, [said(ZH, name, (0, end, "PERSON"))])
    rows = {row.annotators: row for row in agreement(workspace).entities if (row.lang, row.label) == (ALL, ALL)}
    assert {who: row.exact for who, row in rows.items()} == {
        (): pytest.approx(1 / 3),
        ("ann", "bo"): 1,
        ("ann", "cy"): 0,
        ("bo", "cy"): 0,
    }
