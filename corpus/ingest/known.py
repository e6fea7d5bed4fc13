"""What a workspace has already, and what a run of ingest has met: to tell new from changed, and to refuse doubles."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from corpus.document import Document, Removal
from corpus.schema import DOCUMENTS, REMOVALS
from corpus.store import Workspace

State = Literal["new", "changed", "unchanged"]


@dataclass(slots=True)
class Known:
    """The documents of a workspace without their texts, and those of this run.

    `pairs` has the pair and the language of each id, `prints` a digest of all else, `versions` the id of each language
    of a pair, `met` where an id was met in this run.
    """

    pairs: dict[str, tuple[str, str]] = field(default_factory=dict)
    prints: dict[str, bytes] = field(default_factory=dict)
    versions: dict[tuple[str, str], str] = field(default_factory=dict)
    met: dict[str, str] = field(default_factory=dict)
    removed: dict[str, list[Removal]] = field(default_factory=dict)

    @classmethod
    def of(cls, workspace: Workspace) -> Known:
        """What a workspace has; the texts are not read."""
        known = cls()
        for row in workspace.rows(DOCUMENTS.name, ["id", "pair", "lang", "sha", "meta"]):
            known._note(row["id"], row["pair"], row["lang"], row["sha"], dict(row["meta"]))
        for removal in workspace.read(REMOVALS).values():
            known.removed.setdefault(removal.sha, []).append(removal)
        return known

    def with_pair(self, document: Document) -> Document:
        """A document whose name says no pair stays in the one that it was put into before (by a file of pairs)."""
        before = self.pairs.get(document.id)
        if document.pair or before is None or not before[0] or before[1] != document.lang:
            return document
        return replace(document, pair=before[0])

    def refuse(self, document: Document) -> str | None:
        """Why a document cannot be taken beside what there is, or None."""
        if document.id in self.met:
            versions = self.pairs[document.id][1] != document.lang
            hint = "; if they are versions of one article, name the column of ids as that of the pair" * versions
            return f"its id {document.id!r} is also that of {self.met[document.id]}; rename one of them{hint}"
        holder = self.versions.get((document.pair, document.lang)) if document.pair else None
        if holder not in (None, document.id):
            return f"pair {document.pair!r} has its {document.lang} version already: {holder!r}; rename one of them"
        return None

    def withdrawn(self, document: Document, restore: Collection[str]) -> tuple[Removal | None, list[str]]:
        """The record by which a document is withdrawn, or None; and the records that `restore` names instead.

        A text stays withdrawn under whatever id it comes.
        """
        records = self.removed.get(document.sha, [])
        ids = [record.document for record in records]
        if not records or document.id in restore or any(id in restore for id in ids):
            return None, ids
        return records[0], []

    def add(self, document: Document, where: str) -> State:
        """Note a document that is taken; whether it is new, or changed in its text, pair, language or meta."""
        self.met[document.id] = where
        before = self.prints.get(document.id), self.pairs.get(document.id)
        self._note(document.id, document.pair, document.lang, document.sha, document.meta)
        if before[0] is None:
            return "new"
        same = before == (self.prints[document.id], self.pairs[document.id])
        return "unchanged" if same else "changed"

    def _note(self, id: str, pair: str, lang: str, sha: str, meta: Mapping[str, str]) -> None:
        before = self.pairs.get(id)
        if before is not None and self.versions.get(before) == id:
            del self.versions[before]
        self.pairs[id] = pair, lang
        self.prints[id] = hashlib.blake2b(repr((sha, sorted(meta.items()))).encode(), digest_size=16).digest()
        if pair:
            self.versions[pair, lang] = id

    def both(self) -> int:
        """How many articles there are in both languages."""
        return sum(lang == "en" and (pair, "zh") in self.versions for pair, lang in self.versions)
