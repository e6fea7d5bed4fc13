"""The whole pre-annotation against the models under it alone: all of spaCy's components on the English texts, LAC on the
Chinese sentences."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial

from benchmarks.bare import lac_model, spacy_model
from benchmarks.measuring import Result, by_turns, comparison, one_core
from benchmarks.texts import Groups, Versions, length

WAYS = (("pairs", True, False), ("single documents", False, False), ("--fast", True, True))
"""What it is called, whether the versions of an article are read together, and whether without models."""


def run(options: argparse.Namespace) -> list[Result]:
    results: list[Result] = []
    with one_core():
        bare = bare_models()
        for name, together, fast in WAYS:
            some = partial(Versions().of_size, options.size // 2)
            best = by_turns(hemu(together, fast), bare, some, options.rounds)
            results.append(comparison(f"annotate, {name}", length(some()), *best, "spaCy and LAC"))
    return results


def hemu(together: bool, fast: bool) -> Callable[[Groups], None]:
    from annotators.pipeline import load
    from annotators.registry import DEFAULT

    pipeline = load(DEFAULT, fast)

    def read(groups: Groups) -> None:
        for group in groups:
            for documents in [group] if together else [[document] for document in group]:
                pipeline.annotate(pipeline.segmented(documents))

    return read


def bare_models() -> Callable[[Groups], None]:
    from corpus.segment.sentences import chinese_sentences

    nlp, model = spacy_model(), lac_model()

    def read(groups: Groups) -> None:
        documents = [document for group in groups for document in group]
        for _ in nlp.pipe(document.text for document in documents if document.lang == "en"):
            pass
        for document in documents:
            if document.lang == "zh":
                for start, end in chinese_sentences(document.text):
                    model.run(document.text[start:end])

    return read
