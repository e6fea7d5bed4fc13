"""The scores mean what they are said to mean."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.document import Claim, Entity, Lang, Layer, Ref, Relation, Span
from corpus.errors import InputError, StaleTextError
from corpus.metrics import count_edits, match_claims, score, score_files, table

TEXT = "国务院总理访问浙江，承诺降低房租。" * 4


def entity(start: int, end: int, label: str) -> Entity:
    return Entity(Span.of(TEXT, start, end), label)


def claim(start: int, end: int, type: str = "action", stance: str = "support", **rest: str) -> Claim:
    return Claim(Span.of(TEXT, start, end), type, stance, **rest)


def layer(*entities: Entity, id: str = "a", claims: tuple[Claim, ...] = (), sha: str = "s") -> Layer:
    return Layer(id, sha, "x", "", entities, claims)


def test_strict_needs_edges_and_label_and_relaxed_needs_an_overlap() -> None:
    gold = layer(entity(0, 3, "AGENCY"), entity(7, 9, "PLACE"), entity(20, 22, "PLACE"))
    predicted = layer(entity(0, 3, "AGENCY"), entity(6, 9, "PLACE"), entity(20, 22, "FIRM"), entity(30, 31, "ORG"))
    part = score([gold], [predicted]).all
    assert (part.entities.strict.precision, part.entities.strict.recall) == (1 / 4, 1 / 3)
    assert (part.entities.relaxed.precision, part.entities.relaxed.recall) == (2 / 4, 2 / 3)
    assert part.entities.labels["AGENCY"].f1 == 1
    assert part.entities.labels["PLACE"].f1 == 0
    assert part.entities.labels_relaxed["PLACE"].recall == 0.5
    assert part.entities.labels["FIRM"].gold == 0
    assert [name for name, _ in table(part)] == ["AGENCY", "FIRM", "ORG", "PLACE", "micro", "relaxed", "claims"]


@pytest.mark.parametrize(
    ("predicted", "edits"),
    [
        ([(0, 4, "PLACE"), (6, 9, "FIRM")], 0),
        ([], 2),
        ([(0, 4, "FIRM"), (6, 9, "FIRM")], 1),  # relabel
        ([(0, 3, "PLACE"), (6, 9, "FIRM")], 1),  # move an edge
        ([(0, 3, "FIRM"), (6, 9, "FIRM")], 2),  # both
        ([(0, 4, "PLACE"), (6, 9, "FIRM"), (11, 12, "ORG")], 1),  # delete
        ([(11, 12, "ORG")], 3),  # delete, add two
        ([(2, 8, "PLACE")], 2),  # one span over two: it becomes one of them, the other is added
        ([(0, 4, "FIRM"), (0, 4, "PLACE"), (6, 9, "FIRM")], 1),  # two labels on one stretch: one is deleted
    ],
)
def test_edits_are_counted_as_a_person_would_make_them(predicted: list[tuple[int, int, str]], edits: int) -> None:
    assert count_edits([(0, 4, "PLACE"), (6, 9, "FIRM")], predicted) == edits


def test_effort_saved_can_be_negative() -> None:
    gold, noise = layer(entity(0, 3, "AGENCY")), layer(*(entity(n, n + 1, "ORG") for n in range(10, 15)))
    assert score([gold], [noise]).all.entities.effort_saved == -5


def test_claims_match_from_half_of_the_union_on_and_best_first() -> None:
    gold = [claim(0, 10), claim(12, 20)]
    assert match_claims(gold, [claim(0, 5)]) == [(gold[0], claim(0, 5))]
    assert match_claims(gold, [claim(0, 4)]) == []
    near, exact = claim(0, 9), claim(0, 10)
    assert match_claims(gold, [near, exact]) == [(gold[0], exact)]


def test_attributes_are_scored_among_the_matched() -> None:
    gold = layer(claims=(claim(0, 10, claimant="国务院", policy_area="housing"), claim(12, 20), claim(30, 40)))
    predicted = layer(claims=(claim(0, 10, claimant="author", policy_area="housing"), claim(12, 20, "demand")))
    claims = score([gold], [predicted]).all.claims
    assert (claims.match.precision, claims.match.recall) == (1, 2 / 3)
    assert (claims.type, claims.stance, claims.claimant, claims.policy_area) == (0.5, 1, 0.5, 1)


def claims_of(text: str, claimant: str, at: int) -> tuple[Claim, ...]:
    return (Claim(Span.of(text, at, len(text)), "action", "support", claimant),)


EN = "The Ministry of Trade (MOT) and Ana Brill met. Brill and MOT will cut rents for everyone."
ZH = "贸易部和安娜·布里尔开会。布里尔与贸易部将为所有人降低房租。"


@pytest.mark.parametrize(
    ("text", "names", "gold", "predicted", "right"),
    [
        (EN, {"Ministry of Trade": "AGENCY", "MOT": "AGENCY"}, "MOT", "Ministry of Trade", True),
        (EN, {"Ana Brill": "OFFICIAL", "Brill": "OFFICIAL"}, "Ana Brill", "Brill", True),
        (EN, {"Ana Brill": "OFFICIAL", "MOT": "AGENCY"}, "MOT", "Ana Brill", False),
        (EN, {"Ministry of Trade": "AGENCY"}, "the ministry", "Ministry of Trade", True),
        (EN, {"Ana Brill": "OFFICIAL"}, "she", "Ana Brill", True),
        (EN, {"Ana Brill": "OFFICIAL"}, "author", "Ana Brill", False),
        (EN, {}, "author", "author", True),
        (ZH, {"安娜·布里尔": "OFFICIAL", "布里尔": "OFFICIAL"}, "布里尔", "安娜·布里尔", True),
        (ZH, {"安娜·布里尔": "OFFICIAL", "贸易部": "AGENCY"}, "该部", "贸易部", True),
        (ZH, {"安娜·布里尔": "OFFICIAL", "贸易部": "AGENCY"}, "他", "贸易部", False),
    ],
)
def test_a_claimant_is_right_by_another_name(
    text: str, names: dict[str, str], gold: str, predicted: str, right: bool
) -> None:
    marks = tuple(
        Entity(Span.of(text, text.rindex(name), text.rindex(name) + len(name)), label) for name, label in names.items()
    )
    at = text.index("will") if text is EN else text.index("将")
    wanted = Layer("a", "s", "gold", "", marks, claims_of(text, gold, at))
    found = Layer("a", "s", "x", "", (), claims_of(text, predicted, at))
    lang: Lang = "zh" if text is ZH else "en"
    assert score([wanted], [found], languages={"a": lang}).languages[lang].claims.claimant == right


def test_a_claimant_is_right_by_its_link_in_either_language() -> None:
    text, other = "Fenland Board acts. FB will cut rents now.", "芬兰局将降低房租。"
    board, short = Entity(Span.of(text, 0, 13), "AGENCY"), Entity(Span.of(text, 20, 22), "ORG")
    zh = Entity(Span.of(other, 0, 3), "AGENCY")
    wanted = Layer("e", "s", "gold", "", (board, short), claims_of(text, "Fenland Board", 23))
    found = Layer("e", "s", "x", "", (board, short), claims_of(text, "FB", 23))
    assert score([wanted], [found]).all.claims.claimant == 0.0, "another label, so not short for it"
    linked = replace(found, entities=(replace(board, link="x/1"), replace(short, link="x/1")))
    assert score([wanted], [linked]).all.claims.claimant == 1.0
    same = tuple(
        Relation("same_as", Ref("e", "entity", e.start, e.end), Ref("z", "entity", 0, 3)) for e in (board, short)
    )
    both = [replace(found, relations=same), Layer("z", "t", "x", "", (zh,))]
    assert score([wanted, Layer("z", "t", "gold", "")], both).all.claims.claimant == 1.0


def test_languages_are_split_and_absent_documents_named() -> None:
    gold = [layer(entity(0, 3, "AGENCY"), id="a.en"), layer(entity(0, 3, "AGENCY"), id="a.zh")]
    predicted = [layer(entity(0, 3, "AGENCY"), id="a.zh"), layer(id="b.zh")]
    scores = score(gold, predicted, languages={"a.en": "en", "a.zh": "zh"})
    assert (scores.languages["en"].entities.strict.f1, scores.languages["zh"].entities.strict.f1) == (0, 1)
    assert (scores.missing, scores.extra) == (("a.en",), ("b.zh",))
    assert json.loads(json.dumps(scores.to_json()))["languages"]["zh"]["entities"]["labels"]["AGENCY"]["f1"] == 1


def test_another_text_and_a_repeated_document_are_refused() -> None:
    with pytest.raises(StaleTextError, match="a: the predicted"):
        score([layer()], [layer(sha="t")])
    with pytest.raises(InputError, match="twice"):
        score([layer(), layer()], [])


def test_nothing_against_nothing_is_zero_and_does_not_fail() -> None:
    part = score([], []).all
    assert (part.documents, part.entities.strict.f1, part.entities.effort_saved, part.claims.type) == (0, 0, 0, 0)


def test_files_are_scored_and_bad_offsets_name_their_line(tmp_path: Path) -> None:
    row = {"id": "a", "lang": "zh", "text": TEXT, "entities": [{"start": 0, "end": 3, "label": "ANY"}]}
    gold, other = tmp_path / "gold.jsonl", tmp_path / "other.jsonl"
    gold.write_text(json.dumps(row))
    scores = score_files(str(gold), str(gold))
    assert scores.all.entities.strict.f1 == scores.languages["zh"].entities.strict.f1 == 1
    assert score_files(str(gold), str(gold), lang="en").all.documents == 0
    other.write_text(json.dumps({**row, "entities": [{"start": 0, "end": 999, "label": "ANY"}]}))
    with pytest.raises(InputError, match=r"other\.jsonl, line 1, a: span 0-999"):
        score_files(str(gold), str(other))


def test_what_a_file_leaves_out_of_a_claim_is_what_import_takes_it_for(tmp_path: Path) -> None:
    row = {"id": "a", "lang": "zh", "text": TEXT}
    full = {"start": 0, "end": 3, "type": "action", "stance": "support", "claimant": "author", "policy_area": ""}
    paths = []
    for name, lacking in (("gold", {}), ("absent", {"claimant": None, "policy_area": None})):
        paths.append(tmp_path / f"{name}.jsonl")
        paths[-1].write_text(json.dumps({**row, "claims": [{**full, **lacking}]}))
    claims = score_files(*map(str, paths)).all.claims
    assert (claims.claimant, claims.policy_area) == (1, 1)


MARKS = st.sets(st.tuples(st.integers(0, 40), st.integers(1, 6), st.sampled_from("AB")), max_size=8).map(
    lambda drawn: {(start, start + length, label) for start, length, label in drawn}
)


@given(MARKS, MARKS)
def test_edits_are_never_more_than_deleting_all_and_starting_anew(
    gold: set[tuple[int, int, str]], predicted: set[tuple[int, int, str]]
) -> None:
    assert count_edits(gold, predicted) <= len(gold) + len(predicted)
    assert count_edits(gold, gold) == 0
    assert count_edits(gold, ()) == count_edits((), gold) == len(gold)
