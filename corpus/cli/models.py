"""`hemu train`, `evaluate` and `retrain`: entity models from gold, and figures on pre-annotation."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from corpus.cli.console import json_option, open_workspace, print_table, progress, workspace_option
from corpus.cli.show import layers_of

if TYPE_CHECKING:
    from corpus.document import Document, Lang, Layer
    from corpus.metrics import Part, Scores
    from corpus.store import Workspace

seed_option = click.option("--seed", type=int, default=0, show_default=True, help="The seed of the training.")
silver_option = click.option(
    "--silver", is_flag=True, help="Learn first from the pre-annotation of articles without gold."
)


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--lang", type=click.Choice(["en", "zh"]), help="One language only.")
@seed_option
@silver_option
@workspace_option
@json_option
def train(path: Path, lang: str | None, seed: int, silver: bool, folder: Path, as_json: bool) -> int:
    """Train on all gold and write spaCy models to PATH/en and PATH/zh.

    To train, judge and take a model into use, see: hemu retrain

    \b
    Example: hemu train ~/models/today -w news
    """
    from corpus.document import LANGUAGES
    from corpus.errors import InputError
    from corpus.schema import GOLD
    from models.train import train as run_train

    workspace = open_workspace(folder)
    documents, gold = workspace.documents(), workspace.read(GOLD)
    present = {documents[id].lang for id, layer in gold.items() if id in documents and layer.entities}
    chosen = [name for name in LANGUAGES if lang == name or (lang is None and name in present)]
    if not chosen:
        raise InputError(f"{folder}: no document has gold annotation to learn from; run: hemu adjudicate")
    for name in chosen:
        with progress(f"train {name}") as update:
            result = run_train(workspace, name, out=path / name, seed=seed, silver=silver, progress=update)
        if as_json:
            click.echo(json.dumps(asdict(result), ensure_ascii=False, default=str))
        else:
            click.echo(
                f"train {name}: {result.entities} entities of {result.documents} documents, {result.steps} steps, "
                f"{len(result.misaligned)} misaligned ({result.seconds:.1f} s): {result.path}",
                err=True,
            )
    return 0


@click.command()
@click.argument("predicted", required=False)
@click.option("--gold", help="A gold file (JSON Lines) to score against instead of the gold of the workspace.")
@click.option("--layer", default="combined", show_default=True, help="What of the workspace to score.")
@workspace_option
@json_option
def evaluate(predicted: str | None, gold: str | None, layer: str, folder: Path, as_json: bool) -> int:
    """Score pre-annotation against gold: entities by label, correction effort saved, claims.

    In a workspace: its pre-annotation against its gold. With --gold: a file of annotated documents, PREDICTED, or where
    none is named what hemu itself finds in the texts of the gold file.

    \b
    Examples:
      hemu evaluate -w news
      hemu evaluate annotated.jsonl --gold gold.jsonl
    """
    from corpus.metrics import score_files

    if gold is None:
        if predicted is not None:
            raise click.UsageError("PREDICTED is scored against a gold file; name it with --gold.")
        scores = _workspace_scores(folder, layer)
    elif predicted is not None:
        scores = score_files(gold, predicted)
    else:
        scores = _own_scores(gold)
    if as_json:
        click.echo(json.dumps(asdict(scores), ensure_ascii=False))
        return 0
    for name, part in scores.languages.items():
        _print_part(name, part)
    if scores.missing:
        click.echo(f"{len(scores.missing)} documents have gold and no prediction: they count as empty", err=True)
    return 0


def _workspace_scores(folder: Path, layer: str) -> Scores:
    from corpus.errors import InputError
    from corpus.metrics import score
    from corpus.schema import GOLD

    workspace = open_workspace(folder)
    documents = workspace.documents()
    gold = workspace.read(GOLD)
    if not gold:
        raise InputError(f"{folder}: there is no gold yet; run: hemu adjudicate, or hemu gold import FILE")
    layers = layers_of(workspace, layer)
    current = [x for x in layers.values() if x.document in gold and x.sha == gold[x.document].sha]
    return score(gold.values(), current, languages={d.id: d.lang for d in documents.values()})


def _own_scores(gold: str) -> Scores:
    import tempfile

    from annotators.pipeline import annotate_rows
    from corpus.metrics import score_files

    with tempfile.TemporaryDirectory() as temporary, progress("annotate") as update:
        found = str(Path(temporary) / "predicted.jsonl")
        annotate_rows(gold, found, progress=update)
        return score_files(gold, found)


def _print_part(name: str, part: Part) -> None:
    from corpus.metrics import table

    rows = [
        [label, *(f"{100 * x:.1f}" for x in (prf.precision, prf.recall, prf.f1)), str(prf.gold)]
        for label, prf in table(part)
    ]
    print_table(f"{name}: {part.documents} documents", ["", "P", "R", "F1", "gold"], rows)
    c = part.claims
    attributes = ", ".join(
        f"{what} {100 * value:.1f} %"
        for what, value in (
            ("type", c.type),
            ("stance", c.stance),
            ("claimant", c.claimant),
            ("policy area", c.policy_area),
        )
    )
    click.echo(f"correction effort saved {100 * part.entities.effort_saved:.1f} %; matched claims: {attributes}\n")


@click.command()
@click.option("--held-out", multiple=True, help="A pair to judge by, beside those of the test split.")
@seed_option
@silver_option
@workspace_option
@json_option
def retrain(held_out: tuple[str, ...], seed: int, silver: bool, folder: Path, as_json: bool) -> int:
    """Train on gold, judge the models on articles held out, and take them into use if they are not worse.

    The next `hemu run` annotates with them: with the labels for which, on the articles held out, what a model adds to the
    other annotators is right more often than wrong. Exit code 3 says that the new models were not accepted; they are kept
    beside those in use.

    \b
    Example: hemu retrain -w news
    """
    from annotators.registry import DEFAULT
    from models.retrain import retrain as run_retrain

    workspace = open_workspace(folder)
    names = tuple(workspace.setting("annotate", "annotators", list(DEFAULT)))
    with progress("retrain") as update:
        result = run_retrain(
            workspace,
            seed=seed,
            held_out=frozenset(held_out),
            silver=silver,
            admit=lambda paths, test: _admitted(workspace, names, paths, test),
            progress=update,
        )
    if as_json:
        click.echo(json.dumps(result, ensure_ascii=False))
    else:
        _print_result(result)
    return 0 if result["accepted"] else 3


def _admitted(
    workspace: Workspace, names: tuple[str, ...], paths: dict[Lang, Path], test: Sequence[tuple[Document, Layer]]
) -> dict[Lang, list[str]]:
    """The labels for which what a model adds to the other annotators is right more often than wrong, on `test`."""
    from collections import Counter

    from annotators.pipeline import Pipeline, groups_of, stored_group
    from corpus.schema import ALIGNMENTS, SEGMENTS

    pipeline = Pipeline([*names, *(f"model:{path}" for path in paths.values())])
    segments, alignments = workspace.read(SEGMENTS), workspace.read(ALIGNMENTS)
    gold = {document.id: {(e.start, e.end, e.label) for e in layer.entities} for document, layer in test}
    balance: dict[Lang, Counter[str]] = {lang: Counter() for lang in paths}
    for members in groups_of(document for document, _ in test):
        for item in pipeline.annotate(stored_group(members, segments, alignments)).group.items:
            for e in item.entities:
                if e.source == "model":
                    right = (e.start, e.end, e.label) in gold[item.document.id]
                    balance[item.document.lang][e.label] += 1 if right else -1
    return {lang: sorted(label for label, more in counts.items() if more > 0) for lang, counts in balance.items()}


def _print_result(result: dict[str, Any]) -> None:
    trained = "trained before" if result["unchanged"] else f"trained in {result['seconds']:.0f} s"
    verdict = "accepted" if result["accepted"] else "not accepted"
    click.echo(f"retrain: model {result['version']} {trained}, {verdict}: {result['reason']}", err=True)
    for lang, labels in result.get("admitted", {}).items():
        what = ", ".join(labels) or "nothing yet; annotate more"
        click.echo(f"  {lang}: on the held-out articles it adds to the other annotators: {what}", err=True)
