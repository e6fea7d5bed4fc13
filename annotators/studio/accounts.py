"""The accounts of a server: invitations, and who has an account and what they did.

Label Studio has one invitation link for all. Whoever has it can make an account, with a password of their own, until the
link is made void: nobody else ever knows the password, but the link does not know whom it was for.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from annotators.studio.client import Studio
from annotators.studio.installation import default_data
from corpus.errors import InputError, StudioError

_EMAIL = re.compile(r"[^\s@,;<>\"]+@[^\s@,;<>\"]+\.[^\s@,;<>\"]+")
_PAGE = 500


@dataclass(frozen=True, slots=True)
class Person:
    """An account. `number` is what hemu calls an annotator by (`annotator:3`); `annotations` counts skipped ones too."""

    number: int
    email: str
    name: str
    joined: str
    active: str
    annotations: int
    removed: bool = False

    @property
    def annotator(self) -> str:
        return f"annotator:{self.number}"


@dataclass(frozen=True, slots=True)
class Invitation:
    """What to send to one person; `account` says that they have one already, and need no link."""

    email: str
    link: str
    account: bool


def people(studio: Studio) -> list[Person]:
    """The accounts of the server, oldest first."""
    found = []
    for row in _members(studio):
        user, number = row["user"], int(row["user"]["id"])
        where = f"/api/organizations/{row['organization']}/memberships/{number}"
        detail = studio.request("GET", where, doing="counting annotations")
        name = " ".join(filter(None, (user.get("first_name"), user.get("last_name"))))
        # Label Studio calls those who were removed from the organisation "Deleted", without an address.
        removed = "@" not in str(user.get("email"))
        found.append(
            Person(
                number,
                "" if removed else str(user["email"]),
                "" if removed else name,
                str(user.get("date_joined") or ""),
                str(user.get("last_activity") or ""),
                int(detail.get("annotations_count") or 0),
                removed,
            )
        )
    return sorted(found, key=lambda person: person.number)


def invite(studio: Studio, emails: Iterable[str], *, address: str = "") -> list[Invitation]:
    """An invitation for each person, in order, at `address` where others reach the server by another than hemu does.

    The link is the same for all (see above), and good for any number of accounts until `reset`.

    Raises InputError for what is no e-mail address.
    """
    wanted = list(dict.fromkeys(map(_checked, emails)))
    link = link_of(studio, address)
    there = emails_of(studio)
    return [Invitation(email, link, email in there) for email in wanted]


def link_of(studio: Studio, address: str = "") -> str:
    """The invitation link as it is now."""
    answer = studio.request("GET", "/api/invite", doing="asking for the invitation link")
    return _link(studio, answer, address)


def reset(studio: Studio, address: str = "") -> str:
    """Make the invitation link void, with all that were sent; returns the new one. Accounts stay as they are."""
    answer = studio.request("POST", "/api/invite/reset-token", {}, doing="making the invitation link void")
    return _link(studio, answer, address)


def emails_of(studio: Studio) -> set[str]:
    """The e-mail addresses that have an account."""
    return {str(row["user"].get("email") or "").lower() for row in _members(studio)}


def wait_for(
    studio: Studio,
    emails: Sequence[str],
    seconds: float,
    *,
    every: float = 5.0,
    joined: Callable[[str], None] = lambda _: None,
) -> list[str]:
    """Wait until all of these have an account, and make the link void then; returns who has none after `seconds`.

    `joined` is told of each that comes. The link stays good where somebody is missing.
    """
    deadline, missing = time.monotonic() + seconds, [_checked(email) for email in emails]
    while True:
        there = emails_of(studio)
        for email in [email for email in missing if email in there]:
            joined(email)
            missing.remove(email)
        if not missing:
            reset(studio)
            return []
        if time.monotonic() >= deadline:
            return missing
        time.sleep(max(0.0, min(every, deadline - time.monotonic())))


def invited_file(url: str) -> Path:
    """Where hemu notes whom it invited to the server of a team; not in a workspace, which others may see."""
    place = re.sub(r"[^\w.-]", "_", urlsplit(url).netloc + urlsplit(url).path)
    return default_data().parent.parent / "invited" / f"{place}.json"


def read_invited(file: Path) -> dict[str, str]:
    """Whom hemu invited, and when."""
    try:
        known = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise StudioError(
            f"{file}: the list of invitations cannot be read ({error}); remove it to begin anew"
        ) from None
    return {str(email): str(when) for email, when in known.items()} if isinstance(known, dict) else {}


def note_invited(file: Path, emails: Iterable[str]) -> None:
    """Note that these were invited now, in a file that only its owner reads."""
    from annotators.studio.server import write_private

    now = datetime.now(UTC).isoformat(timespec="seconds")
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_private(file, json.dumps({**read_invited(file), **dict.fromkeys(emails, now)}, indent=1) + "\n")


def _checked(email: str) -> str:
    # Label Studio keeps addresses in lower case.
    email = email.strip().lower()
    if not _EMAIL.fullmatch(email) or len(email) >= 256:
        raise InputError(f"{email!r}: is no e-mail address; expected one like anna@example.org")
    return email


def _link(studio: Studio, answer: Any, address: str) -> str:
    path = str(answer.get("invite_url") or "") if isinstance(answer, dict) else ""
    if "token=" not in path:
        raise StudioError(f"{studio.url}: gives no invitation link; invite people in Label Studio (Organization)")
    return f"{(address or studio.url).rstrip('/')}/{path.lstrip('/')}"


def _members(studio: Studio) -> list[dict[str, Any]]:
    me = studio.request("GET", "/api/current-user/whoami", doing="asking who is there")
    organization = me.get("active_organization")
    if not organization:
        raise StudioError(f"{studio.url}: the account of the API token is in no organisation; take another's token")
    found: list[dict[str, Any]] = []
    last: list[dict[str, Any]] = []
    # A server may give fewer to a page than it is asked for.
    for page in count(1):
        where = f"/api/organizations/{organization}/memberships?page={page}&page_size={_PAGE}"
        answer = studio.request("GET", where, doing="asking who is there")
        rows = answer.get("results")
        if not isinstance(rows, list) or not all(isinstance(row, dict) and "user" in row for row in rows):
            raise StudioError(
                f"{studio.url}: what was answered when asked who is there is no list of people; try again"
            )
        if rows == last:
            break  # A list without an end says the same again and again.
        found += rows
        if not rows or not answer.get("next"):
            break
        last = rows
    return found
