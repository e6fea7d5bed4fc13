"""What the annotators of one document say, compared two by two and all together, and kept as counts."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate, combinations, product
from typing import TYPE_CHECKING, Any

from annotators.agreement.cells import Cells, Table
from annotators.agreement.gather import Case, Reading
from annotators.agreement.units import Marks, Units, grouped
from corpus.document import LANGUAGES, Claim, Layer, Relation
from corpus.errors_view import mistakes
from corpus.scheme import Scheme
from corpus.stretches import best_pairs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[Any]

ENTITIES, CLAIMS = "entities", "claims"
CLAIM = "claim"
"""The one label of claims, where they are counted as entities are."""
NOTHING = ""
ATTRIBUTES = ("type", "stance", "claimant", "policy_area", "targets")
CLOSED = ("type", "stance", "policy_area")
"""The attributes with a fixed list of values: the others are as many as there are names and numbers."""

GOLD = "gold"
SPANS = ("first", "second", "exact", "overlap of first", "overlap of second", "place of first", "place of second")
CAP = 256
"""Codes of labels are below; more labels than these count as one."""
_FREQUENT = 500
_MOST = 2500
"""Sentences with more pairs of marks than anybody draws (a text that is not segmented is one) count what is drawn only."""


@dataclass
class Couples:
    """Every two annotators of a document, a row each: who, of which article, when; and tables of counts."""

    kinds: tuple[str, ...]
    lang: list[int] = field(default_factory=list)
    article: list[int] = field(default_factory=list)
    first: list[int] = field(default_factory=list)
    second: list[int] = field(default_factory=list)
    several: list[int] = field(default_factory=list)
    time: list[str] = field(default_factory=list)
    cells: dict[tuple[str, str], Cells] = field(default_factory=lambda: defaultdict(Cells))

    def table(self, kind: str, what: str, size: int) -> Table:
        """The table `what` ("spans", "units", "characters", "squares") of `kind`; `size` is how many codes there are."""
        cells = self.cells[kind, what]
        across = {"spans": len(SPANS), "squares": 1, "claims": 3 + len(ATTRIBUTES)}.get(what, size)
        columns = [row // CAP * across + row % CAP for row in cells.columns]
        return Cells(columns, cells.values).table((1, across) if what == "claims" else (size, across))


@dataclass
class Comparison:
    """All that is counted while documents go by."""

    scheme: Scheme
    labels: dict[str, int]
    people: Couples = field(default_factory=lambda: Couples((ENTITIES, CLAIMS)))
    gold: Couples = field(default_factory=lambda: Couples((ENTITIES, CLAIMS)))
    annotators: dict[str, int] = field(default_factory=dict)
    articles: dict[str, int] = field(default_factory=dict)
    documents: list[tuple[int, int]] = field(default_factory=list)
    """Language and article of each document with several annotators."""
    values: dict[str, dict[Hashable, int]] = field(default_factory=lambda: {name: {} for name in ATTRIBUTES})
    attributes: dict[str, Cells] = field(default_factory=lambda: {name: Cells() for name in ATTRIBUTES})
    """A row a document: coincidences that disagree, values in all, then values of each kind."""
    relations: dict[str, Cells] = field(default_factory=dict)
    presence: dict[str, Cells] = field(default_factory=dict)
    confusion: dict[tuple[str, int, int, int], Counter[tuple[str, str]]] = field(
        default_factory=lambda: defaultdict(Counter)
    )
    """By kind or attribute, language, first and second annotator: how often which label meets which."""
    unsegmented: int = 0

    @classmethod
    def of(cls, scheme: Scheme) -> Comparison:
        made = cls(scheme, {name: code for code, name in enumerate((NOTHING, *scheme.label_names))})
        for relation in scheme.relations:
            made.relations[relation.name], made.presence[relation.name] = Cells(), Cells()
        return made

    def add(self, case: Case) -> Case:
        """Count one document; returns it without what annotators are not shown."""
        document = case.document
        lang, article = LANGUAGES.index(document.lang), self._article(document.pair or document.id)
        self.unsegmented += document.lang == "en" and not (case.segments and case.segments.tokens)
        units = Units.of(document, case.segments)
        case = visible(case, units)
        if len(case.readings) > 1:
            self.documents.append((lang, article))
            self._attributes(case.readings)
            self._presence(case)
        sides = [self._side(reading.layer, units) for reading in case.readings]
        who = [self.annotators.setdefault(reading.annotator, len(self.annotators)) for reading in case.readings]
        for i, j in combinations(range(len(sides)), 2):
            self._row(self.people, lang, article, who[i], who[j], case.readings[i : j + 1 : j - i], len(sides))
            self._couple(self.people, sides[i], sides[j])
            self._claims(case.readings[i].layer, case.readings[j].layer)
            self._relations(case.readings[i].layer, case.readings[j].layer)
            self._confused(lang, who[i], who[j], sides[i], sides[j])
        if case.gold is not None:
            gold = self._side(case.gold, units)
            for number, reading in enumerate(case.readings):
                self._row(self.gold, lang, article, who[number], -1, [reading], 2)
                self._couple(self.gold, sides[number], gold)
        return case

    def _article(self, name: str) -> int:
        return self.articles.setdefault(name, len(self.articles))

    def _code(self, label: str) -> int:
        return min(self.labels.setdefault(label, len(self.labels)), CAP - 1)

    def _side(self, layer: Layer, units: Units) -> dict[str, tuple[Marks, tuple[Numbers, Numbers, Numbers]]]:
        entities = Marks.of(((e.start, e.end, self._code(e.label)) for e in layer.entities), units)
        claims = Marks.of(((c.start, c.end, 1) for c in layer.claims), units)
        return {ENTITIES: (entities, entities.on_units(units)), CLAIMS: (claims, claims.on_units(units))}

    @staticmethod
    def _row(to: Couples, lang: int, article: int, a: int, b: int, readings: Sequence[Reading], several: int) -> None:
        to.lang.append(lang)
        to.article.append(article)
        to.first.append(a)
        to.second.append(b)
        to.several.append(several)
        to.time.append(max(reading.time for reading in readings))

    @staticmethod
    def _couple(to: Couples, first: dict[str, Any], second: dict[str, Any]) -> None:
        import numpy as np

        for kind in to.kinds:
            (a, (units_a, characters_a, squares_a)), (b, (units_b, characters_b, squares_b)) = first[kind], second[kind]
            to.cells[kind, "spans"].add(*span_counts(a, b))
            to.cells[kind, "units"].add(*_pairs(units_a, units_b))
            to.cells[kind, "characters"].add(*_pairs(characters_a, characters_b))
            squares = np.concatenate([squares_a, squares_b])
            to.cells[kind, "squares"].add(squares[:, 0] * CAP, squares[:, 1])

    def _claims(self, first: Layer, second: Layer) -> None:
        import numpy as np

        a, b = first.claims, second.claims
        pairs = [(a[i], b[j]) for i, j in best_pairs(_offsets(a), _offsets(b), 0.5)]
        alike = [sum(_value(x, name) == _value(y, name) for x, y in pairs) for name in ATTRIBUTES]
        counts = np.array([len(a), len(b), len(pairs), *alike])
        self.people.cells[CLAIMS, "claims"].add(np.arange(len(counts)), counts)

    def _relations(self, first: Layer, second: Layer) -> None:
        import numpy as np

        for name, cells in self.relations.items():
            a, b = ([r for r in layer.relations if r.label == name] for layer in (first, second))
            same = len({(r.head, r.tail) for r in a} & {(r.head, r.tail) for r in b})
            found, right = sum(map(_like(b), a)), sum(map(_like(a), b))
            cells.add(np.arange(5), np.array([len(a), len(b), same, found, right]))

    def _confused(self, lang: int, a: int, b: int, first: dict[str, Any], second: dict[str, Any]) -> None:
        names = list(self.labels)
        for kind in (ENTITIES, CLAIMS):
            counter = self.confusion[kind, lang, a, b]
            marks = []
            for side in (first, second):
                of = side[kind][0]
                spans = zip(of.starts.tolist(), of.ends.tolist(), of.codes.tolist(), strict=True)
                marks.append({(s, e, names[c] if kind == ENTITIES else CLAIM) for s, e, c in spans})
            counter.update((label, label) for _, _, label in marks[0] & marks[1])
            for mistake in mistakes("", *marks):
                ends = (mistake.gold, mistake.predicted)
                labels = [mark[2] if mark else NOTHING for mark in ends]
                counter[labels[0], labels[1]] += 1

    def _attributes(self, readings: Sequence[Reading]) -> None:
        """Values of the claims that two or more have marked; a claim that an annotator has not is missing there."""
        import numpy as np

        several = [reading.layer.claims for reading in readings]
        groups = [group for group in grouped([_offsets(claims) for claims in several], 0.5) if len(group) > 1]
        who = [self.annotators.setdefault(reading.annotator, len(self.annotators)) for reading in readings]
        lang = self.documents[-1][0]
        for name in ATTRIBUTES:
            codes, disagreed, values = self.values[name], 0.0, Counter[int]()
            given = [[_value(claim, name) for claim in claims] for claims in several]
            for group in groups:
                said = {number: given[number][at] for number, at in group.items()}
                counted = Counter(said.values())
                if len(counted) > 1:
                    disagreed += (len(said) ** 2 - sum(n * n for n in counted.values())) / (len(said) - 1)
                for value, number in counted.items():
                    values[codes.setdefault(value, len(codes))] += number
                if name in CLOSED:
                    for i, j in combinations(said, 2):
                        self.confusion[name, lang, who[i], who[j]][str(said[i]), str(said[j])] += 1
            columns = [0, 1, *(2 + code for code in values)]
            self.attributes[name].add(np.array(columns), np.array([disagreed, values.total(), *values.values()]))

    def _presence(self, case: Case) -> None:
        """Coincidences of drawing a relation or not between two marks that both have, in one sentence if not drawn.

        Only where somebody has drawn one: in other documents nobody may have looked for them.
        """
        import numpy as np

        layers = [reading.layer for reading in case.readings]
        if not any(layer.relations for layer in layers):
            for cells in self.presence.values():
                cells.add(np.arange(3), np.zeros(3))
            return
        groups = {
            "claim": grouped([_offsets(layer.claims) for layer in layers], 0.5),
            "entity": grouped([_offsets(layer.entities) for layer in layers], 0.0),
        }
        marks: dict[str, list[Sequence[Any]]] = {
            "claim": [layer.claims for layer in layers],
            "entity": [layer.entities for layer in layers],
        }
        sentences = case.segments.sentences if case.segments else ()
        starts = np.array([start for start, _ in sentences])
        begins = {
            kind: [int(np.searchsorted(starts, of[who][at].start, "right")) for who, at in _firsts(groups[kind])]
            for kind, of in marks.items()
        }
        where = {
            (kind, who, of[who][at].start, of[who][at].end): number
            for kind, of in marks.items()
            for number, group in enumerate(groups[kind])
            for who, at in group.items()
        }
        for relation in self.scheme.relations:
            drawn: dict[tuple[int, int], set[int]] = {}
            # Between entities, it joins the two versions: no list of what could have been drawn.
            if relation.head != relation.tail:
                heads, tails = _by_sentence(begins[relation.head]), _by_sentence(begins[relation.tail])
                for sentence in heads:
                    if len(heads[sentence]) * len(tails.get(sentence, ())) <= _MOST:
                        drawn.update({pair: set() for pair in product(heads[sentence], tails.get(sentence, ()))})
                for who, layer in enumerate(layers):
                    for r in layer.relations:
                        ends = [where.get((end.kind, who, end.start, end.end)) for end in (r.head, r.tail)]
                        if r.label == relation.name and ends[0] is not None and ends[1] is not None:
                            drawn.setdefault((ends[0], ends[1]), set()).add(who)
            counts = [0.0, 0.0, 0.0]
            for (head, tail), by in drawn.items():
                both = groups[relation.head][head].keys() & groups[relation.tail][tail].keys()
                if len(both) > 1:
                    yes, no = len(by & both), len(both) - len(by & both)
                    for at, pairs in enumerate((yes * (yes - 1), 2 * yes * no, no * (no - 1))):
                        counts[at] += pairs / (len(both) - 1)
            self.presence[relation.name].add(np.arange(3), np.array(counts))

    def frequent(self, name: str) -> tuple[Table, int]:
        """The table of an attribute with a column for each of its frequent values, and the number of its columns.

        The last column has the squared numbers of the other values, as if each were of one document: of so rare values
        chance makes nothing.
        """
        import numpy as np

        cells = self.attributes[name]
        totals = np.zeros(len(self.values[name]) + 2)
        for columns, values in zip(cells.columns, cells.values, strict=True):
            np.add.at(totals, columns, values)
        kept = np.argsort(-totals[2:], kind="stable")[:_FREQUENT]
        place = np.full(len(totals), len(kept) + 2)
        place[:2], place[kept + 2] = (0, 1), np.arange(len(kept)) + 2
        squared = [
            np.where(place[c] == len(kept) + 2, v * v, v) for c, v in zip(cells.columns, cells.values, strict=True)
        ]
        return Cells([place[columns] for columns in cells.columns], squared).table((len(kept) + 3,)), len(kept) + 3


def visible(case: Case, units: Units) -> Case:
    """The case without marks in what annotators are not shown: those are copies."""
    if bool(units.shown.all()):
        return case

    def cut(layer: Layer) -> Layer:
        entities = tuple(e for e in layer.entities if units.shown[e.start])
        claims = tuple(c for c in layer.claims if units.shown[c.start])
        there = {("entity", e.start, e.end) for e in entities} | {("claim", c.start, c.end) for c in claims}
        kept = (r for r in layer.relations if (r.head.kind, r.head.start, r.head.end) in there)
        return replace(layer, entities=entities, claims=claims, relations=tuple(kept))

    readings = tuple(replace(reading, layer=cut(reading.layer)) for reading in case.readings)
    return replace(case, readings=readings, gold=cut(case.gold) if case.gold else None)


def _by_sentence(sentences: Iterable[int]) -> dict[int, list[int]]:
    """The numbers of the marks that begin in each sentence."""
    found: dict[int, list[int]] = {}
    for number, sentence in enumerate(sentences):
        found.setdefault(sentence, []).append(number)
    return found


def _firsts(groups: Iterable[dict[int, int]]) -> list[tuple[int, int]]:
    return [next(iter(group.items())) for group in groups]


def _offsets(marks: Iterable[Any]) -> list[tuple[int, int]]:
    return [(mark.start, mark.end) for mark in marks]


def _value(claim: Claim, name: str) -> Hashable:
    if name == "targets":
        return tuple(sorted((t.value, t.unit, t.by) for t in claim.targets))
    return str(getattr(claim, name)).strip()


def _like(others: Iterable[Relation]) -> Callable[[Relation], bool]:
    """Whether one of the others joins what overlaps with both of a relation's ends."""
    ordered = sorted(others, key=lambda r: r.head.start)
    starts = [r.head.start for r in ordered]
    reach = list(accumulate((r.head.end for r in ordered), max))

    def like(relation: Relation) -> bool:
        among = ordered[bisect_right(reach, relation.head.start) : bisect_left(starts, relation.head.end)]
        return any(_meet(relation.head, other.head) and _meet(relation.tail, other.tail) for other in among)

    return like


def _meet(a: Any, b: Any) -> bool:
    return bool(a.document == b.document and a.kind == b.kind and a.start < b.end and b.start < a.end)


def span_counts(a: Marks, b: Marks) -> tuple[Numbers, Numbers]:
    """Of each label how many marks either has, how many are equal, overlap with the label, are at the same place.

    A column is the code of the label times `CAP` and the number of one of `SPANS`.
    """
    import numpy as np

    far = 1 + max(a.ends.max(initial=0), b.ends.max(initial=0))
    places = [side.starts * far + side.ends for side in (a, b)]
    same = np.isin(places[0], places[1]), np.isin(places[1], places[0])
    exact = np.isin(places[0] * CAP + a.codes, places[1] * CAP + b.codes)
    counted = [a.codes, b.codes, a.codes[exact], a.codes[_met(a, b)], b.codes[_met(b, a)]]
    counted += [a.codes[same[0]], b.codes[same[1]]]
    columns = np.concatenate([codes * CAP + at for at, codes in enumerate(counted)])
    found, numbers = np.unique(columns, return_counts=True)
    return found, numbers


def _met(marks: Marks, others: Marks) -> Numbers:
    """Which of the marks share a character with another one of their label."""
    import numpy as np

    met = np.zeros(len(marks.codes), bool)
    for code in np.unique(marks.codes):
        own, of_code = marks.codes == code, others.codes == code
        reach = np.concatenate([[-1], np.maximum.accumulate(others.ends[of_code])])
        before = np.searchsorted(others.starts[of_code], marks.ends[own], "left")
        met[own] = reach[before] > marks.starts[own]
    return met


def _pairs(a: Numbers, b: Numbers) -> tuple[Numbers, Numbers]:
    import numpy as np

    counts = np.bincount(a * CAP + b)
    found = np.flatnonzero(counts)
    return found, counts[found]
