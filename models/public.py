"""Further gold to learn from that is none of the workspace's: public sets, in files as `hemu gold export` writes them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from corpus.document import LANGUAGES, Lang
from corpus.errors import InputError, WorkspaceError
from corpus.gold import SOURCE
from corpus.jsonl import layer_of, read_documents
from corpus.scheme import Scheme
from corpus.store import CONFIG, Workspace
from models.examples import Annotated
from models.sources import Copies


@dataclass(frozen=True, slots=True)
class Named:
    """A file of gold as hemu.toml or the command line names it, with the licence that was stated."""

    path: Path
    name: str = ""
    licence: str = ""


@dataclass(frozen=True, slots=True)
class PublicSet:
    """What a file of gold held.

    `left_out` counts documents that stand, whole or in part, in what models are judged by, `repeated` those with the text of
    another one that is learnt.
    """

    name: str
    licence: str
    digest: str
    gold: Mapping[Lang, Sequence[Annotated]]
    left_out: int = 0
    repeated: int = 0

    def record(self) -> dict[str, Any]:
        """What model.json says of it."""
        pairs = [pair for several in self.gold.values() for pair in several]
        return {
            "name": self.name,
            "licence": self.licence,
            "digest": self.digest,
            "documents": len(pairs),
            "entities": sum(len(layer.entities) for _, layer in pairs),
            "left_out": self.left_out,
            "repeated": self.repeated,
        }


def named_sets(workspace: Workspace, files: Iterable[Path] = ()) -> list[Named]:
    """The sets that `[retrain] public` of hemu.toml names, and then `files`.

    A set is a path, or { file = "…", name = "…", licence = "…" }; paths begin at the workspace. WorkspaceError where it is
    neither.
    """
    where = f"{workspace.root / CONFIG}: [retrain] public"
    found = []
    for entry in workspace.setting("retrain", "public", list[Any]()):
        row = {"file": entry} if isinstance(entry, str) else entry
        if not isinstance(row, Mapping) or not isinstance(row.get("file"), str) or row.keys() - _FIELDS:
            raise WorkspaceError(
                f'{where} has {entry!r}; expected a path, or {{ file = "set.jsonl", name = "…", licence = "…" }}'
            )
        path = workspace.root / Path(row["file"]).expanduser()
        found.append(Named(path, str(row.get("name", "")), str(row.get("licence", ""))))
    return [*found, *(Named(path) for path in files)]


_FIELDS = {"file", "name", "licence"}


def read_sets(
    sets: Iterable[Named], *, scheme: Scheme, gold: Iterable[Annotated] = (), test: Sequence[Annotated] = ()
) -> list[PublicSet]:
    """The sets, without what is a copy of, or stands in, an article of `test`, and what has the text of one in `gold`.

    Raises InputError where a file is not gold in the form of hemu, or has labels that the scheme does not have.
    """
    copies = Copies((document for document, _ in gold), (document for document, _ in test))
    found = []
    for named in sets:
        kept: dict[Lang, list[Annotated]] = {lang: [] for lang in LANGUAGES}
        digest, left_out, repeated = hashlib.sha256(), 0, 0
        for where, row, document in read_documents(str(named.path)):
            layer = layer_of(row, document, where, scheme=scheme, source=SOURCE)
            if copy := copies.of(document, named.path):
                left_out += copy.leaks
                repeated += not copy.leaks
                continue
            kept[document.lang].append((document, layer))
            digest.update(f"{document.id}\n{document.sha}\n".encode("utf-8", "surrogatepass"))
            digest.update(repr([(e.start, e.end, e.label) for e in layer.entities]).encode())
        if not any(kept.values()):
            raise InputError(f"{named.path}: has no document to learn from; name a file with gold")
        name = named.name or named.path.stem
        found.append(PublicSet(name, named.licence, digest.hexdigest()[:12], kept, left_out, repeated))
    return found
