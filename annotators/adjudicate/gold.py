"""`hemu adjudicate`: gold of everybody's annotations and of what adjudicators decided on them."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

from annotators.adjudicate.decide import Adjudicated, Dispute, decide
from annotators.adjudicate.verdicts import Verdict, verdicts_of
from annotators.studio.tables import ANNOTATIONS, Annotation
from corpus.document import Claim, Document, Entity, Layer, Ref
from corpus.errors import InputError
from corpus.gold import IMPORTED
from corpus.migration import renames
from corpus.report import Progress, Skipped, StageReport
from corpus.schema import GOLD, layer_row, layers_table
from corpus.store import Workspace

SAME_AS = "same_as"


def adjudicate(workspace: Workspace, *, dry_run: bool = False, progress: Progress | None = None) -> StageReport:
    """Make gold of the annotations: for each document the latest one of each annotator, one taken, several by majority.

    What an adjudicator decided counts for more than the majority, until annotators say something there that was not known
    then; such documents are named. Skipped and withdrawn annotations do not count; one made for another version of the
    text is named and left out. Only documents whose annotations or verdicts are new or changed are done, so gold that was
    imported after them stays. The version of a gold layer says how many annotators it comes from, and how much of it was
    decided by whom and when. With `dry_run` nothing is written.
    """
    started = time.monotonic()
    report = StageReport("adjudicate")
    with workspace.writing():
        make_gold(workspace, report, dry_run=dry_run, progress=progress)
    report.seconds = time.monotonic() - started
    return report


def make_gold(
    workspace: Workspace, report: StageReport, *, dry_run: bool = False, progress: Progress | None = None
) -> None:
    """What `adjudicate` does, in a workspace that is held for writing already."""
    documents = workspace.documents()
    if not workspace.shards(ANNOTATIONS.name):
        raise InputError(f"{workspace.root}: nobody's annotations are here yet; run: hemu pull")
    by_document = latest_annotations(workspace, documents, report)
    verdicts = verdicts_of(workspace, renames(workspace))
    # What was last made of annotations, even if gold was imported over it since.
    rows = workspace.rows("gold", ["document", "version"])
    last = {row["document"]: row["version"] for row in rows if row["version"] != IMPORTED}
    for id in sorted(last.keys() - by_document.keys()):
        report.skipped.append(Skipped(id, "nobody's annotation of it counts any more; its gold stays as it was"))
    decided: list[Adjudicated] = []
    several = 0
    for number, (id, said) in enumerate(by_document.items(), 1):
        version = annotations_version(said)
        given = verdicts.get(id, ())
        if given or made_of(last.get(id, "")) != version:
            made = decide([a.layer for a in said], version=version, verdicts=given)
            made = replace(made, layer=replace(made.layer, version=_with_verdicts(version, made.verdicts)))
            if made.layer.version != last.get(id):
                decided.append(made)
                several += len(said) > 1
                if made.reopened:
                    report.skipped.append(Skipped(id, _reopened(made.reopened)))
        if progress:
            progress(number, len(by_document))
    report.unchanged = len(by_document) - len(decided)
    gold = {**workspace.read(GOLD), **{d.layer.document: d.layer for d in decided}}
    shown = workspace.setting("studio", "show_links", False)
    proposed = {} if shown else workspace.fetch(layers_table("combined"), [d.layer.document for d in decided])
    layers = [_without_loose_ends(_with_links(d.layer, proposed.get(d.layer.document)), gold) for d in decided]
    if not dry_run:
        workspace.append(GOLD, layers)
    report.done = len(layers)
    disputes = [dispute for d in decided for dispute in d.disputes]
    report.notes |= {
        "documents of one annotator": len(decided) - several,
        "documents of several": several,
        "entities": sum(len(layer.entities) for layer in layers),
        "claims": sum(len(layer.claims) for layer in layers),
        "disputed": len(disputes),
        "disputed and kept": sum(dispute.kept for dispute in disputes),
        "disputed and decided by an adjudicator": sum(bool(dispute.by) for dispute in disputes),
    }


def _reopened(number: int) -> str:
    places = "1 place was" if number == 1 else f"{number} places were"
    return f"{places} decided on before annotators changed what they say there; the majority counts, until somebody decides anew: hemu adjudicate push"


def _with_verdicts(version: str, verdicts: Sequence[Verdict]) -> str:
    """The version of gold that rests on verdicts too: how many, whose, and when the latest was given."""
    if not verdicts:
        return version
    n, who = len(verdicts), ", ".join(sorted({v.adjudicator for v in verdicts}))
    return f"{version}; {n} verdict{'' if n == 1 else 's'} of {who}, {max(v.time for v in verdicts)}"


def made_of(version: str) -> str:
    """The part of the version of gold that says which annotations it was made of (see `annotations_version`).

    >>> made_of("3 annotators, 0123456789; 2 verdicts of annotator:4, 2025-01-01T00:00:00Z")
    '3 annotators, 0123456789'
    """
    return version.partition(";")[0]


def disputes(workspace: Workspace) -> list[Dispute]:
    """Everything that the annotators of a document mark differently, in the order of documents and texts."""
    found: list[Dispute] = []
    verdicts = verdicts_of(workspace, renames(workspace))
    for id, several in latest_annotations(workspace, workspace.documents()).items():
        found += decide([a.layer for a in several], verdicts=verdicts.get(id, ())).disputes
    return found


def latest_annotations(
    workspace: Workspace, documents: Mapping[str, Document], report: StageReport | None = None
) -> dict[str, list[Annotation]]:
    """By document, the latest annotation of each annotator that counts, in the order of the annotators' names.

    Those made for another version of the text, or for a document that is gone, are left out (and named in `report`).
    Errors that were planted to see who notices them are taken out of what they were left standing in.
    """
    from annotators.assign import Undoing

    undo = Undoing(workspace)
    latest: dict[tuple[str, str], Annotation] = {}
    for annotation in map(undo, workspace.read(ANNOTATIONS).values()):
        if not annotation.counts:
            continue
        document = documents.get(annotation.layer.document)
        if document is None or document.sha != annotation.layer.sha:
            if report is not None:
                why = "the workspace has no such document" if document is None else "it was made for another text"
                what = f"{annotation.layer.document}, annotation {annotation.id}"
                report.skipped.append(Skipped(what, f"{why}; push the document again"))
            continue
        key = (annotation.layer.document, annotation.annotator)
        if key not in latest or _age(annotation) >= _age(latest[key]):
            latest[key] = annotation
    if report is not None:
        why = "errors were planted in what it was made from, and its text has changed since; push the document again"
        report.skipped += [Skipped(f"{a.layer.document}, annotation {a.id}", why) for a in undo.stale]
        if undo.left:
            report.notes["planted errors taken out"] = len(undo.left)
    by_document: dict[str, list[Annotation]] = {}
    for key in sorted(latest):
        by_document.setdefault(key[0], []).append(latest[key])
    return by_document


def _age(annotation: Annotation) -> tuple[str, int]:
    # ISO 8601 in one time zone, as one server writes it, sorts as text.
    return annotation.updated or annotation.created, annotation.id


def annotations_version(annotations: Sequence[Annotation]) -> str:
    """How many annotators, and a digest of what they say, by which a change is noticed."""
    said = [[a.annotator, layer_row(replace(a.layer, version=""))] for a in annotations]
    digest = hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:10]
    n = len(annotations)
    return f"{n} annotator{'' if n == 1 else 's'}, {digest}"


def _with_links(layer: Layer, proposed: Layer | None) -> Layer:
    """The layer with the `same_as` relations of the pre-annotation, where annotators have drawn none.

    For where they are not shown these: those of which an end was taken away go with it.
    """
    if proposed is None or proposed.sha != layer.sha or any(r.label == SAME_AS for r in layer.relations):
        return layer
    links = tuple(relation for relation in proposed.relations if relation.label == SAME_AS)
    return replace(layer, relations=(*layer.relations, *links))


def _without_loose_ends(layer: Layer, gold: Mapping[str, Layer]) -> Layer:
    """The layer without relations of which one end is not gold."""

    def there(ref: Ref) -> bool:
        other = gold.get(ref.document)
        marks: Sequence[Entity | Claim] = (
            () if other is None else other.entities if ref.kind == "entity" else other.claims
        )
        return any((m.start, m.end) == (ref.start, ref.end) for m in marks)

    return replace(layer, relations=tuple(r for r in layer.relations if there(r.head) and there(r.tail)))
