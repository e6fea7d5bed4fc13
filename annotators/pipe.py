"""The pipe: annotated documents as JSON Lines, without a workspace."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain

from annotators import registry
from annotators.explain import Explanation
from annotators.pipeline import BATCH, Annotated, Method, count, groups_of, load, windows, workers_for
from corpus.document import Document
from corpus.engine import batches, map_batches
from corpus.jsonl import dump_row, output, read_documents, refuse_same_file, row_of
from corpus.report import Progress, StageReport

Explain = Callable[[Explanation, Document], None]
"""What is done with the explanation of a document."""


def annotate_rows(
    input_path: str,
    output_path: str,
    *,
    names: Sequence[str] = registry.DEFAULT,
    workers: int | None = None,
    progress: Progress | None = None,
    fast: bool = False,
    weighed: bool = True,
    explain_to: Explain | None = None,
) -> StageReport:
    """The pipe: documents as JSON Lines in, the same with entities and claims out, in the order read.

    Texts are not cleaned. Versions that share a `pair` help one another where they stand within a window of
    256 documents. `fast` and `weighed` are those of `Pipeline`; `explain_to` is called for each document,
    in the order in which they are done. Raises InputError naming the line that is no document, or an id that comes twice.
    """
    started = time.monotonic()
    report = StageReport("annotate")
    names = tuple(names)
    registry.check(names)
    refuse_same_file(input_path, output_path)
    with output(output_path) as stream:
        found = windows(document for _, _, document in read_documents(input_path))
        first = next(found, [])
        processes = workers_for(workers, len(groups_of(first)))
        waiting: deque[list[Document]] = deque()

        def jobs() -> Iterator[tuple[Method, bool, list[list[Document]]]]:
            for window in chain([first], found):
                waiting.append(window)
                for batch in batches(groups_of(window), BATCH):
                    yield (names, fast, weighed), explain_to is not None, batch

        rows: dict[str, str] = {}
        for annotated in map_batches(_annotate_documents, jobs(), workers=processes):
            _tell(annotated, explain_to)
            for item in (item for result in annotated for item in result.group.items):
                rows[item.document.id] = dump_row(row_of(item.document, item.entities, item.claims))
                report.done += 1
                count(report, item)
            # Batches come back in order, so that a window is whole when its last document is there.
            while waiting and all(document.id in rows for document in waiting[0]):
                for document in waiting.popleft():
                    stream.write(rows.pop(document.id) + "\n")
            if progress:
                progress(report.done, None)
    report.seconds = time.monotonic() - started
    return report


def _tell(annotated: Iterable[Annotated], explain_to: Explain | None) -> None:
    if explain_to is None:
        return
    for result in annotated:
        for item, explanation in zip(result.group.items, result.explanations, strict=True):
            explain_to(explanation, item.document)


def _annotate_documents(job: tuple[Method, bool, list[list[Document]]]) -> list[Annotated]:
    method, told, groups = job
    pipeline = load(*method)
    return [pipeline.annotate(pipeline.segmented(documents), told=told) for documents in groups]
