"""What learns from corrected annotations: training, evaluation and the acceptance gate.

`accepted`, `folders`, `evaluate_model` and `predict` are here for scripts (see docs/python.md), imported when they are first
used. `train` and `retrain` are in the modules of these names.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from models.evaluate import evaluate_model, predict
    from models.versions import accepted, folders

__all__ = ["accepted", "evaluate_model", "folders", "predict"]

_HOME = {
    "accepted": "models.versions",
    "evaluate_model": "models.evaluate",
    "folders": "models.versions",
    "predict": "models.evaluate",
}


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
