"""Markdown in which whatever is given as text stays text: no markup, no HTML, no link, no second line."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

_SPECIAL = re.compile(r"[\\`*\[\]|~$#!]")
# Within a word an underscore is one; at its edges it would be emphasis.
_EDGE = re.compile(r"(?<![^\W_])_|_(?![^\W_])")
# What readers of Markdown make links of where no markup says so.
_LINK = re.compile(r"(?<=[A-Za-z])(?=://)|(?<=www)(?=\.)|(?=@)", re.IGNORECASE)
_LEADING = re.compile(r"^(\d+)([.)])(?=\s|$)|^([-+=])")
_CODE = re.compile(r"(?<![\\`])(`+)(?!`)(.*?)(?<!`)\1(?!`)")
_LONGEST = 120


def clean(text: str, *, longest: int | None = None) -> str:
    """The text on one line, without control characters, marks that turn the direction of writing, and lone surrogates.

    >>> clean("a\\n\\tb\\x00", longest=10)
    'a b\ufffd'
    """
    kept = "".join(_character(c) for c in " ".join(text.split()))
    return kept if longest is None or len(kept) <= longest else kept[: longest - 1] + "…"


def text(value: object, *, links: bool = False) -> str:
    """A value as it is read, in a paragraph or a cell; numbers with commas. An address is no link, unless with `links`.

    >>> text("a|b <i>*x*</i> my_name"), text(12500)
    ('a\\\\|b &lt;i&gt;\\\\*x\\\\*&lt;/i&gt; my_name', '12,500')
    """
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    plain = clean(str(value)).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    plain = _EDGE.sub(r"\\_", _SPECIAL.sub(r"\\\g<0>", plain))
    if not links:
        plain = _LINK.sub(r"\\", plain)
    return _LEADING.sub(lambda m: f"{m[1]}\\{m[2]}" if m[1] else f"\\{m[3]}", plain)


def paragraphs(value: str) -> str:
    """Prose that people wrote: an empty line begins a paragraph, addresses are links, all else is text."""
    return "\n\n".join(text(part, links=True) for part in re.split(r"\n\s*\n", value.strip()) if part.strip())


def code(value: object) -> str:
    """A name as code, which can stand in a cell, too: nothing in it is markup or a link; a long one is cut.

    >>> code("a`b")
    '`` a`b ``'
    """
    name = clean(str(value), longest=_LONGEST)
    if not name:
        return "–"
    fence = "`" * (max((len(run) for run in re.findall("`+", name)), default=0) + 1)
    room = " " if name.startswith("`") or name.endswith("`") or len(fence) > 1 else ""
    return f"{fence}{room}{name}{room}{fence}"


def cell(markdown: str) -> str:
    """Markdown made fit for a cell of a table, where a bar within code is escaped, too, and only there."""
    return _CODE.sub(lambda found: found[0].replace("|", "\\|"), markdown.replace("\n", " "))


def table(head: Sequence[str], rows: Iterable[Sequence[object]], *, left: int = 1) -> str:
    """A table; cells are Markdown already, or numbers. Columns after the first `left` are aligned to the right."""
    lines = [[str(name) for name in head], ["---" if n < left else "---:" for n in range(len(head))]]
    lines += [[text(value) if isinstance(value, int) else cell(str(value)) for value in row] for row in rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def fenced(block: str, language: str = "") -> str:
    """A block of code whose fence is longer than any in it."""
    kept = "\n".join(clean_line(line) for line in block.splitlines())
    fence = "`" * max(3, max((len(run) for run in re.findall("`+", kept)), default=0) + 1)
    return f"{fence}{language}\n{kept}\n{fence}"


def clean_line(line: str) -> str:
    """A line of code, its white space kept, without characters that are not text."""
    return "".join(c if c in "\t " else _character(c) for c in line)


def listed(items: Iterable[str]) -> str:
    """Items as a bulleted list; they are Markdown already."""
    return "\n".join(f"- {item}" for item in items)


def _character(character: str) -> str:
    if character in "\u200e\u200f\u061c" or "\u202a" <= character <= "\u202e" or "\u2066" <= character <= "\u2069":
        return ""
    return "\ufffd" if unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") else character
