"""`hemu assign`: who annotates what."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from corpus.cli.console import json_option, open_workspace, print_report, print_table, workspace_option

if TYPE_CHECKING:
    from corpus.store import Workspace

share = click.FloatRange(0, 1)


@click.command()
@click.option("--to", "people", multiple=True, metavar="NAME", help="A person: a name or an address. Name each.")
@click.option(
    "--double", type=share, default=0.0, metavar="SHARE", help="Of the articles two people get, for agreement."
)
@click.option("--blind", type=share, default=0.0, metavar="SHARE", help="Of the articles shown without pre-annotation.")
@click.option(
    "--planted", type=share, default=0.0, metavar="SHARE", help="Of the articles shown with a few wrong marks."
)
@click.option(
    "--articles", type=click.IntRange(1), metavar="N", help="So many articles only: the unsure and different ones."
)
@click.option("--seed", type=int, default=0, show_default=True, help="Of chance.")
@click.option("--show", is_flag=True, help="Show the plan and how much of it is done.")
@click.option("--withdraw", "back", is_flag=True, help="Take articles back: those --to people have, or --article ones.")
@click.option("--reviewed", is_flag=True, help="Say that somebody has reviewed --article, planted marks and all.")
@click.option("--article", "names", multiple=True, metavar="ID", help="A pair or a document, with the two above.")
@workspace_option
@json_option
def assign(
    people: tuple[str, ...],
    double: float,
    blind: float,
    planted: float,
    articles: int | None,
    seed: int,
    show: bool,
    back: bool,
    reviewed: bool,
    names: tuple[str, ...],
    folder: Path,
    as_json: bool,
) -> int:
    """Plan who annotates which articles: `hemu push` then makes a project for each person, which holds only theirs.

    Articles that nobody has yet are shared out evenly, by language and length. --double gives some of them to two people; --blind
    shows some to one of their people without the pre-annotation, --planted some with a few wrong marks, which
    `hemu agreement --bias` follows up and `hemu adjudicate` keeps out of gold. What was assigned stays where it is,
    whoever or whatever comes later. Nothing in a task says what the plan has for it.

    \b
    Examples:
      hemu assign --to anna@example.org --to bo@example.org --double 0.2 --blind 0.1 --planted 0.05 -w news
      hemu assign --show -w news
      hemu assign --withdraw --to bo@example.org -w news
    """
    from annotators.assign.share import assign as run_assign
    from annotators.assign.share import reviewed as run_reviewed
    from annotators.assign.share import withdraw as run_withdraw

    if show + back + reviewed > 1:
        raise click.UsageError("--show, --withdraw and --reviewed exclude one another")
    if names and not (back or reviewed):
        raise click.UsageError("--article goes with --withdraw or --reviewed")
    workspace = open_workspace(folder)
    if show:
        return _show(workspace, as_json)
    if back:
        return print_report(run_withdraw(workspace, people=people, articles=names), as_json=as_json)
    if reviewed:
        if not names:
            raise click.UsageError("--reviewed needs the articles: --article ID")
        return print_report(run_reviewed(workspace, names), as_json=as_json)
    if not people:
        raise click.UsageError("Name the people: --to NAME --to NAME; or see the plan: --show")

    def choose(firsts: object, number: int) -> list[str]:
        from annotators.order import Articles
        from annotators.stage import stored_annotations
        from corpus.dedupe import clusters

        wanted = frozenset(firsts)  # type: ignore[call-overload]
        known = Articles(clusters(workspace))
        for annotated in stored_annotations(workspace):
            known.add(annotated.group)
        return known.order(wanted)[:number]

    report = run_assign(
        workspace,
        people,
        double=double,
        blind=blind,
        planted=planted,
        articles=articles,
        seed=seed,
        choose=choose,
    )
    return print_report(report, as_json=as_json)


def _show(workspace: Workspace, as_json: bool) -> int:
    from annotators.assign.plan import Plan
    from annotators.assign.share import by_person, progress_of
    from corpus.schema import DOCUMENTS

    plan = Plan.of(workspace)
    done = progress_of(workspace, plan)
    people = by_person(plan)
    if as_json:
        rows = [{**asdict(one), "done": (one.group, one.person) in done} for one in plan.live]
        click.echo(json.dumps({"people": plan.titles, "assignments": rows}, ensure_ascii=False))
        return 0
    if not plan.all:
        click.echo("nothing is assigned to anybody; assign articles with: hemu assign --to NAME --to NAME", err=True)
        return 0
    wanted = {id for one in plan.live for id in one.documents}
    sizes = {d.id: (d.lang, len(d.text)) for d in workspace.current(DOCUMENTS, sorted(wanted))}
    several = {one.group for one in plan.live}
    holders: dict[str, int] = {}
    for one in plan.live:
        holders[one.group] = holders.get(one.group, 0) + 1
    header = ["person", "project", "articles", "done", "double", "blind", "planted", "characters en", "zh"]
    table = []
    for person, assignments in people.items():
        texts = [sizes[id] for one in assignments for id in one.documents if id in sizes]
        table.append(
            [
                person,
                plan.titles[person],
                str(len(assignments)),
                str(sum((one.group, person) in done for one in assignments)),
                str(sum(holders[one.group] > 1 for one in assignments)),
                *(str(sum(one.mode == mode for one in assignments)) for mode in ("blind", "planted")),
                *(str(sum(length for lang, length in texts if lang == which)) for which in ("en", "zh")),
            ]
        )
    print_table(f"{len(several)} articles, {sum(holders.values())} assignments (--json has each)", header, table)
    return 0
