"""The word lists of the English rules (annotators/data/english/*.toml), read once."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from typing import Any

from annotators.rules.english_text import fold

NONE = "NONE"
"""The class of events, meetings, awards and works: named, but without a label."""


@dataclass(frozen=True)
class Lexicon:
    """All lists, folded to lower case with straight apostrophes.

    `heads` maps a head (one or several words) to its label or NONE; `titles` maps a title to (label, whether the
    body beside it decides); `longest_*` count words; `title_sizes` has for the first word of titles how many words they have, most first.
    """

    heads: Mapping[tuple[str, ...], str]
    longest_head: int
    generic: frozenset[str]
    alone: frozenset[str]
    units: frozenset[str]
    weak: frozenset[str]
    titles: Mapping[tuple[str, ...], tuple[str, bool]]
    longest_title: int
    title_sizes: Mapping[str, Sequence[int]]
    address: frozenset[str]
    before_title: frozenset[str]
    topics: frozenset[str]
    function: frozenset[str]
    months: frozenset[str]
    possessives: frozenset[str]
    places: frozenset[str]
    bodies: frozenset[str]
    compounds: frozenset[str]
    governments: frozenset[str]
    speech: frozenset[str]
    demonyms: frozenset[str]
    abbreviations: frozenset[str]
    soft: frozenset[str]
    linking_firms: frozenset[str]
    law_courts: frozenset[str]
    programme_nouns: frozenset[str]
    linking_places: frozenset[str]
    owned_places: frozenset[str]
    facilities: frozenset[str]
    heading_titles: frozenset[str]
    leading_verbs: frozenset[str]
    governed_places: frozenset[str]
    not_names: frozenset[str]
    firm_nouns: frozenset[str]
    introducing: frozenset[str]
    services: frozenset[str]
    before_firms: frozenset[str]
    org_nouns: frozenset[str]
    place_nouns: frozenset[str]
    press_nouns: frozenset[str]
    surnames: frozenset[str]
    doubtful_surnames: frozenset[str]
    never_surnames: frozenset[str]
    syllable: re.Pattern[str]


def _phrases(values: Iterable[str]) -> list[tuple[str, ...]]:
    return [tuple(fold(value).split()) for value in values]


def _words(values: Iterable[str]) -> frozenset[str]:
    return frozenset(fold(value) for value in values)


def _sizes(phrases: Iterable[tuple[str, ...]]) -> dict[str, list[int]]:
    """For each first word how many words the phrases with it have, most first."""
    found: dict[str, set[int]] = {}
    for phrase in phrases:
        found.setdefault(phrase[0], set()).add(len(phrase))
    return {word: sorted(sizes, reverse=True) for word, sizes in found.items()}


def _read(name: str) -> dict[str, Any]:
    path = resources.files("annotators") / "data" / "english" / name
    return tomllib.loads(path.read_text(encoding="utf-8"))


@cache
def lexicon() -> Lexicon:
    """The lists that hemu ships.

    >>> lexicon().heads[("ministry",)]
    'AGENCY'
    """
    heads_file, titles_file, words, names = (_read(f"{n}.toml") for n in ("heads", "titles", "words", "names"))
    heads: dict[tuple[str, ...], str] = {}
    for label, section in heads_file.items():
        if "heads" in section:
            heads.update((phrase, label) for phrase in _phrases(section["heads"]))
    generic = heads_file["generic"]
    titles: dict[tuple[str, ...], tuple[str, bool]] = {}
    titles.update((phrase, ("PERSON", False)) for phrase in _phrases(titles_file["person"]))
    for label, phrases in titles_file["body"].items():
        titles.update((phrase, (label, True)) for phrase in _phrases(phrases))
    titles.update((phrase, ("OFFICIAL", False)) for phrase in _phrases(titles_file["official"]))
    return Lexicon(
        heads=heads,
        longest_head=max(map(len, heads)),
        generic=_words(generic["words"]),
        alone=_words(generic["alone"]),
        units=_words(generic["units"]),
        weak=_words(generic["weak"]),
        titles=titles,
        longest_title=max(map(len, titles)),
        title_sizes=_sizes(titles),
        address=_words(titles_file["form"]["address"]),
        before_title=_words(titles_file["form"]["before"]),
        topics=_words(words["topics"]),
        function=_words(words["function"]),
        months=_words(words["months"]),
        possessives=_words(words["possessives"]),
        places=_words(words["places"]),
        bodies=_words(words["bodies"]),
        compounds=_words(words["compounds"]),
        governments=_words(words["governments"]),
        speech=_words(words["speech"]),
        demonyms=_words(words["demonyms"]),
        abbreviations=_words(words["abbreviations"]),
        soft=_words(words["soft"]),
        linking_firms=_words(words["linking_firms"]),
        law_courts=_words(words["law_courts"]),
        programme_nouns=_words(words["programme_nouns"]),
        linking_places=_words(words["linking_places"]),
        owned_places=_words(words["owned_places"]),
        facilities=_words(words["facilities"]),
        heading_titles=_words(words["heading_titles"]),
        leading_verbs=_words(words["leading_verbs"]),
        governed_places=_words(words["governed_places"]),
        not_names=_words(words["not_names"]),
        firm_nouns=_words([*words["firm_nouns"], *words["introducing"]]),
        introducing=_words(words["introducing"]),
        services=_words(words["services"]),
        before_firms=_words(words["before_firms"]),
        org_nouns=_words(words["org_nouns"]),
        place_nouns=_words(words["place_nouns"]),
        press_nouns=_words(words["press_nouns"]),
        surnames=_words([*names["surnames"], *names["other_surnames"]]),
        doubtful_surnames=_words(names["words"]),
        never_surnames=_words(names["never"]),
        syllable=_syllables(names),
    )


@lru_cache(maxsize=65536)
def known_label(name: str) -> str | None:
    """The label that the knowledge base gives to exactly this name, None where it has none or several.

    >>> known_label("State Council")
    'AGENCY'
    """
    from corpus.knowledge import knowledge

    labels = {entry.label for entry in knowledge().lookup(name, "en") if name not in entry.ambiguous}
    return labels.pop() if len(labels) == 1 else None


def _syllables(names: Mapping[str, list[str]]) -> re.Pattern[str]:
    """A pattern of one or two syllables of Hanyu Pinyin, with an apostrophe or hyphen between them if need be."""
    initials = "|".join(sorted((i for i in names["initials"] if i), key=len, reverse=True))
    finals = "|".join(sorted(names["finals"], key=len, reverse=True))
    one = f"(?:{initials})?(?:{finals})"
    return re.compile(rf"{one}(?:[-']?{one})?", re.IGNORECASE)
