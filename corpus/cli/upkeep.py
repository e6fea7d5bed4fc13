"""`hemu remove` and `migrate`: what changes a workspace that is in use."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from corpus.cli.console import json_option, open_workspace, progress, workspace_option

if TYPE_CHECKING:
    from annotators.studio.withdraw import Withdrawn
    from corpus.migration import Change
    from corpus.store import Workspace

_NAMED = 10


def _say(line: str) -> None:
    click.echo(line, err=True)


@click.command()
@click.argument("ids", nargs=-1, required=True, metavar="ID...")
@click.option("--pair", is_flag=True, help="ID is a pair, or one of its documents: remove both versions.")
@click.option("--reason", default="", help="Why, for the record.")
@click.option("--datasets", is_flag=True, help="Also delete the versions of the dataset that hold the article.")
@workspace_option
@json_option
def remove(ids: tuple[str, ...], pair: bool, reason: str, datasets: bool, folder: Path, as_json: bool) -> int:
    """Withdraw an article from every stage, and keep a record that it was.

    Its text goes from the disk of the workspace, with all that was made from it; its tasks in Label Studio are deleted
    with the work on them (run hemu pull first to keep what concerns the other version). hemu ingest then leaves the
    article out. The file that it came from is not touched. After an interruption run the same command again.

    \b
    Example: hemu remove housing.en --reason "asked for by the publisher" -w news
    """
    from annotators.llm import forget
    from corpus.removal import find, pending, record, sweep
    from corpus.schema import DOCUMENTS

    workspace = open_workspace(folder)
    # Once the text has been swept away, so has the note of what had been pulled.
    again = all(there for _, there in find(workspace, ids, pair=pair))
    records = record(workspace, ids, pair=pair, reason=reason)
    gone = [entry.document for entry in records]
    # What a language model answered about a text holds words of it.
    for document in workspace.fetch(DOCUMENTS, gone).values():
        forget(document.text)
    online, problem = _withdraw_online(workspace, gone)
    with progress("remove") as update:
        deleted = online.tasks if online else ()
        swept = sweep(workspace, gone, deleted=deleted, datasets=datasets, progress=update)
    left = pending(workspace, gone)
    unpulled = online.unpulled if online and not again else []
    if as_json:
        studio: dict[str, Any] = {
            "deleted_tasks": [task._asdict() for task in deleted],
            "deleted_annotations": online.annotations if online else 0,
            "never_pulled": unpulled,
            "left": [task._asdict() for task in left],
            "problem": problem,
        }
        result = {"stage": "remove", "removed": [asdict(entry) for entry in records], **asdict(swept), "studio": studio}
        click.echo(json.dumps(result, ensure_ascii=False))
        return 0
    rows = sum(swept.rows.values())
    where = f" from {', '.join(swept.rows)}" if rows else ""
    _say(f"remove: {_few(gone)} withdrawn; {rows} rows taken out{where}")
    if swept.deleted_datasets:
        _say(f"  deleted versions of the dataset: {_few(swept.deleted_datasets)}; build a new one with: hemu dataset")
    if swept.datasets:
        _say(
            f"  note: these versions of the dataset still hold the text: {_few(swept.datasets)}; "
            f"delete them with: hemu remove {' '.join(ids)}{' --pair' if pair else ''} --datasets"
        )
    if swept.models:
        _say(f"  note: these models learnt from it: {_few(swept.models)}; train anew with: hemu retrain")
    if online:
        _say_online(online, unpulled)
    if problem:
        _say(f"  note: Label Studio could not be asked ({problem}); hemu push deletes what it still holds")
    elif left:
        _say(
            "  note: these tasks hold it on other servers; delete them there: " + _few([_shown(task) for task in left])
        )
    return 0


def _withdraw_online(workspace: Workspace, ids: Sequence[str]) -> tuple[Withdrawn | None, str]:
    """What was deleted from Label Studio, or why that could not be asked; nothing of either where nothing was pushed."""
    from annotators.studio.withdraw import withdraw
    from corpus.cli.studio import connected
    from corpus.errors import StudioError

    if not workspace.shards("pushed"):
        return None, ""
    try:
        return withdraw(workspace, connected(workspace), ids), ""
    except StudioError as error:
        return None, str(error)


def _say_online(online: Withdrawn, unpulled: Sequence[int]) -> None:
    if online.tasks:
        _say(f"  Label Studio: {len(online.tasks)} tasks deleted with {online.annotations} annotations")
    if unpulled:
        _say(f"  warning: {len(unpulled)} of these annotations were newer than what had been pulled, and are lost")


def _shown(task: Any) -> str:
    return f"task {task.task} in project {task.project} of {task.url}"


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")


@click.command()
@click.argument("new_scheme", type=click.Path(path_type=Path))
@click.option("--map", "maps", multiple=True, metavar="OLD=NEW", help="What a name becomes: FIRM=COMPANY.")
@click.option("--drop", "drops", multiple=True, metavar="NAME", help="A name to give up, with what bears it.")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and write nothing.")
@workspace_option
@json_option
def migrate(
    new_scheme: Path, maps: tuple[str, ...], drops: tuple[str, ...], dry_run: bool, folder: Path, as_json: bool
) -> int:
    """Move the workspace to the changed label scheme in NEW_SCHEME.

    Each label, claim type, stance, policy area and relation that is in use and that the new scheme lacks must be mapped
    or dropped; without that, they are listed with how often they are used, and nothing is written. Where a name is
    several things, say which: label:, type:, stance:, area: or relation: before it. The old scheme and the mapping are
    kept in the folder migrations. One name cannot be split into two: map it to one of them, push, and let people sort
    out the rest. After an interruption run the same command again.

    \b
    Examples:
      hemu migrate scheme-2.toml --dry-run -w news
      hemu migrate scheme-2.toml --map FIRM=COMPANY --map type:commitment=pledge --drop ORG -w news
    """
    from corpus.migration import migrate as run_migrate

    workspace = open_workspace(folder)
    with progress("migrate") as update:
        result = run_migrate(
            workspace,
            new_scheme,
            maps=maps,
            drops=drops,
            dry_run=dry_run,
            versions=lambda change: _gold_versions(workspace, change),
            progress=update,
        )
    model = _model_of_other_labels(workspace, new_scheme)
    if as_json:
        click.echo(json.dumps({"stage": "migrate", "dry_run": dry_run, **asdict(result), "model": model}))
        return 1 if result.undecided else 0
    if result.undecided:
        _say("migrate: nothing was written; these are in use, and the new scheme does not have them:")
        for name, count in result.undecided.items():
            _say(f"  {name}  {count} times")
        _say("decide on each with --map NAME=NEW or --drop NAME")
        return 1
    if result.unchanged:
        _say("migrate: the workspace has this scheme already; nothing to do")
        return 0
    rows = ", ".join(f"{name} {count}" for name, count in result.rows.items())
    _say(f"migrate: {'would change' if dry_run else 'changed'} {sum(result.rows.values())} rows ({rows or 'none'})")
    for name, to in result.mapped.items():
        _say(f"  {name} → {to['to']}: {to['count']} times")
    for name, count in result.dropped.items():
        _say(f"  {name} dropped: {count} times")
    if result.lost_claims or result.lost_relations:
        _say(f"  with what was dropped, {result.lost_claims} claims and {result.lost_relations} relations go")
    if model:
        _say(f"  note: {model}")
    if dry_run:
        return 0
    _say(f"  the old scheme is kept as {result.kept_as}")
    _say("next: hemu annotate, then hemu push; and hemu adjudicate and hemu dataset where there is gold")
    return 0


def _gold_versions(workspace: Workspace, change: Change) -> dict[str, tuple[str, str]]:
    """The versions of the gold that `hemu adjudicate` made of the annotations as they are, before and after a change."""
    from annotators.adjudicate import annotations_version, latest_annotations, made_of
    from corpus.gold import IMPORTED
    from corpus.schema import GOLD

    rows = workspace.rows(GOLD.name, ["document", "version"])
    last = {row["document"]: row["version"] for row in rows if row["version"] != IMPORTED}
    versions = {}
    for id, several in latest_annotations(workspace, workspace.documents()).items() if last else ():
        after = [replace(a, layer=change(f"{a.url} {a.id}", a.layer)) for a in several]
        before, then = annotations_version(several), annotations_version(after)
        made = last.get(id, "")
        if made_of(made) == before != then:
            # What follows the digest tells of verdicts, and stays.
            versions[id] = (made, made.replace(before, then))
    return versions


def _model_of_other_labels(workspace: Workspace, new_scheme: Path) -> str:
    """What to do about a model in use that proposes labels which the new scheme does not have."""
    from corpus.scheme import load_scheme
    from models.versions import ACCEPTED, accepted, read_model

    model = accepted(workspace)
    unknown = set(read_model(model).get("labels", ())) - set(load_scheme(new_scheme).label_names) if model else set()
    if model is None or not unknown:
        return ""
    return (
        f"the model in use was trained for labels that the new scheme lacks ({', '.join(sorted(unknown))}): "
        f"remove {model.parent / ACCEPTED}, then train anew with: hemu retrain"
    )
