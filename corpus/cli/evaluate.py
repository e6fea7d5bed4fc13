"""`hemu evaluate`: figures on pre-annotation."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from corpus.cli.console import json_option, open_workspace, print_table, progress, workspace_option
from corpus.cli.show import layers_of

if TYPE_CHECKING:
    from corpus.document import Document, Lang
    from corpus.metrics import Marked, Part


@click.command()
@click.argument("predicted", required=False)
@click.option("--gold", help="A gold file (JSON Lines) to score against instead of the gold of the workspace.")
@click.option("--layer", default="combined", show_default=True, help="What of the workspace to score.")
@click.option("--html", type=click.Path(path_type=Path), help="Write a page with every error in its context.")
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
    html: Path | None,
    without_known: bool,
    folder: Path,
    as_json: bool,
) -> int:
    """Score pre-annotation against gold: entities by label, correction effort saved, claims, and what kind of errors.

    In a workspace: its pre-annotation against its gold. With --gold: a file of annotated documents, PREDICTED, or where
    none is named what hemu itself finds in the texts of the gold file. Errors of entities are of five kinds: the
    boundary, the label, both, a gold entity that was missed, and one that was invented. Of claims, the attributes count
    where the spans match; a claimant is right that is the same mention, or another name of the same linked entity.

    \b
    Examples:
      hemu evaluate -w news --html errors.html
      hemu evaluate annotated.jsonl --gold gold.jsonl
      hemu evaluate --gold gold.jsonl --without-known
    """
    from corpus.errors_view import all_mistakes, counts, render_mistakes
    from corpus.metrics import score

    if gold is None and predicted is not None:
        raise click.UsageError("PREDICTED is scored against a gold file; name it with --gold.")
    if without_known and (gold is None or predicted is not None):
        raise click.UsageError("--without-known annotates anew the texts of a gold file; name it with --gold alone.")
    left_out: frozenset[str] = frozenset()
    if gold is None:
        wanted, found, documents = _of_workspace(folder, layer)
    else:
        if without_known:
            left_out = _known(gold)
        wanted, found, documents = _of_files(gold, predicted, left_out)
    scores = score(wanted, found, languages={document.id: document.lang for document in documents.values()})
    errors = all_mistakes(wanted, found)
    kinds = {
        lang: counts(mistake for mistake in errors if documents[mistake.document].lang == lang)
        for lang in scores.languages
    }
    note = (
        f"without {len(left_out)} entries of the knowledge base that are named in the gold file"
        if without_known
        else ""
    )
    if html is not None:
        title = f"Errors in {gold or folder.resolve().name}"
        page = render_mistakes(errors, documents, title=title, note=note)
        html.write_text(page, encoding="utf-8", errors="replace")
    if as_json:
        click.echo(json.dumps({**asdict(scores), "errors": kinds, "left_out": sorted(left_out)}, ensure_ascii=False))
        return 0
    for name, part in scores.languages.items():
        _print_part(name, part, kinds[name])
    if note:
        click.echo(f"evaluate: {note}", err=True)
    if scores.missing:
        click.echo(f"{len(scores.missing)} documents have gold and no prediction: they count as empty", err=True)
    if html is not None:
        click.echo(f"evaluate: {len(errors)} errors in their context: {html}", err=True)
    return 0


def _of_workspace(folder: Path, layer: str) -> tuple[Sequence[Marked], Sequence[Marked], Mapping[str, Document]]:
    """Gold, the layer to score, and the documents of the workspace."""
    from corpus.errors import InputError
    from corpus.schema import GOLD

    workspace = open_workspace(folder)
    gold = workspace.read(GOLD)
    if not gold:
        raise InputError(f"{folder}: there is no gold yet; run: hemu adjudicate, or hemu gold import FILE")
    layers = layers_of(workspace, layer)
    current = [x for x in layers.values() if x.document in gold and x.sha == gold[x.document].sha]
    documents = workspace.documents()
    return list(gold.values()), current, documents


def _of_files(
    gold: str, predicted: str | None, left_out: frozenset[str]
) -> tuple[Sequence[Marked], Sequence[Marked], Mapping[str, Document]]:
    """The same from a gold file, and a file that was predicted or is now, without some entries of the knowledge base."""
    import tempfile

    from corpus.jsonl import read_documents
    from corpus.metrics import read_marked

    wanted, _ = read_marked(gold)
    documents = {document.id: document for _, _, document in read_documents(gold)}
    if predicted is not None:
        return wanted, read_marked(predicted)[0], documents
    with tempfile.TemporaryDirectory() as temporary:
        path = str(Path(temporary) / "predicted.jsonl")
        _annotate(gold, path, left_out)
        return wanted, read_marked(path)[0], documents


def _annotate(gold: str, path: str, left_out: frozenset[str]) -> None:
    from annotators.pipe import annotate_rows

    if not left_out:
        with progress("annotate") as update:
            annotate_rows(gold, path, progress=update)
        return
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    # In a process of its own: what this one has made from the knowledge base still holds all entries.
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        pool.submit(_annotate_without, gold, path, left_out).result()


def _annotate_without(gold: str, path: str, left_out: frozenset[str]) -> None:
    from annotators.pipe import annotate_rows
    from corpus.knowledge import leave_out

    leave_out(left_out)
    annotate_rows(gold, path, workers=1)


def _known(gold: str) -> frozenset[str]:
    """The entries of the knowledge base with a name that is a mention in the gold file, in its language."""
    from corpus.knowledge import entries_named
    from corpus.metrics import read_marked

    layers, languages = read_marked(gold)
    names: dict[Lang, set[str]] = {"en": set(), "zh": set()}
    for layer in layers:
        names[languages[layer.document]].update(e.span.surface for e in layer.entities)
    return entries_named(names)


def _print_part(name: str, part: Part, kinds: dict[str, int]) -> None:
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
    click.echo(f"correction effort saved {100 * part.entities.effort_saved:.1f} %; matched claims: {attributes}")
    click.echo(f"errors: {', '.join(f'{kind} {number}' for kind, number in kinds.items())}\n")
