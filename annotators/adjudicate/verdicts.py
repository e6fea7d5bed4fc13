"""What adjudicators decided: one row for each place and each time that somebody decided on it. Rows are only added."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa

from annotators.adjudicate.places import CLAIM, ENTITY, Drawn, Kind, Mark, What, bare
from corpus.document import Claim, Ref, Span, Target
from corpus.migration import Name, Names
from corpus.schema import Row, Table
from corpus.store import Workspace


@dataclass(frozen=True, slots=True)
class Version:
    """What some annotators say of a place."""

    annotators: tuple[str, ...]
    what: What


@dataclass(frozen=True, slots=True)
class Verdict:
    """What somebody decided on a place of a document, and what everybody had said of it.

    `versions` are empty where no annotator marked anything: then the adjudicator added `decision`. `proposed` is what the
    majority would have made of it, `made_of` the version of gold made of the annotations at that time; `annotation` and
    `time` (ISO 8601) are those of the annotation on the server that holds the decision.
    """

    document: str
    sha: str
    kind: Kind
    start: int
    end: int
    versions: tuple[Version, ...]
    proposed: What
    decision: What
    adjudicator: str
    time: str
    made_of: str
    url: str
    project: int
    task: int
    annotation: int

    @property
    def sides_with(self) -> tuple[str, ...]:
        """The annotators whose version was decided for; none where it is the adjudicator's own."""
        return next((v.annotators for v in self.versions if v.what == self.decision), ())

    @property
    def changed(self) -> bool:
        """Whether it is another decision than the majority's."""
        return self.decision != self.proposed


def written(what: What) -> str:
    """What is said of a place as JSON: a list of marks, of claims or of relations; `unwritten` is the way back.

    >>> written((Mark(0, 2, "PLACE", "玉林"),))
    '[[0, 2, "PLACE", "玉林"]]'
    """
    rows: list[Any] = []
    for one in what:
        if isinstance(one, Mark):
            rows.append(list(one))
        elif isinstance(one, Claim):
            rows.append(
                {
                    "start": one.start,
                    "end": one.end,
                    "text": one.span.surface,
                    "type": one.type,
                    "stance": one.stance,
                    "claimant": one.claimant,
                    "claimant_span": one.claimant_span,
                    "policy_area": one.policy_area,
                    "targets": [[t.value, t.unit, t.by] for t in one.targets],
                }
            )
        else:
            rows.append([one.label, *(list(_ref_values(ref)) for ref in (one.head, one.tail))])
    return json.dumps(rows, ensure_ascii=False)


def unwritten(kind: Kind, text: str) -> What:
    """What `written` wrote."""
    rows = json.loads(text)
    if kind == ENTITY:
        return tuple(Mark(*row) for row in rows)
    if kind == CLAIM:
        return tuple(
            Claim(
                span=Span(row["start"], row["end"], row["text"]),
                type=row["type"],
                stance=row["stance"],
                claimant=row["claimant"],
                policy_area=row["policy_area"],
                targets=tuple(Target(*target) for target in row["targets"]),
                claimant_span=tuple(row["claimant_span"]) if row["claimant_span"] else None,
            )
            for row in rows
        )
    return tuple(Drawn(label, Ref(*head), Ref(*tail)) for label, head, tail in rows)


def _ref_values(ref: Ref) -> tuple[str, str, int, int]:
    return ref.document, ref.kind, ref.start, ref.end


_STRINGS = ("document", "sha", "kind", "proposed", "decision", "adjudicator", "time", "made_of", "url")
_NUMBERS = ("start", "end", "project", "task", "annotation")
_FIELDS: list[tuple[str, pa.DataType]] = [
    ("document", pa.string()),
    ("sha", pa.string()),
    ("kind", pa.string()),
    ("start", pa.int32()),
    ("end", pa.int32()),
    ("versions", pa.list_(pa.struct([("annotators", pa.list_(pa.string())), ("what", pa.string())]))),
    ("proposed", pa.string()),
    ("decision", pa.string()),
    ("adjudicator", pa.string()),
    ("time", pa.string()),
    ("made_of", pa.string()),
    ("url", pa.string()),
    ("project", pa.int64()),
    ("task", pa.int64()),
    ("annotation", pa.int64()),
    ("place", pa.string()),
]


def _place(verdict: Verdict) -> str:
    """Tells apart the places that one annotation decides on."""
    if verdict.kind in (ENTITY, CLAIM):
        return f"{verdict.kind} {verdict.start}-{verdict.end}"
    one = next(what for what in (verdict.decision, verdict.proposed, *(v.what for v in verdict.versions)) if what)[0]
    assert isinstance(one, Drawn)
    return f"{one.label} {one.head.start}-{one.head.end} {one.tail.document} {one.tail.start}-{one.tail.end}"


def _row(verdict: Verdict) -> Row:
    return {
        **{name: getattr(verdict, name) for name in (*_STRINGS, *_NUMBERS)},
        "versions": [{"annotators": list(v.annotators), "what": written(v.what)} for v in verdict.versions],
        "proposed": written(verdict.proposed),
        "decision": written(verdict.decision),
        "place": _place(verdict),
    }


def _verdict(row: Row) -> Verdict:
    kind = row["kind"]
    given = {name: row[name] for name in (*_STRINGS, *_NUMBERS)}
    given |= {name: unwritten(kind, row[name]) for name in ("proposed", "decision")}
    versions = tuple(Version(tuple(v["annotators"]), unwritten(kind, v["what"])) for v in row["versions"])
    return Verdict(versions=versions, **given)


VERDICTS: Table[Verdict] = Table(
    "verdicts",
    pa.schema(_FIELDS),
    lambda v: f"{v.url} {v.annotation} {v.time} {v.document} {_place(v)}",
    _row,
    _verdict,
    ("url", "annotation", "time", "document", "place"),
)
"""All verdicts ever given: an earlier one on the same place stays, and the latest counts."""


def verdicts_of(workspace: Workspace, names: Names) -> dict[str, list[Verdict]]:
    """By document, what was decided on it, earliest first, in the names of the scheme (see `corpus.migration.renames`)."""
    by: dict[str, list[Verdict]] = {}
    for verdict in workspace.read(VERDICTS).values():
        by.setdefault(verdict.document, []).append(in_names(verdict, names))
    for several in by.values():
        several.sort(key=lambda v: (v.time, v.annotation))
    return by


@dataclass(frozen=True, slots=True)
class Tally:
    """How much of a workspace adjudicators have decided: places, those decided otherwise than by the majority, and by whom."""

    documents: int
    places: int
    changed: int
    adjudicators: tuple[str, ...]


def tally(workspace: Workspace, documents: Iterable[str] | None = None) -> Tally:
    """What was decided last on each place of all documents, or of these."""
    chosen = None if documents is None else frozenset(documents)
    latest: dict[tuple[str, str], Verdict] = {}
    for verdict in sorted(workspace.current(VERDICTS), key=lambda v: (v.time, v.annotation)):
        if chosen is None or verdict.document in chosen:
            latest[verdict.document, _place(verdict)] = verdict
    several = latest.values()
    people = tuple(sorted({verdict.adjudicator for verdict in several}))
    return Tally(len({v.document for v in several}), len(several), sum(v.changed for v in several), people)


def in_names(verdict: Verdict, names: Names) -> Verdict:
    """A verdict as a changed label scheme would have it: what was dropped there goes."""
    if not names:
        return verdict
    versions: dict[What, tuple[str, ...]] = {}
    for version in verdict.versions:
        what = _renamed(version.what, names)
        versions[what] = (*versions.get(what, ()), *version.annotators)
    return replace(
        verdict,
        versions=tuple(Version(by, what) for what, by in versions.items()),
        proposed=_renamed(verdict.proposed, names),
        decision=_renamed(verdict.decision, names),
    )


def _renamed(what: What, names: Mapping[Name, str | None]) -> What:
    made: list[Any] = []
    for one in what:
        if isinstance(one, Claim):
            type, stance = (names.get(Name(k, v), v) for k, v in (("type", one.type), ("stance", one.stance)))
            area = names.get(Name("area", one.policy_area), one.policy_area) or ""
            if type and stance:
                made.append(replace(one, type=type, stance=stance, policy_area=area))
        else:
            kind = "label" if isinstance(one, Mark) else "relation"
            if label := names.get(Name(kind, one.label), one.label):
                made.append(one._replace(label=label))
    return tuple(made)


@dataclass(frozen=True)
class Rulings:
    """The verdicts on one document, to be looked up by what annotators say now."""

    verdicts: tuple[Verdict, ...] = ()

    @classmethod
    def of(cls, verdicts: Iterable[Verdict], sha: str) -> Rulings:
        """Those that were given on this text; the latest one of a place comes first."""
        return cls(tuple(v for v in reversed(list(verdicts)) if v.sha == sha))

    def on(self, kind: Kind, said: Iterable[What]) -> Verdict | None:
        """The latest verdict that knew all that is said now; None where something is said that no adjudicator has seen.

        Whoever says it does not matter: one more vote for what was decided against changes nothing.
        """
        now = {_compared(what) for what in said}
        for verdict in self.verdicts:
            known = {_compared(v.what) for v in verdict.versions} | {_compared(verdict.decision)}
            if verdict.kind == kind and now <= known and any(now):
                return verdict
        return None

    def before(self, kind: Kind, said: Iterable[What]) -> Verdict | None:
        """The latest verdict on some of what is said now."""
        now = {one for what in said for one in _compared(what)}
        for verdict in self.verdicts:
            known = {one for v in verdict.versions for one in _compared(v.what)} | set(_compared(verdict.decision))
            if verdict.kind == kind and now & known:
                return verdict
        return None

    def added(self) -> list[Verdict]:
        """What adjudicators marked where no annotator had marked anything: that of the latest annotation of each one."""
        latest: dict[tuple[str, str], tuple[str, int]] = {}
        for verdict in self.verdicts:
            latest.setdefault((verdict.url, str(verdict.project)), (verdict.time, verdict.annotation))
        return [
            v
            for v in self.verdicts
            if not any(version.what for version in v.versions)
            and latest[v.url, str(v.project)] == (v.time, v.annotation)
        ]


def _compared(what: What) -> tuple[Any, ...]:
    return tuple(bare(one) if isinstance(one, Claim) else one for one in what)
