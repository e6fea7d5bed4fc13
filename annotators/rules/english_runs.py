"""Runs of capitalised words in English text: the raw material of names."""

from __future__ import annotations

import re
from collections.abc import Mapping

from annotators.rules.english_heads import head_of
from annotators.rules.english_lexicon import Lexicon, known_label, lexicon
from annotators.rules.english_text import Reading

_COMPOUND = re.compile(r"[A-Z][\w.]*-[a-z]+$")
# Parts of speech (Penn) of words that begin a sentence, or stand in a headline, without being names.
_NO_NAME_TAGS = {
    "IN",
    "DT",
    "RB",
    "VBG",
    "VBN",
    "VBZ",
    "VBD",
    "VBP",
    "VB",
    "WRB",
    "CC",
    "PRP",
    "PRP$",
    "MD",
    "TO",
    "WDT",
    "WP",
    "EX",
    "UH",
    "RBR",
    "PDT",
}
# A name has no more characters than these, and no more ordinals one after another.
_LONGEST = 200
_ORDINALS = 4

Titles = Mapping[int, tuple[int, str, bool]]
"""Titles by their first word: the word after their last, the label of the bearer, whether the body decides."""


def titles(reading: Reading) -> Titles:
    """Titles by their first word: the word after their last, the label of the bearer, whether the body decides."""
    lex = lexicon()
    found: dict[int, tuple[int, str, bool]] = {}
    low = tuple(word.low for word in reading.words)
    index = 0
    while index < len(low):
        for size in lex.title_sizes.get(low[index], ()):
            entry = lex.titles.get(low[index : index + size])
            if entry and index + size <= len(low):
                found[index] = (index + size, *entry)
                index += size - 1
                break
        index += 1
    return found


def runs(reading: Reading, found: Titles) -> list[tuple[int, int]]:
    """Runs of capitalised words as (first, last), before titles are taken out of them."""
    lex = lexicon()
    result: list[tuple[int, int]] = []
    # "Secretary of State", "Chief Secretary for Administration": no word of these begins a name.
    barred = {i for start, (end, _, _) in found.items() if _has_link(reading, start, end) for i in range(start, end)}
    # "Deputy Prime Minister Lind" at the head of a sentence: where "Deputy" begins no name, nor does what follows in it.
    behind = {start + 1: end for start, (end, _, _) in found.items() if end > start + 1 and start in reading.initial}
    index = 0
    while index < len(reading.words):
        if index in behind and reading.words[index - 1].low in lex.before_title:
            index = behind[index]
            continue
        if index not in barred and _starts(reading, index, lex):
            last = _extend(reading, index, lex)
            last = next((i - 1 for i in range(index + 1, last + 1) if i in barred), last)
            result.append((index, last))
            index = last
        index += 1
    return result


def _has_link(reading: Reading, start: int, end: int) -> bool:
    return any(word.text in ("of", "for", "to", "the") for word in reading.words[start:end])


def is_capital(reading: Reading, index: int, lex: Lexicon) -> bool:
    """Whether the word may be part of a name by its capital, its kind and its place."""
    if not 0 <= index < len(reading.words):
        return False
    word = reading.words[index]
    if not word.is_capital:
        # Ordinals: 14th Five-Year Plan, 71st Group Army.
        last = min(index + _ORDINALS, len(reading.words) - 1)
        while index < last and word.text[0].isdigit() and word.low[-2:] in ("st", "nd", "rd", "th"):
            index += 1
            word = reading.words[index]
        if not word.is_capital:
            return False
    if word.low in lex.months and not _given_name(reading, index, lex):
        return False
    if word.low in lex.function and not (word.text.isupper() and word.low in ("us", "who", "it")):
        return (word.low in lex.soft and index not in reading.initial) or _is_surname(reading, index, lex)
    if _COMPOUND.match(word.text) and word.low.rsplit("-", 1)[1] in lex.compounds:
        return False
    return not (reading.in_title(word.start) and reading.tags.get(word.start, "NNP") in _NO_NAME_TAGS)


def _given_name(reading: Reading, index: int, lex: Lexicon) -> bool:
    """Whether the short form of a month is here a given name in pinyin: Chen Jun."""
    words = reading.words
    if words[index].text != "Jun" or not index or words[index - 1].low not in lex.surnames:
        return False
    return not (index + 1 < len(words) and words[index + 1].text[:1].isdigit())


def _is_surname(reading: Reading, index: int, lex: Lexicon) -> bool:
    """Whether a word such as "He" is here the surname of a Chinese name ("He Jianmin")."""
    words = reading.words
    if words[index].low not in lex.surnames or index + 1 >= len(words):
        return False
    given = words[index + 1]
    if not given.is_capital or reading.text[words[index].end : given.start] != " ":
        return False
    day = index + 2 < len(words) and words[index + 2].text[:1].isdigit()
    if given.low in lex.months and (day or index in reading.initial):
        return False
    shape = lex.syllable.fullmatch(given.low)
    return bool(shape) and given.low not in lex.function and len(given.text) > 2


def _starts(reading: Reading, index: int, lex: Lexicon) -> bool:
    if not is_capital(reading, index, lex):
        return False
    word = reading.words[index]
    if (
        index in reading.initial
        and word.low in lex.before_title
        and word.low not in lex.demonyms
        and word.low != "party"
    ):
        return False
    if index in reading.initial and word.low in lex.introducing and is_capital(reading, index + 1, lex):
        return False
    if index in reading.initial and not word.text.isupper() and not _is_surname(reading, index, lex):
        # The tagger takes some Chinese places at the head of a sentence for verbs.
        is_pinyin = len(word.low) > 4 and lex.syllable.fullmatch(word.low) and is_capital(reading, index + 1, lex)
        return bool(is_pinyin) or reading.tags.get(word.start) not in _NO_NAME_TAGS
    return True


def _extend(reading: Reading, first: int, lex: Lexicon) -> int:
    words, last = reading.words, first
    while True:
        step = _step(reading, first, last, lex)
        if step is None or words[step].end - words[first].start > _LONGEST:
            return last
        last = step


def _step(reading: Reading, first: int, last: int, lex: Lexicon) -> int | None:
    """The next word of the run after `last`, over an 's, an ampersand or a list of topics."""
    words = reading.words
    if last + 1 >= len(words):
        return None
    here, following = words[last], words[last + 1]
    gap = reading.text[here.end : following.start]
    if gap.strip(" \t\u00a0\u3000") or len(gap) > 3:
        return None
    if gap and is_capital(reading, last + 1, lex):
        return last + 1
    if following.low == "'s" and _geographic(reading, last, lex):
        return last + 2
    if following.low in ("'s", "'") and (here.low in lex.possessives or here.low.rstrip("s") in lex.possessives):
        return last + 2 if is_capital(reading, last + 2, lex) and words[last + 2].start > following.end else None
    if following.low == "’" and here.low in lex.possessives:
        return last + 2 if is_capital(reading, last + 2, lex) else None
    if following.low == "and" and last + 3 < len(words) and words[last + 3].low == "autonomous":
        return last + 2 if is_capital(reading, last + 2, lex) else None
    if following.text == "&" and is_capital(reading, last + 2, lex):
        return last + 2
    if following.text == "." and here.low in lex.abbreviations and is_capital(reading, last + 2, lex):
        return last + 2
    if following.low == "and" and last > first and _is_whole(reading, first, last, lex):
        return None
    if following.low == "and" and _joined_by_model(reading, first, last, lex):
        return last + 2
    if following.low == "and" and _two_trades(reading, last, lex):
        return last + 2
    if following.low == "and" and first == last and _begins_act(reading, last, lex):
        return last + 2
    if (following.low == "and" and here.low in lex.topics) or (following.text == "," and here.low in lex.topics):
        return _over_topics(reading, last + 1, lex)
    return None


def _is_whole(reading: Reading, first: int, last: int, lex: Lexicon) -> bool:
    """Whether the knowledge base has the name as far as this, and another after "and": Amnesty … and Human Rights …."""
    words, text = reading.words, reading.text
    if known_label(text[words[first].start : words[last].end]) is None:
        return False
    start = words[last + 2].start if last + 2 < len(words) else len(text)
    return any(
        known_label(text[start : words[end].end]) is not None
        for end in range(last + 3, min(last + 8, len(words)))
        if is_capital(reading, end, lex)
    )


def _joined_by_model(reading: Reading, first: int, last: int, lex: Lexicon) -> bool:
    """Whether the model sees one name on both sides of "and" ("Bosnia and Herzegovina"), and no name ends before it."""
    words = reading.words
    if not is_capital(reading, last + 2, lex) or (words[last + 2].low,) in lex.heads:
        return False
    start, end = words[first].start, words[last + 2].end
    if known_label(reading.text[start:end]) == "PLACE":
        return True  # Bosnia and Herzegovina
    here = [word.low for word in words[first : last + 1]]
    if head_of(here, lex)[0] or " ".join(here) in lex.places or known_label(reading.text[start : words[last].end]):
        return False
    return reading.covering(words[last].start, end) in ("GPE", "ORG", "LAW", "FAC")


def _two_trades(reading: Reading, last: int, lex: Lexicon) -> bool:
    """Whether two plurals before the head of an organisation belong to its name: Nurses and Midwives Union."""
    words = reading.words
    if last + 3 >= len(words) or not all(is_capital(reading, i, lex) for i in (last, last + 2, last + 3)):
        return False
    plural = all(words[i].low.endswith("s") and words[i].low not in lex.places for i in (last, last + 2))
    head = lex.heads.get((words[last + 3].low,)) in ("ORG", "AGENCY")
    return plural and head and known_label(words[last].text) is None


def _begins_act(reading: Reading, index: int, lex: Lexicon) -> bool:
    """Whether a lone word before "and" begins the name of a law ("the CHIPS and Science Act")."""
    words = reading.words
    word = words[index]
    if not index or words[index - 1].low != "the" or word.low in lex.places | lex.bodies | lex.demonyms:
        return False
    tail: list[str] = []
    following = index + 2
    while is_capital(reading, following, lex) and len(tail) < 6:
        tail.append(words[following].low)
        following += 1
    return (
        len(tail) > 1
        and tail[-1] in ("act", "law", "plan")
        and (word.low,) not in lex.heads
        and not known_label(word.text)
    )


def _geographic(reading: Reading, owner: int, lex: Lexicon) -> bool:
    """Whether an 's belongs to a place name such as "Penny's Bay": the owner is no place itself."""
    words = reading.words
    following = owner + 2
    if following >= len(words) or words[following].low not in lex.owned_places or not words[following].is_capital:
        return False
    owner_label = reading.covering(words[owner].start, words[owner].end)
    return words[owner].low not in lex.places and owner_label != "GPE"


def _over_topics(reading: Reading, index: int, lex: Lexicon) -> int | None:
    """From a comma or "and": the next topic, if a list of topics with "and" goes on here."""
    words = reading.words
    start, topic = words[index].start, None
    while index < len(words) and words[index].low in (",", "and") and words[index].start - start < _LONGEST:
        following = index + 1
        if words[index].text == "," and following < len(words) and words[following].low == "and":
            following += 1
        if not is_capital(reading, following, lex) or words[following].low not in lex.topics:
            return None
        topic = following if topic is None else topic
        if words[following - 1].low == "and":
            return topic
        # A comma: only where "and" comes later in the same list.
        index = following + 1
        while is_capital(reading, index, lex) and words[index].low in lex.topics:
            index += 1
    return None
