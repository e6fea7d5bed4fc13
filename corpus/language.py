"""Which of the two languages a text is in, and which one a file name says."""

from __future__ import annotations

import re

from corpus.document import Lang

LINE_BREAKS = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"
"""The characters that end a line (those of `str.splitlines`)."""

HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff〇"
"""Han characters, as the inside of a regular-expression class."""

_HAN = re.compile(f"[{HAN}]")
_LATIN_WORD = re.compile(r"[A-Za-z\u00c0-\u024f]+(?:['’-][A-Za-z\u00c0-\u024f]+)*")
_CHINESE_PUNCTUATION = re.compile(r"[，。！？；：、《》【】（）“”]")

# A suffix as people write it, lower case, `_` for `-`.
_SUFFIXES: dict[str, Lang] = {
    "en": "en",
    "eng": "en",
    "en_us": "en",
    "en_gb": "en",
    "en_au": "en",
    "en_ie": "en",
    "zh": "zh",
    "zho": "zh",
    "chs": "zh",
    "cht": "zh",
    "zh_cn": "zh",
    "zh_tw": "zh",
    "zh_hk": "zh",
    "zh_mo": "zh",
    "zh_sg": "zh",
    "zh_hans": "zh",
    "zh_hant": "zh",
    "zh_hans_cn": "zh",
    "zh_hant_tw": "zh",
    "zh_hant_hk": "zh",
}
_FOLDERS: dict[str, Lang] = {"english": "en", "英文": "en", "chinese": "zh", "中文": "zh"}
_SUFFIX = re.compile(
    r"[._-](" + "|".join(sorted((s.replace("_", "[_-]") for s in _SUFFIXES), key=len, reverse=True)) + r")\Z",
    re.IGNORECASE,
)


def detect_language(text: str) -> Lang:
    """The language of a text: Chinese where it has more Han characters than Latin words, else English.

    A Chinese text may hold many foreign names and an English one Chinese glosses: neither tips the balance. A text
    without any letter is taken as Chinese where it has Chinese punctuation, else as English.

    >>> detect_language("Zhejiang pushes common prosperity (共同富裕)."), detect_language("腾讯与Visa在深圳签约")
    ('en', 'zh')
    """
    han = len(_HAN.findall(text))
    latin = sum(1 for _ in _LATIN_WORD.finditer(text))
    if han or latin:
        return "zh" if han > latin else "en"
    return "zh" if len(_CHINESE_PUNCTUATION.findall(text)) > len(re.findall(r"[.,;:?!]", text)) else "en"


def contradicts(text: str, lang: Lang) -> bool:
    """Whether a text is plainly not in the language that it is said to be in.

    A Chinese headline can hold more Latin words than Han characters, so "zh" is contradicted only where Han characters
    are few among them.

    >>> contradicts("共同富裕", "en"), contradicts("iPhone 15 Pro Max 发布", "zh"), contradicts("1,800", "zh")
    (True, False, False)
    """
    han = len(_HAN.findall(text))
    latin = sum(1 for _ in _LATIN_WORD.finditer(text))
    return han > latin if lang == "en" else latin > 4 * han


def language_of_name(name: str) -> Lang | None:
    """The language that the name of a file or document says: "housing.zh.txt", "housing_en", "housing.zh-CN.md".

    None where it says none. An extension of up to 5 letters or digits is passed over.

    >>> language_of_name("housing.zh-CN.txt"), language_of_name("housing.txt")
    ('zh', None)
    """
    return split_name(name)[1]


def split_name(name: str) -> tuple[str, Lang | None]:
    """`name` without its extension and language suffix, and the language: both versions of an article share the first.

    >>> split_name("housing-rental.en.txt")
    ('housing-rental', 'en')
    """
    for candidate in (name, re.sub(r"\.[A-Za-z0-9]{1,5}\Z", "", name)):
        found = _SUFFIX.search(candidate)
        if found and found.start() > 0:
            return candidate[: found.start()], _SUFFIXES[found[1].lower().replace("-", "_")]
    return name, None


def language_of_folder(name: str) -> Lang | None:
    """The language that a folder is named after: "zh", "en-GB", "English", "中文"."""
    plain = name.casefold().replace("-", "_")
    return _SUFFIXES.get(plain) or _FOLDERS.get(plain)
