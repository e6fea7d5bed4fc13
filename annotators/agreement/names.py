"""Annotators by their names, or as A, B, C."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from annotators.agreement.differences import Difference


class Names:
    """How each annotator is called in a report."""

    def __init__(self, names: Sequence[str], anonymous: bool) -> None:
        self._shown = {name: letters(number) if anonymous else name for number, name in enumerate(names)}

    def shown(self, name: str) -> str:
        """The name, or the letter that stands for it."""
        return self._shown[name]


def letters(number: int) -> str:
    """A, B, … Z, AA, AB …

    >>> letters(0), letters(27)
    ('A', 'AB')
    """
    text = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        text = chr(ord("A") + rest) + text
    return text


def renamed(found: Iterable[Difference], names: Names) -> Iterator[Difference]:
    """The differences with annotators as they are called."""
    for difference in found:
        said = tuple(replace(one, annotators=tuple(map(names.shown, one.annotators))) for one in difference.said)
        yield replace(difference, said=said)
