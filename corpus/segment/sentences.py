"""Sentences of a Chinese text, by its stops.

A sentence ends at 。！？；…… with the closing quotes and brackets after them, at an ASCII stop that is none of an
address or an entity, and at the end of its line. It goes on inside 《》 and inside brackets that opened within it, and
after a quotation that is a part of it (“要不要降？”的讨论; “好！”，他说). Items set off by ； are sentences (一是…；二是…).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from corpus.language import HAN, LINE_BREAKS

Range = tuple[int, int]

_LINE = re.compile(f"[^{LINE_BREAKS}]+")
_CLOSING = "”’」』）)】》〉］]｝}〗"
# A stop, then closing quotes and brackets, of which some texts set off by spaces. A full stop that is a dot: only
# after a Han character or a closing bracket, before a space or the end of the line.
_STOP = re.compile(
    r"(?:(?:[。！？；!?;｡]|…+|\.{3,})(?:[。！？!?…｡]|\.{3,})*"
    rf"|(?<=[{HAN}”’」』）)])[.．](?=\s|\Z|[”’」』）)]))"
    rf"(?P<closed>(?:[^\S{LINE_BREAKS}]*[{re.escape(_CLOSING)}])*)"
)
_QUOTE = re.compile(r"[\"']")
# What shows that a sentence goes on: after …, and after a quotation that ends with a stop.
_GOES_ON = re.compile(r"[、，,；;：:。.]|等|——")
_QUOTED_PART = re.compile(
    r"[^\S\n]*(?:[、，,；;：:。.]|的(?!确)|地[^方区]|等|之[^前后所]|一[词说类事]|这[一样种个]|式的|和[“《「]|与[“《「]|及[“《「]|或[“《「])"
)
_ENTITY = re.compile(r"&#?\w{1,8};\Z")
# 一． 1. (1) at the beginning of a line is a number, not a sentence.
_NUMBERING = re.compile(r"[\s（(]*(?:[0-9０-９]{1,3}|[一二三四五六七八九十]{1,3}|[A-Za-z])[）)]?[.．、]\Z")
_BRACKETS = (("《", "》", 60), ("〈", "〉", 60), ("（", "）", 120), ("(", ")", 120), ("【", "】", 120), ("[", "]", 120))
_BACK = 300


def chinese_sentences(text: str) -> Iterator[Range]:
    """The sentences of a Chinese text: up to 。！？； and …… with the closing quotes and brackets after them, or the line.

    What has neither letter nor digit (a stray dash or dot) is no sentence: it goes to the one before it in its line,
    else to the one after it.

    >>> text = "房租降了吗？降了！（完）"
    >>> [text[start:end] for start, end in chinese_sentences(text)]
    ['房租降了吗？', '降了！', '（完）']
    """
    for line in _LINE.finditer(text):
        pending: list[Range] = []
        for start, end in _cuts(text, line.start(), line.end()):
            if pending and not (has_word(text, start, end) and has_word(text, *pending[-1])):
                pending[-1] = (pending[-1][0], end)
            else:
                pending.append((start, end))
        yield from pending


def has_word(text: str, start: int, end: int) -> bool:
    """Whether there is a letter or a digit in the stretch."""
    return any(character.isalnum() for character in text[start:end])


def trimmed(text: str, start: int, end: int) -> Range:
    """The stretch without the white space at its edges."""
    while start < end and text[start].isspace():
        start += 1
    while start < end and text[end - 1].isspace():
        end -= 1
    return start, end


def _cuts(text: str, start: int, line_end: int) -> Iterator[Range]:
    quotes, counted = {'"': 0, "'": 0}, start
    for match in _STOP.finditer(text, start, line_end):
        end = match.end()
        for found in _QUOTE.finditer(text, counted, end):
            quotes[found[0]] += 1
        counted = end
        # A straight quote closes where one is open; of apostrophes only one that a blank or a Han character follows.
        while end < line_end and (quote := text[end]) in quotes and quotes[quote] % 2:
            quotes[quote] += 1
            end = counted = end + 1
        if end <= start or not _ends(text, match, start, end, line_end):
            continue
        piece = trimmed(text, start, end)
        if piece[0] < piece[1]:
            yield piece
        start = end
    piece = trimmed(text, start, line_end)
    if piece[0] < piece[1]:
        yield piece


def _ends(text: str, match: re.Match[str], start: int, end: int, line_end: int) -> bool:
    stop, closed = match[0][0], end > match.end() or bool(match["closed"])
    after = text[end : min(line_end, end + 4)]
    if stop in "?!;" and (
        re.match(r"[A-Za-z0-9=&/]", after)
        or (stop == ";" and _ENTITY.search(text, max(0, match.start() - 10), match.start() + 1))
    ):
        return False
    if match[0][:2] in ("..", "…", "……", "…。") and _GOES_ON.match(after):
        return False
    if stop in ".．" and _NUMBERING.fullmatch(text, start, match.start() + 1):
        return False
    if closed and _QUOTED_PART.match(after):
        return False
    return not _inside(text, match.start(), start, end, line_end)


def _inside(text: str, stop: int, start: int, end: int, line_end: int) -> bool:
    """Whether brackets opened within the sentence before the stop, and the sentence goes on after them."""
    low = max(start, stop - _BACK)
    for opening, closing, reach in _BRACKETS:
        opened = text.rfind(opening, low, stop)
        if opened < 0 or text.find(closing, opened, stop) >= 0:
            continue
        # What opens a sentence may hold sentences of its own, unless it is a title.
        if opening not in "《〈" and not has_word(text, start, opened):
            continue
        closes = text.find(closing, stop, min(line_end, stop + reach))
        if closes >= 0 and has_word(text, closes, min(line_end, closes + _BACK)):
            return True
    return False
