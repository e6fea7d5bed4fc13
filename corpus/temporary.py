"""The temporary files that a file is written to before it gets its name, and what a killed process leaves of them."""

from __future__ import annotations

import os
import re
import shutil
from contextlib import suppress
from pathlib import Path

_NAME = re.compile(r"\.(?:(.+)\.)?(\d+)\.tmp")


def temporary_of(path: Path) -> Path:
    """The temporary name of a file that this process writes: hidden, in its folder, with the number of the process.

    >>> temporary_of(Path("news/out.jsonl")).name.startswith(".out.jsonl.")
    True
    """
    return path.with_name(f".{path.name}.{os.getpid()}.tmp")


def sweep(folder: Path, of: str = "") -> None:
    """Delete the temporary files that processes which have ended left in a folder: all, or those for the file `of`.

    Temporary folders (`.1234.tmp`, a dataset that was being made) go too. What cannot be read or deleted stays: it is in
    nobody's way. Call this before writing in the folder: a file with the number of this very process is taken for that
    of an earlier one, since in a container every command can have the same number.
    """
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            made = _NAME.fullmatch(entry.name)
            if not made or of not in ("", made[1] or ""):
                continue
            number = int(made[2])
            with suppress(OSError):
                if entry.is_dir(follow_symlinks=False):
                    if number != os.getpid() and not _lives(number):
                        shutil.rmtree(entry.path, ignore_errors=True)
                elif number == os.getpid() or not _lives(number):
                    os.unlink(entry.path)  # noqa: PTH108  (an entry, no path)


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        # Another user's, or no number of a process.
        return True
    return True
