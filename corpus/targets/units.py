"""Units of the numbers in claims, as English and Chinese have them, under one name (data/target_units.csv)."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from importlib import resources

from corpus.document import Lang

SHARE = "share"
"""The unit of a percentage and of a fraction: 3.5% is 0.035."""
POINT = "percentage point"
CLASSIFIER = "classifier"


@dataclass(frozen=True, slots=True)
class Unit:
    """`factor` leads to the canonical unit; `kind` says what it can be compared with ("" where that is not known)."""

    name: str
    kind: str = ""
    factor: Decimal = Decimal(1)


@dataclass(frozen=True)
class _Table:
    en: dict[str, Unit]
    zh: dict[str, Unit]
    kinds: dict[str, str]
    longest: int


@lru_cache(maxsize=1)
def _table() -> _Table:
    en: dict[str, Unit] = {}
    zh: dict[str, Unit] = {}
    kinds = {SHARE: SHARE, POINT: POINT, "times": "times"}
    for row in csv.DictReader(_lines()):
        unit = Unit(row["canonical"], row["kind"], Decimal(row["factor"]))
        for form in filter(None, row["en"].split("|")):
            en.setdefault(form.lower(), unit)
        for form in filter(None, row["zh"].split("|")):
            # A measure word by itself says nothing of what is counted, and is told as it is written.
            zh.setdefault(form, Unit(form, CLASSIFIER) if unit.kind == CLASSIFIER else unit)
        kinds.setdefault(unit.name, unit.kind)
    return _Table(en, zh, kinds, max(map(len, zh)))


def _lines() -> Iterable[str]:
    text = (resources.files("corpus") / "data" / "target_units.csv").read_text("utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def unit_of(text: str, lang: Lang) -> Unit:
    """The unit that stands in `text`: the canonical one where it is known, else the text itself.

    English: the head of the phrase, which is its last word before "of" or a verb; Chinese: what the text begins with,
    or what it ends with where a measure word comes first (套…公寓).

    >>> unit_of("subsidised rental apartments", "en").name, unit_of("套保障性租赁住房", "zh").name
    ('home', 'home')
    >>> unit_of("套", "zh").name, unit_of("wind farms", "en").name
    ('套', 'wind farms')
    """
    text = " ".join(text.split())[:120]
    return _english(text) if lang == "en" else _chinese(text)


def same_kind(a: str, b: str) -> bool:
    """Whether two units can be of the same thing in two languages: one that is not known goes with any that counts.

    >>> same_kind("套", "home"), same_kind("yuan", "US dollar"), same_kind("mu", "tonne")
    (True, False, False)
    """
    if a == b or not a or not b:
        return True
    first, second = kind_of(a), kind_of(b)
    counts = {"", CLASSIFIER, "count", "people", "household"}
    loose = {"", CLASSIFIER}
    if first in counts and second in counts:
        # What both lists know by different names is not the same, apart from people, who are counted by many names.
        # "unit" is as open as a measure word.
        return bool({first, second} & loose) or first == second == "people" or "unit" in (a, b)
    return False


def kind_of(name: str) -> str:
    """The kind of a canonical unit; "classifier" for a Chinese measure word, "" for what no list knows."""
    table = _table()
    if name in table.kinds:
        return table.kinds[name]
    return CLASSIFIER if name in table.zh and table.zh[name].kind == CLASSIFIER else ""


_WORD = re.compile(r"[^\s,;()]+")
_STOP = re.compile(
    r"\b(?:of|for|in|by|to|that|who|which|from|with|at|on|across|under|per|each|were|was|is|are)\b", re.I
)


def _english(text: str) -> Unit:
    known = _table().en
    whole = text.strip(" .,;:\"'“”‘’-").lower()
    if not whole:
        return Unit("")
    if unit := _known(known, whole):
        return unit
    head = _STOP.split(whole, maxsplit=1)[0].strip()
    words = _WORD.findall(head.replace("-", " "))[:12]
    if words[:1] == ["times"]:
        return known["times"]
    # The phrase ends with its head, before what is told of it (units built); a long name before a short one.
    while len(words) > 1 and re.search("(?:ed|ing)$", words[-1]) and not _known(known, words[-1]):
        words.pop()
    for start in range(max(0, len(words) - 4), len(words)):
        if unit := _known(known, " ".join(words[start:])):
            return unit
    return Unit(head or whole)


def _known(known: dict[str, Unit], phrase: str) -> Unit | None:
    for form in _forms(phrase):
        if form in known:
            return known[form]
    return None


def _forms(phrase: str) -> Iterator[str]:
    yield phrase
    first, _, rest = phrase.partition(" of ")
    if rest:
        yield f"{first.removesuffix('s')} of {rest}"
    if phrase.endswith("ies"):
        yield phrase[:-3] + "y"
    if phrase.endswith("es"):
        yield phrase[:-2]
    if phrase.endswith("s"):
        yield phrase[:-1]
    for plural in ("kilometres", "kilometers", "metres", "meters", "tonnes", "tons"):
        if plural in phrase:
            yield phrase.replace(plural, plural[:-1])


def _chinese(text: str) -> Unit:
    table = _table()
    text = text.strip(' "“”‘’「」的')
    if not text:
        return Unit("")
    if text in table.zh:
        return table.zh[text]
    begins = next((text[:n] for n in range(min(len(text), table.longest), 0, -1) if text[:n] in table.zh), "")
    first = table.zh.get(begins)
    if first and first.kind not in (CLASSIFIER, "count", "people", "household"):
        return first
    # A measure word, then what is counted: its last word says what it is.
    ends = next(
        (text[-n:] for n in range(min(len(text) - len(begins), table.longest), 1, -1) if text[-n:] in table.zh), ""
    )
    last = table.zh.get(ends)
    if last and last.kind in ("count", "people", "household"):
        return last
    if first and first.kind != CLASSIFIER:
        return first
    noun = text[len(begins) :].strip(' "“”‘’「」的')
    return Unit(noun or begins or text, "" if noun else CLASSIFIER)
