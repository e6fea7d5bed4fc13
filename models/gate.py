"""Whether a new model may take the place of the one in use: only if it is not worse on articles it has not seen."""

from __future__ import annotations

from dataclasses import dataclass

from corpus.metrics import Scores


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a model is accepted, and why in one line. `before` is the micro F1 of the model in use, if there is one."""

    accepted: bool
    reason: str
    after: float
    before: float | None = None


def judge(after: Scores, before: Scores | None = None) -> Verdict:
    """Accept when the strict micro F1 is not lower than before; the first model must find something right.

    Both must have been scored on the same documents, of which neither model has learnt from any.

    >>> from corpus.metrics import score
    >>> judge(score([], [])).accepted
    False
    """
    f1 = after.all.entities.strict.f1
    documents = after.all.documents
    if documents == 0:
        return Verdict(False, "no document with gold was held out to judge by; annotate more articles", f1)
    on = f"on {documents} held-out document{'' if documents == 1 else 's'}"
    if before is None:
        if f1 > 0:
            return Verdict(True, f"the first model: F1 {f1:.3f} {on}", f1)
        return Verdict(False, f"the first model finds nothing right {on}", f1)
    old = before.all.entities.strict.f1
    if f1 >= old:
        return Verdict(True, f"F1 {f1:.3f}, before {old:.3f}, {on}", f1, old)
    return Verdict(False, f"F1 {f1:.3f} is lower than before ({old:.3f}), {on}; the model in use stays", f1, old)
