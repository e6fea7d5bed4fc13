"""Head words: what the words of a name themselves say of its label."""

from __future__ import annotations

from collections.abc import Sequence

from annotators.rules.english_lexicon import NONE, Lexicon, lexicon
from annotators.rules.english_text import Word, split_words

LINK_WORDS = frozenset({"of", "for", "on", "at", "in", "against", "to", "concerning"})
"""Words that join a second part to a name; its head stands before the first of them."""

_ARMED = {"pla", "pap"}


def label_of_name(name: str) -> str | None:
    """The label that the head word of a name gives it, "NONE" for events and works, None where it says nothing.

    >>> label_of_name("Yunzhou Municipal Bureau of Water Resources")
    'AGENCY'
    """
    return label_of_words(split_words(name), lexicon())


def label_of_words(words: Sequence[Word], lex: Lexicon) -> str | None:
    """The label that the head gives a name, NONE for events and works, None where it says nothing."""
    lows = [word.low for word in words if word.text != "."]
    segments: list[list[str]] = [[]]
    for position, low in enumerate(lows):
        if low in LINK_WORDS and segments[-1]:
            segments.append([])
        elif low != "the" or position:
            segments[-1].append(low)
    first, *rest = [[low for low in segment if low != "the"] for segment in segments]
    label, size = head_of(first, lex)
    if label is None:
        return None
    if label == "PLACE" and first[-1] in {"republic", "kingdom"}:
        return "PLACE"
    owners = [owner for owner in (_owner(segment, lex) for segment in rest) if owner]
    if owners and first[-1] in lex.units and label in ("AGENCY", "ORG"):
        return owners[-1]
    if first[-1] == "mechanism" and owners and owners[-1] == "AGENCY":
        return "AGENCY"  # Joint Prevention and Control Mechanism of the State Council
    if any(rest) or " ".join(join_possessives(first)) in lex.alone:
        return label
    if len(first) == size and size == 1:
        return None
    if label == NONE and first[-1] == "congress" and not first[0][0].isdigit():
        return "AGENCY"
    modifiers = join_possessives(first)[: -len(join_possessives(first[-size:]))]
    if all(low in lex.generic or low == "and" or lex.heads.get((low,), "FIRM") != "FIRM" for low in modifiers):
        # "National Weather Service", but not "Local People's Court".
        if first[-1] in ("daily", "times", "herald", "gazette", "tribune"):
            return label
        special = (
            size > 1
            and "people's" not in join_possessives(first)
            and first[-1] not in ("government", "bank", "committee")
        )
        return label if special and {"national", "federal", "royal"} & set(modifiers) else None
    if first[-1] == "court" and not any(low in lex.law_courts or low in lex.places for low in modifiers):
        return "PLACE"  # a building, such as an office block
    if label in ("FIRM", "PLACE") and all(low in lex.topics or low in lex.generic for low in modifiers):
        return None
    if label in ("FIRM", "ORG") and first[-1] in ("group", "division", "unit") and first[0] in _ARMED:
        return "AGENCY"
    return label


def _owner(lows: Sequence[str], lex: Lexicon) -> str | None:
    """The label of the body in an "of" part; mere topics ("Science and Technology") are none."""
    label, _ = head_of(lows, lex)
    if label == "AGENCY":
        return label
    named = any(low not in lex.topics and low not in lex.generic and low != "and" for low in lows[:-1])
    return label if label in ("FIRM", "ORG") and named else None


def head_of(lows: Sequence[str], lex: Lexicon) -> tuple[str | None, int]:
    """The label of the longest head that ends these words, and how many words it has."""
    for size in range(min(lex.longest_head, len(lows)), 0, -1):
        label = lex.heads.get(join_possessives(lows[-size:]))
        if label:
            return label, size
    return None, 0


def join_possessives(lows: Sequence[str]) -> tuple[str, ...]:
    """Words with each 's joined to the word before it, as the lists have them."""
    joined: list[str] = []
    for low in lows:
        if low in ("'s", "'") and joined:
            joined[-1] += low
        else:
            joined.append(low)
    return tuple(joined)
