"""What is found out about a new model before it is taken into use: its figures, those of the model in use, the verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from corpus.document import Lang, Layer
from corpus.errors import ModelError
from corpus.metrics import Scores, score
from corpus.store import Workspace
from models.compare import DRAWS, LEVEL, SEED, Difference, Interval, intervals, rounded
from models.counts import Counts, names_of
from models.evaluate import entities_only, predict_all, scored
from models.examples import Annotated
from models.figures import Path as FigurePath
from models.figures import tree
from models.gate import Changes, Rule, Verdict, evaluation_digest, judge
from models.plan import Plan
from models.versions import accepted, folders, read_model


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict, the scores of the new model on all documents held out, and of the one in use on those that it has not
    learnt from; `counts` are those of the new model. `against` is the version in use."""

    verdict: Verdict
    after: Scores
    before: Scores | None
    counts: Counts
    against: str | None
    fair: int


def judged(workspace: Workspace, plan: Plan, trained: Mapping[Lang, Path], rule: Rule) -> Judgement:
    """Judge the models in `trained` against the one in use, where there is one that fits the scheme."""
    documents = [document for document, _ in plan.test]
    mine = predict_all(trained, documents, scheme=workspace.scheme)
    after = _scores(plan.test, mine)
    names = names_of(plan.learnt())
    (counts,) = scored(plan.test, mine, articles=plan.articles, names=names)
    current = accepted(workspace)
    if current is not None:
        fair = _unknown_to(workspace, current, plan)
        try:
            theirs = predict_all(folders(current), [document for document, _ in fair], scheme=workspace.scheme)
        except ModelError:
            # The scheme has changed, or the model is gone or broken: there is nothing in use to compare with.
            pass
        else:
            one, other = scored(fair, mine, theirs, articles=plan.articles)
            verdict = judge(counts, (one, other), rule=rule)
            return Judgement(verdict, after, _scores(fair, theirs), counts, current.name, len(fair))
    return Judgement(judge(counts, rule=rule), after, None, counts, current.name if current else None, len(documents))


def _unknown_to(workspace: Workspace, model: Path, plan: Plan) -> list[Annotated]:
    """The documents to judge by that a model has not learnt from, nor from a version or near-duplicate of them."""
    from corpus.dedupe import split_keys

    learnt = set(read_model(model)["learnt_from"])
    sides = split_keys(workspace)
    known = {sides.get(id, id) for id in learnt}
    return [pair for pair in plan.test if pair[0].id not in learnt and plan.articles[pair[0].id] not in known]


def _scores(gold: Sequence[Annotated], predicted: Sequence[Layer]) -> Scores:
    inside = {document.id for document, _ in gold}
    return score(
        entities_only(gold),
        [layer for layer in predicted if layer.document in inside],
        languages={document.id: document.lang for document, _ in gold},
    )


def basis(rule: Rule, documents: Mapping[str, str], against: str | None) -> dict[str, Any]:
    """What a verdict rests on beside the model itself: where it is the same, so is the verdict."""
    return {"rule": asdict(rule), "evaluation": evaluation_digest(documents), "against": against}


def record_of(
    judgement: Judgement, rule: Rule, documents: Mapping[str, str], changes: Changes, flags: Mapping[str, bool]
) -> dict[str, Any]:
    """What model.json says of a judgement."""
    verdict = judgement.verdict
    return {
        "accepted": verdict.accepted,
        "reason": verdict.reason,
        "before": {
            "version": judgement.against,
            "scores": asdict(judgement.before) if judgement.before else None,
        },
        "after": {"scores": asdict(judgement.after)},
        "figures": figures_record(judgement.counts),
        "gate": {
            "when": datetime.now(UTC).isoformat(timespec="seconds"),
            "basis": basis(rule, documents, judgement.against),
            "after": rounded(verdict.after),
            "before": rounded(verdict.before),
            "difference": leaf(verdict.difference) if verdict.difference else None,
            "checks": [asdict(check) for check in verdict.checks],
            "documents": len(documents),
            "unknown_to_both": judgement.fair,
            "changes": {name: list(value) for name, value in asdict(changes).items() if value},
            "flags": [name for name, given in flags.items() if given],
        },
    }


def figures_record(counts: Counts, *, draws: int = DRAWS, seed: int = SEED) -> dict[str, Any]:
    """Every figure with its interval, and how that was found, as JSON has it."""
    found = intervals(counts, draws=draws, seed=seed)
    return {**how(counts, draws, seed), **leaves(found)}


def how(counts: Counts, draws: int, seed: int) -> dict[str, Any]:
    """How intervals were found."""
    return {"articles": len(counts.axes.articles), "draws": draws, "seed": seed, "level": LEVEL}


def leaves(found: Mapping[FigurePath, Interval] | Mapping[FigurePath, Difference]) -> dict[str, Any]:
    """Intervals or differences as dictionaries in one another."""
    return tree({path: leaf(value) for path, value in found.items()})


def leaf(value: Interval | Difference) -> dict[str, float | None]:
    """One interval or difference as JSON has it."""
    return {name: rounded(number) for name, number in asdict(value).items()}
