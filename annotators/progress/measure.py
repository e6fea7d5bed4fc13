"""How far the annotation of a workspace is. Everything comes from its tables; no server is asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from annotators.progress.curve import Article, stretches, versions
from annotators.progress.gather import Chosen, Gathered, TaskId, Work, gather, kind_of, natural
from annotators.progress.outcomes import Left, Outcome, measured, outcomes
from annotators.progress.pace import by_day, forecast
from annotators.progress.report import (
    ALL,
    APART,
    BEGUN,
    DONE,
    SKIPPED,
    TODO,
    AcceptanceRow,
    AttributeRow,
    PersonRow,
    ProgressReport,
    SourceRow,
)
from annotators.progress.sources import source_rows
from annotators.progress.spans import ATTRIBUTE_NAMES, CLAIM, EDITS, ENTITY, RELATION, Mark
from annotators.progress.stock import assigned_rows, document_states, label_rows, person_rows, state_rows, task_states
from annotators.progress.times import TimeRow, moment, time_row, timed
from corpus.document import LANGUAGES
from corpus.report import Progress
from corpus.store import Workspace

_RELABELLED = 20
_KINDS = (ALL, "en", "zh", "en+zh")
_FIELDS = {
    "kept": "kept",
    "boundary": "boundary",
    "label": "label_changed",
    "both": "both",
    "attributes": "attributes",
    "deleted": "deleted",
    "added": "added",
}


def progress(
    workspace: Workspace,
    chosen: Chosen | None = None,
    *,
    now: datetime | None = None,
    progress: Progress | None = None,
) -> ProgressReport:
    """What is done and to do, how long it takes, what became of the pre-annotation, and whether that gets better.

    What is done and to do is that of everybody and of now; all else is of the work that is `chosen`. `now` is what the
    forecast goes by (the end of `until` where that is before). What was shown blind or with planted errors is in times and
    counts, and left out where the pre-annotation is judged. Raises InputError where an annotator who is chosen is not there.
    """
    chosen = chosen or Chosen()
    gathered = gather(workspace, chosen, progress)
    if not gathered.tasks and not gathered.works and not gathered.drafts:
        return ProgressReport(_nothing(gathered))
    report = ProgressReport("", states=state_rows(gathered), assigned=assigned_rows(gathered))
    rows = person_rows(gathered, chosen)
    people = {row.annotator: row for row in rows[:-1]}
    report.labels = label_rows(workspace, gathered, people)
    rows[-1].entities, rows[-1].claims = (sum(getattr(p, n) for p in people.values()) for n in ("entities", "claims"))
    report.gold = dict.fromkeys(LANGUAGES, 0)
    for id in gathered.gold:
        report.gold[gathered.texts[id].lang] += 1
    works = [work for work in gathered.works if chosen(work.annotator, work.time)]
    _times(report, gathered, works)
    _pace(report, gathered, works, chosen, now or datetime.now(UTC))
    _outcomes(report, workspace, gathered, works, progress)
    report.sources = _sources(workspace, gathered)
    report.people = _people(report, rows)
    report.message = _message(report)
    if gathered.withdrawn:
        report.notes.append(f"{gathered.withdrawn:,} annotations are gone from the server, and count nowhere")
    return report


def _nothing(gathered: Gathered) -> str:
    if not gathered.texts:
        return "the workspace is empty; take articles in with: hemu ingest"
    return f"{len(gathered.texts):,} documents, of which none was pushed or annotated yet; push them with: hemu push"


def _message(report: ProgressReport) -> str:
    states = {row.state: row for row in report.states}
    parts = [f"{states[state].articles:,} {state}" for state in (DONE, BEGUN, SKIPPED, TODO, APART)]
    articles = sum(row.articles for row in report.states)
    people = len(report.people) - 1
    return f"of {articles:,} articles {', '.join(parts)}; {people} annotator{'s' * (people != 1)}"


# ---- times and pace


def _times(report: ProgressReport, gathered: Gathered, works: Sequence[Work]) -> None:
    wanted = set(map(id, works))
    # The clock is that of all that somebody submitted.
    rows, notes = timed(gathered.works)
    rows = [row for row in rows if id(row.work) in wanted]
    names = sorted({row.work.annotator for row in rows}, key=natural)
    report.notes += [note for note in notes if note.split(": ")[0] in names]
    for annotator in [ALL, *(names if len(names) > 1 else ())]:
        own = [row for row in rows if annotator in (ALL, row.work.annotator)]
        for kind in _KINDS:
            of_kind = [row for row in own if kind in (ALL, row.work.kind)]
            if of_kind and (kind == ALL or len({row.work.kind for row in own}) > 1):
                report.times.append(time_row(annotator, kind, of_kind))


def _pace(report: ProgressReport, gathered: Gathered, works: Sequence[Work], chosen: Chosen, now: datetime) -> None:
    first: dict[TaskId, str] = {}
    for work in works:
        if not work.skipped and work.time and (work.task not in first or work.time < first[work.task]):
            first[work.task] = work.time
    report.days = by_day(first.values())
    states = task_states(gathered)
    left = sum(state in (TODO, BEGUN) for state in states.values())
    if chosen.until:
        last = max((found for work in works if (found := moment(work.time))), default=now)
        now = min(now, last)
    report.forecast = forecast(report.days, left, now, _hours(report, gathered, states))


def _hours(report: ProgressReport, gathered: Gathered, states: dict[TaskId, str]) -> float | None:
    """The hours that what is left takes, by the mean time of its kind of text."""
    rates = {row.kind: row.per_thousand_mean for row in report.times if row.annotator == ALL}
    documents = document_states(gathered)
    seconds = 0.0
    # An article that two people have is to be done twice; its parts are one task each, and share its characters.
    places: dict[tuple[str, int, tuple[str, ...]], list[str]] = {}
    for id, task in gathered.tasks.items():
        if not task.outdated:
            places.setdefault((id.url, id.project, task.documents), []).append(states[id])
    for (_, _, ids), of_place in places.items():
        texts = [gathered.texts[id] for id in ids if id in documents]
        rate = rates.get(kind_of(text.lang for text in texts)) or rates.get(ALL)
        share = sum(state in (TODO, BEGUN) for state in of_place) / len(of_place)
        if share and rate is None:
            return None
        seconds += share * (rate or 0.0) * sum(text.characters for text in texts) / 1000
    return seconds / 3600


# ---- what became of the pre-annotation


def _outcomes(
    report: ProgressReport,
    workspace: Workspace,
    gathered: Gathered,
    works: Sequence[Work],
    progress: Progress | None,
) -> None:
    left = Left()
    counts: Counter[tuple[str, str, Mark]] = Counter()
    relabelled: Counter[tuple[str, str, str]] = Counter()
    attributes: dict[tuple[str, str], Counter[str]] = {}
    articles: dict[tuple[str, str], Article] = {}
    untold = 0
    for outcome in outcomes(workspace, measured(gathered, works, left), left, progress):
        text = gathered.texts.get(outcome.document)
        if text is None:
            continue
        counts.update((text.lang, outcome.work.annotator, mark.plain) for mark in outcome.marks)
        for mark in outcome.marks:
            if mark.kind == ENTITY and mark.outcome in ("label", "both"):
                relabelled[text.lang, mark.label, mark.new_label] += 1
        if outcome.attributes is None:
            untold += 1
        for source, changed in outcome.attributes or ():
            for of in {(source, text.lang), (ALL, text.lang), (ALL, ALL)}:
                found = attributes.setdefault(of, Counter())
                found["claims"] += 1
                found["whole"] += not changed
                found.update(name for name in ATTRIBUTE_NAMES if name not in changed)
        _add(articles, outcome)
    report.acceptance = _ordered(_acceptance(counts), workspace.scheme.label_names)
    report.relabelled = [(*key, count) for key, count in relabelled.most_common(_RELABELLED)]
    report.attributes = [
        AttributeRow(*key, c["claims"], c["whole"], {name: c[name] for name in ATTRIBUTE_NAMES})
        for key, c in sorted(attributes.items(), key=lambda pair: (pair[0][0] != ALL, pair[0][1] != ALL, pair[0]))
    ]
    report.articles = sorted(articles.values(), key=lambda article: (article.time, article.article))
    _curves(report)
    if untold:
        report.notes.append(f"the attributes of claims could not be compared in {untold:,} documents")
    report.notes += [f"{count:,} tasks are not judged: {why}" for why, count in sorted(left.counts.items())]


def _acceptance(counts: Mapping[tuple[str, str, Mark], int]) -> Iterable[AcceptanceRow]:
    """The rows of marks without places, counted by language and annotator."""
    rows: dict[tuple[str, str, str, str, str], AcceptanceRow] = {}
    for (lang, annotator, mark), count in counts.items():
        for key in _rows_of(mark, lang, annotator):
            row = rows.setdefault(key, AcceptanceRow(*key))
            name = _FIELDS[mark.outcome]
            setattr(row, name, getattr(row, name) + count)
    return rows.values()


def _rows_of(mark: Mark, lang: str, annotator: str) -> Iterable[tuple[str, str, str, str, str]]:
    """The rows that a mark is counted in: kind, source, label, language, annotator."""
    kind, label = mark.kind, mark.label or mark.new_label
    yield from ((kind, ALL, label, lang, ALL), (kind, ALL, ALL, lang, ALL), (kind, ALL, ALL, ALL, ALL))
    yield kind, ALL, ALL, ALL, annotator
    if mark.outcome != "added" and kind != RELATION:
        yield from ((kind, mark.source, label, lang, ALL), (kind, mark.source, ALL, lang, ALL))


def _ordered(rows: Iterable[AcceptanceRow], labels: Sequence[str]) -> list[AcceptanceRow]:
    rank = {label: number for number, label in enumerate((ALL, *labels))}
    langs = {lang: number for number, lang in enumerate((ALL, *LANGUAGES))}
    kinds = {kind: number for number, kind in enumerate((ENTITY, CLAIM, RELATION))}

    def key(row: AcceptanceRow) -> tuple[object, ...]:
        place = rank.get(row.label, len(rank))
        person = (row.annotator != ALL, natural(row.annotator))
        return person, kinds.get(row.kind, 3), row.source != ALL, row.source, langs.get(row.lang, 9), place, row.label

    kept = list(rows)
    # One annotator is everybody; one label of claims is all of them.
    alone = sum(row.annotator != ALL and row.kind == ENTITY for row in kept) < 2
    kept = [row for row in kept if row.annotator == ALL or not alone]
    kept = [row for row in kept if row.kind != CLAIM or row.label == ALL]
    return sorted(kept, key=key)


def _add(articles: dict[tuple[str, str], Article], outcome: Outcome) -> None:
    """Add the edits of one document to those of its article, of which all parts and both versions are one."""
    work = outcome.work
    known = articles.get((work.article, work.annotator))
    edits = sum(EDITS[mark.outcome] for mark in outcome.marks if mark.kind == ENTITY)
    blank = sum(mark.kind == ENTITY and mark.outcome != "deleted" for mark in outcome.marks)
    claims = sum(EDITS[mark.outcome] for mark in outcome.marks if mark.kind == CLAIM)
    first = next(iter(work.documents)) == outcome.document
    characters = work.characters if first else 0
    if known is None:
        found = Article(work.article, work.annotator, work.time, work.model_version, edits, blank, claims, characters)
    else:
        found = replace(
            known,
            time=max(known.time, work.time),
            version=work.model_version if work.time >= known.time else known.version,
            edits=known.edits + edits,
            blank=known.blank + blank,
            claim_edits=known.claim_edits + claims,
            characters=known.characters + characters,
        )
    articles[work.article, work.annotator] = found


def _curves(report: ProgressReport) -> None:
    people = sorted({article.annotator for article in report.articles}, key=natural)
    for annotator in [ALL, *(people if len(people) > 1 else ())]:
        own = [article for article in report.articles if annotator in (ALL, article.annotator)]
        if own:
            report.curve += stretches(own, annotator)
            report.versions += versions(own, annotator)


def _sources(workspace: Workspace, gathered: Gathered) -> list[SourceRow]:
    latest: dict[str, tuple[str, str]] = {}
    for (id, _), opinion in gathered.opinions.items():
        if opinion.chosen and opinion.whole and opinion.current and opinion.mode != "planted":
            latest[id] = max(latest.get(id, ("", "")), (opinion.time, opinion.key))
    langs = {id: gathered.texts[id].lang for id in latest}
    return source_rows(workspace, {id: key for id, (_, key) in latest.items()}, langs)


def _people(report: ProgressReport, rows: Sequence[PersonRow]) -> list[PersonRow]:
    """The rows with the times and edits of each."""
    times: dict[str, TimeRow] = {row.annotator: row for row in report.times if row.kind == ALL}
    kept = {
        row.annotator: row
        for row in report.acceptance
        if row.kind == ENTITY and row.source == row.label == row.lang == ALL
    }
    articles: dict[str, list[Article]] = {}
    for article in report.articles:
        articles.setdefault(article.annotator, []).append(article)
    articles[ALL] = report.articles
    only = len(rows) == 2
    for row in rows:
        name = ALL if only else row.annotator
        if name in times:
            row.seconds, row.per_thousand = times[name].median, times[name].per_thousand
        if own := articles.get(name):
            row.edits = sum(article.edits for article in own) / len(own)
        if name in kept:
            row.kept = kept[name].accepted
    return list(rows)
