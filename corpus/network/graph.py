"""Statements (an actor, a concept, a stance) and the networks that they make.

The two-mode network joins actors and concepts. The one-mode networks join actors by the concepts that they share, as
Discourse Network Analyzer computes them (Leifeld, "Discourse Network Analysis: Policy Debates as Dynamic Networks", in
The Oxford Handbook of Political Networks, 2017): congruence counts concepts on which both take the same side, conflict
those on which they take opposite ones. A concept counts once for an actor and a side, however often it is stated
("duplicates across range"); support and oppose are the sides, and neutral statements are in neither network.
Normalised by average activity: divided by the mean number of (concept, side) of the two actors.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from itertools import combinations, islice
from typing import Literal

from corpus.claim_links import TRANSLATES, with_claim_links
from corpus.document import Alignment, Claim, Document, Lang, Layer, Ref
from corpus.errors import InputError
from corpus.look.marks import Marks
from corpus.network.actors import Actor, Actors
from corpus.schema import ALIGNMENTS, DOCUMENTS, GOLD, layers_table
from corpus.store import Workspace
from corpus.targets.dates import published

ConceptKind = Literal["area", "type", "entity"]
STANCES = ("support", "oppose", "neutral")
NO_AREA = "(no area)"
_COMBINED = "combined"
_BATCH = 64


@dataclass(frozen=True, slots=True)
class Statement:
    """A claim, or one of several things that it is about: who says what of which concept, where and when."""

    actor: Actor
    concept: str
    claim: Claim
    document: str
    pair: str
    lang: Lang
    date: str = ""

    @property
    def article(self) -> str:
        """The pair, or the document that stands alone: both versions of an article say what they say once."""
        return self.pair or self.document


@dataclass(frozen=True)
class Networks:
    """What statements make: the table, the affiliation network, and the one-mode networks of actors.

    `table`: (actor id, concept, stance) → statements, and how many articles they are from. `congruence` and `conflict`:
    pairs of actor ids in order → (shared concepts, the same normalised).
    """

    actors: dict[str, Actor]
    concepts: tuple[str, ...]
    table: dict[tuple[str, str, str], tuple[int, int]]
    congruence: dict[tuple[str, str], tuple[int, float]] = field(default_factory=dict)
    conflict: dict[tuple[str, str], tuple[int, float]] = field(default_factory=dict)

    def total(self, actor: str) -> int:
        """The number of statements of an actor."""
        return self._totals[actor]

    @cached_property
    def _totals(self) -> Counter[str]:
        totals: Counter[str] = Counter()
        for (actor, _, _), (number, _) in self.table.items():
            totals[actor] += number
        return totals


def statements(
    workspace: Workspace,
    *,
    gold: bool = False,
    concept: ConceptKind = "area",
    lang: Lang | None = None,
    areas: Collection[str] = (),
    since: date | None = None,
    until: date | None = None,
    once: bool = False,
    progress: Callable[[int, int | None], None] | None = None,
) -> list[Statement]:
    """The statements of the pre-annotation (or gold) of a workspace, in the order of documents and texts.

    `since` and `until` (both included) ask for the day of publication in the documents' `date`, and leave out what has
    none. `once`: of a claim and its translation only the English one is a statement. `areas` are policy areas. With
    `concept="entity"` a claim is one statement for each policy, or else each other entity, that it is about. Raises
    InputError where an area is unknown.
    """
    known = {area.name for area in workspace.scheme.policy_areas}
    if unknown := sorted(set(areas) - known):
        raise InputError(f"{unknown[0]}: no policy area of the scheme; there are: {', '.join(sorted(known))}")
    heads = list(workspace.heads())
    articles: dict[str, list[str]] = {}
    for head in heads:
        articles.setdefault(head.pair or head.id, []).append(head.id)
    table = GOLD if gold else layers_table(_COMBINED)
    actors = Actors()
    claims: list[tuple[Document, Layer, str]] = []
    keys = list(articles)
    # Both versions of an article are resolved together, also where one language only is asked for.
    for first in range(0, len(keys), _BATCH):
        batch = keys[first : first + _BATCH]
        ids = [id for key in batch for id in articles[key]]
        layers = workspace.fetch(table, ids)
        documents = workspace.fetch(DOCUMENTS, [id for id in ids if id in layers])
        # Gold from a file has no links: those of the pre-annotation serve.
        proposed = workspace.fetch(layers_table(_COMBINED), documents) if gold else {}
        alignments = workspace.fetch(ALIGNMENTS, batch) if once else {}
        for key in batch:
            versions = [
                (documents[id], layers[id])
                for id in articles[key]
                if id in documents and layers[id].sha == documents[id].sha
            ]
            beside = [proposed[d.id] for d, _ in versions if d.id in proposed and proposed[d.id].sha == d.sha]
            actors.add(versions, beside=beside)
            if once and key in alignments:
                versions = _once(versions, alignments[key])
            for document, layer in versions:
                day = published(document.meta.get("date", ""))
                outside = (since and (day is None or day < since)) or (until and (day is None or day > until))
                if layer.claims and lang in (None, document.lang) and not outside:
                    claims.append((*_light(document, layer, concept), day.isoformat() if day else ""))
        if progress:
            progress(min(first + _BATCH, len(keys)), len(keys))
    return [
        statement
        for document, layer, date in claims
        for statement in _statements(document, layer, date, actors, concept)
        if not areas or statement.claim.policy_area in areas
    ]


def _light(document: Document, layer: Layer, concept: ConceptKind) -> tuple[Document, Layer]:
    """What is kept of a document until all articles are known: not its text, which memory would not hold of a large corpus."""
    kept = layer.entities if concept == "entity" else ()
    return replace(document, text="", blocks=(), meta={}), replace(layer, entities=kept)


def _statements(
    document: Document, layer: Layer, date: str, actors: Actors, concept: ConceptKind
) -> Iterator[Statement]:
    """The statements of one document; all articles must be among `actors` by now."""
    about = _About(document, layer, actors) if concept == "entity" else None
    for claim in layer.claims:
        actor = actors.of_claim(claim, document, layer)
        area = claim.policy_area or NO_AREA
        if about is not None:
            names = about(claim, actor)
        else:
            names = [f"{claim.type}: {area}" if concept == "type" else area]
        for name in names:
            yield Statement(actor, name, claim, document.id, document.pair, document.lang, date)


def _once(versions: list[tuple[Document, Layer]], alignment: Alignment) -> list[tuple[Document, Layer]]:
    """The versions of an article, without the Chinese claims of which the English version has the translation."""
    by_id = {document.id: (document, layer) for document, layer in versions}
    en, zh = by_id.get(alignment.en), by_id.get(alignment.zh)
    if en is None or zh is None or (en[0].sha, zh[0].sha) != (alignment.en_sha, alignment.zh_sha):
        return versions
    linked = (*with_claim_links(en, zh, alignment.beads).relations, *zh[1].relations)
    ends = {end for r in linked if r.label == TRANSLATES for end in (r.head, r.tail)}
    kept = tuple(c for c in zh[1].claims if Ref(zh[0].id, "claim", c.start, c.end) not in ends)
    return [(d, replace(layer, claims=kept)) if d.id == zh[0].id else (d, layer) for d, layer in versions]


class _About:
    """What the claims of a document are about, but for those who make them."""

    def __init__(self, document: Document, layer: Layer, actors: Actors) -> None:
        self.document, self.actors = document.id, actors
        self.entities = Marks(layer.entities)
        self.drawn: dict[tuple[str, int, int], list[Ref]] = {}
        for relation in layer.relations:
            if relation.label == "about":
                head = relation.head
                self.drawn.setdefault((head.document, head.start, head.end), []).append(relation.tail)

    def __call__(self, claim: Claim, claimant: Actor) -> list[str]:
        """The names, each once: by `about` relations, else of the policies in the claim, else of the entities in it."""
        found = [
            self.actors.of_entity(tail.document, tail.start, tail.end)
            for tail in self.drawn.get((self.document, claim.start, claim.end), ())
        ]
        if not found:
            touching = self.entities.touching(claim.start, claim.end)
            inside = [e for e in touching if claim.start <= e.start and e.end <= claim.end]
            inside = [e for e in inside if e.label == "POLICY"] or inside
            found = [self.actors.of_entity(self.document, e.start, e.end) for e in inside]
        return list(dict.fromkeys(entity.name for entity in found if entity and entity.id != claimant.id))


MOST_ACTORS = 500
"""Actors that the one-mode networks hold at most, the most active first: pairs grow with the square of actors."""


def networks(found: Sequence[Statement], *, without: Collection[str] = (), most: int = MOST_ACTORS) -> Networks:
    """The table and the networks of some statements, without the actors of these ids.

    The one-mode networks join the `most` actors with the most statements; the rest holds all.

    >>> networks([]).concepts
    ()
    """
    kept = [s for s in found if s.actor.id not in without]
    numbers: Counter[tuple[str, str, str]] = Counter()
    articles: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for statement in kept:
        key = (statement.actor.id, statement.concept, statement.claim.stance)
        numbers[key] += 1
        articles[key].add(statement.article)
    totals: Counter[str] = Counter(statement.actor.id for statement in kept)
    byname = {statement.actor.id: statement.actor for statement in kept}
    actors = {id: byname[id] for id in sorted(byname, key=lambda id: (-totals[id], byname[id].name, id))}
    weight: Counter[str] = Counter(statement.concept for statement in kept)
    concepts = tuple(sorted(weight, key=lambda name: (-weight[name], name)))
    table = {key: (numbers[key], len(articles[key])) for key in sorted(numbers)}
    congruence, conflict = _shared(table, set(islice(actors, most)))
    return Networks(actors, concepts, table, congruence, conflict)


def _shared(
    table: dict[tuple[str, str, str], tuple[int, int]],
    chosen: set[str],
) -> tuple[dict[tuple[str, str], tuple[int, float]], dict[tuple[str, str], tuple[int, float]]]:
    sides: dict[str, dict[str, set[str]]] = defaultdict(lambda: {"support": set(), "oppose": set()})
    activity: Counter[str] = Counter()
    for actor, concept, stance in table:
        if actor in chosen and stance in ("support", "oppose"):
            sides[concept][stance].add(actor)
            activity[actor] += 1
    same: Counter[tuple[str, str]] = Counter()
    opposite: Counter[tuple[str, str]] = Counter()
    for side in sides.values():
        for members in side.values():
            same.update(combinations(sorted(members), 2))
        for a in side["support"]:
            opposite.update((min(a, b), max(a, b)) for b in side["oppose"] if a != b)
    return _normalised(same, activity), _normalised(opposite, activity)


def _normalised(shared: Counter[tuple[str, str]], activity: Counter[str]) -> dict[tuple[str, str], tuple[int, float]]:
    return {(a, b): (number, 2 * number / (activity[a] + activity[b])) for (a, b), number in sorted(shared.items())}
