"""Ingest: articles from files into the documents of a workspace, cleaned once and then frozen."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from functools import cache, partial
from pathlib import Path

from corpus.blocks import find_blocks
from corpus.clean import Change, Cleaned, clean
from corpus.document import Document, Origin
from corpus.ingest.columns import Columns
from corpus.ingest.decode import CONTROL
from corpus.ingest.find import File, find_files
from corpus.ingest.known import Known
from corpus.ingest.mapping import Mapping, read_mapping, stored
from corpus.ingest.names import MAX_ID, printable
from corpus.ingest.raw import RawDocument, Source
from corpus.ingest.readers import format_of, is_of_rows, read, sha_of
from corpus.ingest.sources import sources_of
from corpus.language import contradicts, detect_language
from corpus.report import Progress, Skipped, StageReport
from corpus.schema import DOCUMENTS, ORIGINS
from corpus.store import Workspace

__all__ = ["File", "RawDocument", "document_from", "find_files", "ingest"]

Explain = Callable[[Document, RawDocument, Cleaned], None]

# What is held in memory before it is written: so many documents, or characters in them.
_BATCH = 1000
_BATCH_CHARACTERS = 8_000_000
# After how many rows of a large file the progress is told.
_TOLD = 100
# How many ids of changed or doubtful articles a report names.
_NAMED = 5
# A text of more characters than these in a single line has lost its paragraphs.
_ONE_LINE = {"en": 2000, "zh": 700}


def ingest(
    workspace: Workspace,
    paths: Iterable[Path | str],
    *,
    text_column: str | None = None,
    id_column: str | None = None,
    pair_column: str | None = None,
    lang_column: str | None = None,
    pairs: Path | None = None,
    restore: Collection[str] = (),
    explain: Explain | None = None,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> StageReport:
    """Take articles into a workspace: files, folders with all below them that is not hidden, patterns, "-" for
    standard input.

    A second run adds only what is new. A text that has changed becomes the new version of its document (counted in
    `notes["changed"]`, and the first few of them named in `notes["changed ids"]`: another article under the same file
    name looks just so). What cannot be taken is in `report.skipped` with the reason, and stops nothing else. A text
    that was withdrawn is not taken again unless its id is in `restore`. What is taken but looks damaged, with control
    characters in it or all in one long line, is counted and named in the notes.

    The columns of rows are known by their usual names (corpus/ingest/columns.py) unless they are named here. `pairs` is
    a file of pairs (corpus/ingest/mapping.py), which goes before what names say, and also joins what the workspace has
    already. `explain` is called with each document that is new or changed, what it was made of, and what cleaning did.
    With `dry_run` nothing is written, and the report says what would be.
    Raises InputError, before anything is written, where a path does not exist, is the workspace or in its tables, or
    where the file of pairs cannot be read.
    """
    began = time.monotonic()
    files = list(find_files(paths, leave_out=workspace.root))
    columns = Columns(text_column, id_column, pair_column, lang_column)
    mapping = read_mapping(pairs) if pairs else Mapping()
    with nullcontext() if dry_run else workspace.writing():
        run = _Run(workspace, Known.of(workspace), mapping, frozenset(restore), explain, dry_run)
        for count, file in enumerate(files, 1):
            for source in [file] if isinstance(file, Skipped) else sources_of(file):
                if isinstance(source, Skipped):
                    run.report.skipped.append(source)
                else:
                    # Of one large file of rows the progress is the number of rows.
                    rows = len(files) == 1 and is_of_rows(format_of(source))
                    run.take_all(source, columns, progress if rows else None)
            if progress:
                progress(count, len(files))
        run.pair_stored()
        run.write()
    if run.restored and not dry_run:
        from corpus.removal import forget

        forget(workspace, run.restored)
    report = run.finished()
    report.seconds = time.monotonic() - began
    return report


def document_from(raw: RawDocument) -> tuple[Document, tuple[Change, ...]] | Skipped:
    """The document of an article, cleaned and with its blocks, and what cleaning changed; or why there can be none."""
    made = _without_blocks(raw)
    return made if isinstance(made, Skipped) else (_with_blocks(made[0]), made[1].changes)


def _with_blocks(document: Document) -> Document:
    return replace(document, blocks=find_blocks(document.text, document.lang))


def _without_blocks(raw: RawDocument) -> tuple[Document, Cleaned] | Skipped:
    # The blocks cost the most, and are not needed to see that a document is unchanged.
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
    # What is stored has to be UTF-8.
    meta = {key: re.sub("[\ud800-\udfff]", "\ufffd", value) for key, value in raw.meta.items()}
    return Document(raw.id, raw.pair, lang, cleaned.text, (), raw.source, meta), cleaned


def _doubts(document: Document) -> Iterator[str]:
    """What of a text that is taken may be wrong with it all the same."""
    if CONTROL.search(document.text):
        yield "with control characters"
    if len(document.blocks) == 1 and len(document.text) > _ONE_LINE[document.lang]:
        yield "in one line"


def _first_of(ids: list[str]) -> str:
    return ", ".join([*ids[:_NAMED], *["…"] * (len(ids) > _NAMED)])


def _sha(source: Source) -> str:
    try:
        return sha_of(source)
    except OSError:
        # The file is gone meanwhile.
        return ""


@dataclass(slots=True)
class _Run:
    """One run of ingest: what it takes, what it has found, what is still to be written."""

    workspace: Workspace
    known: Known
    mapping: Mapping
    restore: frozenset[str]
    explain: Explain | None
    dry_run: bool
    report: StageReport = field(default_factory=lambda: StageReport("ingest"))
    documents: list[Document] = field(default_factory=list)
    origins: list[Origin] = field(default_factory=list)
    characters: int = 0
    changed: list[str] = field(default_factory=list)
    restored: set[str] = field(default_factory=set)
    encodings: Counter[str] = field(default_factory=Counter)
    cleaned: int = 0
    withdrawn: int = 0
    asked_back: set[str] = field(default_factory=set)
    doubtful: dict[str, list[str]] = field(default_factory=dict)

    def take_all(self, source: Source, columns: Columns, progress: Progress | None) -> None:
        # Only asked for where there is something new, since a file of rows has to be read once more for it.
        sha = cache(partial(_sha, source))
        for count, found in enumerate(read(source, columns), 1):
            skipped = found if isinstance(found, Skipped) else self._take(found, sha)
            if skipped:
                self.report.skipped.append(skipped)
            if self.characters >= _BATCH_CHARACTERS or len(self.documents) >= _BATCH:
                self.write()
            if progress and count % _TOLD == 0:
                progress(count, None)

    def _take(self, raw: RawDocument, sha: Callable[[], str]) -> Skipped | None:
        if given := self.mapping.find(raw.id, raw.source):
            raw = replace(raw, pair=given[0], lang=given[1])
        made = _without_blocks(raw)
        if isinstance(made, Skipped):
            return made
        document, cleaned = self.known.with_pair(made[0]), made[1]
        record, restored = self.known.withdrawn(document, self.restore)
        if record:
            self.withdrawn += 1
            why = f"was withdrawn on {record.when[:10]}; to take it again: hemu ingest --restore {document.id}"
            return Skipped(raw.where, why)
        if why_not := self.known.refuse(document):
            return Skipped(raw.where, why_not)
        self.restored.update(restored)
        if restored:
            self.asked_back |= {document.id, *restored}
        state = self.known.add(document, raw.where)
        if state == "unchanged":
            self.report.unchanged += 1
            return None
        if state == "changed":
            self.changed.append(document.id)
        # A line break at the end, which nearly every file has, is not worth telling.
        self.cleaned += any(change.what != "final line breaks" for change in cleaned.changes)
        self.encodings[raw.encoding] += raw.encoding not in ("", "utf-8")
        document = _with_blocks(document)
        for doubt in _doubts(document):
            self.doubtful.setdefault(doubt, []).append(document.id)
        self._hold(document)
        self.origins.append(
            Origin(
                *(document.id, document.sha, raw.source, raw.file_sha or sha(), raw.encoding, raw.reader),
                offsets=cleaned.offsets,
            )
        )
        if self.explain:
            self.explain(document, raw, cleaned)
        return None

    def _hold(self, document: Document) -> None:
        self.documents.append(document)
        self.characters += len(document.text)

    def pair_stored(self) -> None:
        """Put documents that the workspace has, and that were not read now, into the pairs that a file gives them."""
        ids = [id for id in stored(self.mapping, self.known.pairs.keys()) if id not in self.known.met]
        for document in self.workspace.fetch(DOCUMENTS, ids).values() if ids else ():
            given = self.mapping.find(document.id, document.source)
            if given is None:
                continue
            where = self.mapping.where_of(document.id, document.source)
            if given[1] != document.lang:
                self.report.skipped.append(Skipped(where, f"{document.id!r} is in the other language"))
                continue
            paired = replace(document, pair=given[0])
            if why := self.known.refuse(paired):
                self.report.skipped.append(Skipped(where, why))
            elif self.known.add(paired, where) == "changed":
                self.changed.append(paired.id)
                self._hold(paired)

    def write(self) -> None:
        """Write what is held: where texts come from first, so that no stored document is without it."""
        if not self.dry_run:
            self.workspace.append(ORIGINS, self.origins)
            self.workspace.append(DOCUMENTS, self.documents)
        self.report.done += len(self.documents)
        self.documents, self.origins, self.characters = [], [], 0

    def finished(self) -> StageReport:
        """The report, with its notes."""
        self.report.skipped += [*self.mapping.problems, *self.mapping.unknown()]
        for id in sorted(self.restore - self.asked_back):
            why = "no text that was read was withdrawn under this id; name the id, and the file that holds the text"
            self.report.skipped.append(Skipped(f"--restore {printable(id)}", why))
        notes = self.report.notes
        notes |= {"changed": len(self.changed), "cleaned": self.cleaned, "pairs": self.known.both()}
        if self.changed:
            notes["changed ids"] = _first_of(self.changed)
        for doubt, ids in sorted(self.doubtful.items()):
            notes[doubt] = f"{len(ids)} ({_first_of(ids)})"
        if legacy := [f"{name} {count}" for name, count in self.encodings.most_common() if count]:
            notes["encodings"] = ", ".join(legacy)
        if self.withdrawn:
            notes["withdrawn"] = self.withdrawn
        if self.restored:
            notes["restored"] = len(self.restored)
        if self.dry_run:
            notes["dry run"] = "nothing was written"
        return self.report
