"""The card of a trained model: README.md in its folder, written from its model.json, with a chart."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from corpus.plots import column_chart
from corpus.store import write_atomically
from models.compare import FEW

Json = Mapping[str, Any]

_LANGUAGES = {"en": "English", "zh": "Chinese"}
_KINDS = {
    "exact": "exact (characters and label)",
    "overlap": "overlap (label, and a character shared)",
    "position": "position (characters, whatever the label)",
    "seen": "exact, names that it learnt",
    "unseen": "exact, names that it had never seen",
}
CHART = "labels.svg"
_LEAST = 30
"""Examples of a label in training below which the card warns of it."""


def made_with() -> dict[str, str]:
    """The versions of what a model is made with."""
    found = {}
    for name in ("hemu", "spacy", "thinc", "numpy"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


def write_card(folder: Path, record: Json) -> None:
    """Write README.md and a chart of the figures by label to the folder of a model; `record` is its model.json."""
    write_atomically(folder / CHART, _chart(record).encode())
    write_atomically(folder / "README.md", card(record).encode("utf-8", "replace"))


def card(record: Json) -> str:
    """The text of README.md: YAML that the Hugging Face Hub reads, then what the model is, learnt, and can do.

    >>> card({"version": "1f", "languages": {"en": {}}}).splitlines()[:3]
    ['---', 'library_name: spacy', 'pipeline_tag: token-classification']
    """
    return "\n".join(
        [
            *_yaml(record),
            "",
            f"# Entity recognisers for policy news, version {record['version']}",
            "",
            f"spaCy models for {_joined(_LANGUAGES.get(x, x) for x in record['languages'])} that mark "
            f"{_joined(f'`{label}`' for label in record.get('labels', ()))}, trained by hemu."
            + (" Beside them are spotters of policy claims." if record.get("claims") else ""),
            "",
            *_use(record),
            *_verdict(record),
            *_figures(record),
            *_learnt(record),
            *_public(record),
            *_made(record),
            *_limits(record),
        ]
    )


def _yaml(record: Json) -> list[str]:
    languages = list(record["languages"])
    lines = ["---", "library_name: spacy", "pipeline_tag: token-classification", "language:"]
    lines += [f"- {lang}" for lang in languages]
    lines += ["tags:", "- named-entity-recognition", "- hemu", "- spacy"]
    index = [(lang, _value(record, lang, "entities", "exact", "f1")) for lang in languages]
    if any(value is not None for _, value in index):
        lines += ["model-index:"]
    for lang, value in index:
        if value is None:
            continue
        prf = record["figures"][lang]["entities"]["exact"]
        lines += [
            f"- name: {json.dumps(str(record['version']) + '/' + lang)}",
            "  results:",
            "  - task:",
            "      type: token-classification",
            "    dataset:",
            "      type: hemu",
            f"      name: {json.dumps('articles held out, digest ' + str(_basis(record).get('evaluation', '')))}",
            "    metrics:",
        ]
        for name in ("precision", "recall", "f1"):
            lines += [f"    - type: {name}", f"      value: {prf[name]['value']}"]
    return [*lines, "---"]


def _use(record: Json) -> list[str]:
    first = next(iter(record["languages"]), "en")
    claims = [f"claims-{lang}" for lang in record.get("claims", {})]
    return [
        "## Use",
        "",
        "To pre-annotate policy news for people who correct it. In the workspace where it was accepted, `hemu run` uses "
        "it; elsewhere name its folder:",
        "",
        "```bash",
        f"hemu annotate articles.jsonl annotated.jsonl -a rules-{first} -a model:THIS_FOLDER/{first}",
        "```",
        "",
        *(
            [
                f"The spotters of claims are annotators too: {_joined(f'`claims-model:THIS_FOLDER/{x}`' for x in claims)}.",
                "",
            ]
            if claims
            else []
        ),
        "Not intended: to publish what it finds unread, to say anything of private persons, or for texts of another kind.",
        "",
    ]


def _verdict(record: Json) -> list[str]:
    gate = record.get("gate")
    if not gate:
        return []
    said = "Accepted" if record.get("accepted") else "Not accepted"
    rule = gate["basis"]["rule"]
    asked = ", ".join(
        f"{name} {value:g}" if isinstance(value, float) else f"{name} {value}"
        for name, value in rule.items()
        if value != {}
    )
    lines = [
        f"## Verdict: {said.lower()}",
        "",
        f"{gate['when']}: {record.get('reason', '')}.",
        "",
        f"The rule: {asked}.",
    ]
    if gate["difference"] and gate["difference"].get("value") is not None:
        d = gate["difference"]
        lines += [
            "",
            f"Against the model in use then (`{gate['basis']['against']}`), on the {gate['unknown_to_both']} documents that "
            f"neither had learnt from: {100 * d['value']:+.1f} points of F1"
            + (f", 95 % interval {100 * d['low']:+.1f} to {100 * d['high']:+.1f}" if d["low"] is not None else "")
            + (f", better with probability {d['better']:.2f}" if d["better"] is not None else "")
            + (f", p = {d['p']:.3f} (randomisation)" if d["p"] is not None else "")
            + ".",
        ]
    lines += [
        "",
        *_table(
            ["asked", "passed", ""], ([c["what"], "yes" if c["passed"] else "no", c["said"]] for c in gate["checks"])
        ),
    ]
    for name, what in (
        ("weaker", "The rule was weakened by hand"),
        ("changed", "Documents to judge by that had other gold before"),
        ("removed", "Documents to judge by that were taken out"),
    ):
        if several := gate["changes"].get(name):
            lines += ["", f"{what}: {', '.join(several)}."]
    return [*lines, ""]


def _figures(record: Json) -> list[str]:
    figures = record.get("figures")
    if not figures:
        return []
    articles, documents = int(figures["articles"]), len(record["held_out"])
    sure = (
        f"In brackets the {figures['level']:.0%} interval: bootstrap over articles, both versions drawn together, "
        f"{figures['draws']:,} draws."
        if articles > 1
        else "One article says little, and nothing of how sure a figure is."
    )
    if 1 < articles < FEW:
        sure += " With so few articles the intervals are narrower than they should be."
    lines = [
        "## Figures",
        "",
        f"Of the models alone, in percent, on {_number(documents, 'document')} of {_number(articles, 'article')} held "
        f"out. {sure}",
        "",
        f"![F1 by label]({CHART})",
        "",
    ]
    scores = record.get("after", {}).get("scores", {}).get("languages", {})
    for lang in record["languages"]:
        name = _LANGUAGES.get(lang, lang)
        if lang not in figures:
            lines += [f"No {name} article was held out.", ""]
            continue
        part = figures[lang]["entities"]
        counted = scores.get(lang, {}).get("entities", {}).get("labels", {})
        rows = [
            [
                label,
                counted.get(label, {}).get("gold", ""),
                *_prf(kinds["exact"]),
                *(_shown(kinds[kind]["f1"]) for kind in ("overlap", "position")),
            ]
            for label, kinds in part.get("labels", {}).items()
        ]
        lines += [*_table([name, "gold", "precision", "recall", "F1", "F1, overlap", "F1, position"], rows), ""]
        rows = [[_KINDS[kind], *_prf(part[kind])] for kind in _KINDS if kind in part]
        lines += [*_table([f"{name}, all labels", "precision", "recall", "F1"], rows), ""]
    return [*lines, *_admitted(record)]


def _admitted(record: Json) -> list[str]:
    """What the models add to the other annotators of their workspace."""
    lines = []
    for key, what in (("admitted", "labels"), ("admitted_claims", "types of claims")):
        for lang, names in record.get(key, {}).items():
            said = _joined(f"`{name}`" for name in names) if names else "none yet"
            lines.append(f"- {_LANGUAGES.get(lang, lang)}, {what}: {said}")
    if not lines:
        return []
    return ["As annotators beside the others of their workspace they are of use, and propose, for:", "", *lines, ""]


def _learnt(record: Json) -> list[str]:
    gold = record.get("gold", {})
    rows = [
        [
            _LANGUAGES.get(lang, lang),
            *(
                counts.get(name, 0)
                for name in ("documents", "entities", "public_documents", "silver_documents", "misaligned", "steps")
            ),
        ]
        for lang, counts in record["languages"].items()
    ]
    lines = [
        "## What it learnt from",
        "",
        *_table(["", "documents of gold", "entities", "of public sets", "of silver", "misaligned", "updates"], rows),
        "",
    ]
    labels = sorted({label for counts in gold.get("labels", {}).values() for label in counts})
    by_label = [[label, *(counts.get(label, 0) for counts in gold["labels"].values())] for label in labels]
    if by_label:
        lines += [*_table(["label", *(_LANGUAGES.get(x, x) for x in gold["labels"])], by_label), ""]
    if claims := record.get("claims"):
        rows = [
            [_LANGUAGES.get(lang, lang), *(counts.get(name, 0) for name in ("documents", "claims", "reached", "steps"))]
            for lang, counts in claims.items()
        ]
        head = ["spotter of claims", "documents of gold", "claims", "of which clauses that may be found", "updates"]
        lines += [*_table(head, rows), ""]
    if "digest" in gold:
        lines += [f"Digest of the gold: `{gold['digest']}`; label scheme version {record.get('scheme')}.", ""]
    lines += [
        "*Misaligned* entities begin or end inside a token and cannot be taught; over a budget, training fails. *Silver* is pre-annotation that nobody has corrected.",
        "",
    ]
    return lines


def _public(record: Json) -> list[str]:
    if not record.get("public"):
        return []
    rows = [
        [
            found["name"],
            found["licence"] or "not stated",
            found["documents"],
            found["entities"],
            found["left_out"],
            f"`{found['digest']}`",
        ]
        for found in record["public"]
    ]
    return [
        "Public sets, learnt before the gold and not judged by; the licence of a set may bind what is done with these weights:",
        "",
        *_table(["set", "licence", "documents", "entities", "left out: stand in articles held out", "digest"], rows),
        "",
    ]


def _made(record: Json) -> list[str]:
    tools = ", ".join(f"{name} {number}" for name, number in record.get("made_with", {}).items())
    configs = ", ".join(f"{lang} `{found}`" for lang, found in record.get("configs", {}).items())
    settings = ", ".join(f"{name} {value}" for name, value in record.get("settings", {}).items() if value)
    return [
        "## How it was made",
        "",
        f"`hemu retrain`, seed {record.get('seed')}"
        + (f", {settings}" if settings else "")
        + (f"; {tools}" if tools else "")
        + (f"; configuration {configs}" if configs else "")
        + ". The same gold, scheme, settings and seed give the same version.",
        "",
    ]


def _limits(record: Json) -> list[str]:
    lines = [
        "## Limits",
        "",
        "- It knows articles of the kind that it learnt from; the figures are of articles from the same collection.",
        "- Names that it has not met in training it finds less often: compare the last two rows of each table.",
    ]
    for lang, labels in record.get("gold", {}).get("labels", {}).items():
        few = [f"{name} ({labels.get(name, 0)})" for name in record.get("labels", ()) if labels.get(name, 0) < _LEAST]
        if few:
            said = f"taught by fewer than {_LEAST} examples, and not to be relied on: {', '.join(few)}"
            lines.append(f"- {_LANGUAGES.get(lang, lang)}, {said}.")
    return [*lines, "- Names of people stand in the training data; the weights may hold them.", ""]


def _chart(record: Json) -> str:
    figures = record.get("figures", {})
    languages = [lang for lang in record["languages"] if lang in figures]
    rows = []
    for label in record.get("labels", ()):
        values = [_value(record, lang, "entities", "labels", label, "exact", "f1") or 0.0 for lang in languages]
        rows.append((label, values))
    names = [_LANGUAGES.get(lang, lang) for lang in languages]
    return column_chart(rows, names or [""], title="F1 by label", y_label="F1", stacked=False)


def _basis(record: Json) -> Json:
    found: Json = record.get("gate", {}).get("basis", {})
    return found


def _value(record: Json, *path: str) -> float | None:
    at: Any = record.get("figures", {})
    for name in path:
        at = at.get(name, {})
    value = at.get("value")
    return value if isinstance(value, float | int) else None


def _prf(kind: Json) -> list[str]:
    return [_shown(kind[name]) for name in ("precision", "recall", "f1")]


def _shown(leaf: Json) -> str:
    if leaf["value"] is None:
        return "–"
    interval = f" [{100 * leaf['low']:.1f}, {100 * leaf['high']:.1f}]" if leaf["low"] is not None else ""
    return f"{100 * leaf['value']:.1f}{interval}"


def _number(n: int, what: str) -> str:
    return f"{n} {what}{'' if n == 1 else 's'}"


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    lines: list[Sequence[object]] = [head, ["---"] * len(head), *rows]
    return [
        "| " + " | ".join(str(cell).replace("|", "\\|").replace("\n", " ") for cell in line) + " |" for line in lines
    ]


def _joined(names: Iterable[str]) -> str:
    *first, last = [*names] or [""]
    return f"{', '.join(first)} and {last}" if first else last
