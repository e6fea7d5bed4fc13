"""`hemu agreement`: how far annotators agree."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from corpus.cli.console import json_option, open_workspace, print_table, progress, workspace_option

if TYPE_CHECKING:
    from annotators.agreement.cells import Figure
    from annotators.agreement.report import AgreementReport
    from corpus.store import Workspace

_MOST_PAIRS = 30


@click.command()
@click.option("--document", "--documents", "documents", multiple=True, metavar="ID", help="On this document or pair.")
@click.option("--annotator", "annotators", multiple=True, metavar="NAME", help="Among these annotators.")
@click.option("--label", "labels", multiple=True, metavar="LABEL", help="On entities of this label, not on claims.")
@click.option("--lang", type=click.Choice(["en", "zh"]), help="On texts of this language.")
@click.option("--since", default="", metavar="DATE", help="Annotations from this day (or month) on.")
@click.option("--until", default="", metavar="DATE", help="Annotations up to this day (or month) and on it.")
@click.option(
    "--over",
    type=click.Choice(["tenth", "week", "month"]),
    default="tenth",
    show_default=True,
    help="How time is cut: tenths of the comparisons, weeks or months.",
)
@click.option("--html", "page", type=click.Path(), help='Write an HTML page to this file ("-": output).')
@click.option("--anonymous", is_flag=True, help="Call the annotators A, B, C.")
@click.option(
    "--shown",
    type=click.IntRange(0),
    default=2000,
    show_default=True,
    help="Differences that the page and --json list at most, picked by chance; 0 for all.",
)
@click.option(
    "--resamples", type=click.IntRange(0), default=1000, show_default=True, help="For the intervals; 0 for none."
)
@click.option("--seed", type=int, default=0, show_default=True, help="Of the resamples.")
@click.option("--bias", is_flag=True, help="Measure instead how far the pre-annotation sways the annotators.")
@workspace_option
@json_option
def agreement(
    over: Any,
    page: str | None,
    anonymous: bool,
    shown: int,
    resamples: int,
    seed: int,
    bias: bool,
    folder: Path,
    as_json: bool,
    **asked: Any,
) -> int:
    """Measure how far annotators agree on the articles that two or more of them have annotated.

    F1 of spans (exact, overlapping, by place), Cohen's and Fleiss' κ and Krippendorff's α on words of English and
    characters of Chinese, u-α; by label, language, annotator and time; attributes of claims, relations; against gold.
    Each figure has an interval that holds 95 % of resamples of the articles. --html shows every difference in its
    sentence.

    \b
    Examples:
      hemu agreement -w news
      hemu agreement --html agreement.html --anonymous -w news
      hemu agreement --label PLACE --since 2025-03 --json -w news
    """
    if as_json and page is not None:
        raise click.UsageError("--json and --html exclude one another")
    workspace = open_workspace(folder)
    if bias:
        if page is not None or any(asked.values()):
            raise click.UsageError("--bias goes with --json only")
        return _bias(workspace, as_json)
    from annotators.agreement import Chosen
    from annotators.agreement import agreement as measure

    listed = shown if as_json or page is not None else 1
    with progress("agreement") as update:
        report = measure(
            workspace,
            Chosen(**asked),
            over=over,
            resamples=resamples,
            seed=seed,
            shown=listed,
            anonymous=anonymous,
            progress=update,
        )
    if as_json:
        from corpus.jsonl import dump_row

        click.echo(dump_row(report.to_json()))
        return 0
    if page is not None:
        from annotators.agreement.page import agreement_page
        from corpus.jsonl import output

        html = agreement_page(workspace, report)
        with output(page) as stream:
            stream.write(html)
    click.echo(f"agreement: {report.message}", err=True)
    # The terminal lists no differences, so that it says nothing of how many are listed.
    for note in report.notes:
        if page is None and note.endswith("picked by chance"):
            continue
        click.echo(f"  {note}", err=True)
    if page is None:
        _print(report)
    elif page != "-":
        click.echo(f"agreement: wrote {page}", err=True)
    return 0


def _bias(workspace: Workspace, as_json: bool) -> int:
    from dataclasses import asdict

    from annotators.bias import bias

    report = bias(workspace)
    if as_json:
        click.echo(json.dumps(asdict(report), ensure_ascii=False))
        return 0
    click.echo(f"agreement: {report.message}", err=True)
    header, *rows = report.rows()
    if rows:
        print_table("How far the pre-annotation sways people", list(header), [list(row) for row in rows])
    for note in report.notes:
        click.echo(note, err=True)
    return 0


def _print(report: AgreementReport) -> None:
    everyone = "all pairs"
    spans = [row for row in report.spans if row.kind == "entities"]
    if not report.spans and not report.people:
        return
    header = ["annotators", "language", "documents", "spans", "exact F1", "overlap F1", "place F1", "κ", "κ marked"]
    whole = report.spans[0].annotators if report.spans else ()
    pairs = [
        row for row in report.spans if row.label in ("all", "claim") and (row.lang == "all" or row.annotators == whole)
    ]
    rows = [
        [
            (", ".join(row.annotators) or everyone) + (" (claims)" if row.kind == "claims" else ""),
            *(row.lang, str(row.documents), str(row.spans)),
            *(
                _percent(row.exact),
                _percent(row.overlap),
                _percent(row.place),
                _plain(row.kappa),
                _plain(row.kappa_marked),
            ),
        ]
        for row in pairs
        if row.spans
    ]
    more = f", the first {_MOST_PAIRS} rows of {len(rows)}; --json has all" if len(rows) > _MOST_PAIRS else ""
    print_table(
        f"Pairs of annotators (Cohen's κ: words of English, characters of Chinese{more})", header, rows[:_MOST_PAIRS]
    )
    header = ["of", "language", "label", "documents", "Fleiss' κ", "α", "u-α", "u-α place"]
    rows = [
        [row.kind, row.lang, row.label, str(row.documents)]
        + [_plain(figure) for figure in (row.fleiss, row.alpha, row.u_alpha, row.u_alpha_place)]
        for row in report.everybody
        if row.label in ("all", "claim")
    ]
    if rows:
        print_table("All annotators together", header, rows)
    labels = {(row.label, row.lang): row for row in report.everybody}
    header = ["label", "language", "spans", "exact F1", "overlap F1", "κ", "α", "u-α"]
    rows = [
        [row.label, row.lang, str(row.spans), _percent(row.exact), _percent(row.overlap), _plain(row.kappa)]
        + [_plain(getattr(labels.get((row.label, row.lang)), name, None)) for name in ("alpha", "u_alpha")]
        for row in spans
        if row.annotators == whole and row.label != "all"
    ]
    if rows:
        print_table("Labels", header, rows)
    header = [
        "annotator",
        "language",
        "documents",
        "exact F1",
        "κ",
        "α of all",
        "α without",
        "gold: exact F1",
        "gold: κ",
    ]
    rows = [
        [row.annotator, row.lang, str(row.documents), _percent(row.exact), _plain(row.kappa), _plain(row.alpha)]
        + [_plain(row.without), _percent(row.gold_exact), _plain(row.gold_kappa)]
        for row in report.people
        if row.kind == "entities" and row.lang == "all"
    ]
    if rows:
        print_table("Each annotator against all others, and against gold", header, rows)
    _print_claims(report)
    header = ["time", "from", "to", "documents", "exact F1", "overlap F1", "κ"]
    rows = [
        [row.period, row.since[:10], row.until[:10], str(row.documents), _percent(row.exact), _percent(row.overlap)]
        + [_plain(row.kappa)]
        for row in report.time
        if not row.annotator
    ]
    if rows:
        print_table("Over time (entities)", header, rows)
    if report.different:
        header = ["difference", "number"]
        rows = [[kind, str(number)] for kind, number in sorted((report.kinds or {}).items(), key=lambda pair: -pair[1])]
        print_table("Differences; --html shows them", header, rows)


def _print_claims(report: AgreementReport) -> None:
    if report.claims:
        names = list(report.claims[0].attributes)
        header = [
            "annotators",
            "language",
            "documents",
            "claims",
            "F1",
            *(name.replace("policy_", "") for name in names),
        ]
        rows = [
            [", ".join(c.annotators) or "all pairs", c.lang, str(c.documents), str(c.claims), _percent(c.match)]
            + [_percent(c.attributes[name]) for name in names]
            for c in report.claims
            if c.lang == "all" or c.annotators == report.claims[0].annotators
        ]
        print_table("Claims (attributes: % of the matched that agree)", header, rows[:_MOST_PAIRS])
        alphas = {(a.attribute, a.lang): a.alpha for a in report.attributes}
        languages = list(dict.fromkeys(a.lang for a in report.attributes))
        rows = [[lang, *(_plain(alphas.get((name, lang))) for name in names)] for lang in languages]
        if rows:
            print_table("Krippendorff's α of the attributes", ["language", *names], rows)
    if report.relations:
        header = ["relation", "language", "documents", "number", "exact F1", "overlap F1", "α"]
        rows = [
            [
                r.label,
                r.lang,
                str(r.documents),
                str(r.relations),
                _percent(r.exact),
                _percent(r.overlap),
                _plain(r.alpha),
            ]
            for r in report.relations
        ]
        print_table("Relations", header, rows)


def _percent(figure: Figure | None) -> str:
    return _shown(figure, lambda value: f"{100 * value:.1f}")


def _plain(figure: Figure | None) -> str:
    return _shown(figure, lambda value: f"{value:.2f}")


def _shown(figure: Figure | None, form: Any) -> str:
    if figure is None or figure.value is None:
        return "–"
    if figure.low is None or figure.high is None:
        return str(form(figure.value))
    return f"{form(figure.value)} [{form(figure.low)}–{form(figure.high)}]"
