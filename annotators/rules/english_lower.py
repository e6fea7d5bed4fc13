"""Bodies in English whose head word is in lower case, as translators write them: "Peruvian electoral commission"."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from annotators.rules.english_lexicon import NONE, known_label, lexicon
from annotators.rules.english_names import Name
from annotators.rules.english_text import Mention, Reading, fold

_OWNER = r"(?<![\w-])(?P<owner>[A-Z][\w.'’]*(?: [A-Z][\w.]*){0,3}?)(?P<gap> )"
_TOPICS = (
    r"(?:foreign|defen[cs]e|health|finance|interior|justice|education|trade|transport|environment|energy|agriculture|commerce|"
    r"labou?r|information|culture|home|economy|planning|tax|customs|statistics|market|financial|securities|public security|"
    r"water|housing|forestry|emergency management|civil affairs|market regulation|market supervision|development and reform)"
)
_LEVELS = r"(?:municipal|provincial|regional|city|county|district|prefectural|federal|state|national|village|township)"
_LOWER = re.compile(
    _OWNER
    + rf"(?:(?:{_LEVELS} )?(?:{_TOPICS} ){{1,2}}(?:affairs )?(?:ministry|commission|bureau|department|authority|committee)"
    r"|(?:national |central |independent |high )?(?:electoral|elections?) (?:commission|authority|council)"
    rf"|{_LEVELS} (?:government|committee|people['’]s congress|authorities|party committee)"
    r"|(?:central bank|supreme court|constitutional court|high court|supreme electoral court|coast guard|air force|armed forces|national assembly))"
    r"(?![\w-])(?! [A-Z])(?! (?:system|reform|policy|officials? who))"
)
_MECHANISM = re.compile(
    r"(?:(?:China|State Council)(?:['’]s)? )?[Jj]oint [Pp]revention and [Cc]ontrol [Mm]echanism(?: (?:of|under) the State Council)?"
)


# Organs and associations that are named by their level alone, as 省委 and 省茶叶协会 are.
_LOCAL = re.compile(
    r"(?<![\w-])(?<!said )(?:(?P<organ>(?:provincial|municipal|county|city|district|prefectural) (?:Party|party|CPC) (?:[Cc]ommittee|[Ss]tanding [Cc]ommittee))"
    r"|(?P<body>(?:provincial|municipal) (?:[a-z]+ ){1,3}(?:association|federation|chamber of commerce)))(?![\w-])"
)
_ANY = re.compile(r"\b(?:an?|any|every|each|all|other|these|those|their|our|several|some|no|former)\s+$", re.I)
_PROVINCE = re.compile(r"(?<![\w-])([A-Z][\w'’]+(?: [A-Z][\w'’]+)?) (?:province|county|prefecture)(?![\w-])(?!-level)")


def lower_bodies(reading: Reading) -> Iterator[Mention]:
    """Bodies of a named country or place whose kind is in lower case.

    >>> from annotators.rules.english_text import read
    >>> text = "They asked the Peruvian electoral commission."
    >>> [text[m.start : m.end] for m in lower_bodies(read(text))]
    ['Peruvian electoral commission']
    """
    lex, text = lexicon(), reading.text
    seen = {text[m.start : m.end] for m in reading.model if m.label in ("GPE", "LOC", "NORP")}
    for match in _LOWER.finditer(text):
        owner, start = match.group("owner"), match.start()
        while owner and not _owns(owner, seen) and " " in owner:
            cut = owner.index(" ") + 1
            owner, start = owner[cut:], start + cut
        if owner and _owns(owner, seen) and fold(owner) not in lex.function:
            yield Mention(start, match.end(), "AGENCY", 0.75)
    for match in _LOCAL.finditer(text):
        if not _ANY.search(text, max(0, match.start() - 10), match.start()):
            yield Mention(*match.span(), "AGENCY" if match.group("organ") else "ORG", 0.7)
    for match in _PROVINCE.finditer(text):
        if fold(match.group(1)) in lex.places or known_label(match.group(1)) == "PLACE":
            yield Mention(*match.span(), "PLACE", 0.75)
    for match in _MECHANISM.finditer(text):
        if "State Council" in match.group():
            yield Mention(*match.span(), "AGENCY", 0.8)


def _owns(name: str, seen: set[str]) -> bool:
    lex = lexicon()
    low = fold(name)
    if low in (
        "western",
        "eastern",
        "northern",
        "southern",
        "asian",
        "african",
        "arab",
        "european",
        "democratic",
        "republican",
    ):
        return False
    return low in lex.places | lex.demonyms or name in seen or known_label(name) == "PLACE"


_CHAMBER = re.compile(
    r"(?:(?<=[a-z,] )|(?<=^))(?:[Tt]he )?(?P<name>Congress|Senate)(?![\w-])(?!['’]s? [A-Z])(?! [A-Z])(?! of\b)", re.M
)
_HOUSE = re.compile(
    r"(?<=[Tt]he )House(?= (?:passed|voted|approved|rejected|and (?:the )?Senate|Speaker|speaker|in|on|by|is|was|has|had|will|would)\b)"
)
_AMERICAN = re.compile(r"\b(?:US|U\.S\.|United States|American|Washington|Republicans?|Democrats?|White House)(?!\w)")


def chambers(reading: Reading) -> Iterator[Mention]:
    """Congress and the Senate by themselves, where the text is about the United States."""
    text = reading.text
    if not _AMERICAN.search(text):
        return
    for match in _CHAMBER.finditer(text):
        if not reading.in_title(match.start()):
            yield Mention(*match.span("name"), "AGENCY", 0.7)
    if re.search(r"\b(?:Senate|Congress|House of Representatives)\b", text):
        for match in _HOUSE.finditer(text):
            yield Mention(*match.span(), "AGENCY", 0.7)


_GULF = re.compile(
    r"(?<![\w-])(?:gulf|Gulf)(?= (?:countries|states|nations|monarchies|region|kingdoms?|neighbou?rs|allies|Arab)\b)|(?<=\bthe )(?:gulf|Gulf)(?=[.,;]| (?:and|in|is|has|are|have|were)\b)"
)
_ARABIA = re.compile(r"\b(?:Saudi|Qatar|Iran|Emirates|UAE|Kuwait|Bahrain|Oman)\b")


def gulfs(reading: Reading) -> Iterator[Mention]:
    """The Gulf of the Gulf states, in capitals or not."""
    if _ARABIA.search(reading.text):
        for match in _GULF.finditer(reading.text):
            yield Mention(*match.span(), "PLACE", 0.75)


@lru_cache(maxsize=4096)
def _body(name: str) -> bool:
    return known_label(name) == "AGENCY" and (" " in name or fold(name) in lexicon().bodies)


def of_events(reading: Reading, names: Sequence[Name]) -> Iterator[Mention]:
    """The body that meets: "Gulf Cooperation Council Summit" names the council, whose summit is no title of its own."""
    for name in names:
        if name.label != NONE or name.last <= name.first or name.last - name.first > 8:
            continue
        start, end = reading.words[name.first].start, reading.words[name.last - 1].end
        if reading.words[name.last].low in ("summit", "meeting", "session", "talks", "conference") and _body(
            reading.text[start:end]
        ):
            yield Mention(start, end, "AGENCY", 0.75)
