"""`hemu studio serve-model`: the annotators of a workspace as an ML backend of Label Studio."""

from __future__ import annotations

import json
import logging
import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import click

from corpus.cli.console import json_option, open_workspace, workspace_option

if TYPE_CHECKING:
    from annotators.studio.backend.http import Backend
    from annotators.studio.backend.live import Repeated
    from annotators.studio.backend.predict import Recipe
    from annotators.studio.client import Studio
    from corpus.report import StageReport
    from corpus.store import Workspace

_LOOK = 5.0
"""Every so many seconds: is another model in use, or something else changed that predictions are made with?"""


@click.command("serve-model")
@workspace_option
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=9090, show_default=True, help="The port; 0: any.")
@click.option("--connect", "connecting", is_flag=True, help="Connect the workspace's project with it, and keep it so.")
@click.option("--url", help="With --connect: where Label Studio reaches it, if that is another address.")
@click.option(
    "--poll", type=click.FloatRange(0), default=300.0, show_default=True, help="Seconds between two pulls; 0: none."
)
@click.option(
    "--secret-file", type=click.Path(path_type=Path), help="Where its secret is (default: your state folder)."
)
@json_option
def serve_model(
    folder: Path,
    host: str,
    port: int,
    connecting: bool,
    url: str | None,
    poll: float,
    secret_file: Path | None,
    as_json: bool,
) -> int:
    """Pre-annotate for Label Studio whenever it asks, until interrupted: hemu as its ML backend.

    The annotators are loaded once; a model that `hemu retrain` accepts, and a change of names or scheme, is taken in
    while it runs. What people submit is pulled into the workspace as it comes. With --connect, Label Studio is told of the
    backend, and all tasks of the project get the predictions of the model in use, those of a new one too. A server of
    your own must allow it: hemu studio start --allow-loopback-backend. See docs/live.md.

    \b
    Example: hemu studio serve-model -w news --connect
    """
    from annotators.studio.backend.http import Backend
    from annotators.studio.backend.predict import Predictor, opened
    from annotators.studio.backend.secret import default_file, read_or_make

    logging.basicConfig(level=logging.WARNING, format="hemu: %(message)s")
    logging.getLogger("hemu").setLevel(logging.INFO)
    workspace = open_workspace(folder)
    file = secret_file or default_file(workspace.setting("studio", "server", "default"))
    secret = read_or_make(file)
    puller: Repeated | None = None
    with Backend(
        Predictor(_recipe(workspace), opened(workspace)),
        secret,
        host=host,
        port=port,
        hint=lambda action: puller.wake() if puller and action.startswith("ANNOTATION") else None,
    ) as backend:
        stop = threading.Event()
        numbers = (signal.SIGINT, signal.SIGTERM)
        before = [signal.signal(number, lambda *_: stop.set()) for number in numbers]
        serving = threading.Thread(target=backend.serve_forever, name="hemu-http", daemon=True)
        serving.start()
        threads: list[Repeated] = []
        try:
            if connecting:
                _connect(workspace, backend, url or backend.url)
            threads = _threads(workspace, backend, connecting, poll)
            puller = next((thread for thread in threads if thread.name == "hemu-pull"), None)
            for thread in threads:
                thread.start()
            _announce(backend, file, connecting, as_json)
            stop.wait()
        finally:
            for thread in threads:
                thread.stop(timeout=5)
            backend.shutdown()
            for number, handler in zip(numbers, before, strict=True):
                signal.signal(number, handler)
    click.echo("hemu: the backend has stopped", err=True)
    return 0


def _recipe(workspace: Workspace) -> Recipe:
    """What the workspace makes predictions with now."""
    from annotators.studio.backend.predict import opened, recipe_of
    from corpus.cli.annotate import annotators_of, method_of

    now = opened(workspace)
    return recipe_of(now, annotators_of(now), **method_of(now))


def _connect(workspace: Workspace, backend: Backend, url: str) -> None:
    from urllib.parse import urlsplit

    from annotators.studio.backend.live import project_of, register
    from annotators.studio.server import Server, default_data
    from corpus.cli.studio import connected
    from corpus.errors import StudioError

    host = urlsplit(url).hostname or ""
    if host in ("0.0.0.0", "::"):
        raise StudioError(f"{url}: is no address to connect to; name the one that Label Studio reaches with --url")
    studio = connected(workspace)
    name = workspace.setting("studio", "server", "default")
    own = not workspace.setting("studio", "url", "")
    if own and not Server(default_data(name)).status().loopback_backend:
        named = "" if name == "default" else f" --name {name}"
        raise StudioError(
            f"{studio.url}: blocks backends on loopback; allow them with: "
            f"hemu studio stop{named} && hemu studio start{named} --allow-loopback-backend"
        )
    register(studio, project_of(studio, workspace), url, backend.secret)


def _threads(workspace: Workspace, backend: Backend, connecting: bool, poll: float) -> list[Repeated]:
    from annotators.studio.backend.live import Models, Puller, Refresher, Repeated
    from annotators.studio.backend.predict import Predictor, opened
    from annotators.studio.pull import pull
    from corpus.cli.studio import connected

    def studio() -> Studio:
        return connected(opened(workspace))

    def pull_now(studio: Studio) -> StageReport:
        return pull(opened(workspace), studio)

    threads = []
    refresh: Repeated | None = None
    if connecting:
        refresher = Refresher(backend, studio, workspace, stopped=lambda: bool(refresh and refresh.stopped))
        refresh = Repeated("refresh", refresher.step, poll or 300.0)
        refresh.wake()
        threads.append(refresh)
    models = Models(
        backend,
        lambda: _recipe(workspace),
        lambda recipe: Predictor(recipe, opened(workspace)),
        refresh.wake if refresh else lambda: None,
    )
    threads.append(Repeated("models", models.step, _LOOK))
    if poll:
        puller = Puller(studio, pull_now, workspace, stopped=lambda: pulling.stopped)
        pulling = Repeated("pull", puller.step, poll)
        pulling.wake()
        threads.append(pulling)
    return threads


def _announce(backend: Backend, file: Path, connecting: bool, as_json: bool) -> None:
    if as_json:
        click.echo(
            json.dumps({"url": backend.url, "model_version": backend.predictor.version, "secret_file": str(file)})
        )
        return
    click.echo(f"hemu: serving {backend.predictor.version} at {backend.url}; stop it with Ctrl-C", err=True)
    if not connecting:
        click.echo(
            f"hemu: connect it with --connect, or in Label Studio with basic authentication: user hemu, password in {file}",
            err=True,
        )
    if str(backend.server_address[0]) not in ("127.0.0.1", "::1"):
        click.echo("hemu: it listens to other machines over plain HTTP: use it in a network that you trust", err=True)
