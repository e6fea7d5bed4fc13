"""A concordance: words, entities and claims in their context, with the aligned passage of the other language."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from typing import Literal

from corpus.document import Alignment, BlockKind, Claim, Document, Entity, Layer, text_sha
from corpus.errors import InputError
from corpus.look.columns import Columns, lists, made_for
from corpus.look.hits import Hit, Passage
from corpus.look.marks import Marks
from corpus.look.query import ANY, Matcher, Query, check, matcher
from corpus.schema import ALIGNMENTS, DOCUMENTS, GOLD, SEGMENTS, Table, layers_table
from corpus.store import Head, Workspace

COMBINED = "combined"

_Ranges = tuple[tuple[int, int], ...]

_MARKS = ["document", "sha", *(f"entities.list.element.{name}" for name in ("text", "label", "link"))]
_MARKS += [f"claims.list.element.{name}" for name in ("type", "stance", "policy_area")]

# Documents that are read at a time.
_BATCH = 64


@dataclass(frozen=True, slots=True)
class _Found:
    start: int
    end: int
    claim: Claim | None = None


def concordance(
    workspace: Workspace,
    query: Query,
    *,
    width: int = 60,
    aligned: bool = True,
    progress: Callable[[int, int | None], None] | None = None,
) -> Iterator[Hit]:
    """Every hit of `query`, in the order of the documents and of their texts, with `width` characters on each side.

    A few documents are held at a time. Without `aligned` the sentence and the passage of the other version are left
    out, which saves reading them. What was made for another version of a text is passed over.

    Raises InputError (before the first hit) where nothing is asked for, a name is unknown, or a pattern is none; and
    where a pattern takes more than `PATIENCE` seconds on a document.
    """
    find = matcher(query.text, regex=query.regex, case=query.case, parts=query.parts)
    check(query, workspace.scheme)
    heads = [head for head in workspace.heads() if query.lang in (None, head.lang)]
    if query.documents:
        if unknown := set(query.documents) - {name for head in heads for name in (head.id, head.pair)}:
            raise InputError(f"{sorted(unknown)[0]}: no such document or pair in {workspace.root}; see: hemu report")
        heads = [head for head in heads if not {head.id, head.pair}.isdisjoint(query.documents)]
    return _hits(workspace, query, find, heads, max(0, width), aligned, progress)


def _hits(
    workspace: Workspace,
    query: Query,
    find: Matcher,
    heads: Sequence[Head],
    width: int,
    aligned: bool,
    progress: Callable[[int, int | None], None] | None,
) -> Iterator[Hit]:
    table = GOLD if query.gold else layers_table(COMBINED)
    marks = Columns(workspace, table, _MARKS)
    segments = Columns(workspace, SEGMENTS, ["document", "sha", "sentences"])
    claimant = matcher(query.claimant, case=query.case)
    annotated = query.gold or query.wants_entities or query.wants_claims
    for first in range(0, len(heads), _BATCH):
        batch = [head.id for head in heads[first : first + _BATCH]]
        wanted = _candidates(marks, batch, query, find) if annotated else []
        layers = workspace.fetch(table, wanted)
        documents = workspace.fetch(DOCUMENTS, [id for id in batch if id in layers] if annotated else batch)
        found: dict[str, list[_Found]] = {}
        for id in batch:
            if id in documents and (places := _places(documents[id], layers.get(id), query, find, claimant)):
                found[id] = places
        if not annotated:
            layers = workspace.fetch(table, found)
        chosen = [documents[id] for id in found]
        beside = _Beside.of(workspace, chosen, layers, table, segments) if aligned and found else None
        for id, places in found.items():
            document = documents[id]
            layer = _current(layers.get(id), document)
            reading = _Reading(document, layer, width, beside)
            for place in places:
                yield reading.hit(place)
        if progress:
            progress(min(first + _BATCH, len(heads)), len(heads))


def _candidates(marks: Columns, documents: Iterable[str], query: Query, find: Matcher) -> list[str]:
    """Those of the documents whose layer may hold what is asked for: most layers need not be read in full."""
    chosen = []
    for table in marks.take(documents):
        entity_offsets, entities = lists(table, "entities")
        claim_offsets, claims = lists(table, "claims")
        texts, labels, links = (entities.field(name).to_pylist() for name in ("text", "label", "link"))
        kinds = [(kind, claims.field(name).to_pylist()) for name, kind in _claim_values(query) if kind]
        for row, (id, _) in enumerate(made_for(table)):
            places = range(entity_offsets[row], entity_offsets[row + 1])
            if query.wants_entities and not any(
                (not query.labels or ANY in query.labels or labels[at] in query.labels)
                and query.link in ("", links[at])
                and (not query.text or find.find(texts[at], id))
                for at in places
            ):
                continue
            stated = range(claim_offsets[row], claim_offsets[row + 1])
            if query.wants_claims and not any(all(column[at] in kind for kind, column in kinds) for at in stated):
                continue
            chosen.append(id)
    return chosen


def _claim_values(query: Query) -> list[tuple[str, tuple[str, ...]]]:
    types = () if ANY in query.claims else query.claims
    return [("type", types), ("stance", query.stances), ("policy_area", query.areas)]


def _current(layer: Layer | None, document: Document) -> Layer | None:
    return layer if layer and layer.sha == document.sha else None


def _places(document: Document, layer: Layer | None, query: Query, find: Matcher, claimant: Matcher) -> list[_Found]:
    annotated = query.wants_entities or query.wants_claims or query.gold
    if annotated and (layer is None or layer.sha != document.sha):
        return []
    entities, claims = (layer.entities, layer.claims) if layer else ((), ())
    if query.wants_entities:
        chosen = [e for e in entities if (not query.labels or ANY in query.labels or e.label in query.labels)]
        chosen = [e for e in chosen if query.link in ("", e.link)]
        if query.text:
            chosen = [e for e in chosen if find.find(e.span.surface, document.id)]
        spans = [(e.start, e.end) for e in chosen]
    elif query.text:
        spans = find.find(document.text, document.id)
    else:
        spans = [(c.start, c.end) for c in claims]
    places = [_Found(start, end) for start, end in spans]
    if query.wants_claims:
        wanted = [c for c in claims if _is_wanted(c, query, claimant)]
        marks = Marks(wanted)
        places = [replace(p, claim=c) for p in places if (c := marks.around(p.start, p.end)) is not None]
    if query.kinds:
        starts = [block.start for block in document.blocks]
        places = [p for p in places if _kind(document, starts, p.start) in query.kinds]
    return places


def _is_wanted(claim: Claim, query: Query, claimant: Matcher) -> bool:
    return (
        (not query.claims or ANY in query.claims or claim.type in query.claims)
        and (not query.stances or claim.stance in query.stances)
        and (not query.areas or claim.policy_area in query.areas)
        and (not query.claimant or bool(claimant.find(claim.claimant, claim.claimant)))
    )


def _kind(document: Document, starts: Sequence[int], offset: int) -> BlockKind | Literal[""]:
    number = bisect_right(starts, offset) - 1
    return document.blocks[number].kind if number >= 0 and offset < document.blocks[number].end else ""


@dataclass(frozen=True)
class _Beside:
    """What is read beside a batch of documents with hits: sentences, alignments, partners and their layers."""

    sentences: dict[str, tuple[str, _Ranges]] = field(default_factory=dict)
    alignments: dict[str, Alignment] = field(default_factory=dict)
    partners: dict[str, Document] = field(default_factory=dict)
    layers: dict[str, Layer] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        workspace: Workspace,
        documents: Sequence[Document],
        layers: dict[str, Layer],
        table: Table[Layer],
        segments: Columns,
    ) -> _Beside:
        alignments = workspace.fetch(ALIGNMENTS, {d.pair for d in documents if d.pair})
        known = {d.id: d for d in documents}
        partners = {id for a in alignments.values() for id in (a.en, a.zh)}
        return cls(
            _sentences(segments, known),
            alignments,
            {**workspace.fetch(DOCUMENTS, partners - set(known)), **known},
            {**workspace.fetch(table, partners - set(layers)), **layers},
        )


def _sentences(segments: Columns, documents: Iterable[str]) -> dict[str, tuple[str, _Ranges]]:
    """The SHA-256 and the sentences of each; the words, of which there are many more, are not read."""
    result: dict[str, tuple[str, _Ranges]] = {}
    for table in segments.take(documents):
        offsets, ranges = lists(table, "sentences")
        starts, ends = ranges.field("start").to_pylist(), ranges.field("end").to_pylist()
        for row, (id, sha) in enumerate(made_for(table)):
            part = slice(offsets[row], offsets[row + 1])
            result[id] = (sha, tuple(zip(starts[part], ends[part], strict=True)))
    return result


class _Reading:
    """One document whose hits are being made."""

    def __init__(self, document: Document, layer: Layer | None, width: int, beside: _Beside | None) -> None:
        self.document, self.width = document, width
        self.starts = [block.start for block in document.blocks]
        self.entities = Marks(layer.entities if layer else ())
        self.claims = Marks(layer.claims if layer else ())
        self.counterparts: dict[tuple[int, int], list[tuple[int, int]]] = {}
        self.sentences: _Ranges = ()
        self.beads: list[tuple[tuple[tuple[int, int], ...], tuple[tuple[int, int], ...], float]] = []
        self.partner: Document | None = None
        self.partner_layer: Layer | None = None
        if beside is None:
            return
        sha, sentences = beside.sentences.get(document.id, ("", ()))
        if sha == document.sha:
            self.sentences = sentences
        alignment = beside.alignments.get(document.pair)
        if alignment and document.id in (alignment.en, alignment.zh):
            english = document.id == alignment.en
            other = beside.partners.get(alignment.zh if english else alignment.en)
            shas = (alignment.en_sha, alignment.zh_sha) if english else (alignment.zh_sha, alignment.en_sha)
            if other and shas == (document.sha, text_sha(other.text)):
                self.partner = other
                self.partner_layer = _current(beside.layers.get(other.id), other)
                self.beads = [(b.en, b.zh, b.score) if english else (b.zh, b.en, b.score) for b in alignment.beads]
                self.beads = [bead for bead in self.beads if bead[0]]
        self.bead_starts = [own[0][0] for own, _, _ in self.beads]
        for relation in chain.from_iterable(found.relations for found in (layer, self.partner_layer) if found):
            for a, b in ((relation.head, relation.tail), (relation.tail, relation.head)):
                here = a.document == document.id and a.kind == "entity"
                if relation.label == "same_as" and here and self.partner and b.document == self.partner.id:
                    self.counterparts.setdefault((a.start, a.end), []).append((b.start, b.end))

    def hit(self, place: _Found) -> Hit:
        document, text, start, end = self.document, self.document.text, place.start, place.end
        entities = self.entities.touching(start, end)
        claim = place.claim or self.claims.around(start, end)
        number = bisect_right(self.sentences, (start, len(text))) - 1
        sentence = self.sentences[number] if number >= 0 and start < self.sentences[number][1] else None
        return Hit(
            document.id,
            document.pair,
            document.lang,
            start,
            end,
            text[max(0, start - self.width) : start],
            text[start:end],
            text[end : end + self.width],
            _kind(document, self.starts, start),
            document.meta.get("date", ""),
            document.meta.get("source", ""),
            sentence,
            entities,
            claim,
            self._passage(start, end, entities),
        )

    def _passage(self, start: int, end: int, entities: Sequence[Entity]) -> Passage | None:
        if self.partner is None:
            return None
        first = max(0, bisect_right(self.bead_starts, start) - 1)
        sentences: list[tuple[int, int]] = []
        scores = []
        for own, others, score in islice(self.beads, first, None):
            if own[0][0] >= end:
                break
            if own[-1][1] > start and others:
                sentences += others
                scores.append(score)
        if not sentences:
            return None
        pieces, starts = _joined(self.partner.text, sentences)
        spans = chain.from_iterable(self.counterparts.get((e.start, e.end), ()) for e in entities)
        marks = tuple(sorted(_placed(spans, sentences, starts)))
        return Passage(self.partner.id, self.partner.lang, tuple(sentences), pieces, marks, min(scores))


def _joined(text: str, sentences: Sequence[tuple[int, int]]) -> tuple[str, list[int]]:
    """The sentences as one text, and where each begins in it; what is left out between two shows as an ellipsis."""
    result, starts, last = "", [], -1
    for start, end in sentences:
        if last >= 0:
            between = text[last:start] if last <= start else " … "
            result += between if not between.strip() else " … "
        starts.append(len(result))
        result, last = result + text[start:end], end
    return result, starts


def _placed(
    spans: Iterable[tuple[int, int]], sentences: Sequence[tuple[int, int]], starts: Sequence[int]
) -> Iterator[tuple[int, int]]:
    for start, end in dict.fromkeys(spans):
        for (first, last), at in zip(sentences, starts, strict=True):
            if first <= start and end <= last:
                yield at + start - first, at + end - first
