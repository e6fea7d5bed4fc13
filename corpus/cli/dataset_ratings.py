"""What each person marked, gathered for the `raters` configuration of the dataset."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from corpus.dataset.raters import Ratings
    from corpus.store import Workspace

_COLUMNS = [
    *("url", "id", "document", "sha", "annotator", "created", "updated", "lead_time", "skipped", "withdrawn"),
    "model_version",
]


def ratings_of(workspace: Workspace) -> Ratings | None:
    """The latest annotation of each person of each document that counts; None where there are none in the workspace.

    As for gold: skipped and withdrawn ones, and those of another text, do not count, and errors that were planted are taken
    out of what they were left standing in. Only those are read whole; of the others the names and where they are.
    """
    from annotators.assign import Undoing
    from annotators.studio.tables import ANNOTATIONS
    from corpus.dataset.raters import Rating, Ratings

    if not workspace.shards(ANNOTATIONS.name):
        return None
    shas = {head.id: head.sha for head in workspace.heads()}
    rows: dict[str, dict[str, Any]] = {}
    for row in workspace.rows(ANNOTATIONS.name, _COLUMNS):
        rows[f"{row['url']} {row['id']} {row['document']}"] = row
    why: Counter[str] = Counter()
    for key, row in list(rows.items()):
        reason = (
            "withdrawn"
            if row["withdrawn"]
            else "skipped"
            if row["skipped"]
            else "of no document that is here"
            if row["document"] not in shas
            else "made for another text"
            if row["sha"] != shas[row["document"]]
            else ""
        )
        if reason:
            why[reason] += 1
            del rows[key]
    undo = Undoing(workspace)
    planted = {error.document for one in undo.plan.all for error in one.planted}
    righted = {}
    for annotation in workspace.current(ANNOTATIONS, [key for key, row in rows.items() if row["document"] in planted]):
        key, undone = ANNOTATIONS.key(annotation), undo(annotation)
        if not undone.counts:
            why["planted errors cannot be taken out"] += 1
            del rows[key]
        elif undone.layer is not annotation.layer:
            righted[key] = undone.layer
    latest: dict[tuple[str, str], tuple[tuple[str, int], str]] = {}
    for key, row in rows.items():
        whose = row["document"], row["annotator"]
        age = (row["updated"] or row["created"] or "", row["id"])
        if whose in latest:
            why["superseded by a later one"] += 1
        latest[whose] = max(latest.get(whose, (("", -1), "")), (age, key))
    found: dict[str, list[Rating]] = {}
    for (document, annotator), (_, key) in sorted(latest.items()):
        row = rows[key]
        lead = -1.0 if row["lead_time"] is None else row["lead_time"]
        rating = Rating(key, annotator, row["created"] or "", lead, row["model_version"] or "", righted.get(key))
        found.setdefault(document, []).append(rating)
    return Ratings(ANNOTATIONS, found, why)
