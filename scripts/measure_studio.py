"""Push many articles to a Label Studio of its own, pull many annotations from it, and count what is lost.

    HEMU_STUDIO_ENV=… python scripts/measure_studio.py --tasks 10000 --kills 3

Beside it, in the same run and on the same server, the same tasks are imported and exported by the bare SDK, without a
prediction kept, without anything proved. With `--kills` the server is killed (kill -9) that often in another push, started
again, and the push repeated until it goes through. The articles are made up; everything lies in a folder that is deleted.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from annotators.studio.client import CHUNK, Studio, chunks, connect
from annotators.studio.config import instruction, labeling_config
from annotators.studio.convert import prediction_of, task_of
from annotators.studio.pull import pull
from annotators.studio.push import PushItem, push
from annotators.studio.server import Server
from annotators.studio.tables import ANNOTATIONS, PUSHED
from corpus.document import Document, Entity, Group, Item, Segments, Span
from corpus.errors import HemuError, StudioError
from corpus.schema import DOCUMENTS
from corpus.store import Workspace

MARKS = 12
SENTENCE = "Mayor Lin Yue of Qingpu told the board that town {} will build three hundred flats by May. "


def text_of(number: int) -> str:
    return "".join(SENTENCE.format(number * 100 + line) for line in range(MARKS))


def document_of(number: int) -> Document:
    return Document(f"a{number}.en", f"a{number}", "en", text_of(number))


class Items:
    """The articles with their marks, made anew each time they are gone through, so that no memory holds them."""

    def __init__(self, count: int, version: str = "v1") -> None:
        self.count, self.version = count, version

    def __iter__(self) -> Iterator[PushItem]:
        for number in range(self.count):
            document = document_of(number)
            marks, at = [], 0
            for _ in range(MARKS):
                at = document.text.index("Lin Yue", at) + 1
                marks.append(Entity(Span.of(document.text, at - 1, at + 6), "OFFICIAL", 0.9, "rules"))
            item = Item(document, Segments(document.id, document.sha, ()), tuple(marks))
            yield PushItem(Group((item,)), (), self.version)


def workspace_of(root: Path, count: int) -> Workspace:
    workspace = Workspace.create(root)
    for numbers in chunks(range(count), 1000):
        workspace.append(DOCUMENTS, [document_of(number) for number in numbers])
    return workspace


def bare_import(studio: Studio, workspace: Workspace, count: int, title: str) -> int:
    """What the SDK takes to import tasks with predictions in chunks of the same size."""
    scheme = workspace.scheme
    project = studio.find_or_create_project(title, labeling_config(scheme), instruction(scheme))
    tasks = (
        {"data": task_of(i.group), "predictions": [prediction_of(i.group, (), i.version, scheme)]} for i in Items(count)
    )
    for chunk in chunks(tasks, CHUNK):
        studio.sdk.projects.import_tasks(project, request=chunk, return_task_ids=True)
    return project


def annotate_all(server: Server, project: int) -> int:
    """Annotations from all predictions, made by the server's own code: over its interface 10,000 take half an hour."""
    code = (
        "from tasks.models import Annotation, Prediction\n"
        "from projects.models import Project\n"
        f"project = Project.objects.get(pk={project})\n"
        "rows = [Annotation(task=p.task, project=project, completed_by=project.created_by, result=p.result, lead_time=1.5,"
        " parent_prediction=p, prediction={'id': p.id, 'model_version': p.model_version, 'result': p.result},"
        " result_count=len(p.result)) for p in Prediction.objects.filter(project=project).select_related('task')]\n"
        "Annotation.objects.bulk_create(rows, batch_size=500)\n"
        "from tasks.models import Task\n"
        "from datetime import timedelta\n"
        "from django.utils.timezone import now\n"
        # A while ago: what changed within the last minutes is looked at by the next pull once more.
        "when = now() - timedelta(minutes=10)\n"
        "Task.objects.filter(project=project).update(total_annotations=1, is_labeled=True, updated_at=when)\n"
        "print('made', len(rows))\n"
    )
    environment = {**os.environ, "LABEL_STUDIO_BASE_DATA_DIR": str(server.data), "DJANGO_DB": "sqlite"}
    environment |= {
        "COLLECT_ANALYTICS": "false",
        "SENTRY_DSN": "",
        "DJANGO_SETTINGS_MODULE": "core.settings.label_studio",
    }
    program = server.environment / "bin" / "label-studio"
    answer = subprocess.run(
        [program, "shell", "--data-dir", str(server.data)], input=code, env=environment, capture_output=True, text=True
    )
    found = [line for line in answer.stdout.splitlines() if "made " in line]
    if not found:
        raise SystemExit(f"no annotations were made: {answer.stdout[-500:]} {answer.stderr[-1500:]}")
    return int(found[-1].rpartition(" ")[2])


def peak() -> float:
    """The most memory that this process ever had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def reset_peak() -> float:
    """Forget the most memory so far where the system can; returns what is in use now, in MB."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return peak()
    return high_water()


def high_water() -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    return peak()


def check(studio: Studio, project: int, count: int) -> dict[str, int]:
    """What is there in the end."""
    tasks = list(studio.tasks(project))
    keys = Counter(task.key for task in tasks)
    return {
        "tasks": len(tasks),
        "articles": len(keys),
        "twice": sum(number > 1 for number in keys.values()),
        "with the prediction": sum(task.versions == {"v1"} for task in tasks),
        "missing": count - len(keys),
    }


def predictions(studio: Studio, project: int) -> int:
    """How many predictions the project has, as the server counts them."""
    return int(studio.sdk.projects.get(project).total_predictions_number or 0)


class Killer:
    """Kills the server each time that a push has come past one of `marks` (how many items), while the next chunk is sent."""

    def __init__(self, server: Server, marks: list[int]) -> None:
        self.server, self.marks, self.done, self.killed = server, marks, 0, 0

    def progress(self, more: int) -> None:
        self.done += more
        if self.marks and self.done >= self.marks[0]:
            self.marks.pop(0)
            threading.Timer(0.3, self.kill).start()

    def kill(self) -> None:
        if pid := self.server.status().pid:
            os.killpg(os.getpgid(pid), signal.SIGKILL)
            self.killed += 1


def killed_push(server: Server, workspace: Workspace, count: int, kills: int) -> dict[str, Any]:
    """Push while the server is killed, start it again, and push until it goes through."""
    killer = Killer(server, [count * (number + 1) // (kills + 1) for number in range(kills)])
    started, tries, failures = time.monotonic(), 0, []
    report = None
    while report is None:
        tries += 1
        if not server.status().running:
            server.start()
        killer.done = 0
        try:
            studio = connect(server.status().url, server.token())
            report = push(workspace, studio, Items(count), title="killed", progress=killer.progress)
        except StudioError as error:
            failures.append(str(error))
            if tries > kills + 3:
                raise
    studio = connect(server.status().url, server.token())
    project = studio.find_project("killed")
    assert project is not None
    return {
        "project": project,
        "killed": killer.killed,
        "pushes": tries,
        "seconds": round(time.monotonic() - started, 1),
        "failures": failures,
        **check(studio, project, count),
        "predictions": predictions(studio, project),
        "kept copies": len(workspace.index(PUSHED)),
    }


def measure(
    server: Server, studio: Studio, workspace: Workspace, count: int, timed: Callable[..., Any], found: dict[str, Any]
) -> None:
    """What a push and a pull take, beside the bare SDK, and what is there in the end."""
    bare = timed("bare import", lambda: bare_import(studio, workspace, count, "bare"))
    timed("push", lambda: push(workspace, studio, Items(count), title="pushed"))
    timed("push again", lambda: push(workspace, studio, Items(count), title="pushed"))
    project = studio.find_project("pushed")
    assert project is not None
    found["pushed"] = check(studio, project, count)
    server.stop()
    found["annotations"] = annotate_all(server, project)
    annotate_all(server, bare)
    server.start()
    studio = connect(server.status().url, server.token())
    timed("bare export", lambda: len(studio.export(bare)))
    timed("pull", lambda: pull(workspace, studio, title="pushed"))
    timed("pull again", lambda: pull(workspace, studio, title="pushed"))
    rows = list(workspace.current(ANNOTATIONS))
    found["pulled"] = {
        "annotations": len(rows),
        "articles": len({row.layer.document for row in rows}),
        "marks": sum(len(row.layer.entities) for row in rows),
        "lost marks": count * MARKS - sum(len(row.layer.entities) for row in rows),
    }
    del rows
    for ours, bare_one in (("push", "bare import"), ("pull", "bare export")):
        found[f"{ours} to {bare_one}"] = round(found[ours]["seconds"] / found[bare_one]["seconds"], 2)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--only-kills", action="store_true", help="leave out the times")
    parser.add_argument("--port", type=int, default=8395)
    arguments = parser.parse_args()
    count: int = arguments.tasks
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="hemu-measure-") as folder:
        root = Path(folder)
        server = Server(root / "server")
        url = server.start(arguments.port).url
        try:
            studio = connect(url, server.token())
            workspace = workspace_of(root / "news", count)

            def timed(what: str, call: Any) -> Any:
                before = reset_peak()
                started = time.monotonic()
                result = call()
                seconds = time.monotonic() - started
                found[what] = {"seconds": round(seconds, 1), "MB before": round(before), "MB most": round(high_water())}
                print(what, found[what], file=sys.stderr, flush=True)
                return result

            if not arguments.only_kills:
                measure(server, studio, workspace, count, timed, found)
            if arguments.kills:
                other = workspace_of(root / "killed", count)
                found["killed"] = killed_push(server, other, count, arguments.kills)
                again = found["killed"]["project"]
                server.stop()
                made = annotate_all(server, again)
                server.start()
                report = pull(other, connect(url, server.token()), title="killed")
                found["killed"] |= {"annotations": made, "pulled": report.done, "rows": len(other.index(ANNOTATIONS))}
        except HemuError as error:
            print(error, file=sys.stderr)
            return 1
        finally:
            server.stop()
            print(json.dumps(found, indent=1, ensure_ascii=False))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
