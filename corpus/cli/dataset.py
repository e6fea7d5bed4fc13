"""`hemu dataset`: gold as a Hugging Face dataset, and what can be done with its versions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

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
from corpus.cli.lazy import Commands, LazyGroup

if TYPE_CHECKING:
    from corpus.report import StageReport
    from corpus.store import Workspace

# name: (module, attribute, the line that `hemu dataset --help` shows)
COMMANDS: Commands = {
    "versions": ("corpus.cli.dataset_versions", "versions", "List the versions there are."),
    "diff": ("corpus.cli.dataset_versions", "diff", "Say which documents, spans and labels two versions differ in."),
    "export": ("corpus.cli.dataset_forms", "export", "Write a version in other forms: spaCy, CoNLL, brat and more."),
    "join": ("corpus.cli.dataset_versions", "join", "Put the texts back into a dataset that came without them."),
    "push": ("corpus.cli.dataset_versions", "push", "Upload a version to the Hugging Face Hub."),
}

CONFIGS = ("documents", "ner", "ner_words", "claims", "parallel", "raters")


@click.group(cls=LazyGroup, table=COMMANDS, invoke_without_command=True, subcommand_metavar="[COMMAND …]")
@click.option("--held-out", multiple=True, help="A pair (or a document that stands alone) for the test split.")
@click.option(
    "--by", type=click.Choice(["hash", "time"]), default="hash", help="What decides the splits (default: hash)."
)
@click.option("--config", "configs", multiple=True, type=click.Choice(CONFIGS), help="Only these (default: all).")
@click.option("--no-text", is_flag=True, help="Also make a version without texts, which may be passed on.")
@click.option("--push", metavar="OWNER/NAME", help="Upload the version (with --no-text, the one without texts).")
@click.option("--public", is_flag=True, help="With --push: make the repository public.")
@click.option("--dry-run", is_flag=True, help="With --push: show what would be sent, and send nothing.")
@workers_option
@workspace_option
@strict_option
@json_option
@click.pass_context
def dataset(
    ctx: click.Context,
    held_out: tuple[str, ...],
    by: Literal["hash", "time"],
    configs: tuple[str, ...],
    no_text: bool,
    push: str | None,
    public: bool,
    dry_run: bool,
    workers: int | None,
    folder: Path,
    strict: bool,
    as_json: bool,
) -> int:
    """Export gold as a dataset that datasets.load_dataset reads: datasets/<version>, with a card.

    Its configurations are documents, ner (sentences with BIO tags), ner_words (Chinese by word), claims, parallel (aligned
    sentences) and raters (what each person marked). Both versions of an article, and near-duplicates, are on one side of
    the splits.

    \b
    Example: hemu dataset -w news
    """
    if ctx.invoked_subcommand:
        return 0
    workspace = open_workspace(folder)
    with progress("dataset") as update:
        from corpus.cli.dataset_ratings import ratings_of
        from corpus.dataset.build import build

        wanted = configs or CONFIGS
        report = build(
            workspace,
            held_out=frozenset(held_out),
            by=by,
            configs=wanted,
            ratings=ratings_of(workspace) if "raters" in wanted else None,
            agreement=_agreement(workspace) if "raters" in wanted else None,
            workers=workers,
            progress=update,
        )
        version = str(report.notes["version"])
        if no_text:
            from corpus.dataset.build import build_without_text

            version = build_without_text(workspace, version, progress=update)
            report.notes["version without text"] = version
    return _finished(report, folder, version, push, public, dry_run, as_json, strict)


def _agreement(workspace: Workspace) -> dict[str, object] | None:
    from corpus.cli.dataset_agreement import measured_agreement

    return measured_agreement(workspace)


def _finished(
    report: StageReport,
    folder: Path,
    version: str,
    push: str | None,
    public: bool,
    dry_run: bool,
    as_json: bool,
    strict: bool,
) -> int:
    code = print_report(report, as_json=as_json and not push, strict=strict)
    if push:
        from corpus.cli.dataset_versions import push_version

        push_version(push, version, folder, public=public, dry_run=dry_run, as_json=as_json)
    return code
