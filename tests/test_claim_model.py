"""A claim spotter learns from gold, comes back from its folder, and is one more annotator."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.vocab import Vocab

from annotators.claims import group_drafts
from annotators.claims.spotter import SHARE, joined, spotted
from annotators.claims_model import NAME, readings, trained_claims
from annotators.pipeline import Pipeline, group_of
from annotators.registry import check, make, without_models
from corpus.dedupe import dedupe
from corpus.document import Claim, Document, Entity, Group, Lang, Layer, Span
from corpus.errors import ModelError, RegistryError, StaleTextError
from corpus.schema import DOCUMENTS, GOLD, SEGMENTS
from corpus.scheme import load_scheme
from corpus.segment import segment
from corpus.spotting import Candidate, Odds, Reading, Word, docs_of, stretches, with_spaces
from corpus.store import Workspace
from models.claims import START, load_claims, note_admitted, shared, train_claims_on
from models.examples import Annotated
from models.retrain import retrain
from models.versions import claim_folders

SCHEME = load_scheme()

# A sentence that is a claim, its type and stance, and one that is none.
EN = [
    ("The Housing Bureau will build {n} flats next year.", "commitment", "support"),
    ("Residents urged the bureau to lower the rents.", "demand", "oppose"),
    ("The river rose and the road was closed for a day.", "", ""),
    ("It was a quiet street with a school and two shops.", "", ""),
]
ZH = [
    ("住房局将在明年建设{n}套住房。", "commitment", "support"),
    ("居民要求该局降低房租。", "demand", "oppose"),
    ("那天河水上涨，道路封闭了一天。", "", ""),
    ("这是一条安静的街，有一所学校。", "", ""),
]


def gold(lang: Lang, number: int) -> Annotated:
    text, claims = "", []
    sentences = EN if lang == "en" else ZH
    for sentence, kind, stance in sentences[number % 4 :] + sentences[: number % 4]:
        sentence = sentence.format(n=number + 20)
        if kind:
            claims.append(Claim(Span(len(text), len(text) + len(sentence) - 1, sentence[:-1]), kind, stance))
        text += sentence + "\n"
    name = "Housing Bureau" if lang == "en" else "住房局"
    entity = Entity(Span.of(text, text.index(name), text.index(name) + len(name)), "AGENCY")
    document = Document(f"{number}.{lang}", f"pair{number}", lang, text)
    return document, Layer(document.id, document.sha, "gold", "", (entity,), tuple(claims))


def group_with(document: Document, layer: Layer) -> Group:
    group = group_of([document])
    return replace(group, items=tuple(replace(item, entities=layer.entities) for item in group.items))


def read(pairs: Sequence[Annotated]) -> Mapping[str, Reading]:
    return dict(readings(group_with(*pair) for pair in pairs))


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("models") / "claims-zh"
    result = train_claims_on([gold("zh", n) for n in range(4)], "zh", out=out, read=read, scheme=SCHEME, max_steps=60)
    assert (result.claims, result.reached, result.steps) == (8, 8, 60)
    return out


def test_a_model_comes_back_and_marks_what_it_was_shown(model: Path) -> None:
    annotator = make(f"claims-model:{model}")
    document, layer = gold("zh", 7)
    (found,) = annotator.annotate(group_with(document, layer))
    assert (found.document, found.sha, found.source) == (document.id, document.sha, NAME)
    wanted = {c.type: c.span for c in layer.claims}
    assert {c.type for c in found.claims} == set(wanted)
    for claim in found.claims:
        assert document.text[claim.start : claim.end] == claim.span.surface
        assert claim.span.overlaps(wanted[claim.type])
        assert 0.38 <= claim.score <= 1
        assert claim.source == NAME
    # An agency that acts is the claimant, as for the claims of the cues.
    assert {c.type: c.claimant for c in found.claims}["commitment"] == "住房局"


def test_a_document_in_another_language_has_no_layer(model: Path) -> None:
    assert make(f"claims-model:{model}").annotate(group_with(*gold("en", 0))) == []


def test_the_layer_joins_the_others(model: Path) -> None:
    document, _ = gold("zh", 5)
    pipeline = Pipeline(["rules-zh", "claim-cues", f"claims-model:{model}"])
    result = pipeline.annotate(group_of([document]))
    assert {layer.source for layer in result.layers if layer.claims} >= {NAME}
    claims = result.group.items[0].claims
    assert not any(a.span.overlaps(b.span) for a, b in pairwise(claims))
    assert pipeline.version != Pipeline(["rules-zh", "claim-cues"]).version


def test_only_admitted_types_are_proposed(model: Path, tmp_path: Path) -> None:
    import shutil

    copy = tmp_path / "copy"
    shutil.copytree(model, copy)
    group = group_with(*gold("zh", 6))
    note_admitted(copy, ["demand"])
    annotator = trained_claims(str(copy))
    assert {c.type for layer in annotator.annotate(group) for c in layer.claims} == {"demand"}
    assert annotator.version != trained_claims(str(model)).version
    note_admitted(copy, [])
    assert trained_claims(str(copy)).annotate(group) == []


def test_names_of_another_scheme_are_refused(model: Path, tmp_path: Path) -> None:
    assert load_claims(model, SCHEME).lang == "zh"
    with pytest.raises(ModelError, match=r"types of claims differ from the scheme's \(commitment\)"):
        load_claims(model, replace(SCHEME, claim_types=SCHEME.claim_types[1:]))
    pair = gold("zh", 0)
    other = replace(pair[1], claims=(replace(pair[1].claims[0], stance="angry"),))
    with pytest.raises(ModelError, match=r"0\.zh: a gold claim has the stance 'angry'"):
        train_claims_on([(pair[0], other)], "zh", out=tmp_path / "x", read=read, scheme=SCHEME)
    with pytest.raises(StaleTextError, match=r"0\.zh"):
        train_claims_on([(pair[0], replace(pair[1], sha="0" * 64))], "zh", out=tmp_path / "x", read=read, scheme=SCHEME)
    assert not (tmp_path / "x").exists()


def test_a_folder_that_spots_no_claims_is_refused(model: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no trained model"):
        make(f"claims-model:{tmp_path}")
    meta = json.loads((model / "meta.json").read_text(encoding="utf-8"))
    for change, message in (({"pipeline": ["ner"]}, "spots no claims"), ({"lang": "fr"}, "language 'fr'")):
        (tmp_path / "meta.json").write_text(json.dumps({**meta, **change}), encoding="utf-8")
        with pytest.raises(ModelError, match=message):
            make(f"claims-model:{tmp_path}")
    (tmp_path / "meta.json").write_text(json.dumps(meta), encoding="utf-8")
    with pytest.raises(ModelError, match="cannot be loaded"):
        make(f"claims-model:{tmp_path}")


def test_names_of_spotters_are_known_and_need_a_model() -> None:
    check(["claims-model:x"])
    assert without_models(["rules-zh", "claims-model:x"]) == ["rules-zh"]
    with pytest.raises(RegistryError, match="claims-model:PATH"):
        check(["claims"])


def test_the_odds_of_the_model_move_those_of_the_cues() -> None:
    ((item, found),) = group_drafts(group_with(*gold("en", 0)))
    assert item.document.lang == "en"
    types = {kind.name: 0.1 for kind in SCHEME.claim_types} | {"effect": 0.5}
    stances = {"support": 0.2, "oppose": 0.7, "neutral": 0.1}
    sure, unsure = ([Odds(p, types, stances)] * len(found) for p in (0.9, 0.1))
    assert all(
        a.odds > b.odds > c.odds for a, b, c in zip(joined(found, sure), found, joined(found, unsure), strict=True)
    )
    assert [d.types for d in joined(found, sure)] == [d.types for d in found]
    assert joined(found, sure, 0.0) == found
    assert SHARE > 0
    assert all(max(d.types, key=lambda t: d.types[t]) == "effect" for d in spotted(found, sure, alone=True))
    assert all(max(d.stances, key=lambda s: d.stances[s]) == "oppose" for d in spotted(found, sure, alone=True))
    # In the layer the two have their say together.
    (first, *_), draft = spotted(found, sure), found[0]
    assert first.types["effect"] - first.types["action"] > draft.types["effect"] - draft.types["action"]
    assert first.odds == pytest.approx(2.197, abs=0.001)


VOCAB = Vocab()


@given(st.text(st.sampled_from("ab \n，\ud83d\U0001f600"), max_size=30), st.integers(1, 5), st.data())
@settings(max_examples=60, deadline=None)
def test_docs_hold_the_whole_text_and_every_candidate(text: str, size: int, data: st.DataObject) -> None:
    words = with_spaces(text, [Word(n, n + 1) for n, c in enumerate(text) if not c.isspace()])
    cuts = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=6)))
    candidates = [
        Candidate(a, a, b, {"x": 1.0}) for a, b in zip(cuts[::2], cuts[1::2], strict=False) if text[a:b].strip()
    ]
    reading = Reading(text, words, candidates=tuple(candidates))
    docs = list(docs_of(reading, VOCAB, ["x"], size, meaning=False))
    assert sum(len(doc.text) for doc, _ in docs) == len(text)
    assert sorted(n for _, inside in docs for n in inside) == list(range(len(candidates)))
    at = 0
    for doc, inside in docs:
        for n, span in zip(inside, doc.spans["candidates"], strict=True):
            assert at + span.start_char < candidates[n].end
            assert at + span.end_char > candidates[n].start
        at += len(doc.text)


def test_a_candidate_that_begins_in_white_space_is_in_the_doc_behind_it() -> None:
    words = with_spaces("aa a", [Word(0, 1), Word(1, 2), Word(3, 4)])
    reading = Reading("aa a", words, candidates=(Candidate(0, 0, 1, {"x": 1.0}), Candidate(2, 2, 4, {"x": 1.0})))
    docs = list(docs_of(reading, VOCAB, ["x"], 1, meaning=False))
    assert [n for _, inside in docs for n in inside] == [0, 1]
    assert docs[-1][0].spans["candidates"][-1].text == "a"


def test_a_stretch_never_cuts_a_candidate() -> None:
    words = tuple(Word(n, n + 1) for n in range(5))
    assert list(stretches(Reading("abcde", words, candidates=(Candidate(1, 1, 4, {}),)), 2)) == [(0, 4), (4, 5)]


def test_a_candidate_counts_with_or_without_its_subject() -> None:
    assert shared(Candidate(0, 6, 10, {}), 6, 10) == 1
    assert shared(Candidate(0, 6, 10, {}), 10, 12) == 0


@pytest.mark.slow
def test_english_learns_the_same_way_each_time(tmp_path: Path) -> None:
    pairs = [gold("en", n) for n in range(4)]
    layers = []
    for name in "ab":
        train_claims_on(
            pairs, "en", out=tmp_path / name, read=read, scheme=SCHEME, silver=[gold("en", 9)], seed=3, max_steps=60
        )
        layers.append(make(f"claims-model:{tmp_path / name}").annotate(group_with(*gold("en", 7))))
    assert layers[0][0].claims == layers[1][0].claims
    assert {c.type for c in layers[0][0].claims} == {"commitment", "demand"}


@pytest.mark.slow
def test_retrain_trains_spotters_too_and_admits_types(tmp_path: Path) -> None:
    from corpus.cli.training import admitted_claims, has_claims, reader

    workspace = Workspace.create(tmp_path / "w")
    pairs = [gold("zh", n) for n in range(8)]
    workspace.append(DOCUMENTS, [document for document, _ in pairs])
    workspace.append(GOLD, [layer for _, layer in pairs])
    # The articles are alike, and would all stand on one side.
    dedupe(workspace, threshold=1)
    assert not has_claims(workspace)
    workspace.append(SEGMENTS, [segment(document) for document, _ in pairs])
    assert has_claims(workspace)
    names = ("rules-zh",)
    result = retrain(
        workspace,
        max_steps=40,
        read_claims=reader(workspace),
        admit_claims=lambda paths, test: admitted_claims(workspace, names, paths, test),
    )
    assert set(result["claim_paths"]) == {"zh"}
    assert result["admitted_claims"]["zh"] == ["commitment", "demand"]
    folder = claim_folders(Path(result["path"]))["zh"]
    own = json.loads((folder / "meta.json").read_text(encoding="utf-8"))["hemu"]
    assert own["admitted"] == ["commitment", "demand"]
    # Some of the articles said how far the model is to be trusted: what it learnt holds there too.
    assert own["calibration"][0] > START[0]
    plain = retrain(workspace, max_steps=40)
    assert plain["version"] != result["version"]
    assert plain["claim_paths"] == {}
