"""Hanyu Pinyin of Chinese names, without tones, its words joined as names are written: "Zhongguo Renmin Yinhang".

Readings of places come from the administrative code list (place_readings.txt: 六安 is Lu'an), those of surnames from
surname_readings.txt (单 is Shan); where an English name is the pinyin of the Chinese one, it decides. The rest is
pypinyin's. Words are cut with jieba's dictionary at three characters at most, so that 人民银行 is two words; characters
that are no word of the dictionary (transliterations) are joined.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from corpus.script import script_of, simplified

if TYPE_CHECKING:
    from corpus.segment.dictionary import Dictionary

_HAN = "\u3400-\u4dbf\u4e00-\u9fff"
_RUN = re.compile(f"[{_HAN}]+|[A-Za-z0-9]+(?:[.+-][A-Za-z0-9]+)*")
_CHINESE = re.compile(f"[{_HAN}]")
_LONGEST_WORD, _LONGEST_PLACE = 3, 6
# Generic parts of place names are words of their own (Zhejiang Sheng), as GB/T 28039 has it for names in general.
_PLACE_ENDINGS = frozenset("省市县区州盟旗镇乡村")
_LINKS = frozenset("和与及暨")
# Characters whose first reading in the dictionary is not the one that they have in names.
_IN_NAMES = {
    "长": "chang",
    "都": "du",
    "乐": "le",
    "勒": "le",
    "什": "shi",
    "佛": "fo",
    "隽": "jun",
    "焘": "tao",
    "焯": "zhuo",
}
_VOWELS = ("a", "o", "e")


def pinyin(name: str, english: Iterable[str] = (), *, person: bool = False) -> str:
    """The pinyin of a Chinese name; "" where it has no Chinese character.

    `english` are the entity's English names: one that is the pinyin itself decides readings and word breaks.
    The name of a person is surname and given name, a transliterated one a word for each part.

    >>> pinyin("中国人民银行"), pinyin("六安市"), pinyin("解振华", person=True)
    ('Zhongguo Renmin Yinhang', "Lu'an Shi", 'Xie Zhenhua')
    """
    if not _CHINESE.search(name):
        return ""
    if script_of(name) == "hant":  # the dictionary has words in Simplified characters
        name = simplified(name)
    names = tuple(english)
    if told := _told(name, names):
        return told
    words: list[str] = []
    runs = _RUN.findall(name)
    for run in runs:
        if not _CHINESE.match(run):
            words.append(run)
        elif not person:
            words += _cut_and_spelled(run)
        elif len(runs) == 1 and (parts := _surname_first(run, names)):
            words += parts
        else:
            words.append(_joined(_readings(run)))
    return " ".join(words)


def place_pinyin(name: str) -> str:
    """The pinyin of a place as one word, as the English names of Chinese places are made from it.

    >>> place_pinyin("蚌埠"), place_pinyin("瑞安"), place_pinyin("长子县")
    ('Bengbu', "Rui'an", 'Zhangzixian')
    """
    return _joined(syllable for word in _cut(name) for syllable in _readings(word))


def spellings(row: Mapping[str, str]) -> tuple[str, ...]:
    """The pinyin of the names in a row of the knowledge base (columns zh and zh_aliases), without repeats."""
    english = [name.removeprefix("?") for name in (row["en"], *row["en_aliases"].split("|")) if name]
    chinese = [name.removeprefix("?") for name in (row["zh"], *row["zh_aliases"].split("|")) if name]
    person = row["label"] in ("OFFICIAL", "PERSON")
    made = (pinyin(name, english, person=person) for name in chinese)
    return tuple(dict.fromkeys(name for name in made if name))


def fits(spelling: str, name: str) -> bool:
    """Whether `spelling` is a possible pinyin of the Chinese `name`, however its words are divided.

    Letters and digits in the name are skipped. Tones, capitals and the ways to write ü do not count.

    >>> fits("Chongqing", "重庆"), fits("Zhong qing", "重庆"), fits("Beijing", "重庆")
    (True, True, False)
    """
    latin = {run.lower() for run in _RUN.findall(name) if not _CHINESE.match(run)}
    words = (word for word in spelling.split() if word.lower() not in latin)
    return (
        _divided(plain("".join(re.findall(r"[^\W\d_]", " ".join(words)))), "".join(_CHINESE.findall(name))) is not None
    )


def plain(text: str) -> str:
    """Pinyin as it is compared: small letters without tones, blanks, apostrophes and hyphens; ü, v and yu as u.

    >>> plain("Lǚ Xī'ān"), plain("lyu xian")
    ('luxian', 'luxian')
    """
    from corpus.knowledge import fold

    small = re.sub(r"[\s'·-]+", "", fold(text).lower())
    # "nyu" and "lyu" are also n + yu of two syllables (kunyuan): both sides lose the y.
    return re.sub("(?<=[ln])(?:v|yu)", "u", small)


def _told(name: str, english: Iterable[str]) -> str:
    """The English name that is the pinyin of `name`, written as pinyin; a generic ending may be left out there."""
    characters = "".join(_CHINESE.findall(name))
    if len(characters) < 2 or _RUN.findall(name) != [characters]:
        return ""
    for other in english:
        words = [plain(word) for word in other.split()]
        syllables = _divided("".join(words), characters)
        ending: list[str] = []
        if syllables is None and characters[-1] in _PLACE_ENDINGS and len(characters) > 2 and len(words) == 1:
            syllables = _divided("".join(words), characters[:-1])
            ending = [_joined(_readings(characters[-1]))]
        if syllables and (parts := _grouped(syllables, [len(word) for word in words])):
            return " ".join([*(_joined(part) for part in parts), *ending])
    return ""


def _grouped(syllables: Sequence[str], lengths: Sequence[int]) -> list[list[str]]:
    """Syllables in words of so many letters; none where a word ends within a syllable."""
    words: list[list[str]] = []
    rest = list(syllables)
    for length in lengths:
        word: list[str] = []
        while rest and sum(len(plain(syllable)) for syllable in word) < length:
            word.append(rest.pop(0))
        if sum(len(plain(syllable)) for syllable in word) != length:
            return []
        words.append(word)
    return words


def _divided(letters: str, characters: str) -> list[str] | None:
    """The readings of `characters` that make up `letters`; None where none do."""
    reached: dict[int, list[str]] = {0: []}
    for character in characters:
        after: dict[int, list[str]] = {}
        for position, before in reached.items():
            for reading in _all_readings(character):
                flat = plain(reading)
                # Behind l and n, `plain` has taken the y of the next syllable too (kun + yuan).
                lost = flat.startswith("yu") and letters[:position].endswith(("l", "n"))
                for form in (flat, flat[1:]) if lost else (flat,):
                    if letters.startswith(form, position):
                        after.setdefault(position + len(form), [*before, reading])
        reached = after
    return reached.get(len(letters))


@cache
def _all_readings(character: str) -> tuple[str, ...]:
    from pypinyin import Style
    from pypinyin import pinyin as readings

    [found] = readings(character, style=Style.NORMAL, heteronym=True, v_to_u=True)
    surname = _list("surname_readings.txt").get(character)
    return tuple(dict.fromkeys([*found, surname] if surname else found))


def _surname_first(name: str, english: Sequence[str]) -> list[str]:
    """Surname and given name of a Chinese (or Korean) person; empty where the name is a transliteration."""
    size = 2 if name[:2] in _surnames() and len(name) > 2 else 1
    if not (size < len(name) <= size + 2 and name[:size] in _surnames()):
        return []
    surname = _list("surname_readings.txt").get(name[:size]) or _joined(_readings(name[:size])).lower()
    words = {word.lower() for other in english for word in re.split(r"[^\w-]+", other)}
    if words and surname not in words and not any("-" in word for word in words):
        return []
    return [_joined(surname.split()), _joined(_readings(name[size:]))]


def _cut_and_spelled(run: str) -> Iterator[str]:
    words = list(_words(run))
    for number, word in enumerate(words):
        if word in _leaders():
            yield from _surname_first(word, ())
            continue
        reading = _joined(_readings(word))
        yield reading.lower() if word in _LINKS and 0 < number < len(words) - 1 else reading


def _words(run: str) -> Iterator[str]:
    """The words of a run of Han characters: those of the dictionary, single ones joined where several meet."""
    loose = ""
    before = ""
    for word in [*_cut(run), ""]:
        if len(word) == 1 and word not in _PLACE_ENDINGS and not (word in _LINKS and not loose):
            loose += word
            continue
        if loose:
            # 国家统计 + 局: a single character after a word of two belongs to it.
            if len(loose) == 1 and len(before) == 2:
                yield before + loose
                before = ""
            else:
                if before:
                    yield before
                before = loose
            loose = ""
        if before:
            yield before
        before = word
    if before:
        yield before


def _cut(run: str) -> list[str]:
    """The likeliest words of a run by the frequencies of the dictionary, at most three characters each."""
    known, places = _dictionary().frequencies, _list("place_readings.txt")
    best: list[tuple[float, int]] = [(0.0, 0)]
    for end in range(1, len(run) + 1):
        options = []
        for size in range(1, min(_LONGEST_PLACE, end) + 1):
            word = run[end - size : end]
            if size > _LONGEST_WORD and word not in places:
                continue
            count = known.get(word, 0) if size == 1 or not _place_with_ending(word) else 0
            if size > 1 and word in places and not _place_with_ending(word):
                count = max(count, 1000)
            if count or size == 1:
                options.append((best[end - size][0] + math.log(max(count, 1) / 6e7), end - size))
        best.append(max(options))
    words: list[str] = []
    end = len(run)
    while end:
        start = best[end][1]
        words.append(run[start:end])
        end = start
    return words[::-1]


def _place_with_ending(word: str) -> bool:
    if len(word) != 3 or word[-1] not in _PLACE_ENDINGS:
        return False
    tags = _dictionary().tags
    if word[-1] in "省市县" and word[:2] in tags:
        return True
    return tags.get(word[:2]) == "ns" or word[:2] in _list("place_readings.txt")


def _readings(word: str) -> list[str]:
    told = _list("place_readings.txt").get(word)
    if told:
        return told.split()
    from pypinyin import Style, lazy_pinyin
    from pypinyin.constants import PHRASES_DICT

    readings: list[str] = lazy_pinyin(word, style=Style.NORMAL, v_to_u=True)
    if word in PHRASES_DICT:
        return readings
    return [_IN_NAMES.get(character, reading) for character, reading in zip(word, readings, strict=True)]


def _joined(syllables: Iterable[str]) -> str:
    out = ""
    for syllable in syllables:
        out += "'" + syllable if out and syllable.startswith(_VOWELS) else syllable
    return out[:1].upper() + out[1:]


@cache
def _surnames() -> frozenset[str]:
    readings = _list("surname_readings.txt")
    return frozenset(readings) | frozenset(readings["common"])


@cache
def _leaders() -> frozenset[str]:
    """Persons whose names are part of other names (毛泽东思想)."""
    return frozenset(_list("surname_readings.txt")["persons"].split())


@cache
def _list(file: str) -> dict[str, str]:
    """A list of readings: a name, a blank, and its syllables; comments begin with "#"."""
    text = (resources.files("corpus") / "data" / "knowledge" / file).read_text(encoding="utf-8")
    return dict(line.split(" ", 1) for line in text.splitlines() if line and not line.startswith("#"))


def _dictionary() -> Dictionary:
    # Here, since segmentation imports the names of a workspace, which import this module.
    from corpus.segment.dictionary import dictionary

    return dictionary()
