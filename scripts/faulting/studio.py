"""Faults between hemu and a real Label Studio: at each request of push and pull, and what the server holds afterwards."""

from __future__ import annotations

import os
import random
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from faulting.kill import Result, ended, result
from faulting.proxy import ANSWERS, AROUND, Proxy
from faulting.runs import Ran, forked
from faulting.stages import Bench
from faulting.state import state_of


class Service:
    """A Label Studio of its own behind a proxy, for as long as the context lasts."""

    def __init__(self, folder: Path) -> None:
        from annotators.studio.server import Server, free_port

        self.server = Server(folder / "studio")
        self.port = free_port()

    def __enter__(self) -> Service:
        from annotators.studio.client import connect

        url = self.server.start(self.port, timeout=600).url
        self.token = self.server.token()
        self.direct = connect(url, self.token)
        self.proxy = Proxy(url)
        return self

    def __exit__(self, *_: object) -> None:
        self.server.stop()

    def kill(self) -> None:
        """kill -9 of the server with all its processes."""
        status = self.server.status()
        if status.pid:
            os.killpg(os.getpgid(status.pid), signal.SIGKILL)

    def restart(self, *, hard: bool) -> None:
        """Stop the server, gently or not, and start it again."""
        if hard:
            self.kill()
            time.sleep(1)
        else:
            self.server.stop()
        self.server.start(self.port, timeout=600, back_up=False)


class Case:
    """One workspace and one project of the server."""

    number = 0

    def __init__(self, bench: Bench, service: Service) -> None:
        Case.number += 1
        self.bench, self.service = bench, service
        self.title = f"faults {os.getpid()} {Case.number}"
        self.place = bench.folder / f"studio-{Case.number}"
        shutil.copytree(bench.before("annotated"), self.place)
        self.root = self.place / "w"
        text = (self.root / "hemu.toml").read_text(encoding="utf-8")
        said = f'[studio]\nurl = "{service.proxy.url}"\nproject = "{self.title}"\n'
        text = text.replace("[studio]\n", "[studio_before]\n") + "\n" + said
        (self.root / "hemu.toml").write_text(text, encoding="utf-8")
        self.more = {"HEMU_STUDIO_TOKEN": service.token}

    def hemu(self, *command: str) -> Ran:
        """`hemu push` or `pull` in a fork, which the proxy may kill."""

        def started(number: int) -> None:
            self.service.proxy.victim = number

        ran = forked([*command, "-w", "w"], self.place, started=started, more=self.more)
        self.service.proxy.victim = 0
        return ran

    def project(self) -> int:
        found = self.service.direct.find_project(self.title)
        if found is None:
            raise AssertionError("there is no project")
        return found

    def annotate(self) -> int:
        """Submit every prediction, as a browser does; how many."""
        project = self.project()
        tasks = list(self.service.direct.tasks(project))
        for task in tasks:
            made = self.service.direct.predictions(project, task.id)[-1]["result"]
            self.service.direct.sdk.annotations.create(id=task.id, result=made, lead_time=9.0)
        return len(tasks)

    def wrong_on_server(self) -> str:
        """What is wrong with what the server holds after a push that went through: "" where nothing is."""
        from annotators.studio.tables import PUSHED
        from corpus.store import Workspace

        studio = self.service.direct
        projects = [
            p.id for p in studio.sdk.projects.list(include="id,title", title=self.title) if p.title == self.title
        ]
        if len(projects) != 1:
            return f"{len(projects)} projects"
        tasks = list(studio.tasks(projects[0]))
        keys = [task.key for task in tasks]
        if len(set(keys)) != len(keys):
            return f"{len(keys) - len(set(keys))} tasks are there twice"
        pushed = {row.key: row for row in Workspace.open(self.root).current(PUSHED)}
        wanted = len({path.name.split(".")[0] for path in self.bench.articles.iterdir()})
        if len(keys) != wanted:
            return f"{len(keys)} tasks instead of {wanted}"
        if pushed.keys() != set(keys):
            return f"the table has {len(pushed)} tasks, the server {len(keys)}"
        for task in tasks:
            if pushed[task.key].task != task.id:
                return f"the table has task {pushed[task.key].task} for {task.id}"
            there = studio.predictions(projects[0], task.id)
            if len(there) != 1:
                return f"task {task.id} has {len(there)} predictions"
            if studio.shown_version(projects[0]) != there[0]["model_version"]:
                return "annotators are shown no prediction"
        return ""

    def wrong_in_workspace(self, annotations: int) -> str:
        """What is wrong with what was pulled."""
        from annotators.studio.tables import ANNOTATIONS
        from corpus.schema import layers_table
        from corpus.store import Workspace

        workspace = Workspace.open(self.root)
        rows = list(workspace.current(ANNOTATIONS))
        if len(rows) != 2 * annotations or any(row.withdrawn for row in rows):
            return f"{len(rows)} rows instead of {2 * annotations}"
        proposed = {layer.document: layer for layer in workspace.current(layers_table("combined"))}
        for row in rows:
            mine = [(e.start, e.end, e.label) for e in row.layer.entities]
            if mine != [(e.start, e.end, e.label) for e in proposed[row.layer.document].entities]:
                return f"{row.layer.document} has other marks"
        return ""


def smaller_chunks() -> None:
    """Have this process, and its forks, send and fetch a few tasks at a time, so that there are more requests to hit."""
    import annotators.studio.pull as pull
    import annotators.studio.push as push

    push.CHUNK = 4
    pull._CHUNK = 4
    push.chunks.__defaults__ = (4,)


def _faults(count: int, most: int, draw: random.Random) -> list[tuple[str, int]]:
    """Kills at every request, every other fault at some."""
    kills = [(fault, at) for at in range(1, count + 1) for fault in ("killed before", "killed after")]
    others = [fault for fault in [*ANSWERS, *AROUND] if not fault.startswith("killed")]
    return kills + [
        (fault, at) for fault in others for at in sorted(draw.sample(range(1, count + 1), min(most, count)))
    ]


def _judged(ran: Ran, fault: str, at: int) -> str:
    if fault.startswith("killed"):
        return "" if ran.killed else f"was not killed: {ran.said[-200:]}"
    return ended(ran, dies=False)


def faults(bench: Bench, names: list[str], most: int, seed: int) -> Iterator[Result]:
    """Each fault at a request of push, then of pull; then the same command again."""
    smaller_chunks()
    with Service(bench.folder) as service:
        proxy = service.proxy
        case = Case(bench, service)
        proxy.begin()
        if case.hemu("push").code or case.wrong_on_server():
            raise SystemExit(f"faults: push does not work undisturbed: {case.wrong_on_server()}")
        pushing = list(proxy.seen)
        for fault, at in _faults(len(pushing), most, random.Random(f"{seed} push")):
            if not names or "push" in names or (fault in names):
                yield _push(bench, service, fault, at)
        if names and not {"pull", "server"} & set(names):
            return
        annotated = case.annotate()
        proxy.begin()
        pulled = shutil.copytree(case.place, bench.folder / "pulled")
        if case.hemu("pull").code or case.wrong_in_workspace(annotated):
            raise SystemExit(f"faults: pull does not work undisturbed: {case.wrong_in_workspace(annotated)}")
        pulling = list(proxy.seen)
        if not names or "pull" in names:
            for fault, at in _faults(len(pulling), most, random.Random(f"{seed} pull")):
                shutil.rmtree(case.place)
                shutil.copytree(pulled, case.place)
                yield _pull(case, annotated, fault, at)
        if not names or "server" in names:
            yield from _restarts(bench, service, len(pushing))


def hit_at(fault: str, at: int) -> Callable[[int, str, str], str]:
    """The plan for a `Proxy` that has the fault happen at one request."""
    # A token that is no longer good stays so; what is unwell for a moment may be tried again by the client.
    lasting = fault == "401"
    return lambda number, method, path: fault if number == at or (lasting and number > at) else "pass"


def _push(bench: Bench, service: Service, fault: str, at: int, also: Callable[[], None] | None = None) -> Result:
    case = Case(bench, service)
    service.proxy.begin(hit_at(fault, at), also)
    ran = case.hemu("push")
    where = service.proxy.done[0] if service.proxy.done else f"{fault}: request {at} was not made"
    problem = _judged(ran, fault, at) if service.proxy.done else ""
    return pushed_again(case, ran, problem, where)


def pushed_again(case: Case, ran: Ran, problem: str, where: str, kind: str = "Label Studio") -> Result:
    """Push once more, without a fault: the server has to hold each article once then."""
    case.service.proxy.begin()
    again = case.hemu("push")
    if not problem and again.code:
        problem = f"the next run fails: {again.said[-300:]}"
    problem = problem or case.wrong_on_server()
    return result(kind, "push", where, ran, problem)


def _pull(case: Case, annotated: int, fault: str, at: int) -> Result:
    proxy = case.service.proxy
    proxy.begin(hit_at(fault, at))
    ran = case.hemu("pull")
    where = proxy.done[0] if proxy.done else f"{fault}: request {at} was not made"
    problem = _judged(ran, fault, at) if proxy.done else ""
    return pulled_again(case, annotated, ran, problem, where)


def pulled_again(case: Case, annotated: int, ran: Ran, problem: str, where: str, kind: str = "Label Studio") -> Result:
    """Pull once more, without a fault: everything has to be there then, and a third time has to change nothing."""
    case.service.proxy.begin()
    again = case.hemu("pull")
    if not problem and again.code:
        problem = f"the next run fails: {again.said[-300:]}"
    problem = problem or case.wrong_in_workspace(annotated)
    before = state_of(case.root).rows
    third = case.hemu("pull")
    if not problem and (third.code or state_of(case.root).rows != before):
        problem = f"a further pull does something: {third.said[-200:]}"
    return result(kind, "pull", where, ran, problem)


def _restarts(bench: Bench, service: Service, count: int) -> Iterator[Result]:
    """The server is stopped or killed at a request of push, and started again while push goes on or after it."""
    for hard in (False, True):
        for at in sorted({2, count // 2, count - 2}):
            begun: list[threading.Thread] = []

            def restart(hard: bool = hard, begun: list[threading.Thread] = begun) -> None:
                begun.append(threading.Thread(target=service.restart, kwargs={"hard": hard}))
                begun[0].start()
                time.sleep(0.05)

            case = Case(bench, service)
            service.proxy.begin(hit_at("slow" if not hard else "restarted", at), restart)
            ran = case.hemu("push")
            where = f"the server is {'killed' if hard else 'stopped'} and started again at {' '.join(service.proxy.done[:1])}"
            for thread in begun:
                thread.join()
            yield pushed_again(case, ran, ended(ran, dies=False), where, "Label Studio restarts")
