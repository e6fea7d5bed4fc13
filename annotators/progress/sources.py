"""Which of what each source proposes by itself is in the annotation, whether the pre-annotation took it or not."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from annotators.pipeline import COMBINED
from annotators.progress.report import SourceRow
from annotators.studio.tables import ANNOTATIONS
from corpus.look.columns import Columns, lists, made_for
from corpus.schema import layers_table
from corpus.store import Workspace

_BATCH = 200
_ENTITY = [f"entities.list.element.{name}" for name in ("start", "end", "label")]

Place = tuple[int, int, str]


def source_rows(workspace: Workspace, opinions: Mapping[str, str], langs: Mapping[str, str]) -> list[SourceRow]:
    """A row for each source of entities and each language. `opinions` are keys of annotations of the texts as they are now, by document."""
    folder = workspace.folder("layers")
    names = sorted(path.name for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []
    columns = ["document", "sha", *_ENTITY]
    tables = {name: Columns(workspace, layers_table(name), columns) for name in names}
    annotations = Columns(workspace, ANNOTATIONS, columns)
    counts: dict[tuple[str, str], Counter[str]] = {}
    ids = sorted(opinions)
    for start in range(0, len(ids), _BATCH):
        batch = ids[start : start + _BATCH]
        said = {id: (sha, marks) for id, sha, marks in _marks(annotations, [opinions[id] for id in batch])}
        proposed: dict[str, dict[str, set[Place]]] = {id: {} for id in batch}
        for name, table in tables.items():
            for id, sha, marks in _marks(table, batch):
                if id in said and sha == said[id][0]:
                    proposed[id][name] = marks
        for id in batch:
            if id in said:
                _count(counts, langs[id], proposed[id], said[id][1])
    return [
        SourceRow(
            source,
            lang,
            *(c[name] for name in ("documents", "proposed", "chosen", "right", "near", "alone", "alone_right")),
        )
        for (source, lang), c in sorted(counts.items(), key=lambda pair: (pair[0][1], -pair[1]["right"], pair[0][0]))
        if c["proposed"]
    ]


def _count(
    counts: dict[tuple[str, str], Counter[str]], lang: str, proposed: dict[str, set[Place]], said: set[Place]
) -> None:
    chosen = proposed.pop(COMBINED, set())
    of_all = Counter(mark for marks in proposed.values() for mark in marks)
    near = _Near(said)
    for source, marks in proposed.items():
        found = counts.setdefault((source, lang), Counter())
        alone = {mark for mark in marks if of_all[mark] == 1}
        found["documents"] += 1
        found["proposed"] += len(marks)
        found["chosen"] += len(marks & chosen)
        found["right"] += len(marks & said)
        found["near"] += sum(mark in said or near(mark) for mark in marks)
        found["alone"] += len(alone)
        found["alone_right"] += len(alone & said)


class _Near:
    """Whether a mark overlaps one of the same label."""

    def __init__(self, marks: set[Place]) -> None:
        self.by_label: dict[str, list[tuple[int, int]]] = {}
        for start, end, label in sorted(marks):
            self.by_label.setdefault(label, []).append((start, end))
        self.longest = max((end - start for start, end, _ in marks), default=0)

    def __call__(self, mark: Place) -> bool:
        start, end, label = mark
        there = self.by_label.get(label, [])
        first = bisect_left(there, (start - self.longest, 0))
        return any(s < end and start < e for s, e in there[first : bisect_left(there, (end, 0))])


def _marks(table: Columns, keys: Sequence[str]) -> Iterator[tuple[str, str, set[Place]]]:
    """Document, hash of its text and entities of each row."""
    for part in table.take(keys):
        places, values = lists(part, "entities")
        columns: list[Any] = [values.field(name).to_pylist() for name in ("start", "end", "label")]
        for row, (id, sha) in enumerate(made_for(part)):
            yield id, sha, set(zip(*(column[places[row] : places[row + 1]] for column in columns), strict=True))
