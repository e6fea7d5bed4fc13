"""Persons in English text: beside titles, by the shape of Chinese names, and by the model."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from annotators.rules.english_lexicon import Lexicon, known_label, lexicon
from annotators.rules.english_names import Name
from annotators.rules.english_offices import Bodies, behind, by_body, heads_body, introduced, lead, made
from annotators.rules.english_pinyin import PARTICLES, is_chinese_name, surname_of
from annotators.rules.english_runs import Titles
from annotators.rules.english_text import Mention, Reading, Word, fold

_NO_PERSON = {"GPE", "LOC", "ORG", "NORP", "FAC", "EVENT", "DATE", "LAW"}
_PLACES = {"GPE", "LOC", "NORP", "FAC"}


@dataclass(frozen=True, slots=True)
class Person:
    """A mention of a person; `label` is None where nothing beside it says whether the person holds an office."""

    start: int
    end: int
    label: str | None
    score: float


def people(reading: Reading, titles: Titles, names: Sequence[Name], named: Sequence[Mention]) -> list[Person]:
    """Persons in full or beside a title, with what stands around them, the bodies `named` above all, says of their office."""
    lex = lexicon()
    bodies = Bodies(named)
    found: list[Person] = []
    ends = {end: (start, label, by_body) for start, (end, label, by_body) in titles.items()}
    labelled = {(n.first, n.last) for n in names if n.label}
    spans = _candidates(reading, names, labelled, lex)
    surnames: set[str] = set()
    # Full names first: a single word that is the surname of one of them is that person.
    for (first, last), strong in sorted(spans.items(), key=lambda item: (item[0][0] == item[0][1], item[0])):
        words = reading.words[first : last + 1]
        known = known_label(reading.text[words[0].start : words[-1].end])
        title = lead(reading, first, ends, bodies, lex)
        office = None
        if title is not None:
            start, office, body_decides = title
            if reading.words[start].text == "chief" and reading.words[start + 1].text == "executive":
                office = "PERSON"  # of a firm; the head of a government is written in capitals
            if body_decides:
                office = by_body(reading, start, bodies, office, lex)
            elif office == "ADDRESS":
                office = None
        after = behind(reading, last, titles, bodies, lex) or made(reading, first, last, titles, bodies)
        if after is not None and (office is None or after == "OFFICIAL"):
            office = after
        if known not in (None, "PERSON", "OFFICIAL"):
            continue
        single = len(words) == 1 and words[0].text[1:].islower() and words[0].low not in lex.places | lex.demonyms
        if single and known is None and (words[0].low,) not in lex.heads and words[0].low not in lex.topics:
            strong = strong or words[0].text in surnames or heads_body(reading, last, titles, lex)
            strong = strong or introduced(reading, first, last, ends, lex)
        if not strong:
            if title is None and (after is None or not _may_be_person(reading, words)):
                continue
            if title is not None and not _may_be_person(reading, words, after_title=True):
                continue
        surnames.update(surname_of(reading.text[words[0].start : words[-1].end]))
        found.append(Person(words[0].start, words[-1].end, office, 0.9 if office else 0.75))
    return found


def _candidates(
    reading: Reading, names: Sequence[Name], labelled: set[tuple[int, int]], lex: Lexicon
) -> dict[tuple[int, int], bool]:
    """Word ranges that may be persons, and whether they surely are by themselves."""
    spans: dict[tuple[int, int], bool] = {}
    for name in names:
        if (name.first, name.last) in labelled or name.last - name.first > 4:
            continue
        first, last = name.first, name.last
        # Charles de Witt, Joost van Rijn: small words inside a name.
        while last + 2 < len(reading.words) and reading.words[last + 1].text in PARTICLES:
            step = next(
                (i for i in (last + 2, last + 3) if i < len(reading.words) and reading.words[i].is_capital), None
            )
            if step is None or reading.words[step].start - reading.words[last].end > 12:
                break
            last = step
        first, last, arab = _arabic(reading, first, last, lex)
        # Michael D. Higgins: an initial with its full stop.
        words = reading.words[first : last + 1]
        if (
            len(words[-1].text) == 1
            and last + 2 < len(reading.words)
            and reading.words[last + 1].text == "."
            and reading.words[last + 2].is_capital
            and reading.words[last + 2].start - words[-1].end == 2
        ):
            last += 2
            words = reading.words[first : last + 1]
        if any(word.text[0].isdigit() for word in words) or words[0].low in lex.demonyms:
            continue
        if all(_is_common(word, lex) for word in words):
            continue
        texts = [word.text for word in words if word.text != "."]
        start, end = words[0].start, words[-1].end
        by_model = reading.covering(start, end) == "PERSON"
        shape = is_chinese_name(texts)
        plain = all(
            w.text[1:].islower() or "-" in w.text or len(w.text) <= 2 or "'" in w.text for w in words if w.text != "."
        )
        known = known_label(reading.text[start:end])
        if known not in (None, "PERSON", "OFFICIAL"):
            continue
        strong = shape or arab or known is not None or (len(texts) in (2, 3, 4) and plain and by_model)
        spans[(first, last)] = strong
    return spans


_ARTICLE = re.compile(r"(?:al|el|ul|ad|an|as|at|ash|bin|ibn|abu|Al|El|Ul|Abu)-[A-Z]")


def _arabic(reading: Reading, first: int, last: int, lex: Lexicon) -> tuple[int, int, bool]:
    """The name with what follows an article of Arabic (Saif al-Orm Lind, Omar bin Hamad al-Thani), and whether it has one."""
    words = reading.words
    found = any(word.text in ("bin", "ibn") or _ARTICLE.match(word.text) for word in words[first + 1 : last + 1])
    while last + 1 < len(words) and reading.text[words[last].end : words[last + 1].start] == " ":
        following = words[last + 1]
        if _ARTICLE.match(following.text):
            found = True
        elif not (
            found and following.is_capital and following.low not in lex.months and _ARTICLE.match(words[last].text)
        ):
            break
        last += 1
    return first, last, found


def _is_common(word: Word, lex: Lexicon) -> bool:
    """Whether a word is a common noun of the lists ("Cadres", "Manufacturing")."""
    low = word.low
    plain = low in lex.topics or low in lex.generic or (low,) in lex.heads
    return plain or (low.removesuffix("s"),) in lex.titles


def _may_be_person(reading: Reading, words: Sequence[Word], *, after_title: bool = False) -> bool:
    """Whether a run of words without a head may be a person, given a title beside it."""
    texts = [word.text for word in words if word.text != "."]
    if len(texts) > 4 or any(text.isupper() and len(text) > 2 for text in texts) or any("." in t[:-1] for t in texts):
        return False
    start, end = words[0].start, words[-1].end
    label = reading.covering(start, end)
    other = label in _NO_PERSON
    if len(texts) == 1:
        return after_title and not other and fold(texts[0]) not in lexicon().not_names
    return not other or (label not in _PLACES and len(texts) <= 3) or (after_title and len(texts) <= 3)
