"""Matrix products take one thread: in the command and the processes that it starts, and wherever an article is annotated."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from corpus.engine import cores
from corpus.threads import one_thread, products


def threads() -> set[int]:
    return {library["num_threads"] for library in products().info()}


def test_while_the_block_lasts() -> None:
    with products().limit(limits=2):
        assert threads() == {2}
        with one_thread():
            assert threads() == {1}
        assert threads() == {2}


ASKED = """
from corpus.engine import cores
from corpus.threads import start_with_one_thread
start_with_one_thread()
import numpy
from threadpoolctl import threadpool_info
print({library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"})
"""


@pytest.mark.skipif(cores() < 2, reason="one core: there is one thread anyway")
@pytest.mark.parametrize(("told", "found"), [("", "{1}"), ("2", "{2}")])
def test_of_a_process_unless_the_user_says_otherwise(told: str, found: str) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    if told:
        environment["OPENBLAS_NUM_THREADS"] = told
    asked = subprocess.run([sys.executable, "-c", ASKED], env=environment, capture_output=True, text=True, check=True)
    assert asked.stdout.strip() == found
