"""A task of Label Studio in, its prediction out: the same that `hemu push` writes for the same texts.

A task that hemu made names its documents, whose segments and alignment (and pre-annotation, where it is up to date) the
workspace has. Any other task with text is read as it is.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from xml.etree import ElementTree

import pyarrow as pa

from annotators.pipeline import COMBINED, Annotated, Pipeline
from annotators.repeats import Shown
from annotators.stage import is_current, names_digest, stored_group, within
from annotators.studio.convert import PLACEHOLDERS, Json, prediction_of, shown_in
from corpus.document import LANGUAGES, Document, Group, Layer
from corpus.errors import HemuError, InputError, StaleTextError, WorkspaceError
from corpus.language import detect_language
from corpus.migration import Name, renames
from corpus.report import StageReport
from corpus.schema import ALIGNMENTS, DOCUMENTS, SEGMENTS, layer_from_row, layer_row, layers_table
from corpus.scheme import Scheme, load_scheme
from corpus.store import Workspace

log = logging.getLogger("hemu.backend")

LONGEST = 500_000
"""A longer text, in characters, gets an empty prediction: reading it would keep everybody else waiting for minutes."""

PATIENCE = 80.0
"""Seconds after which the rest of a batch is left for the next request; Label Studio itself gives up after 100."""


@dataclass(frozen=True)
class Recipe:
    """What predictions are made with; where any of it changes, the annotators are loaded anew.

    `names` are the annotators in the order of priority, `links` whether arrows between the languages are shown.
    """

    names: tuple[str, ...]
    scheme: Scheme
    fast: bool = False
    weighed: bool = True
    links: bool = False
    names_now: tuple[tuple[Name, str | None], ...] = ()


def opened(workspace: Workspace) -> Workspace:
    """The workspace as it is now: its settings and its scheme are read anew."""
    load_scheme.cache_clear()
    return Workspace.open(workspace.root)


def recipe_of(workspace: Workspace, names: Iterable[str], *, fast: bool = False, weighed: bool = True) -> Recipe:
    """The recipe of a workspace for these annotators; open it with `opened` to have it as it is now."""
    return Recipe(
        tuple(names),
        workspace.scheme,
        fast,
        weighed,
        workspace.setting("studio", "show_links", False),
        tuple(renames(workspace).items()),
    )


class _Turns:
    """A lock that is given in the order in which it is asked for: who needs it again and again does not keep others out."""

    def __init__(self) -> None:
        self._door, self._lock = threading.Lock(), threading.Lock()

    def __enter__(self) -> None:
        with self._door:
            self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()


class Predictor:
    """The annotators of a recipe over the documents of a workspace, loaded once. One task is read at a time.

    What the annotators keep between texts (parses, among others) is not made for several threads: all predictors of a
    process share one lock, which is held for a task and not for a batch, so that requests take turns.
    """

    _reading = _Turns()

    def __init__(self, recipe: Recipe, workspace: Workspace) -> None:
        """Loads the models, and reads a few words so that the first task does not wait for the rest. Raises HemuError."""
        self.recipe = recipe
        self.workspace = workspace
        self.pipeline = Pipeline(recipe.names, fast=recipe.fast, weighed=recipe.weighed)
        self.version = f"{self.pipeline.version}-{names_digest(recipe.scheme)}"
        """The model version: that of the pre-annotation that `hemu annotate` would make now."""
        self._combined = layers_table(COMBINED)
        with self._reading:
            en, zh = (
                Document("a.en", "a", "en", "Rents fell in the city."),
                Document("a.zh", "a", "zh", "该市房租下降。"),
            )
            self.pipeline.annotate(self.pipeline.segmented([en, zh]))

    def results(self, tasks: Sequence[Any], config: str = "", *, patience: float = PATIENCE) -> list[Json | list[Json]]:
        """One result for each task, in order, whatever the tasks are.

        A task that cannot be read gets an empty prediction, and the log says why. Where the time is up the remaining ones
        get an empty list, for which Label Studio stores nothing, so that it asks for them again. `config` is the
        configuration of the project: a prediction that does not fit it is empty, because Label Studio would refuse it
        together with all others of the batch.
        """
        end = time.monotonic() + patience
        allowed = controls(config)
        found: list[Json | list[Json]] = []
        for task in tasks:
            number = task.get("id") if isinstance(task, Mapping) else None
            if time.monotonic() > end:
                found += [[] for _ in range(len(tasks) - len(found))]
                log.warning("%d of %d tasks left after %.0f s; ask again", found.count([]), len(tasks), patience)
                break
            try:
                prediction = self.predict(task)
                if problem := misfit(prediction["result"], allowed):
                    raise InputError(problem)
            except HemuError as error:
                log.warning("task %s: empty prediction: %s", number, error)
                prediction = self.empty()
            except Exception as error:
                log.warning("task %s: empty prediction: %s: %s", number, type(error).__name__, error)
                log.debug("task %s", number, exc_info=True)
                prediction = self.empty()
            found.append(prediction)
        return found

    def empty(self) -> Json:
        """A prediction without anything in it."""
        return {"model_version": self.version, "score": 0.0, "result": []}

    def predict(self, task: Any) -> Json:
        """The prediction of one task. Raises HemuError where it has no text, or one that does not fit its document."""
        data = task.get("data") if isinstance(task, Mapping) else None
        if not isinstance(data, Mapping):
            raise InputError("no task: it has no data")
        with self._reading:
            try:
                known = self._of_workspace(data)
            except WorkspaceError:
                # A shard may have been written anew just now, by hemu remove.
                self.workspace = Workspace(self.workspace.root)
                known = self._of_workspace(data)
            found, shown = known or (self._annotated(self.pipeline.segmented(texts_of(data, task.get("id")))), None)
        relations = found.relations if self.recipe.links else ()
        return prediction_of(found.group, relations, self.version, self.recipe.scheme, shown=shown)

    def _of_workspace(self, data: Mapping[str, Any]) -> tuple[Annotated, dict[str, Shown]] | None:
        """What the workspace's documents of a task are annotated with; None where they are not there as they were."""
        named = {
            str(data[f"doc_{lang}"]): str(data.get(f"sha_{lang}")) for lang in LANGUAGES if data.get(f"doc_{lang}")
        }
        if not named:
            return None
        there = self.workspace.fetch(DOCUMENTS, named)
        if any(id not in there or there[id].sha != sha for id, sha in named.items()):
            return None
        # In the order in which the stages see them.
        documents = [there[id] for id in self.workspace.index(DOCUMENTS) if id in there]
        try:
            shown = {document.id: shown_in(data, document) for document in documents}
        except StaleTextError:
            return None
        group = self._group(documents)
        layers = self.workspace.fetch(self._combined, [document.id for document in documents])
        if all(is_current(layers.get(d.id), d, self.version) for d in documents):
            return _filled(group, layers), shown
        return self._annotated(group), shown

    def _group(self, documents: Sequence[Document]) -> Group:
        segments = self.workspace.fetch(SEGMENTS, [document.id for document in documents])
        alignments = self.workspace.fetch(ALIGNMENTS, {document.pair for document in documents})
        try:
            return stored_group(documents, segments, alignments)
        except (InputError, StaleTextError):
            return self.pipeline.segmented(documents)

    def _annotated(self, group: Group) -> Annotated:
        """The group, annotated now, as it would come back from the workspace."""
        found = within(
            self.pipeline.annotate(group), self.recipe.scheme, dict(self.recipe.names_now), StageReport("predict")
        )
        rows = []
        for item in found.group.items:
            d = item.document
            relations = tuple(r for r in found.relations if r.head.document == d.id)
            rows.append(layer_row(Layer(d.id, d.sha, COMBINED, self.version, item.entities, item.claims, relations)))
        # Scores are stored with fewer digits than they have here, which rounding would show.
        kept = pa.Table.from_pylist(rows, schema=self._combined.schema).to_pylist()
        return _filled(found.group, {row["document"]: layer_from_row(row) for row in kept})


def _filled(group: Group, layers: Mapping[str, Layer]) -> Annotated:
    """The group with these layers as its pre-annotation."""
    items = tuple(
        replace(item, entities=layers[item.document.id].entities, claims=layers[item.document.id].claims)
        for item in group.items
    )
    relations = tuple(r for item in group.items for r in layers[item.document.id].relations)
    return Annotated(replace(group, items=items), (), relations)


def texts_of(data: Mapping[str, Any], number: Any = None) -> list[Document]:
    """Documents made of the texts of a task that is not of this workspace.

    These are its fields `text_en` and `text_zh`; where there are none, its one field that is a text, in the language that
    it is in. InputError where there is no text, or one too long.

    >>> [(document.lang, document.text) for document in texts_of({"text": "房租下降。"}, 7)]
    [('zh', '房租下降。')]
    """
    texts = {lang: data.get(f"text_{lang}") for lang in LANGUAGES}
    found = {lang: text for lang, text in texts.items() if isinstance(text, str) and _says(text, PLACEHOLDERS[lang])}
    if not found and not any(name in data for name in ("text_en", "text_zh")):
        values = [data["text"]] if isinstance(data.get("text"), str) else list(data.values())
        written = [value for value in values if isinstance(value, str) and value.strip()]
        if len(written) == 1:
            found = {detect_language(written[0]): written[0]}
    if not found:
        raise InputError("the task has no text; expected it in text_en and text_zh, or in one field")
    if long := next((lang for lang, text in found.items() if len(text) > LONGEST), None):
        raise InputError(f"its text in {long!r} has {len(found[long])} characters; at most {LONGEST} are read here")
    pair = f"task-{number}" if len(found) == 2 else ""
    return [Document(f"task-{number}.{lang}", pair, lang, text) for lang, text in found.items()]


def _says(text: str, placeholder: str) -> bool:
    return bool(text.strip()) and text != placeholder


def controls(config: str) -> Mapping[str, frozenset[str]] | None:
    """What a configuration of Label Studio has: the values of each named tag; None where it cannot be read.

    >>> dict(controls('<View><Labels name="l" toName="t"><Label value="A" alias="a"/></Labels></View>') or {})
    {'l': frozenset({'a'})}
    """
    if "<!" in config.replace("<!--", ""):
        # A document type, whose entities can unfold without end; Label Studio's configurations have none.
        return None
    try:
        root = ElementTree.fromstring(config)
    except (ElementTree.ParseError, ValueError):
        return None
    return {
        name: frozenset(child.get("alias") or child.get("value") or "" for child in element)
        for element in root.iter()
        if (name := element.get("name"))
    }


def misfit(result: Sequence[Json], allowed: Mapping[str, frozenset[str]] | None) -> str:
    """Why Label Studio would refuse a result in a project with these controls; "" where it would not.

    >>> region = {"type": "labels", "from_name": "l", "to_name": "t", "value": {"labels": ["B"]}}
    >>> misfit([region], {"l": frozenset("A"), "t": frozenset()})
    "the project's configuration has no 'B' in 'l'; bring it up to date with: hemu push"
    """
    if allowed is None:
        return ""
    advice = "bring it up to date with: hemu push"
    for region in result:
        if region["type"] == "relation":
            continue
        name, value = region["from_name"], region["value"]
        for needed in (name, region["to_name"]):
            if needed not in allowed:
                return f"the project's configuration has no {needed!r}; {advice}"
        chosen = [*value.get("labels", ()), *value.get("choices", ()), *(p[-1] for p in value.get("taxonomy", ()))]
        for choice in chosen:
            if choice not in allowed[name]:
                return f"the project's configuration has no {choice!r} in {name!r}; {advice}"
    return ""
