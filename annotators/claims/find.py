"""From a document to its claims: pieces, drafts with their odds, and the decision."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from annotators.claims.areas import area_counts, choose_area, topic
from annotators.claims.claimants import Floor, claimant
from annotators.claims.cues import normal
from annotators.claims.kinds import Verdict, owns
from annotators.claims.merge import merged
from annotators.claims.piece import Piece, trimmed
from annotators.claims.targets import targets
from annotators.claims.weigh import (
    Row,
    Tables,
    claim_features,
    logistic,
    shipped_tables,
    stance_features,
    stance_scores,
    type_features,
    type_scores,
    weighted,
)
from annotators.claims.words import words
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


def pieces(item: Item, plain: str) -> list[Piece]:
    """The clauses of a document that may be claims or parts of claims."""
    text, sentences, entities = item.document.text, item.segments.sentences, item.entities
    if item.document.lang == "en":
        from annotators.claims.english import english_pieces
        from corpus.english import parse

        return english_pieces(text, sentences, entities, parse(text))
    from annotators.claims.chinese import chinese_pieces

    return chinese_pieces(text, plain, sentences, entities)


def drafts(item: Item, tables: Tables | None = None) -> list[Draft]:
    """Every joined piece of a document, before the decision which are claims. `tables` replace the shipped weights."""
    tables = shipped_tables() if tables is None else tables
    text, lang = item.document.text, item.document.lang
    plain = normal(text, lang)
    sentences, entities = item.segments.sentences, list(item.entities)
    whole = sum(area_counts(plain, lang).values()) / max(1, len(sentences))
    near = [area_counts(plain[a:b], lang).total() for a, b in sentences]
    found = merged(pieces(item, plain), plain, lang, tables)
    against = sum(h.cue.stance == "oppose" for _, v in found for h in v.hits) / max(1, len(sentences))
    said = words(text, plain, lang)
    out = []
    for p, v in found:
        row_of_words = said(p)
        area = area_counts(plain[p.start : p.end], lang).total()
        row = claim_features(p, v, entities, area, lang, near[p.sentence], whole)
        types = type_features(p, v, lang, row_of_words)
        stances = stance_features(p, v, lang, against, row_of_words)
        odds = weighted(row, tables.get("claim", {}))
        scores = type_scores(types, tables), stance_scores(stances, tables)
        out.append(Draft(p, v, row, types, stances, odds, *scores))
    return out


def find_claims(item: Item, tables: Tables | None = None) -> tuple[Claim, ...]:
    """The claims of a document by itself, in order, none over another."""
    return decide(item, drafts(item, tables), threshold(tables))


def threshold(tables: Tables | None) -> float:
    """The probability from which on a draft becomes a claim."""
    return (shipped_tables() if tables is None else tables).get("decision", {}).get("threshold", THRESHOLD)


def about(item: Item) -> Counter[str]:
    """The topic of a document, by policy area."""
    return topic(normal(item.document.text, item.document.lang), item.document.lang)


def decide(
    item: Item, candidates: Sequence[Draft], least: float, topics: Counter[str] | None = None
) -> tuple[Claim, ...]:
    """The claims among the drafts of a document, of at least the probability `least`, with claimant, area and targets.

    `topics` is what the article is about where that is known from both its versions.
    """
    text, lang, entities = item.document.text, item.document.lang, list(item.entities)
    plain = normal(text, lang)
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
        claim = _claim(piece, verdict, stance, who, plain, item, document, score)
        if claim is not None and claim.start >= end:
            out.append(claim)
            end = claim.end
    return tuple(out)


def _claim(
    piece: Piece,
    verdict: Verdict,
    stance: str,
    who: Entity | None,
    plain: str,
    item: Item,
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
    area = choose_area(area_counts(plain[start:end], lang), area_counts(plain[first:last], lang), document)
    return Claim(
        span=Span.of(text, start, end),
        type=verdict.type,
        stance=stance,
        claimant=AUTHOR if who is None else who.span.surface,
        policy_area=area,
        targets=targets(text[start:end], lang),
        claimant_span=None if who is None else (who.start, who.end),
        score=round(score, 4),
        source=NAME,
    )
