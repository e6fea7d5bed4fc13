"""Map a stage over batches on the cores of this machine, in order, with bounded memory.

A function and its arguments must be picklable. With one worker everything runs in the calling process.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from multiprocessing import get_context
from typing import TypeVar

from corpus.errors import HemuError
from corpus.threads import start_with_one_thread

A = TypeVar("A")
B = TypeVar("B")


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def batches(items: Iterable[A], size: int) -> Iterator[list[A]]:
    """The items in lists of `size`, the last one shorter.

    >>> list(batches("abcde", 2))
    [['a', 'b'], ['c', 'd'], ['e']]
    """
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch


def map_batches(function: Callable[[A], B], items: Iterable[A], *, workers: int) -> Iterator[B]:
    """`function` of each item, in order. At most two items a worker are under way, so memory stays bounded.

    Workers are started afresh (spawn): a fork would copy the locks and threads of loaded models. Raises HemuError where
    one of them is killed.
    """
    if workers <= 1:
        yield from map(function, items)
        return
    pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=start_with_one_thread)
    try:
        waiting: deque[Future[B]] = deque()
        for item in items:
            waiting.append(pool.submit(function, item))
            if len(waiting) >= 2 * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    except BrokenProcessPool:
        raise HemuError(
            f"one of {workers} processes was ended from outside, most often since memory ran out; what was finished is stored: "
            f"run the same command again, with fewer processes (--workers {max(1, workers // 2)})"
        ) from None
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
