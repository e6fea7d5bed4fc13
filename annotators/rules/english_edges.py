"""The edges of an English name by the guidelines: what is cut off a proposed span, and where it is split."""

from __future__ import annotations

import re
from collections.abc import Iterator

from annotators.rules.english_lexicon import lexicon
from annotators.rules.english_text import fold

_OPENING = " \t\r\n\u00a0\u3000\"“”„‘’'`«»《》〈〉([{*•·-–—,;:"
_CLOSING = " \t\r\n\u00a0\u3000\"“”„‘’'`«»《》〈〉)]}*•·-–—,;:!?"
_SEPARATORS = re.compile(r"\s*,\s+|\s*[;|\n]\s*|\s+--+\s+|\s+-\s+|·")
_PAIR = re.compile(r"[/–—]|(?<=[A-Z.])-(?=[A-Z]{2})|(?<=[a-z])-(?=(?:US|UK|EU|UN)\b)")
_TWO = re.compile(r" and (?=([A-Z][a-z]+))")
_IN_PLACE = re.compile(r"\s+in\s+(?:the\s+)?(?=[A-Z])")
_ARTICLE = re.compile(r"(?:the|a|an|this|its|their|our|his|her)\s+", re.IGNORECASE)


_NO_SPACE = re.compile(r"\S+")


def trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """The span without article, titles, possessive, quotation marks and punctuation at its edges; may be empty.

    >>> text = "said the “Yunzhou Daily”'s editor"
    >>> text[slice(*trimmed(text, 5, 26))]
    'Yunzhou Daily'
    """
    lex = lexicon()
    while True:
        before = (start, end)
        while start < end and text[start] in _OPENING:
            start += 1
        article = _ARTICLE.match(text, start, end)
        if article:
            start = article.end()
        while start < end and text[end - 1] in _CLOSING:
            end -= 1
        if text[max(start, end - 2) : end].lower() in ("'s", "’s"):
            end -= 2
        if start < end and text[end - 1] == "." and not _keeps_stop(text[start:end]):
            end -= 1
        words = [m.span() for m in _NO_SPACE.finditer(text, start, end)]
        longest = min(lex.longest_title, len(words) - 1)
        low = [fold(text[a:b].rstrip(".")) for a, b in words[: max(0, longest)]]
        for size in range(longest, 0, -1):
            phrase = tuple(low[:size])
            if phrase in lex.titles or (
                size == 1 and (phrase[0] in lex.address or (phrase[0] in lex.before_title and text[start].islower()))
            ):
                start = words[size][0]
                break
        if (start, end) == before:
            return start, max(start, end)


_INITIALS = re.compile(r"(?:[A-Za-z]\.)+[A-Za-z]")


def _keeps_stop(name: str) -> bool:
    last = name.split()[-1].rstrip(".")
    return fold(last) in lexicon().abbreviations or bool(_INITIALS.fullmatch(last))


def pieces_of(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The names in a span: split at commas, dashes and slashes, and before a trailing "in PLACE" (not for embassies).

    >>> text = "Digang Village, Huzhou"
    >>> [text[a:b] for a, b in pieces_of(text, 0, len(text))]
    ['Digang Village', 'Huzhou']
    """
    position = start
    cuts = [(m.start(), m.end()) for m in _SEPARATORS.finditer(text, start, end) if not _lists_topics(text, m, end)]
    if not re.search(r"embassy|consulate", text[start:end], re.IGNORECASE):
        cuts += [(m.start(), m.end()) for m in _IN_PLACE.finditer(text, start, end)]
    if text[max(0, start - 2) : start] == ", ":
        # "A, B and C" of which the model takes "B and C" for one name
        cuts += [
            (m.start(), m.end())
            for m in _TWO.finditer(text, start, end)
            if " " not in text[start : m.start()] and m.end() + len(m.group(1)) == end
        ]
    if end - start < 25:
        cuts += [(m.start(), m.end()) for m in _PAIR.finditer(text, start, end)]
    for left, right in [*sorted(cuts), (end, end)]:
        if position < left:
            piece = trimmed(text, position, left)
            if piece[0] < piece[1]:
                yield piece
        position = max(position, right)


_LONGEST_TOPIC = 60


def _lists_topics(text: str, match: re.Match[str], end: int) -> bool:
    """Whether a comma stands in a list such as "Culture, Sports and Tourism Bureau", or before Ltd. and the like."""
    following = re.match(r"(?:and\s+)?([\w\-]+)", text[match.end() : end])
    if not following or "," not in match.group():
        return False
    word = fold(following.group(1))
    if word in ("ltd", "inc", "llc", "limited", "co"):
        return True
    before = re.search(r"[\w\-]+$", text[max(0, match.start() - _LONGEST_TOPIC) : match.start()])
    return bool(before and fold(before.group()) in lexicon().topics and word in lexicon().topics)
