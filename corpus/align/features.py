"""What speaks for and against each bead, as matrices over the first English and the first Chinese sentence."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from corpus.align.evidence import keys, length
from corpus.align.lexicon import chinese_words, english_words, glosses, sounds, spread
from corpus.align.meaning import Vectors
from corpus.align.programme import SHAPES, Matrix, Scores, Shape

RunVectors = list[Vectors]
"""For runs of one, two, ... sentences, a row for each run by its first sentence."""


@dataclass(frozen=True, slots=True)
class Side:
    """One text to be aligned: its sentences; for each whether a paragraph begins with it, whether it begins inside a
    quotation, and how it reads where evidence is looked for (Simplified)."""

    sentences: Sequence[str]
    starts: Sequence[bool]
    inside: Sequence[bool]
    plain: Sequence[str]

    def cut(self, start: int, end: int) -> Side:
        """The sentences from `start` to `end`."""
        return Side(*(values[start:end] for values in (self.sentences, self.starts, self.inside, self.plain)))  # type: ignore[arg-type]

    def without_paragraphs(self) -> Side:
        """The same text as one paragraph."""
        return replace(self, starts=[False] * len(self.starts))


@dataclass(frozen=True, slots=True)
class Features:
    """The evidence on two texts, by names that corpus/align/weights.py has too."""

    beads: dict[Shape, dict[str, Matrix]]
    """For each shape of a bead."""
    alone: dict[str, tuple[Matrix, Matrix]]
    """For leaving alone each English sentence, and each Chinese one."""


def features(en: Side, zh: Side) -> Features:
    """The evidence on two texts, all but that of their meaning."""
    shapes = [s for s in SHAPES if s[0] <= len(en.sentences) and s[1] <= len(zh.sentences)]
    n, m = len(en.sentences), len(zh.sentences)
    lengths_en = np.array([length(s, "en") for s in en.sentences])
    lengths_zh = np.array([length(s, "zh") for s in zh.sentences])
    # The ratio of this pair, drawn towards the usual one by some hundred characters' worth.
    ratio = (lengths_zh.sum() + 150) / (lengths_en.sum() + 150)
    keys_en, keys_zh = _key_matrices(en.plain, zh.plain)
    marks_en, marks_zh = (np.array([_marks(s) for s in side.plain], float).reshape(-1, 2) for side in (en, zh))
    words = _words(en, zh)
    runs_en, runs_zh = (
        {size: _run(side, lengths, keys, marks, size) for size in sizes}
        for side, lengths, keys, marks, sizes in (
            (en, lengths_en, keys_en, marks_en, {a for a, _ in shapes}),
            (zh, lengths_zh, keys_zh, marks_zh, {b for _, b in shapes}),
        )
    )
    found = {}
    for a, b in shapes:
        one, other = runs_en[a], runs_zh[b]
        expected, actual = one.length[:, None] * ratio + 3, other.length[None, :] + 3
        # Short texts vary more.
        spread_ = 0.22 + 1.2 / np.sqrt(expected + actual)
        off = np.minimum((np.log(actual / expected) / spread_) ** 2, 16.0)
        shared = one.has @ other.has.T
        missing = one.firms[:, None] - one.firm @ other.has.T + other.firms[None, :] - one.has @ other.firm.T
        size = np.ones_like(shared)
        evidence = {
            "length": -off,
            "shared": np.minimum(shared, 4.0),
            "missing": -np.minimum(missing, 4.0),
            "words_en": words[0][a, b],
            "words_zh": words[1][a, b],
            "speech": -np.abs(one.inside[:, None] - other.inside),
            "paragraph": np.outer(one.starts, other.starts),
            "paragraph_inner": -(one.inner[:, None] + other.inner[None, :]),
            "pair": size * ((a, b) == (1, 1)),
            "extra_en": -size * (a - 1),
            "extra_zh": -size * (b - 1),
            "both": -size * (a > 1 and b > 1),
            "many": -size * max(max(a, b) - 3, 0),
        }
        for number, name in enumerate(("question", "exclamation")):
            evidence[name] = -np.minimum(np.abs(one.marks[:, number, None] - other.marks[None, :, number]), 2.0)
        found[a, b] = evidence
    alone = {
        "alone_en": (np.ones(n), np.zeros(m)),
        "alone_zh": (np.zeros(n), np.ones(m)),
        "alone_length": (np.log1p(lengths_en), np.log1p(lengths_zh)),
    }
    return Features(found, alone)


class _Run(NamedTuple):
    """Of all runs of so many sentences in a text, in order: lengths; which keys each has, which of them firmly, and how many
    of those; question and exclamation marks; whether a paragraph begins with it, how many begin inside it, and
    whether it begins inside a quotation."""

    length: Matrix
    has: Matrix
    firm: Matrix
    firms: Matrix
    marks: Matrix
    starts: Matrix
    inner: Matrix
    inside: Matrix


def _run(side: Side, lengths: Matrix, keys: tuple[Matrix, Matrix], marks: Matrix, size: int) -> _Run:
    has, firm = (_any(matrix, size) for matrix in keys)
    starts, inside = (np.array(values[: len(has)], float) for values in (side.starts, side.inside))
    inner = _inner(side.starts, size)
    return _Run(windows(lengths, size), has, firm, firm.sum(1), windows(marks, size), starts, inner, inside)


def with_meaning(found: Features, vectors: tuple[RunVectors, RunVectors]) -> Features:
    """The evidence with that of meaning, by the vectors of runs."""
    alike = likeness(*vectors, found.beads)
    beads = {
        (a, b): {
            **evidence,
            "meaning": alike[a, b] * (a + b),
            "meaning_once": alike[a, b],
            "meaning_weakest": _weakest(alike, a, b),
        }
        for (a, b), evidence in found.beads.items()
    }
    single = alike[1, 1]
    return Features(beads, {**found.alone, "alone_like": (single.max(1), single.max(0))})


def scores(found: Features, weights: Mapping[str, float]) -> Scores:
    """The total of the evidence for each bead of each shape, and for leaving each sentence alone."""
    beads = {shape: _total(evidence, weights) for shape, evidence in found.beads.items()}
    alone_en, alone_zh = (
        _total({name: values[side] for name, values in found.alone.items()}, weights) for side in (0, 1)
    )
    return Scores(beads, alone_en, alone_zh)


def _total(evidence: Mapping[str, Matrix], weights: Mapping[str, float]) -> Matrix:
    weighed = (weights.get(name, 0.0) * values for name, values in evidence.items())
    total = next(weighed)
    for values in weighed:
        total += values
    return total


def likeness(by_en: RunVectors, by_zh: RunVectors, shapes: Iterable[Shape]) -> dict[Shape, Matrix]:
    """How alike runs are in meaning: 0 for texts that have nothing to do with one another, towards 1 for translations.

    As in Vecalign (Thompson and Koehn, 2019), against how alike each is to the other text at large.
    """
    # A short text says little of what is usual, so some of the usual is mixed in.
    usual, weight = 0.85, 4.0

    def at_large(spans: Vectors, others: Vectors) -> Matrix:
        far: Matrix = 1.0 - spans.astype(float) @ others.T.astype(float)
        mean: Matrix = (far.sum(1) + usual * weight) / (len(others) + weight)
        return mean

    far_en = [at_large(spans, by_zh[0]) for spans in by_en]
    far_zh = [at_large(spans, by_en[0]) for spans in by_zh]
    found = {}
    for a, b in shapes:
        distance = 1.0 - by_en[a - 1].astype(float) @ by_zh[b - 1].T.astype(float)
        found[a, b] = 1.0 - 2.0 * distance / (far_en[a - 1][:, None] + far_zh[b - 1][None, :])
    return found


def _weakest(alike: Mapping[Shape, Matrix], a: int, b: int) -> Matrix:
    """The likeness of that sentence in a bead which is least like the whole of the other side."""
    n, m = alike[a, b].shape
    ones_en = [alike[1, b][k : k + n, :m] for k in range(a)] if (1, b) in alike else []
    ones_zh = [alike[a, 1][:n, k : k + m] for k in range(b)] if (a, 1) in alike else []
    weakest: Matrix = np.minimum.reduce([*ones_en, *ones_zh]) if ones_en or ones_zh else alike[a, b]
    return weakest


# --- words that translate one another -------------------------------------------------------------------------


def _words(en: Side, zh: Side) -> tuple[dict[Shape, Matrix], dict[Shape, Matrix]]:
    """For each shape, how much likelier the other side makes the words of a bead: for English and for Chinese words.

    After the first model of Brown and others (1993): a word comes from any word of the other side, each as likely.
    """
    from_en, from_zh, table = _tables(en, zh)
    by_zh, by_en = _gain(table, from_en, from_zh), _gain(table.T, from_zh, from_en)
    return by_zh, {(a, b): matrix.T for (b, a), matrix in by_en.items()}


_TRUST = 0.5
"""How likely a word has its translation on the other side, and the dictionary has it."""

_RAREST = 0.002
"""No word is taken to be rarer: texts are short."""


def _gain(table: Matrix, these: Matrix, others: Matrix) -> dict[Shape, Matrix]:
    """`table`: how likely each word (row) is a translation of each of the other side; `these`, `others`: a row a
    sentence, how often it has each word."""
    usual = (these.sum(0) + 0.5) / max(these.sum() + 0.5 * these.shape[1], 1.0)
    usual = np.maximum(usual, _RAREST)[:, None]
    sums = table @ others.T
    sizes = others.sum(1)
    found = {}
    n, m = len(these), len(others)
    for b in {shape[1] for shape in SHAPES} | {shape[0] for shape in SHAPES}:
        if b > m:
            continue
        likely = windows(sums, b, axis=1) / np.maximum(windows(sizes, b), 1.0)
        gain = these @ np.log1p(_TRUST / (1 - _TRUST) * likely / usual)
        for a in {s[0] for s in SHAPES if s[1] == b} | {s[1] for s in SHAPES if s[0] == b}:
            if a <= n:
                found[a, b] = windows(gain, a)
    return found


def _tables(en: Side, zh: Side) -> tuple[Matrix, Matrix, Matrix]:
    words_en, words_zh = [english_words(s) for s in en.plain], [chinese_words(s) for s in zh.plain]
    capital = {w for s in en.plain for w in _CAPITAL.findall(s)}
    heard: dict[str, set[str]] = {}
    for name, characters in sounds(capital, zh.plain):
        heard.setdefault(characters, set()).add(name)
    for sentence, words in zip(zh.plain, words_zh, strict=True):
        words += [name for name in heard if name not in words for _ in range(sentence.count(name))]
    present_en = {w for s in words_en for w in s}
    links = {
        word: [
            (w, weight)
            for w, weight in (*glosses(word).items(), *((n, 0.0) for n in heard.get(word, ())))
            if w in present_en
        ]
        for word in sorted({w for s in words_zh for w in s})
    }
    # Words that nothing on the other side can stand for count together; so do those beyond what any text needs.
    linked_zh = [word for word, found in links.items() if found][:_MOST_WORDS]
    linked_en = sorted({w for word in linked_zh for w, _ in links[word]})[:_MOST_WORDS]
    column_en, column_zh = ({w: k for k, w in enumerate(linked)} for linked in (linked_en, linked_zh))
    table = np.zeros((len(column_en) + 1, len(column_zh) + 1))
    common = spread()
    for word, k in column_zh.items():
        for found, weight in links[word]:
            if found in column_en:
                # A word that many words can be translated with says little.
                likely = weight / (1 + common[found] / 300) if weight else _SOUNDS
                table[column_en[found], k] = max(table[column_en[found], k], likely)
    return _counts(words_en, column_en), _counts(words_zh, column_zh), table


_MOST_WORDS = 4000
_SOUNDS = 0.5
"""How likely a word that sounds like a name is that name."""
_CAPITAL = re.compile(r"\b[A-Z][a-z]+")


def _counts(sentences: Sequence[Sequence[str]], column: Mapping[str, int]) -> Matrix:
    filled = np.zeros((len(sentences), len(column) + 1))
    for row, words in enumerate(sentences):
        for word, count in Counter(words).items():
            filled[row, column.get(word, -1)] += count
    return filled


# --- marks, numbers and names ---------------------------------------------------------------------------------


def _marks(sentence: str) -> tuple[int, int]:
    """How many question marks and exclamation marks, each run as one."""
    return len(_QUESTION.findall(sentence)), len(_EXCLAMATION.findall(sentence))


_QUESTION = re.compile(r"[?？]+")
_EXCLAMATION = re.compile(r"[!！]+")


def _key_matrices(en: Sequence[str], zh: Sequence[str]) -> tuple[tuple[Matrix, Matrix], tuple[Matrix, Matrix]]:
    """For both sides (all keys, firm keys): a row a sentence, a column a key that both sides have or one has firmly."""
    found_en, found_zh = [keys(s, "en") for s in en], [keys(s, "zh") for s in zh]
    all_en = {key for k in found_en for key in k.firm | k.soft}
    all_zh = {key for k in found_zh for key in k.firm | k.soft}
    wanted = (all_en & all_zh) | {key for k in (*found_en, *found_zh) for key in k.firm}
    column = {key: i for i, key in enumerate(sorted(wanted))}

    def matrix(rows: Sequence[Iterable[str]]) -> Matrix:
        filled = np.zeros((len(rows), len(column)))
        for i, row in enumerate(rows):
            for key in row:
                if key in column:
                    filled[i, column[key]] = 1.0
        return filled

    return (
        (matrix([k.firm | k.soft for k in found_en]), matrix([k.firm for k in found_en])),
        (matrix([k.firm | k.soft for k in found_zh]), matrix([k.firm for k in found_zh])),
    )


def windows(values: Matrix, size: int, axis: int = 0) -> Matrix:
    """The sums of each `size` neighbours along an axis, the first or the second."""
    count = values.shape[axis] - size + 1
    places = [slice(i, i + count) for i in range(size)]
    slices = [values[:, place] if axis else values[place] for place in places]
    summed = slices[0]
    for other in slices[1:]:
        summed = summed + other
    return summed


def _any(rows: Matrix, size: int) -> Matrix:
    highest: Matrix = np.max([rows[i : len(rows) - size + 1 + i] for i in range(size)], axis=0)
    return highest


def _inner(starts: Sequence[bool], size: int) -> Matrix:
    inner: Matrix = np.zeros(len(starts) - size + 1)
    for i in range(1, size):
        inner += np.array(starts[i : len(starts) - size + 1 + i], float)
    return inner


_OPENING, _CLOSING = "“「『", "”」』"


def inside_quotations(sentences: Sequence[str], starts: Sequence[bool]) -> list[bool]:
    """For each sentence, whether it begins inside a quotation. A quotation that is not closed ends after a while."""
    found, depth, since = [], 0, 0
    for sentence, begins in zip(sentences, starts, strict=True):
        if begins or since > 12:
            depth = 0
        found.append(depth > 0)
        for character in sentence:
            if character in _OPENING:
                depth, since = 1, 0
            elif character in _CLOSING:
                depth = 0
            elif character == '"':
                depth, since = 1 - depth, 0
        since += 1
    return found
