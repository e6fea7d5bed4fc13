"""Questions to a server that speaks the protocol of OpenAI's chat completions, by way of httpx (BSD).

The server is trusted with the articles and the key, and with nothing else: what it sends is bounded, redirects are not
followed, certificates are checked. The key goes into one header and nowhere else.
"""

from __future__ import annotations

import email.utils
import json
import logging
import math
import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from annotators.llm.cache import Answer, turn
from annotators.llm.prompt import Message
from annotators.llm.settings import KEY, Settings, api_key, is_loopback
from corpus.errors import ModelError

if TYPE_CHECKING:
    import httpx

log = logging.getLogger(__name__)

TRIES = 5
LARGEST = 4 * 1024 * 1024
"""The longest answer that is read, in bytes."""

_LONGEST_PAUSE = 120.0
_FORMATS = ("json_schema", "json_object", "")


@dataclass(frozen=True, slots=True)
class Form:
    """How a request is put, for the differences between servers; found out by asking, starting with the strictest."""

    format: int = 0
    limit: str = "max_tokens"
    cold: bool = True


class RefusedError(Exception):
    """The server will not answer this question; it may well answer others. `too_long`: it might answer a part."""

    def __init__(self, why: str, *, too_long: bool = False) -> None:
        super().__init__(why)
        self.too_long = too_long


class Client:
    """Asks one server; may be used from several threads. `pause` is the first wait before a retry, in seconds."""

    def __init__(self, settings: Settings, *, pause: float = 1.0) -> None:
        """Raises InputError where the key in the environment cannot be sent."""
        import httpx

        self.settings, self.pause = settings, pause
        self.counts: Counter[str] = Counter()
        self._key = api_key()
        self._form = Form()
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        # As it is sent: a packed answer could unpack to any size.
        headers = {"Accept-Encoding": "identity", "Accept": "application/json"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        self._http = httpx.Client(
            headers=headers,
            timeout=httpx.Timeout(settings.timeout, connect=min(20.0, settings.timeout)),
            follow_redirects=False,
            # A proxy of the environment is not for this machine.
            trust_env=not is_loopback(httpx.URL(settings.url).host),
        )

    def stop(self) -> None:
        """Begin nothing more: whoever waits, in another thread, for a turn or for the next try gives up."""
        self._stopped.set()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def ask(self, messages: list[Message], schema: dict[str, Any]) -> Answer:
        """The answer to one question.

        Raises RefusedError where this question will not be answered, ModelError where the server cannot be used or does not
        answer after all retries.
        """
        form = self._form
        for _ in range(6):
            status, body = self._retried(self._request(messages, schema, form))
            if status == 200:
                self._form = form
                return self._answer(body)
            why = self._reason(body)
            if status == 413 or "context length" in why.lower() or "context_length" in why.lower():
                raise RefusedError(why, too_long=True)
            if status in (400, 422) and (other := _other_form(form, why)):
                form = other
                continue
            if status in (400, 422, 451):
                raise RefusedError(f"{status} {why}".strip())
            raise ModelError(self._told(status, why))
        raise RefusedError("no form of the request was taken")

    def _request(self, messages: list[Message], schema: dict[str, Any], form: Form) -> dict[str, Any]:
        body: dict[str, Any] = {
            "model": self.settings.model,
            "messages": messages,
            form.limit: self.settings.max_tokens,
        }
        if form.cold:
            body["temperature"] = 0
        kind = _FORMATS[form.format]
        if kind == "json_schema":
            named = {"name": "annotation", "strict": True, "schema": schema}
            body["response_format"] = {"type": kind, "json_schema": named}
        elif kind:
            body["response_format"] = {"type": kind}
        return body

    def _retried(self, body: dict[str, Any]) -> tuple[int, bytes]:
        """Status and body of an answer that is neither "too many", nor a fault of the server, nor late."""
        import httpx

        why = ""
        for number in range(TRIES):
            wait = self.pause * 2**number
            try:
                # The turn is given up while waiting for the next try.
                with turn(self.settings.host, self.settings.concurrency):
                    if self._stopped.is_set():
                        break
                    status, headers, content = self._post(body)
                if status != 429 and status < 500:
                    return status, content
                why = f"it answers {status} {self._reason(content)}".strip()
                wait = max(wait, _asked_wait(headers.get("retry-after", "")))
                self._count("answers 429" if status == 429 else "answers 5xx")
            except httpx.TimeoutException:
                why = f"no whole answer within {self.settings.timeout:g} s; see [llm] timeout and max_tokens"
                self._count("answers too late")
            except httpx.ConnectError as error:
                raise ModelError(
                    f"{self.settings.host}: cannot be reached ({self._clean(str(error))}); is it running?"
                ) from None
            except httpx.TransportError as error:
                why = f"the connection broke ({type(error).__name__})"
                self._count("connections broken")
            if number + 1 < TRIES:
                log.info("%s: try %d failed: %s", self.settings.host, number + 1, why)
                self._count("retries")
                if self._stopped.wait(min(wait, _LONGEST_PAUSE) * random.uniform(1.0, 1.25)):
                    break
        if self._stopped.is_set():
            raise ModelError(f"{self.settings.host}: stopped; what was answered is kept")
        raise ModelError(
            f"{self.settings.host}: gave up after {TRIES} tries: {why}; what was answered is kept, run the command again"
        )

    def _post(self, body: dict[str, Any]) -> tuple[int, httpx.Headers, bytes]:
        import httpx

        self._count("requests")
        until = time.monotonic() + self.settings.timeout
        content = bytearray()
        with self._http.stream("POST", self.settings.url + "/chat/completions", json=body) as response:
            for chunk in response.iter_bytes():
                content += chunk
                if len(content) > LARGEST:
                    raise RefusedError(f"an answer of more than {LARGEST // 1024 // 1024} MiB")
                # Each piece may come in time and the whole never.
                if time.monotonic() > until:
                    raise httpx.ReadTimeout("too slow")
            return response.status_code, response.headers, bytes(content)

    def _answer(self, body: bytes) -> Answer:
        """What a completion says."""
        try:
            data = json.loads(body)
            choice = data["choices"][0]
            message = choice["message"]
            content, refusal = message.get("content"), message.get("refusal")
            finish = choice.get("finish_reason")
            usage = data.get("usage")
        except (ValueError, RecursionError, KeyError, IndexError, TypeError, AttributeError):
            raise RefusedError("what it answers is no chat completion") from None
        used = usage if isinstance(usage, dict) else {}
        tokens_in, tokens_out = _number(used.get("prompt_tokens")), _number(used.get("completion_tokens"))
        if finish == "content_filter" or (refusal and not content):
            finish = "refused"
        elif finish != "length":
            finish = "stop"
        return Answer(self._without_key(content) if isinstance(content, str) else "", finish, tokens_in, tokens_out)

    def _told(self, status: int, why: str) -> str:
        host = self.settings.host
        if status in (401, 403):
            # What the server says may repeat a part of the key.
            return f"{host}: refuses the key ({status}); set the environment variable {KEY}"
        if 300 <= status < 400:
            return (
                f"{host}: answers {status} with another address, which is not followed; set [llm] url to the right one"
            )
        if status == 404:
            return (
                f"{host}: has no {self.settings.url}/chat/completions or no model {self.settings.model!r} (404 {why})"
            )
        return f"{host}: answers {status} {why}".strip()

    def _reason(self, body: bytes) -> str:
        """What an error says, in one short line."""
        try:
            data = json.loads(body[:20_000])
            error = data.get("error", data)
            said = error.get("message") if isinstance(error, dict) else error
        except (ValueError, RecursionError, AttributeError):
            said = body[:500].decode("utf-8", "replace")
        return self._clean(str(said))

    def _clean(self, said: str) -> str:
        line = " ".join("".join(c if c.isprintable() else " " for c in self._without_key(said[:1000])).split())
        return line if len(line) <= 200 else line[:199] + "…"

    def _without_key(self, said: str) -> str:
        return said.replace(self._key, "…") if self._key else said

    def _count(self, what: str) -> None:
        with self._lock:
            self.counts[what] += 1


def _other_form(form: Form, why: str) -> Form | None:
    """The next way to put a request that was not understood, by what the server says of it; None where there is none."""
    said = why.lower()
    if form.limit == "max_tokens" and "max_completion_tokens" in said:
        return replace(form, limit="max_completion_tokens")
    if form.cold and "temperature" in said:
        return replace(form, cold=False)
    return replace(form, format=form.format + 1) if form.format + 1 < len(_FORMATS) else None


def _asked_wait(value: str) -> float:
    """The seconds that a Retry-After asks for, as a number or a date; 0 where it says nothing that is understood."""
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = email.utils.parsedate_to_datetime(value).timestamp() - time.time()
        except (ValueError, TypeError, OverflowError):
            return 0.0
    return max(0.0, seconds) if math.isfinite(seconds) else 0.0


def _number(value: Any) -> int:
    return value if type(value) is int and 0 <= value < 10**9 else 0
