"""Policy claims by cues: who commits to, does, demands, judges or credits what, in English and Chinese news.

A sentence is cut into pieces in one voice (`english`, `chinese`), a piece gets points by type and a stance from its
cues and its subject (`kinds`), pieces that are one claim are joined (`merge`), small regressions weigh how likely each
is a claim and of which type (`weigh`), the two versions of an article support one another (`pair`), and what is
decided gets its claimant (`claimants`), policy area (`areas`) and targets (`targets`).
"""

from __future__ import annotations

from collections import Counter

from annotators.claims.find import NAME, Draft, about, decide, drafts, find_claims, threshold
from annotators.claims.pair import supported
from annotators.claims.weigh import Tables
from annotators.lists import lists_digest
from annotators.registry import Stage, annotator
from corpus.document import Claim, Group, Item, Layer

VERSION = "3"


class ClaimCues:
    """The annotator "claim-cues"."""

    name = NAME
    stage: Stage = "claims"

    def __init__(self) -> None:
        self.version = f"{VERSION}-{lists_digest('claims', knowledge=False)}"

    def annotate(self, group: Group) -> list[Layer]:
        """A layer of claims for each document of the group; the items' entities give subjects and claimants."""
        return [
            Layer(item.document.id, item.document.sha, self.name, self.version, claims=claims)
            for item, claims in group_claims(group)
        ]


@annotator(NAME)
def claim_cues() -> ClaimCues:
    """The factory of "claim-cues"."""
    return ClaimCues()


def group_claims(group: Group, tables: Tables | None = None) -> list[tuple[Item, tuple[Claim, ...]]]:
    """The claims of each document of a group. `tables` replace the shipped weights."""
    least = threshold(tables)
    topics = group_topics(group)
    return [(item, decide(item, candidates, least, topics)) for item, candidates in group_drafts(group, tables)]


def group_topics(group: Group) -> Counter[str] | None:
    """What an article is about, by both of its versions; None where there are not two that are aligned."""
    if sorted(item.document.lang for item in group.items) != ["en", "zh"] or not group.beads:
        return None
    topics: Counter[str] = Counter()
    for item in group.items:
        topics.update(about(item))
    return topics


def group_drafts(group: Group, tables: Tables | None = None) -> list[tuple[Item, list[Draft]]]:
    """What may be a claim in each document of a group, two aligned versions supporting one another."""
    found = [(item, drafts(item, tables)) for item in group.items]
    if sorted(item.document.lang for item, _ in found) == ["en", "zh"] and group.beads:
        en, zh = sorted(range(2), key=lambda n: found[n][0].document.lang)
        left, right = supported(found[en][1], found[zh][1], group.beads)
        found[en], found[zh] = (found[en][0], left), (found[zh][0], right)
    return found


__all__ = ["ClaimCues", "claim_cues", "find_claims", "group_claims", "group_drafts", "group_topics"]
