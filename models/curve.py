"""The learning curve: how good a model is that learns from a part of the gold, and whether more gold would make it better.

Each run (a seed) holds out a fifth of the articles, and models learn from growing parts of the others, each part holding
the one before. What was measured is kept in `models/curves/<digest>/` of the workspace, a file for each model, and not
measured again: the digest follows from the gold, the scheme and the configuration, so that more runs or other parts of
the same gold only add to it. The models themselves are thrown away.

An article is what must stay on one side of a split: both versions and all near-duplicates (`corpus.dedupe.split_keys`).
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from corpus.dedupe import split_keys
from corpus.document import LANGUAGES, Lang, Layer
from corpus.errors import InputError
from corpus.report import Progress
from corpus.schema import GOLD
from corpus.store import Workspace, write_atomically
from models.config import Recipe, read_recipe
from models.curve_fit import Curve, Measured, fit_curve
from models.evaluate import predict
from models.examples import Annotated
from models.sources import annotated
from models.train import train_on

FOLDER = "models/curves"
SHARES = tuple(Fraction(n, 8) for n in (1, 2, 4, 6, 8))
RUNS = 3
LEAST = 10
"""Articles with gold in a language that a curve needs at least: with fewer there is nothing to judge by."""

_HELD_OUT = 0.2
_MOST_HELD_OUT = 200
_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Point:
    """One model to measure: it learns from the first `learnt` of the articles in the order of a run."""

    lang: Lang
    run: int
    learnt: int
    file: Path
    train: tuple[Annotated, ...]
    test: tuple[Annotated, ...]


@dataclass(frozen=True, slots=True)
class CurvePlan:
    """The models to measure for one language, and which articles there are; `named` has the article of each document."""

    lang: Lang
    articles: int
    recipe: Recipe
    points: tuple[Point, ...]
    named: Mapping[str, str]

    @property
    def left(self) -> list[Point]:
        """Those that have not been measured."""
        return [point for point in self.points if not point.file.is_file()]


def measure_curve(
    workspace: Workspace,
    lang: Lang,
    *,
    shares: Sequence[Fraction] = SHARES,
    runs: int = RUNS,
    max_steps: int | None = None,
    recipe: Recipe | None = None,
    gpu: str = "none",
    by_label: bool = False,
    progress: Progress | None = None,
) -> Curve:
    """The learning curve of one language, with all that was measured before; `progress` counts trainings.

    `max_steps` bounds the updates of each training, which makes it quicker and the models worse. `by_label` adds curves of
    the labels. Raises InputError where fewer than `LEAST` articles have gold with names in that language.
    """
    plan = plan_curve(workspace, lang, shares=shares, runs=runs, max_steps=max_steps, recipe=recipe)
    left = plan.left
    for number, point in enumerate(left):
        if progress:
            progress(number, len(left))
        _measure(workspace, point, plan, max_steps, gpu)
    if progress and left:
        progress(len(left), len(left))
    measured = [read_point(point.file) for point in plan.points]
    return replace(fit_curve(lang, measured, articles=plan.articles, by_label=by_label), trained=len(left))


def plan_curve(
    workspace: Workspace,
    lang: Lang,
    *,
    shares: Sequence[Fraction] = SHARES,
    runs: int = RUNS,
    max_steps: int | None = None,
    recipe: Recipe | None = None,
) -> CurvePlan:
    """What `measure_curve` would measure, and what of it is there."""
    gold = [pair for pair in annotated(workspace, lang, workspace.read(GOLD)) if pair[1].entities]
    sides = split_keys(workspace)
    articles: dict[str, list[Annotated]] = {}
    for pair in gold:
        articles.setdefault(sides.get(pair[0].id, pair[0].id), []).append(pair)
    if len(articles) < LEAST:
        raise InputError(
            f"{workspace.root}: {len(articles)} articles have gold in {lang!r}; a learning curve needs {LEAST}: "
            "annotate more, then ask again"
        )
    recipe = recipe or read_recipe(lang)
    named = {document.id: name for name, pairs in articles.items() for document, _ in pairs}
    digest = _digest(workspace, recipe, gold, named, max_steps)
    folder = workspace.root / FOLDER / digest
    points: dict[Path, Point] = {}
    for run in range(runs):
        # By a hash and not by a shuffle: an article keeps its place among the others as gold grows.
        order = sorted(articles, key=lambda name: hashlib.sha256(f"{run} {name}".encode("utf-8", "replace")).digest())
        apart = min(_MOST_HELD_OUT, max(2, round(_HELD_OUT * len(order))))
        test, rest = order[:apart], order[apart:]
        for share in shares:
            learnt = max(1, round(share * len(rest)))
            file = folder / f"{lang}-{run}-{learnt}.json"
            points[file] = Point(
                lang, run, learnt, file,
                tuple(pair for name in rest[:learnt] for pair in articles[name]),
                tuple(pair for name in test for pair in articles[name]),
            )  # fmt: skip
    return CurvePlan(lang, len(articles), recipe, tuple(points.values()), named)


def languages_of(workspace: Workspace) -> list[Lang]:
    """The languages in which the workspace has gold with names."""
    languages = {head.id: head.lang for head in workspace.heads()}
    present = {languages[id] for id, layer in workspace.read(GOLD).items() if id in languages and layer.entities}
    return [lang for lang in LANGUAGES if lang in present]


def _digest(
    workspace: Workspace, recipe: Recipe, gold: Sequence[Annotated], named: Mapping[str, str], max_steps: int | None
) -> str:
    parts = [json.dumps([_FORMAT, max_steps, _HELD_OUT, list(workspace.scheme.label_names)]), recipe.text]
    for document, layer in gold:
        marks = sorted([e.start, e.end, e.label] for e in layer.entities)
        parts.append(json.dumps([named[document.id], document.id, document.sha, marks]))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def _measure(workspace: Workspace, point: Point, plan: CurvePlan, max_steps: int | None, gpu: str) -> None:
    # Always the same folder, in which a training that was interrupted goes on where it was.
    work = point.file.with_suffix("")
    result = train_on(
        point.train, point.lang, out=work / point.lang, scheme=workspace.scheme, seed=point.run, max_steps=max_steps,
        recipe=plan.recipe, gpu=gpu,
    )  # fmt: skip
    found = {x.document: x for x in predict(result.path, [d for d, _ in point.test], scheme=workspace.scheme)}
    counts: dict[str, dict[str, list[int]]] = {}
    for document, layer in point.test:
        # Of an article all documents together: it is what is drawn when intervals are made.
        row = counts.setdefault(plan.named[document.id], {})
        for label, numbers in count(layer, found.get(document.id)).items():
            row[label] = [a + b for a, b in zip(row.get(label, (0, 0, 0)), numbers, strict=True)]
    record = {
        "lang": point.lang,
        "run": point.run,
        "learnt": point.learnt,
        "documents": result.documents,
        "entities": result.entities,
        "misaligned": len(result.misaligned),
        "steps": result.steps,
        "seconds": round(result.seconds, 1),
        "counts": counts,
    }
    write_atomically(point.file, json.dumps(record, ensure_ascii=False, sort_keys=True).encode())
    shutil.rmtree(work, ignore_errors=True)


def count(gold: Layer, predicted: Layer | None) -> dict[str, tuple[int, int, int]]:
    """By label: entities in gold, predicted ones, and how many are in both with the same edges.

    >>> from corpus.document import Entity, Span
    >>> place = Entity(Span.of("浙江富阳", 0, 2), "PLACE")
    >>> count(Layer("a", "", "gold", "", (place,)), None)
    {'PLACE': (1, 0, 0)}
    """
    wanted = {(e.start, e.end, e.label) for e in gold.entities}
    found = {(e.start, e.end, e.label) for e in predicted.entities} if predicted else set()
    each = [Counter(label for _, _, label in marks) for marks in (wanted, found, wanted & found)]
    return {label: (each[0][label], each[1][label], each[2][label]) for label in sorted(each[0] | each[1])}


def read_point(file: Path) -> Measured:
    """What was measured of one model; InputError where the file was changed by others."""
    try:
        row = json.loads(file.read_text(encoding="utf-8"))
        counts = {str(name): {str(label): tuple(n) for label, n in of.items()} for name, of in row["counts"].items()}
        return Measured(
            int(row["run"]), int(row["learnt"]), int(row["documents"]), int(row["entities"]), float(row["seconds"]), counts
        )  # fmt: skip
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{file}: is no point of a learning curve ({error}); delete it and measure it again") from None
