"""Who is meant by less than a full name, in an article that gives the full one too: by Lind (Joe Lind), 饶 (饶文九), the
initials of a body, 发改委 (国家发展和改革委员会), "the ministry", she."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from corpus.document import Entity, Lang
from corpus.script import simplified

_DOT = re.compile("[·•・‧∙]")
_WORD = re.compile(r"[^\W_]+")
_SMALL = frozenset("of and the for on in to at de la".split())  # noqa: SIM905
_PEOPLE = ("OFFICIAL", "PERSON")
_BODIES = ("AGENCY", "FIRM", "ORG", "POLICY")

_MOST = 400
"""Beyond so many names in one article nothing is compared: no article has as many."""


def full_names(names: Mapping[str, str], lang: Lang) -> Iterator[tuple[str, str]]:
    """(short name, full name) for the names of an article in one language, with their labels, where one full name fits.

    The names are as `name_key` gives them, so all in lower case.

    >>> list(full_names({"joe lind": "PERSON", "lind": "PERSON", "ministry of trade": "AGENCY", "mot": "AGENCY"}, "en"))
    [('lind', 'joe lind'), ('mot', 'ministry of trade')]
    >>> list(full_names({"发改委": "AGENCY", "国家发展和改革委员会": "AGENCY", "商务部": "AGENCY"}, "zh"))
    [('发改委', '国家发展和改革委员会')]
    """
    if len(names) > _MOST:
        return
    for short, label in names.items():
        people = label in _PEOPLE
        kinds = _PEOPLE if people else (label,) if label in _BODIES else ()
        fits = _person if people else _body
        fitting = [full for full, kind in names.items() if kind in kinds and full != short and fits(short, full, lang)]
        # Of several that are each short for the next, the fullest.
        fullest = max(fitting, key=len, default="")
        if fitting and all(full == fullest or fits(full, fullest, lang) for full in fitting):
            yield short, fullest


def _person(short: str, full: str, lang: Lang) -> bool:
    if lang == "en":
        parts = full.split()
        return len(parts) > 1 and " " not in short and short in (parts[0], parts[-1]) and len(short) > 1
    parts = _DOT.split(full)
    if len(parts) > 1:
        return short == parts[-1]
    return len(short) == 1 and 1 < len(full) < 5 and full.startswith(short)


def _body(short: str, full: str, lang: Lang) -> bool:
    if lang == "en":
        ours, theirs = ([w for w in _WORD.findall(name) if w not in _SMALL] for name in (short, full))
        if len(theirs) < 2:
            return False
        if len(ours) == 1:
            all_words = _WORD.findall(full)
            return short in ("".join(word[0] for word in words) for words in (theirs, all_words))
        # One name in another order: "commerce ministry", "ministry of commerce". The longer stands for both.
        return len(short) < len(full) and sorted(ours) == sorted(theirs)
    if not 2 < len(short) < len(full) or full.startswith(short):
        # 浙江省委 is another body than 浙江省委宣传部.
        return False
    rest = iter(full)
    return all(character in rest for character in short)


_PERSON_WORDS = frozenset({"he", "she", "him", "her", "他", "她"})
_BODY_WORDS = frozenset({"it", "they", "them", "它", "其"})
_THIS = re.compile(r"(?:the|this|that|said)\s+(.+)|(?:该|本|这家|这个|上述)(.+)", re.IGNORECASE)
_FIRM_WORDS = frozenset({"company", "firm", "group", "公司", "企业", "集团"})


def antecedent(words: str, before: Sequence[Entity]) -> Entity | None:
    """The mention that a pronoun or a bare noun ("the ministry", 该部) means, of those before it in the order of the text.

    That is the nearest person, or body, or the nearest whose name has that noun; None where the words are no such thing.

    >>> from corpus.document import Span
    >>> text = "The Ministry of Trade met Joe Lind."
    >>> body, person = Entity(Span.of(text, 4, 21), "AGENCY"), Entity(Span.of(text, 26, 34), "PERSON")
    >>> [antecedent(words, [body, person]).span.surface for words in ("the ministry", "he", "It")]
    ['Ministry of Trade', 'Joe Lind', 'Ministry of Trade']
    """
    plain = simplified(" ".join(words.split())).lower()
    nearest = list(reversed(before))
    if plain in _PERSON_WORDS:
        return next((e for e in nearest if e.label in _PEOPLE), None)
    if plain in _BODY_WORDS:
        return next((e for e in nearest if e.label in _BODIES and e.label != "POLICY"), None)
    match = _THIS.fullmatch(plain)
    if match is None:
        return None
    noun = match[1] or match[2]
    for entity in nearest:
        name = simplified(entity.span.surface).lower()
        has = noun in _WORD.findall(name) if noun.isascii() else name.endswith(noun)
        if has or (noun in _FIRM_WORDS and entity.label == "FIRM"):
            return entity
    return None
