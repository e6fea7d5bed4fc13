"""All shards, on the cores of this machine or on a Ray cluster; what is done is not done again."""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Literal, get_args

from annotators.bulk.places import Place
from annotators.bulk.shards import shards_of
from annotators.bulk.work import Job, Outcome, Recipe, do_shard, is_done
from corpus.engine import cores, map_batches
from corpus.errors import HemuError, InputError
from corpus.report import Progress, Skipped, StageReport

Engine = Literal["local", "ray"]
ENGINES: tuple[Engine, ...] = get_args(Engine)

# Megabytes that a process with all models takes, with some room: what Ray is told to keep for each.
_MEMORY = 1500
# How often a shard is begun anew when a machine is lost under it.
_RETRIES = 5
# After so many seconds without a result hemu looks whether any node could give one, and after so many without such a node
# it gives up: a cluster that grows by itself starts nodes within minutes.
_LOOK, _GIVE_UP = 30.0, 600.0

log = logging.getLogger(__name__)


def bulk(
    sources: Iterable[str],
    out: str,
    recipe: Recipe,
    *,
    engine: Engine = "local",
    address: str = "auto",
    workers: int | None = None,
    progress: Progress | None = None,
) -> StageReport:
    """Take every shard of the sources through all stages; the results of each are a workspace below `out`.

    Sources and `out` are paths or URLs that fsspec knows. A shard that is there already, made from the same files in the
    same way, is left alone; one that was not finished is done anew, and gives the same files. With the engine "ray" shards
    go to the Ray cluster at `address`, where hemu has to be installed on every node; a shard whose process or node is lost
    is begun anew elsewhere. `workers`: processes at a time (local: all cores; ray: what the cluster has).

    What goes wrong with a shard is in `report.skipped`, and stops no other. Raises InputError where there is nothing to read,
    or two shards have one name, HemuError where Ray is not installed or its cluster does not answer.
    """
    started = time.monotonic()
    report = StageReport("bulk")
    target = Place(out)
    digest = recipe.digest
    todo: list[Job] = []
    seen: dict[str, str] = {}
    for shard in shards_of([Place(source) for source in sources]):
        if shard.name in seen:
            raise InputError(
                f"{shard.address}: {shard.files[0]} is also below {seen[shard.name]}, and what is made of them would have one "
                "name; name each file once, or the folder above both"
            )
        seen[shard.name] = shard.address
        if is_done(target, shard, digest):
            report.unchanged += 1
        else:
            todo.append(Job(shard, recipe, digest, out))
    notes = {"documents": 0, "entities": 0, "claims": 0}
    run = _local if engine == "local" else _ray
    for number, outcome in enumerate(run(todo, workers, address), 1):
        if outcome.error:
            report.skipped.append(Skipped(outcome.name, outcome.error))
        else:
            report.done += 1
            report.skipped += [Skipped(f"{outcome.name}: {what}", why) for what, why in outcome.skipped]
        for name in notes:
            notes[name] += int(getattr(outcome, name))
        if progress:
            progress(number, len(todo))
    report.notes = {"shards": len(seen), **notes}
    report.seconds = time.monotonic() - started
    return report


def _local(jobs: list[Job], workers: int | None, _: str) -> Iterator[Outcome]:
    yield from map_batches(do_shard, jobs, workers=min(workers or cores(), max(1, len(jobs))))


def _ray(jobs: list[Job], workers: int | None, address: str) -> Iterator[Outcome]:
    if not jobs:
        return
    try:
        import ray
    except ImportError:
        raise HemuError("the engine ray is not installed; install it on every node: pip install 'hemu[ray]'") from None
    ours = not ray.is_initialized()
    if ours:
        _probe(address)
        try:
            ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR, configure_logging=False)
        except Exception as error:
            raise _no_cluster(address, " ".join(str(error).split())[:200]) from None
    try:
        task = ray.remote(num_cpus=1, memory=_MEMORY << 20, max_retries=_RETRIES)(do_shard)
        yield from _in_flight(jobs, task.remote, workers or _cpus(ray.cluster_resources))
    finally:
        if ours:
            ray.shutdown()


def _probe(address: str) -> None:
    """Whether anybody listens there at all: Ray itself would wait for two minutes, and then end the process."""
    host, colon, port = address.removeprefix("ray://").rpartition(":")
    if colon and port.isdigit():
        try:
            socket.create_connection((host.strip("[]"), int(port)), timeout=10).close()
        except OSError as error:
            raise _no_cluster(address, error.strerror or str(error)) from None


def _no_cluster(address: str, why: str) -> HemuError:
    return HemuError(f"no Ray cluster answers at {address!r} ({why}); start one with: ray start --head")


def _cpus(resources: Callable[[], dict[str, float]]) -> int:
    return max(1, int(resources().get("CPU", 1)))


def _in_flight(jobs: list[Job], submit: Callable[[Job], object], at_once: int) -> Iterator[Outcome]:
    """The outcomes as they come; a node that is free has the next shard at hand."""
    import ray

    names: dict[object, str] = {}
    left = iter(jobs)
    alone = 0.0
    while True:
        while len(names) < 2 * at_once and (job := next(left, None)) is not None:
            names[submit(job)] = job.shard.name
        if not names:
            return
        found, _ = ray.wait(list(names), num_returns=1, timeout=_LOOK)
        if not found:
            alone = 0.0 if _any_node() else _still_alone(alone)
            continue
        alone = 0.0
        (ready,) = found
        name = names.pop(ready)
        try:
            yield ray.get(ready)
        except ray.exceptions.RayError as error:
            why = " ".join(str(error).split())[:200]
            yield Outcome(name, error=f"lost on the cluster {_RETRIES + 1} times ({why}); run the same command again")


def _any_node() -> bool:
    """Whether a node of the cluster is there that a shard could be worked on by, now or when it has done others."""
    import ray

    nodes: list[dict[str, Any]] = ray.nodes()  # type: ignore[no-untyped-call]
    offers = [node["Resources"] for node in nodes if node["Alive"]]
    return any(offer.get("CPU", 0) >= 1 and offer.get("memory", 0) >= _MEMORY << 20 for offer in offers)


def _still_alone(seconds: float) -> float:
    """For how long no node has been there, after another look; HemuError where that is too long."""
    what = f"no node of the Ray cluster offers a core and {_MEMORY} MB of memory"
    if seconds + _LOOK >= _GIVE_UP:
        raise HemuError(f"{what}; what was finished is stored: start nodes, then run the same command again")
    if not seconds:
        log.warning("%s; waiting for one", what)
    return seconds + _LOOK
