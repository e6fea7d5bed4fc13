"""The shards of a bulk run put together in one workspace, or some of them."""

from __future__ import annotations

import hashlib
import json
import posixpath
import time
from dataclasses import replace
from fnmatch import fnmatch
from typing import Any

from annotators.bulk.places import Place
from annotators.bulk.work import DONE, read_record
from corpus.errors import InputError, WorkspaceError
from corpus.removal import removed, sweep
from corpus.report import Progress, Skipped, StageReport
from corpus.schema import DOCUMENTS, REMOVALS
from corpus.store import Workspace, write_atomically

_STATE = "collected.json"


def collect(workspace: Workspace, address: str, *, only: str = "*", progress: Progress | None = None) -> StageReport:
    """Take finished shards at `address` into the workspace, those whose names fit the pattern `only`.

    A shard that was taken before, and is still the same, is left alone. Each file is proved by its SHA-256. An article that
    the workspace has from elsewhere, with another text, is not overwritten: the shard is left out and the article named.
    What was withdrawn from the workspace (`hemu remove`) stays so: such documents are left out, whatever shard they are in.
    Near-duplicates between shards are found afterwards by `hemu dedupe`. Raises InputError where no shard is there.
    """
    started = time.monotonic()
    report = StageReport("collect")
    place = Place(address)
    names = sorted(
        {posixpath.basename(posixpath.dirname(f.path)) for f in place.files() if f.path.endswith(f"/{DONE}")}
    )
    chosen = [name for name in names if fnmatch(name, only)]
    if not chosen:
        raise InputError(f"{address}: no finished shard there that fits {only!r}; run: hemu bulk")
    with workspace.writing():
        state = _state(workspace)
        documents = {head.id: head.sha for head in workspace.heads()}
        for number, name in enumerate(chosen, 1):
            record = read_record(place, name)
            if record is None:
                report.skipped.append(Skipped(name, "is being made, or was by another version of hemu; run: hemu bulk"))
            elif state.get(name) == (digest := _digest(record)):
                report.unchanged += 1
            elif why := _take(workspace, place, name, record, documents, again=name in state):
                report.skipped.append(Skipped(name, why))
            else:
                report.done += 1
                report.notes["documents"] = int(report.notes.get("documents", 0)) + record["counts"]["documents"]
                state[name] = digest
                write_atomically(workspace.root / _STATE, json.dumps(state, indent=1).encode())
            if progress:
                progress(number, len(chosen))
    report.skipped += _withdrawn(workspace)
    report.seconds = time.monotonic() - started
    return report


def _withdrawn(workspace: Workspace) -> list[Skipped]:
    """Take documents out again whose texts were withdrawn, under whatever id they came back; which these are."""
    records = {record.sha: record for record in removed(workspace).values()}
    back = [head for head in workspace.heads() if head.sha in records] if records else []
    if not back:
        return []
    with workspace.writing():
        known = removed(workspace)
        others = [(head, records[head.sha]) for head in back if head.id not in known]
        workspace.append(REMOVALS, [replace(r, document=head.id, pair=head.pair) for head, r in others])
    sweep(workspace, [head.id for head in back])
    return [Skipped(head.id, f"was withdrawn on {records[head.sha].when[:10]}: hemu remove") for head in back]


def _state(workspace: Workspace) -> dict[str, str]:
    try:
        return dict(json.loads((workspace.root / _STATE).read_text()))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise WorkspaceError(f"{workspace.root / _STATE}: cannot be read ({error}); restore it from a backup") from None


def _digest(record: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(record["files"], sort_keys=True).encode()).hexdigest()[:16]


def _take(
    workspace: Workspace, place: Place, name: str, record: dict[str, Any], documents: dict[str, str], *, again: bool
) -> str:
    """Take the tables of a shard, `again` where another form of it was taken before; why not, where it cannot be."""
    data: dict[str, bytes] = {}
    for file, sha in record["files"].items():
        if file.endswith(".parquet"):
            content = place.read(place.below(name, file))
            if content is None or hashlib.sha256(content).hexdigest() != sha:
                return f"{file} is not what it was when the shard was finished; remove {DONE} there and run: hemu bulk"
            data[file] = content
    heads = _heads(data)
    if other := next((id for id, text in heads.items() if documents.get(id, text) != text), None):
        return f"{other!r} is in the workspace already, with another text; give one of them another id"
    # Documents last: what they need is there when they are.
    for file in sorted(data, key=lambda file: (file.startswith(f"{DOCUMENTS.name}/"), file)):
        _append(workspace, posixpath.dirname(file), data[file], again)
    documents |= heads
    return ""


def _heads(data: dict[str, bytes]) -> dict[str, str]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    found: dict[str, str] = {}
    for file in sorted(file for file in data if file.startswith(f"{DOCUMENTS.name}/")):
        table = pq.read_table(pa.BufferReader(data[file]), columns=["id", "sha"])
        found |= dict(zip(*(table.column(column).to_pylist() for column in ("id", "sha")), strict=True))
    return found


def _append(workspace: Workspace, table: str, data: bytes, again: bool) -> None:
    """Add a file to a table, unless the very same is there from a call that was killed.

    What is taken `again` is added nevertheless: the same file may be there from before another form of the shard, whose
    rows would count as the later ones.
    """
    digest = hashlib.sha256(data).hexdigest()[:12]
    there = workspace.shards(table)
    if not again and any(path.stem.endswith(f"-{digest}") for path in there):
        return
    number = int(there[-1].name.split("-")[0]) + 1 if there else 0
    folder = workspace.folder(table)
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(folder / f"{number:06d}-{digest}.parquet", data)
