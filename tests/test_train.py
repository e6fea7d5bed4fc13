"""Gold becomes examples, examples a model that spaCy loads, and a model is used only if it is not worse."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.dedupe import dedupe
from corpus.document import LANGUAGES, Document, Entity, Lang, Layer, Span
from corpus.errors import InputError, ModelError, StaleTextError
from corpus.metrics import Scores, score
from corpus.schema import DOCUMENTS, GOLD, layers_table
from corpus.scheme import load_scheme
from corpus.store import Workspace
from models.evaluate import evaluate, evaluate_model, load, predict
from models.examples import check_budget, make_examples, stretches, write_docbin
from models.gate import judge
from models.retrain import accepted, folders, make_plan, retrain
from models.train import read_config, silver_layers, train, train_on, updates

SCHEME = load_scheme()
EN = "{name} praised Yulin Steel.\nThe Housing Bureau met {name} in Yulin.\n"
ZH = "{name}称赞玉林钢铁。\n住房局在玉林会见{name}。\n"
NAMES: dict[Lang, list[str]] = {
    "en": ["He Ping", "Mary Hill", "Li Wen", "Tom Reed", "Ana Ruiz", "Wu Hao"],
    "zh": ["何平", "王芳", "李文", "孙立", "吴浩", "赵敏"],
}


def annotated(lang: Lang, number: int) -> tuple[Document, Layer]:
    name = NAMES[lang][number]
    text = (EN if lang == "en" else ZH).format(name=name)
    firm, bureau, city = {
        "en": ("Yulin Steel", "Housing Bureau", "Yulin."),
        "zh": ("玉林钢铁", "住房局", "玉林会"),
    }[lang]
    entities = [
        Entity(Span.of(text, start, start + len(name)), "PERSON") for start in (text.index(name), text.rindex(name))
    ]
    for surface, label in ((firm, "FIRM"), (bureau, "AGENCY"), (city, "PLACE")):
        length = len(surface) - (label == "PLACE")
        start = text.index(surface)
        entities.append(Entity(Span.of(text, start, start + length), label))
    document = Document(f"{number}.{lang}", f"pair{number}", lang, text)
    return document, Layer(document.id, document.sha, "gold", "", tuple(sorted(entities, key=lambda e: e.start)))


def workspace_of(folder: Path, count: int = 6) -> Workspace:
    made = Workspace.create(folder)
    pairs = [annotated(lang, number) for number in range(count) for lang in LANGUAGES]
    made.append(DOCUMENTS, [document for document, _ in pairs])
    made.append(GOLD, [layer for _, layer in pairs])
    return made


@given(st.text(st.sampled_from("一a\n\r "), max_size=60), st.integers(1, 20))
def test_stretches_join_to_the_text_and_end_with_lines(text: str, size: int) -> None:
    pieces = [text[start:end] for start, end in stretches(text, size)]
    assert "".join(pieces) == text
    assert all(piece.endswith("\n") for piece in pieces[:-1])


def test_a_stretch_never_cuts_an_entity() -> None:
    text = "He\nPing\nx\n"
    name = Entity(Span.of(text, 0, 7), "PERSON")
    assert list(stretches(text, 1, [name])) == [(0, 8), (8, 10)]


def test_every_entity_is_taught_or_named(tmp_path: Path) -> None:
    import spacy

    text = "Visit ExampleNews.com now.\nHe Ping did, \ud83d.\n"
    document = Document("a", "", "en", text)
    inside = Entity(Span.of(text, 6, 13), "ORG")  # "Example", inside one token
    name = Entity(Span.of(text, 27, 34), "PERSON")
    made = make_examples(spacy.blank("en"), [(document, Layer("a", document.sha, "gold", "", (inside, name)))], size=5)
    assert (made.entities, made.misaligned) == (2, [("a", "Example")])
    first, second = (example.reference for example in made.examples)
    # Nothing is said of the token that holds it: it is not taught to be no name.
    assert [token.ent_iob_ for token in first][:2] == ["O", ""]
    assert [(e.text, e.label_) for e in second.ents] == [("He Ping", "PERSON")]
    check_budget(made, 0.5, "en")
    with pytest.raises(ModelError, match="en: 1 of 2 entities begin or end inside a token"):
        check_budget(made, 0.1, "en")
    write_docbin(made, tmp_path / "train.spacy")
    stored = list(spacy.tokens.DocBin().from_disk(tmp_path / "train.spacy").get_docs(spacy.blank("en").vocab))
    assert [e.text for doc in stored for e in doc.ents] == ["He Ping"]


def test_a_layer_of_another_text_is_refused() -> None:
    import spacy

    document, layer = annotated("en", 0)
    with pytest.raises(StaleTextError, match=r"0\.en"):
        make_examples(spacy.blank("en"), [(document, replace(layer, sha="0" * 64))], size=100)


@pytest.mark.slow
@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_model_learns_what_it_is_shown_and_the_same_way_each_time(lang: Lang, tmp_path: Path) -> None:
    gold = [annotated(lang, number) for number in range(6)]
    results = [train_on(gold, lang, out=tmp_path / name, scheme=SCHEME, seed=5, max_steps=60) for name in "ab"]
    assert (results[0].entities, results[0].misaligned, results[0].steps) == (30, [], 60)
    found = [list(predict(result.path, [d for d, _ in gold], scheme=SCHEME)) for result in results]
    assert [layer.entities for layer in found[0]] == [layer.entities for layer in found[1]]
    scores = evaluate_model({lang: tmp_path / "a"}, gold, scheme=SCHEME)
    assert scores.all.entities.strict.f1 > 0.8
    assert scores.languages[lang].entities == scores.all.entities
    assert evaluate(found[0], [layer for _, layer in gold]).all.entities == scores.all.entities
    meta = json.loads((tmp_path / "a" / "meta.json").read_text(encoding="utf-8"))
    assert meta["hemu"]["labels"] == list(SCHEME.label_names)
    other = replace(SCHEME, labels=SCHEME.labels[1:])
    with pytest.raises(ModelError, match="OFFICIAL"):
        load(tmp_path / "a", other)


@pytest.mark.slow
def test_retrain_trains_judges_and_keeps(tmp_path: Path) -> None:
    workspace = workspace_of(tmp_path / "w")
    first = retrain(workspace, max_steps=30)
    assert first["accepted"], first["reason"]
    assert json.loads(json.dumps(first)) == first
    folder = Path(first["path"])
    assert accepted(workspace) == folder
    assert set(folders(folder)) == set(first["paths"]) == {"en", "zh"}
    assert not set(first["held_out"]) & set(first["learnt_from"])
    assert {id.split(".")[0] for id in first["held_out"]}.isdisjoint(id.split(".")[0] for id in first["learnt_from"])
    assert retrain(workspace, max_steps=30) == {**first, "unchanged": True}
    # One update teaches nothing: the model is refused, kept aside, and the one before stays in use.
    second = retrain(workspace, max_steps=1)
    assert not second["accepted"]
    assert "lower than before" in second["reason"]
    assert second["before"]["version"] == first["version"]
    assert Path(second["path"]).is_dir()
    assert accepted(workspace) == folder


def test_silver_is_learnt_where_there_is_no_gold_only(tmp_path: Path) -> None:
    workspace = workspace_of(tmp_path / "w", count=2)
    bare, layer = annotated("zh", 5)
    workspace.append(DOCUMENTS, [bare])
    silver = [replace(x, source="combined") for x in (layer, annotated("zh", 0)[1])]
    workspace.append(layers_table("combined"), silver)
    # Folders above are made; where that cannot be, it is said before the work.
    result = train(workspace, "zh", out=tmp_path / "new" / "m", silver=True, max_steps=2)
    assert (tmp_path / "new" / "m" / "meta.json").is_file()
    with pytest.raises(ModelError, match=r"meta\.json: cannot be made"):
        train(workspace, "zh", out=tmp_path / "new" / "m" / "meta.json" / "zh", max_steps=2)
    assert (result.documents, result.silver_documents, result.steps) == (2, 1, 2)
    without = train(workspace, "zh", out=tmp_path / "m", leave_out=frozenset({"0.zh"}), max_steps=1)
    assert (without.documents, without.silver_documents) == (1, 0)


def test_silver_of_copies_of_what_is_judged_by_is_not_learnt(tmp_path: Path) -> None:
    workspace = workspace_of(tmp_path / "w")
    plan = make_plan(workspace, seed=0, held_out=frozenset({"pair0"}), silver=True, max_steps=None)
    judged = next(document for document, _ in plan.test if document.id == "0.zh")
    # A long article of the test split with a copy of it, which has silver only, and another article with silver.
    story = "".join(f"第{n}季度，玉林市住房局公布了第{n * 7}号方案，何平表示将继续推进。\n" for n in range(1, 12))
    other = "".join(f"今年{n}月，赵敏在河湾镇考察了{n * 3}家工厂，称赞工人的努力。\n" for n in range(1, 12))
    texts = {"story.zh": story, "copy.zh": f"转载\n{story}", "other.zh": other}
    documents = {id: Document(id, "", "zh", text) for id, text in texts.items()}
    # The other version of an article that is judged by has no gold of its own.
    documents["late.en"] = Document("late.en", "late", "en", "He Ping praised Yulin Steel again.\n")
    documents["late.zh"] = Document("late.zh", "late", "zh", "何平再次称赞玉林钢铁。\n")
    workspace.append(DOCUMENTS, documents.values())
    gold = [Layer(id, documents[id].sha, "gold", "", ()) for id in ("story.zh", "late.zh")]
    workspace.append(GOLD, gold)
    silver = [Layer(d.id, d.sha, "combined", "", ()) for d in [*documents.values(), judged]]
    workspace.append(layers_table("combined"), silver)
    dedupe(workspace)
    held = frozenset({"pair0", "story.zh", "late"})
    plan = make_plan(workspace, seed=0, held_out=held, silver=True, max_steps=None)
    assert {"story.zh", "late.zh"} <= {document.id for document, _ in plan.test}
    assert [document.id for pairs in plan.silver.values() for document, _ in pairs] == ["other.zh"]
    # The same with `train` and what it is told to leave out.
    assert set(silver_layers(workspace, without=["story.zh"])) == {"other.zh", "late.en"}
    assert set(silver_layers(workspace, without=[])) == {"other.zh", "late.en", "copy.zh"}


def test_much_gold_takes_larger_batches_and_no_more_updates_than_the_bound() -> None:
    for lang in LANGUAGES:
        settings = read_config(lang)["training"]
        few = updates(100, settings["epochs"], settings)
        assert few == (settings["batch"], -(-100 // settings["batch"]) * settings["epochs"])
        size, count = updates(200_000, settings["epochs"], settings)
        assert (size, count) == (settings["largest_batch"], settings["most_steps"])


def test_nothing_to_learn_from_is_said(tmp_path: Path) -> None:
    workspace = Workspace.create(tmp_path / "w")
    with pytest.raises(InputError, match="hemu adjudicate"):
        train(workspace, "en", out=tmp_path / "m")
    with pytest.raises(InputError, match="hemu adjudicate"):
        retrain(workspace)


def scores(right: int, wrong: int = 0) -> Scores:
    text = "玉林" * 10
    gold = [Entity(Span.of(text, n, n + 1), "PLACE") for n in range(10)]
    found = [*gold[:right], *(Entity(Span.of(text, n, n + 1), "FIRM") for n in range(10, 10 + wrong))]
    return score([Layer("a", "", "", "", tuple(gold))], [Layer("a", "", "", "", tuple(found))])


def test_a_model_must_not_be_worse_than_the_one_in_use() -> None:
    assert judge(scores(5), scores(5)).accepted
    assert judge(scores(6), scores(5)).accepted
    assert not judge(scores(5, wrong=1), scores(5)).accepted
    assert judge(scores(1)).accepted
    assert not judge(scores(0)).accepted
    assert "held out" in judge(score([], [])).reason


SCRIPT = Path(__file__).parent.parent / "scripts" / "retrain"


@pytest.mark.parametrize(
    ("output", "code", "expected"),
    [
        ('{"accepted": true}', 0, 0),
        ('{"accepted": false}', 0, 3),
        ('{"accepted": false}', 3, 3),
        ("", 1, 1),
        ("", 2, 1),
    ],
)
def test_the_exit_code_of_the_script_says_whether_the_model_was_accepted(
    tmp_path: Path, output: str, code: int, expected: int
) -> None:
    # A stand-in for the command, so that each of its outcomes can be had: the script's own logic is what is tested.
    home = tmp_path / "checkout"
    (home / "scripts").mkdir(parents=True)
    (home / "scripts" / "retrain").write_bytes(SCRIPT.read_bytes())
    command = tmp_path / "bin" / "hemu"
    command.parent.mkdir()
    command.write_text(
        f"#!/bin/sh\n[ \"$1 $2 $3\" = 'retrain --json -w' ] || exit 9\nprintf '%s' '{output}'\nexit {code}\n"
    )
    command.chmod(command.stat().st_mode | stat.S_IXUSR)
    path = f"{command.parent}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", home / "scripts" / "retrain", "-w", "news"], env={"PATH": path}, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout.strip()) == (expected, output)
