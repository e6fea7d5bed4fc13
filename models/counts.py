"""What is counted of a prediction, article by article: every figure is a function of sums over these.

An article is a row: both versions of it, and what is a near-duplicate of it, stand or fall together wherever articles are
drawn (`models.compare`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corpus.claimants import claimants
from corpus.document import Document, Lang, Layer
from corpus.errors import InputError, ModelError, StaleTextError
from corpus.metrics import Mark, Marked, count_edits, match_claims
from corpus.script import simplified
from corpus.store import write_atomically
from corpus.stretches import Stretches

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[Any]

ENTITY = (
    *("gold", "predicted", "exact", "found", "right", "placed_gold", "placed_predicted"),
    *("seen_gold", "seen_predicted", "seen_exact", "unseen_gold", "unseen_predicted", "unseen_exact"),
)
"""What is counted of the entities of a label: how many are gold and predicted and in both; gold ones that one predicted of
the label overlaps, and the other way round; those at whose place one of any label is; and those of names that are seen."""

EFFORT = ("edits", "blank")
CLAIM = ("gold", "predicted", "matched", "type", "stance", "claimant", "policy_area")
CLAIM_TYPE = ("gold", "predicted", "matched")

Names = frozenset[tuple[str, str, str]]
"""Names that were learnt: language, label and the name as `folded` has it."""

NAMES = "names.json"


@dataclass(frozen=True, slots=True)
class Axes:
    """What the counts of several predictions have in common: the articles, and the names of what is counted."""

    articles: tuple[str, ...]
    languages: tuple[str, ...]
    labels: tuple[str, ...]
    types: tuple[str, ...]
    row: Mapping[str, int]
    """The article of a document, as a number."""
    lang: Mapping[str, Lang]

    @classmethod
    def of(
        cls,
        gold: Sequence[Marked],
        *predictions: Iterable[Marked],
        languages: Mapping[str, Lang],
        articles: Mapping[str, str] | None = None,
    ) -> Axes:
        """The axes of all documents of `gold`; `articles` says which belong together, else each stands alone."""
        ids = [layer.document for layer in gold]
        key = {id: (articles or {}).get(id, id) for id in ids}
        names = tuple(dict.fromkeys(key.values()))
        number = {name: n for n, name in enumerate(names)}
        known = set(ids)
        layers = [*gold, *(layer for each in predictions for layer in each if layer.document in known)]
        return cls(
            names,
            tuple(sorted({languages[id] for id in ids})),
            tuple(sorted({e.label for layer in layers for e in layer.entities})),
            tuple(sorted({c.type for layer in layers for c in layer.claims})),
            {id: number[key[id]] for id in ids},
            {id: languages[id] for id in ids},
        )


@dataclass(frozen=True, slots=True)
class Counts:
    """The counts of one prediction: arrays of articles × languages × what is counted."""

    axes: Axes
    documents: Numbers
    entities: Numbers
    effort: Numbers
    claims: Numbers
    claim_types: Numbers
    with_names: bool = False

    @property
    def parts(self) -> tuple[Numbers, ...]:
        """All arrays, in the order of the fields."""
        return self.documents, self.entities, self.effort, self.claims, self.claim_types


def count(
    axes: Axes,
    gold: Iterable[Marked],
    predicted: Iterable[Marked],
    *,
    names: Names | None = None,
    judged: frozenset[str] | None = None,
) -> Counts:
    """Count `predicted` against `gold`; a document that was not predicted counts as predicted empty.

    With `names`, names that are among them are told from others, in the documents `judged` (all, where that is None): in a
    text that a model has learnt from, every name is one that it has seen.

    Raises StaleTextError where the two were made for different texts, InputError where a document comes twice.
    """
    import numpy as np

    found = _by_document(predicted)
    wanted = list(_by_document(gold).values())
    shape = (len(axes.articles), len(axes.languages))
    documents, effort = np.zeros(shape), np.zeros((*shape, len(EFFORT)))
    entities = np.zeros((*shape, len(axes.labels), len(ENTITY)))
    claims, types = np.zeros((*shape, len(CLAIM))), np.zeros((*shape, len(axes.types), len(CLAIM_TYPE)))
    label_at = {label: n for n, label in enumerate(axes.labels)}
    type_at = {name: n for n, name in enumerate(axes.types)}
    pairs = [(layer, found.get(layer.document)) for layer in wanted]
    one_claimant = claimants(pairs, axes.lang)
    for layer, other in pairs:
        id = layer.document
        if other is not None and other.sha != layer.sha:
            raise StaleTextError(f"{id}: the predicted document's text differs from the gold text; annotate it again")
        at = (axes.row[id], axes.languages.index(axes.lang[id]))
        documents[at] += 1
        marks, proposed = _marks(layer), _marks(other)
        known = names if judged is None or id in judged else None
        for what, labels in _entity_counts(marks, proposed, axes.lang[id], known):
            for label in labels:
                entities[at][label_at[label], ENTITY.index(what)] += 1
        effort[at] += count_edits(marks, proposed), len(marks)
        matched = match_claims(layer.claims, other.claims if other else ())
        claims[at] += (
            len(layer.claims),
            len(other.claims) if other else 0,
            len(matched),
            sum(g.type == p.type for g, p in matched),
            sum(g.stance == p.stance for g, p in matched),
            sum(one_claimant(id, g, p) for g, p in matched),
            sum(g.policy_area == p.policy_area for g, p in matched),
        )
        for column, kinds in enumerate(
            (
                [c.type for c in layer.claims],
                [c.type for c in other.claims] if other else [],
                [g.type for g, p in matched if g.type == p.type],
            )
        ):
            for kind in kinds:
                types[at][type_at[kind], column] += 1
    return Counts(axes, documents, entities, effort, claims, types, names is not None)


def names_of(annotated: Iterable[tuple[Document, Layer]]) -> Names:
    """The names that stand in these documents, by language and label."""
    return frozenset(
        (document.lang, e.label, folded(e.span.surface)) for document, layer in annotated for e in layer.entities
    )


def folded(surface: str) -> str:
    """A name without what makes no other name of it: case, line breaks, Traditional or Simplified characters.

    >>> folded("Housing\\n Bureau") == folded("HOUSING bureau"), folded("國務院") == folded("国务院")
    (True, True)
    """
    return simplified(" ".join(surface.split()).casefold())


def write_names(folder: Path, names: Names) -> None:
    """Write the names that a model has learnt to `names.json` in its folder."""
    by_label: dict[str, dict[str, list[str]]] = {}
    for lang, label, name in sorted(names):
        by_label.setdefault(lang, {}).setdefault(label, []).append(name)
    write_atomically(folder / NAMES, json.dumps(by_label).encode())


def read_names(folder: Path) -> Names | None:
    """The names that the model in `folder` has learnt; None where that is not recorded."""
    file = folder / NAMES
    if not file.is_file():
        return None
    try:
        by_label = json.loads(file.read_text(encoding="utf-8"))
        return frozenset(
            (str(lang), str(label), str(name))
            for lang, labels in by_label.items()
            for label, names in labels.items()
            for name in names
        )
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise ModelError(f"{file}: cannot be read ({error}); train the model again") from None


def _by_document(layers: Iterable[Marked]) -> dict[str, Marked]:
    result: dict[str, Marked] = {}
    for layer in layers:
        if layer.document in result:
            raise InputError(f"{layer.document}: comes twice; expected one layer a document")
        result[layer.document] = layer
    return result


def _marks(layer: Marked | None) -> dict[Mark, str]:
    """The marks, each with its surface."""
    return {(e.start, e.end, e.label): e.span.surface for e in layer.entities} if layer else {}


def _entity_counts(
    gold: Mapping[Mark, str], predicted: Mapping[Mark, str], lang: str, names: Names | None
) -> list[tuple[str, list[str]]]:
    """The labels of the marks that each of `ENTITY` counts."""
    exact = gold.keys() & predicted.keys()
    places, proposed = {m[:2] for m in gold}, {m[:2] for m in predicted}
    counted = [
        ("gold", [m[2] for m in gold]),
        ("predicted", [m[2] for m in predicted]),
        ("exact", [m[2] for m in exact]),
        ("found", _overlapping(gold, predicted)),
        ("right", _overlapping(predicted, gold)),
        ("placed_gold", [m[2] for m in gold if m[:2] in proposed]),
        ("placed_predicted", [m[2] for m in predicted if m[:2] in places]),
    ]
    if names is not None:
        surfaces = {**predicted, **gold}
        seen = {m for m, surface in surfaces.items() if (lang, m[2], folded(surface)) in names}
        for what, marks in (("gold", gold.keys()), ("predicted", predicted.keys()), ("exact", exact)):
            counted.append((f"seen_{what}", [m[2] for m in marks if m in seen]))
            counted.append((f"unseen_{what}", [m[2] for m in marks if m not in seen]))
    return counted


def _overlapping(some: Iterable[Mark], others: Iterable[Mark]) -> list[str]:
    """The labels of those of `some` which overlap one of `others` that has the same label."""
    by_label: dict[str, list[tuple[int, int]]] = {}
    for start, end, label in others:
        by_label.setdefault(label, []).append((start, end))
    there = {label: Stretches(spans) for label, spans in by_label.items()}
    return [label for start, end, label in some if label in there and there[label].meet(start, end)]
