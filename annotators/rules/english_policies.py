"""Policies, places and pairs that capitals alone do not show: quoted programmes, "three-child policy", "US-China"."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from annotators.rules.english_lexicon import known_label, lexicon
from annotators.rules.english_text import Mention, Reading, fold

_QUOTED = re.compile(r"[“\"‘]([^“”\"‘’\n]{3,80}?)[,.]?[”\"’]")
_PROGRAMME = re.compile(
    r"\s*(?:policy|policies|strategy|campaign|initiative|plan|programme|program|scheme|drive|principle|project|projects|"
    r"reform|action|law|act|goals?|targets?|rules?|construction)\b(?!\s+to\b)"
)
_CALLED = re.compile(
    r"(?:policy|strategy|campaign|initiative|plan|programme|program|scheme|drive|principle|law|rules|order|project|act)\s+(?:of|called|named|known as|dubbed|titled|entitled)\s*$"
)
_NAMED = re.compile(
    r"\b(?:policy|strategy|campaign|initiative|plan|programme|program|scheme|drive|law|project|act)\s+(?:called|named|known as|dubbed|titled|entitled)\s+"
    r"(?:the\s+)?(?P<name>[A-Z][\w'’\-]*(?:\s(?:(?:in|of|for|the|and|to|on|with)\s)*[A-Z0-9][\w'’\-]*){0,7})"
)
_COMPOUND_POLICY = re.compile(
    r"\b((?:one|two|three|zero|all|open|dual|double|triple|single|dynamic|multi|opening)-[A-Za-z]+(?:-[A-Za-z]+)?\s+(?:policy|strategy))\b",
    re.I,
)
_NUMBERED = re.compile(
    r"\b(?:(?:\d{1,2}(?:st|nd|rd|th)|[A-Z][a-z]+(?:th|st|nd|rd))\s+)?Five-Year\s+(?:Plan|Programme|Program)\b(?:\s+for(?:\s+the)?(?:\s+(?:and\s+)?[A-Z][\w\-]+)+)?"
    r"|\bNo\.\s?\d+\s+(?:Central\s+)?Document\b|\b(?:Made|Make) in [A-Z][a-z]+(?:\s+20\d\d\b|(?=[”\"’]?\s(?:plan|strategy|initiative|programme|program|policy|campaign)\b))|\b[A-Z][a-z]+ (?:Vision|Agenda) 20\d\d\b|\bOperation(?:\s[A-Z][a-z]+){1,2}\b"
)
_BY_NUMBER = re.compile(
    r"\b(?:(?:Local|Public|Federal|Organic|Presidential|Royal|Legislative|Ministerial|(?:UN |U\.N\. )?Security Council) )?"
    r"(?:Law|Decree|Resolution|Ordinance) (?:No\.? ?)?\d{1,5}(?:/\d{1,4})?\b(?!-)"
)
_JOINT = re.compile(r"(?<=[A-Za-z.])\s?[-–—/‑]\s?(?=[A-Z])")
_LEFT = re.compile(r"(?:[A-Z][\w.]*\s)?[A-Z][\w.]*$")
_RIGHT = re.compile(r"[A-Z][\w.]*(?:\s[A-Z][a-z]+)?")
_BASED = re.compile(r"(?<![\w\-])((?:[A-Z][\w.'’]*\s){0,2}[A-Z][\w.]*)-([a-z]+)\b")
_GOVERNMENT = re.compile(
    r"\b((?:[A-Z][\w.\-]{0,60}\s){1,3})([Gg]overnment|[Pp]arliament|[Pp]olice|[Aa]uthorities|Military|[Aa]rmy|[Nn]avy|[Cc]ongress|[Ss]enate|[Cc]abinet)\b(?!\s+[A-Z])"
)
_GOVERNMENT_OF = re.compile(
    r"(?<![\w-])(?:(?:[Ss]tate|[Pp]rovincial|[Mm]unicipal|[Rr]egional|[Ff]ederal|[Nn]ational|[Pp]eople['’]s) )?[Gg]overnment of (?:the )?"
    r"(?P<place>[A-Z][\w'’-]*(?: (?:and |of )?[A-Z][\w-]*){0,3})"
)
_PARTY = re.compile(r"(?<![\w-])Party\b(?!['’]s? [A-Z])(?!-)(?!\s+[A-Z])")
_SMALL_WORD = re.compile(r"\s+([a-z]+)")
# Characters before a name in which the words that introduce it are looked for.
_BEFORE = 80


def quoted_policies(reading: Reading) -> Iterator[Mention]:
    """Programmes in quotation marks beside a word such as "strategy", and policies by their form."""
    text = reading.text
    lex = lexicon()
    for match in _QUOTED.finditer(text):
        name = match.group(1).strip()
        words = name.split()
        if not 0 < len(words) <= 12:
            continue
        start = match.start(1) + match.group(1).index(name)
        end = start + len(name)
        headed = (fold(words[-1]),) in lex.heads and lex.heads[(fold(words[-1]),)] == "POLICY" and name[0].isupper()
        headed = headed and len(words) >= 2 and all(w[0].isupper() or fold(w) in lex.function for w in words)
        before = max(0, match.start() - _BEFORE)
        beside = len(words) <= 10 and (
            _PROGRAMME.match(text, match.end()) or _CALLED.search(text, before, match.start())
        )
        # "Beautiful Villages", "Sponge City": a place word in quotation marks names a programme.
        honoured = 2 <= len(words) <= 3 and (fold(words[-1]),) in lex.heads and lex.heads[(fold(words[-1]),)] == "PLACE"
        if honoured and all(w[0].isupper() for w in words) and words[-1].lower() in lex.place_nouns:
            yield Mention(start, end, "POLICY", 0.7)
        elif headed or beside:
            yield Mention(start, end, "POLICY", 0.8 if headed else 0.65)
    for match in _NAMED.finditer(text):
        yield Mention(*match.span("name"), "POLICY", 0.75)
    for pattern in (_COMPOUND_POLICY, _NUMBERED, _BY_NUMBER):
        for match in pattern.finditer(text):
            yield Mention(match.start(), match.end(), "POLICY", 0.8)


def pairs(reading: Reading) -> Iterator[Mention]:
    """Both sides of "US-China", and the place in "Geneva-based" (where no longer name covers them)."""
    lex = lexicon()
    text = reading.text
    seen = {text[m.start : m.end]: m.label for m in reading.model if m.label in ("GPE", "LOC")}

    def label_of(name: str) -> str | None:
        if fold(name) in lex.bodies:
            return "AGENCY"
        return "PLACE" if fold(name) in lex.places or name in seen else None

    for joint in _JOINT.finditer(text):
        left, right = _LEFT.search(text, max(0, joint.start() - 40), joint.start()), _RIGHT.match(text, joint.end())
        if left is None or right is None:
            continue
        sides = [(left.start(), left.end()), (right.start(), right.end())]
        spans = [_known_side(text, a, b, label_of, from_right=number == 0) for number, (a, b) in enumerate(sides)]
        yield from (m for m in spans if m and all(spans))
    for match in _BASED.finditer(text):
        name, compound = match.groups()
        start = match.start(1)
        while name and (fold(name.split()[0]) in lex.function) and " " in name:
            start += len(name.split()[0]) + 1
            name = text[start : match.end(1)]
        label = label_of(name) or label_of(name.split()[-1])
        if label and label_of(name) is None:
            start = match.end(1) - len(name.split()[-1])
        if compound in lex.compounds and label and text[start : match.end(1)]:
            yield Mention(start, match.end(1), label, 0.8)
        elif compound in ("based", "born", "headquartered") and fold(name) not in lex.function | lex.demonyms:
            yield Mention(start, match.end(1), "PLACE", 0.8)


def _known_side(
    text: str, start: int, end: int, label_of: Callable[[str], str | None], *, from_right: bool
) -> Mention | None:
    """The side of a pair as a mention: both its words, or the one next to the dash."""
    words = text[start:end].split()
    for name in (" ".join(words), words[-1] if from_right else words[0]):
        label = label_of(name.rstrip(".")) or label_of(name)
        if label:
            return (
                Mention(end - len(name), end, label, 0.85)
                if from_right
                else Mention(start, start + len(name), label, 0.85)
            )
    return None


def governments(reading: Reading) -> Iterator[Mention]:
    """Short names of governments that carry a name: "US government", "Yunzhou police"."""
    lex = lexicon()
    text = reading.text
    seen = {fold(text[m.start : m.end]) for m in reading.model if m.label in ("GPE", "LOC")}
    for match in _GOVERNMENT.finditer(text):
        words = match.group(1).split()
        for size in range(len(words), 0, -1):
            name = " ".join(words[-size:])
            if fold(name) in lex.places or fold(name) in seen or name in ("SAR", "HKSAR") or _is_demonym(name):
                yield Mention(match.end(1) - 1 - len(name), match.end(), "AGENCY", 0.8)
                break
    for match in _GOVERNMENT_OF.finditer(text):
        words = match.group("place").split()
        for size in range(len(words), 0, -1):
            name = " ".join(words[:size])
            if (fold(name) in lex.places or fold(name) in seen or known_label(name) == "PLACE") and not _is_demonym(
                name
            ):
                yield Mention(match.start(), match.start("place") + len(name), "AGENCY", 0.8)
                break
    for match in _PARTY.finditer(text):
        before = text[max(0, match.start() - _BEFORE) : match.start()].split()[-1:]
        following = _SMALL_WORD.match(text, match.end())
        # Compounds name no body: Party members, Party discipline.
        if following and reading.tags.get(following.start(1), "").startswith(("NN", "JJ", "VBG")):
            continue
        if (before and before[0][:1].isupper() and before[0].lower() != "the") or reading.in_title(match.start()):
            continue
        yield Mention(match.start(), match.end(), "AGENCY", 0.7)


def _is_demonym(name: str) -> bool:
    return fold(name) in lexicon().demonyms and fold(name) not in (
        "western",
        "eastern",
        "northern",
        "southern",
        "democratic",
        "republican",
    )
