"""Show hemu on its sample articles; `scripts/demo` sets up what this needs and runs it.

Without options: a workspace with the sample, pre-annotated, in a running Label Studio, and where to click. With
--unattended: all the way round. A scripted annotator takes the pre-annotations through the server's API and applies the
corrections of the sample's gold; its annotations are pulled, become gold and a dataset, a model is trained on them, and
an article that was held back is pre-annotated without and with the new model. Then the server is stopped.
"""

from __future__ import annotations

import argparse
import json
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from annotators.pipeline import Annotated
from annotators.repeats import follow
from annotators.stage import stored_annotations
from annotators.studio.client import Studio, connect
from annotators.studio.convert import prediction_of, task_key
from annotators.studio.server import Server, default_data, free_port
from corpus.cli.console import print_table
from corpus.document import LANGUAGES, Document, Layer
from corpus.jsonl import document_of, dump_row, layer_of, read_rows
from corpus.metrics import score_files
from corpus.schema import GOLD
from corpus.store import Workspace

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = ROOT / "corpus" / "data" / "sample"
HELD_BACK = "climate-carbon"
PROJECT = "hemu demo"
Json = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(prog="scripts/demo", description="Show hemu on its sample articles.")
    parser.add_argument(
        "--unattended", action="store_true", help="go all the way round, print a table, stop the server"
    )
    parser.add_argument("--folder", type=Path, help="the workspace (default: out/demo, or out/demo-unattended)")
    parser.add_argument("--port", type=int, help="the port of Label Studio (default: 8080, or a free one)")
    arguments = parser.parse_args()
    started = time.monotonic()
    # The two have a workspace and a server each: what a person corrects is not for a script to go on with.
    name = "demo-unattended" if arguments.unattended else "demo"
    folder: Path = arguments.folder or ROOT / "out" / name
    prepare(folder, name)
    server = Server(default_data(name))
    start(server, name, arguments.port)
    if not arguments.unattended:
        hemu("push", "-w", folder)
        explain(folder, server, name)
        return
    try:
        hemu("push", "-w", folder)
        go_round(folder, server)
    finally:
        hemu("studio", "stop", "--name", name)
    say(f"all the way round in {time.monotonic() - started:.0f} s")


def say(line: str) -> None:
    print(f"── {line}", flush=True)


def hemu(*arguments: str | Path) -> str:
    """Run the command as a user would, show it, and return its standard output; exits where it fails."""
    words = [str(argument) for argument in arguments]
    shown = [word.removeprefix(f"{ROOT}/") for word in words]
    say("hemu " + " ".join(shown if len(shown) < 8 else [*shown[:2], "…", *shown[-2:]]))
    done = subprocess.run(
        [sys.executable, "-c", "from corpus.cli import main; main()", *words], stdout=subprocess.PIPE, text=True
    )
    if done.returncode not in (0, 3):
        sys.exit(done.returncode)
    return done.stdout


def prepare(folder: Path, server: str) -> None:
    """A workspace with the sample articles but for the one held back, pre-annotated."""
    if not (folder / "hemu.toml").exists():
        hemu("init", folder)
        config = folder / "hemu.toml"
        text = config.read_text(encoding="utf-8")
        text = text.replace('server = "default"', f'server = "{server}"')
        lines = [f'project = "{PROJECT}"' if line.startswith("project = ") else line for line in text.splitlines()]
        config.write_text("\n".join(lines) + "\n", encoding="utf-8")
    articles = sorted((SAMPLE / "articles").glob("*.txt"))
    hemu("run", *(a for a in articles if not a.name.startswith(HELD_BACK)), "-w", folder)


def start(server: Server, name: str, port: int | None) -> None:
    """Start the demo's server, on a free port where none was asked for and the usual one is in use."""
    status = server.status()
    if port is None and not status.running and not _free(urlsplit(status.url).port or 8080):
        port = free_port()
    hemu("studio", "start", "--name", name, *(("--port", str(port)) if port else ()))


def _free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def explain(folder: Path, server: Server, name: str) -> None:
    """Where to click, the login of this throwaway server, and what comes next."""
    url = server.status().url
    account = json.loads(server.credentials.read_text(encoding="utf-8"))
    project = connect(url, server.token()).find_project(PROJECT)
    print(
        f"""
Open      {url}/projects/{project}/data and click an article
Login     {account["username"]}
Password  {account["password"]}

Correct what is wrong and submit. Then, with this on the path: {Path(sys.executable).parent}

  hemu pull -w {folder}            fetch what was submitted
  hemu adjudicate -w {folder}      make gold of it
  hemu dataset -w {folder}         export it as a Hugging Face dataset
  hemu retrain -w {folder}         train a model, and use it if it is better
  hemu run {SAMPLE / "articles"} -w {folder}
                                   pre-annotate with it, the held-back article too
  hemu studio stop --name {name}      stop the server
"""
    )


def go_round(folder: Path, server: Server) -> None:
    """Annotate by script, pull, adjudicate, export, train, and pre-annotate the held-back article again."""
    workspace = Workspace.open(folder)
    rows = {row["id"]: row for _, row in read_rows(str(SAMPLE / "gold.jsonl"))}
    studio = connect(server.status().url, server.token())
    number = annotate(studio, workspace, rows)
    say(f"the scripted annotator submitted {number} tasks")
    hemu("pull", "-w", folder)
    hemu("adjudicate", "-w", folder)
    check_gold(workspace, rows)
    hemu("dataset", "-w", folder)
    dataset = load(folder)
    trained = json.loads(hemu("retrain", "--json", "-w", folder))
    report(folder, rows, dataset, trained)


def annotate(studio: Studio, workspace: Workspace, rows: Mapping[str, Json]) -> int:
    """Submit, for each task without an annotation, its prediction with the corrections of the gold."""
    project = studio.find_project(PROJECT)
    assert project is not None
    by_key = {task_key(a.group): a for a in stored_annotations(workspace)}
    number = 0
    for task in studio.tasks(project):
        annotated = by_key.get(task.key)
        if task.annotations or annotated is None or not _of_sample(annotated, rows):
            continue
        (prediction, *_) = reversed(studio.predictions(project, task.id))
        result = corrected(annotated, prediction["result"], rows, workspace)
        studio.sdk.annotations.create(
            id=task.id,
            result=result,
            lead_time=60.0,
            parent_prediction=prediction["id"],
            request_options={"max_retries": 0},
        )
        number += 1
    return number


def _of_sample(annotated: Annotated, rows: Mapping[str, Json]) -> bool:
    return all(item.document.id in rows and item.document.pair != HELD_BACK for item in annotated.group.items)


def corrected(
    annotated: Annotated, predicted: list[Json], rows: Mapping[str, Json], workspace: Workspace
) -> list[Json]:
    """What a careful annotator would submit: the gold, with the origin of each region as the editor records it."""
    items = []
    for item in annotated.group.items:
        layer = layer_of(rows[item.document.id], item.document, "gold.jsonl", scheme=workspace.scheme, source="gold")
        items.append(replace(item, entities=layer.entities, claims=layer.claims))
    group = replace(annotated.group, items=tuple(items))
    result: list[Json] = prediction_of(group, (), "gold", workspace.scheme)["result"]
    before = {(r.get("id"), r.get("from_name")): r.get("value") for r in predicted}
    kept = {r.get("id") for r in predicted}
    for region in result:
        if region["type"] == "relation":
            continue
        same = before.get((region["id"], region["from_name"])) == region["value"]
        region["origin"] = "prediction" if same else "prediction-changed" if region["id"] in kept else "manual"
        region.pop("score", None)
    return result


def check_gold(workspace: Workspace, rows: Mapping[str, Json]) -> None:
    """What came back through Label Studio must be what was submitted, to the character.

    Annotators are not shown what a pull quote repeats: there, gold follows the passage.
    """
    gold, documents = workspace.read(GOLD), workspace.documents()
    for id, layer in ((id, layer) for id, layer in gold.items() if id in rows):
        document: Document = document_of(rows[id], "gold.jsonl")
        sent = layer_of(rows[id], document, "gold.jsonl", scheme=workspace.scheme, source="gold")
        entities, claims = follow(documents[id], sent.entities, sent.claims)
        if content(layer) != content(replace(sent, entities=entities, claims=claims)):
            sys.exit(f"{id}: gold differs from what the scripted annotator submitted")
    say(f"the gold of {len(gold)} documents is what was submitted, to the character")


def content(layer: Layer) -> tuple[object, ...]:
    return (
        [(e.span, e.label) for e in layer.entities],
        [(c.span, c.type, c.stance, c.claimant, c.policy_area, c.targets) for c in layer.claims],
    )


def load(folder: Path) -> dict[str, dict[str, int]]:
    """Load every configuration of the newest dataset as a researcher would, and count its rows."""
    import datasets

    datasets.disable_progress_bars()
    version = (folder / "datasets" / "latest").read_text(encoding="utf-8").strip()
    path = str(folder / "datasets" / version)
    say(f'datasets.load_dataset("{path}", …)')
    with tempfile.TemporaryDirectory() as cache:
        return {
            name: {split: len(rows) for split, rows in datasets.load_dataset(path, name, cache_dir=cache).items()}
            for name in ("documents", "ner", "claims", "parallel")
        }


def report(folder: Path, rows: Mapping[str, Json], dataset: dict[str, dict[str, int]], trained: Json) -> None:
    """The table: what the dataset holds, and the pre-annotation of the held-back article before and after."""
    splits = ["train", "validation", "test"]
    counts = [[name, *(str(sizes.get(split, 0)) for split in splits)] for name, sizes in dataset.items()]
    print_table("Rows of the dataset", ["configuration", *splits], counts)
    held = folder / "held-back"
    held.mkdir(exist_ok=True)
    gold = held / "gold.jsonl"
    gold.write_text("".join(dump_row(r) + "\n" for r in rows.values() if r["pair"] == HELD_BACK), encoding="utf-8")
    hemu("annotate", gold, held / "before.jsonl")
    hemu("annotate", "-w", folder, gold, held / "after.jsonl")
    corrected = json.loads(hemu("evaluate", "--json", "-w", folder))["languages"]
    alone = trained["after"]["scores"]["languages"]
    table = []
    for lang in LANGUAGES:
        parts: dict[str, Any] = {f"{lang}  articles that were corrected: pre-annotation": corrected.get(lang)}
        parts[f"{lang}  articles held out: the new model alone"] = alone.get(lang)
        for name in ("before", "after"):
            part = asdict(score_files(str(gold), str(held / f"{name}.jsonl"), lang=lang).all)
            parts[f"{lang}  {HELD_BACK}: pre-annotation {name} training"] = part
        table += [[name, *figures(part)] for name, part in parts.items() if part]
    header = ["strict, %", "P", "R", "F1", "effort saved", "claims F1", "type", "stance"]
    print_table("Entities and claims against gold", header, table)
    say(f"the new model was {'' if trained['accepted'] else 'not '}accepted: {trained['reason']}")
    for lang, labels in trained["admitted"].items():
        say(f"{lang}: beside the other annotators it proposes {', '.join(labels) or 'nothing yet: annotate more'}")


def figures(part: Json) -> list[str]:
    """One row of the table; a model alone proposes no claims."""
    e, c = part["entities"], part["claims"]
    values = [e["strict"][x] for x in ("precision", "recall", "f1")] + [e["effort_saved"]]
    if c["match"]["predicted"]:
        values += [c["match"]["f1"], c["type"], c["stance"]]
    return [f"{100 * x:.1f}" for x in values] + [""] * (7 - len(values))


if __name__ == "__main__":
    main()
