"""Pre-annotation in batches and a push, against Label Studio's own way: it asks a machine learning backend with bare
models (spaCy, LAC) for one task after the other. From texts to predictions on a real server.

"of processor time": tasks a second of it, hemu in one process; that of the server is counted, what else the machine does is
not. "by the clock": tasks a second as one who waits for them sees it, hemu with as many processes as it takes by itself,
their start and the loading of the models in them counted, the backend with its models loaded. The rows with "push" leave
the models out: pushing what is annotated against a backend that answers at once with nothing.
"""

# Label Studio must be installed (`hemu studio install`, or HEMU_STUDIO_ENV names its environment). The backend is that of the
# documentation: HTTP, /health, /setup and /predict, one task a request.
from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

from annotators.pipeline import Pipeline, load
from annotators.registry import DEFAULT
from annotators.stage import annotate_workspace, stored_annotations
from annotators.studio.client import CHUNK, Studio, chunks, connect
from annotators.studio.config import instruction, labeling_config
from annotators.studio.convert import prediction_of, task_of
from annotators.studio.push import PushItem, push
from annotators.studio.server import Server, free_port
from benchmarks.bare import Marker
from benchmarks.measuring import Result
from benchmarks.texts import Groups, Versions
from corpus.align import align_workspace
from corpus.document import Document, Entity, Group, Item, Lang, Segments, Span, without_overlaps
from corpus.schema import DOCUMENTS
from corpus.scheme import Scheme, load_scheme
from corpus.segment import segment_workspace
from corpus.store import Workspace

Models = Callable[[str, Lang], Sequence[tuple[int, int, str]]]
"""Bare models: stretches of a text with labels."""

LABELS = {
    **{"PERSON": "PERSON", "ORG": "ORG", "GPE": "PLACE", "LOC": "PLACE", "FAC": "PLACE", "LAW": "POLICY"},
    **{"PER": "PERSON"},
}
# What is asked for in one go: a request to Label Studio that takes longer than a minute or two is given up.
AT_ONCE = 50


class Rate(NamedTuple):
    """Tasks a second, of processor time and by the clock."""

    processor: float
    clock: float


def run(options: argparse.Namespace) -> list[Result]:
    models, versions = Marker(), Versions()
    pipelines = {"annotate and push": load(DEFAULT), "annotate --fast and push": load(DEFAULT, True)}
    warm = versions.some(options.tasks)
    for pipeline in pipelines.values():
        annotated(pipeline, warm)
    for group in warm:
        for document in group:
            models(document.text, document.lang)
    results: list[Result] = []
    with tempfile.TemporaryDirectory(prefix="hemu-bench-") as name, _server(Path(name)) as (studio, spent):

        def rate(what: str, work: Callable[[], Any]) -> Rate:
            began, busy = time.perf_counter(), spent()
            work()
            seconds, busy = time.perf_counter() - began, spent() - busy
            print(
                f"{what}: {options.tasks} tasks in {seconds:.1f} s, {busy:.1f} s of processor time",
                file=sys.stderr,
                flush=True,
            )
            return Rate(options.tasks / busy, options.tasks / seconds)

        def space(groups: Groups) -> Workspace:
            workspace = Workspace.create(Path(name) / groups[0][0].id)
            workspace.append(DOCUMENTS, [document for group in groups for document in group])
            return workspace

        own = versions.some(options.tasks)
        asked = rate("Label Studio asks the backend", lambda: ask(studio, own, models, "asked"))
        empty = rate("the same, empty answers", lambda: ask(studio, own, lambda *_: [], "nothing"))
        for what, pipeline in pipelines.items():
            groups = versions.some(options.tasks)
            made = rate(what, partial(annotate_and_push, pipeline, groups, space(groups), studio, what))
            results.append(_row(f"{what}, of processor time", made.processor, "one task at a time", asked.processor))
        for what, fast in (("annotate and push", False), ("annotate --fast and push", True)):
            title = f"{what}, all cores"
            workspace = space(versions.some(options.tasks))
            made = rate(title, partial(as_users_do, workspace, studio, title, fast))
            results.append(_row(f"{what}, by the clock, all cores", made.clock, "one task at a time", asked.clock))
        ready = annotated(pipelines["annotate --fast and push"], versions.some(options.tasks))
        workspace = space([[item.document for item in push_item.group.items] for push_item in ready])
        pushed = rate("push alone", lambda: push(workspace, studio, ready, title="ready"))
        results.append(_row("push, of processor time", pushed.processor, "one empty task at a time", empty.processor))
        results.append(_row("push, by the clock", pushed.clock, "one empty task at a time", empty.clock))
    return results


def _row(name: str, ours: float, against: str, theirs: float) -> Result:
    found: Result = {"name": name, "hemu": round(ours, 2), "against": against, "bare": round(theirs, 2)}
    return {**found, "ratio": round(ours / theirs, 2), "unit": "tasks"}


def annotated(pipeline: Pipeline, groups: Groups) -> list[PushItem]:
    made = [pipeline.annotate(pipeline.segmented(documents)) for documents in groups]
    return [PushItem(m.group, m.relations, "v1") for m in made]


def annotate_and_push(pipeline: Pipeline, groups: Groups, workspace: Workspace, studio: Studio, title: str) -> None:
    push(workspace, studio, annotated(pipeline, groups), title=title)


def as_users_do(workspace: Workspace, studio: Studio, title: str, fast: bool) -> None:
    """What `hemu run` and `hemu push` do with the documents of a workspace."""
    segment_workspace(workspace)
    align_workspace(workspace)
    annotate_workspace(workspace, names=DEFAULT, fast=fast)
    items = [PushItem(a.group, a.relations, a.layers[0].version) for a in stored_annotations(workspace)]
    push(workspace, studio, items, title=title)


class OneByOne(ThreadingHTTPServer):
    """A backend as the documentation has it: asked for several tasks it answers for the first, and is asked for each then."""

    daemon_threads = True

    def __init__(self, scheme: Scheme, models: Models) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.scheme, self.models = scheme, models

    def predict(self, data: dict[str, Any]) -> dict[str, Any]:
        items = []
        for lang in ("en", "zh"):
            if data[f"doc_{lang}"]:
                document = Document(data[f"doc_{lang}"], data["pair"], lang, data[f"text_{lang}"])
                marks = [
                    Entity(Span.of(document.text, start, end), LABELS[label])
                    for start, end, label in self.models(document.text, lang)
                    if label in LABELS
                ]
                items.append(Item(document, Segments(document.id, document.sha, ()), without_overlaps(marks)))
        return prediction_of(Group(tuple(items)), (), "bare", self.scheme)


class _Handler(BaseHTTPRequestHandler):
    server: OneByOne
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer({"status": "UP", "model_class": "OneByOne"})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"{}")
        if self.path.startswith("/predict"):
            made = self.server.predict(body["tasks"][0]["data"])
            self._answer({"results": [{"result": made["result"], "score": made.get("score"), "model_version": "bare"}]})
        else:
            self._answer({"model_version": "bare"})

    def _answer(self, what: dict[str, Any]) -> None:
        body = json.dumps(what).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


def ask(studio: Studio, groups: Groups, models: Models, title: str) -> None:
    """Tasks without predictions, then Label Studio's action that asks the backend for them."""
    scheme = load_scheme()
    project = studio.find_or_create_project(title, labeling_config(scheme), instruction(scheme))
    backend = OneByOne(scheme, models)
    threading.Thread(target=backend.serve_forever, daemon=True).start()
    try:
        studio.connect_backend(project, f"http://127.0.0.1:{backend.server_address[1]}", title, "bench", "bench")
        tasks = [
            {"data": task_of(Group(tuple(Item(d, Segments(d.id, d.sha, ())) for d in documents)))}
            for documents in groups
        ]
        ids = [number for chunk in chunks(tasks, CHUNK) for number in studio.import_tasks(project, chunk)]
        for some in chunks(ids, AT_ONCE):
            studio.retrieve_predictions(project, some)
        there = int(studio.sdk.projects.get(project).total_predictions_number or 0)
        if there != len(ids):
            raise SystemExit(f"the backend left {len(ids) - there} of {len(ids)} tasks without a prediction")
    finally:
        backend.shutdown()
        backend.server_close()


@contextmanager
def _server(folder: Path) -> Iterator[tuple[Studio, Callable[[], float]]]:
    """A server of its own, and what tells the processor time of it, this process and its children that have ended."""
    server = Server(folder / "server")

    def spent() -> float:
        ended = resource.getrusage(resource.RUSAGE_CHILDREN)
        return time.process_time() + ended.ru_utime + ended.ru_stime + _spent(status.pid or 0)

    try:
        status = server.start(free_port(), loopback_backend=True)
        yield connect(status.url, server.token()), spent
    finally:
        server.stop()


def _spent(pid: int) -> float:
    """Seconds of processor time of a process and its children (Linux; elsewhere 0)."""
    try:
        values = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return 0.0
    own = sum(map(int, values[11:15])) / os.sysconf("SC_CLK_TCK")
    return own + sum(_spent(int(child)) for child in children)
