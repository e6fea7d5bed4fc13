"""The folder in which a version is being trained, and the parts of it that an interruption left finished."""

from __future__ import annotations

import fcntl
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from corpus.errors import WorkspaceError
from corpus.store import write_atomically
from corpus.temporary import sweep, temporary_of

_FINISHED = ".finished"
_LOCK = ".lock"


@contextmanager
def working(folder: Path) -> Iterator[Path]:
    """The folder beside `folder` in which it is made: named after it, so what an interruption left is found again.

    The version is made from what is learnt, so parts of one name were made from the same. It is removed afterwards where
    nothing in it is finished. Raises WorkspaceError where another process is training the same version.
    """
    work = folder.with_name(f".{folder.name}.work")
    work.mkdir(parents=True, exist_ok=True)
    with (work / _LOCK).open("w") as handle:
        if not _locked(handle):
            raise WorkspaceError(f"{folder.parent}: another hemu retrain is training {folder.name}; wait for it to end")
        try:
            yield work
        finally:
            if work.is_dir() and not any(path.name != _LOCK for path in work.iterdir()):
                shutil.rmtree(work, ignore_errors=True)


def part(work: Path, name: str, make: Callable[[Path], dict[str, Any]]) -> tuple[dict[str, Any], bool]:
    """What `make` says of the model that it writes to the folder `name` of `work`; made once, and whether it was now."""
    mark = work / _FINISHED / f"{name}.json"
    if mark.is_file() and (work / name / "meta.json").is_file():
        try:
            return dict(json.loads(mark.read_text(encoding="utf-8"))), False
        except ValueError:
            pass
    record = make(work / name)
    mark.parent.mkdir(exist_ok=True)
    write_atomically(mark, json.dumps(record).encode())
    return record, True


@contextmanager
def replaced(folder: Path) -> Iterator[Path]:
    """A folder to write to, which takes the place of `folder` once all is written: what is there is always whole."""
    sweep(folder.parent, folder.name)
    written = temporary_of(folder)
    shutil.rmtree(written, ignore_errors=True)
    try:
        yield written
        shutil.rmtree(folder, ignore_errors=True)
        written.replace(folder)
    finally:
        shutil.rmtree(written, ignore_errors=True)


def finish(work: Path, folder: Path) -> None:
    """Give the finished version its name, and remove what other interruptions left that nobody goes on with."""
    shutil.rmtree(work / _FINISHED, ignore_errors=True)
    (work / _LOCK).unlink(missing_ok=True)
    work.replace(folder)
    for other in folder.parent.glob(".*.work"):
        with (other / _LOCK).open("w") as handle:
            if _locked(handle):
                shutil.rmtree(other, ignore_errors=True)


def _locked(handle: Any) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
