"""The dataset card and what lies beside it: README.md, DATASHEET.md, croissant.json and plots, all written from the data.

What the card says it has from the manifest and the Parquet files; what only the makers know, from `[dataset.about]` of
hemu.toml (see `corpus.dataset.about`). What nobody has said is not made up.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from corpus.dataset.about import UNSTATED, about_of, creators, hub_licence, licence_url, said
from corpus.dataset.card_agreement import agreement_section, annotator_section
from corpus.dataset.card_splits import split_section
from corpus.dataset.citation import citation, hemu_citation
from corpus.dataset.croissant import write_croissant
from corpus.dataset.datasheet import write_datasheet
from corpus.dataset.facts import (
    CONFIGS,
    TASKS,
    documents,
    langs_of,
    language,
    names_of,
    plural,
    splits_of,
    summary,
    total,
)
from corpus.dataset.figures import Plot, draw
from corpus.dataset.limits import limits
from corpus.dataset.manifest import BySplit, Manifest
from corpus.dataset.markdown import clean, code, fenced, listed, paragraphs, table, text
from corpus.scheme import Label, Scheme

_MOST_SOURCES = 20
_SIZES = (1_000, 10_000, 100_000, 1_000_000, 10_000_000)
_SIZE_NAMES = ("n<1K", "1K<n<10K", "10K<n<100K", "100K<n<1M", "1M<n<10M", "10M<n<100M")


def write_card(folder: Path, manifest: Manifest, scheme: Scheme) -> None:
    """Write README.md, DATASHEET.md, croissant.json and `plots/` of the dataset whose Parquet files are in `folder`.

    README.md begins with the YAML that `load_dataset` and the Hub read: configurations with their files by split,
    languages, licence, tasks, size. The same manifest, scheme and files give the same bytes. Names and texts that come
    from the data or the settings are escaped: none of them is markup in Markdown, YAML, JSON-LD or SVG.
    """
    plots = draw(folder, manifest)
    write_croissant(folder, manifest)
    write_datasheet(folder, manifest, scheme)
    (folder / "README.md").write_text(f"{front_matter(manifest)}\n{_body(manifest, scheme, plots)}\n", encoding="utf-8")


# ---- YAML


def front_matter(manifest: Manifest) -> str:
    """The YAML block, with its fences."""
    import yaml

    configs = [config for config in manifest.configs if any(True for _ in manifest.files(config))]
    licence = hub_licence(manifest.licence)
    row: dict[str, Any] = {
        "pretty_name": clean(said(about_of(manifest), "title") or manifest.name),
        "language": langs_of(manifest),
        "license": licence,
    }
    if licence == "other" and manifest.licence.strip().lower() not in UNSTATED:
        row["license_name"] = clean(manifest.licence, longest=80)
        if url := licence_url(manifest.licence):
            row["license_link"] = url
    pairs = sum(manifest.counts.pairs.values())
    row |= {
        "multilinguality": [
            "translation" if pairs else "multilingual" if len(langs_of(manifest)) > 1 else "monolingual"
        ],
        "size_categories": [_size(sum(held.rows for held in manifest.configs.get("documents", {}).values()))],
        "task_categories": list(dict.fromkeys(TASKS[config] for config in configs if config in TASKS)),
        "task_ids": ["named-entity-recognition"] if "ner" in configs else [],
        "tags": ["policy", "news", "claims", "hemu"],
        "configs": [_config(manifest, config, default=config == configs[0]) for config in configs],
    }
    kept = {key: value for key, value in row.items() if value}
    return f"---\n{yaml.safe_dump(kept, allow_unicode=True, sort_keys=False, width=10**6)}---\n"


def _config(manifest: Manifest, config: str, *, default: bool) -> dict[str, Any]:
    files = []
    for split, held in manifest.configs[config].items():
        paths = [file.path for file in held.files]
        if paths:
            files.append({"split": split, "path": paths[0] if len(paths) == 1 else paths})
    return {"config_name": config, **({"default": True} if default else {}), "data_files": files}


def _size(rows: int) -> str:
    return _SIZE_NAMES[sum(rows >= size for size in _SIZES)]


# ---- text


def _body(manifest: Manifest, scheme: Scheme, plots: Sequence[Plot]) -> str:
    about = about_of(manifest)
    shown = {Path(plot.path).stem: f"![{text(plot.alt)}]({plot.path})" for plot in plots}
    parts = [
        f"# {text(said(about, 'title') or manifest.name)}",
        paragraphs(said(about, "description")),
        text(summary(manifest)),
        f"Version {code(manifest.version)}. [DATASHEET.md](DATASHEET.md) answers the questions of a datasheet as far as "
        "its makers have, [croissant.json](croissant.json) describes the files for machines, [dataset.json](dataset.json) has all figures.",
        "## Use",
        _use(manifest),
        "## Configurations",
        *_configurations(manifest),
        "## Documents",
        _documents(manifest),
        shown.get("years", ""),
        *_sources(manifest, shown.get("sources", "")),
        shown.get("lengths", ""),
        "## Entities",
        *_counted(manifest, manifest.counts.entities, scheme.labels, "label"),
        shown.get("labels", ""),
        "## Claims",
        *_counted(manifest, manifest.counts.types, scheme.claim_types, "type"),
        *_counted(manifest, manifest.counts.stances, scheme.stances, "stance"),
        *_counted(manifest, manifest.counts.areas, scheme.policy_areas, "policy area", only_found=True),
        shown.get("claims", ""),
        "## How it was made",
        _making(manifest),
        "### Annotators",
        annotator_section(manifest),
        "### Agreement",
        agreement_section(manifest),
        "## Splits",
        split_section(manifest),
        "## Known limits",
        listed(text(limit) for limit in limits(manifest)) or "The figures show none.",
        "## Licence",
        _licence(manifest),
        "## Citation",
        fenced(citation(manifest), "bibtex"),
        "The dataset was made with hemu:",
        fenced(hemu_citation(manifest), "bibtex"),
        *_people(manifest),
        "## Version",
        _version(manifest),
    ]
    return "\n\n".join(part.strip("\n") for part in parts if part)


def _use(manifest: Manifest) -> str:
    lines = ["from datasets import load_dataset", ""]
    for config in manifest.configs:
        if any(True for _ in manifest.files(config)):
            lines.append(f'{config} = load_dataset("PATH", "{config}")')
    first = fenced("\n".join(lines), "python")
    said = "`PATH` is this folder, or the name of the dataset on the Hugging Face Hub. With `streaming=True` nothing is copied."
    if manifest.text:
        return f"{first}\n\n{said}"
    return (
        f"{first}\n\n{said}\n\n**The texts are not in the files.** Whoever has the articles puts them back: `hemu dataset join` "
        "with hemu, or `python join.py` in this folder without it. Each text is checked against its SHA-256."
    )


def _configurations(manifest: Manifest) -> Iterator[str]:
    splits = splits_of(manifest)
    rows: list[list[object]] = []
    for config, sides in manifest.configs.items():
        held = [sides[split].rows if split in sides else 0 for split in splits]
        rows.append([code(config), CONFIGS.get(config, "–"), *held])
    yield table(["configuration", "a row is", *map(code, splits)], rows, left=2)
    lost = manifest.lost_entities
    back = f"all entities but {lost:,}" if lost else "every entity"
    yield (
        "Offsets are half-open and count Unicode code points: `text[start:end]` is what is marked. In `ner` and `ner_words` "
        "a token that goes over the edge of an entity is split there, and sentences are joined where an entity goes over "
        f"theirs, so that {back} can be read back from the tags; `starts` and `ends` are offsets into the document. In `parallel`, offsets count "
        "from the start of the row's own text. Numbers in `ner_tags`, `type` and `stance` are class labels, whose names "
        "the features have."
    )


_MEASURES = ("documents", "characters", "sentences", "tokens", "entities", "claims")


def _documents(manifest: Manifest) -> str:
    splits, langs = splits_of(manifest), langs_of(manifest)
    rows: list[list[object]] = [
        [code(split), language(lang), *(documents(manifest, what, split=split, lang=lang) for what in _MEASURES)]
        for split in splits
        for lang in langs
        if documents(manifest, split=split, lang=lang)
    ]
    rows.append(["all", "", *(documents(manifest, what) for what in _MEASURES)])
    counted = table(["split", "language", *_MEASURES], rows, left=2)
    pairs = {split: number for split, number in manifest.counts.pairs.items() if number}
    if not pairs:
        return counted
    both = ", ".join(f"{number:,} in {code(split)}" for split, number in pairs.items())
    return f"{counted}\n\nArticles in both languages: {both}."


def _sources(manifest: Manifest, plot: str) -> Iterator[str]:
    sums = manifest.counts.sources
    if not sums:
        return
    ordered = sorted(sums.items(), key=lambda item: (-item[1], item[0]))
    rows = [[code(name) if name else "not recorded", number] for name, number in ordered[:_MOST_SOURCES]]
    if more := ordered[_MOST_SOURCES:]:
        rows.append([f"{len(more):,} more", sum(number for _, number in more)])
    yield table(["source", "documents"], rows)
    yield plot


def _counted(
    manifest: Manifest, counts: BySplit, values: Sequence[Label], head: str, *, only_found: bool = False
) -> Iterator[str]:
    """A table of names by split and language, with the names and guidelines of the scheme."""
    columns = [
        (split, lang)
        for split in splits_of(manifest)
        for lang in langs_of(manifest)
        if documents(manifest, split=split, lang=lang)
    ]
    known = {value.name: value for value in values}
    rows: list[list[object]] = []
    for name in names_of(counts, list(known)):
        number = total(counts, name)
        if only_found and not number:
            continue
        label = known.get(name)
        what = (text(label.guideline_en or label.en), text(label.zh)) if label else ("not in the scheme", "")
        figures = [total(counts, name, split=split, lang=lang) for split, lang in columns]
        rows.append([code(name) if name else "none", what[1], what[0], *figures, number])
    if rows:
        heads = [f"{code(split)} {lang}" for split, lang in columns]
        yield table([head, "中文", "what", *heads, "all"], rows, left=3)


def _making(manifest: Manifest) -> str:
    about = about_of(manifest)
    steps = [
        f"**Articles** {paragraphs(said(about, 'collection')) or '(where they are from is not stated by the makers beyond the sources above)'}",
        "**Text** is cleaned once and then frozen; sentences and tokens are found by hemu, and, where an article has two "
        "versions, which sentences translate one another.",
        "**Pre-annotation**: programmes propose entities and claims, which annotators see and correct, unless they annotate "
        "blind. **Annotation** follows the label scheme; each person's own is kept"
        + (" (configuration `raters`)." if "raters" in manifest.configs else ", but is not in this dataset."),
        "**Gold** is one person's word where one annotated, else the majority's, and where an adjudicator decided, "
        "the adjudicator's. Links between the two versions that nobody drew are those of the pre-annotation.",
    ]
    if guidelines := said(about, "guidelines"):
        steps.append(f"**Guidelines**: {paragraphs(guidelines)}")
    return listed(steps)


def _licence(manifest: Manifest) -> str:
    name, url = manifest.licence.strip(), licence_url(manifest.licence)
    if name.lower() in UNSTATED:
        stated = "No licence is stated by the makers. Ask them before you pass anything on."
    elif url:
        stated = f"[{text(name)}]({url})"
    else:
        stated = text(name)
    parts = [stated, "The rights in the articles themselves stay with their publishers."]
    parts.append(paragraphs(said(about_of(manifest), "restrictions")))
    return "\n\n".join(filter(None, parts))


def _people(manifest: Manifest) -> Iterator[str]:
    about = about_of(manifest)
    by = ", ".join(text(name) for name, _ in creators(about))
    lines = [
        f"Made by {by}." if by else "",
        f"Contact: {paragraphs(said(about, 'contact'))}" if about.get("contact") else "",
    ]
    if any(lines):
        yield "## Makers"
        yield "\n\n".join(filter(None, lines))


def _version(manifest: Manifest) -> str:
    rows = [
        f"version {code(manifest.version)}",
        f"gold {code(manifest.gold.digest)}, {plural(manifest.gold.documents, 'document')}",
        f"label scheme version {manifest.scheme.version}, {code(manifest.scheme.digest)}",
        f"hemu {text(manifest.hemu)}, code {code(manifest.code)}",
        *(f"setting {code(key)}: {code(_setting(value))}" for key, value in sorted(manifest.settings.items())),
    ]
    return (
        f"{listed(rows)}\n\nThe version is made from the content: the same gold, scheme, settings and code give the same one. "
        "`hemu dataset diff` says what differs between two."
    )


def _setting(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "–"
    return str(value)
