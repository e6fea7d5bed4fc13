"""What a stage reports: how much it did, what was there already, and what it left out and why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

Progress = Callable[[int, int | None], None]
"""What a stage calls as it goes on: how many are done, and of how many (None where that is not known)."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something that a stage left out: what (a path, a document id), and why in one line."""

    what: str
    why: str


@dataclass(slots=True)
class StageReport:
    """The result of one run of a stage. `notes` are further figures, in the order in which they are shown."""

    stage: str
    done: int = 0
    unchanged: int = 0
    skipped: list[Skipped] = field(default_factory=list)
    notes: dict[str, int | float | str] = field(default_factory=dict)
    seconds: float = 0.0
