"""The dataset card: YAML that `load_dataset` reads, and text written from the data."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from corpus.dataset.features import CONFIGS
from corpus.dataset.splits import SPLITS
from corpus.scheme import Label, Scheme

Rows = dict[str, dict[str, list[dict[str, Any]]]]

_WHAT = {
    "documents": "one article in one language: text, blocks, sentences, tokens, entities, claims, relations, provenance",
    "ner": "one sentence: tokens (English by token, Chinese by character) and BIO tags",
    "claims": "one policy claim with its type, stance, claimant, policy area and targets, and the sentence around it",
    "parallel": "sentences that translate one another, with the entities of both",
}
_TASKS = {"ner": "token-classification", "claims": "text-classification", "parallel": "translation"}


def write_card(scheme: Scheme, name: str, licence: str, version: str, configs: Rows) -> str:
    """The text of README.md. A split is listed where it has rows."""
    splits = [split for split in SPLITS if configs["documents"][split]]
    return "\n".join(
        [
            *_yaml(name, licence, configs),
            "",
            f"# {name}",
            "",
            "Policy news in English and Chinese with gold annotation of named entities and policy claims. "
            f"Version `{version}`, label scheme version {scheme.version}.",
            "",
            "## Use",
            "",
            "```python",
            "from datasets import load_dataset",
            "",
            f'load_dataset("PATH/TO/{version}", "ner")',
            "```",
            "",
            "## Configurations",
            "",
            *_table(
                ["configuration", "a row is", *splits],
                ([f"`{c}`", _WHAT[c], *(len(configs[c][s]) for s in splits)] for c in CONFIGS if c in configs),
            ),
            "",
            "Offsets are half-open and count Unicode code points: `text[start:end]` is the marked text. In `ner` a token "
            "that goes over the edge of an entity is split there, and sentences are joined where an entity goes over "
            "their edge, so that every gold entity can be read back from the tags; `starts` and `ends` are offsets into "
            "the document. In `parallel`, offsets count from the start of the row's own text.",
            "",
            "## Documents",
            "",
            *_documents(configs, splits),
            "",
            "Both versions of an article are in the same split. The SHA-256 of the article's name decides which "
            "(below 0.1 test, below 0.2 validation, else train); articles held back by name are in test; where a split "
            "would be empty it is given the article next in that order, of those in both languages first.",
            "",
            "## Entities",
            "",
            *_counted(scheme.labels, _entities(configs), "label"),
            "",
            "## Claims",
            "",
            *_counted(scheme.claim_types, _claims(configs, "type"), "type"),
            "",
            *_counted(scheme.stances, _claims(configs, "stance"), "stance"),
            "",
            "## Provenance",
            "",
            "`provenance` of each document names the file that it was read from, the SHA-256 of its text, and how its gold "
            "annotation came about. Sources: " + _sources(configs) + ".",
            "",
            "## Licence",
            "",
            f"`{licence}`, as set in hemu.toml. The rights in the articles themselves stay with their publishers.",
            "",
        ]
    )


def _yaml(name: str, licence: str, configs: Rows) -> list[str]:
    # A JSON string is a YAML string.
    lines = ["---", f"pretty_name: {json.dumps(name)}", f"license: {json.dumps(licence)}", "language:"]
    lines += [f"- {lang}" for lang in sorted({row["lang"] for row in _all(configs, "documents")})]
    lines += ["task_categories:", *(f"- {_TASKS[config]}" for config in configs if config in _TASKS)]
    lines += ["configs:"]
    for config in configs:
        lines += [f"- config_name: {config}", *(["  default: true"] if config == "documents" else []), "  data_files:"]
        for split in (split for split in SPLITS if configs[config][split]):
            lines += [f"  - split: {split}", f"    path: {config}/{split}.parquet"]
    return [*lines, "---"]


def _all(configs: Rows, config: str) -> list[dict[str, Any]]:
    return [row for rows in configs.get(config, {}).values() for row in rows]


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    lines = [head, ["---"] * len(head), *rows]
    return ["| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines]


def _cell(cell: object) -> str:
    text = f"{cell:,}" if isinstance(cell, int) else str(cell)
    return text.replace("|", "\\|").replace("\n", " ")


def _documents(configs: Rows, splits: Sequence[str]) -> list[str]:
    rows = []
    for split in splits:
        documents = configs["documents"][split]
        for lang in sorted({d["lang"] for d in documents}):
            some = [d for d in documents if d["lang"] == lang]
            entities, claims = sum(len(d["entities"]) for d in some), sum(len(d["claims"]) for d in some)
            rows.append([split, lang, len(some), sum(len(d["text"]) for d in some), entities, claims])
    return _table(["split", "language", "documents", "characters", "entities", "claims"], rows)


def _entities(configs: Rows) -> dict[str, Counter[str]]:
    counts: dict[str, Counter[str]] = {}
    for document in _all(configs, "documents"):
        counts.setdefault(document["lang"], Counter()).update(e["label"] for e in document["entities"])
    return counts


def _claims(configs: Rows, attribute: str) -> dict[str, Counter[str]]:
    counts: dict[str, Counter[str]] = {}
    for document in _all(configs, "documents"):
        counts.setdefault(document["lang"], Counter()).update(c[attribute] for c in document["claims"])
    return counts


def _counted(values: Sequence[Label], counts: dict[str, Counter[str]], head: str) -> list[str]:
    langs = sorted(counts)
    return _table(
        [head, "中文", "what", *langs],
        ([f"`{v.name}`", v.zh, v.guideline_en or v.en, *(counts[lang][v.name] for lang in langs)] for v in values),
    )


def _sources(configs: Rows) -> str:
    counts = Counter(d["provenance"]["source"] or "not recorded" for d in _all(configs, "documents"))
    named = [f"{source.replace('|', ' ')} ({n})" for source, n in sorted(counts.items())]
    return ", ".join(named[:20]) + (f", and {len(named) - 20} more" if len(named) > 20 else "")
