"""The simulated loop of scripts/measure_loop.py: what is corrected is known next time, and nothing else is."""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from annotators.pipeline import Pipeline
from corpus.document import Document, Entity, Group, Item, Layer, Segments, Span

SCRIPT = Path(__file__).resolve().parent.parent / "scripts" / "measure_loop.py"
BODY = "Apricot Circle"


def loaded() -> Any:
    spec = importlib.util.spec_from_file_location("measure_loop", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["measure_loop"] = module
    spec.loader.exec_module(module)
    return module


loop = loaded()


def article(number: int) -> Any:
    text = f"On day {number} the {BODY} met Ode Holm{chr(97 + number)} there."
    document = Document(f"{number}.en", f"{number}", "en", text)
    spans = [(text.index(BODY), len(BODY), "ORG"), (text.index("Ode"), 9, "PERSON")]
    entities = tuple(Entity(Span.of(text, at, at + length), label) for at, length, label in spans)
    gold = Layer(document.id, document.sha, "gold", "", entities)
    group = Group((Item(document, Segments(document.id, document.sha, ((0, len(text)),))),))
    return loop.Article(str(number), group, (), {document.id: gold})


@pytest.fixture
def bench(tmp_path: Path) -> Any:
    args = argparse.Namespace(
        out=tmp_path, setups=["nothing"], no_models=True, held_out=3, counts=[2, 4], steps_en=1, steps_zh=1
    )
    return loop.Bench({str(n): article(n) for n in range(10)}, {"nothing": Pipeline(())}, args)


@pytest.mark.parametrize("order", ["random", "selected"])
def test_a_name_that_comes_again_needs_no_edit_once_it_was_corrected(bench: Any, order: str) -> None:
    rows = loop.run(bench, 0, order)
    held = {(r["corrected"], r["method"]): r for r in rows if r["where"] == "held out"}
    assert held[0, "none"]["edits"] == held[0, "none"]["blank"] == 6
    # The body is known from the first batch on; each person comes once only.
    assert held[2, "names"]["edits"] == 3
    assert (4, "names") in held or order == "selected"
    assert all(r["edits"] == 6 for (_, method), r in held.items() if method == "none")


def test_runs_are_repeatable_and_summed_up_over_seeds(bench: Any, tmp_path: Path) -> None:
    rows = [row for seed in (0, 1) for row in loop.run(bench, seed, "random")]
    assert rows == [row for seed in (0, 1) for row in loop.run(bench, seed, "random")]
    table = loop.summary(rows)
    (cell,) = [r for r in table if (r["where"], r["method"], r["corrected"]) == ("held out", "names", 2)]
    assert (cell["seeds"], cell["edits"], cell["fewer"], cell["fewer_within"]) == (2, 1.0, 50.0, 0.0)
    loop.charts(table, tmp_path)
    assert "<svg" in (tmp_path / "loop-nothing-en.svg").read_text(encoding="utf-8")


def test_what_is_kept_between_runs_is_json_and_comes_back_as_it_was(bench: Any, tmp_path: Path) -> None:
    gold = tmp_path / "gold.jsonl"
    texts = {
        "en": "Lin Yue, mayor of Qingpu, said the town will build 300 flats.",
        "zh": "青浦镇镇长林岳表示，该镇将建设300套住房。",
    }
    names = {"en": "Lin Yue", "zh": "林岳"}
    rows = []
    for lang, text in texts.items():
        start = text.index(names[lang])
        entity = {"start": start, "end": start + len(names[lang]), "label": "OFFICIAL", "text": names[lang]}
        rows.append({"id": f"a.{lang}", "pair": "a", "lang": lang, "text": text, "entities": [entity], "claims": []})
    gold.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    made = loop.read_articles([gold], Pipeline(("rules-en", "rules-zh"), fast=True), tmp_path)
    assert made["a"].layers
    assert made["a"].group.beads
    assert loop.read_articles([gold], Pipeline(("rules-en", "rules-zh"), fast=True), tmp_path) == made
    assert [path.suffix for path in tmp_path.iterdir() if path != gold] == [".json"]


def test_the_interval_of_a_mean() -> None:
    assert loop.interval([3.0]) == (3.0, 0.0)
    mean, width = loop.interval([1.0, 3.0])
    assert (mean, round(width, 2)) == (2.0, 12.71)
