"""The page of `hemu agreement --html`: figures, heat maps, and every difference in its sentence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

from annotators.agreement.cells import Figure
from annotators.agreement.differences import KINDS, Difference, with_partners
from annotators.agreement.report import ALL, AgreementReport, Confusion, Spans
from corpus.document import LANGUAGES
from corpus.plots import line_chart
from corpus.render import LANGUAGE_NAMES, template
from corpus.store import Workspace

_LINES = 6


def agreement_page(workspace: Workspace, report: AgreementReport) -> str:
    """One self-contained HTML page: no script, nothing from outside; names, labels and texts are escaped.

    Differences are chosen by annotator, label, language and kind with the means of CSS.
    """
    from markupsafe import Markup

    name = str(workspace.setting("dataset", "name", "") or workspace.root.resolve().name)
    differences = with_partners(workspace, report.differences)
    choices = _choices(report, differences)
    view = {
        "name": name,
        "report": report,
        "tiles": _tiles(report),
        "heat": [_heat(report, lang) for lang in [ALL, *LANGUAGES] if _has(report, lang)] if _several(report) else [],
        "spans": [row for row in report.spans if row.label in (ALL, "claim") and row.spans],
        "everybody": [row for row in report.everybody if row.label in (ALL, "claim")],
        "labels": _labels(report),
        "people": [row for row in report.people if row.kind == "entities"],
        "confusion": [_confusion(table) for table in report.confusion if not table.annotators and table.lang == ALL],
        "alphas": {(row.attribute, row.lang): row.alpha for row in report.attributes},
        "names": list(report.claims[0].attributes) if report.claims else [],
        # Drawn by corpus.plots, which escapes what it is given.
        "charts": [(title, Markup(chart)) for title, chart in _charts(report)],
        "choices": choices,
        "items": [_item(difference, choices) for difference in differences],
        "percent": _percent,
        "plain": _plain,
        "lang_name": lambda lang: LANGUAGE_NAMES.get(lang, "both languages"),
    }
    return str(template("agreement.html").render(**view))


def _several(report: AgreementReport) -> bool:
    return any(row.annotators for row in report.spans) and len(report.annotators) > 2


def _has(report: AgreementReport, lang: str) -> bool:
    return any(row.lang == lang for row in report.spans)


def _tiles(report: AgreementReport) -> list[tuple[str, str, str]]:
    overall = next((row for row in report.spans if (row.kind, row.lang, row.label) == ("entities", ALL, ALL)), None)
    together = next(
        (row for row in report.everybody if (row.kind, row.lang, row.label) == ("entities", ALL, ALL)), None
    )
    tiles = [
        ("Documents", f"{report.documents:,}", "with two or more"),
        ("Annotators", str(len(report.annotators)), ""),
    ]
    if overall:
        tiles.append(("F1, exact", _percent(overall.exact), _range(overall.exact, 100)))
        tiles.append(("F1, overlapping", _percent(overall.overlap), _range(overall.overlap, 100)))
        tiles.append(("Cohen’s κ", _plain(overall.kappa), _range(overall.kappa)))
    if together:
        tiles.append(("Krippendorff’s α", _plain(together.alpha), _range(together.alpha)))
        tiles.append(("u-α", _plain(together.u_alpha), _range(together.u_alpha)))
    tiles.append(("Differences", f"{report.different:,}", ""))
    return tiles


def _percent(figure: Figure | None) -> str:
    return "–" if figure is None or figure.value is None else f"{100 * figure.value:.1f}"


def _plain(figure: Figure | None) -> str:
    return "–" if figure is None or figure.value is None else f"{figure.value:.2f}"


def _range(figure: Figure, times: int = 1) -> str:
    if figure.low is None or figure.high is None:
        return ""
    form = "{:.1f} – {:.1f}" if times > 1 else "{:.2f} – {:.2f}"
    return form.format(times * figure.low, times * figure.high)


def _heat(report: AgreementReport, lang: str) -> dict[str, Any]:
    """A cell for each two annotators: κ below the diagonal, F1 above it."""
    rows = {
        frozenset(row.annotators): row
        for row in report.spans
        if row.kind == "entities" and row.lang == lang and row.label == ALL and len(row.annotators) == 2
    }
    people = sorted({name for pair in rows for name in pair})
    cells = [
        [_heat_cell(rows.get(frozenset((a, b))), i, j) for j, b in enumerate(people)] for i, a in enumerate(people)
    ]
    return {"lang": lang, "people": people, "rows": list(zip(people, cells, strict=True))}


def _heat_cell(row: Spans | None, i: int, j: int) -> dict[str, Any] | None:
    if row is None or i == j:
        return None
    figure = row.exact if i < j else row.kappa
    shown = _percent(figure) if i < j else _plain(figure)
    tip = f"{' and '.join(row.annotators)}: {row.documents} documents; {_range(figure, 100 if i < j else 1)}"
    return {"shown": shown, "shade": round(70 * max(0.0, figure.value or 0.0)), "tip": tip}


def _labels(report: AgreementReport) -> list[tuple[str, list[Any]]]:
    """For each language the rows of its labels: spans of all pairs, and all annotators together."""
    together = {(row.lang, row.label): row for row in report.everybody if row.kind == "entities"}
    whole = report.spans[0].annotators if report.spans else ()
    result = []
    for lang in [ALL, *LANGUAGES]:
        rows = [row for row in report.spans if row.kind == "entities" and row.lang == lang and row.annotators == whole]
        rows = [row for row in rows if row.label != ALL]
        if rows:
            result.append((lang, [(row, together.get((lang, row.label))) for row in rows]))
    return result


def _confusion(table: Confusion) -> dict[str, Any]:
    titles = {"entities": "Labels of entities", "claims": "Claims", "policy_area": "Policy areas of claims"}
    title = titles.get(table.kind, f"{table.kind.capitalize()} of claims")
    most = max((max(row) for row in table.counts), default=0) or 1
    apart = max((n for i, row in enumerate(table.counts) for j, n in enumerate(row) if i != j), default=0) or 1
    rows = []
    for i, (label, counts) in enumerate(zip(table.labels, table.counts, strict=True)):
        # Both orders are counted: on the diagonal, each pair twice.
        cells = [
            {
                "shown": f"{n // 2 if i == j else n:,}" if n else "",
                "same": i == j,
                "shade": _shade(n, most if i == j else apart),
            }
            for j, n in enumerate(counts)
        ]
        rows.append((_label(label, table.kind), cells))
    return {"title": title, "labels": [_label(label, table.kind) for label in table.labels], "rows": rows}


def _label(label: str, kind: str) -> str:
    return label or ("nothing" if kind in ("entities", "claims") else "none given")


def _shade(number: int, most: int) -> int:
    return round(8 + 62 * (number / most) ** 0.5) if number else 0


def _charts(report: AgreementReport) -> list[tuple[str, str]]:
    if len({row.period for row in report.time}) < 2:
        return []
    order = {period: n for n, period in enumerate(dict.fromkeys(row.period for row in report.time), 1)}
    whole = [row for row in report.time if not row.annotator]
    lines = {
        "F1, exact": [(order[row.period], row.exact.value) for row in whole],
        "F1, overlapping": [(order[row.period], row.overlap.value) for row in whole],
        "κ": [(order[row.period], row.kappa.value) for row in whole],
    }
    charts = [_line_chart(lines, "All pairs")]
    people = list(dict.fromkeys(row.annotator for row in report.time if row.annotator))[:_LINES]
    if people:
        each = {
            name: [(order[row.period], row.exact.value) for row in report.time if row.annotator == name]
            for name in people
        }
        charts.append(_line_chart(each, "Each annotator against the others, F1 (exact)"))
    return charts


def _line_chart(lines: dict[str, Any], title: str) -> tuple[str, str]:
    kept = {name: [(x, y) for x, y in points if y is not None] for name, points in lines.items()}
    low = min((y for points in kept.values() for _, y in points), default=0.0)
    floor = min(0.5, max(-1.0, int(low * 10 - 1) / 10))
    return title, line_chart(kept, title=title, x_label="time", y_range=(floor, 1.0))


def _choices(report: AgreementReport, differences: Sequence[Difference]) -> list[dict[str, Any]]:
    """What differences are chosen by: groups of (value, its number in the page, how many)."""
    kinds = Counter(kind for d in differences for kind in d.kinds)
    langs = Counter(d.lang for d in differences)
    labels = Counter(label for d in differences for label in d.labels)
    people = Counter(name for d in differences for name in _dissenters(d))
    groups: list[tuple[str, list[tuple[str, int]]]] = [
        ("kind", [(kind, kinds[kind]) for kind in KINDS if kinds[kind]]),
        ("language", [(lang, langs[lang]) for lang in LANGUAGES if langs[lang]]),
        ("label", labels.most_common()),
        ("annotator", [(name, people[name]) for name in report.annotators if people[name]]),
    ]
    return [
        {
            "name": name,
            "letter": letter,
            # The value 0 is "all".
            "values": [(value, n, count) for n, (value, count) in enumerate(values, 1)],
            "numbers": range(len(values) + 1),
        }
        for letter, (name, values) in zip("kgla", groups, strict=True)
        if len(values) > 1
    ]


def _dissenters(difference: Difference) -> set[str]:
    """Who does not say what most say; everyone where nobody has a majority."""
    most = max(len(one.annotators) for one in difference.said)
    largest = [one for one in difference.said if len(one.annotators) == most]
    few = difference.said if len(largest) > 1 else [one for one in difference.said if one is not largest[0]]
    return {name for one in few for name in one.annotators}


def _item(difference: Difference, choices: Iterable[dict[str, Any]]) -> dict[str, Any]:
    values: dict[str, set[str]] = {
        "kind": set(difference.kinds),
        "language": {difference.lang},
        "label": set(difference.labels),
        "annotator": _dissenters(difference),
    }
    classes = [
        f"{group['letter']}{number}"
        for group in choices
        for value, number, _ in group["values"]
        if value in values[group["name"]]
    ]
    versions = []
    for one in difference.said:
        cuts = {difference.at, difference.at + len(difference.text)}
        cuts |= {at for start, end, _ in one.marks for at in (start, end)}
        pieces = [
            (difference.text[a - difference.at : b - difference.at], _mark(one.marks, a, b))
            for a, b in pairwise(sorted(cuts))
        ]
        versions.append(
            {"who": ", ".join(one.annotators), "pieces": pieces, "note": one.note, "marks": bool(one.marks)}
        )
    return {"of": difference, "classes": " ".join(classes), "versions": versions}


def _mark(marks: Iterable[tuple[int, int, str]], start: int, end: int) -> str:
    """The label of the mark that holds a piece of the text, "" for none."""
    return next((label for s, e, label in marks if s <= start and end <= e), "")
