"""`hemu dataset` against label-studio-sdk's converter on the same annotation, each in a process of its own, and how
long `load_dataset` takes to the first row.

The converter makes tokens and tags (CoNLL) or flat JSON; `hemu dataset --config ner` makes tokens and tags, without it
all that a dataset holds. Near-duplicates are looked for before. Ratios are of processor time.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measuring import HEMU, Cost, Result, command

SYNTHETIC = Path(__file__).parent.parent / "synthetic.py"
SIZES = (2_000, 20_000)

CONVERTER = f"""
import sys
sys.path.insert(0, {str(SYNTHETIC.parent)!r})
from label_studio_sdk.converter import Converter
from synthetic import CONFIG
converter = Converter(CONFIG, project_dir=None, upload_dir=sys.argv[1], download_resources=False)
converter.convert(sys.argv[1] + "/export.json", sys.argv[1] + "/" + sys.argv[2], sys.argv[2], is_dir=False)
"""

LOAD = """
import json, sys, tempfile, time
import datasets
datasets.disable_progress_bars()
took = {}
with tempfile.TemporaryDirectory() as cache:
    for config, split in (("ner", "validation"), ("ner", "train"), ("documents", "train")):
        for how in ("first", "again", "streamed"):
            began = time.perf_counter()
            more = {"streaming": True} if how == "streamed" else {"cache_dir": cache}
            next(iter(datasets.load_dataset(sys.argv[1], config, split=split, **more)))
            took[f"load_dataset, {config}, {split}, {how}"] = time.perf_counter() - began
print(json.dumps(took), flush=True)
"""


def run(options: argparse.Namespace) -> Iterator[Result]:
    for number in options.documents or SIZES:
        yield from _run(number, options.workers)


def _run(number: int, workers: int) -> Iterator[Result]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        space = folder / "w"
        command([sys.executable, str(SYNTHETIC), str(folder), str(number)])
        command([*HEMU, "dedupe", "-w", str(space)])
        build = [*HEMU, "dataset", "-w", str(space), "--workers", str(workers)]
        took: dict[str, Cost] = {}
        for what, line in (
            ("hemu, tokens and tags", [*build, "--config", "ner"]),
            ("hemu, everything", build),
            ("converter, CoNLL2003", [sys.executable, "-c", CONVERTER, str(folder), "CONLL2003"]),
            ("converter, JSON_MIN", [sys.executable, "-c", CONVERTER, str(folder), "JSON_MIN"]),
        ):
            took[what] = command(line)
            yield took[what].row(f"{what}, {number} documents")
        for ours in ("hemu, tokens and tags", "hemu, everything"):
            for theirs in ("converter, CoNLL2003", "converter, JSON_MIN"):
                yield {
                    "name": f"{ours}, {number} documents",
                    "hemu": round(number / took[ours].processor),
                    "against": theirs,
                    "bare": round(number / took[theirs].processor),
                    "ratio": round(took[theirs].processor / took[ours].processor, 2),
                    "unit": "documents",
                }
        version = space / "datasets" / (space / "datasets" / "latest").read_text().strip()
        loaded = subprocess.run([sys.executable, "-c", LOAD, str(version)], check=True, capture_output=True, text=True)
        for what, seconds in json.loads(loaded.stdout.splitlines()[-1]).items():
            yield {"name": f"{what}, {number} documents", "seconds": round(seconds, 2)}
