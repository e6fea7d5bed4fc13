"""A trained model as a Python package, which `pip install` installs and `spacy.load` finds by name.

The folder is laid out by spaCy itself (`spacy package`), which also works alone on a model of hemu; here it is built
without the network, and told what the package needs: hemu, where the model has a component of it.
"""

from __future__ import annotations

import contextlib
import io
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from corpus.errors import InputError, ModelError
from corpus.model_folder import read_meta
from models.train import make_folder

FORMS = ("wheel", "sdist")
_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_BUILD = (
    "import sys; from setuptools.build_meta import __legacy__ as b; print(getattr(b, 'build_' + sys.argv[1])('dist'))"
)


@dataclass(frozen=True, slots=True)
class Package:
    """A package that was made: what spacy.load calls it, its version, its folder, and the files built of it."""

    name: str
    version: str
    folder: Path
    files: tuple[Path, ...]
    requirements: tuple[str, ...]


def package(
    model: Path,
    out: Path,
    *,
    name: str | None = None,
    version: str | None = None,
    licence: str | None = None,
    forms: Sequence[str] = ("wheel",),
    force: bool = False,
) -> Package:
    """Make a package of the model in the folder `model`, in a folder of its own under `out`.

    `name` is completed by the language (policy: zh_policy); without one it is that in the model's meta data. `forms` are
    built of it: "wheel", "sdist". What is published says under which licence: `licence`, else that in the meta data, else "none
    stated": it follows from the texts and sets that were learnt from.

    Raises InputError where the name or version is none that a package may have, or the package is there and not `force`d,
    ModelError where the folder holds no whole model, or the build fails.
    """
    from importlib.metadata import version as installed

    from packaging.version import InvalidVersion, Version

    for form in forms:
        if form not in FORMS:
            raise InputError(f"{form}: unknown form of a package; expected one of: {', '.join(FORMS)}")
    meta = read_meta(model)
    try:
        config = (model / "config.cfg").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise ModelError(f"{model}: no package can be made of it (config.cfg cannot be read); train it again") from None
    lang = str(meta["lang"])
    plain = (name or str(meta.get("name") or "hemu")).removeprefix(f"{lang}_")
    version = version or str(meta.get("version") or "0.0.0")
    if not _NAME.fullmatch(plain):
        raise InputError(f"{plain}: no name for a package; expected lower-case letters, digits and single underscores")
    try:
        proper = str(Version(version))
    except InvalidVersion:
        raise InputError(f"{version}: no version of a package; expected one such as 1.0.0") from None
    if proper != version:
        raise InputError(f"{version}: no version as packages write it; expected {proper}")
    full = f"{lang}_{plain}"
    folder = out / f"{full}-{version}"
    if folder.exists() and not force:
        raise InputError(f"{folder}: is there already; give another --version, or --force to replace it")
    make_folder(out)
    shutil.rmtree(folder, ignore_errors=True)
    needs = [str(needed) for needed in meta.get("requirements") or ()]
    if '"hemu' in config and not any(needed.startswith("hemu") for needed in needs):
        # A component or a network of hemu, such as spotters of claims have.
        needs.append(f"hemu>={installed('hemu')}")
    said = {"name": plain, "version": version, "license": licence or meta.get("license") or "none stated"}
    _lay_out(model, out, {**meta, **said, "requirements": needs})
    files = tuple(_built(folder, form) for form in forms)
    made = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
    return Package(full, version, folder, files, tuple(made["requirements"]))


def _lay_out(model: Path, out: Path, meta: dict[str, Any]) -> None:
    """What `spacy package --build none` does."""
    from spacy.cli.package import package as lay_out

    import models.words  # noqa: F401  (registers the component that Chinese models name)
    from corpus.spotting_model import register

    register()
    said = io.StringIO()
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        described = Path(folder) / "meta.json"
        described.write_text(json.dumps(meta, ensure_ascii=False), encoding="utf-8")
        try:
            lay_out(model, out, meta_path=described, create_sdist=False, require_parent=True, silent=False)
        except (Exception, SystemExit) as error:  # a model that is not whole: spaCy raises many kinds
            reason = " ".join(f"{said.getvalue()} {error}".split())[-300:]
            raise ModelError(f"{model}: no package can be made of it ({reason})") from None


def _built(folder: Path, form: str) -> Path:
    """The wheel or source distribution of a package, built with the setuptools that spaCy brings, without the network."""
    line = [sys.executable, "-c", _BUILD, form]
    done = subprocess.run(line, cwd=folder, capture_output=True, text=True)
    if done.returncode:
        reason = " ".join(done.stderr.split())[-300:]
        raise ModelError(f"{folder}: the {form} cannot be built ({reason})")
    shutil.rmtree(folder / "build", ignore_errors=True)
    return folder / "dist" / done.stdout.split()[-1]
