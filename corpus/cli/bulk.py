"""`hemu bulk` and `hemu collect`: many articles, on one machine or a Ray cluster."""

from __future__ import annotations

from pathlib import Path

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


@click.command()
@click.argument("sources", nargs=-1, required=True)
@click.argument("out")
@click.option(
    "--engine", type=click.Choice(["local", "ray"]), default="local", show_default=True, help="Where it runs."
)
@click.option(
    "--address", default="auto", show_default=True, help="The Ray cluster: auto, HOST:PORT or ray://HOST:PORT."
)
@click.option("--fast", is_flag=True, help="Annotate without models: see hemu annotate --help.")
@click.option(
    "-w",
    "--workspace",
    "folder",
    type=click.Path(path_type=Path),
    help="A workspace whose settings, label scheme and names are used (default: those of a new one).",
)
@workers_option
@strict_option
@json_option
def bulk(
    sources: tuple[str, ...],
    out: str,
    engine: str,
    address: str,
    fast: bool,
    folder: Path | None,
    workers: int | None,
    strict: bool,
    as_json: bool,
) -> int:
    """Ingest, segment, align and annotate SOURCES by shards; the results of each shard are a workspace below OUT.

    Sources and OUT are paths, patterns or URLs that fsspec knows (s3://bucket/articles/*.jsonl); credentials come from the
    environment. A file of many articles (JSON Lines, CSV, Parquet, zip ...) is a shard, of single files some hundred are. The
    two versions of an article have to be in the same file, or in files whose names differ after the first dot only.

    What is done is not done again: the same command goes on after an interruption, and takes what is new. With --engine ray
    a running cluster does the work; hemu has to be installed on its nodes. Put shards into a workspace with hemu collect.

    \b
    Examples:
      hemu bulk ~/articles shards
      hemu bulk 's3://news/2024/*.jsonl' s3://news/hemu --engine ray --address auto
    """
    from annotators.bulk.run import bulk as run_bulk
    from annotators.bulk.work import Recipe, recipe_of
    from annotators.registry import DEFAULT

    if folder is None:
        recipe = Recipe((), tuple(DEFAULT), fast)
    else:
        from corpus.cli.annotate import annotators_of, method_of

        workspace = open_workspace(folder)
        recipe = recipe_of(workspace, annotators=tuple(annotators_of(workspace)), **method_of(workspace, fast))
    with progress("bulk") as update:
        report = run_bulk(
            sources,
            out,
            recipe,
            engine="ray" if engine == "ray" else "local",
            address=address,
            workers=workers,
            progress=update,
        )
    code = print_report(report, as_json=as_json, strict=strict)
    failed = int(report.notes["shards"]) - report.done - report.unchanged
    return 1 if failed else code


@click.command()
@click.argument("source")
@click.option(
    "--only", default="*", metavar="PATTERN", help="Shards whose names fit this pattern, such as '2024-05-*'."
)
@workspace_option
@strict_option
@json_option
def collect(source: str, only: str, folder: Path, strict: bool, as_json: bool) -> int:
    """Take the finished shards of hemu bulk at SOURCE (a path or URL) into the workspace, to push, find or export them.

    hemu bulk looks for no near-duplicates; afterwards hemu dedupe finds them among all that the workspace has. Articles that
    were withdrawn from the workspace (hemu remove) stay out.

    \b
    Example: hemu collect s3://news/hemu --only '2024-05-*' -w news
    """
    from annotators.bulk.collect import collect as run_collect

    workspace = open_workspace(folder)
    with progress("collect") as update:
        report = run_collect(workspace, source, only=only, progress=update)
    return print_report(report, as_json=as_json, strict=strict)
