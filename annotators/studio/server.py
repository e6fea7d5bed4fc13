"""A Label Studio server of hemu's own: in an environment of its own, on loopback, with its telemetry off.

`label-studio --version` starts a server on all interfaces; it is never called here.
"""

from __future__ import annotations

import fcntl
import json
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from corpus.errors import StudioError

VERSION = "1.23.2"
"""The Label Studio that hemu is tested with; requirements/studio.in names the same."""

HOST = "127.0.0.1"
PORT = 8080
USERNAME = "hemu@example.com"

Progress = Callable[[str], None]

_UNFINISHED = "hemu-unfinished"

# Label Studio reads a setting X from the variables LABEL_STUDIO_X, HEARTEX_X and X, so that a HOST, DEBUG or CI of
# the user's shell would change it: it is given these variables and no others.
_PASSED_ON = ("PATH", "LANG", "LANGUAGE", "TZ", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR", "DJANGO_DB")
_PASSED_ON_PREFIXES = ("LC_", "LABEL_STUDIO_", "HEARTEX_", "POSTGRE_")


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
    ) -> Status:
        """Start the server on loopback and wait until it answers, or adopt it where it is running already.

        Without `port` the one of the last start is used, or 8080. The first start makes the database, which takes
        about half a minute. `option` is what an error about a port in use tells the user to change.

        With `loopback_backend` Label Studio may connect to programs on 127.0.0.1, until it is stopped: for a backend
        or a webhook on this machine. All other addresses that it blocks stay blocked.

        Raises StudioError when Label Studio is not installed, the port is in use by another program, the server ends or
        does not answer within `timeout` seconds, or one that is running may not connect to loopback, and should.
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
                return self.status()
            program = _program(self.environment)
            chosen = port or int(self._state().get("port") or PORT)
            if _in_use(chosen):
                raise StudioError(
                    f"port {chosen} of {HOST} is in use by another program; choose another one with {option}, "
                    f"for example {option} {_free_port()}"
                )
            fresh = not (self.data / "label_studio.sqlite3").exists() and "DJANGO_DB" not in os.environ
            say("making the database: about half a minute, the first time only" if fresh else "starting Label Studio")
            account = self._account()
            url = f"http://{HOST}:{chosen}"
            pid = self._launch(program, chosen, account, loopback_backend)
            state = {"pid": pid, "born": _born(pid), "port": chosen, "loopback_backend": loopback_backend}
            write_private(self._pid_file, json.dumps(state))
            try:
                self._wait(pid, url, timeout)
            except BaseException:
                _end(pid)
                raise
            if not _knows(url, account["token"]):
                _end(pid)
                raise StudioError(
                    f"{url}: Label Studio started but does not accept the token in {self.credentials}: the database "
                    f"was made with another; name another data folder, or remove {self.data} to begin anew"
                )
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
        )

    @property
    def _pid_file(self) -> Path:
        return self.data / "server.json"

    def _state(self) -> dict[str, Any]:
        try:
            state = json.loads(self._pid_file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return state if isinstance(state, dict) else {}

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

    def _launch(self, program: Path, port: int, account: dict[str, str], loopback_backend: bool) -> int:
        # The secrets go by environment, which other users cannot read, and not by the command line, which they can.
        with os.fdopen(os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as log:
            process = subprocess.Popen(
                [program, "start", "--no-browser", "--internal-host", HOST, "-p", str(port)],
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


def home() -> Path:
    """The user's home folder; from the user database where HOME is empty or not set."""
    return Path(os.environ.get("HOME") or pwd.getpwuid(os.getuid()).pw_dir)


def default_env() -> Path:
    """Where Label Studio is installed: HEMU_STUDIO_ENV, or `hemu/studio-env` in the user's data folder."""
    named = os.environ.get("HEMU_STUDIO_ENV")
    if named:
        return Path(named)
    return Path(os.environ.get("XDG_DATA_HOME") or home() / ".local" / "share") / "hemu" / "studio-env"


def default_data(name: str = "default") -> Path:
    """The data folder of the server `name`, outside of any workspace: `hemu/studio/<name>` in the user's state folder."""
    return Path(os.environ.get("XDG_STATE_HOME") or home() / ".local" / "state") / "hemu" / "studio" / name


def installed(env: Path) -> bool:
    """Whether `env` holds a finished installation of Label Studio."""
    return (env / "bin" / "label-studio").is_file() and not (env / _UNFINISHED).exists()


def install(
    env: Path,
    *,
    requirements: Path | None = None,
    python: str = sys.executable,
    uv: str | None = None,
    progress: Progress | None = None,
) -> None:
    """Make the environment `env` and install Label Studio (about 800 MB) into it.

    `requirements` is a locked list (requirements/studio.txt); without one the tested version is installed with whatever
    it pins. `uv` is the path of uv, which is several times faster than pip. An interrupted installation is done anew.

    Raises StudioError with the last line of what the installer said.
    """
    say = progress or (lambda _: None)
    what = ["-r", str(requirements.resolve())] if requirements else [f"label-studio=={VERSION}"]
    inside = str(env / "bin" / "python")
    try:
        if (env / _UNFINISHED).exists():
            shutil.rmtree(env)
        env.mkdir(parents=True, exist_ok=True)
        (env / _UNFINISHED).touch()
        say(f"installing Label Studio {VERSION} into {env}")
        if uv:
            _run([uv, "venv", "--quiet", "--allow-existing", "--python", python, str(env)])
            _run([uv, "pip", "install", "--quiet", "--python", inside, *what])
        else:
            _run([python, "-m", "venv", str(env)])
            _run([inside, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *what])
        (env / _UNFINISHED).unlink()
    except OSError as error:
        raise StudioError(f"{env}: Label Studio cannot be installed here: {error}") from None


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, errors="replace")
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip() or f"exit code {done.returncode}").splitlines()[-1]
        raise StudioError(f"Label Studio could not be installed: {' '.join(command[:3])} … said: {said}")


def _program(env: Path) -> Path:
    if not installed(env):
        raise StudioError(
            f"{env}: Label Studio is not installed there; install it with: hemu studio install, "
            "or name its environment in HEMU_STUDIO_ENV"
        )
    return env / "bin" / "label-studio"


def _environment(data: Path, account: dict[str, str]) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if k in _PASSED_ON or k.startswith(_PASSED_ON_PREFIXES)}
    folder = str(data.resolve())
    return {
        "PATH": os.defpath,
        **kept,
        "HOME": folder,
        "PYTHONUNBUFFERED": "1",
        "PYTHONUTF8": "1",
        "LABEL_STUDIO_BASE_DATA_DIR": folder,
        "LABEL_STUDIO_USERNAME": account["username"],
        "LABEL_STUDIO_PASSWORD": account["password"],
        "LABEL_STUDIO_USER_TOKEN": account["token"],
        # Counts only while the organisation is made, that is on the first start.
        "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN": "true",
        "LABEL_STUDIO_DISABLE_SIGNUP_WITHOUT_LINK": "true",
        "LABEL_STUDIO_COLLECT_ANALYTICS": "false",
        "LABEL_STUDIO_LATEST_VERSION_CHECK": "false",
        "LABEL_STUDIO_SENTRY_DSN": "",
        "LABEL_STUDIO_FRONTEND_SENTRY_DSN": "",
        "LABEL_STUDIO_FEATURE_FLAGS_OFFLINE": "true",
        "LABEL_STUDIO_LOG_LEVEL": "WARNING",
        "LOG_LEVEL": "WARNING",
        # Refuse predictions that do not fit the configuration, which the server otherwise stores.
        "fflag_feat_utc_210_prediction_validation_15082025": "true",
    }


# What Label Studio does not connect to (`validate_ip` in its core/utils/io.py), without 127.0.0.0/8.
_BLOCKED = (
    "0.0.0.0/8,10.0.0.0/8,100.64.0.0/10,169.254.0.0/16,172.16.0.0/12,192.0.0.0/24,192.0.2.0/24,192.88.99.0/24,192.168.0.0/16,"
    "198.18.0.0/15,198.51.100.0/24,203.0.113.0/24,224.0.0.0/4,233.252.0.0/24,240.0.0.0/4,255.255.255.255/32,"
    "::/128,::1/128,::ffff:0:0/96,::ffff:0:0:0/96,64:ff9b::/96,64:ff9b:1::/48,100::/64,2001:0000::/32,2001:20::/28,"
    "2001:db8::/32,2002::/16,fc00::/7,fe80::/10,ff00::/8"
)


def _blocking(loopback_backend: bool) -> dict[str, str]:
    """The settings that say where Label Studio connects to, whatever the user's shell says of them."""
    settings = {
        "LABEL_STUDIO_SSRF_PROTECTION_ENABLED": "true",
        "LABEL_STUDIO_ML_BLOCK_LOCAL_IP": "true",
        "LABEL_STUDIO_USE_DEFAULT_BANNED_SUBNETS": "true",
    }
    if loopback_backend:
        # The same list but for one line, rather than no list at all: the network of this machine stays out of reach.
        more = os.environ.get("LABEL_STUDIO_USER_ADDITIONAL_BANNED_SUBNETS", "")
        settings["LABEL_STUDIO_USE_DEFAULT_BANNED_SUBNETS"] = "false"
        settings["LABEL_STUDIO_USER_ADDITIONAL_BANNED_SUBNETS"] = ",".join(filter(None, (_BLOCKED, more)))
    return settings


def _open(url: str, headers: dict[str, str] | None = None, timeout: float = 5) -> bytes:
    # Loopback is never reached through a proxy.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(urllib.request.Request(url, headers=headers or {}), timeout=timeout) as answer:
        return bytes(answer.read(65536))


def _healthy(url: str) -> bool:
    try:
        return b"UP" in _open(f"{url}/health")
    except (OSError, ValueError):
        return False


def _knows(url: str, token: str) -> bool:
    try:
        _open(f"{url}/api/current-user/whoami", {"Authorization": f"Token {token}"}, timeout=30)
    except urllib.error.HTTPError:
        return False
    except (OSError, ValueError) as error:
        raise StudioError(f"{url}: Label Studio started but does not answer: {error}") from None
    return True


def _in_use(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return True
    return False


def _free_port() -> int:
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
