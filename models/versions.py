"""The models of a workspace: `models/<version>/`, each with `model.json`, and which of them is in use."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from corpus.document import LANGUAGES, Lang
from corpus.errors import ModelError
from corpus.store import Workspace

MODELS = "models"
ACCEPTED = "accepted"
"""The file in `models/` that names the version in use."""

CLAIMS_FOLDER = "claims-"
"""What the names of the folders with spotters of claims begin with; the language follows."""


def accepted(workspace: Workspace) -> Path | None:
    """The folder of the model in use, or None where there is none."""
    file = workspace.folder(MODELS) / ACCEPTED
    if not file.is_file():
        return None
    name = file.read_text(encoding="utf-8").strip()
    folder = workspace.folder(MODELS) / name
    # A name that is a path would lead to a folder which this workspace has not trained.
    return folder if Path(name).name == name and (folder / "model.json").is_file() else None


def folders(model: Path) -> dict[Lang, Path]:
    """The folders that spaCy loads, by language, of the model in the folder `model`."""
    return {lang: model / lang for lang in LANGUAGES if (model / lang / "meta.json").is_file()}


def claim_folders(model: Path) -> dict[Lang, Path]:
    """The folders of the spotters of claims, by language, of the model in the folder `model`."""
    found = {lang: model / f"{CLAIMS_FOLDER}{lang}" for lang in LANGUAGES}
    return {lang: folder for lang, folder in found.items() if (folder / "meta.json").is_file()}


def read_model(folder: Path) -> dict[str, Any]:
    """What `model.json` in `folder` holds, with the paths of the model; ModelError where it cannot be read."""
    try:
        record: dict[str, Any] = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"{folder / 'model.json'}: cannot be read ({error}); train the model again") from None
    paths = {lang: str(path) for lang, path in folders(folder).items()}
    spotters = {lang: str(path) for lang, path in claim_folders(folder).items()}
    return {**record, "path": str(folder), "paths": paths, "claim_paths": spotters}
