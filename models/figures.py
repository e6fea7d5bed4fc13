"""The figures that follow from sums of counts: for one set of sums, or for many resamples at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from models.counts import CLAIM, CLAIM_TYPE, EFFORT, ENTITY, Counts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[Any]

Path = tuple[str, ...]
"""The name of a figure: ("en", "entities", "exact", "f1"), ("all", "entities", "labels", "FIRM", "overlap", "recall") …"""

ALL = "all"
KINDS = ("exact", "overlap", "position")
"""How an entity may be right: characters and label; label, and it overlaps; characters, whatever the label."""

_COUNTED = {
    "exact": ("exact", "gold", "exact", "predicted"),
    "overlap": ("found", "gold", "right", "predicted"),
    "position": ("placed_gold", "gold", "placed_predicted", "predicted"),
    "seen": ("seen_exact", "seen_gold", "seen_exact", "seen_predicted"),
    "unseen": ("unseen_exact", "unseen_gold", "unseen_exact", "unseen_predicted"),
}


def figures(counts: Counts, sums: tuple[Numbers, ...]) -> dict[Path, Numbers]:
    """Each figure for each set of sums: `sums` are those of `counts.parts` over articles, resamples first.

    A figure is NaN where it is not defined: no gold and nothing predicted. As everywhere in hemu, precision is 0 where
    nothing is predicted but something is gold, and recall 0 the other way round.
    """
    axes = counts.axes
    found: dict[Path, Numbers] = {}
    for number, lang in enumerate((ALL, *axes.languages)):
        _, entities, effort, claims, types = (part.sum(1) if number == 0 else part[:, number - 1] for part in sums)
        _entities(found, lang, counts, entities)
        edits, blank = (effort[:, EFFORT.index(name)] for name in EFFORT)
        found[lang, "entities", "effort_saved"] = 1 - _share(edits, blank)
        gold, predicted, matched, *attributes = (claims[:, n] for n in range(len(CLAIM)))
        _prf(found, (lang, "claims", "match"), matched, gold, matched, predicted)
        for name, right in zip(CLAIM[3:], attributes, strict=True):
            found[lang, "claims", name] = _share(right, matched)
        for at, name in enumerate(axes.types):
            gold, predicted, matched = (types[:, at, n] for n in range(len(CLAIM_TYPE)))
            _prf(found, (lang, "claims", "types", name), matched, gold, matched, predicted)
    return found


def _entities(found: dict[Path, Numbers], lang: str, counts: Counts, entities: Numbers) -> None:
    import numpy as np

    kinds = _COUNTED if counts.with_names else {kind: _COUNTED[kind] for kind in KINDS}
    rows: list[tuple[Path, Numbers]] = [((lang, "entities"), entities.sum(1))]
    rows += [((lang, "entities", "labels", label), entities[:, at]) for at, label in enumerate(counts.axes.labels)]
    for path, row in rows:
        for kind, columns in kinds.items():
            _prf(found, (*path, kind), *(row[:, ENTITY.index(name)] for name in columns))
    # Of the labels that gold has; else a single wrong span would halve the figure.
    whole = counts.entities.sum(0)
    whole = whole.sum(0) if lang == ALL else whole[counts.axes.languages.index(lang)]
    in_gold = whole[:, ENTITY.index("gold")] > 0
    each = [
        found[lang, "entities", "labels", label, "exact", "f1"]
        for label, counted in zip(counts.axes.labels, in_gold, strict=True)
        if counted
    ]
    if each:
        several = np.array(each)
        defined = np.isfinite(several)
        found[lang, "entities", "macro"] = _share(np.where(defined, several, 0).sum(0), defined.sum(0))


def _prf(
    found: dict[Path, Numbers], path: Path, hits: Numbers, gold: Numbers, right: Numbers, predicted: Numbers
) -> None:
    import numpy as np

    nothing = (gold == 0) & (predicted == 0)
    precision, recall = _share(right, predicted, 0.0), _share(hits, gold, 0.0)
    f1 = _share(2 * precision * recall, precision + recall, 0.0)
    for name, values in (("precision", precision), ("recall", recall), ("f1", f1)):
        found[*path, name] = np.where(nothing, np.nan, values)


def _share(part: Numbers, whole: Numbers, else_: float = float("nan")) -> Numbers:
    import numpy as np

    share: Numbers = np.divide(part, whole, out=np.full(np.shape(part), else_), where=np.asarray(whole) != 0)
    return share


def tree(leaves: Mapping[Path, Any]) -> dict[str, Any]:
    """The leaves as dictionaries in one another, as JSON has them.

    >>> tree({("en", "f1"): 1, ("en", "macro"): 2})
    {'en': {'f1': 1, 'macro': 2}}
    """
    root: dict[str, Any] = {}
    for path, leaf in leaves.items():
        at = root
        for name in path[:-1]:
            at = at.setdefault(name, {})
        at[path[-1]] = leaf
    return root


def headline(paths: Mapping[Path, Any]) -> Iterator[Path]:
    """The figures by which two predictions are compared: every F1, and the shares that stand alone."""
    for path in paths:
        if path[-1] not in ("precision", "recall"):
            yield path
