"""What a workspace holds: the current row of every key of every table, and every other file, each as a digest."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

# The columns that are the key of a table; of the others it is the first.
KEYS = {
    "pushed": ("url", "project", "key", "model_version"),
    "annotations": ("url", "id", "document"),
    "submitted": ("url", "id"),
    "drafts": ("url", "id"),
    "edits": ("url", "id", "document"),
    "pulled": ("url", "project"),
    "verdicts": ("url", "annotation", "time", "document", "place"),
    "assignments": ("group", "person"),
    "asked": ("url", "project", "task"),
    "sides": ("document", "by"),
}
# What says when something was done, and differs from run to run.
TIMES = {"when", "made_at", "until", "swept", "seen", "time"}
TIMES_OF = {"assignments": {"created"}}
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d{6}\.\d+")
_SHARD = re.compile(r"\d+-[0-9a-f]+\.parquet")
# A shard of `hemu bulk` in the making; where it is killed right after done.json, the file stays and says nothing any more.
_BEGUN = "begun.json"
_LEFT = re.compile(r"\..*\.tmp")


@dataclass
class State:
    """By table and key a digest of the row, by name a digest of every other file, and what was left lying about."""

    rows: dict[str, dict[str, str]] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    shards: dict[str, str] = field(default_factory=dict)
    left: list[str] = field(default_factory=list)
    stored: int = 0
    """How many rows are stored in all, superseded ones too."""

    def unlike(self, other: State) -> str:
        """How this differs from the other, in a few words; "" where it does not."""
        for name in sorted(self.rows.keys() | other.rows.keys()):
            mine, theirs = self.rows.get(name, {}), other.rows.get(name, {})
            for key in sorted(mine.keys() | theirs.keys()):
                if mine.get(key) != theirs.get(key):
                    how = "missing" if key not in mine else "too many" if key not in theirs else "other"
                    return f"{name}: {key}: {how}"
        for name in sorted(self.files.keys() | other.files.keys()):
            if self.files.get(name) != other.files.get(name):
                how = "missing" if name not in self.files else "too many" if name not in other.files else "other"
                return f"{name}: {how}"
        return ""

    def between(self, before: State, after: State) -> str:
        """What of this is neither as it was before nor as it should be after, or is gone; "" where nothing is."""
        for name in sorted(self.rows.keys() | before.rows.keys()):
            mine, old, new = (state.rows.get(name, {}) for state in (self, before, after))
            for key in sorted(mine.keys() | old.keys()):
                if mine.get(key) not in (old.get(key), new.get(key)):
                    return f"{name}: {key}: {'lost' if key not in mine else 'half done'}"
        for name in sorted(self.files.keys() | before.files.keys()):
            if self.files.get(name) not in (before.files.get(name), after.files.get(name)):
                return f"{name}: {'lost' if name not in self.files else 'half done'}"
        return ""


def state_of(root: Path, masked: frozenset[str] = frozenset()) -> State:
    """The state of a workspace, or of any folder. Raises where a shard cannot be read."""
    state = State()
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        if _LEFT.fullmatch(path.name):
            state.left.append(name)
        elif path.is_dir() or path.name == _BEGUN or any(part.startswith(".") for part in name.split("/")):
            continue
        elif _SHARD.fullmatch(path.name):
            _rows(state, path, path.parent.relative_to(root).as_posix())
            state.shards[name] = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
        elif _MOMENT.sub("TIME", name) not in masked:
            state.files[_MOMENT.sub("TIME", name)] = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    return state


def _rows(state: State, path: Path, table: str) -> None:
    held = state.rows.setdefault(table, {})
    with pq.ParquetFile(path) as file:
        found = file.read(use_threads=False)
    columns = KEYS.get(table.split("/")[-1], (found.schema.names[0],))
    for row in found.to_pylist():
        state.stored += 1
        key = " ".join(str(row[column]) for column in columns if column in row and column not in TIMES)
        times = TIMES | TIMES_OF.get(table, set())
        plain = {column: value for column, value in row.items() if column not in times}
        held[key] = hashlib.sha256(json.dumps(plain, default=_text, sort_keys=True).encode()).hexdigest()[:16]


def _text(value: Any) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)
