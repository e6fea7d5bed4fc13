"""A version of the dataset as Label Studio imports it: tasks with their gold as annotations, for the configuration that `hemu push` makes.

It is a form like those of `corpus.dataset.forms`, and lies here because of what it shares with push. An article is one task, however
long, with both versions where both are in the dataset, and all of its text is shown.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from annotators.repeats import Shown
from annotators.studio.config import labeling_config
from annotators.studio.convert import Json, prediction_of, task_of
from annotators.studio.spool import Spool
from corpus.dataset.forms import Record, Source
from corpus.document import Group, Item, Layer, Ref, Segments
from corpus.errors import InputError, StudioError
from corpus.schema import DOCUMENTS, layer_from_row, layer_row

CONFIG = "labeling_config.xml"
PART = 50_000_000
"""Bytes of a file, above which another one is begun: Label Studio takes up to 250 MB at once."""


def write(source: Source, folder: Path) -> dict[str, int]:
    """`train.json` and so on (`train-2.json` where it would be too long), and `labeling_config.xml`.

    A relation that the scheme does not have (`translates`), or that leads out of the article or to nothing marked, is left out
    and counted. Raises InputError, naming the document, for a text that Label Studio's database cannot hold (NUL).
    """
    figures = dict.fromkeys(("documents", "tasks", "entities", "claims", "relations", "relations left out"), 0)
    (folder / CONFIG).write_bytes(f"{labeling_config(source.scheme, source.langs)}\n".encode())
    drawn = {relation.name for relation in source.scheme.relations}
    file: _Tasks | None = None
    for records in _articles(source):
        if file is None or file.split != records[0].split:
            if file:
                file.close()
            file = _Tasks(folder, records[0].split)
        task = task_of_records(records, source)
        file.add(task)
        figures["tasks"] += 1
        there = {Ref(r.document.id, "entity", e.start, e.end) for r in records for e in r.entities}
        there |= {Ref(r.document.id, "claim", c.start, c.end) for r in records for c in r.claims}
        for record in records:
            left = sum(r.label not in drawn or not there.issuperset((r.head, r.tail)) for r in record.relations)
            figures["documents"] += 1
            figures["entities"] += len(record.entities)
            figures["claims"] += len(record.claims)
            figures["relations"] += len(record.relations) - left
            figures["relations left out"] += left
    if file:
        file.close()
    return figures


def task_of_records(records: list[Record], source: Source) -> Json:
    """The task of one article, with one annotation that holds the gold of its versions."""
    items = [Item(r.document, Segments(r.document.id, r.document.sha, ()), r.entities, r.claims) for r in records]
    group = Group(tuple(items))
    shown = {r.document.id: Shown.of(r.document.text, [(0, len(r.document.text))]) for r in records}
    relations = [relation for record in records for relation in record.relations]
    try:
        data = task_of(group)
        made = prediction_of(group, relations, source.manifest.version, source.scheme, shown=shown)
    except StudioError as error:
        raise InputError(str(error)) from None
    # Gold has no scores.
    result = [{key: value for key, value in entry.items() if key != "score"} for entry in made["result"]]
    return {
        "data": {**data, "split": records[0].split},
        "annotations": [{"result": result, "ground_truth": True}],
    }


def _articles(source: Source) -> Iterator[list[Record]]:
    """The documents of each article, in the order in which they are complete.

    The first version of an article waits for the second in a temporary file: the two may stand far apart.
    """
    pairs: set[str] = set()
    waiting: dict[str, tuple[int, int]] = {}
    split = ""
    with Spool() as spool:
        for record in source.all():
            if record.split != split:
                split, pairs = record.split, source.pairs(record.split)
            pair = record.document.pair
            if pair not in pairs:
                yield [record]
            elif pair not in waiting:
                waiting[pair] = spool.put(_packed(record))
            else:
                yield [_unpacked(spool.get(waiting.pop(pair))), record]


def _packed(record: Record) -> list[Any]:
    document = record.document
    layer = Layer(document.id, document.sha, "", record.gold, record.entities, record.claims, record.relations)
    return [record.split, DOCUMENTS.to_row(document), layer_row(layer)]


def _unpacked(packed: list[Any]) -> Record:
    split, document, row = packed
    layer = layer_from_row(row)
    return Record(split, DOCUMENTS.from_row(document), layer.version, layer.entities, layer.claims, layer.relations)


class _Tasks:
    """The files of one split, each a JSON list with a task a line."""

    def __init__(self, folder: Path, split: str) -> None:
        self.folder, self.split = folder, split
        self.part = self.written = 0
        self.file: IO[bytes] | None = None

    def add(self, task: Json) -> None:
        line = json.dumps(task, ensure_ascii=False).encode()
        if self.file is None or self.written + len(line) > PART:
            self.close()
            self.part += 1
            name = f"{self.split}.json" if self.part == 1 else f"{self.split}-{self.part}.json"
            self.file, self.written = (self.folder / name).open("wb"), 0
            self.file.write(b"[")
        self.file.write((b",\n" if self.written else b"\n") + line)
        self.written += len(line)

    def close(self) -> None:
        if self.file is not None:
            self.file.write(b"\n]\n")
            self.file.close()
            self.file = None
