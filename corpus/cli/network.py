"""`hemu network`: who makes which claims about what, as tables, graphs and a page."""

from __future__ import annotations

import json
from calendar import monthrange
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from corpus.cli.console import json_option, open_workspace, progress, workspace_option

if TYPE_CHECKING:
    from corpus.document import Lang
    from corpus.network.graph import ConceptKind


def _day(context: click.Context, option: click.Parameter, value: str | None) -> date | None:
    """A day, from a year, a month or a day: the first of it for --since, the last for --until."""
    if value is None:
        return None
    parts = value.split("-")
    try:
        if not all(part.isascii() and part.isdigit() for part in parts):
            raise ValueError
        year, month, day = (*map(int, parts), *[0] * (3 - len(parts)))
        last = option.name == "until"
        month_end = 12 if last else 1
        return date(year, month or month_end, day or (monthrange(year, month or month_end)[1] if last else 1))
    except ValueError:
        raise click.BadParameter(f"{value}: give a day as 2026, 2026-03 or 2026-03-10") from None


@click.command()
@click.option(
    "-o", "--output", "path", type=click.Path(path_type=Path, file_okay=False), help="Folder (default: network)."
)
@click.option(
    "--concept",
    type=click.Choice(["area", "type", "entity"]),
    default="area",
    show_default=True,
    help="What actors share: policy areas, claim types with areas, or the policies and bodies that claims name.",
)
@click.option("--gold", is_flag=True, help="Take the gold instead of the pre-annotation.")
@click.option("--lang", type=click.Choice(["en", "zh"]), help="Only claims in texts of this language.")
@click.option("--area", "areas", multiple=True, metavar="AREA", help="Only claims of this policy area.")
@click.option(
    "--since", callback=_day, metavar="DATE", help="Only articles from this day on (2026, 2026-03 or 2026-03-10)."
)
@click.option(
    "--until", callback=_day, metavar="DATE", help="Only articles up to this day (2026 and 2026-03: its last day)."
)
@click.option("--once", is_flag=True, help="Count a claim that both versions of an article make once.")
@click.option("--without-author", is_flag=True, help="Leave out what the texts state in their own voice.")
@workspace_option
@json_option
def network(
    path: Path | None,
    concept: ConceptKind,
    gold: bool,
    lang: Lang | None,
    areas: tuple[str, ...],
    since: date | None,
    until: date | None,
    once: bool,
    without_author: bool,
    folder: Path,
    as_json: bool,
) -> int:
    """Export who makes which claims about what: a table, discourse networks, and a page that shows them.

    Actors are one in both languages and under all their names where they are linked to the knowledge base. The folder
    gets table.csv (actor, concept, stance), affiliation.graphml (actors and concepts), congruence.graphml and
    conflict.graphml (actors who take the same or opposite sides), network.html, and dna/ with what Discourse Network
    Analyzer takes. A claim and its translation are two statements, or one with --once. --json prints the figures.

    \b
    Examples:
      hemu network -w news
      hemu network -w news --gold --concept entity --since 2026 -o housing --area housing
    """
    from corpus.document import AUTHOR
    from corpus.network import networks, statements, write_network

    workspace = open_workspace(folder)
    if since and until and since > until:
        raise click.UsageError("--since is after --until")
    if once and lang:
        raise click.UsageError("--once is for both languages; with --lang each claim counts once anyway")
    with progress("network") as update:
        found = statements(
            workspace,
            gold=gold,
            concept=concept,
            lang=lang,
            areas=areas,
            since=since,
            until=until,
            once=once,
            progress=update,
        )
    made = networks(found, without=[AUTHOR] if without_author else [])
    target = path or Path("network")
    asked = [
        "gold" if gold else "pre-annotation",
        {"area": "policy areas", "type": "claim types", "entity": "entities"}[concept],
    ]
    asked += ["claims of both versions once"] if once else []
    asked += [value for value in (lang, *areas, since and f"from {since}", until and f"until {until}") if value]
    files = write_network(
        workspace,
        found,
        made,
        target,
        title=f"Discourse network · {workspace.root.resolve().name}",
        note=" · ".join(asked),
    )
    figures = {
        "statements": sum(number for number, _ in made.table.values()),
        "actors": len(made.actors),
        "linked": sum(actor.linked for actor in made.actors.values()),
        "concepts": len(made.concepts),
        "congruence": len(made.congruence),
        "conflict": len(made.conflict),
    }
    if as_json:
        click.echo(json.dumps({**figures, "files": [str(file) for file in files]}, ensure_ascii=False))
        return 0
    parts = [f"{name} {value}" for name, value in figures.items()]
    click.echo(f"network: {', '.join(parts)}; wrote {target}", err=True)
    return 0
