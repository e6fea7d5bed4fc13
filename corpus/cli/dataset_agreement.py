"""The figures of agreement that go with a version of the dataset: plain numbers, and nobody's name.

`Manifest.agreement` is what `agreement_figures` makes. A figure is a dict of "value", "low" and "high" (the interval that
holds 95 % of resamples of the articles; null where there is none); LANG is "all", "en" or "zh".

    {"documents": 40,                   # annotated by two people or more; what all figures are of
     "annotators": 3,
     "resamples": 1000,
     "entities": {LANG: {"documents": 40, "spans": 800, "exact": FIGURE, "overlap": FIGURE, "place": FIGURE,
                         "kappa": FIGURE, "fleiss": FIGURE, "alpha": FIGURE, "u_alpha": FIGURE, "u_alpha_place": FIGURE}},
     "labels": {LABEL: {"spans": 90, "exact": FIGURE, "overlap": FIGURE, "alpha": FIGURE, "u_alpha": FIGURE}},
     "claims": {LANG: {"documents": 40, "claims": 120, "matched": 50, "match": FIGURE, "agreed": {ATTRIBUTE: FIGURE},
                       "alpha": {ATTRIBUTE: FIGURE}, "u_alpha": FIGURE}},
     "relations": {LABEL: {"relations": 30, "exact": FIGURE, "overlap": FIGURE, "alpha": FIGURE}},
     "bias": null | {"message": "in sentences",
                     "planted": {KIND: {"shown": 40, "left": 6, "share": FIGURE}},     # KIND "all" is all kinds
                     "agreement": [{"other": "gold", "mode": "blind", "documents": 9, "f1": FIGURE}]}}

F1 and Cohen's κ are over all pairs of annotators, Fleiss' κ and Krippendorff's α over all annotators at once, on words of
English and characters of Chinese. "agreed" is of claims that two annotators matched, the share that agree.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from annotators.agreement.cells import Figure
    from annotators.agreement.report import AgreementReport, Everybody, Spans
    from annotators.bias import BiasReport, Interval
    from corpus.report import Progress
    from corpus.store import Workspace

_ALL, _EVERYBODY = "all", ""


def measured_agreement(workspace: Workspace, *, progress: Progress | None = None) -> dict[str, Any] | None:
    """`Manifest.agreement` of a workspace; None where no document has two annotators and no bias was measured.

    All annotations of the workspace count, those of documents without gold too. The same annotations give the same
    figures: the resamples are drawn from a fixed seed.
    """
    from annotators.agreement import agreement
    from annotators.bias import bias
    from corpus.collector import rarely_collected

    with rarely_collected():
        return agreement_figures(agreement(workspace, shown=1, progress=progress), bias(workspace))


def agreement_figures(report: AgreementReport, bias: BiasReport | None = None) -> dict[str, Any] | None:
    """The plain figures of a report; None where there are none. Neither report's names of people are taken over."""
    swayed = _bias(bias) if bias is not None else None
    if not report.documents and swayed is None:
        return None
    together = {(row.kind, row.lang, row.label): row for row in report.everybody}
    entities = list(_of_all_pairs(report, "entities"))
    claim_label = next((row.label for row in _of_all_pairs(report, "claims")), "claim")
    return {
        "documents": report.documents,
        "annotators": len(report.annotators) if report.documents else 0,
        "resamples": report.resamples,
        "entities": {
            row.lang: {
                **_spans(row, "documents", "spans", "exact", "overlap", "place", "kappa"),
                **_together(together.get(("entities", row.lang, _ALL)), "fleiss", "alpha", "u_alpha", "u_alpha_place"),
            }
            for row in entities
            if row.label == _ALL
        },
        "labels": {
            row.label: {
                **_spans(row, "spans", "exact", "overlap"),
                **_together(together.get(("entities", _ALL, row.label)), "alpha", "u_alpha"),
            }
            for row in entities
            if row.label != _ALL and row.lang == _ALL
        },
        "claims": {
            row.lang: {
                "documents": row.documents,
                "claims": row.claims,
                "matched": row.matched,
                "match": _figure(row.match),
                "agreed": {name: _figure(figure) for name, figure in row.attributes.items()},
                "alpha": {a.attribute: _figure(a.alpha) for a in report.attributes if a.lang == row.lang},
                **_together(together.get(("claims", row.lang, claim_label)), "u_alpha"),
            }
            for row in report.claims
            if row.annotators == report.claims[0].annotators
        },
        "relations": {
            row.label: {
                "relations": row.relations,
                "exact": _figure(row.exact),
                "overlap": _figure(row.overlap),
                "alpha": _figure(row.alpha),
            }
            for row in report.relations
            if row.lang == _ALL
        },
        "bias": swayed,
    }


def _of_all_pairs(report: AgreementReport, kind: str) -> Iterable[Spans]:
    """The rows over all pairs of annotators, which come first (of two people, they are the only pair)."""
    rows = [row for row in report.spans if row.kind == kind]
    return [row for row in rows if row.annotators == rows[0].annotators]


def _spans(row: Spans, *names: str) -> dict[str, Any]:
    return {name: _plain(getattr(row, name)) for name in names}


def _together(row: Everybody | None, *names: str) -> dict[str, Any]:
    return {name: _plain(getattr(row, name)) if row is not None else _figure(None) for name in names}


def _bias(report: BiasReport) -> dict[str, Any] | None:
    planted = {
        row.kind: {"shown": row.shown, "left": row.left, "share": _figure(row.share)}
        for row in report.planted
        if row.annotator == _EVERYBODY and row.shown
    }
    compared = [
        {"other": row.other, "mode": row.mode, "documents": row.documents, "f1": _figure(row.f1)}
        for row in report.agreement
        if row.annotator == _EVERYBODY and row.documents
    ]
    if not planted and not compared:
        return None
    return {"message": report.message, "planted": planted, "agreement": compared}


def _plain(value: Any) -> Any:
    return value if isinstance(value, int | float) else _figure(value)


def _figure(figure: Figure | Interval | None) -> dict[str, float | None]:
    if figure is None:
        return {"value": None, "low": None, "high": None}
    return {"value": figure.value, "low": figure.low, "high": figure.high}
