"""What the lists and the knowledge base say of a Chinese name."""

from __future__ import annotations

from functools import cache

from annotators.rules.chinese_lexicon import words


@cache
def known_place(name: str) -> bool:
    """Whether `name` is a place by the lists and the knowledge base."""
    if any(name in words("places", "provinces", key) for key in ("countries", "short", "full")):
        return True
    return known_label(name) == "PLACE"


@cache
def known_official(name: str) -> bool:
    """Whether the knowledge base has the name for persons in office alone, and not only in its list of namesakes."""
    from corpus.knowledge import knowledge

    entries = [e for e in knowledge().lookup(name, "zh") if name not in e.ambiguous]
    return any(e.source != "cped_officials" for e in entries) and all(e.label == "OFFICIAL" for e in entries)


@cache
def known_label(name: str) -> str:
    """The label of the entries of the knowledge base with exactly this name, "" where there is none or no one label."""
    from corpus.knowledge import knowledge

    labels = {entry.label for entry in knowledge().lookup(name, "zh") if name not in entry.ambiguous}
    return labels.pop() if len(labels) == 1 else ""
