"""`hemu gold`: gold from a file, and into one."""

from __future__ import annotations

from pathlib import Path

import click

from corpus.cli.console import (
    json_option,
    open_workspace,
    print_report,
    progress,
    strict_option,
    workspace_option,
)


@click.group()
def gold() -> None:
    """Import gold from a file, and export it.

    \b
    Example: hemu gold import dev.jsonl -w news
    """


@gold.command("import")
@click.argument("file")
@workspace_option
@strict_option
@json_option
def import_(file: str, folder: Path, strict: bool, as_json: bool) -> int:
    """Take the annotation in FILE (JSON Lines in the form of docs/formats.md, "-": standard input) as gold.

    Documents that the workspace does not have yet come in with it.

    \b
    Example: hemu gold import dev.jsonl -w news
    """
    from corpus.gold import import_gold

    with progress("gold") as update:
        report = import_gold(open_workspace(folder), file, progress=update)
    return print_report(report, as_json=as_json, strict=strict)


@gold.command()
@click.argument("file")
@workspace_option
@json_option
def export(file: str, folder: Path, as_json: bool) -> int:
    """Write the gold of the workspace to FILE as JSON Lines ("-": standard output).

    \b
    Example: hemu gold export gold.jsonl -w news
    """
    from corpus.gold import export_gold

    with progress("gold") as update:
        report = export_gold(open_workspace(folder), file, progress=update)
    return print_report(report, as_json=as_json and file != "-")
