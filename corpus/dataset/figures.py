"""The plots of a dataset: labels, lengths, claims, sources and years, as SVG files that stand by themselves."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corpus.dataset.arrows import lengths
from corpus.dataset.facts import class_names, langs_of, language, names_of, percent, schema_of, splits_of, total
from corpus.dataset.manifest import Manifest
from corpus.plots import bar_chart, column_chart, stacked_bars

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[Any]

FOLDER = "plots"
_TITLE, _MARGIN = 22, 12
_MOST_SOURCES = 15
_EDGES = (1, 11, 21, 31, 41, 51, 61, 71, 81, 91, 101)


@dataclass(frozen=True, slots=True)
class Plot:
    """A plot in the folder of the dataset: its path, and what it shows in words (plain text)."""

    path: str
    alt: str


def draw(folder: Path, manifest: Manifest) -> list[Plot]:
    """Write the plots of the dataset in `folder` to `plots/`; those that have nothing to show are left out."""
    made = []
    (folder / FOLDER).mkdir(exist_ok=True)
    for name, find in (
        ("labels", _labels),
        ("lengths", _lengths),
        ("claims", _claims),
        ("years", _years),
        ("sources", _sources),
    ):
        if (drawn := find(folder, manifest)) is not None:
            title, svg, alt = drawn
            path = f"{FOLDER}/{name}.svg"
            (folder / path).write_text(_standing(svg, title), encoding="utf-8")
            made.append(Plot(path, alt))
    return made


def _standing(svg: str, title: str) -> str:
    """The chart with its title, and with ink, paper and a margin of its own, so that it can be read on a dark page."""
    head, rest = svg.split(">", 1)
    width, height = (float(re.findall(rf' {name}="([\d.]+)"', head)[0]) for name in ("width", "height"))
    top, side = _TITLE + _MARGIN, _MARGIN
    whole = f"{width + 2 * side:.0f}", f"{height + top + side:.0f}"
    head = re.sub(r' viewBox="[^"]*"', f' viewBox="{-side} {-top} {whole[0]} {whole[1]}"', head)
    head = re.sub(r' width="[^"]*"', f' width="{whole[0]}"', re.sub(r' height="[^"]*"', f' height="{whole[1]}"', head))
    paper = f'<rect x="{-side}" y="{-top}" width="{whole[0]}" height="{whole[1]}" fill="#ffffff"/>'
    return f'{head} color="#222222">{paper}<text x="0" y="{-_MARGIN}" font-weight="600">{escape(title)}</text>{rest}\n'


def _labels(_: Path, manifest: Manifest) -> tuple[str, str, str] | None:
    counts, splits, langs = manifest.counts.entities, splits_of(manifest), langs_of(manifest)
    names = [name for name in names_of(counts, manifest.scheme.labels) if total(counts, name)]
    if not names:
        return None
    rows = [
        (f"{name}, {lang}", [total(counts, name, split=split, lang=lang) for split in splits])
        for name in names
        for lang in langs
    ]
    most = max(names, key=lambda name: total(counts, name))
    alt = (
        f"Bars: how many entities of each label there are, by language and split. The most are {most} "
        f"({total(counts, most):,} of {total(counts):,})."
    )
    title = "Entities by label, language and split"
    return title, stacked_bars(rows, splits, title=title), alt


def _lengths(folder: Path, manifest: Manifest) -> tuple[str, str, str] | None:
    """Histogram of sentences by tokens, each language as shares of its own, since there are not as many of each."""
    import numpy as np

    if "ner" not in manifest.configs:
        return None
    found: dict[str, list[Numbers]] = {}
    for langs, sizes in _sizes(folder, manifest):
        for lang in set(langs):
            found.setdefault(lang, []).append(sizes[np.array([name == lang for name in langs])])
    shown = [lang for lang in langs_of(manifest) if lang in found]
    if not shown:
        return None
    joined = {lang: np.concatenate(found[lang]) for lang in shown}
    bins = np.array([*_EDGES, np.iinfo(np.int64).max])
    shares = {lang: 100 * np.histogram(sizes, bins)[0] / max(1, len(sizes)) for lang, sizes in joined.items()}
    last = len(_EDGES) - 1
    rows = [
        (
            f"{_EDGES[n]}+" if n == last else f"{_EDGES[n]}–{_EDGES[n + 1] - 1}",
            [round(float(shares[lang][n]), 2) for lang in shown],
        )
        for n in range(len(_EDGES))
    ]
    medians = ", ".join(f"{np.median(joined[lang]):.0f} in {language(lang)}" for lang in shown)
    alt = (
        "Columns: the share of sentences by length, in tokens (words of English, characters of Chinese). "
        f"The median is {medians}."
    )
    title = "Length of sentences"
    chart = column_chart(
        rows,
        [language(lang) for lang in shown],
        title=title,
        x_label="tokens (words of English, characters of Chinese)",
        y_label="% of the sentences of a language",
        stacked=False,
    )
    return title, chart, alt


def _sizes(folder: Path, manifest: Manifest) -> Iterator[tuple[list[str], Numbers]]:
    import pyarrow.parquet as pq

    for file in manifest.files("ner"):
        with pq.ParquetFile(folder / file.path) as parquet:
            if not {"lang", "ner_tags"} <= set(parquet.schema_arrow.names):
                return
            for batch in parquet.iter_batches(columns=["lang", "ner_tags"]):
                # Lists that are null are empty: their offsets are equal.
                yield [str(lang) for lang in batch["lang"].to_pylist()], lengths(batch["ner_tags"])


def _claims(folder: Path, manifest: Manifest) -> tuple[str, str, str] | None:
    counts = _type_and_stance(folder, manifest)
    if not counts:
        return None
    scheme = manifest.scheme
    stances = [*scheme.stances, *sorted({stance for _, stance in counts} - set(scheme.stances))]
    types = [*scheme.claim_types, *sorted({type for type, _ in counts} - set(scheme.claim_types))]
    rows = [(type, [counts[type, stance] for stance in stances]) for type in types]
    (type, stance), number = counts.most_common(1)[0]
    alt = (
        f"Bars: how many claims of each type there are, by stance. The most are of type {type} and stance {stance} "
        f"({number:,} of {counts.total():,})."
    )
    title = "Claims by type and stance"
    return title, stacked_bars(rows, stances, title=title), alt


def _type_and_stance(folder: Path, manifest: Manifest) -> Counter[tuple[str, str]]:
    import pyarrow.parquet as pq

    counts: Counter[tuple[str, str]] = Counter()
    schema = schema_of(folder, manifest, "claims")
    if schema is None or not {"type", "stance"} <= set(schema.names):
        return counts
    classes = class_names(schema)
    for file in manifest.files("claims"):
        read = pq.read_table(folder / file.path, columns=["type", "stance"])
        grouped = read.group_by(["type", "stance"]).aggregate([([], "count_all")])
        for row in grouped.to_pylist():
            key = _named(row["type"], classes.get("type")), _named(row["stance"], classes.get("stance"))
            counts[key] += row["count_all"]
    return counts


def _named(value: object, names: Sequence[str] | None) -> str:
    if isinstance(value, int) and names is not None and 0 <= value < len(names):
        return names[value]
    return "" if value is None else str(value)


def _years(_: Path, manifest: Manifest) -> tuple[str, str, str] | None:
    sums = manifest.counts.years
    dated = {year: number for year, number in sums.items() if year}
    if not dated:
        return None
    years = _in_between(dated)
    undated = sums.get("", 0)
    span = years[0] if len(years) == 1 else f"from {years[0]} to {years[-1]}"
    alt = f"Columns: documents by year, {span}." + (f" Without a date: {undated:,} more." if undated else "")
    rows = [(year, (dated.get(year, 0),)) for year in years]
    title = "Documents by year"
    return title, column_chart(rows, ["documents"], title=title, x_label="year"), alt


def _in_between(dated: dict[str, int]) -> list[str]:
    """The years in order, with those of which there is nothing, unless that would be a very long row."""
    if all(len(year) == 4 and year.isascii() and year.isdecimal() for year in dated):
        first, last = int(min(dated)), int(max(dated))
        if last - first < 200:
            return [f"{year:04d}" for year in range(first, last + 1)]
    return sorted(dated)


def _sources(_: Path, manifest: Manifest) -> tuple[str, str, str] | None:
    sums = manifest.counts.sources
    if len(sums) < 2:
        return None
    ordered = sorted(sums.items(), key=lambda item: (-item[1], item[0]))
    rows = [(source or "not recorded", float(number)) for source, number in ordered[:_MOST_SOURCES]]
    if more := ordered[_MOST_SOURCES:]:
        rows.append((f"{len(more)} more", float(sum(number for _, number in more))))
    source, number = ordered[0]
    share = percent(number, sum(sums.values()))
    alt = (
        f"Bars: documents by source, {len(sums):,} in all; the most ({share}) from {source or 'sources not recorded'}."
    )
    title = "Documents by source"
    return title, bar_chart(rows, title=title), alt
