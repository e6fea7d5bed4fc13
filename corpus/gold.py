"""Gold annotation in and out of a workspace, as a JSON Lines file in the form of a gold file."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from corpus.document import Document, Lang, Layer, Removal
from corpus.engine import batches
from corpus.ingest.names import why_unsafe
from corpus.jsonl import Row, dump_row, layer_of, output, read_documents, row_of
from corpus.removal import removed
from corpus.report import Progress, Skipped, StageReport
from corpus.schema import DOCUMENTS, GOLD
from corpus.store import Head, Workspace

SOURCE = "gold"
"""The source of every gold layer and of what is in it."""

_BATCH = 64

IMPORTED = "imported"
"""The version of a gold layer that came from a file."""


def import_gold(workspace: Workspace, path: str, *, progress: Progress | None = None) -> StageReport:
    """Take the annotation in the file `path` ("-" is standard input) as gold.

    A document that the workspace lacks is added with its text exactly as it stands. One that it has with another text
    or language is left out and named: offsets would not fit. What is equal to the stored gold is left as it is.
    The whole file is checked before anything is written.

    Raises InputError, naming the line, where a document, span, label or claim is not well formed or comes twice.
    """
    started = time.monotonic()
    report = StageReport("gold")
    with workspace.writing():
        heads = {head.id: head for head in workspace.heads()}
        pairs = {(head.pair, head.lang): head.id for head in heads.values() if head.pair}
        withdrawn = {removal.sha: removal for removal in removed(workspace).values()}
        added: dict[str, Document] = {}
        layers: dict[str, Layer] = {}
        for number, (where, row, document) in enumerate(read_documents(path), 1):
            layer = layer_of(row, document, where, scheme=workspace.scheme, source=SOURCE)
            layers[document.id] = replace(layer, version=IMPORTED)
            reason = _refusal(row, document, heads.get(document.id)) or _taken(document, pairs)
            if reason := reason or _withdrawn(document, withdrawn):
                report.skipped.append(Skipped(document.id, reason))
            elif document.id not in heads:
                added[document.id] = _with_blocks(document, path)
                pairs[document.pair, document.lang] = document.id
            if progress:
                progress(number, None)
        refused = {skipped.what for skipped in report.skipped}
        stored = workspace.fetch(GOLD, layers)
        new = [layer for id, layer in layers.items() if id not in refused and not _same(layer, stored.get(id))]
        workspace.append(DOCUMENTS, added.values())
        workspace.append(GOLD, new)
    report.done = len(new)
    report.unchanged = len(layers) - len(refused) - len(new)
    report.notes = {
        "documents added": len(added),
        "gold replaced": sum(layer.document in stored for layer in new),
        "entities": sum(len(layer.entities) for layer in new),
        "claims": sum(len(layer.claims) for layer in new),
    }
    report.seconds = time.monotonic() - started
    return report


def _withdrawn(document: Document, removals: Mapping[str, Removal]) -> str:
    """Why the document cannot come back, or ""."""
    record = removals.get(document.sha)
    return f"was withdrawn on {record.when[:10]}; take it again with: hemu ingest --restore" if record else ""


def _taken(document: Document, pairs: Mapping[tuple[str, Lang], str]) -> str:
    """Why the document cannot stand in its pair, or ""."""
    other = pairs.get((document.pair, document.lang)) if document.pair else None
    if other in (None, document.id):
        return ""
    return (
        f"{other} is the {document.lang!r} version of the pair {document.pair!r} already; give one of them another pair"
    )


def _refusal(row: Row, document: Document, stored: Head | None) -> str:
    """Why the document cannot be taken, or ""."""
    if reason := why_unsafe(document.id):
        return reason
    if stored is not None and stored.sha != document.sha:
        return "the workspace has another text under this id, which the offsets do not fit; give one of them another id"
    if stored is not None and stored.lang != document.lang:
        return f"the workspace has it as {stored.lang!r}, the file as {document.lang!r}; correct one of them"
    try:
        json.dumps(row, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        return "it holds half a surrogate pair (\\ud800 to \\udfff), which no table can store; correct the file"
    return ""


def _with_blocks(document: Document, path: str) -> Document:
    from corpus.blocks import find_blocks

    source = "standard input" if path == "-" else Path(path).name
    return replace(document, blocks=find_blocks(document.text, document.lang), source=source)


def _same(layer: Layer, stored: Layer | None) -> bool:
    """Whether both say the same, apart from who said it and how sure they were."""
    return stored is not None and _content(layer) == _content(stored)


def _content(layer: Layer) -> tuple[object, ...]:
    return (
        layer.sha,
        tuple((e.span, e.label) for e in layer.entities),
        tuple((c.span, c.type, c.stance, c.claimant, c.policy_area, c.targets) for c in layer.claims),
    )


def export_gold(workspace: Workspace, path: str, *, progress: Progress | None = None) -> StageReport:
    """Write the gold annotation to the file `path` ("-" is standard output), in the order of the documents.

    A layer that was made for another version of its document's text is left out and named.
    """
    started = time.monotonic()
    report = StageReport("gold")
    known, annotated = workspace.index(DOCUMENTS), workspace.index(GOLD)
    with output(path) as stream:
        for ids in batches((id for id in known if id in annotated), _BATCH):
            documents, layers = workspace.fetch(DOCUMENTS, ids), workspace.fetch(GOLD, ids)
            for id in ids:
                if layers[id].sha != documents[id].sha:
                    report.skipped.append(Skipped(id, "its gold was made for another version of the text"))
                    continue
                stream.write(dump_row(row_of(documents[id], layers[id].entities, layers[id].claims)) + "\n")
                report.done += 1
                if progress:
                    progress(report.done, len(annotated))
    report.notes = {"documents without gold": len(known.keys() - annotated.keys())}
    report.seconds = time.monotonic() - started
    return report
