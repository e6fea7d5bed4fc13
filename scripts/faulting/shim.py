"""The library that counts, kills and refuses (shim.c): compiled once, loaded into this process, armed in its children."""

from __future__ import annotations

import ctypes
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

SOURCE = Path(__file__).with_name("shim.c")
BEFORE, HALF, AFTER, REFUSE = 1, 2, 3, 4
MODES = {BEFORE: "before", HALF: "half-way", AFTER: "after", REFUSE: "refused"}


@dataclass(frozen=True)
class Arm:
    """What is to happen at the `at`-th call that changes something below `folder`; nothing does at 0."""

    folder: Path
    at: int = 0
    mode: int = 0
    error: int = 0
    trace: Path | None = None
    clock: tuple[int, int] = (0, 0)
    """By how many seconds the clock is off, and after how many times that it was asked."""

    def environment(self) -> dict[str, str]:
        """The same for a process that is started afresh."""
        said = {"LD_PRELOAD": str(library())}
        if self.at:
            said |= {"FAULTS_WATCH": os.path.realpath(self.folder), "FAULTS_AT": str(self.at)}
            said |= {"FAULTS_MODE": str(self.mode), "FAULTS_ERRNO": str(self.error)}
        if self.clock[0]:
            said["FAULTS_CLOCK"] = f"{self.clock[0]}@{self.clock[1]}"
        return said

    def here(self) -> None:
        """Arm this process, which was forked from one that has the library."""
        loaded = ctypes.CDLL(str(library()))
        trace = -1
        if self.trace is not None:
            trace = os.open(self.trace, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        loaded.faults_clock(ctypes.c_long(self.clock[0]), ctypes.c_long(self.clock[1]))
        folder = os.path.realpath(self.folder).encode()
        loaded.faults_arm(folder, ctypes.c_long(self.at), self.mode, self.error, trace)


def library() -> Path:
    """The compiled library; SystemExit where there is no C compiler."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    digest = hashlib.sha256(SOURCE.read_bytes()).hexdigest()[:12]
    folder = Path(tempfile.gettempdir()) / f"hemu-faults-{os.getuid()}"
    made = folder / f"shim-{digest}.so"
    if made.exists():
        return made
    if not compiler or not sys.platform.startswith("linux"):
        raise SystemExit("faults: needs Linux and a C compiler (apt install gcc)")
    folder.mkdir(mode=0o700, exist_ok=True)
    part = folder / f"{made.name}.{os.getpid()}"
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-w", "-o", part, SOURCE, "-ldl"], check=True)
    part.replace(made)
    return made


def preloaded() -> None:
    """Start this program again with the library, unless it has it."""
    if "hemu-faults-" not in os.environ.get("LD_PRELOAD", ""):
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, "LD_PRELOAD": str(library())})
    del os.environ["LD_PRELOAD"]
