"""Faults around a run: no room, no right to write, another process, another clock."""

from __future__ import annotations

import os
import random
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from faulting.kill import Result, checked, chosen, ended, result
from faulting.runs import LIMIT, Ran, command, fresh
from faulting.shim import Arm
from faulting.stages import Bench, Stage, reference, state

IN_WORKSPACE = [
    "ingest",
    "dedupe",
    "segment",
    "annotate",
    "run",
    "adjudicate",
    "gold import",
    "remove",
    "dataset",
    "collect",
]


def _stages(names: list[str]) -> list[Stage]:
    return [stage for stage in chosen(names or IN_WORKSPACE) if stage.watched == "w"]


def limited(bench: Bench, names: list[str], most: int, seed: int) -> Iterator[Result]:
    """No file may become larger than so many bytes (RLIMIT_FSIZE); then there is no such limit."""
    for stage in _stages(names):
        known = reference(bench, stage)
        draw = random.Random(f"{seed} {stage.name} limited")
        for _ in range(most):
            size = draw.choice([0, 100, 1000, draw.randrange(2000, 20000)])
            place = bench.copy(stage)
            ran = bench.hemu(stage.command, place, limits={resource.RLIMIT_FSIZE: size})
            fault = f"no file larger than {size} bytes"
            yield checked(bench, stage, known, place, ran, ended(ran, dies=False), "limit of size", fault)


@contextmanager
def small_disk(folder: Path, kilobytes: int) -> Iterator[Path]:
    """A file system of that size; PermissionError where this user may mount none."""
    folder.mkdir()
    options = ["-t", "tmpfs", "-o", f"size={kilobytes}k", "hemu-faults", str(folder)]
    if subprocess.run(["mount", *options], stderr=subprocess.DEVNULL).returncode:
        folder.rmdir()
        raise PermissionError
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=False)
        folder.rmdir()


def disk(bench: Bench, names: list[str], most: int, seed: int) -> Iterator[Result]:
    """A disk that is really full: a small file system; then it is made larger and the command is run again."""
    for stage in _stages(names):
        known = reference(bench, stage)
        draw = random.Random(f"{seed} {stage.name} disk")
        source = bench.before(stage.before)
        taken = sum((path.stat().st_size // 4096 + 1) * 4 for path in source.rglob("*") if path.is_file())
        for number in range(most):
            more = draw.randrange(4, 160, 4)
            try:
                with small_disk(bench.folder / f"disk-{number}", taken + more) as place:
                    shutil.copytree(source, place, dirs_exist_ok=True)
                    if stage.prepare:
                        stage.prepare(place)
                    ran = bench.hemu(stage.command, place)
                    subprocess.run(["mount", "-o", "remount,size=64m", str(place)], check=True)
                    held = bench.folder / f"held-{number}"
                    shutil.copytree(place, held)
                    fault = "disk full" if ran.code else "disk full (there was room)"
                    yield checked(
                        bench, stage, known, held, ran, ended(ran, dies=False), "disk that is full", fault, room=more
                    )
            except PermissionError:
                return


def read_only(bench: Bench, names: list[str], most: int, seed: int) -> Iterator[Result]:
    """The workspace is mounted read-only; root may write where modes say no, so that a mode alone proves nothing."""
    for stage in _stages(names):
        known = reference(bench, stage)
        place = bench.copy(stage)
        bound = subprocess.run(["mount", "--bind", place, place], stderr=subprocess.DEVNULL).returncode == 0
        if bound:
            subprocess.run(["mount", "-o", "remount,ro,bind", place], check=True)
        else:
            subprocess.run(["chmod", "-R", "a-w", place], check=True)
        try:
            ran = bench.hemu(stage.command, place)
        finally:
            if bound:
                subprocess.run(["umount", place], check=True)
            else:
                subprocess.run(["chmod", "-R", "u+w", place], check=True)
        problem = ended(ran, dies=False) or ("" if ran.code == 1 else "nothing was said")
        yield checked(bench, stage, known, place, ran, problem, "read-only", "the folder is read-only")


def two(bench: Bench, names: list[str], most: int, seed: int) -> Iterator[Result]:
    """Two processes begin the same command in one workspace: one does it, the other does, or says that it has to wait."""
    for stage in _stages(names or ["ingest", "segment", "annotate", "run", "adjudicate", "dataset"]):
        known = reference(bench, stage)
        arguments = [part.replace("{in}", str(bench.articles)) for part in stage.command]
        for _ in range(most):
            place = bench.copy(stage)
            environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
            both = [
                subprocess.Popen(
                    command(arguments), cwd=place, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
                )
                for _ in range(2)
            ]
            ended_ = [Ran(p.wait(LIMIT), p.stderr.read().decode() if p.stderr else "", 0.0) for p in both]
            refused = [ran for ran in ended_ if ran.code]
            problem = next((ended(ran, dies=False) for ran in refused), "")
            if len(refused) == 2:
                problem = problem or "neither did it"
            ran = refused[0] if refused else ended_[0]
            fault = f"two at once ({'one was refused' if refused else 'both went through'})"
            yield checked(bench, stage, known, place, ran, problem, "two processes", fault)


def clock(bench: Bench, names: list[str], most: int, seed: int) -> Iterator[Result]:
    """The clock goes back by a day or ten years while a command runs, and stays so."""
    for stage in _stages(names):
        known = reference(bench, stage)
        draw = random.Random(f"{seed} {stage.name} clock")
        for number in range(most):
            back = (86_400, 315_576_000)[number % 2]
            after = draw.randrange(0, 40)
            place = bench.copy(stage)
            ran = bench.hemu(stage.command, place, arm=Arm(place / "w", clock=(-back, after)))
            problem = ended(ran, dies=False) or ("" if ran.code == 0 else ran.said)
            fault = f"the clock goes back by {'a day' if back == 86_400 else 'ten years'}"
            yield checked(bench, stage, known, place, ran, problem, "clock", fault)
    if not names:
        yield _two_migrations(bench)


def _two_migrations(bench: Bench) -> Result:
    """A label is renamed twice, the clock being put back in between: the order is that of the renamings."""
    stage = next(stage for stage in chosen(["migrate"]))
    ends = []
    for back in (0, -315_576_000):
        place = bench.copy(stage)
        first = bench.hemu(stage.command, place)
        text = (place / "scheme-2.toml").read_text(encoding="utf-8")
        (place / "scheme-3.toml").write_text(text.replace('"BODY"', '"ORGAN"'), encoding="utf-8")
        again = ("migrate", "scheme-3.toml", "--map", "BODY=ORGAN", "-w", "w")
        ran = bench.hemu(again, place, arm=Arm(place / "w", clock=(back, 0)))
        code = f"from corpus.migration import renames\nfrom corpus.store import Workspace\nprint(renames(Workspace.open({str(place / 'w')!r})))"
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
        said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment).stdout
        ends.append((first.code, ran.code, said, state(stage, place).rows))
    problem = "" if ends[0] == ends[1] else f"{ends[1][:3]} instead of {ends[0][:3]}"
    return result("clock", "migrate", "the clock goes back by ten years between two migrations", None, problem)


def a_worker_dies(bench: Bench, names: list[str], most: int, seed: int) -> Iterator[Result]:
    """One of several processes of a stage is killed, as the system does when memory runs out."""
    import signal
    import threading
    import time

    stage = next(s for s in chosen(["segment"]))
    several = Stage("segment", stage.before, ("segment", "--workers", "2", "-w", "w"))
    known = reference(bench, stage)

    def hunt(parent: int) -> None:
        deadline = time.monotonic() + LIMIT
        while time.monotonic() < deadline:
            found = subprocess.run(
                ["pgrep", "-P", str(parent), "-f", "spawn_main"], capture_output=True, text=True
            ).stdout
            if found:
                time.sleep(0.5)
                os.kill(int(found.split()[0]), signal.SIGKILL)
                return
            time.sleep(0.05)

    for _ in range(most):
        place = bench.copy(several)
        ran = fresh(
            several.command, place, started=lambda pid: threading.Thread(target=hunt, args=(pid,), daemon=True).start()
        )
        problem = ended(ran, dies=False)
        yield checked(bench, stage, known, place, ran, problem, "a worker is killed", "one of two processes is killed")
