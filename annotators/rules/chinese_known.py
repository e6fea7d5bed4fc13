"""What the lists and the knowledge base say of a Chinese name."""

from __future__ import annotations

from functools import lru_cache

from annotators.rules.chinese_lexicon import bodies_alone, words


@lru_cache(maxsize=65536)
def known_place(name: str) -> bool:
    """Whether `name` is a place by the lists and the knowledge base."""
    if any(name in words("places", "provinces", key) for key in ("countries", "short", "full")):
        return True
    return known_label(name) == "PLACE"


@lru_cache(maxsize=65536)
def known_official(name: str) -> bool:
    """Whether the knowledge base has the name for persons in office alone, and not only in its list of namesakes."""
    from corpus.knowledge import knowledge

    entries = [e for e in knowledge().lookup(name, "zh") if name not in e.ambiguous]
    return any(e.source != "cped_officials" for e in entries) and all(e.label == "OFFICIAL" for e in entries)


@lru_cache(maxsize=65536)
def known_label(name: str) -> str:
    """The label of the entries of the knowledge base with exactly this name, "" where there is none or no one label."""
    from corpus.knowledge import knowledge

    labels = {entry.label for entry in knowledge().lookup(name, "zh") if name not in entry.ambiguous}
    return labels.pop() if len(labels) == 1 else ""


def known_agency(name: str) -> bool:
    """Whether `name` is an organ of state by the lists and the knowledge base."""
    return (bodies_alone().get(name) or known_label(name)) == "AGENCY"


@lru_cache(maxsize=4096)
def side_by_side(name: str) -> int:
    """Where the second of several organs of state begins that stand side by side without a mark, 0 where `name` is one.

    Each is known, and all together are not: 国务院办公厅 is one organ. The 中央 of a party is no organ beside it.

    >>> side_by_side("财政部教育部"), side_by_side("国务院国务院"), side_by_side("国务院办公厅")
    (3, 3, 0)
    """
    if known_agency(name) or name.endswith("中央"):
        return 0
    for size in range(len(name) - 2, 1, -1):
        if known_agency(name[:size]) and (known_agency(name[size:]) or side_by_side(name[size:])):
            return size
    return 0
