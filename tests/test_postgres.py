"""A server of hemu's own whose data are in a real PostgreSQL: a cluster of its own, on loopback, thrown away afterwards."""

from __future__ import annotations

import json
import os
import pwd
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from conftest import free_port
from signing_up import annotate, pushed

from annotators.studio import postgres
from annotators.studio.backup import back_up, has_data, read_manifest, restore
from annotators.studio.client import connect
from annotators.studio.pull import pull
from annotators.studio.server import Server, default_env
from annotators.studio.settings import database
from annotators.studio.tables import ANNOTATIONS
from corpus.errors import StudioError
from corpus.store import Workspace

PASSWORD = "hidden:word\\of-the-database"


def programs() -> Path | None:
    """The folder of PostgreSQL's own programs, which Debian does not put on the path."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[-3]))
    program = str(found[-1]) if found else shutil.which("initdb")
    return Path(program).parent if program else None


pytestmark = [
    pytest.mark.studio,
    pytest.mark.slow,
    pytest.mark.skipif(programs() is None, reason="initdb is missing: PostgreSQL's server is not installed"),
]


@dataclass(frozen=True)
class Cluster:
    port: int
    bin: Path
    user: dict[str, Any]

    def sql(self, command: str, database: str = "postgres") -> str:
        done = subprocess.run(
            [
                self.bin / "psql",
                "-XAtq",
                "-h",
                "127.0.0.1",
                "-p",
                str(self.port),
                "-U",
                "owner",
                "-d",
                database,
                "-c",
                command,
            ],
            env={"PGPASSWORD": PASSWORD, "PATH": os.defpath},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    folder = programs()
    assert folder
    # PostgreSQL does not run as root; and another user does not get into pytest's folders.
    user: dict[str, Any] = {}
    root = Path(tempfile.mkdtemp(prefix="hemu-postgres-"))
    if os.getuid() == 0:
        account = pwd.getpwnam("nobody")
        user = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
        os.chown(root, account.pw_uid, account.pw_gid)
    secret = root / "password"
    secret.write_text(PASSWORD)
    if user:
        os.chown(secret, user["user"], user["group"])
    env = {"PATH": os.defpath, "LC_ALL": "C.UTF-8"}
    initdb = [folder / "initdb", "-D", root / "data", "-U", "owner", "-A", "scram-sha-256", f"--pwfile={secret}", "-N"]
    subprocess.run([*initdb, "-E", "UTF8"], env=env, cwd=root, check=True, capture_output=True, **user)
    port = free_port()
    options = ("listen_addresses=127.0.0.1", f"port={port}", f"unix_socket_directories={root}", "fsync=off")
    process = subprocess.Popen(
        [folder / "postgres", "-D", root / "data", *(part for option in options for part in ("-c", option))],
        **{"env": env, "cwd": root, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, **user},
    )
    try:
        ready = [folder / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)]
        deadline = time.monotonic() + 60
        while subprocess.run(ready).returncode and time.monotonic() < deadline:
            time.sleep(0.2)
        yield Cluster(port, folder, user)
    finally:
        process.terminate()
        process.wait(30)
        shutil.rmtree(root)


@pytest.fixture
def named(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> Cluster:
    """The environment names an empty database of the cluster."""
    cluster.sql("DROP DATABASE IF EXISTS labels WITH (FORCE)")
    cluster.sql("CREATE DATABASE labels")
    for name, value in (
        ("DJANGO_DB", "postgresql"),
        ("POSTGRE_NAME", "labels"),
        ("POSTGRE_USER", "owner"),
        ("POSTGRE_PASSWORD", PASSWORD),
        ("POSTGRE_HOST", "127.0.0.1"),
        ("POSTGRE_PORT", str(cluster.port)),
    ):
        monkeypatch.setenv(name, value)
    return cluster


def commands_of(group: int) -> str:
    """The command lines of all processes, as every user of the machine sees them."""
    shown = subprocess.run(["ps", "-eo", "pgid=,args="], capture_output=True, text=True, check=True).stdout
    assert re.search(rf"(?m)^\s*{group}\b.*label-studio", shown)
    return shown


def test_the_round_trip_of_a_server_and_of_its_backup(
    named: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = Server(tmp_path / "studio" / "team", default_env())
    try:
        said: list[str] = []
        status = server.start(free_port(), progress=said.append, timeout=500)
        assert said == ["making the database: about half a minute, the first time only"]
        assert status.database == f"PostgreSQL owner@127.0.0.1:{named.port}/labels"
        assert not (server.data / "label_studio.sqlite3").exists()
        assert named.sql("SELECT email FROM htx_user", "labels") == "hemu@example.com"

        # The password is in no file of hemu's, no log and no list of processes.
        assert PASSWORD not in commands_of(status.pid or 0)
        for path in server.data.rglob("*"):
            assert not path.is_file() or b"hidden:word" not in path.read_bytes(), path
        assert PASSWORD not in repr(database()) + str(database()) + repr(status)

        studio = connect(status.url, server.token())
        workspace, tasks = pushed(tmp_path / "news", studio, "on postgres", 3)
        project = studio.find_project("on postgres")
        assert project
        for task in tasks[:2]:
            annotate(studio, project, task)
        assert pull(workspace, studio, title="on postgres").done == 2
        assert int(named.sql("SELECT count(*) FROM task_completion", "labels")) == 2

        file = back_up(server, tmp_path / "kept.tar.gz")
        assert read_manifest(file).database == "postgresql"
        assert b"hidden:word" not in file.read_bytes()

        # Without the settings of its first start it would begin an empty database.
        server.stop()
        with monkeypatch.context() as without:
            without.delenv("DJANGO_DB")
            with pytest.raises(
                StudioError, match=r"are in PostgreSQL .*, but the environment names SQLite; set DJANGO_DB"
            ):
                server.start()

        # With data it is not overwritten; with force it is, and what was there can be had back.
        named.sql("DELETE FROM task_completion", "labels")
        named.sql("CREATE TABLE of_another_program (id int)", "labels")
        with pytest.raises(StudioError, match="has data already"):
            restore(server, file)
        before = restore(server, file, force=True)
        assert before
        assert int(named.sql("SELECT count(*) FROM task_completion", "labels")) == 2
        assert named.sql("SELECT to_regclass('of_another_program')", "labels") == "of_another_program"

        # All is lost: the folder and the database.
        shutil.rmtree(server.data)
        named.sql("DROP DATABASE labels WITH (FORCE)")
        named.sql("CREATE DATABASE labels")
        assert not has_data(server.data)
        restore(server, file)
        again = server.start(timeout=500)
        assert again.url == status.url
        studio = connect(again.url, server.token())
        assert pull(workspace, studio, title="on postgres").unchanged == 2
        other = tmp_path / "other"
        shutil.copytree(workspace.root, other, ignore=shutil.ignore_patterns("annotations", "pulled"))
        assert pull(Workspace.open(other), studio, title="on postgres").done == 2
        assert rows(Workspace.open(other)) == rows(workspace)
        # New rows get new numbers.
        assert len(pushed(tmp_path / "more", studio, "after it", 1)[1]) == 1
    finally:
        server.stop()


def rows(workspace: Workspace) -> list[Any]:
    return sorted((row.id, row.updated, str(row.layer)) for row in workspace.read(ANNOTATIONS).values())


def test_a_wrong_password_in_one_line(named: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSTGRE_PASSWORD", "wrong-hidden-word")
    server = Server(tmp_path / "team", default_env())
    with pytest.raises(StudioError, match='password authentication failed for user "owner"') as raised:
        server.start(free_port(), back_up=False)
    assert "\n" not in str(raised.value)
    assert "wrong-hidden-word" not in str(raised.value) + server.log.read_text()
    assert server.status().running is False
    with pytest.raises(StudioError, match="password authentication failed") as raised:
        has_data(server.data)
    assert "wrong-hidden-word" not in str(raised.value)


def test_a_dump_that_does_not_fit_changes_nothing(named: Cluster, tmp_path: Path) -> None:
    named.sql("CREATE TABLE htx_user (id int PRIMARY KEY); INSERT INTO htx_user VALUES (1)", "labels")
    base, file = database(), tmp_path / "dump"
    assert postgres.has_tables(base)
    postgres.dump(base, file)
    named.sql("INSERT INTO htx_user VALUES (2); CREATE TABLE mine (id int REFERENCES htx_user)", "labels")
    with pytest.raises(StudioError, match="pg_restore said: .*") as raised:
        postgres.restore(base, file)
    assert "\n" not in str(raised.value)
    assert named.sql("SELECT count(*) FROM htx_user", "labels") == "2"


def test_what_is_not_installed(named: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "_DEBIAN", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(StudioError, match="pg_dump is not installed; install the client of PostgreSQL"):
        postgres.dump(database(), tmp_path / "dump")
    assert json.dumps(database().place) == json.dumps(["postgresql", "labels", "127.0.0.1", named.port])
