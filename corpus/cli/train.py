"""`hemu train`: entity models and spotters of claims from gold."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from corpus.cli.console import json_option, open_workspace, progress, workspace_option

if TYPE_CHECKING:
    from corpus.document import Lang
    from corpus.store import Workspace
    from models.config import Recipe
    from models.train import TrainResult

seed_option = click.option("--seed", type=int, default=0, show_default=True, help="The seed of the training.")
silver_option = click.option(
    "--silver",
    is_flag=True,
    help="Learn first from the pre-annotation of articles without gold (run hemu dedupe before: no copy may leak).",
)
steps_option = click.option("--max-steps", type=click.IntRange(1), help="Updates at most (default: by the config).")
gpu_option = click.option(
    "--gpu",
    default="none",
    show_default=True,
    envvar="HEMU_GPU",
    help="none: on the processor. auto: on a GPU where CuPy finds one. Or the number of a GPU.",
)


class _TrainOrCurve(click.Command):
    """`hemu train --curve …` is `hemu curve …`, with the options of that and no others."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        if "--curve" not in args:
            return super().make_context(info_name, args, parent, **extra)
        from corpus.cli.curve import curve

        return curve.make_context("curve", [given for given in args if given != "--curve"], parent, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        return super().invoke(ctx) if ctx.command is self else ctx.command.invoke(ctx)


@click.command(cls=_TrainOrCurve)
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--lang", type=click.Choice(["en", "zh"]), help="One language only.")
@click.option("--claims", is_flag=True, help="Train spotters of claims too: PATH/claims-en, PATH/claims-zh.")
@click.option(
    "--gold",
    "public",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Gold of others (JSON Lines, as hemu gold export and scripts/public_sets.py write), learnt before yours. Repeatable.",
)
@click.option(
    "--config",
    help="A spaCy configuration of your own, or one that comes with hemu: en, zh, en_transformer, zh_transformer.",
)
@click.option(
    "--set", "overrides", multiple=True, metavar="KEY=VALUE", help="A value of the configuration. Repeatable."
)
@gpu_option
@seed_option
@silver_option
@steps_option
@click.option(
    "--curve",
    is_flag=True,
    expose_value=False,
    help="Train nothing to keep: do what hemu curve does, with its options.",
)
@click.option("--fresh", is_flag=True, help="Begin anew, also where the same training was interrupted before.")
@workspace_option
@json_option
def train(
    path: Path,
    lang: str | None,
    claims: bool,
    public: tuple[Path, ...],
    config: str | None,
    overrides: tuple[str, ...],
    gpu: str,
    seed: int,
    silver: bool,
    max_steps: int | None,
    fresh: bool,
    folder: Path,
    as_json: bool,
) -> int:
    """Train on all gold and write spaCy models to PATH/en and PATH/zh.

    With --claims also models that spot claims and tell their type and stance, where gold has claims; name them as
    annotators (claims-model:PATH/claims-en) after claim-cues.

    A training that was interrupted goes on where it was (saved every minute) when the same command is given again, and ends
    with the same model.

    Whether annotating more is worth it: hemu curve (or hemu train --curve, which is the same).

    To train, judge and take a model into use, see: hemu retrain

    \b
    Examples:
      hemu train ~/models/today -w news
      hemu train ~/models/today --claims -w news
      hemu train ~/models/large --gold cluener.jsonl --lang zh -w news
      hemu train ~/models/large --config en_transformer --set paths.weights=~/roberta-base --gpu auto -w news
    """
    from corpus.document import LANGUAGES
    from corpus.errors import InputError
    from corpus.schema import GOLD
    from models.checkpoint import Checkpoints
    from models.train import train as run_train

    workspace = open_workspace(folder)
    recipe = _recipe(config, overrides, lang)
    if recipe:
        lang = recipe.lang
    documents, gold = workspace.documents(), workspace.read(GOLD)
    present = {documents[id].lang for id, layer in gold.items() if id in documents and layer.entities}
    present |= _languages(public)
    chosen = [name for name in LANGUAGES if lang == name or (lang is None and name in present)]
    with_claims = {documents[id].lang for id, layer in gold.items() if id in documents and layer.claims}
    spotters = [name for name in LANGUAGES if claims and name in with_claims and lang in (None, name)]
    if not chosen and not spotters:
        raise InputError(f"{folder}: no document has gold annotation to learn from; run: hemu adjudicate")
    for name in chosen:
        with progress(f"train {name}") as update:
            result = run_train(
                workspace,
                name,
                out=path / name,
                seed=seed,
                silver=silver,
                public=public,
                max_steps=max_steps,
                recipe=recipe,
                gpu=gpu,
                checkpoints=Checkpoints(fresh=fresh),
                progress=update,
            )
        _print(result, as_json)
    _train_claims(workspace, path, spotters, seed, silver, max_steps, as_json)
    return 0


def _recipe(config: str | None, overrides: tuple[str, ...], lang: str | None) -> Recipe | None:
    """The configuration that was asked for; None where both languages take their own as it is."""
    from corpus.errors import InputError
    from models.config import parse_overrides, read_recipe

    if config is None and not overrides:
        return None
    if config is None and lang is None:
        raise InputError("--set changes the configuration of one language; name it with --lang, or one with --config")
    recipe = read_recipe(config or lang or "", parse_overrides(overrides))
    if lang not in (None, recipe.lang):
        raise InputError(
            f"{config}: the configuration is for {recipe.lang!r}, --lang says {lang!r}; leave one of them out"
        )
    return recipe


def _languages(files: tuple[Path, ...]) -> set[Lang]:
    from corpus.jsonl import read_documents

    return {document.lang for file in files for _, _, document in read_documents(str(file))}


def _print(result: TrainResult, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(asdict(result), ensure_ascii=False, default=str))
        return
    before = [
        f"{count} {what}"
        for count, what in (
            (result.silver_documents, "documents of silver"),
            (result.public_documents, "of public sets"),
        )
        if count
    ]
    lost = [f"{len(result.misaligned)} misaligned"]
    lost += [f"{len(result.overlapping)} overlapping"] if result.overlapping else []
    lost += [f"{len(result.skipped)} documents left out"] if result.skipped else []
    click.echo(
        f"train {result.lang}: {result.entities} entities of {result.documents} documents"
        f"{', after ' + ' and '.join(before) if before else ''}, {result.steps} steps"
        f"{f' (of which {result.resumed} before an interruption)' if result.resumed else ''}"
        f"{' on ' + result.device if result.device != 'cpu' else ''}, {', '.join(lost)} ({result.seconds:.1f} s): {result.path}",
        err=True,
    )
    notes = [f"left out: {skipped.what}: {skipped.why}" for skipped in result.skipped]
    notes += [f"not taught, its edges are inside a token: {id}: {surface!r}" for id, surface in result.misaligned]
    notes += [f"not taught, it overlaps another one: {id}: {surface!r}" for id, surface in result.overlapping]
    for note in notes[:20]:
        click.echo(f"  {note}", err=True)
    if len(notes) > 20:
        click.echo(f"  and {len(notes) - 20} more; --json lists them all", err=True)


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
    from models.versions import CLAIMS_FOLDER

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
