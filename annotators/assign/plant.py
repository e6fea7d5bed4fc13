"""Errors planted in what annotators are shown, and taken out again where they left them standing.

A planted error is one that a pre-annotation could make: a label that is easily taken for the right one, an end that is a word
off, a common noun marked as a name, a mention left out. It replaces one of the surest marks, so that it is known to be wrong.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from annotators.assign.plan import KINDS, Assignment, Kind, Plan, Planted
from annotators.repeats import follow, shown_text
from annotators.studio.tables import ANNOTATIONS, Annotation
from corpus.document import (
    Document,
    Entity,
    Group,
    Item,
    Layer,
    Ref,
    Segments,
    Span,
    Token,
    sorted_entities,
)
from corpus.language import HAN
from corpus.schema import DOCUMENTS
from corpus.store import Workspace

SOURCE = "planted"
"""The source of a mark that was planted, by which the copy in the table `pushed` tells it."""

_MARKS_EACH = 8
_MOST = len(KINDS)

# What is taken for what, in the scheme that comes with hemu; any other label of another scheme.
_CONFUSED: Mapping[str, tuple[str, ...]] = {
    "OFFICIAL": ("PERSON",),
    "PERSON": ("OFFICIAL",),
    "FIRM": ("ORG", "AGENCY"),
    "AGENCY": ("ORG", "FIRM"),
    "ORG": ("AGENCY", "FIRM"),
    "PLACE": ("ORG", "AGENCY"),
    "POLICY": ("ORG",),
}
# A common noun is marked as one of these.
_INVENTED = ("AGENCY", "ORG", "POLICY", "FIRM", "PLACE")

_COMMON = re.compile(rf"[a-z]{{5,}}|[{HAN}]{{2,4}}")
_NOUNS = frozenset({"NN", "NNS", "NOUN", "n"})
_WORD = re.compile(rf"[^\W_]+|[{HAN}]+")

Range = tuple[int, int]


def planted(
    group: Group, labels: Sequence[str], *, kinds: Sequence[Kind] = KINDS, seed: str = ""
) -> tuple[Planted, ...]:
    """Errors for an article, one for about every eight marks, four at most, each of another kind, in the order of `kinds`.

    The group's entities are its pre-annotation, `labels` those of the scheme. None where the article has no place for any.
    """
    chance = random.Random(seed)
    marks = sum(len(item.entities) for item in group.items)
    number = max(1, min(_MOST, round(marks / _MARKS_EACH)))
    places = [_Place.of(item, labels) for item in group.items]
    made: list[Planted] = []
    for kind in kinds:
        if len(made) == number:
            break
        order = list(places)
        chance.shuffle(order)
        for place in order:
            if (error := place.plant(kind, chance)) is not None:
                made.append(error)
                break
    return tuple(made)


@dataclass
class _Place:
    """One text, and where something can be planted in it."""

    item: Item
    labels: Sequence[str]
    shown: Sequence[Range]
    words: list[Range]
    tags: dict[Range, str]
    taken: list[Range]
    sure: list[Entity]

    @classmethod
    def of(cls, item: Item, labels: Sequence[str]) -> _Place:
        text = item.document.text
        shown = shown_text(item.document).pieces
        cut = [(t.start, t.end) for t in item.segments.tokens] or [m.span() for m in _WORD.finditer(text)]
        words = [(a, b) for a, b in cut if any(map(str.isalnum, text[a:b])) and _inside((a, b), shown)]
        tags = {(t.start, t.end): t.tag for t in _tagged(item)}
        # A claim that loses its claimant would look odd; and what overlaps something is two marks.
        claimants = {claim.claimant_span for claim in item.claims}
        spans = [(e.start, e.end) for e in item.entities]
        alone = [
            e
            for e in item.entities
            if (e.start, e.end) not in claimants
            and _inside((e.start, e.end), shown)
            and sum(a < e.end and e.start < b for a, b in spans) == 1
        ]
        middle = sorted(e.score for e in item.entities)[len(item.entities) // 2] if item.entities else 0.0
        sure = [e for e in alone if e.score >= middle] or alone
        return cls(item, labels, shown, words, tags, spans, sure)

    def plant(self, kind: Kind, chance: random.Random) -> Planted | None:
        document = self.item.document
        if kind == "invented":
            return self._invented(chance)
        left = list(self.sure)
        chance.shuffle(left)
        for entity in left:
            before = Planted(kind, document.id, document.sha, entity.start, entity.end, entity.label)
            if kind == "missing":
                made: Planted | None = before
            elif kind == "label":
                labels = [name for name in _CONFUSED.get(entity.label, self.labels) if name in self.labels]
                others = [name for name in labels or self.labels if name != entity.label]
                made = (
                    replace(before, wrong_start=entity.start, wrong_end=entity.end, wrong_label=chance.choice(others))
                    if others
                    else None
                )
            else:
                spans = self._off(entity)
                made = None
                if spans:
                    start, end = chance.choice(spans)
                    self.taken.append((start, end))
                    made = replace(before, wrong_start=start, wrong_end=end, wrong_label=entity.label)
            if made is not None:
                self.sure.remove(entity)
                return made
        return None

    def _off(self, entity: Entity) -> list[Range]:
        """The spans that are a word shorter or longer."""
        start, end = entity.start, entity.end
        inside = [w for w in self.words if start <= w[0] and w[1] <= end]
        if len(inside) > 1:
            return [(inside[1][0], end), (start, inside[-2][1])]
        at = next((n for n, w in enumerate(self.words) if w[0] < end and start < w[1]), None)
        if at is None:
            return []
        found = []
        for near in (at - 1, at + 1):
            if not 0 <= near < len(self.words):
                continue
            a, b = min(start, self.words[near][0]), max(end, self.words[near][1])
            between = (
                self.item.document.text[min(end, b) : self.words[near][0]]
                if near > at
                else (self.item.document.text[self.words[near][1] : start])
            )
            others = [s for s in self.taken if s != (start, end)]
            if not between.strip(" ") and not _meets((a, b), others) and _inside((a, b), self.shown):
                found.append((a, b))
        return found

    def _invented(self, chance: random.Random) -> Planted | None:
        text, document = self.item.document.text, self.item.document
        named = {text[a:b].casefold() for a, b in self.taken}
        labels = [label for label in _INVENTED if label in self.labels] or list(self.labels)
        common = [
            w
            for w in self.words
            if _COMMON.fullmatch(text[w[0] : w[1]])
            and (not self.tags or self.tags.get(w) in _NOUNS)
            and not _meets(w, self.taken)
            and not any(text[w[0] : w[1]] in name for name in named)
        ]
        if not common or not labels:
            return None
        start, end = chance.choice(common)
        self.taken.append((start, end))
        label = chance.choice(labels)
        return Planted("invented", document.id, document.sha, wrong_start=start, wrong_end=end, wrong_label=label)


def _tagged(item: Item) -> Sequence[Token]:
    """The words with their parts of speech; none where these are not known."""
    tokens = item.segments.tokens
    if item.document.lang == "zh" and item.segments.sentences:
        from annotators.claims.tags import tags_of

        tokens = tags_of(item.document.text, item.segments.sentences).tokens
    return tokens if any(token.tag for token in tokens) else ()


def _inside(span: Range, pieces: Sequence[Range]) -> bool:
    return any(a <= span[0] and span[1] <= b for a, b in pieces)


def _meets(span: Range, others: Sequence[Range]) -> bool:
    return any(a < span[1] and span[0] < b for a, b in others)


def with_planted(group: Group, errors: Sequence[Planted]) -> Group:
    """The group with these errors in its pre-annotation, whichever version that is by now.

    What was marked at the place goes. An error that was planted in another text is passed over.
    """
    return replace(group, items=tuple(_with(item, errors) for item in group.items))


def _with(item: Item, errors: Sequence[Planted]) -> Item:
    document = item.document
    entities = list(item.entities)
    for error in _fitting(document.id, document.sha, errors):
        spans = [(error.start, error.end), (error.wrong_start, error.wrong_end)]
        there = [e for e in entities if _meets((e.start, e.end), [s for s in spans if s[0] >= 0])]
        entities = [e for e in entities if e not in there]
        if error.wrong_start >= 0:
            scores = sorted(e.score for e in there or item.entities)
            score = scores[len(scores) // 2] if scores else 1.0
            span = Span.of(document.text, error.wrong_start, error.wrong_end)
            # Label Studio shows a mark's link beside it: one without would stand out.
            link = next((e.link for e in there if e.link), "")
            entities.append(Entity(span, error.wrong_label, score, SOURCE, link))
    return replace(item, entities=sorted_entities(entities))


def _fitting(document: str, sha: str, errors: Sequence[Planted]) -> Iterator[Planted]:
    return (error for error in errors if (error.document, error.sha) == (document, sha))


def is_left(error: Planted, layer: Layer) -> bool:
    """Whether an annotator left a planted error as it was: the wrong mark stands, or nothing where a mark was taken away."""
    if error.kind == "missing":
        return not _meets((error.start, error.end), [(e.start, e.end) for e in layer.entities])
    wrong = (error.wrong_start, error.wrong_end, error.wrong_label)
    return any((e.start, e.end, e.label) == wrong for e in layer.entities)


def is_corrected(error: Planted, layer: Layer) -> bool:
    """Whether what the pre-annotation had is there again (for an invented mark: whether it is gone)."""
    if error.kind == "invented":
        return not is_left(error, layer)
    right = (error.start, error.end, error.label)
    return not is_left(error, layer) and any((e.start, e.end, e.label) == right for e in layer.entities)


def without_planted(layer: Layer, errors: Sequence[Planted], document: Document) -> tuple[Layer, tuple[Planted, ...]]:
    """The layer of an annotator of `document` without the planted errors that were left standing in it, and which these were.

    In their place comes what the pre-annotation had there, as in any task without planted errors that an annotator lets pass;
    an invented mark goes. Relations, claimants and pull quotes follow. Where that place is taken meanwhile, nothing comes.
    """
    left = tuple(error for error in _fitting(layer.document, layer.sha, errors) if is_left(error, layer))
    if not left:
        return layer, ()
    entities = list(layer.entities)
    became: dict[Range, Range | None] = {}
    for error in left:
        wrong, right = (error.wrong_start, error.wrong_end), (error.start, error.end)
        stood = [e for e in entities if (e.start, e.end, e.label) == (*wrong, error.wrong_label)]
        entities = [e for e in entities if e not in stood]
        restored = error.kind != "invented" and not _meets(right, [(e.start, e.end) for e in entities])
        if restored:
            link = next((e.link for e in stood if e.link), "")
            entities.append(Entity(document.span(*right), error.label, source=layer.source, link=link))
        if error.kind != "missing":
            became[wrong] = right if restored else None
    claims = tuple(
        replace(c, claimant_span=became[c.claimant_span]) if c.claimant_span in became else c for c in layer.claims
    )
    relations = []
    for relation in layer.relations:
        ends = [_moved(layer.document, end, became) for end in (relation.head, relation.tail)]
        if ends[0] is not None and ends[1] is not None:
            relations.append(replace(relation, head=ends[0], tail=ends[1]))
    marks, claims = follow(document, sorted_entities(entities), claims)
    return replace(layer, entities=marks, claims=claims, relations=tuple(relations)), left


def _moved(document: str, ref: Ref, became: Mapping[Range, Range | None]) -> Ref | None:
    if ref.document != document or ref.kind != "entity" or (ref.start, ref.end) not in became:
        return ref
    place = became[ref.start, ref.end]
    return None if place is None else replace(ref, start=place[0], end=place[1])


@dataclass(frozen=True, slots=True)
class Left:
    """A planted error that an annotator left standing."""

    annotator: str
    person: str
    id: int
    error: Planted


class Undoing:
    """Takes planted errors out of annotations, one after another; make gold of what it returns.

    Those of an article that was reviewed (`hemu assign --reviewed`) stay as they are: somebody else has looked at them. Where the
    text has changed since they were planted, they cannot be told from other marks: the annotation does not count then.
    """

    def __init__(self, workspace: Workspace, plan: Plan | None = None) -> None:
        self.plan = Plan.of(workspace) if plan is None else plan
        ids = {error.document for one in self.plan.all for error in one.planted}
        self._documents = workspace.fetch(DOCUMENTS, ids) if ids else {}
        self.left: list[Left] = []
        self.stale: list[Annotation] = []

    def __call__(self, annotation: Annotation) -> Annotation:
        """The annotation without what was left of them, which is added to `left`; one that does not count to `stale`."""
        one = self.plan.of_annotation(annotation)
        layer = annotation.layer
        here = [e for e in errors_of(one) if e.document == layer.document]
        if one is None or one.reviewed or not here or not annotation.counts:
            return annotation
        document = self._documents.get(layer.document)
        if document is None or document.sha != layer.sha or any(error.sha != layer.sha for error in here):
            self.stale.append(annotation)
            return replace(annotation, skipped=True)
        layer, left = without_planted(layer, here, document)
        self.left += [Left(annotation.annotator, one.person, annotation.id, error) for error in left]
        return replace(annotation, layer=layer) if left else annotation


def planted_left(workspace: Workspace) -> list[Left]:
    """Every planted error that stands in an annotation which counts, and was not reviewed."""
    undo = Undoing(workspace)
    if any(one.planted for one in undo.plan.all):
        for annotation in workspace.current(ANNOTATIONS):
            undo(annotation)
    return undo.left


def group_with(documents: Sequence[Document], layers: Mapping[str, Layer], segments: Mapping[str, Segments]) -> Group:
    """A group with its pre-annotation, for `planted`; a document that is not segmented is cut at its words."""
    items = []
    for document in documents:
        cut = segments.get(document.id)
        if cut is None or cut.sha != document.sha:
            cut = Segments(document.id, document.sha, ())
        layer = layers[document.id]
        items.append(Item(document, cut, layer.entities, layer.claims))
    return Group(tuple(items))


def errors_of(assignment: Assignment | None) -> tuple[Planted, ...]:
    """What is planted for an assignment."""
    return assignment.planted if assignment is not None and assignment.mode == "planted" else ()
