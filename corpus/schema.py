"""One explicit Arrow schema per table of a workspace, and the way between its rows and the types of `corpus.document`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Generic, TypeVar

import pyarrow as pa

from corpus.document import (
    Alignment,
    Bead,
    Block,
    Claim,
    Document,
    Entity,
    Layer,
    Origin,
    Ref,
    Relation,
    Removal,
    Segments,
    Span,
    Target,
    Token,
)

Row = dict[str, Any]
T = TypeVar("T")

_OFFSETS = [("start", pa.int32()), ("end", pa.int32())]
_RANGE = pa.struct(_OFFSETS)
_RANGES = pa.list_(_RANGE)
_META = pa.map_(pa.string(), pa.string())
_REF = pa.struct([("document", pa.string()), ("kind", pa.string()), *_OFFSETS])
_ENTITY = pa.struct(
    [
        *_OFFSETS,
        ("text", pa.string()),
        ("label", pa.string()),
        ("score", pa.float32()),
        ("source", pa.string()),
        ("link", pa.string()),
    ]
)
_TARGET = pa.struct([("value", pa.string()), ("unit", pa.string()), ("by", pa.string())])
_CLAIM = pa.struct(
    [
        *_OFFSETS,
        ("text", pa.string()),
        ("type", pa.string()),
        ("stance", pa.string()),
        ("claimant", pa.string()),
        ("claimant_span", _RANGE),
        ("policy_area", pa.string()),
        ("targets", pa.list_(_TARGET)),
        ("score", pa.float32()),
        ("source", pa.string()),
    ]
)
_RELATION = pa.struct(
    [("label", pa.string()), ("head", _REF), ("tail", _REF), ("score", pa.float32()), ("source", pa.string())]
)


@dataclass(frozen=True)
class Table(Generic[T]):
    """A kind of row: its folder in the workspace, its schema, its key, and the way to and from its type."""

    name: str
    schema: pa.Schema
    key: Callable[[T], str]
    to_row: Callable[[T], Row]
    from_row: Callable[[Row], T]
    key_columns: tuple[str, ...] = ()
    """The columns whose values, with spaces between, are the key; where none are named, the first column."""


def _ranges(pairs: tuple[tuple[int, int], ...]) -> list[Row]:
    return [{"start": start, "end": end} for start, end in pairs]


def _pairs(rows: list[Row]) -> tuple[tuple[int, int], ...]:
    return tuple((row["start"], row["end"]) for row in rows)


def _document_row(document: Document) -> Row:
    return {
        "id": document.id,
        "pair": document.pair,
        "lang": document.lang,
        "text": document.text,
        "sha": document.sha,
        "blocks": [
            {
                "start": b.start,
                "end": b.end,
                "kind": b.kind,
                "repeats": {"start": b.repeats[0], "end": b.repeats[1]} if b.repeats else None,
                "lang": b.lang,
            }
            for b in document.blocks
        ],
        "source": document.source,
        "meta": list(document.meta.items()),
    }


def _document(row: Row) -> Document:
    blocks = tuple(
        Block(b["start"], b["end"], b["kind"], _pairs([b["repeats"]])[0] if b["repeats"] else None, b["lang"])
        for b in row["blocks"]
    )
    return Document(row["id"], row["pair"], row["lang"], row["text"], blocks, row["source"], dict(row["meta"]))


DOCUMENTS: Table[Document] = Table(
    "documents",
    pa.schema(
        [
            ("id", pa.string()),
            ("pair", pa.string()),
            ("lang", pa.string()),
            ("text", pa.large_string()),
            ("sha", pa.string()),
            (
                "blocks",
                pa.list_(pa.struct([*_OFFSETS, ("kind", pa.string()), ("repeats", _RANGE), ("lang", pa.string())])),
            ),
            ("source", pa.string()),
            ("meta", _META),
        ]
    ),
    lambda document: document.id,
    _document_row,
    _document,
)


ORIGINS: Table[Origin] = Table(
    "originals",
    pa.schema(
        [
            ("document", pa.string()),
            ("sha", pa.string()),
            ("file", pa.string()),
            ("file_sha", pa.string()),
            ("encoding", pa.string()),
            ("reader", pa.string()),
            ("offsets", pa.list_(pa.struct([("clean", pa.int32()), ("raw", pa.int32())]))),
        ]
    ),
    lambda origin: origin.document,
    lambda origin: {
        "document": origin.document,
        "sha": origin.sha,
        "file": origin.file,
        "file_sha": origin.file_sha,
        "encoding": origin.encoding,
        "reader": origin.reader,
        "offsets": [{"clean": clean, "raw": raw} for clean, raw in origin.offsets],
    },
    lambda row: Origin(**{**row, "offsets": tuple((point["clean"], point["raw"]) for point in row["offsets"])}),
)

REMOVALS: Table[Removal] = Table(
    "removals",
    pa.schema([(name, pa.string()) for name in ("document", "pair", "sha", "when", "reason")]),
    lambda removal: removal.document,
    asdict,
    lambda row: Removal(**row),
)


SEGMENTS: Table[Segments] = Table(
    "segments",
    pa.schema(
        [
            ("document", pa.string()),
            ("sha", pa.string()),
            ("sentences", _RANGES),
            ("tokens", pa.list_(pa.struct([*_OFFSETS, ("tag", pa.string())]))),
        ]
    ),
    lambda segments: segments.document,
    lambda segments: {
        "document": segments.document,
        "sha": segments.sha,
        "sentences": _ranges(segments.sentences),
        "tokens": [{"start": t.start, "end": t.end, "tag": t.tag} for t in segments.tokens],
    },
    lambda row: Segments(
        row["document"],
        row["sha"],
        _pairs(row["sentences"]),
        tuple(Token(t["start"], t["end"], t["tag"]) for t in row["tokens"]),
    ),
)

SENTENCES: Table[Segments] = Table(
    SEGMENTS.name,
    pa.schema([field for field in SEGMENTS.schema if field.name != "tokens"]),
    SEGMENTS.key,
    SEGMENTS.to_row,
    lambda row: Segments(row["document"], row["sha"], _pairs(row["sentences"])),
)
"""The same table, for reading alone, without its tokens: many times as fast."""


ALIGNMENTS: Table[Alignment] = Table(
    "pairs",
    pa.schema(
        [
            ("pair", pa.string()),
            ("en", pa.string()),
            ("zh", pa.string()),
            ("en_sha", pa.string()),
            ("zh_sha", pa.string()),
            ("beads", pa.list_(pa.struct([("en", _RANGES), ("zh", _RANGES), ("score", pa.float32())]))),
        ]
    ),
    lambda alignment: alignment.pair,
    lambda alignment: {
        "pair": alignment.pair,
        "en": alignment.en,
        "zh": alignment.zh,
        "en_sha": alignment.en_sha,
        "zh_sha": alignment.zh_sha,
        "beads": [{"en": _ranges(b.en), "zh": _ranges(b.zh), "score": b.score} for b in alignment.beads],
    },
    lambda row: Alignment(
        row["pair"],
        row["en"],
        row["zh"],
        row["en_sha"],
        row["zh_sha"],
        tuple(Bead(_pairs(b["en"]), _pairs(b["zh"]), b["score"]) for b in row["beads"]),
    ),
)


def _ref_row(ref: Ref) -> Row:
    return {"document": ref.document, "kind": ref.kind, "start": ref.start, "end": ref.end}


def _ref(row: Row) -> Ref:
    return Ref(row["document"], row["kind"], row["start"], row["end"])


def _span_row(span: Span) -> Row:
    return {"start": span.start, "end": span.end, "text": span.surface}


def _span(row: Row) -> Span:
    return Span(row["start"], row["end"], row["text"])


def layer_row(layer: Layer) -> Row:
    """A layer as a row of the tables `layers/<source>`, `gold` and (among more columns) `annotations`."""
    return {
        "document": layer.document,
        "sha": layer.sha,
        "source": layer.source,
        "version": layer.version,
        "entities": [
            {**_span_row(e.span), "label": e.label, "score": e.score, "source": e.source, "link": e.link}
            for e in layer.entities
        ],
        "claims": [
            {
                **_span_row(c.span),
                "type": c.type,
                "stance": c.stance,
                "claimant": c.claimant,
                "claimant_span": _ranges((c.claimant_span,))[0] if c.claimant_span else None,
                "policy_area": c.policy_area,
                "targets": [{"value": t.value, "unit": t.unit, "by": t.by} for t in c.targets],
                "score": c.score,
                "source": c.source,
            }
            for c in layer.claims
        ],
        "relations": [
            {"label": r.label, "head": _ref_row(r.head), "tail": _ref_row(r.tail), "score": r.score, "source": r.source}
            for r in layer.relations
        ],
    }


def layer_from_row(row: Mapping[str, Any]) -> Layer:
    """The layer in a row made by `layer_row`; further columns are passed over."""
    return Layer(
        row["document"],
        row["sha"],
        row["source"],
        row["version"],
        tuple(Entity(_span(e), e["label"], e["score"], e["source"], e["link"]) for e in row["entities"]),
        tuple(
            Claim(
                span=_span(c),
                type=c["type"],
                stance=c["stance"],
                claimant=c["claimant"],
                policy_area=c["policy_area"],
                targets=tuple(Target(t["value"], t["unit"], t["by"]) for t in c["targets"]),
                claimant_span=_pairs([c["claimant_span"]])[0] if c["claimant_span"] else None,
                score=c["score"],
                source=c["source"],
            )
            for c in row["claims"]
        ),
        tuple(
            Relation(r["label"], _ref(r["head"]), _ref(r["tail"]), r["score"], r["source"]) for r in row["relations"]
        ),
    )


LAYER_FIELDS: list[tuple[str, pa.DataType]] = [
    ("document", pa.string()),
    ("sha", pa.string()),
    ("source", pa.string()),
    ("version", pa.string()),
    ("entities", pa.list_(_ENTITY)),
    ("claims", pa.list_(_CLAIM)),
    ("relations", pa.list_(_RELATION)),
]


def layers_table(source: str) -> Table[Layer]:
    """The table of one source of annotations, `layers/<source>`."""
    return Table(f"layers/{source}", pa.schema(LAYER_FIELDS), lambda layer: layer.document, layer_row, layer_from_row)


GOLD: Table[Layer] = Table("gold", pa.schema(LAYER_FIELDS), lambda layer: layer.document, layer_row, layer_from_row)
