"""`hemu curve` (`hemu train --curve`): how F1 grows with gold, and whether annotating more is worth it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import click

from corpus.cli.console import json_option, open_workspace, print_table, progress, workspace_option
from corpus.cli.train import gpu_option

if TYPE_CHECKING:
    from corpus.document import Lang
    from corpus.store import Workspace
    from models.curve_fit import Curve, LabelCurve


@click.command()
@click.option("--lang", type=click.Choice(["en", "zh"]), help="One language only.")
@click.option(
    "--shares",
    default="1/8,1/4,1/2,3/4,1",
    show_default=True,
    help="The parts of the gold to learn from, of what is not held out.",
)
@click.option("--runs", type=click.IntRange(1), default=3, show_default=True, help="Each with other articles held out.")
@click.option("--by-label", is_flag=True, help="A curve of each label, too.")
@click.option("--max-steps", type=click.IntRange(1), help="Updates at most: quicker, and the models worse.")
@gpu_option
@click.option("--plan", "planned", is_flag=True, help="Only say how many models are to be trained.")
@click.option("--html", "page", type=click.Path(), help='Write a page with charts to this file ("-": output).')
@workspace_option
@json_option
def curve(
    lang: str | None,
    shares: str,
    runs: int,
    by_label: bool,
    max_steps: int | None,
    gpu: str,
    planned: bool,
    page: str | None,
    folder: Path,
    as_json: bool,
) -> int:
    """F1 of a trained model against the share of gold that it learns from: is it worth annotating more?

    Models are trained on growing parts of the gold, --runs times with other articles held out, which takes a training for
    each part and run; they are thrown away. What was measured is kept (models/curves/ in the workspace): a run that is
    interrupted goes on, and with more runs or other shares only the new ones are trained. A law fitted to the curve says
    what twice the gold would bring, with an interval.

    \b
    Examples:
      hemu curve -w news
      hemu curve --html curve.html --by-label -w news
    """
    if page is not None and as_json and page == "-":
        raise click.UsageError("--json and --html - exclude one another")
    workspace = open_workspace(folder)
    parts = _shares(shares)
    chosen, too_little = _languages(workspace, lang)
    if planned:
        return _plan(workspace, chosen, parts, runs, max_steps, as_json)
    curves = [_measured(workspace, name, parts, runs, max_steps, gpu, by_label) for name in chosen]
    if page is not None:
        from corpus.jsonl import output
        from models.curve_page import curve_page

        name = str(workspace.setting("dataset", "name", "") or workspace.root.resolve().name)
        with output(page) as stream:
            stream.write(curve_page(curves, name))
    if as_json:
        click.echo(json.dumps([_row(found) for found in curves], ensure_ascii=False))
    elif page != "-":
        for found in curves:
            _print(found)
    for why in too_little:
        click.echo(f"curve: {why}", err=True)
    return 0


def _shares(given: str) -> tuple[Fraction, ...]:
    try:
        parts = sorted({Fraction(part.strip()) for part in given.split(",")})
    except (ValueError, ZeroDivisionError):
        raise click.UsageError(
            f"--shares {given}: expected parts of 1 with commas between, such as 1/4,1/2,1"
        ) from None
    if not parts or parts[0] <= 0 or parts[-1] > 1:
        raise click.UsageError(f"--shares {given}: each must be more than 0 and 1 at most")
    return tuple(parts)


def _languages(workspace: Workspace, lang: str | None) -> tuple[list[Lang], list[str]]:
    """The languages with gold enough, and why others are left out; an error where none is left."""
    from corpus.errors import InputError
    from models.curve import languages_of, plan_curve

    present = [name for name in languages_of(workspace) if lang in (None, name)]
    if not present:
        where = f" in {lang!r}" if lang else ""
        raise InputError(
            f"{workspace.root}: no document has gold annotation{where} to learn from; run: hemu adjudicate"
        )
    kept: list[Lang] = []
    reasons: list[InputError] = []
    for name in present:
        try:
            plan_curve(workspace, name)
            kept.append(name)
        except InputError as error:
            reasons.append(error)
    if not kept:
        raise reasons[0]
    return kept, [str(reason) for reason in reasons]


def _plan(
    workspace: Workspace,
    chosen: Sequence[Lang],
    parts: Sequence[Fraction],
    runs: int,
    max_steps: int | None,
    as_json: bool,
) -> int:
    from models.curve import plan_curve

    plans = [plan_curve(workspace, name, shares=parts, runs=runs, max_steps=max_steps) for name in chosen]
    rows = [{"lang": p.lang, "articles": p.articles, "models": len(p.points), "left": len(p.left)} for p in plans]
    if as_json:
        click.echo(json.dumps(rows))
        return 0
    for row in rows:
        click.echo(
            f"{row['lang']}: {row['models']} models, {row['left']} of them to be trained, {row['articles']} articles"
        )
    return 0


def _measured(
    workspace: Workspace,
    lang: Lang,
    parts: Sequence[Fraction],
    runs: int,
    max_steps: int | None,
    gpu: str,
    by_label: bool,
) -> Curve:
    from models.curve import measure_curve

    with progress(f"curve {lang}") as update:
        step: Callable[[int, int | None], None] = update
        return measure_curve(
            workspace, lang, shares=parts, runs=runs, max_steps=max_steps, gpu=gpu, by_label=by_label, progress=step
        )


def _row(found: Curve) -> dict[str, object]:
    from dataclasses import asdict

    from corpus.render import LANGUAGE_NAMES
    from models.curve_fit import answer

    return {**asdict(found), "answer": answer(found, LANGUAGE_NAMES[found.lang])}


def _print(found: Curve) -> None:
    from corpus.render import LANGUAGE_NAMES
    from models.curve_fit import answer

    name = LANGUAGE_NAMES[found.lang]
    for part in (found.all, *found.labels):
        title = name if part is found.all else f"{name}, {part.label}"
        print_table(title, ["articles", "entities", "F1", "from", "to", "precision", "recall"], _cells(part))
    click.echo(
        f"curve {found.lang}: {found.trained} models trained now, {found.runs} runs, {found.held_out} of {found.articles} "
        f"articles held out in each ({found.seconds:.0f} s of training in all)",
        err=True,
    )
    click.echo(answer(found, name))


def _cells(part: LabelCurve) -> list[list[str]]:
    rows = [
        [
            str(size.learnt),
            f"{size.entities:.0f}",
            *(f"{100 * x:.1f}" for x in (size.f1.value, size.f1.low, size.f1.high, size.precision, size.recall)),
        ]
        for size in part.sizes
    ]
    if part.outlook:
        double = part.outlook.double
        rows.append(
            [
                f"({2 * part.outlook.articles})",
                "",
                *(f"{100 * x:.1f}" for x in (double.value, double.low, double.high)),
                "",
                "",
            ]
        )
    return rows
