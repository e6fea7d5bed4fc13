"""The kinds of faults by name: each a function of a folder, names, how many and a seed that yields results."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from faulting import kill, postgres, sample, studio, surroundings, tokens
from faulting.runs import here
from faulting.stages import Bench

Kind = Callable[[Path, list[str], int, int], Iterator[dict[str, Any]]]


def warm(folder: Path) -> Bench:
    """A bench, in a process that has imported and loaded what its forks need: it has gone all the way once."""
    sample.smaller_batches()
    bench = Bench(folder)
    for command in (
        *("init w", "ingest in -w w", "dedupe -w w", "segment --workers 1 -w w", "align --workers 1 -w w"),
        *("annotate --fast --workers 1 -w w", "told", "adjudicate -w w", "gold export gold.jsonl -w w"),
        *("dataset --workers 1 -w w", "annotate gold.jsonl out.jsonl --fast"),
    ):
        if command == "told":
            sample.annotated_by_two(folder / "w")
        elif code := here(command.split(), folder):
            raise SystemExit(f"faults: hemu {command} fails undisturbed with exit code {code}")
    shutil.rmtree(folder / "w")
    (folder / "gold.jsonl").unlink()
    (folder / "out.jsonl").unlink()
    return bench


def _with_bench(run: Callable[[Bench, list[str], int, int], Iterator[dict[str, Any]]], most: int) -> Kind:
    def kind(folder: Path, only: list[str], points: int, seed: int) -> Iterator[dict[str, Any]]:
        yield from run(warm(folder), only, points or most, seed)

    return kind


KINDS: dict[str, Kind] = {
    "kill": _with_bench(kill.kills, 30),
    "anytime": _with_bench(kill.anytime, 4),
    "full": _with_bench(kill.full, 8),
    "limit": _with_bench(surroundings.limited, 2),
    "disk": _with_bench(surroundings.disk, 3),
    "read-only": _with_bench(surroundings.read_only, 1),
    "two": _with_bench(surroundings.two, 1),
    "clock": _with_bench(surroundings.clock, 2),
    "studio": _with_bench(studio.faults, 3),
    "postgres": _with_bench(postgres.faults, 6),
    "token": _with_bench(tokens.faults, 8),
    "worker": _with_bench(surroundings.a_worker_dies, 1),
}
