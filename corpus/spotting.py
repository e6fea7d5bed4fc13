"""How a learnt claim spotter reads a text: its words, what is known of them, and the stretches that may be claims.

What knows clauses (`annotators.claims.spotter`) makes a `Reading`; what trains (`models.claims`) and what annotates
(`annotators.claims_model`) make spaCy Docs of it, in the same way, with this module.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from corpus.segment.spacy_models import encodable

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc
    from spacy.vocab import Vocab

Floats = NDArray[np.float32]

CANDIDATES = "candidates"
"""The key in `Doc.spans` of what may be a claim."""

KNOWN = "hemu_candidates"
"""The key in `Doc.user_data` of the numbers of each candidate."""

CLAIMS, STANCES = "claims", "stances"
"""The components that say which candidates are claims and of which type, and of which stance; keys in `Doc.spans` too."""

MEANING = 512
"""Numbers in a vector of the sentence encoder."""

# Its vectors are of length one; so that each of their numbers counts about as much as another feature.
_SCALE = 5.0

_SMALL = 1e-4


@dataclass(frozen=True, slots=True)
class Word:
    """A word (half-open code points) with its part of speech and its base form, "" where that is not known."""

    start: int
    end: int
    tag: str = ""
    lemma: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A stretch that may be a claim. `body` is where it begins without its subject; `row` says what is known of it."""

    start: int
    body: int
    end: int
    row: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Reading:
    """A text as the spotter meets it: words, named mentions, cue words with their type, and candidates that do not
    overlap, all in the order of the text."""

    text: str
    words: tuple[Word, ...]
    names: tuple[tuple[int, int, str], ...] = ()
    cues: tuple[tuple[int, int, str], ...] = ()
    candidates: tuple[Candidate, ...] = ()


@dataclass(frozen=True, slots=True)
class Odds:
    """What a model says of a candidate: how likely it is a claim, and if so how likely of each type and stance."""

    claim: float
    types: Mapping[str, float]
    stances: Mapping[str, float]


def features_of(readings: Iterable[Reading]) -> list[str]:
    """The names of all that is known of the candidates, sorted."""
    return sorted({name for reading in readings for candidate in reading.candidates for name in candidate.row})


def known(reading: Reading, features: Sequence[str], *, meaning: bool = True) -> Floats:
    """The numbers of each candidate: the meaning of its text (zeros where there is no encoder), then the `features`."""
    from corpus.align.meaning import embed

    at = {name: MEANING + n for n, name in enumerate(features)}
    numbers = np.zeros((len(reading.candidates), MEANING + len(features)), np.float32)
    vectors = embed([reading.text[c.start : c.end] for c in reading.candidates]) if meaning else None
    if vectors is not None:
        numbers[:, :MEANING] = _SCALE * vectors
    for n, candidate in enumerate(reading.candidates):
        for name, value in candidate.row.items():
            if name in at:
                numbers[n, at[name]] = value
    return numbers


def stretches(reading: Reading, size: int) -> Iterator[tuple[int, int]]:
    """The words from one number up to another: stretches of `size` words or a little more, none through a candidate.

    >>> words = tuple(Word(n, n + 1) for n in range(6))
    >>> list(stretches(Reading("abcdef", words, candidates=(Candidate(1, 1, 3, {}),)), 2))
    [(0, 3), (3, 5), (5, 6)]
    """
    ends = [candidate.end for candidate in reading.candidates]
    first = 0
    for n, word in enumerate(reading.words, 1):
        if n - first < size:
            continue
        inside = bisect_right(ends, word.end)
        if inside == len(ends) or reading.candidates[inside].start >= word.end:
            yield first, n
            first = n
    if first < len(reading.words):
        yield first, len(reading.words)


def docs_of(
    reading: Reading, vocab: Vocab, features: Sequence[str], size: int, *, meaning: bool = True
) -> Iterator[tuple[Doc, list[int]]]:
    """The text as Docs of about `size` words, each with the numbers of its candidates, whose spans it holds in turn."""
    numbers = known(reading, features, meaning=meaning)
    starts = [candidate.start for candidate in reading.candidates]
    before = 0
    for first, last in stretches(reading, size):
        start, end = reading.words[first].start, reading.words[last - 1].end
        # One may begin in the white space before the first word.
        inside = range(bisect_left(starts, before), bisect_left(starts, end))
        before = end
        doc = _doc(reading, first, last, vocab)
        spans = []
        for n in inside:
            candidate = reading.candidates[n]
            at = max(0, candidate.start - start)
            span = doc.char_span(at, candidate.end - start, alignment_mode="expand")
            # It may reach into the white space behind the last word.
            spans.append(doc[_word_at(doc, at) :] if span is None else span)
        doc.spans[CANDIDATES] = spans
        doc.user_data[KNOWN] = numbers[inside.start : inside.stop]
        yield doc, list(inside)


def _doc(reading: Reading, first: int, last: int, vocab: Vocab) -> Doc:
    from spacy.tokens import Doc

    own = reading.words[first:last]
    start = own[0].start
    after = [*(word.start for word in own[1:]), reading.words[last].start if last < len(reading.words) else own[-1].end]
    words, spaces, tags, lemmas = [], [], [], []
    for word, following in zip(own, after, strict=True):
        words.append(encodable(reading.text[word.start : word.end]))
        spaces.append(following > word.end)
        tags.append(word.tag)
        lemmas.append(word.lemma or words[-1])
    doc: Any = Doc(vocab, words=words, spaces=spaces, tags=tags, lemmas=lemmas)
    names: list[Any] = []
    for a, b, label in _between(reading.names, start, own[-1].end):
        span = doc.char_span(a - start, b - start, label=label, alignment_mode="expand")
        if span is not None and (not names or span.start >= names[-1].end):
            names.append(span)
    doc.set_ents(names)
    for a, b, kind in _between(reading.cues, start, own[-1].end):
        span = doc.char_span(a - start, b - start, alignment_mode="expand")
        for token in span or ():
            token.set_morph(f"Cue={kind}")
    made: Doc = doc
    return made


def _between(marks: Sequence[tuple[int, int, str]], start: int, end: int) -> Sequence[tuple[int, int, str]]:
    first = bisect_left(marks, (start, 0, ""))
    return [mark for mark in marks[first : bisect_left(marks, (end, 0, ""))] if mark[1] <= end]


def _word_at(doc: Doc, offset: int) -> int:
    return max(0, bisect_right([token.idx for token in doc], offset) - 1)


def with_spaces(text: str, words: Iterable[Word]) -> tuple[Word, ...]:
    """The words with one more for all that lies between two of them, but for a single blank, as spaCy has it.

    >>> [(w.start, w.end) for w in with_spaces("a b\\n c", [Word(0, 1), Word(2, 3), Word(5, 6)])]
    [(0, 1), (2, 3), (3, 5), (5, 6)]
    """
    out: list[Word] = []
    end = 0
    for word in words:
        if word.start < end or word.end <= word.start:
            continue
        if word.start > end and not (out and text[end : word.start] == " "):
            out.append(Word(end, word.start))
        out.append(word)
        end = word.end
    if end < len(text):
        out.append(Word(end, len(text)))
    return tuple(out)


def log_odds(p: float) -> float:
    """The log odds of a probability, from one in ten thousand up.

    >>> log_odds(0.5)
    0.0
    """
    p = min(1.0 - _SMALL, max(_SMALL, p))
    return math.log(p / (1.0 - p))


def probability(odds: float) -> float:
    """The probability of log odds."""
    return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, odds))))


def odds_of(nlp: Language, reading: Reading, size: int = 400) -> list[Odds]:
    """What a trained model says of each candidate of a text."""
    claims: Any = nlp.get_pipe(CLAIMS)
    stances: Any = nlp.get_pipe(STANCES)
    slope, shift = nlp.meta["hemu"].get("calibration", (1.0, 0.0))
    out: list[Odds] = []
    if not reading.candidates:
        return out
    for doc, inside in docs_of(reading, nlp.vocab, nlp.meta["hemu"]["features"], size):
        if not inside:
            continue
        for name, component in nlp.pipeline:
            if name not in (CLAIMS, STANCES):
                doc = component(doc)
        by_type, by_stance = (component.predict([doc])[1] for component in (claims, stances))
        for n in range(len(inside)):
            out.append(
                Odds(
                    probability(slope * log_odds(1.0 - float(by_type[n, len(claims.labels)])) + shift),
                    dict(zip(claims.labels, map(float, by_type[n]), strict=False)),
                    dict(zip(stances.labels, map(float, by_stance[n]), strict=False)),
                )
            )
    return out
