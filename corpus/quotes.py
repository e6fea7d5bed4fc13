"""Pull quotes: lines that repeat a passage of the story, perhaps shortened, perhaps with who said it before or after.

A unit is a Han character or a word; white space, punctuation, quotation marks and case do not count.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence

from corpus.document import Block
from corpus.language import HAN

Line = tuple[int, int]
Unit = tuple[str, int, int]

_UNIT = re.compile(rf"[{HAN}]|[^\W_{HAN}]+(?:['’][^\W_{HAN}]+)?")
# What an editor put into a quote: “we built [the plant] in a year”.
_INSERTED = re.compile(r"\[[^\[\]\n]{1,40}\]|［[^［］\n]{1,20}］")
# Who said it, in front: “Lin Shu: We built it in a year”.
_SPEAKER = re.compile(r"[^:：\n]{1,40}[:：]\s*(?=\S)")
_A_SENTENCE = re.compile(r"[.!?。！？；;](?:\s|\W*\Z)")

# For words and for Han characters.
_SHINGLE = (4, 6)
_QUOTE_MIN = (5, 10)
# With a stop at its end a short line is as likely a sentence that somebody said twice.
_SENTENCE_MIN = (9, 14)
# A shorter one can be a name, a term or a heading, unless it is a clause of its own in the passage too.
_TERM_MAX = (12, 20)
_QUOTE_MAX = (96, 144)
_ATTRIBUTION_MAX = (16, 24)
# An editor changes one or two words in so many, and puts as many or a few more in their place.
_SWAP_EVERY, _SWAP_MAX, _SWAP_WITHIN = 12, 2, 6
_TAIL_MAX = 250
_STOP_WITHIN = 5
# A stretch of words that turns up more often than this says nothing about where it comes from.
_PLACES = 16
# Comparisons for each unit of the text, so that no text takes more than linear time. No article comes near it.
_EFFORT = 12


def find_repeats(text: str, lines: Sequence[Line], open_to: Sequence[bool]) -> dict[int, Line]:
    """For each line that is a pull quote, by its index: the stretch of the longer line that it repeats.

    Words of the passage may be missing in a pull quote, and now and then one may differ where the line has no stop at
    its end. Only lines for which `open_to` holds can be pull quotes, or be what one repeats. Linear in the length of the text.

    >>> text = "“We sold the boats years ago,” she says. “Nobody missed them.”\\nWe sold the boats years ago"
    >>> find_repeats(text, [(0, 62), (63, 90)], [True, True])
    {1: (1, 28)}
    """
    words = [_words(text, line) if fits else [] for line, fits in zip(lines, open_to, strict=True)]
    starts: dict[int, list[int]] = {}
    wanted: set[tuple[str, ...]] = set()
    for index, row in enumerate(words):
        han = _han(row)
        if _QUOTE_MIN[han] <= len(row) <= _QUOTE_MAX[han] + _ATTRIBUTION_MAX[han]:
            starts[index] = [0, *_after_speaker(text, lines[index], row)]
            wanted.update(_shingle(row, at) for at in starts[index])
    if not starts:
        return {}
    where = _places(words, wanted)
    effort = _Effort(_EFFORT * sum(map(len, words)) + 1000)
    passages: dict[int, list[Unit]] = {}
    found: dict[int, Line] = {}
    for index, begins in starts.items():
        row = words[index]
        # Two sentences that differ in a word say two things; a pull quote seldom ends in a stop.
        ended = _A_SENTENCE.search(text, max(lines[index][0], lines[index][1] - _STOP_WITHIN), lines[index][1])
        least = (_SENTENCE_MIN if ended else _QUOTE_MIN)[_han(row)]
        best: tuple[int, int, Line] | None = None
        for begin in begins:
            for other, at in where.get(_shingle(row, begin), ()):
                if other == index or other in found or len(words[other]) <= len(row) - begin:
                    continue
                pairs = _follow(row[begin:], words[other], at, effort, edited=not ended)
                rank = len(pairs), -abs(other - index)
                if (best is not None and rank <= best[:2]) or len(pairs) < least:
                    continue
                if other not in passages:
                    passages[other] = _row(text, lines[other])
                passage = passages[other][pairs[0][1]][1], passages[other][pairs[-1][1]][2]
                if (len(pairs) > _TERM_MAX[_han(row)] or _is_clause(text, passage, lines[other])) and _is_attribution(
                    text, _row(text, lines[index]), begin + pairs[-1][0] + 1, lines[index][1], _han(row)
                ):
                    best = *rank, passage
        if best is not None:
            found[index] = best[2]
    return found


def _is_clause(text: str, passage: Line, line: Line) -> bool:
    """Whether a passage stands between stops, commas or quotation marks (but not as a title)."""
    before = text[max(line[0], passage[0] - _STOP_WITHIN) : passage[0]].rstrip()
    after = text[passage[1] : min(line[1], passage[1] + _STOP_WITHIN)].lstrip()
    opens = passage[0] == line[0] or bool(before and not before[-1].isalnum() and before[-1] not in "《〈(（")
    closes = passage[1] == line[1] or bool(after and not after[0].isalnum() and after[0] not in "》〉(（")
    return opens and closes


def stretches(text: str, block: Block) -> tuple[tuple[int, int, int], ...]:
    """Where a pull quote says the same as the passage it repeats: (start in the quote, start in the passage, length).

    Offsets are code points of `text`, in order, without overlaps. The characters of a stretch are the same on both
    sides but for case and the form of apostrophes; what was left out, added, or set in other quotation marks lies
    between two stretches. So a span of the passage that lies within one stretch is a span of the quote. () where the
    block repeats nothing.

    >>> text = "“We sold it years ago,” she says, “and the net with it.”\\nWe sold it years ago, and the net with it"
    >>> block = Block(57, 98, "pull-quote", (1, 54))
    >>> [(text[q : q + n], text[p : p + n]) for q, p, n in stretches(text, block)]
    [('We sold it years ago,', 'We sold it years ago,'), ('and the net with it', 'and the net with it')]
    """
    if block.repeats is None:
        return ()
    row = _row(text, (block.start, block.end))
    passage = _row(text, block.repeats)
    words, said = [unit[0] for unit in row], [unit[0] for unit in passage]
    best: list[tuple[int, int]] = []
    for begin in (0, *_after_speaker(text, (block.start, block.end), words)):
        if words[begin:] and _shingle(words, begin) == _shingle(said, 0, _han(words)):
            pairs = _follow(words[begin:], said, 0, _Effort(9 * len(words) + len(said) + 9), edited=True)
            if len(pairs) > len(best):
                best = [(begin + at, other) for at, other in pairs]
    return tuple(_merged(text, ((row[q], passage[p]) for q, p in best), (block.start, block.end), block.repeats))


def _merged(
    text: str, pairs: Iterable[tuple[Unit, Unit]], quote: Line, passage: Line
) -> Iterator[tuple[int, int, int]]:
    start = other = length = 0
    for (_, q_start, q_end), (_, p_start, p_end) in pairs:
        if not _alike(text, q_start, q_end, p_start, p_end):
            continue
        joins = length and _alike(text, start + length, q_start, other + length, p_start)
        if joins:
            length = q_end - start
            continue
        if length:
            yield _grown(text, (start, other, length), q_start, p_start)
        start, other, length = q_start, p_start, q_end - q_start
    if length:
        yield _grown(text, (start, other, length), quote[1], passage[1])


def _grown(text: str, stretch: tuple[int, int, int], quote_end: int, passage_end: int) -> tuple[int, int, int]:
    """A stretch with the punctuation after it that is the same on both sides."""
    start, other, length = stretch
    while (
        start + length < quote_end
        and other + length < passage_end
        and text[start + length] == text[other + length]
        and not text[start + length].isspace()
    ):
        length += 1
    return start, other, length


def _alike(text: str, start: int, end: int, other: int, other_end: int) -> bool:
    return end - start == other_end - other and _plain(text[start:end]) == _plain(text[other:other_end])


def _plain(text: str) -> list[str]:
    return [character.casefold() for character in text.replace("’", "'")]


def _words(text: str, line: Line) -> list[str]:
    """The units of a line without where they stand, which is much the quicker."""
    if _INSERTED.search(text, *line):
        return [unit[0] for unit in _row(text, line)]
    return [_word(word) for word in _UNIT.findall(text, *line)]


def _word(word: str) -> str:
    # Han characters have no case.
    return word if word >= "\u3400" else word.replace("’", "'").casefold()


def _row(text: str, line: Line) -> list[Unit]:
    """The units of a line, without what is in square brackets, unless that is all of it."""
    row = [(_word(match[0]), match.start(), match.end()) for match in _UNIT.finditer(text, *line)]
    inserted = [match.span() for match in _INSERTED.finditer(text, *line)]
    if not inserted:
        return row
    starts = [start for start, _ in inserted]
    kept = [unit for unit in row if (at := bisect_right(starts, unit[1])) == 0 or unit[1] >= inserted[at - 1][1]]
    return kept or row


def _han(words: Sequence[str]) -> bool:
    """Whether a row of units is Chinese, by its first, middle and last one."""
    return bool(words) and (words[0] >= "\u3400" or words[-1] >= "\u3400" or words[len(words) // 2] >= "\u3400")


def _shingle(words: Sequence[str], at: int, han: bool | None = None) -> tuple[str, ...]:
    size = _SHINGLE[_han(words) if han is None else han]
    return tuple(words[at : at + size])


def _after_speaker(text: str, line: Line, words: Sequence[str]) -> tuple[int, ...]:
    """The unit at which the words of a quote begin after who said it, where a line can be read so."""
    speaker = _SPEAKER.match(text, *line)
    if not speaker:
        return ()
    after = sum(1 for match in _UNIT.finditer(text, line[0], speaker.end()))
    return (after,) if 0 < after <= len(words) - _QUOTE_MIN[_han(words)] else ()


def _places(
    words: Sequence[Sequence[str]], wanted: set[tuple[str, ...]]
) -> dict[tuple[str, ...], list[tuple[int, int]]]:
    """Where the stretches that some line begins with stand, as (line, unit)."""
    sizes = {len(shingle) for shingle in wanted}
    where: dict[tuple[str, ...], list[tuple[int, int]]] = {}
    for index, row in enumerate(words):
        for size in sizes:
            for at, shingle in enumerate(zip(*(row[skip:] for skip in range(size)), strict=False)):
                if shingle in wanted:
                    places = where.setdefault(shingle, [])
                    if len(places) < _PLACES:
                        places.append((index, at))
    return where


class _Effort:
    """How many comparisons may still be made."""

    def __init__(self, left: int) -> None:
        self.left = left


def _follow(
    quote: Sequence[str], passage: Sequence[str], at: int, effort: _Effort, *, edited: bool
) -> list[tuple[int, int]]:
    """Which unit of the passage each unit of the quote repeats, from `at` on; the quote may leave out some of them.

    The quote's first units stand at `at`. `edited`: now and then a word or two may differ. Ends where the passage goes
    on otherwise. `at` only grows, so that this is linear.
    """
    size = _SHINGLE[_han(quote)]
    swaps = 1 + len(quote) // _SWAP_EVERY if edited else 0
    pairs: list[tuple[int, int]] = []
    here = 0
    while here < len(quote) and effort.left > 0:
        effort.left -= 1
        if at < len(passage) and quote[here] == passage[at]:
            pairs.append((here, at))
            here, at = here + 1, at + 1
            continue
        # Something was left out: go on where the next few units of the quote turn up again.
        onward = _find(quote[here : here + size], size, passage, at + 1, len(passage), effort)
        if onward is None and swaps:
            for skip in range(1, _SWAP_MAX + 1):
                if any(word.isnumeric() for word in quote[here : here + skip]):
                    break
                onward = _find(quote[here + skip : here + skip + size], size, passage, at, at + _SWAP_WITHIN, effort)
                if onward is not None:
                    here, swaps = here + skip, swaps - 1
                    break
        if onward is None:
            break
        at = onward
    return pairs or [(0, at)]


def _find(
    wanted: Sequence[str], size: int, passage: Sequence[str], start: int, end: int, effort: _Effort
) -> int | None:
    """Where `size` units turn up in the passage, between `start` and `end`."""
    if len(wanted) < size:
        return None
    wanted = list(wanted)
    for at in range(start, min(end, len(passage) - size + 1)):
        effort.left -= 1
        if effort.left <= 0:
            return None
        if passage[at] == wanted[0] and list(passage[at : at + size]) == wanted:
            return at
    return None


def _is_attribution(text: str, quote: Sequence[Unit], matched: int, end: int, han: bool) -> bool:
    """Whether what follows the repeated part of a quote can be who said it: short, and no sentence of its own."""
    rest = len(quote) - matched
    if rest == 0:
        return True
    tail = text[quote[matched][1] : end]
    most = min(_ATTRIBUTION_MAX[han], matched * 3 // 2)
    # A name, or whatever a dash or a bracket sets off; the words must not simply go on otherwise.
    between = text[quote[matched - 1][2] : quote[matched][1]]
    if not (between if han else tail[0].isupper() or between.strip()):
        return False
    return rest <= most and len(tail) <= _TAIL_MAX and not _A_SENTENCE.search(tail)
