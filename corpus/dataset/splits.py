"""Which articles train, which validate and which test, such that nothing that is judged by was learnt from.

What stands on one side as a whole is a unit: the versions of an article, the parts of one work (`part_of` in the metadata;
the stretches into which a long article is cut for annotation are one document anyway), and all near-duplicates of any of
them, by all documents of the workspace and not just those with gold. A unit goes where the SHA-256 of the name of its
oldest article puts it, the one that came into the workspace first: so its side depends on no other unit, and stays when
the corpus grows.

Two things the hash alone cannot do. With few articles it leaves sides empty, or without a language or a label: there,
units that are decided for the first time are moved (`corpus.dataset.balance`). And units grow together: a near-duplicate
that comes later may join two. Therefore what was decided is remembered, in the table `sides/` of the workspace, document
by document, and kept from then on: also where the oldest document is withdrawn, a text changes or gold comes in another
order. An article that would join two remembered sides is set aside and named. Two people who build from the same
documents, in the same order, with the same gold, get the same sides, at once or step by step but for what had to be moved
or set aside; with many articles that is next to nothing. A dataset records its sides in its rows, so that nobody has to
work them out again.

`held_out` is a wish for one build, not remembered: the units of these articles are test, whatever their side; which ones
were elsewhere before is in the plan.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from itertools import accumulate
from typing import Any, Literal

import pyarrow as pa

from corpus.dataset.balance import ALL, BOTH, Candidate, choose
from corpus.dataset.overlap import prove
from corpus.dataset.proof import figures
from corpus.dataset.sides import SHARES, SPLITS, Joined, Split, article_name, join, place
from corpus.dedupe import CLUSTERS, THRESHOLD, dedupe, groups
from corpus.document import Document
from corpus.errors import InputError
from corpus.report import Progress
from corpus.schema import GOLD, Table
from corpus.store import Head, Workspace
from corpus.targets.dates import published

__all__ = [
    "SIDES",
    "SPLITS",
    "By",
    "SetAside",
    "Side",
    "Split",
    "SplitPlan",
    "assign_splits",
    "decide_splits",
    "plan_splits",
    "remember",
]

By = Literal["hash", "time"]
Until = tuple[str, str]
"""The last days of train and of validation, ISO 8601."""


@dataclass(frozen=True, slots=True)
class Side:
    """A row of the table of sides: where a document stands, `by` hash or time. `rule` is "hash", "moved" (for the sake of
    balance), "kin" (with others that had a side), or for time the two last days."""

    document: str
    by: By
    split: Split
    rule: str


SIDES: Table[Side] = Table(
    "sides",
    pa.schema([(name, pa.string()) for name in ("document", "by", "split", "rule")]),
    lambda side: f"{side.document} {side.by}",
    asdict,
    lambda row: Side(**row),
    ("document", "by"),
)


@dataclass(frozen=True, slots=True)
class SetAside:
    """Documents of one article that stand on no side, and why."""

    documents: tuple[str, ...]
    why: str


@dataclass(frozen=True, slots=True)
class SplitPlan:
    """The side of each document that has one, those that were set aside, and figures that show that it is right.

    `moved` are the documents that `held_out` took from the side where they were: (before, now). `until` is given for
    splits by time. `new` are the rows that `remember` writes. `proof` are plain figures: documents, articles and pairs by
    split, articles and near-duplicates across (0 by construction, counted all the same), how sides were decided, and
    of each language and label the part that each split has. `decide_splits` adds what the texts say.
    """

    by: By
    of: dict[str, Split]
    set_aside: tuple[SetAside, ...] = ()
    moved: dict[str, tuple[Split, Split]] = field(default_factory=dict)
    until: Until | None = None
    new: tuple[Side, ...] = ()
    proof: dict[str, Any] = field(default_factory=dict)


def decide_splits(
    workspace: Workspace,
    documents: Iterable[Document | Head],
    *,
    held_out: frozenset[str] = frozenset(),
    by: By = "hash",
    until: Until | None = None,
    texts: bool = True,
    progress: Progress | None = None,
) -> SplitPlan:
    """`plan_splits`, on near-duplicates that are up to date, and remembered: what whoever trains or publishes calls.

    Looks for near-duplicates among what is new since `dedupe` ran last. Adds to the proof, as "texts", what the texts of two
    sides have in common (`corpus.dataset.overlap.prove`), unless `texts` is false; that takes some 0.3 ms a document.
    Call it without holding the workspace for writing. See `plan_splits` for the other arguments and errors.
    """
    refresh(workspace, progress)
    plan = plan_splits(workspace, documents, held_out=held_out, by=by, until=until)
    remember(workspace, plan)
    if texts:
        plan.proof["texts"] = prove(workspace, plan.of)
    return plan


def refresh(workspace: Workspace, progress: Progress | None = None) -> None:
    """Run `dedupe` where a document is new or has another text since, with the threshold that it had before."""
    known = {row["document"]: row for row in workspace.rows(CLUSTERS.name, ["document", "sha", "settings"])}
    if any(head.id not in known or known[head.id]["sha"] != head.sha for head in workspace.heads()):
        last = next(reversed(known.values()), None)
        threshold = float(last["settings"].split()[-1]) if last else THRESHOLD
        dedupe(workspace, threshold=threshold, progress=progress)


def remember(workspace: Workspace, plan: SplitPlan) -> int:
    """Write what the plan decided for the first time; returns for how many documents."""
    if not plan.new:
        return 0
    with workspace.writing():
        return workspace.append(SIDES, plan.new)


def plan_splits(
    workspace: Workspace,
    documents: Iterable[Document | Head],
    *,
    held_out: frozenset[str] = frozenset(),
    by: By = "hash",
    until: Until | None = None,
) -> SplitPlan:
    """The side of each of the documents; writes nothing.

    `held_out` names articles (pairs, or documents that stand alone) for test, with all near-duplicates; one that would be
    set aside is taken with all that it joins. `by="time"`: by the earliest publication date (`date` in the metadata) in
    each unit, train before, test after; a unit without a date is set aside. The days are those of `until`, else those of
    the last time, else such that train has 80 % and validation 10 % of the units; they are remembered with the sides.

    Raises InputError where a held-out name is none of the documents, or where nothing can be split by time.
    """
    heads = list(workspace.heads())
    wanted = {document.id for document in documents}
    mine = [head for head in heads if head.id in wanted]
    if unknown := sorted(held_out - {article_name(head) for head in mine}):
        raise InputError(f"held out, but without gold: {', '.join(unknown)}; name pairs that have gold")
    stored = [side for side in workspace.read(SIDES).values() if side.by == by]
    if by == "time":
        until = until or next((_days(side.rule) for side in reversed(stored)), None)
        stored = [side for side in stored if until and side.rule == "/".join(until)]
    given = {side.document: side.split for side in stored}
    edges = [(older, newer) for cluster in groups(workspace) for newer, older, _ in cluster.edges]
    joined = join(heads, edges, given=given, wanted=wanted, together=held_out)
    traits = _traits(workspace, mine)
    names = {head.id: article_name(head) for head in heads}
    held = {joined.of[head.id] for head in mine if names[head.id] in held_out}
    asked = [at for at, unit in enumerate(joined.units) if not wanted.isdisjoint(unit.documents)]

    rules: dict[int, str] = {}
    if by == "time":
        sides, until = _by_time(joined, asked, heads, held, until)
        rules = dict.fromkeys(sides, "/".join(until))
    else:
        sides, rules = _by_hash(joined, asked, names, traits, held)
    where = {id: side for id, at in joined.of.items() if (side := sides.get(at) or joined.units[at].side)}
    bridges = [(bridge.documents, bridge.why(where, given)) for bridge in joined.bridges]
    bridges += [(tuple(joined.units[at].documents), _UNDATED) for at in asked if at not in sides and at not in held]

    of: dict[str, Split] = {}
    moved: dict[str, tuple[Split, Split]] = {}
    new = []
    for at in asked:
        for id in joined.units[at].documents:
            if id not in wanted:
                continue
            if at in held:
                of[id] = "test"
                if given.get(id, "test") != "test":
                    moved[id] = given[id], "test"
            elif at in sides:
                of[id] = sides[at]
                if id not in given:
                    new.append(Side(id, by, sides[at], rules[at]))
    order = {head.id: number for number, head in enumerate(mine)}
    of = dict(sorted(of.items(), key=lambda entry: order[entry[0]]))
    aside = [SetAside(own, why) for ids, why in bridges if (own := tuple(id for id in ids if id in wanted))]
    plan = SplitPlan(by, of, tuple(aside), moved, until, tuple(new))
    rule = {side.document: side.rule for side in (*stored, *new)}
    decided = Counter("held out" if id in moved or id not in rule else by if by == "time" else rule[id] for id in of)
    plan.proof.update(
        {
            "by": by,
            **({"until": list(until)} if until else {}),
            **figures([head for head in mine if head.id in of], of, joined, edges, traits),
            "decided": dict(sorted(decided.items())),
            "held_out": sorted({names[id] for id in of if joined.of[id] in held}),
            "moved_by_held_out": {id: before for id, (before, _) in moved.items()},
            "set_aside": sum(len(own.documents) for own in aside),
        }
    )
    return plan


_UNDATED = "no day of publication can be read from its metadata (date), which a split by time needs"


def _by_hash(
    joined: Joined,
    asked: Sequence[int],
    names: Mapping[str, str],
    traits: Mapping[str, Collection[str]],
    held: Collection[int],
) -> tuple[dict[int, Split], dict[int, str]]:
    """The side of each unit asked for but those held out, which count as test and have no side of their own; the rules."""
    candidates = []
    for at in asked:
        unit = joined.units[at]
        own = frozenset({ALL}).union(*(traits.get(id, ()) for id in unit.documents))
        own |= {BOTH} if {"en", "zh"} <= own else set()
        side: Split | None = "test" if at in held else unit.side
        candidates.append(Candidate(place(names[unit.documents[0]]), side, own))
    chosen, moved = choose(candidates)
    sides, rules = {}, {}
    for number, (at, side) in enumerate(zip(asked, chosen, strict=True)):
        if at not in held:
            sides[at] = side
            rules[at] = "kin" if joined.units[at].side else "moved" if number in moved else "hash"
    return sides, rules


def _by_time(
    joined: Joined, asked: Sequence[int], heads: Sequence[Head], held: Collection[int], until: Until | None
) -> tuple[dict[int, Split], Until]:
    """The side of each unit asked for that has a date, but those held out, and the last days of train and validation."""
    days = {head.id: day.isoformat() for head in heads if (day := published(head.meta.get("date", "")))}
    dates: dict[int, str] = {}
    for at in asked:
        own = [days[id] for id in joined.units[at].documents if id in days]
        if own and at not in held:
            dates[at] = min(own)
    if until is None:
        until = _last_days(sorted(dates.values()))
    elif not until[0] <= until[1] or any(_is_no_day(day) for day in until):
        raise InputError(f"until {until[0]!r}, {until[1]!r}: expected two days (YYYY-MM-DD), the earlier one first")
    first, second = until
    sides: dict[int, Split] = {}
    for at in asked:
        known = joined.units[at].side
        if known and at not in held:
            sides[at] = known
        elif at in dates:
            sides[at] = "train" if dates[at] <= first else "validation" if dates[at] <= second else "test"
    return sides, until


def _last_days(dates: Sequence[str]) -> Until:
    """The days up to which train and validation go, such that they have about 80 % and 10 % of `dates`.

    >>> _last_days(["2021-01-01", "2021-01-02", "2021-01-02", "2021-01-03"])
    ('2021-01-01', '2021-01-02')
    """
    days = sorted(set(dates))
    if len(days) < 2:
        raise InputError(
            f"by time: {len(days) or 'no'} day of publication can be read from the metadata of the articles; "
            "split by hash, or give articles a date"
        )
    counts = Counter(dates)
    passed = list(accumulate(counts[day] for day in days))

    def nearest(share: float, lowest: int, highest: int) -> int:
        return min(range(lowest, highest + 1), key=lambda at: abs(passed[at] - share * len(dates)))

    # No side is left empty, but validation where there are two days only.
    three = len(days) > 2
    first = nearest(1 - SHARES["validation"] - SHARES["test"], 0, len(days) - (3 if three else 2))
    return days[first], days[nearest(1 - SHARES["test"], first + three, len(days) - 2)]


def _is_no_day(day: str) -> bool:
    try:
        return date.fromisoformat(day).isoformat() != day
    except ValueError:
        return True


def _days(rule: str) -> Until:
    first, _, second = rule.partition("/")
    return first, second


def _traits(workspace: Workspace, mine: Sequence[Head]) -> dict[str, set[str]]:
    """The language of each document, and what labels and types of claims its gold has."""
    traits: dict[str, set[str]] = {head.id: {head.lang} for head in mine}
    langs = {head.id: head.lang for head in mine}
    columns = ["document", "entities.list.element.label", "claims.list.element.type"]
    # Of rows with one document the latest counts.
    for row in workspace.rows(GOLD.name, columns):
        if lang := langs.get(row["document"]):
            labels = {entity["label"] for entity in row["entities"]} | {claim["type"] for claim in row["claims"]}
            traits[row["document"]] = {lang, *(f"{lang} {label}" for label in labels)}
    return traits


def assign_splits(keys: Iterable[str], *, held_out: frozenset[str] = frozenset()) -> dict[str, Split]:
    """The split of each key (a pair, or a document that stands alone), given once for each document of it.

    A key's SHA-256, read as a number from 0 to 1, places it: below 0.1 test, below 0.2 validation, else train. So the
    split of an article does not depend on which others there are, and stays when the corpus grows. Two exceptions:
    `held_out` keys are test whatever their number; and of three keys or more no split is left empty: test, then
    validation, is given the lowest number among the keys with both versions, else among all. One key is train; two are
    train and test.

    >>> splits = assign_splits(f"article-{n}" for n in range(40))
    >>> sorted(set(splits.values()))
    ['test', 'train', 'validation']
    >>> assign_splits(["a", "b", "c"], held_out=frozenset({"b"}))["b"]
    'test'
    """
    versions = Counter(keys)
    places = {key: place(key) for key in versions}
    order = sorted((key for key in versions if key not in held_out), key=lambda key: (places[key], key))
    splits: dict[str, Split] = {key: "test" for key in versions if key in held_out}

    def fill(split: Split, below: float, room: int) -> None:
        open_keys = [key for key in order if key not in splits]
        chosen = [key for key in open_keys if places[key] < below][: max(0, room)]
        if not chosen and room > 0 and split not in splits.values():
            chosen = [min(open_keys, key=lambda key: versions[key] < 2)]
        splits.update(dict.fromkeys(chosen, split))

    # One key at least is kept for train, and then one for validation.
    fill("test", 0.1, len(order) - (2 if splits or len(order) > 2 else 1))
    fill("validation", 0.2, sum(key not in splits for key in order) - 1)
    return {key: splits.get(key, "train") for key in versions}
