"""`hemu find` and `hemu report`: looking at the corpus."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from corpus.cli.console import json_option, open_workspace, print_table, progress, workspace_option

if TYPE_CHECKING:
    from corpus.look.hits import By, Frequency, Hit, Order
    from corpus.look.query import Query

_SHOWN = 100
_CONTEXT = 60
_COUNTED = ("surface", "document", "language", "year", "source", "label", "kind")
_KINDS = ("headline", "dateline", "byline", "body", "caption", "pull-quote", "related-link", "boilerplate")


@click.command()
@click.argument("text", required=False, default="")
@click.option("--regex", is_flag=True, help="TEXT is a regular expression.")
@click.option("--lang", type=click.Choice(["en", "zh"]), help="Only in texts of this language.")
@click.option("--case", is_flag=True, help="Tell capitals from small letters.")
@click.option("--parts", is_flag=True, help="Find parts of English words, too.")
@click.option("--entity", "labels", multiple=True, metavar="LABEL", help='Entities of this label ("any": of all).')
@click.option("--link", default="", metavar="ID", help="Entities linked to this id of the knowledge base.")
@click.option("--claim", "claims", multiple=True, metavar="TYPE", help='Within claims of this type ("any": of all).')
@click.option("--stance", "stances", multiple=True, metavar="STANCE", help="Within claims of this stance.")
@click.option("--claimant", default="", metavar="NAME", help='Within claims of this claimant ("author" is one).')
@click.option("--area", "areas", multiple=True, metavar="AREA", help="Within claims of this policy area.")
@click.option("--document", "documents", multiple=True, metavar="ID", help="In this document or pair.")
@click.option("--kind", "kinds", multiple=True, type=click.Choice(_KINDS), help="In blocks of this kind.")
@click.option("--gold", is_flag=True, help="Look at the gold instead of the pre-annotation.")
@click.option("--diverging", "parted", is_flag=True, help="List where the claims of the two versions part.")
@click.option("--sort", type=click.Choice(["document", "left", "right"]), default="document", show_default=True)
@click.option("--width", type=click.IntRange(0, 10_000), help="Characters on each side (default: what fits, else 60).")
@click.option("--limit", type=click.IntRange(0), help=f"Hits at most, 0 for all (default: {_SHOWN} in the terminal).")
@click.option("--count", "by", multiple=True, type=click.Choice(_COUNTED), help="Count instead, by this.")
@click.option("--csv", "table", type=click.Path(), help='Write a table for spreadsheets to this file ("-": output).')
@click.option("--html", "page", type=click.Path(), help='Write an HTML page to this file ("-": output).')
@workspace_option
@json_option
def find(
    text: str,
    sort: Order,
    width: int | None,
    limit: int | None,
    by: tuple[By, ...],
    table: str | None,
    page: str | None,
    parted: bool,
    folder: Path,
    as_json: bool,
    **asked: Any,
) -> int:
    """Find TEXT, entities or claims, and show each in its context with the aligned passage of the other language.

    English is matched by word and without regard to capitals, Chinese anywhere; Traditional finds Simplified and the
    other way round. What is given together must hold together: with --entity, TEXT is within the entity; with --claim,
    what is found is within such a claim. --diverging lists what one version claims and the other does not, or says
    otherwise. --json writes JSON Lines.

    \b
    Examples:
      hemu find 共同富裕 -w news
      hemu find "common prosperity" --lang en --sort right -w news
      hemu find --regex "housing|rent\\w*" --csv rents.csv -w news
      hemu find --entity OFFICIAL 李强 --claim commitment -w news
      hemu find --entity POLICY --count surface --count year -w news
    """
    from corpus.look.concordance import concordance
    from corpus.look.hits import sorted_hits
    from corpus.look.query import Query

    if sum((as_json, table is not None, page is not None)) > 1:
        raise click.UsageError("--json, --csv and --html exclude one another")
    query = Query(text, **asked)
    workspace = open_workspace(folder)
    to_terminal = not (as_json or table is not None or page is not None)
    limit = limit if limit is not None else _SHOWN if to_terminal else 0
    if parted:
        if text or by or page is not None:
            raise click.UsageError("--diverging goes with --claim, --stance, --area, --document, --gold, --json, --csv")
        from corpus.cli.diverging import list_diverging

        chosen = {name: asked[name] for name in ("documents", "claims", "stances", "areas")}
        return list_diverging(workspace, gold=query.gold, limit=limit, as_json=as_json, table=table, **chosen)
    if by:
        if table is not None or page is not None:
            raise click.UsageError("--count is for the terminal or --json")
        with progress("find") as update:
            hits = concordance(workspace, query, width=0, aligned=False, progress=update)
            return _print_counts(hits, by, as_json, limit, query)
    if to_terminal:
        # No progress bar between the lines.
        hits = concordance(workspace, query, width=_columns() if width is None else width)
        return _print_hits(sorted_hits(hits, sort, limit + 1 if limit else None), limit, query)
    with progress("find") as update:
        hits = concordance(workspace, query, width=_CONTEXT if width is None else width, progress=update)
        # One more than is wanted tells whether there are more.
        hits = sorted_hits(hits, sort, limit + 1 if limit else None)
        return _write_hits(hits, limit, query, as_json=as_json, table=table, page=page)


def _asked(query: Query) -> str:
    """The query in words, for a title."""
    from dataclasses import fields

    parts = [query.text] if query.text else []
    for field in fields(query):
        value = getattr(query, field.name)
        if field.name != "text" and value:
            shown = ", ".join(value) if isinstance(value, tuple) else "" if value is True else value
            parts.append(f"{field.name} {shown}".strip())
    return " · ".join(parts)


def _columns() -> int:
    from rich.console import Console

    return Console().width if sys.stdout.isatty() else 120


def _print_hits(hits: Iterator[Hit], limit: int, query: Query) -> int:
    from rich.console import Console

    from corpus.render import render_hit

    columns = _columns()
    console = Console(width=columns, highlight=False)
    shown, more = 0, False
    for hit in hits:
        if limit and shown == limit:
            more = True
            break
        console.print(render_hit(hit, columns), soft_wrap=False)
        shown += 1
    click.echo(_summary(query, shown, limit if more else 0), err=True)
    return 0


def _summary(query: Query, shown: int, limit: int) -> str:
    if shown:
        number = "1 hit" if shown == 1 else f"{shown} hits"
        return f"find: {number}{'; there are more, --limit 0 shows all' if limit else ''}"
    if query.gold:
        return "find: no hits in the gold; leave --gold out to look at the pre-annotation"
    hint = "English is matched by whole words (--parts: not), and " if _is_words(query) else ""
    return f"find: no hits; {hint}hemu report says what there is"


def _is_words(query: Query) -> bool:
    return not query.parts and any(character.isascii() and character.isalpha() for character in query.text)


def _write_hits(
    hits: Iterator[Hit], limit: int, query: Query, *, as_json: bool, table: str | None, page: str | None
) -> int:
    from corpus.jsonl import dump_row, output
    from corpus.look.hits import hit_row

    counter = _Counter(hits, limit)
    if page is not None:
        from corpus.render import render_hits

        with output(page) as stream:
            listed = list(counter)
            note = _summary(query, len(listed), counter.left_out)
            stream.write(render_hits(listed, title="hemu find " + _asked(query), note=note))
    elif table is not None:
        with output(table) as stream:
            _write_csv(stream, counter, table != "-")
    else:
        with output("-") as stream:
            for hit in counter:
                stream.write(dump_row(hit_row(hit)) + "\n")
    click.echo(_summary(query, counter.number, counter.left_out), err=True)
    return 0


class _Counter:
    """Passes hits on, `limit` of them at most (0: all), and knows how many they were and whether some were left out."""

    def __init__(self, hits: Iterator[Hit], limit: int) -> None:
        self.hits, self.limit, self.number, self.left_out = hits, limit, 0, 0

    def __iter__(self) -> Iterator[Hit]:
        for hit in self.hits:
            if self.limit and self.number == self.limit:
                self.left_out = 1
                return
            self.number += 1
            yield hit


def _write_csv(stream: Any, hits: Iterable[Hit], marked: bool) -> None:
    import csv

    if marked:
        # Without the mark, a spreadsheet takes UTF-8 for something else.
        stream.write("\ufeff")
    header = ["document", "pair", "lang", "start", "end", "left", "match", "right", "kind", "date", "source"]
    header += ["entities", "claim", "type", "stance", "claimant", "policy_area", "partner", "passage", "score"]
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow(header)
    for hit in hits:
        claim, partner = hit.claim, hit.partner
        entities = "; ".join(f"{e.label} {e.span.surface}" for e in hit.entities)
        row: list[str | int] = [
            hit.document,
            hit.pair,
            hit.lang,
            hit.start,
            hit.end,
            hit.left,
            hit.match,
            hit.right,
            hit.kind,
        ]
        row += [hit.date, hit.source, entities, claim.span.surface if claim else "", claim.type if claim else ""]
        row += [claim.stance, claim.claimant, claim.policy_area] if claim else ["", "", ""]
        row += [partner.document, partner.text, f"{partner.score:.3f}"] if partner else ["", "", ""]
        writer.writerow([_cell(value) for value in row])


def _cell(value: str | int) -> str | int:
    """A spreadsheet takes what begins like a formula for one, and runs it: an apostrophe keeps it text."""
    if isinstance(value, str):
        value = value.replace("\0", "\ufffd").encode("utf-8", "replace").decode()
        if value.lstrip()[:1] in ("=", "+", "-", "@"):
            return "'" + value
    return value


def _print_counts(hits: Iterator[Hit], by: tuple[By, ...], as_json: bool, limit: int, query: Query) -> int:
    from corpus.jsonl import dump_row
    from corpus.look.hits import frequencies

    counted = frequencies(hits, *by)
    if as_json:
        click.echo(dump_row({name: [_frequency(row) for row in rows] for name, rows in counted.items()}))
        return 0
    total = sum(row.hits for row in next(iter(counted.values())))
    if not total:
        click.echo(_summary(query, 0, 0), err=True)
        return 0
    from corpus.render import one_line

    for name, rows in counted.items():
        shown = rows[: limit or None]
        more = f" (the first {len(shown)} of {len(rows)})" if len(shown) < len(rows) else ""
        cells = [[one_line(row.value) or "—", str(row.hits), str(row.documents)] for row in shown]
        print_table(f"By {name}{more}", [name, "hits", "documents"], cells)
    return 0


def _frequency(row: Frequency) -> dict[str, str | int]:
    return {"value": row.value, "hits": row.hits, "documents": row.documents}


@click.command()
@click.option(
    "-o", "--output", "path", type=click.Path(), default="report.html", show_default=True, help='"-": output.'
)
@workspace_option
@json_option
def report(path: str, folder: Path, as_json: bool) -> int:
    """Write one HTML page that shows the corpus at a glance: what there is, how good it is, what is missing.

    The page is whole in itself: it needs no network and runs no script. --json prints its figures instead.

    \b
    Example: hemu report -o report.html -w news
    """
    from dataclasses import asdict

    from corpus.jsonl import output
    from corpus.look.overview import overview

    workspace = open_workspace(folder)
    with progress("report") as update:
        figures = overview(workspace, progress=update)
    if as_json:
        click.echo(json.dumps(asdict(figures), ensure_ascii=False))
        return 0
    from corpus.look.pages import report_page

    with output(path) as stream:
        stream.write(report_page(figures, workspace.scheme))
    if path != "-":
        click.echo(f"report: wrote {path}", err=True)
    return 0
