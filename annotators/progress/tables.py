"""The figures as tables of text, the same on the terminal and on the page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from annotators.progress.curve import Stretch
from annotators.progress.report import ALL, OUTDATED, AcceptanceRow, ProgressReport, StateRow
from annotators.progress.spans import ATTRIBUTE_NAMES, CLAIM
from corpus.document import LANGUAGES

NONE = "–"


@dataclass(frozen=True, slots=True)
class Part:
    """A table: its section of the page, its title, header and rows, how many of its columns are text, and a word on it."""

    section: str
    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    text_columns: int = 1
    note: str = ""
    detail: bool = False
    """Whether it is for the page only."""


def tables(report: ProgressReport) -> list[Part]:
    """All tables that have something to show."""
    made = (
        _states(report),
        _people(report),
        _assigned(report),
        _labels(report),
        _times(report),
        _aside(report),
        _acceptance(report),
        _accepted(report),
        _relabelled(report),
        _attributes(report),
        _sources(report),
        _curve(report),
        _versions(report),
        _versions(report, True),
    )
    return [part for part in made if part.rows]


def duration(seconds: float | None) -> str:
    """A time as people say it.

    >>> duration(45.2), duration(192), duration(5400), duration(None)
    ('45 s', '3.2 min', '1.5 h', '–')
    """
    if seconds is None:
        return NONE
    if seconds < 59.5:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.1f} min" if seconds < 3570 else f"{seconds / 3600:.1f} h"


def percent(share: float | None) -> str:
    """A share in percent.

    >>> percent(0.875), percent(None)
    ('87.5', '–')
    """
    return NONE if share is None else f"{100 * share:.1f}"


def _part(count: int, of: int) -> str:
    return percent(count / of if of else None)


def _plain(value: float | None) -> str:
    return NONE if value is None else f"{value:.1f}"


def _count(value: int) -> str:
    return f"{value:,}" if value else NONE


def _states(report: ProgressReport) -> Part:
    def cells(row: StateRow) -> list[str]:
        numbers = [row.articles, row.tasks, *(row.documents.get(lang, 0) for lang in LANGUAGES)]
        return [_count(n) for n in (*numbers, *(row.characters.get(lang, 0) for lang in LANGUAGES))]

    header = ["state", "articles", "tasks", "texts en", "texts zh", "characters en", "characters zh"]
    rows = [[row.state, *cells(row)] for row in report.states if row.state != OUTDATED or row.tasks]
    gold = report.gold
    if any(gold.values()):
        rows.append(["with gold", NONE, NONE, *(_count(gold.get(lang, 0)) for lang in LANGUAGES), NONE, NONE])
    return Part("state", "Done and to do (everybody, up to now)", header, rows)


def _people(report: ProgressReport) -> Part:
    header = ["annotator", "articles", "tasks", "skipped", "drafts", "en", "zh", "characters", "entities", "claims"]
    header += ["a task", "1,000 char.", "edits", "kept %"]
    rows = []
    for row in report.people:
        if row.annotator == ALL and len(report.people) == 2:
            continue
        numbers = [row.articles, row.done, row.skipped, row.drafts, *(row.documents.get(lang, 0) for lang in LANGUAGES)]
        numbers += [sum(row.characters.values()), row.entities, row.claims]
        times = [duration(row.seconds), duration(row.per_thousand)]
        rows.append([row.annotator, *map(_count, numbers), *times, _plain(row.edits), percent(row.kept)])
    note = (
        "en, zh: texts. A task, 1,000 characters: median time. Edits: to the entities of an article, on average. "
        "Kept: of the proposed entities."
    )
    return Part("state", "By annotator", header, rows, note=note)


def _assigned(report: ProgressReport) -> Part:
    header = ["person", "project", "annotators", "articles", "done", "begun", "skipped", "to do", "characters to do"]
    rows = [
        [a.person, a.project, ", ".join(a.annotators) or NONE]
        + [_count(n) for n in (a.articles, a.done, a.begun, a.skipped, a.to_do, a.characters_to_do)]
        for a in report.assigned
    ]
    return Part("state", "Assigned (up to now)", header, rows, 3)


def _labels(report: ProgressReport) -> Part:
    by_label = {(row.label, row.lang): row for row in report.labels}
    rows = []
    for label in dict.fromkeys(row.label for row in report.labels):
        both = [by_label[label, lang] for lang in LANGUAGES]
        numbers = [getattr(row, name) for name in ("done", "to_do", "gold") for row in both]
        if any(numbers):
            rows.append([label, *map(_count, numbers)])
    header = ["label", *(f"{what} {lang}" for what in ("annotated", "to do", "gold") for lang in LANGUAGES)]
    note = "To do: what the pre-annotation proposes in the articles that are to be done."
    return Part("labels", "By label", header, rows, note=note)


def _times(report: ProgressReport) -> Part:
    header = ["annotator", "texts", "tasks", "used", "median", "middle half", "mean", "1,000 char.", "by the clock"]
    rows = []
    for row in report.times:
        middle = f"{duration(row.low)} – {duration(row.high)}" if row.used else NONE
        times = [duration(row.median), middle, duration(row.winsorised), duration(row.per_thousand)]
        rows.append([row.annotator, row.kind, _count(row.tasks), _count(row.used), *times, duration(row.clock)])
    note = (
        "The mean has the lowest and the highest 5 % pulled in to the next value; that leaves the median as it is. "
        "By the clock: median since the submission before, where that is within an hour."
    )
    return Part("time", "Time per task", header, rows, 2, note)


def _aside(report: ProgressReport) -> Part:
    rows = []
    for row in report.times:
        if row.kind == ALL:
            rows += [[row.annotator, why, f"{count:,}"] for why, count in row.set_aside.items()]
            if row.hurried:
                rows.append([row.annotator, "used, but faster than anybody reads", f"{row.hurried:,}"])
    return Part("time", "Times set aside", ["annotator", "why", "tasks"], rows, 2)


_OUTCOMES = ["proposed", "kept %", "boundary", "label", "both", "attributes", "deleted", "added"]


def _outcomes(row: AcceptanceRow) -> list[str]:
    shares = [_part(n, row.proposed) if n else NONE for n in (row.boundary, row.label_changed, row.both)]
    shares += [_part(n, row.proposed) if n else NONE for n in (row.attributes, row.deleted)]
    return [_count(row.proposed), percent(row.accepted), *shares, _count(row.added)]


def _acceptance(report: ProgressReport) -> Part:
    everybody = [row for row in report.acceptance if row.annotator == ALL]
    labels = Counter((row.kind, row.source, row.lang) for row in everybody if row.label != ALL)
    rows = []
    for row in everybody:
        # Where there is one label only, its row says it all.
        if row.label == ALL and row.lang != ALL and labels[row.kind, row.source, row.lang] == 1:
            continue
        label = "" if row.kind == CLAIM else row.label
        rows.append([row.kind, row.source or "not known", row.lang, label, *_outcomes(row)])
    note = (
        "Shares in percent of what was proposed. A mark is kept where nothing of it was changed. Added: made by hand."
    )
    return Part(
        "acceptance", "What became of the pre-annotation", ["of", "source", "lang", "label", *_OUTCOMES], rows, 4, note
    )


def _accepted(report: ProgressReport) -> Part:
    rows = [[row.annotator, row.kind, *_outcomes(row)] for row in report.acceptance if row.annotator != ALL]
    return Part("acceptance", "What became of it, by annotator", ["annotator", "of", *_OUTCOMES], rows, 2)


def _relabelled(report: ProgressReport) -> Part:
    rows = [[lang, was, now, f"{count:,}"] for lang, was, now, count in report.relabelled]
    return Part("acceptance", "Labels changed most often", ["lang", "proposed", "annotated", "times"], rows, 3)


def _attributes(report: ProgressReport) -> Part:
    header = ["source", "lang", "claims", "all %", *(f"{name.replace('policy_', '')} %" for name in ATTRIBUTE_NAMES)]
    rows = [
        [a.source or "not known", a.lang, _count(a.claims), _part(a.whole, a.claims)]
        + [_part(a.kept[name], a.claims) for name in ATTRIBUTE_NAMES]
        for a in report.attributes
    ]
    note = "Of the proposed claims that were not deleted: how many have the attribute as it was proposed."
    return Part("acceptance", "Claims, attribute by attribute", header, rows, 2, note)


def _sources(report: ProgressReport) -> Part:
    header = ["source", "lang", "texts", "proposed", "chosen %", "right %", "near %", "alone", "alone right %"]
    rows = [
        [s.source, s.lang, _count(s.documents), _count(s.proposed), _part(s.chosen, s.proposed)]
        + [_part(s.right, s.proposed), _part(s.near, s.proposed), _count(s.alone), _part(s.alone_right, s.alone)]
        for s in report.sources
    ]
    note = (
        "All entities that a source proposes by itself now: chosen by the pre-annotation; right: annotated just so; near: annotated "
        "with the label, and overlapping; alone: proposed by no other source. Annotators saw the pre-annotation, and lean to it."
    )
    return Part("acceptance", "Which source's spans are in the annotation", header, rows, 2, note)


_CURVE = ["edits", "95 %", "1,000 char.", "claims", "saved %", "first", "last"]


def _stretch(one: Stretch) -> list[str]:
    interval = NONE if one.low is None or one.high is None else f"{one.low:.1f} – {one.high:.1f}"
    times = [one.since[:10] or NONE, one.until[:10] or NONE]
    return [
        f"{one.edits:.1f}",
        interval,
        _plain(one.per_thousand),
        f"{one.claim_edits:.1f}",
        percent(one.saved),
        *times,
    ]


def _curve(report: ProgressReport) -> Part:
    rows = [
        [f"{one.first:,}" if one.first == one.last else f"{one.first:,}–{one.last:,}", *_stretch(one)]
        for one in report.curve
        if one.annotator == ALL
    ]
    note = (
        "Edits to the entities of an article, for 1,000 characters, and to claims, in the order of submission. "
        "Saved: one minus edits through what it takes from nothing."
    )
    return Part("curve", "Edits per article", ["articles", *_CURVE], rows, note=note)


def _versions(report: ProgressReport, each: bool = False) -> Part:
    rows = [
        [
            one.name or "not known",
            *([one.annotator] if each else []),
            f"{one.first:,}",
            f"{one.articles:,}",
            *_stretch(one),
        ]
        for one in report.versions
        if (one.annotator != ALL) == each
    ]
    title = "By the model version of the prediction" + (", for each annotator" if each else "")
    header = ["model version", *(["annotator"] if each else []), "from", "articles", *_CURVE]
    return Part("curve", title, header, rows, 2 if each else 1, "From: the number of its first article.", detail=each)
