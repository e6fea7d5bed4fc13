"""Pinyin: readings of places and surnames, words as names are written, and the column of the shipped files."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.knowledge import knowledge
from corpus.pinyin import fits, pinyin, place_pinyin, plain, spellings

FOLDER = Path(__file__).parent.parent / "corpus" / "data" / "knowledge"


def shipped() -> Iterator[dict[str, str]]:
    for path in sorted(FOLDER.glob("*.csv")):
        lines = path.read_text(encoding="utf-8").splitlines()
        yield from csv.DictReader(line for line in lines if not line.startswith("#"))


@pytest.mark.parametrize(
    ("name", "spelling"),
    [
        ("中国人民银行", "Zhongguo Renmin Yinhang"),
        ("共同富裕", "Gongtong Fuyu"),
        ("重庆银行", "Chongqing Yinhang"),
        ("长沙市", "Changsha Shi"),
        ("六安市人民政府", "Lu'an Shi Renmin Zhengfu"),
        ("厦门大学", "Xiamen Daxue"),
        ("国家发展和改革委员会", "Guojia Fazhan he Gaige Weiyuanhui"),
        ("吕梁市", "Lüliang Shi"),
        ("TCL科技", "TCL Keji"),
        ("Temu", ""),
    ],
)
def test_names_are_spelt_in_words(name: str, spelling: str) -> None:
    assert pinyin(name) == spelling


@pytest.mark.parametrize(
    ("name", "english", "spelling"),
    [
        ("单小禾", [], "Shan Xiaohe"),
        ("解小禾", [], "Xie Xiaohe"),
        ("曾小禾", [], "Zeng Xiaohe"),
        ("仇小禾", [], "Qiu Xiaohe"),
        ("欧阳小禾", [], "Ouyang Xiaohe"),
        ("马克龙", ["Emmanuel Macron"], "Makelong"),
        ("文在寅", ["Moon Jae-in"], "Wen Zaiyin"),
        ("安娜·托夫", ["Anna Tov"], "Anna Tuofu"),
        ("乐小禾", ["Yue Xiaohe"], "Yue Xiaohe"),
    ],
)
def test_persons_are_surname_and_given_name(name: str, english: list[str], spelling: str) -> None:
    assert pinyin(name, english, person=True) == spelling


def test_places_have_their_own_readings() -> None:
    names = ["蚌埠", "莆田", "邳州", "番禺", "犍为", "长治", "长子", "都匀", "佛冈", "单县"]
    assert [place_pinyin(name) for name in names] == [
        "Bengbu", "Putian", "Pizhou", "Panyu", "Qianwei", "Changzhi", "Zhangzi", "Duyun", "Fogang", "Shanxian",
    ]  # fmt: skip


def test_every_chinese_name_that_is_shipped_has_pinyin_that_fits() -> None:
    checked = 0
    for number, row in enumerate(shipped()):
        if number % 7:
            continue
        spelt = row["pinyin"].split("|") if row["pinyin"] else []
        names = [name.removeprefix("?") for name in (row["zh"], *row["zh_aliases"].split("|")) if name]
        assert all(any(fits(spelling, name) for name in names) for spelling in spelt), row["id"]
        han = [name for name in names if any("\u4e00" <= c <= "\u9fff" for c in name)]
        assert all(any(fits(spelling, name) for spelling in spelt) for name in han), row["id"]
        checked += len(han)
    assert checked > 3000


def test_the_shipped_column_is_what_the_script_makes() -> None:
    stale = [
        row["id"]
        for number, row in enumerate(shipped())
        if number % 5 == 2 and row["pinyin"] != "|".join(spellings(row))
    ]
    assert stale == [], "run scripts/make_knowledge.py"


def test_the_column_is_taken_apart_when_asked_for() -> None:
    [entry] = knowledge().lookup("中国人民银行", "zh")
    assert entry.spelling.startswith("Zhongguo Renmin Yinhang|")
    assert entry.pinyin[0] == "Zhongguo Renmin Yinhang"


def test_tones_blanks_and_u_do_not_count() -> None:
    assert plain("Lǚliáng") == plain("lv liang") == plain("Lyuliang") == "luliang"
    assert fits("xī ān", "西安")
    assert not fits("Beijing", "重庆")


@given(st.text(st.sampled_from("中国重庆长单和·A1 '?\ud800😀"), max_size=12))
def test_any_name_can_be_spelt(name: str) -> None:
    assert fits(pinyin(name), name) or not pinyin(name)
    assert isinstance(pinyin(name, person=True), str)


def test_only_yu_behind_l_and_n_loses_its_y() -> None:
    assert fits("Kunyuan", "坤元")
    assert fits("Kunüan", "坤元")
    assert not fits("Anjing", "燕京")
    assert not fits("Jin'an", "金燕")


def test_traditional_names_are_spelt_as_the_simplified_ones() -> None:
    assert pinyin("國家發展和改革委員會") == pinyin("国家发展和改革委员会") == "Guojia Fazhan he Gaige Weiyuanhui"
