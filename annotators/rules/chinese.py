"""Annotator "rules-zh": named mentions in Chinese by pattern and context, for what no list holds.

Each topic has a module of its own: `chinese_people`, `chinese_bodies`, `chinese_places`, `chinese_policies`. Here
their findings are put together, and what a document says once is carried to its other mentions: a name found once
marks its other occurrences, an office shown once holds everywhere.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from types import MappingProxyType

from annotators.lists import lists_digest
from annotators.registry import Stage, annotator
from annotators.rules.chinese_bodies import find_bodies
from annotators.rules.chinese_events import event_follows, people_follow
from annotators.rules.chinese_firms import as_firms, firms_introduced
from annotators.rules.chinese_latin import beside_words, from_english, in_brackets, with_brackets
from annotators.rules.chinese_lexicon import body_endings, surnames, transliteration, words
from annotators.rules.chinese_lists import with_lists
from annotators.rules.chinese_local import find_local, with_units
from annotators.rules.chinese_people import aliases, cue_after, cues_before, find_latin, find_people, takes_office
from annotators.rules.chinese_places import find_places, find_short, known_label, known_official
from annotators.rules.chinese_policies import find_agreements, find_headed, find_named, find_quoted, find_titles, works
from annotators.rules.chinese_programmes import find_programmes
from annotators.rules.chinese_slogans import find_slogans
from annotators.rules.chinese_standing import find_authorities
from annotators.rules.chinese_states import find_states, states_named
from annotators.rules.chinese_words import Sentence, entity, occurrences, words_of
from annotators.rules.media import medium_spans
from corpus.document import Entity, Group, Layer
from corpus.script import simplified
from corpus.stretches import Stretches

VERSION = "2"
SOURCE = "rules-zh"

Found = tuple[int, int, str]

NOTHING: Mapping[str, str] = MappingProxyType({})


def find_entities(
    text: str, sentences: Sequence[tuple[int, int]], english: Mapping[str, str] = NOTHING
) -> tuple[Entity, ...]:
    """The named mentions of a Chinese text, without overlaps, in text order.

    `english` are the labels of the names of the English version, which may stand in the Chinese text as they are.

    >>> text = "浙江省财政厅厅长王小明说，中美两国应当合作。"
    >>> [(e.span.surface, e.label) for e in find_entities(text, [(0, len(text))])]
    [('浙江省财政厅', 'AGENCY'), ('王小明', 'OFFICIAL'), ('中', 'PLACE'), ('美', 'PLACE')]
    """
    original, text = text, simplified(text)
    tagged = words_of(text, sentences)
    found: list[Found] = []
    states = states_named(text)
    media = frozenset(medium_spans(text, "zh"))
    firms = [firm for sentence in tagged for firm in firms_introduced(text, sentence)]
    for sentence in tagged:
        if sentence:
            found += _of_sentence(text, sentence, states)
    longer = Stretches(f[:2] for f in found)
    firms = [f for f in firms if not (longer.hold(f[0] - 1, f[1]) or longer.hold(f[0], f[1] + 1))]
    found = _without_overlaps([*firms, *found])
    found = _with_aliases(text, with_lists(text, tagged, found))
    found = with_brackets(text, _hyphenated(text, found), english)
    found = _without_overlaps([*from_english(text, english), *found, *in_brackets(text, found)])
    found = as_firms(text, _consistent(text, _stems(text, _whole_firms(text, found))), firms)
    found = _offices(text, found, sentences)
    found = _everywhere(text, found, tagged)
    found = [(*_without_blanks(text, s, e), lab) for s, e, lab in sorted(found) if (s, e) not in media]
    return tuple(entity(original, start, end, label, 0.8, SOURCE) for start, end, label in found if start < end)


def _without_blanks(text: str, start: int, end: int) -> tuple[int, int]:
    """The stretch without white space at its edges, which LAC may have in its words."""
    while start < end and text[start].isspace():
        start += 1
    while start < end and text[end - 1].isspace():
        end -= 1
    return start, end


def _of_sentence(text: str, sentence: Sentence, states: frozenset[str]) -> list[Found]:
    """What the topics find in one sentence, the surest first."""
    low, high = sentence[0].start, sentence[-1].end
    policies = (
        find_titles(text, low, high)
        + find_agreements(text, low, high)
        + _longest_first(
            find_quoted(text, low, high)
            + find_slogans(text, low, high)
            + find_programmes(text, low, high)
            + find_named(text, sentence)
            + find_headed(text, sentence)
        )
    )
    people = find_people(text, sentence) + find_latin(text, low, high)
    bodies = find_bodies(text, sentence) + find_authorities(text, sentence) + find_local(text, sentence)
    bodies += beside_words(text, low, high)
    places = find_places(text, sentence)
    towns = {(start, end) for start, end, label in places if label == "PLACE"}
    people = [p for p in people if p[:2] not in towns]
    titled = [(start, end, "") for start, end in works(text, low, high, policies)]
    by_letter = find_states(text, low, high, states)
    rest = [*by_letter, *_longest_first(find_short(text, sentence) + people + bodies + places)]
    return [f for f in _without_overlaps(with_units(text, policies + titled + rest)) if f[2]]


def _longest_first(found: Iterable[Found]) -> list[Found]:
    return sorted(found, key=lambda f: (f[0] - f[1], f[0]))


def _without_overlaps(found: Iterable[Found]) -> list[Found]:
    taken: set[int] = set()
    kept = []
    for start, end, label in found:
        stretch = range(start, end)
        if start < end and taken.isdisjoint(stretch):
            taken.update(stretch)
            kept.append((start, end, label))
    return kept


def _hyphenated(text: str, found: list[Found]) -> list[Found]:
    """Two persons with nothing but a hyphen between them are one: 林德-霍尔."""
    joined: list[Found] = []
    for start, end, label in sorted(found):
        last = joined[-1] if joined else None
        if last and label == last[2] == "PERSON" and start == last[1] + 1 and text[last[1]] in "-－‐‑–":
            joined[-1] = (last[0], end, label)
        else:
            joined.append((start, end, label))
    return joined


def _whole_firms(text: str, found: list[Found]) -> list[Found]:
    """A firm whose first character the words have cut off, as the knowledge base shows."""
    taken = {end for _, end, _ in found}
    return [
        (s - 1, e, label)
        if label in ("FIRM", "ORG") and e - s < 4 and s and s not in taken and known_label(text[s - 1 : e]) == label
        else (s, e, label)
        for s, e, label in found
    ]


def _stems(text: str, found: list[Found]) -> list[Found]:
    """A foreign name that stands with 州, 邦, 省 and the like elsewhere in the text is that place by itself too."""
    stems = {
        text[s : e - 1]
        for s, e, label in found
        if label == "PLACE"
        and e - s > 2
        and text[e - 1] in "州邦省郡市岛"
        and set(text[s : e - 1]) <= transliteration()
    }
    return [(s, e, "PLACE" if label == "PERSON" and text[s:e] in stems else label) for s, e, label in found]


def _consistent(text: str, found: list[Found]) -> list[Found]:
    """One label for a name without an ending that LAC takes now for a person, now for a place: what it is mostly."""
    votes: dict[str, Counter[str]] = {}
    for start, end, label in found:
        if label in _UNSURE:
            votes.setdefault(text[start:end], Counter())[label] += 1
    mostly = {
        name: max(counts, key=lambda label: (counts[label], label == "PLACE", label == "PERSON"))
        for name, counts in votes.items()
        if len(counts) > 1 and not body_endings().find(name) and len(name) > 1
    }
    return [(s, e, mostly.get(text[s:e], lab) if lab in _UNSURE else lab) for s, e, lab in found]


_UNSURE = ("PERSON", "PLACE", "FIRM", "ORG")


def _with_aliases(text: str, found: list[Found]) -> list[Found]:
    """With the Latin spellings in brackets after persons."""
    extra = [(*span, "PERSON") for _, end, label in found if label == "PERSON" and (span := aliases(text, end))]
    return _without_overlaps(extra + found)


def _offices(text: str, found: list[Found], sentences: Sequence[tuple[int, int]]) -> list[Found]:
    """Persons whom a title shows in an office become OFFICIAL, wherever else they are named."""
    bodies = {end: label for _, end, label in found if label in ("AGENCY", "ORG", "FIRM", "PLACE")}
    shown: set[str] = set()
    same: dict[str, set[str]] = {}
    begins = [0, *(start for start, _ in sentences)]
    for start, end, label in found:
        if label != "PERSON":
            continue
        low = begins[bisect_right(begins, start) - 1]
        name = text[start:end]
        if _verdict(text, start, end, low, bodies) == "official":
            shown.add(name)
        if span := aliases(text, end):
            alias = text[slice(*span)]
            same.setdefault(name, set()).add(alias)
            same.setdefault(alias, set()).add(name)
    shown |= {text[s:e] for s, e, label in found if label == "PERSON" and known_official(text[s:e])}
    shown |= {alias for name in shown for alias in same.get(name, ())}
    # 林德 shows that 奥托·林德 is in office, and the other way round.
    people = {text[s:e] for s, e, label in found if label == "PERSON"}
    full = {name for name in people if set(_short_names(name)) & shown}
    officials = shown | full | {part for name in shown | full for part in _short_names(name)}
    officials |= {alias for name in officials for alias in same.get(name, ())}
    officials |= {part for name in officials for part in _short_names(name)}
    officials |= _first_names(people, officials)
    return [(s, e, "OFFICIAL" if lab == "PERSON" and text[s:e] in officials else lab) for s, e, lab in found]


def _verdict(text: str, start: int, end: int, low: int, bodies: dict[int, str]) -> str:
    """ "official", "other" or "" by the titles on both sides of a name."""
    cues = cues_before(text, start, low)
    kinds = []
    for cue in cues:
        if cue.kind == "by_body":
            before = cue.start
            while before and text[before - 1].isspace():
                before -= 1
            label = bodies.get(cue.start) or bodies.get(before, "")
            label = label or _body_before(text, cue.start, bodies)
            of_state = label == "PLACE" and text.startswith(_OF_A_STATE, cue.start)
            of_state = of_state or text[max(0, cue.start - 2) : cue.start] in _THAT_BODY
            kinds.append("official" if label == "AGENCY" or of_state else "other" if label else "")
        else:
            kinds.append(cue.kind)
    if "official" in kinds:
        return "official"
    after = cue_after(text, end)
    if (after and after.kind == "official") or takes_office(text, end):
        return "official"
    return "other" if "other" in kinds else ""


def _body_before(text: str, start: int, bodies: dict[int, str]) -> str:
    """The label of the body before a title with a word or two on its field between: 公共卫生署 + 首席医疗 + 顾问."""
    for at in range(start - 1, max(0, start - 9), -1):
        if not "\u4e00" <= text[at] <= "\u9fff" or text[at] in "的和与及由向在是对":
            return ""
        if bodies.get(at) in ("AGENCY", "ORG", "FIRM"):
            return bodies[at]
    return ""


# 该局主任: the body was named before.
_THAT_BODY = ("该局", "该部", "该署", "该厅", "该委", "该办", "该处", "该司", "该党")

# 中国主席, 俄罗斯代表: with no more than a place before it, such a title is an office of state.
_OF_A_STATE = ("主席", "副主席", "官员", "高级官员", "代表", "发言人", "顾问")


def _short_names(name: str) -> list[str]:
    """What a full name may be called later: the last part of a foreign name (two characters or more)."""
    for dot in "·•・‧":
        if dot in name:
            return [part for part in name.split(dot)[-1:] if len(part.strip()) > 1]
    if name.isascii() and " " in name:
        return [name.rsplit(" ", 1)[1]]
    return []


def _first_names(people: set[str], officials: set[str]) -> set[str]:
    """The first parts of foreign names that are used alone too, where all who have that first name are in office."""
    bearers: dict[str, list[bool]] = {}
    for name in people:
        if first := re.match("[^·•・‧]{2,}(?=[·•・‧])", name):
            bearers.setdefault(first.group(), []).append(name in officials)
    return {first for first, answers in bearers.items() if first in people and all(answers)}


def _everywhere(text: str, found: list[Found], tagged: Sequence[Sentence]) -> list[Found]:
    """With the other occurrences of names that were found: full ones anywhere, short ones where a word begins."""
    labels: dict[str, Counter[str]] = {}
    for start, end, label in found:
        labels.setdefault(text[start:end], Counter())[label] += 1
    names: dict[str, str] = {}
    decided = words("places", "one_character", "sides") | {"中央"}
    for name, counts in labels.items():
        label = "OFFICIAL" if counts["OFFICIAL"] else counts.most_common(1)[0][0]
        # 中央 and 中方 are decided anew each time: 中央财政, 中方人员.
        if len(name) > 1 and not name.isdigit() and name not in decided:
            names[name] = label
    for name, label in list(names.items()):
        if label in ("PERSON", "OFFICIAL"):
            for part in _short_names(name):
                names.setdefault(part, label)
    taken = [False] * len(text)
    for start, end, _ in found:
        taken[start:end] = [True] * (end - start)
    for start, end in works(text, 0, len(text), found):
        taken[start:end] = [True] * (end - start)
    edges = {edge for sentence in tagged for token in sentence for edge in (token.start, token.end)}
    edges |= _jieba_edges(text, tagged)
    extra: list[Found] = []
    for name in sorted(names, key=len, reverse=True):
        for at in occurrences(text, name):
            end = at + len(name)
            if names[name] in ("PLACE", "AGENCY") and (people_follow(text, end) or event_follows(text, end)):
                continue
            if any(taken[at:end]) or not _may_repeat(text, at, end, names[name], edges):
                continue
            taken[at:end] = [True] * len(name)
            extra.append((at, end, names[name]))
    return found + extra + _surnames_alone(text, names, tagged, taken)


def _jieba_edges(text: str, tagged: Sequence[Sentence]) -> set[int]:
    """Where jieba begins and ends words: it may see a name that LAC glues to its neighbour."""
    from annotators import light

    if light.is_on():
        return {edge for sentence in tagged for token in sentence for edge in (token.start, token.end)}
    from corpus.segment.chinese import words as cut

    edges = set()
    for sentence in tagged:
        if sentence:
            low = sentence[0].start
            edges |= {low + edge for token in cut(text[low : sentence[-1].end]) for edge in (token.start, token.end)}
    return edges


def _may_repeat(text: str, at: int, end: int, label: str, edges: set[int]) -> bool:
    """Whether a repeated name stands for itself there: at word edges, or long enough to be no accident."""
    if text[at:end].isascii():
        return not (text[at - 1 : at].isalnum() and text[at - 1].isascii()) and not (
            text[end : end + 1].isalnum() and text[end].isascii()
        )
    if end - at >= 3 and label in ("PERSON", "OFFICIAL"):
        return True
    if at in edges and end in edges:
        return True
    return end - at >= 4


def _surnames_alone(text: str, names: dict[str, str], tagged: Sequence[Sentence], taken: list[bool]) -> list[Found]:
    """饶说: a surname of somebody named in full, before a verb of speech."""
    bearers = {
        n[0]: lab
        for n, lab in names.items()
        if lab in ("PERSON", "OFFICIAL") and 2 <= len(n) <= 3 and n[0] in surnames()
    }
    found = []
    for sentence in tagged:
        for token, following in pairwise(sentence):
            surface = text[token.start : token.end]
            if (
                surface in bearers
                and not taken[token.start]
                and text[following.start : following.end] in words("titles", "speech")
            ):
                found.append((token.start, token.end, bearers[surface]))
    return found


def _english_names(group: Group) -> Mapping[str, str]:
    """The labels of the names of the English version, of those that the Chinese text may hold as they are."""
    texts = [item.document.text for item in group.items if item.document.lang == "zh"]
    partners = [item.document.text for item in group.items if item.document.lang == "en"]
    if not partners or not any(re.search("[A-Z][a-z]|[A-Z]{3}", text) for text in texts):
        return NOTHING
    from annotators.model import map_entities
    from annotators.rules.english import find_entities as find_english

    labels: dict[str, str] = {}
    for partner in partners:
        for found in (find_english(partner), map_entities(partner)):
            for e in found:
                if any(e.span.surface in text for text in texts):
                    labels.setdefault(e.span.surface, e.label)
    return labels


class ChineseRules:
    """The annotator; see the module."""

    name = SOURCE
    stage: Stage = "entities"

    def __init__(self) -> None:
        # The English lists too: they label the names in Latin letters.
        self.version = f"{VERSION}-{lists_digest('chinese', 'english')}"

    def annotate(self, group: Group) -> list[Layer]:
        """A layer for each Chinese document of the group. The English version says what names in Latin letters are."""
        english = _english_names(group)
        return [
            Layer(
                item.document.id,
                item.document.sha,
                self.name,
                self.version,
                find_entities(item.document.text, item.segments.sentences, english),
            )
            for item in group.items
            if item.document.lang == "zh"
        ]


@annotator("rules-zh")
def make() -> ChineseRules:
    """The annotator "rules-zh"."""
    return ChineseRules()
