"""`agreement`: gathers, compares, and works out every figure with its interval."""

from __future__ import annotations

from annotators.agreement import beside, marks
from annotators.agreement.beside import Over
from annotators.agreement.cells import Resamples
from annotators.agreement.compare import Comparison
from annotators.agreement.differences import Collected
from annotators.agreement.gather import Chosen, Gathered, cases
from annotators.agreement.names import Names, renamed
from annotators.agreement.report import AgreementReport
from annotators.agreement.sums import Measured
from corpus.report import Progress
from corpus.store import Workspace


def agreement(
    workspace: Workspace,
    chosen: Chosen | None = None,
    *,
    over: Over = "tenth",
    resamples: int = 1000,
    seed: int = 0,
    shown: int = 2000,
    anonymous: bool = False,
    progress: Progress | None = None,
) -> AgreementReport:
    """How far the annotators agree, on every document that two of them or more have annotated.

    `over` says how time is cut: in tenths of the comparisons, weeks or months. Intervals hold 95 % of `resamples` of
    the articles (drawn with both versions, from `seed`). `shown` differences are listed at most, 0 for all; which ones
    is chance's pick, the same each time. With `anonymous`, annotators are A, B, C … in the order of their names.
    """
    chosen = chosen or Chosen()
    gathered, counted, collected = Gathered({}), Comparison.of(workspace.scheme), Collected(shown)
    for case in cases(workspace, chosen, gathered, progress=progress):
        seen = counted.add(case)
        if len(seen.readings) > 1:
            collected.add(seen)
    names = Names(sorted(gathered.documents), anonymous)
    people = {names.shown(name): number for name, number in sorted(gathered.documents.items())}
    if not counted.documents and not counted.gold.first:
        message = (
            f"no document has two annotators ({gathered.single} have one); "
            "agreement needs a second person to annotate some of the same documents"
        )
        return AgreementReport(message, 0, people, notes=_notes(gathered, counted, collected))
    sample = Resamples(len(counted.articles), resamples, seed)
    measured = Measured(counted, sample, names)
    both = f"{len(counted.documents)} documents with two annotators or more, {len(people)} annotators"
    message = both if counted.documents else f"no document has two annotators; {len(people)} compared with gold"
    return AgreementReport(
        message,
        len(counted.documents),
        people,
        len(sample.weights) - 1,
        _notes(gathered, counted, collected),
        spans=tuple(marks.spans(measured)),
        everybody=tuple(marks.everybody(measured)),
        people=tuple(marks.people(measured)),
        claims=tuple(beside.claims(measured)),
        attributes=tuple(beside.attributes(measured)),
        relations=tuple(beside.relations(measured)),
        time=tuple(beside.time(measured, over)),
        confusion=tuple(beside.confusion(measured)),
        different=collected.number,
        kinds=dict(collected.kinds),
        differences=tuple(renamed(collected.kept(), names)),
    )


def _notes(gathered: Gathered, counted: Comparison, collected: Collected) -> tuple[str, ...]:
    notes = []
    if gathered.single and counted.documents:
        notes.append(f"{gathered.single} documents have one annotator only and are not compared with another's")
    if gathered.stale:
        notes.append(f"{gathered.stale} annotations were made for another text and do not count")
    if counted.unsegmented:
        notes.append(f"{counted.unsegmented} English documents are not segmented; their words are cut at white space")
    if collected.most and collected.number > collected.most:
        notes.append(f"{collected.most} of {collected.number} differences are listed, picked by chance")
    return tuple(notes)
