"""Explanations of the pre-annotation that a workspace has stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from annotators.explain import explain
from annotators.pipe import Explain
from annotators.pipeline import COMBINED, groups_of, load
from annotators.stage import is_current, layer_folder, stored_group
from annotators.traditional import as_simplified
from corpus.document import Document, Layer
from corpus.schema import ALIGNMENTS, SEGMENTS, layers_table
from corpus.store import Workspace


def explain_workspace(
    workspace: Workspace, explain_to: Explain, *, names: Sequence[str], fast: bool = False, weighed: bool = True
) -> int:
    """Explain the pre-annotation of every article from its stored layers; how many documents were.

    Articles of which a layer is missing, or was made for another text, are left out: annotate them first.
    """
    pipeline = load(tuple(names), fast, weighed)
    sources = [a.name for a in pipeline.annotators if a.stage == "entities"]
    stored = {source: workspace.read(layers_table(layer_folder(source))) for source in sources}
    segments, alignments = workspace.read(SEGMENTS), workspace.read(ALIGNMENTS)
    combined = workspace.read(layers_table(COMBINED))
    count = 0
    for members in groups_of(workspace.documents().values()):
        if not all(is_current(combined.get(d.id), d) for d in members):
            continue
        group = stored_group(members, segments, alignments)
        read, own = as_simplified(group), {d.id: d for d in members}
        layers = [
            _on_text(layer, item.document)
            for item in read.items
            for source in sources
            if is_current(layer := stored[source].get(item.document.id), own[item.document.id]) and layer
        ]
        with pipeline.reading():
            chosen = pipeline.choose(read, layers)
        for item, explanation in zip(group.items, explain(chosen, layers, pipeline.order), strict=True):
            explain_to(explanation, item.document)
            count += 1
    return count


def _on_text(layer: Layer, document: Document) -> Layer:
    """A layer with its spans on the same document read in Simplified characters."""
    entities = tuple(replace(e, span=document.span(e.start, e.end)) for e in layer.entities)
    return replace(layer, sha=document.sha, entities=entities)
