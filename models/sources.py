"""What there is to learn from in a workspace and beside it, and what cannot be used."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from corpus.dedupe import split_keys
from corpus.document import Lang, Layer
from corpus.gold import SOURCE
from corpus.jsonl import layer_of, read_documents
from corpus.report import Skipped
from corpus.schema import GOLD, layers_table
from corpus.shingles import shingle_set
from corpus.store import Workspace
from models.examples import Annotated

SILVER = "combined"
"""The layer that stands in for gold where there is none: the pre-annotation."""

COPIED = 0.5
"""A document with this share of its word sequences in a document that is kept apart is a copy of it, or of a part."""


def silver_layers(workspace: Workspace, *, without: Iterable[str]) -> dict[str, Layer]:
    """The pre-annotation of documents that have no gold, by id, that a model may learn from.

    `without` are the documents to judge by. What is in their near-duplicate clusters (as `hemu dedupe` found them) or is
    their other version says what stands in them, and is left out too.
    """
    gold = workspace.read(GOLD)
    sides = split_keys(workspace)
    kept_apart = frozenset(without)
    closed = {sides[id] for id in kept_apart if id in sides}
    return {
        id: layer
        for id, layer in workspace.read(layers_table(SILVER)).items()
        if id not in gold and id not in kept_apart and sides.get(id) not in closed
    }


def public_gold(
    workspace: Workspace, lang: Lang, files: Sequence[Path], *, gold: Sequence[Annotated], leave_out: frozenset[str]
) -> tuple[list[Annotated], list[Skipped]]:
    """The documents of one language in files of gold, and those left out: what comes twice, what has gold in the workspace,
    and what is a copy of a document to be left out or stands in it. Raises InputError where a file is not in the form of gold.
    """
    documents = workspace.documents()
    apart: dict[int, str] = {}
    for id in sorted(leave_out & documents.keys()):
        apart.update(dict.fromkeys(shingle_set(documents[id]).tolist(), id))
    seen = {document.sha: f"{document.id}, which is gold of the workspace" for document, _ in gold}
    kept: list[Annotated] = []
    skipped: list[Skipped] = []
    for file in files:
        for where, row, document in read_documents(str(file)):
            layer = layer_of(row, document, where, scheme=workspace.scheme, source=SOURCE)
            if document.lang != lang:
                continue
            own = shingle_set(document).tolist()
            [(copied, shared)] = Counter(apart.get(x, "") for x in own if x in apart).most_common(1) or [("", 0)]
            if shared and shared >= COPIED * len(own):
                skipped.append(Skipped(document.id, f"in {file.name}: stands in {copied}, which is kept apart"))
            elif document.sha in seen:
                skipped.append(Skipped(document.id, f"in {file.name}: has the text of {seen[document.sha]}"))
            else:
                seen[document.sha] = f"{document.id} in {file.name}"
                kept.append((document, layer))
    return kept, skipped


def annotated(workspace: Workspace, lang: Lang, layers: Mapping[str, Layer]) -> list[Annotated]:
    """The documents of one language with their layers, by id. `not_used` says which layers fit no document."""
    documents = workspace.documents()
    return [
        (documents[id], layers[id])
        for id in sorted(layers)
        if id in documents and documents[id].lang == lang and documents[id].sha == layers[id].sha
    ]


def not_used(workspace: Workspace, layers: Mapping[str, Layer]) -> list[Skipped]:
    """The layers, of either language, that fit no document of the workspace, and why."""
    shas = {head.id: head.sha for head in workspace.heads()}
    out = []
    for id in sorted(layers):
        if id not in shas:
            out.append(Skipped(id, f"has a layer {layers[id].source!r}, but is not in the workspace"))
        elif shas[id] != layers[id].sha:
            out.append(Skipped(id, f"its text has changed since its layer {layers[id].source!r} was made"))
    return out
