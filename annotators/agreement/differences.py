"""Where annotators differ: each place with what every one of them says there, in the sentence around it."""

from __future__ import annotations

import heapq
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from zlib import crc32

from annotators.agreement.gather import Case
from annotators.agreement.units import grouped
from corpus.document import Claim, Lang, Ref, Segments
from corpus.schema import ALIGNMENTS, DOCUMENTS
from corpus.store import Workspace

UNMARKED, BOUNDARY, LABEL, BOTH = "not all marked it", "boundary", "label", "boundary and label"
CLAIM_UNMARKED, CLAIM_BOUNDARY = "claim: not all marked it", "claim: boundary"
RELATION = "relation"
ATTRIBUTE = {
    "type": "claim: type",
    "stance": "claim: stance",
    "claimant": "claim: claimant",
    "policy_area": "claim: area",
}
KINDS = (UNMARKED, BOUNDARY, LABEL, BOTH, CLAIM_UNMARKED, CLAIM_BOUNDARY, *ATTRIBUTE.values(), RELATION)

_Bare = tuple[tuple[str, ...], "set[str]", "tuple[Said, ...]"]

_MOST = 700
_AROUND = 120
_PARTNER = 600
# Characters: only relations whose heads touch one block of the text are compared.
_BLOCK = 256


@dataclass(frozen=True, slots=True)
class Said:
    """What some annotators say: marks (start, end, label) in the text, and a note (attributes of a claim)."""

    annotators: tuple[str, ...]
    marks: tuple[tuple[int, int, str], ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Difference:
    """A place of a text where annotators do not agree. Offsets are of the document; `text` begins at `at` in it.

    `partner` is the aligned passage of the other version, where it was asked for.
    """

    document: str
    pair: str
    lang: Lang
    kinds: tuple[str, ...]
    labels: tuple[str, ...]
    start: int
    end: int
    said: tuple[Said, ...]
    at: int
    text: str
    partner: str = ""


@dataclass
class Collected:
    """Counts of all differences, and so many of them: all, or a sample that chance alone picks."""

    most: int = 0
    number: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    _kept: list[tuple[int, str, int, int, Difference]] = field(default_factory=list)

    def add(self, case: Case) -> None:
        """Take the differences of a document."""
        for kinds, labels, said in _found(case):
            self.number += 1
            self.kinds.update(kinds)
            start, end = _stretch(said)
            id = case.document.id
            rank = -crc32(f"{id} {start} {end} {' '.join(kinds)}".encode("utf-8", "surrogatepass"))
            if self.most and len(self._kept) >= self.most:
                if (rank, id, start, self.number) > self._kept[0][:4]:
                    entry = (rank, id, start, self.number, _difference(case, kinds, labels, said))
                    heapq.heapreplace(self._kept, entry)
            else:
                heapq.heappush(self._kept, (rank, id, start, self.number, _difference(case, kinds, labels, said)))

    def kept(self) -> list[Difference]:
        """In the order of documents and texts."""
        return [entry[-1] for entry in sorted(self._kept, key=lambda entry: entry[1:4])]


def differences(case: Case) -> list[Difference]:
    """Everything that the annotators of a document do not mark alike, in text order."""
    found = [_difference(case, kinds, labels, said) for kinds, labels, said in _found(case)]
    return sorted(found, key=lambda d: (d.start, d.end, d.kinds))


def _found(case: Case) -> Iterator[_Bare]:
    """The differences of a document without their context."""
    yield from _entities(case)
    yield from _claims(case)
    yield from _relations(case)


def _entities(case: Case) -> Iterator[_Bare]:
    everyone = [reading.annotator for reading in case.readings]
    by_mark: dict[tuple[int, int, str], list[int]] = {}
    for number, reading in enumerate(case.readings):
        for mark in {(e.start, e.end, e.label) for e in reading.layer.entities}:
            by_mark.setdefault(mark, []).append(number)
    disputed = sorted(mark for mark, by in by_mark.items() if len(by) < len(everyone))
    clusters: list[list[tuple[int, int, str]]] = []
    reach = -1
    for mark in disputed:
        if mark[0] < reach:
            clusters[-1].append(mark)
        else:
            clusters.append([mark])
        reach = max(reach, mark[1])
    for cluster in clusters:
        versions: dict[tuple[tuple[int, int, str], ...], list[str]] = {}
        for number, name in enumerate(everyone):
            marks = tuple(mark for mark in cluster if number in by_mark[mark])
            versions.setdefault(marks, []).append(name)
        marked = [marks for marks in versions if marks]
        same_place = len({tuple((s, e) for s, e, _ in marks) for marks in marked}) == 1
        same_label = len({tuple(sorted({label for _, _, label in marks})) for marks in marked}) == 1
        if len(marked) < len(versions):
            kind = UNMARKED
        else:
            kind = LABEL if same_place else BOUNDARY if same_label else BOTH
        said = tuple(Said(tuple(names), marks) for marks, names in versions.items())
        yield (kind,), {mark[2] for mark in cluster}, said


def _claims(case: Case) -> Iterator[_Bare]:
    layers = [reading.layer.claims for reading in case.readings]
    everyone = [reading.annotator for reading in case.readings]
    for group in grouped([[(c.start, c.end) for c in claims] for claims in layers], 0.5):
        claims = {number: layers[number][at] for number, at in group.items()}
        kinds = []
        if len(claims) < len(everyone):
            kinds.append(CLAIM_UNMARKED)
        if len({claim.span for claim in claims.values()}) > 1:
            kinds.append(CLAIM_BOUNDARY)
        for attribute, kind in ATTRIBUTE.items():
            if len({str(getattr(claim, attribute)).strip() for claim in claims.values()}) > 1:
                kinds.append(kind)
        if not kinds:
            continue
        versions: dict[tuple[tuple[tuple[int, int, str], ...], str], list[str]] = {}
        for number, name in enumerate(everyone):
            claim = claims.get(number)
            what = (((claim.start, claim.end, "claim"),), _note(claim)) if claim else ((), "")
            versions.setdefault(what, []).append(name)
        said = tuple(Said(tuple(names), marks, note) for (marks, note), names in versions.items())
        yield tuple(kinds), {"claim"}, said


def _note(claim: Claim) -> str:
    return " · ".join(part or "–" for part in (claim.type, claim.stance, claim.claimant, claim.policy_area))


def _relations(case: Case) -> Iterator[_Bare]:
    """Relations that not everyone has drawn; the same one is what overlaps with the first one's two ends."""
    drawn: list[tuple[str, Ref, Ref, set[int]]] = []
    near: dict[int, list[int]] = {}
    for number, reading in enumerate(case.readings):
        for r in reading.layer.relations:
            blocks = range(r.head.start // _BLOCK, (r.head.end - 1) // _BLOCK + 1)
            for at in sorted({at for block in blocks for at in near.get(block, ())}):
                label, head, tail, by = drawn[at]
                if label == r.label and number not in by and _meet(head, r.head) and _meet(tail, r.tail):
                    by.add(number)
                    break
            else:
                for block in blocks:
                    near.setdefault(block, []).append(len(drawn))
                drawn.append((r.label, r.head, r.tail, {number}))
    for label, head, tail, by in drawn:
        if len(by) == len(case.readings) or head.document != case.document.id:
            continue
        here = tuple((ref.start, ref.end, label) for ref in (head, tail) if ref.document == case.document.id)
        names = [reading.annotator for reading in case.readings]
        said = (
            Said(tuple(names[number] for number in sorted(by)), here, label),
            Said(tuple(name for number, name in enumerate(names) if number not in by), ()),
        )
        yield (RELATION,), {label}, said


def _meet(a: Ref, b: Ref) -> bool:
    return a.document == b.document and a.kind == b.kind and a.start < b.end and b.start < a.end


def _stretch(said: Sequence[Said]) -> tuple[int, int]:
    marks = [mark for one in said for mark in one.marks]
    return min(mark[0] for mark in marks), max(mark[1] for mark in marks)


def _difference(case: Case, kinds: tuple[str, ...], labels: Iterable[str], said: Sequence[Said]) -> Difference:
    start, end = _stretch(said)
    text = case.document.text
    first, last = _around(text, case.segments, start, end)
    ordered = tuple(sorted(said, key=lambda one: (not one.marks, one.annotators)))
    document = case.document
    return Difference(
        document.id,
        document.pair,
        document.lang,
        kinds,
        tuple(sorted(labels)),
        start,
        end,
        ordered,
        first,
        text[first:last],
    )


def _around(text: str, segments: Segments | None, start: int, end: int) -> tuple[int, int]:
    """The sentences around a stretch, or so many characters where these are long or not known."""
    low, high = max(0, start - _AROUND), min(len(text), end + _AROUND)
    if segments is None or not segments.sentences:
        return low, high
    before, after = (
        bisect_right(segments.sentences, at, key=lambda s: s[0]) - 1 for at in (start, max(start, end - 1))
    )
    first = min(start, segments.sentences[max(0, before)][0])
    last = max(end, segments.sentences[max(0, after)][1])
    return (first, last) if last - first <= _MOST else (max(first, low), min(last, high))


def with_partners(workspace: Workspace, found: Sequence[Difference]) -> list[Difference]:
    """The differences with the aligned passages of the other version, as far as the pairs are aligned."""
    result: list[Difference] = []
    for start in range(0, len(found), 200):
        batch = found[start : start + 200]
        alignments = workspace.fetch(ALIGNMENTS, {d.pair for d in batch if d.pair})
        versions = {id for a in alignments.values() for id in (a.en, a.zh)}
        documents = workspace.fetch(DOCUMENTS, versions)
        for d in batch:
            alignment = alignments.get(d.pair)
            if alignment is None or d.document not in (alignment.en, alignment.zh):
                result.append(d)
                continue
            mine, other = ("en", "zh") if d.document == alignment.en else ("zh", "en")
            document = documents.get(getattr(alignment, other))
            current = documents.get(d.document)
            if document is None or document.sha != getattr(alignment, f"{other}_sha"):
                result.append(d)
                continue
            if current is None or current.sha != getattr(alignment, f"{mine}_sha"):
                result.append(d)
                continue
            passages = [
                document.text[s:e]
                for bead in alignment.beads
                if any(s < d.end and d.start < e for s, e in getattr(bead, mine))
                for s, e in getattr(bead, other)
            ]
            result.append(replace(d, partner=" ".join(passages)[:_PARTNER]))
    return result
