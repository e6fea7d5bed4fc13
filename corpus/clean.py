"""Cleaning: the few changes made to a text before it is frozen, and what each of its paragraphs is.

Only what no reader sees is changed: line ends, byte-order mark, composed characters, line breaks at the very end.
Chinese punctuation, quotation marks and spaces stay as they were written.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

from corpus.document import Block, BlockKind, Lang
from corpus.language import HAN, LINE_BREAKS


@dataclass(frozen=True, slots=True)
class Change:
    """Something that cleaning changed, and how often."""

    what: str
    count: int


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A cleaned text and what was changed in it; no changes means that it is the raw text."""

    text: str
    changes: tuple[Change, ...] = ()


def clean(raw: str) -> Cleaned:
    """The text that is frozen as `Document.text`, and every kind of change made to the raw text on the way.

    In this order: byte-order marks at the start are dropped, CRLF and CR become LF, characters are composed
    (Unicode NFC), line breaks at the end of the text are dropped. Cleaning a cleaned text changes nothing.

    >>> clean("和睦新村\\r\\n改造\\r\\n")
    Cleaned(text='和睦新村\\n改造', changes=(Change(what='line ends', count=2), Change(what='final line breaks', count=1)))
    """
    changes = []

    def note(what: str, count: int) -> None:
        if count:
            changes.append(Change(what, count))

    text = raw.lstrip("\ufeff")
    note("byte-order mark", len(raw) - len(text))
    note("line ends", text.count("\r"))
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not unicodedata.is_normalized("NFC", text):
        composed = unicodedata.normalize("NFC", text)
        # A line break neither composes nor comes out of composing, so the lines correspond.
        pairs = zip(text.split("\n"), composed.split("\n"), strict=True)
        note("lines with composed characters", sum(before != after for before, after in pairs))
        text = composed
    kept = text.rstrip("\n")
    note("final line breaks", len(text) - len(kept))
    return Cleaned(kept, tuple(changes))


_LINE = re.compile(rf"[^\s{LINE_BREAKS}](?:[^{LINE_BREAKS}]*[^\s{LINE_BREAKS}])?")
_FINAL_STOP = re.compile(r"[.。；;…](?:[”’\"'」』）)\]】]*)\Z")
_HEADLINE_MAX = {"en": 150, "zh": 60}
_SHORT_MAX = {"en": 120, "zh": 50}
# A caption or a notice can be a few sentences long; a longer line is the story, whatever words it holds.
_NOTE_MAX = {"en": 400, "zh": 160}
_HEAD = 6
_TAIL = 3
_NAME_WORDS = frozenset(["and", "in", "of", "at", "for", "the", "de", "van", "von", "la", "le", "del", "from"])


def find_blocks(text: str, lang: Lang) -> tuple[Block, ...]:
    """What each paragraph (each line that is not blank) of an article is, in order, without the white space around it.

    A pull quote (a line that repeats a passage of a longer paragraph, perhaps shortened, perhaps with who said it
    after it) points by `repeats` to the stretch that it repeats. Whatever shows no sign of another kind is body.

    >>> text = "河湾市扩大保障房供给\\n河湾市今年将新建保障房。\\n图为新建成的小区。 林岚 摄"
    >>> [block.kind for block in find_blocks(text, "zh")]
    ['headline', 'body', 'caption']
    """
    lines = [(match.start(), match.end()) for match in _LINE.finditer(text)]
    kinds: list[BlockKind] = []
    head = True
    for index, (start, end) in enumerate(lines):
        kind = _kind_of_line(text[start:end], lang)
        if kind is None and head and index < _HEAD:
            kind = _kind_in_head(text[start:end], lang, first=index == 0)
        elif kind is None and index >= len(lines) - _TAIL and end - start <= _SHORT_MAX[lang]:
            kind = "byline" if _matches(text[start:end], lang, "byline") else None
        head = head and kind in ("headline", "byline", "dateline")
        kinds.append(kind or "body")
    repeats = _repeated(text, lines, kinds, lang)
    return tuple(
        Block(start, end, "pull-quote" if index in repeats else kinds[index], repeats.get(index))
        for index, (start, end) in enumerate(lines)
    )


def _kind_of_line(line: str, lang: Lang) -> BlockKind | None:
    if len(line) > _NOTE_MAX[lang]:
        return None
    kinds: tuple[BlockKind, ...] = ("related-link", "caption", "boilerplate")
    return next((kind for kind in kinds if _matches(line, lang, kind)), None)


def _kind_in_head(line: str, lang: Lang, *, first: bool) -> BlockKind | None:
    """The kind of a line above the story; None where the story begins."""
    if _FINAL_STOP.search(line) or len(line) > _HEADLINE_MAX[lang]:
        return None
    if first:
        return "headline"
    if len(line) <= _SHORT_MAX[lang]:
        for kind in ("byline", "dateline"):
            if _matches(line, lang, kind):
                return "byline" if kind == "byline" else "dateline"
        if lang == "en" and len(line.split()) <= 8 and all(w[0].isupper() or w in _NAME_WORDS for w in line.split()):
            return "byline"
        if (
            lang == "zh"
            and re.fullmatch(rf"[{HAN}·]{{2,8}}(?:[\s　、]+[{HAN}·]{{2,8}}){{0,3}}", line)
            and len(line) < 12
        ):
            return "byline"
    return "headline" if not re.search(r"[,，:：][”\"]?\Z", line) else None


@lru_cache(maxsize=1)
def _cues() -> dict[str, dict[str, tuple[re.Pattern[str], ...]]]:
    data: dict[str, Any] = tomllib.loads((resources.files("corpus") / "data" / "blocks.toml").read_text("utf-8"))
    return {
        lang: {
            kind: tuple(re.compile(pattern, re.IGNORECASE if lang == "en" else 0) for pattern in patterns)
            for kind, patterns in kinds.items()
        }
        for lang, kinds in data.items()
    }


def _matches(line: str, lang: Lang, kind: str) -> bool:
    return any(pattern.search(line) for pattern in _cues()[lang][kind])


# Pull quotes. A unit is a Han character or a word; white space, punctuation and case do not count.
_UNIT = re.compile(rf"[{HAN}]|[^\W_{HAN}]+(?:['’][^\W_{HAN}]+)?")
_SHINGLE = {"en": 4, "zh": 6}
_QUOTE_MIN = {"en": 5, "zh": 8}
_QUOTE_MAX = {"en": 80, "zh": 120}
_ATTRIBUTION_MAX = {"en": 16, "zh": 24}

Unit = tuple[str, int, int]
Line = tuple[int, int]


def _repeated(text: str, lines: Sequence[Line], kinds: Sequence[str], lang: Lang) -> dict[int, Line]:
    """For each line that is a pull quote: the stretch of the longer paragraph that it repeats."""
    size = _SHINGLE[lang]
    units = [list(_units(text, start, end)) for start, end in lines]
    where: dict[tuple[str, ...], list[tuple[int, int]]] = {}
    for index, row in enumerate(units):
        if kinds[index] == "body":
            for at, shingle in enumerate(_shingles(row, size)):
                where.setdefault(shingle, []).append((index, at))
    found: dict[int, Line] = {}
    for index, row in enumerate(units):
        if kinds[index] != "body" or not _QUOTE_MIN[lang] <= len(row) <= _QUOTE_MAX[lang] + _ATTRIBUTION_MAX[lang]:
            continue
        first = tuple(unit[0] for unit in row[:size])
        for other, at in where.get(first, ()):
            if other != index and other not in found and len(units[other]) > len(row):
                matched, last = _follow(row, units[other], at, size)
                if matched >= _QUOTE_MIN[lang] and _is_attribution(text, row, matched, lines[index], lang):
                    found[index] = (units[other][at][1], units[other][last][2])
                    break
    return found


def _units(text: str, start: int, end: int) -> Iterator[Unit]:
    for match in _UNIT.finditer(text, start, end):
        yield match[0].replace("’", "'").casefold(), match.start(), match.end()


def _shingles(row: Sequence[Unit], size: int) -> Iterable[tuple[str, ...]]:
    words = [unit[0] for unit in row]
    return (tuple(words[i : i + size]) for i in range(len(words) - size + 1))


def _follow(quote: Sequence[Unit], passage: Sequence[Unit], at: int, size: int) -> tuple[int, int]:
    """How many units of the quote the passage has from `at` on, gaps in the quote allowed; and the last one's index."""
    matched, last = 0, at
    while matched < len(quote):
        if at < len(passage) and quote[matched][0] == passage[at][0]:
            last = at
            matched, at = matched + 1, at + 1
            continue
        # Something was left out: go on where the next few units of the quote turn up again.
        wanted = [unit[0] for unit in quote[matched : matched + size]]
        if len(wanted) < size:
            break
        again = (i for i in range(at + 1, len(passage)) if [unit[0] for unit in passage[i : i + size]] == wanted)
        onward = next(again, None)
        if onward is None:
            break
        at = onward
    return matched, last


def _is_attribution(text: str, quote: Sequence[Unit], matched: int, line: Line, lang: Lang) -> bool:
    """Whether what follows the repeated part of a quote can be who said it: short, and no sentence of its own."""
    rest = len(quote) - matched
    if rest == 0:
        return True
    tail = text[quote[matched][1] : line[1]]
    return rest <= min(_ATTRIBUTION_MAX[lang], matched * 3 // 2) and not re.search(r"[.!?。！？；;](?:\s|\W*\Z)", tail)
