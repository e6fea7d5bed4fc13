"""One gold layer from what several annotators say: what all say, what an adjudicator decided, else the majority."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from annotators.adjudicate.places import (
    CLAIM,
    ENTITY,
    RELATION,
    Drawn,
    Group,
    Mark,
    Place,
    Read,
    drawn,
    most,
    read,
)
from annotators.adjudicate.verdicts import Rulings, Verdict
from corpus.document import (
    Claim,
    Entity,
    Layer,
    Ref,
    Relation,
    Span,
    sorted_claims,
    without_overlaps,
)
from corpus.gold import SOURCE


@dataclass(frozen=True, slots=True)
class Dispute:
    """Something that not all annotators of a document mark alike, and whether it is gold.

    `what` is the label of an entity, "claim", the attribute of a claim, or the label of a relation; `votes` of
    `annotators` are for it. `by` is the adjudicator who decided on it, "" where it was the majority.
    """

    document: str
    start: int
    end: int
    what: str
    votes: int
    annotators: int
    kept: bool
    by: str = ""


@dataclass(frozen=True, slots=True)
class Ruled:
    """A place where annotators differ with the verdict that decides on it, or else the one that its change has reopened."""

    place: Place
    verdict: Verdict | None = None
    earlier: Verdict | None = None


@dataclass(frozen=True, slots=True)
class Adjudicated:
    """A gold layer, what was disputed about it, and the places where annotators differ.

    `locked` is what all annotators say, as a layer; `added` are marks that an adjudicator made where nobody had.
    `representing` has, for each claim of an annotator (by number), the claim that stands for it.
    """

    layer: Layer
    disputes: tuple[Dispute, ...] = ()
    places: tuple[Ruled, ...] = ()
    locked: Layer | None = None
    added: tuple[Verdict, ...] = ()

    @property
    def verdicts(self) -> list[Verdict]:
        """The verdicts that this gold rests on."""
        return [*(ruled.verdict for ruled in self.places if ruled.verdict is not None), *self.added]

    @property
    def reopened(self) -> int:
        """How many places were decided on before annotators said something new there."""
        return sum(ruled.verdict is None and ruled.earlier is not None for ruled in self.places)


@dataclass
class _Making:
    """The gold as it grows."""

    read: Read
    rulings: Rulings
    ruled: list[Ruled] = field(default_factory=list)
    disputes: list[Dispute] = field(default_factory=list)
    added: list[Verdict] = field(default_factory=list)
    standing: dict[tuple[int, Ref], Ref] = field(default_factory=dict)

    @property
    def n(self) -> int:
        return len(self.read.layers)

    def rule(self, place: Place) -> Ruled:
        verdict = self.rulings.on(place.kind, place.said)
        ruled = Ruled(place, verdict, None if verdict else self.rulings.before(place.kind, place.said))
        self.ruled.append(ruled)
        return ruled

    def dispute(self, start: int, end: int, what: str, votes: int, annotators: int, kept: bool, by: str) -> None:
        self.disputes.append(Dispute(self.read.document, start, end, what, votes, annotators, kept, by))


def decide(layers: Sequence[Layer], *, version: str = "", verdicts: Iterable[Verdict] = ()) -> Adjudicated:
    """One gold layer from the layers of the annotators of one document, in whose order ties are broken.

    Where one of `verdicts` (earliest first) knew all that is said of a place, the latest such one decides on it.
    Otherwise the majority does. Entities: what more than half mark alike is gold. Where more than half mark something
    there but no marking has a majority, the one with most votes is taken, then the longest. What half or fewer mark is
    left out. Claims are put together where they share at least half of their union; of those that more than half mark,
    the one most like the others is taken, with the attributes that most chose. All that is not unanimous is disputed.
    What an adjudicator added is gold as long as no annotator marks anything there.
    """
    making = _Making(read(layers), Rulings.of(verdicts, layers[0].sha))
    entities = _entities(making)
    claims = _claims(making)
    relations = _relations(making, entities, claims)
    document, sha = layers[0].document, layers[0].sha
    disputes = sorted(making.disputes, key=lambda d: (d.start, d.end, d.what))
    return Adjudicated(
        Layer(document, sha, SOURCE, version, entities, claims, relations),
        tuple(disputes),
        tuple(making.ruled),
        _locked(making, entities, claims, relations),
        tuple(making.added),
    )


def _entities(making: _Making) -> tuple[Entity, ...]:
    found, n = making.read, making.n
    votes = found.votes
    ranked = [list(found.entities), [], []]
    places = [making.rule(place) for place in found.places if place.kind == ENTITY]
    for ruled in places:
        chosen = ruled.verdict.decision if ruled.verdict else ruled.place.proposed
        ranked[1 if ruled.verdict else 2] += [mark for mark in chosen if isinstance(mark, Mark)]
    for verdict in making.rulings.added():
        free = not any(verdict.start < r.place.end and r.place.start < verdict.end for r in places)
        if verdict.kind == ENTITY and free:
            ranked[1] += [mark for mark in verdict.decision if isinstance(mark, Mark)]
            making.added.append(verdict)
    by_verdict = set(ranked[1])
    chosen_marks = [mark for marks in ranked for mark in sorted(marks, key=lambda m: (m.start - m.end, m))]
    # What all say is never given up, a verdict's mark only for that: the first wins.
    kept = without_overlaps([_entity(mark, votes.get(mark, []), n, mark in by_verdict) for mark in chosen_marks])
    gold = {(e.start, e.end, e.label) for e in kept}
    for ruled in places:
        by = ruled.verdict.adjudicator if ruled.verdict else ""
        for mark in sorted({mark for what in ruled.place.said for mark in what if isinstance(mark, Mark)}):
            making.dispute(mark.start, mark.end, mark.label, len(votes[mark]), n, mark[:3] in gold, by)
    return kept


def _entity(mark: Mark, by: Sequence[Entity], n: int, ruled: bool) -> Entity:
    link = next((e.link for e in by if e.link), "")
    score = 1.0 if ruled else len(by) / n
    return Entity(Span(mark.start, mark.end, mark.surface), mark.label, score, SOURCE, link)


def _claims(making: _Making) -> tuple[Claim, ...]:
    chosen: list[Claim] = []
    decided = [(group, making.rule(group.place) if group.place else None) for group in making.read.groups]
    # In the order in which they are sure: what all say, verdicts, majorities.
    for group, ruled in decided:
        if ruled is None:
            _majority(making, chosen, group)
    for group, ruled in decided:
        if ruled is not None and ruled.verdict is not None:
            _verdict(making, chosen, group, ruled.verdict)
    for verdict in making.rulings.added():
        stated = [claim for claim in verdict.decision if isinstance(claim, Claim)]
        others = [claim for group in making.read.groups for claim in group.claims.values()]
        if verdict.kind == CLAIM and not any(a.span.overlaps(b.span) for a in stated for b in others):
            chosen += [replace(claim, score=1.0, source=SOURCE) for claim in stated]
            making.added.append(verdict)
    for group, ruled in decided:
        if ruled is not None and ruled.verdict is None:
            _majority(making, chosen, group)
    return sorted_claims(chosen)


def _majority(making: _Making, chosen: list[Claim], group: Group) -> None:
    n, span = making.n, group.middle.span
    keep = 2 * len(group.claims) > n and not any(span.overlaps(c.span) for c in chosen)
    if keep:
        chosen.append(replace(group.merged, score=len(group.claims) / n, source=SOURCE))
    _tell(making, group, group.merged if keep else None, "")


def _verdict(making: _Making, chosen: list[Claim], group: Group, verdict: Verdict) -> None:
    stated = next((claim for claim in verdict.decision if isinstance(claim, Claim)), None)
    if stated is not None:
        chosen.append(replace(stated, score=1.0, source=SOURCE))
    _tell(making, group, stated, verdict.adjudicator)


def _tell(making: _Making, group: Group, gold: Claim | None, by: str) -> None:
    """Note what is disputed about a claim, and which claim stands for those of the annotators."""
    n, claims, middle = making.n, list(group.claims.values()), group.middle
    document = making.read.document
    place = gold.span if gold is not None else middle.span
    for number, claim in group.claims.items():
        making.standing[number, Ref(document, "claim", claim.start, claim.end)] = Ref(
            document, "claim", place.start, place.end
        )
    alike = sum(c.span == middle.span for c in claims)
    if alike < n:
        making.dispute(middle.start, middle.end, "claim", alike, n, gold is not None, by)
    if gold is None:
        return
    attributes: dict[str, list[Hashable]] = {
        "type": [c.type for c in claims],
        "stance": [c.stance for c in claims],
        "policy_area": [c.policy_area for c in claims],
        "claimant": [(c.claimant, c.claimant_span) for c in claims],
        "targets": [c.targets for c in claims],
    }
    for what, values in attributes.items():
        votes = values.count(most(values))
        if votes < len(claims):
            making.dispute(middle.start, middle.end, what, votes, len(claims), True, by)


def _relations(making: _Making, entities: Sequence[Entity], claims: Sequence[Claim]) -> tuple[Relation, ...]:
    n, document = making.n, making.read.document
    ends = {Ref(document, "entity", e.start, e.end) for e in entities}
    ends |= {Ref(document, "claim", c.start, c.end) for c in claims}
    by = drawn(making.read, making.standing)
    kept: list[Relation] = []

    def there(one: Drawn) -> bool:
        return one.head in ends and (one.tail in ends or one.tail.document != document)

    for one, voters in sorted(by.items()):
        score = len(voters) / n
        if len(voters) < n:
            said = tuple((one,) if number in voters else () for number in range(n))
            proposed = (one,) if 2 * len(voters) > n and there(one) else ()
            ruled = making.rule(Place(document, RELATION, one.head.start, one.head.end, said, proposed))
            keep = bool(ruled.verdict.decision if ruled.verdict else proposed)
            if ruled.verdict:
                score = 1.0
            name = ruled.verdict.adjudicator if ruled.verdict else ""
            making.dispute(one.head.start, one.head.end, one.label, len(voters), n, keep and there(one), name)
            if not keep:
                continue
        if there(one):
            kept.append(Relation(one.label, one.head, one.tail, score, SOURCE))
    for verdict in making.rulings.added():
        for more in verdict.decision:
            if isinstance(more, Drawn) and more not in by and there(more):
                kept.append(Relation(more.label, more.head, more.tail, 1.0, SOURCE))
                making.added.append(verdict)
    return tuple(sorted(kept, key=lambda r: (r.label, r.head, r.tail)))


def _locked(
    making: _Making, entities: Sequence[Entity], claims: Sequence[Claim], relations: Sequence[Relation]
) -> Layer:
    """What all annotators say, as far as it is gold."""
    found, n = making.read, making.n
    agreed = {mark[:3] for mark in found.entities}
    same = {group.middle.span for group in found.groups if group.place is None}
    drawn_by = drawn(found, making.standing)
    return Layer(
        found.document,
        found.layers[0].sha,
        SOURCE,
        "",
        tuple(e for e in entities if (e.start, e.end, e.label) in agreed),
        tuple(c for c in claims if c.span in same),
        tuple(r for r in relations if len(drawn_by.get(Drawn(r.label, r.head, r.tail), ())) == n),
    )
