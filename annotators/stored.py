"""Explanations of the pre-annotation that a workspace has stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from annotators.explain import explain
from annotators.pipe import Explain
from annotators.pipeline import COMBINED, WINDOW, groups_of, load
from annotators.stage import is_current, layer_folder, stored_group
from annotators.traditional import as_simplified
from corpus.document import Document, Layer
from corpus.engine import batches
from corpus.schema import ALIGNMENTS, DOCUMENTS, SEGMENTS, layers_table
from corpus.store import Workspace


def explain_workspace(
    workspace: Workspace, explain_to: Explain, *, names: Sequence[str], fast: bool = False, weighed: bool = True
) -> int:
    """Explain the pre-annotation of every article from its stored layers; how many documents were.

    Articles of which a layer is missing, or was made for another text, are left out: annotate them first. As many
    articles as `annotators.pipeline.WINDOW` are held at a time.
    """
    pipeline = load(tuple(names), fast, weighed)
    sources = [a.name for a in pipeline.annotators if a.stage == "entities"]
    count = 0
    for some in batches(groups_of(workspace.heads()), WINDOW):
        ids = [head.id for heads in some for head in heads]
        documents, segments = workspace.fetch(DOCUMENTS, ids), workspace.fetch(SEGMENTS, ids)
        alignments = workspace.fetch(ALIGNMENTS, {head.pair for heads in some for head in heads if head.pair})
        combined = workspace.fetch(layers_table(COMBINED), ids)
        stored = {source: workspace.fetch(layers_table(layer_folder(source)), ids) for source in sources}
        for members in ([documents[head.id] for head in heads] for heads in some):
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
