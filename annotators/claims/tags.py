"""The tagged words of a Chinese text, a stretch at a time: one pass of the tagger over the sentences serves all pieces."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from annotators.rules.chinese_words import words_of
from corpus.document import Token
from corpus.script import simplified

NAMES = frozenset({"PER", "LOC", "ORG", "nr", "ns", "nt"})
"""Tags of names."""


@dataclass(frozen=True, slots=True)
class Tags:
    """The words of a text in order, none over another, with the offsets at which they begin and end."""

    tokens: tuple[Token, ...]
    starts: tuple[int, ...]
    ends: tuple[int, ...]

    def between(self, start: int, end: int) -> list[Token]:
        """The words in a stretch; one that reaches beyond its edges is cut there and keeps its tag."""
        first, stop = bisect_right(self.ends, start), bisect_left(self.starts, end)
        found = list(self.tokens[first:stop])
        if found and found[0].start < start:
            found[0] = Token(start, found[0].end, found[0].tag)
        if found and found[-1].end > end:
            found[-1] = Token(found[-1].start, end, found[-1].tag)
        return found


NO_TAGS = Tags((), (), ())


def tags_of(text: str, sentences: Sequence[tuple[int, int]]) -> Tags:
    """The tagged words of a Chinese text, from the same call as the rules make, so that a model has run already.

    >>> text = "王芳在杭州工作。她喜欢画画。"
    >>> [text[t.start:t.end] for t in tags_of(text, [(0, 8), (8, 14)]).between(3, 8)]
    ['杭州', '工作', '。']
    """
    tokens = tuple(token for sentence in words_of(simplified(text), sentences) for token in sentence)
    return Tags(tokens, tuple(t.start for t in tokens), tuple(t.end for t in tokens))
