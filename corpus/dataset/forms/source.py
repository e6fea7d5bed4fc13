"""A dataset folder, read document by document: what the forms are made of."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corpus.dataset.arrows import plain
from corpus.dataset.manifest import Manifest, read_manifest
from corpus.document import AUTHOR, LANGUAGES, Claim, Document, Entity, Lang, Ref, Relation, Span, Target
from corpus.errors import InputError, SpanError, StaleTextError
from corpus.scheme import Label, Scheme, load_scheme

if TYPE_CHECKING:
    from pyarrow import RecordBatch, Schema

Range = tuple[int, int]
Word = tuple[int, int, str]
"""Start, end, part of speech ("" where none is known). A document has thousands: plain tuples."""

_BATCH = 64
_PLAIN = ("id", "pair", "lang", "text", "entities", "claims", "relations", "meta", "provenance")
_WORDS = ("sentences", "tokens")


@dataclass(frozen=True, slots=True)
class Record:
    """A document of the dataset with its gold annotation, and with its sentences and words where they were asked for."""

    split: str
    document: Document
    gold: str = ""
    entities: tuple[Entity, ...] = ()
    claims: tuple[Claim, ...] = ()
    relations: tuple[Relation, ...] = ()
    sentences: Sequence[Range] = ()
    words: Sequence[Word] = ()


@dataclass(frozen=True)
class Source:
    """What is exported: a version of the dataset, or some languages and splits of it.

    >>> Source.open(Path("/nowhere"))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    corpus.errors.InputError: /nowhere: no such folder ...
    """

    folder: Path
    manifest: Manifest
    scheme: Scheme
    langs: tuple[Lang, ...] = LANGUAGES
    splits: tuple[str, ...] = ()
    progress: Callable[[int, int | None], None] = field(default=lambda done, total: None, repr=False)

    @classmethod
    def open(
        cls,
        folder: Path,
        *,
        langs: Sequence[Lang] = (),
        splits: Sequence[str] = (),
        progress: Callable[[int, int | None], None] | None = None,
    ) -> Source:
        """The dataset in `folder`; without `langs` and `splits` all of it.

        Raises InputError where there is none, it has no texts, or no such split.
        """
        manifest = read_manifest(folder)
        if not manifest.text:
            raise InputError(f"{folder}: this version is without texts; put them in with: hemu dataset join")
        there = tuple(manifest.configs.get("documents", {}))
        if not there:
            raise InputError(
                f"{folder}: has no configuration `documents`, of which the forms are made; build it with that"
            )
        if unknown := [split for split in splits if split not in there]:
            raise InputError(f"{folder}: no split {unknown[0]!r}; it has: {', '.join(there)}")
        return cls(
            folder,
            manifest,
            scheme_of(folder, manifest),
            tuple(lang for lang in LANGUAGES if not langs or lang in langs),
            tuple(split for split in there if not splits or split in splits),
            *([progress] if progress else []),
        )

    def records(self, split: str, *, words: bool = False) -> Iterator[Record]:
        """The documents of a split in their order, those of the wanted languages; memory holds a few at a time.

        Raises InputError where a file is no table of documents, SpanError and StaleTextError where annotation does not fit.
        """
        import pyarrow as pa
        import pyarrow.parquet as pq

        for file in self.manifest.files("documents", split):
            path = self.folder / file.path
            try:
                with pq.ParquetFile(path, pre_buffer=False) as table:  # It would keep all that it has read.
                    names = _class_names(table.schema_arrow)
                    columns = [*_PLAIN, *(_WORDS if words else ())]
                    for batch in table.iter_batches(_BATCH, columns=columns):
                        yield from self._records(batch, split, names, words)
            except (pa.ArrowInvalid, FileNotFoundError, KeyError) as error:
                raise InputError(f"{path}: cannot be read ({error}); build the dataset again") from None

    def _records(self, batch: RecordBatch, split: str, names: Mapping[str, list[str]], words: bool) -> Iterator[Record]:
        plain: dict[str, list[Any]] = {name: batch.column(name).to_pylist() for name in _PLAIN}
        sentences = _tuples(batch.column("sentences"), ("start", "end")) if words else None
        tokens = _tuples(batch.column("tokens"), ("start", "end", "tag")) if words else None
        for i, id in enumerate(plain["id"]):
            if plain["lang"][i] not in self.langs:
                continue
            text, provenance = plain["text"][i], plain["provenance"][i]
            meta = {entry["key"]: entry["value"] for entry in plain["meta"][i] or ()}
            document = Document(
                id, plain["pair"][i] or "", plain["lang"][i], text, (), provenance["source"] or "", meta
            )
            if document.sha != provenance["sha256"]:
                raise StaleTextError(f"{id}: its text is not the one that was annotated; build the dataset again")
            try:
                yield Record(
                    split,
                    document,
                    provenance["gold"] or "",
                    tuple(_entity(text, row, names) for row in plain["entities"][i] or ()),
                    tuple(_claim(text, row, names) for row in plain["claims"][i] or ()),
                    tuple(_relation(row) for row in plain["relations"][i] or ()),
                    sentences[i] if sentences else (),
                    tokens[i] if tokens else (),
                )
            except SpanError as error:
                raise SpanError(f"{id}: {error}") from None

    def pairs(self, split: str) -> set[str]:
        """The articles of a split that are there in both languages, where both are wanted."""
        import pyarrow.parquet as pq

        langs: dict[str, list[str]] = {}
        for file in self.manifest.files("documents", split):
            with pq.ParquetFile(self.folder / file.path, pre_buffer=False) as table:
                for batch in table.iter_batches(columns=["pair", "lang"]):
                    for pair, lang in zip(*(batch.column(i).to_pylist() for i in (0, 1)), strict=True):
                        langs.setdefault(pair, []).append(lang)
        return {pair for pair, there in langs.items() if pair and sorted(there) == sorted(self.langs) == ["en", "zh"]}

    def all(self, *, words: bool = False) -> Iterator[Record]:
        """The documents of all wanted splits, one split after the other; tells `progress` how far it is."""
        total = sum(self.manifest.configs["documents"][split].rows for split in self.splits)
        done = 0
        for split in self.splits:
            for record in self.records(split, words=words):
                yield record
                done += 1
                self.progress(done, total)


def scheme_of(folder: Path, manifest: Manifest) -> Scheme:
    """The label scheme of a dataset: that of its folder, of the workspace that it lies in, or of hemu, whichever has its names.

    Where none has, a scheme of its names alone.
    """
    names = manifest.scheme
    wanted = (names.labels, names.claim_types, names.stances, names.areas)
    for path in (folder / "scheme.toml", folder.resolve().parent.parent / "scheme.toml", None):
        if path is None or path.is_file():
            scheme = load_scheme(path)
            lists = (scheme.labels, scheme.claim_types, scheme.stances, scheme.policy_areas)
            if tuple(tuple(value.name for value in values) for values in lists) == wanted:
                return scheme
    own = load_scheme()
    labels, types, stances, areas = (tuple(Label(name, name, name) for name in values) for values in wanted)
    return Scheme(names.version, labels, own.claim, types, stances, areas, own.relations)


def _class_names(schema: Schema) -> dict[str, list[str]]:
    """The names of the class labels in lists of structs ("claims.type"), as the file says them."""
    described = (schema.metadata or {}).get(b"huggingface")
    features = json.loads(described)["info"]["features"] if described else {}
    names: dict[str, list[str]] = {}
    for column in ("entities", "claims"):
        inner = features.get(column) or {}
        inner = inner[0] if isinstance(inner, list) else inner.get("feature", inner)
        for key, kind in inner.items():
            if isinstance(kind, Mapping) and kind.get("_type") == "ClassLabel":
                names[f"{column}.{key}"] = kind["names"]
    return names


def _tuples(column: Any, keys: Sequence[str]) -> list[list[Any]]:
    """A column of lists of structs as tuples of these members: many times as fast as `to_pylist`."""
    offsets, values = column.offsets.to_pylist(), column.values
    members = [values.field(key) for key in keys]
    lists = [
        plain(member).tolist() if key != "tag" else member.to_pylist()
        for key, member in zip(keys, members, strict=True)
    ]
    rows = list(zip(*lists, strict=True))
    return [rows[a:b] for a, b in pairwise(offsets)]


def _entity(text: str, row: Mapping[str, Any], names: Mapping[str, list[str]]) -> Entity:
    span = Span.checked(text, row["start"], row["end"], row["text"])
    return Entity(span, _named(row["label"], "entities.label", names), link=row.get("link") or "")


def _claim(text: str, row: Mapping[str, Any], names: Mapping[str, list[str]]) -> Claim:
    start, end = row.get("claimant_start"), row.get("claimant_end")
    return Claim(
        Span.checked(text, row["start"], row["end"], row["text"]),
        _named(row["type"], "claims.type", names),
        _named(row["stance"], "claims.stance", names),
        AUTHOR if row["claimant"] is None else row["claimant"],
        _named(row["policy_area"], "claims.policy_area", names),
        tuple(Target(t["value"] or "", t["unit"] or "", t["by"] or "") for t in row["targets"] or ()),
        (start, end) if start is not None and end is not None and 0 <= start < end else None,
    )


def _named(value: Any, where: str, names: Mapping[str, list[str]]) -> str:
    """A name, also where the file holds the number of a class label."""
    if isinstance(value, int):
        return names[where][value] if value >= 0 else ""
    return str(value or "")


def _relation(row: Mapping[str, Any]) -> Relation:
    head, tail = (
        Ref(end["document"], "claim" if end["kind"] == "claim" else "entity", end["start"], end["end"])
        for end in (row["head"], row["tail"])
    )
    return Relation(row["label"], head, tail)


def by_lang(records: Iterable[Record]) -> Iterator[tuple[str, Record]]:
    """Each record with the name of its split and language, such as "train.en"."""
    for record in records:
        yield f"{record.split}.{record.document.lang}", record
