"""The sums of what was counted, over any rows and every resample."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from annotators.agreement import coefficients as of
from annotators.agreement.cells import Figure, Resamples, Table
from annotators.agreement.compare import CLAIM, CLAIMS, ENTITIES, SPANS, Comparison, Couples
from annotators.agreement.names import Names
from annotators.agreement.report import ALL
from corpus.document import LANGUAGES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[Any]


class Side:
    """The couples of people, or of people and gold, as arrays and tables."""

    def __init__(self, couples: Couples, sizes: dict[str, int]) -> None:
        import numpy as np

        self.lang, self.article = np.array(couples.lang, int), np.array(couples.article, int)
        self.first, self.second = np.array(couples.first, int), np.array(couples.second, int)
        self.several, self.time = np.array(couples.several, float), np.array(couples.time, object)
        self.tables: dict[tuple[str, str], Table] = {
            (kind, what): couples.table(kind, what, size)
            for kind, size in sizes.items()
            for what in ("spans", "units", "characters", "squares")
        }
        if (CLAIMS, "claims") in couples.cells:
            self.tables[CLAIMS, "claims"] = couples.table(CLAIMS, "claims", 1)

    def rows(self, lang: str, chosen: Numbers | None = None) -> Numbers:
        import numpy as np

        mask = np.ones(len(self.lang), bool) if lang == ALL else self.lang == LANGUAGES.index(lang)
        return np.flatnonzero(mask if chosen is None else mask & chosen)


class Measured:
    """What was counted, and its sums over every resample."""

    def __init__(self, counted: Comparison, sample: Resamples, names: Names) -> None:
        self.counted, self.sample = counted, sample
        self.sizes = {ENTITIES: len(counted.labels), CLAIMS: 2}
        self.labels = {ENTITIES: list(counted.labels), CLAIMS: ["", CLAIM]}
        self.people_side, self.gold = Side(counted.people, self.sizes), Side(counted.gold, self.sizes)
        self.who = [names.shown(name) for name in counted.annotators]
        side = self.people_side
        self.langs = [
            ALL,
            *(lang for n, lang in enumerate(LANGUAGES) if (side.lang == n).any() or (self.gold.lang == n).any()),
        ]
        self.pairs = sorted(set(zip(side.first.tolist(), side.second.tolist(), strict=True)), key=self.named)

    def named(self, pair: tuple[int, int]) -> tuple[str, str]:
        return self.who[pair[0]], self.who[pair[1]]

    def sums(self, side: Side, kind: str, what: str, rows: Numbers, weights: Numbers | None = None) -> Numbers:
        return side.tables[kind, what].sums(rows, side.article, self.sample, weights)

    def documents(self, rows: Numbers) -> int:
        # An article has one document in a language.
        return len(set(zip(self.people_side.article[rows].tolist(), self.people_side.lang[rows].tolist(), strict=True)))


def f1s(counts: Numbers) -> tuple[Figure, Figure, Figure]:
    a, b, exact, overlap_a, overlap_b, place_a, place_b = (counts[..., n] for n in range(len(SPANS)))
    scores = of.f1(exact, a, exact, b), of.f1(overlap_a, a, overlap_b, b), of.f1(place_a, a, place_b, b)
    return Figure.of(scores[0]), Figure.of(scores[1]), Figure.of(scores[2])


def kappas(table: Numbers) -> dict[Any, Numbers]:
    """Cohen's κ over all units, over those that either marked, over those that both did, and of each label."""
    marked = table.copy()
    marked[..., 0, 0] = 0
    kappas: dict[Any, Numbers] = {
        ALL: of.cohen(table),
        "marked": of.cohen(marked),
        "both": of.cohen(table[..., 1:, 1:]),
    }
    kappas.update({code: of.cohen(of.one_against_rest(table, code)) for code in range(1, table.shape[-1])})
    return kappas


def mean(values: Sequence[tuple[float, Numbers]]) -> Numbers:
    """The weighted mean of those that are defined."""
    import numpy as np

    weights = np.array([weight for weight, _ in values])
    table = np.stack(np.broadcast_arrays(*(value for _, value in values)))
    there = np.isfinite(table)
    return of.ratio(np.where(there, table, 0).T @ weights, there.T @ weights)
