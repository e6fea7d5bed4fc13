"""Values that wait on disk until their turn comes, so that memory holds no more than where each of them is."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any


class Spool:
    """A temporary file of JSON values; it has no name in its folder, and nothing is left of it when the process ends.

    >>> with Spool() as spool:
    ...     place = spool.put({"words": "共同富裕"})
    ...     spool.get(place)
    {'words': '共同富裕'}
    """

    def __init__(self, folder: Path | None = None) -> None:
        """`folder` is where the file is made: beside what is being written, where the system's own may be small or in memory."""
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115  (closed by __exit__)

    def __enter__(self) -> Spool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def put(self, value: Any) -> tuple[int, int]:
        """Keep a value (what JSON can say: tuples come back as lists); returns where it is."""
        return self._file.seek(0, 2), self._file.write(json.dumps(value).encode())

    def get(self, place: tuple[int, int]) -> Any:
        """The value that was put there."""
        at, length = place
        self._file.seek(at)
        return json.loads(self._file.read(length))
