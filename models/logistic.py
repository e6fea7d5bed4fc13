"""Logistic regression drawn to given weights, as the shipped weights of entities and claims are fitted."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]

_ROUNDS = 40
_SMALL = 1e-6


def fit_logistic(x: Vector, y: Vector, penalty: Vector, prior: Vector) -> Vector:
    """The weights of logistic regression with an L2 penalty on their distance from `prior`, by Newton's method.

    `x` has a row a sample and a column a feature, `y` is 1 or 0 for each sample; `penalty` and `prior` have a number
    for each feature.
    """
    w = prior.copy()
    for _ in range(_ROUNDS):
        p = 1.0 / (1.0 + np.exp(-np.clip(x @ w, -30, 30)))
        step = np.linalg.solve((x.T * (p * (1 - p))) @ x + np.diag(penalty), x.T @ (p - y) + penalty * (w - prior))
        w -= step
        if np.abs(step).max() < _SMALL:
            break
    return w
