"""What an article is: documents and spans, the workspace, text processing, the label scheme and the dataset.

What a script needs is here by name (see docs/python.md): `open_workspace`, `documents`, `annotated`, `aligned`, `score`, and
the types. Each is imported when it is first used, so that `import corpus` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from corpus.document import AUTHOR, Claim, Document, Entity, Layer, Ref, Relation, Segments, Span, Target
    from corpus.errors import HemuError
    from corpus.metrics import Scores, read_marked, score, score_files
    from corpus.reading import (
        SentencePair,
        aligned,
        annotated,
        documents,
        make_document,
        open_workspace,
        sources,
    )
    from corpus.store import Workspace

__all__ = [
    "AUTHOR",
    "Claim",
    "Document",
    "Entity",
    "HemuError",
    "Layer",
    "Ref",
    "Relation",
    "Scores",
    "Segments",
    "SentencePair",
    "Span",
    "Target",
    "Workspace",
    "aligned",
    "annotated",
    "documents",
    "make_document",
    "open_workspace",
    "read_marked",
    "score",
    "score_files",
    "sources",
]

_TYPES = ("AUTHOR", "Claim", "Document", "Entity", "Layer", "Ref", "Relation", "Segments", "Span", "Target")
_HOME = {
    **dict.fromkeys(_TYPES, "corpus.document"),
    **dict.fromkeys(("Scores", "read_marked", "score", "score_files"), "corpus.metrics"),
    "HemuError": "corpus.errors",
    "Workspace": "corpus.store",
}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOME.get(name, "corpus.reading")), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
