"""A proxy on 127.0.0.1 before a Label Studio that does to the n-th request what it is told, and passes on all others."""

from __future__ import annotations

import http.client
import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

HTML = b"<!DOCTYPE html><html><body><h1>Welcome to the hotel's wireless network</h1></body></html>"
PASS = "pass"
# What is answered instead: status, type and body; the server is not asked.
ANSWERS: dict[str, tuple[int, str, bytes]] = {
    "500": (500, "application/json", b'{"detail": "Internal Server Error"}'),
    "502": (502, "text/html", b"<html>Bad Gateway</html>"),
    "503": (503, "text/plain", b"try again later"),
    "401": (401, "application/json", b'{"detail": "Invalid token."}'),
    "a page": (200, "text/html", HTML),
    "nothing": (200, "application/json", b""),
    "{}": (200, "application/json", b"{}"),
    "[]": (200, "application/json", b"[]"),
    "null": (200, "application/json", b"null"),
    "other types": (
        200,
        "application/json",
        b'{"id": "x", "tasks": 7, "results": {"a": 1}, "task_ids": "no", "count": []}',
    ),
    "a list of numbers": (200, "application/json", b"[1, 2, 3]"),
    "a redirect": (302, "text/plain", b""),
}
# What happens around the server's own answer.
AROUND = (
    "killed before",
    "killed after",
    "cut before",
    "cut after",
    "half of it",
    "truncated JSON",
    "slow",
    "500 after",
)


@dataclass
class Proxy:
    """`plan` says by number, method and path what happens to a request; `victim` is the process that is killed."""

    upstream: str
    plan: Callable[[int, str, str], str] = lambda number, method, path: PASS
    victim: int = 0
    seen: list[str] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    also: Callable[[], None] | None = None
    """What else to do at the request that is not passed on as it is."""

    def __post_init__(self) -> None:
        self.lock = threading.Lock()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def begin(self, plan: Callable[[int, str, str], str] | None = None, also: Callable[[], None] | None = None) -> None:
        """Count from one again, with another plan."""
        self.plan = plan or (lambda number, method, path: PASS)
        self.seen, self.done, self.also = [], [], also

    def kill(self) -> None:
        """kill -9 of the client."""
        if self.victim:
            os.kill(self.victim, signal.SIGKILL)

    def ask(
        self, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        """The server's own answer."""
        parts = urlsplit(self.upstream)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=120)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            connection.close()


def _handler(proxy: Proxy) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 120

        def log_message(self, *_: Any) -> None:
            pass

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            path = urlsplit(self.path).path
            with proxy.lock:
                proxy.seen.append(f"{self.command} {path}")
                number = len(proxy.seen)
            fault = proxy.plan(number, self.command, path)
            if fault != PASS:
                proxy.done.append(f"{fault}: {self.command} {path}")
                if proxy.also:
                    proxy.also()
            if fault in ANSWERS:
                status, kind, said = ANSWERS[fault]
                self.reply(
                    status,
                    [("Content-Type", kind), ("Location", "/user/login/")]
                    if status == 302
                    else [("Content-Type", kind)],
                    said,
                )
                return
            if fault == "killed before":
                proxy.kill()
            if fault in ("killed before", "cut before"):
                self.close_connection = True
                self.connection.close()
                return
            if fault == "slow":
                time.sleep(2)
            headers = {
                k: v for k, v in self.headers.items() if k.lower() not in ("host", "connection", "accept-encoding")
            }
            headers["Host"] = urlsplit(proxy.upstream).netloc
            try:
                status, given, said = proxy.ask(self.command, self.path, headers, body)
            except OSError:
                self.close_connection = True
                self.connection.close()
                return
            if fault == "killed after":
                proxy.kill()
            if fault in ("killed after", "cut after"):
                self.close_connection = True
                self.connection.close()
                return
            if fault == "500 after":
                self.reply(500, [("Content-Type", "application/json")], b'{"detail": "Internal Server Error"}')
                return
            kept = [(k, v) for k, v in given if k.lower() not in ("content-length", "connection", "transfer-encoding")]
            if fault == "truncated JSON":
                said = said[: len(said) // 2]
            self.reply(status, kept, said, half=fault == "half of it")

        def reply(self, status: int, headers: list[tuple[str, str]], said: bytes, *, half: bool = False) -> None:
            try:
                self.send_response(status)
                for name, value in headers:
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(said)))
                self.end_headers()
                self.wfile.write(said[: len(said) // 2] if half else said)
                if half:
                    self.close_connection = True
            except OSError:
                self.close_connection = True

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = handle_any  # noqa: N815

    return Handler
