"""Language by text and by name."""

import itertools
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.document import Lang
from corpus.language import (
    contradicts,
    detect_language,
    language_of_folder,
    language_of_name,
    other_language,
    runs,
    split_name,
)


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        ("The county opened a clinic.", "en"),
        ("县里新开了一家诊所。", "zh"),
        ("Premier calls 共同富裕 (common prosperity) a long road", "en"),
        ("华为与Nokia在NB-IoT上合作", "zh"),
        # Names in Latin letters, however many, leave a Chinese headline Chinese.
        ("Lexon Aria 7 Max Ultra 上市", "zh"),
        ("Lexon、Orvex与Tamrin Motors合资", "zh"),
        ("Lexon官网www.lexon-motors.example.com/new-cars上线", "zh"),
        # A gloss leaves an English one English.
        ("County Drops Fees for Rural Clinics (乡村诊所)", "en"),
        ("Mayor opens 文化宫 today", "en"),
        ("Linxia's 新桥 problem", "en"),
        ("How 小吃 won", "en"),
        ("(共同富裕)", "zh"),
        ("《》，。", "zh"),
        ("12,800", "en"),
        ("", "en"),
        ("\ud800", "en"),
    ],
)
def test_detected(text: str, lang: str) -> None:
    assert detect_language(text) == lang


@pytest.mark.parametrize(
    ("name", "base", "lang"),
    [
        ("rents.en.txt", "rents", "en"),
        ("rents.zh.txt", "rents", "zh"),
        ("rents_zh-CN.md", "rents", "zh"),
        ("rents-en", "rents", "en"),
        ("rents.zh_Hant_TW.txt", "rents", "zh"),
        ("rents.EN.TXT", "rents", "en"),
        ("rents.txt", "rents.txt", None),
        ("women.txt", "women.txt", None),
        ("en.txt", "en.txt", None),
        ("open-en-data.txt", "open-en-data.txt", None),
    ],
)
def test_name(name: str, base: str, lang: str | None) -> None:
    assert split_name(name) == (base, lang)
    assert language_of_name(name) == lang


def test_folders() -> None:
    assert [language_of_folder(name) for name in ("zh-CN", "English", "中文", "news")] == ["zh", "en", "zh", None]


def test_contradicts_only_what_is_plain() -> None:
    assert contradicts("The county opened a clinic.", "zh")
    assert contradicts("县里新开了一家诊所。", "en")
    # A Chinese headline about a product may hold more Latin words than Han characters.
    assert not contradicts("iPhone 15 Pro Max 发布", "zh")
    assert not contradicts("2024", "zh")


def switches(text: str, lang: Lang) -> list[str]:
    return [text[start:end] for start, end, other in runs(text, lang) if other != lang]


@pytest.mark.parametrize(
    ("text", "lang", "expected"),
    [
        # A quoted sentence, with its marks.
        (
            "店主说：“We built it in a year, and we are proud of it.”说完便离开了。",
            "zh",
            ["“We built it in a year, and we are proud of it.”"],
        ),
        (
            "他写道The county was never rich and it never will be，然后搁笔。",
            "zh",
            ["The county was never rich and it never will be"],
        ),
        # A gloss inside the English does not end it.
        (
            "他说：“We call it the bridge（大桥） because it is one.”",
            "zh",
            ["“We call it the bridge（大桥） because it is one.”"],
        ),
        ("She told us: “我们不会再回到海上去了。” Then she left.", "en", ["“我们不会再回到海上去了。”"]),
        # A name inside the Chinese does not end it.
        ("He said “他在Lexon工作了十年，现在不想走了。” and left.", "en", ["“他在Lexon工作了十年，现在不想走了。”"]),
        # Names, titles, terms and glosses.
        ("临夏信息中心（Information Centre of the County of Linxia and the Valley）说", "zh", []),
        ("她爱读《We Are All Going to the Sea》这本书。", "zh", []),
        ("产品名为The North and South of the Valley Pro。", "zh", []),
        ("The slogan (大桥是我们大家的大桥) is everywhere.", "en", []),
        ("The county issued 《关于我们在乡村修建大桥的意见》 in July.", "en", []),
        ("The 临夏回族自治州人民政府办公厅 issued it.", "en", []),
        ("12.5%", "zh", []),
    ],
)
def test_runs(text: str, lang: Lang, expected: list[str]) -> None:
    assert switches(text, lang) == expected


def test_a_text_all_in_the_other_language_is_one_run() -> None:
    text = "“We built it in a year, and we are proud of it.” (1)"
    assert runs(text, "zh") == ((0, len(text), "en"),)
    text = "——大桥是我们大家的，谁也不能把它拿走。"
    assert runs(text, "en") == ((0, len(text), "zh"),)
    assert runs("", "en") == ()


mixed = st.lists(
    st.one_of(
        st.sampled_from(
            [
                "我们在这里等了很久，终于等到了。",
                "We are here and it is late.",
                "《",
                "》",
                "“",
                "”",
                "(",
                "）",
                " ",
                "大桥",
                "Lexon",
                "\n",
                "的",
            ]
        ),
        st.text(max_size=3),
    ),
    max_size=14,
).map("".join)


@given(mixed, st.sampled_from(["en", "zh"]))
def test_runs_are_the_text(text: str, lang: Lang) -> None:
    found = runs(text, lang)
    assert "".join(text[start:end] for start, end, _ in found) == text
    assert [start for start, _, _ in found] == [0, *(end for _, end, _ in found)][: len(found)]
    assert all(start < end for start, end, _ in found)
    assert all(one[2] != two[2] for one, two in itertools.pairwise(found))


@pytest.mark.parametrize(
    ("text", "lang", "expected"),
    [
        ("The county opened a bridge on Monday, and it is the longest.", "zh", "en"),
        ("县里的新桥星期一通车了。", "en", "zh"),
        ("新桥通车典礼", "en", "zh"),
        ("Lexon Aria 7 Max Ultra Special Edition", "zh", None),
        ("The North and South of the Valley", "zh", None),
        ("共同富裕", "en", None),
        ("コロナ禍の日本経済について", "en", None),
        ("The term 共同富裕 is old.", "en", None),
        ("县里的新桥星期一通车了。", "zh", None),
        ("", "zh", None),
    ],
)
def test_other_language(text: str, lang: Lang, expected: str | None) -> None:
    assert other_language(text, lang) == expected


@pytest.mark.parametrize(
    "text",
    [
        "“" * 200_000,
        "《" * 200_000,
        "(a" * 100_000,
        "www." * 60_000,
        "我们We are so it is " * 15_000,
        "a’" * 100_000,
        "a-" * 99_999,
    ],
)
def test_hostile_texts_take_linear_time(text: str) -> None:
    began = time.monotonic()
    for lang in ("en", "zh"):
        detect_language(text)
        runs(text, lang)
        other_language(text, lang)
    assert time.monotonic() - began < 10
