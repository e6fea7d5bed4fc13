"""`hemu kb`: a group's own names, which the annotators of its workspace read before those that hemu ships."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from corpus.cli.console import json_option, open_workspace, workspace_option

if TYPE_CHECKING:
    from corpus.knowledge import Entry
    from corpus.own_names import BadRow


@click.group()
def kb() -> None:
    """The names of your own that pre-annotation should know: places, bodies, firms, people, policies.

    They are kept in knowledge.csv in the workspace and win over the names that hemu ships. The next hemu annotate or
    hemu run does the articles again.

    \b
    Example: hemu kb add agency/lanxi-tea --label AGENCY --en "Lanxi Tea Office" --zh 兰溪茶办 -w news
    """


@kb.command()
@click.argument("id")
@click.option("--label", required=True, help="A label of the workspace's scheme.")
@click.option("--en", default="", help="The English name.")
@click.option("--zh", default="", help="The Chinese name, in Simplified characters.")
@click.option(
    "--alias", "aliases", multiple=True, help="A further name, in either language; ?NAME where it needs support."
)
@click.option("--pinyin", default="", help="The Chinese names in pinyin without tones; made where it is not given.")
@click.option("--replace", is_flag=True, help="Replace the entry of the same id.")
@workspace_option
@json_option
def add(
    id: str,
    label: str,
    en: str,
    zh: str,
    aliases: tuple[str, ...],
    pinyin: str,
    replace: bool,
    folder: Path,
    as_json: bool,
) -> int:
    """Add one entity with its names; Traditional forms and pinyin are added to the Chinese ones.

    \b
    Example: hemu kb add agency/lanxi-tea --label AGENCY --en "Lanxi Tea Office" --zh 兰溪茶办 --alias 茶办 -w news
    """
    from corpus.own_names import check, make_row, put

    workspace = open_workspace(folder)
    row = make_row(label, en, zh, aliases, id=id, labels=workspace.scheme.label_names, pinyin=pinyin)
    put(workspace, [row], replace=replace)
    findings = check([row], labels=workspace.scheme.label_names)
    if as_json:
        click.echo(json.dumps({"entry": row, "findings": [f._asdict() for f in findings]}, ensure_ascii=False))
        return 0
    names = ", ".join(n for c in ("en", "en_aliases", "zh", "zh_aliases", "traditional", "pinyin") if (n := row[c]))
    click.echo(f"kb: {row['id']} {row['label']} added: {names.replace('|', ', ')}", err=True)
    _say_findings(findings)
    return 0


@kb.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@workspace_option
@json_option
def import_(file: Path, folder: Path, as_json: bool) -> int:
    """Take in the names in FILE, a CSV file with the columns en, zh, label and aliases (separated by "|").

    The columns id and pinyin are used where there are any; otherwise both are made. An entry replaces the own entry of the same id. Where a row cannot be taken
    in, each such row is named, nothing is written, and the exit code is 1.

    \b
    Example: hemu kb import names.csv -w news
    """
    from corpus.own_names import put, read_table

    workspace = open_workspace(folder)
    rows, bad = read_table(file, workspace.scheme.label_names)
    new, replaced = (0, 0) if bad or not rows else put(workspace, rows)
    if as_json:
        result = {"new": new, "replaced": replaced, "bad": [row._asdict() for row in bad]}
        click.echo(json.dumps(result, ensure_ascii=False))
        return 1 if bad else 0
    for row in bad:
        click.echo(f"{file}, line {row.line}: {row.why}", err=True)
    if bad:
        click.echo(f"kb: nothing written; put right {len(bad)} of {len(bad) + len(rows)} rows first", err=True)
        return 1
    click.echo(f"kb: {new} new, {replaced} replaced", err=True)
    return 0


@kb.command()
@click.argument("file", type=click.Path(path_type=Path), required=False)
@workspace_option
@json_option
def check(file: Path | None, folder: Path, as_json: bool) -> int:
    """Point at what is doubtful in the names of the workspace, or in FILE before it is imported.

    Names with two labels, names that are common words, missing Traditional forms, pinyin that is missing or does not
    fit the Chinese name, entries that are there twice, labels that the scheme does not have. The exit code is 1 where something was found.

    \b
    Example: hemu kb check names.csv -w news
    """
    from corpus.errors import InputError
    from corpus.own_names import FILE, read_rows, read_table
    from corpus.own_names import check as run_check

    workspace = open_workspace(folder)
    labels = workspace.scheme.label_names
    path = file or workspace.root / FILE
    bad: list[BadRow] = []
    if file is None:
        rows = read_rows(path)
    else:
        if not file.exists():
            raise InputError(f"{file}: no such file")
        rows, bad = read_table(file, labels)
    findings = run_check(rows, labels=labels)
    if as_json:
        result = {
            "entries": len(rows),
            "findings": [finding._asdict() for finding in findings],
            "bad": [row._asdict() for row in bad],
        }
        click.echo(json.dumps(result, ensure_ascii=False))
    else:
        for row in bad:
            click.echo(f"{path}, line {row.line}: {row.why}", err=True)
        _say_findings(findings)
        click.echo(f"kb: {len(rows)} entries, {len(findings) + len(bad)} findings", err=True)
    return 1 if findings or bad else 0


def _say_findings(findings: Iterable[Any]) -> None:
    for finding in findings:
        click.echo(f"  {finding.id}: {finding.kind}: {finding.detail}", err=True)


@kb.command("list")
@click.option("--label", help="Only entries of this label.")
@workspace_option
@json_option
def list_(label: str | None, folder: Path, as_json: bool) -> int:
    """List the names of the workspace, an entity a line.

    \b
    Example: hemu kb list --label FIRM -w news
    """
    from corpus.own_names import FILE, read_rows

    workspace = open_workspace(folder)
    rows = [row for row in read_rows(workspace.root / FILE) if label in (None, row["label"])]
    for row in rows:
        names = [row[column].replace("|", ", ") for column in ("en", "en_aliases", "zh", "zh_aliases", "pinyin")]
        line = f"{row['id']}  {row['label']}  {', '.join(name for name in names if name)}"
        click.echo(json.dumps(row, ensure_ascii=False) if as_json else line)
    if not rows and not as_json:
        click.echo("kb: no names of your own yet; add them with: hemu kb add, or hemu kb import FILE", err=True)
    return 0


@kb.command()
@click.argument("name")
@click.option("--label", help="Only entries of this label.")
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="At most so many.")
@workspace_option
@json_option
def search(name: str, label: str | None, limit: int, folder: Path, as_json: bool) -> int:
    """Search the names that hemu ships, and those of the workspace where there is one, for NAME or a part of it.

    NAME may be English, Chinese or pinyin, with or without blanks and tones.

    \b
    Example: hemu kb search 发改委
    Example: hemu kb search "gongtong fuyu"
    """
    from corpus.errors import WorkspaceError
    from corpus.knowledge import knowledge
    from corpus.own_names import FILE
    from corpus.own_names import search as run_search

    own: Path | None = None
    try:
        own = open_workspace(folder).root / FILE
    except WorkspaceError:
        if folder != Path():
            raise
    base = knowledge(own if own and own.exists() else None, None)
    found = [entry for entry in run_search(base, name) if label in (None, entry.label)]
    for entry in found[:limit]:
        click.echo(json.dumps(_plain(entry), ensure_ascii=False) if as_json else _line(entry))
    if not as_json and len(found) > limit:
        click.echo(f"kb: and {len(found) - limit} more; --limit shows more", err=True)
    if not found:
        click.echo(f"kb: no entry has {name!r}", err=True)
    return 0 if found else 1


def _plain(entry: Entry) -> dict[str, Any]:
    unsure = sorted(name for name in (*entry.en, *entry.zh) if entry.unsure(name))
    return {
        "id": entry.id, "label": entry.label, "en": entry.en, "zh": entry.zh, "pinyin": entry.pinyin, "ambiguous": unsure,
        "from": entry.start, "to": entry.end, "source": entry.source,
    }  # fmt: skip


def _line(entry: Entry) -> str:
    names = [("?" if entry.unsure(name) else "") + name for name in (*entry.en, *entry.zh)]
    return f"{entry.id}  {entry.label}  {', '.join((*names, *entry.pinyin))}"
