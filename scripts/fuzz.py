"""Coverage-guided fuzzing of whatever hemu reads. See docs/faults.md.

    pip install --target out/atheris atheris          # the fuzzer, once (Python 3.11 to 3.13); it is no requirement of hemu
    python scripts/fuzz.py --seconds 60                # every target for a minute
    python scripts/fuzz.py --only readers --seconds 600
    python scripts/fuzz.py --try FILE --only readers   # one input, without the fuzzer

What goes wrong is written to out/fuzz/<target>/crashes and named; the run goes on. Wrong is: an exception that is no
HemuError, something that has to hold and does not, more than 5 s of processor time for each 100 kB (a short
input counts as 20 kB), more than 1 GB beyond what it began with.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import logging
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(Path(__file__).parent), str(ROOT)]
OUT = ROOT / "out" / "fuzz"
PER_100_KB, MEMORY = 5.0, 1 << 30


class Watch:
    """Runs a target on one input after another, and keeps what goes wrong, each kind once."""

    def __init__(self, name: str, crashes: Path) -> None:
        from fuzzing.targets import TARGETS

        self.name, self.crashes, self.run = name, crashes, TARGETS[name]
        self.folder = Path(tempfile.mkdtemp(prefix="hemu-fuzz-"))
        self.count, self.slowest, self.seen = 0, 0.0, dict[str, str]()
        self.memory, self.warm = 0, False

    def __call__(self, data: bytes) -> None:
        from corpus.errors import HemuError

        self.count += 1
        began = time.process_time()
        try:
            self.run(data, self.folder)
        except HemuError:
            pass
        except Exception as error:
            self.keep(data, _where(error), "".join(traceback.format_exception(error)[-6:]))
        took = (time.process_time() - began) / max(len(data) / 100_000, 0.2)
        self.slowest = max(self.slowest, took * self.warm)
        if took > PER_100_KB and self.warm:
            self.keep(data, "slow", f"{took:.1f} s for each 100 kB, of {len(data)} bytes")
        if self.count % 256 == 1:
            self.told()
            grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
            self.memory = self.memory or grown
            if grown - self.memory > MEMORY:
                self.keep(data, "memory", f"{(grown - self.memory) >> 20} MiB more than at first")
                self.memory = grown

    def told(self) -> None:
        """Write down how far it is: the fuzzer ends without a word to this program."""
        row = {"target": self.name, "runs": self.count, "slowest": round(self.slowest, 2), "found": self.seen}
        (OUT / self.name / "result.json").write_text(json.dumps(row))

    def keep(self, data: bytes, where: str, why: str) -> None:
        """Write an input down, unless one has gone wrong in the same way."""
        if where in self.seen:
            return
        file = self.crashes / hashlib.sha256(data).hexdigest()[:12]
        self.crashes.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        file.with_suffix(".txt").write_text(why, encoding="utf-8", errors="replace")
        self.seen[where] = str(file)
        self.told()
        print(f"fuzz: {self.name}: {where}: {file}", file=sys.stderr, flush=True)


def _where(error: BaseException) -> str:
    """The kind of an error, and the innermost line of hemu that it comes from."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if "/scripts/" not in f.filename]
    mine = [f for f in frames if f.filename.startswith(str(ROOT)) and ".venv" not in f.filename]
    last = (mine or frames or traceback.extract_tb(error.__traceback__))[-1]
    what = re.sub(r"[0-9]+", "N", str(error))[:60] if type(error).__name__ == "Wrong" else ""
    return f"{type(error).__name__} {what} in {Path(last.filename).name}:{last.lineno}"


def fuzz(name: str, seconds: int, seed: int) -> None:
    """Fuzz one target in this process, and print what came of it as the last line of standard output."""
    sys.path.append(str(ROOT / "out" / "atheris"))
    try:
        import atheris
    except ImportError:
        raise SystemExit("fuzz: no fuzzer; install it with: pip install --target out/atheris atheris") from None
    logging.disable(logging.CRITICAL)
    with atheris.instrument_imports(include=["corpus", "annotators"], enable_loader_override=False):
        from fuzzing import targets

        watch = Watch(name, OUT / name / "crashes")
        inputs = OUT / name / "inputs"
        inputs.mkdir(parents=True, exist_ok=True)
        for data in targets.seeds(name):
            (inputs / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)
            watch(data)  # what it needs is imported, and instrumented, here
    watch.warm = True

    def one(data: bytes) -> None:
        watch(data)

    options = [
        *(f"-max_total_time={seconds}", f"-seed={seed + 1}", "-timeout=120", "-rss_limit_mb=0", "-print_final_stats=1"),
        *(f"-max_len={targets.LONGEST.get(name, 4096)}", "-verbosity=1", f"-artifact_prefix={OUT / name}/"),
    ]
    atheris.Setup([sys.argv[0], *options, str(inputs)], one)
    atheris.Fuzz()


def everything(names: list[str], seconds: int, seed: int) -> int:
    """Each target in a process of its own; a table at the end."""
    rows: list[dict[str, Any]] = []
    # The fuzzer ends its process without a word, so that the files of its inputs are deleted from here.
    memory = "/dev/shm" if Path("/dev/shm").is_dir() else None
    for name in names:
        began = time.monotonic()
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        result = OUT / name / "result.json"
        result.unlink(missing_ok=True)
        command = [sys.executable, __file__, "--inside", name, "--seconds", str(seconds), "--seed", str(seed)]
        with tempfile.TemporaryDirectory(prefix="hemu-fuzz-", dir=memory) as folder:
            ran = subprocess.run(
                command,
                stderr=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                text=True,
                errors="replace",
                cwd=ROOT,
                env={**os.environ, "TMPDIR": folder},
            )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        row = json.loads(result.read_text()) if result.exists() else {"target": name, "runs": 0, "found": {}}
        covered = re.findall(r"cov: (\d+) ft: (\d+)", ran.stderr)
        executed = re.findall(r"stat::number_of_executed_units: (\d+)", ran.stderr)
        row |= {
            "runs": int(executed[-1]) if executed else row["runs"],
            "coverage at first": int(covered[0][0]) if covered else 0,
            "coverage": int(covered[-1][0]) if covered else 0,
            "features": int(covered[-1][1]) if covered else 0,
            "seconds": round(time.monotonic() - began),
            "processor": round(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime),
            "exit": ran.returncode,
        }
        if ran.returncode:
            row["said"] = ran.stderr[-1500:]
        rows.append(row)
        print("\n".join(line for line in ran.stderr.splitlines() if line.startswith("fuzz: ")), file=sys.stderr)
        print(json.dumps(row), flush=True)
        with (OUT / "results.jsonl").open("a", encoding="utf-8") as out:
            out.write(json.dumps(row, ensure_ascii=False) + "\n")
    return int(any(row["found"] or row["exit"] for row in rows))


def main() -> int:
    """Exit code 1 where something went wrong."""
    from fuzzing.targets import TARGETS

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", choices=list(TARGETS), help="one target; repeatable")
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--try", dest="tried", type=Path, metavar="FILE", help="run one input, without the fuzzer")
    parser.add_argument("--inside", choices=list(TARGETS), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.tried:
        with tempfile.TemporaryDirectory() as folder:
            for name in given.only or TARGETS:
                TARGETS[name](given.tried.read_bytes(), Path(folder))
        return 0
    if given.inside:
        sys.argv = sys.argv[:1]
        fuzz(given.inside, given.seconds, given.seed)
        return 0
    OUT.mkdir(parents=True, exist_ok=True)
    return everything(given.only or list(TARGETS), given.seconds, given.seed)


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        sys.exit(main())
