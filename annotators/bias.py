"""How far the pre-annotation sways people: planted errors that they let pass, and what they do without it.

Three measures. Of errors planted in what annotators are shown (see `annotators.assign`), how many were left standing. How far
annotations agree with the pre-annotation, with other people and with gold, where the annotator was blind and where not: entities
with equal span and label. And how long tasks take either way. The annotations of planted tasks are in the first measure only.

Intervals hold 95 %: of a share Wilson's (1927, "Probable inference, the law of succession, and statistical inference"); of F1
that of the share of marks which both have among those that either has, from which F1 follows; of a median that of its order
statistics. They take marks as independent of one another, which those of one article are not: they are rather too narrow.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

from annotators.assign.plan import KINDS, Mode, Plan
from annotators.assign.plant import is_corrected, is_left
from annotators.pipeline import COMBINED
from annotators.studio.cut import CHINESE
from annotators.studio.tables import ANNOTATIONS, Annotation
from corpus.document import Layer
from corpus.schema import DOCUMENTS, GOLD, layers_table
from corpus.store import Workspace

EVERYBODY = ""
"""In place of an annotator: all of them."""

ALL_KINDS = "all"

_BATCH = 200
# A browser left open over lunch is no work; neither is a submit without a look.
_SHORTEST, _LONGEST = 1.0, 4 * 3600.0
# Below this many of anything, the sentence says that they are few.
_FEW = 20
_Z = 1.959964


@dataclass(frozen=True, slots=True)
class Interval:
    """A value between 0 and 1, or a number of seconds, with its 95 % interval; None where nothing is known."""

    value: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class PlantedRow:
    """Planted errors of one kind ("all") that an annotator ("": everybody) was shown, how many were left standing, and how
    many became again what the pre-annotation had had; the others were changed to something else."""

    annotator: str
    kind: str
    shown: int
    left: int
    corrected: int
    share: Interval


@dataclass(frozen=True, slots=True)
class AgreementRow:
    """F1 of entities against `other` (the pre-annotation, other people who began from it, gold), blind or not.

    `marks` are the different ones that either side has, `same` those that both have.
    """

    annotator: str
    other: str
    mode: str
    documents: int
    marks: int
    same: int
    f1: Interval


@dataclass(frozen=True, slots=True)
class TimeRow:
    """The median seconds of a task, and for 1,000 English characters (a Chinese one counts as three)."""

    annotator: str
    mode: str
    tasks: int
    seconds: Interval
    per_thousand: Interval


@dataclass(frozen=True, slots=True)
class BiasReport:
    """What `bias` found. `message` says what it means, in sentences."""

    message: str
    planted: tuple[PlantedRow, ...] = ()
    agreement: tuple[AgreementRow, ...] = ()
    time: tuple[TimeRow, ...] = ()
    notes: tuple[str, ...] = ()

    def rows(self) -> list[tuple[str, ...]]:
        """The report as a table of text; its first row is the header."""
        rows: list[tuple[str, ...]] = [("measure", "annotator", "of", "number", "value", "95 %")]
        for p in self.planted:
            what = "planted errors left standing" if p.kind == ALL_KINDS else f"  {_KIND_NAMES[p.kind]}"
            rows.append((what, _who(p.annotator), str(p.shown), str(p.left), *_percents(p.share)))
        for a in self.agreement:
            what = f"F1 with {a.other}, {a.mode}"
            rows.append((what, _who(a.annotator), f"{a.documents} texts", str(a.marks), *_percents(a.f1)))
        for t in self.time:
            rows.append((f"seconds a task, {t.mode}", _who(t.annotator), "", str(t.tasks), *_seconds(t.seconds)))
            rows.append(("  for 1,000 characters", _who(t.annotator), "", str(t.tasks), *_seconds(t.per_thousand)))
        return rows


_KIND_NAMES = {
    "label": "wrong label",
    "boundary": "wrong boundary",
    "invented": "invented mention",
    "missing": "missing mention",
}
_MODES: dict[Mode, str] = {"blind": "blind", "normal": "pre-annotated"}
_OTHERS = ("the pre-annotation", "pre-annotated others", "gold")


def wilson(count: int, of: int) -> Interval:
    """The share of `count` among `of` with Wilson's interval.

    >>> found = wilson(8, 10)
    >>> found.value, round(found.low, 2), round(found.high, 2)
    (0.8, 0.49, 0.94)
    """
    if not of:
        return Interval()
    share, square = count / of, _Z * _Z
    middle = (share + square / (2 * of)) / (1 + square / of)
    half = _Z / (1 + square / of) * math.sqrt(share * (1 - share) / of + square / (4 * of * of))
    return Interval(share, max(0.0, middle - half), min(1.0, middle + half))


def f1_of(same: int, marks: int) -> Interval:
    """F1 of two sets of marks that have `same` in common of the `marks` that either has."""
    share = wilson(same, marks)
    if share.value is None or share.low is None or share.high is None:
        return Interval()
    return Interval(*(2 * x / (1 + x) for x in (share.value, share.low, share.high)))


def median_of(values: Sequence[float]) -> Interval:
    """The median, and the interval of its order statistics where there are six or more."""
    if not values:
        return Interval()
    ordered, n = sorted(values), len(values)
    half = _Z * math.sqrt(n) / 2
    low, high = math.floor(n / 2 - half), math.ceil(n / 2 + half)
    if n < 6 or low < 0 or high >= n:
        return Interval(median(ordered))
    return Interval(median(ordered), ordered[low], ordered[high])


@dataclass
class _Counts:
    planted: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    agreed: dict[tuple[str, str, str], list[int]] = field(default_factory=dict)
    seconds: dict[tuple[str, str], list[tuple[float, float]]] = field(default_factory=dict)
    right: int = 0
    idle: int = 0
    seen: set[tuple[str, int]] = field(default_factory=set)

    def compare(self, annotator: str, other: str, mode: str, mine: Layer, theirs: Layer) -> None:
        one = {(e.start, e.end, e.label) for e in mine.entities}
        two = {(e.start, e.end, e.label) for e in theirs.entities}
        for who in (EVERYBODY, annotator):
            row = self.agreed.setdefault((other, mode, who), [0, 0, 0])
            for at, number in enumerate((1, len(one | two), len(one & two))):
                row[at] += number


def bias(workspace: Workspace) -> BiasReport:
    """How far the pre-annotation sways the annotators of the articles that were assigned.

    What counts is in whose project an annotation was made, for that is what was shown; of an annotator's several on a document
    the latest. Gold that one annotator's word was taken for is not used. A planted error that gold or the majority bears out
    is none, and is left out; so is one planted in another version of the text.
    """
    plan = Plan.of(workspace)
    if not plan.all:
        return BiasReport(
            "nothing is assigned to anybody; plan blind and planted articles with: "
            "hemu assign --to NAME --to NAME --double 0.2 --blind 0.1 --planted 0.05"
        )
    counts = _Counts()
    sizes = _sizes(workspace, {id for one in plan.all for id in one.documents})
    for several, gold, proposed in _documents(workspace, plan):
        modes = [(a, one.mode if (one := plan.of_annotation(a)) else None) for a in several]
        for annotation, mode in modes:
            if mode == "planted":
                _planted(counts, plan, annotation, gold)
            elif mode is not None:
                _compared(counts, annotation, _MODES[mode], modes, gold, proposed)
            if mode is not None:
                _timed(counts, plan, annotation, mode, sizes)
    return _report(counts)


def _documents(workspace: Workspace, plan: Plan) -> Iterator[tuple[list[Annotation], Layer | None, Layer | None]]:
    """Of each document that is assigned: the latest annotation of each annotator, the gold, and the pre-annotation."""
    wanted = {id for one in plan.all for id in one.documents}
    shas = {head.id: head.sha for head in workspace.heads() if head.id in wanted}
    rows = {}
    columns = ["document", "sha", "url", "id", "annotator", "created", "updated", "skipped", "withdrawn"]
    for row in workspace.rows(ANNOTATIONS.name, columns):
        rows[f"{row['url']} {row['id']} {row['document']}"] = row
    latest: dict[tuple[str, str], tuple[tuple[str, int], str]] = {}
    for key, row in rows.items():
        id = row["document"]
        if row["skipped"] or row["withdrawn"] or shas.get(id) != row["sha"]:
            continue
        place = (id, row["annotator"])
        latest[place] = max(latest.get(place, (("", -1), "")), ((row["updated"] or row["created"], row["id"]), key))
    keys: dict[str, list[str]] = {}
    for id, annotator in sorted(latest):
        keys.setdefault(id, []).append(latest[id, annotator][1])
    golden = {row["document"]: row["version"] for row in workspace.rows(GOLD.name, ["document", "version"])}
    ids = list(keys)
    for start in range(0, len(ids), _BATCH):
        batch = ids[start : start + _BATCH]
        annotations = workspace.fetch(ANNOTATIONS, [key for id in batch for key in keys[id]])
        gold = workspace.fetch(
            GOLD, [id for id in batch if not golden.get(id, "1 annotator,").startswith("1 annotator,")]
        )
        proposed = workspace.fetch(layers_table(COMBINED), batch)
        for id in batch:
            yield [annotations[key] for key in keys[id]], _of(gold, id, shas[id]), _of(proposed, id, shas[id])


def _of(layers: Mapping[str, Layer], id: str, sha: str) -> Layer | None:
    layer = layers.get(id)
    return layer if layer is not None and layer.sha == sha else None


def _sizes(workspace: Workspace, ids: Iterable[str]) -> dict[str, int]:
    documents = workspace.current(DOCUMENTS, sorted(ids))
    return {d.id: len(d.text) * (CHINESE if d.lang == "zh" else 1) for d in documents}


def _planted(counts: _Counts, plan: Plan, annotation: Annotation, gold: Layer | None) -> None:
    one = plan.of_annotation(annotation)
    layer = annotation.layer
    for error in one.planted if one else ():
        if (error.document, error.sha) != (layer.document, layer.sha):
            continue
        if gold is not None and is_left(error, gold):
            counts.right += 1
            continue
        left = is_left(error, layer)
        for who in (EVERYBODY, annotation.annotator):
            for kind in (ALL_KINDS, error.kind):
                row = counts.planted.setdefault((who, kind), [0, 0, 0])
                row[0] += 1
                row[1] += left
                row[2] += is_corrected(error, layer)


def _compared(
    counts: _Counts,
    annotation: Annotation,
    mode: str,
    all: Sequence[tuple[Annotation, Mode | None]],
    gold: Layer | None,
    proposed: Layer | None,
) -> None:
    who, layer = annotation.annotator, annotation.layer
    if proposed is not None:
        counts.compare(who, _OTHERS[0], mode, layer, proposed)
    for other, theirs in all:
        # Against those who began from the pre-annotation; two of these are compared once for everybody.
        if other is annotation or theirs != "normal":
            continue
        counts.compare(who, _OTHERS[1], mode, layer, other.layer)
    if gold is not None:
        counts.compare(who, _OTHERS[2], mode, layer, gold)


def _timed(counts: _Counts, plan: Plan, annotation: Annotation, mode: Mode, sizes: Mapping[str, int]) -> None:
    one = plan.of_annotation(annotation)
    if one is None or mode == "planted" or (annotation.url, annotation.id) in counts.seen:
        return
    counts.seen.add((annotation.url, annotation.id))
    if not _SHORTEST <= annotation.lead_time <= _LONGEST:
        counts.idle += annotation.lead_time >= 0
        return
    size = sum(sizes.get(id, 0) for id in one.documents)
    for who in (EVERYBODY, annotation.annotator):
        each = counts.seconds.setdefault((_MODES[mode], who), [])
        each.append((annotation.lead_time, 1000 * annotation.lead_time / max(1, size)))


def _report(counts: _Counts) -> BiasReport:
    people = sorted(
        {who for who, _ in counts.planted} | {who for *_, who in counts.agreed} | {who for _, who in counts.seconds}
    )
    planted = [
        PlantedRow(who, kind, shown, left, corrected, wilson(left, shown))
        for who in people
        for kind in (ALL_KINDS, *KINDS)
        if (row := counts.planted.get((who, kind))) is not None
        for shown, left, corrected in [row]
    ]
    agreed = []
    for who in people:
        for other in _OTHERS:
            for mode in _MODES.values():
                if (row := counts.agreed.get((other, mode, who))) is None:
                    continue
                documents, marks, same = row
                if who == EVERYBODY and other == _OTHERS[1] and mode == _MODES["normal"]:
                    # Either of the two was compared with the other.
                    documents, marks, same = documents // 2, marks // 2, same // 2
                agreed.append(AgreementRow(who, other, mode, documents, marks, same, f1_of(same, marks)))
    time = [
        TimeRow(who, mode, len(each), median_of([s for s, _ in each]), median_of([s for _, s in each]))
        for who in people
        for mode in _MODES.values()
        if (each := counts.seconds.get((mode, who)))
    ]
    notes = []
    if counts.right:
        notes.append(f"{counts.right} planted errors are right by gold, and are left out")
    if counts.idle:
        notes.append(f"{counts.idle} tasks took under a second or over four hours, and are left out of the times")
    message = " ".join(_sentences(planted, agreed, time)) or (
        "nothing that was assigned blind or with planted errors is annotated yet; after annotating run: hemu pull"
    )
    return BiasReport(message, tuple(planted), tuple(agreed), tuple(time), tuple(notes))


def _sentences(planted: Sequence[PlantedRow], agreed: Sequence[AgreementRow], time: Sequence[TimeRow]) -> Iterator[str]:
    row = next((p for p in planted if (p.annotator, p.kind) == (EVERYBODY, ALL_KINDS)), None)
    if row is not None:
        value, spread = _percents(row.share)
        few = " They are few: plant more before you rely on it." if row.shown < _FEW else ""
        yield (
            f"Annotators left {row.left} of {row.shown} planted errors standing ({value} %, between {spread}): about so "
            f"many of the pre-annotation's own errors of these kinds pass unnoticed.{few}"
        )
    everybody = {(a.other, a.mode): a for a in agreed if a.annotator == EVERYBODY}
    blind, seen = (everybody.get((_OTHERS[0], mode)) for mode in _MODES.values())
    if blind is not None and seen is not None and blind.marks and seen.marks:
        yield (
            f"Blind, they agree with the pre-annotation at F1 {_percents(blind.f1)[0]}; where they begin from it at "
            f"{_percents(seen.f1)[0]}: {_difference(blind.f1, seen.f1)}, in which help and sway are together."
        )
    blind, seen = (everybody.get((_OTHERS[1], mode)) for mode in _MODES.values())
    if blind is not None and seen is not None and blind.marks and seen.marks:
        yield (
            f"Two who both begin from it agree at F1 {_percents(seen.f1)[0]}, a blind one with one of them at "
            f"{_percents(blind.f1)[0]}: {_difference(blind.f1, seen.f1)} of agreement comes from what both were shown."
        )
    blind, seen = (everybody.get((_OTHERS[2], mode)) for mode in _MODES.values())
    if blind is not None and seen is not None and blind.marks and seen.marks:
        yield (
            f"Against gold blind annotations reach F1 {_percents(blind.f1)[0]}, the others {_percents(seen.f1)[0]}; "
            "gold that a majority decided leans to what most were shown."
        )
    took = {t.mode: t for t in time if t.annotator == EVERYBODY}
    if len(took) == 2:
        slow, fast = (took[mode].per_thousand.value or 0.0 for mode in _MODES.values())
        yield (
            f"For 1,000 characters a blind task takes {slow:.0f} seconds, another {fast:.0f} "
            f"(medians of {took['blind'].tasks} and {took['pre-annotated'].tasks})."
        )


def _difference(blind: Interval, seen: Interval) -> str:
    """How many points lie between two values, and whether that may be chance."""
    if None in (blind.value, blind.high, blind.low, seen.value, seen.low, seen.high):
        return "a difference that is not known"
    points = 100 * ((seen.value or 0.0) - (blind.value or 0.0))
    apart = (blind.high or 0.0) < (seen.low or 0.0) or (seen.high or 0.0) < (blind.low or 0.0)
    return f"{points:+.1f} points" + ("" if apart else " (which may be chance: the intervals overlap)")


def _who(annotator: str) -> str:
    return annotator or "everybody"


def _percents(interval: Interval) -> tuple[str, str]:
    return _shown(interval, lambda value: f"{100 * value:.1f}")


def _seconds(interval: Interval) -> tuple[str, str]:
    return _shown(interval, lambda value: f"{value:.0f}")


def _shown(interval: Interval, form: Callable[[float], str]) -> tuple[str, str]:
    if interval.value is None:
        return "–", "–"
    if interval.low is None or interval.high is None:
        return form(interval.value), "–"
    return form(interval.value), f"{form(interval.low)}–{form(interval.high)}"
