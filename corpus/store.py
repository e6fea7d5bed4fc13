"""A workspace on disk: `hemu.toml` and tables of Parquet shards, each written whole or not at all.

A table is a folder of shards `NNNNNN-<digest>.parquet`. Writing adds a shard; of rows with the same key the one in
the latest shard counts. Nothing is overwritten, and a reader never sees half a shard.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from corpus.arrays import column, table_of
from corpus.document import Document, Lang
from corpus.errors import InputError, StaleTextError, WorkspaceError
from corpus.schema import DOCUMENTS, Table
from corpus.scheme import Scheme, default_scheme_text, load_scheme
from corpus.temporary import sweep, temporary_of

T = TypeVar("T")

CONFIG, SCHEME = "hemu.toml", "scheme.toml"
VERSION = 1

DEFAULT_CONFIG = """\
# A hemu workspace. No secrets belong in this file.
version = 1

[scheme]
file = "scheme.toml"

[segment]
# Chinese words: "jieba", or "rjieba", which is faster (pip install "hemu[fast]"). Words of your own, one a line, go into
# the file words.txt of this folder.
chinese = "jieba"

[align]
# Without the sentence encoder, alignment is many times as fast and not quite as good.
encoder = true

[annotate]
# In the order of priority: where two propose overlapping entities, the one named first wins.
annotators = {annotators}

# A language model as one more annotator, off unless asked for (hemu annotate --llm): any server that speaks the protocol
# of OpenAI's chat completions. The key is read from the environment variable HEMU_LLM_API_KEY.
# [llm]
# url = "http://localhost:11434/v1"
# model = "qwen3:14b"

[studio]
project = "{name}"
# The server of your own that `hemu studio start` starts; or the address of a team's server, whose token is read
# from the environment variable LABEL_STUDIO_API_KEY or from a file that only you can read (token_file).
server = "default"
# Whether annotators see an arrow between each name and its counterpart in the other language.
show_links = false
# What is handed out first: "uncertainty" (unsure, and unlike the rest), "sequence", or "keep" (as set in Label Studio).
order = "uncertainty"
# Longer articles become several tasks: so many English characters (one Chinese character counts as three); 0: never.
task_length = 6000
# url = "https://label-studio.example.org"
# token_file = "~/.config/hemu/token"

[dataset]
name = "{name}"
licence = "other"
# Where the texts may not be passed on: hemu dataset --push then refuses any version that holds them (use --no-text).
# text = "none"
# What the card says of the dataset and of those who made it (all of it: docs/card.md).
# [dataset.about]
# creators = ["…"]
# contact = "…"
# motivation = "…"

# When a newly trained model takes the place of the one in use (all of it: docs/models.md).
# [retrain]
# min_gain = 0.0
# confidence = 0.5
# floors = { all = 0.6 }
"""


# Rows that are made Python objects at a time, and shards that are kept open.
_ROWS = 64
_OPEN = 6


class Place(NamedTuple):
    """Where a row is: the name of its shard and its number there."""

    shard: str
    row: int


@dataclass(frozen=True, slots=True)
class Head:
    """What a document is, without its text."""

    id: str
    pair: str
    lang: Lang
    sha: str
    source: str
    meta: Mapping[str, str]


@dataclass(frozen=True)
class Workspace:
    """An opened workspace; make one with `Workspace.create`, open one with `Workspace.open`."""

    root: Path

    @classmethod
    def create(cls, root: Path, *, annotators: Iterable[str] = ()) -> Workspace:
        """Make a workspace in `root`, which may exist but may not hold anything.

        Raises WorkspaceError when the folder is a workspace already, is a file, or holds other files.
        """
        if (root / CONFIG).exists():
            raise WorkspaceError(f"{root}: is a workspace already; use it as it is, or name another folder")
        try:
            for name in (SCHEME, CONFIG):
                sweep(root, name)
            # A scheme alone is what an interrupted call left behind.
            if root.exists() and (not root.is_dir() or any(path.name != SCHEME for path in root.iterdir())):
                raise WorkspaceError(f"{root}: exists and is not empty; name a new or an empty folder")
            root.mkdir(parents=True, exist_ok=True)
            write_atomically(root / SCHEME, default_scheme_text().encode())
            names = ", ".join(f'"{name}"' for name in annotators)
            name = "".join(c if c.isalnum() or c in "-_" else "-" for c in root.resolve().name) or "corpus"
            config = DEFAULT_CONFIG.replace("{annotators}", f"[{names}]").replace("{name}", name)
            write_atomically(root / CONFIG, config.encode())
        except OSError as error:
            raise WorkspaceError(f"{root}: cannot be made a workspace: {error.strerror}") from None
        return cls(root)

    @classmethod
    def open(cls, root: Path) -> Workspace:
        """Open the workspace in `root`.

        Raises WorkspaceError when there is none or its hemu.toml cannot be read.
        """
        workspace = cls(root)
        if not os.path.isfile(root / CONFIG):  # noqa: PTH113  (also where the name is too long to exist)
            raise WorkspaceError(f"{root}: not a hemu workspace (no {CONFIG}); make one with: hemu init {root}")
        version = workspace.config.get("version", VERSION)
        if version != VERSION:
            raise WorkspaceError(f"{root / CONFIG}: version is {version!r}; this hemu reads version {VERSION}")
        return workspace

    @cached_property
    def config(self) -> Mapping[str, Any]:
        """What hemu.toml says."""
        try:
            # Some editors put a byte-order mark before a text.
            return tomllib.loads((self.root / CONFIG).read_text(encoding="utf-8-sig"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise WorkspaceError(f"{self.root / CONFIG}: cannot be read: {error}") from None

    def setting(self, section: str, key: str, default: T) -> T:
        """A value of hemu.toml, or `default`; WorkspaceError when it is of another kind than the default."""
        table = self.config.get(section, {})
        value = table.get(key, default) if isinstance(table, Mapping) else default
        if not isinstance(value, type(default)):
            raise WorkspaceError(f"{self.root / CONFIG}: [{section}] {key} is {value!r}; expected {_kind(default)}")
        return value

    @cached_property
    def scheme(self) -> Scheme:
        """The label scheme of this workspace."""
        return load_scheme(self.scheme_file)

    @property
    def scheme_file(self) -> Path:
        """The file of the label scheme; WorkspaceError where hemu.toml or a link leads out of the workspace."""
        name = self.setting("scheme", "file", SCHEME)
        self.folder(name)
        return self.root / name

    def folder(self, name: str) -> Path:
        """The folder of a table or a room of the workspace, which may not exist yet."""
        path = (self.root / name).resolve()
        if not path.is_relative_to(self.root.resolve()):
            raise WorkspaceError(f"{name}: leads out of the workspace {self.root}")
        return path

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the workspace for writing; WorkspaceError when another process does."""
        try:
            handle = open(self.root / ".lock", "w", opener=without_links)  # noqa: SIM115
        except OSError as error:
            raise WorkspaceError(f"{self.root}: cannot be written: {error.strerror}") from None
        with handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise WorkspaceError(f"{self.root}: another hemu command is writing here; wait for it to end") from None
            except OSError as error:
                raise WorkspaceError(
                    f"{self.root}: cannot be locked ({error.strerror}); put it on a file system that has locks"
                ) from None
            # Nobody else writes now: what lies about is of a run that was killed.
            for folder in (self.root, *self.root.glob("*/"), *self.root.glob("layers/*/")):
                sweep(folder)
            yield

    def shards(self, name: str) -> list[Path]:
        """The shards of a table, oldest first."""
        return sorted(self.folder(name).glob("[0-9]*.parquet"))

    def append(self, table: Table[T], values: Iterable[T]) -> int:
        """Add a shard with these values (none is written for no values); returns how many."""
        rows = [table.to_row(value) for value in values]
        if rows:
            self.append_rows(table.name, table_of(rows, table.schema))
        return len(rows)

    def append_rows(self, name: str, rows: pa.Table) -> None:
        """Add a shard with rows that are Arrow's already; they must have the schema of the table `name`."""
        folder, shards = self.folder(name), self.shards(name)
        number = int(shards[-1].name.split("-")[0]) + 1 if shards else 0
        try:
            folder.mkdir(parents=True, exist_ok=True)
            write_shard(folder, f"{number:06d}", rows)
        except OSError as error:
            raise WorkspaceError(f"{folder}: cannot be written: {error.strerror}") from None

    def rows(self, name: str, columns: list[str] | None = None) -> Iterator[dict[str, Any]]:
        """All rows of a table, oldest first, superseded ones too; of `columns` only, where given."""
        for shard in self.shards(name):
            try:
                with pq.ParquetFile(shard) as file:
                    for batch in file.iter_batches(columns=columns):
                        yield from batch.to_pylist()
            except (OSError, pa.ArrowInvalid) as error:
                raise _damaged(shard, error) from None

    def read(self, table: Table[T]) -> dict[str, T]:
        """The current value of each key, in the order in which keys first came."""
        latest: dict[str, T] = {}
        for row in self.rows(table.name):
            value = table.from_row(row)
            latest[table.key(value)] = value
        return latest

    def index(self, table: Table[T]) -> dict[str, Place]:
        """Where the current row of each key is, in the order in which keys first came; only keys are held in memory.

        The index is remembered: when it is asked for again, only shards that were added since are read.
        """
        shards = [shard.name for shard in self.shards(table.name)]
        known, index = self._indices.get(table.name, ([], {}))
        if known != shards[: len(known)]:
            known, index = [], {}
        columns = list(table.key_columns) or [table.schema.names[0]]
        for shard in shards[len(known) :]:
            for row, values in enumerate(zip(*self._columns(table.name, shard, columns), strict=True)):
                index[" ".join(str(value) for value in values)] = Place(shard, row)
        self._indices[table.name] = (shards, index)
        return index

    def current(self, table: Table[T], keys: Iterable[str] | None = None) -> Iterator[T]:
        """The current value of each key (of those in `keys` only, where given), shard by shard, oldest shard first.

        A shard is held at a time, so that memory does not grow with the table. What is added meanwhile is not seen.
        """
        index = self.index(table)
        wanted: dict[str, list[int]] = {}
        for key in index if keys is None else dict.fromkeys(keys):
            if key in index:
                wanted.setdefault(index[key].shard, []).append(index[key].row)
        for shard in sorted(wanted):
            # A batch at a time: a row as Python objects takes many times what it takes in the file.
            rows = sorted(wanted[shard])
            content = self._shard(table.name, shard)
            content = content.select([name for name in content.schema.names if name in table.schema.names])
            for first in range(0, len(rows), _ROWS):
                taken = content.take(column(rows[first : first + _ROWS], pa.int64()))
                yield from map(table.from_row, taken.to_pylist())

    def fetch(self, table: Table[T], keys: Iterable[str]) -> dict[str, T]:
        """The current values of these keys; a key that is not there is left out. The last few shards read are kept."""
        return {table.key(value): value for value in self.current(table, keys)}

    def heads(self) -> Iterator[Head]:
        """What the current documents are, without their texts, in the order in which they first came."""
        columns = ["id", "pair", "lang", "sha", "source", "meta"]
        latest = {row["id"]: row for row in self.rows(DOCUMENTS.name, columns)}
        for row in latest.values():
            yield Head(**{**row, "meta": dict(row["meta"])})

    @cached_property
    def _indices(self) -> dict[str, tuple[list[str], dict[str, Place]]]:
        return {}

    @cached_property
    def _open(self) -> dict[Path, pa.Table]:
        return {}

    def _shard(self, name: str, shard: str) -> pa.Table:
        path = self.folder(name) / shard
        found = self._open.pop(path, None)
        if found is None:
            found = read_shard(path)
        self._open[path] = found
        if len(self._open) > _OPEN:
            del self._open[next(iter(self._open))]
        return found

    def _columns(self, name: str, shard: str, columns: list[str]) -> list[list[Any]]:
        table = read_shard(self.folder(name) / shard, columns)
        return [table.column(column).to_pylist() for column in columns]

    def documents(self) -> dict[str, Document]:
        """All documents by id."""
        return self.read(DOCUMENTS)

    def document(self, id: str) -> Document:
        """One document; InputError when there is none of that id."""
        found = self.fetch(DOCUMENTS, [id])
        if id not in found:
            ids = list(self.index(DOCUMENTS))
            known = ", ".join(ids[:5]) or "none"
            raise InputError(f"{id}: no such document in {self.root}; it has: {known}{', …' if len(ids) > 5 else ''}")
        return found[id]


def _kind(value: object) -> str:
    """What a value of hemu.toml is, in words."""
    names = {bool: "true or false", str: "text in quotes", list: "a list"}
    return names.get(type(value), f"a value like {value!r}")


def write_shard(folder: Path, number: str, rows: pa.Table) -> None:
    """Write rows as the shard `number-digest.parquet`, whole or not at all; the digest is that of its bytes."""
    sink = pa.BufferOutputStream()
    pq.write_table(rows, sink, compression="zstd")
    data = sink.getvalue().to_pybytes()
    write_atomically(folder / f"{number}-{hashlib.sha256(data).hexdigest()[:12]}.parquet", data)


def read_shard(path: Path, columns: list[str] | None = None) -> pa.Table:
    """The rows of a shard, of `columns` only, where given. WorkspaceError where it cannot be read."""
    try:
        # Not read_table, which imports pandas.
        with pq.ParquetFile(path) as file:
            return file.read(columns=columns, use_threads=False)
    except (OSError, pa.ArrowInvalid) as error:
        raise _damaged(path, error) from None


def _damaged(path: Path, error: Exception) -> WorkspaceError:
    return WorkspaceError(f"{path}: cannot be read ({error}); restore it from a backup")


def check_sha(document: Document, sha: str, what: str) -> None:
    """Raises StaleTextError when `what` was made for another version of the document's text."""
    if document.sha != sha:
        raise StaleTextError(
            f"{document.id}: {what} was made for another version of the text ({sha[:8]}, now {document.sha[:8]}); "
            "make it anew"
        )


def without_links(path: str, flags: int) -> int:
    """Opens a file for `open`; OSError where there is a link in its place, which would have another one overwritten."""
    return os.open(path, flags | os.O_NOFOLLOW, 0o666)


def _keep_names(folder: Path) -> None:
    """Have the disk keep the names in a folder through a power cut, where the system can."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file whole or not at all: to a temporary name in its folder, to the disk, then renamed."""
    temporary = temporary_of(path)
    try:
        with open(temporary, "wb", opener=without_links) as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        _keep_names(path.parent)
    except BaseException:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
