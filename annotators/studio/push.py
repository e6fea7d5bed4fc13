"""Push articles with their pre-annotation to a project of Label Studio, each once."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from annotators.studio.client import CHUNK, Json, RemoteTask, Studio, chunks
from annotators.studio.config import instruction, labeling_config
from annotators.studio.convert import prediction_of, shown_in, task_of
from annotators.studio.layers import translated
from annotators.studio.tables import PUSHED, Pushed
from annotators.studio.withdraw import withdraw
from corpus.document import LANGUAGES, Document, Group, Lang, Relation, Removal
from corpus.errors import HemuError, StudioError
from corpus.migration import Names, renames
from corpus.removal import reborn, removed, settle
from corpus.report import Skipped, StageReport
from corpus.scheme import Scheme
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
    twice. Annotations are never touched, but for the names in them where `hemu migrate` has changed the scheme. `title`
    is the project's name, otherwise the one in hemu.toml. Label Studio shows annotators the predictions of one version
    only, so that all tasks of the project get that of this push: where items differ in their versions, one made of all
    of them; where a task is not among the items, a copy of its latest prediction. What was sent is kept in the
    workspace's table `pushed`. Tasks of hemu that hold a document which has been withdrawn since are deleted, whatever
    is on them. `progress` is told how many items were done.

    The report counts tasks made or given a new prediction as done; an item that cannot be a task is skipped with why.
    """
    started = time.monotonic()
    report = StageReport("push")
    say = progress or (lambda _: None)
    gone = removed(workspace)
    wanted = _present(report, items, gone)
    title = title or workspace.setting("studio", "project", "hemu")
    if not 3 <= len(title) <= 50:
        raise StudioError(
            f"{title!r}: Label Studio wants project names of 3 to 50 characters; see [studio] in hemu.toml"
        )
    with workspace.writing():
        if wanted:
            _push(report, workspace, studio, wanted, title, langs, say, gone)
        elif gone and (project := studio.find_project(title)) is not None:
            _withdraw(report, workspace, studio, project, list(studio.tasks(project)), gone)
    report.seconds = time.monotonic() - started
    return report


def _same(document: Document, gone: Mapping[str, Removal]) -> bool:
    # Another text may have come under the id since.
    return document.id in gone and gone[document.id].sha == document.sha


def _present(report: StageReport, items: Iterable[PushItem], gone: Mapping[str, Removal]) -> list[PushItem]:
    """The items without those that hold a withdrawn document, which are reported."""
    wanted = []
    for item in items:
        ids = [i.document.id for i in item.group.items]
        if withdrawn := [i.document.id for i in item.group.items if _same(i.document, gone)]:
            why = f"was withdrawn; finish that with: hemu remove {' '.join(withdrawn)}"
            report.skipped.append(Skipped(" + ".join(ids), why))
        else:
            wanted.append(item)
    return wanted


def _withdraw(
    report: StageReport,
    workspace: Workspace,
    studio: Studio,
    project: int,
    tasks: Sequence[RemoteTask],
    gone: Mapping[str, Removal],
) -> list[RemoteTask]:
    """Delete the tasks of withdrawn documents; returns those that are left in the project."""
    if not gone:
        return list(tasks)
    online = withdraw(workspace, studio, gone, listed={project: tasks}, but=reborn(workspace))
    settle(workspace, gone, online.tasks)
    if online.tasks:
        report.notes["tasks of withdrawn articles deleted"] = len(online.tasks)
    if online.annotations:
        report.notes["annotations deleted with them"] = online.annotations
    if online.elsewhere:
        report.notes["tasks of withdrawn articles on other servers"] = len(online.elsewhere)
    deleted = {task.task for task in online.tasks if task.project == project}
    return [task for task in tasks if task.id not in deleted]


def _push(
    report: StageReport,
    workspace: Workspace,
    studio: Studio,
    wanted: Sequence[PushItem],
    title: str,
    langs: Sequence[Lang],
    say: Callable[[int], None],
    gone: Mapping[str, Removal],
) -> None:
    scheme = workspace.scheme
    version = _model_version(item.version for item in wanted)
    config, names = labeling_config(scheme, langs), renames(workspace)
    if names:
        _bring_along(report, studio, title, config, names, scheme)
    project = studio.find_or_create_project(title, config, instruction(scheme))
    tasks = _withdraw(report, workspace, studio, project, list(studio.tasks(project)), gone)
    remote, twins = _by_key(tasks)
    kept = {(row["url"], row["project"], row["key"], row["model_version"]) for row in _kept(workspace)}

    new: list[_Job] = []
    again: list[_Job] = []
    backfill: list[Pushed] = []
    seen: set[str] = set()
    for item in wanted:
        job = _job(report, item, version, workspace, remote, seen)
        if job is None:
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
    left = [task for task in others if version not in task.versions]
    _carry_over(studio, project, left, version, names, scheme)
    if new or again or report.unchanged:
        studio.use_version(project, version)
    report.notes = {"project": project, "new tasks": len(new), "new predictions": len(again), **report.notes}
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


def _job(
    report: StageReport,
    item: PushItem,
    version: str,
    workspace: Workspace,
    remote: Mapping[str, RemoteTask],
    seen: Collection[str],
) -> _Job | None:
    documents = tuple(i.document.id for i in item.group.items)
    try:
        data = task_of(item.group)
        if data["key"] in seen:
            return None
        # A task that is there keeps what it shows: people may have worked on it.
        there = remote[data["key"]].data if data["key"] in remote else data
        shown = {i.document.id: shown_in(there, i.document) for i in item.group.items}
        prediction = prediction_of(item.group, item.relations, version, workspace.scheme, shown=shown)
    except HemuError as error:
        report.skipped.append(Skipped(" + ".join(documents) or "a group without documents", str(error)))
        return None
    return _Job(data["key"], item.version, data, prediction, documents)


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


def _bring_along(report: StageReport, studio: Studio, title: str, config: str, names: Names, scheme: Scheme) -> None:
    """Where the scheme of a project changes: put the annotations that are there into the new names, and nothing else.

    Label Studio would keep the old names, and drop the attributes that it does not know any more when somebody opens
    and updates such an annotation. The configuration changes after them, so that an interruption is made good.
    """
    project = studio.find_project(title)
    if project is None or studio.label_config(project) == config:
        return
    entries = [entry for task in studio.export(project) if _is_hemu_s(task) for entry in task.get("annotations") or ()]
    # In the order in which people made them: the latest of an annotator stays the latest.
    for entry in sorted(entries, key=lambda entry: (str(entry.get("updated_at")), int(entry["id"]))):
        before = entry.get("result") or []
        after = translated(before, names, scheme)
        if after != before:
            studio.update_annotation(int(entry["id"]), after)
            key = "annotations put into the new names"
            report.notes[key] = int(report.notes.get(key, 0)) + 1


def _is_hemu_s(task: Json) -> bool:
    return bool((task.get("data") or {}).get("key"))


def _carry_over(
    studio: Studio, project: int, tasks: Sequence[RemoteTask], version: str, names: Names, scheme: Scheme
) -> None:
    for chunk in chunks(tasks, CHUNK):
        copies = []
        for task in chunk:
            if predictions := studio.predictions(project, task.id):
                latest = predictions[-1]
                result = translated(latest["result"], names, scheme)
                copies.append({"task": task.id, "model_version": version, "score": latest["score"], "result": result})
        studio.import_predictions(project, copies)
