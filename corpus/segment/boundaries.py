"""Where an English sentence certainly ends, and where it does not; the parser is asked about the rest."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib import resources

from corpus.language import LINE_BREAKS

STOPS = (".", "!", "?", "…", "。", "！", "？")
_STOP_CHARACTERS = frozenset(".!?…。！？")
_CLOSERS = "\"'”’»)]}」』）】"
_CLOSER = frozenset(_CLOSERS)
_BREAKS = frozenset(LINE_BREAKS)
BEGINS, GOES_ON, OPEN = 1, -1, 0

_INITIAL = re.compile(r"[A-Z]\.")
_NUMBERING = re.compile(r"(?:\d{1,3}|[A-Za-z]|[ivxIVX]{1,5})\Z")
_NUMBER = re.compile(r"[\d#(]|[IVX]+\Z")


@lru_cache(maxsize=1)
def kinds() -> Mapping[str, str]:
    """Abbreviations with their dot, and words that tell where a sentence begins: see data/abbreviations.csv."""
    text = (resources.files("corpus") / "data" / "abbreviations.csv").read_text(encoding="utf-8")
    rows = csv.reader(line for line in text.splitlines() if line[:1] != "#")
    next(rows)
    return dict(row for row in rows if len(row) == 2)


def sentence_starts(words: Sequence[str], spaces: Sequence[bool]) -> list[int]:
    """For each token whether a sentence begins with it: BEGINS, GOES_ON, or OPEN where the parser is to decide.

    `spaces` says whether a blank follows the token. A line break always ends a sentence; inside a line one ends only
    after a stop and what closes quotes and brackets, never before a small letter.

    >>> sentence_starts(["Dr.", "Li", "spoke", ".", "He", "left"], [True, True, False, True, True, False])
    [0, -1, -1, -1, 1, -1]
    """
    starts = [GOES_ON] * len(words)
    must, may, stop, first = True, True, -1, 0
    for i, word in enumerate(words):
        last = word[-1]
        if last.isspace() and word.isspace():
            # White space belongs to the sentence before it, so that a sentence never begins with any.
            if not must and not _BREAKS.isdisjoint(word):
                must = True
            continue
        if must:
            starts[i] = BEGINS if i else OPEN
            must, may, first = False, False, i
            stop = -1
        closer = last in _CLOSER and not word.strip(_CLOSERS) and not (word in "\"'" and i > 0 and spaces[i - 1])
        if may and not closer:
            starts[i] = _decide(words, spaces, stop, i, first)
            if starts[i] == BEGINS:
                first = i
        if last in _STOP_CHARACTERS or (last in _CLOSER and len(word) > 1 and word.rstrip(_CLOSERS).endswith(STOPS)):
            may, stop = True, i
        elif not closer:
            may = False
    return starts


def _decide(words: Sequence[str], spaces: Sequence[bool], stop: int, i: int, first: int) -> int:
    word, mark = words[i], words[stop].rstrip(_CLOSERS)
    starter = kinds().get(word) == "starter"
    if word.islower() or not (word[0].isalnum() or len(word) > 1 or word in "\"'“‘«([{「『（《$€£¥#@"):
        return GOES_ON if word.islower() else OPEN
    closed = stop < i - 1
    if mark[-1:] in "。！？":
        return BEGINS
    if mark.endswith("."):
        return _after_dot(words, spaces, stop, i, first, mark, closed)
    if mark[-1:] in "?!":
        if closed and word[0].isupper() and any(kinds().get(w) == "said" for w in words[i + 1 : i + 4]):
            return GOES_ON
        return BEGINS if starter and not closed else OPEN
    return BEGINS if starter else OPEN


def _after_dot(
    words: Sequence[str], spaces: Sequence[bool], stop: int, i: int, first: int, mark: str, closed: bool
) -> int:
    word = words[i]
    starter = kinds().get(word) == "starter"
    before = words[stop - 1] if stop > first and not spaces[stop - 1] else ""
    whole = mark if len(mark) > 1 and mark != "..." else before + mark
    kind = kinds().get(whole)
    if not closed:
        # "1. Lower rents": a number at the beginning of a sentence is not the sentence.
        if stop - first <= 1 and (_NUMBERING.match(before) or _NUMBERING.match(mark[:-1])) and spaces[stop]:
            return GOES_ON
        if kind == "goes_on" or (kind == "before_name" and (word[0].isalpha() and not starter)):
            return GOES_ON
        if kind == "before_number" and _NUMBER.match(word):
            return GOES_ON
        if _INITIAL.fullmatch(whole) and word[0].isupper() and not starter:
            return GOES_ON if stop == first or words[stop - 1][:1].isupper() else OPEN
    if mark.endswith("..") or whole == "...":
        return BEGINS if starter else OPEN
    if starter:
        return BEGINS
    if (
        kind is None
        and len(before) > 1
        and before.isalpha()
        and before.islower()
        and word[0].isupper()
        and spaces[i - 1]
    ):
        return BEGINS
    return OPEN
