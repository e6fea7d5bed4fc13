"""From gold to a judged model in one call: train both languages, score on held-out articles, accept or not."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from corpus.dataset.build import document_splits
from corpus.document import LANGUAGES, Lang, Layer
from corpus.errors import InputError, ModelError, WorkspaceError
from corpus.metrics import Scores
from corpus.report import Progress
from corpus.schema import GOLD, layer_row
from corpus.store import Workspace, write_atomically
from models.evaluate import evaluate_model
from models.examples import Annotated
from models.gate import Verdict, judge
from models.train import DEFAULT_SEED, TrainResult, annotated, silver_layers, train_on

MODELS = "models"
ACCEPTED = "accepted"
"""The file in `models/` that names the version in use."""

Admit = Callable[[dict[Lang, Path], Sequence[Annotated]], dict[Lang, list[str]]]

_FORMAT = 3


@dataclass(frozen=True, slots=True)
class Plan:
    """What a model is to learn from and to be judged by, and the version that follows from it."""

    version: str
    gold: dict[Lang, list[Annotated]]
    silver: dict[Lang, list[Annotated]]
    test: list[Annotated]


def retrain(
    workspace: Workspace,
    *,
    seed: int = DEFAULT_SEED,
    held_out: frozenset[str] = frozenset(),
    silver: bool = False,
    max_steps: int | None = None,
    admit: Admit | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Train on the gold of the workspace, judge the model, and put it in use if it is not worse than the one in use.

    The articles to judge by are those of the dataset's test split (`held_out` names further ones); no model learns from
    them. The version follows from gold, scheme, settings and seed: where it exists already, nothing is trained.
    A model goes to `models/<version>/` with `en/`, `zh/` (folders that spaCy loads) and `model.json`; the one
    in use is named in `models/accepted`. A refused one is kept beside it and can be looked at.

    `admit` is given the folders of the new models and the articles to judge by, and says which labels of each model are
    of use among the other annotators; as an annotator the model then proposes those only.

    Returns what model.json holds, with the paths: version, accepted, reason, scores after and before, counts.
    Raises InputError where there is no gold, or nothing is left to learn from.
    """
    started = time.monotonic()
    plan = make_plan(workspace, seed=seed, held_out=held_out, silver=silver, max_steps=max_steps)
    folder = workspace.folder(MODELS) / plan.version
    if (folder / "model.json").is_file():
        return {**read_model(folder), "unchanged": True}
    temporary = folder.with_name(f".{plan.version}.{os.getpid()}.tmp")
    try:
        temporary.mkdir(parents=True, exist_ok=True)
        results = _train(plan, workspace, temporary, seed, max_steps, progress)
        trained = {lang: temporary / lang for lang in results}
        after = evaluate_model(trained, plan.test, scheme=workspace.scheme)
        verdict, before = _judge(workspace, trained, plan.test, after)
        record = _record(plan, workspace, results, verdict, after, before, seed)
        if admit:
            record["admitted"] = admit(trained, plan.test)
            for lang, labels in record["admitted"].items():
                _note_admitted(trained[lang] / "meta.json", labels)
        record["seconds"] = round(time.monotonic() - started, 1)
        write_atomically(temporary / "model.json", json.dumps(record, ensure_ascii=False, indent=1).encode())
        with workspace.writing():
            temporary.replace(folder)
            if verdict.accepted:
                write_atomically(folder.parent / ACCEPTED, f"{plan.version}\n".encode())
    except OSError as error:
        raise WorkspaceError(f"{folder}: cannot be written: {error.strerror}") from None
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return {**read_model(folder), "unchanged": False}


def _note_admitted(path: Path, labels: Sequence[str]) -> None:
    meta = json.loads(path.read_text(encoding="utf-8"))
    meta["hemu"]["admitted"] = list(labels)
    write_atomically(path, json.dumps(meta, ensure_ascii=False, indent=1).encode())


def make_plan(
    workspace: Workspace, *, seed: int, held_out: frozenset[str], silver: bool, max_steps: int | None
) -> Plan:
    """What there is to learn from, what to judge by, and the version."""
    layers = workspace.read(GOLD)
    by_lang = {lang: annotated(workspace, lang, layers) for lang in LANGUAGES}
    everything = [pair for pairs in by_lang.values() for pair in pairs]
    if not everything:
        raise InputError(f"{workspace.root}: no document has gold annotation to learn from; run: hemu adjudicate")
    splits = document_splits(workspace, [document for document, _ in everything], held_out=held_out)
    gold = {lang: [p for p in pairs if splits[p[0].id] != "test"] for lang, pairs in by_lang.items()}
    gold = {lang: pairs for lang, pairs in gold.items() if any(layer.entities for _, layer in pairs)}
    if not gold:
        raise InputError(f"{workspace.root}: all gold is held out, nothing is left to learn from; annotate more")
    test = [p for p in everything if splits[p[0].id] == "test"]
    extra: dict[Lang, list[Annotated]] = {}
    if silver:
        # Copies of an article to judge by, and its other version, would tell the model what stands in it.
        combined = silver_layers(workspace, without=(document.id for document, _ in test))
        extra = {lang: annotated(workspace, lang, combined) for lang in gold}
    parts = [json.dumps([_FORMAT, seed, silver, max_steps, workspace.scheme.version, *workspace.scheme.label_names])]
    parts += [(resources.files("models") / "configs" / f"{lang}.cfg").read_text(encoding="utf-8") for lang in gold]
    for what, pairs in (("gold", [p for x in gold.values() for p in x]), ("silver", _flat(extra)), ("test", test)):
        parts += [what, *(json.dumps([document.sha, _marks(layer)]) for document, layer in pairs)]
    version = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]
    return Plan(version, gold, extra, test)


def _flat(by_lang: Mapping[Lang, Sequence[Annotated]]) -> list[Annotated]:
    return [pair for pairs in by_lang.values() for pair in pairs]


def _marks(layer: Layer) -> list[Any]:
    return [[e["start"], e["end"], e["label"]] for e in layer_row(layer)["entities"]]


def _train(
    plan: Plan, workspace: Workspace, folder: Path, seed: int, max_steps: int | None, progress: Progress | None
) -> dict[Lang, TrainResult]:
    return {
        lang: train_on(
            pairs,
            lang,
            out=folder / lang,
            scheme=workspace.scheme,
            silver=plan.silver.get(lang, ()),
            seed=seed,
            max_steps=max_steps,
            progress=progress,
        )
        for lang, pairs in plan.gold.items()
    }


def _judge(
    workspace: Workspace, trained: dict[Lang, Path], test: Sequence[Annotated], after: Scores
) -> tuple[Verdict, Scores | None]:
    """The verdict, and the scores of the model in use on the documents that it has not learnt from either."""
    current = accepted(workspace)
    if current is None:
        return judge(after), None
    seen = set(read_model(current)["learnt_from"])
    fair = [pair for pair in test if pair[0].id not in seen]
    try:
        before = evaluate_model(folders(current), fair, scheme=workspace.scheme)
    except ModelError:
        # The scheme has changed, or the model is gone or broken: there is nothing in use to compare with.
        return judge(after), None
    if len(fair) < len(test):
        after = evaluate_model(trained, fair, scheme=workspace.scheme)
    return judge(after, before), before


def _record(
    plan: Plan,
    workspace: Workspace,
    results: dict[Lang, TrainResult],
    verdict: Verdict,
    after: Scores,
    before: Scores | None,
    seed: int,
) -> dict[str, Any]:
    current = accepted(workspace)
    return {
        "version": plan.version,
        "accepted": verdict.accepted,
        "reason": verdict.reason,
        "labels": list(workspace.scheme.label_names),
        "scheme": workspace.scheme.version,
        "seed": seed,
        "languages": {
            lang: {
                "documents": result.documents,
                "entities": result.entities,
                "silver_documents": result.silver_documents,
                "misaligned": len(result.misaligned),
                "steps": result.steps,
                "seconds": round(result.seconds, 1),
            }
            for lang, result in results.items()
        },
        "held_out": sorted(document.id for document, _ in plan.test),
        "learnt_from": sorted(d.id for d, _ in [*_flat(plan.gold), *_flat(plan.silver)]),
        "before": {"version": current.name if current else None, "scores": asdict(before) if before else None},
        "after": {"scores": asdict(after)},
    }


def accepted(workspace: Workspace) -> Path | None:
    """The folder of the model in use, or None where there is none."""
    file = workspace.folder(MODELS) / ACCEPTED
    if not file.is_file():
        return None
    folder = workspace.folder(MODELS) / file.read_text(encoding="utf-8").strip()
    return folder if (folder / "model.json").is_file() else None


def folders(model: Path) -> dict[Lang, Path]:
    """The folders that spaCy loads, by language, of the model in the folder `model`."""
    return {lang: model / lang for lang in LANGUAGES if (model / lang / "meta.json").is_file()}


def read_model(folder: Path) -> dict[str, Any]:
    """What `model.json` in `folder` holds, with the paths of the model; ModelError where it cannot be read."""
    try:
        record: dict[str, Any] = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"{folder / 'model.json'}: cannot be read ({error}); train the model again") from None
    paths = {lang: str(path) for lang, path in folders(folder).items()}
    return {**record, "path": str(folder), "paths": paths}
