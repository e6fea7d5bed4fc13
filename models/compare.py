"""How sure a figure is, and whether one prediction is better than another or was only lucky with these articles.

Intervals: the percentile bootstrap over articles (Efron and Tibshirani 1993, An Introduction to the Bootstrap, ch. 13):
as many articles as there are are drawn with replacement, many times. Two predictions are compared on the same draws
(the paired bootstrap: Koehn 2004, Statistical Significance Tests for Machine Translation Evaluation, EMNLP), which gives
the interval of their difference and how probable it is that one is better. The p value is that of approximate
randomisation (Noreen 1989, Computer-Intensive Methods for Testing Hypotheses; Yeh 2000, More accurate tests for the
statistical significance of result differences, COLING): if neither were better, it would not matter which of the two
said what of an article; so they are exchanged, article by article, at random, or in every way where articles are few.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from models.counts import Counts
from models.figures import Path, figures, headline

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[Any]

DRAWS = 2000
SEED = 0
LEVEL = 0.95
FEW = 10
"""With fewer articles than this, intervals are narrower than they should be."""

_ROOM = 4_000_000
"""Numbers that the weights of a block of draws may take."""

# Differences of sums of floats that should be equal are not always.
_TINY = 1e-12


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure with the interval that holds 95 % of its resamples; None where there is none."""

    value: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """A figure of one prediction minus that of another, on the same articles.

    `better` is the probability, by the paired bootstrap, that the first is better (an equal resample counts half), `p` that of
    so large a difference, up or down, if neither were better. `p_holm`, for labels, is adjusted for how many labels
    there are (Holm 1979, A Simple Sequentially Rejective Multiple Test Procedure).
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    better: float | None = None
    p: float | None = None
    p_holm: float | None = None


def intervals(counts: Counts, *, draws: int = DRAWS, seed: int = SEED) -> dict[Path, Interval]:
    """Each figure with its interval. With one article, or without draws, there are no intervals."""
    values = figures(counts, _whole(counts))
    resampled = _resampled([counts], draws, seed)
    return {path: Interval(_number(values[path]), *_bounds(resampled, path)) for path in values}


def differences(first: Counts, second: Counts, *, draws: int = DRAWS, seed: int = SEED) -> dict[Path, Difference]:
    """The F1 figures and shares of `first` minus those of `second`; both must have been counted on the same axes."""
    import numpy as np

    assert first.axes is second.axes
    one, other = (figures(counts, _whole(counts)) for counts in (first, second))
    chosen = [path for path in headline(one) if path in other]
    by_draw = _resampled([first, second], draws, seed)
    exchanged = _exchanged(first, second, draws, seed, chosen)
    result: dict[Path, Difference] = {}
    for path in chosen:
        value = _number(one[path] - other[path])
        low, high = _bounds(by_draw, path)
        drawn = by_draw[path][np.isfinite(by_draw[path])] if by_draw else np.zeros(0)
        better = float((drawn > _TINY).mean() + (np.abs(drawn) <= _TINY).mean() / 2) if len(drawn) else None
        p = _p(exchanged, path, value)
        result[path] = Difference(value, low, high, better, p)
    return _holm(result)


def _whole(counts: Counts) -> tuple[Numbers, ...]:
    return tuple(part.sum(0, keepdims=True) for part in counts.parts)


def _number(values: Numbers) -> float | None:
    import numpy as np

    value = float(values[0])
    return value if np.isfinite(value) else None


def _bounds(resampled: dict[Path, Numbers], path: Path) -> tuple[float | None, float | None]:
    import numpy as np

    if path not in resampled:
        return None, None
    values = resampled[path]
    kept = values[np.isfinite(values)]
    # Of a label that few articles have, most resamples may have nothing.
    if len(kept) < max(20, len(values) // 2):
        return None, None
    tail = 100 * (1 - LEVEL) / 2
    low, high = np.percentile(kept, [tail, 100 - tail])
    return float(low), float(high)


def _resampled(several: list[Counts], draws: int, seed: int) -> dict[Path, Numbers]:
    """Each figure in every draw; of two predictions, the difference."""
    articles = len(several[0].axes.articles)
    if articles < 2 or draws < 1:
        return {}
    random = _generator(seed)

    def weights(size: int) -> Numbers:
        import numpy as np

        drawn = random.integers(0, articles, (size, articles)) + articles * np.arange(size)[:, None]
        return np.bincount(drawn.ravel(), minlength=size * articles).reshape(size, articles).astype(float)

    def block(size: int) -> dict[Path, Numbers]:
        drawn = weights(size)
        found = [figures(counts, tuple(_product(drawn, part) for part in counts.parts)) for counts in several]
        if len(found) == 1:
            return found[0]
        return {path: found[0][path] - found[1][path] for path in headline(found[0])}

    return _joined(block(size) for size in _blocks(draws, articles))


def _exchanged(first: Counts, second: Counts, draws: int, seed: int, paths: list[Path]) -> dict[Path, Numbers]:
    """The differences where the predictions of some of the articles are exchanged; the first row is as they are."""
    import numpy as np

    articles = len(first.axes.articles)
    if articles < 2 or draws < 1:
        return {}
    changes = [b - a for a, b in zip(first.parts, second.parts, strict=True)]
    sums = [(a.sum(0), b.sum(0)) for a, b in zip(first.parts, second.parts, strict=True)]
    random = _generator(seed)
    every = 2**articles <= draws
    start = 0

    def block(size: int) -> dict[Path, Numbers]:
        nonlocal start
        if every:
            chosen = ((np.arange(start, start + size)[:, None] >> np.arange(articles)) & 1).astype(float)
        else:
            chosen = random.integers(0, 2, (size, articles)).astype(float)
            chosen[0] *= start > 0
        start += size
        moved = [_product(chosen, change) for change in changes]
        one = figures(first, tuple(a + change for (a, _), change in zip(sums, moved, strict=True)))
        other = figures(second, tuple(b - change for (_, b), change in zip(sums, moved, strict=True)))
        return {path: one[path] - other[path] for path in paths}

    return _joined(block(size) for size in _blocks(2**articles if every else draws + 1, articles))


def _p(exchanged: dict[Path, Numbers], path: Path, value: float | None) -> float | None:
    import numpy as np

    if value is None or path not in exchanged:
        return None
    values = exchanged[path][np.isfinite(exchanged[path])]
    # As they are counts too: the p value of a random sample of exchanges is never 0.
    return float((np.abs(values) >= abs(value) - _TINY).mean()) if len(values) else None


def _holm(found: dict[Path, Difference]) -> dict[Path, Difference]:
    """With p values adjusted over the labels of a language, kind by kind, and over the types of claims."""
    families: dict[Path, list[Path]] = {}
    for path, difference in found.items():
        if len(path) > 4 and difference.p is not None:
            families.setdefault((*path[:3], *path[4:]), []).append(path)
    result = dict(found)
    for members in families.values():
        most = 0.0
        for rank, path in enumerate(sorted(members, key=lambda path: found[path].p or 0.0)):
            d = found[path]
            most = max(most, min(1.0, (d.p or 0.0) * (len(members) - rank)))
            result[path] = Difference(d.value, d.low, d.high, d.better, d.p, most)
    return result


def _product(weights: Numbers, part: Numbers) -> Numbers:
    product: Numbers = (weights @ part.reshape(len(part), -1)).reshape(len(weights), *part.shape[1:])
    return product


def _blocks(draws: int, articles: int) -> Iterator[int]:
    size = max(1, _ROOM // articles)
    for start in range(0, draws, size):
        yield min(size, draws - start)


def _joined(blocks: Iterable[dict[Path, Numbers]]) -> dict[Path, Numbers]:
    import numpy as np

    several = list(blocks)
    return {path: np.concatenate([block[path] for block in several]) for path in several[0]}


def _generator(seed: int) -> Any:
    import numpy as np

    return np.random.default_rng(seed)


def rounded(value: float | None) -> float | None:
    """To six places, as JSON files have it."""
    return None if value is None else round(value, 6)
