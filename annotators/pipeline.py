"""Annotators run one after another over a group: one document, or both versions of an article."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from functools import cache
from typing import Protocol, TypeVar

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
    Bead,
    Claim,
    Document,
    Group,
    Item,
    Lang,
    Layer,
    Relation,
    sorted_claims,
)
from corpus.engine import cores
from corpus.report import StageReport
from corpus.threads import one_thread

COMBINED = "combined"
"""The source of the layer that is the pre-annotation."""

# Changes with what is done beside the annotators: texts in Traditional characters, pull quotes.
_RULES = "5"

# Where the beads found without the sentence encoder are as sure as this on average, they are mostly the same with it, and
# it takes as long as all the rest. Here beads are evidence only; `hemu align` always asks it.
_SURE = 0.85

BATCH = 8
"""Groups that one worker is given at a time."""

WINDOW = 256
"""Documents that are held at once where they come one after another."""

Method = tuple[tuple[str, ...], bool, bool]
"""The arguments of `load`."""


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
        with self.reading(), one_thread():
            found = self._annotate(read, told)
        if read is group:
            return found
        items = restored_items(found.group.items, group)
        layers = restored_layers(found.layers, read, group)
        return Annotated(replace(group, items=items), layers, found.relations, found.explanations)

    def segmented(self, documents: Sequence[Document]) -> Group:
        """One document, or two versions, segmented and (where there are two) aligned."""
        with one_thread():
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
    taken: set[int] = set()
    for claim in (claim for layer in layers for claim in layer.claims):
        stretch = range(claim.start, claim.end)
        if taken.isdisjoint(stretch):
            taken.update(stretch)
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


class Member(Protocol):
    """What tells to which group a document belongs: the document itself, or its head in a workspace."""

    @property
    def id(self) -> str: ...

    @property
    def pair(self) -> str: ...

    @property
    def lang(self) -> Lang: ...


AnyMember = TypeVar("AnyMember", bound=Member)


def groups_of(documents: Iterable[AnyMember]) -> list[list[AnyMember]]:
    """Documents put together by pair, in the order in which a pair or a single document first comes.

    >>> en, zh = Document("a.en", "a", "en", "x"), Document("a.zh", "a", "zh", "y")
    >>> [[d.id for d in group] for group in groups_of([en, Document("b", "", "en", "z"), zh])]
    [['a.en', 'a.zh'], ['b']]
    """
    groups: dict[tuple[str, str], list[AnyMember]] = {}
    for document in documents:
        # A third document of a pair, or a second in one language, stands by itself.
        group = groups.setdefault(("pair", document.pair) if document.pair else ("id", document.id), [])
        if any(other.lang == document.lang for other in group):
            groups[("id", document.id)] = [document]
        else:
            group.append(document)
    return list(groups.values())


def workers_for(asked: int | None, groups: int) -> int:
    """As many as asked for, else one for few groups (starting a worker means loading the models once more)."""
    if asked is not None:
        return max(1, asked)
    return min(cores(), max(1, groups // (2 * BATCH)))


def count(report: StageReport, item: Item) -> None:
    """Count the entities and claims of an item into the notes of a report."""
    for name, number in (("entities", len(item.entities)), ("claims", len(item.claims))):
        report.notes[name] = int(report.notes.get(name, 0)) + number


def windows(documents: Iterable[Document]) -> Iterator[list[Document]]:
    """Lists of about `WINDOW` documents; partners that stand side by side are not parted.

    A pair has two documents. Of more with one `pair`, which may be a mistake in the file, no more than twice `WINDOW` are held.
    """
    window: list[Document] = []
    for document in documents:
        partners = bool(window) and document.pair != "" and document.pair == window[-1].pair
        if len(window) >= WINDOW and not (partners and len(window) < 2 * WINDOW):
            yield window
            window = []
        window.append(document)
    if window:
        yield window
