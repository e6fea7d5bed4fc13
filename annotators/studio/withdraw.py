"""Delete the tasks of withdrawn documents from Label Studio, and nothing else there."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from annotators.studio.client import RemoteTask, Studio
from annotators.studio.tables import ANNOTATIONS
from corpus.document import LANGUAGES
from corpus.removal import TaskRef, pending
from corpus.store import Workspace


@dataclass(slots=True)
class Withdrawn:
    """Tasks that are deleted, how many annotations were on them, and which of these nobody had pulled as they were.

    `elsewhere` are tasks that hold the documents on a server other than this one, or in a project that is gone.
    """

    tasks: list[TaskRef] = field(default_factory=list)
    annotations: int = 0
    unpulled: list[int] = field(default_factory=list)
    elsewhere: list[TaskRef] = field(default_factory=list)


def withdraw(
    workspace: Workspace,
    studio: Studio,
    ids: Collection[str],
    *,
    listed: Mapping[int, Sequence[RemoteTask]] | None = None,
    but: Mapping[str, str] | None = None,
) -> Withdrawn:
    """Delete every task that hemu made and that holds one of these documents, with people's work on it.

    Looked for in the project of hemu.toml (or those whose tasks are in `listed`), and in all others that the documents
    were pushed to on this server. A task is hemu's where it has hemu's key, and holds a document where it names it.
    `but` are ids that are those of other texts now (see `corpus.removal.reborn`): the tasks of these stay.
    Nothing in the workspace is changed: give `tasks` to `corpus.removal.sweep` or `settle`.
    Raises StudioError where the server refuses.
    """
    result = Withdrawn()
    but = but or {}
    known = pending(workspace, [id for id in ids if id not in but])
    projects = {task.project for task in known if task.url == studio.url}
    if listed is None:
        listed = {}
        current = studio.find_project(workspace.setting("studio", "project", "hemu"))
        projects |= set() if current is None else {current}
    for project in sorted(projects | listed.keys()):
        tasks: Iterable[RemoteTask] = listed.get(project, ())
        if project not in listed and studio.has_project(project):
            tasks = studio.tasks(project)
        there = list(holding(tasks, ids, but))
        _delete(workspace, studio, project, there, result)
        # One that is no longer there has been deleted by somebody else, or with its project.
        result.tasks += [t for t in known if (t.url, t.project) == (studio.url, project) and t not in result.tasks]
    result.elsewhere = [task for task in known if task.url != studio.url]
    return result


def holding(tasks: Iterable[RemoteTask], ids: Collection[str], but: Mapping[str, str]) -> Iterator[RemoteTask]:
    """Those of the tasks that hemu made and that hold one of these documents, `but` of the texts with these hashes."""
    for task in tasks:
        named = [(task.data.get(f"doc_{lang}"), task.data.get(f"sha_{lang}")) for lang in LANGUAGES]
        if task.key and any(id in ids and but.get(str(id)) != sha for id, sha in named):
            yield task


def _delete(workspace: Workspace, studio: Studio, project: int, tasks: list[RemoteTask], result: Withdrawn) -> None:
    annotated = {task.id: studio.annotations(task.id) for task in tasks}
    numbers = {number for found in annotated.values() for number in found}
    pulled = _pulled(workspace, studio.url) if numbers else set()
    result.annotations += len(numbers)
    result.unpulled += sorted(
        number for found in annotated.values() for number, changed in found.items() if (number, changed) not in pulled
    )
    for task in tasks:
        studio.delete_task(task.id)
        result.tasks.append(TaskRef(studio.url, project, task.id))


def _pulled(workspace: Workspace, url: str) -> set[tuple[int, datetime | None]]:
    rows = workspace.rows(ANNOTATIONS.name, ["url", "id", "updated"])
    return {(row["id"], _moment(row["updated"])) for row in rows if row["url"] == url}


def _moment(iso: str) -> datetime | None:
    try:
        return datetime.fromisoformat(iso)
    except ValueError:
        return None
