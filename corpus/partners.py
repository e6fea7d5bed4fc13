"""Partners found by content, where they are needed: a file of pairs for two folders, or pairs set in a workspace."""

from __future__ import annotations

import csv
import io
import os
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain, count
from pathlib import Path, PurePath

from corpus.document import Document
from corpus.errors import InputError
from corpus.ingest import ingest
from corpus.ingest.names import name_of
from corpus.language import split_name
from corpus.pairing import LEAST, Match, match
from corpus.report import Progress, Skipped, StageReport
from corpus.schema import DOCUMENTS
from corpus.store import Workspace, write_atomically

_COLUMNS = ("en", "zh", "pair", "score")


@dataclass(frozen=True, slots=True)
class Partner:
    """Two versions of one article, named as their reader knows them: by file or by document id; and the pair's name."""

    en: str
    zh: str
    pair: str
    score: float


def pair_folders(
    en: Path, zh: Path, *, least: float = LEAST, progress: Progress | None = None
) -> tuple[list[Partner], StageReport]:
    """Which articles in one folder are the English versions of which in another; the folders may be the same.

    Articles are named by their files, relative to their folder; where a file holds several, by their ids; where a name is
    in both folders, relative to the folder that holds both (`notes["below"]`). What is not in the language of its folder,
    or cannot be read, is in `report.skipped`. Raises InputError for a folder that is not there or holds no article in its
    language, ModelError where the sentence encoder cannot be loaded.
    """
    began = time.monotonic()
    report = StageReport("pair")
    with tempfile.TemporaryDirectory(prefix="hemu-pair-") as scratch:
        same = os.path.realpath(en) == os.path.realpath(zh)
        left = _read(en, Path(scratch, "en"), report)
        right = left if same else _read(zh, Path(scratch, "zh"), report)
        articles = {"en": [d for d in left if d.lang == "en"], "zh": [d for d in right if d.lang == "zh"]}
    if not same:
        wrong = [(en, d) for d in left if d.lang != "en"] + [(zh, d) for d in right if d.lang != "zh"]
        report.skipped += [
            Skipped(str(folder / d.source), "is not in the language of its folder") for folder, d in wrong
        ]
    for folder, lang, name in ((en, "en", "English"), (zh, "zh", "Chinese")):
        if not articles[lang]:
            raise InputError(f"{folder}: has no {name} article; expected a folder of them")
    found = match(articles["en"], articles["zh"], least=least, progress=progress)
    names = {lang: _file_names(documents) for lang, documents in articles.items()}
    if not same and set(names["en"].values()) & set(names["zh"].values()):
        below = Path(os.path.commonpath([en.resolve(), zh.resolve()]))
        for lang, folder in (("en", en), ("zh", zh)):
            path = PurePath(os.path.relpath(folder.resolve(), below))
            names[lang] = {id: (path / name).as_posix() for id, name in names[lang].items()}
        report.notes["below"] = str(below)
    named = _pair_names()
    partners = [Partner(names["en"][m.en], names["zh"][m.zh], named(m.en), m.score) for m in found]
    _count(report, found, len(articles["en"]), len(articles["zh"]))
    report.seconds = time.monotonic() - began
    return partners, report


def pair_workspace(
    workspace: Workspace, *, least: float = LEAST, apply: bool = False, progress: Progress | None = None
) -> tuple[list[Partner], StageReport]:
    """Which of the documents of a workspace that have no partner are versions of one another.

    With `apply` they are stored again as members of the pair; their texts stay. Documents that are in Label Studio already
    are passed over: there each is a task of its own, which the pair would not become.
    """
    began = time.monotonic()
    report = StageReport("pair")
    heads = list(workspace.heads())
    versions: dict[str, set[str]] = {}
    for head in heads:
        versions.setdefault(head.pair, set()).add(head.lang)
    alone = [head.id for head in heads if not head.pair or len(versions[head.pair]) < 2]
    pushed = {id for row in workspace.rows("pushed", ["documents"]) for id in row["documents"]}
    report.skipped = [
        Skipped(id, "is a task in Label Studio already; remove it there to pair it") for id in alone if id in pushed
    ]
    documents = list(workspace.current(DOCUMENTS, [id for id in alone if id not in pushed]))
    en, zh = ([d for d in documents if d.lang == lang] for lang in ("en", "zh"))
    found = match(en, zh, least=least, progress=progress)
    by_id = {document.id: document for document in documents}
    named = _pair_names(versions)
    partners = [Partner(m.en, m.zh, by_id[m.en].pair or named(m.en), m.score) for m in found]
    _count(report, found, len(en), len(zh))
    if apply:
        before = {head.id: head for head in heads}
        with workspace.writing():
            # What has been withdrawn or changed while this was worked out is not brought back.
            now = {head.id: head for head in workspace.heads()}
            same = {id for id, head in now.items() if before.get(id) == head}
            partners = [p for p in partners if p.en in same and p.zh in same]
            stored = [replace(by_id[id], pair=partner.pair) for partner in partners for id in (partner.en, partner.zh)]
            workspace.append(DOCUMENTS, stored)
    report.notes["stored"] = len(partners) if apply else 0
    report.seconds = time.monotonic() - began
    return partners, report


def mapping_text(partners: Iterable[Partner]) -> str:
    """A file of pairs, as `hemu ingest --pairs` reads it: CSV with the columns en, zh, pair and score.

    >>> print(mapping_text([Partner("rents.txt", "房租.txt", "rents", 0.98)]), end="")
    en,zh,pair,score
    rents.txt,房租.txt,rents,0.9800
    """
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\n")
    writer.writerow(_COLUMNS)
    writer.writerows((p.en, p.zh, p.pair, f"{p.score:.4f}") for p in partners)
    return lines.getvalue()


def write_mapping(path: Path, partners: Iterable[Partner]) -> None:
    """Write a file of pairs, whole or not at all. Raises InputError where it cannot be written."""
    try:
        write_atomically(path, mapping_text(partners).encode("utf-8", "surrogateescape"))
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror}") from None


def _read(folder: Path, scratch: Path, report: StageReport) -> list[Document]:
    """The articles in a folder, as `hemu ingest` would take them, and what it would leave out."""
    workspace = Workspace.create(scratch)
    taken = ingest(workspace, [folder])
    report.skipped += taken.skipped
    return list(workspace.current(DOCUMENTS))


def _file_names(documents: Sequence[Document]) -> dict[str, str]:
    held: dict[str, int] = {}
    for document in documents:
        held[document.source] = held.get(document.source, 0) + 1
    return {d.id: d.source if d.source and held[d.source] == 1 else d.id for d in documents}


def _pair_names(taken: Iterable[str] = ()) -> Callable[[str], str]:
    """A function from an English document's id to a name for its pair, which no other pair has."""
    used = set(taken)

    def name(id: str) -> str:
        path = PurePath(id)
        base = name_of(path).pair or split_name(id)[0]
        found = next(n for n in chain([base], (f"{base}-{number}" for number in count(2))) if n not in used)
        used.add(found)
        return found

    return name


def _count(report: StageReport, found: Sequence[Match], en: int, zh: int) -> None:
    report.done = len(found)
    report.notes = {**report.notes, "English": en, "Chinese": zh, "without partner": en + zh - 2 * len(found)}
