"""`hemu evaluate`: figures on a pre-annotation or a model, how sure they are, and what another one does better."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from corpus.cli.console import json_option, open_workspace, print_table, workspace_option
from corpus.cli.figures import comparison, method, rest, tables_of
from corpus.cli.scoring import (
    IN_USE,
    SPLITS,
    Subject,
    known,
    of_files,
    of_workspace,
    with_rival,
    without_claims,
)

if TYPE_CHECKING:
    from corpus.metrics import Scores
    from models.compare import Difference, Interval
    from models.figures import Path as Figure


@click.command()
@click.argument("predicted", required=False)
@click.option("--gold", help="A gold file (JSON Lines) to score against instead of the gold of the workspace.")
@click.option("--layer", default="combined", show_default=True, help="What of the workspace to score.")
@click.option("--model", type=click.Path(path_type=Path, exists=True), help="Score a trained model alone: its folder.")
@click.option(
    "--split", type=click.Choice(SPLITS), help="Documents of one split only (default: all; of a model: test)."
)
@click.option(
    "--against",
    help=f'Compare with another prediction: a file, a model\'s folder, "{IN_USE}" (the model in use), or a layer.',
)
@click.option("--learnt-from", "learnt", help="Gold (JSON Lines) whose names count as seen (default: what is known).")
@click.option("--draws", type=click.IntRange(0), default=2000, show_default=True, help="Resamples for the intervals.")
@click.option(
    "--html", type=click.Path(path_type=Path), help="Write a page with the figures and every error in context."
)
@click.option(
    "--without-known",
    is_flag=True,
    help="Annotate without the entries of the knowledge base that are named in the gold file.",
)
@workspace_option
@json_option
def evaluate(
    predicted: str | None,
    gold: str | None,
    layer: str,
    model: Path | None,
    split: str | None,
    against: str | None,
    learnt: str | None,
    draws: int,
    html: Path | None,
    without_known: bool,
    folder: Path,
    as_json: bool,
) -> int:
    """Score pre-annotation, or a trained model, against gold: entities by label, effort saved, claims, kinds of errors.

    In a workspace: its pre-annotation against its gold. With --gold: a file of annotated documents, PREDICTED, or where
    none is named what hemu itself finds in the texts of the gold file. With --model: what a model alone finds, on
    documents that it has not learnt from.

    Entities are right by characters and label; "overlap" asks for the label and a shared character, "position" for the
    characters whatever the label. Errors are of five kinds: the boundary, the label, both, a gold entity that was missed,
    and one that was invented. Of claims, the attributes count where the spans match; a claimant is right that is the same
    mention, or another name of the same linked entity.

    Intervals hold 95 % of the resamples of a bootstrap over articles, both versions drawn together. With --against, the
    difference has an interval too, the probability of being better, and p by approximate randomisation. Names that were
    learnt before are told from unseen ones, in documents that were not learnt from.

    \b
    Examples:
      hemu evaluate -w news --html errors.html
      hemu evaluate annotated.jsonl --gold gold.jsonl --against yesterday.jsonl
      hemu evaluate -w news --model models/3f9c2ab17e04 --against accepted
      hemu evaluate --gold gold.jsonl --without-known
    """
    from corpus.errors_view import all_mistakes, counts, render_mistakes
    from corpus.metrics import score
    from models.compare import differences, intervals

    _check(predicted, gold, model, split, without_known)
    left_out = known(gold) if gold is not None and without_known else frozenset[str]()
    subject = _subject(predicted, gold, layer, model, split, against, learnt, left_out, folder)
    wanted, found = subject.gold, subject.found
    if not subject.claims:
        wanted, found = without_claims(wanted), without_claims(found)
    scores = score(wanted, found, languages=subject.languages)
    errors = all_mistakes(wanted, found)
    kinds = {
        lang: counts(mistake for mistake in errors if subject.documents[mistake.document].lang == lang)
        for lang in scores.languages
    }
    first, second = _counted(subject)
    figures = intervals(first, draws=draws)
    apart = differences(first, second, draws=draws) if second is not None else {}
    if without_known:
        line = f"without {len(left_out)} entries of the knowledge base that are named in the gold file"
        subject.notes.append(line)
    of_languages, compared = tables_of(scores, figures, first), comparison(Path(subject.rival_name).name, apart)
    said = method(len(first.axes.articles), draws)
    if html is not None:
        title = f"Errors in {gold or folder.resolve().name}"
        note, tables = "; ".join([said, *subject.notes]), [*of_languages, *compared]
        page = render_mistakes(errors, subject.documents, title=title, note=note, tables=tables)
        html.write_text(page, encoding="utf-8", errors="replace")
    if as_json:
        record = _record(subject, scores, first, figures, apart, draws)
        click.echo(json.dumps({**record, "errors": kinds, "left_out": sorted(left_out)}, ensure_ascii=False))
        return 0
    for lang, table in zip(scores.languages, of_languages, strict=True):
        print_table(*table)
        click.echo("\n".join(rest(lang, figures, kinds[lang], subject.claims)))
    for table in compared:
        print_table(*table)
    for line in (said, *subject.notes):
        click.echo(f"evaluate: {line}", err=True)
    if scores.missing:
        click.echo(f"{len(scores.missing)} documents have gold and no prediction: they count as empty", err=True)
    if html is not None:
        click.echo(f"evaluate: {len(errors)} errors in their context: {html}", err=True)
    return 0


def _check(predicted: str | None, gold: str | None, model: Path | None, split: str | None, without: bool) -> None:
    if gold is None and predicted is not None:
        raise click.UsageError("PREDICTED is scored against a gold file; name it with --gold.")
    if model is not None and predicted is not None:
        raise click.UsageError("Score PREDICTED or a --model; to compare the two, name the model with --against.")
    if without and (gold is None or predicted is not None or model is not None):
        raise click.UsageError("--without-known annotates anew the texts of a gold file; name it with --gold alone.")
    if split is not None and gold is not None:
        raise click.UsageError("--split is of the gold of a workspace; a gold file is scored whole.")


def _subject(
    predicted: str | None,
    gold: str | None,
    layer: str,
    model: Path | None,
    split: str | None,
    against: str | None,
    learnt: str | None,
    left_out: frozenset[str],
    folder: Path,
) -> Subject:
    from corpus.cli.annotate import folder_is_default
    from corpus.scheme import load_scheme

    # With a gold file a workspace may be named, for its scheme and the model in use, and need not be.
    workspace = open_workspace(folder) if gold is None or not folder_is_default() else None
    scheme = workspace.scheme if workspace else load_scheme()
    if gold is not None:
        subject = of_files(gold, predicted, left_out, model, scheme, learnt)
    else:
        assert workspace is not None
        subject = of_workspace(workspace, layer, model, split or ("test" if model else "all"), learnt)
    return with_rival(subject, against, scheme, workspace) if against is not None else subject


def _counted(subject: Subject) -> tuple[Any, Any]:
    from models.counts import Axes, count

    gold = subject.gold if subject.claims else without_claims(subject.gold)
    sides = [subject.found, *([subject.rival] if subject.rival is not None else [])]
    if not subject.claims:
        sides = [without_claims(side) for side in sides]
    inside = subject.languages
    sides = [[x for x in side if x.document in inside] for side in sides]
    axes = Axes.of(gold, *sides, languages=inside, articles=subject.articles)
    counted = [count(axes, gold, side, names=subject.names, judged=subject.judged) for side in sides]
    return counted[0], counted[1] if len(counted) > 1 else None


def _record(
    subject: Subject,
    scores: Scores,
    counted: Any,
    figures: Mapping[Figure, Interval],
    apart: Mapping[Figure, Difference],
    draws: int,
) -> dict[str, Any]:
    """All that was found out, as JSON has it: the scores as they always were, and beside them what is known of them."""
    from models.compare import SEED
    from models.judgement import how, leaves

    resampling = how(counted, draws, SEED)
    names = None
    if subject.names is not None:
        judged = [x.document for x in subject.gold if subject.judged is None or x.document in subject.judged]
        names = {"from": subject.names_from, "known": len(subject.names), "documents": len(judged)}
    against = {"what": subject.rival_name, **resampling, **leaves(apart)} if subject.rival is not None else None
    return {
        **asdict(scores),
        "intervals": {**resampling, **leaves(figures)},
        "names": names,
        "against": against,
        "notes": subject.notes,
    }
