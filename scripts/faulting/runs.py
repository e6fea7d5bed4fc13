"""One run of hemu: in a fork of this process, which has everything imported, or in a process started afresh."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

from faulting.shim import Arm

LIMIT = 300


@dataclass(frozen=True)
class Ran:
    """How a run ended: its exit code, minus the signal that killed it, and what it said on standard error."""

    code: int
    said: str
    seconds: float

    @property
    def killed(self) -> bool:
        return self.code == -signal.SIGKILL

    @property
    def refusal(self) -> str:
        """The one line that says what went wrong; "" where there is none, or where it is an internal error."""
        lines = [line for line in self.said.splitlines() if line.startswith("hemu: ")]
        if not lines:
            # A command that goes on with the rest names what it had to leave out.
            lines = [line.strip() for line in self.said.splitlines() if line.startswith("  left out: ")][:1]
        clear = len(lines) == 1 and "internal error" not in lines[0] and "Traceback" not in self.said
        return lines[0] if clear else ""


def forked(
    arguments: Sequence[str],
    folder: Path,
    arm: Arm | None = None,
    limits: dict[int, int] | None = None,
    started: Callable[[int], None] | None = None,
    more: dict[str, str] | None = None,
) -> Ran:
    """`hemu ARGUMENTS` in `folder`, in a fork; `started` is told its number before it begins."""
    began = time.monotonic()
    sys.stdout.flush()
    sys.stderr.flush()
    # No file, which a full disk or a limit would keep from being written.
    heard, say = os.pipe()
    with os.fdopen(heard, "rb") as said:
        ready, begin = os.pipe()
        child = os.fork()
        if not child:
            code = 70
            try:
                os.close(begin)
                os.read(ready, 1)
                os.environ.update(more or {})
                os.dup2(os.open(os.devnull, os.O_RDWR), 0)
                os.dup2(os.open(os.devnull, os.O_RDWR), 1)
                os.dup2(say, 2)
                os.chdir(folder)
                code = _hemu(arguments, arm, limits or {})
            finally:
                sys.stderr.flush()
                os._exit(code)
        os.close(ready)
        if started:
            started(child)
        os.close(begin)
        os.close(say)
        code = _waited(child)
        os.set_blocking(heard, False)
        return Ran(code, (said.read() or b"").decode("utf-8", "replace"), time.monotonic() - began)


def _waited(child: int) -> int:
    deadline = time.monotonic() + LIMIT
    pause = 0.001
    while True:
        found, status = os.waitpid(child, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > deadline:
            os.kill(child, signal.SIGTERM)
            os.waitpid(child, 0)
            return -signal.SIGTERM
        time.sleep(pause)
        pause = min(0.02, pause * 1.5)


def _hemu(arguments: Sequence[str], arm: Arm | None, limits: dict[int, int]) -> int:
    import resource

    from corpus.cli import root
    from corpus.scheme import load_scheme

    # Known by its path, which is another one's here.
    load_scheme.cache_clear()
    sys.argv = ["hemu", *arguments]
    for which, size in limits.items():
        if which == resource.RLIMIT_FSIZE:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(which, (size, size))
    if arm:
        arm.here()
    return root._run()


def here(arguments: Sequence[str], folder: Path) -> int:
    """`hemu ARGUMENTS` in `folder`, in this very process, which has imported and loaded everything afterwards."""
    from corpus.cli import root

    argv, before = sys.argv, Path.cwd()
    sys.argv = ["hemu", *arguments]
    os.chdir(folder)
    try:
        with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere), redirect_stderr(nowhere):
            return root._run()
    finally:
        os.chdir(before)
        sys.argv = argv


def command(arguments: Sequence[str]) -> list[str]:
    """How `hemu ARGUMENTS` is started afresh."""
    return [sys.executable, "-m", "corpus.cli", *arguments]


def fresh(
    arguments: Sequence[str],
    folder: Path,
    arm: Arm | None = None,
    kill_after: float | None = None,
    more: dict[str, str] | None = None,
    started: Callable[[int], None] | None = None,
    limit: float = LIMIT,
) -> Ran:
    """`hemu ARGUMENTS` in `folder`, in a process of its own, killed after so many seconds where that is given."""
    began = time.monotonic()
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), **(arm.environment() if arm else {})}
    process = subprocess.Popen(
        command(arguments),
        cwd=folder,
        env={**environment, **(more or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    if started:
        started(process.pid)
    timer = threading.Timer(kill_after if kill_after is not None else limit, _kill, [process])
    timer.start()
    try:
        _, said = process.communicate()
    finally:
        timer.cancel()
    return Ran(process.returncode, said.decode("utf-8", "replace"), time.monotonic() - began)


def _kill(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.kill()
