"""Which claims of the two versions of an article translate one another.

A link is a relation `translates` from a claim of the English version to one of the Chinese version. It is found, not drawn
by people: wherever both versions have claims and aligned sentences, `claim_links` gives it anew. A label scheme need not
have it; one that has (head and tail "claim") lets annotators draw it, and what they draw is kept.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import accumulate

from corpus.align.alike import alike, said
from corpus.document import Bead, Claim, Document, Group, Layer, Ref, Relation

TRANSLATES = "translates"
"""The label of the relation."""

SOURCE = "claim-links"

ENOUGH = 0.6
"""How alike two claims must be; see `claim_pairs`."""

Range = tuple[int, int]
Same = Callable[[Claim, Claim], bool]
"""Whether an English and a Chinese claim are known to have one claimant."""


def claim_pairs(
    en: tuple[Document, Sequence[Claim]],
    zh: tuple[Document, Sequence[Claim]],
    beads: Sequence[Bead],
    same: Same | None = None,
) -> list[tuple[int, int, float]]:
    """Claims that translate one another, by their numbers in the order of the English text, with a score from 0 to 1.

    Claims in sentences that are aligned are compared: their words and numbers, their places in the sentences, type, stance
    and (where `same` can tell) claimant. The most alike come first, and a claim has one counterpart.

    >>> from corpus.document import Span
    >>> text, chinese = "They will build 4,000 flats.", "他们将建设4000套公寓。"
    >>> one = Claim(Span.of(text, 5, 27), "commitment", "support")
    >>> other = Claim(Span.of(chinese, 2, 12), "commitment", "support")
    >>> versions = (Document("a", "p", "en", text), [one]), (Document("b", "p", "zh", chinese), [other])
    >>> [(a, b) for a, b, _ in claim_pairs(*versions, [Bead(((0, 28),), ((0, 13),))])]
    [(0, 0)]
    """
    scores: dict[tuple[int, int], float] = {}
    words = {("en", n): said(c.span.surface, "en") for n, c in enumerate(en[1])}
    words |= {("zh", n): said(c.span.surface, "zh") for n, c in enumerate(zh[1])}
    touching_en, touching_zh = _touching(en[1]), _touching(zh[1])
    for bead in beads:
        if not bead.en or not bead.zh:
            continue
        left, right = list(touching_en(bead.en)), list(touching_zh(bead.zh))
        if len(left) * len(right) > _MOST:
            continue
        for a, one in left:
            for b, other in right:
                score = 1.5 * alike(words["en", a], words["zh", b])
                score += 0.7 * _shared(_place(one, bead.en), _place(other, bead.zh))
                score += 0.2 * (one.type == other.type) + 0.1 * (one.stance == other.stance)
                score += 0.2 * (same is not None and same(one, other))
                scores[a, b] = max(score, scores.get((a, b), 0.0))
    taken: set[tuple[str, int]] = set()
    found = []
    for (a, b), score in sorted(scores.items(), key=lambda row: (-row[1], row[0])):
        if score >= ENOUGH and ("en", a) not in taken and ("zh", b) not in taken:
            taken |= {("en", a), ("zh", b)}
            found.append((a, b, round(min(1.0, score / _SURE), 3)))
    return sorted(found)


_SURE = 2.0
"""From so much on two claims are counterparts without doubt."""

_MOST = 2500
"""Sentences of more claims than anybody makes are not compared."""


def claim_links(
    en: tuple[Document, Sequence[Claim]],
    zh: tuple[Document, Sequence[Claim]],
    beads: Sequence[Bead],
    same: Same | None = None,
) -> tuple[Relation, ...]:
    """`claim_pairs` as relations; that of a pair is held with the English document."""
    return tuple(
        Relation(
            TRANSLATES,
            Ref(en[0].id, "claim", en[1][a].start, en[1][a].end),
            Ref(zh[0].id, "claim", zh[1][b].start, zh[1][b].end),
            score,
            SOURCE,
        )
        for a, b, score in claim_pairs(en, zh, beads, same)
    )


def same_claimants(
    en: tuple[Document, Sequence[Claim]], zh: tuple[Document, Sequence[Claim]], relations: Iterable[Relation]
) -> Same:
    """Whether two claims have one claimant, by the `same_as` relations between the mentions of an article."""
    joined = {
        frozenset(((r.head.document, r.head.start, r.head.end), (r.tail.document, r.tail.start, r.tail.end)))
        for r in relations
        if r.label == "same_as"
    }

    def same(one: Claim, other: Claim) -> bool:
        if one.claimant_span is None or other.claimant_span is None:
            return False
        return frozenset(((en[0].id, *one.claimant_span), (zh[0].id, *other.claimant_span))) in joined

    return same


def with_claim_links(en: tuple[Document, Layer], zh: tuple[Document, Layer], beads: Sequence[Bead]) -> Layer:
    """The English layer with the links between its claims and the Chinese ones; as it is where somebody has drawn any."""
    relations = (*en[1].relations, *zh[1].relations)
    if any(relation.label == TRANSLATES for relation in relations):
        return en[1]
    one, other = (en[0], en[1].claims), (zh[0], zh[1].claims)
    found = claim_links(one, other, beads, same_claimants(one, other, relations))
    return replace(en[1], relations=(*en[1].relations, *found)) if found else en[1]


def linked_claims(group: Group, relations: Sequence[Relation]) -> tuple[Relation, ...]:
    """The relations of a group, with those between claims of its two versions that translate one another."""
    if sorted(item.document.lang for item in group.items) != ["en", "zh"]:
        return tuple(relations)
    en, zh = ((item.document, item.claims) for item in sorted(group.items, key=lambda item: item.document.lang))
    return (*relations, *claim_links(en, zh, group.beads, same_claimants(en, zh, relations)))


def _touching(claims: Sequence[Claim]) -> Callable[[Sequence[Range]], Iterator[tuple[int, Claim]]]:
    """What finds, of claims in the order of the text, those in a run of sentences or over its edges."""
    starts = [claim.start for claim in claims]
    # Claims of people may lie over one another: how far all of them up to each one reach.
    reach = list(accumulate((claim.end for claim in claims), max))

    def touching(ranges: Sequence[Range]) -> Iterator[tuple[int, Claim]]:
        for number in range(bisect_right(reach, ranges[0][0]), bisect_left(starts, ranges[-1][1])):
            if any(claims[number].start < end and start < claims[number].end for start, end in ranges):
                yield number, claims[number]

    return touching


def _place(claim: Claim, ranges: Sequence[Range]) -> tuple[float, float]:
    first, size = ranges[0][0], max(1, ranges[-1][1] - ranges[0][0])
    return (claim.start - first) / size, (claim.end - first) / size


def _shared(one: tuple[float, float], two: tuple[float, float]) -> float:
    shared = min(one[1], two[1]) - max(one[0], two[0])
    return shared / (max(one[1], two[1]) - min(one[0], two[0])) if shared > 0 else 0.0
