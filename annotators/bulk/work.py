"""What is done with one shard: through all stages in a workspace of its own, which then goes where the results go."""

from __future__ import annotations

import hashlib
import json
import logging
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from annotators.bulk.places import Place
from annotators.bulk.scratch import scratch
from annotators.bulk.shards import Shard
from corpus.errors import HemuError
from corpus.report import StageReport
from corpus.store import CONFIG, Workspace, write_atomically

log = logging.getLogger(__name__)

DONE = "done.json"
"""What says that a shard is whole; it is written last, and names every file with its SHA-256."""

# The names of the files that a shard may have, while they are being written.
_BEGUN = "begun.json"

_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Recipe:
    """How articles are worked on: the settings of a workspace (files by name), and the annotators."""

    settings: tuple[tuple[str, bytes], ...]
    annotators: tuple[str, ...]
    fast: bool = False
    weighed: bool = True

    @property
    def digest(self) -> str:
        """Changes with anything that the results depend on, the version of hemu and of the annotators included."""
        from importlib.metadata import version

        from annotators.pipeline import load

        made = load(self.annotators, self.fast, self.weighed).version
        parts: list[object] = [_FORMAT, version("hemu"), made, self.annotators, self.fast, self.weighed]
        digest = hashlib.sha256(json.dumps(parts).encode())
        for name, data in self.settings:
            digest.update(f"\n{name} {len(data)}\n".encode() + data)
        return digest.hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Job:
    """A shard, what is to be done with it, and where the results go."""

    shard: Shard
    recipe: Recipe
    digest: str
    out: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a shard: the counts, what was left out and why, or the error that stopped it."""

    name: str
    documents: int = 0
    entities: int = 0
    claims: int = 0
    skipped: list[tuple[str, str]] = field(default_factory=list)
    error: str = ""


def do_shard(job: Job) -> Outcome:
    """Work on a shard, whatever of it is there already; a second time gives the same files under the same names.

    What goes wrong is in the outcome: an article that makes hemu fail stops no other shard.
    """
    try:
        return _do(job)
    except HemuError as error:
        return Outcome(job.shard.name, error=str(error))
    except OSError as error:
        return Outcome(job.shard.name, error=f"{error.filename or 'reading or writing'}: {error.strerror or error}")
    except Exception as error:
        log.debug("unexpected", exc_info=True)
        why = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        return Outcome(job.shard.name, error=f"internal error ({why}); please report it, with the articles if you may")


def _do(job: Job) -> Outcome:
    source, out = Place(job.shard.address), Place(job.out)
    with scratch() as folder:
        articles, root = folder / "articles", folder / "workspace"
        for name in job.shard.files:
            source.fetch(f"{job.shard.base}/{name}", _inside(articles, name))
        Workspace.create(root)
        for name, data in job.recipe.settings:
            write_atomically(root / name, data)
        reports = _stages(Workspace.open(root), articles, job.recipe)
        files = {str(path.relative_to(root)): path for path in sorted(root.rglob("*")) if _goes(path)}
        record = _record(job, reports, {name: _sha(path) for name, path in files.items()})
        _put(out, job, files, record)
    return Outcome(job.shard.name, **record["counts"], skipped=[tuple(each) for each in record["skipped"]])


def _put(out: Place, job: Job, files: dict[str, Path], record: dict[str, Any]) -> None:
    """Write the results of a shard, and delete those that an earlier run put there by other settings or from other files.

    What is written is noted first, so that it can be told from what others have put there, also when this is interrupted.
    The record goes before any file that it names, and comes last.
    """

    def at(name: str) -> str:
        return out.below(job.shard.name, name)

    if is_done(out, job.shard, job.digest):
        # By a process that was taken for lost: it has written the same.
        return
    earlier = {*(read_record(out, job.shard.name) or {"files": ()})["files"], *_names(out.read(at(_BEGUN)))}
    out.write(at(_BEGUN), _json(sorted({*earlier, *files})))
    out.remove(at(DONE))
    for name, path in files.items():
        out.write(at(name), path.read_bytes())
    for name in sorted(earlier - files.keys()):
        if not _leads_out(name):
            out.remove(at(name))
    out.write(at(DONE), _json(record))
    out.remove(at(_BEGUN))


def _names(data: bytes | None) -> list[str]:
    try:
        names = json.loads(data or b"[]")
    except ValueError:
        return []
    return [name for name in names if isinstance(name, str)] if isinstance(names, list) else []


def _leads_out(name: str) -> bool:
    return name.startswith("/") or ".." in name.split("/")


def _stages(workspace: Workspace, articles: Path, recipe: Recipe) -> list[StageReport]:
    from annotators.stage import annotate_workspace
    from corpus.align import align_workspace
    from corpus.ingest import ingest
    from corpus.segment import segment_workspace

    # Near-duplicates are found among all shards together, when they are collected. One process a shard: there are others
    # for the other cores.
    reports = [ingest(workspace, [articles])]
    reports += [segment_workspace(workspace, workers=1), align_workspace(workspace, workers=1)]
    annotated = annotate_workspace(
        workspace, names=recipe.annotators, workers=1, fast=recipe.fast, weighed=recipe.weighed
    )
    return [*reports, annotated]


def _inside(folder: Path, name: str) -> Path:
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise HemuError(f"{name}: leads out of its folder; rename it")
    return path


def _goes(path: Path) -> bool:
    """Whether a file of the workspace is part of the results: tables and settings, no locks and temporary files."""
    return path.is_file() and not path.name.startswith(".")


def _record(job: Job, reports: list[StageReport], files: dict[str, str]) -> dict[str, Any]:
    annotated = reports[-1]
    return {
        "format": _FORMAT,
        "recipe": job.digest,
        "mark": job.shard.mark,
        "files": files,
        "counts": {
            "documents": annotated.done,
            "entities": int(annotated.notes.get("entities", 0)),
            "claims": int(annotated.notes.get("claims", 0)),
        },
        "skipped": [[each.what, each.why] for report in reports for each in report.skipped],
        "shard": asdict(job.shard),
    }


def _sha(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _json(value: object) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode("utf-8", "replace")


def read_record(out: Place, name: str) -> dict[str, Any] | None:
    """What a finished shard says of itself; None where it is not finished, or was made by another format."""
    data = out.read(out.below(name, DONE))
    try:
        record = json.loads(data) if data is not None else None
    except ValueError:
        return None
    return record if isinstance(record, dict) and record.get("format") == _FORMAT else None


def is_done(out: Place, shard: Shard, digest: str) -> bool:
    """Whether a shard is there, made from the same files by the recipe with this digest."""
    record = read_record(out, shard.name)
    return record is not None and (record["recipe"], record["mark"]) == (digest, shard.mark)


def recipe_of(workspace: Workspace, *, annotators: tuple[str, ...], fast: bool, weighed: bool) -> Recipe:
    """The recipe that a workspace's settings say."""
    from corpus.own_names import FILE as NAMES
    from corpus.segment.words import FILE as WORDS

    scheme = workspace.scheme_file.relative_to(workspace.root).as_posix()
    names = dict.fromkeys([CONFIG, scheme, WORDS, NAMES])
    settings = tuple(
        (name, (workspace.root / name).read_bytes()) for name in names if (workspace.root / name).is_file()
    )
    return Recipe(settings, annotators, fast, weighed)
