"""Coefficients of agreement, from tables of counts.

Tables may have leading axes (a table for each resample of a bootstrap); the last two are the categories of the two
sides. A coefficient is NaN where it is not defined: nothing was compared, or all is one category, so that chance alone
explains everything.

Cohen 1960 is `cohen`. `fleiss` is Fleiss 1971 in the form for unequal numbers of annotators (Gwet 2014, Handbook of
Inter-Rater Reliability, 4th ed., ch. 2), equal to it where all units have as many. `alpha` is Krippendorff's α for
nominal data with missing values (Krippendorff 2011, Computing Krippendorff's Alpha-Reliability), `unitizing` his u-α
in the form of Krippendorff, Mathet, Bouvry and Widlöcher 2016 (On the reliability of unitizing textual continua,
Quality & Quantity 50, eq. 1-5): it compares the continuum of characters, units and gaps between them.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[Any]


def ratio(part: Numbers, whole: Numbers) -> Numbers:
    """`part / whole`, NaN where the whole is 0."""
    import numpy as np

    part, whole = np.asarray(part, float), np.asarray(whole, float)
    undefined = np.full(np.broadcast(part, whole).shape, np.nan)
    quotient: Numbers = np.divide(part, whole, out=undefined, where=whole > 1e-12)
    return quotient


def f1(found: Numbers, of: Numbers, right: Numbers, predicted: Numbers) -> Numbers:
    """F1 of two annotators: `found` of the first one's marks have a match, and `right` of the second one's."""
    recall, precision = ratio(found, of), ratio(right, predicted)
    import numpy as np

    # One side that marked nothing where the other did: no agreement; nothing on both sides: nothing to tell.
    recall, precision = np.nan_to_num(recall), np.nan_to_num(precision)
    score = np.nan_to_num(ratio(2 * precision * recall, precision + recall))
    return np.where(np.asarray(of) + np.asarray(predicted) > 0, score, np.nan)


def cohen(table: Numbers) -> Numbers:
    """Cohen's κ of two annotators from the table of the categories that they give the units.

    >>> import numpy as np
    >>> float(cohen(np.array([[20, 5], [10, 15]])).round(9))
    0.4
    """
    total, agreed, rows, columns = _margins(table)
    observed, chance = ratio(agreed, total), ratio((rows * columns).sum(-1), total**2)
    return ratio(observed - chance, 1 - chance)


def fleiss(table: Numbers) -> Numbers:
    """Fleiss' κ from pairs of annotators: each pair of a unit that n annotators saw counts 2 / (n (n - 1)).

    So each unit counts once, with the share of its pairs that agree; chance is from the mean shares of the categories.
    """
    total, agreed, rows, columns = _margins(table)
    observed, chance = ratio(agreed, total), (ratio(rows + columns, 2 * total[..., None]) ** 2).sum(-1)
    return ratio(observed - chance, 1 - chance)


def alpha(coincidences: Numbers) -> Numbers:
    """Krippendorff's α (nominal) from coincidences: each ordered pair of a unit with n values counts 1 / (n - 1)."""
    total, agreed, rows, _ = _margins(coincidences)
    return alpha_of(total - agreed, total, (rows**2).sum(-1))


def alpha_of(disagreed: Numbers, values: Numbers, squares: Numbers) -> Numbers:
    """The same from the coincidences that disagree, the number of values, and the sum of each category's squared."""
    return 1 - ratio((values - 1) * disagreed, values**2 - squares)


def unitizing(coincidences: Numbers, squares: Numbers) -> Numbers:
    """Krippendorff's u-α from coincidences of characters (category 0: gap) and what units meet themselves.

    `squares` are for each category the summed squared lengths of its units, for gaps their summed lengths: a unit
    stays whole, a gap has no structure. With all labels made one, it is |u-α, of positions only.
    """
    total, agreed, rows, _ = _margins(coincidences)
    expected = total * ratio((rows**2).sum(-1) - squares.sum(-1), total**2 - squares.sum(-1))
    return 1 - ratio(total - agreed, total - expected)


def one_against_rest(table: Numbers, category: int) -> Numbers:
    """The table of two categories: this one, and all others together."""
    import numpy as np

    total, _, rows, columns = _margins(table)
    both, first, second = table[..., category, category], rows[..., category], columns[..., category]
    parts = [both, first - both, second - both, total - first - second + both]
    return np.stack(parts, -1).reshape(*table.shape[:-2], 2, 2)


def mirrored(table: Numbers) -> Numbers:
    """The table with both orders of each pair."""
    import numpy as np

    both: Numbers = table + np.swapaxes(table, -1, -2)
    return both


def _margins(table: Numbers) -> tuple[Numbers, Numbers, Numbers, Numbers]:
    import numpy as np

    table = np.asarray(table, float)
    return table.sum((-1, -2)), np.trace(table, axis1=-2, axis2=-1), table.sum(-1), table.sum(-2)


# ---- from ratings, for those who have them as they are


def of_ratings(ratings: Sequence[Sequence[Hashable]]) -> dict[str, float]:
    """Fleiss' κ and Krippendorff's α of units, each with the categories that its annotators gave (None: missing).

    Units with fewer than two values count for neither.

    >>> of_ratings([["A", "A"], ["A", "B"], ["B", "B"], ["B", None]])["alpha"]
    0.4444444444444444
    """
    import numpy as np

    units = [[value for value in unit if value is not None] for unit in ratings]
    units = [unit for unit in units if len(unit) > 1]
    codes = {value: code for code, value in enumerate(dict.fromkeys(v for unit in units for v in unit))}
    shared, coincidences = np.zeros((len(codes), len(codes))), np.zeros((len(codes), len(codes)))
    for unit in units:
        n = np.bincount([codes[value] for value in unit], minlength=len(codes)).astype(float)
        pairs = np.outer(n, n) - np.diag(n)
        shared += pairs / (len(unit) * (len(unit) - 1))
        coincidences += pairs / (len(unit) - 1)
    return {"fleiss": float(fleiss(shared)), "alpha": float(alpha(coincidences))}


def cohens_kappa(first: Numbers, second: Numbers) -> float:
    """Cohen's κ of two equally long rows of categories; NaN where both have the same one throughout.

    >>> import numpy as np
    >>> cohens_kappa(np.array([1, 1, 0, 0]), np.array([1, 0, 0, 0]))
    0.5
    """
    import numpy as np

    if not len(first):
        return float("nan")
    values, codes = np.unique(np.concatenate([first, second]), return_inverse=True)
    a, b = codes[: len(first)], codes[len(first) :]
    size = len(values)
    return float(cohen(np.bincount(a * size + b, minlength=size * size).reshape(size, size)))
