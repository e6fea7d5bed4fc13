"""The figures of `hemu evaluate` as tables, for the terminal and for the page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from corpus.metrics import Scores
    from models.compare import Difference, Interval
    from models.counts import Counts
    from models.figures import Path as Figure

Table = tuple[str, list[str], list[list[str]]]
"""Title, header, rows."""


def tables_of(scores: Scores, figures: Mapping[Figure, Interval], counted: Counts) -> list[Table]:
    """A table a language: each label, all, names seen and unseen, claims and their types."""
    from models.counts import ENTITY

    header = ["", "P", "R", "F1", "95 %", "overlap", "position", "gold"]
    tables = []
    for lang, part in scores.languages.items():
        rows = [
            _row(figures, label, (lang, "entities", "labels", label), prf.gold)
            for label, prf in part.entities.labels.items()
        ]
        rows.append(_row(figures, "all", (lang, "entities"), part.entities.strict.gold))
        macro = figures.get((lang, "entities", "macro"))
        if macro is not None:
            rows.append(["mean of labels", "", "", _percent(macro.value), _range(macro), "", "", ""])
        for kind in ("seen", "unseen"):
            if (f1 := figures.get((lang, "entities", kind, "f1"))) is not None and f1.value is not None:
                gold = str(_gold(counted.entities, lang, counted, ENTITY.index(f"{kind}_gold")))
                rows.append([f"{kind} names", *_prf(figures, (lang, "entities", kind)), "", "", gold])
        if part.claims.match.gold or part.claims.match.predicted:
            rows.append(["claims", *_prf(figures, (lang, "claims", "match")), "", "", str(part.claims.match.gold)])
            for path in figures:
                if path[:3] == (lang, "claims", "types") and path[-1] == "f1" and figures[path].value is not None:
                    at = counted.axes.types.index(path[3])
                    gold = str(_gold(counted.claim_types[:, :, at : at + 1], lang, counted, 0))
                    rows.append([f"claims: {path[3]}", *_prf(figures, path[:-1]), "", "", gold])
        tables.append((f"{lang}: {part.documents} documents", header, rows))
    return tables


def _gold(part: Any, lang: str, counted: Counts, column: int) -> int:
    """A column of counts, summed over the articles and names of one language."""
    return int(part[:, counted.axes.languages.index(lang), :, column].sum())


def _row(figures: Mapping[Figure, Interval], name: str, path: Figure, gold: int) -> list[str]:
    loose = (_percent(figures[*path, kind, "f1"].value) for kind in ("overlap", "position"))
    return [name, *_prf(figures, (*path, "exact")), *loose, str(gold)]


def _prf(figures: Mapping[Figure, Interval], path: Figure) -> list[str]:
    f1 = figures[*path, "f1"]
    return [*(_percent(figures[*path, name].value) for name in ("precision", "recall")), _percent(f1.value), _range(f1)]


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f}"


def _range(figure: Interval | Difference) -> str:
    return "" if figure.low is None or figure.high is None else f"{100 * figure.low:.1f} to {100 * figure.high:.1f}"


def rest(lang: str, figures: Mapping[Figure, Interval], kinds: Mapping[str, int], claims: bool) -> list[str]:
    """The lines below the table of a language: effort saved, attributes of claims, kinds of errors."""
    saved = figures[lang, "entities", "effort_saved"]
    within = f" ({_range(saved)})" if _range(saved) else ""
    line = f"correction effort saved {100 * (saved.value or 0.0):.1f} %{within}"
    if claims:
        shown = []
        for what in ("type", "stance", "claimant", "policy_area"):
            figure = figures[lang, "claims", what]
            within = f" ({_range(figure)})" if _range(figure) else ""
            shown.append(f"{what.replace('_', ' ')} {100 * (figure.value or 0.0):.1f} %{within}")
        line += f"; matched claims: {', '.join(shown)}"
    return [line, f"errors: {', '.join(f'{kind} {number}' for kind, number in kinds.items())}", ""]


def comparison(rival: str, apart: Mapping[Figure, Difference]) -> list[Table]:
    """What is better than in the other prediction, and how sure that is; a table a language and one for both."""
    tables = []
    several = [*dict.fromkeys(path[0] for path in apart)]
    for lang in several if len(several) > 2 else several[1:]:
        rows = []
        for path, d in apart.items():
            if path[0] == lang and d.value is not None and (name := _named(path)):
                better = "" if d.better is None else f"{d.better:.2f}"
                tests = ("" if p is None else f"{p:.3f}" for p in (d.p, d.p_holm))
                rows.append([name, f"{100 * d.value:+.1f}", _range(d), better, *tests])
        header = ["", "difference", "95 %", "better", "p", "p (Holm)"]
        tables.append((f"{'both languages' if lang == 'all' else lang}, against {rival}", header, rows))
    return tables


def _named(path: Figure) -> str:
    """How the table calls a figure; "" for one that is in the JSON only."""
    match path[1:]:
        case ("entities", "labels", label, "exact", "f1"):
            return label
        case ("entities", kind, "f1"):
            return {"exact": "all", "seen": "seen names", "unseen": "unseen names"}.get(kind, kind)
        case ("entities", "macro"):
            return "mean of labels"
        case ("entities", "effort_saved"):
            return "effort saved"
        case ("claims", "match", "f1"):
            return "claims"
        case ("claims", ("type" | "stance" | "claimant") as what):
            return f"claims: {what}"
    return ""


def method(articles: int, draws: int) -> str:
    """How sure the figures are, in one line."""
    from models.compare import FEW

    if articles < 2 or draws < 1:
        return f"no intervals: {'one article' if articles < 2 else 'no draws'}"
    few = "; with so few, intervals are narrower than they should be" if articles < FEW else ""
    return f"intervals from {draws:,} resamples of {articles} articles{few}"
