"""The stage that segments a workspace: what is new or changed, batch by batch."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from corpus.arrays import column
from corpus.document import Document
from corpus.engine import cores, map_batches
from corpus.errors import InputError, WorkspaceError
from corpus.report import Progress, StageReport
from corpus.schema import DOCUMENTS, SEGMENTS
from corpus.segment.cutting import Cuts, Method, of_document, stretches_of
from corpus.segment.words import workspace_words
from corpus.store import Workspace, write_atomically
from corpus.threads import one_thread

if TYPE_CHECKING:
    import pyarrow as pa

Range = tuple[int, int]

# A batch is so many documents, or so many characters where they are long.
_BATCH = 64
_BATCH_CHARACTERS = 200_000
# So many documents for each process: starting one takes seconds, most of them to load the English model.
_PER_WORKER = 500

METHODS = "methods.json"
"""The file beside the shards of the segments that says how they were cut. It holds names of the gold."""


def segment_workspace(
    workspace: Workspace, progress: Progress | None = None, workers: int | None = None
) -> StageReport:
    """Segment the documents of a workspace that are new, or whose text has changed since; adds to its segments.

    What is done is kept batch by batch: a run that is broken off goes on where it stopped. Documents are read a shard
    at a time. `workers` processes share the work; by default one, and as many as there are cores for a large corpus.

    `[segment] chinese = "rjieba"` in hemu.toml cuts Chinese faster (see `corpus.segment.rust`). Names in words.txt, one a
    line, and those of the gold are held together; where these have changed since the last run, Chinese documents that hold
    one of the changed names are cut anew, and all where the segmenter has. Raises ModelError and WorkspaceError.
    """
    began = time.monotonic()
    report = StageReport("segment")
    with workspace.writing():
        method = Method(workspace_words(workspace), workspace.setting("segment", "chinese", "jieba"))
        before = _remembered(workspace)
        known, todo = _todo(workspace, method, before)
        # Until this run is through, what is there may be cut by any of these.
        _remember(workspace, [*before, method] if todo and method not in before else before)
        report.unchanged = known - len(todo)
        sentences = tokens = 0
        jobs = ((method, batch) for batch in _batches(workspace.current(DOCUMENTS, todo)))
        for batch in map_batches(segment_batch, jobs, workers=_workers(workers, len(todo))):
            workspace.append_rows(SEGMENTS.name, batch)
            for _ in range(batch.num_rows):
                report.done += 1
                if progress:
                    progress(report.done, len(todo))
            sentences += sum(map(len, batch["sentences"]))
            tokens += sum(map(len, batch["tokens"]))
        _remember(workspace, [method])
    report.notes = {"sentences": sentences, "tokens": tokens}
    report.seconds = time.monotonic() - began
    return report


def _workers(workers: int | None, documents: int) -> int:
    return max(1, workers) if workers is not None else min(cores(), max(1, documents // _PER_WORKER))


def _todo(workspace: Workspace, method: Method, methods: Sequence[Method]) -> tuple[int, list[str]]:
    """How many documents there are, and which are to be segmented; those that are may be cut by any of `methods`."""
    done = {row["document"]: row["sha"] for row in workspace.rows(SEGMENTS.name, ["document", "sha"])}
    heads = {head.id: head.sha for head in workspace.heads()}
    todo = {id for id, sha in heads.items() if done.get(id) != sha}
    if done and any(before != method for before in methods):
        from corpus.script import simplified

        changed = frozenset[str]().union(*(before.names ^ method.names for before in methods))
        other_engine = any(before.chinese != method.chinese for before in methods)
        for document in workspace.current(DOCUMENTS, [id for id in heads if id not in todo]):
            if all(lang != "zh" for _, _, lang in stretches_of(document)):
                continue
            if other_engine or _holds(simplified(document.text), changed):
                todo.add(document.id)
    return len(heads), [id for id in heads if id in todo]


def _holds(text: str, names: Iterable[str]) -> bool:
    return any(name in text for name in names)


def _batches(documents: Iterable[Document]) -> Iterator[list[Document]]:
    batch: list[Document] = []
    size = 0
    for document in documents:
        batch.append(document)
        size += len(document.text)
        if len(batch) >= _BATCH or size >= _BATCH_CHARACTERS:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


@one_thread()
def segment_batch(job: tuple[Method, list[Document]]) -> pa.Table:
    """The rows of `SEGMENTS` for some documents, made where they are cut: as objects they are slow to hand over."""
    method, documents = job
    if all(lang == "zh" for document in documents for _, _, lang in stretches_of(document)):
        return _table(documents, [of_document(document, method, shared=False) for document in documents])
    from corpus.segment.english import transient

    with transient():
        return _table(documents, [of_document(document, method, shared=False) for document in documents])


def _table(documents: list[Document], cuts: list[Cuts]) -> pa.Table:
    import pyarrow as pa

    schema = SEGMENTS.schema
    sentences = _ranges([c.sentences for c in cuts])
    starts_ends = _ranges([c.tokens for c in cuts])
    tags = column([tag for c in cuts for tag in c.tags], pa.string())
    return pa.Table.from_arrays(
        [
            column([document.id for document in documents], pa.string()),
            column([document.sha for document in documents], pa.string()),
            _lists(sentences, schema.field("sentences").type),
            _lists((starts_ends[0], [*starts_ends[1], tags]), schema.field("tokens").type),
        ],
        schema=schema,
    )


def _ranges(rows: list[list[Range]]) -> tuple[list[int], list[Any]]:
    """Where each row begins in the two columns of all starts and all ends."""
    import pyarrow as pa

    offsets = [0]
    for row in rows:
        offsets.append(offsets[-1] + len(row))
    return offsets, [column([pair[n] for row in rows for pair in row], pa.int32()) for n in (0, 1)]


def _lists(parts: tuple[list[int], list[Any]], type: Any) -> Any:
    import pyarrow as pa

    offsets, columns = parts
    values = pa.StructArray.from_arrays(columns, fields=list(type.value_type))
    return pa.ListArray.from_arrays(column(offsets, pa.int32()), values, type=type)


def _remembered(workspace: Workspace) -> list[Method]:
    """The methods by which what is there was cut: that of the last whole run, and those of runs broken off since."""
    path = workspace.folder(SEGMENTS.name) / METHODS
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        return [Method(frozenset(row["names"]), row["chinese"]) for row in rows]
    except FileNotFoundError:
        return [Method()]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WorkspaceError(f"{path}: cannot be read ({error}); delete it") from None


def _remember(workspace: Workspace, methods: Sequence[Method]) -> None:
    if _remembered(workspace) == methods:
        return
    folder = workspace.folder(SEGMENTS.name)
    rows = [{"chinese": method.chinese, "names": sorted(method.names)} for method in methods]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # As ASCII, which holds half a surrogate pair too.
        write_atomically(folder / METHODS, json.dumps(rows, indent=1).encode())
    except OSError as error:
        raise WorkspaceError(f"{folder}: cannot be written: {error.strerror}") from None


def forget_names(workspace: Workspace) -> None:
    """Forget the names by which texts were cut and which the workspace no longer has, as after `corpus.removal.sweep`.

    Which texts they stand in cannot be told then, so that the next run cuts all Chinese ones anew. The workspace must be
    held for writing.
    """
    if not (workspace.folder(SEGMENTS.name) / METHODS).exists():
        return
    try:
        names = workspace_words(workspace)
    except InputError:
        names = frozenset()
    methods = _remembered(workspace)
    if any(method.names - names for method in methods):
        _remember(workspace, [Method(method.names & names, "") for method in methods])
