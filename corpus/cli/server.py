"""`hemu studio invite`, `people`, `backup` and `restore`: the people and the data of a Label Studio server."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from corpus.cli.console import json_option, open_workspace, print_table

if TYPE_CHECKING:
    from annotators.studio.client import Studio

own_option = click.option("--name", default="default", show_default=True, help="Which of your servers.")
name_option = click.option("--name", help="Which of your servers (default: the workspace's, or `default`).")
workspace_option = click.option(
    "-w",
    "--workspace",
    "folder",
    type=click.Path(path_type=Path),
    envvar="HEMU_WORKSPACE",
    help="A workspace, for its server.",
)


def _server(name: str | None, folder: Path | None) -> tuple[Studio, Path, str]:
    """The server that is meant; the list of whom hemu invited to it; where others reach it, "" where that is not known."""
    from annotators.studio.accounts import invited_file
    from annotators.studio.client import connect
    from annotators.studio.server import Server, default_data
    from corpus.cli.studio import connected
    from corpus.errors import StudioError

    here = folder or (Path() if Path("hemu.toml").is_file() else None)
    if name is None and here is not None:
        workspace = open_workspace(here)
        url = workspace.setting("studio", "url", "")
        if url:
            studio = connected(workspace)
            return studio, invited_file(studio.url), studio.url
        name = workspace.setting("studio", "server", "default")
    name = name or "default"
    server = Server(default_data(name))
    status = server.status()
    if not status.running:
        named = "" if name == "default" else f" --name {name}"
        raise StudioError(f"Label Studio is not running; start it with: hemu studio start{named}")
    return connect(status.url, server.token()), server.data / "invited.json", status.address


@click.command()
@click.argument("emails", nargs=-1, metavar="E-MAIL...")
@name_option
@workspace_option
@click.option("--address", help="Where they reach the server, if that is another address than hemu's own.")
@click.option("--reset", "void", is_flag=True, help="First make all links void that were sent before.")
@click.option(
    "--wait", "minutes", type=click.FloatRange(min=0, min_open=True), metavar="MINUTES",
    help="Wait until all have an account, and make the link void then.",
)  # fmt: skip
@json_option
def invite(
    emails: tuple[str, ...],
    name: str | None,
    folder: Path | None,
    address: str | None,
    void: bool,
    minutes: float | None,
    as_json: bool,
) -> int:
    """Print the link by which each of these people makes an account, with a password that only they know.

    Label Studio has one link for all: whoever gets it can make an account, under any e-mail, until it is made void. Send
    it to these people only, and make it void when all have come: with --wait, or with --reset later. `hemu studio people`
    shows who came. Every account may do everything on the server; see docs/team.md.

    \b
    Example: hemu studio invite anna@example.org bo@example.org --wait 60
    """
    from annotators.studio import accounts
    from corpus.errors import InputError

    if not emails and not void:
        raise InputError("nobody to invite: name their e-mail addresses, or make all links void with --reset")
    studio, file, known = _server(name, folder)
    where = _checked_address(address) if address else known
    made = accounts.invite(studio, emails, address=where)
    if void:
        link = accounts.reset(studio, where)
        made = [accounts.Invitation(one.email, link, one.account) for one in made]
        click.echo("the links that were sent before are void", err=True)
    accounts.note_invited(file, (one.email for one in made if not one.account))
    if as_json:
        click.echo(json.dumps([asdict(one) for one in made]))
    for one in () if as_json else made:
        click.echo(f"{one.email}\t{'has an account' if one.account else one.link}")
    coming = [one.email for one in made if not one.account]
    if not coming:
        return 0
    if not where:
        click.echo(
            f"only this machine reaches {studio.url}: let others in by a proxy or an SSH tunnel (docs/team.md), and name the "
            "address with --address, or with LABEL_STUDIO_HOST at hemu studio start",
            err=True,
        )
    if minutes is None:
        click.echo("the link is good for anybody who has it; when all have come: hemu studio invite --reset", err=True)
        return 0
    missing = accounts.wait_for(
        studio, coming, minutes * 60, joined=lambda email: click.echo(f"{email} has an account now", err=True)
    )
    if missing:
        click.echo(f"no account yet: {', '.join(missing)}; the link stays good", err=True)
        return 1
    click.echo("all have come; the link is void", err=True)
    return 0


def _checked_address(address: str) -> str:
    from urllib.parse import urlsplit

    from corpus.errors import InputError

    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        raise InputError(f"{address}: no address of a server; expected one like https://labels.example.org")
    return address


@click.command("people")
@name_option
@workspace_option
@json_option
def list_people(name: str | None, folder: Path | None, as_json: bool) -> int:
    """List who has an account, when they were last there, and how many annotations they made.

    The number is the one by which hemu knows an annotator: annotator:3. Whom you have invited and who has no account yet
    is named, and so is who has one without your invitation.

    \b
    Example: hemu studio people
    """
    from annotators.studio.accounts import people, read_invited

    studio, file, _ = _server(name, folder)
    found, invited = people(studio), read_invited(file)
    there = {person.email for person in found}
    missing = sorted(invited.keys() - there)
    me = str(studio.request("GET", "/api/current-user/whoami").get("email") or "")
    strangers = [p.email for p in found if invited and not p.removed and p.email not in {*invited, me}]
    if as_json:
        listed = [asdict(person) for person in found]
        click.echo(json.dumps({"people": listed, "invited": missing, "uninvited": strangers}, ensure_ascii=False))
        return 0
    rows = [
        [
            p.annotator,
            p.email or "(removed)",
            p.name,
            p.joined[:10],
            p.active[:16].replace("T", " "),
            str(p.annotations),
        ]
        for p in found
    ]
    print_table(studio.url, ["annotator", "e-mail", "name", "joined", "last there (UTC)", "annotations"], rows)
    if missing:
        click.echo(f"invited, no account yet: {', '.join(missing)}", err=True)
    if strangers:
        click.echo(f"not invited from here: {', '.join(strangers)}", err=True)
    return 0


@click.command()
@click.argument("file", type=click.Path(path_type=Path), required=False)
@own_option
@json_option
def backup(file: Path | None, name: str, as_json: bool) -> int:
    """Back up a server of yours, which may go on running: database, uploads, login and secret key, in one file.

    Without FILE it goes beside the server's data. For PostgreSQL, DJANGO_DB and POSTGRE_* are to be set as at the start,
    and pg_dump is used.

    \b
    Example: hemu studio backup before-upgrade.tar.gz
    """
    from annotators.studio.backup import back_up
    from annotators.studio.server import Server, default_data

    path = back_up(Server(default_data(name)), file)
    size = path.stat().st_size
    if as_json:
        click.echo(json.dumps({"file": str(path), "bytes": size}))
        return 0
    click.echo(f"backed up to {path} ({size / 1e6:.1f} MB)", err=True)
    click.echo(
        "it holds the server's login and secret key, and all accounts: only you can read it; keep it so", err=True
    )
    return 0


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@own_option
@click.option("--force", is_flag=True, help="Replace a server that has data, after a backup of it.")
@json_option
def restore(file: Path, name: str, force: bool, as_json: bool) -> int:
    """Make a server from a backup, which is checked first.

    \b
    Example: hemu studio restore before-upgrade.tar.gz --name again
    """
    from annotators.studio.backup import restore as run_restore
    from annotators.studio.server import Server, default_data

    server = Server(default_data(name))
    before = run_restore(server, file, force=force)
    if as_json:
        click.echo(json.dumps({"data": str(server.data), "backup": str(before) if before else None}))
        return 0
    if before:
        click.echo(f"what was there is in {before}", err=True)
    named = "" if name == "default" else f" --name {name}"
    click.echo(f"restored to {server.data}; start it with: hemu studio start{named}", err=True)
    return 0
