"""From a document to its claims: pieces, drafts with their odds, and the decision."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from annotators.claims.areas import NO_TOPIC, Areas, choose_area, topic
from annotators.claims.claimants import Floor, claimant
from annotators.claims.cues import CLAIM_TYPES
from annotators.claims.kinds import Verdict, owns
from annotators.claims.merge import Parts, merged, parts
from annotators.claims.piece import Piece, trimmed
from annotators.claims.reading import read
from annotators.claims.targets import targets
from annotators.claims.weigh import (
    STANCES,
    Row,
    Tables,
    by_feature,
    claim_features,
    logistic,
    scores_by,
    shipped_tables,
    stance_features,
    type_features,
    weighted,
)
from annotators.claims.words import unit_stops, words
from corpus.document import AUTHOR, Claim, Entity, Item, Span

NAME = "claim-cues"
THRESHOLD = 0.5
"""From this probability on a draft becomes a claim, where the weights do not say otherwise."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A piece that may be a claim: its verdict, the features that decide, its log odds and its scores by type and stance."""

    piece: Piece
    verdict: Verdict
    claim_row: Row
    type_row: Row
    stance_row: Row
    odds: float
    types: Counter[str]
    stances: Counter[str]


def pieces(item: Item) -> list[Piece]:
    """The clauses of a document that may be claims or parts of claims."""
    text, sentences, entities, reading = item.document.text, item.segments.sentences, item.entities, read(item)
    if reading.doc is not None:
        from annotators.claims.english import english_pieces

        return english_pieces(text, sentences, entities, reading.doc)
    from annotators.claims.chinese import chinese_pieces

    return chinese_pieces(text, reading.plain, sentences, entities, reading.tags)


def parts_of(item: Item, tables: Tables | None = None) -> Parts:
    """The pieces of a document before any are joined. `tables` replace the shipped weights."""
    tables = shipped_tables() if tables is None else tables
    return parts(pieces(item), read(item).plain, item.document.lang, tables)


def drafts(item: Item, tables: Tables | None = None, known: Parts | None = None) -> list[Draft]:
    """Every joined piece of a document, before the decision which are claims. `tables` replace the shipped weights,
    `known` the pieces and how likely they are joined."""
    tables = shipped_tables() if tables is None else tables
    lang, reading = item.document.lang, read(item)
    plain, areas = reading.plain, areas_of(item)
    sentences, entities = item.segments.sentences, list(item.entities)
    whole = areas.between(0, len(plain)).total() / max(1, len(sentences))
    near = [areas.between(a, b).total() for a, b in sentences]
    found = merged(parts_of(item, tables) if known is None else known, plain, lang)
    against = sum(h.cue.stance == "oppose" for _, v in found for h in v.hits) / max(1, len(sentences))
    said = words(reading)
    of_types, of_stances = by_feature("type", CLAIM_TYPES, tables), by_feature("stance", STANCES, tables)
    out = []
    for p, v in found:
        row_of_words = said(p)
        area = areas.between(p.start, p.end).total()
        row = claim_features(p, v, entities, area, lang, near[p.sentence], whole)
        types = type_features(p, v, lang, row_of_words)
        stances = stance_features(p, v, lang, against, row_of_words)
        odds = weighted(row, tables.get("claim", {}))
        scores = scores_by(types, of_types), scores_by(stances, of_stances)
        out.append(Draft(p, v, row, types, stances, odds, *scores))
    return out


def find_claims(item: Item, tables: Tables | None = None) -> tuple[Claim, ...]:
    """The claims of a document by itself, in order, none over another."""
    return decide(item, drafts(item, tables), threshold(tables))


def threshold(tables: Tables | None) -> float:
    """The probability from which on a draft becomes a claim."""
    return (shipped_tables() if tables is None else tables).get("decision", {}).get("threshold", THRESHOLD)


def areas_of(item: Item) -> Areas:
    """The words of a document that speak for a policy area, names of places, people and organisations left out."""
    return read(item).areas.outside((e.start, e.end) for e in item.entities if e.label in NO_TOPIC)


def about(item: Item) -> Counter[str]:
    """The topic of a document, by policy area."""
    reading = read(item)
    return topic(reading.plain, reading.lang, areas_of(item))


def decide(
    item: Item, candidates: Sequence[Draft], least: float, topics: Counter[str] | None = None
) -> tuple[Claim, ...]:
    """The claims among the drafts of a document, of at least the probability `least`, with claimant, area and targets.

    `topics` is what the article is about where that is known from both its versions.
    """
    entities = list(item.entities)
    areas = areas_of(item)
    document = about(item) if topics is None else topics
    out: list[Claim] = []
    floor, end = Floor(), 0
    for draft in candidates:
        piece = draft.piece
        kind = max(sorted(draft.types), key=lambda t: draft.types[t])
        verdict = replace(draft.verdict, type=kind, own=owns(piece, draft.verdict.hits, kind))
        stance = max(sorted(draft.stances), key=lambda s: draft.stances[s])
        floor.before(piece)
        score = logistic(draft.odds)
        if score < least:
            continue
        who = claimant(piece, verdict, entities, floor)
        floor.after(piece, verdict, who)
        claim = _claim(piece, verdict, stance, who, item, areas, document, score)
        if claim is not None and claim.start >= end:
            out.append(claim)
            end = claim.end
    return tuple(out)


def _claim(
    piece: Piece,
    verdict: Verdict,
    stance: str,
    who: Entity | None,
    item: Item,
    areas: Areas,
    document: Counter[str],
    score: float,
) -> Claim | None:
    text, lang = item.document.text, item.document.lang
    acts = piece.subject in {"named", "pronoun"} and piece.actor is not None and who == piece.actor
    body_acts = piece.subject == "body" and not piece.reported and verdict.type in {"action", "commitment"}
    leave_out = who is not None and (acts or body_acts)
    start, end = trimmed(text, piece.body if leave_out else piece.start, piece.end, ' ,，。;；“"')
    if end <= start:
        return None
    first, last = item.segments.sentences[piece.sentence]
    reading = read(item)
    area = choose_area(areas.between(start, end), areas.between(first, last), document)
    return Claim(
        span=Span.of(text, start, end),
        type=verdict.type,
        stance=stance,
        claimant=AUTHOR if who is None else who.span.surface,
        policy_area=area,
        targets=targets(text[start:end], lang, unit_stops(reading, start, end)),
        claimant_span=None if who is None else (who.start, who.end),
        score=round(score, 4),
        source=NAME,
    )
