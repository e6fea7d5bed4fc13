"""Agreement on claims and their attributes, on relations, over time; and what is confused with what."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Literal

from annotators.agreement import coefficients as of
from annotators.agreement.cells import Figure
from annotators.agreement.compare import ATTRIBUTES, CLAIMS, ENTITIES
from annotators.agreement.report import ALL, Attribute, ClaimMatch, Confusion, Period, Relations
from annotators.agreement.sums import Measured, f1s, kappas
from corpus.document import LANGUAGES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[Any]

Over = Literal["tenth", "week", "month"]


def claims(measured: Measured) -> list[ClaimMatch]:
    """All pairs together and then each; both languages and then each."""
    side, result = measured.people_side, []
    for pair in [None, *(measured.pairs if len(measured.pairs) > 1 else ())]:
        for lang in measured.langs:
            among = None if pair is None else (side.first == pair[0]) & (side.second == pair[1])
            rows = side.rows(lang, among)
            if not len(rows):
                continue
            counts = measured.sums(side, CLAIMS, "claims", rows)[..., 0, :]
            first, second, matched = (counts[..., n] for n in range(3))
            if not first[0] + second[0]:
                continue
            agreed = {name: Figure.of(of.ratio(counts[..., 3 + n], matched)) for n, name in enumerate(ATTRIBUTES)}
            who = measured.named(pair or measured.pairs[0]) if pair or len(measured.pairs) == 1 else ()
            match = Figure.of(of.f1(matched, first, matched, second))
            number = int(first[0] + second[0])
            result.append(ClaimMatch(who, lang, measured.documents(rows), number, int(matched[0]), match, agreed))
    return result


def attributes(measured: Measured) -> list[Attribute]:
    """Each attribute in both languages and then each."""
    import numpy as np

    place = np.array(measured.counted.documents, int).reshape(-1, 2)
    result = []
    for name in ATTRIBUTES:
        table, size = measured.counted.frequent(name)
        for lang in measured.langs:
            rows = np.flatnonzero(np.ones(len(place), bool) if lang == ALL else place[:, 0] == LANGUAGES.index(lang))
            if not len(rows):
                continue
            sums = table.sums(rows, place[:, 1], measured.sample)
            squares = (sums[:, 2 : size - 1] ** 2).sum(-1) + sums[:, size - 1]
            if values := int(sums[0, 1]):
                figure = Figure.of(of.alpha_of(sums[:, 0], sums[:, 1], squares))
                result.append(Attribute(name, lang, values, figure))
    return result


def relations(measured: Measured) -> list[Relations]:
    """Each label of relations that occurs, in both languages and then each."""
    import numpy as np

    side, place = measured.people_side, np.array(measured.counted.documents, int).reshape(-1, 2)
    result = []
    for name, cells in measured.counted.relations.items():
        table, presence = cells.table((5,)), measured.counted.presence[name].table((3,))
        for lang in measured.langs:
            rows = side.rows(lang)
            if not len(rows):
                continue
            a, b, same, found, right = np.moveaxis(table.sums(rows, side.article, measured.sample), -1, 0)
            if not a[0] + b[0]:
                continue
            documents = np.flatnonzero(
                np.ones(len(place), bool) if lang == ALL else place[:, 0] == LANGUAGES.index(lang)
            )
            yes, mixed, no = np.moveaxis(presence.sums(documents, place[:, 1], measured.sample), -1, 0)
            drawn = np.stack([yes, mixed / 2, mixed / 2, no], -1).reshape(-1, 2, 2)
            exact, overlap = Figure.of(of.f1(same, a, same, b)), Figure.of(of.f1(found, a, right, b))
            number = int(a[0] + b[0])
            alpha = Figure.of(of.alpha(drawn))
            result.append(Relations(name, lang, measured.documents(rows), number, exact, overlap, alpha))
    return result


def time(measured: Measured, over: Over) -> list[Period]:
    """Each stretch of time that has annotations: everybody, then each annotator with the others."""
    import numpy as np

    side = measured.people_side
    timed = np.array([row for row, time in enumerate(side.time) if time], int)
    if not len(timed):
        return []
    timed = timed[np.argsort(side.time[timed].astype(str), kind="stable")]
    if over == "tenth":
        parts = [part for part in np.array_split(timed, min(10, len(timed))) if len(part)]
        named = [(f"{number}/{len(parts)}", part) for number, part in enumerate(parts, 1)]
    else:
        by: dict[str, list[int]] = {}
        for row in timed.tolist():
            by.setdefault(_calendar(side.time[row], over), []).append(row)
        named = [(name, np.array(rows, int)) for name, rows in by.items()]
    result = []
    for name, rows in named:
        everybody: list[tuple[str, Numbers]] = [("", rows)]
        for number, who in sorted(enumerate(measured.who), key=lambda pair: pair[1]) if len(measured.pairs) > 1 else ():
            everybody.append((who, rows[(side.first[rows] == number) | (side.second[rows] == number)]))
        for who, chosen in everybody:
            if not len(chosen):
                continue
            chosen = np.sort(chosen)
            exact, overlap, _ = f1s(measured.sums(side, ENTITIES, "spans", chosen).sum(-2))
            kappa = Figure.of(kappas(measured.sums(side, ENTITIES, "units", chosen))[ALL])
            times = sorted(side.time[chosen].astype(str))
            documents = measured.documents(chosen)
            result.append(Period(name, times[0], times[-1], who, documents, exact, overlap, kappa))
    return result


def confusion(measured: Measured) -> list[Confusion]:
    """All pairs together, in both languages and then each; then each pair."""
    counted: dict[tuple[str, tuple[str, ...], str], Counter[tuple[str, str]]] = {}
    for (kind, lang, a, b), counts in measured.counted.confusion.items():
        mirrored = Counter({pair[::-1]: number for pair, number in counts.items()}) + counts
        # The table of a pair has one annotator's labels in its rows, whichever came first here.
        for language in (ALL, LANGUAGES[lang]):
            counted.setdefault((kind, (), language), Counter()).update(mirrored)
            if language == ALL and len(measured.pairs) > 1:
                counted.setdefault((kind, measured.named((a, b)), language), Counter()).update(counts)
    scheme = measured.counted.scheme
    order = {
        ENTITIES: scheme.label_names,
        **{"type": [v.name for v in scheme.claim_types], "stance": [v.name for v in scheme.stances]},
        "policy_area": [value.name for value in scheme.policy_areas],
    }
    result = []
    for (kind, who, language), counts in counted.items():
        seen = {label for pair, number in counts.items() if number for label in pair}
        known = [label for label in order.get(kind, ()) if label in seen]
        labels = [*known, *sorted(seen - set(known) - {""}), *([""] if "" in seen else [])]
        if labels:
            rows = tuple(tuple(counts[a, b] for b in labels) for a in labels)
            result.append(Confusion(kind, who, language, tuple(labels), rows))
    return sorted(result, key=lambda c: ([ENTITIES, CLAIMS, *ATTRIBUTES].index(c.kind), c.annotators, c.lang))


def _calendar(time: str, over: Over) -> str:
    """The ISO week (2025-W07) or the month (2025-02) of an ISO 8601 time."""
    from datetime import date

    if over == "month":
        return time[:7]
    try:
        year, week, _ = date.fromisoformat(time[:10]).isocalendar()
    except ValueError:
        return time[:10]
    return f"{year}-W{week:02d}"
