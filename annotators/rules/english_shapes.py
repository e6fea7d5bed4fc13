"""Names that their shape gives away: deals, acts with brackets, acronyms by their initials, hyphenated places."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from annotators.rules.english_heads import label_of_name
from annotators.rules.english_lexicon import NONE, known_label, lexicon
from annotators.rules.english_text import Mention, Reading, fold

_CAPITAL = r"[A-Z][\w'’]*"
_TOPIC = (
    r"(?:nuclear|trade|free[- ]trade|peace|climate|fishing|fisheries|security|defen[cs]e|migration|migrant|refugee|arms|"
    r"investment|withdrawal|ceasefire|grain|gas|tax|extradition|border|customs|travel|submarine|missile|water|tariff)"
)
_DEAL = re.compile(
    rf"(?<![\w-])(?P<names>{_CAPITAL}(?:[-–/ ]{_CAPITAL}){{0,3}}) (?:{_TOPIC} ){{1,2}}"
    r"(?:deal|agreement|accord|pact|treaty|framework agreement)(?!\w)"
)
# Before a deal that is only wished for, or any one of several.
_INDEFINITE = re.compile(r"\b(?:an?|any|no|some|another|possible|potential|future|new|proposed|every|each)\s+$", re.I)
_BRACKETED_ACT = re.compile(
    rf"(?<![\w-]){_CAPITAL}(?: (?:of|and|for) {_CAPITAL}| {_CAPITAL})* \({_CAPITAL}(?: (?:and |of )?{_CAPITAL})*\)"
    rf"(?: {_CAPITAL})? (?:Act|Bill|Ordinance|Order|Regulations?|Law|Rules)\b"
)
_DEFINED = re.compile(r"\s\((?:the )?([A-Z][A-Za-z&]*[A-Z])\)")
_WORD = re.compile(r"[\w'’.&-]+")
_UPPER = re.compile(r"(?<![\w.$#@/])[A-Z]{3,6}(?![\w]|-[A-Z0-9])")
_SMALL = frozenset({"of", "the", "and", "for", "on", "in", "to", "at", "de", "la", "du", "des", "del", "e", "y"})
_PREFIX = re.compile(r"(?<![\w-])(?:anti|pro|pan|non|trans|inter|ex|Anti|Pro|Pan)[-‑](?=[A-Z])")
_HYPHENATED = re.compile(
    rf"(?<![\w-])(?:{_CAPITAL}(?:-(?:de|du|des|la|le|les|lès|sur|sous|en|aux|upon|on|under|by|am)){{1,2}}-{_CAPITAL}"
    rf"|(?:Saint|Sainte)-{_CAPITAL}(?:-(?:[a-z]{{1,4}}-)*{_CAPITAL})*)(?![\w-])"
)
_PARTIES = frozenset({"party", "dal", "sena", "parishad", "morcha", "partido", "partei", "parti", "front", "ministry"})


def deals(reading: Reading) -> Iterator[Mention]:
    """Agreements of named parties ("Peru fishing deal"), and acts with a bracket in their name.

    >>> from annotators.rules.english_text import read
    >>> text = "They left the US-Peru trade deal."
    >>> [text[m.start : m.end] for m in deals(read(text))]
    ['US-Peru trade deal']
    """
    text, lex = reading.text, lexicon()
    for match in _DEAL.finditer(text):
        start = match.start()
        names = match.group("names")
        while " " in names and not _parties(names):
            # "Yesterday Peru …": only the last of the capitalised words are parties.
            start += len(names.split(" ", 1)[0]) + 1
            names = names.split(" ", 1)[1]
        if _parties(names) and not _INDEFINITE.search(text, max(0, start - 12), start) and not reading.in_title(start):
            yield Mention(start, match.end(), "POLICY", 0.75)
    for match in _BRACKETED_ACT.finditer(text):
        first = match.group().split(" ", 1)[0]
        start = match.start() + (len(first) + 1 if fold(first) in lex.function else 0)
        yield Mention(start, match.end(), "POLICY", 0.8)


_EVENT = re.compile(
    rf"(?<![\w-])(?:{_CAPITAL} ){{1,3}}(?:19|20)\d\d(?: {_CAPITAL}){{0,4}} "
    r"(?:Olympics|Paralympics|Games|Expo|Cup|Forum|Summit|Conference|Exhibition|Fair|Festival|Championships?)\b"
)


_ORDER = r"(?:\d{1,2}(?:st|nd|rd|th)|[A-Z][a-z]+(?:th|st|nd|rd|-[a-z]+))"
_WHOSE = r"(?:CPC|Communist Party of China|Communist Party|Party|NPC|CPPCC)"
# A congress of the party and a session of its committee are meetings, the body inside their titles is not marked.
_SESSION = re.compile(
    rf"(?<![\w-])(?:(?:{_ORDER} )?(?:{_WHOSE}(?:['’]s)? )?National Congress(?: of the {_WHOSE})?(?! of)"
    rf"|(?:{_ORDER} )?[Pp]lenary [Ss]ession of the (?:{_ORDER} )?(?:{_WHOSE} )?Central Committee(?: of the {_WHOSE})?"
    rf"|(?:{_ORDER} )?[Ss]ession of the {_ORDER} (?:National People['’]s Congress|NPC|(?:{_WHOSE} )?National Committee(?: of the {_WHOSE})?))(?!\w)"
)
# A joint exercise: “Steadfast Crane-2031”.
_EXERCISE = re.compile(
    r"(?<=[“\"‘])[A-Z][\w'’]*(?: [A-Z][\w'’]*){0,3}[- –](?:19|20)\d\d(?=[”\"’] (?:[a-z]+ ){0,5}(?:exercises?|drills?|manoeuvres?|maneuvers?|training|operation))"
)


def events(reading: Reading) -> Iterator[Mention]:
    """Titles of events with a year inside, which no run of capitals shows: "Linhai 2031 Winter Games"."""
    for pattern in (_EVENT, _SESSION, _EXERCISE):
        for match in pattern.finditer(reading.text):
            yield Mention(match.start(), match.end(), NONE, 0.8)


def _parties(names: str) -> bool:
    """Whether the words name places or bodies that can make a deal: "US-Peru", "Britain and France"."""
    if _is_party(names):
        return True
    return all(_is_party(part) for part in re.split(r"[-–/]", names))


def _is_party(name: str) -> bool:
    lex = lexicon()
    return fold(name) in lex.places | lex.bodies or known_label(name) in ("PLACE", "AGENCY", "POLICY")


def hyphenated_places(reading: Reading) -> Iterator[Mention]:
    """Places that hyphens hold together: Bourg-sur-Lans, Saint-Orme; not after a first name."""
    for match in _HYPHENATED.finditer(reading.text):
        before = re.search(r"(\S+) $", reading.text[max(0, match.start() - 30) : match.start()])
        named = reading.covering(match.start(), match.end()) == "PERSON"
        if not named and not (before and before.group(1)[0].isupper() and before.group(1)[-1].isalnum()):
            yield Mention(match.start(), match.end(), "PLACE", 0.75)


def defined(reading: Reading) -> Iterator[Mention]:
    """Names whose acronym follows in brackets with their very initials, though no head word says what they are.

    An organisation, unless a word of the name says that it is something else.
    """
    text = reading.text
    for match in _DEFINED.finditer(text):
        letters = [c for c in match.group(1) if c.isupper()]
        line = text.rfind("\n", 0, match.start()) + 1
        words = list(_WORD.finditer(text, max(line, match.start() - 120), match.start()))
        start, position = match.start(), len(letters)
        for word in reversed(words):
            if text[word.end() : start].strip() or not position:
                break
            surface = word.group()
            if surface[0].isupper() and surface[0] == letters[position - 1]:
                position -= 1
            elif surface not in _SMALL:
                break
            start = word.start()
        if position or len(letters) < 3 or not text[start].isupper():
            continue
        name = text[start : match.start()]
        label = label_of_name(name) or ("AGENCY" if _PARTIES & set(fold(name).split()) else "ORG")
        if label not in (NONE, "PLACE") and not known_label(name) and _named(reading, start, match.start()):
            yield Mention(start, match.start(), label, 0.75)
            yield Mention(match.start(1), match.end(1), label, 0.75)


def _named(reading: Reading, start: int, end: int) -> bool:
    """Whether a stretch with an acronym is a body and no mere term ("Gross Regional Product (GRP)")."""
    lex = lexicon()
    words = fold(reading.text[start:end]).split()
    if all(w in lex.topics | lex.generic | lex.not_names | _SMALL or (w,) in lex.heads for w in words):
        return False
    plain = reading.text[start:end].lower() in reading.text
    return not plain and reading.covering(start, end) not in ("PRODUCT", "EVENT", "WORK_OF_ART", "DATE")


def by_initials(reading: Reading, mentions: Sequence[Mention], known: Mapping[str, str]) -> dict[str, str]:
    """Acronyms of names that the text has in full somewhere, although nothing joins the two.

    `known` are acronyms with a label already.

    >>> from annotators.rules.english_text import read
    >>> text = "The Clean Rivers Act is old. Farmers dislike the CRA."
    >>> by_initials(read(text), [Mention(4, 20, "POLICY")], {})
    {'CRA': 'POLICY'}
    """
    labels: dict[str, set[str]] = {}
    for mention in mentions:
        if mention.label in ("POLICY", "AGENCY", "ORG", "FIRM"):
            words = re.findall(r"[A-Z][\w'’]*", reading.text[mention.start : mention.end])
            if len(words) > 2:
                labels.setdefault("".join(word[0] for word in words), set()).add(mention.label)
    not_names = lexicon().not_names
    found: dict[str, str] = {}
    for match in _UPPER.finditer(reading.text):
        name = match.group()
        answers = labels.get(name, set())
        if len(answers) == 1 and name not in known and fold(name) not in not_names and not known_label(name):
            found[name] = next(iter(answers))
    return found


def prefixed(reading: Reading, labels: Mapping[str, str]) -> Iterator[Mention]:
    """A name of the text behind a prefix: "anti-CRA", "pan-Asia" mark the name alone."""
    for match in _PREFIX.finditer(reading.text):
        name = re.compile(r"[\w.&]+").match(reading.text, match.end())
        if name and name.group() in labels:
            yield Mention(*name.span(), labels[name.group()], 0.75)
