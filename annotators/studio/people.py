"""Push by the plan of who annotates what: a project a person, with their articles only, the most useful ones first.

What a task shows says nothing of the plan. A blind task has a prediction as all others have, with a score and without a mark:
Label Studio's uncertainty sampling hands out tasks that have none last of all, and then by chance, so that they would be another
kind of task (later, and by an annotator who has learnt by then). A planted one differs in its marks only; the copy in the table
`pushed` gives "planted" as the source of a wrong one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from annotators.assign.plan import ASSIGNMENTS, Assignment, Plan
from annotators.assign.plant import errors_of, with_planted
from annotators.order import Articles
from annotators.stage import StoredAnnotations
from annotators.studio.client import Studio
from annotators.studio.config import instruction, labeling_config
from annotators.studio.convert import without_texts
from annotators.studio.push import PushItem, push
from annotators.studio.remote import delete_unbegun, forget
from annotators.studio.tables import ANNOTATIONS
from corpus.dedupe import clusters
from corpus.document import LANGUAGES
from corpus.errors import WorkspaceError
from corpus.removal import removed
from corpus.report import StageReport
from corpus.store import CONFIG, Workspace

SAMPLINGS = {"uncertainty": "Uncertainty sampling", "sequence": "Sequential sampling", "keep": ""}
"""What `[studio] order` of hemu.toml may be, and what Label Studio calls it; "keep" leaves a project as it is set there."""


@dataclass(frozen=True)
class StoredItems:
    """The pre-annotation of a workspace as items to push, read anew, a few articles at a time, whenever they are gone through.

    `links` says whether annotators see arrows between the versions. With `only`, no others than those that hold one of these
    documents.
    """

    workspace: Workspace
    links: bool = False
    only: Collection[str] | None = None

    def __iter__(self) -> Iterator[PushItem]:
        for made in StoredAnnotations(self.workspace, self.only, tokens=False):
            yield PushItem(made.group, made.relations if self.links else (), made.layers[0].version)


def push_plan(
    workspace: Workspace,
    studio: Studio,
    items: StoredItems | Sequence[PushItem],
    *,
    progress: Callable[[int], None] | None = None,
) -> list[StageReport]:
    """Push the items, each to the projects of the people who have it; all to one project where nobody has any.

    The report of each project. Items get their place in the order in which they are worth annotating (see `annotators.order`),
    for each project by itself; `[studio] order` of hemu.toml says whether Label Studio is to keep to it. Tasks that were taken
    back are deleted where nobody has begun them. Items are gone through several times. Raises WorkspaceError for a setting
    that is none.
    """
    sampling = _sampling(workspace)
    plan = Plan.of(workspace)
    articles = Articles(clusters(workspace))
    of_person: dict[str, dict[str, Assignment]] = {}
    for item in items:
        articles.add(item.group)
        for person, assignment in plan.holding([i.document.id for i in item.group.items]).items():
            of_person.setdefault(person, {})[_name(item)] = assignment
    done = _done(workspace)
    base = str(workspace.setting("studio", "project", "hemu"))
    reports = []
    if not any(plan.live):
        turns = articles.turns(done=set().union(*done.values()))
        reports.append(push(workspace, studio, _Shown(items, turns, {}), title=base, progress=progress))
        _sample(studio, reports[-1], sampling)
    for person, title in plan.titles.items():
        mine = of_person.get(person, {})
        project = _recorded(workspace, studio, plan, person, title) if mine else studio.find_project(title)
        if not mine and (project is None or not removed(workspace)):
            if project is not None:
                _clear(workspace, studio, project, plan, person, None)
            continue
        turns = articles.turns(mine, done=done.get(project or 0, ()))
        report = push(workspace, studio, _Shown(_only(items, mine), turns, mine), title=title, progress=progress)
        report.notes = {"of": title, **report.notes}
        _sample(studio, report, sampling)
        if project is not None:
            _clear(workspace, studio, project, plan, person, report)
        reports.append(report)
    nobody = len(articles.names) - len({name for mine in of_person.values() for name in mine})
    if nobody and any(plan.live) and reports:
        reports[0].notes["articles that nobody has"] = nobody
    return reports


@dataclass(frozen=True)
class _Shown:
    """The items of one project as they are shown there, each with its turn as its score; made whenever they are gone through."""

    items: Iterable[PushItem]
    turns: Mapping[str, float]
    assignments: Mapping[str, Assignment]

    def __iter__(self) -> Iterator[PushItem]:
        for item in self.items:
            name = _name(item)
            # What another process has annotated meanwhile is left to the next push.
            if name in self.turns:
                shown = _as_shown(item, self.assignments[name]) if name in self.assignments else item
                yield replace(shown, score=self.turns[name])


def _only(items: StoredItems | Sequence[PushItem], names: Collection[str]) -> Iterable[PushItem]:
    """Those of these names; no others are read from the workspace."""
    if isinstance(items, StoredItems):
        return replace(items, only=names)
    return [item for item in items if _name(item) in names]


def projects(workspace: Workspace, studio: Studio) -> list[str]:
    """The names of the projects to pull: those of all people, and the one of hemu.toml, as far as they are there.

    Where none is, the one of hemu.toml.
    """
    base = str(workspace.setting("studio", "project", "hemu"))
    titles = [base, *Plan.of(workspace).titles.values()]
    return [title for title in titles if len(titles) == 1 or studio.find_project(title) is not None] or [base]


def _sampling(workspace: Workspace) -> str:
    order = workspace.setting("studio", "order", "uncertainty")
    if order not in SAMPLINGS:
        names = ", ".join(f'"{name}"' for name in SAMPLINGS)
        raise WorkspaceError(f"{workspace.root / CONFIG}: [studio] order is {order!r}; expected one of {names}")
    return SAMPLINGS[order]


def _sample(studio: Studio, report: StageReport, sampling: str) -> None:
    """Have a project hand out its tasks in that way."""
    project = report.notes.get("project")
    if not sampling or project is None:
        return
    path = f"/api/projects/{project}/"
    if studio.request("GET", path, doing="reading the project").get("sampling") != sampling:
        studio.request("PATCH", path, {"sampling": sampling}, "setting the order of tasks")


def _name(item: PushItem) -> str:
    return item.group.items[0].document.id


def _done(workspace: Workspace) -> Mapping[int, set[str]]:
    """The documents that are annotated, by project."""
    found: dict[int, set[str]] = {}
    for row in workspace.rows(ANNOTATIONS.name, ["project", "document", "skipped", "withdrawn"]):
        if not row["skipped"] and not row["withdrawn"]:
            found.setdefault(row["project"], set()).add(row["document"])
    return found


def _as_shown(item: PushItem, assignment: Assignment) -> PushItem:
    """What this person is shown of an item."""
    if assignment.mode == "blind":
        empty = tuple(replace(i, entities=(), claims=()) for i in item.group.items)
        return replace(item, group=replace(item.group, items=empty), relations=())
    errors = errors_of(assignment)
    return replace(item, group=with_planted(item.group, errors)) if errors else item


def _recorded(workspace: Workspace, studio: Studio, plan: Plan, person: str, title: str) -> int:
    """The person's project, written down before anything goes there: so that whatever comes back is known for what it is."""
    project = studio.find_project(title)
    if project is None:
        scheme = workspace.scheme
        project = studio.find_or_create_project(title, labeling_config(scheme), instruction(scheme))
    rows = [
        replace(one, url=studio.url, project=project)
        for one in plan.live
        if one.person == person and (one.url, one.project) != (studio.url, project)
    ]
    with workspace.writing():
        workspace.append(ASSIGNMENTS, rows)
    return project


def _clear(
    workspace: Workspace, studio: Studio, project: int, plan: Plan, person: str, report: StageReport | None
) -> None:
    """Delete the tasks of articles that were taken back from a person, where nobody has begun them."""
    back = {d for one in plan.all if one.withdrawn and one.person == person for d in one.documents}
    back -= {d for one in plan.live if one.person == person for d in one.documents}
    if not back:
        return
    going = [
        replace(task, data=without_texts(task.data))
        for task in studio.tasks(project)
        if task.key and not task.touched and any(task.data.get(f"doc_{lang}") in back for lang in LANGUAGES)
    ]
    if deleted := delete_unbegun(studio, project, going):
        with workspace.writing():
            forget(workspace, studio, project, deleted)
        if report is not None:
            report.notes["tasks taken back"] = len(deleted)
