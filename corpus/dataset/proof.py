"""What shows that splits do not leak, from what is known of the documents; what their texts say is in `overlap`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from corpus.dataset.sides import PART_OF, SPLITS, Edge, Joined, Split, article_name
from corpus.store import Head


def figures(
    heads: Sequence[Head],
    of: Mapping[str, Split],
    joined: Joined,
    edges: Iterable[Edge],
    traits: Mapping[str, Collection[str]],
) -> dict[str, Any]:
    """Counts of documents, articles, pairs and units by split, what stands on two sides, and the balance.

    `heads` are the documents that have a side, `of` their sides. What stands on two sides ("across") is counted from
    pairs, parts and near-duplicates as they are stored, and not taken from how the sides were made.
    """
    articles: dict[str, set[Split]] = {}
    works: dict[str, set[Split]] = {}
    langs: dict[str, set[str]] = {}
    units: dict[int, set[str]] = {}
    for head in heads:
        name = article_name(head)
        articles.setdefault(name, set()).add(of[head.id])
        langs.setdefault(name, set()).add(head.lang)
        units.setdefault(joined.of[head.id], set()).add(name)
        if work := head.meta.get(PART_OF):
            works.setdefault(work, set()).add(of[head.id])
    side = {name: max(sides, key=SPLITS.index) for name, sides in articles.items()}
    alike = sorted({(a, b) for a, b in edges if a in of and b in of})
    return {
        "documents": _by_split(of.values()),
        "articles": _by_split(side.values()),
        "pairs": _by_split(side[name] for name, own in langs.items() if len(own) > 1),
        "units": _by_split(side[min(names)] for names in units.values()),
        "units_of_several_articles": sum(len(names) > 1 for names in units.values()),
        "near_duplicates": len(alike),
        "across": {
            "articles": sorted(name for name, sides in articles.items() if len(sides) > 1),
            "works": sorted(name for name, sides in works.items() if len(sides) > 1),
            "near_duplicates": [[a, b] for a, b in alike if of[a] != of[b]],
        },
        "shares": shares(traits, of),
    }


def _by_split(sides: Iterable[Split]) -> dict[str, int]:
    counts = Counter(sides)
    return {split: counts[split] for split in SPLITS}


def shares(traits: Mapping[str, Collection[str]], sides: Mapping[str, Split]) -> dict[str, dict[str, float]]:
    """Of the documents with each trait (a language, or a label in it) the part that each side has.

    >>> shares({"a": ["en"], "b": ["en"], "c": ["zh"]}, {"a": "train", "b": "test", "c": "train"})["en"]
    {'train': 0.5, 'validation': 0.0, 'test': 0.5}
    """
    counts: dict[str, dict[str, int]] = {}
    for document, side in sides.items():
        for trait in traits.get(document, ()):
            counts.setdefault(trait, dict.fromkeys(SPLITS, 0))[side] += 1
    return {
        trait: {split: round(own[split] / sum(own.values()), 4) for split in SPLITS}
        for trait, own in sorted(counts.items())
    }
