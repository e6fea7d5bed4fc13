"""Benchmarks against a real Label Studio: hemu annotates in batches and pushes; Label Studio's own way is a machine learning
backend that it asks for one task after the other ("Retrieve predictions").

Used by scripts/bench.py; Label Studio must be installed (`hemu studio install`, or HEMU_STUDIO_ENV names its environment).
The backend here is that of the documentation: HTTP, /health, /setup and /predict, bare spaCy and LAC behind it, one task a
request. What hemu does is timed from texts to predictions on the server: segmentation, alignment, annotation, push. Rates
are of processor time, that of the server and of this process together, so that what else the machine does is not counted.
"""

from __future__ import annotations

import json
import os
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from annotators.pipeline import Pipeline, load
from annotators.registry import DEFAULT
from annotators.studio.client import CHUNK, Studio, chunks, connect
from annotators.studio.config import instruction, labeling_config
from annotators.studio.convert import prediction_of, task_of
from annotators.studio.push import PushItem, push
from annotators.studio.server import Server
from corpus.document import Document, Entity, Group, Item, Lang, Segments, Span, without_overlaps
from corpus.schema import DOCUMENTS
from corpus.scheme import Scheme, load_scheme
from corpus.store import Workspace

Groups = list[list[Document]]
Marks = list[tuple[int, int, str]]
Models = Callable[[str, Lang], Marks]
"""Bare models: stretches of a text with labels."""

LABELS = {
    **{"PERSON": "PERSON", "ORG": "ORG", "GPE": "PLACE", "LOC": "PLACE", "FAC": "PLACE", "LAW": "POLICY"},
    **{"PER": "PERSON"},
}
# What is asked for in one go: a request to Label Studio that takes longer than a minute or two is given up.
AT_ONCE = 50


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


def rates(groups: Callable[[int], Groups], models: Models, say: Callable[[str], None]) -> list[dict[str, Any]]:
    """Tasks a second of processor time, of hemu and of Label Studio with its backend on one server; `groups(turn)` are the articles."""
    pipelines = {"annotate and push": load(DEFAULT), "annotate --fast and push": load(DEFAULT, True)}
    warm = groups(0)
    for pipeline in pipelines.values():
        _annotated(pipeline, warm)
    for group in warm:
        for document in group:
            models(document.text, document.lang)
    results: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix="hemu-bench-") as name, _server(Path(name)) as (studio, spent):

        def rate(count: int, run: Callable[[], Any], what: str) -> float:
            began, busy = time.perf_counter(), spent()
            run()
            seconds, busy = time.perf_counter() - began, spent() - busy
            say(f"{what}: {count} tasks in {seconds:.1f} s, {busy:.1f} s of one core")
            return count / busy

        own = groups(1)
        reference = rate(len(own), lambda: _asked(studio, own, models, "asked"), "Label Studio asks the backend")
        only = rate(len(own), lambda: _asked(studio, own, lambda *_: [], "nothing"), "the same, empty answers")
        for turn, (what, pipeline) in enumerate(pipelines.items(), 2):
            own = groups(turn)
            workspace = Workspace.create(Path(name) / f"w{turn}")
            workspace.append(DOCUMENTS, [document for group in own for document in group])

            run = partial(_annotate_and_push, pipeline, own, workspace, studio, what)
            results.append(_result(what, rate(len(own), run, what), "one task at a time", reference))
        ready = _annotated(pipelines["annotate --fast and push"], groups(4))
        workspace = Workspace.create(Path(name) / "ready")
        workspace.append(DOCUMENTS, [item.document for i in ready for item in i.group.items])
        pushed = rate(len(ready), lambda: push(workspace, studio, ready, title="ready"), "push alone")
        results.append(_result("push of what is annotated", pushed, "one empty task at a time", only))
    return results


def _annotate_and_push(pipeline: Pipeline, groups: Groups, workspace: Workspace, studio: Studio, title: str) -> None:
    push(workspace, studio, _annotated(pipeline, groups), title=title)


def _result(name: str, ours: float, against: str, theirs: float) -> dict[str, Any]:
    found = {"name": name, "hemu": round(ours, 2), "against": against, "bare": round(theirs, 2)}
    return {**found, "ratio": round(ours / theirs, 2), "unit": "tasks"}


def _annotated(pipeline: Pipeline, groups: Groups) -> list[PushItem]:
    made = [pipeline.annotate(pipeline.segmented(documents)) for documents in groups]
    return [PushItem(m.group, m.relations, "v1") for m in made]


def _asked(studio: Studio, groups: Groups, models: Models, title: str) -> None:
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
    """A server of its own, and what tells how many seconds of processor time it and this process have had."""
    server = Server(folder / "server")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    try:
        status = server.start(port, loopback_backend=True)
        yield connect(status.url, server.token()), lambda: time.process_time() + _spent(status.pid or 0)
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
