"""What proposes annotations, and the bridge to Label Studio, where people correct them.

`annotate` and `annotate_all` annotate from a script (see docs/python.md); `annotator` registers one of your own. They are
imported when they are first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from annotators.direct import annotate, annotate_all
    from annotators.registry import DEFAULT, Annotator, annotator

__all__ = ["DEFAULT", "Annotator", "annotate", "annotate_all", "annotator"]

_HOME = {"annotate": "annotators.direct", "annotate_all": "annotators.direct"}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOME.get(name, "annotators.registry")), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
