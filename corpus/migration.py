"""Move a workspace to a changed label scheme: what the new one does not have is mapped or dropped, and written down.

Mapped rows are added to gold, annotations and layers as new versions of the rows; then the old scheme and the mapping
are kept in `migrations/`, and the scheme is replaced last. A name of the new scheme is never mapped, so that the same
call goes on where an earlier one was stopped. One label cannot be split into two: that takes people.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from corpus.document import Claim, Layer, Ref, Relation
from corpus.errors import InputError, SchemeError
from corpus.report import Progress
from corpus.schema import GOLD, LAYER_FIELDS, Row, Table, layer_from_row, layer_row, layers_table
from corpus.scheme import Label, RelationLabel, Scheme, load_scheme, parse_scheme
from corpus.store import Workspace, write_atomically

KINDS = ("label", "type", "stance", "area", "relation", "claim")
FOLDER = "migrations"
_MOMENT = "%Y-%m-%dT%H%M%S.%f"
_COMBINED, _ANNOTATIONS = "combined", "annotations"
_BATCH = 200


class Name(NamedTuple):
    """A name of a scheme: what kind of name (one of `KINDS`), and the name. It is written `type:commitment`.

    The kind "claim" is the one name by which claims go in Label Studio; in a workspace it stands nowhere.
    """

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}"


Names = Mapping[Name, str | None]
"""What becomes of names: the new one, or None where what bears it is dropped."""

Change = Callable[[str, Layer], Layer]
"""What becomes of a layer; the text says which annotation ("URL NUMBER") or which table it is of."""

Versions = Callable[[Change], Mapping[str, tuple[str, str]]]
"""Which version gold made of annotations has, by document, now and after that change to the annotations."""


@dataclass(slots=True)
class Migration:
    """What a migration did, or would do: how often each name is mapped or dropped, and what nobody decided on."""

    mapped: dict[str, dict[str, int | str]] = field(default_factory=dict)
    dropped: dict[str, int] = field(default_factory=dict)
    undecided: dict[str, int] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    lost_claims: int = 0
    lost_relations: int = 0
    kept_as: str = ""
    unchanged: bool = False


def names_of(scheme: Scheme) -> set[Name]:
    """All names of a scheme that a workspace can hold."""
    named: tuple[Sequence[Label | RelationLabel], ...] = (
        scheme.labels,
        scheme.claim_types,
        scheme.stances,
        scheme.policy_areas,
        scheme.relations,
        (scheme.claim,),
    )
    return {Name(kind, value.name) for kind, group in zip(KINDS, named, strict=True) for value in group}


def used_names(layer: Layer) -> Iterator[Name]:
    """Every name that a layer uses, as often as it does."""
    for entity in layer.entities:
        yield Name("label", entity.label)
    for claim in layer.claims:
        yield Name("type", claim.type)
        yield Name("stance", claim.stance)
        if claim.policy_area:
            yield Name("area", claim.policy_area)
    for relation in layer.relations:
        yield Name("relation", relation.label)


def migrate(
    workspace: Workspace,
    new: Path,
    *,
    maps: Sequence[str] = (),
    drops: Sequence[str] = (),
    dry_run: bool = False,
    versions: Versions | None = None,
    progress: Progress | None = None,
) -> Migration:
    """Move the workspace to the scheme in the file `new`.

    Every name that gold, annotations or the pre-annotation uses and the new scheme lacks must be in `maps` ("OLD=NEW",
    with its kind before it where it is ambiguous: "type:commitment=pledge") or in `drops`. An entity goes with its
    label, a claim with its type or stance, a relation with its name or one of its ends; a policy area is left empty.
    Where some are in neither, they are in `undecided`, and nothing is written; neither is it with `dry_run`.
    What single annotators propose beside the scheme (`layers/`) stays as it is unless it is mapped or dropped.

    With `versions`, gold that was made of annotations goes on counting as such (see `hemu adjudicate`).
    Raises SchemeError where `new` is no scheme, InputError where a mapping names nothing or leads nowhere.
    """
    file = workspace.scheme_file
    text = _read(new)
    scheme = parse_scheme(text, str(new))
    with workspace.writing():
        before = parse_scheme(_read(file), str(file))
        counts, strays = _count(workspace, names_of(scheme), names_of(before))
        result = Migration(unchanged=_read(file) == text and not counts)
        # What was mapped by an earlier call that was stopped, or has been all along, may be named again.
        known = counts.keys() | strays.keys() | names_of(before) | renames(workspace).keys()
        names = _decisions(maps, drops, known, scheme)
        if before.claim.name != scheme.claim.name:
            names.setdefault(Name("claim", before.claim.name), scheme.claim.name)
        result.undecided = {str(name): count for name, count in sorted(counts.items()) if name not in names}
        _tell(result, names, counts + strays)
        if result.undecided or result.unchanged:
            return result
        tables = _tables(workspace)
        lost = _lost(workspace, tables, names) if any(name is None for name in names.values()) else set()

        def change(scope: str, layer: Layer) -> Layer:
            return _without(renamed(layer, names), scope, lost)

        gold_versions = dict(versions(change)) if versions and names else {}
        for number, table in enumerate(tables, 1):
            _rewrite(workspace, table, change, result, gold_versions, dry_run)
            if progress:
                progress(number, len(tables))
        if not dry_run:
            result.kept_as = _keep(workspace, _read(file), text, names)
            write_atomically(file, text.encode())
            load_scheme.cache_clear()
            vars(workspace).pop("scheme", None)
    return result


def renames(workspace: Workspace) -> dict[Name, str | None]:
    """What has become of the names of earlier schemes, for what still speaks of them: annotators, and Label Studio.

    Names that the current scheme has are not among them.
    """
    current = names_of(workspace.scheme)
    found: dict[Name, str | None] = {}
    for path in sorted(workspace.folder(FOLDER).glob("*.json")):
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            step: dict[Name, str | None] = {
                Name(kind, old): new for kind, mapped in data["names"].items() for old, new in mapped.items()
            }
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise InputError(f"{path}: not the record of a migration ({error}); restore it from a backup") from None
        for name, became in found.items():
            if became is not None and Name(name.kind, became) in step:
                found[name] = step[Name(name.kind, became)]
        found |= step
    # A migration that was stopped before the scheme was replaced does not count yet.
    return {
        name: became
        for name, became in found.items()
        if name not in current and (became is None or Name(name.kind, became) in current)
    }


def renamed(layer: Layer, names: Names) -> Layer:
    """A layer with its names mapped, and without what is dropped. It is the same object where nothing changes.

    Of entities or claims that become the same, one is left. A relation to a mark of the layer that goes, goes as well.
    """
    if not any(name in names for name in used_names(layer)):
        return layer
    relabelled = [replace(e, label=label) for e in layer.entities if (label := _new("label", e.label, names))]
    # The first of those that have become the same stays.
    entities = tuple({(e.start, e.end, e.label): e for e in reversed(relabelled)}.values())[::-1]
    claims = tuple(dict.fromkeys(claim for c in layer.claims if (claim := _claim(c, names))))
    marks = {Ref(layer.document, "entity", e.start, e.end) for e in entities}
    marks |= {Ref(layer.document, "claim", c.start, c.end) for c in claims}
    mentions = {(e.start, e.end) for e in entities}
    gone = {(e.start, e.end) for e in layer.entities} - mentions
    claims = tuple(replace(c, claimant_span=None) if c.claimant_span in gone else c for c in claims)
    relations = tuple(dict.fromkeys(_relations(layer, names, marks)))
    return replace(layer, entities=entities, claims=claims, relations=relations)


def _new(kind: str, name: str, names: Names) -> str | None:
    return names.get(Name(kind, name), name)


def _claim(claim: Claim, names: Names) -> Claim | None:
    type, stance = _new("type", claim.type, names), _new("stance", claim.stance, names)
    if type is None or stance is None:
        return None
    return replace(claim, type=type, stance=stance, policy_area=_new("area", claim.policy_area, names) or "")


def _relations(layer: Layer, names: Names, marks: set[Ref]) -> Iterator[Relation]:
    before = {Ref(layer.document, "entity", e.start, e.end) for e in layer.entities}
    before |= {Ref(layer.document, "claim", c.start, c.end) for c in layer.claims}
    gone = before - marks
    for relation in layer.relations:
        label = _new("relation", relation.label, names)
        if label is not None and relation.head not in gone and relation.tail not in gone:
            yield replace(relation, label=label)


@dataclass(frozen=True)
class _Store:
    """A table that holds layers, read and written as rows: the current ones, with their layers."""

    name: str
    table: Table[Any]

    def current(self, workspace: Workspace) -> Iterator[tuple[Row, Layer]]:
        for row in workspace.current(self.table):
            yield row, layer_from_row(row)


def _as_rows(name: str, keys: tuple[str, ...], fields: list[tuple[str, Any]]) -> _Store:
    """A table whose values are its rows, so that columns that only Label Studio's room knows cross unchanged."""
    import pyarrow as pa

    def key(row: Row) -> str:
        return " ".join(str(row[column]) for column in keys)

    return _Store(name, Table(name, pa.schema(fields), key, lambda row: row, lambda row: row, keys))


def _tables(workspace: Workspace) -> list[_Store]:
    """Layers, annotations and gold. The schema of a table with further columns is that of its own shards."""
    import pyarrow.parquet as pq

    # Gold before the annotations: which gold was made of them can be told as long as they are as they were, and after.
    stores = [_as_rows(GOLD.name, ("document",), LAYER_FIELDS)]
    folder = workspace.folder("layers")
    for source in sorted(path.name for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []:
        stores.append(_as_rows(layers_table(source).name, ("document",), LAYER_FIELDS))
    if shards := workspace.shards(_ANNOTATIONS):
        schema = pq.read_schema(shards[-1])
        stores.append(_as_rows(_ANNOTATIONS, ("url", "id", "document"), [(f.name, f.type) for f in schema]))
    return stores


def _count(workspace: Workspace, new: set[Name], old: set[Name]) -> tuple[Counter[Name], Counter[Name]]:
    """How often names that the new scheme lacks are used: those to decide on, and what annotators propose besides."""
    counts: Counter[Name] = Counter()
    strays: Counter[Name] = Counter()
    for store in _tables(workspace):
        proposed = store.name.startswith("layers/") and store.name != f"layers/{_COMBINED}"
        for _, layer in store.current(workspace):
            for name in used_names(layer):
                if name not in new:
                    (strays if proposed and name not in old else counts)[name] += 1
    return counts, strays


def _decisions(
    maps: Sequence[str], drops: Sequence[str], known: Iterable[Name], scheme: Scheme
) -> dict[Name, str | None]:
    known, new = set(known), names_of(scheme)
    names: dict[Name, str | None] = {}
    for given in maps:
        old, equals, became = given.partition("=")
        if not equals or not old.strip() or not became.strip():
            raise InputError(f"--map {given}: expected OLD=NEW, like FIRM=COMPANY or type:commitment=pledge")
        name = _named(old.strip(), known, new)
        target = became.strip().removeprefix(f"{name.kind}:")
        if Name(name.kind, target) not in new:
            there = ", ".join(sorted(n.name for n in new if n.kind == name.kind))
            raise InputError(f"--map {given}: the new scheme has no {name.kind} {target!r}; it has: {there}")
        if names.get(name, target) != target:
            raise InputError(
                f"--map {given}: {name} is mapped to {names[name]} already; one name cannot be split into two: "
                "map it to one of them, and let people sort out the rest in Label Studio"
            )
        names[name] = target
    for given in drops:
        name = _named(given.strip(), known, new)
        if names.get(name) is not None:
            raise InputError(f"--drop {given}: {name} is also mapped to {names[name]}; say one of the two")
        names[name] = None
    return names


def _named(given: str, known: set[Name], new: set[Name]) -> Name:
    """The name that a user means, of those that the new scheme lacks."""
    kind, colon, rest = given.partition(":")
    if colon and kind in KINDS and rest:
        found = [name for name in known | new if name == Name(kind, rest)]
    else:
        found = [name for name in known | new if name.name == given]
    missing = sorted(name for name in found if name not in new)
    if len(missing) > 1:
        raise InputError(f"{given}: is several names; say which: {', '.join(map(str, missing))}")
    if missing:
        return missing[0]
    if found:
        raise InputError(f"{given}: the new scheme has it still; only names that it lacks are mapped or dropped")
    raise InputError(f"{given}: neither the scheme nor anything in the workspace has that name")


def _tell(result: Migration, names: Names, counts: Counter[Name]) -> None:
    for name, became in sorted(names.items()):
        if became is None:
            result.dropped[str(name)] = counts[name]
        else:
            result.mapped[str(name)] = {"to": became, "count": counts[name]}


Scoped = tuple[str, Ref]


def _scope(store: _Store, row: Row) -> str:
    """What a relation stays within: an annotation, or a table."""
    return f"{row['url']} {row['id']}" if store.name == _ANNOTATIONS else store.name


def _lost(workspace: Workspace, stores: Sequence[_Store], names: Names) -> set[Scoped]:
    """The marks that go, by what relations to them stay within: those from other documents must go as well."""
    lost: set[Scoped] = set()
    for store in stores:
        for row, layer in store.current(workspace):
            after = renamed(layer, names)
            if after is not layer:
                lost |= {(_scope(store, row), ref) for ref in _refs(layer) - _refs(after)}
    return lost


def _refs(layer: Layer) -> set[Ref]:
    entities = {Ref(layer.document, "entity", e.start, e.end) for e in layer.entities}
    return entities | {Ref(layer.document, "claim", c.start, c.end) for c in layer.claims}


def _without(layer: Layer, scope: str, lost: set[Scoped]) -> Layer:
    kept = tuple(r for r in layer.relations if (scope, r.tail) not in lost and (scope, r.head) not in lost)
    return layer if len(kept) == len(layer.relations) else replace(layer, relations=kept)


def _rewrite(
    workspace: Workspace,
    store: _Store,
    change: Change,
    result: Migration,
    versions: Mapping[str, tuple[str, str]],
    dry_run: bool,
) -> None:
    """Add the mapped rows of a table. They are few at a time: each is whole, and a second call adds what is missing."""
    batch: list[Row] = []
    made = _made(workspace, versions) if store.name == GOLD.name else {}
    for row, layer in store.current(workspace):
        after = change(_scope(store, row), layer)
        result.lost_claims += len(layer.claims) - len(after.claims)
        result.lost_relations += len(layer.relations) - len(after.relations)
        if layer.document in made:
            old, new = versions[layer.document]
            if layer.version == old:
                after = replace(after, version=new)
            else:
                # Gold that was imported over what annotators made: that came first, and does so again.
                earlier = change(store.name, made[layer.document])
                batch.append(layer_row(replace(earlier, version=new)))
        elif after is layer:
            continue
        batch.append({**row, **layer_row(after)})
        result.rows[store.name] = result.rows.get(store.name, 0) + 1
        if len(batch) >= _BATCH and not dry_run:
            workspace.append(store.table, batch)
            batch = []
    if not dry_run:
        workspace.append(store.table, batch)


def _made(workspace: Workspace, versions: Mapping[str, tuple[str, str]]) -> dict[str, Layer]:
    """The gold rows that were made of annotations as they are, by document."""
    if not versions:
        return {}
    rows = workspace.rows(GOLD.name)
    return {
        row["document"]: layer_from_row(row)
        for row in rows
        if row["document"] in versions and row["version"] == versions[row["document"]][0]
    }


def _keep(workspace: Workspace, before: str, after: str, names: Names) -> str:
    """Keep the old scheme and the mapping under the date; once, where an earlier call was stopped after that."""
    folder = workspace.folder(FOLDER)
    by_kind: dict[str, dict[str, str | None]] = {}
    for name, became in sorted(names.items()):
        by_kind.setdefault(name.kind, {})[name.name] = became
    data = json.dumps({"names": by_kind}, ensure_ascii=False, indent=1)
    last = max(folder.glob("*.json"), default=None)
    if last is None or last.read_text(encoding="utf-8") != data or _read(last.with_suffix(".toml")) != before:
        folder.mkdir(exist_ok=True)
        last = folder / f"{_moment(last):{_MOMENT}}.json"
        write_atomically(last.with_suffix(".toml"), before.encode())
        write_atomically(last, data.encode())
    return f"{FOLDER}/{last.stem}.toml"


def _moment(last: Path | None) -> datetime:
    """Now, but later than the last migration, also where the clock was put back: they are read in the order of their names."""
    now = datetime.now(UTC)
    with suppress(ValueError, OverflowError):
        if last is not None:
            now = max(now, datetime.strptime(f"{last.stem} +0000", f"{_MOMENT} %z") + timedelta(microseconds=1))
    return now


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except OSError as error:
        raise SchemeError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SchemeError(f"{path}: not UTF-8 text; save it as UTF-8") from None
