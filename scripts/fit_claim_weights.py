#!/usr/bin/env python3
"""Fit the weights of the annotator "claim-cues" on a gold file, and write annotators/data/claims/weights.json.

usage: fit_claim_weights.py GOLD.jsonl [--out FILE | --cross-validate FILE]

The gold file holds one document a line: id, pair, lang, text, entities, claims. Three logistic regressions with an L2
penalty, fitted by Newton's method in numpy: is a piece a claim, are two neighbouring pieces one claim, and which type
is a claim (one against the rest). The weights are numbers by feature name: no text of the gold file is kept.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from annotators.claims import group_claims
from annotators.claims.cues import CLAIM_TYPES, normal
from annotators.claims.find import drafts, pieces
from annotators.claims.merge import neighbours
from annotators.claims.weigh import Row, Tables, join_features
from corpus.align import align
from corpus.document import Bead, Document, Entity, Group, Item, Segments, Span
from corpus.segment import segment_text

PENALTY = {"claim": 8.0, "join": 8.0, "type": 3.0}
OUT = Path(__file__).resolve().parent.parent / "annotators" / "data" / "claims" / "weights.json"

# Where the weights lie before any gold is seen: what the features are meant to say.
CLAIM_PRIOR: Row = {
    "bias": -1.5,
    "strength": 0.5,
    "own": 0.5,
    "background": -0.5,
    "area": 0.5,
    "uncued": -0.5,
    "states": -0.3,
}
JOIN_PRIOR: Row = {
    "same": 0.8,
    "b_subject_none": 0.7,
    "new_actor": -1.0,
    "b_weak": 0.5,
    "semicolon": -0.3,
}


def type_prior(kind: str) -> Row:
    """A type is likely where its cues are strong and strongest."""
    return {"bias": -1.5, f"cue_{kind}": 1.2, f"is_{kind}": 1.0}


Gold = dict[str, Any]
Sample = tuple[Row, bool]


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
    x = np.array([[row.get(name, 0.0) for name in names] for row, _ in samples])
    y = np.array([label for _, label in samples], dtype=float)
    l2 = np.array([0.1 if name == "bias" else penalty for name in names])
    mean = np.array([prior.get(name, 0.0) for name in names])
    w = mean.copy()
    for _ in range(40):
        p = 1.0 / (1.0 + np.exp(-np.clip(x @ w, -30, 30)))
        step = np.linalg.solve((x.T * (p * (1 - p))) @ x + np.diag(l2), x.T @ (p - y) + l2 * (w - mean))
        w -= step
        if np.abs(step).max() < 1e-6:
            break
    return {name: round(float(value), 4) for name, value in zip(names, w, strict=True) if abs(value) > 5e-4}


def fit_tables(golds: Sequence[Gold], items: dict[str, Item]) -> Tables:
    """All tables of weights, from gold documents and their items."""
    joins: list[Sample] = []
    for gold in golds:
        item, plain = items[gold["id"]], normal(gold["text"], gold["lang"])
        for a, b in neighbours(pieces(item, plain), plain, gold["lang"]):
            one, two = (home(p.start, p.end, gold["claims"]) for p in (a[0], b[0]))
            if one is not None or two is not None:
                joins.append((join_features(a, b, plain, gold["lang"]), one == two))
    tables: dict[str, dict[str, float]] = {"join": fit(joins, PENALTY["join"], JOIN_PRIOR)}
    claims: list[Sample] = []
    typed: list[tuple[Row, str]] = []
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
                typed.append((p.type_row, best["type"]))
    tables["claim"] = fit(claims, PENALTY["claim"], CLAIM_PRIOR)
    for kind in CLAIM_TYPES:
        tables[f"type:{kind}"] = fit([(row, t == kind) for row, t in typed], PENALTY["type"], type_prior(kind))
    return tables


def cross_validate(golds: Sequence[Gold], items: dict[str, Item], folds: int = 6) -> list[Gold]:
    """Documents as predicted by weights that were fitted on the other pairs."""
    pairs = sorted({gold["pair"] for gold in golds})
    out = []
    for fold in range(folds):
        held = set(pairs[fold::folds])
        tables = fit_tables([g for g in golds if g["pair"] not in held], items)
        for pair in sorted(held):
            mine = [gold for gold in golds if gold["pair"] == pair]
            group = group_of([items[gold["id"]] for gold in mine])
            found = {item.document.id: claims for item, claims in group_claims(group, tables)}
            out += [{**gold, "claims": [claim_row(c) for c in found[gold["id"]]]} for gold in mine]
    return out


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


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gold", type=Path)
    parser.add_argument("--out", type=Path, default=OUT, help="where the weights go (default: the package's own file)")
    parser.add_argument(
        "--cross-validate", type=Path, metavar="FILE", help="write cross-validated predictions to FILE instead"
    )
    args = parser.parse_args()
    golds = [json.loads(line) for line in args.gold.read_text(encoding="utf-8").splitlines() if line.strip()]
    items = {gold["id"]: item_of(gold) for gold in golds}
    if args.cross_validate:
        rows = cross_validate(golds, items)
        args.cross_validate.write_text(
            "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows), encoding="utf-8"
        )
        print(
            f"{len(rows)} documents predicted, each by weights fitted on other pairs: {args.cross_validate}",
            file=sys.stderr,
        )
        return 0
    tables = fit_tables(golds, items)
    note = (
        "Weights by feature name; made by scripts/fit_claim_weights.py. Numbers only: no text of the gold file is kept."
    )
    args.out.write_text(json.dumps({"about": note, "tables": tables}, indent=1) + "\n", encoding="utf-8")
    print(f"weights from {len(golds)} documents: {args.out}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
