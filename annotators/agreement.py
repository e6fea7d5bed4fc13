"""How far annotators agree: spans they mark alike, and Cohen's kappa over characters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

from annotators.adjudicate import latest_annotations
from corpus.document import LANGUAGES, Document, Layer
from corpus.metrics import PRF, Part, score
from corpus.store import Workspace

if TYPE_CHECKING:
    from numpy.typing import NDArray

ALL = "all"
"""In place of a label: all labels together. In place of a language: both."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """The agreement of two annotators (or of all pairs together: `annotators` is empty) on their common documents.

    `exact` and `overlap` are F1 of one annotator against the other: label and span equal, or label equal and spans
    overlapping. `kappa` is Cohen's, over characters: each is in a label or in none; for one label, in it or not. It is
    1 where neither marked anything. `spans` counts what the two marked together.
    """

    annotators: tuple[str, ...]
    lang: str
    label: str
    documents: int
    spans: int
    exact: float
    overlap: float
    kappa: float


@dataclass(frozen=True, slots=True)
class ClaimAgreement:
    """The same for claims: F1 of matching (half of the union shared), and how many of the matched agree on what."""

    annotators: tuple[str, ...]
    lang: str
    documents: int
    claims: int
    match: float
    type: float
    stance: float
    claimant: float
    policy_area: float


@dataclass(frozen=True, slots=True)
class AgreementReport:
    """All agreements. `message` says in one line what was compared, or that there was nothing to compare."""

    message: str
    documents: int
    entities: tuple[Agreement, ...] = ()
    claims: tuple[ClaimAgreement, ...] = ()


@dataclass(frozen=True, slots=True)
class _Couple:
    """What two annotators say of one document."""

    names: tuple[str, str]
    document: Document
    first: Layer
    second: Layer


def agreement(workspace: Workspace) -> AgreementReport:
    """The agreement on every document that two annotators or more have annotated, pairwise and over all pairs.

    Rows come first for all pairs of annotators together, then for each pair; for both languages, then each language;
    for all labels, then each label that occurs.
    """
    documents = workspace.documents()
    annotated = latest_annotations(workspace, documents)
    couples = [
        _Couple((a.annotator, b.annotator), documents[id], a.layer, b.layer)
        for id, several in annotated.items()
        for a, b in combinations(several, 2)
    ]
    if not couples:
        return AgreementReport(
            f"no document has two annotators ({len(annotated)} have one); "
            "agreement needs a second person to annotate some of the same documents",
            0,
        )
    names = sorted({couple.names for couple in couples})
    labels = workspace.scheme.label_names
    entities: list[Agreement] = []
    claims: list[ClaimAgreement] = []
    for pair in [(), *(names if len(names) > 1 else ())]:
        for lang in (ALL, *LANGUAGES):
            some = [c for c in couples if (not pair or c.names == pair) and lang in (ALL, c.document.lang)]
            if some:
                who = pair or (names[0] if len(names) == 1 else ())
                part = _score(some)
                entities += _entities(some, part, who, lang, labels)
                claims.append(_claims(part, who, lang))
    compared = len({couple.document.id for couple in couples})
    people = len({name for pair in names for name in pair})
    return AgreementReport(
        f"{compared} documents with two annotators or more, {people} annotators",
        compared,
        tuple(entities),
        tuple(claims),
    )


def _score(couples: Sequence[_Couple]) -> Part:
    """The second annotator scored against the first: F1 is the same the other way round."""
    first = [_numbered(c.first, i) for i, c in enumerate(couples)]
    second = [_numbered(c.second, i) for i, c in enumerate(couples)]
    return score(first, second).all


def _numbered(layer: Layer, number: int) -> Layer:
    # With three annotators, a document comes three times.
    return Layer(str(number), layer.sha, layer.source, "", layer.entities, layer.claims)


def _entities(
    couples: Sequence[_Couple], part: Part, who: tuple[str, ...], lang: str, labels: Sequence[str]
) -> list[Agreement]:
    codes = {label: code for code, label in enumerate(labels, 1)}
    characters = [_codes(couple, codes) for couple in couples]
    scores = part.entities
    rows: list[tuple[str, PRF, PRF, float]] = [(ALL, scores.strict, scores.relaxed, _kappa(characters))]
    for label in [*(x for x in labels if x in scores.labels), *(x for x in scores.labels if x not in labels)]:
        kappa = _kappa(characters, codes[label])
        rows.append((label, scores.labels[label], scores.labels_relaxed[label], kappa))
    return [
        Agreement(who, lang, label, part.documents, exact.gold + exact.predicted, exact.f1, overlap.f1, kappa)
        for label, exact, overlap, kappa in rows
    ]


def _codes(couple: _Couple, codes: dict[str, int]) -> tuple[NDArray[Any], NDArray[Any]]:
    """For each character of the document, the number of the label that it is in, by the first and by the second."""
    import numpy as np

    made = []
    for layer in (couple.first, couple.second):
        row = np.zeros(len(couple.document.text), dtype=np.int16)
        for entity in layer.entities:
            row[entity.start : entity.end] = codes.setdefault(entity.label, len(codes) + 1)
        made.append(row)
    return made[0], made[1]


def _kappa(characters: Sequence[tuple[NDArray[Any], NDArray[Any]]], code: int | None = None) -> float:
    import numpy as np

    if not characters:
        return 1.0
    first, second = (np.concatenate([rows[side] for rows in characters]) for side in (0, 1))
    if code is not None:
        first, second = first == code, second == code
    return cohens_kappa(first, second)


def cohens_kappa(first: NDArray[Any], second: NDArray[Any]) -> float:
    """Cohen's kappa of two equally long rows of categories (Cohen 1960); 1 where chance alone explains all agreement.

    >>> import numpy as np
    >>> cohens_kappa(np.array([1, 1, 0, 0]), np.array([1, 0, 0, 0]))
    0.5
    """
    import numpy as np

    if first.size == 0:
        return 1.0
    observed = float(np.mean(first == second))
    values = np.union1d(first, second)
    chance = sum(float(np.mean(first == v)) * float(np.mean(second == v)) for v in values)
    return 1.0 if chance >= 1.0 else (observed - chance) / (1.0 - chance)


def _claims(part: Part, who: tuple[str, ...], lang: str) -> ClaimAgreement:
    claims = part.claims
    return ClaimAgreement(
        who,
        lang,
        part.documents,
        claims.match.gold + claims.match.predicted,
        claims.match.f1,
        claims.type,
        claims.stance,
        claims.claimant,
        claims.policy_area,
    )
