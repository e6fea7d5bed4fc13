"""The errors of a prediction, each with its kind and in its context, and a page that shows them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from corpus.document import Document, Lang
from corpus.metrics import Mark, Marked, paired

BOUNDARY, LABEL, BOTH, MISSED, INVENTED = "boundary", "label", "boundary and label", "missed", "invented"
KINDS = (BOUNDARY, LABEL, BOTH, MISSED, INVENTED)

_CONTEXT = 70


@dataclass(frozen=True, slots=True)
class Mistake:
    """What gold has, what was predicted instead, and how they differ; None on the side that has nothing."""

    document: str
    kind: str
    gold: Mark | None
    predicted: Mark | None


def mistakes(document: str, gold: Iterable[Mark], predicted: Iterable[Mark]) -> list[Mistake]:
    """The errors of one document in text order, paired as `corpus.metrics.paired` has it.

    A gold span has the prediction with the same characters, else of those left the one that it shares most with.

    >>> [m.kind for m in mistakes("a", [(0, 4, "PLACE"), (9, 12, "FIRM")], [(0, 4, "AGENCY"), (8, 12, "FIRM")])]
    ['label', 'boundary']
    """
    found: list[Mistake] = []
    for one, other in paired(gold, predicted):
        if one is None or other is None:
            found.append(Mistake(document, INVENTED if one is None else MISSED, one, other))
        elif one != other:
            kind = LABEL if one[:2] == other[:2] else BOUNDARY if one[2] == other[2] else BOTH
            found.append(Mistake(document, kind, one, other))
    return sorted(found, key=lambda m: (m.gold or m.predicted or (0, 0, ""), m.kind))


def all_mistakes(gold: Iterable[Marked], predicted: Iterable[Marked]) -> list[Mistake]:
    """The errors of all documents of `gold`, in its order; a document that was not predicted is one missed throughout."""
    found = {layer.document: layer for layer in predicted}
    result: list[Mistake] = []
    for layer in gold:
        other = found.get(layer.document)
        result += mistakes(layer.document, _marks(layer), _marks(other) if other else set())
    return result


def _marks(layer: Marked) -> set[Mark]:
    return {(e.start, e.end, e.label) for e in layer.entities}


def counts(found: Iterable[Mistake]) -> dict[str, int]:
    """How many errors of each kind, all kinds named.

    >>> counts([Mistake("a", "missed", (0, 2, "PLACE"), None)])["missed"]
    1
    """
    numbers = Counter(mistake.kind for mistake in found)
    return {kind: numbers[kind] for kind in KINDS}


def render_mistakes(
    found: Sequence[Mistake],
    documents: Mapping[str, Document],
    *,
    title: str,
    note: str = "",
    tables: Sequence[tuple[str, Sequence[str], Sequence[Sequence[str]]]] = (),
) -> str:
    """One self-contained HTML page: the errors by language and document, each with the text around it.

    `tables` (title, header, rows) of figures come first. Of errors of the label, a table says what was taken for what.
    """
    from corpus.render import LANGUAGE_NAMES, template

    languages: list[Lang] = [x for x in ("en", "zh") if any(documents[m.document].lang == x for m in found)]
    parts = []
    for lang in languages:
        of_lang = [mistake for mistake in found if documents[mistake.document].lang == lang]
        by_document: dict[str, list[dict[str, Any]]] = {}
        for mistake in of_lang:
            by_document.setdefault(mistake.document, []).append(_shown(mistake, documents[mistake.document].text))
        parts.append((lang, LANGUAGE_NAMES[lang], counts(of_lang), _by_label(of_lang), confused(of_lang), by_document))
    page = template("errors.html").render(title=title, note=note, kinds=KINDS, parts=parts, tables=tables)
    return str(page)


def confused(found: Iterable[Mistake]) -> list[tuple[str, str, int]]:
    """Which label was taken for which, the most frequent first: (gold, predicted, how often).

    >>> confused([Mistake("a", "label", (0, 2, "PLACE"), (0, 2, "FIRM"))])
    [('PLACE', 'FIRM', 1)]
    """
    pairs = Counter(
        (m.gold[2], m.predicted[2]) for m in found if m.gold and m.predicted and m.gold[2] != m.predicted[2]
    )
    return [(gold, predicted, n) for (gold, predicted), n in sorted(pairs.items(), key=lambda x: (-x[1], x[0]))]


def _by_label(found: Iterable[Mistake]) -> list[tuple[str, dict[str, int]]]:
    by_label: dict[str, list[Mistake]] = {}
    for mistake in found:
        by_label.setdefault((mistake.gold or mistake.predicted or (0, 0, ""))[2], []).append(mistake)
    return [(label, counts(by_label[label])) for label in sorted(by_label)]


def _shown(mistake: Mistake, text: str) -> dict[str, Any]:
    """The text around in pieces: (text, whether gold has it, whether it was predicted)."""
    marks = [mark for mark in (mistake.gold, mistake.predicted) if mark]
    first, last = min(mark[0] for mark in marks), max(mark[1] for mark in marks)
    start, end = max(0, first - _CONTEXT), min(len(text), last + _CONTEXT)
    cuts = sorted({start, end, *(at for mark in marks for at in mark[:2])})
    pieces = [(text[a:b], _covers(mistake.gold, a, b), _covers(mistake.predicted, a, b)) for a, b in pairwise(cuts)]
    return {
        "kind": mistake.kind,
        "start": first,
        "gold": mistake.gold[2] if mistake.gold else "",
        "predicted": mistake.predicted[2] if mistake.predicted else "",
        "pieces": pieces,
        "cut_left": start > 0,
        "cut_right": end < len(text),
    }


def _covers(mark: Mark | None, start: int, end: int) -> bool:
    return mark is not None and mark[0] <= start and end <= mark[1]
