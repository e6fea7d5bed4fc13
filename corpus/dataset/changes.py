"""What can differ between two versions of a dataset, and the sums of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from corpus.dataset.manifest import Manifest

Row = dict[str, Any]

ADDED, REMOVED, RELABELLED, MOVED, CHANGED = "added", "removed", "relabelled", "moved", "changed"
KINDS = (ADDED, REMOVED, RELABELLED, MOVED, CHANGED)
ENTITY, CLAIM, RELATION = "entity", "claim", "relation"


@dataclass(frozen=True, slots=True)
class Change:
    """One difference of a document: an entity, a claim or a relation that was added, removed, relabelled, moved (its
    edges are others), or changed in another attribute. `before` and `after` are its rows, None on the side without it.

    `attributes` names what differs. A claim's label is its type.
    """

    what: str
    kind: str
    label: str
    before: Row | None
    after: Row | None
    attributes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DocumentChange:
    """A document that one version has and the other has not (`added`, `removed`), or that differs (`changed`).

    `split` and `characters` are (before, after), `text` says whether the text is another one, `columns` names
    what else differs (sentences, metadata …).
    """

    id: str
    pair: str
    lang: str
    kind: str
    split: tuple[str, str]
    characters: tuple[int, int]
    text: bool = False
    changes: tuple[Change, ...] = ()
    columns: tuple[str, ...] = ()


@dataclass
class Summary:
    """The two versions, what their manifests differ in, and how many differences there are of each kind."""

    before: str
    after: str
    documents: dict[str, int] = field(default_factory=dict)
    """added, removed, changed, unchanged; and of those in both: moved (to another split), other text."""
    splits: dict[str, int] = field(default_factory=dict)
    """Documents by "train → test"."""
    marks: dict[str, dict[str, dict[str, dict[str, int]]]] = field(default_factory=dict)
    """What (entity, claim, relation): language: label: kind: how many."""
    relabelled: dict[str, int] = field(default_factory=dict)
    """Entities by "FIRM → AGENCY", and claims by their types."""
    scheme: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    """labels, claim_types, stances, areas: added and removed names."""
    settings: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    """Settings, and what the manifests say besides (licence, code, gold …): before and after."""
    rows: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Rows by "ner/train", where they are not as many."""

    def take(self, change: DocumentChange | None) -> None:
        """Count a document; None for one that is the same in both."""
        kind = change.kind if change else "unchanged"
        self.documents[kind] = self.documents.get(kind, 0) + 1
        if change is None:
            return
        if change.kind == CHANGED and change.split[0] != change.split[1]:
            self.documents["moved"] = self.documents.get("moved", 0) + 1
            _count(self.splits, " → ".join(change.split))
        if change.text:
            _count(self.documents, "other text")
        for each in change.changes:
            by_label = self.marks.setdefault(each.what, {}).setdefault(change.lang, {})
            _count(by_label.setdefault(each.label, {}), each.kind)
            if each.kind == RELABELLED and each.before and each.after:
                _count(self.relabelled, f"{name_of(each.before)} → {name_of(each.after)}")

    @property
    def same(self) -> bool:
        """Whether the two hold the same."""
        return not (set(self.documents) - {"unchanged"} or self.scheme or self.settings or self.rows)

    def as_json(self) -> Row:
        return {**asdict(self), "same": self.same}


def _count(counts: dict[str, int], name: str) -> None:
    counts[name] = counts.get(name, 0) + 1


def name_of(row: Row) -> str:
    """The type of a claim, the label of anything else."""
    return str(row.get("type") or row.get("label") or "")


def compared(before: Manifest, after: Manifest) -> Summary:
    """The summary of two versions as far as their manifests tell."""
    summary = Summary(before.version, after.version)
    for name in ("labels", "claim_types", "stances", "areas"):
        old, new = getattr(before.scheme, name), getattr(after.scheme, name)
        if added := [each for each in new if each not in old]:
            summary.scheme.setdefault(name, {})[ADDED] = added
        if removed := [each for each in old if each not in new]:
            summary.scheme.setdefault(name, {})[REMOVED] = removed
    values = [_values(manifest) for manifest in (before, after)]
    for name in dict.fromkeys([*values[0], *values[1]]):
        pair = values[0].get(name), values[1].get(name)
        if pair[0] != pair[1]:
            summary.settings[name] = pair
    counts = [
        {f"{config}/{split}": held.rows for config, sides in m.configs.items() for split, held in sides.items()}
        for m in (before, after)
    ]
    for name in sorted(counts[0].keys() | counts[1].keys()):
        rows = counts[0].get(name, 0), counts[1].get(name, 0)
        if rows[0] != rows[1]:
            summary.rows[name] = rows
    return summary


def _values(manifest: Manifest) -> dict[str, Any]:
    """What a manifest says that is neither of the rows nor of their sums."""
    values: dict[str, Any] = {
        **{name: getattr(manifest, name) for name in ("name", "licence", "citation", "text", "hemu", "code")},
        **{f"scheme.{name}": getattr(manifest.scheme, name) for name in ("version", "digest")},
        "gold": manifest.gold.digest[:12],
    }
    return values | {f"settings.{name}": value for name, value in manifest.settings.items()}


def table(summary: Summary) -> tuple[list[str], list[list[str]]]:
    """Header and rows of what changed, by language and label."""
    rows: list[list[str]] = []
    langs: Mapping[str, str] = {"en": "English", "zh": "Chinese"}
    for what in (ENTITY, CLAIM, RELATION):
        for lang, labels in sorted(summary.marks.get(what, {}).items()):
            for label, kinds in sorted(labels.items()):
                name = f"{what} {label}, {langs.get(lang, lang)}"
                rows.append([name, *(str(kinds.get(kind, 0) or "–") for kind in KINDS)])
    return ["", *KINDS], rows
