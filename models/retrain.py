"""From gold to a judged model in one call: train both languages, score on held-out articles, accept or not."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from corpus.document import Lang
from corpus.errors import WorkspaceError
from corpus.report import Progress
from corpus.store import Workspace, write_atomically
from models.card import made_with, write_card
from models.claims import Reader, note_admitted
from models.config import Recipe
from models.counts import names_of, write_names
from models.examples import Annotated
from models.gate import Changes, Pin, Rule, check_pin, evaluation_digests, read_pin, read_rule, write_pin
from models.judgement import basis, judged, record_of
from models.parts import Tell, train_parts
from models.plan import Plan, flat, make_plan
from models.public import Named
from models.train import DEFAULT_SEED
from models.versions import ACCEPTED, CLAIMS_FOLDER, MODELS, accepted, folders, read_model
from models.work import finish, working

Admit = Callable[[dict[Lang, Path], Sequence[Annotated]], dict[Lang, list[str]]]


def retrain(
    workspace: Workspace,
    *,
    seed: int = DEFAULT_SEED,
    held_out: frozenset[str] = frozenset(),
    silver: bool = False,
    max_steps: int | None = None,
    public: Sequence[Named] = (),
    recipes: Mapping[Lang, Recipe] | None = None,
    gpu: str = "none",
    lower_floors: bool = False,
    new_evaluation: bool = False,
    admit: Admit | None = None,
    read_claims: Reader | None = None,
    admit_claims: Admit | None = None,
    progress: Progress | None = None,
    tell: Tell | None = None,
) -> dict[str, Any]:
    """Train on the gold of the workspace, judge the model, and put it in use if it is better by the rule in hemu.toml.

    The articles to judge by are those of the dataset's test split, `held_out` names further ones, and what models were
    judged by before stays so; no model learns from them. `public` are files of further gold to learn from, and not to
    judge by, `recipes` are configurations other than those that come with hemu, `gpu` is as in `models.device.device`.
    The version follows from gold, scheme, settings and seed: where it exists already, nothing is trained, and
    it is judged again only where the rule, the articles or the model in use have changed since.
    A model goes to `models/<version>/` with `en/`, `zh/` (folders that spaCy loads), `model.json`, and a card in
    README.md; the one in use is named in `models/accepted`. A refused one is kept beside it and can be looked at.

    What the verdict rests on is pinned (`models.gate`). Where articles to judge by are gone or have other gold, or the
    rule is weaker, InputError is raised before anything is trained, unless `new_evaluation` or `lower_floors` say that
    this is meant; model.json records it.

    An interrupted call goes on where it was: the languages that were finished are not trained again.

    `admit` is given the folders of the new models and the articles to judge by, and says which labels of each model are
    of use among the other annotators; as an annotator the model then proposes those only.

    With `read_claims`, which makes the readings of documents (`models.claims`), spotters of claims are trained beside
    them where gold has claims, in `claims-en/` and `claims-zh/`. `admit_claims` judges them as `admit` does, type by
    type; whether the version is accepted is up to the entities.

    Returns what model.json holds, with the paths: version, accepted, reason, scores after and before, figures with
    intervals, counts. Raises InputError where there is no gold, or nothing is left to learn from.
    """
    started = time.monotonic()
    tell = tell or _say_nothing
    rule, pin = read_rule(workspace), read_pin(workspace)
    plan = make_plan(
        workspace,
        seed=seed,
        held_out=held_out,
        silver=silver,
        max_steps=max_steps,
        claims=read_claims is not None,
        public=public,
        pinned=pin.documents if pin and not new_evaluation else (),
        recipes=recipes,
    )
    documents = evaluation_digests(plan.test)
    changes = check_pin(pin, rule, documents, lower_floors=lower_floors, new_evaluation=new_evaluation)
    flags = {"--lower-floors": lower_floors, "--new-evaluation": new_evaluation}
    folder = workspace.folder(MODELS) / plan.version
    if (folder / "model.json").is_file():
        return _again(workspace, plan, folder, rule, pin, documents, changes, flags)
    try:
        with working(folder) as work:
            languages, spotters, kept = train_parts(
                plan, workspace, work, seed, max_steps, recipes or {}, gpu, read_claims, progress, tell
            )
            trained = {lang: work / lang for lang in plan.gold}
            tell(f"judging on {len(plan.test)} documents held out")
            judgement = judged(workspace, plan, trained, rule)
            record = {
                **_record(plan, workspace, languages, seed, silver, max_steps),
                **record_of(judgement, rule, documents, changes, flags),
            }
            if admit:
                record["admitted"] = admit(trained, plan.test)
                _note(trained, record["admitted"])
            if spotters:
                record["claims"] = spotters
                if admit_claims:
                    paths = {lang: work / f"{CLAIMS_FOLDER}{lang}" for lang in plan.claims}
                    record["admitted_claims"] = admit_claims(paths, plan.test)
                    _note(paths, record["admitted_claims"])
            record |= {"resumed": kept, "seconds": round(time.monotonic() - started, 1)}
            write_names(work, names_of(plan.learnt()))
            _write(work, record)
            with workspace.writing():
                _pin(workspace, pin, rule, documents, changes, record)
                finish(work, folder)
                if judgement.verdict.accepted:
                    _put_in_use(folder)
    except OSError as error:
        raise WorkspaceError(f"{folder}: cannot be written: {error.strerror}") from None
    return {**read_model(folder), "unchanged": False}


def _again(
    workspace: Workspace,
    plan: Plan,
    folder: Path,
    rule: Rule,
    pin: Pin | None,
    documents: Mapping[str, str],
    changes: Changes,
    flags: Mapping[str, bool],
) -> dict[str, Any]:
    """A version that is there: judged again where what the verdict rested on has changed, unless it is in use."""
    record, current = read_model(folder), accepted(workspace)
    stored = {name: value for name, value in record.items() if name not in ("path", "paths", "claim_paths")}
    in_use = current == folder
    judged_by = basis(rule, documents, current.name if current else None)
    if not in_use and record.get("gate", {}).get("basis") != judged_by:
        judgement = judged(workspace, plan, folders(folder), rule)
        earlier = {name: stored[name] for name in ("accepted", "reason", "before", "gate") if name in stored}
        stored |= record_of(judgement, rule, documents, changes, flags)
        stored["judged_before"] = [*stored.get("judged_before", ()), earlier]
        with workspace.writing():
            _write(folder, stored)
            _pin(workspace, pin, rule, documents, changes, stored)
            if judgement.verdict.accepted:
                _put_in_use(folder)
    elif pin is None or pin.rule != rule or any(asdict(changes).values()):
        with workspace.writing():
            _pin(workspace, pin, rule, documents, changes, {**stored, "accepted": in_use})
    return {**read_model(folder), "unchanged": True}


def _pin(
    workspace: Workspace,
    pin: Pin | None,
    rule: Rule,
    documents: Mapping[str, str],
    changes: Changes,
    record: Mapping[str, Any],
) -> None:
    version, verdict = str(record["version"]), bool(record["accepted"])
    write_pin(workspace, pin, rule, documents, changes, version=version, accepted=verdict)


def _put_in_use(folder: Path) -> None:
    write_atomically(folder.parent / ACCEPTED, f"{folder.name}\n".encode())


def _write(folder: Path, record: Mapping[str, Any]) -> None:
    write_atomically(folder / "model.json", json.dumps(record, ensure_ascii=False, indent=1).encode())
    write_card(folder, record)


def _note(paths: Mapping[Lang, Path], admitted: Mapping[Lang, Sequence[str]]) -> None:
    for lang, path in paths.items():
        note_admitted(path, admitted.get(lang, ()))


def _record(
    plan: Plan, workspace: Workspace, languages: Mapping[str, Any], seed: int, silver: bool, max_steps: int | None
) -> dict[str, Any]:
    scheme = workspace.scheme
    return {
        "version": plan.version,
        "labels": list(scheme.label_names),
        "scheme": scheme.version,
        "seed": seed,
        "settings": {"silver": silver, "max_steps": max_steps},
        "made_with": made_with(),
        "configs": dict(plan.configs),
        "gold": {
            "digest": plan.gold_digest,
            "documents": sum(len(pairs) for pairs in plan.gold.values()),
            "labels": _labels(plan),
        },
        "public": [found.record() for found in plan.public],
        "languages": dict(languages),
        "held_out": sorted(document.id for document, _ in plan.test),
        "learnt_from": sorted(d.id for d, _ in [*flat(plan.gold), *flat(plan.silver)]),
    }


def _labels(plan: Plan) -> dict[str, dict[str, int]]:
    """How many gold entities of each label were learnt, by language."""
    counts: dict[str, dict[str, int]] = {}
    for lang, pairs in plan.gold.items():
        of_lang = counts.setdefault(lang, {})
        for _, layer in pairs:
            for entity in layer.entities:
                of_lang[entity.label] = of_lang.get(entity.label, 0) + 1
    return counts


def _say_nothing(line: str) -> None:
    pass
