"""The documents that several annotators have annotated, a few at a time, so that memory does not grow with the corpus."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from annotators.studio.tables import ANNOTATIONS, Annotation
from corpus.document import Document, Lang, Layer, Segments
from corpus.errors import InputError
from corpus.report import Progress
from corpus.schema import DOCUMENTS, GOLD, SEGMENTS
from corpus.store import Workspace

_BATCH = 200
_COLUMNS = ["document", "sha", "url", "id", "annotator", "created", "updated", "skipped", "withdrawn"]


@dataclass(frozen=True, slots=True)
class Chosen:
    """What is compared; empty: all. `documents` are ids of documents or pairs; with `labels`, only entities of these.

    `since` and `until` are the beginnings of ISO 8601 times, both inclusive: "2025-03" until is all of March.
    """

    documents: tuple[str, ...] = ()
    annotators: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    lang: Lang | None = None
    since: str = ""
    until: str = ""

    def when(self, time: str) -> bool:
        """Whether an annotation of this time is among them; one without a time is where no time is asked for."""
        return (not self.since or time[: len(self.since)] >= self.since) and (
            not self.until or (bool(time) and time[: len(self.until)] <= self.until)
        )


@dataclass(frozen=True, slots=True)
class Reading:
    """What one annotator says of a document, and when."""

    annotator: str
    time: str
    layer: Layer


@dataclass(frozen=True, slots=True)
class Case:
    """A document with what its annotators say, in the order of their names, and its gold where they can be held to it."""

    document: Document
    segments: Segments | None
    readings: tuple[Reading, ...]
    gold: Layer | None = None


@dataclass(slots=True)
class Gathered:
    """Counts that `cases` leaves behind: documents by annotator, and what was not compared."""

    documents: dict[str, int]
    single: int = 0
    stale: int = 0


def cases(
    workspace: Workspace, chosen: Chosen, gathered: Gathered, *, progress: Progress | None = None
) -> Iterator[Case]:
    """Every document with two annotators or more, or with one and gold; of each annotator the latest that counts.

    Gold that a single annotator's word was taken for is left out: nobody is held to it.
    Raises InputError where a document, annotator or label that was asked for is not there.
    """
    if unknown := set(chosen.labels) - set(workspace.scheme.label_names):
        raise InputError(f"no such label: {min(unknown)}; the scheme has: {', '.join(workspace.scheme.label_names)}")
    shas, found = {}, set()
    for head in workspace.heads():
        names = {head.id, head.pair} & set(chosen.documents)
        found |= names
        if (names or not chosen.documents) and chosen.lang in (None, head.lang):
            shas[head.id] = head.sha
    if missing := [name for name in chosen.documents if name not in found]:
        raise InputError(f"{missing[0]}: no such document or pair in {workspace.root}")
    keys = _latest(workspace, chosen, shas, gathered)
    versions = {row["document"]: row["version"] for row in workspace.rows(GOLD.name, ["document", "version"])}
    golden = {id for id, version in versions.items() if not version.startswith("1 annotator,")}
    # In the order in which the annotations are stored, so that each shard is read about once.
    index = workspace.index(ANNOTATIONS)
    ids = sorted((id for id in keys if len(keys[id]) > 1 or id in golden), key=lambda id: (index[keys[id][-1]], id))
    gathered.single = sum(len(of) == 1 for of in keys.values())
    for start in range(0, len(ids), _BATCH):
        batch = ids[start : start + _BATCH]
        annotations = workspace.fetch(ANNOTATIONS, [key for id in batch for key in keys[id]])
        documents, segments = workspace.fetch(DOCUMENTS, batch), workspace.fetch(SEGMENTS, batch)
        gold = workspace.fetch(GOLD, [id for id in batch if id in golden])
        for id in batch:
            document, cut, right = documents[id], segments.get(id), gold.get(id)
            yield Case(
                document,
                cut if cut is not None and cut.sha == document.sha else None,
                tuple(_reading(annotations[key], chosen) for key in keys[id]),
                _only(right, chosen) if right is not None and right.sha == document.sha else None,
            )
        if progress:
            progress(start + len(batch), len(ids))


def _latest(workspace: Workspace, chosen: Chosen, shas: dict[str, str], gathered: Gathered) -> dict[str, list[str]]:
    """By document, the key of each annotator's latest annotation that counts, in the order of the annotators' names."""
    rows = {}
    for row in workspace.rows(ANNOTATIONS.name, _COLUMNS):
        rows[f"{row['url']} {row['id']} {row['document']}"] = row
    if missing := [name for name in chosen.annotators if name not in {row["annotator"] for row in rows.values()}]:
        known = ", ".join(sorted({row["annotator"] for row in rows.values()})[:20]) or "none"
        raise InputError(f"{missing[0]}: no such annotator in {workspace.root}; there are: {known}")
    latest: dict[tuple[str, str], tuple[tuple[str, int], str]] = {}
    for key, row in rows.items():
        id, annotator, time = row["document"], row["annotator"], row["updated"] or row["created"]
        if row["skipped"] or row["withdrawn"] or id not in shas or not chosen.when(time):
            continue
        if chosen.annotators and annotator not in chosen.annotators:
            continue
        if row["sha"] != shas[id]:
            gathered.stale += 1
            continue
        latest[id, annotator] = max(latest.get((id, annotator), (("", -1), "")), ((time, row["id"]), key))
    keys: dict[str, list[str]] = {}
    for id, annotator in sorted(latest):
        keys.setdefault(id, []).append(latest[id, annotator][1])
        gathered.documents[annotator] = gathered.documents.get(annotator, 0) + 1
    return keys


def _reading(annotation: Annotation, chosen: Chosen) -> Reading:
    return Reading(annotation.annotator, annotation.updated or annotation.created, _only(annotation.layer, chosen))


def _only(layer: Layer, chosen: Chosen) -> Layer:
    if not chosen.labels:
        return layer
    return replace(
        layer, entities=tuple(e for e in layer.entities if e.label in chosen.labels), claims=(), relations=()
    )
