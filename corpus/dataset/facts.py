"""Figures that the card, the datasheet and the Croissant metadata share, from the manifest; and the columns of the files."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corpus.dataset.manifest import BySplit, Manifest
from corpus.dataset.sides import SPLITS

if TYPE_CHECKING:
    import pyarrow as pa

LANGUAGES = {"en": "English", "zh": "Chinese"}

CONFIGS: Mapping[str, str] = {
    "documents": "a document: one article in one language, with everything that is known of it",
    "ner": "a sentence: tokens (words of English, characters of Chinese) and BIO tags",
    "ner_words": "a Chinese sentence: words, split at the edges of entities, and BIO tags",
    "claims": "a claim: its clause with type, stance, claimant, policy area and targets, and the sentence around it",
    "parallel": "sentences that translate one another, with the entities of both, and which is which",
    "raters": "what one person marked in one document, before anything was decided",
}
"""What a row of each configuration is."""

TASKS: Mapping[str, str] = {
    "ner": "token-classification",
    "ner_words": "token-classification",
    "claims": "text-classification",
    "parallel": "translation",
}


def language(lang: str) -> str:
    """The name of a language by its code."""
    return LANGUAGES.get(lang, lang)


def splits_of(manifest: Manifest) -> list[str]:
    """The splits that hold documents, in their usual order."""
    sides = {side for of in manifest.configs.values() for side, held in of.items() if held.rows}
    sides |= set(manifest.counts.documents)
    return [split for split in SPLITS if split in sides] + sorted(sides - set(SPLITS))


def langs_of(manifest: Manifest) -> list[str]:
    """The languages of the documents, English first."""
    found = {lang for of in manifest.counts.documents.values() for lang in of}
    return [lang for lang in LANGUAGES if lang in found] + sorted(found - set(LANGUAGES))


def total(counts: BySplit, name: str | None = None, *, split: str | None = None, lang: str | None = None) -> int:
    """The sum over splits, languages and names, where these are not given.

    >>> total({"train": {"en": {"PLACE": 2}, "zh": {"PLACE": 3, "FIRM": 1}}}, "PLACE")
    5
    """
    return sum(
        number
        for side, langs in counts.items()
        for code, names in langs.items()
        for key, number in names.items()
        if split in (None, side) and lang in (None, code) and name in (None, key)
    )


def documents(manifest: Manifest, what: str = "documents", *, split: str | None = None, lang: str | None = None) -> int:
    """How many documents (or characters, sentences, tokens, entities, claims) there are."""
    return total(manifest.counts.documents, what, split=split, lang=lang)


def names_of(counts: BySplit, order: Sequence[str]) -> list[str]:
    """The names in the order of the scheme, and then those that it does not have."""
    found = {name for langs in counts.values() for names in langs.values() for name in names}
    return [*order, *sorted(found - set(order))]


def plural(number: int, what: str, many: str = "") -> str:
    """A number and what it counts.

    >>> plural(1, "article"), plural(1200, "article")
    ('1 article', '1,200 articles')
    """
    return f"{number:,} {what if number == 1 else many or what + 's'}"


def joined(items: Sequence[str]) -> str:
    """Items as a sentence lists them: "a, b and c"."""
    return " and ".join([", ".join(items[:-1]), items[-1]] if len(items) > 1 else items)


def percent(part: float, of: float) -> str:
    """A share; what is not nothing and not all is never said to be.

    >>> percent(1, 3), percent(1, 10000), percent(9999, 10000)
    ('33 %', '<1 %', '>99 %')
    """
    if not of:
        return "–"
    share = 100 * part / of
    if 0 < share < 1:
        return "<1 %"
    return ">99 %" if 99 < share < 100 else f"{share:.0f} %"


def summary(manifest: Manifest) -> str:
    """What the dataset is, in a sentence of plain text."""
    langs = langs_of(manifest)
    pairs = sum(manifest.counts.pairs.values())
    sides = joined([f"{documents(manifest, lang=lang):,} in {language(lang)}" for lang in langs])
    both = f"; {plural(pairs, 'article')} in both languages" if pairs else ""
    labels = sum(total(manifest.counts.entities, name) > 0 for name in names_of(manifest.counts.entities, ()))
    return (
        f"{plural(documents(manifest), 'document')} ({sides}{both}) with gold annotation of "
        f"{plural(documents(manifest, 'entities'), 'named entity', 'named entities')} of {plural(labels, 'label')} "
        f"and {plural(documents(manifest, 'claims'), 'claim')}."
    )


# ---- columns


def schema_of(folder: Path, manifest: Manifest, config: str) -> pa.Schema | None:
    """The columns of a configuration, read from its first file; None where it has none."""
    import pyarrow.parquet as pq

    for file in manifest.files(config):
        return pq.read_schema(folder / file.path)
    return None


def class_names(schema: pa.Schema) -> dict[str, list[str]]:
    """By the path of a column ("ner_tags", "claims.type"), the names of the classes that its numbers stand for."""
    try:
        features = json.loads((schema.metadata or {})[b"huggingface"])["info"]["features"]
    except (KeyError, TypeError, ValueError):
        return {}
    return dict(_classes(features, ""))


def _classes(feature: Any, path: str) -> Iterator[tuple[str, list[str]]]:
    if isinstance(feature, list):
        for inner in feature:
            yield from _classes(inner, path)
    elif isinstance(feature, Mapping):
        if feature.get("_type") == "ClassLabel" and isinstance(feature.get("names"), list):
            yield path, [str(name) for name in feature["names"]]
        elif isinstance(feature.get("_type"), str):
            yield from _classes(feature.get("feature"), path)
        else:
            for name, inner in feature.items():
                yield from _classes(inner, f"{path}.{name}" if path else name)
