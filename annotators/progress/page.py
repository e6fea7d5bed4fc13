"""The page of `hemu progress --html`: the tables, and charts of the rate and of the learning curve."""

from __future__ import annotations

from datetime import date, timedelta

from annotators.progress.curve import curve_chart
from annotators.progress.report import ALL, DONE, STATES, TODO, ProgressReport
from annotators.progress.tables import duration, percent, tables
from corpus.plots import column_chart, stacked_bars
from corpus.render import template
from corpus.store import Workspace

_SECTIONS = {
    "state": "Done and to do",
    "labels": "Labels",
    "time": "Time",
    "acceptance": "The pre-annotation",
    "curve": "Learning curve",
}
_LINES = 5
_DAYS = 120


def progress_page(workspace: Workspace, report: ProgressReport) -> str:
    """One self-contained HTML page: no script, nothing from outside; all that comes from the workspace is escaped."""
    from markupsafe import Markup

    charts = _charts(report)
    parts = tables(report)
    sections = [
        {
            "id": id,
            "title": title,
            # Drawn by corpus.plots and annotators.progress.curve, which escape what they are given.
            "charts": [(name, Markup(chart)) for place, name, chart in charts if place == id],
            "parts": [part for part in parts if part.section == id],
            "note": _note(report, id),
        }
        for id, title in _SECTIONS.items()
    ]
    view = {
        "name": str(workspace.setting("dataset", "name", "") or workspace.root.resolve().name),
        "report": report,
        "tiles": _tiles(report) if not report.empty else [],
        "sections": [s for s in sections if s["charts"] or s["parts"]],
        "wide": lambda part: len(part.header) > 6,
    }
    return str(template("progress.html").render(**view))


def _note(report: ProgressReport, section: str) -> str:
    if section == "curve" and report.articles:
        return (
            "Edits lead from the prediction to what the annotator made of it: a mark added, deleted, given another label or another boundary. "
            "That they fall need not be the model's doing: articles differ, and annotators learn. Compare edits for 1,000 characters."
        )
    if section == "time" and report.forecast:
        hours = report.forecast.hours
        rest = f" At the mean time of now that is {hours:,.1f} hours of work." if hours else ""
        return f"{report.forecast.message[:1].upper()}{report.forecast.message[1:]}.{rest}"
    return ""


def _tiles(report: ProgressReport) -> list[tuple[str, str, str]]:
    states = {row.state: row for row in report.states}
    everybody = report.people[-1]
    articles = sum(row.articles for row in report.states)
    done = states[DONE].articles
    tiles = [
        ("Articles done", f"{done:,}", f"of {articles:,}"),
        ("Articles to do", f"{states[TODO].articles:,}", ""),
        ("Annotators", f"{len(report.people) - 1:,}", ""),
        ("Time per task", duration(everybody.seconds), "median"),
        ("Entities kept", percent(everybody.kept) + (" %" if everybody.kept is not None else ""), "as proposed"),
        ("Edits per article", "–" if everybody.edits is None else f"{everybody.edits:.1f}", "entities"),
    ]
    if report.forecast and report.forecast.done:
        range = f"{report.forecast.earliest or '?'} – {report.forecast.latest or '?'}"
        tiles.append(("Done on", report.forecast.done, range))
    return tiles


def _charts(report: ProgressReport) -> list[tuple[str, str, str]]:
    """Section, title and drawing of each chart."""
    charts = []
    states = [row for row in report.states if row.articles]
    if states:
        rows = [(row.state, (row.articles,)) for row in sorted(states, key=lambda row: STATES.index(row.state))]
        charts.append(("state", "Articles", stacked_bars(rows, [""], title="Articles by state")))
    if report.days:
        title = "Tasks finished by day"
        shown = [(day, (count,)) for day, count in _every_day(report.days)]
        charts.append(("time", title, column_chart(shown, [""], title=title, y_label="tasks", width=1060)))
    bars = [
        (
            f"{row.source or 'not known'} · {row.lang}",
            (row.kept, row.boundary, row.label_changed, row.both, row.deleted),
        )
        for row in report.acceptance
        if row.kind == "entity" and row.source != ALL and row.label == ALL
    ]
    if bars:
        names = ["kept", "boundary", "label", "both", "deleted"]
        title = "Proposed entities by source"
        charts.append(("acceptance", title, stacked_bars(bars, names, title=title, width=1060)))
    return charts + _curves(report)


def _every_day(days: dict[str, int]) -> list[tuple[str, int]]:
    """The last days, those without any as well."""
    first, last = date.fromisoformat(min(days)), date.fromisoformat(max(days))
    first = max(first, last - timedelta(days=_DAYS - 1))
    each = [(first + timedelta(days=n)).isoformat() for n in range((last - first).days + 1)]
    return [(day, days.get(day, 0)) for day in each]


def _curves(report: ProgressReport) -> list[tuple[str, str, str]]:
    articles = report.articles
    if not articles:
        return []
    changes = {v.first: v.name or "not known" for v in report.versions if v.annotator == ALL}
    lines = {"mean": [((s.first + s.last) / 2, s.edits) for s in report.curve if s.annotator == ALL]}
    dots = [float(article.edits) for article in articles]
    made = [("curve", "Edits per article", dots, lines, changes, "edits")]
    thousand = {
        "mean for 1,000 characters": [
            ((s.first + s.last) / 2, s.per_thousand)
            for s in report.curve
            if s.annotator == ALL and s.per_thousand is not None
        ]
    }
    each = [1000 * a.edits / a.characters for a in articles if a.characters]
    if len(each) == len(articles):
        made.append(("curve", "Edits per 1,000 characters", each, thousand, changes, "edits"))
    people = [name for name in dict.fromkeys(s.annotator for s in report.curve) if name != ALL]
    if people:
        of_each = {
            name: [((s.first + s.last) / 2, s.edits) for s in report.curve if s.annotator == name]
            for name in people[:_LINES]
        }
        made.append(
            ("curve", "Edits per article, by annotator (counted in their own articles)", [], of_each, {}, "edits")
        )
    return [
        (place, title, curve_chart(d, line, c, title=title, x_label="articles, in the order of annotation", y_label=y))
        for place, title, d, line, c, y in made
    ]
