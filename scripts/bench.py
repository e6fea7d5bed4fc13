"""Benchmarks of hemu, each against the bare library that it rests on, in the same run.

    python scripts/bench.py segment --out bench.json
    python scripts/bench.py scale --documents 1000 20000
    python scripts/bench.py scale --documents 1000 100000 --paragraphs 1 3
    python scripts/bench.py annotate
    python scripts/bench.py backend --tasks 100
    python scripts/bench.py export --documents 20000
    python scripts/bench.py training
    python scripts/bench.py all --out bench.json --markdown docs/benchmarks.md
    python scripts/bench.py startup --out bench.json --markdown docs/benchmarks.md     # this one anew, the others kept

The texts are hemu's own sample articles, their sentences put together anew. What is compared is run by turns on one
core, and the best of several rounds counts. A further benchmark is one more module in scripts/benchmarks.
"""

from __future__ import annotations

import argparse
import json
import os
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks.measuring import Result
from benchmarks.page import machine, page

from corpus.threads import start_with_one_thread

BENCHMARKS = ("segment", "scale", "annotate", "startup", "backend", "export", "training")


def main() -> None:
    options = parser().parse_args()
    start_with_one_thread()  # as the command does
    facts = machine()
    found = earlier(options.out, facts) if options.out else {}
    for name in BENCHMARKS if options.benchmark == "all" else (options.benchmark,):
        found[name] = []
        for row in import_module(f"benchmarks.{name}").run(options):
            found[name].append(row)
            print(line(row), flush=True)
            # After each, so that hours are not lost with the last.
            if options.out:
                record = {"machine": facts, "results": found}
                options.out.write_text(json.dumps(record, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
            if options.markdown:
                ordered = {name: found[name] for name in BENCHMARKS if name in found}
                abouts = {name: import_module(f"benchmarks.{name}").__doc__ or "" for name in ordered}
                options.markdown.write_text(page(facts, abouts, ordered), encoding="utf-8")


def earlier(file: Path, facts: dict[str, Any]) -> dict[str, list[Result]]:
    """The results that a file has of other benchmarks, where it is of the same machine with the same packages."""
    if not file.exists():
        return {}
    record = json.loads(file.read_text(encoding="utf-8"))
    if record["machine"] != facts:
        raise SystemExit(
            f"bench: {file} has results of another machine or of other packages; name another file with --out"
        )
    return {name: rows for name, rows in record["results"].items() if name in BENCHMARKS}


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("benchmark", choices=["all", *sorted(BENCHMARKS)])
    made.add_argument("--out", type=Path, help="write the results to this file as JSON")
    made.add_argument("--markdown", type=Path, help="write the results to this file as tables")
    made.add_argument("--tasks", type=int, default=60, help="tasks for backend (60)")
    made.add_argument("--rounds", type=int, default=4, help="how often each is run (4)")
    made.add_argument("--size", type=int, default=60_000, help="characters of text in each language (60,000)")
    made.add_argument("--copies", type=int, default=40, help="how often the text comes in the workspace (40)")
    made.add_argument(
        "--documents",
        type=int,
        nargs="+",
        help="sizes of the corpora for scale (1000 20000) or for export (2000 20000)",
    )
    made.add_argument(
        "--paragraphs",
        type=int,
        nargs=2,
        metavar=("LOW", "HIGH"),
        help="paragraphs of an article for scale (3 6)",
    )
    made.add_argument("--stages", nargs="+", metavar="NAME", help="these commands only, for scale: ingest, dedupe …")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    made.add_argument("--workers", type=int, default=cores, help=f"processes for scale and export ({cores})")
    made.add_argument("--steps", type=int, default=300, help="updates for training (300)")
    made.add_argument("--embed", action="store_true", help="align with the sentence encoder, for scale")
    return made


def line(row: Result) -> str:
    """A row of results, for the terminal."""
    if "ratio" in row:
        rates = f"hemu {row['hemu']:>9,}  bare {row['bare']:>9,} {row['unit']}/s  ratio {row['ratio']:5.2f}"
        return f"{row['name']:44} {rates} against {row['against']}"
    return f"{row['name']:44} " + "  ".join(f"{value:>9,} {key}" for key, value in row.items() if key != "name")


if __name__ == "__main__":
    main()
