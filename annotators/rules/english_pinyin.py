"""Chinese personal names in Latin letters: their shape, and the short forms of all personal names."""

from __future__ import annotations

import re
from collections.abc import Sequence

from annotators.rules.english_lexicon import Lexicon, lexicon
from annotators.rules.english_text import Reading, fold

PARTICLES = frozenset(
    [
        "van",
        "von",
        "de",
        "der",
        "den",
        "del",
        "della",
        "da",
        "dos",
        "di",
        "du",
        "la",
        "le",
        "bin",
        "ibn",
        "al",
        "el",
        "ter",
        "ten",
        "zu",
    ]
)
"""Small words inside personal names."""


def is_chinese_name(words: Sequence[str]) -> bool:
    """Whether the words look like a Chinese personal name in Latin letters, surname first.

    >>> is_chinese_name(["Zhang", "Xiaoyun"]), is_chinese_name(["Lake", "Taihu"])
    (True, False)
    """
    lex = lexicon()
    if len(words) == 3 and fold(words[1]) in lex.surnames and re.fullmatch(r"[A-Z][a-z]+-[a-z]+", words[2]):
        return True  # Mary Cheung Kin-man
    if len(words) == 3 and fold(words[0]) in lex.surnames:
        return all(lex.syllable.fullmatch(fold(w)) and len(w) <= 6 and w[1:].islower() for w in words[1:])
    if len(words) != 2 or fold(words[0]) not in lex.surnames or " ".join(map(fold, words)) in lex.places:
        return False
    if words[0].isupper() and len(words[0]) < 3:
        return False
    given = words[1]
    if re.fullmatch(r"[A-Z][a-z]+-[A-Za-z][a-z]+", given):
        return True
    return bool(given[1:].islower() and lex.syllable.fullmatch(fold(given)))


def surname_of(name: str) -> tuple[str, ...]:
    """The short forms by which a person named in full may be called later: the surname, first in a Chinese name.

    >>> surname_of("Zhang Xiaoyun"), surname_of("Helen Marsh")
    (('Zhang',), ('Marsh',))
    """
    words = name.split()
    if len(words) < 2:
        return ()
    if is_chinese_name(words):
        if len(words) == 3 and "-" in words[2]:
            return (words[1], f"{words[1]} {words[2]}")
        return (words[0],)
    small = next((i for i, word in enumerate(words) if i and word in PARTICLES), None)
    if small is not None:
        tail = " ".join(words[small:])
        if words[small] in ("bin", "ibn"):
            # Rulers of the Gulf are called by their first names too: Mohammed bin Salman, Bin Salman, Mohammed.
            return (" ".join(words[small : small + 2]), words[0])
        return (tail, words[-1])
    if words[-1].rstrip(".") in ("Jr", "Sr", "II", "III"):
        words = words[:-1]
    return (words[-1],)


def chinese_surname_alone(reading: Reading, index: int, lex: Lexicon) -> bool:
    """Whether a word that is a surname and an English word besides stands for a person here."""
    low = reading.words[index].low
    if low in lex.never_surnames:
        return False
    if low not in lex.doubtful_surnames:
        return True
    if index not in reading.initial:
        return True
    following = reading.words[index + 1].low if index + 1 < len(reading.words) else ""
    if following == "," and index + 2 < len(reading.words) and reading.words[index + 2].low == "who":
        return True
    before = reading.words[index - 1].low if index else ""
    return following in lex.speech or before in lex.speech or before in lex.address
