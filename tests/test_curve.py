"""A learning curve is measured once, says how sure it is, and answers whether more gold is worth it."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from corpus.cli.curve import curve as command
from corpus.cli.root import root
from corpus.document import LANGUAGES, Document, Entity, Lang, Layer, Span
from corpus.errors import InputError
from corpus.schema import DOCUMENTS, GOLD
from corpus.store import Workspace, write_atomically
from models.curve import LEAST, Point, count, measure_curve, plan_curve, read_point
from models.curve_fit import Measured, answer, at, fit_curve, fit_law
from models.curve_page import curve_page

CITIES = ["玉林", "兰溪", "富阳", "桐庐", "安吉", "德清", "海宁", "余姚", "慈溪", "奉化", "瑞安", "乐清"]


def article(number: int, lang: Lang = "zh") -> tuple[Document, Layer]:
    city = CITIES[number % len(CITIES)] if lang == "zh" else f"Town{chr(65 + number)}"
    text = f"{city}住房局公布第{number}号计划。\n" if lang == "zh" else f"The mayor of {city} left on day {number}.\n"
    start = text.index(city)
    document = Document(f"{number}.{lang}", f"pair{number}", lang, text)
    place = Entity(Span.of(text, start, start + len(city)), "PLACE")
    return document, Layer(document.id, document.sha, "gold", "", (place,))


def workspace_of(folder: Path, articles: int, languages: tuple[Lang, ...] = ("zh",)) -> Workspace:
    made = Workspace.create(folder)
    pairs = [article(number, lang) for number in range(articles) for lang in languages]
    made.append(DOCUMENTS, [document for document, _ in pairs])
    made.append(GOLD, [layer for _, layer in pairs])
    return made


def law(n: float) -> float:
    return float(0.85 - 1.2 * n**-0.5)


def pretend(point: Point, f1: float | None = None, names: int = 1000) -> None:
    """A point as if its model had been trained: one that has as much right as a law says."""
    value = law(point.learnt) if f1 is None else f1
    right = round(names * value)
    articles = {document.pair or document.id for document, _ in point.test}
    row = {
        "run": point.run, "learnt": point.learnt, "documents": point.learnt, "entities": 5 * point.learnt,
        "seconds": 1.0, "counts": {name: {"PLACE": [names, names, right], "FIRM": [1, 0, 0]} for name in articles},
    }  # fmt: skip
    point.file.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(point.file, json.dumps(row).encode())


def measured(
    sizes: list[int], f1: list[float], *, articles: int = 12, runs: int = 3, spread: float = 0.0
) -> list[Measured]:
    random = np.random.default_rng(1)
    points = []
    for run in range(runs):
        for n, value in zip(sizes, f1, strict=True):
            counts = {}
            for number in range(articles):
                share = min(1.0, max(0.0, value + spread * random.standard_normal()))
                counts[f"a{number}"] = {"PLACE": (100, 100, round(100 * share))}
            points.append(Measured(run, n, n, 5 * n, 1.0, counts))
    return points


# ---- what is measured


def test_parts_hold_one_another_and_nothing_is_judged_by_what_was_learnt(tmp_path: Path) -> None:
    workspace = workspace_of(tmp_path / "w", 20, LANGUAGES)
    plan = plan_curve(workspace, "zh", runs=3)
    assert plan.articles == 20
    for run in range(3):
        points = sorted((p for p in plan.points if p.run == run), key=lambda p: p.learnt)
        assert [p.learnt for p in points] == [2, 4, 8, 12, 16]
        learnt = [{document.pair for document, _ in p.train} for p in points]
        assert all(a < b for a, b in pairwise(learnt))
        assert all(
            not names & {document.pair for document, _ in p.test} for names, p in zip(learnt, points, strict=True)
        )
        assert len({document.pair for document, _ in points[0].test}) == 4
    # Both versions of an article are on one side: the English curve holds out the same ones.
    english = plan_curve(workspace, "en", runs=1).points[0]
    chinese = next(p for p in plan.points if p.run == 0)
    assert {d.pair for d, _ in english.test} == {d.pair for d, _ in chinese.test}
    tests = {tuple(sorted(d.id for d, _ in p.test)) for p in plan.points}
    assert len(tests) == 3


def test_little_gold_is_said_in_a_line(tmp_path: Path) -> None:
    workspace = workspace_of(tmp_path / "w", LEAST - 1)
    with pytest.raises(InputError, match=f"{LEAST - 1} articles have gold in 'zh'; a learning curve needs {LEAST}"):
        measure_curve(workspace, "zh")
    result = CliRunner().invoke(command, ["-w", str(tmp_path / "w")])
    assert isinstance(result.exception, InputError)
    assert result.output == ""


def test_what_was_measured_is_not_measured_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace = workspace_of(tmp_path / "w", 20)
    for point in plan_curve(workspace, "zh").points:
        pretend(point)

    def never(*_: object, **__: object) -> None:
        raise AssertionError("a model is trained again")

    monkeypatch.setattr("models.curve.train_on", never)
    found = measure_curve(workspace, "zh", by_label=True)
    assert (found.trained, found.articles, found.held_out, found.runs) == (0, 20, 4, 3)
    assert [size.learnt for size in found.all.sizes] == [2, 4, 8, 12, 16]
    # Of FIRM there are too few names to say anything.
    assert [label.label for label in found.labels] == ["PLACE"]
    # Other shares and more runs add to what is there; other gold, another bound or another scheme are another curve.
    more = plan_curve(workspace, "zh", shares=(Fraction(1, 2), Fraction(1)), runs=4)
    assert {(p.run, p.learnt) for p in more.left} == {(3, 8), (3, 16)}
    assert len(plan_curve(workspace, "zh", max_steps=5).left) == 15
    document, layer = article(3)
    other = Entity(layer.entities[0].span, "AGENCY")
    workspace.append(GOLD, [replace(layer, entities=(other,))])
    assert len(plan_curve(workspace, "zh").left) == 15
    assert document.id == layer.document


def test_a_point_that_somebody_changed_is_named(tmp_path: Path) -> None:
    file = tmp_path / "zh-0-2.json"
    file.write_text('{"run": 0}', encoding="utf-8")
    with pytest.raises(InputError, match=r"zh-0-2\.json: is no point of a learning curve"):
        read_point(file)


def test_entities_are_right_with_the_same_edges_and_label() -> None:
    text = "玉林住房局"
    place, body, wide = (Span.of(text, *offsets) for offsets in ((0, 2), (2, 5), (0, 5)))
    gold = Layer("a", "", "gold", "", (Entity(place, "PLACE"), Entity(body, "AGENCY")))
    found = Layer("a", "", "model", "", (Entity(place, "PLACE"), Entity(wide, "AGENCY")))
    assert count(gold, found) == {"AGENCY": (1, 1, 0), "PLACE": (1, 1, 1)}


@pytest.mark.slow
def test_models_are_trained_judged_and_thrown_away(tmp_path: Path) -> None:
    workspace = workspace_of(tmp_path / "w", 12)
    steps: list[tuple[int, int | None]] = []
    shares = (Fraction(1, 2), Fraction(1))
    first = measure_curve(
        workspace, "zh", shares=shares, runs=1, max_steps=12, progress=lambda done, total: steps.append((done, total))
    )
    assert first.trained == 2
    assert steps == [(0, 2), (1, 2), (2, 2)]
    assert [size.learnt for size in first.all.sizes] == []  # two names held out are too few to say anything of
    files = sorted(
        path.relative_to(workspace.root / "models" / "curves")
        for path in (workspace.root / "models").rglob("*")
        if path.is_file()
    )
    assert [file.name for file in files] == ["zh-0-10.json", "zh-0-5.json"]
    kept = json.loads((workspace.root / "models" / "curves" / files[0]).read_text(encoding="utf-8"))
    assert kept["steps"] == 12
    assert [of["PLACE"][0] for of in kept["counts"].values()] == [1, 1]
    again = measure_curve(workspace, "zh", shares=shares, runs=1, max_steps=12)
    assert (again.trained, again.all) == (0, first.all)


# ---- what it says


def test_f1_is_that_of_the_sums_and_its_interval_holds_it() -> None:
    found = fit_curve("zh", measured([5, 10, 20, 40], [0.4, 0.5, 0.6, 0.65], spread=0.1), articles=50)
    for size, value in zip(found.all.sizes, [0.4, 0.5, 0.6, 0.65], strict=True):
        assert size.f1.low < size.f1.value < size.f1.high
        assert size.f1.value == pytest.approx(value, abs=0.06)
        assert size.precision == pytest.approx(size.recall)


def test_more_articles_held_out_make_an_interval_narrower() -> None:
    few = fit_curve("zh", measured([5, 10, 20, 40], [0.5] * 4, articles=6, spread=0.15), articles=50)
    many = fit_curve("zh", measured([5, 10, 20, 40], [0.5] * 4, articles=60, spread=0.15), articles=50)
    widths = [curve.all.sizes[-1].f1.high - curve.all.sizes[-1].f1.low for curve in (few, many)]
    assert widths[1] < 0.75 * widths[0]


def test_a_rising_curve_is_worth_more_gold_and_a_flat_one_is_not() -> None:
    sizes = [5, 10, 20, 30, 40]
    rising = fit_curve("zh", measured(sizes, [law(n) for n in sizes], articles=80), articles=50)
    outlook = rising.all.outlook
    assert outlook is not None
    assert outlook.double.low <= law(100) <= outlook.double.high
    assert outlook.now.value == pytest.approx(law(50), abs=0.01)
    assert outlook.worth == "yes"
    assert re.match(r"中文: yes, annotating more is worth it: twice the gold \(100 articles\)", answer(rising, "中文"))
    flat = fit_curve("zh", measured(sizes, [0.6] * 5, articles=80), articles=50)
    assert flat.all.outlook is not None
    assert flat.all.outlook.worth == "hardly"
    assert "hardly help" in answer(flat, "中文")
    noisy = fit_curve("zh", measured(sizes, [0.5, 0.45, 0.55, 0.5, 0.58], articles=4, spread=0.2), articles=50)
    assert noisy.all.outlook is not None
    assert noisy.all.outlook.worth == "open"


def test_what_the_law_missed_at_the_end_widens_what_it_says() -> None:
    sizes = [5, 10, 20, 30, 40]
    leap = fit_curve("zh", measured(sizes, [0.4, 0.45, 0.48, 0.49, 0.62], articles=80), articles=50)
    outlook = leap.all.outlook
    assert outlook is not None
    assert outlook.missed > 0.1
    assert outlook.double.high - outlook.double.value >= outlook.missed - 1e-9
    assert outlook.worth == "open"


def test_with_few_sizes_nothing_is_foretold() -> None:
    found = fit_curve("zh", measured([5, 10, 20], [0.4, 0.5, 0.6]), articles=25)
    assert found.all.outlook is None
    assert "too few sizes" in answer(found, "中文")


@given(
    st.lists(st.floats(0, 1), min_size=4, max_size=6),
    st.integers(1, 50),
)
def test_a_law_never_falls_and_is_a_share(values: list[float], first: int) -> None:
    x = np.array([first * 2.0**n for n in range(len(values))])
    found = fit_law(x, np.array([values]))
    said = at(found, np.geomspace(first, 1000 * first, 20))[0]
    assert all(0 <= value <= 1 and math.isfinite(value) for value in said)
    assert (np.diff(said) >= -1e-9).all()


# ---- the command


def test_the_command_prints_json_and_writes_a_page(tmp_path: Path) -> None:
    workspace = workspace_of(tmp_path / "w", 20)
    for point in plan_curve(workspace, "zh").points:
        pretend(point)
    page = tmp_path / "curve.html"
    result = CliRunner().invoke(command, ["-w", str(tmp_path / "w"), "--json", "--by-label", "--html", str(page)])
    assert result.exit_code == 0, result.output
    (row,) = json.loads(result.stdout)
    assert (row["lang"], row["articles"], row["trained"]) == ("zh", 20, 0)
    assert row["all"]["outlook"]["articles"] == 20
    assert row["answer"].startswith("中文: ")
    html = page.read_text(encoding="utf-8")
    assert row["answer"] in html
    assert html.count("<svg") == 2
    assert "script" not in html.replace("Content-Security-Policy", "")
    shown = CliRunner().invoke(command, ["-w", str(tmp_path / "w")])
    assert "worth" in shown.stdout or "cannot be told" in shown.stdout


def test_the_plan_says_how_many_models_are_left(tmp_path: Path) -> None:
    workspace = workspace_of(tmp_path / "w", 20, LANGUAGES)
    pretend(plan_curve(workspace, "zh").points[0])
    result = CliRunner().invoke(command, ["-w", str(tmp_path / "w"), "--plan", "--json", "--shares", "1/8,1"])
    assert json.loads(result.stdout) == [
        {"lang": "en", "articles": 20, "models": 6, "left": 6},
        {"lang": "zh", "articles": 20, "models": 6, "left": 5},
    ]


@pytest.mark.parametrize("shares", ["", "0,1", "1/2,3/2", "a", "1/0"])
def test_shares_that_are_none_are_refused(shares: str, tmp_path: Path) -> None:
    workspace_of(tmp_path / "w", 12)
    result = CliRunner().invoke(command, ["-w", str(tmp_path / "w"), "--shares", shares])
    assert result.exit_code == 2
    assert "--shares" in result.output


def test_names_in_a_page_are_escaped() -> None:
    curve = fit_curve("zh", measured([5, 10, 20, 40], [0.4, 0.5, 0.6, 0.65]), articles=50)
    assert "<b>x</b>" not in curve_page([curve], "<b>x</b>")


def test_train_curve_is_hemu_curve(tmp_path: Path) -> None:
    workspace = workspace_of(tmp_path / "w", 20)
    run = CliRunner()
    options = ["--runs", "2", "--shares", "1/2,1", "--plan", "--json", "-w", str(workspace.root)]
    by_curve = run.invoke(root, ["curve", *options], standalone_mode=False)
    assert json.loads(by_curve.stdout)[0]["models"] == 4
    assert run.invoke(root, ["train", "--curve", *options], standalone_mode=False).stdout == by_curve.stdout
    # Nothing that only training knows is passed over in silence.
    refused = run.invoke(root, ["train", str(tmp_path / "m"), "--curve", "-w", str(workspace.root)])
    assert (refused.exit_code, "unexpected extra argument" in refused.output) == (2, True)
    refused = run.invoke(root, ["train", "--curve", "--silver", "-w", str(workspace.root)])
    assert (refused.exit_code, "No such option" in refused.output) == (2, True)
    without = run.invoke(root, ["train", "-w", str(workspace.root)])
    assert (without.exit_code, "Missing argument 'PATH'" in without.output) == (2, True)
