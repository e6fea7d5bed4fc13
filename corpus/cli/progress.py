"""`hemu progress`: what is annotated, what is to do, how long it takes, and what the pre-annotation is worth."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from corpus.cli.console import json_option, open_workspace, workspace_option
from corpus.cli.console import progress as progress_bar

if TYPE_CHECKING:
    from annotators.progress import ProgressReport

_DAYS = 14
# Of what is written to a file or a pipe.
_WIDTH = 160


@click.command()
@click.option("--annotator", "annotators", multiple=True, metavar="NAME", help="The work of these annotators.")
@click.option("--since", default="", metavar="DATE", help="Work submitted from this day (or month) on.")
@click.option("--until", default="", metavar="DATE", help="Work submitted up to this day (or month) and on it.")
@click.option("--html", "page", type=click.Path(), help='Write an HTML page to this file ("-": output).')
@workspace_option
@json_option
def progress(annotators: tuple[str, ...], since: str, until: str, page: str | None, folder: Path, as_json: bool) -> int:
    """Show what is done and to do, by annotator and label, and what became of the pre-annotation.

    Time per task, held against the clock; the rate by day and when it is done at this rate; proposed marks that were kept,
    changed or deleted, by source, label and language; edits per article over time, with the versions of the model. What is
    done and to do is that of everybody and of now; the options choose the work that all else is of. Nothing is asked of the
    server: pull first.

    \b
    Examples:
      hemu pull && hemu progress
      hemu progress --html progress.html -w news
      hemu progress --annotator annotator:3 --since 2025-03 --json -w news
    """
    from annotators.progress import Chosen
    from annotators.progress import progress as measure

    if as_json and page is not None:
        raise click.UsageError("--json and --html exclude one another")
    workspace = open_workspace(folder)
    with progress_bar("progress") as update:
        report = measure(workspace, Chosen(annotators, since, until), progress=update)
    if as_json:
        from corpus.jsonl import dump_row

        click.echo(dump_row(report.to_json()))
        return 0
    if page is not None:
        from annotators.progress.page import progress_page
        from corpus.jsonl import output

        html = progress_page(workspace, report)
        with output(page) as stream:
            stream.write(html)
    click.echo(f"progress: {report.message}", err=True)
    forecast = report.forecast
    if forecast is not None:
        hours = f"; what is left is about {forecast.hours:,.1f} hours of work" if forecast.hours else ""
        click.echo(f"  {forecast.message}{hours}", err=True)
    for note in report.notes:
        click.echo(f"  {note}", err=True)
    if page is None:
        _print(report)
    elif page != "-":
        click.echo(f"progress: wrote {page}", err=True)
    return 0


def _print(report: ProgressReport) -> None:
    from annotators.progress.tables import tables

    for part in tables(report):
        if not part.detail:
            _print_table(part.title, part.header, part.rows, part.text_columns)
    if report.days:
        rows = [[day, f"{count:,}"] for day, count in list(report.days.items())[-_DAYS:]]
        _print_table("Tasks finished by day, the last days with any", ["day", "tasks"], rows, 1)


def _print_table(title: str, header: Sequence[str], rows: Sequence[Sequence[str]], text_columns: int) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from corpus.render import printable

    table = Table(title=Text(title, style="bold"), title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for number, name in enumerate(header):
        table.add_column(Text(name), justify="left" if number < text_columns else "right", no_wrap=number > 0)
    for row in rows:
        table.add_row(*(Text(printable(cell)) for cell in row))
    Console(width=None if sys.stdout.isatty() else _WIDTH).print(table)
