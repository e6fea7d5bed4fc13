"""Alignment: which English sentences and which Chinese ones are translations of one another.

Beads of up to six sentences a side, in the order of both texts; every sentence of either text is in exactly one.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from corpus.align.features import RunVectors, Side, features, inside_quotations, scores, with_meaning
from corpus.align.meaning import embed, refine, run_vectors
from corpus.align.programme import MOST, Scores, Step, best_path, probabilities
from corpus.align.weights import WITH_MODEL, WITHOUT_MODEL
from corpus.document import Bead
from corpus.language import LINE_BREAKS
from corpus.script import simplified

__all__ = ["align", "align_rows", "align_workspace"]

Range = tuple[int, int]

# Longer texts are aligned window by window: memory grows with the product of their lengths.
_WINDOW = 300
# A bead is looked at closely, by the vectors of its very runs, where it is no less likely than this.
_DOUBT = 0.003
# How probable a bead must be to be worth its part in F1.
_PAYS = 0.4


def align(
    en_text: str,
    en_sentences: Sequence[Range],
    zh_text: str,
    zh_sentences: Sequence[Range],
    *,
    use_model: bool = True,
) -> tuple[Bead, ...]:
    """The sentence beads of two texts.

    By meaning (sentence embeddings), words, lengths, numbers, names, punctuation, paragraphs; without the model, or
    where it cannot be loaded, by all but the first. A sentence without a translation is in a bead with an empty other
    side, of score 0. The score of another is how probable it is that it is right, sentence for sentence, 0 to 1.

    >>> beads = align("Rents fell 3.5%. Wages rose.", [(0, 16), (17, 28)], "房租降了3.5%。工资涨了。", [(0, 10), (10, 15)])
    >>> [(bead.en, bead.zh) for bead in beads]
    [(((0, 16),), ((0, 10),)), (((17, 28),), ((10, 15),))]
    """
    en, zh = _side(en_text, en_sentences), _side(zh_text, zh_sentences)
    if not (any(en.starts[1:]) and any(zh.starts[1:])) or all(en.starts) or all(zh.starts):
        # Where one text is all one paragraph, or has one a sentence, paragraphs say nothing.
        en, zh = (side.without_paragraphs() for side in (en, zh))
    beads = []
    for step in _steps(en, zh, use_model):
        left = tuple(en_sentences[step.en : step.en + step.n_en])
        right = tuple(zh_sentences[step.zh : step.zh + step.n_zh])
        beads.append(Bead(left, right, step.score))
    return tuple(beads)


def _side(text: str, sentences: Sequence[Range]) -> Side:
    starts = [True] * bool(sentences)
    for (_, before), (after, _) in pairwise(sentences):
        starts.append(any(character in LINE_BREAKS for character in text[before:after]))
    texts = [text[start:end] for start, end in sentences]
    plain = simplified(text)
    return Side(texts, starts, inside_quotations(texts, starts), [plain[start:end] for start, end in sentences])


def _steps(en: Side, zh: Side, use_model: bool) -> list[Step]:
    """The whole path, window by window: of each window the first half is kept, the rest worked out again."""
    steps: list[Step] = []
    i = j = 0
    n, m = len(en.sentences), len(zh.sentences)
    single = embed([*en.sentences, *zh.sentences]) if use_model and n and m else None
    vectors = None
    if single is not None:
        vectors = run_vectors(en.sentences, single[:n], MOST), run_vectors(zh.sentences, single[n:], MOST)
    while i < n or j < m:
        end_i, end_j = min(i + _WINDOW, n), min(j + _WINDOW, m)
        found = _window(en.cut(i, end_i), zh.cut(j, end_j), _cut_vectors(vectors, i, end_i, j, end_j))
        whole = end_i == n and end_j == m
        for step in found if whole else found[: max(len(found) // 2, 1)]:
            steps.append(Step(step.en + i, step.n_en, step.zh + j, step.n_zh, step.score))
        i, j = steps[-1].en + steps[-1].n_en, steps[-1].zh + steps[-1].n_zh
    return steps


def _cut_vectors(
    vectors: tuple[RunVectors, RunVectors] | None, i: int, end_i: int, j: int, end_j: int
) -> tuple[RunVectors, RunVectors] | None:
    if vectors is None or i == end_i or j == end_j:
        return None
    en, zh = vectors
    return (
        [rows[i : end_i - size + 1] for size, rows in enumerate(en, 1) if end_i - i >= size],
        [rows[j : end_j - size + 1] for size, rows in enumerate(zh, 1) if end_j - j >= size],
    )


def _window(en: Side, zh: Side, vectors: tuple[RunVectors, RunVectors] | None) -> list[Step]:
    n, m = len(en.sentences), len(zh.sentences)
    if not n or not m:
        return [Step(i, 1, 0, 0, 0.0) for i in range(n)] + [Step(0, 0, j, 1, 0.0) for j in range(m)]
    found = features(en, zh)
    if not vectors:
        likely, _ = probabilities(scores(found, WITHOUT_MODEL))
    else:
        likely, _ = probabilities(scores(with_meaning(found, vectors), WITH_MODEL))
        # What may be more than one to one is looked at again with the vectors of the very runs.
        runs_en, runs_zh = _runs(likely)
        if runs_en or runs_zh:
            vectors = refine(vectors[0], en.sentences, " ", runs_en), refine(vectors[1], zh.sentences, "", runs_zh)
            likely, _ = probabilities(scores(with_meaning(found, vectors), WITH_MODEL))
    return [Step(s.en, s.n_en, s.zh, s.n_zh, _probability(likely, s)) for s in _surest(likely)]


def _surest(likely: Scores) -> list[Step]:
    """The path with the highest expected F1, about: a bead pays off where it is rather right than wrong."""
    return best_path(
        Scores(
            {shape: matrix - _PAYS for shape, matrix in likely.beads.items()},
            likely.alone_en - _PAYS,
            likely.alone_zh - _PAYS,
        )
    )


def _runs(likely: Scores) -> tuple[set[tuple[int, int]], set[tuple[int, int]]]:
    """The runs of more than one sentence, by size and first sentence, in beads that are not out of the question."""
    en: set[tuple[int, int]] = set()
    zh: set[tuple[int, int]] = set()
    for (a, b), matrix in likely.beads.items():
        for i, j in zip(*(matrix > _DOUBT).nonzero(), strict=True):
            if a > 1:
                en.add((a, int(i)))
            if b > 1:
                zh.add((b, int(j)))
    return en, zh


def _probability(likely: Scores, step: Step) -> float:
    if not step.n_en or not step.n_zh:
        return 0.0
    return round(float(likely.beads[step.n_en, step.n_zh][step.en, step.zh]), 4)


from corpus.align.pipe import align_rows  # noqa: E402  (it needs `align`)
from corpus.align.stage import align_workspace  # noqa: E402  (it needs `align`)
