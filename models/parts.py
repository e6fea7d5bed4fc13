"""The parts of a version: a recogniser a language, and a spotter of claims where gold has claims. Each is trained once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from corpus.document import Lang
from corpus.report import Progress
from corpus.store import Workspace
from models.claims import ClaimsResult, Reader, train_claims_on
from models.config import Recipe
from models.plan import Plan
from models.train import TrainResult, train_on
from models.versions import CLAIMS_FOLDER
from models.work import part

Tell = Callable[[str], None]


def train_parts(
    plan: Plan,
    workspace: Workspace,
    work: Path,
    seed: int,
    max_steps: int | None,
    recipes: Mapping[Lang, Recipe],
    gpu: str,
    read_claims: Reader | None,
    progress: Progress | None,
    tell: Tell,
) -> tuple[dict[str, Any], dict[str, Any], list[str]]:
    """What was learnt, by language: of entities and of claims; and the parts that were finished before."""
    kept = []

    def trained(name: str, what: str, make: Callable[[Path], dict[str, Any]]) -> dict[str, Any]:
        record, now = part(work, name, make)
        if not now:
            kept.append(name)
        done = f"{record['steps']} steps, {record['seconds']:.0f} s" if now else "finished before the interruption"
        tell(f"{what} learnt from {record['documents']} documents ({done})")
        return record

    def entities(lang: Lang) -> Callable[[Path], dict[str, Any]]:
        return lambda out: _learnt(
            train_on(
                plan.gold[lang],
                lang,
                out=out,
                scheme=workspace.scheme,
                silver=plan.silver.get(lang, ()),
                public=plan.of_others(lang),
                seed=seed,
                max_steps=max_steps,
                recipe=recipes.get(lang),
                gpu=gpu,
                progress=progress,
            ),
        )

    def claims(lang: Lang, read: Reader) -> Callable[[Path], dict[str, Any]]:
        return lambda out: _counts(
            train_claims_on(
                plan.gold[lang],
                lang,
                out=out,
                read=read,
                scheme=workspace.scheme,
                silver=plan.silver.get(lang, ()),
                seed=seed,
                max_steps=max_steps,
                progress=progress,
            )
        )

    languages: dict[str, Any] = {lang: trained(lang, lang, entities(lang)) for lang in plan.gold}
    spotters: dict[str, Any] = {}
    for lang in plan.claims if read_claims else ():
        assert read_claims is not None
        spotters[lang] = trained(f"{CLAIMS_FOLDER}{lang}", f"claims in {lang}", claims(lang, read_claims))
    return languages, spotters, kept


def _learnt(result: TrainResult) -> dict[str, Any]:
    return {
        "documents": result.documents,
        "entities": result.entities,
        "public_documents": result.public_documents,
        "silver_documents": result.silver_documents,
        "misaligned": len(result.misaligned),
        "overlapping": len(result.overlapping),
        "words": result.words,
        "device": result.device,
        "steps": result.steps,
        "seconds": round(result.seconds, 1),
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
