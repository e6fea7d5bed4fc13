"""What became of the pre-annotation, task by task: from the table `edits`, and where that has nothing, from the marks."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from annotators.pipeline import COMBINED
from annotators.progress.gather import Gathered, TaskId, Work
from annotators.progress.spans import (
    ADDED,
    ATTRIBUTES,
    CLAIM,
    DELETED,
    KEPT,
    RELATION,
    Mark,
    changed,
    claim_marks,
    entity_marks,
    moved_by,
)
from annotators.repeats import Shown, quotes, shown_text
from annotators.studio.layers import layers_of, translated
from annotators.studio.tables import ANNOTATIONS, EDITS, PUSHED, SUBMITTED, Edit, Pushed
from corpus.document import Claim, Document, Entity, Layer
from corpus.errors import StaleTextError
from corpus.look.columns import Columns, lists
from corpus.migration import Name, Names, renames
from corpus.report import Progress
from corpus.schema import DOCUMENTS, layer_from_row, layers_table
from corpus.store import Workspace

M = TypeVar("M", Entity, Claim)

_BATCH = 100
_FIELDS = ("kind", "outcome", "source", "label", "start", "end", "new_label", "new_start", "new_end")
assert set(_FIELDS) <= set(Edit.__slots__)

Key = tuple[str, int, str]
"""Server, annotation, document."""


@dataclass(slots=True)
class Outcome:
    """What became of the marks on one document of one piece of work.

    `attributes` has for each predicted claim that is still there which source proposed it and what of it was changed; None
    where that cannot be told.
    """

    work: Work
    document: str
    marks: list[Mark]
    attributes: list[tuple[str, tuple[str, ...]]] | None = None


@dataclass(slots=True)
class Left:
    """Pieces of work of which it is not known what became of the prediction, by why."""

    counts: dict[str, int] = field(default_factory=dict)

    def add(self, why: str) -> None:
        self.counts[why] = self.counts.get(why, 0) + 1


class Versions:
    """The predictions that were pushed, in their order: which one a piece of work began from."""

    def __init__(self, workspace: Workspace) -> None:
        self.first: dict[tuple[str, int, str], int] = {}
        self.of_task: dict[TaskId, list[tuple[int, str, str]]] = {}
        columns = ["key", "task", "project", "url", "model_version"]
        for number, row in enumerate(workspace.rows(PUSHED.name, columns)):
            self.first.setdefault((row["url"], row["project"], row["model_version"]), number)
            id = TaskId(row["url"], row["project"], row["task"])
            self.of_task.setdefault(id, []).append((number, row["key"], row["model_version"]))

    def key(self, work: Work) -> str | None:
        """The key in `pushed` of the prediction that a piece of work began from; None where there is none.

        A push copies the predictions of tasks that it has nothing new for, without another row: then it is the last before.
        """
        rows = self.of_task.get(work.task, [])
        named = [row for row in rows if row[2] == work.model_version]
        if not named and work.model_version:
            first = self.first.get((work.task.url, work.task.project, work.model_version))
            rows = [row for row in rows if first is None or row[0] < first]
        found = (named or rows)[-1:]
        return f"{work.task.url} {work.task.project} {found[0][1]} {found[0][2]}" if found else None


def measured(gathered: Gathered, works: Sequence[Work], left: Left) -> list[Work]:
    """Of several submissions of one person on a task the latest, where it began from an ordinary prediction; `left` says why
    others are left out."""
    latest: dict[tuple[TaskId, str], Work] = {}
    for work in works:
        if work.skipped:
            continue
        known = latest.get((work.task, work.annotator))
        if known is None or (work.updated, work.id) > (known.updated, known.id):
            latest[work.task, work.annotator] = work
    kept = []
    for work in latest.values():
        if work.mode == "blind":
            left.add("blind: shown without the pre-annotation")
        elif work.mode == "planted":
            left.add("shown with planted errors")
        elif not work.prediction and not work.model_version:
            left.add("begun without the pre-annotation")
        else:
            kept.append(work)
    return kept


def outcomes(
    workspace: Workspace, works: Sequence[Work], left: Left, progress: Progress | None = None
) -> Iterator[Outcome]:
    """What became of the prediction on each document of these pieces of work, a few at a time."""
    names, versions = renames(workspace), Versions(workspace)
    edits = Columns(workspace, EDITS, ["document", "url", "id", *(f"marks.list.element.{name}" for name in _FIELDS)])
    stated = Columns(workspace, ANNOTATIONS, ["url", "id", "document", "sha", "source", "version", "claims"])
    for start in range(0, len(works), _BATCH):
        batch = works[start : start + _BATCH]
        if progress:
            progress(start, len(works))
        yield from _batch(workspace, batch, left, names, versions, edits, stated)


def _batch(
    workspace: Workspace,
    works: Sequence[Work],
    left: Left,
    names: Names,
    versions: Versions,
    edits: Columns,
    stated: Columns,
) -> Iterator[Outcome]:
    told: dict[Key, list[Mark]] = {}
    for key, marks in _edits(edits, works):
        told[key] = [_renamed(mark, names) for mark in marks] if names else marks
    known = {
        id(work)
        for work in works
        if work.model_version and all((work.task.url, work.id, document) in told for document in work.documents)
    }
    reader = _Reader(workspace, works, names, versions, known, stated)
    for work in works:
        if id(work) in known:
            for document in work.documents:
                marks = told[work.task.url, work.id, document]
                if any(mark.kind != RELATION and mark.outcome != ADDED and not mark.source for mark in marks):
                    marks = reader.with_sources(work, document, marks)
                yield reader.outcome(work, document, marks)
            continue
        before = reader.prediction(work)
        if before is None:
            left.add("made of a prediction or a text that is not known any more")
            continue
        yield from reader.compared(work, before)


def _edits(edits: Columns, works: Sequence[Work]) -> Iterator[tuple[Key, list[Mark]]]:
    keys = [f"{work.task.url} {work.id} {id}" for work in works for id in work.documents]
    for table in edits.take(keys):
        places, values = lists(table, "marks")
        columns = [values.field(name).to_pylist() for name in _FIELDS]
        about = (table.column(name).to_pylist() for name in ("url", "id", "document"))
        for row, (url, id, document) in enumerate(zip(*about, strict=True)):
            slices = (column[places[row] : places[row + 1]] for column in columns)
            yield (url, id, document), [Mark(*mark) for mark in zip(*slices, strict=True)]


def _renamed(mark: Mark, names: Names) -> Mark:
    """What was kept before a change of the scheme, in the names of now; a name that was dropped stays."""
    kind = "relation" if mark.kind == RELATION else "claim" if mark.kind == CLAIM else "label"
    label, new = (names.get(Name(kind, name), name) or name for name in (mark.label, mark.new_label))
    return mark._replace(label=label, new_label=new)


class _Reader:
    """Predictions, annotations and texts of a few pieces of work, read where they are asked for.

    Of the `told` ones it is known what became of their marks: of these annotations the claims alone are read.
    """

    def __init__(
        self,
        workspace: Workspace,
        works: Sequence[Work],
        names: Names,
        versions: Versions,
        told: set[int],
        stated: Columns,
    ) -> None:
        self.workspace, self.names = workspace, names
        self.keys = {id(work): versions.key(work) for work in works}
        self.pushed = workspace.fetch(PUSHED, [key for key in self.keys.values() if key])
        ids = sorted({document for work in works for document in work.documents})
        self.documents = workspace.fetch(DOCUMENTS, ids)
        whole = [work for work in works if not work.part]
        wanted = {f"{w.task.url} {w.id} {document}": id(w) in told for w in whole for document in w.documents}
        others = [key for key, known in wanted.items() if not known]
        self.annotations = {key: one.layer for key, one in workspace.fetch(ANNOTATIONS, others).items()}
        self.annotations |= _stated(stated, [key for key, known in wanted.items() if known])
        self._parts(workspace, [work for work in works if work.part])
        self.known: dict[tuple[int, bool], dict[str, Layer] | None] = {}
        self.combined: dict[str, Layer] | None = None

    def _parts(self, workspace: Workspace, works: Sequence[Work]) -> None:
        """What was submitted for parts of articles, and what these show."""
        from annotators.studio.convert import shown_in

        self.shown: dict[int, dict[str, Shown]] = {}
        submitted = workspace.fetch(SUBMITTED, [f"{work.task.url} {work.id}" for work in works]) if works else {}
        for work in works:
            part = submitted.get(f"{work.task.url} {work.id}")
            texts = self._texts(work)
            if part is None or texts is None:
                continue
            data = json.loads(part.data)
            try:
                shown = {text.id: shown_in(data, text) for text in texts}
            except StaleTextError:
                continue
            self.shown[id(work)] = shown
            for layer in self._layers(json.loads(part.result), texts, shown, quotes=False):
                self.annotations[f"{work.task.url} {work.id} {layer.document}"] = layer

    def _texts(self, work: Work) -> list[Document] | None:
        """The texts that a piece of work is of; None where one is gone or has changed."""
        texts = [self.documents[document] for document in work.documents if document in self.documents]
        same = all(text.sha == work.documents[text.id] for text in texts)
        return texts if same and len(texts) == len(work.documents) else None

    def _layers(
        self,
        result: Sequence[Any],
        texts: Sequence[Document],
        shown: Mapping[str, Shown],
        *,
        quotes: bool,
        claims: bool = False,
    ) -> list[Layer]:
        scheme = self.workspace.scheme
        named = translated(result, self.names, scheme)
        if claims:
            named = _claims_of(named, scheme.claim.name)
        layers, _ = layers_of(named, texts, scheme, source="", shown=shown, quotes=quotes)
        return layers

    def prediction(self, work: Work, claims: bool = False) -> dict[str, Layer] | None:
        """The prediction that a piece of work began from, by document, with the sources of its marks; with `claims`, of its
        claims alone, without the sources."""
        if (id(work), claims) not in self.known:
            self.known[id(work), claims] = self._prediction(work, claims)
        return self.known[id(work), claims]

    def _prediction(self, work: Work, claims: bool) -> dict[str, Layer] | None:
        pushed = self.pushed.get(self.keys[id(work)] or "")
        texts = self._texts(work)
        if pushed is None or texts is None:
            return None
        shown = self.shown.get(id(work)) or {text.id: shown_text(text) for text in texts}
        result = json.loads(pushed.result)
        layers = self._layers(result, texts, shown, quotes=not work.part, claims=claims)
        if claims:
            return {layer.document: layer for layer in layers}
        sources = self._sources(pushed, result, texts, shown)
        return {layer.document: _sourced(layer, sources) for layer in layers}

    def _sources(
        self, pushed: Pushed, result: Sequence[Any], texts: Sequence[Document], shown: Mapping[str, Shown]
    ) -> dict[tuple[str, str, int, int], str]:
        """By document, "e" or "c", start and end: who proposed what."""
        found: dict[tuple[str, str, int, int], str] = {}
        told = json.loads(pushed.sources or "{}")
        if told:
            of_lang = {text.lang: text.id for text in texts}
            for entry in result:
                source = told.get(str(entry.get("id"))) if entry.get("type") == "labels" else None
                document = of_lang.get(entry.get("to_name"), "")
                if source and document:
                    place = shown[document].outward(entry["value"]["start"], entry["value"]["end"])
                    if place:
                        found[document, str(entry["id"])[:1], *place] = source
            return found
        # Of a prediction that was pushed before that was kept, the pre-annotation of the same version says it.
        if self.combined is None:
            self.combined = self.workspace.fetch(layers_table(COMBINED), sorted(self.documents))
        for text in texts:
            layer = self.combined.get(text.id)
            if layer is not None and (layer.version, layer.sha) == (pushed.version, text.sha):
                found |= {(text.id, "e", e.start, e.end): e.source for e in layer.entities}
                found |= {(text.id, "c", c.start, c.end): c.source for c in layer.claims}
        return found

    def with_sources(self, work: Work, document: str, marks: list[Mark]) -> list[Mark]:
        """The marks with their sources, as far as those can be found now."""
        before = (self.prediction(work) or {}).get(document)
        if before is None:
            return marks
        known = {("entity", e.start, e.end): e.source for e in before.entities}
        known |= {("claim", c.start, c.end): c.source for c in before.claims}
        return [m._replace(source=m.source or known.get((m.kind, m.start, m.end), "")) for m in marks]

    def outcome(self, work: Work, document: str, marks: list[Mark], *, told: bool = True) -> Outcome:
        """The marks, with what was changed of each claim that is still there; a new claimant is a changed claim.

        `told` are marks of the table of edits, in which a claim is kept where all its controls are, and arrows are marks.
        """
        stay = [mark for mark in marks if _stays(mark)]
        if all(mark.outcome == KEPT for mark in (*stay, *(m for m in marks if m.kind == RELATION))) and told:
            # All controls of these claims were left as they were, and their arrows.
            return Outcome(work, document, marks, [(mark.source, ()) for mark in stay])
        if not stay:
            return Outcome(work, document, marks, [])
        before = (self.prediction(work, claims=True) or {}).get(document)
        after = self.annotations.get(f"{work.task.url} {work.id} {document}")
        if before is None or after is None:
            return Outcome(work, document, marks)
        was, now = ({(c.start, c.end): c for c in layer.claims} for layer in (before, after))
        moved = moved_by(marks)
        attributes, made = [], []
        for mark in marks:
            old, new = was.get((mark.start, mark.end)), now.get((mark.new_start, mark.new_end))
            if _stays(mark) and old is not None and new is not None:
                differ = changed(old, new, moved)
                attributes.append((mark.source, differ))
                if differ and mark.outcome == KEPT:
                    mark = mark._replace(outcome=ATTRIBUTES)
            made.append(mark)
        return Outcome(work, document, made, attributes)

    def compared(self, work: Work, before: Mapping[str, Layer]) -> Iterator[Outcome]:
        """What became of a prediction, from the marks themselves. Marks on pull quotes follow others, and do not count."""
        for document, was in before.items():
            now = self.annotations.get(f"{work.task.url} {work.id} {document}")
            if now is None:
                continue
            cuts = [quote.cut for quote in quotes(self.documents[document])]
            label = self.workspace.scheme.claim.name
            marks = list(entity_marks(_shown(was.entities, cuts), _shown(now.entities, cuts)))
            marks += claim_marks(_shown(was.claims, cuts), _shown(now.claims, cuts), label, moved_by(marks))
            yield self.outcome(work, document, marks, told=False)


def _stated(annotations: Columns, keys: Sequence[str]) -> dict[str, Layer]:
    """The layers of annotations with their claims alone."""
    found = {}
    for table in annotations.take(keys):
        for row in table.to_pylist():
            key = f"{row['url']} {row['id']} {row['document']}"
            found[key] = layer_from_row({**row, "entities": (), "relations": ()})
    return found


def _claims_of(result: Sequence[Any], label: str) -> list[Any]:
    """The results of the claims and of the mentions that make them; reading all marks takes many times as long."""
    entries = [entry for entry in result if isinstance(entry, dict)]
    claims = {
        entry.get("id")
        for entry in entries
        if entry.get("type") == "labels" and label in (entry.get("value") or {}).get("labels", ())
    }
    ends = {e.get(end) for e in entries if e.get("type") == "relation" for end in ("from_id", "to_id")}
    wanted = claims | (ends if claims else set())
    return [entry for entry in entries if entry.get("type") == "relation" or entry.get("id") in wanted]


def _stays(mark: Mark) -> bool:
    return mark.kind == CLAIM and mark.outcome not in (ADDED, DELETED)


def _shown(marks: Sequence[M], cuts: Sequence[tuple[int, int]]) -> list[M]:
    return [m for m in marks if not any(m.start < end and start < m.end for start, end in cuts)]


def _sourced(layer: Layer, sources: Mapping[tuple[str, str, int, int], str]) -> Layer:
    id = layer.document
    return replace(
        layer,
        entities=tuple(replace(e, source=sources.get((id, "e", e.start, e.end), "")) for e in layer.entities),
        claims=tuple(replace(c, source=sources.get((id, "c", c.start, c.end), "")) for c in layer.claims),
    )
