"""`hemu show`: an annotated article side by side, in the terminal or as an HTML page."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from corpus.cli.console import open_workspace, workspace_option

if TYPE_CHECKING:
    from corpus.document import Document, Group, Layer
    from corpus.scheme import Scheme
    from corpus.store import Workspace


@click.command()
@click.argument("names", nargs=-1)
@click.option("--layer", default="combined", show_default=True, help='"gold", "combined", or the name of an annotator.')
@click.option("--html", "page", type=click.Path(), help='Write an HTML page to this file ("-": standard output).')
@click.option("--file", "source", type=click.Path(), help="Show a JSON Lines file of annotated documents instead.")
@workspace_option
def show(names: tuple[str, ...], layer: str, page: str | None, source: str | None, folder: Path) -> int:
    """Show the articles NAMES (a pair or a document id; default: all), both versions side by side.

    \b
    Examples:
      hemu show housing-rental -w news
      hemu show --html gold.html --layer gold -w news
      hemu show --file annotated.jsonl
    """
    from corpus.errors import InputError
    from corpus.scheme import load_scheme

    if source is not None:
        named = click.get_current_context().get_parameter_source("folder") != ParameterSource.DEFAULT
        scheme = open_workspace(folder).scheme if named else load_scheme()
        groups = _groups_of_file(source, scheme)
    else:
        workspace = open_workspace(folder)
        scheme = workspace.scheme
        groups = _groups_of_workspace(workspace, layer)
    known = {name for group in groups for item in group.items for name in (item.document.id, item.document.pair)}
    for name in names:
        if name not in known:
            listed = ", ".join(sorted(known - {""})[:8]) or "none"
            raise InputError(f"{name}: no article of that name with annotations of {layer!r}; there are: {listed}")
    if names:
        groups = [g for g in groups if any(n in (i.document.id, i.document.pair) for n in names for i in g.items)]
    if not groups:
        raise InputError(f"there is nothing annotated to show from {source or folder}; run: hemu run")
    if page is not None:
        from corpus.jsonl import output
        from corpus.render import render_html

        with output(page) as stream:
            stream.write(render_html(groups, scheme, title=f"hemu · {layer if source is None else source}"))
        return 0
    from rich.console import Console

    from corpus.render import render_terminal

    console = Console(width=None if sys.stdout.isatty() else 140)
    for group in groups:
        console.print(render_terminal(group, scheme))
    return 0


def _groups_of_workspace(workspace: Workspace, layer: str) -> list[Group]:
    from annotators.pipeline import groups_of
    from annotators.stage import stored_group
    from corpus.errors import InputError
    from corpus.schema import ALIGNMENTS, SEGMENTS

    documents, layers = workspace.documents(), layers_of(workspace, layer)
    segments, alignments = workspace.read(SEGMENTS), workspace.read(ALIGNMENTS)
    current = [d for d in documents.values() if d.id in layers and layers[d.id].sha == d.sha]
    chosen = [d for d in current if d.id in segments and segments[d.id].sha == d.sha]
    if current and not chosen:
        raise InputError(f"{workspace.root}: {current[0].id} and the others are not segmented; run: hemu segment")
    if outdated := len(layers) - len(chosen):
        click.echo(f"not shown: {outdated} whose text has changed or is not segmented; run: hemu run", err=True)
    return [_filled(stored_group(members, segments, alignments), layers) for members in groups_of(chosen)]


def layers_of(workspace: Workspace, name: str) -> dict[str, Layer]:
    """What one source (or "gold") says, by document; InputError naming the sources there are, where it says nothing."""
    from annotators.stage import layer_folder
    from corpus.errors import InputError
    from corpus.schema import GOLD, layers_table

    layers = workspace.read(GOLD if name == "gold" else layers_table(layer_folder(name)))
    if not layers:
        there = sorted(path.name for path in workspace.folder("layers").glob("*") if path.is_dir())
        raise InputError(
            f"{workspace.root}: nothing in the layer {name!r} yet; there are: {', '.join(there) or 'none'}"
        )
    return layers


def _filled(group: Group, layers: Mapping[str, Layer]) -> Group:
    items = []
    for item in group.items:
        layer = layers[item.document.id]
        items.append(replace(item, entities=layer.entities, claims=layer.claims))
    return replace(group, items=tuple(items))


def _groups_of_file(path: str, scheme: Scheme) -> list[Group]:
    from annotators.pipeline import group_of, groups_of
    from corpus.jsonl import layer_of, read_documents

    documents: list[Document] = []
    layers: dict[str, Layer] = {}
    for where, row, document in read_documents(path):
        documents.append(document)
        layers[document.id] = layer_of(row, document, where, scheme=scheme, source=path)
    return [_filled(group_of(members), layers) for members in groups_of(documents)]
