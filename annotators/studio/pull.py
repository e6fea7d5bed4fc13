"""Pull what annotators made in Label Studio into the workspace's table `annotations`, each person's own."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property

from annotators.studio.client import Json, Look, Studio, chunks
from annotators.studio.parts import Articles
from annotators.studio.tables import (
    ANNOTATIONS,
    DRAFTS,
    EDITS,
    PULLED,
    PUSHED,
    SUBMITTED,
    Draft,
    Pulled,
)
from annotators.studio.taking import Taken, TaskReader, pushed_keys, text_of
from corpus.document import LANGUAGES, Document
from corpus.errors import StudioError
from corpus.migration import Names, renames
from corpus.removal import removed
from corpus.report import StageReport
from corpus.schema import DOCUMENTS
from corpus.store import Workspace

_CHUNK = 200
_COLUMNS = ["url", "project", "id", "task", "annotator", "updated", "withdrawn", "document", "sha", "parts"]
# What was being written on the server while it was last looked at may bear an earlier time.
_MARGIN = timedelta(minutes=2)
_SWEEP = timedelta(hours=24)


def pull(
    workspace: Workspace,
    studio: Studio,
    *,
    title: str | None = None,
    titles: Sequence[str] | None = None,
    partial: bool = False,
    sweep: bool = False,
    progress: Callable[[int], None] | None = None,
) -> StageReport:
    """Store all annotations of all annotators that are new or changed since the last pull, one row a document.

    Rows are added, never replaced: of one annotation the latest counts. One that has been deleted on the server gets a
    last row that says so. The report counts annotations; it lists, with why, annotations that could not be taken over,
    and single marks. What was marked on an earlier text is placed in that of now where that is certain. What became of each
    mark of the prediction goes into the table `edits`, work that is not submitted into `drafts`, neither of which counts.

    Only tasks that changed since the last pull are looked at, all of them once a day, with `sweep`, or where there are fewer
    than there were: a deleted task is seen then. The parts of a long article (see `annotators.studio.cut`) are one annotation
    of an annotator when all are there, and until then kept in the table `submitted`; with `partial` they are one before.
    `titles` are several projects to pull, `title` one, otherwise it is that of hemu.toml. `progress` is told how many tasks
    were done.

    Raises StudioError when a project is not there.
    """
    started = time.monotonic()
    report = StageReport("pull")
    notes: Counter[str] = Counter()
    annotators: set[str] = set()
    with workspace.writing():
        for name in titles or [title or workspace.setting("studio", "project", "hemu")]:
            project = studio.find_project(name)
            if project is None:
                raise StudioError(f"{studio.url}: there is no project {name!r}; make it with: hemu push")
            puller = _Puller(report, workspace, studio, project, partial, progress or (lambda _: None))
            puller.run(sweep)
            notes += puller.notes
            annotators |= puller.annotators
    report.notes = {"annotators": len(annotators), **{name: count for name, count in notes.items() if count}}
    report.seconds = time.monotonic() - started
    return report


@dataclass(slots=True)
class _Known:
    """What is stored of one annotation: when it was changed, its task, and its documents with the hashes of their texts."""

    updated: str
    task: int
    annotator: str
    shas: dict[str, str] = field(default_factory=dict)


@dataclass
class _Puller:
    report: StageReport
    workspace: Workspace
    studio: Studio
    project: int
    partial: bool
    say: Callable[[int], None]
    notes: Counter[str] = field(default_factory=Counter)
    annotators: set[str] = field(default_factory=set)
    again: set[int] = field(default_factory=set)
    changed: set[int] = field(default_factory=set)
    """The annotations that are new or changed, and those that are `gone`."""
    seen: dict[str, datetime] = field(default_factory=dict)
    gone: set[int] = field(default_factory=set)

    @cached_property
    def names(self) -> Names:
        # What was made before a change of the scheme speaks of it as it was.
        return renames(self.workspace)

    @cached_property
    def known(self) -> dict[int, _Known]:
        """What is stored of the annotations of this project that are still there."""
        found: dict[int, _Known] = {}
        for row in self._rows(ANNOTATIONS.name, _COLUMNS):
            if row.get("parts"):
                continue  # Of an article in parts, each part is known for itself.
            if row["withdrawn"]:
                if row["id"] in found:
                    found[row["id"]].shas.pop(row["document"], None)
                continue
            one = found.setdefault(row["id"], _Known(row["updated"], row["task"], row["annotator"]))
            one.updated, one.task = row["updated"], row["task"]
            one.shas[row["document"]] = row["sha"]
        for id in [id for id, one in found.items() if not one.shas]:
            del found[id]
        for row in self._rows(SUBMITTED.name, ["url", "project", "id", "task", "annotator", "updated", "withdrawn"]):
            found[row["id"]] = _Known(row["updated"], row["task"], row["annotator"])
            if row["withdrawn"]:
                del found[row["id"]]
        return found

    def _rows(self, table: str, columns: list[str]) -> Iterable[Json]:
        here = (self.studio.url, self.project)
        return (row for row in self.workspace.rows(table, columns) if (row["url"], row["project"]) == here)

    @cached_property
    def drafts(self) -> dict[int, tuple[str, int]]:
        """When each draft that is there was last changed, and its task."""
        found: dict[int, tuple[str, int]] = {}
        for row in self._rows(DRAFTS.name, ["url", "project", "id", "task", "updated", "gone"]):
            found[row["id"]] = (row["updated"], row["task"])
            if row["gone"]:
                del found[row["id"]]
        return found

    @cached_property
    def users(self) -> dict[str, int]:
        return self.studio.users()

    @cached_property
    def shas(self) -> dict[str, tuple[str, str]]:
        """The hash of each document's text, and its pair."""
        return {head.id: (head.sha, head.pair) for head in self.workspace.heads()}

    def run(self, sweep: bool) -> None:
        now = datetime.now(UTC)
        last = next(self.workspace.current(PULLED, [f"{self.studio.url} {self.project}"]), None)
        count = self.studio.task_count(self.project)
        # Less than no time has gone by where the clock was put back.
        due = last is None or not timedelta(0) <= now - _moment(last.swept) <= _SWEEP
        if last is None or due or sweep or count < last.tasks:
            since, swept = "", now.isoformat(timespec="seconds")
        else:
            since, swept = last.until, last.swept
        wanted = self._look(since, last)
        stale = self._stale()
        for tasks in chunks(sorted(wanted | stale), _CHUNK):
            self._chunk(tasks, stale)
            self.say(len(tasks))
        self._withdraw()
        articles = Articles(self.report, self.workspace, self.studio.url, self.project, self.names, self.partial)
        self.annotators |= articles.join(self.changed | self.gone)
        self.notes += articles.notes
        self.report.unchanged += sum(id not in self.changed and id not in self.gone for id in self.known)
        self.workspace.append(PULLED, [self._pulled(last, swept, count)])

    def _look(self, since: str, last: Pulled | None) -> set[int]:
        """The tasks to look at: those with work on them that changed, and those that are to be looked at again."""
        mine = {one.task for one in self.known.values()} | {task for _, task in self.drafts.values()}
        again = set(last.again) if last else set()
        before = frozenset(last.seen) if last and since else frozenset()
        there, wanted = set(), set()
        for look in self.studio.looks(self.project, since):
            there.add(look.id)
            if self._see(look) in before:
                continue
            if look.annotated or look.drafted or look.id in mine:
                wanted.add(look.id)
        if not since:
            # All were listed: what is not among them has been deleted.
            self.gone |= {id for id, one in self.known.items() if one.task not in there}
            self._gone_drafts(task for _, task in self.drafts.values() if task not in there)
            again &= there
        return wanted | again

    def _see(self, look: Look) -> str:
        """Remember a task and when it changed; returns both."""
        name = f"{look.id} {look.updated.isoformat() if look.updated else ''}"
        if look.updated is not None:
            self.seen[name] = look.updated
        return name

    def _pulled(self, last: Pulled | None, swept: str, count: int) -> Pulled:
        until, seen = (last.until, last.seen) if last else ("", ())
        if self.seen:
            since = max(self.seen.values()) - _MARGIN
            until = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
            seen = tuple(name for name, updated in self.seen.items() if updated >= since)
        return Pulled(self.studio.url, self.project, until, swept, count, tuple(sorted(self.again)), seen)

    def _stale(self) -> set[int]:
        """The tasks of annotations of texts that have changed since they were stored, where none says more of the new."""
        current = {
            (document, one.annotator)
            for one in self.known.values()
            for document, sha in one.shas.items()
            if self.shas.get(document, ("", ""))[0] == sha
        }
        return {
            one.task
            for id, one in self.known.items()
            if id not in self.gone
            for document, sha in one.shas.items()
            if document in self.shas and self.shas[document][0] != sha and (document, one.annotator) not in current
        }

    def _chunk(self, numbers: list[int], stale: set[int]) -> None:
        """Take over what is on these tasks."""
        exported = {int(task["id"]): task for task in self.studio.export(self.project, numbers)}
        # Tasks with drafts alone are not among those with annotations.
        drafted = [look for look in numbers if look not in exported]
        if drafted:
            exported |= {int(t["id"]): t for t in self.studio.export(self.project, drafted, unfinished=True)}
        documents = self._documents(exported.values())
        entries = [(task, entry) for task in exported.values() for entry in task.get("annotations") or ()]
        pushed = self.workspace.fetch(PUSHED, pushed_keys(self.studio.url, self.project, entries))
        taken = Taken()
        for number in numbers:
            task = exported.get(number, {})
            reader = TaskReader(self.workspace, self.studio.url, self.project, self.names, task, documents, pushed)
            seen = set()
            for entry in task.get("annotations") or ():
                id = int(entry["id"])
                seen.add(id)
                if number not in stale and id in self.known and self.known[id].updated == text_of(entry, "updated_at"):
                    continue
                reader.take(entry, taken)
            self.gone |= {id for id in self.by_task.get(number, ()) if id not in seen}
            taken.drafts += self._drafts(number, task, reader)
        self.workspace.append(ANNOTATIONS, taken.annotations)
        self.workspace.append(EDITS, taken.edits)
        self.workspace.append(SUBMITTED, taken.submitted)
        self.workspace.append(DRAFTS, taken.drafts)
        self.report.skipped += taken.problems
        self.report.done += len(taken.changed)
        self.notes += taken.notes
        self.changed |= taken.changed
        self.again |= taken.again
        self.annotators |= {row.annotator for row in taken.annotations if row.counts}

    @cached_property
    def by_task(self) -> dict[int, list[int]]:
        found: dict[int, list[int]] = {}
        for id, one in self.known.items():
            found.setdefault(one.task, []).append(id)
        return found

    @cached_property
    def drafts_by_task(self) -> dict[int, list[int]]:
        found: dict[int, list[int]] = {}
        for id, (_, task) in self.drafts.items():
            found.setdefault(task, []).append(id)
        return found

    def _documents(self, tasks: Iterable[Json]) -> dict[str, Document]:
        ids = {str((task.get("data") or {}).get(f"doc_{lang}") or "") for task in tasks for lang in LANGUAGES}
        return self.workspace.fetch(DOCUMENTS, sorted(ids))

    def _drafts(self, number: int, task: Json, reader: TaskReader) -> list[Draft]:
        """The drafts on a task that are new or changed, and those that are no longer there."""
        made, seen = [], set()
        for entry in task.get("drafts") or ():
            id = int(entry["id"])
            seen.add(id)
            if self.drafts.get(id, ("", 0))[0] != text_of(entry, "updated_at") and reader.ids:
                made.append(reader.draft(entry, self.users))
                self.notes["drafts, kept apart"] += 1
        gone = [id for id in self.drafts_by_task.get(number, ()) if id not in seen]
        return made + self._ended(gone)

    def _gone_drafts(self, tasks: Iterable[int]) -> None:
        ids = [id for task in set(tasks) for id in self.drafts_by_task.get(task, ())]
        self.workspace.append(DRAFTS, self._ended(ids))

    def _ended(self, ids: Sequence[int]) -> list[Draft]:
        keys = [f"{self.studio.url} {id}" for id in ids]
        return [replace(draft, gone=True) for draft in self.workspace.current(DRAFTS, keys)] if keys else []

    def _withdraw(self) -> None:
        """A last row for what is gone, but for what went along with the task of an article that was withdrawn."""
        if not self.gone:
            return
        gone = set(self.gone)
        if halved := {entry.pair: entry.when for entry in removed(self.workspace).values() if entry.pair}:
            # What was said of the other version of a withdrawn article counts on, though its task had to go. A server can
            # give the number of a deleted task to a new one.
            live = {
                row["task"]
                for row in self.workspace.rows(PUSHED.name, ["task", "project"])
                if row["project"] == self.project
            }
            gone = {id for id in gone if not _went_along(self.known[id], halved.get(self._pair(id), ""), live)}
            self.gone = gone
        keys = [f"{self.studio.url} {id} {document}" for id in gone for document in self.known[id].shas]
        for several in chunks(keys, _CHUNK):
            rows = self.workspace.current(ANNOTATIONS, several)
            self.workspace.append(ANNOTATIONS, [replace(row, withdrawn=True) for row in rows if not row.parts])
        for several in chunks([f"{self.studio.url} {id}" for id in gone], _CHUNK):
            parts = self.workspace.current(SUBMITTED, several)
            self.workspace.append(SUBMITTED, [replace(part, withdrawn=True) for part in parts])
        if gone:
            self.notes["withdrawn"] += len(gone)

    def _pair(self, id: int) -> str:
        return next((self.shas[document][1] for document in self.known[id].shas if document in self.shas), "")


def _moment(iso: str) -> datetime:
    return datetime.fromisoformat(iso)


def _went_along(one: _Known, when: str, live: set[int]) -> bool:
    """Whether an annotation is gone because its task held a document that was withdrawn then ("": none was)."""
    if not when:
        return False
    try:
        before = datetime.fromisoformat(one.updated) <= datetime.fromisoformat(when)
    except (ValueError, TypeError):
        before = False
    return before or one.task not in live
