"""`hemu init`, `ingest`, `segment` and `align`: from articles to aligned sentences."""

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
from corpus.report import StageReport


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), default=Path())
def init(folder: Path) -> int:
    """Make a workspace in FOLDER (default: the current one), which must be new or empty.

    \b
    Example: hemu init news
    """
    from annotators.registry import DEFAULT
    from corpus.store import CONFIG, Workspace

    Workspace.create(folder, annotators=DEFAULT)
    click.echo(
        f"made the workspace {folder}; settings are in {folder / CONFIG}, labels in {folder / 'scheme.toml'}", err=True
    )
    return 0


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@workspace_option
@strict_option
@json_option
def ingest(paths: tuple[Path, ...], folder: Path, strict: bool, as_json: bool) -> int:
    """Take the articles in PATHS (files or folders: txt, Markdown, JSON Lines) into the workspace.

    Two versions of one article are joined by name: housing.en.txt and housing.zh.txt. A file that cannot be used is
    named, and the others go in.

    \b
    Example: hemu ingest ~/articles -w news
    """
    from corpus.ingest import ingest as run_ingest

    with progress("ingest") as update:
        report = run_ingest(open_workspace(folder), paths, progress=update)
    return max(print_report(report, as_json=as_json, strict=strict), nothing_taken(report))


def nothing_taken(report: StageReport) -> int:
    """The exit code 1 where everything that was named was left out, else 0."""
    return 1 if report.skipped and not report.done and not report.unchanged else 0


@click.command()
@workspace_option
@json_option
def segment(folder: Path, as_json: bool) -> int:
    """Split what is new or changed into sentences and words (spaCy for English, jieba for Chinese).

    \b
    Example: hemu segment -w news
    """
    from corpus.segment import segment_workspace

    with progress("segment") as update:
        report = segment_workspace(open_workspace(folder), progress=update)
    return print_report(report, as_json=as_json)


@click.command()
@click.argument("input", required=False)
@click.argument("output", required=False)
@workspace_option
@json_option
def align(input: str | None, output: str | None, folder: Path, as_json: bool) -> int:
    """Align the sentences of the two versions of each article.

    Without arguments: in the workspace. With two, a pipe that needs none: JSON Lines of documents from INPUT to one
    line a pair in OUTPUT, "-" being standard input and output.

    \b
    Examples:
      hemu align -w news
      hemu align documents.jsonl beads.jsonl
    """
    from corpus.align import align_rows, align_workspace

    with progress("align") as update:
        if input is None:
            report = align_workspace(open_workspace(folder), progress=update)
        elif output is None:
            raise click.UsageError("The pipe needs INPUT and OUTPUT; '-' stands for standard input or output.")
        else:
            report = align_rows(input, output, progress=update)
    return print_report(report, as_json=as_json and output != "-")
