"""English attribution: which stretches of a sentence are in whose voice (X said that ..., according to X, "...," X said)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from annotators.claims.frames import english_frames
from annotators.claims.piece import ACTORS, within
from annotators.claims.voice import PEOPLE, History, Region, likeliest
from corpus.document import Entity

if TYPE_CHECKING:
    from spacy.tokens import Token

EDGE = "“”\"‘’'.,;:!?…—–-()[]·\\"
SUBJECTS = {"nsubj", "nsubjpass", "csubj", "expl"}


PAPERS = {"notice", "document", "circular", "statement", "guideline"}
"""What a body issues, and what then speaks in its name."""

PERSONAL = {"he", "she", "i", "we", "they", "it"}
_IMPERSONAL = re.compile(
    r"\b(?:it (?:is|was|has been) (?:learned|learnt|known|understood|reported|said|noted) that"
    r"|this reporter learned (?:on \w+ \d+ |from [^,]{2,60} )?that|(?:statistics|data|figures) show(?:s|ed)? that)\s*,?\s*",
    re.IGNORECASE,
)
_ACCORDING = re.compile(r"\baccording to ([^,;]{2,160}?)(?:,|[.;]?$)", re.IGNORECASE)

_NESTED = 3
"""Attributions inside attributions that are still followed."""


@dataclass
class Sentence:
    """What the steps on one sentence share."""

    text: str
    start: int
    end: int
    index: int
    tokens: Sequence[Token]
    entities: list[Entity]
    headline: bool = False
    quotes: list[tuple[int, int]] = field(default_factory=list)

    def entity_at(self, token: Token) -> Entity | None:
        return next((e for e in self.entities if e.start < token.idx + len(token.text) and token.idx < e.end), None)

    def quoted(self, offset: int) -> bool:
        return any(a <= offset < b for a, b in self.quotes)


def antecedent(relative: Token) -> Token:
    """The noun that which, who or that stands for; an apposition leads on to the name before it."""
    noun = relative.head.head
    while noun.dep_ == "appos" and noun.head.i != noun.i:
        noun = noun.head
    return noun


def person_before(s: Sentence, pronoun: Token, history: History) -> Entity | None:
    """Whom a pronoun means: he and she the last person named before in the sentence, else as far as the history says."""
    if pronoun.lower_ in {"he", "she"}:
        people = [e for e in s.entities if e.end <= pronoun.idx and e.label in PEOPLE]
        if people and not s.quoted(people[-1].start):
            return people[-1]
    return history.pronoun(pronoun.text)


def apposed(s: Sentence, noun: Token) -> Entity | None:
    """The person named beside an office: the council's president, Ana Brill."""
    entities = (s.entity_at(child) for child in noun.children if child.dep_ == "appos")
    return next((e for e in entities if e is not None and e.label in PEOPLE), None)


def regions(s: Sentence, start: int, end: int, history: History, depth: int = 0) -> list[Region]:
    """The voices of a stretch of a sentence; none where it is nothing but an attribution (of the quotation before it)."""
    if depth > _NESTED:
        return [Region(start, end)]
    body = s.text[start:end]
    if s.headline and (colon := body.find(": ")) > 0:
        if named := within(s.entities, start, start + colon):
            return [Region(start + colon + 2, end, likeliest(named) or named[-1], reported=True, announced=True)]
        if colon < 25:  # "Comment: ...", "Opinion: ..."
            return [Region(start + colon + 2, end)]
    if match := _IMPERSONAL.search(body):
        return [Region(start + match.end(), end)]
    if (match := _ACCORDING.search(body)) and not s.quoted(start + match.start()):
        cited = _cited(s, match, start, end, history, depth)
        if cited is not None:
            return cited
    for token in s.tokens:
        if start <= token.idx < end and _speaks(token) and not s.quoted(token.idx):
            framed = _frame(s, token, start, end, history, depth)
            if framed is not None:
                return framed
    return [Region(start, end)]


def _cited(
    s: Sentence, match: re.Match[str], start: int, end: int, history: History, depth: int
) -> list[Region] | None:
    """The voices of a sentence with "according to": the source is the speaker where it is named."""
    inside = [e for e in within(s.entities, start + match.start(1), start + match.end(1)) if e.label in ACTORS]
    people = [e for e in inside if e.label in PEOPLE]
    speaker = next(iter([*people, *inside]), None)
    if speaker is None and any(word.strip(".,;").lower() in PAPERS for word in match[1].split()):
        speaker = history.issuer  # according to the notice
    size = end - start
    if match.start() < 4 or (speaker is not None and match.end() < size - 30):
        rest = regions(s, start + match.end(), end, history, depth + 1)
        if speaker is None:
            return rest
        history.heard(speaker, s.index)
        return [Region(r.start, r.end, r.speaker or speaker, True, r.announced or not people) for r in rest]
    if match.end() >= size - 3 and speaker is not None:
        return [Region(start, start + match.start(), speaker, True)]
    return None


def _speaks(token: Token) -> bool:
    words = english_frames()
    return token.lemma_.lower() in words.say | words.say_that and token.pos_ in {"VERB", "NOUN"} and token.tag_ != "NN"


def _frame(s: Sentence, verb: Token, start: int, end: int, history: History, depth: int) -> list[Region] | None:
    """The voices of a sentence with the verb of speech `verb`, or None where it reports nothing."""
    subject = next((c for c in verb.children if c.dep_ in SUBJECTS), None)
    head = verb
    while subject is None and head.dep_ in {"conj", "xcomp", "advcl", "acl", "relcl"} and head.head.i != head.i:
        head = head.head
        subject = next((c for c in head.children if c.dep_ in SUBJECTS), None)
    content = _content_start(s, verb, end)
    if content is not None:
        frame_start = verb.idx if subject is None or head is not verb else min(subject.left_edge.idx, verb.idx)
        source = within(s.entities, verb.idx, content) if verb.lemma_.lower() in {"learn", "hear"} else []
        speaker = likeliest(source) or _speaker(s, subject, verb, history)  # learned from the bureau that ...
        history.heard(speaker, s.index)
        announced = verb.lemma_.lower() in english_frames().announce
        lasting = speaker is not None and not s.quoted(content)
        before = _before(s, start, frame_start)
        out = [Region(start, before)] if before - start > 40 else []
        inner = regions(s, content, end, history, depth + 1)
        said = verb.lemma_.lower()
        return out + [
            r if r.reported else Region(r.start, r.end, speaker, True, announced, lasting, said) for r in inner
        ]
    if subject is None or head is not verb or verb.lemma_.lower() in english_frames().say_that:
        return None
    if verb.i - subject.right_edge.i > 3 or any(c.dep_ in {"dobj", "obj", "aux"} for c in verb.children):
        return None
    return _frame_after(s, subject, verb, start, end, history)


def _frame_after(
    s: Sentence, subject: Token, verb: Token, start: int, end: int, history: History
) -> list[Region] | None:
    """The voices of "...," X said; [] for an attribution alone."""
    left = min(subject.left_edge.idx, verb.idx)
    head = s.text[start:left].rstrip()
    after = s.text[max(verb.idx + len(verb.text), subject.right_edge.idx + len(subject.right_edge.text)) : end]
    speaker = _speaker(s, subject, verb, history)
    if not head.strip(EDGE + " ") and len(after.strip(EDGE + " ")) < 25 and end - start < 160:
        history.heard(speaker, s.index)
        return []
    resumed = any(c in after for c in '“"')
    if not head.endswith((",", "”", '"', "?", "!")) or (len(after) >= 60 and not resumed):
        return None
    history.heard(speaker, s.index)
    said = verb.lemma_.lower()
    out = [Region(start, start + len(head), speaker, speaker is not None, verb=said)]
    if resumed and len(after.strip(EDGE + " ")) > 40:
        out.append(Region(end - len(after), end, speaker, speaker is not None, verb=said))
    return out


def _before(s: Sentence, start: int, frame_start: int) -> int:
    """Where the clause before an attribution ends, conjunctions left out."""
    while frame_start > start and s.text[frame_start - 1] in " ,;—–-":
        frame_start -= 1
    return frame_start


def _content_start(s: Sentence, verb: Token, end: int) -> int | None:
    """Where the words begin that `verb` reports, if they come after it."""
    after_verb = verb.idx + len(verb.text)
    tail = s.text[after_verb:end]
    for token in s.tokens:
        if (
            verb.i < token.i <= verb.i + 10
            and token.lower_ == "that"
            and token.dep_ != "det"
            and token.dep_ not in SUBJECTS
        ):
            return token.idx + 4
    if match := re.match(r"[^,:;]{0,60}[,:]\s*(?=[“\"])|:\s*|,\s*(?=[“\"])", tail):
        return after_verb + match.end()
    for child in verb.children:
        if child.dep_ in {"ccomp"} and child.i > verb.i and any(c.dep_ in SUBJECTS for c in child.children):
            return min(child.left_edge.idx, min(t.idx for t in child.subtree))
    return None


def _speaker(s: Sentence, subject: Token | None, verb: Token, history: History) -> Entity | None:
    if subject is not None:
        if subject.text.lower() in PERSONAL:
            return person_before(s, subject, history)
        if person := apposed(s, subject):
            return person
        if subject.lower_ in {"which", "who", "that"} and subject.head.dep_ == "relcl":
            subject = antecedent(subject)
        if (entity := s.entity_at(subject)) and entity.label in ACTORS:
            return entity
        inside = [
            e for e in s.entities if subject.left_edge.idx <= e.start <= subject.right_edge.idx and e.label in ACTORS
        ]
        if inside:
            return likeliest(inside)
        words, noun = english_frames(), subject.lemma_.lower()
        if any(t.lemma_.lower() in words.unnamed for t in subject.subtree):
            return None
        if noun in PAPERS and history.issuer is not None:
            return history.issuer
        return history.person if noun in words.offices else history.body
    return likeliest([e for e in s.entities if e.end <= verb.idx and e.label in ACTORS][-2:])
