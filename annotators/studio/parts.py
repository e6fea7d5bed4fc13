"""Which articles in parts are all there, of which annotator, and which are not: made one annotation, or kept until they are."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field, replace

from annotators.studio.client import Json
from annotators.studio.convert import shown_in
from annotators.studio.join import joined, relations_from
from annotators.studio.layers import layers_of, translated
from annotators.studio.tables import ANNOTATIONS, PUSHED, SUBMITTED, Annotation, Submitted
from corpus.document import Document, Layer, Relation
from corpus.errors import StaleTextError
from corpus.migration import Name, Names
from corpus.report import Skipped, StageReport
from corpus.schema import DOCUMENTS
from corpus.store import Workspace, check_sha

Work = tuple[str, str, str]
"""An article, where it is cut, and who worked on it."""

_COLUMNS = ["url", "project", "id", "article", "cut", "part", "parts", "annotator", "updated", "skipped", "withdrawn"]


@dataclass
class Articles:
    """The articles in parts of one project. Call `join` after their parts were stored."""

    report: StageReport
    workspace: Workspace
    url: str
    project: int
    names: Names
    partial: bool = False
    notes: Counter[str] = field(default_factory=Counter)

    def join(self, changed: set[int]) -> set[str]:
        """Bring the joined annotations up to date where one of their parts is among `changed`; returns their annotators.

        One that was made of all parts is withdrawn where a part is gone. With `partial` (or where that was done before) what is
        there of an article makes an annotation.
        """
        found = self._works()
        mine = self._joined()
        rows: list[Annotation] = []
        there: dict[int, str] = {}
        for work, parts in found.items():
            latest = _latest(parts)
            of = int(parts[0]["parts"])
            ids = {int(row["id"]) for row in parts}
            before = {id: mine[id] for id in ids if id in mine}
            if not latest:
                continue
            whole = len(latest) == of
            self.notes["articles annotated in part"] += not whole
            if not (whole or self.partial or any(name != _name(range(1, of + 1), of) for name in before.values())):
                continue
            id = int(latest[min(latest)]["id"])
            there[id] = name = _name(sorted(latest), of)
            if mine.get(id) == name and changed.isdisjoint(ids):
                continue
            try:
                rows += self._join(work, latest, name)
            except StaleTextError as error:
                what = f"annotations {', '.join(str(row['id']) for row in latest.values())} of an article in parts"
                self.report.skipped.append(Skipped(what, str(error)))
        # What was said of one version counts on where the other was withdrawn, and with it what was submitted for the parts.
        known = {int(row["id"]) for parts in found.values() for row in parts}
        rows += self._withdrawn([id for id in mine if id not in there and id in known])
        self.workspace.append(ANNOTATIONS, rows)
        return {row.annotator for row in rows if row.counts}

    def _works(self) -> dict[Work, list[Json]]:
        latest: dict[int, Json] = {}
        for row in self.workspace.rows(SUBMITTED.name, _COLUMNS):
            if (row["url"], row["project"]) == (self.url, self.project):
                latest[row["id"]] = row
        found: dict[Work, list[Json]] = {}
        for row in latest.values():
            found.setdefault((row["article"], row["cut"], row["annotator"]), []).append(row)
        return found

    def _joined(self) -> dict[int, str]:
        """The joined annotations that are there, and of which parts they are."""
        found: dict[int, str] = {}
        if any(self.workspace.shards(SUBMITTED.name)):
            for row in self.workspace.rows(ANNOTATIONS.name, ["url", "project", "id", "parts", "withdrawn"]):
                if row.get("parts") and (row["url"], row["project"]) == (self.url, self.project):
                    found[row["id"]] = row["parts"]
                    if row["withdrawn"]:
                        del found[row["id"]]
        return found

    def _withdrawn(self, ids: list[int]) -> list[Annotation]:
        if not ids:
            return []
        wanted = set(ids)
        keys = [
            key
            for key in self.workspace.index(ANNOTATIONS)
            if key.startswith(f"{self.url} ") and int(key.split(" ")[1]) in wanted
        ]
        rows = self.workspace.current(ANNOTATIONS, keys)
        return [replace(row, withdrawn=True) for row in rows if row.parts and row.project == self.project]

    def _join(self, work: Work, latest: dict[int, Json], name: str) -> list[Annotation]:
        keys = [f"{self.url} {row['id']}" for row in latest.values()]
        parts = sorted(self.workspace.current(SUBMITTED, keys), key=lambda part: part.part)
        documents = self._documents(parts[0])
        read = [self._layers(part, documents) for part in parts]
        first, updated = parts[0], max(part.updated for part in parts)
        layers = joined(documents, read, self._outside(parts), source=first.annotator, version=f"{first.id} {updated}")
        times = [part.lead_time for part in parts if part.lead_time >= 0]
        return [
            Annotation(
                layer=layer,
                id=first.id,
                task=first.task,
                project=first.project,
                url=first.url,
                annotator=first.annotator,
                created=min(part.created for part in parts),
                updated=updated,
                lead_time=sum(times) if times else -1.0,
                prediction=first.prediction,
                model_version=first.model_version,
                parts=name,
            )
            for layer in layers
        ]

    def _documents(self, part: Submitted) -> list[Document]:
        found = self.workspace.fetch(DOCUMENTS, part.documents)
        data = json.loads(part.data)
        for id in part.documents:
            if id not in found:
                raise StaleTextError(f"{id}: is not in this workspace")
            check_sha(found[id], str(data.get(f"sha_{found[id].lang}")), "the task")
        return [found[id] for id in part.documents]

    def _layers(self, part: Submitted, documents: list[Document]) -> list[Layer]:
        # What could not be taken over was reported when the part was pulled.
        data = json.loads(part.data)
        layers, _ = layers_of(
            translated(json.loads(part.result), self.names, self.workspace.scheme),
            documents,
            self.workspace.scheme,
            source=part.annotator,
            shown={document.id: shown_in(data, document) for document in documents},
            quotes=False,
        )
        return layers

    def _outside(self, parts: list[Submitted]) -> list[Relation]:
        keys = [f"{part.url} {part.project} {part.key} {part.model_version}" for part in parts]
        found = [r for pushed in self.workspace.current(PUSHED, keys) for r in relations_from(pushed.outside)]
        renamed = [(relation, self.names.get(Name("relation", relation.label), relation.label)) for relation in found]
        return [replace(relation, label=label) for relation, label in renamed if label]


def _latest(parts: list[Json]) -> dict[int, Json]:
    """The latest annotation of each part that counts; one that was skipped takes the part's away."""
    latest: dict[int, Json] = {}
    for row in sorted(parts, key=lambda row: (str(row["updated"]), int(row["id"]))):
        if not row["withdrawn"]:
            latest[int(row["part"])] = row
    return {number: row for number, row in latest.items() if not row["skipped"]}


def _name(numbers: range | list[int], of: int) -> str:
    """Which parts, in words.

    >>> _name([1, 2, 3], 3), _name([1, 3], 3)
    ('1-3 of 3', '1,3 of 3')
    """
    there = list(numbers)
    return f"1-{of} of {of}" if len(there) == of else f"{','.join(map(str, there))} of {of}"
