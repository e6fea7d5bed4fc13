"""The two kinds of API token that Label Studio has: where they are found, and how a request is signed with either.

A legacy token is sent as it is, and goes on until somebody resets it. A personal access token is never sent as it is: it
is exchanged for an access token, which lasts five minutes, and is exchanged again when that has run out.
"""

from __future__ import annotations

import base64
import json
import os
import stat
import time
import urllib.error
import urllib.request
from collections.abc import Generator
from http.cookiejar import CookieJar
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlencode

from corpus.errors import StudioError

if TYPE_CHECKING:
    import httpx

Json = dict[str, Any]
Kind = Literal["legacy", "personal", "access"]

TOKEN_VARIABLES = ("HEMU_STUDIO_TOKEN", "LABEL_STUDIO_API_KEY")

_REFRESH = "/api/token/refresh/"
_EARLY = 30.0
"""An access token is exchanged so many seconds before it runs out: it has a way to go."""

_NEW = "make a new one in Label Studio (Account & Settings, Personal Access Token)"
_LEGACY_OFF = (
    "legacy tokens are switched off on this server; take a personal access token (Account & Settings, Personal Access "
    "Token), or switch them on (Organization, API Tokens Settings; or, with a personal access token, "
    'POST /api/jwt/settings {"api_tokens_enabled": true, "legacy_api_tokens_enabled": true})'
)


def kind_of(token: str) -> Kind:
    """Which kind of token this is. What is no JWT counts as a legacy token: those have no form of their own.

    >>> kind_of("5f1c0f7d3f0f4a5d8e1b2c3d4e5f60718293a4b5")
    'legacy'
    """
    claims = _claims(token)
    if not claims:
        return "legacy"
    return "access" if claims.get("token_type") == "access" else "personal"


def check_token(token: str) -> None:
    """StudioError in one line for what cannot be a token, or is one that has run out."""
    if not token.strip() or not token.isascii() or not token.isprintable():
        raise StudioError("the API token is empty or no token at all; set HEMU_STUDIO_TOKEN to one")
    kind = kind_of(token)
    if kind == "access":
        raise StudioError(
            "the API token is an access token, which lasts five minutes; take the personal access token that it was "
            "made from, or a legacy token (in Label Studio, Account & Settings)"
        )
    until = _claims(token).get("exp") if kind == "personal" else None
    if isinstance(until, (int, float)) and until < time.time():
        raise StudioError(f"the personal access token ran out on {_day(until)}; {_NEW}")


def refused(url: str, reason: str) -> StudioError:
    """The error for a token that the server does not take, with what to do."""
    if "legacy token authentication has been disabled" in reason:
        return StudioError(f"{url}: {_LEGACY_OFF}")
    if "credentials were not provided" in reason:
        # So it answers to an access token that it does not want, as to none.
        return StudioError(
            f"{url}: personal access tokens are switched off on this server; switch them on (Organization, API Tokens "
            "Settings), or take a legacy token (Account & Settings, Access Token)"
        )
    return StudioError(
        f"{url}: the API token is refused ({reason.strip().rstrip('.')}); take the one of this server: "
        "in Label Studio, Account & Settings, Access Token or Personal Access Token"
    )


def find_token(file: Path | None = None) -> str:
    """The API token: from HEMU_STUDIO_TOKEN or LABEL_STUDIO_API_KEY, else from `file`.

    The file holds the token alone, or is the credentials file of hemu's own server. Raises StudioError when there is no
    token, or others than its owner may read the file.
    """
    for variable in TOKEN_VARIABLES:
        if os.environ.get(variable, "").strip():
            return os.environ[variable].strip()
    if file is None or not file.exists():
        where = f", and {file} is not there" if file else ""
        raise StudioError(f"no API token: {' or '.join(TOKEN_VARIABLES)} is not set{where}; set one of them")
    if file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise StudioError(f"{file}: holds a secret, but others may read it; make it private with: chmod 600 {file}")
    try:
        text = file.read_text(encoding="utf-8").strip()
        token = str(json.loads(text)["token"]) if text.startswith("{") else text
    except (OSError, ValueError, KeyError) as error:
        raise StudioError(f"{file}: no token can be read from it ({error}); put the token alone into it") from None
    if not token:
        raise StudioError(f"{file}: is empty; put the API token into it")
    return token


def signer(url: str, token: str) -> httpx.Auth:
    """What signs the requests of an httpx client to the Label Studio at `url`, with either kind of token.

    A request that is refused because the access token has run out after all (clocks differ, a request lies long in a
    queue) is sent once more with a new one: nothing was done with the first. Raises StudioError in one line where no
    access token can be had any more.
    """
    import httpx

    kind = kind_of(token)

    class Signer(httpx.Auth):
        access = ""
        until = 0.0

        def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
            if kind == "legacy":
                request.headers["Authorization"] = f"Token {token}"
                yield request
                return
            old = self.access if time.monotonic() < self.until else ""
            if not old:
                yield from self.renew(request)
            request.headers["Authorization"] = f"Bearer {self.access}"
            response = yield request
            if response.status_code == 401 and old:
                response.read()
                yield from self.renew(request)
                request.headers["Authorization"] = f"Bearer {self.access}"
                yield request

        def renew(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
            # The SDK does this too, but by the clock of this machine only, and not below an address with a path.
            response = yield httpx.Request(
                "POST", f"{url}{_REFRESH}", json={"refresh": token}, extensions=request.extensions
            )
            self.access = _access(url, response.status_code, response.read())
            self.until = time.monotonic() + _lifetime(self.access)

    return Signer()


def why_refused(url: str, token: str) -> str:
    """Why the server at `url` does not take the token, "" where it does; StudioError where it does not answer at all."""
    try:
        if kind_of(token) == "legacy":
            header = f"Token {token}"
        else:
            status, body = _fetch(_direct(), f"{url}{_REFRESH}", {"refresh": token})
            header = f"Bearer {_access(url, status, body)}"
        status, body = _fetch(_direct(), f"{url}/api/current-user/whoami", header=header)
    except OSError as error:
        raise StudioError(f"{url}: Label Studio started but does not answer: {error}") from None
    except StudioError as error:
        return str(error)
    return "" if status == 200 else _detail(body) or f"the answer was {status}"


def make_personal(url: str, email: str, password: str) -> str:
    """A personal access token for an account of the server at `url`, which is on this machine.

    Raises StudioError where the login is not right, or the account has such a token already: it has at most one.
    """
    jar = CookieJar()
    browser = _direct(urllib.request.HTTPCookieProcessor(jar), _Staying())
    form = {"email": email, "password": password}
    try:
        _fetch(browser, f"{url}/user/login/")
        _plain(jar)
        form["csrfmiddlewaretoken"] = next((c.value or "" for c in jar if c.name == "csrftoken"), "")
        # Where people come by https, the server expects its forms to do so as well.
        trusted = os.environ.get("LABEL_STUDIO_HOST", "").rstrip("/")
        origin = trusted if trusted.startswith("https://") else url
        _fetch(browser, f"{url}/user/login/", urlencode(form).encode(), {"Referer": f"{url}/", "Origin": origin})
        _plain(jar)
        status, body = _fetch(browser, f"{url}/api/token/", {})
    except OSError as error:
        raise StudioError(f"{url}: Label Studio does not answer: {error}") from None
    if status != 201:
        raise StudioError(f"{url}: no personal access token can be made for {email}: {_detail(body) or status}")
    return str(json.loads(body)["token"])


class _Staying(urllib.request.HTTPRedirectHandler):
    """Follows nothing: on the way to the next page the new session, whose cookie is for https only, would be lost."""

    def redirect_request(self, *_: Any) -> None:
        return None


def _plain(jar: CookieJar) -> None:
    # Cookies for https are sent to loopback all the same: nobody listens there.
    for cookie in jar:
        cookie.secure = False


def _direct(*handlers: urllib.request.BaseHandler) -> urllib.request.OpenerDirector:
    # Loopback is never reached through a proxy.
    return urllib.request.build_opener(urllib.request.ProxyHandler({}), *handlers)


def _fetch(
    opener: urllib.request.OpenerDirector,
    url: str,
    data: bytes | Json | None = None,
    headers: dict[str, str] | None = None,
    header: str = "",
) -> tuple[int, bytes]:
    more = dict(headers or {})
    if header:
        more["Authorization"] = header
    if isinstance(data, dict):
        more["Content-Type"] = "application/json"
        data = json.dumps(data).encode()
    try:
        with opener.open(urllib.request.Request(url, data, more), timeout=30) as answer:
            return int(answer.status), bytes(answer.read(1 << 20))
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read(1 << 20)


def _access(url: str, status: int, body: bytes) -> str:
    """The access token in the answer to a request for one."""
    try:
        answer = json.loads(body)
    except ValueError:
        answer = None
    if status == 200 and isinstance(answer, dict) and answer.get("access"):
        return str(answer["access"])
    if status == 401 or (status == 400 and isinstance(answer, dict)):
        reason = _detail(body).rstrip(".") or f"the answer was {status}"
        raise StudioError(
            f"{url}: the personal access token is refused ({reason}): it was revoked, has run out or is another server's; {_NEW}"
        )
    raise StudioError(f"{url}: the personal access token could not be exchanged (the answer was {status}); try again")


def _detail(body: bytes) -> str:
    try:
        answer = json.loads(body)
    except ValueError:
        return ""
    return str(answer.get("detail") or "")[:300] if isinstance(answer, dict) else ""


def _lifetime(access: str) -> float:
    """For how many seconds an access token is used; by its own two times, as the clocks of two machines differ."""
    claims = _claims(access)
    try:
        whole = float(claims["exp"]) - float(claims["iat"])
    except (KeyError, TypeError, ValueError):
        return 0.0
    return max(whole - _EARLY, whole / 2, 0.0)


def _claims(token: str) -> Json:
    """What a JWT says of itself, unverified; nothing where it is none."""
    parts = token.strip().split(".")
    if len(parts) != 3:
        return {}
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, RecursionError):
        return {}
    return claims if isinstance(claims, dict) else {}


def _day(seconds: float) -> str:
    try:
        return time.strftime("%Y-%m-%d", time.gmtime(seconds))
    except (OverflowError, ValueError, OSError):
        return "a day long ago"
