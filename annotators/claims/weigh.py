"""How likely a piece is a claim, of which type, and whether two pieces are one: features, and regressions whose
weights are data (`weights.json`, made by scripts/fit_claim_weights.py: numbers by feature name, no text)."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from annotators.claims.cues import CLAIM_TYPES
from annotators.claims.kinds import Verdict
from annotators.claims.piece import Piece, within
from annotators.claims.words import BUCKETS, HASHED, cue_places
from corpus.document import Entity, Lang

STANCES = ("support", "oppose", "neutral")

Row = dict[str, float]
Tables = Mapping[str, Mapping[str, float]]
"""The weights: "claim", "join", one table for each claim type and stance ("type:action", "stance:oppose"), and
"decision" with the "threshold". Hashed features (`words`) lie in the file as lists, a hundredth at a time."""

SCALE = 100.0
"""Hashed weights are whole numbers in the file, after this factor."""


@cache
def shipped_tables() -> Tables:
    """The weights that come with the package."""
    text = (resources.files("annotators") / "data" / "claims" / "weights.json").read_text(encoding="utf-8")
    return read_tables(text)


def read_tables(text: str) -> Tables:
    """The weights of a file of weights."""
    data = json.loads(text)
    tables: dict[str, dict[str, float]] = data["tables"]
    for name, numbers in data.get("hashed", {}).items():
        tables[name].update({f"{HASHED}{n}": number / SCALE for n, number in enumerate(numbers) if number})
    return tables


def write_tables(tables: Tables, about: str) -> str:
    """The text of a file of weights: `read_tables` gives them back, hashed ones rounded to a hundredth."""
    named = {
        name: {key: value for key, value in table.items() if not key.startswith(HASHED)}
        for name, table in tables.items()
    }
    hashed = {
        name: [round(table.get(f"{HASHED}{n}", 0.0) * SCALE) for n in range(BUCKETS)]
        for name, table in tables.items()
        if any(key.startswith(HASHED) for key in table)
    }
    lists = ",\n".join(
        f"  {json.dumps(name)}: {json.dumps(numbers, separators=(',', ':'))}" for name, numbers in hashed.items()
    )
    head = json.dumps({"about": about, "tables": named}, indent=1)
    return head.removesuffix("\n}") + ',\n "hashed": {\n' + lists + "\n }\n}\n"


def logistic(z: float) -> float:
    """The probability of log odds.

    >>> logistic(0.0)
    0.5
    """
    return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, z))))


def weighted(row: Mapping[str, float], table: Mapping[str, float]) -> float:
    """The weighted sum of a row: log odds."""
    return sum(table.get(name, 0.0) * value for name, value in row.items() if value)


ByFeature = tuple[tuple[str, ...], Mapping[str, int], NDArray[np.float64]]
"""Kinds; for each feature its row, and in the row its weight for each kind."""


def by_feature(choice: str, kinds: Sequence[str], tables: Tables) -> ByFeature:
    """The weights of a choice ("type", "stance") among `kinds`, feature by feature."""
    if tables is shipped_tables():
        return _shipped_by_feature(choice, tuple(kinds))
    return _by_feature(choice, tuple(kinds), tables)


@cache
def _shipped_by_feature(choice: str, kinds: tuple[str, ...]) -> ByFeature:
    return _by_feature(choice, kinds, shipped_tables())


def _by_feature(choice: str, kinds: tuple[str, ...], tables: Tables) -> ByFeature:
    own = [tables.get(f"{choice}:{kind}", {}) for kind in kinds]
    names = list(dict.fromkeys(name for table in own for name in table))
    rows = np.array([[table.get(name, 0.0) for table in own] for name in names]).reshape(len(names), len(kinds))
    return kinds, {name: row for row, name in enumerate(names)}, rows


def scores_by(row: Mapping[str, float], weights: ByFeature) -> Counter[str]:
    """The log odds of each kind, up to what they share."""
    kinds, row_of, table = weights
    known = [(row_of[name], value) for name, value in row.items() if value and name in row_of]
    values = np.array([value for _, value in known]).reshape(-1, 1)
    sums = (table[[number for number, _ in known]] * values).sum(0) if known else np.zeros(len(kinds))
    return Counter(dict(zip(kinds, sums.tolist(), strict=True)))


def _by_language(row: Row, lang: Lang) -> Row:
    """Each feature twice: shared, and for its language, so that the two may differ where the data say so."""
    return {**row, **{f"{lang}:{name}": value for name, value in row.items()}}


def claim_features(
    piece: Piece, verdict: Verdict, entities: list[Entity], area: float, lang: Lang, near: float, document: float
) -> Row:
    """What speaks for and against a claim, as numbers of the order of one.

    `area` is how strongly the piece speaks of a policy area, `near` its sentence, `document` the whole text per sentence.
    """
    inside = {e.label for e in within(entities, piece.start, piece.end)}
    size = piece.end - piece.start
    acting = piece.actor.label if piece.actor is not None and piece.subject in {"named", "pronoun"} else ""
    row = {
        "bias": 1.0,
        "reported": float(piece.reported),
        "official": float(piece.speaker is not None and piece.speaker.label in {"OFFICIAL", "AGENCY"}),
        "firm_speaks": float(piece.speaker is not None and piece.speaker.label == "FIRM"),
        "quoted": float(piece.quoted),
        "headline": float(piece.headline),
        "passive": float(piece.passive),
        "own": float(verdict.own),
        "background": min(3.0, verdict.background),
        "area": min(1.0, area / 12),
        "near": min(1.0, near / 24),
        "document": min(1.0, document / 8),
        "length": min(2.0, size / (40 if lang == "zh" else 120)),
        "short": float(size < (12 if lang == "zh" else 45)),
        "strength": verdict.strength,
        "uncued": float(verdict.count == 0),
        "cues": min(3.0, verdict.count) / 3,
        "states": float(verdict.states),
        "body": float(piece.subject == "body"),
        "thing": float(piece.subject == "thing"),
        "no_subject": float(piece.subject == "none"),
        "has_agency": float("AGENCY" in inside),
        "has_policy": float("POLICY" in inside),
        "has_person": float("PERSON" in inside),
        "has_firm": float("FIRM" in inside),
    }
    for label in ("AGENCY", "FIRM", "ORG", "PERSON", "OFFICIAL", "PLACE"):
        row[f"acting_{label}"] = float(acting == label)
    for kind in CLAIM_TYPES:
        row[f"is_{kind}"] = float(verdict.type == kind and verdict.strength > 0)
        row[f"cue_{kind}"] = min(2.0, verdict.points[kind])
    row[f"form_{piece.form}"] = 1.0
    types = {name: value for name, value in _cue_names(verdict).items() if name not in _COLOURS}
    return {**_by_language(row, lang), **types}


_COLOURS = frozenset({"any:setback", "any:gain", "any:procedure"})
"""Cues that say nothing about whether a piece is a claim."""


def type_features(piece: Piece, verdict: Verdict, lang: Lang, said: Row) -> Row:
    """What speaks for one claim type or another; `said` is what the words of the piece say."""
    row = {
        "bias": 1.0,
        "reported": float(piece.reported),
        "quoted": float(piece.quoted),
        "passive": float(piece.passive),
        "headline": float(piece.headline),
        "own": float(verdict.own),
        "background": min(3.0, verdict.background),
        f"subject_{piece.subject}": 1.0,
        f"form_{piece.form}": 1.0,
        "announced": float(piece.announced),
        "states": float(verdict.states),
        "uncued": float(verdict.count == 0),
        **_cue_names(verdict),
    }
    if piece.actor is not None and piece.subject in {"named", "pronoun"}:
        row[f"acting_{piece.actor.label}"] = 1.0
    if verdict.first:
        row[f"first:{verdict.first}"] = 1.0
    for kind in CLAIM_TYPES:
        row[f"cue_{kind}"] = min(2.0, verdict.points[kind])
        row[f"is_{kind}"] = float(verdict.type == kind and verdict.strength > 0)
    return {**row, "zh": float(lang == "zh"), **cue_places(piece, verdict, lang), **said}


def stance_features(piece: Piece, verdict: Verdict, lang: Lang, against: float, said: Row) -> Row:
    """What speaks for one stance or another; `against` is how many cues of opposition the document has by sentence,
    `said` what the words of the piece say."""
    row = {
        "bias": 1.0,
        "reported": float(piece.reported),
        f"subject_{piece.subject}": 1.0,
        f"form_{piece.form}": 1.0,
        "against": min(2.0, against),
        "by_author": float(piece.speaker is None and piece.subject not in {"named", "pronoun"}),
        "oppose_cues": min(3.0, sum(h.cue.stance == "oppose" for h in verdict.hits)),
        "neutral_cues": min(3.0, sum(h.cue.stance == "neutral" for h in verdict.hits)),
        "support_cues": min(3.0, sum(h.cue.stance == "support" for h in verdict.hits)),
        **_cue_names(verdict),
    }
    for kind in CLAIM_TYPES:
        row[f"is_{kind}"] = float(verdict.type == kind and verdict.strength > 0)
    # What is wrong or well speaks for a stance where it is judged, less where something is done about it.
    colours = {hit.cue.name for hit in verdict.hits if hit.cue.type == "stance"}
    for colour in colours or {"plain"}:
        row[f"{colour}:{verdict.type}"] = 1.0
        row[f"{colour}:{'reported' if piece.reported else piece.subject}"] = 1.0
    return {**row, "zh": float(lang == "zh"), **said}


def _cue_names(verdict: Verdict) -> Row:
    return {f"any:{hit.cue.name}": 1.0 for hit in verdict.hits}


def join_features(a: tuple[Piece, Verdict], b: tuple[Piece, Verdict], plain: str, lang: Lang) -> Row:
    """What speaks for two neighbouring pieces being one claim."""
    (pa, va), (pb, vb) = a, b
    between = plain[pa.end : pb.start]
    unit = 20 if lang == "zh" else 60
    row = {
        "bias": 1.0,
        "semicolon": float(";" in between or "；" in between),
        "same": float(va.type == vb.type),
        "b_strength": min(2.0, vb.strength),
        "a_strength": min(2.0, va.strength),
        "b_weak": float(vb.strength < 0.9),
        "a_weak": float(va.strength < 0.9),
        "a_length": min(3.0, (pa.end - pa.start) / unit),
        "b_length": min(3.0, (pb.end - pb.start) / unit),
        "a_short": float(pa.end - pa.start < unit / 2),
        "reported": float(pa.reported),
        "headline": float(pa.headline),
        "background": min(2.0, va.background) - min(2.0, vb.background),
        "a_own": float(va.own),
        "b_own": float(vb.own),
        "new_actor": float(pb.actor is not None and pb.subject == "named" and pb.actor != pa.actor),
        "gap": min(3.0, len(between) / 4),
    }
    for kind in CLAIM_TYPES:
        row[f"a_{kind}"] = float(va.type == kind)
        row[f"b_{kind}"] = float(vb.type == kind)
    action = {"action", "commitment"}
    row["act_then_effect"] = float(va.type in action and vb.type == "effect")
    row["act_then_judge"] = float(va.type in action and vb.type in {"evaluation", "definition"})
    row["act_then_demand"] = float(va.type in action and vb.type == "demand")
    row[f"a_subject_{pa.subject}"] = 1.0
    row[f"b_subject_{pb.subject}"] = 1.0
    return _by_language(row, lang)
