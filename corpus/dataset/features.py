"""The columns of each configuration, so that nothing about a dataset's types is guessed from its rows.

They are said once, in `columns`, and become an Arrow schema for writing (with the class labels in its metadata, in the form
that old and new versions of `datasets` read) and `datasets.Features` for whoever asks.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from corpus.dataset.bio import tag_names
from corpus.scheme import Scheme

if TYPE_CHECKING:
    from datasets import Features

CONFIGS = ("documents", "ner", "ner_words", "claims", "parallel", "raters")


@dataclass(frozen=True, slots=True)
class Names:
    """A column of class labels: numbers that stand for these names."""

    names: tuple[str, ...]


Kind = str | Names | list[Any] | dict[str, Any]
"""An Arrow type by its name, class labels, a list ([kind]) or a struct ({name: kind})."""

OFFSETS: dict[str, Kind] = {"start": "int32", "end": "int32"}
MARK: dict[str, Kind] = {**OFFSETS, "text": "string", "label": "string"}
ENTITY: dict[str, Kind] = {**MARK, "link": "string"}
TARGET: dict[str, Kind] = {"value": "string", "unit": "string", "by": "string"}
REF: dict[str, Kind] = {"document": "string", "kind": "string", **OFFSETS}
RELATION: dict[str, Kind] = {"label": "string", "head": REF, "tail": REF}
# Beside the targets, in their order: what their texts say as figures (corpus.targets). None where they say none.
QUANTITY: dict[str, Kind] = {
    "number": "double",
    "unit": "string",
    "comparison": "string",
    "strict": "bool",
    "upper": "double",
    "direction": "string",
    "rate": "string",
    "start": "string",
    "end": "string",
}
_WHERE: dict[str, Kind] = {"id": "string", "document": "string", "pair": "string", "lang": "string"}


def claim_columns(scheme: Scheme) -> dict[str, Kind]:
    """What is said of a claim; `claimant_start` and `claimant_end` are -1 where the claimant is no mention."""
    return {
        **OFFSETS,
        "text": "string",
        "type": Names(tuple(t.name for t in scheme.claim_types)),
        "stance": Names(tuple(s.name for s in scheme.stances)),
        "claimant": "string",
        "claimant_start": "int32",
        "claimant_end": "int32",
        "policy_area": "string",
        "targets": [TARGET],
    }


def columns(scheme: Scheme) -> dict[str, dict[str, Kind]]:
    """The columns of each configuration: tags, claim types and stances are class labels of the scheme."""
    claim = claim_columns(scheme)
    side: dict[str, Kind] = {
        name: kind
        for lang in ("en", "zh")
        for name, kind in (
            (lang, "string"),
            (f"{lang}_document", "string"),
            (f"{lang}_start", "int32"),
            (f"{lang}_entities", [ENTITY]),
        )
    }
    ner: dict[str, Kind] = {
        **_WHERE,
        "tokens": ["string"],
        "ner_tags": [Names(tuple(tag_names(scheme.label_names)))],
        "starts": ["int32"],
        "ends": ["int32"],
    }
    return {
        "documents": {
            "id": "string",
            "pair": "string",
            "lang": "string",
            "text": "string",
            "blocks": [
                {**OFFSETS, "kind": "string", "lang": "string", "repeats_start": "int32", "repeats_end": "int32"}
            ],
            "sentences": [OFFSETS],
            "tokens": [{**OFFSETS, "tag": "string"}],
            "entities": [ENTITY],
            "claims": [claim],
            "relations": [RELATION],
            "links": [
                {**OFFSETS, "link": "string", "document": "string", "other_start": "int32", "other_end": "int32"}
            ],
            "meta": [{"key": "string", "value": "string"}],
            "provenance": {
                "source": "string",
                "sha256": "string",
                "gold": "string",
                "file": "string",
                "file_sha256": "string",
                "reader": "string",
                "encoding": "string",
            },
        },
        "ner": ner,
        "ner_words": ner,
        "claims": {
            **_WHERE,
            **claim,
            **{f"claimant_{part}": "string" for part in ("id", "en", "zh")},
            "quantities": [QUANTITY],
            "context": "string",
            "context_start": "int32",
        },
        "parallel": {
            "id": "string",
            "pair": "string",
            "score": "float",
            **side,
            "links": [{"en": "int32", "zh": "int32"}],
        },
        "raters": {
            **_WHERE,
            "text": "string",
            "rater": "string",
            "entities": [ENTITY],
            "claims": [claim],
            "relations": [RELATION],
            "created": "string",
            "lead_time": "double",
            "preannotation": "string",
        },
    }


def arrow_type(kind: Kind) -> Any:
    """The Arrow type of a column."""
    if isinstance(kind, Names):
        return pa.int64()
    if isinstance(kind, list):
        return pa.list_(arrow_type(kind[0]))
    if isinstance(kind, dict):
        return pa.struct([(name, arrow_type(inner)) for name, inner in kind.items()])
    return _TYPES[kind]


_TYPES = {
    "string": pa.string(),
    "int32": pa.int32(),
    "float": pa.float32(),
    "double": pa.float64(),
    "bool": pa.bool_(),
}
_DTYPES = {"float": "float32", "double": "float64"}


def _feature(kind: Kind) -> Any:
    """A column as `datasets` writes it into JSON, in the way of its versions before 4, which later ones read as well."""
    if isinstance(kind, Names):
        return {"names": list(kind.names), "_type": "ClassLabel"}
    if isinstance(kind, list):
        # There, `Sequence` of a struct is a struct of lists: only a list in brackets is a list of structs.
        inner = _feature(kind[0])
        return [inner] if isinstance(kind[0], dict) else {"feature": inner, "_type": "Sequence"}
    if isinstance(kind, dict):
        return {name: _feature(inner) for name, inner in kind.items()}
    return {"dtype": _DTYPES.get(kind, kind), "_type": "Value"}


def arrow_schemas(scheme: Scheme) -> dict[str, Any]:
    """The Arrow schema of each configuration. `load_dataset` finds the class labels in its metadata."""
    found = {}
    for config, of in columns(scheme).items():
        info = {"info": {"features": {name: _feature(kind) for name, kind in of.items()}}}
        fields = [(name, arrow_type(kind)) for name, kind in of.items()]
        found[config] = pa.schema(fields, metadata={"huggingface": json.dumps(info)})
    return found


def features(scheme: Scheme) -> dict[str, Features]:
    """The features of each configuration, for programs that use `datasets` themselves."""
    from datasets import Features

    return {config: Features.from_arrow_schema(schema) for config, schema in arrow_schemas(scheme).items()}
