"""What a learning curve says: F1 with intervals, a power law through it, and what twice the gold would bring.

The law is F1(n) = top - b n^-c, the inverse power law that learning curves of classifiers and taggers follow (Figueroa et al.
2012, "Predicting sample size required for classification performance", BMC Medical Informatics and Decision Making 12:8;
Hestness et al. 2017, "Deep learning scaling is predictable, empirically"), fitted by weighted least squares in which, as
there, later points count for more. A law through few points says little of what lies beyond them. Therefore the intervals come
from drawing articles and runs anew (the bootstrap over both: Owen and Eckles 2012, "Bootstrapping data arrays of
arbitrary order"), the fit is done again in each draw, and the law must foretell the last point from those before it: by how
much it misses there, the interval is widened.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from corpus.document import Lang

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[Any]

Verdict = Literal["yes", "hardly", "open"]

WORTH = 0.01
"""A gain in F1 that is worth the work of annotating as much again."""

DRAWS = 1000
_SEED = 0
_EXPONENTS = 40
# Sizes that a law with three numbers needs at least, to be more than a line through points.
_SIZES = 4
# Of gold that is counted for a label: with fewer names there is no curve of it.
_NAMES = 20


@dataclass(frozen=True, slots=True)
class Measured:
    """A model that was measured: its run, how many articles it learnt from, and by held-out article and label the number of
    entities in gold, of predicted ones, and of those that are right."""

    run: int
    learnt: int
    documents: int
    entities: int
    seconds: float
    counts: Mapping[str, Mapping[str, tuple[int, int, int]]]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its interval of 95 %."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Size:
    """Models that learnt from so many articles: the mean over the runs."""

    learnt: int
    runs: int
    entities: float
    f1: Estimate
    precision: float
    recall: float


@dataclass(frozen=True, slots=True)
class Outlook:
    """What the law says: F1 with all gold there is, with twice as much, and the gain; `worth` says whether that is much.

    The law is top - slope n^-exponent; the slope is 0 where the curve does not rise. `per_ten` is the gain of the next ten
    articles. `missed` is by how much the law, fitted without the last point, missed that.
    """

    articles: int
    now: Estimate
    double: Estimate
    gain: Estimate
    top: float
    slope: float
    exponent: float
    per_ten: float
    missed: float
    worth: Verdict

    def at(self, articles: float) -> float:
        """The F1 that the law has for so many articles."""
        return float(min(1.0, max(0.0, self.top - self.slope * articles**-self.exponent)))


@dataclass(frozen=True, slots=True)
class LabelCurve:
    """The curve of one label, or of all together ("all"). Without an outlook there were too few sizes, or too few names."""

    label: str
    sizes: tuple[Size, ...]
    outlook: Outlook | None


@dataclass(frozen=True, slots=True)
class Curve:
    """The learning curve of one language. `articles` have gold, `held_out` is their number in each run; `labels` are only
    there where they were asked for. `trained` models were measured just now, the others before."""

    lang: Lang
    articles: int
    held_out: int
    runs: int
    all: LabelCurve
    labels: tuple[LabelCurve, ...]
    seconds: float
    trained: int = 0


def fit_curve(lang: Lang, measured: Sequence[Measured], *, articles: int, by_label: bool = False) -> Curve:
    """The curve from models that were measured; `articles` is how many have gold."""
    names = sorted({label for point in measured for row in point.counts.values() for label in row})
    table = _Table(measured, names)
    labels = tuple(_curve(name, table, index, articles) for index, name in enumerate(names)) if by_label else ()
    return Curve(
        lang,
        articles,
        max((len(point.counts) for point in measured), default=0),
        len({point.run for point in measured}),
        _curve("all", table, None, articles),
        tuple(curve for curve in labels if curve.sizes),
        round(sum(point.seconds for point in measured), 1),
    )


class _Table:
    """The counts as an array (point, article, label, [gold, predicted, right]), and how often a draw has each article."""

    def __init__(self, measured: Sequence[Measured], labels: Sequence[str]) -> None:
        import numpy as np

        self.points = sorted(measured, key=lambda point: (point.learnt, point.run))
        articles = {name: row for row, name in enumerate(sorted({n for point in measured for n in point.counts}))}
        column = {label: number for number, label in enumerate(labels)}
        self.counts = np.zeros((len(self.points), len(articles), len(labels), 3))
        for number, point in enumerate(self.points):
            for name, found in point.counts.items():
                for label, values in found.items():
                    self.counts[number, articles[name], column[label]] = values
        self.sizes = sorted({point.learnt for point in self.points})
        self.runs = sorted({point.run for point in self.points})
        random = np.random.default_rng(_SEED)
        many, runs = len(articles), len(self.runs)
        self.articles_drawn = random.multinomial(many, np.full(many, 1 / max(1, many)), DRAWS) if many else None
        self.runs_drawn = random.multinomial(runs, np.full(runs, 1 / max(1, runs)), DRAWS) if runs else None

    def means(self, sums: Numbers, runs_drawn: Numbers) -> Numbers:
        """Sums (draw, point, 3) as precision, recall and F1 by draw and size, the mean over the runs of the draw."""
        import numpy as np

        gold, predicted, right = sums[..., 0], sums[..., 1], sums[..., 2]
        found = np.full((3, *gold.shape), np.nan)
        for row, (part, whole) in enumerate(((right, predicted), (right, gold), (2 * right, gold + predicted))):
            # Where nothing is predicted precision is 0; where there is no gold in a draw, a run says nothing.
            found[row] = np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)
            found[row][gold == 0] = np.nan
        result = np.full((3, gold.shape[0], len(self.sizes)), np.nan)
        weight = runs_drawn[:, [self.runs.index(point.run) for point in self.points]].astype(float)
        for column, size in enumerate(self.sizes):
            at = [number for number, point in enumerate(self.points) if point.learnt == size]
            there = np.where(np.isnan(found[2][:, at]), 0.0, weight[:, at])
            total = there.sum(1)
            for row in range(3):
                summed = (np.nan_to_num(found[row][:, at]) * there).sum(1)
                result[row, :, column] = np.divide(summed, total, out=np.full_like(total, np.nan), where=total > 0)
        return result


def _curve(label: str, table: _Table, index: int | None, articles: int) -> LabelCurve:
    import numpy as np

    counts = table.counts.sum(2) if index is None else table.counts[:, :, index]
    if table.articles_drawn is None or table.runs_drawn is None or counts[..., 0].max(0).sum() < _NAMES:
        return LabelCurve(label, (), None)
    whole = table.means(counts.sum(1)[None], np.ones((1, len(table.runs)), int))[:, 0]
    drawn = table.means(np.einsum("da,pac->dpc", table.articles_drawn, counts), table.runs_drawn)[2]
    sizes = []
    for column, learnt in enumerate(table.sizes):
        points = [point for point in table.points if point.learnt == learnt]
        precision, recall, f1 = (float(value) for value in np.nan_to_num(whole[:, column]))
        mean = sum(point.entities for point in points) / len(points)
        sizes.append(Size(learnt, len(points), mean, _estimate(f1, drawn[:, column]), precision, recall))
    return LabelCurve(label, tuple(sizes), _outlook(table.sizes, whole[2], drawn, articles))


def _outlook(sizes: Sequence[int], f1: Numbers, drawn: Numbers, articles: int) -> Outlook | None:
    import numpy as np

    drawn = drawn[np.isfinite(drawn).all(1)]
    if len(sizes) < _SIZES or not np.isfinite(f1).all() or len(drawn) < 2:
        return None
    x = np.array(sizes, float)
    ends = np.array([articles, 2 * articles], float)
    law, laws = fit_law(x, f1[None]), fit_law(x, drawn)
    (now, double), all_ends = at(law, ends)[0], at(laws, ends)
    missed = float(f1[-1] - at(fit_law(x[:-1], f1[None, :-1]), x[-1:])[0, 0])
    gain = _estimate(double - now, all_ends[:, 1] - all_ends[:, 0])
    # A law cannot fall: where the last points do, or leap, what it says of the gain is as wrong as it was of them.
    gain = Estimate(
        gain.value, max(0.0, min(gain.low, gain.value - abs(missed))), max(gain.high, gain.value + abs(missed))
    )
    top, b, c = (float(value[0]) for value in law)
    further = at(law, np.array([articles + 10.0]))[0, 0]
    worth: Verdict = "yes" if gain.low >= WORTH else "hardly" if gain.high < WORTH else "open"
    return Outlook(
        articles,
        _estimate(float(now), all_ends[:, 0]),
        _widened(_estimate(float(double), all_ends[:, 1]), missed),
        gain,
        top,
        b,
        c,
        float(further - now),
        missed,
        worth,
    )


def _estimate(value: float, drawn: Numbers) -> Estimate:
    import numpy as np

    drawn = drawn[np.isfinite(drawn)]
    low, high = np.quantile(drawn, [0.025, 0.975]) if len(drawn) else (value, value)
    return Estimate(float(value), min(float(value), float(low)), max(float(value), float(high)))


def _widened(estimate: Estimate, missed: float) -> Estimate:
    value = estimate.value
    return Estimate(
        value, max(0.0, min(estimate.low, value - abs(missed))), min(1.0, max(estimate.high, value + abs(missed)))
    )


def fit_law(x: Numbers, y: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    """top, b and c of top - b x^-c for each row of y, with 0 <= b and top <= 1; b is 0 where the curve does not rise.

    >>> import numpy as np
    >>> x = np.array([10.0, 20, 40, 80])
    >>> top, b, c = fit_law(x, (0.8 - 1.5 * x**-0.6)[None])
    >>> round(float(top[0]), 1), round(float(c[0]), 1)
    (0.8, 0.6)
    """
    import numpy as np

    weight = np.arange(1, len(x) + 1) / len(x)
    best: Numbers = np.full(len(y), np.inf)
    result = np.zeros((3, len(y)))
    for c in np.geomspace(0.05, 2.0, _EXPONENTS):
        z: Numbers = x**-c
        mean_z, mean_y = (weight * z).sum() / weight.sum(), (y * weight).sum(1) / weight.sum()
        slope = ((y - mean_y[:, None]) * (z - mean_z) * weight).sum(1) / ((z - mean_z) ** 2 * weight).sum()
        b: Numbers = np.maximum(0.0, -slope)
        top: Numbers = mean_y + b * mean_z
        # Nobody is righter than right: there the law goes through 1 at the end.
        bound = ((1 - y) * z * weight).sum(1) / (z**2 * weight).sum()
        b, top = np.where(top > 1, bound, b), np.where(top > 1, 1.0, top)
        error = ((y - top[:, None] + b[:, None] * z) ** 2 * weight).sum(1)
        better = error < best - 1e-15
        best = np.where(better, error, best)
        for row, value in enumerate((top, b, np.full(len(y), c))):
            result[row] = np.where(better, value, result[row])
    return result[0], result[1], result[2]


def at(law: tuple[Numbers, Numbers, Numbers], x: Numbers) -> Numbers:
    """What laws say of sizes: a row for each law."""
    top, b, c = law
    values: Numbers = top[:, None] - b[:, None] * x[None, :] ** -c[:, None]
    return values.clip(0.0, 1.0)


def answer(curve: Curve, name: str) -> str:
    """Whether it is worth annotating more, in a sentence; `name` is that of the language."""
    outlook = curve.all.outlook
    if outlook is None:
        return f"{name}: too few sizes were measured to look ahead; give more shares."
    gain, double = outlook.gain, outlook.double
    what = (
        f"twice the gold ({2 * outlook.articles} articles) would bring F1 from {_points(outlook.now.value)} to about "
        f"{_points(double.value)} ({_points(double.low)} to {_points(double.high)}), "
        f"a gain of {_points(gain.value)} ({_points(gain.low)} to {_points(gain.high)}) points"
    )
    if outlook.worth == "yes":
        return f"{name}: yes, annotating more is worth it: {what}."
    if outlook.worth == "hardly":
        return f"{name}: more articles like these hardly help: {what}. Look at the errors instead: hemu evaluate."
    return f"{name}: it cannot be told for sure: {what}. More runs (--runs) or more gold would make it clearer."


def _points(share: float) -> str:
    return f"{100 * share:.1f}"
