"""Which articles train, which validate and which test. Both versions of an article always stand on one side."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

SPLITS = ("train", "validation", "test")

_TEST = 0.1
_VALIDATION = 0.1


def assign_splits(keys: Iterable[str], *, held_out: frozenset[str] = frozenset()) -> dict[str, str]:
    """The split of each key (a pair, or a document that stands alone).

    A key's SHA-256, read as a number from 0 to 1, places it: below 0.1 test, below 0.2 validation, else train. So the
    split of an article does not depend on which others there are, and stays when the corpus grows. Two exceptions:
    `held_out` keys are test whatever their number; and of three keys or more no split is left empty: the keys with
    the lowest numbers go to test, then to validation, until each has one. One key is train; two are train and test.

    >>> splits = assign_splits(f"article-{n}" for n in range(40))
    >>> sorted(set(splits.values()))
    ['test', 'train', 'validation']
    >>> assign_splits(["a", "b", "c"], held_out=frozenset({"b"}))["b"]
    'test'
    """
    places = {key: _place(key) for key in keys}
    test = {key for key in places if key in held_out}
    rest = sorted((key for key in places if key not in test), key=lambda key: (places[key], key))
    n = len(rest)
    # Train is served first, then test, then validation.
    room = max(0, n - 2) if test or n > 2 else n - 1
    n_test = min(max(sum(places[key] < _TEST for key in rest), 0 if test else 1), room)
    beyond = sum(places[key] < _TEST + _VALIDATION for key in rest) - n_test
    n_validation = min(max(beyond, 1), max(0, n - n_test - 1))
    test.update(rest[:n_test])
    validation = set(rest[n_test : n_test + n_validation])
    return {key: "test" if key in test else "validation" if key in validation else "train" for key in places}


def _place(key: str) -> float:
    return int(hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:13], 16) / 16**13
