"""Quotes anchored to the text that they are said to be from: exactly, or with a repair that is reported, or not at all."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from dataclasses import dataclass, field

from annotators.llm.pieces import Piece

Range = tuple[int, int]

# How a model that copies changes what it copies, and which of two forms is compared.
_QUOTES = str.maketrans(dict.fromkeys("“”„‟«»「」『』＂〝〞", '"') | dict.fromkeys("‘’‚‛′`´＇", "'"))
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−－", "-"))
_HAN_OR_FULL = re.compile(r"[\u3000-\u9fff\uf900-\ufaff\uff00-\uffef]")
# Letters and digits of scripts that part words: what comes before Chinese, Japanese and Korean.
_LATIN = re.compile(r"[^\W_\u2e80-\U0010ffff]")

REPAIRS = ("white space", "quotation marks", "full-width forms", "several")
"""What may differ between a quote and the text, one at a time first, then all of them."""

# Places of one quote that are looked at, and how much of what stands beside them.
_MOST = 200
_NEAR = 60


@dataclass(frozen=True, slots=True)
class Anchored:
    """Where a quote stands in the whole text, and how it was found: a member of `REPAIRS`, or "" for letter by letter.

    `why` is set, and there are no places, where the quote could not be anchored.
    """

    places: tuple[Range, ...] = ()
    repair: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Quote:
    """What a model says to stand in the text. `occurrence` counts from 1; 0 leaves it open."""

    text: str
    left: str = ""
    right: str = ""
    occurrence: int = 0


@dataclass(frozen=True, slots=True)
class _Fold:
    """A text with what a repair passes over made alike; character n of it begins at `starts[n]` of the original."""

    text: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]


def fold(text: str, repair: str) -> _Fold:
    """A text in the form in which it is compared.

    >>> fold("共同　富裕：“20 万”", "several").text
    '共同富裕:"20万"'
    """
    chars: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    every = repair == "several"
    for at, char in enumerate(text):
        made = char
        if every or repair == "full-width forms":
            # One character may become several (㎡, ½): all of them lead back to it.
            made = unicodedata.normalize("NFKC", made).translate(_DASHES)
        if every or repair == "quotation marks":
            made = made.translate(_QUOTES)
        if (every or repair == "white space") and (made.isspace() or made in "\u200b\ufeff\u00ad"):
            made = "" if made in "\u200b\ufeff\u00ad" or _beside_han(text, at) else " "
            if made and (not chars or chars[-1] == " "):
                made = ""
        for c in made:
            chars.append(c)
            starts.append(at)
            ends.append(at + 1)
    return _Fold("".join(chars), tuple(starts), tuple(ends))


def _beside_han(text: str, at: int) -> bool:
    """Whether white space has a Chinese character at either side: there it means nothing."""
    return bool(_HAN_OR_FULL.match(text[at - 1 : at]) or _HAN_OR_FULL.match(text[at + 1 : at + 2]))


@dataclass(slots=True)
class Anchors:
    """Anchors quotes in one piece; the folds of its text are made when a quote needs them."""

    piece: Piece
    _folds: dict[str, _Fold] = field(default_factory=dict)
    _found: dict[tuple[str, str], list[Range]] = field(default_factory=dict)

    def every(self, quote: Quote) -> Anchored:
        """The places of a name: the one that its context or number tells, else all where it stands by itself."""
        return self._anchor(quote, several=True)

    def one(self, quote: Quote) -> Anchored:
        """The place of a passage, which must be the only one that fits."""
        return self._anchor(quote, several=False)

    def places(self, words: str) -> list[Range]:
        """All places in the piece where some words stand, with a repair where that is needed; offsets into the text."""
        for repair in ("", *REPAIRS) if words else ():
            if found := self._places(words, repair):
                return [(start + self.piece.start, end + self.piece.start) for start, end in found]
        return []

    def _anchor(self, quote: Quote, *, several: bool) -> Anchored:
        if not quote.text.strip():
            return Anchored(why="empty quote")
        for repair in ("", *REPAIRS):
            places = self._places(quote.text.strip(), repair)
            if not places:
                continue
            picked = self._picked(places, quote)
            whole = several and not repair and not (quote.left or quote.right or quote.occurrence)
            if len(picked) > 1 and not (whole and len(quote.text.strip()) > 1):
                return Anchored(why="stands in several places")
            if any(start < border < end for start, end in picked for border in self.piece.inner):
                return Anchored(why="runs across paragraphs")
            at = self.piece.start
            return Anchored(tuple((start + at, end + at) for start, end in picked), repair)
        return Anchored(why="not in the text")

    def _fold(self, repair: str) -> _Fold:
        if repair not in self._folds:
            text = self.piece.text
            plain = tuple(range(len(text) + 1))
            self._folds[repair] = fold(text, repair) if repair else _Fold(text, plain[:-1], plain[1:])
        return self._folds[repair]

    def _places(self, quote: str, repair: str) -> list[Range]:
        """Where a quote stands, by itself: not within a longer word of an alphabetic script."""
        if (quote, repair) in self._found:
            return self._found[quote, repair]
        there = self._fold(repair)
        wanted = fold(quote, repair).text.strip() if repair else quote
        found: list[Range] = []
        at = there.text.find(wanted) if wanted else -1
        while at >= 0 and len(found) < _MOST:
            start, end = there.starts[at], there.ends[at + len(wanted) - 1]
            if _by_itself(self.piece.text, start, end):
                found.append((start, end))
            at = there.text.find(wanted, at + len(wanted))
        self._found[quote, repair] = found
        return found

    def _picked(self, places: list[Range], quote: Quote) -> list[Range]:
        """Of the places of a quote, those that its context speaks for most, else the one of its number, else all."""
        if len(places) == 1:
            return places
        sides = (quote.left[-_NEAR:], quote.right[:_NEAR])
        left, right = (fold(words, "several").text.strip() for words in sides)
        if left or right:
            there = self._fold("several")
            scored = []
            for start, end in places:
                before, after = bisect_left(there.starts, start), bisect_left(there.starts, end)
                score = _agree(there.text[max(0, before - _NEAR) : before].rstrip()[::-1], left[::-1])
                score += _agree(there.text[after : after + _NEAR].lstrip(), right)
                scored.append((score, (start, end)))
            best = max(score for score, _ in scored)
            if best >= min(3, len(left) + len(right)):
                fitting = [place for score, place in scored if score == best]
                if len(fitting) == 1:
                    return fitting
        if 0 < quote.occurrence <= len(places):
            return [places[quote.occurrence - 1]]
        return places


def _agree(text: str, words: str) -> int:
    """How many characters two texts share from their beginning on."""
    shared = 0
    for a, b in zip(text, words, strict=False):
        if a != b:
            break
        shared += 1
    return shared


def _by_itself(text: str, start: int, end: int) -> bool:
    """Whether no word of an alphabetic script goes on across an edge.

    >>> _by_itself("Lanhe and Lanheside", 0, 5), _by_itself("Lanhe and Lanheside", 10, 15), _by_itself("在兰河边", 1, 3)
    (True, False, True)
    """
    for inside, outside in (
        (text[start : start + 1], text[start - 1 : start]),
        (text[end - 1 : end], text[end : end + 1]),
    ):
        if _LATIN.match(inside) and _LATIN.match(outside):
            return False
    return True
