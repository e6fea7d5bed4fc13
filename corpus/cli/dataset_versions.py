"""`hemu dataset diff`, `join`, `push` and `versions`: what can be done with a version that is built."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from corpus.cli.console import json_option, print_table, progress, workspace_option
from corpus.errors import InputError

if TYPE_CHECKING:
    from corpus.dataset.changes import Summary
    from corpus.dataset.difference import Difference
    from corpus.dataset.upload import Upload, Uploaded

_FOLDER = click.Path(path_type=Path)
_SHOWN = 40


@click.command()
@workspace_option
@json_option
def versions(folder: Path, as_json: bool) -> int:
    """List the versions of the dataset, oldest first.

    \b
    Example: hemu dataset versions -w news
    """
    from corpus.dataset.manifest import MANIFEST, read_manifest
    from corpus.dataset.versions import latest, version_folders

    rows: list[dict[str, Any]] = []
    for path in version_folders(folder):
        manifest = read_manifest(path)
        made = time.strftime("%Y-%m-%d %H:%M", time.localtime((path / MANIFEST).stat().st_mtime))
        rows.append(
            {
                "version": manifest.version,
                "latest": path == latest(folder),
                "made": made,
                "text": manifest.text,
                "gold": manifest.gold.digest,
                "documents": {split: held.rows for split, held in manifest.configs.get("documents", {}).items()},
                "bytes": sum(file.bytes for file in manifest.files()),
            }
        )
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False))
        return 0
    if not rows:
        click.echo(f"{folder}: no version yet; run: hemu dataset", err=True)
        return 0
    cells = []
    for row in rows:
        name = row["version"] + (" (latest)" if row["latest"] else "")
        documents = ", ".join(f"{split} {number}" for split, number in row["documents"].items())
        cells.append([name, row["made"], documents, "yes" if row["text"] else "no", _size(row["bytes"])])
    print_table("Versions", ["version", "made", "documents", "text", "size"], cells)
    return 0


@click.command()
@click.argument("before", required=False)
@click.argument("after", required=False)
@click.option("--html", type=_FOLDER, help="Write a page that shows every change in its context.")
@workspace_option
@json_option
def diff(before: str | None, after: str | None, html: Path | None, folder: Path, as_json: bool) -> int:
    """Say which documents, splits, texts, spans, labels, claims and relations two versions differ in.

    BEFORE and AFTER are versions of the workspace (their first digits will do, or "latest") or folders. Without AFTER,
    BEFORE is compared with the latest version; without both, the two latest are. --json lists every change.

    \b
    Example: hemu dataset diff -w news 3f2a 9c41
    """
    from corpus.dataset.difference import Difference, write_json
    from corpus.dataset.versions import last_two, version_folder

    if before is None:
        paths = last_two(folder)
    else:
        paths = version_folder(folder, before), version_folder(folder, after or "latest")
    with progress("diff") as update:
        difference = Difference(*paths, progress=update)
        if as_json and html is None:
            write_json(difference, sys.stdout.write)
            return 0
        if html is not None:
            from corpus.dataset.difference_page import render_difference
            from corpus.store import write_atomically

            page = render_difference(difference)
            write_atomically(html, page.encode("utf-8", "replace"))
        lines = [] if html is not None else _documents(difference)
    if as_json:
        click.echo(json.dumps(difference.summary.as_json(), ensure_ascii=False))
        return 0
    _print_summary(difference.summary, lines)
    if html is not None:
        click.echo(f"the changes in their context: {html}", err=True)
    return 0


def _documents(difference: Difference) -> list[str]:
    """The first documents that differ, a line each, and how many more there are."""
    lines: list[str] = []
    more = 0
    for change in difference:
        if len(lines) >= _SHOWN:
            more += 1
            continue
        parts = [change.kind] if change.kind != "changed" else []
        if change.kind == "changed" and change.split[0] != change.split[1]:
            parts.append(" → ".join(change.split))
        if change.text:
            parts.append(f"other text ({change.characters[0]} → {change.characters[1]} characters)")
        counts: dict[str, int] = {}
        for each in change.changes:
            name = f"{each.what} {each.kind}"
            counts[name] = counts.get(name, 0) + 1
        parts += [f"{number} {name}" for name, number in counts.items()] if change.kind == "changed" else []
        parts += [f"{name} changed" for name in change.columns]
        lines.append(f"  {change.id}: {', '.join(parts)}")
    return [*lines, *([f"  … and {more} more; --json and --html show them all"] if more else [])]


def _print_summary(summary: Summary, lines: list[str]) -> None:
    from corpus.dataset.changes import table

    click.echo(f"{summary.before} → {summary.after}")
    if summary.same:
        click.echo("The two hold the same.")
        return
    click.echo("documents: " + ", ".join(f"{number} {name}" for name, number in summary.documents.items()))
    for name, number in sorted(summary.splits.items()):
        click.echo(f"  {name}: {number}")
    for name, changes in summary.scheme.items():
        click.echo(f"scheme, {name}: " + "; ".join(f"{kind} {', '.join(names)}" for kind, names in changes.items()))
    for name, (old, new) in summary.settings.items():
        click.echo(f"{name}: {_short(old)} → {_short(new)}")
    for name, numbers in summary.rows.items():
        click.echo(f"rows of {name}: {numbers[0]} → {numbers[1]}")
    header, rows = table(summary)
    if rows:
        print_table("Changes", header, rows)
    for name, number in sorted(summary.relabelled.items(), key=lambda each: -each[1])[:_SHOWN]:
        click.echo(f"  {name}: {number}")
    for line in lines:
        click.echo(line)


def _short(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else f"{text[:79]}…"


@click.command()
@click.argument("dataset", type=_FOLDER)
@click.argument("articles", nargs=-1, type=_FOLDER, required=True)
@click.argument("out", type=_FOLDER)
@click.option("--partial", is_flag=True, help="Write the documents whose text is there, without the others.")
@json_option
def join(dataset: Path, articles: tuple[Path, ...], out: Path, partial: bool, as_json: bool) -> int:
    """Put the texts back into a dataset that came without them (hemu dataset --no-text).

    ARTICLES are your copies, in any form that `hemu ingest` reads (web pages, Word, PDF …), or a workspace. A text is known
    by its SHA-256, whatever its name. OUT is a new folder; without --partial nothing is written unless every text is
    found. Where hemu is not installed, join.py in DATASET does the same for text files and JSON Lines.

    \b
    Example: hemu dataset join news-dataset ~/articles news-with-text
    """
    from corpus.dataset.copies import copies_in
    from corpus.dataset.join import JoinError
    from corpus.dataset.join import join as join_texts
    from corpus.report import Skipped

    skipped: list[Skipped] = []
    try:
        found = join_texts(dataset, copies_in(articles, skipped=skipped.append), out, partial=partial)
    except JoinError as error:
        raise InputError(str(error)) from None
    if as_json:
        click.echo(json.dumps(found.as_json(), ensure_ascii=False))
    for line in found.lines():
        click.echo(line, err=True)
    if not found.rows:
        for each in skipped[:_SHOWN]:
            click.echo(f"  not read: {each.what}: {each.why}", err=True)
        click.echo("nothing written: some documents are without their text; --partial writes the others", err=True)
        return 1
    return 0


@click.command()
@click.argument("repository", metavar="OWNER/NAME")
@click.argument("version", default="latest")
@click.option("--public", is_flag=True, help="Make the repository public (default: private).")
@click.option("--dry-run", is_flag=True, help="Show what would be sent, and send nothing.")
@workspace_option
@json_option
def push(repository: str, version: str, public: bool, dry_run: bool, folder: Path, as_json: bool) -> int:
    """Upload a version to the Hugging Face Hub, in one commit, with the version as its tag.

    VERSION is one of the workspace, or a folder. The token is that of HF_TOKEN, or of `hf auth login`. Where hemu.toml says
    [dataset] text = "none", only versions without text are sent: of the latest one the form that --no-text has made.

    \b
    Example: hemu dataset push our-group/news -w news --dry-run
    """
    push_version(repository, version, folder, public=public, dry_run=dry_run, as_json=as_json)
    return 0


def push_version(
    repository: str, version: str, folder: Path, *, public: bool = False, dry_run: bool = False, as_json: bool = False
) -> None:
    """Upload a version of the workspace in `folder`, and print what was done: `hemu dataset --push` calls this, too."""
    from corpus.dataset.upload import NO_TEXT, prepare
    from corpus.dataset.upload import push as send
    from corpus.dataset.versions import version_folder, without_text_of
    from corpus.store import CONFIG, Workspace

    workspace = Workspace.open(folder) if (folder / CONFIG).is_file() else None
    path = version_folder(folder, version)
    if workspace and version == "latest" and workspace.setting("dataset", "text", "full") == NO_TEXT:
        path = without_text_of(folder, path)
    upload = prepare(path, repository, private=not public, workspace=workspace)
    uploaded = None if dry_run else send(upload)
    _print_upload(upload, uploaded, as_json=as_json)


def _print_upload(upload: Upload, uploaded: Uploaded | None, *, as_json: bool) -> None:
    from dataclasses import asdict

    if as_json:
        row = {**upload.as_json(), "sent": uploaded is not None, **(asdict(uploaded) if uploaded else {})}
        click.echo(json.dumps(row, ensure_ascii=False))
        return
    what = f"{upload.version} ({'with' if upload.text else 'without'} text): {len(upload.files)} files, {_size(upload.bytes)}"
    if upload.telling_names:
        click.echo(f"documents whose id, file name or address repeats their text: {upload.telling_names}", err=True)
    where = f"{upload.repository}, {'private' if upload.private else 'public'}"
    if uploaded is None:
        click.echo(f"would send {what}, to {where}", err=True)
        for name, size in upload.files:
            click.echo(f"{_size(size):>10}  {name}")
        return
    click.echo(f"sent {what}, to {where}: {uploaded.url}, tag {uploaded.tag}", err=True)


def _size(number: float) -> str:
    for unit in ("B", "kB", "MB"):
        if number < 1000:
            return f"{number:.3g} {unit}"
        number /= 1000
    return f"{number:.3g} GB"
