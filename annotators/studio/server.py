"""A Label Studio server of hemu's own: in an environment of its own, on loopback, with its telemetry off.

`label-studio --version` starts a server on all interfaces; it is never called here.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from annotators.studio.installation import VERSION as VERSION
from annotators.studio.installation import Progress, installed_version, program
from annotators.studio.installation import default_data as default_data
from annotators.studio.installation import default_env as default_env
from annotators.studio.installation import home as home
from annotators.studio.installation import install as install
from annotators.studio.installation import installed as installed
from annotators.studio.settings import Database, database, public_address
from annotators.studio.settings import blocking as _blocking
from annotators.studio.settings import environment as _environment
from annotators.studio.tokens import make_personal, why_refused
from corpus.errors import StudioError

HOST = "127.0.0.1"
PORT = 8080
USERNAME = "hemu@example.com"
MADE = "made.json"


@dataclass(frozen=True)
class Status:
    """How a server is: `pid` is None where none of hemu's own is running; `healthy` says that it answers."""

    running: bool
    healthy: bool
    url: str
    pid: int | None
    data: Path
    log: Path
    credentials: Path
    loopback_backend: bool = False
    """Whether it may ask a backend on loopback."""
    address: str = ""
    """Where others reach it, by a proxy, as it was told at its start; "" where nobody else does."""
    database: str = ""


@dataclass(frozen=True)
class Server:
    """A server by its folder `data` (database, log, credentials; mode 700) and its environment `env`.

    >>> Server(data=Path("studio-data")).log
    PosixPath('studio-data/server.log')
    """

    data: Path
    env: Path | None = None

    @property
    def environment(self) -> Path:
        return self.env or default_env()

    @property
    def log(self) -> Path:
        return self.data / "server.log"

    @property
    def credentials(self) -> Path:
        """The file (mode 600) with the user name, password and API token, generated on the first start."""
        return self.data / "credentials.json"

    def token(self) -> str:
        """The API token; StudioError where the server was never started."""
        return _read_credentials(self.credentials)["token"]

    def start(
        self,
        port: int | None = None,
        *,
        progress: Progress | None = None,
        timeout: float = 300,
        option: str = "--port",
        loopback_backend: bool = False,
        back_up: bool = True,
    ) -> Status:
        """Start the server on loopback and wait until it answers, or adopt it where it is running already.

        Without `port` the one of the last start is used, or 8080. The first start makes the database, which takes
        about half a minute. `option` is what an error about a port in use tells the user to change.

        With `loopback_backend` Label Studio may connect to programs on 127.0.0.1, until it is stopped: for a backend
        or a webhook on this machine. All other addresses that it blocks stay blocked.

        The database is the one that the environment names (DJANGO_DB and POSTGRE_*), else SQLite in the data folder. Where
        another Label Studio has made it than is installed now, it is backed up first, unless `back_up` is false.

        Raises StudioError when Label Studio is not installed, the port is in use by another program, the server ends or
        does not answer within `timeout` seconds, its data are in another database than the environment names, or one
        that is running may not connect to loopback, and should.
        """
        say = progress or (lambda _: None)
        with self._locked():
            status = self.status()
            if status.running:
                if loopback_backend and not status.loopback_backend:
                    raise StudioError(
                        f"{status.url}: is running already and blocks backends on loopback; stop it first with: hemu studio stop"
                    )
                say(f"already running at {status.url}")
                self._wait(status.pid or 0, status.url, timeout)
                self._check_token(status.url, say)
                return self.status()
            command = program(self.environment)
            base, address = database(), public_address()
            self.check_database(base)
            chosen = port or int(self._state().get("port") or PORT)
            if _in_use(chosen):
                raise StudioError(
                    f"port {chosen} of {HOST} is in use by another program; choose another one with {option}, "
                    f"for example {option} {free_port()}"
                )
            if back_up:
                self._back_up_before_upgrade(say)
            fresh = not (base.file(self.data).exists() if base.kind == "sqlite" else self.made)
            say("making the database: about half a minute, the first time only" if fresh else "starting Label Studio")
            account = self._account()
            url = f"http://{HOST}:{chosen}"
            pid = self._launch(command, chosen, account, loopback_backend)
            state = {"pid": pid, "born": _born(pid), "port": chosen, "loopback_backend": loopback_backend}
            state |= {"address": address, "database": str(base)}
            write_private(self._pid_file, json.dumps(state))
            try:
                self._wait(pid, url, timeout)
                self._check_token(url, say)
            except BaseException:
                _end(pid)
                raise
            made = {"label_studio": installed_version(self.environment), "database": base.place}
            write_private(self.data / MADE, json.dumps(made))
            return self.status()

    def stop(self, *, timeout: float = 15) -> bool:
        """End the server and all its processes: TERM, and KILL after `timeout` seconds. False when none was running."""
        with self._locked():
            status = self.status()
            if status.pid is None:
                return False
            _end(status.pid, timeout)
            # The threads of the process may hold the port for a moment after it.
            port, deadline = int(self._state().get("port") or PORT), time.monotonic() + 5
            while _in_use(port) and time.monotonic() < deadline:
                time.sleep(0.05)
            return True

    def status(self) -> Status:
        """Whether this server runs, and where. A process number that now belongs to another program does not count."""
        state = self._state()
        pid, born = int(state.get("pid") or 0), str(state.get("born") or "")
        running = bool(pid and born and _born(pid) == born)
        url = f"http://{HOST}:{int(state.get('port') or PORT)}"
        return Status(
            running,
            running and _healthy(url),
            url,
            pid if running else None,
            self.data,
            self.log,
            self.credentials,
            running and state.get("loopback_backend") is True,
            str(state.get("address") or "") if running else "",
            str(state.get("database") or "") if running else "",
        )

    @property
    def made(self) -> dict[str, Any]:
        """Which Label Studio last used the database, and where that is; empty where it was never started."""
        return _read_json(self.data / MADE)

    def check_database(self, base: Database) -> None:
        """StudioError where the server's data are in another database.

        A start without the settings of the last one would make an empty one, and everything seem lost.
        """
        before = self.made.get("database")
        if before and before != base.place:
            kind, name, host, port = before
            there = Database(kind, name, host, port, "…")
            raise StudioError(
                f"{self.data}: the data of this server are in {there}, but the environment names {base}; set DJANGO_DB "
                "and POSTGRE_* as they were, or start another server with --name"
            )

    def _back_up_before_upgrade(self, say: Progress) -> None:
        from annotators.studio import backup, postgres

        before, now = str(self.made.get("label_studio") or ""), installed_version(self.environment)
        if before == now or not (before or database().kind == "sqlite" or postgres.available()):
            return
        try:
            if backup.has_data(self.data):
                say(
                    f"Label Studio {now or '(of unknown version)'} is installed, {before or 'an unknown one'} made the database"
                )
                say(f"backed up first: {backup.back_up(self)}")
        except StudioError as error:
            raise StudioError(f"{error}; or go on without a backup: hemu studio start --no-backup") from None

    def _check_token(self, url: str, say: Progress) -> None:
        """Make sure that hemu gets in; where legacy tokens were switched off since, with a token of the other kind."""
        account = _read_credentials(self.credentials)
        reason = why_refused(url, account["token"])
        if reason and "legacy" in reason:
            account["token"] = make_personal(url, account["username"], account["password"])
            write_private(self.credentials, json.dumps(account, indent=1) + "\n")
            say("legacy tokens are switched off on this server: hemu has made itself a personal access token")
            reason = why_refused(url, account["token"])
        if reason:
            raise StudioError(
                f"{url}: Label Studio does not accept the token in {self.credentials} ({reason}): the database "
                f"was made with another; name another data folder, or remove {self.data} to begin anew"
            )

    @property
    def _pid_file(self) -> Path:
        return self.data / "server.json"

    def _state(self) -> dict[str, Any]:
        return _read_json(self._pid_file)

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Keeps the server from being started; StudioError where it runs."""
        with self._locked():
            if self.status().running:
                raise StudioError(f"{self.data}: this server is running; stop it first with: hemu studio stop")
            yield

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Only one process at a time starts or stops this server."""
        try:
            self.data.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.data.chmod(0o700)
            handle = (self.data / ".lock").open("w")
        except OSError as error:
            raise StudioError(f"{self.data}: cannot be used for the server's data: {error.strerror}") from None
        with handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield

    def _account(self) -> dict[str, str]:
        if not self.credentials.exists():
            account = {
                "username": USERNAME,
                "password": secrets.token_urlsafe(18),
                "token": secrets.token_hex(20),
            }
            write_private(self.credentials, json.dumps(account, indent=1) + "\n")
        return _read_credentials(self.credentials)

    def _launch(self, command: Path, port: int, account: dict[str, str], loopback_backend: bool) -> int:
        # The secrets go by environment, which other users cannot read, and not by the command line, which they can.
        with os.fdopen(os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as log:
            process = subprocess.Popen(
                [command, "start", "--no-browser", "--internal-host", HOST, "-p", str(port)],
                env=_environment(self.data, account) | _blocking(loopback_backend),
                cwd=self.data,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        return process.pid

    def _wait(self, pid: int, url: str, timeout: float) -> None:
        deadline = time.monotonic() + timeout
        while not _healthy(url):
            if _ended(pid):
                raise StudioError(f"Label Studio ended while starting: {_last_line(self.log)}; see {self.log}")
            if time.monotonic() > deadline:
                raise StudioError(f"{url}: Label Studio does not answer after {timeout:.0f} s; see {self.log}")
            time.sleep(0.2)


def _healthy(url: str) -> bool:
    # Loopback is never reached through a proxy.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"{url}/health", timeout=5) as answer:
            return b"UP" in answer.read(65536)
    except (OSError, ValueError):
        return False


def _in_use(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return True
    return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _born(pid: int) -> str:
    """When the process was started, "" when there is none: tells a process from a later one of the same number."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        if Path("/proc/self/stat").exists():
            return ""
        shown = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True)
        return shown.stdout.strip()
    return "" if fields[0] in "ZX" else fields[19]


def _ended(pid: int) -> bool:
    with suppress(ChildProcessError, OSError):
        os.waitpid(pid, os.WNOHANG)
    return not _born(pid)


def _end(pid: int, timeout: float = 15) -> None:
    for stop, patience in ((signal.SIGTERM, timeout), (signal.SIGKILL, 5.0)):
        with suppress(ProcessLookupError):
            os.killpg(pid, stop)
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            if _ended(pid):
                return
            time.sleep(0.05)
    raise StudioError(f"process {pid} of Label Studio does not end")


def _last_line(log: Path) -> str:
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    except OSError:
        lines = []
    return lines[-1] if lines else "it said nothing"


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    temporary.unlink(missing_ok=True)
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    temporary.replace(path)


def _read_json(path: Path) -> dict[str, Any]:
    try:
        state = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return state if isinstance(state, dict) else {}


def _read_credentials(path: Path) -> dict[str, str]:
    try:
        account = json.loads(path.read_text(encoding="utf-8"))
        return {key: str(account[key]) for key in ("username", "password", "token")}
    except FileNotFoundError:
        raise StudioError(
            f"{path}: not there: this server was never started; start it with: hemu studio start"
        ) from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StudioError(f"{path}: not the credentials of a server ({error}); restore it from a backup") from None
