"""The tokens of the forms that count in tokens: as in `ner`, every character that is no white space is in one of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, pairwise

from corpus.dataset.bio import whole_sentences
from corpus.dataset.forms.source import Range, Record, Word

_RUN = re.compile(r"\S+")


def pieces(record: Record, edges: Iterable[int] = ()) -> list[Word]:
    """The tokens: Chinese by character, English words, split at `edges` and at white space. Tags are those of the words.

    A character has no part of speech. A character that is in no word is in a token all the same.
    """
    text = record.document.text
    if record.document.lang == "zh":
        return [(i, i + 1, "") for run in _RUN.finditer(text) for i in range(*run.span())]
    edges = set(edges)
    if _whole(text, record.words, edges):
        return list(record.words)
    points = {0, *edges}
    points.update(chain.from_iterable((start, end) for start, end, _ in record.words))
    points.update(chain.from_iterable(run.span() for run in _RUN.finditer(text)))
    tags = {start: (end, tag) for start, end, tag in record.words}
    found: list[Word] = []
    until, tag = 0, ""
    for start, end in pairwise(sorted(points)):
        if start in tags:
            until, tag = tags[start]
        elif start >= until:
            tag = ""
        if not text[start].isspace():
            found.append((start, end, tag))
    return found


def _whole(text: str, words: Sequence[Word], edges: set[int]) -> bool:
    """Whether the words are the tokens as they are, as those of nearly every document: all of the text and no white space in
    them, no edge within one."""
    if "".join([text[start:end] for start, end, _ in words]) != "".join(text.split()):
        return False
    inner = edges - {start for start, _, _ in words} - {end for _, end, _ in words}
    return all(edge >= len(text) or text[edge].isspace() for edge in inner)


def solid(text: str, start: int, end: int) -> Range:
    """A stretch without the white space at its edges, which is in no token; where it has nothing else, an empty one."""
    words = text[start:end]
    start += len(words) - len(words.lstrip())
    return start, max(start, end - len(words) + len(words.rstrip()))


def sentence_starts(record: Record) -> list[int]:
    """Where sentences begin, none within an entity; what is in no sentence is one of its own."""
    starts: list[int] = []
    end = 0
    for start, stop in whole_sentences(list(record.sentences), record.entities):
        if record.document.text[end:start].strip():
            starts.append(end)
        starts.append(start)
        end = stop
    if record.document.text[end:].strip():
        starts.append(end)
    return starts


def gaps(text: str, tokens: Iterable[Range]) -> Iterator[Range]:
    """What lies before, between and after the tokens."""
    at = 0
    for start, end in tokens:
        yield at, start
        at = end
    yield at, len(text)
