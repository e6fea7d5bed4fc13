"""`hemu init`, `ingest`, `segment` and `align`: from articles to aligned sentences."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from corpus.cli.console import (
    json_option,
    open_workspace,
    print_report,
    progress,
    strict_option,
    workers_option,
    workspace_option,
)
from corpus.report import StageReport

if TYPE_CHECKING:
    from corpus.clean import Cleaned
    from corpus.document import Document
    from corpus.ingest import RawDocument


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
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@workspace_option
@click.option(
    "--pairs", type=click.Path(path_type=Path), help="A file that says which articles are two versions of one."
)
@click.option("--text-column", help="The column that holds the text (usual names are known).")
@click.option("--id-column", help="The column that holds the id.")
@click.option("--pair-column", help="The column whose value both versions of an article share.")
@click.option("--lang-column", help="The column that holds the language, en or zh.")
@click.option("--restore", multiple=True, metavar="ID", help="Take this article although it was withdrawn.")
@click.option("--explain", is_flag=True, help="Show each change that cleaning makes, and what is not body text.")
@click.option("--dry-run", is_flag=True, help="Write nothing, only say what would be.")
@strict_option
@json_option
def ingest(
    paths: tuple[Path, ...],
    folder: Path,
    pairs: Path | None,
    text_column: str | None,
    id_column: str | None,
    pair_column: str | None,
    lang_column: str | None,
    restore: tuple[str, ...],
    explain: bool,
    dry_run: bool,
    strict: bool,
    as_json: bool,
) -> int:
    """Take the articles in PATHS (files, folders, patterns, "-") into the workspace.

    Text, Markdown, HTML, Word, PDF with a text layer, JSON Lines, CSV, Parquet, Hugging Face datasets on disk, and zip
    and gz of these. Two versions of one article are joined by name (housing.en.txt and housing.zh.txt), by a column,
    or by a file that `hemu pair` writes. A file that cannot be used is named, and the others go in.

    \b
    Examples:
      hemu ingest ~/articles -w news
      hemu ingest export.csv --text-column content --pair-column story -w news
      hemu ingest ~/en ~/zh --pairs pairs.csv -w news
    """
    from corpus.ingest import ingest as run_ingest

    if not paths and not pairs:
        raise click.UsageError("Nothing to take: name files or folders.")

    with progress("ingest") as update:
        report = run_ingest(
            open_workspace(folder),
            paths,
            text_column=text_column,
            id_column=id_column,
            pair_column=pair_column,
            lang_column=lang_column,
            pairs=pairs,
            restore=restore,
            explain=_explain if explain else None,
            dry_run=dry_run,
            progress=update,
        )
    return max(print_report(report, as_json=as_json, strict=strict), nothing_taken(report))


def _explain(document: Document, raw: RawDocument, cleaned: Cleaned) -> None:
    from corpus.explain import explain

    click.echo("\n".join(explain(document, cleaned)), err=True)


def nothing_taken(report: StageReport) -> int:
    """The exit code 1 where everything that was named was left out, else 0."""
    return 1 if report.skipped and not report.done and not report.unchanged else 0


@click.command()
@workspace_option
@workers_option
@json_option
def segment(folder: Path, workers: int | None, as_json: bool) -> int:
    """Split what is new or changed into sentences and words (spaCy for English, jieba for Chinese).

    \b
    Example: hemu segment -w news
    """
    from corpus.segment import segment_workspace

    with progress("segment") as update:
        report = segment_workspace(open_workspace(folder), progress=update, workers=workers)
    return print_report(report, as_json=as_json)


@click.command()
@click.argument("input", required=False)
@click.argument("output", required=False)
@workspace_option
@workers_option
@json_option
def align(input: str | None, output: str | None, folder: Path, workers: int | None, as_json: bool) -> int:
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
            report = align_workspace(open_workspace(folder), progress=update, workers=workers)
        elif output is None:
            raise click.UsageError("The pipe needs INPUT and OUTPUT; '-' stands for standard input or output.")
        else:
            report = align_rows(input, output, progress=update, workers=workers)
    return print_report(report, as_json=as_json and output != "-")
