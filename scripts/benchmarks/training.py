"""Training against `spacy train`: the same examples, configuration, batches and number of updates; words a second.

Both from the annotated texts (hemu) or the DocBin of them (spaCy) to the last update, its one evaluation of one
document taken off. The Chinese model is without the component that reads words, which spaCy would run in each update.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks.measuring import Result, one_core
from benchmarks.texts import articles
from corpus.document import LANGUAGES, Document, Lang

Gold = list[tuple[Document, Any]]


def run(options: argparse.Namespace) -> list[Result]:
    from thinc.api import Config

    results: list[Result] = []
    for lang in LANGUAGES:
        extra = {"nlp.pipeline": ["ner"], "training.annotating_components": []} if lang == "zh" else {}
        with tempfile.TemporaryDirectory() as name, one_core():
            folder = Path(name)
            gold = marked(articles(lang, options.size // 3))
            config = training_files(gold, lang, folder, options.steps, extra)
            best: dict[str, float] = {}
            words: dict[str, int] = {}
            for _ in range(max(2, options.rounds // 2)):
                for who, run in (("hemu", hemu_train), ("spacy", spacy_train)):
                    seconds, words[who] = run(gold, lang, folder, Config().from_disk(config), extra, options.steps)
                    best[who] = min(best.get(who, float("inf")), seconds)
            rates = {who: words[who] / seconds for who, seconds in best.items()}
            results.append(
                {
                    "name": f"training, {'English' if lang == 'en' else 'Chinese'}, {options.steps} updates",
                    "words": words["hemu"],
                    "hemu": round(rates["hemu"]),
                    "against": "spacy train",
                    "bare": round(rates["spacy"]),
                    "ratio": round(rates["hemu"] / rates["spacy"], 3),
                    "unit": "words",
                }
            )
    return results


def marked(documents: list[Document]) -> Gold:
    """The documents with what the rules find in them, as gold."""
    from annotators.pipeline import Pipeline
    from annotators.registry import DEFAULT
    from corpus.document import Layer

    pipeline = Pipeline(DEFAULT, fast=True)
    items = [pipeline.annotate(pipeline.segmented([document])).group.items[0] for document in documents]
    return [(i.document, Layer(i.document.id, i.document.sha, "gold", "", i.entities)) for i in items]


def training_files(gold: Gold, lang: str, folder: Path, steps: int, extra: dict[str, Any]) -> Path:
    """The examples as DocBin, one document to evaluate by, and hemu's configuration as `spacy train` takes it."""
    from spacy.tokens import DocBin

    from models.config import make_pipeline, read_recipe
    from models.examples import make_examples, write_docbin

    recipe = read_recipe(lang, extra)
    nlp, _ = make_pipeline(recipe)
    made = make_examples(nlp, gold, size=recipe.settings["stretch"])
    write_docbin(made, folder / "train.spacy")
    DocBin(docs=[made.examples[0].reference]).to_disk(folder / "dev.spacy")
    if recipe.settings["general_english"]:
        # What hemu begins with: the vectors of the general model.
        from corpus.segment.english import pipeline

        nlp.vocab.vectors = pipeline().vocab.vectors
        nlp.to_disk(folder / "vectors")
    config = recipe.config.copy()
    config["paths"].update(train=str(folder / "train.spacy"), dev=str(folder / "dev.spacy"))
    if "vectors" in config["paths"]:
        config["paths"]["vectors"] = str(folder / "vectors")
    batcher = {"@batchers": "spacy.batch_by_sequence.v1", "size": recipe.settings["batch"], "get_length": None}
    # spaCy counts updates from 0, and makes one more than it is told.
    config["training"].update(batcher=batcher, max_steps=steps - 1, eval_frequency=10 * steps, patience=0)
    config.to_disk(folder / "config.cfg")
    return folder / "config.cfg"


def hemu_train(
    gold: Gold, lang: Lang, folder: Path, config: Any, extra: dict[str, Any], steps: int
) -> tuple[float, int]:
    """Processor seconds from the annotated texts to the last update, and the words of all updates."""
    from corpus.scheme import load_scheme
    from models.config import read_recipe
    from models.train import train_on

    recipe, began, ended = read_recipe(lang, extra), time.process_time(), 0.0

    def note(done: int, total: int | None) -> None:
        nonlocal ended
        ended = time.process_time()

    result = train_on(gold, lang, out=folder / "m", scheme=load_scheme(), recipe=recipe, max_steps=steps, progress=note)
    return ended - began, result.words


def spacy_train(
    gold: Gold, lang: Lang, folder: Path, config: Any, extra: dict[str, Any], steps: int
) -> tuple[float, int]:
    """The same of the loop behind `spacy train`, with its setting up, but without evaluation."""
    from spacy.training import loop
    from spacy.training.initialize import init_nlp

    began, spent, ended, words = time.process_time(), 0.0, 0.0, 0
    evaluation, iterate = loop.create_evaluation_callback, loop.train_while_improving

    def timed(*arguments: Any) -> Callable[[], Any]:
        evaluate = evaluation(*arguments)

        def run() -> Any:
            nonlocal spent
            start = time.process_time()
            found = evaluate()
            spent += time.process_time() - start
            return found

        return run

    def counted(*arguments: Any, **options: Any) -> Iterator[Any]:
        nonlocal ended, words
        for step in iterate(*arguments, **options):
            ended, words = time.process_time(), step[1]["words"]
            yield step

    (folder / "spacy").mkdir(exist_ok=True)
    loop.create_evaluation_callback, loop.train_while_improving = timed, counted
    try:
        with Path(os.devnull).open("w") as nowhere:
            loop.train(init_nlp(config), folder / "spacy", stdout=nowhere, stderr=nowhere)
    finally:
        loop.create_evaluation_callback, loop.train_while_improving = evaluation, iterate
    return ended - began - spent, words
