"""Programmes in English by what is done with them: the so-called traffic light mechanism, joined the Warm Homes Project,
implement the entrepreneurship training programme for students, "one policy for one student"."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib import resources

from annotators.rules.english_heads import label_of_name
from annotators.rules.english_lexicon import known_label, lexicon
from annotators.rules.english_text import Mention, Reading, fold

_HEADS = r"mechanism|plan|scheme|programme|program|initiative|policy|strategy|law|rule|system|act|tax|pact|doctrine|campaign|project"
_SO_CALLED = re.compile(rf"\bso-called [“\"]?(?P<name>(?:[a-z][a-z-]* ){{1,4}}?(?:{_HEADS}))(?![\w-])", re.IGNORECASE)
_DOING = (
    r"(?:implement(?:s|ed|ing)?|implementation of|launch(?:es|ed|ing)?|roll(?:s|ed|ing)? out|pilot(?:s|ed|ing)?|extend(?:s|ed|ing)?|"
    r"introduc(?:e|es|ed|ing)|expand(?:s|ed|ing)?|carr(?:y|ies|ied|ying) out|scrap(?:s|ped|ping)?|suspend(?:s|ed|ing)?|under)"
)
_LOWER = re.compile(
    rf"\b{_DOING} (?:the|its|their) (?P<name>(?:[a-z][a-z-]* (?:and )?){{2,6}}?(?:programme|program|scheme|mechanism|project))"
    r"(?P<tail> for (?:[a-z-]+ ){0,2}[a-z]{3,}s)?(?![\w-])(?! (?:of|that|which|for)\b)(?! to (?!all|every|each|the)\b)"
)
_CAPITALS = re.compile(
    r"\b(?:[Jj]oin(?:s|ed|ing)?|[Ii]mplement(?:s|ed|ing)?|[Ll]aunch(?:es|ed|ing)?|[Uu]nder|[Bb]enefit(?:s|ed|ing)? from|[Tt]hanks to|[Cc]arr(?:y|ied|ying) out|"
    r"[Rr]oll(?:s|ed|ing)? out|[Ee]nroll?(?:s|ed|ing)? in|[Pp]art of|[Tt]ook part in|[Ff]unded by|[Ff]inanced by|[Pp]ursuant to|[Uu]nveil(?:s|ed|ing)?|[Ii]ntroduc(?:es|ed|ing)) "
    r"(?:the |its |their |[A-Z][a-z]+['’]s )(?P<name>[A-Z][\w'’-]*(?:(?: (?:and|of|for|to|the))* [A-Z][\w'’-]*){0,5}? (?:Project|Program|Programme|Scheme|Mechanism|Campaign|Drive|Initiative|Mission|Compact|Action))(?![\w-])(?! [A-Z])"
)
# A name in capitals before the word for what it is, in lower case: the Go To Travel campaign.
_NAMED = re.compile(
    r"(?:\b(?:[Tt]he|its|their|a)|['’]s) [“\"]?(?P<name>[A-Z][\w-]*(?: [A-Z][\w-]*){1,4})[”\"]? (?:programme|program|scheme|campaign|drive|initiative|strategy)(?![\w-])"
)
_SLOGAN = re.compile(
    r"[“\"‘](?P<name>[Oo]ne (?P<first>[a-z]+)(?: for (?:one|each|every)|, one| per| to one| one) (?P<second>[a-z]+))[,.]?[”\"’]"
)


_NAMED_ALREADY = frozenset({"PLACE", "AGENCY", "FIRM", "ORG", "OFFICIAL"})


@cache
def _words(key: str) -> frozenset[str]:
    path = resources.files("annotators") / "data" / "english" / "slogans.toml"
    return frozenset(tomllib.loads(path.read_text(encoding="utf-8"))[key])


def programmes(reading: Reading) -> Iterator[Mention]:
    """All programmes of these kinds; they may overlap one another, the longest is meant.

    >>> from annotators.rules.english_text import read
    >>> text = "Under the so-called traffic light mechanism she joined the Warm Homes Project."
    >>> [text[m.start : m.end] for m in programmes(read(text))]
    ['traffic light mechanism', 'Warm Homes Project']
    """
    text, lex = reading.text, lexicon()
    plain, built, measures = (_words(key) for key in ("kinds_of_programme", "built", "measures"))
    for match in _SO_CALLED.finditer(text):
        words = fold(match.group("name")).split()
        if not set(words[:-1]) <= plain and not set(words) & lex.function:
            yield Mention(*match.span("name"), "POLICY", 0.7)
    for match in _LOWER.finditer(text):
        words = match.group("name").split()[:-1]
        if words and match.group("name").endswith("project") and len(words) < 3:
            continue  # most projects are built
        telling = [w for w in words if w not in plain and w != "and"]
        if len(telling) > 1 and not set(words) & (lex.function - {"and"}) and not set(words) & (lex.demonyms | built):
            yield Mention(match.start("name"), match.end(), "POLICY", 0.65)
    for match in _CAPITALS.finditer(text):
        words = fold(match.group("name")).split()
        if len(words) > 1 and not set(words) & built and not reading.in_title(match.start()):
            yield Mention(*match.span("name"), "POLICY", 0.7)
    for match in _NAMED.finditer(text):
        start, end = match.span("name")
        name = match.group("name")
        known = known_label(name) or label_of_name(name)
        model = reading.covering(start, end)
        if (
            known in (None, "PLACE", "POLICY")
            and model not in ("GPE", "LOC", "PERSON", "NORP", "EVENT")
            and not reading.in_title(start)
        ):
            first, last = (fold(word) for word in (name.split()[0], name.split()[-1]))
            parts = {known_label(name.split()[0]), known_label(name.split(" ", 1)[1])}
            common = first in lex.demonyms | lex.places | lex.months or (last,) in lex.titles
            if not common and known_label(name) != "PLACE" and not parts & _NAMED_ALREADY:
                yield Mention(start, end, "POLICY", 0.7)
    for match in _SLOGAN.finditer(text):
        if {match.group("first"), match.group("second")} & measures:
            yield Mention(*match.span("name"), "POLICY", 0.75)
