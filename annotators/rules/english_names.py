"""Names of bodies, places and policies in English text, found by their capitals and labelled by their head word.

A name is a run of capitalised words ("Yunzhou Municipal Bureau"), with a second run joined by "of", "for", "on" where
the head of the first allows it ("Bureau of Water Resources", "Law on Data Security"). A comma ends a name, except
in a list of topics ("Culture, Sports and Tourism Bureau").
"""

from __future__ import annotations

from dataclasses import dataclass

from annotators.rules.english_heads import LINK_WORDS, head_of, label_of_words
from annotators.rules.english_lexicon import NONE, Lexicon, known_label, lexicon
from annotators.rules.english_pinyin import is_chinese_name
from annotators.rules.english_runs import Titles, is_capital, runs
from annotators.rules.english_text import Mention, Reading

# What may join a second run to a name, by the label of its head.
_LINKS = {
    "AGENCY": {"of", "for", "on"},
    "ORG": {"of", "for", "on", "at"},
    "FIRM": {"of"},
    "POLICY": {"of", "for", "on", "against", "to", "concerning", "and", "in"},
    NONE: {"for", "on", "and"},
    "PLACE": {"of"},
}
_POSTED = {"embassy", "consulate", "general", "office", "mission"}


@dataclass(frozen=True, slots=True)
class Name:
    """Words `first` to `last` (inclusive) of a reading; `label` is None where the head says nothing."""

    first: int
    last: int
    label: str | None


def names(reading: Reading, found: Titles) -> list[Name]:
    """All runs of capitalised words, joined where their heads allow it, with labels where their heads give one."""
    lex = lexicon()
    parts = [part for run in runs(reading, found) for part in split_run(reading, *run, found)]
    by_first = {part[0]: part for part in parts}
    used: set[int] = set()
    result: list[Name] = []
    for first, last in parts:
        if first in used:
            continue
        end = last
        while (target := _linked(reading, first, end, lex)) is not None:
            following = by_first.get(target)
            if following is None or following[0] <= end:
                # A title word stands there: "Ministry of Justice", "Office of the Premier".
                if target in found and found[target][0] - 1 >= target:
                    end = found[target][0] - 1
                    tail = by_first.get(end + 1)
                    if (
                        tail
                        and tail[0] == end + 1
                        and tail[0] not in used
                        and head_of([w.low for w in reading.words[tail[0] : tail[1] + 1]], lex)[0]
                    ):
                        used.add(tail[0])
                        end = tail[1]
                    continue
                break
            used.add(following[0])
            end = following[1]
        words = reading.words[first : end + 1]
        label = label_of_words(words, lex)
        if (
            label
            and reading.in_title(words[0].start)
            and (len(words) > 9 or (words[-1].low in lex.weak and label != NONE))
        ):
            label = None
        if len(words) > 1 and label and label != NONE:
            # Group of Seven, Soviet Union: the knowledge base knows better than the head word.
            label = known_label(reading.text[words[0].start : words[-1].end]) or label
        result.append(Name(first, end, label))
    return result


def split_run(reading: Reading, first: int, last: int, found: Titles) -> list[tuple[int, int]]:
    """The parts of a run between the titles in it, and before a person at its end.

    A title stays where the part after it is itself headed by a word such as "Department" ("Justice Department").
    """
    lex = lexicon()
    parts: list[tuple[int, int]] = []
    start = index = first
    while index <= last:
        title = found.get(index)
        if title and reading.words[index].is_capital:
            after = title[0]
            tail = [word.low for word in reading.words[after : last + 1]]
            if head_of([word.low for word in reading.words[start:after]], lex)[1] > 1:
                index = after
                continue
            if not (tail and head_of(tail, lex)[0]):
                if start < index:
                    parts.append((start, index - 1))
                start = index = after
                continue
        index += 1
    if start <= last:
        parts.append((start, last))
    return [piece for part in parts for piece in _split_person(reading, part, lex)]


def _split_person(reading: Reading, part: tuple[int, int], lex: Lexicon) -> list[tuple[int, int]]:
    first, last = part
    words = reading.words
    for index in range(first + 1, min(first + 4, last)):
        # "Wuhan Xinhua News Agency": a dateline that the translator has put into the sentence.
        if words[last].low in ("agency", "service", "net", "network") and _place_and_medium(
            reading, first, index, last
        ):
            return [(first, index - 1), (index, last)]
    if head_of([word.low for word in words[first : last + 1]], lex)[0]:
        return [part]
    for index in range(first + 1, last):
        before = [word.low for word in words[first:index]]
        texts = [word.text for word in words[index : last + 1]]
        by_model = reading.starting(words[index].start) == "PERSON"
        if not by_model and not is_chinese_name(texts):
            continue
        if head_of(before, lex)[0] or before[-1] in lex.demonyms or before[-1] in lex.places:
            return [(first, index - 1), (index, last)]
    for index in range(first + 2, last + 1):
        # "Xinhua News Agency Yunzhou": a medium and the place it writes from.
        if [word.low for word in words[index - 2 : index]] == ["news", "agency"]:
            return [(first, index - 1), (index, last)]
    if reading.in_title(words[first].start):
        # A headline in title case runs on: "Hubei Province Allocates Funds".
        for index in range(last, first + 1, -1):
            label, size = head_of([word.low for word in words[first:index]], lex)
            if label and words[index - 1].low not in lex.weak and index - first > size:
                return [(first, index - 1), (index, last)]
    return [part]


def _place_and_medium(reading: Reading, first: int, index: int, last: int) -> bool:
    words, text = reading.words, reading.text
    place = text[words[first].start : words[index - 1].end]
    if known_label(text[words[index].start : words[last].end]) != "ORG" or known_label(
        text[words[first].start : words[last].end]
    ):
        return False
    return known_label(place) == "PLACE" or reading.covering(words[first].start, words[index - 1].end) in ("GPE", "LOC")


def _linked(reading: Reading, first: int, last: int, lex: Lexicon) -> int | None:
    """The word at which a further run begins that "of" or the like joins to the name, or None."""
    words = reading.words
    lows = [word.low for word in words[first : last + 1]]
    head: str | None = None
    cut = len(lows)
    for position, low in enumerate(lows):
        if low in LINK_WORDS and position:
            cut = position
            break
    head, _ = head_of(lows[:cut], lex)
    if head is None or last + 2 >= len(words):
        return None
    link = words[last + 1].low
    allowed = _LINKS.get(head, set())
    if link in ("the", "'s") and head == "POLICY" and cut < len(lows):
        # "Opinions on Developing the Silver Economy"
        target = last + 2
        return (
            target
            if is_capital(reading, target, lex) and "\n" not in reading.text[words[last].end : words[target].start]
            else None
        )
    is_posted = link == "in" and lows[cut - 1] in _POSTED and ({"embassy", "consulate"} & set(lows))
    if not is_posted:
        if link not in allowed or (link in ("and", "in") and (cut == len(lows) or head not in ("POLICY", NONE))):
            return None
        if head == "FIRM" and lows[cut - 1] not in lex.linking_firms and lows[cut - 1] not in lex.units:
            return None
        if head == "PLACE" and lows[cut - 1] not in lex.linking_places:
            return None
    target = last + 2
    if words[target].low == "the":
        target += 1
    if target >= len(words) or not is_capital(reading, target, lex):
        return None
    if link == "and" and not _continues_policy(reading, target, lex):
        return None
    between = reading.text[words[last].end : words[target].start]
    return None if "\n" in between or len(between) > 12 + len(link) else target


def _continues_policy(reading: Reading, target: int, lex: Lexicon) -> bool:
    """Whether what follows "and" in the title of a law is more of it, and not another law."""
    tail: list[str] = []
    index = target
    while is_capital(reading, index, lex):
        tail.append(reading.words[index].low)
        index += 1
    at = reading.words[target].start
    is_place = reading.starting(at) == "GPE"
    return head_of(tail, lex)[0] in (None, "PLACE") and not is_place


def mention_of(reading: Reading, name: Name, label: str, score: float = 0.8) -> Mention:
    """The name as a mention; a full stop that belongs to its last word (Ltd., Inc.) is kept."""
    end = reading.words[name.last].end
    if reading.words[name.last].low in lexicon().abbreviations and reading.text[end : end + 1] == ".":
        end += 1
    return Mention(reading.words[name.first].start, end, label, score)
