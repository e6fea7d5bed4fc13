"""`hemu dataset export`: a version of the dataset in the forms that other tools read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from corpus.cli.console import json_option, print_report, progress, workspace_option

if TYPE_CHECKING:
    from corpus.dataset.forms import Write

FORMS = ("docbin", "conll", "brat", "w3c", "label-studio", "csv")


@click.command()
@click.argument("form", type=click.Choice(FORMS))
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--version", default="", help="The version (default: the latest), or the folder of a dataset.")
@click.option("--lang", "langs", multiple=True, type=click.Choice(["en", "zh"]), help="Only this language.")
@click.option("--split", "splits", multiple=True, help="Only this split; may be given several times.")
@click.option("--force", is_flag=True, help="Replace an earlier export in OUT.")
@workspace_option
@json_option
def export(
    form: str,
    out: Path,
    version: str,
    langs: tuple[str, ...],
    splits: tuple[str, ...],
    force: bool,
    folder: Path,
    as_json: bool,
) -> int:
    """Write a version of the dataset in another form to the folder OUT.

    docbin: spaCy, to train or look at. conll: CoNLL-2003, a token a line, entities only. brat: text and standoff, to open in brat.
    w3c: Web Annotation (JSON-LD). label-studio: tasks with annotations, and the labelling configuration. csv: documents, entities,
    claims and relations as tables. See docs/formats.md for what each holds and what it cannot.

    OUT is there whole or not at all. What is there already is left alone, unless it is an earlier export and you say --force.

    \b
    Example: hemu dataset export docbin spacy -w news --split train
    """
    from typing import cast

    from corpus.dataset.forms import Source
    from corpus.dataset.forms import export as write_form
    from corpus.document import Lang

    with progress("export") as update:
        source = Source.open(
            _dataset(folder, version), langs=cast("tuple[Lang, ...]", langs), splits=splits, progress=update
        )
        report = write_form(form, _writer(form), source, out, force=force)
    return print_report(report, as_json=as_json)


def _dataset(folder: Path, version: str) -> Path:
    """The folder of the version: one that is named, or that of the workspace."""
    from corpus.cli.console import open_workspace
    from corpus.dataset.manifest import MANIFEST
    from corpus.errors import InputError

    if version and (Path(version) / MANIFEST).is_file():
        return Path(version)
    datasets = open_workspace(folder).folder("datasets")
    if not version:
        try:
            version = (datasets / "latest").read_text(encoding="utf-8").strip()
        except OSError:
            raise InputError(f"{folder}: no dataset yet; run: hemu dataset") from None
    if not (datasets / version / MANIFEST).is_file():
        there = sorted(path.parent.name for path in datasets.glob(f"*/{MANIFEST}"))
        raise InputError(f"{version!r}: no such version of the dataset; there are: {', '.join(there) or 'none'}")
    return datasets / version


def _writer(form: str) -> Write:
    if form == "label-studio":
        from annotators.studio.export_form import write

        return write
    from corpus.dataset.forms import writer

    return writer(form)
