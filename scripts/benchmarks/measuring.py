"""What the benchmarks share: running commands and functions and saying what they cost."""

from __future__ import annotations

import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, TypeVar

T = TypeVar("T")

Result = dict[str, float | int | str]
"""A row of a table. A comparison has `name`, `hemu` and `bare` (rates), `against`, `ratio` and `unit`; any other row says
in its keys what it measured."""

HEMU = (sys.executable, "-m", "corpus.cli")

SAMPLED = 0.2
"""Seconds between two looks at the memory of a running command."""


class Cost(NamedTuple):
    """What a command took: seconds by the clock, seconds of processor time of all its processes, and the most memory in MB
    that they held at once (a page that several of them share is counted once)."""

    seconds: float
    processor: float
    peak: int

    def row(self, name: str, digits: int = 1) -> Result:
        return {
            "name": name,
            "seconds": round(self.seconds, digits),
            "processor seconds": round(self.processor, digits),
            "peak MB": self.peak,
        }


def command(line: list[str], environment: dict[str, str] | None = None) -> Cost:
    """Run a command to its end, in this process's environment unless given another. Ends the run where it fails."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began, peak = time.perf_counter(), 0
    # A file, for nobody reads a pipe while the command runs, and a full one would stop it.
    with tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=errors, env=environment)
        while process.poll() is None:
            peak = max(peak, sum(map(_memory_of, family(process.pid))))
            try:
                process.wait(SAMPLED)
            except subprocess.TimeoutExpired:
                continue
        seconds = time.perf_counter() - began
        if process.returncode:
            errors.seek(0)
            raise SystemExit(f"{' '.join(line)} failed:\n{errors.read()}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(seconds, spent, peak // 1024)


def family(pid: int) -> list[int]:
    """A process and all below it (Linux; elsewhere only itself)."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return [pid]
    return [pid, *(below for child in children for below in family(int(child)))]


def _memory_of(pid: int) -> int:
    """Proportional set size in kB, 0 where the process is gone."""
    try:
        found = re.search(r"^Pss:\s+(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)
    except OSError:
        return 0
    return int(found[1]) if found else 0


def by_turns(
    ours: Callable[[T], None], theirs: Callable[[T], None], texts: Callable[[], T], rounds: int
) -> tuple[float, float]:
    """The fewest seconds of processor time (so that what else the machine does is not counted) that each of the two needed.

    They run by turns, each time on what `texts` gives then, after one round that does not count.
    """
    best = [float("inf"), float("inf")]
    for turn in range(rounds + 1):
        for i, function in enumerate((ours, theirs)):
            given = texts()
            began = time.process_time()
            function(given)
            if turn:
                best[i] = min(best[i], time.process_time() - began)
    return best[0], best[1]


def comparison(name: str, characters: int, ours: float, theirs: float, against: str) -> Result:
    """The row for two who needed so many seconds for as many characters."""
    return {
        "name": name,
        "characters": characters,
        "hemu": int(round(characters / ours, -2)),
        "against": against,
        "bare": int(round(characters / theirs, -2)),
        "ratio": round(theirs / ours, 3),
        "unit": "characters",
    }


@contextmanager
def one_core() -> Iterator[None]:
    """Keep this process on one core, where the system can."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
