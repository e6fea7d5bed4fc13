"""Chinese words: jieba's, with what belongs together held together, on a dictionary of our own.

jieba's global tokenizer, which others may change, is not touched.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Any

from corpus.document import Token
from corpus.errors import ModelError
from corpus.script import simplified
from corpus.segment.cut import Cutter
from corpus.segment.dictionary import dictionary
from corpus.segment.tags import Tagger
from corpus.segment.words import gazetteer_words
from corpus.units import held, mixed_pattern

# Numbers that the tagger cuts: thousands ("1,800"), decimals before a unit sign ("3.5%"), full-width digits.
_NUMBER = re.compile(r"[0-9０-９]+(?:[,，][0-9０-９]{3})*(?:[.．][0-9０-９]+)?[%％‰]?")
_HAN_RUN = re.compile("[\u4e00-\u9fd5]+")
# What is between runs: white space, an emoji with what joins it to the next, kana, Hangul, a letter with its accents.
_CLUSTER = re.compile(
    "\\s+|[\u3041-\u30ff]+|[\uac00-\ud7a3]+|[\U0001f1e6-\U0001f1ff]{2}"
    "|.[\u0300-\u036f\ufe00-\ufe0f\u20e3\U0001f3fb-\U0001f3ff]*"
    "(?:\u200d[^\\s\u4e00-\u9fd5][\ufe0f\U0001f3fb-\U0001f3ff]*)*",
    re.DOTALL,
)
_PIECE = 500
_SAFE = re.compile(r"[\s，。！？；、：,;!?]+")

ENGINES = ("jieba", "rjieba")


def words(text: str, names: frozenset[str] = frozenset(), engine: str = "jieba") -> list[Token]:
    """The words of a Chinese text. Tokens partition the text: every character, white space too, is in exactly one.

    Word boundaries may cut through a name: tokens are a view of the text, never the address of an entity. Numbers with
    their units, Latin words and addresses are one token by the rule in `corpus.units`; between them the words are
    jieba's, with `names` (and those of `words.gazetteer_words`) held together. Traditional text is cut as its Simplified
    form. `engine` "rjieba" is two to three times as fast; see `corpus.segment.rust`. Raises ModelError where it is not
    installed.

    >>> ["浙江推进共同富裕"[t.start:t.end] for t in words("浙江推进共同富裕")]
    ['浙江', '推进', '共同富裕']
    """
    return [Token(start, end) for start, end in bounds(text, names, engine)]


def bounds(
    text: str, names: frozenset[str] = frozenset(), engine: str = "jieba", *, gazetteer: bool = True
) -> list[tuple[int, int]]:
    """The offsets of `words`; without the names of the knowledge base where `gazetteer` is false."""
    plain = simplified(text)
    cut, mixed = _cutter(names, engine, gazetteer)
    found: list[tuple[int, int]] = []
    done = 0
    for start, end in held(plain, mixed):
        if start > done:
            _between(plain, done, start, cut, found)
        found.append((start, end))
        done = end
    if done < len(plain):
        _between(plain, done, len(plain), cut, found)
    return found


def _between(text: str, start: int, end: int, cut: Callable[[str], list[str]], found: list[tuple[int, int]]) -> None:
    for run in _HAN_RUN.finditer(text, start, end):
        at, stop = run.span()
        if at > start:
            found += [cluster.span() for cluster in _CLUSTER.finditer(text, start, at)]
        if stop - at == 1:
            found.append((at, stop))
        else:
            for word in cut(run[0]):
                after = at + len(word)
                found.append((at, after))
                at = after
        start = stop
    if start < end:
        found += [cluster.span() for cluster in _CLUSTER.finditer(text, start, end)]


def tagged(text: str) -> list[Token]:
    """Like `words`, with a part of speech as `tag` (jieba's, after the tags of ICTCLAS).

    Boundaries are the tagger's own and differ from those of `words`: of the rule for numbers it keeps only decimals,
    thousands and per cent signs.

    >>> [t.tag for t in tagged("浙江推进共同富裕")][0]
    'ns'
    """
    plain = simplified(text)
    return _tokens(plain, ((word, tag) for piece in _pieces(plain) for word, tag in _tagger().cut(piece)))


def _pieces(text: str) -> Iterator[str]:
    """`text` in pieces of about 500 characters, cut after punctuation where there is any: the tagger is superlinear."""
    start = 0
    while len(text) - start > 2 * _PIECE:
        stop = _SAFE.search(text, start + _PIECE, start + 2 * _PIECE)
        end = stop.end() if stop else start + 2 * _PIECE
        yield text[start:end]
        start = end
    yield text[start:]


def _tokens(text: str, pieces: Iterable[tuple[str, str]]) -> list[Token]:
    numbers = {m.start(): m.end() for m in _NUMBER.finditer(text) if m.end() - m.start() > 1}
    tokens: list[Token] = []
    for start, end, tag in _located(pieces):
        if tokens and start < tokens[-1].end:
            # The rest of a number: what goes beyond it ("日" of "26日") stays a token of its own.
            if end > tokens[-1].end:
                tokens.append(Token(tokens[-1].end, end, tag))
            continue
        number_end = numbers.get(start, 0)
        tokens.append(Token(start, number_end, "m" if tag else "") if number_end > end else Token(start, end, tag))
    return tokens


def _located(pieces: Iterable[tuple[str, str]]) -> Iterator[tuple[int, int, str]]:
    start = 0
    for word, tag in pieces:
        if word:
            yield start, start + len(word), tag
            start += len(word)


@lru_cache(maxsize=4)
def _cutter(
    names: frozenset[str], engine: str, gazetteer: bool
) -> tuple[Callable[[str], list[str]], re.Pattern[str] | None]:
    """What cuts a run of Han characters, and the pattern of the words that have other characters too."""
    words = dictionary()
    known = names | gazetteer_words() if gazetteer else names
    plain = frozenset(word for word in known if _HAN_RUN.fullmatch(word))
    mixed = {word for word in known - plain if not any(c.isspace() for c in word) and _HAN_RUN.search(word)}
    mixed.update(words.mixed)
    if engine == "rjieba":
        from corpus.segment.rust import cutter

        return cutter(plain), mixed_pattern(mixed)
    if engine != "jieba":
        raise ModelError(f"[segment] chinese in hemu.toml is {engine!r}; expected one of {', '.join(ENGINES)}")
    return Cutter(words.frequencies, words.total, plain).cut, mixed_pattern(mixed)


@lru_cache(maxsize=1)
def _tagger() -> Tagger:
    words = dictionary()
    return Tagger(words.frequencies, words.total, words.tags)


@lru_cache(maxsize=1)
def _tokenizer() -> Any:
    """jieba's own tokenizer on the same dictionary, to compare with. Its global one, which others may change, is left alone."""
    with warnings.catch_warnings():
        # jieba's regular expressions are not raw strings: SyntaxWarning when Python 3.12 first compiles them.
        warnings.simplefilter("ignore")
        import jieba

    tokenizer, words = jieba.Tokenizer(), dictionary()
    tokenizer.FREQ, tokenizer.total, tokenizer.initialized = words.frequencies, words.total, True
    return tokenizer
