"""The weights of claims, how they are fitted, and the cues that they are of."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest

from annotators.claims import find_claims
from annotators.claims.cues import CLAIM_TYPES, cues
from annotators.claims.find import threshold
from annotators.claims.weigh import STANCES, shipped_tables
from corpus.document import Document, Entity, Item, Segments, Span
from corpus.segment import segment_text

SCRIPT = Path(__file__).resolve().parent.parent / "scripts" / "fit_claim_weights.py"


@pytest.fixture(scope="module")
def script() -> Any:
    spec = importlib.util.spec_from_file_location("fit_claim_weights", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_shipped_weights_cover_every_type_and_stance() -> None:
    tables = shipped_tables()
    names = {f"type:{kind}" for kind in CLAIM_TYPES} | {f"stance:{stance}" for stance in STANCES}
    assert set(tables) == names | {"claim", "join", "decision"}
    assert 0.1 < threshold(None) < 0.9


def test_a_cue_means_the_same_in_both_languages() -> None:
    english, chinese = ({c.name: (c.type, c.stance, c.own) for c in cues(lang)} for lang in ("en", "zh"))
    assert english == chinese


@pytest.mark.parametrize(
    ("clause", "found"),
    [
        ("the council launches a fund", True),
        ("the council launched a fund", True),
        ("launching a fund", True),
        ("they approve the bill", True),
        ("plans to launch a fund", False),  # an infinitive is what the verb before it says
        ("the police banned the march", True),
        ("it carries out a launcher test", False),
    ],
)
def test_verbs_are_found_in_all_their_forms(clause: str, found: bool) -> None:
    patterns = [c.pattern for c in cues("en") if c.name in {"launch", "enact", "restrict"}]
    hits = [m.group() for p in patterns for m in p.finditer(clause)]
    assert any(re.match("launch|approve|ban", hit) for hit in hits) == found


def test_choices_follow_the_gold_and_else_the_prior(script: Any) -> None:
    gold = [({"bias": 1.0, "a": 1.0}, "x"), ({"bias": 1.0, "b": 1.0}, "y")] * 20
    tables = script.fit_choice(gold, ("x", "y", "z"), 1.0, {"z": {"c": 2.0}})
    assert tables["x"]["a"] > 0.5 > 0 > tables["y"]["a"]
    assert tables["z"]["c"] == pytest.approx(2.0)  # never seen: what the cue is meant to say


def test_weights_are_fitted_from_documents(script: Any) -> None:
    rows = []
    for n in range(6):  # The city will build a school. / The match was played in the rain.
        text = f"River City will build {n + 2} new schools by 2030. The match was played on day {n + 2}."
        claim = {
            "start": 11,
            "end": text.index("."),
            "type": "commitment",
            "stance": "support",
            "claimant": "River City",
        }
        claim |= {"policy_area": "education", "targets": []}
        entity = {"start": 0, "end": 10, "label": "PLACE"}
        row = {"id": str(n), "pair": str(n), "lang": "en", "text": text, "entities": [entity], "claims": [claim]}
        rows.append({**row, "first": True})
    items = {row["id"]: script.item_of(row) for row in rows}
    found = script.cross_validate(rows, items, folds=2)
    least = script.best_threshold(found)
    assert script.agreement(found, least).startswith("P 100.0 R 100.0 F1 100.0 (6 claims) type 100.0 stance 100.0")


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [
        ("The Tenants Union opposes the rent bill.", "Tenants Union", ("evaluation", "oppose")),
        ("The Dockers Union threatened to strike against the port reform.", "Dockers Union", ("commitment", "oppose")),
        ("In May 2024 the Roads Board launched a bridge repair scheme.", "Roads Board", ("action", "support")),
    ],
)
def test_type_and_stance(text: str, name: str, expected: tuple[str, str]) -> None:
    document = Document("doc", "", "en", text)
    start = text.index(name)
    sentences, tokens = segment_text(text, "en")
    entities = (Entity(Span.of(text, start, start + len(name)), "ORG"),)
    (claim,) = find_claims(Item(document, Segments("doc", document.sha, sentences, tokens), entities))
    assert (claim.type, claim.stance) == expected
    assert claim.start >= start + len(name)
    assert claim.claimant == name
