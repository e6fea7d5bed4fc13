"""Pull what annotators made in Label Studio into the workspace's table `annotations`, each person's own."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from annotators.repeats import Shown
from annotators.studio.client import Json, Studio
from annotators.studio.convert import shown_in
from annotators.studio.layers import layers_of, translated
from annotators.studio.tables import ANNOTATIONS, PUSHED, Annotation
from corpus.document import LANGUAGES, Document
from corpus.errors import StaleTextError, StudioError
from corpus.migration import Names, renames
from corpus.removal import removed
from corpus.report import Skipped, StageReport
from corpus.store import Workspace, check_sha


def pull(
    workspace: Workspace,
    studio: Studio,
    *,
    title: str | None = None,
    progress: Callable[[int], None] | None = None,
) -> StageReport:
    """Store all annotations of all annotators that are new or changed since the last pull, one row a document.

    Rows are added, never replaced: of one annotation the latest counts. One that has been deleted on the server gets a
    last row that says so. The report counts annotations; it lists, with why, annotations whose text has changed in the
    workspace since the push, and single marks that could not be taken over. `progress` is told how many tasks were done.

    Raises StudioError when the project is not there.
    """
    started = time.monotonic()
    report = StageReport("pull")
    say = progress or (lambda _: None)
    with workspace.writing():
        _pull(report, workspace, studio, title, say)
    report.seconds = time.monotonic() - started
    return report


def _pull(
    report: StageReport, workspace: Workspace, studio: Studio, title: str | None, say: Callable[[int], None]
) -> None:
    title = title or workspace.setting("studio", "project", "hemu")
    project = studio.find_project(title)
    if project is None:
        raise StudioError(f"{studio.url}: there is no project {title!r}; make it with: hemu push")
    documents = workspace.documents()
    known = {
        key: annotation
        for key, annotation in workspace.read(ANNOTATIONS).items()
        if (annotation.url, annotation.project) == (studio.url, project) and not annotation.withdrawn
    }
    # What was made before a change of the scheme speaks of it as it was.
    names = renames(workspace)
    updated = {annotation.id: annotation.updated for annotation in known.values()}

    rows: list[Annotation] = []
    there: set[int] = set()
    for task in studio.export(project):
        for entry in task.get("annotations") or ():
            there.add(int(entry["id"]))
            if updated.get(int(entry["id"])) == str(entry.get("updated_at") or ""):
                report.unchanged += 1
                continue
            try:
                texts = _texts(task, documents)
                shown = {text.id: shown_in(task.get("data") or {}, text) for text in texts}
            except StaleTextError as error:
                report.skipped.append(Skipped(f"annotation {entry['id']} of task {task.get('id')}", str(error)))
                continue
            rows += _annotations(report, studio, project, task, entry, texts, shown, names, workspace)
            report.done += 1
        say(1)
    gone = [annotation for annotation in known.values() if annotation.id not in there]
    if halved := {entry.pair: entry.when for entry in removed(workspace).values() if entry.pair}:
        # What was said of the other version of a withdrawn article counts on, though its task had to go. A server can
        # give the number of a deleted task to a new one.
        live = {row["task"] for row in workspace.rows(PUSHED.name, ["task", "project"]) if row["project"] == project}
        gone = [a for a in gone if not _went_along(a, halved.get(_pair(documents, a), ""), live)]
    rows += [replace(annotation, withdrawn=True) for annotation in gone]
    workspace.append(ANNOTATIONS, rows)
    report.notes["annotators"] = len({row.annotator for row in rows if row.counts})
    if gone:
        report.notes["withdrawn"] = len({annotation.id for annotation in gone})


def _went_along(annotation: Annotation, when: str, live: set[int]) -> bool:
    """Whether an annotation is gone because its task held a document that was withdrawn then ("": none was)."""
    if not when:
        return False
    try:
        before = datetime.fromisoformat(annotation.updated) <= datetime.fromisoformat(when)
    except (ValueError, TypeError):
        before = False
    return before or annotation.task not in live


def _pair(documents: Mapping[str, Document], annotation: Annotation) -> str:
    document = documents.get(annotation.layer.document)
    return document.pair if document else ""


def _texts(task: Json, documents: Mapping[str, Document]) -> list[Document]:
    """The documents of a task. StaleTextError when hemu did not push it, one is gone, or its text is another one."""
    data = task.get("data") or {}
    texts = []
    for lang in LANGUAGES:
        id = str(data.get(f"doc_{lang}") or "")
        if not id:
            continue
        if id not in documents:
            raise StaleTextError(f"{id}: is not in this workspace")
        check_sha(documents[id], str(data.get(f"sha_{lang}")), "the task")
        texts.append(documents[id])
    if not texts:
        raise StaleTextError("the task was not pushed by hemu")
    return texts


def _annotations(
    report: StageReport,
    studio: Studio,
    project: int,
    task: Json,
    entry: Json,
    texts: list[Document],
    shown: Mapping[str, Shown],
    names: Names,
    workspace: Workspace,
) -> list[Annotation]:
    annotator = f"annotator:{_number(entry.get('completed_by'))}"
    updated = str(entry.get("updated_at") or "")
    layers, problems = layers_of(
        translated(entry.get("result") or [], names, workspace.scheme),
        texts,
        workspace.scheme,
        source=annotator,
        version=f"{entry['id']} {updated}",
        shown=shown,
    )
    report.skipped += [Skipped(f"annotation {entry['id']}, {problem.what}", problem.why) for problem in problems]
    parent = entry.get("prediction")
    lead_time = entry.get("lead_time")
    return [
        Annotation(
            layer=layer,
            id=int(entry["id"]),
            task=int(task["id"]),
            project=project,
            url=studio.url,
            annotator=annotator,
            created=str(entry.get("created_at") or ""),
            updated=updated,
            lead_time=float(lead_time) if lead_time is not None else -1.0,
            skipped=bool(entry.get("was_cancelled")),
            prediction=_number(entry.get("parent_prediction")),
            model_version=str(parent.get("model_version") or "") if isinstance(parent, Mapping) else "",
        )
        for layer in layers
    ]


def _number(value: Any) -> int:
    """A user or a prediction, which Label Studio gives by its number or in full."""
    if isinstance(value, Mapping):
        value = value.get("id")
    return int(value) if value else 0
