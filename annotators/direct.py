"""Annotating from a script: a text or documents in, layers out, without a workspace and without files."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence

from annotators import registry
from annotators.pipeline import BATCH, COMBINED, Annotated, Method, groups_of, load, windows
from corpus.document import Document, Lang, Layer
from corpus.engine import batches, map_batches
from corpus.errors import InputError
from corpus.reading import make_document


def annotate(
    text: str | Document,
    *,
    lang: Lang | None = None,
    annotators: Sequence[str] = registry.DEFAULT,
    fast: bool = False,
    weighed: bool = True,
) -> Layer:
    """The entities and claims that the annotators find in one text.

    The text is taken as it is, and all offsets are code points into it; its language is told where `lang` does not say it.
    `annotators` are names in the order of priority: those of a new workspace unless given; `model:PATH` is a trained model.
    They are loaded at the first call, which takes seconds, and kept; `fast` does without models (names only, no claims).
    `weighed` is as in `annotators.pipeline.Pipeline`. Raises RegistryError for a name that is not known.

    >>> [(e.label, e.span.surface) for e in annotate("浙江省人民政府推进共同富裕。", fast=True).entities]
    [('AGENCY', '浙江省人民政府'), ('POLICY', '共同富裕')]
    """
    document = make_document(text, lang=lang) if isinstance(text, str) else text
    return next(annotate_all([document], annotators=annotators, fast=fast, weighed=weighed))


def annotate_all(
    documents: Iterable[Document],
    *,
    annotators: Sequence[str] = registry.DEFAULT,
    fast: bool = False,
    weighed: bool = True,
    workers: int = 1,
) -> Iterator[Layer]:
    """A layer for each document, in their order, while they are read: 256 documents are held at a time.

    The two versions of an article (documents with one `pair`) help one another where they come within these, and relations
    lead from one to the other. The other arguments are as for `annotate`; with more than one of `workers` the calling
    script needs `if __name__ == "__main__":`, as processes are started anew. Raises InputError where an id comes twice.

    >>> en = make_document("Premier Li Qiang visited Zhejiang.", id="a.en", pair="a")
    >>> zh = make_document("国务院总理李强访问浙江。", id="a.zh", pair="a")
    >>> [[e.span.surface for e in layer.entities] for layer in annotate_all([en, zh], fast=True)]
    [['Li Qiang', 'Zhejiang'], ['国务院', '李强', '浙江']]
    """
    method = (tuple(annotators), fast, weighed)
    registry.check(annotators)
    waiting: deque[list[Document]] = deque()

    def jobs() -> Iterator[tuple[Method, list[list[Document]]]]:
        for window in windows(_once(documents)):
            waiting.append(window)
            for batch in batches(groups_of(window), BATCH):
                yield method, batch

    done: dict[str, Layer] = {}
    for layers in map_batches(_annotate_documents, jobs(), workers=workers):
        done |= {layer.document: layer for layer in layers}
        # Batches come back in order, so that a window is whole when its last document is there.
        while waiting and all(document.id in done for document in waiting[0]):
            for document in waiting.popleft():
                yield done.pop(document.id)


def _once(documents: Iterable[Document]) -> Iterator[Document]:
    seen: set[str] = set()
    for document in documents:
        if document.id in seen:
            raise InputError(f"{document.id}: comes twice; each document needs an id of its own")
        seen.add(document.id)
        yield document


def _annotate_documents(job: tuple[Method, list[list[Document]]]) -> list[Layer]:
    method, groups = job
    pipeline = load(*method)
    return [
        layer
        for documents in groups
        for layer in _layers(pipeline.annotate(pipeline.segmented(documents)), pipeline.version)
    ]


def _layers(found: Annotated, version: str) -> Iterator[Layer]:
    for item in found.group.items:
        id, sha = item.document.id, item.document.sha
        relations = tuple(relation for relation in found.relations if relation.head.document == id)
        yield Layer(id, sha, COMBINED, version, item.entities, item.claims, relations)
