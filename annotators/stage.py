"""The stage: pre-annotation of what is new in a workspace, and reading it again."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from annotators.pipeline import BATCH, COMBINED, Annotated, Method, count, groups_of, load, workers_for
from corpus.document import Alignment, Claim, Document, Group, Item, Layer, Segments
from corpus.engine import batches, map_batches
from corpus.errors import HemuError, InputError, SchemeError, StaleTextError
from corpus.migration import Name, renamed, renames
from corpus.report import Progress, Skipped, StageReport
from corpus.schema import ALIGNMENTS, DOCUMENTS, SEGMENTS, SENTENCES, layers_table
from corpus.scheme import Scheme
from corpus.store import Head, Workspace

# Documents that are held before they are stored, or characters in them. By the clock the same articles would come to lie in
# other files each time.
_HELD = 128
_CHARACTERS = 200_000
# Groups that are read at a time.
_READ = 32


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

    Each annotator's layer goes to `layers/<name>`, the pre-annotation to `layers/combined`. Groups are stored whole, and
    some hundred at a time: a run which is interrupted stores what it has, one that is killed loses a minute of work or less,
    and the next goes on from there. Texts are held a batch at a time. A document that was not segmented is left out and
    named; what the label scheme of the workspace does not have is left out and counted.
    """
    started = time.monotonic()
    report = StageReport("annotate")
    heads = list(workspace.heads())
    method = (tuple(names), fast, weighed)
    version = f"{load(*method).version}-{names_digest(workspace.scheme)}" if heads else ""
    done = _versions(workspace)
    todo: list[list[Head]] = []
    for members in groups_of(heads):
        if all(done.get(head.id) == (head.sha, version) for head in members):
            report.unchanged += len(members)
        else:
            todo.append(members)
    total = sum(map(len, todo))
    jobs = ((method, batch) for batch in batches(_stored_groups(workspace, todo, report.skipped), BATCH))
    with workspace.writing(), _Held(workspace, version) as held:
        names_now = renames(workspace)
        for annotated in map_batches(_annotate_groups, jobs, workers=workers_for(workers, len(todo))):
            annotated = [within(result, workspace.scheme, names_now, report) for result in annotated]
            held.add(annotated)
            for item in (item for result in annotated for item in result.group.items):
                report.done += 1
                count(report, item)
            if progress:
                progress(report.done, total)
    report.seconds = time.monotonic() - started
    return report


def _annotate_groups(job: tuple[Method, list[Group]]) -> list[Annotated]:
    method, groups = job
    pipeline = load(*method)
    return [pipeline.annotate(group) for group in groups]


def _versions(workspace: Workspace) -> dict[str, tuple[str, str]]:
    """By document, for which text its pre-annotation was made, and by which version."""
    columns = ["document", "sha", "version"]
    return {r["document"]: (r["sha"], r["version"]) for r in workspace.rows(layers_table(COMBINED).name, columns)}


def _stored_groups(
    workspace: Workspace, todo: Iterable[list[Head]], skipped: list[Skipped], *, tokens: bool = True
) -> Iterator[Group]:
    """The groups with their texts, a few at a time; what cannot be a group goes to `skipped`, with why."""
    table = SEGMENTS if tokens else SENTENCES
    for some in batches(todo, _READ):
        ids = [head.id for members in some for head in members]
        documents, segments = workspace.fetch(DOCUMENTS, ids), workspace.fetch(table, ids)
        alignments = workspace.fetch(ALIGNMENTS, {head.pair for members in some for head in members if head.pair})
        for members in some:
            try:
                yield stored_group([documents[head.id] for head in members], segments, alignments)
            except HemuError as error:
                skipped.append(Skipped(" and ".join(head.id for head in members), str(error)))


def names_digest(scheme: Scheme) -> str:
    """Changes with the names that may be proposed."""
    values = (scheme.labels, scheme.claim_types, scheme.stances, scheme.policy_areas)
    names = "\n".join(value.name for group in values for value in group)
    return hashlib.sha256(names.encode()).hexdigest()[:6]


def within(result: Annotated, scheme: Scheme, names: Mapping[Name, str | None], report: StageReport) -> Annotated:
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


@dataclass
class _Held:
    """What is annotated and not stored yet."""

    workspace: Workspace
    version: str
    results: list[Annotated] = field(default_factory=list)
    documents: int = 0
    characters: int = 0

    def __enter__(self) -> _Held:
        return self

    def __exit__(self, *_: object) -> None:
        # Of a run that is broken off, too.
        self.store()

    def add(self, annotated: Sequence[Annotated]) -> None:
        self.results += annotated
        items = [item for result in annotated for item in result.group.items]
        self.documents += len(items)
        self.characters += sum(len(item.document.text) for item in items)
        if self.documents >= _HELD or self.characters >= _CHARACTERS:
            self.store()

    def store(self) -> None:
        _store(self.workspace, self.results, self.version)
        self.results, self.documents, self.characters = [], 0, 0


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


class StoredAnnotations:
    """The pre-annotation of every article as `annotate_workspace` stored it, read anew each time that it is gone through.

    Articles of which a version has none are left out, or one for another text. A few articles are held at a time. With `only`,
    no others than those that hold one of these documents; without `tokens` they have no words, and are read faster.
    """

    def __init__(self, workspace: Workspace, only: Collection[str] | None = None, *, tokens: bool = True) -> None:
        self.workspace, self.only, self.tokens = workspace, only, tokens

    def __iter__(self) -> Iterator[Annotated]:
        made = _versions(self.workspace)
        groups = groups_of(self.workspace.heads())
        if self.only is not None:
            groups = [members for members in groups if any(head.id in self.only for head in members)]
        current = [members for members in groups if all(made.get(h.id, ("",))[0] == h.sha for h in members)]
        for some in batches(current, _READ):
            layers = self.workspace.fetch(layers_table(COMBINED), [head.id for members in some for head in members])
            skipped: list[Skipped] = []
            for group in _stored_groups(self.workspace, some, skipped, tokens=self.tokens):
                yield _filled(group, [layers[item.document.id] for item in group.items])
            if skipped:
                raise InputError(skipped[0].why)


def _filled(group: Group, layers: Sequence[Layer]) -> Annotated:
    items = tuple(
        replace(item, entities=layer.entities, claims=layer.claims)
        for item, layer in zip(group.items, layers, strict=True)
    )
    relations = tuple(r for layer in layers for r in layer.relations)
    return Annotated(replace(group, items=items), tuple(layers), relations)


def stored_annotations(workspace: Workspace) -> StoredAnnotations:
    """See `StoredAnnotations`."""
    return StoredAnnotations(workspace)
