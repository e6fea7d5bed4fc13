"""Matrix products take one thread: in the command and the processes that it starts, and wherever an article is annotated."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy
import pytest
from threadpoolctl import ThreadpoolController

from corpus.threads import one_thread


def threads() -> set[int]:
    numpy.zeros(1)
    return {library["num_threads"] for library in ThreadpoolController().select(user_api="blas").info()}


def test_while_the_block_lasts() -> None:
    with ThreadpoolController().limit(limits=2, user_api="blas"):
        before = threads()
        with one_thread():
            assert threads() == {1}
        assert threads() == before


ASKED = """
from corpus.threads import start_with_one_thread
start_with_one_thread()
import numpy
from threadpoolctl import threadpool_info
print({library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"})
"""


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="one core: there is one thread anyway")
@pytest.mark.parametrize(("told", "found"), [("", "{1}"), ("2", "{2}")])
def test_of_a_process_unless_the_user_says_otherwise(told: str, found: str) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    if told:
        environment["OPENBLAS_NUM_THREADS"] = told
    asked = subprocess.run([sys.executable, "-c", ASKED], env=environment, capture_output=True, text=True, check=True)
    assert asked.stdout.strip() == found
