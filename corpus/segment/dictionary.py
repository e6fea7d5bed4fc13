"""jieba's dictionary of Chinese words (MIT): how frequent each is, and its part of speech.

Read in one go from the file that jieba is installed with, in less time than jieba takes to load its own cache of it. jieba
itself is not imported, so that a tokenizer that others use is left alone.
"""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from corpus.errors import ModelError

_NOT_HAN = re.compile("[^\u4e00-\u9fd5\n]")


@dataclass(frozen=True, slots=True)
class Dictionary:
    """The words of jieba's dictionary. `frequencies` has the beginnings of words too, with 0 where they are no words.

    `total` is the sum of the frequencies, `tags` the parts of speech (after ICTCLAS), `mixed` the words that have other
    characters than Han.
    """

    frequencies: Mapping[str, int]
    total: int
    tags: Mapping[str, str]
    mixed: tuple[str, ...]


@cache
def dictionary(least: int = 0) -> Dictionary:
    """jieba's dictionary, without the words of several characters that are less frequent than `least`.

    Raises ModelError where jieba is not installed, or its dictionary cannot be read.

    >>> dictionary().tags["浙江"], dictionary().frequencies["共同富"]
    ('ns', 0)
    """
    path = folder() / "dict.txt"
    try:
        fields = path.read_text(encoding="utf-8").split()
        words, numbers, tags = fields[::3], list(map(int, fields[1::3])), fields[2::3]
    except (OSError, ValueError) as error:
        raise ModelError(f"{path}: jieba's dictionary cannot be read ({error}); install jieba again") from None
    if not len(words) == len(numbers) == len(tags):
        raise ModelError(f"{path}: expected lines of a word, its frequency and its tag; install jieba again")
    if least:
        kept = [i for i, number in enumerate(numbers) if number >= least or len(words[i]) == 1]
        words, numbers, tags = [words[i] for i in kept], [numbers[i] for i in kept], [tags[i] for i in kept]
    # There are few tags: each is kept once.
    tagged = dict(zip(words, map(sys.intern, tags), strict=True))
    frequencies: dict[str, int] = {}
    longer, size = words, 1
    while longer := [word for word in longer if len(word) > size]:
        frequencies.update(dict.fromkeys([word[:size] for word in longer], 0))
        size += 1
    frequencies.update(zip(words, numbers, strict=True))
    return Dictionary(frequencies, sum(numbers), tagged, tuple(_mixed(words)))


def _mixed(words: list[str]) -> list[str]:
    joined, found, at = "\n".join(words), [], 0
    while other := _NOT_HAN.search(joined, at):
        start = joined.rfind("\n", 0, other.start()) + 1
        at = joined.find("\n", start)
        at = len(joined) if at < 0 else at
        found.append(joined[start:at])
    return found


def model_table(package: str, name: str) -> Any:
    """A table of the models of jieba.finalseg or jieba.posseg, loaded without importing the package around it.

    Raises ModelError where it is not there.
    """
    path = folder() / package / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"jieba.{package}.{name}", path)
    if spec is None or spec.loader is None:
        raise ModelError(f"{path}: jieba's model cannot be read; install jieba again")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except OSError as error:
        raise ModelError(f"{path}: jieba's model cannot be read ({error}); install jieba again") from None
    return module.P


def folder() -> Path:
    """Where jieba is installed. Nothing is imported to find it; raises ModelError."""
    spec = importlib.util.find_spec("jieba")
    folders = list(spec.submodule_search_locations or ()) if spec else []
    if not folders:
        raise ModelError("jieba is not installed; install it with: pip install jieba")
    return Path(folders[0])
