"""Rules for English names: cases by class of rule, and texts that must not break them."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotators import light
from annotators.registry import make
from annotators.rules.english import find_entities, silent_spans
from annotators.rules.english_edges import pieces_of, trimmed
from annotators.rules.english_heads import label_of_name
from annotators.rules.english_mentions import acronyms
from annotators.rules.english_pinyin import is_chinese_name, surname_of
from annotators.rules.english_text import Mention, split_words
from corpus.document import Document, Group, Item, Segments
from corpus.scheme import load_scheme

CASES = json.loads((Path(__file__).parent / "cases" / "rules_english.json").read_text(encoding="utf-8"))
MARK = re.compile(r"\[([^\[\]|]+)\|([A-Z]+)\]")


def unmarked(marked: str) -> tuple[str, list[tuple[int, int, str]]]:
    """The text of a case, and the spans that it marks as [surface|LABEL]."""
    spans: list[tuple[int, int, str]] = []
    text, end = "", 0
    for match in MARK.finditer(marked):
        text += marked[end : match.start()]
        spans.append((len(text), len(text) + len(match.group(1)), match.group(2)))
        text, end = text + match.group(1), match.end()
    return text + marked[end:], spans


def found(text: str) -> list[tuple[str, str]]:
    return [(entity.span.surface, entity.label) for entity in find_entities(text)]


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(
            c, id=c["comment"], marks=[pytest.mark.xfail(strict=True, reason=c["known"])] if "known" in c else []
        )
        for c in CASES
    ],
)
def test_case(case: dict[str, str]) -> None:
    """What the rules mark is right; places without a head word may be left to the gazetteer and the model."""
    text, wanted = unmarked(case["text"])
    got = [(e.start, e.end, e.label) for e in find_entities(text)]
    headless = {span for span in wanted if span[2] == "PLACE" and label_of_name(text[span[0] : span[1]]) is None}
    assert [s for s in got if s not in headless] == [s for s in wanted if s not in headless]


def test_annotator_writes_layers_of_english_documents_only() -> None:
    documents = [
        Document("a.en", "a", "en", "The Linhai Water Bureau agreed."),
        Document("a.zh", "a", "zh", "临海水务局同意。"),
    ]
    group = Group(tuple(Item(d, Segments(d.id, d.sha, ())) for d in documents))
    rules = make("rules-en")
    layers = rules.annotate(group)
    assert [(layer.document, layer.source, layer.version, layer.sha) for layer in layers] == [
        ("a.en", "rules-en", rules.version, documents[0].sha)
    ]
    assert [(e.span.surface, e.label, e.source) for e in layers[0].entities] == [
        ("Linhai Water Bureau", "AGENCY", "rules-en")
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n\t ",
        "\x00\x00",
        "\ud800 Premier Zhao Wenbo\udfff",
        "Premier\r\nZhao Wenbo\r\n\r\nof the Ministry of\r\nFinance",
        "😀 Mayor 😀 Zhao Wenbo 😀, Linhai 😀 Bureau",
        "'s 's the of of The Of and And, , , (((",
        "A. B. C. D., E. F. of the G. H.-I. J/K–L",
        "İSTANBUL Bureau of İ",
        "By\nPhoto:\nReporters:",
        "Ltd. Co., Inc.",
        "中文里的 Ministry of Finance 和“一带一路”",
    ],
)
def test_odd_text_does_no_harm(text: str) -> None:
    for entity in find_entities(text):
        assert text[entity.start : entity.end] == entity.span.surface
        assert entity.span.surface.strip() == entity.span.surface
    silent_spans(text)


PIECES = st.sampled_from(
    ["Premier", "Zhao Wenbo", "Ministry of", "the", "Finance", ",", " ", "\n", "'s", "and", "(", ")", "Ltd.", "US-China",
     "“", "”", "policy", "Party", "of the", "Linhai", "County", "-based", "July 3", "(Xinhua)", "--", ".", "😀", "He"]
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.lists(PIECES, max_size=14).map(" ".join))
def test_entities_are_apart_in_order_and_in_the_scheme(text: str) -> None:
    entities = find_entities(text)
    labels = set(load_scheme().label_names)
    end = 0
    for entity in entities:
        assert entity.start >= end
        assert entity.label in labels
        assert 0 < entity.score <= 1
        assert text[entity.start : entity.end] == entity.span.surface
        end = entity.end


@given(st.text(max_size=60))
def test_words_lie_in_the_text(text: str) -> None:
    end = 0
    for word in split_words(text):
        assert word.start >= end
        assert text[word.start : word.end] == word.text
        end = word.end
    covered = {i for word in split_words(text) for i in range(word.start, word.end)}
    assert covered >= {i for i, character in enumerate(text) if character.isalnum()}


def test_same_name_is_marked_everywhere() -> None:
    text = "The Linhai Water Bureau waits. Nobody told the Linhai Water Bureau.\nLinhai Water Bureau: no word"
    assert [label for _, label in found(text)] == ["AGENCY"] * 3


def test_silent_spans_are_titles_of_events() -> None:
    text = "Ministers opened the Linhai Silk Expo."
    assert [text[a:b] for a, b in silent_spans(text)] == ["Linhai Silk Expo"]


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("Ministry of Finance", "AGENCY"),
        ("Linhai Normal University", "ORG"),
        ("Fanglin Electronics Co", "FIRM"),
        ("Qinghe County", "PLACE"),
        ("Clean Rivers Act", "POLICY"),
        ("Linhai Silk Expo", "NONE"),
        ("People's Republic of Westmoor", "PLACE"),
        ("Statistics Division of Oakbridge Bank", "FIRM"),
        ("Ministry", None),
        ("Zebrona", None),
        ("", None),
    ],
)
def test_label_of_name(name: str, label: str | None) -> None:
    assert label_of_name(name) == label


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("Zhang Xiaoyun", True),
        ("Ouyang Min", True),
        ("Xi'an Road", False),
        ("Lin Yue-e", True),
        ("Mary Cheung Kin-man", True),
        ("Helen Marsh", False),
        ("Hong Kong", False),
        ("Zhang", False),
    ],
)
def test_chinese_names_by_their_shape(name: str, answer: bool) -> None:
    assert is_chinese_name(name.split()) is answer


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("Zhang Xiaoyun", ("Zhang",)),
        ("Helen Marsh", ("Marsh",)),
        ("Joost van Rijn", ("van Rijn", "Rijn")),
        ("Mary Cheung Kin-man", ("Cheung", "Cheung Kin-man")),
        ("Henry Norcott Jr", ("Norcott",)),
        ("Zhang", ()),
    ],
)
def test_short_forms_of_persons(name: str, short: tuple[str, ...]) -> None:
    assert surname_of(name) == short


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("the Linhai Daily", "Linhai Daily"),
        ("“Linhai Daily”", "Linhai Daily"),
        ("Linhai's", "Linhai"),
        ("Linhai’s,", "Linhai"),
        ("Premier Zhao Wenbo", "Zhao Wenbo"),
        ("Fanglin Network Ltd.", "Fanglin Network Ltd."),
        ("the U.S.", "U.S."),
        ("in Linhai.", "in Linhai"),
        ("The", "The"),
        ("“”", ""),
    ],
)
def test_edges(text: str, kept: str) -> None:
    start, end = trimmed(text, 0, len(text))
    assert text[start:end] == kept


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("Digou Village, Linhai", ["Digou Village", "Linhai"]),
        ("Flood Headquarters in Linhai", ["Flood Headquarters", "Linhai"]),
        ("US Embassy in Peru", ["US Embassy in Peru"]),
        ("Culture, Sports and Tourism Bureau", ["Culture, Sports and Tourism Bureau"]),
        ("Fanglin Co., Ltd.", ["Fanglin Co., Ltd."]),
        ("China/Japan", ["China", "Japan"]),
        ("Lada-Konefal", ["Lada-Konefal"]),
    ],
)
def test_pieces(text: str, pieces: list[str]) -> None:
    assert [text[a:b] for a, b in pieces_of(text, 0, len(text))] == pieces


def test_acronym_of_a_person_is_none() -> None:
    text = "Zhang Xiaoyun (ZX) and the Linhai Water Authority (LWA)"
    mentions = [Mention(0, 13, "PERSON"), Mention(27, 49, "AGENCY")]
    assert acronyms(text, mentions) == {"LWA": "AGENCY"}


def test_a_quoted_programme_is_marked_without_blanks() -> None:
    text = "The city began its \u201cgreen roofs \u201d campaign."
    assert [e.span.surface for e in find_entities(text)] == ["green roofs"]


HOSTILE = [
    "1st " * 3000 + "Army came.",
    "The " + "Culture, " * 3000 + "Sports and Tourism Bureau said so.",
    "He said “the one” " * 6000,
    "the Party said. " * 12000,
    "Peru Signs Trade Deal With Norway Again\n" * 6000,
    "The Secretary of State met Ana Brill. " * 6000,
    "".join(f"The Clean Rivers {chr(65 + n % 26)}{n} Agency (CRA) met its director. " for n in range(4000)),
]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: text[:24])
def test_hostile_texts_take_linear_time(text: str) -> None:
    with light.reading():
        began = time.monotonic()
        find_entities(text)
    # A few seconds here; what is quadratic takes minutes, and what calls itself for each word breaks.
    assert time.monotonic() - began < 20
