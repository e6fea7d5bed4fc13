"""What a script reads of a workspace: documents, what is marked in them, and sentences that translate one another.

These are the functions that `import corpus` offers. All of them stream: a corpus of any size is gone through with little
memory, in the order in which tables were written. Workspaces are only read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from corpus.document import Alignment, Document, Lang, Layer, Span, text_sha
from corpus.errors import InputError, StaleTextError
from corpus.language import detect_language
from corpus.schema import ALIGNMENTS, DOCUMENTS, GOLD, Table, layers_table
from corpus.store import Workspace, check_sha

PRE_ANNOTATION = "combined"
"""The name of the layer that is the pre-annotation."""

_BATCH = 64


@dataclass(frozen=True, slots=True)
class SentencePair:
    """Sentences that translate one another: `en` and `zh` are spans of the two documents, `score` is from 0 to 1."""

    pair: str
    en_document: str
    zh_document: str
    en: Span
    zh: Span
    score: float


def open_workspace(path: str | PathLike[str]) -> Workspace:
    """The workspace in the folder `path`; WorkspaceError where there is none. Make one with `hemu init`."""
    return Workspace.open(Path(path))


def make_document(text: str, *, lang: Lang | None = None, id: str = "", pair: str = "") -> Document:
    """A document of a text that is in no workspace; the text stays as it is. The language is told where it is not given.

    The id is, where none is given, the beginning of the text's hash. `pair` is the name that two versions share.

    >>> make_document("浙江推进共同富裕").lang
    'zh'
    """
    from corpus.blocks import find_blocks

    lang = lang or detect_language(text)
    return Document(id or text_sha(text)[:12], pair, lang, text, find_blocks(text, lang))


def documents(
    workspace: Workspace, ids: Iterable[str] | None = None, *, lang: Lang | None = None
) -> Iterator[Document]:
    """The documents of a workspace; of `ids` only, and in the language `lang` only, where given.

    Raises InputError where an id is not there.
    """
    if ids is not None:
        ids = list(ids)
        known = workspace.index(DOCUMENTS)
        if unknown := [id for id in ids if id not in known]:
            raise InputError(f"{', '.join(unknown[:5])}: no such document in {workspace.root}")
    for document in workspace.current(DOCUMENTS, ids):
        if lang in (None, document.lang):
            yield document


def annotated(
    workspace: Workspace, source: str = "gold", *, ids: Iterable[str] | None = None, lang: Lang | None = None
) -> Iterator[tuple[Document, Layer]]:
    """Each document that `source` says something of, with its layer: entities, claims and relations.

    `source` is "gold", "combined" (the pre-annotation), or one of `sources`. Raises InputError for another name,
    StaleTextError where a layer was made for another version of the text.
    """
    known = sources(workspace)
    if source not in known:
        raise InputError(f"{source}: no layer of {workspace.root}; there are: {', '.join(known) or 'none yet'}")
    table = GOLD if source == "gold" else layers_table(source)
    there = workspace.index(table)
    batch: list[Document] = []
    for document in documents(workspace, ids, lang=lang):
        if document.id in there:
            batch.append(document)
        if len(batch) == _BATCH:
            yield from _with_layers(workspace, table, batch)
            batch = []
    yield from _with_layers(workspace, table, batch)


def _with_layers(workspace: Workspace, table: Table[Layer], batch: list[Document]) -> Iterator[tuple[Document, Layer]]:
    layers = workspace.fetch(table, [document.id for document in batch])
    for document in batch:
        layer = layers[document.id]
        check_sha(document, layer.sha, f"its layer {table.name.removeprefix('layers/')!r}")
        yield document, layer


def sources(workspace: Workspace) -> list[str]:
    """The layers that a workspace has: "gold" first, then by name; empty where nothing was annotated."""
    room = workspace.folder("layers")
    names = sorted(path.name for path in room.iterdir() if path.is_dir()) if room.is_dir() else []
    return [*(["gold"] if workspace.shards(GOLD.name) else []), *names]


def aligned(workspace: Workspace, pairs: Iterable[str] | None = None) -> Iterator[SentencePair]:
    """The sentences that translate one another, pair by pair in the order of the texts; of `pairs` only, where given.

    Sentences without a counterpart are left out. Raises StaleTextError where a text has changed since it was aligned.
    """
    for alignment in workspace.current(ALIGNMENTS, pairs):
        versions = workspace.fetch(DOCUMENTS, [alignment.en, alignment.zh])
        if len(versions) == 2:
            yield from _sentence_pairs(alignment, versions[alignment.en], versions[alignment.zh])


def _sentence_pairs(alignment: Alignment, en: Document, zh: Document) -> Iterator[SentencePair]:
    if (en.sha, zh.sha) != (alignment.en_sha, alignment.zh_sha):
        raise StaleTextError(f"{alignment.pair}: a text has changed since it was aligned; run: hemu align")
    for bead in alignment.beads:
        if bead.en and bead.zh:
            en_span = en.span(bead.en[0][0], bead.en[-1][1])
            zh_span = zh.span(bead.zh[0][0], bead.zh[-1][1])
            yield SentencePair(alignment.pair, en.id, zh.id, en_span, zh_span, bead.score)
