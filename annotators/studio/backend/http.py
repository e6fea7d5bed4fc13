"""The HTTP side of the backend: what Label Studio asks, one JSON object a request, and only of who knows the secret.

Label Studio gives up on `/health` after 1 second, on `/setup` after 3, on a webhook after 1: none of these waits for a
prediction.
"""

from __future__ import annotations

import json
import logging
import socket
import socketserver
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from annotators.studio.backend.predict import PATIENCE, Predictor
from annotators.studio.backend.secret import Secret
from corpus.errors import StudioError

log = logging.getLogger("hemu.backend")

HOST, PORT = "127.0.0.1", 9090
LARGEST = 256 * 1024 * 1024
"""The largest body of a request, in bytes: Label Studio sends tasks with all that is on them, and as many as are chosen."""

_CONNECTIONS = 64
_DRAINED = 1024 * 1024


class _RefusalError(Exception):
    """An answer that is an error: its status, and one line that says why."""

    def __init__(self, status: HTTPStatus, why: str) -> None:
        super().__init__(why)
        self.status, self.why = status, why


class Backend(ThreadingHTTPServer):
    """Serves a predictor, which `predictor` may be replaced by another at any time: a batch is read by one of them."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(
        self,
        predictor: Predictor,
        secret: Secret,
        *,
        host: str = HOST,
        port: int = PORT,
        hint: Callable[[str], None] | None = None,
        largest: int = LARGEST,
        patience: float = PATIENCE,
        timeout: float = 30,
    ) -> None:
        """Binds the address. `hint` is called with the action of every webhook and must return at once; `timeout` are
        the seconds that a silent connection is kept. Raises StudioError where the address cannot be had."""
        self.predictor, self.secret, self.hint = predictor, secret, hint or (lambda action: None)
        self.largest, self.patience, self.idle = largest, patience, timeout
        self._slots = threading.BoundedSemaphore(_CONNECTIONS)
        if ":" in host:
            self.address_family = socket.AF_INET6
        try:
            super().__init__((host, port), _Handler)
        except OSError as error:
            raise StudioError(
                f"{host}:{port}: cannot be listened on ({error.strerror}); choose another port with --port"
            ) from None

    @property
    def url(self) -> str:
        """The address that it listens on."""
        host, port = str(self.server_address[0]), self.server_address[1]
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    def server_bind(self) -> None:
        # That of HTTPServer looks up the name of the host, which can take long.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]

    def process_request(self, request: Any, client_address: Any) -> None:
        if not self._slots.acquire(blocking=False):
            log.warning("more than %d connections at once; one was closed", _CONNECTIONS)
            self.shutdown_request(request)
            return
        try:
            super().process_request(request, client_address)
        except BaseException:
            # No thread could be started, which would have given the place back.
            self._slots.release()
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._slots.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        # Who asked is gone: Label Studio was stopped, or has given up.
        log.debug("a connection ended early", exc_info=True)


class _Handler(BaseHTTPRequestHandler):
    server: Backend
    server_version, sys_version = "hemu", ""
    protocol_version = "HTTP/1.1"
    # A prediction goes out in one piece.
    wbufsize = -1

    def setup(self) -> None:
        super().setup()
        self.connection.settimeout(self.server.idle)

    def do_GET(self) -> None:
        self._answer("GET")

    def do_POST(self) -> None:
        self._answer("POST")

    def do_HEAD(self) -> None:
        self._answer("HEAD")

    def do_PUT(self) -> None:
        self._answer("PUT")

    do_DELETE = do_PATCH = do_OPTIONS = do_PUT  # noqa: N815

    def _answer(self, method: str) -> None:
        path = "/" + urlsplit(self.path).path.strip("/")
        self.unread = True
        try:
            status, content = HTTPStatus.OK, self._content(method, path)
        except _RefusalError as refused:
            status, content = refused.status, {"error": refused.why}
        except TimeoutError:
            self.close_connection = True
            return
        except Exception as error:
            log.warning("%s %s: %s: %s", method, path, type(error).__name__, error)
            status = HTTPStatus.INTERNAL_SERVER_ERROR
            content = {"error": f"internal error ({type(error).__name__}); see the backend's log"}
        if self.unread:
            self._drain()
        self._send(status, content)

    def _content(self, method: str, path: str) -> dict[str, Any]:
        if not self.server.secret.admits(path, self.headers.get("Authorization", "")):
            raise _RefusalError(HTTPStatus.UNAUTHORIZED, "wrong or missing secret; expected basic authentication")
        allowed = _ROUTES.get(path)
        if allowed is None:
            raise _RefusalError(HTTPStatus.NOT_FOUND, f"nothing is at {path[:100]}; there are: {', '.join(_ROUTES)}")
        if method not in allowed:
            raise _RefusalError(HTTPStatus.METHOD_NOT_ALLOWED, f"{path} takes {' or '.join(allowed)}")
        predictor = self.server.predictor
        body = self._body()
        if path in ("/", "/health"):
            return {"status": "UP", "model_class": "hemu", "model_version": predictor.version}
        if path == "/versions":
            return {"versions": [predictor.version]}
        if path == "/setup":
            # It holds a token of the project's owner: nothing of it is kept, or written anywhere.
            return {"model_version": predictor.version}
        if path == "/webhook":
            action = body.get("action")
            self.server.hint(action if isinstance(action, str) else "")
            return {"status": "ok"}
        tasks, config = body.get("tasks"), body.get("label_config")
        if not isinstance(tasks, list):
            raise _RefusalError(HTTPStatus.BAD_REQUEST, 'expected {"tasks": [...]}')
        started = time.monotonic()
        results = predictor.results(tasks, config if isinstance(config, str) else "", patience=self.server.patience)
        log.info("%d tasks read in %.1f s", len(tasks), time.monotonic() - started)
        return {"results": results, "model_version": predictor.version}

    def _body(self) -> dict[str, Any]:
        """The object that the request holds, {} where it holds nothing."""
        length = self._length()
        if length > self.server.largest:
            raise _RefusalError(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                f"{length} bytes are more than the {self.server.largest} that are taken; ask for fewer tasks at once",
            )
        self.unread = False
        data = self.rfile.read(length) if length else b""
        if len(data) < length:
            self.close_connection = True
            raise _RefusalError(HTTPStatus.BAD_REQUEST, f"the request ends after {len(data)} of {length} bytes")
        if not data.strip():
            return {}
        try:
            content = json.loads(data)
        except (ValueError, RecursionError) as error:
            raise _RefusalError(HTTPStatus.BAD_REQUEST, f"the request is no JSON ({type(error).__name__})") from None
        if not isinstance(content, dict):
            raise _RefusalError(HTTPStatus.BAD_REQUEST, "expected a JSON object")
        return content

    def _length(self) -> int:
        if self.headers.get("Transfer-Encoding"):
            raise _RefusalError(HTTPStatus.LENGTH_REQUIRED, "expected a Content-Length")
        given = self.headers.get_all("Content-Length") or ["0"]
        if len(set(given)) > 1 or not (given[0].isascii() and given[0].isdigit()) or len(given[0]) > 18:
            raise _RefusalError(HTTPStatus.BAD_REQUEST, "the Content-Length is no number")
        return int(given[0])

    def _drain(self) -> None:
        """Read what was sent and not looked at, so that the sender sees the answer; a long rest is cut off."""
        self.close_connection = True
        with suppress(_RefusalError, OSError):
            self.rfile.read(min(self._length(), _DRAINED))

    def _send(self, status: HTTPStatus, content: dict[str, Any]) -> None:
        # As ASCII, which can hold half a surrogate pair too.
        data = json.dumps(content).encode() + b"\n"
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        if status == HTTPStatus.UNAUTHORIZED:
            self.send_header("WWW-Authenticate", 'Basic realm="hemu"')
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)
        self.wfile.flush()

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What the request parser refuses, as one line of JSON too."""
        self.close_connection = True
        status = HTTPStatus(code)
        if not hasattr(self, "command"):
            self.command = ""
        self._send(status, {"error": message or status.phrase})

    def log_message(self, format: str, *args: Any) -> None:
        # Without headers, of which one is the secret.
        log.debug("%s %s", self.client_address[0], format % args)


_ROUTES: dict[str, tuple[str, ...]] = {
    "/health": ("GET", "HEAD"),
    "/setup": ("POST",),
    "/predict": ("POST",),
    "/versions": ("GET", "POST"),
    "/webhook": ("POST",),
    "/": ("GET", "HEAD"),
}
