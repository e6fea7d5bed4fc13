"""Reading without models, for `hemu annotate --fast`: sentences and words of both languages by rule and dictionary.

English sentences end where `corpus.segment.boundaries` is sure, and where it would ask the parser; words have no part
of speech, and no model says what may be a name. Chinese words are the likeliest path through the more frequent words of jieba's
dictionary (MIT), with its parts of speech in LAC's tag set; a surname before single characters makes a person.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache

from corpus.document import Document, Segments, Token
from corpus.language import HAN
from corpus.script import simplified
from corpus.segment.boundaries import GOES_ON, kinds, sentence_starts
from corpus.segment.cut import Cutter
from corpus.segment.sentences import chinese_sentences

Range = tuple[int, int]

# Rarer words of the dictionary are left out: reading them takes time, and most are names that the lists have.
_LEAST = 8
_TAGS = {"nr": "PER", "nrt": "PER", "nrfg": "PER", "ns": "LOC", "nt": "ORG", "x": "w", "l": "n", "i": "n", "uj": "u"}
_OF_GIVEN_NAMES = frozenset({"n", "nz", "nr", "PER", "a", "ng", "ag", "g", "x1", "vg", "zg"})
_RUN = re.compile(f"[{HAN}]+")
_OTHER = re.compile(r"[A-Za-z0-9０-９]+(?:[.,%％·'’-][A-Za-z0-9０-９]+)*[%％]?|\s+|.", re.DOTALL)
_ENGLISH = re.compile(r"(?:[A-Za-z]\.){2,}|[^\W_]+(?:[.&'’·\-‑‐][^\W_]+)*|[^\S\n]+|\n+|\.{2,}|.", re.DOTALL)

_on = False


def is_on() -> bool:
    """Whether texts are to be read without models."""
    return _on


@contextmanager
def reading() -> Iterator[None]:
    """Texts are read without models, in this process, until the block ends."""
    before = _switch(True)
    try:
        yield
    finally:
        _switch(before)


def _switch(on: bool) -> bool:
    global _on
    before, _on = _on, on
    if before != on:
        from annotators import model
        from annotators.rules import english, english_text

        # What they keep by text was read the other way.
        for kept in (english.find_entities, english._titles_and_names, english_text.read, model.map_entities):
            kept.cache_clear()
    return before


def segment(document: Document) -> Segments:
    """Sentences and words of a document. The sentences are those of `corpus.segment` in Chinese, and nearly in English.

    >>> [s for s in segment(Document("a", "", "en", "Dr. Li spoke. He left.")).sentences]
    [(0, 13), (14, 22)]
    """
    if document.lang == "zh":
        sentences = tuple(chinese_sentences(document.text))
        words = [t for s in chinese_words(document.text, sentences) for t in s]
        tokens = tuple(t for t in words if not document.text[t.start].isspace())
    else:
        sentences, tokens = _english(document.text)
    return Segments(document.id, document.sha, sentences, tokens)


def english_sentences(text: str) -> tuple[Range, ...]:
    """The sentences of an English text."""
    return _english(text)[0]


def _english(text: str) -> tuple[tuple[Range, ...], tuple[Token, ...]]:
    words: list[str] = []
    spaces: list[bool] = []
    places: list[Range] = []
    known = kinds()
    for match in _ENGLISH.finditer(text):
        word = match.group()
        if word.isspace() and "\n" not in word:
            if spaces and places[-1][1] == match.start():
                spaces[-1] = True
            continue
        if word == "." and words and spaces[-1] is False and words[-1] + "." in known:
            words[-1] += "."
            places[-1] = (places[-1][0], match.end())
            continue
        words.append(word)
        spaces.append(False)
        places.append(match.span())
    sentences: list[Range] = []
    tokens: list[Token] = []
    first = last = -1
    for (start, end), word, begins in zip(places, words, sentence_starts(words, spaces), strict=True):
        if begins != GOES_ON and first >= 0:
            sentences.append((first, last))
            first = -1
        if word.isspace():
            continue
        if first < 0:
            first = start
        last = end
        tokens.append(Token(start, end))
    if first >= 0:
        sentences.append((first, last))
    return tuple(sentences), tuple(tokens)


def chinese_words(text: str, sentences: Iterable[Range]) -> tuple[tuple[Token, ...], ...]:
    """The tagged words of each sentence, white space too.

    >>> text = "王芳在杭州工作。"
    >>> [(text[t.start : t.end], t.tag) for t in chinese_words(text, [(0, 8)])[0]][:3]
    [('王芳', 'PER'), ('在', 'p'), ('杭州', 'LOC')]
    """
    plain = simplified(text)
    return tuple(tuple(_sentence(plain, start, end)) for start, end in sentences)


def _sentence(text: str, start: int, end: int) -> list[Token]:
    cutter, tags = _dictionary()
    found: list[Token] = []
    at = start
    while at < end:
        run = _RUN.match(text, at, end)
        if run is None:
            other = _OTHER.match(text, at, end)
            assert other is not None
            word = other.group()
            tag = "m" if word[0].isdigit() else "nz" if word[0].isalpha() else "w"
            found.append(Token(at, other.end(), tag))
            at = other.end()
            continue
        for word in cutter.cut(run.group()):
            found.append(Token(at, at + len(word), tags.get(word, "n" if len(word) > 1 else "x1")))
            at += len(word)
    return _persons(text, found)


def _persons(text: str, tokens: Sequence[Token]) -> list[Token]:
    """A surname with one or two single characters after it that make no word is a person; others keep their tags."""
    from annotators.rules.chinese_lexicon import surnames

    known = surnames()
    joined: list[Token] = []
    n = 0
    while n < len(tokens):
        token = tokens[n]
        size = 0
        if text[token.start : token.end] in known:
            while size < 2 and n + size + 1 < len(tokens) and _given(text, tokens[n + size + 1]):
                size += 1
            following = tokens[n + 1] if n + 1 < len(tokens) else None
            if not size and following and following.end - following.start == 2 and following.tag == "PER":
                size = 1
        if size:
            joined.append(Token(token.start, tokens[n + size].end, "PER"))
        else:
            joined.append(Token(token.start, token.end, "n" if token.tag == "x1" else token.tag))
        n += size + 1
    return joined


def _given(text: str, token: Token) -> bool:
    """Whether a token may be a character of a given name: single, and no word of grammar."""
    return token.end - token.start == 1 and token.tag in _OF_GIVEN_NAMES


@cache
def _dictionary() -> tuple[Cutter, Mapping[str, str]]:
    """The more frequent words of jieba's dictionary and the names of the knowledge base, and the tags of words."""
    from corpus.knowledge import knowledge
    from corpus.segment.dictionary import dictionary

    words = dictionary(_LEAST)
    tags = {word: _TAGS.get(tag, tag) for word, tag in words.tags.items()}
    names: dict[str, str] = {}
    for entry in knowledge().entries:
        if entry.label == "PLACE":
            names |= {name: "LOC" for name in entry.zh if 1 < len(name) < 8 and not entry.unsure(name)}
    return _Cutter(words.frequencies, words.total, (n for n in names if _RUN.fullmatch(n))), {**names, **tags}


class _Cutter(Cutter):
    """Leaves what no word joins in single characters."""

    @staticmethod
    def _rest(singles: str, scores: Mapping[str, float]) -> Iterable[str]:
        return singles


def english_outline(text: str) -> tuple[set[int], dict[int, str]]:
    """Where the sentences of an English text begin, and a tag (Penn) for words whose capital says nothing.

    These are words of grammar, and those that the text has in small letters too.
    """
    from annotators.rules.english_lexicon import lexicon

    sentences, tokens = _english(text)
    function = lexicon().function
    small = {text[t.start : t.end] for t in tokens if text[t.start].islower()}
    tags: dict[int, str] = {}
    for token in tokens:
        if not text[token.start].isupper():
            continue
        low = text[token.start : token.end].lower()
        if low in function or low in small:
            tags[token.start] = "DT"
        elif low.endswith("ing") and len(low) > 5:
            tags[token.start] = "VBG"
        elif low.endswith("ly") and len(low) > 4:
            tags[token.start] = "RB"
    return {start for start, _ in sentences}, tags
