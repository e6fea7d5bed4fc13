"""Which files the paths given to `ingest` name, and what is passed over on the way."""

from __future__ import annotations

import fnmatch
import glob
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from corpus.errors import InputError
from corpus.ingest.arrow import DICT, is_dataset
from corpus.ingest.names import printable
from corpus.report import Skipped

OWN = frozenset(
    [
        *("documents", "originals", "removals", "clusters", "segments", "alignments", "pairs", "layers", "pushed"),
        *("assignments", "annotations", "submitted", "drafts", "edits", "pulled", "asked", "verdicts", "gold", "sides"),
        *("datasets", "models", "migrations"),
    ]
)
"""The folders that hemu itself writes in a workspace: no article is to be found there."""

_SHOWN_MAX = 120


@dataclass(frozen=True, slots=True)
class File:
    """A file to be read; `relative` is its path below the folder that was given, `shown` its name in messages."""

    path: Path | None
    relative: PurePath
    shown: str


def find_files(paths: Iterable[Path | str], *, leave_out: Path | None = None) -> Iterator[File | Skipped]:
    """The files that the paths name, folders searched to the bottom in the order of names; each file once.

    A path that does not exist and has "*", "?" or "[" in it is a pattern ("articles/**/*.html"), and what it matches is
    named from its first such part on. A dataset of Hugging Face's `save_to_disk` comes as one File, whose path is its
    folder. Hidden files and folders are passed over, and so is the folder `leave_out` (the workspace itself). A folder
    below that cannot be read, or is a link, comes as Skipped. A path of None in a File stands for standard input ("-").
    Raises InputError, before the first file, for a path that does not exist or cannot be reached, for one that is the
    workspace or lies in its own tables, and for "-" where standard input is closed.
    """
    avoid = Path(os.path.realpath(leave_out)) if leave_out else None
    given = [each for path in paths for each in _given(str(path), avoid)]
    for name, path, _ in given:
        _check(name, path, avoid)
    seen: set[str] = set()
    for name, path, base in given:
        if name == "-":
            if name not in seen:
                seen.add(name)
                yield File(None, PurePath("standard-input"), "standard input")
            continue
        folder = path.is_dir()
        files, skipped = _below(path, avoid) if folder else ([path], [])
        for file in files:
            # Unlike Path.resolve this does not raise where links lead in a circle.
            real = os.path.realpath(file)
            if real not in seen:
                seen.add(real)
                yield File(file, _relative(file, path, base), _shown(str(file)))
        yield from skipped


def _relative(file: Path, path: Path, base: Path | None) -> PurePath:
    """A file's path below the folder that was given; a dataset keeps its own name, and that of the folder of several."""
    if base is not None:
        return file.relative_to(base)
    if not os.path.isdir(path):  # noqa: PTH112  (Path.is_dir raises where a path is too long)
        return PurePath(file.name)
    below = file.relative_to(path)
    named = os.path.isdir(file) and (file == path or (path / DICT).exists())  # noqa: PTH112
    return PurePath(Path(os.path.realpath(path)).name) / below if named else below


def _given(name: str, avoid: Path | None) -> Iterator[tuple[str, Path, Path | None]]:
    """A path as it was given, or those that it matches as a pattern, with the folder that the pattern starts from."""
    path = Path(name)
    if name == "-" or not glob.has_magic(name) or os.path.lexists(name):
        yield name, path, None
        return
    parts = path.parts
    first = next(at for at, part in enumerate(parts) if glob.has_magic(part))
    base = Path(*parts[:first])
    if "**" in parts:
        # Not by glob, which goes through links and can go round in circles.
        below = (file.relative_to(base) for file in _below(base, avoid)[0])
        found = [base / file for file in below if _matches(file.parts, parts[first:])]
    else:
        found = [Path(match) for match in sorted(glob.glob(name))]  # noqa: PTH207  (Path.glob finds what is hidden)
        found = [match for match in found if Path(os.path.realpath(match)) != avoid]
    if not found:
        raise InputError(f"{_shown(name)}: matches no file or folder; expected articles to ingest")
    yield from ((str(match), match, base) for match in found)


def _matches(parts: Sequence[str], pattern: Sequence[str]) -> bool:
    """Whether the parts of a path match those of a pattern, of which "**" stands for any number of folders."""
    if not pattern:
        return not parts
    if pattern[0] == "**":
        rest = pattern[1:] or ("*",)
        return any(_matches(parts[at:], rest) for at in range(len(parts)))
    return bool(parts) and fnmatch.fnmatchcase(parts[0], pattern[0]) and _matches(parts[1:], pattern[1:])


def _check(name: str, path: Path, workspace: Path | None) -> None:
    """Raises InputError where a path that was given cannot be ingested."""
    if name == "-":
        if sys.stdin is None or sys.stdin.closed:
            raise InputError("standard input is closed; expected an article or JSON Lines on it, or the name of a file")
        return
    shown = printable(name if len(name) <= _SHOWN_MAX else name[: _SHOWN_MAX - 1] + "…")
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        raise InputError(f"{shown}: no such file or folder; expected articles to ingest") from None
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise InputError(f"{shown}: cannot be read: {why}; expected articles to ingest") from None
    real = Path(os.path.realpath(path))
    if workspace is None or not real.is_relative_to(workspace):
        return
    if real == workspace:
        raise InputError(f"{shown}: is the workspace itself; name the files or folders that hold your articles")
    if real.relative_to(workspace).parts[0] in OWN:
        raise InputError(
            f"{shown}: is in the workspace's own tables; name the files or folders that hold your articles"
        )


def _below(folder: Path, avoid: Path | None) -> tuple[list[Path], list[Skipped]]:
    """The files below a folder, in the order of names, and the folders that could not be gone into."""
    found: list[Path] = []
    skipped: list[Skipped] = []

    def unreadable(error: OSError) -> None:
        skipped.append(Skipped(_shown(str(error.filename)), f"cannot be read: {error.strerror}"))

    # Each with its real path, which is not asked for anew at each level: it takes a look at every folder above.
    waiting = [(str(folder), os.path.realpath(folder))]
    while waiting:
        # One level at a time: os.walk as a whole calls itself for each, and folders can be deeper than that goes.
        path, real = waiting.pop()
        _, folders, files = next(os.walk(path, onerror=unreadable), ("", [], []))
        if is_dataset(files):
            found.append(Path(path))
            continue
        for name in folders:
            below, there = os.path.join(path, name), os.path.join(real, name)  # noqa: PTH118  (quicker, and as given)
            linked = os.path.islink(below)  # noqa: PTH114  (Path.is_symlink raises where the path is too long)
            if name.startswith(".") or avoid == Path(os.path.realpath(below) if linked else there):
                continue
            if linked:
                # It can lead in a circle or far away.
                skipped.append(Skipped(_shown(below), "is a link to a folder; name it itself to take it in"))
            else:
                waiting.append((below, there))
        if DICT in files:
            files.remove(DICT)
        found += (Path(path, file) for file in files if not file.startswith("."))
    return sorted(found), sorted(skipped, key=lambda each: each.what)


def _shown(path: str) -> str:
    # The end of a path tells more than its beginning.
    return printable(path if len(path) <= 2 * _SHOWN_MAX else "…" + path[1 - 2 * _SHOWN_MAX :])
