"""Agreement of hemu's segmentation with gold: words of Chinese, and sentences of English.

    python scripts/measure_segmentation.py FOLDER

FOLDER is searched for word gold in the form of the bakeoff icwb2 (`*.utf8`, words set off by blanks) and for CoNLL-U
or IOB2 files (`*.conllu`, `*.iob2`; a `# text` a sentence, the word in the second column). A file is taken as English
where its text is; its sentences are joined with a blank, document by document, and cut again. Traditional gold is cut as
Simplified. Nothing is changed or written.
"""

from __future__ import annotations

import argparse
import importlib.util
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from corpus.language import detect_language
from corpus.segment import chinese, segment_text

Ranges = list[tuple[int, int]]


@dataclass(frozen=True)
class Line:
    """A sentence with its gold words, and the offsets of the names in it, where the gold has any."""

    text: str
    words: Ranges
    names: Ranges
    document: str = ""


@dataclass(frozen=True)
class Score:
    """Correct, found and gold, and what follows from them."""

    correct: int
    found: int
    gold: int

    def __str__(self) -> str:
        p, r = self.correct / max(self.found, 1), self.correct / max(self.gold, 1)
        return f"{100 * p:5.1f} {100 * r:5.1f} {200 * p * r / max(p + r, 1e-9):5.1f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--lines", type=int, default=4000, help="at most so many lines a file, drawn at random (4000)")
    parser.add_argument("--words", type=Path, help="a list of words that hemu is to hold together, one a line")
    args = parser.parse_args()
    files = [p for p in sorted(args.folder.rglob("*")) if p.suffix in (".utf8", ".conllu", ".iob2")]
    if not files:
        parser.error(f"{args.folder}: holds no *.utf8, *.conllu or *.iob2")
    for path in files:
        lines = list(read(path))
        if not lines:
            continue
        if detect_language("".join(line.text for line in lines[:50])) == "en":
            print_sentences(path, lines)
        else:
            random.Random(0).shuffle(lines)
            print_words(path, lines[: args.lines], methods(args.words))


def read(path: Path) -> Iterator[Line]:
    """The lines of a gold file."""
    if path.suffix == ".utf8":
        for row in path.read_text(encoding="utf-8").splitlines():
            if words := row.split():
                yield line_of("".join(words), words, [])
        return
    text, words, tags, document = "", [], [], ""
    for row in [*path.read_text(encoding="utf-8").splitlines(), ""]:
        if row.startswith("# text = "):
            text = row.removeprefix("# text = ")
        elif row.startswith("# newdoc"):
            document = row
        elif row and row[0].isdigit():
            columns = row.split("\t")
            if columns[0].isdigit():
                words.append(columns[1])
                tags.append(columns[2] if path.suffix == ".iob2" else "O")
        elif not row and words:
            yield line_of(text or "".join(words), words, tags, document)
            text, words, tags = "", [], []


def line_of(text: str, words: Sequence[str], tags: Sequence[str], document: str = "") -> Line:
    """A line whose words are found in its text in order; blanks between them do not matter."""
    ranges: Ranges = []
    at = 0
    for word in words:
        start = text.find(word, at)
        if start < 0:
            return Line(text, [], [], document)
        at = start + len(word)
        ranges.append((start, at))
    names: Ranges = []
    for (start, end), tag in zip(ranges, tags, strict=False):
        if tag[0] == "B":
            names.append((start, end))
        elif tag[0] == "I" and names:
            names[-1] = (names[-1][0], end)
    return Line(text, ranges, names, document)


def methods(path: Path | None) -> dict[str, Callable[[str], Ranges]]:
    """The ways of cutting that are compared."""
    from corpus.segment.words import read_words

    extra = read_words(path) if path else frozenset()
    tokenizer = chinese._tokenizer()

    def bare(text: str) -> Ranges:
        found, at = [], 0
        for word in tokenizer.cut(text):
            found.append((at, at + len(word)))
            at += len(word)
        return found

    compared: dict[str, Callable[[str], Ranges]] = {
        "jieba": bare,
        "hemu, no names": lambda text: chinese.bounds(text, gazetteer=False),
        "hemu": lambda text: chinese.bounds(text, extra),
    }
    if importlib.util.find_spec("rjieba"):
        compared["hemu, rjieba"] = lambda text: chinese.bounds(text, extra, "rjieba")
    return compared


def print_words(path: Path, lines: Sequence[Line], ways: dict[str, Callable[[str], Ranges]]) -> None:
    print(f"\n{path.name}: {len(lines)} lines, {sum(len(line.text) for line in lines)} characters")
    names = sum(len(line.names) for line in lines)
    print(f"  {'':16} words: P     R     F   boundaries: P   R     F  " + ("  names whole  edges cut" if names else ""))
    for name, cut in ways.items():
        found = [cut(line.text) for line in lines]
        words = score((set(a), set(line.words)) for a, line in zip(found, lines, strict=True))
        edges = score((edges_of(a), edges_of(line.words)) for a, line in zip(found, lines, strict=True))
        row = f"  {name:16} {words}        {edges}"
        if names:
            whole = sum(len(set(a) & set(line.names)) for a, line in zip(found, lines, strict=True))
            crossed = sum(
                not (s in starts and e in ends)
                for a, line in zip(found, lines, strict=True)
                for starts, ends in [({s for s, _ in a}, {e for _, e in a})]
                for s, e in line.names
            )
            row += f"    {100 * whole / names:5.1f}  {100 * crossed / names:5.1f}"
        print(row)


def edges_of(ranges: Ranges) -> set[int]:
    return {end for _, end in ranges[:-1]}


def score(pairs: Iterable[tuple[set[Any], set[Any]]]) -> Score:
    correct = found = gold = 0
    for a, b in pairs:
        correct, found, gold = correct + len(a & b), found + len(a), gold + len(b)
    return Score(correct, found, gold)


def print_sentences(path: Path, lines: Sequence[Line]) -> None:
    documents: dict[str, list[str]] = {}
    for line in lines:
        documents.setdefault(line.document, []).append(line.text)
    pairs: list[tuple[set[int], set[int]]] = []
    for sentences in documents.values():
        text = " ".join(sentences)
        ends, at = set(), -1
        for sentence in sentences:
            at += 1 + len(sentence)
            ends.add(at)
        found = {end for _, end in segment_text(text, "en")[0]}
        pairs.append((found - {len(text)}, ends - {len(text)}))
    print(f"\n{path.name}: {len(lines)} sentences of {len(documents)} documents; sentence ends P R F: {score(pairs)}")


if __name__ == "__main__":
    main()
