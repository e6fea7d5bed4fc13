"""Which articles train, which validate and which test. Both versions of an article always stand on one side."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable

SPLITS = ("train", "validation", "test")

_TEST = 0.1
_VALIDATION = 0.2


def assign_splits(keys: Iterable[str], *, held_out: frozenset[str] = frozenset()) -> dict[str, str]:
    """The split of each key (a pair, or a document that stands alone), given once for each document of it.

    A key's SHA-256, read as a number from 0 to 1, places it: below 0.1 test, below 0.2 validation, else train. So the
    split of an article does not depend on which others there are, and stays when the corpus grows. Two exceptions:
    `held_out` keys are test whatever their number; and of three keys or more no split is left empty: test, then
    validation, is given the lowest number among the keys with both versions, else among all. One key is train; two are
    train and test.

    >>> splits = assign_splits(f"article-{n}" for n in range(40))
    >>> sorted(set(splits.values()))
    ['test', 'train', 'validation']
    >>> assign_splits(["a", "b", "c"], held_out=frozenset({"b"}))["b"]
    'test'
    """
    versions = Counter(keys)
    places = {key: _place(key) for key in versions}
    order = sorted((key for key in versions if key not in held_out), key=lambda key: (places[key], key))
    splits = {key: "test" for key in versions if key in held_out}

    def fill(split: str, below: float, room: int) -> None:
        open_keys = [key for key in order if key not in splits]
        chosen = [key for key in open_keys if places[key] < below][: max(0, room)]
        if not chosen and room > 0 and split not in splits.values():
            chosen = [min(open_keys, key=lambda key: versions[key] < 2)]
        splits.update(dict.fromkeys(chosen, split))

    # One key at least is kept for train, and then one for validation.
    fill("test", _TEST, len(order) - (2 if splits or len(order) > 2 else 1))
    fill("validation", _VALIDATION, sum(key not in splits for key in order) - 1)
    return {key: splits.get(key, "train") for key in versions}


def _place(key: str) -> float:
    return int(hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:13], 16) / 16**13
