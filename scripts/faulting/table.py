"""What was injected and what happened, as a Markdown table."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from typing import Any


def table(found: list[dict[str, Any]]) -> str:
    """One row for each kind of fault."""
    groups: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for each in found:
        sort = _sort(each)
        groups[f"{each['kind']}{sort and ': ' + sort}"].append(each)
    head = [
        "done",
        "to",
        "times",
        "ended at once",
        "refused in one line",
        "went on",
        "lost",
        "doubled",
        "next run finished",
    ]
    lines = ["| " + " | ".join(head) + " |", "|---|---|" + "--:|" * (len(head) - 2)]
    for kind, rows in groups.items():
        bad = [row for row in rows if row["problem"]]
        cells = [
            kind,
            ", ".join(f"{what} {count}" for what, count in Counter(row["what"] for row in rows).items()),
            len(rows),
            sum(row["code"] == -9 for row in rows),
            sum(row["code"] == 1 and bool(row["line"]) for row in rows),
            sum(row["code"] == 0 for row in rows),
            sum("lost" in row["problem"] or "missing" in row["problem"] for row in bad),
            sum("twice" in row["problem"] or "too many" in row["problem"] for row in bad),
            len(rows) - len(bad),
        ]
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    total = sum(not row["problem"] for row in found)
    lines.append(f"\n{len(found)} faults, {total} without loss, double or a run that did not finish.")
    for row in found:
        if row["problem"]:
            lines.append(f"\n- {row['kind']}, {row['what']}, {row['fault']}: {' '.join(row['problem'].split())[:300]}")
    return "\n".join(lines)


def _sort(row: dict[str, Any]) -> str:
    if row["kind"] == "Label Studio":
        return re.sub(r": .*", "", row["fault"])
    if row["kind"] == "full disk":
        return row["fault"].split()[0]
    return ""
