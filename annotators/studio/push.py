"""Push articles with their pre-annotation to a project of Label Studio, each once."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from annotators.studio.client import CHUNK, Json, RemoteTask, Studio, chunks
from annotators.studio.config import instruction, labeling_config
from annotators.studio.convert import prediction_of, task_key, task_of
from annotators.studio.tables import PUSHED, Pushed
from corpus.document import LANGUAGES, Group, Lang, Relation
from corpus.errors import HemuError, StudioError
from corpus.report import Skipped, StageReport
from corpus.store import Workspace


@dataclass(frozen=True, slots=True)
class PushItem:
    """A group to annotate. Its items' entities and claims are the pre-annotation, `version` says which one it is."""

    group: Group
    relations: tuple[Relation, ...] = ()
    version: str = ""


def push(
    workspace: Workspace,
    studio: Studio,
    items: Iterable[PushItem],
    *,
    title: str | None = None,
    langs: Sequence[Lang] = LANGUAGES,
    progress: Callable[[int], None] | None = None,
) -> StageReport:
    """Bring the project up to date: make what is missing, and give tasks a new prediction where its version is new.

    A task is known by its key (documents and texts), so that a second push, or one after an interruption, makes nothing
    twice. Annotations are never touched. `title` is the project's name, otherwise the one in hemu.toml. Label Studio
    shows annotators the predictions of one version only, so that all tasks of the project get that of this push: where
    items differ in their versions, one made of all of them; where a task is not among the items, a copy of its latest
    prediction. What was sent is kept in the workspace's table `pushed`. `progress` is told how many items were done.

    The report counts tasks made or given a new prediction as done; an item that cannot be a task is skipped with why.
    """
    started = time.monotonic()
    report = StageReport("push")
    say = progress or (lambda _: None)
    wanted = list(items)
    if not wanted:
        return report
    with workspace.writing():
        _push(report, workspace, studio, wanted, title, langs, say)
    report.seconds = time.monotonic() - started
    return report


def _push(
    report: StageReport,
    workspace: Workspace,
    studio: Studio,
    wanted: Sequence[PushItem],
    title: str | None,
    langs: Sequence[Lang],
    say: Callable[[int], None],
) -> None:
    title = title or workspace.setting("studio", "project", "hemu")
    if not 3 <= len(title) <= 50:
        raise StudioError(
            f"{title!r}: Label Studio wants project names of 3 to 50 characters; see [studio] in hemu.toml"
        )
    scheme = workspace.scheme
    version = _model_version(item.version for item in wanted)
    project = studio.find_or_create_project(title, labeling_config(scheme, langs), instruction(scheme))
    remote, twins = _by_key(studio.tasks(project))
    kept = {(row["url"], row["project"], row["key"], row["model_version"]) for row in _kept(workspace)}

    new: list[_Job] = []
    again: list[_Job] = []
    backfill: list[Pushed] = []
    seen: set[str] = set()
    for item in wanted:
        job = _job(report, item, version, workspace)
        if job is None or job.key in seen:
            say(1)
            continue
        seen.add(job.key)
        task = remote.get(job.key)
        if task is None:
            new.append(job)
        elif version not in task.versions:
            again.append(job)
            job.task = task.id
        else:
            report.unchanged += 1
            if (studio.url, project, job.key, version) not in kept:
                backfill.append(_pushed(job, task.id, project, studio.url))
            say(1)
    workspace.append(PUSHED, backfill)

    for chunk in chunks(new, CHUNK):
        ids = studio.import_tasks(project, [{"data": job.data, "predictions": [job.prediction]} for job in chunk])
        for job, id in zip(chunk, ids, strict=True):
            job.task = id
        _finish(workspace, studio, project, report, chunk)
        say(len(chunk))
    for chunk in chunks(again, CHUNK):
        studio.import_predictions(project, [{"task": job.task, **job.prediction} for job in chunk])
        _finish(workspace, studio, project, report, chunk)
        say(len(chunk))

    others = [task for key, task in remote.items() if key not in seen]
    _carry_over(studio, project, [task for task in others if version not in task.versions], version)
    if new or again or report.unchanged:
        studio.use_version(project, version)
    report.notes |= {"project": project, "new tasks": len(new), "new predictions": len(again)}
    if twins:
        report.notes["tasks that are there twice"] = twins
    documents = {i.document.id for item in wanted for i in item.group.items}
    outdated = sum(1 for task in others if documents & {task.data.get(f"doc_{lang}") for lang in LANGUAGES})
    if outdated:
        report.notes["tasks of earlier texts"] = outdated


@dataclass(slots=True)
class _Job:
    key: str
    version: str
    data: Json
    prediction: Json
    documents: tuple[str, ...]
    task: int = 0


def _job(report: StageReport, item: PushItem, version: str, workspace: Workspace) -> _Job | None:
    documents = tuple(i.document.id for i in item.group.items)
    try:
        data = task_of(item.group)
        prediction = prediction_of(item.group, item.relations, version, workspace.scheme)
    except HemuError as error:
        report.skipped.append(Skipped(" + ".join(documents) or "a group without documents", str(error)))
        return None
    return _Job(task_key(item.group), item.version, data, prediction, documents)


def _finish(workspace: Workspace, studio: Studio, project: int, report: StageReport, jobs: Sequence[_Job]) -> None:
    workspace.append(PUSHED, [_pushed(job, job.task, project, studio.url) for job in jobs])
    report.done += len(jobs)


def _pushed(job: _Job, task: int, project: int, url: str) -> Pushed:
    result = json.dumps(job.prediction["result"], ensure_ascii=False)
    model_version = str(job.prediction["model_version"])
    return Pushed(job.key, task, project, url, str(job.data["pair"]), job.documents, job.version, model_version, result)


def _kept(workspace: Workspace) -> Iterable[Json]:
    return workspace.rows(PUSHED.name, ["url", "project", "key", "model_version"])


def _by_key(tasks: Iterable[RemoteTask]) -> tuple[dict[str, RemoteTask], int]:
    """The tasks that hemu made by their keys, and how many there are twice: of those one with annotations counts."""
    found: dict[str, RemoteTask] = {}
    twins = 0
    for task in sorted(tasks, key=lambda task: (-min(task.annotations, 1), task.id)):
        if not task.key:
            continue
        twins += task.key in found
        found.setdefault(task.key, task)
    return found, twins


def _model_version(versions: Iterable[str]) -> str:
    distinct = sorted(set(versions))
    if len(distinct) == 1:
        # Label Studio lists versions with commas between.
        return " ".join(distinct[0].replace(",", ";").split()) or "hemu"
    return "hemu-" + hashlib.sha256("\n".join(distinct).encode()).hexdigest()[:12]


def _carry_over(studio: Studio, project: int, tasks: Sequence[RemoteTask], version: str) -> None:
    for chunk in chunks(tasks, CHUNK):
        copies = []
        for task in chunk:
            if predictions := studio.predictions(project, task.id):
                latest = predictions[-1]
                copies.append(
                    {"task": task.id, "model_version": version, "score": latest["score"], "result": latest["result"]}
                )
        studio.import_predictions(project, copies)
