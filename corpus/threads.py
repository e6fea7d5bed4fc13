"""How many threads numpy's matrix products take: one.

The matrices here are small. A second thread gains nothing with them, and waits for work at full speed, which takes the core
from other processes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any


def start_with_one_thread() -> None:
    """For a process that has not loaded numpy yet, and all that it starts, unless OPENBLAS_NUM_THREADS says otherwise."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


@contextmanager
def one_thread() -> Iterator[None]:
    """Products take one thread while the block lasts, in all threads of the process."""
    with products().limit(limits=1):
        yield


@cache
def products() -> Any:
    """threadpoolctl's controller of the library that numpy multiplies with."""
    import numpy  # noqa: F401  (what is not loaded is not found)
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController().select(user_api="blas")
