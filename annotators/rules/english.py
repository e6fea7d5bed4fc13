"""The annotator "rules-en": English names by capitals, head words, titles and the form of news."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache

from annotators.lists import lists_digest
from annotators.registry import Stage, annotator
from annotators.rules.english_context import context_mentions
from annotators.rules.english_given import relatives
from annotators.rules.english_lexicon import NONE, known_label, lexicon
from annotators.rules.english_lines import line_mentions
from annotators.rules.english_lower import chambers, gulfs, lower_bodies, of_events
from annotators.rules.english_mentions import acronyms, persons_everywhere, short_forms, spread
from annotators.rules.english_names import Name, mention_of, names
from annotators.rules.english_people import Person, people
from annotators.rules.english_policies import governments, pairs, quoted_policies
from annotators.rules.english_programmes import programmes
from annotators.rules.english_runs import Titles, titles
from annotators.rules.english_shapes import by_initials, deals, defined, events, hyphenated_places, prefixed
from annotators.rules.english_slogans import act_titles, slogans
from annotators.rules.english_text import Mention, read, standing
from annotators.rules.media import medium_spans
from annotators.rules.versions import told_by_chinese
from corpus.document import Entity, Group, Layer, Span, without_overlaps
from corpus.stretches import Stretches

NAME = "rules-en"
_RULES = "2"


@lru_cache(maxsize=16)
def find_entities(text: str) -> tuple[Entity, ...]:
    """The named entities that the rules find in an English text, without overlaps, in text order.

    >>> [(e.span.surface, e.label) for e in find_entities("Lin Ke, a farmer, sued the Yunzhou Water Bureau.")]
    [('Lin Ke', 'PERSON'), ('Yunzhou Water Bureau', 'AGENCY')]
    """
    if not text.strip():
        return ()
    reading = read(text)
    found, named = _titles_and_names(text)
    bodies = [mention_of(reading, name, name.label) for name in named if name.label]
    meetings = list(of_events(reading, named))
    named_after = {m.start for m in meetings}
    silent = [*(m for m in bodies if m.label == NONE and m.start not in named_after), *events(reading), *_media(text)]
    bodies = [m for m in bodies if m.label != NONE]
    lines = line_mentions(reading)
    government = list(governments(reading))
    quoted = [*quoted_policies(reading), *deals(reading), *slogans(reading), *programmes(reading)]
    bodies = _with_defined(bodies, list(defined(reading)))
    bodies += [*hyphenated_places(reading), *act_titles(reading), *lower_bodies(reading), *meetings]
    persons = people(reading, found, named, [*bodies, *government, *_model_places(reading.model)])
    persons += [Person(m.start, m.end, None, m.score) for m in (*lines, *relatives(reading)) if m.label == "PERSON"]
    lines = [m for m in lines if m.label != "PERSON"]
    beside = context_mentions(reading, named, [Mention(p.start, p.end, "PERSON") for p in persons if p.score > 0.8])
    persons = [_without_honorific(text, p) for p in persons]
    shown = Stretches((m.start, m.end) for m in beside)
    persons = [p for p in persons if not shown.meet(p.start, p.end)]
    everyone = persons_everywhere(reading, persons, _known_people({text[p.start : p.end] for p in persons}))
    certain = [*lines, *_longest(quoted), *_longest([*bodies, *government, *silent]), *_longest(everyone), *beside]
    kept = _without_overlaps([*certain, *pairs(reading), *chambers(reading), *gulfs(reading)])
    short = acronyms(text, kept)
    short |= by_initials(reading, kept, short)
    # Persons have been spread already, and the Party is a name only where it acts, not in "Party members".
    bound = ("PERSON", "OFFICIAL", NONE)
    again = spread(reading, [m for m in kept if m.label not in bound and text[m.start : m.end] != "Party"])
    again += short_forms(reading, kept)
    again += [Mention(*span, label, 0.8) for name, label in short.items() for span in _spans(text, name)]
    again += prefixed(reading, {text[m.start : m.end]: m.label for m in [*kept, *again] if m.label not in bound})
    final = [m for m in _without_overlaps([*kept, *_longest(again)]) if m.label != NONE]
    final = [_with_year(text, _acting(text, m)) for m in final]
    return without_overlaps([Entity(Span.of(text, m.start, m.end), m.label, m.score, NAME) for m in final])


def _media(text: str) -> list[Mention]:
    """Platforms that are the mere medium of a post."""
    return [Mention(start, end, NONE) for start, end in medium_spans(text, "en")]


def _spans(text: str, name: str) -> list[tuple[int, int]]:
    return list(standing(text, name, _WORD_BEGINS, _WORD_ENDS))


_WORD_BEGINS, _WORD_ENDS = re.compile(r"(?<![\w\-])"), re.compile(r"(?!\w)")


_RUN = {
    "farm": "FIRM",
    "hotel": "FIRM",
    "mall": "FIRM",
    "market": "FIRM",
    "park": "ORG",
    "museum": "ORG",
    "library": "ORG",
    "shipyard": "FIRM",
    "mine": "FIRM",
    "plant": "FIRM",
    "station": "FIRM",
    "airport": "FIRM",
    "port": "FIRM",
    "resort": "FIRM",
    "ranch": "FIRM",
}
_RUN_BY = re.compile(
    r"\b(?:president|director|manager|head|owner|founder|chairman|curator|spokes\w+)\s+(?:of|for)\s+(?:the\s+)?$", re.I
)


def _acting(text: str, mention: Mention) -> Mention:
    """A farm or a museum that somebody manages is no location but a firm or an organisation."""
    label = _RUN.get(text[mention.start : mention.end].rsplit(" ", 1)[-1].lower())
    if mention.label == "PLACE" and label and _RUN_BY.search(text[max(0, mention.start - 40) : mention.start]):
        return replace(mention, label=label)
    return mention


_HONORIFIC = re.compile(
    r"(?:Crown Prince|Crown Princess|Sheikh|Sheikha|Emir|Prince|King|Sultan|Ayatollah)\s+(?=[A-Z][\w'’-]+)"
)


def _without_honorific(text: str, person: Person) -> Person:
    """The name without the title that an Arab ruler has before it; Sheikh Hasina, of two words, keeps it."""
    title = _HONORIFIC.match(text, person.start, person.end)
    if title and re.search(r" (?:bin|ibn|Al|[Aa]l-)", text[title.end() : person.end]):
        return replace(person, start=title.end())
    return person


_YEAR_BEFORE = re.compile(r"\b(?:the|a|its|their) ((?:19|20)\d\d (?:and (?:19|20)\d\d )?)$")


_YEARS_BEHIND = re.compile(r" ?\((?:19|20)\d\d ?[-–—] ?(?:19|20)?\d\d\)")


def _with_year(text: str, mention: Mention) -> Mention:
    """The year before the name of a plan is part of it: the 2031 Clean Rivers Action Plan."""
    if mention.label == "POLICY" and text[mention.start : mention.start + 1].isupper():
        year = _YEAR_BEFORE.search(text[max(0, mention.start - 24) : mention.start])
        years = _YEARS_BEHIND.match(text, mention.end)
        if years:
            mention = replace(mention, end=years.end())
        if year:
            return replace(mention, start=mention.start - len(year.group(1)))
    return mention


def _with_defined(bodies: list[Mention], named: list[Mention]) -> list[Mention]:
    """The bodies with those that an acronym in brackets bounds, which replace what is cut out of them."""
    longer = Stretches((n.start, n.end) for n in named)
    return [*(b for b in bodies if not longer.hold(b.start, b.end)), *named]


def _longest(mentions: list[Mention]) -> list[Mention]:
    return sorted(mentions, key=lambda m: (m.start - m.end, m.start))


def _without_overlaps(mentions: list[Mention]) -> list[Mention]:
    taken: set[int] = set()
    kept: list[Mention] = []
    for mention in mentions:
        stretch = range(mention.start, mention.end)
        if taken.isdisjoint(stretch):
            taken.update(stretch)
            kept.append(mention)
    return kept


def _model_places(model: tuple[Mention, ...]) -> list[Mention]:
    """Places of the model, as evidence beside titles ("ambassador to Libya")."""
    return [Mention(m.start, m.end, "PLACE", m.score) for m in model if m.label in ("GPE", "LOC")]


def _known_people(names: set[str]) -> dict[str, str]:
    """Labels that the knowledge base has for full names."""
    known = {name: known_label(name) for name in names}
    return {name: label for name, label in known.items() if label in ("OFFICIAL", "PERSON")}


def silent_spans(text: str) -> list[tuple[int, int]]:
    """Where the titles of events, meetings, awards and works stand: nothing inside them is marked.

    >>> silent_spans("They met at the Yunzhou Import Expo.")
    [(16, 35)]
    """
    if not text.strip():
        return []
    reading = read(text)
    silent = (mention_of(reading, name, NONE) for name in _titles_and_names(text)[1] if name.label == NONE)
    return [(m.start, m.end) for m in (*silent, *events(reading), *_media(text))]


@lru_cache(maxsize=16)
def _titles_and_names(text: str) -> tuple[Titles, tuple[Name, ...]]:
    reading = read(text)
    found = titles(reading)
    return found, tuple(names(reading, found))


class EnglishRules:
    """Proposes entities of English documents; the rest of the group is left out."""

    name = NAME
    stage: Stage = "entities"

    def __init__(self) -> None:
        lexicon()
        self.version = f"{_RULES}-{lists_digest('english')}"

    def annotate(self, group: Group) -> list[Layer]:
        """A layer for each English document of the group."""
        return [
            Layer(d.id, d.sha, self.name, self.version, told_by_chinese(group, find_entities(d.text)))
            for d in (item.document for item in group.items)
            if d.lang == "en"
        ]


@annotator(NAME)
def rules_en() -> EnglishRules:
    """English names by capitals, head words, titles and the form of news."""
    return EnglishRules()
