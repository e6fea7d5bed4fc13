"""What one mention in a document says of the others: acronyms, surnames, offices, and the same name elsewhere."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from annotators.rules.english_given import first_names
from annotators.rules.english_lexicon import known_label, lexicon
from annotators.rules.english_people import Person
from annotators.rules.english_pinyin import chinese_surname_alone, is_chinese_name, surname_of
from annotators.rules.english_text import Mention, Reading, fold, standing

_OR_ACRONYM = re.compile(r",\s+or\s+([A-Z]{2,8})\b")
_ACRONYM = re.compile(r"[\"”’']?\s*\(\s*(?:the\s+|or\s+)?[\"“]?([A-Z][A-Za-z&\-]*[A-Z](?:-?\d+)?)[\"”]?\s*\)")


def acronyms(text: str, mentions: Sequence[Mention]) -> dict[str, str]:
    """Acronyms in brackets behind a name, with the label of the name.

    >>> acronyms("the Hemu Water Agency (HWA)", [Mention(4, 21, "AGENCY")])
    {'HWA': 'AGENCY'}
    """
    found: dict[str, str] = {}
    for mention in mentions:
        match = _ACRONYM.match(text, mention.end) or _OR_ACRONYM.match(text, mention.end)
        if match and mention.label not in ("PERSON", "OFFICIAL") and len(match.group(1)) <= 12:
            found.setdefault(match.group(1), mention.label)
    return found


def short_forms(reading: Reading, mentions: Sequence[Mention]) -> list[Mention]:
    """Firms and places by the first words of their full name: "Zebrona" for "Zebrona Laboratories", "Wuliu" for "Wuliu Village"."""
    lex = lexicon()
    text = reading.text
    forms: dict[str, str] = {}
    for mention in mentions:
        name = text[mention.start : mention.end]
        words = name.split()
        if (
            len(words) < 2
            or mention.label not in ("FIRM", "PLACE")
            or "of" in words
            or any("’" in w or "'" in w for w in words)
        ):
            continue
        if mention.label == "PLACE":
            if fold(words[-1]) in lex.governed_places:
                rest = words[:-2] if fold(words[-2]) in ("autonomous", "administrative") else words[:-1]
                forms[" ".join(rest[:2])] = "PLACE"
            elif len(words) > 2 and fold(" ".join(words[-2:])) == "new area":
                forms[" ".join(words[:-2])] = "PLACE"
            continue
        for size in range(len(words) - 1, 0, -1):
            forms.setdefault(" ".join(words[:size]), "FIRM")
    found: list[Mention] = []
    common = lex.generic | lex.topics | lex.function | lex.demonyms | lex.not_names
    index_at = {word.start: index for index, word in enumerate(reading.words)}
    for form, label in sorted(forms.items(), key=lambda item: -len(item[0])):
        low = fold(form)
        if len(form) < 3 or low in common or all(fold(w) in common or (fold(w),) in lex.heads for w in form.split()):
            continue
        known = "PLACE" if low in lex.places else known_label(form)
        if known not in (None, label) or (label == "FIRM" and known is None and _is_located(reading, form)):
            continue
        if fold(form.split()[-1]) in ("and", "&"):
            continue
        found += [
            Mention(start, end, label, 0.7)
            for start, end in occurrences(reading, form)
            if start in index_at and not _inside_capitals(reading, index_at[start], form)
        ]
    return found


_BEFORE_PLACE = re.compile(r"\b(?:in|In|from|across|of|to|near)\s+\Z")
_BEHIND_PLACE = re.compile(r"\b(?!\s+[A-Z])")
_BOUNDARY = re.compile(r"\b")
_KIND_OF_PLACE = re.compile(r"(?=\s+(?:City|Province|County|District|Village|Town)\b)")


def _is_located(reading: Reading, form: str) -> bool:
    """Whether the text itself shows that the first word of a firm's name is a place ("in Hangzhou")."""
    text = reading.text
    return any(
        _BEFORE_PLACE.search(text, max(0, start - 40), start)
        for start, _ in standing(text, form, _BOUNDARY, _BEHIND_PLACE)
    ) or any(standing(text, form, _BOUNDARY, _KIND_OF_PLACE))


_NOT_INSIDE = re.compile(r"(?<![\w\-])")
_NO_MORE = re.compile(r"(?!\w|-[a-z]*[A-Z])")


def occurrences(reading: Reading, surface: str) -> Iterator[tuple[int, int]]:
    """Where the text has exactly these words, between word boundaries."""
    return standing(reading.text, surface, _NOT_INSIDE, _NO_MORE)


def spread(reading: Reading, mentions: Sequence[Mention], *, score: float = 0.75) -> list[Mention]:
    """Further mentions of names marked once: every other place where the same words stand, the longest first."""
    labels: dict[str, Counter[str]] = {}
    for mention in mentions:
        labels.setdefault(reading.text[mention.start : mention.end], Counter())[mention.label] += 1
    found: list[Mention] = []
    for surface in sorted(labels, key=len, reverse=True):
        if len(surface) < 2 or not any(character.isupper() for character in surface):
            continue
        label = labels[surface].most_common(1)[0][0]
        found += [Mention(start, end, label, score) for start, end in occurrences(reading, surface)]
    return found


def persons_everywhere(reading: Reading, people: Sequence[Person], known: dict[str, str]) -> list[Mention]:
    """Each person in full and by surname, wherever they are named, as OFFICIAL if any mention shows an office.

    `known` are labels that a list gives to full names.
    """
    lex = lexicon()
    text = reading.text
    labels: dict[str, str] = {}
    for person in people:
        name = text[person.start : person.end]
        label = known.get(name) or person.label or "PERSON"
        if labels.get(name) != "OFFICIAL":
            labels[name] = label
    short: dict[str, set[str]] = {}
    for name in sorted(labels, key=len, reverse=True):
        for part in surname_of(name):
            short.setdefault(part, set()).add(name)
    # At the head of a sentence: "Bin Salman", "Van Rijn".
    for part, full in list(short.items()):
        if part[0].islower():
            short.setdefault(part[0].upper() + part[1:], full)
    for name in labels:
        first = _first_name_alone(reading, name, short)
        if first:
            short.setdefault(first, set()).add(name)
    for first, full_name in first_names(reading, labels).items():
        short.setdefault(first, set()).add(full_name)
    # One person, named in full and by surname: an office shown at either is held by both.
    for part, full in short.items():
        if labels.get(part) == "OFFICIAL" and len(full) == 1:
            labels[next(iter(full))] = "OFFICIAL"
        if " " in part and part in labels and any(labels[name] == "OFFICIAL" for name in full):
            labels[part] = "OFFICIAL"
    found = [
        Mention(start, end, label, 0.85)
        for name, label in sorted(labels.items(), key=lambda item: -len(item[0]))
        if " " in name
        for start, end in occurrences(reading, name)
    ]
    # A person named by one word only ("Mr Donovan"): that word everywhere.
    for name in labels:
        if " " not in name and name not in short:
            short[name] = {name}
    index_at = {word.start: index for index, word in enumerate(reading.words)}
    for part, full in sorted(short.items(), key=lambda item: -len(item[0])):
        for start, end in occurrences(reading, part):
            index = index_at.get(start)
            if (
                index is None
                or _inside_capitals(reading, index, part)
                or not chinese_surname_alone(reading, index, lex)
            ):
                continue
            # Of several persons with one surname, the one named in full most recently is meant.
            nearest = max(sorted(full), key=lambda name: (text.rfind(name, 0, start), -text.find(name)))
            found.append(Mention(start, end, labels[nearest], 0.8))
    return found


def _first_name_alone(reading: Reading, name: str, short: dict[str, set[str]]) -> str | None:
    """The first name, where the text goes on with it and never with the surname, as with Thai names."""
    words = name.split()
    lex = lexicon()
    if not 2 <= len(words) <= 3 or len(words[0]) < 5 or words[0] in short or is_chinese_name(words):
        return None
    low = fold(words[0])
    if low in lex.places | lex.demonyms | lex.function | lex.months | lex.topics | lex.generic or (low,) in lex.heads:
        return None
    if known_label(words[0]) not in (None, "PERSON", "OFFICIAL") or (low,) in lex.titles:
        return None
    text = reading.text
    if not any(standing(text, words[0], _OPENS, _ALONE)):
        return None
    surnames = standing(text, words[-1], _WORD_BEGINS, _ALONE)
    return None if any(not text.endswith(f"{words[-2]} ", 0, start) for start, _ in surnames) else words[0]


_OPENS = re.compile(r"(?<![\w-])(?<![A-Z]\w )(?:(?<=^)|(?<=[.!?”\n,] )|(?<=[a-z] ))")
_WORD_BEGINS = re.compile(r"(?<![\w-])")
_ALONE = re.compile(r"(?![\w-]| [A-Z])")


def _inside_capitals(reading: Reading, index: int, part: str) -> bool:
    """Whether the words are only a part of a longer run of capitalised words."""
    words = reading.words
    last = index + len(part.split()) - 1
    lex = lexicon()
    after = words[last + 1] if last + 1 < len(words) else None
    if (
        after
        and after.is_capital
        and reading.text[words[last].end : after.start] == " "
        and after.low not in lex.months
    ):
        return True
    before = words[index - 1] if index else None
    if before is None or not before.is_capital or reading.text[before.end : words[index].start] != " ":
        return False
    return index - 1 not in reading.initial and (before.low,) not in lex.titles and before.low not in lex.address
