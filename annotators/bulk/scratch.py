"""The folder in which a process works on a shard, and what killed processes have left of theirs."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from corpus.store import without_links

_PREFIX = "hemu-bulk-"
_LOCK = ".lock"


@contextmanager
def scratch() -> Iterator[Path]:
    """An empty folder among the temporary files of this machine, deleted when the block ends.

    Meanwhile a file in it is locked. The system gives the lock back when the process ends, in whatever way, so folders
    that processes were killed over are told from those in use, also by a process in another container, where numbers of processes
    mean nothing. They are deleted before a new one is made.
    """
    _sweep()
    folder, lock = _new_folder()
    with lock:
        try:
            yield Path(tempfile.mkdtemp(dir=folder))
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _new_folder() -> tuple[Path, IO[str]]:
    while True:
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
        lock = (folder / _LOCK).open("w")
        fcntl.flock(lock, fcntl.LOCK_EX)
        # Another process that swept may have had the lock first: then the folder is gone.
        if (folder / _LOCK).exists():
            return folder, lock
        lock.close()


def _sweep() -> None:
    """Delete the folders of this user that nobody holds the lock of. What cannot be looked at or deleted stays."""
    with suppress(OSError), os.scandir(tempfile.gettempdir()) as entries:
        for entry in entries:
            if not entry.name.startswith(_PREFIX):
                continue
            with suppress(OSError):
                status = entry.stat(follow_symlinks=False)
                if entry.is_dir(follow_symlinks=False) and status.st_uid == os.getuid():
                    with open(os.path.join(entry.path, _LOCK), "r+", opener=without_links) as lock:  # noqa: PTH118
                        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                        shutil.rmtree(entry.path, ignore_errors=True)
