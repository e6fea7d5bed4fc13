"""Who holds an office: what titles and bodies beside a person's name say."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence

from annotators.rules.english_lexicon import Lexicon
from annotators.rules.english_runs import Titles
from annotators.rules.english_text import Mention, Reading, Word, fold

# Words between a name and its title that end the search.
_STOP = {".", ";", ":", "\n", "?", "!", "(", ")", "said", "says", "told", "that", "which"}
_LABELS = {"AGENCY": "OFFICIAL", "FIRM": "PERSON", "ORG": "PERSON"}


class Bodies:
    """Bodies and places that are named in a text, looked up by where they stand: in a long text there are thousands.

    Where several answer, the one that was found first comes first.
    """

    def __init__(self, mentions: Iterable[Mention]) -> None:
        ordered = list(enumerate(mentions))
        self.by_start = {mention.start: mention for _, mention in ordered}
        self._by_end: dict[int, list[tuple[int, Mention]]] = {}
        for number, mention in ordered:
            self._by_end.setdefault(mention.end, []).append((number, mention))
        self._in_text = sorted(ordered, key=lambda pair: pair[1].start)
        self._starts = [mention.start for _, mention in self._in_text]
        self._longest = max((mention.end - mention.start for _, mention in ordered), default=0)

    def ending(self, low: int, high: int) -> list[Mention]:
        """Those that end between two offsets, both inclusive."""
        found = [pair for at in range(low, high + 1) for pair in self._by_end.get(at, ())]
        return [mention for _, mention in sorted(found, key=lambda pair: pair[0])]

    def up_to(self, at: int) -> Mention | None:
        """The first that begins before an offset and ends there or behind it."""
        first, last = bisect_left(self._starts, at - self._longest), bisect_left(self._starts, at)
        found = [pair for pair in self._in_text[first:last] if pair[1].end >= at]
        return min(found, key=lambda pair: pair[0])[1] if found else None


def lead(
    reading: Reading, first: int, ends: Mapping[int, tuple[int, str, bool]], bodies: Bodies, lex: Lexicon
) -> tuple[int, str, bool] | None:
    """The title right before a word: its first word, its label, whether a body decides."""
    words = reading.words
    index = first
    if index > 1 and words[index - 1].text == "." and words[index - 2].low in lex.abbreviations:
        index -= 1  # Dr., Gov.
    if index and words[index - 1].low in lex.address:
        return index - 1, "ADDRESS", False
    if "\n" in reading.text[words[index - 1].end if index else 0 : words[first].start]:
        return None
    entry = ends.get(index)
    if entry is not None:
        return entry
    if index > 4 and words[index - 1].text == "," and (office := _of_common_body(reading, index - 1, ends, lex)):
        return office
    if index > 1 and words[index - 1].text == "," and index - 1 in ends:
        # "Norway's new chancellor, Otto Lind": not where the title itself stands behind another name.
        return None if _behind_comma(words, ends[index - 1][0]) else ends[index - 1]
    # "Chief Secretary for Administration of Yunzhou Lin Ke", "the Peruvian ambassador to Norway, Otto Lind":
    # over the body between title and name.
    before_name = reading.text[max(0, words[first].start - 2) : words[first].start]
    gap = 2 if before_name == ", " else 1
    before = words[first].start - gap
    for body in bodies.ending(before, before):
        if body.start < body.end:
            at = next((i for i in range(index - 1, -1, -1) if words[i].start == body.start), None)
            if at and words[at - 1].low == "the":
                at -= 1
            if at and words[at - 1].low in ("of", "for", "to", "in", "at") and at - 1 in ends:
                start = ends[at - 1][0]
                # Not where the title itself stands behind another name: "Li Ke, mayor of Yunzhou, Wang Lu".
                if gap == 1 or not _behind_comma(words, start):
                    return ends[at - 1]
    return None


def _of_common_body(
    reading: Reading, comma: int, ends: Mapping[int, tuple[int, str, bool]], lex: Lexicon
) -> tuple[int, str, bool] | None:
    """A title whose body is a common noun, before a comma and a name: "the director of the bureau, Otto Lind, said"."""
    words = reading.words
    last = (words[comma - 1].low,)
    head = lex.heads.get((words[comma - 2].low, *last)) or lex.heads.get(last, "")
    label = _LABELS.get(head) if words[comma - 1].text.islower() else None
    for size in (2, 3):
        link = comma - size - 1
        if not label or link < 1 or link not in ends or words[link].low not in ("of", "at", "for"):
            continue
        if words[link + 1].low in ("the", "this", "that", "its") and not _behind_comma(words, ends[link][0]):
            return ends[link][0], label, False
    return None


def introduced(
    reading: Reading, first: int, last: int, ends: Mapping[int, tuple[int, str, bool]], lex: Lexicon
) -> bool:
    """Whether a single word between commas stands behind such a title, so that it is a person's name."""
    words = reading.words
    return (
        first > 4
        and last + 1 < len(words)
        and words[first - 1].text == words[last + 1].text == ","
        and _of_common_body(reading, first - 1, ends, lex) is not None
    )


def _behind_comma(words: Sequence[Word], title: int) -> bool:
    """Whether a title is an apposition to a name before it."""
    back = title - 1
    while back >= 0 and title - back < 7 and words[back].text not in (",", "\n", ".", ":", ";", "(", '"', "“", "”"):
        back -= 1
    return back > 0 and words[back].text == "," and words[back - 1].is_capital


def heads_body(reading: Reading, last: int, titles: Titles, lex: Lexicon) -> bool:
    """Whether ", president of" or the like stands behind a name, so that even one word is a person."""
    words = reading.words
    index = last + 1
    if index >= len(words) or words[index].text != ",":
        return False
    index += 1
    while index < len(words) and words[index].low in ("the", "a", "an", "former", "deputy", "vice", "then", "new"):
        index += 1
    entry = titles.get(index)
    if entry is None or entry[0] >= len(words) or words[entry[0]].low not in ("of", "at", "for"):
        return False
    return words[entry[0] - 1].low in lex.heading_titles


def by_body(reading: Reading, title: int, bodies: Bodies, default: str, lex: Lexicon) -> str:
    """What the body named before a title ("Yunzhou Water Bureau director") says of its bearer."""
    words = reading.words
    index = title
    while index and (words[index - 1].low in lex.before_title or words[index - 1].low in ("'s", "-")):
        index -= 1
    if not index:
        return default
    body = bodies.up_to(words[index - 1].end)
    if body is not None:
        return _label_office(body.label, default)
    if (words[index - 1].low,) in lex.heads and words[index - 1].text.islower():
        return _label_office(lex.heads[(words[index - 1].low,)], default)
    return default


def _noun_office(low: str, lex: Lexicon, default: str) -> str:
    """What a common noun says of the bearer of a title: "the company's president", "the bureau's director"."""
    if low in lex.firm_nouns or low in lex.org_nouns or _is_facility(low, lex):
        return "PERSON"
    return _label_office(lex.heads.get((low,), ""), default)


def _label_office(label: str, default: str) -> str:
    return _LABELS.get(label, default)


def behind(reading: Reading, last: int, titles: Titles, bodies: Bodies, lex: Lexicon) -> str | None:
    """What stands behind a name: ", deputy director of the Water Bureau", "of the Commission", ", who heads the bureau"."""
    words = reading.words
    index = last + 1
    if index >= len(words):
        return None
    if words[index].low in ("of", "from", "with", "at"):
        return _body_after(reading, index, bodies, lex, None, near=4)
    if words[index].low in _BEING and (office := _sworn_in(reading, index, titles)):
        return office
    if words[index].text not in (",", "(", "—", "–", "-"):
        return None
    index += 1
    if index + 1 < len(words) and words[index].text.isdigit() and words[index + 1].text == ",":
        index += 2
    if index < len(words) and words[index].low in ("of", "from", "with"):
        return _body_after(reading, index, bodies, lex, None, near=5)
    if index + 2 < len(words) and words[index].low == "who":
        verb = index + 2 if words[index + 1].low in ("has", "also", "had", "now") else index + 1
        if words[verb].low in lex.leading_verbs:
            return _body_after(reading, verb, bodies, lex, None, near=8)
    verb_follows = index < len(words) and reading.tags.get(words[index].start, "") in ("VBD", "VBZ", "MD")
    if verb_follows and words[index].text.islower() and index not in titles:
        return None  # "…, Otto Lind, urged ministers to act"
    seen = 0
    while index < len(words) and seen < 9:
        word = words[index]
        if word.low in _STOP or (word.text == "," and seen):
            return None
        entry = titles.get(index)
        if entry is not None:
            end, label, by_body = entry
            if not by_body:
                # "a party secretary who became a farmer": the first title counts.
                return label
            beside = bodies.ending(word.start - 3, word.start)
            body_before = next((b for b in beside if b.start > words[last].end), None)
            if body_before:
                return _label_office(body_before.label, label)
            if (
                end + 1 < len(words)
                and words[end].low == "and"
                and lex.titles.get((words[end + 1].low,), ("", True)) == ("PERSON", False)
            ):
                return "PERSON"
            if words[index - 1].low == "'s" and words[index - 2].text.islower():
                label = _noun_office(words[index - 2].low, lex, label)
            return _body_after(reading, end, bodies, lex, label, near=14) or label
        if word.is_capital and seen and words[index - 1].text == ",":
            return None
        index += 1
        seen += 1
    return None


_MAKING = frozenset(
    [
        "elected",
        "re-elected",
        "appointed",
        "named",
        "made",
        "nominated",
        "elects",
        "appoints",
        "names",
        "nominates",
        "appoint",
        "elect",
        "confirmed",
        "picked",
        "proclaimed",
    ]
)
_BEING = frozenset(["was", "is", "were", "has", "had", "will", "becomes", "became"])


def _sworn_in(reading: Reading, index: int, titles: Titles) -> str | None:
    """The office that somebody is made to hold behind the name: "was sworn in as first minister", "became premier"."""
    words = reading.words
    making = words[index].low in ("becomes", "became")
    for at in range(index + 1, min(index + 8, len(words))):
        word = words[at]
        if word.low in _MAKING or word.low in ("sworn", "inaugurated", "installed"):
            making = True
        elif making and at in titles:
            _, label, by_body = titles[at]
            return None if by_body else label
        elif word.text in (",", ".", ";", ":", "\n") or (
            not making and word.low not in ("been", "be", "now", "also", "later")
        ):
            return None
    return None


_LED = frozenset(["chaired", "headed", "led"])


def made(reading: Reading, first: int, last: int, titles: Titles, bodies: Bodies) -> str | None:
    """What a verb before a name and a title behind it say: "elected X president", "the commission, chaired by X"."""
    words = reading.words
    if first and words[first - 1].low in _MAKING:
        index = last + 1
        while index < len(words) and words[index].low in ("as", "the", "new", "its", "their", "his", "her", "a"):
            index += 1
        # "environment minister": a topic stands before the title.
        for at in (index, index + 1):
            entry = titles.get(at)
            if entry is not None and words[at].text.islower():
                return entry[1]
    if first > 1 and words[first - 1].low == "by" and words[first - 2].low in _LED:
        start = words[first - 2].start
        near = [b for b in bodies.ending(start - 39, start) if b.label in _LABELS]
        if near and "." not in reading.text[near[-1].end : start]:
            return _LABELS[max(near, key=lambda b: b.end).label]
    return None


def _body_after(
    reading: Reading, index: int, bodies: Bodies, lex: Lexicon, default: str | None, *, near: int
) -> str | None:
    """The office that the first body after a word gives, be it named or common ("of the bureau")."""
    words = reading.words
    for position in range(index, min(index + near, len(words))):
        word = words[position]
        if word.low in _STOP and word.low not in ("(", ")"):
            return default
        body = bodies.by_start.get(word.start)
        if body is not None:
            if body.label == "PLACE":
                if _is_facility(reading.text[body.start : body.end], lex):
                    return "PERSON"
                if default is not None and words[index].low != "of":
                    continue
                return default
            label = _label_office(body.label, "")
            return label or default
        if word.text.islower() and position > index and (word.low,) in lex.heads and word.low not in ("order", "plan"):
            label = _label_office(lex.heads[(word.low,)], "")
            if label:
                return label
    return default


def _is_facility(name: str, lex: Lexicon) -> bool:
    """Whether a place is one that is managed, not governed: a farm, a park."""
    return fold(name.split()[-1]) in lex.facilities
