#!/usr/bin/env python3
"""Draw links to read, and say from what the readers wrote how many are right.

    scripts/score_links.py sample DOCUMENTS.jsonl > SHEET.tsv
    scripts/score_links.py score SHEET.tsv [SHEET.tsv ...]

DOCUMENTS are pairs of versions as `hemu annotate` reads them, with gold entities where marks are to be those of the gold.
`sample` writes three kinds of rows, each drawn by chance from all: "same_as" (a relation between an English and a Chinese
mention), "knowledge" (a mention with the id of an entry) and "found" (a mention in an aligned sentence, and what it is
linked to, if anything). --marks: "predicted", "gold", or both (one half each); a gold mention has the id that
the prediction gives to one of the same span and label, else that of `annotators.link.identify`.

A reader writes in the first column, with both contexts read: "yes" (names the same entity; for "found": is linked to its
counterpart), "partly" (the right entity at another level or time: a province for its government, a body for its
successor), "no" (another entity; for "found": the counterpart stands there and is not linked, or another is), "-" (the
row does not count: for "found", the other version names it in no such mention). A mention marked [[thus]] in its context.

`score` prints precision by kind, "partly" being half, with the interval of Wilson at 95 %.
"""

from __future__ import annotations

import argparse
import csv
import math
import random
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from annotators.link import identify
from annotators.pipeline import Pipeline, groups_of
from annotators.registry import DEFAULT
from corpus.document import Bead, Document, Entity, Group, Item, Lang, Relation
from corpus.jsonl import read_documents
from corpus.knowledge import knowledge

COLUMNS = ("judged", "kind", "marks", "pair", "label", "score", "en", "zh", "id", "names", "en_context", "zh_context")
VERDICTS = {"yes": 1.0, "partly": 0.5, "no": 0.0}
_AROUND = 90

Row = dict[str, str]


@dataclass(frozen=True, slots=True)
class Linked:
    """A pair of versions with its mentions, theirs or the gold's, and the relations between them."""

    marks: str
    group: Group
    relations: tuple[Relation, ...]

    def item(self, lang: Lang) -> Item:
        """The version in this language."""
        return next(item for item in self.group.items if item.document.lang == lang)


def linked(path: str, marks: Sequence[str], names: Sequence[str] = DEFAULT) -> Iterator[Linked]:
    """The pairs in a file, with the marks and links of the pipeline, and with gold marks linked by it."""
    rows = {document.id: (row, document) for _, row, document in read_documents(path)}
    pipeline = Pipeline(names)
    for documents in groups_of(document for _, document in rows.values()):
        if len(documents) != 2:
            continue
        found = pipeline.annotate(pipeline.segmented(documents))
        if "predicted" in marks:
            yield Linked("predicted", found.group, found.relations)
        if "gold" in marks:
            items = tuple(replace(i, entities=_gold(rows[i.document.id][0], i)) for i in found.group.items)
            group = replace(found.group, items=items)
            relations = tuple(relation for layer in pipeline.links(group) for relation in layer.relations)
            yield Linked("gold", identify(group, relations), relations)


def _gold(row: dict[str, object], item: Item) -> tuple[Entity, ...]:
    ids = {(e.start, e.end, e.label): e.link for e in item.entities}
    entities = []
    gold = row.get("entities")
    for mark in gold if isinstance(gold, list) else []:
        span, label = item.document.span(mark["start"], mark["end"]), str(mark["label"])
        entities.append(Entity(span, label, link=ids.get((span.start, span.end, label), "")))
    return tuple(sorted(entities, key=lambda e: e.start))


def same_as_rows(pair: Linked) -> Iterator[Row]:
    """A row for each relation."""
    en, zh = pair.item("en"), pair.item("zh")
    labels = {(e.start, e.end): e.label for e in en.entities}
    for r in pair.relations:
        yield _row(pair, "same_as", labels[r.head.start, r.head.end], f"{r.score:.2f}") | {
            "en": en.document.text[r.head.start : r.head.end],
            "zh": zh.document.text[r.tail.start : r.tail.end],
            "en_context": context(en.document, r.head.start, r.head.end),
            "zh_context": context(zh.document, r.tail.start, r.tail.end),
        }


def knowledge_rows(pair: Linked) -> Iterator[Row]:
    """A row for each mention with an id."""
    for item in pair.group.items:
        lang = item.document.lang
        for e in item.entities:
            entry = knowledge().by_id(e.link) if e.link else None
            if e.link:
                years = f" ({entry.start}-{entry.end})" if entry and (entry.start or entry.end) else ""
                names = "/".join((*entry.en[:2], *entry.zh[:2])) + years if entry else "(no such entry)"
                yield _row(pair, "knowledge", e.label, f"{e.score:.2f}") | {
                    lang: e.span.surface,
                    "id": e.link,
                    "names": names,
                    f"{lang}_context": context(item.document, e.start, e.end),
                }


def found_rows(pair: Linked) -> Iterator[Row]:
    """A row for each mention in an aligned sentence."""
    partners = {(r.head.document, r.head.start): (r.tail.start, r.tail.end) for r in pair.relations}
    partners |= {(r.tail.document, r.tail.start): (r.head.start, r.head.end) for r in pair.relations}
    for lang, other in (("en", "zh"), ("zh", "en")):
        item, there = pair.item(lang), pair.item(other).document  # type: ignore[arg-type]
        for e in item.entities:
            bead = next((b for b in pair.group.beads if _covers(_side(b, item), e) and b.en and b.zh), None)
            if bead is None:
                continue
            start, end = partners.get((item.document.id, e.start), (0, 0))
            side = bead.zh if lang == "en" else bead.en
            passage = context(there, start, end, side[0][0], side[-1][1]) if end else _flat(there, side)
            yield _row(pair, "found", e.label, "") | {
                lang: e.span.surface,
                other: there.text[start:end],
                f"{lang}_context": context(item.document, e.start, e.end),
                f"{other}_context": passage,
            }


def _side(bead: Bead, item: Item) -> tuple[tuple[int, int], ...]:
    return bead.en if item.document.lang == "en" else bead.zh


def _covers(ranges: Sequence[tuple[int, int]], entity: Entity) -> bool:
    return any(start <= entity.start and entity.end <= end for start, end in ranges)


def _row(pair: Linked, kind: str, label: str, score: str) -> Row:
    row = dict.fromkeys(COLUMNS, "")
    return row | {
        "kind": kind,
        "marks": pair.marks,
        "pair": pair.item("en").document.pair,
        "label": label,
        "score": score,
    }


def context(document: Document, start: int, end: int, low: int | None = None, high: int | None = None) -> str:
    """The mention in brackets with what stands around it, in one line: so many characters, or from `low` to `high`."""
    low = max(0, start - _AROUND) if low is None else min(low, start)
    high = end + _AROUND if high is None else max(high, end)
    text = document.text
    return " ".join(f"{text[low:start]}[[{text[start:end]}]]{text[end:high]}".split())


def _flat(document: Document, side: Sequence[tuple[int, int]]) -> str:
    return " ".join(document.text[side[0][0] : side[-1][1]].split())


def sample(pairs: Iterable[Linked], size: int, seed: int) -> list[Row]:
    """`size` rows of each kind, by chance, the same for the same seed; half of them of each kind of marks."""
    drawn: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for pair in pairs:
        for rows in (same_as_rows, knowledge_rows, found_rows):
            for row in rows(pair):
                drawn[row["kind"], row["marks"]].append(row)
    chance = random.Random(seed)
    kinds = Counter(kind for kind, _ in drawn)
    result = []
    for key in sorted(drawn):
        rows_of_kind = drawn[key]
        result += chance.sample(rows_of_kind, min(len(rows_of_kind), size // kinds[key[0]]))
    return result


def score(rows: Iterable[Row]) -> list[tuple[str, str, float, float, float, Counter[str]]]:
    """(kind, marks, precision, low, high, verdicts) of judged rows; raises ValueError naming a verdict that is none."""
    verdicts: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for row in rows:
        verdict = row["judged"].strip()
        if verdict not in {*VERDICTS, "-"}:
            raise ValueError(f"{verdict!r} is no verdict; expected yes, partly, no or -")
        for marks in (row["marks"], "all"):
            verdicts[row["kind"], marks][verdict] += 1
    result = []
    for (kind, marks), counts in sorted(verdicts.items()):
        n = sum(counts[v] for v in VERDICTS)
        right = sum(counts[v] * worth for v, worth in VERDICTS.items())
        low, high = wilson(right, n)
        result.append((kind, marks, right / n if n else 0.0, low, high, counts))
    return result


def wilson(right: float, n: int, z: float = 1.96) -> tuple[float, float]:
    """The interval of Wilson (1927) for a share of `n`: at 95 % for the usual `z`.

    >>> [round(bound, 3) for bound in wilson(9, 10)]
    [0.596, 0.982]
    """
    if not n:
        return 0.0, 1.0
    share, shrink = right / n, 1 + z * z / n
    middle = (share + z * z / (2 * n)) / shrink
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / shrink
    return max(0.0, middle - half), min(1.0, middle + half)


def main() -> None:
    """Draw a sample, or score a judged one."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    draw = commands.add_parser("sample", help="print a sheet to read")
    draw.add_argument("documents", nargs="+")
    draw.add_argument("--marks", nargs="+", choices=("predicted", "gold"), default=["predicted", "gold"])
    draw.add_argument("--size", type=int, default=120, help="rows of each kind (120)")
    draw.add_argument("--seed", type=int, default=1)
    judge = commands.add_parser("score", help="precision from judged sheets")
    judge.add_argument("sheets", nargs="+", type=Path)
    options = parser.parse_args()
    if options.command == "sample":
        pairs = (pair for path in options.documents for pair in linked(path, options.marks))
        writer = csv.DictWriter(sys.stdout, COLUMNS, delimiter="\t", lineterminator="\n")
        writer.writeheader()
        writer.writerows(sample(pairs, options.size, options.seed))
        return
    rows: list[Row] = []
    for sheet in options.sheets:
        with sheet.open(encoding="utf-8", newline="") as file:
            rows += csv.DictReader(file, delimiter="\t")
    try:
        table = score(rows)
    except ValueError as error:
        sys.exit(str(error))
    for kind, marks, precision, low, high, counts in table:
        numbers = ", ".join(f"{counts[v]} {v}" for v in (*VERDICTS, "-") if counts[v])
        print(f"{kind:10} {marks:10} {100 * precision:5.1f} % ({100 * low:.1f} to {100 * high:.1f})   {numbers}")


if __name__ == "__main__":
    main()
