"""Gold becomes examples, examples a model that spaCy loads, and a model is used only if it is not worse."""

from __future__ import annotations

import json
import os
import pickle
import signal
import stat
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module, resources
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.dedupe import dedupe
from corpus.document import LANGUAGES, Document, Entity, Lang, Layer, Span
from corpus.errors import InputError, ModelError, StaleTextError
from corpus.jsonl import dump_row, row_of
from corpus.metrics import score
from corpus.model_folder import check_labels, labels_of, locate, read_meta
from corpus.report import Skipped
from corpus.schema import DOCUMENTS, GOLD, layers_table
from corpus.scheme import load_scheme
from corpus.segment.spacy_models import load_model
from corpus.store import Workspace
from models import words
from models.checkpoint import Checkpoints
from models.config import Recipe, make_pipeline, read_recipe, shipped
from models.device import device, fast_products
from models.evaluate import evaluate_model, load, predict
from models.examples import check_budget, make_examples, stretches, write_docbin
from models.package import package
from models.plan import make_plan
from models.retrain import retrain
from models.sources import silver_layers
from models.train import TrainResult, train, train_on
from models.updates import updates
from models.versions import accepted, folders

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
    assert score([layer for _, layer in gold], found[0]).all.entities == scores.all.entities
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
        settings = read_recipe(lang).settings
        few = updates(100, settings["epochs"], settings)
        assert few == (settings["batch"], -(-100 // settings["batch"]) * settings["epochs"])
        size, count = updates(200_000, settings["epochs"], settings)
        assert (size, count) == (settings["largest_batch"], settings["most_steps"])


class StopError(Exception):
    """An interruption."""


def stop_after(steps: int) -> Callable[[int, int | None], None]:
    def progress(done: int, total: int | None) -> None:
        if done == steps:
            raise StopError

    return progress


def weights(model: Path) -> dict[str, bytes]:
    return {str(file.relative_to(model)): file.read_bytes() for file in model.rglob("model") if file.is_file()}


OWN = """
[nlp]
lang = "zh"
pipeline = ["tok2vec", "ner"]
[nlp.tokenizer]
@tokenizers = "spacy.zh.ChineseTokenizer"
segmenter = "char"
[components]
[components.tok2vec]
factory = "tok2vec"
[components.tok2vec.model]
@architectures = "spacy.HashEmbedCNN.v2"
width = 16
depth = 1
embed_size = 200
window_size = 1
maxout_pieces = 2
subword_features = false
pretrained_vectors = null
[components.ner]
factory = "ner"
[components.ner.model]
@architectures = "spacy.TransitionBasedParser.v2"
state_type = "ner"
extra_state_tokens = false
hidden_width = 8
maxout_pieces = 2
use_upper = true
[components.ner.model.tok2vec]
@architectures = "spacy.Tok2VecListener.v1"
width = 16
[training]
dropout = 0.2
max_steps = 12
accumulate_gradient = 2
[training.batcher]
@batchers = "spacy.batch_by_words.v1"
size = 60
tolerance = 0.2
[training.optimizer]
@optimizers = "Adam.v1"
use_averages = true
[training.optimizer.learn_rate]
@schedules = "warmup_linear.v1"
warmup_steps = 4
total_steps = 12
initial_rate = 0.01
"""
"""A configuration as somebody else writes it: a shared layer, spaCy's own batches, a schedule, averages."""


def own_config(folder: Path, text: str = OWN) -> Recipe:
    file = folder / "own.cfg"
    file.write_text(text, encoding="utf-8")
    return read_recipe(file)


@pytest.mark.parametrize("own", [False, True])
def test_an_interrupted_training_goes_on_and_ends_with_the_same_weights(own: bool, tmp_path: Path) -> None:
    recipe = own_config(tmp_path) if own else None
    gold = [annotated("zh", number) for number in range(6)]
    silver = [annotated("zh", 0)]

    def trained(name: str, steps: int = 12, **options: Any) -> TrainResult:
        return train_on(
            gold, "zh", out=tmp_path / name, scheme=SCHEME, silver=silver, max_steps=steps, recipe=recipe, **options
        )

    whole = trained("whole")
    assert (whole.steps, whole.resumed) == (12, 0)
    often = Checkpoints(steps=2)
    for stop in (5, 9):
        with pytest.raises(StopError):
            trained("parts", checkpoints=often, progress=stop_after(stop))
    assert not (tmp_path / "parts").exists()
    kept = tmp_path / ".parts.training"
    saved = (kept / "checkpoint.npz").read_bytes()
    numpy.random.seed(99)  # what others draw in between changes nothing
    parts = trained("parts")
    assert (parts.steps, parts.resumed, parts.inputs, parts.words) == (12, 8, whole.inputs, whole.words)
    assert weights(tmp_path / "parts") == weights(tmp_path / "whole")
    assert not kept.exists()
    # With other inputs, on demand, or where the checkpoint is damaged, it begins anew.
    for broken in (False, True):
        for again in ({"steps": 11}, {"checkpoints": Checkpoints(fresh=True)}, {}):
            kept.mkdir()
            (kept / "checkpoint.npz").write_bytes(saved[: len(saved) // 2] if broken else saved)
            result = trained("parts", **again)
            assert result.resumed == (0 if again or broken else 8)


@pytest.mark.slow
def test_a_training_that_was_killed_goes_on(tmp_path: Path) -> None:
    script = """
import sys
from pathlib import Path
sys.path.insert(0, str(Path(sys.argv[1]).parent))
from test_train import SCHEME, Checkpoints, annotated, os, signal, train_on
def progress(done, total):
    if done == 7:
        os.kill(os.getpid(), signal.SIGKILL)
gold = [annotated("zh", number) for number in range(6)]
result = train_on(gold, "zh", out=Path(sys.argv[2]), scheme=SCHEME, max_steps=10, checkpoints=Checkpoints(steps=3),
                  progress=progress if len(sys.argv) > 3 else None)
print(result.resumed)
"""
    line = [sys.executable, "-c", script, __file__]
    killed = subprocess.run([*line, str(tmp_path / "a"), "kill"], capture_output=True, text=True)
    assert killed.returncode == -signal.SIGKILL
    again = subprocess.run([*line, str(tmp_path / "a")], capture_output=True, text=True)
    assert again.stdout.strip() == "6", again.stderr
    train_on([annotated("zh", n) for n in range(6)], "zh", out=tmp_path / "b", scheme=SCHEME, max_steps=10)
    assert weights(tmp_path / "a") == weights(tmp_path / "b")


def test_a_configuration_of_ones_own(tmp_path: Path) -> None:
    recipe = own_config(tmp_path)
    assert recipe.own_batches
    gold = [annotated("zh", number) for number in range(6)]
    result = train_on(gold, "zh", out=tmp_path / "m", scheme=SCHEME, recipe=recipe)
    assert result.steps == 12
    assert load(tmp_path / "m", SCHEME).pipe_names == ["tok2vec", "ner"]
    # That of a trained model is one, too.
    again = read_recipe(tmp_path / "m" / "config.cfg", {"training.max_steps": 2})
    assert train_on(gold, "zh", out=tmp_path / "n", scheme=SCHEME, recipe=again).steps == 2
    with pytest.raises(InputError, match="for language 'zh', the gold in 'en'"):
        train_on([annotated("en", 0)], "en", out=tmp_path / "m", scheme=SCHEME, recipe=recipe)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (('lang = "zh"', 'lang = "de"'), "for language 'de'; expected one of: en, zh"),
        (('pipeline = ["tok2vec", "ner"]', 'pipeline = ["tok2vec"]'), "has no component 'ner'; it has: tok2vec"),
        (("[components]", "[components"), "is not a configuration of spaCy"),
        (('factory = "tok2vec"', 'factory = "tok3vec"'), "the configuration cannot be used .*tok3vec"),
        (("dropout = 0.2", 'dropout = "much"'), "the configuration cannot be used"),
        (("[training]", "[hemu]\nepoch = 3\n[training]"), r"\[hemu\] has no 'epoch'; there are: epochs, "),
        (("[training]", "[hemu]\nbatch = 0\n[training]"), r"\[hemu\] batch = 0; expected a value like 8"),
    ],
)
def test_a_configuration_that_does_not_hold_is_refused_in_one_line(
    change: tuple[str, str], message: str, tmp_path: Path
) -> None:
    with pytest.raises(ModelError, match=message) as caught:
        make_pipeline(own_config(tmp_path, OWN.replace(*change, 1)))
    assert "\n" not in str(caught.value)
    assert "own.cfg" in str(caught.value)


def test_every_configuration_that_comes_with_hemu_is_one_of_spacy() -> None:
    assert set(shipped()) == {"en", "zh", "en_transformer", "zh_transformer"}
    with pytest.raises(InputError, match="expected a file, or one of: en, en_transformer"):
        read_recipe("fr")
    for name in shipped():
        recipe = read_recipe(name, {"hemu.epochs": 2})
        assert (recipe.lang, recipe.settings["epochs"]) == (name[:2], 2)
        if name.endswith("_transformer") and find_spec("spacy_transformers") is None:
            with pytest.raises(ModelError, match="needs spacy-transformers, which is not installed; run: pip install"):
                make_pipeline(recipe)
        else:
            nlp, training = make_pipeline(recipe)
            assert nlp.lang == recipe.lang
            assert training["dropout"] > 0


@pytest.mark.slow
@pytest.mark.skipif(find_spec("spacy_transformers") is None, reason="the extra transformers is not installed")
def test_a_transformer_learns_and_goes_on_after_an_interruption(tmp_path: Path) -> None:
    torch, transformers = import_module("torch"), import_module("transformers")
    base = tmp_path / "base"
    base.mkdir()
    gold = [annotated("zh", n) for n in range(6)]
    known = sorted(set("".join(document.text for document, _ in gold)) - {"\n"})
    (base / "vocab.txt").write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *known]) + "\n")
    torch.manual_seed(0)
    transformers.BertTokenizerFast(str(base / "vocab.txt")).save_pretrained(base)
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
    transformers.BertModel(transformers.BertConfig(vocab_size=len(known) + 5, **sizes)).save_pretrained(base)
    rate = "training.optimizer.learn_rate"
    recipe = read_recipe(
        "zh_transformer", {"paths.weights": str(base), f"{rate}.warmup_steps": 5, f"{rate}.initial_rate": 0.005}
    )

    def trained(name: str, **options: Any) -> TrainResult:
        return train_on(gold, "zh", out=tmp_path / name, scheme=SCHEME, recipe=recipe, max_steps=60, **options)

    trained("a")
    with pytest.raises(StopError):
        trained("b", checkpoints=Checkpoints(steps=20), progress=stop_after(50))
    assert trained("b").resumed == 40
    found = [list(predict(tmp_path / name, [d for d, _ in gold], scheme=SCHEME)) for name in "ab"]
    assert [layer.entities for layer in found[0]] == [layer.entities for layer in found[1]]
    assert score([layer for _, layer in gold], found[0]).all.entities.strict.f1 > 0.8
    assert weights(tmp_path / "a")["ner/model"] == weights(tmp_path / "b")["ner/model"]


def test_a_gpu_is_taken_where_there_is_one() -> None:
    from thinc.api import get_current_ops
    from thinc.compat import has_cupy_gpu

    with device("auto") as found:
        assert found == ("gpu 0" if has_cupy_gpu else "cpu")
    with device("none") as found:
        assert (found, get_current_ops().device_type) == ("cpu", "cpu")
    for wrong in ("2x", "-1", "gpu"):
        with pytest.raises(InputError, match="expected auto, none, or the number"), device(wrong):
            pass
    with pytest.raises(InputError, match="--gpu 99: .*") as caught, device("99"):
        pass
    assert "\n" not in str(caught.value)


def test_products_are_those_of_spacy_and_its_own_come_back() -> None:
    import spacy
    from thinc.api import Linear, NumpyOps

    nlp = spacy.blank("en")
    nlp.add_pipe("tok2vec")
    nlp.initialize()
    docs = [nlp.make_doc("He Ping met her in Yulin.")]
    model: Any = nlp.get_pipe("tok2vec").model  # type: ignore[attr-defined]
    before = model.predict(docs)[0]
    with fast_products(nlp):
        assert type(model.ops) is not NumpyOps
        numpy.testing.assert_allclose(model.predict(docs)[0], before, rtol=1e-4, atol=1e-5)
    assert {type(node.ops) for node in model.walk()} == {type(Linear().ops)}


def test_gold_of_others_is_learnt_first_without_copies_of_what_is_known(tmp_path: Path) -> None:
    workspace = workspace_of(tmp_path / "w", count=2)
    file = tmp_path / "public.jsonl"
    rows = [annotated(lang, number) for lang in LANGUAGES for number in (1, 2, 3)]
    document, layer = annotated("zh", 3)
    rows.append((replace(document, id="again.zh"), replace(layer, document="again.zh")))
    file.write_text("".join(dump_row(row_of(d, layer.entities, ())) + "\n" for d, layer in rows), encoding="utf-8")
    result = train(workspace, "zh", out=tmp_path / "m", public=[file], max_steps=1)
    assert (result.documents, result.public_documents) == (2, 2)
    assert [(skipped.what, skipped.why) for skipped in result.skipped] == [
        ("1.zh", "in public.jsonl: has the text of 1.zh, which is gold of the workspace"),
        ("again.zh", "in public.jsonl: has the text of 3.zh in public.jsonl"),
    ]
    # What is kept apart to judge by is not learnt from either.
    result = train(workspace, "zh", out=tmp_path / "m", public=[file], leave_out=frozenset({"1.zh"}), max_steps=1)
    assert {skipped.why for skipped in result.skipped} == {"in public.jsonl: stands in 1.zh, which is kept apart"}
    assert (len(result.skipped), result.public_documents) == (4, 0)
    # Without gold of one's own it is what there is.
    bare = Workspace.create(tmp_path / "bare")
    result = train(bare, "en", out=tmp_path / "m", public=[file], max_steps=1)
    assert (result.documents, result.public_documents, result.entities) == (3, 0, 15)


def test_what_is_left_out_is_named(tmp_path: Path) -> None:
    workspace = workspace_of(tmp_path / "w", count=2)
    document, layer = annotated("zh", 0)
    gone = replace(layer, document="gone.zh")
    workspace.append(GOLD, [replace(layer, sha="0" * 64), gone])
    result = train(workspace, "zh", out=tmp_path / "m", max_steps=1)
    assert result.documents == 1
    assert {skipped.what: skipped.why for skipped in result.skipped} == {
        "0.zh": "its text has changed since its layer 'gold' was made",
        "gone.zh": "has a layer 'gold', but is not in the workspace",
    }
    empty = Document("empty.zh", "", "zh", "")
    pairs = [(document, layer), (empty, Layer("empty.zh", empty.sha, "gold", "", ()))]
    result = train_on(pairs, "zh", out=tmp_path / "m", scheme=SCHEME, max_steps=1)
    assert result.skipped == [Skipped("empty.zh", "has no text")]
    strange = replace(layer, entities=tuple(replace(e, label="SHIP") for e in layer.entities))
    with pytest.raises(ModelError, match=r"0\.zh: an entity of the silver has the label 'SHIP'.*hemu migrate"):
        train_on(pairs, "zh", out=tmp_path / "m", scheme=SCHEME, silver=[(document, strange)])


def test_entities_that_overlap_are_counted_and_the_longest_is_taught() -> None:
    import spacy

    text = "He Ping of Yulin Steel came.\n He\n"
    document = Document("a", "", "en", text)

    def entity(start: int, end: int, label: str = "FIRM") -> Entity:
        return Entity(Span.of(text, start, end), label)

    entities = (entity(0, 7, "PERSON"), entity(11, 16, "PLACE"), entity(11, 22), entity(29, 32, "PERSON"))
    layer = Layer("a", document.sha, "combined", "", entities)
    made = make_examples(spacy.blank("en"), [(document, layer)], size=5)
    assert (made.entities, made.overlapping, made.misaligned) == (4, [("a", "Yulin")], [("a", " He")])
    assert [(e.text, e.label_) for x in made.examples for e in x.reference.ents] == [
        ("He Ping", "PERSON"),
        ("Yulin Steel", "FIRM"),
    ]
    with pytest.raises(ModelError, match="en, silver: 2 of 4 entities begin or end inside a token or overlap another"):
        check_budget(made, 0.4, "en, silver")


def test_too_much_that_cannot_be_taught_of_silver_or_public_gold_fails_too(tmp_path: Path) -> None:
    gold = [annotated("en", 0)]
    text = "ExampleNews.com wrote.\n"
    document = Document("bad", "", "en", text)
    bad = [(document, Layer("bad", document.sha, "gold", "", (Entity(Span.of(text, 0, 7), "ORG"),)))]
    for name in ("silver", "public"):
        with pytest.raises(ModelError, match=f"en, {name}: 1 of 1 entities begin or end inside a token"):
            train_on(gold, "en", out=tmp_path / "m", scheme=SCHEME, **{name: bad})  # type: ignore[arg-type]


def test_nothing_to_learn_from_is_said(tmp_path: Path) -> None:
    workspace = Workspace.create(tmp_path / "w")
    with pytest.raises(InputError, match="hemu adjudicate"):
        train(workspace, "en", out=tmp_path / "m")
    with pytest.raises(InputError, match="hemu adjudicate"):
        retrain(workspace)


def small_model(folder: Path, lang: Lang = "zh", steps: int = 1) -> Path:
    train_on([annotated(lang, n) for n in range(6)], lang, out=folder, scheme=SCHEME, max_steps=steps)
    return folder


FIND = """
import spacy, sys
nlp = spacy.load("zh_policy")
print([(e.text, e.label_) for e in nlp("何平称赞玉林钢铁。").ents])
"""


def installed(wheel: Path, folder: Path) -> dict[str, str]:
    """The environment of a program that finds the package of the wheel, unpacked as pip does."""
    with zipfile.ZipFile(wheel) as stored:
        stored.extractall(folder)
    return {**os.environ, "PYTHONPATH": str(folder)}


@pytest.mark.slow
def test_a_packaged_model_is_loaded_by_its_name(tmp_path: Path) -> None:
    model = small_model(tmp_path / "m", steps=60)
    made = package(
        model, tmp_path / "out", name="policy", version="1.0.0", licence="CC-BY-4.0", forms=["wheel", "sdist"]
    )
    assert (made.name, [file.suffix for file in made.files]) == ("zh_policy", [".whl", ".gz"])
    assert all(file.is_file() for file in made.files)
    assert made.requirements[0].startswith("hemu>=")
    assert made.requirements[1].startswith("spacy>=3.")
    environment = installed(made.files[0], tmp_path / "site")
    found = subprocess.run([sys.executable, "-c", FIND], env=environment, cwd=tmp_path, capture_output=True, text=True)
    assert found.stdout.strip() == "[('何平', 'PERSON'), ('玉林钢铁', 'FIRM')]", found.stderr
    meta = (tmp_path / "site" / "zh_policy-1.0.0.dist-info" / "METADATA").read_text(encoding="utf-8")
    assert "Requires-Dist: hemu>=" in meta
    assert "CC-BY-4.0" in meta
    with pytest.raises(InputError, match="is there already; give another --version, or --force"):
        package(model, tmp_path / "out", name="policy", version="1.0.0")


@pytest.mark.slow
def test_spacy_itself_packages_a_model(tmp_path: Path) -> None:
    model = small_model(tmp_path / "m", steps=60)
    (tmp_path / "out").mkdir()
    line = ["package", str(model), str(tmp_path / "out"), "--name", "policy", "--version", "1.2.0", "--build", "wheel"]
    # Where nothing can be fetched, spaCy builds without an environment of its own.
    offline = {**os.environ, "PIP_NO_INDEX": "1"}
    done = subprocess.run([sys.executable, "-m", "spacy", *line], env=offline, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    [wheel] = (tmp_path / "out" / "zh_policy-1.2.0" / "dist").glob("*.whl")
    environment = installed(wheel, tmp_path / "site")
    found = subprocess.run([sys.executable, "-c", FIND], env=environment, cwd=tmp_path, capture_output=True, text=True)
    assert found.stdout.strip() == "[('何平', 'PERSON'), ('玉林钢铁', 'FIRM')]", found.stderr


@pytest.mark.slow
def test_spacy_itself_trains_by_the_configuration(tmp_path: Path) -> None:
    recipe = read_recipe("zh")
    nlp, _ = make_pipeline(recipe)
    made = make_examples(nlp, [annotated("zh", n) for n in range(6)], size=recipe.settings["stretch"])
    write_docbin(made, tmp_path / "gold.spacy")
    config = Path(str(resources.files("models"))) / "configs" / "zh.cfg"
    paths = [x for name in ("train", "dev") for x in (f"--paths.{name}", str(tmp_path / "gold.spacy"))]
    line = [str(config), "-o", str(tmp_path / "out"), *paths, "--training.max_steps", "2", "--code", words.__file__]
    done = subprocess.run([sys.executable, "-m", "spacy", "train", *line], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert load_model(tmp_path / "out" / "model-last").pipe_names == ["hemu_words", "ner"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"name": "Policy News"}, "no name for a package"),
        ({"name": "a__b"}, "no name for a package"),
        ({"version": "one"}, "no version of a package; expected one such as 1.0.0"),
        ({"version": "1.0-2"}, "no version as packages write it; expected 1.0.post2"),
        ({"forms": ["egg"]}, "unknown form of a package; expected one of: wheel, sdist"),
    ],
)
def test_what_cannot_be_a_package_is_refused(options: dict[str, Any], message: str, tmp_path: Path) -> None:
    (tmp_path / "meta.json").write_text(json.dumps({"lang": "zh", "pipeline": ["ner"]}))
    with pytest.raises(ModelError, match=r"no package can be made of it \(config.cfg cannot be read\)"):
        package(tmp_path, tmp_path / "out")
    (tmp_path / "config.cfg").write_text("[nlp]")
    with pytest.raises(InputError, match=message):
        package(tmp_path, tmp_path / "out", **options)
    with pytest.raises(ModelError, match="no package can be made of it"):
        package(tmp_path, tmp_path / "out")


def test_a_folder_that_may_not_be_loaded_is_refused_before_it_is(tmp_path: Path) -> None:
    model = small_model(tmp_path / "m")
    meta = read_meta(model)
    assert labels_of(meta) == set(SCHEME.label_names)
    check_labels(["rules-zh", f"model:{model}"], SCHEME.label_names)
    with pytest.raises(ModelError, match=r"the scheme does not have \(OFFICIAL\); train it again"):
        check_labels([f"model:{model}"], set(SCHEME.label_names) - {"OFFICIAL"})
    (model / "meta.json").write_text(json.dumps({**meta, "hemu": {**meta["hemu"], "admitted": ["FIRM"]}}))
    check_labels([f"model:{model}"], ["FIRM"])

    for wanted, refused in (
        (">=2.3.0,<2.4.0", True),
        (">=4.0.0,<4.1.0", True),
        (">=3.7.2,<3.8.0", False),
        ("?", False),
    ):
        (model / "meta.json").write_text(json.dumps({**meta, "spacy_version": wanted}))
        if refused:
            with pytest.raises(ModelError, match="the model is for spaCy .* is installed; train it again"):
                read_meta(model)
        else:
            assert read_meta(model)["lang"] == "zh"
    (model / "meta.json").write_text(json.dumps(meta))
    for name in ("weights.pt", "vocab/strange"):
        (model / name).write_bytes(pickle.dumps({"a": 1}))
        with pytest.raises(ModelError, match=f"{name}: is a pickle, which can run any code"):
            read_meta(model)
        (model / name).unlink()
    for text in ("{", "[]", '{"lang": "zh"}'):
        (model / "meta.json").write_text(text)
        with pytest.raises(ModelError, match=r"meta\.json is not that of a spaCy model"):
            read_meta(model)
    with pytest.raises(
        ModelError, match="expected a folder that hemu train wrote, or the name of an installed package"
    ):
        read_meta(locate("no_such_package"))


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
