"""The page of `hemu report`: which charts and tables show the figures of `corpus.look.overview`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from corpus.document import LANGUAGES, Lang
from corpus.look.overview import LOW_ALIGNED, LOW_SCORE, Bin, ByLang, Overview
from corpus.plots import COLORS, bar_chart, column_chart, number, stacked_bars
from corpus.render import LANGUAGE_NAMES, render_report
from corpus.scheme import Label, Scheme

_BOTH = [LANGUAGE_NAMES[lang] for lang in LANGUAGES]
_LISTED = 15
_MONTHS = 60
_SCRIPTS = {"hans": "Simplified 简体", "hant": "Traditional 繁體", "": "no character tells"}


@dataclass(frozen=True)
class Figure:
    """A chart (SVG of `corpus.plots`, or none) with the table of its figures. All but the first column are figures."""

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    chart: str = ""
    note: str = ""
    wide: bool = False
    text_columns: int = 1


@dataclass(frozen=True)
class Section:
    """A part of the page."""

    id: str
    title: str
    figures: Sequence[Figure] = ()
    notes: Sequence[str] = field(default_factory=tuple)


def report_page(figures: Overview, scheme: Scheme) -> str:
    """One self-contained HTML page: no script, nothing from outside; whatever comes from the corpus is escaped."""
    sections = [
        _texts(figures),
        _provenance(figures),
        _entities(figures, scheme),
        _claims(figures, scheme),
        _alignment(figures),
        _progress(figures),
        _missing(figures),
    ]
    from markupsafe import Markup

    return render_report(
        {
            "name": figures.name,
            "tiles": _tiles(figures),
            "sections": [section for section in sections if section.figures or section.notes],
            # Drawn by corpus.plots, which escapes what it is given.
            "chart": lambda figure: Markup(figure.chart),
        }
    )


def _tiles(figures: Overview) -> list[tuple[str, str, list[str]]]:
    def both(table: Mapping[str, int]) -> list[str]:
        return [f"{LANGUAGE_NAMES[lang]} {number(table.get(lang, 0))}" for lang in LANGUAGES]

    entities, claims = _by_language(figures.entities), _by_language(figures.claims.get("type", {}))
    return [
        ("Documents", _short(sum(figures.documents.values())), both(figures.documents)),
        ("Pairs", _short(figures.pairs), ["articles in", "both languages"]),
        ("Sentences", _short(sum(figures.sentences.values())), both(figures.sentences)),
        ("Words", _short(sum(figures.words.values())), both(figures.words)),
        ("Entities", _short(sum(entities.values())), both(entities)),
        ("Claims", _short(sum(claims.values())), both(claims)),
        ("Gold", _short(sum(figures.gold_documents.values())), both(figures.gold_documents)),
    ]


def _by_language(table: ByLang) -> dict[str, int]:
    return {lang: sum(row.get(lang, 0) for row in table.values()) for lang in LANGUAGES}


def _texts(figures: Overview) -> Section:
    parts = []
    units: tuple[tuple[Lang, str], ...] = (("en", "words"), ("zh", "characters"))
    for lang, unit in units:
        bins = figures.lengths.get(lang, [])
        if bins:
            title = f"Length of {'English' if lang == 'en' else 'Chinese'} articles, in {unit}"
            rows = [(_range(b), (b.number,)) for b in bins]
            short = [(number(b.low) + ("+" if b.high is None else ""), (b.number,)) for b in bins]
            color = COLORS[LANGUAGES.index(lang) :]
            chart = column_chart(short, [""], title=title, x_label=f"{unit}, from", y_label="articles", colors=color)
            parts.append(Figure(title, [unit, "articles"], _cells(rows), chart))
    kinds = [(kind, _pair(row)) for kind, row in _ordered(figures.blocks)]
    if kinds:
        header = ["block", *(f"{name}: blocks" for name in _BOTH), *(f"{name}: characters" for name in _BOTH)]
        sizes = [(*values, *_pair(figures.block_characters.get(kind, {}))) for kind, values in kinds]
        cells = _cells(zip([kind for kind, _ in kinds], sizes, strict=True))
        notes = []
        if figures.repeated_quotes:
            quotes = _pair(figures.repeated_quotes)
            cells.append(["of them repeat a passage", *map(number, quotes), "–", "–"])
            notes.append(f"{number(sum(quotes))} pull quotes repeat a passage of their article.")
        if figures.foreign:
            notes.append(f"{number(figures.foreign)} blocks are in the other language.")
        chart = stacked_bars(kinds, _BOTH, title="Blocks by kind")
        parts.append(Figure("Blocks by kind", header, cells, chart, " ".join(notes)))
    if figures.scripts:
        scripts = [(_SCRIPTS[name], value) for name, value in sorted(figures.scripts.items(), key=lambda r: -r[1])]
        chart = bar_chart(scripts, title="Script of Chinese articles", color=COLORS[1])
        cells = _cells((name, (value,)) for name, value in scripts)
        parts.append(Figure("Script of Chinese articles", ["script", "articles"], cells, chart))
    return Section("texts", "Texts", parts)


def _provenance(figures: Overview) -> Section:
    parts = []
    if figures.months:
        by_year = len(figures.months) > _MONTHS or all(len(month) == 4 for month in figures.months)
        rows = [(time, _pair(row)) for time, row in _filled(figures.months, by_year).items()]
        title = f"Articles by {'year' if by_year else 'month'}"
        chart = column_chart(rows, _BOTH, title=title, y_label="articles", width=1060)
        shown = [row for row in rows if any(row[1])]
        note = f"{number(figures.undated)} articles have no date and are not shown." if figures.undated else ""
        parts.append(Figure(title, ["year" if by_year else "month", *_BOTH], _cells(shown), chart, note, wide=True))
    for title, name, table in (("Sources", "source", figures.sources), ("Licences", "licence", figures.licences)):
        if table:
            rows = [(label, _pair(row)) for label, row in table.items()]
            chart = stacked_bars(rows[:_LISTED], _BOTH, title=title)
            parts.append(Figure(title, [name, *_BOTH], _cells(rows), chart, _first(rows)))
    for title, name, counts in (("Encodings", "encoding", figures.encodings), ("Formats", "reader", figures.readers)):
        if counts:
            bars = list(counts.items())
            chart = bar_chart(bars[:_LISTED], title=title, color=COLORS[2])
            parts.append(Figure(title, [name, "documents"], _cells((n, (v,)) for n, v in bars), chart))
    return Section("provenance", "Dates and origins", parts)


def _entities(figures: Overview, scheme: Scheme) -> Section:
    parts = []
    for title, table in (
        ("Entities in the pre-annotation", figures.entities),
        ("Entities in the gold", figures.gold_entities),
    ):
        if table:
            parts.append(_by_label(title, "label", table, scheme.labels))
    labels = {label.name: label for label in scheme.labels}
    for label in sorted({name.label for name in figures.names}, key=lambda label: [*labels, label].index(label)):
        rows = [
            [name.en or "–", name.zh or "–", number(name.en_number), number(name.zh_number)]
            for name in figures.names
            if name.label == label
        ]
        header = [*_BOTH, "en", "zh"]
        parts.append(Figure(f"Most frequent: {_named(label, labels)}", header, rows, text_columns=2))
    return Section("entities", "Entities", parts)


def _claims(figures: Overview, scheme: Scheme) -> Section:
    parts = []
    for kind, title, labels in (
        ("type", "Claims by type", scheme.claim_types),
        ("stance", "Claims by stance", scheme.stances),
        ("area", "Claims by policy area", scheme.policy_areas),
    ):
        for where, table in (("", figures.claims.get(kind)), (", gold", figures.gold_claims.get(kind))):
            if table:
                parts.append(_by_label(title + where, kind, table, labels))
    return Section("claims", "Claims", parts)


def _by_label(title: str, what: str, table: ByLang, labels: Iterable[Label]) -> Figure:
    known = {label.name: label for label in labels}
    rows = [(_named(name, known), _pair(row)) for name, row in _ordered(table)]
    return Figure(
        title,
        [what, *_BOTH, "both"],
        _cells((n, (*v, sum(v))) for n, v in rows),
        stacked_bars(rows, _BOTH, title=title),
    )


def _alignment(figures: Overview) -> Section:
    if not figures.aligned_pairs:
        note = "No pair is aligned yet; run: hemu align" if figures.pairs else ""
        return Section("alignment", "Alignment", (), [note] if note else [])
    parts = []
    bins = figures.scores[next((i for i, b in enumerate(figures.scores) if b.number), 0) :]
    rows = [(f"{b.low / 100:.2f}", (b.number,)) for b in bins]
    title = "Scores of sentence beads"
    chart = column_chart(rows, [""], title=title, x_label="score, from", y_label="beads", colors=COLORS[2:])
    parts.append(Figure(title, ["score, from", "beads"], _cells(rows), chart))
    shares = [
        [
            LANGUAGE_NAMES[lang],
            number(figures.in_pairs[lang]),
            number(figures.without_partner[lang]),
            _share(figures.without_partner[lang], figures.in_pairs[lang]),
        ]
        for lang in LANGUAGES
    ]
    parts.append(Figure("Sentences without a partner", ["language", "sentences in pairs", "without", "share"], shares))
    worst = [[q.pair, f"{q.score:.2f}", f"{100 * q.aligned:.0f} %", number(q.sentences)] for q in figures.lowest]
    low = (
        f"{number(figures.low_pairs)} of {number(figures.aligned_pairs)} pairs need a look: their beads score below {LOW_SCORE:g}, "
        f"or more than {100 * (1 - LOW_ALIGNED):.0f} % of their sentences have no partner. Read one with: hemu show PAIR"
        if figures.low_pairs
        else "No pair is conspicuous; these are the lowest."
    )
    parts.append(Figure("Pairs to check", ["pair", "score", "aligned", "sentences"], worst, note=low))
    return Section("alignment", "Alignment", parts)


def _progress(figures: Overview) -> Section:
    gold = [
        (LANGUAGE_NAMES[lang], (figures.gold_documents[lang], figures.documents[lang] - figures.gold_documents[lang]))
        for lang in LANGUAGES
    ]
    title = "Documents with gold"
    chart = stacked_bars(gold, ["gold", "no gold yet"], title=title, colors=(COLORS[2], COLORS[6]))
    parts = [Figure(title, ["language", "gold", "no gold yet"], _cells(gold), chart)]
    if figures.annotations:
        rows = list(figures.annotations.items())
        note = f"{number(figures.annotations_skipped)} skipped, {number(figures.annotations_withdrawn)} withdrawn."
        chart = bar_chart(rows[:_LISTED], title="Documents by annotator", color=COLORS[3])
        parts.append(
            Figure(
                "Documents by annotator", ["annotator", "documents"], _cells((n, (v,)) for n, v in rows), chart, note
            )
        )
    return Section("progress", "Annotation", parts)


def _missing(figures: Overview) -> Section:
    rows = [
        ("without a date", figures.undated),
        ("without a source", figures.unsourced),
        ("not segmented", figures.unsegmented),
        ("not annotated", figures.unannotated),
        ("segments, alignments or layers of an earlier text", figures.outdated),
        ("withdrawn", figures.removed),
    ]
    parts = [Figure("Documents", ["what", "number"], _cells((n, (v,)) for n, v in rows))]
    if figures.incomplete:
        listed = [[name, lacks] for name, lacks in figures.incomplete]
        more = max(figures.undated, figures.unsourced) > len(listed)
        note = f"The first {len(listed)}." if more else ""
        parts.append(Figure("Without a date or source", ["document", "lacks"], listed, note=note, text_columns=2))
    if figures.clusters is None:
        note = "Near-duplicates were not looked for; run: hemu dedupe"
    else:
        note = f"Near-duplicates: {number(figures.clusters)} clusters with {number(figures.in_clusters)} documents."
    return Section("missing", "What is missing", parts, [note])


# ---- cells


def _pair(row: Mapping[str, int]) -> tuple[int, ...]:
    return tuple(row.get(lang, 0) for lang in LANGUAGES)


def _ordered(table: ByLang) -> list[tuple[str, dict[str, int]]]:
    return sorted(table.items(), key=lambda row: -sum(row[1].values()))


def _cells(rows: Iterable[tuple[str, Sequence[float]]]) -> list[list[str]]:
    return [[label, *map(number, values)] for label, values in rows]


def _named(name: str, labels: Mapping[str, Label]) -> str:
    return f"{labels[name].en} {labels[name].zh}" if name in labels else name


def _range(b: Bin) -> str:
    return f"{number(b.low)} or more" if b.high is None else f"{number(b.low)} – {number(b.high - 1)}"


def _first(rows: Sequence[Any]) -> str:
    return f"The chart shows the first {_LISTED} of {number(len(rows))}." if len(rows) > _LISTED else ""


def _short(value: int) -> str:
    """A large figure for a small place: 2.30 M."""
    return f"{value / 1e6:,.2f} M" if value >= 1_000_000 else number(value)


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "–"


def _filled(months: ByLang, by_year: bool) -> ByLang:
    """Months in their order with none left out in between, or years where there are too many; a date that is but a year
    stands among the months as that year."""
    summed: ByLang = {}
    for month, row in months.items():
        target = summed.setdefault(month[:4] if by_year else month, dict.fromkeys(LANGUAGES, 0))
        for lang in LANGUAGES:
            target[lang] += row.get(lang, 0)
    names = sorted(summed)
    if by_year:
        every = [str(year) for year in range(int(names[0]), int(names[-1]) + 1)]
    else:
        full = [name for name in names if len(name) == 7]
        first, last = (12 * int(name[:4]) + int(name[5:]) - 1 for name in (full[0], full[-1]))
        every = sorted(
            {*names, *(f"{m // 12}-{m % 12 + 1:02d}" for m in range(first, last + 1))}
            if last - first < 2 * _MONTHS
            else set(names)
        )
    return {name: summed.get(name, dict.fromkeys(LANGUAGES, 0)) for name in every}
