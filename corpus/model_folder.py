"""The folder of a trained model before anything in it is loaded: where it is, and whether it may be loaded at all.

A model is data: spaCy reads its files without running anything that is in them. Files that would run code when they are
read, pickles, have no place among them, and a folder with one is refused.
"""

from __future__ import annotations

import importlib.util
import json
import logging
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from corpus.document import LANGUAGES
from corpus.errors import ModelError

log = logging.getLogger(__name__)

_PICKLES = frozenset({".pkl", ".pickle", ".joblib", ".dill", ".pt", ".pth", ".ckpt"})


def locate(name: str) -> Path:
    """The folder of a model that is named by its path or, where it is an installed package, by the name of that.

    >>> locate("models/3f2a/en").as_posix()
    'models/3f2a/en'
    """
    folder = Path(name).expanduser()
    if folder.is_dir() or not name.isidentifier():
        return folder
    # The package itself is not imported: it would load all of spaCy to say where its data are.
    spec = importlib.util.find_spec(name)
    for place in (spec.submodule_search_locations or ()) if spec else ():
        try:
            version = json.loads((Path(place) / "meta.json").read_text(encoding="utf-8"))["version"]
        except (OSError, ValueError, KeyError, TypeError):
            continue
        return Path(place) / f"{name}-{version}"
    return folder


def read_meta(folder: Path, made_by: str = "hemu train") -> dict[str, Any]:
    """What `meta.json` of a model says, of which "lang" and "pipeline" are sure to be there.

    Raises ModelError, in one line, where the folder holds no model of spaCy, it is for another language,
    was made by a version of spaCy that this one cannot stand in for, or has a file that would run code.
    """
    try:
        meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
        lang, pipes, version = meta["lang"], list(meta["pipeline"]), str(meta.get("spacy_version", ""))
    except OSError as error:
        raise ModelError(
            f"{folder}: no trained model ({error.strerror}: meta.json); expected a folder that {made_by} wrote, "
            "or the name of an installed package"
        ) from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ModelError(f"{folder}: meta.json is not that of a spaCy model; train the model again") from None
    if lang not in LANGUAGES:
        raise ModelError(f"{folder}: the model is for language {lang!r}; expected one of: {', '.join(LANGUAGES)}")
    _check_version(folder, version)
    for path in sorted(folder.rglob("*")):
        if _is_pickle(path):
            raise ModelError(
                f"{path}: is a pickle, which can run any code when it is read; no model that {made_by} wrote has one"
            )
    return {**meta, "pipeline": pipes}


def labels_of(meta: Mapping[str, Any]) -> frozenset[str]:
    """The labels of entities that a model may propose, by its meta data: those that the gate admitted, or all."""
    own = meta.get("hemu") or {}
    admitted, labels = own.get("admitted"), own.get("labels") or meta.get("labels", {}).get("ner", ())
    return frozenset(labels if admitted is None else admitted)


def check_labels(names: Iterable[str], labels: Iterable[str]) -> None:
    """Raises ModelError where a model among these annotators ("model:PATH") proposes what is not among the labels."""
    known = set(labels)
    for name in names:
        if name.startswith("model:"):
            folder = locate(name.removeprefix("model:"))
            unknown = sorted(labels_of(read_meta(folder)) - known)
            if unknown:
                raise ModelError(
                    f"{folder}: the model has labels that the scheme does not have ({', '.join(unknown)}); train it again"
                )


def _check_version(folder: Path, wanted: str) -> None:
    """`wanted` is a range of versions such as ">=3.8.7,<3.9.0", or "" where the model does not say."""
    from importlib.metadata import version

    from packaging.specifiers import InvalidSpecifier, SpecifierSet
    from packaging.version import Version

    installed = Version(version("spacy"))
    try:
        found = SpecifierSet(wanted)
    except InvalidSpecifier:
        return
    if not wanted or found.contains(installed, prereleases=True):
        return
    least = max(
        (Version(s.version.removesuffix(".*")) for s in found if s.operator in (">=", "==", "~=")), default=None
    )
    # Within a minor version models are the same; a later one reads those of an earlier one.
    if least is None or installed.release[:2] < least.release[:2] or installed.release[0] != least.release[0]:
        raise ModelError(
            f"{folder}: the model is for spaCy {wanted}, and {installed} is installed; train it again, or install that version"
        )
    if installed.release[:2] > least.release[:2]:
        log.warning(
            "%s: the model was trained with spaCy %s; with %s it may find other things", folder, wanted, installed
        )


def _is_pickle(path: Path) -> bool:
    """Whether a file is a pickle, by its name or by what stands in it."""
    if not path.is_file():
        return False
    if path.suffix.lower() in _PICKLES:
        return True
    with path.open("rb") as file:
        # Protocols 2 to 5 begin alike, and all pickles end with a full stop.
        if file.read(1) != b"\x80" or file.read(1) not in (b"\x02", b"\x03", b"\x04", b"\x05"):
            return False
        file.seek(-1, 2)
        return file.read(1) == b"."
