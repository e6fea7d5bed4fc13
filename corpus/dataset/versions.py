"""The versions of the dataset that a workspace has, and the folders that they are in."""

from __future__ import annotations

from pathlib import Path

from corpus.dataset.manifest import MANIFEST, read_manifest
from corpus.errors import InputError

_LATEST = "latest"


def version_folders(workspace: Path) -> list[Path]:
    """The folders of the versions of a workspace, oldest first."""
    found = [path.parent for path in (workspace / "datasets").glob(f"[!.]*/{MANIFEST}")]
    return sorted(found, key=lambda path: ((path / MANIFEST).stat().st_mtime_ns, path.name))


def latest(workspace: Path) -> Path | None:
    """The folder of the version that was built last, None where there is none."""
    try:
        name = (workspace / "datasets" / _LATEST).read_text(encoding="utf-8").strip()
    except OSError:
        name = ""
    path = workspace / "datasets" / name
    if name and Path(name).name == name and (path / MANIFEST).is_file():
        return path
    folders = version_folders(workspace)
    return folders[-1] if folders else None


def version_folder(workspace: Path, name: str) -> Path:
    """The folder of a version: its name or the first digits of it, "latest", or a path.

    Raises InputError, which lists the versions there are, where it is none of these, or where two begin like it.
    """
    folders = version_folders(workspace)
    if name == _LATEST:
        if found := latest(workspace):
            return found
        raise InputError(f"{workspace}: no version of the dataset yet; run: hemu dataset")
    begin = [path for path in folders if path.name.startswith(name)]
    exact = [path for path in begin if path.name == name]
    if len(exact or begin) == 1:
        return (exact or begin)[0]
    if len(begin) > 1:
        raise InputError(f"{name}: {len(begin)} versions begin so: {', '.join(path.name for path in begin)}")
    if Path(name).is_dir():
        return Path(name)
    known = ", ".join(path.name for path in folders) or "none"
    raise InputError(f"{name}: no version of {workspace / 'datasets'} and no folder; there are: {known}")


def without_text_of(workspace: Path, folder: Path) -> Path:
    """The version without text that was made of the version in `folder`; `folder` itself where there is none."""
    version = read_manifest(folder).version
    made = (path for path in version_folders(workspace) if read_manifest(path).extra.get("with_text") == version)
    return max(made, key=lambda path: (path / MANIFEST).stat().st_mtime_ns, default=folder)


def last_two(workspace: Path) -> tuple[Path, Path]:
    """The two versions that were built last, the earlier one first; those without text count where they are both so."""
    last = latest(workspace)
    if last is None:
        raise InputError(f"{workspace}: no version of the dataset yet; run: hemu dataset")
    text = read_manifest(last).text
    others = [path for path in version_folders(workspace) if path != last and read_manifest(path).text == text]
    if not others:
        raise InputError(f"{workspace}: only one version yet ({last.name}); name two versions or folders to compare")
    return others[-1], last
