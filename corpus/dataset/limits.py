"""Known limits of a version, found in its figures: each a sentence of plain text, so that no card promises more than there is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from corpus.dataset.facts import (
    documents,
    joined,
    langs_of,
    language,
    names_of,
    percent,
    plural,
    splits_of,
    total,
)
from corpus.dataset.manifest import Manifest

FEW = 50
"""Examples of a label below which it is said to have few."""
_FEW_TEST = 30
_UNBALANCED = 1.5
_MOST = 0.5
# Krippendorff (2004, "Content Analysis", 2nd ed., p. 241): below 0.667 not even tentative conclusions.
_LEAST_ALPHA = 0.667
_NAMED = 12


def limits(manifest: Manifest) -> list[str]:
    """The limits that the figures show. What is not in the manifest is not guessed."""
    return [
        limit
        for find in (_annotators, _agreement, _bias, _few, _languages, _test, _sources, _years, _kept_out, _text)
        for limit in find(manifest)
    ]


def _annotators(manifest: Manifest) -> Iterator[str]:
    held = documents(manifest)
    people = manifest.annotators
    if people is None:
        yield "How many people annotated is not recorded."
    if people is not None and people.people == 1:
        yield "One person annotated everything: what is one person's habit and what is in the texts cannot be told apart."
    elif alone := people.documents_by_one if people is not None else manifest.gold.made.get("1 annotator", 0):
        yield (
            "Annotated by one person only, whose word is taken as it is: "
            f"{plural(alone, 'document')} ({percent(alone, held)})."
        )
    brought = sum(number for how, number in manifest.gold.made.items() if "import" in how.lower())
    if brought:
        yield f"The gold of {plural(brought, 'document')} ({percent(brought, held)}) was imported; hemu does not know its making."


def _agreement(manifest: Manifest) -> Iterator[str]:
    measured = manifest.agreement
    if not measured or not measured.get("documents"):
        yield "Agreement between annotators was not measured, so there is no ceiling to hold a model's score against."
        return
    low = [
        f"{label} ({alpha:.2f})"
        for label, figures in (measured.get("labels") or {}).items()
        if (alpha := value(figures.get("alpha"))) is not None and alpha < _LEAST_ALPHA
    ]
    if low:
        yield f"Krippendorff's α is below {_LEAST_ALPHA} for {_some(low)}: conclusions that rest on these are shaky."
    number = measured["documents"]
    if isinstance(number, int) and number < _FEW_TEST:
        yield f"Agreement was measured on {plural(number, 'document')} only; its intervals are wide."


def _bias(manifest: Manifest) -> Iterator[str]:
    measured = (manifest.agreement or {}).get("bias")
    if isinstance(measured, Mapping):
        planted = (measured.get("planted") or {}).get("all") or {}
        if planted.get("shown"):
            yield (
                f"Annotators corrected a pre-annotation, and left {planted['left']} of {planted['shown']} errors planted in "
                f"it standing ({percent(planted['left'], planted['shown'])}): so the gold leans towards the pre-annotation."
            )
        else:
            yield "Annotators corrected a pre-annotation; the gold leans towards it as far as the figures of bias say."
    elif manifest.annotators is not None:
        yield (
            "How far the pre-annotation, where annotators began from it, swayed them was not measured; "
            "the gold may lean towards it."
        )


def _few(manifest: Manifest) -> Iterator[str]:
    langs, counts = langs_of(manifest), manifest.counts
    for what, sums, order in (
        ("label", counts.entities, manifest.scheme.labels),
        ("claim type", counts.types, manifest.scheme.claim_types),
        ("stance", counts.stances, manifest.scheme.stances),
    ):
        few, none = [], []
        for name in names_of(sums, order):
            numbers = {lang: total(sums, name, lang=lang) for lang in langs}
            if not any(numbers.values()):
                none.append(name)
            elif short := [f"{number} in {language(lang)}" for lang, number in numbers.items() if number < FEW]:
                few.append(f"{name} ({', '.join(short)})")
        if few:
            yield f"Fewer than {FEW} examples of a {what} in a language: {_some(few)}."
        if none:
            yield f"Nothing at all is marked with the {what}{'' if len(none) == 1 else 's'} {_some(none)}."
    missing = [
        name
        for name in names_of(counts.entities, manifest.scheme.labels)
        if total(counts.entities, name) and not total(counts.entities, name, split="test")
    ]
    if missing and "test" in splits_of(manifest):
        yield f"The test split has no example of {_some(missing)}: no score can be given for them."


def _languages(manifest: Manifest) -> Iterator[str]:
    langs = langs_of(manifest)
    if len(langs) == 1:
        yield f"All documents are in {language(langs[0])}."
        return
    for what in ("documents", "entities", "claims"):
        numbers = {lang: documents(manifest, what, lang=lang) for lang in langs}
        most, least = max(numbers, key=lambda lang: numbers[lang]), min(numbers, key=lambda lang: numbers[lang])
        if numbers[most] > _UNBALANCED * numbers[least]:
            yield (
                f"The languages are not balanced: {numbers[most]:,} {what} in {language(most)}, "
                f"{numbers[least]:,} in {language(least)}."
            )
    alone = documents(manifest) - 2 * sum(manifest.counts.pairs.values())
    if manifest.counts.pairs and alone > 0:
        yield f"Without a version in the other language here: {plural(alone, 'document')} ({percent(alone, documents(manifest))})."


def _test(manifest: Manifest) -> Iterator[str]:
    there = splits_of(manifest)
    if missing := [split for split in ("train", "validation", "test") if split not in there]:
        yield f"There is no {joined(missing)} split: too few articles have gold."
    if "test" in there and (number := documents(manifest, split="test")) < _FEW_TEST:
        yield f"The test split has {plural(number, 'document')}: differences between models of a few points may be chance."


def _sources(manifest: Manifest) -> Iterator[str]:
    sums = manifest.counts.sources
    number = sum(sums.values())
    if not number:
        return
    unnamed = sums.get("", 0)
    if unnamed:
        yield f"Without a recorded source: {plural(unnamed, 'document')} ({percent(unnamed, number)})."
    known = {name: count for name, count in sums.items() if name}
    if known and len(known) > 1 and max(known.values()) > _MOST * number:
        name = max(known, key=lambda source: known[source])
        yield f"{percent(known[name], number)} of the documents come from one source ({name})."
    elif len(known) == 1 and not unnamed and number > 1:
        yield f"All documents come from one source ({next(iter(known))})."


def _years(manifest: Manifest) -> Iterator[str]:
    sums = manifest.counts.years
    number, undated = sum(sums.values()), sums.get("", 0)
    dated = {year: count for year, count in sums.items() if year}
    if undated and dated:
        yield f"Without a date: {plural(undated, 'document')} ({percent(undated, number)})."
    elif undated:
        yield "No document has a date, so change over time cannot be studied."
    if dated and max(dated.values()) > _MOST * number and len(dated) > 1:
        year = max(dated, key=lambda name: dated[name])
        yield f"{percent(dated[year], number)} of the documents are of {year}."


def _kept_out(manifest: Manifest) -> Iterator[str]:
    if number := sum(len(aside.documents) for aside in manifest.splits.set_aside):
        yield f"With gold, but in no split, so that nothing leaks from one into another: {plural(number, 'document')}."
    across = manifest.splits.proof.get("across")
    leaks = sum(len(found) for found in across.values()) if isinstance(across, Mapping) else 0
    if leaks:
        yield f"The splits leak: {plural(leaks, 'article or pair of near-duplicates', 'articles or pairs of near-duplicates')} on two sides."
    texts = manifest.splits.proof.get("texts")
    found = [one for one in texts.values() if isinstance(one, Mapping)] if isinstance(texts, Mapping) else []
    if alike := {id for one in found for id in one.get("mostly_shared") or ()}:
        yield f"Most of their text stands in another split, too: {plural(len(alike), 'document')}."
    if manifest.lost_entities:
        yield f"Not to be read back from the tags of ner: {plural(manifest.lost_entities, 'entity', 'entities')} of the gold."


def _text(manifest: Manifest) -> Iterator[str]:
    if not manifest.text:
        yield (
            "The texts are not in the files, for they may not be passed on: whoever has the articles puts them back with "
            "hemu dataset join, and nothing but counts can be done without them."
        )


def value(figure: Any) -> float | None:
    """The value of a figure of `Manifest.agreement`, None where there is none."""
    number = figure.get("value") if isinstance(figure, Mapping) else figure
    return float(number) if isinstance(number, int | float) else None


def _some(names: list[str]) -> str:
    more = len(names) - _NAMED
    return joined([*names[:_NAMED], f"{more} more"] if more > 0 else names)
