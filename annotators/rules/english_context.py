"""What stands beside a name whose own words say nothing: "companies such as X", "X, a chip maker", "the city of X"."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from annotators.rules.english_lexicon import Lexicon, known_label, lexicon
from annotators.rules.english_names import Name
from annotators.rules.english_text import Mention, Reading, Word, fold

_SUCH_AS = {"as", "including", "include", "includes", "like", "namely", "with"}
_FIRM_BEFORE = re.compile(
    r"(?:\bshares? (?:of|in)|\bfounder (?:and \S+ )?of|\bCEO of|\bmanagers? (?:of|at|with|for)|\bchairman of|\bowner of|\bboss of|"
    r"\bstakes? in|\blisting of|\bsubsidiary of|\bowned by|\bwho owns|\bengineers? (?:at|with|from)|\banalysts? (?:at|with|from)|\bexecutives? (?:at|of|from)|"
    r"\bworkers? at|\bemployees? (?:at|of)|\bproducts? (?:of|by|from))\s+(?:the\s+)?$",
    re.IGNORECASE,
)
_FIRM_AFTER = re.compile(
    r"(?:['’]s?\s+(?:shares?|stocks?|founder|CEO|chief executive|products?|app|factory|subsidiary|headquarters|customers|revenue|profits?)\b"
    r"|\s+(?:plant|shares|stock|factory|app|executives|stores|phones)\b|\s*\((?:NYSE|NASDAQ|SSE|SZSE|HKEX)\b)"
)
_BREAKS = {".", ";", ":", "\n", "?", "!", "(", ")", "”", "“", '"', "who", "which", "that", "said", "says", "where"}


def context_mentions(reading: Reading, names: Iterable[Name], bare: Sequence[Mention] = ()) -> list[Mention]:
    """Labels for names without a head word, from the words around them. `bare` are persons known by other means."""
    lex = lexicon()
    words, text = reading.words, reading.text
    persons = {(m.start, m.end) for m in bare}
    found: list[Mention] = []
    for name in names:
        if name.label is not None or name.last - name.first > 4:
            continue
        start, end = words[name.first].start, words[name.last].end
        surface = reading.text[start:end]
        folded = fold(surface)
        if (start, end) in persons or folded in lex.demonyms or folded in lex.places or folded in lex.bodies:
            continue
        if folded in lex.not_names or folded in lex.generic or folded in lex.topics or known_label(surface):
            continue
        label = (
            _extends_firm(surface)
            or _enumerated(reading, name.first, lex)
            or _apposition(reading, name.last, lex)
            or _beside(reading, name, lex)
            or _programme(reading, name, lex)
        )
        if label:
            if label == "FIRM" and (own := _OWN_POSSESSIVE.match(text, end)):
                end = own.end()
            found.append(Mention(start, end, label, 0.7))
    return found


# The road to Pingba: a Chinese town that no list has.
_WAY_TO = re.compile(
    r"\b(?:roads?|railway|way|trip|back|moved|returned|bus|train|highway|line|journey|visit|people|villagers|farmers) (?:to|in|from|near)\s$"
)
# The supermarket chain Lind's reports: the possessive belongs to the name.
_OWN_POSSESSIVE = re.compile(
    r"['’]s(?= (?:reports|reported|said|says|has|had|is|was|will|would|announced|plans|expects|opened|sells|and|told|added|which)\b)"
)


def _noun_label(low: str, lex: Lexicon) -> str | None:
    if low in lex.firm_nouns:
        return "FIRM"
    if low in lex.org_nouns:
        return "ORG"
    return "PLACE" if low in lex.place_nouns else None


def _people_label(low: str, lex: Lexicon) -> str | None:
    """PERSON for what people such as scholars are called in the plural."""
    entry = lex.titles.get((low.removesuffix("s"),)) if low.endswith("s") else None
    return "PERSON" if entry == ("PERSON", False) else None


def _extends_firm(surface: str) -> str | None:
    """FIRM for a name that begins with a known firm and goes on with words that no list has ("Tencent Starlight")."""
    first, _, rest = surface.partition(" ")
    if fold(rest) in lexicon().not_names:
        return None
    return "FIRM" if rest and known_label(first) == "FIRM" and known_label(rest) in (None, "FIRM") else None


def _programme(reading: Reading, name: Name, lex: Lexicon) -> str | None:
    """POLICY for capitalised words before "scheme" or "campaign", where they are no known name."""
    words = reading.words
    if name.first == name.last or name.last + 1 >= len(words) or words[name.last + 1].low not in lex.programme_nouns:
        return None
    start, end = words[name.first].start, words[name.last].end
    if reading.text[end : words[name.last + 1].start] != " " or reading.in_title(start):
        return None
    if _is_place(reading, start, end) or any(known_label(word.text) for word in words[name.first : name.last + 1]):
        return None
    return "POLICY"


def _enumerated(reading: Reading, first: int, lex: Lexicon) -> str | None:
    """The label from "companies such as A, B and X", going back over the other names of the list."""
    words = reading.words
    index = first - 1
    steps = 0
    while index > 0 and steps < 40:
        word = words[index]
        if word.low in _SUCH_AS:
            before = words[index - 1]
            if word.low == "as" and before.low == "such" and index > 1:
                before = words[index - 2]
            elif word.low == "as":
                return None
            if before.text == "," and index > 1:
                before = words[index - 2]
            if word.low == "with" and before.low in lex.place_nouns:
                return None  # "children in the country with Zebrona vaccine"
            return _noun_label(before.low, lex) or _people_label(before.low, lex)
        if not (word.is_capital or word.text == "," or word.low in ("and", "or", "&", "'s") or "." in word.text):
            return None
        if word.text == ".":
            return None
        index -= 1
        steps += 1
    return None


def _apposition(reading: Reading, last: int, lex: Lexicon) -> str | None:
    """The label from ", a Wuhan-based maker of laser parts": the first noun that says what the name is."""
    words = reading.words
    index = last + 1
    if index + 2 >= len(words) or words[index].text != ",":
        return None
    if words[index + 1].is_capital and words[index + 2].low == "'s":
        index += 1  # ", Peru's largest refiner"
    elif words[index + 1].low not in ("a", "an", "the", "one", "its"):
        return None
    for position in range(index + 2, min(index + 11, len(words))):
        word = words[position]
        if word.low in _BREAKS or word.text == "," or word.low in ("of", "in", "for", "by", "with", "on", "at"):
            return None
        if (word.low,) in lex.titles and lex.titles[(word.low,)][0]:
            following = word.low in lex.firm_nouns
            if not following:
                return None
        label = _noun_label(word.low, lex) if word.text.islower() else None
        if label and not _modifies(words, position + 1, lex):
            return label
    return None


def _modifies(words: Sequence[Word], following: int, lex: Lexicon) -> bool:
    """Whether the word before `following` only modifies it ("company lawyer", "city official")."""
    if following >= len(words):
        return False
    return (words[following].low,) in lex.titles or _noun_label(words[following].low, lex) is not None


# What stands behind an acronym and says what it is: the XYZ union, the XYZ party.
_ACRONYM_IS = frozenset(
    ["union", "party", "network", "broadcaster", "federation", "association", "charity", "alliance"]
)


def _beside(reading: Reading, name: Name, lex: Lexicon) -> str | None:
    """The label from the words right before and after the name."""
    words, text = reading.words, reading.text
    start, end = words[name.first].start, words[name.last].end
    before = words[name.first - 1] if name.first else None
    after = words[name.last + 1] if name.last + 1 < len(words) else None
    if after and after.low in lex.press_nouns and text[end : after.start] == " ":
        return "ORG"
    acronym = text[start:end].isupper() and end - start < 8
    if after and text[end : after.start] == " " and acronym and after.low in _ACRONYM_IS:
        return "AGENCY" if after.low == "party" else "ORG"
    if (
        after
        and after.low in lex.governed_places - {"city", "town", "region"}
        and text[end : after.start] == " "
        and not _is_place(reading, start, end)
    ):
        return "PLACE"
    initial = name.first - 1 in reading.initial and before is not None and before.low in lex.introducing
    if before and (before.text.islower() or initial) and text[before.end : start] == " ":
        label = _noun_label(before.low, lex)
        if before.low in ("agency", "service", "site", "group", "house") and name.first > 1:
            label = "FIRM" if words[name.first - 2].low in lex.services else label
        if before.low in lex.before_firms and reading.covering(start, end) != "PERSON":
            label = "FIRM"
        # "company X" and "newspaper X", but "in the region X" is no such form.
        if label in ("FIRM", "ORG"):
            return label
        second = words[name.first - 2] if name.first > 1 else None
        if (
            before.low == "of"
            and second
            and second.text.islower()
            and second.low in lex.place_nouns
            and second.low != "state"
        ):
            third = words[name.first - 3].low if name.first > 2 else ""
            return "PLACE" if third == "the" and second.low not in ("capital", "port") else None
    if before and before.text == "," and name.first > 2 and words[name.first - 2].text.islower():
        # "runs a bakery, Pan del Sol, in Toledo"
        article = {w.low for w in words[max(0, name.first - 5) : name.first - 2]} & {
            "a",
            "an",
            "his",
            "her",
            "their",
            "its",
        }
        if article and after and after.text in (",", ".") and _noun_label(words[name.first - 2].low, lex) == "FIRM":
            return "FIRM"
    if (
        _WAY_TO.search(text[max(0, start - 24) : start])
        and name.first == name.last
        and lex.syllable.fullmatch(words[name.first].low)
    ):
        return "PLACE"
    if _FIRM_BEFORE.search(text[max(0, start - 40) : start]):
        return "FIRM"
    if _FIRM_AFTER.match(text, end) and not _is_place(reading, start, end):
        return "FIRM"
    return None


def _is_place(reading: Reading, start: int, end: int) -> bool:
    return reading.covering(start, end) in ("GPE", "LOC", "NORP", "PERSON")
