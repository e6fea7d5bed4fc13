"""What a learnt claim spotter is shown of a document, and how what it says of the candidates becomes claims.

The candidates are the joined pieces that the cues weigh too (`find.drafts`), so that the two can be compared clause by
clause; claimant, policy area and targets are found as for the claims of the cues.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from annotators.claims.cues import find, normal
from annotators.claims.find import Draft, decide, drafts
from corpus.document import Claim, Item, Lang
from corpus.spotting import Candidate, Odds, Reading, Word, log_odds, with_spaces

LEAST = 0.38
"""From this probability on a candidate becomes a claim of the model, where nothing else is said."""

EVEN = 0.45
"""A candidate of this probability is neither likelier nor less likely for it where model and cues are joined."""

SHARE = 0.5
"""How much the log odds of the model count beside those of the cues at 1 where the two are joined."""

OPINION = 0.25
"""How much what the model says of type and stance counts beside what the cues say, in the claims of its layer."""

_SMALL = 1e-4


def reading(item: Item, found: Sequence[Draft] | None = None) -> Reading:
    """What the spotter is shown of a document; `found` are its drafts where they are at hand."""
    text, lang = item.document.text, item.document.lang
    found = drafts(item) if found is None else found
    plain = normal(text, lang)
    # Of cues that overlap, the longer is written last and stays.
    hits = sorted(find(plain, lang), key=lambda hit: (hit.start, hit.end))
    return Reading(
        text,
        with_spaces(text, _words(text, plain, lang)),
        tuple(sorted((e.start, e.end, e.label) for e in item.entities)),
        tuple((hit.start, hit.end, hit.cue.type) for hit in hits),
        tuple(Candidate(d.piece.start, d.piece.body, d.piece.end, _row(d)) for d in found),
    )


def _words(text: str, plain: str, lang: Lang) -> list[Word]:
    if lang == "en":
        from corpus.segment.english import parse

        return [Word(t.idx, t.idx + len(t), t.tag_, t.lemma_.lower()) for t in parse(text)]
    from corpus.segment.chinese import tagged

    return [Word(t.start, t.end, t.tag, plain[t.start : t.end]) for t in tagged(plain)]


def _row(draft: Draft) -> dict[str, float]:
    """What is known of a draft: the features of the cues, without those that are there once more by language."""
    return {name: value for name, value in draft.claim_row.items() if value and not name.startswith(("en:", "zh:"))}


def spotted(found: Sequence[Draft], odds: Sequence[Odds], *, alone: bool = False) -> list[Draft]:
    """The drafts with the model's odds in the place of the cues'.

    Of type and stance the cues know more, so the model only has a part in the choice; `alone` it is the model's.
    """
    return [
        replace(
            draft,
            odds=log_odds(o.claim),
            types=_logs(o.types) if alone else _moved(draft.types, o.types),
            stances=_logs(o.stances) if alone else _moved(draft.stances, o.stances),
        )
        for draft, o in zip(found, odds, strict=True)
    ]


def _moved(scores: Counter[str], odds: Mapping[str, float]) -> Counter[str]:
    """The log odds of the cues with those of the model. Names that only one of the two knows keep what that one says."""
    logs = _logs(odds)
    return Counter({name: scores.get(name, 0.0) + OPINION * logs.get(name, 0.0) for name in {**scores, **logs}})


def joined(found: Sequence[Draft], odds: Sequence[Odds], share: float = SHARE) -> list[Draft]:
    """The drafts with the model's log odds added to their own: type and stance stay those of the cues."""
    return [
        replace(draft, odds=draft.odds + share * (log_odds(o.claim) - log_odds(EVEN)))
        for draft, o in zip(found, odds, strict=True)
    ]


def claims_of(
    item: Item,
    found: Sequence[Draft],
    odds: Sequence[Odds],
    *,
    types: Collection[str] | None = None,
    least: float = LEAST,
    topics: Counter[str] | None = None,
    alone: bool = False,
    source: str,
) -> tuple[Claim, ...]:
    """The claims that the model finds among the drafts, of the given `types` only where they are given; see `spotted`."""
    claims = decide(item, spotted(found, odds, alone=alone), least, topics)
    return tuple(replace(claim, source=source) for claim in claims if types is None or claim.type in types)


def _logs(odds: Mapping[str, float]) -> Counter[str]:
    return Counter({name: math.log(max(_SMALL, p)) for name, p in odds.items()})
