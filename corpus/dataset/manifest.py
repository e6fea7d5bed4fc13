"""What a version of the dataset is, as `dataset.json` in its folder: everything downstream reads this and the Parquet files."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from corpus.errors import InputError
from corpus.store import write_atomically

MANIFEST = "dataset.json"

FORMAT = 3
"""The form of the folder and of this file. A reader of a later form refuses; one of an earlier form is built anew."""

Counts = dict[str, int]
BySplit = dict[str, dict[str, Counts]]
"""split: language: name: how many."""


@dataclass(frozen=True, slots=True)
class File:
    """A Parquet file of a split: its path in the folder (with "/"), bytes, and SHA-256."""

    path: str
    bytes: int
    sha256: str

    def __post_init__(self) -> None:
        # Whoever wrote the manifest of a dataset that was downloaded is not known.
        if self.path.startswith("/") or "\\" in self.path or ".." in self.path.split("/"):
            raise InputError(f"{self.path!r}: leads out of the folder of the dataset; do not trust it")


@dataclass(frozen=True, slots=True)
class Split:
    """The files of one split of a configuration, in their order, and how many rows they hold together."""

    files: tuple[File, ...]
    rows: int


@dataclass(frozen=True, slots=True)
class SchemeNames:
    """The label scheme: its version, a digest of all that it says, and the names in it."""

    version: int
    digest: str
    labels: tuple[str, ...]
    claim_types: tuple[str, ...]
    stances: tuple[str, ...]
    areas: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Gold:
    """The gold that a version was made of. `made` counts documents by how their gold came about; it names nobody."""

    digest: str
    documents: int
    made: Counts = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Annotators:
    """How many people annotated, never who: `annotations` counts what they submitted, a document at a time."""

    people: int
    documents_by_one: int
    documents_by_several: int
    annotations: int


@dataclass(frozen=True, slots=True)
class SetAside:
    """Documents that are in no split, and why."""

    documents: tuple[str, ...]
    why: str


@dataclass(frozen=True, slots=True)
class Splits:
    """What was checked about the splits (`proof`, plain figures), and what was kept out of them."""

    proof: dict[str, Any] = field(default_factory=dict)
    set_aside: tuple[SetAside, ...] = ()


@dataclass(frozen=True, slots=True)
class Sums:
    """What is in the dataset.

    `documents` counts documents, characters, sentences, tokens, entities and claims by split and language; `entities`
    (labels), `types`, `stances` and `areas` (of claims) names by split and language; `years` has "" for undated ones.
    """

    documents: BySplit = field(default_factory=dict)
    entities: BySplit = field(default_factory=dict)
    types: BySplit = field(default_factory=dict)
    stances: BySplit = field(default_factory=dict)
    areas: BySplit = field(default_factory=dict)
    pairs: Counts = field(default_factory=dict)
    sources: Counts = field(default_factory=dict)
    years: Counts = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Manifest:
    """`dataset.json`. `text` says whether texts are in the files; `hemu` and `code` with what they were made."""

    format: int
    version: str
    name: str
    licence: str
    citation: str
    text: bool
    hemu: str
    code: str
    scheme: SchemeNames
    gold: Gold
    annotators: Annotators | None
    agreement: dict[str, Any] | None
    settings: dict[str, Any]
    configs: dict[str, dict[str, Split]]
    splits: Splits
    counts: Sums
    lost_entities: int = 0
    extra: dict[str, Any] = field(default_factory=dict)

    def files(self, config: str | None = None, split: str | None = None) -> Iterator[File]:
        """The Parquet files, of one configuration or one split only where that is given."""
        for name, splits in self.configs.items():
            for side, held in splits.items():
                if config in (None, name) and split in (None, side):
                    yield from held.files


def read_manifest(folder: Path) -> Manifest:
    """The manifest of the dataset in `folder`.

    Raises InputError where the folder holds no dataset, or one of another form than this hemu reads.
    """
    path = folder / MANIFEST
    try:
        row = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        what = "no dataset of hemu" if folder.is_dir() else "no such folder"
        raise InputError(
            f"{folder}: {what} (no {MANIFEST}); name the folder of a version, such as news/datasets/<version>"
        ) from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise InputError(f"{path}: not JSON ({error}); build the dataset again") from None
    found = row.get("format") if isinstance(row, Mapping) else None
    if found != FORMAT:
        raise InputError(f"{path}: form {found!r}; this hemu reads form {FORMAT}: build the dataset again")
    try:
        return _manifest(row)
    except (KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{path}: not a manifest of a dataset (see {error}); build the dataset again") from None


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write `dataset.json` into `folder`, whole or not at all. The same manifest gives the same bytes."""
    row = asdict(manifest)
    write_atomically(folder / MANIFEST, (json.dumps(row, ensure_ascii=True, indent=1) + "\n").encode())


def _manifest(row: Mapping[str, Any]) -> Manifest:
    scheme, gold, annotators, splits = row["scheme"], row["gold"], row["annotators"], row["splits"]
    names: dict[str, Any] = {key: tuple(v) if isinstance(v, list) else v for key, v in scheme.items()}
    made: dict[str, Any] = {
        "scheme": SchemeNames(**names),
        "gold": Gold(**gold),
        "annotators": None if annotators is None else Annotators(**annotators),
        "configs": {
            config: {
                split: Split(tuple(File(**file) for file in held["files"]), held["rows"])
                for split, held in sides.items()
            }
            for config, sides in row["configs"].items()
        },
        "splits": Splits(
            splits["proof"],
            tuple(SetAside(tuple(aside["documents"]), aside["why"]) for aside in splits["set_aside"]),
        ),
        "counts": Sums(**row["counts"]),
    }
    plain = {f.name: row[f.name] for f in fields(Manifest) if f.name in row and f.name not in made}
    return Manifest(**plain, **made)
