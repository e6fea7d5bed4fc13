"""Whether a new model may take the place of the one in use, by the rule in hemu.toml, and what it is judged by.

What a model was judged by is pinned in `models/gate.json`: the rule with its floors, and a digest of each document. More
documents and higher floors are welcome. A document that is gone or has other gold, and a weaker rule, would let a worse
model pass unseen: they are refused unless somebody says that they are meant.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from corpus.errors import InputError, WorkspaceError
from corpus.scheme import Scheme
from corpus.store import CONFIG, Workspace, write_atomically
from models.compare import DRAWS, SEED, Difference, differences
from models.counts import Counts
from models.examples import Annotated
from models.figures import ALL, figures

METRICS = {
    "exact": ("entities", "exact", "f1"),
    "overlap": ("entities", "overlap", "f1"),
    "position": ("entities", "position", "f1"),
    "macro": ("entities", "macro"),
}
"""What the gain of a model is measured by: F1 over all entities, exact, overlapping or without labels; or the mean of labels."""

GATE = "gate.json"
EVEN = 0.5
"""The probability of being better that asks for nothing more than the gain."""

_SECTION = "retrain"


@dataclass(frozen=True, slots=True)
class Rule:
    """When a new model is better, `[retrain]` in hemu.toml; F1 is from 0 to 1.

    Its `metric` must be higher by `min_gain` at least, and be better with a probability of `confidence` (paired bootstrap
    over articles; 0.5 asks for nothing more). In no language may F1 fall by more than `language_loss`, of no label by more
    than `label_loss`. `floors` are what exact F1 must reach: of "all", of a language ("zh"), of a label ("FIRM") or of a
    label in a language ("zh/FIRM").
    """

    metric: str = "exact"
    min_gain: float = 0.0
    confidence: float = EVEN
    language_loss: float = 0.05
    label_loss: float = 1.0
    floors: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that a model was asked, and whether it passed; `said` is that in words."""

    what: str
    passed: bool
    said: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a model is accepted, and why in one line.

    `after` is its F1 by the metric of the rule, on the documents that neither model has learnt from; `before` that of the
    model in use, if there is one.
    """

    accepted: bool
    reason: str
    after: float
    before: float | None = None
    difference: Difference | None = None
    checks: tuple[Check, ...] = ()


@dataclass(frozen=True, slots=True)
class Changes:
    """How what a model is judged by differs from what is pinned."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    weaker: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Pin:
    """What `models/gate.json` holds: the rule, the digest of each document to judge by, and the judgements so far."""

    rule: Rule
    documents: Mapping[str, str]
    when: str = ""
    history: Sequence[Mapping[str, Any]] = ()


def read_rule(workspace: Workspace) -> Rule:
    """The rule of a workspace; WorkspaceError where hemu.toml has a name or a value that is none of a rule's."""
    where = f"{workspace.root / CONFIG}: [{_SECTION}]"
    table = workspace.config.get(_SECTION, {})
    known = {"metric", "min_gain", "confidence", "language_loss", "label_loss", "floors", "public"}
    if not isinstance(table, Mapping) or (unknown := sorted(table.keys() - known)):
        named = ", ".join(unknown) if isinstance(table, Mapping) else repr(table)
        raise WorkspaceError(f"{where} has {named}; it may have: {', '.join(sorted(known))}")
    default = Rule()
    metric = table.get("metric", default.metric)
    if metric not in METRICS:
        raise WorkspaceError(f"{where} metric is {metric!r}; expected one of: {', '.join(METRICS)}")
    floors = table.get("floors", {})
    if not isinstance(floors, Mapping):
        raise WorkspaceError(f"{where} floors is {floors!r}; expected a table like {{ all = 0.6, FIRM = 0.4 }}")
    names = _floor_names(workspace.scheme)
    if strange := sorted(floors.keys() - names):
        raise WorkspaceError(
            f"{where} floors has {', '.join(strange)}; expected all, en, zh, a label of the scheme, or both: zh/FIRM"
        )
    return Rule(
        metric,
        _part(table, "min_gain", default.min_gain, where, least=-1.0),
        _part(table, "confidence", default.confidence, where),
        _part(table, "language_loss", default.language_loss, where),
        _part(table, "label_loss", default.label_loss, where),
        {name: _part(floors, name, 0.0, f"{where} floors") for name in floors},
    )


def _floor_names(scheme: Scheme) -> set[str]:
    languages = ("en", "zh")
    both = {f"{lang}/{label}" for lang in languages for label in scheme.label_names}
    return {ALL, *languages, *scheme.label_names, *both}


def _part(table: Mapping[str, Any], name: str, default: float, where: str, *, least: float = 0.0) -> float:
    value = table.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= 1:
        raise WorkspaceError(f"{where} {name} is {value!r}; expected a number from {least:g} to 1")
    return float(value)


def judge(
    after: Counts,
    fair: tuple[Counts, Counts] | None = None,
    *,
    rule: Rule | None = None,
    draws: int = DRAWS,
    seed: int = SEED,
) -> Verdict:
    """Judge a model by its counts on all documents held out, and (`fair`) its counts and those of the model in use.

    `fair` is of the documents that neither has learnt from; None where no model is in use. The first model must find
    something right. Floors hold for all documents held out; a floor of what gold does not have is passed, and said.
    """
    rule = rule or Rule()
    mine = fair[0] if fair else after
    documents, value = int(mine.documents.sum()), _f1(mine, rule.metric)
    on = f"on {documents} held-out document{'' if documents == 1 else 's'}"
    if documents == 0 and int(after.documents.sum()):
        why = f"the model in use has learnt from all {int(after.documents.sum())} documents to judge by"
        return Verdict(False, f"{why}; hold out others: hemu retrain --held-out PAIR", 0.0)
    if documents == 0:
        return Verdict(False, "no document with gold was held out to judge by; annotate more articles", 0.0)
    checks = _floors(after, rule)
    if fair is None:
        found = value > 0
        said = f"the first model: F1 {value:.3f} {on}" if found else f"the first model finds nothing right {on}"
        return _verdict([Check("first model", found, said), *checks], said, value)
    old = _f1(fair[1], rule.metric)
    apart = differences(*fair, draws=draws, seed=seed)
    difference = apart[(ALL, *METRICS[rule.metric])]
    said = f"F1 {value:.3f}, before {old:.3f}, {on}"
    if difference.low is not None and difference.high is not None:
        said += f" (difference from {difference.low:+.3f} to {difference.high:+.3f})"
    checks = [*_gain(value, old, difference, rule, on), *_losses(apart, rule), *checks]
    return _verdict(checks, said, value, old, difference)


def _verdict(
    checks: list[Check], said: str, after: float, before: float | None = None, difference: Difference | None = None
) -> Verdict:
    failed = [check.said for check in checks if not check.passed]
    reason = "; ".join(failed) + ("; the model in use stays" if before is not None else "") if failed else said
    return Verdict(not failed, reason, after, before, difference, tuple(checks))


def _f1(counts: Counts, metric: str) -> float:
    values = figures(counts, tuple(part.sum(0, keepdims=True) for part in counts.parts))
    value = float(values[(ALL, *METRICS[metric])][0]) if (ALL, *METRICS[metric]) in values else 0.0
    return value if value == value else 0.0  # not NaN


def _gain(value: float, old: float, difference: Difference, rule: Rule, on: str) -> list[Check]:
    gain = value - old
    enough = gain >= rule.min_gain - 1e-12
    if enough or gain >= 0:
        said = f"F1 {value:.3f}, before {old:.3f}, {on}: gains {gain:.3f}, asked are {rule.min_gain:.3f}"
    else:
        said = f"F1 {value:.3f} is lower than before ({old:.3f}), {on}"
    checks = [Check("gain", enough, said)]
    if rule.confidence > EVEN:
        if difference.better is None:
            why = "one article cannot show whether the model is better; hold out more, or ask for a confidence of 0.5"
            checks.append(Check("confidence", False, why))
        else:
            said = f"it is better with probability {difference.better:.3f}, asked is {rule.confidence:.3f}"
            checks.append(Check("confidence", difference.better >= rule.confidence, said))
    return checks


def _losses(apart: Mapping[tuple[str, ...], Difference], rule: Rule) -> list[Check]:
    checks = []
    for path, difference in apart.items():
        if difference.value is None or path[0] == ALL:
            continue
        if path[1:] == METRICS[rule.metric]:
            what, allowed = path[0], rule.language_loss
        elif path[1:3] == ("entities", "labels") and path[4:] == ("exact", "f1"):
            what, allowed = f"{path[0]}/{path[3]}", rule.label_loss
        else:
            continue
        said = f"{what} loses {-difference.value:.3f}, allowed are {allowed:.3f}"
        checks.append(Check(what, -difference.value <= allowed + 1e-12, said))
    return [check for check in checks if not check.passed or "/" not in check.what]


def _floors(after: Counts, rule: Rule) -> list[Check]:
    values = figures(after, tuple(part.sum(0, keepdims=True) for part in after.parts))
    checks = []
    for name, floor in rule.floors.items():
        first, _, label = name.rpartition("/")
        if label in (ALL, *("en", "zh")):
            path: tuple[str, ...] = (label, "entities", "exact", "f1")
        else:
            path = (first or ALL, "entities", "labels", label, "exact", "f1")
        value = float(values[path][0]) if path in values else float("nan")
        if value != value:
            checks.append(Check(f"floor {name}", True, f"the floor of {name} was not judged: no gold has it"))
        else:
            said = f"{name} has F1 {value:.3f}, its floor is {floor:.3f}"
            checks.append(Check(f"floor {name}", value >= floor - 1e-12, said))
    return checks


# ---- what is pinned


def evaluation_digests(test: Iterable[Annotated]) -> dict[str, str]:
    """What entity models are judged by, each document for itself: a digest of its text and its gold entities."""
    return {
        document.id: _digest([document.sha, sorted([e.start, e.end, e.label] for e in layer.entities)])
        for document, layer in test
    }


def evaluation_digest(documents: Mapping[str, str]) -> str:
    """One digest of all of them."""
    return _digest(sorted(documents.items()))


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()[:12]


def read_pin(workspace: Workspace) -> Pin | None:
    """What is pinned in a workspace; None before the first judgement, WorkspaceError where it cannot be read."""
    file = _file(workspace)
    if not file.is_file():
        return None
    try:
        row = json.loads(file.read_text(encoding="utf-8"))
        return Pin(Rule(**row["rule"]), dict(row["evaluation"]["documents"]), row["when"], row["history"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WorkspaceError(
            f"{file}: cannot be read ({error}); restore it, or remove it and begin anew with: hemu retrain"
        ) from None


def _file(workspace: Workspace) -> Path:
    return workspace.folder("models") / GATE


def check_pin(
    pin: Pin | None,
    rule: Rule,
    documents: Mapping[str, str],
    *,
    lower_floors: bool = False,
    new_evaluation: bool = False,
) -> Changes:
    """How what a model will be judged by differs from what is pinned.

    Raises InputError, before anything is trained, where documents are gone or have other gold and not `new_evaluation`, or
    the rule is weaker and not `lower_floors`. More documents, and a stricter rule, are no reason to refuse.
    """
    if pin is None:
        return Changes(added=tuple(sorted(documents)))
    both = pin.documents.keys() & documents.keys()
    changes = Changes(
        added=tuple(sorted(documents.keys() - pin.documents.keys())),
        changed=tuple(sorted(id for id in both if pin.documents[id] != documents[id])),
        removed=tuple(sorted(pin.documents.keys() - documents.keys())),
        weaker=tuple(_weaker(pin.rule, rule)),
    )
    if (changes.changed or changes.removed) and not new_evaluation:
        parts = [
            f"{len(ids)} {what} ({', '.join(ids[:3])}{', …' if len(ids) > 3 else ''})"
            for ids, what in ((changes.removed, "gone"), (changes.changed, "with other gold"))
            if ids
        ]
        raise InputError(
            f"what models are judged by has changed: {', '.join(parts)} of {len(pin.documents)} documents pinned in "
            f"models/{GATE}; figures would not be those of before. If that is meant: hemu retrain --new-evaluation"
        )
    if changes.weaker and not lower_floors:
        raise InputError(
            f"the rule in {CONFIG} is weaker than the one pinned in models/{GATE}: {'; '.join(changes.weaker)}. "
            "If that is meant: hemu retrain --lower-floors"
        )
    return changes


def _weaker(pinned: Rule, rule: Rule) -> list[str]:
    said = []
    if pinned.metric != rule.metric:
        said.append(f"metric {rule.metric} instead of {pinned.metric}")
    for name in ("min_gain", "confidence"):
        if getattr(rule, name) < getattr(pinned, name):
            said.append(f"{name} {getattr(rule, name):g} instead of {getattr(pinned, name):g}")
    for name in ("language_loss", "label_loss"):
        if getattr(rule, name) > getattr(pinned, name):
            said.append(f"{name} {getattr(rule, name):g} instead of {getattr(pinned, name):g}")
    for name, floor in pinned.floors.items():
        if rule.floors.get(name, 0.0) < floor:
            now = f"{rule.floors[name]:g}" if name in rule.floors else "none"
            said.append(f"the floor of {name} would fall from {floor:g} to {now}")
    return said


def write_pin(
    workspace: Workspace,
    pin: Pin | None,
    rule: Rule,
    documents: Mapping[str, str],
    changes: Changes,
    *,
    version: str,
    accepted: bool,
) -> None:
    """Pin what a model was judged by, accepted or not, and add the judgement to the history."""
    when = datetime.now(UTC).isoformat(timespec="seconds")
    judgement = {
        "when": when,
        "version": version,
        "accepted": accepted,
        "evaluation": evaluation_digest(documents),
        **{name: list(value) for name, value in asdict(changes).items() if value},
    }
    row = {
        "format": 1,
        "when": when,
        "rule": asdict(rule),
        "evaluation": {"digest": evaluation_digest(documents), "documents": dict(sorted(documents.items()))},
        "history": [*(pin.history if pin else ()), judgement],
    }
    write_atomically(_file(workspace), json.dumps(row, ensure_ascii=False, indent=1).encode())
