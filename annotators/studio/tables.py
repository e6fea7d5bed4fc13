"""The tables of a workspace that Label Studio fills: what was pushed, and what annotators made of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import TypeVar

import pyarrow as pa

from corpus.document import Layer
from corpus.schema import LAYER_FIELDS, Row, Table, layer_from_row, layer_row

T = TypeVar("T")


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
    sources: str = ""
    """Who proposed each of its marks, as JSON: by the mark's id in the results."""
    outside: str = ""
    """The relations from a mark of this task to one in another part of the article, as JSON (see `annotators.studio.join`)."""


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
    ("sources", pa.large_string()),
    ("outside", pa.large_string()),
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
        "sources": pushed.sources,
        "outside": pushed.outside,
    },
    lambda row: Pushed(**{**_known(row), "documents": tuple(row["documents"])}),
    ("url", "project", "key", "model_version"),
)


@dataclass(frozen=True, slots=True)
class Annotation:
    """What one person says of one document: a layer, and where it comes from.

    `id` is the annotation's number on the server (of an article in parts, that of the first), `annotator` a label without name or address, `created` and `updated`
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
    parts: str = ""
    """Which parts of an article that was cut into several tasks it is made of ("1-3 of 3"); "" where it was not."""

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
    ("parts", pa.string()),
]


def _known(row: Row) -> Row:
    """A row without the columns that shards of earlier versions lack."""
    return {name: value for name, value in row.items() if value is not None}


def _annotation_row(annotation: Annotation) -> Row:
    return {**layer_row(annotation.layer), **{name: getattr(annotation, name) for name, _ in _OWN_FIELDS}}


ANNOTATIONS: Table[Annotation] = Table(
    "annotations",
    pa.schema(LAYER_FIELDS + _OWN_FIELDS),
    lambda annotation: f"{annotation.url} {annotation.id} {annotation.layer.document}",
    _annotation_row,
    lambda row: Annotation(
        layer_from_row(row), **{name: row[name] for name, _ in _OWN_FIELDS if row.get(name) is not None}
    ),
    ("url", "id", "document"),
)


def _plain(
    name: str, cls: type[T], types: dict[str, pa.DataType], keys: tuple[str, ...], make: Callable[[Row], T]
) -> Table[T]:
    """A table whose columns are the fields of a class: text, but for those in `types`."""
    names = [field.name for field in fields(cls)]  # type: ignore[arg-type]
    schema = pa.schema([(column, types.get(column, pa.string())) for column in names])

    def to_row(value: T) -> Row:
        row = {column: getattr(value, column) for column in names}
        return {column: list(cell) if isinstance(cell, tuple) else cell for column, cell in row.items()}

    def key(value: T) -> str:
        return " ".join(str(getattr(value, column)) for column in keys)

    return Table(name, schema, key, to_row, make, keys)


@dataclass(frozen=True, slots=True)
class Submitted:
    """What one person submitted for one part of an article that was cut into several tasks, as the server has it.

    The parts of one annotator become an `Annotation` when all are there (see `annotators.studio.join`). `article` is the key
    of the whole article, `cut` says where it is cut, `data` the task's data without the texts, `result` the annotation's results (both JSON).
    """

    url: str
    project: int
    id: int
    task: int
    key: str
    article: str
    cut: str
    part: int
    parts: int
    documents: tuple[str, ...]
    annotator: str
    created: str
    updated: str
    lead_time: float
    skipped: bool
    withdrawn: bool
    prediction: int
    model_version: str
    data: str
    result: str


_NUMBERS = {name: pa.int64() for name in ("project", "id", "task", "part", "parts", "prediction")}
_RAW: dict[str, pa.DataType] = {
    **_NUMBERS,
    "documents": pa.list_(pa.string()),
    "lead_time": pa.float64(),
    "skipped": pa.bool_(),
    "withdrawn": pa.bool_(),
    "gone": pa.bool_(),
    "result": pa.large_string(),
    "data": pa.large_string(),
}

SUBMITTED: Table[Submitted] = _plain(
    "submitted", Submitted, _RAW, ("url", "id"), lambda row: Submitted(**{**row, "documents": tuple(row["documents"])})
)


@dataclass(frozen=True, slots=True)
class Draft:
    """Work that somebody has begun and not submitted: kept apart, and never made gold of.

    `annotation` is the submitted annotation that it changes, 0 where there is none. It is `gone` once it is no longer on the
    server: submitted, or thrown away.
    """

    url: str
    project: int
    id: int
    task: int
    annotation: int
    documents: tuple[str, ...]
    annotator: str
    updated: str
    lead_time: float
    gone: bool
    result: str


DRAFTS: Table[Draft] = _plain(
    "drafts",
    Draft,
    {**_RAW, "annotation": pa.int64()},
    ("url", "id"),
    lambda row: Draft(**{**row, "documents": tuple(row["documents"])}),
)


@dataclass(frozen=True, slots=True)
class Edit:
    """What became of one mark of the prediction, or that a mark is new.

    `outcome` is kept, label, boundary, both, attributes, deleted or added; `kind` entity, claim or relation; `source` who
    proposed the mark ("" where nobody did, or that is not known). Offsets are those of the document, -1 where it has none.
    """

    kind: str
    outcome: str
    source: str = ""
    score: float = -1.0
    label: str = ""
    start: int = -1
    end: int = -1
    new_label: str = ""
    new_start: int = -1
    new_end: int = -1


@dataclass(frozen=True, slots=True)
class Edits:
    """What an annotator changed, deleted and added in one document, against the prediction that they began from."""

    url: str
    project: int
    id: int
    document: str
    annotator: str
    updated: str
    lead_time: float
    model_version: str
    marks: tuple[Edit, ...]


_TYPES: dict[str, pa.DataType] = {"str": pa.string(), "int": pa.int64(), "float": pa.float64()}
_EDIT = pa.struct([pa.field(field.name, _TYPES[str(field.type)]) for field in fields(Edit)])


def _edits_row(row: Row) -> Edits:
    return Edits(**{**row, "marks": tuple(Edit(**mark) for mark in row["marks"])})


def _edits_table() -> Table[Edits]:
    table = _plain("edits", Edits, {**_RAW, "marks": pa.list_(_EDIT)}, ("url", "id", "document"), _edits_row)
    to_row = table.to_row

    def row(edits: Edits) -> Row:
        marks = [{field.name: getattr(mark, field.name) for field in fields(Edit)} for mark in edits.marks]
        return {**to_row(edits), "marks": marks}

    return Table(table.name, table.schema, table.key, row, table.from_row, table.key_columns)


EDITS: Table[Edits] = _edits_table()


@dataclass(frozen=True, slots=True)
class Pulled:
    """How far a project was pulled: tasks that changed after `until` are looked at, all of them some time after `swept`.

    Both are ISO 8601, `until` by the server's clock. `tasks` is how many there were; `again` are those to look at once more,
    because something on them could not be taken over; `seen` those that changed after `until` and were looked at, with when.
    """

    url: str
    project: int
    until: str
    swept: str
    tasks: int
    again: tuple[int, ...]
    seen: tuple[str, ...]


def _pulled_row(row: Row) -> Pulled:
    return Pulled(**{**row, "again": tuple(row["again"]), "seen": tuple(row["seen"])})


_PULLED_TYPES: dict[str, pa.DataType] = {
    "project": pa.int64(),
    "tasks": pa.int64(),
    "again": pa.list_(pa.int64()),
    "seen": pa.list_(pa.string()),
}
PULLED: Table[Pulled] = _plain("pulled", Pulled, _PULLED_TYPES, ("url", "project"), _pulled_row)
