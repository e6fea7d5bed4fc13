"""Agreement on marks: of pairs, of all annotators together, of each with the others and with gold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from annotators.agreement import coefficients as of
from annotators.agreement.cells import Figure
from annotators.agreement.compare import CLAIM, CLAIMS, ENTITIES
from annotators.agreement.report import ALL, Everybody, Person, Spans
from annotators.agreement.sums import Measured, f1s, kappas, mean
from corpus.document import LANGUAGES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[Any]


def spans(measured: Measured) -> list[Spans]:
    """All pairs together and then each; both languages and then each; all labels and then each that occurs."""

    side, result = measured.people_side, []
    for kind in (ENTITIES, CLAIMS):
        for lang in measured.langs:
            weighed: list[tuple[float, dict[int | None, Numbers]]] = []
            of_pairs = []
            for pair in measured.pairs:
                rows = side.rows(lang, (side.first == pair[0]) & (side.second == pair[1]))
                if len(rows):
                    units, marks = measured.sums(side, kind, "units", rows), measured.sums(side, kind, "spans", rows)
                    weighed.append((float(units[0].sum()), kappas(units)))
                    of_pairs.append((measured.named(pair), rows, marks, weighed[-1]))
            if not of_pairs:
                continue
            rows = side.rows(lang)
            weight = sum(units for units, _ in weighed)
            overall = {key: mean([(units, k[key]) for units, k in weighed]) for key in weighed[0][1]}
            everyone: tuple[str, ...] = of_pairs[0][0] if len(measured.pairs) == 1 else ()
            both = [(everyone, rows, measured.sums(side, kind, "spans", rows), (weight, overall))]
            for who, rows, marks, (units, k) in [*both, *(of_pairs if len(measured.pairs) > 1 else ())]:
                result += _span_rows(measured, kind, who, lang, rows, marks, int(units), k)
    # Pairs after all together, whatever the language.
    return sorted(result, key=lambda row: (row.kind != ENTITIES, row.annotators, measured.langs.index(row.lang)))


def _span_rows(
    measured: Measured, kind: str, who: tuple[str, ...], lang: str, rows: Numbers, marks: Numbers, units: int, k: Any
) -> list[Spans]:
    documents, result = measured.documents(rows), []
    for code, label in [(None, ALL), *list(enumerate(measured.labels[kind]))[1:]]:
        counts = marks.sum(-2) if code is None else marks[..., code, :]
        number = int(counts[0, 0] + counts[0, 1])
        if code is not None and (not number or kind == CLAIMS):
            continue
        exact, overlap, place = f1s(counts)
        none = Figure()
        result.append(
            Spans(
                kind,
                who,
                lang,
                CLAIM if kind == CLAIMS else label,
                documents,
                units,
                number,
                exact,
                overlap,
                place,
                Figure.of(k[code if code is not None else ALL]),
                Figure.of(k["marked"]) if code is None and kind == ENTITIES else none,
                Figure.of(k["both"]) if code is None and kind == ENTITIES else none,
            )
        )
    return result


def everybody(measured: Measured) -> list[Everybody]:
    """Entities, then claims; both languages and then each; all labels and then each that occurs."""
    import numpy as np

    side, result = measured.people_side, []
    each_unit, each_value = 2 / (side.several * (side.several - 1)), 1 / (side.several - 1)
    for kind in (ENTITIES, CLAIMS):
        for lang in measured.langs:
            rows = side.rows(lang)
            if not len(rows):
                continue
            shared = measured.sums(side, kind, "units", rows, each_unit)
            coincidences = of.mirrored(measured.sums(side, kind, "units", rows, each_value))
            characters = of.mirrored(measured.sums(side, kind, "characters", rows, each_value))
            squares = measured.sums(side, kind, "squares", rows, each_value)[..., 0]
            place = np.stack([squares[..., 0], squares[..., 1:].sum(-1)], -1)
            of_place = Figure.of(of.unitizing(of.one_against_rest(characters, 0), place))
            figures = [of.fleiss(shared), of.alpha(coincidences), of.unitizing(characters, squares)]
            documents, label = measured.documents(rows), CLAIM if kind == CLAIMS else ALL
            fleiss, alpha, u_alpha = map(Figure.of, figures)
            result.append(Everybody(kind, lang, label, documents, fleiss, alpha, u_alpha, of_place))
            for code, label in list(enumerate(measured.labels[kind]))[1:] if kind == ENTITIES else ():
                if not characters[0, code].sum():
                    continue
                # What is in no mark of this label is one gap after another, without a structure.
                own = of.one_against_rest(characters, code)[..., ::-1, ::-1]
                rest = own[..., 0, :].sum(-1)
                u_alpha = Figure.of(of.unitizing(own, np.stack([rest, squares[..., code]], -1)))
                fleiss = Figure.of(of.fleiss(of.one_against_rest(shared, code)))
                alpha = Figure.of(of.alpha(of.one_against_rest(coincidences, code)))
                result.append(Everybody(kind, lang, label, documents, fleiss, alpha, u_alpha, u_alpha))
    return result


def people(measured: Measured) -> list[Person]:
    """Each annotator with all others and with gold, for entities and claims, both languages and each."""
    import numpy as np

    side, gold, result = measured.people_side, measured.gold, []
    each_value = 1 / (side.several - 1)
    fewer = np.divide(1, side.several - 2, out=np.zeros(len(side.several)), where=side.several > 2)
    # The documents (article and language) of each annotator.
    places = side.article * len(LANGUAGES) + side.lang
    for kind in (ENTITIES, CLAIMS):
        for lang in measured.langs:
            rows = side.rows(lang)
            everybody = measured.sums(side, kind, "units", rows, each_value)
            for number, name in sorted(enumerate(measured.who), key=lambda pair: pair[1]):
                own = (side.first == number) | (side.second == number)
                mine, against = side.rows(lang, own), gold.rows(lang, gold.first == number)
                if not len(mine) and not len(against):
                    continue
                at = np.isin(places, np.unique(places[own]))
                without = everybody - measured.sums(side, kind, "units", side.rows(lang, at), each_value)
                without = without + measured.sums(side, kind, "units", side.rows(lang, at & ~own), fewer)
                exact, overlap, _ = f1s(measured.sums(side, kind, "spans", mine).sum(-2))
                kappa = kappas(measured.sums(side, kind, "units", mine))[ALL]
                gold_exact, gold_overlap, _ = f1s(measured.sums(gold, kind, "spans", against).sum(-2))
                gold_kappa = kappas(measured.sums(gold, kind, "units", against))[ALL]
                result.append(
                    Person(
                        kind,
                        name,
                        lang,
                        len(set(places[mine].tolist())),
                        len(mine),
                        exact,
                        overlap,
                        Figure.of(kappa),
                        Figure.of(of.alpha(of.mirrored(everybody))),
                        Figure.of(of.alpha(of.mirrored(without))),
                        len(against),
                        gold_exact,
                        gold_overlap,
                        Figure.of(gold_kappa),
                    )
                )
    return result
