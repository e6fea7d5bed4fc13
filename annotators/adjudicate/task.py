"""A task of the project of disputes: both texts, every mark with what it is, and the list of who says what."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal

from annotators.adjudicate.asked import Asked, asked_of, claim_in
from annotators.adjudicate.config import AGREED, NOT_TAKEN
from annotators.adjudicate.decide import Adjudicated, Ruled
from annotators.adjudicate.places import ENTITY, RELATION, Drawn, Mark, What
from annotators.studio.config import relation_value
from annotators.studio.convert import prediction_of, shown_in, task_of
from corpus.document import AUTHOR, Claim, Document, Entity, Group, Item, Lang, Ref, Relation, Segments, Span
from corpus.scheme import Label, Scheme

Json = dict[str, Any]
State = Literal["agreed", "taken", "open"]
AGREED_STATE: State = "agreed"
TAKEN: State = "taken"
OPEN: State = "open"

STATE, OWN = "hemu", "own"
"""What the copy that stays in the workspace says of each result: its state, and which arrow is that of a claim not taken."""

_MOST = 60


@dataclass(frozen=True, slots=True)
class Said:
    """What is to be asked of one document: its annotators as they are called in the workspace, and what they make of it."""

    document: Document
    annotators: tuple[str, ...]
    made_of: str
    made: Adjudicated


@dataclass(frozen=True)
class Called:
    """How annotators, and the names of the scheme by language, are called in what adjudicators read."""

    annotators: Mapping[str, str]
    scheme: Scheme

    @cached_property
    def _names(self) -> dict[Lang, dict[str, str]]:
        s = self.scheme
        labels: list[Label] = [*s.labels, *s.claim_types, *s.stances, *s.policy_areas]
        return {"en": {label.name: label.en for label in labels}, "zh": {label.name: label.zh for label in labels}}

    def name(self, name: str, lang: Lang) -> str:
        """A name of the scheme as annotators see it."""
        return self._names[lang].get(name, name)


@dataclass(frozen=True, slots=True)
class Built:
    """A task to be sent (`data`, `prediction`), and what stays in the workspace."""

    key: str
    documents: tuple[str, ...]
    data: Json
    prediction: Json
    kept: tuple[Json, ...]
    asked: tuple[Asked, ...]


@dataclass
class _Marks:
    """The marks of one document with what each of them is and what is noted on it."""

    entities: list[Entity] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)
    relations: dict[Drawn, State] = field(default_factory=dict)
    states: dict[Ref, State] = field(default_factory=dict)
    notes: dict[Ref, str] = field(default_factory=dict)


def key_of(several: Sequence[Said]) -> str:
    """What makes a task of disputes the same: the texts, and what everybody says of them."""
    content = ["disputes", *sorted([s.document.id, s.document.sha, s.made_of] for s in several)]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:32]


def build(several: Sequence[Said], scheme: Scheme, names: Mapping[str, str]) -> Built:
    """The task of an article. `names` says how annotators are called in it.

    What is taken at first is what an adjudicator decided before, else the majority's.
    """
    key, called = key_of(several), Called(names, scheme)
    marks = {one.document.id: _marks(one, called) for one in several}
    items = []
    for one in several:
        mine = marks[one.document.id]
        cut = Segments(one.document.id, one.document.sha, ())
        items.append(Item(one.document, cut, tuple(mine.entities), tuple(mine.claims)))
    group = Group(tuple(items))
    data = {**task_of(group), "key": key, "disputes": panel(several, called)}
    shown = {one.document.id: shown_in(data, one.document) for one in several}
    # First the arrows that claims have by themselves, to their claimants.
    own = prediction_of(group, (), "disputes", scheme, shown=shown)["result"]
    arrows = {(r["from_id"], r["to_id"], r["labels"][0]) for r in own if r["type"] == "relation"}
    relations = [Relation(d.label, d.head, d.tail) for mine in marks.values() for d in mine.relations]
    prediction = prediction_of(group, relations, f"disputes {key[:8]}", scheme, shown=shown)
    ids = _ids(group)
    kept = _with_states(prediction["result"], marks, ids, arrows, scheme)
    prediction["result"] = [_sent(entry, scheme) for entry in kept]
    asked = [
        asked_of(
            one.annotators,
            one.made_of,
            [ruled.place for ruled in one.made.places if _seen(ruled, ids)],
            one.made.locked or one.made.layer,
        )
        for one in several
    ]
    return Built(key, tuple(one.document.id for one in several), data, prediction, tuple(kept), tuple(asked))


def _seen(ruled: Ruled, ids: Mapping[Ref, str]) -> bool:
    """Whether it can be decided on in this task: a relation to a mark that it does not have cannot."""
    drawn = [one for what in ruled.place.said for one in what if isinstance(one, Drawn)]
    return all(one.head in ids and one.tail in ids for one in drawn)


def standing(ruled: Ruled) -> What:
    """What is taken of a place before anybody decides anew."""
    verdict = ruled.verdict or ruled.earlier
    return verdict.decision if verdict else ruled.place.proposed


def _marks(one: Said, called: Called) -> _Marks:
    mine, document = _Marks(), one.document
    made, text = one.made, document.text
    locked = made.locked or made.layer

    def put(kind: Literal["entity", "claim"], span: Span, state: State, note: str = "") -> bool:
        ref = Ref(document.id, kind, span.start, span.end)
        if ref in mine.states:
            return False
        mine.states[ref], mine.notes[ref] = state, note
        return True

    for entity in locked.entities:
        if put("entity", entity.span, AGREED_STATE):
            mine.entities.append(entity)
    for claim in locked.claims:
        if put("claim", claim.span, AGREED_STATE, _attributes(claim, called, document.lang)):
            mine.claims.append(claim)
    for relation in locked.relations:
        mine.relations[Drawn(relation.label, relation.head, relation.tail)] = AGREED_STATE
    decided: list[tuple[Ruled | None, What]] = [(ruled, standing(ruled)) for ruled in made.places]
    decided += [(None, verdict.decision) for verdict in made.added]
    for state in (TAKEN, OPEN):
        for ruled, taken in decided:
            said = [] if ruled is None else list(ruled.place.versions)
            note = "" if ruled is None else _who(one, ruled, called)
            for what in taken if state == TAKEN else [each for version in said for each in version]:
                if isinstance(what, Mark) and put("entity", Span.of(text, what.start, what.end), state, note):
                    score = _share(ruled, what)
                    mine.entities.append(Entity(Span.of(text, what.start, what.end), what.label, score))
                elif isinstance(what, Claim) and put("claim", what.span, state, note):
                    mine.claims.append(replace(what, score=_share(ruled, what)))
                elif isinstance(what, Drawn):
                    mine.relations.setdefault(what, state)
    return mine


def _share(ruled: Ruled | None, what: Mark | Claim) -> float:
    """The part of the annotators who mark the same."""
    if ruled is None:
        return 1.0
    said = ruled.place.said
    return sum(what in version for version in said) / len(said)


def _ids(group: Group) -> dict[Ref, str]:
    """How `prediction_of` calls the marks of a group that has none twice."""
    ids: dict[Ref, str] = {}
    for item in group.items:
        lang, name = item.document.lang, item.document.id
        ids |= {Ref(name, "entity", e.start, e.end): f"e-{lang}-{e.start}-{e.end}" for e in item.entities}
        ids |= {Ref(name, "claim", c.start, c.end): f"c-{lang}-{c.start}-{c.end}" for c in item.claims}
    return ids


def _with_states(
    result: Iterable[Json],
    marks: Mapping[str, _Marks],
    ids: Mapping[Ref, str],
    arrows: set[tuple[str, str, str]],
    scheme: Scheme,
) -> list[Json]:
    states = {ids[ref]: state for mine in marks.values() for ref, state in mine.states.items()}
    notes = {ids[ref]: note for mine in marks.values() for ref, note in mine.notes.items()}
    values = {label.name: relation_value(label) for label in scheme.relations}
    drawn = {
        (ids.get(d.head), ids.get(d.tail), values.get(d.label)): state
        for mine in marks.values()
        for d, state in mine.relations.items()
    }
    kept = []
    for entry in result:
        if entry["type"] == "relation":
            ends = entry["from_id"], entry["to_id"], entry["labels"][0]
            state = drawn.get(ends, states[entry["from_id"]])
            own = ends in arrows and states[entry["from_id"]] == OPEN
            kept.append({**entry, STATE: state, OWN: own})
        else:
            note, state = notes[entry["id"]], states[entry["id"]]
            meta = {**entry.get("meta", {}), **({"text": [note]} if note else {})}
            kept.append({**entry, STATE: state, **({"meta": meta} if meta else {})})
    return kept


def _sent(entry: Json, scheme: Scheme) -> Json:
    """A result as Label Studio gets it: what is agreed is locked, what is not taken has a name of its own."""
    sent = {name: value for name, value in entry.items() if name not in (STATE, OWN)}
    state = entry[STATE]
    if entry["type"] == "relation":
        if state == OPEN:
            sent["labels"] = [f"{entry['labels'][0]} {NOT_TAKEN}"]
        return sent
    if state == AGREED_STATE:
        sent["readonly"] = True
    if entry["type"] == "labels" and state != TAKEN:
        name = entry["value"]["labels"][0]
        suffix = AGREED if state == AGREED_STATE else NOT_TAKEN
        sent["value"] = {**entry["value"], "labels": [f"{name}{suffix}"]}
    return sent


def _attributes(claim: Claim, called: Called, lang: Lang) -> str:
    who = ("author" if lang == "en" else "作者") if claim.claimant == AUTHOR else claim.claimant
    type, stance, area = (called.name(name, lang) for name in (claim.type, claim.stance, claim.policy_area))
    targets = ", ".join(" ".join(part for part in (t.value, t.unit, t.by) if part) for t in claim.targets)
    return " · ".join(part for part in (type, stance, who, area, targets) if part)


def _who(one: Said, ruled: Ruled, called: Called) -> str:
    return " | ".join(f"{by}: {what}" for by, what, _ in _versions(one, ruled, called))


def _versions(one: Said, ruled: Ruled, called: Called) -> list[tuple[str, str, bool]]:
    """Who says what of a place, and whether that is taken."""
    taken, found = standing(ruled), []
    for what, by in ruled.place.versions.items():
        who = ", ".join(called.annotators[one.annotators[number]] for number in by)
        found.append((who, _phrase(one, ruled, what, called), what == taken))
    return found


def _phrase(one: Said, ruled: Ruled, what: What, called: Called) -> str:
    """What is said of a place in a few words: only what differs from the others."""
    if not what:
        return "not drawn" if ruled.place.kind == RELATION else "not marked"
    if ruled.place.kind == RELATION:
        return "drawn"
    lang = one.document.lang
    others = [version for version in ruled.place.versions if version]
    spans = {tuple((m.start, m.end) for m in version if isinstance(m, Mark)) for version in others}
    if ruled.place.kind == ENTITY:
        marks = [mark for mark in what if isinstance(mark, Mark)]
        if len(spans) == 1:
            return ", ".join(called.name(mark.label, lang) for mark in marks)
        return ", ".join(f"{_short(mark.surface)} {called.name(mark.label, lang)}" for mark in marks)
    claim = claim_in(what)
    assert claim is not None
    same = len({(c.start, c.end) for c in map(claim_in, others) if c}) == 1
    attributes = _attributes(claim, called, lang)
    return attributes if same else f"{_short(claim.span.surface)} ({attributes})"


def _short(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= _MOST else words[: _MOST - 1] + "…"


def panel(several: Sequence[Said], called: Called) -> str:
    """The list of what is in dispute, as HTML: each place with its versions, what is taken now first."""
    rows, seen = [], {one.document.id: one.document for one in several}
    for one in several:
        shown = shown_in(
            task_of(Group((Item(one.document, Segments(one.document.id, one.document.sha, ())),))), one.document
        )
        for ruled in one.made.places:
            place = ruled.place
            if place.kind != RELATION and shown.inward(place.start, place.end) is None:
                continue
            versions = "".join(
                f'<li class="{"taken" if taken else ""}">{"●" if taken else "○"} {_safe(what)} '
                f'<span class="who">{_safe(who)}</span></li>'
                for who, what, taken in _versions(one, ruled, called)
            )
            decision = ""
            verdict = ruled.verdict or ruled.earlier
            if verdict is not None:
                state = "decided" if ruled.verdict else "decided before what is said changed"
                decision = f'<div class="before">{state} on {_safe(verdict.time[:10])}</div>'
            title = _title(ruled, seen, one.document)
            rows.append(f"<li>{one.document.lang.upper()} <b>{_safe(title)}</b>{decision}<ul>{versions}</ul></li>")
    return f"<h4>In dispute 有争议 ({len(rows)})</h4><ol>{''.join(rows)}</ol>"


def _title(ruled: Ruled, documents: Mapping[str, Document], document: Document) -> str:
    place = ruled.place
    if place.kind != RELATION:
        return _short(document.text[place.start : place.end])
    one = next(what for version in (*place.said, place.proposed) for what in version if isinstance(what, Drawn))
    ends = [
        _short(documents[r.document].text[r.start : r.end]) if r.document in documents else r.document
        for r in (one.head, one.tail)
    ]
    return f"{one.label}: {ends[0]} → {ends[1]}"


def _safe(text: str) -> str:
    """Text that neither HTML nor Markdown takes for anything else."""
    return "".join(c if c.isalnum() or c in " ,.:;%" or ord(c) > 127 else f"&#{ord(c)};" for c in text)
