"""A number in a text, and how digits are written."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

Kind = Literal["count", "share", "times"]


@dataclass(frozen=True, slots=True)
class Numeral:
    """A number in a text, `text[start:end]`.

    `kind`: a count; a share (half is 0.5); times (翻一番 is 2). `upper` is the other end of 七八个 (7 to 8). `least`:
    it is a little more (30多), or vague (dozens of). `scale` is what 3万 multiplies by, for 2至3万.
    """

    start: int
    end: int
    value: Decimal
    kind: Kind = "count"
    upper: Decimal | None = None
    least: bool = False
    scale: Decimal = Decimal(1)


DIGITS_MAX = 18
LITERAL = re.compile(
    rf"(?<![0-9])(?:[0-9]{{1,3}}(?:,[0-9]{{3}}){{1,5}}(?![0-9])|[0-9]{{1,{DIGITS_MAX}}}(?![0-9]))(?:\.[0-9]{{1,12}}(?![0-9]))?"
)
