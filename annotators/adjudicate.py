"""From what several annotators say of a document to one gold layer.

What a majority marked is gold. Where annotators differ, the majority decides, and the difference is reported: it is
for people to look at, not for a programme to smooth over.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from annotators.studio.tables import ANNOTATIONS, Annotation
from corpus.document import (
    Claim,
    Document,
    Entity,
    Layer,
    Ref,
    Relation,
    sorted_claims,
    sorted_entities,
    without_overlaps,
)
from corpus.errors import InputError
from corpus.gold import IMPORTED, SOURCE
from corpus.metrics import match_claims, shared_part
from corpus.report import Progress, Skipped, StageReport
from corpus.schema import GOLD, layer_row, layers_table
from corpus.store import Workspace

SAME_AS = "same_as"

H = TypeVar("H", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Dispute:
    """Something that not all annotators of a document mark alike, and whether the majority made it gold.

    `what` is the label of an entity, "claim", or the attribute of a claim; `votes` of `annotators` are for it.
    """

    document: str
    start: int
    end: int
    what: str
    votes: int
    annotators: int
    kept: bool


@dataclass(frozen=True, slots=True)
class Adjudicated:
    """A gold layer and what was disputed about it."""

    layer: Layer
    disputes: tuple[Dispute, ...] = ()


def adjudicate(workspace: Workspace, *, progress: Progress | None = None) -> StageReport:
    """Make gold of the annotations: for each document the latest one of each annotator, one taken, several by majority.

    Skipped and withdrawn annotations do not count; one made for another version of the text is named and left out.
    Only documents whose annotations are new or changed are done, so gold that was imported after them stays.
    The version of a gold layer says how many annotators it comes from.
    """
    started = time.monotonic()
    report = StageReport("adjudicate")
    with workspace.writing():
        documents = workspace.documents()
        if not workspace.shards(ANNOTATIONS.name):
            raise InputError(f"{workspace.root}: nobody's annotations are here yet; run: hemu pull")
        by_document = latest_annotations(workspace, documents, report)
        # What was last made of annotations, even if gold was imported over it since.
        rows = workspace.rows("gold", ["document", "version"])
        last = {row["document"]: row["version"] for row in rows if row["version"] != IMPORTED}
        for id in sorted(last.keys() - by_document.keys()):
            report.skipped.append(Skipped(id, "nobody's annotation of it counts any more; its gold stays as it was"))
        todo = {id: several for id, several in by_document.items() if last.get(id) != annotations_version(several)}
        report.unchanged = len(by_document) - len(todo)
        decided = []
        for number, several in enumerate(todo.values(), 1):
            decided.append(decide([a.layer for a in several], version=annotations_version(several)))
            if progress:
                progress(number, len(todo))
        gold = {**workspace.read(GOLD), **{d.layer.document: d.layer for d in decided}}
        shown = workspace.setting("studio", "show_links", False)
        proposed = {} if shown else workspace.fetch(layers_table("combined"), [d.layer.document for d in decided])
        layers = [_without_loose_ends(_with_links(d.layer, proposed.get(d.layer.document)), gold) for d in decided]
        workspace.append(GOLD, layers)
    report.done = len(layers)
    disputes = [dispute for d in decided for dispute in d.disputes]
    report.notes = {
        "documents of one annotator": sum(len(a) == 1 for a in todo.values()),
        "documents of several": sum(len(a) > 1 for a in todo.values()),
        "entities": sum(len(layer.entities) for layer in layers),
        "claims": sum(len(layer.claims) for layer in layers),
        "disputed": len(disputes),
        "disputed and kept": sum(dispute.kept for dispute in disputes),
    }
    report.seconds = time.monotonic() - started
    return report


def disputes(workspace: Workspace) -> list[Dispute]:
    """Everything that the annotators of a document mark differently, in the order of documents and texts."""
    found: list[Dispute] = []
    for several in latest_annotations(workspace, workspace.documents()).values():
        found += decide([a.layer for a in several]).disputes
    return found


def latest_annotations(
    workspace: Workspace, documents: Mapping[str, Document], report: StageReport | None = None
) -> dict[str, list[Annotation]]:
    """By document, the latest annotation of each annotator that counts, in the order of the annotators' names.

    Those made for another version of the text, or for a document that is gone, are left out (and named in `report`).
    """
    latest: dict[tuple[str, str], Annotation] = {}
    for annotation in workspace.read(ANNOTATIONS).values():
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


def decide(layers: Sequence[Layer], *, version: str = "") -> Adjudicated:
    """One gold layer from the layers of the annotators of one document, in whose order ties are broken.

    Entities: what more than half mark alike is gold. Where more than half mark something there but no marking has a
    majority, the one with most votes is taken, then the longest. What half or fewer mark is left out.
    Claims are put together where they share at least half of their union; of those that more than half mark, the one
    most like the others is taken, with the attributes that most chose. All that is not unanimous is disputed.
    """
    n = len(layers)
    entities, disputed = _entities(layers)
    claims, more, renamed = _claims(layers)
    ends = {Ref(layers[0].document, "entity", e.start, e.end) for e in entities}
    ends |= {Ref(layers[0].document, "claim", c.start, c.end) for c in claims}
    votes: Counter[tuple[str, Ref, Ref]] = Counter()
    for number, layer in enumerate(layers):
        votes.update({(r.label, renamed.get((number, r.head), r.head), r.tail) for r in layer.relations})
    relations = tuple(
        Relation(label, head, tail, count / n, SOURCE)
        for (label, head, tail), count in sorted(votes.items())
        if 2 * count > n and head in ends and (tail in ends or tail.document != layers[0].document)
    )
    layer = Layer(layers[0].document, layers[0].sha, SOURCE, version, entities, claims, relations)
    return Adjudicated(layer, tuple(sorted((*disputed, *more), key=lambda d: (d.start, d.end, d.what))))


def _entities(layers: Sequence[Layer]) -> tuple[tuple[Entity, ...], list[Dispute]]:
    n = len(layers)
    votes: dict[tuple[int, int, str], list[Entity]] = {}
    for layer in layers:
        # In Label Studio marks can overlap; each annotator has one opinion on a stretch, the longest.
        for entity in without_overlaps(sorted(layer.entities, key=lambda e: e.start - e.end)):
            votes.setdefault((entity.start, entity.end, entity.label), []).append(entity)
    kept: list[tuple[int, int, str]] = []
    for cluster in _clusters(votes):
        # Two majorities share an annotator, whose marks do not overlap: so these do not overlap either.
        majority = [mark for mark in cluster if 2 * len(votes[mark]) > n]
        if not majority and 2 * _voters(layers, cluster) > n:
            majority = [min(cluster, key=lambda m: (-len(votes[m]), m[0] - m[1], m))]
        kept += majority
    document = layers[0].document
    disputed = [
        Dispute(document, start, end, label, len(by), n, (start, end, label) in kept)
        for (start, end, label), by in votes.items()
        if len(by) < n
    ]
    entities = (
        Entity(by[0].span, label, len(by) / n, SOURCE, next((e.link for e in by if e.link), ""))
        for (start, end, label), by in votes.items()
        if (start, end, label) in kept
    )
    return sorted_entities(entities), disputed


def _clusters(marks: Iterable[tuple[int, int, str]]) -> list[list[tuple[int, int, str]]]:
    """Marks that hang together by overlaps."""
    clusters: list[list[tuple[int, int, str]]] = []
    reach = -1
    for mark in sorted(marks):
        if mark[0] < reach:
            clusters[-1].append(mark)
        else:
            clusters.append([mark])
        reach = max(reach, mark[1])
    return clusters


def _voters(layers: Sequence[Layer], cluster: Sequence[tuple[int, int, str]]) -> int:
    """How many annotators mark anything in the stretch of a cluster."""
    start, end = cluster[0][0], max(mark[1] for mark in cluster)
    return sum(any(e.start < end and start < e.end for e in layer.entities) for layer in layers)


def _claims(layers: Sequence[Layer]) -> tuple[tuple[Claim, ...], list[Dispute], dict[tuple[int, Ref], Ref]]:
    """Gold claims, what is disputed, and how the ref of each annotator's claim changes to that of the gold claim."""
    n, document = len(layers), layers[0].document
    groups: list[dict[int, Claim]] = []
    for number, layer in enumerate(layers):
        waiting = list(layer.claims)
        for group in groups:
            # Compared with the first annotator's claim of a group, so that groups do not drift along the text.
            matched = match_claims([next(iter(group.values()))], waiting)
            if matched:
                group[number] = matched[0][1]
                waiting.remove(matched[0][1])
        groups += [{number: claim} for claim in waiting]
    chosen: list[Claim] = []
    disputed: list[Dispute] = []
    renamed: dict[tuple[int, Ref], Ref] = {}
    for group in groups:
        claims = list(group.values())
        middle = max(claims, key=lambda c: sum(shared_part(c.span, other.span) for other in claims))
        keep = 2 * len(claims) > n and not any(middle.span.overlaps(c.span) for c in chosen)
        where = (document, middle.start, middle.end)
        alike = sum(c.span == middle.span for c in claims)
        if alike < n:
            disputed.append(Dispute(*where, "claim", alike, n, keep))
        if not keep:
            continue
        types, stances = [c.type for c in claims], [c.stance for c in claims]
        areas, claimants = [c.policy_area for c in claims], [(c.claimant, c.claimant_span) for c in claims]
        targets = [c.targets for c in claims]
        claimant, claimant_span = _most(claimants)
        chosen.append(
            Claim(
                span=middle.span,
                type=_most(types),
                stance=_most(stances),
                claimant=claimant,
                policy_area=_most(areas),
                targets=_most(targets),
                claimant_span=claimant_span,
                score=len(claims) / n,
                source=SOURCE,
            )
        )
        for what, values in (("type", types), ("stance", stances), ("policy_area", areas), ("claimant", claimants)):
            most = max(Counter[Hashable](values).values())
            if most < len(claims):
                disputed.append(Dispute(*where, what, most, len(claims), True))
        gold = Ref(document, "claim", middle.start, middle.end)
        renamed.update({(number, Ref(document, "claim", c.start, c.end)): gold for number, c in group.items()})
    return sorted_claims(chosen), disputed, renamed


def _most(values: Sequence[H]) -> H:
    """The most frequent value, of equals the one that comes first."""
    return Counter(values).most_common(1)[0][0]


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
