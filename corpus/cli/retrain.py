"""`hemu retrain`: from gold to a judged model in one command."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from corpus.cli.console import json_option, open_workspace, progress, workspace_option
from corpus.cli.train import seed_option, silver_option, steps_option


@click.command()
@click.option("--held-out", multiple=True, help="A pair to judge by, beside those of the test split.")
@seed_option
@silver_option
@steps_option
@workspace_option
@json_option
def retrain(
    held_out: tuple[str, ...], seed: int, silver: bool, max_steps: int | None, folder: Path, as_json: bool
) -> int:
    """Train on gold, judge the models on articles held out, and take them into use if they are not worse.

    Spotters of claims are trained beside them where gold has claims.

    The next `hemu run` annotates with them: with the labels (and types of claims) for which, on the articles held out,
    what a model adds to the other annotators is right more often than wrong. Exit code 3 says that the new models were
    not accepted; they are kept beside those in use.

    \b
    Example: hemu retrain -w news
    """
    from annotators.registry import DEFAULT
    from corpus.cli.training import admitted, admitted_claims, has_claims, reader
    from models.retrain import retrain as run_retrain

    workspace = open_workspace(folder)
    names = tuple(workspace.setting("annotate", "annotators", list(DEFAULT)))
    with progress("retrain") as update:
        result = run_retrain(
            workspace,
            seed=seed,
            held_out=frozenset(held_out),
            silver=silver,
            max_steps=max_steps,
            admit=lambda paths, test: admitted(workspace, names, paths, test),
            read_claims=reader(workspace) if has_claims(workspace) else None,
            admit_claims=lambda paths, test: admitted_claims(workspace, names, paths, test),
            progress=update,
        )
    if as_json:
        click.echo(json.dumps(result, ensure_ascii=False))
    else:
        _print_result(result)
    return 0 if result["accepted"] else 3


def _print_result(result: dict[str, Any]) -> None:
    trained = "trained before" if result["unchanged"] else f"trained in {result['seconds']:.0f} s"
    verdict = "accepted" if result["accepted"] else "not accepted"
    click.echo(f"retrain: model {result['version']} {trained}, {verdict}: {result['reason']}", err=True)
    for lang, labels in result.get("admitted", {}).items():
        what = ", ".join(labels) or "nothing yet; annotate more"
        click.echo(f"  {lang}: on the held-out articles it adds to the other annotators: {what}", err=True)
    for lang, types in result.get("admitted_claims", {}).items():
        what = ", ".join(types) or "nothing yet; annotate more"
        click.echo(f"  {lang}: of claims it adds to the other annotators: {what}", err=True)
