"""`hemu retrain`: from gold to a judged model in one command."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from corpus.cli.console import json_option, open_workspace, progress, workspace_option
from corpus.cli.train import gpu_option, seed_option, silver_option, steps_option

if TYPE_CHECKING:
    from annotators.confirmed import Confirmed
    from corpus.document import Lang
    from models.config import Recipe
    from models.examples import Annotated


@click.command()
@click.option("--held-out", multiple=True, help="A pair to judge by, beside those of the test split.")
@click.option(
    "--gold",
    "files",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Gold of others (JSON Lines) to learn from first, and not judged by; beside [retrain] public in hemu.toml.",
)
@click.option(
    "--config",
    "configs",
    multiple=True,
    help='A configuration to train by (the language is its own): a file, or "zh_transformer" and the like.',
)
@gpu_option
@click.option(
    "--lower-floors", is_flag=True, help="The rule in hemu.toml is weaker than the one pinned, and that is meant."
)
@click.option(
    "--new-evaluation", is_flag=True, help="Documents to judge by are gone or have other gold, and that is meant."
)
@seed_option
@silver_option
@steps_option
@workspace_option
@json_option
def retrain(
    held_out: tuple[str, ...],
    files: tuple[Path, ...],
    configs: tuple[str, ...],
    gpu: str,
    lower_floors: bool,
    new_evaluation: bool,
    seed: int,
    silver: bool,
    max_steps: int | None,
    folder: Path,
    as_json: bool,
) -> int:
    """Train on gold, judge the models on articles held out, and take them into use if they are better.

    When a model is better is said in hemu.toml, [retrain]: metric, min_gain, confidence, language_loss, label_loss, floors.
    Without it, F1 must not be lower than that of the model in use, and in no language lower by more than 0.05.
    What models are judged by is pinned in models/gate.json; more articles are taken in, but where some are gone or have other
    gold, or the rule is weaker, nothing is trained until --new-evaluation or --lower-floors say that this is meant.

    Spotters of claims are trained beside them where gold has claims. An interrupted training goes on where it was.

    Names that gold confirms (the same label wherever they stand) are known to the next `hemu run`, too, as far as that is
    right more often than wrong; nothing is learnt so from the articles held out.

    The next `hemu run` annotates with the models: with the labels (and types of claims) for which, on the articles held out,
    what a model adds to the other annotators is right more often than wrong. Exit code 3 says that the new models were
    not accepted; they are kept beside those in use, with a card (README.md) that says how they did.

    \b
    Examples:
      hemu retrain -w news
      hemu retrain -w news --gold cluener.jsonl --json
    """
    from annotators.confirmed import refresh
    from corpus.cli.annotate import named_annotators
    from corpus.cli.training import admitted, admitted_claims, has_claims, reader
    from models.config import read_recipe
    from models.public import named_sets
    from models.retrain import retrain as run_retrain

    workspace = open_workspace(folder)
    names = named_annotators(workspace)

    confirmed: list[Confirmed] = []

    def known() -> tuple[str, ...]:
        """The annotators, with the names that gold confirms."""
        return (*(found.annotator for found in confirmed if found.annotator), *names)

    def admit(paths: dict[Lang, Path], test: Sequence[Annotated]) -> dict[Lang, list[str]]:
        confirmed.append(refresh(workspace, names, leave_out={document.id for document, _ in test}))
        return admitted(workspace, known(), paths, test)

    recipes: dict[Lang, Recipe] = {}
    for recipe in map(read_recipe, configs):
        if recipe.lang in recipes:
            raise click.UsageError(
                f"--config {recipe.name}: is for {recipe.lang!r}, as {recipes[recipe.lang].name} is; give one a language"
            )
        recipes[recipe.lang] = recipe
    with progress("retrain") as update:
        result = run_retrain(
            workspace,
            seed=seed,
            held_out=frozenset(held_out),
            silver=silver,
            max_steps=max_steps,
            public=named_sets(workspace, files),
            recipes=recipes,
            gpu=gpu,
            lower_floors=lower_floors,
            new_evaluation=new_evaluation,
            admit=admit,
            read_claims=reader(workspace) if has_claims(workspace) else None,
            admit_claims=lambda paths, test: admitted_claims(workspace, known(), paths, test),
            progress=update,
            tell=lambda line: click.echo(f"retrain: {line}", err=True),
        )
    result["confirmed_names"] = {lang: number for found in confirmed for lang, number in found.names.items()}
    if as_json:
        click.echo(json.dumps(result, ensure_ascii=False))
    else:
        _print_result(result)
    return 0 if result["accepted"] else 3


def _print_result(result: dict[str, Any]) -> None:
    trained = "trained before" if result["unchanged"] else f"trained in {result['seconds']:.0f} s"
    verdict = "accepted" if result["accepted"] else "not accepted"
    click.echo(f"retrain: model {result['version']} {trained}, {verdict}: {result['reason']}", err=True)
    gone = {lang: counts["misaligned"] for lang, counts in result["languages"].items() if counts["misaligned"]}
    for lang, number in gone.items():
        click.echo(f"  {lang}: {number} entities begin or end inside a token and were not taught", err=True)
    for found in result["public"]:
        if found["left_out"] or found["repeated"]:
            click.echo(
                f"  {found['name']}: {found['left_out']} documents left out that stand in the articles held out, "
                f"{found['repeated']} whose text is learnt already",
                err=True,
            )
    for lang, number in result["confirmed_names"].items():
        click.echo(f"  {lang}: {number} names that gold confirms will be known in new articles", err=True)
    click.echo(f"  card: {result['path']}/README.md", err=True)
    for lang, labels in result.get("admitted", {}).items():
        what = ", ".join(labels) or "nothing yet; annotate more"
        click.echo(f"  {lang}: on the held-out articles it adds to the other annotators: {what}", err=True)
    for lang, types in result.get("admitted_claims", {}).items():
        what = ", ".join(types) or "nothing yet; annotate more"
        click.echo(f"  {lang}: of claims it adds to the other annotators: {what}", err=True)
