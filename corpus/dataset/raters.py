"""What each person marked, as the command line hands it over: who annotates is the business of `annotators`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from corpus.dataset.manifest import Annotators
from corpus.document import Layer
from corpus.schema import Table


@dataclass(frozen=True, slots=True)
class Rating:
    """One person's annotation of one document: the row `key` of the table, or `layer` where that has been put right.

    `rater` is what tells one person from another, and is never written: see `pseudonyms`. `created` is ISO 8601, `lead_time` in
    seconds (-1 where it is not known), `preannotation` the version of what the person was shown ("" where nothing).
    """

    key: str
    rater: str
    created: str = ""
    lead_time: float = -1.0
    preannotation: str = ""
    layer: Layer | None = None


@dataclass(frozen=True, slots=True)
class Ratings:
    """All annotations that count, by document: their rows are in `table`, whose columns are those of a layer and more.

    `left_out` counts by reason those that do not count.
    """

    table: Table[Any]
    of: Mapping[str, Sequence[Rating]]
    left_out: Mapping[str, int] = field(default_factory=dict)


def pseudonyms(ratings: Ratings, documents: Sequence[str]) -> dict[str, str]:
    """rater-1, rater-2 … of the people who annotated these documents; the same documents and people give the same."""
    people = sorted({rating.rater for id in documents for rating in ratings.of.get(id, ())}, key=natural)
    return {person: f"rater-{number}" for number, person in enumerate(people, 1)}


def natural(name: str) -> tuple[int, str]:
    """By which names that end in numbers are put in the order of these."""
    return len(name), name


def annotators(ratings: Ratings, documents: Sequence[str]) -> Annotators | None:
    """The counts of people and annotations of these documents; None where nobody annotated them."""
    numbers = [len(found) for id in documents if (found := ratings.of.get(id))]
    if not numbers:
        return None
    people = len(pseudonyms(ratings, documents))
    return Annotators(people, numbers.count(1), sum(number > 1 for number in numbers), sum(numbers))
