"""`hemu pair` and `hemu dedupe`: which articles are versions of one another, and which are copies."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from corpus.cli.console import json_option, open_workspace, print_report, print_table, progress, workspace_option
from corpus.errors import InputError

_SHOWN = 200


@click.command()
@click.argument("en_folder", required=False, type=click.Path(path_type=Path))
@click.argument("zh_folder", required=False, type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, allow_dash=True, path_type=Path),
    help="Write the file of pairs here (default, and '-': standard output).",
)
@click.option("--apply", is_flag=True, help="In a workspace: store the documents as pairs.")
@click.option(
    "--min-score",
    type=click.FloatRange(0, 1),
    default=None,
    help="How sure a pair must be, 0 to 1 (default: 0.5).",
)
@workspace_option
@json_option
def pair(
    en_folder: Path | None,
    zh_folder: Path | None,
    output: Path | None,
    apply: bool,
    min_score: float | None,
    folder: Path,
    as_json: bool,
) -> int:
    """Find which English and Chinese articles are versions of one another, by what they say.

    With EN_FOLDER and ZH_FOLDER (which may be one folder): writes a file of pairs, which `hemu ingest --pairs` takes.
    Without: among the documents of the workspace that have no partner. An article whose partner is not there is in no
    pair.

    \b
    Examples:
      hemu pair articles/en articles/zh -o pairs.csv
      hemu pair -w news --apply
    """
    from corpus.pairing import LEAST
    from corpus.partners import mapping_text, pair_folders, pair_workspace, write_mapping

    least = LEAST if min_score is None else min_score
    if en_folder is not None and zh_folder is None:
        raise click.UsageError("Expected two folders, of English and of Chinese articles, or none.")
    if en_folder is not None and apply:
        raise click.UsageError("--apply is for a workspace; for folders write a file (-o) and run: hemu ingest --pairs")
    to_file = output is not None and str(output) != "-"
    if output is not None and to_file and not output.parent.is_dir():
        # Said before minutes of work rather than after.
        raise InputError(f"{output}: cannot be written: there is no folder {output.parent}")
    with progress("pair") as update:
        if en_folder is not None and zh_folder is not None:
            partners, report = pair_folders(en_folder, zh_folder, least=least, progress=update)
        else:
            partners, report = pair_workspace(open_workspace(folder), least=least, apply=apply, progress=update)
    if output is not None and to_file:
        write_mapping(output, partners)
    if as_json:
        click.echo(json.dumps({**asdict(report), "pairs": [asdict(p) for p in partners]}, ensure_ascii=False))
        return 0
    if not to_file:
        click.echo(mapping_text(partners), nl=False)
    code = print_report(report)
    if en_folder is None and partners and not apply:
        click.echo("nothing is stored yet; to store these pairs: hemu pair --apply", err=True)
    return code


@click.command()
@click.option(
    "--threshold",
    type=click.FloatRange(0, 1, min_open=True),
    default=None,
    help="The share of the shorter text that must be in the other too (default: 0.5).",
)
@workspace_option
@json_option
def dedupe(threshold: float | None, folder: Path, as_json: bool) -> int:
    """Cluster articles that are near-duplicates: copies, updates and excerpts of one text.

    Nothing is removed. Both versions of an article, and all copies of either, are in one cluster, which is named after its
    oldest member; a data set keeps a cluster on one side of its splits.

    \b
    Example: hemu dedupe -w news
    """
    from corpus.dedupe import THRESHOLD, Likeness, groups
    from corpus.dedupe import dedupe as run_dedupe

    workspace = open_workspace(folder)
    with progress("dedupe") as update:
        report = run_dedupe(workspace, threshold=THRESHOLD if threshold is None else threshold, progress=update)
    found = groups(workspace)
    if as_json:
        click.echo(json.dumps({**asdict(report), "found": [asdict(cluster) for cluster in found]}, ensure_ascii=False))
        return 0
    rows = []
    for cluster in found:
        likest: dict[str, Likeness] = {}
        for *ends, likeness in cluster.edges:
            for id in ends:
                likest[id] = max(likest.get(id, likeness), likeness, key=lambda found: found.containment)
        for id in cluster.members:
            best = likest.get(id)
            cells = [best.kind, f"{best.containment:.2f}", f"{best.jaccard:.2f}"] if best else ["other version", "", ""]
            rows.append([id, *cells, cluster.id])
    if rows:
        print_table("Near-duplicates", ["document", "kind", "contained", "shared", "cluster"], rows[:_SHOWN])
        if len(rows) > _SHOWN:
            click.echo(f"and {len(rows) - _SHOWN} more; --json lists them all", err=True)
    return print_report(report)
