"""What a training needs to go on where it was interrupted: weights, optimizer, random numbers and the step.

A checkpoint is one file of numpy arrays (nothing in it is ever unpickled) beside the folder of the model, written under a
temporary name and renamed. It names the digest of what the training was given; with other inputs it is not used.
"""

from __future__ import annotations

import io
import json
import logging
import random
import shutil
import sys
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from corpus.errors import ModelError
from corpus.store import write_atomically

if TYPE_CHECKING:
    from spacy.language import Language
    from thinc.api import Model, Optimizer

log = logging.getLogger(__name__)

FILE = "checkpoint.npz"
_FORMAT = 1
_MOMENTS = ("mom1", "mom2", "averages")


@dataclass(frozen=True, slots=True)
class Checkpoints:
    """How often a training is saved: after so many seconds, and after so many updates (0: not by these).

    `folder` is by default a hidden one beside that of the model. With `fresh`, what an earlier training has left is not used.
    """

    folder: Path | None = None
    seconds: float = 60.0
    steps: int = 0
    fresh: bool = False

    def place(self, out: Path) -> Path:
        """The folder for the training of the model `out`."""
        return self.folder or out.with_name(f".{out.name}.training")


class Keeper:
    """Saves a training now and then, and brings a saved one back."""

    def __init__(self, how: Checkpoints, out: Path, digest: str, nlp: Language, optimizer: Optimizer) -> None:
        self.how, self.folder, self.digest = how, how.place(out), digest
        self.nlp, self.optimizer = nlp, optimizer
        self.saved = time.monotonic()

    def resume(self) -> int:
        """Put the saved state back; how many updates had been made, 0 where there is no checkpoint of these inputs."""
        found = None if self.how.fresh else _read(self.folder / FILE)
        if found is None or found[0]["digest"] != self.digest:
            self.remove()
            return 0
        header, arrays = found
        _restore(self.nlp, self.optimizer, header, arrays)
        return int(header["step"])

    def after(self, step: int) -> None:
        """Save, where it is time to, what there is after so many updates; ModelError where that cannot be written."""
        by_steps = self.how.steps and step % self.how.steps == 0
        if by_steps or (self.how.seconds and time.monotonic() - self.saved >= self.how.seconds):
            self.save(step)

    def save(self, step: int) -> None:
        """Save what there is after so many updates."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            write_atomically(self.folder / FILE, _packed(self.nlp, self.optimizer, self.digest, step))
        except OSError as error:
            raise ModelError(f"{self.folder}: a checkpoint cannot be written: {error.strerror}") from None
        self.saved = time.monotonic()

    def remove(self) -> None:
        """Take the checkpoint away."""
        shutil.rmtree(self.folder, ignore_errors=True)


def _packed(nlp: Language, optimizer: Optimizer, digest: str, step: int) -> bytes:
    version, numbers, gauss = random.getstate()
    generator: Any = np.random.get_state(legacy=False)
    arrays: dict[str, Any] = {
        "random": np.array(numbers, np.uint64),
        "numpy": generator["state"]["key"],
    }
    if torch := sys.modules.get("torch"):
        arrays["torch"] = torch.get_rng_state().numpy()
    for name, model in _models(nlp):
        arrays[f"model {name}"] = np.frombuffer(model.to_bytes(), np.uint8)
    places = _places(nlp)
    keys: list[list[Any]] = []
    for key, count in optimizer.nr_update.items():
        place = places(*key)
        if place is None:
            continue
        for moment in _MOMENTS:
            held = getattr(optimizer, moment)
            if held is not None and key in held:
                arrays[f"{moment} {len(keys)}"] = _to_numpy(held[key])
        keys.append([place, key[1], count])
    header = {
        "format": _FORMAT,
        "digest": digest,
        "step": step,
        "random": [version, gauss],
        "numpy": [generator["state"]["pos"], generator["has_gauss"], generator["gauss"]],
        "keys": keys,
    }
    arrays["header"] = np.frombuffer(json.dumps(header).encode(), np.uint8)
    stream = io.BytesIO()
    np.savez(stream, allow_pickle=False, **arrays)
    return stream.getvalue()


def _read(path: Path) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """The header and the arrays of a checkpoint; None where there is none, or it is damaged."""
    try:
        with np.load(path, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        header = json.loads(arrays.pop("header").tobytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        log.warning("%s: the checkpoint cannot be read (%s); the training begins anew", path, str(error)[:100])
        return None
    return (header, arrays) if header.get("format") == _FORMAT else None


def _restore(nlp: Language, optimizer: Optimizer, header: Mapping[str, Any], arrays: Mapping[str, Any]) -> None:
    from thinc.api import get_current_ops

    for name, model in _models(nlp):
        model.from_bytes(arrays[f"model {name}"].tobytes())
    ids = _ids(nlp)
    ops = get_current_ops()
    for n, (place, parameter, count) in enumerate(header["keys"]):
        key = (ids[place], parameter)
        optimizer.nr_update[key] = count
        for moment in _MOMENTS:
            if f"{moment} {n}" in arrays:
                getattr(optimizer, moment)[key] = ops.asarray(arrays[f"{moment} {n}"]).copy()
    # Schedules are generators that know nothing but how often they were asked.
    step: Any = optimizer.step_schedules
    for _ in range(header["step"] if optimizer.schedules else 0):
        step()
    if "torch" in arrays and (torch := sys.modules.get("torch")):
        torch.set_rng_state(torch.from_numpy(arrays["torch"].copy()))
    position, has_gauss, gauss = header["numpy"]
    np.random.set_state(
        {
            "bit_generator": "MT19937",
            "state": {"key": arrays["numpy"], "pos": position},
            "has_gauss": has_gauss,
            "gauss": gauss,
        }
    )
    version, gauss = header["random"]
    random.setstate((version, tuple(arrays["random"].tolist()), gauss))


def _models(nlp: Language) -> Iterator[tuple[str, Model[Any, Any]]]:
    for name, component in nlp.pipeline:
        model: Any = getattr(component, "model", None)
        if hasattr(model, "walk"):
            yield name, model


def _places(nlp: Language) -> Callable[[int, str], str | None]:
    """What says where in the pipeline a parameter is, which the optimizer knows by an id that is another one in each process
    and by a name; None for one that is not in it."""
    nodes: dict[tuple[int, str], str] = {}
    shims: dict[int, str] = {}
    for name, model in _models(nlp):
        for n, node in enumerate(model.walk()):
            for parameter in node.param_names:
                nodes.setdefault((node.id, parameter), f"{name} {n}")
            # Shims, in which other libraries keep theirs, are counted apart: the same number may be a node's.
            for m, shim in enumerate(node.shims):
                shims.setdefault(shim.id, f"{name} {n} {m}")
    return lambda id, parameter: nodes.get((id, parameter)) or shims.get(id)


def _ids(nlp: Language) -> dict[str, int]:
    """The ids of nodes and shims by their places."""
    found = {}
    for name, model in _models(nlp):
        for n, node in enumerate(model.walk()):
            found[f"{name} {n}"] = node.id
            found.update({f"{name} {n} {m}": shim.id for m, shim in enumerate(node.shims)})
    return found


def _to_numpy(array: Any) -> Any:
    return array if isinstance(array, np.ndarray) else array.get()
