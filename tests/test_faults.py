"""What a killed process leaves behind, an answer that is none, a clock that goes back; and some real kills of every stage."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path, PurePath
from typing import Any

import pytest

from annotators.studio.accounts import people
from annotators.studio.client import Studio, connect
from corpus.engine import map_batches
from corpus.errors import HemuError, StudioError, WorkspaceError
from corpus.ingest.columns import Columns
from corpus.ingest.find import File
from corpus.ingest.raw import RawDocument
from corpus.ingest.readers import read
from corpus.ingest.sources import sources_of
from corpus.jsonl import output
from corpus.migration import Name, migrate, renames
from corpus.report import Skipped
from corpus.store import CONFIG, SCHEME, Workspace
from corpus.temporary import sweep, temporary_of

SCRIPTS = Path(__file__).parent.parent / "scripts"
DEAD = 4_194_305
"""No process has this number: it is beyond the largest that there is."""


class TestWhatAKilledProcessLeaves:
    def test_it_is_gone_after_the_next_writing(self, workspace_root: Path) -> None:
        workspace = Workspace.create(workspace_root)
        folder = workspace_root / "layers" / "rules-en"
        folder.mkdir(parents=True)
        left = [
            folder / f".000000-abc.parquet.{DEAD}.tmp",
            workspace_root / f".hemu.toml.{DEAD}.tmp",
            folder / f".000001-abc.parquet.{os.getpid()}.tmp",
        ]
        kept = [folder / f".000001-abc.parquet.{os.getppid()}.tmp", folder / "notes.tmp", folder / "000000-abc.parquet"]
        for path in left + kept:
            path.write_bytes(b"half")
        unfinished = workspace_root / "datasets" / f".{DEAD}.tmp"
        (unfinished / "ner").mkdir(parents=True)
        with workspace.writing():
            pass
        assert not any(path.exists() for path in [*left, unfinished])
        assert all(path.exists() for path in kept)

    @pytest.mark.parametrize("there", [(SCHEME,), ()])
    def test_init_goes_on_after_it(self, workspace_root: Path, there: tuple[str, ...]) -> None:
        workspace_root.mkdir()
        for name in there:
            (workspace_root / name).write_text("half")
        for name in (SCHEME, CONFIG):
            (workspace_root / f".{name}.{DEAD}.tmp").write_text("half")
        Workspace.create(workspace_root)
        assert sorted(path.name for path in workspace_root.iterdir()) == [CONFIG, SCHEME]

    def test_init_takes_nothing_of_others_away(self, workspace_root: Path) -> None:
        workspace_root.mkdir()
        mine = workspace_root / f".letter.{DEAD}.tmp"
        mine.write_text("x")
        with pytest.raises(WorkspaceError, match="not empty"):
            Workspace.create(workspace_root)
        assert mine.exists()

    def test_the_output_of_a_pipe(self, tmp_path: Path) -> None:
        for name in ("out.jsonl", "other.jsonl"):
            (tmp_path / f".{name}.{DEAD}.tmp").write_text("half")
        with output(str(tmp_path / "out.jsonl")) as stream:
            stream.write("{}\n")
        assert sorted(path.name for path in tmp_path.iterdir()) == [f".other.jsonl.{DEAD}.tmp", "out.jsonl"]

    def test_a_folder_that_is_not_there(self, tmp_path: Path) -> None:
        sweep(tmp_path / "nowhere")
        assert temporary_of(tmp_path / "a").parent == tmp_path


def test_two_migrations_between_which_the_clock_goes_back(workspace_root: Path) -> None:
    Workspace.create(workspace_root)
    text = (workspace_root / SCHEME).read_text(encoding="utf-8")
    for number, (old, new) in enumerate((("AGENCY", "BODY"), ("BODY", "ORGAN"))):
        text = text.replace(f'"{old}"', f'"{new}"')
        changed = workspace_root.parent / f"scheme-{number}.toml"
        changed.write_text(text, encoding="utf-8")
        migrate(Workspace.open(workspace_root), changed, maps=[f"{old}={new}"])
        for path in sorted((workspace_root / "migrations").iterdir()):
            # As though the first one had been made in ten years.
            path.rename(path.with_name(f"2{path.name[1:]}".replace(path.name[:4], "2999", 1)))
    names = sorted(path.name for path in (workspace_root / "migrations").glob("*.json"))
    assert len(names) == 2
    assert renames(Workspace.open(workspace_root)) == {Name("label", "AGENCY"): "ORGAN", Name("label", "BODY"): "ORGAN"}


def _ended(number: int) -> int:
    os._exit(number)


def test_a_process_that_is_killed_is_named_in_one_line() -> None:
    with pytest.raises(HemuError, match="one of 2 processes was ended from outside.*--workers 1"):
        list(map_batches(_ended, [9, 9], workers=2))


class Strange(BaseHTTPRequestHandler):
    """A server that says it is a Label Studio, and answers `said` to all else."""

    said = b""
    kind = "application/json"

    def any(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        good = self.path.startswith(("/api/version", "/api/current-user"))
        body = b'{"label-studio-os-package": {}, "id": 1}' if good else self.said
        self.send_response(200)
        self.send_header("Content-Type", self.kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PATCH = any  # noqa: N815

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def strange() -> Iterator[tuple[Studio, type[Strange]]]:
    handler = type("Handler", (Strange,), {})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield connect(f"http://127.0.0.1:{server.server_address[1]}", "0" * 40), handler
    server.shutdown()
    thread.join()


ANSWERS = (
    *(
        b"",
        b"<html>Welcome to the hotel's network</html>",
        b'{"results": [{"id',
        b"{}",
        b"[]",
        b"null",
        b"7",
        b"[1, 2]",
    ),
    *(
        b'{"id": "x", "tasks": 7, "results": {"a": 1}, "task_ids": "no"}',
        b'[{"id": 1, "annotations": 3}]',
        b"[" * 100_000,
    ),
)


@pytest.mark.parametrize("said", ANSWERS, ids=lambda said: said[:12].decode())
def test_what_is_no_answer_of_label_studio(strange: tuple[Studio, type[Strange]], said: bytes) -> None:
    studio, handler = strange
    handler.said = said
    prediction = {"task": 1, "model_version": "v", "score": 0.5, "result": []}
    asked = [
        lambda: studio.find_project("news"),
        lambda: studio.find_or_create_project("news", "<View/>", ""),
        lambda: list(studio.tasks(1)),
        lambda: list(studio.looks(1)),
        lambda: studio.task_count(1),
        lambda: studio.import_tasks(1, [{"data": {}, "predictions": []}]),
        lambda: studio.import_predictions(1, [prediction]),
        lambda: studio.predictions(1, 1),
        lambda: studio.export(1),
        lambda: studio.users(),
        lambda: studio.label_config(1),
        lambda: studio.shown_version(1),
        lambda: studio.request("GET", "/api/projects/1/"),
        lambda: people(studio),
    ]
    refused = []
    for ask in asked:
        try:
            ask()
        except StudioError as error:
            refused.append(str(error))
    assert refused
    assert not any("\n" in line for line in refused)


class TestFilesThatNobodyThoughtOf:
    def found(self, path: Path) -> list[RawDocument | Skipped]:
        sources = sources_of(File(path, PurePath(path.name), path.name))
        return [
            each
            for source in sources
            for each in (read(source, Columns()) if not isinstance(source, Skipped) else [source])
        ]

    def test_a_zip_with_a_file_that_has_no_name(self, tmp_path: Path) -> None:
        data = io.BytesIO()
        with zipfile.ZipFile(data, "w") as archive:
            archive.writestr("a.txt", "Rents fell in Qingpu.")
            archive.writestr("b.txt", "Wages rose in Qingpu.")
        path = tmp_path / "all.zip"
        # A name ends at its first NUL.
        path.write_bytes(data.getvalue().replace(b"b.txt", b"\0.txt"))
        found = self.found(path)
        assert any(isinstance(each, RawDocument) and "Rents fell" in each.text for each in found)

    def test_a_page_that_is_a_foot_and_no_more(self, tmp_path: Path) -> None:
        path = tmp_path / "a.html"
        path.write_text("<html><body><p>Copyright (c) Harbour Daily, all rights reserved</p></body></html>")
        (found,) = self.found(path)
        assert isinstance(found, Skipped)
        assert "its reader failed" not in found.why


def run(kind: str, *arguments: str, folder: Path) -> list[dict[str, Any]]:
    out = folder / "faults.json"
    done = subprocess.run(
        [sys.executable, SCRIPTS / "faults.py", kind, *arguments, "--out", out], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    faults: list[dict[str, Any]] = json.loads(out.read_text(encoding="utf-8"))["faults"]
    return faults


@pytest.mark.slow
@pytest.mark.skipif(
    sys.platform != "linux" or not (shutil.which("cc") or shutil.which("gcc")),
    reason="faults are put in by a library of Linux, which a C compiler makes",
)
class TestKilled:
    def test_at_some_writes_of_every_stage(self, tmp_path: Path) -> None:
        faults = run("kill", "--points", "1", "--seed", "7", folder=tmp_path)
        assert {fault["code"] for fault in faults} == {-9}
        assert len({fault["what"] for fault in faults}) >= 15

    def test_with_a_full_disk(self, tmp_path: Path) -> None:
        only = ("--only", "ingest", "--only", "annotate as a pipe")
        faults = run("full", *only, "--points", "3", folder=tmp_path)
        assert any("No space left" in fault["line"] for fault in faults)
