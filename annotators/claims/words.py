"""What the words of a clause say: its verb and what stands around it, and its words and their neighbours, hashed.

The cues (`cues`) say what a clause means where somebody thought of its words; the rest is learnt from examples. A word
becomes the number of a bucket, so that the weights are numbers by number: no text is kept, and two words that fall into
one bucket share a weight.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

from annotators.claims.english_voices import SUBJECTS
from annotators.claims.kinds import Verdict
from annotators.claims.piece import Piece
from annotators.claims.reading import Reading
from annotators.claims.tags import NAMES, Tags
from corpus.document import Lang

if TYPE_CHECKING:
    from spacy.tokens import Doc, Token

Row = dict[str, float]
Words = Callable[[Piece], Row]
"""The features of a piece of the document that it was made for."""

BUCKETS = 4096
HASHED = "#"
"""What the name of a hashed feature begins with; the rest is the number of its bucket."""

_WORD, _PAIR, _CHARACTERS = 1.0, 0.7, 0.4
"""How much a word counts, two neighbouring words, and two neighbouring Chinese characters, against the verb at 1."""

_OPEN = {"VERB", "ADJ", "ADV", "NOUN", "AUX", "SCONJ", "ADP", "PART", "DET", "PRON", "CCONJ"}
_MODALS = {"'ll": "will", "’ll": "will", "wo": "will", "ca": "can", "'d": "would", "’d": "would"}
_NEAR = {"en": (14, 40), "zh": (4, 10)}
"""Characters after the subject up to which a cue is at the head of a clause, and up to which it is near it."""


@lru_cache(maxsize=65536)
def bucket(word: str) -> str:
    """The name of the hashed feature of a word.

    >>> bucket("verb:pledge") == bucket("verb:pledge") != bucket("verb:urge")
    True
    """
    return f"{HASHED}{zlib.crc32(word.encode('utf-8', 'replace')) % BUCKETS}"


def words(reading: Reading) -> Words:
    """What gives the features of the pieces of a text."""
    doc, tags = reading.doc, reading.tags
    if doc is not None:
        return lambda piece: _said(_english(doc, piece), piece)
    return lambda piece: _said(_chinese(reading.plain, tags, piece), piece)


def _said(row: Row, piece: Piece) -> Row:
    """The features with the verb by which the piece is reported."""
    if piece.verb:
        _add(row, f"said:{piece.verb}", _WORD)
    return row


_NO_NAME = {"VERB", "AUX", "ADV", "SCONJ", "CCONJ", "ADP", "PRON", "PART", "PUNCT"}
_NO_NAME_ZH = {"d", "p", "c", "u", "w", "m", "r", "xc"}


def unit_stops(reading: Reading, start: int, end: int) -> frozenset[int]:
    """Where, in a stretch, words begin that are no part of what is counted, from the start of the stretch on: verbs,
    adverbs, prepositions; participles before a noun and Chinese verbs before a noun are a part (subsidised flats)."""
    if reading.doc is not None:
        span = reading.doc.char_span(start, end, alignment_mode="contract")
        found = () if span is None else span
        return frozenset(
            t.idx - start
            for t in found
            if t.pos_ in _NO_NAME and not (t.pos_ == "VERB" and t.dep_ in {"amod", "compound"}) and t.text != "-"
        )
    tokens = reading.tags.between(start, end)
    stops = set()
    for n, token in enumerate(tokens):
        after = tokens[n + 1].tag if n + 1 < len(tokens) else ""
        verb = token.tag[:1] == "v" and token.tag != "vn"
        before_noun = after in {"n", "nz", "vn"} and (not n or tokens[n - 1].tag not in {"n", "nz", "vn"})
        if token.tag in _NO_NAME_ZH or (verb and not before_noun):
            stops.add(token.start - start)
    return frozenset({*stops, end - start})


def cue_places(piece: Piece, verdict: Verdict, lang: Lang) -> Row:
    """Where the cues of a piece stand: in its subject, at its head, near it, or far behind; and with which subject."""
    row: Row = {"length": min(3.0, (piece.end - piece.start) / (40 if lang == "zh" else 120))}
    head, near = _NEAR[lang]
    for hit in verdict.hits:
        at = hit.start - (piece.body - piece.start)
        place = "subject" if at < 0 else "head" if at < head else "near" if at < near else "far"
        row[f"{place}:{hit.cue.name}"] = 1.0
        row[f"{place}:{hit.cue.type}"] = 1.0
        row[f"{piece.subject}:{hit.cue.name}"] = 1.0
    row[f"{lang}:{piece.subject}:{piece.form}"] = 1.0
    row[f"{'reported' if piece.reported else 'narrated'}:{piece.form}"] = 1.0
    return row


def _add(row: Row, word: str, value: float) -> None:
    name = bucket(word)
    row[name] = row.get(name, 0.0) + value


def _english(doc: Doc, piece: Piece) -> Row:
    span = doc.char_span(piece.start, piece.end, alignment_mode="expand")
    tokens = [] if span is None else [t for t in span if not t.is_space]
    row = _english_verb(tokens, piece)
    from corpus.align.lexicon import stem

    bag = [stem(t.lemma_.lower()) for t in tokens if t.pos_ in _OPEN]
    for word in bag:
        _add(row, f"en:{word}", _WORD)
    for a, b in pairwise(bag):
        _add(row, f"en:{a} {b}", _PAIR)
    return row


def _english_verb(tokens: Sequence[Token], piece: Piece) -> Row:
    """The verb that heads a piece: tense, modal verb, voice, negation, and its complements."""
    inside = {t.i for t in tokens}
    verbs = [t for t in tokens if t.pos_ in {"VERB", "AUX"}]
    verb = next((t for t in verbs if t.head.i not in inside or t.head.i == t.i), verbs[0] if verbs else None)
    if verb is None:
        return {"no_verb": 1.0}
    from corpus.align.lexicon import stem

    children = [c for c in verb.children if c.i in inside]
    helpers = [c for c in children if c.dep_ in {"aux", "auxpass"} and c.i < verb.i]
    modal = next((c.lemma_.lower() for c in children if c.tag_ == "MD"), "")
    modal = _MODALS.get(modal, modal)
    passive = any(c.dep_ in {"nsubjpass", "auxpass"} for c in children)
    tense = "+".join(c.lemma_.lower() for c in helpers[:2]) or verb.tag_
    negated = any(c.dep_ == "neg" for c in children)
    row: Row = {
        f"negated:{negated}": 1.0,
        f"passive:{passive}:{piece.subject}": 1.0,
        f"tense:{tense}": 1.0,
        f"tense:{tense}:{piece.subject}": 1.0,
    }
    if modal:
        row |= {f"modal:{modal}": 1.0, f"modal:{modal}:{piece.subject}": 1.0, f"modal:{modal}:{passive}": 1.0}
    _add(row, f"verb:{stem(verb.lemma_.lower())}", 1.0)
    for name, kinds in (
        ("complement", {"acomp", "attr", "oprd"}),
        ("object", {"dobj", "obj"}),
        ("subject", SUBJECTS),
        ("clause", {"xcomp", "ccomp"}),
    ):
        for child in [c for c in children if c.dep_ in kinds][:2]:
            _add(row, f"{name}:{stem(child.lemma_.lower())}", 1.0)
    return row


def _chinese(plain: str, tags: Tags, piece: Piece) -> Row:
    """The first verbs, adverbs and prepositions of a piece, how it ends, and its words and characters."""
    tokens = [(plain[t.start : t.end], t.tag, t.start) for t in tags.between(piece.start, piece.end)]
    body = [(word, tag) for word, tag, at in tokens if at >= piece.body]
    verbs = [word for word, tag in body if tag[:1] == "v"]
    row: Row = {}
    for n, word in enumerate(verbs[:3]):
        _add(row, f"zh verb {min(n, 1)}:{word}", 0.6 if n else 1.0)
    if verbs:
        _add(row, f"zh last verb:{verbs[-1]}", 0.7)
    for word in [word for word, tag in body if tag in {"d", "p", "c", "r"}][:3]:
        _add(row, f"zh adverb:{word}", 0.8)
    if tokens:
        _add(row, f"zh end:{tokens[-1][0]}", 0.7)
    bag = [word for word, tag, _ in tokens if tag[:1] in "vadpcrunlzimby" and tag not in NAMES]
    for word in bag:
        _add(row, f"zh:{word}", _WORD)
    for a, b in pairwise(bag):
        _add(row, f"zh:{a} {b}", _PAIR)
    rest = plain[piece.body : piece.end]
    for at, (a, b) in enumerate(pairwise(rest)):
        _add(row, f"zh characters:{a}{b}", _CHARACTERS)
        if at < 6:
            _add(row, f"zh first characters:{a}{b}", 1.5 * _CHARACTERS)
    _add(row, f"zh last characters:{rest[-2:]}", 2 * _CHARACTERS)
    return row
