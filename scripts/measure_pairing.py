#!/usr/bin/env python
"""Measure pairing by content on articles whose pairs are known, or fit the weights of its evidence anew.

    scripts/measure_pairing.py FOLDER...          FOLDER holds NAME.en.txt and NAME.zh.txt
    scripts/measure_pairing.py --fit FOLDER...

What is measured: how many of the pairs are found (recall), and how many of the found are pairs (precision), with all
articles there, with three in ten having lost their partner, and with English articles cut to 60 %. `--fit` prints the
constant and the weights for corpus/pairing.py: logistic regression on all candidates, those cut short among the pairs, and
articles made of a third of one and two thirds of others among what is none.
"""

from __future__ import annotations

import random
import sys
from dataclasses import fields, replace
from pathlib import Path

import numpy as np

from corpus.document import Block, Document, Lang
from corpus.pairing import Evidence, evidence, match, nearest, profiles, rarities
from models.logistic import fit_logistic

NAMES = [field.name for field in fields(Evidence) if field.name != "days"]


def main() -> None:
    arguments = sys.argv[1:]
    fit = "--fit" in arguments
    folders = [Path(argument) for argument in arguments if argument != "--fit"]
    if not folders:
        sys.exit(__doc__)
    en, zh = ([d for folder in folders for d in read(folder, lang)] for lang in ("en", "zh"))
    if not en or not zh:
        sys.exit(f"{folders[0]}: has no NAME.en.txt and NAME.zh.txt")
    chance = random.Random(7)
    if fit:
        print(fitted(en, zh, chance))
        return
    measure("all there", en, zh)
    measure(
        "three in ten without partner",
        [d for d in en if chance.random() > 0.15],
        [d for d in zh if chance.random() > 0.15],
    )
    measure("English cut to 60 %", [part(d, 0.6, chance) for d in en], zh)


def read(folder: Path, lang: Lang) -> list[Document]:
    paths = sorted(folder.glob(f"*.{lang}.txt"))
    return [made(path.name[:-7], lang, path.read_text(encoding="utf-8").splitlines()) for path in paths]


def made(id: str, lang: Lang, paragraphs: list[str]) -> Document:
    kept = [paragraph for paragraph in paragraphs if paragraph.strip()]
    ends = np.cumsum([len(paragraph) + 1 for paragraph in kept]).tolist()
    blocks = tuple(Block(end - 1 - len(paragraph), end - 1, "body") for paragraph, end in zip(kept, ends, strict=True))
    return Document(id, "", lang, "\n".join(kept), blocks)


def part(document: Document, share: float, chance: random.Random) -> Document:
    paragraphs = document.text.split("\n")
    kept = [paragraph for paragraph in paragraphs if chance.random() < share] or paragraphs
    return made(document.id, document.lang, kept)


def measure(what: str, en: list[Document], zh: list[Document]) -> None:
    pairs = {d.id for d in en} & {d.id for d in zh}
    found = match(en, zh, least=0.01)
    print(f"{what}: {len(en)} English, {len(zh)} Chinese, {len(pairs)} pairs")
    for least in (0.3, 0.5, 0.7, 0.9):
        taken = [m for m in found if m.score >= least]
        right = sum(m.en == m.zh for m in taken)
        print(f"  {least}: precision {right / max(1, len(taken)):.3f}, recall {right / max(1, len(pairs)):.3f}")


def fitted(en: list[Document], zh: list[Document], chance: random.Random) -> str:
    rest = [d.text.split("\n") for d in en]
    mixed = []
    for document in en:
        own, other = document.text.split("\n"), chance.choice(rest)
        third = max(1, len(own) // 3)
        mixed.append(made(f"mixed {document.id}", "en", own[:third] + (other * 3)[: 2 * third]))
    short = [replace(part(d, 0.6, chance), id=d.id) for d in en]
    left, right = profiles([*en, *short, *mixed]), profiles(zh)
    rarity = rarities(left, right)
    pairs = nearest(left, right)
    # A mixed article holds most of another one: only beside the one of which it has a third is it told what it is.
    pairs = [
        (i, j)
        for i, j in pairs
        if not left[i].id.startswith("mixed ") or left[i].id.removeprefix("mixed ") == right[j].id
    ]
    found = [evidence(left[i], right[j], rarity) for i, j in pairs]
    rows = np.array([[getattr(each, name) for name in NAMES] for each in found])
    truth = np.array([float(left[i].id == right[j].id) for i, j in pairs])
    mean, deviation = rows.mean(0), rows.std(0)
    inputs = np.column_stack([np.ones(len(rows)), (rows - mean) / deviation])
    penalty = np.array([0.0, *[2.0] * len(NAMES)])
    weights = fit_logistic(inputs, truth, penalty, np.zeros_like(penalty))
    scaled = weights[1:] / deviation
    constant = weights[0] - float(scaled @ mean)
    return f"{constant:.2f} " + " ".join(f"{name} {value:.2f}" for name, value in zip(NAMES, scaled, strict=True))


if __name__ == "__main__":
    main()
