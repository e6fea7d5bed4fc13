"""How well predicted entities and claims agree with gold ones, and how much correcting a pre-annotation saves.

Precision, recall and F1 are strict (start, end and label equal) or relaxed (label equal, spans overlap). The effort
is counted in edits: adding, deleting, relabelling or moving the boundary of a span is one each. A predicted claim
matches a gold one where the two share at least half of the characters of their union, the best pairs first.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import accumulate
from typing import Any, Protocol

from corpus.claimants import OneClaimant, claimants
from corpus.document import AUTHOR, Claim, Document, Entity, Lang, Layer, Span, Target
from corpus.errors import InputError, SpanError, StaleTextError
from corpus.jsonl import Row, document_of, read_rows
from corpus.stretches import Stretches, best_pairs

Mark = tuple[int, int, str]
"""Start, end and label of an entity."""


class Marked(Protocol):
    """What can be scored: a `Layer`, or anything with its document's id, its text's hash, entities and claims."""

    @property
    def document(self) -> str: ...
    @property
    def sha(self) -> str: ...
    @property
    def entities(self) -> tuple[Entity, ...]: ...
    @property
    def claims(self) -> tuple[Claim, ...]: ...


@dataclass(frozen=True, slots=True)
class PRF:
    """Precision, recall and F1 from 0 to 1, and of how many gold and predicted spans; 0 where there is nothing."""

    precision: float = 0.0
    recall: float = 0.0
    f1: float = 0.0
    gold: int = 0
    predicted: int = 0

    @classmethod
    def of(cls, found: int, gold: int, right: int, predicted: int) -> PRF:
        """From how many of the `gold` spans are found, and how many of the `predicted` ones are right.

        >>> PRF.of(3, 4, 3, 6).f1
        0.6
        """
        precision, recall = right / predicted if predicted else 0.0, found / gold if gold else 0.0
        f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
        return cls(precision, recall, f1, gold, predicted)


@dataclass(frozen=True, slots=True)
class EntityScores:
    """Scores of entities: over all labels (micro) and for each label, strict and relaxed; and the effort.

    `edits` lead from the prediction to gold, `blank_edits` from nothing to gold; `effort_saved` is one minus their
    quotient, and falls below zero where correcting takes longer than starting anew.
    """

    strict: PRF
    relaxed: PRF
    labels: dict[str, PRF]
    labels_relaxed: dict[str, PRF]
    edits: int
    blank_edits: int
    effort_saved: float


@dataclass(frozen=True, slots=True)
class ClaimScores:
    """Scores of claims; the four accuracies are among the matched pairs, 0 where there are none.

    A claimant is right where it is the same mention text, both are the author, or the two name one linked entity: by the
    knowledge base, by `same_as` relations, or as the short and the full name in one article (see `corpus.network.actors`).
    """

    match: PRF
    matched: int = 0
    type: float = 0.0
    stance: float = 0.0
    claimant: float = 0.0
    policy_area: float = 0.0


@dataclass(frozen=True, slots=True)
class Part:
    """The scores of a set of documents."""

    documents: int
    entities: EntityScores
    claims: ClaimScores


@dataclass(frozen=True, slots=True)
class Scores:
    """The scores of all documents and of each language; ids of documents that only one side has.

    A gold document that is `missing` from the prediction counts as predicted empty; `extra` predictions count nothing.
    """

    all: Part
    languages: dict[str, Part] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain dicts, lists and numbers."""
        return asdict(self)


def score(
    gold: Iterable[Marked], predicted: Iterable[Marked], *, languages: Mapping[str, Lang] | None = None
) -> Scores:
    """Score `predicted` against `gold`, joined by document id; `languages` (of document ids) adds a split.

    Entities count once each: marks that are equal in start, end and label are one. Raises StaleTextError where the
    two were made for different texts, InputError where a document comes twice on one side.

    >>> from corpus.document import Entity, Layer, Span
    >>> text = "国务院总理访问浙江"
    >>> agency, place = Entity(Span.of(text, 0, 3), "AGENCY"), Entity(Span.of(text, 7, 9), "PLACE")
    >>> scores = score([Layer("a", "", "gold", "", (agency, place))], [Layer("a", "", "x", "", (place,))])
    >>> scores.all.entities.strict.recall, scores.all.entities.effort_saved
    (0.5, 0.5)
    """
    wanted, found = _by_document(gold, "gold"), _by_document(predicted, "prediction")
    for id in wanted.keys() & found.keys():
        if wanted[id].sha != found[id].sha:
            raise StaleTextError(f"{id}: the predicted document's text differs from the gold text; annotate it again")
    pairs = [(layer, found.get(id)) for id, layer in wanted.items()]
    by_lang: dict[str, list[tuple[Marked, Marked | None]]] = {}
    for layer, prediction in pairs:
        if languages and layer.document in languages:
            by_lang.setdefault(languages[layer.document], []).append((layer, prediction))
    one_claimant = claimants(pairs, languages or {})
    return Scores(
        _part(pairs, one_claimant),
        {lang: _part(by_lang[lang], one_claimant) for lang in sorted(by_lang)},
        tuple(sorted(wanted.keys() - found.keys())),
        tuple(sorted(found.keys() - wanted.keys())),
    )


def table(part: Part) -> list[tuple[str, PRF]]:
    """Rows to show: each label (strict), then "micro" (strict), "relaxed" and "claims"."""
    return [
        *part.entities.labels.items(),
        ("micro", part.entities.strict),
        ("relaxed", part.entities.relaxed),
        ("claims", part.claims.match),
    ]


def score_files(gold: str, predicted: str, *, lang: Lang | None = None) -> Scores:
    """Score one JSON Lines file against another, both in the form of a gold file; `lang` takes that language only.

    Labels are taken as they stand, so that the output of any tool can be scored; only offsets are checked.
    Raises InputError naming the line that is not in that form.
    """
    wanted, languages = read_marked(gold)
    found, _ = read_marked(predicted)
    if lang:
        wanted = [layer for layer in wanted if languages[layer.document] == lang]
        asked = {layer.document for layer in wanted}
        found = [layer for layer in found if layer.document in asked]
    return score(wanted, found, languages=languages)


def read_marked(path: str) -> tuple[list[Layer], dict[str, Lang]]:
    """The annotation in a file of the form of a gold file, and the language of each document."""
    layers, languages = [], {}
    for where, row in read_rows(path):
        document = document_of(row, where)
        languages[document.id] = document.lang
        layers.append(_layer(row, document, where))
    return layers, languages


def _layer(row: Row, document: Document, where: str) -> Layer:
    try:
        entities = [
            Entity(_span(e, document.text), str(e["label"]), link=str(e.get("link") or ""))
            for e in row.get("entities") or ()
        ]
        claims = [
            Claim(
                span=_span(c, document.text),
                type=str(c.get("type") or ""),
                stance=str(c.get("stance") or ""),
                claimant=str(c.get("claimant") or AUTHOR),
                policy_area=str(c.get("policy_area") or ""),
                targets=tuple(Target(str(t.get("value") or "")) for t in c.get("targets") or ()),
            )
            for c in row.get("claims") or ()
        ]
    except SpanError as error:
        raise InputError(f"{where}, {document.id}: {error}") from None
    except (KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{where}, {document.id}: an entity or claim is not well formed ({error})") from None
    return Layer(document.id, document.sha, "", "", tuple(entities), tuple(claims))


def _span(entry: Mapping[str, Any], text: str) -> Span:
    start, end = entry["start"], entry["end"]
    if type(start) is not int or type(end) is not int:
        raise SpanError(f"offsets {start!r}-{end!r} are no integers")
    return Span.of(text, start, end)


def _by_document(layers: Iterable[Marked], what: str) -> dict[str, Marked]:
    result: dict[str, Marked] = {}
    for layer in layers:
        if layer.document in result:
            raise InputError(f"{layer.document}: comes twice in the {what}; expected one layer a document")
        result[layer.document] = layer
    return result


def _part(pairs: Sequence[tuple[Marked, Marked | None]], one_claimant: OneClaimant) -> Part:
    marks = [(_marks(gold), _marks(predicted)) for gold, predicted in pairs]
    return Part(len(pairs), _entity_scores(marks), _claim_scores(pairs, one_claimant))


def _marks(layer: Marked | None) -> set[Mark]:
    return {(e.start, e.end, e.label) for e in layer.entities} if layer else set()


def _entity_scores(pairs: Sequence[tuple[set[Mark], set[Mark]]]) -> EntityScores:
    n_gold, n_pred, exact, found, right = (Counter[str]() for _ in range(5))
    edits = 0
    for gold, predicted in pairs:
        n_gold.update(label for _, _, label in gold)
        n_pred.update(label for _, _, label in predicted)
        exact.update(label for _, _, label in gold & predicted)
        found.update(_overlapping(gold, predicted))
        right.update(_overlapping(predicted, gold))
        edits += count_edits(gold, predicted)
    labels = sorted(n_gold | n_pred)
    blank = n_gold.total()
    return EntityScores(
        strict=PRF.of(exact.total(), n_gold.total(), exact.total(), n_pred.total()),
        relaxed=PRF.of(found.total(), n_gold.total(), right.total(), n_pred.total()),
        labels={x: PRF.of(exact[x], n_gold[x], exact[x], n_pred[x]) for x in labels},
        labels_relaxed={x: PRF.of(found[x], n_gold[x], right[x], n_pred[x]) for x in labels},
        edits=edits,
        blank_edits=blank,
        effort_saved=1 - edits / blank if blank else 0.0,
    )


def _overlapping(some: set[Mark], others: set[Mark]) -> Iterator[str]:
    """The labels of those of `some` which overlap one of `others` that has the same label."""
    by_label: dict[str, list[tuple[int, int]]] = {}
    for start, end, label in others:
        by_label.setdefault(label, []).append((start, end))
    there = {label: Stretches(spans) for label, spans in by_label.items()}
    for start, end, label in some:
        if label in there and there[label].meet(start, end):
            yield label


def count_edits(gold: Iterable[Mark], predicted: Iterable[Mark]) -> int:
    """How many edits lead from `predicted` to `gold`.

    A span that is exact is free, with another label one edit. Of the rest, a gold span takes the predicted one that it
    shares most with: one edit (boundary) or two (boundary and label). What is left over is added or deleted.

    >>> count_edits([(0, 4, "PLACE"), (9, 12, "FIRM")], [(0, 4, "AGENCY"), (8, 12, "FIRM"), (20, 21, "ORG")])
    3
    """
    edits = 0
    for one, other in paired(gold, predicted):
        edits += 1 if one is None or other is None else (one[:2] != other[:2]) + (one[2] != other[2])
    return edits


def paired(gold: Iterable[Mark], predicted: Iterable[Mark]) -> list[tuple[Mark | None, Mark | None]]:
    """Each gold span with the predicted one that stands for it, as corrections would have it; None where there is none.

    That is the equal one, else one with the same characters, else of those left the one that it shares most characters
    with. Predicted spans that stand for none come last. Marks that are equal are one.
    """
    wanted, proposed = set(gold), set(predicted)
    left: dict[tuple[int, int], list[str]] = {}
    for start, end, label in sorted(proposed - wanted):
        left.setdefault((start, end), []).append(label)

    def take(span: tuple[int, int]) -> Mark:
        label = left[span].pop()
        if not left[span]:
            del left[span]
        return (*span, label)

    found: list[tuple[Mark | None, Mark | None]] = []
    rest: list[Mark] = []
    for mark in sorted(wanted):
        if mark in proposed:
            found.append((mark, mark))
        elif mark[:2] in left:
            found.append((mark, take(mark[:2])))
        else:
            rest.append(mark)
    spans = list(left)
    starts, reach = [start for start, _ in spans], list(accumulate((end for _, end in spans), max))
    for mark in rest:
        near = (span for span in spans[bisect_right(reach, mark[0]) : bisect_left(starts, mark[1])] if span in left)
        shared, best = max(((min(mark[1], e) - max(mark[0], s), (s, e)) for s, e in near), default=(0, (0, 0)))
        found.append((mark, take(best) if shared > 0 else None))
    return [*found, *((None, (*span, label)) for span, labels in left.items() for label in labels)]


def shared_part(first: Span, second: Span) -> float:
    """The characters that two spans share, as a part of their union (which includes a gap between them).

    >>> shared_part(Span(0, 4, "推进改革"), Span(2, 4, "改革"))
    0.5
    """
    shared = min(first.end, second.end) - max(first.start, second.start)
    return max(0, shared) / (max(first.end, second.end) - min(first.start, second.start))


def match_claims(gold: Sequence[Claim], predicted: Sequence[Claim]) -> list[tuple[Claim, Claim]]:
    """Pairs that share at least half of the characters of their union: greedy, best first, each claim used once."""
    spans = [[(claim.start, claim.end) for claim in claims] for claims in (gold, predicted)]
    return [(gold[i], predicted[j]) for i, j in best_pairs(spans[0], spans[1], 0.5)]


def _claim_scores(pairs: Sequence[tuple[Marked, Marked | None]], one_claimant: OneClaimant) -> ClaimScores:
    matched: list[tuple[Claim, Claim]] = []
    n_gold = n_pred = right = 0
    for gold, predicted in pairs:
        claims = predicted.claims if predicted else ()
        n_gold += len(gold.claims)
        n_pred += len(claims)
        found = match_claims(gold.claims, claims)
        matched += found
        right += sum(one_claimant(gold.document, g, p) for g, p in found)
    n = len(matched)
    return ClaimScores(
        match=PRF.of(n, n_gold, n, n_pred),
        matched=n,
        type=sum(g.type == p.type for g, p in matched) / n if n else 0.0,
        stance=sum(g.stance == p.stance for g, p in matched) / n if n else 0.0,
        claimant=right / n if n else 0.0,
        policy_area=sum(g.policy_area == p.policy_area for g, p in matched) / n if n else 0.0,
    )
