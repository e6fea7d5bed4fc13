"""kill -9 at the calls that change something, and at any moment; full disks; then the same command again."""

from __future__ import annotations

import errno
import random
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from faulting.runs import Ran, fresh
from faulting.shim import MODES, REFUSE, Arm
from faulting.stages import STAGES, Bench, Reference, Stage, points, reference, state
from faulting.state import State

Result = dict[str, Any]


def result(kind: str, what: str, fault: str, ran: Ran | None, problem: str, **more: Any) -> Result:
    """One fault and what happened: `problem` is "" where all is well."""
    line = ran.refusal if ran else ""
    return {
        "kind": kind,
        "what": what,
        "fault": fault,
        "code": ran.code if ran else 0,
        "line": line,
        "problem": problem,
        **more,
    }


def described(calls: tuple[str, ...], at: int, mode: int) -> str:
    """The place where it is hit, without what differs from run to run."""
    return f"{MODES[mode]} {calls[at - 1]}" if 0 < at <= len(calls) else f"{MODES[mode]} call {at}"


def hit(
    bench: Bench, stage: Stage, known: Reference, arm: Arm, kind: str, fault: str, *, dies: bool, twice: bool = False
) -> Result:
    """Run the stage with the fault, look at what is left, run it again, and compare with an undisturbed run."""
    place = bench.copy(stage)
    arm = Arm(place / stage.watched, arm.at, arm.mode, arm.error)
    ran = bench.hemu(stage.command, place, arm=arm)
    problem = ended(ran, dies=dies)
    more: dict[str, Any] = {"at": arm.at, "mode": MODES.get(arm.mode, "")}
    return checked(bench, stage, known, place, ran, problem, kind, fault, twice=twice, **more)


def ended(ran: Ran, *, dies: bool) -> str:
    """What is wrong with how a disturbed run ended."""
    if dies:
        return "" if ran.killed else f"was not killed (exit code {ran.code}): {ran.said[-200:]}"
    if ran.code == 0:
        return ""
    if ran.code != 1:
        return f"exit code {ran.code}: {ran.said[-300:]}"
    return "" if ran.refusal else f"no clear line: {ran.said[-400:]}"


def checked(
    bench: Bench,
    stage: Stage,
    known: Reference,
    place: Path,
    ran: Ran,
    problem: str,
    kind: str,
    fault: str,
    *,
    twice: bool = False,
    **more: Any,
) -> Result:
    """What is left behind has to be readable and of before or after; the same command again has to finish."""
    try:
        left = state(stage, place, known.masked)
        more["left"] = len(left.left)
        if not problem and not stage.removes:
            problem = left.between(masked(known.before, known), known.after)
    except Exception as error:
        problem = problem or f"unreadable afterwards: {type(error).__name__}: {error}"
    again = bench.hemu(stage.command, place)
    if not problem and again.code and "is a workspace already" not in again.said:
        problem = f"the next run fails ({again.code}): {again.said[-300:]}"
    after = state(stage, place, known.masked)
    problem = problem or after.unlike(known.after)
    more |= {"bytes": after.shards == known.after.shards, "repeated": after.stored - known.after.stored}
    more["left after"] = len(after.left)
    if not problem and after.left:
        problem = f"left lying about: {after.left[0]}"
    if twice and not problem:
        third = bench.hemu(stage.command, place)
        last = state(stage, place, known.masked)
        refused = third.code and "is a workspace already" not in third.said
        if refused or last.shards != after.shards or last.unlike(after):
            problem = f"a further run does something: {third.said[-200:]}"
    if not problem:
        shutil.rmtree(place)
    return result(kind, stage.name, fault, ran, problem, **more)


def masked(before: State, known: Reference) -> State:
    """A state without the files that differ from run to run."""
    return State(before.rows, {k: v for k, v in before.files.items() if k not in known.masked}, before.shards)


def chosen(names: list[str]) -> list[Stage]:
    """The stages of these names, all where none are named."""
    return [stage for stage in STAGES if not names or stage.name in names]


def kills(bench: Bench, names: list[str], most: int, seed: int) -> Iterator[Result]:
    """kill -9 at up to `most` places of each stage."""
    for stage in chosen(names):
        known = reference(bench, stage)
        places = list(points(known.calls))
        draw = random.Random(f"{seed} {stage.name}")
        if len(places) > most:
            places = sorted(draw.sample(places, most))
        for number, (at, mode) in enumerate(places):
            fault = described(known.calls, at, mode)
            arm = Arm(bench.folder, at, mode)
            yield hit(bench, stage, known, arm, "kill", fault, dies=True, twice=number % 8 == 0)


def full(bench: Bench, names: list[str], most: int, seed: int) -> Iterator[Result]:
    """The disk is full (or refuses otherwise) from the n-th call on; then there is room again."""
    errors = [errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS]
    for stage in chosen(names):
        known = reference(bench, stage)
        draw = random.Random(f"{seed} {stage.name} full")
        numbers = range(1, len(known.calls) + 1)
        for number, at in enumerate(sorted(draw.sample(numbers, min(most, len(numbers))))):
            error = errors[number % len(errors)] if number % 2 else errno.ENOSPC
            fault = f"{errno.errorcode[error]} from {known.calls[at - 1]} on"
            arm = Arm(bench.folder, at, REFUSE, error)
            yield hit(bench, stage, known, arm, "full disk", fault, dies=False)


def anytime(
    bench: Bench, names: list[str], most: int, seed: int, more: dict[str, str] | None = None
) -> Iterator[Result]:
    """kill -9 of a process of its own after a random time."""
    for stage in chosen(names):
        known = reference(bench, stage)
        # It names shards, whose size is another one in a process of its own.
        records = frozenset(name for name in known.after.files if name.endswith("done.json"))
        files = {name: digest for name, digest in known.after.files.items() if name not in records}
        known = replace(known, masked=known.masked | records, after=replace(known.after, files=files))
        command = [part.replace("{in}", str(bench.articles)) for part in stage.command]
        place = bench.copy(stage)
        whole = fresh(command, place, more=more).seconds
        shutil.rmtree(place)
        draw = random.Random(f"{seed} {stage.name} any time")
        for _ in range(most):
            moment = draw.uniform(0.3, 1.0) * whole
            place = bench.copy(stage)
            ran = fresh(command, place, kill_after=moment, more=more)
            problem = "" if ran.killed else ended(ran, dies=False)
            done = "" if ran.killed else " (was through)"
            fault = f"after {moment / whole:.0%} of its time{done}"
            yield checked(bench, stage, known, place, ran, problem, "kill at any moment", fault)
