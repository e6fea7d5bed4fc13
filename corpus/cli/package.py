"""`hemu package`: a trained model as a Python package."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from corpus.cli.console import json_option


@click.command()
@click.argument("model", type=click.Path(path_type=Path))
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--name", help="The name, which the language goes before (default: hemu, so en_hemu or zh_hemu).")
@click.option("--version", help="The version, such as 1.0.0 (default: that in the model's meta data).")
@click.option(
    "--licence", help="The licence; it follows from the texts and sets that were learnt from (default: none stated)."
)
@click.option(
    "--build",
    "forms",
    multiple=True,
    type=click.Choice(["wheel", "sdist", "none"]),
    default=["wheel"],
    show_default=True,
    help="What to build of it. Repeatable.",
)
@click.option("--force", is_flag=True, help="Replace a package of that name and version.")
@json_option
def package(
    model: Path,
    out: Path,
    name: str | None,
    version: str | None,
    licence: str | None,
    forms: tuple[str, ...],
    force: bool,
    as_json: bool,
) -> int:
    """Make a package of the model in the folder MODEL (as hemu train and hemu retrain write them) under the folder OUT.

    Once it is installed (pip install FILE), spacy.load("zh_hemu") loads it, and so does the annotator model:zh_hemu.
    The network is not used. `python -m spacy package MODEL OUT` makes such a package, too.

    \b
    Example: hemu package models/3f2a9c81d0be/zh packages --version 1.0.0
    """
    from models.package import package as make_package

    built = [form for form in forms if form != "none"]
    made = make_package(model, out, name=name, version=version, licence=licence, forms=built, force=force)
    if as_json:
        click.echo(json.dumps(asdict(made), ensure_ascii=False, default=str))
    else:
        files = ", ".join(str(file) for file in made.files) or str(made.folder)
        needs = f"; needs {', '.join(made.requirements)}" if made.requirements else ""
        click.echo(f"package: {made.name} {made.version}: {files}{needs}", err=True)
    return 0
