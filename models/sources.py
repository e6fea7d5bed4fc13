"""What there is to learn from in a workspace and beside it, and what cannot be used."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from corpus.dedupe import split_keys
from corpus.document import Document, Lang, Layer
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
"""A document with this share of its word sequences in documents that are kept apart is a copy of them, or of parts."""


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


@dataclass(frozen=True, slots=True)
class Copy:
    """Why a document of others is not learnt from: `leaks` says that it tells of what models are judged by."""

    why: str
    leaks: bool


class Copies:
    """Tells which documents of others are copies: of what is kept apart to judge by, of gold, or of one another."""

    def __init__(self, gold: Iterable[Document], apart: Iterable[Document]) -> None:
        self._texts = {document.sha: f"{document.id}, which is gold of the workspace" for document in gold}
        # Sentences stand in a text as they are, longer pieces may have been edited: word sequences find both.
        self._apart: dict[int, str] = {}
        for document in apart:
            self._apart.update(dict.fromkeys(shingle_set(document).tolist(), document.id))

    def of(self, document: Document, file: Path) -> Copy | None:
        """Why a document of this file is a copy; None where it is not, and later ones with its text are copies of it."""
        own = shingle_set(document).tolist()
        shared = Counter(self._apart[x] for x in own if x in self._apart)
        if shared and shared.total() >= COPIED * len(own):
            return Copy(f"stands in {shared.most_common(1)[0][0]}, which is kept apart", leaks=True)
        if document.sha in self._texts:
            return Copy(f"has the text of {self._texts[document.sha]}", leaks=False)
        self._texts[document.sha] = f"{document.id} in {file.name}"
        return None


def public_gold(
    workspace: Workspace, lang: Lang, files: Sequence[Path], *, gold: Sequence[Annotated], leave_out: frozenset[str]
) -> tuple[list[Annotated], list[Skipped]]:
    """The documents of one language in files of gold, and those left out since they are copies (`Copies`) of gold, of one
    another, or of documents in `leave_out`. Raises InputError where a file is not in the form of gold.
    """
    documents = workspace.documents()
    copies = Copies((document for document, _ in gold), (documents[id] for id in sorted(leave_out & documents.keys())))
    kept: list[Annotated] = []
    skipped: list[Skipped] = []
    for file in files:
        for where, row, document in read_documents(str(file)):
            layer = layer_of(row, document, where, scheme=workspace.scheme, source=SOURCE)
            if document.lang != lang:
                continue
            if copy := copies.of(document, file):
                skipped.append(Skipped(document.id, f"in {file.name}: {copy.why}"))
            else:
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
