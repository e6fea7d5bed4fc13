"""Answers of a model read as what they are, words of a stranger: bounded, validated, and counted where they will not do."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from annotators.llm.anchor import Anchors, Quote
from annotators.llm.pieces import Piece
from corpus.document import AUTHOR, Claim, Document, Entity, Target, sorted_claims, without_overlaps
from corpus.scheme import Label, Scheme

Range = tuple[int, int]

ENTITY_SCORE, CLAIM_SCORE, REPAIRED = 0.7, 0.6, 0.1
"""Scores that nobody has measured: that of an entity, of a claim, and what a repair takes off."""

# What no honest answer about one piece exceeds.
_MOST_ENTITIES, _MOST_CLAIMS, _MOST_TARGETS = 800, 300, 30
_NAME, _CLAIM, _CONTEXT = 200, 1200, 400

_FENCE = re.compile(r"```(?:json)?\s*", re.IGNORECASE)
_ENTRY = re.compile(r"[\s,]*\{")
_FINAL_STOP = re.compile(r"(?:[。．]|(?<![A-Z.])\.)\Z")
_PAIRS = {"“": "”", '"': '"', "「": "」", "『": "』", "‘": "’"}
_AROUND_NAMES = {**_PAIRS, "《": "》", "〈": "〉"}
_THE = re.compile(r"[Tt]he\s+(?=\S)")
_POSSESSIVE = re.compile(r"(?<=\S)['’]s\Z")


@dataclass(slots=True)
class Found:
    """What is left of the answers about a document, and the counts of what was done to them.

    `counts` begin with "entities" or "claims" and go on with what happened: "exact", "repaired: …", "dropped: …".
    """

    entities: tuple[Entity, ...] = ()
    claims: tuple[Claim, ...] = ()
    counts: Counter[str] = field(default_factory=Counter)


def parse(content: str) -> tuple[list[Any], list[Any], bool]:
    """The entities and claims that an answer holds, and whether it is whole.

    What surrounds the object (reasoning, a code fence) is passed over; of an answer that breaks off, the entries that
    are whole are kept.

    >>> parse('Here you are: {"entities": [{"quote": "Lanhe"}, {"quo')
    ([{'quote': 'Lanhe'}], [], False)
    """
    content = _FENCE.sub("", content.rpartition("</think>")[2])
    whole = _decoded(content, content.find("{"))
    if isinstance(whole, dict) and ("entities" in whole or "claims" in whole):
        lists = [whole.get(name, []) for name in ("entities", "claims")]
        right = all(isinstance(rows, list) for rows in lists)
        entities, claims = (rows if isinstance(rows, list) else [] for rows in lists)
        return entities, claims, right
    entities, claims = (list(_entries(content, name)) for name in ("entities", "claims"))
    return entities, claims, False


def _decoded(text: str, at: int) -> Any:
    if at < 0:
        return None
    try:
        return json.JSONDecoder().raw_decode(text, at)[0]
    # Nested too deep, or a number of thousands of digits.
    except (ValueError, RecursionError):
        return None


def _entries(text: str, name: str) -> Iterator[Any]:
    """The whole objects at the beginning of a list that breaks off."""
    opening = re.search(rf'"{name}"\s*:\s*\[', text)
    at = opening.end() if opening else len(text)
    decoder = json.JSONDecoder()
    for _ in range(_MOST_ENTITIES):
        if not (start := _ENTRY.match(text, at)):
            return
        at = start.end() - 1
        try:
            entry, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            return
        yield entry


def read_answers(document: Document, scheme: Scheme, answers: Sequence[tuple[Piece, str]]) -> Found:
    """The entities and claims of a document from the answers about its pieces.

    What is not in the text, not in the scheme, or overlaps something else is dropped and counted; nothing raises.
    """
    found = Found()
    entities: list[Entity] = []
    claims: list[Claim] = []
    for piece, content in answers:
        named, claimed, whole = parse(content)
        if not whole:
            found.counts["answers that were broken"] += 1
        anchors, around = Anchors(piece), Anchors(_with_context(piece))
        for row in _bounded(named, _MOST_ENTITIES, "entities", found.counts):
            entities.extend(_entities(row, anchors, document, scheme, found.counts))
        for row in _bounded(claimed, _MOST_CLAIMS, "claims", found.counts):
            claim = _claim(row, anchors, around, document, scheme, found.counts)
            if claim is not None:
                claims.append(claim)
    distinct = list({(e.start, e.end, e.label): e for e in entities}.values())
    # The scheme takes the longest name.
    found.entities = without_overlaps(sorted(distinct, key=lambda e: (e.start - e.end, e.start)))
    found.claims = _apart(claims)
    _count(found.counts, "entities", "dropped: overlaps a longer one", len(distinct) - len(found.entities))
    _count(found.counts, "claims", "dropped: overlaps another", len(claims) - len(found.claims))
    return found


def _count(counts: Counter[str], what: str, happened: str, times: int = 1) -> None:
    if times:
        counts[f"{what} {happened}"] += times


def _bounded(rows: Sequence[Any], most: int, what: str, counts: Counter[str]) -> Sequence[Any]:
    _count(counts, what, "dropped: too many", max(0, len(rows) - most))
    return rows[:most]


def _text(row: dict[str, Any], name: str, most: int) -> str | None:
    """A text of an entry: "" where there is none, None where it is no text or too long."""
    value = row.get(name)
    if value is None:
        return ""
    return value if isinstance(value, str) and len(value) <= most else None


def _quote(row: Any, most: int) -> Quote | None:
    if not isinstance(row, dict):
        return None
    text, left, right = _text(row, "quote", most), _text(row, "left", _CONTEXT), _text(row, "right", _CONTEXT)
    number = row.get("occurrence")
    if text is None or left is None or right is None:
        return None
    return Quote(text, left, right, number if type(number) is int and 0 < number < 10_000 else 0)


def _entities(row: Any, anchors: Anchors, document: Document, scheme: Scheme, counts: Counter[str]) -> Iterator[Entity]:
    quote = _quote(row, _NAME)
    if quote is None:
        _count(counts, "entities", "dropped: not of the form asked for")
    elif row.get("label") not in scheme.label_names:
        _count(counts, "entities", "dropped: label not in the scheme")
    else:
        anchored = anchors.every(quote)
        if anchored.why:
            _count(counts, "entities", f"dropped: {anchored.why}")
        else:
            _count(counts, "entities", f"repaired: {anchored.repair}" if anchored.repair else "exact")
        score = ENTITY_SCORE - (REPAIRED if anchored.repair else 0)
        for start, end in anchored.places:
            edges = _name(document.text, start, end)
            _count(counts, "entities", "with edges that are no part of a name, trimmed", edges != (start, end))
            if edges[0] < edges[1]:
                yield Entity(document.span(*edges), row["label"], round(score, 3))


def _claim(
    row: Any, anchors: Anchors, around: Anchors, document: Document, scheme: Scheme, counts: Counter[str]
) -> Claim | None:
    quote = _quote(row, _CLAIM)
    if quote is None:
        _count(counts, "claims", "dropped: not of the form asked for")
        return None
    if row.get("type") not in _names(scheme.claim_types) or row.get("stance") not in _names(scheme.stances):
        _count(counts, "claims", "dropped: type or stance not in the scheme")
        return None
    anchored = anchors.one(quote)
    if anchored.why:
        _count(counts, "claims", f"dropped: {anchored.why}")
        return None
    _count(counts, "claims", f"repaired: {anchored.repair}" if anchored.repair else "exact")
    start, end = _trimmed(document.text, *anchored.places[0])
    if start >= end:
        _count(counts, "claims", "dropped: nothing but marks")
        return None
    area = row.get("policy_area")
    if area not in _names(scheme.policy_areas):
        _count(counts, "claims", "with a policy area not in the scheme, left empty")
        area = ""
    said = _text(row, "claimant", _NAME)
    mention = _mention(said or "", (start, end), around)
    if mention is None and said != AUTHOR:
        _count(counts, "claims", "with a claimant not in the text, given to the author")
    return Claim(
        document.span(start, end),
        row["type"],
        row["stance"],
        document.text[slice(*mention)] if mention else AUTHOR,
        area,
        _targets(row.get("targets"), document.text[start:end], counts),
        mention,
        round(CLAIM_SCORE - (REPAIRED if anchored.repair else 0), 3),
    )


def _names(values: Sequence[Label]) -> tuple[str, ...]:
    """No set: an answer may have a list where a name belongs."""
    return tuple(value.name for value in values)


def _name(text: str, start: int, end: int) -> Range:
    """A name without quotation marks, 《》, leading "the" and possessive 's, which the scheme leaves out.

    >>> [(text := "the “Lanhe Plan”’s aims")[slice(*_name(text, 0, 18))], _name("《反垄断法》", 0, 6)]
    ['Lanhe Plan', (1, 5)]
    """
    for _ in range(3):
        inside = text[start:end]
        if match := _THE.match(inside):
            start += match.end()
        elif match := _POSSESSIVE.search(inside):
            end -= len(match[0])
        elif len(inside) > 1 and inside[-1] == _AROUND_NAMES.get(inside[0]) and inside[0] not in inside[1:-1]:
            start, end = start + 1, end - 1
    return start, end


def _trimmed(text: str, start: int, end: int) -> Range:
    """A claim without the final full stop and quotation marks around it, which the scheme leaves out."""
    for _ in range(3):
        while start < end and text[start].isspace():
            start += 1
        while start < end and text[end - 1].isspace():
            end -= 1
        if stop := _FINAL_STOP.search(text[max(start, end - 2) : end]):
            end -= len(stop[0])
        inside = text[start:end]
        if len(inside) > 1 and inside[-1] == _PAIRS.get(inside[0]) and inside[0] not in inside[1:-1]:
            start, end = start + 1, end - 1
        elif inside and inside[0] in "“「『" and _PAIRS[inside[0]] not in inside:
            start += 1
        elif (
            inside
            and inside[-1] in "”」』"
            and not any(_PAIRS[mark] == inside[-1] for mark in inside if mark in _PAIRS)
        ):
            end -= 1
    return start, end


def _with_context(piece: Piece) -> Piece:
    """A piece that takes in what stands around it, in which a claimant may be named."""
    return Piece(piece.start - len(piece.before), piece.before + piece.text + piece.after)


def _mention(words: str, claim: Range, around: Anchors) -> Range | None:
    """The mention of a claimant: the nearest that begins before the claim's end or, failing that, the first after it."""
    words = words.strip()
    if not words or words == AUTHOR:
        return None
    places = around.places(words)
    before = [place for place in places if place[1] <= claim[1]]
    return before[-1] if before else next(iter(places), None)


def _targets(rows: Any, claim: str, counts: Counter[str]) -> tuple[Target, ...]:
    """The targets whose value the claim has; a unit or a time that it does not have is left empty."""
    found: list[Target] = []
    if not isinstance(rows, list):
        return ()
    for row in rows[:_MOST_TARGETS]:
        parts = [_text(row, name, _NAME) if isinstance(row, dict) else None for name in ("value", "unit", "by")]
        value, unit, by = (_standing(part, claim) for part in parts)
        if not value or not any(c.isnumeric() for c in value):
            _count(counts, "targets", "dropped: no number of the claim")
            continue
        target = Target(value, unit, by)
        if target not in found:
            found.append(target)
    return tuple(found)


def _standing(words: str | None, claim: str) -> str:
    """The words as the claim has them, or ""."""
    places = Anchors(Piece(0, claim)).places((words or "").strip())
    return claim[slice(*places[0])] if places else ""


def _apart(claims: Sequence[Claim]) -> tuple[Claim, ...]:
    """The claims that overlap none before them."""
    kept: list[Claim] = []
    taken: set[int] = set()
    for claim in claims:
        stretch = range(claim.start, claim.end)
        if taken.isdisjoint(stretch):
            taken.update(stretch)
            kept.append(claim)
    return sorted_claims(kept)
