"""Many patterns of English words looked for at once: each is tried only where a word begins as it can begin."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

_WORD = re.compile(r"(?<!\w)\S")
# A choice of plain words, or a plain word, as the first thing in a pattern; nothing that may be left out.
_FIRST = re.compile(r"\^?(?:\(\?:(?P<choice>[^()\[\]\\]+)\)(?![?*{])|(?P<word>[\w']))")
_OPTIONAL = re.compile(r".[?*{]")


def beginnings(pattern: str) -> frozenset[str]:
    """One or two characters of each word that what a regular expression matches can begin with; "" where that is not seen.

    >>> sorted(beginnings("(?:is|are) to")), sorted(beginnings("aim(?:s|ed)? to")), sorted(beginnings("(?:a )?call"))
    (['ar', 'is'], ['ai'], [''])
    """
    found = _FIRST.match(pattern)
    if found is None:
        return frozenset(("",))
    words = found["choice"].split("|") if found["choice"] else [pattern[found.start("word") :]]
    return frozenset(map(_beginning, words))


def _beginning(word: str) -> str:
    if not re.match(r"[\w']", word) or _OPTIONAL.match(word):
        return ""
    return word[:2] if re.match(r".\w", word) and not _OPTIONAL.match(word, 1) else word[0]


@dataclass(frozen=True, slots=True)
class Starting:
    """Patterns that match only where a word begins, each with the beginnings of its words."""

    patterns: Sequence[re.Pattern[str]]
    beginnings: Sequence[frozenset[str]]
    _known: dict[str, list[tuple[int, re.Pattern[str]]]] = field(default_factory=dict)

    def find(self, text: str) -> Iterator[tuple[int, int, int]]:
        """Number of the pattern, start and end of all that `finditer` finds with each, in the order of the text.

        >>> found = Starting([re.compile(r"(?<!\\w)(?:bus|b\\w+ lane)"), re.compile(r"(?<!\\w)lane")], [{"bu", "b"}, {"la"}])
        >>> list(found.find("a bike lane, a bus lane"))
        [(0, 2, 11), (1, 7, 11), (0, 15, 18), (1, 19, 23)]
        """
        ends = [0] * len(self.patterns)
        for word in _WORD.finditer(text):
            at = word.start()
            for number, pattern in self._at(text[at : at + 2]):
                if ends[number] <= at and (match := pattern.match(text, at)):
                    ends[number] = match.end()
                    yield number, at, match.end()

    def _at(self, start: str) -> list[tuple[int, re.Pattern[str]]]:
        """The patterns that may match where a text goes on like this."""
        found = self._known.get(start)
        if found is None:
            found = [
                (number, pattern)
                for number, pattern in enumerate(self.patterns)
                if any(start.startswith(beginning) for beginning in self.beginnings[number])
            ]
            if len(self._known) < _MOST:
                self._known[start] = found
        return found


_MOST = 4096
"""More beginnings of words than this are not remembered: a text may have any characters."""
