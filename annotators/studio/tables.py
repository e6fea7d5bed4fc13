"""The tables of a workspace that Label Studio fills: what was pushed, and what annotators made of it."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from corpus.document import Layer
from corpus.schema import LAYER_FIELDS, Row, Table, layer_from_row, layer_row


@dataclass(frozen=True, slots=True)
class Pushed:
    """A prediction as it was pushed: exports give its content only for annotations made from it."""

    key: str
    task: int
    project: int
    url: str
    pair: str
    documents: tuple[str, ...]
    version: str
    model_version: str
    result: str
    """The prediction's results as JSON."""


_PUSHED_FIELDS: list[tuple[str, pa.DataType]] = [
    ("key", pa.string()),
    ("task", pa.int64()),
    ("project", pa.int64()),
    ("url", pa.string()),
    ("pair", pa.string()),
    ("documents", pa.list_(pa.string())),
    ("version", pa.string()),
    ("model_version", pa.string()),
    ("result", pa.large_string()),
]

PUSHED: Table[Pushed] = Table(
    "pushed",
    pa.schema(_PUSHED_FIELDS),
    lambda pushed: f"{pushed.url} {pushed.project} {pushed.key} {pushed.model_version}",
    lambda pushed: {
        "key": pushed.key,
        "task": pushed.task,
        "project": pushed.project,
        "url": pushed.url,
        "pair": pushed.pair,
        "documents": list(pushed.documents),
        "version": pushed.version,
        "model_version": pushed.model_version,
        "result": pushed.result,
    },
    lambda row: Pushed(**{**row, "documents": tuple(row["documents"])}),
    ("url", "project", "key", "model_version"),
)


@dataclass(frozen=True, slots=True)
class Annotation:
    """What one person says of one document: a layer, and where it comes from.

    `id` is the annotation's number on the server, `annotator` a label without name or address, `created` and `updated`
    are ISO 8601, `lead_time` is in seconds as the server has it (-1 where it has none). A `skipped` annotation is one
    whose task the annotator passed over; a `withdrawn` one is no longer on the server.
    """

    layer: Layer
    id: int
    task: int
    project: int
    url: str
    annotator: str
    created: str = ""
    updated: str = ""
    lead_time: float = -1.0
    skipped: bool = False
    withdrawn: bool = False
    prediction: int = 0
    model_version: str = ""

    @property
    def counts(self) -> bool:
        """Whether it is an opinion on the document: neither skipped nor withdrawn."""
        return not self.skipped and not self.withdrawn


_OWN_FIELDS: list[tuple[str, pa.DataType]] = [
    ("id", pa.int64()),
    ("task", pa.int64()),
    ("project", pa.int64()),
    ("url", pa.string()),
    ("annotator", pa.string()),
    ("created", pa.string()),
    ("updated", pa.string()),
    ("lead_time", pa.float64()),
    ("skipped", pa.bool_()),
    ("withdrawn", pa.bool_()),
    ("prediction", pa.int64()),
    ("model_version", pa.string()),
]


def _annotation_row(annotation: Annotation) -> Row:
    return {**layer_row(annotation.layer), **{name: getattr(annotation, name) for name, _ in _OWN_FIELDS}}


ANNOTATIONS: Table[Annotation] = Table(
    "annotations",
    pa.schema(LAYER_FIELDS + _OWN_FIELDS),
    lambda annotation: f"{annotation.url} {annotation.id} {annotation.layer.document}",
    _annotation_row,
    lambda row: Annotation(layer_from_row(row), **{name: row[name] for name, _ in _OWN_FIELDS}),
    ("url", "id", "document"),
)
