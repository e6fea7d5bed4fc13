"""Answers kept on disk, so that none is paid for twice and a run that stops goes on; and turns across processes.

An answer is kept under the digest of all that was asked: text, prompt, model, scheme. It holds words of the article, so
the answers about one text have a folder of their own, which `forget` removes. No key ever comes here.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from corpus.document import text_sha
from corpus.errors import ModelError
from corpus.script import simplified

_LARGEST = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model answered. `finish` is "stop", "length" where it broke off, "refused" where the server would not."""

    content: str
    finish: str = "stop"
    tokens_in: int = 0
    tokens_out: int = 0


def cache_folder() -> Path:
    """`$XDG_CACHE_HOME/hemu/llm`, or `~/.cache/hemu/llm`."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path("~/.cache").expanduser()) / "hemu" / "llm"


def key_of(question: Any) -> str:
    """The digest of a question."""
    return hashlib.sha256(json.dumps(question, sort_keys=True).encode()).hexdigest()


def recall(sha: str, key: str) -> Answer | None:
    """The answer that is kept, if there is one that can be read."""
    try:
        path = _path(sha, key)
        if path.stat().st_size > _LARGEST:
            return None
        answer = Answer(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, RecursionError):
        return None
    right = isinstance(answer.content, str) and isinstance(answer.finish, str)
    return answer if right and type(answer.tokens_in) is type(answer.tokens_out) is int else None


def keep(sha: str, key: str, answer: Answer) -> None:
    """Keep an answer, whole or not at all. Raises ModelError where the folder cannot be written."""
    path = _path(sha, key)
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, name = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(asdict(answer), file)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise _unwritable(path.parent, error) from None


def has_answered(host: str, model: str) -> bool:
    """Whether a model of a server has ever answered here."""
    return (cache_folder() / "known" / key_of([host, model])).exists()


def note_answer(host: str, model: str) -> None:
    """Remember that a model of a server has answered. ModelError where the folder cannot be written."""
    path = cache_folder() / "known" / key_of([host, model])
    if path.exists():
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.touch()
    except OSError as error:
        raise _unwritable(path.parent, error) from None


def _unwritable(folder: Path, error: OSError) -> ModelError:
    return ModelError(
        f"{folder}: answers cannot be kept here ({error.strerror}); make room, or name another folder in XDG_CACHE_HOME"
    )


def forget(text: str) -> int:
    """Remove the answers about a text, as it is and as Simplified Chinese; how many there were."""
    number = 0
    for sha in {text_sha(text), text_sha(simplified(text))}:
        folder = cache_folder() / sha
        number += sum(1 for _ in folder.glob("*.json"))
        shutil.rmtree(folder, ignore_errors=True)
    return number


def _path(sha: str, key: str) -> Path:
    return cache_folder() / sha / f"{key}.json"


@contextmanager
def turn(host: str, concurrency: int) -> Iterator[None]:
    """Wait until fewer than `concurrency` requests to `host` are under way, in whichever process of this user."""
    handle = _free_turn(host, concurrency)
    while handle is None:
        time.sleep(0.05)
        handle = _free_turn(host, concurrency)
    with handle:
        yield


def _free_turn(host: str, concurrency: int) -> IO[str] | None:
    """A locked file, which is a turn until it is closed; None where all are taken."""
    folder = cache_folder() / "turns"
    digest = hashlib.sha256(host.encode()).hexdigest()[:16]
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for number in range(concurrency):
            # Opened anew for each try: so the lock holds between threads, too.
            handle = (folder / f"{digest}.{number}").open("w")
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                handle.close()
            else:
                return handle
    except OSError as error:
        raise _unwritable(folder, error) from None
    return None
