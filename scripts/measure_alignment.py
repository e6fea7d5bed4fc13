"""Measure sentence alignment, beside alignment by lengths alone (Gale and Church, 1993) on the same texts.

    python scripts/measure_alignment.py wmt22 --only news --test
    python scripts/measure_alignment.py --gold novel.tsv --plain

FOLDER holds, for one or more sets, NAME.src.en with NAME.ref.A.zh (or NAME.src.zh with NAME.ref.A.en), line by line
translations, and NAME.docids.txt: for each line the document it is from, in the last of its tab-separated columns ("NA":
none). This is how the general test of WMT 2022 comes. Documents of at least four lines are used; --only keeps those
whose line in NAME.docids.txt has PART in it ("news"), --test those that the weights were not learnt on.

Modes: "lines": every bead is one to one. "joined": one line in 10 is joined with the next on one side, and one in 20 of
the others is dropped on one side. "literary": documents are strung together; two lines in five are cut into two to five
sentences on one side, joined with their neighbours, or cut elsewhere than in the other language (2:2); a clause is
left out here and there, and one line in 20 on one side. Lines are chosen by chance, anew for each of --seeds.

--gold: texts with beads made by hand, one bead a line: English sentences, a tab, Chinese sentences, " | " between two
sentences of one side, nothing where a side has none.

Strict F1: a bead counts where it is the very bead of the key; a sentence alone is a bead. Nothing is told of paragraphs
but with --gold, where an empty line begins one. Then, over all that was aligned: of beads with a score in a range,
how many are right. --plain: without the sentence encoder too.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import math
import random
import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from corpus.align import align
from corpus.document import Bead

Range = tuple[int, int]
Beads = set[tuple[tuple[Range, ...], tuple[Range, ...]]]
Groups = list[tuple[list[str], list[str]]]
Lines = list[tuple[str, str]]

JOINED, DROPPED = 0.1, 0.05
MODES = ("lines", "joined", "literary")
# Literary texts are long.
_STRUNG = 60


@dataclass(frozen=True)
class Case:
    """Two texts, their sentences, and the beads that are right."""

    en: str
    en_sentences: tuple[Range, ...]
    zh: str
    zh_sentences: tuple[Range, ...]
    key: Beads


def read_sets(folder: Path, only: str, test: bool) -> Iterator[tuple[str, list[Lines]]]:
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
        documents: dict[str, Lines] = {}
        for line, left, right in zip(ids.read_text(encoding="utf-8").splitlines(), en, zh, strict=False):
            if line.split("\t")[-1] != "NA" and only in line and not (test and learnt_on(line)):
                documents.setdefault(line, []).append((left.strip(), right.strip()))
        yield name, [d for _, d in sorted(documents.items()) if len(d) >= 4 and all(a and b for a, b in d)]


def learnt_on(document: str) -> bool:
    """Whether the weights of the aligner were learnt on a document, by its line in NAME.docids.txt: three in five."""
    return int(hashlib.md5(document.encode(), usedforsecurity=False).hexdigest(), 16) % 5 < 3


def joined(lines: Lines, chance: random.Random) -> Groups:
    """Lines joined with the next, and dropped."""
    groups: Groups = []
    rest = list(lines)
    while rest:
        en, zh = rest.pop(0)
        if rest and chance.random() < JOINED:
            en_next, zh_next = rest.pop(0)
            groups.append(
                ([f"{en} {en_next}"], [zh, zh_next]) if chance.random() < 0.5 else ([en, en_next], [zh + zh_next])
            )
        elif chance.random() < DROPPED:
            groups.append(([], [zh]) if chance.random() < 0.5 else ([en], []))
        else:
            groups.append(([en], [zh]))
    return groups


def literary(lines: Lines, chance: random.Random) -> Groups:
    """Lines cut, joined, cut elsewhere, shortened and dropped, as free translators do."""
    groups: Groups = []
    rest = [shortened(line, chance) if chance.random() < 0.45 else line for line in lines]
    while rest:
        draw = chance.random()
        (en, zh), after = rest[0], rest[1:3]
        taken, group = 1, ([en], [zh])
        if draw < 0.05 and after:
            taken, group = 2, ([join_en(en, after[0][0], chance)], [zh, after[0][1]])
        elif draw < 0.11 and after:
            taken, group = 2, ([en, after[0][0]], [join_zh(zh, after[0][1], chance)])
        elif draw < 0.13 and len(after) == 2:
            text = join_zh(join_zh(zh, after[0][1], chance), after[1][1], chance)
            taken, group = 3, ([en, after[0][0], after[1][0]], [text])
        elif draw < 0.17 and after and (parts := cut(after[0][1], 2, "zh", chance)):
            taken, group = 2, ([en, after[0][0]], [join_zh(zh, parts[0], chance), parts[1]])
        elif draw < 0.42:
            group = (cut(en, chance.choices([2, 3, 4, 5], [62, 25, 9, 4])[0], "en", chance) or [en], [zh])
        elif draw < 0.52:
            group = ([en], cut(zh, chance.choices([2, 3, 4], [70, 22, 8])[0], "zh", chance) or [zh])
        elif draw < 0.57:
            group = ([], [zh]) if draw < 0.545 else ([en], [])
        groups.append(group)
        rest = rest[taken:]
    return groups


def clauses(text: str, lang: str) -> list[str]:
    if lang == "en":
        return [part for part in re.split(r"(?<=[,;:.?!])\s+|(?<=—)", text) if part.strip()]
    return [
        part for part in re.findall(r"[^，；：。？！]*[，；：。？！”」）]+|[^，；：。？！]+$", text) if part.strip()
    ]


def cut(text: str, count: int, lang: str, chance: random.Random) -> list[str] | None:
    """A text as `count` sentences, or fewer; None where it has no clauses to cut between."""
    found, joint, least = clauses(text, lang), " " if lang == "en" else "", 8 if lang == "en" else 3
    for parts in range(min(count, len(found)), 1, -1):
        for _ in range(8):
            at = [0, *sorted(chance.sample(range(1, len(found)), parts - 1)), len(found)]
            pieces = [joint.join(found[a:b]).strip() for a, b in itertools.pairwise(at)]
            if min(map(len, pieces)) >= least:
                stop = "." if lang == "en" else "。"
                ended = [re.sub(r"[,;:—，；：]$", stop, piece) for piece in pieces[:-1]] + pieces[-1:]
                return [piece[:1].upper() + piece[1:] for piece in ended]
    return None


def shortened(line: tuple[str, str], chance: random.Random) -> tuple[str, str]:
    side = chance.randrange(2)
    found = clauses(line[side], "zh" if side else "en")
    if len(found) >= 3 and chance.random() < 0.35:
        del found[chance.randrange(len(found))]
    text = ("" if side else " ").join(found)
    return (line[0], text) if side else (text, line[1])


def join_en(one: str, other: str, chance: random.Random) -> str:
    return (
        re.sub(r"\.$", chance.choice([",", ";", ", and"]), one) + f" {other}"
        if chance.random() < 0.6
        else f"{one} {other}"
    )


def join_zh(one: str, other: str, chance: random.Random) -> str:
    return (re.sub(r"。$", "，", one) if chance.random() < 0.6 else one) + other


def cases_of(documents: list[Lines], mode: str, seed: int) -> list[Case]:
    """The documents of a set in one of the modes."""
    chance = random.Random(f"{mode} {seed}")
    if mode == "lines":
        return [case_of([([en], [zh]) for en, zh in lines]) for lines in documents]
    if mode == "joined":
        return [case_of(joined(lines, chance)) for lines in documents]
    strung: list[Lines] = [[]]
    for lines in documents:
        if len(strung[-1]) >= _STRUNG:
            strung.append([])
        strung[-1].extend(lines)
    return [case_of(literary(lines, chance)) for lines in strung if lines]


def read_gold(path: Path) -> Case:
    """A text with beads made by hand."""
    groups: Groups = []
    breaks = set()
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.strip():
            breaks.add(len(groups))
            continue
        en, _, zh = line.partition("\t")
        groups.append(
            ([s.strip() for s in en.split(" | ") if s.strip()], [s.strip() for s in zh.split(" | ") if s.strip()])
        )
    return case_of(groups, breaks)


def _gold(path: Path) -> list[Case]:
    return [read_gold(path)]


def case_of(groups: Groups, breaks: Sequence[int] | set[int] = ()) -> Case:
    """The two texts of these beads."""
    en_text, en_spans = _laid_out([en for en, _ in groups], " ", breaks)
    zh_text, zh_spans = _laid_out([zh for _, zh in groups], "", breaks)
    key: Beads = set()
    for en, zh in zip(en_spans, zh_spans, strict=True):
        if en and zh:
            key.add((en, zh))
        else:
            key |= {((span,), ()) for span in en} | {((), (span,)) for span in zh}
    return Case(
        en_text,
        tuple(span for spans in en_spans for span in spans),
        zh_text,
        tuple(span for spans in zh_spans for span in spans),
        key,
    )


def _laid_out(
    groups: list[list[str]], joint: str, breaks: Sequence[int] | set[int]
) -> tuple[str, list[tuple[Range, ...]]]:
    text, spans, broken = "", [], False
    for number, group in enumerate(groups):
        found = []
        broken = broken or number in breaks
        for sentence in group:
            text += ("\n" if broken else joint) if text else ""
            broken = False
            found.append((len(text), len(text) + len(sentence)))
            text += sentence
        spans.append(tuple(found))
    return text, spans


# Gale and Church (1993): how likely each shape is, and how far lengths vary.
_SHAPES = {(1, 1): 0.89, (1, 0): 0.00495, (0, 1): 0.00495, (2, 1): 0.0445, (1, 2): 0.0445, (2, 2): 0.011}
_VARIANCE = 6.8


def gale_church(case: Case) -> Beads:
    """The beads by lengths alone; the ratio of the lengths is that of the texts."""
    en, zh = ([b - a for a, b in spans] for spans in (case.en_sentences, case.zh_sentences))
    ratio = sum(zh) / max(sum(en), 1)
    best = {(0, 0): (0.0, (0, 0))}
    for i in range(len(en) + 1):
        for j in range(len(zh) + 1):
            found = []
            for (a, b), prior in _SHAPES.items():
                if (i - a, j - b) in best:
                    left, right = sum(en[i - a : i]), sum(zh[j - b : j])
                    mean = (left + right / ratio) / 2 if ratio else 1.0
                    off = (right - left * ratio) / math.sqrt(max(mean, 1) * _VARIANCE * ratio)
                    tail = math.erfc(abs(off) / math.sqrt(2))
                    found.append((best[i - a, j - b][0] - math.log(prior) - math.log(max(tail, 1e-30)), (a, b)))
            if found:
                best[i, j] = min(found)
    beads: Beads = set()
    i, j = len(en), len(zh)
    while (i, j) != (0, 0):
        a, b = best[i, j][1]
        beads.add((case.en_sentences[i - a : i], case.zh_sentences[j - b : j]))
        i, j = i - a, j - b
    return beads


def by_align(case: Case, *, use_model: bool) -> tuple[Bead, ...]:
    """The beads that the toolkit finds."""
    return align(case.en, case.en_sentences, case.zh, case.zh_sentences, use_model=use_model)


def f1(keys: list[Beads], found: list[Beads]) -> float:
    """Strict F1 over all beads of all documents."""
    right = sum(len(key & beads) for key, beads in zip(keys, found, strict=True))
    return 2 * right / max(sum(map(len, keys)) + sum(map(len, found)), 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--only", default="", metavar="PART")
    parser.add_argument("--test", action="store_true")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    parser.add_argument("--modes", nargs="+", choices=MODES, default=list(MODES))
    parser.add_argument("--gold", type=Path, nargs="+", default=[])
    parser.add_argument("--plain", action="store_true")
    arguments = parser.parse_args()
    if not arguments.folder and not arguments.gold:
        parser.error("name a FOLDER of parallel files, or files of beads with --gold")
    tasks: list[tuple[str, str, Callable[[], list[Case]]]] = []
    for name, documents in read_sets(arguments.folder, arguments.only, arguments.test) if arguments.folder else ():
        for mode in arguments.modes:
            for seed in arguments.seeds if mode != "lines" else [0]:
                tasks.append((name, f"{mode} {seed or ''}", partial(cases_of, documents, mode, seed)))
    tasks += [(path.name, "gold", partial(_gold, path)) for path in arguments.gold]
    print(f"{'set':<26}{'mode':<13}{'beads':>6}{'aligned':>9}{'no model':>10}{'lengths':>9}{'s/document':>12}")
    scored: list[tuple[float, bool]] = []
    for name, mode, make in tasks:
        cases = make()
        if not cases:
            continue
        keys = [case.key for case in cases]
        began = time.process_time()
        beads = [by_align(case, use_model=True) for case in cases]
        seconds = (time.process_time() - began) / len(cases)
        ours = f1(keys, [{(bead.en, bead.zh) for bead in found} for found in beads])
        plain = math.nan
        if arguments.plain:
            without = [by_align(case, use_model=False) for case in cases]
            plain = f1(keys, [{(bead.en, bead.zh) for bead in found} for found in without])
        baseline = f1(keys, [gale_church(case) for case in cases])
        size = sum(map(len, keys))
        print(f"{name:<26}{mode:<13}{size:>6}{ours:>9.4f}{plain:>10.4f}{baseline:>9.4f}{seconds:>12.2f}", flush=True)
        scored += [
            (bead.score, (bead.en, bead.zh) in key)
            for found, key in zip(beads, keys, strict=True)
            for bead in found
            if bead.en and bead.zh
        ]
    print("\nscore of bead   beads   right")
    edges = [0.0, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99, 1.01]
    for low, high in itertools.pairwise(edges):
        right = [good for score, good in scored if low <= score < high]
        if right:
            print(f"{low:.2f} to {min(high, 1):.2f}{len(right):>9}{sum(right) / len(right):>8.3f}")


if __name__ == "__main__":
    main()
