#!/usr/bin/env python3
"""What a learnt claim spotter adds to the cues, by cross-validation over the articles of a gold file.

usage: measure_claim_model.py GOLD.jsonl [--add GOLD.jsonl ...] [--folds 4] [--lang en|zh] [--curve] [--json]

The versions of an article stay on one side. In each fold the weights of the cues and the spotter are fitted on the same
articles (and on all of --add), so that neither knows those that both are judged by; entities are those of gold. Four ways
to find claims are scored: the cues ("rules"), the spotter ("model", with types and stances of its own), both as layers, where the spotter only fills what
the cues leave free ("layers"), and both as one, where its log odds are added to those of the cues ("joined"). With
--curve also from a quarter, a half and three quarters of the articles to learn from.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import fit_claim_weights as cues

from annotators.claims.find import decide, threshold
from annotators.claims.spotter import claims_of, joined, reading
from corpus.document import LANGUAGES, Claim, Document, Lang, Layer, Span, sorted_claims
from corpus.metrics import Scores, score
from corpus.scheme import load_scheme
from corpus.spotting import odds_of
from models.claims import Reader, load_claims, train_claims_on
from models.examples import Annotated

SYSTEMS = ("rules", "model", "layers", "joined")
SHARES = (0.25, 0.5, 0.75)


@dataclass
class Found:
    """What each way finds in the articles judged by, the gold, and what was learnt from, by share of the articles."""

    gold: dict[str, Layer] = field(default_factory=dict)
    layers: dict[str, dict[str, Layer]] = field(default_factory=lambda: {name: {} for name in SYSTEMS})
    learnt: dict[Lang, list[int]] = field(default_factory=lambda: {lang: [] for lang in LANGUAGES})
    seconds: float = 0.0


def layer_of(document: Document, claims: Sequence[Claim]) -> Layer:
    """A layer of claims alone."""
    return Layer(document.id, document.sha, "", "", claims=tuple(claims))


def gold_layer(gold: cues.Gold, document: Document) -> Layer:
    """The claims of a gold line."""
    return layer_of(
        document,
        [
            Claim(Span.of(document.text, c["start"], c["end"]), c["type"], c["stance"], policy_area=c["policy_area"])
            for c in gold["claims"]
        ],
    )


def run(
    train: Sequence[cues.Gold],
    test: Sequence[cues.Gold],
    items: dict[str, Any],
    langs: Sequence[Lang],
    folder: Path,
    seed: int,
    found: Found,
) -> None:
    """Fit both on `train`, and note what each way finds in `test`."""
    tables = cues.fit_tables(train, items)
    least = threshold(None)
    shown = {gold["id"]: (item, rows) for gold, item, rows, _ in cues.drafted(train, items, tables)}
    judged = cues.drafted(test, items, tables)

    def read(pairs: Sequence[Annotated]) -> Mapping[str, Any]:
        return {document.id: reading(*shown[document.id]) for document, _ in pairs}

    reader: Reader = read
    for lang in langs:
        started = time.monotonic()
        gold = [(items[g["id"]].document, gold_layer(g, items[g["id"]].document)) for g in train if g["lang"] == lang]
        train_claims_on(gold, lang, out=folder / lang, read=reader, scheme=load_scheme(), seed=seed)
        nlp = load_claims(folder / lang, load_scheme())
        found.learnt[lang].append(len(gold))
        found.seconds += time.monotonic() - started
        for row, item, rows, topics in judged:
            document = item.document
            if document.lang != lang:
                continue
            odds = odds_of(nlp, reading(item, rows))
            rules = decide(item, rows, least, topics)
            alone = claims_of(item, rows, odds, topics=topics, alone=True, source="model")
            model = claims_of(item, rows, odds, topics=topics, source="model")
            more = [c for c in model if not any(c.span.overlaps(other.span) for other in rules)]
            claims = (rules, alone, sorted_claims([*rules, *more]), decide(item, joined(rows, odds), least, topics))
            found.gold[document.id] = gold_layer(row, document)
            for name, of_one in zip(SYSTEMS, claims, strict=True):
                found.layers[name][document.id] = layer_of(document, of_one)


def folds(
    golds: Sequence[cues.Gold], added: Sequence[cues.Gold], number: int, share: float
) -> Iterator[tuple[list[cues.Gold], list[cues.Gold]]]:
    """What is learnt from and what is judged by, in turn; of the articles to learn from only a share, spread evenly."""
    pairs = sorted({gold["pair"] for gold in golds})
    for fold in range(number):
        held = pairs[fold::number]
        rest = [*(pair for pair in pairs if pair not in held), *sorted({gold["pair"] for gold in added})]
        count = max(1, round(share * len(rest)))
        chosen = {rest[n * len(rest) // count] for n in range(count)}
        yield (
            [gold for gold in [*golds, *added] if gold["pair"] in chosen],
            [gold for gold in golds if gold["pair"] in held],
        )


def measure(args: argparse.Namespace, share: float) -> Found:
    """Cross-validation with a share of the articles to learn from."""
    golds = cues.read(args.gold, first=True)
    added = [gold for path in args.add for gold in cues.read(path, first=False)]
    items = {gold["id"]: ITEMS.setdefault(gold["id"], cues.item_of(gold)) for gold in [*golds, *added]}
    langs: Sequence[Lang] = [args.lang] if args.lang else LANGUAGES
    found = Found()
    with tempfile.TemporaryDirectory() as temporary:
        for train, test in folds(golds, added, args.folds, share):
            run(train, test, items, langs, Path(temporary), args.seed, found)
    return found


ITEMS: dict[str, Any] = {}
"""Documents cut and parsed, by id: once, not once a share."""


def figures(found: Found, name: str) -> dict[str, dict[str, float]]:
    """The figures of one way, by language."""
    languages = {id: items_lang(id) for id in found.gold}
    scores: Scores = score(found.gold.values(), found.layers[name].values(), languages=languages)
    return {
        lang: {
            "precision": part.claims.match.precision,
            "recall": part.claims.match.recall,
            "f1": part.claims.match.f1,
            "type": part.claims.type,
            "stance": part.claims.stance,
            "claims": part.claims.match.gold,
        }
        for lang, part in scores.languages.items()
    }


def items_lang(id: str) -> Lang:
    """The language of a document."""
    lang: Lang = ITEMS[id].document.lang
    return lang


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gold", type=Path, help="the gold file whose articles are held out in turn")
    parser.add_argument("--add", type=Path, nargs="+", default=[], help="gold files to learn from in every fold")
    parser.add_argument("--folds", type=int, default=4)
    parser.add_argument("--lang", choices=LANGUAGES, help="one language only")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--curve", action="store_true", help="also with 25, 50 and 75 %% of the articles to learn from")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    cues.keep_parses()
    rows = []
    for share in (*(SHARES if args.curve else ()), 1.0):
        found = measure(args, share)
        for name in SYSTEMS:
            for lang, numbers in figures(found, name).items():
                learnt = sum(found.learnt[lang]) / max(1, len(found.learnt[lang]))  # type: ignore[index]
                rows.append({"share": share, "documents": learnt, "lang": lang, "system": name, **numbers})
                if not args.json:
                    shown = " ".join(f"{what} {100 * numbers[what]:5.1f}" for what in NUMBERS)
                    print(f"{100 * share:3.0f} % ({learnt:4.1f} documents) {lang} {name:7} {shown}", flush=True)
        print(f"{100 * share:.0f} %: {found.seconds:.0f} s of training", file=sys.stderr, flush=True)
    if args.json:
        print(json.dumps(rows))
    return 0


NUMBERS = ("precision", "recall", "f1", "type", "stance")


if __name__ == "__main__":
    sys.exit(main())
