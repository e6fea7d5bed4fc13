"""`hemu dataset`: gold as a Hugging Face dataset."""

from __future__ import annotations

from pathlib import Path

import click

from corpus.cli.console import json_option, open_workspace, print_report, progress, strict_option, workspace_option


@click.command()
@click.option("--held-out", multiple=True, help="A pair (or a document that stands alone) for the test split.")
@workspace_option
@strict_option
@json_option
def dataset(held_out: tuple[str, ...], folder: Path, strict: bool, as_json: bool) -> int:
    """Export gold as a dataset that datasets.load_dataset reads: datasets/<version>, configurations documents, ner,
    claims and parallel, both versions of an article in the same split.

    \b
    Example: hemu dataset -w news
    """
    from corpus.dataset.build import build

    with progress("dataset") as update:
        report = build(open_workspace(folder), held_out=frozenset(held_out), progress=update)
    return print_report(report, as_json=as_json, strict=strict)
