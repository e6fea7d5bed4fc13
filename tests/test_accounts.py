"""Invitations and accounts, against a real Label Studio."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
import urllib.error
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from signing_up import PASSWORD, annotate, pushed, sign_up

from annotators.studio.accounts import invite, invited_file, note_invited, people, read_invited, reset, wait_for
from annotators.studio.client import Studio, connect
from annotators.studio.pull import pull
from annotators.studio.server import Server
from annotators.studio.tables import ANNOTATIONS
from annotators.studio.tokens import make_personal
from corpus.errors import InputError, StudioError


@pytest.fixture
def studio(studio_server: Server) -> Studio:
    return connect(studio_server.status().url, studio_server.token())


def hemu(*arguments: object, state: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "corpus.cli", "studio", *map(str, arguments)]
    env = {"PATH": "/usr/bin:/bin", "XDG_STATE_HOME": str(state), "HOME": str(state)}
    return subprocess.run(command, env=env, capture_output=True, text=True, cwd=state, timeout=60)


@pytest.fixture
def state(studio_server: Server, tmp_path: Path) -> Path:
    """A state folder in which the tests' server is the one named `team`."""
    (tmp_path / "hemu" / "studio").mkdir(parents=True)
    (tmp_path / "hemu" / "studio" / "team").symlink_to(studio_server.data)
    return tmp_path


@pytest.mark.studio
class TestInvitation:
    def test_from_the_link_to_the_pulled_annotation(self, studio: Studio, tmp_path: Path) -> None:
        workspace, tasks = pushed(tmp_path / "news", studio, "from the link", 2)
        project = studio.find_project("from the link")
        assert project
        first, second = invite(studio, ["Anna@Example.org", "bo@example.org", "anna@example.org"])
        assert (first.email, first.account, second.email) == ("anna@example.org", False, "bo@example.org")
        assert first.link.startswith(f"{studio.url}/user/signup/?token=")

        sign_up(first.link, first.email)
        assert [one.account for one in invite(studio, ["anna@example.org", "bo@example.org"])] == [True, False]
        anna = connect(studio.url, make_personal(studio.url, "anna@example.org", PASSWORD))
        annotate(anna, project, tasks[0])
        pull(workspace, studio, title="from the link")

        (who,) = {row.annotator for row in workspace.read(ANNOTATIONS).values()}
        (person,) = [p for p in people(studio) if p.annotator == who]
        assert (person.email, person.annotations, person.removed) == ("anna@example.org", 1, False)
        assert person.joined[:4] == person.active[:4] >= "2024"

    def test_at_the_address_that_others_know(self, studio: Studio) -> None:
        (one,) = invite(studio, ["cai@example.org"], address="https://labels.example.org/ls/")
        assert one.link.startswith("https://labels.example.org/ls/user/signup/?token=")

    @pytest.mark.parametrize("email", ["", "anna", "anna@example", "a@b.c, d@e.f", "Anna <anna@example.org>", "@b.c"])
    def test_what_is_no_address(self, studio: Studio, email: str) -> None:
        with pytest.raises(InputError, match="expected one like anna@example.org"):
            invite(studio, [email])

    def test_a_reset_makes_the_old_link_void(self, studio: Studio) -> None:
        (one,) = invite(studio, ["dai@example.org"])
        new = reset(studio)
        assert new != one.link
        with pytest.raises(urllib.error.HTTPError, match="403"):
            sign_up(one.link, one.email)
        sign_up(new, one.email)

    def test_waiting_for_them_closes_the_door(self, studio: Studio) -> None:
        emails = ["eva@example.org", "fei@example.org"]
        made = invite(studio, emails)

        def come() -> None:
            for one in made:
                sign_up(one.link, one.email)

        coming = Thread(target=come)
        coming.start()
        joined: list[str] = []
        assert wait_for(studio, emails, 60, every=0.2, joined=joined.append) == []
        coming.join()
        assert joined == emails
        with pytest.raises(urllib.error.HTTPError, match="403"):
            sign_up(made[0].link, "gao@example.org")

    def test_who_does_not_come_is_named(self, studio: Studio) -> None:
        (one,) = invite(studio, ["late@example.org"])
        assert wait_for(studio, ["late@example.org"], 0.0) == ["late@example.org"]
        assert invite(studio, ["late@example.org"]) == [one]

    def test_a_server_that_gives_fewer_to_a_page(self, studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
        (one,) = invite(studio, ["page@example.org"])
        sign_up(one.link, one.email)
        everybody, ask = people(studio), Studio.request
        assert len(everybody) > 1
        monkeypatch.setattr(
            Studio,
            "request",
            lambda self, how, path, *rest, **more: ask(self, how, path.replace("=500", "=1"), *rest, **more),
        )
        assert people(studio) == everybody

    def test_somebody_who_was_removed(self, studio: Studio) -> None:
        (one,) = invite(studio, ["gone@example.org"])
        sign_up(one.link, one.email)
        (person,) = [p for p in people(studio) if p.email == one.email]
        organization = studio.request("GET", "/api/current-user/whoami")["active_organization"]
        studio.request("DELETE", f"/api/organizations/{organization}/memberships/{person.number}/")
        (after,) = [p for p in people(studio) if p.number == person.number]
        assert (after.removed, after.email) == (True, "")


@pytest.mark.studio
class TestCommand:
    def test_invite_and_people(self, state: Path, studio: Studio, studio_server: Server) -> None:
        done = hemu("invite", "hua@example.org", "ida@example.org", "--name", "team", state=state)
        assert done.returncode == 0, done.stderr
        rows = dict(line.split("\t") for line in done.stdout.splitlines())
        assert list(rows) == ["hua@example.org", "ida@example.org"]
        assert "only this machine reaches" in done.stderr
        assert "hemu studio invite --reset" in done.stderr
        sign_up(rows["hua@example.org"], "hua@example.org")
        listed = hemu("people", "--name", "team", "--json", state=state)
        told = json.loads(listed.stdout)
        assert "hua@example.org" in {person["email"] for person in told["people"]}
        assert "ida@example.org" in told["invited"]
        assert "hua@example.org" not in told["uninvited"] + told["invited"]
        assert "hemu@example.com" not in told["uninvited"]
        assert stat.S_IMODE((studio_server.data / "invited.json").stat().st_mode) == 0o600
        shown = hemu("people", "--name", "team", state=state)
        assert "hua@example.org" in shown.stdout
        assert "ida@example.org" in shown.stderr
        again = hemu("invite", "hua@example.org", "--name", "team", state=state)
        assert again.stdout == "hua@example.org\thas an account\n"

    def test_reset_alone(self, state: Path, studio: Studio) -> None:
        (before,) = invite(studio, ["jin@example.org"])
        done = hemu("invite", "--reset", "--name", "team", state=state)
        assert (done.returncode, done.stdout) == (0, "")
        (after,) = invite(studio, ["jin@example.org"])
        assert after.link != before.link

    def test_what_is_refused_in_one_line(self, state: Path) -> None:
        for arguments, said in (
            (("invite", "--name", "team"), "nobody to invite"),
            (("invite", "anna", "--name", "team"), "no e-mail address"),
            (("invite", "a@example.org", "--address", "labels", "--name", "team"), "no address of a server"),
            (("people", "--name", "other"), "start it with: hemu studio start --name other"),
        ):
            done = hemu(*arguments, state=state)
            assert done.returncode == 1
            assert said in done.stderr
            assert len(done.stderr.strip().splitlines()) == 1


class TestNotes:
    def test_whom_hemu_invited_is_kept_privately(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
        file = invited_file("https://labels.example.org:8443/ls")
        assert file == tmp_path / "hemu" / "invited" / "labels.example.org_8443_ls.json"
        assert read_invited(file) == {}
        note_invited(file, ["anna@example.org"])
        note_invited(file, ["bo@example.org"])
        assert sorted(read_invited(file)) == ["anna@example.org", "bo@example.org"]
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        file.write_text("{")
        with pytest.raises(StudioError, match="cannot be read"):
            read_invited(file)


def test_a_row_of_the_server_that_is_no_link(monkeypatch: pytest.MonkeyPatch) -> None:
    studio: Any = Studio("http://nowhere", None)
    monkeypatch.setattr(Studio, "request", lambda *_, **__: {"detail": "no"})
    with pytest.raises(StudioError, match="gives no invitation link"):
        reset(studio)
