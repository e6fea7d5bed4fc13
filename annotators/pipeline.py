"""Annotators run one after another over a group, and the stage and the pipe that are made of it."""

from __future__ import annotations

import hashlib
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from functools import cache
from itertools import chain

from annotators import light, registry
from annotators.choose import Chosen, choose
from annotators.explain import Explanation, explain
from annotators.link import identify
from annotators.repeats import follow_group
from annotators.traditional import as_simplified, restored_items, restored_layers
from annotators.weights import Tables, shipped
from annotators.weights import digest as weights_digest
from corpus import align, segment
from corpus.claim_links import linked_claims
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
from corpus.jsonl import dump_row, output, read_documents, refuse_same_file, row_of
from corpus.migration import Name, renamed, renames
from corpus.report import Progress, Skipped, StageReport
from corpus.schema import ALIGNMENTS, SEGMENTS, layers_table
from corpus.scheme import Scheme
from corpus.store import Workspace

COMBINED = "combined"
"""The source of the layer that is the pre-annotation."""

# Changes with what is done beside the annotators: texts in Traditional characters, pull quotes.
_RULES = "5"

# Where the beads found without the sentence encoder are as sure as this on average, they are mostly the same with it, and
# it takes as long as all the rest. Here beads are evidence only; `hemu align` always asks it.
_SURE = 0.85

# Documents that are held at once, and groups that one worker is given at a time.
_WINDOW = 256
_BATCH = 8


@dataclass(frozen=True, slots=True)
class Annotated:
    """A group with its combined entities and claims filled in, the layers that they came from, and the relations.

    `explanations`, of the documents in turn, are there where they were asked for.
    """

    group: Group
    layers: tuple[Layer, ...]
    relations: tuple[Relation, ...]
    explanations: tuple[Explanation, ...] = ()


class Pipeline:
    """Annotators in the order of priority, loaded once."""

    def __init__(self, names: Sequence[str], *, fast: bool = False, weighed: bool = True) -> None:
        """`fast`: without models, and without the annotators that need one; see `annotators.light`. Without `weighed`
        the order of priority alone decides. Raises RegistryError for a name that is not known, ModelError for a model
        that cannot be loaded."""
        self.fast, self.weighed = fast, weighed
        self.annotators = [registry.make(name) for name in (registry.without_models(names) if fast else names)]
        self.order = [a.name for a in self.annotators]
        weights = weights_digest() if weighed else ""
        identity = "\n".join([_RULES, str(fast), weights, *(f"{a.name} {a.version}" for a in self.annotators)])
        self.version = f"hemu-{hashlib.sha256(identity.encode()).hexdigest()[:10]}"

    def annotate(self, group: Group, *, told: bool = False) -> Annotated:
        """Entities from all annotators and combined, then links between versions, then claims.

        With explanations where they are `told`.
        """
        read = as_simplified(group)
        with self.reading():
            found = self._annotate(read, told)
        if read is group:
            return found
        items = restored_items(found.group.items, group)
        layers = restored_layers(found.layers, read, group)
        return Annotated(replace(group, items=items), layers, found.relations, found.explanations)

    def segmented(self, documents: Sequence[Document]) -> Group:
        """One document, or two versions, segmented and (where there are two) aligned."""
        return group_of(documents, fast=self.fast)

    def proposals(self, group: Group) -> list[Layer]:
        """The layers of the annotators of entities."""
        with self.reading():
            return self._run("entities", group)

    def links(self, group: Group) -> list[Layer]:
        """The layers of the annotators that join the mentions of the two versions."""
        return self._run("links", group)

    def choose(self, group: Group, layers: Sequence[Layer]) -> Chosen:
        """The pre-annotation from the layers of the annotators of entities."""
        return choose(group, layers, self.order, self.links, self.tables)

    @property
    def tables(self) -> Tables:
        """The weights that this run may use."""
        return [(lang, table) for lang, table in shipped() if self.weighed and table.fast == self.fast]

    def reading(self) -> AbstractContextManager[None]:
        """How texts are read while this pipeline works."""
        return light.reading() if self.fast else nullcontext()

    def _annotate(self, group: Group, told: bool) -> Annotated:
        layers = self._run("entities", group)
        chosen = self.choose(group, layers)
        explanations = explain(chosen, layers, self.order) if told else ()
        claims = self._run("claims", chosen.group)
        group = replace(
            chosen.group,
            items=tuple(replace(item, claims=_claims(_of(claims, item.document))) for item in chosen.group.items),
        )
        group, relations = follow_group(group, chosen.relations)
        group = identify(group, relations)
        relations = linked_claims(group, relations)
        return Annotated(group, (*layers, *chosen.layers, *claims), relations, explanations)

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
def load(names: tuple[str, ...], fast: bool = False, weighed: bool = True) -> Pipeline:
    """The pipeline of these annotators, loaded once per process."""
    return Pipeline(names, fast=fast, weighed=weighed)


def group_of(documents: Sequence[Document], *, fast: bool = False) -> Group:
    """One document, or two versions, segmented and (where there are two) aligned; without models where `fast`."""
    items = [Item(document, (light if fast else segment).segment(document)) for document in documents]
    by_lang = {item.document.lang: item for item in items}
    beads: tuple[Bead, ...] = ()
    if len(by_lang) == 2:
        (en, en_sentences), (zh, zh_sentences) = (
            (item.document.text, item.segments.sentences) for item in (by_lang["en"], by_lang["zh"])
        )
        beads = align.align(en, en_sentences, zh, zh_sentences, use_model=False)
        if not fast and sum(bead.score for bead in beads) < _SURE * len(beads):
            beads = align.align(en, en_sentences, zh, zh_sentences)
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


Method = tuple[tuple[str, ...], bool, bool]
"""The arguments of `load`."""

Explain = Callable[[Explanation, Document], None]
"""What is done with the explanation of a document."""


def _annotate_documents(job: tuple[Method, bool, list[list[Document]]]) -> list[Annotated]:
    method, told, groups = job
    pipeline = load(*method)
    return [pipeline.annotate(pipeline.segmented(documents), told=told) for documents in groups]


def _annotate_groups(job: tuple[Method, list[Group]]) -> list[Annotated]:
    method, groups = job
    pipeline = load(*method)
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
    fast: bool = False,
    weighed: bool = True,
    explain_to: Explain | None = None,
) -> StageReport:
    """The pipe: documents as JSON Lines in, the same with entities and claims out, in the order read.

    Texts are not cleaned. Versions that share a `pair` help one another where they stand within a window of
    256 documents. `fast` and `weighed` are those of `Pipeline`; `explain_to` is called for each document,
    in the order in which they are done. Raises InputError naming the line that is no document, or an id that comes twice.
    """
    started = time.monotonic()
    report = StageReport("annotate")
    names = tuple(names)
    registry.check(names)
    refuse_same_file(input_path, output_path)
    with output(output_path) as stream:
        windows = _windows(document for _, _, document in read_documents(input_path))
        first = next(windows, [])
        processes = _workers(workers, len(groups_of(first)))
        waiting: deque[list[Document]] = deque()

        def jobs() -> Iterator[tuple[Method, bool, list[list[Document]]]]:
            for window in chain([first], windows):
                waiting.append(window)
                for batch in batches(groups_of(window), _BATCH):
                    yield (names, fast, weighed), explain_to is not None, batch

        rows: dict[str, str] = {}
        for annotated in map_batches(_annotate_documents, jobs(), workers=processes):
            _tell(annotated, explain_to)
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


def _tell(annotated: Iterable[Annotated], explain_to: Explain | None) -> None:
    if explain_to is None:
        return
    for result in annotated:
        for item, explanation in zip(result.group.items, result.explanations, strict=True):
            explain_to(explanation, item.document)


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
    fast: bool = False,
    weighed: bool = True,
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
    method = (names, fast, weighed)
    version = f"{load(*method).version}-{_digest(workspace.scheme)}" if documents else ""
    before = workspace.read(layers_table(COMBINED))
    segments = workspace.read(SEGMENTS)
    alignments = workspace.read(ALIGNMENTS)
    todo: list[Group] = []
    for members in groups_of(documents.values()):
        current = [before.get(d.id) for d in members]
        if all(is_current(layer, d, version) for layer, d in zip(current, members, strict=True)):
            report.unchanged += len(members)
        else:
            try:
                todo.append(stored_group(members, segments, alignments))
            except HemuError as error:
                report.skipped.append(Skipped(" and ".join(d.id for d in members), str(error)))
    total = sum(len(group.items) for group in todo)
    jobs = ((method, batch) for batch in batches(todo, _BATCH))
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


def is_current(layer: Layer | None, document: Document, version: str | None = None) -> bool:
    """Whether there is a layer for the document's text, and of that version if one is given."""
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
        if not all(is_current(layer, d) for layer, d in zip(layers, members, strict=True)):
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
