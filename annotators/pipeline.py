"""Annotators run one after another over a group, and the stage and the pipe that are made of it."""

from __future__ import annotations

import hashlib
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import chain

from annotators import registry
from annotators.combine import combine_entities, share_offices
from annotators.repeats import follow_group
from annotators.traditional import as_simplified, restored_items, restored_layers
from corpus import align, segment
from corpus.document import (
    Alignment,
    Bead,
    Claim,
    Document,
    Group,
    Item,
    Layer,
    Relation,
    Segments,
    sorted_claims,
)
from corpus.engine import batches, cores, map_batches
from corpus.errors import HemuError, InputError, SchemeError, StaleTextError
from corpus.jsonl import dump_row, output, read_documents, row_of
from corpus.migration import Name, renamed, renames
from corpus.report import Progress, Skipped, StageReport
from corpus.schema import ALIGNMENTS, SEGMENTS, layers_table
from corpus.scheme import Scheme
from corpus.store import Workspace

COMBINED = "combined"
"""The source of the layer that is the pre-annotation."""

# Changes with what is done beside the annotators: texts in Traditional characters, pull quotes.
_RULES = "2"

# Documents that are held at once, and groups that one worker is given at a time.
_WINDOW = 256
_BATCH = 8


@dataclass(frozen=True, slots=True)
class Annotated:
    """A group with its combined entities and claims filled in, the layers that they came from, and the relations."""

    group: Group
    layers: tuple[Layer, ...]
    relations: tuple[Relation, ...]


class Pipeline:
    """Annotators in the order of priority, loaded once."""

    def __init__(self, names: Sequence[str]) -> None:
        """Raises RegistryError for a name that is not known, ModelError for a model that cannot be loaded."""
        self.annotators = [registry.make(name) for name in names]
        identity = "\n".join([_RULES, *(f"{a.name} {a.version}" for a in self.annotators)])
        self.version = f"hemu-{hashlib.sha256(identity.encode()).hexdigest()[:10]}"

    def annotate(self, group: Group) -> Annotated:
        """Entities from all annotators and combined, then links between versions, then claims."""
        read = as_simplified(group)
        found = self._annotate(read)
        if read is group:
            return found
        items = restored_items(found.group.items, group)
        layers = restored_layers(found.layers, read, group)
        return Annotated(replace(group, items=items), layers, found.relations)

    def _annotate(self, group: Group) -> Annotated:
        layers = self._run("entities", group)
        priorities = [a.name for a in self.annotators]
        group = replace(
            group,
            items=tuple(
                replace(item, entities=combine_entities(_of(layers, item.document), priorities)) for item in group.items
            ),
        )
        links = self._run("links", group)
        relations = tuple(relation for layer in links for relation in layer.relations)
        group = share_offices(group, relations)
        claims = self._run("claims", group)
        group = replace(
            group,
            items=tuple(replace(item, claims=_claims(_of(claims, item.document))) for item in group.items),
        )
        group, relations = follow_group(group, relations)
        return Annotated(group, (*layers, *links, *claims), relations)

    def _run(self, stage: registry.Stage, group: Group) -> list[Layer]:
        return [layer for a in self.annotators if a.stage == stage for layer in a.annotate(group)]


def _of(layers: Sequence[Layer], document: Document) -> list[Layer]:
    return [layer for layer in layers if layer.document == document.id]


def _claims(layers: Sequence[Layer]) -> tuple[Claim, ...]:
    """The claims of all layers, the first to come winning where two overlap."""
    kept: list[Claim] = []
    for claim in (claim for layer in layers for claim in layer.claims):
        if not any(claim.span.overlaps(other.span) for other in kept):
            kept.append(claim)
    return sorted_claims(kept)


@cache
def load(names: tuple[str, ...]) -> Pipeline:
    """The pipeline of these annotators, loaded once per process."""
    return Pipeline(names)


def group_of(documents: Sequence[Document]) -> Group:
    """One document, or two versions, segmented and (where there are two) aligned."""
    items = [Item(document, segment.segment(document)) for document in documents]
    by_lang = {item.document.lang: item for item in items}
    beads: tuple[Bead, ...] = ()
    if len(by_lang) == 2:
        en, zh = by_lang["en"], by_lang["zh"]
        beads = align.align(en.document.text, en.segments.sentences, zh.document.text, zh.segments.sentences)
    return Group(tuple(items), beads)


def groups_of(documents: Iterable[Document]) -> list[list[Document]]:
    """Documents put together by pair, in the order in which a pair or a single document first comes.

    >>> en, zh = Document("a.en", "a", "en", "x"), Document("a.zh", "a", "zh", "y")
    >>> [[d.id for d in group] for group in groups_of([en, Document("b", "", "en", "z"), zh])]
    [['a.en', 'a.zh'], ['b']]
    """
    groups: dict[tuple[str, str], list[Document]] = {}
    for document in documents:
        # A third document of a pair, or a second in one language, stands by itself.
        group = groups.setdefault(("pair", document.pair) if document.pair else ("id", document.id), [])
        if any(other.lang == document.lang for other in group):
            groups[("id", document.id)] = [document]
        else:
            group.append(document)
    return list(groups.values())


def _annotate_documents(job: tuple[tuple[str, ...], list[list[Document]]]) -> list[Annotated]:
    names, groups = job
    pipeline = load(names)
    return [pipeline.annotate(group_of(documents)) for documents in groups]


def _annotate_groups(job: tuple[tuple[str, ...], list[Group]]) -> list[Annotated]:
    names, groups = job
    pipeline = load(names)
    return [pipeline.annotate(group) for group in groups]


def _workers(workers: int | None, groups: int) -> int:
    """As many as asked for, else one for few groups (starting a worker means loading the models once more)."""
    if workers is not None:
        return max(1, workers)
    return min(cores(), max(1, groups // (2 * _BATCH)))


def annotate_rows(
    input_path: str,
    output_path: str,
    *,
    names: Sequence[str] = registry.DEFAULT,
    workers: int | None = None,
    progress: Progress | None = None,
) -> StageReport:
    """The pipe: documents as JSON Lines in, the same with entities and claims out, in the order read.

    Texts are not cleaned. Versions that share a `pair` help one another where they stand within a window of
    256 documents. Raises InputError naming the line that is no document, or an id that comes twice.
    """
    started = time.monotonic()
    report = StageReport("annotate")
    names = tuple(names)
    registry.check(names)
    with output(output_path) as stream:
        windows = _windows(document for _, _, document in read_documents(input_path))
        first = next(windows, [])
        processes = _workers(workers, len(groups_of(first)))
        waiting: deque[list[Document]] = deque()

        def jobs() -> Iterator[tuple[tuple[str, ...], list[list[Document]]]]:
            for window in chain([first], windows):
                waiting.append(window)
                for batch in batches(groups_of(window), _BATCH):
                    yield names, batch

        rows: dict[str, str] = {}
        for annotated in map_batches(_annotate_documents, jobs(), workers=processes):
            for item in (item for result in annotated for item in result.group.items):
                rows[item.document.id] = dump_row(row_of(item.document, item.entities, item.claims))
                report.done += 1
                _count(report, item)
            # Batches come back in order, so that a window is whole when its last document is there.
            while waiting and all(document.id in rows for document in waiting[0]):
                for document in waiting.popleft():
                    stream.write(rows.pop(document.id) + "\n")
            if progress:
                progress(report.done, None)
    report.seconds = time.monotonic() - started
    return report


def _count(report: StageReport, item: Item) -> None:
    for name, number in (("entities", len(item.entities)), ("claims", len(item.claims))):
        report.notes[name] = int(report.notes.get(name, 0)) + number


def _windows(documents: Iterable[Document]) -> Iterator[list[Document]]:
    """Lists of about `_WINDOW` documents; partners that stand side by side are never parted."""
    window: list[Document] = []
    for document in documents:
        if len(window) >= _WINDOW and not (document.pair and document.pair == window[-1].pair):
            yield window
            window = []
        window.append(document)
    if window:
        yield window


def annotate_workspace(
    workspace: Workspace,
    *,
    names: Sequence[str],
    workers: int | None = None,
    progress: Progress | None = None,
) -> StageReport:
    """Pre-annotate every article that is new or changed, or was annotated by other annotators than now.

    Each annotator's layer goes to `layers/<name>`, the pre-annotation to `layers/combined`. A group is stored whole,
    so that a run which is interrupted goes on where it stopped. A document that was not segmented is left out and named;
    what the label scheme of the workspace does not have is left out and counted.
    """
    started = time.monotonic()
    report = StageReport("annotate")
    names = tuple(names)
    names_now = renames(workspace)
    documents = workspace.documents()
    version = f"{load(names).version}-{_digest(workspace.scheme)}" if documents else ""
    before = workspace.read(layers_table(COMBINED))
    segments = workspace.read(SEGMENTS)
    alignments = workspace.read(ALIGNMENTS)
    todo: list[Group] = []
    for members in groups_of(documents.values()):
        current = [before.get(d.id) for d in members]
        if all(_is_current(layer, d, version) for layer, d in zip(current, members, strict=True)):
            report.unchanged += len(members)
        else:
            try:
                todo.append(stored_group(members, segments, alignments))
            except HemuError as error:
                report.skipped.append(Skipped(" and ".join(d.id for d in members), str(error)))
    total = sum(len(group.items) for group in todo)
    jobs = ((names, batch) for batch in batches(todo, _BATCH))
    with workspace.writing():
        for annotated in map_batches(_annotate_groups, jobs, workers=_workers(workers, len(todo))):
            annotated = [_within(result, workspace.scheme, names_now, report) for result in annotated]
            _store(workspace, annotated, version)
            for result in annotated:
                for item in result.group.items:
                    report.done += 1
                    _count(report, item)
            if progress:
                progress(report.done, total)
    report.seconds = time.monotonic() - started
    return report


def _digest(scheme: Scheme) -> str:
    """Changes with the names that may be proposed."""
    values = (scheme.labels, scheme.claim_types, scheme.stances, scheme.policy_areas)
    names = "\n".join(value.name for group in values for value in group)
    return hashlib.sha256(names.encode()).hexdigest()[:6]


def _within(result: Annotated, scheme: Scheme, names: Mapping[Name, str | None], report: StageReport) -> Annotated:
    """The result in the names of a scheme that was migrated to, without what the scheme does not have, which is counted."""
    items = []
    for item in result.group.items:
        document = item.document
        layer = renamed(Layer(document.id, document.sha, "", "", item.entities, item.claims, ()), names)
        item = replace(item, entities=layer.entities, claims=layer.claims)
        entities = tuple(e for e in item.entities if e.label in scheme.label_names)
        claims = tuple(c for c in item.claims if _fits(c, scheme))
        if dropped := len(item.entities) + len(item.claims) - len(entities) - len(claims):
            report.notes["not in the scheme"] = int(report.notes.get("not in the scheme", 0)) + dropped
        items.append(replace(item, entities=entities, claims=claims))
    labels = {
        relation.label: names.get(Name("relation", relation.label), relation.label) for relation in result.relations
    }
    relations = tuple(replace(r, label=label) for r in result.relations if (label := labels[r.label]))
    return replace(result, group=replace(result.group, items=tuple(items)), relations=relations)


def _fits(claim: Claim, scheme: Scheme) -> bool:
    try:
        scheme.check_claim(claim.type, claim.stance, claim.policy_area)
    except SchemeError:
        return False
    return True


def _is_current(layer: Layer | None, document: Document, version: str | None = None) -> bool:
    return layer is not None and layer.sha == document.sha and version in (None, layer.version)


def _store(workspace: Workspace, annotated: Sequence[Annotated], version: str) -> None:
    by_source: dict[str, list[Layer]] = {}
    combined: list[Layer] = []
    for result in annotated:
        for layer in result.layers:
            by_source.setdefault(layer.source, []).append(layer)
        for item in result.group.items:
            document = item.document
            relations = tuple(r for r in result.relations if r.head.document == document.id)
            combined.append(Layer(document.id, document.sha, COMBINED, version, item.entities, item.claims, relations))
    for source, layers in by_source.items():
        workspace.append(layers_table(layer_folder(source)), layers)
    # Last, since it is what says that a document is done.
    workspace.append(layers_table(COMBINED), combined)


def layer_folder(source: str) -> str:
    """The folder name of a source below `layers/`.

    >>> layer_folder("model:models/3f2a/en")
    'model-models-3f2a-en'
    """
    return "".join(c if c.isalnum() or c in "-_." else "-" for c in source).strip(".") or "unnamed"


def stored_group(members: Sequence[Document], segments: dict[str, Segments], alignments: dict[str, Alignment]) -> Group:
    """A group from what the stages before have stored.

    Raises InputError when a document was not segmented, StaleTextError when segments belong to another text.
    """
    items = []
    for document in members:
        if document.id not in segments:
            raise InputError(f"{document.id}: not segmented yet; run: hemu segment")
        if segments[document.id].sha != document.sha:
            raise StaleTextError(f"{document.id}: its text has changed since it was segmented; run: hemu segment")
        items.append(Item(document, segments[document.id]))
    alignment = alignments.get(members[0].pair) if len(members) == 2 else None
    if alignment:
        shas = {item.document.id: item.document.sha for item in items}
        if (shas.get(alignment.en), shas.get(alignment.zh)) != (alignment.en_sha, alignment.zh_sha):
            alignment = None
    return Group(tuple(items), alignment.beads if alignment else ())


def stored_annotations(workspace: Workspace) -> list[Annotated]:
    """The pre-annotation of every article as `annotate_workspace` stored it; those without one are left out."""
    documents = workspace.documents()
    combined = workspace.read(layers_table(COMBINED))
    segments = workspace.read(SEGMENTS)
    alignments = workspace.read(ALIGNMENTS)
    result = []
    for members in groups_of(documents.values()):
        layers = [combined.get(document.id) for document in members]
        if not all(_is_current(layer, d) for layer, d in zip(layers, members, strict=True)):
            continue
        group = stored_group(members, segments, alignments)
        present = [layer for layer in layers if layer]
        items = tuple(
            replace(item, entities=layer.entities, claims=layer.claims)
            for item, layer in zip(group.items, present, strict=True)
        )
        relations = tuple(r for layer in present for r in layer.relations)
        result.append(Annotated(replace(group, items=items), tuple(present), relations))
    return result
