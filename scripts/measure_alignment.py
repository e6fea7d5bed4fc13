"""Measure sentence alignment on parallel files of one sentence a line.

Usage: python scripts/measure_alignment.py FOLDER [--only PART] [--seed N]

FOLDER holds, for one or more sets, NAME.src.en with NAME.ref.A.zh (or NAME.src.zh with NAME.ref.A.en), line by line
translations, and NAME.docids.txt: for each line the document it is from, in the last of its tab-separated columns ("NA":
none). This is how the general test of WMT 2022 comes. Documents of at least four lines are used; --only keeps those whose line in
NAME.docids.txt has PART in it.

Two tasks. "as it is": every bead is one to one. "joined and dropped": one line in 10 is joined with the next on one
side, and one in 20 of the others is dropped on one side, so that sentences align one to two, two to one, and to nothing.
Strict F1: a bead counts where it is the very bead of the key. Nothing is told of paragraphs.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from corpus.align import align
from corpus.align.programme import WITHOUT_MODEL, Side, best_path, features, scores

Range = tuple[int, int]
Beads = set[tuple[tuple[Range, ...], tuple[Range, ...]]]

JOINED, DROPPED = 0.1, 0.05


@dataclass(frozen=True)
class Case:
    """Two texts, their sentences, and the beads that are right."""

    en: str
    en_sentences: tuple[Range, ...]
    zh: str
    zh_sentences: tuple[Range, ...]
    key: Beads


def read_sets(folder: Path, only: str) -> Iterator[tuple[str, list[list[tuple[str, str]]]]]:
    """`(name, documents)`, a document being its pairs of an English and a Chinese line."""
    for ids in sorted(folder.glob("*.docids.txt")):
        name = ids.name.removesuffix(".docids.txt")
        files = [
            (folder / f"{name}.{a}.en", folder / f"{name}.{b}.zh") for a, b in (("src", "ref.A"), ("ref.A", "src"))
        ]
        found = next((pair for pair in files if all(file.exists() for file in pair)), None)
        if found is None:
            continue
        en, zh = (file.read_text(encoding="utf-8").split("\n") for file in found)
        documents: dict[str, list[tuple[str, str]]] = {}
        for line, left, right in zip(ids.read_text(encoding="utf-8").splitlines(), en, zh, strict=False):
            document = line.split("\t")[-1]
            if document != "NA" and only in line:
                documents.setdefault(document, []).append((left.strip(), right.strip()))
        yield name, [d for _, d in sorted(documents.items()) if len(d) >= 4 and all(a and b for a, b in d)]


def make_case(lines: list[tuple[str, str]], chance: random.Random, joined: float, dropped: float) -> Case:
    """The two texts of a document, its lines joined and dropped at these rates."""
    groups: list[tuple[list[str], list[str]]] = []
    rest = list(lines)
    while rest:
        en, zh = rest.pop(0)
        if rest and chance.random() < joined:
            en_next, zh_next = rest.pop(0)
            if chance.random() < 0.5:
                groups.append(([f"{en} {en_next}"], [zh, zh_next]))
            else:
                groups.append(([en, en_next], [zh + zh_next]))
        elif chance.random() < dropped:
            groups.append(([], [zh]) if chance.random() < 0.5 else ([en], []))
        else:
            groups.append(([en], [zh]))
    en_text, en_spans = _laid_out([en for en, _ in groups], " ")
    zh_text, zh_spans = _laid_out([zh for _, zh in groups], "")
    return Case(
        en_text,
        tuple(span for spans in en_spans for span in spans),
        zh_text,
        tuple(span for spans in zh_spans for span in spans),
        set(zip(en_spans, zh_spans, strict=True)),
    )


def _laid_out(groups: list[list[str]], joint: str) -> tuple[str, list[tuple[Range, ...]]]:
    text, spans = "", []
    for group in groups:
        found = []
        for sentence in group:
            text += joint if text else ""
            found.append((len(text), len(text) + len(sentence)))
            text += sentence
        spans.append(tuple(found))
    return text, spans


def by_lengths(case: Case) -> Beads:
    """The beads by lengths alone, the baseline (after Gale and Church)."""
    en = Side([case.en[a:b] for a, b in case.en_sentences], [False] * len(case.en_sentences))
    zh = Side([case.zh[a:b] for a, b in case.zh_sentences], [False] * len(case.zh_sentences))
    found = features(en, zh, None)
    for evidence in found.values():
        evidence["shared"][:] = evidence["missing"][:] = 0.0
    path = best_path(scores(found, WITHOUT_MODEL), len(en.sentences), len(zh.sentences), WITHOUT_MODEL.alone)
    return {(case.en_sentences[s.en : s.en + s.n_en], case.zh_sentences[s.zh : s.zh + s.n_zh]) for s in path}


def by_align(case: Case, *, use_model: bool) -> Beads:
    """The beads that the toolkit finds."""
    beads = align(case.en, case.en_sentences, case.zh, case.zh_sentences, use_model=use_model)
    return {(bead.en, bead.zh) for bead in beads}


def f1(keys: list[Beads], found: list[Beads]) -> float:
    """Strict F1 over all beads of all documents."""
    right = sum(len(key & beads) for key, beads in zip(keys, found, strict=True))
    return 2 * right / (sum(map(len, keys)) + sum(map(len, found)))


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure sentence alignment on parallel files.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", default="", metavar="PART")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    print(f"{'set':<28}{'task':<20}{'beads':>6}{'aligned':>9}{'no model':>10}{'lengths':>9}{'s/document':>12}")
    for name, documents in read_sets(arguments.folder, arguments.only):
        for task, rates in (("as it is", (0.0, 0.0)), ("joined and dropped", (JOINED, DROPPED))):
            chance = random.Random(arguments.seed)
            cases = [make_case(lines, chance, *rates) for lines in documents]
            keys = [case.key for case in cases]
            if not cases:
                continue
            began = time.process_time()
            ours = f1(keys, [by_align(case, use_model=True) for case in cases])
            seconds = (time.process_time() - began) / len(cases)
            plain = f1(keys, [by_align(case, use_model=False) for case in cases])
            baseline = f1(keys, [by_lengths(case) for case in cases])
            beads = sum(map(len, keys))
            print(f"{name:<28}{task:<20}{beads:>6}{ours:>9.4f}{plain:>10.4f}{baseline:>9.4f}{seconds:>12.2f}")


if __name__ == "__main__":
    main()
