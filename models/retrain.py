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
from models.claims import ClaimsResult, Reader, config_text, note_admitted, train_claims_on
from models.evaluate import evaluate_model
from models.examples import Annotated
from models.gate import Verdict, judge
from models.train import DEFAULT_SEED, TrainResult, annotated, silver_layers, train_on

MODELS = "models"
ACCEPTED = "accepted"
"""The file in `models/` that names the version in use."""

CLAIMS_FOLDER = "claims-"
"""What the names of the folders with spotters of claims begin with; the language follows."""

Admit = Callable[[dict[Lang, Path], Sequence[Annotated]], dict[Lang, list[str]]]

_FORMAT = 3


@dataclass(frozen=True, slots=True)
class Plan:
    """What a model is to learn from and to be judged by, and the version that follows from it.

    `claims` are the languages whose gold has claims, where spotters of claims are to be trained.
    """

    version: str
    gold: dict[Lang, list[Annotated]]
    silver: dict[Lang, list[Annotated]]
    test: list[Annotated]
    claims: tuple[Lang, ...] = ()


def retrain(
    workspace: Workspace,
    *,
    seed: int = DEFAULT_SEED,
    held_out: frozenset[str] = frozenset(),
    silver: bool = False,
    max_steps: int | None = None,
    admit: Admit | None = None,
    read_claims: Reader | None = None,
    admit_claims: Admit | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Train on the gold of the workspace, judge the model, and put it in use if it is not worse than the one in use.

    The articles to judge by are those of the dataset's test split (`held_out` names further ones); no model learns from
    them. The version follows from gold, scheme, settings and seed: where it exists already, nothing is trained.
    A model goes to `models/<version>/` with `en/`, `zh/` (folders that spaCy loads) and `model.json`; the one
    in use is named in `models/accepted`. A refused one is kept beside it and can be looked at.

    `admit` is given the folders of the new models and the articles to judge by, and says which labels of each model are
    of use among the other annotators; as an annotator the model then proposes those only.

    With `read_claims`, which makes the readings of documents (`models.claims`), spotters of claims are trained beside
    them where gold has claims, in `claims-en/` and `claims-zh/`. `admit_claims` judges them as `admit` does, type by
    type; whether the version is accepted is up to the entities.

    Returns what model.json holds, with the paths: version, accepted, reason, scores after and before, counts.
    Raises InputError where there is no gold, or nothing is left to learn from.
    """
    started = time.monotonic()
    plan = make_plan(
        workspace, seed=seed, held_out=held_out, silver=silver, max_steps=max_steps, claims=read_claims is not None
    )
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
                note_admitted(trained[lang], labels)
        if read_claims and plan.claims:
            spotters = _train_claims(plan, workspace, temporary, read_claims, seed, max_steps, progress)
            record["claims"] = {lang: _counts(result) for lang, result in spotters.items()}
            if admit_claims:
                paths = {lang: result.path for lang, result in spotters.items()}
                record["admitted_claims"] = admit_claims(paths, plan.test)
                for lang, path in paths.items():
                    note_admitted(path, record["admitted_claims"].get(lang, ()))
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


def make_plan(
    workspace: Workspace,
    *,
    seed: int,
    held_out: frozenset[str],
    silver: bool,
    max_steps: int | None,
    claims: bool = False,
) -> Plan:
    """What there is to learn from, what to judge by, and the version. With `claims`, spotters of claims are trained too."""
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
    spotted = tuple(lang for lang, pairs in gold.items() if claims and any(layer.claims for _, layer in pairs))
    if spotted:
        parts += [
            "claims",
            config_text(),
            *(v.name for v in (*workspace.scheme.claim_types, *workspace.scheme.stances)),
        ]
        for pairs in (_flat(gold), _flat(extra), test):
            parts += [json.dumps([document.sha, _claim_marks(layer)]) for document, layer in pairs]
    version = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]
    return Plan(version, gold, extra, test, spotted)


def _flat(by_lang: Mapping[Lang, Sequence[Annotated]]) -> list[Annotated]:
    return [pair for pairs in by_lang.values() for pair in pairs]


def _marks(layer: Layer) -> list[Any]:
    return [[e["start"], e["end"], e["label"]] for e in layer_row(layer)["entities"]]


def _claim_marks(layer: Layer) -> list[Any]:
    return [[c["start"], c["end"], c["type"], c["stance"]] for c in layer_row(layer)["claims"]]


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


def _train_claims(
    plan: Plan,
    workspace: Workspace,
    folder: Path,
    read: Reader,
    seed: int,
    max_steps: int | None,
    progress: Progress | None,
) -> dict[Lang, ClaimsResult]:
    return {
        lang: train_claims_on(
            plan.gold[lang],
            lang,
            out=folder / f"{CLAIMS_FOLDER}{lang}",
            read=read,
            scheme=workspace.scheme,
            silver=plan.silver.get(lang, ()),
            seed=seed,
            max_steps=max_steps,
            progress=progress,
        )
        for lang in plan.claims
    }


def _counts(result: ClaimsResult) -> dict[str, Any]:
    return {
        "documents": result.documents,
        "claims": result.claims,
        "reached": result.reached,
        "silver_documents": result.silver_documents,
        "steps": result.steps,
        "seconds": round(result.seconds, 1),
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


def claim_folders(model: Path) -> dict[Lang, Path]:
    """The folders of the spotters of claims, by language, of the model in the folder `model`."""
    found = {lang: model / f"{CLAIMS_FOLDER}{lang}" for lang in LANGUAGES}
    return {lang: folder for lang, folder in found.items() if (folder / "meta.json").is_file()}


def read_model(folder: Path) -> dict[str, Any]:
    """What `model.json` in `folder` holds, with the paths of the model; ModelError where it cannot be read."""
    try:
        record: dict[str, Any] = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"{folder / 'model.json'}: cannot be read ({error}); train the model again") from None
    paths = {lang: str(path) for lang, path in folders(folder).items()}
    spotters = {lang: str(path) for lang, path in claim_folders(folder).items()}
    return {**record, "path": str(folder), "paths": paths, "claim_paths": spotters}
