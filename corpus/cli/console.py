"""What the commands share: their common options, the progress bar and the printing of reports."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from corpus.report import StageReport
from corpus.terminal import Printed, behind, harmless

if TYPE_CHECKING:
    from corpus.store import Workspace

F = TypeVar("F", bound=Callable[..., Any])

workspace_option = click.option(
    "-w",
    "--workspace",
    "folder",
    type=click.Path(path_type=Path),
    default=Path(),
    envvar="HEMU_WORKSPACE",
    help="The workspace (default: the current folder).",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON on standard output.")
strict_option = click.option("--strict", is_flag=True, help="Exit with 1 when anything was left out.")
workers_option = click.option("--workers", type=click.IntRange(1), help="Processes (default: by cores and work).")


def open_workspace(folder: Path) -> Workspace:
    """The workspace in `folder`; WorkspaceError when it is none."""
    from corpus.store import Workspace

    return Workspace.open(folder)


@contextmanager
def progress(title: str) -> Iterator[Callable[[int, int | None], None]]:
    """A function to call with (done, total); it draws a bar on standard error where that is a terminal."""
    logging.basicConfig(level=logging.WARNING, format="hemu: %(message)s")
    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(file=behind(sys.stderr))
    # rich puts what is printed meanwhile above the bar, to the terminal: never what goes into a pipe or a file.
    to_terminal = sys.stdout.isatty()
    with Progress(*columns, console=console, transient=True, redirect_stdout=to_terminal) as bar:
        if to_terminal:
            sys.stdout = Printed.of(sys.stdout)
        sys.stderr = Printed.of(sys.stderr)
        task = bar.add_task(title, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def print_report(report: StageReport, *, as_json: bool = False, strict: bool = False) -> int:
    """Print a report; returns the exit code, which is 1 where something was left out and `strict` asks for it."""
    if as_json:
        click.echo(json.dumps(asdict(report), ensure_ascii=False))
    else:
        parts = [f"{report.done} done", f"{report.unchanged} unchanged"]
        parts += [
            f"{key} {value:g}" if isinstance(value, float) else f"{key} {value}" for key, value in report.notes.items()
        ]
        if report.skipped:
            parts.append(f"{len(report.skipped)} left out")
        click.echo(f"{report.stage}: {', '.join(parts)} ({report.seconds:.1f} s)", err=True)
        for skipped in report.skipped[:50]:
            click.echo(f"  left out: {skipped.what}: {skipped.why}", err=True)
        if len(report.skipped) > 50:
            click.echo(f"  and {len(report.skipped) - 50} more; --json lists them all", err=True)
    return 1 if strict and report.skipped else 0


def print_table(title: str, header: list[str], rows: list[list[str]]) -> None:
    """A table on standard output; the first column is text, the others figures."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(harmless(title)), title_justify="left")
    for number, name in enumerate(header):
        table.add_column(Text(harmless(name)), justify="right" if number else "left")
    for row in rows:
        table.add_row(*(Text(harmless(cell)) for cell in row))
    Console(width=None if sys.stdout.isatty() else 120).print(table)
