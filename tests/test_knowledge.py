"""The knowledge base: what the shipped files hold, how names are folded, and how they are found in a text."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.document import Lang
from corpus.errors import InputError
from corpus.knowledge import COLUMNS, LABELS, KnowledgeBase, fold, knowledge, read_entries

SCRIPT = Path(__file__).parent.parent / "scripts" / "make_knowledge.py"
HEADER = ",".join(COLUMNS)


# Rows of the tests leave out pinyin, as older files do.
SHORT = ",".join(column for column in COLUMNS if column != "pinyin")


def base(*rows: str) -> KnowledgeBase:
    return KnowledgeBase(read_entries("\n".join([SHORT, *rows]), "test"))


def script() -> Any:
    spec = importlib.util.spec_from_file_location("make_knowledge", SCRIPT)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def found(text: str, lang: Lang, kb: KnowledgeBase | None = None) -> list[str]:
    return [text[start:end] for start, end, _ in (kb or knowledge()).find(text, lang)]


def test_shipped_entries_are_many_and_well_formed() -> None:
    entries = knowledge().entries
    assert sum(entry.label == "PLACE" for entry in entries) > 5000
    assert sum(entry.source == "general knowledge" and entry.label != "PLACE" for entry in entries) > 2500
    assert {entry.label for entry in entries} == LABELS
    for entry in entries:
        assert entry.en or entry.zh, entry.id
        assert all(name and name == name.strip() for name in entry.en + entry.zh), entry
        assert not any(mark in name for name in entry.en + entry.zh for mark in '?|《》“”"'), entry
        assert knowledge().by_id(entry.id) is entry


@pytest.mark.parametrize(
    ("english", "chinese", "label"),
    [
        ("State Council", "国务院", "AGENCY"),
        ("Hangzhou", "杭州", "PLACE"),
        ("Zhejiang Province", "浙江省", "PLACE"),
        ("common prosperity", "共同富裕", "POLICY"),
        ("Belt and Road Initiative", "一带一路", "POLICY"),
        ("Bank of China", "中国银行", "FIRM"),
        ("Shanghai Stock Exchange", "上交所", "FIRM"),
        ("Peking University", "北京大学", "ORG"),
        ("Xi Jinping", "习近平", "OFFICIAL"),
        ("Ma Yun", "马云", "PERSON"),
        ("PBOC", "央行", "AGENCY"),
        ("Urumqi", "乌鲁木齐", "PLACE"),
    ],
)
def test_both_languages_lead_to_one_entry(english: str, chinese: str, label: str) -> None:
    ids = {entry.id for entry in knowledge().lookup(english, "en")}
    assert {entry.label for entry in knowledge().lookup(chinese, "zh") if entry.id in ids} == {label}


def test_traditional_names_lead_to_the_same_entry() -> None:
    assert knowledge().lookup("國務院", "zh") == knowledge().lookup("国务院", "zh")
    assert found("臺灣與廣東省", "zh") == ["臺灣", "廣東省"]


def test_longest_name_wins_in_chinese() -> None:
    assert found("中国银行和中国人民银行都在北京市。", "zh") == ["中国银行", "中国人民银行", "北京市"]


def test_english_names_end_at_word_boundaries_and_leave_out_the_possessive() -> None:
    assert found("Hangzhou’s mayor met the US-China delegation in Hangzhounese.", "en") == ["Hangzhou", "US", "China"]


def test_english_case_counts_except_for_names_written_without_capital() -> None:
    assert found("turkey and COMMON PROSPERITY and Common prosperity", "en") == [
        "COMMON PROSPERITY",
        "Common prosperity",
    ]


def test_datelines_in_capitals_are_places() -> None:
    assert found("HANGZHOU, May 3 - IT ROSE", "en") == ["HANGZHOU"]


def test_accents_apostrophes_and_blanks_are_folded_one_for_one() -> None:
    text = "Sa\u0303o Paulo, São Paulo, Xi’an, People‘s Bank\u00a0of\nChina"
    assert "São Paulo" in found(text, "en")
    assert "Xi’an" in found(text, "en")
    assert "People‘s Bank\u00a0of\nChina" in found(text, "en")


def test_latin_name_is_not_cut_out_of_a_chinese_text_with_longer_letters() -> None:
    kb = base("firm/abc,FIRM,,,ABC,,,,,x")
    assert found("看ABC和ABCD", "zh", kb) == ["ABC"]


def test_refused_match_gives_way_to_a_shorter_one() -> None:
    kb = base("a,PLACE,,,中国,,,,,x", "b,FIRM,,,中国银行,,,,,x")
    text = "中国银行业"
    matches = kb.find(text, "zh", lambda start, end, entries: entries[0].label == "PLACE")
    assert [text[start:end] for start, end, _ in matches] == ["中国"]


def test_question_mark_makes_a_name_unsure_and_is_no_part_of_it() -> None:
    entry = base("place/nice,PLACE,?Nice,Nizza,尼斯,,,,,x").entries[0]
    assert entry.en == ("Nice", "Nizza")
    assert entry.unsure("Nice")
    assert not entry.unsure("Nizza")


def test_blank_places_in_a_list_of_names_are_none() -> None:
    entry = base("org/elm,ORG,Elm Club,?Elms|,榆会,|?榆,,,,x").entries[0]
    assert (entry.en, entry.zh) == (("Elm Club", "Elms"), ("榆会", "榆"))
    assert entry.unsure("Elms")
    assert not entry.unsure("Elm Club")


def test_own_names_come_first_and_replace_shipped_ones(tmp_path: Path) -> None:
    file = tmp_path / "own.csv"
    file.write_text(
        f"# names of our group\n{SHORT}\nplace/digang,PLACE,Digang Village,,荻港村,,,,,own\n"
        "place/china,PLACE,Middle Kingdom,,中国,,,,,own\n",
        encoding="utf-8",
    )
    kb = knowledge(file)
    assert found("Digang Village", "en", kb) == ["Digang Village"]
    assert [entry.en for entry in kb.lookup("中国", "zh")] == [("Middle Kingdom",)]
    assert knowledge(tmp_path).by_id("place/digang") is not None


@pytest.mark.parametrize(
    "text",
    [
        "name,label\nx,PLACE",
        f"{HEADER}\nplace/x,TOWN,X,,,,,,,,x",
        f"{HEADER}\nplace/x,PLACE,X",
        f"{HEADER}\n,PLACE,X,,,,,,,,x",
    ],
)
def test_bad_files_are_refused_by_name(tmp_path: Path, text: str) -> None:
    file = tmp_path / "bad.csv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"bad\.csv"):
        knowledge(file)


def test_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.csv"):
        knowledge(tmp_path / "none.csv")


@given(st.text(st.characters(exclude_categories=())))
def test_folding_keeps_every_offset(text: str) -> None:
    assert len(fold(text)) == len(text)


@given(st.text(st.sampled_from("中国银行浙江省杭州市China Zhejiang'’İß\ud800\x00😀\r\n·.-"), max_size=60))
def test_matches_are_names_in_order_and_apart(text: str) -> None:
    for lang in ("en", "zh"):
        last = 0
        for start, end, entries in knowledge().find(text, lang):
            assert last <= start < end <= len(text)
            assert entries
            last = end


def test_fill_completes_a_row_written_by_hand(tmp_path: Path) -> None:
    make_knowledge = script()
    file = tmp_path / "general_test.csv"
    file.write_text(f"# own\n{SHORT}\n,PLACE,Digang Village,,荻港村,?荻港,,,,\n", encoding="utf-8")
    assert make_knowledge.fill(file) == 1
    [entry] = read_entries(file.read_text(encoding="utf-8"), "test")
    assert (entry.id, entry.source, entry.zh) == ("place/digang-village", "general knowledge", ("荻港村", "荻港"))
    assert entry.pinyin == ("Digangcun", "Digang") or entry.pinyin == ("Digang Cun", "Digang")
    before = file.read_text(encoding="utf-8")
    make_knowledge.fill(file)
    assert file.read_text(encoding="utf-8") == before


def test_importing_is_cheap() -> None:
    code = "import sys, corpus.knowledge as k; k.knowledge(); assert not {'jieba', 'opencc', 'pypinyin', 'spacy'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("text", ["a U.S.", "They left for China", "Wuhan", "the Bank of China"])
def test_a_name_that_ends_the_text_ends_with_it(text: str) -> None:
    ends = [end for _, end, _ in knowledge().find(text, "en")]
    assert ends == [len(text)]
