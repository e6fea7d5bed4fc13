"""What a concordance gives: hits in their context, and how they are ordered, counted and written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal

from corpus.document import BlockKind, Claim, Entity, Lang
from corpus.look.dates import month_of
from corpus.look.query import folded

By = Literal["surface", "document", "language", "year", "source", "label", "kind"]
Order = Literal["document", "left", "right"]


@dataclass(frozen=True, slots=True)
class Passage:
    """The sentences of the other version that translate those of a hit.

    `sentences` are offsets into that document; `marks` are offsets into `text`: the counterparts of the hit's entities.
    """

    document: str
    lang: Lang
    sentences: tuple[tuple[int, int], ...]
    text: str
    marks: tuple[tuple[int, int], ...] = ()
    score: float = 1.0


@dataclass(frozen=True, slots=True)
class Hit:
    """One place in one document: `left + match + right` is a stretch of its text, `start` and `end` are of `match`."""

    document: str
    pair: str
    lang: Lang
    start: int
    end: int
    left: str
    match: str
    right: str
    kind: BlockKind | Literal[""] = ""
    date: str = ""
    source: str = ""
    sentence: tuple[int, int] | None = None
    entities: tuple[Entity, ...] = ()
    """Those that share a character with the hit."""
    claim: Claim | None = None
    partner: Passage | None = None


@dataclass(frozen=True, slots=True)
class Frequency:
    """How often something was found, and in how many documents."""

    value: str
    hits: int
    documents: int


def sorted_hits(hits: Iterable[Hit], order: Order, limit: int | None = None) -> Iterator[Hit]:
    """Hits by what stands after them ("right"), before them ("left", the nearest word first), or as they come.

    "left" and "right" hold all hits in memory, at most `limit` where that is given.
    """
    if order == "document":
        return islice(hits, limit)
    key = _right_key if order == "right" else _left_key
    if limit is None:
        return iter(sorted(hits, key=key))
    import heapq

    return iter(heapq.nsmallest(limit, hits, key=key))


def frequencies(hits: Iterable[Hit], *by: By) -> dict[By, list[Frequency]]:
    """For each of `by`, how often each value comes, the most frequent first (years in their order).

    Hits come document by document, as `concordance` gives them; none is kept. Surfaces that differ in case only are
    one; a hit of several labels counts for each; what has no value (no date, no label) counts as "".
    """
    tallies = {name: _Tally() for name in by}
    for hit in hits:
        for name, tally in tallies.items():
            for value in _values(hit, name):
                tally.add(value.casefold() if name == "surface" else value, value, hit.document)
    return {name: tally.rows(by_value=name == "year") for name, tally in tallies.items()}


class _Tally:
    def __init__(self) -> None:
        self.hits: Counter[str] = Counter()
        self.spellings: dict[str, Counter[str]] = {}
        self.documents: Counter[str] = Counter()
        self.last: dict[str, str] = {}

    def add(self, key: str, spelling: str, document: str) -> None:
        self.hits[key] += 1
        self.spellings.setdefault(key, Counter())[spelling] += 1
        if self.last.get(key) != document:
            self.documents[key] += 1
            self.last[key] = document

    def rows(self, *, by_value: bool) -> list[Frequency]:
        rows = [
            Frequency(self.spellings[key].most_common(1)[0][0], number, self.documents[key])
            for key, number in self.hits.items()
        ]
        return sorted(rows, key=lambda row: (0 if by_value else -row.hits, row.value))


def hit_row(hit: Hit) -> dict[str, Any]:
    """A hit as an object for JSON."""
    claim, partner = hit.claim, hit.partner
    return {
        "document": hit.document,
        "pair": hit.pair,
        "lang": hit.lang,
        "start": hit.start,
        "end": hit.end,
        "left": hit.left,
        "match": hit.match,
        "right": hit.right,
        "kind": hit.kind,
        "date": hit.date,
        "source": hit.source,
        "sentence": list(hit.sentence) if hit.sentence else None,
        "entities": [
            {"start": e.start, "end": e.end, "text": e.span.surface, "label": e.label, "link": e.link}
            for e in hit.entities
        ],
        "claim": claim
        and {
            "start": claim.start,
            "end": claim.end,
            "text": claim.span.surface,
            "type": claim.type,
            "stance": claim.stance,
            "claimant": claim.claimant,
            "policy_area": claim.policy_area,
        },
        "partner": partner
        and {
            "document": partner.document,
            "lang": partner.lang,
            "sentences": [list(sentence) for sentence in partner.sentences],
            "text": partner.text,
            "marks": [list(mark) for mark in partner.marks],
            "score": round(partner.score, 4),
        },
    }


def _left_key(hit: Hit) -> tuple[list[str], str, int]:
    left = folded(hit.left).casefold()
    return (list(reversed(left)) if hit.lang == "zh" else left.split()[::-1]), hit.document, hit.start


def _right_key(hit: Hit) -> tuple[str, str, int]:
    return " ".join(folded(hit.right).casefold().split()), hit.document, hit.start


def _values(hit: Hit, by: By) -> tuple[str, ...]:
    if by == "label":
        return tuple(dict.fromkeys(e.label for e in hit.entities)) or ("",)
    value = {
        "surface": hit.match,
        "document": hit.document,
        "language": hit.lang,
        "year": month_of(hit.date)[:4],
        "source": hit.source,
        "kind": hit.kind,
    }[by]
    return (" ".join(value.split()),)
