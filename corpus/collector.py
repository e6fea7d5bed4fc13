"""How often Python looks for garbage while a dataset is made."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_THRESHOLDS = (100_000, 50, 1000)
"""How many objects are made between two looks at the young ones, and how many of these looks between those at older ones."""


@contextmanager
def rarely_collected() -> Iterator[None]:
    """Let Python look for cycles of objects rarely (see `gc.set_threshold`): in this block, or function as a decorator.

    The annotation of some hundred articles is hundreds of thousands of small objects, which are all there at once and of
    which none are in cycles: they go when nobody holds them any more. At its usual thresholds Python goes through them
    over and over, which took a fifth of the processor time of a whole build. The thresholds are those of the process.
    """
    before = gc.get_threshold()
    gc.set_threshold(*_THRESHOLDS)
    try:
        yield
    finally:
        gc.set_threshold(*before)
