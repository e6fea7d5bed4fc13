"""PostgreSQL goes away while hemu pushes or pulls: a cluster of its own on loopback, stopped at a request and started again."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from faulting.kill import Result, ended
from faulting.stages import Bench
from faulting.studio import Case, Service, hit_at, pulled_again, pushed_again, smaller_chunks

PASSWORD = "of-the-database"


@dataclass
class Cluster:
    """PostgreSQL with its data in `root`, started and stopped at will."""

    root: Path
    programs: Path
    port: int
    user: dict[str, Any]
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it takes connections."""
        options = ("listen_addresses=127.0.0.1", f"port={self.port}", f"unix_socket_directories={self.root}")
        command = [self.programs / "postgres", "-D", self.root / "data"]
        self.process = subprocess.Popen(
            [*command, *(part for option in options for part in ("-c", option))],
            env={"PATH": os.defpath, "LC_ALL": "C.UTF-8"},
            cwd=self.root,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            **self.user,
        )
        ready = [self.programs / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        deadline = time.monotonic() + 60
        while subprocess.run(ready).returncode and time.monotonic() < deadline:
            time.sleep(0.2)

    def kill(self) -> None:
        """End it at once, as a machine that fails does; it recovers from its log when it is started again."""
        if self.process:
            subprocess.run(
                [self.programs / "pg_ctl", "-D", self.root / "data", "-m", "immediate", "stop"],
                stdout=subprocess.DEVNULL,
                **self.user,
            )
            self.process.wait(30)
            self.process = None


@contextmanager
def cluster() -> Iterator[Cluster | None]:
    """A new cluster; None where PostgreSQL is not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[-3]))
    program = str(found[-1]) if found else shutil.which("initdb")
    if not program:
        yield None
        return
    root = Path(tempfile.mkdtemp(prefix="hemu-faults-postgres-"))
    user: dict[str, Any] = {}
    if os.getuid() == 0:
        account = pwd.getpwnam("nobody")
        user = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
        os.chown(root, account.pw_uid, account.pw_gid)
    secret = root / "password"
    secret.write_text(PASSWORD)
    secret.chmod(0o644)
    options = ["-D", root / "data", "-U", "owner", "-A", "scram-sha-256", f"--pwfile={secret}", "-N", "-E", "UTF8"]
    subprocess.run([program, *options], cwd=root, check=True, capture_output=True, **user)
    from annotators.studio.server import free_port

    made = Cluster(root, Path(program).parent, free_port(), user)
    made.start()
    try:
        yield made
    finally:
        made.kill()
        shutil.rmtree(root, ignore_errors=True)


def faults(bench: Bench, names: list[str], most: int, seed: int) -> Iterator[Result]:
    """The database is gone from a request on, and back when the command has ended."""
    smaller_chunks()
    with cluster() as database:
        if database is None:
            return
        environment = {
            "DJANGO_DB": "postgresql",
            "POSTGRE_NAME": "postgres",
            "POSTGRE_USER": "owner",
            "POSTGRE_PASSWORD": PASSWORD,
            "POSTGRE_HOST": "127.0.0.1",
            "POSTGRE_PORT": str(database.port),
        }
        os.environ.update(environment)
        try:
            with Service(bench.folder) as service:
                yield from _gone(bench, service, database, most)
        finally:
            for name in environment:
                os.environ.pop(name, None)


def _gone(bench: Bench, service: Service, database: Cluster, most: int) -> Iterator[Result]:
    case = Case(bench, service)
    service.proxy.begin()
    if (ran := case.hemu("push")).code or case.wrong_on_server():
        raise SystemExit(f"faults: push does not work undisturbed: {ran.said}")
    count = len(service.proxy.seen)
    annotated = case.annotate()
    for at in sorted({2 + number * (count - 2) // max(1, most - 1) for number in range(most)}):
        each = Case(bench, service)
        service.proxy.begin(hit_at("gone", at), database.kill)
        ran = each.hemu("push")
        database.start()
        time.sleep(1)
        where = f"PostgreSQL is gone from {service.proxy.done[0].partition(': ')[2] if service.proxy.done else at} on"
        yield pushed_again(each, ran, ended(ran, dies=False), where, "PostgreSQL")
    pulled = shutil.copytree(case.place, bench.folder / "pulled-postgres")
    for at in (3, 5):
        shutil.rmtree(case.place)
        shutil.copytree(pulled, case.place)
        service.proxy.begin(hit_at("gone", at), database.kill)
        ran = case.hemu("pull")
        database.start()
        time.sleep(1)
        where = f"PostgreSQL is gone from request {at} on"
        yield pulled_again(case, annotated, ran, ended(ran, dies=False), where, "PostgreSQL")
