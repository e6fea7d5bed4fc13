"""`hemu show`: an annotated article side by side, in the terminal or as an HTML page."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from corpus.cli.console import open_workspace, workspace_option

if TYPE_CHECKING:
    from corpus.document import Document, Group, Layer


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
        scheme = load_scheme()
        groups = _groups_of_file(source)
    else:
        workspace = open_workspace(folder)
        scheme = workspace.scheme
        groups = _groups_of_workspace(folder, layer)
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


def _groups_of_workspace(folder: Path, layer: str) -> list[Group]:
    from annotators.pipeline import groups_of, layer_folder, stored_group
    from corpus.schema import ALIGNMENTS, GOLD, SEGMENTS, layers_table

    workspace = open_workspace(folder)
    documents = workspace.documents()
    layers = workspace.read(GOLD if layer == "gold" else layers_table(layer_folder(layer)))
    segments, alignments = workspace.read(SEGMENTS), workspace.read(ALIGNMENTS)
    chosen = [d for d in documents.values() if d.id in layers and layers[d.id].sha == d.sha and d.id in segments]
    return [_filled(stored_group(members, segments, alignments), layers) for members in groups_of(chosen)]


def _filled(group: Group, layers: Mapping[str, Layer]) -> Group:
    items = []
    for item in group.items:
        layer = layers[item.document.id]
        items.append(replace(item, entities=layer.entities, claims=layer.claims))
    return replace(group, items=tuple(items))


def _groups_of_file(path: str) -> list[Group]:
    from annotators.pipeline import group_of, groups_of
    from corpus.jsonl import document_of, layer_of, read_rows
    from corpus.scheme import load_scheme

    documents: list[Document] = []
    layers: dict[str, Layer] = {}
    for where, row in read_rows(path):
        document = document_of(row, where)
        documents.append(document)
        layers[document.id] = layer_of(row, document, where, scheme=load_scheme(), source=path)
    return [_filled(group_of(members), layers) for members in groups_of(documents)]
