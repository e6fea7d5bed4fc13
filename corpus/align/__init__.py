"""Alignment: which English sentences and which Chinese ones are translations of one another.

Beads of up to four sentences a side, in the order of both texts; every sentence of either text is in exactly one.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from itertools import pairwise

from corpus.align.meaning import embed, refine, run_vectors
from corpus.align.programme import (
    MOST,
    WITH_MODEL,
    WITHOUT_MODEL,
    Evidence,
    RunVectors,
    Side,
    Step,
    best_path,
    features,
    scores,
)
from corpus.document import Alignment, Bead, Document
from corpus.language import LINE_BREAKS
from corpus.report import Progress, Skipped, StageReport
from corpus.schema import ALIGNMENTS, SEGMENTS
from corpus.store import Workspace

__all__ = ["align", "align_rows", "align_workspace"]

Range = tuple[int, int]

_BATCH = 32
# Longer texts are aligned window by window: memory grows with the product of their lengths.
_WINDOW = 600


def align(
    en_text: str,
    en_sentences: Sequence[Range],
    zh_text: str,
    zh_sentences: Sequence[Range],
    *,
    use_model: bool = True,
) -> tuple[Bead, ...]:
    """The sentence beads of two texts.

    By meaning (sentence embeddings), lengths, numbers and names, paragraphs; without the model, or where
    it cannot be loaded, by all but the first. A sentence without a translation is in a bead with an empty other side,
    of score 0. Other scores say how much better it is to have the bead than to leave its sentences alone, 0 to 1.

    >>> beads = align("Rents fell 3.5%. Wages rose.", [(0, 16), (17, 28)], "房租降了3.5%。工资涨了。", [(0, 10), (10, 15)])
    >>> [(bead.en, bead.zh) for bead in beads]
    [(((0, 16),), ((0, 10),)), (((17, 28),), ((10, 15),))]
    """
    en, zh = _side(en_text, en_sentences), _side(zh_text, zh_sentences)
    if not (any(en.starts[1:]) and any(zh.starts[1:])) or all(en.starts) or all(zh.starts):
        # Where one text is all one paragraph, or has one a sentence, paragraphs say nothing.
        en, zh = (Side(side.sentences, [False] * len(side.sentences)) for side in (en, zh))
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
    return Side([text[start:end] for start, end in sentences], starts)


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
        found = _window(_cut(en, i, end_i), _cut(zh, j, end_j), _cut_vectors(vectors, i, end_i, j, end_j))
        whole = end_i == n and end_j == m
        for step in found if whole else found[: max(len(found) // 2, 1)]:
            steps.append(Step(step.en + i, step.n_en, step.zh + j, step.n_zh, step.score))
        i, j = steps[-1].en + steps[-1].n_en, steps[-1].zh + steps[-1].n_zh
    return steps


def _cut(side: Side, start: int, end: int) -> Side:
    return Side(side.sentences[start:end], side.starts[start:end])


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
    weights = WITH_MODEL if vectors else WITHOUT_MODEL
    found: Evidence = features(en, zh, vectors)
    path = best_path(scores(found, weights), n, m, weights.alone)
    if vectors:
        # What the path does beyond one to one is looked at again with the vectors of the very runs.
        doubtful_en, doubtful_zh = _doubtful(path, n, m)
        if any(doubtful_en) or any(doubtful_zh):
            exact = (
                refine(vectors[0], en.sentences, " ", doubtful_en),
                refine(vectors[1], zh.sentences, "", doubtful_zh),
            )
            found = features(en, zh, exact)
            path = best_path(scores(found, weights), n, m, weights.alone)
    return [Step(s.en, s.n_en, s.zh, s.n_zh, _confidence(s, weights.alone)) for s in path]


def _doubtful(path: Sequence[Step], n: int, m: int) -> tuple[list[bool], list[bool]]:
    """The sentences in beads that are not one to one, and in the beads on either side of these."""
    en, zh = [False] * n, [False] * m
    for at, step in enumerate(path):
        if (step.n_en, step.n_zh) != (1, 1):
            for near in path[max(at - 1, 0) : at + 2]:
                en[near.en : near.en + near.n_en] = [True] * near.n_en
                zh[near.zh : near.zh + near.n_zh] = [True] * near.n_zh
    return en, zh


def _confidence(step: Step, alone: float) -> float:
    if not step.n_en or not step.n_zh:
        return 0.0
    sentences = step.n_en + step.n_zh
    return round(1.0 / (1.0 + math.exp(-(step.score - alone * sentences) / sentences)), 4)


def align_workspace(workspace: Workspace, progress: Progress | None = None) -> StageReport:
    """Align each pair that has both its versions, is segmented, and is new or has changed; adds to the workspace.

    What is done is kept batch by batch: a run that is broken off goes on where it stopped.
    """
    began = time.monotonic()
    report = StageReport("align")
    with workspace.writing():
        pairs: dict[str, dict[str, Document]] = {}
        documents = [document for document in workspace.documents().values() if document.pair]
        for document in documents:
            # The first one in a language is the version of the pair; a second one stands alone.
            pairs.setdefault(document.pair, {}).setdefault(document.lang, document)
        both = {pair: versions for pair, versions in pairs.items() if len(versions) == 2}
        columns = ["pair", "en", "zh", "en_sha", "zh_sha"]
        done = {row["pair"]: tuple(row[c] for c in columns[1:]) for row in workspace.rows(ALIGNMENTS.name, columns)}
        todo = []
        for pair, versions in both.items():
            en, zh = versions["en"], versions["zh"]
            if done.get(pair) == (en.id, zh.id, en.sha, zh.sha):
                report.unchanged += 1
            else:
                todo.append((pair, en, zh))
        segments = workspace.read(SEGMENTS) if todo else {}
        batch: list[Alignment] = []
        beads = 0
        for count, (pair, en, zh) in enumerate(todo, 1):
            missing = [d.id for d in (en, zh) if d.id not in segments or segments[d.id].sha != d.sha]
            if missing:
                report.skipped.append(Skipped(pair, f"{missing[0]} is not segmented yet; run: hemu segment"))
            else:
                found = align(en.text, segments[en.id].sentences, zh.text, segments[zh.id].sentences)
                beads += len(found)
                batch.append(Alignment(pair, en.id, zh.id, en.sha, zh.sha, found))
            if len(batch) >= _BATCH or count == len(todo):
                report.done += workspace.append(ALIGNMENTS, batch)
                batch = []
            if progress:
                progress(count, len(todo))
    report.notes = {"beads": beads, "without_partner": len(documents) - 2 * len(both)}
    report.seconds = time.monotonic() - began
    return report


from corpus.align.pipe import align_rows  # noqa: E402  (it needs `align`)
