#!/usr/bin/env python3
"""Whether correcting articles lowers the edits that the next ones need, and whether the order of annotation matters.

usage: measure_loop.py GOLD.jsonl ... OUT [--counts 4 8 12 16] [--held-out 10] [--seeds 3] [--articles N]
                       [--setups whole bare nothing] [--orders random selected] [--no-models] [--steps-en N] [--steps-zh N]

The annotator is simulated: whoever corrects an article makes gold of it. In each run (a seed) some articles are held out,
the others are corrected one batch after the other, in random order or in that of `annotators.order` (asked anew after each
batch, with the pre-annotation as it is then). After each batch models are trained on what is corrected by then, as
`hemu train` does, with fewer updates (--steps-*; so many for any amount of gold); one article in five is kept for the gate
(which labels of the model are of use beside the others), as `hemu retrain` does. Names that are confirmed are learnt too
(`annotators.gold_names`). What a method then leaves to correct in the articles held out, and in the batch that comes
next, is counted by `corpus.metrics.count_edits`; "none" is the pre-annotation that nobody improves.

Three set-ups: "whole" has all annotators of a new workspace; "bare" only the general models (spacy-en, lac-zh), like a
domain that nobody has written rules or lists for; "nothing" no annotator, like labels that nobody has ever marked.

What the annotators propose is kept in OUT (proposed-*.json), what is measured in OUT/loop.json, with a chart for each set-up
and language. The second run with the same OUT takes up where the first one ended: finished runs are kept (run-*.json), and
what models found (predicted-*.json), so that other methods can be looked at without training anew.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import random
import shutil
import statistics
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from annotators.choose import choose
from annotators.gold_names import SOURCE as NAMES
from annotators.gold_names import GoldNames, Name, balance, labels_in_favour, learn, yielding
from annotators.model import trained
from annotators.order import Articles
from annotators.pipeline import Pipeline, groups_of
from annotators.registry import DEFAULT
from annotators.repeats import follow_group
from corpus.document import LANGUAGES, Bead, Document, Entity, Group, Item, Lang, Layer
from corpus.jsonl import read_documents
from corpus.metrics import count_edits, read_marked
from corpus.plots import line_chart
from corpus.schema import DOCUMENTS, SEGMENTS, layer_from_row, layer_row
from corpus.scheme import load_scheme
from corpus.script import simplified
from models.train import train_on

SETUPS: Mapping[str, tuple[str, ...]] = {"whole": DEFAULT, "bare": ("spacy-en", "lac-zh"), "nothing": ()}
MODEL = "model"
# Each method: what comes before the annotators of the set-up and what after them. "gated": with those labels only that do
# more good than harm on corrected articles which the model, or the name, does not come from.
Method = tuple[tuple[str, ...], tuple[str, ...]]
METHODS: Mapping[str, Method] = {
    "none": ((), ()),
    "model last": ((), ("model gated",)),
    "model first": (("model",), ()),
    "names": (("names gated",), ()),
    "names, model last": (("names gated",), ("model gated",)),
    "names, model first": (("names gated", "model"), ()),
}
NAMES_ALONE: Mapping[str, Method] = {
    "none": ((), ()),
    "names": (("names gated",), ()),
    "names, no gate": (("names",), ()),
    "names last, no gate": ((), ("names",)),
}
# By what the selected order judges how sure the pre-annotation is.
ORDERED_BY = (("names gated",), ("model gated",))
# Student's t for 95 %, by degrees of freedom.
_T = (math.nan, 12.71, 4.30, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23, 2.20, 2.18, 2.16, 2.14, 2.13, 2.12, 2.11, 2.10, 2.09)  # fmt: skip


@dataclass(frozen=True)
class Article:
    """An article with what each annotator proposes in it, and what is right."""

    name: str
    group: Group
    layers: tuple[Layer, ...]
    gold: Mapping[str, Layer]

    @property
    def pairs(self) -> list[tuple[Document, Layer]]:
        return [(item.document, self.gold[item.document.id]) for item in self.group.items]


@dataclass
class Bench:
    """The articles, the pipelines of the set-ups, and the settings."""

    articles: dict[str, Article]
    pipelines: dict[str, Pipeline]
    args: argparse.Namespace
    seconds: dict[str, float] = field(default_factory=lambda: {"annotating": 0.0, "training": 0.0, "models": 0})


def read_articles(paths: Sequence[Path], pipeline: Pipeline, out: Path) -> dict[str, Article]:
    """The articles of gold files with the proposals of all annotators, from the cache where they are there."""
    key = hashlib.sha256(pipeline.version.encode())
    for path in paths:
        key.update(path.read_bytes())
    cache = out / f"proposed-{key.hexdigest()[:12]}.json"
    if cache.is_file():
        kept = (article_of(row) for row in json.loads(cache.read_text(encoding="utf-8")))
        return {article.name: article for article in kept}
    documents: list[Document] = []
    gold: dict[str, Layer] = {}
    for path in paths:
        for _, _, document in read_documents(str(path)):
            # As annotators read it. Offsets stay the same.
            text = simplified(document.text) if document.lang == "zh" else document.text
            documents.append(replace(document, text=text))
        gold |= {layer.document: layer for layer in read_marked(str(path))[0]}
    articles: dict[str, Article] = {}
    for members in groups_of(documents):
        group = pipeline.segmented(members)
        right = {}
        for document in members:
            entities = tuple(replace(e, span=document.span(e.start, e.end)) for e in gold[document.id].entities)
            right[document.id] = Layer(document.id, document.sha, "gold", "", entities)
        name = members[0].pair or members[0].id
        articles[name] = Article(name, group, tuple(pipeline.proposals(group)), right)
        print(f"annotated {name}", file=sys.stderr, flush=True)
    cache.write_text(json.dumps([row_of(article) for article in articles.values()]), encoding="utf-8")
    return articles


def row_of(article: Article) -> dict[str, Any]:
    """An article as JSON has it. Its items have no entities of their own: what is proposed stands in its layers."""
    return {
        "name": article.name,
        "documents": [DOCUMENTS.to_row(item.document) for item in article.group.items],
        "segments": [SEGMENTS.to_row(item.segments) for item in article.group.items],
        "beads": [[bead.en, bead.zh, bead.score] for bead in article.group.beads],
        "layers": [layer_row(layer) for layer in article.layers],
        "gold": [layer_row(layer) for layer in article.gold.values()],
    }


def article_of(row: Mapping[str, Any]) -> Article:
    """The article that `row_of` gave the row for."""
    documents, segments = map(DOCUMENTS.from_row, row["documents"]), map(SEGMENTS.from_row, row["segments"])
    beads = (Bead(tuple(map(tuple, en)), tuple(map(tuple, zh)), score) for en, zh, score in row["beads"])
    gold = map(layer_from_row, row["gold"])
    return Article(
        row["name"],
        Group(tuple(map(Item, documents, segments)), tuple(beads)),
        tuple(map(layer_from_row, row["layers"])),
        {layer.document: layer for layer in gold},
    )


@dataclass
class State:
    """What is learnt after some articles are corrected; `admitted` are labels by set-up and what proposes them."""

    names: tuple[Name, ...] = ()
    articles: dict[str, str] = field(default_factory=dict)
    predicted: dict[str, list[Layer]] = field(default_factory=dict)
    admitted: dict[tuple[str, str], dict[Lang, list[str]]] = field(default_factory=dict)


def learnt_from(bench: Bench, corrected: Sequence[str], wanted: Iterable[str], seed: int) -> State:
    """Names from all corrected articles; models from four in five of them, and what they find in the `wanted` ones."""
    articles = [bench.articles[name] for name in corrected]
    state = State(
        learn((document, layer, a.name) for a in articles for document, layer in a.pairs),
        {document.id: a.name for a in articles for document, _ in a.pairs},
    )
    for setup in bench.args.setups:
        # Names are not shown to the articles that they come from: all corrected ones can judge them.
        state.admitted[setup, NAMES] = _admitted(bench, state, articles, setup, NAMES, (("names",), ()))
    if bench.args.no_models:
        return state
    judged = articles[4::5] or articles[-1:]
    shown = [a for a in articles if a not in judged]
    for lang in LANGUAGES:
        gold = [pair for a in shown for pair in a.pairs if pair[0].lang == lang]
        if any(layer.entities for _, layer in gold):
            _predict(bench, state, gold, lang, {*wanted, *(a.name for a in judged)}, seed)
    for setup in bench.args.setups:
        state.admitted[setup, MODEL] = _admitted(bench, state, judged, setup, MODEL, ((), ("model",)))
    return state


def _admitted(
    bench: Bench, state: State, judged: Sequence[Article], setup: str, source: str, method: Method
) -> dict[Lang, list[str]]:
    sums: dict[Lang, Counter[str]] = {lang: Counter() for lang in LANGUAGES}
    for article in judged:
        without = annotated(bench, state, article, setup, METHODS["none"])
        for item, bare in zip(annotated(bench, state, article, setup, method).items, without.items, strict=True):
            gold = article.gold[item.document.id].entities
            if source == NAMES:
                sums[item.document.lang].update(balance(gold, bare.entities, item.entities))
                continue
            for e in (e for e in item.entities if e.source == source):
                sums[item.document.lang][e.label] += 1 if (e.start, e.end, e.label) in marks(gold) else -1
    if source == NAMES:
        return labels_in_favour(sums, load_scheme().label_names)
    return {lang: [label for label, more in counts.items() if more > 0] for lang, counts in sums.items()}


def _predict(
    bench: Bench, state: State, gold: Sequence[tuple[Document, Layer]], lang: Lang, wanted: Iterable[str], seed: int
) -> None:
    steps = bench.args.steps_en if lang == "en" else bench.args.steps_zh
    key = json.dumps([lang, seed, steps, *([document.sha, sorted(marks(layer.entities))] for document, layer in gold)])
    kept = bench.args.out / f"predicted-{hashlib.sha256(key.encode()).hexdigest()[:16]}.json"
    found: dict[str, list[Layer]]
    if kept.is_file():
        rows = json.loads(kept.read_text(encoding="utf-8"))
        found = {name: list(map(layer_from_row, layers)) for name, layers in rows.items()}
    else:
        started = time.monotonic()
        # A folder of its own for each model: what was loaded from a folder may be kept.
        folder = bench.args.out / f"model-{time.monotonic_ns()}" / lang
        train_on(gold, lang, out=folder, scheme=load_scheme(), seed=seed, max_steps=steps)
        bench.seconds["training"] += time.monotonic() - started
        bench.seconds["models"] += 1
        model = trained(str(folder))
        learnt = {document.id for document, _ in gold}
        others = [a for a in bench.articles.values() if not any(document.id in learnt for document, _ in a.pairs)]
        found = {article.name: model.annotate(article.group) for article in others}
        shutil.rmtree(folder.parent)
        rows = {name: list(map(layer_row, layers)) for name, layers in found.items()}
        kept.write_text(json.dumps(rows), encoding="utf-8")
    for name in wanted:
        state.predicted.setdefault(name, []).extend(found[name])


def annotated(bench: Bench, state: State, article: Article, setup: str, method: Method) -> Group:
    """An article as a method pre-annotates it."""
    started = time.monotonic()
    pipeline = bench.pipelines[setup]
    layers = [layer for layer in article.layers if layer.source in pipeline.order]
    lang = {item.document.id: item.document.lang for item in article.group.items}
    order: list[list[str]] = [[], []]
    for side, sources in zip(order, method, strict=True):
        for what in sources:
            source = NAMES if what.startswith("names") else MODEL
            side.append(source)
            labels = state.admitted.get((setup, source)) if what.endswith("gated") else None
            if source == NAMES:
                layers += GoldNames(state.names, state.articles, admitted=labels).annotate(article.group)
                continue
            for layer in state.predicted.get(article.name, ()):
                kept = (e for e in layer.entities if labels is None or e.label in labels[lang[layer.document]])
                layers.append(replace(layer, entities=tuple(kept)))
    priorities = [*order[0], *pipeline.order, *order[1]]
    chosen = choose(article.group, yielding(layers), priorities, pipeline.links, pipeline.tables)
    bench.seconds["annotating"] += time.monotonic() - started
    return follow_group(chosen.group, chosen.relations)[0]


def marks(entities: Iterable[Entity]) -> set[tuple[int, int, str]]:
    return {(e.start, e.end, e.label) for e in entities}


def edits(article: Article, group: Group) -> dict[Lang, int]:
    """The edits that lead from a pre-annotation to gold, by language."""
    return {
        item.document.lang: count_edits(marks(article.gold[item.document.id].entities), marks(item.entities))
        for item in group.items
    }


def run(bench: Bench, seed: int, order: str) -> list[dict[str, Any]]:
    """One run: rows of edits by number of articles corrected and method, held out and in the next batch.

    The selected order is asked with the first of the set-ups, and ends before the last count: there hardly anything is
    left to choose from.
    """
    args = bench.args
    names = sorted(bench.articles)
    random.Random(seed).shuffle(names)
    held, pool = names[: args.held_out], names[args.held_out :]
    counts = [count for count in args.counts if count <= len(pool)]
    steps = counts[:-1] if order == "selected" and len(counts) > 1 else counts
    corrected: list[str] = []
    todo = list(pool)
    state = State()
    rows: list[dict[str, Any]] = []
    for step, count in enumerate([0, *steps]):
        corrected += todo[: count - len(corrected)]
        left = [name for name in todo if name not in corrected]
        size = (counts[step] if step < len(counts) else count) - count
        if count:
            state = learnt_from(bench, corrected, [*held, *(left if order == "selected" else left[:size])], seed)
        todo = _selected(bench, state, corrected, left) if order == "selected" and left else left
        for where, part in (("held out", held), ("next batch", todo[:size])):
            for setup in args.setups:
                rows += _rows(bench, state, part, setup, order, seed, count, where)
    return rows


def _selected(bench: Bench, state: State, corrected: Sequence[str], left: Sequence[str]) -> list[str]:
    """What is left in the order of `annotators.order`."""
    ranked = Articles()
    first: dict[str, str] = {}
    for name in [*corrected, *left]:
        article = bench.articles[name]
        first[article.group.items[0].document.id] = name
        ranked.add(annotated(bench, state, article, bench.args.setups[0], ORDERED_BY))
    done = [id for id, name in first.items() if name in corrected]
    return [first[id] for id in ranked.order(done=done) if first[id] not in corrected]


def _rows(
    bench: Bench, state: State, part: Sequence[str], setup: str, order: str, seed: int, count: int, where: str
) -> Iterator[dict[str, Any]]:
    for method, sources in (NAMES_ALONE if bench.args.no_models else METHODS).items():
        if not part or (not count and method != "none"):
            continue
        totals: Counter[str] = Counter()
        blank: Counter[str] = Counter()
        for name in part:
            article = bench.articles[name]
            totals.update(edits(article, annotated(bench, state, article, setup, sources)))
            blank.update({document.lang: len(layer.entities) for document, layer in article.pairs})
        for lang, total in totals.items():
            yield {
                "setup": setup, "order": order, "seed": seed, "corrected": count, "where": where, "method": method,
                "lang": lang, "articles": len(part), "edits": total, "blank": blank[lang],
            }  # fmt: skip


def interval(values: Sequence[float]) -> tuple[float, float]:
    """The mean and half the width of its interval of 95 %, over seeds; 0 for one value."""
    n = len(values)
    if n < 2:
        return values[0], 0.0
    t = _T[n - 1] if n <= len(_T) else 1.96 + 2.4 / (n - 1)
    return statistics.fmean(values), t * statistics.stdev(values) / math.sqrt(n)


def summary(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """By set-up, language, order, number corrected and method: edits an article, and how many per cent fewer than the
    same articles take with "none", each with its interval over the seeds."""
    none = {
        (r["setup"], r["lang"], r["where"], r["order"], r["seed"], r["corrected"]): r["edits"]
        for r in rows
        if r["method"] == "none"
    }
    cells: dict[tuple[str, ...], list[Mapping[str, Any]]] = {}
    for r in rows:
        cells.setdefault((r["setup"], r["lang"], r["where"], r["order"], r["method"], r["corrected"]), []).append(r)
    table = []
    for (setup, lang, where, order, method, corrected), found in sorted(cells.items()):
        each = [r["edits"] / r["articles"] for r in found]
        less = [
            100 * (1 - r["edits"] / none[setup, lang, where, order, r["seed"], corrected])
            for r in found
            if none.get((setup, lang, where, order, r["seed"], corrected))
        ]
        mean, width = interval(each)
        fewer, about = interval(less) if less else (0.0, 0.0)
        table.append(
            {
                "setup": setup,
                "lang": lang,
                "where": where,
                "order": order,
                "method": method,
                "corrected": corrected,
                "seeds": len(found),
                "edits": round(mean, 2),
                "edits_within": round(width, 2),
                "fewer": round(fewer, 1),
                "fewer_within": round(about, 1),
                "blank": round(statistics.fmean(r["blank"] / r["articles"] for r in found), 1),
            }
        )
    return table


def charts(table: Sequence[Mapping[str, Any]], out: Path) -> None:
    """A chart for each set-up and language: edits an article held out, by number corrected."""
    for setup, lang in sorted({(r["setup"], r["lang"]) for r in table}):
        lines: dict[str, list[tuple[float, float]]] = {}
        for r in table:
            if (r["setup"], r["lang"], r["where"]) != (setup, lang, "held out") or r["order"] != "random":
                continue
            if r["corrected"] == 0:
                continue
            lines.setdefault(r["method"], []).append((r["corrected"], r["edits"]))
        start = next((r["edits"] for r in table if (r["setup"], r["lang"], r["where"], r["corrected"]) == (setup, lang, "held out", 0)), None)  # fmt: skip
        if start is not None:
            lines = {name: [(0, start), *points] for name, points in lines.items()}
        svg = line_chart(
            lines,
            title=f"Edits an article by articles corrected before: {setup}, {lang}",
            x_label="articles corrected",
            y_label="edits an article held out",
            width=900,
        )
        (out / f"loop-{setup}-{lang}.svg").write_text(svg, encoding="utf-8")


def bench_version(bench: Bench) -> list[str]:
    """Changes with the annotators."""
    return [pipeline.version for pipeline in bench.pipelines.values()]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gold", type=Path, nargs="+", help="gold files")
    parser.add_argument("out", type=Path, help="the folder for what is measured")
    parser.add_argument("--counts", type=int, nargs="+", default=[4, 8, 12, 16])
    parser.add_argument("--held-out", type=int, default=10, help="articles held out in each run")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--setups", nargs="+", choices=SETUPS, default=["whole", "bare"])
    parser.add_argument("--orders", nargs="+", choices=("random", "selected"), default=["random", "selected"])
    parser.add_argument("--no-models", action="store_true", help="only names that were confirmed: takes no training")
    parser.add_argument("--steps-en", type=int, default=200)
    parser.add_argument("--steps-zh", type=int, default=450)
    parser.add_argument("--articles", type=int, help="so many articles of the files only, drawn once")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    articles = read_articles(args.gold, Pipeline(DEFAULT), args.out)
    if args.articles and args.articles < len(articles):
        articles = {name: articles[name] for name in random.Random(0).sample(sorted(articles), args.articles)}
    bench = Bench(articles, {name: Pipeline(SETUPS[name]) for name in args.setups}, args)
    settings = {
        "counts": args.counts, "held out": args.held_out, "models": not args.no_models, "set-ups": args.setups,
        "steps": [args.steps_en, args.steps_zh], "articles": sorted(articles), "annotators": bench_version(bench),
    }  # fmt: skip
    digest = hashlib.sha256(json.dumps(settings).encode()).hexdigest()[:8]
    rows: list[dict[str, Any]] = []
    for seed in range(args.seeds):
        for order in args.orders:
            kept = args.out / f"run-{digest}-{order}-{seed}.json"
            if not kept.is_file():
                kept.write_text(json.dumps(run(bench, seed, order)), encoding="utf-8")
                spent = ", ".join(f"{what} {amount:.0f}" for what, amount in bench.seconds.items())
                print(f"seed {seed}, {order}: done ({spent})", file=sys.stderr, flush=True)
            rows += json.loads(kept.read_text(encoding="utf-8"))
    table = summary(rows)
    (args.out / "loop.json").write_text(json.dumps({"settings": settings, "table": table, "rows": rows}, indent=1))
    charts(table, args.out)
    print("| set-up | | order | method | corrected | edits an article | fewer than without |")
    print("|---|---|---|---|---|---|---|")
    for r in table:
        if r["where"] == "held out":
            print(
                f"| {r['setup']} | {r['lang']} | {r['order']} | {r['method']} | {r['corrected']} "
                f"| {r['edits']:.1f} ± {r['edits_within']:.1f} | {r['fewer']:.1f} % ± {r['fewer_within']:.1f} |"
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
