"""What a concordance looks for: a query, and the pattern that its text stands for.

Search runs on a folded form of a text that has one character for each of its own (`folded`), so that Traditional finds
Simplified and a straight quote a curly one, and offsets stay.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, get_args

from corpus.document import BlockKind, Lang
from corpus.errors import InputError
from corpus.language import HAN
from corpus.scheme import Scheme
from corpus.script import simplified

ANY = "any"
"""In `Query.labels` and `Query.claims`: every label, every type."""

PATIENCE = 5.0
"""Seconds that a regular expression may take on one document."""

_PLAIN = {
    **dict.fromkeys("‘’‛′＇", "'"),
    **dict.fromkeys("“”„‟″＂", '"'),
    **dict.fromkeys("\u00a0\u2007\u2009\u202f\u3000", " "),
    **dict.fromkeys("\u2010\u2011", "-"),
    # Letters and digits only: a full-width bracket of a pattern must not become one that means something.
    **{chr(code + 0xFEE0): chr(code) for code in range(0x21, 0x7F) if chr(code).isalnum()},
}
_FOLD = str.maketrans(_PLAIN)
_ANY_HAN = re.compile(f"[{HAN}]")
# A letter or digit of an alphabetic script. Chinese has no such thing as the edge of a word.
_LETTER = f"[^\\W{HAN}]"
_WORD = re.compile(_LETTER)
_HAN_RUN = re.compile(f"[{HAN}]+")
_WIDE = re.compile("[０-９Ａ-Ｚａ-ｚ]")
_LATIN_RUN = re.compile("[A-Za-z0-9]+")
# Not within a word: on one of the two sides is no letter.
_EDGE = f"(?:(?<!{_LETTER})|(?!{_LETTER}))"


@dataclass(frozen=True, slots=True)
class Query:
    """What to look for. All that is given must hold; within a tuple, one of its values.

    The hit is the entity where `labels` or `link` is given, else the stretch that `text` finds, else the claim. `text`
    must then lie within the entity, and the hit within a claim of the kind that is asked for.
    """

    text: str = ""
    regex: bool = False
    case: bool = False
    parts: bool = False
    """Find what is within a word of an alphabet, too."""
    lang: Lang | None = None
    labels: tuple[str, ...] = ()
    link: str = ""
    claims: tuple[str, ...] = ()
    stances: tuple[str, ...] = ()
    claimant: str = ""
    areas: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    """Ids of documents or of pairs."""
    kinds: tuple[BlockKind, ...] = ()
    gold: bool = False
    """Look at entities and claims of the gold rather than of the pre-annotation, in documents that have gold."""

    @property
    def wants_entities(self) -> bool:
        return bool(self.labels or self.link)

    @property
    def wants_claims(self) -> bool:
        return bool(self.claims or self.stances or self.claimant or self.areas)


def folded(text: str) -> str:
    """The form in which texts are searched: one character for each of `text`, so that offsets stay.

    >>> folded("“國務院”：People’s Bank")
    '"国务院"：People\\'s Bank'
    """
    return simplified(text.translate(_FOLD))


@dataclass(frozen=True, slots=True)
class Matcher:
    """A compiled pattern (None finds nothing). `han`: it holds Han characters, so that scripts have to be folded."""

    pattern: Any = None
    han: bool = False
    whole: bool = False
    """Only where neither end is within a word."""
    shown: str = ""
    bounded: bool = False
    clues: tuple[str, ...] = ()
    """One of these is in every text that has a match, once that is in small letters and Simplified."""

    def find(self, text: str, where: str) -> list[tuple[int, int]]:
        """Where it matches in `text` (offsets of non-empty stretches); `where` names the text in errors.

        Raises InputError where the user's own pattern takes more than `PATIENCE` seconds: no pattern hangs a search.
        """
        if self.pattern is None or not self._may_match(text):
            return []
        text = folded(text) if self.han else text.translate(_FOLD)
        if not self.bounded:
            spans = [found.span() for found in self.pattern.finditer(text)]
            return [span for span in spans if not self.whole or _is_whole(text, *span)]
        try:
            spans = [found.span() for found in self.pattern.finditer(text, timeout=PATIENCE)]
        except (TimeoutError, MemoryError, RecursionError):
            raise InputError(
                f"the pattern {self.shown!r} takes too long on {where} (over {PATIENCE:g} s); "
                "avoid repeats within repeats, such as (a+)+"
            ) from None
        return [(start, end) for start, end in spans if start < end]

    def _may_match(self, text: str) -> bool:
        """Whether a closer look is worth its time: most texts do not hold what is looked for."""
        if not self.clues:
            return True
        if not self.han:
            return self.clues[0] in text.casefold() or (not text.isascii() and bool(_WIDE.search(text)))
        if text.isascii():
            return False
        return any(clue in text for clue in self.clues) or simplified(text) != text


def matcher(text: str, *, regex: bool = False, case: bool = False, parts: bool = False) -> Matcher:
    r"""What finds `text`. A word of an alphabet is found whole, unless `parts`; Chinese is found anywhere.

    Any white space stands for any other. With `regex`, the syntax of the package regex, in which `^` and `$` are the ends
    of a paragraph. Raises InputError where `text` is no regular expression.

    >>> matcher("people's  bank").find("The PEOPLE’S bank; the people's banker", "a text")
    [(4, 17)]
    >>> matcher("實現").find("实现共同富裕", "a text"), matcher(r"rent\w*", regex=True).find("different rents", "a text")
    ([(0, 2)], [(10, 15)])
    """
    if not text:
        return Matcher()
    han = bool(_ANY_HAN.search(text))
    shown = " ".join(text.split())
    shown = shown if len(shown) <= 60 else shown[:59] + "…"
    if regex:
        return Matcher(_compiled(folded(text), shown, case, parts), han, False, shown, bounded=True)
    words = text.translate(_FOLD).split()
    if not words:
        raise InputError("the text to look for is only white space; give a word")
    # 乾 alone reads as 干 but stays in 乾隆: both spellings count.
    forms = tuple(dict.fromkeys((" ".join(words), simplified(" ".join(words)))))
    pattern = "|".join(r"\s+".join(map(re.escape, form.split(" "))) for form in forms)
    # A pattern that tells capitals apart is found several times as fast, and Chinese has none.
    flags = 0 if case or "".join(words).upper() == "".join(words).lower() else re.IGNORECASE
    return Matcher(re.compile(pattern, flags), han, not parts, shown, clues=_clues(forms, han))


def _clues(forms: Sequence[str], han: bool) -> tuple[str, ...]:
    runs = [(_HAN_RUN if han else _LATIN_RUN).findall(form) for form in forms]
    return tuple(max(found, key=len).casefold() for found in runs if found)


def _is_whole(text: str, start: int, end: int) -> bool:
    return not (
        (start and _WORD.match(text[start]) and _WORD.match(text[start - 1]))
        or (end < len(text) and _WORD.match(text[end - 1]) and _WORD.match(text[end]))
    )


def _compiled(text: str, shown: str, case: bool, parts: bool) -> Any:
    # Unlike re, regex takes a time limit, and it knows \p{Han}. Imported by name, since it carries no types.
    regex = import_module("regex")
    flags = regex.MULTILINE | (0 if case else regex.IGNORECASE)
    try:
        # By itself first: in a frame, "a)(b" would pass.
        regex.compile(text, flags)
        return regex.compile(_framed(text, parts), flags)
    except (regex.error, RecursionError, OverflowError, ValueError, MemoryError) as error:
        reason = getattr(error, "msg", None) or "nested too deeply or too large"
        at = getattr(error, "pos", None)
        place = "" if at is None else f" at character {at + 1}"
        raise InputError(
            f"{shown!r} is no regular expression: {reason}{place}; leave --regex out to look for it as it stands"
        ) from None


def _framed(pattern: str, parts: bool) -> str:
    return f"(?:{pattern})" if parts else f"{_EDGE}(?:{pattern}){_EDGE}"


def check(query: Query, scheme: Scheme) -> None:
    """Raises InputError where nothing is asked for, or what is asked for is not in the label scheme."""
    if not (query.text or query.wants_entities or query.wants_claims):
        raise InputError("nothing to look for; give a text, an entity label or link, or a kind of claim")
    for what, names, known in (
        ("entity label", query.labels, (ANY, *scheme.label_names)),
        ("claim type", query.claims, (ANY, *(label.name for label in scheme.claim_types))),
        ("stance", query.stances, tuple(label.name for label in scheme.stances)),
        ("policy area", query.areas, tuple(label.name for label in scheme.policy_areas)),
        ("kind of block", query.kinds, get_args(BlockKind)),
    ):
        for name in names:
            if name not in known:
                raise InputError(f"unknown {what} {name!r}; there are: {', '.join(known)}")
