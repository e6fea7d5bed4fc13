"""`hemu annotate`, `run` and `annotators`: pre-annotation in a workspace and as a pipe."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from corpus.cli.console import (
    json_option,
    open_workspace,
    print_report,
    progress,
    strict_option,
    workers_option,
    workspace_option,
)
from corpus.cli.text import nothing_taken

if TYPE_CHECKING:
    from corpus.store import Workspace


def annotators_of(workspace: Workspace) -> tuple[str, ...]:
    """The annotators of a workspace in the order of priority: those of hemu.toml, then the models in use."""
    from annotators.registry import DEFAULT
    from corpus.errors import ModelError, WorkspaceError
    from corpus.store import CONFIG
    from models.retrain import ACCEPTED, accepted, folders, read_model

    names = workspace.setting("annotate", "annotators", list(DEFAULT))
    if not all(isinstance(name, str) for name in names):
        raise WorkspaceError(f"{workspace.root / CONFIG}: [annotate] annotators is {names!r}; expected a list of names")
    model = accepted(workspace)
    if model is None:
        return tuple(names)
    unknown = set(read_model(model)["labels"]) - set(workspace.scheme.label_names)
    if unknown:
        raise ModelError(
            f"{model}: was trained for labels that the scheme does not have ({', '.join(sorted(unknown))}); "
            f"remove {model.parent / ACCEPTED} and train anew with: hemu retrain"
        )
    return (*names, *(f"model:{path}" for path in folders(model).values()))


@click.command()
@click.argument("input", required=False)
@click.argument("output", required=False)
@click.option("-a", "--annotator", "names", multiple=True, help="An annotator to use, in the order of priority.")
@workspace_option
@workers_option
@json_option
def annotate(
    input: str | None, output: str | None, names: tuple[str, ...], folder: Path, workers: int | None, as_json: bool
) -> int:
    """Pre-annotate entities and claims.

    Without arguments: what is new or changed in the workspace. With two, a pipe that needs none: documents as JSON
    Lines {"id", "pair", "lang", "text"} from INPUT, the same with entities and claims to OUTPUT, in the order read,
    "-" being standard input and output. Versions that share a pair help one another. The annotators are those of
    a new workspace, of --annotator, or of the --workspace that is named (its trained models too).

    \b
    Examples:
      hemu annotate -w news
      hemu annotate documents.jsonl annotated.jsonl
      cat documents.jsonl | hemu annotate - - > annotated.jsonl
    """
    from annotators.pipeline import annotate_rows, annotate_workspace
    from annotators.registry import DEFAULT

    with progress("annotate") as update:
        if input is None:
            workspace = open_workspace(folder)
            chosen = names or annotators_of(workspace)
            report = annotate_workspace(workspace, names=chosen, workers=workers, progress=update)
        elif output is None:
            raise click.UsageError("The pipe needs INPUT and OUTPUT; '-' stands for standard input or output.")
        else:
            named = click.get_current_context().get_parameter_source("folder") != ParameterSource.DEFAULT
            chosen = names or (annotators_of(open_workspace(folder)) if named else DEFAULT)
            report = annotate_rows(input, output, names=chosen, workers=workers, progress=update)
    return print_report(report, as_json=as_json and output != "-")


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@workspace_option
@workers_option
@strict_option
@json_option
def run(paths: tuple[Path, ...], folder: Path, workers: int | None, strict: bool, as_json: bool) -> int:
    """Ingest PATHS (if any), then look for near-duplicates, segment, align and annotate whatever is new or changed.

    \b
    Example: hemu run ~/articles -w news
    """
    from annotators.pipeline import annotate_workspace
    from corpus.align import align_workspace
    from corpus.dedupe import dedupe
    from corpus.ingest import ingest
    from corpus.segment import segment_workspace

    workspace = open_workspace(folder)
    code = 0
    if paths:
        with progress("ingest") as update:
            report = ingest(workspace, paths, progress=update)
        code = max(print_report(report, as_json=as_json, strict=strict), nothing_taken(report))
    with progress("dedupe") as update:
        report = dedupe(workspace, progress=update)
    code = max(code, print_report(report, as_json=as_json, strict=strict))
    for name, stage in (("segment", segment_workspace), ("align", align_workspace)):
        with progress(name) as update:
            report = stage(workspace, progress=update, workers=workers)
        code = max(code, print_report(report, as_json=as_json, strict=strict))
    with progress("annotate") as update:
        report = annotate_workspace(workspace, names=annotators_of(workspace), workers=workers, progress=update)
    return max(code, print_report(report, as_json=as_json, strict=strict))


@click.command()
@json_option
def annotators(as_json: bool) -> int:
    """List the annotators there are, with the version and the stage of each.

    \b
    Example: hemu annotators
    """
    from annotators.registry import make, names

    made = [make(name) for name in names()]
    if as_json:
        click.echo(json.dumps([{"name": a.name, "version": a.version, "stage": a.stage} for a in made]))
    else:
        for a in made:
            click.echo(f"{a.name:12} {a.stage:9} {a.version}")
        click.echo("model:PATH   entities  a model trained with hemu train")
    return 0
