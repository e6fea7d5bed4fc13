"""Which English words can stand for which Chinese ones: a dictionary, and names by their sound.

The dictionary is corpus/data/lexicon.tsv.gz, made from CC-CEDICT (https://cc-cedict.org, CC BY-SA 4.0, as is the file) by
scripts/make_lexicon.py; to these come the names of the knowledge base. English words are compared by their stems.
"""

from __future__ import annotations

import gzip
import logging
import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from importlib import resources
from itertools import chain

from corpus.knowledge import knowledge
from corpus.language import HAN

__all__ = ["chinese_words", "english_words", "glosses", "sounds", "stem"]

_log = logging.getLogger(__name__)

_LISTS = tomllib.loads((resources.files("corpus") / "data" / "lexicon.toml").read_text("utf-8"))
# What a sentence of any content has: it says nothing of which sentence it is.
STOP, STOP_ZH = frozenset(_LISTS["stop"]["en"].split()), frozenset(_LISTS["stop"]["zh"].split())
# Past forms and plurals that no rule gives.
_IRREGULAR = {form: line.split()[0] for line in _LISTS["irregular"]["en"] for form in line.split()[1:]}

_WORD = re.compile(r"[A-Za-z\u00c0-\u024f]+")
_HAN_RUN = re.compile(f"[{HAN}]+")
_LONGEST = 8
# A run of characters without end has no words that anybody means.
_SOUND_LONGEST = 4


@lru_cache(maxsize=65536)
@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """The word without its ending, crudely: the same for the forms of a word, whatever it is.

    >>> stem("matches"), stem("matched"), stem("stories"), stem("took"), stem("running"), stem("dance")
    ('match', 'match', 'story', 'tak', 'run', 'danc')
    """
    word = _IRREGULAR.get(word, word)
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-2] if word.endswith(("ches", "shes", "sses", "xes", "zes")) else word[:-1]
    for ending in ("ing", "ied", "ed", "ly"):
        if len(word) > len(ending) + 2 and word.endswith(ending):
            word = word[: -len(ending)] + "y" * (ending == "ied")
            if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "lsz":
                word = word[:-1]
            break
    return word[:-1] if len(word) > 3 and word.endswith("e") else word


def english_words(text: str) -> list[str]:
    """The stems of a text's words but for those that any text has."""
    lower = text.lower()
    return [stem(word) for word in _WORD.findall(lower) if word not in STOP]


def chinese_words(text: str) -> list[str]:
    """The words of the dictionary in a text, but for those inside a longer one; characters that are in none.

    `text` is simplified. Nothing but Han characters counts, nor words that any text has.

    >>> chinese_words("他点了灯笼，气喘吁吁。")
    ['点', '灯笼', '气喘吁吁']
    """
    known, longest = _entries(), _longest()
    found = []
    for run in _HAN_RUN.findall(text):
        end = 0
        for at in range(len(run)):
            most = min(longest.get(run[at : at + 2], 1), len(run) - at)
            if at + most <= end:
                continue
            size = next((s for s in range(most, 1, -1) if run[at : at + s] in known), 1)
            if at + size > end:
                end = at + size
                word = run[at:end]
                if word not in STOP_ZH:
                    found.append(word)
    return found


@lru_cache(maxsize=65536)
def glosses(word: str) -> Mapping[str, float]:
    """The stems that a Chinese word can be translated with, and how likely each; empty for an unknown word.

    >>> sorted(glosses("灯笼"))
    ['lantern']
    """
    weights: dict[str, float] = {}
    for meaning in _entries().get(word, "").split("|"):
        stems = meaning.split()
        for found in stems:
            weights[found] = weights.get(found, 0.0) + 1.0 / len(stems)
    total = sum(weights.values())
    return {found: weight / total for found, weight in weights.items()}


@cache
def spread() -> Counter[str]:
    """For each stem, how many words of the dictionary can be translated with it: how little it says."""
    return Counter(chain.from_iterable(set(meanings.replace("|", " ").split(" ")) for meanings in _entries().values()))


@cache
def _entries() -> dict[str, str]:
    """For each Chinese word its meanings, separated by "|", each as stems separated by blanks."""
    file = resources.files("corpus") / "data" / "lexicon.tsv.gz"
    entries: dict[str, str] = {}
    if file.is_file():
        lines = gzip.decompress(file.read_bytes()).decode("utf-8").splitlines()
        entries = dict(line.split("\t", 1) for line in lines if not line.startswith("#"))
    else:
        _log.info("%s is not there: aligning without a dictionary", file)
    for entry in knowledge().entries:
        stems = " ".join(dict.fromkeys(w for name in entry.en for w in english_words(name)))
        for name in entry.zh:
            if stems and 1 < len(name) <= _LONGEST:
                entries[name] = f"{entries[name]}|{stems}" if name in entries else stems
    return entries


@cache
def _longest() -> dict[str, int]:
    """For the first two characters of words, how long the longest of them is, as far as it is looked for."""
    found: dict[str, int] = {}
    for word in _entries():
        start, size = word[:2], len(word)
        if 1 < size <= _LONGEST and size > found.get(start, 1):
            found[start] = size
    return found


@lru_cache(maxsize=16384)
def _readings(character: str) -> tuple[str, ...]:
    """How a Han character by itself can be read, in Hanyu Pinyin without tones; empty where that is not known."""
    from pypinyin import Style, pinyin

    found = pinyin(character, style=Style.NORMAL, heteronym=True, errors="ignore", v_to_u=False)
    return tuple(reading.replace("ü", "v") for readings in found for reading in readings)


def sounds(words: Iterable[str], texts: Sequence[str]) -> Iterator[tuple[str, str]]:
    """`(English stem, Chinese characters)` for names that are written as they sound: Hongwei and 宏伟.

    `words` are the English words with a capital; `texts` Chinese sentences, simplified.
    """
    wanted = {word.lower() for word in words if len(word) > 2 and word.isascii()} - STOP
    if not wanted:
        return
    starts = {word[:n] for word in wanted for n in range(1, len(word) + 1)}
    seen = set()
    for text in texts:
        for run in _HAN_RUN.findall(text):
            for at in range(len(run)):
                heard = {""}
                for size in range(1, min(_SOUND_LONGEST, len(run) - at) + 1):
                    heard = {h + s for h in heard for s in _readings(run[at + size - 1])} & starts
                    if not heard:
                        break
                    for name in heard & wanted:
                        pair = name, run[at : at + size]
                        if (size > 1 or len(name) > 3) and pair not in seen:
                            seen.add(pair)
                            yield stem(name), run[at : at + size]
