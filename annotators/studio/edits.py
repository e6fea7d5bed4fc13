"""What an annotator made of the prediction that they began from: mark by mark, kept, changed, deleted or added."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from annotators.studio import config
from annotators.studio.tables import EDITS, Edit
from corpus.scheme import Scheme
from corpus.store import Workspace

OUTCOMES = ("kept", "label", "boundary", "both", "attributes", "deleted", "added")

# More pairs of deleted and added marks than this are not compared: no person makes so many.
_MOST = 1_000_000

Place = Callable[[int, int], "tuple[int, int] | None"]


@dataclass
class _Mark:
    lang: str
    kind: str
    label: str
    start: int
    end: int
    score: float = -1.0
    attributes: dict[str, str] = field(default_factory=dict)

    def shared(self, other: _Mark) -> int:
        """How many characters it has in common with another mark of its kind."""
        if (self.lang, self.kind) != (other.lang, other.kind):
            return 0
        return min(self.end, other.end) - max(self.start, other.start)


def edits_of(
    before: Sequence[Any],
    after: Sequence[Any],
    scheme: Scheme,
    *,
    sources: Mapping[str, str] | None = None,
    places: Mapping[str, Place] | None = None,
) -> dict[str, list[Edit]]:
    """What became of the results `before` in the results `after`, by language of the text.

    A mark is the same where Label Studio gave it the same id. One that was deleted and drawn anew, overlapping, is a changed
    one. A changed claimant arrow is a relation deleted and one added. `sources` are by the mark's id in `before`; `places`
    bring offsets of a task to those of the document, by language.
    """
    old, new = _marks(before, scheme), _marks(after, scheme)
    pairs = {id: id for id in old if id in new and (old[id].lang, old[id].kind) == (new[id].lang, new[id].kind)}
    pairs |= _redrawn(
        {id: mark for id, mark in old.items() if id not in pairs},
        {id: mark for id, mark in new.items() if id not in pairs},
    )
    where, known = places or {}, sources or {}
    made: dict[str, list[Edit]] = {}

    def say(lang: str, kind: str, outcome: str, source: str, was: _Mark | None, now: _Mark | None) -> None:
        a, b = _placed(where, was), _placed(where, now)
        score = was.score if was else -1.0
        labels = was.label if was else "", now.label if now else ""
        made.setdefault(lang, []).append(Edit(kind, outcome, source, score, labels[0], *a, labels[1], *b))

    for id, was in old.items():
        now = new[pairs[id]] if id in pairs else None
        say(was.lang, was.kind, _outcome(was, now), known.get(id, ""), was, now)
    taken = set(pairs.values())
    for id, mark in new.items():
        if id not in taken:
            say(mark.lang, mark.kind, "added", "", None, mark)
    _relations(made, _arrows(before), _arrows(after), pairs, old, new)
    return made


def _outcome(was: _Mark, now: _Mark | None) -> str:
    if now is None:
        return "deleted"
    moved, renamed = (was.start, was.end) != (now.start, now.end), was.label != now.label
    if moved or renamed:
        return "both" if moved and renamed else "boundary" if moved else "label"
    return "kept" if was.attributes == now.attributes else "attributes"


def _placed(places: Mapping[str, Place], mark: _Mark | None) -> tuple[int, int]:
    if mark is None:
        return -1, -1
    place = places[mark.lang](mark.start, mark.end) if mark.lang in places else (mark.start, mark.end)
    return place or (-1, -1)


def _marks(result: Sequence[Any], scheme: Scheme) -> dict[str, _Mark]:
    marks: dict[str, _Mark] = {}
    rest: list[tuple[str, str, str]] = []
    for entry in result:
        value = entry.get("value") if isinstance(entry, Mapping) else None
        if not isinstance(value, Mapping) or not isinstance(entry, Mapping):
            continue
        id, lang = str(entry.get("id")), str(entry.get("to_name"))
        name, _, own = str(entry.get("from_name")).rpartition("_")
        content = value.get("text" if entry.get("type") == "textarea" else str(entry.get("type")))
        if own != lang:
            continue
        if name != config.LABEL:
            rest.append((id, name, str(content)))
            continue
        start, end = value.get("start"), value.get("end")
        label = str(content[0]) if isinstance(content, list) and content else ""
        if isinstance(start, int) and isinstance(end, int):
            score = entry.get("score")
            kind = "claim" if label == scheme.claim.name else "entity"
            known = float(score) if isinstance(score, int | float) else -1.0
            marks[id] = _Mark(lang, kind, label, start, end, known)
    for id, name, content in rest:
        if id in marks:
            marks[id].attributes[name] = content
    return marks


def _redrawn(deleted: Mapping[str, _Mark], added: Mapping[str, _Mark]) -> dict[str, str]:
    """Deleted marks and the added ones that took their places: those that share most come first."""
    if len(deleted) * len(added) > _MOST:
        return {}
    by_place = sorted(added.items(), key=lambda pair: (pair[1].lang, pair[1].start))
    shared = sorted(
        ((was.shared(now), a, b) for a, was in deleted.items() for b, now in by_place if was.shared(now) > 0),
        key=lambda found: (-found[0], found[1], found[2]),
    )
    pairs: dict[str, str] = {}
    taken: set[str] = set()
    for _, a, b in shared:
        if a not in pairs and b not in taken:
            pairs[a] = b
            taken.add(b)
    return pairs


Arrow = tuple[str, str, str]


def _arrows(result: Sequence[Any]) -> list[Arrow]:
    arrows: dict[Arrow, None] = {}
    for entry in result:
        if isinstance(entry, Mapping) and entry.get("type") == "relation":
            labels = entry.get("labels")
            label = str(labels[0]).split(" ")[0] if isinstance(labels, list) and labels else ""
            head, tail = str(entry.get("from_id")), str(entry.get("to_id"))
            arrows[(label, tail, head) if entry.get("direction") == "left" else (label, head, tail)] = None
    return list(arrows)


def _relations(
    made: dict[str, list[Edit]],
    before: Sequence[Arrow],
    after: Sequence[Arrow],
    pairs: Mapping[str, str],
    old: Mapping[str, _Mark],
    new: Mapping[str, _Mark],
) -> None:
    there = set(after)
    found = set()
    for label, head, tail in before:
        if head in old and tail in old:
            same = (label, pairs.get(head, ""), pairs.get(tail, ""))
            found.add(same)
            outcome = "kept" if same in there else "deleted"
            made.setdefault(old[head].lang, []).append(Edit("relation", outcome, label=label))
    for arrow in after:
        if arrow not in found and arrow[1] in new and arrow[2] in new:
            made.setdefault(new[arrow[1]].lang, []).append(Edit("relation", "added", new_label=arrow[0]))


def edits_by_source(workspace: Workspace) -> dict[str, Counter[str]]:
    """How often marks of each source were kept, changed and deleted; what was added is under "" (see `OUTCOMES`)."""
    counts: dict[str, Counter[str]] = {}
    for edits in workspace.current(EDITS):
        for mark in edits.marks:
            if mark.kind != "relation":
                counts.setdefault(mark.source, Counter())[mark.outcome] += 1
    return counts
