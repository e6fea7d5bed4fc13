"""The tasks that hemu has in a project, and in what parts an article is there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from annotators.studio.client import RemoteTask, Studio
from annotators.studio.cut import Part, all_parts, part_of
from corpus.document import LANGUAGES
from corpus.removal import TaskRef, settle
from corpus.report import StageReport
from corpus.store import Workspace

_NAMED = 5


@dataclass
class Tasks:
    """hemu's tasks in a project: by key, and what is to be deleted because it is there once more, or in another cut."""

    by_key: dict[str, RemoteTask] = field(default_factory=dict)
    by_article: dict[str, list[RemoteTask]] = field(default_factory=dict)
    spare: list[RemoteTask] = field(default_factory=list)
    recut: list[RemoteTask] = field(default_factory=list)
    kept_cuts: int = 0
    twins: int = 0
    pushed: set[str] = field(default_factory=set)
    """The keys of this push, and the `documents` in it."""
    documents: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, tasks: Iterable[RemoteTask]) -> Tasks:
        """Of tasks with one key the one with most work counts; the others are spare where nobody has begun them."""
        made = cls()
        for task in sorted(tasks, key=lambda task: (-min(task.annotations, 1), not task.touched, task.id)):
            if not task.key:
                continue
            if task.key not in made.by_key:
                made.by_key[task.key] = task
                made.by_article.setdefault(str(task.data.get("article") or task.key), []).append(task)
            elif task.touched:
                made.twins += 1
            else:
                made.spare.append(task)
        return made

    def choose(self, article: str, wanted: Sequence[Part]) -> list[Part]:
        """The parts that an article is to have: as wanted, but as it is there where somebody has worked on it.

        What is there in another cut, and nobody has begun, is to be deleted.
        """
        there = self.by_article.get(article, ())
        if not there:
            return list(wanted)
        forms: dict[tuple[str, ...], list[RemoteTask]] = {}
        for task in there:
            forms.setdefault(_cut(task), []).append(task)
        mine = _borders(wanted)
        work = {form: sum(task.touched for task in tasks) for form, tasks in forms.items()}
        chosen = max(forms, key=lambda form: (work[form], form == mine))
        if not work[chosen]:
            chosen = mine
        self.kept_cuts += chosen != mine
        self.recut += [t for form, tasks in forms.items() if form != chosen for t in tasks if not t.touched]
        if chosen == mine:
            return list(wanted)
        part = part_of(forms[chosen][0].data)
        return all_parts(part.borders) if part else []

    def others(self) -> Iterator[RemoteTask]:
        """The tasks that are not among those of this push, and stay."""
        going = {task.id for task in self.recut}
        return (task for key, task in self.by_key.items() if key not in self.pushed and task.id not in going)

    def notes(self) -> dict[str, int | float | str]:
        """What is to be said of them."""
        earlier = [task for task in self.others() if self.documents & _documents(task)]
        named = sorted({id for task in earlier for id in _documents(task) & self.documents})
        said: dict[str, int | float | str] = {
            "tasks that are there twice": self.twins,
            "articles that stay cut as they are, for the work on them": self.kept_cuts,
            "tasks of earlier texts": len(earlier),
        }
        if earlier:
            more = f" and {len(named) - _NAMED} more" if len(named) > _NAMED else ""
            said["texts that have changed"] = ", ".join(named[:_NAMED]) + more
        return {key: value for key, value in said.items() if value}


def _cut(task: RemoteTask) -> tuple[str, ...]:
    return tuple(str(task.data.get(f"cut_{lang}", "-")) for lang in LANGUAGES) if task.data.get("part") else ()


def _borders(parts: Sequence[Part]) -> tuple[str, ...]:
    if not parts:
        return ()
    data = parts[0].data()
    return tuple(data.get(f"cut_{lang}", "-") for lang in LANGUAGES)


def _documents(task: RemoteTask) -> set[str]:
    return {str(task.data.get(f"doc_{lang}") or "") for lang in LANGUAGES} - {""}


def clear_away(report: StageReport, workspace: Workspace, studio: Studio, project: int, tasks: Tasks) -> None:
    """Delete what is spare, or cut otherwise, as far as nobody has begun it."""
    deleted: list[RemoteTask] = []
    for what, going in (("spare tasks deleted", tasks.spare), ("tasks of another cut deleted", tasks.recut)):
        if gone := delete_unbegun(studio, project, going):
            report.notes[what] = len(gone)
            deleted += gone
    forget(workspace, studio, project, deleted)


def delete_unbegun(studio: Studio, project: int, tasks: Sequence[RemoteTask]) -> list[RemoteTask]:
    """Delete those of the tasks that nobody has begun, by a last look at each, and return them."""
    looked = {look.id: look for look in studio.looks(project)} if tasks else {}
    deleted = []
    for task in tasks:
        look = looked.get(task.id)
        if look is None or look.annotated or look.drafted or studio.annotations(task.id):
            continue
        studio.delete_task(task.id)
        deleted.append(task)
    return deleted


def forget(workspace: Workspace, studio: Studio, project: int, deleted: Sequence[RemoteTask]) -> None:
    """Note in the workspace, which is held for writing, that these tasks are no more."""
    if deleted:
        refs = [TaskRef(studio.url, project, task.id) for task in deleted]
        settle(workspace, {id for task in deleted for id in _documents(task)}, refs)
