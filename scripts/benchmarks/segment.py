"""Chinese against jieba.cut, English against the same spaCy components in nlp.pipe, and two processes against one."""

from __future__ import annotations

import argparse
import importlib.util
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.bare import spacy_model
from benchmarks.measuring import Result, by_turns, comparison, one_core
from benchmarks.texts import articles
from corpus.document import Document

Reader = Callable[[list[Document]], None]


def run(options: argparse.Namespace) -> list[Result]:
    chinese = articles("zh", options.size)
    english = articles("en", options.size)

    def compared(name: str, documents: list[Document], ours: Reader, theirs: Reader, against: str) -> Result:
        best = by_turns(ours, theirs, lambda: documents, options.rounds)
        return comparison(name, sum(len(document.text) for document in documents), *best, against)

    results: list[Result] = []
    with one_core():
        results.append(compared("Chinese: sentences and words", chinese, hemu(), bare_jieba(), "jieba.cut"))
        if importlib.util.find_spec("rjieba"):
            results.append(compared("Chinese by rjieba", chinese, hemu("rjieba"), bare_jieba(), "jieba.cut"))
        results.append(compared("English: sentences, words, tags", english, hemu(), bare_spacy(), "nlp.pipe"))
    results.append(two_processes(chinese, english, options))
    return results


def hemu(chinese: str = "jieba") -> Reader:
    """What a worker of `segment_workspace` does, rows and all."""
    from corpus.segment.cutting import Method
    from corpus.segment.stage import segment_batch

    method = Method(chinese=chinese)

    def read(documents: list[Document]) -> None:
        segment_batch((method, documents))

    return read


def bare_jieba() -> Reader:
    from corpus.segment.chinese import _tokenizer

    tokenizer = _tokenizer()

    def read(documents: list[Document]) -> None:
        for document in documents:
            for _ in tokenizer.cut(document.text):
                pass

    return read


def bare_spacy() -> Reader:
    nlp = spacy_model(["ner", "lemmatizer", "senter"])

    def read(documents: list[Document]) -> None:
        for _ in nlp.pipe(document.text for document in documents):
            pass

    return read


def two_processes(chinese: list[Document], english: list[Document], options: argparse.Namespace) -> Result:
    """`segment_workspace` with one process and with two, by turns, from an empty table of segments each time."""
    from corpus.schema import DOCUMENTS
    from corpus.segment import segment_workspace
    from corpus.store import Workspace

    documents = [document for pair in zip(chinese, english, strict=False) for document in pair]
    copies = [
        Document(f"{i}-{d.id}", f"{i}-{d.pair}", d.lang, d.text) for i in range(options.copies) for d in documents
    ]
    best = {1: float("inf"), 2: float("inf")}
    for _ in range(max(1, options.rounds - 1)):
        for workers in best:
            with tempfile.TemporaryDirectory() as folder:
                space = Workspace.create(Path(folder) / "w")
                space.append(DOCUMENTS, copies)
                began = time.perf_counter()
                segment_workspace(space, workers=workers)
                best[workers] = min(best[workers], time.perf_counter() - began)
    characters = sum(len(document.text) for document in copies)
    return comparison(f"segment_workspace, {len(copies)} documents", characters, best[2], best[1], "one process")
