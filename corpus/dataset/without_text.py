"""A dataset for articles whose text may not be passed on: everything but the text, and a script that puts it back.

`without_text(folder, target)` takes the folder of a version and writes one that holds no text of the articles: offsets,
lengths, labels, links, figures, and the SHA-256 of each document. What is a stretch of the text is left out where offsets say
it already (the text of an entity, tokens), and is replaced by the place where it stands where they do not (a target's
value: see `corpus.dataset.join.decoded` for the notation). A string that stands nowhere in the articles (a title that only
the metadata has) is withheld. Columns that this module does not know count as text. `join.py` lies in the folder, and
gives every row back to whoever has the articles.

No hash of anything shorter than a whole text is written: short strings can be guessed and compared. For the same reason a
document of a few words is not hidden by its hash. Ids, file names and addresses are kept, and can be telling:
`telling_names` finds those that repeat their text.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corpus.dataset import join
from corpus.dataset.join import WITHHELD, Rule, Texts
from corpus.dataset.manifest import File, Manifest, Split, read_manifest, write_manifest
from corpus.dataset.places import Places
from corpus.document import AUTHOR
from corpus.errors import InputError

if TYPE_CHECKING:
    import pyarrow as pa

    from corpus.report import Progress

Row = dict[str, Any]
Range = tuple[int, int]

# Strings that are no text of an article: names, labels of the scheme, links into the knowledge base, digests.
_KEPT = frozenset(
    [
        *("id", "pair", "lang", "document", "en_document", "zh_document", "rater", "created", "preannotation"),
        *("blocks.kind", "blocks.lang", "tokens.tag", "entities.label", "entities.link", "claims.policy_area"),
        *("relations.label", "relations.head.document", "relations.head.kind", "relations.tail.document"),
        *("relations.tail.kind", "links.link", "links.document", "meta.key", "provenance.source", "provenance.sha256"),
        *("provenance.gold", "provenance.file", "provenance.file_sha256", "provenance.reader", "provenance.encoding"),
        *("policy_area", "quantities.comparison", "quantities.direction", "quantities.rate", "quantities.start"),
        *("quantities.end", "en_entities.label", "en_entities.link", "zh_entities.label", "zh_entities.link"),
    ]
)


# Which column is what


def rules_for(config: str, schema: pa.Schema) -> dict[str, Rule]:
    """How each string of a configuration comes back from a dataset without text, by its dotted path; kept ones have none.

    Strings that are not known to be anything else count as text of the document.
    """
    names = set(schema.names)
    own = "id" if config == "documents" else "document"
    rules: dict[str, Rule] = {}
    for path, beside in _strings(schema):
        side = path[:2] if path[:3] in ("en_", "zh_") or path in ("en", "zh") else ""
        document, leaf = f"{side}_document" if side else own, path.rpartition(".")[2]
        if path in _KEPT:
            continue
        if path == "text" and "claims" in names:
            rules[path] = Rule("text", document)
        elif path == "tokens" and {"starts", "ends"} <= names:
            rules[path] = Rule("tokens", document)
        elif "." not in path and f"{path}_start" in names and f"{path}_end" not in names:
            rules[path] = Rule("stretch", document)
        elif leaf == "text" and {"start", "end"} <= beside:
            rules[path] = Rule("slice", document, f"{side}_start" if side else "")
        else:
            rules[path] = Rule("place", document)
    return rules


def _strings(schema: pa.Schema) -> Iterator[tuple[str, set[str]]]:
    """The dotted paths of all strings, with the names that stand beside each."""
    import pyarrow as pa

    def below(path: str, kind: Any, beside: set[str]) -> Iterator[tuple[str, set[str]]]:
        if pa.types.is_list(kind) or pa.types.is_large_list(kind):
            yield from below(path, kind.value_type, beside)
        elif pa.types.is_struct(kind):
            inner = {kind.field(i).name for i in range(kind.num_fields)}
            for i in range(kind.num_fields):
                yield from below(f"{path}.{kind.field(i).name}", kind.field(i).type, inner)
        elif not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind)):
            yield path, beside

    for each in schema:
        yield from below(each.name, each.type, set(schema.names))


def schema_without_text(config: str, schema: pa.Schema) -> pa.Schema:
    """The schema of a configuration without its texts: strings that offsets say are gone, lengths have come.

    So is what `load_dataset` reads in its metadata.
    """
    import pyarrow as pa

    rules = rules_for(config, schema)
    gone = {path for path, rule in rules.items() if rule.rule != "place"}

    def kind_below(path: str, kind: Any) -> Any:
        if pa.types.is_list(kind):
            return pa.list_(kind_below(path, kind.value_type))
        if pa.types.is_struct(kind):
            inner = [(f"{path}.{each.name}", each) for each in kind]
            return pa.struct([(each.name, kind_below(p, each.type)) for p, each in inner if p not in gone])
        return kind

    def feature_below(path: str, feature: Any) -> Any:
        if isinstance(feature, list):
            return [feature_below(path, feature[0])]
        if isinstance(feature.get("_type"), str):
            return {**feature, "feature": feature_below(path, feature["feature"])} if "feature" in feature else feature
        inner = {name: (f"{path}.{name}".lstrip("."), each) for name, each in feature.items()}
        return {name: feature_below(p, each) for name, (p, each) in inner.items() if p not in gone}

    fields = [(each.name, kind_below(each.name, each.type)) for each in schema if each.name not in gone]
    added = _added(rules)
    metadata: dict[bytes | str, bytes | str] = dict(schema.metadata.items()) if schema.metadata else {}
    if b"huggingface" in metadata:
        about = json.loads(metadata[b"huggingface"])
        features = feature_below("", about["info"]["features"])
        about["info"]["features"] = features | {name: {"dtype": "int32", "_type": "Value"} for name in added}
        metadata[b"huggingface"] = json.dumps(about).encode()
    return pa.schema([*fields, *((name, pa.int32()) for name in added)], metadata=metadata)


def _added(rules: Mapping[str, Rule]) -> dict[str, str]:
    """The columns of lengths and ends that stand for what is gone, each with the column that it is measured from."""
    of = {"text": "characters"}
    return {of.get(path, f"{path}_end"): path for path, rule in rules.items() if rule.rule in ("text", "stretch")}


# Rows


def row_without_text(config: str, row: Row, rules: Mapping[str, Rule], places: Places) -> Row:
    """A row without its texts.

    Raises InputError where offsets do not say what stands there: the row is damaged.
    """

    def below(path: str, value: Any, node: Any, beside: Row, near: Range | None) -> Any:
        if node is None:
            return value
        if isinstance(value, list):
            return [below(path, each, node, beside, near) for each in value]
        if isinstance(node, Rule):
            document = row[node.document]
            return None if value is None else places.place(config, path, value, beside, row, document, near)
        return fields(f"{path}.", value, node, near) if isinstance(value, dict) else value

    def fields(path: str, value: Row, node: join.Tree, near: Range | None) -> Row:
        if isinstance(value.get("start"), int):
            near = value["start"], value["end"]
        kept = {name: each for name, each in value.items() if not _is_gone(node.get(name))}
        return {name: below(f"{path}{name}", each, node.get(name), value, near) for name, each in kept.items()}

    made = fields("", row, join.tree_of(rules), None)
    for name, path in _added(rules).items():
        made[name] = len(row[path]) + (row[f"{path}_start"] if name != "characters" else 0)
    return made


def _is_gone(node: Any) -> bool:
    """Whether offsets alone bring a string back, so that nothing has to take its place."""
    return isinstance(node, Rule) and node.rule != "place"


_WORD = re.compile(r"[^\W_]+")


def telling_names(row: Row) -> list[str]:
    """Of the names of a document that are kept (id, pair, file, address) those that repeat words of its text, as a file
    that is called by its headline does: four words or six Chinese characters in a row.

    >>> telling_names({"id": "rents-will-fall-in-lanxi", "text": "Rents will fall in Lanxi, officials say."})
    ['rents-will-fall-in-lanxi']
    """
    text = row["text"]
    words = f" {' '.join(_WORD.findall(text.lower()))} "
    names = [row["id"], row.get("pair", ""), (row.get("provenance") or {}).get("source", "")]
    names += [each["value"] for each in row.get("meta") or () if each["key"] == "url"]
    found = []
    for name in dict.fromkeys(filter(None, names)):
        parts = _WORD.findall(name.lower())
        runs = (f" {' '.join(parts[at : at + 4])} " for at in range(len(parts) - 3))
        chinese = (
            name[at : at + 6] for at in range(len(name) - 5) if re.fullmatch("[\u4e00-\u9fff]{6}", name[at : at + 6])
        )
        if any(run in words for run in runs) or any(run in text for run in chinese):
            found.append(name)
    return found


# Folders


def without_text(folder: Path, target: Path, *, progress: Progress | None = None) -> Manifest:
    """Write the dataset in `folder` without its texts into the folder `target`, which is empty or not there yet.

    It gets Parquet files, `dataset.json`, `join.json` and `join.py`; the card is the caller's. Every row is put back
    together and compared before it is written. `extra["withheld"]` counts what stands in no article and cannot come
    back from one, `extra["telling_names"]` documents whose kept names repeat their text. Memory holds ids, and one row
    group. Returns the manifest. Raises InputError where `folder` has no texts.
    """
    manifest = read_manifest(folder)
    if not manifest.text:
        raise InputError(f"{folder}: is without text already; name the version with text")
    if "documents" not in manifest.configs:
        raise InputError(f"{folder}: is without the configuration documents, which holds the texts; build it with that")
    with closing(Texts()) as texts:
        run = _Run(folder, target, texts, Places(texts.text))
        run.read_texts(manifest)
        spec: dict[str, Any] = {"format": join.FORMAT, "documents": len(texts), "configs": {}, "digests": {}}
        configs: dict[str, dict[str, Split]] = {}
        done, total = 0, sum(1 for _ in manifest.files())
        seed = b""
        for config in sorted(manifest.configs, key=lambda name: name != "documents"):
            for split, held in manifest.configs[config].items():
                of_split, as_it_was = hashlib.sha256(seed), hashlib.sha256(seed)
                files = []
                for file in held.files:
                    files.append(run.strip(config, file, spec, of_split, as_it_was))
                    done += 1
                    if progress:
                        progress(done, total)
                spec["digests"][f"{config}/{split}"] = [of_split.hexdigest(), as_it_was.hexdigest()]
                configs.setdefault(config, {})[split] = Split(tuple(files), held.rows)
                if config == "documents":
                    seed += of_split.digest()
    spec |= {"withheld": run.places.withheld, "manifest": asdict(manifest)}
    extra = {
        **manifest.extra,
        "with_text": manifest.version,
        "withheld": run.places.withheld,
        "telling_names": run.telling,
    }
    made = replace(manifest, version=_version_of(manifest), text=False, configs=configs, extra=extra)
    (target / join.JOIN).write_text(json.dumps(spec, indent=1) + "\n", encoding="utf-8")
    (target / "join.py").write_bytes(_script().read_bytes())
    write_manifest(target, made)
    return made


def _version_of(manifest: Manifest) -> str:
    """The version of a dataset without text, from that of the one with text."""
    digest = hashlib.sha256(json.dumps(["without text", join.FORMAT, manifest.version, _code()]).encode())
    return digest.hexdigest()[:12]


def _script() -> Path:
    return Path(join.__file__)


def _code() -> str:
    """A digest of what decides how rows without text look."""
    return hashlib.sha256(Path(__file__).read_bytes() + _script().read_bytes()).hexdigest()[:12]


@dataclass
class _Run:
    folder: Path
    target: Path
    texts: Texts
    places: Places
    telling: int = 0

    def read_texts(self, manifest: Manifest) -> None:
        """All texts into a file, who is in which pair, and where the names of actors are written out."""
        partners: dict[str, tuple[str, ...]] = {}
        for row in self._rows(manifest, "documents", ["id", "pair", "text"]):
            self.texts.add(row["text"], [row["id"]])
            if row["pair"]:
                partners[row["pair"]] = (*partners.get(row["pair"], ()), row["id"])
        names: set[str] = set()
        for row in self._rows(manifest, "claims", ["claimant_id", "claimant_en", "claimant_zh"]):
            if row["claimant_id"] != AUTHOR:
                names |= {row["claimant_en"], row["claimant_zh"]} - {""}
        elsewhere: dict[str, tuple[str, int, int]] = {}
        for row in self._rows(manifest, "documents", ["id", "entities", "claims"]) if names else ():
            for each in (*row["entities"], *row["claims"]):
                name = each.get("claimant", each["text"])
                if name in names and name not in elsewhere:
                    at = each["start"] if "claimant" not in each else self.texts.text(row["id"]).find(name)
                    if at >= 0:
                        elsewhere[name] = row["id"], at, at + len(name)
        self.places = Places(self.texts.text, partners, elsewhere)

    def _rows(self, manifest: Manifest, config: str, columns: list[str]) -> Iterator[Row]:
        import pyarrow.parquet as pq

        for file in manifest.files(config):
            with pq.ParquetFile(self.folder / file.path) as parquet:
                there = [name for name in columns if name in parquet.schema_arrow.names]
                for batch in parquet.iter_batches(batch_size=256, columns=there):
                    yield from batch.to_pylist()

    def strip(self, config: str, file: File, spec: dict[str, Any], digest: Any, as_it_was: Any) -> File:
        """Write one file without its texts. `digest` is told what comes back from the articles, `as_it_was` what was there."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        path = self.target / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        with pq.ParquetFile(self.folder / file.path) as source:
            full = source.schema_arrow
            rules = rules_for(config, full)
            schema = schema_without_text(config, full)
            spec["configs"][config] = {
                "schema": base64.b64encode(full.serialize().to_pybytes()).decode(),
                "rules": {name: [rule.rule, rule.document, rule.origin] for name, rule in rules.items()},
            }
            tree = join.tree_of(rules)
            changed = [name for name in schema.names if name in tree or name not in full.names]
            seen = {*join.needed_columns(tree, full.names), "pair", "start", "end", "provenance"} & set(full.names)
            with pq.ParquetWriter(path, schema, compression="zstd") as writer:
                for group in range(source.num_row_groups):
                    table = source.read_row_group(group)
                    new: dict[str, list[Any]] = {name: [] for name in changed}
                    for row in table.select([name for name in full.names if name in seen]).to_pylist():
                        if config == "documents":
                            self.telling += bool(telling_names(row))
                        made = row_without_text(config, row, rules, self.places)
                        back = join.restored(made, tree, self.texts.text)
                        before = {name: row[name] for name in tree}
                        line = join.row_bytes(back)
                        digest.update(line)
                        if before != back:
                            _compare(config, row, back, made, tree)
                            line = join.row_bytes(before)
                        as_it_was.update(line)
                        for name in changed:
                            new[name].append(made[name])
                    columns = [pa.array(new[f.name], f.type) if f.name in new else table.column(f.name) for f in schema]
                    writer.write_table(
                        pa.Table.from_arrays(columns, schema=schema), row_group_size=max(1, table.num_rows)
                    )
        return File(file.path, path.stat().st_size, join.file_sha(path))


def _compare(config: str, row: Row, back: Row, made: Row, tree: join.Tree) -> None:
    """Raises InputError where a row does not come back as it was."""

    def same(before: Any, after: Any, stripped: Any) -> bool:
        if before == after or stripped == WITHHELD:
            return True
        if isinstance(before, dict) and isinstance(after, dict):
            inner = stripped if isinstance(stripped, dict) else {}
            return before.keys() == after.keys() and all(same(v, after[k], inner.get(k)) for k, v in before.items())
        if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
            others = stripped if isinstance(stripped, list) else [None] * len(before)
            return all(same(*each) for each in zip(before, after, others, strict=True))
        return False

    for name in tree:
        if not same(row[name], back[name], made.get(name)):
            raise InputError(
                f"{config}, {row['id']}: {name} is not what stands at its offsets; build the dataset again"
            )
