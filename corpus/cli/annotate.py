"""`hemu annotate`, `run` and `annotators`: pre-annotation in a workspace and as a pipe."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
    from annotators.llm import Settings
    from annotators.pipe import Explain
    from corpus.report import StageReport
    from corpus.store import Workspace

fast_option = click.option("--fast", is_flag=True, help="Without models: starts in a second, finds less, no claims.")


def named_annotators(workspace: Workspace) -> tuple[str, ...]:
    """The annotators that hemu.toml names, in the order of priority; a language model with its settings."""
    from annotators.llm import expanded
    from annotators.registry import DEFAULT
    from corpus.errors import WorkspaceError
    from corpus.store import CONFIG

    names = workspace.setting("annotate", "annotators", list(DEFAULT))
    if not all(isinstance(name, str) for name in names):
        raise WorkspaceError(f"{workspace.root / CONFIG}: [annotate] annotators is {names!r}; expected a list of names")
    return expanded(names, workspace)


def annotators_of(workspace: Workspace) -> tuple[str, ...]:
    """The annotators of a workspace in the order of priority: its own names, those of hemu.toml, then the models in use."""
    from annotators.confirmed import current as confirmed
    from corpus.errors import ModelError
    from corpus.own_names import annotator_name
    from models.versions import ACCEPTED, accepted, claim_folders, folders, read_model

    names = named_annotators(workspace)
    # A group's own names go before everything else, then the names that its gold has confirmed.
    first = (annotator_name(workspace), confirmed(workspace))
    names = (*(name for name in first if name), *names)
    model = accepted(workspace)
    if model is None:
        return names
    unknown = set(read_model(model)["labels"]) - set(workspace.scheme.label_names)
    if unknown:
        raise ModelError(
            f"{model}: was trained for labels that the scheme does not have ({', '.join(sorted(unknown))}); "
            f"remove {model.parent / ACCEPTED} and train anew with: hemu retrain"
        )
    spotters = (f"claims-model:{path}" for path in claim_folders(model).values())
    return (*names, *(f"model:{path}" for path in folders(model).values()), *spotters)


def method_of(workspace: Workspace, fast: bool = False) -> dict[str, bool]:
    """How a workspace wants its articles annotated: `[annotate] fast` and `[annotate] weights` in hemu.toml."""
    return {
        "fast": fast or workspace.setting("annotate", "fast", False),
        "weighed": workspace.setting("annotate", "weights", True),
    }


@contextmanager
def explaining(told: bool, path: str | None) -> Iterator[Explain | None]:
    """Where explanations go: lines to standard error where they are `told`, objects to the file at `path`."""
    from annotators.explain import Explanation, lines, row
    from corpus.document import Document
    from corpus.jsonl import dump_row, output

    if not told and path is None:
        yield None
        return
    with ExitStack() as stack:
        stream = stack.enter_context(output(path)) if path is not None else None

        def explain_to(explanation: Explanation, document: Document) -> None:
            if told:
                click.echo("\n".join(lines(explanation, document)), err=True)
            if stream is not None:
                stream.write(dump_row(row(explanation, document)) + "\n")

        yield explain_to


def folder_is_default() -> bool:
    """Whether no workspace was named, on the command line or in the environment."""
    return click.get_current_context().get_parameter_source("folder") == ParameterSource.DEFAULT


def ask(workspace: Workspace, names: Sequence[str]) -> None:
    """Where a language model is among the annotators: ask it now, many questions at once; its answers are kept."""
    settings = _llm_settings(workspace, names)
    if settings is not None:
        from annotators.llm import ask_documents
        from corpus.schema import DOCUMENTS

        with progress("ask") as update:
            print_report(ask_documents(workspace.current(DOCUMENTS), settings, progress=update))


def estimate_of(workspace: Workspace, names: Sequence[str]) -> StageReport:
    """What asking the language model would take."""
    from annotators.llm import estimate
    from corpus.errors import WorkspaceError
    from corpus.schema import DOCUMENTS

    settings = _llm_settings(workspace, names)
    if settings is None:
        raise WorkspaceError(f"{workspace.root / 'hemu.toml'}: has no [llm]; add url and model to it")
    return estimate(workspace.current(DOCUMENTS), settings)


def _llm_settings(workspace: Workspace, names: Sequence[str]) -> Settings | None:
    from annotators.llm import CLAIMS, ENTITIES, settings_of

    return settings_of(workspace) if any(name.startswith((ENTITIES, CLAIMS)) for name in names) else None


@click.command()
@click.argument("input", required=False)
@click.argument("output", required=False)
@click.option("-a", "--annotator", "names", multiple=True, help="An annotator to use, in the order of priority.")
@fast_option
@click.option("--explain", "told", is_flag=True, help="Say of each span who proposed it, and what gave way to it.")
@click.option("--explain-to", metavar="FILE", help="The same as JSON Lines, into a file.")
@click.option("--llm", is_flag=True, help="Ask the language model of [llm] in hemu.toml, too.")
@click.option(
    "--estimate", "estimated", is_flag=True, help="With --llm: only say how many requests, and what they cost."
)
@workspace_option
@workers_option
@json_option
def annotate(
    input: str | None,
    output: str | None,
    names: tuple[str, ...],
    fast: bool,
    told: bool,
    explain_to: str | None,
    llm: bool,
    estimated: bool,
    folder: Path,
    workers: int | None,
    as_json: bool,
) -> int:
    """Pre-annotate entities and claims.

    Without arguments: what is new or changed in the workspace. With two, a pipe that needs none: documents as JSON
    Lines {"id", "pair", "lang", "text"} from INPUT, the same with entities and claims to OUTPUT, in the order read,
    "-" being standard input and output. Versions that share a pair help one another. The annotators are those of
    a new workspace, of --annotator, or of the --workspace that is named (its trained models too).

    The score of an entity is how often such a span was right in gold, where weights were learnt for the annotators.
    --explain covers, in a workspace, every article that is annotated, and not just what this run did. --fast leaves out
    the models (spaCy, LAC, the sentence encoder) and whatever needs one: the general recognisers and claims.

    \b
    Examples:
      hemu annotate -w news
      hemu annotate documents.jsonl annotated.jsonl
      cat documents.jsonl | hemu annotate - - > annotated.jsonl
      hemu annotate documents.jsonl annotated.jsonl --explain-to why.jsonl
    """
    from annotators.pipe import annotate_rows
    from annotators.registry import DEFAULT
    from annotators.stage import annotate_workspace
    from annotators.stored import explain_workspace
    from corpus.model_folder import check_labels
    from corpus.scheme import load_scheme

    if input is not None and output is None:
        raise click.UsageError("The pipe needs INPUT and OUTPUT; '-' stands for standard input or output.")
    if llm and input is not None and folder_is_default():
        raise click.UsageError(
            "--llm needs the workspace whose hemu.toml has [llm]; in a pipe name it with --workspace."
        )
    if estimated and (not llm or input is not None):
        raise click.UsageError("--estimate goes with --llm, in a workspace.")
    if explain_to == "-" and (output == "-" or as_json):
        raise click.UsageError("Standard output is taken already; name a file for --explain-to.")
    how: dict[str, Any] = {"fast": fast, "weighed": True}
    with ExitStack() as stack:
        if input is None:
            from annotators.llm import expanded

            workspace = open_workspace(folder)
            chosen = expanded(names or annotators_of(workspace), workspace, add=llm)
            how = method_of(workspace, fast)
            check_labels([] if how["fast"] else chosen, workspace.scheme.label_names)
            if estimated:
                return print_report(estimate_of(workspace, chosen), as_json=as_json)
            ask(workspace, chosen)
            with progress("annotate") as update:
                report = annotate_workspace(workspace, names=chosen, workers=workers, progress=update, **how)
            if explain := stack.enter_context(explaining(told, explain_to)):
                explain_workspace(workspace, explain, names=chosen, **how)
        else:
            assert output is not None
            named = not folder_is_default()
            if named:
                workspace = open_workspace(folder)
                how = method_of(workspace, fast)
            chosen = names or (annotators_of(workspace) if named else DEFAULT)
            if llm and named:
                from annotators.llm import expanded

                chosen = expanded(chosen, workspace, add=True)
            scheme = workspace.scheme if named else load_scheme()
            check_labels([] if how["fast"] else chosen, scheme.label_names)
            explain = stack.enter_context(explaining(told, explain_to))
            # A bar would run through the lines.
            bar = stack.enter_context(progress("annotate")) if not (told and sys.stderr.isatty()) else None
            report = annotate_rows(
                input, output, names=chosen, workers=workers, progress=bar, explain_to=explain, **how
            )
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
    from annotators.stage import annotate_workspace
    from corpus.align import align_workspace
    from corpus.dedupe import dedupe
    from corpus.ingest import ingest
    from corpus.model_folder import check_labels
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
    names = annotators_of(workspace)
    check_labels([] if method_of(workspace)["fast"] else names, workspace.scheme.label_names)
    ask(workspace, names)
    with progress("annotate") as update:
        report = annotate_workspace(workspace, names=names, workers=workers, progress=update, **method_of(workspace))
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
