"""What training is shown of a workspace, and which labels of a trained model are of use beside the other annotators."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from corpus.document import Document, Item, Lang, Layer
    from corpus.spotting import Reading
    from corpus.store import Workspace
    from models.claims import Reader


def reader(workspace: Workspace) -> Reader:
    """What makes the readings of documents with their layers, beside their other versions where these have layers."""
    from dataclasses import replace

    from annotators.claims_model import readings
    from annotators.pipeline import groups_of
    from annotators.stage import stored_group
    from corpus.schema import ALIGNMENTS, GOLD, SEGMENTS

    gold = workspace.read(GOLD)
    documents, segments, alignments = workspace.documents(), workspace.read(SEGMENTS), workspace.read(ALIGNMENTS)

    def read(annotated: Sequence[tuple[Document, Layer]]) -> dict[str, Reading]:
        layers = {id: layer for id, layer in gold.items() if id in documents and documents[id].sha == layer.sha}
        layers |= {document.id: layer for document, layer in annotated}
        wanted = {document.id for document, _ in annotated}
        pairs = {document.pair for document, _ in annotated if document.pair}
        shown = [d for d in documents.values() if d.id in wanted or (d.pair in pairs and d.id in layers)]
        groups = []
        for members in groups_of(shown):
            if any(member.id in wanted for member in members):
                group = stored_group(members, segments, alignments)
                items = tuple(replace(item, entities=layers[item.document.id].entities) for item in group.items)
                groups.append(replace(group, items=items))
        return {id: reading for id, reading in readings(groups) if id in wanted}

    return read


def has_claims(workspace: Workspace) -> bool:
    """Whether gold has claims, and the clauses that may be claims can be found: the articles are segmented."""
    from corpus.schema import GOLD, SEGMENTS

    cut = workspace.read(SEGMENTS)
    gold = workspace.read(GOLD)
    return any(layer.claims for layer in gold.values()) and all(id in cut for id in gold)


def admitted(
    workspace: Workspace, names: tuple[str, ...], paths: dict[Lang, Path], test: Sequence[tuple[Document, Layer]]
) -> dict[Lang, list[str]]:
    """The labels for which what a model adds to the other annotators is right more often than wrong, on `test`."""
    gold = {document.id: {(e.start, e.end, e.label) for e in layer.entities} for document, layer in test}
    balance: dict[Lang, Counter[str]] = {lang: Counter() for lang in paths}
    for item in _annotated(workspace, (*names, *(f"model:{path}" for path in paths.values())), test):
        for e in item.entities:
            if e.source == "model":
                right = (e.start, e.end, e.label) in gold[item.document.id]
                balance[item.document.lang][e.label] += 1 if right else -1
    return _in_favour(balance)


def admitted_claims(
    workspace: Workspace, names: tuple[str, ...], paths: dict[Lang, Path], test: Sequence[tuple[Document, Layer]]
) -> dict[Lang, list[str]]:
    """The same for types of claims: right is a gold claim of that type that the other annotators do not find."""
    from annotators.claims_model import NAME
    from corpus.metrics import match_claims

    gold = {document.id: layer.claims for document, layer in test}
    balance: dict[Lang, Counter[str]] = {lang: Counter() for lang in paths}
    for item in _annotated(workspace, (*names, *(f"claims-model:{path}" for path in paths.values())), test):
        found = {two: one for one, two in match_claims(gold[item.document.id], item.claims)}
        for claim in item.claims:
            if claim.source == NAME:
                right = claim in found and found[claim].type == claim.type
                balance[item.document.lang][claim.type] += 1 if right else -1
    return _in_favour(balance)


def _annotated(workspace: Workspace, names: tuple[str, ...], test: Sequence[tuple[Document, Layer]]) -> Iterator[Item]:
    """The documents of `test` as these annotators see them."""
    from annotators.pipeline import Pipeline, groups_of
    from annotators.stage import stored_group
    from corpus.schema import ALIGNMENTS, SEGMENTS

    pipeline = Pipeline(names)
    segments, alignments = workspace.read(SEGMENTS), workspace.read(ALIGNMENTS)
    for members in groups_of(document for document, _ in test):
        yield from pipeline.annotate(stored_group(members, segments, alignments)).group.items


def _in_favour(balance: Mapping[Lang, Counter[str]]) -> dict[Lang, list[str]]:
    return {lang: sorted(label for label, more in counts.items() if more > 0) for lang, counts in balance.items()}
