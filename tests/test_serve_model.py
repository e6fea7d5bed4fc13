"""`hemu studio serve-model`: the annotators as an ML backend, asked over HTTP, and by a real Label Studio."""

from __future__ import annotations

import base64
import http.client
import json
import logging
import signal
import socket
import socketserver
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from annotators import pipeline
from annotators.stage import annotate_workspace, stored_annotations
from annotators.studio import server as server_module
from annotators.studio.backend.http import Backend
from annotators.studio.backend.live import ACTIONS, TITLE, Models, Puller, Refresher, Repeated, project_of, register
from annotators.studio.backend.predict import Predictor, Recipe, controls, opened, recipe_of
from annotators.studio.backend.secret import Secret, default_file, read_or_make
from annotators.studio.client import Studio, connect
from annotators.studio.config import labeling_config
from annotators.studio.convert import PLACEHOLDERS, prediction_of, task_of
from annotators.studio.pull import pull
from annotators.studio.push import PushItem, push
from annotators.studio.server import Server, default_env, installed, write_private
from annotators.studio.tables import ANNOTATIONS, PUSHED
from corpus.align import align_workspace
from corpus.cli.annotate import annotators_of, method_of
from corpus.document import Block, Document, Lang
from corpus.errors import InputError, StudioError, WorkspaceError
from corpus.own_names import make_row, put
from corpus.report import StageReport
from corpus.schema import DOCUMENTS, SEGMENTS
from corpus.segment import segment_workspace
from corpus.store import Workspace

SECRET = Secret("a secret for these tests only")
EN = "Lin Yue spoke in Qingpu 👩‍👩‍👧.\n\nThe town of Qingpu will build 300 flats, Lin Yue said.\n\nQuiet."
ZH = "青浦镇长林岳表示，该镇将建设300套住房。\u2028𠮷对手质疑。"
LABELS = ("OFFICIAL", "PERSON", "FIRM", "AGENCY", "ORG", "PLACE", "POLICY")
QUOTE = "The town of Qingpu will build 300 flats"


def own(en: str, zh: str, label: str = "PERSON") -> dict[str, str]:
    return make_row(label, en, zh, labels=LABELS)


def article(number: int, lang: Lang) -> Document:
    if lang == "zh":
        return Document(f"a{number}.zh", f"a{number}", "zh", f"{ZH}第{number}号")
    text = f"{QUOTE}\n\n{EN} No. {number}"
    passage = text.index(QUOTE, 1)
    quote = Block(0, len(QUOTE), "pull-quote", (passage, passage + len(QUOTE)))
    return Document(f"a{number}.en", f"a{number}", "en", text, (quote,) if number == 0 else ())


def annotate(workspace: Workspace) -> None:
    annotate_workspace(workspace, names=annotators_of(workspace), workers=1, **method_of(workspace))


def recipe(workspace: Workspace) -> Recipe:
    """As the command makes it."""
    now = opened(workspace)
    return recipe_of(now, annotators_of(now), **method_of(now))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace that is annotated, without models: two pairs, and one English article alone."""
    workspace = Workspace.create(tmp_path_factory.mktemp("made") / "news", annotators=["rules-en", "rules-zh", "link"])
    file = workspace.root / "hemu.toml"
    settings = file.read_text().replace("[annotate]\n", "[annotate]\nfast = true\n")
    file.write_text(
        settings.replace("encoder = true", "encoder = false").replace("show_links = false", "show_links = true")
    )
    workspace = Workspace.open(workspace.root)
    put(
        workspace,
        [
            own("Lin Yue", "林岳", "OFFICIAL"),
            own("Qingpu", "青浦", "PLACE"),
            own("Wang Fang", "王芳"),
            own("Yuhu Tea Office", "榆湖茶叶办", "AGENCY"),
        ],
    )
    workspace.append(
        DOCUMENTS, [article(0, "en"), article(0, "zh"), article(1, "zh"), article(1, "en"), article(2, "en")]
    )
    segment_workspace(workspace, workers=1)
    align_workspace(workspace, workers=1)
    annotate(workspace)
    pipeline.load.cache_clear()
    return workspace.root


@pytest.fixture
def news(made: Path, tmp_path: Path) -> Workspace:
    """A copy of it, at a place of its own."""
    import shutil

    shutil.copytree(made, tmp_path / "news")
    return Workspace.open(tmp_path / "news")


@pytest.fixture(scope="module")
def predictor(made: Path) -> Predictor:
    workspace = Workspace.open(made)
    return Predictor(recipe(workspace), opened(workspace))


@pytest.fixture
def backend(predictor: Predictor) -> Iterator[Backend]:
    with Running(Backend(predictor, SECRET, port=0)) as server:
        yield server


class Running:
    """A backend that serves while the block lasts."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend

    def __enter__(self) -> Backend:
        threading.Thread(target=self.backend.serve_forever, args=(0.05,), daemon=True).start()
        return self.backend

    def __exit__(self, *_: object) -> None:
        self.backend.shutdown()
        self.backend.server_close()


def ask(
    backend: Backend, path: str, body: Any = None, *, authorization: str | None = SECRET.basic, method: str = ""
) -> tuple[int, Any]:
    """What is answered: the status, and the JSON, which is one line."""
    connection = http.client.HTTPConnection("127.0.0.1", backend.server_port, timeout=60)
    data = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
    headers = {"Authorization": authorization} if authorization else {}
    connection.request(method or ("POST" if data is not None else "GET"), path, data, headers)
    answer = connection.getresponse()
    said = answer.read()
    connection.close()
    assert answer.headers["Content-Type"] == "application/json"
    assert said.endswith(b"\n")
    assert said.count(b"\n") == 1
    return answer.status, json.loads(said)


def predictions(backend: Backend, *datas: Any) -> list[Any]:
    tasks = [{"id": number, "data": data} for number, data in enumerate(datas, 1)]
    status, answer = ask(backend, "/predict", {"tasks": tasks, "project": "1.2", "params": {}})
    assert status == 200
    assert len(answer["results"]) == len(datas)
    return list(answer["results"])


def found(prediction: Any) -> list[tuple[str, str, str]]:
    return [
        (region["to_name"], region["value"]["text"], region["value"]["labels"][0])
        for region in prediction["result"]
        if region["type"] == "labels"
    ]


def pushed(workspace: Workspace) -> dict[str, tuple[Any, Any]]:
    """The tasks and predictions that `hemu push` would send, by the first document."""
    jobs = {}
    for a in stored_annotations(workspace):
        prediction = prediction_of(a.group, a.relations, a.layers[0].version, workspace.scheme)
        jobs[a.group.items[0].document.id] = (task_of(a.group), prediction)
    return jobs


def same(first: Any, second: Any) -> None:
    assert json.dumps(first, ensure_ascii=False) == json.dumps(second, ensure_ascii=False)


class TestPrediction:
    @pytest.mark.parametrize("stored", [True, False])
    def test_is_to_the_byte_what_push_writes(self, news: Workspace, stored: bool) -> None:
        annotate(news)
        jobs = pushed(news)
        assert len(jobs) == 3
        assert "shown_en" in jobs["a0.en"][0]
        assert any(region["type"] == "relation" for region in jobs["a0.en"][1]["result"])
        if not stored:
            # The workspace does not hold it any more: it has to be made.
            for shard in news.shards("layers/combined"):
                shard.unlink()
        predictor = Predictor(recipe(news), opened(news))
        for data, prediction in jobs.values():
            same(predictor.predict({"id": 1, "data": data}), prediction)
            assert len(prediction["result"]) > 2

    def test_of_documents_that_are_not_segmented(self, made: Path, predictor: Predictor) -> None:
        news = Workspace.open(made)
        document = Document("new.en", "", "en", "Lin Yue left.")
        news.append(DOCUMENTS, [document])
        data = {"key": "k", "doc_en": document.id, "sha_en": document.sha, "text_en": document.text, "text_zh": ""}
        assert found(predictor.predict({"data": data})) == [("en", "Lin Yue", "OFFICIAL")]
        assert document.id not in news.fetch(SEGMENTS, [document.id])

    def test_of_a_task_whose_text_has_changed_is_of_what_the_task_shows(self, predictor: Predictor) -> None:
        data = {"key": "k", "doc_en": "a0.en", "sha_en": "0" * 64, "text_en": "Now Wang Fang.", "shown_en": "40-54"}
        (region,) = predictor.predict({"data": data})["result"]
        assert (region["value"]["start"], region["value"]["end"]) == (4, 13)

    @pytest.mark.parametrize(
        ("data", "expected"),
        [
            ({"text_en": "Lin Yue.", "text_zh": "林岳。"}, [("en", "Lin Yue"), ("zh", "林岳")]),
            ({"text_en": PLACEHOLDERS["en"], "text_zh": "林岳。"}, [("zh", "林岳")]),
            ({"text": "Lin Yue."}, [("en", "Lin Yue")]),
            ({"story": "林岳来了。", "number": 7}, [("zh", "林岳")]),
        ],
    )
    def test_of_a_foreign_task(self, predictor: Predictor, data: Any, expected: Any) -> None:
        assert [(lang, text) for lang, text, _ in found(predictor.predict({"id": 1, "data": data}))] == expected

    @pytest.mark.parametrize(
        "task",
        [
            None,
            7,
            {},
            {"data": []},
            {"data": {}},
            {"data": {"text_en": "", "text_zh": 5}},
            {"data": {"a": "two", "b": "texts"}},
            {"data": {"text": "x" * 500_001}},
        ],
    )
    def test_of_nothing_to_read_is_refused(self, predictor: Predictor, task: Any) -> None:
        with pytest.raises(InputError):
            predictor.predict(task)

    def test_that_does_not_fit_the_project_is_empty(
        self, predictor: Predictor, caplog: pytest.LogCaptureFixture
    ) -> None:
        tasks = [{"id": 7, "data": {"text": "Lin Yue."}}]
        config = labeling_config(predictor.recipe.scheme)
        assert set(controls(config) or ()) >= {"en", "zh", "label_en", "label_zh"}
        assert found(predictor.results(tasks, config)[0])
        assert found(predictor.results(tasks, "<no configuration")[0])
        with caplog.at_level(logging.WARNING, "hemu.backend"):
            assert predictor.results(tasks, config.replace('"label_en"', '"ner_en"')) == [predictor.empty()]
            assert predictor.results(tasks, config.replace('alias="OFFICIAL"', 'alias="X"')) == [predictor.empty()]
        assert "no 'label_en'" in caplog.text
        assert "no 'OFFICIAL'" in caplog.text


class TestFourCases:
    """What the reference backends get wrong, by what their users report."""

    def test_entities_side_by_side_stay_two(self, backend: Backend) -> None:
        (prediction,) = predictions(backend, {"text_en": "Lin Yue Lin Yue left.", "text_zh": "江苏省南京市下雨。"})
        assert found(prediction) == [
            *[("en", "Lin Yue", "OFFICIAL")] * 2,
            ("zh", "江苏省", "PLACE"),
            ("zh", "南京市", "PLACE"),
        ]

    def test_the_entity_at_the_start_is_there(self, backend: Backend) -> None:
        (prediction,) = predictions(backend, {"text_en": "Lin Yue left.", "text_zh": "林岳走了。"})
        assert [region["value"]["start"] for region in prediction["result"] if region["type"] == "labels"] == [0, 0]

    def test_a_task_without_entities_keeps_its_place(self, backend: Backend, caplog: pytest.LogCaptureFixture) -> None:
        here, nobody = {"text": "Lin Yue left."}, {"text": "It was quiet all day."}
        with caplog.at_level(logging.WARNING, "hemu.backend"):
            results = predictions(backend, nobody, here, {"text": ""}, nobody, {"other": 1}, here, "no task at all")
        assert [len(found(result)) for result in results] == [0, 1, 0, 0, 0, 1, 0]
        assert {result["model_version"] for result in results} == {backend.predictor.version}
        assert results[4] == {"model_version": backend.predictor.version, "score": 0.0, "result": []}
        assert "task 5: empty prediction: the task has no text" in caplog.text

    def test_offsets_hold_in_text_without_spaces(self, backend: Backend) -> None:
        text = "👩‍👩‍👧𠮷𡨚\r\n  （王芳）“青浦”\u3000林岳，王芳；青浦\u2028林岳"
        (prediction,) = predictions(backend, {"text_zh": text})
        values = [region["value"] for region in prediction["result"] if region["type"] == "labels"]
        assert [value["text"] for value in values] == ["王芳", "青浦", "林岳", "王芳", "青浦", "林岳"]
        assert all(text[value["start"] : value["end"]] == value["text"] for value in values)


class TestServer:
    def test_health_setup_and_versions(self, backend: Backend) -> None:
        version = backend.predictor.version
        assert ask(backend, "/health") == (200, {"status": "UP", "model_class": "hemu", "model_version": version})
        assert ask(backend, "/") == ask(backend, "/health")
        setup = {
            "project": "1.2",
            "schema": "<View/>",
            "hostname": "http://h",
            "access_token": "t0ken",
            "extra_params": None,
        }
        assert ask(backend, "/setup", setup) == (200, {"model_version": version})
        assert ask(backend, "/versions") == (200, {"versions": [version]})
        assert ask(backend, "/predict", {"tasks": []}) == (200, {"results": [], "model_version": version})

    @pytest.mark.parametrize("path", ["/health", "/setup", "/predict", "/versions", "/webhook", "/", "/nothing"])
    @pytest.mark.parametrize(
        "authorization",
        [
            None,
            "",
            "Basic",
            "Basic !!!",
            f"Bearer {SECRET.value}",
            SECRET.basic[:-4],
            "Basic " + base64.b64encode(b"hemu:wrong").decode(),
            "Basic " + base64.b64encode(f"other:{SECRET.value}".encode()).decode(),
        ],
    )
    def test_a_wrong_secret(self, backend: Backend, path: str, authorization: str | None) -> None:
        status, answer = ask(backend, path, {"tasks": [], "action": "ANNOTATION_CREATED"}, authorization=authorization)
        assert (status, list(answer)) == (401, ["error"])

    def test_the_key_of_the_webhook_opens_nothing_else(self, backend: Backend) -> None:
        key = f"Bearer {SECRET.webhook_key}"
        assert ask(backend, "/webhook", {"action": "ANNOTATION_CREATED"}, authorization=key)[0] == 200
        assert ask(backend, "/webhook", {"action": "START_TRAINING"})[0] == 200
        assert ask(backend, "/predict", {"tasks": []}, authorization=key)[0] == 401
        assert SECRET.value not in key

    @pytest.mark.parametrize(
        ("path", "method", "body", "status"),
        [
            ("/predict", "POST", b"{", 400),
            ("/predict", "POST", b"[]", 400),
            ("/predict", "POST", b"\xff\xfe", 400),
            ("/predict", "POST", b"[" * 100_000, 400),
            ("/predict", "POST", b"{}", 400),
            ("/predict", "POST", b'{"tasks": {"0": 1}}', 400),
            ("/predict", "GET", None, 405),
            ("/health", "DELETE", None, 405),
            ("/health", "FETCH", None, 501),
            ("/train", "POST", b"{}", 404),
            ("/../etc", "GET", None, 404),
        ],
    )
    def test_what_it_refuses_it_refuses_in_one_line(
        self, backend: Backend, path: str, method: str, body: Any, status: int
    ) -> None:
        assert ask(backend, path, body, method=method)[0] == status
        assert ask(backend, "/health")[0] == 200

    def test_a_body_that_is_too_large_or_has_no_length(self, predictor: Predictor) -> None:
        with Running(Backend(predictor, SECRET, port=0, largest=1000, timeout=1)) as backend:
            status, answer = ask(backend, "/predict", b"x" * 200_000)
            assert (status, "1000" in answer["error"]) == (413, True)
            for header in (
                b"Transfer-Encoding: chunked",
                b"Content-Length: -1",
                b"Content-Length: 2\r\nContent-Length: 3",
            ):
                head = b"POST /predict HTTP/1.1\r\nAuthorization: " + SECRET.basic.encode() + b"\r\n" + header
                with socket.create_connection(backend.server_address[:2], timeout=20) as raw:  # type: ignore[arg-type]
                    raw.sendall(head + b"\r\n\r\n0\r\n\r\n")
                    assert raw.recv(100).split()[1] in (b"411", b"400")
            # Who promises more than comes is not waited for.
            with socket.create_connection(backend.server_address[:2], timeout=20) as raw:  # type: ignore[arg-type]
                raw.sendall(head.replace(b"2\r\nContent-Length: 3", b"500") + b"\r\n\r\n{")
                assert raw.recv(100) == b""
            assert ask(backend, "/health")[0] == 200

    def test_one_connection_takes_many_requests(self, backend: Backend) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", backend.server_port, timeout=60)
        ports = set()
        for _ in range(3):
            body = json.dumps({"tasks": [{"data": {"text": "Lin Yue \ud83d left."}}]}).encode()
            connection.request("POST", "/predict", body, {"Authorization": SECRET.basic})
            answer = connection.getresponse()
            assert found(json.loads(answer.read())["results"][0]) == [("en", "Lin Yue", "OFFICIAL")]
            ports.add(connection.sock.getsockname()[1])
        connection.close()
        assert len(ports) == 1

    def test_many_at_once_get_each_their_own(self, backend: Backend) -> None:
        datas = [{"text": f"Lin Yue {'met Wang Fang ' * (n % 4)}in Qingpu {n}."} for n in range(12)]
        alone = predictions(backend, *datas)
        answers: dict[int, Any] = {}

        def one(start: int) -> None:
            turned = datas[start:] + datas[:start]
            answers[start] = predictions(backend, *turned)

        threads = [threading.Thread(target=one, args=(start,)) for start in range(12)]
        for thread in threads:
            thread.start()
        health = [ask(backend, "/health")[0] for _ in range(5)]
        for thread in threads:
            thread.join()
        assert health == [200] * 5
        for start, answer in answers.items():
            assert answer == alone[start:] + alone[:start]

    def test_one_task_does_not_wait_for_a_large_batch(self, backend: Backend) -> None:
        done: list[str] = []

        def batch() -> None:
            predictions(backend, *[{"text": f"Lin Yue met Wang Fang in Qingpu. {n}"} for n in range(400)])
            done.append("batch")

        thread = threading.Thread(target=batch)
        thread.start()
        time.sleep(0.2)
        predictions(backend, {"text": "Lin Yue."})
        done.append("one")
        thread.join()
        assert done == ["one", "batch"]

    def test_what_is_not_reached_in_time_is_left_for_the_next_request(self, predictor: Predictor) -> None:
        with Running(Backend(predictor, SECRET, port=0, patience=-1)) as backend:
            # For an empty list Label Studio stores nothing, so that the task is asked for again.
            assert predictions(backend, {"text": "Lin Yue"}, {"text": "Lin Yue"}) == [[], []]

    def test_what_no_thread_can_be_started_for_takes_no_place(
        self, backend: Backend, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with monkeypatch.context() as patched:

            def no_more(*_: object) -> None:
                raise RuntimeError("can't start new thread")

            patched.setattr(socketserver.ThreadingMixIn, "process_request", no_more)
            for _ in range(70):
                with socket.create_connection(backend.server_address[:2], timeout=20) as raw:  # type: ignore[arg-type]
                    assert raw.recv(1) == b""
        assert ask(backend, "/health")[0] == 200

    def test_a_port_in_use(self, backend: Backend) -> None:
        with pytest.raises(StudioError, match="choose another port with --port"):
            Backend(backend.predictor, SECRET, port=backend.server_port)

    def test_nothing_secret_is_logged(self, backend: Backend, caplog: pytest.LogCaptureFixture) -> None:
        with caplog.at_level(logging.DEBUG):
            ask(backend, "/setup", {"access_token": "0wners-t0ken", "project": "1.2"})
            ask(backend, "/predict", {"tasks": [{"data": {"text": "x"}}], "params": {"password": "0wners-t0ken"}})
            ask(backend, "/webhook", {"action": "X"}, authorization=f"Bearer {SECRET.webhook_key}")
        assert "/setup" in caplog.text
        for word in ("0wners-t0ken", SECRET.value, SECRET.basic.split()[1], SECRET.webhook_key):
            assert word not in caplog.text
        assert SECRET.value not in repr(SECRET)


class TestSecret:
    def test_it_is_made_once_and_private(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
        file = default_file("team")
        assert file == tmp_path / "hemu" / "backend" / "team.secret"
        secret = read_or_make(file)
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert read_or_make(file) == secret
        assert len(secret.value) > 40
        file.chmod(0o640)
        with pytest.raises(StudioError, match="others may read it"):
            read_or_make(file)

    @pytest.mark.parametrize("text", ["", "short", "a colon: is the end of a user name", "密" * 30])
    def test_what_is_none(self, tmp_path: Path, text: str) -> None:
        (tmp_path / "s").write_text(text)
        (tmp_path / "s").chmod(0o600)
        with pytest.raises(StudioError):
            read_or_make(tmp_path / "s")


class TestModels:
    def test_new_names_are_taken_in_between_two_requests(self, news: Workspace, backend: Backend) -> None:
        backend.predictor = Predictor(recipe(news), opened(news))
        woken: list[int] = []
        models = Models(backend, lambda: recipe(news), lambda r: Predictor(r, opened(news)), lambda: woken.append(1))
        before = backend.predictor
        models.step()
        assert backend.predictor is before
        put(news, [own("Old Harbour", "老港", "PLACE")])
        assert found(predictions(backend, {"text": "At Old Harbour."})[0]) == []
        models.step()
        assert backend.predictor is not before
        assert backend.predictor.version != before.version
        assert found(predictions(backend, {"text": "At Old Harbour."})[0]) == [("en", "Old Harbour", "PLACE")]
        assert ask(backend, "/versions")[1] == {"versions": [backend.predictor.version]}
        # What annotate makes now is of the version that is served.
        annotate(news)
        assert {a.layers[0].version for a in stored_annotations(news)} == {backend.predictor.version}
        assert woken == [1]

    def test_one_that_cannot_be_loaded_leaves_the_one_in_use(
        self, backend: Backend, caplog: pytest.LogCaptureFixture
    ) -> None:
        now = [replace(backend.predictor.recipe, names=("no-such-annotator",))]
        tried: list[Recipe] = []

        def load(recipe: Recipe) -> Predictor:
            tried.append(recipe)
            return Predictor(recipe, backend.predictor.workspace)

        models, before = Models(backend, lambda: now[0], load), backend.predictor
        models.step()
        models.step()
        assert (backend.predictor, len(tried)) == (before, 1)
        assert "cannot be loaded, those in use stay: no annotator 'no-such-annotator'" in caplog.text
        now[0] = replace(before.recipe, links=False)
        models.step()
        assert backend.predictor is not before

    def test_a_batch_is_read_by_one_model_while_another_comes(self, news: Workspace, backend: Backend) -> None:
        other = Predictor(replace(backend.predictor.recipe, names=("rules-en",)), opened(news))
        first, stop = backend.predictor, threading.Event()

        def swap() -> None:
            while not stop.is_set():
                backend.predictor = other if backend.predictor is first else first

        thread = threading.Thread(target=swap)
        thread.start()
        try:
            for _ in range(15):
                versions = {r["model_version"] for r in predictions(backend, *[{"text": "Lin Yue."}] * 5)}
                assert len(versions) == 1
        finally:
            stop.set()
            thread.join()

    @pytest.mark.slow
    def test_a_newly_accepted_model_is_taken_in(self, tmp_path: Path) -> None:
        from test_train import workspace_of

        from models.retrain import retrain

        workspace = workspace_of(tmp_path / "w")
        file = workspace.root / "hemu.toml"
        file.write_text(file.read_text().replace("annotators = []", 'annotators = ["link"]'))
        workspace = Workspace.open(workspace.root)
        with Running(Backend(Predictor(recipe(workspace), workspace), SECRET, port=0)) as backend:
            models = Models(backend, lambda: recipe(workspace), lambda r: Predictor(r, opened(workspace)))
            repeated = Repeated("models", models.step, 0.2)
            repeated.start()
            task = {"text_zh": "何平称赞玉林钢铁。\n住房局在玉林会见何平。\n"}
            before = predictions(backend, task)[0]
            assert before["result"] == []
            assert retrain(workspace, max_steps=60)["accepted"]
            until(lambda: backend.predictor.version != before["model_version"])
            after = predictions(backend, task)[0]
            repeated.stop()
        assert ("zh", "何平", "PERSON") in found(after)
        assert after["model_version"] == backend.predictor.version


def until(done: Callable[[], Any], seconds: float = 180) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, "did not come to pass"
        time.sleep(0.05)


@contextmanager
def command(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """`hemu studio serve-model` in a process of its own, which ends with the block."""
    program = [sys.executable, "-m", "corpus.cli", "studio", "serve-model", *arguments]
    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        except BaseException:
            process.kill()
            print(process.communicate()[1])
            raise


class TestRepeated:
    def test_hints_are_one_and_polling_needs_none(self) -> None:
        steps: list[float] = []
        hinted = Repeated("hinted", lambda: steps.append(time.monotonic()), 3600, pause=0.1)
        hinted.start()
        for _ in range(100):
            hinted.wake()
        until(lambda: steps)
        time.sleep(0.3)
        hinted.stop()
        assert len(steps) == 1
        polled = Repeated("polled", lambda: steps.append(time.monotonic()), 0.02)
        polled.start()
        until(lambda: len(steps) > 3)
        polled.stop()
        assert not polled.is_alive()

    def test_a_failure_is_said_once_and_tried_again(self, caplog: pytest.LogCaptureFixture) -> None:
        outcomes = iter([StudioError("nothing answers"), StudioError("nothing answers"), KeyError("x"), None])
        done = threading.Event()

        def step() -> None:
            outcome = next(outcomes, None)
            if outcome:
                raise outcome
            done.set()

        with caplog.at_level(logging.INFO, "hemu.backend"):
            repeated = Repeated("pull", step, 0.01)
            repeated.start()
            assert done.wait(20)
            until(lambda: "works again" in caplog.text)
            repeated.stop()
        assert caplog.text.count("nothing answers; tried again") == 1

    def test_a_pull_waits_for_who_writes(self, news: Workspace) -> None:
        pulled: list[bool] = []

        def pull_now(studio: Studio) -> StageReport:
            with news.writing():
                pulled.append(True)
            return StageReport("pull")

        def studio() -> Studio:
            return Studio("http://nowhere", None)

        waiting = threading.Thread(target=Puller(studio, pull_now, news).step)
        with news.writing():
            waiting.start()
            time.sleep(0.5)
            assert not pulled
            with pytest.raises(WorkspaceError, match="another hemu command is writing here"):
                Puller(studio, pull_now, news, patience=0.1).step()
            Puller(studio, pull_now, news, stopped=lambda: True).step()
            assert not pulled
        waiting.join()
        assert pulled == [True]


class TestBlocking:
    def test_it_is_lifted_only_when_asked(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("SSRF_PROTECTION_ENABLED", "ML_BLOCK_LOCAL_IP", "USE_DEFAULT_BANNED_SUBNETS"):
            monkeypatch.setenv(f"LABEL_STUDIO_{name}", "false")
            monkeypatch.setenv(f"HEARTEX_{name}", "false")
        account = {"username": "u", "password": "p", "token": "t"}
        before = server_module._environment(Path(), account)
        closed = before | server_module._blocking(False)
        assert {closed[f"LABEL_STUDIO_{n}"] for n in ("SSRF_PROTECTION_ENABLED", "ML_BLOCK_LOCAL_IP")} == {"true"}
        assert closed["LABEL_STUDIO_USE_DEFAULT_BANNED_SUBNETS"] == "true"
        monkeypatch.setenv("LABEL_STUDIO_USER_ADDITIONAL_BANNED_SUBNETS", "8.8.8.0/24")
        opened = before | server_module._blocking(True)
        subnets = opened["LABEL_STUDIO_USER_ADDITIONAL_BANNED_SUBNETS"].split(",")
        assert "127.0.0.0/8" not in subnets
        assert {"10.0.0.0/8", "169.254.0.0/16", "192.168.0.0/16", "::1/128", "8.8.8.0/24"} <= set(subnets)
        assert opened["LABEL_STUDIO_SSRF_PROTECTION_ENABLED"] == "true"


class TestCommand:
    def test_it_serves_until_it_is_told_to_stop(self, news: Workspace, tmp_path: Path) -> None:
        file = tmp_path / "secret"
        options = ["--port", "0", "--json", "--poll", "0", "--secret-file", str(file)]
        with command("-w", str(news.root), *options) as process:
            assert process.stdout
            ready = json.loads(process.stdout.readline())
            secret = read_or_make(file)
            port = int(ready["url"].rsplit(":", 1)[1])
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            connection.request("GET", "/health", headers={"Authorization": secret.basic})
            answer = connection.getresponse()
            assert (answer.status, json.loads(answer.read())["model_version"]) == (200, ready["model_version"])
            process.send_signal(signal.SIGTERM)
            said = process.communicate(timeout=30)[1]
        assert process.returncode == 0
        assert "the backend has stopped" in said
        assert secret.value not in said + json.dumps(ready)
        assert stat.S_IMODE(file.stat().st_mode) == 0o600

    def test_connecting_needs_a_server(self, news: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        from click.testing import CliRunner

        from corpus.cli.studio import studio

        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
        arguments = ["serve-model", "-w", str(news.root), "--port", "0", "--connect"]
        with pytest.raises(StudioError, match="not running; start it with: hemu studio start"):
            CliRunner().invoke(studio, arguments, catch_exceptions=False, standalone_mode=False)


@pytest.fixture(scope="module")
def live_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of this module alone: it is stopped and started again."""
    if not installed(default_env()):
        pytest.fail(f"no Label Studio in {default_env()}: run the tests with scripts/test", pytrace=False)
    server = Server(tmp_path_factory.mktemp("state") / "hemu" / "studio" / "default")
    yield server
    server.stop()


@pytest.mark.studio
def test_live_with_label_studio(
    live_server: Server,
    news: Workspace,
    port: int,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from click.testing import CliRunner

    from corpus.cli.studio import studio as commands

    monkeypatch.setenv("HEMU_STUDIO_ENV", str(default_env()))
    monkeypatch.setenv("XDG_STATE_HOME", str(live_server.data.parents[2]))
    caplog.set_level(logging.INFO, "hemu.backend")
    annotate(news)
    items = [PushItem(a.group, a.relations, a.layers[0].version) for a in stored_annotations(news)]
    predictor = Predictor(recipe(news), opened(news))
    hints: list[str] = []
    with Running(Backend(predictor, SECRET, port=0, hint=hints.append)) as backend:
        # By default Label Studio connects to nothing on this machine.
        url = live_server.start(port).url
        studio = connect(url, live_server.token())
        push(news, studio, items)
        project = project_of(studio, news)
        with pytest.raises(StudioError, match=r"reserved network address \(block: 127\.0\.0\.0/8\)"):
            register(studio, project, backend.url, SECRET)
        serve = ["serve-model", "-w", str(news.root), "--port", "0", "--connect"]
        for arguments, match in (
            (serve, "hemu studio start --allow-loopback-backend"),
            (["start", "--allow-loopback-backend"], "stop it first with: hemu studio stop"),
        ):
            with pytest.raises(StudioError, match=match):
                CliRunner().invoke(commands, arguments, catch_exceptions=False, standalone_mode=False)
        live_server.stop()
        CliRunner().invoke(
            commands, ["start", "--allow-loopback-backend"], catch_exceptions=False, standalone_mode=False
        )
        assert live_server.status().loopback_backend
        studio = connect(url, live_server.token())

        # Nothing but loopback is let through, and nobody without the secret.
        for address in ("10.1.2.3", "192.168.1.1", "169.254.169.254", "172.16.0.1", "0.0.0.0"):
            with pytest.raises(StudioError, match="reserved network address"):
                register(studio, project, f"http://{address}:9090", SECRET)
            with pytest.raises(StudioError, match="reserved network address"):
                studio.connect_backend(project, f"http://{address}:9090", TITLE, "hemu", SECRET.value)
        with pytest.raises(StudioError, match="authentication parameters"):
            register(studio, project, backend.url, Secret("some other secret of somebody"))
        assert list(studio.sdk.ml.list(project=project)) == []
        for _ in range(2):
            register(studio, project, backend.url, SECRET)
        (registered,) = studio.sdk.ml.list(project=project)
        assert (registered.title, registered.model_version, registered.error_message) == (
            TITLE,
            predictor.version,
            None,
        )
        (webhook,) = studio.sdk.webhooks.list(project=str(project))
        assert (webhook.url, sorted(webhook.actions)) == (f"{backend.url}/webhook", sorted(ACTIONS))
        assert SECRET.value not in json.dumps(webhook.headers)

        # A task that push made, and whose prediction is gone, gets the same one again when it is opened.
        sent = {row.task: row for row in news.read(PUSHED).values()}
        for task, row in sent.items():
            for prediction in studio.predictions(project, task):
                studio.sdk.predictions.delete(prediction["id"])
            studio.sdk.tasks.get(str(task))
            (again,) = studio.predictions(project, task)
            assert (json.dumps(again["result"], ensure_ascii=False), again["model_version"]) == (
                row.result,
                row.model_version,
            )

        # A batch with one that has no names and one that cannot be read, and a new model, which all tasks get.
        foreign = [
            {"text_en": "Quiet.", "text_zh": "没有名字。"},
            {"text_en": "Lin Yue Lin Yue.", "text_zh": "江苏省南京市下雨。"},
            {"text_en": "", "text_zh": PLACEHOLDERS["zh"]},
        ]
        ids = studio.import_tasks(project, [{"data": data} for data in foreign])
        put(news, [own("Old Harbour", "老港", "PLACE")])
        Models(backend, lambda: recipe(news), lambda r: Predictor(r, opened(news))).step()
        version = backend.predictor.version
        assert version != predictor.version
        assert studio.shown_version(project) == predictor.version
        Refresher(backend, lambda: studio, news).step()
        assert studio.shown_version(project) == version
        assert all(version in task.versions for task in studio.tasks(project))
        counts = [len(found(studio.predictions(project, id)[-1])) for id in ids]
        assert counts == [0, 4, 0]
        assert len(studio.predictions(project, ids[1])) == 1

        # A webhook is a hint; without one, polling finds the same.
        puller = Puller(lambda: studio, lambda studio: pull(opened(news), studio), news)
        polling = Repeated("pull", puller.step, 3600, pause=0.1)
        polling.start()
        backend.hint = lambda action: (hints.append(action), polling.wake())[0]
        task, row = next(iter(sent.items()))
        studio.sdk.annotations.create(id=task, result=json.loads(row.result), lead_time=5.0)
        until(lambda: news.shards(ANNOTATIONS.name))
        assert "ANNOTATION_CREATED" in hints
        polling.stop()
        studio.sdk.webhooks.update(webhook.id, url=webhook.url, is_active=False)
        before = len(hints)
        studio.sdk.annotations.create(id=list(sent)[1], result=[], lead_time=5.0)
        polling = Repeated("pull", puller.step, 0.2)
        polling.start()
        until(lambda: len({a.id for a in opened(news).read(ANNOTATIONS).values()}) == 2)
        assert len(hints) == before

        # Label Studio goes, and comes back.
        live_server.stop()
        until(lambda: "nothing answers there" in caplog.text or "connection failed" in caplog.text)
        assert found(predictions(backend, {"text": "At Old Harbour."})[0]) == [("en", "Old Harbour", "PLACE")]
        live_server.start(loopback_backend=True)
        until(lambda: "works again" in caplog.text)
        polling.stop()

    # The command does all of it: another address, names that are new, and what was submitted meanwhile.
    put(news, [own("New Harbour", "新港", "PLACE")])
    file = live_server.data.parent / "secret"
    write_private(file, SECRET.value)
    options = [*serve[1:], "--poll", "1", "--json", "--secret-file", str(file)]
    with command(*options) as process:
        assert process.stdout
        ready = json.loads(process.stdout.readline())
        until(lambda: studio.shown_version(project) == ready["model_version"])
        (moved,) = studio.sdk.ml.list(project=project)
        assert (moved.id, moved.url, moved.model_version) == (registered.id, ready["url"], ready["model_version"])
        assert [(w.id, w.url, w.is_active) for w in studio.sdk.webhooks.list(project=str(project))] == [
            (webhook.id, f"{ready['url']}/webhook", True)
        ]
        (last,) = studio.import_tasks(project, [{"data": {"text_en": "At Third Harbour.", "text_zh": "没有名字。"}}])
        put(news, [own("Third Harbour", "三港", "PLACE")])
        third = [("en", "Third Harbour", "PLACE")]
        until(lambda: [1 for p in studio.predictions(project, last) if found(p) == third])
        until(lambda: studio.shown_version(project) == studio.predictions(project, last)[-1]["model_version"])
        studio.sdk.annotations.create(id=ids[0], result=[], lead_time=5.0)
        studio.sdk.annotations.create(id=list(sent)[2], result=[], lead_time=5.0)
        until(lambda: len({a.id for a in opened(news).read(ANNOTATIONS).values()}) == 3)
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=60)[1]
    assert process.returncode == 0, said
    assert SECRET.value not in said
