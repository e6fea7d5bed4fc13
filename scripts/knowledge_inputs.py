"""What the scripts that make the knowledge base read: its folder, its lists, and which names are also words."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent.parent / "corpus" / "data" / "knowledge"
INPUTS = FOLDER / "inputs"
Row = dict[str, str]


@cache
def converter(name: str) -> Any:
    import opencc

    return opencc.OpenCC(name)


def tsv(path: Path) -> Iterator[list[str]]:
    for line in path.read_text(encoding="utf-8").splitlines():
        if line:
            yield line.split("\t")


def rows(path: Path) -> Iterator[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


@cache
def everyday() -> dict[str, tuple[int, str]]:
    """Words of jieba's dictionary with their frequency and part of speech."""
    import jieba

    words: dict[str, tuple[int, str]] = {}
    for line in (Path(jieba.__file__).parent / "dict.txt").read_text(encoding="utf-8").splitlines():
        word, count, tag = line.split(" ")
        words[word] = (int(count), tag)
    return words


def common_word(name: str) -> bool:
    """Whether a Chinese name is also a word that is no place name."""
    if name in unsure_names("unsure_chinese.txt"):
        return True
    known = everyday().get(name)
    return known is not None and known[1] not in ("ns", "nz", "nt", "nsf")


def foreign_word(name: str) -> bool:
    """Whether the Chinese name of a foreign town is also a word; transliterated personal names do not count."""
    return common_word(name) and everyday().get(name, (0, ""))[1] not in ("nr", "nrt", "nrfg")


@cache
def general_names() -> frozenset[str]:
    """Every name, in either language, that a file written by hand already has."""
    names: set[str] = set()
    for path in FOLDER.glob("general_*.csv"):
        for row in csv.DictReader(line for line in path.open(encoding="utf-8") if not line.startswith("#")):
            for column in ("en", "en_aliases", "zh", "zh_aliases"):
                names.update(name.strip("?") for name in (row.get(column) or "").split("|"))
    return frozenset(names)


def other_names(file: str) -> frozenset[str]:
    with (FOLDER / file).open(encoding="utf-8") as lines:
        rows = csv.DictReader(line for line in lines if not line.startswith("#"))
        return frozenset(
            name.strip("?")
            for row in rows
            for column in ("en", "en_aliases", "zh", "zh_aliases")
            for name in row[column].split("|")
        )


@cache
def unsure_names(file: str) -> frozenset[str]:
    """The names in a list of ambiguous ones, unsure_english.txt or unsure_chinese.txt, in the folder of inputs."""
    lines = (INPUTS / file).read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


def unsure_english(name: str) -> bool:
    return len(name) < 4 or name.lower() in unsure_names("unsure_english.txt")


def marked(name: str) -> str:
    """A foreign Chinese name, with a question mark where it is short or also a word."""
    return ("?" if len(name) < 3 or foreign_word(name) else "") + name
