"""What `agreement` reports: rows of figures, each with its interval."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from annotators.agreement.cells import Figure
from annotators.agreement.differences import Difference

ALL = "all"
"""In place of a label: all labels together. In place of a language: both."""


@dataclass(frozen=True, slots=True)
class Spans:
    """Two annotators (or all pairs together: `annotators` is empty), on the documents that both have annotated.

    `kind` is "entities" or "claims" (whose one label is "claim"). F1 is of one annotator against the other, the same
    either way: `exact` (label and span equal), `overlap` (label equal, spans overlap), `place` (spans equal, whatever
    the label); over all pairs their spans are counted together. `kappa` is Cohen's over all units, `kappa_marked` over
    those that either has marked, `kappa_both` over those that both have: the labels alone, without the question what to
    mark. For one label, `kappa` is of units in it or not. Over all pairs, κ is the mean weighted by the units shared.
    Units are words of English, characters of Chinese. `spans` counts what the two marked together.
    """

    kind: str
    annotators: tuple[str, ...]
    lang: str
    label: str
    documents: int
    units: int
    spans: int
    exact: Figure
    overlap: Figure
    place: Figure
    kappa: Figure
    kappa_marked: Figure
    kappa_both: Figure


@dataclass(frozen=True, slots=True)
class Everybody:
    """All annotators at once: Fleiss' κ (for unequal numbers of annotators) and Krippendorff's α over units; u-α over
    characters, and its form for positions alone (`u_alpha_place`; for one label the two are the same)."""

    kind: str
    lang: str
    label: str
    documents: int
    fleiss: Figure
    alpha: Figure
    u_alpha: Figure
    u_alpha_place: Figure


@dataclass(frozen=True, slots=True)
class Person:
    """One annotator against every other one, and against gold.

    `without` is Krippendorff's α of the others where this one is left out, on all documents that still have two:
    above `alpha`, that of all, this annotator is who differs. Gold made of this annotator's word alone is no gold here;
    gold made by majority still leans to each of those who voted.
    """

    kind: str
    annotator: str
    lang: str
    documents: int
    shared: int
    exact: Figure
    overlap: Figure
    kappa: Figure
    alpha: Figure
    without: Figure
    gold_documents: int
    gold_exact: Figure
    gold_overlap: Figure
    gold_kappa: Figure


@dataclass(frozen=True, slots=True)
class ClaimMatch:
    """Claims of two annotators (or all pairs): F1 of matching, where half of the union is shared, and the share of the
    matched that agree on each attribute."""

    annotators: tuple[str, ...]
    lang: str
    documents: int
    claims: int
    matched: int
    match: Figure
    attributes: dict[str, Figure]


@dataclass(frozen=True, slots=True)
class Attribute:
    """Krippendorff's α of an attribute, over the claims that two or more have marked; `values` were compared."""

    attribute: str
    lang: str
    values: int
    alpha: Figure


@dataclass(frozen=True, slots=True)
class Relations:
    """Relations of one label over all pairs: F1 with both ends equal, with both ends overlapping; and α of drawing it
    or not, between two marks in one sentence that both annotators have (none for relations between the versions)."""

    label: str
    lang: str
    documents: int
    relations: int
    exact: Figure
    overlap: Figure
    alpha: Figure


@dataclass(frozen=True, slots=True)
class Period:
    """Agreement on entities in a stretch of time (of the later of two annotations); `annotator` "" is everybody."""

    period: str
    since: str
    until: str
    annotator: str
    documents: int
    exact: Figure
    overlap: Figure
    kappa: Figure


@dataclass(frozen=True, slots=True)
class Confusion:
    """How often which label meets which: marks of two annotators, paired as corrections would pair them.

    `kind` is "entities", "claims" or an attribute of claims; `annotators` is empty where all pairs are counted, in
    both orders: then the table is symmetric, and its diagonal has each pair of equal marks twice. "" is nothing.
    """

    kind: str
    annotators: tuple[str, ...]
    lang: str
    labels: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class AgreementReport:
    """Everything measured. `message` says in a line what was compared, or that there was nothing; `notes` what to know."""

    message: str
    documents: int
    annotators: dict[str, int]
    """Documents of each."""
    resamples: int = 0
    notes: tuple[str, ...] = ()
    spans: tuple[Spans, ...] = ()
    everybody: tuple[Everybody, ...] = ()
    people: tuple[Person, ...] = ()
    claims: tuple[ClaimMatch, ...] = ()
    attributes: tuple[Attribute, ...] = ()
    relations: tuple[Relations, ...] = ()
    time: tuple[Period, ...] = ()
    confusion: tuple[Confusion, ...] = ()
    different: int = 0
    """Differences in all, of which `differences` are listed."""
    kinds: dict[str, int] | None = None
    differences: tuple[Difference, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain dicts, lists and numbers."""
        return asdict(self)
