"""Fetch what adjudicators decided, as verdicts on the places that they were asked about, and make gold of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from annotators.adjudicate.asked import ASKED, Asked, Task, claim_in
from annotators.adjudicate.config import title_of
from annotators.adjudicate.gold import make_gold
from annotators.adjudicate.places import CLAIM, ENTITY, RELATION, Drawn, Kind, Mark, Place, What, bare
from annotators.adjudicate.settle import settled
from annotators.adjudicate.verdicts import VERDICTS, Rulings, Verdict, Version, in_names, verdicts_of
from annotators.studio.client import Studio
from annotators.studio.convert import shown_in
from annotators.studio.layers import layers_of, translated
from corpus.document import Claim, Document, Layer, Ref
from corpus.errors import HemuError, StaleTextError, StudioError
from corpus.metrics import shared_part
from corpus.migration import renames
from corpus.report import Skipped, StageReport
from corpus.store import Workspace, check_sha

Json = Mapping[str, Any]


def pull_verdicts(
    workspace: Workspace,
    studio: Studio,
    *,
    title: str | None = None,
    dry_run: bool = False,
    progress: Callable[[int], None] | None = None,
) -> StageReport:
    """Store what adjudicators have submitted since the last time, and make gold of it.

    A submitted task decides on all places that it asked about, those left as they were too. Every decision is a row of the
    table `verdicts` and stays there; of several on one place the latest counts. What all annotators agree on is kept
    whatever is done to it, and named. With `dry_run` nothing is written. Raises StudioError where there is no project.
    """
    started = time.monotonic()
    report = StageReport("adjudicate pull")
    title = title or title_of(str(workspace.setting("studio", "project", "hemu")))
    with workspace.writing():
        project = studio.find_project(title)
        if project is None:
            raise StudioError(f"{studio.url}: there is no project {title!r}; make it with: hemu adjudicate push")
        fetch_verdicts(report, workspace, studio, project, progress or (lambda _: None), dry_run=dry_run)
        if not dry_run:
            gold = StageReport("adjudicate")
            make_gold(workspace, gold)
            report.skipped += [one for one in gold.skipped if one not in report.skipped]
            report.notes["documents of gold"] = gold.done
    report.seconds = time.monotonic() - started
    return report


def fetch_verdicts(
    report: StageReport,
    workspace: Workspace,
    studio: Studio,
    project: int,
    say: Callable[[int], None],
    *,
    dry_run: bool = False,
) -> None:
    """Add the verdicts that are new to the table; the workspace must be held for writing."""
    rows = workspace.rows(VERDICTS.name, ["url", "project", "annotation", "time"])
    known = {(r["annotation"], r["time"]) for r in rows if (r["url"], r["project"]) == (studio.url, project)}
    exported = studio.export(project)
    keys = {f"{studio.url} {project} {(task.get('data') or {}).get('key')}" for task in exported}
    asked = workspace.fetch(ASKED, keys)
    documents, names = workspace.documents(), renames(workspace)
    before = verdicts_of(workspace, names)
    made: list[Verdict] = []
    passed = 0
    for task in exported:
        data = task.get("data") or {}
        mine = asked.get(f"{studio.url} {project} {data.get('key')}")
        for entry in sorted(task.get("annotations") or (), key=lambda e: (str(e.get("updated_at")), int(e["id"]))):
            when = str(entry.get("updated_at") or "")
            what = f"annotation {entry['id']} of task {task.get('id')}"
            if entry.get("was_cancelled"):
                passed += 1
            elif (int(entry["id"]), when) in known:
                report.unchanged += 1
            elif mine is None:
                why = "this workspace did not ask for it; push the disputes again: hemu adjudicate push"
                report.skipped.append(Skipped(what, why))
            else:
                try:
                    found = _verdicts(report, workspace, mine, task, entry, documents, before)
                except HemuError as error:
                    report.skipped.append(Skipped(what, str(error)))
                    continue
                made += found
                report.done += 1
        say(1)
    if not dry_run:
        workspace.append(VERDICTS, made)
    report.notes |= {
        "verdicts": len(made),
        "other than the majority": sum(verdict.changed for verdict in made),
        "adjudicators": len({verdict.adjudicator for verdict in made}),
    }
    if passed:
        report.notes["passed over"] = passed


def _verdicts(
    report: StageReport,
    workspace: Workspace,
    task: Task,
    exported: Json,
    entry: Json,
    documents: Mapping[str, Document],
    before: Mapping[str, Sequence[Verdict]],
) -> list[Verdict]:
    data = exported.get("data") or {}
    texts = []
    for one in task.asked:
        if one.document not in documents:
            raise StaleTextError(f"{one.document}: is not in this workspace any more")
        check_sha(documents[one.document], one.sha, "the task of disputes")
        texts.append(documents[one.document])
    names = renames(workspace)
    adjudicator = _adjudicator(entry)
    where = f"annotation {entry['id']}"
    result, problems = settled(entry.get("result") or [], task.kept, workspace.scheme)
    layers, more = layers_of(
        translated(result, names, workspace.scheme),
        texts,
        workspace.scheme,
        source=adjudicator,
        shown={text.id: shown_in(data, text) for text in texts},
    )
    report.skipped += [Skipped(f"{where}, {problem.what}", problem.why) for problem in (*problems, *more)]
    by_document = {layer.document: layer for layer in layers}
    made = []
    for one in task.asked:
        blank = Verdict(
            one.document,
            one.sha,
            ENTITY,
            0,
            0,
            (),
            (),
            (),
            adjudicator,
            str(entry.get("updated_at") or ""),
            one.made_of,
            task.url,
            task.project,
            task.task,
            int(entry["id"]),
        )

        def verdict(
            kind: Kind, start: int, end: int, versions: tuple[Version, ...], proposed: What, blank: Verdict = blank
        ) -> Verdict:
            made = replace(blank, kind=kind, start=start, end=end, versions=versions, proposed=proposed)
            return in_names(made, names)

        earlier = Rulings.of(before.get(one.document, ()), one.sha).added()
        made += _decisions(one, by_document[one.document], verdict, earlier)
    return made


def _adjudicator(entry: Json) -> str:
    by = entry.get("completed_by")
    number = by.get("id") if isinstance(by, Mapping) else by
    return f"annotator:{int(number) if number else 0}"


Blank = Callable[[Kind, int, int, tuple[Version, ...], What], Verdict]


def _decisions(asked: Asked, layer: Layer, blank: Blank, earlier: Sequence[Verdict]) -> list[Verdict]:
    """The verdict on each place that was asked about, and one for each mark that the adjudicator added."""
    made: list[Verdict] = []
    nobody = (Version(asked.annotators, ()),)

    def added(kind: Kind, start: int, end: int, what: What) -> None:
        made.append(replace(blank(kind, start, end, nobody, ()), decision=what))

    marks = [Mark(e.start, e.end, e.label, e.span.surface) for e in layer.entities]
    marks = [mark for mark in marks if mark[:3] not in asked.locked_entities]
    for place in asked.places:
        if place.kind == ENTITY:
            here = tuple(mark for mark in marks if mark.start < place.end and place.start < mark.end)
            marks = [mark for mark in marks if mark not in here]
            verdict = blank(ENTITY, place.start, place.end, asked.versions(place), place.proposed)
            made.append(replace(verdict, decision=here))
    for mark in marks:
        added(ENTITY, mark.start, mark.end, (mark,))
    moved = _claims(asked, layer, blank, made, added)
    _relations(asked, layer, blank, made, added, moved)
    new = {(v.kind, v.decision) for v in made}
    for verdict in earlier:
        if verdict.decision and (verdict.kind, verdict.decision) not in new:
            # What was added before and is no longer there.
            made.append(blank(verdict.kind, verdict.start, verdict.end, nobody, verdict.decision))
    return made


Added = Callable[[Kind, int, int, What], None]


def _claims(asked: Asked, layer: Layer, blank: Blank, made: list[Verdict], added: Added) -> dict[Ref, Ref]:
    """The verdicts on claims; returns which claim stands now for each of those that stood there before."""
    places = [place for place in asked.places if place.kind == CLAIM]
    claims = [bare(claim) for claim in layer.claims if (claim.start, claim.end) not in asked.locked_claims]
    pairs = sorted(
        (-_nearest(claim, place), number, at)
        for number, place in enumerate(places)
        for at, claim in enumerate(claims)
        if claim.start < place.end and place.start < claim.end
    )
    of_place: dict[int, int] = {}
    for share, number, at in pairs:
        if share < 0 and number not in of_place and at not in of_place.values():
            of_place[number] = at
    moved: dict[Ref, Ref] = {}
    for number, place in enumerate(places):
        decision = (claims[of_place[number]],) if number in of_place else ()
        verdict = blank(CLAIM, place.start, place.end, asked.versions(place), place.proposed)
        made.append(replace(verdict, decision=decision))
        for claim in decision:
            now = Ref(asked.document, "claim", claim.start, claim.end)
            moved |= {Ref(asked.document, "claim", c.start, c.end): now for c in _stated(place)}
    for at, claim in enumerate(claims):
        if at not in of_place.values():
            added(CLAIM, claim.start, claim.end, (claim,))
    return moved


def _stated(place: Place) -> list[Claim]:
    return [claim for claim in map(claim_in, (*place.said, place.proposed)) if claim is not None]


def _nearest(claim: Claim, place: Place) -> float:
    return max(shared_part(claim.span, stated.span) for stated in _stated(place))


def _relations(
    asked: Asked, layer: Layer, blank: Blank, made: list[Verdict], added: Added, moved: Mapping[Ref, Ref]
) -> None:
    def now(one: Drawn) -> Drawn:
        return Drawn(one.label, moved.get(one.head, one.head), moved.get(one.tail, one.tail))

    drawn = {Drawn(r.label, r.head, r.tail) for r in layer.relations}
    drawn -= {now(one) for one in asked.locked_relations}
    for place in asked.places:
        if place.kind != RELATION:
            continue
        versions = tuple(
            Version(v.annotators, tuple(now(d) for d in v.what if isinstance(d, Drawn))) for v in asked.versions(place)
        )
        proposed = tuple(now(d) for d in place.proposed if isinstance(d, Drawn))
        verdict = blank(RELATION, place.start, place.end, versions, proposed)
        one = next((d for v in verdict.versions for d in v.what if isinstance(d, Drawn)), None)
        if one is None:
            continue  # A change of the scheme has dropped it.
        made.append(replace(verdict, decision=(one,) if one in drawn else ()))
        drawn.discard(one)
    for one in sorted(drawn):
        added(RELATION, one.head.start, one.head.end, (one,))
