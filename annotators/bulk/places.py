"""Files at an address: a path of this machine, or a URL of any kind that fsspec knows (s3://, gs://, abfs://, hdfs://)."""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corpus.errors import InputError, WorkspaceError
from corpus.temporary import sweep

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

_PATTERN = re.compile(r"[*?[]")
_PACKAGES = {"s3": "s3fs", "gs": "gcsfs", "gcs": "gcsfs", "abfs": "adlfs", "az": "adlfs", "hdfs": "pyarrow"}


@dataclass(frozen=True, slots=True)
class Found:
    """A file: its path on its file system, and what changes when its content does (where the system tells)."""

    path: str
    mark: str


class Place:
    """A folder or file at an address; credentials and endpoints come from the environment, as fsspec reads them.

    >>> Place("articles/2024").protocol
    'file'
    """

    def __init__(self, address: str) -> None:
        """Raises InputError for a kind of address that is not known, or whose package is not installed."""
        self.address = address
        self.protocol = address.partition("://")[0] if "://" in address else "file"
        self.path = address.partition("://")[2] if self.protocol == "file" and "://" in address else address
        if self.protocol == "file":
            self.path = os.path.abspath(self.path)  # noqa: PTH100  (the address may be a pattern)
        self.system = _system(self.protocol, address)
        self.path = str(self.system._strip_protocol(self.path)).rstrip("/") or "/"

    def __str__(self) -> str:
        return self.address

    def below(self, *names: str) -> str:
        """The path of a file below this one."""
        return posixpath.join(self.path, *names)

    def files(self) -> Iterator[Found]:
        """The files that the address names, in the order of their paths: one, all below a folder, or those of a pattern.

        Hidden ones are passed over. Raises InputError where there are none.
        """
        with self.telling(InputError):
            infos = self._infos()
        if not infos:
            raise InputError(f"{self}: no file there; name a file, a folder or a pattern")
        for path in sorted(infos):
            yield Found(path, _mark(infos[path]))

    @cached_property
    def _is_pattern(self) -> bool:
        # A file may be called "news[1].jsonl".
        return bool(_PATTERN.search(self.path)) and not self.system.exists(self.path)

    def _infos(self) -> dict[str, Any]:
        # What was listed before may have changed since.
        self.system.invalidate_cache()
        if self._is_pattern:
            found = self.system.glob(self.path, detail=True)
        elif self.system.isfile(self.path):
            return {self.path: self.system.info(self.path)}
        else:
            found = self.system.find(self.path, detail=True)
        shown = {path: info for path, info in found.items() if info["type"] == "file"}
        top = len(self.base) + 1
        return {p: info for p, info in shown.items() if not any(part[0] == "." for part in p[top:].split("/") if part)}

    @property
    def base(self) -> str:
        """The folder that names are counted from: up to the first part of a pattern, or that of a single file."""
        if self._is_pattern:
            parts = self.path.split("/")
            return "/".join(parts[: next(n for n, part in enumerate(parts) if _PATTERN.search(part))])
        return posixpath.dirname(self.path) if self.system.isfile(self.path) else self.path

    def read(self, path: str) -> bytes | None:
        """The content of a small file, or None where there is none."""
        with self.telling(WorkspaceError):
            try:
                return bytes(self.system.cat_file(path))
            except FileNotFoundError:
                return None

    def write(self, path: str, data: bytes) -> None:
        """Write a file whole or not at all."""
        with self.telling(WorkspaceError):
            if self.protocol == "file":
                from corpus.store import write_atomically

                Path(path).parent.mkdir(parents=True, exist_ok=True)
                sweep(Path(path).parent)
                write_atomically(Path(path), data)
            else:
                # What stores objects shows one only when it is whole.
                self.system.pipe_file(path, data)

    def remove(self, path: str) -> None:
        """Delete a file, if it is there."""
        with self.telling(WorkspaceError), suppress(FileNotFoundError):
            self.system.rm_file(path)

    def fetch(self, path: str, to: Path) -> None:
        """Copy a file to this machine."""
        to.parent.mkdir(parents=True, exist_ok=True)
        with self.telling(InputError):
            self.system.get_file(path, str(to))

    @contextmanager
    def telling(self, error: type[InputError] | type[WorkspaceError]) -> Iterator[None]:
        """Raises what goes wrong as one line."""
        try:
            yield
        except (InputError, WorkspaceError):
            raise
        except Exception as failed:
            # Each of the systems below fsspec has errors of its own.
            why = " ".join(str(failed).split())[:200] or type(failed).__name__
            raise error(f"{self}: {why}") from None


def _mark(info: dict[str, Any]) -> str:
    when = info.get("ETag") or info.get("etag") or info.get("md5Hash") or info.get("mtime") or info.get("LastModified")
    return f"{info.get('size')} {when}"


@cache
def _system(protocol: str, address: str) -> AbstractFileSystem:
    import fsspec

    try:
        return fsspec.filesystem(protocol)
    except ImportError:
        package = _PACKAGES.get(protocol, f"the fsspec package for {protocol}")
        raise InputError(f"{address}: reading {protocol}:// needs {package}; install it on every machine") from None
    except ValueError as error:
        raise InputError(f"{address}: {error}; expected a path, or a URL such as s3://bucket/articles") from None
