"""Backup and restore of hemu's own server."""

from __future__ import annotations

import gzip
import io
import json
import shutil
import sqlite3
import stat
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from signing_up import PASSWORD, annotate, pushed, sign_up

from annotators.studio.accounts import link_of
from annotators.studio.backup import MANIFEST, back_up, default_file, read_manifest, restore
from annotators.studio.client import connect
from annotators.studio.pull import pull
from annotators.studio.server import MADE, Server, default_env
from annotators.studio.tables import ANNOTATIONS
from annotators.studio.tokens import make_personal
from corpus.errors import StudioError
from corpus.store import Workspace


@pytest.fixture(autouse=True)
def sqlite(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DJANGO_DB", "LABEL_STUDIO_DJANGO_DB", "LABEL_STUDIO_DATABASE_NAME"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def server(tmp_path: Path) -> Server:
    """The files of a server as Label Studio leaves them, without Label Studio."""
    server = Server(tmp_path / "state" / "team", tmp_path / "env")
    (server.data / "media" / "upload" / "1").mkdir(parents=True)
    (server.data / "media" / "upload" / "1" / "文件 1.txt").write_text("uploaded")
    (server.data / ".config").mkdir()
    (server.data / ".config" / "cache").write_text("not to be kept")
    (server.data / ".env").write_text("SECRET_KEY=hidden\n")
    (server.data / "server.log").write_text("long\n")
    (server.data / "link").symlink_to("/etc/passwd")
    (server.data / "server.json").write_text(json.dumps({"pid": 1, "born": "1", "port": 8123}))
    (server.data / MADE).write_text(json.dumps({"label_studio": "1.23.2", "database": ["sqlite", "", "", 0]}))
    server.credentials.write_text(json.dumps({"username": "u", "password": "p", "token": "t" * 40}))
    with sqlite3.connect(server.data / "label_studio.sqlite3") as connection:
        connection.execute("CREATE TABLE task (id INTEGER PRIMARY KEY, text TEXT)")
        connection.execute("INSERT INTO task (text) VALUES ('政策 👩‍👩‍👧')")
    connection.close()
    return server


def texts(server: Server) -> list[str]:
    with sqlite3.connect(server.data / "label_studio.sqlite3") as connection:
        found = [text for (text,) in connection.execute("SELECT text FROM task ORDER BY id")]
    connection.close()
    return found


def rewritten(file: Path, target: Path, change: Callable[[str, bytes], tuple[str, bytes] | None]) -> Path:
    """A copy of a backup in which each member is what `change` makes of it, or missing."""
    with tarfile.open(file) as old, tarfile.open(target, "w:gz") as new:
        for member in old:
            content = old.extractfile(member)
            assert content is not None
            changed = change(member.name, content.read())
            if changed:
                member.name, data = changed
                member.size = len(data)
                new.addfile(member, io.BytesIO(data))
    return target


class TestBackUp:
    def test_what_is_in_it(self, server: Server) -> None:
        file = back_up(server)
        assert file.parent == server.data.with_name("team.backups")
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
        assert [path.name for path in file.parent.iterdir()] == [file.name]
        with tarfile.open(file) as tar:
            names = tar.getnames()
            assert all(member.mode == 0o600 for member in tar)
        files = ["label_studio.sqlite3", ".env", "credentials.json", MADE, "media/upload/1/文件 1.txt"]
        assert names == [*files, MANIFEST]
        manifest = read_manifest(file)
        assert list(manifest.files) == files
        assert (manifest.label_studio, manifest.database, manifest.port) == ("1.23.2", "sqlite", 8123)

    def test_two_in_one_second(self, server: Server) -> None:
        assert back_up(server) != back_up(server)

    def test_where_it_is_written(self, server: Server, tmp_path: Path) -> None:
        assert back_up(server, tmp_path).parent == tmp_path
        assert back_up(server, tmp_path / "b.tar.gz") == tmp_path / "b.tar.gz"
        with pytest.raises(StudioError, match=r"b\.tar\.gz: is there already"):
            back_up(server, tmp_path / "b.tar.gz")
        with pytest.raises(StudioError, match="cannot be written: No such file"):
            back_up(server, tmp_path / "nowhere" / "b.tar.gz")

    def test_nothing_to_back_up(self, tmp_path: Path) -> None:
        with pytest.raises(StudioError, match="start the server first"):
            back_up(Server(tmp_path / "none"))
        assert list(tmp_path.iterdir()) == []

    def test_a_damaged_database_is_not_passed_off_as_a_backup(self, server: Server) -> None:
        database = server.data / "label_studio.sqlite3"
        database.write_bytes(database.read_bytes()[:4096] + b"\xff" * 4096)
        with pytest.raises(StudioError, match="damaged|cannot be copied"):
            back_up(server)
        assert not list(server.data.with_name("team.backups").iterdir())

    def test_while_it_is_written_to(self, server: Server, tmp_path: Path) -> None:
        """Every backup holds whole transactions: an even number of rows beside the first."""
        done = Event()

        def write() -> None:
            with sqlite3.connect(server.data / "label_studio.sqlite3", timeout=30) as connection:
                while not done.wait(0.002):
                    with connection:
                        for text in ("one", "two"):
                            connection.execute("INSERT INTO task (text) VALUES (?)", (text,))
            connection.close()

        writer = Thread(target=write)
        writer.start()
        files = [back_up(server, tmp_path / f"{number}.tar.gz") for number in range(5)]
        done.set()
        writer.join()
        counts = []
        for number, file in enumerate(files):
            again = Server(tmp_path / f"again{number}", tmp_path / "env")
            restore(again, file)
            counts.append(len(texts(again)))
        assert [count % 2 for count in counts] == [1] * 5
        assert counts == sorted(counts)
        assert counts[-1] > 1


class TestRestore:
    def test_what_comes_back(self, server: Server, tmp_path: Path) -> None:
        file = back_up(server)
        again = Server(tmp_path / "state" / "again", tmp_path / "env")
        assert restore(again, file) is None
        assert texts(again) == texts(server)
        assert again.token() == server.token()
        assert (again.data / ".env").read_bytes() == (server.data / ".env").read_bytes()
        assert (again.data / "media" / "upload" / "1" / "文件 1.txt").read_text() == "uploaded"
        assert again.status().url.endswith(":8123")
        assert again.made["label_studio"] == "1.23.2"
        assert stat.S_IMODE(again.credentials.stat().st_mode) == 0o600
        assert sorted(path.name for path in again.data.parent.iterdir()) == ["again", "team", "team.backups"]

    def test_data_are_not_overwritten(self, server: Server, tmp_path: Path) -> None:
        file = back_up(server)
        with pytest.raises(StudioError, match="has data already; .*--name.*--force"):
            restore(server, file)

    def test_with_force_what_was_there_is_backed_up(self, server: Server, tmp_path: Path) -> None:
        file = back_up(server)
        with sqlite3.connect(server.data / "label_studio.sqlite3") as connection:
            connection.execute("INSERT INTO task (text) VALUES ('later')")
        connection.close()
        (server.data / "later.txt").write_text("later")
        (server.data / "label_studio.sqlite3-journal").write_text("of the later one")
        (server.data / "label_studio.sqlite3-journal").unlink()
        before = restore(server, file, force=True)
        assert before is not None
        assert len(texts(server)) == 1
        assert not (server.data / "later.txt").exists()
        restore(server, before, force=True)
        assert texts(server)[-1] == "later"
        assert (server.data / "later.txt").read_text() == "later"

    @pytest.mark.parametrize("cut", [200, 0.5, 0.9])
    def test_a_broken_off_file(self, server: Server, tmp_path: Path, cut: float) -> None:
        file = back_up(server)
        content = file.read_bytes()
        broken = tmp_path / "broken.tar.gz"
        broken.write_bytes(content[: int(len(content) * cut) if cut < 1 else -int(cut)])
        self.refused(tmp_path, broken, "broken off")

    @pytest.mark.parametrize("content", [b"", b"hello", gzip.compress(b"hello", mtime=0), gzip.compress(b"", mtime=0)])
    def test_something_else(self, tmp_path: Path, content: bytes) -> None:
        (tmp_path / "else.tar.gz").write_bytes(content)
        self.refused(tmp_path, tmp_path / "else.tar.gz", "is no backup of hemu's")

    def test_not_there(self, tmp_path: Path) -> None:
        self.refused(tmp_path, tmp_path / "none.tar.gz", "cannot be read: No such file")

    def test_a_changed_member(self, server: Server, tmp_path: Path) -> None:
        changed = rewritten(
            back_up(server), tmp_path / "b.tar.gz", lambda n, d: (n, d[:-1] + b"x" if n == "credentials.json" else d)
        )
        self.refused(tmp_path, changed, "credentials.json is not what was backed up")

    def test_a_missing_member(self, server: Server, tmp_path: Path) -> None:
        changed = rewritten(back_up(server), tmp_path / "b.tar.gz", lambda n, d: None if n == ".env" else (n, d))
        self.refused(tmp_path, changed, r"damaged: \.env is missing")

    @pytest.mark.parametrize("name", ["../outside", "/tmp/outside", "media/../../outside", "a//b"])
    def test_a_name_that_leads_out(self, server: Server, tmp_path: Path, name: str) -> None:
        def change(old: str, data: bytes) -> tuple[str, bytes]:
            if old == MANIFEST:
                manifest = json.loads(data)
                manifest["files"][name] = manifest["files"].pop(".env")
                data = json.dumps(manifest).encode()
            return (name if old == ".env" else old), data

        self.refused(tmp_path, rewritten(back_up(server), tmp_path / "b.tar.gz", change), "it holds a file named")
        assert not (tmp_path / "outside").exists()

    @pytest.mark.parametrize(
        ("key", "value", "said"),
        [
            ("format", 2, "of a newer hemu"),
            ("files", {}, "there is no database"),
            ("files", [], "cannot be read"),
            ("port", "x", "cannot be read"),
            ("database", "postgresql", "there is no database"),
        ],
    )
    def test_another_manifest(self, server: Server, tmp_path: Path, key: str, value: Any, said: str) -> None:
        def change(name: str, data: bytes) -> tuple[str, bytes]:
            return name, json.dumps({**json.loads(data), key: value}).encode() if name == MANIFEST else data

        self.refused(tmp_path, rewritten(back_up(server), tmp_path / "b.tar.gz", change), said)

    def test_of_a_newer_label_studio(self, server: Server, tmp_path: Path) -> None:
        (tmp_path / "env" / "lib" / "python3.11" / "site-packages" / "label_studio-1.9.0.dist-info").mkdir(parents=True)
        self.refused(tmp_path, back_up(server), "is of Label Studio 1.23.2, and 1.9.0 is installed")

    def test_another_kind_of_database(self, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        file = back_up(server)
        monkeypatch.setenv("DJANGO_DB", "default")
        monkeypatch.setenv("POSTGRE_PASSWORD", "hidden-word")
        self.refused(tmp_path, file, "is of SQLite, but the environment names PostgreSQL postgres@localhost:5432")

    def refused(self, tmp_path: Path, file: Path, said: str) -> None:
        target = Server(tmp_path / "target", tmp_path / "env")
        with pytest.raises(StudioError, match=said) as raised:
            restore(target, file)
        assert "\n" not in str(raised.value)
        assert "hidden-word" not in str(raised.value)
        assert not target.data.exists() or [path.name for path in target.data.iterdir()] == [".lock"]
        assert not list(tmp_path.glob(".hemu-*"))


class TestAnotherDatabase:
    """The environment names another database than the one that the server's data are in."""

    def test_a_start_does_not_begin_an_empty_one(self, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
        made = {"label_studio": "1.23.2", "database": ["postgresql", "labels", "db.example.org", 5432]}
        (server.data / MADE).write_text(json.dumps(made))
        program = server.environment / "bin" / "label-studio"
        program.parent.mkdir(parents=True)
        program.write_text("#!/bin/sh\nexit 3\n")
        with pytest.raises(
            StudioError, match="are in PostgreSQL .*db.example.org:5432/labels, but the environment names SQLite"
        ):
            server.start()
        with pytest.raises(StudioError, match="set DJANGO_DB and POSTGRE_"):
            back_up(server)

    @pytest.mark.parametrize(("name", "value"), [("DJANGO_DB", "mysql"), ("POSTGRE_PORT", "x")])
    def test_what_hemu_does_not_know(
        self, server: Server, monkeypatch: pytest.MonkeyPatch, name: str, value: str
    ) -> None:
        monkeypatch.setenv("DJANGO_DB", "postgresql")
        monkeypatch.setenv(name, value)
        with pytest.raises(StudioError, match=f"{name} is '{value}' in the environment"):
            back_up(server)


def pulled(workspace: Workspace) -> list[Any]:
    return sorted((row.id, row.annotator, row.updated, str(row.layer)) for row in workspace.read(ANNOTATIONS).values())


@pytest.mark.studio
@pytest.mark.slow
def test_a_real_server_comes_back_from_its_backup(studio_server: Server, tmp_path: Path, port: int) -> None:
    """Push, annotate, back up while it runs, lose all, restore, pull the same, and an upgrade on the way."""
    # A copy, because a new database takes half a minute.
    server = Server(tmp_path / "studio" / "team", default_env())
    shutil.copytree(studio_server.data, server.data, ignore=shutil.ignore_patterns("server.json", ".lock", "media"))
    try:
        url = server.start(port).url
        studio = connect(url, server.token())
        workspace, tasks = pushed(tmp_path / "news", studio, "backed up", 2)
        project = studio.find_project("backed up")
        assert project
        annotate(studio, project, tasks[0])
        sign_up(link_of(studio), "kept@example.org")
        personal = make_personal(url, "kept@example.org", PASSWORD)
        (server.data / "media" / "upload").mkdir(parents=True, exist_ok=True)
        (server.data / "media" / "upload" / "scan.txt").write_text("uploaded")
        pull(workspace, studio, title="backed up")

        file = back_up(server, tmp_path / "kept.tar.gz")
        with pytest.raises(StudioError, match="is running; stop it first"):
            restore(server, file, force=True)
        server.stop()
        shutil.rmtree(server.data)

        restore(server, file)
        again = server.start()
        assert again.url == url
        other = Workspace.create(tmp_path / "other")
        shutil.rmtree(other.root)
        shutil.copytree(workspace.root, other.root, ignore=shutil.ignore_patterns("annotations", "pulled"))
        assert pull(Workspace.open(other.root), connect(url, server.token()), title="backed up").skipped == []
        assert pulled(Workspace.open(other.root)) == pulled(workspace) != []
        assert pull(workspace, connect(url, server.token()), title="backed up").unchanged == 1
        # The key that signs tokens came along.
        assert connect(url, personal).find_project("backed up") == project
        assert (server.data / "media" / "upload" / "scan.txt").read_text() == "uploaded"

        server.stop()
        (server.data / MADE).write_text(json.dumps({"label_studio": "1.22.0", "database": ["sqlite", "", "", 0]}))
        said: list[str] = []
        server.start(progress=said.append)
        assert said[0].endswith("is installed, 1.22.0 made the database")
        assert said[1].startswith(f"backed up first: {default_file(server.data).parent}")
        assert server.made["label_studio"] != "1.22.0"
    finally:
        server.stop()


def test_by_command(server: Server, tmp_path: Path) -> None:
    shutil.copytree(server.data, tmp_path / "hemu" / "studio" / "team", symlinks=True)

    def hemu(*arguments: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "corpus.cli", "studio", *map(str, arguments)]
        env = {"PATH": "/usr/bin:/bin", "XDG_STATE_HOME": str(tmp_path), "HOME": str(tmp_path)}
        return subprocess.run(command, env=env, capture_output=True, text=True, timeout=60)

    done = hemu("backup", tmp_path / "b.tar.gz", "--name", "team", "--json")
    assert json.loads(done.stdout) == {
        "file": str(tmp_path / "b.tar.gz"),
        "bytes": (tmp_path / "b.tar.gz").stat().st_size,
    }
    refused = hemu("restore", tmp_path / "b.tar.gz", "--name", "team")
    assert refused.returncode == 1
    assert len(refused.stderr.splitlines()) == 1
    made = hemu("restore", tmp_path / "b.tar.gz", "--name", "new")
    assert (made.returncode, made.stdout) == (0, "")
    assert "hemu studio start --name new" in made.stderr
    assert texts(Server(tmp_path / "hemu" / "studio" / "new")) == texts(server)
