"""English: a sentence into pieces, by its parse: attribution off, clauses apart, subjects found."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from annotators.claims.english_voices import (
    EDGE,
    PAPERS,
    PERSONAL,
    SUBJECTS,
    Sentence,
    antecedent,
    apposed,
    person_before,
    regions,
)
from annotators.claims.frames import english_frames
from annotators.claims.piece import ACTORS, Form, Piece, Subject, trimmed, within
from annotators.claims.voice import PEOPLE, History, Region, is_headline
from corpus.document import Entity

if TYPE_CHECKING:
    from spacy.tokens import Doc, Token

_DATELINE = re.compile(
    r"^(?:(?:www\.\S+|By|Reporter) - (?:[\w ]{2,30} - ){0,3}|[^.“”\"]{0,90}?(?:\((?:Xinhua|AP|Reuters|AFP|China News|CNS|[^()]{2,40})\)|Title:)\s*(?:--?|—|–)?\s*"
    r"|[A-Z][A-Z .,]{3,30}(?:, \w+\.? \d{1,2}(?:, \d{4})?)? *(?:--?|—|–) +)"
)
_SITE = re.compile(r"\s*(?:--?|—|–|\|)\s*[^-—–|]{2,60}$")
_TIME = re.compile(
    r"(?:(?:In|On|By|Since|At|During|Earlier|Late|Early|Last|This|Next)\b[^,;:]*?\b(?:\d{4}|\d{1,2}|year|month|week|January|"
    r"February|March|April|May|June|July|August|September|October|November|December|\w+day)|Yesterday|Today|Recently) (?:the )?$"
)
_ISSUES = re.compile(
    r"\b(?:issu|releas|publish|unveil|announc|print)\w*\b.{0,80}\b(?:notices?|documents?|circulars?|statements?|plans?|guidelines?|rules|"
    r"opinions|measures|reports?|regulations?)\b",
    re.IGNORECASE,
)
_TENSES: dict[str, Form] = {"VB": "infinitive", "VBG": "progressive", "VBD": "past", "VBZ": "present", "VBP": "present"}
_OWN_VERBS = {"urge", "demand", "pledge", "call", "require", "criticize", "criticise", "vow", "promise", "ask"}


def english_pieces(
    text: str, sentences: Sequence[tuple[int, int]], entities: Sequence[Entity], doc: Doc
) -> list[Piece]:
    """The pieces of a text, in order. `doc` is the parse of the text; sentences are stretches of it."""
    history = History()
    pieces: list[Piece] = []
    open_quote: list[int] = []  # pieces of a quotation whose speaker is named only after it
    in_quote = False
    tokens = list(doc)
    at = 0
    for index, (start, end) in enumerate(sentences):
        while at < len(tokens) and tokens[at].idx < start:
            at += 1
        stop = at
        while stop < len(tokens) and tokens[stop].idx < end:
            stop += 1
        s = Sentence(
            text,
            start,
            end,
            index,
            tokens[at:stop],
            within(entities, start, end),
            headline=is_headline(text, index, end),
        )
        s.quotes, in_quote = _quotes(text, start, end, in_quote)
        voices = regions(s, *_cleared(s), history)
        if not voices:  # nothing but an attribution: it belongs to the quotation before
            for i in open_quote:
                pieces[i] = replace(pieces[i], speaker=history.speaker, reported=True)
            open_quote = []
            continue
        found = [piece for region in voices for piece in _clauses(s, region, history)]
        waiting = [len(pieces) + n for n, piece in enumerate(found) if piece.quoted and not piece.reported]
        open_quote = [*open_quote, *waiting] if s.quotes else []
        pieces += found
        history.note(s.entities, found)
        history.issued(found, text, _ISSUES)
    return pieces


def _quotes(text: str, start: int, end: int, inside: bool) -> tuple[list[tuple[int, int]], bool]:
    """The quoted stretches of a sentence of some length, and whether a quotation is still open after it."""
    out, begin = [], start if inside else -1
    for i in range(start, end):
        c = text[i]
        if c == "“" or (c == '"' and begin < 0):
            begin = i if begin < 0 else begin
        elif c == "”" or c == '"':
            if begin >= 0 and i - begin > 25:
                out.append((begin, i + 1))
            begin = -1
    if begin >= 0:
        tail = text[begin:end].count("“") > text[begin:end].count("”") or inside
        if end - begin > 25:
            out.append((begin, end))
        return out, tail and not text[begin:end].rstrip().endswith("“")
    return out, False


def _cleared(s: Sentence) -> tuple[int, int]:
    """A sentence without its dateline and, in a headline, without the name of the site."""
    start, end, body = s.start, s.end, s.text[s.start : s.end]
    if s.headline and (site := _SITE.search(body)) and site.start() > 20:
        end = start + site.start()
    if (dateline := _DATELINE.match(body)) and start + dateline.end() < end:
        start += dateline.end()
    return start, end


def _clauses(s: Sentence, region: Region, history: History) -> list[Piece]:
    tokens = [t for t in s.tokens if region.start <= t.idx < region.end]
    cuts = sorted({region.start, region.end, *_cuts(tokens, headline=s.headline)})
    pieces = []
    for a, b in pairwise(cuts):
        piece = _piece(s, region, [t for t in tokens if a <= t.idx < b], a, b, history)
        if piece is not None:
            pieces.append(piece)
    return pieces


def _cuts(tokens: list[Token], *, headline: bool) -> set[int]:
    """Offsets at which a clause begins that may differ in type from the one before."""
    cuts: set[int] = set()
    inside = {t.i for t in tokens}
    words = english_frames()
    for n, token in enumerate(tokens):
        if token.text == ";" and n + 1 < len(tokens):
            cuts.add(tokens[n + 1].idx)
        previous = tokens[n - 1] if n else None
        if token.dep_ in SUBJECTS and token.head.i in inside and token.head.i > token.i:
            first = token.left_edge
            if first.i not in inside or first.i == tokens[0].i:
                continue
            m = first.i - tokens[0].i
            k = m - 1
            while (
                k > 0
                and (tokens[k].dep_ in {"cc", "advmod", "mark"} or tokens[k].lower_ in {"meanwhile", "thus", "also"})
                and m - k < 4
            ):
                k -= 1
            marked = any(
                c.dep_ == "mark"
                and c.lower_ in {"as", "if", "when", "since", "after", "before", "that", "although", "though", "until"}
                for c in token.head.children
            )
            relative = token.lower_ in {"which", "who", "that"}
            after_comma = k >= 0 and tokens[k].text in {",", ";"} and not (marked and not relative)
            if after_comma or (token.head.dep_ == "conj" and tokens[k + 1].dep_ == "cc"):
                cuts.add(tokens[k + 1].idx)
        if token.tag_ == "VBG" and previous is not None and token.lemma_.lower() in words.result_verbs:
            back = n - 1
            while back > 0 and tokens[back].dep_ in {"advmod", "cc"}:
                back -= 1
            if tokens[back].text == ",":
                cuts.add(tokens[back + 1].idx)
        if previous is None:
            continue
        if previous.lower_ == "and" and token.lemma_ in _OWN_VERBS and token.tag_ in {"VBD", "VBZ", "VBP", "VBN"}:
            cuts.add(token.idx)
        if token.tag_ in {"VBD", "VBZ", "VBP", "MD"} and previous.dep_ == "cc" and n > 1 and tokens[n - 2].text == ",":
            cuts.add(token.idx)
        if headline and previous.text == "," and token.text[:1].isupper() and token.ent_type_ == "":
            cuts.add(token.idx)
        if token.lower_ in {"which", "who"} and token.dep_ in SUBJECTS and previous.ent_type_ and previous.text != ",":
            cuts.add(token.idx)
    return cuts


def _piece(s: Sentence, region: Region, tokens: list[Token], start: int, end: int, history: History) -> Piece | None:
    words = english_frames()
    start, end = trimmed(s.text, start, end, EDGE)
    while match := words.connectives.match(s.text, start, end):
        if match.end() == start:
            break
        start, _ = trimmed(s.text, match.end(), end, EDGE)
    if end - start < 12:
        return None
    start = _skip_adverbial(s, tokens, start, end)
    tokens = [t for t in tokens if start <= t.idx < end]
    inside = {t.i for t in tokens}
    root = next((t for t in tokens if (t.head.i not in inside or t.head.i == t.i) and t.pos_ in {"VERB", "AUX"}), None)
    if root is None:
        root = next(
            (t for t in tokens if t.pos_ in {"VERB", "AUX"} and any(c.dep_ in SUBJECTS for c in t.children)), None
        )
    subject = next((c for c in root.children if c.dep_ in SUBJECTS and c.i in inside), None) if root else None
    end = _closed(s.text, start, end)
    if subject is None or subject.idx - start > 60:
        opener = _opening_entity(s, tokens, start, end)
        if opener is not None:
            start, subject = opener
    kind, actor, noun, body = _subject(s, region, subject, start, end, history)
    quoted = s.quoted(start)
    return Piece(
        start=start,
        body=body,
        end=end,
        sentence=s.index,
        subject=kind,
        actor=actor,
        noun=noun,
        speaker=region.speaker,
        reported=region.reported,
        announced=region.announced,
        lasting=region.lasting,
        verb=region.verb,
        quoted=quoted,
        headline=s.headline,
        passive=subject is not None and subject.dep_ == "nsubjpass",
        form=_form(root, tokens),
    )


def _form(root: Token | None, tokens: list[Token]) -> Form:
    """The form of the verb of a clause, its auxiliaries taken together."""
    if root is None:
        verb = next((t for t in tokens[:4] if t.tag_ in _TENSES), None)
        return "" if verb is None else _TENSES[verb.tag_]
    helpers = [c for c in root.children if c.dep_ in {"aux", "auxpass"} and c.i < root.i]
    if any(c.tag_ == "MD" for c in helpers):
        return "modal"
    if any(c.lemma_ == "have" for c in helpers):
        return "perfect"
    if root.lemma_ == "be":
        return "state"
    if any(c.tag_ == "TO" for c in helpers):
        return "infinitive"
    if root.tag_ == "VBG":
        return "progressive"
    if root.tag_ in {"VBD", "VBN"}:
        return "past"
    return "present" if root.tag_ in {"VBZ", "VBP"} else "infinitive"


def _opening_entity(s: Sentence, tokens: list[Token], start: int, end: int) -> tuple[int, Token] | None:
    """Where a clause begins with a mention and a verb, at its start or after a comma, where the parse has no subject."""
    for n, token in enumerate(tokens[:40]):
        if n and tokens[n - 1].text != "," and not (n == 1 and tokens[0].lower_ == "the"):
            continue
        at = n + 1 if token.lower_ == "the" and n + 1 < len(tokens) else n
        entity = s.entity_at(tokens[at])
        if entity is None or entity.start != tokens[at].idx or entity.label not in ACTORS:
            continue
        after = next((t for t in tokens[at:] if t.idx >= entity.end), None)
        if after is not None and (after.pos_ in {"VERB", "AUX"} or (after.pos_ == "ADV" and not s.headline)):
            last = next(t for t in reversed(tokens) if t.idx < entity.end)
            return token.idx, last
    return None


def _closed(text: str, start: int, end: int) -> int:
    """The end, moved over one closing bracket that the trimming took and the piece opened."""
    return end + 1 if text[start:end].count("(") > text[start:end].count(")") and text[end : end + 1] == ")" else end


def _skip_adverbial(s: Sentence, tokens: list[Token], start: int, end: int) -> int:
    """`start`, or the start of the subject after a leading adverbial with a comma."""
    tokens = [t for t in tokens if t.idx >= start]
    if not tokens or tokens[0].lower_ in english_frames().keep_openers:
        return start
    if tokens[0].dep_ not in {
        "prep",
        "advcl",
        "npadvmod",
        "advmod",
        "mark",
        "aux",
        "det",
        "pobj",
        "amod",
        "nummod",
    } and tokens[0].pos_ not in {"ADP", "SCONJ"}:
        return start
    for n, token in enumerate(tokens):
        if token.text == "," and n + 1 < len(tokens):
            rest = tokens[n + 1 :]
            if rest[0].dep_ in SUBJECTS or any(t.dep_ in SUBJECTS and t.left_edge.i == rest[0].i for t in rest):
                opener = tokens[0]
                if opener.pos_ in {"ADP", "SCONJ", "ADV"} or opener.dep_ in {"prep", "npadvmod", "advcl", "mark"}:
                    return int(rest[0].idx)
    return start


def _expletive(it: Token) -> bool:
    """Whether `it` stands for a clause: it is important to ..., it is required that ..."""
    rest = [t for t in it.head.children if t.i > it.head.i]
    complement = any(t.dep_ in {"acomp", "attr", "oprd"} for t in rest) or it.dep_ == "nsubjpass"
    return complement and any(
        t.dep_ in {"xcomp", "ccomp", "advcl"} or t.lower_ == "for" for t in it.head.subtree if t.i > it.head.i
    )


def _subject(
    s: Sentence, region: Region, subject: Token | None, start: int, end: int, history: History
) -> tuple[Subject, Entity | None, str, int]:
    """What the subject is, the mention in it, its noun, and where the rest of the clause begins."""
    if subject is None:
        return "none", None, "", start
    edge = subject.right_edge if subject.dep_ in SUBJECTS else subject
    after = edge.idx + len(edge.text)
    while after < end and s.text[after] in " ,":
        after += 1
    opener = s.text[start : min(subject.left_edge.idx, subject.idx)]
    dated = len(opener) < 60 and _TIME.match(opener)  # "In May 2024 the council ...": out with the subject
    body = after if (len(opener) < 4 or dated) and after < end - 8 else start
    noun = subject.lemma_.lower()
    if subject.dep_ == "expl" or (subject.lower_ == "it" and _expletive(subject)):
        return "thing", None, "", start
    if subject.lower_ in PERSONAL:
        whom = None if subject.lower_ == "we" and not region.reported else person_before(s, subject, history)
        if subject.lower_ in {"it", "they"} and region.reported and whom != region.speaker:
            return "thing", None, noun, start
        return "pronoun", whom, noun, body
    entity = s.entity_at(subject)
    if entity and entity.label in ACTORS:
        return "named", entity, noun, body
    inside = [e for e in s.entities if subject.left_edge.idx <= e.start < after and e.label in ACTORS]
    if person := apposed(s, subject):
        return "named", person, noun, body
    if noun in english_frames().bodies or subject.lower_ in english_frames().bodies:
        if inside:
            return "named", next((e for e in inside if e.label in PEOPLE), inside[0]), noun, body
        return "body", None, noun, body
    if noun in PAPERS and not inside and history.issuer is not None:
        return "pronoun", history.issuer, noun, body
    if subject.lower_ in {"which", "who", "that"} and subject.head.dep_ == "relcl":
        before = s.entity_at(antecedent(subject))
        if before and before.label in ACTORS:
            return "named", before, "", body
    return "thing", inside[0] if inside else None, noun, body
