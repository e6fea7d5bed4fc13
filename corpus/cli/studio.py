"""`hemu studio`, `push` and `pull`: Label Studio, from the server to the annotations."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from corpus.cli.console import (
    json_option,
    open_workspace,
    print_report,
    progress,
    strict_option,
    workspace_option,
)
from corpus.cli.serve import serve_model
from corpus.cli.server import backup, invite, list_people, restore

if TYPE_CHECKING:
    from annotators.studio.client import Studio
    from annotators.studio.server import Status
    from corpus.store import Workspace

name_option = click.option("--name", default="default", show_default=True, help="Which of your servers.")


@click.group()
def studio() -> None:
    """A Label Studio server of your own, on this machine only.

    Its data and its login lie outside of any workspace, readable by you alone. To work with a team's server instead,
    write its address into hemu.toml ([studio] url) and its token into the environment variable LABEL_STUDIO_API_KEY.

    \b
    Example: hemu studio start && hemu push
    """


for command in (invite, list_people, backup, restore, serve_model):
    studio.add_command(command)


def _counting(update: Callable[[int, int | None], None], total: int | None = None) -> Callable[[int], None]:
    """From a function that is told how many more were done to one that draws how many were."""
    done = 0

    def more(number: int) -> None:
        nonlocal done
        done += number
        update(done, total)

    return more


def _say(line: str) -> None:
    click.echo(line, err=True)


def _print_status(status: Status, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({k: str(v) if isinstance(v, Path) else v for k, v in asdict(status).items()}))
    elif not status.running:
        click.echo("not running; start it with: hemu studio start", err=True)
    else:
        answering = "" if status.healthy else " (does not answer yet)"
        click.echo(f"Label Studio is at {status.url}{answering}; its login is in {status.credentials}", err=True)
        if status.address:
            click.echo(f"others reach it at {status.address}", err=True)
        if status.database.startswith("PostgreSQL"):
            click.echo(f"its data are in {status.database}", err=True)


@studio.command()
@name_option
@click.option("--port", type=click.IntRange(1, 65535), help="The port on 127.0.0.1 (default: the last one, or 8080).")
@click.option(
    "--allow-loopback-backend",
    "loopback",
    is_flag=True,
    help="Let it connect to `hemu studio serve-model` on 127.0.0.1.",
)
@click.option("--no-backup", is_flag=True, help="Make no backup before another Label Studio takes over the database.")
@json_option
def start(name: str, port: int | None, loopback: bool, no_backup: bool, as_json: bool) -> int:
    """Start the server; installs Label Studio into an environment of its own where it is missing.

    For PostgreSQL set DJANGO_DB=postgresql and POSTGRE_NAME, POSTGRE_USER, POSTGRE_PASSWORD, POSTGRE_HOST and POSTGRE_PORT
    in the environment, for a proxy before it LABEL_STUDIO_HOST; see docs/team.md.

    \b
    Example: hemu studio start --port 8090
    """
    from annotators.studio.server import Server, default_data, installed

    server = Server(default_data(name))
    if not installed(server.environment):
        _install(server.environment)
    _print_status(server.start(port, progress=_say, loopback_backend=loopback, back_up=not no_backup), as_json)
    return 0


@studio.command()
@name_option
def stop(name: str) -> int:
    """Stop the server. Nothing is lost: the next start goes on where it was.

    \b
    Example: hemu studio stop
    """
    from annotators.studio.server import Server, default_data

    click.echo("stopped" if Server(default_data(name)).stop() else "not running", err=True)
    return 0


@studio.command()
@name_option
@json_option
def status(name: str, as_json: bool) -> int:
    """Say whether the server runs, where, and where its login is kept.

    \b
    Example: hemu studio status
    """
    from annotators.studio.server import Server, default_data

    _print_status(Server(default_data(name)).status(), as_json)
    return 0


@studio.command()
def install() -> int:
    """Install Label Studio into an environment of its own (about 800 MB).

    \b
    Example: hemu studio install
    """
    from annotators.studio.server import default_env, installed

    if installed(default_env()):
        click.echo(f"Label Studio is installed in {default_env()}", err=True)
    else:
        _install(default_env())
    return 0


def _install(environment: Path) -> None:
    import shutil

    from annotators.studio import server

    # The locked requirements lie in the wheel beside the module, in a checkout in a folder of their own.
    here = Path(server.__file__)
    locks = (here.with_name("requirements.txt"), here.parents[2] / "requirements" / "studio.txt")
    lock = next((path for path in locks if path.is_file()), None)
    server.install(environment, requirements=lock, uv=shutil.which("uv"), progress=_say)


def connected(workspace: Workspace) -> Studio:
    """A client for the Label Studio of hemu.toml; StudioError in one line where it is not there or refuses."""
    from annotators.studio.client import connect, find_token
    from annotators.studio.server import Server, default_data
    from corpus.errors import StudioError

    url = workspace.setting("studio", "url", "")
    if url:
        file = workspace.setting("studio", "token_file", "")
        return connect(url, find_token(Path(file).expanduser() if file else None))
    name = workspace.setting("studio", "server", "default")
    server = Server(default_data(name))
    status = server.status()
    if not status.running:
        named = "" if name == "default" else f" --name {name}"
        raise StudioError(f"Label Studio is not running; start it with: hemu studio start{named}")
    return connect(status.url, server.token())


@click.command()
@workspace_option
@strict_option
@json_option
def push(folder: Path, strict: bool, as_json: bool) -> int:
    """Send every article with its pre-annotation to Label Studio: both languages side by side, one task an article.

    What is there already is left alone; where the pre-annotation has changed, the task gets the new one beside the
    old. What people have annotated is never touched.

    With a plan of who annotates what (see: hemu assign) each person gets a project of their own, which holds their articles.
    What is unsure and unlike the rest is handed out first; [studio] order in hemu.toml says otherwise ("sequence", or "keep").

    \b
    Example: hemu push -w news
    """
    from annotators.studio.people import StoredItems, push_plan
    from corpus.errors import InputError
    from corpus.removal import removed

    workspace = open_workspace(folder)
    # Arrows between all that is the same on both sides would cover the text: links are shown only where asked for.
    items = StoredItems(workspace, links=workspace.setting("studio", "show_links", False))
    if next(iter(items), None) is None and not removed(workspace):
        raise InputError(f"{folder}: nothing is pre-annotated yet; run: hemu run")
    with progress("push") as update:
        reports = push_plan(workspace, connected(workspace), items, progress=_counting(update))
    return max((print_report(report, as_json=as_json, strict=strict) for report in reports), default=0)


@click.command()
@click.option("--partial", is_flag=True, help="Take long articles of which only some parts are submitted, too.")
@click.option("--sweep", is_flag=True, help="Look at every task, not only at those that have changed.")
@workspace_option
@strict_option
@json_option
def pull(partial: bool, sweep: bool, folder: Path, strict: bool, as_json: bool) -> int:
    """Fetch what annotators have submitted since the last time, from the projects of all people.

    Every task is looked at once a day, and with --sweep: what was deleted on the server is noticed then.

    \b
    Example: hemu pull -w news
    """
    from annotators.studio.people import projects
    from annotators.studio.pull import pull as run_pull

    workspace = open_workspace(folder)
    studio = connected(workspace)
    with progress("pull") as update:
        titles = projects(workspace, studio)
        report = run_pull(workspace, studio, titles=titles, partial=partial, sweep=sweep, progress=_counting(update))
    return print_report(report, as_json=as_json, strict=strict)
