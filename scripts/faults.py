"""Put faults into real runs of hemu, and see what is there afterwards. See docs/faults.md.

python scripts/faults.py kill                  # kill -9 at the writes of every stage
python scripts/faults.py --only segment kill   # of one
python scripts/faults.py table                 # what was found, from out/faults.json, as Markdown
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(1, str(Path(__file__).parents[1]))

from faulting import shim

ROOT = Path(__file__).parents[1]


def main() -> int:
    """Run the faults of one kind; exit code 1 where something did not go as it should."""
    from faulting.kinds import KINDS

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=[*KINDS, "all", "table"])
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="one stage or case; repeatable")
    parser.add_argument("--points", type=int, default=0, help="faults for each (default: by kind)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=ROOT / "out" / "faults.json", help="where results are collected")
    parser.add_argument("--keep", action="store_true", help="keep the folders of runs that went wrong")
    given = parser.parse_args()
    if given.kind == "table":
        from faulting.table import table

        print(table(_stored(given.out)))
        return 0
    bad = 0
    for kind in KINDS if given.kind == "all" else [given.kind]:
        folder = Path(tempfile.mkdtemp(prefix="hemu-faults-"))
        found, began = [], time.monotonic()
        try:
            for result in KINDS[kind](folder, given.only, given.points, given.seed):
                found.append(result)
                bad += bool(result["problem"])
                if result["problem"] or sys.stderr.isatty():
                    print(
                        f"{result['kind']} | {result['what']} | {result['fault']} | {result['problem'] or 'ok'}",
                        file=sys.stderr,
                    )
        finally:
            _store(given.out, found)
        print(
            f"{kind}: {len(found)} faults, {sum(bool(f['problem']) for f in found)} problems, {time.monotonic() - began:.0f} s",
            file=sys.stderr,
        )
        if not given.keep:
            shutil.rmtree(folder, ignore_errors=True)
    return 1 if bad else 0


def _stored(path: Path) -> list[dict[str, Any]]:
    return json.loads(path.read_text(encoding="utf-8"))["faults"] if path.exists() else []


def _store(path: Path, found: list[dict[str, Any]]) -> None:
    """Put results in the place of earlier ones of the same kind and command."""
    from importlib.metadata import version

    ran = {(each["kind"], each["what"]) for each in found}
    rest = [each for each in _stored(path) if (each["kind"], each["what"]) not in ran]
    path.parent.mkdir(parents=True, exist_ok=True)
    data = {"hemu": version("hemu"), "faults": [*rest, *found]}
    path.write_text(json.dumps(data, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    shim.preloaded()
    sys.exit(main())
