"""Ingest: articles from files into the documents of a workspace, cleaned once and then frozen."""

from __future__ import annotations

import hashlib
import re
import stat
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Literal

from corpus.clean import Change, clean, find_blocks
from corpus.document import Document
from corpus.ingest.find import File, find_files
from corpus.ingest.names import MAX_ID
from corpus.ingest.raw import RawDocument
from corpus.ingest.readers import known_formats, read_jsonl, read_text, reader_for
from corpus.language import contradicts, detect_language
from corpus.report import Progress, Skipped, StageReport
from corpus.schema import DOCUMENTS
from corpus.store import Workspace

__all__ = ["File", "RawDocument", "document_from", "find_files", "ingest"]


_BATCH = 256
# How many ids of changed articles a report names.
_NAMED = 5


def ingest(workspace: Workspace, paths: Iterable[Path | str], *, progress: Progress | None = None) -> StageReport:
    """Take articles into a workspace: files, folders with all below them that is not hidden, "-" for standard input.

    A second run adds only what is new. A text that has changed becomes the new version of its document (counted in
    `notes["changed"]`, and the first few of them named in `notes["changed ids"]`: another article under the same file
    name looks just so). What cannot be taken is in `report.skipped` with the reason, and stops nothing else.
    Raises InputError, before anything is written, where a path does not exist, is the workspace or in its tables.
    """
    began = time.monotonic()
    report = StageReport("ingest")
    files = list(find_files(paths, leave_out=workspace.root))
    with workspace.writing():
        known = _Known.of(workspace)
        batch: list[Document] = []
        changed: list[str] = []
        cleaned = 0
        for count, file in enumerate(files, 1):
            for found in [file] if isinstance(file, Skipped) else _read(file):
                taken = _take(found, known)
                if isinstance(taken, Skipped):
                    report.skipped.append(taken)
                elif taken.state == "unchanged":
                    report.unchanged += 1
                else:
                    if taken.state == "changed":
                        changed.append(taken.document.id)
                    # A line break at the end, which nearly every file has, is not worth telling.
                    cleaned += any(change.what != "final line breaks" for change in taken.changes)
                    batch.append(taken.document)
                if len(batch) >= _BATCH:
                    report.done += workspace.append(DOCUMENTS, batch)
                    batch = []
            if progress:
                progress(count, len(files))
        report.done += workspace.append(DOCUMENTS, batch)
    report.notes = {"changed": len(changed), "cleaned": cleaned, "pairs": known.pairs()}
    if changed:
        report.notes["changed ids"] = ", ".join([*changed[:_NAMED], *["…"] * (len(changed) > _NAMED)])
    report.seconds = time.monotonic() - began
    return report


def document_from(raw: RawDocument) -> tuple[Document, tuple[Change, ...]] | Skipped:
    """The document of an article, cleaned and with its blocks, and what cleaning changed; or why there can be none."""
    cleaned = clean(raw.text)
    if not cleaned.text.strip():
        return Skipped(raw.where, "empty file")
    if re.search("[\ud800-\udfff]", cleaned.text):
        return Skipped(raw.where, "holds broken characters (lone surrogates); repair the text")
    if len(raw.id) > MAX_ID:
        return Skipped(raw.where, f"its id would be longer than {MAX_ID} characters; give it a shorter name")
    if raw.lang and contradicts(cleaned.text, raw.lang):
        said, other = ("English", "Chinese") if raw.lang == "en" else ("Chinese", "English")
        return Skipped(raw.where, f"said to be {said}, but its text is {other}; correct its name or lang")
    lang = raw.lang or detect_language(cleaned.text)
    blocks = find_blocks(cleaned.text, lang)
    return Document(raw.id, raw.pair, lang, cleaned.text, blocks, raw.source, raw.meta), cleaned.changes


def _read(file: File) -> Iterator[RawDocument | Skipped]:
    if file.path is None:
        try:
            data = sys.stdin.buffer.read()
        except OSError as error:
            yield Skipped(file.shown, f"cannot be read: {error.strerror}")
            return
        rows = data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")
        # A text from a pipe has no name: it gets one from what it says, so that the same text is the same document.
        name = "standard-input" if rows else f"standard-input-{hashlib.sha256(data).hexdigest()[:8]}"
        yield from (read_jsonl if rows else read_text)(data, PurePath(name), file.shown)
        return
    reader = reader_for(file.relative)
    if reader is None:
        suffix = file.relative.suffix or "no extension"
        yield Skipped(file.shown, f"no reader for this format ({suffix}); known: {' '.join(known_formats())}")
        return
    try:
        if not stat.S_ISREG(file.path.stat().st_mode):
            # To open a pipe that nobody writes to would wait for ever.
            yield Skipped(file.shown, "is no regular file")
            return
        data = file.path.read_bytes()
    except OSError as error:
        yield Skipped(file.shown, f"cannot be read: {error.strerror}")
        return
    yield from reader(data, file.relative, file.shown)


@dataclass(frozen=True, slots=True)
class _Taken:
    document: Document
    changes: tuple[Change, ...]
    state: Literal["new", "changed", "unchanged"]


def _take(found: RawDocument | Skipped, known: _Known) -> _Taken | Skipped:
    if isinstance(found, Skipped):
        return found
    made = document_from(found)
    if isinstance(made, Skipped):
        return made
    document, changes = made
    why = known.refuse(document)
    if why:
        return Skipped(found.where, why)
    return _Taken(document, changes, known.add(document, found.where))


@dataclass
class _Known:
    """What the workspace has already, and what this run has met: to tell new from changed, and to refuse doubles."""

    prints: dict[str, tuple[object, ...]] = field(default_factory=dict)
    versions: dict[tuple[str, str], str] = field(default_factory=dict)
    met: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, workspace: Workspace) -> _Known:
        known = cls()
        for row in workspace.rows(DOCUMENTS.name, ["id", "pair", "lang", "sha", "meta"]):
            known._note(row["id"], row["pair"], row["lang"], row["sha"], dict(row["meta"]))
        return known

    def refuse(self, document: Document) -> str | None:
        """Why a document cannot be taken beside what there is, or None."""
        if document.id in self.met:
            return f"its id {document.id!r} is also that of {self.met[document.id]}; rename one of them"
        holder = self.versions.get((document.pair, document.lang)) if document.pair else None
        if holder not in (None, document.id):
            return f"pair {document.pair!r} has its {document.lang} version already: {holder!r}; rename one of them"
        return None

    def add(self, document: Document, where: str) -> Literal["new", "changed", "unchanged"]:
        self.met[document.id] = where
        before = self.prints.get(document.id)
        self._note(document.id, document.pair, document.lang, document.sha, document.meta)
        if before is None:
            return "new"
        return "unchanged" if before == self.prints[document.id] else "changed"

    def _note(self, id: str, pair: str, lang: str, sha: str, meta: Mapping[str, str]) -> None:
        before = self.prints.get(id)
        if before is not None:
            self.versions.pop((str(before[0]), str(before[1])), None)
        self.prints[id] = (pair, lang, sha, tuple(sorted(meta.items())))
        if pair:
            self.versions[pair, lang] = id

    def pairs(self) -> int:
        """How many articles there are in both languages."""
        return sum(lang == "en" and (pair, "zh") in self.versions for pair, lang in self.versions)
