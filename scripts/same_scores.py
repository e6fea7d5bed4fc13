#!/usr/bin/env python3
"""Check that `hemu evaluate --json` and another scorer say the same: exit code 1 where a figure differs.

    scripts/same_scores.py EVALUATE.json SCORES.json LANG

SCORES has {"rows": {label: [precision, recall, f1, gold]}, "effort_saved", "claim_type_accuracy", "claim_stance_accuracy"}.
"""

import json
import sys
from pathlib import Path

EFFORT = 0.01


def main() -> None:
    """Compare, and name what differs."""
    ours, theirs = (json.loads(Path(name).read_text(encoding="utf-8")) for name in sys.argv[1:3])
    part = ours["languages"][sys.argv[3]]
    entities, claims = part["entities"], part["claims"]
    rows = {
        **entities["labels"],
        "micro": entities["strict"],
        "relaxed": entities["relaxed"],
        "claims": claims["match"],
    }
    found = {name: [prf["precision"], prf["recall"], prf["f1"], prf["gold"]] for name, prf in rows.items()}
    found |= {"effort_saved": entities["effort_saved"]}
    found |= {f"claim_{what}_accuracy": claims[what] for what in ("type", "stance")}
    wanted = {**theirs["rows"], **{name: value for name, value in theirs.items() if name in found}}
    # Where two spans share as much with a third, which of them it is counted with is left to chance by some scorers.
    if abs(found["effort_saved"] - wanted.get("effort_saved", 0.0)) < EFFORT:
        del found["effort_saved"], wanted["effort_saved"]
    differing = sorted(name for name in found.keys() | wanted.keys() if found.get(name) != wanted.get(name))
    if differing:
        sys.exit("; ".join(f"{name}: {found.get(name)} against {wanted.get(name)}" for name in differing))


if __name__ == "__main__":
    main()
