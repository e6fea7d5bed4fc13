"""Withdraw documents: their text goes from every table of a workspace, and a record that holds none of it stays.

The record comes first and counts from then on. Then each shard that holds something of the documents is written anew
without it, under the same number, and only after that the old one is unlinked, the oldest shards first: stopped
anywhere, no other row is lost and no earlier version of a withdrawn text comes back, and the same call finishes.
What a task was that Label Studio still has stays in the table `pushed`, emptied, until the task is deleted there.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from corpus.document import Removal
from corpus.errors import InputError, WorkspaceError
from corpus.report import Progress
from corpus.schema import REMOVALS
from corpus.segment import forget_names
from corpus.store import Head, Workspace, write_shard

# Columns that say which document, or which documents, a row is about ("id" in the table of documents only).
_ONE, _SEVERAL = ("document", "en", "zh"), ("documents",)
_PUSHED, _DOCUMENTS = "pushed", "documents"
_EMPTY_RESULT = "[]"
_CLAIMANT = "claimant"


class TaskRef(NamedTuple):
    """A task on a Label Studio server."""

    url: str
    project: int
    task: int


@dataclass(slots=True)
class Swept:
    """What `sweep` did and found: rows taken out by table, and who still holds something of the documents."""

    rows: dict[str, int] = field(default_factory=dict)
    datasets: list[str] = field(default_factory=list)
    deleted_datasets: list[str] = field(default_factory=list)
    models: list[str] = field(default_factory=list)


def removed(workspace: Workspace) -> dict[str, Removal]:
    """The records of all withdrawn documents, by id."""
    return workspace.read(REMOVALS)


def reborn(workspace: Workspace) -> dict[str, str]:
    """The documents that were taken in under the id of a withdrawn one, with another text: its hash, by id."""
    known = removed(workspace)
    heads = workspace.heads() if known else ()
    return {head.id: head.sha for head in heads if head.id in known and known[head.id].sha != head.sha}


def find(workspace: Workspace, names: Iterable[str], *, pair: bool = False) -> list[tuple[Removal, bool]]:
    """What `names` stand for: the record of each document, and whether the workspace has that record already.

    A name is a document's id; with `pair` that of a pair, or of a document whose partner is meant as well. A document
    that was withdrawn counts as one, so that a removal which was interrupted can be named again.
    Raises InputError for a name that is neither.
    """
    heads, known = {head.id: head for head in workspace.heads()}, removed(workspace)
    pair_of = {id: entry.pair for id, entry in known.items()} | {id: head.pair for id, head in heads.items()}
    members: dict[str, list[str]] = {}
    for id, of in pair_of.items():
        if of:
            members.setdefault(of, []).append(id)
    found: dict[str, tuple[Removal, bool]] = {}
    unknown = []
    for name in names:
        ids = [name] if name in pair_of else []
        if pair:
            # The name of a pair comes before that of a document; one without a pair stands for itself.
            ids = members.get(name if name in members else pair_of.get(name) or name, ids)
        if not ids:
            unknown.append(name)
        for id in ids:
            found[id] = _record(id, heads, known)
    if unknown:
        hint = "; that is a pair: add --pair" if not pair and any(name in members for name in unknown) else ""
        kind = "pair or document" if pair else "document"
        raise InputError(
            f"{', '.join(name or repr(name) for name in unknown)}: no such {kind} in {workspace.root}{hint}; nothing was removed"
        )
    return list(found.values())


def _record(id: str, heads: dict[str, Head], known: dict[str, Removal]) -> tuple[Removal, bool]:
    head, before = heads.get(id), known.get(id)
    if before is not None and (head is None or head.sha == before.sha):
        return before, True
    assert head is not None
    return Removal(id, head.pair, head.sha, ""), False


def record(workspace: Workspace, names: Sequence[str], *, pair: bool = False, reason: str = "") -> list[Removal]:
    """Write the records of the documents that `names` stand for (see `find`), where there are none yet; returns all.

    From here on the documents count as withdrawn; `sweep` takes their text away. Raises InputError for an unknown name,
    before anything is written.
    """
    now = datetime.now(UTC).isoformat(timespec="seconds")
    with workspace.writing():
        found = [
            (entry if there else Removal(entry.document, entry.pair, entry.sha, now, reason), there)
            for entry, there in find(workspace, names, pair=pair)
        ]
        workspace.append(REMOVALS, [entry for entry, there in found if not there])
    return [entry for entry, _ in found]


def forget(workspace: Workspace, ids: Iterable[str]) -> int:
    """Drop the records of these documents, so that they can be taken in again; returns how many there were.

    Call it without holding the workspace for writing.
    """
    wanted = frozenset(ids)
    with workspace.writing():
        there = wanted & removed(workspace).keys()
        if there:
            _rewrite(workspace, REMOVALS.name, there, frozenset())
    return len(there)


def sweep(
    workspace: Workspace,
    ids: Collection[str],
    *,
    deleted: Collection[TaskRef] = (),
    datasets: bool = False,
    progress: Progress | None = None,
) -> Swept:
    """Take everything of these documents out of all tables; their records (see `record`) must be there.

    Rows of other documents stay as they are, but for relations to a withdrawn document and the claimant whose name was
    taken from one. A row of `pushed` goes where its task is among `deleted`, else only what it holds of the texts.
    Versions of the dataset that hold the documents are named, and deleted with `datasets`; models that are known to have
    learnt from them are named. Shards are rewritten one at a time. Raises WorkspaceError where one cannot be.
    """
    gone, swept = frozenset(ids), Swept()
    with workspace.writing():
        if loose := sorted(gone - removed(workspace).keys()):
            raise InputError(f"{', '.join(loose)}: not recorded as withdrawn; run: hemu remove")
        tables = [name for name in table_names(workspace) if name != REMOVALS.name]
        for number, name in enumerate(tables, 1):
            count = _rewrite(workspace, name, gone, frozenset(deleted))
            if count:
                swept.rows[name] = count
            if progress:
                progress(number, len(tables))
        forget_names(workspace)
        _forget_confirmed(workspace, gone)
        _datasets(workspace, gone, datasets, swept)
        swept.models = sorted(_models(workspace, gone))
    return swept


def settle(workspace: Workspace, ids: Collection[str], deleted: Collection[TaskRef]) -> None:
    """Drop the rows of `pushed` of deleted tasks that held these documents. The workspace must be held for writing.

    A server can give the number of a deleted task to another one, whose row stays.
    """
    if deleted:
        _rewrite(workspace, _PUSHED, frozenset(ids), frozenset(deleted), empty=False)


def pending(workspace: Workspace, ids: Collection[str] | None = None) -> list[TaskRef]:
    """The tasks that hold a withdrawn document (one of `ids`, where given) and were not deleted, as far as is known."""
    gone = frozenset(removed(workspace) if ids is None else ids)
    if not gone:
        return []
    rows = workspace.rows(_PUSHED, ["url", "project", "task", "documents"])
    return sorted({TaskRef(r["url"], r["project"], r["task"]) for r in rows if not gone.isdisjoint(r["documents"])})


def table_names(workspace: Workspace) -> list[str]:
    """The tables of a workspace that have shards, or what an interruption left of one; that of the documents first."""
    names = set()
    for pattern in ("*/*.parquet", "layers/*/*.parquet", "*/.*.parquet.*.tmp", "layers/*/.*.parquet.*.tmp"):
        for path in workspace.root.glob(pattern):
            names.add(path.parent.relative_to(workspace.root).as_posix())
    return sorted(names, key=lambda name: (name != _DOCUMENTS, name))


def _rewrite(
    workspace: Workspace, name: str, gone: frozenset[str], deleted: frozenset[TaskRef], *, empty: bool = True
) -> int:
    """Write the shards of a table anew where something goes; returns how many rows were taken out or emptied."""
    folder = workspace.folder(name)
    for leftover in folder.glob(".*.tmp"):
        # What a writer that was killed left behind can hold the text as well; nobody else writes now.
        leftover.unlink()
    count = 0
    for path in workspace.shards(name):
        try:
            changed = _without(path, name, gone, deleted, empty)
            if changed is None:
                continue
            table, dropped = changed
            if table.num_rows:
                write_shard(folder, path.name.split("-")[0], table)
            path.unlink()
        except (OSError, pa.ArrowInvalid) as error:
            raise WorkspaceError(f"{path}: cannot be rewritten ({error}); run the command again when it can") from None
        count += dropped
    return count


def _without(
    path: Path, name: str, gone: frozenset[str], deleted: frozenset[TaskRef], empty: bool
) -> tuple[pa.Table, int] | None:
    """A shard without what goes and how many rows that touches, or None where nothing does. It is read only if so."""
    schema = pq.read_schema(path)
    wanted = [n for n in (*_ONE, *_SEVERAL, "url", "project", "task", "relations", "result") if n in schema.names]
    if name == _DOCUMENTS:
        wanted.append("id")
    if name != _PUSHED:
        wanted = [n for n in wanted if n not in ("url", "project", "task", "result")]
    if not wanted:
        return None
    drop: list[int] = []
    edits: dict[int, dict[str, Any]] = {}
    for number, row in enumerate(_light_rows(path, wanted)):
        mine = not gone.isdisjoint(_documents(row))
        if name == _PUSHED:
            if mine and TaskRef(row["url"], row["project"], row["task"]) in deleted:
                drop.append(number)
            elif mine and empty and row["result"] != _EMPTY_RESULT:
                edits[number] = {}
        elif mine:
            drop.append(number)
        elif any(not gone.isdisjoint((r["head"]["document"], r["tail"]["document"])) for r in row.get("relations", ())):
            edits[number] = {}
    if not drop and not edits:
        return None
    table = pq.read_table(path, partitioning=None, use_threads=False)
    for number in edits:
        (row,) = table.slice(number, 1).to_pylist()
        edits[number] = {**row, "result": _EMPTY_RESULT} if name == _PUSHED else _unrelated(row, gone)
    places = {number: table.num_rows + place for place, number in enumerate(edits)}
    whole = pa.concat_tables([table, pa.Table.from_pylist(list(edits.values()), schema=table.schema)])
    dropped = set(drop)
    kept = [places.get(number, number) for number in range(table.num_rows) if number not in dropped]
    return whole.take(pa.array(kept, pa.int64())), len(drop) + (len(edits) if name == _PUSHED else 0)


def _light_rows(path: Path, columns: list[str]) -> Iterator[dict[str, Any]]:
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=256, columns=columns):
            yield from batch.to_pylist()


def _documents(row: dict[str, Any]) -> list[str]:
    named = [row[name] for name in ("id", *_ONE) if isinstance(row.get(name), str)]
    return named + [id for name in _SEVERAL for id in row.get(name) or ()]


def _unrelated(row: dict[str, Any], gone: frozenset[str]) -> dict[str, Any]:
    """A row of a layer without relations to documents that go, and without the names of claimants taken from there."""
    there = {
        (r["head"]["start"], r["head"]["end"])
        for r in row["relations"]
        if r["label"] == _CLAIMANT and r["tail"]["document"] in gone
    }
    claims = [
        {**c, "claimant": ""} if (c["start"], c["end"]) in there and c["claimant_span"] is None else c
        for c in row["claims"]
    ]
    relations = [r for r in row["relations"] if gone.isdisjoint((r["head"]["document"], r["tail"]["document"]))]
    return {**row, "claims": claims, "relations": relations}


def _datasets(workspace: Workspace, gone: frozenset[str], delete: bool, swept: Swept) -> None:
    room = workspace.folder("datasets")
    for leftover in room.glob(".*.tmp"):
        shutil.rmtree(leftover, ignore_errors=True)
    for version in sorted(path for path in room.glob("[!.]*") if path.is_dir()):
        if not _dataset_holds(version, gone):
            continue
        if not delete:
            swept.datasets.append(version.name)
            continue
        hidden = version.with_name(f".{version.name}.removed.tmp")
        version.replace(hidden)
        latest = room / "latest"
        if latest.is_file() and latest.read_text(encoding="utf-8").strip() == version.name:
            latest.unlink()
        shutil.rmtree(hidden)
        swept.deleted_datasets.append(version.name)


def _dataset_holds(version: Path, gone: frozenset[str]) -> bool:
    for path in version.glob("*/*.parquet"):
        named = {"document", "en_document", "zh_document", *(["id"] if path.parent.name == _DOCUMENTS else [])}
        columns = [name for name in pq.read_schema(path).names if name in named]
        if any(not gone.isdisjoint(row.values()) for row in _light_rows(path, columns)):
            return True
    return False


def _forget_confirmed(workspace: Workspace, gone: frozenset[str]) -> None:
    """Names that gold has confirmed go with the articles that they were confirmed in; `hemu retrain` learns them anew."""
    file = workspace.folder("models") / "gold-names.json"
    try:
        known = json.loads(file.read_text(encoding="utf-8")).get("articles", {})
    except FileNotFoundError:
        return
    except (OSError, ValueError, AttributeError):
        known = gone
    if not gone.isdisjoint(known):
        file.unlink()


def _models(workspace: Workspace, gone: frozenset[str]) -> Iterator[str]:
    for file in workspace.folder("models").glob("*/model.json"):
        try:
            learnt = json.loads(file.read_text(encoding="utf-8")).get("learnt_from")
        except (OSError, ValueError, AttributeError):
            continue
        if isinstance(learnt, list) and any(id in gone for id in learnt):
            yield file.parent.name
