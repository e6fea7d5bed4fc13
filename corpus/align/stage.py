"""Align the pairs of a workspace."""

from __future__ import annotations

import time
from collections.abc import Iterator

from corpus.align import align
from corpus.document import Alignment
from corpus.engine import batches, cores, map_batches
from corpus.report import Progress, Skipped, StageReport
from corpus.schema import ALIGNMENTS, DOCUMENTS, SEGMENTS
from corpus.store import Head, Workspace

_BATCH = 16
# Fewer pairs than this are not worth a second process, which takes seconds to start.
_WORTH_WORKERS = 150

Range = tuple[int, int]
Text = tuple[str, tuple[Range, ...]]
Job = tuple[str, Head, Head]


def align_workspace(workspace: Workspace, progress: Progress | None = None, workers: int | None = None) -> StageReport:
    """Align each pair that has both its versions, is segmented, and is new or has changed; adds to the workspace.

    What is done is kept batch by batch: a run that is broken off goes on where it stopped. `workers`: processes, all
    cores by default where there is enough to do; the result is the same. Texts are held a batch at a time.
    `[align] encoder = false` in hemu.toml leaves the sentence encoder out: many times as fast, and not quite as good.
    """
    began = time.monotonic()
    report = StageReport("align")
    with workspace.writing():
        pairs: dict[str, dict[str, Head]] = {}
        paired = 0
        for head in workspace.heads():
            if head.pair:
                paired += 1
                # The first one in a language is the version of the pair; a second one stands alone.
                pairs.setdefault(head.pair, {}).setdefault(head.lang, head)
        both = {pair: versions for pair, versions in pairs.items() if len(versions) == 2}
        done = _done(workspace)
        todo: list[Job] = []
        for pair, versions in both.items():
            en, zh = versions["en"], versions["zh"]
            if done.get(pair) == (en.id, zh.id, en.sha, zh.sha):
                report.unchanged += 1
            else:
                todo.append((pair, en, zh))
        processes = (workers or cores()) if len(todo) >= _WORTH_WORKERS or workers else 1
        beads = count = 0
        encoder = workspace.setting("align", "encoder", True)
        jobs = ((encoder, batch) for batch in _texts(workspace, todo))
        for found in map_batches(_align_batch, jobs, workers=processes):
            skipped = [result for result in found if isinstance(result, Skipped)]
            aligned = [result for result in found if isinstance(result, Alignment)]
            report.skipped += skipped
            report.done += workspace.append(ALIGNMENTS, aligned)
            beads += sum(len(alignment.beads) for alignment in aligned)
            count += len(found)
            if progress:
                progress(count, len(todo))
    report.notes = {"beads": beads, "without_partner": paired - 2 * len(both)}
    report.seconds = time.monotonic() - began
    return report


def _done(workspace: Workspace) -> dict[str, tuple[str, ...]]:
    columns = ["pair", "en", "zh", "en_sha", "zh_sha"]
    return {row["pair"]: tuple(row[c] for c in columns[1:]) for row in workspace.rows(ALIGNMENTS.name, columns)}


_Batch = list[tuple[Job, Text, Text] | Skipped]


def _texts(workspace: Workspace, todo: list[Job]) -> Iterator[_Batch]:
    """The pairs in batches, with their texts and sentences; what is not segmented is said instead."""
    for jobs in batches(todo, _BATCH):
        ids = [head.id for _, en, zh in jobs for head in (en, zh)]
        documents, segments = workspace.fetch(DOCUMENTS, ids), workspace.fetch(SEGMENTS, ids)
        batch: _Batch = []
        for pair, en, zh in jobs:
            missing = [h.id for h in (en, zh) if h.id not in segments or segments[h.id].sha != h.sha]
            if missing:
                batch.append(Skipped(pair, f"{missing[0]} is not segmented yet; run: hemu segment"))
            else:
                left, right = ((documents[h.id].text, segments[h.id].sentences) for h in (en, zh))
                batch.append(((pair, en, zh), left, right))
        yield batch


def _align_batch(job: tuple[bool, _Batch]) -> list[Alignment | Skipped]:
    encoder, batch = job
    found: list[Alignment | Skipped] = []
    for entry in batch:
        if isinstance(entry, Skipped):
            found.append(entry)
        else:
            (pair, en, zh), left, right = entry
            found.append(Alignment(pair, en.id, zh.id, en.sha, zh.sha, align(*left, *right, use_model=encoder)))
    return found
