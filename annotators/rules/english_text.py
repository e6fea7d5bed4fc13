"""English text as the rules read it: words with offsets, and what the parse says of them."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

_WORD = re.compile(
    r"(?:[A-Za-z]\.){2,}(?![A-Za-z])"  # U.S., U.N.
    r"|[^\W_]+(?:[.&'’·\-‑‐][^\W_]+)*"
    r"|\n+|[^\w\s]|_"
)
_POSSESSIVE = re.compile(r"['’][sS]$")
_QUOTES = "\"“”„«»『』「」《》‘’'`"


@dataclass(frozen=True, slots=True)
class Word:
    """A word or a punctuation mark; `low` is it folded to lower case. A possessive 's is a word of its own."""

    start: int
    end: int
    text: str
    low: str

    @property
    def is_capital(self) -> bool:
        """Whether the word begins with a capital letter (or is a number with letters, such as 14th)."""
        return self.text[0].isupper()


@dataclass(frozen=True, slots=True)
class Mention:
    """A stretch of a text with a label, and how sure the rule is (0 to 1)."""

    start: int
    end: int
    label: str
    score: float = 0.8


@dataclass(frozen=True, slots=True)
class Reading:
    """A text, its words, the index of the first word of each sentence or line, and the entities of the model.

    `tags` has the part of speech (Penn) by the offset of the word; `titled` are the lines in title case.
    """

    text: str
    words: tuple[Word, ...]
    initial: frozenset[int]
    tags: dict[int, str]
    model: tuple[Mention, ...]
    titled: tuple[tuple[int, int], ...]

    def covering(self, start: int, end: int) -> str | None:
        """The label of the model's entity that covers this stretch, None where none does."""
        number = bisect_right(self.model, start, key=lambda m: m.start) - 1
        if number < 0 or self.model[number].end < end:
            return None
        return self.model[number].label

    def starting(self, start: int) -> str | None:
        """The label of the model's entity that begins here, None where none does."""
        number = bisect_left(self.model, start, key=lambda m: m.start)
        if number == len(self.model) or self.model[number].start != start:
            return None
        return self.model[number].label

    def in_title(self, offset: int) -> bool:
        """Whether the offset lies in a line in title case, where capitals say nothing."""
        number = bisect_right(self.titled, offset, key=lambda line: line[0]) - 1
        return number >= 0 and offset < self.titled[number][1]


def fold(text: str) -> str:
    """Lower case with straight apostrophes and plain hyphens, for comparing words.

    >>> fold("People’s")
    "people's"
    """
    return text.lower().replace("’", "'").replace("‑", "-").replace("‐", "-")


def split_words(text: str) -> tuple[Word, ...]:
    """The words, punctuation marks and line breaks of a text; other white space is left out.

    >>> [word.text for word in split_words("China's Ministry, Apple Inc. said")]
    ['China', "'s", 'Ministry', ',', 'Apple', 'Inc', '.', 'said']
    """
    found: list[Word] = []
    for match in _WORD.finditer(text):
        start, end, word = match.start(), match.end(), match.group()
        tail = _POSSESSIVE.search(word)
        if tail and tail.start() > 0:
            middle = start + tail.start()
            found.append(Word(start, middle, text[start:middle], fold(text[start:middle])))
            start, word = middle, text[middle:end]
        found.append(Word(start, end, word, fold(word)))
    return tuple(found)


def standing(text: str, words: str, before: re.Pattern[str], after: re.Pattern[str]) -> Iterator[tuple[int, int]]:
    """Where a text has exactly these words, with edges that the patterns `before` and `after` (of no width) allow.

    A pattern with the words in it would have to be compiled for each name; these two serve for all.

    >>> list(standing("Wu, Wuhu and Wu", "Wu", re.compile(r"(?<!\\w)"), re.compile(r"(?!\\w)")))
    [(0, 2), (13, 15)]
    """
    at = text.find(words) if words else -1
    while at >= 0:
        end = at + len(words)
        if before.match(text, at) and after.match(text, end):
            yield at, end
            at = text.find(words, end)
        else:
            at = text.find(words, at + 1)


@lru_cache(maxsize=16)
def read(text: str) -> Reading:
    """The reading of a text, with the shared parse of `corpus.segment.english`; without one under `annotators.light`."""
    from annotators import light

    if light.is_on():
        return _reading(text, *light.english_outline(text), ())
    from corpus.segment.english import parse

    doc = parse(text)
    starts = {sent[0].idx for sent in doc.sents if len(sent)} if len(doc) else set()
    tags = {token.idx: token.tag_ for token in doc}
    return _reading(text, starts, tags, tuple(Mention(e.start_char, e.end_char, e.label_) for e in doc.ents))


def _reading(text: str, starts: Container[int], tags: dict[int, str], model: tuple[Mention, ...]) -> Reading:
    words = split_words(text)
    initial: set[int] = set()
    fresh = True
    for index, word in enumerate(words):
        if word.text[0] == "\n":
            fresh = True
            continue
        fresh = fresh or word.start in starts
        if not word.text[0].isalnum():
            fresh = fresh or word.text in ".!?:—"
            continue
        if fresh:
            initial.add(index)
        fresh = False
    return Reading(
        text,
        words,
        frozenset(initial),
        tags,
        model,
        _title_lines(text, words),
    )


def _title_lines(text: str, words: Sequence[Word]) -> tuple[tuple[int, int], ...]:
    """Lines (a headline, a subheading) of which nearly all long words are capitalised."""
    lines: list[tuple[int, int]] = []
    offset = number = 0
    for line in text.splitlines(keepends=True):
        stop = offset + len(line)
        first = number
        while number < len(words) and words[number].start < stop:
            number += 1
        long = [w for w in words[first:number] if w.text[0].isalpha() and len(w.text) > 3]
        capitals = sum(w.is_capital for w in long)
        lowered = len(long) - capitals
        ends = line.rstrip().rstrip(_QUOTES)
        if (
            len(long) >= 4
            and not line.lstrip().startswith("By ")
            and capitals >= 0.75 * len(long)
            and lowered <= 3
            and not ends.endswith((".", ",", ";"))
        ):
            lines.append((offset, stop))
        offset = stop
    return tuple(lines)
