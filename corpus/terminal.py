"""What is printed for people, so that nothing that an article, a name or a server says steers their terminal."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import IO, Any, TextIO, cast

# Controls but for tabs and line ends, and marks that turn the direction of a line around.
_STEERS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]|\r(?!\n)")


def harmless(text: str) -> str:
    """The text with what could steer a terminal written as an escape, as JSON writes it: in JSON it means the same.

    >>> harmless("共同\\x1b[2J富裕") == "共同" + chr(92) + "u001b[2J富裕"
    True
    """
    return _STEERS.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


class Printed:
    """A stream for people, to which all is written as `harmless` text.

    rich, which draws with such codes, writes to the stream behind it: what rich is given is made printable before.
    """

    def __init__(self, stream: IO[str]) -> None:
        self.rich_proxied_file = stream

    @classmethod
    def of(cls, stream: IO[str]) -> TextIO:
        """Such a stream before another, to stand in its place."""
        return cast(TextIO, cls(stream))

    def write(self, text: str) -> int:
        self.rich_proxied_file.write(harmless(text))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.rich_proxied_file, name)


def behind(stream: TextIO) -> TextIO:
    """The stream itself, behind those of this module and of rich."""
    while found := getattr(stream, "rich_proxied_file", None):
        stream = found
    return stream
