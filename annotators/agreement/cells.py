"""Counts of many documents by row, kept sparse; their sums over resamples of the articles; and intervals from these.

All that is measured is a function of sums over documents. So one bootstrap serves everything: articles (with both
versions and all their annotators) are drawn with replacement, and a resample is how often each was drawn.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[Any]

_ROOM = 20_000_000
"""Numbers that the resamples may take together; with more articles there are fewer resamples, never below 100."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A value with the interval that holds 95 % of its resamples; None where there is none."""

    value: float | None = None
    low: float | None = None
    high: float | None = None

    @classmethod
    def of(cls, values: Numbers) -> Figure:
        """From the value itself and then its resamples; too few of them that are defined make no interval."""
        import numpy as np

        value, resamples = values[0], values[1:][np.isfinite(values[1:])]
        if not np.isfinite(value):
            return cls()
        if len(resamples) < max(20, (len(values) - 1) // 2):
            return cls(float(value))
        low, high = np.percentile(resamples, [2.5, 97.5])
        return cls(float(value), float(low), float(high))


class Resamples:
    """How often each article is in each resample; the first row is the articles as they are."""

    def __init__(self, articles: int, number: int, seed: int) -> None:
        import numpy as np

        number = 0 if articles < 2 else min(number, max(100, _ROOM // articles))
        random = np.random.default_rng(seed)
        self.weights = np.ones((number + 1, articles))
        for row in range(1, number + 1):
            self.weights[row] = np.bincount(random.integers(0, articles, articles), minlength=articles)

    def sums(self, articles: Numbers, counts: Numbers) -> Numbers:
        """The sums of the rows of `counts`, which are of these articles (each once), in every resample.

        Of a single article there are no resamples.
        """
        import numpy as np

        if len(articles) < 2:
            alone: Numbers = counts.sum(0, keepdims=True)
            return alone
        of = self.weights if len(articles) == self.weights.shape[1] else self.weights[:, articles]
        # A resample without any of these articles says nothing of them.
        sums: Numbers = of @ counts
        sums[1:][of[1:].sum(1) == 0] = np.nan
        return sums


@dataclass
class Cells:
    """A sparse table: rows are added in turn, columns are numbers that the caller gives a meaning."""

    columns: list[Numbers] = field(default_factory=list)
    values: list[Numbers] = field(default_factory=list)

    def add(self, columns: Numbers, values: Numbers) -> None:
        """Add a row; a column may come more than once, and counts together."""
        self.columns.append(columns)
        self.values.append(values)

    def table(self, of: tuple[int, ...]) -> Table:
        """All rows, whose columns are `numpy.ravel_multi_index` of an array of the shape `of`."""
        import numpy as np

        lengths = np.array([len(row) for row in self.columns], np.int64)
        columns = np.concatenate([*self.columns, np.zeros(0, np.int64)]).astype(np.int64)
        values = np.concatenate([*self.values, np.zeros(0)]).astype(float)
        return Table(np.concatenate([[0], np.cumsum(lengths)]), columns, values, of)


@dataclass(frozen=True)
class Table:
    """`Cells` that are complete."""

    starts: Numbers
    columns: Numbers
    values: Numbers
    of: tuple[int, ...]

    def sums(self, rows: Numbers, articles: Numbers, resamples: Resamples, weights: Numbers | None = None) -> Numbers:
        """The sums of these rows over every resample; `articles` and `weights` are of all rows of the table."""
        import numpy as np

        size = int(np.prod(self.of))
        present, local = np.unique(articles[rows], return_inverse=True)
        lengths = self.starts[rows + 1] - self.starts[rows]
        ends = np.cumsum(lengths)
        cells = np.arange(ends[-1] if len(ends) else 0) + np.repeat(self.starts[rows] - (ends - lengths), lengths)
        values = self.values[cells]
        if weights is not None:
            values = values * np.repeat(weights[rows], lengths)
        at = np.repeat(local, lengths) * size + self.columns[cells]
        dense = np.bincount(at, values, minlength=len(present) * size).reshape(len(present), size)
        return resamples.sums(present, dense).reshape(-1, *self.of)
