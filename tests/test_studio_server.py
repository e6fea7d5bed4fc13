"""Against a real Label Studio: the server, the client, push and pull."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import stat
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from annotators.adjudicate import adjudicate
from annotators.studio import client as client_module
from annotators.studio import server as server_module
from annotators.studio.client import Studio, connect, find_token
from annotators.studio.config import labeling_config
from annotators.studio.convert import prediction_of, task_of
from annotators.studio.pull import pull
from annotators.studio.push import PushItem, push
from annotators.studio.server import Server, default_data, default_env, install, installed
from annotators.studio.tables import ANNOTATIONS, PUSHED, Annotation
from annotators.studio.withdraw import withdraw
from corpus.document import Block, Claim, Document, Entity, Group, Item, Ref, Relation, Segments, Span, Target
from corpus.errors import StudioError
from corpus.migration import migrate
from corpus.removal import pending, record, sweep
from corpus.report import Skipped
from corpus.schema import DOCUMENTS, GOLD
from corpus.scheme import load_scheme
from corpus.store import Workspace

EN = "Mayor Lin Yue of Qingpu said 👩‍👩‍👧 the town will build 300 flats.\r\nHis rival doubts it."
ZH = "青浦镇长林岳表示，该镇将建设300套住房。𠮷\u2028对手质疑。"


def at(text: str, words: str) -> Span:
    start = text.index(words)
    return Span.of(text, start, start + len(words))


def articles(count: int, text: str = EN) -> list[Document]:
    made = []
    for number in range(count):
        made.append(Document(f"a{number}.en", f"a{number}", "en", f"{text} No. {number}"))
        made.append(Document(f"a{number}.zh", f"a{number}", "zh", f"{ZH}第{number}号"))
    return made


def item_of(en: Document, zh: Document, version: str = "v1") -> PushItem:
    lin, lin_zh = Entity(at(en.text, "Lin Yue"), "OFFICIAL", 0.9, link="Q1"), Entity(at(zh.text, "林岳"), "OFFICIAL")
    claim = Claim(
        at(en.text, "will build 300 flats"),
        "commitment",
        "support",
        "Lin Yue",
        "housing",
        (Target("300", "flats"),),
        (lin.start, lin.end),
        0.5,
    )
    group = Group(
        (Item(en, Segments(en.id, en.sha, ()), (lin,), (claim,)), Item(zh, Segments(zh.id, zh.sha, ()), (lin_zh,)))
    )
    same = Relation("same_as", Ref(en.id, "entity", lin.start, lin.end), Ref(zh.id, "entity", lin_zh.start, lin_zh.end))
    return PushItem(group, (same,), version)


def items_of(documents: list[Document], version: str = "v1") -> list[PushItem]:
    return [item_of(en, zh, version) for en, zh in zip(documents[::2], documents[1::2], strict=True)]


@pytest.fixture
def news(workspace_root: Path) -> Workspace:
    workspace = Workspace.create(workspace_root)
    workspace.append(DOCUMENTS, articles(3))
    return workspace


@pytest.fixture
def studio(studio_server: Server) -> Studio:
    return connect(studio_server.status().url, studio_server.token())


@pytest.fixture
def title(request: pytest.FixtureRequest) -> str:
    """A project for each test: the tests share one server."""
    return str(request.node.name)[:50]


def annotate(studio: Studio, task: int, result: list[Any], **more: Any) -> int:
    """What the browser sends when somebody submits."""
    return int(studio.sdk.annotations.create(id=task, result=result, lead_time=12.5, **more).id)


def predicted(studio: Studio, project: int, task: int) -> list[Any]:
    return list(studio.predictions(project, task)[-1]["result"])


@pytest.mark.studio
class TestServer:
    def test_its_secrets_are_private_and_nowhere_else(self, studio_server: Server) -> None:
        assert stat.S_IMODE(studio_server.credentials.stat().st_mode) == 0o600
        assert stat.S_IMODE(studio_server.data.stat().st_mode) == 0o700
        secrets = json.loads(studio_server.credentials.read_text())
        log = studio_server.log.read_text()
        assert secrets["token"] not in log
        assert secrets["password"] not in log
        pid = studio_server.status().pid
        command = subprocess.run(["ps", "-o", "args=", "-p", str(pid)], capture_output=True, text=True).stdout
        assert "label-studio" in command
        assert secrets["token"] not in command
        assert secrets["password"] not in command

    def test_it_listens_on_loopback_only(self, studio_server: Server) -> None:
        port = int(studio_server.status().url.rsplit(":", 1)[1])
        shown = Path("/proc/net/tcp").read_text().splitlines() if Path("/proc/net/tcp").exists() else []
        listening = [line.split()[1] for line in shown if line.split()[1].endswith(f":{port:04X}") and " 0A " in line]
        assert listening == [f"0100007F:{port:04X}"] or not shown

    def test_a_second_start_adopts_it(self, studio_server: Server) -> None:
        before = studio_server.status()
        said: list[str] = []
        assert Server(studio_server.data).start(progress=said.append) == before
        assert said == [f"already running at {before.url}"]

    def test_signing_up_needs_a_link(self, studio_server: Server) -> None:
        url = f"{studio_server.status().url}/user/signup/"
        browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
        page = browser.open(url, timeout=10).read().decode()
        (token,) = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', page)[:1]
        form = {"email": "guest@example.com", "password": "Long-enough-1", "csrfmiddlewaretoken": token}
        with pytest.raises(urllib.error.HTTPError, match="403"):
            browser.open(urllib.request.Request(url, urlencode(form).encode(), {"Referer": url}), timeout=10)

    def test_a_port_in_use_is_refused_in_one_line(self, studio_server: Server, tmp_path: Path) -> None:
        port = int(studio_server.status().url.rsplit(":", 1)[1])
        with pytest.raises(StudioError, match=rf"port {port} of 127\.0\.0\.1 is in use .*--port \d+$"):
            Server(tmp_path / "other").start(port)
        assert not (tmp_path / "other" / "server.json").exists()

    def test_it_stops_and_starts_again_with_what_it_had(
        self, studio_server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, port: int
    ) -> None:
        # An empty HOME, and settings of the user's shell that Label Studio would take for its own.
        monkeypatch.setenv("HEMU_STUDIO_ENV", str(default_env()))
        monkeypatch.setenv("HOME", "")
        monkeypatch.setenv("HOST", "not-a-url")
        monkeypatch.setenv("DEBUG", "perhaps")
        project = connect(studio_server.status().url, studio_server.token()).find_or_create_project(
            "kept", "<View/>", ""
        )
        # A copy, because a new database takes half a minute.
        shutil.copytree(studio_server.data, tmp_path / "studio", ignore=shutil.ignore_patterns("server.json", ".lock"))
        server = Server(tmp_path / "studio")
        assert server.stop() is False
        try:
            status = server.start(port)
            assert (status.running, status.healthy, status.url) == (True, True, f"http://127.0.0.1:{port}")
            assert server.stop() is True
            assert server.status().running is False
            again = server.start()
            assert again.url == status.url
            assert again.pid != status.pid
            assert connect(again.url, server.token()).find_project("kept") == project
        finally:
            server.stop()
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", port)) != 0


class TestServerWithoutLabelStudio:
    def test_not_installed(self, tmp_path: Path) -> None:
        with pytest.raises(StudioError, match="not installed there; install it with: hemu studio install"):
            Server(tmp_path / "data", tmp_path / "env").start(0)
        assert not installed(tmp_path / "env")

    def test_a_server_that_dies_says_its_last_words(self, tmp_path: Path, port: int) -> None:
        program = tmp_path / "env" / "bin" / "label-studio"
        program.parent.mkdir(parents=True)
        program.write_text("#!/bin/sh\necho 'database is broken' >&2\nexit 3\n")
        program.chmod(0o755)
        server = Server(tmp_path / "data", tmp_path / "env")
        with pytest.raises(StudioError, match=r"ended while starting: database is broken; see .*server\.log"):
            server.start(port)
        assert server.status().running is False

    def test_a_server_that_never_answers_is_ended(self, tmp_path: Path, port: int) -> None:
        program = tmp_path / "env" / "bin" / "label-studio"
        program.parent.mkdir(parents=True)
        program.write_text("#!/bin/sh\necho $$ > pid\nexec sleep 60\n")
        program.chmod(0o755)
        server = Server(tmp_path / "data", tmp_path / "env")
        with pytest.raises(StudioError, match="does not answer after 1 s"):
            server.start(port, timeout=1)
        pid = int((tmp_path / "data" / "pid").read_text())
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)

    def test_a_process_number_that_is_another_program_s_now(self, tmp_path: Path) -> None:
        server = Server(tmp_path, tmp_path / "env")
        (tmp_path / "server.json").write_text(json.dumps({"pid": os.getpid(), "born": "1", "port": 8080}))
        assert server.status().pid is None
        assert server.stop() is False

    def test_a_failed_installation_says_why_and_does_not_count(self, tmp_path: Path) -> None:
        requirements = tmp_path / "none.txt"
        requirements.write_text("hemu-no-such-package @ file:///nowhere/at/all\n")
        with pytest.raises(StudioError, match="Label Studio could not be installed: .* said: "):
            install(tmp_path / "env", requirements=requirements, python=sys.executable)
        assert not installed(tmp_path / "env")

    def test_where_things_are_by_default(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("HEMU_STUDIO_ENV", "XDG_DATA_HOME", "XDG_STATE_HOME"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("HOME", "/home/lin")
        assert default_env() == Path("/home/lin/.local/share/hemu/studio-env")
        assert default_data("team") == Path("/home/lin/.local/state/hemu/studio/team")
        monkeypatch.setenv("XDG_STATE_HOME", "/state")
        monkeypatch.setenv("HEMU_STUDIO_ENV", "/opt/ls")
        assert default_data() == Path("/state/hemu/studio/default")
        assert default_env() == Path("/opt/ls")
        monkeypatch.setenv("HOME", "")
        assert server_module.home().is_absolute()


class TestConnecting:
    def test_nothing_answers(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{probe.getsockname()[1]}"
        with pytest.raises(StudioError, match=r"nothing answers there; start Label Studio with: hemu studio start$"):
            connect(url, "0" * 40)

    @pytest.mark.parametrize("url", ["", "localhost:8080", "ftp://localhost", "http://"])
    def test_no_address(self, url: str) -> None:
        with pytest.raises(StudioError, match=r"expected one like http://127\.0\.0\.1:8080"):
            connect(url, "0" * 40)

    @pytest.mark.parametrize("token", ["", " ", "令牌", "a\nb"])
    def test_no_token(self, token: str) -> None:
        with pytest.raises(StudioError, match="token"):
            connect("http://127.0.0.1:8080", token)

    def test_a_password_in_the_address_is_refused_and_not_repeated(self) -> None:
        with pytest.raises(StudioError, match="user name or password") as raised:
            connect("http://lin:hidden-word@127.0.0.1:8080", "0" * 40)
        assert "hidden-word" not in str(raised.value)

    def test_something_else_answers(self) -> None:
        class Other(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b"hello")

            def log_message(self, *_: Any) -> None:
                pass

        with HTTPServer(("127.0.0.1", 0), Other) as other:
            threading.Thread(target=other.serve_forever, daemon=True).start()
            with pytest.raises(StudioError, match="it is no Label Studio"):
                connect(f"http://127.0.0.1:{other.server_address[1]}", "0" * 40)
            other.shutdown()

    @pytest.mark.studio
    def test_a_wrong_token(self, studio_server: Server) -> None:
        with pytest.raises(StudioError, match="the API token is refused"):
            connect(studio_server.status().url, "0" * 40)

    @pytest.mark.studio
    def test_a_proxy_is_not_asked_for_loopback(self, studio_server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
        assert connect(studio_server.status().url + "/", studio_server.token()).url == studio_server.status().url


class TestToken:
    @pytest.fixture(autouse=True)
    def no_token(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in client_module.TOKEN_VARIABLES:
            monkeypatch.delenv(name, raising=False)

    def test_from_the_environment(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv("LABEL_STUDIO_API_KEY", " abc \n")
        assert find_token(tmp_path / "none") == "abc"
        monkeypatch.setenv("HEMU_STUDIO_TOKEN", "def")
        assert find_token() == "def"

    def test_from_a_private_file(self, tmp_path: Path) -> None:
        file = tmp_path / "token"
        file.write_text("abc\n")
        file.chmod(0o600)
        assert find_token(file) == "abc"
        file.write_text('{"token": "def"}')
        assert find_token(file) == "def"
        file.write_text("")
        with pytest.raises(StudioError, match="is empty"):
            find_token(file)

    @pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
    def test_not_from_a_file_that_others_may_read(self, tmp_path: Path, mode: int) -> None:
        file = tmp_path / "token"
        file.write_text("abc")
        file.chmod(mode)
        with pytest.raises(StudioError, match=r"chmod 600 .*token$"):
            find_token(file)

    def test_from_nowhere(self, tmp_path: Path) -> None:
        with pytest.raises(StudioError, match="HEMU_STUDIO_TOKEN or LABEL_STUDIO_API_KEY"):
            find_token(tmp_path / "none")


@pytest.mark.studio
class TestPush:
    def test_once_and_again(self, news: Workspace, studio: Studio, title: str) -> None:
        items = items_of(articles(3))
        told: list[int] = []
        first = push(news, studio, iter(items), title=title, progress=told.append)
        assert (first.done, first.unchanged, first.skipped, sum(told)) == (3, 0, [], 3)
        second = push(news, studio, items, title=title)
        assert (second.done, second.unchanged, second.skipped) == (0, 3, [])
        tasks = list(studio.tasks(first.notes["project"]))  # type: ignore[arg-type]
        assert len(tasks) == 3
        assert {task.versions for task in tasks} == {frozenset({"v1"})}
        assert {task.data["text_en"] for task in tasks} == {i.group.items[0].document.text for i in items}

    def test_a_copy_of_each_prediction_is_kept(self, news: Workspace, studio: Studio, title: str) -> None:
        report = push(news, studio, items_of(articles(1)), title=title)
        (kept,) = news.read(PUSHED).values()
        assert kept.documents == ("a0.en", "a0.zh")
        (stored,) = studio.predictions(report.notes["project"], kept.task)  # type: ignore[arg-type]
        assert json.loads(kept.result) == stored["result"]

    def test_a_new_version_is_a_new_prediction_and_the_one_that_annotators_begin_from(
        self, news: Workspace, studio: Studio, title: str
    ) -> None:
        documents = articles(3)
        project: Any = push(news, studio, items_of(documents, "v1"), title=title).notes["project"]
        first = next(iter(studio.tasks(project)))
        mine = annotate(studio, first.id, [])
        report = push(news, studio, items_of(documents[:4], "v2"), title=title)
        assert (report.done, report.notes["new tasks"], report.notes["new predictions"]) == (2, 0, 2)
        # The third was not among the items, and shows what it showed.
        assert {task.versions for task in studio.tasks(project)} == {frozenset({"v1", "v2"})}
        assert studio.sdk.projects.get(project).model_version == "v2"
        assert studio.sdk.annotations.get(mine).result == []
        assert push(news, studio, items_of(documents, "v2"), title=title).unchanged == 3

    def test_items_of_several_versions_are_shown_together(self, news: Workspace, studio: Studio, title: str) -> None:
        documents = articles(2)
        items = [*items_of(documents[:2], "v1"), *items_of(documents[2:], "v2")]
        project: Any = push(news, studio, items, title=title).notes["project"]
        (shown,) = {task.versions for task in studio.tasks(project)}
        assert {studio.sdk.projects.get(project).model_version} == set(shown)
        assert {pushed.version for pushed in news.read(PUSHED).values()} == {"v1", "v2"}

    def test_an_interrupted_push_goes_on(
        self, news: Workspace, studio: Studio, title: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("annotators.studio.push.CHUNK", 1)
        items = items_of(articles(3))

        class InterruptError(Exception):
            pass

        def interrupt(_: int) -> None:
            raise InterruptError

        with pytest.raises(InterruptError):
            push(news, studio, items, title=title, progress=interrupt)
        report = push(news, studio, items, title=title)
        assert (report.done, report.unchanged) == (2, 1)
        assert len(news.read(PUSHED)) == 3
        assert len(list(studio.tasks(report.notes["project"]))) == 3  # type: ignore[arg-type]

    def test_the_copy_of_what_was_sent_before_an_interruption_is_made_up_for(
        self, news: Workspace, studio: Studio, title: str, tmp_path: Path
    ) -> None:
        other = Workspace.create(tmp_path / "other")
        push(other, studio, items_of(articles(2)), title=title)
        assert push(news, studio, items_of(articles(2)), title=title).unchanged == 2
        assert {p.task for p in news.read(PUSHED).values()} == {p.task for p in other.read(PUSHED).values()}

    def test_lost_predictions_are_noticed_and_sent_again(self, news: Workspace, studio: Studio, title: str) -> None:
        project: Any = push(news, studio, items_of(articles(1)), title=title).notes["project"]
        task = next(iter(studio.tasks(project)))
        (prediction,) = studio.predictions(project, task.id)
        studio.sdk.predictions.delete(prediction["id"])
        assert not studio.predictions(project, task.id)
        assert push(news, studio, items_of(articles(1)), title=title).notes["new predictions"] == 1
        assert predicted(studio, project, task.id) == prediction["result"]

    def test_predictions_that_the_server_dropped_on_import_are_sent_again(self, studio: Studio, title: str) -> None:
        """SQLite drops some when two import at once, and answers 201; here the tasks come without theirs."""
        item = items_of(articles(1))[0]
        scheme = load_scheme()
        project = studio.find_or_create_project(title, labeling_config(scheme), "")
        task = {"data": task_of(item.group), "predictions": [prediction_of(item.group, item.relations, "v1", scheme)]}
        ids = studio.import_tasks(project, [{"data": task["data"]}, task])
        studio._repair(project, ids, [task, task])
        assert [len(studio.predictions(project, id)) for id in ids] == [1, 1]
        assert predicted(studio, project, ids[0]) == task["predictions"][0]["result"]  # type: ignore[index]

    @pytest.mark.parametrize("name", ["ab", "n" * 51])
    def test_a_name_that_label_studio_does_not_take(self, news: Workspace, studio: Studio, name: str) -> None:
        with pytest.raises(StudioError, match=r"3 to 50 characters; see \[studio\] in hemu\.toml"):
            push(news, studio, items_of(articles(1)), title=name)

    def test_what_cannot_be_a_task_is_left_out_and_named(self, news: Workspace, studio: Studio, title: str) -> None:
        bad = Document("bad.en", "bad", "en", "a\x00b")
        items = [*items_of(articles(1)), PushItem(Group((Item(bad, Segments(bad.id, bad.sha, ())),)), (), "v1")]
        report = push(news, studio, items, title=title)
        assert report.done == 1
        (left,) = report.skipped
        assert left.what == "bad.en"
        assert "U+0000" in left.why

    def test_the_configuration_follows_the_scheme(self, news: Workspace, studio: Studio, title: str) -> None:
        project: Any = push(news, studio, items_of(articles(1)), title=title).notes["project"]
        scheme = news.root / "scheme.toml"
        scheme.write_text(scheme.read_text(encoding="utf-8").replace('en = "Firm"', 'en = "Company"'), encoding="utf-8")
        load_scheme.cache_clear()
        push(Workspace.open(news.root), studio, items_of(articles(1)), title=title)
        assert "Company" in studio.sdk.projects.get(project).label_config

    def test_the_server_refuses_what_does_not_fit_the_configuration(self, studio: Studio, title: str) -> None:
        project = studio.find_or_create_project(title, '<View><Text name="t" value="$t"/></View>', "")
        region = {"id": "a", "from_name": "no", "to_name": "t", "type": "labels", "value": {"start": 0, "end": 1}}
        task = {"data": {"t": "ab"}, "predictions": [{"model_version": "v", "result": [region]}]}
        with pytest.raises(StudioError, match="400 .*'no' not found in configuration"):
            studio.import_tasks(project, [task])
        assert list(studio.tasks(project)) == []


@pytest.mark.studio
class TestPull:
    def test_what_was_predicted_and_submitted_comes_back(self, news: Workspace, studio: Studio, title: str) -> None:
        items = items_of(articles(3))
        project: Any = push(news, studio, items, title=title).notes["project"]
        for task in studio.tasks(project):
            annotate(studio, task.id, predicted(studio, project, task.id))
        report = pull(news, studio, title=title)
        assert (report.done, report.unchanged, report.skipped) == (3, 0, [])
        rows = news.read(ANNOTATIONS).values()
        assert {row.layer.document for row in rows} == {d.id for d in articles(3)}
        pushed = {i.document.id: i for item in items for i in item.group.items}
        for row in rows:
            asked = pushed[row.layer.document]
            assert [(e.span, e.label, e.link) for e in row.layer.entities] == [
                (e.span, e.label, e.link) for e in asked.entities
            ]
            assert [replace(c, source="", score=0) for c in row.layer.claims] == [
                replace(c, source="", score=0) for c in asked.claims
            ]
            assert row.lead_time == 12.5
            assert row.counts
        assert {r.label for row in rows for r in row.layer.relations} == {"claimant", "same_as"}

    def test_annotators_are_numbers(self, news: Workspace, studio: Studio, title: str) -> None:
        project: Any = push(news, studio, items_of(articles(1)), title=title).notes["project"]
        annotate(studio, next(iter(studio.tasks(project))).id, [])
        pull(news, studio, title=title)
        stored = next(iter(news.read(ANNOTATIONS).values()))
        assert stored.annotator == stored.layer.source
        assert stored.annotator.startswith("annotator:")
        shards = b"".join(shard.read_bytes() for shard in news.shards("annotations"))
        assert server_module.USERNAME.encode() not in shards

    def test_only_what_is_new_or_changed_is_stored(self, news: Workspace, studio: Studio, title: str) -> None:
        project: Any = push(news, studio, items_of(articles(2)), title=title).notes["project"]
        first, second = studio.tasks(project)
        one = annotate(studio, first.id, [])
        assert pull(news, studio, title=title).done == 1
        again = pull(news, studio, title=title)
        assert (again.done, again.unchanged) == (0, 1)
        studio.sdk.annotations.update(one, result=predicted(studio, project, first.id))
        two = annotate(studio, second.id, [], was_cancelled=True)
        report = pull(news, studio, title=title)
        assert (report.done, report.unchanged) == (2, 0)
        current = {(row.id, row.layer.document): row for row in news.read(ANNOTATIONS).values()}
        assert len(current) == 4
        assert [len(current[one, d].layer.entities) for d in ("a0.en", "a0.zh")] == [1, 1]
        assert [current[two, d].skipped for d in ("a1.en", "a1.zh")] == [True, True]

    def test_two_opinions_on_one_task_are_both_kept(self, news: Workspace, studio: Studio, title: str) -> None:
        project: Any = push(news, studio, items_of(articles(1)), title=title).notes["project"]
        task = next(iter(studio.tasks(project)))
        ids = {annotate(studio, task.id, []), annotate(studio, task.id, predicted(studio, project, task.id))}
        assert pull(news, studio, title=title).done == 2
        assert {row.id for row in news.read(ANNOTATIONS).values()} == ids

    def test_what_was_deleted_on_the_server_no_longer_counts(self, news: Workspace, studio: Studio, title: str) -> None:
        project: Any = push(news, studio, items_of(articles(1)), title=title).notes["project"]
        task = next(iter(studio.tasks(project)))
        one = annotate(studio, task.id, [])
        pull(news, studio, title=title)
        studio.sdk.annotations.delete(one)
        assert pull(news, studio, title=title).notes["withdrawn"] == 1
        rows: list[Annotation] = list(news.read(ANNOTATIONS).values())
        assert [row.withdrawn for row in rows] == [True, True]
        assert not any(row.counts for row in rows)
        assert "withdrawn" not in pull(news, studio, title=title).notes

    def test_an_annotation_of_an_earlier_text_is_reported(self, news: Workspace, studio: Studio, title: str) -> None:
        project: Any = push(news, studio, items_of(articles(1)), title=title).notes["project"]
        one = annotate(studio, next(iter(studio.tasks(project))).id, [])
        changed = articles(1, EN + " More.")
        news.append(DOCUMENTS, changed)
        report = pull(news, studio, title=title)
        assert report.done == 0
        (left,) = report.skipped
        assert left.what.startswith(f"annotation {one} of task")
        assert "a0.en: the task was made for another version of the text" in left.why
        pushed_again = push(news, studio, items_of(changed), title=title)
        assert (pushed_again.notes["new tasks"], pushed_again.notes["tasks of earlier texts"]) == (1, 1)

    def test_marks_that_do_not_fit_are_reported_and_the_rest_is_kept(
        self, news: Workspace, studio: Studio, title: str
    ) -> None:
        project: Any = push(news, studio, items_of(articles(1)), title=title).notes["project"]
        task = next(iter(studio.tasks(project)))
        beyond = {
            "id": "x",
            "from_name": "label_en",
            "to_name": "en",
            "type": "labels",
            "value": {"start": 5, "end": 9999},
        }
        beyond["value"]["labels"] = ["PLACE"]  # type: ignore[index]
        one = annotate(studio, task.id, [*predicted(studio, project, task.id), beyond])
        report = pull(news, studio, title=title)
        assert report.done == 1
        assert report.skipped == [
            Skipped(f"annotation {one}, a0.en 5-9999", "span 5-9999 is no stretch of a text of 93 characters")
        ]
        assert {len(row.layer.entities) for row in news.read(ANNOTATIONS).values()} == {1}

    def test_there_is_no_such_project(self, news: Workspace, studio: Studio) -> None:
        with pytest.raises(StudioError, match=r"there is no project 'nowhere'; make it with: hemu push$"):
            pull(news, studio, title="nowhere")

    def test_tasks_that_others_made_are_left_alone(self, news: Workspace, studio: Studio, title: str) -> None:
        project: Any = push(news, studio, items_of(articles(1)), title=title).notes["project"]
        (other,) = studio.import_tasks(project, [{"data": {"text_en": "a", "text_zh": "b"}}])
        annotate(studio, other, [])
        report = pull(news, studio, title=title)
        assert (report.done, len(report.skipped)) == (0, 1)
        assert "was not pushed by hemu" in report.skipped[0].why
        assert push(news, studio, items_of(articles(1)), title=title).unchanged == 1


@pytest.mark.studio
class TestWithdrawn:
    """What a takedown does on the server: the tasks of withdrawn articles go, and no others."""

    def test_tasks_go_with_the_work_on_them(self, news: Workspace, studio: Studio, title: str) -> None:
        titled(news, title)
        documents = articles(3)
        project: Any = push(news, studio, items_of(documents), title=title).notes["project"]
        (other,) = studio.import_tasks(project, [{"data": {"text_en": "a", "text_zh": "b", "doc_en": "a0.en"}}])
        first, second, third, _ = studio.tasks(project)
        pulled, later = annotate(studio, first.id, []), annotate(studio, second.id, [])
        pull(news, studio, title=title)
        never = annotate(studio, first.id, predicted(studio, project, first.id))
        studio.sdk.annotations.update(pulled, result=predicted(studio, project, first.id))
        annotate(studio, third.id, [])
        record(news, ["a0.en", "a2.zh"])
        gone = withdraw(news, studio, ["a0.en", "a2.zh"])
        assert {task.task for task in gone.tasks} == {first.id, third.id}
        assert (gone.annotations, gone.elsewhere) == (3, [])
        assert set(gone.unpulled) > {pulled, never}
        assert later not in gone.unpulled
        assert {task.id for task in studio.tasks(project)} == {second.id, other}
        sweep(news, ["a0.en", "a2.zh"], deleted=gone.tasks)
        assert pending(news) == []
        # Done again it finds nothing, and what was pulled of the other version counts on.
        assert withdraw(news, studio, ["a0.en"]).tasks == []
        assert "withdrawn" not in pull(news, studio, title=title).notes
        kept = [row for row in news.read(ANNOTATIONS).values() if row.layer.document == "a0.zh"]
        assert [row.counts for row in kept] == [True]

    def test_what_was_pulled_as_it_is_is_not_called_lost(self, news: Workspace, studio: Studio, title: str) -> None:
        titled(news, title)
        project: Any = push(news, studio, items_of(articles(1)), title=title).notes["project"]
        task = next(iter(studio.tasks(project)))
        annotate(studio, task.id, predicted(studio, project, task.id))
        pull(news, studio, title=title)
        gone = withdraw(news, studio, ["a0.en"])
        assert (gone.annotations, gone.unpulled) == (1, [])

    def test_a_push_makes_up_for_a_server_that_did_not_answer(
        self, news: Workspace, studio: Studio, title: str
    ) -> None:
        documents = articles(3)
        earlier: Any = push(news, studio, items_of(documents), title=f"{title[:40]} earlier").notes["project"]
        project: Any = push(news, studio, items_of(documents), title=title).notes["project"]
        annotate(studio, next(iter(studio.tasks(project))).id, [])
        record(news, ["a0.en"])
        # Between the record and the rest, nothing of it is sent.
        held = push(news, studio, items_of(documents)[:1], title=title)
        assert [skipped.what for skipped in held.skipped] == ["a0.en + a0.zh"]
        sweep(news, ["a0.en"])
        left = items_of(documents)[1:]
        assert held.notes == {"tasks of withdrawn articles deleted": 2, "annotations deleted with them": 1}
        for number in (project, earlier):
            assert len(list(studio.tasks(number))) == 2
        assert pending(news) == []
        assert push(news, studio, left, title=title).notes == {"project": project, "new tasks": 0, "new predictions": 0}

    def test_another_text_under_the_id_of_a_withdrawn_one_stays(
        self, news: Workspace, studio: Studio, title: str
    ) -> None:
        documents = articles(1)
        project: Any = push(news, studio, items_of(documents), title=title).notes["project"]
        (old,) = studio.tasks(project)
        record(news, ["a0.en"])
        sweep(news, ["a0.en"])
        other = articles(1, EN + " Another one.")
        news.append(DOCUMENTS, other[:1])
        report = push(news, studio, items_of(other), title=title)
        assert (report.skipped, report.notes["new tasks"]) == ([], 1)
        assert report.notes["tasks of withdrawn articles deleted"] == 1
        # (A new task can get the number of the deleted one.)
        (new,) = studio.tasks(project)
        assert (old.data["sha_en"], new.data["sha_en"]) == (documents[0].sha, other[0].sha)
        assert len(news.read(PUSHED)) == 1
        again = push(news, studio, items_of(other), title=title)
        assert (again.unchanged, "tasks of withdrawn articles deleted" in again.notes) == (1, False)

    def test_tasks_on_another_server_are_named(self, news: Workspace, studio: Studio, title: str) -> None:
        push(news, studio, items_of(articles(1)), title=title)
        (pushed,) = news.read(PUSHED).values()
        news.append(PUSHED, [replace(pushed, url="http://elsewhere.example", task=99)])
        record(news, ["a0.en"])
        report = push(news, studio, [], title=title)
        assert report.notes["tasks of withdrawn articles on other servers"] == 1
        assert [task.task for task in pending(news)] == [99]


@pytest.mark.studio
class TestMigrated:
    """A project with work on it, after the label scheme of the workspace has changed."""

    def migrated(self, news: Workspace, tmp_path: Path) -> Workspace:
        text = (news.root / "scheme.toml").read_text(encoding="utf-8")
        for old, new in (("OFFICIAL", "LEADER"), ("commitment", "pledge"), ("same_as", "same"), ("CLAIM", "STATEMENT")):
            text = text.replace(f'name = "{old}"', f'name = "{new}"')
        file = tmp_path / "new.toml"
        file.write_text(text, encoding="utf-8")
        result = migrate(news, file, maps=["OFFICIAL=LEADER", "commitment=pledge", "same_as=same"])
        assert result.undecided == {}
        return Workspace.open(news.root)

    def new_items(self, documents: list[Document]) -> list[PushItem]:
        items = []
        for item in items_of(documents, "v2"):
            parts = tuple(
                replace(
                    i,
                    entities=tuple(replace(e, label="LEADER") for e in i.entities),
                    claims=tuple(replace(c, type="pledge") for c in i.claims),
                )
                for i in item.group.items
            )
            relations = tuple(replace(r, label="same") for r in item.relations)
            items.append(PushItem(replace(item.group, items=parts), relations, "v2"))
        return items

    def test_the_project_goes_on_in_the_new_names(
        self, news: Workspace, studio: Studio, title: str, tmp_path: Path
    ) -> None:
        documents = articles(3)
        project: Any = push(news, studio, items_of(documents), title=title).notes["project"]
        first, second, _ = studio.tasks(project)
        one = annotate(studio, first.id, predicted(studio, project, first.id))
        pull(news, studio, title=title)
        before = {row.layer.document: row.layer for row in news.read(ANNOTATIONS).values()}
        moved = self.migrated(news, tmp_path)
        # One article is not pushed again, and shows what it showed, in the new names.
        report = push(moved, studio, self.new_items(documents[:4]), title=title)
        assert (report.notes["new tasks"], report.notes["new predictions"], report.skipped) == (0, 2, [])
        config = studio.sdk.projects.get(project).label_config
        assert 'alias="LEADER"' in config
        assert "OFFICIAL" not in config
        for task in studio.tasks(project):
            labels = [r["value"]["labels"] for r in predicted(studio, project, task.id) if r["type"] == "labels"]
            assert labels == [["LEADER"], ["LEADER"], ["STATEMENT"]]
        # The work of before is there in the new names, its annotator's as ever, and says what it said.
        assert report.notes["annotations put into the new names"] == 1
        assert studio.sdk.annotations.get(one).result == predicted(studio, project, first.id)
        adjudicate(moved)
        assert pull(moved, studio, title=title).done == 1
        assert (adjudicate(moved).done, list(moved.read(GOLD))) == (0, ["a0.en", "a0.zh"])
        assert "annotations put into the new names" not in push(moved, studio, [], title=title).notes
        # Taken up again or submitted late from the old pre-annotation, it is read in the new names.
        old = studio.predictions(project, second.id)[0]["result"]
        late = annotate(studio, second.id, old)
        studio.sdk.annotations.update(one, result=studio.predictions(project, first.id)[0]["result"])
        report = pull(moved, studio, title=title)
        assert (report.done, report.skipped) == (2, [])
        rows = list(moved.read(ANNOTATIONS).values())
        assert {row.id for row in rows} == {one, late}
        assert {e.label for row in rows for e in row.layer.entities} == {"LEADER"}
        assert {c.type for row in rows for c in row.layer.claims} == {"pledge"}
        assert {r.label for row in rows for r in row.layer.relations} == {"claimant", "same"}
        assert {row.layer.document: len(row.layer.entities) for row in rows if row.id == one} == {
            id: len(layer.entities) for id, layer in before.items()
        }


def titled(workspace: Workspace, title: str) -> None:
    config = workspace.root / "hemu.toml"
    config.write_text(config.read_text().replace('project = "news"', f'project = "{title}"'))
    vars(workspace).pop("config", None)


SAID = "Mayor Lin Yue of Qingpu wants to build three hundred flats"
QUOTING = f"Flats\n\n{SAID}\n\nIn May 👩‍👩‍👧 {SAID}, he said."


@pytest.mark.studio
class TestPullQuotes:
    def article(self) -> Document:
        passage = QUOTING.rindex(SAID)
        start = QUOTING.index(SAID)
        block = Block(start, start + len(SAID), "pull-quote", (passage, passage + len(SAID)))
        return Document("q.en", "", "en", QUOTING, (block,))

    def item(self, document: Document, version: str = "v1") -> PushItem:
        start = QUOTING.rindex("Lin Yue")
        marks = tuple(Entity(Span.of(QUOTING, at, at + 7), "OFFICIAL") for at in (QUOTING.index("Lin Yue"), start))
        return PushItem(Group((Item(document, Segments(document.id, document.sha, ()), marks),)), (), version)

    def test_it_is_shown_once_and_marked_twice(self, workspace_root: Path, studio: Studio, title: str) -> None:
        workspace = Workspace.create(workspace_root)
        document = self.article()
        workspace.append(DOCUMENTS, [document])
        project: Any = push(workspace, studio, [self.item(document)], title=title).notes["project"]
        (task,) = studio.tasks(project)
        text = str(task.data["text_en"])
        assert text == f"Flats\n\nIn May 👩‍👩‍👧 {SAID}, he said."
        (region,) = predicted(studio, project, task.id)
        start = text.index("Qingpu")
        by_hand = {
            "id": "h",
            "from_name": "label_en",
            "to_name": "en",
            "type": "labels",
            "origin": "manual",
            "value": {"start": start, "end": start + 6, "text": "Qingpu", "labels": ["PLACE"]},
        }
        annotate(studio, task.id, [region, by_hand])
        report = pull(workspace, studio, title=title)
        assert (report.done, report.skipped) == (1, [])
        (row,) = workspace.read(ANNOTATIONS).values()
        assert [(e.start, e.span.surface, e.label) for e in row.layer.entities] == [
            (at, words, label)
            for where in (QUOTING.index(SAID), QUOTING.rindex(SAID))
            for at, words, label in ((where + 6, "Lin Yue", "OFFICIAL"), (where + 17, "Qingpu", "PLACE"))
        ]
        assert row.layer.sha == document.sha

    def test_a_task_that_shows_the_quote_keeps_it(self, workspace_root: Path, studio: Studio, title: str) -> None:
        workspace = Workspace.create(workspace_root)
        plain = replace(self.article(), blocks=())
        workspace.append(DOCUMENTS, [plain])
        project: Any = push(workspace, studio, [self.item(plain)], title=title).notes["project"]
        workspace.append(DOCUMENTS, [self.article()])
        report = push(workspace, studio, [self.item(self.article(), "v2")], title=title)
        assert (report.notes["new tasks"], report.notes["new predictions"]) == (0, 1)
        (task,) = studio.tasks(project)
        assert task.data["text_en"] == QUOTING
        annotate(studio, task.id, predicted(studio, project, task.id)[:1])
        pull(workspace, studio, title=title)
        (row,) = workspace.read(ANNOTATIONS).values()
        assert [e.start for e in row.layer.entities] == [QUOTING.index("Lin Yue")]
