"""`hemu find --diverging`: what one version claims and the other does not, in the terminal and as tables."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import islice
from typing import TYPE_CHECKING

import click

from corpus.cli.console import progress

if TYPE_CHECKING:
    from corpus.look.diverging import Divergence, Side
    from corpus.store import Workspace

_TITLES = {
    "only": "only in one version",
    "untranslated": "the other version lacks the passage",
    "differs": "differs",
}


def list_diverging(
    workspace: Workspace,
    *,
    gold: bool,
    limit: int,
    as_json: bool,
    table: str | None,
    documents: Collection[str] = (),
    claims: Collection[str] = (),
    stances: Collection[str] = (),
    areas: Collection[str] = (),
) -> int:
    """List divergences, `limit` of them at most (0: all); the last four choose as they do for `hemu find`.

    One is listed where the claim of one side at least is of the types, stances and areas asked for ("any": of all).
    """
    from corpus.look.diverging import diverging

    def wanted(found: Divergence) -> bool:
        names = {found.pair, found.en.document, found.zh.document}
        return (not documents or not names.isdisjoint(documents)) and any(
            (not claims or "any" in claims or claim.type in claims)
            and (not stances or claim.stance in stances)
            and (not areas or claim.policy_area in areas)
            for claim in (found.en.claim, found.zh.claim)
            if claim
        )

    with progress("find") as update:
        found = [one for one in diverging(workspace, gold, progress=update) if wanted(one)]
    shown = islice(found, limit or None)
    if table is not None:
        _write_csv(shown, table)
    elif as_json:
        _write_json(shown)
    else:
        _print(shown)
    more = f"; {len(found) - limit} more, --limit 0 shows all" if limit and len(found) > limit else ""
    number = min(len(found), limit or len(found))
    click.echo(f"find: {number} diverging {'claim' if number == 1 else 'claims'}{more}", err=True)
    return 0


def _write_json(found: Iterator[Divergence]) -> None:
    from corpus.jsonl import dump_row, output
    from corpus.look.diverging import divergence_row

    with output("-") as stream:
        for one in found:
            stream.write(dump_row(divergence_row(one)) + "\n")


def _write_csv(found: Iterator[Divergence], table: str) -> None:
    import csv

    from corpus.cli.look import _cell
    from corpus.jsonl import output
    from corpus.look.diverging import CSV_COLUMNS, divergence_cells

    with output(table) as stream:
        if table != "-":
            # Without the mark, a spreadsheet takes UTF-8 for something else.
            stream.write("\ufeff")
        writer = csv.writer(stream, lineterminator="\r\n")
        writer.writerow(CSV_COLUMNS)
        for one in found:
            writer.writerow([_cell(c) if isinstance(c, str) else c for c in divergence_cells(one)])


def _print(found: Iterator[Divergence]) -> None:
    from rich.console import Console
    from rich.text import Text

    from corpus.render import one_line

    console = Console(highlight=False)
    for one in found:
        what = ", ".join(one.aspects) if one.aspects else _TITLES[one.kind]
        console.print(Text.assemble((one_line(one.pair), "bold"), " · ", (what, "yellow"), style="default"))
        for side in (one.en, one.zh):
            console.print(_line(side), soft_wrap=True)


def _line(side: Side) -> object:
    from rich.text import Text

    from corpus.render import one_line

    line = Text(f"  {side.lang}  ", style="dim")
    claim = side.claim
    if claim is None:
        return line.append(one_line(side.passage) or "(no passage)", style="default dim")
    line.append(one_line(claim.span.surface), style="default not dim")
    parts = [claim.type, claim.stance, side.claimant, claim.policy_area]
    parts += [str(quantity) for quantity in side.targets if quantity]
    return line.append("  " + one_line(" · ".join(part for part in parts if part)), style="dim")
