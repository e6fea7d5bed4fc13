"""The columns of each configuration, so that nothing about a dataset's types is guessed from its rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from corpus.dataset.bio import tag_names
from corpus.scheme import Scheme

if TYPE_CHECKING:
    from datasets import Features

CONFIGS = ("documents", "ner", "claims", "parallel")


def features(scheme: Scheme) -> dict[str, Features]:
    """The features of each configuration: tags, claim types and stances are class labels of the scheme."""
    from datasets import ClassLabel, Features, List, Value

    string, number = Value("string"), Value("int32")
    offsets = {"start": number, "end": number}
    where = {"id": string, "document": string, "pair": string, "lang": string}
    entity = {**offsets, "text": string, "label": string}
    ref = {"document": string, "kind": string, **offsets}
    claim = {
        **offsets,
        "text": string,
        "type": ClassLabel(names=[t.name for t in scheme.claim_types]),
        "stance": ClassLabel(names=[s.name for s in scheme.stances]),
        "claimant": string,
        "policy_area": string,
        "targets": List({"value": string, "unit": string, "by": string}),
    }
    # Beside the targets, in their order: what their texts say as figures (corpus.targets). None where they say none.
    quantity = {
        "number": Value("float64"),
        "unit": string,
        "comparison": string,
        "strict": Value("bool"),
        "upper": Value("float64"),
        "direction": string,
        "rate": string,
        "start": string,
        "end": string,
    }
    side = {
        name: kind
        for lang in ("en", "zh")
        for name, kind in (
            (lang, string),
            (f"{lang}_document", string),
            (f"{lang}_start", number),
            (f"{lang}_entities", List({**entity, "link": string})),
        )
    }
    return {
        "documents": Features(
            {
                "id": string,
                "pair": string,
                "lang": string,
                "text": string,
                "blocks": List({**offsets, "kind": string}),
                "sentences": List(offsets),
                "tokens": List({**offsets, "tag": string}),
                "entities": List({**entity, "link": string}),
                "claims": List(claim),
                "relations": List({"label": string, "head": ref, "tail": ref}),
                "meta": List({"key": string, "value": string}),
                "provenance": {"source": string, "sha256": string, "gold": string},
            }
        ),
        "ner": Features(
            {
                **where,
                "tokens": List(string),
                "ner_tags": List(ClassLabel(names=tag_names(scheme.label_names))),
                "starts": List(number),
                "ends": List(number),
            }
        ),
        "claims": Features(
            {
                **where,
                **claim,
                **{f"claimant_{part}": string for part in ("id", "en", "zh")},
                "quantities": List(quantity),
                "context": string,
                "context_start": number,
            }
        ),
        "parallel": Features(
            {
                "id": string,
                "pair": string,
                "score": Value("float32"),
                **side,
                "links": List({"en": number, "zh": number}),
            }
        ),
    }
