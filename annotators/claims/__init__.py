"""Policy claims by cues: who commits to, does, demands, judges or credits what, in English and Chinese news.

A sentence is cut into pieces in one voice (`english`, `chinese`), a piece gets points by type and a stance from its
cues and its subject (`kinds`), pieces that are one claim are joined (`merge`), small regressions weigh how likely each
is a claim and of which type (`weigh`), the two versions of an article support one another (`pair`), and what is
decided gets its claimant (`claimants`), policy area (`areas`) and targets (`targets`). What is sure in one version only is
proposed for the other (`project`).
"""

from __future__ import annotations

from collections import Counter

from annotators.claims.find import NAME, Draft, about, decide, drafts, find_claims, parts_of, threshold
from annotators.claims.pair import joined, supported
from annotators.claims.project import SOURCE as PROJECTED
from annotators.claims.project import projected
from annotators.claims.weigh import Tables
from annotators.lists import lists_digest
from annotators.registry import Stage, annotator
from corpus.document import Claim, Group, Item, Layer, sorted_claims

VERSION = "5"


class ClaimCues:
    """The annotator "claim-cues"."""

    name = NAME
    stage: Stage = "claims"

    def __init__(self) -> None:
        self.version = f"{VERSION}-{lists_digest('claims', knowledge=False)}"

    def annotate(self, group: Group) -> list[Layer]:
        """A layer of claims for each document of the group, and one of those that its other version has and it lacks, if
        there are any; the items' entities give subjects and claimants."""
        layers = []
        for item, claims in group_claims(group):
            for source in (self.name, PROJECTED):
                own = tuple(claim for claim in claims if claim.source == source)
                if own or source == self.name:
                    layers.append(Layer(item.document.id, item.document.sha, source, self.version, claims=own))
        return layers


@annotator(NAME)
def claim_cues() -> ClaimCues:
    """The factory of "claim-cues"."""
    return ClaimCues()


def group_claims(group: Group, tables: Tables | None = None) -> list[tuple[Item, tuple[Claim, ...]]]:
    """The claims of each document of a group. `tables` replace the shipped weights."""
    least = threshold(tables)
    topics = group_topics(group)
    found = [(item, rows, decide(item, rows, least, topics)) for item, rows in group_drafts(group, tables)]
    more = projected(found, group.beads)
    return [(item, sorted_claims((*claims, *more.get(item.document.id, ())))) for item, _, claims in found]


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
    if sorted(item.document.lang for item in group.items) != ["en", "zh"] or not group.beads:
        return [(item, drafts(item, tables)) for item in group.items]
    en, zh = sorted(group.items, key=lambda item: item.document.lang)
    parts = joined((en.document, parts_of(en, tables)), (zh.document, parts_of(zh, tables)), group.beads)
    left, right = supported(drafts(en, tables, parts[0]), drafts(zh, tables, parts[1]), group.beads)
    found = {en.document.id: left, zh.document.id: right}
    return [(item, found[item.document.id]) for item in group.items]


__all__ = ["ClaimCues", "claim_cues", "find_claims", "group_claims", "group_drafts", "group_topics"]
