"""The part of the card about splits: how they were made, what shows that nothing leaks, and what was set aside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from corpus.dataset.facts import language, plural, splits_of
from corpus.dataset.manifest import Manifest
from corpus.dataset.markdown import code, listed, table, text
from corpus.dataset.sides import SPLITS

_NAMED = 50
_HOW = {
    "hash": "A split is decided by the SHA-256 of the name of the oldest article that belongs together with a document, and "
    "remembered, so that no document changes sides as the corpus grows.",
    "time": "A split is decided by the day of publication: what is in train is older than what is in validation, and that "
    "older than what is in test.",
}
_ELSEWHERE = ("by", "until", "shares", "across", "set_aside", "held_out", "run")
# How a split was decided (`corpus.dataset.splits`).
_RULES = {
    "hash": "by the hash",
    "moved": "moved, so that no split lacks a language or a label",
    "kin": "with others that had one",
}
_SAID = {
    "pairs": "articles in both languages",
    "units": "groups that stand together",
    "units_of_several_articles": "groups of several articles",
    "near_duplicates": "pairs of near-duplicates among the documents",
    "decided": "documents by how their split was decided",
    "moved_by_held_out": "documents that were elsewhere before they were put into test by name",
    "runs_in_all": "runs of words or characters",
}


def split_section(manifest: Manifest) -> str:
    """The section as Markdown."""
    proof, splits = _flat(manifest.splits.proof), splits_of(manifest)
    by = proof.get("by") or manifest.settings.get("by")
    parts = [
        "All versions and parts of an article, and all near-duplicates of them, are put into one split. "
        + _HOW.get(str(by), ""),
        *_until(proof),
        *_held_out(manifest),
    ]
    if counted := list(_counted(proof, splits)):
        parts.append(table(["", *map(code, splits)], counted))
    if checks := list(_checks(proof, splits)):
        parts += ["What was checked:", listed(checks)]
    parts += _overlap(proof)
    parts += _shares(proof, splits)
    parts += _set_aside(manifest)
    return "\n\n".join(part.strip() for part in parts)


def _flat(proof: Mapping[str, Any]) -> dict[str, Any]:
    """The proof, with what was found in the texts beside what is known of the documents."""
    flat: dict[str, Any] = {}
    for key, value in proof.items():
        nested = isinstance(value, Mapping) and any(_is_overlap(found) for found in value.values())
        flat |= value if nested else {key: value}
    return flat


def _until(proof: Mapping[str, Any]) -> Iterator[str]:
    until = proof.get("until")
    if isinstance(until, list | tuple) and len(until) == 2:
        yield f"The last day of train is {text(until[0])}, that of validation {text(until[1])}."


def _held_out(manifest: Manifest) -> Iterator[str]:
    held = manifest.splits.proof.get("held_out") or manifest.settings.get("held_out")
    if isinstance(held, list | tuple) and held:
        yield f"Put into test by name: {_names(held)}."


def _counted(proof: Mapping[str, Any], splits: Sequence[str]) -> Iterator[list[object]]:
    for key, value in proof.items():
        if _is_by_split(value, splits):
            yield [text(_SAID.get(key) or _words(key)), *(_figure(value.get(split, 0)) for split in splits)]


def _checks(proof: Mapping[str, Any], splits: Sequence[str]) -> Iterator[str]:
    across = proof.get("across")
    for what, found in across.items() if isinstance(across, Mapping) else ():
        number = len(found) if isinstance(found, list | tuple) else found
        line = f"{text(_words(what))} on two sides: {_figure(number)}"
        if isinstance(found, list | tuple) and found:
            line += f" ({_names([_pair(one) for one in found])})"
        yield line
    for key, value in proof.items():
        if key in _ELSEWHERE or _is_by_split(value, splits) or _is_overlap(value):
            continue
        yield from _said(_SAID.get(key) or _words(key), value)


def _said(name: str, value: Any, depth: int = 0) -> Iterator[str]:
    """A figure of the proof that is known by its name alone."""
    if isinstance(value, Mapping):
        if value and all(_is_number(number) for number in value.values()):
            yield f"{text(name)}: " + ", ".join(
                f"{text(_RULES.get(key) or _words(key))} {_figure(one)}" for key, one in value.items()
            )
        elif depth < 2:
            for key, one in list(value.items())[:_NAMED]:
                yield from _said(f"{name}, {_words(key)}", one, depth + 1)
    elif isinstance(value, list | tuple):
        yield f"{text(name)}: {len(value):,}" + (f" ({_names([_pair(one) for one in value])})" if value else "")
    elif _is_number(value):
        yield f"{text(name)}: {_figure(value)}"
    elif value not in (None, ""):
        yield f"{text(name)}: {text(value)}"


def _overlap(proof: Mapping[str, Any]) -> Iterator[str]:
    """What the texts of two splits have in common (`corpus.dataset.overlap`)."""
    runs = proof.get("run")
    sizes = f" ({text(_sizes(runs))})" if isinstance(runs, Mapping) else ""
    rows: list[list[object]] = [
        [
            text(key),
            *(_figure(found.get(name, 0)) for name in ("sentences", "runs", "documents", "longest_passage")),
            _figure(len(found.get("mostly_shared") or ())),
        ]
        for key, found in proof.items()
        if _is_overlap(found)
    ]
    if rows:
        yield f"What the texts of two splits have in common, counted in sentences and in runs of words or characters{sizes}:"
        head = ["splits", "sentences", "runs", "documents with a run", "longest passage", "documents mostly shared"]
        yield table(head, rows)


def _is_overlap(found: Any) -> bool:
    return isinstance(found, Mapping) and "longest_passage" in found


def _sizes(runs: Mapping[str, Any]) -> str:
    return ", ".join(f"{number} in {language(lang)}" for lang, number in runs.items())


def _shares(proof: Mapping[str, Any], splits: Sequence[str]) -> Iterator[str]:
    shares = proof.get("shares")
    if isinstance(shares, Mapping) and shares:
        rows = [
            [code(trait), *(f"{100 * own.get(split, 0):.0f} %" for split in splits)]
            for trait, own in shares.items()
            if isinstance(own, Mapping)
        ]
        yield "Of the documents in a language, or with a label or a type of claim in it, the part in each split:"
        yield table(["", *map(code, splits)], rows)


def _set_aside(manifest: Manifest) -> Iterator[str]:
    aside = manifest.splits.set_aside
    if not aside:
        yield "Nothing was set aside."
        return
    number = sum(len(one.documents) for one in aside)
    yield f"{plural(number, 'document')} with gold in no split:"
    yield table(["documents", "why"], [[_names(one.documents), text(one.why)] for one in aside[:_NAMED]], left=2)
    if len(aside) > _NAMED:
        yield f"{len(aside) - _NAMED:,} more are in `dataset.json`."


def _names(names: Sequence[Any]) -> str:
    more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    return ", ".join(code(name) for name in names[:_NAMED]) + more


def _pair(one: Any) -> Any:
    return " / ".join(map(str, one)) if isinstance(one, list | tuple) else one


def _words(name: object) -> str:
    return str(name).replace("_", " ")


def _figure(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:.2f}" if isinstance(value, float) else text(value)


def _is_by_split(value: Any, splits: Sequence[str]) -> bool:
    return (
        isinstance(value, Mapping)
        and bool(value)
        and set(value) <= {*splits, *SPLITS}
        and all(_is_number(number) for number in value.values())
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float)
