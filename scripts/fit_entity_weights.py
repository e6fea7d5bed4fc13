#!/usr/bin/env python3
"""Fit the weights that choose between the annotators of entities, and write annotators/data/entity_weights.json.

usage: fit_entity_weights.py GOLD.jsonl ... [--layers FILE] [--out FILE | --report]

A gold file holds one document a line: id, pair, lang, text, entities. For each language and set of annotators a logistic
regression with an L2 penalty on the distance from "what the priorities choose is right", by Newton's method in numpy.
Leaving out one article after the other says how often a span of each score is right, and whether the weights beat the
priorities in strict F1 and in effort: where they do not, the priorities go on to decide, and the weights only give scores.
The weights are numbers by feature name: no text of a gold file is kept. The same gold gives the same file.

Rules that were improved with these very articles are right in them more often than elsewhere, and weights that were
learnt from what they propose there trust them too much. --layers has for some documents what the annotators proposed
before that, one document a line: {"id", "sha", "layers": {source: [[start, end, label, score, link], ...]}}. It takes the
place of what they propose now, and these documents alone say whether the weights win, and how often a score is right.
--write-layers FILE writes what the annotators propose now in that form: for gold that nobody has read yet.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from annotators.combine import combine_entities, share_offices
from annotators.pipeline import Pipeline, groups_of
from annotators.projection import Counterparts, counterparts
from annotators.registry import DEFAULT
from annotators.weights import Candidate, Mark, Row, Table, best_set, candidates
from corpus.document import LANGUAGES, Document, Entity, Group, Lang, Layer
from corpus.metrics import count_edits
from models.logistic import fit_logistic

OUT = Path(__file__).resolve().parent.parent / "annotators" / "data" / "entity_weights.json"
PENALTY = 3.0
# Where the weights lie before any gold is seen: what the priorities choose is mostly right, the rest is mostly not.
PRIOR: Row = {"bias": -1.0, "base": 3.0}
# A span pays off in F1 where it is right more often than half of the F1 that can be had.
THRESHOLD = 0.4
BINS = 8

Vector = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Sample:
    """A document with what is proposed in it, what the priorities choose, and what is right."""

    file: str
    article: str
    document: Document
    proposed: tuple[Entity, ...]
    base: tuple[Entity, ...]
    other: Counterparts | None
    found: tuple[Candidate, ...]
    gold: frozenset[Mark]
    early: bool


Early = Mapping[str, Mapping[str, Any]]


def early_layers(path: str | None) -> Early:
    """The rows of a file of layers by document."""
    if path is None:
        return {}
    rows = [json.loads(line) for line in Path(path).read_text(encoding="utf-8").split("\n") if line]
    return {row["id"]: row for row in rows}


def with_early(group: Group, layers: Sequence[Layer], early: Early) -> list[Layer]:
    """The layers of a group, those of the early file in the place of today's for its documents."""
    kept = [layer for layer in layers if layer.document not in early]
    for document in (item.document for item in group.items):
        if document.id not in early:
            continue
        row = early[document.id]
        if row["sha"] != document.sha:
            raise SystemExit(f"{document.id}: its early layers were made for another text")
        for source, rows in row["layers"].items():
            entities = tuple(
                Entity(document.span(a, b), label, score, source, link) for a, b, label, score, link in rows
            )
            kept.append(Layer(document.id, document.sha, source, "early", entities))
    return kept


def write_layers(paths: Sequence[str], pipeline: Pipeline, out: Path) -> None:
    """Write what the annotators propose now, for --layers."""
    lines = []
    for path in paths:
        for members in groups_of(documents_of(path)):
            group = pipeline.segmented(members)
            layers = pipeline.proposals(group)
            for item in group.items:
                own = {
                    layer.source: [[e.start, e.end, e.label, e.score, e.link] for e in layer.entities]
                    for layer in layers
                    if layer.document == item.document.id
                }
                lines.append(json.dumps({"id": item.document.id, "sha": item.document.sha, "layers": own}))
    out.write_text("".join(line + "\n" for line in lines), encoding="utf-8")


def rows_of(path: str) -> list[dict[str, Any]]:
    """The documents of a gold file, as they stand in it."""
    return [json.loads(line) for line in Path(path).read_text(encoding="utf-8").split("\n") if line.strip()]


def documents_of(path: str) -> list[Document]:
    """The documents of a gold file."""
    return [Document(r["id"], r.get("pair") or "", r["lang"], r["text"]) for r in rows_of(path)]


def samples_of(paths: Sequence[str], pipeline: Pipeline, early: Early) -> list[Sample]:
    """Every document of the gold files as the annotators see it, or (those in `early`) saw it."""
    samples = []
    for path in paths:
        gold = {r["id"]: frozenset((e["start"], e["end"], e["label"]) for e in r["entities"]) for r in rows_of(path)}
        for members in groups_of(documents_of(path)):
            group = pipeline.segmented(members)
            layers = with_early(group, pipeline.proposals(group), early)
            order = pipeline.order
            items = []
            for item in group.items:
                own = [layer for layer in layers if layer.document == item.document.id]
                items.append(replace(item, entities=combine_entities(own, order)))
            group = replace(group, items=tuple(items))
            relations = tuple(r for layer in pipeline.links(group) for r in layer.relations)
            group = share_offices(group, relations)
            views = counterparts(group, relations)
            for item in group.items:
                document, other = item.document, views.get(item.document.id)
                proposed = tuple(e for layer in layers if layer.document == document.id for e in layer.entities)
                found = tuple(candidates(document, proposed, item.entities, other))
                article = f"{path}:{document.pair or document.id}"
                samples.append(
                    Sample(
                        path,
                        article,
                        document,
                        proposed,
                        item.entities,
                        other,
                        found,
                        gold[document.id],
                        document.id in early,
                    )
                )
    return samples


def fit(rows: Sequence[Row], right: Sequence[bool], names: Sequence[str]) -> dict[str, float]:
    """Logistic regression with an L2 penalty on the distance from `PRIOR` (the bias is almost free)."""
    number = {name: n for n, name in enumerate(names)}
    x = np.zeros((len(rows), len(names)))
    for i, row in enumerate(rows):
        for name, value in row.items():
            x[i, number[name]] = value
    y = np.array(right, dtype=float)
    l2 = np.array([0.1 if name == "bias" else PENALTY for name in names])
    mean = np.array([PRIOR.get(name, 0.0) for name in names])
    w = fit_logistic(x, y, l2, mean)
    return {name: round(float(v), 3) for name, v in zip(names, w, strict=True) if abs(v) >= 5e-4}


def fit_samples(samples: Sequence[Sample]) -> dict[str, float]:
    """The weights from these documents."""
    rows = [c.row for s in samples for c in s.found]
    right = [c.mark in s.gold for s in samples for c in s.found]
    return fit(rows, right, sorted({name for row in rows for name in row} | set(PRIOR)))


def curve(points: Sequence[tuple[float, bool]]) -> tuple[tuple[float, float], ...]:
    """The share that is right by probability: means of bins of equal size, drawn to the probability a little, rising."""
    ordered = sorted(points)
    if not ordered:
        return ()
    bins = [b for b in np.array_split(np.array(ordered, dtype=float), BINS) if len(b)]
    blocks: list[list[float]] = []
    for b in bins:
        p = float(b[:, 0].mean())
        blocks.append([p, (float(b[:, 1].sum()) + 2 * p) / (len(b) + 2), len(b)])
        # Pool adjacent violators: the curve must not fall.
        while len(blocks) > 1 and blocks[-2][1] >= blocks[-1][1]:
            (p1, s1, n1), (p2, s2, n2) = blocks[-2:]
            n = n1 + n2
            blocks[-2:] = [[(p1 * n1 + p2 * n2) / n, (s1 * n1 + s2 * n2) / n, n]]
    return tuple((round(p, 4), round(s, 4)) for p, s, _ in blocks)


def figures(samples: Sequence[Sample], chosen: Mapping[str, Sequence[Mark]]) -> tuple[float, float, float, float]:
    """Precision, recall, strict F1 and effort saved, in per cent."""
    right = predicted = wanted = edits = 0
    for s in samples:
        marks = set(chosen[s.document.id])
        right += len(marks & s.gold)
        predicted += len(marks)
        wanted += len(s.gold)
        edits += count_edits(s.gold, marks)
    precision, recall = right / max(1, predicted), right / max(1, wanted)
    f1 = 2 * right / max(1, predicted + wanted)
    return 100 * precision, 100 * recall, 100 * f1, 100 * (1 - edits / max(1, wanted))


def reliability(points: Sequence[tuple[float, bool]]) -> tuple[list[tuple[float, float, float, int]], float]:
    """Bins of scores (from, mean score, share right, spans), and the expected calibration error."""
    table, error = [], 0.0
    edges = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.01)
    for low, high in pairwise(edges):
        inside = [(p, right) for p, right in points if low <= p < high]
        if inside:
            score = sum(p for p, _ in inside) / len(inside)
            share = sum(right for _, right in inside) / len(inside)
            table.append((low, score, share, len(inside)))
            error += len(inside) / len(points) * abs(score - share)
    return table, error


def cross_validated(samples: Sequence[Sample], sources: frozenset[str]) -> dict[str, dict[Mark, float]]:
    """What weights fitted on all other articles say of the candidates of each document."""
    odds: dict[str, dict[Mark, float]] = {}
    for article in sorted({s.article for s in samples}):
        table = Table(sources, False, True, THRESHOLD, fit_samples([s for s in samples if s.article != article]), ())
        for s in samples:
            if s.article == article:
                odds[s.document.id] = {c.mark: table.probability(c.row) for c in s.found}
    return odds


def chosen_marks(sample: Sample, odds: Mapping[Mark, float]) -> list[Mark]:
    return best_set([(mark, p - THRESHOLD) for mark, p in odds.items()])


def better(
    samples: Sequence[Sample], ours: Mapping[str, Sequence[Mark]], theirs: Mapping[str, Sequence[Mark]]
) -> float:
    """In how many of 1,000 draws of articles, with replacement, `ours` has the higher F1."""
    articles: dict[str, list[Sample]] = {}
    for s in samples:
        articles.setdefault(s.article, []).append(s)
    names, draw, wins = sorted(articles), random.Random(0), 0.0
    for _ in range(1000):
        some = [s for name in draw.choices(names, k=len(names)) for s in articles[name]]
        a, b = figures(some, ours)[2], figures(some, theirs)[2]
        wins += 1.0 if a > b else 0.5 if a == b else 0.0
    return wins / 1000


def fitted(lang: Lang, samples: Sequence[Sample], sources: frozenset[str]) -> dict[str, Any]:
    """The table of one language and set of sources, as in the data file; the figures go to standard output."""
    odds = cross_validated(samples, sources)
    base = {s.document.id: [(e.start, e.end, e.label) for e in s.base] for s in samples}
    ours = {s.document.id: chosen_marks(s, odds[s.document.id]) for s in samples}
    judged = [s for s in samples if s.early] or list(samples)
    before, after = figures(judged, base), figures(judged, ours)
    decide = after[2] > before[2] and after[3] >= before[3]
    print(f"\n{lang}: {', '.join(sorted(sources))}; {len(samples)} documents, cross-validated by article")
    print(f"  {'':28} {'P':>6} {'R':>6} {'F1':>6} {'effort':>7}")
    for name, marks in (("priorities", base), ("weights", ours)):
        print(f"  {name:28} " + " ".join(f"{v:6.2f}" for v in figures(samples, marks)))
        if len(judged) < len(samples):
            print(f"    {'early layers':26} " + " ".join(f"{v:6.2f}" for v in figures(judged, marks)))
        for file in sorted({s.file for s in samples}):
            some = [s for s in samples if s.file == file]
            print(f"    {Path(file).stem:26} " + " ".join(f"{v:6.2f}" for v in figures(some, marks)))
    print(f"  weights have the higher F1 in {100 * better(judged, ours, base):.0f} % of draws of articles")
    print(f"  {'the weights decide' if decide else 'the priorities decide'}")
    chosen = ours if decide else base
    points = [(odds[s.document.id][m], m in s.gold, s.article) for s in judged for m in chosen[s.document.id]]
    print("  scores: what the sources say, the regression, calibrated (each cross-validated)")
    held: list[tuple[float, bool]] = []
    for article in sorted({a for _, _, a in points}):
        bins = curve([(p, right) for p, right, a in points if a != article])
        table = Table(sources, False, decide, THRESHOLD, {}, bins)
        held += [(table.score(p), right) for p, right, a in points if a == article]
    plain = [(e.score, (e.start, e.end, e.label) in s.gold) for s in judged for e in s.base]
    for name, some in (("sources", plain), ("regression", [(p, r) for p, r, _ in points]), ("calibrated", held)):
        table_rows, error = reliability(some)
        print(f"    {name}: expected calibration error {100 * error:.1f} %")
        for low, score, share, n in table_rows:
            print(f"      from {low:4.2f}: mean score {score:.3f}, right {share:.3f}, {n} spans")
    return {
        "lang": lang,
        "sources": sorted(sources),
        "decide": decide,
        "threshold": THRESHOLD,
        "bins": curve([(p, right) for p, right, _ in points]),
        "weights": fit_samples(samples),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gold", nargs="+")
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--layers", help="what the annotators proposed before they were improved with these articles")
    parser.add_argument("--write-layers", type=Path, help="only write what the annotators propose now to this file")
    parser.add_argument("--report", action="store_true", help="only print the figures")
    options = parser.parse_args()
    if options.write_layers:
        write_layers(options.gold, Pipeline(DEFAULT), options.write_layers)
        return 0
    early, tables = early_layers(options.layers), []
    for fast in (False, True):
        pipeline = Pipeline(DEFAULT, fast=fast)
        samples = samples_of(options.gold, pipeline, {} if fast else early)
        for lang in LANGUAGES:
            own = [s for s in samples if s.document.lang == lang]
            if not own:
                continue
            print(f"\n{'without models' if fast else 'all annotators'}", end="")
            sources = frozenset(e.source for s in own for e in s.proposed)
            tables.append({"fast": fast, **fitted(lang, own, sources)})
    if not options.report:
        text = json.dumps({"tables": tables}, indent=1, sort_keys=True, ensure_ascii=False)
        options.out.write_text(text + "\n", encoding="utf-8")
        print(f"\n{options.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
