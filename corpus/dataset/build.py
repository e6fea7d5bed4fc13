"""Build a dataset from gold: Parquet files and a card, in a folder that appears whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from corpus.claim_links import with_claim_links
from corpus.dataset.card import write_card
from corpus.dataset.features import CONFIGS, features
from corpus.dataset.rows import (
    Example,
    Row,
    claim_rows,
    document_row,
    lost_entities,
    ner_rows,
    parallel_rows,
)
from corpus.dataset.splits import SPLITS, assign_splits
from corpus.dedupe import split_keys
from corpus.document import Alignment, Document
from corpus.errors import InputError, SchemeError, WorkspaceError
from corpus.network.actors import Actors
from corpus.report import Progress, Skipped, StageReport
from corpus.schema import ALIGNMENTS, GOLD, SEGMENTS, layers_table
from corpus.store import Workspace, write_atomically

if TYPE_CHECKING:
    from datasets import Features


_FORMAT = 2
_ROW_GROUP = 1000


@dataclass
class _Built:
    """Rows by configuration and split, and what did not fit."""

    rows: dict[str, dict[str, list[Row]]] = field(default_factory=lambda: {c: {s: [] for s in SPLITS} for c in CONFIGS})
    lost: int = 0
    over_edges: int = 0


def document_splits(
    workspace: Workspace, documents: Sequence[Document], *, held_out: frozenset[str] = frozenset()
) -> dict[str, str]:
    """The split of each document by its id. Both versions of an article and its near-duplicates stand on one side.

    `held_out` names pairs, or documents that stand alone, for the test split; InputError where one is not among them.
    """
    if unknown := sorted(held_out - {key_of(document) for document in documents}):
        raise InputError(f"held out, but without gold: {', '.join(unknown)}; name pairs that have gold")
    sides = split_keys(workspace)
    keys = {document.id: sides.get(document.id, key_of(document)) for document in documents}
    held = frozenset(keys[document.id] for document in documents if key_of(document) in held_out)
    splits = assign_splits(keys.values(), held_out=held)
    return {id: splits[key] for id, key in keys.items()}


def key_of(document: Document) -> str:
    """The name of an article: its pair, or the id of a document that stands alone."""
    return document.pair or document.id


def build(
    workspace: Workspace, *, held_out: frozenset[str] = frozenset(), progress: Progress | None = None
) -> StageReport:
    """Write the documents that have gold to `datasets/<version>/`, and the version to the file `datasets/latest`.

    The version is made from the content: the same gold, scheme and settings give the same version, and nothing is
    written when it is there. Configurations: `documents`, `ner` (sentences with BIO tags; English by token, Chinese by
    character), `claims`, `parallel` (aligned sentences). `held_out` names pairs (or single documents) for the test
    split; for the others see `assign_splits`. Documents without gold are counted, those whose gold or
    segmentation does not fit their text are named, in the report.

    Raises InputError where there is no gold or a held-out name is unknown, SchemeError where gold does not follow the
    scheme.

    Load it with `datasets.load_dataset("FOLDER/datasets/VERSION", "ner")`.
    """
    started = time.monotonic()
    report = StageReport("dataset")
    documents = workspace.documents()
    examples = _with_links(workspace, _examples(workspace, documents, report))
    splits = document_splits(workspace, [example.document for example in examples], held_out=held_out)
    built = _Built()
    actors = _actors(workspace, examples)
    for number, example in enumerate(examples, 1):
        _add(built, example, actors, splits[example.document.id])
        if progress:
            progress(number, len(examples))
    _add_parallel(built, workspace, examples, splits)
    if built.lost:
        raise InputError(f"{built.lost} gold entities overlap others and cannot be written as tags; correct the gold")
    columns = features(workspace.scheme)
    configs = {config: built.rows[config] for config in CONFIGS if any(built.rows[config].values())}
    name = workspace.setting("dataset", "name", "corpus")
    licence = workspace.setting("dataset", "licence", "other")
    version = _version(configs, columns, [name, licence, str(workspace.scheme.version)])
    folder = workspace.folder("datasets") / version
    report.done, report.unchanged = len(examples), 0
    if (folder / "README.md").is_file():
        report.done, report.unchanged = 0, len(examples)
    else:
        with workspace.writing():
            _write(folder, configs, columns, write_card(workspace.scheme, name, licence, version, configs))
    write_atomically(folder.parent / "latest", f"{version}\n".encode())
    report.notes = {
        "version": version,
        "path": str(folder),
        **{config: sum(map(len, rows.values())) for config, rows in configs.items()},
        **{f"{split} documents": len(built.rows["documents"][split]) for split in SPLITS},
        "documents without gold": len(documents) - len(examples) - len(report.skipped),
        "entities lost in ner": built.lost,
        "entities over the edge of an aligned sentence": built.over_edges,
    }
    report.seconds = time.monotonic() - started
    return report


def _examples(workspace: Workspace, documents: dict[str, Document], report: StageReport) -> list[Example]:
    gold, segments, scheme = workspace.read(GOLD), workspace.read(SEGMENTS), workspace.scheme
    examples = []
    for id, document in documents.items():
        layer, segmented = gold.get(id), segments.get(id)
        if layer is None:
            continue
        if layer.sha != document.sha:
            report.skipped.append(Skipped(id, "its gold was made for another version of the text; annotate it again"))
        elif segmented is None or segmented.sha != document.sha:
            report.skipped.append(Skipped(id, "not segmented yet; run: hemu segment"))
        else:
            try:
                for entity in layer.entities:
                    scheme.check_label(entity.label)
                for claim in layer.claims:
                    scheme.check_claim(claim.type, claim.stance, claim.policy_area)
            except SchemeError as error:
                raise SchemeError(f"{id}, gold: {error}") from None
            examples.append(Example(document, segmented, layer))
    if not examples:
        why = f" ({report.skipped[0].what}: {report.skipped[0].why})" if report.skipped else ""
        raise InputError(f"{workspace.root}: no document has gold annotation{why}; run: hemu adjudicate")
    return sorted(examples, key=lambda e: e.document.id)


def _actors(workspace: Workspace, examples: list[Example]) -> Actors:
    """Who is who in the gold; links that it lacks are those of the pre-annotation."""
    actors = Actors()
    articles: dict[str, list[Example]] = {}
    for example in examples:
        articles.setdefault(key_of(example.document), []).append(example)
    proposed = workspace.fetch(layers_table("combined"), [example.document.id for example in examples])
    for versions in articles.values():
        beside = [layer for e in versions if (layer := proposed.get(e.document.id)) and layer.sha == e.document.sha]
        actors.add([(e.document, e.gold) for e in versions], beside=beside)
    return actors


def _add(built: _Built, example: Example, actors: Actors, split: str) -> None:
    built.rows["documents"][split].append(document_row(example))
    ner = list(ner_rows(example))
    built.rows["ner"][split] += ner
    built.lost += lost_entities(example, ner)
    built.rows["claims"][split] += claim_rows(example, actors)


def _with_links(workspace: Workspace, examples: list[Example]) -> list[Example]:
    """The examples, with the relations between claims of two versions that translate one another."""
    by_id = {example.document.id: example for example in examples}
    for alignment, en, zh in _aligned(workspace, examples):
        layer = with_claim_links((en.document, en.gold), (zh.document, zh.gold), alignment.beads)
        by_id[en.document.id] = replace(en, gold=layer)
    return list(by_id.values())


def _aligned(workspace: Workspace, examples: list[Example]) -> Iterator[tuple[Alignment, Example, Example]]:
    by_id = {example.document.id: example for example in examples}
    for pair, alignment in sorted(workspace.read(ALIGNMENTS).items()):
        en, zh = by_id.get(alignment.en), by_id.get(alignment.zh)
        # An alignment of documents that have been put into other pairs since is none of this pair's.
        if en is None or zh is None or {en.document.pair, zh.document.pair} != {pair}:
            continue
        if (en.document.sha, zh.document.sha) != (alignment.en_sha, alignment.zh_sha):
            continue
        yield alignment, en, zh


def _add_parallel(built: _Built, workspace: Workspace, examples: list[Example], splits: dict[str, str]) -> None:
    for alignment, en, zh in _aligned(workspace, examples):
        rows, over_edges = parallel_rows(alignment, en, zh)
        built.rows["parallel"][splits[en.document.id]] += rows
        built.over_edges += over_edges


def _version(configs: dict[str, dict[str, list[Row]]], columns: dict[str, Features], settings: list[str]) -> str:
    digest = hashlib.sha256(json.dumps([_FORMAT, *settings]).encode())
    for config, rows in configs.items():
        digest.update(repr(columns[config]).encode())
        for split, members in rows.items():
            digest.update(f"\n{config} {split}\n".encode())
            for row in members:
                digest.update(json.dumps(row, sort_keys=True).encode())
    return digest.hexdigest()[:12]


def _write(folder: Path, configs: dict[str, dict[str, list[Row]]], columns: dict[str, Features], card: str) -> None:
    temporary = folder.with_name(f".{folder.name}.{os.getpid()}.tmp")
    try:
        for config, rows in configs.items():
            (temporary / config).mkdir(parents=True)
            for split in SPLITS:
                # A file without rows is one that `load_dataset` cannot read.
                if rows[split]:
                    _write_parquet(temporary / config / f"{split}.parquet", rows[split], columns[config])
        (temporary / "README.md").write_text(card, encoding="utf-8")
        temporary.replace(folder)
    except OSError as error:
        raise WorkspaceError(f"{folder}: cannot be written: {error.strerror}") from None
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _write_parquet(path: Path, rows: Iterable[Row], columns: Features) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    # The schema carries the class labels in its metadata, where `load_dataset` finds them.
    encoded = [columns.encode_example(row) for row in rows]
    table = pa.Table.from_pylist(encoded, schema=columns.arrow_schema)
    pq.write_table(table, path, compression="zstd", row_group_size=_ROW_GROUP)
