"""Put what is in dispute before an adjudicator: a project of its own in Label Studio, a task for each article with disputes."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence

from annotators.adjudicate.asked import ASKED, Task
from annotators.adjudicate.config import INSTRUCTION, dispute_config, title_of
from annotators.adjudicate.decide import decide
from annotators.adjudicate.gold import annotations_version, latest_annotations
from annotators.adjudicate.pull import fetch_verdicts
from annotators.adjudicate.task import Built, Said, build, key_of
from annotators.adjudicate.verdicts import verdicts_of
from annotators.agreement.names import letters
from annotators.studio.client import CHUNK, RemoteTask, Studio, chunks
from annotators.studio.convert import INTERNAL
from annotators.studio.remote import delete_unbegun
from annotators.studio.tables import ANNOTATIONS, PUSHED, Pushed
from corpus.errors import HemuError, InputError
from corpus.migration import renames
from corpus.report import Skipped, StageReport
from corpus.store import Workspace


def push_disputes(
    workspace: Workspace,
    studio: Studio,
    *,
    title: str | None = None,
    anonymous: bool = False,
    dry_run: bool = False,
    progress: Callable[[int], None] | None = None,
) -> StageReport:
    """Bring the project of disputes up to date: a task for each article of which a place is not decided on.

    A task is known by its texts and by what everybody says of them, so that a second push makes nothing twice. Verdicts
    that were given meanwhile are fetched first. Where annotations have changed since, the article gets a new task, which
    begins from what was decided before; the old one is deleted if nobody has begun it, and left (and counted) otherwise.
    `title` is the name of the project, otherwise that of the annotators' project with "· disputes" after it. With
    `anonymous` annotators are called A, B, C. With `dry_run` nothing is written, here or there, and nothing is fetched.
    """
    started = time.monotonic()
    report = StageReport("adjudicate push")
    title = title or title_of(str(workspace.setting("studio", "project", "hemu")))
    with workspace.writing():
        if not workspace.shards(ANNOTATIONS.name):
            raise InputError(f"{workspace.root}: nobody's annotations are here yet; run: hemu pull")
        project = studio.find_project(title)
        if project is not None and not dry_run:
            fetch_verdicts(report, workspace, studio, project, lambda _: None)
            fetched, report.notes = report.done, {}
            report.done = report.unchanged = 0
            if fetched:
                report.notes["submitted meanwhile, fetched"] = fetched
        _push(report, workspace, studio, project, title, anonymous, dry_run, progress or (lambda _: None))
    report.seconds = time.monotonic() - started
    return report


def _push(
    report: StageReport,
    workspace: Workspace,
    studio: Studio,
    project: int | None,
    title: str,
    anonymous: bool,
    dry_run: bool,
    say: Callable[[int], None],
) -> None:
    articles, names = _articles(workspace, report, anonymous)
    open_places = {key: sum(r.verdict is None for one in a for r in one.made.places) for key, a in articles.items()}
    wanted = {key: several for key, several in articles.items() if open_places[key]}
    remote: dict[str, RemoteTask] = {}
    if wanted and not dry_run:
        project = studio.find_or_create_project(title, dispute_config(workspace.scheme), INSTRUCTION)
        studio.hide_columns(project, (*INTERNAL, "disputes"))
    if project is not None:
        remote = {task.key: task for task in studio.tasks(project) if task.key}
    known = workspace.index(ASKED)
    built: list[Built] = []
    for key, several in wanted.items():
        # A task that this workspace knows nothing of cannot be read: it is made anew.
        if key in remote and f"{studio.url} {project} {key}" in known:
            report.unchanged += 1
            say(1)
            continue
        try:
            built.append(build(several, workspace.scheme, names))
        except HemuError as error:
            report.skipped.append(Skipped(" + ".join(one.document.id for one in several), str(error)))
    # One of an article that is decided on throughout stays.
    outdated = [task for key, task in remote.items() if key not in articles]
    report.notes |= {"project": title, "disputed places": sum(open_places.values())}
    begun = [task for task in outdated if task.touched]
    fresh = [task for task in outdated if not task.touched]
    if not dry_run and project is not None:
        for chunk in chunks(built, CHUNK):
            _send(workspace, studio, project, chunk)
            say(len(chunk))
        deleted = delete_unbegun(studio, project, fresh)
        begun += [task for task in fresh if task not in deleted]
        fresh = deleted
    report.done = len(built)
    if fresh:
        report.notes["tasks of earlier annotations, deleted"] = len(fresh)
    if begun:
        report.notes["tasks of earlier annotations, begun"] = len(begun)


def _articles(
    workspace: Workspace, report: StageReport, anonymous: bool
) -> tuple[dict[str, list[Said]], Mapping[str, str]]:
    """By the key of its task, each article of which a document has two annotators or more; and how these are called."""
    documents = workspace.documents()
    by_document = latest_annotations(workspace, documents, report)
    verdicts = verdicts_of(workspace, renames(workspace))
    everyone = sorted({a.annotator for several in by_document.values() for a in several})
    names = {name: letters(number) if anonymous else name for number, name in enumerate(everyone)}
    by_article: dict[str, list[Said]] = {}
    for id, several in by_document.items():
        made = decide([a.layer for a in several], verdicts=verdicts.get(id, ()))
        said = Said(documents[id], tuple(a.annotator for a in several), annotations_version(several), made)
        by_article.setdefault(documents[id].pair or id, []).append(said)
    # In the order of the workspace's documents.
    order = {id: number for number, id in enumerate(documents)}
    articles = sorted(by_article.values(), key=lambda several: min(order[one.document.id] for one in several))
    return {key_of(several): several for several in articles if any(len(s.annotators) > 1 for s in several)}, names


def _send(workspace: Workspace, studio: Studio, project: int, built: Sequence[Built]) -> None:
    ids = studio.import_tasks(project, [{"data": one.data, "predictions": [one.prediction]} for one in built])
    tasks, pushed = [], []
    for one, id in zip(built, ids, strict=True):
        tasks.append(Task(one.key, studio.url, project, id, one.documents, one.asked, one.kept))
        version = str(one.prediction["model_version"])
        result = json.dumps(one.prediction["result"], ensure_ascii=False)
        # By this row the task is found when one of its documents is withdrawn.
        pushed.append(
            Pushed(one.key, id, project, studio.url, str(one.data["pair"]), one.documents, version, version, result)
        )
    workspace.append(ASKED, tasks)
    workspace.append(PUSHED, pushed)
