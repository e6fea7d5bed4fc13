"""An annotation of Label Studio back to layers, each mark proved against the frozen text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

from annotators.repeats import Shown, follow, follow_relations
from annotators.studio import config
from annotators.studio.anchor import Moved, slipped
from annotators.studio.convert import CLAIMANT_RELATION, parse_target
from corpus.document import (
    AUTHOR,
    Claim,
    Document,
    Entity,
    Layer,
    Ref,
    Relation,
    Span,
    Target,
    sorted_claims,
    sorted_entities,
)
from corpus.errors import SpanError
from corpus.migration import Name, Names
from corpus.report import Skipped
from corpus.scheme import Label, RelationLabel, Scheme

Json = Mapping[str, Any]


@dataclass
class _Mark:
    """A region: its document, its span, its label, and the results of its controls by their names without language."""

    document: Document
    span: Span
    label: str
    origin: str
    link: str
    values: dict[str, list[Any]] = field(default_factory=dict)

    @property
    def where(self) -> str:
        return f"{self.document.id} {self.span.start}-{self.span.end}"


@dataclass
class _Reader:
    scheme: Scheme
    documents: Mapping[str, Document]
    shown: Mapping[str, Shown | Moved]
    source: str
    problems: list[Skipped] = field(default_factory=list)

    def problem(self, what: str, why: str) -> None:
        self.problems.append(Skipped(what, why))


def layers_of(
    result: Sequence[Json],
    documents: Sequence[Document],
    scheme: Scheme,
    *,
    source: str,
    version: str = "",
    shown: Mapping[str, Shown | Moved] | None = None,
    quotes: bool = True,
) -> tuple[list[Layer], list[Skipped]]:
    """The layers in the `result` of an annotation of a task made of `documents`, one a document, and what was not taken.

    Offsets are proved against the texts; the words that Label Studio recorded only serve to notice a mark that has
    slipped. White space at the edges of a mark made or changed by hand is left off. A claimant is taken from the
    relation, else from the words, else it is the author. The claimant relations are among the layer's relations as well.
    A problem that begins with "kept" is one to look at; all others say what was left out.

    `shown` is what the task shows of each document, by id: all of it where that is not said. A pull quote that is not
    shown gets the marks of the passage that it repeats, unless `quotes` says otherwise: those of a part of an article get
    them when all parts are joined. A `Moved` brings marks on an earlier text to the one of now.
    """
    reader = _Reader(scheme, {document.lang: document for document in documents}, shown or {}, source)
    marks = _marks(reader, result)
    relations = _relations(reader, result, marks)
    entities: dict[str, list[Entity]] = {document.id: [] for document in documents}
    claims: dict[str, list[Claim]] = {document.id: [] for document in documents}
    for id, mark in marks.items():
        if mark.label == scheme.claim.name:
            claim = _claim(reader, id, mark, marks, relations)
            if claim is None:
                relations = [(label, head, tail) for label, head, tail in relations if id not in (head, tail)]
            else:
                claims[mark.document.id].append(claim)
        else:
            link = mark.link if mark.origin in ("", "prediction") else ""
            entities[mark.document.id].append(Entity(mark.span, mark.label, source=source, link=link))
    made = [
        Relation(label, _ref(scheme, marks[head]), _ref(scheme, marks[tail]), source=source)
        for label, head, tail in relations
    ]
    layers = []
    for document in documents:
        mentions = _without_twins(reader, document, sorted_entities(entities[document.id]))
        stated = _checked_claims(reader, document, sorted_claims(claims[document.id]))
        if quotes and _less(shown, document):
            mentions, stated = follow(document, mentions, stated)
            made = list(follow_relations(document, made, mentions, stated))
        layers.append(Layer(document.id, document.sha, source, version, mentions, stated))
    by_head = sorted(set(made), key=lambda r: (r.head, r.label, r.tail))
    return [
        replace(layer, relations=tuple(r for r in by_head if r.head.document == layer.document)) for layer in layers
    ], reader.problems


def _less(shown: Mapping[str, Shown | Moved] | None, document: Document) -> bool:
    return shown is not None and document.id in shown and not shown[document.id].whole(document.text)


def _marks(reader: _Reader, result: Sequence[Json]) -> dict[str, _Mark]:
    marks: dict[str, _Mark] = {}
    attributes: list[tuple[str, str, Json]] = []
    for entry in result:
        if not isinstance(entry, Mapping) or entry.get("type") == "relation":
            continue
        lang, id = str(entry.get("to_name")), str(entry.get("id"))
        value = entry.get("value")
        if not isinstance(value, Mapping):
            reader.problem(f"region {id}", "holds no value")
        elif lang not in reader.documents:
            reader.problem(f"region {id}", f"was marked where this task has no text ({lang})")
        elif entry.get("from_name") == f"{config.LABEL}_{lang}":
            _add_mark(reader, marks, id, lang, entry, value)
        else:
            attributes.append((id, lang, entry))
    for id, lang, entry in attributes:
        # The hotkeys of the other language's controls leave results here that nobody saw: only its own count.
        name, _, own = str(entry.get("from_name")).rpartition("_")
        if id in marks and own == lang and marks[id].document.lang == lang:
            content = entry["value"].get("text" if entry.get("type") == "textarea" else str(entry.get("type")))
            marks[id].values[name] = _listed(content)
    return marks


def _add_mark(reader: _Reader, marks: dict[str, _Mark], id: str, lang: str, entry: Json, value: Json) -> None:
    document = reader.documents[lang]
    start, end = value.get("start"), value.get("end")
    where = f"{document.id} {start}-{end}"
    origin = str(entry.get("origin") or "")
    if type(start) is not int or type(end) is not int:
        reader.problem(where, "the offsets are no integers")
        return
    shown = reader.shown.get(document.id)
    text = document.text if shown is None else shown.text
    said = value.get("text")
    try:
        surface = Span.of(text, start, end).surface
        if isinstance(said, str) and _bare(said) != _bare(surface):
            place = slipped(text, start, end, said)
            if place is None:
                reader.problem(where, f"Label Studio recorded {said!r} there, the text has {surface!r}")
                return
            start, end = place
            reader.problem(where, f"kept at {start}-{end}, the only place with the words {said!r} that were recorded")
        if shown is not None:
            place = shown.outward(start, end)
            if place is None:
                reader.problem(where, _nowhere(shown, start, end))
                return
            start, end = place
        span = Span.of(document.text, start, end)
    except SpanError as error:
        reader.problem(where, str(error))
        return
    if origin not in ("", "prediction"):
        span = _trimmed(document, span)
        if not span.surface.strip():
            reader.problem(where, "only white space is marked")
            return
    names = _listed(value.get("labels"))
    labels = [name for name in (_name(shown, (*reader.scheme.labels, reader.scheme.claim)) for shown in names) if name]
    if not labels:
        reader.problem(where, f"the label {', '.join(map(str, names)) or '(none)'} is not in the scheme")
        return
    if len(labels) > 1 or id in marks:
        reader.problem(where, f"kept with one of several labels: {labels[0]}")
    meta = entry.get("meta")
    link = meta.get("link") if isinstance(meta, Mapping) else None
    marks[id] = _Mark(document, span, labels[0], origin, link if isinstance(link, str) else "")


def _nowhere(shown: Shown | Moved, start: int, end: int) -> str:
    if isinstance(shown, Moved):
        return f"{shown.text[start:end]!r} cannot be placed for certain in the text as it is now; mark it there"
    return "runs over a pull quote that is not shown; mark what is before or after it"


def _bare(text: str) -> str:
    # In what was selected across lines Label Studio writes each newline as backslash and n.
    return text.replace("\\n", "").replace("\n", "").replace("\r", "")


def _trimmed(document: Document, span: Span) -> Span:
    start = span.end - len(span.surface.lstrip())
    end = span.start + len(span.surface.rstrip())
    return Span.of(document.text, start, end) if start < end else span


def _name(value: Any, labels: Sequence[Label]) -> str:
    """The scheme's name of a value that Label Studio exports: its name, or one of the names that it is shown by."""
    for label in labels:
        if value in (label.name, label.en, label.zh, config.shown(label, "en"), config.shown(label, "zh")):
            return label.name
    return ""


def _relations(reader: _Reader, result: Sequence[Json], marks: Mapping[str, _Mark]) -> list[tuple[str, str, str]]:
    """(label, head, tail) of the relations between `marks`, turned round where the arrow was drawn the other way."""
    found: list[tuple[str, str, str]] = []
    for entry in result:
        if not isinstance(entry, Mapping) or entry.get("type") != "relation":
            continue
        ends = [str(entry.get("from_id")), str(entry.get("to_id"))]
        if entry.get("direction") == "left":
            ends.reverse()
        if ends[0] not in marks or ends[1] not in marks:
            reader.problem(f"relation {ends[0]} - {ends[1]}", "joins something that was not taken over")
            continue
        where = f"relation {marks[ends[0]].where} - {marks[ends[1]].where}"
        kinds = tuple(_kind(reader.scheme, marks[end]) for end in ends)
        fitting = [r for r in reader.scheme.relations if kinds in ((r.head, r.tail), (r.tail, r.head))]
        values = _listed(entry.get("labels")) or _unnamed(reader, where, fitting)
        for value in values:
            label = next((r for r in reader.scheme.relations if value in (r.name, config.relation_value(r))), None)
            label = label or next((r for r in reader.scheme.relations if r.name == str(value).split(" ")[0]), None)
            if label is None or label not in fitting:
                reader.problem(where, f"the label {value!r} does not join {kinds[0]} and {kinds[1]}")
                continue
            head, tail = ends if kinds == (label.head, label.tail) else ends[::-1]
            if (label.name, head, tail) not in found:
                found.append((label.name, head, tail))
    return found


def _unnamed(reader: _Reader, where: str, fitting: Sequence[RelationLabel]) -> list[str]:
    """The label of an arrow that was drawn and never named: the only one that fits, else that of a claimant."""
    names = [label.name for label in fitting]
    if CLAIMANT_RELATION in names and len(names) > 1:
        reader.problem(where, "kept as the claimant: the arrow has no name")
        return [CLAIMANT_RELATION]
    if len(names) != 1:
        reader.problem(where, "has no label, and several fit" if names else "joins what no relation joins")
        return []
    return names


def _kind(scheme: Scheme, mark: _Mark) -> Any:
    return "claim" if mark.label == scheme.claim.name else "entity"


def _ref(scheme: Scheme, mark: _Mark) -> Ref:
    return Ref(mark.document.id, _kind(scheme, mark), mark.span.start, mark.span.end)


def _claim(
    reader: _Reader, id: str, mark: _Mark, marks: Mapping[str, _Mark], relations: Sequence[tuple[str, str, str]]
) -> Claim | None:
    scheme = reader.scheme
    type = _name(_first(mark.values.get(config.TYPE)), scheme.claim_types)
    stance = _name(_first(mark.values.get(config.STANCE)), scheme.stances)
    if not type or not stance:
        reader.problem(mark.where, f"the claim has no {'type' if not type else 'stance'}; set it in Label Studio")
        return None
    area = _first(mark.values.get(config.AREA))
    area_name = _name(area[-1] if isinstance(area, list) and area else area, scheme.policy_areas)
    claimant, claimant_span = _claimant(reader, id, mark, marks, relations)
    return Claim(
        span=mark.span,
        type=type,
        stance=stance,
        claimant=claimant,
        policy_area=area_name,
        targets=_targets(reader, mark),
        claimant_span=claimant_span,
        source=reader.source,
    )


def _claimant(
    reader: _Reader, id: str, mark: _Mark, marks: Mapping[str, _Mark], relations: Sequence[tuple[str, str, str]]
) -> tuple[str, tuple[int, int] | None]:
    mentions = [marks[tail] for label, head, tail in relations if label == CLAIMANT_RELATION and head == id]
    if mentions:
        if len(mentions) > 1:
            reader.problem(mark.where, "kept with the first of several claimants")
        first = min(mentions, key=lambda m: (m.document.id != mark.document.id, m.span.start))
        here = first.document.id == mark.document.id
        return first.span.surface, (first.span.start, first.span.end) if here else None
    words = _first(mark.values.get(config.CLAIMANT))
    if isinstance(words, str) and words.strip():
        return words, None
    return AUTHOR, None


def _targets(reader: _Reader, mark: _Mark) -> tuple[Target, ...]:
    targets = []
    for line in mark.values.get(config.TARGETS, ()):
        target = parse_target(str(line))
        if target.value:
            targets.append(target)
        else:
            reader.problem(mark.where, f"the target {line!r} has no value; expected: value | unit | by")
    return tuple(targets)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _first(values: list[Any] | None) -> Any:
    return values[0] if values else None


def _without_twins(reader: _Reader, document: Document, entities: Sequence[Entity]) -> tuple[Entity, ...]:
    kept: list[Entity] = []
    for entity in entities:
        where = f"{document.id} {entity.start}-{entity.end}"
        if any((e.span, e.label) == (entity.span, entity.label) for e in kept):
            reader.problem(where, "is marked twice; taken once")
            continue
        if any(e.span.overlaps(entity.span) for e in kept):
            reader.problem(where, f"kept although {entity.label} overlaps another entity")
        kept.append(entity)
    return tuple(kept)


def _checked_claims(reader: _Reader, document: Document, claims: tuple[Claim, ...]) -> tuple[Claim, ...]:
    for first, second in pairwise(claims):
        if first.span.overlaps(second.span):
            reader.problem(f"{document.id} {second.start}-{second.end}", "kept although it overlaps another claim")
    return claims


_KINDS = {config.LABEL: "label", config.TYPE: "type", config.STANCE: "stance", config.AREA: "area"}


def translated(result: Sequence[Any], names: Names, scheme: Scheme) -> list[Any]:
    """The results of an annotation or a prediction in the names of the scheme; for `names` see `corpus.migration.renames`.

    Label Studio keeps what was made before a migration as it was. What was dropped goes, with what it was on.
    """
    if not names:
        return list(result)
    values = {label.name: config.relation_value(label) for label in scheme.relations}
    gone: set[str] = set()
    made: list[Any] = []
    for entry in result:
        if not isinstance(entry, Mapping):
            made.append(entry)
        elif entry.get("type") == "relation":
            labels = [_became("relation", label, names) for label in _listed(entry.get("labels"))]
            labels = [values.get(label, label) if isinstance(label, str) else label for label in labels]
            if all(labels):
                made.append({**entry, "labels": labels})
        else:
            kind = _KINDS.get(str(entry.get("from_name")).rpartition("_")[0], "")
            value, key = entry.get("value"), str(entry.get("type"))
            if not kind or not isinstance(value, Mapping) or not isinstance(value.get(key), list):
                made.append(entry)
                continue
            chosen = [_became(kind, name, names) for name in value[key]]
            if all(chosen):
                made.append({**entry, "value": {**value, key: chosen}})
            elif kind != "area":
                gone.add(str(entry.get("id")))
    return [entry for entry in made if gone.isdisjoint(_ends(entry))]


def _became(kind: str, value: Any, names: Names) -> Any:
    """What a value has become, None where it was dropped. An area is a path, a relation's label has its Chinese name."""
    if isinstance(value, list):
        path = [_became(kind, part, names) for part in value]
        return path if all(path) else None
    if not isinstance(value, str):
        return value
    name = value.split(" ")[0] if kind == "relation" else value
    if kind == "label" and Name("claim", name) in names:
        kind = "claim"
    return names.get(Name(kind, name), value)


def _ends(entry: Any) -> set[str]:
    return {str(entry.get(key)) for key in ("id", "from_id", "to_id")} if isinstance(entry, Mapping) else set()
