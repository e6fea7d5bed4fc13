"""Cue words of claim types and stances, read from `annotators/data/claims/cues_*.toml`."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources

from annotators.claims.starting import Starting, beginnings
from corpus.document import Lang
from corpus.script import simplified

CLAIM_TYPES: tuple[str, ...] = ("commitment", "action", "demand", "effect", "evaluation", "definition")


@dataclass(frozen=True, slots=True)
class Cue:
    """A group of words that speak for a claim type, for background, or for a stance; `name` says what they share."""

    name: str
    type: str
    weight: float
    stance: str
    own: bool
    pattern: re.Pattern[str]
    beginnings: frozenset[str]
    example: str


@dataclass(frozen=True, slots=True)
class Hit:
    """A cue found in a clause; offsets are into the string that was searched."""

    cue: Cue
    start: int
    end: int


@cache
def cues(lang: Lang) -> tuple[Cue, ...]:
    """All cues of a language, in the order of the file.

    >>> [c.type for c in cues("en") if c.pattern.search("the mayor pledged to resign")]
    ['commitment']
    """
    text = (resources.files("annotators") / "data" / "claims" / f"cues_{lang}.toml").read_text(encoding="utf-8")
    return tuple(
        Cue(
            name=row["name"],
            type=row["type"],
            weight=float(row["weight"]),
            stance=row.get("stance", ""),
            own=bool(row.get("own", False)),
            pattern=_pattern([*row.get("words", ()), *map(_inflected, row.get("verbs", ()))], lang),
            beginnings=frozenset(
                beginning
                for word in [
                    *row.get("words", ()),
                    *(form for verb in row.get("verbs", ()) for form in verb.split("|")),
                ]
                for beginning in beginnings(word)
            ),
            example=row["example"],
        )
        for row in tomllib.loads(text)["cue"]
    )


def _inflected(verb: str) -> str:
    """The pattern of all forms of an English verb; forms that no rule gives come after it (ban|banned|banning)."""
    base, *others = verb.split("|")
    if base.endswith("e"):
        ends = f"{base[:-1]}(?:es|ed|ing)"
    elif base.endswith(("s", "x", "z", "ch", "sh")):
        ends = f"{base}(?:es|ed|ing)"
    elif base.endswith("y") and base[-2:-1] not in tuple("aeiou"):
        ends = f"{base[:-1]}(?:ies|ied|ying)"
    else:
        ends = f"{base}(?:s|ed|ing)"
    return "|".join([ends, *others, rf"(?<!\bto ){base}"])


def _pattern(words: list[str], lang: Lang) -> re.Pattern[str]:
    choice = "|".join(words)
    # A cue may end in a space or a bracket; only one that ends in a letter must not be followed by another.
    return re.compile(rf"(?<!\w)(?:{choice})(?:(?<=\W)|(?!\w))" if lang == "en" else choice)


def normal(text: str, lang: Lang) -> str:
    """`text` as the cues expect it, of the same length: lower case, straight apostrophes; simplified Chinese with
    quotation marks of one kind.

    >>> normal('他說："好。"', "zh")
    '他说：“好。”'
    """
    if lang == "zh":
        # Taggers take no lone surrogates.
        text = simplified(text.encode("utf-8", "replace").decode("utf-8"))
    plain = text.lower()
    if len(plain) != len(text):
        plain = "".join(c.lower() if len(c.lower()) == 1 else c for c in text)
    return plain.replace("’", "'") if lang == "en" else _quotes(plain)


_CORNERS = str.maketrans("「」『』＂", '“”‘’"')


def _quotes(text: str) -> str:
    """`text` with “ and ” for corner brackets, and for straight quotation marks where a line has an even number of them."""
    text = text.translate(_CORNERS)
    if '"' not in text:
        return text
    lines = text.split("\n")
    for n, line in enumerate(lines):
        parts = line.split('"')
        if len(parts) % 2:
            opening = ("“", "”")
            lines[n] = parts[0] + "".join(opening[i % 2] + part for i, part in enumerate(parts[1:]))
    return "\n".join(lines)


@cache
def _english() -> Starting:
    return Starting([cue.pattern for cue in cues("en")], [cue.beginnings for cue in cues("en")])


# As many as an article has: pieces are judged once more with the other version in view.
@lru_cache(maxsize=256)
def find(text: str, lang: Lang) -> tuple[Hit, ...]:
    """Every cue in a normalised stretch of text, in the order of the text.

    >>> [(h.cue.type, "各地应节俭"[h.start:h.end]) for h in find("各地应节俭", "zh")]
    [('demand', '应')]
    """
    if lang == "en":
        all_cues = cues(lang)
        hits = [Hit(all_cues[number], start, end) for number, start, end in _english().find(text)]
    else:
        hits = [Hit(cue, m.start(), m.end()) for cue in cues(lang) for m in cue.pattern.finditer(text)]
    return tuple(sorted(hits, key=lambda hit: (hit.start, -hit.cue.weight)))
