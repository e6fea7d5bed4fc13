"""A form of the dataset as a folder that is there whole or not at all, and is never written over by mistake."""

from __future__ import annotations

import filecmp
import json
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from corpus.dataset.forms.source import Source
from corpus.errors import InputError
from corpus.report import StageReport

Figures = dict[str, int]
Write = Callable[[Source, Path], Figures]
"""Writes a form of the source into an empty folder, and says what is in it."""

NOTE = "export.json"
"""The file in each exported folder that says what it is and what it was made from."""


def export(form: str, write: Write, source: Source, out: Path, *, force: bool = False) -> StageReport:
    """Write a form of the dataset to the folder `out`.

    An `out` that holds the same already is left as it is. One that holds an export which differs is replaced with `force`
    only, and a folder that is no export never.
    Raises InputError for an `out` that may not be replaced, or a document that the form cannot hold.
    """
    started = time.monotonic()
    out = Path(os.path.abspath(out))  # noqa: PTH100 (a link stays a link)
    what = _what(form, source)
    before = _check(out, what, force)
    temporary = out.with_name(f".{out.name}.{os.getpid()}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    try:
        temporary.mkdir(parents=True)
        figures = write(source, temporary)
        note = json.dumps({**what, "holds": figures}, ensure_ascii=False, indent=1)
        (temporary / NOTE).write_bytes(f"{note}\n".encode())
        same = before and _same(temporary, out)
        if not same:
            if before and not force:
                raise InputError(f"{out}: has been changed since it was exported; --force replaces it, changes and all")
            _put(temporary, out, temporary.with_suffix(".old"))
    except OSError as error:
        raise InputError(f"{out}: cannot be written: {error.strerror}") from None
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    documents = figures.pop("documents", 0)
    report = StageReport("export", done=0 if same else documents, unchanged=documents if same else 0)
    report.notes = {"form": form, "version": source.manifest.version, "path": str(out), **figures}
    report.seconds = time.monotonic() - started
    return report


def _what(form: str, source: Source) -> dict[str, Any]:
    manifest = source.manifest
    return {
        "form": form,
        "dataset": manifest.name,
        "version": manifest.version,
        "licence": manifest.licence,
        "citation": manifest.citation,
        "languages": list(source.langs),
        "splits": list(source.splits),
    }


def _check(out: Path, what: dict[str, Any], force: bool) -> bool:
    """Whether there is an export at `out` already; InputError where it may not be touched."""
    if not out.exists() and not out.is_symlink():
        return False
    if out.is_dir() and not any(out.iterdir()):
        return False
    try:
        there = json.loads((out / NOTE).read_text(encoding="utf-8"))
        named = {key: there[key] for key in what}
    except (OSError, ValueError, KeyError, TypeError):
        raise InputError(f"{out}: is there already and is no export of a dataset; name another folder") from None
    if named != what and not force:
        said = ", ".join(f"{key} {named[key]}" for key in what if named[key] != what[key])
        raise InputError(f"{out}: holds another export ({said}); name another folder, or replace it with --force")
    return True


def _same(one: Path, other: Path) -> bool:
    def names(folder: Path) -> list[Path]:
        return sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())

    files = names(one)
    return files == names(other) and all(filecmp.cmp(one / name, other / name, shallow=False) for name in files)


def _put(made: Path, out: Path, aside: Path) -> None:
    shutil.rmtree(aside, ignore_errors=True)
    if out.exists():
        out.replace(aside)
    try:
        made.replace(out)
    except OSError:
        if aside.exists():
            aside.replace(out)
        raise
    shutil.rmtree(aside, ignore_errors=True)
