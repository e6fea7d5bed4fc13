#!/usr/bin/env python3
"""Fit the weights of the annotator "claim-cues" on gold files, and write annotators/data/claims/weights.json.

usage: fit_claim_weights.py GOLD.jsonl ... [--out FILE | --report]

A gold file holds one document a line: id, pair, lang, text, entities, claims. Logistic regressions with an L2 penalty on
the distance from what the cues are meant to say, fitted in numpy: is a piece a claim, are two
neighbouring pieces one claim, and (multinomial) which type and which stance has a claim. The types and stances
are learnt from the written examples beside the weights (examples_en.tsv, examples_zh.tsv), too. The threshold is the one
with the best F1 by cross-validation over pairs. The weights are numbers by feature name: no text of a gold file is kept.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from annotators.claims import group_drafts, group_topics, reading
from annotators.claims.cues import CLAIM_TYPES, cues, normal
from annotators.claims.find import Draft, decide, drafts, pieces
from annotators.claims.merge import neighbours
from annotators.claims.weigh import STANCES, Row, Tables, join_features, write_tables
from annotators.claims.words import HASHED
from corpus.align import align
from corpus.document import Bead, Document, Entity, Group, Item, Lang, Segments, Span
from corpus.segment import segment_text
from models.logistic import fit_logistic

PENALTY = {"claim": 20.0, "join": 12.0, "type": 8.0, "stance": 10.0}
HASHED_PENALTY = 12.0
MADE = "made"
"""A feature of the written examples alone, which takes up that they are not spread over types as news is."""

DATA = Path(__file__).resolve().parent.parent / "annotators" / "data" / "claims"
OUT = DATA / "weights.json"

# Where the weights lie before any gold is seen: what the features are meant to say.
JOIN_PRIOR: Row = {
    "same": 1.5,
    "b_subject_none": 0.7,
    "new_actor": -1.0,
    "b_weak": 0.5,
    "semicolon": -0.3,
}


def claim_prior() -> Row:
    """A claim is likely where cues of claims are strong and those of background are not."""
    return {"bias": -1.5, "strength": 0.5, "own": 0.5, "background": -0.5, "area": 0.5, "uncued": -0.5, "states": -0.3}


def type_prior(kind: str) -> Row:
    """A type is likely where its cues are, and strongest."""
    row = {"bias": -1.0, f"cue_{kind}": 0.6, f"is_{kind}": 0.5}
    for lang in ("en", "zh"):
        for cue in cues(lang):
            if cue.type == kind:
                row[f"any:{cue.name}"] = 0.4 * cue.weight
                row[f"first:{cue.name}"] = 0.4 * cue.weight
    return row


def stance_prior(stance: str) -> Row:
    """A stance is likely where its cues are; support, unless something speaks against it."""
    row = {"bias": 1.0 if stance == "support" else 0.0, f"{stance}_cues": 0.5}
    for lang in ("en", "zh"):
        for cue in cues(lang):
            if cue.stance == stance:
                row[f"any:{cue.name}"] = 0.8
    return row


Gold = dict[str, Any]
Vector = np.ndarray[Any, np.dtype[np.float64]]
Sample = tuple[Row, bool]


def keep_parses() -> None:
    """Read each document once, not once a fold."""
    reading._read = cache(reading._read.__wrapped__)


def item_of(gold: Gold, entities: Iterable[dict[str, Any]] | None = None) -> Item:
    """The document of a gold line with its sentences and its gold entities, or those given instead."""
    text = gold["text"]
    sentences, tokens = segment_text(text, gold["lang"])
    document = Document(gold["id"], gold["pair"], gold["lang"], text)
    rows = sorted(gold["entities"] if entities is None else entities, key=lambda e: e["start"])
    mentions = tuple(Entity(Span.of(text, e["start"], e["end"]), e["label"]) for e in rows)
    return Item(document, Segments(document.id, document.sha, sentences, tokens), mentions)


def group_of(items: Sequence[Item]) -> Group:
    """The group of the versions of an article, with its sentence beads where there are two."""
    beads: tuple[Bead, ...] = ()
    if sorted(item.document.lang for item in items) == ["en", "zh"]:
        en, zh = sorted(items, key=lambda item: item.document.lang)
        beads = align(en.document.text, en.segments.sentences, zh.document.text, zh.segments.sentences)
    return Group(tuple(items), beads)


def overlap(a: int, b: int, c: int, d: int) -> float:
    """Shared characters over the characters of the union of two stretches."""
    shared = min(b, d) - max(a, c)
    return shared / (max(b, d) - min(a, c)) if shared > 0 else 0.0


def home(start: int, end: int, claims: Sequence[dict[str, Any]]) -> int | None:
    """The gold claim that holds at least half of a stretch."""
    for n, claim in enumerate(claims):
        if min(end, claim["end"]) - max(start, claim["start"]) >= 0.5 * (end - start):
            return n
    return None


def fit(samples: Sequence[Sample], penalty: float, prior: Row) -> dict[str, float]:
    """Logistic regression with an L2 penalty on the distance from `prior` (the bias is almost free), by Newton's method."""
    names = sorted({name for row, _ in samples for name in row} | set(prior))
    x = np.array([[row.get(name, 0.0) for name in names] for row, _ in samples]).reshape(len(samples), len(names))
    y = np.array([label for _, label in samples], dtype=float)
    l2 = np.array([0.1 if name == "bias" else penalty for name in names])
    mean = np.array([prior.get(name, 0.0) for name in names])
    w = fit_logistic(x, y, l2, mean)
    return {name: round(float(value), 4) for name, value in zip(names, w, strict=True) if abs(value) > 5e-4}


def fit_choice(
    samples: Sequence[tuple[Row, str]], kinds: Sequence[str], penalty: float, priors: Mapping[str, Row]
) -> Tables:
    """Multinomial logistic regression with an L2 penalty on the distance from `priors`, by L-BFGS.

    Hashed features have a penalty of their own; the bias is almost free.
    """
    names = sorted({name for row, _ in samples for name in row} | {name for row in priors.values() for name in row})
    at = {name: n for n, name in enumerate(names)}
    x = np.zeros((len(samples), len(names)), dtype=np.float32)
    for n, (row, _) in enumerate(samples):
        for name, value in row.items():
            x[n, at[name]] = value
    y = np.array([[kind == label for kind in kinds] for _, label in samples], dtype=np.float32).reshape(-1, len(kinds))
    l2 = np.array(
        [[0.1 if name == "bias" else HASHED_PENALTY if name.startswith(HASHED) else penalty] for name in names]
    )
    mean = np.array([[priors.get(kind, {}).get(name, 0.0) for kind in kinds] for name in names])

    def loss(flat: Vector) -> tuple[float, Vector]:
        w = flat.reshape(mean.shape)
        z = x @ w.astype(np.float32)
        p = np.exp(z - z.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        value = -np.log(np.maximum(p[y > 0], 1e-9)).sum(dtype=float) + 0.5 * (l2 * (w - mean) ** 2).sum()
        return float(value), (x.T @ (p - y) + l2 * (w - mean)).ravel().astype(float)

    w = minimum(loss, mean.ravel()).reshape(mean.shape)
    return {
        kind: {name: round(float(v), 4) for name, v in zip(names, w[:, n], strict=True) if abs(v) > 5e-4}
        for n, kind in enumerate(kinds)
    }


def minimum(loss: Callable[[Vector], tuple[float, Vector]], start: Vector, steps: int = 80, memory: int = 8) -> Vector:
    """Where a convex function, given with its gradient, is least: L-BFGS with a halving line search (Nocedal 1980)."""
    x = start.copy()
    value, gradient = loss(x)
    moves: list[tuple[Vector, Vector]] = []
    for _ in range(steps):
        direction = gradient.copy()
        shares = []
        for s, y in reversed(moves):
            share = (s @ direction) / (y @ s)
            shares.append(share)
            direction -= share * y
        direction *= (moves[-1][0] @ moves[-1][1]) / (moves[-1][1] @ moves[-1][1]) if moves else 0.01
        for (s, y), share in zip(moves, reversed(shares), strict=True):
            direction += s * (share - (y @ direction) / (y @ s))
        slope, size = gradient @ direction, 1.0
        new, new_gradient = loss(x - direction)
        while new > value - 1e-4 * size * slope and size > 1e-6:
            size /= 2
            new, new_gradient = loss(x - size * direction)
        step, change = -size * direction, new_gradient - gradient
        if step @ change > 1e-10:
            moves = [*moves, (step, change)][-memory:]
        settled = abs(value - new) < 1e-5 * abs(value)
        x, value, gradient = x + step, new, new_gradient
        if settled:
            break
    return x


def weighed(golds: Sequence[Gold]) -> list[Gold]:
    """The gold documents, those of the first file twice: it is the one that the weights are to serve."""
    return [*golds, *(gold for gold in golds if gold["first"])]


Example = tuple[Row, Row, dict[str, str]]

_MENTION = re.compile(r"\{([A-Z]+):([^{}]+)\}")


def example_item(marked: str, lang: Lang) -> Item:
    """The document of a written example, whose mentions are marked {LABEL:name}."""
    text, at, mentions = "", 0, []
    for match in _MENTION.finditer(marked):
        text += marked[at : match.start()]
        mentions.append((len(text), len(text) + len(match[2]), match[1]))
        text, at = text + match[2], match.end()
    text += marked[at:] + ("." if lang == "en" else "。")
    document = Document("example", "", lang, text)
    entities = tuple(Entity(Span.of(text, start, end), label) for start, end, label in mentions)
    return Item(document, Segments(document.id, document.sha, *segment_text(text, lang)), entities)


@cache
def examples() -> list[Example]:
    """The features by type and by stance of the written examples, with their rows."""
    out = []
    langs: tuple[Lang, ...] = ("en", "zh")
    for lang in langs:
        with (DATA / f"examples_{lang}.tsv").open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
                found = drafts(example_item(row["text"], lang), {"join": JOIN_PRIOR})
                if found:
                    draft = max(found, key=lambda d: d.piece.end - d.piece.start)
                    out.append(({**draft.type_row, MADE: 1.0}, {**draft.stance_row, MADE: 1.0}, row))
    return out


def fit_tables(golds: Sequence[Gold], items: dict[str, Item], made: Sequence[Example] | None = None) -> Tables:
    """All tables of weights but the decision, from gold documents, their items, and `made` (else the written examples)."""
    made = examples() if made is None else made
    golds = weighed(golds)
    joins: list[Sample] = []
    for gold in golds:
        item, plain = items[gold["id"]], normal(gold["text"], gold["lang"])
        for a, b in neighbours(pieces(item), plain, gold["lang"]):
            one, two = (home(p.start, p.end, gold["claims"]) for p in (a[0], b[0]))
            if one is not None or two is not None:
                joins.append((join_features(a, b, plain, gold["lang"]), one == two))
    tables: dict[str, Mapping[str, float]] = {"join": fit(joins, PENALTY["join"], JOIN_PRIOR)}
    claims: list[Sample] = []
    types: list[tuple[Row, str]] = []
    stances: list[tuple[Row, str]] = []
    for gold in golds:
        for p in drafts(items[gold["id"]], tables):
            best, score = None, 0.0
            for claim in gold["claims"]:
                found = max(
                    overlap(s, p.piece.end, claim["start"], claim["end"]) for s in (p.piece.start, p.piece.body)
                )
                best, score = (claim, found) if found > score else (best, score)
            claims.append((p.claim_row, score >= 0.5))
            if best is not None and score >= 0.4:
                types.append((p.type_row, best["type"]))
                stances.append((p.stance_row, best["stance"]))
    types += [(row, example["type"]) for row, _, example in made]
    stances += [(row, example["stance"]) for _, row, example in made]
    tables["claim"] = fit(claims, PENALTY["claim"], claim_prior())
    for kind, table in fit_choice(types, CLAIM_TYPES, PENALTY["type"], {k: type_prior(k) for k in CLAIM_TYPES}).items():
        tables[f"type:{kind}"] = table
    for kind, table in fit_choice(stances, STANCES, PENALTY["stance"], {k: stance_prior(k) for k in STANCES}).items():
        tables[f"stance:{kind}"] = table
    return tables


Drafted = list[tuple[Gold, Item, list[Draft], Counter[str] | None]]
"""A gold document, its item, what may be a claim in it, and what the article is about where both versions say."""


def drafted(golds: Sequence[Gold], items: dict[str, Item], tables: Tables, single: bool = False) -> Drafted:
    """What may be a claim in each document; `single`: without the help of its other version."""
    out: Drafted = []
    for key in sorted({gold["id" if single else "pair"] for gold in golds}):
        mine = [gold for gold in golds if gold["id" if single else "pair"] == key]
        group = group_of([items[g["id"]] for g in mine])
        topics = group_topics(group)
        found = {item.document.id: (item, rows) for item, rows in group_drafts(group, tables)}
        out += [(gold, *found[gold["id"]], topics) for gold in mine]
    return out


def cross_validate(
    golds: Sequence[Gold],
    items: dict[str, Item],
    folds: int = 6,
    single: bool = False,
    made: Sequence[Example] | None = None,
) -> Drafted:
    """What may be a claim in each document, by weights that were fitted on the other pairs (and on `made`)."""
    pairs = sorted({gold["pair"] for gold in golds})
    out: Drafted = []
    for fold in range(folds):
        held = set(pairs[fold::folds])
        tables = fit_tables([g for g in golds if g["pair"] not in held], items, made)
        out += drafted([g for g in golds if g["pair"] in held], items, tables, single)
    return out


def best_threshold(found: Drafted) -> float:
    """The threshold with the best F1 of spans over these documents."""

    def f1(least: float) -> float:
        right = predicted = gold_claims = 0
        for gold, item, rows, topics in found:
            claims, times = decide(item, rows, least, topics), 1 + gold["first"]
            predicted, gold_claims = predicted + times * len(claims), gold_claims + times * len(gold["claims"])
            right += times * sum(
                any(overlap(c.start, c.end, g["start"], g["end"]) >= 0.5 for c in claims) for g in gold["claims"]
            )
        return 2 * right / max(1, predicted + gold_claims)

    return max((round(0.2 + 0.02 * n, 2) for n in range(21)), key=f1)


def claim_row(claim: Any) -> dict[str, Any]:
    """A claim as a gold file has it."""
    return {
        "start": claim.start,
        "end": claim.end,
        "text": claim.span.surface,
        "type": claim.type,
        "stance": claim.stance,
        "claimant": claim.claimant,
        "policy_area": claim.policy_area,
        "targets": [{"value": t.value, "unit": t.unit, "by": t.by} for t in claim.targets],
    }


def agreement(found: Drafted, least: float) -> str:
    """Precision, recall and F1 of spans, and the accuracy of type, stance, claimant and area where spans match."""
    right = predicted = wanted = 0
    same = dict.fromkeys(("type", "stance", "claimant", "policy_area"), 0)
    for gold, item, rows, topics in found:
        claims = [claim_row(c) for c in decide(item, rows, least, topics)]
        predicted, wanted = predicted + len(claims), wanted + len(gold["claims"])
        for a in gold["claims"]:
            b = next((c for c in claims if overlap(c["start"], c["end"], a["start"], a["end"]) >= 0.5), None)
            if b is not None:
                right += 1
                for name in same:
                    same[name] += a[name] == b[name]
    p, r = right / max(1, predicted), right / max(1, wanted)
    scores = " ".join(f"{name} {100 * n / max(1, right):.1f}" for name, n in same.items())
    return f"P {100 * p:.1f} R {100 * r:.1f} F1 {200 * p * r / max(1e-9, p + r):.1f} ({wanted} claims) {scores}"


def report(sets: Mapping[str, Sequence[Gold]], items: dict[str, Item]) -> None:
    """Print how well weights do on what they were not fitted on: other pairs, and other sets."""
    everything = [gold for golds in sets.values() for gold in golds]
    for single in (False, True):
        found = cross_validate(everything, items, single=single)
        runs = [("other pairs", found, best_threshold(found))]
        for name in sets if len(sets) > 1 else ():
            rest = [gold for other, golds in sets.items() for gold in golds if other != name]
            least = best_threshold(cross_validate(rest, items, single=single))
            runs.append(("other sets", drafted(sets[name], items, fit_tables(rest, items), single), least))
        for label, rows, least in runs:
            for name, golds in sets.items():
                for lang in ("en", "zh"):
                    ids = {gold["id"] for gold in golds if gold["lang"] == lang}
                    part = [row for row in rows if row[0]["id"] in ids]
                    if part:
                        kind = "single documents" if single else "pairs"
                        print(f"{kind}, fitted on {label}, {least:.2f}: {name} {lang}: {agreement(part, least)}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gold", type=Path, nargs="+", help="gold files; the documents of the first count twice")
    parser.add_argument("--out", type=Path, default=OUT, help="where the weights go (default: the package's own file)")
    parser.add_argument("--report", action="store_true", help="print figures on what was not fitted, write nothing")
    args = parser.parse_args()
    keep_parses()
    sets = {str(path): read(path, first=path == args.gold[0]) for path in args.gold}
    golds = [gold for part in sets.values() for gold in part]
    items = {gold["id"]: item_of(gold) for gold in golds}
    if args.report:
        report(sets, items)
        return 0
    decision = {"threshold": best_threshold(cross_validate(golds, items))}
    tables = {"decision": decision, **fit_tables(golds, items)}
    note = "Weights by feature name; made by scripts/fit_claim_weights.py. Numbers only: no text of the gold files is kept."
    args.out.write_text(write_tables(tables, note), encoding="utf-8")
    print(f"weights from {len(golds)} documents: {args.out}", file=sys.stderr)
    return 0


def read(path: Path, *, first: bool) -> list[Gold]:
    """The lines of a gold file, and whether it is the first; ids and pairs are made its own, since two files may use the same."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    return [
        {**row, "first": first, "id": f"{path}:{row['id']}", "pair": f"{path}:{row.get('pair') or row['id']}"}
        for row in rows
    ]


if __name__ == "__main__":
    sys.exit(main())
