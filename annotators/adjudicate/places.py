"""What several annotators say of one document: the marks that all of them make, and the places where they differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple, TypeVar

from corpus.document import Claim, Entity, Layer, Ref, without_overlaps
from corpus.metrics import match_claims, shared_part

Kind = Literal["entity", "claim", "relation"]
ENTITY: Kind = "entity"
CLAIM: Kind = "claim"
RELATION: Kind = "relation"

H = TypeVar("H", bound=Hashable)


class Mark(NamedTuple):
    """An entity as annotators compare it: where it is, how it is labelled, and its words."""

    start: int
    end: int
    label: str
    surface: str


class Drawn(NamedTuple):
    """A relation as annotators compare it. A claim at its end is the one that stands for all that are of one thing."""

    label: str
    head: Ref
    tail: Ref


What = tuple[Mark, ...] | tuple[Claim, ...] | tuple[Drawn, ...]
"""What one says of a place; nothing where it is empty. Of a claim or a relation there is one at most."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place of a document where annotators differ: what each of them says (in their order), and the majority's word."""

    document: str
    kind: Kind
    start: int
    end: int
    said: tuple[What, ...]
    proposed: What

    @property
    def versions(self) -> dict[What, list[int]]:
        """What is said, most votes first, by whom; that nothing is there comes last."""
        by: dict[What, list[int]] = {}
        for number, what in enumerate(self.said):
            by.setdefault(what, []).append(number)
        return dict(sorted(by.items(), key=lambda entry: (not entry[0], -len(entry[1]), entry[1])))


@dataclass
class Read:
    """Everything that annotators say of a document, sorted into what all say and places.

    `votes` holds who made an entity, `groups` the claims that are of one thing by annotator, each with the one most like
    the others; `places` of entities come first, then those of claims.
    """

    layers: Sequence[Layer]
    votes: dict[Mark, list[Entity]] = field(default_factory=dict)
    entities: list[Mark] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)

    @property
    def document(self) -> str:
        return self.layers[0].document


@dataclass(frozen=True)
class Group:
    """Claims of several annotators that are of one thing. `middle` is the one most like the others."""

    claims: dict[int, Claim]
    middle: Claim
    merged: Claim
    place: Place | None
    """None where all say the same."""


def read(layers: Sequence[Layer]) -> Read:
    """Sort what annotators say of one document; relations are sorted by `drawn`, when the claims are decided.

    Claims are put together where they share at least half of their union.
    """
    found = Read(layers)
    _read_entities(found)
    _read_claims(found)
    return found


def _read_entities(found: Read) -> None:
    n = len(found.layers)
    voters: dict[Mark, set[int]] = {}
    for number, layer in enumerate(found.layers):
        # In Label Studio marks can overlap; each annotator has one opinion on a stretch, the longest.
        for entity in without_overlaps(sorted(layer.entities, key=lambda e: e.start - e.end)):
            mark = Mark(entity.start, entity.end, entity.label, entity.span.surface)
            found.votes.setdefault(mark, []).append(entity)
            voters.setdefault(mark, set()).add(number)
    for cluster in _clusters(found.votes):
        if len(cluster) == 1 and len(voters[cluster[0]]) == n:
            found.entities.append(cluster[0])
            continue
        # Two majorities share an annotator, whose marks do not overlap: so these do not overlap either.
        kept = [mark for mark in cluster if 2 * len(voters[mark]) > n]
        if not kept and 2 * len(set[int]().union(*(voters[mark] for mark in cluster))) > n:
            kept = [min(cluster, key=lambda m: (-len(voters[m]), m.start - m.end, m))]
        said = tuple(tuple(mark for mark in cluster if number in voters[mark]) for number in range(n))
        start, end = cluster[0].start, max(mark.end for mark in cluster)
        found.places.append(Place(found.document, ENTITY, start, end, said, tuple(kept)))


def _clusters(marks: Iterable[Mark]) -> list[list[Mark]]:
    """Marks that hang together by overlaps."""
    clusters: list[list[Mark]] = []
    reach = -1
    for mark in sorted(marks):
        if mark.start < reach:
            clusters[-1].append(mark)
        else:
            clusters.append([mark])
        reach = max(reach, mark.end)
    return clusters


def bare(claim: Claim) -> Claim:
    """A claim without who said it and how sure they were."""
    return replace(claim, score=1.0, source="")


def _read_claims(found: Read) -> None:
    n = len(found.layers)
    groups: list[dict[int, Claim]] = []
    for number, layer in enumerate(found.layers):
        waiting = list(layer.claims)
        for group in groups:
            # Compared with the first annotator's claim of a group, so that groups do not drift along the text.
            matched = match_claims([next(iter(group.values()))], waiting)
            if matched:
                group[number] = matched[0][1]
                waiting.remove(matched[0][1])
        groups += [{number: claim} for claim in waiting]
    for group in groups:
        claims = list(group.values())
        middle = max(claims, key=lambda c: sum(shared_part(c.span, other.span) for other in claims))
        merged = _merged(middle, claims)
        said = tuple((bare(group[number]),) if number in group else () for number in range(n))
        place = None
        if len(set(said)) > 1:
            start, end = min(c.start for c in claims), max(c.end for c in claims)
            proposed = (merged,) if 2 * len(claims) > n else ()
            place = Place(found.document, CLAIM, start, end, said, proposed)
            found.places.append(place)
        found.groups.append(Group(group, middle, merged, place))


def _merged(middle: Claim, claims: Sequence[Claim]) -> Claim:
    """The claim with the attributes that most have chosen."""
    claimant, claimant_span = most([(c.claimant, c.claimant_span) for c in claims])
    return Claim(
        span=middle.span,
        type=most([c.type for c in claims]),
        stance=most([c.stance for c in claims]),
        claimant=claimant,
        policy_area=most([c.policy_area for c in claims]),
        targets=most([c.targets for c in claims]),
        claimant_span=claimant_span,
    )


def most(values: Sequence[H]) -> H:
    """The most frequent value, of equals the one that comes first."""
    return Counter(values).most_common(1)[0][0]


def drawn(found: Read, standing: dict[tuple[int, Ref], Ref]) -> dict[Drawn, set[int]]:
    """Who has drawn which relation; `standing` says which claim stands for each annotator's."""
    by: dict[Drawn, set[int]] = {}
    for number, layer in enumerate(found.layers):
        for r in layer.relations:
            head, tail = (standing.get((number, ref), ref) for ref in (r.head, r.tail))
            by.setdefault(Drawn(r.label, head, tail), set()).add(number)
    return by
