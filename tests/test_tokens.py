"""The two kinds of API token, against a real Label Studio."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from signing_up import PASSWORD, pushed, sign_up

from annotators.studio import tokens
from annotators.studio.accounts import link_of
from annotators.studio.client import Studio, connect
from annotators.studio.server import Server, default_env
from annotators.studio.settings import environment
from annotators.studio.tokens import check_token, kind_of, make_personal, why_refused
from corpus.errors import StudioError


def jwt(claims: dict[str, Any], key: str = "anything") -> str:
    def part(data: bytes) -> str:
        return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

    signed = f"{part(json.dumps({'alg': 'HS256', 'typ': 'JWT'}).encode())}.{part(json.dumps(claims).encode())}"
    return f"{signed}.{part(hmac.new(key.encode(), signed.encode(), hashlib.sha256).digest())}"


class TestKinds:
    def test_a_legacy_token(self) -> None:
        assert kind_of("0" * 40) == "legacy"
        check_token("0" * 40)

    def test_a_personal_access_token(self) -> None:
        token = jwt({"token_type": "refresh", "exp": time.time() + 60})
        assert kind_of(token) == "personal"
        check_token(token)

    def test_one_that_ran_out(self) -> None:
        with pytest.raises(StudioError, match="ran out on 2001-09-09; make a new one in Label Studio"):
            check_token(jwt({"token_type": "refresh", "exp": 1_000_000_000}))

    def test_an_access_token_is_not_taken_for_one(self) -> None:
        with pytest.raises(StudioError, match="lasts five minutes"):
            check_token(jwt({"token_type": "access", "exp": time.time() + 300}))

    @given(st.text() | st.lists(st.text(), min_size=3, max_size=3).map(".".join))
    def test_any_text(self, text: str) -> None:
        assert kind_of(text) in ("legacy", "personal", "access")

    @given(st.recursive(st.none() | st.floats() | st.text(), lambda inner: st.dictionaries(st.text(), inner)))
    def test_any_claims(self, claims: Any) -> None:
        token = jwt(claims)
        assert tokens._lifetime(token) >= 0
        with suppress(StudioError):
            check_token(token)

    def test_the_lifetime_is_by_the_server_s_own_clock(self) -> None:
        assert tokens._lifetime(jwt({"iat": 5, "exp": 305})) == 270
        assert tokens._lifetime(jwt({"iat": 5, "exp": 25})) == 10


@pytest.fixture(scope="module")
def account(studio_server: Server) -> tuple[str, str]:
    """An account with a personal access token, which nobody else uses."""
    url = studio_server.status().url
    sign_up(link_of(connect(url, studio_server.token())), "tokens@example.org")
    return url, make_personal(url, "tokens@example.org", PASSWORD)


@pytest.fixture
def personal(account: tuple[str, str]) -> Studio:
    return connect(*account)


def calls(studio: Studio) -> list[str]:
    """Notes the paths of all requests from now on, with the answers."""
    seen: list[str] = []
    studio.http.event_hooks = {"response": [lambda r: seen.append(f"{r.status_code} {r.request.url.path}")]}
    return seen


REFRESH = "/api/token/refresh/"


@pytest.mark.studio
class TestPersonal:
    def test_it_works_with_the_sdk_and_beside_it(self, personal: Studio) -> None:
        seen = calls(personal)
        assert personal.sdk.users.whoami().email == "tokens@example.org"
        assert personal.request("GET", "/api/current-user/whoami")["email"] == "tokens@example.org"
        # The access token of the connection is still good.
        assert [path for path in seen if REFRESH in path] == []

    def test_it_is_nowhere_to_be_seen(self, personal: Studio, account: tuple[str, str]) -> None:
        assert account[1] not in repr(personal)

    def test_a_push_goes_on_when_the_access_token_runs_out(
        self, personal: Studio, studio_server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """An access token that is really signed by the server, and really too old."""
        key = (studio_server.data / ".env").read_text().partition("SECRET_KEY=")[2].strip()
        claims = tokens._claims(personal.http.auth.access)
        old = jwt({**claims, "iat": int(time.time()) - 400, "exp": int(time.time()) - 100}, key)
        seen = calls(personal)
        send = Studio.import_tasks

        def aged(self: Studio, *arguments: Any) -> list[int]:
            self.http.auth.access = old
            return send(self, *arguments)

        monkeypatch.setattr(Studio, "import_tasks", aged)
        _, tasks = pushed(tmp_path / "news", personal, "runs out", 3)
        assert len(tasks) == 3
        refused = next(index for index, path in enumerate(seen) if path.startswith("401"))
        assert seen[refused].endswith("/import")
        assert seen[refused + 1] == f"200 {REFRESH}"
        assert seen[refused + 2] == seen[refused].replace("401", "201")

    def test_it_is_renewed_before_it_runs_out(self, personal: Studio) -> None:
        personal.http.auth.until = time.monotonic() - 1
        seen = calls(personal)
        personal.request("GET", "/api/version")
        assert seen == [f"200 {REFRESH}", "200 /api/version"]

    def test_one_of_another_server(self, account: tuple[str, str]) -> None:
        forged = jwt({"token_type": "refresh", "exp": time.time() + 1000, "jti": "x", "user_id": 1})
        with pytest.raises(StudioError, match="personal access token is refused .*make a new one") as raised:
            connect(account[0], forged)
        assert "\n" not in str(raised.value)
        assert "personal access token is refused" in why_refused(account[0], forged)

    def test_one_that_is_revoked_while_it_is_used(self, studio_server: Server) -> None:
        url = studio_server.status().url
        sign_up(link_of(connect(url, studio_server.token())), "revoked@example.org")
        token = make_personal(url, "revoked@example.org", PASSWORD)
        studio = connect(url, token)
        with pytest.raises(StudioError, match="no personal access token can be made .*already have a valid token"):
            make_personal(url, "revoked@example.org", PASSWORD)
        studio.request("POST", "/api/token/blacklist/", {"refresh": token})
        studio.http.auth.until = 0.0
        for attempt in (lambda: studio.sdk.users.whoami(), lambda: connect(url, token)):
            with pytest.raises(StudioError, match=r"is refused \(Token is blacklisted\): it was revoked"):
                attempt()
        assert "blacklisted" in why_refused(url, token)

    def test_a_wrong_password(self, studio_server: Server) -> None:
        with pytest.raises(StudioError, match="no personal access token can be made for"):
            make_personal(studio_server.status().url, "tokens@example.org", "wrong")


@pytest.fixture
def switches(personal: Studio) -> Iterator[Any]:
    def switch(personal_on: bool, legacy_on: bool) -> None:
        what = {"api_tokens_enabled": personal_on, "legacy_api_tokens_enabled": legacy_on}
        personal.request("POST", "/api/jwt/settings", what)

    yield switch
    switch(True, True)


@pytest.mark.studio
class TestSwitchedOff:
    def test_legacy_tokens(self, studio_server: Server, switches: Any) -> None:
        status, legacy = studio_server.status(), studio_server.token()
        kept = studio_server.credentials.read_text()
        switches(True, False)
        with pytest.raises(StudioError, match="legacy tokens are switched off .* POST /api/jwt/settings") as raised:
            connect(status.url, legacy)
        assert legacy not in str(raised.value)
        # hemu's own server helps itself.
        said: list[str] = []
        try:
            studio_server.start(progress=said.append)
            assert (
                said[-1]
                == "legacy tokens are switched off on this server: hemu has made itself a personal access token"
            )
            assert kind_of(studio_server.token()) == "personal"
            assert connect(status.url, studio_server.token()).find_project("none of that name") is None
        finally:
            studio_server.credentials.write_text(kept)

    def test_personal_access_tokens(self, studio_server: Server, account: tuple[str, str], switches: Any) -> None:
        own = connect(studio_server.status().url, studio_server.token())
        own.request("POST", "/api/jwt/settings", {"api_tokens_enabled": False, "legacy_api_tokens_enabled": True})
        try:
            with pytest.raises(StudioError, match="personal access tokens are switched off on this server"):
                connect(*account)
        finally:
            own.request("POST", "/api/jwt/settings", {"api_tokens_enabled": True, "legacy_api_tokens_enabled": True})


@pytest.mark.studio
def test_an_address_that_leads_to_another(studio_server: Server) -> None:
    real = studio_server.status().url

    class Leading(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(301)
            self.send_header("Location", f"{real}{self.path}")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Leading) as leading:
        Thread(target=leading.serve_forever, daemon=True).start()
        with pytest.raises(StudioError, match=f"leads to {real}; write that address"):
            connect(f"http://127.0.0.1:{leading.server_address[1]}", studio_server.token())
        leading.shutdown()


class TestAddress:
    """What a server is told of the address by which others reach it."""

    @pytest.fixture(autouse=True)
    def unset(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("DJANGO_DB", "LABEL_STUDIO_HOST", "LABEL_STUDIO_CSRF_TRUSTED_ORIGINS"):
            monkeypatch.delenv(name, raising=False)

    def told(self, monkeypatch: pytest.MonkeyPatch, **more: str) -> dict[str, str]:
        for name, value in more.items():
            monkeypatch.setenv(name, value)
        return environment(Path("data"), {"username": "u", "password": "p", "token": "t"})

    def test_nobody_else(self, monkeypatch: pytest.MonkeyPatch) -> None:
        told = self.told(monkeypatch)
        assert "LABEL_STUDIO_HOST" not in told
        assert "LABEL_STUDIO_SESSION_COOKIE_SECURE" not in told
        assert told["DJANGO_DB"] == "sqlite"

    def test_by_https(self, monkeypatch: pytest.MonkeyPatch) -> None:
        told = self.told(monkeypatch, LABEL_STUDIO_HOST="https://labels.example.org:8443/ls/")
        assert told["LABEL_STUDIO_CSRF_TRUSTED_ORIGINS"] == "https://labels.example.org:8443"
        assert told["LABEL_STUDIO_SESSION_COOKIE_SECURE"] == "1"

    def test_by_http(self, monkeypatch: pytest.MonkeyPatch) -> None:
        told = self.told(monkeypatch, LABEL_STUDIO_HOST="http://10.0.0.7:8080")
        assert "LABEL_STUDIO_SESSION_COOKIE_SECURE" not in told

    def test_what_the_user_says_goes_first(self, monkeypatch: pytest.MonkeyPatch) -> None:
        own = "https://a.example.org,https://b.example.org"
        told = self.told(monkeypatch, LABEL_STUDIO_HOST="https://a.example.org", LABEL_STUDIO_CSRF_TRUSTED_ORIGINS=own)
        assert told["LABEL_STUDIO_CSRF_TRUSTED_ORIGINS"] == own

    @pytest.mark.parametrize("address", ["labels.example.org", "ftp://labels", "https://"])
    def test_no_address(self, monkeypatch: pytest.MonkeyPatch, address: str) -> None:
        with pytest.raises(
            StudioError, match="LABEL_STUDIO_HOST is .* expected an address like https://labels.example.org"
        ):
            self.told(monkeypatch, LABEL_STUDIO_HOST=address)

    @pytest.mark.studio
    @pytest.mark.slow
    def test_people_sign_in_by_https_and_hemu_by_loopback(
        self, studio_server: Server, tmp_path: Path, port: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        account = {"username": "https@example.org", "password": PASSWORD}
        sign_up(link_of(connect(studio_server.status().url, studio_server.token())), account["username"])
        # A copy, because a new database takes half a minute.
        server = Server(tmp_path / "team", default_env())
        shutil.copytree(studio_server.data, server.data, ignore=shutil.ignore_patterns("server.json", ".lock"))
        monkeypatch.setenv("LABEL_STUDIO_HOST", "https://labels.example.org")
        try:
            status = server.start(port)
            assert (status.address, status.url) == ("https://labels.example.org", f"http://127.0.0.1:{port}")
            token = make_personal(status.url, account["username"], account["password"])
            assert connect(status.url, token).sdk.users.whoami().email == account["username"]
            # As the proxy hands it on: the form of a page that came by https is taken, one of another site is not.
            assert self.signed_in(status.url, account, "https://labels.example.org") == 302
            assert self.signed_in(status.url, account, "https://evil.example.org") == 403
        finally:
            server.stop()

    def signed_in(self, url: str, account: dict[str, str], origin: str) -> int:
        with httpx.Client(trust_env=False) as browser:
            key = browser.get(f"{url}/user/login/").cookies["csrftoken"]
            form = {"email": account["username"], "password": account["password"], "csrfmiddlewaretoken": key}
            headers = {"Origin": origin, "Cookie": f"csrftoken={key}"}
            return browser.post(f"{url}/user/login/", data=form, headers=headers).status_code
