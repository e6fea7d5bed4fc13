"""The labelling configuration and the instruction that are made from a label scheme."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import pytest

from annotators.studio import config, server
from corpus.document import LANGUAGES, Lang
from corpus.scheme import Label, Scheme, load_scheme

SCHEME = load_scheme()


def tree(scheme: Scheme = SCHEME, langs: tuple[Lang, ...] = LANGUAGES) -> ET.Element:
    return ET.fromstring(config.labeling_config(scheme, langs))


def named(root: ET.Element, name: str) -> ET.Element:
    return next(element for element in root.iter() if element.get("name") == name)


def test_both_languages_stand_side_by_side_in_order() -> None:
    columns = [text.get("value") for text in tree().iter("Text")]
    assert columns == ["$text_en", "$text_zh"]
    assert [text.get("granularity") for text in tree().iter("Text")] == ["symbol", "symbol"]


def test_one_language_has_one_text_and_no_controls_of_the_other() -> None:
    root = tree(langs=("zh",))
    assert [text.get("name") for text in root.iter("Text")] == ["zh"]
    assert not [e.get("name") for e in root.iter() if (e.get("name") or "").endswith("_en")]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_labels_store_the_scheme_name_and_show_both_names(lang: Lang) -> None:
    labels = list(named(tree(), f"label_{lang}"))
    assert [label.get("alias") for label in labels] == [*SCHEME.label_names, "CLAIM"]
    firm = labels[2]
    assert {"Firm", "企业"} == set((firm.get("html") or "").split())
    assert firm.get("value") == ("Firm" if lang == "en" else "企业")
    assert "state-owned" in (firm.get("hint") or "")
    assert "国有企业" in (firm.get("hint") or "")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_no_hotkey_means_two_things_in_one_text(lang: Lang) -> None:
    keys = [
        child.get("hotkey")
        for control in tree().iter()
        if (control.get("name") or "").endswith(f"_{lang}")
        for child in control
        if child.get("hotkey")
    ]
    assert len(keys) == len(set(keys)) == 8 + 6 + 3 + 1


def test_every_choice_has_a_hotkey_of_its_own_or_sits_in_a_taxonomy() -> None:
    """Label Studio gives the others a key, which then also acts on marks while the choice is out of sight."""
    without = {
        choice.get("alias") for choices in tree().iter("Choices") for choice in choices if not choice.get("hotkey")
    }
    assert without == set()
    areas = {choice.get("alias") for choice in named(tree(), "area_zh")}
    assert areas == {area.name for area in SCHEME.policy_areas}


def test_attributes_belong_to_claims_only() -> None:
    for control in tree().iter():
        if control.get("perRegion"):
            assert control.get("whenLabelValue") == "CLAIM", control.get("name")
    panels = [view for view in tree().iter("View") if view.get("visibleWhen") == "region-selected"]
    assert [panel.get("whenTagName") for panel in panels] == ["label_en", "label_zh"]


def test_type_and_stance_are_required() -> None:
    required = {e.get("name") for e in tree().iter() if e.get("required") == "true"}
    assert required == {"type_en", "type_zh", "stance_en", "stance_zh"}


def test_relations() -> None:
    assert [relation.get("value") for relation in tree().iter("Relation")] == [
        "claimant 主张者",
        "about 涉及",
        "same_as 同指",
    ]


def test_what_a_group_writes_into_its_scheme_is_escaped() -> None:
    odd = Label('R&D"<', 'R&D "<b>"', "研发 & 'x'", "#123456", "x", 'a < b & "c"\nd', "甲<乙")
    root = tree(replace(SCHEME, labels=(odd,)))
    label = next(iter(named(root, "label_en")))
    assert label.get("alias") == 'R&D"<'
    assert label.get("value") == 'R&D "<b>"'
    assert label.get("hint") == 'a < b & "c"\nd\n甲<乙'
    # This one is shown as HTML, so that the signs are escaped once more.
    assert label.get("html") == "R&amp;D &quot;&lt;b&gt;&quot; 研发 &amp; &#x27;x&#x27;"
    assert "<b>&quot;" not in config.instruction(replace(SCHEME, labels=(odd,)))


def test_the_style_has_no_child_combinator() -> None:
    """Label Studio escapes its sign, and the rule then says nothing."""
    style = next(tree().iter("Style")).text or ""
    assert "hemu-bar" in style
    assert ">" not in style


def test_the_configuration_follows_the_scheme_and_nothing_else() -> None:
    assert config.labeling_config(SCHEME) == config.labeling_config(SCHEME)
    other = replace(SCHEME, labels=(*SCHEME.labels, Label("EVENT", "Event", "事件", "#000000", "9")))
    assert config.labeling_config(other) != config.labeling_config(SCHEME)


def test_label_studio_s_own_parser_takes_it() -> None:
    from label_studio_sdk.label_interface import LabelInterface

    interface = LabelInterface(config.labeling_config(SCHEME))
    interface.validate()
    assert set(interface.get_control("label_zh").labels) >= {"OFFICIAL", "CLAIM"}


def test_the_instruction_explains_every_label_in_both_languages() -> None:
    text = config.instruction(SCHEME)
    for label in (*SCHEME.labels, SCHEME.claim):
        assert label.guideline_en in text
        assert label.guideline_zh in text
    for relation in SCHEME.relations:
        assert config.relation_value(relation) in text


def test_the_pinned_label_studio_is_the_tested_one() -> None:
    pins = (Path(__file__).parent.parent / "requirements" / "studio.in").read_text(encoding="utf-8").split()
    assert f"label-studio=={server.VERSION}" in pins
