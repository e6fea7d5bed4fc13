"""Claims of one version that are proposed for the other: where the sentence that translates theirs has no claim, but a
piece that says the same."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence

from annotators.claims.claimants import Floor, claimant
from annotators.claims.find import Draft
from annotators.claims.pair import SHAPES, drafts_in, place_in, shared_place
from annotators.claims.piece import trimmed
from annotators.claims.reading import read
from annotators.claims.targets import targets
from annotators.claims.weigh import logistic
from annotators.claims.words import unit_stops
from corpus.align.alike import alike, said
from corpus.document import AUTHOR, Bead, Claim, Entity, Item, Span, sorted_claims

SOURCE = "projected"

SURE = 0.45
"""How likely a claim must be to be proposed for the other version."""

ALIKE = 0.4
"""How alike the piece must be (`corpus.align.alike`): about half of the words, or fewer and a number."""

LEAST = 0.2
"""How likely a claim the piece must be by itself. What looks like none is mostly none, whatever the translation says."""

BEAD = 0.8
"""The score of an alignment that is trusted."""

SHARE = 0.8
"""The score of what is proposed, against that of its source."""

_COUNTERPART = 0.25

Range = tuple[int, int]
Found = tuple[Item, Sequence[Draft], Sequence[Claim]]
"""A document, what may be a claim in it, and what is decided to be one."""


def projected(found: Sequence[Found], beads: Sequence[Bead]) -> Mapping[str, tuple[Claim, ...]]:
    """By document, the claims that the other version has and this one lacks; nothing where there are not two versions.

    Only in sentences that translate one another one to one, or one to two. Type, stance and policy area are those of the
    source; the claimant is the mention that its claimant is linked to.
    """
    if sorted(item.document.lang for item, _, _ in found) != ["en", "zh"]:
        return {}
    en, zh = sorted(found, key=lambda f: f[0].document.lang)
    linked = _Linked(en[0], zh[0], beads)
    more: dict[str, list[Claim]] = {}
    for bead in beads:
        if (len(bead.en), len(bead.zh)) in SHAPES and bead.score >= BEAD:
            for own, ranges, other, others in ((en, bead.en, zh, bead.zh), (zh, bead.zh, en, bead.en)):
                more.setdefault(other[0].document.id, []).extend(_across(own, ranges, other, others, linked))
    return {id: sorted_claims(claims) for id, claims in more.items() if claims}


def _across(
    own: Found, ranges: Sequence[Range], other: Found, others: Sequence[Range], linked: _Linked
) -> Iterator[Claim]:
    """The claims of one side of a bead, as they are proposed for the other side."""
    (item, _, claims), (target, drafts, there) = own, other
    there = _touching(there, others)
    places = [place_in(c.start, c.end, others) for c in there]
    taken = [c.span for c in there]
    for claim in _touching(claims, ranges):
        place = place_in(claim.start, claim.end, ranges)
        if place is None or claim.score < SURE:
            continue
        if any(p is not None and shared_place(place, p) >= _COUNTERPART for p in places):
            continue
        best = _best(claim, place, item, target, drafts, others, taken)
        if best is not None and (made := _made(claim, best, target, linked)) is not None:
            taken.append(made.span)
            yield made


def _touching(claims: Sequence[Claim], ranges: Sequence[Range]) -> Sequence[Claim]:
    """Of claims in the order of the text, none over another, those in a run of sentences or over its edges."""
    first = bisect_right(claims, ranges[0][0], key=lambda c: c.end)
    return claims[first : bisect_left(claims, ranges[-1][1], key=lambda c: c.start)]


def _best(
    claim: Claim,
    place: tuple[float, float],
    item: Item,
    target: Item,
    drafts: Sequence[Draft],
    ranges: Sequence[Range],
    taken: Iterable[Span],
) -> Draft | None:
    """The draft that says most nearly what the claim says, if one does, of those that are not claims."""
    taken = list(taken)
    source = said(claim.span.surface, item.document.lang)
    best: tuple[float, Draft] | None = None
    for _, at, draft in drafts_in(drafts, ranges):
        start, end = draft.piece.start, draft.piece.end
        if logistic(draft.odds) < LEAST or any(s.start < end and start < s.end for s in taken):
            continue
        here = said(target.document.text[start:end], target.document.lang)
        score = alike(source, here) if item.document.lang == "en" else alike(here, source)
        if score >= ALIKE and (best is None or score + shared_place(place, at) > best[0]):
            best = score + shared_place(place, at), draft
    return None if best is None else best[1]


def _made(claim: Claim, draft: Draft, item: Item, linked: _Linked) -> Claim | None:
    text, piece = item.document.text, draft.piece
    who = _claimant(claim, draft, item, linked)
    acts = who is not None and who == piece.actor and piece.subject in {"named", "pronoun"}
    start, end = trimmed(text, piece.body if acts else piece.start, piece.end, ' ,，。;；“"')
    if end <= start:
        return None
    return Claim(
        span=Span.of(text, start, end),
        type=claim.type,
        stance=claim.stance,
        claimant=AUTHOR if who is None else who.span.surface,
        policy_area=claim.policy_area,
        targets=targets(text[start:end], item.document.lang, unit_stops(read(item), start, end)),
        claimant_span=None if who is None else (who.start, who.end),
        score=round(SHARE * claim.score, 4),
        source=SOURCE,
    )


def _claimant(claim: Claim, draft: Draft, item: Item, linked: _Linked) -> Entity | None:
    """The mention that the source's claimant is linked to, else whoever the piece itself names."""
    if claim.claimant == AUTHOR:
        return None
    partner = linked.of(item, claim.claimant_span)
    return partner or claimant(draft.piece, draft.verdict, item.entities, Floor())


class _Linked:
    """Which mentions of the two versions are one, looked up when first asked for."""

    def __init__(self, en: Item, zh: Item, beads: Sequence[Bead]) -> None:
        self._en, self._zh, self._beads = en, zh, beads
        self._partners: dict[tuple[str, Range], Entity] | None = None

    def of(self, target: Item, span: Range | None) -> Entity | None:
        """The mention in `target` that the one at `span` of the other version is linked to."""
        if span is None:
            return None
        if self._partners is None:
            from annotators.link import pairs

            self._partners = {}
            for a, b, _ in pairs(self._en.entities, self._zh.entities, self._beads):
                self._partners.setdefault(("zh", (a.start, a.end)), b)
                self._partners.setdefault(("en", (b.start, b.end)), a)
        return self._partners.get((target.document.lang, span))
