"""The general English model with its labels mapped, and models that hemu has trained."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from annotators.model import map_entities, trained
from annotators.registry import make
from corpus.document import Document, Group, Item, Segments
from corpus.errors import ModelError
from corpus.scheme import load_scheme


def group_of(*documents: Document) -> Group:
    return Group(tuple(Item(d, Segments(d.id, d.sha, ())) for d in documents))


def mapped(text: str) -> dict[str, str]:
    return {entity.span.surface: entity.label for entity in map_entities(text)}


def test_labels_are_mapped_by_head_words() -> None:
    text = (
        "In Canada, the Ministry of Finance met Goldman Sachs Group and the University of Toronto. "
        "John Smith visited the European Commission in Brussels."
    )
    assert mapped(text) == {
        "Canada": "PLACE",
        "Ministry of Finance": "AGENCY",
        "Goldman Sachs Group": "FIRM",
        "University of Toronto": "ORG",
        "John Smith": "PERSON",
        "European Commission": "AGENCY",
        "Brussels": "PLACE",
    }


def test_edges_are_clean() -> None:
    text = "She left the United States for Canada's Yukon. Officials from the United Nations’ office flew to Paris, France."
    for entity in map_entities(text):
        surface = entity.span.surface
        assert not surface.lower().startswith("the ")
        assert not surface.endswith(("'s", "’s", "’", ",", "."))
        assert "," not in surface
    assert {"United States", "Canada", "Paris", "France"} <= set(mapped(text))


def test_demonyms_dates_and_acronyms_of_things_are_not_marked() -> None:
    assert mapped("On Tuesday, the Chinese economy grew and GDP rose by 5 percent, while CPI fell in May.") == {}


def test_nothing_is_marked_inside_the_title_of_an_event() -> None:
    assert mapped("Ministers opened the China International Import Expo on Monday.") == {}


def test_a_place_known_in_the_text_is_marked_everywhere() -> None:
    text = (
        "Rain fell in Germany and in France. Germany said so.\nRain Falls Over Large Parts of Germany\nGermany waits."
    )
    assert sum(entity.span.surface == "Germany" for entity in map_entities(text)) == text.count("Germany")


@pytest.mark.parametrize("text", ["", "  \n", "\x00", "\ud800 Paris", "Paris\r\nFrance", "😀 Paris 😀", "(((", "''s"])
def test_odd_text_does_no_harm(text: str) -> None:
    for entity in map_entities(text):
        assert text[entity.start : entity.end] == entity.span.surface


def test_annotator_leaves_out_chinese() -> None:
    english = Document("a.en", "a", "en", "She lives in Paris.")
    annotator = make("spacy-en")
    layers = annotator.annotate(group_of(english, Document("a.zh", "a", "zh", "她住在巴黎。")))
    assert [(layer.document, layer.source, layer.sha) for layer in layers] == [("a.en", "spacy-en", english.sha)]
    assert layers[0].version == annotator.version
    assert {entity.label for entity in layers[0].entities} <= set(load_scheme().label_names)


def save_model(folder: Path, lang: str, labels: list[str]) -> Path:
    """An untrained model in a folder: it marks something or nothing, but it loads."""
    import spacy

    nlp = spacy.blank(lang)
    ner = nlp.add_pipe("ner")
    for label in labels:
        ner.add_label(label)  # type: ignore[attr-defined]
    nlp.initialize()
    nlp.to_disk(folder)
    return folder


def save_ruler(folder: Path, lang: str, patterns: dict[str, str]) -> Path:
    """A model whose entities are known: rules under the name that a trained recogniser has."""
    import spacy

    nlp = spacy.blank(lang)
    ruler = nlp.add_pipe("entity_ruler", name="ner")
    ruler.add_patterns([{"label": label, "pattern": text} for text, label in patterns.items()])  # type: ignore[attr-defined]
    nlp.to_disk(folder)
    return folder


def test_trained_chinese_model(tmp_path: Path) -> None:
    path = save_ruler(tmp_path / "zh-1", "zh", {"云洲市": "PLACE", "国务院": "AGENCY"})
    model = make(f"model:{path}")
    text = "国务院说，云洲市很好。\n" * 400
    [layer] = model.annotate(group_of(Document("a.zh", "", "zh", text), Document("b.en", "", "en", "Paris.")))
    assert (layer.document, layer.source, layer.version) == ("a.zh", "model", model.version)
    # Every line, though the text is read in stretches.
    assert [e.span.surface for e in layer.entities] == ["国务院", "云洲市"] * 400
    assert all(text[e.start : e.end] == e.span.surface and 0 < e.score < 1 for e in layer.entities)


def test_trained_model_reads_whole_sentences(tmp_path: Path) -> None:
    model = trained(str(save_ruler(tmp_path / "en-1", "en", {"Water Bureau": "AGENCY"})))
    sentence = "The Water Bureau of the town agreed to it. "
    text = sentence * 200
    ends = [(i * len(sentence), (i + 1) * len(sentence) - 1) for i in range(200)]
    document = Document("a", "", "en", text)
    assert len(model.entities(text, Segments("a", document.sha, tuple(ends)))) == 200


def test_trained_model_survives_odd_text(tmp_path: Path) -> None:
    model = trained(str(save_ruler(tmp_path / "en-1", "en", {"Paris": "PLACE"})))
    assert model.entities("") == ()
    assert [e.start for e in model.entities("\ud800 Paris \x00 😀 Paris")] == [2, 12]


def test_version_follows_folder_and_meta(tmp_path: Path) -> None:
    one = trained(str(save_model(tmp_path / "one", "en", ["PLACE"])))
    two = trained(str(save_model(tmp_path / "two", "en", ["PLACE"])))
    assert one.version != two.version
    assert one.version == trained(str(tmp_path / "one")).version


def test_a_model_trained_again_in_the_same_folder_is_loaded_anew(tmp_path: Path) -> None:
    first = trained(str(save_ruler(tmp_path / "m", "en", {"Paris": "PLACE"})))
    second = trained(str(save_ruler(tmp_path / "m", "en", {"Lyon": "PLACE"})))
    assert [e.span.surface for e in second.entities("Paris or Lyon")] == ["Lyon"]
    assert first.version != second.version


def message(path: Path) -> str:
    with pytest.raises(ModelError) as caught:
        trained(str(path))
    text = str(caught.value)
    assert "\n" not in text
    assert str(path) in text
    return text


def test_no_model(tmp_path: Path) -> None:
    assert "meta.json" in message(tmp_path / "nothing")
    assert "meta.json" in message(tmp_path)


def test_broken_meta(tmp_path: Path) -> None:
    (tmp_path / "meta.json").write_text("{", encoding="utf-8")
    assert "meta.json" in message(tmp_path)
    (tmp_path / "meta.json").write_text("[1]", encoding="utf-8")
    assert "meta.json" in message(tmp_path)


def test_model_of_another_language(tmp_path: Path) -> None:
    assert "'de'" in message(save_model(tmp_path / "de", "de", ["PLACE"]))


def test_model_without_entities(tmp_path: Path) -> None:
    import spacy

    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    nlp.to_disk(tmp_path / "plain")
    assert "sentencizer" in message(tmp_path / "plain")


def test_only_the_labels_that_were_admitted_are_proposed(tmp_path: Path) -> None:
    folder = save_model(tmp_path / "some", "en", ["FIRM", "PLACE"])
    assert trained(str(folder)).labels == {"FIRM", "PLACE"}
    meta = json.loads((folder / "meta.json").read_text())
    (folder / "meta.json").write_text(json.dumps({**meta, "hemu": {"admitted": ["PLACE"]}}))
    assert trained(str(folder)).labels == {"PLACE"}


def test_half_a_model(tmp_path: Path) -> None:
    meta = {"lang": "en", "pipeline": ["ner"], "name": "x", "version": "1"}
    (tmp_path / "meta.json").write_text(json.dumps(meta), encoding="utf-8")
    assert "cannot be loaded" in message(tmp_path)


def test_an_installed_package_is_taken_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = tmp_path / "en_hemu_model_of_test" / "en_hemu_model_of_test-1.2.0"
    data.parent.mkdir()
    save_ruler(data, "en", {"Paris": "PLACE"})
    (data.parent / "meta.json").write_bytes((data / "meta.json").read_bytes().replace(b'"0.0.0"', b'"1.2.0"'))
    monkeypatch.syspath_prepend(str(tmp_path))
    model = make("model:en_hemu_model_of_test")
    assert [layer.entities[0].label for layer in model.annotate(group_of(Document("a", "", "en", "In Paris.")))] == [
        "PLACE"
    ]


def test_a_model_whose_labels_do_not_fit_the_scheme_is_refused(tmp_path: Path) -> None:
    folder = save_ruler(tmp_path / "m", "en", {"Paris": "CITY"})
    source = tmp_path / "in.jsonl"
    source.write_text(json.dumps({"id": "a", "lang": "en", "text": "In Paris."}) + "\n")
    line = [sys.executable, "-m", "corpus.cli", "annotate", str(source), str(tmp_path / "out"), "-a", f"model:{folder}"]
    done = subprocess.run(line, capture_output=True, text=True)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "labels that the scheme does not have (CITY)" in done.stderr
