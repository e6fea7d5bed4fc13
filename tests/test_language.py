"""Language by text and by name."""

import pytest

from corpus.language import contradicts, detect_language, language_of_folder, language_of_name, split_name


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        ("The county opened a clinic.", "en"),
        ("县里新开了一家诊所。", "zh"),
        ("Premier calls 共同富裕 (common prosperity) a long road", "en"),
        ("华为与Nokia在NB-IoT上合作", "zh"),
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
