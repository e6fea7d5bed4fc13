"""What two versions of a dataset differ in: documents, sides, texts, and every span, label, claim and relation."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corpus.dataset.changes import (
    ADDED,
    CHANGED,
    CLAIM,
    ENTITY,
    MOVED,
    RELABELLED,
    RELATION,
    REMOVED,
    Change,
    DocumentChange,
    compared,
    name_of,
)
from corpus.dataset.manifest import read_manifest
from corpus.dataset.offsets import Offsets, offsets_between
from corpus.errors import InputError
from corpus.metrics import paired

if TYPE_CHECKING:
    import pyarrow as pa

    from corpus.report import Progress

Row = dict[str, Any]

# Row groups that are kept of each version, and maps of offsets.
_OPEN = 3
_MAPS = 32


class Version:
    """The documents of a version, each found by its id. Memory holds the ids and a few row groups."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.manifest = read_manifest(folder)
        if "documents" not in self.manifest.configs:
            raise InputError(
                f"{folder}: is without the configuration documents, which is what is compared; build it with that"
            )
        self._tables: dict[tuple[str, int], pa.Table] = {}

    @cached_property
    def index(self) -> dict[str, tuple[str, str, int, int]]:
        """Of each document its split, file, row group and row there."""
        index: dict[str, tuple[str, str, int, int]] = {}
        for split, held in self.manifest.configs.get("documents", {}).items():
            for file in held.files:
                with self._opened(file.path) as parquet:
                    for group in range(parquet.num_row_groups):
                        ids = parquet.read_row_group(group, columns=["id"]).column("id").to_pylist()
                        index.update({id: (split, file.path, group, at) for at, id in enumerate(ids)})
        return index

    @cached_property
    def names(self) -> dict[str, list[str]]:
        """The names that the numbers of claims' types and stances stand for."""
        manifest = self.manifest
        return {"type": list(manifest.scheme.claim_types), "stance": list(manifest.scheme.stances)}

    def split(self, id: str) -> str:
        return self.index[id][0]

    def slice(self, id: str) -> pa.Table:
        """The row of a document as a table of one row."""
        _, path, group, at = self.index[id]
        key = path, group
        found = self._tables.pop(key, None)
        if found is None:
            with self._opened(path) as parquet:
                found = parquet.read_row_group(group, use_threads=False).combine_chunks()
        self._tables[key] = found
        if len(self._tables) > _OPEN:
            del self._tables[next(iter(self._tables))]
        return found.slice(at, 1)

    def row(self, id: str, columns: Sequence[str]) -> Row:
        """Some columns of a document; types and stances of claims by name."""
        table = self.slice(id)
        row: Row = table.select([name for name in columns if name in table.column_names]).to_pylist()[0]
        for claim in row.get("claims") or ():
            for name, names in self.names.items():
                claim[name] = names[claim[name]] if isinstance(claim[name], int) and claim[name] >= 0 else ""
        return row

    def _opened(self, path: str) -> Any:
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            return pq.ParquetFile(self.folder / path)
        except (OSError, pa.ArrowInvalid) as error:
            raise InputError(f"{self.folder / path}: cannot be read ({error}); build the dataset again") from None


class Difference:
    """The differences from the version in the folder `before` to that in `after`.

    Iterate over it once for the documents that differ, in the order of their ids; `summary` is complete then. Where one of
    the two has no text, what is text of a claim (claimant, targets) is not compared.

    InputError where a folder holds no dataset.
    """

    def __init__(self, before: Path, after: Path, *, progress: Progress | None = None) -> None:
        self.before, self.after = Version(before), Version(after)
        self.summary = compared(self.before.manifest, self.after.manifest)
        self._progress = progress
        self._maps: dict[str, Offsets | None] = {}

    def __iter__(self) -> Iterator[DocumentChange]:
        ids = sorted(self.before.index.keys() | self.after.index.keys())
        for number, id in enumerate(ids, 1):
            change = self._document(id)
            self.summary.take(change)
            if change is not None:
                yield change
            if self._progress:
                self._progress(number, len(ids))

    def texts(self, id: str) -> tuple[str, str]:
        """The text of a document in both versions, "" where it is not there."""
        return tuple(v.row(id, ["text"]).get("text", "") if id in v.index else "" for v in (self.before, self.after))  # type: ignore[return-value]

    def _document(self, id: str) -> DocumentChange | None:
        if id not in self.before.index or id not in self.after.index:
            return self._only(id)
        split = self.before.split(id), self.after.split(id)
        a, b = self.before.slice(id), self.after.slice(id)
        shared = [name for name in a.column_names if name in b.column_names]
        unlike = [name for name in shared if not _equal(a, b, name)]
        if self.before.names != self.after.names and "claims" not in unlike:
            unlike.append("claims")
        if not unlike and split[0] == split[1]:
            return None
        head = ["id", "pair", "lang", "characters", "text", "provenance", *unlike]
        old, new = self.before.row(id, head), self.after.row(id, head)
        text = old["provenance"]["sha256"] != new["provenance"]["sha256"]
        marks = [name for name in ("entities", "claims", "relations") if text or name in unlike]
        changes = self._marks(id, marks, self._map(id) if text else None)
        known = {"id", "text", "characters", "entities", "claims", "relations"}
        columns = tuple(name for name in unlike if name not in known and _differ(old, new, name))
        if not (changes or columns or text or split[0] != split[1]):
            return None
        length = _length(old), _length(new)
        return DocumentChange(id, new["pair"], new["lang"], CHANGED, split, length, text, tuple(changes), columns)

    def _only(self, id: str) -> DocumentChange:
        kind, version = (REMOVED, self.before) if id in self.before.index else (ADDED, self.after)
        row = version.row(id, ["pair", "lang", "text", "characters", "entities", "claims", "relations"])
        changes = [_change(kind, what, each) for what, each in _all_marks(row)]
        sides = (version.split(id), "") if kind == REMOVED else ("", version.split(id))
        lengths = (_length(row), 0) if kind == REMOVED else (0, _length(row))
        return DocumentChange(id, row["pair"], row["lang"], kind, sides, lengths, changes=tuple(changes))

    def _marks(self, id: str, names: Sequence[str], moved: Offsets | None) -> list[Change]:
        old, new = self.before.row(id, names), self.after.row(id, names)
        changes: list[Change] = []
        if "entities" in names:
            changes += _spans(ENTITY, old["entities"], new["entities"], moved, lambda e: str(e["label"]), ("link",))
        if "claims" in names:
            attributes = ["stance", "policy_area"]
            if self.before.manifest.text == self.after.manifest.text:
                attributes += ["claimant", "targets"]
            changes += _spans(CLAIM, old["claims"], new["claims"], moved, lambda c: str(c["type"]), attributes)
        if "relations" in names:
            changes += self._relations(old["relations"], new["relations"])
        return changes

    def _relations(self, old: Sequence[Row], new: Sequence[Row]) -> Iterator[Change]:
        before = Counter(self._key(row, moved=True) for row in old)
        after = Counter(self._key(row, moved=False) for row in new)
        for kind, rows, others, moved in ((REMOVED, old, after, True), (ADDED, new, before, False)):
            left = Counter(others)
            for row in rows:
                key = self._key(row, moved=moved)
                if left[key]:
                    left[key] -= 1
                else:
                    yield _change(kind, RELATION, row)

    def _key(self, relation: Row, *, moved: bool) -> tuple[Any, ...]:
        """What a relation joins; with `moved`, by the offsets of the later version's texts."""
        key: list[Any] = [relation["label"]]
        for ref in (relation["head"], relation["tail"]):
            span = ref["start"], ref["end"]
            if moved and (offsets := self._map(ref["document"])) is not None:
                span = offsets.span(*span) or ("gone", *span)  # type: ignore[assignment]
            key += [ref["document"], ref["kind"], *span]
        return tuple(key)

    def _map(self, id: str) -> Offsets | None:
        """The way from the earlier text of a document to the later one; None where it is the same, or not known."""
        if id not in self._maps:
            found = None
            if id in self.before.index and id in self.after.index:
                shas = [v.row(id, ["provenance"])["provenance"]["sha256"] for v in (self.before, self.after)]
                if shas[0] != shas[1] and self.before.manifest.text and self.after.manifest.text:
                    found = offsets_between(*self.texts(id))
            self._maps[id] = found
            if len(self._maps) > _MAPS:
                del self._maps[next(iter(self._maps))]
        return self._maps[id]


def _equal(a: pa.Table, b: pa.Table, name: str) -> bool:
    first, second = a.column(name), b.column(name)
    return str(first.type) == str(second.type) and bool(first.equals(second))


def _differ(old: Row, new: Row, name: str) -> bool:
    # Where a later version has further fields, those that both have are compared.
    return bool(_shared(old[name], new[name]) != _shared(new[name], old[name]))


def _shared(value: Any, other: Any) -> Any:
    if isinstance(value, dict) and isinstance(other, dict):
        return {name: _shared(each, other[name]) for name, each in value.items() if name in other}
    if isinstance(value, list) and isinstance(other, list) and len(value) == len(other):
        return [_shared(*each) for each in zip(value, other, strict=True)]
    return value


def _length(row: Row) -> int:
    return len(row["text"]) if "text" in row else int(row.get("characters") or 0)


def _all_marks(row: Row) -> Iterator[tuple[str, Row]]:
    for what, name in ((ENTITY, "entities"), (CLAIM, "claims"), (RELATION, "relations")):
        yield from ((what, each) for each in row.get(name) or ())


def _change(kind: str, what: str, row: Row) -> Change:
    label = name_of(row)
    return Change(what, kind, label, None if kind == ADDED else row, row if kind == ADDED else None)


def _spans(
    what: str, old: Sequence[Row], new: Sequence[Row], moved: Offsets | None, label: Callable[[Row], str], attributes: Sequence[str]
) -> list[Change]:  # fmt: skip
    """What became of the spans of a document, in the order of the text."""
    changes: list[tuple[int, Change]] = []
    before: dict[tuple[int, int], list[Row]] = {}
    for row in old:
        span = (row["start"], row["end"]) if moved is None else moved.span(row["start"], row["end"])
        if span is None:
            changes.append((row["start"], Change(what, REMOVED, label(row), row, None)))
        else:
            before.setdefault(span, []).append(row)
    after: dict[tuple[int, int], list[Row]] = {}
    for row in new:
        after.setdefault((row["start"], row["end"]), []).append(row)
    # Spans that several share (claims may) are paired one by one, the rest by what they share.
    left: dict[bool, dict[tuple[int, int], Row]] = {False: {}, True: {}}
    for span in before.keys() | after.keys():
        ones, others = list(before.get(span, ())), list(after.get(span, ()))
        for one in list(ones):
            twin = next((o for o in others if label(o) == label(one) and _unlike(one, o, attributes) == ()), None)
            if twin is not None:
                ones.remove(one)
                others.remove(twin)
        while ones and others:
            changes.append((span[0], _paired(what, ones.pop(0), others.pop(0), label, attributes, moved=False)))
        for rows, side in ((ones, False), (others, True)):
            for row in rows[1:]:
                changes.append((span[0], _change(ADDED if side else REMOVED, what, row)))
            if rows:
                left[side][span] = rows[0]
    marks = [[(*span, "") for span in left[side]] for side in (False, True)]
    for mark, counterpart in paired(*marks):
        first = left[False][mark[:2]] if mark else None
        second = left[True][counterpart[:2]] if counterpart else None
        at = (mark or counterpart or (0, 0, ""))[0]
        if first is not None and second is not None:
            changes.append((at, _paired(what, first, second, label, attributes, moved=True)))
        elif first is not None:
            changes.append((at, _change(REMOVED, what, first)))
        elif second is not None:
            changes.append((at, _change(ADDED, what, second)))
    return [change for _, change in sorted(changes, key=lambda each: each[0])]


def _paired(
    what: str, one: Row, other: Row, label: Callable[[Row], str], attributes: Sequence[str], *, moved: bool
) -> Change:
    unlike = _unlike(one, other, attributes)
    relabelled = label(one) != label(other)
    names = (*(["label" if what == ENTITY else "type"] if relabelled else []), *(["edges"] if moved else []), *unlike)
    return Change(what, RELABELLED if relabelled else MOVED if moved else CHANGED, label(other), one, other, names)


def _unlike(one: Row, other: Row, attributes: Sequence[str]) -> tuple[str, ...]:
    return tuple(name for name in attributes if one.get(name) != other.get(name))


def write_json(difference: Difference, write: Callable[[str], object]) -> None:
    """The whole difference as one JSON object, written a document at a time; its summary comes last."""
    write('{"documents": [')
    for number, change in enumerate(difference):
        write((",\n" if number else "\n") + json.dumps(asdict(change), ensure_ascii=False))
    write('\n], "summary": ' + json.dumps(difference.summary.as_json(), ensure_ascii=False) + "}\n")
