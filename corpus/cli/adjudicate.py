"""`hemu adjudicate`: from annotations to gold, by the majority or by somebody who decides."""

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

dry_run_option = click.option("--dry-run", is_flag=True, help="Say what would be done, and change nothing.")


@click.group(invoke_without_command=True)
@workspace_option
@dry_run_option
@strict_option
@json_option
@click.pass_context
def adjudicate(context: click.Context, folder: Path, dry_run: bool, strict: bool, as_json: bool) -> int | None:
    """Make gold from the annotations: what the only annotator says, or what most annotators say.

    What they dispute is decided by the majority and reported. To have somebody decide it instead, `push` makes a project
    in Label Studio that holds only what is in dispute, and `pull` takes the verdicts: these count for more than the
    majority from then on, until annotators say something new there.

    \b
    Examples:
      hemu adjudicate -w news
      hemu adjudicate push -w news
      hemu adjudicate pull -w news
    """
    if context.invoked_subcommand is not None:
        given = [
            name
            for name in context.params
            if context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE
        ]
        if given:
            raise click.UsageError(
                f"options go after {context.invoked_subcommand}: hemu adjudicate {context.invoked_subcommand} …"
            )
        return None
    from annotators.adjudicate import adjudicate as run_adjudicate

    with progress("adjudicate") as update:
        report = run_adjudicate(open_workspace(folder), dry_run=dry_run, progress=update)
    return print_report(report, as_json=as_json, strict=strict)


@adjudicate.command()
@workspace_option
@click.option("--anonymous", is_flag=True, help="Call the annotators A, B, C.")
@dry_run_option
@strict_option
@json_option
def push(folder: Path, anonymous: bool, dry_run: bool, strict: bool, as_json: bool) -> int:
    """Put what is in dispute into a project of its own in Label Studio ("NAME · disputes"), one task an article.

    Marks that all annotators agree on are shown and locked. Of the others, what the majority has is taken at first; what it
    has not is grey, and a list says who marked what. Articles without a dispute, or with all decided, get no task.

    \b
    Example: hemu adjudicate push --anonymous -w news
    """
    from annotators.adjudicate import push_disputes
    from corpus.cli.studio import connected

    workspace = open_workspace(folder)
    done = 0
    with progress("push") as update:

        def more(number: int) -> None:
            nonlocal done
            done += number
            update(done, None)

        report = push_disputes(workspace, connected(workspace), anonymous=anonymous, dry_run=dry_run, progress=more)
    return print_report(report, as_json=as_json, strict=strict)


@adjudicate.command()
@workspace_option
@dry_run_option
@strict_option
@json_option
def pull(folder: Path, dry_run: bool, strict: bool, as_json: bool) -> int:
    """Fetch the verdicts that were submitted since the last time, and make gold of them.

    Every verdict is kept with who gave it, when, and what everybody had said (the table verdicts/); of several on one
    place the latest counts.

    \b
    Example: hemu adjudicate pull -w news
    """
    from annotators.adjudicate import pull_verdicts
    from corpus.cli.studio import connected

    workspace = open_workspace(folder)
    with progress("pull") as update:
        report = pull_verdicts(
            workspace, connected(workspace), dry_run=dry_run, progress=lambda number: update(number, None)
        )
    return print_report(report, as_json=as_json, strict=strict)
