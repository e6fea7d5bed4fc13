"""What a workspace knows of tasks and of the work on them, without texts and marks, so that memory holds a line for each."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from annotators.adjudicate.asked import ASKED
from annotators.assign import Plan
from annotators.repeats import shown_text
from annotators.studio.tables import ANNOTATIONS, DRAFTS, PUSHED, SUBMITTED
from corpus.document import LANGUAGES, Lang
from corpus.errors import InputError
from corpus.report import Progress
from corpus.schema import DOCUMENTS, GOLD, Row
from corpus.store import Workspace

_WORK = ["url", "project", "id", "task", "annotator", "created", "updated", "lead_time", "skipped", "withdrawn"]
_MADE_FROM = ["prediction", "model_version"]


class TaskId(NamedTuple):
    """A task on a server."""

    url: str
    project: int
    task: int


@dataclass(frozen=True, slots=True)
class Chosen:
    """Whose work is looked at, and when it was first submitted; empty: all.

    `since` and `until` are the beginnings of ISO 8601 times, both inclusive: "2025-03" until is all of March.
    """

    annotators: tuple[str, ...] = ()
    since: str = ""
    until: str = ""

    def __call__(self, annotator: str, time: str) -> bool:
        return (
            (not self.annotators or annotator in self.annotators)
            and (not self.since or time[: len(self.since)] >= self.since)
            and (not self.until or (bool(time) and time[: len(self.until)] <= self.until))
        )


@dataclass(frozen=True, slots=True)
class Text:
    """A document of the workspace: the name of its article, and how many characters annotators see of it."""

    id: str
    article: str
    lang: Lang
    sha: str
    characters: int


@dataclass(slots=True)
class Task:
    """A task that was pushed; an `outdated` one is of an earlier text, or of one that is gone."""

    id: TaskId
    key: str
    documents: tuple[str, ...]
    outdated: bool = False


@dataclass(slots=True)
class Work:
    """What one person submitted on one task, or that they passed it over.

    `documents` have the hashes of the texts that it is of (those of a part of an article are not known). `part` is the part of
    an article, "" for a whole one. `characters` are those that the task shows, `kind` in which languages ("en", "zh", "en+zh").
    """

    task: TaskId
    id: int
    annotator: str
    created: str
    updated: str
    lead_time: float
    skipped: bool
    prediction: int
    model_version: str
    documents: dict[str, str]
    key: str = ""
    part: str = ""
    characters: int = 0
    kind: str = ""
    article: str = ""
    mode: str = "normal"

    @property
    def time(self) -> str:
        """When it was first submitted."""
        return self.created or self.updated


class Opinion(NamedTuple):
    """The latest annotation that one annotator has of a document: its key in the table, and whether it is all of it."""

    key: str
    time: str
    whole: bool
    current: bool
    mode: str
    chosen: bool


@dataclass(slots=True)
class Gathered:
    """Everything there is; `works` and `opinions` are of all people and times."""

    texts: dict[str, Text] = field(default_factory=dict)
    tasks: dict[TaskId, Task] = field(default_factory=dict)
    works: list[Work] = field(default_factory=list)
    opinions: dict[tuple[str, str], Opinion] = field(default_factory=dict)
    """By document and annotator."""
    drafts: dict[tuple[TaskId, str], str] = field(default_factory=dict)
    """By task and annotator, when a draft was last changed that is on no submitted annotation."""
    begun: set[str] = field(default_factory=set)
    """Documents of which somebody submitted a part, or has a draft."""
    gold: set[str] = field(default_factory=set)
    withdrawn: int = 0
    plan: Plan = field(default_factory=Plan)

    @property
    def people(self) -> list[str]:
        """All annotators, by their numbers."""
        names = {work.annotator for work in self.works} | {name for _, name in self.drafts}
        return sorted(names, key=natural)


def natural(name: str) -> tuple[tuple[int, str], ...]:
    """By which names are sorted as people do.

    >>> sorted(["annotator:10", "annotator:9"], key=natural)
    ['annotator:9', 'annotator:10']
    """
    return tuple(
        (int(digits), "") if digits else (-1, rest) for digits, rest in re.findall(r"(\d{1,18})|(\D+|\d)", name)
    )


def gather(workspace: Workspace, chosen: Chosen, progress: Progress | None = None) -> Gathered:
    """Read it. Raises InputError where an annotator who was asked for has done nothing here."""
    found = Gathered()
    _texts(workspace, found, progress)
    found.plan = Plan.of(workspace)
    _tasks(workspace, found)
    _annotations(workspace, found, chosen)
    _submitted(workspace, found)
    _drafts(workspace, found)
    _gold(workspace, found)
    for work in found.works:
        first = next(iter(work.documents), "")
        one = found.plan.of_task(work.task.url, work.task.project, first)
        work.mode = one.mode if one else "normal"
    found.works.sort(key=lambda work: (work.time, work.id))
    known = found.people
    if missing := [name for name in chosen.annotators if name not in known]:
        there = ", ".join(known[:20]) or "none"
        raise InputError(f"{missing[0]}: no such annotator in {workspace.root}; there are: {there}")
    return found


def _texts(workspace: Workspace, found: Gathered, progress: Progress | None) -> None:
    total = len(workspace.index(DOCUMENTS))
    for number, d in enumerate(workspace.current(DOCUMENTS), 1):
        found.texts[d.id] = Text(d.id, d.pair or d.id, d.lang, d.sha, len(shown_text(d).text))
        if progress and number % 500 == 0:
            progress(number, total)


def _tasks(workspace: Workspace, found: Gathered) -> None:
    # The tasks of the project of disputes show what annotators have said.
    disputes = {(row["url"], row["project"]) for row in workspace.rows(ASKED.name, ["url", "project"])}
    latest: dict[tuple[str, int, tuple[str, ...]], tuple[str, set[str]]] = {}
    for row in workspace.rows(PUSHED.name, ["key", "task", "project", "url", "documents", "model_version"]):
        if (row["url"], row["project"]) in disputes:
            continue
        documents = tuple(row["documents"])
        id = TaskId(row["url"], row["project"], row["task"])
        found.tasks[id] = Task(id, row["key"], documents)
        place = (row["url"], row["project"], documents)
        version, keys = latest.get(place, ("", set()))
        if version != row["model_version"]:
            keys = set()
        latest[place] = (row["model_version"], keys | {row["key"]})
    everywhere: dict[tuple[str, int, tuple[str, ...]], set[str]] = {}
    for task in found.tasks.values():
        everywhere.setdefault((task.id.url, task.id.project, task.documents), set()).add(task.key)
    for task in found.tasks.values():
        place = (task.id.url, task.id.project, task.documents)
        if any(id not in found.texts for id in task.documents):
            task.outdated = True
            continue
        whole = _key(found.texts[id] for id in task.documents)
        if whole in everywhere[place]:
            task.outdated = task.key != whole
        else:
            # Several of one push are the parts of a long article; one alone is of an earlier text.
            keys = latest[place][1]
            task.outdated = len(keys) < 2 or task.key not in keys


def _key(texts: Iterable[Text]) -> str:
    """The key of the task of whole texts (see `annotators.studio.convert.task_key`)."""
    content = [[text.id, text.lang, text.sha] for text in sorted(texts, key=lambda text: text.lang)]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:32]


def _annotations(workspace: Workspace, found: Gathered, chosen: Chosen) -> None:
    latest: dict[tuple[str, int, str], Row] = {}
    columns = [*_WORK, *_MADE_FROM, "document", "sha", "parts"]
    for row in workspace.rows(ANNOTATIONS.name, columns):
        latest[row["url"], row["id"], row["document"]] = row
    works: dict[tuple[str, int], Work] = {}
    withdrawn = set()
    for row in latest.values():
        if row["withdrawn"]:
            withdrawn.add((row["url"], row["id"]))
            continue
        if not row["skipped"]:
            _opinion(found, row, chosen)
        if row.get("parts"):
            continue  # Its parts are pieces of work of their own, in the table of what was submitted.
        work = works.setdefault((row["url"], row["id"]), _work(row, {}))
        work.documents[row["document"]] = row["sha"]
    for work in works.values():
        _measure(found, work)
    found.works += works.values()
    found.withdrawn = len(withdrawn - works.keys())


def _opinion(found: Gathered, row: Row, chosen: Chosen) -> None:
    document, annotator = row["document"], row["annotator"]
    text = found.texts.get(document)
    parts = row.get("parts") or ""
    time = row["created"] or row["updated"]
    assigned = found.plan.of_task(row["url"], row["project"], document)
    opinion = Opinion(
        f"{row['url']} {row['id']} {document}",
        row["updated"] or row["created"],
        not parts or parts.startswith("1-"),
        text is not None and text.sha == row["sha"],
        assigned.mode if assigned else "normal",
        chosen(annotator, time),
    )
    known = found.opinions.get((document, annotator))
    if known is None or (opinion.current, opinion.chosen, opinion.time) >= (known.current, known.chosen, known.time):
        found.opinions[document, annotator] = opinion


def _work(row: Row, documents: dict[str, str]) -> Work:
    return Work(
        TaskId(row["url"], row["project"], row["task"]),
        row["id"],
        row["annotator"],
        row["created"] or "",
        row["updated"] or "",
        row["lead_time"],
        row["skipped"],
        row["prediction"] or 0,
        row["model_version"] or "",
        documents,
    )


def _measure(found: Gathered, work: Work, shown: Mapping[str, int] | None = None) -> None:
    texts = [found.texts[id] for id in work.documents if id in found.texts]
    work.characters = sum(text.characters if shown is None else shown.get(text.lang, 0) for text in texts)
    work.kind = kind_of(text.lang for text in texts)
    work.article = texts[0].article if texts else next(iter(work.documents), "")


def kind_of(langs: Iterable[str]) -> str:
    """In which languages something is.

    >>> kind_of(["zh", "en"]), kind_of(["zh"])
    ('en+zh', 'zh')
    """
    there = set(langs)
    return "+".join(lang for lang in LANGUAGES if lang in there)


def _submitted(workspace: Workspace, found: Gathered) -> None:
    columns = [*_WORK, *_MADE_FROM, "key", "documents", "part", "parts", "data"]
    latest = {(row["url"], row["id"]): row for row in workspace.rows(SUBMITTED.name, columns)}
    for row in latest.values():
        if row["withdrawn"]:
            found.withdrawn += 1
            continue
        data = json.loads(row["data"])
        shas = {str(data.get(f"doc_{lang}")): str(data.get(f"sha_{lang}") or "") for lang in LANGUAGES}
        work = _work(row, {id: shas.get(id, "") for id in row["documents"]})
        work.part, work.key = f"{row['part']} of {row['parts']}", row["key"]
        _measure(found, work, {lang: _shown(str(data.get(f"shown_{lang}") or "")) for lang in LANGUAGES})
        found.works.append(work)
        if not work.skipped:
            found.begun |= work.documents.keys()


def _shown(pieces: str) -> int:
    """How many characters the stretches have that a task says it shows.

    >>> _shown("0-10 14-20")
    16
    """
    return sum(int(end) - int(start) for start, end in re.findall(r"(\d+)-(\d+)", pieces))


def _drafts(workspace: Workspace, found: Gathered) -> None:
    columns = ["url", "project", "id", "task", "annotation", "documents", "annotator", "updated", "gone"]
    latest = {(row["url"], row["id"]): row for row in workspace.rows(DRAFTS.name, columns)}
    done = {(work.task, work.annotator) for work in found.works if not work.skipped}
    for row in latest.values():
        id = TaskId(row["url"], row["project"], row["task"])
        if row["gone"] or row["annotation"] or (id, row["annotator"]) in done:
            continue
        found.drafts[id, row["annotator"]] = row["updated"]
        found.begun |= set(row["documents"])


def _gold(workspace: Workspace, found: Gathered) -> None:
    shas = {row["document"]: row["sha"] for row in workspace.rows(GOLD.name, ["document", "sha"])}
    found.gold = {id for id, sha in shas.items() if id in found.texts and found.texts[id].sha == sha}
