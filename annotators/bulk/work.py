"""What is done with one shard: through all stages in a workspace of its own, which then goes where the results go."""

from __future__ import annotations

import hashlib
import json
import tempfile
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from annotators.bulk.places import Place
from annotators.bulk.shards import Shard
from corpus.errors import HemuError
from corpus.report import StageReport
from corpus.store import CONFIG, Workspace, write_atomically

DONE = "done.json"
"""What says that a shard is whole; it is written last, and names every file with its SHA-256."""

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

    What goes wrong with the shard is in the outcome; only what is wrong with the machine is raised.
    """
    try:
        return _do(job)
    except HemuError as error:
        return Outcome(job.shard.name, error=str(error))
    except OSError as error:
        return Outcome(job.shard.name, error=f"{error.filename or 'reading or writing'}: {error.strerror or error}")


def _do(job: Job) -> Outcome:
    source, out = Place(job.shard.address), Place(job.out)
    with tempfile.TemporaryDirectory(prefix="hemu-") as temporary:
        articles, root = Path(temporary) / "articles", Path(temporary) / "workspace"
        for name in job.shard.files:
            source.fetch(f"{job.shard.base}/{name}", _inside(articles, name))
        Workspace.create(root)
        for name, data in job.recipe.settings:
            write_atomically(root / name, data)
        reports = _stages(Workspace.open(root), articles, job.recipe)
        files = {str(path.relative_to(root)): path for path in sorted(root.rglob("*")) if _goes(path)}
        record = _record(job, reports, {name: _sha(path) for name, path in files.items()})
        for name, path in files.items():
            out.write(out.below(job.shard.name, name), path.read_bytes())
        out.write(out.below(job.shard.name, DONE), _json(record))
    return Outcome(job.shard.name, **record["counts"], skipped=[tuple(each) for each in record["skipped"]])


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
