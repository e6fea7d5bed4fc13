"""The rows of each configuration of a dataset, from a document with its gold annotation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from corpus.dataset.bio import decode, encode, split_tokens, whole_sentences
from corpus.document import Alignment, Claim, Document, Entity, Layer, Ref, Segments
from corpus.network.actors import Actor, Actors
from corpus.targets import quantity_row, targets_of
from corpus.targets.dates import published

Row = dict[str, Any]
Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Example:
    """A document with its segments and its gold layer."""

    document: Document
    segments: Segments
    gold: Layer


def document_row(example: Example) -> Row:
    """One row of `documents`: everything that is known of one document."""
    document, segments, gold = example.document, example.segments, example.gold
    return {
        "id": document.id,
        "pair": document.pair,
        "lang": document.lang,
        "text": document.text,
        "blocks": [{"start": b.start, "end": b.end, "kind": b.kind} for b in document.blocks],
        "sentences": [{"start": start, "end": end} for start, end in segments.sentences],
        "tokens": [{"start": t.start, "end": t.end, "tag": t.tag} for t in segments.tokens],
        "entities": [{**_entity(e), "link": e.link} for e in gold.entities],
        "claims": [_claim(c) for c in gold.claims],
        "relations": [{"label": r.label, "head": _ref(r.head), "tail": _ref(r.tail)} for r in gold.relations],
        "meta": [{"key": key, "value": document.meta[key]} for key in sorted(document.meta)],
        "provenance": {"source": document.source, "sha256": document.sha, "gold": gold.version},
    }


def _entity(entity: Entity, origin: int = 0) -> Row:
    return {
        "start": entity.start - origin,
        "end": entity.end - origin,
        "text": entity.span.surface,
        "label": entity.label,
    }


def _claim(claim: Claim) -> Row:
    return {
        "start": claim.start,
        "end": claim.end,
        "text": claim.span.surface,
        "type": claim.type,
        "stance": claim.stance,
        "claimant": claim.claimant,
        "policy_area": claim.policy_area,
        "targets": [{"value": t.value, "unit": t.unit, "by": t.by} for t in claim.targets],
    }


def _actor(actor: Actor) -> Row:
    return {"claimant_id": actor.id, "claimant_en": actor.en, "claimant_zh": actor.zh}


def _ref(ref: Ref) -> Row:
    return {"document": ref.document, "kind": ref.kind, "start": ref.start, "end": ref.end}


def ner_rows(example: Example) -> Iterator[Row]:
    """The rows of `ner`: one sentence each, with tokens, their offsets in the document, and BIO tags."""
    document, entities = example.document, example.gold.entities
    for number, (start, end) in enumerate(whole_sentences(example.segments.sentences, entities)):
        inside = [e for e in entities if start <= e.start and e.end <= end]
        # Offsets are kept apart from tokens, so that white space between tokens can be restored.
        tokens = split_tokens(
            document.text,
            start,
            end,
            lang=document.lang,
            tokens=[t for t in example.segments.tokens if t.start < end and start < t.end],
            entities=inside,
        )
        if not tokens:
            continue
        yield {
            "id": f"{document.id}#{number}",
            "document": document.id,
            "pair": document.pair,
            "lang": document.lang,
            "tokens": [document.text[a:b] for a, b in tokens],
            "ner_tags": encode(tokens, inside),
            "starts": [a for a, _ in tokens],
            "ends": [b for _, b in tokens],
        }


def lost_entities(example: Example, rows: Sequence[Row]) -> int:
    """How many gold entities of the document cannot be read back from its rows of `ner`."""
    found = {
        mark for row in rows for mark in decode(list(zip(row["starts"], row["ends"], strict=True)), row["ner_tags"])
    }
    return len({(e.start, e.end, e.label) for e in example.gold.entities} - found)


def claim_rows(example: Example, actors: Actors) -> Iterator[Row]:
    """The rows of `claims`: one claim each, with the stretch of sentences that it stands in.

    `quantities` are the targets as figures, in their order; `claimant_id`, `claimant_en` and `claimant_zh` say who the
    claimant is, whatever the text calls it (see `corpus.network.actors`).
    """
    document, sentences = example.document, example.segments.sentences
    day = published(document.meta.get("date", ""))
    for number, claim in enumerate(example.gold.claims):
        around = [s for s in sentences if s[0] < claim.end and claim.start < s[1]]
        start = min([claim.start, *(a for a, _ in around)])
        end = max([claim.end, *(b for _, b in around)])
        yield {
            "id": f"{document.id}#{number}",
            "document": document.id,
            "pair": document.pair,
            "lang": document.lang,
            **_claim(claim),
            **_actor(actors.of_claim(claim, document, example.gold)),
            "quantities": [quantity_row(quantity) for quantity in targets_of(claim, document.lang, day)],
            "context": document.text[start:end],
            "context_start": start,
        }


def parallel_rows(alignment: Alignment, en: Example, zh: Example) -> tuple[list[Row], int]:
    """The rows of `parallel`, and how many entities go over the edge of an aligned stretch and are left out there.

    Offsets of entities count from the start of the row's own text.
    """
    rows: list[Row] = []
    held = 0
    for number, bead in enumerate(alignment.beads):
        if not bead.en or not bead.zh:
            continue
        row: Row = {"id": f"{alignment.pair}#{number}", "pair": alignment.pair, "score": bead.score}
        places: dict[Ref, int] = {}
        for lang, example, ranges in (("en", en, bead.en), ("zh", zh, bead.zh)):
            start, end = ranges[0][0], ranges[-1][1]
            inside = [e for e in example.gold.entities if start <= e.start and e.end <= end]
            held += sum(e.start < end and start < e.end for e in example.gold.entities) - len(inside)
            row[lang] = example.document.text[start:end]
            row[f"{lang}_document"] = example.document.id
            row[f"{lang}_start"] = start
            row[f"{lang}_entities"] = [{**_entity(e, start), "link": e.link} for e in inside]
            places |= {Ref(example.document.id, "entity", e.start, e.end): i for i, e in enumerate(inside)}
        row["links"] = list(_links(en, zh, places))
        rows.append(row)
    return rows, held


def _links(en: Example, zh: Example, places: Mapping[Ref, int]) -> Iterator[Row]:
    """Which entity of the English side is which one of the Chinese side, by their numbers in the row."""
    for relation in (*en.gold.relations, *zh.gold.relations):
        ends = sorted((relation.head, relation.tail), key=lambda ref: ref.document != en.document.id)
        if relation.label == "same_as" and all(ref in places for ref in ends):
            yield {"en": places[ends[0]], "zh": places[ends[1]]}
