"""How much of what is in some articles: the counts of the manifest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from corpus.dataset.arrows import (
    lengths,
    numbers,
    one,
)
from corpus.dataset.held import Held
from corpus.targets.dates import published


@dataclass(frozen=True, slots=True)
class Counted:
    """`of` counts names by what they are, split and language; `sources` and `years` count documents."""

    of: dict[str, dict[str, dict[str, Counter[str]]]]
    sources: Counter[str]
    years: Counter[str]


def sums_of(held: Held) -> Counted:
    """The counts of a window."""
    import numpy as np

    names = {
        "entities": [label.name for label in held.scheme.labels],
        "types": [label.name for label in held.scheme.claim_types],
        "stances": [label.name for label in held.scheme.stances],
        "areas": ["", *(label.name for label in held.scheme.policy_areas)],
    }
    gold = held.gold
    of_claim = np.repeat(np.arange(len(held.ids)), gold.claim_counts)
    marks = {
        "entities": (held.entity_document, gold.label),
        "types": (of_claim, numbers(gold.claims["type"])),
        "stances": (of_claim, numbers(gold.claims["stance"])),
        "areas": (of_claim, gold.area),
    }
    side = {
        "characters": np.diff(held.texts.base),
        "sentences": lengths(one(held.segments.column("sentences"))),
        "tokens": lengths(one(held.segments.column("tokens"))),
        "entities": gold.entity_counts,
        "claims": gold.claim_counts,
    }
    splits, langs = np.array(held.splits, dtype="U16"), np.array(held.langs, dtype="U8")
    sums: dict[str, dict[str, dict[str, Counter[str]]]] = {}
    for split in sorted(set(held.splits)):
        for lang in sorted(set(held.langs)):
            mine = (splits == split) & (langs == lang)
            if not mine.any():
                continue

            def put(what: str, counts: Mapping[str, int], split: str = split, lang: str = lang) -> None:
                sums.setdefault(what, {}).setdefault(split, {})[lang] = Counter(counts)

            put("documents", {"documents": int(mine.sum()), **{n: int(v[mine].sum()) for n, v in side.items()}})
            for what, (of, values) in marks.items():
                counts = np.bincount(values[mine[of]], minlength=len(names[what])).tolist()
                put(
                    what,
                    {name: n for name, n in zip(names[what], counts, strict=True) if name and (n or what != "areas")},
                )
    sources = Counter(meta.get("source", "").strip() for meta in held.metas)
    days = [published(meta.get("date", "")) for meta in held.metas]
    return Counted(sums, sources, Counter(str(day.year) if day else "" for day in days))
