"""Names that Chinese segmentation holds together: those of the knowledge base, and a corpus's own."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from corpus.errors import InputError
from corpus.knowledge import csv_text, read_entries
from corpus.own_names import FILE as OWN_NAMES
from corpus.schema import GOLD
from corpus.script import simplified

if TYPE_CHECKING:
    from corpus.store import Workspace

FILE = "words.txt"
"""The file of a workspace that lists words of its own, one a line."""

_LONGEST = 6
_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]")


@lru_cache(maxsize=1)
def gazetteer_words() -> frozenset[str]:
    """The sure names of the knowledge base of two to six Han characters, in Simplified form.

    Longer ones (浙江省人民代表大会) are left to be cut into words. Names that are also common words, which the knowledge
    base marks with a question mark, are left out.
    """
    from corpus.knowledge import knowledge

    names = {
        name
        for entry in knowledge().entries
        for name in entry.zh
        if 2 <= len(name) <= _LONGEST and not entry.unsure(name) and _HAN.search(name)
    }
    return _simplified(names)


def _simplified(names: Iterable[str]) -> frozenset[str]:
    # One text for all: converting is faster in one go, and a line break ends every phrase.
    return frozenset(simplified("\n".join(sorted(names))).split("\n")) - {""}


def read_words(path: Path) -> frozenset[str]:
    """The words in a file, one a line (UTF-8); empty lines, those that begin with # and those without Han are no words.

    Raises InputError where the file cannot be read.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}; expected a list of words, one a line") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8 text (byte {error.start}); save it as UTF-8, one word a line") from None
    return frozenset(word for line in lines if (word := line.strip()) and word[0] != "#" and _HAN.search(word))


def workspace_words(workspace: Workspace) -> frozenset[str]:
    """The words of the workspace's words.txt and knowledge.csv, where it has them, and the names of its gold, in
    Simplified form.

    Of the names of gold those of two to six characters count, as of the knowledge base; words.txt is taken as it is.
    """
    path = workspace.root / FILE
    words = read_words(path) if path.exists() else frozenset()
    names = {
        entity["text"]
        for row in workspace.rows(GOLD.name, ["entities"])
        for entity in row["entities"]
        if 2 <= len(entity["text"]) <= _LONGEST and _HAN.search(entity["text"])
    }
    own = workspace.root / OWN_NAMES
    if own.exists():
        entries = read_entries(csv_text(own), str(own), None)
        names |= {name for entry in entries for name in entry.zh if 2 <= len(name) <= _LONGEST}
    return _simplified(names | words)
