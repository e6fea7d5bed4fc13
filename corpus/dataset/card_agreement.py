"""The part of the card about annotators and their agreement: counts and plain figures, never names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from corpus.dataset.about import about_of, said
from corpus.dataset.facts import language, plural
from corpus.dataset.limits import value
from corpus.dataset.manifest import Manifest
from corpus.dataset.markdown import code, listed, paragraphs, table, text

_ENTITIES = {
    "exact": "F1, exact",
    "overlap": "F1, overlapping",
    "kappa": "Cohen's κ",
    "fleiss": "Fleiss' κ",
    "alpha": "Krippendorff's α",
    "u_alpha": "u-α",
}
_LABELS = {"exact": "F1, exact", "overlap": "F1, overlapping", "alpha": "Krippendorff's α", "u_alpha": "u-α"}


def annotator_section(manifest: Manifest) -> str:
    """Who annotated: how many people, how often one or several, how gold came about."""
    people, made, parts = manifest.annotators, manifest.gold.made, []
    if people is None:
        parts.append("How many people annotated is not recorded.")
    else:
        parts.append(
            f"{plural(people.people, 'person', 'people')} annotated, in {plural(people.annotations, 'annotation')} of a "
            f"document: {plural(people.documents_by_one, 'document')} by one, {people.documents_by_several:,} by several. "
            "They are not named."
        )
    if background := said(about_of(manifest), "annotator_background"):
        parts.append(paragraphs(background))
    if made:
        parts.append(
            table(["how the gold came about", "documents"], [[text(how), n] for how, n in sorted(made.items())])
        )
    return "\n\n".join(parts)


def agreement_section(manifest: Manifest) -> str:
    """How far annotators agree, with intervals; that it was not measured, where it was not."""
    measured = manifest.agreement
    if not measured or not measured.get("documents"):
        parts = ["Not measured."]
        return "\n\n".join([*parts, *_bias((measured or {}).get("bias"))])
    resamples = measured.get("resamples") or 0
    people = measured.get("annotators", 0)
    who = f"two or more of {people:,} annotators" if people > 2 else "both annotators"
    of = (
        f"On {plural(measured['documents'], 'document')} that {who} have annotated, those without gold among them. F1 and Cohen's κ over all pairs of annotators, the others over all "
        "annotators at once; units are words of English and characters of Chinese."
    )
    if resamples:
        of += f" In brackets the interval that holds 95 % of {resamples:,} resamples of the articles."
    parts = [of]
    parts += _rows("entities", measured.get("entities"), _ENTITIES, "language", languages=True)
    parts += _rows("entities by label", measured.get("labels"), _LABELS, "label")
    parts += _claims(measured.get("claims"))
    relations = {"exact": "F1, exact", "overlap": "F1, overlapping", "alpha": "Krippendorff's α"}
    parts += _rows("relations", measured.get("relations"), relations, "relation")
    return "\n\n".join([*parts, *_bias(measured.get("bias"))])


def _rows(what: str, rows: Any, columns: Mapping[str, str], head: str, *, languages: bool = False) -> list[str]:
    if not isinstance(rows, Mapping) or not rows:
        return []
    shown = [name for name in columns if any(_of(row, name) is not None for row in rows.values())]
    lines = [
        [
            _language(key) if languages else code(key),
            *(_figure(row.get(name), percent="F1" in columns[name]) for name in shown),
        ]
        for key, row in rows.items()
    ]
    return [f"**{what.capitalize()}**", table([head, *(columns[name] for name in shown)], lines)]


def _claims(rows: Any) -> list[str]:
    if not isinstance(rows, Mapping) or not rows:
        return []
    names: Sequence[str] = list(dict.fromkeys(name for row in rows.values() for name in (row.get("agreed") or {})))
    lines = []
    for lang, row in rows.items():
        agreed = [_figure((row.get("agreed") or {}).get(name), percent=True) for name in names]
        alphas = [_figure((row.get("alpha") or {}).get(name)) for name in names]
        lines.append([_language(lang), _figure(row.get("match"), percent=True), *agreed, *alphas])
    head = ["language", "F1 of matching", *(f"{text(n)}, same" for n in names), *(f"{text(n)}, α" for n in names)]
    said = "Claims match where they share half of their union; the others are of claims that matched."
    return ["**Claims**", table(head, lines), said]


def _bias(bias: Any) -> list[str]:
    if not isinstance(bias, Mapping):
        return []
    parts = ["**How far the pre-annotation sways annotators**", text(bias.get("message", ""))]
    rows = [
        f"{text(row.get('mode', ''))} against {text(row.get('other', ''))}: F1 {_figure(row.get('f1'), percent=True)} "
        f"on {plural(int(row.get('documents', 0)), 'document')}"
        for row in bias.get("agreement") or ()
    ]
    return [*parts, listed(rows)] if rows else parts


def _language(lang: str) -> str:
    return "all" if lang == "all" else text(language(lang))


def _of(row: Any, name: str) -> float | None:
    return value(row.get(name)) if isinstance(row, Mapping) else None


def _figure(figure: Any, *, percent: bool = False) -> str:
    number = value(figure)
    if number is None:
        return "–"
    low, high = (figure.get(end) for end in ("low", "high")) if isinstance(figure, Mapping) else (None, None)
    if low is None or high is None:
        return _form(number, percent)
    return f"{_form(number, percent)} ({_form(low, percent)}–{_form(high, percent)})"


def _form(number: float, percent: bool) -> str:
    return f"{100 * number:.1f}" if percent else f"{number:.2f}"
