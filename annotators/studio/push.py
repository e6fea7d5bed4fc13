"""Push articles with their pre-annotation to a project of Label Studio, each once."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property

from annotators.studio.client import CHUNK, Json, RemoteTask, Studio, chunks
from annotators.studio.config import instruction, labeling_config
from annotators.studio.convert import INTERNAL, prediction_of, shown_in, sources_of, task_key, task_of, without_texts
from annotators.studio.cut import TASK_LENGTH, Part, parts_of
from annotators.studio.join import outside_of, relations_json
from annotators.studio.layers import translated
from annotators.studio.remote import Tasks, clear_away
from annotators.studio.spool import Spool
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
    """A group to annotate. Its items' entities and claims are the pre-annotation, `version` says which one it is.

    `score` is written as the score of the prediction, by which Label Studio can sort tasks, and new tasks are made in its order,
    lowest first. Without it, the prediction has the mean of the marks' scores, and tasks are made in the order of the items.
    """

    group: Group
    relations: tuple[Relation, ...] = ()
    version: str = ""
    score: float | None = None


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
    is on them; so are those that are there twice, or show an article cut otherwise than now, where nobody has begun them.
    An article longer than `[studio] task_length` of hemu.toml becomes several tasks (see `annotators.studio.cut`); where
    somebody has worked on it, it stays cut as it is. `progress` is told how many items were done.

    `items` are gone through twice where that is possible (a list, or an object that can be iterated anew), and kept in
    memory where it is not (a generator). New tasks wait on disk until all are known: memory does not grow with the texts.

    The report counts tasks made or given a new prediction as done; an item that cannot be a task is skipped with why.
    """
    started = time.monotonic()
    report = StageReport("push")
    say = progress or (lambda _: None)
    if iter(items) is items:
        # What can be gone through once only.
        items = list(items)
    gone = removed(workspace)
    title = title or workspace.setting("studio", "project", "hemu")
    if not 3 <= len(title) <= 50:
        raise StudioError(
            f"{title!r}: Label Studio wants project names of 3 to 50 characters; see [studio] in hemu.toml"
        )
    with workspace.writing():
        versions = {item.version for item in _present(report, items, gone)}
        if versions:
            wanted = _present(StageReport("push"), items, gone)
            _push(report, workspace, studio, wanted, _model_version(versions), title, langs, say, gone)
        elif gone and (project := studio.find_project(title)) is not None:
            _withdraw(report, workspace, studio, project, list(_slim(studio.tasks(project))), gone)
    report.seconds = time.monotonic() - started
    return report


def _same(document: Document, gone: Mapping[str, Removal]) -> bool:
    # Another text may have come under the id since.
    return document.id in gone and gone[document.id].sha == document.sha


def _present(report: StageReport, items: Iterable[PushItem], gone: Mapping[str, Removal]) -> Iterator[PushItem]:
    """The items without those that hold a withdrawn document, which are reported."""
    for item in items:
        ids = [i.document.id for i in item.group.items]
        if withdrawn := [i.document.id for i in item.group.items if _same(i.document, gone)]:
            why = f"was withdrawn; finish that with: hemu remove {' '.join(withdrawn)}"
            report.skipped.append(Skipped(" + ".join(ids), why))
        else:
            yield item


def _slim(tasks: Iterable[RemoteTask]) -> Iterator[RemoteTask]:
    """Tasks without their texts, so that memory does not hold those of a whole project."""
    for task in tasks:
        yield replace(task, data=without_texts(task.data))


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
    wanted: Iterable[PushItem],
    version: str,
    title: str,
    langs: Sequence[Lang],
    say: Callable[[int], None],
    gone: Mapping[str, Removal],
) -> None:
    scheme = workspace.scheme
    config, names = labeling_config(scheme, langs), renames(workspace)
    if names:
        _bring_along(report, studio, title, config, names, scheme)
    project = studio.find_or_create_project(title, config, instruction(scheme))
    studio.hide_columns(project, INTERNAL)
    tasks = _withdraw(report, workspace, studio, project, list(_slim(studio.tasks(project))), gone)
    there = Tasks.of(tasks)
    with Spool(workspace.root) as spool:
        sender = _Sender(report, workspace, studio, project, version, say, spool)
        for item in wanted:
            sender.take(item, there)
        sender.flush()

    clear_away(report, workspace, studio, project, there)
    left = [task for task in there.others() if version not in task.versions]
    _carry_over(studio, project, left, version, names, scheme)
    if sender.seen:
        studio.use_version(project, version)
    report.notes = {
        "project": project,
        "new tasks": sender.made,
        "new predictions": sender.renewed,
        **report.notes,
        **sender.notes,
        **there.notes(),
    }


@dataclass(slots=True)
class _Job:
    data: Json
    version: str
    prediction: Json
    documents: tuple[str, ...]
    sources: str = ""
    outside: str = ""
    items: int = 1
    """How many items are done with it: one for the last part of an article, none for the others."""
    task: int = 0

    @property
    def key(self) -> str:
        return str(self.data["key"])

    def packed(self) -> Json:
        return {one.name: getattr(self, one.name) for one in fields(self)}

    @classmethod
    def unpacked(cls, values: Json) -> _Job:
        return cls(**{**values, "documents": tuple(values["documents"])})


@dataclass
class _Sender:
    """Makes tasks and predictions of items and sends what is missing, a chunk at a time.

    Tasks that are there get their predictions as they come; `new` ones wait in the spool until `flush`, by their score.
    """

    report: StageReport
    workspace: Workspace
    studio: Studio
    project: int
    version: str
    say: Callable[[int], None]
    spool: Spool
    seen: set[str] = field(default_factory=set)
    new: list[tuple[float, tuple[int, int]]] = field(default_factory=list)
    again: list[_Job] = field(default_factory=list)
    backfill: list[_Job] = field(default_factory=list)
    made: int = 0
    renewed: int = 0
    notes: dict[str, int | float | str] = field(default_factory=dict)

    @cached_property
    def kept(self) -> set[str]:
        rows = self.workspace.rows(PUSHED.name, ["url", "project", "key", "model_version"])
        here = (self.studio.url, self.project)
        return {f"{row['key']} {row['model_version']}" for row in rows if (row["url"], row["project"]) == here}

    @cached_property
    def limit(self) -> int:
        return self.workspace.setting("studio", "task_length", TASK_LENGTH)

    def take(self, item: PushItem, there: Tasks) -> None:
        documents = tuple(i.document.id for i in item.group.items)
        there.documents.update(documents)
        try:
            article = task_key(item.group)
            if article in self.seen:
                self.say(1)
                return
            parts = there.choose(article, parts_of(item.group, self.limit))
            each: Sequence[Part | None] = parts or [None]
            jobs = [self._job(item, documents, part, there) for part in each]
        except HemuError as error:
            self.report.skipped.append(Skipped(" + ".join(documents) or "a group without documents", str(error)))
            self.say(1)
            return
        self.seen.add(article)
        self._outside(item, parts, jobs)
        for job in jobs:
            job.items = int(job is jobs[-1])
            self._sort(job, item.score or 0.0, there)

    def _job(self, item: PushItem, documents: tuple[str, ...], part: Part | None, there: Tasks) -> _Job:
        data = task_of(item.group, part)
        # A task that is there keeps what it shows: people may have worked on it.
        task = there.by_key.get(str(data["key"]))
        seen = data if task is None else task.data
        shown = {i.document.id: shown_in(seen, i.document) for i in item.group.items}
        prediction = prediction_of(item.group, item.relations, self.version, self.workspace.scheme, shown=shown)
        if item.score is not None:
            prediction["score"] = round(item.score, 4)
        sources = sources_of(item.group, prediction["result"])
        return _Job(data, item.version, prediction, documents, json.dumps(sources, ensure_ascii=False))

    def _outside(self, item: PushItem, parts: Sequence[Part], jobs: Sequence[_Job]) -> None:
        if not parts:
            return
        outside = outside_of(item.group, item.relations, parts)
        for part, job in zip(parts, jobs, strict=True):
            job.outside = relations_json(outside.relations.get(part.number, ()))
        self._count("articles in parts")
        if outside.marks:
            self._count("marks across a cut, not shown", outside.marks)

    def _count(self, what: str, number: int = 1) -> None:
        self.notes[what] = int(self.notes.get(what, 0)) + number

    def _sort(self, job: _Job, score: float, there: Tasks) -> None:
        task = there.by_key.get(job.key)
        there.pushed.add(job.key)
        if task is None:
            self.new.append((score, self.spool.put(job.packed())))
            return
        job.task = task.id
        if self.version not in task.versions:
            self.again.append(job)
            if len(self.again) == CHUNK:
                self._send_again()
            return
        self.report.unchanged += 1
        if f"{job.key} {self.version}" not in self.kept:
            self.backfill.append(job)
            if len(self.backfill) == CHUNK:
                self._keep()
        self.say(job.items)

    def flush(self) -> None:
        """Send what is left."""
        self._send_new()
        self._send_again()
        self._keep()

    def _send_new(self) -> None:
        places, self.new = sorted(self.new), []
        for chunk in chunks(places, CHUNK):
            jobs = [_Job.unpacked(self.spool.get(place)) for _, place in chunk]
            what = [{"data": job.data, "predictions": [job.prediction]} for job in jobs]
            for job, id in zip(jobs, self.studio.import_tasks(self.project, what), strict=True):
                job.task = id
            self.made += len(jobs)
            self._finish(jobs)

    def _send_again(self) -> None:
        jobs, self.again = self.again, []
        if jobs:
            self.studio.import_predictions(self.project, [{"task": job.task, **job.prediction} for job in jobs])
            self.renewed += len(jobs)
            self._finish(jobs)

    def _keep(self) -> None:
        jobs, self.backfill = self.backfill, []
        self.workspace.append(PUSHED, [self._pushed(job) for job in jobs])

    def _finish(self, jobs: Sequence[_Job]) -> None:
        self.workspace.append(PUSHED, [self._pushed(job) for job in jobs])
        self.report.done += len(jobs)
        self.say(sum(job.items for job in jobs))

    def _pushed(self, job: _Job) -> Pushed:
        return Pushed(
            key=job.key,
            task=job.task,
            project=self.project,
            url=self.studio.url,
            pair=str(job.data["pair"]),
            documents=job.documents,
            version=job.version,
            model_version=str(job.prediction["model_version"]),
            result=json.dumps(job.prediction["result"], ensure_ascii=False),
            sources=job.sources,
            outside=job.outside,
        )


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
