"""Which of the two languages a text is in, and which one a file name says."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from functools import lru_cache
from importlib import resources

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


_BRACKETED = re.compile(r"[(（\[［][^()（）\[\]［］]{1,60}[)）\]］]")
_ADDRESS = re.compile(
    r"\b(?:https?://|www\.)[!-~]+|\b[\w-]{1,60}(?:\.[\w-]{1,60}){0,3}\.(?:com|cn|org|net)\b[!-~]*", re.ASCII
)
_LETTER = re.compile(rf"[{HAN}]|[A-Za-z\u00c0-\u024f]")
# How many Han characters a Latin word weighs: a lower-case one is English, another is as likely a name.
_LOWER, _NAME = 2.0, 0.45


@lru_cache(maxsize=1)
def _function_words() -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    """English words that hold a clause together, words that English is full of, Chinese characters of a clause."""
    data = tomllib.loads((resources.files("corpus") / "data" / "language.toml").read_text("utf-8"))
    clause = frozenset(data["en"]["clause"].split())
    return clause, clause | frozenset(data["en"]["common"].split()), frozenset(data["zh"]["clause"])


def detect_language(text: str) -> Lang:
    """The language of a text: Chinese where its Han characters outweigh its Latin words, else English.

    A Chinese text may hold many foreign names and an English one Chinese glosses: neither tips the balance, since a
    word with a capital weighs less than one without, and what is in brackets or is a web address weighs nothing. A
    text without any letter is taken as Chinese where it has Chinese punctuation, else as English.

    >>> detect_language("Zhejiang pushes common prosperity (共同富裕)."), detect_language("iPhone 15 Pro Max 发布")
    ('en', 'zh')
    """
    bare = _BRACKETED.sub(" ", _ADDRESS.sub(" ", text))
    if not _LETTER.search(bare):
        bare = text
    han = len(_HAN.findall(bare))
    clause_words = _function_words()[0]
    lower = names = 0
    for match in _LATIN_WORD.finditer(bare):
        word = match[0]
        if len(word) > 1 and (word.islower() or word.endswith(("'s", "’s")) or word.lower() in clause_words):
            lower += 1
        else:
            names += 1
    if han or lower or names:
        return "zh" if han > _LOWER * lower + _NAME * names else "en"
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


def other_language(text: str, lang: Lang) -> Lang | None:
    """The other language, where a paragraph of a document in `lang` is plainly in that one; else None.

    A name, a product or a title in Latin letters leaves a Chinese paragraph Chinese: what makes it English are
    clauses. A paragraph all in Chinese is Chinese.

    >>> other_language("We will not raise the rent, the owner said.", "zh"), other_language("iPhone 15 Pro Max", "zh")
    ('en', None)
    """
    han = len(_HAN.findall(text))
    if lang == "en":
        if han < 6 or len(_KANA.findall(text)) > han // 4:
            return None
        return "zh" if 6 * sum(1 for _ in _LATIN_WORD.finditer(text)) <= han else None
    words = [match.span() for match in _LATIN_WORD.finditer(text)]
    return "en" if 5 * han <= len(words) and _is_english(text, words) else None


def runs(text: str, lang: Lang) -> tuple[tuple[int, int, Lang], ...]:
    """A text in `lang` cut into runs by language: (start, end, language), which together are the text.

    A run in the other language is at least a clause: a quoted sentence, say. Names, titles and glosses belong to the
    run around them. Quotation marks and the final stop go with what they enclose. () for an empty text.

    >>> text = "她说：“We built it in a year, and we are proud of it.”随后离开。"
    >>> [(text[start:end], lang) for start, end, lang in runs(text, "zh")]
    [('她说：', 'zh'), ('“We built it in a year, and we are proud of it.”', 'en'), ('随后离开。', 'zh')]
    """
    if not text:
        return ()
    other: Lang = "en" if lang == "zh" else "zh"
    cuts: list[tuple[int, int]] = []
    # A title is a name, whatever language it is in.
    read = _TITLE.sub(lambda title: "·" * len(title[0]), text)
    for start, end in _english_in_chinese(read) if lang == "zh" else _chinese_in_english(read):
        start, end = _with_marks(text, start, end, cuts[-1][1] if cuts else 0)
        if not _LETTER.search(text, cuts[-1][1] if cuts else 0, start):
            start = cuts.pop()[0] if cuts else 0
        cuts.append((start, end))
    if cuts and not _LETTER.search(text, cuts[-1][1]):
        cuts[-1] = cuts[-1][0], len(text)
    found: list[tuple[int, int, Lang]] = []
    at = 0
    for start, end in cuts:
        if at < start:
            found.append((at, start, lang))
        found.append((start, end, other))
        at = end
    if at < len(text):
        found.append((at, len(text), lang))
    return tuple(found)


_KANA = re.compile(r"[\u3040-\u30ff]")
_TOKEN = re.compile(rf"(?P<han>[{HAN}]+)|{_LATIN_WORD.pattern}")
_TITLE = re.compile(r"《[^《》]*》|〈[^〈〉]*〉")
_OPENING, _CLOSING = "“‘「『\"'([（《【", "”’」』\"')]）》】"
_STOPS = ".!?。！？…"
_STOP_AFTER = re.compile(r"[\s\d,.:%$€£-]{0,20}[.!?]")
_NAME_WORDS_MAX = 3
_GLOSS_MAX = 10


def _english_in_chinese(text: str) -> Iterator[tuple[int, int]]:
    """Stretches of Latin words in a Chinese text that are clauses; a Chinese gloss in brackets does not end one."""
    words: list[tuple[int, int]] = []
    for match in _TOKEN.finditer(text):
        if match["han"] is None:
            words.append(match.span())
        elif not (words and len(match["han"]) <= _GLOSS_MAX and text[match.start() - 1] in "(（["):
            if _is_english(text, words):
                yield words[0][0], words[-1][1]
            words = []
    if _is_english(text, words):
        yield words[0][0], words[-1][1]


def _chinese_in_english(text: str) -> Iterator[tuple[int, int]]:
    """Stretches of Han characters in an English text that are clauses; a few names in Latin letters do not end one."""
    start = end = -1
    names = 0
    for match in _TOKEN.finditer(text):
        if match["han"]:
            if start < 0:
                start = match.start()
            end, names = match.end(), 0
        elif start >= 0:
            names += 1
            if names > _NAME_WORDS_MAX or match[0].islower():
                if _is_chinese(text, start, end):
                    yield start, end
                start = -1
                names = 0
    if start >= 0 and _is_chinese(text, start, end):
        yield start, end


def _is_english(text: str, words: Sequence[tuple[int, int]]) -> bool:
    """Whether Latin words are a clause rather than a name, a title or a term."""
    if len(words) < 5:
        return False
    surfaces = [text[start:end] for start, end in words]
    lower = [word for word in surfaces if word.islower()]
    if 2 * len(lower) < len(words):
        return False
    # A capital at the start says nothing, but US and IT are no pronouns.
    plain = [*lower, surfaces[0].lower()] if surfaces[0].istitle() or surfaces[0] == "I" else lower
    clause, common, _ = _function_words()
    stems = [word.replace("’", "'").split("'")[0] for word in plain]
    if any(stem in clause for stem in stems):
        return True
    stopped = _STOP_AFTER.match(text, words[-1][1])
    return len(words) >= 6 and bool(stopped) and surfaces[0][0].isupper() and sum(stem in common for stem in stems) > 1


def _is_chinese(text: str, start: int, end: int) -> bool:
    """Whether a stretch that begins and ends with Han characters is a clause rather than a name, a title or a term."""
    inside = text[start:end]
    if len(_HAN.findall(inside)) < 8 or _KANA.search(inside):
        return False
    if re.search("[。！？]", inside) or text[end : end + 1] in tuple("。！？"):
        return True
    if _function_words()[2].isdisjoint(inside):
        return False
    bracketed = text[start - 1 : start] in tuple("(（[") and text[end : end + 1] in tuple(")）]")
    return bool(re.search("[，；：]", inside)) or (len(_HAN.findall(inside)) >= 12 and not bracketed)


def _with_marks(text: str, start: int, end: int, after: int) -> tuple[int, int]:
    """A run with the stop that ends it and the quotation marks or brackets around it."""
    while text[end : end + 1] and text[end] in _STOPS:
        end += 1
    while start > after and end < len(text) and text[start - 1] in _OPENING and text[end] in _CLOSING:
        start, end = start - 1, end + 1
    while text[end : end + 1] and text[end] in _STOPS:
        end += 1
    if start > after and text[start - 1] in "“‘「『":
        start -= 1
    return start, end


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
