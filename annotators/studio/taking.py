"""One task of an export, and what is on it: annotations and drafts as rows of the workspace's tables."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from annotators.repeats import Shown, quotes, shown_text
from annotators.studio.anchor import Moved
from annotators.studio.client import Json
from annotators.studio.convert import shown_in, without_texts
from annotators.studio.cut import Part, cut_name, part_of
from annotators.studio.edits import edits_of
from annotators.studio.layers import layers_of, translated
from annotators.studio.tables import Annotation, Draft, Edits, Pushed, Submitted
from corpus.document import LANGUAGES, Document, Layer
from corpus.errors import StaleTextError
from corpus.migration import Names
from corpus.report import Skipped
from corpus.store import Workspace, check_sha

_SAID = {"kept": "marks kept", "deleted": "marks deleted", "added": "marks added"}


@dataclass
class Taken:
    """What was taken over of some tasks, what was not, and the tasks to look at again."""

    annotations: list[Annotation] = field(default_factory=list)
    submitted: list[Submitted] = field(default_factory=list)
    edits: list[Edits] = field(default_factory=list)
    drafts: list[Draft] = field(default_factory=list)
    problems: list[Skipped] = field(default_factory=list)
    changed: set[int] = field(default_factory=set)
    again: set[int] = field(default_factory=set)
    notes: Counter[str] = field(default_factory=Counter)


def text_of(entry: Json, key: str) -> str:
    """A text of an annotation, "" where it has none."""
    return str(entry.get(key) or "")


def pushed_keys(url: str, project: int, entries: Iterable[tuple[Json, Json]]) -> set[str]:
    """The keys of the predictions that these annotations (each with its task) were made from, in the table `pushed`."""
    found = ((task.get("data") or {}, entry.get("prediction")) for task, entry in entries)
    return {_pushed_key(url, project, data, parent) for data, parent in found if isinstance(parent, Mapping)}


def _pushed_key(url: str, project: int, data: Json, parent: Mapping[str, Any]) -> str:
    return f"{url} {project} {data.get('key')} {parent.get('model_version') or ''}"


@dataclass
class TaskReader:
    """One task of an export, and how its marks get into the texts of the workspace."""

    workspace: Workspace
    url: str
    project: int
    names: Names
    task: Json
    documents: Mapping[str, Document]
    pushed: Mapping[str, Pushed]

    @cached_property
    def data(self) -> Json:
        return dict(self.task.get("data") or {})

    @cached_property
    def ids(self) -> tuple[str, ...]:
        return tuple(str(self.data[f"doc_{lang}"]) for lang in LANGUAGES if self.data.get(f"doc_{lang}"))

    @cached_property
    def texts(self) -> list[Document]:
        """The documents of the task. StaleTextError when hemu did not push it, or one is gone."""
        for id in self.ids:
            if id not in self.documents:
                raise StaleTextError(f"{id}: is not in this workspace")
        if not self.ids:
            raise StaleTextError("the task was not pushed by hemu")
        return [self.documents[id] for id in self.ids]

    @cached_property
    def part(self) -> Part | None:
        return part_of(self.data)

    @cached_property
    def shown(self) -> dict[str, Shown | Moved]:
        """What the task shows of each document; an earlier text where the task was made for that."""
        return {text.id: self._moved(text) or shown_in(self.data, text) for text in self.texts}

    def _moved(self, text: Document) -> Moved | None:
        if text.sha == self.data.get(f"sha_{text.lang}"):
            return None
        return Moved(str(self.data.get(f"text_{text.lang}") or ""), shown_text(text), bool(quotes(text)))

    def take(self, entry: Json, taken: Taken) -> None:
        """Take over one annotation, or say why not."""
        id = int(entry["id"])
        try:
            layers, problems = self._layers(entry)
        except StaleTextError as error:
            taken.problems.append(Skipped(f"annotation {id} of task {self.task.get('id')}", str(error)))
            taken.again.add(int(self.task["id"]))
            return
        taken.problems += [Skipped(f"annotation {id}, {p.what}", p.why) for p in problems]
        taken.changed.add(id)
        if self.part is None:
            taken.annotations += [Annotation(layer=layer, **self._about(entry)) for layer in layers]
        else:
            taken.submitted.append(self._submitted(entry, self.part))
        if not any(isinstance(shown, Moved) for shown in self.shown.values()):
            self._edits(entry, taken)

    def _layers(self, entry: Json) -> tuple[list[Layer], list[Skipped]]:
        """The layers of an annotation. StaleTextError where it is of another text, and not one mark can be placed in this."""
        moved = [text for text in self.texts if isinstance(self.shown[text.id], Moved)]
        layers, problems = layers_of(
            translated(entry.get("result") or [], self.names, self.workspace.scheme),
            self.texts,
            self.workspace.scheme,
            source=_annotator(entry),
            version=f"{entry['id']} {text_of(entry, 'updated_at')}",
            shown=self.shown,
            quotes=self.part is None,
        )
        for text in moved:
            layer = next(layer for layer in layers if layer.document == text.id)
            marks = len(layer.entities) + len(layer.claims)
            if self.part is not None or not marks:
                check_sha(text, str(self.data.get(f"sha_{text.lang}")), "the task")
            why = f"kept: the text has changed since; {marks} marks were placed in that of now"
            problems.append(Skipped(text.id, why))
        return layers, problems

    def _about(self, entry: Json) -> Json:
        parent, lead_time = entry.get("prediction"), entry.get("lead_time")
        return {
            "id": int(entry["id"]),
            "task": int(self.task["id"]),
            "project": self.project,
            "url": self.url,
            "annotator": _annotator(entry),
            "created": text_of(entry, "created_at"),
            "updated": text_of(entry, "updated_at"),
            "lead_time": float(lead_time) if lead_time is not None else -1.0,
            "skipped": bool(entry.get("was_cancelled")),
            "prediction": _number(entry.get("parent_prediction")),
            "model_version": str(parent.get("model_version") or "") if isinstance(parent, Mapping) else "",
        }

    def _submitted(self, entry: Json, part: Part) -> Submitted:
        return Submitted(
            **self._about(entry),
            withdrawn=False,
            key=str(self.data.get("key")),
            article=str(self.data.get("article")),
            part=part.number,
            parts=part.of,
            documents=self.ids,
            cut=cut_name(part),
            data=json.dumps(without_texts(self.data), ensure_ascii=False),
            result=json.dumps(entry.get("result") or [], ensure_ascii=False),
        )

    def draft(self, entry: Json, users: Mapping[str, int]) -> Draft:
        """A draft; `users` are the numbers of users by their addresses, which are not kept."""
        user = entry.get("user")
        lead_time = entry.get("lead_time")
        return Draft(
            url=self.url,
            project=self.project,
            id=int(entry["id"]),
            task=int(self.task["id"]),
            annotation=_number(entry.get("annotation")),
            documents=self.ids,
            annotator=f"annotator:{users.get(user, 0) if isinstance(user, str) else _number(user)}",
            updated=text_of(entry, "updated_at"),
            lead_time=float(lead_time) if lead_time is not None else -1.0,
            gone=False,
            result=json.dumps(entry.get("result") or [], ensure_ascii=False),
        )

    def _edits(self, entry: Json, taken: Taken) -> None:
        if entry.get("was_cancelled"):
            return
        about, scheme, names = self._about(entry), self.workspace.scheme, self.names
        sources, before = self._before(entry)
        found = edits_of(
            translated(before, names, scheme),
            translated(entry.get("result") or [], names, scheme),
            scheme,
            sources=sources,
            places={text.lang: self.shown[text.id].outward for text in self.texts},
        )
        for text in self.texts:
            marks = tuple(found.get(text.lang, ()))
            for mark in marks:
                if mark.kind != "relation":
                    taken.notes[_SAID.get(mark.outcome, "marks changed")] += 1
            keys = ("url", "project", "id", "annotator", "updated", "lead_time", "model_version")
            taken.edits.append(Edits(document=text.id, marks=marks, **{key: about[key] for key in keys}))

    def _before(self, entry: Json) -> tuple[dict[str, str], list[Any]]:
        """The prediction that an annotation was made from, and who proposed its marks."""
        parent = entry.get("prediction")
        if not isinstance(parent, Mapping) or not parent:
            return {}, []
        kept = self.pushed.get(_pushed_key(self.url, self.project, self.data, parent))
        result = parent.get("result")
        if not isinstance(result, list):
            result = json.loads(kept.result) if kept else []
        return json.loads(kept.sources or "{}") if kept else {}, result


def _annotator(entry: Json) -> str:
    return f"annotator:{_number(entry.get('completed_by'))}"


def _number(value: Any) -> int:
    """A user or a prediction, which Label Studio gives by its number or in full."""
    if isinstance(value, Mapping):
        value = value.get("id")
    return int(value) if value else 0
