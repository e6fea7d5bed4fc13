"""Fresh processes: how long `hemu --help` takes, and `hemu annotate` from its start to the first annotated document.

The best of several, files in memory and modules compiled, as they are once installed.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from pathlib import Path

from benchmarks.measuring import HEMU, Cost, Result, command
from benchmarks.texts import Versions

STARTS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("English document", "en", ()),
    ("Chinese document", "zh", ()),
    ("pair", "en zh", ()),
    ("pair, --fast", "en zh", ("--fast",)),
)


def run(options: argparse.Namespace) -> list[Result]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": str(folder / "compiled")}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        lines = {"hemu --help": [*HEMU, "--help"]}
        for name, langs, flags in STARTS:
            source, target = folder / f"in{len(lines)}.jsonl", folder / "out.jsonl"
            (group,) = Versions().some(1)
            rows = ({"id": d.id, "pair": d.pair, "lang": d.lang, "text": d.text} for d in group if d.lang in langs)
            source.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
            lines[f"first {name}"] = [*HEMU, "annotate", *flags, str(source), str(target)]
        results: list[Result] = []
        for name, line in lines.items():
            command(line, environment)
            runs = [command(line, environment) for _ in range(max(3, options.rounds))]
            best = Cost(min(r.seconds for r in runs), min(r.processor for r in runs), max(r.peak for r in runs))
            results.append(best.row(name, 2))
        return results
