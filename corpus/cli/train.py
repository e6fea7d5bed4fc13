"""`hemu train`: entity models and spotters of claims from gold."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from corpus.cli.console import json_option, open_workspace, progress, workspace_option

if TYPE_CHECKING:
    from corpus.document import Lang
    from corpus.store import Workspace

seed_option = click.option("--seed", type=int, default=0, show_default=True, help="The seed of the training.")
silver_option = click.option(
    "--silver",
    is_flag=True,
    help="Learn first from the pre-annotation of articles without gold (run hemu dedupe before: no copy may leak).",
)
steps_option = click.option("--max-steps", type=click.IntRange(1), help="Updates at most (default: by the config).")


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--lang", type=click.Choice(["en", "zh"]), help="One language only.")
@click.option("--claims", is_flag=True, help="Train spotters of claims too: PATH/claims-en, PATH/claims-zh.")
@seed_option
@silver_option
@steps_option
@workspace_option
@json_option
def train(
    path: Path,
    lang: str | None,
    claims: bool,
    seed: int,
    silver: bool,
    max_steps: int | None,
    folder: Path,
    as_json: bool,
) -> int:
    """Train on all gold and write spaCy models to PATH/en and PATH/zh.

    With --claims also models that spot claims and tell their type and stance, where gold has claims; name them as
    annotators (claims-model:PATH/claims-en) after claim-cues.

    To train, judge and take a model into use, see: hemu retrain

    \b
    Examples:
      hemu train ~/models/today -w news
      hemu train ~/models/today --claims -w news
    """
    from corpus.document import LANGUAGES
    from corpus.errors import InputError
    from corpus.schema import GOLD
    from models.train import train as run_train

    workspace = open_workspace(folder)
    documents, gold = workspace.documents(), workspace.read(GOLD)
    present = {documents[id].lang for id, layer in gold.items() if id in documents and layer.entities}
    chosen = [name for name in LANGUAGES if lang == name or (lang is None and name in present)]
    with_claims = {documents[id].lang for id, layer in gold.items() if id in documents and layer.claims}
    spotters = [name for name in LANGUAGES if claims and name in with_claims and lang in (None, name)]
    if not chosen and not spotters:
        raise InputError(f"{folder}: no document has gold annotation to learn from; run: hemu adjudicate")
    for name in chosen:
        with progress(f"train {name}") as update:
            result = run_train(
                workspace, name, out=path / name, seed=seed, silver=silver, max_steps=max_steps, progress=update
            )
        if as_json:
            click.echo(json.dumps(asdict(result), ensure_ascii=False, default=str))
        else:
            click.echo(
                f"train {name}: {result.entities} entities of {result.documents} documents, {result.steps} steps, "
                f"{len(result.misaligned)} misaligned ({result.seconds:.1f} s): {result.path}",
                err=True,
            )
    _train_claims(workspace, path, spotters, seed, silver, max_steps, as_json)
    return 0


def _train_claims(
    workspace: Workspace,
    path: Path,
    languages: Sequence[Lang],
    seed: int,
    silver: bool,
    max_steps: int | None,
    as_json: bool,
) -> None:
    from corpus.cli.training import reader
    from models.claims import train_claims
    from models.retrain import CLAIMS_FOLDER

    for lang in languages:
        with progress(f"train claims {lang}") as update:
            result = train_claims(
                workspace,
                lang,
                out=path / f"{CLAIMS_FOLDER}{lang}",
                read=reader(workspace),
                seed=seed,
                silver=silver,
                max_steps=max_steps,
                progress=update,
            )
        if as_json:
            click.echo(json.dumps(asdict(result), ensure_ascii=False, default=str))
        else:
            click.echo(
                f"train claims {lang}: {result.claims} claims of {result.documents} documents, of which {result.reached} are "
                f"clauses that may be claims, {result.steps} steps ({result.seconds:.1f} s): {result.path}",
                err=True,
            )
