"""Commands over corpora of several sizes: what they take by the clock, of processor time and of memory, and how much of it
for a document, which stays the same where cost grows no faster than the corpus. In that of a small corpus the start of
the processes, with their models, weighs more.

`find` looks for a word that is in many of the articles and writes every hit; `network` is that of made-up claims, one in
each paragraph, that are put into the workspace after the pre-annotation, for without the models there are none.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measuring import HEMU, Result, command
from benchmarks.texts import write_articles
from corpus.document import Claim, Document, Layer, Span
from corpus.engine import batches
from corpus.schema import DOCUMENTS, GOLD
from corpus.store import CONFIG, Workspace

SIZES = (1_000, 20_000)
LENGTH = (3, 6)
"""The fewest and the most paragraphs of an article: some 15 sentences."""

STAGES: dict[str, tuple[str, ...]] = {
    "ingest": ("ingest",),
    "dedupe": ("dedupe",),
    "segment": ("segment",),
    "align": ("align",),
    "annotate --fast": ("annotate", "--fast"),
    "find": ("find", "government"),
    "network": ("network", "--gold"),
    "report": ("report",),
}
"""The commands by name, in the order in which they are run."""
ARTICLES = "articles.jsonl"


def run(options: argparse.Namespace) -> Iterator[Result]:
    if unknown := set(options.stages or ()) - STAGES.keys():
        raise SystemExit(f"bench: no such stage: {', '.join(sorted(unknown))}; there are {', '.join(STAGES)}")
    low, high = options.paragraphs or LENGTH
    for number in options.documents or SIZES:
        yield from _run(number, (low, high), options)


def _run(number: int, paragraphs: tuple[int, int], options: argparse.Namespace) -> Iterator[Result]:
    with tempfile.TemporaryDirectory() as folder:
        space = Path(folder) / "w"
        write_articles(Path(folder) / ARTICLES, number, paragraphs)
        command([*HEMU, "init", str(space)])
        if not options.embed:
            config = space / CONFIG
            config.write_text(config.read_text("utf-8").replace("encoder = true", "encoder = false"), "utf-8")
        for stage, line in STAGES.items():
            if options.stages and stage not in options.stages:
                continue
            if stage == "network":
                make_claims(Workspace.open(space))
            cost = command([*HEMU, *line, "-w", str(space), *_given(line[0], Path(folder), options.workers)])
            yield {
                **cost.row(f"{stage}, {number} documents"),
                "documents a second": round(number / cost.seconds, 1),
                "processor ms a document": round(1000 * cost.processor / number, 2),
            }


def _given(name: str, folder: Path, workers: int) -> list[str]:
    """What else a command is given."""
    if name == "ingest":
        return [str(folder / ARTICLES)]
    if name in ("network", "report"):
        return ["-o", str(folder / name)]
    return ["--workers", str(workers)] if name in ("segment", "align", "annotate") else []


def make_claims(space: Workspace) -> None:
    """Gold with a claim of the author's in each paragraph."""
    for some in batches(space.current(DOCUMENTS), 2_000):
        space.append(GOLD, map(_claims, some))


def _claims(document: Document) -> Layer:
    claims, start = [], 0
    for paragraph in document.text.split("\n"):
        if paragraph:
            span = Span(start, start + len(paragraph), paragraph)
            claims.append(Claim(span, "commitment", "support", policy_area="housing"))
        start += len(paragraph) + 1
    return Layer(document.id, document.sha, "gold", "", claims=tuple(claims))
